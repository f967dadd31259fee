"""AUTHORIZE, PAY, CAPTURE, REFUND, VOID and VERIFY through the door (`spec/gateway.md` §§7, 11, 12)."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from tests.support.gateway_samples import (
    OFFER_ID,
    flatten,
    load_nvp,
    load_nvp_request,
    load_request,
    load_sample,
    read_exactly,
    settle,
    swap,
)
from tests.support.gateway_world import Answer, GatewayWorld, Merchant
from tests.support.samples import UNSET, edit

from parcela.domain.merchants import MerchantOperation, MerchantProfile
from parcela.operations.acquiring import AcquirerReply, AcquirerRequest
from parcela.operations.merchants import issue_api_password, register_merchant

CARD = "sourceOfFunds.provided.card"
_numbers = count(1)


def name_order() -> str:
    """An order id that no other test has."""
    return f"ORD-T{next(_numbers)}"


def quote(world: GatewayWorld, changes: dict[str, Any] | None = None) -> list[str]:
    """The ids of the demo merchant's cart offers in AUD: 3, 6 and 12 payments."""
    answer = world.ask("POST", "paymentOptionsInquiry", edit(load_request("options"), changes or {}))
    return list(answer.body["paymentTypes"]["card"]["paymentPlanOffer"])


def take_offer(world: GatewayWorld, digits: str = "5123450000000008") -> str:
    """An accepted offer of six payments."""
    offer_id = quote(world)[1]
    body = edit(load_request("update-accept"), {f"{CARD}.number": digits})
    assert world.ask("PUT", f"paymentPlanOffer/{offer_id}", body).body["result"] == "SUCCESS"
    return offer_id


def request_payment(changes: dict[str, Any] | None = None, *, name: str = "pay-offer") -> dict[str, Any]:
    """The sample's payment without its plan unless `changes` name one."""
    return edit(load_request(name), {"paymentPlan": UNSET, **(changes or {})})


def expect(name: str, answer: Answer, order_id: str, offer_id: str = "") -> Any:
    """A sample as this world tells it: other ids, times and codes of the acquirer."""
    sample = load_sample(f"{name}.response")
    names = {sample["order"]["id"]: order_id, OFFER_ID: offer_id, "standard-6": "standard-6-aud"}
    return settle(swap(sample, names), read_exactly(answer.raw))


def is_sample(answer: Answer, name: str, order_id: str, offer_id: str = "") -> bool:
    body = read_exactly(answer.raw)
    assert body == expect(name, answer, order_id, offer_id)
    return answer.status == 201


def tell(field: str, text: str, validation: str = "INVALID") -> dict[str, Any]:
    return {
        "error": {
            "cause": "INVALID_REQUEST",
            "explanation": text,
            "field": field,
            "validationType": validation,
        },
        "result": "ERROR",
    }


def check_refused(
    world: GatewayWorld, order_id: str, transaction_id: str, body: dict[str, Any], expected: Any
) -> None:
    """The request is refused so, and leaves nothing behind."""
    before = world.count_records()
    answer = world.pay(order_id, transaction_id, body)
    assert (answer.status, answer.body) == (400, expected)
    assert world.count_records() == before


# Answers


def test_a_payment_with_an_offer_is_answered_as_its_sample(shared_gateway: GatewayWorld) -> None:
    offer_id, order_id = take_offer(shared_gateway), name_order()
    body = edit(load_request("pay-offer"), {"paymentPlan.offerId": offer_id})
    answer = shared_gateway.pay(order_id, "1", body)
    assert is_sample(answer, "pay-offer", order_id, offer_id)
    refund = shared_gateway.pay(order_id, "2", load_request("refund"))
    assert is_sample(refund, "refund", order_id, offer_id)


def test_an_authorization_and_its_capture_are_answered_as_their_samples(
    shared_gateway: GatewayWorld,
) -> None:
    offer_id, order_id = take_offer(shared_gateway), name_order()
    body = edit(load_request("authorize-offer"), {"paymentPlan.offerId": offer_id})
    answer = shared_gateway.pay(order_id, "1", body)
    assert is_sample(answer, "authorize-offer", order_id, offer_id)
    capture = shared_gateway.pay(order_id, "2", load_request("capture"))
    assert is_sample(capture, "capture", order_id, offer_id)


def test_a_void_is_answered_as_its_sample(shared_gateway: GatewayWorld) -> None:
    order_id = name_order()
    plain = {"order.item": UNSET, "order.itemAmount": UNSET, "transaction": UNSET}
    shared_gateway.pay(order_id, "1", request_payment(plain, name="authorize-offer"))
    assert is_sample(shared_gateway.pay(order_id, "2", load_request("void")), "void", order_id)


def test_a_declined_card_is_answered_as_its_sample(shared_gateway: GatewayWorld) -> None:
    offer_id, order_id = take_offer(shared_gateway), name_order()
    changes = {"paymentPlan.offerId": offer_id, f"{CARD}.expiry.month": "05"}
    answer = shared_gateway.pay(order_id, "1", edit(load_request("pay-offer"), changes))
    expected = expect("pay-card-declined", answer, order_id, offer_id)
    assert (answer.status, read_exactly(answer.raw)) == (201, expected)
    again = shared_gateway.pay(
        order_id, "2", edit(load_request("pay-offer"), {"paymentPlan.offerId": offer_id})
    )
    assert again.body["result"] == "SUCCESS"


