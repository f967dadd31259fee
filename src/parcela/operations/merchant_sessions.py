"""Payment sessions: request fields that a merchant keeps here for a while (`spec/gateway.md` §14).

A session's id is a password too, so only a keyed hash of it is stored. The fields are the door's own
document and opaque here; the security code is told apart, because it is forgotten first.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from parcela.domain.clients import Client
from parcela.domain.order_refusals import SessionGone, SessionOutdated
from parcela.operations.engine import Engine, World
from parcela.store import merchant_sessions as store
from parcela.store.database import Connection
from parcela.store.merchant_sessions import SessionRow
from parcela.store.vault_keys import SealedContent

ID_PREFIX = "SESSION"
ID_CHARACTERS = 24
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SESSION_ID = re.compile(f"{ID_PREFIX}[{_ALPHABET}]{{{ID_CHARACTERS}}}")
_MAX_UPDATES = 99
_STEM_BYTES = 4
_KEY_BYTES = 32


class SessionElsewhere(Exception):
    """The session was made on another host, so it is not to be used on this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUse:
    """Who uses which session through which host, and how long it lives from now."""

    client: Client
    session_id: str = field(repr=False)
    host: str
    life: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFields:
    """What a session keeps: the door's document (texts, truth values, groups and arrays), and the code."""

    document: Mapping[str, object] = field(default_factory=dict, repr=False)
    security_code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session that was just made. `aes256_key` is base64 of 32 random bytes, told once and not kept."""

    session_id: str = field(repr=False)
    aes256_key: str = field(repr=False)
    version: str
    authentication_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A session as it stands. `version` is 10 characters and changes with each update."""

    version: str
    is_updated: bool
    authentication_limit: int
    fields: SessionFields


async def create_session(
    engine: Engine,
    world: World,
    client: Client,
    *,
    host: str,
    life: timedelta,
    authentication_limit: int,
) -> NewSession:
    """Open a session, usable as a password `authentication_limit` (1 to 9999) times."""
    session_id = _make_id(engine)
    row = SessionRow(
        session_key=make_session_key(engine, client, session_id),
        client_id=client.client_id,
        host=_fold_host(host),
        stem=engine.ids.random_bytes(_STEM_BYTES).hex(),
        updates=1,
        authentication_limit=authentication_limit,
        created_at=world.now,
        expires_at=world.now + life,
    )
    await engine.database.run_statement(
        lambda connection: store.insert_session(connection, client.tenant_id, row)
    )
    return NewSession(
        session_id=session_id,
        aes256_key=base64.b64encode(engine.ids.random_bytes(_KEY_BYTES)).decode(),
        version=_write_version(row),
        authentication_limit=authentication_limit,
    )


async def update_session(
    engine: Engine,
    world: World,
    use: SessionUse,
    *,
    version: str | None,
    change: Callable[[SessionFields], SessionFields],
) -> SessionView:
    """Change a session's fields; of two updates at once the second sees what the first left.

    Raises SessionGone, SessionElsewhere, SessionOutdated (when `version` is given and is not its own), and
    what `change` raises; then nothing is changed.
    """
    tenant_id = use.client.tenant_id
    session_key = make_session_key(engine, use.client, use.session_id)

    async def work(connection: Connection) -> SessionView:
        row = await store.find_live_session(
            connection, tenant_id, session_key, client_id=use.client.client_id, now=world.now
        )
        held = _check(row, use, version)
        fields = change(_open_fields(engine, tenant_id, held))
        changed = replace(
            _step_version(engine, held),
            content=_seal(engine, tenant_id, held, json.dumps(fields.document)),
            security_code=_seal_code(engine, tenant_id, held, fields.security_code),
            updated_at=world.now,
            expires_at=world.now + use.life,
        )
        await store.update_content(connection, tenant_id, changed)
        return _view(changed, fields)

    return await engine.database.run(work)


