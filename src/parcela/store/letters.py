"""Letters of the outbox as people look at them, and what moves many of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from parcela.store.database import Connection
from parcela.store.delivery_lanes import LaneKey
from parcela.store.documents import Document, decode_document


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRecord:
    """A letter and where it stands. `flag` asks a person to look at the answer that delivered it."""

    tenant_id: int
    letter_id: str
    kind: str
    subject_id: str
    provider_id: str
    correlation_id: str
    status: str
    attempts: int
    replays: int
    next_attempt_at: datetime | None
    parked_code: str | None
    parked_reason: str | None
    delivered_at: datetime | None
    flag: str | None
    is_in_flight: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One try as it was recorded; `request_body` is None where it equals that of the try before."""

    number: int
    outcome: str
    scheduled_at: datetime
    started_at: datetime
    finished_at: datetime | None
    duration_ms: int | None
    http_status: int | None
    failure_kind: str | None
    detail: str | None
    request_url: str | None
    request_headers: Document | None
    request_body: str | None
    answer: str | None = field(repr=False)
    decision: str | None
    reason: str | None
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Which letters; None takes all. The window is that of their creation, its end left out."""

    status: str | None = None
    provider_id: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    is_flagged: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedLetters:
    """Letters of a lane that have become older than an alarm age."""

    key: LaneKey
    hours: int
    count: int
    oldest_letter_id: str


_COLUMNS = (
    "tenant_id, letter_id::text AS letter_id, kind, subject_id::text AS subject_id,"
    " provider_id::text AS provider_id, correlation_id, status, attempts, replays, next_attempt_at,"
    " parked_code, parked_reason, delivered_at, flag, flight_fence IS NOT NULL AS is_in_flight, created_at"
)
_FILTER = (
    "tenant_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR provider_id = $3)"
    " AND ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::timestamptz IS NULL OR created_at < $5)"
    " AND ($6::boolean IS NULL OR (flag IS NOT NULL) = $6)"
)
# A fresh ladder, due by the clock of the world, which a test may have moved.
_DUE_NOW = (
    "status = 'due', next_attempt_at = $2, ladder_anchor_at = $2, ladder_step = 0, render_failures = 0,"
    " parked_code = NULL, parked_reason = NULL, delivered_at = NULL, flag = NULL"
)


async def list_letters(
    connection: Connection, tenant_id: int, wanted: LetterFilter, *, limit: int
) -> list[LetterRecord]:
    """The newest letters of a filter."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM letter WHERE {_FILTER} ORDER BY created_at DESC, position DESC LIMIT $7",
        tenant_id,
        *_split(wanted),
        limit,
    )
    return [LetterRecord(**row) for row in rows]