@pytest.mark.parametrize(
    ("digits", "code"),
    [("5123450000097103", "DECLINED_PAYMENT_PLAN"), ("5123450000067106", "SYSTEM_ERROR")],
    ids=["refused", "out-of-reach"],
)
def test_a_refused_plan_is_answered_as_its_sample(
    shared_gateway: GatewayWorld, digits: str, code: str
) -> None:
    offer_id, order_id = take_offer(shared_gateway, digits), name_order()
    changes = {"paymentPlan.offerId": offer_id, f"{CARD}.number": digits}
    answer = shared_gateway.pay(order_id, "1", edit(load_request("pay-offer"), changes))
    expected = load_sample("pay-plan-declined.response")
    # The acquirer was not asked, so it gave no numbers.
    for name in ("receipt", "stan"):
        del expected["transaction"][name]
    del expected["transaction"]["acquirer"]["transactionId"]
    names = {"ORD-1042": order_id, OFFER_ID: offer_id, "standard-6": "standard-6-aud"}
    names |= {"512345xxxxxx7103": f"512345xxxxxx{digits[-4:]}", "DECLINED_PAYMENT_PLAN": code}
    body = read_exactly(answer.raw)
    assert (answer.status, body) == (201, settle(swap(expected, names), body))


# Expiry, gateway code, result, order status (§19).
OUTCOMES = [
    ("01/39", "APPROVED", "SUCCESS", "CAPTURED"),
    ("05/39", "DECLINED", "FAILURE", "FAILED"),
    ("04/27", "EXPIRED_CARD", "FAILURE", "FAILED"),
    ("08/28", "TIMED_OUT", "FAILURE", "FAILED"),
    ("01/37", "ACQUIRER_SYSTEM_ERROR", "FAILURE", "FAILED"),
    ("02/37", "UNSPECIFIED_FAILURE", "FAILURE", "FAILED"),
    ("05/37", "UNKNOWN", "UNKNOWN", "INITIATED"),
    ("1/20", "EXPIRED_CARD", "FAILURE", "FAILED"),
]


@pytest.mark.parametrize(("expiry", "code", "result", "status"), OUTCOMES)
def test_the_expiry_date_decides_the_outcome(
    shared_gateway: GatewayWorld, expiry: str, code: str, result: str, status: str
) -> None:
    month, year = expiry.split("/")
    changes = {f"{CARD}.expiry.month": month, f"{CARD}.expiry.year": year}
    answer = shared_gateway.pay(name_order(), "1", request_payment(changes))
    body = answer.body
    assert answer.status == 201
    assert (body["response"]["gatewayCode"], body["result"], body["order"]["status"]) == (
        code,
        result,
        status,
    )
    assert ("authorizationCode" in body["transaction"]) is (code == "APPROVED")
    total = body["order"]["totalAuthorizedAmount"], body["order"]["totalCapturedAmount"]
    assert total == ((1200, 1200) if code == "APPROVED" else (0, 0))
    assert body["sourceOfFunds"]["provided"]["card"]["expiry"] == {
        "month": month.removeprefix("0"),
        "year": year,
    }


def test_a_verification_moves_no_money(shared_gateway: GatewayWorld) -> None:
    body = request_payment({"apiOperation": "VERIFY", "order.amount": UNSET, "order.itemAmount": UNSET})
    answer = shared_gateway.pay(name_order(), "1", body).body
    assert (answer["result"], answer["transaction"]["type"], answer["order"]["status"]) == (
        "SUCCESS",
        "VERIFICATION",
        "VERIFIED",
    )
    assert (answer["transaction"]["amount"], answer["order"]["totalAuthorizedAmount"]) == (0, 0)


def test_what_the_merchant_said_is_echoed(shared_gateway: GatewayWorld) -> None:
    said: dict[str, Any] = {
        "billing": {"address": {"city": "Sydney", "lines": ["1", 2, True, 1700000000000, 2.5]}},
        "shipping": {"address": {"shipcountry": "AUS"}},
        "customer": {"email": "payer@example.com"},
        "device": {"browser": "Mozilla"},
        "3DSecureId": "3ds-1",
        "locale": "en_AU",
    }
    words = {
        "order.reference": "REF-1",
        "order.description": "Two things",
        "order.notificationUrl": "https://shop.example/hook",
        "order.invoiceNumber": "INV-9",
        "order.discount": {"amount": "10.00", "code": "TEN"},
        "order.taxAmount": "5.00",
        "order.shippingAndHandlingAmount": "5",
        "transaction.source": "MOTO",
        "transaction.frequency": "SINGLE",
        "transaction.taxAmount": "5",
    }
    order_id = name_order()
    answer = read_exactly(shared_gateway.pay(order_id, "1", {**request_payment(words), **said}).raw)
    assert {name: answer[name] for name in said} == read_exactly(json.dumps(said))
    order, transaction = answer["order"], answer["transaction"]
    assert order["reference"] == "REF-1"
    assert order["description"] == "Two things"
    assert order["notificationUrl"] == "https://shop.example/hook"
    assert order["invoiceNumber"] == "INV-9"
    assert order["discount"] == {"amount": ("number", "10.00"), "code": "TEN"}
    assert order["shippingAndHandlingAmount"] == ("number", "5.00")
    assert (transaction["source"], transaction["frequency"]) == ("MOTO", "SINGLE")
    assert transaction["taxAmount"] == ("number", "5.00")


