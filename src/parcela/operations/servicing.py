"""What the issuer processor does with plans: payments, payoffs, refunds, disputes, losses; and opening them.

Every act has an event id and its effect once: told again it answers as before.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

from parcela.domain.changes import Person
from parcela.domain.errors import Conflict, InvalidInput, NotFound
from parcela.domain.ids import is_uuid
from parcela.domain.payments.ids import read_plan_id
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.commands import Refund
from parcela.domain.servicing.effects import RefundEffect
from parcela.domain.servicing.losses import decide_recovery, decide_write_off
from parcela.domain.servicing.payments import (
    Payoff,
    decide_next_row,
    decide_payment,
    decide_payoff,
)
from parcela.domain.servicing.payments import quote_payoff as price_payoff_of
from parcela.domain.servicing.records import Decision, ServicedPlan
from parcela.domain.servicing.refunds import decide_refund
from parcela.domain.servicing.refunds import preview_refund as find_effect
from parcela.operations.account_commands import AccountEvent, Outcome, Receipt, run_event
from parcela.operations.account_work import AccountWork
from parcela.operations.disputes import DisputeEnd, DisputeOpening, open_dispute, resolve_dispute
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.operations.idempotency import Once
from parcela.operations.plan_opening import OpenedPlan, open_plan
from parcela.store import card_accounts, serviced_plans
from parcela.store.card_accounts import AccountFace
from parcela.store.serviced_plans import DueRow

__all__ = [
    "AccountPayment",
    "DisputeEnd",
    "DisputeOpening",
    "DueRow",
    "OpenedPlan",
    "PlanAct",
    "Receipt",
    "ServicedPlanView",
    "list_due_rows",
    "open_dispute",
    "open_plan",
    "pay_account",
    "pay_next_row",
    "pay_off",
    "preview_refund",
    "quote_payoff",
    "read_serviced_plan",
    "record_recovery",
    "refund_plan",
    "resolve_dispute",
    "write_off",
]

MAX_DUE_ROWS = 1000

DecideOnPlan = Callable[[AccountWork, ServicedPlan], Awaitable[Decision]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAct:
    """An act on a plan: its event id, and the person who acts (None for what the network tells).

    `once` keeps the answer of a door with the effect.
    """

    plan_id: str
    event_id: str
    actor: str | None = None
    once: Once[Receipt] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPayment:
    """Money from a cardholder, in minor units of the account's currency."""

    account_id: str
    amount_minor: int
    event_id: str
    actor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicedPlanView:
    """A plan with the account and the card as people may see them."""

    plan: ServicedPlan
    face: AccountFace


async def pay_account(
    engine: Engine, world: World, payment: AccountPayment, *, once: Once[Receipt] | None = None
) -> Receipt:
    """Money from the cardholder: it pays billed rows by due date, the rest stays on the account.

    On a debit card the rest goes to the deposit. Raises InvalidInput, NotFound, IdempotencyKeyReused,
    AmountRefused.
    """

    async def work(held: AccountWork) -> Outcome:
        decision = decide_payment(
            held.account,
            await held.list_plans(),
            payment.amount_minor,
            event_id=payment.event_id,
            standing=await held.find_standing(),
            now=world.now,
        )
        await held.apply(decision)
        return Outcome()

    event = AccountEvent(
        event_id=payment.event_id,
        operation="pay_account",
        content={"account_id": payment.account_id, "amount_minor": payment.amount_minor},
        actor=payment.actor,
    )
    return await run_event(engine, world, event, account_id=payment.account_id, work=work, once=once)


async def pay_next_row(engine: Engine, world: World, act: PlanAct) -> Receipt:
    """The cardholder pays the next row early; later due dates stay (`spec/network.md` §14).

    Raises InvalidInput, NotFound, IdempotencyKeyReused, PlanHeld, IllegalTransition.
    """

    async def decide(held: AccountWork, plan: ServicedPlan) -> Decision:
        return decide_next_row(plan, held.account, event_id=act.event_id, now=world.now)

    return await _run_on_plan(engine, world, act, "pay_next_row", decide=decide)


async def quote_payoff(engine: Engine, world: World, plan_id: str) -> Payoff:
    """What paying all of a plan costs today. Raises NotFound, PlanHeld, IllegalTransition."""
    return price_payoff_of(await get_plan(engine, plan_id), today=world.now.date())


async def pay_off(engine: Engine, world: World, act: PlanAct, *, amount_minor: int) -> Receipt:
    """The cardholder pays all: the amount must be today's payoff exactly.

    Raises InvalidInput, NotFound, IdempotencyKeyReused, PlanHeld, IllegalTransition, AmountRefused.
    """

    async def decide(held: AccountWork, plan: ServicedPlan) -> Decision:
        return decide_payoff(
            plan,
            held.account,
            amount_minor,
            event_id=act.event_id,
            today=world.now.date(),
            now=world.now,
        )

    return await _run_on_plan(engine, world, act, "pay_off", decide=decide, amount_minor=amount_minor)


