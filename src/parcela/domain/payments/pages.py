"""Pages of lists, newest first (`spec/payments.md` §14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

DEFAULT_LIMIT = 25
MOST_ITEMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which part of a list: what is older than an object (`after`), or what is newer (`before`)."""

    limit: int = DEFAULT_LIMIT
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """A part of a list, newest first. `has_more`: is there more in the direction that was asked for?

    `next_cursor` is the last object's id while older ones follow it. `total_estimate` is exact up to 10,000.
    """

    items: Sequence[Item]
    has_more: bool
    next_cursor: str | None
    total_estimate: int