def test_a_card_number_in_a_text_is_masked_wherever_it_is_told(shared_gateway: GatewayWorld) -> None:
    digits, imei = "5123450000000008", "356938035643809"
    order_id = name_order()
    changes = {
        "order.description": f"card {digits}",
        "order.item[0].serialNumber": imei,
        "transaction.reference": digits,
        "billing": {"note": digits, "number": int(digits), digits: "name"},
    }
    answer = shared_gateway.pay(order_id, "1", request_payment(changes))
    assert answer.body["order"]["description"] == "card 512345xxxxxx0008"
    masked = "512345xxxxxx0008"
    assert answer.body["billing"] == {"note": masked, "number": masked, masked: "name"}
    assert answer.body["transaction"]["reference"] == "512345xxxxxx0008"
    assert answer.body["order"]["item"][0]["serialNumber"] == imei
    rows = shared_gateway.fetch("SELECT o::text AS kept FROM merchant_order o WHERE order_id = $1", order_id)
    assert digits not in rows[0]["kept"]


# Number, brand, number as told.
CARDS = [
    ("345678901234564", "AMEX", "345678xxxxx4564"),
    ("30123400000000", "DINERS_CLUB", "301234xxxx0000"),
    ("4508750015741019", "VISA", "450875xxxxxx1019"),
    ("5000000000000000005", "MAESTRO", "500000xxxxxxxxx0005"),
]


@pytest.mark.parametrize(("digits", "brand", "told"), CARDS, ids=[row[1] for row in CARDS])
def test_a_card_is_told_masked(shared_gateway: GatewayWorld, digits: str, brand: str, told: str) -> None:
    answer = shared_gateway.pay(name_order(), "1", request_payment({f"{CARD}.number": digits}))
    assert answer.body["sourceOfFunds"]["provided"]["card"] == {
        "brand": brand,
        "expiry": {"month": "1", "year": "39"},
        "fundingMethod": "CREDIT",
        "number": told,
        "scheme": brand,
    }


def test_a_yen_has_no_decimals(shared_gateway: GatewayWorld) -> None:
    changes = {
        "order.amount": "1200",
        "order.currency": "JPY",
        "order.item": UNSET,
        "order.itemAmount": UNSET,
    }
    answer = read_exactly(shared_gateway.pay(name_order(), "1", request_payment(changes)).raw)
    assert answer["order"]["amount"] == answer["transaction"]["amount"] == ("number", "1200")


def test_a_net_amount_stands_for_the_amount(shared_gateway: GatewayWorld) -> None:
    changes = {"order.amount": UNSET, "order.netAmount": "1200.00"}
    answer = shared_gateway.pay(name_order(), "1", request_payment(changes))
    assert answer.body["order"]["amount"] == 1200


def test_amounts_come_as_numbers_too(shared_gateway: GatewayWorld) -> None:
    changes = {"order.amount": 1200.0, "order.itemAmount": 1200, "order.item[0].quantity": 1}
    answer = shared_gateway.pay(name_order(), "1", request_payment(changes))
    assert answer.body["result"] == "SUCCESS"


def test_the_printed_spelling_of_the_offer_is_taken(shared_gateway: GatewayWorld) -> None:
    offer_id = take_offer(shared_gateway)
    body = request_payment({"paymentPlan": {"offerID": offer_id}})
    answer = shared_gateway.pay(name_order(), "1", body)
    assert answer.body["paymentPlan"]["offerId"] == offer_id


@pytest.mark.parametrize("version", [65, 66, 69, 70, 79, 80, 100])
def test_products_are_told_from_version_70(shared_gateway: GatewayWorld, version: int) -> None:
    offer_id = take_offer(shared_gateway)
    body = edit(load_request("pay-offer"), {"paymentPlan.offerId": offer_id})
    answer = shared_gateway.pay(name_order(), "1", body, version=version)
    product = {"paymentPlanProductId": "PL1"} if version >= 70 else {}
    assert answer.body["version"] == str(version)
    assert answer.body["paymentPlan"] == {
        "deferralPeriod": 0,
        "numberOfPayments": 6,
        "offerId": offer_id,
        "planId": "standard-6-aud",
        **product,
    }


# Repeats


def test_a_repeat_gets_the_first_answer_byte_for_byte(shared_gateway: GatewayWorld) -> None:
    offer_id, order_id = take_offer(shared_gateway), name_order()
    body = edit(load_request("authorize-offer"), {"paymentPlan.offerId": offer_id})
    first = shared_gateway.pay(order_id, "1", body)
    shared_gateway.pay(order_id, "2", load_request("capture"))
    before = shared_gateway.count_records()
    again = shared_gateway.pay(order_id, "1", body)
    other_version = shared_gateway.pay(order_id, "1", body, version=69)
    assert (again.status, again.raw) == (201, first.raw)
    assert other_version.raw == first.raw
    assert shared_gateway.count_records() == before


