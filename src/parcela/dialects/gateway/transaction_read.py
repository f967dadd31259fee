"""Requests about orders put into the core's words (`spec/gateway.md` §§6.1, 11.1, 12, 16)."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from parcela.dialects.gateway.calls import Call, RequestTree, RequestValue
from parcela.dialects.gateway.errors import refuse_invalid
from parcela.dialects.gateway.fields import FieldTable, Node
from parcela.dialects.gateway.kinds import AMOUNT, PAYMENT_AMOUNT, QUANTITY, Kind
from parcela.dialects.gateway.order_lines import get_text, read_lines
from parcela.dialects.gateway.order_words import ORDER, keep_order_words, keep_transaction_words
from parcela.dialects.gateway.request_tree import find_decimal, find_integer, find_text
from parcela.domain.currency import find_currency
from parcela.domain.merchant_offers import CartItem
from parcela.domain.money import InvalidMoney, parse_major
from parcela.operations.acquiring import PaymentCard
from parcela.operations.merchant_offers import PlanChoice
from parcela.operations.merchant_sessions import make_session_key
from parcela.operations.merchants import MerchantCaller
from parcela.operations.orders.commands import (
    CaptureCommand,
    PayCommand,
    RefundCommand,
    VerifyCommand,
    VoidCommand,
)

_CARD = "sourceOfFunds.provided.card"
_PLAN_ALIASES = {"AMEX_PLANAMEX": "PLANAMEX", "AMEX_PlanAmex": "PLANAMEX"}


def read_payment(call: Call, table: FieldTable) -> PayCommand:
    """AUTHORIZE or PAY. Raises GatewayError for values that contradict each other."""
    fields = call.fields
    amount_field = find_amount_field(fields)
    currency = get_text(fields, "order.currency")
    _check_sum(fields, amount_field)
    return PayCommand(
        order_id=call.place.order_id,
        transaction_id=call.place.transaction_id,
        digest=digest_request(call, table),
        transaction_details=keep_transaction_words(fields),
        api_version=call.version,
        currency=currency,
        card=read_card(fields),
        order_details=keep_order_words(fields),
        amount_minor=read_minor(fields, amount_field, currency),
        choice=read_choice(call),
        lines=read_lines(fields),
        session_key=_find_session_key(call),
    )


def read_verification(call: Call, table: FieldTable) -> VerifyCommand:
    """VERIFY."""
    return VerifyCommand(
        order_id=call.place.order_id,
        transaction_id=call.place.transaction_id,
        digest=digest_request(call, table),
        transaction_details=keep_transaction_words(call.fields),
        api_version=call.version,
        currency=get_text(call.fields, "order.currency"),
        card=read_card(call.fields),
        order_details=keep_order_words(call.fields),
        session_key=_find_session_key(call),
    )


def read_capture(call: Call, table: FieldTable, rows: Sequence[CartItem]) -> CaptureCommand:
    """CAPTURE; `rows` complete items that say no more than their serial numbers."""
    currency = get_text(call.fields, "transaction.currency")
    return CaptureCommand(
        order_id=call.place.order_id,
        transaction_id=call.place.transaction_id,
        digest=digest_request(call, table),
        transaction_details=_keep_later_words(call.fields),
        api_version=call.version,
        amount_minor=read_minor(call.fields, "transaction.amount", currency),
        currency=currency,
        lines=read_lines(call.fields, rows),
    )


def read_refund(call: Call, table: FieldTable) -> RefundCommand:
    """REFUND."""
    currency = get_text(call.fields, "transaction.currency")
    return RefundCommand(
        order_id=call.place.order_id,
        transaction_id=call.place.transaction_id,
        digest=digest_request(call, table),
        transaction_details=_keep_later_words(call.fields),
        api_version=call.version,
        amount_minor=read_minor(call.fields, "transaction.amount", currency),
        currency=currency,
    )


def read_void(call: Call, table: FieldTable) -> VoidCommand:
    """VOID."""
    return VoidCommand(
        order_id=call.place.order_id,
        transaction_id=call.place.transaction_id,
        digest=digest_request(call, table),
        transaction_details=_keep_later_words(call.fields),
        api_version=call.version,
        target_id=get_text(call.fields, "transaction.targetTransactionId"),
    )


def find_amount_field(fields: RequestTree) -> str:
    """`order.amount`, or `order.netAmount` where only that one came. Raises GatewayError if both differ."""
    amount, net = find_decimal(fields, "order.amount"), find_decimal(fields, "order.netAmount")
    if amount is not None and net is not None and amount != net:
        value = get_text(fields, "order.netAmount")
        raise refuse_invalid("order.netAmount", value, "It differs from order.amount.")
    return "order.amount" if amount is not None else "order.netAmount"


def read_minor(fields: RequestTree, path: str, currency_code: str) -> int:
    """An amount in minor units. The currency may come from a session, so its decimals are looked at here."""
    value = get_text(fields, path)
    currency = find_currency(currency_code)
    assert currency is not None, "the format of the field was checked"
    try:
        return parse_major(str(value), currency).minor
    except InvalidMoney:
        reason = f"Too many decimal places specified for value [{value}]"
        raise refuse_invalid(path, value, reason) from None


def read_card(fields: RequestTree) -> PaymentCard:
    """The card that was typed."""
    return PaymentCard(
        digits=get_text(fields, f"{_CARD}.number"),
        expiry_month=get_text(fields, f"{_CARD}.expiry.month").zfill(2),
        expiry_year=get_text(fields, f"{_CARD}.expiry.year"),
        security_code=find_text(fields, f"{_CARD}.securityCode"),
        holder_name=find_text(fields, f"{_CARD}.nameOnCard"),
    )


def read_choice(call: Call) -> PlanChoice | None:
    """The plan to pay with: an offer in one of two spellings, or a custom plan."""
    fields = call.fields
    offer_id = find_text(fields, "paymentPlan.offerId")
    printed = find_text(fields, "paymentPlan.offerID")
    if offer_id is not None and printed is not None and offer_id != printed:
        reason = "It differs from paymentPlan.offerID."
        raise refuse_invalid("paymentPlan.offerId", offer_id, reason)
    offer_id = offer_id or printed
    plan_id = find_text(fields, "paymentPlan.planId")
    if offer_id is not None and plan_id is not None:
        reason = "A payment plan offer and a payment plan cannot be used together."
        raise refuse_invalid("paymentPlan.planId", plan_id, reason)
    if offer_id is not None:
        return PlanChoice(offer_id=offer_id)
    if plan_id is None:
        return None
    return PlanChoice(
        plan_id=resolve_plan_id(call.caller, plan_id),
        count=find_integer(fields, "paymentPlan.numberOfPayments"),
        deferrals=find_integer(fields, "paymentPlan.numberOfDeferrals"),
    )


def resolve_plan_id(caller: MerchantCaller, plan_id: str) -> str:
    """A custom plan's own id; older spellings of Plan Amex stand for it unless a plan is called so (§16)."""
    known = caller.setup.find_plan(plan_id) is not None
    return plan_id if known else _PLAN_ALIASES.get(plan_id, plan_id)


