"""What the routes of merchants and of payments accounts as callers have in common, and their credentials'."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec

from parcela.admin import wire
from parcela.admin.read import read_id
from parcela.admin.routes import Call, Handler, Route
from parcela.admin.write import client_to_wire
from parcela.domain.changes import Person
from parcela.domain.clients import Client
from parcela.operations.engine import Engine, World
from parcela.operations.idempotency import Once

Record = TypeVar("Record")


class Register(Protocol):
    """Lets an entry of the catalogue call."""

    async def __call__(
        self, engine: Engine, person: Person, code: str, /, *, once: Once[Client] | None
    ) -> Client: ...


class Revoke(Protocol[Record]):
    """Ends a credential of a caller at once."""

    async def __call__(
        self, engine: Engine, person: Person, code: str, number: int, /, *, once: Once[Record] | None
    ) -> Record: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerShape:
    """Callers of one role. `name` is in path and operations, `noun` what the catalogue calls an entry.

    `read_code` reads the entry's id from a `body`; in paths it is the parameter `parameter`.
    """

    name: str
    noun: str
    parameter: str
    body: type[wire.Request]
    read_code: Callable[[Call], str]
    register: Register
    list_clients: Callable[[World, Person], Sequence[Client]]
    get_client: Callable[[World, Person, str], Client]

    @property
    def path(self) -> str:
        """The path of all of them."""
        return f"/{self.name.replace('_', '-')}s"

    @property
    def caller_path(self) -> str:
        """The path of one."""
        return f"{self.path}/{{{self.parameter}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialShape(Generic[Record]):
    """What callers of a role prove themselves with, such as an `API key` under `keys/{key_id}`.

    `issue` answers with the one text that is shown once, which each kind has in its own words.
    """

    noun: str
    segment: str
    parameter: str
    issue: Handler
    list_records: Callable[[Engine, Person, str], Awaitable[Sequence[Record]]]
    revoke: Revoke[Record]
    to_wire: Callable[[Record], msgspec.Struct]
    list_to_wire: Callable[[Sequence[Record]], msgspec.Struct]
    body: type[wire.Request] | None = None
    answer: type[wire.Answer]
    list_answer: type[wire.Answer]
    issue_answer: type[wire.Answer]
    list_summary: str
    issue_summary: str

    @property
    def name(self) -> str:
        """What operations call it."""
        return self.noun.lower().replace(" ", "_")


def list_caller_routes(callers: CallerShape) -> tuple[Route, ...]:
    """The routes that list, register and show callers."""
    return (
        Route(
            method="GET",
            path=callers.path,
            handler=_make_list_callers(callers),
            summary=f"The {callers.noun}s that may call",
            answer=wire.ClientList,
            is_for_operators=True,
        ),
        Route(
            method="POST",
            path=callers.path,
            handler=_make_register_caller(callers),
            summary=f"Let a {callers.noun} of the catalogue call",
            body=callers.body,
            answer=wire.ClientAnswer,
            status=201,
            takes_key=True,
            is_for_operators=True,
        ),
        Route(
            method="GET",
            path=callers.caller_path,
            handler=_make_get_caller(callers),
            summary=f"One {callers.noun} as a caller",
            answer=wire.ClientAnswer,
            is_for_operators=True,
        ),
    )


def list_credential_routes(
    callers: CallerShape, credentials: CredentialShape[Record], *, further: Sequence[Route] = ()
) -> tuple[Route, ...]:
    """The routes that list, issue and end credentials; `further` ones stand before the end."""
    path = f"{callers.caller_path}/{credentials.segment}"
    return (
        Route(
            method="GET",
            path=path,
            handler=_make_list_credentials(callers, credentials),
            summary=credentials.list_summary,
            answer=credentials.list_answer,
            is_for_operators=True,
        ),
        Route(
            method="POST",
            path=path,
            handler=credentials.issue,
            summary=credentials.issue_summary,
            body=credentials.body,
            answer=credentials.issue_answer,
            status=201,
            is_for_operators=True,
        ),
        *further,
        Route(
            method="DELETE",
            path=f"{path}/{{{credentials.parameter}}}",
            handler=_make_revoke_credential(callers, credentials),
            summary=f"End an {credentials.noun} at once",
            answer=credentials.answer,
            takes_key=True,
            is_for_operators=True,
        ),
    )


def _make_list_callers(callers: CallerShape) -> Handler:
    async def list_callers(call: Call) -> wire.ClientList:
        found = callers.list_clients(await call.engine.look(), call.person)
        return wire.ClientList(items=[client_to_wire(client) for client in found])

    list_callers.__name__ = f"list_{callers.name}s"
    return list_callers


def _make_register_caller(callers: CallerShape) -> Handler:
    async def register_caller(call: Call) -> wire.ClientAnswer:
        code = callers.read_code(call)
        once = call.once(client_to_wire)
        return client_to_wire(await callers.register(call.engine, call.person, code, once=once))

    register_caller.__name__ = f"register_{callers.name}"
    return register_caller


def _make_get_caller(callers: CallerShape) -> Handler:
    async def get_caller(call: Call) -> wire.ClientAnswer:
        seen = await call.engine.look()
        return client_to_wire(callers.get_client(seen, call.person, call.params[callers.parameter]))

    get_caller.__name__ = f"get_{callers.name}"
    return get_caller


def _make_list_credentials(callers: CallerShape, credentials: CredentialShape[Record]) -> Handler:
    async def list_credentials(call: Call) -> msgspec.Struct:
        code = call.params[callers.parameter]
        return credentials.list_to_wire(await credentials.list_records(call.engine, call.person, code))

    list_credentials.__name__ = f"list_{credentials.name}s"
    return list_credentials


def _make_revoke_credential(callers: CallerShape, credentials: CredentialShape[Record]) -> Handler:
    async def revoke_credential(call: Call) -> msgspec.Struct:
        ended = await credentials.revoke(
            call.engine,
            call.person,
            call.params[callers.parameter],
            read_id(credentials.noun, call.params[credentials.parameter]),
            once=call.once(credentials.to_wire),
        )
        return credentials.to_wire(ended)

    revoke_credential.__name__ = f"revoke_{credentials.name}"
    return revoke_credential
