"""The views that prove the ledger: each kind of damage, done behind its back, is named by the right ones."""

import pytest
from tests.store.conftest import WithConnection
from tests.support.ledger_entries import ACCOUNT, AT, PLAN, enter, move, name_account, open_a_plan

from parcela.domain.ledger import LedgerCode, LedgerEntry, reverse_entry
from parcela.store.breaks import Break, list_breaks
from parcela.store.database import Connection
from parcela.store.ledger import insert_entries

Code = LedgerCode
OTHER = name_account(2)
OPEN_THE_GUARDS = """
ALTER TABLE ledger_book DISABLE TRIGGER ALL;
ALTER TABLE ledger_entry DISABLE TRIGGER ALL;
ALTER TABLE posting DISABLE TRIGGER ALL;
ALTER TABLE ledger_balance DISABLE TRIGGER ALL;
ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_currency_check;
ALTER TABLE posting DROP CONSTRAINT posting_amount_minor_check, DROP CONSTRAINT posting_check;
ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_not_overdrawn;
DROP INDEX ledger_entry_reversed_once;
"""


def list_entries_to_post() -> list[LedgerEntry]:
    """Book 1: a plan opened and billed, a payment and its reversal (numbers 1 to 5). Book 2: one payment."""
    payment = enter("payment:1", move(4000, Code.CASH, Code.CARD_BALANCE))
    back = reverse_entry(payment, event_key="payment:1:back", kind="test", posted_at=AT)
    other = enter("payment:2", move(70, Code.CASH, Code.CARD_BALANCE, OTHER), book=OTHER)
    return [*open_a_plan(), payment, back, other]


def entry(number: int, book: str = ACCOUNT) -> str:
    return f"book {book}, number {number}"


def account(code: LedgerCode, owner: str) -> str:
    return f"owner {owner}, code {code}, currency USD"


CARD = account(Code.CARD_BALANCE, ACCOUNT)
RECEIVABLE = account(Code.INSTALLMENT_RECEIVABLE, PLAN)
PURCHASES = account(Code.PURCHASES, ACCOUNT)
HASH = "does not have the hash of its content and of the entry before it"
HEAD_HASH = "is the last entry, with another hash than its book says"
NO_POSTINGS = "has no postings 1 to n"
NO_MIRROR = "does not mirror the postings of the entry that it reverses"

