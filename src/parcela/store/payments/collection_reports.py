"""Issuers' reports of what they collected. Whoever writes one holds the row of its plan locked."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from parcela.domain.payments.collection_reports import (
    AcceptedReport,
    CollectionOutcome,
    ReportedRow,
    ReportEntry,
)
from parcela.domain.payments.plans import PaymentPlan, PlanRow, PlanState, RowStatus
from parcela.store.database import Connection

_OF_PLAN = "tenant_id = $1 AND plan_id = $2::uuid"
_COLUMNS = "serial, reference, reported_at, plan_state, recorded_at, recorded_by"


async def insert_report(connection: Connection, plan: PaymentPlan, accepted: AcceptedReport) -> None:
    """Write a report with its rows."""
    await connection.execute(
        "INSERT INTO payment_collection_report (tenant_id, plan_id, serial, reference, reported_at,"
        " plan_state, recorded_at, recorded_by) VALUES ($1, $2::uuid, $3, $4, $5, $6, $7, $8)",
        *_key(plan),
        accepted.serial,
        accepted.reference,
        accepted.reported_at,
        accepted.plan_state,
        accepted.recorded_at,
        accepted.recorded_by,
    )
    await connection.executemany(
        "INSERT INTO payment_reported_row (tenant_id, plan_id, serial, number, place, outcome, happened_on,"
        " amount_minor, was, status) VALUES ($1, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $10)",
        [
            (
                *_key(plan),
                accepted.serial,
                entry.row.number,
                place,
                entry.row.outcome,
                entry.row.on,
                entry.row.amount_minor,
                entry.was,
                entry.status,
            )
            for place, entry in enumerate(accepted.entries, 1)
        ],
    )


async def find_report(connection: Connection, plan: PaymentPlan, reference: str) -> AcceptedReport | None:
    """The report of a plan that the issuer knows by this id."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment_collection_report WHERE {_OF_PLAN} AND reference = $3",
        *_key(plan),
        reference,
    )
    return None if row is None else (await _read_reports(connection, plan, [row]))[0]


async def list_reports(connection: Connection, plan: PaymentPlan) -> list[AcceptedReport]:
    """All reports of a plan, the first first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM payment_collection_report WHERE {_OF_PLAN} ORDER BY serial", *_key(plan)
    )
    return await _read_reports(connection, plan, rows)


async def count_reports(connection: Connection, plan: PaymentPlan) -> int:
    """How many reports a plan has."""
    found: int = await connection.fetchval(
        f"SELECT count(*) FROM payment_collection_report WHERE {_OF_PLAN}", *_key(plan)
    )
    return found


async def find_last_told(connection: Connection, plan: PaymentPlan) -> dict[int, datetime]:
    """The issuer's instant of the latest report on each row that was reported, by its number."""
    rows = await connection.fetch(
        "SELECT number, max(reported_at) AS reported_at FROM payment_reported_row"
        " JOIN payment_collection_report USING (tenant_id, plan_id, serial)"
        f" WHERE {_OF_PLAN} GROUP BY number",
        *_key(plan),
    )
    return {row["number"]: row["reported_at"] for row in rows}


async def hand_over(connection: Connection, plan: PaymentPlan) -> None:
    """From now on the issuer's reports tell what is collected: no row waits for the clock any more."""
    found = await connection.fetchval(
        "UPDATE payment_plan SET collection_source = 'issuer', lock_version = lock_version + 1"
        f" WHERE {_OF_PLAN} AND state IN ('active', 'completed') RETURNING 1",
        *_key(plan),
    )
    assert found is not None, "the plan is locked, and runs or has run"
    await connection.execute(
        "UPDATE payment_plan_row SET collect_on = NULL, is_asked = false"
        f" WHERE {_OF_PLAN} AND status IN ('due', 'overdue')",
        *_key(plan),
    )


async def update_reported_rows(connection: Connection, plan: PaymentPlan, changed: Sequence[PlanRow]) -> int:
    """Give rows, which have the statuses and amounts of `plan`, those of `changed`; gives how many had."""
    was = {row.number: row.status for row in plan.rows}
    updated = await connection.fetch(
        "UPDATE payment_plan_row r SET status = given.status"
        " FROM unnest($3::smallint[], $4::text[], $5::text[], $6::bigint[])"
        " AS given (number, was, status, amount_minor)"
        " WHERE r.tenant_id = $1 AND r.plan_id = $2::uuid AND r.number = given.number"
        " AND r.status = given.was"
        " AND r.principal_minor + r.interest_minor + r.fee_minor = given.amount_minor RETURNING r.number",
        *_key(plan),
        [row.number for row in changed],
        [was[row.number] for row in changed],
        [row.status for row in changed],
        [row.amount_minor for row in changed],
    )
    return len(updated)


async def _read_reports(
    connection: Connection, plan: PaymentPlan, rows: Sequence[asyncpg.Record]
) -> list[AcceptedReport]:
    entries: dict[int, list[ReportEntry]] = {row["serial"]: [] for row in rows}
    found = await connection.fetch(
        "SELECT serial, number, outcome, happened_on, amount_minor, was, status FROM payment_reported_row"
        f" WHERE {_OF_PLAN} AND serial = ANY($3::int[]) ORDER BY serial, place",
        *_key(plan),
        list(entries),
    )
    for part in found:
        entries[part["serial"]].append(_read_entry(part))
    return [
        AcceptedReport(
            plan_id=plan.plan_id,
            serial=row["serial"],
            reference=row["reference"],
            reported_at=row["reported_at"],
            entries=tuple(entries[row["serial"]]),
            plan_state=PlanState(row["plan_state"]),
            recorded_at=row["recorded_at"],
            recorded_by=row["recorded_by"],
        )
        for row in rows
    ]


def _read_entry(part: asyncpg.Record) -> ReportEntry:
    reported = ReportedRow(
        number=part["number"],
        outcome=CollectionOutcome(part["outcome"]),
        on=part["happened_on"],
        amount_minor=part["amount_minor"],
    )
    return ReportEntry(row=reported, was=RowStatus(part["was"]), status=RowStatus(part["status"]))


def _key(plan: PaymentPlan) -> tuple[int, str]:
    return plan.owner.tenant_id, plan.plan_id
