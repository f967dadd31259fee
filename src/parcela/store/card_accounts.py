"""Card accounts of the issuer processor. Whoever changes anything of an account locks its row first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from parcela.domain.cards import CardFunding
from parcela.domain.servicing.records import CardAccount
from parcela.store.database import Connection

_COLUMNS = (
    "account_id::text AS account_id, card_id::text AS card_id, provider_id::text AS provider_id, currency,"
    " funding, credit_limit_minor, statement_day, opened_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFace:
    """An account with what people may see of its card, and the day on which its next statement closes."""

    account: CardAccount
    first_six: str
    last_four: str
    next_statement_on: date

    @property
    def masked_card(self) -> str:
        """First six and last four digits."""
        return f"{self.first_six}******{self.last_four}"


async def insert_account(
    connection: Connection, tenant_id: int, account: CardAccount, *, next_statement_on: date
) -> bool:
    """Write an account; False when the card has one in this currency already."""
    status = await connection.execute(
        "INSERT INTO card_account (tenant_id, account_id, card_id, provider_id, currency, funding,"
        " credit_limit_minor, statement_day, next_statement_on, opened_at)"
        " VALUES ($1, $2::uuid, $3::uuid, $4::uuid, $5, $6, $7, $8, $9, $10)"
        " ON CONFLICT (tenant_id, card_id, currency) DO NOTHING",
        tenant_id,
        account.account_id,
        account.card_id,
        account.provider_id,
        account.currency,
        account.funding,
        account.credit_limit_minor,
        account.statement_day,
        next_statement_on,
        account.opened_at,
    )
    return bool(status.endswith(" 1"))


async def find_account(connection: Connection, tenant_id: int, account_id: str) -> CardAccount | None:
    """An account, without a lock."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM card_account WHERE tenant_id = $1 AND account_id = $2::uuid",
        tenant_id,
        account_id,
    )
    return None if row is None else _read_account(row)


async def lock_account(
    connection: Connection, tenant_id: int, account_id: str, *, skip_locked: bool = False
) -> CardAccount | None:
    """An account, locked to the end of the transaction; None if it is unknown, or busy and to be skipped."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM card_account WHERE tenant_id = $1 AND account_id = $2::uuid FOR UPDATE"
        + (" SKIP LOCKED" if skip_locked else ""),
        tenant_id,
        account_id,
    )
    return None if row is None else _read_account(row)


async def find_account_of_card(
    connection: Connection, tenant_id: int, *, pan_index: bytes, currency: str
) -> CardAccount | None:
    """The account of a card in a currency, without a lock; accounts are never taken away."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM card_account WHERE tenant_id = $1 AND currency = $3 AND card_id ="
        " (SELECT card_id FROM card WHERE tenant_id = $1 AND pan_index = $2)",
        tenant_id,
        pan_index,
        currency,
    )
    return None if row is None else _read_account(row)


async def find_face(connection: Connection, tenant_id: int, account_id: str) -> AccountFace | None:
    """One account as people see it."""
    rows = await connection.fetch(f"{_SELECT_FACES} AND account_id = $2::uuid", tenant_id, account_id)
    return _read_face(rows[0]) if rows else None


async def list_faces(
    connection: Connection,
    tenant_id: int,
    *,
    provider_id: str | None,
    last_four: str | None,
    after: str | None,
    limit: int,
) -> list[AccountFace]:
    """Accounts by id, those of one provider if it is given, of one ending if that is given."""
    rows = await connection.fetch(
        f"{_SELECT_FACES} AND ($2::uuid IS NULL OR provider_id = $2::uuid)"
        " AND ($3::text IS NULL OR last_four = $3) AND ($4::uuid IS NULL OR account_id > $4::uuid)"
        " ORDER BY account_id LIMIT $5",
        tenant_id,
        provider_id,
        last_four,
        after,
        limit,
    )
    return [_read_face(row) for row in rows]


