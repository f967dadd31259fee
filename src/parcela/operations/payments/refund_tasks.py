"""What happens to refunds by itself: they are sent to the rail and confirmed by it, and lenders are told.

The rail is the acquirer. A message is named by the refund and its attempt, so that sending it again after a
crash or a silence is the same message (`spec/payments.md` §9.3).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from parcela.domain.orders import TransactionKind
from parcela.domain.payments.events import EventType
from parcela.domain.payments.plans import PaymentPlan, PlanState
from parcela.domain.payments.refund_decisions import (
    STANDARD_REFUND_DAYS,
    TECHNICAL_RETRY,
    RefundAction,
    end_refund,
    find_failure,
    find_simulated_failure,
    may_send_again,
    name_message,
)
from parcela.domain.payments.refunds import Refund, RefundFailure, RefundStatus
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.acquiring import AcquirerRequest, AcquirerSilent
from parcela.operations.payments.acquirer_profiles import make_profile
from parcela.operations.payments.agenda import TaskHandler, plan_task, settle_task
from parcela.operations.payments.booking import book_refund, book_refund_reversal
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, tell
from parcela.operations.payments.lending import ANSWER_S, LenderSilent
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.refund_ends import Success, come_to_nothing, succeed
from parcela.operations.payments.refund_previews import make_calendar
from parcela.operations.payments.refund_reading import RefundSight, lock_sight
from parcela.operations.plan_instructions import apply_instructions
from parcela.store.database import Connection
from parcela.store.payments import attempts, plans, refunds

RAIL_TIMEOUT_S = 5.0
"""So long the acquirer is waited for: the task comes again, and its message is the same one then."""


async def send_refund(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """Hand a refund to the rail: from now on it cannot be withdrawn.

    Raises PaymentRefused (UPSTREAM_ERROR) when the rail is silent: the task is tried again.
    """
    refund = await desk.engine.database.run(lambda connection: _mark_sent(connection, moment, task))
    if refund is None:
        return
    failure = await _send_message(desk, moment, refund)
    if failure is RefundFailure.TECHNICAL_ISSUE:
        # The next attempt is another message: what this one may have done is taken back first.
        await _reverse_message(desk, moment, refund)

    async def work(connection: Connection) -> None:
        await settle_task(connection, task)
        sight = await lock_sight(connection, moment, refund.payment_id)
        held = sight.get_refund(refund.refund_id)
        if held.status is not RefundStatus.PENDING:
            return
        if failure is None:
            await _await_confirmation(connection, desk, moment, sight, held)
        elif failure is RefundFailure.TECHNICAL_ISSUE:
            await _try_again(connection, desk, moment, sight, held)
        else:
            await _fail(connection, desk, moment, sight, held, failure)

    await desk.engine.database.run(work)


async def confirm_refund(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """Take the rail's word: the refund succeeds, or fails and is reversed.

    Refunds of one payment are concluded in the order of their acceptance, for the effect of each stands on
    those before it. Raises PaymentRefused (UPSTREAM_ERROR) when the rail is silent.
    """
    refund = await _find_confirmable(desk, moment, task)
    if refund is None:
        return
    failure = find_simulated_failure(refund)
    if failure is RefundFailure.TECHNICAL_ISSUE:
        # It is said when a refund is sent; what is on its way already arrives.
        failure = None
    if failure is not None:
        await _reverse_message(desk, moment, refund)

    async def work(connection: Connection) -> Success | None:
        await settle_task(connection, task)
        sight = await lock_sight(connection, moment, refund.payment_id)
        held = sight.get_refund(refund.refund_id)
        if held.status is not RefundStatus.PENDING:
            return None
        if failure is not None:
            await _fail(connection, desk, moment, sight, held, failure)
            return None
        return await succeed(connection, desk, moment, sight, held)

    success = await desk.engine.database.run(work)
    if success is not None and success.instructed_plan_id is not None:
        await apply_instructions(desk.engine, moment.world, plan_id=success.instructed_plan_id)


async def tell_lender(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """Tell a lender that a plan began, and what became of its rows.

    Raises PaymentRefused (UPSTREAM_ERROR) when the lender is silent: the task is tried again.
    """
    async with desk.engine.database.connection() as connection:
        plan = await plans.find_plan(connection, moment.owner, task.subject_id)
    assert plan is not None, "plans are not deleted"
    try:
        async with asyncio.timeout(2 * ANSWER_S):
            await _tell_rows(desk, moment, plan)
    except (LenderSilent, TimeoutError) as fault:
        raise _await_answer("lender", fault) from None
    async with desk.engine.database.transaction() as connection:
        await settle_task(connection, task)


TASKS: Mapping[TaskKind, TaskHandler] = {
    TaskKind.SEND_REFUND: send_refund,
    TaskKind.CONFIRM_REFUND: confirm_refund,
    TaskKind.TELL_LENDER: tell_lender,
}


async def _mark_sent(connection: Connection, moment: AccountMoment, task: Task) -> Refund | None:
    """The refund as it is sent; None for one that ended, whose task is settled."""
    known = await refunds.find_refund(connection, moment.owner, task.subject_id)
    assert known is not None, "refunds are not deleted"
    sight = await lock_sight(connection, moment, known.payment_id)
    refund = sight.get_refund(task.subject_id)
    if refund.status is not RefundStatus.PENDING:
        await settle_task(connection, task)
        return None
    if refund.sent_at is None:
        refund = replace(refund, sent_at=moment.now)
        await refunds.update_refund(connection, refund, was=RefundStatus.PENDING)
    return refund


async def _send_message(desk: PaymentsDesk, moment: AccountMoment, refund: Refund) -> RefundFailure | None:
    """The rail's word on the message of this attempt; no transaction is open."""
    if find_simulated_failure(refund) is RefundFailure.TECHNICAL_ISSUE:
        return RefundFailure.TECHNICAL_ISSUE
    async with desk.engine.database.connection() as connection:
        purchase = await attempts.find_purchase(connection, moment.owner, refund.payment_id)
    assert purchase is not None, "what is refunded was paid"
    request = AcquirerRequest(
        message_id=name_message(refund),
        kind=TransactionKind.REFUND,
        profile=make_profile(moment),
        amount_minor=refund.effect.amount_minor,
        currency=refund.currency,
        requested_at=moment.now,
        original=purchase.reference,
    )
    try:
        async with asyncio.timeout(RAIL_TIMEOUT_S):
            reply = await desk.acquirer.send(request)
    except (AcquirerSilent, TimeoutError) as fault:
        raise _await_answer("acquirer", fault) from None
    return find_failure(reply.outcome, reply.facts.response_code)


