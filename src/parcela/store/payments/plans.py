"""Plans of payments and their rows. Changes are guarded by the state that they start from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
import msgspec

from parcela.domain.payments.plans import (
    CollectionSource,
    PaymentPlan,
    PlanRow,
    PlanState,
    RowStatus,
    TermsAcceptance,
)
from parcela.domain.payments.records import Owner
from parcela.domain.refund_strategy import RefundStrategy
from parcela.store.database import Connection
from parcela.store.payments.offers import decode_offer, encode_offer

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_acceptance = msgspec.json.Decoder(TermsAcceptance).decode

_OWNED = "tenant_id = $1 AND client_id = $2 AND is_live = $3"
_COLUMNS = (
    "plan_id::text AS plan_id, payment_id, state, offer, strategy, returns_collected_interest, refund_days,"
    " collection_source, held_by, acceptance, assessment_id, created_at, activated_at, ended_at,"
    " lock_version, page_turn, (SELECT e.disclosure_id FROM payment_plan_evidence e"
    "  WHERE (e.tenant_id, e.plan_id) = (payment_plan.tenant_id, payment_plan.plan_id)) AS disclosure_id"
)
_ROW_COLUMNS = (
    "plan_id::text AS plan_id, number, due_date, principal_minor, interest_minor, fee_minor, status,"
    " original_minor, tax_minor"
)
_OPEN = "status IN ('due', 'overdue')"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowToCollect:
    """An open row that is asked for: `attempts` on its day or later, `asked` with those before it."""

    number: int
    attempts: int
    asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDates:
    """When the next row falls due, and when the next attempt to collect one is; None for never."""

    due_date: date | None
    collect_on: date | None


async def insert_plan(connection: Connection, plan: PaymentPlan, *, card_id: str, page_key: bytes) -> None:
    """Write a plan that was accepted, with its rows; `page_key` is the hash of its page's token."""
    offer = plan.offer
    await connection.execute(
        "INSERT INTO payment_plan (tenant_id, client_id, is_live, plan_id, payment_id, offer_id, state,"
        " currency, financed_minor, total_minor, installment_count, offer, strategy,"
        " returns_collected_interest, refund_days, collection_source, acceptance, assessment_id, card_id,"
        " created_at, page_turn, page_key) VALUES ($1, $2, $3, $4::uuid, $5, $6, $7, $8, $9, $10, $11, $12,"
        " $13, $14, $15, $16, $17, $18, $19::uuid, $20, $21, $22)",
        *_key(plan.owner),
        plan.plan_id,
        plan.payment_id,
        offer.offer_id,
        plan.state,
        offer.currency,
        offer.financed_minor,
        offer.total_minor,
        offer.count,
        encode_offer(offer),
        plan.strategy,
        plan.returns_collected_interest,
        plan.refund_days,
        plan.collection_source,
        None if plan.acceptance is None else _encode(plan.acceptance).decode(),
        plan.assessment_id,
        card_id,
        plan.created_at,
        plan.page_turn,
        page_key,
    )
    await connection.executemany(
        "INSERT INTO payment_plan_row (tenant_id, plan_id, number, due_date, principal_minor,"
        " interest_minor, fee_minor, original_minor, status, collect_on, tax_minor)"
        " VALUES ($1, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $4, $10)",
        [
            (
                plan.owner.tenant_id,
                plan.plan_id,
                row.number,
                row.due_date,
                row.principal_minor,
                row.interest_minor,
                row.fee_minor,
                row.original_minor,
                row.status,
                row.tax_minor,
            )
            for row in plan.rows
        ],
    )


async def find_plan(
    connection: Connection, owner: Owner, plan_id: str, *, is_locked: bool = False
) -> PaymentPlan | None:
    """A plan of this account and mode; `is_locked` keeps it until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment_plan WHERE {_OWNED} AND plan_id = $4::uuid"
        + (" FOR UPDATE" if is_locked else ""),
        *_key(owner),
        plan_id,
    )
    return None if row is None else (await _read_plans(connection, owner, [row]))[0]


async def find_plan_of_payment(
    connection: Connection, owner: Owner, payment_id: str, *, is_locked: bool = False
) -> PaymentPlan | None:
    """The newest plan of a payment."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment_plan WHERE {_OWNED} AND payment_id = $4"
        " ORDER BY position DESC LIMIT 1" + (" FOR UPDATE" if is_locked else ""),
        *_key(owner),
        payment_id,
    )
    return None if row is None else (await _read_plans(connection, owner, [row]))[0]


