"""Records of one merchant's offer for pure tests: a rule, its program, a quote, and payments with it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from parcela.domain.merchant_offers import CartItem, MerchantOffer, PricedBy, Quote
from parcela.domain.merchants import (
    Attachment,
    MerchantPlan,
    MerchantProfile,
    OfferRule,
    OfferTerms,
    PlanTemplate,
    Qualifier,
    SerialRule,
    SerialsDue,
)
from parcela.domain.orders import OrderLine
from parcela.domain.plan_conditions import PaymentFacts, UsedCard
from parcela.domain.programs import Program
from tests.support.set_up import make_program

QUOTED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CARD = "5123450000000008"
PHONE = CartItem(sku="PHN-128-BLK", quantity=Decimal(1), unit_price=Decimal("1150.00"))
CASE = CartItem(sku="CASE-01", quantity=Decimal(2), unit_price=Decimal("25.00"))
PROGRAM: Program = make_program("standard-3-usd", rules={"minimum": Decimal(100)})
PROFILE = MerchantProfile(
    merchant_id="SHOP",
    name="Shop",
    country="USA",
    mcc="5732",
    currencies=("USD",),
    brands=(),
    acquirer_id="ACQ",
    acquirer_merchant_id="1",
    terminal_id="T",
)


def make_rule(**members: Any) -> OfferRule:
    """A cart rule of 300 to 5000 dollars whose terms must be accepted, without serial numbers."""
    given: dict[str, Any] = {
        "merchant_id": "SHOP",
        "rule_id": "cart-3",
        "attachment": Attachment.CART,
        "product_id": "PL1",
        "program_id": PROGRAM.offer_id,
        "first_day": date(2020, 1, 1),
        "minimum": Decimal(300),
        "maximum": Decimal(5000),
        "qualifier": Qualifier(text="Bank", logo_url="https://bank.example/logo.png"),
        "terms": OfferTerms(
            text="Pay monthly.", version="7", acceptance_required=True, acceptance_text="I accept."
        ),
        **members,
    }
    return OfferRule(**given)


def ask_serials(due: SerialsDue, *skus: str) -> SerialRule:
    """A rule for serial numbers."""
    return SerialRule(due=due, skus=skus)


def make_quote(**members: Any) -> Quote:
    """An inquiry that named 1200 dollars, two articles and the beginning of the card."""
    given: dict[str, Any] = {
        "quote_id": "cAAAAAAAAAAAAAAAAAAA",
        "client_id": 1,
        "quoted_at": QUOTED_AT,
        "currency": "USD",
        "amount_minor": 120000,
        "items": (PHONE, CASE),
        "card_prefix": "512345",
        "offers": (
            PricedBy(rule_key="SHOP:cart-3", rule_version=1, program_id=PROGRAM.offer_id, program_version=1),
        ),
        **members,
    }
    return Quote(**given)


def make_offer(*, quote: Quote | None = None, **members: Any) -> MerchantOffer:
    """Its first offer."""
    quote = quote or make_quote()
    return MerchantOffer(offer_id=f"{quote.quote_id}01", quote=quote, priced_by=quote.offers[0], **members)


def make_card(digits: str = CARD, *, is_admitted: bool = True) -> UsedCard:
    """A card; its digits stand for its blind index."""
    return UsedCard(digits=digits, pan_index=digits.encode(), is_admitted=is_admitted)


def make_line(item: CartItem, *serial_numbers: str, **members: Any) -> OrderLine:
    """A line of a request for an article."""
    given: dict[str, Any] = {
        "sku": item.sku,
        "quantity": item.quantity,
        "unit_price": item.unit_price,
        "serial_numbers": serial_numbers,
        **members,
    }
    return OrderLine(**given)


def make_payment(*lines: OrderLine, **members: Any) -> PaymentFacts:
    """An authorization of 1200 dollars with the card."""
    given: dict[str, Any] = {
        "amount_minor": 120000,
        "currency": "USD",
        "card": make_card(),
        "lines": lines,
        "captures_at_once": False,
        **members,
    }
    return PaymentFacts(**given)


def make_custom_plan(**members: Any) -> MerchantPlan:
    """A custom plan without interest."""
    given: dict[str, Any] = {
        "merchant_id": "SHOP",
        "plan_id": "PLANN",
        "name": "Plan N",
        "template": PlanTemplate.INSTALLMENTS_WITHOUT_INTEREST,
        "program_id": PROGRAM.offer_id,
        "payments": (3, 6),
        "first_day": date(2020, 1, 1),
        **members,
    }
    return MerchantPlan(**given)
