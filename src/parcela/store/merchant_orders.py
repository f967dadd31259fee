"""Orders of merchants and their transactions: reading, locking, and further transactions."""

from collections.abc import Sequence

from parcela.domain.orders import MerchantOrder, OrderStatus, OrderTransaction
from parcela.store.database import Connection
from parcela.store.documents import Document, decode_document
from parcela.store.order_rows import (
    ORDER_COLUMNS,
    TRANSACTION_COLUMNS,
    StoredTransaction,
    dump,
    dump_card,
    find_card_id,
    read_order,
    read_transaction,
)


async def find_order(
    connection: Connection, tenant_id: int, *, client_id: int, order_id: str
) -> MerchantOrder | None:
    """A merchant's order."""
    row = await connection.fetchrow(
        f"SELECT {ORDER_COLUMNS} FROM merchant_order"
        " WHERE tenant_id = $1 AND client_id = $2 AND order_id = $3",
        tenant_id,
        client_id,
        order_id,
    )
    return None if row is None else read_order(row)


async def list_newest_orders(
    connection: Connection, tenant_id: int, *, client_id: int, limit: int
) -> list[MerchantOrder]:
    """A merchant's orders, the newest first."""
    rows = await connection.fetch(
        f"SELECT {ORDER_COLUMNS} FROM merchant_order WHERE tenant_id = $1 AND client_id = $2"
        " ORDER BY merchant_order.created_at DESC, merchant_order.order_key DESC LIMIT $3",
        tenant_id,
        client_id,
        limit,
    )
    return [read_order(row) for row in rows]


async def lock_order(
    connection: Connection, tenant_id: int, *, client_id: int, order_id: str
) -> MerchantOrder | None:
    """A merchant's order, locked until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {ORDER_COLUMNS} FROM merchant_order"
        " WHERE tenant_id = $1 AND client_id = $2 AND order_id = $3 FOR UPDATE",
        tenant_id,
        client_id,
        order_id,
    )
    return None if row is None else read_order(row)


async def lock_order_of_key(connection: Connection, tenant_id: int, order_key: str) -> MerchantOrder:
    """The order of a transaction, locked until the database's transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {ORDER_COLUMNS} FROM merchant_order"
        " WHERE tenant_id = $1 AND order_key = $2::uuid FOR UPDATE",
        tenant_id,
        order_key,
    )
    assert row is not None, "a foreign key keeps the order of every transaction"
    return read_order(row)


async def get_checked_plan(connection: Connection, tenant_id: int, order_key: str) -> Document:
    """What is kept of the checked plan of an order that has one."""
    text = await connection.fetchval(
        "SELECT checked_plan FROM merchant_order WHERE tenant_id = $1 AND order_key = $2::uuid",
        tenant_id,
        order_key,
    )
    assert isinstance(text, str), "an order with a chosen plan keeps what was checked"
    return decode_document(text)


async def update_attempted(
    connection: Connection,
    tenant_id: int,
    order: MerchantOrder,
    *,
    status_before: OrderStatus,
    checked_plan: Document | None,
) -> None:
    """A further attempt to pay begins: what it says of the order replaces what the last one said."""
    done = await connection.fetchval(
        "UPDATE merchant_order SET status = $3, currency = $4, amount_minor = $5, card_id = $6::uuid,"
        " card = $7, chosen_plan = $8, details = $9, updated_at = $10, checked_plan = $12"
        " WHERE tenant_id = $1 AND order_key = $2::uuid AND status = $11 AND authorized_minor = 0"
        " RETURNING 1",
        tenant_id,
        order.order_key,
        order.status,
        order.currency,
        order.amount_minor,
        find_card_id(order.card),
        dump_card(order.card),
        dump(order.chosen_plan),
        dump(order.details),
        order.updated_at,
        status_before,
        dump(checked_plan),
    )
    assert done is not None, "the order is locked"


# ---------------------------------------------------------------- transactions


