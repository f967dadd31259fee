"""Offers in the gateway's words: generic, item and cart answers (`spec/gateway.md` §§8.4, 9, 16)."""

from collections.abc import Iterable
from dataclasses import dataclass

from parcela.dialects.gateway.calls import AnswerTree, AnswerValue
from parcela.dialects.gateway.wire_values import write_minor
from parcela.domain.currency import Currency
from parcela.domain.merchant_offers import OfferPrice
from parcela.domain.merchants import MerchantOperation, MerchantProfile
from parcela.domain.money import parse_major
from parcela.operations.inquiry_records import (
    CartAnswer,
    GenericAnswer,
    ItemAnswer,
    PlanAnswer,
    ShownOffer,
    ShownPlan,
    ShownProduct,
)

_PRODUCTS_FROM = 70
_SUPPORTED = {MerchantOperation.AUTHORIZE: "AUTHORIZE", MerchantOperation.PAY: "PURCHASE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """For whom offers are written: the API version, and whether the guide's literal spellings stand too."""

    version: int
    has_literal: bool

    @property
    def has_products(self) -> bool:
        """Products and their ids are told from version 70 (§18)."""
        return self.version >= _PRODUCTS_FROM


def generic_to_answer(answer: GenericAnswer, spelling: Spelling) -> AnswerTree:
    """SHOPPING_OPTIONS_INQUIRY."""
    offers: AnswerTree = {offer.offer_id: _write_generic(offer, spelling) for offer in answer.offers}
    return {
        "paymentPlanOffer": offers or None,
        "paymentPlanProduct": _write_products(answer.products, spelling),
        "result": "SUCCESS",
    }


def items_to_answer(answer: ItemAnswer, currency: Currency, spelling: Spelling) -> AnswerTree:
    """ITEM_PAYMENT_PLAN_OFFERS: the items in the order of the request, also those without offers."""
    items: list[AnswerValue] = [
        {
            "paymentPlanOffer": {offer.offer_id: _write_display(offer, spelling) for offer in shown.offers}
            or None,
            "sku": shown.article.sku,
            "unitPrice": write_minor(parse_major(shown.article.unit_price, currency).minor, currency),
        }
        for shown in answer.articles
    ]
    return {
        "item": items,
        "paymentPlanProduct": _write_products(answer.products, spelling),
        "result": "SUCCESS",
    }


def options_to_answer(answer: CartAnswer, profile: MerchantProfile, spelling: Spelling) -> AnswerTree:
    """PAYMENT_OPTIONS_INQUIRY: what the merchant takes, its products, cart offers and custom plans."""
    plans: list[AnswerValue] = [_write_plan(plan) for plan in answer.plans]
    supported: list[AnswerValue] = [
        {"supportedPaymentOperation": name}
        for operation, name in _SUPPORTED.items()
        if operation in profile.operations
    ]
    return {
        "paymentPlanProduct": _write_products(answer.products, spelling),
        "paymentTypes": {
            "card": {
                "cardTypes": [{"cardType": brand.upper()} for brand in profile.brands],
                "currencies": [{"currency": code} for code in profile.currencies],
                "paymentPlanOffer": cart_offers_to_answer(answer, spelling),
                "paymentPlans": plans or None,
                "transactionSources": [{"transactionSource": "INTERNET"}],
            }
        },
        "result": "SUCCESS",
        "supportedPaymentOperations": supported or None,
    }


def cart_offers_to_answer(answer: CartAnswer, spelling: Spelling) -> AnswerTree | None:
    """The cart offers by id; None where there are none."""
    return {offer.offer_id: _write_cart(offer, spelling) for offer in answer.offers} or None


def plan_prices_to_answer(answer: PlanAnswer) -> AnswerTree:
    """PLAN_OFFERS_INQUIRY: a custom plan's prices by number of payments."""
    return {
        "paymentPlan": {
            "interestRate": answer.rate_percent,
            "planId": answer.plan_id,
            "planOffer": [_write_plan_price(price) for price in answer.offers],
        },
        "result": "SUCCESS",
    }


def _write_generic(offer: ShownOffer, spelling: Spelling) -> AnswerTree:
    currency = offer.currency
    most = offer.maximum_minor
    return {
        **_write_display(offer, spelling),
        "minimumAmount": write_minor(offer.minimum_minor, currency),
        "maximumAmount": None if most is None else write_minor(most, currency),
    }


def _write_display(offer: ShownOffer, spelling: Spelling) -> AnswerTree:
    """What generic and item offers have in common."""
    return {
        **_write_price(offer, spelling),
        "deferalPeriod": offer.deferral_months if spelling.has_literal else None,
        "qualifier": {"description": offer.qualifier_text, "logoUrl": offer.qualifier_logo_url},
    }


def _write_cart(offer: ShownOffer, spelling: Spelling) -> AnswerTree:
    written = _write_price(offer, spelling)
    interest = written["interest"]
    assert isinstance(interest, dict)
    return {
        **written,
        "interest": {**interest, "charged": offer.charges_interest},
        "numberofPayments": offer.count if spelling.has_literal else None,
        "qualifier": {"text": offer.qualifier_text, "logoUrl": offer.qualifier_logo_url},
        "minimumOrderAmount": write_minor(offer.minimum_minor, offer.currency),
        "startDate": offer.first_day.isoformat(),
        "endDate": None if offer.last_day is None else offer.last_day.isoformat(),
        "termsAndConditions": {
            "text": offer.terms_text,
            "acceptanceRequired": offer.acceptance_text is not None,
            "acceptanceText": offer.acceptance_text,
        },
    }


def _write_price(offer: ShownOffer, spelling: Spelling) -> AnswerTree:
    currency, price, award = offer.currency, offer.price, offer.award
    written: AnswerTree = {
        "currency": currency.code,
        "paymentPlanProductId": offer.product_id if spelling.has_products else None,
        "numberOfPayments": offer.count,
        "deferralPeriod": offer.deferral_months,
        "feeAmount": _write_optional(offer.fee_minor, currency),
        "interest": {
            "rate": offer.rate_percent,
            "discountAmount": _write_optional(offer.discount_minor, currency),
        },
    }
    if price is not None:
        written["totalAmount"] = write_minor(price.total_minor, currency)
        written["firstPaymentAmount"] = write_minor(price.first_minor, currency)
        if price.count > 1:
            written["subsequentPaymentAmount"] = write_minor(price.other_minor, currency)
    if award is not None:
        written["cashAward"] = {
            "amount": _write_optional(award.amount_minor, currency),
            "payerInstructionText": award.instruction,
        }
    return written


def _write_products(products: Iterable[ShownProduct], spelling: Spelling) -> AnswerTree | None:
    if not spelling.has_products:
        return None
    return {one.product_id: {"name": one.name, "logoUrl": one.logo_url} for one in products} or None


def _write_plan(plan: ShownPlan) -> AnswerTree:
    minimum = write_minor(plan.minimum_minor, plan.currency)
    return {
        "planId": plan.plan_id,
        "planName": plan.name,
        "planTemplate": plan.template.upper(),
        "startDate": plan.first_day.isoformat(),
        "endDate": None if plan.last_day is None else plan.last_day.isoformat(),
        "numberOfPayments": list(plan.payments),
        "numberOfDeferrals": list(plan.deferrals) or None,
        "minimumOrderAmounts": [{"amount": minimum, "currency": plan.currency.code}]
        if plan.minimum_minor
        else None,
        "payerInterest": plan.payer_interest,
    }


def _write_plan_price(price: OfferPrice) -> AnswerTree:
    """A plan told by one payment amount: the regular one, where the first differs by its rounding."""
    regular = price.other_minor if price.count > 1 else price.first_minor
    return {
        "finalAmount": write_minor(price.total_minor, price.currency),
        "numberOfPayments": price.count,
        "paymentAmount": write_minor(regular, price.currency),
    }


def _write_optional(minor: int | None, currency: Currency) -> AnswerValue:
    return None if minor is None else write_minor(minor, currency)
