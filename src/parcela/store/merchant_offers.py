"""Offers of merchants that were accepted, are being paid with, or were used.

Each change is one guarded statement; whoever loses a race changes nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg
import msgspec

from parcela.domain.merchant_offers import (
    Acceptance,
    CartItem,
    MerchantOffer,
    OfferState,
    Quote,
    SerialNumbers,
)
from parcela.domain.merchants import SerialRule
from parcela.store.database import Connection
from parcela.store.slices import delete_in_slices

_encode_bytes = msgspec.json.Encoder().encode
_decode_quote = msgspec.json.Decoder(Quote).decode
_decode_acceptance = msgspec.json.Decoder(Acceptance).decode
_decode_items = msgspec.json.Decoder(tuple[CartItem, ...]).decode
_decode_serials = msgspec.json.Decoder(tuple[SerialNumbers, ...]).decode
_decode_serial_rule = msgspec.json.Decoder(SerialRule).decode

_COLUMNS = "offer_id, state, quote, acceptance, items, serials, serial_rule, revision, holder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A payment that takes an offer: its transaction, when, and the amount financed, in minor units."""

    holder: str
    at: datetime
    amount_minor: int
    currency: str


def _encode(value: object) -> str:
    return _encode_bytes(value).decode()


def _encode_own_quote(offer: MerchantOffer) -> str:
    """The quote as its offer keeps it: without the other offers of the answer."""
    return _encode(replace(offer.quote, offers=(offer.priced_by,)))


def _read_offer(row: asyncpg.Record) -> MerchantOffer:
    quote = _decode_quote(row["quote"])
    return MerchantOffer(
        offer_id=row["offer_id"],
        quote=quote,
        priced_by=quote.offers[0],
        state=OfferState(row["state"]),
        acceptance=None if row["acceptance"] is None else _decode_acceptance(row["acceptance"]),
        serials=_decode_serials(row["serials"]),
        holder=row["holder"],
        items=_decode_items(row["items"]),
        serial_rule=None if row["serial_rule"] is None else _decode_serial_rule(row["serial_rule"]),
        revision=row["revision"],
    )


async def find_offer(
    connection: Connection, tenant_id: int, *, client_id: int, offer_id: str
) -> MerchantOffer | None:
    """An offer of this merchant that was written about before."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM merchant_offer WHERE tenant_id = $1 AND offer_id = $2 AND client_id = $3",
        tenant_id,
        offer_id,
        client_id,
    )
    return None if row is None else _read_offer(row)


async def save_terms(connection: Connection, tenant_id: int, offer: MerchantOffer) -> bool:
    """Write an offer's acceptance and serial numbers over the revision that it was read at.

    False when it changed meanwhile, or a payment is under way with it. A used offer takes serial numbers.
    """
    if offer.state is OfferState.USED:
        return await _save_used_serials(connection, tenant_id, offer)
    written = await connection.fetchval(
        "INSERT INTO merchant_offer AS kept (tenant_id, offer_id, client_id, state, quoted_at, rule_key,"
        " quote,"
        " acceptance, items, serials, serial_rule, revision)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 + 1)"
        " ON CONFLICT (tenant_id, offer_id) DO UPDATE SET state = excluded.state,"
        " acceptance = excluded.acceptance, items = excluded.items, serials = excluded.serials,"
        " serial_rule = excluded.serial_rule, revision = excluded.revision"
        " WHERE kept.revision = $12 AND kept.state <> 'used' AND kept.holder IS NULL"
        " RETURNING true",
        tenant_id,
        offer.offer_id,
        offer.quote.client_id,
        offer.state,
        offer.quote.quoted_at,
        offer.priced_by.rule_key,
        _encode_own_quote(offer),
        None if offer.acceptance is None else _encode(offer.acceptance),
        _encode(offer.items),
        _encode(offer.serials),
        None if offer.serial_rule is None else _encode(offer.serial_rule),
        offer.revision,
    )
    return written is not None


async def _save_used_serials(connection: Connection, tenant_id: int, offer: MerchantOffer) -> bool:
    written = await connection.fetchval(
        "UPDATE merchant_offer SET serials = $4, revision = revision + 1"
        " WHERE tenant_id = $1 AND offer_id = $2 AND revision = $3 AND state = 'used' RETURNING true",
        tenant_id,
        offer.offer_id,
        offer.revision,
        _encode(offer.serials),
    )
    return written is not None


async def hold_offer(connection: Connection, tenant_id: int, offer: MerchantOffer, hold: Hold) -> bool:
    """Take an offer for a payment, as it was at its revision, with the payment's rows and serial numbers."""
    held = await connection.fetchval(
        "INSERT INTO merchant_offer AS kept (tenant_id, offer_id, client_id, state, quoted_at, rule_key,"
        " quote,"
        " items, serials, holder, held_at, currency, financed_minor)"
        " SELECT $1, $2, $3, 'quoted', $4, $5, $6, $7, $8, $9, $10, $11, $12"
        " WHERE $13 = 0 OR EXISTS (SELECT 1 FROM merchant_offer WHERE tenant_id = $1 AND offer_id = $2)"
        " ON CONFLICT (tenant_id, offer_id) DO UPDATE SET items = excluded.items, serials = excluded.serials,"
        " holder = excluded.holder, held_at = excluded.held_at, currency = excluded.currency,"
        " financed_minor = excluded.financed_minor"
        " WHERE kept.state <> 'used' AND kept.holder IS NULL AND kept.revision = $13"
        " RETURNING true",
        tenant_id,
        offer.offer_id,
        offer.quote.client_id,
        offer.quote.quoted_at,
        offer.priced_by.rule_key,
        _encode_own_quote(offer),
        _encode(offer.items),
        _encode(offer.serials),
        hold.holder,
        hold.at,
        hold.currency,
        hold.amount_minor,
        offer.revision,
    )
    return held is not None


