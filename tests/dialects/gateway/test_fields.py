"""Formats of fields, and the one error that is told of a request (`spec/gateway.md` §§4.1, 6)."""

from decimal import Decimal
from typing import Any

import pytest

from parcela.dialects.gateway.errors import GatewayError
from parcela.dialects.gateway.fields import (
    AMOUNT,
    BOOLEAN,
    CARD_NUMBER,
    CURRENCY,
    MONTH,
    OPEN,
    PAYMENT_AMOUNT,
    PREFIX,
    QUANTITY,
    SECURITY_CODE,
    YEAR,
    FieldTable,
    Kind,
    check_fields,
    convert_texts,
    enum,
    find_boolean,
    find_decimal,
    find_integer,
    find_text,
    identifier,
    integer,
    list_items,
    restrict_tree,
    text,
)
from parcela.dialects.gateway.request_tree import merge_trees
from parcela.dialects.strict_json import JsonNumber

DIGITS = "Expected digits, and at most one dot between them"
KINDS: list[tuple[str, Kind, str, str | None]] = [
    ("amount", AMOUNT, "100.00", None),
    ("amount without decimals", AMOUNT, "0", None),
    ("amount of 14 characters", AMOUNT, "99999999999.99", None),
    ("amount too long", AMOUNT, "999999999999.99", "Length is 15 characters, but must be less than 15"),
    ("amount with a sign", AMOUNT, "-5.00", DIGITS),
    ("amount with a plus", AMOUNT, "+5.00", DIGITS),
    ("amount with a blank", AMOUNT, " 100.00", DIGITS),
    ("amount with a line end", AMOUNT, "100.00\n", DIGITS),
    ("amount with an exponent", AMOUNT, "1e1000000", DIGITS),
    ("amount with grouping", AMOUNT, "1,000.00", DIGITS),
    ("amount with two dots", AMOUNT, "1.0.0", DIGITS),
    ("amount with a dot at the end", AMOUNT, "1.", DIGITS),
    ("amount in full-width digits", AMOUNT, "１００.００", DIGITS),
    ("amount in words", AMOUNT, "NaN", DIGITS),
    (
        "payment amount of zero",
        PAYMENT_AMOUNT,
        "0.00",
        "Transaction or order amount must be greater than zero",
    ),
    ("payment amount", PAYMENT_AMOUNT, "0.01", None),
    ("quantity of zero", QUANTITY, "0", "Quantity must be greater than zero"),
    ("quantity", QUANTITY, "1.5", None),
    ("currency", CURRENCY, "USD", None),
    ("currency in small letters", CURRENCY, "usd", "Expected a currency code of ISO 4217"),
    ("no currency", CURRENCY, "ZZZ", "Expected a currency code of ISO 4217"),
    ("integer", integer(1, 99), "99", None),
    ("integer too large", integer(1, 99), "100", "Expected a whole number from 1 to 99"),
    ("integer too small", integer(1, 99), "0", "Expected a whole number from 1 to 99"),
    ("integer of another script", integer(1, 99), "٣", "Expected a whole number from 1 to 99"),
    ("integer with an underscore", integer(1, 99), "1_0", "Expected a whole number from 1 to 99"),
    ("integer of thousands of digits", integer(1, 99), "1" * 5000, "Expected a whole number from 1 to 99"),
    ("superscript", integer(1, 99), "²", "Expected a whole number from 1 to 99"),
    ("text", text(1, 3), "a\nb", None),
    ("text too long", text(1, 40), "x" * 42, "Length is 42 characters, but must be less than 41"),
    ("text too short", text(3, 40), "ab", "Length is 2 characters, but must be at least 3"),
    ("text with a zero character", text(1, 3), "\0", "Control characters are not allowed"),
    ("identifier", identifier(1, 40), "a/b é", None),
    ("identifier with a tab", identifier(1, 40), "a\tb", "Control characters are not allowed"),
    ("enum", enum("A", "B"), "B", None),
    ("no word of an enum", enum("A", "B"), "a", "Expected one of A, B"),
    ("card", CARD_NUMBER, "5123450000000008", None),
    ("card with a wrong check digit", CARD_NUMBER, "5123450000000009", "Cannot determine card brand."),
    ("card of no brand", CARD_NUMBER, "9999999999999995", "Cannot determine card brand."),
    ("card with blanks", CARD_NUMBER, "5123 4500 0000 0008", "Cannot determine card brand."),
    ("security code", SECURITY_CODE, "1234", None),
    ("security code too long", SECURITY_CODE, "12345", "Expected 3 or 4 digits"),
    ("security code with a line end", SECURITY_CODE, "123\n", "Expected 3 or 4 digits"),
    ("month", MONTH, "09", None),
    ("month without a zero", MONTH, "9", None),
    ("month 13", MONTH, "13", "Expected a month from 1 to 12"),
    ("month 0", MONTH, "00", "Expected a month from 1 to 12"),
    ("year", YEAR, "39", None),
    ("year of four digits", YEAR, "2039", "Expected the last two digits of a year"),
    ("prefix", PREFIX, "512345", None),
    ("prefix too short", PREFIX, "51234", "Expected the first 6 to 11 digits of a card"),
    ("prefix too long", PREFIX, "512345000000", "Expected the first 6 to 11 digits of a card"),
]


