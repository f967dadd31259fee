"""Webhook endpoints of an account (`spec/payments.md` §11.2)."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.refusals import Fault, PaymentRefused, refuse_missing
from parcela.domain.payments.webhook_urls import check_webhook_url
from parcela.domain.payments.webhooks import (
    MAX_ENDPOINTS,
    SECRET_BYTES,
    EndpointStatus,
    WebhookEndpoint,
    check_enabled_events,
    make_secret,
)
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, new_id, tell_endpoint
from parcela.operations.payments.keeping import Keeper
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.documents import Document
from parcela.store.payments import webhook_endpoints, webhook_letters
from parcela.store.payments.webhook_letters import Delivery, DeliveryTry

__all__ = [
    "Delivery",
    "DeliveryTry",
    "EndpointChange",
    "NewEndpoint",
    "ShownEndpoint",
    "create_endpoint",
    "delete_endpoint",
    "get_endpoint",
    "list_deliveries",
    "list_endpoints",
    "name_secret_context",
    "roll_secret",
    "update_endpoint",
]

DISABLED_BY_OWNER = "disabled by the account"
_DISABLED = "the endpoint is disabled"
_DELETED = "the endpoint was deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEndpoint:
    """What an endpoint is made of; `secret` is made if it is not given."""

    url: str
    enabled_events: tuple[str, ...]
    description: str | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChange:
    """What is to be changed; None leaves as it is."""

    url: str | None = None
    enabled_events: tuple[str, ...] | None = None
    status: EndpointStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEndpoint:
    """An endpoint with its secret, which is shown this once."""

    endpoint: WebhookEndpoint
    secret: str = field(repr=False)


async def create_endpoint(
    desk: PaymentsDesk,
    moment: AccountMoment,
    command: NewEndpoint,
    *,
    keeper: Keeper[ShownEndpoint],
) -> ShownEndpoint:
    """Add an endpoint, and send it `webhook_endpoint.test`. Nothing is called here.

    Raises PaymentRefused (400): the address, the events, more than 20 endpoints.
    """
    url = check_webhook_url(command.url, desk.webhook_reach, is_live=moment.is_live)
    endpoint = WebhookEndpoint(
        endpoint_id=new_id(desk, moment, Prefix.WEBHOOK_ENDPOINT),
        owner=moment.owner,
        url=url,
        description=command.description,
        enabled_events=check_enabled_events(command.enabled_events),
        status=EndpointStatus.ENABLED,
        disabled_reason=None,
        created_at=moment.now,
    )
    secret = command.secret or make_secret(desk.engine.ids.random_bytes(SECRET_BYTES))
    shown = ShownEndpoint(endpoint=endpoint, secret=secret)

    async def work(connection: Connection) -> ShownEndpoint:
        await _check_count(connection, moment)
        await webhook_endpoints.insert_endpoint(connection, endpoint)
        await _insert_secret(connection, desk, shown, number=1)
        document: Document = desk.renderer.render_webhook_endpoint(endpoint)
        happening = Happening(EventType.WEBHOOK_ENDPOINT_TEST, endpoint.endpoint_id, document)
        await tell_endpoint(connection, desk, moment, happening, endpoint_id=endpoint.endpoint_id)
        await keeper.keep(connection, shown)
        return shown

    return await desk.engine.database.run(work)


async def get_endpoint(desk: PaymentsDesk, moment: AccountMoment, endpoint_id: str) -> WebhookEndpoint:
    """One endpoint. Raises PaymentRefused (404), for foreign and deleted ones alike."""
    async with desk.engine.database.connection() as connection:
        return await _get_endpoint(connection, moment, endpoint_id)


async def list_endpoints(
    desk: PaymentsDesk, moment: AccountMoment, *, page: PageRequest
) -> Page[WebhookEndpoint]:
    """The account's endpoints, newest first. Raises PaymentRefused for a foreign cursor."""
    async with desk.engine.database.connection() as connection:
        return await webhook_endpoints.list_endpoints(connection, moment.owner, page=page)


async def update_endpoint(
    desk: PaymentsDesk,
    moment: AccountMoment,
    endpoint_id: str,
    change: EndpointChange,
    *,
    keeper: Keeper[WebhookEndpoint],
) -> WebhookEndpoint:
    """Change an endpoint. Webhooks of a disabled one wait until it is enabled.

    Raises PaymentRefused, in this order: 400 for address and events, 404.
    """
    if change.url is not None:
        check_webhook_url(change.url, desk.webhook_reach, is_live=moment.is_live)
    events = None if change.enabled_events is None else check_enabled_events(change.enabled_events)

    async def work(connection: Connection) -> WebhookEndpoint:
        held = await _get_endpoint(connection, moment, endpoint_id, is_locked=True)
        changed = replace(held, url=change.url or held.url, enabled_events=events or held.enabled_events)
        if change.status is not None and change.status is not held.status:
            changed = await _switch(connection, moment, changed, change.status)
        await webhook_endpoints.update_endpoint(connection, changed)
        await keeper.keep(connection, changed)
        return changed

    return await desk.engine.database.run(work)


