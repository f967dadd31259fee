"""Amounts that make the simulated issuer host decline or fall silent (`docs/switch.md`).

What counts are the last two digits of DE 4 of an authorization (0100, 0200) and of its repeats.
"""

from dataclasses import dataclass
from enum import StrEnum


class Timing(StrEnum):
    """When the host answers. It keeps its decision in any case."""

    AT_ONCE = "at once"
    LATE = "late"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """DE 39 of the answer, None for what the book decides, and when it is sent."""

    response_code: str | None = None
    timing: Timing = Timing.AT_ONCE


DOCUMENTED_AMOUNTS: dict[str, Behaviour] = {
    "05": Behaviour("05"),
    "14": Behaviour("14"),
    "51": Behaviour("51"),
    "54": Behaviour("54"),
    "57": Behaviour("57"),
    "61": Behaviour("61"),
    "68": Behaviour(None, Timing.LATE),
    "91": Behaviour(None, Timing.NEVER),
    "96": Behaviour("96"),
}
_ORDINARY = Behaviour()


def find_behaviour(amount_minor: int) -> Behaviour:
    """What an amount in minor units asks for."""
    return DOCUMENTED_AMOUNTS.get(f"{amount_minor % 100:02d}", _ORDINARY)