@pytest.mark.parametrize(
    ("kind", "value", "fault"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS]
)
def test_formats(kind: Kind, value: str, fault: str | None) -> None:
    assert kind.find_fault(value) == fault


TABLE = FieldTable(
    kinds={
        "order.amount": PAYMENT_AMOUNT,
        "order.currency": CURRENCY,
        "order.item[].sku": text(1, 127),
        "order.item[].unitPrice": AMOUNT,
        "order.reference": text(1, 40),
        "sourceOfFunds.provided.card.number": CARD_NUMBER,
        "sourceOfFunds.provided.card.securityCode": SECURITY_CODE,
        "paymentPlanOffer.payerAcceptance": BOOLEAN,
        "billing": OPEN,
    },
    required=("order.currency", "order.item[].unitPrice", "sourceOfFunds.provided.card.number"),
    amounts={"order.amount": "order.currency", "order.item[].unitPrice": "order.currency"},
    most_items={"order.item": 2},
    needs=lambda tree: ["order.amount"] if find_text(tree, "order.reference") else [],
    takes_session=True,
)
CARD = {"provided": {"card": {"number": "5123450000000008"}}}
GOOD: dict[str, Any] = {"order": {"currency": "USD"}, "sourceOfFunds": CARD}


def test_what_is_right_passes() -> None:
    check_fields(
        TABLE,
        {
            "order": {
                "amount": JsonNumber("31.90"),
                "currency": "USD",
                "item": [{"sku": "A", "unitPrice": "1"}, {"unitPrice": "2.5"}],
                "reference": JsonNumber("7"),
            },
            "sourceOfFunds": CARD,
            "paymentPlanOffer": {"payerAcceptance": True},
            "billing": {"address": {"shipcountry": "x", "lines": ["a", {"b": True}]}},
            "session": {"id": "S", "version": "1"},
        },
    )
    check_fields(TABLE, GOOD)


WRONG: list[tuple[str, dict[str, Any], str, str, str]] = [
    (
        "unexpected comes first",
        {"zzz": "1", "order": {"amount": "x"}},
        "zzz",
        "INVALID",
        "Unexpected parameter 'zzz'",
    ),
    (
        "unexpected, the first by path",
        {"order": {"foo": "1"}, "aaa": {"b": "1"}},
        "aaa.b",
        "INVALID",
        "Unexpected parameter 'aaa.b'",
    ),
    (
        "unexpected in an item",
        {"order": {"item": [{"unitPrice": "1"}, {"color": "x"}]}},
        "order.item[1].color",
        "INVALID",
        "Unexpected parameter 'order.item[1].color'",
    ),
    (
        "a group below a leaf",
        {"order": {"amount": {"value": "1"}}},
        "order.amount.value",
        "INVALID",
        "Unexpected parameter 'order.amount.value'",
    ),
    (
        "a name with a dot is another name",
        {"order.amount": "1"},
        "order.amount",
        "INVALID",
        "Unexpected parameter 'order.amount'",
    ),
    (
        "format before missing, the first by path",
        {"order": {"currency": "usd", "amount": "-1"}},
        "order.amount",
        "INVALID",
        f"Value '-1' is invalid. {DIGITS}",
    ),
    (
        "more decimals than the currency has",
        {"order": {"currency": "USD", "amount": "1.234"}},
        "order.amount",
        "INVALID",
        "Value '1.234' is invalid. Too many decimal places specified for value [1.234]",
    ),
    (
        "decimals of a currency without any, in an item",
        {"order": {"currency": "JPY", "item": [{"unitPrice": "1"}, {"unitPrice": "1.0"}]}},
        "order.item[1].unitPrice",
        "INVALID",
        "Value '1.0' is invalid. Too many decimal places specified for value [1.0]",
    ),
    (
        "a truth value for an amount",
        {"order": {"amount": True}},
        "order.amount",
        "INVALID",
        f"Value 'true' is invalid. {DIGITS}",
    ),
    (
        "a text for a truth value",
        {"paymentPlanOffer": {"payerAcceptance": "true"}},
        "paymentPlanOffer.payerAcceptance",
        "INVALID",
        "Value 'true' is invalid. Expected true or false",
    ),
    (
        "a text for a group",
        {"order": "5123450000000008"},
        "order",
        "INVALID",
        "Value '512345xxxxxx0008' is invalid. Expected a group of fields",
    ),
    (
        "a group for an array",
        {"order": {"item": {"0": {"unitPrice": "1"}}}},
        "order.item",
        "INVALID",
        "Value '{}' is invalid. Expected an array",
    ),
    (
        "a text for an item",
        {"order": {"item": ["x"]}},
        "order.item[0]",
        "INVALID",
        "Value 'x' is invalid. Expected a group of fields",
    ),
    (
        "too many items",
        {"order": {"item": [{"unitPrice": "1"}] * 3}},
        "order.item",
        "INVALID",
        "Value '3' is invalid. At most 2 are taken",
    ),
    (
        "a card in an error text is masked",
        {"sourceOfFunds": {"provided": {"card": {"number": "1234567890123456"}}}},
        "sourceOfFunds.provided.card.number",
        "INVALID",
        "Value '123456xxxxxx3456' is invalid. Cannot determine card brand.",
    ),
    (
        "a card with blanks too",
        {"sourceOfFunds": {"provided": {"card": {"number": "5123 4500 0000 0008"}}}},
        "sourceOfFunds.provided.card.number",
        "INVALID",
        "Value 'xxxx xxxx xxxx 0008' is invalid. Cannot determine card brand.",
    ),
    (
        "a security code is never quoted",
        {"sourceOfFunds": {"provided": {"card": {"securityCode": "98765"}}}},
        "sourceOfFunds.provided.card.securityCode",
        "INVALID",
        "Value 'xxx' is invalid. Expected 3 or 4 digits",
    ),
    (
        "an open group that is too large",
        {"billing": {"a": "x" * 32768}},
        "billing",
        "INVALID",
        "Value '...' is invalid. Length is 32769 characters, but must be less than 32769",
    ),
    (
        "missing, the first by path",
        {},
        "order.currency",
        "MISSING",
        "Missing parameter",
    ),
    (
        "missing by what else is there",
        {"order": {"reference": "x"}},
        "order.amount",
        "MISSING",
        "Missing parameter",
    ),
    (
        "missing in an item",
        {"order": {"currency": "USD", "item": [{"unitPrice": "1"}, {"sku": "A"}]}},
        "order.item[1].unitPrice",
        "MISSING",
        "Missing parameter",
    ),
    (
        "missing below a group that is missing",
        {"order": {"currency": "USD"}},
        "sourceOfFunds.provided.card.number",
        "MISSING",
        "Missing parameter",
    ),
]


