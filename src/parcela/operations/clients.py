"""Registering callers and their keys: acts of operators, in force at once and audited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate

from parcela.domain.cards import Pan, passes_luhn
from parcela.domain.changes import Person, Role
from parcela.domain.clients import Client, ClientKey, ClientRole, KeyPurpose
from parcela.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from parcela.operations.engine import MAIN_TENANT, AuditLine, Engine, World
from parcela.operations.keys import compute_key_name
from parcela.store import audit, cards, clients, world
from parcela.store.clients import NewClientKey
from parcela.store.database import Connection

_CODE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
_PLATFORM_PURPOSES = (KeyPurpose.PLATFORM_DECRYPTION, KeyPurpose.PLATFORM_SIGNING)
_KEY_BITS = 2048


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


def check_operator(person: Person) -> None:
    """Clients, keys and tokens are the operator's business."""
    if person.role is not Role.OPERATOR:
        raise NotAllowed("Only an operator may do this.")


async def register_client(engine: Engine, person: Person, new: NewClient) -> Client:
    """Register a caller with a fresh pair of platform keys. Raises NotAllowed, InvalidInput, Conflict."""
    check_operator(person)
    seen = await engine.look()
    if not new.code or len(new.code) > 100 or not set(new.code) <= _CODE_CHARACTERS:
        raise InvalidInput("client.code", "1 to 100 letters, digits, . _ or -", came=repr(new.code))
    if not 1 <= len(new.name) <= 100:
        raise InvalidInput("client.name", "1 to 100 characters")
    if (new.role is ClientRole.ISSUER) != (new.provider_id is not None):
        raise InvalidInput("client.provider_id", "the issuer's provider id for issuers, nothing for partners")
    if new.provider_id is not None and seen.catalogue(person.tenant_id).find_issuer(new.provider_id) is None:
        raise InvalidInput("client.provider_id", "an issuer of the catalogue", came=repr(new.provider_id))

    async def work(connection: Connection) -> int:
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
        await _commit(connection, person, seen, "client.register", new.code, {"role": new.role})
        return client_id

    client_id = await engine.database.run(work)
    return get_client(await engine.look(), person, client_id)


async def add_client_key(engine: Engine, person: Person, client_id: int, new: NewKey) -> ClientKey:
    """Add a client's own key. Raises NotAllowed, NotFound, InvalidInput, Conflict."""
    check_operator(person)
    seen = await engine.look()
    client = get_client(seen, person, client_id)
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
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")

    async def work(connection: Connection) -> int:
        key = NewClientKey(
            client_id=client_id,
            purpose=new.purpose,
            name=name,
            public_pem=pem,
            expires_at=new.expires_at,
        )
        key_id = await clients.insert_client_key(connection, person.tenant_id, key)
        if key_id is None:
            raise Conflict(f"The client has a {new.purpose} key named {name!r} already.")
        detail = {"purpose": new.purpose, "name": name}
        await _commit(connection, person, seen, "client.add_key", client.code, detail)
        return key_id

    key_id = await engine.database.run(work)
    return _get_key(await engine.look(), client_id, key_id)


async def rotate_platform_key(
    engine: Engine, person: Person, client_id: int, *, purpose: KeyPurpose, grace: timedelta
) -> ClientKey:
    """Make a new key pair of ours for a client; the older ones end after the grace period."""
    if purpose not in _PLATFORM_PURPOSES:
        raise InvalidInput("purpose", "platform_decryption or platform_signing", came=repr(purpose.value))
    return await _replace_platform_key(
        engine, person, client_id, purpose=purpose, private_key=generate_key_pair(), grace=grace
    )


async def replace_decryption_key(
    engine: Engine, person: Person, client_id: int, private_key: RSAPrivateKey
) -> ClientKey:
    """Use a given key pair for what a client encrypts, from now on alone: several clients may share one."""
    return await _replace_platform_key(
        engine,
        person,
        client_id,
        purpose=KeyPurpose.PLATFORM_DECRYPTION,
        private_key=private_key,
        grace=timedelta(0),
    )


def generate_key_pair() -> RSAPrivateKey:
    """A fresh RSA key pair of the platform's size."""
    return generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


