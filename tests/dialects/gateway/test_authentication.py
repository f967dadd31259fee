"""Who is let in, in which order it is asked, and what is written down of a refusal (`spec/gateway.md` §2)."""

import base64
from typing import Any

import pytest
from tests.support.gateway_world import GatewayWorld, Merchant

from parcela.operations.merchants import issue_api_password, revoke_api_password

CREDENTIALS = {
    "error": {"cause": "INVALID_REQUEST", "explanation": "Invalid credentials."},
    "result": "ERROR",
}
FOREIGN = {
    "error": {
        "cause": "INVALID_REQUEST",
        "explanation": "Authenticated entity is not authorized for the target entity.",
    },
    "result": "ERROR",
}
PATH = "/api/rest/version/100/merchant/TESTPARCELA01/paymentOptionsInquiry"


def encode(text: str | bytes) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return "Basic " + base64.b64encode(raw).decode()


def test_a_right_login_is_let_in(shared_gateway: GatewayWorld) -> None:
    answer = shared_gateway.ask("POST", "paymentOptionsInquiry")
    assert (answer.status, answer.body["merchant"]) == (200, "TESTPARCELA01")


def test_the_scheme_may_be_written_in_any_case(shared_gateway: GatewayWorld) -> None:
    login = shared_gateway.merchant.authorization.replace("Basic ", "bAsIc  ")
    assert shared_gateway.send("POST", PATH, headers={"authorization": login}).status == 200


def test_credentials_without_the_scheme_are_taken(shared_gateway: GatewayWorld) -> None:
    """As omnipay-mpgs of digistorm sends them."""
    login = shared_gateway.merchant.authorization.removeprefix("Basic ")
    assert shared_gateway.send("POST", PATH, headers={"authorization": login}).status == 200


def test_without_a_header_the_client_is_asked_for_one(gateway: GatewayWorld) -> None:
    answer = gateway.send("POST", PATH, b'{"broken": ')
    assert (answer.status, answer.body) == (401, CREDENTIALS)
    assert answer.headers["www-authenticate"] == 'Basic realm="merchant"'
    assert answer.headers["content-type"] == "application/json;charset=ISO-8859-1"
    assert gateway.list_refusals() == []


WRONG: list[tuple[str, str, str, str]] = [
    ("another scheme", "Bearer abc", "unknown", "the Authorization is not Basic"),
    ("a scheme alone", "Basic ", "unknown", "the Basic credentials are not base64 of UTF-8"),
    ("no scheme", "!!!!", "unknown", "the Basic credentials are not base64 of UTF-8"),
    ("an empty header", "", "unknown", "the Authorization is not Basic"),
    ("not base64", "Basic !!!!", "unknown", "the Basic credentials are not base64 of UTF-8"),
    ("junk in base64", "Basic YWJj!!!!", "unknown", "the Basic credentials are not base64 of UTF-8"),
    ("not UTF-8", encode(b"merchant.\xff:x"), "unknown", "the Basic credentials are not base64 of UTF-8"),
    ("no colon", encode("merchant.TESTPARCELA01"), "unknown", "the Basic credentials have no colon"),
    ("wrong prefix", encode("TESTPARCELA01:x"), "TESTPARCELA01", "the user does not begin with merchant."),
    ("no such merchant", encode("merchant.NOPE:x"), "merchant.NOPE", "no such merchant"),
    ("other case", encode("merchant.testparcela01:x"), "merchant.testparcela01", "no such merchant"),
    ("wrong password", encode("merchant.TESTPARCELA01:x"), "merchant.TESTPARCELA01", "wrong password"),
    ("empty password", encode("merchant.TESTPARCELA01:"), "merchant.TESTPARCELA01", "wrong password"),
    (
        "a session nobody made",
        encode("merchant.TESTPARCELA01:SESSION" + "0" * 24),
        "merchant.TESTPARCELA01",
        "the session is unknown, another one, or used up",
    ),
    (
        "a card number for a user",
        encode("merchant.5123450000000008:x"),
        "merchant.512345xxxxxx0008",
        "no such merchant",
    ),
    ("what cannot be stored", encode("merchant.a\0b:x"), "merchant.a\ufffdb", "no such merchant"),
]


