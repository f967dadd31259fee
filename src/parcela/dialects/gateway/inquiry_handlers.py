"""Inquiries: generic, item and cart offers, and prices of custom plans (`spec/gateway.md` §§9, 16)."""

from parcela.dialects.gateway.calls import AnswerTree, Call, Reply, RequestTree
from parcela.dialects.gateway.inquiry_fields import (
    CARD_NUMBER_FIELD,
    ITEM_TABLE,
    OPTIONS_TABLE,
    PLAN_OFFERS_TABLE,
    PLAN_TABLE,
    SHOPPING_TABLE,
)
from parcela.dialects.gateway.inquiry_write import (
    Spelling,
    cart_offers_to_answer,
    generic_to_answer,
    items_to_answer,
    options_to_answer,
    plan_prices_to_answer,
)
from parcela.dialects.gateway.order_lines import get_decimal, get_text
from parcela.dialects.gateway.request_tree import (
    find_integer,
    find_text,
    list_items,
)
from parcela.dialects.gateway.routes import Operation
from parcela.dialects.gateway.transaction_read import read_minor, resolve_plan_id
from parcela.dialects.gateway.transaction_write import get_currency
from parcela.domain.merchant_offers import CartItem
from parcela.operations.inquiry_records import (
    Article,
    CartInquiry,
    GenericInquiry,
    ItemInquiry,
    PlanInquiry,
)
from parcela.operations.merchant_inquiries import (
    show_cart_offers,
    show_generic_offers,
    show_item_offers,
    show_plan_offers,
)

_PREFIX_LENGTH = 11
"""Of a whole card number, the digits that stand for its prefix (§9.3)."""


async def answer_shopping(call: Call) -> Reply:
    """SHOPPING_OPTIONS_INQUIRY."""
    inquiry = GenericInquiry(
        merchant_currency=get_text(call.fields, "merchantCurrency"),
        payer_currency=find_text(call.fields, "payerCurrency"),
        locale=_find_locale(call.fields),
    )
    answer = await show_generic_offers(call.engine, call.world, call.caller, inquiry)
    return Reply(members=generic_to_answer(answer, _spell(call)))


async def answer_items(call: Call) -> Reply:
    """ITEM_PAYMENT_PLAN_OFFERS."""
    currency = get_text(call.fields, "currency")
    articles = tuple(
        Article(sku=get_text(item, "sku"), unit_price=get_decimal(item, "unitPrice"))
        for item in list_items(call.fields, "item")
    )
    inquiry = ItemInquiry(currency=currency, articles=articles, locale=_find_locale(call.fields))
    answer = await show_item_offers(call.engine, call.world, call.caller, inquiry)
    return Reply(members=items_to_answer(answer, get_currency(currency), _spell(call)))


async def answer_options(call: Call) -> Reply:
    """PAYMENT_OPTIONS_INQUIRY."""
    prefix = find_text(call.fields, "sourceOfFunds.provided.card.prefix")
    inquiry = _read_cart(call.fields, prefix)
    answer = await show_cart_offers(call.engine, call.world, call.caller, inquiry)
    return Reply(members=options_to_answer(answer, call.caller.setup.profile, _spell(call)))


async def answer_plan_offers(call: Call) -> Reply:
    """PAYMENT_PLAN_OFFERS_INQUIRY: cart offers at the top level."""
    number = find_text(call.fields, CARD_NUMBER_FIELD)
    prefix = find_text(call.fields, "sourceOfFunds.provided.card.prefix")
    inquiry = _read_cart(call.fields, number[:_PREFIX_LENGTH] if number is not None else prefix)
    answer = await show_cart_offers(call.engine, call.world, call.caller, inquiry)
    members: AnswerTree = {
        "paymentPlanOffer": cart_offers_to_answer(answer, _spell(call)),
        "result": "SUCCESS",
    }
    return Reply(members=members)


async def answer_plan(call: Call) -> Reply:
    """PLAN_OFFERS_INQUIRY of a custom plan."""
    currency = get_text(call.fields, "order.currency")
    inquiry = PlanInquiry(
        plan_id=resolve_plan_id(call.caller, call.place.plan_id),
        amount_minor=read_minor(call.fields, "order.amount", currency),
        currency=currency,
        count=find_integer(call.fields, "paymentPlan.numberOfPayments") or 0,
        digits=find_text(call.fields, CARD_NUMBER_FIELD),
    )
    answer = await show_plan_offers(call.engine, call.world, call.caller, inquiry)
    return Reply(members=plan_prices_to_answer(answer))


def _read_cart(fields: RequestTree, prefix: str | None) -> CartInquiry:
    currency = find_text(fields, "order.currency")
    has_amount = currency is not None and find_text(fields, "order.amount") is not None
    items = tuple(
        CartItem(
            sku=get_text(item, "sku"),
            quantity=get_decimal(item, "quantity"),
            unit_price=get_decimal(item, "unitPrice"),
        )
        for item in list_items(fields, "order.item")
    )
    return CartInquiry(
        amount_minor=read_minor(fields, "order.amount", currency) if has_amount and currency else None,
        currency=currency,
        items=items,
        card_prefix=prefix,
        product_id=find_text(fields, "paymentPlanProductId"),
        locale=_find_locale(fields),
    )


def _find_locale(fields: RequestTree) -> str | None:
    return find_text(fields, "payerLocale") or find_text(fields, "payerlocale")


def _spell(call: Call) -> Spelling:
    return Spelling(version=call.version, has_literal=call.settings.has_literal_spellings)


INQUIRY_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="SHOPPING_OPTIONS_INQUIRY",
        methods=("GET", "POST"),
        tail="shoppingOptionsInquiry",
        table=SHOPPING_TABLE,
        handler=answer_shopping,
        summary="Generic offers of the merchant",
    ),
    Operation(
        name="ITEM_PAYMENT_PLAN_OFFERS",
        methods=("GET", "POST"),
        tail="itemPaymentPlanOffers",
        table=ITEM_TABLE,
        handler=answer_items,
        summary="Offers for items, one by one",
        needs_name=True,
    ),
    Operation(
        name="PAYMENT_OPTIONS_INQUIRY",
        methods=("GET", "POST"),
        tail="paymentOptionsInquiry",
        table=OPTIONS_TABLE,
        handler=answer_options,
        summary="Ways to pay, and the offers of a cart",
        allows_empty_body=True,
        takes_session_login=True,
    ),
    Operation(
        name="PAYMENT_PLAN_OFFERS_INQUIRY",
        methods=("GET", "POST"),
        tail="paymentPlanOffersInquiry",
        table=PLAN_OFFERS_TABLE,
        handler=answer_plan_offers,
        summary="The offers of a cart",
        allows_empty_body=True,
        versions=(65, 69),
    ),
    Operation(
        name="PLAN_OFFERS_INQUIRY",
        methods=("PUT",),
        tail="paymentPlan/{plan_id}",
        table=PLAN_TABLE,
        handler=answer_plan,
        summary="What a custom plan costs",
        needs_name=True,
    ),
)
