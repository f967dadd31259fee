"""Writing plans: one statement for all that are made at the same time, each with everything it brings along.

Card, plan, rows, event and letter commit together. A plan whose presentment was taken first is not written,
and neither is anything of it but its card.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import msgspec

from parcela.domain.delivery import Obstacle
from parcela.domain.plans import Installment, Plan
from parcela.store.cards import Card
from parcela.store.database import Connection
from parcela.store.plans import encode_plan

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter of the outbox. `obstacle` is set when it cannot be sent from the start."""

    letter_id: str
    kind: str
    correlation_id: str
    obstacle: Obstacle | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """A plan with its sealed card, the id of its event, and its letter when the issuer is to be told."""

    plan: Plan
    card: Card
    event_id: str
    letter: Letter | None


class Written(Enum):
    """What became of a plan."""

    WRITTEN = "written"
    TAKEN = "taken"
    """Another plan was made of the presentment first."""
    AGAIN = "again"
    """Its card was stored or erased by a transaction that this statement did not see yet: nothing written."""


_INSERT_PLANS = """
WITH input AS (
    SELECT * FROM unnest($1::int[], $2::uuid[], $3::bytea[], $4::int[], $5::bytea[], $6::text[], $7::text[],
        $8::uuid[], $9::bigint[], $10::int[], $11::uuid[], $12::text[], $13::text[], $14::int[], $15::text[],
        $16::bigint[], $17::bigint[], $18::smallint[], $19::text[], $20::timestamptz[], $21::uuid[],
        $22::text[], $23::uuid[], $24::text[], $25::text[], $26::text[], $27::text[])
    AS t (tenant_id, own_card_id, pan_index, data_key_number, sealed_pan, first_six, last_four,
        plan_id, offer_transaction_id, client_id, provider_id, status, offer_id, program_version, currency,
        amount_minor, total_minor, installment_count, body, created_at, event_id,
        event_data, letter_id, letter_kind, correlation_id, parked_reason, parked_code)
), new_card AS (
    -- In one order everywhere, so that two of these statements never wait for each other in a ring.
    INSERT INTO card (tenant_id, card_id, pan_index, data_key_number, sealed_pan, first_six, last_four)
    SELECT DISTINCT ON (tenant_id, pan_index)
        tenant_id, own_card_id, pan_index, data_key_number, sealed_pan, first_six, last_four
    FROM input ORDER BY tenant_id, pan_index
    ON CONFLICT (tenant_id, pan_index) DO NOTHING
    RETURNING tenant_id, pan_index, card_id
), known_card AS (
    SELECT tenant_id, pan_index, card_id FROM card
    WHERE (tenant_id, pan_index) IN (SELECT tenant_id, pan_index FROM input) FOR KEY SHARE OF card
), used_card AS (
    SELECT tenant_id, pan_index, card_id FROM new_card
    UNION
    SELECT tenant_id, pan_index, card_id FROM known_card
), new_plan AS (
    INSERT INTO plan (tenant_id, plan_id, offer_transaction_id, client_id, provider_id, card_id, status,
        offer_id, program_version, currency, amount_minor, total_minor, installment_count, body, created_at,
        is_notified)
    SELECT tenant_id, plan_id, offer_transaction_id, client_id, provider_id, card_id, status, offer_id,
        program_version, currency, amount_minor, total_minor, installment_count, body::json, created_at,
        letter_id IS NOT NULL
    FROM input JOIN used_card USING (tenant_id, pan_index)
    ORDER BY tenant_id, offer_transaction_id
    ON CONFLICT (tenant_id, offer_transaction_id) DO NOTHING
    RETURNING tenant_id, plan_id
), new_rows AS (
    INSERT INTO installment (tenant_id, plan_id, number, due_date, amount_minor, principal_minor,
        interest_minor, fee_minor)
    SELECT tenant_id, plan_id, number, due_date, amount_minor, principal_minor, interest_minor, fee_minor
    FROM unnest($28::uuid[], $29::smallint[], $30::date[], $31::bigint[], $32::bigint[], $33::bigint[],
        $34::bigint[])
        AS row (plan_id, number, due_date, amount_minor, principal_minor, interest_minor, fee_minor)
    JOIN new_plan USING (plan_id)
), new_event AS (
    INSERT INTO event (tenant_id, event_id, type, subject, data, occurred_at)
    SELECT tenant_id, event_id, 'plan.created', plan_id::text, event_data::json, created_at
    FROM input JOIN new_plan USING (tenant_id, plan_id)
), new_letter AS (
    INSERT INTO letter (tenant_id, letter_id, kind, subject_id, provider_id, correlation_id, status,
        parked_reason, next_attempt_at, created_at, parked_code, lane, ladder_anchor_at, waiting_since)
    SELECT tenant_id, letter_id, letter_kind, plan_id, provider_id, correlation_id,
        CASE WHEN parked_code IS NULL THEN 'due' ELSE 'parked' END, parked_reason,
        CASE WHEN parked_code IS NULL THEN created_at END, created_at, parked_code, provider_id::text,
        created_at, created_at
    FROM input JOIN new_plan USING (tenant_id, plan_id) WHERE letter_id IS NOT NULL
)
SELECT input.plan_id::text AS plan_id, new_plan.plan_id IS NOT NULL AS is_written,
    used_card.card_id IS NOT NULL AS has_card
FROM input LEFT JOIN new_plan USING (tenant_id, plan_id) LEFT JOIN used_card USING (tenant_id, pan_index)
"""


