"""Events as an account looks at them, and sending them again (`spec/payments.md` §11.1)."""

from dataclasses import replace

from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.refusals import Fault, PaymentRefused, refuse_missing
from parcela.domain.payments.webhooks import EndpointStatus, find_topic
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import insert_letters, make_letter, reveal
from parcela.operations.payments.keeping import Keeper
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.payments import events, webhook_endpoints, webhook_letters
from parcela.store.payments.events import EventFilter, EventRecord

__all__ = ["EventFilter", "EventRecord", "get_event", "list_events", "resend_event"]


async def get_event(desk: PaymentsDesk, moment: AccountMoment, event_id: str) -> EventRecord:
    """One event. Raises PaymentRefused (404), for foreign ids alike."""
    async with desk.engine.database.connection() as connection:
        return reveal(desk.engine, await _get_event(connection, moment, event_id))


async def list_events(
    desk: PaymentsDesk, moment: AccountMoment, wanted: EventFilter, *, page: PageRequest
) -> Page[EventRecord]:
    """A page of the account's events, newest first. Raises PaymentRefused for a foreign cursor."""
    async with desk.engine.database.connection() as connection:
        found = await events.list_events(connection, moment.owner, wanted, page=page)
    return replace(found, items=tuple(reveal(desk.engine, event) for event in found.items))


async def resend_event(
    desk: PaymentsDesk,
    moment: AccountMoment,
    event_id: str,
    *,
    endpoint_id: str | None,
    keeper: Keeper[EventRecord],
) -> EventRecord:
    """Send an event again, also after success, under its id and with its content.

    It goes to the endpoint that is named, whatever that asked for, or to all that got it or want it. Raises
    PaymentRefused: 404, for the event or the endpoint; 400 for an endpoint that is disabled.
    """

    async def work(connection: Connection) -> EventRecord:
        event = reveal(desk.engine, await _get_event(connection, moment, event_id))
        topics = await _list_topics(connection, moment, event, endpoint_id)
        held = await webhook_letters.replay_letters(
            connection, moment.owner.tenant_id, event_id, list(topics), now=moment.world.now
        )
        fresh = [
            make_letter(desk, event, endpoint_id=lane, topic=topic)
            for lane, topic in topics.items()
            if lane not in held and topic is not None
        ]
        await insert_letters(connection, moment, fresh)
        await keeper.keep(connection, event)
        return event

    return await desk.engine.database.run(work)


async def _get_event(connection: Connection, moment: AccountMoment, event_id: str) -> EventRecord:
    found = await events.find_event(connection, moment.owner, event_id)
    if found is None:
        raise refuse_missing("event", event_id)
    return found


async def _list_topics(
    connection: Connection, moment: AccountMoment, event: EventRecord, endpoint_id: str | None
) -> dict[str, str | None]:
    """Where an event may be sent again, and under which name if it has not been sent there yet.

    None: only if it was sent there before.
    """
    if endpoint_id is None:
        enabled = await webhook_endpoints.list_enabled_endpoints(connection, moment.owner)
        return {lane: find_topic(wanted, event.type) for lane, wanted in enabled}
    found = await webhook_endpoints.find_endpoint(connection, moment.owner, endpoint_id, is_locked=True)
    if found is None:
        raise refuse_missing("webhook endpoint", endpoint_id, param="endpoint")
    if found.status is not EndpointStatus.ENABLED:
        raise PaymentRefused(
            Fault.PARAMETER_INVALID,
            "'endpoint' must name an endpoint that is enabled; this one is disabled.",
            param="endpoint",
            resource=endpoint_id,
        )
    return {endpoint_id: find_topic(found.enabled_events, event.type) or event.type}