async def open_session_fields(
    engine: Engine, world: World, use: SessionUse, *, version: str | None = None
) -> SessionView:
    """Use a session: its fields, and its life anew.

    Raises SessionGone (unknown, expired and another's alike), SessionElsewhere, SessionOutdated.
    """
    tenant_id = use.client.tenant_id

    async def work(connection: Connection) -> SessionRow | None:
        return await store.touch_session(
            connection,
            tenant_id,
            make_session_key(engine, use.client, use.session_id),
            client_id=use.client.client_id,
            now=world.now,
            expires_at=world.now + use.life,
        )

    held = _check(await engine.database.run_statement(work), use, version)
    return _view(held, _open_fields(engine, tenant_id, held))


async def wipe_security_code(connection: Connection, client: Client, session_key: bytes) -> None:
    """Forget a session's security code, with the first payment try; its version stays."""
    await store.update_code_wiped(connection, client.tenant_id, session_key, client_id=client.client_id)


async def count_authentication(engine: Engine, world: World, use: SessionUse) -> bool:
    """Take a session id for a password, once more; False when it is none, or none any more.

    Raises SessionElsewhere.
    """
    session_key = make_session_key(engine, use.client, use.session_id)
    host = await engine.database.run_statement(
        lambda connection: store.count_authentication(
            connection, use.client.tenant_id, session_key, client_id=use.client.client_id, now=world.now
        )
    )
    if host is None:
        return False
    _check_host(host, use)
    return True


def is_session_id(text: str) -> bool:
    """Has a text the form of our session ids?"""
    return _SESSION_ID.fullmatch(text) is not None


def mask_session_ids(text: str) -> str:
    """A text that may be kept or logged: session ids are passwords, and only their beginning is left."""
    return _SESSION_ID.sub(f"{ID_PREFIX}***", text)


def _check(row: SessionRow | None, use: SessionUse, version: str | None) -> SessionRow:
    if row is None:
        raise SessionGone("there is no such session, or it has expired")
    _check_host(row.host, use)
    if version is not None and version != _write_version(row):
        raise SessionOutdated("the session has another version")
    return row


def _check_host(host: str, use: SessionUse) -> None:
    if host != _fold_host(use.host):
        raise SessionElsewhere("the session belongs to another host")


def _make_id(engine: Engine) -> str:
    """124 random bits; 256 are drawn, so that every id is as likely as any other for all that matters."""
    number = int.from_bytes(engine.ids.random_bytes(_KEY_BYTES), "big")
    characters = []
    for _ in range(ID_CHARACTERS):
        number, place = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[place])
    return ID_PREFIX + "".join(characters)


def make_session_key(engine: Engine, client: Client, session_id: str) -> bytes:
    """What a session is stored under: a keyed hash of its id."""
    return engine.vault.fingerprint(client.tenant_id, b"session|" + session_id.encode())


def _fold_host(host: str) -> str:
    return host.casefold()


def _write_version(row: SessionRow) -> str:
    return f"{row.stem}{row.updates:02d}"


def _step_version(engine: Engine, row: SessionRow) -> SessionRow:
    """The next version: after 99 the count begins again, under another stem."""
    if row.updates < _MAX_UPDATES:
        return replace(row, updates=row.updates + 1)
    return replace(row, updates=1, stem=engine.ids.random_bytes(_STEM_BYTES).hex())


def _view(row: SessionRow, fields: SessionFields) -> SessionView:
    return SessionView(
        version=_write_version(row),
        is_updated=row.updated_at is not None,
        authentication_limit=row.authentication_limit,
        fields=fields,
    )


def _open_fields(engine: Engine, tenant_id: int, row: SessionRow) -> SessionFields:
    def open_text(sealed: SealedContent, part: str) -> str:
        return engine.vault.open_content(tenant_id, _name_context(row, part), sealed).decode()

    code = row.security_code
    return SessionFields(
        document={} if row.content is None else json.loads(open_text(row.content, "content")),
        security_code=None if code is None else open_text(code, "code"),
    )


def _seal(engine: Engine, tenant_id: int, row: SessionRow, text: str) -> SealedContent:
    return engine.vault.seal_content(tenant_id, _name_context(row, "content"), text.encode())


def _seal_code(engine: Engine, tenant_id: int, row: SessionRow, code: str | None) -> SealedContent | None:
    if code is None:
        return None
    return engine.vault.seal_content(tenant_id, _name_context(row, "code"), code.encode())


def _name_context(row: SessionRow, part: str) -> str:
    return f"merchant-session|{row.session_key.hex()}|{part}"
