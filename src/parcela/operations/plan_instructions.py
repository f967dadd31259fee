"""What merchants do to plans after the purchase, carried into the plans that are serviced here.

An instruction commits with the merchant's transaction. Its effect comes after it, once, in the order of the
plan's instructions, under the lock of the account: at once if the plan is open, else when it is.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

import structlog

from parcela.domain.errors import Conflict, DomainError
from parcela.domain.money import MAX_MINOR
from parcela.domain.servicing.commands import Refund, Reversal
from parcela.domain.servicing.instructions import InstructionKind, InstructionState, PlanInstruction
from parcela.domain.servicing.lifecycle import check_not_held
from parcela.domain.servicing.purchases import decide_reversal
from parcela.domain.servicing.records import ServicedPlan
from parcela.domain.servicing.refunds import decide_refund, find_refundable
from parcela.domain.servicing.refusals import PlanHeld, check_amount
from parcela.domain.servicing.reinstatement import (
    RefundTrace,
    Reinstatement,
    decide_reinstatement,
    trace_refund,
)
from parcela.domain.servicing.voids import decide_void
from parcela.operations.account_commands import AccountEvent, Outcome, check_event_id, keep_receipt
from parcela.operations.account_work import AccountWork
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.store import ledger, plan_instructions, serviced_plans
from parcela.store.database import REFUSED_ERRORS, Connection
from parcela.store.plan_instructions import StoredInstruction

__all__ = [
    "InstructionKind",
    "InstructionState",
    "PlanInstruction",
    "StoredInstruction",
    "apply_instructions",
    "instruct",
    "list_instructions",
]

RETRY_AFTER = timedelta(minutes=5)
"""An instruction that a dispute holds up, or that failed, is looked at again after so long."""

MAX_PLANS = 500

_FAILED: tuple[type[Exception], ...] = (AssertionError, *REFUSED_ERRORS)

log = structlog.get_logger("parcela.plan_instructions")


class Verdict(Enum):
    """What became of the next instruction of a plan."""

    APPLIED = "applied"
    REFUSED = "refused"
    HELD = "held"
    NONE = "none"
    """No instruction waits, or nobody here services the plan."""


async def instruct(connection: Connection, tenant_id: int, instruction: PlanInstruction) -> None:
    """Keep an instruction in the merchant's own transaction, and tell it; once for its event id.

    Raises InvalidInput for an event id that cannot be one, AmountRefused below one minor unit. An amount that
    is too much for the plan is refused when its turn comes: the bank has moved the money by now.
    """
    check_event_id(instruction.event_id)
    purpose = f"{instruction.kind} of plan {instruction.plan_id}"
    check_amount(purpose, instruction.amount_minor, maximum_minor=MAX_MINOR)
    await plan_instructions.insert_instruction(connection, tenant_id, instruction)


async def apply_instructions(engine: Engine, world: World, *, plan_id: str | None = None) -> int:
    """Carry out what waits: of one plan, or of at most 500 whose time has come. Gives how many were settled.

    Killed at any point, it leaves each instruction either waiting or with its whole effect.
    """
    if plan_id is not None:
        return await _apply_to_plan(engine, world, MAIN_TENANT, plan_id)
    async with engine.database.connection() as connection:
        due = await plan_instructions.list_due_plans(connection, now=world.now, limit=MAX_PLANS)
    settled = 0
    for tenant_id, due_plan_id in due:
        settled += await _apply_to_plan(engine, world, tenant_id, due_plan_id)
    return settled


async def list_instructions(engine: Engine, tenant_id: int, plan_id: str) -> list[StoredInstruction]:
    """All instructions of a plan in their order."""
    async with engine.database.connection() as connection:
        return await plan_instructions.list_instructions(connection, tenant_id, plan_id)


async def _apply_to_plan(engine: Engine, world: World, tenant_id: int, plan_id: str) -> int:
    """One transaction for each instruction; one that is held up keeps those after it waiting."""
    settled = 0
    while True:
        try:
            verdict = await engine.database.run(
                lambda connection: _apply_next(engine, connection, world, (tenant_id, plan_id))
            )
        except _FAILED as fault:
            # Records that contradict themselves must not keep other plans waiting.
            log.error("instruction failed", plan_id=plan_id, fault=type(fault).__name__, reason=str(fault))
            verdict = Verdict.HELD
        if verdict is Verdict.HELD:
            async with engine.database.connection() as connection:
                until = world.now + RETRY_AFTER
                await plan_instructions.postpone(connection, tenant_id, plan_id, until=until)
        if verdict in (Verdict.HELD, Verdict.NONE):
            return settled
        settled += 1


async def _apply_next(engine: Engine, connection: Connection, world: World, key: tuple[int, str]) -> Verdict:
    """The first waiting instruction of a plan, with all its effect, in the caller's transaction."""
    tenant_id, plan_id = key
    plan = await serviced_plans.find_plan(connection, tenant_id, plan_id)
    if plan is None:
        return Verdict.NONE
    held = await AccountWork.lock(engine, connection, tenant_id, plan.account_id, now=world.now)
    assert held is not None, "a foreign key keeps the account of every plan"
    stored = await plan_instructions.find_next(connection, tenant_id, plan_id)
    if stored is None:
        return Verdict.NONE
    try:
        # A savepoint: a refusal in the middle leaves nothing of the instruction.
        async with connection.transaction():
            await _carry_out(held, stored.instruction)
    except PlanHeld:
        return Verdict.HELD
    except DomainError as refusal:
        await _refuse(
            AccountWork(engine, connection, tenant_id, held.account, now=world.now), stored, refusal
        )
        return Verdict.REFUSED
    return Verdict.APPLIED