async def delete_endpoint(desk: PaymentsDesk, moment: AccountMoment, endpoint_id: str) -> WebhookEndpoint:
    """Delete an endpoint; what waits to be sent there never is. Raises PaymentRefused (404)."""

    async def work(connection: Connection) -> WebhookEndpoint:
        held = await _get_endpoint(connection, moment, endpoint_id, is_locked=True)
        deleted = replace(held, status=EndpointStatus.DELETED, disabled_reason=None)
        await webhook_endpoints.update_endpoint(connection, deleted)
        await webhook_endpoints.delete_secrets(connection, moment.owner.tenant_id, endpoint_id)
        await webhook_letters.park_letters(
            connection, moment.owner.tenant_id, endpoint_id, code="endpoint_deleted", reason=_DELETED
        )
        return deleted

    return await desk.engine.database.run(work)


async def roll_secret(
    desk: PaymentsDesk,
    moment: AccountMoment,
    endpoint_id: str,
    *,
    overlap: timedelta,
    keeper: Keeper[ShownEndpoint],
) -> ShownEndpoint:
    """Give an endpoint a new secret; the present one signs beside it for the overlap, older ones no more.

    Raises PaymentRefused (404).
    """

    async def work(connection: Connection) -> ShownEndpoint:
        held = await _get_endpoint(connection, moment, endpoint_id, is_locked=True)
        number = await webhook_endpoints.retire_secret(
            connection, moment.owner.tenant_id, endpoint_id, expires_at=moment.now + overlap
        )
        secret = make_secret(desk.engine.ids.random_bytes(SECRET_BYTES))
        shown = ShownEndpoint(endpoint=held, secret=secret)
        await _insert_secret(connection, desk, shown, number=number + 1)
        await keeper.keep(connection, shown)
        return shown

    return await desk.engine.database.run(work)


async def list_deliveries(
    desk: PaymentsDesk, moment: AccountMoment, endpoint_id: str, *, page: PageRequest
) -> Page[Delivery]:
    """What was and is to be delivered to an endpoint, with every try. Raises PaymentRefused (404, cursor)."""
    async with desk.engine.database.connection() as connection:
        await _get_endpoint(connection, moment, endpoint_id)
        return await webhook_letters.list_deliveries(
            connection, moment.owner.tenant_id, endpoint_id, page=page
        )


def name_secret_context(endpoint_id: str, number: int) -> str:
    """What a sealed secret is bound to."""
    return f"webhook-secret|{endpoint_id}|{number}"


async def _get_endpoint(
    connection: Connection, moment: AccountMoment, endpoint_id: str, *, is_locked: bool = False
) -> WebhookEndpoint:
    found = await webhook_endpoints.find_endpoint(connection, moment.owner, endpoint_id, is_locked=is_locked)
    if found is None:
        raise refuse_missing("webhook endpoint", endpoint_id)
    return found


async def _check_count(connection: Connection, moment: AccountMoment) -> None:
    if await webhook_endpoints.count_endpoints(connection, moment.owner) >= MAX_ENDPOINTS:
        raise PaymentRefused(
            Fault.PARAMETER_INVALID,
            f"An account has at most {MAX_ENDPOINTS} webhook endpoints in one mode: delete one first.",
            details={"maximum": MAX_ENDPOINTS},
        )


async def _insert_secret(
    connection: Connection, desk: PaymentsDesk, shown: ShownEndpoint, *, number: int
) -> None:
    tenant_id, endpoint_id = shown.endpoint.owner.tenant_id, shown.endpoint.endpoint_id
    context = name_secret_context(endpoint_id, number)
    sealed = desk.engine.vault.seal_content(tenant_id, context, shown.secret.encode())
    await webhook_endpoints.insert_secret(connection, tenant_id, endpoint_id, sealed, number=number)


async def _switch(
    connection: Connection, moment: AccountMoment, endpoint: WebhookEndpoint, status: EndpointStatus
) -> WebhookEndpoint:
    """Park or release what waits to be sent."""
    tenant_id = moment.owner.tenant_id
    if status is EndpointStatus.ENABLED:
        await webhook_letters.release_letters(
            connection, tenant_id, endpoint.endpoint_id, now=moment.world.now
        )
        return replace(endpoint, status=status, disabled_reason=None)
    await webhook_letters.park_letters(
        connection, tenant_id, endpoint.endpoint_id, code=webhook_letters.HELD, reason=_DISABLED
    )
    return replace(endpoint, status=status, disabled_reason=DISABLED_BY_OWNER)
