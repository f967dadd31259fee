"""Payments of accounts. Whoever changes one locks it first; a change names the status that it finds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.records import (
    AuthenticationStatus,
    BillingDetails,
    CancellationReason,
    CaptureMethod,
    FeeBreakdown,
    IgnoredField,
    InstallmentsRequest,
    Owner,
    Payment,
    PaymentStatus,
    UnavailableReason,
)
from parcela.domain.payments.refusals import DeclineCode
from parcela.store.database import Connection
from parcela.store.payments.paging import Condition, Listing, list_page

_COLUMNS = (
    "tenant_id, payment_id, client_id, is_live, status, amount_minor, currency, capture_method,"
    " authorized_minor, captured_minor, refunded_minor, refund_pending_minor, description, reference,"
    " customer_id, payment_method_id, return_url, has_checkout, expires_at, locale, has_own_locale, billing,"
    " authentication, wish, resolved_count, issuer_program, plan_id::text AS plan_id, unavailable, ignored,"
    " fees, settlement_id, balance_transaction_id, decline, failure_message, cancellation_reason, metadata,"
    " created_at, captured_at"
)
_OWNED = "tenant_id = $1 AND client_id = $2 AND is_live = $3"

_LISTING = Listing(table="payment", id_column="payment_id", columns=_COLUMNS)

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_billing = msgspec.json.Decoder(BillingDetails).decode
_decode_wish = msgspec.json.Decoder(InstallmentsRequest).decode
_decode_unavailable = msgspec.json.Decoder(tuple[UnavailableReason, ...]).decode
_decode_ignored = msgspec.json.Decoder(tuple[IgnoredField, ...]).decode
_decode_fees = msgspec.json.Decoder(FeeBreakdown).decode
_decode_metadata = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """Which payments a list holds; None admits all. `created_from` is included, `created_before` is not."""

    status: PaymentStatus | None = None
    customer_id: str | None = None
    reference: str | None = None
    issuer_program: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


async def insert_payment(connection: Connection, payment: Payment, *, checkout_key: bytes | None) -> None:
    """Write a new payment; `checkout_key` is the hash of its page's token."""
    await connection.execute(
        "INSERT INTO payment (tenant_id, payment_id, client_id, is_live, status, amount_minor, currency,"
        " capture_method, description, reference, customer_id, payment_method_id, return_url, has_checkout,"
        " checkout_key, expires_at, locale, has_own_locale, billing, authentication, wish, unavailable,"
        " ignored, metadata, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
        " $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)",
        payment.owner.tenant_id,
        payment.payment_id,
        payment.owner.client_id,
        payment.owner.is_live,
        payment.status,
        payment.amount_minor,
        payment.currency,
        payment.capture_method,
        payment.description,
        payment.reference,
        payment.customer_id,
        payment.payment_method_id,
        payment.return_url,
        payment.has_checkout,
        checkout_key,
        payment.expires_at,
        payment.locale,
        payment.has_own_locale,
        _dump(payment.billing),
        payment.authentication,
        _dump(payment.wish),
        _dump(payment.unavailable),
        _dump(payment.ignored),
        _dump(dict(payment.metadata)),
        payment.created_at,
    )


async def find_payment(connection: Connection, owner: Owner, payment_id: str) -> Payment | None:
    """A payment of this account and mode."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment WHERE {_OWNED} AND payment_id = $4", *_key(owner), payment_id
    )
    return None if row is None else _read(row)


async def lock_payment(connection: Connection, owner: Owner, payment_id: str) -> Payment | None:
    """The same, held for this transaction: whoever changes a payment or its plan takes this lock first."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment WHERE {_OWNED} AND payment_id = $4 FOR UPDATE",
        *_key(owner),
        payment_id,
    )
    return None if row is None else _read(row)


