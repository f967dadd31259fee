"""What a merchant's payers are offered: generic, item and cart offers, and prices of custom plans.

`spec/gateway.md` §§8, 9, 16. Offers come from the set-up in memory; only cart offers are kept, as one quote.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from parcela.domain.currency import Currency, find_currency
from parcela.domain.errors import NotFound
from parcela.domain.merchant_offers import OfferPrice, PricedBy, Quote
from parcela.domain.merchant_pricing import find_payer_rate_percent, price_custom_plan, price_offer
from parcela.domain.merchant_screening import (
    admits_amount,
    admits_article,
    admits_card,
    admits_items,
    find_amount_bounds,
)
from parcela.domain.merchant_setup import PlanInForce, RuleInForce
from parcela.domain.merchants import Attachment, OfferRule
from parcela.domain.money import Money, parse_major
from parcela.domain.offer_ids import MAX_OFFERS, RANDOM_BYTES, name_answer
from parcela.domain.offers import NotPresentable
from parcela.domain.order_refusals import PlanCondition, PlanConditionUnmet
from parcela.domain.programs import Program
from parcela.domain.schedule import NotPriceable
from parcela.operations.engine import Engine, World
from parcela.operations.entry_versions import get_entry_version
from parcela.operations.inquiry_records import (
    Article,
    CartAnswer,
    CartInquiry,
    GenericAnswer,
    GenericInquiry,
    ItemAnswer,
    ItemInquiry,
    PlanAnswer,
    PlanInquiry,
    ShownArticle,
    ShownAward,
    ShownOffer,
    ShownPlan,
    ShownProduct,
)
from parcela.operations.merchants import MerchantCaller
from parcela.operations.offer_view import (
    NO_BUDGETS,
    OfferView,
    PricedRule,
    is_plan_open,
    list_open_rules,
    open_view,
    show_offers,
    show_plan,
    show_products,
    show_products_of,
)
from parcela.store import offer_budgets
from parcela.store.merchant_quotes import QuoteRow

# One address for what doors need of an inquiry.
__all__ = [
    "Article",
    "CartAnswer",
    "CartInquiry",
    "GenericAnswer",
    "GenericInquiry",
    "ItemAnswer",
    "ItemInquiry",
    "PlanAnswer",
    "PlanInquiry",
    "ShownArticle",
    "ShownAward",
    "ShownOffer",
    "ShownPlan",
    "ShownProduct",
    "find_priced_versions",
    "preview_cart_offers",
    "show_cart_offers",
    "show_generic_offers",
    "show_item_offers",
    "show_plan_offers",
]

_NEIGHBOURS = 2
"""So far from the number of payments asked for may those of a plan inquiry lie (`spec/gateway.md` §16)."""


async def show_generic_offers(
    engine: Engine, world: World, caller: MerchantCaller, inquiry: GenericInquiry
) -> GenericAnswer:
    """The offers of the shop as a whole, each priced for its display amount; for display only.

    Nothing is converted: a currency that the merchant lacks has no offers.
    """
    if inquiry.merchant_currency not in caller.setup.profile.currencies:
        return GenericAnswer()
    view = await _open_view(engine, world, caller, locale=inquiry.locale)
    currency = inquiry.payer_currency or inquiry.merchant_currency
    rules = list_open_rules(view, Attachment.GENERIC, currency)
    answer = name_answer("g", engine.ids.random_bytes(RANDOM_BYTES))
    offers = show_offers(view, answer, _price_each((held, _find_display_amount(held)) for held in rules))
    return GenericAnswer(products=show_products_of(view, offers), offers=offers)


async def show_item_offers(
    engine: Engine, world: World, caller: MerchantCaller, inquiry: ItemInquiry
) -> ItemAnswer:
    """The offers for each article, priced for its unit price; for display only.

    Raises InvalidMoney for a price that is no amount of the currency.
    """
    view = await _open_view(engine, world, caller, locale=inquiry.locale)
    rules = list(list_open_rules(view, Attachment.ITEM, inquiry.currency))
    shown = []
    for article in inquiry.articles:
        answer = name_answer("i", engine.ids.random_bytes(RANDOM_BYTES))
        offers = show_offers(view, answer, _price_article(rules, article, inquiry.currency))
        shown.append(ShownArticle(article=article, offers=offers))
    return ItemAnswer(
        products=show_products_of(view, [offer for one in shown for offer in one.offers]),
        articles=tuple(shown),
    )


async def show_cart_offers(
    engine: Engine, world: World, caller: MerchantCaller, inquiry: CartInquiry
) -> CartAnswer:
    """The offers that a purchase can be paid with, kept as a quote, and the merchant's custom plans.

    A merchant whose plans are switched off has neither. Raises NotFound for a product that is not its own.
    """
    setup, wanted = caller.setup, inquiry.product_id
    if wanted is not None and setup.find_product(wanted) is None:
        raise NotFound("merchant product", wanted)
    if not setup.profile.has_plans:
        return CartAnswer()
    view = await _open_view(
        engine,
        world,
        caller,
        locale=inquiry.locale,
        prefix=inquiry.card_prefix,
        amount_minor=inquiry.amount_minor,
    )
    quote_id = name_answer("c", engine.ids.random_bytes(RANDOM_BYTES))
    priced = list(_price_cart(view, inquiry))[:MAX_OFFERS]
    if priced:
        quote = _make_quote(world, caller, inquiry, quote_id, [held for held, _ in priced])
        is_new = await engine.insert_quote(QuoteRow(caller.client.tenant_id, quote))
        assert is_new, "113 random bits do not meet twice"
    products = [product for product in setup.products if wanted in (None, product.product_id)]
    return CartAnswer(
        products=show_products(view, products),
        offers=show_offers(view, quote_id, priced),
        plans=tuple(show_plan(view, held) for held in setup.plans if _admits_plan(view, held, inquiry)),
        quote_id=quote_id if priced else None,
    )


async def preview_cart_offers(
    engine: Engine, world: World, caller: MerchantCaller, inquiry: CartInquiry
) -> tuple[ShownOffer, ...]:
    """The cart offers of an inquiry as `show_cart_offers` gives them, for display only: nothing is kept."""
    view = await _open_view(engine, world, caller, locale=inquiry.locale, amount_minor=inquiry.amount_minor)
    answer = name_answer("c", engine.ids.random_bytes(RANDOM_BYTES))
    return show_offers(view, answer, _price_cart(view, inquiry))


async def show_plan_offers(
    engine: Engine, world: World, caller: MerchantCaller, inquiry: PlanInquiry
) -> PlanAnswer:
    """What a custom plan costs with up to two payments more or fewer than asked for (`spec/gateway.md` §16).

    Raises PlanConditionUnmet, in this order: PLANS_ENABLED, KNOWN, CURRENCY, MINIMUM, MAXIMUM, CARD.
    """
    held = _check_plan(open_view(world, caller), inquiry)
    currency = find_currency(inquiry.currency)
    assert currency is not None, "it is the program's"
    prices = []
    for count in sorted(held.plan.payments):
        if abs(count - inquiry.count) <= _NEIGHBOURS:
            prices += _price_plan(held, Money(inquiry.amount_minor, currency), count)
    return PlanAnswer(
        plan_id=inquiry.plan_id,
        rate_percent=find_payer_rate_percent(held.plan, held.program),
        offers=tuple(prices),
    )


async def find_priced_versions(
    engine: Engine, world: World, caller: MerchantCaller, priced_by: PricedBy
) -> tuple[OfferRule, Program]:
    """The rule and the program in the versions that priced an offer, which may have been replaced since."""
    rule_key = (OfferRule.kind, priced_by.rule_key)
    program_key = (Program.kind, priced_by.program_id)
    tenant_id = caller.client.tenant_id
    rule = await get_entry_version(engine, world, tenant_id, rule_key, priced_by.rule_version)
    program = await get_entry_version(engine, world, tenant_id, program_key, priced_by.program_version)
    assert isinstance(rule, OfferRule) and isinstance(program, Program)
    return rule, program


async def _open_view(
    engine: Engine,
    world: World,
    caller: MerchantCaller,
    *,
    locale: str | None,
    prefix: str | None = None,
    amount_minor: int | None = None,
) -> OfferView:
    """The set-up as the inquiry sees it; the database is asked only for merchants with budgets."""
    return open_view(
        world,
        caller,
        locale=locale,
        prefix=prefix,
        amount_minor=amount_minor,
        left_minor=await _list_budgets_left(engine, caller),
    )


async def _list_budgets_left(engine: Engine, caller: MerchantCaller) -> Mapping[str, int]:
    """What is left of the budget of each rule that has one, in minor units."""
    budgets: dict[str, tuple[str, int]] = {}
    for held in caller.setup.rules:
        if held.rule.budget is not None:
            currency = _get_currency(held)
            budgets[held.rule.key] = currency.code, int(held.rule.budget.scaleb(currency.exponent))
    if not budgets:
        return NO_BUDGETS
    async with engine.database.connection() as connection:
        taken = await offer_budgets.list_taken(connection, caller.client.tenant_id, budgets)
    return {key: minor - taken.get((key, code), 0) for key, (code, minor) in budgets.items()}


def _price_each(rules: Iterable[tuple[RuleInForce, Money]]) -> Iterator[PricedRule]:
    """The rules that have a lawful price for their amount."""
    for held, amount in rules:
        try:
            yield held, price_offer(held.rule, held.program, amount)
        except (NotPriceable, NotPresentable):
            # Another amount may well be priceable: this one gets no offer, which is an answer.
            continue


def _get_currency(held: RuleInForce) -> Currency:
    currency = find_currency(held.program.currency)
    assert currency is not None, "a program is in a currency of ISO 4217"
    return currency


def _find_display_amount(held: RuleInForce) -> Money:
    """What a generic offer is priced for: its display amount, by default its minimum."""
    currency = _get_currency(held)
    shown = held.rule.display_amount
    if shown is not None:
        return parse_major(shown, currency)
    return Money(find_amount_bounds(held.rule, held.program)[0], currency)


def _price_article(
    rules: Sequence[RuleInForce], article: Article, currency_code: str
) -> Iterator[PricedRule]:
    currency = find_currency(currency_code)
    if currency is None:
        return iter(())
    amount = parse_major(article.unit_price, currency)
    return _price_each(
        (held, amount)
        for held in rules
        if admits_article(held.rule, article.sku, article.unit_price)
        and admits_amount(held.rule, held.program, amount.minor)
    )


def _price_cart(view: OfferView, inquiry: CartInquiry) -> Iterator[PricedRule]:
    """The rules that a purchase does not contradict, each with its price where an amount is named."""
    found = (
        held
        for held in list_open_rules(view, Attachment.CART, inquiry.currency)
        if inquiry.product_id in (None, held.rule.product_id)
        and admits_amount(held.rule, held.program, inquiry.amount_minor)
        and admits_items(held.rule, inquiry.items)
    )
    if inquiry.amount_minor is None:
        return ((held, None) for held in found)
    currency = find_currency(inquiry.currency or "")
    if currency is None:
        return iter(())
    amount = Money(inquiry.amount_minor, currency)
    return _price_each((held, amount) for held in found)


def _make_quote(
    world: World,
    caller: MerchantCaller,
    inquiry: CartInquiry,
    quote_id: str,
    rules: Iterable[RuleInForce],
) -> Quote:
    return Quote(
        quote_id=quote_id,
        client_id=caller.client.client_id,
        quoted_at=world.now,
        currency=inquiry.currency,
        amount_minor=inquiry.amount_minor,
        items=inquiry.items,
        card_prefix=inquiry.card_prefix,
        offers=tuple(
            PricedBy(
                rule_key=held.rule.key,
                rule_version=held.version,
                program_id=held.program.offer_id,
                program_version=held.program_version,
            )
            for held in rules
        ),
        locale=inquiry.locale,
    )


def _admits_plan(view: OfferView, held: PlanInForce, inquiry: CartInquiry) -> bool:
    """Is a custom plan one that the inquiry does not contradict?"""
    return (
        is_plan_open(view, held)
        and inquiry.currency in (None, held.program.currency)
        and inquiry.product_id in (None, held.plan.product_id)
        and admits_amount(held.plan, held.program, inquiry.amount_minor)
    )


def _check_plan(view: OfferView, inquiry: PlanInquiry) -> PlanInForce:
    """The plan asked about. Raises PlanConditionUnmet with the first condition that is not met."""
    if not view.profile.has_plans:
        raise PlanConditionUnmet(PlanCondition.PLANS_ENABLED)
    held = view.caller.setup.find_plan(inquiry.plan_id)
    if held is None or not is_plan_open(view, held):
        raise PlanConditionUnmet(PlanCondition.KNOWN)
    if held.program.currency != inquiry.currency:
        raise PlanConditionUnmet(PlanCondition.CURRENCY)
    minimum, maximum = find_amount_bounds(held.plan, held.program)
    if inquiry.amount_minor < minimum:
        raise PlanConditionUnmet(PlanCondition.MINIMUM)
    if maximum is not None and inquiry.amount_minor > maximum:
        raise PlanConditionUnmet(PlanCondition.MAXIMUM)
    digits = inquiry.digits
    if digits is not None and not admits_card(view.catalogue, held.plan, held.program, digits):
        raise PlanConditionUnmet(PlanCondition.CARD)
    return held


def _price_plan(held: PlanInForce, amount: Money, count: int) -> list[OfferPrice]:
    """The price for a number of payments; none where there is no lawful one."""
    try:
        return [price_custom_plan(held.plan, held.program, amount, count=count)]
    except (NotPriceable, NotPresentable):
        # Fewer or more payments may well be priceable.
        return []
