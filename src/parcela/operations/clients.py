"""Registering callers and their keys: acts of operators, in force at once and audited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate

from parcela.domain.cards import Pan, passes_luhn
from parcela.domain.changes import Person, Role
from parcela.domain.clients import Client, ClientKey, ClientRole, KeyPurpose
from parcela.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from parcela.operations.engine import MAIN_TENANT, AuditLine, Engine, World
from parcela.operations.idempotency import Once, run_once
from parcela.operations.keys import compute_key_name, generate_key_pair, render_public_pem
from parcela.store import audit, cards, clients, world
from parcela.store.clients import NewClientKey
from parcela.store.database import Connection

_CODE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
_PLATFORM_PURPOSES = (KeyPurpose.PLATFORM_DECRYPTION, KeyPurpose.PLATFORM_SIGNING)
MAX_GRACE = timedelta(days=366)
MAX_TOKENS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A caller to register; issuers name their provider."""

    code: str
    name: str
    role: ClientRole
    provider_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A client's own public key or certificate (PEM). `name` is the key id for signing keys."""

    purpose: KeyPurpose
    pem: str
    name: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotation:
    """A new pair of ours for one purpose; the older pairs stay usable for the grace period."""

    purpose: KeyPurpose
    grace: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSwitches:
    """Switches of a client to set; None leaves one as it is."""

    is_enabled: bool | None = None
    is_suspended: bool | None = None


def _check_grace(grace: timedelta) -> None:
    if not timedelta(0) <= grace <= MAX_GRACE:
        seconds = int(MAX_GRACE.total_seconds())
        raise InvalidInput("grace_seconds", f"0 to {seconds} seconds", came=f"{grace.total_seconds():.0f}")


def check_operator(person: Person) -> None:
    """Clients, keys and tokens are the operator's business."""
    if person.role is not Role.OPERATOR:
        raise NotAllowed("Only an operator may do this.")


async def register_client(
    engine: Engine, person: Person, new: NewClient, *, once: Once[Client] | None = None
) -> Client:
    """Register a partner or issuer with fresh platform keys. Raises NotAllowed, InvalidInput, Conflict.

    Merchants are registered by `operations.merchants.register_merchant`, accounts of the payments door by
    `operations.payments.accounts.register_account`.
    """
    check_operator(person)
    seen = await engine.look()
    if not new.code or len(new.code) > 100 or not set(new.code) <= _CODE_CHARACTERS:
        raise InvalidInput("client.code", "1 to 100 letters, digits, . _ or -", came=repr(new.code))
    if new.role is ClientRole.MERCHANT:
        raise InvalidInput("client.role", "partner or issuer; a merchant is registered as a merchant caller")
    if new.role is ClientRole.ACCOUNT:
        raise InvalidInput("client.role", "partner or issuer; an account is registered as a payments caller")
    if not 1 <= len(new.name) <= 100:
        raise InvalidInput("client.name", "1 to 100 characters")
    if (new.role is ClientRole.ISSUER) != (new.provider_id is not None):
        raise InvalidInput("client.provider_id", "the issuer's provider id for issuers, nothing for partners")
    if new.provider_id is not None and seen.catalogue(person.tenant_id).find_issuer(new.provider_id) is None:
        raise InvalidInput("client.provider_id", "an issuer of the catalogue", came=repr(new.provider_id))

    async def work(connection: Connection) -> Client:
        client_id = await clients.insert_client(
            connection,
            person.tenant_id,
            code=new.code,
            name=new.name,
            role=new.role,
            provider_id=new.provider_id,
        )
        if client_id is None:
            raise Conflict(f"A client with the code {new.code!r} exists already.")
        for purpose in _PLATFORM_PURPOSES:
            await _insert_platform_key(
                engine, connection, client_id, purpose=purpose, private_key=generate_key_pair()
            )
        await record_change(connection, person, seen, "client.register", new.code, {"role": new.role})
        return Client(
            client_id=client_id,
            tenant_id=person.tenant_id,
            code=new.code,
            name=new.name,
            role=new.role,
            provider_id=new.provider_id,
            is_enabled=True,
            is_suspended=False,
        )

    return await run_once(engine, once, work)


