"""What falls due on accounts' clocks is carried out here: one account at a time, in the order of time.

A task is settled in the transaction of its effect, under the fence of its agenda. Whoever dies leaves each
task either waiting or done; a worker that slept through its lease settles nothing any more.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog

from parcela.domain.errors import DomainError
from parcela.domain.payments.records import Owner
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine, World
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import REFUSED_ERRORS, Connection
from parcela.store.payments import agenda
from parcela.store.payments.agenda import drop_tasks, plan_task

__all__ = [
    "TaskHandler",
    "TaskLost",
    "drop_tasks",
    "find_account_moment",
    "keep_agendas",
    "plan_task",
    "run_account",
    "settle_task",
]

LEASE_S = 30.0
POLL_S = 0.5
RETRY_S = 60.0
MAX_ACCOUNTS = 200

TaskHandler = Callable[[PaymentsDesk, AccountMoment, Task], Awaitable[None]]
"""Carries out a task at its own instant. It settles it (`settle_task`) in the transaction of its effect."""

_REFUSED: tuple[type[Exception], ...] = (DomainError, AssertionError, *REFUSED_ERRORS)

log = structlog.get_logger("parcela.agenda")


class TaskLost(Exception):
    """Another worker holds the agenda by now: nothing of this transaction may stay."""


async def settle_task(connection: Connection, task: Task) -> None:
    """Take a task off the agenda in the transaction of its effect. Raises TaskLost."""
    if not await agenda.settle_task(connection, task):
        raise TaskLost


async def find_account_moment(engine: Engine, world: World, owner: Owner) -> AccountMoment | None:
    """An account now, by its own clock; None for one that has left the catalogue."""
    client = next(
        (held for held in world.snapshot.clients.values() if held.client_id == owner.client_id), None
    )
    if client is None or client.tenant_id != owner.tenant_id:
        return None
    account = world.catalogue(owner.tenant_id).find_payments_account(client.code)
    if account is None:
        return None
    offset = timedelta(0)
    if not owner.is_live:
        async with engine.database.connection() as connection:
            offset = await agenda.get_offset(connection, owner)
    return AccountMoment(
        world=world, client=client, account=account, is_live=owner.is_live, now=world.now + offset
    )


async def run_account(
    desk: PaymentsDesk,
    handlers: Mapping[TaskKind, TaskHandler],
    owner: Owner,
    *,
    until: datetime | None = None,
) -> int | None:
    """Carry out an account's due tasks, also those that come of them; gives their number.

    `until` is an instant of the account's clock, its present when left out. None: somebody else is at it.
    """
    engine = desk.engine
    async with engine.database.connection() as connection:
        fence = await agenda.lease_agenda(connection, owner, lease_s=LEASE_S)
    if fence is None:
        return None
    done = 0
    try:
        while True:
            moment = await find_account_moment(engine, await engine.look(), owner)
            if moment is None:
                return done
            async with engine.database.connection() as connection:
                if not await agenda.renew_lease(connection, owner, fence, lease_s=LEASE_S):
                    return done
                task = await agenda.find_next_task(connection, owner, until=until or moment.now, fence=fence)
            if task is None:
                return done
            if not await _carry_out(desk, handlers, moment, task):
                return done
            done += 1
    finally:
        async with engine.database.connection() as connection:
            await agenda.renew_lease(connection, owner, fence, lease_s=0)


async def _carry_out(
    desk: PaymentsDesk, handlers: Mapping[TaskKind, TaskHandler], moment: AccountMoment, task: Task
) -> bool:
    """One task at its own instant; False when the agenda is somebody else's."""
    at = AccountMoment(
        world=moment.world,
        client=moment.client,
        account=moment.account,
        is_live=moment.is_live,
        now=task.due_at,
    )
    try:
        await handlers[task.kind](desk, at, task)
    except TaskLost:
        return False
    except _REFUSED as fault:
        # Records that contradict themselves must not keep the rest of the agenda waiting.
        log.error("task failed", task=task.kind, subject=task.subject_id, fault=type(fault).__name__)
        async with desk.engine.database.connection() as connection:
            await agenda.postpone_task(connection, task, after_s=RETRY_S)
    return True


async def run_due(desk: PaymentsDesk, handlers: Mapping[TaskKind, TaskHandler]) -> int:
    """Carry out what is due on all accounts; gives the number of tasks."""
    seen = await desk.engine.look()
    async with desk.engine.database.connection() as connection:
        owners = await agenda.list_owners_with_due_tasks(connection, now=seen.now, limit=MAX_ACCOUNTS)
    done = 0
    for owner in owners:
        done += await run_account(desk, handlers, owner) or 0
    return done


@asynccontextmanager
async def keep_agendas(
    desk: PaymentsDesk, handlers: Mapping[TaskKind, TaskHandler], *, poll_s: float = POLL_S
) -> AsyncIterator[None]:
    """Carry out what falls due as long as the block runs; an unreachable database is tried again."""

    async def run_for_ever() -> None:
        while True:
            try:
                await run_due(desk, handlers)
            except UNAVAILABLE_ERRORS as fault:
                log.warning("agendas postponed", fault=type(fault).__name__)
            await desk.engine.clock.sleep(poll_s)

    task = asyncio.create_task(run_for_ever())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
