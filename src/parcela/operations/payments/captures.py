"""Taking the money: of an authorized payment by hand, and what follows wherever money is taken."""

from dataclasses import replace

from parcela.domain.orders import Outcome, TransactionKind
from parcela.domain.payments.events import EventType
from parcela.domain.payments.payment_decisions import decide_capture_amount, decide_captured
from parcela.domain.payments.records import Payment, PaymentStatus
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.acquirer_attempts import Spoken
from parcela.operations.payments.acquirer_profiles import check_acquirer
from parcela.operations.payments.agenda import drop_tasks
from parcela.operations.payments.attempt_calls import (
    NewAttempt,
    begin_attempt,
    call_bank,
    check_idle,
    end_attempt,
    tell_payment,
)
from parcela.operations.payments.booking import book_payment
from parcela.operations.payments.desk import PaymentsDesk, PaymentView
from parcela.operations.payments.keeping import Keeper, NothingKept
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_reading import conclude_or_read, get_locked_payment, make_view
from parcela.operations.payments.plan_life import activate_plan, tell_collected_at_once
from parcela.store.database import Connection
from parcela.store.payments import attempts, payments
from parcela.store.payments.attempts import PaymentAttempt


async def capture_payment(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment_id: str,
    *,
    amount_minor: int | None,
    keeper: Keeper[PaymentView],
) -> PaymentView:
    """Take what an authorized payment holds, or less; the rest is released for good (§4).

    Raises PaymentRefused: unknown, not authorized, another call at work, too much, part of a plan; then
    nothing is written. A bank that declines or cannot be reached leaves the payment authorized.
    """
    check_acquirer(desk, moment)

    async def begin(connection: Connection) -> tuple[Payment, PaymentAttempt, str | None]:
        payment = await get_locked_payment(connection, moment, payment_id)
        await check_idle(connection, payment)
        amount = decide_capture_amount(payment, amount_minor)
        new = NewAttempt(kind=TransactionKind.CAPTURE, amount_minor=amount)
        attempt = await begin_attempt(connection, moment, payment, new)
        original = await attempts.find_purchase(connection, payment.owner, payment_id)
        await keeper.bind(connection, payment_id)
        return payment, attempt, None if original is None else original.reference

    payment, attempt, original = await desk.engine.database.run(begin)
    spoken = await call_bank(desk, moment, payment, attempt, original=original)
    concluding = conclude_capture(desk, moment, attempt, spoken, keeper=keeper)
    view = await conclude_or_read(desk, moment, payment_id, concluding)
    if view.payment.status is PaymentStatus.AUTHORIZED:
        raise refuse_unmoved(spoken, payment_id, verb="captured")
    return view


async def conclude_capture(
    desk: PaymentsDesk,
    moment: AccountMoment,
    attempt: PaymentAttempt,
    spoken: Spoken,
    *,
    keeper: Keeper[PaymentView] | None = None,
    task: Task | None = None,
) -> PaymentView:
    """Write what came of a capture. Raises Superseded, TaskLost, with nothing written."""
    keeping: Keeper[PaymentView] = keeper or NothingKept()

    async def work(connection: Connection) -> PaymentView:
        payment = await get_locked_payment(connection, moment, attempt.payment_id)
        if spoken.outcome is Outcome.UNKNOWN:
            await attempts.release_attempt(connection, attempt)
            return await make_view(connection, payment)
        await end_attempt(connection, moment, attempt, spoken, task=task)
        if spoken.outcome is not Outcome.APPROVED:
            return await make_view(connection, payment)
        captured = decide_captured(payment, attempt.amount_minor, at=moment.now)
        await payments.update_payment(connection, captured, was=payment.status)
        await drop_tasks(connection, moment.owner, TaskKind.LAPSE_AUTHORIZATION, [payment.payment_id])
        view = await take_money(connection, desk, moment, captured, spoken)
        await keeping.keep(connection, view)
        return view

    return await desk.engine.database.run(work)


async def take_money(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, payment: Payment, spoken: Spoken
) -> PaymentView:
    """What follows when money is taken: the plan begins, the merchant's balance is credited, and it is told.

    What was collected with the purchase is told after the payment (§11.1).
    """
    assert payment.status is PaymentStatus.COMPLETED
    plan = None
    if payment.plan_id is not None:
        plan = await activate_plan(connection, desk, moment, payment, facts=spoken.facts)
    booked = await book_payment(connection, desk, moment, payment)
    payment = replace(
        payment,
        fees=booked.fees,
        settlement_id=booked.settlement_id,
        balance_transaction_id=booked.balance_transaction_id,
    )
    await payments.update_payment(connection, payment, was=payment.status)
    view = await make_view(connection, payment)
    await tell_payment(connection, desk, moment, view, EventType.PAYMENT_COMPLETED)
    if plan is not None:
        await tell_collected_at_once(connection, desk, moment, plan)
    return view


def refuse_unmoved(spoken: Spoken, payment_id: str, *, verb: str) -> PaymentRefused:
    """The bank did not do what was asked of it: the payment is as it was."""
    if spoken.outcome is Outcome.UNKNOWN:
        return PaymentRefused(
            Fault.UPSTREAM_ERROR,
            f"The bank has not said yet whether the payment is {verb}. Read the payment in a minute.",
            resource=payment_id,
        )
    return PaymentRefused(
        Fault.UPSTREAM_ERROR,
        f"The bank did not answer as it should: the payment is not {verb}. Try again.",
        resource=payment_id,
    )
