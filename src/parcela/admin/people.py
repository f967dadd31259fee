"""Handlers of sessions, people, and the records that people look at."""

from starlette.responses import Response

from parcela.admin import wire
from parcela.admin.read import read_whole_number
from parcela.admin.routes import Call
from parcela.admin.write import acceptance_to_wire, audit_to_wire, person_to_wire, plan_to_wire
from parcela.operations import audit_trail, people, plan_views, sessions
from parcela.operations.people import NewPerson
from parcela.operations.plan_evidence import find_acceptance
from parcela.operations.sessions import IDLE_TIME, SESSION_TIME


async def sign_in(call: Call) -> wire.SessionAnswer:
    """Open a session with an address and a password."""
    body = call.read(wire.SignIn)
    token, person = await sessions.sign_in(call.engine, email=body.email, password=body.password)
    return wire.SessionAnswer(
        token=token,
        expires_in_s=int(SESSION_TIME.total_seconds()),
        idle_s=int(IDLE_TIME.total_seconds()),
        person=person_to_wire(person),
    )


async def sign_out(call: Call) -> Response:
    """End the session of this call."""
    await sessions.sign_out(call.engine, call.token)
    return Response(status_code=204)


async def list_people(call: Call) -> wire.PersonList:
    """Everybody who may sign in."""
    return wire.PersonList(items=[person_to_wire(found) for found in await people.list_people(call.engine)])


async def register_person(call: Call) -> wire.PersonAnswer:
    """Register somebody who may sign in."""
    body = call.read(wire.NewPersonBody)
    new = NewPerson(email=body.email, password=body.password, role=body.role, provider_id=body.provider_id)
    once = call.once(person_to_wire)
    return person_to_wire(await people.register_person(call.engine, call.person.email, new, once=once))


async def list_pan_lists(call: Call) -> wire.PanListList:
    """The PAN lists with the number of their members."""
    return wire.PanListList(
        items=[
            wire.PanListAnswer(
                pan_list_id=found.pan_list_id,
                name=found.name,
                provider_id=found.provider_id,
                low=found.low,
                high=found.high,
                members=found.members,
                created_at=found.created_at,
            )
            for found in await plan_views.list_pan_lists(call.engine, call.person)
        ]
    )


async def get_plan(call: Call) -> wire.PlanAnswer:
    """A plan with its installments; the card shows first six and last four digits."""
    return plan_to_wire(await plan_views.view_plan(call.engine, call.person, call.params["plan_id"]))


async def get_acceptance(call: Call) -> wire.AcceptanceAnswer:
    """The evidence that the terms of a plan were accepted."""
    return acceptance_to_wire(await find_acceptance(call.engine, call.person, call.params["plan_id"]))


async def list_audit(call: Call) -> wire.AuditList:
    """The newest lines of the audit trail."""
    limit = read_whole_number("limit", call.query.get("limit", "100"))
    found = await audit_trail.list_audit(call.engine, call.person, limit=limit)
    return wire.AuditList(items=[audit_to_wire(entry) for entry in found])
