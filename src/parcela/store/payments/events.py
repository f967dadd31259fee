"""The log of an account's events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from parcela.domain.payments.records import Owner
from parcela.store.database import Connection
from parcela.store.documents import Document, encode_document


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One event with the object as it was at that moment."""

    event_id: str
    owner: Owner
    type: str
    object_id: str
    document: Document
    created_at: datetime


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
                encode_document(record.document),
                record.created_at,
            )
            for record in records
        ],
    )
