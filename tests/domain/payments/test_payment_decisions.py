"""Every transition of a payment, and refusal of every other (`spec/payments.md` §3.2)."""

from datetime import UTC, date, datetime

import pytest

from parcela.domain.orders import Outcome
from parcela.domain.payments.declines import describe_decline, find_decline
from parcela.domain.payments.payment_decisions import (
    TRANSITIONS,
    PaymentAction,
    Submission,
    decide_approval,
    decide_cancellation,
    decide_capture_amount,
    decide_captured,
    decide_decline,
    decide_refunded,
    decide_status,
    decide_submission,
    decide_wish,
    find_refusal,
)
from parcela.domain.payments.records import (
    AuthenticationStatus,
    CancellationReason,
    CaptureMethod,
    InstallmentsRequest,
    Owner,
    Payment,
    PaymentStatus,
    ProgramFilter,
)
from parcela.domain.payments.refusals import DeclineCode, Fault, PaymentRefused

NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY = date(2026, 8, 1)
ISSUER = ProgramFilter.ISSUER

# The table of §3.2, row by row: from, to.
DOCUMENTED = {
    ("pending", "requires_authentication"),
    ("pending", "processing"),
    ("pending", "cancelled"),
    ("requires_authentication", "completed"),
    ("requires_authentication", "authorized"),
    ("requires_authentication", "processing"),
    ("requires_authentication", "failed"),
    ("requires_authentication", "cancelled"),
    ("processing", "completed"),
    ("processing", "authorized"),
    ("processing", "failed"),
    ("requires_authentication", "pending"),
    ("processing", "pending"),
    ("authorized", "completed"),
    ("authorized", "cancelled"),
    ("completed", "partially_refunded"),
    ("completed", "refunded"),
    ("partially_refunded", "partially_refunded"),
    ("partially_refunded", "refunded"),
}


def make_payment(status: PaymentStatus = PaymentStatus.PENDING, **members: object) -> Payment:
    values: dict[str, object] = {
        "payment_id": "pay_1",
        "owner": Owner(1, 1, False),
        "status": status,
        "amount_minor": 60000,
        "currency": "EUR",
        "created_at": NOW,
    }
    return Payment(**values | members)  # type: ignore[arg-type]


def test_the_table_holds_the_documented_transitions_and_no_others() -> None:
    assert {(str(was), str(becomes)) for (was, _), becomes in TRANSITIONS.items()} == DOCUMENTED


@pytest.mark.parametrize("status", PaymentStatus)
@pytest.mark.parametrize("action", PaymentAction)
def test_every_pair_is_a_transition_or_a_refusal(status: PaymentStatus, action: PaymentAction) -> None:
    payment = make_payment(status)
    wanted = TRANSITIONS.get((status, action))
    if wanted is not None:
        assert decide_status(payment, action) is wanted
        return
    with pytest.raises(PaymentRefused) as refused:
        decide_status(payment, action)
    faults = {
        PaymentAction.CAPTURE: Fault.PAYMENT_NOT_CAPTURABLE,
        PaymentAction.CANCEL: Fault.PAYMENT_NOT_CANCELLABLE,
        PaymentAction.REFUND_PART: Fault.PAYMENT_NOT_REFUNDABLE,
        PaymentAction.REFUND_REST: Fault.PAYMENT_NOT_REFUNDABLE,
    }
    assert refused.value.fault is faults.get(action, Fault.PAYMENT_NOT_CONFIRMABLE)
    assert refused.value.resource == "pay_1"