async def find_letter(
    connection: Connection, tenant_id: int, *, letter_id: str, is_locked: bool = False
) -> LetterRecord | None:
    """One letter, locked against the worker if asked."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM letter WHERE tenant_id = $1 AND letter_id = $2::uuid"
        + (" FOR UPDATE" if is_locked else ""),
        tenant_id,
        letter_id,
    )
    return None if row is None else LetterRecord(**row)


async def list_attempts(connection: Connection, tenant_id: int, letter_id: str) -> list[AttemptRecord]:
    """The tries of a letter, the first one first."""
    rows = await connection.fetch(
        "SELECT number, outcome, scheduled_at, started_at, finished_at, duration_ms, http_status,"
        " failure_kind, detail, request_url, request_headers, request_body, answer, decision, reason,"
        " next_attempt_at FROM delivery_attempt WHERE tenant_id = $1 AND letter_id = $2::uuid"
        " ORDER BY number",
        tenant_id,
        letter_id,
    )
    return [_read_attempt(row) for row in rows]


def _read_attempt(row: asyncpg.Record) -> AttemptRecord:
    members = dict(row)
    headers = members.pop("request_headers")
    return AttemptRecord(**members, request_headers=None if headers is None else decode_document(headers))


async def replay_letters(
    connection: Connection, tenant_id: int, letter_ids: Sequence[str], *, now: datetime
) -> int:
    """Make letters due, whatever their state; those with a try under way are left alone."""
    status = await connection.execute(
        f"UPDATE letter SET {_DUE_NOW}, replays = replays + 1, waiting_since = $2, alarm_hours = 0"
        " WHERE tenant_id = $1 AND letter_id = ANY($3::uuid[]) AND flight_fence IS NULL",
        tenant_id,
        now,
        list(letter_ids),
    )
    return int(status.rpartition(" ")[2])


async def lock_replayable(
    connection: Connection, tenant_id: int, wanted: LetterFilter, *, limit: int
) -> list[str]:
    """Lock the oldest letters of a filter that have no try under way; gives their ids."""
    rows = await connection.fetch(
        f"SELECT letter_id::text AS letter_id FROM letter WHERE {_FILTER} AND flight_fence IS NULL"
        " ORDER BY created_at, position LIMIT $7 FOR UPDATE",
        tenant_id,
        *_split(wanted),
        limit,
    )
    return [row["letter_id"] for row in rows]


async def park_lane(
    connection: Connection, key: LaneKey, *, kind: str, code: str, reason: str, limit: int
) -> int:
    """Park the due letters of a lane that have no try under way, up to a limit; gives their number."""
    status = await connection.execute(
        "UPDATE letter SET status = 'parked', next_attempt_at = NULL, parked_code = $4, parked_reason = $5"
        " WHERE (tenant_id, letter_id) IN (SELECT tenant_id, letter_id FROM letter"
        " WHERE tenant_id = $1 AND lane = $2 AND kind = $3 AND status = 'due' AND flight_fence IS NULL"
        " ORDER BY next_attempt_at LIMIT $6 FOR UPDATE SKIP LOCKED)",
        key.tenant_id,
        key.lane,
        kind,
        code,
        reason,
        limit,
    )
    return int(status.rpartition(" ")[2])


_LIST_HELD_LANES = """
WITH RECURSIVE lane AS (
    (SELECT tenant_id, lane, kind FROM letter
     WHERE status = 'parked' AND parked_code IN ('no_destination', 'notifications_off')
     ORDER BY tenant_id, lane LIMIT 1)
    UNION ALL
    SELECT following.* FROM lane, LATERAL (
        SELECT l.tenant_id, l.lane, l.kind FROM letter l
        WHERE l.status = 'parked' AND l.parked_code IN ('no_destination', 'notifications_off')
          AND (l.tenant_id, l.lane) > (lane.tenant_id, lane.lane)
        ORDER BY l.tenant_id, l.lane LIMIT 1
    ) AS following
)
SELECT tenant_id, lane, kind FROM lane
"""


async def list_held_lanes(connection: Connection) -> list[tuple[LaneKey, str]]:
    """Lanes with letters that wait for an obstacle to go, each with the kind of one of them."""
    rows = await connection.fetch(_LIST_HELD_LANES)
    return [(LaneKey(tenant_id=row["tenant_id"], lane=row["lane"]), row["kind"]) for row in rows]


async def release_lane(connection: Connection, key: LaneKey, *, now: datetime, limit: int) -> int:
    """Make letters that waited for an obstacle to go due, up to a limit; gives their number."""
    status = await connection.execute(
        f"UPDATE letter SET {_DUE_NOW} WHERE (tenant_id, letter_id) IN (SELECT tenant_id, letter_id"
        " FROM letter WHERE tenant_id = $1 AND lane = $3 AND status = 'parked'"
        " AND parked_code IN ('no_destination', 'notifications_off')"
        " ORDER BY position LIMIT $4 FOR UPDATE SKIP LOCKED)",
        key.tenant_id,
        now,
        key.lane,
        limit,
    )
    return int(status.rpartition(" ")[2])


async def note_alarms(connection: Connection, *, now: datetime, hours: int, limit: int) -> list[AgedLetters]:
    """Mark undelivered letters that have reached an alarm age, up to a limit; each is told once for each."""
    rows = await connection.fetch(
        "WITH aged AS (UPDATE letter SET alarm_hours = $3 WHERE (tenant_id, letter_id) IN ("
        " SELECT tenant_id, letter_id FROM letter WHERE status <> 'delivered'"
        " AND waiting_since <= $1::timestamptz - $2::interval AND alarm_hours < $3"
        " ORDER BY waiting_since LIMIT $4 FOR UPDATE SKIP LOCKED)"
        " RETURNING tenant_id, lane, letter_id, waiting_since)"
        " SELECT tenant_id, lane, count(*) AS count,"
        " (array_agg(letter_id::text ORDER BY waiting_since))[1] AS oldest"
        " FROM aged GROUP BY tenant_id, lane ORDER BY tenant_id, lane",
        now,
        timedelta(hours=hours),
        hours,
        limit,
    )
    return [
        AgedLetters(
            key=LaneKey(tenant_id=row["tenant_id"], lane=row["lane"]),
            hours=hours,
            count=row["count"],
            oldest_letter_id=row["oldest"],
        )
        for row in rows
    ]


async def find_oldest_waiting(connection: Connection) -> datetime | None:
    """Since when the longest waiting undelivered letter waits; of webhooks the age is not watched."""
    since: datetime | None = await connection.fetchval(
        "SELECT waiting_since FROM letter WHERE status <> 'delivered' AND waiting_since < 'infinity'"
        " ORDER BY waiting_since LIMIT 1"
    )
    return since


def _split(wanted: LetterFilter) -> tuple[object, ...]:
    return (
        wanted.status,
        wanted.provider_id,
        wanted.created_from,
        wanted.created_before,
        wanted.is_flagged,
    )