def test_a_declined_payment_is_repeated_as_it_was_after_the_order_was_paid(
    shared_gateway: GatewayWorld,
) -> None:
    order_id = name_order()
    changes = {f"{CARD}.expiry.month": "05", "order.description": "First try"}
    declined = shared_gateway.pay(order_id, "1", request_payment(changes))
    other = {"order.amount": "900.00", "order.itemAmount": UNSET, "order.description": "Second"}
    assert shared_gateway.pay(order_id, "2", request_payment(other)).body["result"] == "SUCCESS"
    assert shared_gateway.pay(order_id, "1", request_payment(changes)).raw == declined.raw


# Requests that are the same for all that they look different.
SAME = {
    "correlation": {"correlationId": "other"},
    "number": {"order.amount": 1200.0},
    "decimals": {"order.amount": "1200", "order.item[0].quantity": "1.0"},
    "empty": {"billing": {}, "order.reference": "", "shipping": None},
    "place": {"order.id": "SELF", "transaction.id": "1", "merchant": "TESTPARCELA01"},
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_content_is_the_same_request(shared_gateway: GatewayWorld, name: str) -> None:
    order_id = name_order()
    first = shared_gateway.pay(order_id, "1", request_payment())
    changes = {path: order_id if value == "SELF" else value for path, value in SAME[name].items()}
    again = shared_gateway.pay(order_id, "1", request_payment(changes))
    assert again.status == 201
    assert {**again.body, "correlationId": None} == {**first.body, "correlationId": None}


def test_other_content_under_the_same_ids_is_refused(shared_gateway: GatewayWorld) -> None:
    order_id = name_order()
    shared_gateway.pay(order_id, "1", request_payment())
    expected = load_sample("error-same-ids.response")
    changed = request_payment({"order.description": "other"})
    check_refused(shared_gateway, order_id, "1", changed, expected)


def test_rest_and_nvp_make_the_same_request(shared_gateway: GatewayWorld) -> None:
    offer_id, order_id = take_offer(shared_gateway), name_order()
    changes = {"order.id": order_id, "paymentPlan.offerId": offer_id}
    told = shared_gateway.ask_nvp({**load_nvp_request("pay-offer"), **changes})
    assert (told.status, told.headers["content-type"]) == (200, "text/plain;charset=UTF-8")
    body = edit(load_request("pay-offer"), {"paymentPlan.offerId": offer_id})
    again = shared_gateway.pay(order_id, "1", body)
    assert is_sample(again, "pay-offer", order_id, offer_id)
    assert told.body == flatten(read_exactly(again.raw))
    assert list(told.body) == sorted(told.body)
    names = {part.partition("=")[0] for part in load_nvp("pay-offer.response").split("&")}
    assert {name.replace("[", "%5B").replace("]", "%5D") for name in told.body} == names


class SlowAcquirer:
    """An acquirer that takes its time."""

    def __init__(self, inner: Any) -> None:
        self.asked = 0
        self._inner = inner

    def has_acquirer(self, profile: MerchantProfile) -> bool:
        """As the real one."""
        return bool(self._inner.has_acquirer(profile))

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        """After a while."""
        self.asked += 1
        await asyncio.sleep(1.5)
        reply: AcquirerReply = await self._inner.send(request)
        return reply


def test_another_transaction_meanwhile_finds_the_order_locked(gateway: GatewayWorld) -> None:
    slow = SlowAcquirer(gateway.ports.acquirer)
    gateway.set_ports(acquirer=slow)
    requests = [("PUT", f"order/ORD-1/transaction/{number}", request_payment()) for number in (1, 2)]
    answers = gateway.ask_all(requests)
    told = sorted((one.status, one.body["result"], one.body["response"]["gatewayCode"]) for one in answers)
    assert told == [(201, "FAILURE", "LOCK_FAILURE"), (201, "SUCCESS", "APPROVED")]
    assert slow.asked == 1
    again = [gateway.pay("ORD-1", str(number), request_payment()).raw for number in (1, 2)]
    assert again == [one.raw for one in answers]


def test_the_same_request_at_once_is_carried_out_once(twin_gateway: GatewayWorld) -> None:
    slow = SlowAcquirer(twin_gateway.ports.acquirer)
    twin_gateway.set_ports(acquirer=slow)
    answers = twin_gateway.ask_all([("PUT", "order/ORD-1/transaction/1", request_payment())] * 6)
    assert {(one.status, one.raw) for one in answers} == {(201, answers[0].raw)}
    assert answers[0].body["result"] == "SUCCESS"
    assert slow.asked == 1


# Sessions


def open_session(world: GatewayWorld, kept: dict[str, Any]) -> str:
    session_id: str = world.ask("POST", "session").body["session"]["id"]
    assert world.ask("PUT", f"session/{session_id}", kept).status == 200
    return session_id


def test_a_session_holds_card_order_and_plan(shared_gateway: GatewayWorld) -> None:
    offer_id, order_id = take_offer(shared_gateway), name_order()
    kept = edit(load_request("session-update"), {"paymentPlan.offerId": offer_id})
    session_id = open_session(shared_gateway, kept)
    body = {"apiOperation": "PAY", "session": {"id": session_id}}
    answer = shared_gateway.pay(order_id, "1", body)
    assert (answer.status, answer.body["result"]) == (201, "SUCCESS")
    assert answer.body["paymentPlan"]["offerId"] == offer_id
    assert answer.body["response"]["cardSecurityCode"] == {"gatewayCode": "MATCH"}
    again = shared_gateway.pay(order_id, "1", body)
    assert again.raw == answer.raw
    other = shared_gateway.pay(
        name_order(), "1", {**body, "paymentPlan": {"offerId": quote(shared_gateway)[2]}}
    )
    assert "cardSecurityCode" not in other.body["response"]


def test_what_the_session_may_hold_is_not_told_as_missing(shared_gateway: GatewayWorld) -> None:
    """Over NVP the ids of the address can be missing, which no session holds."""
    session_id = open_session(shared_gateway, edit(load_request("session-update"), {"paymentPlan": UNSET}))
    answer = shared_gateway.ask_nvp(
        {"apiOperation": "PAY", "session.id": session_id, "order.id": name_order()}
    )
    assert (answer.status, answer.error["field"], answer.error["validationType"]) == (
        400,
        "transaction.id",
        "MISSING",
    )


def test_a_repeat_is_answered_after_its_session_is_gone(gateway: GatewayWorld) -> None:
    session_id = open_session(gateway, edit(load_request("session-update"), {"paymentPlan": UNSET}))
    body = {"apiOperation": "PAY", "session": {"id": session_id}}
    first = gateway.pay("ORD-1", "1", body)
    gateway.move_clock(timedelta(minutes=16))
    assert gateway.pay("ORD-1", "1", body).raw == first.raw
    check_refused(gateway, "ORD-2", "1", body, load_sample("error-session-gone.response"))


# Refusals of fields (§4.2)

FIELD_ROWS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"order.currency": UNSET}, tell("order.currency", "Missing parameter", "MISSING")),
    ({"order.amount": UNSET}, tell("order.amount", "Missing parameter", "MISSING")),
    ({"order": UNSET}, tell("order.amount", "Missing parameter", "MISSING")),
    ({f"{CARD}.number": UNSET}, tell(f"{CARD}.number", "Missing parameter", "MISSING")),
    ({"order.item[1].quantity": UNSET}, tell("order.item[1].quantity", "Missing parameter", "MISSING")),
    (
        {"order.amount": "0.00"},
        tell(
            "order.amount", "Value '0.00' is invalid. Transaction or order amount must be greater than zero"
        ),
    ),
    (
        {"order.amount": "1.234"},
        tell("order.amount", "Value '1.234' is invalid. Too many decimal places specified for value [1.234]"),
    ),
    (
        {f"{CARD}.number": "1234567890123456"},
        tell(f"{CARD}.number", "Value '123456xxxxxx3456' is invalid. Cannot determine card brand."),
    ),
    (
        {f"{CARD}.number": "5123450000000009"},
        tell(f"{CARD}.number", "Value '512345xxxxxx0009' is invalid. Cannot determine card brand."),
    ),
    (
        {f"{CARD}.securityCode": "12345"},
        tell(f"{CARD}.securityCode", "Value 'xxx' is invalid. Expected 3 or 4 digits"),
    ),
    (
        {"order.currency": "NZD"},
        tell("order.currency", "Value 'NZD' is invalid. No valid Merchant Acquirer Relationship available"),
    ),
    (
        {"transaction.taxAmount": "1.234"},
        tell(
            "transaction.taxAmount",
            "Value '1.234' is invalid. Too many decimal places specified for value [1.234]",
        ),
    ),
    ({"merchantField": "1"}, load_sample("error-unexpected-field.response")),
    (
        {"sourceOfFunds": {"token": "9876543210"}},
        tell(
            "sourceOfFunds.token", "Value '9876543210' is invalid. Tokens are not supported.", "UNSUPPORTED"
        ),
    ),
    (
        {"order.itemAmount": "1100.00"},
        tell(
            "order.amount",
            "Value '1200.00' is invalid. "
            "The item amount, tax, shipping and gratuity less the discount do not add up to it.",
        ),
    ),
    (
        {"order.netAmount": "1100.00"},
        tell("order.netAmount", "Value '1100.00' is invalid. It differs from order.amount."),
    ),
    (
        {"paymentPlan": {"offerId": "A1", "offerID": "A2"}},
        tell("paymentPlan.offerId", "Value 'A1' is invalid. It differs from paymentPlan.offerID."),
    ),
    (
        {"paymentPlan": {"offerID": "A1", "planId": "PLANN", "numberOfPayments": 3}},
        tell(
            "paymentPlan.planId",
            "Value 'PLANN' is invalid. A payment plan offer and a payment plan cannot be used together.",
        ),
    ),
    (
        {"paymentPlan": {"numberOfPayments": "3"}},
        tell("paymentPlan.planId", "Missing parameter", "MISSING"),
    ),
    (
        {"order.id": "OTHER"},
        tell("order.id", "Value 'OTHER' is invalid. It differs from that of the url path"),
    ),
]


