"""What an account, its programs and its markets are set to, as catalogue entries (`spec/payments.md`)."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import ClassVar

from parcela.domain.card_brands import CardBrand
from parcela.domain.disclosures.records import WordingSlot
from parcela.domain.payments.given_texts import clean_line
from parcela.domain.refund_strategy import RefundStrategy

API_VERSIONS: tuple[str, ...] = ("2026-04-01",)
"""The versions of this door's wire, the oldest first (§1)."""


class BnplFallback(StrEnum):
    """When plans of lenders stand beside those of issuers (§6.2, rule 3)."""

    IF_NO_ISSUER_PLAN = "if_no_issuer_plan"
    ALWAYS = "always"


class Cycle(StrEnum):
    """How often an account is settled."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class FeesOnRefund(StrEnum):
    """What of the installment fee a refund gives back (§9.1)."""

    KEEP = "keep"
    PRORATA = "prorata"


class RateTier(StrEnum):
    """How many requests a second a live account may send (§14)."""

    STANDARD = "standard"
    SCALE = "scale"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """What a payment costs its merchant: basis points of the captured amount and a fixed part, minor units.

    The most exact schedule counts: program and currency, program alone, currency alone, neither (§8.1).
    """

    program: str | None = None
    currency: str | None = None
    processing_basis_points: int = 24
    processing_fixed_minor: int = 30
    installment_basis_points: int = 15
    installment_fixed_minor: int = 0
    on_refund: FeesOnRefund = FeesOnRefund.PRORATA


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementTerms:
    """When an account is settled (§8.2). Funds are available `delay_days` business days after the period.

    `anchor` is the last day of a period: 1 (Monday) to 7 of a week, 1 to 31 of a month, clamped to its end.
    """

    cycle: Cycle = Cycle.DAILY
    anchor: int | None = None
    delay_days: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsAccount:
    """A merchant's account. `country` is ISO 3166 alpha-3, `time_zone` an IANA name that decides its days.

    `is_enabled_live` opens the live mode. `has_installments` is the switch of `merchant_not_enabled`.
    `sends_receipts`: shoppers get receipts of plans and word of refunds by mail.
    """

    kind: ClassVar[str] = "payments_account"

    account_id: str
    name: str
    country: str
    mcc: str
    time_zone: str = "UTC"
    locale: str = "en"
    owner_email: str
    url: str | None = None
    version: str = API_VERSIONS[0]
    acquirer_id: str
    acquirer_merchant_id: str
    terminal_id: str
    has_installments: bool = True
    is_enabled_live: bool = False
    bnpl_fallback: BnplFallback = BnplFallback.IF_NO_ISSUER_PLAN
    fees: tuple[FeeSchedule, ...] = (FeeSchedule(),)
    settlement: SettlementTerms = field(default_factory=SettlementTerms)
    holidays: tuple[date, ...] = ()
    rate_tier: RateTier = RateTier.STANDARD
    sends_receipts: bool = False
    enabled: bool = True

    @property
    def key(self) -> str:
        """The natural key."""
        return self.account_id

    @property
    def shown_name(self) -> str:
        """The shop's name as pages, papers and mails show it."""
        return clean_line(self.name)


class ProgramModel(StrEnum):
    """Who runs the schedule (§6.5). Co-brand programs count as the issuer's."""

    ISSUER = "issuer"
    COBRAND = "cobrand"
    LENDER = "lender"


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsText:
    """The terms of a program in one language, shown exactly so."""

    language: str
    text: str
    acceptance_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsSheet:
    """A program's terms in one version; the first language stands in where the wanted one is missing."""

    terms_id: str
    version: str
    url: str
    acceptance_required: bool = False
    texts: tuple[TermsText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The creditor's own sentence for a slot, in one language, shown exactly so (`disclosures.md` §1.6)."""

    slot: WordingSlot
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsProgram:
    """Core programs under the name by which merchants know them (`issuerProgram`), and how their plans live.

    `program_ids` are core programs. Of an issuer or co-brand they reach a card through the offer groups of
    its account range; a lender's stand for every card. Cards that begin with one of `denied_bins` get none.
    `refund_days` are business days until a refund is confirmed. `keeps_wished_date`: the wished first date of
    payment counts, else the program sets all dates. `creditor_address` and `wording` are what papers say of
    and for the creditor. `allows_early_payment`: the payer may pay what is left at once.
    """

    kind: ClassVar[str] = "payments_program"

    name: str
    model: ProgramModel
    provider_id: str
    program_ids: tuple[str, ...]
    denied_bins: tuple[str, ...] = ()
    terms: TermsSheet
    refund_strategy: RefundStrategy = RefundStrategy.SPREAD
    returns_collected_interest: bool = False
    refund_days: int = 5
    keeps_wished_date: bool = False
    allows_cross_border: bool = True
    allows_early_payment: bool = False
    creditor_address: str | None = None
    wording: tuple[Wording, ...] = ()
    offer_life_minutes: int = 30
    enabled: bool = True

    @property
    def key(self) -> str:
        """The natural key."""
        return self.name

    def denies(self, digits: str) -> bool:
        """Is a card kept away from this program, whatever its issuer says?"""
        return digits.startswith(self.denied_bins)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsMarket:
    """Where plans may be offered: countries (alpha-3) of merchants, one currency, card brands (§6.6).

    `rate_regime` names the rule of the cost of credit and `rate_label` what the country calls it.
    """

    kind: ClassVar[str] = "payments_market"

    market_id: str
    countries: tuple[str, ...]
    currency: str
    brands: tuple[CardBrand, ...]
    rate_regime: str
    rate_label: str

    @property
    def key(self) -> str:
        """The natural key."""
        return self.market_id


PaymentsEntry = PaymentsAccount | PaymentsProgram | PaymentsMarket
