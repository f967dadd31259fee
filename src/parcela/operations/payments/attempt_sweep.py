"""Resolving what nobody knows: attempts whose process is gone, or whose bank was silent (RESOLVE_ATTEMPT).

The task is written with the attempt, so it is there whenever somebody dies. A lease keeps two from one
attempt, and the bank takes a message that comes again as the same one.
"""

import asyncio
from collections.abc import Mapping

import structlog

from parcela.domain.orders import Outcome, TransactionKind
from parcela.domain.payments.records import Payment
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.acquirer_attempts import LEASE_S, Spoken, Superseded
from parcela.operations.acquiring import AcquirerReply, AcquirerSilent
from parcela.operations.payments.acquirer_profiles import make_profile
from parcela.operations.payments.agenda import TaskHandler, settle_task
from parcela.operations.payments.attempt_calls import make_request
from parcela.operations.payments.cancellations import conclude_void, expire_checkout, lapse_authorization
from parcela.operations.payments.captures import conclude_capture
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_attempts import conclude_purchase
from parcela.operations.payments.payment_methods import forget_payment_method
from parcela.store.database import Connection
from parcela.store.payments import agenda, attempts, payments
from parcela.store.payments.attempts import PaymentAttempt

CALL_TIMEOUT_S = 20
_SAID_NOTHING = frozenset({Outcome.UNKNOWN, Outcome.TIMED_OUT})

log = structlog.get_logger("parcela.payments")


async def resolve_attempt(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """Find out what became of a payment's attempt, and write it. While somebody is at it, it is left alone.

    What the bank approved stands; what it never saw, or cannot say, is reversed.
    """

    async def claim(connection: Connection) -> tuple[Payment, PaymentAttempt, str | None] | None:
        held = await attempts.find_attempt_under_way(connection, moment.owner, task.subject_id)
        if held is None or held.state != "sent":
            await settle_task(connection, task)
            return None
        attempt = await attempts.claim_attempt(connection, moment.owner, task.subject_id, lease_s=LEASE_S)
        if attempt is None:
            await agenda.postpone_task(connection, task, after_s=LEASE_S)
            return None
        payment = await payments.find_payment(connection, moment.owner, task.subject_id)
        purchase = await attempts.find_purchase(connection, moment.owner, task.subject_id)
        assert payment is not None, "a foreign key keeps the payment of every attempt"
        return payment, attempt, None if purchase is None else purchase.reference

    claimed = await desk.engine.database.run(claim)
    if claimed is None:
        return
    payment, attempt, original = claimed
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            spoken = await _find_out(desk, moment, payment, attempt, original=original)
    except (AcquirerSilent, TimeoutError):
        log.warning("attempt unanswered", payment=payment.payment_id, number=attempt.number)
        async with desk.engine.database.connection() as connection:
            await agenda.postpone_task(connection, task, after_s=LEASE_S)
        return
    await _conclude(desk, moment, attempt, spoken, task=task)


async def _find_out(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    attempt: PaymentAttempt,
    *,
    original: str | None,
) -> Spoken:
    """What became of a message at the bank. Raises AcquirerSilent."""
    profile = make_profile(moment)
    if attempt.kind is TransactionKind.VOID_AUTHORIZATION:
        # To release what is held is wanted for good: the same message is sent until it is answered.
        reply: AcquirerReply | None = await desk.acquirer.send(
            make_request(moment, payment, attempt, original=original)
        )
    else:
        reply = await desk.acquirer.find(profile, attempt.message_id)
    if reply is not None and reply.outcome not in _SAID_NOTHING:
        return Spoken(outcome=reply.outcome, facts=reply.facts)
    await desk.acquirer.reverse(profile, attempt.message_id)
    return Spoken(outcome=Outcome.TIMED_OUT, facts=None if reply is None else reply.facts, reversal="done")


async def _conclude(
    desk: PaymentsDesk, moment: AccountMoment, attempt: PaymentAttempt, spoken: Spoken, *, task: Task
) -> None:
    try:
        if attempt.kind is TransactionKind.CAPTURE:
            await conclude_capture(desk, moment, attempt, spoken, task=task)
        elif attempt.kind is TransactionKind.VOID_AUTHORIZATION:
            await conclude_void(desk, moment, attempt, spoken, task=task)
        else:
            await conclude_purchase(desk, moment, attempt, spoken, task=task)
    except Superseded:
        log.info("attempt resolved by somebody else", payment=attempt.payment_id, number=attempt.number)


TASKS: Mapping[TaskKind, TaskHandler] = {
    TaskKind.EXPIRE_CHECKOUT: expire_checkout,
    TaskKind.LAPSE_AUTHORIZATION: lapse_authorization,
    TaskKind.RESOLVE_ATTEMPT: resolve_attempt,
    TaskKind.FORGET_PAYMENT_METHOD: forget_payment_method,
}
"""What payments and payment methods do by themselves on an account's clock."""
