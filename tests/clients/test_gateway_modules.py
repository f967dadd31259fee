"""The Magento and WooCommerce modules against the gateway door (`spec/gateway.md` §20)."""

from uuid import uuid4

import pytest
from tests.support.gateway_clients import CARD, Account
from tests.support.gateway_modules import MAGENTO_CODES, MagentoModule, WooCommerceModule

from parcela.dialects.gateway.transaction_write import GATEWAY_CODES


@pytest.fixture
def magento(account: Account) -> MagentoModule:
    """The Magento module, set up for the sandbox merchant."""
    return MagentoModule(account)


@pytest.fixture
def order_id() -> str:
    """An order that there is not yet."""
    return f"1000{uuid4().hex[:8]}"


def test_magento_tests_its_settings_with_a_get_that_has_a_body(magento: MagentoModule) -> None:
    answer = magento.ask_options()
    assert (answer.status, answer.json["result"]) == (200, "SUCCESS")
    assert answer.json["supportedPaymentOperations"] == [
        {"supportedPaymentOperation": "AUTHORIZE"},
        {"supportedPaymentOperation": "PURCHASE"},
    ]
    assert {"cardType": "MASTERCARD"} in answer.json["paymentTypes"]["card"]["cardTypes"]


def test_magento_pays_and_gives_part_back(magento: MagentoModule, order_id: str) -> None:
    paid = magento.transact(order_id, f"{order_id}-1", magento.make_payment("PAY", order_id))
    assert (paid.status, magento.list_complaints(paid)) == (201, [])
    assert magento.read_card(paid) == ("MASTERCARD", "XXXX-0008", "1/39")
    order = paid.json["order"]
    assert (order["amount"], order["reference"], order["status"]) == ("112.25", order_id, "CAPTURED")
    assert order["notificationUrl"] == "https://shop.example/tns/webhook/response"
    assert paid.json["response"]["cardSecurityCode"] == {"gatewayCode": "MATCH"}
    assert len(paid.json["transaction"]["authorizationCode"]) == 6

    members = magento.make_follow_up("REFUND", order_id, amount="12.25", currency="USD")
    refunded = magento.transact(order_id, f"{order_id}-2", members)
    assert magento.list_complaints(refunded) == []
    assert magento.read_card(refunded) == ("MASTERCARD", "XXXX-0008", "1/39")
    assert refunded.json["order"]["totalRefundedAmount"] == "12.25"


def test_magento_authorizes_captures_and_voids(magento: MagentoModule, order_id: str) -> None:
    first = magento.transact(order_id, f"{order_id}-1", magento.make_payment("AUTHORIZE", order_id))
    members = magento.make_follow_up("CAPTURE", order_id, amount="112.25", currency="USD")
    second = magento.transact(order_id, f"{order_id}-2", members)
    void = magento.make_follow_up("VOID", order_id, targetTransactionId=f"{order_id}-2")
    third = magento.transact(order_id, f"{order_id}-3", void)
    void = magento.make_follow_up("VOID", order_id, targetTransactionId=f"{order_id}-1")
    fourth = magento.transact(order_id, f"{order_id}-4", void)
    answers = (first, second, third, fourth)
    assert [magento.list_complaints(answer) for answer in answers] == [[], [], [], []]
    assert [(a.json["order"]["status"], a.json["transaction"]["type"]) for a in answers] == [
        ("AUTHORIZED", "AUTHORIZATION"),
        ("CAPTURED", "CAPTURE"),
        ("AUTHORIZED", "VOID_CAPTURE"),
        ("CANCELLED", "VOID_AUTHORIZATION"),
    ]


FAILURES = [
    ("05/39", "FAILURE", "DECLINED"),
    ("04/27", "FAILURE", "EXPIRED_CARD"),
    ("08/28", "FAILURE", "TIMED_OUT"),
    ("01/37", "FAILURE", "ACQUIRER_SYSTEM_ERROR"),
    ("02/37", "FAILURE", "UNSPECIFIED_FAILURE"),
    ("05/37", "UNKNOWN", "UNKNOWN"),
]


