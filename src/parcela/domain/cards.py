"""Card numbers (PANs) that do not leak: masked everywhere but where `digits` is asked for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

PAN_DIGITS = 19
_PAN = re.compile(r"[0-9]{11,19}")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
# Unbroken, or in fours as people write it; what follows tells such a number from a UUID of digits.
_CARD_NUMBER_RUN = re.compile(
    r"(?<![0-9])[0-9]{12,19}(?![0-9])"
    r"|(?<![0-9])[0-9]{4}(?P<gap>[ -])[0-9]{4}(?P=gap)[0-9]{4}(?P=gap)[0-9]{4}(?![0-9A-Za-z-])"
)
_NAME_BEFORE = re.compile(r"[0-9A-Za-z]*\Z")
_NAME_AFTER = re.compile(r"[0-9A-Za-z]*")


class CardFunding(StrEnum):
    """How the account behind a card is funded."""

    CREDIT = "credit"
    DEBIT = "debit"


def passes_luhn(digits: str) -> bool:
    """Check the ISO/IEC 7812-1 check digit of an ASCII digit string."""
    total = 0
    for position, character in enumerate(reversed(digits)):
        value = ord(character) - 48
        total += _DOUBLED[value] if position % 2 else value
    return total % 10 == 0


def pad_low(digits: str) -> int:
    """The first 19-digit number that begins with `digits` (`spec/network.md` §8.1)."""
    return int(digits.ljust(PAN_DIGITS, "0"))


def pad_high(digits: str) -> int:
    """The last 19-digit number that begins with `digits` (`spec/network.md` §8.1)."""
    return int(digits.ljust(PAN_DIGITS, "9"))


def mask_digits(digits: str) -> str:
    """First six and last four digits, the rest starred; short numbers keep the last four only."""
    if len(digits) < 13:
        return "*" * (len(digits) - 4) + digits[-4:]
    return digits[:6] + "*" * (len(digits) - 10) + digits[-4:]


def mask_card_numbers(text: str, is_card: Callable[[str, str], bool] = lambda digits, name: True) -> str:
    """Star 12 to 19 digits in a row, or 16 in fours, that pass Luhn: for texts that are kept or told.

    `is_card` may let some of them stand: it is told the digits, and the letters and digits they stand in.
    """

    def mask(match: re.Match[str]) -> str:
        digits = match.group().replace(match["gap"], "") if match["gap"] else match.group()
        is_found = passes_luhn(digits) and is_card(digits, _find_name(text, match.span()))
        return mask_digits(digits) if is_found else match.group()

    return _CARD_NUMBER_RUN.sub(mask, text)


def _find_name(text: str, span: tuple[int, int]) -> str:
    """The run of letters and digits that a part of a text stands in."""
    before, after = _NAME_BEFORE.search(text[: span[0]]), _NAME_AFTER.match(text, span[1])
    assert before is not None and after is not None, "both patterns take nothing as well"
    return text[before.start() : after.end()]


@dataclass(frozen=True, slots=True, repr=False)
class Pan:
    """A card number of 11 to 19 digits (ISO/IEC 7812-1). `repr` and `str` show it masked."""

    digits: str

    def __post_init__(self) -> None:
        if not _PAN.fullmatch(self.digits):
            raise ValueError("a PAN has 11 to 19 ASCII digits")

    def __repr__(self) -> str:
        return f"Pan({mask_digits(self.digits)})"

    __str__ = __repr__

    @property
    def first_six(self) -> str:
        """The first six digits, the most that people may see of the front."""
        return self.digits[:6]

    @property
    def last_four(self) -> str:
        """The last four digits."""
        return self.digits[-4:]

    @property
    def padded(self) -> int:
        """The PAN padded with zeros to 19 digits, the form in which account ranges compare."""
        return pad_low(self.digits)
