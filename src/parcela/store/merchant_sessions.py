"""Payment sessions of merchants, known by a keyed hash of their id; their contents are sealed."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from parcela.store.database import Connection
from parcela.store.slices import delete_in_slices
from parcela.store.vault_keys import SealedContent


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session as stored. `stem` and `updates` make its version; `updated_at` None: never updated."""

    session_key: bytes
    client_id: int
    host: str
    stem: str
    updates: int
    updated_at: datetime | None = None
    authentication_limit: int
    content: SealedContent | None = None
    security_code: SealedContent | None = None
    created_at: datetime
    expires_at: datetime


_COLUMNS = (
    "session_key, client_id, host, stem, updates, updated_at, authentication_limit,"
    " content_key_number, sealed_content, code_key_number, sealed_code, created_at, expires_at"
)
_LIVE = "tenant_id = $1 AND session_key = $2 AND client_id = $3 AND expires_at > $4"


async def insert_session(connection: Connection, tenant_id: int, row: SessionRow) -> None:
    """Open a session without content."""
    await connection.execute(
        "INSERT INTO merchant_session (tenant_id, session_key, client_id, host, stem, updates,"
        " authentication_limit, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant_id,
        row.session_key,
        row.client_id,
        row.host,
        row.stem,
        row.updates,
        row.authentication_limit,
        row.created_at,
        row.expires_at,
    )


async def find_live_session(
    connection: Connection, tenant_id: int, session_key: bytes, *, client_id: int, now: datetime
) -> SessionRow | None:
    """A client's session that has not expired, locked until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM merchant_session WHERE {_LIVE} FOR UPDATE",
        tenant_id,
        session_key,
        client_id,
        now,
    )
    return None if row is None else _read(row)


async def touch_session(
    connection: Connection,
    tenant_id: int,
    session_key: bytes,
    *,
    client_id: int,
    now: datetime,
    expires_at: datetime,
) -> SessionRow | None:
    """Use a client's session, which makes it live on; None when there is none or it has expired."""
    row = await connection.fetchrow(
        f"UPDATE merchant_session SET expires_at = $5 WHERE {_LIVE} RETURNING {_COLUMNS}",
        tenant_id,
        session_key,
        client_id,
        now,
        expires_at,
    )
    return None if row is None else _read(row)


async def update_content(connection: Connection, tenant_id: int, row: SessionRow) -> None:
    """Write a session's content, version and life; the caller holds it locked."""
    content, code = row.content, row.security_code
    await connection.execute(
        "UPDATE merchant_session SET stem = $3, updates = $4, updated_at = $5, content_key_number = $6,"
        " sealed_content = $7, code_key_number = $8, sealed_code = $9, expires_at = $10"
        " WHERE tenant_id = $1 AND session_key = $2",
        tenant_id,
        row.session_key,
        row.stem,
        row.updates,
        row.updated_at,
        None if content is None else content.key_number,
        None if content is None else content.sealed,
        None if code is None else code.key_number,
        None if code is None else code.sealed,
        row.expires_at,
    )


async def update_code_wiped(
    connection: Connection, tenant_id: int, session_key: bytes, *, client_id: int
) -> None:
    """Forget the security code of a session."""
    await connection.execute(
        "UPDATE merchant_session SET code_key_number = NULL, sealed_code = NULL"
        " WHERE tenant_id = $1 AND session_key = $2 AND client_id = $3",
        tenant_id,
        session_key,
        client_id,
    )


async def count_authentication(
    connection: Connection, tenant_id: int, session_key: bytes, *, client_id: int, now: datetime
) -> str | None:
    """Use up one of a live session's logins; gives its host, None when there is none left."""
    host: str | None = await connection.fetchval(
        "UPDATE merchant_session SET authentications = authentications + 1"
        f" WHERE {_LIVE} AND authentications < authentication_limit RETURNING host",
        tenant_id,
        session_key,
        client_id,
        now,
    )
    return host


async def delete_expired_sessions(connection: Connection, *, now: datetime) -> None:
    """Forget the sessions that nobody can use any more, of every tenant."""
    await delete_in_slices(connection, "merchant_session", condition="expires_at <= $1", bound=now)


def _read(row: asyncpg.Record) -> SessionRow:
    return SessionRow(
        session_key=row["session_key"],
        client_id=row["client_id"],
        host=row["host"],
        stem=row["stem"],
        updates=row["updates"],
        updated_at=row["updated_at"],
        authentication_limit=row["authentication_limit"],
        content=_read_sealed(row["content_key_number"], row["sealed_content"]),
        security_code=_read_sealed(row["code_key_number"], row["sealed_code"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


def _read_sealed(key_number: int | None, sealed: bytes | None) -> SealedContent | None:
    if key_number is None or sealed is None:
        return None
    return SealedContent(key_number=key_number, sealed=sealed)
