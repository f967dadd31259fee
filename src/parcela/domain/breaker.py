"""A breaker: who failed lately is left alone for a while, and then tried with a single call.

Pure: the caller keeps the value and passes the time, in milliseconds of a clock that never runs back.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

FAILURES_IN_A_ROW = 5
WINDOW_S = 30
MIN_CALLS_IN_WINDOW = 10
OPEN_MS = 10_000


class BreakerState(StrEnum):
    """Closed: calls go out. Open: none does. Half open: one does, and decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """What is remembered of one receiver; a fresh one is closed.

    `seconds` holds calls and failures of each second of the window. `opened_at_ms` is None while closed;
    `probed_at_ms` is when the single call of a half-open breaker went out.
    """

    failures_in_a_row: int = 0
    seconds: tuple[tuple[int, int, int], ...] = ()
    opened_at_ms: int | None = None
    probed_at_ms: int | None = None

    def state(self, now_ms: int) -> BreakerState:
        """Where the breaker stands now."""
        if self.opened_at_ms is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now_ms < self.opened_at_ms + OPEN_MS else BreakerState.HALF_OPEN


def decide_call(breaker: Breaker, *, now_ms: int) -> tuple[bool, Breaker]:
    """May a call go out? A probe that never came back makes room for another one after the open time."""
    state = breaker.state(now_ms)
    if state is not BreakerState.HALF_OPEN:
        return state is BreakerState.CLOSED, breaker
    if breaker.probed_at_ms is not None and now_ms < breaker.probed_at_ms + OPEN_MS:
        return False, breaker
    return True, replace(breaker, probed_at_ms=now_ms)


def record_outcome(breaker: Breaker, *, now_ms: int, has_failed: bool) -> Breaker:
    """Note how a call ended.

    A closed breaker opens after five failures in a row, or when half of at least ten calls in half a
    minute failed. Of an open one only the probe's outcome counts: calls sent before it opened say nothing
    new.
    """
    if breaker.opened_at_ms is not None:
        if breaker.probed_at_ms is None:
            return breaker
        return Breaker(opened_at_ms=now_ms) if has_failed else Breaker()
    seconds = _count(breaker.seconds, now_ms // 1000, has_failed=has_failed)
    in_a_row = breaker.failures_in_a_row + 1 if has_failed else 0
    calls = sum(count for _, count, _ in seconds)
    failures = sum(count for _, _, count in seconds)
    is_half_failing = calls >= MIN_CALLS_IN_WINDOW and 2 * failures >= calls
    if has_failed and (in_a_row >= FAILURES_IN_A_ROW or is_half_failing):
        return Breaker(opened_at_ms=now_ms)
    return Breaker(failures_in_a_row=in_a_row, seconds=seconds)


def _count(
    seconds: tuple[tuple[int, int, int], ...], second: int, *, has_failed: bool
) -> tuple[tuple[int, int, int], ...]:
    """Add a call to its second, and forget the seconds that have left the window."""
    kept = [entry for entry in seconds if entry[0] > second - WINDOW_S]
    last = kept.pop() if kept and kept[-1][0] == second else (second, 0, 0)
    return (*kept, (second, last[1] + 1, last[2] + has_failed))
