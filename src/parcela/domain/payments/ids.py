"""Identifiers of this door: a prefix that says what, and 26 characters of Crockford's base 32 (ULID).

`spec/payments.md` §2. 48 bits of milliseconds and 80 random ones, so that ids sort by time. A plan's id is
the core plan's UUID in the same letters, for it is one plan.
"""

from datetime import datetime
from enum import StrEnum

from parcela.domain.ids import is_uuid

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_LETTERS)}
LENGTH = 26
RANDOM_BYTES = 10
_MAX_BITS = 128


class Prefix(StrEnum):
    """What an identifier names."""

    ACCOUNT = "ma"
    BALANCE_TRANSACTION = "btx"
    CUSTOMER = "cust"
    DISCLOSURE = "dsc"
    EVENT = "evt"
    OFFER = "offer"
    PAYMENT = "pay"
    PAYMENT_METHOD = "pm"
    PAYOUT = "po"
    PLAN = "plan"
    REFUND = "re"
    REFUND_PREVIEW = "rpv"
    REPORT = "rpt"
    REQUEST = "req"
    SETTLEMENT = "setl"
    WEBHOOK_ENDPOINT = "we"


def make_id(prefix: Prefix, *, at: datetime, random: bytes) -> str:
    """An identifier of an instant; `random` are 10 bytes that nobody can guess."""
    assert len(random) == RANDOM_BYTES
    milliseconds = int(at.timestamp() * 1000)
    return f"{prefix}_{_encode((milliseconds << 80) | int.from_bytes(random))}"


def name_plan(plan_id: str) -> str:
    """The name of a core plan (a UUID) at this door."""
    return f"{Prefix.PLAN}_{_encode(int(plan_id.replace('-', ''), 16))}"


def find_plan_id(name: str) -> str | None:
    """The UUID of the core plan that a name stands for; None for what is no name of a plan."""
    start = f"{Prefix.PLAN}_"
    if not name.startswith(start) or not is_id(name, Prefix.PLAN):
        return None
    return spell_uuid(name)


def read_plan_id(text: str) -> str | None:
    """The UUID of a plan that people name either way, `plan_…` or the UUID itself; None for neither."""
    return text if is_uuid(text) else find_plan_id(text)


def spell_uuid(object_id: str) -> str:
    """The 128 bits of an identifier of ours as a UUID, for tables that are keyed by those."""
    digits = f"{_decode(object_id.rpartition('_')[2]):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def is_id(text: str, prefix: Prefix) -> bool:
    """Could this be an identifier of the kind? Exact in case, for ids are opaque texts."""
    start = f"{prefix}_"
    letters = text.removeprefix(start)
    return (
        text.startswith(start)
        and len(letters) == LENGTH
        and letters[0] < "8"
        and all(letter in _VALUES for letter in letters)
    )


def _encode(number: int) -> str:
    assert 0 <= number < 1 << _MAX_BITS
    return "".join(_LETTERS[(number >> (5 * place)) & 31] for place in reversed(range(LENGTH)))


def _decode(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number << 5 | _VALUES[letter]
    return number
