"""Wrapped data and index keys of the vault, and contents sealed with them."""

from collections.abc import Sequence
from dataclasses import dataclass

from parcela.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultKey:
    """A key as stored; `wrapped` is None once destroyed."""

    tenant_id: int
    key_number: int
    purpose: str
    state: str
    kek_id: str
    wrapped: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedContent:
    """An encrypted content with the number of its data key."""

    key_number: int
    sealed: bytes


async def list_vault_keys(connection: Connection, tenant_id: int) -> list[VaultKey]:
    """All keys of a tenant."""
    rows = await connection.fetch(
        "SELECT tenant_id, key_number, purpose, state, kek_id, wrapped FROM vault_key WHERE tenant_id = $1",
        tenant_id,
    )
    return [VaultKey(**row) for row in rows]


async def insert_vault_keys(connection: Connection, keys: Sequence[VaultKey]) -> None:
    """Store new keys; of two processes that make a tenant's first keys, the first one wins."""
    await connection.executemany(
        "INSERT INTO vault_key (tenant_id, key_number, purpose, state, kek_id, wrapped)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        [(k.tenant_id, k.key_number, k.purpose, k.state, k.kek_id, k.wrapped) for k in keys],
    )
