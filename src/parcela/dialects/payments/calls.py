"""What a handler of this door is given and gives back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from parcela.dialects.payments.answers import ResultKeeper, write_document
from parcela.dialects.payments.wire_values import Document
from parcela.domain.payments.keys import ApiKey
from parcela.domain.payments.pages import PageRequest
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.idempotency import Answer, AnswerKeeper
from parcela.operations.payments.moment import AccountMoment

Result = TypeVar("Result")

Body: TypeAlias = dict[str, Any]
"""A checked request: known members alone, each of its kind's Python type; nulls are left out."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a document, or ready bytes of another media type. `status` is the endpoint's if None.

    `headers` go beside ready bytes, such as `Content-Disposition`.
    """

    document: Document | None = None
    status: int | None = field(default=None, kw_only=True)
    content: bytes | None = field(default=None, repr=False, kw_only=True)
    media_type: str = field(default="application/json", kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was let in and whose members are known and well-formed.

    `path` are the variable parts of the address by name. `page` is set for lists. `keeping` keeps the answer
    under the request's idempotency key; operations get it through `keeper`.
    """

    desk: PaymentsDesk
    moment: AccountMoment
    key: ApiKey
    path: Mapping[str, str]
    query: Body = field(default_factory=dict)
    body: Body = field(default_factory=dict, repr=False)
    page: PageRequest | None = None
    status: int = 200
    keeping: AnswerKeeper
    request_id: str

    def keeper(self, render: Callable[[Result], Document]) -> ResultKeeper[Result]:
        """For an operation: keeps its result as this call's answer, in the door's words."""
        return ResultKeeper(self.keeping, render, self.status, self.request_id)

    def get_page(self) -> PageRequest:
        """The part of the list that is asked for."""
        assert self.page is not None, "the endpoint is a list"
        return self.page


Handler = Callable[[Call], Awaitable[Reply]]

Recover = Callable[[Call, str], Awaitable[Reply | None]]
"""Answers a repeat whose first call died on the way, from the object that it was bound to.

None: the object is still on its way, ask again later. A decline is raised, as the first call would have.
"""


def write_reply(reply: Reply, call: Call) -> Answer:
    """The answer as bytes."""
    body = reply.content if reply.document is None else write_document(reply.document)
    assert body is not None, "a reply has a document or bytes"
    return Answer(reply.status or call.status, body)