async def preview_refund(
    engine: Engine, plan_id: str, amount_minor: int, *, strategy: RefundStrategy | None = None
) -> RefundEffect:
    """What a merchant's refund would do to a plan now. Raises NotFound, and what the refund would raise."""
    plan = await get_plan(engine, plan_id)
    policy = engine.policy.servicing
    return find_effect(
        plan,
        amount_minor,
        strategy or policy.refund_strategy,
        returns_charges=policy.returns_charges,
    )


async def refund_plan(
    engine: Engine,
    world: World,
    act: PlanAct,
    *,
    amount_minor: int,
    strategy: RefundStrategy | None = None,
) -> Receipt:
    """A merchant's refund is carried into the plan (`spec/network.md` §14).

    Raises InvalidInput, NotFound, IdempotencyKeyReused, AmountRefused, PlanHeld, IllegalTransition.
    """
    policy = engine.policy.servicing
    refund = Refund(
        event_id=act.event_id,
        amount_minor=amount_minor,
        strategy=strategy or policy.refund_strategy,
        returns_charges=policy.returns_charges,
    )

    async def decide(held: AccountWork, plan: ServicedPlan) -> Decision:
        return decide_refund(
            await held.find_transaction(plan.transaction_id),
            plan,
            held.account,
            refund,
            standing=await held.find_standing(),
            now=world.now,
        )

    return await _run_on_plan(
        engine, world, act, "refund_plan", decide=decide, amount_minor=amount_minor, strategy=strategy
    )


async def write_off(engine: Engine, world: World, act: PlanAct) -> Receipt:
    """Take what is still owed of a plan as a loss. Raises InvalidInput, NotFound, IdempotencyKeyReused,
    PlanHeld, IllegalTransition.
    """

    async def decide(held: AccountWork, plan: ServicedPlan) -> Decision:
        return decide_write_off(plan, held.account, now=world.now)

    return await _run_on_plan(engine, world, act, "write_off", decide=decide)


async def record_recovery(engine: Engine, world: World, act: PlanAct, *, amount_minor: int) -> Receipt:
    """Money that came back after a write-off. Raises InvalidInput, NotFound, IdempotencyKeyReused,
    IllegalTransition, AmountRefused.
    """

    async def decide(held: AccountWork, plan: ServicedPlan) -> Decision:
        return decide_recovery(plan, held.account, amount_minor, event_id=act.event_id, now=world.now)

    return await _run_on_plan(engine, world, act, "record_recovery", decide=decide, amount_minor=amount_minor)


async def read_serviced_plan(engine: Engine, person: Person, plan_id: str) -> ServicedPlanView:
    """A plan of the person's issuer, by its id or its name at the payments door.

    Raises NotFound, for foreign ids alike.
    """
    plan = None
    wanted = read_plan_id(plan_id)
    async with (
        engine.database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        if wanted is not None:
            plan = await serviced_plans.find_plan(connection, person.tenant_id, wanted)
        if plan is None or person.provider_id not in (None, plan.provider_id):
            raise NotFound("serviced plan", plan_id)
        face = await card_accounts.find_face(connection, person.tenant_id, plan.account_id)
    assert face is not None, "a foreign key keeps the account of every plan"
    return ServicedPlanView(plan=plan, face=face)


async def list_due_rows(engine: Engine, person: Person, *, until: date, limit: int = 100) -> list[DueRow]:
    """Open rows of the person's issuer that are due by a day, the oldest first. Raises InvalidInput."""
    if not 1 <= limit <= MAX_DUE_ROWS:
        raise InvalidInput("limit", f"1 to {MAX_DUE_ROWS}", came=str(limit))
    async with engine.database.connection() as connection:
        return await serviced_plans.list_due_rows(
            connection, person.tenant_id, provider_id=person.provider_id, until=until, limit=limit
        )


async def get_plan(engine: Engine, plan_id: str) -> ServicedPlan:
    """A serviced plan with its rows, as of one instant. Raises NotFound."""
    plan = None
    if is_uuid(plan_id):
        async with (
            engine.database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            plan = await serviced_plans.find_plan(connection, MAIN_TENANT, plan_id)
    if plan is None:
        raise NotFound("serviced plan", plan_id)
    return plan


async def _run_on_plan(
    engine: Engine, world: World, act: PlanAct, operation: str, *, decide: DecideOnPlan, **facts: object
) -> Receipt:
    """Decide on a plan once for an event, under the lock of its account."""
    plan = await get_plan(engine, act.plan_id)

    async def work(held: AccountWork) -> Outcome:
        found = await held.find_plan(act.plan_id)
        if found is None:
            raise Conflict(f"plan {act.plan_id} is not on account {held.account.account_id}")
        await held.apply(await decide(held, found))
        await held.use_credit()
        return Outcome(transaction_id=found.transaction_id)

    event = AccountEvent(
        event_id=act.event_id,
        operation=operation,
        content={"plan_id": act.plan_id, **facts},
        actor=act.actor,
    )
    return await run_event(engine, world, event, account_id=plan.account_id, work=work, once=act.once)
