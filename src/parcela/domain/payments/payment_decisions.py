"""What may become of a payment (`spec/payments.md` §§3.2 and 4): every transition, and refusal of any other.

A decision takes a payment and gives the payment as it stands afterwards. Amounts are minor units.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from parcela.domain.payments.records import (
    AuthenticationStatus,
    CancellationReason,
    CaptureMethod,
    IgnoredField,
    InstallmentsRequest,
    Payment,
    PaymentStatus,
    ProgramFilter,
    UnavailableReason,
)
from parcela.domain.payments.refusals import DeclineCode, Fault, PaymentRefused

MAX_HOSTED_ATTEMPTS = 5
"""So many cards may be tried on the hosted page (§3.2)."""


class PaymentAction(StrEnum):
    """What happens to a payment."""

    CHALLENGE = "challenge"
    SUBMIT = "submit"
    APPROVE_CAPTURED = "approve_captured"
    APPROVE_HELD = "approve_held"
    DECLINE = "decline"
    RETRY = "retry"
    """Hosted page only: refused, and another card may be tried."""
    CAPTURE = "capture"
    CANCEL = "cancel"
    EXPIRE = "expire"
    LAPSE = "lapse"
    REFUND_PART = "refund_part"
    REFUND_REST = "refund_rest"


TRANSITIONS: dict[tuple[PaymentStatus, PaymentAction], PaymentStatus] = {
    (PaymentStatus.PENDING, PaymentAction.CHALLENGE): PaymentStatus.REQUIRES_AUTHENTICATION,
    (PaymentStatus.PENDING, PaymentAction.SUBMIT): PaymentStatus.PROCESSING,
    (PaymentStatus.PENDING, PaymentAction.CANCEL): PaymentStatus.CANCELLED,
    (PaymentStatus.PENDING, PaymentAction.EXPIRE): PaymentStatus.CANCELLED,
    (PaymentStatus.REQUIRES_AUTHENTICATION, PaymentAction.SUBMIT): PaymentStatus.PROCESSING,
    (PaymentStatus.REQUIRES_AUTHENTICATION, PaymentAction.APPROVE_CAPTURED): PaymentStatus.COMPLETED,
    (PaymentStatus.REQUIRES_AUTHENTICATION, PaymentAction.APPROVE_HELD): PaymentStatus.AUTHORIZED,
    (PaymentStatus.REQUIRES_AUTHENTICATION, PaymentAction.DECLINE): PaymentStatus.FAILED,
    (PaymentStatus.REQUIRES_AUTHENTICATION, PaymentAction.RETRY): PaymentStatus.PENDING,
    (PaymentStatus.REQUIRES_AUTHENTICATION, PaymentAction.CANCEL): PaymentStatus.CANCELLED,
    (PaymentStatus.REQUIRES_AUTHENTICATION, PaymentAction.EXPIRE): PaymentStatus.CANCELLED,
    (PaymentStatus.PROCESSING, PaymentAction.APPROVE_CAPTURED): PaymentStatus.COMPLETED,
    (PaymentStatus.PROCESSING, PaymentAction.APPROVE_HELD): PaymentStatus.AUTHORIZED,
    (PaymentStatus.PROCESSING, PaymentAction.DECLINE): PaymentStatus.FAILED,
    (PaymentStatus.PROCESSING, PaymentAction.RETRY): PaymentStatus.PENDING,
    (PaymentStatus.AUTHORIZED, PaymentAction.CAPTURE): PaymentStatus.COMPLETED,
    (PaymentStatus.AUTHORIZED, PaymentAction.CANCEL): PaymentStatus.CANCELLED,
    (PaymentStatus.AUTHORIZED, PaymentAction.LAPSE): PaymentStatus.CANCELLED,
    (PaymentStatus.COMPLETED, PaymentAction.REFUND_PART): PaymentStatus.PARTIALLY_REFUNDED,
    (PaymentStatus.COMPLETED, PaymentAction.REFUND_REST): PaymentStatus.REFUNDED,
    (PaymentStatus.PARTIALLY_REFUNDED, PaymentAction.REFUND_PART): PaymentStatus.PARTIALLY_REFUNDED,
    (PaymentStatus.PARTIALLY_REFUNDED, PaymentAction.REFUND_REST): PaymentStatus.REFUNDED,
}

_FAULTS = {
    PaymentAction.CAPTURE: (Fault.PAYMENT_NOT_CAPTURABLE, "captured", "authorized"),
    PaymentAction.CANCEL: (
        Fault.PAYMENT_NOT_CANCELLABLE,
        "cancelled",
        "pending, requires_authentication or authorized",
    ),
    PaymentAction.REFUND_PART: (
        Fault.PAYMENT_NOT_REFUNDABLE,
        "refunded",
        "completed or partially_refunded",
    ),
    PaymentAction.REFUND_REST: (
        Fault.PAYMENT_NOT_REFUNDABLE,
        "refunded",
        "completed or partially_refunded",
    ),
}
_CONFIRMATION = (Fault.PAYMENT_NOT_CONFIRMABLE, "confirmed", "pending")
_REASONS = {
    PaymentAction.EXPIRE: CancellationReason.EXPIRED,
    PaymentAction.LAPSE: CancellationReason.AUTHORIZATION_EXPIRED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A card that is submitted for a payment: with what wish, and what came of the search for a plan.

    `plan_id`, `resolved_count` and `issuer_program` are None where there is no plan.
    """

    payment_method_id: str
    wish: InstallmentsRequest
    needs_challenge: bool
    return_url: str | None = None
    plan_id: str | None = None
    resolved_count: int | None = None
    issuer_program: str | None = None
    unavailable: tuple[UnavailableReason, ...] = ()
    ignored: tuple[IgnoredField, ...] = ()


