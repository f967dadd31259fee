"""Instructions of merchants to plans: in order for each plan, each settled once.

`due_at` is set while the plan is serviced here; the index of due work holds no other instruction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.instructions import InstructionKind, InstructionState, PlanInstruction
from parcela.domain.servicing.reinstatement import RefundTrace
from parcela.store.database import Connection

_TOLD: Mapping[InstructionKind, str] = {
    InstructionKind.REFUND: "plan.refund_instructed",
    InstructionKind.CANCEL: "plan.cancellation_instructed",
    InstructionKind.REINSTATE: "plan.reinstatement_instructed",
}

_encode_trace = msgspec.json.Encoder().encode
_decode_trace = msgspec.json.Decoder(RefundTrace).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInstruction:
    """An instruction as it stands. `number` counts from 1 in its plan; `trace` is what a refund did."""

    instruction: PlanInstruction
    number: int
    state: InstructionState
    reason: str | None
    trace: RefundTrace | None
    created_at: datetime


_SELECT = (
    "SELECT plan_id::text AS plan_id, number, kind, amount_minor, event_id, refund_event_id, refund_strategy,"
    " returns_charges, state, reason, trace, created_at FROM plan_instruction WHERE tenant_id = $1"
)


async def insert_instruction(connection: Connection, tenant_id: int, instruction: PlanInstruction) -> bool:
    """Write an instruction and the event that tells of it; False when its event id is known.

    The plan's row is locked first, so that numbers have no gap and an opening plan is not missed.
    """
    found = await connection.fetchval(
        "SELECT true FROM plan WHERE tenant_id = $1 AND plan_id = $2::uuid FOR NO KEY UPDATE",
        tenant_id,
        instruction.plan_id,
    )
    assert found, "a merchant instructs plans that its payments made"
    number = await connection.fetchval(
        _INSERT,
        tenant_id,
        instruction.plan_id,
        instruction.kind,
        instruction.amount_minor,
        instruction.event_id,
        instruction.refund_event_id,
        _TOLD[instruction.kind],
        instruction.strategy,
        instruction.returns_charges,
    )
    return number is not None


# An event's id follows from the instruction's, for there is exactly one.
_INSERT = """
WITH new AS (
    INSERT INTO plan_instruction (tenant_id, plan_id, number, kind, amount_minor, event_id, refund_event_id,
        refund_strategy, returns_charges, state, created_at, due_at)
    SELECT $1, $2::uuid, 1 + coalesce((SELECT max(number) FROM plan_instruction
            WHERE tenant_id = $1 AND plan_id = $2::uuid), 0), $3, $4, $5, $6, $8, $9, 'waiting', at,
        CASE WHEN EXISTS (SELECT FROM serviced_plan WHERE tenant_id = $1 AND plan_id = $2::uuid) THEN at END
    FROM (SELECT clock_timestamp() + clock_offset AS at FROM world) AS moment
    ON CONFLICT (tenant_id, event_id) DO NOTHING
    RETURNING number, event_id, amount_minor, created_at
), told AS (
    INSERT INTO event (tenant_id, event_id, type, subject, data, occurred_at)
    SELECT $1, md5('plan_instruction:' || event_id)::uuid, $7, $2,
        json_build_object('event_id', event_id, 'amount_minor', amount_minor, 'number', number), created_at
    FROM new
)
SELECT number FROM new
"""


async def note_opened(connection: Connection, tenant_id: int, plan_id: str, *, at: datetime) -> None:
    """Make the instructions of a plan that was opened just now due, in the transaction that opened it."""
    # A plan of another network, or a client's own, is not locked: nobody instructs it.
    can_be_instructed = await connection.fetchval(
        "SELECT true FROM plan p JOIN client c USING (tenant_id, client_id)"
        " WHERE p.tenant_id = $1 AND plan_id = $2::uuid AND c.role IN ('merchant', 'account')"
        " FOR NO KEY UPDATE OF p",
        tenant_id,
        plan_id,
    )
    if can_be_instructed:
        await _make_due(connection, tenant_id, plan_id, at=at)


async def postpone(connection: Connection, tenant_id: int, plan_id: str, *, until: datetime) -> None:
    """Look at the waiting instructions of a plan again at another time."""
    await _make_due(connection, tenant_id, plan_id, at=until)


async def _make_due(connection: Connection, tenant_id: int, plan_id: str, *, at: datetime) -> None:
    await connection.execute(
        "UPDATE plan_instruction SET due_at = $3"
        " WHERE tenant_id = $1 AND plan_id = $2::uuid AND state = 'waiting'",
        tenant_id,
        plan_id,
        at,
    )


async def list_due_plans(connection: Connection, *, now: datetime, limit: int) -> list[tuple[int, str]]:
    """Tenant and plan id of serviced plans whose instructions are due, at most so many."""
    rows = await connection.fetch(
        "SELECT DISTINCT tenant_id, plan_id::text AS plan_id FROM ("
        " SELECT tenant_id, plan_id FROM plan_instruction"
        " WHERE state = 'waiting' AND due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at LIMIT $2) AS due",
        now,
        limit,
    )
    return [(row["tenant_id"], row["plan_id"]) for row in rows]


async def find_next(connection: Connection, tenant_id: int, plan_id: str) -> StoredInstruction | None:
    """The first waiting instruction of a plan."""
    row = await connection.fetchrow(
        f"{_SELECT} AND plan_id = $2::uuid AND state = 'waiting' ORDER BY number LIMIT 1",
        tenant_id,
        plan_id,
    )
    return None if row is None else _read(row)


async def find_instruction(connection: Connection, tenant_id: int, event_id: str) -> StoredInstruction | None:
    """The instruction with this event id."""
    row = await connection.fetchrow(f"{_SELECT} AND event_id = $2", tenant_id, event_id)
    return None if row is None else _read(row)


async def list_instructions(connection: Connection, tenant_id: int, plan_id: str) -> list[StoredInstruction]:
    """All instructions of a plan in their order."""
    rows = await connection.fetch(f"{_SELECT} AND plan_id = $2::uuid ORDER BY number", tenant_id, plan_id)
    return [_read(row) for row in rows]


async def settle(
    connection: Connection,
    tenant_id: int,
    event_id: str,
    *,
    at: datetime,
    reason: str | None = None,
    trace: RefundTrace | None = None,
) -> None:
    """Mark a waiting instruction as applied, or with a reason as refused.

    Raises asyncpg.SerializationError when it is not waiting any more.
    """
    status = await connection.execute(
        "UPDATE plan_instruction SET state = $3, reason = $4, trace = $5, settled_at = $6"
        " WHERE tenant_id = $1 AND event_id = $2 AND state = 'waiting'",
        tenant_id,
        event_id,
        InstructionState.APPLIED if reason is None else InstructionState.REFUSED,
        reason,
        None if trace is None else _encode_trace(trace).decode(),
        at,
    )
    if not status.endswith(" 1"):
        raise asyncpg.SerializationError(f"instruction {event_id} was settled meanwhile; try again")


def _read(row: asyncpg.Record) -> StoredInstruction:
    strategy = row["refund_strategy"]
    return StoredInstruction(
        instruction=PlanInstruction(
            kind=InstructionKind(row["kind"]),
            plan_id=row["plan_id"],
            amount_minor=row["amount_minor"],
            event_id=row["event_id"],
            refund_event_id=row["refund_event_id"],
            strategy=None if strategy is None else RefundStrategy(strategy),
            returns_charges=row["returns_charges"],
        ),
        number=row["number"],
        state=InstructionState(row["state"]),
        reason=row["reason"],
        trace=None if row["trace"] is None else _decode_trace(row["trace"]),
        created_at=row["created_at"],
    )
