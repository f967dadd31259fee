"""Records of a merchant's orders and their transactions, in the core's own words.

An order is what a payer buys; its transactions are what the merchant asked for, each with one outcome that
never changes. All amounts are in minor units of the order's currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class TransactionKind(StrEnum):
    """What a transaction does."""

    AUTHORIZATION = "authorization"
    PAYMENT = "payment"
    CAPTURE = "capture"
    REFUND = "refund"
    VERIFICATION = "verification"
    VOID_AUTHORIZATION = "void_authorization"
    VOID_CAPTURE = "void_capture"
    VOID_PAYMENT = "void_payment"
    VOID_REFUND = "void_refund"


class OrderStatus(StrEnum):
    """Where an order stands; `INITIATED` while nobody knows."""

    INITIATED = "initiated"
    VERIFIED = "verified"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    EXCESSIVELY_REFUNDED = "excessively_refunded"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Outcome(StrEnum):
    """What came of a transaction."""

    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED_CARD = "expired_card"
    TIMED_OUT = "timed_out"
    """No answer in time; what may have been approved is reversed."""
    ACQUIRER_ERROR = "acquirer_error"
    FAILED = "failed"
    """The acquirer gave a failure without saying why."""
    UNKNOWN = "unknown"
    """Nobody can say; the sweep will find out and reverse it."""
    PLAN_DECLINED = "plan_declined"
    PLAN_UNREACHABLE = "plan_unreachable"
    LOCKED = "locked"
    """Another transaction was working on the order."""


class SecurityCodeMatch(StrEnum):
    """What the card's issuer said of the security code."""

    MATCH = "match"
    NO_MATCH = "no_match"
    NOT_PROCESSED = "not_processed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTotals:
    """What was authorized, captured and refunded of an order so far."""

    authorized_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFace:
    """A card as merchants may see it, with the record that holds its number sealed.

    `brand` is a `CardBrand`, `funding` a `CardFunding`, `expiry` two digits each; `length` counts the
    digits of the whole number.
    """

    card_id: str
    first_six: str
    last_four: str
    brand: str
    funding: str
    expiry_month: str
    expiry_year: str
    length: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenPlan:
    """The plan that a payer chose: an offer, or a custom plan (`offer_id` None).

    `program_id` is the program behind an offer, or the custom plan's own id; `deferral_months` is None where
    a custom plan was chosen without one.
    """

    offer_id: str | None
    program_id: str
    count: int
    deferral_months: int | None
    product_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquirerFacts:
    """What the acquirer said of a transaction; absent values are None."""

    acquirer_id: str
    merchant_id: str
    terminal_id: str
    batch: int
    reference: str | None = None
    response_code: str | None = None
    message: str | None = None
    authorization_code: str | None = None
    stan: str | None = None
    rrn: str | None = None
    security_code: SecurityCodeMatch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantOrder:
    """An order as it stands. `plan_id` is the core's plan once money was captured with a chosen plan.

    `details` are a merchant's own words (description, items, addresses …) as one plain document for echoing;
    no card number stands in it.
    """

    order_key: str
    client_id: int
    order_id: str
    currency: str
    amount_minor: int
    status: OrderStatus
    totals: OrderTotals
    created_at: datetime
    updated_at: datetime
    card: CardFace | None = None
    chosen_plan: ChosenPlan | None = None
    plan_id: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFace:
    """What a transaction said of its order: kept, since a later attempt to pay may say something else."""

    amount_minor: int
    currency: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTransaction:
    """One transaction of an order. `number` counts from 1 in the order.

    `outcome` None: it is under way. `status_after` and `totals_after` are the order's right after it.
    `details` are the merchant's own words with it (reference, source …); `api_version` is the request's.
    `plan_id` is the core's plan that it made. `order_face` None: the order's own members stand as they were.
    """

    order_key: str
    transaction_id: str
    number: int
    kind: TransactionKind
    amount_minor: int
    currency: str
    created_at: datetime
    recorded_at: datetime | None
    outcome: Outcome | None
    status_after: OrderStatus | None
    totals_after: OrderTotals | None
    acquirer: AcquirerFacts | None
    card: CardFace | None = None
    chosen_plan: ChosenPlan | None = None
    target_id: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    api_version: int = 0
    order_face: OrderFace | None = None
    plan_id: str | None = None
    is_voided: bool = False

    @property
    def message_id(self) -> str:
        """The name of its card message at the acquirer, and of what it holds meanwhile."""
        return f"{self.order_key}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One article of a payment as far as plan conditions look at it; serial numbers one per piece."""

    sku: str | None
    quantity: Decimal
    unit_price: Decimal
    serial_numbers: tuple[str, ...] = ()


def find_order_after(order: MerchantOrder, transaction: OrderTransaction) -> MerchantOrder:
    """The order as it was right after a transaction that has its outcome, for answering it again."""
    assert transaction.status_after is not None and transaction.totals_after is not None
    assert transaction.recorded_at is not None
    is_unmade = transaction.kind is TransactionKind.VOID_CAPTURE and transaction.outcome is Outcome.APPROVED
    after = replace(
        order,
        status=transaction.status_after,
        totals=transaction.totals_after,
        updated_at=transaction.recorded_at,
        # A voided capture leaves an authorization, whose next capture makes a plan of its own.
        plan_id=None if is_unmade else transaction.plan_id or order.plan_id,
    )
    face = transaction.order_face
    if face is None:
        return after
    return replace(
        after,
        plan_id=transaction.plan_id,
        amount_minor=face.amount_minor,
        currency=face.currency,
        details=face.details,
        card=transaction.card,
        chosen_plan=transaction.chosen_plan,
    )
