"""Rows of orders and of their transactions, and the documents in them."""

from dataclasses import asdict, dataclass

import asyncpg
import msgspec

from parcela.domain.orders import (
    AcquirerFacts,
    CardFace,
    ChosenPlan,
    MerchantOrder,
    OrderFace,
    OrderStatus,
    OrderTotals,
    OrderTransaction,
    Outcome,
    TransactionKind,
)
from parcela.store.documents import Document, decode_document

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_card = msgspec.json.Decoder(dict[str, str | int]).decode
_decode_plan = msgspec.json.Decoder(ChosenPlan).decode
_decode_facts = msgspec.json.Decoder(AcquirerFacts).decode

ORDER_COLUMNS = (
    "order_key::text AS order_key, client_id, order_id, currency, amount_minor, status, authorized_minor,"
    " captured_minor, refunded_minor, card_id::text AS card_id, card, chosen_plan,"
    " plan_id::text AS plan_id, details, created_at, updated_at"
)
TRANSACTION_COLUMNS = (
    "order_key::text AS order_key, number, transaction_id, kind, digest, currency, amount_minor, target_id,"
    " outcome, status_after, authorized_after, captured_after, refunded_after, created_at, recorded_at,"
    " acquirer, card_id::text AS card_id, card, chosen_plan, plan_id::text AS plan_id, order_face, details,"
    " api_version, voided_by, reversal, fence"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTransaction:
    """A transaction as stored. `digest` is its request's; `fence` grows when its lease passes on.

    `reversal` is none, due or done.
    """

    transaction: OrderTransaction
    digest: bytes
    reversal: str = "none"
    fence: int = 0


def keep_plain(details: object) -> Document:
    """A merchant's own words as they will be read back."""
    document: Document = msgspec.json.decode(_encode(details))
    return document


def read_transaction(row: asyncpg.Record) -> StoredTransaction:
    """A transaction of a row with all columns."""
    outcome = row["outcome"]
    transaction = OrderTransaction(
        order_key=row["order_key"],
        transaction_id=row["transaction_id"],
        number=row["number"],
        kind=TransactionKind(row["kind"]),
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        created_at=row["created_at"],
        recorded_at=row["recorded_at"],
        outcome=None if outcome is None else Outcome(outcome),
        status_after=None if outcome is None else OrderStatus(row["status_after"]),
        totals_after=None
        if outcome is None
        else OrderTotals(
            authorized_minor=row["authorized_after"],
            captured_minor=row["captured_after"],
            refunded_minor=row["refunded_after"],
        ),
        acquirer=None if row["acquirer"] is None else _decode_facts(row["acquirer"]),
        card=_read_card(row),
        chosen_plan=None if row["chosen_plan"] is None else _decode_plan(row["chosen_plan"]),
        target_id=row["target_id"],
        details=decode_document(row["details"]),
        api_version=row["api_version"],
        order_face=_read_face(row["order_face"]),
        plan_id=row["plan_id"],
        is_voided=row["voided_by"] is not None,
    )
    return StoredTransaction(
        transaction=transaction,
        digest=row["digest"],
        reversal=row["reversal"],
        fence=row["fence"],
    )


def read_order(row: asyncpg.Record) -> MerchantOrder:
    """An order of a row with all columns."""
    return MerchantOrder(
        order_key=row["order_key"],
        client_id=row["client_id"],
        order_id=row["order_id"],
        currency=row["currency"],
        amount_minor=row["amount_minor"],
        status=OrderStatus(row["status"]),
        totals=OrderTotals(
            authorized_minor=row["authorized_minor"],
            captured_minor=row["captured_minor"],
            refunded_minor=row["refunded_minor"],
        ),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        card=_read_card(row),
        chosen_plan=None if row["chosen_plan"] is None else _decode_plan(row["chosen_plan"]),
        plan_id=row["plan_id"],
        details=decode_document(row["details"]),
    )


def _read_face(text: str | None) -> OrderFace | None:
    if text is None:
        return None
    document = decode_document(text)
    return OrderFace(
        amount_minor=document["amount_minor"], currency=document["currency"], details=document["details"]
    )


def _read_card(row: asyncpg.Record) -> CardFace | None:
    if row["card"] is None:
        return None
    return msgspec.convert({**_decode_card(row["card"]), "card_id": row["card_id"]}, CardFace)


def dump_card(card: CardFace | None) -> str | None:
    """A card's face without the id of its record, which has a column of its own."""
    if card is None:
        return None
    face = asdict(card)
    del face["card_id"]
    return dump(face)


def find_card_id(card: CardFace | None) -> str | None:
    """The id of the record that holds a card's number."""
    return None if card is None else card.card_id


def dump(value: object) -> str | None:
    """JSON, where there is anything."""
    return None if value is None else _encode(value).decode()
