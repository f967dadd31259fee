"""Money as an integer of minor units with its currency, and the exact way in and out of decimal text."""

import re
from dataclasses import dataclass
from decimal import Decimal

from parcela.domain.currency import Currency, find_currency
from parcela.domain.errors import DomainError

# Ledger columns are signed 64-bit integers, so no amount may be larger.
MAX_MINOR = 2**63 - 1

_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")


class InvalidMoney(DomainError):
    """A text or number is not an amount of the currency."""

    code = "invalid_money"


class CurrencyMismatch(DomainError, ValueError):
    """Two amounts of different currencies were combined or compared."""

    code = "currency_mismatch"


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: `minor` counts the currency's smallest units and may be negative."""

    minor: int
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._minor_of(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._minor_of(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._minor_of(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._minor_of(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._minor_of(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._minor_of(other)

    def _minor_of(self, other: "Money") -> int:
        if other.currency.code != self.currency.code:
            raise CurrencyMismatch(
                f"{self.currency.code} and {other.currency.code} cannot be combined: convert one first"
            )
        return other.minor


def parse_major(text_or_decimal: str | Decimal, currency: Currency) -> Money:
    """Read an amount in major units, exactly.

    A text must be plain digits with no more decimals than the currency has. A `Decimal` comes from a JSON
    number, where trailing zeros and exponents carry no meaning, so only its value counts. Raises
    `InvalidMoney`.
    """
    if isinstance(text_or_decimal, str):
        number = _read_plain_text(text_or_decimal, currency)
    else:
        number = text_or_decimal
    # The size is checked before scaling: 1E+999999999 must not become an integer of a billion digits.
    if not number.is_finite() or number.adjusted() > 18:
        raise InvalidMoney(f"expected an amount below 10^19 {currency.code}, got {number}")
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    shift = exponent + currency.exponent
    minor = int("".join(map(str, digits)))
    if minor == 0:
        return Money(0, currency)
    if shift >= 0:
        minor *= 10**shift
    elif -shift > len(digits):
        raise _refuse_decimals(number, currency)
    else:
        minor, rest = divmod(minor, 10**-shift)
        if rest:
            raise _refuse_decimals(number, currency)
    if minor > MAX_MINOR:
        raise InvalidMoney(f"expected at most {MAX_MINOR} minor units of {currency.code}, got {number}")
    return Money(-minor if sign else minor, currency)


def format_major(money: Money) -> str:
    """Plain digits with all decimals of the currency: "66.65", "167", "3.333"."""
    exponent = money.currency.exponent
    if exponent == 0:
        return str(money.minor)
    whole, part = divmod(abs(money.minor), 10**exponent)
    sign = "-" if money.minor < 0 else ""
    return f"{sign}{whole}.{part:0{exponent}d}"


def format_minor(minor: int, code: str) -> str:
    """Minor units as plain digits with all decimals; `code` is that of a known currency."""
    currency = find_currency(code)
    assert currency is not None, f"{code} is not a currency that records can have"
    return format_major(Money(minor, currency))


def format_major_trimmed(minor: int, exponent: int) -> str:
    """The JSON number form without trailing zeros: "400", "10.1", "66.65"."""
    if exponent == 0:
        return str(minor)
    whole, part = divmod(abs(minor), 10**exponent)
    sign = "-" if minor < 0 else ""
    if part == 0:
        return f"{sign}{whole}"
    decimals = f"{part:0{exponent}d}".rstrip("0")
    return f"{sign}{whole}.{decimals}"


def _read_plain_text(text: str, currency: Currency) -> Decimal:
    if not _PLAIN_NUMBER.fullmatch(text):
        raise InvalidMoney(f"expected plain digits such as 10 or 10.5, got {text[:40]!r}")
    _, _, decimals = text.partition(".")
    if len(decimals) > currency.exponent:
        raise InvalidMoney(f"{currency.code} has {currency.exponent} decimals, got {text[:40]!r}")
    return Decimal(text)


def _refuse_decimals(number: Decimal, currency: Currency) -> InvalidMoney:
    return InvalidMoney(f"{currency.code} has {currency.exponent} decimals, got {number}")