async def add_client_key(
    engine: Engine, person: Person, client_id: int, new: NewKey, *, once: Once[ClientKey] | None = None
) -> ClientKey:
    """Add a client's own key. Raises NotAllowed, NotFound, InvalidInput, Conflict (also for a merchant)."""
    check_operator(person)
    seen = await engine.look()
    client = get_client(seen, person, client_id)
    _check_has_keys(client)
    if new.purpose in _PLATFORM_PURPOSES:
        raise InvalidInput(
            "key.purpose", "signing or client_encryption; rotate the platform's own keys instead"
        )
    public_key = _read_public_key(new.pem)
    name = new.name or compute_key_name(public_key)
    if new.purpose is KeyPurpose.CLIENT_ENCRYPTION:
        name = compute_key_name(public_key)
    elif len(name) > 90 or not set(name) <= _CODE_CHARACTERS:
        raise InvalidInput("key.name", "at most 90 letters, digits, . _ or -", came=repr(name))

    async def work(connection: Connection) -> ClientKey:
        key = NewClientKey(
            client_id=client_id,
            purpose=new.purpose,
            name=name,
            public_pem=render_public_pem(public_key),
            expires_at=new.expires_at,
        )
        added = await clients.insert_client_key(connection, person.tenant_id, key)
        if added is None:
            raise Conflict(f"The client has a {new.purpose} key named {name!r} already.")
        detail = {"purpose": new.purpose, "name": name}
        await record_change(connection, person, seen, "client.add_key", client.code, detail)
        return added

    return await run_once(engine, once, work)


async def rotate_platform_key(
    engine: Engine,
    person: Person,
    client_id: int,
    rotation: KeyRotation,
    *,
    once: Once[ClientKey] | None = None,
) -> ClientKey:
    """Make a new key pair of ours for a client; the older ones end after the grace period.

    Raises NotAllowed, NotFound, InvalidInput, Conflict (for a merchant).
    """
    if rotation.purpose not in _PLATFORM_PURPOSES:
        came = repr(rotation.purpose.value)
        raise InvalidInput("purpose", "platform_decryption or platform_signing", came=came)
    _check_grace(rotation.grace)
    return await _replace_platform_key(
        engine, person, client_id, rotation, private_key=generate_key_pair(), once=once
    )


async def replace_decryption_key(
    engine: Engine, person: Person, client_id: int, private_key: RSAPrivateKey
) -> ClientKey:
    """Use a given key pair for what a client encrypts, from now on alone: several clients may share one."""
    rotation = KeyRotation(purpose=KeyPurpose.PLATFORM_DECRYPTION, grace=timedelta(0))
    return await _replace_platform_key(engine, person, client_id, rotation, private_key=private_key)


async def _replace_platform_key(
    engine: Engine,
    person: Person,
    client_id: int,
    rotation: KeyRotation,
    *,
    private_key: RSAPrivateKey,
    once: Once[ClientKey] | None = None,
) -> ClientKey:
    check_operator(person)
    seen = await engine.look()
    client = get_client(seen, person, client_id)
    _check_has_keys(client)
    older = seen.snapshot.list_live_keys(client_id, rotation.purpose, now=seen.real_now)
    older_ends_at = seen.real_now + rotation.grace

    async def work(connection: Connection) -> ClientKey:
        added = await _insert_platform_key(
            engine, connection, client_id, purpose=rotation.purpose, private_key=private_key
        )
        for key in older:
            await clients.revoke_client_key(connection, person.tenant_id, key.key_id, at=older_ends_at)
        detail = {"purpose": rotation.purpose, "grace_s": rotation.grace.total_seconds()}
        await record_change(connection, person, seen, "client.rotate_key", client.code, detail)
        return added

    return await run_once(engine, once, work)