async def _reverse_message(desk: PaymentsDesk, moment: AccountMoment, refund: Refund) -> None:
    try:
        async with asyncio.timeout(RAIL_TIMEOUT_S):
            await desk.acquirer.reverse(make_profile(moment), name_message(refund))
    except (AcquirerSilent, TimeoutError) as fault:
        raise _await_answer("acquirer", fault) from None


async def _await_confirmation(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, sight: RefundSight, refund: Refund
) -> None:
    """The rail has it, and confirms after business days; one that was credited back is debited again.

    Days count from when the refund was made, or from when it was sent again.
    """
    calendar = make_calendar(moment)
    counted_from = refund.created_at
    if refund.is_credited_back:
        counted_from = moment.now
        visible_from, visible_by = calendar.find_visible(moment.now, has_plan=sight.plan is not None)
        booked = await book_refund(connection, desk, moment, refund, sight.payment)
        refund = replace(
            refund,
            balance_transaction_id=booked.balance_transaction_id,
            expected_from=visible_from,
            expected_by=visible_by,
            failure=None,
            is_credited_back=False,
        )
        await _keep_change(connection, desk, moment, refund)
    refund_days = STANDARD_REFUND_DAYS if sight.plan is None else sight.plan.refund_days
    due_at = calendar.find_confirmation(counted_from, refund_days=refund_days, promised_by=refund.expected_by)
    await plan_task(connection, moment.owner, TaskKind.CONFIRM_REFUND, refund.refund_id, due_at=due_at)


