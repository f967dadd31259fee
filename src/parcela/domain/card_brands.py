"""Card brands by the first digits of a number (ISO/IEC 7812-1 issuer identification numbers).

Elo's prefixes are those that payment forms of Brazilian shops know; there is no official public list.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from parcela.domain.cards import mask_card_numbers


class CardBrand(StrEnum):
    """The brands that a merchant may take."""

    AMEX = "amex"
    DINERS_CLUB = "diners_club"
    DISCOVER = "discover"
    ELO = "elo"
    JCB = "jcb"
    MAESTRO = "maestro"
    MASTERCARD = "mastercard"
    VISA = "visa"

    @property
    def shown_name(self) -> str:
        """The brand as people write it."""
        return _SHOWN_NAMES.get(self, self.title().replace("_", " "))


_SHOWN_NAMES = {
    CardBrand.AMEX: "American Express",
    CardBrand.DINERS_CLUB: "Diners Club",
    CardBrand.JCB: "JCB",
}
_WIDTH = 6
_LONG_NAME = 24
_Range = tuple[int, int, CardBrand]
# Prefixes of six digits, disjoint, with the brand that owns them.
_WIDE_RANGES: tuple[_Range, ...] = (
    (222100, 272099, CardBrand.MASTERCARD),
    (300000, 305999, CardBrand.DINERS_CLUB),
    (309500, 309599, CardBrand.DINERS_CLUB),
    (340000, 349999, CardBrand.AMEX),
    (352800, 358999, CardBrand.JCB),
    (360000, 369999, CardBrand.DINERS_CLUB),
    (370000, 379999, CardBrand.AMEX),
    (380000, 399999, CardBrand.DINERS_CLUB),
    (400000, 499999, CardBrand.VISA),
    (500000, 509999, CardBrand.MAESTRO),
    (510000, 559999, CardBrand.MASTERCARD),
    (560000, 589999, CardBrand.MAESTRO),
    (601100, 601199, CardBrand.DISCOVER),
    (630400, 630499, CardBrand.MAESTRO),
    (639000, 639099, CardBrand.MAESTRO),
    (644000, 659999, CardBrand.DISCOVER),
    (670000, 679999, CardBrand.MAESTRO),
)
# Elo's, most of which lie inside those above.
_ELO_PREFIXES: tuple[tuple[int, int], ...] = (
    (401178, 401179),
    (431274, 431274),
    (438935, 438935),
    (451416, 451416),
    (457393, 457393),
    (457631, 457632),
    (504175, 504175),
    (506699, 506778),
    (509000, 509999),
    (627780, 627780),
    (636297, 636297),
    (636368, 636368),
    (650031, 650033),
    (650035, 650051),
    (650405, 650439),
    (650485, 650538),
    (650541, 650598),
    (650700, 650718),
    (650720, 650727),
    (650901, 650978),
    (651652, 651679),
    (655000, 655019),
    (655021, 655058),
)
_LENGTHS: dict[CardBrand, frozenset[int]] = {
    CardBrand.AMEX: frozenset({15}),
    CardBrand.DINERS_CLUB: frozenset(range(14, 20)),
    CardBrand.DISCOVER: frozenset(range(16, 20)),
    CardBrand.ELO: frozenset({16}),
    CardBrand.JCB: frozenset(range(16, 20)),
    CardBrand.MAESTRO: frozenset(range(12, 20)),
    CardBrand.MASTERCARD: frozenset({16}),
    CardBrand.VISA: frozenset({13, 16, 19}),
}


def _cut_out(wide: _Range, holes: Sequence[tuple[int, int]]) -> Iterator[_Range]:
    """What is left of a range without the holes, which come in order."""
    low, high, brand = wide
    for first, last in holes:
        if low <= first <= high:
            if low < first:
                yield low, first - 1, brand
            low = last + 1
    if low <= high:
        yield low, high, brand


_RANGES: tuple[_Range, ...] = (
    *(piece for wide in _WIDE_RANGES for piece in _cut_out(wide, _ELO_PREFIXES)),
    *((low, high, CardBrand.ELO) for low, high in _ELO_PREFIXES),
)


def find_brand(digits: str) -> CardBrand | None:
    """The brand of a whole card number; None for an unknown range or a length that its brand has not."""
    prefix = int(digits[:_WIDTH].ljust(_WIDTH, "0"))
    for low, high, brand in _RANGES:
        if low <= prefix <= high:
            return brand if len(digits) in _LENGTHS[brand] else None
    return None


def mask_branded_numbers(text: str) -> str:
    """Star what can be the number of a card in a merchant's own words: a brand's prefix and length, and Luhn.

    Names of 24 letters and digits or more are let alone: a random one holds such a run once in a thousand.
    """
    return mask_card_numbers(text, _is_branded)


def _is_branded(digits: str, name: str) -> bool:
    return len(name) < _LONG_NAME and find_brand(digits) is not None


def list_possible_brands(prefix: str) -> frozenset[CardBrand]:
    """The brands that a card beginning with `prefix` (1 to 19 digits) may have."""
    first = int(prefix[:_WIDTH].ljust(_WIDTH, "0"))
    last = int(prefix[:_WIDTH].ljust(_WIDTH, "9"))
    return frozenset(brand for low, high, brand in _RANGES if low <= last and first <= high)
