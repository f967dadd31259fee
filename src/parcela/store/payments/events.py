"""The log of an account's events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.records import Owner
from parcela.store.database import Connection
from parcela.store.documents import Document, decode_document
from parcela.store.payments.paging import Condition, Listing, list_page

_COLUMNS = "tenant_id, client_id, is_live, event_id, type, object_id, body, created_at"
_LISTING = Listing(table="payments_event", id_column="event_id", columns=_COLUMNS)
_OWNED = "tenant_id = $1 AND client_id = $2 AND is_live = $3"
_SLICE = 5_000

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One event with the object as it was at that moment."""

    event_id: str
    owner: Owner
    type: str
    object_id: str
    document: Document
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events; None takes all. The window is that of their instants, its end left out."""

    type: str | None = None
    object_id: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


async def insert_events(connection: Connection, records: Sequence[EventRecord]) -> None:
    """Write events in their order."""
    await connection.executemany(
        "INSERT INTO payments_event"
        " (tenant_id, event_id, client_id, is_live, type, object_id, body, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (
                record.owner.tenant_id,
                record.event_id,
                record.owner.client_id,
                record.owner.is_live,
                record.type,
                record.object_id,
                _encode(record.document).decode(),
                record.created_at,
            )
            for record in records
        ],
    )


async def find_event(connection: Connection, owner: Owner, event_id: str) -> EventRecord | None:
    """One event of an account."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payments_event WHERE {_OWNED} AND event_id = $4", *_key(owner), event_id
    )
    return None if row is None else _read_event(row)


async def list_events(
    connection: Connection, owner: Owner, wanted: EventFilter, *, page: PageRequest
) -> Page[EventRecord]:
    """A page of an account's events. Raises PaymentRefused for a cursor that is none of them."""
    conditions = [
        Condition(sql, value)
        for sql, value in (
            ("type = {}", wanted.type),
            ("object_id = {}", wanted.object_id),
            ("created_at >= {}", wanted.created_from),
            ("created_at < {}", wanted.created_before),
        )
        if value is not None
    ]
    return await list_page(connection, owner, _LISTING, page=page, conditions=conditions, read=_read_event)


async def list_events_by_id(
    connection: Connection, tenant_id: int, event_ids: Sequence[str]
) -> dict[str, EventRecord]:
    """The events that letters speak of."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM payments_event WHERE tenant_id = $1 AND event_id = ANY($2::text[])",
        tenant_id,
        list(event_ids),
    )
    return {row["event_id"]: _read_event(row) for row in rows}


async def find_last_position(connection: Connection, owner: Owner) -> int:
    """The place of an account's last event in the log; 0 before the first."""
    position: int = await connection.fetchval(
        f"SELECT coalesce(max(position), 0) FROM payments_event WHERE {_OWNED}", *_key(owner)
    )
    return position


async def count_events_after(connection: Connection, owner: Owner, position: int) -> Mapping[str, int]:
    """How many events of each type were written after a place in the log, by the types' names."""
    rows = await connection.fetch(
        f"SELECT type, count(*) AS count FROM payments_event WHERE {_OWNED} AND position > $4"
        " GROUP BY type ORDER BY type",
        *_key(owner),
        position,
    )
    return {row["type"]: row["count"] for row in rows}


async def delete_old_events(connection: Connection, *, created_before: datetime) -> None:
    """Forget events of the live mode with their letters and tries; those of the test mode stay.

    A letter that still waits keeps its event. Each slice is one statement, a transaction by itself.
    """
    deleted = _SLICE
    while deleted == _SLICE:
        deleted = await connection.fetchval(
            "WITH old AS MATERIALIZED ("
            " SELECT e.tenant_id, e.event_id FROM payments_event e WHERE e.is_live AND e.created_at < $1"
            " AND NOT EXISTS (SELECT FROM letter l WHERE l.tenant_id = e.tenant_id"
            "   AND l.kind = 'payments.webhook' AND l.correlation_id = e.event_id AND l.status = 'due')"
            " LIMIT $2 FOR UPDATE SKIP LOCKED"
            "), spoken AS MATERIALIZED ("
            " SELECT l.tenant_id, l.letter_id FROM letter l JOIN old ON l.tenant_id = old.tenant_id"
            "   AND l.kind = 'payments.webhook' AND l.correlation_id = old.event_id"
            "), tries AS ("
            " DELETE FROM delivery_attempt a USING spoken"
            " WHERE a.tenant_id = spoken.tenant_id AND a.letter_id = spoken.letter_id"
            "), letters AS ("
            " DELETE FROM letter l USING spoken"
            " WHERE l.tenant_id = spoken.tenant_id AND l.letter_id = spoken.letter_id"
            "), events AS ("
            " DELETE FROM payments_event e USING old"
            " WHERE e.tenant_id = old.tenant_id AND e.event_id = old.event_id RETURNING 1"
            ") SELECT count(*) FROM events",
            created_before,
            _SLICE,
        )


def _read_event(row: asyncpg.Record) -> EventRecord:
    return EventRecord(
        event_id=row["event_id"],
        owner=Owner(row["tenant_id"], row["client_id"], row["is_live"]),
        type=row["type"],
        object_id=row["object_id"],
        document=decode_document(row["body"]),
        created_at=row["created_at"],
    )


def _key(owner: Owner) -> tuple[int, int, bool]:
    return owner.tenant_id, owner.client_id, owner.is_live
