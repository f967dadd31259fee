"""Refunds of payments and what they do to a plan (`spec/payments.md` §9), in minor units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from parcela.domain.payments.plans import PlanRow
from parcela.domain.payments.records import FeeBreakdown, Owner
from parcela.domain.refund_strategy import RefundStrategy


class RefundKind(StrEnum):
    """All that is left of a payment, or a part of it."""

    FULL = "full"
    PARTIAL = "partial"


class RefundStatus(StrEnum):
    """Where a refund stands (§9.3)."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RefundReason(StrEnum):
    """Why the merchant gives money back."""

    REQUESTED_BY_CUSTOMER = "requested_by_customer"
    DUPLICATE = "duplicate"
    FRAUDULENT = "fraudulent"
    PRODUCT_NOT_RECEIVED = "product_not_received"


class RefundFailure(StrEnum):
    """Why the rail refused."""

    TECHNICAL_ISSUE = "technical_issue"
    DESTINATION_ACCOUNT_CLOSED = "destination_account_closed"
    DESTINATION_UNREACHABLE = "destination_unreachable"
    TRANSACTION_NOT_FOUND = "transaction_not_found"
    CURRENCY_MISMATCH = "currency_mismatch"
    OPERATION_NOT_AVAILABLE = "operation_not_available"
    REFUND_WINDOW_EXPIRED = "refund_window_expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEffect:
    """What a refund does to the rows that are not collected yet; `is_exact` is False where an outside issuer
    runs the schedule and may report other rows. `after` holds every row of `before`, in its order.
    """

    plan_id: str
    is_exact: bool
    before: tuple[PlanRow, ...]
    after: tuple[PlanRow, ...]
    cancels: bool
    """A full refund: every unpaid row is cancelled, and the plan with them."""

    @property
    def remaining_before_minor(self) -> int:
        """What was still to be paid."""
        return sum(row.amount_minor for row in self.before)

    @property
    def remaining_after_minor(self) -> int:
        """What is still to be paid then."""
        return sum(row.amount_minor for row in self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundEffect:
    """All that a refund does: rows, what goes back to the cardholder at once, and the merchant's fees.

    `cash_back_minor` is principal that was collected already (of a one-shot payment the whole amount).
    """

    amount_minor: int
    kind: RefundKind
    strategy: RefundStrategy | None
    plan: PlanEffect | None
    cash_back_minor: int
    interest_back_minor: int
    fees_back: FeeBreakdown

    @property
    def merchant_net_minor(self) -> int:
        """What the merchant's balance changes by."""
        return -self.amount_minor + self.fees_back.total_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPreview:
    """A promise: a refund made with it has exactly this effect, or none."""

    preview_id: str
    owner: Owner
    payment_id: str
    currency: str
    effect: RefundEffect
    maximum_partial_minor: int
    full_minor: int
    expected_from: date
    expected_by: date
    state_hash: str
    expires_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund. `sent_at` is when it went to the rail; before that it can be withdrawn.

    `attempt` counts its card messages from 1. `is_credited_back`: the rail had a technical issue, so that the
    merchant's balance holds the amount again until the refund is sent once more (§9.3).
    """

    refund_id: str
    owner: Owner
    payment_id: str
    currency: str
    status: RefundStatus
    reason: RefundReason | None
    effect: RefundEffect
    preview_id: str | None = None
    balance_transaction_id: str | None = None
    expected_from: date
    expected_by: date
    failure: RefundFailure | None = None
    attempt: int = 1
    is_credited_back: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime
    sent_at: datetime | None = None
    ended_at: datetime | None = None
