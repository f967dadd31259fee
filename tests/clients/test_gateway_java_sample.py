"""The official Java sample against the gateway door (`spec/gateway.md` §20)."""

from uuid import uuid4

import pytest
from tests.support.gateway_clients import Account, Line, rest_path, write_basic
from tests.support.gateway_modules import JavaSample, WooCommerceModule


@pytest.fixture
def sample(account: Account) -> JavaSample:
    """The sample, set up for the sandbox merchant."""
    return JavaSample(account)


@pytest.fixture
def order_id() -> str:
    """An order that there is not yet, named as the sample does."""
    return f"order-{uuid4().hex[:10]}"


def test_a_payment_follows_the_challenge_and_is_printed_as_sent(sample: JavaSample, order_id: str) -> None:
    answer = sample.call("PUT", f"order/{order_id}/transaction/trans-1", sample.make_payment("PAY", order_id))
    assert answer.status == 201
    assert sample.read_transaction(answer) == ("SUCCESS", "APPROVED", "5000.00", "USD", order_id)


def test_an_authorization_lives_through_all_its_screens(sample: JavaSample, order_id: str) -> None:
    payment = sample.make_payment("AUTHORIZE", order_id)
    payment["order"]["amount"] = "50.00"
    money = {"amount": "20.50", "currency": "USD"}
    whole = {"amount": "50.00", "currency": "USD"}
    steps = [
        ("trans-1", payment, "AUTHORIZED"),
        ("trans-2", sample.make_follow_up("CAPTURE", order_id, **whole), "CAPTURED"),
        ("trans-3", sample.make_follow_up("VOID", order_id, targetTransactionId="trans-2"), "AUTHORIZED"),
        ("trans-4", sample.make_follow_up("CAPTURE", order_id, **whole), "CAPTURED"),
        ("trans-5", sample.make_follow_up("REFUND", order_id, **money), "PARTIALLY_REFUNDED"),
    ]
    for transaction_id, members, status in steps:
        answer = sample.call("PUT", f"order/{order_id}/transaction/{transaction_id}", members)
        assert (answer.status, answer.json["order"]["status"]) == (201, status)
        assert sample.read_transaction(answer) == ("SUCCESS", "APPROVED", "50.00", "USD", order_id)

    answer = sample.call("GET", f"order/{order_id}/transaction/trans-5")
    assert (answer.status, answer.json["transaction"]["amount"]) == (200, "20.50")


def test_an_order_shows_its_first_transaction(sample: JavaSample, order_id: str) -> None:
    members = sample.make_payment("PAY", order_id, description="Wonderful product that you should buy!")
    sample.call("PUT", f"order/{order_id}/transaction/trans-1", members)
    assert sample.read_order(sample.call("GET", f"order/{order_id}")) == (
        *("SUCCESS", "APPROVED", "5000.00", "USD"),
        *("Wonderful product that you should buy!", order_id),
    )


def test_a_hosted_session_is_filled_from_both_sides_and_pays(
    sample: JavaSample, account: Account, order_id: str
) -> None:
    created = sample.call("POST", "session")
    session = created.json["session"]
    assert (created.status, session["updateStatus"], len(session["aes256Key"])) == (201, "NO_UPDATE", 44)
    order = {"order": {"amount": "100", "currency": "AUD", "id": order_id}}
    updated = sample.call("PUT", f"session/{session['id']}", order)
    assert (updated.status, updated.json["session"]["updateStatus"]) == (200, "SUCCESS")
    assert updated.json["order"] == {"amount": "100", "currency": "AUD", "id": order_id}
    browser = WooCommerceModule(account, JavaSample.version)
    card = sample.make_payment("PAY", order_id)["sourceOfFunds"]["provided"]["card"]
    browser.update_as_browser(session["id"], {"sourceOfFunds": {"provided": {"card": card}}})

    members = {**order, "apiOperation": "PAY", "session": {"id": session["id"]}}
    answer = sample.call("PUT", f"order/{order_id}/transaction/trans-1", members)
    assert sample.read_transaction(answer) == ("SUCCESS", "APPROVED", "100.00", "AUD", order_id)


def test_a_session_pays_by_name_value_pairs(sample: JavaSample, account: Account, order_id: str) -> None:
    session_id = sample.call("POST", "session").json["session"]["id"]
    card = sample.make_payment("PAY", order_id)["sourceOfFunds"]["provided"]["card"]
    WooCommerceModule(account, JavaSample.version).update_as_browser(
        session_id, {"sourceOfFunds": {"provided": {"card": card}}}
    )
    pairs = sample.call_nvp(
        {
            "apiOperation": "PAY",
            "order.id": order_id,
            "order.amount": "5000",
            "order.currency": "USD",
            "transaction.id": "trans-1",
            "session.id": session_id,
            "sourceOfFunds.type": "CARD",
        }
    )
    assert pairs["result"] == "SUCCESS"
    assert pairs["response.gatewayCode"] == "APPROVED"
    assert pairs["order.amount"] == "5000.00"
    assert pairs["sourceOfFunds.provided.card.number"] == "512345xxxxxx0008"


def test_errors_are_read_as_groups(sample: JavaSample, order_id: str) -> None:
    members = sample.make_payment("PAY", order_id)
    del members["order"]["currency"]
    answer = sample.call("PUT", f"order/{order_id}/transaction/trans-1", members)
    assert (answer.status, answer.json) == (
        400,
        {
            "error": {
                "cause": "INVALID_REQUEST",
                "explanation": "Missing parameter",
                "field": "order.currency",
                "validationType": "MISSING",
            },
            "result": "ERROR",
        },
    )
    assert sample.call_nvp({"apiOperation": "INITIATE_BROWSER_PAYMENT"}) == {
        "error.cause": "INVALID_REQUEST",
        "error.explanation": "Value 'INITIATE_BROWSER_PAYMENT' is invalid. "
        "Initiate browser payment request not permitted for this merchant.",
        "error.field": "apiOperation",
        "error.validationType": "INVALID",
        "result": "ERROR",
    }


def test_an_order_of_another_url_is_refused_in_the_body(sample: JavaSample, order_id: str) -> None:
    answer = sample.call(
        "PUT", f"order/{order_id}/transaction/trans-1", sample.make_payment("PAY", "order-other")
    )
    assert (answer.status, answer.json["error"]["field"]) == (400, "order.id")
    assert sample.call("GET", f"order/{order_id}").status == 400


def test_wrong_credentials_are_not_asked_for_again(account: Account) -> None:
    """The body of the refused request is read to its end: the connection goes on."""
    path = rest_path(account, JavaSample.version, "order/order-1/transaction/trans-1")
    body = b'{"order":{"description":"' + b"x" * 200_000 + b'"}}'
    line = Line(account.root_url)
    headers = {"Authorization": write_basic(account.user, "wrong")}
    for _ in range(2):
        answer = line.send("PUT", path, headers, body)
        assert (answer.status, "www-authenticate" in answer.headers) == (401, False)
        assert answer.headers["content-type"] == "application/json;charset=ISO-8859-1"
        assert answer.body == (
            b'{"error":{"cause":"INVALID_REQUEST","explanation":"Invalid credentials."},"result":"ERROR"}'
        )
    answer = line.send("GET", rest_path(account, 45, "order/none"), {"Authorization": account.basic})
    assert answer.status == 400
    line.close()