async def revoke_key(
    engine: Engine,
    person: Person,
    client_id: int,
    key_id: int,
    *,
    grace: timedelta,
    once: Once[ClientKey] | None = None,
) -> ClientKey:
    """End a key, at once or after a grace period. Raises NotAllowed, InvalidInput, NotFound, Conflict."""
    check_operator(person)
    _check_grace(grace)
    seen = await engine.look()
    client = get_client(seen, person, client_id)
    key = _get_key(seen, client_id, key_id)

    async def work(connection: Connection) -> ClientKey:
        ended = await clients.revoke_client_key(
            connection, person.tenant_id, key_id, at=seen.real_now + grace
        )
        if ended is None:
            raise Conflict(f"The key {key.name!r} ends sooner already.")
        detail = {"purpose": key.purpose, "name": key.name, "grace_s": grace.total_seconds()}
        await record_change(connection, person, seen, "client.revoke_key", client.code, detail)
        return ended

    return await run_once(engine, once, work)


async def switch_client(
    engine: Engine,
    person: Person,
    client_id: int,
    switches: ClientSwitches,
    *,
    once: Once[Client] | None = None,
) -> Client:
    """Switch the API on or off for a client, suspend it or take it back. Raises NotAllowed, NotFound."""
    check_operator(person)
    seen = await engine.look()
    client = get_client(seen, person, client_id)
    switched = replace(
        client,
        is_enabled=client.is_enabled if switches.is_enabled is None else switches.is_enabled,
        is_suspended=client.is_suspended if switches.is_suspended is None else switches.is_suspended,
    )

    async def work(connection: Connection) -> Client:
        await clients.update_client_switches(
            connection,
            person.tenant_id,
            client_id,
            is_enabled=switched.is_enabled,
            is_suspended=switched.is_suspended,
        )
        detail = {"is_enabled": switched.is_enabled, "is_suspended": switched.is_suspended}
        await record_change(connection, person, seen, "client.switch", client.code, detail)
        return switched

    return await run_once(engine, once, work)


async def load_tokens(
    engine: Engine,
    person: Person,
    entries: Sequence[tuple[str, str]],
    *,
    first_line: int = 1,
    once: Once[int] | None = None,
) -> int:
    """Load pairs of token PAN and funding PAN, all or none; refusals count the pairs from `first_line`.

    Raises NotAllowed, InvalidInput.
    """
    check_operator(person)
    if not 1 <= len(entries) <= MAX_TOKENS:
        raise InvalidInput("tokens", f"1 to {MAX_TOKENS} pairs", came=str(len(entries)))
    seen = await engine.look()
    catalogue = seen.catalogue(person.tenant_id)
    pairs = []
    for line, (token_digits, funding_digits) in enumerate(entries, start=first_line):
        token, funding = _read_pan(token_digits, line, "token"), _read_pan(funding_digits, line, "funding")
        if not catalogue.is_token(token.padded):
            raise InvalidInput(f"tokens[{line}].token_pan", "a PAN inside a token range", came=str(token))
        if catalogue.is_token(funding.padded):
            raise InvalidInput(
                f"tokens[{line}].funding_pan", "a PAN outside the token ranges", came=str(funding)
            )
        pairs.append((token, funding))

    async def work(connection: Connection) -> int:
        sealed = {
            funding.digits: engine.vault.seal_pan(person.tenant_id, engine.ids.new_uuid(), funding)
            for _, funding in pairs
        }
        card_ids = await cards.save_cards(connection, list(sealed.values()))
        mapped = {
            engine.vault.index_pan(person.tenant_id, token.digits): card_ids[sealed[funding.digits].pan_index]
            for token, funding in pairs
        }
        await cards.save_tokens(connection, person.tenant_id, list(mapped.items()))
        await record_change(connection, person, seen, "tokens.load", "token map", {"count": len(pairs)})
        return len(pairs)

    return await run_once(engine, once, work)


