"""Authorizations matched with plans: candidates, what is known of a card's authorizations, and bindings."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from parcela.domain.matching import CandidatePlan, KnownAuthorization, PurchaseFacts
from parcela.store.database import Connection
from parcela.store.presentments import IdentifierRecord, identifier_to_record, record_to_identifier


class FactsRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What later messages of a purchase are recognized by; it holds no card number."""

    stan: IdentifierRecord = None
    rrn: IdentifierRecord = None
    transaction_link_id: str | None = None
    transmitted: str | None = None
    acquirer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRecord:
    """An authorization on record. `plan_id` is its plan, `choices` those among which a person chooses.

    `state` is `matched`, `declined` (the issuer said no, the plan is free again), `ambiguous` or
    `dismissed` (nobody need choose any more). Amounts are in minor units.
    """

    authorization_id: str
    card_id: str
    provider_id: str
    state: str
    plan_id: str | None
    choices: tuple[str, ...]
    known: KnownAuthorization
    asked_at: datetime


_encode = msgspec.json.Encoder().encode
_decode_facts = msgspec.json.Decoder(FactsRecord).decode

_COLUMNS = (
    "m.authorization_id::text AS id, m.card_id::text AS card_id,"
    " m.provider_id::text AS provider_id, m.state, m.plan_id::text AS plan_id,"
    " m.choices::text[] AS choices, m.currency, m.amount_minor, m.facts, m.asked_at AS at"
)

# The records of a card and its plans of this amount, the newest first. The card is looked up by itself, so
# that the indexes by card serve whatever the planner knows of the tables.
_LOAD = """
SELECT 'record' AS kind, m.authorization_id::text AS id, m.card_id::text AS card_id,
    m.provider_id::text AS provider_id, m.state, m.plan_id::text AS plan_id, m.choices::text[] AS choices,
    m.currency, m.amount_minor, m.facts, m.asked_at AS at
FROM authorization_match m
WHERE m.tenant_id = $1 AND m.card_id = (SELECT card_id FROM card WHERE tenant_id = $1 AND pan_index = $2)
UNION ALL
SELECT 'plan', p.plan_id::text, p.card_id::text, p.provider_id::text, p.status, NULL, NULL, p.currency,
    p.amount_minor, p.body -> 'transaction', p.created_at
FROM plan p
WHERE p.tenant_id = $1 AND p.card_id = (SELECT card_id FROM card WHERE tenant_id = $1 AND pan_index = $2)
    AND p.created_at >= $3 AND p.status = 'created' AND p.currency = $4 AND p.amount_minor = $5
ORDER BY at DESC, id DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMatches:
    """All that an answer about one card depends on, the newest first. Both are empty for most cards.

    `card_id` is None for a card of which there is neither.
    """

    card_id: str | None
    records: tuple[MatchRecord, ...]
    candidates: tuple[CandidatePlan, ...]


async def load_matches(
    connection: Connection, tenant_id: int, purchase: PurchaseFacts, *, since: datetime
) -> CardMatches:
    """The records of a card, and its free plans of this amount and currency that were made since then."""
    rows = await connection.fetch(
        _LOAD, tenant_id, purchase.pan_index, since, purchase.currency, purchase.amount_minor
    )
    records = tuple([_read_record(row) for row in rows if row["kind"] == "record"])
    # A plan and its authorization are of one card, so that the card's records name every plan that is taken.
    taken = {record.plan_id for record in records if record.state == "matched"}
    plans = [_read_candidate(row, purchase.pan_index) for row in rows if row["kind"] == "plan"]
    return CardMatches(
        card_id=rows[0]["card_id"] if rows else None,
        records=records,
        candidates=tuple([plan for plan in plans if plan.plan_id not in taken]),
    )


async def lock_card(connection: Connection, tenant_id: int, pan_index: bytes) -> str | None:
    """Make questions about one card wait for each other until this transaction ends; gives the card id."""
    card_id: str | None = await connection.fetchval(
        "SELECT card_id::text FROM card WHERE tenant_id = $1 AND pan_index = $2 FOR NO KEY UPDATE",
        tenant_id,
        pan_index,
    )
    return card_id


async def lock_card_of_record(connection: Connection, tenant_id: int, authorization_id: str) -> None:
    """As `lock_card`, for the card of a record, if there is such a record."""
    await connection.execute(
        "SELECT FROM card c JOIN authorization_match m USING (tenant_id, card_id)"
        " WHERE m.tenant_id = $1 AND m.authorization_id = $2::uuid FOR NO KEY UPDATE OF c",
        tenant_id,
        authorization_id,
    )


def _read_candidate(row: asyncpg.Record, pan_index: bytes) -> CandidatePlan:
    facts = _decode_facts(row["facts"])
    return CandidatePlan(
        plan_id=row["id"],
        provider_id=row["provider_id"],
        pan_index=pan_index,
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        created_at=row["at"],
        stan=record_to_identifier(facts.stan),
        rrn=record_to_identifier(facts.rrn),
        transaction_link_id=facts.transaction_link_id,
    )


async def list_ambiguous(
    connection: Connection, tenant_id: int, provider_id: str | None, *, limit: int
) -> list[tuple[MatchRecord, str]]:
    """Authorizations that wait for a person, the oldest first, each with its masked card number."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS}, c.first_six || '******' || c.last_four AS masked_card"
        " FROM authorization_match m JOIN card c USING (tenant_id, card_id)"
        " WHERE m.tenant_id = $1 AND m.state = 'ambiguous' AND ($2::uuid IS NULL OR m.provider_id = $2::uuid)"
        " ORDER BY m.asked_at, m.authorization_id LIMIT $3",
        tenant_id,
        provider_id,
        limit,
    )
    return [(_read_record(row), row["masked_card"]) for row in rows]


