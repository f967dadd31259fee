"""What the processor's commands were answered, for ever: an event id has its effect once."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from parcela.store.database import Connection
from parcela.store.documents import Document, decode_document, encode_document


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicingCommand:
    """A command by its event id, with a keyed hash of its content and what it was answered."""

    event_id: str
    operation: str
    fingerprint: bytes
    result: Document


async def find_command(connection: Connection, tenant_id: int, event_id: str) -> ServicingCommand | None:
    """The command that had its effect under this event id."""
    row = await connection.fetchrow(
        "SELECT operation, fingerprint, result FROM servicing_command WHERE tenant_id = $1 AND event_id = $2",
        tenant_id,
        event_id,
    )
    if row is None:
        return None
    return ServicingCommand(
        event_id=event_id,
        operation=row["operation"],
        fingerprint=row["fingerprint"],
        result=decode_document(row["result"]),
    )


async def insert_command(
    connection: Connection, tenant_id: int, command: ServicingCommand, *, at: datetime
) -> None:
    """Keep a command's answer in the transaction of its effect.

    Raises asyncpg.SerializationError when another transaction used the event id meanwhile.
    """
    status = await connection.execute(
        "INSERT INTO servicing_command (tenant_id, event_id, operation, fingerprint, result, done_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        tenant_id,
        command.event_id,
        command.operation,
        command.fingerprint,
        encode_document(command.result),
        at,
    )
    if not status.endswith(" 1"):
        raise asyncpg.SerializationError(f"event {command.event_id} had its effect meanwhile; try again")
