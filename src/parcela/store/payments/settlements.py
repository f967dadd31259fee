"""Settlements of merchants' balances."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg
import msgspec

from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.records import Owner
from parcela.domain.payments.settlement import LineKind, Settlement, SettlementStatus, StatementLine
from parcela.store.database import SWEEP_TIMEOUT_S, Connection
from parcela.store.documents import encode_document
from parcela.store.payments.balance import MerchantBook
from parcela.store.payments.paging import Condition, Listing, list_page

_decode_lines = msgspec.json.Decoder(list[dict[str, Any]]).decode
_SETTLEMENTS = Listing(table="settlement_now", id_column="settlement_id")
_OF_BOOK = "tenant_id = $1 AND client_id = $2 AND is_live = $3 AND currency = $4"
_OWNED = "tenant_id = $1 AND client_id = $2 AND is_live = $3 AND settlement_id = $4"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementFilter:
    """Which settlements are wanted; what is None does not matter."""

    created_from: datetime | None = None
    created_to: datetime | None = None
    currency: str | None = None

    def list_conditions(self) -> list[Condition]:
        """The same as SQL."""
        conditions = (
            Condition("created_at >= {}", self.created_from),
            Condition("created_at < {}", self.created_to),
            Condition("currency = {}", self.currency),
        )
        return [condition for condition in conditions if condition.value is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueSettlement:
    """A settlement that nobody closed after its last day, or paid out on its day, `due_on`.

    `account_id` is as merchants know it, `mode` is live or test.
    """

    tenant_id: int
    account_id: str
    mode: str
    settlement_id: str
    is_open: bool
    due_on: date


async def insert_settlement(connection: Connection, settlement: Settlement) -> None:
    """Open a settlement. Its book must be locked."""
    await connection.execute(
        "INSERT INTO settlement (tenant_id, settlement_id, client_id, is_live, currency, status,"
        " period_start, period_end, available_on, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        settlement.owner.tenant_id,
        settlement.settlement_id,
        settlement.owner.client_id,
        settlement.owner.is_live,
        settlement.currency,
        settlement.status,
        settlement.period_start,
        settlement.period_end,
        settlement.available_on,
        settlement.created_at,
    )


async def find_open_settlement(connection: Connection, book: MerchantBook, day: date) -> Settlement | None:
    """The earliest settlement of a book that is open and does not end before a day; not added up."""
    row = await connection.fetchrow(
        f"SELECT * FROM settlement WHERE {_OF_BOOK} AND closed_at IS NULL AND period_end >= $5"
        " ORDER BY period_end LIMIT 1",
        *_key(book),
        day,
    )
    return None if row is None else _read(row)


async def find_last_end(connection: Connection, book: MerchantBook) -> date | None:
    """The last day that any settlement of a book covers."""
    end: date | None = await connection.fetchval(
        f"SELECT max(period_end) FROM settlement WHERE {_OF_BOOK}", *_key(book)
    )
    return end


async def list_open_settlements(
    connection: Connection, book: MerchantBook, *, until: date
) -> list[Settlement]:
    """Open settlements that end by a day, in order, with what their rows make. The book must be locked."""
    rows = await connection.fetch(
        f"SELECT * FROM settlement_now WHERE {_OF_BOOK} AND closed_at IS NULL AND period_end <= $5"
        " ORDER BY period_end",
        *_key(book),
        until,
        timeout=SWEEP_TIMEOUT_S,
    )
    return [_read(row) for row in rows]


async def close_settlement(connection: Connection, settlement: Settlement) -> None:
    """Write the final figures of an open settlement. The book must be locked."""
    lines = [
        {"kind": line.kind, "amount_minor": line.amount_minor, "count": line.count}
        for line in settlement.lines
    ]
    closed = await connection.fetchval(
        "UPDATE settlement SET gross_minor = $3, fees_minor = $4, opening_minor = $5, payout_minor = $6,"
        " lines = $7, closed_at = $8"
        " WHERE tenant_id = $1 AND settlement_id = $2 AND closed_at IS NULL RETURNING true",
        settlement.owner.tenant_id,
        settlement.settlement_id,
        settlement.gross_minor,
        settlement.fees_minor,
        settlement.opening_minor,
        settlement.payout_minor,
        encode_document(lines),
        settlement.closed_at,
    )
    assert closed, f"{settlement.settlement_id} was open under the lock of its book"


async def complete_settlement(connection: Connection, settlement: Settlement) -> None:
    """Write that a closed settlement is paid out. The book must be locked."""
    completed = await connection.fetchval(
        "UPDATE settlement SET status = 'completed', payout_id = $3 WHERE tenant_id = $1"
        " AND settlement_id = $2 AND status = 'pending' AND closed_at IS NOT NULL RETURNING true",
        settlement.owner.tenant_id,
        settlement.settlement_id,
        settlement.payout_id,
    )
    assert completed, f"{settlement.settlement_id} was pending under the lock of its book"


async def find_settlement(connection: Connection, owner: Owner, settlement_id: str) -> Settlement | None:
    """One settlement of the owner's; an open one with what its rows make so far."""
    row = await connection.fetchrow(
        f"SELECT * FROM settlement_now WHERE {_OWNED}",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        settlement_id,
    )
    return None if row is None else _read(row)


