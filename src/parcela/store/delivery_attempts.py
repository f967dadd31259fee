"""Tries of letters: claimed in batches with an open attempt each, closed in batches with what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
import msgspec

from parcela.domain.delivery import Decision, Delivered, Position, TryAgain
from parcela.store.database import Connection
from parcela.store.delivery_lanes import LaneKey
from parcela.store.documents import encode_document

MAX_FINISHED = 128
"""Tries closed by one statement, at most."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A lane's owner asks for up to `room` letters."""

    key: LaneKey
    fence: int
    room: int


RECORD_ERRORS: tuple[type[Exception], ...] = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""A try whose texts the database does not take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedLetter:
    """A letter whose try `number` has been opened by the owner with this fence.

    `shown_digest` is the hash of the body kept with an earlier try. `topic` is the name under which a webhook
    tells its event, and `object_id` what it is about; letters to issuers have neither.
    """

    key: LaneKey
    letter_id: str
    kind: str
    subject_id: str
    provider_id: str
    correlation_id: str
    number: int
    fence: int
    scheduled_at: datetime
    position: Position
    shown_digest: bytes | None
    topic: str | None = None
    object_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrySight:
    """What of a try may be seen later, with card numbers, signature and sealed member cut.

    `shown_body` is None when it equals that of an earlier try, whose `shown_digest` the letter has.
    """

    http_status: int | None = None
    failure_kind: str | None = None
    detail: str | None = None
    url: str | None = None
    headers: Mapping[str, str] | None = None
    shown_body: str | None = None
    shown_digest: bytes | None = None
    answer: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TryRecord:
    """The outcome of a try (`domain.delivery.name_outcome`), its instants, and what was seen."""

    outcome: str
    started_at: datetime
    finished_at: datetime
    duration_ms: int
    seen: TrySight


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedTry:
    """A try with what was seen and what was decided."""

    letter: ClaimedLetter
    record: TryRecord
    decision: Decision


_CLAIM = """
WITH instant AS MATERIALIZED (
    SELECT clock_timestamp() + clock_offset AS now FROM world LIMIT 1
), owned AS MATERIALIZED (
    SELECT d.tenant_id, d.lane, d.fence, wanted.room
    FROM unnest($1::int[], $2::text[], $3::bigint[], $4::int[]) AS wanted (tenant_id, lane, fence, room)
    JOIN delivery_lane d
      ON d.tenant_id = wanted.tenant_id AND d.lane = wanted.lane AND d.fence = wanted.fence
    FOR SHARE OF d
), candidate AS MATERIALIZED (
    SELECT found.* FROM owned o, LATERAL (
        SELECT l.tenant_id, l.letter_id, o.fence FROM letter l
        WHERE l.tenant_id = o.tenant_id AND l.lane = o.lane AND l.status = 'due'
          AND l.next_attempt_at <= (SELECT now FROM instant) AND l.flight_fence IS NULL
          AND l.kind = ANY($5::text[])
          AND NOT EXISTS (
            SELECT FROM letter earlier
            WHERE earlier.tenant_id = l.tenant_id AND earlier.subject_id = l.subject_id
              AND earlier.lane = l.lane AND earlier.position < l.position AND earlier.status <> 'delivered')
          AND (l.object_id IS NULL OR NOT EXISTS (
            SELECT FROM letter earlier
            WHERE earlier.tenant_id = l.tenant_id AND earlier.lane = l.lane AND earlier.status = 'due'
              AND earlier.ladder_step = 0 AND earlier.object_id IS NOT NULL
              AND earlier.object_id = l.object_id AND earlier.position < l.position))
        ORDER BY l.next_attempt_at, l.position LIMIT o.room FOR UPDATE OF l SKIP LOCKED
    ) AS found
), claimed AS (
    UPDATE letter l SET flight_fence = c.fence, attempts = l.attempts + 1 FROM candidate c
    WHERE l.tenant_id = c.tenant_id AND l.letter_id = c.letter_id
    RETURNING l.*
), started AS (
    INSERT INTO delivery_attempt (tenant_id, letter_id, number, fence, scheduled_at, started_at)
    SELECT tenant_id, letter_id, attempts, flight_fence, next_attempt_at, (SELECT now FROM instant)
    FROM claimed
)
SELECT tenant_id, lane, letter_id::text AS letter_id, kind, subject_id::text AS subject_id,
    provider_id::text AS provider_id, correlation_id, attempts, flight_fence, next_attempt_at,
    ladder_anchor_at, ladder_step, render_failures, shown_digest, topic, object_id
FROM claimed ORDER BY next_attempt_at, position
"""