@pytest.mark.parametrize(
    ("changes", "expected"),
    FIELD_ROWS,
    ids=[f"{number}-{row[1]['error']['field']}" for number, row in enumerate(FIELD_ROWS)],
)
def test_a_payment_with_a_wrong_field_is_refused(
    shared_gateway: GatewayWorld, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    check_refused(shared_gateway, name_order(), "1", request_payment(changes), expected)


def test_tax_and_shipping_without_an_item_amount_are_not_added_up(shared_gateway: GatewayWorld) -> None:
    changes = {"order.itemAmount": UNSET, "order.taxAmount": "7.00", "order.discount.amount": "1.00"}
    answer = shared_gateway.pay(name_order(), "1", request_payment(changes))
    assert answer.body["result"] == "SUCCESS"


# Plan conditions (§11.3)


def refuse_offer(world: GatewayWorld, offer_id: str, changes: dict[str, Any], expected: Any) -> None:
    """A payment with the offer is refused so; the offer's own id stands in the text as `OFFER`."""
    body = edit(load_request("pay-offer"), {"paymentPlan.offerId": offer_id, **changes})
    text = expected["error"]["explanation"].replace(OFFER_ID, offer_id)
    expected = {**expected, "error": {**expected["error"], "explanation": text}}
    check_refused(world, name_order(), "1", body, expected)


SAMPLE_CONDITIONS: list[tuple[str, dict[str, Any]]] = [
    ("error-plan-minimum", {"order.amount": "299.99", "order.itemAmount": UNSET}),
    ("error-plan-amount", {"order.amount": "1201.00", "order.itemAmount": UNSET}),
    ("error-plan-card", {f"{CARD}.number": "345678901234564"}),
    (
        "error-plan-currency",
        {
            "order.currency": "JPY",
            "order.amount": "1200",
            "order.itemAmount": UNSET,
            "order.item": UNSET,
        },
    ),
]


@pytest.mark.parametrize(("sample", "changes"), SAMPLE_CONDITIONS, ids=[row[0] for row in SAMPLE_CONDITIONS])
def test_a_plan_condition_is_refused_as_its_sample(
    shared_gateway: GatewayWorld, sample: str, changes: dict[str, Any]
) -> None:
    refuse_offer(shared_gateway, take_offer(shared_gateway), changes, load_sample(f"{sample}.response"))


def test_an_unknown_offer_is_refused_as_its_sample(shared_gateway: GatewayWorld) -> None:
    refuse_offer(shared_gateway, "NOSUCHOFFER1", {}, load_sample("error-plan-unknown-offer.response"))


def test_an_offer_that_was_not_accepted_is_refused_as_its_sample(shared_gateway: GatewayWorld) -> None:
    offer_id = quote(shared_gateway)[1]
    refuse_offer(shared_gateway, offer_id, {}, load_sample("error-plan-not-accepted.response"))


OWN_CONDITIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"order.amount": "10000.01", "order.itemAmount": UNSET},
        tell(
            "order.amount",
            "Value '10000.01' is invalid. The order amount is above the maximum of the payment plan.",
        ),
    ),
    (
        {f"{CARD}.number": "5123456789012346"},
        tell(
            f"{CARD}.number",
            "Value '512345xxxxxx2346' is invalid. The payment plan offer was accepted with another card.",
        ),
    ),
    (
        {"order.item[0].sku": "OTHER"},
        tell("order.item[0].sku", "Value 'OTHER' is invalid. The items differ from the payment plan offer."),
    ),
    (
        {"order.item[0].unitPrice": "1150.01"},
        tell(
            "order.item[0].unitPrice",
            "Value '1150.01' is invalid. The items differ from the payment plan offer.",
        ),
    ),
]