async def has_settlement(connection: Connection, owner: Owner, settlement_id: str) -> bool:
    """Is it a settlement of the owner's?"""
    return bool(
        await connection.fetchval(
            f"SELECT EXISTS (SELECT FROM settlement WHERE {_OWNED})",
            owner.tenant_id,
            owner.client_id,
            owner.is_live,
            settlement_id,
        )
    )


async def get_settlement(connection: Connection, owner: Owner, settlement_id: str) -> Settlement:
    """A settlement that must be there; an open one is not added up."""
    row = await connection.fetchrow(
        f"SELECT * FROM settlement WHERE {_OWNED}",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        settlement_id,
    )
    assert row is not None, f"{settlement_id} is no settlement of this account"
    return _read(row)


async def list_settlements(
    connection: Connection, owner: Owner, wanted: SettlementFilter, *, page: PageRequest
) -> Page[Settlement]:
    """A page of settlements, the newest first. Raises PaymentRefused for a foreign cursor."""
    return await list_page(
        connection, owner, _SETTLEMENTS, page=page, conditions=wanted.list_conditions(), read=_read
    )


async def list_settlements_of_day(connection: Connection, owner: Owner, day: date) -> list[Settlement]:
    """The settlements of every currency whose period holds a day, by currency."""
    rows = await connection.fetch(
        "SELECT * FROM settlement_now WHERE tenant_id = $1 AND client_id = $2 AND is_live = $3"
        " AND $4 BETWEEN period_start AND period_end ORDER BY currency",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        day,
    )
    return [_read(row) for row in rows]


async def list_overdue_settlements(connection: Connection, *, limit: int) -> list[OverdueSettlement]:
    """Settlements of all accounts that are more than a day late, the latest first."""
    rows = await connection.fetch(
        "SELECT * FROM overdue_settlement ORDER BY due_on, settlement_id LIMIT $1",
        limit,
        timeout=SWEEP_TIMEOUT_S,
    )
    return [OverdueSettlement(**row) for row in rows]


def _key(book: MerchantBook) -> tuple[int, int, bool, str]:
    return book.owner.tenant_id, book.owner.client_id, book.owner.is_live, book.currency


def _read(row: asyncpg.Record) -> Settlement:
    return Settlement(
        settlement_id=row["settlement_id"],
        owner=Owner(row["tenant_id"], row["client_id"], row["is_live"]),
        status=SettlementStatus(row["status"]),
        currency=row["currency"],
        period_start=row["period_start"],
        period_end=row["period_end"],
        available_on=row["available_on"],
        gross_minor=row["gross_minor"],
        fees_minor=row["fees_minor"],
        opening_minor=row["opening_minor"],
        payout_minor=row["payout_minor"],
        payout_id=row["payout_id"],
        lines=tuple(
            StatementLine(kind=LineKind(line["kind"]), amount_minor=line["amount_minor"], count=line["count"])
            for line in _decode_lines(row["lines"])
        ),
        created_at=row["created_at"],
        closed_at=row["closed_at"],
    )