async def _try_again(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, sight: RefundSight, refund: Refund
) -> None:
    """A technical issue: the balance is credited back, and the refund sent again for 10 days (§9.3)."""
    is_first = not refund.is_credited_back
    if is_first:
        await book_refund_reversal(connection, desk, moment, refund, sight.payment)
    refund = replace(
        refund, is_credited_back=True, failure=RefundFailure.TECHNICAL_ISSUE, attempt=refund.attempt + 1
    )
    if not may_send_again(refund, at=moment.now):
        await _fail(connection, desk, moment, sight, refund, RefundFailure.TECHNICAL_ISSUE)
        return
    if is_first:
        await _keep_change(connection, desk, moment, refund)
    else:
        await refunds.update_refund(connection, refund, was=RefundStatus.PENDING)
    due_at = moment.now + TECHNICAL_RETRY
    await plan_task(connection, moment.owner, TaskKind.SEND_REFUND, refund.refund_id, due_at=due_at)


async def _keep_change(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, refund: Refund
) -> None:
    """Write a pending refund anew, and tell it."""
    await refunds.update_refund(connection, refund, was=RefundStatus.PENDING)
    document = desk.renderer.render_refund(refund)
    await tell(connection, desk, moment, [Happening(EventType.REFUND_UPDATED, refund.refund_id, document)])


async def _fail(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    sight: RefundSight,
    refund: Refund,
    failure: RefundFailure,
) -> None:
    ended = replace(end_refund(refund, RefundAction.FAIL, at=moment.now), failure=failure)
    await come_to_nothing(connection, desk, moment, sight, ended)


async def _find_confirmable(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> Refund | None:
    """The refund, if its turn has come. One behind others waits a day; one that ended has nothing to do.

    Raises PaymentRefused (UPSTREAM_ERROR) while somebody is asked for a row of the plan: what the refund does
    depends on the answer.
    """

    async def work(connection: Connection) -> Refund | None:
        known = await refunds.find_refund(connection, moment.owner, task.subject_id)
        assert known is not None, "refunds are not deleted"
        sight = await lock_sight(connection, moment, known.payment_id)
        refund = sight.get_refund(task.subject_id)
        if refund.status is not RefundStatus.PENDING:
            await settle_task(connection, task)
            return None
        if sight.list_pending_before(refund):
            await settle_task(connection, task)
            due_at = moment.now + TECHNICAL_RETRY
            await plan_task(
                connection, moment.owner, TaskKind.CONFIRM_REFUND, refund.refund_id, due_at=due_at
            )
            return None
        if sight.plan is not None and await plans.list_asked_rows(connection, sight.plan):
            raise PaymentRefused(Fault.UPSTREAM_ERROR, "It is not known yet whether a row was collected.")
        return refund

    return await desk.engine.database.run(work)


async def _tell_rows(desk: PaymentsDesk, moment: AccountMoment, plan: PaymentPlan) -> None:
    assert plan.assessment_id is not None, "a lender's plan was assessed"
    await desk.lender.open(plan, assessment_id=plan.assessment_id, at=moment.now)
    if plan.state is PlanState.ACTIVE:
        await desk.lender.recalculate(plan, at=moment.now)
    else:
        await desk.lender.close(plan, at=moment.now)


def _await_answer(who: str, fault: Exception) -> PaymentRefused:
    return PaymentRefused(Fault.UPSTREAM_ERROR, f"The {who} does not answer ({type(fault).__name__}).")