async def _carry_out(held: AccountWork, instruction: PlanInstruction) -> None:
    """The effect, its receipt under the instruction's event id, and the instruction's own state."""
    trace: RefundTrace | None = None

    async def work(held: AccountWork) -> Outcome:
        nonlocal trace
        plan = await held.find_plan(instruction.plan_id)
        assert plan is not None, "the plan is on this account"
        if instruction.kind is InstructionKind.REFUND:
            trace = await _refund(held, plan, instruction)
        elif instruction.kind is InstructionKind.CANCEL:
            await _cancel(held, plan, instruction)
        else:
            await _reinstate(held, plan, instruction)
        return Outcome(transaction_id=plan.transaction_id)

    event = AccountEvent(
        event_id=instruction.event_id,
        operation=f"instructed_{instruction.kind}",
        content={
            "plan_id": instruction.plan_id,
            "amount_minor": instruction.amount_minor,
            "refund_event_id": instruction.refund_event_id,
        },
    )
    await keep_receipt(held, event, work)
    await plan_instructions.settle(
        held.connection, held.tenant_id, instruction.event_id, at=held.now, trace=trace
    )


async def _refuse(held: AccountWork, stored: StoredInstruction, refusal: DomainError) -> None:
    """A final refusal is kept with its reason, and told to a person."""
    instruction = stored.instruction
    await plan_instructions.settle(
        held.connection, held.tenant_id, instruction.event_id, at=held.now, reason=str(refusal)
    )
    facts = {
        "needs_person": True,
        "event_id": instruction.event_id,
        "kind": instruction.kind.value,
        "amount_minor": instruction.amount_minor,
        "code": refusal.code,
        "reason": str(refusal),
    }
    await held.tell([("plan.instruction_refused", instruction.plan_id, facts)])
    log.warning(
        "instruction refused", plan_id=instruction.plan_id, event_id=instruction.event_id, reason=str(refusal)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What of an instructed refund the records still admit, and what they do not."""

    applied_minor: int
    excess_minor: int


async def _refund(held: AccountWork, plan: ServicedPlan, instruction: PlanInstruction) -> RefundTrace:
    """The issuer's rule of refunds; what exceeds all that was captured is left to a person."""
    check_not_held(plan)
    part = await _find_part(held, plan, instruction)
    await _give_back(held, plan, instruction, part.applied_minor)
    await held.use_credit()
    if part.excess_minor:
        facts = {"needs_person": True, "event_id": instruction.event_id, "excess_minor": part.excess_minor}
        await held.tell([("plan.refund_exceeded", plan.plan_id, facts)])
    after = await held.find_plan(plan.plan_id)
    assert after is not None
    return trace_refund(plan, after, amount_minor=part.applied_minor, transaction_id=plan.transaction_id)


async def _find_part(held: AccountWork, plan: ServicedPlan, instruction: PlanInstruction) -> _Part:
    left_minor = find_refundable(await held.find_transaction(plan.transaction_id), plan)
    if not left_minor:
        raise Conflict(f"plan {plan.plan_id}: expected something left to refund, got nothing")
    applied_minor = min(instruction.amount_minor, left_minor)
    return _Part(applied_minor=applied_minor, excess_minor=instruction.amount_minor - applied_minor)


async def _give_back(
    held: AccountWork, plan: ServicedPlan, instruction: PlanInstruction, amount_minor: int
) -> None:
    """By what was agreed with the plan, else by the issuer's own policy."""
    policy, agreed = held.engine.policy.servicing, instruction.returns_charges
    refund = Refund(
        event_id=instruction.event_id,
        amount_minor=amount_minor,
        strategy=instruction.strategy or policy.refund_strategy,
        returns_charges=policy.returns_charges if agreed is None else agreed,
    )
    await held.apply(
        decide_refund(
            await held.find_transaction(plan.transaction_id),
            plan,
            held.account,
            refund,
            standing=await held.find_standing(),
            now=held.now,
        )
    )


async def _cancel(held: AccountWork, plan: ServicedPlan, instruction: PlanInstruction) -> None:
    """The purchase is void: what was never cleared is reversed, the rest is given back as a full refund.

    What the card network has told already (a reversal, say) has nothing left to do here.
    """
    check_not_held(plan)
    transaction = await held.find_transaction(plan.transaction_id)
    if transaction is not None and transaction.authorized_minor:
        reversal = Reversal(event_id=instruction.event_id, amount_minor=transaction.authorized_minor)
        standing = await held.find_standing(but=transaction.transaction_id)
        await held.apply(
            decide_reversal(transaction, plan, held.account, reversal, standing=standing, now=held.now)
        )
    elif plan.uncleared_minor:
        standing = await held.find_standing()
        await held.apply(
            decide_void(plan, held.account, event_id=instruction.event_id, standing=standing, now=held.now)
        )
    left = await held.find_plan(plan.plan_id)
    assert left is not None
    if left.amount_minor > left.refunded_minor:
        amount_minor = left.amount_minor - left.refunded_minor
        await _give_back(held, left, instruction, amount_minor)
    await held.use_credit()


async def _reinstate(held: AccountWork, plan: ServicedPlan, instruction: PlanInstruction) -> None:
    """Take a refund back that was carried out here; one that was refused is a person's to take back too."""
    assert instruction.refund_event_id is not None
    refund = await plan_instructions.find_instruction(
        held.connection, held.tenant_id, instruction.refund_event_id
    )
    if refund is None or refund.trace is None:
        state = "none" if refund is None else refund.state
        raise Conflict(f"refund {instruction.refund_event_id}: expected one that was applied, got {state}")
    event_key = f"refund:{instruction.refund_event_id}"
    posted = await ledger.list_entries_of_event(held.connection, held.tenant_id, event_key)
    entry = next(one.entry for one in posted if one.entry.event_key == event_key)
    decision = decide_reinstatement(
        await held.find_transaction(plan.transaction_id),
        plan,
        held.account,
        Reinstatement(event_id=instruction.event_id, trace=refund.trace, entry=entry),
        standing=await held.find_standing(),
        now=held.now,
    )
    await held.apply(decision)
    await held.use_credit()
