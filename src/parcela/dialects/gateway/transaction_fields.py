"""The field tables of transactions, retrieval included (`spec/gateway.md` §§6.2, 11.1, 12)."""

from parcela.dialects.gateway.calls import RequestTree
from parcela.dialects.gateway.common_fields import (
    ALL_AMOUNTS,
    CARD_FIELDS,
    ENVELOPE_FIELDS,
    ITEM_FIELDS,
    MAX_ITEMS,
    OPEN_GROUPS,
    ORDER_FIELDS,
    PLAN_FIELDS,
    TOKEN_FIELDS,
    TRANSACTION_FIELDS,
    FieldKinds,
    refuse_token,
)
from parcela.dialects.gateway.fields import FieldTable
from parcela.dialects.gateway.kinds import AMOUNT
from parcela.dialects.gateway.request_tree import find_text

_PLACES = frozenset({"order.id", "transaction.id"})

_WORDS: FieldKinds = {
    **ENVELOPE_FIELDS,
    **{
        path: kind
        for path, kind in {**ORDER_FIELDS, **ITEM_FIELDS, **TRANSACTION_FIELDS}.items()
        if path not in _PLACES
    },
    **PLAN_FIELDS,
    **OPEN_GROUPS,
}
_CARD: FieldKinds = {**CARD_FIELDS, **TOKEN_FIELDS}
_CARD_REQUIRED = (
    "sourceOfFunds.provided.card.expiry.month",
    "sourceOfFunds.provided.card.expiry.year",
    "sourceOfFunds.provided.card.number",
)
_ITEM_REQUIRED = ("order.item[].quantity", "order.item[].unitPrice")


def _list_payment_needs(fields: RequestTree) -> list[str]:
    """An amount in either field; the plan that numbers of payments or deferrals are of."""
    refuse_token(fields)
    needs = [] if find_text(fields, "order.netAmount") else ["order.amount"]
    plan = ("offerId", "offerID", "planId")
    if not any(find_text(fields, f"paymentPlan.{name}") for name in plan):
        counts = ("numberOfDeferrals", "numberOfPayments")
        needs += ["paymentPlan.planId" for name in counts if find_text(fields, f"paymentPlan.{name}")]
    return needs


_PAYMENT_AMOUNTS = dict.fromkeys(ALL_AMOUNTS, "order.currency")
"""A payment has the order's currency alone."""

PAYMENT_TABLE = FieldTable(
    kinds={**_WORDS, **_CARD},
    required=("order.currency", *_CARD_REQUIRED, *_ITEM_REQUIRED),
    needs=_list_payment_needs,
    amounts=_PAYMENT_AMOUNTS,
    most_items={"order.item": MAX_ITEMS},
    takes_session=True,
)
"""AUTHORIZE and PAY."""

VERIFY_TABLE = FieldTable(
    kinds={**_WORDS, "order.amount": AMOUNT, "order.netAmount": AMOUNT, **_CARD},
    required=("order.currency", *_CARD_REQUIRED, *_ITEM_REQUIRED),
    needs=refuse_token,
    amounts=_PAYMENT_AMOUNTS,
    most_items={"order.item": MAX_ITEMS},
    takes_session=True,
)

MONEY_TABLE = FieldTable(
    kinds=_WORDS,
    required=("transaction.amount", "transaction.currency"),
    amounts=ALL_AMOUNTS,
    most_items={"order.item": MAX_ITEMS},
    takes_session=True,
)
"""CAPTURE and REFUND: the card is the order's own."""

VOID_TABLE = FieldTable(
    kinds=_WORDS,
    required=("transaction.targetTransactionId",),
    amounts=ALL_AMOUNTS,
    most_items={"order.item": MAX_ITEMS},
    takes_session=True,
)

RETRIEVAL_TABLE = FieldTable(kinds={})
