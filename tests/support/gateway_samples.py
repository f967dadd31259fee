"""The samples of the gateway dialect, and the records that they are written from."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from parcela.domain.card_brands import CardBrand
from parcela.domain.currency import Currency, find_currency
from parcela.domain.merchant_offers import OfferPrice
from parcela.domain.merchants import MerchantOperation, MerchantProfile
from parcela.domain.orders import (
    AcquirerFacts,
    CardFace,
    ChosenPlan,
    MerchantOrder,
    OrderStatus,
    OrderTotals,
    OrderTransaction,
    Outcome,
    SecurityCodeMatch,
    TransactionKind,
)
from parcela.operations.inquiry_records import ShownAward, ShownOffer, ShownProduct

FOLDER = Path(__file__).parents[1] / "data" / "gateway"


def load_sample(name: str) -> Any:
    """A JSON sample; numbers are told apart by their digits, `12.00` is not `12.0`."""
    return read_exactly((FOLDER / f"{name}.json").read_bytes())


def load_nvp(name: str) -> str:
    """A sample of one line."""
    return (FOLDER / f"{name}.nvp").read_text().removesuffix("\n")


def read_exactly(body: bytes | str) -> Any:
    """JSON in which a number equals only a number of the same digits."""
    return json.loads(
        body, parse_float=lambda text: ("number", text), parse_int=lambda text: ("number", text)
    )


def get_currency(code: str) -> Currency:
    """A currency that there is."""
    found = find_currency(code)
    assert found is not None
    return found


AUD = get_currency("AUD")
CREATED = datetime(2026, 11, 20, 9, 15, 30, 120_000, UTC)
RECORDED = datetime(2026, 11, 20, 9, 15, 30, 842_000, UTC)
OFFER_ID = "c8Qw2mZ7tRk5Vn1yLh4x02"

PROFILE = MerchantProfile(
    merchant_id="TESTPARCELA01",
    name="Parcela Demo Shop",
    country="USA",
    mcc="5732",
    currencies=("AUD",),
    brands=(CardBrand.MASTERCARD, CardBrand.VISA),
    acquirer_id="PARCELA_SIM",
    acquirer_merchant_id="100200300",
    terminal_id="PARC0001",
)
PLAN = ChosenPlan(offer_id=OFFER_ID, program_id="standard-6", count=6, deferral_months=0, product_id="PL1")
FACTS = AcquirerFacts(
    acquirer_id="PARCELA_SIM",
    merchant_id="100200300",
    terminal_id="PARC0001",
    batch=20261120,
    reference="0000000042",
    response_code="00",
    message="Approved",
    authorization_code="481216",
    stan="42",
    rrn="632509000042",
    security_code=SecurityCodeMatch.MATCH,
)
DECLINED = replace(FACTS, response_code=None, message=None, authorization_code=None)
LATER_FACTS = replace(FACTS, security_code=None, authorization_code=None)

_ITEMS = [
    {"name": "Phone 128 GB black", "quantity": "1", "sku": "PHN-128-BLK", "unitPrice": "1150.00"},
    {"name": "Phone case", "quantity": "2", "sku": "CASE-01", "unitPrice": "25.00"},
]


def make_card(month: str = "01", last_four: str = "0008") -> CardFace:
    """A Mastercard."""
    return CardFace(
        card_id="card",
        first_six="512345",
        last_four=last_four,
        brand="mastercard",
        funding="credit",
        expiry_month=month,
        expiry_year="39",
    )


def make_order(order_id: str, status: OrderStatus, *, captured: int = 0, **members: Any) -> MerchantOrder:
    """An order of 1200.00 AUD right after its first transaction."""
    drawn = MerchantOrder(
        order_key="key",
        client_id=1,
        order_id=order_id,
        currency="AUD",
        amount_minor=120_000,
        status=status,
        totals=OrderTotals(
            authorized_minor=0 if status is OrderStatus.FAILED else 120_000, captured_minor=captured
        ),
        created_at=CREATED,
        updated_at=RECORDED,
        card=make_card(),
        chosen_plan=PLAN,
        details={"order": {"item": _ITEMS, "itemAmount": "1200.00"}},
    )
    return replace(drawn, **members)


def make_transaction(
    order: MerchantOrder, kind: TransactionKind, outcome: Outcome = Outcome.APPROVED, **members: Any
) -> OrderTransaction:
    """A first transaction of an order."""
    drawn = OrderTransaction(
        order_key="key",
        transaction_id="1",
        number=1,
        kind=kind,
        amount_minor=order.amount_minor,
        currency=order.currency,
        created_at=CREATED,
        recorded_at=order.updated_at,
        outcome=outcome,
        status_after=order.status,
        totals_after=order.totals,
        acquirer=FACTS,
        card=order.card,
        chosen_plan=order.chosen_plan,
        details={"transaction": {"reference": "INV-2026-0042"}},
        api_version=100,
    )
    return replace(drawn, **members)


def make_later(
    order: MerchantOrder, kind: TransactionKind, at: datetime, **members: Any
) -> tuple[MerchantOrder, OrderTransaction]:
    """The second transaction of an order, and the order after it."""
    after = replace(order, updated_at=at)
    drawn = make_transaction(
        after,
        kind,
        transaction_id="2",
        number=2,
        created_at=at,
        acquirer=LATER_FACTS,
        card=None,
        chosen_plan=None,
        details={},
    )
    return after, replace(drawn, **members)


PRODUCT = ShownProduct(
    product_id="PL1",
    name="Paylater Installments",
    logo_url="https://pay.example.com/logos/paylater.png",
)


def make_offer(
    offer_id: str, *, principal: int, count: int, first: int, other: int, **members: Any
) -> ShownOffer:
    """A shown offer in AUD without interest, fee and award, unless members say otherwise."""
    price = OfferPrice(
        currency=AUD,
        principal_minor=principal,
        count=count,
        deferral_months=members.get("deferral_months", 0),
        rate_percent=members.get("rate_percent", Decimal("0.00")),
        interest_minor=0,
        discount_minor=members.get("discount_minor", 0),
        fee_minor=members.get("fee_minor", 0),
        first_minor=first,
        other_minor=other,
    )
    drawn = ShownOffer(
        offer_id=offer_id,
        product_id="PL1",
        program_id="standard",
        currency=AUD,
        count=count,
        deferral_months=0,
        rate_percent=Decimal("0.00"),
        price=price,
        fee_minor=0,
        discount_minor=0,
        charges_interest=False,
        award=None,
        minimum_minor=30_000,
        maximum_minor=None,
        first_day=date(2026, 10, 1),
        last_day=date(2026, 12, 31),
        qualifier_text="Offer by Example Bank",
        qualifier_logo_url="https://pay.example.com/logos/example-bank.png",
        terms_text="Monthly payments are billed to your card. Late payments may cost extra.",
        acceptance_text=None,
    )
    return replace(drawn, **members)


_TICK = "I have read and accept the terms of this payment plan."
AWARD = ShownAward(amount_minor=2_500, instruction="Paid to your card account with the second statement.")

CART_OFFERS = (
    make_offer(
        "c8Qw2mZ7tRk5Vn1yLh4x01",
        principal=120_000,
        count=3,
        first=41_200,
        other=40_000,
        fee_minor=1_200,
        acceptance_text=_TICK,
    ),
    make_offer(
        OFFER_ID,
        principal=120_000,
        count=6,
        first=20_706,
        other=20_705,
        rate_percent=Decimal("11.99"),
        charges_interest=True,
        acceptance_text=_TICK,
    ),
    make_offer(
        "c8Qw2mZ7tRk5Vn1yLh4x03",
        principal=120_000,
        count=12,
        first=10_000,
        other=10_000,
        rate_percent=Decimal("14.00"),
        discount_minor=9_294,
        award=AWARD,
        minimum_minor=100_000,
    ),
)
GENERIC_OFFERS = (
    make_offer(
        "g3Jt9bXc6PsD0wQe8mUa01",
        principal=30_000,
        count=6,
        first=5_000,
        other=5_000,
        deferral_months=3,
        maximum_minor=500_000,
    ),
    make_offer("g3Jt9bXc6PsD0wQe8mUa02", principal=30_000, count=12, first=2_500, other=2_500),
)
ITEM_OFFERS = (
    replace(CART_OFFERS[1], offer_id="i5Kd1fYv7NrB2zHs6gOq01"),
    replace(CART_OFFERS[2], offer_id="i5Kd1fYv7NrB2zHs6gOq02"),
)
PAY_ONLY = frozenset({MerchantOperation.PAY})


# What a running door fills in by itself: by name, with the form that it has.
_VOLATILE = {
    "creationTime": r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "lastUpdatedTime": r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "timeOfRecord": r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "authorizationCode": r"\d{6}",
    "batch": r"20\d{6}",
    "receipt": r"\d{12}",
    "stan": r"\d{1,6}",
    "transactionId": r"\d{10}",
}


def settle(expected: Any, answer: Any, name: str = "") -> Any:
    """A sample with times, ids and codes of the acquirer as in the answer, whose form is checked."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        return {inner: settle(held, answer.get(inner), inner) for inner, held in expected.items()}
    if isinstance(expected, list) and isinstance(answer, list) and len(expected) == len(answer):
        return [settle(held, given, name) for held, given in zip(expected, answer, strict=True)]
    if name in _VOLATILE:
        text = answer[1] if isinstance(answer, tuple) else answer
        assert re.fullmatch(_VOLATILE[name], text), f"{name}: {text}"
        return answer
    return expected


