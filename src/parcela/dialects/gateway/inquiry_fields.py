"""The field tables of inquiries and of UPDATE (`spec/gateway.md` §§9, 10, 16)."""

from parcela.dialects.gateway.calls import RequestTree
from parcela.dialects.gateway.common_fields import (
    CARD_FIELDS,
    ITEM_FIELDS,
    MAX_ITEMS,
    ORDER_AMOUNTS,
    ORDER_FIELDS,
    FieldKinds,
)
from parcela.dialects.gateway.errors import refuse_invalid
from parcela.dialects.gateway.fields import FieldTable
from parcela.dialects.gateway.kinds import (
    AMOUNT,
    BOOLEAN,
    CURRENCY,
    enum,
    integer,
    text,
)
from parcela.dialects.gateway.request_tree import find_boolean, find_text, list_items

CARD_NUMBER_FIELD = "sourceOfFunds.provided.card.number"
TERMS_DISPLAYS = ("NONE", "TERMS_AND_CONDITIONS_ONLY", "TERMS_AND_CONDITIONS_AND_ACCEPTANCE")

_MAX_ARTICLES = 100
_ACCEPTANCE = "paymentPlanOffer.payerAcceptance"
_LOCALE: FieldKinds = {"payerLocale": text(1, 40), "payerlocale": text(1, 40)}
_ITEM_REQUIRED = ("order.item[].quantity", "order.item[].sku", "order.item[].unitPrice")
_ORDER: FieldKinds = {**ORDER_FIELDS, **ITEM_FIELDS}
_CART: FieldKinds = {
    **_LOCALE,
    **_ORDER,
    "paymentPlanProductId": text(1, 40),
    "sourceOfFunds.type": CARD_FIELDS["sourceOfFunds.type"],
    "sourceOfFunds.provided.card.prefix": CARD_FIELDS["sourceOfFunds.provided.card.prefix"],
}


def _need_currency(fields: RequestTree) -> list[str]:
    return ["order.currency"] if find_text(fields, "order.amount") is not None else []


def _list_update_needs(fields: RequestTree) -> list[str]:
    """What an acceptance needs; serial numbers alone need none of it (§10)."""
    accepts = find_boolean(fields, _ACCEPTANCE)
    if accepts is False:
        raise refuse_invalid(_ACCEPTANCE, "false", "Expected true")
    if accepts is None:
        has_serials = any("serialNumber" in item for item in list_items(fields, "order.item"))
        return [] if has_serials else [_ACCEPTANCE]
    return [
        "order.amount",
        "order.currency",
        *_ITEM_REQUIRED,
        "paymentPlanOffer.termsAndConditionsDisplay",
        CARD_NUMBER_FIELD,
    ]


SHOPPING_TABLE = FieldTable(
    kinds={"merchantCurrency": CURRENCY, "payerCurrency": CURRENCY, **_LOCALE},
    required=("merchantCurrency",),
)

ITEM_TABLE = FieldTable(
    kinds={"currency": CURRENCY, "item[].sku": text(1, 127), "item[].unitPrice": AMOUNT, **_LOCALE},
    required=("currency", "item", "item[].sku", "item[].unitPrice"),
    amounts={"item[].unitPrice": "currency"},
    most_items={"item": _MAX_ARTICLES},
)

OPTIONS_TABLE = FieldTable(
    kinds=_CART,
    required=_ITEM_REQUIRED,
    needs=_need_currency,
    amounts=ORDER_AMOUNTS,
    most_items={"order.item": MAX_ITEMS},
)

PLAN_OFFERS_TABLE = FieldTable(
    kinds={**_CART, CARD_NUMBER_FIELD: CARD_FIELDS[CARD_NUMBER_FIELD]},
    required=_ITEM_REQUIRED,
    needs=_need_currency,
    amounts=ORDER_AMOUNTS,
    most_items={"order.item": MAX_ITEMS},
)
"""PAYMENT_PLAN_OFFERS_INQUIRY, which takes the whole card too (§9.4)."""

PLAN_TABLE = FieldTable(
    kinds={**_ORDER, "paymentPlan.numberOfPayments": integer(1, 99), **CARD_FIELDS},
    required=(
        "order.amount",
        "order.currency",
        "paymentPlan.numberOfPayments",
        CARD_NUMBER_FIELD,
    ),
    amounts=ORDER_AMOUNTS,
    most_items={"order.item": MAX_ITEMS},
    takes_session=True,
)
"""PLAN_OFFERS_INQUIRY of a custom plan (§16)."""

UPDATE_TABLE = FieldTable(
    kinds={
        **_ORDER,
        **CARD_FIELDS,
        _ACCEPTANCE: BOOLEAN,
        "paymentPlanOffer.termsAndConditionsDisplay": enum(*TERMS_DISPLAYS),
    },
    needs=_list_update_needs,
    amounts=ORDER_AMOUNTS,
    most_items={"order.item": MAX_ITEMS},
    takes_session=True,
)