@pytest.mark.parametrize(
    ("tree", "field", "validation", "told"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_one_error_is_told(tree: dict[str, Any], field: str, validation: str, told: str) -> None:
    with pytest.raises(GatewayError) as refusal:
        check_fields(TABLE, tree)
    found = refusal.value
    assert (found.status, found.field, found.validation, found.explanation) == (400, field, validation, told)


def test_a_missing_array_is_named_by_itself() -> None:
    table = FieldTable(kinds={"item[].sku": text(1, 127)}, required=("item", "item[].sku"))
    with pytest.raises(GatewayError) as refusal:
        check_fields(table, {})
    assert refusal.value.field == "item"


def test_a_table_without_sessions_takes_none() -> None:
    with pytest.raises(GatewayError) as refusal:
        check_fields(FieldTable(kinds={}), {"session": {"id": "S"}})
    assert refusal.value.explanation == "Unexpected parameter 'session.id'"


def test_texts_become_truth_values_where_the_table_has_them() -> None:
    tree = {"paymentPlanOffer": {"payerAcceptance": "true"}, "order": {"reference": "false"}, "x": "true"}
    assert convert_texts(TABLE, tree) == {
        "paymentPlanOffer": {"payerAcceptance": True},
        "order": {"reference": "false"},
        "x": "true",
    }


def test_a_session_is_cut_to_what_the_operation_takes() -> None:
    kept = {
        "order": {"amount": "1", "custom": "x", "item": [{"sku": "A", "brand": "B"}]},
        "transaction": {"reference": "r"},
        "paymentPlanOffer": {"other": "x"},
        "billing": {"any": {"thing": "x"}},
    }
    assert restrict_tree(TABLE, kept) == {
        "order": {"amount": "1", "item": [{"sku": "A"}]},
        "billing": {"any": {"thing": "x"}},
    }


def test_what_is_sent_wins_leaf_by_leaf() -> None:
    kept = {"order": {"amount": "1", "currency": "USD", "item": [{"sku": "A"}, {"sku": "B"}]}, "x": "1"}
    sent = {"order": {"amount": "2", "item": [{"sku": "C"}]}, "y": "2"}
    assert merge_trees(kept, sent) == {
        "order": {"amount": "2", "currency": "USD", "item": [{"sku": "C"}]},
        "x": "1",
        "y": "2",
    }
    assert kept["x"] == "1" and "y" not in kept


def test_reading_at_paths() -> None:
    tree = {
        "order": {"amount": JsonNumber("1.50"), "item": [{"sku": "A"}, {"count": "3"}]},
        "flag": False,
    }
    assert find_text(tree, "order.amount") == "1.50"
    assert type(find_text(tree, "order.amount")) is str
    assert find_decimal(tree, "order.amount") == Decimal("1.50")
    assert find_integer(tree, "order.item[1].count") == 3
    assert find_text(tree, "order.item[2].sku") is None
    assert find_boolean(tree, "flag") is False
    assert find_boolean(tree, "order.amount") is None
    assert find_text(tree, "order") is None
    assert list_items(tree, "order.item") == [{"sku": "A"}, {"count": "3"}]
    assert list_items(tree, "order.amount") == []
