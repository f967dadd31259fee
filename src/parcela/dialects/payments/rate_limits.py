"""Token buckets of API keys, reads and writes apart (`spec/payments.md` §14).

Each worker counts for itself, with its share of the rate, so that no request waits for another process.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from parcela.dialects.payments.errors import PaymentsError
from parcela.dialects.payments.settings import PaymentsSettings
from parcela.domain.payments.accounts import RateTier

_MOST_BUCKETS = 20_000

Caller = int | tuple[int, str]
"""Who is counted: a key by its number, or an address among those of one shop."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests a second, and so many at once after a quiet time."""

    per_second: int
    burst: int


TEST = Allowance(25, 50)
TIERS = {RateTier.STANDARD: Allowance(100, 200), RateTier.SCALE: Allowance(500, 1000)}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a key has left, as its answers tell it."""

    allowance: Allowance
    left: int
    full_in_s: float

    def list_headers(self, real_now: datetime) -> dict[str, str]:
        """The headers of every answer; `Reset` is when the whole burst is there again."""
        return {
            "X-RateLimit-Limit": str(self.allowance.burst),
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": str(math.ceil(real_now.timestamp() + self.full_in_s)),
        }


UNCOUNTED = Standing(TEST, TEST.burst, 0)
"""The standing of a caller who is not known: nothing is counted against nobody."""


class RateLimits:
    """The buckets of this worker."""

    def __init__(self, settings: PaymentsSettings) -> None:
        self._settings = settings
        self._held: OrderedDict[tuple[Caller, bool], tuple[float, float]] = OrderedDict()

    def take(
        self, caller: Caller, allowance: Allowance, *, is_read: bool, now_s: float, reserve: int = 0
    ) -> tuple[bool, Standing]:
        """Take a token: was there one, and what is left? `now_s` is monotonic; `reserve` is not touched."""
        if not self._settings.has_rate_limits:
            return True, Standing(allowance, allowance.burst, 0)
        burst = max(1.0, allowance.burst / self._settings.workers)
        rate = allowance.per_second / self._settings.workers
        left, counted_at = self._held.pop((caller, is_read), (burst, now_s))
        left = min(burst, left + (now_s - counted_at) * rate)
        is_granted = left >= 1 + reserve / self._settings.workers
        left -= 1 if is_granted else 0
        self._held[caller, is_read] = (left, now_s)
        if len(self._held) > _MOST_BUCKETS:
            self._held.popitem(last=False)
        return is_granted, Standing(allowance, int(left * self._settings.workers), (burst - left) / rate)


def refuse_limited(allowance: Allowance) -> PaymentsError:
    """Too many requests; a token comes back within a second."""
    return PaymentsError(
        "rate_limited",
        f"More than {allowance.per_second} requests a second came with this key. "
        "Send this one again after the time in Retry-After.",
        headers={"Retry-After": "1"},
    )
