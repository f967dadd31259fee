"""Values as they stand on this wire: amounts, times, masked cards, and what an error text may quote."""

from datetime import UTC, datetime
from decimal import Decimal

from parcela.dialects.strict_json import MAX_NUMBER_DIGITS
from parcela.domain.cards import mask_card_numbers
from parcela.domain.currency import Currency, find_currency

MAX_QUOTED_CHARACTERS = 100
_HIDDEN = "xxx"
_SECRET_LEAVES = frozenset({"securityCode", "apiPassword", "password"})
_CARD_FIELD = "card.number"
_SHOWN_FRONT, _SHOWN_END = 6, 4


def write_minor(minor: int, currency: Currency | str) -> Decimal:
    """An amount of minor units as a decimal with all the digits of its currency: 1200 AUD is `12.00`."""
    found = find_currency(currency) if isinstance(currency, str) else currency
    assert found is not None, "records hold known currencies only"
    return Decimal(minor).scaleb(-found.exponent)


def write_number(number: Decimal) -> str:
    """All the digits of a number, without an exponent.

    A merchant's own number, such as 1e999999, would have a million of them: it stays as it came.
    """
    is_short = -MAX_NUMBER_DIGITS <= number.adjusted() <= MAX_NUMBER_DIGITS
    return format(number, "f") if is_short else str(number)


def write_time(moment: datetime) -> str:
    """An instant as `YYYY-MM-DDThh:mm:ss.SSSZ`, UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def mask_card_number(digits: str) -> str:
    """First six and last four of a whole card number, `512345xxxxxx0008` (`spec/gateway.md` §6.1)."""
    hidden = len(digits) - _SHOWN_FRONT - _SHOWN_END
    return digits[:_SHOWN_FRONT] + "x" * hidden + digits[-_SHOWN_END:]


def mask_text(text: str) -> str:
    """A text in which every card number is masked in this door's form."""
    masked = mask_card_numbers(text)
    return text if masked == text else masked.replace("*", "x")


def quote_value(field: str, value: str) -> str:
    """What an error text may say of a value: cards masked, secrets hidden, the rest cut to 100 characters."""
    if field.rpartition(".")[2] in _SECRET_LEAVES:
        return _HIDDEN
    if field.endswith(_CARD_FIELD):
        return _hide_digits(value[:MAX_QUOTED_CHARACTERS])
    return mask_text(value)[:MAX_QUOTED_CHARACTERS]


def _hide_digits(value: str) -> str:
    """Whatever stood where a card number should: its digits are hidden even if it is none."""
    if value.isascii() and value.isdigit() and 13 <= len(value) <= 19:
        return mask_card_number(value)
    digits = sum(map(str.isdigit, value))
    shown_from = digits - _SHOWN_END if digits > 2 * _SHOWN_END else digits
    written, seen = [], 0
    for character in value:
        if character.isdigit():
            written.append("x" if seen < shown_from else character)
            seen += 1
        else:
            written.append(character)
    return "".join(written)
