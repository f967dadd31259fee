"""Presentments: the offers that a client was shown, kept so that a plan can be held against them.

A body is a JSON array by position, with dates as day numbers: a presentment is written at every inquiry,
so its size counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import msgspec

from parcela.domain.ids import Identifier
from parcela.domain.offers import IssuerTerms, PresentedOffer
from parcela.domain.plans import Merchant, PresentedPurchase, Presentment
from parcela.domain.programs import UseCase
from parcela.store.database import Connection
from parcela.store.slices import delete_in_slices

IdentifierRecord = tuple[str, bool] | None


class MerchantRecord(msgspec.Struct, array_like=True, frozen=True):
    """A merchant by position."""

    name: str | None
    url: str | None
    country: str | None
    mcc: IdentifierRecord
    acquirer_id: IdentifierRecord
    merchant_id: IdentifierRecord


IssuerTermsRecord = tuple[int, bool, bool]


class OfferRecord(msgspec.Struct, array_like=True, frozen=True):
    """A presented offer by position; `due_days` are proleptic Gregorian day numbers.

    `origin` is the version of the program that priced it, or the terms of an issuer's own offer.
    """

    offer_id: str
    origin: int | IssuerTermsRecord | None
    provider_id: str
    currency: str
    count: int
    interval: str
    apr_percent: Decimal | None
    fee_value: Decimal
    total_minor: int
    amounts_minor: tuple[int, ...]
    due_days: tuple[int, ...]


class PresentmentRecord(msgspec.Struct, array_like=True, frozen=True):
    """The body of a presentment by position."""

    use_case: UseCase
    amount: Decimal
    currency: str
    local_at: datetime
    merchant: MerchantRecord
    offers: tuple[OfferRecord, ...]


@dataclass(frozen=True, slots=True)
class PresentmentRow:
    """A presentment with its tenant, ready to be written."""

    tenant_id: int
    presentment: Presentment


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(PresentmentRecord).decode


def offer_to_record(offer: PresentedOffer) -> OfferRecord:
    """The stored form of an offer."""
    terms = offer.issuer_terms
    return OfferRecord(
        offer.offer_id,
        offer.program_version if terms is None else (terms.fee_minor, terms.is_fee_spread, terms.in_advance),
        offer.provider_id,
        offer.currency,
        offer.count,
        offer.interval,
        offer.apr_percent,
        offer.fee_value,
        offer.total_minor,
        offer.amounts_minor,
        tuple([due_date.toordinal() for due_date in offer.due_dates]),
    )


def record_to_offer(record: OfferRecord) -> PresentedOffer:
    """The offer as it was shown."""
    return PresentedOffer(
        offer_id=record.offer_id,
        program_version=record.origin if isinstance(record.origin, int) else None,
        provider_id=record.provider_id,
        currency=record.currency,
        count=record.count,
        interval=record.interval,
        apr_percent=record.apr_percent,
        fee_value=record.fee_value,
        total_minor=record.total_minor,
        amounts_minor=record.amounts_minor,
        due_dates=tuple([date.fromordinal(day) for day in record.due_days]),
        issuer_terms=_read_issuer_terms(record.origin),
    )


def _read_issuer_terms(origin: int | IssuerTermsRecord | None) -> IssuerTerms | None:
    if not isinstance(origin, tuple):
        return None
    fee_minor, is_fee_spread, in_advance = origin
    return IssuerTerms(fee_minor=fee_minor, is_fee_spread=is_fee_spread, in_advance=in_advance)


def merchant_to_record(merchant: Merchant) -> MerchantRecord:
    """The stored form of a merchant."""
    return MerchantRecord(
        merchant.name,
        merchant.url,
        merchant.country,
        identifier_to_record(merchant.mcc),
        identifier_to_record(merchant.acquirer_id),
        identifier_to_record(merchant.merchant_id),
    )


def record_to_merchant(record: MerchantRecord) -> Merchant:
    """The merchant as a client named it."""
    return Merchant(
        name=record.name,
        url=record.url,
        country=record.country,
        mcc=record_to_identifier(record.mcc),
        acquirer_id=record_to_identifier(record.acquirer_id),
        merchant_id=record_to_identifier(record.merchant_id),
    )


def identifier_to_record(identifier: Identifier | None) -> IdentifierRecord:
    """The stored form of an identifier: its text, and whether it came as a number."""
    return None if identifier is None else (identifier.text, identifier.is_number)


def record_to_identifier(record: IdentifierRecord) -> Identifier | None:
    """The identifier in the form in which it came."""
    return None if record is None else Identifier(*record)


def _encode_body(presentment: Presentment) -> str:
    purchase = presentment.purchase
    record = PresentmentRecord(
        presentment.use_case,
        purchase.amount,
        purchase.currency,
        purchase.local_at,
        merchant_to_record(purchase.merchant),
        tuple([offer_to_record(offer) for offer in presentment.offers]),
    )
    return _encode(record).decode()


async def insert_presentments(connection: Connection, rows: Sequence[PresentmentRow]) -> list[bool]:
    """Write presentments in one statement; says of each whether its id was free."""
    inserted = await connection.fetch(
        "INSERT INTO presentment (tenant_id, offer_transaction_id, client_id, presented_at, pan_index, body)"
        " SELECT * FROM unnest($1::int[], $2::bigint[], $3::int[], $4::timestamptz[], $5::bytea[],"
        " $6::text[])"
        " ON CONFLICT DO NOTHING RETURNING offer_transaction_id",
        [row.tenant_id for row in rows],
        [row.presentment.offer_transaction_id for row in rows],
        [row.presentment.client_id for row in rows],
        [row.presentment.presented_at for row in rows],
        [row.presentment.purchase.pan_index for row in rows],
        [_encode_body(row.presentment) for row in rows],
    )
    written = {record["offer_transaction_id"] for record in inserted}
    return [row.presentment.offer_transaction_id in written for row in rows]


async def find_presentment(
    connection: Connection, tenant_id: int, *, offer_transaction_id: int, client_id: int
) -> tuple[Presentment | None, bool]:
    """What this client was shown under this id, and whether a plan can have been made of it.

    Another client's presentment is not found. Of one that is gone a plan may still be there.
    """
    row = await connection.fetchrow(
        "SELECT offer_transaction_id, client_id, presented_at, pan_index, body,"
        " EXISTS (SELECT 1 FROM plan WHERE plan.tenant_id = presentment.tenant_id"
        "  AND plan.offer_transaction_id = presentment.offer_transaction_id) AS is_taken"
        " FROM presentment"
        " WHERE tenant_id = $1 AND offer_transaction_id = $2 AND client_id = $3",
        tenant_id,
        offer_transaction_id,
        client_id,
    )
    if row is None:
        return None, True
    body = _decode(row["body"])
    purchase = PresentedPurchase(
        pan_index=row["pan_index"],
        amount=body.amount,
        currency=body.currency,
        local_at=body.local_at,
        merchant=record_to_merchant(body.merchant),
    )
    presentment = Presentment(
        offer_transaction_id=row["offer_transaction_id"],
        client_id=row["client_id"],
        use_case=body.use_case,
        presented_at=row["presented_at"],
        purchase=purchase,
        offers=tuple([record_to_offer(offer) for offer in body.offers]),
    )
    return presentment, row["is_taken"]


async def delete_old_presentments(connection: Connection, *, presented_before: datetime) -> None:
    """Forget presentments that no plan can be made of any more; plans keep their own copy."""
    await delete_in_slices(connection, "presentment", condition="presented_at < $1", bound=presented_before)
