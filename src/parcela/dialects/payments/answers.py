"""Answers as bytes, and the keeper that operations are given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from parcela.dialects.payments.errors import PaymentsError, write_error
from parcela.dialects.payments.faults import answer_refusal
from parcela.dialects.payments.wire_values import Document
from parcela.domain.payments.refusals import PaymentRefused
from parcela.operations.payments.idempotency import Answer, AnswerKeeper, Connection

Result = TypeVar("Result")


def write_document(document: Document) -> bytes:
    """The body of an answer."""
    return msgspec.json.encode(document)


def write_refusal(error: PaymentsError, *, request_id: str) -> Answer:
    """A refusal as an answer."""
    return Answer(error.status, write_error(error, request_id=request_id))


@dataclass(frozen=True, slots=True)
class ResultKeeper(Generic[Result]):
    """A `Keeper` of one kind of result: it keeps what the caller is sent."""

    keeping: AnswerKeeper
    render: Callable[[Result], Document]
    status: int
    request_id: str

    async def bind(self, connection: Connection, object_id: str) -> None:
        """The answer will be what becomes of this object."""
        await self.keeping.bind(connection, object_id)

    async def keep(self, connection: Connection, result: Result) -> None:
        """The result is the answer, for good."""
        body = write_document(self.render(result))
        await self.keeping.keep(connection, Answer(self.status, body))

    async def keep_refusal(self, connection: Connection, refusal: PaymentRefused) -> None:
        """The decline is the answer, for good."""
        error = answer_refusal(refusal)
        await self.keeping.keep(connection, write_refusal(error, request_id=self.request_id))