@pytest.mark.parametrize(
    ("header", "actor", "reason"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_wrong_login_is_told_nothing_and_written_down(
    gateway: GatewayWorld, header: str, actor: str, reason: str
) -> None:
    before = gateway.count_records()
    answer = gateway.send("POST", PATH, headers={"authorization": header})
    assert (answer.status, answer.body) == (401, CREDENTIALS)
    assert answer.headers["content-type"] == "application/json;charset=ISO-8859-1"
    assert "www-authenticate" not in answer.headers
    assert gateway.list_refusals() == [
        {
            "actor": actor,
            "subject": f"POST {PATH}",
            "outcome": "refused",
            "detail": {"reason": reason, "request_id": answer.headers["x-request-id"]},
        }
    ]
    assert gateway.count_records() == before


def test_two_logins_at_once_are_none(gateway: GatewayWorld) -> None:
    login = ("authorization", gateway.merchant.authorization)
    answer = gateway.send_pairs("POST", PATH, b"", [login, login])
    assert (answer.status, answer.body) == (401, CREDENTIALS)
    assert [row["detail"]["reason"] for row in gateway.list_refusals()] == ["several Authorization headers"]


def test_an_address_of_another_merchant_is_not_for_this_one(gateway: GatewayWorld) -> None:
    other = PATH.replace("TESTPARCELA01", "TESTPARCELA02")
    headers = {"authorization": gateway.merchant.authorization}
    for path in (other, PATH.replace("TESTPARCELA01", "NOPE"), PATH.replace("TESTPARCELA01", "%20")):
        answer = gateway.send("POST", path, headers=headers)
        assert (answer.status, answer.body) == (401, FOREIGN)
    told = [(row["actor"], row["subject"], row["detail"]["reason"]) for row in gateway.list_refusals()]
    assert told[0] == ("merchant.TESTPARCELA01", f"POST {other}", "the request names another merchant")
    assert len(told) == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", PATH + "/x", b"x" * 300_000, 413),
        ("POST", PATH + "/x", b"", 404),
        ("DELETE", PATH, b"", 405),
        ("POST", PATH, b"{broken", 401),
    ],
    ids=["size before path", "path before login", "method before login", "login before body"],
)
def test_the_order_of_checks(
    shared_gateway: GatewayWorld, method: str, path: str, body: bytes, status: int
) -> None:
    headers = {"authorization": encode("merchant.TESTPARCELA01:wrong")}
    assert shared_gateway.send(method, path, body, headers=headers).status == status


def test_two_passwords_live_while_one_replaces_the_other(gateway: GatewayWorld) -> None:
    fresh, _ = gateway.as_operator(lambda engine, person: issue_api_password(engine, person, "TESTPARCELA01"))
    second = Merchant("TESTPARCELA01", fresh)
    assert gateway.ask("POST", "paymentOptionsInquiry", merchant=second).status == 200
    assert gateway.ask("POST", "paymentOptionsInquiry").status == 200
    (first_id,) = [
        row["password_id"]
        for row in gateway.fetch(
            "SELECT password_id FROM api_password JOIN client USING (client_id)"
            " WHERE client.code = 'TESTPARCELA01' ORDER BY password_id LIMIT 1"
        )
    ]
    gateway.as_operator(lambda engine, person: revoke_api_password(engine, person, "TESTPARCELA01", first_id))
    assert gateway.ask("POST", "paymentOptionsInquiry").status == 401
    assert gateway.ask("POST", "paymentOptionsInquiry", merchant=second).status == 200


# NVP


def test_nvp_logs_in_by_its_fields(shared_gateway: GatewayWorld) -> None:
    answer = shared_gateway.ask_nvp({"apiOperation": "PAYMENT_OPTIONS_INQUIRY"})
    assert (answer.status, answer.body["merchant"], answer.body["result"]) == (
        200,
        "TESTPARCELA01",
        "SUCCESS",
    )
    assert answer.headers["content-type"] == "text/plain;charset=UTF-8"


NVP_CREDENTIALS = b"error.cause=INVALID_REQUEST&error.explanation=Invalid+credentials.&result=ERROR"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"apiPassword": "wrong"}, "wrong password"),
        ({"apiPassword": ""}, "apiUsername and apiPassword are not given once each"),
        ({"apiUsername": "TESTPARCELA01"}, "the user does not begin with merchant."),
        ({"apiUsername": ""}, "apiUsername and apiPassword are not given once each"),
    ],
)
def test_a_wrong_nvp_login(gateway: GatewayWorld, fields: dict[str, str], reason: str) -> None:
    answer = gateway.ask_nvp({"apiOperation": "PAYMENT_OPTIONS_INQUIRY", **fields})
    assert (answer.status, answer.raw) == (401, NVP_CREDENTIALS)
    assert answer.headers["content-type"] == "text/plain;charset=UTF-8"
    assert [row["detail"]["reason"] for row in gateway.list_refusals()] == [reason]


