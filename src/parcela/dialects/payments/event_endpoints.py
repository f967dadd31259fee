"""Endpoints of events (`spec/payments.md` §11.1)."""

from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.event_objects import EventObject, render_event
from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.kinds import Choice, Instant, ObjectId
from parcela.dialects.payments.paging import render_page
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.events import ALIASES, EventType
from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.keys import Scope
from parcela.domain.payments.refusals import Fault
from parcela.operations.payments import event_reading
from parcela.operations.payments.event_reading import EventFilter

_PATH = "/v1/events"
_ONE = f"{_PATH}/{{id}}"
_FILTER = Fields(
    {
        "type": Member(Choice(tuple(EventType), aliases=ALIASES), "Events of one type"),
        "object": Member(ObjectId("pay"), "Events about one object"),
        "created[gte]": Member(Instant(), "From this instant"),
        "created[lt]": Member(Instant(), "Before this instant"),
    }
)
_RESEND = Fields(
    {
        "endpoint": Member(
            ObjectId(Prefix.WEBHOOK_ENDPOINT), "Where to; all endpoints that want it if not given"
        )
    }
)


async def _list(call: Call) -> Reply:
    wanted = EventFilter(
        type=call.query.get("type"),
        object_id=call.query.get("object"),
        created_from=call.query.get("created[gte]"),
        created_before=call.query.get("created[lt]"),
    )
    page = await event_reading.list_events(call.desk, call.moment, wanted, page=call.get_page())
    return Reply(document=render_page(page, render_event))


async def _get(call: Call) -> Reply:
    return Reply(
        document=render_event(await event_reading.get_event(call.desk, call.moment, call.path["id"]))
    )


async def _resend(call: Call) -> Reply:
    event = await event_reading.resend_event(
        call.desk,
        call.moment,
        call.path["id"],
        endpoint_id=call.body.get("endpoint"),
        keeper=call.keeper(render_event),
    )
    return Reply(document=render_event(event))


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=_PATH,
        scope=Scope.EVENTS_READ,
        summary="List events",
        handler=_list,
        answer=EventObject,
        query=_FILTER,
        is_list=True,
    ),
    Endpoint(
        method="GET",
        path=_ONE,
        scope=Scope.EVENTS_READ,
        summary="Get an event",
        handler=_get,
        answer=EventObject,
        faults=(Fault.RESOURCE_MISSING,),
    ),
    Endpoint(
        method="POST",
        path=f"{_ONE}/resend",
        scope=Scope.EVENTS_WRITE,
        summary="Send an event again, under the same id",
        handler=_resend,
        answer=EventObject,
        body=_RESEND,
        faults=(Fault.RESOURCE_MISSING,),
    ),
)
