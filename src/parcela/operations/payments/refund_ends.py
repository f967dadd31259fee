"""How refunds end: they succeed and change payment and plan, or come to nothing (`spec/payments.md` §9.3).

Everything here happens in the caller's transaction, with the payment locked.
"""

from dataclasses import dataclass

from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.events import EventType
from parcela.domain.payments.payment_decisions import decide_refunded
from parcela.domain.payments.plans import PaymentPlan, PlanState
from parcela.domain.payments.refund_decisions import RefundAction, drop_pending, end_refund
from parcela.domain.payments.refund_effects import remake_effects
from parcela.domain.payments.refunds import Refund, RefundKind, RefundStatus
from parcela.domain.payments.tasks import TaskKind
from parcela.domain.servicing.instructions import InstructionKind, PlanInstruction
from parcela.operations.payments.agenda import plan_task
from parcela.operations.payments.booking import book_refund_reversal
from parcela.operations.payments.desk import PaymentsDesk, PaymentView
from parcela.operations.payments.events import Happening, tell
from parcela.operations.payments.mails import write_refund_note
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.plan_life import apply_effect, release_plan
from parcela.operations.payments.refund_reading import RefundSight
from parcela.operations.plan_instructions import instruct
from parcela.store.database import Connection
from parcela.store.payments import payments, refunds

_EVENTS = {RefundStatus.FAILED: EventType.REFUND_FAILED, RefundStatus.CANCELLED: EventType.REFUND_UPDATED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A refund that succeeded, and the plan whose issuer has something to carry out by now."""

    refund: Refund
    instructed_plan_id: str | None = None


async def come_to_nothing(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, sight: RefundSight, ended: Refund
) -> None:
    """A refund failed or was withdrawn: what it held is free, and later ones do what they do without it.

    The merchant's balance is credited back, unless that was done when the rail had its technical issue.
    """
    payment = sight.payment
    if not ended.is_credited_back:
        await book_refund_reversal(connection, desk, moment, ended, payment)
    await refunds.update_refund(connection, ended, was=RefundStatus.PENDING)
    free = drop_pending(payment, ended.effect.amount_minor)
    await payments.update_payment(connection, free, was=payment.status)
    if ended.effect.plan is not None:
        await release_plan(connection, desk, moment, ended.effect.plan.plan_id)
    was = sight.get_refund(ended.refund_id)
    later = sight.list_pending_after(was)
    changed = [
        remade
        for old, remade in zip(later, remake_effects(sight.find_ground_of(was), later), strict=True)
        if remade != old
    ]
    for remade in changed:
        await refunds.update_refund(connection, remade, was=RefundStatus.PENDING)
    render = desk.renderer.render_refund
    happenings = [Happening(_EVENTS[ended.status], ended.refund_id, render(ended))]
    happenings += [
        Happening(EventType.REFUND_UPDATED, remade.refund_id, render(remade)) for remade in changed
    ]
    await tell(connection, desk, moment, happenings)


async def succeed(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, sight: RefundSight, refund: Refund
) -> Success:
    """The rail confirmed: payment, plan and whoever runs the plan follow (§9.1).

    No earlier refund of the payment is pending.
    """
    refund = _fit(sight, refund)
    ended = end_refund(refund, RefundAction.CONFIRM, at=moment.now)
    payment = decide_refunded(sight.payment, refund.effect.amount_minor)
    await refunds.update_refund(connection, ended, was=RefundStatus.PENDING)
    await payments.update_payment(connection, payment, was=sight.payment.status)
    plan = sight.plan
    effect = refund.effect.plan
    instructed = None
    if plan is not None and effect is not None:
        if plan.state is PlanState.ACTIVE:
            plan = await apply_effect(connection, desk, moment, plan, effect)
        instructed = await _tell_runner(connection, moment, plan, ended)
        await release_plan(connection, desk, moment, plan.plan_id)
        await write_refund_note(connection, desk, moment, payment, plan, refund=ended)
    view = PaymentView(payment=payment, plan=plan)
    await tell(
        connection,
        desk,
        moment,
        [
            Happening(EventType.PAYMENT_REFUNDED, payment.payment_id, desk.renderer.render_payment(view)),
            Happening(EventType.REFUND_SUCCEEDED, ended.refund_id, desk.renderer.render_refund(ended)),
        ],
    )
    return Success(refund=ended, instructed_plan_id=instructed)


def _fit(sight: RefundSight, refund: Refund) -> Refund:
    """A collection that was on its way when the plan was held changed the rows: the effect follows them."""
    ground = sight.find_ground_of(refund)
    if refund.effect.plan is None or refund.effect.plan.before == ground.rows:
        return refund
    return remake_effects(ground, [refund])[0]


async def _tell_runner(
    connection: Connection, moment: AccountMoment, plan: PaymentPlan, refund: Refund
) -> str | None:
    """Whoever runs the schedule learns of it: a lender by a task, an issuer by an instruction to its plan.

    Gives the plan that an instruction waits for.
    """
    if plan.offer.model is ProgramModel.LENDER:
        await plan_task(connection, moment.owner, TaskKind.TELL_LENDER, plan.plan_id, due_at=moment.now)
        return None
    is_full = refund.effect.kind is RefundKind.FULL
    instruction = PlanInstruction(
        kind=InstructionKind.CANCEL if is_full else InstructionKind.REFUND,
        plan_id=plan.plan_id,
        amount_minor=refund.effect.amount_minor,
        event_id=refund.refund_id,
        strategy=plan.strategy,
        returns_charges=plan.returns_collected_interest,
    )
    await instruct(connection, moment.owner.tenant_id, instruction)
    return plan.plan_id
