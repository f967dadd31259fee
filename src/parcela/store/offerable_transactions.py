"""Card transactions that offers are shown for after the purchase, each with the presentment that counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from parcela.store.database import Connection

_FEED_LOCK = 0x6F66_6672
"""Advisory lock with the tenant: one reader at a time gives positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOffers:
    """The presentment of a transaction, and the plan that was made of it."""

    transaction_id: str
    offer_transaction_id: int
    client_id: int
    presented_at: datetime
    plan_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The transactions of an account posted (or, while that waits, made) from `since` to before `until`.

    `after` is the id of the transaction that the page before this one ended with.
    """

    account_id: str
    since: datetime
    until: datetime
    after: str | None
    limit: int


async def insert_offerable(
    connection: Connection, tenant_id: int, transaction_id: str, *, provider_id: str, at: datetime
) -> None:
    """Note that a transaction can be offered installments; once is enough."""
    await connection.execute(
        "INSERT INTO offerable_transaction (tenant_id, transaction_id, provider_id, noted_at)"
        " VALUES ($1, $2::uuid, $3::uuid, $4) ON CONFLICT (tenant_id, transaction_id) DO NOTHING",
        tenant_id,
        transaction_id,
        provider_id,
        at,
    )


async def update_shown_offers(
    connection: Connection, tenant_id: int, shown: ShownOffers, *, replaced: int | None
) -> bool:
    """Make a presentment the one that counts, in the place of the one that did; False if another came first.

    The transaction is noted already.
    """
    status = await connection.execute(
        "UPDATE offerable_transaction SET offer_transaction_id = $3, client_id = $4, presented_at = $5"
        " WHERE tenant_id = $1 AND transaction_id = $2::uuid"
        " AND offer_transaction_id IS NOT DISTINCT FROM $6",
        tenant_id,
        shown.transaction_id,
        shown.offer_transaction_id,
        shown.client_id,
        shown.presented_at,
        replaced,
    )
    return bool(status.endswith(" 1"))


async def list_shown_offers(
    connection: Connection, tenant_id: int, transaction_ids: Sequence[str]
) -> dict[str, ShownOffers]:
    """What was shown for those of the transactions that offers were shown for."""
    rows = await connection.fetch(
        "SELECT transaction_id::text AS transaction_id, offer_transaction_id, offered.client_id,"
        " presented_at, plan_id::text AS plan_id"
        " FROM offerable_transaction offered LEFT JOIN plan USING (tenant_id, offer_transaction_id)"
        " WHERE tenant_id = $1 AND transaction_id = ANY($2::uuid[]) AND offer_transaction_id IS NOT NULL",
        tenant_id,
        list(transaction_ids),
    )
    return {row["transaction_id"]: ShownOffers(**dict(row)) for row in rows}


async def find_transaction_of_plan(connection: Connection, tenant_id: int, plan_id: str) -> str | None:
    """The transaction whose offers a plan was made of."""
    transaction_id: str | None = await connection.fetchval(
        "SELECT transaction_id::text FROM plan JOIN offerable_transaction"
        " USING (tenant_id, offer_transaction_id) WHERE tenant_id = $1 AND plan_id = $2::uuid",
        tenant_id,
        plan_id,
    )
    return transaction_id


async def list_feed(
    connection: Connection, tenant_id: int, *, provider_id: str | None, after: int, limit: int
) -> list[tuple[int, str]]:
    """Position and id of what was noted, by position. Needs a transaction, for it gives positions."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", _FEED_LOCK, tenant_id)
    await connection.execute(_GIVE_POSITIONS, tenant_id)
    rows = await connection.fetch(
        "SELECT position, transaction_id::text AS transaction_id FROM offerable_transaction"
        " WHERE tenant_id = $1 AND ($2::uuid IS NULL OR provider_id = $2::uuid) AND position > $3"
        " ORDER BY position LIMIT $4",
        tenant_id,
        provider_id,
        after,
        limit,
    )
    return [(row["position"], row["transaction_id"]) for row in rows]


_GIVE_POSITIONS = """
WITH last AS (
    SELECT coalesce(max(position), 0) AS position FROM offerable_transaction WHERE tenant_id = $1
), new AS (
    SELECT transaction_id, row_number() OVER (ORDER BY noted_at, transaction_id) AS place
    FROM offerable_transaction WHERE tenant_id = $1 AND position IS NULL
    ORDER BY noted_at, transaction_id LIMIT 1000
)
UPDATE offerable_transaction offered SET position = last.position + new.place
FROM last, new WHERE offered.tenant_id = $1 AND offered.transaction_id = new.transaction_id
"""


async def list_ids_of_period(connection: Connection, tenant_id: int, period: Period) -> list[str]:
    """The ids of an account's transactions of a period, the oldest first."""
    rows = await connection.fetch(
        "SELECT transaction_id::text AS transaction_id FROM account_transaction"
        " WHERE tenant_id = $1 AND account_id = $2::uuid"
        " AND coalesce(cleared_at, created_at) >= $3 AND coalesce(cleared_at, created_at) < $4"
        " AND ($5::uuid IS NULL OR (created_at, transaction_id) > (SELECT before.created_at,"
        " before.transaction_id FROM account_transaction before"
        " WHERE before.tenant_id = $1 AND before.transaction_id = $5::uuid))"
        " ORDER BY created_at, transaction_id LIMIT $6",
        tenant_id,
        period.account_id,
        period.since,
        period.until,
        period.after,
        period.limit,
    )
    return [row["transaction_id"] for row in rows]


async def list_ids_of_statement(
    connection: Connection, tenant_id: int, account_id: str, *, number: int
) -> list[str]:
    """The ids of the purchases that a statement shows, in the order of its lines."""
    rows = await connection.fetch(
        "SELECT split_part(event_key, ':', 2) AS transaction_id FROM statement_line line"
        " JOIN ledger_entry entry ON entry.tenant_id = line.tenant_id"
        " AND entry.book = line.account_id AND entry.number = line.entry_number"
        " WHERE line.tenant_id = $1 AND line.account_id = $2::uuid AND line.number = $3"
        " AND kind = 'transaction.posted' GROUP BY 1 ORDER BY min(position)",
        tenant_id,
        account_id,
        number,
    )
    return [row["transaction_id"] for row in rows]
