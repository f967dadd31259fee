"""What a merchant gets: balance transactions, settlements and payouts (`spec/payments.md` §8).

Integers in minor units. Money to the merchant is positive; a fee that is given back is negative.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from parcela.domain.payments.records import Owner


class BalanceKind(StrEnum):
    """What a row of the balance is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    REFUND_REVERSAL = "refund_reversal"
    ADJUSTMENT = "adjustment"
    PAYOUT = "payout"


class FeeKind(StrEnum):
    """The two fees, which are separate lines of every statement."""

    PROCESSING = "processing_fee"
    INSTALLMENT = "installment_fee"


@dataclass(frozen=True, slots=True)
class FeeDetail:
    """A part of a row's fee."""

    kind: FeeKind
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceTransaction:
    """A row of the balance: net = gross − fee, fee = the sum of its details.

    `source_id` is the payment, refund or payout; `payment_id` the payment behind a refund.
    """

    balance_transaction_id: str
    owner: Owner
    kind: BalanceKind
    source_id: str
    payment_id: str | None
    gross_minor: int
    fees: tuple[FeeDetail, ...]
    currency: str
    available_on: date
    settlement_id: str | None
    payout_id: str | None = None
    created_at: datetime

    @property
    def fee_minor(self) -> int:
        """All fee details together."""
        return sum(detail.amount_minor for detail in self.fees)

    @property
    def net_minor(self) -> int:
        """What the merchant gets, or gives."""
        return self.gross_minor - self.fee_minor


class SettlementStatus(StrEnum):
    """Pending until it is paid out."""

    PENDING = "pending"
    COMPLETED = "completed"


class LineKind(StrEnum):
    """The lines of a statement, in their order."""

    PAYMENTS = "payments"
    PROCESSING_FEES = "processing_fees"
    INSTALLMENT_FEES = "installment_fees"
    REFUNDS = "refunds"
    REFUND_REVERSALS = "refund_reversals"
    FEE_CREDITS = "fee_credits"
    ADJUSTMENTS = "adjustments"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line: all rows of its kind, signed, and how many they are."""

    kind: LineKind
    amount_minor: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A cycle of an account in one currency: opening balance + net − payout = closing balance."""

    settlement_id: str
    owner: Owner
    status: SettlementStatus
    currency: str
    period_start: date
    period_end: date
    available_on: date
    gross_minor: int = 0
    fees_minor: int = 0
    opening_minor: int = 0
    payout_minor: int = 0
    payout_id: str | None = None
    lines: tuple[StatementLine, ...] = ()
    created_at: datetime
    closed_at: datetime | None = None

    @property
    def net_minor(self) -> int:
        """What the cycle brings the merchant."""
        return self.gross_minor - self.fees_minor

    @property
    def closing_minor(self) -> int:
        """What stays for the next cycle; below 0 the merchant owes it."""
        return self.opening_minor + self.net_minor - self.payout_minor
