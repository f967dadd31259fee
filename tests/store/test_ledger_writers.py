"""Many who post at the same time: numbers without gaps, each event once."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from tests.support.ledger_entries import enter, move, name_account

from parcela.domain.ledger import EntryDiffers, LedgerAccount, LedgerCode, LedgerEntry
from parcela.store.database import Connection, Database
from parcela.store.ledger import get_balance, insert_entries, list_entries

Code = LedgerCode
PAYMENT = enter("payment:1", move(4000, Code.CASH, Code.CARD_BALANCE))


def run_with_pool(url: str, work: Callable[[Database], Awaitable[Any]], *, pool_size: int = 8) -> Any:
    async def main() -> Any:
        database = await Database.open(url, pool_size=pool_size)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(main())


def test_many_writers_leave_no_gap_and_no_double(database_url: str) -> None:
    """64 connections, four books: each writer posts into two of them at a time, and has a twin that does the
    same in the opposite order."""
    books = [name_account(number) for number in range(1, 5)]

    def enter_pair(writer: int, turn: int) -> list[LedgerEntry]:
        twin = writer // 2
        pair = [
            enter(f"e:{twin}:{turn}:{book}", move(1, Code.CASH, Code.CARD_BALANCE, book), book=book)
            for book in (books[twin % 4], books[(twin + turn) % 4])
        ]
        return pair if writer % 2 else pair[::-1]

    async def post(entries: list[LedgerEntry], connection: Connection) -> list[bool]:
        return await insert_entries(connection, 1, entries)

    async def write(database: Database, writer: int) -> int:
        new = 0
        for turn in (1, 2, 3):
            entries = enter_pair(writer, turn)
            new += sum(await database.run(partial(post, entries)))
        return new

    async def work(database: Database) -> None:
        assert sum(await asyncio.gather(*(write(database, writer) for writer in range(64)))) == 192
        async with database.connection() as connection:
            for book in books:
                posted = await list_entries(connection, 1, book)
                assert [found.number for found in posted] == list(range(1, 49))
                card = LedgerAccount(Code.CARD_BALANCE, book)
                assert await get_balance(connection, 1, card, currency="USD") == -48
            for view in ("number", "chain", "balance", "sum", "entry"):
                assert await connection.fetch(f"SELECT * FROM broken_ledger_{view}") == []

    run_with_pool(database_url, work, pool_size=64)


def test_of_many_tellings_of_one_event_one_posts(database_url: str) -> None:
    async def post(connection: Connection) -> list[bool]:
        return await insert_entries(connection, 1, [PAYMENT])

    async def work(database: Database) -> None:
        results = await asyncio.gather(*(database.run(post) for _ in range(64)))
        assert sorted(results) == [[False]] * 63 + [[True]]

    run_with_pool(database_url, work, pool_size=16)


async def wait_until_somebody_waits(database: Database) -> None:
    """The second one has come to the unique index, and waits there for the first."""
    for _ in range(500):
        async with database.connection() as connection:
            if await connection.fetchval(
                "SELECT EXISTS (SELECT FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock')"
            ):
                return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def post_while_another_waits(
    database: Database, first: LedgerEntry, second: LedgerEntry
) -> tuple[list[bool] | BaseException, int]:
    """What comes of the second entry, which waits for the transaction of the first, and its tries."""
    tries: list[int] = []

    async def post(connection: Connection) -> list[bool]:
        tries.append(1)
        return await insert_entries(connection, 1, [second])

    async with database.transaction() as connection:
        await insert_entries(connection, 1, [first])
        waiting = asyncio.create_task(database.run(post))
        await wait_until_somebody_waits(database)
    (outcome,) = await asyncio.gather(waiting, return_exceptions=True)
    return outcome, len(tries)


def test_one_event_in_two_books_at_once_posts_in_one_and_differs_in_the_other(database_url: str) -> None:
    """They share no book and no account: the unique index alone keeps them apart."""
    other = name_account(2)
    second = enter("payment:1", move(4000, Code.CASH, Code.CARD_BALANCE, other), book=other)

    async def work(database: Database) -> None:
        outcome, tries = await post_while_another_waits(database, PAYMENT, second)
        assert isinstance(outcome, EntryDiffers)
        assert tries == 2
        async with database.connection() as connection:
            assert await list_entries(connection, 1, other) == []

    run_with_pool(database_url, work)


def test_the_first_entries_of_an_account_may_come_from_two_books_at_once(database_url: str) -> None:
    second = enter("payment:2", *PAYMENT.postings, book=name_account(2))

    async def work(database: Database) -> None:
        assert await post_while_another_waits(database, PAYMENT, second) == ([True], 2)
        async with database.connection() as connection:
            card = LedgerAccount(Code.CARD_BALANCE, name_account(1))
            assert await get_balance(connection, 1, card, currency="USD") == -8000

    run_with_pool(database_url, work)
