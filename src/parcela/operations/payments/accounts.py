"""Accounts of the payments door as callers: registering one, and who of them may call."""

from parcela.domain.catalogue import Catalogue
from parcela.domain.changes import Person
from parcela.domain.clients import Client, ClientRole
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.payments.ids import RANDOM_BYTES, Prefix, make_id
from parcela.operations.engine import Engine, World
from parcela.operations.idempotency import Once
from parcela.operations.registered_callers import CallerSource, get_caller, list_callers, register_caller


async def register_account(
    engine: Engine, person: Person, account_id: str, *, once: Once[Client] | None = None
) -> Client:
    """Let an account of the catalogue call. Raises NotAllowed, InvalidInput (no such account), Conflict."""
    return await register_caller(engine, person, _ACCOUNTS, account_id, once=once)


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
    return list_callers(seen, person, _ACCOUNTS)


def get_account_client(seen: World, person: Person, account_id: str) -> Client:
    """A registered account of the person's tenant. Raises NotAllowed, NotFound."""
    return get_caller(seen, person, _ACCOUNTS, account_id)


def _find_name(catalogue: Catalogue, account_id: str) -> str | None:
    account = catalogue.find_payments_account(account_id)
    return None if account is None else account.name


_ACCOUNTS = CallerSource(
    role=ClientRole.ACCOUNT,
    entry_kind=PaymentsAccount.kind,
    member="account_id",
    find_name=_find_name,
    entry_noun="payments account",
    caller_noun="payments caller",
    act="payments_account.register",
)
