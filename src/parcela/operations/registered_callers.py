"""Callers that the catalogue describes, merchants and payments accounts: registering and finding them."""

from collections.abc import Callable
from dataclasses import dataclass

from parcela.domain.catalogue import Catalogue
from parcela.domain.changes import Person
from parcela.domain.clients import Client, ClientRole
from parcela.domain.errors import Conflict, InvalidInput, NotFound
from parcela.operations.catalogue import hold_entry
from parcela.operations.clients import check_operator, record_change
from parcela.operations.engine import Engine, World
from parcela.operations.idempotency import Once, run_once
from parcela.store import clients
from parcela.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSource:
    """What callers of a role are: entries of `entry_kind`, named by the member `member`.

    `find_name` gives the name of the entry with an id, None for one that is not in force. `entry_noun`,
    `caller_noun` and `act` are words of refusals and of the audit trail.
    """

    role: ClientRole
    entry_kind: str
    member: str
    find_name: Callable[[Catalogue, str], str | None]
    entry_noun: str
    caller_noun: str
    act: str


async def register_caller(
    engine: Engine, person: Person, source: CallerSource, code: str, *, once: Once[Client] | None = None
) -> Client:
    """Let an entry of the catalogue call. Raises NotAllowed, InvalidInput (no such entry), Conflict."""
    check_operator(person)
    seen = await engine.look()
    name = source.find_name(seen.catalogue(person.tenant_id), code)
    unknown = InvalidInput(source.member, f"an enabled {source.entry_noun} of the catalogue", came=repr(code))
    if name is None:
        raise unknown

    async def work(connection: Connection) -> Client:
        if not await hold_entry(connection, person.tenant_id, (source.entry_kind, code)):
            raise unknown
        client_id = await clients.insert_client(
            connection, person.tenant_id, code=code, name=name, role=source.role, provider_id=None
        )
        if client_id is None:
            raise Conflict(f"A client with the code {code!r} exists already.")
        await record_change(connection, person, seen, source.act, code, {})
        return Client(
            client_id=client_id,
            tenant_id=person.tenant_id,
            code=code,
            name=name,
            role=source.role,
            provider_id=None,
            is_enabled=True,
            is_suspended=False,
        )

    return await run_once(engine, once, work)


def list_callers(seen: World, person: Person, source: CallerSource) -> list[Client]:
    """The registered callers of a role in the person's tenant. Raises NotAllowed."""
    check_operator(person)
    return [
        client
        for client in seen.snapshot.clients.values()
        if client.role is source.role and client.tenant_id == person.tenant_id
    ]


def get_caller(seen: World, person: Person, source: CallerSource, code: str) -> Client:
    """A registered caller of the person's tenant. Raises NotAllowed, NotFound."""
    for client in list_callers(seen, person, source):
        if client.code == code:
            return client
    raise NotFound(source.caller_noun, code)
