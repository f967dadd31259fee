"""What the hosted page shows, by the payment and by the browser."""

from datetime import UTC, datetime, timedelta

import pytest

from parcela.domain.payments.checkout import (
    CheckoutSession,
    CheckoutState,
    CheckoutStep,
    find_state,
    find_step_after_decline,
)
from parcela.domain.payments.records import (
    CancellationReason,
    InstallmentsRequest,
    Owner,
    Payment,
    PaymentStatus,
)
from parcela.domain.payments.refusals import DeclineCode

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
OWNER = Owner(1, 2, False)


def make_payment(status: PaymentStatus, **members: object) -> Payment:
    """A payment of ours with a card, whose page ends in an hour."""
    return Payment(
        **{  # type: ignore[arg-type]
            "payment_id": "pay_1",
            "owner": OWNER,
            "status": status,
            "amount_minor": 60000,
            "currency": "EUR",
            "payment_method_id": "pm_1",
            "expires_at": NOW + timedelta(hours=1),
            "created_at": NOW,
            **members,
        }
    )


def make_session(method_id: str | None = "pm_1", step: CheckoutStep = CheckoutStep.REVIEW) -> CheckoutSession:
    """A browser that typed a card."""
    return CheckoutSession(
        owner=OWNER, payment_id="pay_1", browser_key=bytes(32), step=step, payment_method_id=method_id
    )


# The payment's status; what the browser that pays sees, and what another one sees.
@pytest.mark.parametrize(
    ("status", "own", "other"),
    [
        (PaymentStatus.PENDING, CheckoutState.REVIEW, CheckoutState.REVIEW),
        (PaymentStatus.REQUIRES_AUTHENTICATION, CheckoutState.CHALLENGE, CheckoutState.WAITING),
        (PaymentStatus.PROCESSING, CheckoutState.WAITING, CheckoutState.WAITING),
        (PaymentStatus.AUTHORIZED, CheckoutState.COMPLETED, CheckoutState.ALREADY_PAID),
        (PaymentStatus.COMPLETED, CheckoutState.COMPLETED, CheckoutState.ALREADY_PAID),
        (PaymentStatus.PARTIALLY_REFUNDED, CheckoutState.ALREADY_PAID, CheckoutState.ALREADY_PAID),
        (PaymentStatus.REFUNDED, CheckoutState.ALREADY_PAID, CheckoutState.ALREADY_PAID),
        (PaymentStatus.FAILED, CheckoutState.DECLINED, CheckoutState.DECLINED),
        (PaymentStatus.CANCELLED, CheckoutState.CANCELLED, CheckoutState.CANCELLED),
    ],
)
def test_the_state_of_a_page(status: PaymentStatus, own: CheckoutState, other: CheckoutState) -> None:
    payment = make_payment(status)
    assert find_state(payment, make_session(), now=NOW) is own
    assert find_state(payment, make_session("pm_2"), now=NOW) is other


@pytest.mark.parametrize("step", list(CheckoutStep))
def test_a_pending_payment_shows_the_step(step: CheckoutStep) -> None:
    payment = make_payment(PaymentStatus.PENDING)
    assert find_state(payment, make_session(step=step), now=NOW) is CheckoutState(step)


def test_the_page_ends_at_its_instant() -> None:
    payment, session = make_payment(PaymentStatus.PENDING), make_session()
    end = NOW + timedelta(hours=1)
    assert find_state(payment, session, now=end - timedelta(seconds=1)) is CheckoutState.REVIEW
    assert find_state(payment, session, now=end) is CheckoutState.EXPIRED
    ended = make_payment(PaymentStatus.CANCELLED, cancellation_reason=CancellationReason.EXPIRED)
    assert find_state(ended, session, now=end) is CheckoutState.EXPIRED


@pytest.mark.parametrize(
    ("decline", "has_plans", "step"),
    [
        (DeclineCode.INSUFFICIENT_FUNDS, True, CheckoutStep.CHOICE),
        (None, True, CheckoutStep.CHOICE),
        (DeclineCode.INCORRECT_CVC, True, CheckoutStep.CARD),
        (DeclineCode.EXPIRED_CARD, True, CheckoutStep.CARD),
        (DeclineCode.INSUFFICIENT_FUNDS, False, CheckoutStep.CARD),
    ],
)
def test_where_a_declined_card_leads(
    decline: DeclineCode | None, has_plans: bool, step: CheckoutStep
) -> None:
    payment = make_payment(
        PaymentStatus.PENDING, decline=decline, wish=InstallmentsRequest(is_enabled=has_plans)
    )
    assert find_step_after_decline(payment) is step
