"""Texts that merchants gave, as shoppers are shown them."""

from parcela.domain.card_brands import mask_branded_numbers

_JOINERS = "\u200c\u200d\u200e\u200f\u061c"
"""Unseen, but part of writing: what joins or parts letters, and the marks of a direction."""


def clean_line(text: str) -> str:
    """A text on one line, without card numbers and without signs that turn what stands around them."""
    kept = (character if character.isprintable() or character in _JOINERS else " " for character in text)
    return mask_branded_numbers(" ".join("".join(kept).split()))
