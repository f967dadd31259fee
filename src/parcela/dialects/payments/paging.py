"""Lists on the wire: the cursor in the query, the envelope in the answer (`spec/payments.md` §14)."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from parcela.dialects.payments.wire_values import Document
from parcela.domain.payments.pages import DEFAULT_LIMIT, Page, PageRequest
from parcela.domain.payments.refusals import Fault, PaymentRefused

Item = TypeVar("Item")


class PageObject(msgspec.Struct, kw_only=True, frozen=True):
    """The envelope's `page`."""

    has_more: bool
    next_cursor: str | None
    total_estimate: int


def read_page(query: Mapping[str, Any]) -> PageRequest:
    """The part of the list that a checked query asks for. Raises PaymentRefused."""
    after, before = query.get("starting_after"), query.get("ending_before")
    if after is not None and before is not None:
        raise PaymentRefused(
            Fault.CURSOR_CONFLICT,
            "'starting_after' and 'ending_before' exclude each other: send one of them.",
            param="ending_before",
        )
    return PageRequest(limit=query.get("limit", DEFAULT_LIMIT), after=after, before=before)


def render_page(page: Page[Item], render: Callable[[Item], Document]) -> Document:
    """The envelope with the objects in it."""
    return {
        "object": "list",
        "data": [render(item) for item in page.items],
        "page": {
            "has_more": page.has_more,
            "next_cursor": page.next_cursor,
            "total_estimate": page.total_estimate,
        },
    }