# One JSON text: two dozen arrays would cost this process more than the database spends on reading it.
# The limit is always the same and no batch exceeds it: it makes the planner expect a few rows and keep one
# plan, by index, instead of making one at each call.
_FINISH = """
WITH finished AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS f (tenant_id int, letter_id uuid, number int, fence bigint,
        outcome text, started_at timestamptz, finished_at timestamptz, duration_ms int, http_status int,
        failure_kind text, detail text, url text, headers text, body text, digest text, answer text,
        decision text, reason text, next_attempt_at timestamptz, status text, anchor_at timestamptz, step int,
        render_failures int, code text, known_anchor_at timestamptz)
    LIMIT $2
), recorded AS (
    UPDATE letter l
    -- An account's clock may have been moved during the try: then what follows comes forward as well.
    SET flight_fence = NULL, status = f.status,
        next_attempt_at = f.next_attempt_at + (l.ladder_anchor_at - f.known_anchor_at),
        ladder_anchor_at = coalesce(
            f.anchor_at + (l.ladder_anchor_at - f.known_anchor_at), l.ladder_anchor_at),
        ladder_step = coalesce(f.step, l.ladder_step),
        render_failures = coalesce(f.render_failures, l.render_failures),
        parked_code = f.code, parked_reason = CASE WHEN f.status = 'parked' THEN f.reason END,
        delivered_at = CASE WHEN f.status = 'delivered' THEN f.finished_at END,
        flag = CASE WHEN f.status = 'delivered' THEN f.reason END,
        shown_digest = coalesce(decode(f.digest, 'hex'), l.shown_digest)
    FROM finished f
    WHERE l.tenant_id = f.tenant_id AND l.letter_id = f.letter_id AND l.flight_fence = f.fence
      AND l.attempts = f.number
    RETURNING l.tenant_id, l.letter_id, l.attempts AS number
), closed AS (
    UPDATE delivery_attempt a
    SET outcome = f.outcome, started_at = f.started_at, finished_at = f.finished_at,
        duration_ms = f.duration_ms, http_status = f.http_status, failure_kind = f.failure_kind,
        detail = f.detail, request_url = f.url, request_headers = f.headers, request_body = f.body,
        answer = f.answer, decision = f.decision, reason = f.reason, next_attempt_at = f.next_attempt_at
    FROM finished f JOIN recorded r USING (tenant_id, letter_id, number)
    WHERE a.tenant_id = f.tenant_id AND a.letter_id = f.letter_id AND a.number = f.number
)
SELECT letter_id::text AS letter_id, number FROM recorded
"""


async def claim_letters(
    connection: Connection, claims: Sequence[Claim], *, kinds: Sequence[str]
) -> dict[LaneKey, list[ClaimedLetter]]:
    """Open a try of due letters of these kinds, the oldest first, for owners whose fence still holds.

    Of the letters of one subject only the first undelivered one is taken, and a webhook not before the first
    tries of the earlier ones about its object.
    """
    rows = await connection.fetch(
        _CLAIM,
        [claim.key.tenant_id for claim in claims],
        [claim.key.lane for claim in claims],
        [claim.fence for claim in claims],
        [claim.room for claim in claims],
        list(kinds),
    )
    found: dict[LaneKey, list[ClaimedLetter]] = {claim.key: [] for claim in claims}
    for row in rows:
        letter = _read_claimed(row)
        found[letter.key].append(letter)
    return found


