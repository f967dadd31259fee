"""Text of another writing direction, kept apart from what stands around it (Unicode UAX 9, isolates)."""

import unicodedata
from collections.abc import Mapping

from parcela.words.words import Words

_FIRST_STRONG_ISOLATE = "\u2068"
_POP = "\u2069"
_DIRECTIONS: Mapping[str, str] = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def isolate(text: str, words: Words) -> str:
    """A name, an address or a given sentence, so that its marks and numbers stay in their order.

    What runs in the page's own direction, and a plain id, is left as it is.
    """
    found = (_DIRECTIONS.get(unicodedata.bidirectional(character)) for character in text)
    direction = next((one for one in found if one is not None), words.direction)
    is_plain = text.isascii() and text.replace("_", "").isalnum()
    if direction == words.direction or is_plain:
        return text
    return f"{_FIRST_STRONG_ISOLATE}{text}{_POP}"
