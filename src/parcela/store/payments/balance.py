"""Rows of merchants' balances, and the books in which they stand."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.records import Owner
from parcela.domain.payments.settlement import BalanceKind, BalanceTransaction
from parcela.domain.payments.statement_lines import list_fees
from parcela.store.database import Connection
from parcela.store.payments.paging import Condition, Listing, list_page

_ROWS = Listing(table="balance_row", id_column="balance_transaction_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantBook:
    """A merchant's book in one currency. `carried_minor`: what the last closed settlement left, at most 0."""

    owner: Owner
    currency: str
    book: str
    carried_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFilter:
    """Which rows are wanted; what is None does not matter. From `created_from` on, before `created_to`."""

    created_from: datetime | None = None
    created_to: datetime | None = None
    kind: BalanceKind | None = None
    source_id: str | None = None
    settlement_id: str | None = None
    currency: str | None = None
    payment_method_type: str | None = None

    def list_conditions(self) -> list[Condition]:
        """The same as SQL."""
        conditions = (
            Condition("created_at >= {}", self.created_from),
            Condition("created_at < {}", self.created_to),
            Condition("kind = {}", self.kind),
            Condition("source_id = {}", self.source_id),
            Condition("settlement_id = {}", self.settlement_id),
            Condition("currency = {}", self.currency),
            Condition("payment_method_type = {}", self.payment_method_type),
        )
        return [condition for condition in conditions if condition.value is not None]


async def lock_book(connection: Connection, owner: Owner, currency: str, *, new_book: str) -> MerchantBook:
    """The book, locked until the transaction ends; made with the id `new_book` if there is none."""
    await connection.execute(
        "INSERT INTO merchant_book (tenant_id, client_id, is_live, currency, book)"
        " VALUES ($1, $2, $3, $4, $5::uuid) ON CONFLICT DO NOTHING",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        currency,
        new_book,
    )
    row = await connection.fetchrow(
        "SELECT book::text AS book, carried_minor FROM merchant_book"
        " WHERE tenant_id = $1 AND client_id = $2 AND is_live = $3 AND currency = $4 FOR NO KEY UPDATE",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        currency,
    )
    assert row is not None, "it was made above"
    return MerchantBook(owner=owner, currency=currency, book=row["book"], carried_minor=row["carried_minor"])


async def update_carried(connection: Connection, book: MerchantBook, carried_minor: int) -> None:
    """Note the closing balance of the settlement that was closed last."""
    await connection.execute(
        "UPDATE merchant_book SET carried_minor = $3 WHERE tenant_id = $1 AND book = $2::uuid",
        book.owner.tenant_id,
        book.book,
        carried_minor,
    )


async def count_turns(connection: Connection, owner: Owner, source_id: str) -> dict[BalanceKind, int]:
    """How many rows of each kind a source has."""
    rows = await connection.fetch(
        "SELECT kind, count(*) AS count FROM balance_transaction"
        " WHERE tenant_id = $1 AND source_id = $2 GROUP BY kind",
        owner.tenant_id,
        source_id,
    )
    return {BalanceKind(row["kind"]): row["count"] for row in rows}


async def insert_row(
    connection: Connection, row: BalanceTransaction, *, turn: int, payment_method_type: str | None
) -> None:
    """Write a row. The book must be locked."""
    fees = {detail.kind.value: detail.amount_minor for detail in row.fees}
    await connection.execute(
        "INSERT INTO balance_transaction (tenant_id, balance_transaction_id, client_id, is_live, kind,"
        " source_id, turn, payment_id, payment_method_type, currency, gross_minor, processing_fee_minor,"
        " installment_fee_minor, available_on, settlement_id, payout_id, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        row.owner.tenant_id,
        row.balance_transaction_id,
        row.owner.client_id,
        row.owner.is_live,
        row.kind,
        row.source_id,
        turn,
        row.payment_id,
        payment_method_type,
        row.currency,
        row.gross_minor,
        fees.get("processing_fee", 0),
        fees.get("installment_fee", 0),
        row.available_on,
        row.settlement_id,
        row.payout_id,
        row.created_at,
    )


async def list_rows(
    connection: Connection, owner: Owner, wanted: RowFilter, *, page: PageRequest
) -> Page[BalanceTransaction]:
    """A page of rows, the newest first. Raises PaymentRefused for a foreign cursor."""
    return await list_page(
        connection, owner, _ROWS, page=page, conditions=wanted.list_conditions(), read=_read_row
    )


def _read_row(row: asyncpg.Record) -> BalanceTransaction:
    """A row from its columns."""
    return BalanceTransaction(
        balance_transaction_id=row["balance_transaction_id"],
        owner=Owner(row["tenant_id"], row["client_id"], row["is_live"]),
        kind=BalanceKind(row["kind"]),
        source_id=row["source_id"],
        payment_id=row["payment_id"],
        gross_minor=row["gross_minor"],
        fees=list_fees(
            processing_minor=row["processing_fee_minor"], installment_minor=row["installment_fee_minor"]
        ),
        currency=row["currency"],
        available_on=row["available_on"],
        settlement_id=row["settlement_id"],
        payout_id=row["payout_id"],
        created_at=row["created_at"],
    )
