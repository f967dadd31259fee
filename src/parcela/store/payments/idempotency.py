"""Claims on idempotency keys and the answers kept under them (`spec/payments.md` §12)."""

from dataclasses import dataclass, field
from datetime import datetime

from parcela.domain.payments.records import Owner
from parcela.store.database import Connection
from parcela.store.slices import delete_in_slices
from parcela.store.vault_keys import SealedContent


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """A key of an account in one mode for an endpoint, with the hash of the request it came with."""

    owner: Owner
    endpoint: str
    key: str = field(repr=False)
    fingerprint: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldClaim:
    """What is held under a key. `status` and `answer` are there once it is answered."""

    fingerprint: bytes = field(repr=False)
    is_leased: bool
    object_id: str | None
    status: int | None
    answer: SealedContent | None = field(repr=False)


_KEYED = "tenant_id = $1 AND client_id = $2 AND is_live = $3 AND endpoint = $4 AND key = $5"


async def claim_key(connection: Connection, key: RequestKey, *, lease_s: float) -> int | None:
    """Claim a key that is new, or whose claim ran out before it was bound; gives the fence."""
    fence: int | None = await connection.fetchval(
        "INSERT INTO payments_idempotency AS held"
        " (tenant_id, client_id, is_live, endpoint, key, fingerprint, leased_until)"
        " VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7))"
        " ON CONFLICT (tenant_id, client_id, is_live, endpoint, key) DO UPDATE"
        " SET fence = held.fence + 1, leased_until = excluded.leased_until"
        " WHERE held.status IS NULL AND held.object_id IS NULL AND held.fingerprint = excluded.fingerprint"
        " AND held.leased_until <= clock_timestamp() RETURNING fence",
        *_key(key),
        key.fingerprint,
        lease_s,
    )
    return fence


async def find_claim(connection: Connection, key: RequestKey) -> HeldClaim | None:
    """What is held under a key."""
    row = await connection.fetchrow(
        "SELECT fingerprint, leased_until > clock_timestamp() AS is_leased, object_id, status,"
        " key_number, sealed_answer"
        f" FROM payments_idempotency WHERE {_KEYED}",
        *_key(key),
    )
    if row is None:
        return None
    is_answered = row["status"] is not None
    return HeldClaim(
        fingerprint=row["fingerprint"],
        is_leased=row["is_leased"],
        object_id=row["object_id"],
        status=row["status"],
        answer=SealedContent(key_number=row["key_number"], sealed=row["sealed_answer"])
        if is_answered
        else None,
    )


async def lease_bound_claim(connection: Connection, key: RequestKey, *, lease_s: float) -> bool:
    """Become the one who finds out what became of a bound claim's object; False while somebody else is."""
    found = await connection.fetchval(
        "UPDATE payments_idempotency SET leased_until = clock_timestamp() + make_interval(secs => $6)"
        f" WHERE {_KEYED} AND status IS NULL AND object_id IS NOT NULL"
        " AND leased_until <= clock_timestamp() RETURNING true",
        *_key(key),
        lease_s,
    )
    return found is not None


async def bind_claim(
    connection: Connection, key: RequestKey, fence: int, object_id: str, *, lease_s: float
) -> bool:
    """Bind a claim to the object of its effect; False when the claim is somebody else's by now."""
    found = await connection.fetchval(
        "UPDATE payments_idempotency"
        " SET object_id = $7, leased_until = clock_timestamp() + make_interval(secs => $8)"
        f" WHERE {_KEYED} AND fence = $6 AND status IS NULL RETURNING true",
        *_key(key),
        fence,
        object_id,
        lease_s,
    )
    return found is not None


async def keep_answer(
    connection: Connection, key: RequestKey, fence: int, *, status: int, answer: SealedContent
) -> bool:
    """Keep the answer; False when there is one already, or the claim is somebody else's by now."""
    found = await connection.fetchval(
        "UPDATE payments_idempotency SET status = $7, key_number = $8, sealed_answer = $9,"
        " leased_until = clock_timestamp()"
        f" WHERE {_KEYED} AND fence = $6 AND status IS NULL RETURNING true",
        *_key(key),
        fence,
        status,
        answer.key_number,
        answer.sealed,
    )
    return found is not None


async def keep_bound_answer(
    connection: Connection, key: RequestKey, *, status: int, answer: SealedContent
) -> None:
    """Keep the answer found for a bound claim, unless its first call has kept one meanwhile."""
    await connection.execute(
        "UPDATE payments_idempotency SET status = $6, key_number = $7, sealed_answer = $8"
        f" WHERE {_KEYED} AND object_id IS NOT NULL AND status IS NULL",
        *_key(key),
        status,
        answer.key_number,
        answer.sealed,
    )


async def release_claim(connection: Connection, key: RequestKey, fence: int) -> None:
    """Nothing happened under the claim: the key is free. A bound one is left, without its lease."""
    deleted = await connection.fetchval(
        f"DELETE FROM payments_idempotency WHERE {_KEYED} AND fence = $6"
        " AND status IS NULL AND object_id IS NULL RETURNING true",
        *_key(key),
        fence,
    )
    if deleted is None:
        await connection.execute(
            "UPDATE payments_idempotency SET leased_until = clock_timestamp()"
            f" WHERE {_KEYED} AND fence = $6 AND status IS NULL",
            *_key(key),
            fence,
        )


async def delete_old_claims(connection: Connection, *, created_before: datetime) -> None:
    """Forget keys that need no longer be kept."""
    await delete_in_slices(
        connection, "payments_idempotency", condition="created_at < $1", bound=created_before
    )


def _key(key: RequestKey) -> tuple[int, int, bool, str, str]:
    owner = key.owner
    return owner.tenant_id, owner.client_id, owner.is_live, key.endpoint, key.key
