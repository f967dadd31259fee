"""Identifier layouts: the snowflake form of an offer transaction id, and identifiers as clients send them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

SNOWFLAKE_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
MAX_WORKER = 1 << 10
MAX_SEQUENCE = 1 << 12

_SNOWFLAKE = re.compile(r"[1-9][0-9]{0,18}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def compose_snowflake(*, milliseconds: int, worker: int, sequence: int) -> int:
    """Milliseconds since 2010-11-04T01:42:54.657Z, worker (10 bits) and sequence (12 bits) as one integer.

    19 decimal digits since 2018 (`spec/network.md` §5.3, offerTransactionId).
    """
    assert milliseconds >= 0 and 0 <= worker < MAX_WORKER and 0 <= sequence < MAX_SEQUENCE
    return milliseconds << 22 | worker << 12 | sequence


def read_snowflake(text: str) -> int | None:
    """The number of an offer transaction id; None for a text that cannot be one of ours.

    An id is a text: another spelling of the same number is another id.
    """
    if not _SNOWFLAKE.fullmatch(text):
        return None
    number = int(text)
    return number if number < 1 << 63 else None


def is_uuid(text: str) -> bool:
    """Is this a UUID in the one form in which we write them: lower case, with hyphens?"""
    return bool(_UUID.fullmatch(text))


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier such as a merchant id, with the JSON form in which a client sent it.

    `spec/network.md` §2.3: clients send some identifiers as strings, others the same one as a number.
    """

    text: str
    is_number: bool = False

    def matches(self, other: "Identifier") -> bool:
        """Same text, or, when either came as a number, the same integer (`742` and `"0742"`)."""
        if self.text == other.text:
            return True
        if not (self.is_number or other.is_number):
            return False
        return (
            self.text.isascii()
            and other.text.isascii()
            and self.text.isdigit()
            and other.text.isdigit()
            and int(self.text) == int(other.text)
        )


def identifiers_match(first: Identifier | None, second: Identifier | None) -> bool:
    """Both absent, or both present and matching."""
    if first is None or second is None:
        return first is second
    return first.matches(second)
