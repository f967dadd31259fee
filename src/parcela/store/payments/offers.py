"""Offers as they were shown for a payment and a payment method, and what lenders said of payers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from parcela.domain.payments.plan_choices import PlanList
from parcela.domain.payments.plans import PaymentOffer
from parcela.domain.payments.records import Owner, UnavailableReason
from parcela.store.database import Connection

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_offer = msgspec.json.Decoder(PaymentOffer).decode
_decode_reasons = msgspec.json.Decoder(tuple[UnavailableReason, ...]).decode

_OWNED = "tenant_id = $1 AND client_id = $2 AND is_live = $3"


def encode_offer(offer: PaymentOffer) -> str:
    """An offer as it is stored."""
    return _encode(offer).decode()


def decode_offer(text: str) -> PaymentOffer:
    """A stored offer."""
    return _decode_offer(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditCheck:
    """A lender's answer as evidence: the decision, and nothing behind it; the limit in minor units.

    `consent_text` is what our page asked its payer first, in `consent_language`; None where a merchant asked.
    """

    question_id: str
    owner: Owner
    payment_id: str
    payment_method_id: str
    offer_id: str
    program_name: str
    assessment_id: str
    decision: str
    limit_minor: int | None
    expires_at: datetime | None
    asked_at: datetime
    consent_text: str | None = None
    consent_language: str | None = None


async def lock_payment(connection: Connection, owner: Owner, payment_id: str) -> None:
    """Wait for other showings of this payment; until the transaction ends."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('plan_list|' || $1 || '|' || $2, 0))",
        str(owner.tenant_id),
        payment_id,
    )


async def insert_list(connection: Connection, shown: PlanList) -> None:
    """Write a list that is shown, with its offers."""
    owner = shown.owner
    position = await connection.fetchval(
        "INSERT INTO payment_plan_list (tenant_id, client_id, is_live, payment_id, payment_method_id,"
        " unavailable, needs_answer, shown_at, aging_since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)"
        " RETURNING position",
        *_key(owner),
        shown.payment_id,
        shown.payment_method_id,
        _encode(shown.unavailable).decode(),
        shown.needs_answer,
        shown.shown_at,
    )
    await connection.executemany(
        "INSERT INTO payment_offer (tenant_id, client_id, is_live, offer_id, list_position, number,"
        " program_name, offer_hash, expires_at, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [
            (
                *_key(owner),
                offer.offer_id,
                position,
                number,
                offer.program_name,
                offer.offer_hash,
                offer.expires_at,
                encode_offer(offer),
            )
            for number, offer in enumerate(shown.offers, 1)
        ],
    )


async def find_newest_list(
    connection: Connection, owner: Owner, *, payment_id: str, payment_method_id: str
) -> PlanList | None:
    """What was shown last for a payment and a payment method."""
    newest = await list_newest_lists(
        connection, owner, payment_id=payment_id, payment_method_id=payment_method_id, limit=1
    )
    return newest[0] if newest else None


async def list_newest_lists(
    connection: Connection, owner: Owner, *, payment_id: str, payment_method_id: str, limit: int
) -> list[PlanList]:
    """What was shown for a payment and a payment method, the last first."""
    rows = await connection.fetch(
        f"SELECT * FROM payment_plan_list WHERE {_OWNED} AND payment_id = $4 AND payment_method_id = $5"
        " ORDER BY position DESC LIMIT $6",
        *_key(owner),
        payment_id,
        payment_method_id,
        limit,
    )
    return [await read_list(connection, owner, row) for row in rows]


