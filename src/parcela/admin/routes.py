"""One call as handlers see it, and what the table of routes says of each."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from starlette.responses import Response

from parcela.admin.read import read_body
from parcela.admin.write import keep
from parcela.domain.changes import Person
from parcela.operations.engine import Engine
from parcela.operations.idempotency import IdempotencyKey, Once
from parcela.operations.payments.desk import PaymentsDesk

Body = TypeVar("Body", bound=msgspec.Struct)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that has been let in. `key` is set when the caller sent an idempotency key.

    `desk` is what acts on payments' plans are given.
    """

    engine: Engine
    desk: PaymentsDesk
    person: Person
    token: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    accept: str
    key: IdempotencyKey | None

    def read(self, wanted: type[Body]) -> Body:
        """The body as a struct. Raises InvalidInput."""
        return read_body(self.body, wanted)

    def once(self, to_wire: Callable[[Result], msgspec.Struct]) -> Once[Result] | None:
        """How this call's answer is kept with its effect; None for a call without a key."""
        if self.key is None:
            return None
        return Once(self.key, lambda result: keep(to_wire(result)))


Handler = Callable[[Call], Awaitable[msgspec.Struct | Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call of the door. `takes_key` says that it can be repeated under an idempotency key.

    `ends_in_any_text`: the last parameter may hold whatever others have chosen, slashes included.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    answer: type | None
    body: type | None = None
    status: int = 200
    query: tuple[str, ...] = ()
    takes_key: bool = False
    is_for_operators: bool = False
    is_open: bool = False
    ends_in_any_text: bool = False

    @property
    def name(self) -> str:
        """The operation's name in metrics, keys and the OpenAPI document."""
        return self.handler.__name__

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters of a decoded path of this route."""
        if not (self.ends_in_any_text or path.isprintable()):
            # No other record has such a key, and PostgreSQL has no text with a zero byte.
            return None
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        if self.ends_in_any_text:
            pattern = pattern.removesuffix("[^/]+)") + ".+)"
        found = re.fullmatch(pattern, path)
        return None if found is None else found.groupdict()
