"""Failed logins and unknown session ids, counted by address and by user (`spec/gateway.md` §7).

API passwords hold 256 random bits and session ids 124: no limit is needed against guessing, it keeps floods
out of the audit trail and the database. So it may be wide enough for a shop whose password was changed under
it, or for a test that tries a hundred wrong logins. Each address and each user has 500 failures, and gets one
back a second. A caller is turned away unasked when one of the two is used up and the other has failed too:
a right login from an address that has not failed is always let in, whatever others try in the merchant's
name; and so is a merchant that has not failed, whatever others do behind the same proxy.
"""

import math
from collections import OrderedDict

from parcela.dialects.http import find_network

BURST = 500
PER_SECOND = 1.0
_MOST_KEYS = 10_000
_MOST_USER_CHARACTERS = 100


class Throttle:
    """The failures that this process has seen lately."""

    def __init__(self, *, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        self._addresses = _Allowances(burst, per_second)
        self._users = _Allowances(burst, per_second)

    def find_wait_s(self, address: str, user: str, now_s: float) -> int | None:
        """Whole seconds after which the caller may try again; None when it may now."""
        network, name = find_network(address), user[:_MOST_USER_CHARACTERS]
        left, user_left = self._addresses.read(network, now_s), self._users.read(name, now_s)
        if left is None or user_left is None or min(left, user_left) >= 1:
            return None
        return max(self._addresses.find_wait_s(left), self._users.find_wait_s(user_left))

    def note_failure(self, address: str, user: str, now_s: float) -> None:
        """One failure of an address, in the name of a user."""
        self._addresses.take(find_network(address), now_s)
        self._users.take(user[:_MOST_USER_CHARACTERS], now_s)


class _Allowances:
    """What is left to each key that has failed; a key with its full allowance is forgotten."""

    def __init__(self, burst: int, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def read(self, key: str, now_s: float) -> float | None:
        """How many failures are left; None for a key that has not failed."""
        held = self._held.get(key)
        if held is None:
            return None
        left = held[0] + (now_s - held[1]) * self._per_second
        if left >= self._burst:
            del self._held[key]
            return None
        return left

    def take(self, key: str, now_s: float) -> None:
        """Use one up. The key that failed longest ago makes room for a new one."""
        left = self.read(key, now_s)
        self._held[key] = (max(0.0, (self._burst if left is None else left) - 1), now_s)
        self._held.move_to_end(key)
        if len(self._held) > _MOST_KEYS:
            self._held.popitem(last=False)

    def find_wait_s(self, left: float) -> int:
        """Whole seconds until one failure is left."""
        return max(0, math.ceil((1 - left) / self._per_second))