def load_request(name: str) -> Any:
    """The request of a sample, as a fresh object."""
    return json.loads((FOLDER / f"{name}.request.json").read_bytes())


def load_nvp_request(name: str) -> dict[str, str]:
    """The request of an NVP sample without its login."""
    pairs = dict(parse_qsl(load_nvp(f"{name}.request"), strict_parsing=True))
    return {
        key: value for key, value in pairs.items() if key not in ("apiUsername", "apiPassword", "merchant")
    }


def swap(value: Any, changes: dict[Any, Any]) -> Any:
    """A copy in which some names and values are others."""
    if isinstance(value, dict):
        return {changes.get(name, name): swap(held, changes) for name, held in value.items()}
    if isinstance(value, list):
        return [swap(held, changes) for held in value]
    return changes.get(value, value)


def flatten(value: Any, path: str = "") -> dict[str, str]:
    """A JSON answer as the pairs of NVP."""
    if isinstance(value, dict):
        found: dict[str, str] = {}
        for name, held in value.items():
            found |= flatten(held, f"{path}.{name}" if path else name)
        return found
    if isinstance(value, list):
        found = {}
        for index, held in enumerate(value):
            found |= flatten(held, f"{path}[{index}]")
        return found
    if isinstance(value, bool):
        return {path: "true" if value else "false"}
    return {path: value[1] if isinstance(value, tuple) else value}
