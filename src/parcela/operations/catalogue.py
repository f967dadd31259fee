"""Changing the catalogue with four eyes: propose, approve or reject, export."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from parcela.domain.catalogue import EntryKey, VersionedEntry
from parcela.domain.catalogue_rules import check_catalogue, check_entry
from parcela.domain.changes import (
    Change,
    ChangeSet,
    ChangeStatus,
    Person,
    apply_changes,
    check_may_decide,
    check_may_propose,
    concerns_person,
    diff_entries,
)
from parcela.domain.clients import ClientRole
from parcela.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from parcela.domain.ids import is_uuid
from parcela.domain.merchants import MerchantEntry, MerchantProfile
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.programs import ENTRY_TYPES, Entry, OfferGroup, find_owner
from parcela.operations.destinations import check_destinations
from parcela.operations.engine import AuditLine, Engine, World
from parcela.operations.idempotency import Once, run_once
from parcela.store import audit, catalogue_entries, change_sets, clients, pan_lists, world
from parcela.store.catalogue_entries import EntryVersion
from parcela.store.database import Connection
from parcela.store.documents import Document, document_to_entry, entry_to_document

FORMAT = 1
MAX_SUMMARY = 500
SECTIONS = {
    "issuers": "issuer",
    "account_ranges": "account_range",
    "programs": "program",
    "offer_groups": "offer_group",
    "token_ranges": "token_range",
    "market_pairs": "market_pair",
    "merchants": "merchant",
    "merchant_products": "merchant_product",
    "offer_rules": "offer_rule",
    "merchant_plans": "merchant_plan",
    "payments_markets": "payments_market",
    "payments_programs": "payments_program",
    "payments_accounts": "payments_account",
}
"""The sections of a catalogue file, in the order in which they are written, and the kind each holds."""
_CALLERS = {MerchantProfile.kind: ClientRole.MERCHANT, PaymentsAccount.kind: ClientRole.ACCOUNT}
"""Kinds whose entries are set-ups of callers, with the role of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What somebody wants: entries to put in force and keys to remove."""

    summary: str
    wanted: Sequence[Entry] = ()
    removed: Sequence[EntryKey] = ()


def parse_catalogue(document: object) -> list[Entry]:
    """Read a catalogue file (already parsed from YAML or JSON). Raises InvalidInput."""
    if not isinstance(document, Mapping):
        raise InvalidInput("catalogue", "an object with `parcela_catalogue: 1`", came=type(document).__name__)
    if document.get("parcela_catalogue") != FORMAT:
        raise InvalidInput(
            "parcela_catalogue", "the format number 1", came=repr(document.get("parcela_catalogue"))
        )
    entries: list[Entry] = []
    seen: set[EntryKey] = set()
    for section, members in document.items():
        if section == "parcela_catalogue":
            continue
        if section not in SECTIONS:
            raise InvalidInput(str(section), "one of the sections " + ", ".join(SECTIONS))
        if not isinstance(members, list):
            raise InvalidInput(section, "a list", came=type(members).__name__)
        for member in members:
            entry = document_to_entry(SECTIONS[section], member)
            if (entry.kind, entry.key) in seen:
                raise InvalidInput(section, "each key once", came=f"{entry.key} twice")
            seen.add((entry.kind, entry.key))
            entries.append(entry)
    return entries


def parse_entry(kind: str, document: object) -> Entry:
    """Read one entry. Raises InvalidInput."""
    if kind not in ENTRY_TYPES:
        raise InvalidInput("kind", "one of " + ", ".join(ENTRY_TYPES), came=repr(kind))
    return document_to_entry(kind, document)


def render_entry(entry: Entry) -> Document:
    """The shortest document that `parse_entry` reads back as an equal entry."""
    return entry_to_document(entry)


def list_held_entries(seen: World, person: Person, kind: str) -> list[VersionedEntry]:
    """The entries of one kind that a person may see, by their key."""
    held = seen.catalogue(person.tenant_id).entries
    return [
        versioned
        for (entry_kind, _), versioned in sorted(held.items())
        if entry_kind == kind and _may_see(person, versioned.entry)
    ]


def get_held_entry(seen: World, person: Person, key: EntryKey) -> VersionedEntry:
    """An entry in force. Raises NotFound, also for another issuer's."""
    found = seen.catalogue(person.tenant_id).entries.get(key)
    if found is None or not _may_see(person, found.entry):
        raise NotFound(*key)
    return found


