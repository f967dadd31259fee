"""API keys of accounts, as keyed hashes; keys that have ended stay."""

from collections.abc import Iterable
from datetime import datetime

import asyncpg

from parcela.domain.payments.keys import ApiKey, KeyKind, Scope
from parcela.store.database import Connection

_KEY = (
    "key_id, client_id, kind, is_live, scopes, networks, key_hash, last_four, created_by, created_at,"
    " expires_at, revoked_at"
)


async def list_keys(connection: Connection) -> list[ApiKey]:
    """The keys of all tenants, the oldest first: a key alone says whose request it is."""
    rows = await connection.fetch(f"SELECT {_KEY} FROM payments_key ORDER BY tenant_id, key_id")
    return [_read_key(row) for row in rows]


async def list_keys_of_client(connection: Connection, tenant_id: int, client_id: int) -> list[ApiKey]:
    """An account's keys of both modes, the oldest first."""
    rows = await connection.fetch(
        f"SELECT {_KEY} FROM payments_key WHERE tenant_id = $1 AND client_id = $2 ORDER BY key_id",
        tenant_id,
        client_id,
    )
    return [_read_key(row) for row in rows]


async def insert_key(connection: Connection, tenant_id: int, key: ApiKey) -> ApiKey:
    """Add a key; its number is given here, whatever the record's says."""
    row = await connection.fetchrow(
        "INSERT INTO payments_key (tenant_id, client_id, kind, is_live, scopes, networks, key_hash,"
        " last_four, created_by, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        f" RETURNING {_KEY}",
        tenant_id,
        key.client_id,
        key.kind,
        key.is_live,
        sorted(key.scopes),
        list(key.networks),
        key.key_hash,
        key.last_four,
        key.created_by,
        key.created_at,
        key.expires_at,
    )
    return _read_key(row)


async def revoke_key(
    connection: Connection, tenant_id: int, client_id: int, key_id: int, *, at: datetime
) -> ApiKey | None:
    """End an account's key at once; None when it has none with this number that is not revoked."""
    row = await connection.fetchrow(
        "UPDATE payments_key SET revoked_at = greatest($4, created_at)"
        " WHERE tenant_id = $1 AND client_id = $2 AND key_id = $3 AND revoked_at IS NULL"
        f" RETURNING {_KEY}",
        tenant_id,
        client_id,
        key_id,
        at,
    )
    return None if row is None else _read_key(row)


async def update_key_scopes(
    connection: Connection, tenant_id: int, client_id: int, key_id: int, *, scopes: Iterable[Scope]
) -> ApiKey | None:
    """Set the scopes of an account's key; None when it has none with this number that is not revoked."""
    row = await connection.fetchrow(
        "UPDATE payments_key SET scopes = $4"
        " WHERE tenant_id = $1 AND client_id = $2 AND key_id = $3 AND revoked_at IS NULL"
        f" RETURNING {_KEY}",
        tenant_id,
        client_id,
        key_id,
        sorted(scopes),
    )
    return None if row is None else _read_key(row)


def _read_key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(
        **{
            **row,
            "kind": KeyKind(row["kind"]),
            "scopes": frozenset(Scope(scope) for scope in row["scopes"]),
            "networks": tuple(row["networks"]),
        }
    )
