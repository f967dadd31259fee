"""Results of calls that carry an idempotency key, kept in the transaction of their effect."""

from dataclasses import dataclass
from datetime import datetime

from parcela.store.database import Connection
from parcela.store.documents import Document, decode_document, encode_document
from parcela.store.slices import delete_in_slices


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A key, scoped to its caller and operation, with the hash of the input it was first used with."""

    tenant_id: int
    caller: str
    operation: str
    key: str
    fingerprint: bytes


async def lock_key(connection: Connection, key: IdempotencyKey) -> None:
    """Make the calls with one key wait for each other until this transaction ends."""
    name = f"{key.tenant_id}|{key.caller}|{key.operation}|{key.key}"
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)


async def find_result(connection: Connection, key: IdempotencyKey) -> tuple[bytes, Document] | None:
    """Fingerprint and result of the first call with this key."""
    row = await connection.fetchrow(
        "SELECT fingerprint, result FROM idempotency"
        " WHERE tenant_id = $1 AND caller = $2 AND operation = $3 AND key = $4",
        key.tenant_id,
        key.caller,
        key.operation,
        key.key,
    )
    return None if row is None else (row["fingerprint"], decode_document(row["result"]))


async def insert_result(
    connection: Connection, key: IdempotencyKey, result: Document, *, at: datetime
) -> None:
    """Keep the result of a first call."""
    await connection.execute(
        "INSERT INTO idempotency (tenant_id, caller, operation, key, fingerprint, result, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        key.tenant_id,
        key.caller,
        key.operation,
        key.key,
        key.fingerprint,
        encode_document(result),
        at,
    )


async def delete_old_results(connection: Connection, *, created_before: datetime) -> None:
    """Forget results whose keys need no longer be kept."""
    await delete_in_slices(connection, "idempotency", condition="created_at < $1", bound=created_before)