@pytest.mark.parametrize(
    ("changes", "expected"), OWN_CONDITIONS, ids=[row[1]["error"]["field"] for row in OWN_CONDITIONS]
)
def test_a_plan_condition_is_refused_by_its_field(
    shared_gateway: GatewayWorld, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    refuse_offer(shared_gateway, take_offer(shared_gateway), changes, expected)


def test_an_offer_is_paid_with_once(shared_gateway: GatewayWorld) -> None:
    offer_id = take_offer(shared_gateway)
    body = edit(load_request("pay-offer"), {"paymentPlan.offerId": offer_id})
    assert shared_gateway.pay(name_order(), "1", body).body["result"] == "SUCCESS"
    text = f"Value '{offer_id}' is invalid. The payment plan offer has already been used."
    refuse_offer(shared_gateway, offer_id, {}, tell("paymentPlan.offerId", text))


def test_an_expired_offer_is_refused(gateway: GatewayWorld) -> None:
    offer_id = take_offer(gateway)
    gateway.move_clock(timedelta(hours=24, seconds=1))
    text = f"Value '{offer_id}' is invalid. The payment plan offer has expired."
    refuse_offer(gateway, offer_id, {}, tell("paymentPlan.offerId", text))


def test_a_merchant_without_plans_is_told_so(gateway: GatewayWorld) -> None:
    second = let_in(gateway, "TESTPARCELA02")
    body = edit(load_request("pay-offer"), {"paymentPlan.offerId": "A1"})
    before = gateway.count_records()
    answer = gateway.pay("ORD-1", "1", body, merchant=second)
    text = "Value 'A1' is invalid. Payment plans not permitted for this merchant."
    assert (answer.status, answer.body) == (400, tell("paymentPlan.offerId", text, "UNSUPPORTED"))
    assert gateway.count_records() == before


def let_in(world: GatewayWorld, merchant_id: str) -> Merchant:
    """A second merchant of the demo world with a password of its own."""

    async def issue(engine: Any, operator: Any) -> str:
        seen = await engine.look()
        if merchant_id not in seen.snapshot.clients:
            await register_merchant(engine, operator, merchant_id)
        password, _ = await issue_api_password(engine, operator, merchant_id)
        return password

    return Merchant(merchant_id, world.as_operator(issue))


def test_an_offer_of_another_merchant_is_unknown(gateway: GatewayWorld) -> None:
    offer_id, third = take_offer(gateway), let_in(gateway, "DEMOSHOP03")
    changes = {"paymentPlan.offerId": offer_id, "order.currency": "USD"}
    before = gateway.count_records()
    answer = gateway.pay("ORD-1", "1", edit(load_request("pay-offer"), changes), merchant=third)
    text = f"Value '{offer_id}' is invalid. No such payment plan offer."
    assert (answer.status, answer.body) == (400, tell("paymentPlan.offerId", text))
    assert gateway.count_records() == before


# Serial numbers


SERIALS = {"order.item[0].serialNumber": "S1", "order.item[1].serialNumber": "S2,S3"}


@pytest.mark.parametrize(
    ("digits", "operation"),
    [("5123450000017101", "PAY"), ("5123450000087104", "AUTHORIZE")],
    ids=["capture-pay", "payment-authorize"],
)
def test_serial_numbers_that_are_due_at_payment_are_asked_for(
    shared_gateway: GatewayWorld, digits: str, operation: str
) -> None:
    offer_id, order_id = take_offer(shared_gateway, digits), name_order()
    changes = {"apiOperation": operation, "paymentPlan.offerId": offer_id, f"{CARD}.number": digits}
    body = edit(load_request("pay-offer"), changes)
    missing = load_sample("capture-serial-missing.response")
    check_refused(shared_gateway, order_id, "1", body, missing)
    answer = shared_gateway.pay(order_id, "1", edit(body, SERIALS))
    assert answer.body["result"] == "SUCCESS"
    assert [item["serialNumber"] for item in answer.body["order"]["item"]] == ["S1", "S2,S3"]


CAPTURED_ITEMS = {
    "whole": edit(load_request("pay-offer"), SERIALS)["order"]["item"],
    "sku": [{"sku": "CASE-01", "serialNumber": "S2,S3"}, {"sku": "PHN-128-BLK", "serialNumber": "S1"}],
    "index": [{"serialNumber": "S1"}, {"serialNumber": "S2,S3"}],
}


@pytest.mark.parametrize("items", CAPTURED_ITEMS.values(), ids=CAPTURED_ITEMS)
def test_serial_numbers_that_are_due_at_capture_come_with_it(
    shared_gateway: GatewayWorld, items: list[dict[str, str]]
) -> None:
    digits = "5123450000017101"
    offer_id, order_id = take_offer(shared_gateway, digits), name_order()
    changes = {"paymentPlan.offerId": offer_id, f"{CARD}.number": digits}
    body = edit(load_request("authorize-offer"), changes)
    assert shared_gateway.pay(order_id, "1", body).body["result"] == "SUCCESS"
    missing = load_sample("capture-serial-missing.response")
    check_refused(shared_gateway, order_id, "2", load_request("capture"), missing)
    captured = shared_gateway.pay(order_id, "2", edit(load_request("capture"), {"order.item": items}))
    expected = load_sample("capture.response")
    names = {"ORD-1043": order_id, OFFER_ID: offer_id, "standard-6": "standard-6-aud"}
    names["512345xxxxxx0008"] = "512345xxxxxx7101"
    told = read_exactly(captured.raw)
    assert (captured.status, told) == (201, settle(swap(expected, names), told))


# Later transactions


def authorize(world: GatewayWorld, operation: str = "AUTHORIZE") -> str:
    order_id = name_order()
    body = request_payment({"apiOperation": operation})
    assert world.pay(order_id, "1", body).body["result"] == "SUCCESS"
    return order_id


def money(operation: str, amount: str = "1200.00", currency: str = "AUD") -> dict[str, Any]:
    return {"apiOperation": operation, "transaction": {"amount": amount, "currency": currency}}


CLOSED = "The amount is more than is open, or not the whole of an order with a payment plan."
# First operation, request, expected refusal.
LATER_ROWS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "AUTHORIZE",
        money("CAPTURE", "1200.01"),
        tell("transaction.amount", f"Value '1200.01' is invalid. {CLOSED}"),
    ),
    (
        "AUTHORIZE",
        money("CAPTURE", currency="USD"),
        tell("transaction.currency", "Value 'USD' is invalid. The order is in another currency."),
    ),
    (
        "AUTHORIZE",
        money("REFUND"),
        tell("apiOperation", "Value 'REFUND' is invalid. There is no captured amount to refund."),
    ),
    (
        "PAY",
        money("CAPTURE", "1.00"),
        tell("transaction.amount", f"Value '1.00' is invalid. {CLOSED}"),
    ),
    (
        "VERIFY",
        money("CAPTURE"),
        tell("apiOperation", "Value 'CAPTURE' is invalid. There is no authorization to capture."),
    ),
    (
        "PAY",
        money("REFUND", "0.00"),
        tell(
            "transaction.amount",
            "Value '0.00' is invalid. Transaction or order amount must be greater than zero",
        ),
    ),
    (
        "PAY",
        money("REFUND", "-5.00"),
        tell(
            "transaction.amount",
            "Value '-5.00' is invalid. Expected digits, and at most one dot between them",
        ),
    ),
    (
        "PAY",
        {"apiOperation": "VOID"},
        tell("transaction.targetTransactionId", "Missing parameter", "MISSING"),
    ),
    (
        "PAY",
        {"apiOperation": "VOID", "transaction": {"targetTransactionId": "9"}},
        tell(
            "transaction.targetTransactionId",
            "Value '9' is invalid. The order has no transaction with this identifier.",
        ),
    ),
    (
        "PAY",
        {**money("REFUND"), "sourceOfFunds": {"type": "CARD"}},
        tell("sourceOfFunds.type", "Unexpected parameter 'sourceOfFunds.type'"),
    ),
    (
        "PAY",
        request_payment(),
        tell("apiOperation", "Value 'PAY' is invalid. The order has been authorized or paid already."),
    ),
    (
        "PAY",
        {"apiOperation": "UPDATE_AUTHORIZATION"},
        tell(
            "apiOperation",
            "Value 'UPDATE_AUTHORIZATION' is invalid. "
            "Update authorization request not permitted for this merchant.",
        ),
    ),
    (
        "PAY",
        {"apiOperation": "RETRIEVE_ORDER"},
        tell(
            "apiOperation",
            "Value 'RETRIEVE_ORDER' is invalid. RETRIEVE_ORDER request not permitted for this merchant.",
        ),
    ),
]


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    LATER_ROWS,
    ids=[f"{number}-{row[1]['apiOperation']}" for number, row in enumerate(LATER_ROWS)],
)
def test_a_later_transaction_that_is_not_possible_is_refused(
    shared_gateway: GatewayWorld, operation: str, body: dict[str, Any], expected: dict[str, Any]
) -> None:
    check_refused(shared_gateway, authorize(shared_gateway, operation), "2", body, expected)


