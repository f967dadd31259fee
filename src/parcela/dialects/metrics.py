"""Counters that every door keeps: requests by dialect, operation and status, and their duration."""

from prometheus_client import Counter, Histogram

_REQUESTS = Counter("parcela_requests_total", "Requests answered", ["dialect", "operation", "status"])
_SECONDS = Histogram(
    "parcela_request_seconds",
    "Time from the first byte of a request to its answer",
    ["dialect", "operation"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)


def observe_request(dialect: str, operation: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    _REQUESTS.labels(dialect, operation, str(status)).inc()
    _SECONDS.labels(dialect, operation).observe(seconds)
