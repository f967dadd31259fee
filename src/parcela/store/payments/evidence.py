"""Evidence of showings: a record of each that came to an end, append-only, and the chain that seals them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from parcela.domain.payments.plan_choices import PlanList
from parcela.domain.payments.records import Owner
from parcela.store.database import Connection
from parcela.store.payments.offers import read_list

MOST_SEALS = 500
"""So many records are sealed in one transaction."""

_OWNED = "e.tenant_id = $1 AND e.client_id = $2 AND e.is_live = $3"
_SELECT = (
    "SELECT e.disclosure_id, e.payment_id, e.plan_id::text AS plan_id, e.body, e.hash, e.accepted_at,"
    " e.declined_at, s.number AS seal_number, s.seal FROM payment_plan_evidence e"
    " LEFT JOIN evidence_seal s USING (tenant_id, disclosure_id)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecord:
    """What was shown, and how it ended; `hash` is SHA-256 over `body`. Its seal comes within minutes."""

    disclosure_id: str
    payment_id: str
    plan_id: str | None
    body: str
    hash: bytes
    accepted_at: datetime | None
    declined_at: datetime | None
    seal_number: int | None = None
    seal: bytes | None = None


async def insert_record(
    connection: Connection, owner: Owner, record: EvidenceRecord, *, list_position: int
) -> None:
    """Keep a record; it waits for its seal from now on."""
    await connection.execute(
        "WITH kept AS (INSERT INTO payment_plan_evidence (tenant_id, client_id, is_live, disclosure_id,"
        " payment_id, plan_id, list_position, body, hash, accepted_at, declined_at)"
        " VALUES ($1, $2, $3, $4, $5, $6::uuid, $7, $8, $9, $10, $11)"
        " RETURNING tenant_id, disclosure_id, client_id, is_live)"
        " INSERT INTO evidence_to_seal (tenant_id, disclosure_id, client_id, is_live) SELECT * FROM kept",
        *_key(owner),
        record.disclosure_id,
        record.payment_id,
        record.plan_id,
        list_position,
        record.body,
        record.hash,
        record.accepted_at,
        record.declined_at,
    )


async def find_record_of_plan(connection: Connection, owner: Owner, plan_id: str) -> EvidenceRecord | None:
    """The record that a plan was accepted from."""
    row = await connection.fetchrow(
        f"{_SELECT} WHERE {_OWNED} AND e.plan_id = $4::uuid", *_key(owner), plan_id
    )
    return None if row is None else EvidenceRecord(**row)


async def list_records_of_payment(
    connection: Connection, owner: Owner, payment_id: str
) -> list[EvidenceRecord]:
    """All records of a payment, the first first."""
    rows = await connection.fetch(
        f"{_SELECT} WHERE {_OWNED} AND e.payment_id = $4 ORDER BY e.position", *_key(owner), payment_id
    )
    return [EvidenceRecord(**row) for row in rows]


async def list_open_showings(
    connection: Connection, owner: Owner, payment_id: str
) -> list[tuple[int, PlanList]]:
    """The lists with offers that were shown for a payment and that no record tells of, by position."""
    rows = await connection.fetch(
        "SELECT list.* FROM payment_plan_list list WHERE list.tenant_id = $1 AND list.client_id = $2"
        " AND list.is_live = $3 AND list.payment_id = $4"
        " AND EXISTS (SELECT FROM payment_offer o"
        "  WHERE (o.tenant_id, o.list_position) = (list.tenant_id, list.position))"
        " AND NOT EXISTS (SELECT FROM payment_plan_evidence e"
        "  WHERE (e.tenant_id, e.list_position) = (list.tenant_id, list.position)) ORDER BY list.position",
        *_key(owner),
        payment_id,
    )
    return [(row["position"], await read_list(connection, owner, row)) for row in rows]


async def find_showing(connection: Connection, owner: Owner, offer_id: str) -> tuple[int, PlanList] | None:
    """The list in which an offer was shown, with its position."""
    row = await connection.fetchrow(
        "SELECT list.* FROM payment_plan_list list JOIN payment_offer offer"
        " ON (offer.tenant_id, offer.list_position) = (list.tenant_id, list.position)"
        " WHERE list.tenant_id = $1 AND list.client_id = $2 AND list.is_live = $3 AND offer.offer_id = $4",
        *_key(owner),
        offer_id,
    )
    return None if row is None else (row["position"], await read_list(connection, owner, row))


async def list_owners_to_seal(connection: Connection, *, limit: int) -> Sequence[Owner]:
    """Accounts with records that wait for their seal."""
    rows = await connection.fetch(
        "SELECT DISTINCT tenant_id, client_id, is_live FROM evidence_to_seal LIMIT $1", limit
    )
    return [Owner(row["tenant_id"], row["client_id"], row["is_live"]) for row in rows]


# Whoever seals an account is alone at it, so that no acceptance ever waits for another one's.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_SEAL = """
WITH RECURSIVE tip AS (
    SELECT number, seal FROM evidence_seal
    WHERE tenant_id = $1 AND client_id = $2 AND is_live = $3 ORDER BY number DESC LIMIT 1
), waiting AS (
    SELECT e.tenant_id, e.disclosure_id, e.hash, row_number() OVER (ORDER BY e.position) AS step
    FROM evidence_to_seal w JOIN payment_plan_evidence e USING (tenant_id, disclosure_id)
    WHERE w.tenant_id = $1 AND w.client_id = $2 AND w.is_live = $3
    ORDER BY e.position LIMIT $4
), chain AS (
    SELECT 0::bigint AS step, NULL::text AS disclosure_id, coalesce((SELECT seal FROM tip), '\\x') AS seal
    UNION ALL
    SELECT w.step, w.disclosure_id, sha256(c.seal || w.hash)
    FROM chain c JOIN waiting w ON w.step = c.step + 1
), sealed AS (
    INSERT INTO evidence_seal (tenant_id, client_id, is_live, number, disclosure_id, seal, sealed_at)
    SELECT $1, $2, $3, coalesce((SELECT number FROM tip), 0) + step, disclosure_id, seal, $5
    FROM chain WHERE step > 0 RETURNING disclosure_id
), settled AS (
    DELETE FROM evidence_to_seal w USING sealed s
    WHERE w.tenant_id = $1 AND w.client_id = $2 AND w.is_live = $3 AND w.disclosure_id = s.disclosure_id
    RETURNING 1
)
SELECT count(*) FROM settled
"""


async def seal_records(connection: Connection, owner: Owner, *, at: datetime) -> int:
    """Put waiting records of an account into its chain, at most MOST_SEALS; gives how many.

    The lock is the transaction's.
    """
    await connection.execute(_LOCK, f"evidence|{owner.tenant_id}|{owner.client_id}|{owner.is_live}")
    count: int = await connection.fetchval(_SEAL, *_key(owner), MOST_SEALS, at)
    return count


def _key(owner: Owner) -> tuple[int, int, bool]:
    return owner.tenant_id, owner.client_id, owner.is_live
