"""Letters on their way: an engine with a receiver as the sandbox issuer's destination, and workers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from parcela.connectors.outbound_http import GuardedHttp
from parcela.delivery.worker import DeliveryWorker, Pace
from parcela.dialects.network.notifications import PLAN_NOTIFICATION, NotificationRenderer
from parcela.domain.plans import Plan
from parcela.domain.programs import Entry, Issuer
from parcela.operations import catalogue, people
from parcela.operations.catalogue import Proposal
from parcela.operations.deliveries import LetterFilter, LetterHistory, LetterRecord, list_letters, view_letter
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.outbound import OutboundHttp, OutboundLimits
from parcela.store import world
from tests.support.purchases import CARD, ask, make_command, save
from tests.support.receiver import Receiver, open_receiver

PROVIDER_ID = "29694e7a-b4a8-11ec-b909-0242ac120002"
LIMITS = OutboundLimits(connect_timeout_s=2, total_timeout_s=2, max_answer_bytes=16 * 1024)
PATIENT = OutboundLimits(connect_timeout_s=5, total_timeout_s=30, max_answer_bytes=16 * 1024)
"""For tests that hold tries open: on a busy machine half a second ends them before anybody has looked."""
PACE = Pace(poll_s=0.005, held_s=0.01, ages_s=0.02, rest_s=0.05, drain_s=1.0)


class DeliveryWorld:
    """One engine, one receiver, and what tests do with them."""

    def __init__(self, engine: Engine, home: Path, receiver: Receiver) -> None:
        self.engine = engine
        self.home = home
        self.receiver = receiver
        self.limits = LIMITS

    async def point_issuer(self, url: str | None, *, is_enabled: bool = True) -> None:
        """Set the sandbox issuer's destination."""
        issuer = await self.get_issuer()
        await self.change(replace(issuer, notification_url=url, notifications_enabled=is_enabled))

    async def get_issuer(self) -> Issuer:
        seen = await self.engine.look()
        issuer = seen.catalogue(MAIN_TENANT).find_issuer(PROVIDER_ID)
        assert issuer is not None
        return issuer

    async def change(self, *wanted: Entry) -> None:
        """Put entries in force with four eyes."""
        maker = await people.get_person(self.engine, "operator@sandbox.example")
        checker = await people.get_person(self.engine, "second-operator@sandbox.example")
        proposed = await catalogue.propose(self.engine, maker, Proposal(summary="test", wanted=wanted))
        await catalogue.approve(self.engine, checker, proposed.change_set_id)

    async def buy(self, digits: str = CARD) -> Plan:
        """Make a plan, and with it a letter."""
        return await save(self.engine, make_command(await ask(self.engine, digits), digits))

    async def move_clock(self, by: timedelta) -> None:
        """Move the test world's clock on."""
        async with self.engine.database.connection() as connection:
            await world.move_clock(connection, by)

    async def move_clock_to_next_try(self) -> None:
        """To the instant of the earliest next try."""
        next_at = await self.fetchval("SELECT min(next_attempt_at) FROM letter WHERE status = 'due'")
        seen = await self.engine.look()
        if next_at > seen.now:
            await self.move_clock(next_at - seen.now)

    async def operator(self) -> Any:
        return await people.get_person(self.engine, "operator@sandbox.example")

    async def list_letters(self, **wanted: Any) -> list[LetterRecord]:
        """The letters, the newest first."""
        return await list_letters(self.engine, await self.operator(), LetterFilter(**wanted), limit=1000)

    async def view(self, plan: Plan | None = None) -> LetterHistory:
        """The letter of a plan, by default the only one."""
        letter_id = await self.fetchval(
            "SELECT letter_id::text FROM letter WHERE $1::uuid IS NULL OR subject_id = $1",
            None if plan is None else plan.plan_id,
        )
        return await view_letter(self.engine, await self.operator(), letter_id)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        async with self.engine.database.connection() as connection:
            return await connection.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> Any:
        async with self.engine.database.connection() as connection:
            return await connection.execute(query, *arguments)

    async def list_faults(self) -> list[str]:
        """What the view of impossible states shows."""
        async with self.engine.database.connection() as connection:
            rows = await connection.fetch("SELECT what FROM broken_delivery")
        return [row["what"] for row in rows]

    def make_worker(self, http: OutboundHttp, *, engine: Engine | None = None, **pace: Any) -> DeliveryWorker:
        engine = engine or self.engine
        return DeliveryWorker(
            engine,
            http,
            {PLAN_NOTIFICATION: NotificationRenderer(engine)},
            limits=self.limits,
            pace=replace(PACE, **pace),
        )

    @asynccontextmanager
    async def work(self, http: OutboundHttp | None = None, **pace: Any) -> AsyncIterator[DeliveryWorker]:
        """A worker that runs inside the block and is stopped gracefully."""
        own = GuardedHttp(True) if http is None else http
        worker = self.make_worker(own, **pace)
        running = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            worker.stop()
            await running
            await own.close()

    async def pass_some_looks(self) -> None:
        """Give a worker time for what it should not do."""
        await asyncio.sleep(10 * PACE.poll_s)

    async def settle(self, plan: Plan | None = None, *, attempts: int) -> LetterHistory:
        """Wait until the letter of a plan (of the only one) has so many tries, none of them under way."""

        async def is_there() -> bool:
            found = await self.fetchval(
                "SELECT attempts = $1 AND flight_fence IS NULL FROM letter"
                " WHERE $2::uuid IS NULL OR subject_id = $2",
                attempts,
                None if plan is None else plan.plan_id,
            )
            return bool(found)

        await wait_until(is_there)
        return await self.view(plan)


async def wait_until(condition: Callable[[], Awaitable[bool]], *, timeout_s: float = 60.0) -> None:
    """Wait for a condition; fails the test when it does not come true."""
    deadline_s = asyncio.get_running_loop().time() + timeout_s
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline_s, "it did not come true in time"
        await asyncio.sleep(0.004)


@asynccontextmanager
async def open_delivery_world(engine: Engine, home: Path) -> AsyncIterator[DeliveryWorld]:
    """A world whose issuer's destination is a receiver."""
    async with open_receiver() as receiver:
        opened = DeliveryWorld(engine, home, receiver)
        await opened.point_issuer(receiver.url)
        yield opened
