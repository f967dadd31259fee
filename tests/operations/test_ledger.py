"""Looking at the ledger and proving it, also by posting all of it again into an empty database."""

import asyncio
import random
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.conftest import DemoTemplate, RunWithEngine, use_engine
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

from parcela.domain.changes import Person, Role
from parcela.domain.errors import InvalidInput, NotAllowed, NotFound
from parcela.domain.ledger import LedgerCode, LedgerEntry, reverse_entry
from parcela.operations import ledger
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.ledger import LedgerSize, TrialLine
from parcela.store.database import Connection
from parcela.store.ledger import insert_entries, list_entries

Code = LedgerCode
OPERATOR = Person(person_id=1, tenant_id=MAIN_TENANT, email="o", role=Role.OPERATOR, provider_id=None)
MAKER = Person(person_id=2, tenant_id=MAIN_TENANT, email="m", role=Role.ISSUER_MAKER, provider_id=PROVIDER)


async def post(engine: Engine, *entries: LedgerEntry) -> None:
    async def work(connection: Connection) -> None:
        assert all(await insert_entries(connection, MAIN_TENANT, entries))

    await engine.database.run(work)


def test_a_trial_balance_and_the_balances_of_one_owner(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await post(engine, *open_a_plan())
        assert await ledger.list_trial_balance(engine, OPERATOR) == [
            TrialLine(code=code, currency="USD", balance_minor=minor)
            for code, minor in (
                (Code.CARD_BALANCE, 10150),
                (Code.CLEARING, 60000),
                (Code.INSTALLMENT_RECEIVABLE, 50000),
                (Code.INTEREST_INCOME, 150),
                (Code.PURCHASES, 0),
            )
        ]
        for owner, expected in (
            (ACCOUNT, [("card_balance", 10150), ("purchases", 0)]),
            (PLAN, [("installment_receivable", 50000)]),
            (PROVIDER, [("clearing", 60000), ("interest_income", 150)]),
        ):
            found = await ledger.list_owner_balances(engine, OPERATOR, owner)
            assert [(balance.account.code, balance.balance_minor) for balance in found] == expected
        assert await ledger.count_ledger(engine) == LedgerSize(entries=3, books=1)

    run(work)


def test_a_book_is_read_in_pages(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        entries = open_a_plan()
        await post(engine, *entries)
        first = await ledger.list_book(engine, OPERATOR, ACCOUNT, limit=2)
        rest = await ledger.list_book(engine, OPERATOR, ACCOUNT, after_number=2)
        assert [posted.entry for posted in first + rest] == entries
        assert await ledger.list_book(engine, OPERATOR, ACCOUNT, after_number=3) == []
        for limit in (0, 1001):
            with pytest.raises(InvalidInput) as refused:
                await ledger.list_book(engine, OPERATOR, ACCOUNT, limit=limit)
            assert refused.value.member == "limit"

    run(work)


@pytest.mark.parametrize("unknown", [name_account(9), PLAN.upper(), "x", ""])
def test_what_nobody_posted_to_is_not_found(run: RunWithEngine, unknown: str) -> None:
    async def work(engine: Engine) -> None:
        with pytest.raises(NotFound):
            await ledger.list_book(engine, OPERATOR, unknown)
        with pytest.raises(NotFound):
            await ledger.list_owner_balances(engine, OPERATOR, unknown)

    run(work)


def test_the_ledger_is_the_operators(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        for reading in (
            ledger.list_trial_balance(engine, MAKER),
            ledger.list_owner_balances(engine, MAKER, ACCOUNT),
            ledger.list_book(engine, MAKER, ACCOUNT),
        ):
            with pytest.raises(NotAllowed):
                await reading

    run(work)


def test_a_fresh_world_is_whole_and_damage_is_found(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        assert await ledger.check_ledger(engine) == []
        await post(engine, enter("payment:1", move(4000, Code.CASH, Code.CARD_BALANCE)))
        async with engine.database.connection() as connection:
            await connection.execute("UPDATE ledger_balance SET balance_minor = 0")
        found = [one for one in await ledger.check_ledger(engine) if one.view.startswith("broken_ledger_")]
        assert [(one.view, one.tenant_id, one.what) for one in found] == [
            ("broken_ledger_balance", 1, "is 0, postings make -4000"),
            ("broken_ledger_sum", 1, "debits less credits make 4000, not 0"),
        ]

    run(work)


@pytest.fixture
def empty_url(demo_template: DemoTemplate) -> Iterator[str]:
    """A second database in which nothing was posted."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    yield demo_template.server.url_of(name)
    demo_template.server.drop_database(name)


def make_history(chance: random.Random) -> list[LedgerEntry]:
    """Two hundred entries in five books, one in eight of them a reversal; the clock jumps about."""
    entries: list[LedgerEntry] = []
    open_entries: list[LedgerEntry] = []
    for number in range(200):
        at = AT + timedelta(seconds=chance.randrange(-50, 1000))
        if open_entries and chance.randrange(8) == 0:
            taken = open_entries.pop(chance.randrange(len(open_entries)))
            entries.append(reverse_entry(taken, event_key=f"e:{number}", kind="test", posted_at=at))
            continue
        book = name_account(chance.randrange(5))
        codes = (Code.CARD_BALANCE, Code.PURCHASES, Code.CLEARING, Code.CASH, Code.FEE_INCOME)
        postings = [
            move(chance.randrange(1, 10**6), *chance.sample(codes, 2), book)
            for _ in range(chance.randrange(1, 5))
        ]
        currency = chance.choice(("USD", "JPY", "KWD"))
        entries.append(enter(f"e:{number}", *postings, book=book, currency=currency, at=at))
        open_entries.append(entries[-1])
    return entries


@pytest.mark.parametrize("seed", range(3))
def test_posting_everything_again_into_an_empty_database_gives_equal_books(
    database_url: str, empty_url: str, demo_template: DemoTemplate, seed: int
) -> None:
    chance = random.Random(seed)
    history = make_history(chance)
    books = [name_account(number) for number in range(5)]

    async def work(engine: Engine, replayed: Engine) -> None:
        while history:
            part = [history.pop(0) for _ in range(min(len(history), chance.randrange(1, 9)))]
            await post(engine, *part)
        async with engine.database.connection() as connection:
            posted = [await list_entries(connection, MAIN_TENANT, book, limit=1000) for book in books]
        assert sum(map(len, posted)) == 200
        for book_entries in posted:
            await post(replayed, *(found.entry for found in book_entries))
        async with replayed.database.connection() as connection:
            assert posted == [await list_entries(connection, MAIN_TENANT, book, limit=1000) for book in books]
        for owner in (*books, PROVIDER):
            first = await ledger.list_owner_balances(engine, OPERATOR, owner)
            assert await ledger.list_owner_balances(replayed, OPERATOR, owner) == first
        for side in (engine, replayed):
            found = await ledger.check_ledger(side)
            assert [one for one in found if one.view.startswith("broken_ledger_")] == []
        # Told once more, nothing is new.
        async with replayed.database.transaction() as connection:
            again = [replace(found.entry, posted_at=AT) for found in posted[0]]
            assert await insert_entries(connection, MAIN_TENANT, again) == [False] * len(again)

    async def main() -> None:
        async with (
            use_engine(database_url, demo_template.home) as engine,
            use_engine(empty_url, demo_template.home) as replayed,
        ):
            await work(engine, replayed)

    asyncio.run(main())
