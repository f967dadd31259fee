"""API keys of accounts: issuing, ending and widening one, and whose a key is (`spec/payments.md` §1).

The text of a key is its prefix and 32 random bytes. Only a keyed hash of it is kept.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from parcela.domain.changes import Person
from parcela.domain.clients import Client
from parcela.domain.errors import Conflict, InvalidInput, NotFound
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.payments.keys import PREFIXES, ApiKey, KeyKind, Scope
from parcela.operations.clients import check_operator, record_change
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.operations.idempotency import Once, run_once
from parcela.operations.payments.accounts import find_calling_account, get_account_client
from parcela.operations.secret_texts import make_secret_text
from parcela.store.database import Connection
from parcela.store.payments import api_keys
from parcela.store.world import lock_world

MAX_NETWORKS = 50
_MAX_TEXT_BYTES = 128
_SHOWN = 4
_PUBLISHABLE_SCOPES = frozenset({Scope.PAYMENT_METHODS_WRITE})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """A key to issue. A restricted one names its scopes; the others have those of their kind.

    `networks` are CIDR, and none admit callers from everywhere.
    """

    kind: KeyKind
    is_live: bool = False
    scopes: frozenset[Scope] = frozenset()
    networks: tuple[str, ...] = ()
    expires_at: datetime | None = None


def find_account_key(
    engine: Engine, world: World, text: str
) -> tuple[Client, PaymentsAccount, ApiKey] | None:
    """Whose key a text is: caller, its set-up and the key's record; None for what opens nothing.

    The key may have ended (`ApiKey.has_ended`): the caller is told so. Works in memory. What is looked up is
    a keyed hash, so the time that takes tells nothing about the keys that there are.
    """
    held = find_key(engine, world, text)
    if held is None:
        return None
    client, key = held
    account = find_calling_account(world, client, is_live=key.is_live)
    return None if account is None else (client, account, key)


def find_key(engine: Engine, world: World, text: str) -> tuple[Client, ApiKey] | None:
    """The record of a key and its account as a caller, whether or not it may be used."""
    # One byte too many makes a too long text an unknown one, whatever it begins with.
    content = text[: _MAX_TEXT_BYTES + 1].encode("utf-8", "surrogatepass")[: _MAX_TEXT_BYTES + 1]
    return world.snapshot.payments_keys.get(_hash_text(engine, MAIN_TENANT, content))


async def issue_key(engine: Engine, person: Person, account_id: str, new: NewApiKey) -> tuple[str, ApiKey]:
    """A new key, its text shown this once, and its record; any number may be live.

    Raises NotAllowed, NotFound, InvalidInput, Conflict (the live mode is not open).
    """
    check_operator(person)
    seen = await engine.look()
    client = get_account_client(seen, person, account_id)
    account = seen.catalogue(person.tenant_id).find_payments_account(account_id)
    if new.is_live and (account is None or not account.is_enabled_live):
        raise Conflict(f"The live mode of the account {account_id!r} is not open: set `is_enabled_live`.")
    scopes = _choose_scopes(new)
    networks = _read_networks(new.networks)
    _check_expiry(new.expires_at, now=seen.real_now)
    text = f"{PREFIXES[new.kind, new.is_live]}{make_secret_text(engine)}"

    async def work(connection: Connection) -> ApiKey:
        state = await lock_world(connection)
        record = ApiKey(
            key_id=0,
            client_id=client.client_id,
            kind=new.kind,
            is_live=new.is_live,
            scopes=scopes,
            networks=networks,
            key_hash=_hash_text(engine, client.tenant_id, text.encode()),
            last_four=text[-_SHOWN:],
            created_by=person.email,
            created_at=state.database_now,
            expires_at=new.expires_at,
        )
        record = await api_keys.insert_key(connection, client.tenant_id, record)
        await record_change(
            connection, person, seen, "payments_account.issue_key", account_id, _describe(record)
        )
        return record

    return text, await engine.database.run(work)


async def revoke_key(
    engine: Engine, person: Person, account_id: str, key_id: int, *, once: Once[ApiKey] | None = None
) -> ApiKey:
    """End a key at once. Raises NotAllowed, NotFound, Conflict (it is revoked already)."""
    check_operator(person)
    seen = await engine.look()
    client = get_account_client(seen, person, account_id)

    async def work(connection: Connection) -> ApiKey:
        state = await lock_world(connection)
        await _get_live_key(connection, client, key_id)
        ended = await api_keys.revoke_key(
            connection, client.tenant_id, client.client_id, key_id, at=state.database_now
        )
        assert ended is not None, "the world's row is locked"
        detail = {"key_id": key_id}
        await record_change(connection, person, seen, "payments_account.revoke_key", account_id, detail)
        return ended

    return await run_once(engine, once, work)


async def grant_scopes(
    engine: Engine,
    person: Person,
    account_id: str,
    key_id: int,
    scopes: Collection[Scope],
    *,
    once: Once[ApiKey] | None = None,
) -> ApiKey:
    """Give a key more scopes: a restricted one any, a live secret one `installments:read`.

    Raises NotAllowed, NotFound, InvalidInput, Conflict (revoked, has them already, cannot have them).
    """
    check_operator(person)
    if not scopes:
        raise InvalidInput("scopes", "at least one scope")
    seen = await engine.look()
    client = get_account_client(seen, person, account_id)

    async def work(connection: Connection) -> ApiKey:
        await lock_world(connection)
        held = await _get_live_key(connection, client, key_id)
        _check_grantable(held, scopes)
        wider = await api_keys.update_key_scopes(
            connection, client.tenant_id, client.client_id, key_id, scopes=held.scopes.union(scopes)
        )
        assert wider is not None, "the world's row is locked"
        detail = {"key_id": key_id, "scopes": sorted(scopes)}
        await record_change(connection, person, seen, "payments_account.grant_scopes", account_id, detail)
        return wider

    return await run_once(engine, once, work)


async def list_keys(engine: Engine, person: Person, account_id: str) -> list[ApiKey]:
    """An account's keys, the oldest first, those that have ended included. Raises NotAllowed, NotFound."""
    check_operator(person)
    client = get_account_client(await engine.look(), person, account_id)
    async with engine.database.connection() as connection:
        return await api_keys.list_keys_of_client(connection, client.tenant_id, client.client_id)


