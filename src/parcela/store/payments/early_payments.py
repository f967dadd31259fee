"""Early payments of plans. Whoever writes one holds the row of its plan locked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from parcela.domain.payments.early_payments import EarlyKind, EarlyPayment, EarlyState
from parcela.domain.payments.plans import PaymentPlan
from parcela.store.database import Connection

_COLUMNS = (
    "plan_id::text AS plan_id, serial, kind, state, number, principal_minor, interest_minor, fee_minor,"
    " saved_minor, attempt, asked_at, ended_at, tax_minor"
)


async def insert_early_payment(connection: Connection, plan: PaymentPlan, early: EarlyPayment) -> None:
    """Write what the lender is about to be asked."""
    await connection.execute(
        "INSERT INTO payment_early_payment (tenant_id, plan_id, serial, kind, state, number, principal_minor,"
        " interest_minor, fee_minor, saved_minor, attempt, asked_at, tax_minor)"
        " VALUES ($1, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        plan.owner.tenant_id,
        plan.plan_id,
        early.serial,
        early.kind,
        early.state,
        early.number,
        early.principal_minor,
        early.interest_minor,
        early.fee_minor,
        early.saved_minor,
        early.attempt,
        early.asked_at,
        early.tax_minor,
    )


async def list_early_payments(connection: Connection, plan: PaymentPlan) -> list[EarlyPayment]:
    """All early payments of a plan, the first one first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM payment_early_payment WHERE tenant_id = $1 AND plan_id = $2::uuid"
        " ORDER BY serial",
        plan.owner.tenant_id,
        plan.plan_id,
    )
    return [_read(row) for row in rows]


async def find_early_payment_under_way(connection: Connection, plan: PaymentPlan) -> EarlyPayment | None:
    """The one whose outcome is not known yet."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment_early_payment"
        " WHERE tenant_id = $1 AND plan_id = $2::uuid AND state = 'asked'",
        plan.owner.tenant_id,
        plan.plan_id,
    )
    return None if row is None else _read(row)


async def end_early_payment(
    connection: Connection, plan: PaymentPlan, early: EarlyPayment, state: EarlyState, *, at: datetime
) -> bool:
    """Write what became of an early payment; False when that was written before."""
    found = await connection.fetchval(
        "UPDATE payment_early_payment SET state = $4, ended_at = $5"
        " WHERE tenant_id = $1 AND plan_id = $2::uuid AND serial = $3 AND state = 'asked' RETURNING 1",
        plan.owner.tenant_id,
        plan.plan_id,
        early.serial,
        state,
        at,
    )
    return found is not None


async def count_attempts(connection: Connection, plan: PaymentPlan, number: int) -> int:
    """How often the lender was asked for a row, on its day or before."""
    count: int = await connection.fetchval(
        "SELECT attempts + early_attempts FROM payment_plan_row"
        " WHERE tenant_id = $1 AND plan_id = $2::uuid AND number = $3",
        plan.owner.tenant_id,
        plan.plan_id,
        number,
    )
    return count


async def mark_rows_asked(connection: Connection, plan: PaymentPlan, numbers: Sequence[int]) -> int:
    """Open rows are asked for, and changed by nothing else until it is known what came of it.

    Gives how many were open and free.
    """
    rows = await connection.fetch(
        "UPDATE payment_plan_row SET is_asked = true WHERE tenant_id = $1 AND plan_id = $2::uuid"
        " AND number = ANY($3::smallint[]) AND status IN ('due', 'overdue') AND NOT is_asked"
        " RETURNING number",
        plan.owner.tenant_id,
        plan.plan_id,
        list(numbers),
    )
    return len(rows)


async def free_rows(connection: Connection, plan: PaymentPlan, *, asked: int) -> None:
    """The lender has answered: rows are free again; the one that was `asked` for counts the attempt."""
    await connection.execute(
        "UPDATE payment_plan_row SET is_asked = false,"
        " early_attempts = early_attempts + CASE WHEN number = $3 THEN 1 ELSE 0 END"
        " WHERE tenant_id = $1 AND plan_id = $2::uuid AND is_asked",
        plan.owner.tenant_id,
        plan.plan_id,
        asked,
    )


def _read(row: asyncpg.Record) -> EarlyPayment:
    members: dict[str, Any] = dict(row)
    return EarlyPayment(
        kind=EarlyKind(members.pop("kind")), state=EarlyState(members.pop("state")), **members
    )
