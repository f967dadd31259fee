"""What monitoring sees of delivery: tries by outcome, their time, and how long the oldest letter waits."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

_ATTEMPTS = Counter(
    "parcela_delivery_attempts_total", "Tries of letters by kind and outcome", ["kind", "outcome"]
)
_SECONDS = Histogram(
    "parcela_delivery_attempt_seconds",
    "Time of a try, from writing the letter to the answer",
    ["kind"],
    buckets=(0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0),
)
_OLDEST = Gauge(
    "parcela_delivery_oldest_undelivered_seconds",
    "How long the oldest undelivered letter has been waiting",
    multiprocess_mode="mostrecent",
)


def count_attempt(kind: str, outcome: str, seconds: float) -> None:
    """Count one finished try."""
    counter, histogram = _find_series(kind, outcome)
    counter.inc()
    histogram.observe(seconds)


@cache
def _find_series(kind: str, outcome: str) -> tuple[Counter, Histogram]:
    return _ATTEMPTS.labels(kind, outcome), _SECONDS.labels(kind)


def show_oldest(seconds: float) -> None:
    """Show the longest wait."""
    _OLDEST.set(seconds)