@pytest.mark.parametrize(("expiry", "result", "code"), FAILURES, ids=[row[2] for row in FAILURES])
def test_magento_knows_every_code(
    magento: MagentoModule, order_id: str, expiry: str, result: str, code: str
) -> None:
    members = magento.make_payment("AUTHORIZE", order_id, expiry=expiry)
    answer = magento.transact(order_id, f"{order_id}-1", members)
    assert (answer.status, magento.list_complaints(answer)) == (201, [result, code])
    assert "authorizationCode" not in answer.json["transaction"]
    assert magento.read_card(answer)[:2] == ("MASTERCARD", "XXXX-0008")


def test_magento_has_words_for_all_that_the_door_may_say() -> None:
    assert {"PENDING", *GATEWAY_CODES.values()} <= MAGENTO_CODES


def test_magento_tells_the_shop_what_is_wrong(magento: MagentoModule, order_id: str) -> None:
    members = magento.make_payment("PAY", order_id)
    members["order"]["amount"] = "0.00"
    answer = magento.transact(order_id, f"{order_id}-1", members)
    assert magento.list_complaints(answer) == [
        "INVALID_REQUEST: Value '0.00' is invalid. Transaction or order amount must be greater than zero"
    ]
    void = magento.make_follow_up("VOID", order_id, targetTransactionId=f"{order_id}-1")
    assert magento.list_complaints(magento.transact(order_id, f"{order_id}-2", void)) == [
        f"INVALID_REQUEST: Unable to find order {order_id} for merchant TESTPARCELA01"
    ]


@pytest.mark.parametrize("version", [52, 61, 63, 73])
def test_woocommerce_pays_with_a_card_that_the_browser_gave(account: Account, version: int) -> None:
    shop, order_id = WooCommerceModule(account, version), f"wc-{uuid4().hex[:8]}"
    created = shop.send("POST", "session")
    session_id = created.json["session"]["id"]
    assert (created.status, created.json["result"]) == (201, "SUCCESS")
    card = {"number": CARD, "securityCode": "100", "expiry": {"month": "01", "year": "39"}}
    held = shop.update_as_browser(session_id, {"sourceOfFunds": {"provided": {"card": card}}})
    assert (held.status, "result" in held.json) == (200, False)
    assert held.json["sourceOfFunds"]["provided"]["card"]["number"] == "512345xxxxxx0008"
    assert "securityCode" not in held.json["sourceOfFunds"]["provided"]["card"]

    payment = shop.make_payment("PAY", 12.5, held.json["session"])
    paid = shop.call("PUT", f"order/{order_id}/transaction/1", payment)
    assert (paid["result"], paid["response"]["gatewayCode"]) == ("SUCCESS", "APPROVED")
    order = paid["order"]
    assert (order["amount"], order["currency"], order["status"]) == ("12.50", "USD", "CAPTURED")
    assert paid["response"]["cardSecurityCode"] == {"gatewayCode": "MATCH"}
    found = shop.find_transaction(order_id, ("CAPTURE", "PAYMENT"))
    assert found["transaction"]["authorizationCode"] == paid["transaction"]["authorizationCode"]

    again = shop.call("PUT", f"order/{order_id}/transaction/1", payment)
    assert again == paid
    refund = shop.make_follow_up("REFUND", amount=2.5, currency="USD")
    refunded = shop.call("PUT", f"order/{order_id}/transaction/refund-1", refund)
    assert refunded["order"]["totalRefundedAmount"] == "2.50"


