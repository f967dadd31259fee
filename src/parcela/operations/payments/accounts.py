"""Accounts of the payments door as callers: registering one, and who of them may call."""

from parcela.domain.changes import Person
from parcela.domain.clients import Client, ClientRole
from parcela.domain.errors import Conflict, InvalidInput, NotFound
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.payments.ids import RANDOM_BYTES, Prefix, make_id
from parcela.operations.catalogue import hold_entry
from parcela.operations.clients import check_operator, record_change
from parcela.operations.engine import Engine, World
from parcela.operations.idempotency import Once, run_once
from parcela.store import clients
from parcela.store.database import Connection


async def register_account(
    engine: Engine, person: Person, account_id: str, *, once: Once[Client] | None = None
) -> Client:
    """Let an account of the catalogue call. Raises NotAllowed, InvalidInput (no such account), Conflict."""
    check_operator(person)
    seen = await engine.look()
    account = seen.catalogue(person.tenant_id).find_payments_account(account_id)
    unknown = InvalidInput(
        "account_id", "an enabled payments account of the catalogue", came=repr(account_id)
    )
    if account is None:
        raise unknown

    async def work(connection: Connection) -> Client:
        if not await hold_entry(connection, person.tenant_id, (PaymentsAccount.kind, account_id)):
            raise unknown
        client_id = await clients.insert_client(
            connection,
            person.tenant_id,
            code=account_id,
            name=account.name,
            role=ClientRole.ACCOUNT,
            provider_id=None,
        )
        if client_id is None:
            raise Conflict(f"A client with the code {account_id!r} exists already.")
        await record_change(connection, person, seen, "payments_account.register", account_id, {})
        return Client(
            client_id=client_id,
            tenant_id=person.tenant_id,
            code=account_id,
            name=account.name,
            role=ClientRole.ACCOUNT,
            provider_id=None,
            is_enabled=True,
            is_suspended=False,
        )

    return await run_once(engine, once, work)


async def make_account_id(engine: Engine) -> str:
    """An id for a new account, to be written into a catalogue file."""
    seen = await engine.look()
    return make_id(Prefix.ACCOUNT, at=seen.real_now, random=engine.ids.random_bytes(RANDOM_BYTES))


def find_calling_account(world: World, client: Client, *, is_live: bool) -> PaymentsAccount | None:
    """The set-up of a registered account, if it may call in this mode now."""
    if client.role is not ClientRole.ACCOUNT or not client.is_enabled or client.is_suspended:
        return None
    account = world.catalogue(client.tenant_id).find_payments_account(client.code)
    if account is None or (is_live and not account.is_enabled_live):
        return None
    return account


def list_account_clients(seen: World, person: Person) -> list[Client]:
    """The accounts that are registered as callers. Raises NotAllowed."""
    check_operator(person)
    return [
        client
        for client in seen.snapshot.clients.values()
        if client.role is ClientRole.ACCOUNT and client.tenant_id == person.tenant_id
    ]


def get_account_client(seen: World, person: Person, account_id: str) -> Client:
    """A registered account of the person's tenant. Raises NotAllowed, NotFound."""
    for client in list_account_clients(seen, person):
        if client.code == account_id:
            return client
    raise NotFound("payments caller", account_id)
