"""Versions of catalogue entries. The newest of a key is in force unless its document is null (removed)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from parcela.domain.catalogue import EntryKey, VersionedEntry
from parcela.domain.changes import ChangeSet
from parcela.domain.programs import Entry
from parcela.store.database import Connection
from parcela.store.documents import (
    Document,
    decode_document,
    encode_document,
    entry_to_document,
    read_stored_entry,
)


async def list_entries(
    connection: Connection, tenant_id: int, *, known: Mapping[EntryKey, VersionedEntry]
) -> list[VersionedEntry]:
    """Every entry in force; those that are `known` in their version are not parsed again."""
    rows = await connection.fetch(
        "SELECT kind, key, version, document FROM catalogue_entry"
        " WHERE tenant_id = $1 AND is_current AND document IS NOT NULL",
        tenant_id,
    )
    entries = []
    for row in rows:
        held = known.get((row["kind"], row["key"]))
        if held is None or held.version != row["version"]:
            held = VersionedEntry(
                entry=read_stored_entry(row["kind"], row["document"]), version=row["version"]
            )
        entries.append(held)
    return entries


async def get_version(connection: Connection, tenant_id: int, key: EntryKey, version: int) -> Entry:
    """One version of an entry that a record refers to."""
    document: str = await connection.fetchval(
        "SELECT document FROM catalogue_entry"
        " WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND version = $4",
        tenant_id,
        *key,
        version,
    )
    return read_stored_entry(key[0], document)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryVersion:
    """One version of an entry; a removal has no document."""

    version: int
    is_current: bool
    document: Document | None
    change_set_id: str
    proposed_by: str
    approved_by: str
    approved_at: datetime


async def list_versions(connection: Connection, tenant_id: int, key: EntryKey) -> list[EntryVersion]:
    """All versions of one entry with who proposed and approved them, newest first."""
    rows = await connection.fetch(
        "SELECT version, is_current, document, change_set_id::text AS change_set_id, proposed_by,"
        " approved_by, approved_at FROM catalogue_entry"
        " WHERE tenant_id = $1 AND kind = $2 AND key = $3 ORDER BY version DESC",
        tenant_id,
        *key,
    )
    return [EntryVersion(**{**row, "document": _read_document(row["document"])}) for row in rows]


def _read_document(text: str | None) -> Document | None:
    return None if text is None else decode_document(text)


async def list_latest_versions(
    connection: Connection, tenant_id: int, keys: Sequence[EntryKey]
) -> dict[EntryKey, int]:
    """The newest version number of each key, removals included, so that numbers are never used twice."""
    rows = await connection.fetch(
        "SELECT kind, key, max(version) AS version FROM catalogue_entry"
        " JOIN unnest($2::text[], $3::text[]) AS wanted (kind, key) USING (kind, key)"
        " WHERE tenant_id = $1 GROUP BY kind, key",
        tenant_id,
        [kind for kind, _ in keys],
        [key for _, key in keys],
    )
    return {(row["kind"], row["key"]): row["version"] for row in rows}


async def insert_versions(
    connection: Connection, tenant_id: int, change_set: ChangeSet, *, approved_by: str, at: datetime
) -> None:
    """Put an approved change set in force."""
    keys = [(change.kind, change.key) for change in change_set.changes]
    latest = await list_latest_versions(connection, tenant_id, keys)
    kinds = [kind for kind, _ in keys]
    names = [name for _, name in keys]
    await connection.execute(
        "UPDATE catalogue_entry SET is_current = false"
        " FROM unnest($2::text[], $3::text[]) AS changed (kind, key)"
        " WHERE tenant_id = $1 AND catalogue_entry.kind = changed.kind"
        " AND catalogue_entry.key = changed.key AND is_current",
        tenant_id,
        kinds,
        names,
    )
    await connection.execute(
        "INSERT INTO catalogue_entry (tenant_id, kind, key, version, is_current, document, change_set_id,"
        " proposed_by, approved_by, approved_at)"
        " SELECT $1, kind, key, version, true, document::json, $6::uuid, $7, $8, $9"
        " FROM unnest($2::text[], $3::text[], $4::int[], $5::text[]) AS new (kind, key, version, document)",
        tenant_id,
        kinds,
        names,
        [latest.get(key, 0) + 1 for key in keys],
        [
            None if change.entry is None else encode_document(entry_to_document(change.entry))
            for change in change_set.changes
        ],
        change_set.change_set_id,
        change_set.proposed_by,
        approved_by,
        at,
    )
