"""Posting: numbered, chained, balanced, each event once; and what the books refuse."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests.store.conftest import WithConnection
from tests.support.ledger_entries import (
    ACCOUNT,
    AT,
    PLAN,
    PROVIDER,
    enter,
    move,
    name_account,
    open_a_plan,
)

from parcela.domain.errors import DomainError
from parcela.domain.ledger import (
    CREDIT_NORMAL,
    NO_OVERDRAFT,
    PROVIDER_OWNED,
    AccountOverdrawn,
    EntryDiffers,
    EntryNotReversible,
    LedgerAccount,
    LedgerCode,
    LedgerEntry,
    reverse_entry,
)
from parcela.store.database import Connection
from parcela.store.ledger import (
    Balance,
    TrialLine,
    get_balance,
    insert_entries,
    list_balances,
    list_entries,
    list_entries_of_event,
    list_trial_lines,
    sum_provider_balances,
)

Code = LedgerCode

PAYMENT = enter("payment:1", move(4000, Code.CASH, Code.CARD_BALANCE))


async def count_rows(connection: Connection) -> tuple[int, ...]:
    row = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM ledger_entry), (SELECT count(*) FROM posting),"
        " (SELECT sum(last_number) FROM ledger_book), (SELECT sum(balance_minor) FROM ledger_balance)"
    )
    assert row is not None
    return tuple(row)


async def refuse(connection: Connection, *entries: LedgerEntry) -> DomainError:
    """The refusal of these entries, of which nothing stays."""
    before = await count_rows(connection)
    with pytest.raises(DomainError) as refused:
        async with connection.transaction():
            await insert_entries(connection, 1, entries)
    assert await count_rows(connection) == before
    return refused.value


def test_entries_are_numbered_in_their_order_and_read_back_as_they_were(connect: WithConnection) -> None:
    async def work(connection: Connection) -> None:
        entries = open_a_plan()
        assert await insert_entries(connection, 1, entries[:2]) == [True, True]
        assert await insert_entries(connection, 1, entries[2:]) == [True]
        assert await insert_entries(connection, 1, []) == []
        posted = await list_entries(connection, 1, ACCOUNT)
        assert [(found.number, found.entry) for found in posted] == list(enumerate(entries, start=1))
        assert await list_entries(connection, 1, ACCOUNT, after_number=1, limit=1) == posted[1:2]
        assert await list_entries_of_event(connection, 1, "plan:1:") == posted[1:]
        assert await list_entries_of_event(connection, 1, "plan:1:row:2") == []
        assert await list_entries(connection, 2, ACCOUNT) == []

    connect(work)


def test_the_hash_covers_the_whole_entry_and_the_hash_before_it(connect: WithConnection) -> None:
    async def work(connection: Connection) -> None:
        entry = enter("plan:ü", move(1, Code.CARD_BALANCE, Code.CLEARING))
        await insert_entries(connection, 1, [PAYMENT, entry])
        previous = b""
        for posted in await list_entries(connection, 1, ACCOUNT):
            (posting,) = posted.entry.postings
            debit, credit = posting.debit, posting.credit
            content = json.dumps(
                [
                    *(1, ACCOUNT, posted.number, posted.entry.event_key, "test", "USD", 0, None),
                    f"{debit.code} {debit.owner} {credit.code} {credit.owner} {posting.amount_minor}",
                ],
                ensure_ascii=False,
            ).replace('"USD", 0,', '"USD", 1738326615.123456,')
            previous = hashlib.sha256(previous + content.encode()).digest()
            assert posted.hash == previous

    connect(work)


def test_balances_stand_on_the_normal_side_and_follow_each_posting(connect: WithConnection) -> None:
    async def work(connection: Connection) -> None:
        await insert_entries(connection, 1, [*open_a_plan(), PAYMENT])
        assert await list_balances(connection, 1, ACCOUNT) == [
            Balance(account=LedgerAccount(Code.CARD_BALANCE, ACCOUNT), currency="USD", balance_minor=6150),
            Balance(account=LedgerAccount(Code.PURCHASES, ACCOUNT), currency="USD", balance_minor=0),
        ]
        receivable = LedgerAccount(Code.INSTALLMENT_RECEIVABLE, PLAN)
        assert await get_balance(connection, 1, receivable, currency="USD") == 50000
        assert await get_balance(connection, 1, receivable, currency="EUR") == 0
        assert await get_balance(connection, 2, receivable, currency="USD") == 0
        assert await sum_provider_balances(connection, 1, PROVIDER) == [
            Balance(account=LedgerAccount(code, PROVIDER), currency="USD", balance_minor=minor)
            for code, minor in ((Code.CASH, 4000), (Code.CLEARING, 60000), (Code.INTEREST_INCOME, 150))
        ]
        cash = LedgerAccount(Code.CASH, PROVIDER)
        assert await get_balance(connection, 1, cash, currency="USD") == 4000
        assert await get_balance(connection, 1, cash, currency="EUR") == 0

    connect(work)


def test_a_trial_balance_sums_each_kind_in_each_currency(connect: WithConnection) -> None:
    async def work(connection: Connection) -> None:
        await connection.execute("INSERT INTO tenant (tenant_id, code) VALUES (2, 'second')")
        other = name_account(2)
        yen = enter("b", move(5, Code.CARD_BALANCE, Code.CLEARING, other), book=other, currency="JPY")
        more = enter("c", move(500, Code.CASH, Code.CARD_BALANCE, other), book=other)
        await insert_entries(connection, 2, [PAYMENT, yen, more])
        assert await list_trial_lines(connection, 2) == [
            TrialLine(code=Code.CARD_BALANCE, currency="JPY", balance_minor=5),
            TrialLine(code=Code.CLEARING, currency="JPY", balance_minor=5),
            TrialLine(code=Code.CARD_BALANCE, currency="USD", balance_minor=-4500),
            TrialLine(code=Code.CASH, currency="USD", balance_minor=4500),
        ]

    connect(work)


def test_an_event_posts_once(connect: WithConnection) -> None:
    async def work(connection: Connection) -> None:
        assert await insert_entries(connection, 1, [PAYMENT]) == [True]
        before = await count_rows(connection)
        # The same event is told again later, among new ones: its time is that of the first.
        again = replace(PAYMENT, posted_at=AT + timedelta(days=1))
        assert await insert_entries(connection, 1, [again]) == [False]
        assert await count_rows(connection) == before
        assert await insert_entries(connection, 1, [*open_a_plan(), again]) == [True, True, True, False]
        assert [found.entry.event_key for found in await list_entries(connection, 1, ACCOUNT)] == [
            "payment:1",
            "transaction:1:cleared",
            "plan:1:opened",
            "plan:1:row:1:billed",
        ]
        # Another tenant's event of the same name is another event.
        await connection.execute("INSERT INTO tenant (tenant_id, code) VALUES (2, 'second')")
        assert await insert_entries(connection, 2, [PAYMENT]) == [True]

    connect(work)


@pytest.mark.parametrize(
    "other",
    [
        enter("payment:1", move(4001, Code.CASH, Code.CARD_BALANCE)),
        enter("payment:1", move(4000, Code.CARD_BALANCE, Code.CASH)),
        enter("payment:1", move(4000, Code.CLEARING, Code.CARD_BALANCE)),
        enter("payment:1", move(4000, Code.CASH, Code.CARD_BALANCE, name_account(2))),
        enter("payment:1", *PAYMENT.postings, *PAYMENT.postings),
        enter("payment:1", *PAYMENT.postings, currency="EUR"),
        enter("payment:1", *PAYMENT.postings, book=name_account(2)),
        replace(PAYMENT, kind="other"),
        replace(PAYMENT, reverses="plan:1:opened"),
    ],
    ids=["amount", "sides", "account", "owner", "postings", "currency", "book", "kind", "reversal"],
)
def test_an_event_posted_before_with_other_content_is_refused(
    connect: WithConnection, other: LedgerEntry
) -> None:
    async def work(connection: Connection) -> None:
        await insert_entries(connection, 1, [PAYMENT])
        refusal = await refuse(connection, *open_a_plan(), other)
        assert isinstance(refusal, EntryDiffers)
        assert refusal.event_key == "payment:1"

    connect(work)


def test_time_never_runs_backwards_within_a_book(connect: WithConnection) -> None:
    async def work(connection: Connection) -> None:
        days = [3, 1, 4]
        posting = move(1, Code.CASH, Code.CARD_BALANCE)
        entries = [enter(f"e:{day}", posting, at=AT + timedelta(days=day)) for day in days]
        await insert_entries(connection, 1, entries)
        await insert_entries(connection, 1, [enter("e:2", posting, at=AT + timedelta(days=2))])
        await insert_entries(connection, 1, [enter("e:0", posting, book=name_account(2))])
        posted = await list_entries(connection, 1, ACCOUNT)
        assert [(found.entry.posted_at - AT).days for found in posted] == [3, 3, 4, 4]
        assert (await list_entries(connection, 1, name_account(2)))[0].entry.posted_at == AT

    connect(work)


def test_an_entry_is_reversed_whole_also_in_the_call_that_posts_it(connect: WithConnection) -> None:
    async def work(connection: Connection) -> None:
        entries = open_a_plan()
        await insert_entries(connection, 1, entries)
        back = reverse_entry(entries[2], event_key="plan:1:row:1:reversed", kind="test", posted_at=AT)
        payment_back = reverse_entry(PAYMENT, event_key="payment:1:reversed", kind="test", posted_at=AT)
        assert await insert_entries(connection, 1, [back, PAYMENT, payment_back]) == [True] * 3
        assert await insert_entries(connection, 1, [back]) == [False]
        posted = await list_entries(connection, 1, ACCOUNT)
        assert [found.entry.reverses for found in posted] == [
            None,
            None,
            None,
            "plan:1:row:1:billed",
            None,
            "payment:1",
        ]
        card = LedgerAccount(Code.CARD_BALANCE, ACCOUNT)
        assert await get_balance(connection, 1, card, currency="USD") == 0

    connect(work)


REVERSAL = reverse_entry(PAYMENT, event_key="payment:1:reversed", kind="test", posted_at=AT)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (replace(REVERSAL, reverses="payment:2"), "r reverses payment:2, which nobody posted"),
        (replace(REVERSAL, reverses="r"), "r reverses a reversal"),
        (replace(REVERSAL, book=name_account(2)), "r reverses an entry of another book or currency"),
        (replace(REVERSAL, currency="EUR"), "r reverses an entry of another book or currency"),
        # A part, more, the same sides, another account.
        *(
            (
                replace(REVERSAL, postings=postings),
                "r does not mirror the postings of the entry that it reverses",
            )
            for postings in (
                (move(3999, Code.CARD_BALANCE, Code.CASH),),
                (*REVERSAL.postings, *REVERSAL.postings),
                PAYMENT.postings,
                (move(4000, Code.CARD_BALANCE, Code.CASH, name_account(2)),),
            )
        ),
    ],
    ids=["unknown", "itself", "book", "currency", "part", "more", "same sides", "account"],
)
def test_what_does_not_take_back_one_entry_whole_is_no_reversal(
    connect: WithConnection, bad: LedgerEntry, reason: str
) -> None:
    async def work(connection: Connection) -> None:
        await insert_entries(connection, 1, [PAYMENT])
        refusal = await refuse(connection, replace(bad, event_key="r"))
        assert isinstance(refusal, EntryNotReversible)
        assert str(refusal) == reason

    connect(work)


def test_an_entry_is_reversed_once_and_a_reversal_never(connect: WithConnection) -> None:
    async def work(connection: Connection) -> None:
        await insert_entries(connection, 1, [PAYMENT, REVERSAL])
        twice = await refuse(connection, replace(REVERSAL, event_key="payment:1:reversed again"))
        assert str(twice) == "an entry is reversed at most once, and this one was"
        back = reverse_entry(REVERSAL, event_key="r", kind="test", posted_at=AT)
        assert str(await refuse(connection, back)) == "r reverses a reversal"

    connect(work)


@pytest.mark.parametrize(
    ("code", "fill", "empty"),
    [
        (
            Code.DEPOSIT,
            move(500, Code.CASH, Code.DEPOSIT),
            lambda minor: move(minor, Code.DEPOSIT, Code.CARD_BALANCE),
        ),
        (
            Code.INSTALLMENT_RECEIVABLE,
            move(500, Code.INSTALLMENT_RECEIVABLE, Code.PURCHASES),
            lambda minor: move(minor, Code.CARD_BALANCE, Code.INSTALLMENT_RECEIVABLE),
        ),
    ],
)
def test_a_deposit_and_a_receivable_never_go_below_zero(
    connect: WithConnection, code: LedgerCode, fill: Any, empty: Any
) -> None:
    async def work(connection: Connection) -> None:
        assert isinstance(await refuse(connection, enter("first", empty(1))), AccountOverdrawn)
        await insert_entries(connection, 1, [enter("fill", fill)])
        assert isinstance(await refuse(connection, enter("more", empty(501))), AccountOverdrawn)
        assert await insert_entries(connection, 1, [enter("all", empty(500))]) == [True]
        assert isinstance(await refuse(connection, enter("one more", empty(1))), AccountOverdrawn)
        owner = PLAN if code is Code.INSTALLMENT_RECEIVABLE else ACCOUNT
        assert await get_balance(connection, 1, LedgerAccount(code, owner), currency="USD") == 0

    connect(work)


def test_the_database_knows_the_same_kinds_of_account(connect: WithConnection) -> None:
    async def work(connection: Connection) -> None:
        for code in LedgerCode:
            row = await connection.fetchrow(
                "SELECT sign_debit($1::ledger_code), is_provider_owned($1), may_be_overdrawn($1)", code
            )
            assert row is not None
            expected = (-1 if code in CREDIT_NORMAL else 1, code in PROVIDER_OWNED, code not in NO_OVERDRAFT)
            assert tuple(row) == expected, code
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.fetchval("SELECT 'cards'::ledger_code")

    connect(work)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET kind = 'other'",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry CASCADE",
        "UPDATE posting SET amount_minor = 1",
        "DELETE FROM posting",
        "TRUNCATE posting",
        "DELETE FROM ledger_book",
        "TRUNCATE ledger_book CASCADE",
        "DELETE FROM ledger_balance",
        "TRUNCATE ledger_balance",
    ],
)
def test_the_books_are_append_only(connect: WithConnection, statement: str) -> None:
    async def work(connection: Connection) -> None:
        await insert_entries(connection, 1, [PAYMENT])
        before = await count_rows(connection)
        with pytest.raises(asyncpg.RaiseError, match="is append only"):
            async with connection.transaction():
                await connection.execute(statement)
        assert await count_rows(connection) == before

    connect(work)