async def find_record_for_update(
    connection: Connection, tenant_id: int, authorization_id: str
) -> MatchRecord | None:
    """A record, locked until this transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM authorization_match m"
        " WHERE m.tenant_id = $1 AND m.authorization_id = $2::uuid FOR UPDATE",
        tenant_id,
        authorization_id,
    )
    return None if row is None else _read_record(row)


def _read_record(row: asyncpg.Record) -> MatchRecord:
    facts = _decode_facts(row["facts"])
    known = KnownAuthorization(
        authorization_id=row["id"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        stan=record_to_identifier(facts.stan),
        rrn=record_to_identifier(facts.rrn),
        transaction_link_id=facts.transaction_link_id,
        transmitted=facts.transmitted,
        acquirer_id=facts.acquirer_id,
    )
    return MatchRecord(
        authorization_id=row["id"],
        card_id=row["card_id"],
        provider_id=row["provider_id"],
        state=row["state"],
        plan_id=row["plan_id"],
        choices=tuple(row["choices"]),
        known=known,
        asked_at=row["at"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchEvent:
    """An event of this module: `noun.past_tense`, its subject and its facts."""

    event_id: str
    type: str
    subject: str
    data: dict[str, object]
    occurred_at: datetime


_INSERT_RECORD = """
WITH new_event AS (
    INSERT INTO event (tenant_id, event_id, type, subject, data, occurred_at)
    SELECT $1, $13::uuid, $14, $15, $16, $12 WHERE $13::uuid IS NOT NULL
)
INSERT INTO authorization_match (tenant_id, authorization_id, fingerprint, card_id, provider_id, state,
    plan_id, choices, currency, amount_minor, facts, asked_at)
VALUES ($1, $2::uuid, $3, $4::uuid, $5::uuid, $6, $7::uuid, $8::uuid[], $9, $10, $11, $12)
"""


async def insert_record(
    connection: Connection,
    tenant_id: int,
    record: MatchRecord,
    *,
    fingerprint: bytes,
    event: MatchEvent | None,
) -> None:
    """Bind a plan to an authorization with the event of it, or note a doubt."""
    known = record.known
    facts = FactsRecord(
        stan=identifier_to_record(known.stan),
        rrn=identifier_to_record(known.rrn),
        transaction_link_id=known.transaction_link_id,
        transmitted=known.transmitted,
        acquirer_id=known.acquirer_id,
    )
    await connection.execute(
        _INSERT_RECORD,
        tenant_id,
        record.authorization_id,
        fingerprint,
        record.card_id,
        record.provider_id,
        record.state,
        record.plan_id,
        list(record.choices),
        known.currency,
        known.amount_minor,
        _encode(facts).decode(),
        record.asked_at,
        event.event_id if event else None,
        event.type if event else None,
        event.subject if event else None,
        _encode(event.data).decode() if event else None,
    )


async def insert_match(
    connection: Connection, tenant_id: int, record: MatchRecord, *, fingerprint: bytes, event: MatchEvent
) -> bool:
    """As `insert_record`, without the lock of the card; False when somebody else bound plan or question."""
    try:
        await insert_record(connection, tenant_id, record, fingerprint=fingerprint, event=event)
    except asyncpg.UniqueViolationError:
        return False
    return True


async def is_plan_taken(connection: Connection, tenant_id: int, plan_id: str) -> bool:
    """Does a living authorization have this plan?"""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM authorization_match"
            " WHERE tenant_id = $1 AND plan_id = $2::uuid AND state = 'matched')",
            tenant_id,
            plan_id,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a record becomes. `settled_by` names the person, or what decided in one's place."""

    state: str
    plan_id: str | None
    settled_by: str
    settled_at: datetime


async def update_state(
    connection: Connection, tenant_id: int, record: MatchRecord, settlement: Settlement
) -> bool:
    """Move a record on from the state in which it was read; False when it has moved meanwhile."""
    moved = await connection.execute(
        "UPDATE authorization_match SET state = $4, plan_id = $5::uuid, settled_by = $6, settled_at = $7"
        " WHERE tenant_id = $1 AND authorization_id = $2::uuid AND state = $3",
        tenant_id,
        record.authorization_id,
        record.state,
        settlement.state,
        settlement.plan_id,
        settlement.settled_by,
        settlement.settled_at,
    )
    return bool(moved == "UPDATE 1")


async def insert_event(connection: Connection, tenant_id: int, event: MatchEvent) -> None:
    """Write an event with the change that it tells."""
    await connection.execute(
        "INSERT INTO event (tenant_id, event_id, type, subject, data, occurred_at)"
        " VALUES ($1, $2::uuid, $3, $4, $5, $6)",
        tenant_id,
        event.event_id,
        event.type,
        event.subject,
        _encode(event.data).decode(),
        event.occurred_at,
    )
