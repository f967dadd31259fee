"""What of requests and answers may be kept: no card numbers, no secrets, and never much."""

import re
from collections.abc import Collection, Iterable
from hashlib import sha256

from parcela.domain.cards import mask_card_numbers, mask_digits

MAX_ANSWER_CHARACTERS = 2048
_MAX_DETAIL_CHARACTERS = 500
# What any card number has, in one run or in fours: most texts of ours do not, and need no closer look.
_SUSPECT = re.compile(r"[0-9]{12}|[0-9]{4}[ -][0-9]{4}[ -]")
# A number or a token across the edge of what is kept is still seen whole: the mask is as long as they are.
_MARGIN = 64
# What opens a shopper's page, at the end of its address, and the secrets and keys of an account: a receiver
# may repeat those of earlier letters too.
_TOKEN = re.compile(
    r"(?:(?<=/)|(?<=%2[Ff]))(?:[0-9]{1,9}\.)?[0-9A-Za-z_-]{43}(?![0-9A-Za-z_-])"
    r"|(?<=whsec_)[0-9A-Za-z+/]{43}=?"
    r"|(?<=[sr]k_(?:test|live)_)[0-9A-Za-z]{43}"
)


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """A text with every card number and every secret of this letter starred."""
    for secret in secrets:
        text = text.replace(secret, _star(secret))
    return mask_card_numbers(text) if _SUSPECT.search(text) else text


def mask_answer(body: bytes, secrets: Collection[str]) -> str:
    """The beginning of an answer as text that a database can hold; what is no UTF-8 shows as �.

    Tokens of pages, secrets and keys that the receiver repeats are starred, also those of other letters.
    """
    length = MAX_ANSWER_CHARACTERS + max(_MARGIN, *map(len, secrets), 0)
    text = body[: length * 4].decode("utf-8", "replace").replace("\0", "")
    masked = _TOKEN.sub(lambda found: _star(found.group()), mask_text(text[:length], secrets))
    return masked[:MAX_ANSWER_CHARACTERS]


def mask_detail(text: str, secrets: Iterable[str] = ()) -> str:
    """A sentence about a failure, bounded."""
    return mask_text(text.replace("\0", ""), secrets)[:_MAX_DETAIL_CHARACTERS]


def hash_shown_body(shown: str) -> bytes:
    """Tells whether the body of a try differs from that of the try before."""
    return sha256(shown.encode("utf-8", "surrogatepass")).digest()


def _star(secret: str) -> str:
    """As many characters; of a card number people may see the first six and last four, of a token nothing."""
    return mask_digits(secret) if secret.isdigit() else "*" * len(secret)