async def is_taken(connection: Connection, tenant_id: int, offer_id: str) -> bool:
    """Is the offer used, or a payment under way with it?"""
    taken: bool | None = await connection.fetchval(
        "SELECT holder IS NOT NULL FROM merchant_offer WHERE tenant_id = $1 AND offer_id = $2",
        tenant_id,
        offer_id,
    )
    return bool(taken)


async def spend_offer(connection: Connection, tenant_id: int, offer_id: str, *, holder: str) -> bool:
    """The payment that holds the offer succeeded. False when it does not hold it."""
    spent = await connection.fetchval(
        "UPDATE merchant_offer SET state = 'used'"
        " WHERE tenant_id = $1 AND offer_id = $2 AND holder = $3 AND state <> 'used' RETURNING true",
        tenant_id,
        offer_id,
        holder,
    )
    return spent is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedHold:
    """What a released offer had taken of its rule's budget; `amount_minor` is 0 where none was counted."""

    rule_key: str
    currency: str
    amount_minor: int


async def release_offer(
    connection: Connection, tenant_id: int, offer_id: str, *, holder: str
) -> ReleasedHold | None:
    """The payment that holds the offer came to nothing. None when it does not hold it (any more)."""
    row = await connection.fetchrow(
        "WITH held AS (SELECT offer_id, rule_key, currency, financed_minor, is_budgeted FROM merchant_offer"
        "  WHERE tenant_id = $1 AND offer_id = $2 AND holder = $3 AND state <> 'used' FOR UPDATE)"
        " UPDATE merchant_offer SET holder = NULL, held_at = NULL, currency = NULL, financed_minor = NULL,"
        "  is_budgeted = false"
        " FROM held WHERE merchant_offer.tenant_id = $1 AND merchant_offer.offer_id = held.offer_id"
        " RETURNING held.rule_key, held.currency,"
        "  CASE WHEN held.is_budgeted THEN held.financed_minor ELSE 0 END AS amount_minor",
        tenant_id,
        offer_id,
        holder,
    )
    return None if row is None else ReleasedHold(**row)


async def save_serials(
    connection: Connection, tenant_id: int, offer_id: str, serials: tuple[SerialNumbers, ...]
) -> None:
    """Put serial numbers to those that an offer has; a row that has some gets the new ones."""
    kept = await connection.fetchval(
        "SELECT serials FROM merchant_offer WHERE tenant_id = $1 AND offer_id = $2 FOR UPDATE",
        tenant_id,
        offer_id,
    )
    given = {(one.sku, one.index) for one in serials}
    merged = [one for one in _decode_serials(kept) if (one.sku, one.index) not in given] + list(serials)
    await connection.execute(
        "UPDATE merchant_offer SET serials = $3, revision = revision + 1"
        " WHERE tenant_id = $1 AND offer_id = $2",
        tenant_id,
        offer_id,
        _encode(sorted(merged, key=_order_serials)),
    )


def _order_serials(serials: SerialNumbers) -> tuple[int, str]:
    return serials.index, serials.sku or ""


async def delete_unused_offers(connection: Connection, *, quoted_before: datetime) -> None:
    """Forget offers that nobody paid with in time; used ones stay with their plans."""
    await delete_in_slices(
        connection, "merchant_offer", condition="quoted_at < $1 AND holder IS NULL", bound=quoted_before
    )