def decide_status(payment: Payment, action: PaymentAction) -> PaymentStatus:
    """The status after an action. Raises PaymentRefused where the table has no such transition."""
    after = TRANSITIONS.get((payment.status, action))
    if after is None:
        fault, done, wanted = _FAULTS.get(action, _CONFIRMATION)
        raise PaymentRefused(
            fault,
            f"This payment is {payment.status}; only one that is {wanted} can be {done}.",
            resource=payment.payment_id,
            details={"status": str(payment.status)},
        )
    return after


def check_confirmable(payment: Payment) -> None:
    """Raises PaymentRefused for a payment that does not wait for a card."""
    decide_status(payment, PaymentAction.CHALLENGE)


def decide_wish(payment: Payment, wish: InstallmentsRequest | None) -> InstallmentsRequest:
    """What counts as asked with a card: what came with it replaces what was asked on create (§4).

    First date and program, for which a confirmation needs no words, stay unless it gives others.
    """
    first = payment.wish
    if wish is None or not (wish.is_enabled and first.is_enabled):
        return first if wish is None else wish
    return replace(
        wish,
        first_payment_date=wish.first_payment_date or first.first_payment_date,
        program=first.program if wish.program is ProgramFilter.ANY else wish.program,
    )


def decide_submission(payment: Payment, submission: Submission) -> Payment:
    """A pending payment gets its card: it waits for 3-D Secure, or for the bank. Raises PaymentRefused."""
    check_confirmable(payment)
    challenged = submission.needs_challenge
    action = PaymentAction.CHALLENGE if challenged else PaymentAction.SUBMIT
    return replace(
        payment,
        status=decide_status(payment, action),
        payment_method_id=submission.payment_method_id,
        return_url=submission.return_url or payment.return_url,
        authentication=AuthenticationStatus.REQUIRED if challenged else AuthenticationStatus.NOT_REQUIRED,
        wish=submission.wish,
        plan_id=submission.plan_id,
        resolved_count=submission.resolved_count,
        issuer_program=submission.issuer_program,
        unavailable=submission.unavailable,
        ignored=submission.ignored,
        decline=None,
        failure_message=None,
    )


def decide_authenticated(payment: Payment) -> Payment:
    """The challenge was passed: the bank is asked now."""
    assert payment.status is PaymentStatus.REQUIRES_AUTHENTICATION
    return replace(
        payment,
        status=decide_status(payment, PaymentAction.SUBMIT),
        authentication=AuthenticationStatus.SUCCEEDED,
    )