def make_link_proposal(
    seen: World, person: Person, code: str, *, pan_list_id: str, is_linked: bool
) -> Proposal:
    """Link a PAN list to an offer group or unlink it. Raises NotFound, Conflict."""
    group = get_held_entry(seen, person, (OfferGroup.kind, code)).entry
    assert isinstance(group, OfferGroup)
    if is_linked == (pan_list_id in group.pan_list_ids):
        if is_linked:
            raise Conflict(f"The PAN list {pan_list_id} is linked to the offer group already.")
        raise NotFound("linked PAN list", pan_list_id)
    others = tuple(linked for linked in group.pan_list_ids if linked != pan_list_id)
    wanted = replace(group, pan_list_ids=(*others, pan_list_id) if is_linked else others)
    verb = "Link" if is_linked else "Unlink"
    return Proposal(summary=f"{verb} PAN list {pan_list_id}", wanted=[wanted])


def export_catalogue(world_seen: World, tenant_id: int, *, provider_id: str | None = None) -> Document:
    """The entries in force, of one issuer or of all, as a catalogue file."""
    held = world_seen.catalogue(tenant_id).entries
    return _render_catalogue(
        versioned.entry
        for _, versioned in sorted(held.items())
        if provider_id in (None, find_owner(versioned.entry))
    )


def export_merchant(seen: World, person: Person, merchant_id: str) -> Document:
    """Everything that a merchant has set up, as a catalogue file. Raises NotFound."""
    get_held_entry(seen, person, (MerchantProfile.kind, merchant_id))
    held = seen.catalogue(person.tenant_id).entries
    return _render_catalogue(
        versioned.entry
        for _, versioned in sorted(held.items())
        if isinstance(versioned.entry, MerchantEntry) and versioned.entry.merchant_id == merchant_id
    )


def _render_catalogue(entries: Iterable[Entry]) -> Document:
    """A catalogue file; entries keep their order within each section."""
    members: dict[str, list[Document]] = {kind: [] for kind in SECTIONS.values()}
    for entry in entries:
        members[entry.kind].append(entry_to_document(entry))
    sections = {section: members[kind] for section, kind in SECTIONS.items() if members[kind]}
    return {"parcela_catalogue": FORMAT, **sections}


def compare_catalogue(
    world_seen: World, person: Person, entries: Iterable[Entry], *, prune: bool
) -> list[Change]:
    """What applying a file would change; `prune` removes what the file lacks and the person may see.

    Raises NotAllowed for a change of what is not the person's: a comparison shows what is in force.
    """
    held = world_seen.catalogue(person.tenant_id).entries
    wanted = list(entries)
    named = {(entry.kind, entry.key) for entry in wanted}
    removed = [
        key
        for key, versioned in held.items()
        if prune and key not in named and _may_see(person, versioned.entry)
    ]
    changes = diff_entries(held, wanted, removed=removed)
    for change in changes:
        in_force = held.get((change.kind, change.key))
        if in_force is not None and not _may_see(person, in_force.entry):
            raise NotAllowed(f"The {change.kind} {change.key} does not belong to your issuer.")
    return changes


