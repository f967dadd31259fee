"""`parcela ledger`: the books as tables, and their proof."""

import asyncio

import asyncpg
from tests.cli.conftest import Run
from tests.support.ledger_entries import ACCOUNT, PLAN, enter, move, open_a_plan

from parcela.domain.errors import NotAllowed, NotFound
from parcela.domain.ledger import LedgerCode, LedgerEntry
from parcela.store.ledger import insert_entries

Code = LedgerCode
PAYMENT = enter("payment:1", move(4000, Code.CASH, Code.CARD_BALANCE))
YEN = enter("payment:2", move(4000, Code.CASH, Code.CARD_BALANCE), currency="JPY")


def post(url: str, *entries: LedgerEntry, damage: str = "SELECT 1") -> None:
    async def main() -> None:
        connection = await asyncpg.connect(url)
        try:
            await insert_entries(connection, 1, entries)
            await connection.execute(damage)
        finally:
            await connection.close()

    asyncio.run(main())


def read_rows(output: str) -> list[list[str]]:
    return [line.split() for line in output.splitlines()]


def test_a_whole_ledger_is_said_to_be_whole(parcela: Run, database_url: str) -> None:
    fresh = parcela("ledger", "check")
    assert fresh.output == "Whole: 0 entries of 0 books, and every other record that is watched.\n"
    post(database_url, PAYMENT)
    checked = parcela("ledger", "check")
    assert (checked.exit_code, checked.output) == (
        0,
        "Whole: 1 entry of 1 book, and every other record that is watched.\n",
    )


def test_what_is_broken_is_listed(parcela: Run, database_url: str) -> None:
    post(database_url, PAYMENT, damage="UPDATE ledger_balance SET balance_minor = 5")
    checked = parcela("ledger", "check")
    assert checked.exit_code == 1
    assert read_rows(checked.output)[0] == ["view", "tenant", "record", "what"]
    assert (
        f"broken_ledger_balance 1 owner {ACCOUNT}, code card_balance, currency USD is 5, postings make -4000"
    ).split() in read_rows(checked.output)


def test_balances_are_shown_in_major_units(parcela: Run, database_url: str) -> None:
    post(database_url, *open_a_plan(), YEN)
    assert read_rows(parcela("ledger", "balances").output) == [
        ["account", "side", "balance", "currency"],
        ["card_balance", "debit", "-4000", "JPY"],
        ["cash", "debit", "4000", "JPY"],
        ["card_balance", "debit", "101.50", "USD"],
        ["clearing", "credit", "600.00", "USD"],
        ["installment_receivable", "debit", "500.00", "USD"],
        ["interest_income", "credit", "1.50", "USD"],
        ["purchases", "credit", "0.00", "USD"],
    ]
    assert read_rows(parcela("ledger", "balances", "--owner", PLAN).output)[1:] == [
        ["installment_receivable", "debit", "500.00", "USD"]
    ]
    assert isinstance(parcela("ledger", "balances", "--owner", "x").exception, NotFound)


def test_a_book_is_shown_with_a_line_for_each_posting(parcela: Run, database_url: str) -> None:
    post(database_url, *open_a_plan())
    assert read_rows(parcela("ledger", "entries", ACCOUNT, "--after", "1").output) == [
        ["number", "posted", "event", "debit", "credit", "amount", "currency"],
        [
            "2",
            "2025-01-31",
            "12:30:15",
            "plan:1:opened",
            "installment_receivable",
            "purchases",
            "600.00",
            "USD",
        ],
        [
            "3",
            "2025-01-31",
            "12:30:15",
            "plan:1:row:1:billed",
            "card_balance",
            "installment_receivable",
            "100.00",
            "USD",
        ],
        ["card_balance", "interest_income", "1.50", "USD"],
    ]
    assert isinstance(parcela("ledger", "entries", PLAN).exception, NotFound)


def test_people_of_an_issuer_see_no_ledger(parcela: Run) -> None:
    maker = ("--as", "maker@sandbox.example")
    for words in (("balances",), ("balances", "--owner", PLAN), ("entries", ACCOUNT)):
        assert isinstance(parcela("ledger", *words, *maker).exception, NotAllowed)
