"""What falls due by itself: rows are billed, collected and late, statements close, merchants are heard.

Each account is done in a transaction of its own under its lock, in the order of the days, so that a clock
that jumped leaves the same books as one that ticked. Many schedulers may share the work.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import structlog

from parcela.domain.cards import CardFunding
from parcela.domain.errors import DomainError
from parcela.domain.servicing.billing import decide_billing, decide_collection, decide_late, find_bill_day
from parcela.domain.servicing.records import (
    CardAccount,
    Decision,
    RowState,
    ServicedPlan,
    ServicingState,
)
from parcela.operations.account_work import AccountWork
from parcela.operations.card_accounts import find_next_statement
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine, World
from parcela.operations.plan_instructions import apply_instructions
from parcela.operations.statements import close_statement
from parcela.store import card_accounts, serviced_plans
from parcela.store.database import REFUSED_ERRORS, Connection

POLL_S = 2.0
MAX_STEPS = 5_000
"""So many steps an account may have in one go: thirteen years of plans with weekly rows."""

Step = Literal["statement", "bill", "late", "collect"]
_ORDER: Mapping[Step, int] = {"statement": 0, "bill": 1, "late": 2, "collect": 3}

_REFUSED: tuple[type[Exception], ...] = (DomainError, AssertionError, *REFUSED_ERRORS)

log = structlog.get_logger("parcela.scheduler")


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWork:
    """What one round did: accounts changed, rows billed, paid from credit or deposit, late; statements.

    `failed` counts accounts whose work was refused by their own records; they are left as they were.
    `instructions` counts those of merchants that were settled.
    """

    accounts: int = 0
    billed: int = 0
    paid: int = 0
    late: int = 0
    statements: int = 0
    failed: int = 0
    instructions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DueStep:
    """The next thing that falls due on an account, and the day on which it does."""

    day: date
    step: Step
    plan_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What decides on the next step besides the plans; `tried` has the days of a debit card's attempts."""

    account: CardAccount
    next_statement_on: date
    tried: Mapping[str, date | None]
    today: date
    late_after_days: int


async def run_due_work(engine: Engine, world: World, *, limit: int = 500) -> DueWork:
    """Do what has fallen due on at most `limit` accounts; those that somebody else works on are left to them.

    What merchants instructed comes first: a refund lowers rows that would be billed after it. Killed at any
    point, it leaves each account either done or untouched.
    """
    instructions = await apply_instructions(engine, world)
    today = world.now.date()
    late_by = today - timedelta(days=engine.policy.servicing.late_after_days)
    async with engine.database.connection() as connection:
        due = await card_accounts.list_due_accounts(connection, today=today, late_by=late_by, limit=limit)
    counted: Counter[str] = Counter()
    for tenant_id, account_id in due:
        counted += await _do_account(engine, world, tenant_id, account_id)
    return DueWork(
        accounts=counted["accounts"],
        billed=counted["installment.billed"],
        paid=counted["installment.paid"],
        late=counted["installment.late"],
        statements=counted["statement.closed"],
        failed=counted["failed"],
        instructions=instructions,
    )


async def run_scheduler(engine: Engine, *, poll_s: float = POLL_S, limit: int = 500) -> None:
    """Do due work for ever; an unreachable database is tried again."""
    while True:
        try:
            done = await run_due_work(engine, await engine.look(), limit=limit)
            if done.accounts:
                log.info("due work done", accounts=done.accounts, billed=done.billed, late=done.late)
            if done.accounts + done.failed >= limit > done.failed:
                continue
        except UNAVAILABLE_ERRORS as fault:
            log.warning("due work postponed", fault=type(fault).__name__)
        await engine.clock.sleep(poll_s)


@asynccontextmanager
async def keep_scheduling(engine: Engine, *, poll_s: float = POLL_S) -> AsyncIterator[None]:
    """A scheduler that runs as long as the block; an account it is at when that ends stays as it was."""
    task = asyncio.create_task(run_scheduler(engine, poll_s=poll_s))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def find_next_step(agenda: Agenda, plans: list[ServicedPlan]) -> DueStep | None:
    """The earliest thing that is due by today; on one day statements come first, then bills."""
    steps = [DueStep(day=agenda.next_statement_on, step="statement")]
    for plan in plans:
        if plan.state is ServicingState.ACTIVE and not plan.is_held:
            steps += _list_plan_steps(agenda, plan)
    due = [step for step in steps if step.day <= agenda.today]
    return min(due, key=lambda step: (step.day, _ORDER[step.step], step.plan_id), default=None)


