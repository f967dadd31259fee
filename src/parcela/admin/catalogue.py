"""Handlers of the catalogue: looking at it, proposing changes, and the second person's decision."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec
from starlette.responses import Response

from parcela.admin import wire
from parcela.admin.read import read_flag
from parcela.admin.routes import Call
from parcela.admin.write import change_set_to_wire, entry_to_wire
from parcela.catalogue_files import write_yaml
from parcela.dialects.http import json_response
from parcela.domain.catalogue_rules import check_entry
from parcela.domain.errors import InvalidInput
from parcela.domain.programs import Entry, Issuer
from parcela.operations import catalogue
from parcela.operations.catalogue import Proposal
from parcela.operations.comparison import compare_members
from parcela.operations.destinations import NOTIFICATION_MEMBER, REALTIME_MEMBER

YAML = "application/yaml"

_COMPOUND_KEYS = {
    "country_currency": ("-", "country", "currency"),
    "product_key": (":", "merchant_id", "product_id"),
    "rule_key": (":", "merchant_id", "rule_id"),
    "plan_key": (":", "merchant_id", "plan_id"),
}
"""Parameters that name an entry by two of its members, with what stands between them."""

Handler = Callable[[Call], Awaitable[msgspec.Struct]]


async def export_catalogue(call: Call) -> Response:
    """The catalogue in force, as JSON or, when YAML is asked for, as a catalogue file."""
    seen = await call.engine.look()
    person = call.person
    document = catalogue.export_catalogue(seen, person.tenant_id, provider_id=person.provider_id)
    if YAML in call.accept:
        return Response(write_yaml(document), media_type=YAML)
    return json_response(msgspec.json.encode(document))


async def compare_catalogue(call: Call) -> wire.ComparisonAnswer:
    """What applying a catalogue document would change."""
    entries = catalogue.parse_catalogue(call.body)
    for entry in entries:
        check_entry(entry)
    prune = read_flag("prune", call.query.get("prune", "false"))
    seen = await call.engine.look()
    held = seen.catalogue(call.person.tenant_id).entries
    changes = catalogue.compare_catalogue(seen, call.person, entries, prune=prune)
    return wire.ComparisonAnswer(
        changes=[
            wire.DifferenceAnswer(
                kind=change.kind,
                key=change.key,
                action="remove" if change.entry is None else "put",
                base_version=change.base_version,
                members=[
                    wire.MemberAnswer(member=found.member, before=found.before, after=found.after)
                    for found in compare_members(change, held)
                ],
            )
            for change in changes
        ]
    )


async def propose_changes(call: Call) -> wire.ChangeSetAnswer:
    """Propose entries to put and keys to remove, which stand or fall together."""
    body = call.read(wire.ProposeChanges)
    proposal = Proposal(
        summary=body.summary,
        wanted=[] if body.catalogue is None else catalogue.parse_catalogue(body.catalogue),
        removed=[(removed.kind, removed.key) for removed in body.removed],
    )
    seen = await call.engine.look()
    for key in proposal.removed:
        catalogue.get_held_entry(seen, call.person, key)
    return await _propose(call, proposal)


async def list_changes(call: Call) -> wire.ChangeSetList:
    """The newest change sets that concern the caller."""
    found = await catalogue.list_proposals(call.engine, call.person)
    return wire.ChangeSetList(items=[change_set_to_wire(change_set) for change_set in found])


async def get_change(call: Call) -> wire.ChangeSetAnswer:
    """One change set."""
    found = await catalogue.get_proposal(call.engine, call.person, call.params["change_set_id"])
    return change_set_to_wire(found)


async def approve_change(call: Call) -> wire.ChangeSetAnswer:
    """Put a proposal in force, as a second person."""
    once = call.once(change_set_to_wire)
    change_set_id = call.params["change_set_id"]
    return change_set_to_wire(await catalogue.approve(call.engine, call.person, change_set_id, once=once))


async def reject_change(call: Call) -> wire.ChangeSetAnswer:
    """Turn a proposal down, as a second person."""
    decided = await catalogue.reject(
        call.engine,
        call.person,
        call.params["change_set_id"],
        reason=call.read(wire.Rejection).reason,
        once=call.once(change_set_to_wire),
    )
    return change_set_to_wire(decided)


async def list_program_versions(call: Call) -> wire.VersionList:
    """All versions of a program, the newest first."""
    key = ("program", call.params["offer_id"])
    return wire.VersionList(
        items=[
            wire.VersionAnswer(
                version=version.version,
                is_current=version.is_current,
                entry=version.document,
                change_set_id=version.change_set_id,
                proposed_by=version.proposed_by,
                approved_by=version.approved_by,
                approved_at=version.approved_at,
            )
            for version in await catalogue.list_versions(call.engine, call.person, key)
        ]
    )


async def link_pan_list(call: Call) -> wire.ChangeSetAnswer:
    """Propose that an offer group is for the cards of a PAN list."""
    return await _propose_link(call, is_linked=True)


async def unlink_pan_list(call: Call) -> wire.ChangeSetAnswer:
    """Propose that an offer group is no longer for the cards of a PAN list."""
    return await _propose_link(call, is_linked=False)


async def get_destination(call: Call) -> wire.DestinationAnswer:
    """Where an issuer's notifications go."""
    issuer = await _get_issuer(call)
    return wire.DestinationAnswer(url=issuer.notification_url, enabled=issuer.notifications_enabled)


