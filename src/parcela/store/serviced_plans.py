"""Serviced plans and their rows. Every change is guarded by the version and the states it was decided on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import asyncpg

from parcela.domain.servicing.records import (
    RowState,
    ServicedPlan,
    ServicedRow,
    ServicingState,
    TransactionFacts,
)
from parcela.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """What is kept of a notice beside the plan: a keyed hash of all of it, its total, and its purchase."""

    fingerprint: bytes
    total_minor: int
    transaction: TransactionFacts


_PLAN_COLUMNS = (
    "plan_id::text AS plan_id, account_id::text AS account_id, provider_id::text AS provider_id, offer_id,"
    " currency, amount_minor, interval, rate_numerator, rate_denominator, in_advance, purchased_on, state,"
    " opened_at, merchant_name, transaction_id::text AS transaction_id, uncleared_minor, refunded_minor,"
    " written_off_minor, recovered_minor, is_held, resumes_on, lock_version"
)
_ROW_COLUMNS = (
    "plan_id::text AS plan_id, number, due_date, amount_minor, principal_minor, interest_minor, fee_minor,"
    " state, paid_minor, billed_on"
)


async def insert_plan(connection: Connection, tenant_id: int, plan: ServicedPlan, facts: NoticeFacts) -> None:
    """Write a new plan with its rows.

    Raises asyncpg.SerializationError when it was noticed for another card meanwhile.
    """
    status = await connection.execute(
        "INSERT INTO serviced_plan (tenant_id, plan_id, account_id, provider_id, offer_id, currency,"
        " amount_minor, total_minor, row_count, interval, rate_numerator, rate_denominator, in_advance,"
        " purchased_on, state, transaction_id, uncleared_minor, refunded_minor, written_off_minor,"
        " recovered_minor, is_held, resumes_on, merchant_name, notice_fingerprint, opened_at, lock_version,"
        " local_at, stan, rrn, transaction_link_id)"
        " VALUES ($1, $2::uuid, $3::uuid, $4::uuid, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
        " $16::uuid, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)"
        " ON CONFLICT (tenant_id, plan_id) DO NOTHING",
        tenant_id,
        plan.plan_id,
        plan.account_id,
        plan.provider_id,
        plan.offer_id,
        plan.currency,
        plan.amount_minor,
        facts.total_minor,
        len(plan.rows),
        plan.interval,
        Decimal(plan.rate[0]),
        Decimal(plan.rate[1]),
        plan.in_advance,
        plan.purchased_on,
        plan.state,
        plan.transaction_id,
        plan.uncleared_minor,
        plan.refunded_minor,
        plan.written_off_minor,
        plan.recovered_minor,
        plan.is_held,
        plan.resumes_on,
        plan.merchant_name,
        facts.fingerprint,
        plan.opened_at,
        plan.lock_version,
        facts.transaction.local_at.isoformat(),
        facts.transaction.stan,
        facts.transaction.rrn,
        facts.transaction.transaction_link_id,
    )
    _expect(status, 1, f"plan {plan.plan_id}")
    await connection.execute(
        "INSERT INTO serviced_row (tenant_id, plan_id, number, due_date, amount_minor, principal_minor,"
        " interest_minor, fee_minor, state, paid_minor, billed_on)"
        " SELECT $1, $2::uuid, * FROM unnest($3::smallint[], $4::date[], $5::bigint[], $6::bigint[],"
        " $7::bigint[], $8::bigint[], $9::text[], $10::bigint[], $11::date[])",
        tenant_id,
        plan.plan_id,
        *_list_row_columns(plan.rows),
    )


async def update_plan(
    connection: Connection, tenant_id: int, *, before: ServicedPlan, after: ServicedPlan
) -> None:
    """Write what a decision changed of a plan; the version grows by one.

    Raises asyncpg.SerializationError when the plan is no longer as the decision saw it.
    """
    assert after.lock_version == before.lock_version + 1, "one decision is one version"
    status = await connection.execute(
        "UPDATE serviced_plan SET state = $5, transaction_id = $6::uuid, uncleared_minor = $7,"
        " refunded_minor = $8, written_off_minor = $9, recovered_minor = $10, is_held = $11,"
        " resumes_on = $12, lock_version = lock_version + 1"
        " WHERE tenant_id = $1 AND plan_id = $2::uuid AND state = $3 AND lock_version = $4",
        tenant_id,
        before.plan_id,
        before.state,
        before.lock_version,
        after.state,
        after.transaction_id,
        after.uncleared_minor,
        after.refunded_minor,
        after.written_off_minor,
        after.recovered_minor,
        after.is_held,
        after.resumes_on,
    )
    _expect(status, 1, f"plan {before.plan_id}")
    old = {row.number: row for row in before.rows}
    changed = [row for row in after.rows if row != old[row.number]]
    if not changed:
        return
    status = await connection.execute(
        "UPDATE serviced_row r SET due_date = new.due_date, amount_minor = new.amount_minor,"
        " principal_minor = new.principal_minor, interest_minor = new.interest_minor,"
        " fee_minor = new.fee_minor, state = new.state, paid_minor = new.paid_minor,"
        " billed_on = new.billed_on"
        " FROM unnest($3::smallint[], $4::date[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],"
        " $9::text[], $10::bigint[], $11::date[], $12::text[], $13::bigint[]) AS new (number, due_date,"
        " amount_minor, principal_minor, interest_minor, fee_minor, state, paid_minor, billed_on, old_state,"
        " old_paid_minor)"
        " WHERE r.tenant_id = $1 AND r.plan_id = $2::uuid AND r.number = new.number"
        " AND r.state = new.old_state AND r.paid_minor = new.old_paid_minor",
        tenant_id,
        before.plan_id,
        *_list_row_columns(changed),
        [old[row.number].state for row in changed],
        [old[row.number].paid_minor for row in changed],
    )
    _expect(status, len(changed), f"rows of plan {before.plan_id}")


async def update_collection_tried(
    connection: Connection, tenant_id: int, plan_id: str, *, tried_on: date
) -> None:
    """Note that the unpaid rows of a debit card's plan were tried today."""
    await connection.execute(
        "UPDATE serviced_plan SET collection_tried_on = $3 WHERE tenant_id = $1 AND plan_id = $2::uuid",
        tenant_id,
        plan_id,
        tried_on,
    )


