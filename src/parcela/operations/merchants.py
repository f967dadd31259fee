"""Merchants as callers: registering one, its API passwords, and who is behind a login."""

import hmac
from dataclasses import dataclass
from enum import StrEnum

from parcela.domain.catalogue import Catalogue
from parcela.domain.changes import Person
from parcela.domain.clients import ApiPassword, Client, ClientRole
from parcela.domain.errors import Conflict, NotFound
from parcela.domain.merchant_setup import MerchantSetup
from parcela.domain.merchants import MerchantProfile
from parcela.operations.clients import check_operator, record_change
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.operations.idempotency import Once, run_once
from parcela.operations.passwords import MAX_BYTES
from parcela.operations.registered_callers import CallerSource, get_caller, list_callers, register_caller
from parcela.operations.secret_texts import make_secret_text
from parcela.store import api_passwords
from parcela.store.database import Connection
from parcela.store.world import lock_world

USER_PREFIX = "merchant."
_PLACES = 2
_NOBODYS_HASH = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantCaller:
    """An authenticated merchant: the registered caller, and its set-up as of this request."""

    client: Client
    setup: MerchantSetup


class LoginFault(StrEnum):
    """Why a login fails, in words for the log and for operators; the caller is told none of it."""

    WRONG_PREFIX = "the user does not begin with merchant."
    UNKNOWN_MERCHANT = "no such merchant"
    NO_PASSWORD = "the merchant has no live API password"
    WRONG_PASSWORD = "wrong password"
    SWITCHED_OFF = "the merchant is switched off"
    SUSPENDED = "the merchant is suspended"
    NO_SETUP = "the merchant is not in force in the catalogue"


class LoginRefused(Exception):
    """A login fails; `reason` is for the log alone."""

    def __init__(self, reason: LoginFault) -> None:
        self.reason: str = reason.value
        super().__init__(self.reason)


def authenticate_merchant(engine: Engine, world: World, *, user: str, password: str) -> MerchantCaller:
    """The merchant behind a user name and an API password (`spec/gateway.md` §2). Raises LoginRefused.

    Works in memory. Whoever the user is, one hash is made and two are compared.
    """
    merchant_id = user.removeprefix(USER_PREFIX) if user.startswith(USER_PREFIX) else None
    client = None if merchant_id is None else _find_client(world, merchant_id)
    is_right = _is_password_of(engine, world, client, password)
    if merchant_id is None:
        raise LoginRefused(LoginFault.WRONG_PREFIX)
    if client is None:
        raise LoginRefused(LoginFault.UNKNOWN_MERCHANT)
    if not is_right:
        has_one = bool(world.snapshot.api_passwords.get(client.client_id))
        raise LoginRefused(LoginFault.WRONG_PASSWORD if has_one else LoginFault.NO_PASSWORD)
    return _make_caller(world, client)


def find_caller(world: World, merchant_id: str) -> MerchantCaller | None:
    """The merchant with this id, if it may call now."""
    client = _find_client(world, merchant_id)
    if client is None:
        return None
    try:
        return _make_caller(world, client)
    except LoginRefused:
        return None


def _find_client(world: World, merchant_id: str) -> Client | None:
    found = world.snapshot.clients.get(merchant_id)
    return found if found is not None and found.role is ClientRole.MERCHANT else None


def _make_caller(world: World, client: Client) -> MerchantCaller:
    if not client.is_enabled:
        raise LoginRefused(LoginFault.SWITCHED_OFF)
    if client.is_suspended:
        raise LoginRefused(LoginFault.SUSPENDED)
    setup = world.catalogue(client.tenant_id).find_merchant(client.code)
    if setup is None:
        raise LoginRefused(LoginFault.NO_SETUP)
    return MerchantCaller(client=client, setup=setup)


def _is_password_of(engine: Engine, world: World, client: Client | None, password: str) -> bool:
    tenant_id, client_id = (MAIN_TENANT, 0) if client is None else (client.tenant_id, client.client_id)
    # One byte too many makes a too long password a wrong one, whatever it begins with.
    content = password[: MAX_BYTES + 1].encode("utf-8", "surrogatepass")[: MAX_BYTES + 1]
    came = _hash_password(engine, tenant_id, client_id, content)
    held = [live.password_hash for live in world.snapshot.api_passwords.get(client_id, ())]
    is_right = False
    for password_hash in [*held, *[_NOBODYS_HASH] * (_PLACES - len(held))]:
        is_right |= hmac.compare_digest(came, password_hash)
    return is_right and client is not None