def _read_claimed(row: asyncpg.Record) -> ClaimedLetter:
    return ClaimedLetter(
        key=LaneKey(tenant_id=row["tenant_id"], lane=row["lane"]),
        letter_id=row["letter_id"],
        kind=row["kind"],
        subject_id=row["subject_id"],
        provider_id=row["provider_id"],
        correlation_id=row["correlation_id"],
        number=row["attempts"],
        fence=row["flight_fence"],
        scheduled_at=row["next_attempt_at"],
        position=Position(
            anchor_at=row["ladder_anchor_at"],
            step=row["ladder_step"],
            render_failures=row["render_failures"],
        ),
        shown_digest=row["shown_digest"],
        topic=row["topic"],
        object_id=row["object_id"],
    )


async def finish_tries(connection: Connection, tries: Sequence[FinishedTry]) -> list[bool]:
    """Close tries; False for one whose lane has a new owner, which has called its outcome unknown."""
    document = _encode([_make_row(finished) for finished in tries]).decode()
    rows = await connection.fetch(_FINISH, document, MAX_FINISHED)
    recorded = {(row["letter_id"], row["number"]) for row in rows}
    return [(finished.letter.letter_id, finished.letter.number) in recorded for finished in tries]


def _make_row(finished: FinishedTry) -> dict[str, object]:
    """A try as the statement reads it; what stands in no member is NULL there."""
    letter, record, decision = finished.letter, finished.record, finished.decision
    seen = record.seen
    row: dict[str, object] = {
        "tenant_id": letter.key.tenant_id,
        "letter_id": letter.letter_id,
        "number": letter.number,
        "fence": letter.fence,
        "known_anchor_at": letter.position.anchor_at,
        "outcome": record.outcome,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "duration_ms": record.duration_ms,
        "http_status": seen.http_status,
        "failure_kind": seen.failure_kind,
        "detail": seen.detail,
        "url": seen.url,
        "headers": None if seen.headers is None else encode_document(seen.headers),
        "body": seen.shown_body,
        "digest": None if seen.shown_digest is None else seen.shown_digest.hex(),
        "answer": seen.answer,
    }
    if isinstance(decision, Delivered):
        return row | {"decision": "delivered", "status": "delivered", "reason": decision.flag}
    position = {
        "reason": decision.reason,
        "anchor_at": decision.position.anchor_at,
        "step": decision.position.step,
        "render_failures": decision.position.render_failures,
    }
    if isinstance(decision, TryAgain):
        return row | position | {"decision": "retry", "status": "due", "next_attempt_at": decision.at}
    return row | position | {"decision": "parked", "status": "parked", "code": decision.code}


async def unclaim_letters(connection: Connection, letters: Sequence[ClaimedLetter]) -> None:
    """Take back tries that were opened and not begun, as if they had never been."""
    await connection.execute(
        "WITH given AS (UPDATE letter l SET flight_fence = NULL, attempts = l.attempts - 1"
        " FROM unnest($1::int[], $2::uuid[], $3::int[], $4::bigint[])"
        " AS w (tenant_id, letter_id, number, fence)"
        " WHERE l.tenant_id = w.tenant_id AND l.letter_id = w.letter_id AND l.flight_fence = w.fence"
        " AND l.attempts = w.number RETURNING l.tenant_id, l.letter_id, w.number)"
        " DELETE FROM delivery_attempt a USING given"
        " WHERE a.tenant_id = given.tenant_id AND a.letter_id = given.letter_id AND a.number = given.number",
        [letter.key.tenant_id for letter in letters],
        [letter.letter_id for letter in letters],
        [letter.number for letter in letters],
        [letter.fence for letter in letters],
    )
