"""Card brands by the first digits of a number (ISO/IEC 7812-1 issuer identification numbers)."""

from enum import StrEnum


class CardBrand(StrEnum):
    """The brands that a merchant may take."""

    AMEX = "amex"
    DINERS_CLUB = "diners_club"
    DISCOVER = "discover"
    JCB = "jcb"
    MAESTRO = "maestro"
    MASTERCARD = "mastercard"
    VISA = "visa"


_WIDTH = 6
# Prefixes of six digits, disjoint, with the brand that owns them.
_RANGES: tuple[tuple[int, int, CardBrand], ...] = (
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
_LENGTHS: dict[CardBrand, frozenset[int]] = {
    CardBrand.AMEX: frozenset({15}),
    CardBrand.DINERS_CLUB: frozenset(range(14, 20)),
    CardBrand.DISCOVER: frozenset(range(16, 20)),
    CardBrand.JCB: frozenset(range(16, 20)),
    CardBrand.MAESTRO: frozenset(range(12, 20)),
    CardBrand.MASTERCARD: frozenset({16}),
    CardBrand.VISA: frozenset({13, 16, 19}),
}


def find_brand(digits: str) -> CardBrand | None:
    """The brand of a whole card number; None for an unknown range or a length that its brand has not."""
    prefix = int(digits[:_WIDTH].ljust(_WIDTH, "0"))
    for low, high, brand in _RANGES:
        if low <= prefix <= high:
            return brand if len(digits) in _LENGTHS[brand] else None
    return None


def list_possible_brands(prefix: str) -> frozenset[CardBrand]:
    """The brands that a card beginning with `prefix` (1 to 19 digits) may have."""
    first = int(prefix[:_WIDTH].ljust(_WIDTH, "0"))
    last = int(prefix[:_WIDTH].ljust(_WIDTH, "9"))
    return frozenset(brand for low, high, brand in _RANGES if low <= last and first <= high)
