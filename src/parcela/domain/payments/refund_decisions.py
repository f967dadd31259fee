"""How a refund lives: sent after an hour, confirmed after business days, or withdrawn, or failed (§9.3)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from parcela.domain.orders import Outcome
from parcela.domain.payments.business_days import add_business_days
from parcela.domain.payments.records import Payment
from parcela.domain.payments.refunds import Refund, RefundFailure, RefundStatus
from parcela.domain.payments.refusals import Fault, PaymentRefused

WITHDRAWAL_WINDOW = timedelta(minutes=60)
TECHNICAL_RETRY = timedelta(days=1)
TECHNICAL_WINDOW = timedelta(days=10)
STANDARD_REFUND_DAYS = 5
VISIBLE_FROM_DAYS, VISIBLE_BY_DAYS, VISIBLE_BY_DAYS_WITH_PLAN = 5, 10, 15
SIMULATED_FAILURE_KEY = "parcela_simulate_failure"
"""The metadata key by which a refund in test mode names the failure of its rail."""

_FAILURES_OF_CODES = {"25": RefundFailure.TRANSACTION_NOT_FOUND, "61": RefundFailure.OPERATION_NOT_AVAILABLE}


class RefundAction(StrEnum):
    """What ends a refund."""

    CONFIRM = "confirm"
    FAIL = "fail"
    WITHDRAW = "withdraw"


TRANSITIONS: dict[tuple[RefundStatus, RefundAction], RefundStatus] = {
    (RefundStatus.PENDING, RefundAction.CONFIRM): RefundStatus.SUCCEEDED,
    (RefundStatus.PENDING, RefundAction.FAIL): RefundStatus.FAILED,
    (RefundStatus.PENDING, RefundAction.WITHDRAW): RefundStatus.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCalendar:
    """An account's days: its zone and holidays. Raises DateOutOfRange for holidays without an end."""

    zone: ZoneInfo
    holidays: Collection[date]

    def find_day(self, at: datetime) -> date:
        """The account's date at an instant."""
        return at.astimezone(self.zone).date()

    def find_visible(self, at: datetime, *, has_plan: bool) -> tuple[date, date]:
        """When the cardholder sees a refund made at an instant, at the earliest and at the latest."""
        by_days = VISIBLE_BY_DAYS_WITH_PLAN if has_plan else VISIBLE_BY_DAYS
        day = self.find_day(at)
        return (
            add_business_days(day, VISIBLE_FROM_DAYS, self.holidays),
            add_business_days(day, by_days, self.holidays),
        )

    def find_confirmation(self, at: datetime, *, refund_days: int, promised_by: date) -> datetime:
        """When the rail confirms what was made at an instant: so many business days on, at the same time.

        Never after the day that was promised: a preview may have counted from the day before.
        """
        local = at.astimezone(self.zone)
        day = min(add_business_days(local.date(), refund_days, self.holidays), promised_by)
        return datetime.combine(day, local.timetz().replace(tzinfo=None), self.zone)


def end_refund(refund: Refund, action: RefundAction, *, at: datetime) -> Refund:
    """The refund in its last status; which action it admits was checked."""
    return replace(refund, status=TRANSITIONS[refund.status, action], ended_at=at)


def check_withdrawable(refund: Refund, *, at: datetime) -> None:
    """Raises PaymentRefused (REFUND_NOT_CANCELLABLE) once it is sent, or 60 minutes after it was made."""
    is_fresh = refund.sent_at is None and at < refund.created_at + WITHDRAWAL_WINDOW
    if refund.status is RefundStatus.PENDING and is_fresh:
        return
    reason = "it is on its way" if refund.status is RefundStatus.PENDING else f"it is {refund.status}"
    raise PaymentRefused(
        Fault.REFUND_NOT_CANCELLABLE,
        f"A refund can be cancelled within 60 minutes, before it is sent; {reason}.",
        resource=refund.refund_id,
    )


def add_pending(payment: Payment, amount_minor: int) -> Payment:
    """A refund was accepted; the row lock on the payment makes this the last word on its sums."""
    pending_minor = payment.refund_pending_minor + amount_minor
    assert payment.refunded_minor + pending_minor <= payment.captured_minor, "decided on the locked payment"
    return replace(payment, refund_pending_minor=pending_minor)


def drop_pending(payment: Payment, amount_minor: int) -> Payment:
    """A refund came to nothing."""
    assert payment.refund_pending_minor >= amount_minor, "it was counted when it was accepted"
    return replace(payment, refund_pending_minor=payment.refund_pending_minor - amount_minor)


def find_simulated_failure(refund: Refund) -> RefundFailure | None:
    """The failure that a refund in test mode asks for by its metadata; unknown words ask for none."""
    wanted = refund.metadata.get(SIMULATED_FAILURE_KEY)
    if refund.owner.is_live or wanted not in tuple(RefundFailure):
        return None
    return RefundFailure(wanted)


def find_failure(outcome: Outcome, response_code: str | None) -> RefundFailure | None:
    """What the acquirer's word on a refund means; None for an approval.

    A bank that does not say why, or cannot say at all, has a technical issue.
    """
    if outcome is Outcome.APPROVED:
        return None
    if outcome is not Outcome.DECLINED:
        return RefundFailure.TECHNICAL_ISSUE
    return _FAILURES_OF_CODES.get(response_code or "", RefundFailure.OPERATION_NOT_AVAILABLE)


def name_message(refund: Refund) -> str:
    """The card message of this attempt: the same one again is the same message."""
    return refund.refund_id if refund.attempt == 1 else f"{refund.refund_id}.{refund.attempt}"


def may_send_again(refund: Refund, *, at: datetime) -> bool:
    """Is a refund with a technical issue still sent again by itself? For 10 days from its first sending."""
    assert refund.sent_at is not None
    return at + TECHNICAL_RETRY <= refund.sent_at + TECHNICAL_WINDOW
