"""Payments that end before any money is taken: by the merchant, by the shopper, or by time (§4)."""

from dataclasses import dataclass

from parcela.domain.orders import Outcome, TransactionKind
from parcela.domain.payments.events import EventType
from parcela.domain.payments.payment_decisions import PaymentAction, decide_cancellation, decide_status
from parcela.domain.payments.records import CancellationReason, Payment, PaymentStatus
from parcela.domain.payments.showings import BY_MERCHANT, ON_HOSTED_PAGE
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.acquirer_attempts import LEASE_S, Spoken
from parcela.operations.payments.acquirer_profiles import check_acquirer
from parcela.operations.payments.agenda import drop_tasks, find_rest_s, settle_task
from parcela.operations.payments.attempt_calls import (
    SPOKEN_NOTHING,
    NewAttempt,
    begin_attempt,
    call_bank,
    check_idle,
    end_attempt,
    tell_payment,
)
from parcela.operations.payments.captures import refuse_unmoved
from parcela.operations.payments.desk import PaymentsDesk, PaymentView
from parcela.operations.payments.keeping import Keeper, NothingKept
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_reading import conclude_or_read, get_locked_payment, make_view
from parcela.operations.payments.plan_evidence import keep_declined
from parcela.operations.payments.plan_life import cancel_plan
from parcela.store.database import Connection
from parcela.store.payments import agenda, attempts, payments
from parcela.store.payments.attempts import PaymentAttempt

