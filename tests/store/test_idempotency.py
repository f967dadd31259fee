"""Results of calls with a key: found again in their scope alone, and kept only with their effect."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from tests.store.conftest import WithConnection

from parcela.store.idempotency import (
    IdempotencyKey,
    delete_old_results,
    find_result,
    insert_result,
    lock_key,
)

KEY = IdempotencyKey(tenant_id=1, caller="client 1", operation="refund", key="k-1", fingerprint=b"input")
AT = datetime(2025, 1, 31, tzinfo=UTC)
Connection = asyncpg.Connection


def test_a_result_is_found_with_the_fingerprint_of_its_input(connect: WithConnection) -> None:
    async def work(connection: "Connection[asyncpg.Record]") -> None:
        assert await find_result(connection, KEY) is None
        await insert_result(connection, KEY, {"refund_id": "r-1", "amount_minor": 100}, at=AT)
        found = (b"input", {"refund_id": "r-1", "amount_minor": 100})
        assert await find_result(connection, KEY) == found
        # Whether the input is the same is the caller's to compare.
        assert await find_result(connection, replace(KEY, fingerprint=b"other")) == found

    connect(work)


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, tenant_id=2),  # another tenant
        replace(KEY, caller="client 2"),  # another caller
        replace(KEY, operation="capture"),  # another operation
        replace(KEY, key="k-2"),  # another key
        replace(KEY, key="K-1"),  # keys tell case apart
    ],
)
def test_a_key_counts_in_its_scope_alone(connect: WithConnection, other: IdempotencyKey) -> None:
    async def work(connection: "Connection[asyncpg.Record]") -> None:
        await insert_result(connection, KEY, {}, at=AT)
        assert await find_result(connection, other) is None

    connect(work)


def test_a_result_is_written_once(connect: WithConnection) -> None:
    async def work(connection: "Connection[asyncpg.Record]") -> None:
        await insert_result(connection, KEY, {"first": True}, at=AT)
        with pytest.raises(asyncpg.UniqueViolationError):
            async with connection.transaction():
                await insert_result(connection, KEY, {"first": False}, at=AT)
        assert await find_result(connection, KEY) == (b"input", {"first": True})

    connect(work)


def test_only_old_results_are_forgotten(connect: WithConnection) -> None:
    async def work(connection: "Connection[asyncpg.Record]") -> None:
        younger = replace(KEY, key="k-2")
        await insert_result(connection, KEY, {}, at=AT - timedelta(microseconds=1))
        await insert_result(connection, younger, {}, at=AT)
        await delete_old_results(connection, created_before=AT)
        assert await find_result(connection, KEY) is None
        assert await find_result(connection, younger) == (b"input", {})

    connect(work)


def test_calls_with_one_key_at_once_have_one_effect(database_url: str) -> None:
    async def work() -> list[str]:
        pool = await asyncpg.create_pool(database_url, min_size=8, max_size=8)

        async def call(number: int) -> str:
            async with pool.acquire() as connection, connection.transaction():
                await lock_key(connection, KEY)
                found = await find_result(connection, KEY)
                if found is None:
                    await insert_result(connection, KEY, {"by": number}, at=AT)
                    return "did it"
                return "found it"

        answers = await asyncio.gather(*[call(number) for number in range(64)])
        await pool.close()
        return answers

    assert sorted(asyncio.run(work())) == ["did it"] + ["found it"] * 63


def test_calls_with_other_keys_do_not_wait(shared_database_url: str) -> None:
    async def work() -> None:
        first = await asyncpg.connect(shared_database_url)
        second = await asyncpg.connect(shared_database_url)
        async with first.transaction():
            await lock_key(first, KEY)
            async with second.transaction():
                await asyncio.wait_for(lock_key(second, replace(KEY, key="k-2")), timeout=5)
        await first.close()
        await second.close()

    asyncio.run(work())
