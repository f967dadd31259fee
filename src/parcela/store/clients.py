"""Registered clients and their keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from parcela.domain.clients import Client, ClientKey, ClientRole, KeyPurpose
from parcela.store.database import Connection

_CLIENT = "tenant_id, client_id, code, name, role, provider_id::text AS provider_id, is_enabled, is_suspended"
_KEY = "key_id, client_id, purpose, name, public_pem, wrapped_private, created_at, expires_at, revoked_at"


async def list_clients(connection: Connection) -> list[Client]:
    """The clients of all tenants: a consumer key alone says whose request it is."""
    rows = await connection.fetch(f"SELECT {_CLIENT} FROM client ORDER BY client_id")
    return [Client(**{**row, "role": ClientRole(row["role"])}) for row in rows]


async def list_codes(
    connection: Connection, tenant_id: int, role: ClientRole, *, among: Sequence[str]
) -> list[str]:
    """Those of some codes that are registered in a role, in order; switched off and suspended ones too."""
    rows = await connection.fetch(
        "SELECT code FROM client WHERE tenant_id = $1 AND role = $2 AND code = ANY($3::text[]) ORDER BY code",
        tenant_id,
        role,
        list(among),
    )
    return [row["code"] for row in rows]


async def list_client_keys(connection: Connection) -> list[ClientKey]:
    """All keys, the oldest first, those that are revoked or expired included."""
    rows = await connection.fetch(f"SELECT {_KEY} FROM client_key ORDER BY key_id")
    return [_read_key(row) for row in rows]


async def insert_client(
    connection: Connection, tenant_id: int, *, code: str, name: str, role: ClientRole, provider_id: str | None
) -> int | None:
    """Register a client; None when its code is taken."""
    client_id: int | None = await connection.fetchval(
        "INSERT INTO client (tenant_id, code, name, role, provider_id) VALUES ($1, $2, $3, $4, $5::uuid)"
        " ON CONFLICT (code) DO NOTHING RETURNING client_id",
        tenant_id,
        code,
        name,
        role,
        provider_id,
    )
    return client_id


async def update_client_switches(
    connection: Connection, tenant_id: int, client_id: int, *, is_enabled: bool, is_suspended: bool
) -> None:
    """Switch the API on or off for a client, or suspend it."""
    await connection.execute(
        "UPDATE client SET is_enabled = $3, is_suspended = $4 WHERE tenant_id = $1 AND client_id = $2",
        tenant_id,
        client_id,
        is_enabled,
        is_suspended,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClientKey:
    """A key to store; `wrapped_private` for the platform's own pairs only."""

    client_id: int
    purpose: KeyPurpose
    name: str
    public_pem: str
    wrapped_private: bytes | None = None
    expires_at: datetime | None = None


async def insert_client_key(connection: Connection, tenant_id: int, key: NewClientKey) -> ClientKey | None:
    """Store a key; None when the client has one of that purpose and name."""
    row = await connection.fetchrow(
        "INSERT INTO client_key"
        " (tenant_id, client_id, purpose, name, public_pem, wrapped_private, expires_at)"
        f" VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING {_KEY}",
        tenant_id,
        key.client_id,
        key.purpose,
        key.name,
        key.public_pem,
        key.wrapped_private,
        key.expires_at,
    )
    return None if row is None else _read_key(row)


async def revoke_client_key(
    connection: Connection, tenant_id: int, key_id: int, *, at: datetime
) -> ClientKey | None:
    """Let a key end at `at`; a later instant is a grace period. None when it ends sooner already."""
    row = await connection.fetchrow(
        "UPDATE client_key SET revoked_at = $3 WHERE tenant_id = $1 AND key_id = $2"
        f" AND (revoked_at IS NULL OR revoked_at > $3) RETURNING {_KEY}",
        tenant_id,
        key_id,
        at,
    )
    return None if row is None else _read_key(row)


def _read_key(row: asyncpg.Record) -> ClientKey:
    return ClientKey(**{**row, "purpose": KeyPurpose(row["purpose"])})
