"""Plans and their installments, with the event and the letter that commit with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import asyncpg
import msgspec

from parcela.domain.plans import (
    AmountKind,
    CardTransaction,
    ClaimedRow,
    ClaimedTerms,
    Installment,
    Plan,
    PlanRequest,
    PlanStatus,
)
from parcela.store.cards import Card
from parcela.store.database import Connection
from parcela.store.presentments import (
    IdentifierRecord,
    MerchantRecord,
    OfferRecord,
    identifier_to_record,
    merchant_to_record,
    offer_to_record,
    record_to_identifier,
    record_to_merchant,
    record_to_offer,
)


class TransactionRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """The card transaction as the client sent it."""

    amount_kind: AmountKind
    amount: Decimal
    currency: str
    local_at: datetime
    local_text: str
    transmitted_text: str | None = None
    stan: IdentifierRecord = None
    rrn: IdentifierRecord = None
    authorization_code: IdentifierRecord = None
    transaction_link_id: str | None = None


class PlanRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a plan: the offer as shown and the request as sent. It holds no card number."""

    offer: OfferRecord
    offer_transaction_id: str
    shown_offer_ids: tuple[str, ...] | None
    merchant: MerchantRecord
    terms: ClaimedTerms
    rows: tuple[tuple[int, Decimal, date], ...]
    transaction: TransactionRecord
    pan_index: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter of the outbox. `parked_reason` is set when it waits for a person from the start."""

    letter_id: str
    kind: str
    correlation_id: str
    parked_reason: str | None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(PlanRecord).decode


class PresentmentAlreadyTaken(Exception):
    """Another plan was made of the presentment first."""


_INSERT_PLAN = """
WITH new_card AS (
    INSERT INTO card (tenant_id, card_id, pan_index, data_key_number, sealed_pan, first_six, last_four)
    VALUES ($1, $2::uuid, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, pan_index) DO NOTHING
    RETURNING card_id
), used_card AS (
    SELECT card_id FROM new_card
    UNION ALL SELECT card_id FROM card WHERE tenant_id = $1 AND pan_index = $3
    LIMIT 1
), new_plan AS (
    INSERT INTO plan (tenant_id, plan_id, offer_transaction_id, client_id, provider_id, card_id, status,
        offer_id, program_version, currency, amount_minor, total_minor, installment_count, body, created_at)
    SELECT $1, $8::uuid, $9, $10, $11::uuid, card_id, $12, $13, $14, $15, $16, $17, $18, $19, $20
    FROM used_card RETURNING plan_id
), new_rows AS (
    INSERT INTO installment (tenant_id, plan_id, number, due_date, amount_minor, principal_minor,
        interest_minor, fee_minor)
    SELECT $1, plan_id, row.*
    FROM new_plan, unnest($21::smallint[], $22::date[], $23::bigint[], $24::bigint[], $25::bigint[],
        $26::bigint[]) AS row
), new_event AS (
    INSERT INTO event (tenant_id, event_id, type, subject, data, occurred_at)
    SELECT $1, $27::uuid, 'plan.created', plan_id::text, $28, $20 FROM new_plan
), new_letter AS (
    INSERT INTO letter (tenant_id, letter_id, kind, subject_id, provider_id, correlation_id, status,
        parked_reason, next_attempt_at, created_at)
    SELECT $1, $29::uuid, $30, plan_id, $11::uuid, $31,
        CASE WHEN $32::text IS NULL THEN 'due' ELSE 'parked' END, $32::text,
        CASE WHEN $32::text IS NULL THEN $20 END, $20
    FROM new_plan WHERE $29::uuid IS NOT NULL
)
SELECT count(*) FROM new_plan
"""


async def insert_plan(
    connection: Connection, plan: Plan, card: Card, letter: Letter | None, *, event_id: str
) -> None:
    """Write a plan, its rows, its card, its event and its letter in one statement.

    Raises PresentmentAlreadyTaken when a plan was made of the same presentment before.
    """
    offer = plan.offer
    rows = plan.installments
    try:
        written = await connection.fetchval(
            _INSERT_PLAN,
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
            sum(row.principal_minor for row in rows),
            offer.total_minor,
            len(rows),
            _encode(_plan_to_record(plan)).decode(),
            plan.created_at,
            [row.number for row in rows],
            [row.due_date for row in rows],
            [row.amount_minor for row in rows],
            [row.principal_minor for row in rows],
            [row.interest_minor for row in rows],
            [row.fee_minor for row in rows],
            event_id,
            _encode(
                {"offer_id": offer.offer_id, "total_minor": offer.total_minor, "currency": offer.currency}
            ).decode(),
            letter.letter_id if letter else None,
            letter.kind if letter else None,
            letter.correlation_id if letter else None,
            letter.parked_reason if letter else None,
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "plan_once_per_presentment":
            raise PresentmentAlreadyTaken from None
        raise
    if written != 1:
        # The card was written by a transaction that this statement's snapshot does not see yet.
        raise asyncpg.SerializationError("a concurrent plan stored the same card; try again")


def _plan_to_record(plan: Plan) -> PlanRecord:
    request = plan.request
    transaction = request.transaction
    return PlanRecord(
        offer=offer_to_record(plan.offer),
        offer_transaction_id=request.offer_transaction_id,
        shown_offer_ids=request.shown_offer_ids,
        merchant=merchant_to_record(request.merchant),
        terms=request.terms,
        rows=tuple([(row.number, row.amount, row.due_date) for row in request.rows]),
        transaction=TransactionRecord(
            amount_kind=transaction.amount_kind,
            amount=transaction.amount,
            currency=transaction.currency,
            local_at=transaction.local_at,
            local_text=transaction.local_text,
            transmitted_text=transaction.transmitted_text,
            stan=identifier_to_record(transaction.stan),
            rrn=identifier_to_record(transaction.rrn),
            authorization_code=identifier_to_record(transaction.authorization_code),
            transaction_link_id=transaction.transaction_link_id,
        ),
        pan_index=request.pan_index,
    )


_SELECT_PLAN = (
    "SELECT plan_id::text AS plan_id, status, offer_transaction_id, client_id,"
    " provider_id::text AS provider_id, body, created_at FROM plan WHERE tenant_id = $1"
)


async def find_plan(
    connection: Connection, tenant_id: int, *, plan_id: str, client_id: int | None = None
) -> Plan | None:
    """A plan; with `client_id`, only if that client made it."""
    row = await connection.fetchrow(
        f"{_SELECT_PLAN} AND plan_id = $2::uuid AND ($3::int IS NULL OR client_id = $3)",
        tenant_id,
        plan_id,
        client_id,
    )
    return None if row is None else await _read_plan(connection, tenant_id, row)


async def find_plan_of_presentment(
    connection: Connection, tenant_id: int, *, offer_transaction_id: int, client_id: int
) -> Plan | None:
    """The plan that this client made of a presentment."""
    row = await connection.fetchrow(
        f"{_SELECT_PLAN} AND offer_transaction_id = $2 AND client_id = $3",
        tenant_id,
        offer_transaction_id,
        client_id,
    )
    return None if row is None else await _read_plan(connection, tenant_id, row)


async def _read_plan(connection: Connection, tenant_id: int, row: asyncpg.Record) -> Plan:
    rows = await connection.fetch(
        "SELECT number, due_date, amount_minor, principal_minor, interest_minor, fee_minor FROM installment"
        " WHERE tenant_id = $1 AND plan_id = $2::uuid ORDER BY number",
        tenant_id,
        row["plan_id"],
    )
    body = _decode(row["body"])
    return Plan(
        plan_id=row["plan_id"],
        status=PlanStatus(row["status"]),
        offer_transaction_id=row["offer_transaction_id"],
        client_id=row["client_id"],
        provider_id=row["provider_id"],
        offer=record_to_offer(body.offer),
        request=_read_request(body, row["provider_id"]),
        installments=_read_installments(rows),
        created_at=row["created_at"],
    )


def _read_installments(rows: Sequence[asyncpg.Record]) -> tuple[Installment, ...]:
    return tuple(Installment(**row) for row in rows)


def _read_request(body: PlanRecord, provider_id: str) -> PlanRequest:
    transaction = body.transaction
    return PlanRequest(
        offer_transaction_id=body.offer_transaction_id,
        offer_id=body.offer.offer_id,
        shown_offer_ids=body.shown_offer_ids,
        provider_id=provider_id,
        merchant=record_to_merchant(body.merchant),
        terms=body.terms,
        rows=tuple(ClaimedRow(number=row[0], amount=row[1], due_date=row[2]) for row in body.rows),
        transaction=CardTransaction(
            amount_kind=transaction.amount_kind,
            amount=transaction.amount,
            currency=transaction.currency,
            local_at=transaction.local_at,
            local_text=transaction.local_text,
            transmitted_text=transaction.transmitted_text,
            stan=record_to_identifier(transaction.stan),
            rrn=record_to_identifier(transaction.rrn),
            authorization_code=record_to_identifier(transaction.authorization_code),
            transaction_link_id=transaction.transaction_link_id,
        ),
        pan_index=body.pan_index,
    )