async def propose(
    engine: Engine, person: Person, proposal: Proposal, *, once: Once[ChangeSet] | None = None
) -> ChangeSet:
    """Check a proposal as a whole and keep it for a second person.

    Raises InvalidInput (an entry or the resulting catalogue breaks a rule), NotAllowed, Conflict (nothing
    would change, or a registered caller would lose its set-up).
    """
    if not 1 <= len(proposal.summary) <= MAX_SUMMARY:
        raise InvalidInput("summary", f"1 to {MAX_SUMMARY} characters")
    seen = await engine.look()
    held = seen.catalogue(person.tenant_id).entries
    for entry in proposal.wanted:
        check_entry(entry)
    changes = diff_entries(held, proposal.wanted, removed=proposal.removed)
    if not changes:
        raise Conflict("Nothing would change: the catalogue holds these entries already.")
    check_may_propose(person, changes, held)
    check_catalogue(apply_changes(held, changes))
    await check_destinations(changes, is_sandbox=engine.policy.is_sandbox)
    change_set = ChangeSet(
        change_set_id=engine.ids.new_uuid(),
        status=ChangeStatus.PROPOSED,
        summary=proposal.summary,
        changes=tuple(changes),
        proposed_by=person.email,
        proposed_at=seen.now,
    )

    async def work(connection: Connection) -> ChangeSet:
        await _check_pan_lists(connection, person.tenant_id, changes)
        await _check_callers(connection, person.tenant_id, changes)
        await change_sets.insert_change_set(connection, person.tenant_id, change_set)
        await _audit(connection, person, change_set, "catalogue.propose", at=seen.real_now)
        return change_set

    return await run_once(engine, once, work)


async def approve(
    engine: Engine, person: Person, change_set_id: str, *, once: Once[ChangeSet] | None = None
) -> ChangeSet:
    """Put a proposal in force, as a second person.

    Raises NotFound, NotAllowed, FourEyesRequired, Conflict.
    """

    async def work(connection: Connection) -> ChangeSet:
        state = await world.lock_world(connection)
        change_set = await _get_for_decision(connection, person, change_set_id)
        held = {
            (versioned.entry.kind, versioned.entry.key): versioned
            for versioned in await catalogue_entries.list_entries(
                connection, person.tenant_id, known=engine.snapshot.catalogues[person.tenant_id].entries
            )
        }
        check_catalogue(apply_changes(held, change_set.changes))
        await _check_pan_lists(connection, person.tenant_id, change_set.changes)
        await _check_callers(connection, person.tenant_id, change_set.changes)
        now = state.database_now + state.clock_offset
        decided = replace(change_set, status=ChangeStatus.APPROVED, decided_by=person.email, decided_at=now)
        await catalogue_entries.insert_versions(
            connection, person.tenant_id, change_set, approved_by=person.email, at=now
        )
        await change_sets.update_decision(connection, person.tenant_id, decided)
        await world.bump_version(connection)
        await _audit(connection, person, decided, "catalogue.approve", at=state.database_now)
        return decided

    return await run_once(engine, once, work)


async def reject(
    engine: Engine,
    person: Person,
    change_set_id: str,
    *,
    reason: str,
    once: Once[ChangeSet] | None = None,
) -> ChangeSet:
    """Turn a proposal down. Raises InvalidInput, NotFound, NotAllowed, FourEyesRequired, Conflict."""
    if not 1 <= len(reason) <= MAX_SUMMARY:
        raise InvalidInput("reason", f"1 to {MAX_SUMMARY} characters")
    seen = await engine.look()

    async def work(connection: Connection) -> ChangeSet:
        change_set = await _get_for_decision(connection, person, change_set_id)
        decided = replace(
            change_set,
            status=ChangeStatus.REJECTED,
            decided_by=person.email,
            decided_at=seen.now,
            reason=reason,
        )
        await change_sets.update_decision(connection, person.tenant_id, decided)
        await _audit(connection, person, decided, "catalogue.reject", at=seen.real_now)
        return decided

    return await run_once(engine, once, work)


