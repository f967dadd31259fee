"""The currency and country tables."""

import pytest

from parcela.domain.countries import get_main_currency, is_country
from parcela.domain.currency import Currency, find_currency
from parcela.domain.data.countries import COUNTRIES
from parcela.domain.data.currencies import CURRENCIES


@pytest.mark.parametrize(
    ("code", "exponent", "symbol"),
    [
        ("USD", 2, "$"),
        ("AUD", 2, "$"),
        ("EUR", 2, "€"),
        ("JPY", 0, "¥"),
        ("KWD", 3, "¤"),
        # CLDR's narrow symbol is "R$"
        ("BRL", 2, "¤"),
        # ISO 4217 says 3 and 2 where CLDR prints no decimals
        ("IQD", 3, "¤"),
        ("RSD", 2, "¤"),
        ("CLF", 4, "¤"),
    ],
)
def test_currency_follows_iso_4217(code: str, exponent: int, symbol: str) -> None:
    assert find_currency(code) == Currency(code=code, exponent=exponent, symbol=symbol)


@pytest.mark.parametrize("code", ["XXX", "XAU", "XTS", "DEM", "usd", "US", "", "USDX"])
def test_codes_that_are_not_money_are_unknown(code: str) -> None:
    assert find_currency(code) is None


def test_every_currency_has_one_sign_and_a_known_exponent() -> None:
    rows = [row.split() for row in CURRENCIES.splitlines()]
    assert len(rows) == len({code for code, _, _ in rows})
    assert {exponent for _, exponent, _ in rows} == {"0", "2", "3", "4"}
    assert {len(symbol) for _, _, symbol in rows} == {1}


@pytest.mark.parametrize(
    ("country", "currency"),
    [
        ("USA", "USD"),
        ("AUS", "AUD"),
        ("DEU", "EUR"),
        ("BGR", "EUR"),
        ("JPN", "JPY"),
        ("CHE", "CHF"),
        ("LSO", "LSL"),
        ("GBR", "GBP"),
        # Antarctica has no currency
        ("ATA", None),
        ("XXX", None),
    ],
)
def test_main_currency_of_a_country(country: str, currency: str | None) -> None:
    assert get_main_currency(country) == currency


@pytest.mark.parametrize(
    ("code", "known"), [("USA", True), ("ATA", True), ("US", False), ("usa", False), ("XXX", False)]
)
def test_countries_are_known_by_capital_alpha_3(code: str, known: bool) -> None:
    assert is_country(code) is known


def test_every_main_currency_is_a_known_currency() -> None:
    rows = [row.split() for row in COUNTRIES.splitlines()]
    assert len(rows) == 249
    assert [code for _, code in rows if code != "-" and find_currency(code) is None] == []