async def _get_live_key(connection: Connection, client: Client, key_id: int) -> ApiKey:
    for key in await api_keys.list_keys_of_client(connection, client.tenant_id, client.client_id):
        if key.key_id == key_id:
            if key.revoked_at is not None:
                raise Conflict(f"The API key {key_id} is revoked already.")
            return key
    raise NotFound("API key", str(key_id))


def _check_grantable(key: ApiKey, scopes: Collection[Scope]) -> None:
    if key.kind is KeyKind.PUBLISHABLE:
        raise Conflict("A publishable key makes payment methods and nothing else.")
    if all(key.may(scope) for scope in scopes):
        raise Conflict(f"The API key {key.key_id} has these scopes already.")
    if key.kind is KeyKind.SECRET and set(scopes) != {Scope.INSTALLMENTS_READ}:
        raise Conflict(
            f"A secret key has every scope but {Scope.INSTALLMENTS_READ}: grant it that one alone."
        )


def _choose_scopes(new: NewApiKey) -> frozenset[Scope]:
    if new.kind is KeyKind.RESTRICTED:
        if not new.scopes:
            raise InvalidInput("key.scopes", "at least one scope for a restricted key")
        return new.scopes
    if new.scopes:
        raise InvalidInput("key.scopes", f"nothing: a {new.kind} key has the scopes of its kind")
    return _PUBLISHABLE_SCOPES if new.kind is KeyKind.PUBLISHABLE else frozenset()


def _read_networks(networks: tuple[str, ...]) -> tuple[str, ...]:
    """The networks as they are written in full, each once. Raises InvalidInput."""
    found = []
    for text in networks:
        try:
            found.append(str(ip_network(text)))
        except ValueError:
            expected = "networks such as 203.0.113.0/24 or 2001:db8::/32, without bits of a host"
            raise InvalidInput("key.networks", expected, came=repr(text)) from None
    if len(set(found)) < len(found) or len(found) > MAX_NETWORKS:
        raise InvalidInput("key.networks", f"at most {MAX_NETWORKS} networks, each once")
    return tuple(found)


def _check_expiry(expires_at: datetime | None, *, now: datetime) -> None:
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= now):
        raise InvalidInput("key.expires_at", "a later date and time with an offset", came=str(expires_at))


def _hash_text(engine: Engine, tenant_id: int, content: bytes) -> bytes:
    return engine.vault.fingerprint(tenant_id, b"payments_key|" + content)


def _describe(key: ApiKey) -> dict[str, object]:
    """What the audit trail says of a new key."""
    return {
        "key_id": key.key_id,
        "kind": key.kind,
        "mode": "live" if key.is_live else "test",
        "scopes": sorted(key.scopes),
        "networks": list(key.networks),
    }