def decide_approval(payment: Payment, *, at: datetime) -> Payment:
    """The bank approved: the money is taken, or held where the merchant captures by hand."""
    if payment.capture_method is CaptureMethod.MANUAL:
        status = decide_status(payment, PaymentAction.APPROVE_HELD)
        return replace(payment, status=status, authorized_minor=payment.amount_minor)
    return replace(
        payment,
        status=decide_status(payment, PaymentAction.APPROVE_CAPTURED),
        captured_minor=payment.amount_minor,
        captured_at=at,
    )


def decide_decline(
    payment: Payment,
    *,
    decline: DeclineCode | None,
    message: str,
    is_authentication: bool = False,
    may_try_again: bool = False,
) -> Payment:
    """The bank declined, or nobody was authenticated: the payment ends, or waits for another card.

    A plan that was agreed falls with it; one that failed still names it.
    """
    action = PaymentAction.RETRY if may_try_again else PaymentAction.DECLINE
    if may_try_again:
        payment = replace(payment, plan_id=None, resolved_count=None, issuer_program=None)
    return replace(
        payment,
        status=decide_status(payment, action),
        authentication=AuthenticationStatus.FAILED if is_authentication else payment.authentication,
        decline=decline,
        failure_message=message,
    )


def decide_capture_amount(payment: Payment, amount_minor: int | None) -> int:
    """How much a capture takes: all that is held, or less. Raises PaymentRefused."""
    decide_status(payment, PaymentAction.CAPTURE)
    held = payment.authorized_minor
    if amount_minor is None:
        return held
    if amount_minor > held:
        raise PaymentRefused(
            Fault.CAPTURE_AMOUNT_TOO_LARGE,
            f"The most that can be captured is {held}.",
            param="amount",
            resource=payment.payment_id,
            details={"maximum": held},
        )
    if amount_minor < held and payment.plan_id is not None:
        raise PaymentRefused(
            Fault.PARTIAL_CAPTURE_WITH_PLAN,
            f"The plan was agreed for the full amount: capture {held}, or cancel the payment.",
            param="amount",
            resource=payment.payment_id,
            details={"amount": held},
        )
    return amount_minor


def decide_captured(payment: Payment, amount_minor: int, *, at: datetime) -> Payment:
    """The money was taken; what was held beyond it is released for good."""
    assert 0 < amount_minor <= payment.authorized_minor
    return replace(
        payment,
        status=decide_status(payment, PaymentAction.CAPTURE),
        authorized_minor=0,
        captured_minor=amount_minor,
        captured_at=at,
    )


def decide_cancellation(
    payment: Payment,
    *,
    action: PaymentAction = PaymentAction.CANCEL,
    reason: CancellationReason = CancellationReason.REQUESTED_BY_MERCHANT,
) -> Payment:
    """The payment ends before any money is taken. Raises PaymentRefused."""
    return replace(
        payment,
        status=decide_status(payment, action),
        authorized_minor=0,
        cancellation_reason=_REASONS.get(action, reason),
    )


def decide_refunded(payment: Payment, amount_minor: int) -> Payment:
    """A refund succeeded: it is pending no longer. Raises PaymentRefused."""
    refunded = payment.refunded_minor + amount_minor
    assert 0 < amount_minor <= payment.refund_pending_minor and refunded <= payment.captured_minor
    is_all = refunded == payment.captured_minor
    action = PaymentAction.REFUND_REST if is_all else PaymentAction.REFUND_PART
    return replace(
        payment,
        status=decide_status(payment, action),
        refunded_minor=refunded,
        refund_pending_minor=payment.refund_pending_minor - amount_minor,
    )


def find_refusal(payment: Payment) -> PaymentRefused | None:
    """Why a payment failed, as its caller is told (402); None for one that did not."""
    if payment.status is not PaymentStatus.FAILED:
        return None
    if payment.authentication is AuthenticationStatus.FAILED:
        fault = Fault.AUTHENTICATION_FAILED
    else:
        fault = Fault.CARD_DECLINED if payment.decline is not None else Fault.PROCESSING_ERROR
    return PaymentRefused(
        fault,
        payment.failure_message or "The payment failed.",
        decline=payment.decline,
        resource=payment.payment_id,
    )
