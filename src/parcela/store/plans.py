"""Plans as they are stored, and reading them back; `new_plans` writes them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(PlanRecord).decode


def encode_plan(plan: Plan) -> str:
    """The body of a plan as it is stored."""
    return _encode(_plan_to_record(plan)).decode()


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


_ROW_COLUMNS = "number, due_date, amount_minor, principal_minor, interest_minor, fee_minor"
_SELECT_PLAN = (
    "SELECT plan_id::text AS plan_id, status, offer_transaction_id, client_id,"
    " provider_id::text AS provider_id, program_version, body, created_at FROM plan WHERE tenant_id = $1"
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


async def find_merchant_plan(
    connection: Connection, tenant_id: int, *, plan_id: str, provider_id: str
) -> Plan | None:
    """A plan that a payment of a merchant or an account made with this issuer."""
    row = await connection.fetchrow(
        f"{_SELECT_PLAN} AND plan_id = $2::uuid AND provider_id = $3::uuid AND EXISTS (SELECT FROM client c"
        " WHERE (c.tenant_id, c.client_id) = (plan.tenant_id, plan.client_id)"
        " AND c.role IN ('merchant', 'account'))",
        tenant_id,
        plan_id,
        provider_id,
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
        f"SELECT {_ROW_COLUMNS} FROM installment WHERE tenant_id = $1 AND plan_id = $2::uuid ORDER BY number",
        tenant_id,
        row["plan_id"],
    )
    return _build_plan(row, rows)


def _build_plan(row: asyncpg.Record, rows: Sequence[asyncpg.Record]) -> Plan:
    body = _decode(row["body"])
    return Plan(
        plan_id=row["plan_id"],
        status=PlanStatus(row["status"]),
        offer_transaction_id=row["offer_transaction_id"],
        client_id=row["client_id"],
        provider_id=row["provider_id"],
        # A merchant's price has both: the program's version, and terms of its own.
        offer=replace(record_to_offer(body.offer), program_version=row["program_version"]),
        request=_read_request(body, row["provider_id"]),
        installments=_read_installments(rows),
        created_at=row["created_at"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlan:
    """A plan as it lies in the database, with its card. `read` fails for a damaged one, and for it alone."""

    row: asyncpg.Record = field(repr=False)
    rows: Sequence[asyncpg.Record] = field(repr=False)
    card: Card

    def read(self) -> Plan:
        """The plan. Raises msgspec.ValidationError, KeyError or ValueError when its record is damaged."""
        return _build_plan(self.row, self.rows)


async def list_stored_plans(
    connection: Connection, tenant_id: int, plan_ids: Sequence[str]
) -> dict[str, StoredPlan]:
    """Those of the plans that exist, by their id; two queries for any number of them."""
    found = await connection.fetch(
        "SELECT p.plan_id::text AS plan_id, p.status, p.offer_transaction_id, p.client_id,"
        " p.provider_id::text AS provider_id, p.program_version, p.body, p.created_at,"
        " c.card_id::text AS card_id, c.pan_index, c.data_key_number, c.sealed_pan, c.first_six, c.last_four"
        " FROM plan p JOIN card c USING (tenant_id, card_id)"
        " WHERE p.tenant_id = $1 AND p.plan_id = ANY($2::uuid[])",
        tenant_id,
        list(plan_ids),
    )
    installments = await connection.fetch(
        f"SELECT plan_id::text AS plan_id, {_ROW_COLUMNS} FROM installment"
        " WHERE tenant_id = $1 AND plan_id = ANY($2::uuid[]) ORDER BY plan_id, number",
        tenant_id,
        list(plan_ids),
    )
    rows_of: dict[str, list[asyncpg.Record]] = {row["plan_id"]: [] for row in found}
    for installment in installments:
        rows_of[installment["plan_id"]].append(installment)
    return {
        row["plan_id"]: StoredPlan(
            row=row,
            rows=rows_of[row["plan_id"]],
            card=Card(
                tenant_id=tenant_id,
                card_id=row["card_id"],
                pan_index=row["pan_index"],
                data_key_number=row["data_key_number"],
                sealed_pan=row["sealed_pan"],
                first_six=row["first_six"],
                last_four=row["last_four"],
            ),
        )
        for row in found
    }


def _read_installments(rows: Sequence[asyncpg.Record]) -> tuple[Installment, ...]:
    return tuple(
        Installment(
            number=row["number"],
            due_date=row["due_date"],
            amount_minor=row["amount_minor"],
            principal_minor=row["principal_minor"],
            interest_minor=row["interest_minor"],
            fee_minor=row["fee_minor"],
        )
        for row in rows
    )


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
