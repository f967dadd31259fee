"""The audit trail: lines in order, and a chain that shows every line edited, dropped or moved."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from tests.store.conftest import WithConnection

from parcela.store.audit import AuditLine, insert_audit_lines, list_audit_lines, list_broken_lines

AT = datetime(2025, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)


def line(number: int, tenant_id: int | None = 1) -> AuditLine:
    return AuditLine(
        tenant_id=tenant_id,
        at=AT + timedelta(seconds=number),
        actor=f"actor {number}",
        action="plan.read",
        subject=f"plan {number}",
        outcome="refused" if number % 2 else "done",
        detail={"number": number},
    )


async def start_trail(connection: "asyncpg.Connection[asyncpg.Record]", count: int = 10) -> None:
    """An empty trail, with the guards off for tampering, then lines in three inserts."""
    await connection.execute("ALTER TABLE audit DISABLE TRIGGER audit_append_only; TRUNCATE audit")
    lines = [line(number) for number in range(1, count + 1)]
    for part in (lines[:1], lines[1:4], lines[4:]):
        await insert_audit_lines(connection, part)


def test_lines_are_kept_in_their_order_and_numbered_without_gaps(connect: WithConnection) -> None:
    async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await start_trail(connection)
        await insert_audit_lines(connection, [line(11, tenant_id=None)])
        found = await list_audit_lines(connection, 1, limit=3)
        assert [(entry.sequence, entry.line.actor, entry.line.outcome, entry.line.at) for entry in found] == [
            (11, "actor 11", "refused", AT + timedelta(seconds=11)),
            (10, "actor 10", "done", AT + timedelta(seconds=10)),
            (9, "actor 9", "refused", AT + timedelta(seconds=9)),
        ]
        assert await list_broken_lines(connection) == []

    connect(work)


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("SELECT 1", []),  # nothing
        # Edited lines: each member counts.
        ("UPDATE audit SET actor = 'somebody' WHERE sequence = 4", [4]),
        ("UPDATE audit SET action = 'plan.write' WHERE sequence = 4", [4]),
        ("UPDATE audit SET subject = 'plan 5' WHERE sequence = 4", [4]),
        ("UPDATE audit SET outcome = 'refused' WHERE sequence = 4", [4]),
        ("UPDATE audit SET at = at + interval '1 microsecond' WHERE sequence = 4", [4]),
        ("UPDATE audit SET detail = '{\"number\": 4 }' WHERE sequence = 4", [4]),
        ("UPDATE audit SET tenant_id = 2 WHERE sequence = 4", [4]),
        ("UPDATE audit SET tenant_id = NULL WHERE sequence = 4", [4]),
        # The end of one member moved to the start of the next.
        ("UPDATE audit SET actor = actor || chr(31) || action, action = '' WHERE sequence = 4", [4]),
        # A new hash that fits the edited line no longer fits the next one.
        (
            "UPDATE audit a SET actor = 'somebody', hash = hash_audit_line("
            "ROW(a.sequence, a.tenant_id, a.at, 'somebody', a.action, a.subject, a.outcome, a.detail, a.hash)"
            "::audit, (SELECT hash FROM audit WHERE sequence = 3)) WHERE sequence = 4",
            [5],
        ),
        # The first and the last line.
        ("UPDATE audit SET actor = 'somebody' WHERE sequence = 1", [1]),
        ("UPDATE audit SET actor = 'somebody' WHERE sequence = 10", [10]),
        # Dropped lines.
        ("DELETE FROM audit WHERE sequence = 4", [5, 6, 7, 8, 9, 10]),
        ("DELETE FROM audit WHERE sequence = 1", [2, 3, 4, 5, 6, 7, 8, 9, 10]),
        # Dropped, and the rest renumbered.
        (
            "DELETE FROM audit WHERE sequence = 4; UPDATE audit SET sequence = -sequence WHERE sequence > 4;"
            "UPDATE audit SET sequence = -sequence - 1 WHERE sequence < 0",
            [4, 5, 6, 7, 8, 9],
        ),
        # Two lines that changed places.
        (
            "UPDATE audit SET sequence = 0 WHERE sequence = 4; UPDATE audit SET sequence = 4"
            " WHERE sequence = 5; UPDATE audit SET sequence = 5 WHERE sequence = 0",
            [4, 5, 6],
        ),
        # A line put in between.
        (
            "UPDATE audit SET sequence = -sequence WHERE sequence > 4;"
            "UPDATE audit SET sequence = -sequence + 1 WHERE sequence < 0;"
            "ALTER TABLE audit DISABLE TRIGGER audit_chain;"
            "INSERT INTO audit SELECT 5, tenant_id, at, actor, action, subject, outcome, detail, hash"
            " FROM audit WHERE sequence = 4",
            [5, 6, 7, 8, 9, 10, 11],
        ),
    ],
)
def test_the_chain_shows_what_was_done_to_it(
    connect: WithConnection, tampering: str, broken: list[int]
) -> None:
    async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await start_trail(connection)
        await connection.execute(tampering)
        assert await list_broken_lines(connection) == broken

    connect(work)


def test_nobody_chooses_their_own_number_or_hash(connect: WithConnection) -> None:
    async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await start_trail(connection, count=4)
        await connection.execute(
            "INSERT INTO audit VALUES (99, 1, now(), 'a', 'b', 'c', 'done', '{}', '\\x00')"
        )
        assert await connection.fetchval("SELECT max(sequence) FROM audit") == 5
        assert await list_broken_lines(connection) == []

    connect(work)


def test_the_chain_holds_under_concurrent_writers(database_url: str) -> None:
    async def work() -> tuple[list[int], int]:
        pool = await asyncpg.create_pool(database_url, min_size=8, max_size=8)
        before = await pool.fetchval("SELECT count(*) FROM audit")

        async def write(number: int) -> None:
            async with pool.acquire() as connection:
                await insert_audit_lines(connection, [line(number), line(number + 1)])

        await asyncio.gather(*[write(number) for number in range(40)])
        async with pool.acquire() as connection:
            result = (
                await list_broken_lines(connection),
                await connection.fetchval("SELECT count(*) FROM audit") - before,
            )
        await pool.close()
        return result

    assert asyncio.run(work()) == ([], 80)


def test_a_rolled_back_line_leaves_no_gap(connect: WithConnection) -> None:
    async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await start_trail(connection, count=4)
        transaction = connection.transaction()
        await transaction.start()
        await insert_audit_lines(connection, [line(5)])
        await transaction.rollback()
        await insert_audit_lines(connection, [line(6)])
        [newest] = await list_audit_lines(connection, 1, limit=1)
        assert (newest.sequence, newest.line.actor) == (5, "actor 6")
        assert await list_broken_lines(connection) == []

    connect(work)
