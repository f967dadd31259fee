"""Attempts as steps: written before the bank is asked, ended after it answered, no transaction open between.

Whoever dies in between leaves an attempt without outcome and a task that resolves it (`attempt_sweep`).
"""

from dataclasses import dataclass
from datetime import timedelta

from parcela.domain.orders import Outcome, TransactionKind
from parcela.domain.payments.events import EventType
from parcela.domain.payments.records import CancellationReason, Payment
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.acquirer_attempts import LEASE_S, Spoken, Superseded, send_message
from parcela.operations.acquiring import AcquirerRequest, PaymentCard
from parcela.operations.payments.acquirer_profiles import make_profile
from parcela.operations.payments.agenda import drop_tasks, plan_task, settle_task
from parcela.operations.payments.desk import PaymentsDesk, PaymentView
from parcela.operations.payments.events import Happening, tell
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.payments import attempts
from parcela.store.payments.attempts import AttemptEnd, PaymentAttempt

RESOLVE_AFTER = timedelta(seconds=LEASE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttempt:
    """What is to be asked of the bank. A challenged attempt waits for the cardholder first."""

    kind: TransactionKind
    amount_minor: int
    is_hosted: bool = False
    reason: CancellationReason | None = None
    challenge_key: bytes | None = None


async def begin_attempt(
    connection: Connection, moment: AccountMoment, payment: Payment, new: NewAttempt
) -> PaymentAttempt:
    """Write an attempt for a payment that is locked. Raises PaymentRefused while another is under way."""
    await check_idle(connection, payment)
    number = await attempts.count_attempts(connection, payment.owner, payment.payment_id) + 1
    attempt = PaymentAttempt(
        owner=payment.owner,
        payment_id=payment.payment_id,
        number=number,
        kind=new.kind,
        state="sent" if new.challenge_key is None else "challenged",
        amount_minor=new.amount_minor,
        started_at=moment.now,
        is_hosted=new.is_hosted,
        reason=new.reason,
        challenge_key=new.challenge_key,
    )
    await attempts.insert_attempt(connection, attempt, lease_s=LEASE_S)
    if new.challenge_key is None:
        await plan_resolution(connection, moment, payment.payment_id)
    return attempt


async def check_idle(connection: Connection, payment: Payment) -> None:
    """Raises PaymentRefused (409) while the bank is being asked about the payment."""
    held = await attempts.find_attempt_under_way(connection, payment.owner, payment.payment_id)
    if held is not None and held.state == "sent":
        raise PaymentRefused(
            Fault.RESOURCE_BUSY,
            "Another call is working on this payment. Try again in a moment.",
            resource=payment.payment_id,
        )


async def plan_resolution(connection: Connection, moment: AccountMoment, payment_id: str) -> None:
    """Have an attempt resolved in case whoever asks the bank never comes back."""
    due_at = moment.now + RESOLVE_AFTER
    await plan_task(connection, moment.owner, TaskKind.RESOLVE_ATTEMPT, payment_id, due_at=due_at)


async def call_bank(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    attempt: PaymentAttempt,
    *,
    card: PaymentCard | None = None,
    original: str | None = None,
) -> Spoken:
    """Ask the bank, at most 20 s; what stays without an answer is reversed.

    UNKNOWN when that got no answer either, or the bank itself cannot say.
    """
    return await send_message(
        desk.acquirer, make_request(moment, payment, attempt, card=card, original=original)
    )


def make_request(
    moment: AccountMoment,
    payment: Payment,
    attempt: PaymentAttempt,
    *,
    card: PaymentCard | None = None,
    original: str | None = None,
) -> AcquirerRequest:
    """The message of an attempt; the same one again is the same message."""
    return AcquirerRequest(
        message_id=attempt.message_id,
        kind=attempt.kind,
        profile=make_profile(moment),
        amount_minor=attempt.amount_minor,
        currency=payment.currency,
        requested_at=moment.now,
        card=card,
        original=original,
        plan_id=payment.plan_id,
    )


async def end_attempt(
    connection: Connection,
    moment: AccountMoment,
    attempt: PaymentAttempt,
    spoken: Spoken,
    *,
    task: Task | None = None,
) -> None:
    """Write the outcome, in the transaction of its effect. Raises Superseded, or TaskLost for its `task`."""
    facts = spoken.facts
    end = AttemptEnd(
        outcome=spoken.outcome,
        at=max(moment.now, attempt.started_at),
        reference=None if facts is None else facts.reference,
        response_code=None if facts is None else facts.response_code,
        authorization_code=None if facts is None else facts.authorization_code,
    )
    if not await attempts.update_ended(connection, attempt, end):
        raise Superseded
    if task is not None and task.kind is TaskKind.RESOLVE_ATTEMPT:
        await settle_task(connection, task)
    else:
        await drop_tasks(connection, moment.owner, TaskKind.RESOLVE_ATTEMPT, [attempt.payment_id])
        if task is not None:
            await settle_task(connection, task)


async def tell_payment(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    view: PaymentView,
    *types: EventType,
) -> None:
    """Tell what happened to a payment, in this order, with the payment as it stands now."""
    document = desk.renderer.render_payment(view)
    await tell(
        connection, desk, moment, [Happening(type_, view.payment.payment_id, document) for type_ in types]
    )


SPOKEN_NOTHING = Spoken(outcome=Outcome.FAILED)
"""How an attempt ends whose bank was never asked."""
