"""How a partial refund changes the rows of a plan that are still to come."""

from enum import StrEnum


class RefundStrategy(StrEnum):
    """Where the refunded principal is taken off (`spec/payments.md` §9.1)."""

    SPREAD = "spread"
    LAST_FIRST = "last_first"
    NEXT_FIRST = "next_first"