_WAITING = frozenset({PaymentStatus.PENDING, PaymentStatus.REQUIRES_AUTHENTICATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why and how a payment ends."""

    action: PaymentAction = PaymentAction.CANCEL
    reason: CancellationReason = CancellationReason.REQUESTED_BY_MERCHANT


async def cancel_payment(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment_id: str,
    *,
    reason: CancellationReason = CancellationReason.REQUESTED_BY_MERCHANT,
    keeper: Keeper[PaymentView],
) -> PaymentView:
    """End a payment whose money was not taken; what is held of an authorized one is released at the bank.

    Raises PaymentRefused: unknown, another call at work, not cancellable; then nothing is written. A bank
    that cannot be reached leaves it authorized.
    """
    stop = Stop(reason=reason)

    async def begin(connection: Connection) -> PaymentView | None:
        payment = await get_locked_payment(connection, moment, payment_id)
        await check_idle(connection, payment)
        decide_status(payment, PaymentAction.CANCEL)
        if payment.status not in _WAITING:
            return None
        view = await stop_payment(connection, desk, moment, payment, stop)
        await keeper.keep(connection, view)
        return view

    view = await desk.engine.database.run(begin)
    if view is not None:
        return view
    check_acquirer(desk, moment)
    view, spoken = await _release_held(desk, moment, payment_id, stop, keeper=keeper)
    if view.payment.status is PaymentStatus.AUTHORIZED:
        raise refuse_unmoved(spoken, payment_id, verb="cancelled")
    return view


async def stop_payment(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, payment: Payment, stop: Stop
) -> PaymentView:
    """End a payment that is locked and waits for the shopper, with its challenge and its plan."""
    held = await attempts.find_attempt_under_way(connection, payment.owner, payment.payment_id)
    if held is not None:
        await end_attempt(connection, moment, held, SPOKEN_NOTHING)
    return await _write_cancelled(connection, desk, moment, payment, stop)


async def _release_held(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment_id: str,
    stop: Stop,
    *,
    keeper: Keeper[PaymentView],
    task: Task | None = None,
) -> tuple[PaymentView, Spoken]:
    """Have the bank release what it holds. The message may be sent again: it is the same one."""

    async def begin(connection: Connection) -> tuple[Payment, PaymentAttempt, str | None]:
        payment = await get_locked_payment(connection, moment, payment_id)
        decide_status(payment, stop.action)
        original = await attempts.find_purchase(connection, payment.owner, payment_id)
        assert original is not None, "the bank approved what it holds"
        new = NewAttempt(
            kind=TransactionKind.VOID_AUTHORIZATION,
            amount_minor=original.amount_minor,
            reason=decide_cancellation(payment, action=stop.action, reason=stop.reason).cancellation_reason,
        )
        attempt = await begin_attempt(connection, moment, payment, new)
        await keeper.bind(connection, payment_id)
        return payment, attempt, original.reference

    payment, attempt, original = await desk.engine.database.run(begin)
    spoken = await call_bank(desk, moment, payment, attempt, original=original)
    concluding = conclude_void(desk, moment, attempt, spoken, keeper=keeper, task=task)
    return await conclude_or_read(desk, moment, payment_id, concluding), spoken


async def conclude_void(
    desk: PaymentsDesk,
    moment: AccountMoment,
    attempt: PaymentAttempt,
    spoken: Spoken,
    *,
    keeper: Keeper[PaymentView] | None = None,
    task: Task | None = None,
) -> PaymentView:
    """Write what came of releasing what was held. Raises Superseded, TaskLost, with nothing written.

    A lapse that the bank does not carry out stays on the agenda.
    """
    keeping: Keeper[PaymentView] = keeper or NothingKept()
    reason = attempt.reason
    assert reason is not None, "every void says why"
    is_lapse = reason is CancellationReason.AUTHORIZATION_EXPIRED
    stop = Stop(action=PaymentAction.LAPSE if is_lapse else PaymentAction.CANCEL, reason=reason)

    async def work(connection: Connection) -> PaymentView:
        payment = await get_locked_payment(connection, moment, attempt.payment_id)
        if spoken.outcome is Outcome.UNKNOWN:
            await attempts.release_attempt(connection, attempt)
            return await make_view(connection, payment)
        is_done = spoken.outcome is Outcome.APPROVED
        is_kept_waiting = task is not None and task.kind is TaskKind.LAPSE_AUTHORIZATION and not is_done
        await end_attempt(connection, moment, attempt, spoken, task=None if is_kept_waiting else task)
        if not is_done:
            return await make_view(connection, payment)
        view = await _write_cancelled(connection, desk, moment, payment, stop)
        await keeping.keep(connection, view)
        return view

    return await desk.engine.database.run(work)


async def _write_cancelled(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, payment: Payment, stop: Stop
) -> PaymentView:
    """The payment ends, with its plan and all that was to happen by itself."""
    cancelled = decide_cancellation(payment, action=stop.action, reason=stop.reason)
    await payments.update_payment(connection, cancelled, was=payment.status)
    if payment.plan_id is not None:
        await cancel_plan(connection, desk, moment, payment.plan_id, "payment_cancelled")
    showing = ON_HOSTED_PAGE if payment.has_checkout else BY_MERCHANT
    await keep_declined(connection, desk, moment, payment.payment_id, showing=showing)
    for kind in (TaskKind.EXPIRE_CHECKOUT, TaskKind.LAPSE_AUTHORIZATION):
        await drop_tasks(connection, moment.owner, kind, [payment.payment_id])
    view = await make_view(connection, cancelled)
    types = [EventType.PAYMENT_CANCELLED]
    if stop.action is PaymentAction.EXPIRE:
        types.append(EventType.PAYMENT_EXPIRED)
    await tell_payment(connection, desk, moment, view, *types)
    return view


async def expire_checkout(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """The hosted session or the challenge ends by time (EXPIRE_CHECKOUT); a payment at the bank waits."""

    async def work(connection: Connection) -> None:
        payment = await payments.lock_payment(connection, moment.owner, task.subject_id)
        if payment is not None and payment.status is PaymentStatus.PROCESSING:
            await agenda.postpone_task(connection, task, after_s=LEASE_S)
            return
        await settle_task(connection, task)
        if payment is not None and payment.status in _WAITING:
            await stop_payment(connection, desk, moment, payment, Stop(action=PaymentAction.EXPIRE))

    await desk.engine.database.run(work)


async def lapse_authorization(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """What was not captured within 7 days is released (LAPSE_AUTHORIZATION)."""
    stop = Stop(action=PaymentAction.LAPSE)

    async def look(connection: Connection) -> bool:
        payment = await payments.lock_payment(connection, moment.owner, task.subject_id)
        if payment is None or payment.status is not PaymentStatus.AUTHORIZED:
            await settle_task(connection, task)
            return False
        held = await attempts.find_attempt_under_way(connection, moment.owner, task.subject_id)
        if held is not None:
            await agenda.postpone_task(connection, task, after_s=LEASE_S)
        return held is None

    if not await desk.engine.database.run(look):
        return
    view, _ = await _release_held(desk, moment, task.subject_id, stop, keeper=NothingKept(), task=task)
    if view.payment.status is PaymentStatus.AUTHORIZED:
        # Each try is an attempt of its own: a bank that always refuses must not be asked for ever so often.
        after_s = find_rest_s(task.attempt, first_s=LEASE_S)
        async with desk.engine.database.connection() as connection:
            await agenda.postpone_task(connection, task, after_s=after_s)
