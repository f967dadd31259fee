"""The simulated issuer host's own records of authorizations."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from parcela.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAuthorization:
    """A purchase as the host keeps it, without a card number; the amount is in minor units.

    `purchase_key` is the same for a message and its repeats.
    """

    purchase_key: bytes
    pan_index: bytes
    state: str
    response_code: str
    authorization_code: str | None
    currency: str
    amount_minor: int
    stan: str
    rrn: str | None
    transmitted: str | None
    plan_id: str | None
    entry_mode: str | None
    created_at: datetime


_COLUMNS = (
    "purchase_key, pan_index, state, response_code, authorization_code, currency, amount_minor, stan, rrn,"
    " transmitted, plan_id, entry_mode, created_at"
)


async def insert_authorization(
    connection: Connection, tenant_id: int, row: SimulatedAuthorization
) -> SimulatedAuthorization:
    """Keep a purchase, once; gives what is kept, which for a repeat is the first one."""
    await connection.execute(
        f"INSERT INTO simulated_authorization (tenant_id, {_COLUMNS})"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        " ON CONFLICT (tenant_id, purchase_key) DO NOTHING",
        tenant_id,
        row.purchase_key,
        row.pan_index,
        row.state,
        row.response_code,
        row.authorization_code,
        row.currency,
        row.amount_minor,
        row.stan,
        row.rrn,
        row.transmitted,
        row.plan_id,
        row.entry_mode,
        row.created_at,
    )
    kept = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM simulated_authorization WHERE tenant_id = $1 AND purchase_key = $2",
        tenant_id,
        row.purchase_key,
    )
    assert kept is not None, "it was kept, now or before"
    return _read(kept)


async def list_authorizations_of_card(
    connection: Connection, tenant_id: int, pan_index: bytes
) -> list[SimulatedAuthorization]:
    """The purchases of a card, the newest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM simulated_authorization WHERE tenant_id = $1 AND pan_index = $2"
        " ORDER BY created_at DESC, purchase_key LIMIT 200",
        tenant_id,
        pan_index,
    )
    return [_read(row) for row in rows]


async def update_reversed(
    connection: Connection, tenant_id: int, purchase_key: bytes, *, left_minor: int
) -> None:
    """Void a purchase, or bring it down to what is left of it in minor units."""
    await connection.execute(
        "UPDATE simulated_authorization SET amount_minor = least(amount_minor, $3),"
        " state = CASE WHEN $3 = 0 THEN 'reversed' ELSE state END"
        " WHERE tenant_id = $1 AND purchase_key = $2 AND state = 'approved'",
        tenant_id,
        purchase_key,
        left_minor,
    )


async def update_advised(
    connection: Connection, tenant_id: int, purchase_key: bytes, *, plan_id: str | None
) -> None:
    """Count an advice, and keep its plan id where none was known."""
    await connection.execute(
        "UPDATE simulated_authorization SET advices = advices + 1, plan_id = coalesce(plan_id, $3)"
        " WHERE tenant_id = $1 AND purchase_key = $2",
        tenant_id,
        purchase_key,
        plan_id,
    )


def _read(row: asyncpg.Record) -> SimulatedAuthorization:
    return SimulatedAuthorization(**row)
