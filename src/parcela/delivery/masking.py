"""What of requests and answers may be kept: no card numbers, no secrets, and never much."""

import re
from collections.abc import Iterable
from hashlib import sha256

from parcela.domain.cards import mask_card_numbers, mask_digits

MAX_ANSWER_CHARACTERS = 2048
_MAX_DETAIL_CHARACTERS = 500
# What any card number has, in one run or in fours: most texts of ours do not, and need no closer look.
_SUSPECT = re.compile(r"[0-9]{12}|[0-9]{4}[ -][0-9]{4}[ -]")
# A number across the edge of what is kept is still seen whole.
_MARGIN = 64


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """A text with every card number and every secret of this letter starred."""
    for secret in secrets:
        text = text.replace(secret, mask_digits(secret))
    return mask_card_numbers(text) if _SUSPECT.search(text) else text


def mask_answer(body: bytes, secrets: Iterable[str]) -> str:
    """The beginning of an answer as text that a database can hold; what is no UTF-8 shows as �."""
    text = body[: (MAX_ANSWER_CHARACTERS + _MARGIN) * 4].decode("utf-8", "replace").replace("\0", "")
    return mask_text(text[: MAX_ANSWER_CHARACTERS + _MARGIN], secrets)[:MAX_ANSWER_CHARACTERS]


def mask_detail(text: str, secrets: Iterable[str] = ()) -> str:
    """A sentence about a failure, bounded."""
    return mask_text(text.replace("\0", ""), secrets)[:_MAX_DETAIL_CHARACTERS]


def hash_shown_body(shown: str) -> bytes:
    """Tells whether the body of a try differs from that of the try before."""
    return sha256(shown.encode("utf-8", "surrogatepass")).digest()
