"""Transactions under way: writing their outcome once, and taking over those that nobody works on any more.

Whoever concludes holds the newest fence; a worker whose lease passed on finds nothing to write.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from parcela.domain.orders import MerchantOrder, OrderTransaction
from parcela.store.database import Connection
from parcela.store.documents import encode_document
from parcela.store.events import EventRow
from parcela.store.order_rows import StoredTransaction, dump, read_transaction

_CONCLUDE = """
WITH held AS (
    SELECT t.tenant_id, t.order_key, t.number
    FROM merchant_order o JOIN merchant_transaction t USING (tenant_id, order_key)
    WHERE t.tenant_id = $1 AND t.order_key = $2::uuid AND t.number = $3 AND t.outcome IS NULL
        AND t.fence = $4 AND o.status = $5
        AND (o.authorized_minor, o.captured_minor, o.refunded_minor) = ($6, $7, $8)
    FOR UPDATE
), concluded AS (
    UPDATE merchant_transaction t
    SET outcome = $9, recorded_at = $10, acquirer = $11, status_after = $12, authorized_after = $13,
        captured_after = $14, refunded_after = $15, plan_id = $16::uuid, reversal = $17,
        leased_until = now() + make_interval(secs => $18)
    FROM held WHERE (t.tenant_id, t.order_key, t.number) = (held.tenant_id, held.order_key, held.number)
), changed AS (
    UPDATE merchant_order o
    SET status = $12, authorized_minor = $13, captured_minor = $14, refunded_minor = $15, updated_at = $10,
        plan_id = $19::uuid
    FROM held WHERE (o.tenant_id, o.order_key) = (held.tenant_id, held.order_key)
), voided AS (
    UPDATE merchant_transaction t SET voided_by = held.number
    FROM held WHERE (t.tenant_id, t.order_key) = (held.tenant_id, held.order_key)
        AND t.transaction_id = $20 AND t.voided_by IS NULL
), told AS (
    INSERT INTO event (tenant_id, event_id, type, subject, data, occurred_at)
    SELECT tenant_id, event_id, type, subject, data::json, $10
    FROM held, unnest($21::uuid[], $22::text[], $23::text[], $24::text[])
        AS new (event_id, type, subject, data)
)
SELECT 1 FROM held
"""

_CLAIM = """
UPDATE merchant_transaction t
SET fence = fence + 1, leased_until = now() + make_interval(secs => $2)
FROM (
    SELECT tenant_id, order_key, number FROM merchant_transaction
    WHERE (outcome IS NULL OR reversal = 'due') AND leased_until < now()
    ORDER BY leased_until LIMIT $1 FOR UPDATE SKIP LOCKED
) AS due
JOIN merchant_order o USING (tenant_id, order_key)
JOIN client USING (tenant_id, client_id)
WHERE (t.tenant_id, t.order_key, t.number) = (due.tenant_id, due.order_key, due.number)
RETURNING t.tenant_id, client.code, t.order_key::text AS order_key, t.number, t.transaction_id, t.kind,
    t.digest, t.currency, t.amount_minor, t.target_id, t.outcome, t.status_after, t.authorized_after,
    t.captured_after, t.refunded_after, t.created_at, t.recorded_at, t.acquirer, t.card_id::text AS card_id,
    t.card, t.chosen_plan, t.plan_id::text AS plan_id, t.order_face, t.details, t.api_version, t.voided_by,
    t.reversal, t.fence
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The end of a transaction: the order before and after it, the transaction with its outcome, events.

    `voided_id` is the transaction that it voids. `reversal` says whether the acquirer must still undo it.
    """

    before: MerchantOrder
    after: MerchantOrder
    transaction: OrderTransaction
    fence: int
    events: Sequence[EventRow] = ()
    voided_id: str | None = None
    reversal: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedAttempt:
    """A transaction that was taken over, and whose it is."""

    tenant_id: int
    merchant_id: str
    stored: StoredTransaction


async def lock_attempt(
    connection: Connection, tenant_id: int, transaction: OrderTransaction, *, fence: int
) -> bool:
    """Lock an attempt with its order, before anything is written beside its outcome.

    False when it has an outcome or the lease passed on.
    """
    held = await connection.fetchval(
        "SELECT 1 FROM merchant_order o JOIN merchant_transaction t USING (tenant_id, order_key)"
        " WHERE t.tenant_id = $1 AND t.order_key = $2::uuid AND t.number = $3 AND t.outcome IS NULL"
        " AND t.fence = $4 FOR UPDATE",
        tenant_id,
        transaction.order_key,
        transaction.number,
        fence,
    )
    return held is not None


async def conclude_transaction(
    connection: Connection, tenant_id: int, conclusion: Conclusion, *, retry_s: int
) -> bool:
    """Write the outcome of a transaction and what it makes of its order, in one statement.

    False, with nothing written, when it has an outcome, the lease passed on, or the order is not as it was. A
    reversal that is due may be taken up after `retry_s` seconds.
    """
    transaction, before, after = conclusion.transaction, conclusion.before, conclusion.after
    done = await connection.fetchval(
        _CONCLUDE,
        tenant_id,
        transaction.order_key,
        transaction.number,
        conclusion.fence,
        before.status,
        before.totals.authorized_minor,
        before.totals.captured_minor,
        before.totals.refunded_minor,
        transaction.outcome,
        transaction.recorded_at,
        dump(transaction.acquirer),
        after.status,
        after.totals.authorized_minor,
        after.totals.captured_minor,
        after.totals.refunded_minor,
        transaction.plan_id,
        conclusion.reversal,
        retry_s,
        after.plan_id,
        conclusion.voided_id,
        [event.event_id for event in conclusion.events],
        [event.type for event in conclusion.events],
        [event.subject for event in conclusion.events],
        [encode_document(event.data) for event in conclusion.events],
    )
    return done is not None


async def claim_unresolved(connection: Connection, *, limit: int, lease_s: int) -> list[ClaimedAttempt]:
    """Take over transactions that nobody works on: under way too long, or to be reversed at the acquirer.

    Those that somebody else takes at the same time are left to them.
    """
    rows = await connection.fetch(_CLAIM, limit, lease_s)
    return [
        ClaimedAttempt(tenant_id=row["tenant_id"], merchant_id=row["code"], stored=read_transaction(row))
        for row in rows
    ]


async def update_reversed(
    connection: Connection, tenant_id: int, transaction: OrderTransaction, *, fence: int
) -> bool:
    """Note that the acquirer reversed a transaction; False when somebody else did."""
    done = await connection.fetchval(
        "UPDATE merchant_transaction SET reversal = 'done'"
        " WHERE tenant_id = $1 AND order_key = $2::uuid AND number = $3 AND fence = $4 AND reversal = 'due'"
        " RETURNING 1",
        tenant_id,
        transaction.order_key,
        transaction.number,
        fence,
    )
    return done is not None


async def update_order_failed(
    connection: Connection, tenant_id: int, order_key: str, *, at: datetime
) -> None:
    """An order whose only open attempt did nothing has failed."""
    await connection.execute(
        "UPDATE merchant_order SET status = 'failed', updated_at = $3"
        " WHERE tenant_id = $1 AND order_key = $2::uuid AND status = 'initiated'",
        tenant_id,
        order_key,
        at,
    )
