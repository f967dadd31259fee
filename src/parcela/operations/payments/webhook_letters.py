"""What the delivery worker needs of webhooks: what letters speak of, and what follows when one is parked."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import structlog

from parcela.domain.delivery import EXHAUSTED, GONE, Parked
from parcela.domain.mail import MailKind
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.payments.webhooks import WebhookEndpoint
from parcela.operations.delivery_work import ClaimedLetter, FinishedTry
from parcela.operations.engine import Engine
from parcela.operations.mail_letters import NewMail, write_mail
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


@dataclass(frozen=True, slots=True)
class _EndpointAccount:
    """An endpoint and its account."""

    endpoint: WebhookEndpoint
    account: PaymentsAccount


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
    """After 410 the endpoint is disabled; after the last try the account's owner gets a mail (§11.4)."""
    letter, decision = finished.letter, finished.decision
    assert isinstance(decision, Parked)
    if finished.record.seen.http_status == GONE:
        await _disable(engine, letter)
    elif decision.code == EXHAUSTED:
        account = await _find_account(engine, letter)
        if account is not None:
            await _write_to_owner(engine, letter, account, reason=decision.reason)
        await _tell(engine, letter, "webhook.gave_up", {"reason": decision.reason}, account=account)


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
        account = await _find_account(engine, letter)
        await _tell(engine, letter, "webhook_endpoint.disabled", {"reason": GONE_REASON}, account=account)


async def _write_to_owner(
    engine: Engine, letter: ClaimedLetter, found: _EndpointAccount, *, reason: str
) -> None:
    """The mail of §11.4. Of the address the host alone is named: path and query may hold a secret."""
    seen = engine.recall()
    new = NewMail(
        owner=found.endpoint.owner,
        kind=MailKind.WEBHOOK_FAILED,
        cause=f"{letter.letter_id}:{letter.number}",
        locale=found.account.locale,
        address=found.account.owner_email,
        facts={
            "shop": found.account.shown_name,
            "host": urlsplit(found.endpoint.url).hostname or "",
            "endpoint": letter.key.lane,
            "event": letter.correlation_id,
            "topic": letter.topic,
            "tries": letter.number,
            "reason": reason,
        },
        created_at=seen.now,
        due_at=seen.now,
    )
    async with engine.database.transaction() as connection:
        await write_mail(connection, engine, new)


async def _tell(
    engine: Engine,
    letter: ClaimedLetter,
    what: str,
    facts: dict[str, object],
    *,
    account: _EndpointAccount | None,
) -> None:
    """Write what an operator may look up later."""
    data = {
        "endpoint": letter.key.lane,
        "webhook": letter.correlation_id,
        "owner_email": None if account is None else account.account.owner_email,
        **facts,
    }
    row = EventRow(event_id=engine.ids.new_uuid(), type=what, subject=letter.key.lane, data=data)
    async with engine.database.connection() as connection:
        await happenings.insert_events(connection, letter.key.tenant_id, [row], at=engine.recall().now)
    log.warning(what, endpoint=letter.key.lane, webhook=letter.correlation_id, topic=letter.topic)


async def _find_account(engine: Engine, letter: ClaimedLetter) -> _EndpointAccount | None:
    """The endpoint of a letter and the account that it is of; None when either is gone."""
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
    return None if account is None else _EndpointAccount(destination.endpoint, account)