async def put_destination(call: Call) -> wire.ChangeSetAnswer:
    """Propose where an issuer's notifications go."""
    body = call.read(wire.Destination)
    wanted = replace(await _get_issuer(call), notification_url=body.url, notifications_enabled=body.enabled)
    target = "nowhere" if body.url is None else body.url
    summary = call.query.get("summary", f"Notifications go to {target}"[: catalogue.MAX_SUMMARY])
    try:
        return await _propose(call, Proposal(summary=summary, wanted=[wanted]))
    except InvalidInput as refusal:
        raise _name_url(refusal, NOTIFICATION_MEMBER) from None


async def get_realtime_destination(call: Call) -> wire.RealTimeDestinationAnswer:
    """Where an issuer is asked for its own offers."""
    return wire.RealTimeDestinationAnswer(url=(await _get_issuer(call)).realtime_url)


async def put_realtime_destination(call: Call) -> wire.ChangeSetAnswer:
    """Propose where an issuer is asked for its own offers."""
    body = call.read(wire.RealTimeDestination)
    wanted = replace(await _get_issuer(call), realtime_url=body.url)
    target = "nowhere" if body.url is None else body.url
    summary = call.query.get("summary", f"Real-time searches go to {target}"[: catalogue.MAX_SUMMARY])
    try:
        return await _propose(call, Proposal(summary=summary, wanted=[wanted]))
    except InvalidInput as refusal:
        raise _name_url(refusal, REALTIME_MEMBER) from None


def _name_url(refusal: InvalidInput, member: str) -> InvalidInput:
    """The refusal in the words of a body whose one URL is the issuer's `member`."""
    if refusal.member != member:
        return refusal
    return InvalidInput("url", refusal.expected, came=refusal.came)


def make_list_entries(kind: str) -> Handler:
    """The handler that lists the entries of one kind."""

    async def list_entries(call: Call) -> wire.EntryList:
        found = catalogue.list_held_entries(await call.engine.look(), call.person, kind)
        return wire.EntryList(items=[entry_to_wire(held) for held in found])

    list_entries.__name__ = f"list_{kind}s"
    return list_entries


def make_get_entry(kind: str, parameter: str) -> Handler:
    """The handler that shows one entry of a kind."""

    async def get_entry(call: Call) -> wire.EntryAnswer:
        key = (kind, call.params[parameter])
        return entry_to_wire(catalogue.get_held_entry(await call.engine.look(), call.person, key))

    get_entry.__name__ = f"get_{kind}"
    return get_entry


def make_put_entry(kind: str, parameter: str) -> Handler:
    """The handler that proposes an entry of a kind; the path names it, the body may repeat the name."""

    async def put_entry(call: Call) -> wire.ChangeSetAnswer:
        key = call.params[parameter]
        entry = _read_entry(call, kind, parameter)
        seen = await call.engine.look()
        if (kind, key) in seen.catalogue(call.person.tenant_id).entries:
            # Another issuer's entry is not found, whoever asks for whatever.
            catalogue.get_held_entry(seen, call.person, (kind, key))
        summary = call.query.get("summary", f"Put the {kind} {key}")
        return await _propose(call, Proposal(summary=summary, wanted=[entry]))

    put_entry.__name__ = f"put_{kind}"
    return put_entry


def make_delete_entry(kind: str, parameter: str) -> Handler:
    """The handler that proposes to remove an entry of a kind."""

    async def delete_entry(call: Call) -> wire.ChangeSetAnswer:
        key = (kind, call.params[parameter])
        catalogue.get_held_entry(await call.engine.look(), call.person, key)
        summary = call.query.get("summary", f"Remove the {kind} {key[1]}")
        return await _propose(call, Proposal(summary=summary, removed=[key]))

    delete_entry.__name__ = f"delete_{kind}"
    return delete_entry


def _read_entry(call: Call, kind: str, parameter: str) -> Entry:
    """The entry of the body with the key of the path. Raises InvalidInput."""
    key = call.params[parameter]
    named = {parameter: key}
    if parameter in _COMPOUND_KEYS:
        separator, first, second = _COMPOUND_KEYS[parameter]
        before, _, after = key.partition(separator)
        named = {first: before, second: after}
    for member, value in named.items():
        if call.body.get(member, value) != value:
            came = repr(call.body[member])
            raise InvalidInput(f"{kind}.{member}", f"{value!r}, as in the address", came=came)
    return catalogue.parse_entry(kind, {**call.body, **named})


async def _propose(call: Call, proposal: Proposal) -> wire.ChangeSetAnswer:
    once = call.once(change_set_to_wire)
    return change_set_to_wire(await catalogue.propose(call.engine, call.person, proposal, once=once))


async def _propose_link(call: Call, *, is_linked: bool) -> wire.ChangeSetAnswer:
    proposal = catalogue.make_link_proposal(
        await call.engine.look(),
        call.person,
        call.params["code"],
        pan_list_id=call.params["pan_list_id"],
        is_linked=is_linked,
    )
    return await _propose(call, proposal)


async def _get_issuer(call: Call) -> Issuer:
    key = (Issuer.kind, call.params["provider_id"])
    entry = catalogue.get_held_entry(await call.engine.look(), call.person, key).entry
    assert isinstance(entry, Issuer)
    return entry