async def find_plan_of_page(connection: Connection, tenant_id: int, page_key: bytes) -> PaymentPlan | None:
    """The plan whose page a token with this hash opens, whichever account has it."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS}, client_id, is_live FROM payment_plan WHERE tenant_id = $1 AND page_key = $2",
        tenant_id,
        page_key,
    )
    if row is None:
        return None
    owner = Owner(tenant_id, row["client_id"], row["is_live"])
    return (await _read_plans(connection, owner, [row]))[0]


async def find_owner(connection: Connection, tenant_id: int, plan_id: str) -> Owner | None:
    """Whose a plan is."""
    row = await connection.fetchrow(
        "SELECT client_id, is_live FROM payment_plan WHERE tenant_id = $1 AND plan_id = $2::uuid",
        tenant_id,
        plan_id,
    )
    return None if row is None else Owner(tenant_id, row["client_id"], row["is_live"])


async def update_page(connection: Connection, plan: PaymentPlan, *, page_key: bytes) -> None:
    """Give a plan, which is locked, its next link; the one before opens nothing any more."""
    found = await connection.fetchval(
        "UPDATE payment_plan SET page_turn = $5, page_key = $6, lock_version = lock_version + 1"
        f" WHERE {_OWNED} AND plan_id = $4::uuid AND page_turn = $5 - 1 RETURNING 1",
        *_key(plan.owner),
        plan.plan_id,
        plan.page_turn,
        page_key,
    )
    assert found is not None, "the plan is locked"


async def list_plans_of_payments(
    connection: Connection, owner: Owner, payment_ids: Sequence[str]
) -> dict[str, PaymentPlan]:
    """The newest plan of each payment that has one; two queries for any number of them."""
    rows = await connection.fetch(
        f"SELECT DISTINCT ON (payment_id) {_COLUMNS} FROM payment_plan WHERE {_OWNED}"
        " AND payment_id = ANY($4::text[]) ORDER BY payment_id, position DESC",
        *_key(owner),
        list(payment_ids),
    )
    return {plan.payment_id: plan for plan in await _read_plans(connection, owner, rows)}


async def get_card_id(connection: Connection, owner: Owner, plan_id: str) -> str:
    """The vault's id of the card of a plan that exists."""
    card_id: str | None = await connection.fetchval(
        f"SELECT card_id::text FROM payment_plan WHERE {_OWNED} AND plan_id = $4::uuid",
        *_key(owner),
        plan_id,
    )
    assert card_id is not None, "the caller holds the plan"
    return card_id


async def update_state(
    connection: Connection, plan: PaymentPlan, state: PlanState, *, was: Sequence[PlanState], at: datetime
) -> bool:
    """Move a plan on from one of the states `was`; False when it is in none of them."""
    found = await connection.fetchval(
        "UPDATE payment_plan SET state = $5, lock_version = lock_version + 1,"
        " activated_at = CASE WHEN $5 = 'active' THEN coalesce(activated_at, $7) ELSE activated_at END,"
        " ended_at = CASE WHEN $5 IN ('completed', 'cancelled') THEN $7 END"
        f" WHERE {_OWNED} AND plan_id = $4::uuid AND state = ANY($6::text[]) RETURNING lock_version",
        *_key(plan.owner),
        plan.plan_id,
        state,
        list(was),
        at,
    )
    return found is not None


async def update_hold(connection: Connection, plan: PaymentPlan, *, by: int) -> int | None:
    """Hold a plan once more (1) or once less (-1); gives how often it is held, None if it was not."""
    held_by: int | None = await connection.fetchval(
        "UPDATE payment_plan SET held_by = held_by + $5, lock_version = lock_version + 1"
        f" WHERE {_OWNED} AND plan_id = $4::uuid AND held_by + $5 >= 0 RETURNING held_by",
        *_key(plan.owner),
        plan.plan_id,
        by,
    )
    return held_by


async def mark_recalculated(connection: Connection, plan: PaymentPlan) -> None:
    """A refund changed the rows."""
    await connection.execute(
        "UPDATE payment_plan SET is_recalculated = true, lock_version = lock_version + 1"
        f" WHERE {_OWNED} AND plan_id = $4::uuid",
        *_key(plan.owner),
        plan.plan_id,
    )


async def update_open_rows(connection: Connection, plan: PaymentPlan, rows: Sequence[PlanRow]) -> int:
    """Give open rows new amounts and states; gives how many rows were open and are changed.

    A row that somebody is asked for is not changed.
    """
    updated = await connection.fetch(
        "UPDATE payment_plan_row r SET principal_minor = given.principal_minor,"
        " interest_minor = given.interest_minor, fee_minor = given.fee_minor, status = given.status,"
        " tax_minor = given.tax_minor,"
        " collect_on = CASE WHEN given.status IN ('due', 'overdue') THEN r.collect_on END"
        " FROM unnest($3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[])"
        " AS given (number, principal_minor, interest_minor, fee_minor, status, tax_minor)"
        f" WHERE r.tenant_id = $1 AND r.plan_id = $2::uuid AND r.number = given.number AND r.{_OPEN}"
        " AND NOT r.is_asked"
        " RETURNING r.number",
        plan.owner.tenant_id,
        plan.plan_id,
        [row.number for row in rows],
        [row.principal_minor for row in rows],
        [row.interest_minor for row in rows],
        [row.fee_minor for row in rows],
        [row.status for row in rows],
        [row.tax_minor for row in rows],
    )
    return len(updated)


