"""What falls due on accounts' clocks is carried out here: one account at a time, in the order of time.

A task is settled in the transaction of its effect, under the fence of its agenda. Whoever dies leaves each
task either waiting or done; a worker that slept through its lease settles nothing any more.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
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
    "find_rest_s",
    "keep_agendas",
    "keep_lease",
    "plan_task",
    "run_account",
    "settle_task",
]

LEASE_S = 30.0
POLL_S = 0.5
RETRY_S = 60.0
MAX_RETRY_S = 3600.0
EAGER_TRIES = 3
"""A task that meets an unreachable database is tried at once so often, and rests after that."""
MAX_ACCOUNTS = 200
TURN_TASKS = 50
"""Tasks of one account after which others have their turn."""
ACCOUNTS_AT_ONCE = 4

TaskHandler = Callable[[PaymentsDesk, AccountMoment, Task], Awaitable[None]]
"""Carries out a task at its own instant. It settles it (`settle_task`) in the transaction of its effect,
before it plans another one of the same kind for the same subject.
"""

_FAULTS: tuple[type[Exception], ...] = (
    DomainError,
    *REFUSED_ERRORS,
    # What records that contradict themselves make of our own code.
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)

log = structlog.get_logger("parcela.agenda")


class TaskLost(Exception):
    """The task is no longer ours to do: nothing of this transaction may stay."""


async def settle_task(connection: Connection, task: Task) -> None:
    """Take a task off the agenda in the transaction of its effect.

    Raises TaskLost when somebody else has the agenda, or has dropped or moved the task meanwhile.
    """
    if not await agenda.settle_task(connection, task):
        raise TaskLost


async def keep_lease(connection: Connection, task: Task) -> None:
    """Keep the agenda in the midst of a long task, in the transaction of one of its parts.

    Raises TaskLost when somebody else has it by now.
    """
    if not await agenda.renew_lease(connection, task.owner, task.fence, lease_s=LEASE_S):
        raise TaskLost


async def find_account_moment(
    engine: Engine, world: World, owner: Owner, *, with_disabled: bool = False
) -> AccountMoment | None:
    """An account now, by its own clock; None for one that has left the catalogue.

    One that is switched off is found `with_disabled` alone: it takes no payments, but what it owes to its
    shoppers, and what it is owed, goes on.
    """
    client = next(
        (held for held in world.snapshot.clients.values() if held.client_id == owner.client_id), None
    )
    if client is None or client.tenant_id != owner.tenant_id:
        return None
    account = world.catalogue(owner.tenant_id).find_known_payments_account(client.code)
    if account is None or not (account.enabled or with_disabled):
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
    most_tasks: int | None = None,
) -> int | None:
    """Carry out an account's due tasks in their order, also those that come of them; gives their number.

    `until` is an instant of the account's clock, its present when left out. None: somebody else is at it.
    """
    engine = desk.engine
    async with engine.database.connection() as connection:
        fence = await agenda.lease_agenda(connection, owner, lease_s=LEASE_S)
    if fence is None:
        return None
    done, last = 0, None
    try:
        while most_tasks is None or done < most_tasks:
            moment = await find_account_moment(engine, await engine.look(), owner, with_disabled=True)
            if moment is None:
                await _rest(engine, owner)
                return done
            async with engine.database.connection() as connection:
                if not await agenda.renew_lease(connection, owner, fence, lease_s=LEASE_S):
                    return done
                task = await agenda.find_next_task(
                    connection, owner, until=until or moment.now, fence=fence, kinds=list(handlers)
                )
            if task is None:
                return done
            if task == last:
                await _put_off(engine, task, "it was not settled")
            elif not await _carry_out(desk, handlers, moment, task):
                return done
            done, last = done + 1, task
        return done
    finally:
        async with engine.database.connection() as connection:
            await agenda.renew_lease(connection, owner, fence, lease_s=0)


async def _rest(engine: Engine, owner: Owner) -> None:
    """An account that has left the catalogue: its tasks must not be found first again and again."""
    async with engine.database.connection() as connection:
        until = engine.recall().now + await agenda.get_offset(connection, owner)
        await agenda.postpone_due(connection, owner, until=until, after_s=MAX_RETRY_S)
    log.warning("agenda of an unknown account", client_id=owner.client_id, is_live=owner.is_live)


async def _carry_out(
    desk: PaymentsDesk, handlers: Mapping[TaskKind, TaskHandler], moment: AccountMoment, task: Task
) -> bool:
    """One task at its own instant; False when it is no longer ours."""
    try:
        await handlers[task.kind](desk, replace(moment, now=task.due_at), task)
    except TaskLost:
        log.info("task lost", task=task.kind, subject=task.subject_id)
        return False
    except UNAVAILABLE_ERRORS as fault:
        # Among them are faults that bear a name of the tuple below, such as a deadline that passed. A task
        # that always meets one must not keep the rest of the agenda waiting either.
        with contextlib.suppress(*UNAVAILABLE_ERRORS):
            await _put_off(desk.engine, task, type(fault).__name__, eager_tries=EAGER_TRIES)
        raise
    except _FAULTS as fault:
        # One task that cannot be done must not keep the rest of the agenda waiting.
        await _put_off(desk.engine, task, type(fault).__name__)
    return True


async def _put_off(engine: Engine, task: Task, fault: str, *, eager_tries: int = 0) -> None:
    """A task that cannot be done rests, longer each time; not at all for its first `eager_tries`."""
    log.error("task failed", task=task.kind, subject=task.subject_id, fault=fault, attempt=task.attempt)
    after_s = 0.0 if task.attempt < eager_tries else find_rest_s(task.attempt - eager_tries, first_s=RETRY_S)
    async with engine.database.connection() as connection:
        await agenda.postpone_task(connection, task, after_s=after_s)


def find_rest_s(attempt: int, *, first_s: float) -> float:
    """How long something rests that was tried in vain: twice as long each time, at most an hour."""
    return min(first_s * 2.0 ** min(attempt, 20), MAX_RETRY_S)


async def run_due(
    desk: PaymentsDesk, handlers: Mapping[TaskKind, TaskHandler], *, room: asyncio.Semaphore | None = None
) -> int:
    """Give every account with due tasks a turn, a few at a time; gives the number of tasks carried out.

    `room` is shared with other rounds that are still on their way.
    """
    seen = await desk.engine.look()
    async with desk.engine.database.connection() as connection:
        owners = await agenda.list_owners_with_due_tasks(connection, now=seen.now, limit=MAX_ACCOUNTS)
    room = room or asyncio.Semaphore(ACCOUNTS_AT_ONCE)

    async def take_turn(owner: Owner) -> int:
        async with room:
            try:
                return await run_account(desk, handlers, owner, most_tasks=TURN_TASKS) or 0
            except UNAVAILABLE_ERRORS as fault:
                log.warning("agenda postponed", client_id=owner.client_id, fault=type(fault).__name__)
                return 0

    return sum(await asyncio.gather(*(take_turn(owner) for owner in owners)))


@asynccontextmanager
async def keep_agendas(
    desk: PaymentsDesk, handlers: Mapping[TaskKind, TaskHandler], *, poll_s: float = POLL_S
) -> AsyncIterator[None]:
    """Carry out what falls due as long as the block runs; an unreachable database is tried again.

    A round that is held up, by a long report say, is followed by the next ones all the same.
    """
    room = asyncio.Semaphore(ACCOUNTS_AT_ONCE)
    rounds: set[asyncio.Task[None]] = set()

    async def run_round() -> None:
        try:
            await run_due(desk, handlers, room=room)
        except UNAVAILABLE_ERRORS as fault:
            log.warning("agendas postponed", fault=type(fault).__name__)

    async def run_for_ever() -> None:
        while True:
            if len(rounds) < ACCOUNTS_AT_ONCE:
                begun = asyncio.create_task(run_round())
                rounds.add(begun)
                begun.add_done_callback(rounds.discard)
            await desk.engine.clock.sleep(poll_s)

    task = asyncio.create_task(run_for_ever())
    try:
        yield
    finally:
        ending = [task, *rounds]
        for one in ending:
            one.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
