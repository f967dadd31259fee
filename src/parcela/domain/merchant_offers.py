"""Records of what a merchant's payers are offered: prices, quoted offers, acceptances.

A quote is the answer to one inquiry; each of its cart offers stands for exactly what was quoted
(`spec/gateway.md` §8.2). All amounts are in minor units.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from parcela.domain.currency import Currency, find_currency
from parcela.domain.merchants import SerialRule
from parcela.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferPrice:
    """A program priced for an amount, with what the merchant's rule adds.

    first + other × (count − 1) = total = principal + interest − discount + fee, always and exactly.
    `rate_percent` is nominal, a year; `interest_minor` is before the discount.
    """

    currency: Currency
    principal_minor: int
    count: int
    deferral_months: int
    rate_percent: Decimal
    interest_minor: int
    discount_minor: int
    fee_minor: int
    first_minor: int
    other_minor: int
    award_minor: int = 0

    @property
    def total_minor(self) -> int:
        """All that the payer pays."""
        return self.first_minor + self.other_minor * (self.count - 1)

    @property
    def charges_interest(self) -> bool:
        """Do the payer's payments contain interest?"""
        return self.interest_minor > self.discount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class CartItem:
    """One line of a cart: `quantity` above 0, `unit_price` in major units, the payer's SKU or None."""

    sku: str | None
    quantity: Decimal
    unit_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedBy:
    """The versions of rule and program that an offer was priced by."""

    rule_key: str
    rule_version: int
    program_id: str
    program_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """An answer with cart offers, and what the inquiry named; None where it was silent.

    Offer n (from 1) of it has the id `<quote id><n in two digits>`. `card_prefix` is 6 to 11 digits.
    `locale` is the language that the inquiry asked for.
    """

    quote_id: str
    client_id: int
    quoted_at: datetime
    currency: str | None
    amount_minor: int | None
    items: tuple[CartItem, ...]
    card_prefix: str | None
    offers: tuple[PricedBy, ...]
    locale: str | None = None


class TermsDisplay(StrEnum):
    """What of the terms the payer was shown."""

    NONE = "none"
    TERMS_ONLY = "terms_only"
    TERMS_AND_ACCEPTANCE = "terms_and_acceptance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The payer's word on an offer, and for what it was given. `pan_index` is the card's blind index.

    `terms_version`, `terms_text` and `locale` tell which wording stood in the quote.
    """

    accepted_at: datetime
    display: TermsDisplay
    terms_version: str
    terms_text: str
    acceptance_text: str | None
    locale: str
    amount_minor: int
    currency: str
    items: tuple[CartItem, ...]
    pan_index: bytes


class OfferState(StrEnum):
    """Where an offer stands; accepted ones may still wait for serial numbers."""

    QUOTED = "quoted"
    ACCEPTED = "accepted"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialNumbers:
    """The serial numbers of one line, one per piece, found by SKU, or by index where it has none."""

    sku: str | None
    index: int
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantOffer:
    """One offer of a quote with its own life. `holder` is the transaction that pays or paid with it.

    `quote` is a copy that names this offer alone. `items` are the rows that serial numbers belong to.
    `serial_rule` replaces the rule's own where the plan provider asked so. `revision` grows with every change
    of acceptance or serial numbers; 0 is an offer that nobody wrote about yet.
    """

    offer_id: str
    quote: Quote
    priced_by: PricedBy
    state: OfferState = OfferState.QUOTED
    acceptance: Acceptance | None = None
    serials: tuple[SerialNumbers, ...] = ()
    holder: str | None = None
    items: tuple[CartItem, ...] = ()
    serial_rule: SerialRule | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAcceptance:
    """The evidence that a plan's terms were accepted. `terms_hash` is the SHA-256 of the text in UTF-8."""

    plan_id: str
    offer_id: str
    accepted_at: datetime
    display: TermsDisplay
    terms_version: str
    terms_text: str
    terms_hash: bytes
    acceptance_text: str | None
    locale: str
    amount_minor: int
    currency: str

    @property
    def amount(self) -> Money:
        """The purchase that the terms were accepted for."""
        currency = find_currency(self.currency)
        assert currency is not None, "offers are in currencies of ISO 4217"
        return Money(self.amount_minor, currency)
