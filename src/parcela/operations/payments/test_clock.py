"""The clock of an account in test mode: moved on, never back, and all that falls due on the way happens.

`spec/payments.md` §16. The clock is moved in one short transaction; what is then due is carried out by
whoever holds the account's agenda, in the order of time. A call that does not see the end of it in time is
answered 503 and may be repeated: with the same idempotency key it goes on where it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from parcela.domain.payments.clock_steps import add_duration, check_target
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.tasks import TaskKind
from parcela.operations.payments.agenda import TaskHandler, run_account
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.keeping import Keeper
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.payments import agenda, events, webhook_letters

TIMEOUT_S = 25.0
"""How long a call works before it is answered 503; less than an idempotency key's lease."""
_POLL_S = 0.05
_TURN_TASKS = 20
_MARK, _OPEN = "clock", "next"
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """How far to go: one of a duration, an instant, or (neither) until the next event."""

    by: str | None = None
    to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """An account's clock. `due` tasks are still to be done, at `next_due_at` the next one."""

    now: datetime
    offset: timedelta
    due: int
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """What a move did: events by type since it began."""

    now: datetime
    previous: datetime
    fired: Mapping[str, int]

    @property
    def events(self) -> int:
        """How many events were told."""
        return sum(self.fired.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A move on its way: from where, after which event, and to where (None: to the next event)."""

    previous: datetime
    position: int
    target: datetime | None


async def get_clock(desk: PaymentsDesk, moment: AccountMoment) -> ClockState:
    """The account's clock. Raises PaymentRefused (403) in live mode."""
    _check_test_mode(moment)
    async with desk.engine.database.connection() as connection:
        due = await agenda.count_due(connection, moment.owner, until=moment.now)
        next_due_at = await agenda.find_next_due(connection, moment.owner)
    return ClockState(now=moment.now, offset=moment.now - moment.world.now, due=due, next_due_at=next_due_at)


async def advance_clock(
    desk: PaymentsDesk,
    moment: AccountMoment,
    step: ClockStep,
    handlers: Mapping[TaskKind, TaskHandler],
    *,
    keeper: Keeper[Advanced],
    timeout_s: float = TIMEOUT_S,
) -> Advanced:
    """Move the clock and see what falls due through, for at most `timeout_s` seconds.

    Raises PaymentRefused, in this order: 403 live mode, 400 the step, 422 backwards, 503 not done in time.
    """
    _check_test_mode(moment)
    _find_target(step, moment, moment.now)

    async def begin(connection: Connection) -> _Run:
        world_now = moment.world.now
        now = world_now + await agenda.lock_offset(connection, moment.owner)
        target = _find_target(step, moment, now)
        position = await events.find_last_position(connection, moment.owner)
        run = _Run(previous=now, position=position, target=target)
        if target is not None:
            await _move(connection, moment, target)
        await keeper.bind(connection, _write_mark(run))
        return run

    run = await desk.engine.database.run(begin)
    advanced = await _see_through(desk, moment, run, handlers, timeout_s=timeout_s)
    async with desk.engine.database.transaction() as connection:
        await keeper.keep(connection, advanced)
    return advanced


async def resume_advance(
    desk: PaymentsDesk, moment: AccountMoment, mark: str, handlers: Mapping[TaskKind, TaskHandler]
) -> Advanced:
    """Go on with a move whose call ended on its way; `mark` is what it was bound to. Raises as the move."""
    return await _see_through(desk, moment, _read_mark(mark), handlers, timeout_s=TIMEOUT_S)


async def _see_through(
    desk: PaymentsDesk,
    moment: AccountMoment,
    run: _Run,
    handlers: Mapping[TaskKind, TaskHandler],
    *,
    timeout_s: float,
) -> Advanced:
    deadline_s = desk.engine.clock.monotonic_s() + timeout_s
    if run.target is not None:
        await _do_due(desk, moment, run.target, handlers, deadline_s=deadline_s)
        return await _sum_up(desk, moment, run, run.target)
    now = run.previous
    while True:
        advanced = await _sum_up(desk, moment, run, now)
        async with desk.engine.database.connection() as connection:
            next_at = await agenda.find_next_due(connection, moment.owner)
        if advanced.events or next_at is None:
            return advanced
        if desk.engine.clock.monotonic_s() >= deadline_s:
            raise _refuse_unfinished(now, due=0)
        now = max(now, next_at)
        await desk.engine.database.run(partial(_move, moment=moment, target=now))
        await _do_due(desk, moment, now, handlers, deadline_s=deadline_s)


async def _do_due(
    desk: PaymentsDesk,
    moment: AccountMoment,
    until: datetime,
    handlers: Mapping[TaskKind, TaskHandler],
    *,
    deadline_s: float,
) -> None:
    """Carry out what is due, and wait for others who are at it; what fails is left to rest."""
    while True:
        done = await run_account(desk, handlers, moment.owner, until=until, most_tasks=_TURN_TASKS)
        async with desk.engine.database.connection() as connection:
            next_at = await agenda.find_next_due(connection, moment.owner)
            left = await agenda.count_due(connection, moment.owner, until=until)
        if next_at is None or next_at > until:
            return
        if desk.engine.clock.monotonic_s() >= deadline_s:
            raise _refuse_unfinished(until, due=left)
        if not done:
            await desk.engine.clock.sleep(_POLL_S)


async def _move(connection: Connection, moment: AccountMoment, target: datetime) -> None:
    """Move clock and waiting letters on; a clock that is there already stays."""
    held = await agenda.lock_offset(connection, moment.owner)
    wanted = target - moment.world.now
    if wanted > held:
        await agenda.set_offset(connection, moment.owner, wanted)
        await webhook_letters.bring_forward(connection, moment.owner, wanted - held)


async def _sum_up(desk: PaymentsDesk, moment: AccountMoment, run: _Run, now: datetime) -> Advanced:
    async with desk.engine.database.connection() as connection:
        fired = await events.count_events_after(connection, moment.owner, run.position)
    return Advanced(now=now, previous=run.previous, fired=fired)


def _refuse_unfinished(now: datetime, *, due: int) -> PaymentRefused:
    return PaymentRefused(
        Fault.SERVICE_UNAVAILABLE,
        "The clock has been moved, and what fell due is still being done: repeat the call with the same "
        "idempotency key, or ask GET /v1/test/clock until 'due' is 0.",
        details={"now": int(now.timestamp()), "due": due},
    )


def _check_test_mode(moment: AccountMoment) -> None:
    if moment.is_live:
        raise PaymentRefused(Fault.TEST_ONLY, "Only test mode has a clock that can be moved: use a test key.")


def _find_target(step: ClockStep, moment: AccountMoment, now: datetime) -> datetime | None:
    """Where a step leads from an instant. Raises PaymentRefused."""
    if step.by is not None:
        wanted = add_duration(now, step.by, zone=moment.zone)
        return check_target(wanted, now=now, world_now=moment.world.now, param="by")
    if step.to is not None:
        return check_target(step.to, now=now, world_now=moment.world.now, param="to")
    return None


def _write_mark(run: _Run) -> str:
    target = _OPEN if run.target is None else str((run.target - _EPOCH) // _MICROSECOND)
    return f"{_MARK}_{run.position}_{(run.previous - _EPOCH) // _MICROSECOND}_{target}"


def _read_mark(mark: str) -> _Run:
    _, position, previous, target = mark.split("_")
    return _Run(
        previous=_EPOCH + int(previous) * _MICROSECOND,
        position=int(position),
        target=None if target == _OPEN else _EPOCH + int(target) * _MICROSECOND,
    )