async def insert_transaction(
    connection: Connection, tenant_id: int, stored: StoredTransaction, *, lease_s: int
) -> None:
    """Write a transaction, under way or with its outcome. Its worker has `lease_s` seconds for it."""
    transaction = stored.transaction
    totals = transaction.totals_after
    await connection.execute(
        "INSERT INTO merchant_transaction (tenant_id, order_key, number, transaction_id, kind, digest,"
        " currency, amount_minor, target_id, outcome, status_after, authorized_after, captured_after,"
        " refunded_after, created_at, recorded_at, card_id, card, chosen_plan, order_face, details,"
        " api_version, leased_until)"
        " VALUES ($1, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
        " $17::uuid, $18, $19, $20, $21, $22, now() + make_interval(secs => $23))",
        tenant_id,
        transaction.order_key,
        transaction.number,
        transaction.transaction_id,
        transaction.kind,
        stored.digest,
        transaction.currency,
        transaction.amount_minor,
        transaction.target_id,
        transaction.outcome,
        transaction.status_after,
        None if totals is None else totals.authorized_minor,
        None if totals is None else totals.captured_minor,
        None if totals is None else totals.refunded_minor,
        transaction.created_at,
        transaction.recorded_at,
        find_card_id(transaction.card),
        dump_card(transaction.card),
        dump(transaction.chosen_plan),
        dump(transaction.order_face),
        dump(transaction.details),
        transaction.api_version,
        lease_s,
    )


async def list_transactions_at_work(
    connection: Connection, tenant_id: int, order_key: str, *, transaction_ids: Sequence[str]
) -> list[StoredTransaction]:
    """What a new transaction of an order looks at, by number: those with these ids, the one under way, those
    whose reversal is due, what may be captured or refunded, and the last one.
    """
    rows = await connection.fetch(
        f"SELECT {TRANSACTION_COLUMNS} FROM merchant_transaction"
        " WHERE tenant_id = $1 AND order_key = $2::uuid AND (transaction_id = ANY($3::text[])"
        " OR outcome IS NULL OR reversal = 'due' OR (outcome = 'approved' AND voided_by IS NULL"
        " AND kind IN ('authorization', 'payment', 'capture'))"
        " OR number = (SELECT max(number) FROM merchant_transaction"
        " WHERE tenant_id = $1 AND order_key = $2::uuid)) ORDER BY number",
        tenant_id,
        order_key,
        list(transaction_ids),
    )
    return [read_transaction(row) for row in rows]


async def find_transaction(
    connection: Connection, tenant_id: int, order_key: str, transaction_id: str
) -> StoredTransaction | None:
    """One transaction of an order by the merchant's id."""
    row = await connection.fetchrow(
        f"SELECT {TRANSACTION_COLUMNS} FROM merchant_transaction"
        " WHERE tenant_id = $1 AND order_key = $2::uuid AND transaction_id = $3",
        tenant_id,
        order_key,
        transaction_id,
    )
    return None if row is None else read_transaction(row)


async def list_transactions(connection: Connection, tenant_id: int, order_key: str) -> list[OrderTransaction]:
    """All transactions of an order that have an outcome, oldest first."""
    rows = await connection.fetch(
        f"SELECT {TRANSACTION_COLUMNS} FROM merchant_transaction"
        " WHERE tenant_id = $1 AND order_key = $2::uuid AND outcome IS NOT NULL ORDER BY number",
        tenant_id,
        order_key,
    )
    return [read_transaction(row).transaction for row in rows]


async def has_later_transaction(
    connection: Connection, tenant_id: int, transaction: OrderTransaction
) -> bool:
    """Did anything but locked attempts happen on the order after this transaction?"""
    found = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM merchant_transaction WHERE tenant_id = $1 AND order_key = $2::uuid"
        " AND number > $3 AND outcome IS DISTINCT FROM 'locked')",
        tenant_id,
        transaction.order_key,
        transaction.number,
    )
    assert isinstance(found, bool)
    return found
