"""Writes the currency and country tables of `parcela.domain.data` from ISO 4217, CLDR and ISO 3166.

Run it with the development dependencies installed: `python tools/make_reference_data.py`.
"""

import datetime
from pathlib import Path

import pycountry
from babel.core import get_global
from iso4217 import Currency

TARGET = Path(__file__).resolve().parent.parent / "src" / "parcela" / "domain" / "data"

# CLDR's narrow symbols (`<symbol alt="narrow">`) of one character, which Babel does not carry, and the signs
# that Unicode has for currencies without one.
NARROW_SYMBOLS = {
    "$": "ARS AUD BBD BMD BND BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD "
    "TTD TWD USD UYU XCD",
    "£": "FKP GBP GIP SHP SSP SYP",
    "¥": "CNY JPY",
    "₩": "KPW KRW",
    "€": "EUR",
    "؋": "AFN",
    "֏": "AMD",
    "₼": "AZN",
    "৳": "BDT",
    "P": "BWP",
    "₡": "CRC",
    "₾": "GEL",
    "₵": "GHS",
    "Q": "GTQ",
    "L": "HNL",
    "₪": "ILS",
    "₹": "INR",
    "﷼": "IRR",
    "⃀": "KGS",
    "៛": "KHR",
    "₸": "KZT",
    "₭": "LAK",
    "K": "MMK",
    "₮": "MNT",
    "₦": "NGN",
    "₱": "PHP",
    "₲": "PYG",
    "₽": "RUB",
    "฿": "THB",
    "₺": "TRY",
    "₴": "UAH",
    "₫": "VND",
    "R": "ZAR",
}

# The generic sign stands in where CLDR's narrow symbol has none or several characters.
NO_SINGLE_SIGN = "¤"

# Bulgaria joined the euro on 1 January 2026 (Council Regulation (EU) 2025/1407), which CLDR may not show yet.
# CLDR lists the rand and the rupee first where they circulate beside a currency of the country itself.
MAIN_CURRENCY_CORRECTIONS = {"BG": "EUR", "BT": "BTN", "LS": "LSL", "NA": "NAD"}


def list_currency_rows() -> list[str]:
    """`code exponent symbol` for each ISO 4217 code that has a minor unit: metals and test codes have
    none.
    """
    symbols = {code: symbol for symbol, codes in NARROW_SYMBOLS.items() for code in codes.split()}
    return sorted(
        f"{currency.code} {currency.exponent} {symbols.get(currency.code, NO_SINGLE_SIGN)}"
        for currency in Currency
        if currency.exponent is not None
    )


def list_currency_number_rows(known_currencies: set[str]) -> list[str]:
    """`number code` for each currency of the table above, as card messages carry it (DE 49)."""
    return sorted(
        f"{currency.number:03d} {currency.code}" for currency in Currency if currency.code in known_currencies
    )


def list_country_rows(known_currencies: set[str]) -> list[str]:
    """`alpha3 currency` for each ISO 3166 country; `-` where no currency of ISO 4217 is tender there."""
    rows = []
    for country in pycountry.countries:
        rows.append(f"{country.alpha_3} {find_main_currency(country.alpha_2, known_currencies)}")
    return sorted(rows)


def find_main_currency(alpha2: str, known_currencies: set[str]) -> str:
    """The first tender of CLDR's list that is in use today."""
    if alpha2 in MAIN_CURRENCY_CORRECTIONS:
        return MAIN_CURRENCY_CORRECTIONS[alpha2]
    today = datetime.date.today()
    for code, _start, end, is_tender in get_global("territory_currencies").get(alpha2, ()):
        in_use = is_tender and (end is None or datetime.date(*end) >= today)
        if in_use and code in known_currencies:
            return str(code)
    return "-"


def write_table(name: str, *, docstring: str, rows: list[str]) -> None:
    """One Python module with a single text constant, one row a line."""
    body = "\n".join(rows)
    constant = name.upper()
    text = f'"""{docstring}"""\n\n{constant} = """\\\n{body}\n"""\n'
    (TARGET / f"{name}.py").write_text(text, encoding="utf-8")


def main() -> None:
    """Write the tables."""
    currency_rows = list_currency_rows()
    known = {row.split()[0] for row in currency_rows}
    write_table(
        "currencies",
        docstring="ISO 4217 codes, minor-unit exponents, one-sign symbols (tools/make_reference_data.py).",
        rows=currency_rows,
    )
    write_table(
        "currency_numbers",
        docstring="ISO 4217 numeric codes with their letters (tools/make_reference_data.py).",
        rows=list_currency_number_rows(known),
    )
    write_table(
        "countries",
        docstring="ISO 3166-1 alpha-3 codes with the main currency (tools/make_reference_data.py).",
        rows=list_country_rows(known),
    )


if __name__ == "__main__":
    main()
