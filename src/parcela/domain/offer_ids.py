"""Ids of merchants' offers: opaque, letters and digits only, in display order within an answer.

`spec/gateway.md` §8.2. An id is the answer's own part, a letter and 19 random characters, and the offer's
number in two digits: what is random is the same for all, so that the numbers alone decide how ids sort.
"""

import re

MAX_OFFERS = 99
"""So many offers of one answer have a number of two digits."""

RANDOM_BYTES = 24
"""Far more than 19 characters hold, so that no character is likelier than another."""

_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH = 19
_OFFER_ID = re.compile(r"([a-z][0-9A-Za-z]{19})(0[1-9]|[1-9][0-9])", re.ASCII)


def name_answer(letter: str, random: bytes) -> str:
    """The part that the offers of one answer have in common; `random` are `RANDOM_BYTES`."""
    number = int.from_bytes(random)
    characters = []
    for _ in range(_RANDOM_LENGTH):
        number, digit = divmod(number, len(_CHARACTERS))
        characters.append(_CHARACTERS[digit])
    return letter + "".join(characters)


def name_offer(answer: str, number: int) -> str:
    """The id of an answer's offer, counted from 1."""
    assert 1 <= number <= MAX_OFFERS
    return f"{answer}{number:02}"


def read_offer_id(offer_id: str) -> tuple[str, int] | None:
    """The quote and the offer's number in it, from 1; None for what is no id of ours."""
    found = _OFFER_ID.fullmatch(offer_id)
    return None if found is None else (found[1], int(found[2]))
