"""3-D Secure: the challenge of a card as the cardholder's page sees it, and its answer (§4).

Whoever has the page's token may answer, once. The form of each attempt has a token of its own.
"""

import hmac
from dataclasses import dataclass, field
from enum import StrEnum

from parcela.domain.payments.declines import NOT_AUTHENTICATED
from parcela.domain.payments.events import EventType
from parcela.domain.payments.payment_decisions import decide_authenticated, decide_decline
from parcela.domain.payments.records import CancellationReason, Payment, PaymentStatus
from parcela.domain.payments.tasks import TaskKind
from parcela.operations.acquirer_attempts import LEASE_S
from parcela.operations.acquiring import PaymentCard
from parcela.operations.engine import MAIN_TENANT
from parcela.operations.payments.agenda import drop_tasks, find_account_moment
from parcela.operations.payments.attempt_calls import (
    SPOKEN_NOTHING,
    end_attempt,
    plan_resolution,
    tell_payment,
)
from parcela.operations.payments.cancellations import Stop, stop_payment
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_attempts import may_try_again, send_submitted, write_declined
from parcela.operations.payments.payment_links import PageKind, hash_token, make_token
from parcela.operations.payments.payment_methods import open_payment_card
from parcela.operations.payments.payment_reading import get_locked_payment, make_view
from parcela.store.database import Connection
from parcela.store.payments import attempts, payment_methods, payments
from parcela.store.payments.attempts import PaymentAttempt


class ChallengeAnswer(StrEnum):
    """What the cardholder does on the page."""

    PASS = "pass"
    FAIL = "fail"
    CANCEL = "cancel"


class ChallengeMissing(Exception):
    """There is no challenge with this token."""


class FormStale(Exception):
    """The form was made for another attempt, or not by us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A challenge as its page needs it. `is_open`: it waits for an answer."""

    moment: AccountMoment
    payment: Payment
    attempt: PaymentAttempt
    form_token: str = field(repr=False)

    @property
    def is_open(self) -> bool:
        """May it still be answered?"""
        return self.attempt.state == "challenged"


async def find_challenge(desk: PaymentsDesk, token: str) -> Challenge:
    """The challenge behind a page's token, answered or not. Raises ChallengeMissing."""
    engine = desk.engine
    world = await engine.look()
    async with engine.database.connection() as connection:
        attempt = await attempts.find_challenged_attempt(connection, MAIN_TENANT, hash_token(token))
        if attempt is None:
            raise ChallengeMissing
        payment = await payments.find_payment(connection, attempt.owner, attempt.payment_id)
    moment = await find_account_moment(engine, world, attempt.owner)
    if moment is None or payment is None:
        raise ChallengeMissing
    form_token = make_token(
        engine.vault, attempt.owner.tenant_id, PageKind.CHALLENGE, f"{attempt.message_id}|form"
    )
    return Challenge(moment=moment, payment=payment, attempt=attempt, form_token=form_token)


async def answer_challenge(
    desk: PaymentsDesk, token: str, answer: ChallengeAnswer, *, form_token: str
) -> Payment:
    """Answer a challenge, once: the payment as it stands then. A second answer changes nothing.

    Raises ChallengeMissing, FormStale.
    """
    challenge = await find_challenge(desk, token)
    if not hmac.compare_digest(form_token.encode(), challenge.form_token.encode()):
        raise FormStale
    if not challenge.is_open:
        return challenge.payment
    if answer is ChallengeAnswer.PASS:
        return await _pass(desk, challenge)
    return await _end(desk, challenge, answer)


async def _pass(desk: PaymentsDesk, challenge: Challenge) -> Payment:
    moment, attempt = challenge.moment, challenge.attempt
    card = await _open_card(desk, challenge)

    async def work(connection: Connection) -> Payment | None:
        payment = await get_locked_payment(connection, moment, attempt.payment_id)
        if not await attempts.update_sent(connection, attempt, lease_s=LEASE_S):
            return None
        authenticated = decide_authenticated(payment)
        await payments.update_payment(connection, authenticated, was=payment.status)
        await plan_resolution(connection, moment, payment.payment_id)
        if not payment.has_checkout:
            await drop_tasks(connection, moment.owner, TaskKind.EXPIRE_CHECKOUT, [payment.payment_id])
        assert payment.payment_method_id is not None, "a card was submitted"
        await payment_methods.update_code_wiped(connection, moment.owner, payment.payment_method_id)
        view = await make_view(connection, authenticated)
        await tell_payment(connection, desk, moment, view, EventType.PAYMENT_PROCESSING)
        return authenticated

    payment = await desk.engine.database.run(work)
    if payment is None:
        return await _read_again(desk, challenge)
    view = await send_submitted(desk, moment, payment, attempt, card)
    return view.payment


async def _end(desk: PaymentsDesk, challenge: Challenge, answer: ChallengeAnswer) -> Payment:
    """A challenge that was failed ends the payment, or its attempt; one that was left cancels it."""
    moment, attempt = challenge.moment, challenge.attempt

    async def work(connection: Connection) -> Payment:
        payment = await get_locked_payment(connection, moment, attempt.payment_id)
        held = await attempts.find_attempt_under_way(connection, moment.owner, attempt.payment_id)
        is_waiting = payment.status is PaymentStatus.REQUIRES_AUTHENTICATION
        if not is_waiting or held is None or held.number != attempt.number:
            return payment
        if answer is ChallengeAnswer.CANCEL:
            stop = Stop(reason=CancellationReason.ABANDONED)
            return (await stop_payment(connection, desk, moment, payment, stop)).payment
        await end_attempt(connection, moment, held, SPOKEN_NOTHING)
        declined = decide_decline(
            payment,
            decline=None,
            message=NOT_AUTHENTICATED,
            is_authentication=True,
            may_try_again=may_try_again(attempt),
        )
        return (await write_declined(connection, desk, moment, payment, declined)).payment

    return await desk.engine.database.run(work)


async def _open_card(desk: PaymentsDesk, challenge: Challenge) -> PaymentCard:
    method_id = challenge.payment.payment_method_id
    assert method_id is not None, "a card was submitted"
    async with desk.engine.database.connection() as connection:
        held = await payment_methods.find_open_method(connection, challenge.moment.owner, method_id)
    assert held is not None, "a method that was used is kept"
    return open_payment_card(desk, held)


async def _read_again(desk: PaymentsDesk, challenge: Challenge) -> Payment:
    async with desk.engine.database.connection() as connection:
        found = await payments.find_payment(connection, challenge.moment.owner, challenge.payment.payment_id)
    assert found is not None, "payments are not deleted"
    return found