async def find_plan(connection: Connection, tenant_id: int, plan_id: str) -> ServicedPlan | None:
    """A plan with its rows."""
    plans = await _list_plans(connection, "plan_id = $2::uuid", tenant_id, plan_id)
    return plans[0] if plans else None


async def find_plan_id_of_transaction(
    connection: Connection, tenant_id: int, transaction_id: str
) -> str | None:
    """The plan that finances a card transaction."""
    plan_id: str | None = await connection.fetchval(
        "SELECT plan_id::text FROM serviced_plan WHERE tenant_id = $1 AND transaction_id = $2::uuid",
        tenant_id,
        transaction_id,
    )
    return plan_id


async def list_notice_facts(
    connection: Connection, tenant_id: int, plan_ids: Sequence[str]
) -> dict[str, NoticeFacts]:
    """By plan id, what was kept of the plans' notices."""
    rows = await connection.fetch(
        "SELECT plan_id::text AS plan_id, notice_fingerprint, total_minor, local_at, stan, rrn,"
        " transaction_link_id FROM serviced_plan WHERE tenant_id = $1 AND plan_id = ANY($2::uuid[])",
        tenant_id,
        list(plan_ids),
    )
    return {
        row["plan_id"]: NoticeFacts(
            fingerprint=row["notice_fingerprint"],
            total_minor=row["total_minor"],
            transaction=TransactionFacts(
                local_at=datetime.fromisoformat(row["local_at"]),
                stan=row["stan"],
                rrn=row["rrn"],
                transaction_link_id=row["transaction_link_id"],
            ),
        )
        for row in rows
    }


async def list_plans_of_account(
    connection: Connection, tenant_id: int, account_id: str
) -> list[ServicedPlan]:
    """All plans of an account with their rows, by plan id."""
    return await _list_plans(connection, "account_id = $2::uuid", tenant_id, account_id)


