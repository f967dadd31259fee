"""Statements of card accounts: each takes the entries of the book that no earlier one has, for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from parcela.store.database import Connection
from parcela.store.documents import Document, decode_document, encode_document


@dataclass(frozen=True, slots=True, kw_only=True)
class BookMovement:
    """What one entry of a book changed of the card's balance, in minor units; above zero: more is owed."""

    entry_number: int
    booked_on: date
    event_key: str
    kind: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line as it is shown; above zero: more is owed."""

    entry_number: int
    booked_on: date
    description: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A period's entries, in minor units. `closed_on` is its last day; closing = opening + all lines.

    `plans` shows what stood open of the account's plans when it was closed.
    """

    account_id: str
    number: int
    opened_on: date
    closed_on: date
    currency: str
    first_entry: int
    last_entry: int
    opening_minor: int
    closing_minor: int
    plans: tuple[Document, ...]
    created_at: datetime
    lines: tuple[StatementLine, ...] = ()


_COLUMNS = (
    "account_id::text AS account_id, number, opened_on, closed_on, currency, first_entry, last_entry,"
    " opening_minor, closing_minor, plans, created_at"
)


async def list_movements(
    connection: Connection, tenant_id: int, account_id: str, *, after_number: int
) -> list[BookMovement]:
    """What the entries of an account's book, from the one after a number, changed of the card's balance."""
    rows = await connection.fetch(
        "SELECT number, entry.posted_at::date AS booked_on, event_key, kind, change_minor FROM ("
        "SELECT tenant_id, book, number, sum(change_minor)::bigint AS change_minor FROM ledger_movement"
        " WHERE tenant_id = $1 AND book = $2::uuid AND number > $3 AND owner = $2::uuid"
        " AND code = 'card_balance' GROUP BY tenant_id, book, number HAVING sum(change_minor) <> 0"
        ") AS movement JOIN ledger_entry entry USING (tenant_id, book, number) ORDER BY number",
        tenant_id,
        account_id,
        after_number,
    )
    return [
        BookMovement(
            entry_number=row["number"],
            booked_on=row["booked_on"],
            event_key=row["event_key"],
            kind=row["kind"],
            amount_minor=row["change_minor"],
        )
        for row in rows
    ]


async def get_last_entry_number(connection: Connection, tenant_id: int, account_id: str) -> int:
    """The number of the newest entry of an account's book; 0 for an empty one."""
    number = await connection.fetchval(
        "SELECT last_number FROM ledger_book WHERE tenant_id = $1 AND book = $2::uuid", tenant_id, account_id
    )
    return 0 if number is None else int(number)


async def insert_statement(connection: Connection, tenant_id: int, statement: Statement) -> None:
    """Write a statement with its lines."""
    await connection.execute(
        "INSERT INTO statement (tenant_id, account_id, number, opened_on, closed_on, currency, first_entry,"
        " last_entry, opening_minor, closing_minor, plans, created_at)"
        " VALUES ($1, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant_id,
        statement.account_id,
        statement.number,
        statement.opened_on,
        statement.closed_on,
        statement.currency,
        statement.first_entry,
        statement.last_entry,
        statement.opening_minor,
        statement.closing_minor,
        encode_document({"plans": list(statement.plans)}),
        statement.created_at,
    )
    await connection.execute(
        "INSERT INTO statement_line (tenant_id, account_id, number, position, entry_number, booked_on,"
        " description, amount_minor)"
        " SELECT $1, $2::uuid, $3, position, entry_number, booked_on, description, amount_minor"
        " FROM unnest($4::bigint[], $5::date[], $6::text[], $7::bigint[]) WITH ORDINALITY"
        " AS line (entry_number, booked_on, description, amount_minor, position)",
        tenant_id,
        statement.account_id,
        statement.number,
        [line.entry_number for line in statement.lines],
        [line.booked_on for line in statement.lines],
        [line.description for line in statement.lines],
        [line.amount_minor for line in statement.lines],
    )


async def find_last_statement(connection: Connection, tenant_id: int, account_id: str) -> Statement | None:
    """The newest statement of an account, without its lines."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM statement WHERE tenant_id = $1 AND account_id = $2::uuid"
        " ORDER BY number DESC LIMIT 1",
        tenant_id,
        account_id,
    )
    return None if row is None else _read_statement(row)


async def list_statements(connection: Connection, tenant_id: int, account_id: str) -> list[Statement]:
    """All statements of an account, the newest first, without their lines."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM statement WHERE tenant_id = $1 AND account_id = $2::uuid"
        " ORDER BY number DESC",
        tenant_id,
        account_id,
    )
    return [_read_statement(row) for row in rows]


async def find_statement(
    connection: Connection, tenant_id: int, account_id: str, *, number: int
) -> Statement | None:
    """One statement with its lines."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM statement WHERE tenant_id = $1 AND account_id = $2::uuid AND number = $3",
        tenant_id,
        account_id,
        number,
    )
    if row is None:
        return None
    lines = await connection.fetch(
        "SELECT entry_number, booked_on, description, amount_minor FROM statement_line"
        " WHERE tenant_id = $1 AND account_id = $2::uuid AND number = $3 ORDER BY position",
        tenant_id,
        account_id,
        number,
    )
    return _read_statement(row, lines)


def _read_statement(row: asyncpg.Record, lines: Sequence[asyncpg.Record] = ()) -> Statement:
    values = dict(row)
    plans = tuple(decode_document(values.pop("plans"))["plans"])
    return Statement(plans=plans, lines=tuple(StatementLine(**dict(line)) for line in lines), **values)
