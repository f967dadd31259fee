"""Programs, rules and plans of a merchant, as short as a test can say them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from parcela.domain.calendar import MONTHLY
from parcela.domain.currency import Currency, find_currency
from parcela.domain.merchants import (
    AmountKind,
    Attachment,
    CashAward,
    Charge,
    MerchantPlan,
    OfferRule,
    OfferTerms,
    PlanTemplate,
    Qualifier,
)
from parcela.domain.money import Money
from parcela.domain.programs import EligibilityRules, Program
from parcela.domain.terms import PricingTerms, Rate

PROVIDER = "29694e7a-b4a8-11ec-b909-0242ac120002"
PLAIN_RULES = EligibilityRules()


def make_terms(count: int, rate: str | Rate = "0", **others: Any) -> PricingTerms:
    held = Rate(value=Decimal(rate)) if isinstance(rate, str) else rate
    return PricingTerms(**{"count": count, "interval": MONTHLY, "rate": held, **others})


def make_program(
    count: int,
    rate: str | Rate = "0",
    *,
    currency: str = "AUD",
    rules: EligibilityRules = PLAIN_RULES,
    begin: datetime = datetime(2020, 1, 1, tzinfo=UTC),
    end: datetime = datetime(2099, 12, 31, tzinfo=UTC),
    **terms: Any,
) -> Program:
    return Program(
        offer_id="program-1",
        provider_id=PROVIDER,
        currency=currency,
        terms=make_terms(count, rate, **terms),
        rules=rules,
        begin=begin,
        end=end,
    )


def make_rule(**others: Any) -> OfferRule:
    return OfferRule(
        **{
            "merchant_id": "SHOP",
            "rule_id": "rule-1",
            "attachment": Attachment.CART,
            "product_id": "PL1",
            "program_id": "program-1",
            "first_day": date(2020, 1, 1),
            "qualifier": Qualifier(text="Offer by Example Bank", logo_url="https://bank.example/logo.png"),
            "terms": OfferTerms(text="Monthly payments are billed to your card."),
            **others,
        }
    )


def make_plan(**others: Any) -> MerchantPlan:
    return MerchantPlan(
        **{
            "merchant_id": "SHOP",
            "plan_id": "PLANN",
            "name": "Plan N",
            "template": PlanTemplate.INSTALLMENTS_WITHOUT_INTEREST,
            "program_id": "program-1",
            "payments": (3, 6, 12),
            "first_day": date(2020, 1, 1),
            **others,
        }
    )


def make_money(minor: int, code: str = "AUD") -> Money:
    return Money(minor, get_currency(code))


def get_currency(code: str) -> Currency:
    currency = find_currency(code)
    assert currency is not None
    return currency


def amount(value: str) -> Charge:
    return Charge(kind=AmountKind.AMOUNT, value=Decimal(value))


def percent(value: str) -> Charge:
    return Charge(kind=AmountKind.PERCENT, value=Decimal(value))


def award(charge: Charge) -> CashAward:
    return CashAward(kind=charge.kind, value=charge.value, instruction="Paid with the second statement.")
