"""What an operation of this door is: its name, its address, its fields and who carries it out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from parcela.dialects.gateway.calls import Call, Handler, Reply
from parcela.dialects.gateway.fields import FieldTable

FIRST_VERSION, LAST_VERSION = 65, 100

PLACE_FIELDS = {
    "{order_id}": "order.id",
    "{transaction_id}": "transaction.id",
    "{offer_id}": "paymentPlanOffer.id",
    "{session_id}": "session.id",
    "{plan_id}": "paymentPlan.planId",
}
"""The variable parts of an address, and the field that says the same in NVP (`spec/gateway.md` §15)."""

Recall = Callable[[Call], Awaitable[Reply | None]]
"""Finds the first answer to a request that came before; its call holds the request's own fields alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `tail` is its address after the merchant, such as `order/{order_id}`.

    The table holds neither `apiOperation`, `merchant` and `correlationId`, which the door reads, nor the
    fields of the address. `needs_name`: REST requests with a body must give `apiOperation`.
    `allows_empty_body`: a POST or PUT without a body is one without fields. `takes_session_login`: a
    session id may stand in for the password. `recall` runs before a session is opened
    (`spec/gateway.md` §2, order of checks). `versions` are the first and the last that serve it.
    """

    name: str
    methods: tuple[str, ...]
    tail: str
    table: FieldTable
    handler: Handler
    summary: str
    needs_name: bool = False
    allows_empty_body: bool = False
    takes_session_login: bool = False
    recall: Recall | None = None
    versions: tuple[int, int] = (FIRST_VERSION, LAST_VERSION)

    def is_served_at(self, version: int) -> bool:
        """Is it there for requests of this version? Older ones than 65 count as 65."""
        return self.versions[0] <= max(version, FIRST_VERSION) <= self.versions[1]

    @property
    def segments(self) -> tuple[str, ...]:
        """The parts of the tail; variable ones in braces."""
        return tuple(self.tail.split("/"))

    @property
    def place_fields(self) -> tuple[str, ...]:
        """The fields of the address, in its order."""
        return tuple(PLACE_FIELDS[part] for part in self.segments if part in PLACE_FIELDS)