def test_nvp_does_not_read_its_query_nor_basic(gateway: GatewayWorld) -> None:
    merchant = gateway.merchant
    path = f"/api/nvp/version/100?apiUsername=merchant.{merchant.merchant_id}&apiPassword={merchant.password}"
    body = f"apiOperation=PAYMENT_OPTIONS_INQUIRY&merchant={merchant.merchant_id}".encode()
    answer = gateway.send("POST", path, body, headers={"authorization": merchant.authorization})
    assert (answer.status, answer.raw) == (401, NVP_CREDENTIALS)
    (refusal,) = gateway.list_refusals()
    assert refusal["subject"] == "POST /api/nvp/version/100"


def test_nvp_for_another_merchant(shared_gateway: GatewayWorld) -> None:
    answer = shared_gateway.ask_nvp({"apiOperation": "PAYMENT_OPTIONS_INQUIRY", "merchant": "TESTPARCELA02"})
    assert (answer.status, answer.error) == (401, FOREIGN["error"])


def test_nvp_without_a_merchant(shared_gateway: GatewayWorld) -> None:
    answer = shared_gateway.ask_nvp({"apiOperation": "SHOPPING_OPTIONS_INQUIRY", "merchant": ""})
    expected = {
        "cause": "INVALID_REQUEST",
        "explanation": "Missing parameter",
        "field": "merchant",
        "validationType": "MISSING",
    }
    assert (answer.status, answer.error) == (400, expected)


# Session ids as passwords


def make_session(gateway: GatewayWorld, limit: int) -> str:
    made = gateway.ask("POST", "session", {"session": {"authenticationLimit": limit}})
    assert made.status == 201
    session_id: str = made.body["session"]["id"]
    return session_id


def try_session(gateway: GatewayWorld, session_id: str, method: str, tail: str, body: Any = None) -> int:
    return gateway.ask(method, tail, body, merchant=Merchant("TESTPARCELA01", session_id)).status


def test_a_session_id_is_a_password_for_its_session_and_the_options(gateway: GatewayWorld) -> None:
    session_id = make_session(gateway, 25)
    other_id = make_session(gateway, 25)
    update = {"order": {"amount": "1.00", "currency": "USD"}}
    assert try_session(gateway, session_id, "PUT", f"session/{session_id}", update) == 200
    assert try_session(gateway, session_id, "POST", "paymentOptionsInquiry") == 200
    assert try_session(gateway, session_id, "PUT", f"session/{other_id}", update) == 401
    assert try_session(gateway, session_id, "GET", f"session/{session_id}") == 401
    assert try_session(gateway, session_id, "GET", "order/1") == 401
    assert (
        try_session(gateway, session_id, "POST", "shoppingOptionsInquiry", {"merchantCurrency": "USD"}) == 401
    )


def test_a_session_id_is_used_up(gateway: GatewayWorld) -> None:
    session_id = make_session(gateway, 2)
    tried = [try_session(gateway, session_id, "POST", "paymentOptionsInquiry") for _ in range(3)]
    assert tried == [200, 200, 401]


def test_a_session_of_another_merchant_is_no_password(gateway: GatewayWorld) -> None:
    stranger = Merchant("TESTPARCELA02", make_session(gateway, 25))
    assert gateway.ask("POST", "paymentOptionsInquiry", merchant=stranger).status == 401


def test_a_session_id_is_a_password_in_nvp(gateway: GatewayWorld) -> None:
    session_id = make_session(gateway, 25)
    browser = Merchant("TESTPARCELA01", session_id)
    update = {"apiOperation": "UPDATE_SESSION", "session.id": session_id, "order.amount": "1.00"}
    answer = gateway.ask_nvp(update, merchant=browser)
    assert (answer.status, answer.body["session.updateStatus"]) == (200, "SUCCESS")
    stranger = {**update, "session.id": make_session(gateway, 25)}
    assert gateway.ask_nvp(stranger, merchant=browser).status == 401
