"""Money in and out of decimal text."""

from decimal import Decimal

import pytest

from parcela.domain.currency import Currency, find_currency
from parcela.domain.money import (
    MAX_MINOR,
    CurrencyMismatch,
    InvalidMoney,
    Money,
    format_major,
    format_major_trimmed,
    format_minor,
    parse_major,
)


def currency(code: str) -> Currency:
    found = find_currency(code)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("400", "USD", 40000),
        ("10.1", "USD", 1010),
        ("66.65", "USD", 6665),
        ("-0.05", "USD", -5),
        ("0", "USD", 0),
        ("1000", "JPY", 1000),
        ("3.333", "KWD", 3333),
        ("0.0001", "CLF", 1),
        (Decimal("10.100"), "USD", 1010),
        (Decimal("1E+3"), "USD", 100000),
        (Decimal("400.00"), "JPY", 400),
        (Decimal("1e15"), "KWD", 10**18),
        (Decimal("0E-400"), "USD", 0),
    ],
)
def test_major_amount_is_read_exactly(text: str | Decimal, code: str, minor: int) -> None:
    assert parse_major(text, currency(code)) == Money(minor, currency(code))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # More decimals than the currency has, written or meant
        ("1.001", "USD"),
        ("10.100", "USD"),
        ("1.0", "JPY"),
        (Decimal("0.001"), "USD"),
        (Decimal("1E-400000"), "USD"),
        # Not plain digits
        ("", "USD"),
        (" 1", "USD"),
        ("1e3", "USD"),
        ("+1", "USD"),
        (".5", "USD"),
        ("5.", "USD"),
        ("1,000", "USD"),
        ("١٢", "USD"),
        ("NaN", "USD"),
        # Not finite, or beyond a 64-bit ledger
        (Decimal("NaN"), "USD"),
        (Decimal("Infinity"), "USD"),
        (Decimal("1E+999999"), "USD"),
        (Decimal("1E+18"), "USD"),
    ],
)
def test_other_amounts_are_refused(text: str | Decimal, code: str) -> None:
    with pytest.raises(InvalidMoney):
        parse_major(text, currency(code))


def test_largest_amount_is_a_signed_64_bit_integer() -> None:
    assert parse_major(str(MAX_MINOR), currency("JPY")).minor == 2**63 - 1
    with pytest.raises(InvalidMoney):
        parse_major(str(MAX_MINOR + 1), currency("JPY"))


@pytest.mark.parametrize(
    ("minor", "code", "text"),
    [
        (6665, "USD", "66.65"),
        (40000, "USD", "400.00"),
        (-5, "USD", "-0.05"),
        (167, "JPY", "167"),
        (3333, "KWD", "3.333"),
        (1, "CLF", "0.0001"),
    ],
)
def test_major_text_has_all_decimals(minor: int, code: str, text: str) -> None:
    assert format_major(Money(minor, currency(code))) == text
    assert format_minor(minor, code) == text


@pytest.mark.parametrize(
    ("minor", "exponent", "text"),
    [
        (40000, 2, "400"),
        (1010, 2, "10.1"),
        (6665, 2, "66.65"),
        (-1010, 2, "-10.1"),
        (100, 0, "100"),
        (3330, 3, "3.33"),
        (5, 2, "0.05"),
        (0, 2, "0"),
    ],
)
def test_trimmed_text_has_no_trailing_zeros(minor: int, exponent: int, text: str) -> None:
    assert format_major_trimmed(minor, exponent) == text


def test_arithmetic_and_order() -> None:
    one, two = Money(100, currency("USD")), Money(250, currency("USD"))
    assert one + two == Money(350, currency("USD"))
    assert one - two == Money(-150, currency("USD"))
    assert -one == Money(-100, currency("USD"))
    assert one < two <= two
    assert two > one >= one


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_currencies_do_not_mix(operation: str) -> None:
    with pytest.raises(CurrencyMismatch):
        getattr(Money(1, currency("USD")), operation)(Money(1, currency("EUR")))


def test_equal_minor_units_of_two_currencies_differ() -> None:
    assert Money(1, currency("USD")) != Money(1, currency("EUR"))