DAMAGES = {
    "nothing": ("SELECT 1", set()),
    # An amount between a running account and one of the provider: balance, sum and hash.
    "amount": (
        "UPDATE posting SET amount_minor = 151 WHERE number = 3 AND position = 2",
        {
            ("balance", CARD, "is 10150, postings make 10151"),
            ("chain", entry(3), HASH),
            ("sum", "currency USD", "debits less credits make -1, not 0"),
        },
    ),
    "sides exchanged": (
        "UPDATE posting SET debit_code = credit_code, debit_owner = credit_owner, credit_code = debit_code,"
        " credit_owner = debit_owner WHERE number = 2",
        {
            ("balance", RECEIVABLE, "is 50000, postings make -70000"),
            ("balance", PURCHASES, "is 0, postings make -120000"),
            ("chain", entry(2), HASH),
            ("overdraft", RECEIVABLE, "is overdrawn by 70000"),
        },
    ),
    "owner of a posting": (
        f"UPDATE posting SET credit_owner = '{OTHER}' WHERE number = 2",
        {
            ("balance", PURCHASES, "is 0, postings make -60000"),
            ("balance", account(Code.PURCHASES, OTHER), "is missing, postings make 60000"),
            ("chain", entry(2), HASH),
        },
    ),
    "order of postings": (
        "UPDATE posting SET position = 3 WHERE number = 3 AND position = 1;"
        "UPDATE posting SET position = position - 1 WHERE number = 3",
        {("chain", entry(3), HASH)},
    ),
    "hole between postings": (
        "UPDATE posting SET position = 3 WHERE number = 3 AND position = 2",
        {("entry", entry(3), NO_POSTINGS)},
    ),
    "posting dropped": (
        "DELETE FROM posting WHERE number = 2",
        {
            ("balance", RECEIVABLE, "is 50000, postings make -10000"),
            ("balance", PURCHASES, "is 0, postings make -60000"),
            ("chain", entry(2), HASH),
            ("entry", entry(2), NO_POSTINGS),
            ("overdraft", RECEIVABLE, "is overdrawn by 10000"),
        },
    ),
    "posting added": (
        f"INSERT INTO posting VALUES (1, '{OTHER}', 1, 2, 'cash', '{OTHER}', 'clearing', '{OTHER}', 1)",
        {("chain", entry(1, OTHER), HASH)},
    ),
    "posting of nothing, against itself": (
        f"INSERT INTO posting VALUES (1, '{OTHER}', 1, 2, 'cash', '{OTHER}', 'cash', '{OTHER}', 0)",
        {
            ("chain", entry(1, OTHER), HASH),
            ("entry", entry(1, OTHER), "posts 0"),
            ("entry", entry(1, OTHER), "posts cash against itself"),
        },
    ),
    "posting without an entry": (
        f"INSERT INTO posting VALUES (1, '{OTHER}', 9, 1, 'cash', '{OTHER}', 'clearing', '{OTHER}', 1)",
        {("entry", entry(9, OTHER), "has postings but no entry")},
    ),
    "event key": (
        "UPDATE ledger_entry SET event_key = 'plan:2:opened' WHERE number = 2",
        {("chain", entry(2), HASH)},
    ),
    "kind": ("UPDATE ledger_entry SET kind = 'other' WHERE number = 2", {("chain", entry(2), HASH)}),
    "time": (
        "UPDATE ledger_entry SET posted_at = posted_at + interval '1 microsecond' WHERE number = 5",
        {("chain", entry(5), HASH)},
    ),
    "time that runs backwards": (
        "UPDATE ledger_entry SET posted_at = posted_at - interval '1 microsecond' WHERE number = 2",
        {("chain", entry(2), HASH), ("number", entry(2), "was posted before its predecessor")},
    ),
    "no currency": (
        f"UPDATE ledger_entry SET currency = 'usd' WHERE book = '{OTHER}'",
        {
            ("balance", account(Code.CARD_BALANCE, OTHER), "is -70, postings make 0"),
            ("balance", f"owner {OTHER}, code card_balance, currency usd", "is missing, postings make -70"),
            ("chain", entry(1, OTHER), HASH),
            ("entry", entry(1, OTHER), "has no currency of three capital letters"),
            ("sum", "currency USD", "debits less credits make -70, not 0"),
            ("sum", "currency usd", "debits less credits make 70, not 0"),
        },
    ),
    # A hash that fits the edited entry does not fit what comes after it: the next entry, or the book.
    "entry edited with its hash": (
        "UPDATE ledger_entry SET kind = 'other' WHERE number = 2;"
        "UPDATE ledger_entry e SET hash = hash_ledger_entry(e, describe_postings(1, book, 2, false),"
        " (SELECT hash FROM ledger_entry WHERE book = e.book AND number = 1)) WHERE number = 2",
        {("chain", entry(3), HASH)},
    ),
    "last entry edited with its hash": (
        f"UPDATE ledger_entry SET kind = 'other' WHERE book = '{OTHER}';"
        "UPDATE ledger_entry e SET hash = hash_ledger_entry(e, describe_postings(1, book, 1, false), '')"
        f" WHERE book = '{OTHER}'",
        {("chain", entry(1, OTHER), HEAD_HASH)},
    ),
    "entry dropped": (
        "DELETE FROM posting WHERE number = 2; DELETE FROM ledger_entry WHERE number = 2",
        {
            ("balance", RECEIVABLE, "is 50000, postings make -10000"),
            ("balance", PURCHASES, "is 0, postings make -60000"),
            ("chain", entry(3), HASH),
            ("number", entry(3), "follows 1"),
            ("overdraft", RECEIVABLE, "is overdrawn by 10000"),
        },
    ),
    "last entry dropped": (
        "DELETE FROM posting WHERE number = 5; DELETE FROM ledger_entry WHERE number = 5",
        {
            ("balance", CARD, "is 10150, postings make 6150"),
            ("number", entry(4), "is the last entry, its book says 5"),
            ("sum", "currency USD", "debits less credits make 4000, not 0"),
        },
    ),
    "book dropped": (
        f"DELETE FROM ledger_book WHERE book = '{OTHER}'",
        {("number", entry(1, OTHER), "is the last entry, its book says 0")},
    ),
    "balance": (
        f"UPDATE ledger_balance SET balance_minor = 1 WHERE owner = '{PLAN}'",
        {
            ("balance", RECEIVABLE, "is 1, postings make 50000"),
            ("sum", "currency USD", "debits less credits make -49999, not 0"),
        },
    ),
    "balance dropped": (
        f"DELETE FROM ledger_balance WHERE owner = '{OTHER}'",
        {
            ("balance", account(Code.CARD_BALANCE, OTHER), "is missing, postings make -70"),
            ("sum", "currency USD", "debits less credits make 70, not 0"),
        },
    ),
    "balance added": (
        f"INSERT INTO ledger_balance VALUES (1, '{OTHER}', 'deposit', 'USD', 0)",
        {("balance", account(Code.DEPOSIT, OTHER), "is 0, postings make 0")},
    ),
    "reversal of something unknown": (
        "UPDATE ledger_entry SET reverses = 'payment:9' WHERE number = 5",
        {
            ("chain", entry(5), HASH),
            ("reversal", "event key payment:1:back", "reverses payment:9, which nobody posted"),
        },
    ),
    "reversal of another book": (
        "UPDATE ledger_entry SET reverses = 'payment:2' WHERE number = 5",
        {
            ("chain", entry(5), HASH),
            (
                "reversal",
                "event key payment:1:back",
                "reverses an entry of another book or currency",
            ),
        },
    ),
    "reversal of another entry": (
        "UPDATE ledger_entry SET reverses = 'plan:1:opened' WHERE number = 5",
        {("chain", entry(5), HASH), ("reversal", "event key payment:1:back", NO_MIRROR)},
    ),
    "reversal of a later entry": (
        "UPDATE ledger_entry SET reverses = 'payment:1' WHERE number = 3;"
        "UPDATE ledger_entry SET reverses = NULL WHERE number = 5",
        {
            ("chain", entry(3), HASH),
            ("chain", entry(5), HASH),
            ("reversal", "event key plan:1:row:1:billed", "reverses a later entry"),
        },
    ),
    "reversals of one entry and of a reversal": (
        "UPDATE ledger_entry SET reverses = 'plan:1:opened' WHERE number IN (3, 4)",
        {
            ("chain", entry(3), HASH),
            ("chain", entry(4), HASH),
            ("reversal", "event key plan:1:row:1:billed", "reverses an entry that others reverse too"),
            ("reversal", "event key payment:1", "reverses an entry that others reverse too"),
            ("reversal", "event key payment:1:back", "reverses a reversal"),
        },
    ),
    "amount of a reversal": (
        "UPDATE posting SET amount_minor = 3999 WHERE number = 5",
        {
            ("balance", CARD, "is 10150, postings make 10149"),
            ("chain", entry(5), HASH),
            ("reversal", "event key payment:1:back", NO_MIRROR),
            ("sum", "currency USD", "debits less credits make 1, not 0"),
        },
    ),
    # Posting and balance changed alike, so that they agree.
    "overdraft": (
        "UPDATE posting SET amount_minor = 60001 WHERE number = 3 AND position = 1;"
        f"UPDATE ledger_balance SET balance_minor = -1 WHERE owner = '{PLAN}';"
        f"UPDATE ledger_balance SET balance_minor = 60151 WHERE owner = '{ACCOUNT}' AND code LIKE 'card%'",
        {("chain", entry(3), HASH), ("overdraft", RECEIVABLE, "is overdrawn by 1")},
    ),
}


