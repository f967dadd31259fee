"""Approved versions of catalogue entries."""

from dataclasses import dataclass

from parcela.domain.programs import Entry

EntryKey = tuple[str, str]
"""Kind and natural key of an entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionedEntry:
    """A catalogue entry with the number of its approved version."""

    entry: Entry
    version: int
