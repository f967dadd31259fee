"""Reports in the making: the agenda stays free, and one that was left half-way is made anew."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from tests.conftest import DemoTemplate
from tests.support.merchant_days import NOON, at, pay
from tests.support.payments_world import PaymentsWorld, open_payments_world

from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.engine import Engine
from parcela.operations.payments import reports
from parcela.operations.payments.agenda import LEASE_S, TaskLost
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection, Database, Result
from parcela.store.payments import agenda

JULY = {"start": "2026-07-01", "end": "2026-08-01"}
FIRST_PART = 2
"""The transaction of a report's first part follows the one that clears what was left."""


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own."""
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


class PausingDatabase(Database):
    """A database whose user stops after so many transactions, until it may go on."""

    def __init__(self, inner: Database, *, after: int) -> None:
        self._inner, self._left = inner, after
        self.has_stopped, self.may_go_on = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self._inner.connection() as connection:
            yield connection

    async def run(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        done = await self._inner.run(work)
        self._left -= 1
        if not self._left:
            self.has_stopped.set()
            await self.may_go_on.wait()
        return done


def ask_report(world: PaymentsWorld) -> str:
    """A report of three purchases that waits to be made."""

    async def fill(desk: PaymentsDesk, moment: AccountMoment) -> None:
        for amount in (10000, 20000, 30000):
            await pay(desk, at(moment, NOON), amount, has_plan=False)

    world.as_account(fill)
    created = world.post("/v1/reports", {"type": "reconciliation", "interval": JULY, "columns": ["gross"]})
    assert created.status == 201, created.body
    return str(created.body["id"])


async def lease_task(engine: Engine, moment: AccountMoment) -> Task:
    """The waiting report, as its worker has it."""
    async with engine.database.connection() as connection:
        fence = await agenda.lease_agenda(connection, moment.owner, lease_s=LEASE_S)
        assert fence is not None
        task = await agenda.find_next_task(
            connection, moment.owner, until=moment.now, fence=fence, kinds=[TaskKind.MAKE_REPORT]
        )
    assert task is not None
    return task


Meanwhile = Callable[["asyncio.Task[None]", PausingDatabase, Connection], Awaitable[None]]


def make_half(world: PaymentsWorld, meanwhile: Meanwhile) -> None:
    """Write the first of the waiting report's three parts, and do something then."""

    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        known = desk.engine
        task, pausing = await lease_task(known, moment), PausingDatabase(known.database, after=FIRST_PART)
        engine = Engine(
            database=pausing, vault=known.vault, clock=known.clock, ids=known.ids, policy=known.policy
        )
        slow_desk = replace(desk, engine=engine)
        making = asyncio.create_task(reports.make_report(slow_desk, moment, task, part_rows=1))
        await pausing.has_stopped.wait()
        async with known.database.connection() as connection:
            await meanwhile(making, pausing, connection)

    world.as_account(work)


def list_parts(world: PaymentsWorld) -> list[bytes]:
    """What is written of the report."""
    return [row["content"] for row in world.fetch("SELECT content FROM payments_report_part ORDER BY number")]


async def end_lease(connection: Connection) -> None:
    """The worker that had the agenda is given up."""
    await connection.execute("UPDATE payments_agenda SET leased_until = clock_timestamp()")


def check_made(world: PaymentsWorld, report_id: str) -> None:
    """The report is made whole, and told once."""
    report = world.get(f"/v1/reports/{report_id}").body
    content = world.get(f"/v1/reports/{report_id}/content").raw
    assert (report["status"], report["rows"]) == ("succeeded", 3)
    assert content == b"gross\r\n10000\r\n20000\r\n30000\r\n"
    assert report["sha256"] == hashlib.sha256(content).hexdigest()
    told = world.fetch("SELECT object_id FROM payments_event WHERE type = 'report.completed'")
    assert [row["object_id"] for row in told] == [report_id]
    assert world.fetch("SELECT kind FROM payments_task WHERE kind = 'make_report'") == []


def test_the_agenda_is_free_while_a_report_is_made(payments: PaymentsWorld) -> None:
    report_id = ask_report(payments)

    async def meanwhile(
        making: "asyncio.Task[None]", pausing: PausingDatabase, connection: Connection
    ) -> None:
        locked = await connection.fetch("SELECT fence FROM payments_agenda FOR UPDATE NOWAIT")
        assert [row["fence"] for row in locked] == [1]
        assert await connection.fetchval("SELECT status FROM payments_report") == "pending"
        pausing.may_go_on.set()
        await making

    make_half(payments, meanwhile)
    assert list_parts(payments) == [b"gross\r\n10000\r\n", b"20000\r\n", b"30000\r\n"]
    check_made(payments, report_id)


def test_a_report_left_half_way_is_made_anew(payments: PaymentsWorld) -> None:
    report_id = ask_report(payments)

    async def meanwhile(
        making: "asyncio.Task[None]", pausing: PausingDatabase, connection: Connection
    ) -> None:
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
        await end_lease(connection)

    make_half(payments, meanwhile)
    assert list_parts(payments) == [b"gross\r\n10000\r\n"]
    answer = payments.get(f"/v1/reports/{report_id}/content")
    assert (answer.status, answer.code) == (404, "resource_missing")
    assert payments.run_due(reports.TASKS) == 1
    assert list_parts(payments) == [b"gross\r\n10000\r\n20000\r\n30000\r\n"]
    check_made(payments, report_id)


def test_a_worker_that_slept_through_its_lease_writes_no_more_of_a_report(payments: PaymentsWorld) -> None:
    report_id = ask_report(payments)

    async def meanwhile(
        making: "asyncio.Task[None]", pausing: PausingDatabase, connection: Connection
    ) -> None:
        await end_lease(connection)
        await connection.execute("UPDATE payments_agenda SET fence = fence + 1")
        pausing.may_go_on.set()
        with pytest.raises(TaskLost):
            await making

    make_half(payments, meanwhile)
    assert list_parts(payments) == [b"gross\r\n10000\r\n"]
    assert payments.get(f"/v1/reports/{report_id}").body["status"] == "pending"
    assert payments.run_due(reports.TASKS) == 1
    check_made(payments, report_id)
