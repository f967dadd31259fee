"""Letters to webhook endpoints: the lane is the endpoint, the subject the event; instants are the world's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from parcela.domain.payments.ids import spell_uuid
from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.records import Owner
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.store.database import Connection

WEBHOOK = "payments.webhook"
"""The kind of these letters."""

HELD = "endpoint_disabled"
"""Why a letter is parked that goes out once its endpoint is enabled."""

_MOST_COUNTED = 10_000
_LANES = (
    "SELECT endpoint_id FROM payments_webhook WHERE tenant_id = $1 AND client_id = $2 AND is_live = $3"
    " AND status <> 'deleted'"
)
_PARK = (
    "UPDATE letter SET status = 'parked', next_attempt_at = NULL, parked_code = $3, parked_reason = $4"
    " WHERE tenant_id = $1 AND lane = $2 AND status = 'due' AND flight_fence IS NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookLetter:
    """A letter to be written for an endpoint; `topic` is the name under which the event is told there."""

    letter_id: str
    event_id: str
    endpoint_id: str
    topic: str
    object_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTry:
    """One try of a delivery."""

    number: int
    outcome: str
    started_at: datetime
    duration_ms: int | None
    http_status: int | None
    failure_kind: str | None
    detail: str | None
    next_attempt_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to an endpoint, with its tries, the last one first."""

    event_id: str
    topic: str
    status: str
    next_attempt_at: datetime | None
    parked_code: str | None
    parked_reason: str | None
    created_at: datetime
    tries: tuple[DeliveryTry, ...]


async def insert_letters(
    connection: Connection, tenant_id: int, letters: Sequence[WebhookLetter], *, at: datetime
) -> None:
    """Write letters that are due at once, in their order.

    Nobody is told of their age: what is not delivered concerns the owner of the endpoint, who sees it there.
    """
    await connection.executemany(
        "INSERT INTO letter (tenant_id, letter_id, kind, subject_id, provider_id, correlation_id, status,"
        " created_at, next_attempt_at, ladder_anchor_at, waiting_since, lane, topic, object_id)"
        f" VALUES ($1, $2::uuid, '{WEBHOOK}', $3::uuid, $4::uuid, $5,"
        " 'due', $6, $6, $6, 'infinity', $7, $8, $9)"
        " ON CONFLICT (tenant_id, subject_id, kind, lane) DO NOTHING",
        [
            (
                tenant_id,
                letter.letter_id,
                spell_uuid(letter.event_id),
                spell_uuid(letter.endpoint_id),
                letter.event_id,
                at,
                letter.endpoint_id,
                letter.topic,
                letter.object_id,
            )
            for letter in letters
        ],
    )


async def replay_letters(
    connection: Connection, tenant_id: int, event_id: str, endpoint_ids: Sequence[str], *, now: datetime
) -> list[str]:
    """Make the letters of an event due anew, whatever their state; gives the endpoints that have one.

    One whose try is under way is left alone: it is being sent.
    """
    rows = await connection.fetch(
        "WITH held AS MATERIALIZED (SELECT letter_id, lane FROM letter WHERE tenant_id = $1"
        f" AND subject_id = $2::uuid AND kind = '{WEBHOOK}' AND lane = ANY($3::text[]) FOR UPDATE), sent AS ("
        "UPDATE letter l SET status = 'due', next_attempt_at = $4, ladder_anchor_at = $4, ladder_step = 0,"
        " render_failures = 0, parked_code = NULL, parked_reason = NULL, delivered_at = NULL, flag = NULL,"
        " replays = replays + 1 FROM held WHERE l.tenant_id = $1 AND l.letter_id = held.letter_id"
        " AND l.flight_fence IS NULL) SELECT lane FROM held",
        tenant_id,
        spell_uuid(event_id),
        list(endpoint_ids),
        now,
    )
    return [row["lane"] for row in rows]


async def park_letters(
    connection: Connection, tenant_id: int, endpoint_id: str, *, code: str, reason: str
) -> None:
    """Stop what waits to be sent to an endpoint."""
    await connection.execute(_PARK, tenant_id, endpoint_id, code, reason)


