"""Change sets: what was proposed, by whom, and what a second person decided."""

import asyncpg

from parcela.domain.changes import Change, ChangeSet, ChangeStatus
from parcela.store.database import Connection
from parcela.store.documents import decode_document, document_to_entry, encode_document, entry_to_document

_COLUMNS = (
    "change_set_id::text AS change_set_id, status, summary, changes, proposed_by, proposed_at,"
    " decided_by, decided_at, reason"
)


async def insert_change_set(connection: Connection, tenant_id: int, change_set: ChangeSet) -> None:
    """Store a proposal."""
    await connection.execute(
        "INSERT INTO change_set"
        " (tenant_id, change_set_id, status, summary, changes, proposed_by, proposed_at)"
        " VALUES ($1, $2::uuid, $3, $4, $5, $6, $7)",
        tenant_id,
        change_set.change_set_id,
        change_set.status,
        change_set.summary,
        encode_document([_change_to_document(change) for change in change_set.changes]),
        change_set.proposed_by,
        change_set.proposed_at,
    )


async def find_change_set(
    connection: Connection, tenant_id: int, change_set_id: str, *, for_update: bool = False
) -> ChangeSet | None:
    """One change set, locked against a second decision when it is to be decided."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM change_set WHERE tenant_id = $1 AND change_set_id = $2::uuid"
        + (" FOR UPDATE" if for_update else ""),
        tenant_id,
        change_set_id,
    )
    return None if row is None else _read(row)


async def list_change_sets(
    connection: Connection, tenant_id: int, provider_id: str | None, *, limit: int = 100
) -> list[ChangeSet]:
    """The newest change sets first: all of them, or those that concern one issuer alone."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM change_set WHERE tenant_id = $1"
        " AND ($2::text IS NULL OR NOT EXISTS ("
        "  SELECT 1 FROM json_array_elements(changes) AS change"
        "  WHERE change ->> 'provider_id' IS DISTINCT FROM $2))"
        " ORDER BY proposed_at DESC, change_set_id DESC LIMIT $3",
        tenant_id,
        provider_id,
        limit,
    )
    return [_read(row) for row in rows]


async def update_decision(connection: Connection, tenant_id: int, change_set: ChangeSet) -> None:
    """Record a decision on a change set that was still open."""
    updated = await connection.fetchval(
        "UPDATE change_set SET status = $3, decided_by = $4, decided_at = $5, reason = $6"
        " WHERE tenant_id = $1 AND change_set_id = $2::uuid AND status = 'proposed' RETURNING 1",
        tenant_id,
        change_set.change_set_id,
        change_set.status,
        change_set.decided_by,
        change_set.decided_at,
        change_set.reason,
    )
    assert updated == 1, "the caller holds the lock of a proposed change set"


def _change_to_document(change: Change) -> dict[str, object]:
    return {
        "kind": change.kind,
        "key": change.key,
        "base_version": change.base_version,
        "provider_id": change.provider_id,
        "entry": None if change.entry is None else entry_to_document(change.entry),
    }


def _read(row: asyncpg.Record) -> ChangeSet:
    return ChangeSet(
        change_set_id=row["change_set_id"],
        status=ChangeStatus(row["status"]),
        summary=row["summary"],
        changes=tuple(_read_change(found) for found in decode_document(row["changes"])),
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        reason=row["reason"],
    )


def _read_change(document: object) -> Change:
    assert isinstance(document, dict)
    entry = document["entry"]
    return Change(
        kind=document["kind"],
        key=document["key"],
        base_version=document["base_version"],
        entry=None if entry is None else document_to_entry(document["kind"], entry),
        provider_id=document["provider_id"],
    )