async def get_next_statement(connection: Connection, tenant_id: int, account_id: str) -> date:
    """The day on which the next statement of an account that exists closes."""
    next_on: date = await connection.fetchval(
        "SELECT next_statement_on FROM card_account WHERE tenant_id = $1 AND account_id = $2::uuid",
        tenant_id,
        account_id,
    )
    return next_on


async def update_next_statement(
    connection: Connection, tenant_id: int, account_id: str, *, closed_on: date, next_on: date
) -> None:
    """Move the day of the next statement on, from the one that was closed."""
    status = await connection.execute(
        "UPDATE card_account SET next_statement_on = $4"
        " WHERE tenant_id = $1 AND account_id = $2::uuid AND next_statement_on = $3",
        tenant_id,
        account_id,
        closed_on,
        next_on,
    )
    if not status.endswith(" 1"):
        raise asyncpg.SerializationError("another worker closed this statement; try again")


_SELECT_FACES = (
    f"SELECT {_COLUMNS.replace('opened_at', 'card_account.opened_at')}, first_six, last_four,"
    " next_statement_on FROM card_account JOIN card USING (tenant_id, card_id) WHERE tenant_id = $1"
)


def _read_account(row: asyncpg.Record) -> CardAccount:
    return CardAccount(
        account_id=row["account_id"],
        card_id=row["card_id"],
        provider_id=row["provider_id"],
        currency=row["currency"],
        funding=CardFunding(row["funding"]),
        credit_limit_minor=row["credit_limit_minor"],
        statement_day=row["statement_day"],
        opened_at=row["opened_at"],
    )


def _read_face(row: asyncpg.Record) -> AccountFace:
    return AccountFace(
        account=_read_account(row),
        first_six=row["first_six"],
        last_four=row["last_four"],
        next_statement_on=row["next_statement_on"],
    )


async def list_due_accounts(
    connection: Connection, *, today: date, late_by: date, limit: int
) -> Sequence[tuple[int, str]]:
    """Tenant and account id of accounts with work that has fallen due, without locks, in no fixed order.

    Due are: rows to bill of plans that are not held; billed rows that have become late; unpaid rows of
    debit cards, once a day; statements.
    """
    rows = await connection.fetch(_DUE_ACCOUNTS, today, late_by, limit)
    return [(row["tenant_id"], row["account_id"]) for row in rows]


_DUE_ACCOUNTS = """
SELECT tenant_id, account_id::text AS account_id FROM (
    (SELECT tenant_id, account_id FROM serviced_row r JOIN serviced_plan p USING (tenant_id, plan_id)
     WHERE r.state = 'scheduled' AND r.due_date <= $1 AND p.state = 'active' AND NOT p.is_held
       AND coalesce(p.resumes_on, '-infinity') <= $1
     ORDER BY r.due_date LIMIT $3)
    UNION
    (SELECT tenant_id, account_id FROM serviced_row r JOIN serviced_plan p USING (tenant_id, plan_id)
     WHERE r.state = 'billed' AND r.due_date <= $2 AND r.billed_on <= $2
       AND p.state = 'active' AND NOT p.is_held
     ORDER BY r.due_date LIMIT $3)
    UNION
    (SELECT tenant_id, account_id FROM card_account a JOIN serviced_plan p USING (tenant_id, account_id)
     WHERE a.funding = 'debit' AND p.state = 'active' AND NOT p.is_held
       AND coalesce(p.collection_tried_on, '-infinity') < $1
       AND EXISTS (SELECT FROM serviced_row r WHERE (r.tenant_id, r.plan_id) = (p.tenant_id, p.plan_id)
                   AND r.state IN ('billed', 'late'))
     LIMIT $3)
    UNION
    (SELECT tenant_id, account_id FROM card_account WHERE next_statement_on <= $1
     ORDER BY next_statement_on LIMIT $3)
) due LIMIT $3
"""
