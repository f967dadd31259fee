"""The requests of the demo: a wallet's purchase with an offer chosen, a PAN list with one slip in it, a
shop's purchase with a payment plan, a split payment, and what a shopper types on the hosted page.
"""

from datetime import UTC, date, datetime
from typing import Any

Json = dict[str, Any]

CARD = "2303770000057107"
GOOD_PANS = ("2303770003322342", "2303770003334644")
MISTYPED_PAN = "2303770003366423"
AMOUNT, CURRENCY = 150, "USD"
MERCHANT: Json = {
    "name": "Globex Decor",
    "country": "USA",
    "mcc": "1711",
    "url": "https://www.globexdecor.com",
    "acquirerId": "234353",
    "merchantId": "121234",
}

SHOP_CARD = "5123450000000008"
SHOP_SKU, SHOP_PRICE, SHOP_CURRENCY = "SKU-1", "1200.00", "USD"
SHOP_REFUND = "400.00"
SPLIT_REFUND_CENTS = 20000
LENT_CARD = "5555555555554444"
"""Its bank has no plans, so the sandbox's lender offers some."""


def make_offers_request(now: datetime) -> Json:
    """`POST /offers`: a purchase of today."""
    return {
        "transaction": {"amount": AMOUNT, "currency": CURRENCY, "localDateTime": _instant(now)},
        "merchant": MERCHANT,
        "sensitiveData": {"consumer": {"primaryAccountNumber": CARD}},
    }


def make_plan_request(shown: Json, chosen: Json, now: datetime) -> Json:
    """`POST /plans`: the chosen offer as it was shown."""
    return {
        "offerTransactionId": shown["offerTransactionId"],
        "merchant": MERCHANT,
        "offerId": chosen["offerId"],
        "transactionOffers": [{"offerId": offer["offerId"]} for offer in shown["offers"]],
        "planInstallmentInformation": {
            "apr": chosen["apr"],
            "currency": CURRENCY,
            "frequency": chosen["frequency"],
            "firstInstallmentAmount": chosen["firstInstallmentAmount"],
            "otherInstallmentAmount": chosen["otherInstallmentAmount"],
            "feeValue": chosen["feeValue"],
            "tenure": chosen["tenure"],
            "totalAmount": chosen["totalAmount"],
        },
        "providerId": chosen["provider"]["providerId"],
        "schedulePayments": chosen["schedulePayments"],
        "transaction": {
            "amountType": "PURCHASE",
            "amount": AMOUNT,
            "currency": CURRENCY,
            "localDateTime": _instant(now),
        },
        "sensitiveData": {"consumer": {"primaryAccountNumber": CARD}},
    }


def make_pan_list_request() -> Json:
    """`POST /consumers/pans/registrations`: two good card numbers and a mistyped one."""
    pans = [{"pan": pan} for pan in (*GOOD_PANS, MISTYPED_PAN)]
    return {"panListName": "Loyal customers", "sensitiveData": {"pans": pans}}


def make_item_request() -> Json:
    """`ITEM_PAYMENT_PLAN_OFFERS`: what an article costs in installments."""
    return {
        "apiOperation": "ITEM_PAYMENT_PLAN_OFFERS",
        "currency": SHOP_CURRENCY,
        "item": [{"sku": SHOP_SKU, "unitPrice": SHOP_PRICE}],
    }


def make_cart_request() -> Json:
    """`PAYMENT_OPTIONS_INQUIRY`: a cart with that article, and the card's first six digits."""
    return {
        "apiOperation": "PAYMENT_OPTIONS_INQUIRY",
        "order": _make_order(),
        "sourceOfFunds": {"provided": {"card": {"prefix": SHOP_CARD[:6]}}},
    }


def make_acceptance() -> Json:
    """`UPDATE_PAYMENT_PLAN_OFFER`: the payer has read the terms and ticked the box."""
    return {
        "apiOperation": "UPDATE_PAYMENT_PLAN_OFFER",
        "order": _make_order(),
        "paymentPlanOffer": {
            "payerAcceptance": True,
            "termsAndConditionsDisplay": "TERMS_AND_CONDITIONS_AND_ACCEPTANCE",
        },
        "sourceOfFunds": {"provided": {"card": {"number": SHOP_CARD}}},
    }


def make_payment(offer_id: str) -> Json:
    """`PAY` with the accepted offer."""
    return {
        "apiOperation": "PAY",
        "order": _make_order(),
        "paymentPlan": {"offerId": offer_id},
        "sourceOfFunds": {
            "type": "CARD",
            "provided": {"card": {"number": SHOP_CARD, "expiry": {"month": "01", "year": "39"}}},
        },
    }


def make_refund() -> Json:
    """`REFUND` of a part."""
    return {"apiOperation": "REFUND", "transaction": {"amount": SHOP_REFUND, "currency": SHOP_CURRENCY}}


def make_split_payment(today: date) -> Json:
    """A payment that waits for `confirm`; a first payment of today is collected with the purchase."""
    return {
        "amount": 60000,
        "currency": "EUR",
        "description": "Annual kit",
        "returnUrl": "https://shop.example/done",
        "confirm": False,
        "installments": {"enabled": True, "count": 3, "firstPaymentDate": today.isoformat()},
    }


def make_payment_method() -> Json:
    """The card as the shopper's browser sends it: one with plans of 3, 6 and 12 payments."""
    card = {"number": "5200828200000108", "expMonth": 12, "expYear": 2040, "cvc": "123"}
    return {"type": "card", "card": card}


def make_hosted_payment() -> Json:
    """A payment whose card is typed on the hosted page, with plans."""
    return {
        "amount": 60000,
        "currency": "EUR",
        "description": "Bike and helmet",
        "returnUrl": "https://shop.example/done",
        "installments": {"enabled": True},
    }


def make_typed_card() -> dict[str, str]:
    """The fields of the card form."""
    return {"number": LENT_CARD, "expiry": "12/39", "code": "123", "name": "Ana Silva"}


def make_person() -> dict[str, str]:
    """What the lender must know."""
    return {
        "name": "Ana Silva",
        "email": "ana@example.com",
        "phone": "+49 30 123456",
        "line1": "Hauptstr. 1",
        "postal_code": "10115",
        "city": "Berlin",
        "country": "DE",
    }


def _make_order() -> Json:
    item = {"sku": SHOP_SKU, "quantity": 1, "unitPrice": SHOP_PRICE}
    return {"amount": SHOP_PRICE, "currency": SHOP_CURRENCY, "item": [item]}


def _instant(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
