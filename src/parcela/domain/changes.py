"""Changes to the catalogue: proposed by one person, approved by another, applied as a whole.

A change set holds whole entries (put) and keys (remove); the same form serves the admin API, the
command line and the declarative file (`spec/network.md` §15).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from parcela.domain.catalogue import EntryKey, VersionedEntry
from parcela.domain.errors import Conflict, FourEyesRequired, NotAllowed
from parcela.domain.programs import Entry, find_owner


class Role(StrEnum):
    """What a person may do. Operators act for the whole tenant, the others for one issuer."""

    OPERATOR = "operator"
    ISSUER_MAKER = "issuer_maker"
    ISSUER_CHECKER = "issuer_checker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who signs in. `provider_id` is set for people of an issuer."""

    person_id: int
    tenant_id: int
    email: str
    role: Role
    provider_id: str | None


class ChangeStatus(StrEnum):
    """Where a change set stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry to put, or (with `entry` None) to remove; `base_version` is what it replaces, 0 for new.

    `provider_id` is the issuer that the entry belongs to, None for the operator's own kinds.
    """

    kind: str
    key: str
    base_version: int
    entry: Entry | None
    provider_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """Changes that stand or fall together."""

    change_set_id: str
    status: ChangeStatus
    summary: str
    changes: tuple[Change, ...]
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None


def diff_entries(
    current: Mapping[EntryKey, VersionedEntry], wanted: Iterable[Entry], *, removed: Iterable[EntryKey] = ()
) -> list[Change]:
    """The changes that lead from the current entries to the wanted ones; equal entries give none."""
    changes = []
    for entry in wanted:
        held = current.get((entry.kind, entry.key))
        if held is None or held.entry != entry:
            change = Change(
                kind=entry.kind,
                key=entry.key,
                base_version=0 if held is None else held.version,
                entry=entry,
                provider_id=find_owner(entry),
            )
            changes.append(change)
    for kind, key in removed:
        held = current.get((kind, key))
        if held is not None:
            owner = find_owner(held.entry)
            changes.append(
                Change(kind=kind, key=key, base_version=held.version, entry=None, provider_id=owner)
            )
    return changes


def apply_changes(
    current: Mapping[EntryKey, VersionedEntry], changes: Sequence[Change]
) -> dict[EntryKey, VersionedEntry]:
    """The entries after the changes; refuses a change whose entry has moved on since it was proposed."""
    result = dict(current)
    for change in changes:
        held = result.get((change.kind, change.key))
        version = 0 if held is None else held.version
        if version != change.base_version:
            raise Conflict(
                f"The {change.kind} {change.key} is at version {version}; the change was made for version "
                f"{change.base_version}. Propose it again."
            )
        if change.entry is None:
            result.pop((change.kind, change.key), None)
        else:
            result[(change.kind, change.key)] = VersionedEntry(entry=change.entry, version=version + 1)
    return result


def check_may_propose(
    person: Person, changes: Sequence[Change], current: Mapping[EntryKey, VersionedEntry]
) -> None:
    """Makers touch their own issuer's entries only; operators any. Checkers do not propose."""
    if person.role is Role.OPERATOR:
        return
    if person.role is not Role.ISSUER_MAKER:
        raise NotAllowed("Only an issuer's maker or an operator may propose changes.")
    for change in changes:
        held = current.get((change.kind, change.key))
        # Keys are shared by all issuers: what stands under one may be another issuer's.
        owners = {change.provider_id} if held is None else {change.provider_id, find_owner(held.entry)}
        if owners != {person.provider_id}:
            raise NotAllowed(f"The {change.kind} {change.key} does not belong to your issuer.")


def concerns_person(person: Person, change_set: ChangeSet) -> bool:
    """May this person see the change set? Operators see all, others those of their issuer alone."""
    if person.role is Role.OPERATOR:
        return True
    return all(change.provider_id == person.provider_id for change in change_set.changes)


def check_may_decide(person: Person, change_set: ChangeSet) -> None:
    """A second person decides: the issuer's checker or an operator, never the proposer."""
    if change_set.status is not ChangeStatus.PROPOSED:
        raise Conflict(f"The change set is {change_set.status} already.")
    if person.email == change_set.proposed_by:
        raise FourEyesRequired("The person who proposed a change may not decide on it.")
    if person.role is Role.OPERATOR:
        return
    if person.role is not Role.ISSUER_CHECKER or not concerns_person(person, change_set):
        raise NotAllowed("Only the issuer's checker or an operator may decide on changes.")
