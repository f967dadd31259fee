"""A merchant's own words with an order or a transaction: kept as they came, and echoed (§§6.2, 11.2).

They are kept in `details` documents with three members: ORDER and TRANSACTION hold texts by name, OPEN one
JSON text with the groups of any content. Whatever looks like a card number is masked before it is kept.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from parcela.dialects.gateway.calls import AnswerTree, AnswerValue, RequestTree, RequestValue
from parcela.dialects.gateway.common_fields import OPEN_GROUPS
from parcela.dialects.gateway.wire_values import mask_card_number
from parcela.dialects.strict_json import JsonNumber
from parcela.domain.card_brands import find_brand
from parcela.domain.cards import passes_luhn
from parcela.domain.currency import Currency

ORDER = "order"
TRANSACTION = "transaction"
OPEN = "open"

_ORDER_NAMES = frozenset(
    {
        "custom",
        "customerNote",
        "customerOrderDate",
        "customerReference",
        "description",
        "discount",
        "gratuityAmount",
        "invoiceNumber",
        "item",
        "itemAmount",
        "notificationUrl",
        "purchaseType",
        "reference",
        "requestorName",
        "shippingAndHandlingAmount",
        "taxAmount",
        "taxRegistrationId",
    }
)
"""What of `order` is echoed; amount and currency are the record's own."""

_TRANSACTION_NAMES = frozenset({"frequency", "merchantNote", "reference", "source", "taxAmount"})
_AMOUNT_NAMES = frozenset(
    {
        "amount",
        "gratuityAmount",
        "itemAmount",
        "shippingAndHandlingAmount",
        "taxAmount",
        "unitDiscountAmount",
        "unitPrice",
        "unitTaxAmount",
    }
)
_CARD_NUMBER_RUN = re.compile(
    r"(?<![0-9])[0-9]{12,19}(?![0-9])|(?<![0-9])[0-9]{4}([ -])(?:[0-9]{4}\1){2}[0-9]{4}(?![0-9])"
    # As American Express and Diners Club print them.
    r"|(?<![0-9])[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5}(?![0-9])"
)


def keep_order_words(fields: RequestTree) -> dict[str, object]:
    """The order's words of a request: members ORDER and OPEN, where there are any."""
    order = _find_group(fields, "order")
    kept = {name: _keep(value) for name, value in sorted(order.items()) if name in _ORDER_NAMES}
    groups = {name: value for name, value in sorted(fields.items()) if name in OPEN_GROUPS}
    return {**({ORDER: kept} if kept else {}), **({OPEN: _dump(groups)} if groups else {})}


def keep_transaction_words(fields: RequestTree) -> dict[str, object]:
    """The words of a request about its transaction: member TRANSACTION, where there are any."""
    transaction = _find_group(fields, "transaction")
    kept = {name: _keep(value) for name, value in sorted(transaction.items()) if name in _TRANSACTION_NAMES}
    custom = _find_group(transaction, "acquirer").get("customData")
    if custom is not None:
        kept["acquirer"] = {"customData": _keep(custom)}
    return {TRANSACTION: kept} if kept else {}


def write_words(words: object, currency: Currency) -> AnswerTree:
    """Kept words as the answer tells them: amounts with all decimals of the currency."""
    return cast(AnswerTree, _write(words, currency)) if isinstance(words, Mapping) else {}


def write_open_groups(groups: object) -> AnswerTree:
    """The open groups as they were given."""
    if not isinstance(groups, str):
        return {}
    return cast(AnswerTree, json.loads(groups, parse_int=Decimal, parse_float=Decimal))


def mask_cards(text: str) -> str:
    """Hide what is a card number by its brand, length and check digit: `512345xxxxxx0008`.

    Numbers of devices and orders are left alone, however long.
    """

    def mask(match: re.Match[str]) -> str:
        digits = re.sub("[ -]", "", match.group())
        if find_brand(digits) is None or not passes_luhn(digits):
            return match.group()
        return mask_card_number(digits)

    return _CARD_NUMBER_RUN.sub(mask, text)


def _find_group(tree: RequestTree, name: str) -> RequestTree:
    group = tree.get(name)
    return group if isinstance(group, dict) else {}


def _keep(value: RequestValue) -> object:
    if isinstance(value, dict):
        return {name: _keep(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_keep(inner) for inner in value]
    return mask_cards(str(value)) if isinstance(value, str) else value


def _dump(value: RequestValue) -> str:
    """JSON text in which numbers keep the digits that came."""
    if isinstance(value, JsonNumber):
        shown = mask_cards(value)
        return str(value) if shown == value else json.dumps(shown)
    if isinstance(value, dict):
        members = (f"{json.dumps(mask_cards(name))}:{_dump(inner)}" for name, inner in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_dump, value)) + "]"
    return json.dumps(mask_cards(value) if isinstance(value, str) else value)


def _write(value: object, currency: Currency, name: str = "") -> AnswerValue:
    if isinstance(value, Mapping):
        return {inner: _write(held, currency, inner) for inner, held in value.items()}
    if isinstance(value, list | tuple):
        return [_write(held, currency, name) for held in value]
    if isinstance(value, str) and name in _AMOUNT_NAMES:
        return _write_amount(value, currency)
    if isinstance(value, str) and name == "quantity":
        return Decimal(value)
    return cast(AnswerValue, value)


def _write_amount(text: str, currency: Currency) -> Decimal:
    """A number with at least the decimals of the currency."""
    decimals = len(text.partition(".")[2])
    return Decimal(text).quantize(Decimal(1).scaleb(-max(decimals, currency.exponent)))
