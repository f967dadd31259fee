"""Refunds of payments. Whoever writes one holds the row of its payment locked."""

from typing import Any

import asyncpg
import msgspec

from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.records import Owner
from parcela.domain.payments.refunds import Refund, RefundEffect, RefundFailure, RefundReason, RefundStatus
from parcela.store.database import Connection
from parcela.store.documents import decode_document, encode_document
from parcela.store.payments.paging import Condition, Listing, list_page

_OWNED = "tenant_id = $1 AND client_id = $2 AND is_live = $3"
_COLUMNS = (
    "refund_id, client_id, tenant_id, is_live, payment_id, currency, status, reason, effect, preview_id,"
    " balance_transaction_id, expected_from, expected_by, failure, attempt, is_credited_back, metadata,"
    " created_at, sent_at, ended_at"
)
_LISTING = Listing(table="payment_refund", id_column="refund_id", columns=_COLUMNS)
_decode_effect = msgspec.json.Decoder(RefundEffect).decode


async def insert_refund(connection: Connection, refund: Refund) -> None:
    """Write a new refund."""
    await connection.execute(
        "INSERT INTO payment_refund (tenant_id, client_id, is_live, refund_id, payment_id, currency,"
        " amount_minor, status, reason, effect, preview_id, balance_transaction_id, expected_from,"
        " expected_by, failure, attempt, is_credited_back, metadata, created_at, sent_at, ended_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,"
        " $20, $21)",
        *_key(refund.owner),
        refund.refund_id,
        refund.payment_id,
        refund.currency,
        refund.effect.amount_minor,
        refund.status,
        refund.reason,
        encode_document(refund.effect),
        refund.preview_id,
        refund.balance_transaction_id,
        refund.expected_from,
        refund.expected_by,
        refund.failure,
        refund.attempt,
        refund.is_credited_back,
        encode_document(refund.metadata),
        refund.created_at,
        refund.sent_at,
        refund.ended_at,
    )


async def update_refund(connection: Connection, refund: Refund, *, was: RefundStatus) -> None:
    """Write what may change of a refund, which was in this status until now."""
    done = await connection.fetchval(
        "UPDATE payment_refund SET status = $6, effect = $7, balance_transaction_id = $8,"
        " expected_from = $9, expected_by = $10, failure = $11, attempt = $12, is_credited_back = $13,"
        " metadata = $14, sent_at = $15, ended_at = $16"
        f" WHERE {_OWNED} AND refund_id = $4 AND status = $5 RETURNING 1",
        *_key(refund.owner),
        refund.refund_id,
        was,
        refund.status,
        encode_document(refund.effect),
        refund.balance_transaction_id,
        refund.expected_from,
        refund.expected_by,
        refund.failure,
        refund.attempt,
        refund.is_credited_back,
        encode_document(refund.metadata),
        refund.sent_at,
        refund.ended_at,
    )
    assert done is not None, "its payment is locked, and so is its status"


async def find_refund(connection: Connection, owner: Owner, refund_id: str) -> Refund | None:
    """One refund of an account."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment_refund WHERE {_OWNED} AND refund_id = $4", *_key(owner), refund_id
    )
    return None if row is None else _read(row)


async def list_refunds_of_payment(connection: Connection, owner: Owner, payment_id: str) -> list[Refund]:
    """All refunds of a payment in the order of acceptance."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM payment_refund WHERE {_OWNED} AND payment_id = $4 ORDER BY position",
        *_key(owner),
        payment_id,
    )
    return [_read(row) for row in rows]


async def list_refunds(
    connection: Connection,
    owner: Owner,
    *,
    page: PageRequest,
    payment_id: str | None = None,
    status: RefundStatus | None = None,
) -> Page[Refund]:
    """A page of the account's refunds, newest first. Raises PaymentRefused for a cursor that is none."""
    wanted = {"payment_id = {}": payment_id, "status = {}": status}
    conditions = [Condition(sql, value) for sql, value in wanted.items() if value is not None]
    return await list_page(connection, owner, _LISTING, page=page, conditions=conditions, read=_read)


def _read(row: asyncpg.Record) -> Refund:
    members: dict[str, Any] = dict(row)
    reason, failure = members.pop("reason"), members.pop("failure")
    return Refund(
        owner=Owner(members.pop("tenant_id"), members.pop("client_id"), members.pop("is_live")),
        status=RefundStatus(members.pop("status")),
        reason=None if reason is None else RefundReason(reason),
        failure=None if failure is None else RefundFailure(failure),
        effect=_decode_effect(members.pop("effect")),
        metadata=decode_document(members.pop("metadata")),
        **members,
    )


def _key(owner: Owner) -> tuple[int, int, bool]:
    return owner.tenant_id, owner.client_id, owner.is_live
