"""Authorizations whose outcome an acquirer was not told, until it is known or they are reversed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from parcela.store.cards import Card
from parcela.store.database import Connection
from parcela.store.documents import decode_document, encode_document


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredRow:
    """A record with the sealed card. `elements` repeat the message without its card number."""

    attempt_id: str
    card: Card
    plan_id: str | None
    elements: Mapping[str, str]
    reason: str | None
    asked_at: datetime


async def insert_unanswered(connection: Connection, row: UnansweredRow) -> None:
    """Note that nobody knows what the host decided; the card must be stored."""
    await connection.execute(
        "INSERT INTO unanswered_authorization"
        " (tenant_id, attempt_id, card_id, plan_id, message, state, asked_at)"
        " VALUES ($1, $2::uuid, $3::uuid, $4, $5, 'unknown', $6)",
        row.card.tenant_id,
        row.attempt_id,
        row.card.card_id,
        row.plan_id,
        encode_document(dict(row.elements)),
        row.asked_at,
    )


async def update_reversal_due(
    connection: Connection, tenant_id: int, attempt_id: str, *, reason: str
) -> bool:
    """From now on the host must be told; False when the outcome is known already."""
    moved = await connection.execute(
        "UPDATE unanswered_authorization SET state = 'reversal_due', reason = $3"
        " WHERE tenant_id = $1 AND attempt_id = $2::uuid AND state IN ('unknown', 'reversal_due')",
        tenant_id,
        attempt_id,
        reason,
    )
    return bool(moved == "UPDATE 1")


async def update_settled(
    connection: Connection,
    tenant_id: int,
    attempt_id: str,
    *,
    state: str,
    response_code: str | None,
    at: datetime,
) -> bool:
    """Note the outcome, once; a reversal that was settled without being due gets the reason `no_answer`."""
    moved = await connection.execute(
        "UPDATE unanswered_authorization SET state = $3, response_code = $4, settled_at = $5,"
        " reason = CASE WHEN $3 = 'reversed' THEN coalesce(reason, 'no_answer') END"
        " WHERE tenant_id = $1 AND attempt_id = $2::uuid AND state IN ('unknown', 'reversal_due')",
        tenant_id,
        attempt_id,
        state,
        response_code,
        at,
    )
    return bool(moved == "UPDATE 1")


async def list_open(connection: Connection, tenant_id: int, *, limit: int) -> list[UnansweredRow]:
    """What is not settled, the oldest first."""
    rows = await connection.fetch(
        "SELECT u.attempt_id::text AS attempt_id, u.plan_id, u.message, u.reason, u.asked_at, c.tenant_id,"
        " c.card_id::text AS card_id, c.pan_index, c.data_key_number, c.sealed_pan, c.first_six, c.last_four"
        " FROM unanswered_authorization u JOIN card c USING (tenant_id, card_id)"
        " WHERE u.tenant_id = $1 AND u.state IN ('unknown', 'reversal_due') ORDER BY u.asked_at LIMIT $2",
        tenant_id,
        limit,
    )
    return [
        UnansweredRow(
            attempt_id=row["attempt_id"],
            card=Card(
                tenant_id=row["tenant_id"],
                card_id=row["card_id"],
                pan_index=row["pan_index"],
                data_key_number=row["data_key_number"],
                sealed_pan=row["sealed_pan"],
                first_six=row["first_six"],
                last_four=row["last_four"],
            ),
            plan_id=row["plan_id"],
            elements=decode_document(row["message"]),
            reason=row["reason"],
            asked_at=row["asked_at"],
        )
        for row in rows
    ]