def list_clients(seen: World, person: Person) -> list[Client]:
    """The registered callers. Raises NotAllowed."""
    check_operator(person)
    return [client for client in seen.snapshot.clients.values() if client.tenant_id == person.tenant_id]


def list_client_keys(seen: World, person: Person, client_id: int) -> list[ClientKey]:
    """All keys of a client, those that have ended included, the oldest first. Raises NotAllowed, NotFound."""
    check_operator(person)
    get_client(seen, person, client_id)
    found = [key for purpose in KeyPurpose for key in seen.snapshot.keys.get((client_id, purpose), ())]
    return sorted(found, key=lambda key: key.key_id)


def get_client(seen: World, person: Person, client_id: int) -> Client:
    """A client of the person's tenant. Raises NotFound."""
    for client in seen.snapshot.clients.values():
        if client.client_id == client_id and client.tenant_id == person.tenant_id:
            return client
    raise NotFound("client", str(client_id))


def _check_has_keys(client: Client) -> None:
    if client.role is ClientRole.MERCHANT:
        raise Conflict(f"The merchant {client.code!r} signs in with API passwords: it has no keys.")
    if client.role is ClientRole.ACCOUNT:
        raise Conflict(f"The account {client.code!r} has API keys, not key pairs.")


def _get_key(seen: World, client_id: int, key_id: int) -> ClientKey:
    for (owner, _), keys in seen.snapshot.keys.items():
        for key in keys:
            if owner == client_id and key.key_id == key_id:
                return key
    raise NotFound("key", str(key_id))


def _read_pan(digits: str, line: int, what: str) -> Pan:
    try:
        pan = Pan(digits)
    except ValueError:
        raise InvalidInput(f"tokens[{line}].{what}_pan", "11 to 19 digits") from None
    if not passes_luhn(digits):
        raise InvalidInput(f"tokens[{line}].{what}_pan", "a PAN with a valid check digit", came=str(pan))
    return pan


def _read_public_key(pem: str) -> RSAPublicKey:
    expected = "an RSA public key or certificate of 2048 to 4096 bits in PEM form"
    if "PRIVATE KEY" in pem:
        raise InvalidInput("key.pem", f"{expected}; a private key must never leave its owner")
    try:
        data = pem.encode("ascii")
        is_certificate = "BEGIN CERTIFICATE" in pem
        found = load_pem_x509_certificate(data).public_key() if is_certificate else load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidInput("key.pem", expected) from None
    if not isinstance(found, RSAPublicKey) or not 2048 <= found.key_size <= 4096:
        raise InvalidInput("key.pem", expected)
    return found


async def _insert_platform_key(
    engine: Engine,
    connection: Connection,
    client_id: int,
    *,
    purpose: KeyPurpose,
    private_key: RSAPrivateKey,
) -> ClientKey:
    public_key = private_key.public_key()
    name = compute_key_name(public_key)
    der = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    key = NewClientKey(
        client_id=client_id,
        purpose=purpose,
        name=name,
        public_pem=render_public_pem(public_key),
        wrapped_private=engine.vault.wrap_private_key(der, owner=name),
    )
    added = await clients.insert_client_key(connection, MAIN_TENANT, key)
    assert added is not None, "a fresh key has a fresh name"
    return added


async def record_change(
    connection: Connection,
    person: Person,
    seen: World,
    action: str,
    subject: str,
    detail: Mapping[str, object],
) -> None:
    """Tell all workers on commit, and write the audit line."""
    await world.bump_version(connection)
    line = AuditLine(
        tenant_id=person.tenant_id,
        at=seen.real_now,
        actor=person.email,
        action=action,
        subject=subject,
        detail=detail,
    )
    await audit.insert_audit_lines(connection, [line])
