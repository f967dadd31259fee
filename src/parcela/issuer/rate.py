"""A rate limit by the address that a request comes from, bounded in memory."""

from collections import OrderedDict

_MAX_ADDRESSES = 10_000


class AddressLimiter:
    """A token bucket per address: `rate` a second, bursts of twice that; 0 is no limit.

    Of very many addresses the one seen longest ago is forgotten, which fills its bucket.
    """

    def __init__(self, rate: int, *, max_addresses: int = _MAX_ADDRESSES) -> None:
        self._rate = rate
        self._max_addresses = max_addresses
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admits(self, address: str, now_s: float) -> bool:
        """Take one token; False when there is none."""
        if self._rate == 0:
            return True
        level, seen_s = self._levels.pop(address, (2.0 * self._rate, now_s))
        level = min(2.0 * self._rate, level + max(0.0, now_s - seen_s) * self._rate)
        is_admitted = level >= 1
        self._levels[address] = (level - 1 if is_admitted else level, now_s)
        if len(self._levels) > self._max_addresses:
            self._levels.popitem(last=False)
        return is_admitted
