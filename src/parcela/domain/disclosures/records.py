"""Rules of disclosure as versioned data, and what they come to for an offer (`disclosures.md` §§1, 2, 6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    """Whose country asks: the card's or the shopper's, or the merchant's where that differs (§1.3)."""

    CARDHOLDER = "cardholder"
    MERCHANT = "merchant"


class FactKind(StrEnum):
    """A fact beyond the ten of the plan card (§2.1); its label is a sentence of `words`."""

    CREDITOR = "creditor"
    CASH_PRICE = "cash_price"
    AMOUNT_FINANCED = "amount_financed"
    FINANCE_CHARGE = "finance_charge"
    TOTAL_OF_PAYMENTS = "total_of_payments"
    TOTAL_SALE_PRICE = "total_sale_price"
    DURATION = "duration"
    BORROWING_RATE = "borrowing_rate"
    SECOND_RATE = "second_rate"
    COMPONENTS = "components"
    LATE_PAYMENT = "late_payment"
    PREPAYMENT = "prepayment"
    WITHDRAWAL = "withdrawal"
    COMPLAINTS = "complaints"
    CREDIT_BUREAU = "credit_bureau"
    CREDIT_WARNING = "credit_warning"
    PERSONALISED = "personalised"
    INFORMATIVE = "informative"
    CARD_ACCOUNT = "card_account"
    CREDITWORTHINESS = "creditworthiness"
    FURTHER_INFORMATION = "further_information"
    CONTINUOUS_AUTHORITY = "continuous_authority"
    RATE = "rate"


class WordingSlot(StrEnum):
    """A sentence that the creditor's counsel gives; while it is not set, a neutral one of ours stands in."""

    LATE_PAYMENT = "late_payment"
    PREPAYMENT = "prepayment"
    WITHDRAWAL = "withdrawal"
    COMPLAINTS = "complaints"
    CREDIT_BUREAU = "credit_bureau"
    PERSONALISED = "personalised"
    CREDITWORTHINESS = "creditworthiness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor:
    """Who lends, as papers name them; `wording` are the creditor's own sentences by slot, in one language."""

    name: str
    address: str | None = None
    wording: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureRule:
    """One version of one regime. `method` is a name of `rates.regimes.Regime`; `valid_to` is its last day.

    `countries` are alpha-3. Facts stand in the order in which they are to be shown, the key ones first.
    """

    rule_id: str
    version: str
    countries: frozenset[str]
    valid_from: date
    valid_to: date | None = None
    method: str
    facts: tuple[FactKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDisclosure:
    """What one country's law, or in its absence its custom, says of an offer.

    `rule_id` None: no rule asks, and the rate stands under the local name alone (§1.2). `percent` is rounded
    as the rule says, `exact_percent` has six decimals. `second_percent` is Argentina's TEA.
    """

    country: str
    side: Side
    rule_id: str | None
    rule_version: str | None
    method: str
    percent: Decimal
    exact_percent: Decimal
    second_percent: Decimal | None = None
    facts: tuple[FactKind, ...] = ()