async def list_proposals(engine: Engine, person: Person) -> list[ChangeSet]:
    """The newest change sets that concern this person's issuer, or all for operators."""
    async with engine.database.connection() as connection:
        return await change_sets.list_change_sets(connection, person.tenant_id, person.provider_id)


async def get_proposal(engine: Engine, person: Person, change_set_id: str) -> ChangeSet:
    """One change set. Raises NotFound, also for another issuer's."""
    async with engine.database.connection() as connection:
        return await _get_change_set(connection, person, change_set_id)


async def list_versions(engine: Engine, person: Person, key: EntryKey) -> list[EntryVersion]:
    """All versions of an entry, newest first. Raises NotFound, also for another issuer's entry."""
    async with engine.database.connection() as connection:
        versions = await catalogue_entries.list_versions(connection, person.tenant_id, key)
    owner = next((v.document.get("provider_id") for v in versions if v.document is not None), None)
    if not versions or person.provider_id not in (None, owner):
        raise NotFound(*key)
    return versions


async def hold_entry(connection: Connection, tenant_id: int, key: EntryKey) -> bool:
    """Is an entry in force? No change of the catalogue is approved until this transaction ends."""
    await world.lock_world(connection)
    versions = await catalogue_entries.list_versions(connection, tenant_id, key)
    return bool(versions) and versions[0].document is not None


def _may_see(person: Person, entry: Entry) -> bool:
    return person.provider_id is None or person.provider_id == find_owner(entry)


async def _get_for_decision(connection: Connection, person: Person, change_set_id: str) -> ChangeSet:
    """A change set, locked, on which this person may decide."""
    change_set = await _get_change_set(connection, person, change_set_id, for_update=True)
    check_may_decide(person, change_set)
    return change_set


async def _get_change_set(
    connection: Connection, person: Person, change_set_id: str, *, for_update: bool = False
) -> ChangeSet:
    found = None
    if is_uuid(change_set_id):
        found = await change_sets.find_change_set(
            connection, person.tenant_id, change_set_id, for_update=for_update
        )
    if found is None or not concerns_person(person, found):
        raise NotFound("change set", change_set_id)
    return found


async def _check_pan_lists(connection: Connection, tenant_id: int, changes: Sequence[Change]) -> None:
    """A group links PAN lists of its own issuer only."""
    for change in changes:
        if not isinstance(change.entry, OfferGroup):
            continue
        for pan_list_id in change.entry.pan_list_ids:
            found = None
            if pan_list_id.isascii() and pan_list_id.isdigit() and len(pan_list_id) == 18:
                found = await pan_lists.find_pan_list(
                    connection, tenant_id, pan_list_id=pan_list_id, provider_id=change.entry.provider_id
                )
            if found is None:
                raise InvalidInput(
                    f"offer_group {change.key}.pan_list_ids",
                    "ids of PAN lists of the group's issuer",
                    came=repr(pan_list_id),
                )


async def _check_callers(connection: Connection, tenant_id: int, changes: Sequence[Change]) -> None:
    """The set-up of a registered caller stays: money of its payments is under way, and needs it to arrive."""
    for kind, role in _CALLERS.items():
        removed = [change.key for change in changes if change.kind == kind and change.entry is None]
        kept = await clients.list_codes(connection, tenant_id, role, among=removed) if removed else []
        if kept:
            raise Conflict(
                f"The {kind} {kept[0]} is registered as a caller and cannot be removed: "
                "switch it off with `enabled: false`."
            )


async def _audit(
    connection: Connection, person: Person, change_set: ChangeSet, action: str, *, at: datetime
) -> None:
    keys = [f"{change.kind} {change.key}" for change in change_set.changes]
    line = AuditLine(
        tenant_id=person.tenant_id,
        at=at,
        actor=person.email,
        action=action,
        subject=change_set.change_set_id,
        detail={"entries": keys[:50], "count": len(keys)},
    )
    await audit.insert_audit_lines(connection, [line])
