"""Attempts to move a payment's money: each is one message to the bank. Leases run by the real clock."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from parcela.domain.orders import Outcome, TransactionKind
from parcela.domain.payments.records import CancellationReason, Owner
from parcela.store.database import Connection

_COLUMNS = (
    "tenant_id, payment_id, number, client_id, is_live, kind, state, amount_minor, is_hosted, reason, fence,"
    " reference, started_at"
)
_OWNED = "tenant_id = $1 AND client_id = $2 AND is_live = $3 AND payment_id = $4"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAttempt:
    """An attempt. `state` is challenged, sent or ended; `reference` the bank's, once it answered.

    `is_hosted`: it was made on the hosted page, where a refused card may be followed by another.
    """

    owner: Owner
    payment_id: str
    number: int
    kind: TransactionKind
    state: str
    amount_minor: int
    started_at: datetime
    is_hosted: bool = False
    reason: CancellationReason | None = None
    fence: int = 0
    reference: str | None = None
    challenge_key: bytes | None = field(default=None, repr=False)

    @property
    def message_id(self) -> str:
        """The name of its message at the bank."""
        return f"{self.payment_id}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnd:
    """What the bank said of an attempt."""

    outcome: Outcome
    at: datetime
    reference: str | None = None
    response_code: str | None = None
    authorization_code: str | None = None


async def insert_attempt(connection: Connection, attempt: PaymentAttempt, *, lease_s: float) -> None:
    """Write an attempt; the caller holds its payment locked and saw no other under way."""
    await connection.execute(
        "INSERT INTO payment_attempt (tenant_id, client_id, is_live, payment_id, number, kind, state,"
        " amount_minor, is_hosted, reason, challenge_key, started_at, leased_until)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
        " clock_timestamp() + make_interval(secs => $13))",
        *_key(attempt.owner, attempt.payment_id),
        attempt.number,
        attempt.kind,
        attempt.state,
        attempt.amount_minor,
        attempt.is_hosted,
        attempt.reason,
        attempt.challenge_key,
        attempt.started_at,
        lease_s,
    )


async def find_attempt_under_way(
    connection: Connection, owner: Owner, payment_id: str
) -> PaymentAttempt | None:
    """The one attempt of a payment that has not ended."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment_attempt WHERE {_OWNED} AND state <> 'ended'",
        *_key(owner, payment_id),
    )
    return None if row is None else _read(row)


async def find_purchase(connection: Connection, owner: Owner, payment_id: str) -> PaymentAttempt | None:
    """The authorization or payment that the bank approved."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment_attempt WHERE {_OWNED} AND outcome = 'approved'"
        " AND kind IN ('authorization', 'payment')",
        *_key(owner, payment_id),
    )
    return None if row is None else _read(row)


async def count_attempts(connection: Connection, owner: Owner, payment_id: str) -> int:
    """How many there were so far; they are numbered from 1 without gaps."""
    count: int = await connection.fetchval(
        f"SELECT count(*) FROM payment_attempt WHERE {_OWNED}", *_key(owner, payment_id)
    )
    return count


async def find_challenged_attempt(
    connection: Connection, tenant_id: int, challenge_key: bytes
) -> PaymentAttempt | None:
    """The newest attempt whose challenge page has a token with this hash, answered or not."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment_attempt WHERE tenant_id = $1 AND challenge_key = $2"
        " ORDER BY number DESC LIMIT 1",
        tenant_id,
        challenge_key,
    )
    return None if row is None else _read(row)


async def update_sent(connection: Connection, attempt: PaymentAttempt, *, lease_s: float) -> bool:
    """A challenge was passed: the bank is asked now. False when somebody else answered it."""
    found = await connection.fetchval(
        "UPDATE payment_attempt SET state = 'sent', leased_until = clock_timestamp()"
        f" + make_interval(secs => $6) WHERE {_OWNED} AND number = $5 AND state = 'challenged' RETURNING 1",
        *_key(attempt.owner, attempt.payment_id),
        attempt.number,
        lease_s,
    )
    return found is not None


async def claim_attempt(
    connection: Connection, owner: Owner, payment_id: str, *, lease_s: float
) -> PaymentAttempt | None:
    """Take over the attempt that nobody works on any more; None while somebody does, or there is none."""
    row = await connection.fetchrow(
        "UPDATE payment_attempt SET fence = fence + 1, leased_until = clock_timestamp()"
        f" + make_interval(secs => $5) WHERE {_OWNED} AND state = 'sent'"
        f" AND leased_until < clock_timestamp() RETURNING {_COLUMNS}",
        *_key(owner, payment_id),
        lease_s,
    )
    return None if row is None else _read(row)


async def release_attempt(connection: Connection, attempt: PaymentAttempt) -> None:
    """Leave an attempt whose outcome is not known to whoever resolves it."""
    await connection.execute(
        f"UPDATE payment_attempt SET leased_until = '-infinity' WHERE {_OWNED} AND number = $5"
        " AND fence = $6 AND state = 'sent'",
        *_key(attempt.owner, attempt.payment_id),
        attempt.number,
        attempt.fence,
    )


async def update_ended(connection: Connection, attempt: PaymentAttempt, end: AttemptEnd) -> bool:
    """Write what became of an attempt; False when it ended already, or is somebody else's by now."""
    found = await connection.fetchval(
        "UPDATE payment_attempt SET state = 'ended', outcome = $7, reference = $8, response_code = $9,"
        f" authorization_code = $10, ended_at = $11 WHERE {_OWNED} AND number = $5 AND fence = $6"
        " AND state <> 'ended' RETURNING 1",
        *_key(attempt.owner, attempt.payment_id),
        attempt.number,
        attempt.fence,
        end.outcome,
        end.reference,
        end.response_code,
        end.authorization_code,
        end.at,
    )
    return found is not None


def _key(owner: Owner, payment_id: str) -> tuple[int, int, bool, str]:
    return owner.tenant_id, owner.client_id, owner.is_live, payment_id


def _read(row: asyncpg.Record) -> PaymentAttempt:
    members: dict[str, Any] = dict(row)
    owner = Owner(members.pop("tenant_id"), members.pop("client_id"), members.pop("is_live"))
    reason = members.pop("reason")
    return PaymentAttempt(
        owner=owner,
        kind=TransactionKind(members.pop("kind")),
        reason=None if reason is None else CancellationReason(reason),
        **members,
    )