async def insert_plans(connection: Connection, new_plans: Sequence[NewPlan]) -> list[Written]:
    """Write plans in one statement, which is a transaction by itself; says of each what became of it."""
    installments = [(new.plan.plan_id, row) for new in new_plans for row in new.plan.installments]
    found = await connection.fetch(
        _INSERT_PLANS,
        *_list_columns([_list_values(new) for new in new_plans]),
        [plan_id for plan_id, _ in installments],
        *_list_row_columns([row for _, row in installments]),
    )
    outcomes = {
        row["plan_id"]: (
            Written.WRITTEN if row["is_written"] else Written.TAKEN if row["has_card"] else Written.AGAIN
        )
        for row in found
    }
    return [outcomes[new.plan.plan_id] for new in new_plans]


def _list_values(new: NewPlan) -> tuple[object, ...]:
    """One plan, in the order of the statement's columns."""
    plan, card, letter = new.plan, new.card, new.letter
    offer = plan.offer
    obstacle = letter.obstacle if letter else None
    return (
        card.tenant_id,
        card.card_id,
        card.pan_index,
        card.data_key_number,
        card.sealed_pan,
        card.first_six,
        card.last_four,
        plan.plan_id,
        plan.offer_transaction_id,
        plan.client_id,
        plan.provider_id,
        plan.status,
        offer.offer_id,
        offer.program_version,
        offer.currency,
        sum([row.principal_minor for row in plan.installments]),
        offer.total_minor,
        len(plan.installments),
        encode_plan(plan),
        plan.created_at,
        new.event_id,
        _encode(
            {"offer_id": offer.offer_id, "total_minor": offer.total_minor, "currency": offer.currency}
        ).decode(),
        letter.letter_id if letter else None,
        letter.kind if letter else None,
        letter.correlation_id if letter else None,
        obstacle.reason if obstacle else None,
        obstacle.code if obstacle else None,
    )


def _list_columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _list_row_columns(rows: Sequence[Installment]) -> list[list[object]]:
    return [
        [row.number for row in rows],
        [row.due_date for row in rows],
        [row.amount_minor for row in rows],
        [row.principal_minor for row in rows],
        [row.interest_minor for row in rows],
        [row.fee_minor for row in rows],
    ]