async def list_tried_days(
    connection: Connection, tenant_id: int, account_id: str
) -> Mapping[str, date | None]:
    """By plan id, the last day on which a debit card's rows were tried."""
    rows = await connection.fetch(
        "SELECT plan_id::text AS plan_id, collection_tried_on FROM serviced_plan"
        " WHERE tenant_id = $1 AND account_id = $2::uuid",
        tenant_id,
        account_id,
    )
    return {row["plan_id"]: row["collection_tried_on"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """A row that is asked for or soon will be, with the plan it is of."""

    plan_id: str
    account_id: str
    merchant_name: str | None
    currency: str
    is_held: bool
    row: ServicedRow


async def list_due_rows(
    connection: Connection, tenant_id: int, *, provider_id: str | None, until: date, limit: int
) -> list[DueRow]:
    """Open rows of active plans that are due by a day, the oldest first."""
    rows = await connection.fetch(
        "SELECT r.plan_id::text AS plan_id, number, due_date, r.amount_minor, principal_minor,"
        " interest_minor, fee_minor, r.state, paid_minor, billed_on, account_id::text AS account_id,"
        " merchant_name, currency, is_held"
        " FROM serviced_row r JOIN serviced_plan p USING (tenant_id, plan_id)"
        " WHERE tenant_id = $1 AND r.state IN ('scheduled', 'billed', 'late') AND due_date <= $2"
        " AND ($3::uuid IS NULL OR provider_id = $3::uuid)"
        " ORDER BY due_date, plan_id, number LIMIT $4",
        tenant_id,
        until,
        provider_id,
        limit,
    )
    return [
        DueRow(
            plan_id=row["plan_id"],
            account_id=row["account_id"],
            merchant_name=row["merchant_name"],
            currency=row["currency"],
            is_held=row["is_held"],
            row=_read_row(row),
        )
        for row in rows
    ]


async def _list_plans(connection: Connection, condition: str, tenant_id: int, key: str) -> list[ServicedPlan]:
    found = await connection.fetch(
        f"SELECT {_PLAN_COLUMNS} FROM serviced_plan WHERE tenant_id = $1 AND {condition} ORDER BY plan_id",
        tenant_id,
        key,
    )
    rows_of: dict[str, list[ServicedRow]] = {row["plan_id"]: [] for row in found}
    if found:
        for row in await connection.fetch(
            f"SELECT {_ROW_COLUMNS} FROM serviced_row WHERE tenant_id = $1 AND plan_id = ANY($2::uuid[])"
            " ORDER BY plan_id, number",
            tenant_id,
            list(rows_of),
        ):
            rows_of[row["plan_id"]].append(_read_row(row))
    return [_read_plan(row, tuple(rows_of[row["plan_id"]])) for row in found]


def _list_row_columns(rows: Sequence[ServicedRow]) -> list[list[object]]:
    return [
        [row.number for row in rows],
        [row.due_date for row in rows],
        [row.amount_minor for row in rows],
        [row.principal_minor for row in rows],
        [row.interest_minor for row in rows],
        [row.fee_minor for row in rows],
        [row.state for row in rows],
        [row.paid_minor for row in rows],
        [row.billed_on for row in rows],
    ]


def _read_row(row: asyncpg.Record) -> ServicedRow:
    return ServicedRow(
        number=row["number"],
        due_date=row["due_date"],
        amount_minor=row["amount_minor"],
        principal_minor=row["principal_minor"],
        interest_minor=row["interest_minor"],
        fee_minor=row["fee_minor"],
        state=RowState(row["state"]),
        paid_minor=row["paid_minor"],
        billed_on=row["billed_on"],
    )


def _read_plan(row: asyncpg.Record, rows: tuple[ServicedRow, ...]) -> ServicedPlan:
    values = dict(row)
    rate = (int(values.pop("rate_numerator")), int(values.pop("rate_denominator")))
    values["state"] = ServicingState(values["state"])
    return ServicedPlan(rate=rate, rows=rows, **values)


def _expect(status: str, count: int, what: str) -> None:
    if not status.endswith(f" {count}"):
        raise asyncpg.SerializationError(f"{what} changed meanwhile; try again")