@pytest.mark.parametrize(("damage", "expected"), DAMAGES.values(), ids=list(DAMAGES))
def test_damage_is_named_by_the_views_that_watch_for_it(
    connect: WithConnection, damage: str, expected: set[tuple[str, str, str]]
) -> None:
    async def work(connection: Connection) -> None:
        await insert_entries(connection, 1, list_entries_to_post())
        await connection.execute(OPEN_THE_GUARDS)
        await connection.execute(damage)
        found = [one for one in await list_breaks(connection) if one.view.startswith("broken_ledger_")]
        assert {one.tenant_id for one in found} <= {1}
        assert {(one.view.removeprefix("broken_ledger_"), one.key, one.what) for one in found} == expected
        assert len(found) == len(expected)

    connect(work)


def test_every_view_of_the_ledger_finds_some_damage() -> None:
    named = {view for _, expected in DAMAGES.values() for view, _, _ in expected}
    assert named == {"entry", "sum", "balance", "number", "chain", "reversal", "overdraft"}


def test_any_view_that_is_called_broken_joins_the_check(connect: WithConnection) -> None:
    async def work(connection: Connection) -> None:
        before = await list_breaks(connection)
        await connection.execute(
            'CREATE VIEW "broken_Thing" AS SELECT 7 AS tenant_id, 5 AS thing_number, NULL AS part;'
            "CREATE VIEW brokenthing AS SELECT 1 AS number;"
            "CREATE VIEW broken_things AS SELECT number, 'is lost' AS what"
            " FROM generate_series(1, 101) AS number"
        )
        found = [one for one in await list_breaks(connection) if one not in before]
        assert found[0] == Break(
            view='"broken_Thing"', tenant_id=7, key="thing number 5, part None", what="is broken"
        )
        assert found[1:] == [
            Break(view="broken_things", tenant_id=None, key=f"number {number}", what="is lost")
            for number in range(1, 101)
        ]

    connect(work)
