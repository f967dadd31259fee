"""What a merchant asks about offers and what it is told, in the core's words (`spec/gateway.md` §§8, 9, 16).

Amounts are in minor units unless a member says otherwise; what an inquiry does not name is None or empty.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from parcela.domain.currency import Currency
from parcela.domain.merchant_offers import CartItem, OfferPrice
from parcela.domain.merchants import PlanTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericInquiry:
    """Offers of the shop as a whole; the payer's currency is the merchant's where it is not named."""

    merchant_currency: str
    payer_currency: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article of the shop; `unit_price` in major units, without tax and discount."""

    sku: str
    unit_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemInquiry:
    """Offers for articles, one by one."""

    currency: str
    articles: tuple[Article, ...]
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartInquiry:
    """Offers that can be paid with. An amount comes with its currency; `card_prefix` has 6 to 11 digits."""

    amount_minor: int | None = None
    currency: str | None = None
    items: tuple[CartItem, ...] = ()
    card_prefix: str | None = None
    product_id: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInquiry:
    """What a custom plan costs with about so many payments; `digits` are the card's."""

    plan_id: str
    amount_minor: int
    currency: str
    count: int
    digits: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProduct:
    """A group of offers; its name in the payer's language."""

    product_id: str
    name: str
    logo_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAward:
    """Money for the payer; the amount is None where it depends on an amount that was not named."""

    amount_minor: int | None
    instruction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOffer:
    """An offer as it is shown.

    `price` is None where no amount was named; then fee, discount and `charges_interest` are None too as far
    as they depend on it. `first_day` to `last_day` are the days on which it may be used, and the amounts
    from `minimum_minor` to `maximum_minor` those it is for. `acceptance_text` is None where no acceptance is
    required. `rate_percent` is nominal, a year, with the digits to be shown.
    """

    offer_id: str
    product_id: str
    program_id: str
    currency: Currency
    count: int
    deferral_months: int
    rate_percent: Decimal
    price: OfferPrice | None
    fee_minor: int | None
    discount_minor: int | None
    charges_interest: bool | None
    award: ShownAward | None
    minimum_minor: int
    maximum_minor: int | None
    first_day: date
    last_day: date
    qualifier_text: str
    qualifier_logo_url: str
    terms_text: str
    acceptance_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericAnswer:
    """Generic offers in display order, and their products."""

    products: tuple[ShownProduct, ...] = ()
    offers: tuple[ShownOffer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownArticle:
    """An article with its offers in display order."""

    article: Article
    offers: tuple[ShownOffer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAnswer:
    """The articles in the order of the inquiry, and the products of their offers."""

    products: tuple[ShownProduct, ...]
    articles: tuple[ShownArticle, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlan:
    """A custom plan that can be paid with by its own id; `minimum_minor` is 0 where there is none."""

    plan_id: str
    name: str
    template: PlanTemplate
    currency: Currency
    first_day: date
    last_day: date
    payments: tuple[int, ...]
    deferrals: tuple[int, ...]
    minimum_minor: int
    payer_interest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CartAnswer:
    """Cart offers in display order, the merchant's products and its custom plans.

    `quote_id` is None where there are no offers: then nothing was kept.
    """

    products: tuple[ShownProduct, ...] = ()
    offers: tuple[ShownOffer, ...] = ()
    plans: tuple[ShownPlan, ...] = ()
    quote_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAnswer:
    """A custom plan's prices by ascending number of payments; `rate_percent` is what the payer is charged."""

    plan_id: str
    rate_percent: Decimal
    offers: tuple[OfferPrice, ...]