def _list_plan_steps(agenda: Agenda, plan: ServicedPlan) -> list[DueStep]:
    steps = []
    has_unpaid = False
    for row in plan.rows:
        if row.state is RowState.SCHEDULED:
            steps.append(DueStep(day=find_bill_day(plan, row), step="bill", plan_id=plan.plan_id))
        elif row.state is RowState.BILLED:
            assert row.billed_on is not None
            late_on = max(row.due_date, row.billed_on) + timedelta(days=agenda.late_after_days)
            steps.append(DueStep(day=late_on, step="late", plan_id=plan.plan_id))
        has_unpaid = has_unpaid or row.state in (RowState.BILLED, RowState.LATE)
    if has_unpaid and agenda.account.funding is CardFunding.DEBIT:
        tried_on = agenda.tried.get(plan.plan_id)
        if tried_on is None or tried_on < agenda.today:
            # Nothing changes the deposit between the days that were missed: one attempt stands for all.
            steps.append(DueStep(day=agenda.today, step="collect", plan_id=plan.plan_id))
    return steps


async def _do_account(engine: Engine, world: World, tenant_id: int, account_id: str) -> Counter[str]:
    async def work(connection: Connection) -> Counter[str]:
        account = await card_accounts.lock_account(connection, tenant_id, account_id, skip_locked=True)
        if account is None:
            return Counter()
        held = AccountWork(engine, connection, tenant_id, account, now=world.now)
        steps = await _do_steps(held, world)
        counted = Counter(row.type for row in held.happened)
        return counted + Counter(accounts=1 if steps else 0)

    try:
        return await engine.database.run(work)
    except _REFUSED as fault:
        # One account whose records contradict themselves must not keep all others waiting.
        log.error("due work refused", account_id=account_id, fault=type(fault).__name__, reason=str(fault))
        return Counter(failed=1)


async def _do_steps(held: AccountWork, world: World) -> int:
    """Do all that is due on a locked account; gives the number of steps."""
    today = world.now.date()
    tried = dict(
        await serviced_plans.list_tried_days(held.connection, held.tenant_id, held.account.account_id)
    )
    next_on = await card_accounts.get_next_statement(held.connection, held.tenant_id, held.account.account_id)
    for count in range(MAX_STEPS):
        agenda = Agenda(
            account=held.account,
            next_statement_on=next_on,
            tried=tried,
            today=today,
            late_after_days=held.engine.policy.servicing.late_after_days,
        )
        due = find_next_step(agenda, await held.list_plans())
        if due is None:
            return count
        held.now = world.now if due.day == today else datetime.combine(due.day, time(), UTC)
        await _do_step(held, due)
        if due.step == "collect":
            tried[due.plan_id] = today
        elif due.step == "statement":
            next_on = find_next_statement(due.day, held.account.statement_day)
    return MAX_STEPS


async def _do_step(held: AccountWork, due: DueStep) -> None:
    if due.step == "statement":
        await close_statement(held, statement_on=due.day)
        return
    plan = await held.find_plan(due.plan_id)
    assert plan is not None
    decision = await _decide(held, plan, due)
    if decision is not None:
        await held.apply(decision)
    if due.step == "collect":
        await serviced_plans.update_collection_tried(
            held.connection, held.tenant_id, plan.plan_id, tried_on=due.day
        )
    else:
        assert decision is not None, f"{due.step} of plan {plan.plan_id} was due on {due.day}"


async def _decide(held: AccountWork, plan: ServicedPlan, due: DueStep) -> Decision | None:
    if due.step == "bill":
        return decide_billing(
            plan, held.account, standing=await held.find_standing(), today=due.day, now=held.now
        )
    if due.step == "late":
        return decide_late(
            plan,
            today=due.day,
            late_after_days=held.engine.policy.servicing.late_after_days,
            now=held.now,
        )
    standing = await held.find_standing()
    return decide_collection(
        plan,
        held.account,
        deposit_minor=standing.deposit_minor,
        attempt_key=due.day.isoformat(),
        now=held.now,
    )
