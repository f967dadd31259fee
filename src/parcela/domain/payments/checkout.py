"""Where a shopper stands on the hosted page of a payment (`spec/payments.md` §15)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from parcela.domain.payments.records import CancellationReason, Owner, Payment, PaymentStatus
from parcela.domain.payments.refusals import DeclineCode


class CheckoutStep(StrEnum):
    """What a pending payment waits for on its page; `details` is what a lender or an issuer asks for."""

    CARD = "card"
    CHOICE = "choice"
    DETAILS = "details"
    REVIEW = "review"


class CheckoutNotice(StrEnum):
    """What came of the form before. What a bank said of a card is told from the payment itself."""

    LAPSED = "lapsed"
    PLAN_DECLINED = "plan_declined"
    CREDIT_DECLINED = "credit_declined"
    PLAN_UNAVAILABLE = "plan_unavailable"
    FAILED = "failed"


class CheckoutState(StrEnum):
    """What the page shows."""

    CARD = "card"
    CHOICE = "choice"
    DETAILS = "details"
    REVIEW = "review"
    CHALLENGE = "challenge"
    WAITING = "waiting"
    COMPLETED = "completed"
    ALREADY_PAID = "already_paid"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutSession:
    """One browser on the page of one payment. `serial` counts the forms that were taken.

    `offer_id` None at the review: the shopper pays in full. `asked` is the one more member that a lender or
    an issuer wants to know (`billingDetails.phone`).
    """

    owner: Owner
    payment_id: str
    browser_key: bytes = field(repr=False)
    serial: int = 0
    step: CheckoutStep = CheckoutStep.CARD
    payment_method_id: str | None = None
    offer_id: str | None = None
    asked: str | None = None
    notice: CheckoutNotice | None = None


STEP_FORMS: dict[CheckoutStep, frozenset[str]] = {
    CheckoutStep.CARD: frozenset({"card", "cancel"}),
    CheckoutStep.CHOICE: frozenset({"choice", "other-card", "cancel"}),
    CheckoutStep.DETAILS: frozenset({"details", "other-plan", "other-card", "cancel"}),
    CheckoutStep.REVIEW: frozenset({"pay", "other-plan", "other-card", "cancel"}),
}
"""The forms that each step's page has."""

_PAID = frozenset({PaymentStatus.AUTHORIZED, PaymentStatus.COMPLETED})
_CARD_FAULTS = frozenset({DeclineCode.INCORRECT_CVC, DeclineCode.EXPIRED_CARD})


def find_state(payment: Payment, session: CheckoutSession, *, now: datetime) -> CheckoutState:
    """What the page shows this browser now. Only the one that paid sees what was agreed."""
    is_own = session.payment_method_id is not None and session.payment_method_id == payment.payment_method_id
    if payment.status is PaymentStatus.PENDING:
        if payment.expires_at is not None and payment.expires_at <= now:
            return CheckoutState.EXPIRED
        return CheckoutState(session.step)
    if payment.status is PaymentStatus.REQUIRES_AUTHENTICATION:
        return CheckoutState.CHALLENGE if is_own else CheckoutState.WAITING
    if payment.status is PaymentStatus.PROCESSING:
        return CheckoutState.WAITING
    if payment.status is PaymentStatus.FAILED:
        return CheckoutState.DECLINED
    if payment.status is PaymentStatus.CANCELLED:
        is_expired = payment.cancellation_reason is CancellationReason.EXPIRED
        return CheckoutState.EXPIRED if is_expired else CheckoutState.CANCELLED
    return CheckoutState.COMPLETED if is_own and payment.status in _PAID else CheckoutState.ALREADY_PAID


def find_step_after_decline(payment: Payment) -> CheckoutStep:
    """Where a shopper goes on whose card was refused: to the card where that was at fault, else to the plans.

    A payment without plans has no choice to go back to.
    """
    if payment.decline in _CARD_FAULTS or not payment.wish.is_enabled:
        return CheckoutStep.CARD
    return CheckoutStep.CHOICE
