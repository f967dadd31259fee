"""What a change does to an entry, member by member, for the second person to judge."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from parcela.domain.catalogue import EntryKey, VersionedEntry
from parcela.domain.changes import Change
from parcela.store.documents import entry_to_document


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """A member by its dotted name, before and after; None where it is absent, which means its default."""

    member: str
    before: object
    after: object


def compare_members(change: Change, held: Mapping[EntryKey, VersionedEntry]) -> list[MemberChange]:
    """How the entry in force would differ after the change, in the order of the members' names."""
    current = held.get((change.kind, change.key))
    before = {} if current is None else dict(_flatten(entry_to_document(current.entry)))
    after = {} if change.entry is None else dict(_flatten(entry_to_document(change.entry)))
    return [
        MemberChange(member=member, before=before.get(member), after=after.get(member))
        for member in sorted(before.keys() | after.keys())
        if before.get(member) != after.get(member)
    ]


def _flatten(document: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
