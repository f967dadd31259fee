"""What an order's money does to its plan: made with the capture, told of refunds and voids."""

import structlog

from parcela.domain.cards import Pan
from parcela.domain.order_decisions import find_instructed
from parcela.domain.orders import Outcome, TransactionKind
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine, World
from parcela.operations.merchant_offers import CheckedPlan, keep_evidence
from parcela.operations.merchant_plans import CapturedPayment, prepare_plan
from parcela.operations.orders.attempts import Settled
from parcela.operations.plan_instructions import (
    InstructionKind,
    PlanInstruction,
    apply_instructions,
    instruct,
)
from parcela.operations.plans import write_new_plan
from parcela.store.database import Connection

log = structlog.get_logger("parcela.orders")


async def make_plan(
    connection: Connection, settled: Settled, checked: CheckedPlan, *, pan: Pan, scene: tuple[Engine, World]
) -> str:
    """The plan of captured money, with the evidence of its acceptance; gives its id."""
    engine, world = scene
    caller = settled.started.caller
    payment = CapturedPayment(
        transaction=settled.transaction,
        checked=checked,
        pan=pan,
        authorization=settled.started.origin,
    )
    new = prepare_plan(engine, world, caller, payment)
    await write_new_plan(connection, new)
    plan_id = new.plan.plan_id
    await keep_evidence(connection, caller.client.tenant_id, plan_id=plan_id, checked=checked)
    return plan_id


async def instruct_refund(connection: Connection, settled: Settled) -> None:
    """A refund that was approved goes to the plan, as far as it gives back what was captured."""
    order, transaction = settled.started.order, settled.transaction
    amount_minor = find_instructed(transaction)
    if transaction.outcome is Outcome.APPROVED and order.plan_id is not None and amount_minor:
        instruction = PlanInstruction(
            kind=InstructionKind.REFUND,
            plan_id=order.plan_id,
            amount_minor=amount_minor,
            event_id=transaction.message_id,
        )
        await instruct(connection, settled.started.caller.client.tenant_id, instruction)


async def instruct_void(connection: Connection, settled: Settled) -> None:
    """A void that was approved takes the plan back, or takes its refund back."""
    order, transaction, target = settled.started.order, settled.transaction, settled.started.origin
    assert target is not None
    is_approved = transaction.outcome is Outcome.APPROVED
    if not is_approved or order.plan_id is None or target.kind is TransactionKind.AUTHORIZATION:
        return
    is_refund = target.kind is TransactionKind.REFUND
    amount_minor = find_instructed(target) if is_refund else transaction.amount_minor
    if amount_minor:
        instruction = PlanInstruction(
            kind=InstructionKind.REINSTATE if is_refund else InstructionKind.CANCEL,
            plan_id=order.plan_id,
            amount_minor=amount_minor,
            event_id=transaction.message_id,
            refund_event_id=target.message_id if is_refund else None,
        )
        await instruct(connection, settled.started.caller.client.tenant_id, instruction)


async def apply_to_plan(engine: Engine, world: World, plan_id: str | None) -> None:
    """Carry the instruction out now if that is possible; it is kept, so that the scheduler can otherwise."""
    if plan_id is None:
        return
    try:
        await apply_instructions(engine, world, plan_id=plan_id)
    except UNAVAILABLE_ERRORS as fault:
        log.warning("instruction postponed", plan_id=plan_id, fault=type(fault).__name__)