async def update_row_status(
    connection: Connection, plan: PaymentPlan, number: int, status: RowStatus, *, collect_on: date | None
) -> bool:
    """An attempt to collect an open row ended so; `collect_on` is the day of the next one."""
    found = await connection.fetchval(
        "UPDATE payment_plan_row SET status = $4, attempts = attempts + 1, collect_on = $5, is_asked = false"
        f" WHERE tenant_id = $1 AND plan_id = $2::uuid AND number = $3 AND {_OPEN} RETURNING number",
        plan.owner.tenant_id,
        plan.plan_id,
        number,
        status,
        collect_on,
    )
    return found is not None


async def postpone_rows(connection: Connection, plan: PaymentPlan, *, passed: date, until: date) -> None:
    """Rows whose day of collection came while the plan was held are collected on a later one."""
    await connection.execute(
        "UPDATE payment_plan_row SET collect_on = $3"
        f" WHERE tenant_id = $1 AND plan_id = $2::uuid AND {_OPEN} AND collect_on <= $4",
        plan.owner.tenant_id,
        plan.plan_id,
        until,
        passed,
    )


async def announce_rows(connection: Connection, plan: PaymentPlan, *, by: date) -> list[int]:
    """The numbers of open rows that have fallen due and were not told yet; they count as told now."""
    rows = await connection.fetch(
        "UPDATE payment_plan_row SET is_announced = true"
        f" WHERE tenant_id = $1 AND plan_id = $2::uuid AND {_OPEN} AND due_date <= $3 AND NOT is_announced"
        " RETURNING number",
        plan.owner.tenant_id,
        plan.plan_id,
        by,
    )
    return sorted(row["number"] for row in rows)


async def mark_asked(connection: Connection, plan: PaymentPlan, *, by: date) -> None:
    """Whoever collects is about to be asked for the open rows whose day of collection has come."""
    await connection.execute(
        "UPDATE payment_plan_row SET is_asked = true"
        f" WHERE tenant_id = $1 AND plan_id = $2::uuid AND {_OPEN} AND collect_on <= $3",
        plan.owner.tenant_id,
        plan.plan_id,
        by,
    )


async def list_asked_rows(connection: Connection, plan: PaymentPlan) -> list[RowToCollect]:
    """Rows for which somebody is asked, and whose outcome is not known yet."""
    rows = await connection.fetch(
        "SELECT number, attempts, attempts + early_attempts AS asked FROM payment_plan_row"
        f" WHERE tenant_id = $1 AND plan_id = $2::uuid AND {_OPEN} AND is_asked ORDER BY number",
        plan.owner.tenant_id,
        plan.plan_id,
    )
    return [RowToCollect(**dict(row)) for row in rows]


async def find_next_dates(connection: Connection, plan: PaymentPlan) -> NextDates:
    """What comes next of a plan."""
    row = await connection.fetchrow(
        "SELECT min(due_date) FILTER (WHERE NOT is_announced) AS due_date, min(collect_on) AS collect_on"
        f" FROM payment_plan_row WHERE tenant_id = $1 AND plan_id = $2::uuid AND {_OPEN}",
        plan.owner.tenant_id,
        plan.plan_id,
    )
    assert row is not None, "an aggregate gives one row"
    return NextDates(due_date=row["due_date"], collect_on=row["collect_on"])


async def _read_plans(
    connection: Connection, owner: Owner, rows: Sequence[asyncpg.Record]
) -> list[PaymentPlan]:
    parts: dict[str, list[PlanRow]] = {row["plan_id"]: [] for row in rows}
    found = await connection.fetch(
        f"SELECT {_ROW_COLUMNS} FROM payment_plan_row WHERE tenant_id = $1 AND plan_id = ANY($2::uuid[])"
        " ORDER BY plan_id, number",
        owner.tenant_id,
        list(parts),
    )
    for part in found:
        members = dict(part)
        parts[members.pop("plan_id")].append(PlanRow(**members | {"status": RowStatus(part["status"])}))
    return [_build_plan(owner, row, parts[row["plan_id"]]) for row in rows]


def _build_plan(owner: Owner, row: asyncpg.Record, parts: Sequence[PlanRow]) -> PaymentPlan:
    acceptance = row["acceptance"]
    return PaymentPlan(
        plan_id=row["plan_id"],
        payment_id=row["payment_id"],
        owner=owner,
        state=PlanState(row["state"]),
        offer=decode_offer(row["offer"]),
        rows=tuple(parts),
        strategy=RefundStrategy(row["strategy"]),
        returns_collected_interest=row["returns_collected_interest"],
        refund_days=row["refund_days"],
        collection_source=CollectionSource(row["collection_source"]),
        held_by=row["held_by"],
        acceptance=None if acceptance is None else _decode_acceptance(acceptance),
        assessment_id=row["assessment_id"],
        disclosure_id=row["disclosure_id"],
        created_at=row["created_at"],
        activated_at=row["activated_at"],
        ended_at=row["ended_at"],
        lock_version=row["lock_version"],
        page_turn=row["page_turn"],
    )


def _key(owner: Owner) -> tuple[int, int, bool]:
    return owner.tenant_id, owner.client_id, owner.is_live
