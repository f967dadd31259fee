"""Payments, payment methods and customers of an account (`spec/payments.md` §§3 to 5).

Amounts are integers in minor units of the payment's currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from parcela.domain.card_brands import CardBrand
from parcela.domain.cards import CardFunding
from parcela.domain.payments.refusals import DeclineCode


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an object is: the account (as a registered caller) in one mode. It is part of every key."""

    tenant_id: int
    client_id: int
    is_live: bool


class PaymentStatus(StrEnum):
    """Where a payment stands (§3.1)."""

    PENDING = "pending"
    REQUIRES_AUTHENTICATION = "requires_authentication"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    COMPLETED = "completed"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CaptureMethod(StrEnum):
    """Is the money taken with the approval, or later?"""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class CancellationReason(StrEnum):
    """Why a payment was cancelled."""

    REQUESTED_BY_MERCHANT = "requested_by_merchant"
    ABANDONED = "abandoned"
    EXPIRED = "expired"
    AUTHORIZATION_EXPIRED = "authorization_expired"


class AuthenticationStatus(StrEnum):
    """Where 3-D Secure stands."""

    NOT_REQUIRED = "not_required"
    REQUIRED = "required"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class ProgramFilter(StrEnum):
    """Which programs a payment admits (§6.1); `any` is what is not restricted."""

    ISSUER = "issuer"
    VINR_BNPL = "vinr_bnpl"
    ANY = "any"


class UnavailableCode(StrEnum):
    """Why there is no plan (§6.2)."""

    MARKET_NOT_SUPPORTED = "market_not_supported"
    CURRENCY_NOT_SUPPORTED = "currency_not_supported"
    BRAND_NOT_PARTICIPATING = "brand_not_participating"
    ISSUER_NOT_PARTICIPATING = "issuer_not_participating"
    CARD_NOT_ELIGIBLE = "card_not_eligible"
    AMOUNT_BELOW_MINIMUM = "amount_below_minimum"
    AMOUNT_ABOVE_MAXIMUM = "amount_above_maximum"
    MERCHANT_NOT_ENABLED = "merchant_not_enabled"
    CATEGORY_BLOCKED = "category_blocked"
    CROSS_BORDER_NOT_ALLOWED = "cross_border_not_allowed"
    PROGRAM_EXCLUDED = "program_excluded"
    ALREADY_ON_PLAN = "already_on_plan"
    PLANS_ENDING = "plans_ending"
    INTERVAL_NOT_SUPPORTED = "interval_not_supported"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    LENDER_UNAVAILABLE = "lender_unavailable"
    CREDIT_DECLINED = "credit_declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnavailableReason:
    """One reason why there is no plan; the message is in the payment's language."""

    code: UnavailableCode
    message: str
    program: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredField:
    """A wish that did not count: `reason` is `controlled_by_issuer`."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallmentsRequest:
    """What the merchant asked for (§6.1). `is_required`: no plan, no charge."""

    is_enabled: bool = False
    count: int | None = None
    first_payment_date: date | None = None
    program: ProgramFilter = ProgramFilter.ANY
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a payer lives."""

    line1: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingDetails:
    """Who pays; a lender needs name, e-mail and address."""

    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    address: Address | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeBreakdown:
    """What the payment costs its merchant; null until captured, and never rewritten (§8.1)."""

    processing_minor: int
    installment_minor: int

    @property
    def total_minor(self) -> int:
        """Both together."""
        return self.processing_minor + self.installment_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment. `authorized_minor` is what is held and not captured (`amountCapturable`).

    `wish` is what was asked on create, replaced by what was asked on confirm. `resolved_count`,
    `issuer_program` and `plan_id` (the core plan's UUID) are set once a plan is accepted. `has_own_locale`:
    the merchant asked for `locale`, which is the account's otherwise.
    """

    payment_id: str
    owner: Owner
    status: PaymentStatus
    amount_minor: int
    currency: str
    capture_method: CaptureMethod = CaptureMethod.AUTOMATIC
    authorized_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    refund_pending_minor: int = 0
    description: str | None = None
    reference: str | None = None
    customer_id: str | None = None
    payment_method_id: str | None = None
    return_url: str | None = None
    has_checkout: bool = False
    expires_at: datetime | None = None
    locale: str = "en"
    has_own_locale: bool = True
    billing: BillingDetails | None = None
    authentication: AuthenticationStatus = AuthenticationStatus.NOT_REQUIRED
    wish: InstallmentsRequest = field(default_factory=InstallmentsRequest)
    resolved_count: int | None = None
    issuer_program: str | None = None
    plan_id: str | None = None
    unavailable: tuple[UnavailableReason, ...] = ()
    ignored: tuple[IgnoredField, ...] = ()
    fees: FeeBreakdown | None = None
    settlement_id: str | None = None
    balance_transaction_id: str | None = None
    decline: DeclineCode | None = None
    failure_message: str | None = None
    cancellation_reason: CancellationReason | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime
    captured_at: datetime | None = None

    @property
    def asked_locale(self) -> str | None:
        """The language that the merchant asked for; None leaves it to the shopper's browser (§15, rule 6)."""
        return self.locale if self.has_own_locale else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """What may be shown of a card. `fingerprint` is equal for equal numbers of one account only."""

    brand: CardBrand
    last_four: str
    expiry_month: int
    expiry_year: int
    country: str | None
    funding: CardFunding | None
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """A card in the vault, under the merchant's name for it. `card_id` is the vault's."""

    payment_method_id: str
    owner: Owner
    card_id: str
    card: CardFacts
    billing: BillingDetails | None
    customer_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A merchant's customer."""

    customer_id: str
    owner: Owner
    email: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    reference: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime
