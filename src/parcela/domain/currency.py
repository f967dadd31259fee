"""Currencies of ISO 4217: letters, minor-unit exponent and the one-character symbol."""

from dataclasses import dataclass

from parcela.domain.data.currencies import CURRENCIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """One ISO 4217 currency; `exponent` is the number of decimals of its minor unit (0, 2, 3 or 4).

    `symbol` is exactly one character, "¤" where CLDR's narrow symbol is longer (network §5.3).
    """

    code: str
    exponent: int
    symbol: str


def find_currency(code: str) -> Currency | None:
    """The currency of these three capital letters, or None if ISO 4217 has no such money in use."""
    return _BY_CODE.get(code)


def _read_row(row: str) -> Currency:
    code, exponent, symbol = row.split()
    return Currency(code=code, exponent=int(exponent), symbol=symbol)


_BY_CODE = {currency.code: currency for currency in map(_read_row, CURRENCIES.splitlines())}
