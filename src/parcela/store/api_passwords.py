"""API passwords of merchants, as keyed hashes; at most two of a merchant are live, each in a place."""

from datetime import datetime

import asyncpg

from parcela.domain.clients import ApiPassword
from parcela.store.database import Connection

_PASSWORD = "password_id, client_id, password_hash, created_by, created_at, revoked_at"


async def list_live_passwords(connection: Connection) -> list[ApiPassword]:
    """The live passwords of all tenants, the oldest first."""
    rows = await connection.fetch(
        f"SELECT {_PASSWORD} FROM api_password WHERE revoked_at IS NULL ORDER BY password_id"
    )
    return [_read_password(row) for row in rows]


async def list_passwords(connection: Connection, tenant_id: int, client_id: int) -> list[ApiPassword]:
    """All passwords of a merchant, the oldest first, those that were revoked included."""
    rows = await connection.fetch(
        f"SELECT {_PASSWORD} FROM api_password WHERE tenant_id = $1 AND client_id = $2 ORDER BY password_id",
        tenant_id,
        client_id,
    )
    return [_read_password(row) for row in rows]


async def insert_password(
    connection: Connection,
    tenant_id: int,
    client_id: int,
    *,
    password_hash: bytes,
    created_by: str,
    at: datetime,
) -> ApiPassword | None:
    """Add a password in a free place; None when both are taken. The caller has locked the world's row."""
    row = await connection.fetchrow(
        "INSERT INTO api_password (tenant_id, client_id, place, password_hash, created_by, created_at)"
        " SELECT $1, $2, place, $3, $4, $5 FROM generate_series(1, 2) AS place"
        " WHERE NOT EXISTS (SELECT FROM api_password AS live WHERE live.tenant_id = $1"
        " AND live.client_id = $2 AND live.place = place.place AND live.revoked_at IS NULL)"
        f" ORDER BY place LIMIT 1 RETURNING {_PASSWORD}",
        tenant_id,
        client_id,
        password_hash,
        created_by,
        at,
    )
    return None if row is None else _read_password(row)


async def revoke_password(
    connection: Connection, tenant_id: int, client_id: int, password_id: int, *, at: datetime
) -> ApiPassword | None:
    """End a merchant's password at once; None when it has no live one with this number."""
    row = await connection.fetchrow(
        "UPDATE api_password SET revoked_at = greatest($4, created_at)"
        " WHERE tenant_id = $1 AND client_id = $2 AND password_id = $3 AND revoked_at IS NULL"
        f" RETURNING {_PASSWORD}",
        tenant_id,
        client_id,
        password_id,
        at,
    )
    return None if row is None else _read_password(row)


def _read_password(row: asyncpg.Record) -> ApiPassword:
    return ApiPassword(**row)
