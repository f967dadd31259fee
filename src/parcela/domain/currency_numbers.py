"""Currencies by their ISO 4217 number, as card messages name them (ISO 8583, DE 49)."""

from parcela.domain.currency import Currency, find_currency
from parcela.domain.data.currency_numbers import CURRENCY_NUMBERS


def find_currency_by_number(number: str) -> Currency | None:
    """The currency of these three digits (`840` is the US dollar), or None."""
    code = _CODES.get(number)
    return None if code is None else find_currency(code)


def get_currency_number(code: str) -> str:
    """The three digits of a known currency's letters. Raises KeyError for letters without a currency."""
    return _NUMBERS[code]


_CODES: dict[str, str] = {row[:3]: row[4:] for row in CURRENCY_NUMBERS.splitlines()}
_NUMBERS = {code: number for number, code in _CODES.items()}