async def release_letters(connection: Connection, tenant_id: int, endpoint_id: str, *, now: datetime) -> None:
    """Send what waited for its endpoint to be enabled, on a fresh ladder."""
    await connection.execute(
        "UPDATE letter SET status = 'due', next_attempt_at = $3, ladder_anchor_at = $3, ladder_step = 0,"
        " render_failures = 0, parked_code = NULL, parked_reason = NULL"
        f" WHERE tenant_id = $1 AND lane = $2 AND kind = '{WEBHOOK}'"
        " AND status = 'parked' AND parked_code = $4",
        tenant_id,
        endpoint_id,
        now,
        HELD,
    )


async def bring_forward(connection: Connection, owner: Owner, by: timedelta) -> None:
    """The account's clock was moved on: so are the next tries of its letters, the one under way as well."""
    await connection.execute(
        "UPDATE letter SET next_attempt_at = next_attempt_at - $4::interval,"
        " ladder_anchor_at = ladder_anchor_at - $4::interval"
        f" WHERE tenant_id = $1 AND lane IN ({_LANES}) AND status = 'due'",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        by,
    )


async def list_deliveries(
    connection: Connection, tenant_id: int, endpoint_id: str, *, page: PageRequest
) -> Page[Delivery]:
    """What was and is to be delivered to an endpoint, newest first; the cursor is an event's id.

    Raises PaymentRefused for a cursor that is none of them.
    """
    of_endpoint = f"tenant_id = $1 AND lane = $2 AND kind = '{WEBHOOK}'"
    position = await _find_position(connection, tenant_id, endpoint_id, page)
    counted = await connection.fetchval(
        f"SELECT count(*) FROM (SELECT FROM letter WHERE {of_endpoint} LIMIT {_MOST_COUNTED}) AS counted",
        tenant_id,
        endpoint_id,
    )
    is_backwards = page.before is not None
    rows = await connection.fetch(
        "SELECT letter_id, correlation_id AS event_id, topic, status, next_attempt_at, parked_code,"
        f" parked_reason, created_at FROM letter WHERE {of_endpoint}"
        f" AND ($3::bigint IS NULL OR position {'>' if is_backwards else '<'} $3)"
        f" ORDER BY position {'ASC' if is_backwards else 'DESC'} LIMIT $4",
        tenant_id,
        endpoint_id,
        position,
        page.limit + 1,
    )
    kept = rows[: page.limit]
    if is_backwards:
        kept.reverse()
    tries = await _list_tries(connection, tenant_id, [row["letter_id"] for row in kept])
    items = [_read_delivery(row, tries.get(row["letter_id"], [])) for row in kept]
    has_older = bool(items) and (is_backwards or len(rows) > page.limit)
    return Page(
        items=items,
        has_more=len(rows) > page.limit,
        next_cursor=items[-1].event_id if has_older else None,
        total_estimate=counted,
    )


async def _find_position(
    connection: Connection, tenant_id: int, endpoint_id: str, page: PageRequest
) -> int | None:
    cursor = page.before if page.before is not None else page.after
    if cursor is None:
        return None
    position: int | None = await connection.fetchval(
        "SELECT position FROM letter WHERE tenant_id = $1 AND lane = $2"
        f" AND kind = '{WEBHOOK}' AND correlation_id = $3",
        tenant_id,
        endpoint_id,
        cursor,
    )
    if position is None:
        param = "starting_after" if page.before is None else "ending_before"
        raise PaymentRefused(
            Fault.PARAMETER_INVALID, f"'{param}' must be the id of an event of this list.", param=param
        )
    return position


async def _list_tries(
    connection: Connection, tenant_id: int, letter_ids: Sequence[object]
) -> dict[object, list[DeliveryTry]]:
    rows = await connection.fetch(
        "SELECT letter_id, number, outcome, started_at, duration_ms, http_status, failure_kind, detail,"
        " next_attempt_at, reason FROM delivery_attempt"
        " WHERE tenant_id = $1 AND letter_id = ANY($2::uuid[]) ORDER BY letter_id, number DESC",
        tenant_id,
        list(letter_ids),
    )
    found: dict[object, list[DeliveryTry]] = {}
    for row in rows:
        members = dict(row)
        found.setdefault(members.pop("letter_id"), []).append(DeliveryTry(**members))
    return found


def _read_delivery(row: asyncpg.Record, tries: Sequence[DeliveryTry]) -> Delivery:
    members = dict(row)
    del members["letter_id"]
    return Delivery(**members, tries=tuple(tries))
