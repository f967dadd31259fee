"""Events on the wire (`spec/payments.md` §11.1)."""

from typing import Any

from parcela.dialects.payments.wire_values import Document, WireObject, write_instant
from parcela.domain.payments.webhooks import MAX_BODY_BYTES, shorten_object
from parcela.operations.payments.event_reading import EventRecord

_ENVELOPE_BYTES = 1_000
"""More than what stands around an object in a webhook."""


class EventData(WireObject):
    """What an event tells."""

    object: dict[str, Any]


class EventObject(WireObject):
    """An event with the object as it was at that moment."""

    id: str
    object: str
    type: str
    created: int
    livemode: bool
    data: EventData


def render_event(event: EventRecord) -> Document:
    """`event`."""
    return {
        "id": event.event_id,
        "object": "event",
        "type": event.type,
        "created": write_instant(event.created_at),
        "livemode": event.owner.is_live,
        "data": {"object": event.document},
    }


def render_webhook_body(event: EventRecord, *, topic: str) -> Document:
    """The body of a webhook, below 20 kB: what does not fit is named in `data.omitted`.

    The same event and topic always give the same body.
    """
    document, omitted = shorten_object(event.document, max_bytes=MAX_BODY_BYTES - _ENVELOPE_BYTES)
    data: Document = {"object": document}
    if omitted:
        data["omitted"] = omitted
    return {"id": event.event_id, "type": topic, "created": write_instant(event.created_at), "data": data}