def _hash_password(engine: Engine, tenant_id: int, client_id: int, content: bytes) -> bytes:
    return engine.vault.fingerprint(tenant_id, b"api_password|%d|" % client_id + content)


async def register_merchant(
    engine: Engine, person: Person, merchant_id: str, *, once: Once[Client] | None = None
) -> Client:
    """Let a merchant of the catalogue call. Raises NotAllowed, InvalidInput (no such merchant), Conflict."""
    return await register_caller(engine, person, _MERCHANTS, merchant_id, once=once)


async def issue_api_password(engine: Engine, person: Person, merchant_id: str) -> tuple[str, ApiPassword]:
    """A new API password, shown this once, and its record. At most two are live, for rotation.

    Raises NotAllowed, NotFound, Conflict.
    """
    check_operator(person)
    seen = await engine.look()
    client = get_merchant_client(seen, person, merchant_id)
    password = make_secret_text(engine)
    password_hash = _hash_password(engine, client.tenant_id, client.client_id, password.encode())

    async def work(connection: Connection) -> ApiPassword:
        # Changes of the set-up are made one after the other: two at once do not meet in one place.
        state = await lock_world(connection)
        record = await api_passwords.insert_password(
            connection,
            client.tenant_id,
            client.client_id,
            password_hash=password_hash,
            created_by=person.email,
            at=state.database_now,
        )
        if record is None:
            raise Conflict(f"The merchant {merchant_id!r} has two live API passwords: revoke one first.")
        detail = {"password_id": record.password_id}
        await record_change(connection, person, seen, "merchant.issue_password", merchant_id, detail)
        return record

    return password, await engine.database.run(work)


async def revoke_api_password(
    engine: Engine,
    person: Person,
    merchant_id: str,
    password_id: int,
    *,
    once: Once[ApiPassword] | None = None,
) -> ApiPassword:
    """End an API password at once. Raises NotAllowed, NotFound, Conflict (it has ended already)."""
    check_operator(person)
    seen = await engine.look()
    client = get_merchant_client(seen, person, merchant_id)

    async def work(connection: Connection) -> ApiPassword:
        state = await lock_world(connection)
        ended = await api_passwords.revoke_password(
            connection, client.tenant_id, client.client_id, password_id, at=state.database_now
        )
        if ended is None:
            held = await api_passwords.list_passwords(connection, client.tenant_id, client.client_id)
            if any(record.password_id == password_id for record in held):
                raise Conflict(f"The API password {password_id} is revoked already.")
            raise NotFound("API password", str(password_id))
        detail = {"password_id": password_id}
        await record_change(connection, person, seen, "merchant.revoke_password", merchant_id, detail)
        return ended

    return await run_once(engine, once, work)


async def list_api_passwords(engine: Engine, person: Person, merchant_id: str) -> list[ApiPassword]:
    """A merchant's API passwords, the oldest first, revoked ones included. Raises NotAllowed, NotFound."""
    check_operator(person)
    client = get_merchant_client(await engine.look(), person, merchant_id)
    async with engine.database.connection() as connection:
        return await api_passwords.list_passwords(connection, client.tenant_id, client.client_id)


async def find_login_fault(engine: Engine, person: Person, *, user: str, password: str) -> str | None:
    """Why a login fails at this moment; None when it succeeds. Raises NotAllowed."""
    check_operator(person)
    try:
        authenticate_merchant(engine, await engine.look(), user=user, password=password)
    except LoginRefused as refusal:
        return refusal.reason
    return None


def list_merchant_clients(seen: World, person: Person) -> list[Client]:
    """The merchants that are registered as callers. Raises NotAllowed."""
    return list_callers(seen, person, _MERCHANTS)


def get_merchant_client(seen: World, person: Person, merchant_id: str) -> Client:
    """A registered merchant of the person's tenant. Raises NotAllowed, NotFound."""
    return get_caller(seen, person, _MERCHANTS, merchant_id)


def _find_name(catalogue: Catalogue, merchant_id: str) -> str | None:
    setup = catalogue.find_merchant(merchant_id)
    return None if setup is None else setup.profile.name


_MERCHANTS = CallerSource(
    role=ClientRole.MERCHANT,
    entry_kind=MerchantProfile.kind,
    member="merchant_id",
    find_name=_find_name,
    entry_noun="merchant",
    caller_noun="merchant caller",
    act="merchant.register",
)
