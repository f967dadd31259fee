"""What the delivery worker needs of webhooks: what letters speak of, and what follows when one is parked."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from parcela.domain.delivery import EXHAUSTED, GONE, Parked
from parcela.domain.payments.webhooks import WebhookEndpoint
from parcela.operations.delivery_work import ClaimedLetter, FinishedTry
from parcela.operations.engine import Engine
from parcela.operations.payments.events import reveal
from parcela.operations.payments.webhook_endpoints import name_secret_context
from parcela.store import events as happenings
from parcela.store.database import Connection
from parcela.store.events import EventRow
from parcela.store.payments import events, webhook_endpoints, webhook_letters
from parcela.store.payments.events import EventRecord
from parcela.store.payments.webhook_letters import HELD, WEBHOOK

__all__ = ["WEBHOOK", "LoadedWebhook", "load_webhooks", "note_parked_webhook"]

GONE_REASON = "the endpoint answered 410 Gone"
_WAITS = "the endpoint is disabled"

log = structlog.get_logger("parcela.webhooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedWebhook:
    """An event and where it goes; `secrets` sign now, the present one first."""

    event: EventRecord
    endpoint: WebhookEndpoint
    secrets: tuple[str, ...] = field(repr=False)


async def load_webhooks(engine: Engine, letters: Sequence[ClaimedLetter]) -> dict[str, LoadedWebhook]:
    """What letters speak of, by letter id, in two queries for each tenant."""
    of_tenant: dict[int, list[ClaimedLetter]] = defaultdict(list)
    for letter in letters:
        of_tenant[letter.key.tenant_id].append(letter)
    loaded: dict[str, LoadedWebhook] = {}
    for tenant_id, own in of_tenant.items():
        async with engine.database.connection() as connection:
            loaded.update(await _load(connection, engine, tenant_id, own))
    return loaded


async def _load(
    connection: Connection, engine: Engine, tenant_id: int, letters: Sequence[ClaimedLetter]
) -> dict[str, LoadedWebhook]:
    known = await events.list_events_by_id(
        connection, tenant_id, [letter.correlation_id for letter in letters]
    )
    destinations = await webhook_endpoints.list_destinations(
        connection, tenant_id, list({letter.key.lane for letter in letters}), now=engine.recall().now
    )
    secrets = {
        endpoint_id: tuple(
            engine.vault.open_content(tenant_id, name_secret_context(endpoint_id, number), sealed).decode()
            for number, sealed in held.secrets
        )
        for endpoint_id, held in destinations.items()
    }
    return {
        letter.letter_id: LoadedWebhook(
            event=reveal(engine, known[letter.correlation_id]),
            endpoint=destinations[letter.key.lane].endpoint,
            secrets=secrets[letter.key.lane],
        )
        for letter in letters
        if letter.correlation_id in known and letter.key.lane in destinations
    }


async def note_parked_webhook(engine: Engine, finished: FinishedTry) -> None:
    """After 410 the endpoint is disabled; after the last try the operator is told whom to write to.

    No mail is sent from here: the record, the log line and the endpoint's deliveries say what was lost.
    """
    letter, decision = finished.letter, finished.decision
    assert isinstance(decision, Parked)
    if finished.record.seen.http_status == GONE:
        await _disable(engine, letter)
    elif decision.code == EXHAUSTED:
        await _tell(engine, letter, "webhook.gave_up", {"reason": decision.reason})


async def _disable(engine: Engine, letter: ClaimedLetter) -> None:
    tenant_id, endpoint_id = letter.key.tenant_id, letter.key.lane

    async def work(connection: Connection) -> bool:
        is_news = await webhook_endpoints.disable_endpoint(
            connection, tenant_id, endpoint_id, reason=GONE_REASON
        )
        if is_news:
            await webhook_letters.park_letters(connection, tenant_id, endpoint_id, code=HELD, reason=_WAITS)
        return is_news

    if await engine.database.run(work):
        await _tell(engine, letter, "webhook_endpoint.disabled", {"reason": GONE_REASON})


async def _tell(engine: Engine, letter: ClaimedLetter, what: str, facts: dict[str, object]) -> None:
    """Write what an operator should pass on to the account's owner."""
    seen = engine.recall()
    owner_email = await _find_owner_email(engine, letter)
    data = {
        "endpoint": letter.key.lane,
        "webhook": letter.correlation_id,
        "owner_email": owner_email,
        **facts,
    }
    row = EventRow(event_id=engine.ids.new_uuid(), type=what, subject=letter.key.lane, data=data)
    async with engine.database.connection() as connection:
        await happenings.insert_events(connection, letter.key.tenant_id, [row], at=seen.now)
    log.warning(what, endpoint=letter.key.lane, webhook=letter.correlation_id, topic=letter.topic)


async def _find_owner_email(engine: Engine, letter: ClaimedLetter) -> str | None:
    """The address that the account's set-up names."""
    seen = engine.recall()
    async with engine.database.connection() as connection:
        found = await webhook_endpoints.list_destinations(
            connection, letter.key.tenant_id, [letter.key.lane], now=seen.now
        )
    destination = found.get(letter.key.lane)
    if destination is None:
        return None
    client_id = destination.endpoint.owner.client_id
    code = next((held.code for held in seen.snapshot.clients.values() if held.client_id == client_id), "")
    account = seen.catalogue(letter.key.tenant_id).find_known_payments_account(code)
    return None if account is None else account.owner_email
