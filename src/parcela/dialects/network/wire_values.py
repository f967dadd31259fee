"""Reading wire values: text, numbers that may come as strings, identifiers and date-times.

Each reader gives None for a value it cannot read; what that means is the caller's to say.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from parcela.dialects.strict_json import JsonNumber, JsonValue
from parcela.domain import ids
from parcela.domain.ids import Identifier

MAX_AMOUNT = Decimal(10) ** 15

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,39})(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,4})?")
_DIGITS = re.compile(r"[0-9]+")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)

Members = dict[str, JsonValue]


def is_number(value: JsonValue) -> bool:
    """Did the value come as a JSON number?"""
    return isinstance(value, JsonNumber)


def read_decimal(value: JsonValue) -> Decimal | None:
    """An exact decimal, sent as a number or as a string in the form of one (`spec/network.md` §2.3)."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return None


def count_decimals(number: Decimal) -> int:
    """The decimals of a number without its trailing zeros, exactly, whatever its length."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    trailing_zeros = len(text) - len(text.rstrip("0"))
    return max(0, -exponent - trailing_zeros)


def read_whole(value: JsonValue) -> int | None:
    """A whole number below 10^6, sent as a number or a string; `6.0` is 6."""
    number = read_decimal(value)
    if number is None or number.adjusted() > 5 or number != number.to_integral_value():
        return None
    return int(number)


def read_identifier(value: JsonValue) -> Identifier | None:
    """An identifier sent as a string, or as a number that is written in digits alone."""
    if isinstance(value, JsonNumber):
        return Identifier(str(value), is_number=True) if is_digits(value) else None
    return Identifier(value) if isinstance(value, str) else None


def is_digits(text: str) -> bool:
    """ASCII digits only, at least one."""
    return _DIGITS.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """A UUID; clients may write it in either case."""
    return ids.is_uuid(text.lower())


def read_date(text: str) -> date | None:
    """`YYYY-MM-DD`, the month and the day also without a leading zero (`dueDate`)."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None


def read_date_time(value: JsonValue) -> datetime | None:
    """RFC 3339, or the same without an offset, which counts as UTC (`spec/network.md` §2.3).

    Leap seconds and offsets beyond 23:59 are not read; fractions are cut to microseconds.
    """
    if not isinstance(value, str) or isinstance(value, JsonNumber):
        return None
    match = _DATE_TIME.fullmatch(value)
    if match is None:
        return None
    *parts, fraction, offset = match.groups()
    zone = _read_offset(offset)
    if zone is None:
        return None
    microseconds = int((fraction or "0").ljust(6, "0")[:6])
    try:
        year, month, day, hour, minute, second = map(int, parts)
        instant = datetime(year, month, day, hour, minute, second, microseconds, tzinfo=zone)
        # An instant whose UTC form leaves the calendar cannot be compared with another one.
        instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant


def _read_offset(text: str | None) -> timezone | None:
    if text is None or text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 23 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