def test_more_than_was_captured_needs_a_privilege(shared_gateway: GatewayWorld) -> None:
    order_id = authorize(shared_gateway, "PAY")
    expected = {
        "error": {
            "cause": "INVALID_REQUEST",
            "explanation": "Missing merchant privilege 'EXCESSIVE_REFUNDS'",
        },
        "result": "ERROR",
    }
    check_refused(shared_gateway, order_id, "2", money("REFUND", "1200.01"), expected)


def test_with_the_privilege_more_is_given_back(gateway: GatewayWorld) -> None:
    second = let_in(gateway, "TESTPARCELA02")
    gateway.pay("ORD-1", "1", request_payment(), merchant=second)
    answer = gateway.pay("ORD-1", "2", money("REFUND", "1200.01"), merchant=second)
    assert answer.body["order"]["status"] == "EXCESSIVELY_REFUNDED"


def test_an_operation_that_is_switched_off_is_refused_as_its_sample(gateway: GatewayWorld) -> None:
    profile = gateway.get_entry(MerchantProfile.kind, "TESTPARCELA01")
    gateway.change_catalogue(replace(profile, operations=profile.operations - {MerchantOperation.PAY}))
    check_refused(gateway, "ORD-1", "1", request_payment(), load_sample("error-operation.response"))


