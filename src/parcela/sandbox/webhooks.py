"""The demo account's webhook endpoint: made, or pointed elsewhere, in one step."""

from parcela.domain.payments.pages import MOST_ITEMS, PageRequest
from parcela.domain.payments.webhooks import ALL_EVENTS, EndpointStatus, WebhookEndpoint
from parcela.operations.payments.callers import open_moment
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.keeping import NothingKept
from parcela.operations.payments.webhook_endpoints import (
    EndpointChange,
    NewEndpoint,
    create_endpoint,
    list_endpoints,
    update_endpoint,
)

DESCRIPTION = "Sandbox"


async def point_webhooks(desk: PaymentsDesk, account_id: str, url: str, *, secret: str) -> WebhookEndpoint:
    """Send all events of an account's test mode to a URL, signed with the secret of `credentials.json`.

    Raises PaymentRefused (400) for an address that webhooks may not go to.
    """
    world = await desk.engine.look()
    client = world.snapshot.clients[account_id]
    account = world.catalogue(client.tenant_id).find_payments_account(account_id)
    assert account is not None, "the demo world has its account in the catalogue"
    moment = await open_moment(desk.engine, world, client, account, is_live=False)
    page = await list_endpoints(desk, moment, page=PageRequest(limit=MOST_ITEMS))
    for held in page.items:
        if held.description == DESCRIPTION:
            change = EndpointChange(url=url, status=EndpointStatus.ENABLED)
            return await update_endpoint(desk, moment, held.endpoint_id, change, keeper=NothingKept())
    new = NewEndpoint(url=url, enabled_events=(ALL_EVENTS,), description=DESCRIPTION, secret=secret)
    return (await create_endpoint(desk, moment, new, keeper=NothingKept())).endpoint
