"""How refunds live: the table of transitions, the hour in which they can be withdrawn, days, and messages."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from parcela.domain.orders import Outcome
from parcela.domain.payments.payment_decisions import decide_refunded
from parcela.domain.payments.records import FeeBreakdown, Owner, Payment, PaymentStatus
from parcela.domain.payments.refund_decisions import (
    TRANSITIONS,
    RefundAction,
    RefundCalendar,
    add_pending,
    check_withdrawable,
    drop_pending,
    end_refund,
    find_failure,
    find_simulated_failure,
    may_send_again,
    name_message,
)
from parcela.domain.payments.refunds import Refund, RefundEffect, RefundFailure, RefundKind, RefundStatus
from parcela.domain.payments.refusals import Fault, PaymentRefused

MADE_AT = datetime(2026, 8, 20, 15, 30, tzinfo=UTC)
NO_FEES = FeeBreakdown(processing_minor=0, installment_minor=0)


def make_refund() -> Refund:
    return Refund(
        refund_id="re_1",
        owner=Owner(1, 7, False),
        payment_id="pay_1",
        currency="EUR",
        status=RefundStatus.PENDING,
        reason=None,
        effect=RefundEffect(
            amount_minor=100,
            kind=RefundKind.PARTIAL,
            strategy=None,
            plan=None,
            cash_back_minor=100,
            interest_back_minor=0,
            fees_back=NO_FEES,
        ),
        expected_from=date(2026, 8, 27),
        expected_by=date(2026, 9, 3),
        created_at=MADE_AT,
    )


def make_payment(*, captured: int = 1000, refunded: int = 0, pending: int = 0) -> Payment:
    return Payment(
        payment_id="pay_1",
        owner=Owner(1, 7, False),
        status=PaymentStatus.PARTIALLY_REFUNDED if refunded else PaymentStatus.COMPLETED,
        amount_minor=captured,
        currency="EUR",
        captured_minor=captured,
        refunded_minor=refunded,
        refund_pending_minor=pending,
        created_at=MADE_AT,
    )


@pytest.mark.parametrize("action", list(RefundAction))
@pytest.mark.parametrize("status", list(RefundStatus))
def test_only_pending_refunds_end(status: RefundStatus, action: RefundAction) -> None:
    refund = replace(make_refund(), status=status)
    if (status, action) not in TRANSITIONS:
        assert status is not RefundStatus.PENDING
        with pytest.raises(KeyError):
            end_refund(refund, action, at=MADE_AT)
        return
    ended = end_refund(refund, action, at=MADE_AT)
    assert (ended.status, ended.ended_at) == (TRANSITIONS[status, action], MADE_AT)


@pytest.mark.parametrize(
    ("status", "sent_at", "minutes", "is_admitted"),
    [
        # the last second of the hour; the hour itself; sent early by a clock that moved; ended
        (RefundStatus.PENDING, None, 59, True),
        (RefundStatus.PENDING, None, 60, False),
        (RefundStatus.PENDING, MADE_AT, 1, False),
        (RefundStatus.CANCELLED, None, 1, False),
        (RefundStatus.SUCCEEDED, MADE_AT, 1, False),
    ],
)
def test_a_refund_is_withdrawn_within_an_hour(
    status: RefundStatus, sent_at: datetime | None, minutes: int, is_admitted: bool
) -> None:
    refund = replace(make_refund(), status=status, sent_at=sent_at)
    at = MADE_AT + timedelta(minutes=minutes)
    if is_admitted:
        check_withdrawable(refund, at=at)
        return
    with pytest.raises(PaymentRefused) as caught:
        check_withdrawable(refund, at=at)
    assert (caught.value.fault, caught.value.resource) == (Fault.REFUND_NOT_CANCELLABLE, "re_1")


@pytest.mark.parametrize(
    ("has_plan", "dates"),
    [(True, (date(2026, 8, 27), date(2026, 9, 10))), (False, (date(2026, 8, 27), date(2026, 9, 3)))],
)
def test_a_refund_is_visible_after_business_days(has_plan: bool, dates: tuple[date, date]) -> None:
    calendar = RefundCalendar(zone=ZoneInfo("UTC"), holidays=())
    assert calendar.find_visible(MADE_AT, has_plan=has_plan) == dates


@pytest.mark.parametrize(
    ("zone", "holidays", "days", "confirmed_at"),
    [
        ("UTC", (), 5, "2026-08-27T15:30:00+00:00"),
        ("UTC", (date(2026, 8, 24),), 5, "2026-08-28T15:30:00+00:00"),
        # 16 business days would be Friday 11, and Thursday 10 was promised.
        ("UTC", (), 16, "2026-09-10T15:30:00+00:00"),
        # 15:30 UTC is the next day in Auckland already: Friday 21 and five are Friday 28 at 03:30.
        ("Pacific/Auckland", (), 5, "2026-08-28T03:30:00+12:00"),
        ("UTC", (), 15, "2026-09-10T15:30:00+00:00"),
    ],
)
def test_the_rail_confirms_after_the_programs_business_days(
    zone: str, holidays: tuple[date, ...], days: int, confirmed_at: str
) -> None:
    calendar = RefundCalendar(zone=ZoneInfo(zone), holidays=holidays)
    found = calendar.find_confirmation(MADE_AT, refund_days=days, promised_by=date(2026, 9, 10))
    assert found.isoformat() == confirmed_at


def test_totals_of_a_payment_follow_its_refunds() -> None:
    pending = add_pending(make_payment(), 400)
    assert (pending.refund_pending_minor, pending.status) == (400, PaymentStatus.COMPLETED)
    assert drop_pending(pending, 400) == make_payment()
    part = decide_refunded(pending, 400)
    assert (part.refunded_minor, part.refund_pending_minor) == (400, 0)
    assert part.status is PaymentStatus.PARTIALLY_REFUNDED
    whole = decide_refunded(add_pending(part, 600), 600)
    assert (whole.refunded_minor, whole.status) == (1000, PaymentStatus.REFUNDED)


def test_more_than_was_captured_is_never_counted() -> None:
    with pytest.raises(AssertionError):
        add_pending(make_payment(refunded=500, pending=400), 101)


@pytest.mark.parametrize(
    ("is_live", "word", "failure"),
    [
        (False, "destination_account_closed", RefundFailure.DESTINATION_ACCOUNT_CLOSED),
        (False, "technical_issue", RefundFailure.TECHNICAL_ISSUE),
        (False, "something", None),
        (True, "destination_account_closed", None),
    ],
)
def test_metadata_asks_for_a_failure_in_test_mode_alone(
    is_live: bool, word: str, failure: RefundFailure | None
) -> None:
    refund = replace(make_refund(), owner=Owner(1, 7, is_live), metadata={"parcela_simulate_failure": word})
    assert find_simulated_failure(refund) is failure


@pytest.mark.parametrize(
    ("outcome", "code", "failure"),
    [
        (Outcome.APPROVED, "00", None),
        (Outcome.DECLINED, "25", RefundFailure.TRANSACTION_NOT_FOUND),
        (Outcome.DECLINED, "61", RefundFailure.OPERATION_NOT_AVAILABLE),
        (Outcome.DECLINED, "12", RefundFailure.OPERATION_NOT_AVAILABLE),
        (Outcome.ACQUIRER_ERROR, "96", RefundFailure.TECHNICAL_ISSUE),
        (Outcome.UNKNOWN, None, RefundFailure.TECHNICAL_ISSUE),
    ],
)
def test_the_acquirers_word_is_read_as_a_failure(
    outcome: Outcome, code: str | None, failure: RefundFailure | None
) -> None:
    assert find_failure(outcome, code) is failure


def test_each_attempt_is_a_message_of_its_own() -> None:
    assert name_message(make_refund()) == "re_1"
    assert name_message(replace(make_refund(), attempt=3)) == "re_1.3"


@pytest.mark.parametrize(("days", "is_sent"), [(0, True), (9, True), (10, False)])
def test_a_technical_issue_is_tried_for_ten_days(days: int, is_sent: bool) -> None:
    refund = replace(make_refund(), sent_at=MADE_AT)
    assert may_send_again(refund, at=MADE_AT + timedelta(days=days)) is is_sent