def test_what_is_too_old_cannot_be_voided(gateway: GatewayWorld) -> None:
    order_id = authorize(gateway)
    gateway.move_clock(timedelta(hours=24, seconds=1))
    expected = load_sample("error-nothing-to-void.response")
    check_refused(gateway, order_id, "2", load_request("void"), expected)


# First operation, what is voided, type, status.
VOIDS = [
    ("AUTHORIZE", None, "VOID_AUTHORIZATION", "CANCELLED"),
    ("PAY", None, "VOID_PAYMENT", "CANCELLED"),
    ("AUTHORIZE", "CAPTURE", "VOID_CAPTURE", "AUTHORIZED"),
    ("PAY", "REFUND", "VOID_REFUND", "CAPTURED"),
]


@pytest.mark.parametrize(("operation", "later", "kind", "status"), VOIDS, ids=[row[2] for row in VOIDS])
def test_a_void_is_named_after_its_target(
    shared_gateway: GatewayWorld, operation: str, later: str | None, kind: str, status: str
) -> None:
    order_id = authorize(shared_gateway, operation)
    if later is not None:
        shared_gateway.pay(order_id, "2", money(later))
    target = "1" if later is None else "2"
    void = {"apiOperation": "VOID", "transaction": {"targetTransactionId": target}}
    answer = shared_gateway.pay(order_id, "3", void)
    assert (answer.status, answer.body["transaction"]["type"], answer.body["order"]["status"]) == (
        201,
        kind,
        status,
    )


def test_an_unknown_order_cannot_be_captured(shared_gateway: GatewayWorld) -> None:
    expected = {
        "error": {
            "cause": "INVALID_REQUEST",
            "explanation": "Unable to find order NONE for merchant TESTPARCELA01",
        },
        "result": "ERROR",
    }
    check_refused(shared_gateway, "NONE", "1", money("CAPTURE"), expected)


def test_a_capture_may_say_another_reference_of_the_order(shared_gateway: GatewayWorld) -> None:
    order_id = authorize(shared_gateway)
    body = {**money("CAPTURE"), "order": {"reference": "R2", "notificationUrl": "https://s.example/n"}}
    answer = shared_gateway.pay(order_id, "2", body).body["order"]
    assert (answer["reference"], answer["notificationUrl"], len(answer["item"])) == (
        "R2",
        "https://s.example/n",
        2,
    )
