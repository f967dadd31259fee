"""Writing a new order with its first transaction and its card, all in one statement."""

from dataclasses import dataclass

from parcela.domain.orders import MerchantOrder
from parcela.store.cards import Card
from parcela.store.database import Connection
from parcela.store.documents import Document
from parcela.store.order_rows import StoredTransaction, dump, dump_card

_BEGIN_ORDER = """
WITH new_card AS (
    INSERT INTO card (tenant_id, card_id, pan_index, data_key_number, sealed_pan, first_six, last_four)
    VALUES ($1, $2::uuid, $3, $4, $5, $6, $7)
    ON CONFLICT (tenant_id, pan_index) DO NOTHING RETURNING card_id
), known_card AS (
    SELECT card_id FROM card WHERE tenant_id = $1 AND pan_index = $3 FOR KEY SHARE
), used_card AS (
    SELECT card_id FROM new_card
    UNION ALL
    SELECT card_id FROM known_card
), new_order AS (
    INSERT INTO merchant_order (tenant_id, order_key, client_id, order_id, currency, amount_minor, status,
        card_id, card, chosen_plan, details, created_at, updated_at, checked_plan)
    SELECT $1, $8::uuid, $9, $10, $11, $12, $13, card_id, $14, $15, $16, $17, $17, $18 FROM used_card
    ON CONFLICT (tenant_id, client_id, order_id) DO NOTHING RETURNING card_id
), new_transaction AS (
    INSERT INTO merchant_transaction (tenant_id, order_key, number, transaction_id, kind, digest, currency,
        amount_minor, created_at, card_id, card, chosen_plan, order_face, details, api_version, leased_until)
    SELECT $1, $8::uuid, 1, $19, $20, $21, $11, $12, $17, card_id, $14, $15, $22, $23, $24,
        now() + make_interval(secs => $25)
    FROM new_order
)
SELECT card_id::text FROM new_order
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order with its first transaction, under way, and the sealed card of both.

    `checked_plan` is what the capture must know of the plan that was checked.
    """

    order: MerchantOrder
    first: StoredTransaction
    card: Card
    checked_plan: Document | None


async def insert_order(connection: Connection, tenant_id: int, new: NewOrder, *, lease_s: int) -> str | None:
    """Write a new order; gives the id of the card's record. Its worker has `lease_s` seconds for it.

    None when the merchant has an order with this id, or when the card was stored or erased by a transaction
    that this statement did not see yet; then no order was written.
    """
    order, transaction, card = new.order, new.first.transaction, new.card
    card_id = await connection.fetchval(
        _BEGIN_ORDER,
        tenant_id,
        card.card_id,
        card.pan_index,
        card.data_key_number,
        card.sealed_pan,
        card.first_six,
        card.last_four,
        order.order_key,
        order.client_id,
        order.order_id,
        order.currency,
        order.amount_minor,
        order.status,
        dump_card(order.card),
        dump(order.chosen_plan),
        dump(order.details),
        order.created_at,
        dump(new.checked_plan),
        transaction.transaction_id,
        transaction.kind,
        new.first.digest,
        dump(transaction.order_face),
        dump(transaction.details),
        transaction.api_version,
        lease_s,
    )
    assert card_id is None or isinstance(card_id, str)
    return card_id
