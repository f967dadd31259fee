"""The row that all workers watch, and the nonces that are used once."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from tests.store.conftest import WithConnection

from parcela.store.world import (
    Nonce,
    admit_requests,
    bump_version,
    claim_worker_number,
    delete_old_nonces,
    get_world,
    move_clock,
    prepare_world,
)

Connection = asyncpg.Connection


def test_a_world_is_prepared_once_and_keeps_its_environment(connect: WithConnection) -> None:
    async def work(connection: "Connection[asyncpg.Record]") -> None:
        first = await get_world(connection)
        again = await prepare_world(connection, "production")
        assert (again.environment, again.version) == ("sandbox", first.version)
        assert await connection.fetchval("SELECT count(*) FROM world") == 1
        assert await connection.fetchval("SELECT count(*) FROM tenant") == 1

    connect(work)


def test_a_nonce_is_fresh_once_for_its_key_and_second(connect: WithConnection) -> None:
    async def work(connection: "Connection[asyncpg.Record]") -> None:
        first, state = await admit_requests(connection, [Nonce(1, 100, "a"), Nonce(1, 100, "b")])
        assert first == [True, True]
        again, _ = await admit_requests(
            connection,
            [
                Nonce(1, 100, "a"),  # used
                Nonce(2, 100, "a"),  # another key
                Nonce(1, 101, "a"),  # another second
                Nonce(1, 100, "A"),  # another text
                Nonce(1, 100, "c"),  # new
                Nonce(1, 100, "c"),  # twice in one batch
            ],
        )
        assert again == [False, True, True, True, True, False]
        assert state.version == (await get_world(connection)).version

    connect(work)


def test_one_nonce_in_many_hands_is_admitted_once(database_url: str) -> None:
    async def work() -> list[bool]:
        pool = await asyncpg.create_pool(database_url, min_size=8, max_size=8)

        async def admit() -> bool:
            async with pool.acquire() as connection:
                [is_fresh], _ = await admit_requests(connection, [Nonce(1, 100, "a")])
                return is_fresh

        answers = await asyncio.gather(*[admit() for _ in range(64)])
        await pool.close()
        return answers

    assert sorted(asyncio.run(work())) == [False] * 63 + [True]


def test_only_old_nonces_are_forgotten(connect: WithConnection) -> None:
    async def work(connection: "Connection[asyncpg.Record]") -> None:
        nonces = [Nonce(1, second, "a") for second in (99, 100, 101)]
        await admit_requests(connection, nonces)
        await delete_old_nonces(connection, signed_before=100)
        assert (await admit_requests(connection, nonces))[0] == [True, False, False]

    connect(work)


def test_the_version_grows_and_is_seen_with_every_admission(connect: WithConnection) -> None:
    async def work(connection: "Connection[asyncpg.Record]") -> None:
        before = (await get_world(connection)).version
        assert await bump_version(connection) == before + 1
        _, state = await admit_requests(connection, [Nonce(1, 100, "a")])
        assert state.version == before + 1

    connect(work)


def test_the_clock_of_a_test_world_moves_by_steps_that_add_up(connect: WithConnection) -> None:
    async def work(connection: "Connection[asyncpg.Record]") -> None:
        await move_clock(connection, timedelta(days=31))
        state = await move_clock(connection, timedelta(hours=1))
        assert state.clock_offset == timedelta(days=31, hours=1)
        assert (await get_world(connection)).clock_offset == timedelta(days=31, hours=1)

    connect(work)


@pytest.mark.parametrize(("last", "number"), [(1023, 0), (1024, 1), (5000, 5001 % 1024)])
def test_worker_numbers_go_round_in_ten_bits(connect: WithConnection, last: int, number: int) -> None:
    async def work(connection: "Connection[asyncpg.Record]") -> None:
        await connection.execute(f"SELECT setval('worker_number', {last})")
        assert await claim_worker_number(connection) == number

    connect(work)
