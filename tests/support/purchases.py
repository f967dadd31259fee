"""Purchases through the operations: an inquiry of the sandbox partner, and the plan made of its answer."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from parcela.domain.clients import Client
from parcela.domain.eligibility import Purchase
from parcela.domain.ids import Identifier
from parcela.domain.plans import (
    AmountKind,
    CardTransaction,
    ClaimedRow,
    ClaimedTerms,
    Merchant,
    Plan,
    PlanRequest,
)
from parcela.operations.engine import Engine
from parcela.operations.offers import OfferAnswer, OfferInquiry, present_offers
from parcela.operations.plans import SavePlan, save_plan

CARD = "2303770000057107"
LOCAL_AT = datetime(2025, 8, 3, 16, 55, 43, tzinfo=UTC)
MERCHANT = Merchant(
    name="Globex Decor",
    country="USA",
    mcc=Identifier("1711"),
    acquirer_id=Identifier("234353"),
    merchant_id=Identifier("121234"),
)
CORRELATION_ID = "00000000-0000-4000-8000-000000000000"

_COUNTS = """
SELECT (SELECT count(*) FROM presentment) AS presentment, (SELECT count(*) FROM plan) AS plan,
    (SELECT count(*) FROM installment) AS installment, (SELECT count(*) FROM event) AS event,
    (SELECT count(*) FROM letter) AS letter, (SELECT count(*) FROM card) AS card,
    (SELECT count(*) FROM pan_list) AS pan_list, (SELECT count(*) FROM pan_list_member) AS pan_list_member
"""


async def count_records(engine: Engine) -> dict[str, int]:
    """How much there is of everything that a request can store."""
    async with engine.database.connection() as connection:
        row = await connection.fetchrow(_COUNTS)
        assert row is not None
        return dict(row)


async def get_client(engine: Engine, role: str = "partner") -> Client:
    """The sandbox `partner` or `issuer`."""
    seen = await engine.look()
    return seen.snapshot.clients[f"parcela-sandbox-{role}"]


def make_inquiry(digits: str = CARD, **purchase: Any) -> OfferInquiry:
    """150 dollars at Globex Decor, as in the sandbox's example."""
    given: dict[str, Any] = {
        "amount": Decimal(150),
        "currency": "USD",
        "local_at": LOCAL_AT,
        "country": "USA",
        "mcc": "1711",
        "merchant_id": "121234",
        **purchase,
    }
    return OfferInquiry(digits=digits, purchase=Purchase(**given), merchant=MERCHANT)


async def ask(engine: Engine, digits: str = CARD, *, role: str = "partner", **purchase: Any) -> OfferAnswer:
    """Ask for offers."""
    client = await get_client(engine, role)
    return await present_offers(engine, await engine.look(), client, make_inquiry(digits, **purchase))


def make_command(answer: OfferAnswer, digits: str = CARD, *, position: int = 0, **members: Any) -> SavePlan:
    """The command that takes one offer of an answer; `members` replace those of the request."""
    offer = answer.quotes[position].presented
    request = PlanRequest(
        offer_transaction_id=str(answer.offer_transaction_id),
        offer_id=offer.offer_id,
        shown_offer_ids=tuple(quote.presented.offer_id for quote in answer.quotes),
        provider_id=offer.provider_id,
        merchant=MERCHANT,
        terms=ClaimedTerms(
            count=offer.count,
            interval=offer.interval,
            apr_percent=offer.apr_percent,
            currency=offer.currency,
            first_amount=offer.major(offer.amounts_minor[0]),
            other_amount=offer.major(offer.amounts_minor[-1]),
            fee_value=offer.fee_value,
            total_amount=offer.major(offer.total_minor),
        ),
        rows=tuple(
            ClaimedRow(number=number, amount=offer.major(amount), due_date=due_date)
            for number, (amount, due_date) in enumerate(
                zip(offer.amounts_minor, offer.due_dates, strict=True), start=1
            )
        ),
        transaction=CardTransaction(
            amount_kind=AmountKind.PURCHASE,
            amount=Decimal(150),
            currency="USD",
            local_at=LOCAL_AT,
            local_text="2025-08-03T16:55:43Z",
            stan=Identifier("742", is_number=True),
        ),
        pan_index=b"",
    )
    return SavePlan(digits=digits, request=replace(request, **members), correlation_id=CORRELATION_ID)


async def save(engine: Engine, command: SavePlan, *, role: str = "partner") -> Plan:
    """Save a plan."""
    return await save_plan(engine, await engine.look(), await get_client(engine, role), command)