async def _replace_platform_key(
    engine: Engine,
    person: Person,
    client_id: int,
    *,
    purpose: KeyPurpose,
    private_key: RSAPrivateKey,
    grace: timedelta,
) -> ClientKey:
    check_operator(person)
    seen = await engine.look()
    client = get_client(seen, person, client_id)
    older = seen.snapshot.list_live_keys(client_id, purpose, now=seen.real_now)

    async def work(connection: Connection) -> int:
        key_id = await _insert_platform_key(
            engine, connection, client_id, purpose=purpose, private_key=private_key
        )
        for key in older:
            await clients.revoke_client_key(
                connection, person.tenant_id, key.key_id, at=seen.real_now + grace
            )
        await _commit(connection, person, seen, "client.rotate_key", client.code, {"purpose": purpose})
        return key_id

    key_id = await engine.database.run(work)
    return _get_key(await engine.look(), client_id, key_id)


async def revoke_key(
    engine: Engine, person: Person, client_id: int, key_id: int, *, grace: timedelta
) -> None:
    """End a key, at once or after a grace period. Raises NotAllowed, NotFound."""
    check_operator(person)
    seen = await engine.look()
    client = get_client(seen, person, client_id)
    key = _get_key(seen, client_id, key_id)

    async def work(connection: Connection) -> None:
        await clients.revoke_client_key(connection, person.tenant_id, key_id, at=seen.real_now + grace)
        detail = {"purpose": key.purpose, "name": key.name, "grace_s": grace.total_seconds()}
        await _commit(connection, person, seen, "client.revoke_key", client.code, detail)

    await engine.database.run(work)


async def switch_client(
    engine: Engine, person: Person, client_id: int, *, is_enabled: bool, is_suspended: bool
) -> Client:
    """Switch the API on or off for a client, suspend it or take it back. Raises NotAllowed, NotFound."""
    check_operator(person)
    seen = await engine.look()
    client = get_client(seen, person, client_id)

    async def work(connection: Connection) -> None:
        await clients.update_client_switches(
            connection, person.tenant_id, client_id, is_enabled=is_enabled, is_suspended=is_suspended
        )
        detail = {"is_enabled": is_enabled, "is_suspended": is_suspended}
        await _commit(connection, person, seen, "client.switch", client.code, detail)

    await engine.database.run(work)
    return get_client(await engine.look(), person, client_id)


async def load_tokens(engine: Engine, person: Person, entries: Sequence[tuple[str, str]]) -> int:
    """Load pairs of token PAN and funding PAN, all or none. Raises NotAllowed, InvalidInput."""
    check_operator(person)
    seen = await engine.look()
    catalogue = seen.catalogue(person.tenant_id)
    pairs = []
    for line, (token_digits, funding_digits) in enumerate(entries, start=1):
        token, funding = _read_pan(token_digits, line, "token"), _read_pan(funding_digits, line, "funding")
        if not catalogue.is_token(token.padded):
            raise InvalidInput(f"tokens[{line}].token_pan", "a PAN inside a token range", came=str(token))
        if catalogue.is_token(funding.padded):
            raise InvalidInput(
                f"tokens[{line}].funding_pan", "a PAN outside the token ranges", came=str(funding)
            )
        pairs.append((token, funding))

    async def work(connection: Connection) -> None:
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
        await _commit(connection, person, seen, "tokens.load", "token map", {"count": len(pairs)})

    await engine.database.run(work)
    return len(pairs)


def get_client(seen: World, person: Person, client_id: int) -> Client:
    """A client of the person's tenant. Raises NotFound."""
    for client in seen.snapshot.clients.values():
        if client.client_id == client_id and client.tenant_id == person.tenant_id:
            return client
    raise NotFound("client", str(client_id))


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
    except ValueError:
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
) -> int:
    public_key = private_key.public_key()
    name = compute_key_name(public_key)
    der = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    key = NewClientKey(
        client_id=client_id,
        purpose=purpose,
        name=name,
        public_pem=public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii"),
        wrapped_private=engine.vault.wrap_private_key(der, owner=name),
    )
    key_id = await clients.insert_client_key(connection, MAIN_TENANT, key)
    assert key_id is not None, "a fresh key has a fresh name"
    return key_id


async def _commit(
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