def test_a_submission_replaces_the_wish_and_forgets_the_last_decline() -> None:
    wish = InstallmentsRequest(is_enabled=True, count=6)
    payment = make_payment(decline=DeclineCode.DO_NOT_HONOR, failure_message="no", return_url="https://a/")
    submission = Submission(payment_method_id="pm_1", wish=wish, needs_challenge=False)
    after = decide_submission(payment, submission)
    assert (after.status, after.wish, after.payment_method_id) == (PaymentStatus.PROCESSING, wish, "pm_1")
    assert (after.decline, after.failure_message, after.return_url) == (None, None, "https://a/")
    assert after.authentication is AuthenticationStatus.NOT_REQUIRED


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (None, InstallmentsRequest(is_enabled=True, count=3, first_payment_date=DAY, program=ISSUER)),
        (
            InstallmentsRequest(is_enabled=True, count=6, is_required=True),
            InstallmentsRequest(
                is_enabled=True, count=6, first_payment_date=DAY, program=ISSUER, is_required=True
            ),
        ),
        (
            InstallmentsRequest(is_enabled=True, program=ProgramFilter.VINR_BNPL),
            InstallmentsRequest(is_enabled=True, first_payment_date=DAY, program=ProgramFilter.VINR_BNPL),
        ),
        (InstallmentsRequest(), InstallmentsRequest()),
    ],
    ids=["nothing", "count", "program", "switched off"],
)
def test_a_confirmation_replaces_the_wish(
    asked: InstallmentsRequest | None, wanted: InstallmentsRequest
) -> None:
    first = InstallmentsRequest(is_enabled=True, count=3, first_payment_date=DAY, program=ISSUER)
    assert decide_wish(make_payment(wish=first), asked) == wanted


def test_a_challenged_submission_waits_for_authentication() -> None:
    submission = Submission(payment_method_id="pm_1", wish=InstallmentsRequest(), needs_challenge=True)
    after = decide_submission(make_payment(), submission)
    assert after.status is PaymentStatus.REQUIRES_AUTHENTICATION
    assert after.authentication is AuthenticationStatus.REQUIRED


@pytest.mark.parametrize(
    ("method", "status", "held", "captured"),
    [
        (CaptureMethod.AUTOMATIC, PaymentStatus.COMPLETED, 0, 60000),
        (CaptureMethod.MANUAL, PaymentStatus.AUTHORIZED, 60000, 0),
    ],
    ids=["automatic", "manual"],
)
def test_an_approval_takes_or_holds(
    method: CaptureMethod, status: PaymentStatus, held: int, captured: int
) -> None:
    after = decide_approval(make_payment(PaymentStatus.PROCESSING, capture_method=method), at=NOW)
    assert (after.status, after.authorized_minor, after.captured_minor) == (status, held, captured)
    assert after.captured_at == (NOW if captured else None)


def test_a_decline_on_the_hosted_page_leaves_the_payment_without_a_plan() -> None:
    payment = make_payment(
        PaymentStatus.PROCESSING, plan_id="p", resolved_count=3, issuer_program="visa_installments"
    )
    after = decide_decline(
        payment, decline=DeclineCode.GENERIC_DECLINE, message="The card was declined.", may_try_again=True
    )
    assert (after.status, after.plan_id, after.resolved_count) == (PaymentStatus.PENDING, None, None)
    assert find_refusal(after) is None


# Held, asked for, has a plan; then the amount or the fault.
@pytest.mark.parametrize(
    ("amount", "plan_id", "wanted"),
    [
        (None, None, 60000),
        (60000, None, 60000),
        (1, None, 1),
        (60001, None, Fault.CAPTURE_AMOUNT_TOO_LARGE),
        (None, "p", 60000),
        (60000, "p", 60000),
        (59999, "p", Fault.PARTIAL_CAPTURE_WITH_PLAN),
        (60001, "p", Fault.CAPTURE_AMOUNT_TOO_LARGE),
    ],
    ids=["all", "equal", "part", "too much", "plan all", "plan equal", "plan part", "plan too much"],
)
def test_capture_amounts(amount: int | None, plan_id: str | None, wanted: int | Fault) -> None:
    payment = make_payment(PaymentStatus.AUTHORIZED, authorized_minor=60000, plan_id=plan_id)
    if isinstance(wanted, int):
        assert decide_capture_amount(payment, amount) == wanted
        return
    with pytest.raises(PaymentRefused) as refused:
        decide_capture_amount(payment, amount)
    assert (refused.value.fault, refused.value.param) == (wanted, "amount")


def test_a_partial_capture_releases_the_rest() -> None:
    payment = make_payment(PaymentStatus.AUTHORIZED, authorized_minor=60000)
    after = decide_captured(payment, 20000, at=NOW)
    assert (after.status, after.authorized_minor, after.captured_minor) == (PaymentStatus.COMPLETED, 0, 20000)


