"""Payment methods of accounts: names of cards in the vault, with the security code sealed for a while."""

from dataclasses import dataclass, field
from typing import Any

import asyncpg
import msgspec

from parcela.domain.payments.records import BillingDetails, CardFacts, Owner, PaymentMethod
from parcela.store.cards import Card
from parcela.store.database import Connection
from parcela.store.vault_keys import SealedContent

_COLUMNS = (
    "m.tenant_id, m.payment_method_id, m.client_id, m.is_live, m.customer_id, m.card_id::text AS card_id,"
    " m.card, m.billing, m.created_at"
)
_OWNED = "m.tenant_id = $1 AND m.client_id = $2 AND m.is_live = $3 AND m.payment_method_id = $4"

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_card = msgspec.json.Decoder(CardFacts).decode
_decode_billing = msgspec.json.Decoder(BillingDetails).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMethod:
    """A payment method with its sealed card and, until the first authorization, its sealed security code."""

    method: PaymentMethod
    card: Card = field(repr=False)
    code: SealedContent | None = field(default=None, repr=False)


async def insert_payment_method(
    connection: Connection, method: PaymentMethod, *, code: SealedContent | None
) -> None:
    """Write a new payment method; its card is in the vault."""
    await connection.execute(
        "INSERT INTO payment_method (tenant_id, client_id, is_live, payment_method_id, customer_id, card_id,"
        " card, billing, code_key_number, sealed_code, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6::uuid, $7, $8, $9, $10, $11)",
        *_key(method.owner, method.payment_method_id),
        method.customer_id,
        method.card_id,
        _encode(method.card).decode(),
        None if method.billing is None else _encode(method.billing).decode(),
        None if code is None else code.key_number,
        None if code is None else code.sealed,
        method.created_at,
    )


async def find_payment_method(
    connection: Connection, owner: Owner, payment_method_id: str
) -> PaymentMethod | None:
    """A payment method of this account and mode."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment_method m WHERE {_OWNED}", *_key(owner, payment_method_id)
    )
    return None if row is None else _read(row)


async def find_open_method(connection: Connection, owner: Owner, payment_method_id: str) -> OpenMethod | None:
    """The same with what a payment needs of it."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS}, m.code_key_number, m.sealed_code, c.pan_index, c.data_key_number,"
        f" c.sealed_pan, c.first_six, c.last_four FROM payment_method m"
        f" JOIN card c USING (tenant_id, card_id) WHERE {_OWNED}",
        *_key(owner, payment_method_id),
    )
    if row is None:
        return None
    card = Card(
        tenant_id=row["tenant_id"],
        card_id=row["card_id"],
        pan_index=row["pan_index"],
        data_key_number=row["data_key_number"],
        sealed_pan=row["sealed_pan"],
        first_six=row["first_six"],
        last_four=row["last_four"],
    )
    has_code = row["sealed_code"] is not None
    code = SealedContent(key_number=row["code_key_number"], sealed=row["sealed_code"]) if has_code else None
    return OpenMethod(method=_read(row), card=card, code=code)


async def update_used(connection: Connection, owner: Owner, payment_method_id: str) -> bool:
    """A payment takes it: it is kept from now on. False when it was forgotten meanwhile."""
    found = await connection.fetchval(
        f"UPDATE payment_method m SET is_used = true WHERE {_OWNED} RETURNING 1",
        *_key(owner, payment_method_id),
    )
    return found is not None


async def update_code_wiped(connection: Connection, owner: Owner, payment_method_id: str) -> None:
    """Forget its security code, with the first authorization."""
    await connection.execute(
        f"UPDATE payment_method m SET code_key_number = NULL, sealed_code = NULL WHERE {_OWNED}",
        *_key(owner, payment_method_id),
    )


async def hold_payment_method(connection: Connection, owner: Owner, payment_method_id: str) -> bool:
    """Keep it, and so its card, from being forgotten until this transaction ends; False when it is gone."""
    found = await connection.fetchval(
        f"SELECT 1 FROM payment_method m WHERE {_OWNED} FOR KEY SHARE", *_key(owner, payment_method_id)
    )
    return found is not None


async def delete_if_unused(connection: Connection, owner: Owner, payment_method_id: str) -> bool:
    """Forget a payment method that no payment took and that belongs to no customer; its card is let go of."""
    found = await connection.fetchval(
        f"WITH gone AS (DELETE FROM payment_method m WHERE {_OWNED} AND NOT m.is_used"
        " AND m.customer_id IS NULL RETURNING m.tenant_id, m.card_id)"
        " INSERT INTO released_card (tenant_id, card_id) SELECT tenant_id, card_id FROM gone RETURNING 1",
        *_key(owner, payment_method_id),
    )
    return found is not None


def _key(owner: Owner, payment_method_id: str) -> tuple[int, int, bool, str]:
    return owner.tenant_id, owner.client_id, owner.is_live, payment_method_id


def _read(row: asyncpg.Record) -> PaymentMethod:
    members: dict[str, Any] = dict(row)
    billing = members["billing"]
    return PaymentMethod(
        payment_method_id=members["payment_method_id"],
        owner=Owner(members["tenant_id"], members["client_id"], members["is_live"]),
        card_id=members["card_id"],
        card=_decode_card(members["card"]),
        billing=None if billing is None else _decode_billing(billing),
        customer_id=members["customer_id"],
        created_at=members["created_at"],
    )
