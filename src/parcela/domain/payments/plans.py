"""Plans of payments: as they are offered, and as they live afterwards (`spec/payments.md` §§6 and 7)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from parcela.domain.disclosures.records import OfferDisclosure
from parcela.domain.payments.accounts import ProgramModel, Wording
from parcela.domain.payments.records import Owner
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.taxes import TaxKind


class ApprovalNeed(StrEnum):
    """Must the lender approve the payer first?"""

    NOT_NEEDED = "not_needed"
    REQUIRED = "required"


class PlanState(StrEnum):
    """Where a plan stands: created with the acceptance, active when the money is captured (§6.4)."""

    CREATED = "created"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class RowStatus(StrEnum):
    """Where a row stands. A lender's row that could not be collected is overdue until it is paid."""

    DUE = "due"
    PAID = "paid"
    OVERDUE = "overdue"
    CANCELLED = "cancelled"


class CollectionSource(StrEnum):
    """How collections are known: by schedule and clock, or because the issuer said so (§6.5)."""

    SCHEDULE = "schedule"
    ISSUER = "issuer"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One dated row, minor units; amount = principal + interest + fee. `original_minor` never changes.

    `tax_minor` is how much of the fee is tax.
    """

    number: int
    due_date: date
    principal_minor: int
    interest_minor: int = 0
    fee_minor: int = 0
    status: RowStatus = RowStatus.DUE
    original_minor: int = 0
    tax_minor: int = 0

    @property
    def amount_minor(self) -> int:
        """What the row asks for."""
        return self.principal_minor + self.interest_minor + self.fee_minor

    @property
    def is_open(self) -> bool:
        """May it still be collected?"""
        return self.status in (RowStatus.DUE, RowStatus.OVERDUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFee:
    """A fee of the cardholder's, and what causes it; a tax (its kind is a `TaxKind`) stands by itself."""

    kind: str
    amount_minor: int
    trigger: str

    @property
    def is_tax(self) -> bool:
        """Is it charged for the state?"""
        return self.kind in tuple(TaxKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRate:
    """The cost of credit under the country's name; `percent` is rounded as the country's rule says.

    `exact_percent` has six decimals, for the evidence (`disclosures.md` §6).
    """

    label: str
    percent: Decimal
    method: str
    exact_percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreTerms:
    """What the core's own plan says of an offer beside its rows: the network's rate and the fee.

    `is_programs_own`: the program by itself gives exactly these rows and dates. `fee_value` is the program's
    (an amount in major units or a percentage), `fee_minor` what it comes to.
    """

    apr_percent: Decimal
    fee_value: Decimal
    fee_minor: int
    is_fee_spread: bool
    is_programs_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTerms:
    """The terms as they are shown with an offer, in one language."""

    terms_id: str
    version: str
    language: str
    url: str
    text: str
    acceptance_required: bool
    acceptance_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCreditor:
    """Who lends, as the catalogue had it when the plan was shown: its sentences in every language.

    All of them, for page and papers may be read in another language than the offer's.
    """

    name: str
    address: str | None = None
    wording: tuple[Wording, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOffer:
    """A plan as it was shown for one payment and payment method: what is accepted equals it in every member.

    `interest_percent` is the nominal rate a year. `period_rate` is the interest a period as (numerator,
    denominator), by which rows are recomputed. `priced_on` is the account's date of the purchase, from which
    the due dates count. `disclosures` are what the laws of the countries concerned add, the cardholder's
    first; `rate` is its figure. `language` is that of its sentences. `creditor` is who lends, as it was told;
    None in offers that earlier versions kept, and in those that are only advertised. `offer_hash` covers
    every other member.
    """

    offer_id: str
    program_name: str
    model: ProgramModel
    provider_id: str
    program_id: str
    program_version: int
    currency: str
    count: int
    rows: tuple[PlanRow, ...]
    financed_minor: int
    interest_percent: Decimal
    period_rate: tuple[int, int]
    in_advance: bool
    rate: CostRate
    fees: tuple[PlanFee, ...] = ()
    approval: ApprovalNeed = ApprovalNeed.NOT_NEEDED
    controlled_by: str
    refund_effect: str
    terms: ShownTerms
    is_requested: bool = False
    priced_on: date | None = None
    core: CoreTerms | None = None
    disclosures: tuple[OfferDisclosure, ...] = ()
    language: str = "en"
    creditor: ShownCreditor | None = None
    expires_at: datetime
    offer_hash: str

    @property
    def total_minor(self) -> int:
        """All rows together."""
        return sum(row.amount_minor for row in self.rows)

    @property
    def cost_minor(self) -> int:
        """What the plan costs its payer above the amount financed."""
        return self.total_minor - self.financed_minor

    def find_tax(self, kind: TaxKind) -> int:
        """What a tax comes to over all rows."""
        return sum(fee.amount_minor for fee in self.fees if fee.kind == kind)

    @property
    def paid_at_once_minor(self) -> int:
        """What is paid on the day of the purchase: it is no credit, and no instalment to come."""
        return sum(row.amount_minor for row in self.rows if row.due_date == self.priced_on)

    @property
    def credit_minor(self) -> int:
        """What is lent: the purchase less what is paid on its day (`disclosures.md` §3)."""
        return self.financed_minor - self.paid_at_once_minor

    @property
    def duration_months(self) -> int:
        """Months from the purchase to the last payment, begun ones too; without its date, from the first."""
        start, last = self.priced_on or self.rows[0].due_date, self.rows[-1].due_date
        return (last.year - start.year) * 12 + last.month - start.month + (last.day > start.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsAcceptance:
    """The payer's word on the terms."""

    terms_id: str
    version: str
    language: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlan:
    """The plan of a payment. `plan_id` is the core plan's UUID, reserved when the plan is accepted.

    `captured_minor` is what it finances. Rows carry what was refunded already. `held_by` counts pending
    refunds: while it is above 0 nothing is collected (§9.1). `assessment_id` names the lender's credit check,
    `disclosure_id` the record of what was shown and accepted.
    `page_turn` counts the links to the cardholder's own page: the newest alone opens it.
    """

    plan_id: str
    payment_id: str
    owner: Owner
    state: PlanState
    offer: PaymentOffer
    rows: tuple[PlanRow, ...]
    strategy: RefundStrategy
    returns_collected_interest: bool
    refund_days: int
    collection_source: CollectionSource = CollectionSource.SCHEDULE
    held_by: int = 0
    acceptance: TermsAcceptance | None = None
    assessment_id: str | None = None
    disclosure_id: str | None = None
    created_at: datetime
    activated_at: datetime | None = None
    ended_at: datetime | None = None
    lock_version: int = field(default=1)
    page_turn: int = 1

    @property
    def remaining_minor(self) -> int:
        """All that the payer has still to pay."""
        return sum(row.amount_minor for row in self.rows if row.is_open)

    @property
    def remaining_count(self) -> int:
        """How many payments are still to come."""
        return sum(1 for row in self.rows if row.is_open)
