"""What a merchant has set up: profile, products, offer rules and custom plans, as catalogue entries.

`spec/gateway.md` §21. Each is known by its natural key, `<merchant id>:<own id>` for all but the profile.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from parcela.domain.card_brands import CardBrand


class MerchantOperation(StrEnum):
    """What a merchant may ask for."""

    AUTHORIZE = "authorize"
    PAY = "pay"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"
    VERIFY = "verify"


class Privilege(StrEnum):
    """What only some merchants may do."""

    EXCESSIVE_REFUNDS = "excessive_refunds"
    """Give back more than was captured."""


class Attachment(StrEnum):
    """What an offer stands for: the shop as a whole, one article, or a cart. Only the last can be paid."""

    GENERIC = "generic"
    ITEM = "item"
    CART = "cart"


class SerialsDue(StrEnum):
    """When the serial numbers of the articles must be in."""

    NEVER = "never"
    AT_PAYMENT = "at_payment"
    AT_CAPTURE = "at_capture"


class AmountKind(StrEnum):
    """A fixed amount in major units, or a percentage."""

    AMOUNT = "amount"
    PERCENT = "percent"


class PlanTemplate(StrEnum):
    """The forms of custom plans (`spec/gateway.md` §16)."""

    INSTALLMENTS_WITHOUT_INTEREST = "installments_without_interest"
    DEFERRAL_AND_INSTALLMENTS_WITH_INTEREST = "deferral_and_installments_with_interest"
    INSTALLMENTS_WITH_INTEREST = "installments_with_interest"
    DEFERRAL_AND_FULL_PAYMENT = "deferral_and_full_payment"
    DEFERRAL_AND_INSTALLMENTS_WITHOUT_INTEREST = "deferral_and_installments_without_interest"


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantProfile:
    """A merchant. `merchant_id` is its public name, exact in case; currencies and brands are what its
    acquirer takes.

    `acquirer_merchant_id`, `acquirer_id` and `mcc` are how the card networks know it. `locale` is the
    language of texts that name none, `time_zone` an IANA name that decides its dates. Where it
    `shows_offers_publicly`, they may be read without its password, for its own pages (`docs/promo.md`).
    """

    kind: ClassVar[str] = "merchant"

    merchant_id: str
    name: str
    is_test: bool = False
    time_zone: str = "UTC"
    locale: str = "en_US"
    country: str
    mcc: str
    url: str | None = None
    currencies: tuple[str, ...]
    brands: tuple[CardBrand, ...]
    operations: frozenset[MerchantOperation] = frozenset(MerchantOperation)
    privileges: frozenset[Privilege] = frozenset()
    has_plans: bool = True
    shows_offers_publicly: bool = False
    acquirer_id: str
    acquirer_merchant_id: str
    terminal_id: str
    enabled: bool = True

    @property
    def key(self) -> str:
        """The natural key."""
        return self.merchant_id

    @property
    def is_simulated(self) -> bool:
        """Does the simulator decide by magic values for it (`spec/gateway.md` §19)?"""
        return self.is_test or self.merchant_id.startswith("TEST")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalName:
    """A name in one language, `locale` such as `de` or `pt_BR`."""

    locale: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantProduct:
    """A group of offers under one name and logo."""

    kind: ClassVar[str] = "merchant_product"

    merchant_id: str
    product_id: str
    name: str
    logo_url: str
    names: tuple[LocalName, ...] = ()
    enabled: bool = True

    @property
    def key(self) -> str:
        """The natural key."""
        return f"{self.merchant_id}:{self.product_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BinRange:
    """Cards that begin with `low` to `high`: prefixes of equal length, 6 to 11 digits."""

    low: str
    high: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CartRule:
    """Which carts an offer is for: SKUs, exact or `prefix*`. Empty members restrict nothing."""

    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A fee, a discount or an award: an amount in major units, or a percentage, by `kind`."""

    kind: AmountKind
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CashAward:
    """Money that the payer gets for taking the offer; a percentage is of the purchase."""

    kind: AmountKind
    value: Decimal
    instruction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualifier:
    """Who backs the offer."""

    text: str
    logo_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTerms:
    """The terms that the payer reads. `version` names their wording; it changes with the text."""

    text: str
    version: str = "1"
    acceptance_required: bool = False
    acceptance_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialRule:
    """When serial numbers are due, and for which SKUs (exact or `prefix*`; empty: for all)."""

    due: SerialsDue = SerialsDue.NEVER
    skus: tuple[str, ...] = ()


NO_SERIALS = SerialRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTexts:
    """The texts of an offer in one language; what is None is told in the merchant's own."""

    locale: str
    qualifier_text: str | None = None
    award_instruction: str | None = None
    terms_text: str | None = None
    acceptance_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRule:
    """Under which conditions a merchant offers a program, and what it adds to the program's terms.

    Amounts are in major units of the program's currency. `display_amount` is what a generic offer is priced
    for (None: the minimum). `fee` replaces the program's own fees. `interest_discount` is what merchant or
    brand bear of the interest: a percentage of it, or an amount. `deferral_months` put off the first payment
    without interest. `budget` bounds the purchases financed under the rule, all versions together.
    A rule that is `withdrawn` is gone for quoted offers too; one that is not `enabled` only for new ones.
    """

    kind: ClassVar[str] = "offer_rule"

    merchant_id: str
    rule_id: str
    attachment: Attachment
    product_id: str
    program_id: str
    display_order: int = 0
    enabled: bool = True
    withdrawn: bool = False
    first_day: date
    last_day: date | None = None
    minimum: Decimal = Decimal(0)
    maximum: Decimal | None = None
    display_amount: Decimal | None = None
    brands: frozenset[CardBrand] = frozenset()
    bin_ranges: tuple[BinRange, ...] = ()
    skus: tuple[str, ...] = ()
    minimum_unit_price: Decimal | None = None
    maximum_unit_price: Decimal | None = None
    cart: CartRule = field(default_factory=CartRule)
    deferral_months: int = 0
    interest_discount: Charge | None = None
    fee: Charge | None = None
    cash_award: CashAward | None = None
    qualifier: Qualifier
    terms: OfferTerms
    serials: SerialRule = NO_SERIALS
    budget: Decimal | None = None
    translations: tuple[LocalTexts, ...] = ()

    @property
    def key(self) -> str:
        """The natural key."""
        return f"{self.merchant_id}:{self.rule_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantPlan:
    """A plan that is paid with by its own id instead of an offer (`spec/gateway.md` §16).

    `program_id` gives issuer, currency and rate; payments and deferrals (months) are those allowed.
    `template_plan_id` is the acquirer's plan whose rules it follows, such as `PLANN`, where it has one.
    """

    kind: ClassVar[str] = "merchant_plan"

    merchant_id: str
    plan_id: str
    name: str
    template: PlanTemplate
    program_id: str
    payments: tuple[int, ...]
    deferrals: tuple[int, ...] = ()
    minimum: Decimal = Decimal(0)
    brands: frozenset[CardBrand] = frozenset()
    operations: frozenset[MerchantOperation] = frozenset({MerchantOperation.AUTHORIZE, MerchantOperation.PAY})
    payer_interest: bool = False
    product_id: str | None = None
    first_day: date
    last_day: date | None = None
    enabled: bool = True

    @property
    def key(self) -> str:
        """The natural key."""
        return f"{self.merchant_id}:{self.plan_id}"


MerchantEntry = MerchantProfile | MerchantProduct | OfferRule | MerchantPlan