def digest_request(call: Call, table: FieldTable) -> bytes:
    """The keyed fingerprint of what was sent, the same over REST and NVP and for amounts of equal value (§7).

    A session counts by its id and version only, since its content may change between two tries.
    """
    canonical = [call.operation, _canonicalize(table.root, call.sent)]
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return call.engine.vault.fingerprint(call.caller.client.tenant_id, b"gateway request:" + text.encode())


def _canonicalize(node: Node | None, value: RequestValue) -> object:
    if isinstance(value, dict):
        members = node.members if node is not None else {}
        return {name: _canonicalize(members.get(name), inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_canonicalize(node.items if node is not None else None, inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return _canonicalize_text(node.kind if node is not None else None, str(value))


def _canonicalize_text(kind: Kind | None, value: str) -> str:
    if kind in (AMOUNT, PAYMENT_AMOUNT, QUANTITY):
        return format(Decimal(value).normalize(), "f")
    return value


def _find_session_key(call: Call) -> bytes | None:
    session_id = find_text(call.sent, "session.id")
    return None if session_id is None else make_session_key(call.engine, call.caller.client, session_id)


def _check_sum(fields: RequestTree, amount_field: str) -> None:
    """With an `itemAmount` the parts add up to the order's amount (§6.1)."""
    parts = find_decimal(fields, "order.itemAmount")
    if parts is None:
        return
    for name in ("taxAmount", "shippingAndHandlingAmount", "gratuityAmount"):
        parts += find_decimal(fields, f"order.{name}") or 0
    parts -= find_decimal(fields, "order.discount.amount") or 0
    if parts != find_decimal(fields, amount_field):
        reason = "The item amount, tax, shipping and gratuity less the discount do not add up to it."
        raise refuse_invalid(amount_field, get_text(fields, amount_field), reason)


def _keep_later_words(fields: RequestTree) -> Mapping[str, object]:
    """What a capture, refund or void says of itself and of its order, whose items stay as they were."""
    kept = keep_order_words(fields)
    order = kept.get(ORDER)
    if isinstance(order, dict):
        order.pop("item", None)
    return {**kept, **keep_transaction_words(fields)}
