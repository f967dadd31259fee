"""Endpoints of webhook endpoints (`spec/payments.md` §11.2)."""

from datetime import timedelta

from parcela.dialects.payments.billing_fields import keep_plain
from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.kinds import Choice, Integer, ListOf, Text, Url
from parcela.dialects.payments.paging import render_page
from parcela.dialects.payments.routes import Endpoint
from parcela.dialects.payments.webhook_objects import (
    DeletedEndpointObject,
    DeliveryObject,
    EndpointObject,
    ShownEndpointObject,
    render_deleted_endpoint,
    render_delivery,
    render_shown_endpoint,
    render_webhook_endpoint,
)
from parcela.domain.payments.keys import Scope
from parcela.domain.payments.refusals import Fault
from parcela.domain.payments.webhooks import (
    DEFAULT_OVERLAP_HOURS,
    EVENT_NAMES,
    MAX_OVERLAP_HOURS,
    EndpointStatus,
)
from parcela.operations.payments import webhook_endpoints
from parcela.operations.payments.webhook_endpoints import EndpointChange, NewEndpoint

_PATH = "/v1/webhook-endpoints"
_ONE = f"{_PATH}/{{id}}"
_URL = Member(Url(), "https, a public host, port 443 or 8443", is_required=True)
_EVENTS = Member(
    ListOf(item=Choice(EVENT_NAMES), most=len(EVENT_NAMES), fewest=1),
    "Names of events; '*' stands for all",
    is_required=True,
    aliases=("enabled_events",),
)
_CREATE = Fields(
    {
        "url": _URL,
        "enabledEvents": _EVENTS,
        "description": Member(Text(longest=500), "For people"),
    }
)
_UPDATE = Fields(
    {
        "url": Member(Url(), "Where webhooks go from now on"),
        "enabledEvents": Member(_EVENTS.kind, "Which events are wanted", aliases=("enabled_events",)),
        "status": Member(
            Choice((EndpointStatus.ENABLED, EndpointStatus.DISABLED)),
            "Webhooks of a disabled endpoint wait until it is enabled",
        ),
    }
)
_ROLL = Fields(
    {
        "overlapHours": Member(
            Integer(least=0, most=MAX_OVERLAP_HOURS),
            f"How long the present secret signs beside the new one, {DEFAULT_OVERLAP_HOURS} if not given",
        )
    }
)


async def _create(call: Call) -> Reply:
    command = NewEndpoint(
        url=call.body["url"],
        enabled_events=tuple(call.body["enabledEvents"]),
        description=keep_plain(call.body.get("description")),
    )
    shown = await webhook_endpoints.create_endpoint(
        call.desk, call.moment, command, keeper=call.keeper(render_shown_endpoint)
    )
    return Reply(document=render_shown_endpoint(shown))


async def _list(call: Call) -> Reply:
    page = await webhook_endpoints.list_endpoints(call.desk, call.moment, page=call.get_page())
    return Reply(document=render_page(page, render_webhook_endpoint))


async def _get(call: Call) -> Reply:
    return Reply(
        document=render_webhook_endpoint(
            await webhook_endpoints.get_endpoint(call.desk, call.moment, call.path["id"])
        )
    )


async def _update(call: Call) -> Reply:
    events, status = call.body.get("enabledEvents"), call.body.get("status")
    change = EndpointChange(
        url=call.body.get("url"),
        enabled_events=None if events is None else tuple(events),
        status=None if status is None else EndpointStatus(status),
    )
    changed = await webhook_endpoints.update_endpoint(
        call.desk, call.moment, call.path["id"], change, keeper=call.keeper(render_webhook_endpoint)
    )
    return Reply(document=render_webhook_endpoint(changed))


async def _delete(call: Call) -> Reply:
    deleted = await webhook_endpoints.delete_endpoint(call.desk, call.moment, call.path["id"])
    return Reply(document=render_deleted_endpoint(deleted))


async def _roll_secret(call: Call) -> Reply:
    shown = await webhook_endpoints.roll_secret(
        call.desk,
        call.moment,
        call.path["id"],
        overlap=timedelta(hours=call.body.get("overlapHours", DEFAULT_OVERLAP_HOURS)),
        keeper=call.keeper(render_shown_endpoint),
    )
    return Reply(document=render_shown_endpoint(shown))


async def _list_deliveries(call: Call) -> Reply:
    page = await webhook_endpoints.list_deliveries(
        call.desk, call.moment, call.path["id"], page=call.get_page()
    )
    is_live = call.moment.is_live
    return Reply(document=render_page(page, lambda delivery: render_delivery(delivery, is_live=is_live)))


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path=_PATH,
        scope=Scope.WEBHOOKS_WRITE,
        summary="Add a webhook endpoint; its secret is shown this once",
        handler=_create,
        answer=ShownEndpointObject,
        body=_CREATE,
        status=201,
        faults=(Fault.URL_INVALID,),
    ),
    Endpoint(
        method="GET",
        path=_PATH,
        scope=Scope.WEBHOOKS_READ,
        summary="List webhook endpoints",
        handler=_list,
        answer=EndpointObject,
        is_list=True,
    ),
    Endpoint(
        method="GET",
        path=_ONE,
        scope=Scope.WEBHOOKS_READ,
        summary="Get a webhook endpoint",
        handler=_get,
        answer=EndpointObject,
        faults=(Fault.RESOURCE_MISSING,),
    ),
    Endpoint(
        method="PATCH",
        path=_ONE,
        scope=Scope.WEBHOOKS_WRITE,
        summary="Change address, events or status of a webhook endpoint",
        handler=_update,
        answer=EndpointObject,
        body=_UPDATE,
        faults=(Fault.URL_INVALID, Fault.RESOURCE_MISSING),
    ),
    Endpoint(
        method="DELETE",
        path=_ONE,
        scope=Scope.WEBHOOKS_WRITE,
        summary="Delete a webhook endpoint",
        handler=_delete,
        answer=DeletedEndpointObject,
        faults=(Fault.RESOURCE_MISSING,),
    ),
    Endpoint(
        method="POST",
        path=f"{_ONE}/roll-secret",
        scope=Scope.WEBHOOKS_WRITE,
        summary="Give a webhook endpoint a new secret, which is shown this once",
        handler=_roll_secret,
        answer=ShownEndpointObject,
        body=_ROLL,
        faults=(Fault.RESOURCE_MISSING,),
    ),
    Endpoint(
        method="GET",
        path=f"{_ONE}/deliveries",
        scope=Scope.WEBHOOKS_READ,
        summary="List what was and is to be delivered to a webhook endpoint, with every try",
        handler=_list_deliveries,
        answer=DeliveryObject,
        is_list=True,
        faults=(Fault.RESOURCE_MISSING,),
    ),
)