def test_woocommerce_authorizes_a_whole_number_and_captures_it(account: Account) -> None:
    shop, order_id = WooCommerceModule(account, 61), f"wc-{uuid4().hex[:8]}"
    session = shop.call("POST", "session")["session"]
    card = {"number": CARD, "securityCode": "100", "expiry": {"month": "01", "year": "39"}}
    held = shop.update_as_browser(session["id"], {"sourceOfFunds": {"provided": {"card": card}}})
    payment = shop.make_payment("AUTHORIZE", 100, held.json["session"])
    first = shop.call("PUT", f"order/{order_id}/transaction/1", payment)
    assert (first["order"]["amount"], first["order"]["status"]) == ("100.00", "AUTHORIZED")
    assert shop.find_transaction(order_id, ("AUTHORIZATION",))["transaction"]["id"] == "1"
    capture = shop.make_follow_up("CAPTURE", amount=100, currency="USD")
    second = shop.call("PUT", f"order/{order_id}/transaction/capture-1", capture)
    assert second["order"]["totalCapturedAmount"] == "100.00"
    assert len(second["transaction"]["authorizationCode"]) == 6
    void = shop.make_follow_up("VOID", targetTransactionId="capture-1")
    assert shop.call("PUT", f"order/{order_id}/transaction/void-capture-1", void)["order"]["status"] == (
        "AUTHORIZED"
    )


def test_woocommerce_cannot_use_a_session_of_yesterday(account: Account) -> None:
    shop, order_id = WooCommerceModule(account, 63), f"wc-{uuid4().hex[:8]}"
    session = shop.call("POST", "session")["session"]
    shop.update_as_browser(session["id"], {"order": {"amount": 5, "currency": "USD"}})
    answer = shop.call("PUT", f"order/{order_id}/transaction/1", shop.make_payment("PAY", 12.5, session))
    assert answer["error"]["field"] == "session.version"
    answer = shop.call(
        "PUT",
        f"order/{order_id}/transaction/1",
        shop.make_payment("PAY", 12.5, {"id": "SESSION" + "0" * 24, "version": "0123456701"}),
    )
    assert answer["error"]["explanation"] == "Form Session not found or expired"
    assert shop.call("GET", f"order/{order_id}")["error"]["explanation"] == (
        f"Unable to find order {order_id} for merchant TESTPARCELA01"
    )


def test_woocommerce_is_told_that_checkout_is_not_served(account: Account) -> None:
    shop = WooCommerceModule(account, 52)
    members = {
        "apiOperation": "CREATE_CHECKOUT_SESSION",
        "partnerSolutionId": "WC_5.1.0_ONTAP_1.2.0",
        "order": {"id": "7", "description": "Ordered goods", "amount": 12.5, "currency": "USD"},
        "billing": [],
        "interaction": {"operation": "PURCHASE", "merchant": {"name": "Shop"}, "returnUrl": None},
        "customer": [],
    }
    answer = shop.send("POST", "session", members)
    assert (answer.status, answer.json["error"]["explanation"]) == (
        400,
        "Value 'CREATE_CHECKOUT_SESSION' is invalid. "
        "Create checkout session request not permitted for this merchant.",
    )
    answer = shop.send("PUT", "3DSecureId/3DS-60f1", {"apiOperation": "CHECK_3DS_ENROLLMENT"})
    assert answer.status == 404
    assert answer.json["error"]["cause"] == "INVALID_REQUEST"


def test_a_browser_cannot_pay(account: Account) -> None:
    shop, order_id = WooCommerceModule(account, 61), f"wc-{uuid4().hex[:8]}"
    session = shop.call("POST", "session")["session"]
    browser = WooCommerceModule(
        Account(root_url=account.root_url, merchant_id=account.merchant_id, password=session["id"]), 61
    )
    assert browser.send("GET", "paymentOptionsInquiry").status == 200
    payment = shop.make_payment("PAY", 12.5, session)
    for method, tail, members in (
        ("PUT", f"order/{order_id}/transaction/1", payment),
        ("GET", f"order/{order_id}", None),
        ("GET", f"session/{session['id']}", None),
    ):
        answer = browser.send(method, tail, members)
        assert (answer.status, answer.json["error"]["explanation"]) == (401, "Invalid credentials.")
