"""Events of an account: written in the transaction of the change that they tell (`spec/payments.md` §11)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import RANDOM_BYTES, Prefix, make_id
from parcela.domain.payments.webhooks import find_topic
from parcela.operations.engine import Engine
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_links import hide_tokens, show_tokens
from parcela.store.database import Connection
from parcela.store.documents import Document
from parcela.store.payments import events, webhook_endpoints, webhook_letters
from parcela.store.payments.events import EventRecord
from parcela.store.payments.webhook_letters import WebhookLetter


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened to which object, with the object in the door's words (`desk.renderer`)."""

    type: EventType
    object_id: str
    document: Document


def new_id(desk: PaymentsDesk, moment: AccountMoment, prefix: Prefix) -> str:
    """A new identifier of the account's instant."""
    return make_id(prefix, at=moment.now, random=desk.engine.ids.random_bytes(RANDOM_BYTES))


async def tell(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, happenings: Sequence[Happening]
) -> None:
    """Write events in their order, with the letters to the endpoints that want them."""
    records = [_make_record(desk, moment, happening) for happening in happenings]
    await events.insert_events(connection, records)
    endpoints = await webhook_endpoints.list_enabled_endpoints(connection, moment.owner)
    letters = [
        make_letter(desk, record, endpoint_id=endpoint_id, topic=topic)
        for record in records
        for endpoint_id, enabled_events in endpoints
        if (topic := find_topic(enabled_events, record.type)) is not None
    ]
    await insert_letters(connection, moment, letters)


async def tell_endpoint(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    happening: Happening,
    *,
    endpoint_id: str,
) -> None:
    """Write an event that is sent to one endpoint alone, whatever it asked for."""
    record = _make_record(desk, moment, happening)
    await events.insert_events(connection, [record])
    letter = make_letter(desk, record, endpoint_id=endpoint_id, topic=record.type)
    await insert_letters(connection, moment, [letter])


def make_letter(desk: PaymentsDesk, record: EventRecord, *, endpoint_id: str, topic: str) -> WebhookLetter:
    """A letter that brings an event to an endpoint."""
    return WebhookLetter(
        letter_id=desk.engine.ids.new_uuid(),
        event_id=record.event_id,
        endpoint_id=endpoint_id,
        topic=topic,
        object_id=record.object_id,
    )


async def insert_letters(
    connection: Connection, moment: AccountMoment, letters: Sequence[WebhookLetter]
) -> None:
    """Write letters, due at once. They wait by the world's clock, as all letters do."""
    if letters:
        await webhook_letters.insert_letters(connection, moment.owner.tenant_id, letters, at=moment.world.now)


def reveal(engine: Engine, record: EventRecord) -> EventRecord:
    """An event as it is told: with the addresses of pages whole."""
    tenant_id = record.owner.tenant_id
    return replace(record, document=show_tokens(record.document, engine.vault, tenant_id=tenant_id))


def conceal(record: EventRecord) -> EventRecord:
    """An event as it may be kept: with the addresses of pages, but not what opens them."""
    return replace(record, document=hide_tokens(record.document))


def _make_record(desk: PaymentsDesk, moment: AccountMoment, happening: Happening) -> EventRecord:
    return EventRecord(
        event_id=new_id(desk, moment, Prefix.EVENT),
        owner=moment.owner,
        type=happening.type,
        object_id=happening.object_id,
        document=hide_tokens(happening.document),
        created_at=moment.now,
    )