async def find_shown_offer(
    connection: Connection, owner: Owner, *, offer_id: str, payment_id: str, payment_method_id: str
) -> tuple[PlanList, PaymentOffer] | None:
    """An offer that was shown for this payment and payment method, also one that has lapsed, and its list."""
    row = await connection.fetchrow(
        "SELECT list.* FROM payment_plan_list list JOIN payment_offer offer"
        " ON (offer.tenant_id, offer.list_position) = (list.tenant_id, list.position)"
        " WHERE list.tenant_id = $1 AND list.client_id = $2 AND list.is_live = $3"
        " AND offer.offer_id = $4 AND list.payment_id = $5 AND list.payment_method_id = $6",
        *_key(owner),
        offer_id,
        payment_id,
        payment_method_id,
    )
    if row is None:
        return None
    shown = await read_list(connection, owner, row)
    return shown, next(offer for offer in shown.offers if offer.offer_id == offer_id)


async def find_list_with_offer(connection: Connection, owner: Owner, offer_id: str) -> PlanList | None:
    """The list in which an offer was shown."""
    row = await connection.fetchrow(
        "SELECT list.* FROM payment_plan_list list JOIN payment_offer offer"
        " ON (offer.tenant_id, offer.list_position) = (list.tenant_id, list.position)"
        " WHERE list.tenant_id = $1 AND list.client_id = $2 AND list.is_live = $3 AND offer.offer_id = $4",
        *_key(owner),
        offer_id,
    )
    return None if row is None else await read_list(connection, owner, row)


async def insert_check(connection: Connection, check: CreditCheck) -> None:
    """Keep a lender's answer; the same question's first answer stays, unless there was none yet."""
    await connection.execute(
        "INSERT INTO payment_credit_check (tenant_id, client_id, is_live, question_id, payment_id,"
        " payment_method_id, offer_id, program_name, assessment_id, decision, limit_minor, expires_at,"
        " asked_at, aging_since, consent_text, consent_language)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15)"
        " ON CONFLICT (tenant_id, question_id) DO UPDATE SET assessment_id = excluded.assessment_id,"
        " decision = excluded.decision, limit_minor = excluded.limit_minor, expires_at = excluded.expires_at,"
        " asked_at = excluded.asked_at,"
        " consent_text = coalesce(excluded.consent_text, payment_credit_check.consent_text),"
        " consent_language = coalesce(excluded.consent_language, payment_credit_check.consent_language)"
        " WHERE payment_credit_check.decision = 'unavailable'",
        *_key(check.owner),
        check.question_id,
        check.payment_id,
        check.payment_method_id,
        check.offer_id,
        check.program_name,
        check.assessment_id,
        check.decision,
        check.limit_minor,
        check.expires_at,
        check.asked_at,
        check.consent_text,
        check.consent_language,
    )


async def list_checks(
    connection: Connection, owner: Owner, *, payment_id: str, payment_method_id: str
) -> Sequence[CreditCheck]:
    """What lenders said for a payment with a payment method, the newest first."""
    rows = await connection.fetch(
        "SELECT question_id, payment_id, payment_method_id, offer_id, program_name, assessment_id, decision,"
        " limit_minor, expires_at, asked_at, consent_text, consent_language FROM payment_credit_check"
        f" WHERE {_OWNED} AND payment_id = $4 AND payment_method_id = $5"
        " ORDER BY asked_at DESC, position DESC",
        *_key(owner),
        payment_id,
        payment_method_id,
    )
    return [CreditCheck(owner=owner, **row) for row in rows]


async def read_list(connection: Connection, owner: Owner, row: asyncpg.Record) -> PlanList:
    """A list of `payment_plan_list` with its offers."""
    bodies = await connection.fetch(
        "SELECT body FROM payment_offer WHERE tenant_id = $1 AND list_position = $2 ORDER BY number",
        owner.tenant_id,
        row["position"],
    )
    return PlanList(
        owner=owner,
        payment_id=row["payment_id"],
        payment_method_id=row["payment_method_id"],
        offers=tuple(decode_offer(body["body"]) for body in bodies),
        unavailable=_decode_reasons(row["unavailable"]),
        needs_answer=row["needs_answer"],
        shown_at=row["shown_at"],
    )


def _key(owner: Owner) -> tuple[int, int, bool]:
    return owner.tenant_id, owner.client_id, owner.is_live
