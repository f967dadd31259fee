"""The simulators through the whole door: every documented card has its documented outcome (§19)."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.gateway_world import Answer, GatewayWorld

USD = {"amount": "1200.00", "currency": "USD"}
ITEMS = [{"sku": "SKU-1", "quantity": "1", "unitPrice": "1200.00"}]
ACCEPTED = {
    "payerAcceptance": True,
    "termsAndConditionsDisplay": "TERMS_AND_CONDITIONS_AND_ACCEPTANCE",
}


def card(expiry: str = "01/39", code: str | None = "100", number: str = "5123450000000008") -> dict[str, Any]:
    """A card with an expiry date as people write it."""
    month, year = expiry.split("/")
    given = {"number": number, "expiry": {"month": month, "year": year}}
    if code is not None:
        given["securityCode"] = code
    return {"sourceOfFunds": {"type": "CARD", "provided": {"card": given}}}


def ask_payment(
    world: GatewayWorld, order_id: str, operation: str, body: Mapping[str, Any], *, transaction_id: str = "1"
) -> Answer:
    """AUTHORIZE, PAY or VERIFY of 1200.00 USD."""
    order = {"currency": "USD"} if operation == "VERIFY" else USD
    return world.pay(order_id, transaction_id, {"apiOperation": operation, "order": order, **body})


OUTCOMES = {
    "01/39": ("APPROVED", "SUCCESS"),
    "05/39": ("DECLINED", "FAILURE"),
    "04/27": ("EXPIRED_CARD", "FAILURE"),
    "08/28": ("TIMED_OUT", "FAILURE"),
    "01/37": ("ACQUIRER_SYSTEM_ERROR", "FAILURE"),
    "02/37": ("UNSPECIFIED_FAILURE", "FAILURE"),
    "05/37": ("UNKNOWN", "UNKNOWN"),
    "12/49": ("APPROVED", "SUCCESS"),
    "12/20": ("EXPIRED_CARD", "FAILURE"),
}
STATUS_WHEN_APPROVED = {"PAY": "CAPTURED", "AUTHORIZE": "AUTHORIZED", "VERIFY": "VERIFIED"}
STATUS = {"FAILURE": "FAILED", "UNKNOWN": "INITIATED"}


@pytest.mark.parametrize("operation", ["PAY", "AUTHORIZE", "VERIFY"])
@pytest.mark.parametrize("expiry", OUTCOMES)
def test_expiry_date_decides(shared_gateway: GatewayWorld, operation: str, expiry: str) -> None:
    code, result = OUTCOMES[expiry]
    order_id = f"ORD-{operation}-{expiry.replace('/', '')}"
    answer = ask_payment(shared_gateway, order_id, operation, card(expiry))
    body = answer.body
    assert (answer.status, body["response"]["gatewayCode"], body["result"]) == (201, code, result)
    assert body["order"]["status"] == STATUS.get(result, STATUS_WHEN_APPROVED[operation])
    states = shared_gateway.fetch(
        "SELECT m.state FROM simulated_card_message m JOIN merchant_order o"
        " ON starts_with(m.message_id, o.order_key::text) WHERE o.order_id = $1",
        order_id,
    )
    kept = {"TIMED_OUT": "reversed", "APPROVED": "approved", "UNKNOWN": "unknown"}.get(code, "declined")
    assert [row["state"] for row in states] == [kept]


TEST_CARDS = {
    "MASTERCARD": ("5123450000000008 2223000000000007 5111111111111118 2223000000000023 5123456789012346"),
    "VISA": "4508750015741019 4012000033330026 4005550000000001",
    "AMEX": "345678901234564 371449635398431 371881634498004",
    "DINERS_CLUB": "30123400000000 36259600000012",
    "JCB": "3528000000000007 3528111100000001",
    "DISCOVER": "6011003179988686 6011963280099774",
    "MAESTRO": "5000000000000000005 5666555544443333",
}


@pytest.mark.parametrize(
    ("brand", "number"),
    [(brand, number) for brand, numbers in TEST_CARDS.items() for number in numbers.split()],
)
def test_every_documented_test_card_pays(shared_gateway: GatewayWorld, brand: str, number: str) -> None:
    order_id = f"ORD-{brand}-{number[-10:]}"
    body = ask_payment(shared_gateway, order_id, "PAY", card(number=number, code=None)).body
    told = body["sourceOfFunds"]["provided"]["card"]
    shown = number[:6] + "x" * (len(number) - 10) + number[-4:]
    assert (body["response"]["gatewayCode"], told["brand"], told["scheme"], told["number"]) == (
        "APPROVED",
        brand,
        brand,
        shown,
    )


@pytest.mark.parametrize(
    ("number", "code", "group"),
    [
        ("5123450000000008", "100", {"gatewayCode": "MATCH"}),
        ("5123450000000008", "101", {"gatewayCode": "NOT_PROCESSED"}),
        ("5123450000000008", "102", {"gatewayCode": "NO_MATCH"}),
        ("5123450000000008", "555", {"gatewayCode": "NOT_PROCESSED"}),
        ("5123450000000008", None, None),
        ("345678901234564", "1000", {"gatewayCode": "MATCH"}),
        ("345678901234564", "1010", {"gatewayCode": "NOT_PROCESSED"}),
        ("345678901234564", "1020", {"gatewayCode": "NO_MATCH"}),
    ],
)
def test_security_code_is_answered(
    shared_gateway: GatewayWorld, number: str, code: str | None, group: dict[str, str] | None
) -> None:
    order_id = f"ORD-CODE-{number[-4:]}-{code}"
    answer = ask_payment(shared_gateway, order_id, "PAY", card(code=code, number=number))
    assert (answer.status, answer.body["result"]) == (201, "SUCCESS")
    assert answer.body["response"].get("cardSecurityCode") == group


def quote(world: GatewayWorld) -> str:
    """The id of the first cart offer for the items."""
    answer = world.ask(
        "POST",
        "paymentOptionsInquiry",
        {
            "apiOperation": "PAYMENT_OPTIONS_INQUIRY",
            "order": {**USD, "item": ITEMS},
            "sourceOfFunds": {"provided": {"card": {"prefix": "512345"}}},
        },
    )
    assert answer.status == 200
    return min(answer.body["paymentTypes"]["card"]["paymentPlanOffer"])


def accept(world: GatewayWorld, offer_id: str, number: str) -> Answer:
    """UPDATE_PAYMENT_PLAN_OFFER."""
    return world.ask(
        "PUT",
        f"paymentPlanOffer/{offer_id}",
        {
            "apiOperation": "UPDATE_PAYMENT_PLAN_OFFER",
            "order": {**USD, "item": ITEMS},
            "paymentPlanOffer": ACCEPTED,
            "sourceOfFunds": {"provided": {"card": {"number": number}}},
        },
    )


@pytest.mark.parametrize(
    ("number", "status", "required"),
    [
        ("5123450000017101", "ACCEPTED_CONDITIONALLY", ["order.item[0].serialNumber"]),
        ("5123450000007102", "UNAVAILABLE", None),
        ("5123450000097103", "ACCEPTED", None),
        ("5123450000087104", "ACCEPTED_CONDITIONALLY", ["order.item[0].serialNumber"]),
        ("5123450000067106", "ACCEPTED", None),
    ],
)
def test_card_decides_on_acceptance(
    shared_gateway: GatewayWorld, number: str, status: str, required: list[str] | None
) -> None:
    offer_id = quote(shared_gateway)
    answer = accept(shared_gateway, offer_id, number)
    assert answer.status == 200
    told = answer.body["paymentPlanOffer"]
    assert (told["id"], told["status"], told.get("requiredInformation")) == (offer_id, status, required)


def test_busy_provider_accepts_the_identical_second_try(gateway: GatewayWorld) -> None:
    offer_id = quote(gateway)
    busy = accept(gateway, offer_id, "5123450000077105")
    assert (busy.status, busy.error["cause"], busy.headers["retry-after"]) == (503, "SERVER_BUSY", "10")
    assert gateway.count_records()["merchant_offer"] == 0
    second = accept(gateway, offer_id, "5123450000077105")
    assert (second.status, second.body["paymentPlanOffer"]["status"]) == (200, "ACCEPTED")


@pytest.mark.parametrize(
    ("number", "code"),
    [("5123450000097103", "DECLINED_PAYMENT_PLAN"), ("5123450000067106", "SYSTEM_ERROR")],
)
def test_card_decides_on_a_payment_with_a_plan(gateway: GatewayWorld, number: str, code: str) -> None:
    offer_id = quote(gateway)
    assert accept(gateway, offer_id, number).body["paymentPlanOffer"]["status"] == "ACCEPTED"
    body = {"paymentPlan": {"offerId": offer_id}, **card(number=number)}
    refused = ask_payment(gateway, "ORD-P", "PAY", body)
    assert (refused.status, refused.body["result"]) == (201, "FAILURE")
    assert refused.body["response"]["gatewayCode"] == code
    assert gateway.fetch("SELECT count(*) AS messages FROM simulated_card_message") == [{"messages": 0}]
    # Without a plan the same card follows its expiry date.
    plain = ask_payment(gateway, "ORD-P", "PAY", card(number=number), transaction_id="2")
    assert (plain.body["result"], plain.body["response"]["gatewayCode"]) == ("SUCCESS", "APPROVED")


@pytest.mark.parametrize(
    ("number", "status"),
    [
        # Due at capture, so that an authorization goes through without them.
        ("5123450000017101", 201),
        ("5123450000087104", 400),
    ],
)
def test_serial_numbers_are_due_with_a_payment(gateway: GatewayWorld, number: str, status: int) -> None:
    offer_id = quote(gateway)
    accept(gateway, offer_id, number)
    body = {"paymentPlan": {"offerId": offer_id}, **card(number=number)}
    missing = ask_payment(gateway, "ORD-S", "PAY", body)
    assert (missing.status, missing.error["field"], missing.error["validationType"]) == (
        400,
        "order.item[0].serialNumber",
        "MISSING",
    )
    assert gateway.count_records()["merchant_order"] == 0
    assert ask_payment(gateway, "ORD-S", "AUTHORIZE", body).status == status