async def find_payment_of_checkout(
    connection: Connection, tenant_id: int, checkout_key: bytes
) -> Payment | None:
    """The payment whose page has a token with this hash."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment WHERE tenant_id = $1 AND checkout_key = $2", tenant_id, checkout_key
    )
    return None if row is None else _read(row)


async def update_payment(connection: Connection, payment: Payment, *, was: PaymentStatus) -> None:
    """Write all that may change of a payment, which the caller holds locked with status `was`."""
    found = await connection.fetchval(
        "UPDATE payment SET status = $6, authorized_minor = $7, captured_minor = $8, refunded_minor = $9,"
        " refund_pending_minor = $10, payment_method_id = $11, return_url = $12, authentication = $13,"
        " wish = $14, resolved_count = $15, issuer_program = $16, plan_id = $17::uuid, unavailable = $18,"
        " ignored = $19, fees = $20, settlement_id = $21, balance_transaction_id = $22, decline = $23,"
        " failure_message = $24, cancellation_reason = $25, captured_at = $26"
        f" WHERE {_OWNED} AND payment_id = $4 AND status = $5 RETURNING 1",
        *_key(payment.owner),
        payment.payment_id,
        was,
        payment.status,
        payment.authorized_minor,
        payment.captured_minor,
        payment.refunded_minor,
        payment.refund_pending_minor,
        payment.payment_method_id,
        payment.return_url,
        payment.authentication,
        _dump(payment.wish),
        payment.resolved_count,
        payment.issuer_program,
        payment.plan_id,
        _dump(payment.unavailable),
        _dump(payment.ignored),
        _dump(payment.fees),
        payment.settlement_id,
        payment.balance_transaction_id,
        payment.decline,
        payment.failure_message,
        payment.cancellation_reason,
        payment.captured_at,
    )
    assert found is not None, "the caller holds the payment locked"


async def update_billing(connection: Connection, payment: Payment) -> None:
    """Write who pays, of a pending payment that the caller holds locked."""
    found = await connection.fetchval(
        f"UPDATE payment SET billing = $5 WHERE {_OWNED} AND payment_id = $4 AND status = 'pending'"
        " RETURNING 1",
        *_key(payment.owner),
        payment.payment_id,
        _dump(payment.billing),
    )
    assert found is not None, "the caller holds the payment locked"


async def list_payments(
    connection: Connection, owner: Owner, wanted: PaymentFilter, *, page: PageRequest
) -> Page[Payment]:
    """A page of payments, newest first. Raises PaymentRefused for a cursor that is none of them."""
    conditions = [
        Condition(sql, value)
        for sql, value in (
            ("status = {}", wanted.status),
            ("customer_id = {}", wanted.customer_id),
            ("reference = {}", wanted.reference),
            ("issuer_program = {}", wanted.issuer_program),
            ("created_at >= {}", wanted.created_from),
            ("created_at < {}", wanted.created_before),
        )
        if value is not None
    ]
    return await list_page(connection, owner, _LISTING, page=page, conditions=conditions, read=_read)


def _key(owner: Owner) -> tuple[int, int, bool]:
    return owner.tenant_id, owner.client_id, owner.is_live


def _dump(value: object) -> str | None:
    return None if value is None else _encode(value).decode()


def _read(row: asyncpg.Record) -> Payment:
    members: dict[str, Any] = dict(row)
    owner = Owner(members.pop("tenant_id"), members.pop("client_id"), members.pop("is_live"))
    return Payment(**members | _read_documents(row) | _read_words(row), owner=owner)


def _read_documents(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "billing": None if row["billing"] is None else _decode_billing(row["billing"]),
        "wish": _decode_wish(row["wish"]),
        "unavailable": _decode_unavailable(row["unavailable"]),
        "ignored": _decode_ignored(row["ignored"]),
        "fees": None if row["fees"] is None else _decode_fees(row["fees"]),
        "metadata": _decode_metadata(row["metadata"]),
    }


def _read_words(row: asyncpg.Record) -> dict[str, Any]:
    decline, reason = row["decline"], row["cancellation_reason"]
    return {
        "status": PaymentStatus(row["status"]),
        "capture_method": CaptureMethod(row["capture_method"]),
        "authentication": AuthenticationStatus(row["authentication"]),
        "decline": None if decline is None else DeclineCode(decline),
        "cancellation_reason": None if reason is None else CancellationReason(reason),
    }
