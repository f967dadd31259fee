"""What this door is told by the settings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsSettings:
    """`workers` share the rate limits of §14 evenly; each keeps its own count."""

    has_rate_limits: bool = True
    workers: int = 1
