"""The gateway door's part of the settings (`spec/gateway.md` §21)."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """What a deployment decides for this door. `lowest_version` may lie below 65, down to 22."""

    lowest_version: int = 65
    has_literal_spellings: bool = True
    session_life: timedelta = timedelta(minutes=15)
