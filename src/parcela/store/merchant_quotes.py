"""Quotes: the cart offers that a merchant was shown in one answer, and what its inquiry named.

A body is a JSON array by position: a quote is written at nearly every inquiry, so its size counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from parcela.domain.merchant_offers import CartItem, PricedBy, Quote
from parcela.store.database import Connection
from parcela.store.slices import delete_in_slices

ItemRecord = tuple[str | None, Decimal, Decimal]
"""SKU, quantity, unit price."""
PricedByRecord = tuple[str, int, str, int]
"""Rule and its version, program and its version."""


class QuoteRecord(msgspec.Struct, array_like=True, frozen=True):
    """The body of a quote by position."""

    currency: str | None
    amount_minor: int | None
    card_prefix: str | None
    locale: str | None
    items: tuple[ItemRecord, ...]
    offers: tuple[PricedByRecord, ...]


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """A quote with its tenant, ready to be written."""

    tenant_id: int
    quote: Quote


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(QuoteRecord).decode


async def insert_quotes(connection: Connection, rows: Sequence[QuoteRow]) -> list[bool]:
    """Write quotes in one statement; says of each whether its id was free."""
    inserted = await connection.fetch(
        "INSERT INTO merchant_quote (tenant_id, quote_id, client_id, quoted_at, body)"
        " SELECT * FROM unnest($1::int[], $2::text[], $3::int[], $4::timestamptz[], $5::text[])"
        " ON CONFLICT DO NOTHING RETURNING tenant_id, quote_id",
        [row.tenant_id for row in rows],
        [row.quote.quote_id for row in rows],
        [row.quote.client_id for row in rows],
        [row.quote.quoted_at for row in rows],
        [_encode_body(row.quote) for row in rows],
    )
    written = {(record["tenant_id"], record["quote_id"]) for record in inserted}
    return [(row.tenant_id, row.quote.quote_id) in written for row in rows]


async def find_quote(
    connection: Connection, tenant_id: int, *, client_id: int, quote_id: str
) -> Quote | None:
    """What this merchant was shown under this id; another merchant's quote is not found."""
    row = await connection.fetchrow(
        "SELECT quoted_at, body FROM merchant_quote"
        " WHERE tenant_id = $1 AND quote_id = $2 AND client_id = $3",
        tenant_id,
        quote_id,
        client_id,
    )
    if row is None:
        return None
    body = _decode(row["body"])
    return Quote(
        quote_id=quote_id,
        client_id=client_id,
        quoted_at=row["quoted_at"],
        currency=body.currency,
        amount_minor=body.amount_minor,
        items=tuple(
            CartItem(sku=sku, quantity=quantity, unit_price=unit_price)
            for sku, quantity, unit_price in body.items
        ),
        card_prefix=body.card_prefix,
        offers=tuple(
            PricedBy(
                rule_key=rule_key,
                rule_version=rule_version,
                program_id=program_id,
                program_version=program_version,
            )
            for rule_key, rule_version, program_id, program_version in body.offers
        ),
        locale=body.locale,
    )


async def delete_old_quotes(connection: Connection, *, quoted_before: datetime) -> None:
    """Forget quotes that nobody can accept any more; offers that were accepted keep their own copy."""
    await delete_in_slices(connection, "merchant_quote", condition="quoted_at < $1", bound=quoted_before)


def _encode_body(quote: Quote) -> str:
    record = QuoteRecord(
        quote.currency,
        quote.amount_minor,
        quote.card_prefix,
        quote.locale,
        tuple([(item.sku, item.quantity, item.unit_price) for item in quote.items]),
        tuple(
            [
                (offer.rule_key, offer.rule_version, offer.program_id, offer.program_version)
                for offer in quote.offers
            ]
        ),
    )
    return _encode(record).decode()
