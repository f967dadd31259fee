"""Events: what happened, written in the transaction of the change itself and never altered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from parcela.store.database import Connection
from parcela.store.documents import Document, encode_document


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event, `noun.past_tense`, about a record that `subject` names."""

    event_id: str
    type: str
    subject: str
    data: Document


async def insert_events(
    connection: Connection, tenant_id: int, events: Sequence[EventRow], *, at: datetime
) -> None:
    """Write events that happened at one moment."""
    if not events:
        return
    await connection.execute(
        "INSERT INTO event (tenant_id, event_id, type, subject, data, occurred_at)"
        " SELECT $1, event_id, type, subject, data::json, $6"
        " FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS new (event_id, type, subject, data)",
        tenant_id,
        [event.event_id for event in events],
        [event.type for event in events],
        [event.subject for event in events],
        [encode_document(event.data) for event in events],
        at,
    )
