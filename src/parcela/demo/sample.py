"""The requests of the demo: one purchase with an offer chosen, and a PAN list with one slip in it."""

from datetime import UTC, datetime
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


def _instant(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
