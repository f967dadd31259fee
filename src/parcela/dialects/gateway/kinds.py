"""The formats of request values (`spec/gateway.md` §6.1): each tells what is wrong with a text."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from parcela.domain.card_brands import find_brand
from parcela.domain.cards import passes_luhn
from parcela.domain.currency import find_currency

MAX_AMOUNT_CHARACTERS = 14
_MAX_INTEGER_DIGITS = 9

_AMOUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_DIGITS = re.compile(r"[0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Fault = Callable[[str], str | None]
"""Says what is wrong with a value, None when nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The format of a leaf. `expected` is said of a value that is no text at all; `schema` is for OpenAPI."""

    find_fault: Fault
    expected: str
    schema: Mapping[str, Any]
    is_boolean: bool = False
    is_open: bool = False


def text(least: int, most: int) -> Kind:
    """A text of so many characters; line ends and tabs are characters too."""
    return _text(least, most, admits_controls=True)


def identifier(least: int, most: int) -> Kind:
    """A text without control characters."""
    return _text(least, most, admits_controls=False)


def integer(least: int, most: int) -> Kind:
    """Digits, as a text or a JSON number (`spec/gateway.md` §6.1, Integer)."""
    expected = f"Expected a whole number from {least} to {most}"

    def find_fault(value: str) -> str | None:
        is_number = _DIGITS.fullmatch(value) and len(value) <= _MAX_INTEGER_DIGITS
        return None if is_number and least <= int(value) <= most else expected

    schema = {"type": ["integer", "string"], "minimum": least, "maximum": most}
    return Kind(find_fault=find_fault, expected=expected, schema=schema)


def enum(*values: str) -> Kind:
    """One of these words."""
    expected = "Expected one of " + ", ".join(values)
    return Kind(
        find_fault=lambda value: None if value in values else expected,
        expected=expected,
        schema={"type": "string", "enum": list(values)},
    )


def _text(least: int, most: int, *, admits_controls: bool) -> Kind:
    def find_fault(value: str) -> str | None:
        if len(value) > most:
            return describe_length(value, most)
        if len(value) < least:
            return f"Length is {len(value)} characters, but must be at least {least}"
        if "\0" in value or (not admits_controls and _CONTROL.search(value)):
            return "Control characters are not allowed"
        return None

    schema = {"type": "string", "minLength": least, "maxLength": most}
    return Kind(find_fault=find_fault, expected="Expected a text", schema=schema)


def describe_length(value: str, most: int) -> str:
    """The documented words for a value that is too long."""
    return f"Length is {len(value)} characters, but must be less than {most + 1}"


def _find_amount_fault(value: str) -> str | None:
    if len(value) > MAX_AMOUNT_CHARACTERS:
        return describe_length(value, MAX_AMOUNT_CHARACTERS)
    return None if _AMOUNT.fullmatch(value) else _EXPECTED_AMOUNT


def _find_payment_amount_fault(value: str) -> str | None:
    fault = _find_amount_fault(value)
    if fault is None and Decimal(value) == 0:
        return "Transaction or order amount must be greater than zero"
    return fault


def _find_quantity_fault(value: str) -> str | None:
    fault = _find_amount_fault(value)
    return "Quantity must be greater than zero" if fault is None and Decimal(value) == 0 else fault


def _find_card_fault(value: str) -> str | None:
    is_known = _DIGITS.fullmatch(value) and 9 <= len(value) <= 19 and passes_luhn(value) and find_brand(value)
    return None if is_known else "Cannot determine card brand."


def _find_boolean_fault(value: str) -> str | None:
    return None if value in ("true", "false") else _EXPECTED_BOOLEAN


def _match(pattern: str, expected: str) -> Kind:
    compiled = re.compile(pattern)
    return Kind(
        find_fault=lambda value: None if compiled.fullmatch(value) else expected,
        expected=expected,
        schema={"type": "string", "pattern": f"^(?:{pattern})$"},
    )


_EXPECTED_AMOUNT = "Expected digits, and at most one dot between them"
_EXPECTED_BOOLEAN = "Expected true or false"
_AMOUNT_SCHEMA = {"type": ["string", "number"], "pattern": f"^(?:{_AMOUNT.pattern})$", "maxLength": 14}

AMOUNT = Kind(find_fault=_find_amount_fault, expected=_EXPECTED_AMOUNT, schema=_AMOUNT_SCHEMA)
PAYMENT_AMOUNT = Kind(find_fault=_find_payment_amount_fault, expected=_EXPECTED_AMOUNT, schema=_AMOUNT_SCHEMA)
"""Of an order or a transaction: above zero, with the documented text."""
QUANTITY = Kind(find_fault=_find_quantity_fault, expected=_EXPECTED_AMOUNT, schema=_AMOUNT_SCHEMA)
CURRENCY = Kind(
    find_fault=lambda value: None if find_currency(value) else "Expected a currency code of ISO 4217",
    expected="Expected a currency code of ISO 4217",
    schema={"type": "string", "pattern": "^[A-Z]{3}$"},
)
BOOLEAN = Kind(
    find_fault=_find_boolean_fault, expected=_EXPECTED_BOOLEAN, schema={"type": "boolean"}, is_boolean=True
)
CARD_NUMBER = Kind(
    find_fault=_find_card_fault,
    expected="Cannot determine card brand.",
    schema={"type": "string", "pattern": "^[0-9]{9,19}$"},
)
"""Digits of a known range with a right check digit."""
SECURITY_CODE = _match("[0-9]{3,4}", "Expected 3 or 4 digits")
MONTH = _match("0?[1-9]|1[0-2]", "Expected a month from 1 to 12")
YEAR = _match("[0-9]{2}", "Expected the last two digits of a year")
PREFIX = _match("[0-9]{6,11}", "Expected the first 6 to 11 digits of a card")
OPEN = Kind(
    find_fault=lambda _: None, expected="", schema={"description": "Any content up to 32 KiB"}, is_open=True
)
