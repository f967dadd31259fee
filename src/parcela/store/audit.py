"""The audit trail: who did what, with which outcome; append only, each line chained to the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from parcela.store.database import SWEEP_TIMEOUT_S, Connection
from parcela.store.documents import decode_document, encode_document


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One act. `detail` holds no card number and no secret."""

    tenant_id: int | None
    at: datetime
    actor: str
    action: str
    subject: str
    outcome: str = "done"
    detail: Mapping[str, object] = field(default_factory=dict)


async def insert_audit_lines(connection: Connection, lines: Sequence[AuditLine]) -> None:
    """Append lines in their order; the database gives numbers and hashes."""
    await connection.execute(
        "INSERT INTO audit (tenant_id, at, actor, action, subject, outcome, detail)"
        " SELECT tenant_id, at, actor, action, subject, outcome, detail::json"
        " FROM unnest($1::int[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[],"
        " $7::text[])"
        " WITH ORDINALITY AS line (tenant_id, at, actor, action, subject, outcome, detail, position)"
        " ORDER BY position",
        [line.tenant_id for line in lines],
        [line.at for line in lines],
        [line.actor for line in lines],
        [line.action for line in lines],
        [line.subject for line in lines],
        [line.outcome for line in lines],
        [encode_document(line.detail) for line in lines],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A line as it stands in the trail, with its number there."""

    sequence: int
    line: AuditLine


async def list_audit_lines(connection: Connection, tenant_id: int, *, limit: int = 100) -> list[AuditEntry]:
    """The newest lines of a tenant, and those of callers that no tenant knows."""
    rows = await connection.fetch(
        "SELECT sequence, tenant_id, at, actor, action, subject, outcome, detail FROM audit"
        " WHERE tenant_id = $1 OR tenant_id IS NULL ORDER BY sequence DESC LIMIT $2",
        tenant_id,
        limit,
    )
    return [_read(row) for row in rows]


async def list_broken_lines(connection: Connection) -> list[int]:
    """Numbers of lines that were altered, dropped or reordered; empty when the chain holds.

    Lines cut off the end leave a whole chain: they show only against a hash that was kept elsewhere.
    """
    rows = await connection.fetch(
        "SELECT sequence FROM broken_audit ORDER BY sequence LIMIT 100", timeout=SWEEP_TIMEOUT_S
    )
    return [row["sequence"] for row in rows]


async def find_last_line(connection: Connection) -> tuple[int, bytes] | None:
    """Number and hash of the newest line, which vouch for every line before it."""
    row = await connection.fetchrow("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
    return None if row is None else (row["sequence"], row["hash"])


def _read(row: asyncpg.Record) -> AuditEntry:
    members = dict(row)
    sequence, detail = members.pop("sequence"), decode_document(members.pop("detail"))
    return AuditEntry(sequence=sequence, line=AuditLine(**members, detail=detail))