@pytest.mark.parametrize(
    ("status", "action", "reason"),
    [
        (PaymentStatus.PENDING, PaymentAction.CANCEL, CancellationReason.ABANDONED),
        (PaymentStatus.PENDING, PaymentAction.EXPIRE, CancellationReason.EXPIRED),
        (PaymentStatus.AUTHORIZED, PaymentAction.LAPSE, CancellationReason.AUTHORIZATION_EXPIRED),
    ],
    ids=["left", "expired", "lapsed"],
)
def test_cancellations_say_why(
    status: PaymentStatus, action: PaymentAction, reason: CancellationReason
) -> None:
    payment = make_payment(status, authorized_minor=60000)
    after = decide_cancellation(payment, action=action, reason=CancellationReason.ABANDONED)
    assert (after.status, after.cancellation_reason, after.authorized_minor) == (
        PaymentStatus.CANCELLED,
        reason,
        0,
    )


@pytest.mark.parametrize(
    ("refunded", "pending", "amount", "status"),
    [
        (0, 20000, 20000, PaymentStatus.PARTIALLY_REFUNDED),
        (0, 60000, 60000, PaymentStatus.REFUNDED),
        (20000, 40000, 40000, PaymentStatus.REFUNDED),
        (20000, 40000, 10000, PaymentStatus.PARTIALLY_REFUNDED),
    ],
    ids=["part", "all", "rest", "another part"],
)
def test_refunds_move_the_status_when_they_succeed(
    refunded: int, pending: int, amount: int, status: PaymentStatus
) -> None:
    was = PaymentStatus.PARTIALLY_REFUNDED if refunded else PaymentStatus.COMPLETED
    payment = make_payment(was, captured_minor=60000, refunded_minor=refunded, refund_pending_minor=pending)
    after = decide_refunded(payment, amount)
    assert (after.status, after.refunded_minor, after.refund_pending_minor) == (
        status,
        refunded + amount,
        pending - amount,
    )


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"decline": DeclineCode.INSUFFICIENT_FUNDS}, Fault.CARD_DECLINED),
        ({"authentication": AuthenticationStatus.FAILED}, Fault.AUTHENTICATION_FAILED),
        ({}, Fault.PROCESSING_ERROR),
    ],
    ids=["declined", "not authenticated", "no answer"],
)
def test_a_failed_payment_says_why(members: dict[str, object], fault: Fault) -> None:
    refusal = find_refusal(make_payment(PaymentStatus.FAILED, failure_message="It failed.", **members))
    assert refusal is not None
    assert (refusal.fault, refusal.message, refusal.resource) == (fault, "It failed.", "pay_1")


@pytest.mark.parametrize(
    ("outcome", "code", "decline", "sentence"),
    [
        (Outcome.DECLINED, "05", DeclineCode.DO_NOT_HONOR, "The card was declined."),
        (Outcome.DECLINED, "51", DeclineCode.INSUFFICIENT_FUNDS, "The card has insufficient funds."),
        (Outcome.DECLINED, "57", DeclineCode.GENERIC_DECLINE, "The card was declined."),
        (Outcome.DECLINED, "41", DeclineCode.LOST_CARD, "The card was declined."),
        (Outcome.DECLINED, "43", DeclineCode.STOLEN_CARD, "The card was declined."),
        (Outcome.DECLINED, None, DeclineCode.GENERIC_DECLINE, "The card was declined."),
        (Outcome.EXPIRED_CARD, "54", DeclineCode.EXPIRED_CARD, "The card has expired."),
        (
            Outcome.TIMED_OUT,
            None,
            None,
            "The bank gave no answer in time. Nothing was charged; try again.",
        ),
        (
            Outcome.ACQUIRER_ERROR,
            "96",
            None,
            "The bank could not process the card. Nothing was charged; try again.",
        ),
    ],
    ids=["05", "51", "57", "lost", "stolen", "no code", "expired", "silent", "fault"],
)
def test_banks_answers_in_words(
    outcome: Outcome, code: str | None, decline: DeclineCode | None, sentence: str
) -> None:
    assert find_decline(outcome, code) is decline
    assert describe_decline(outcome, decline) == sentence
