"""What a handler is given, and what becomes of its answer, over REST and NVP (`spec/gateway.md` §§1–4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from asyncpg import CannotConnectNowError
from starlette.applications import Starlette
from tests.support.gateway_world import GatewayWorld

from parcela.app import build_gateway_door
from parcela.dialects.gateway.authentication import SessionScope
from parcela.dialects.gateway.calls import Call, Place, Reply
from parcela.dialects.gateway.door import GatewayRoute
from parcela.dialects.gateway.fields import BOOLEAN, OPEN, PAYMENT_AMOUNT, FieldTable, text
from parcela.dialects.gateway.routes import Operation
from parcela.dialects.gateway.session_handlers import SESSION_OPERATIONS
from parcela.domain.errors import Conflict
from parcela.domain.order_refusals import OrderUnknown, SessionGone
from parcela.settings import Settings

TABLE = FieldTable(
    kinds={
        "order.amount": PAYMENT_AMOUNT,
        "order.reference": text(1, 40),
        "order.item[].sku": text(1, 127),
        "flag.isSet": BOOLEAN,
        "billing": OPEN,
    },
    required=("order.amount",),
    takes_session=True,
)
PLACE = "order/{order_id}/transaction/{transaction_id}"


@dataclass
class Notebook:
    """Handlers that note what they were given."""

    calls: list[Call] = field(default_factory=list)
    recalled: list[Call] = field(default_factory=list)
    first_answer: Reply | None = None
    fault: BaseException | None = None

    async def answer(self, call: Call) -> Reply:
        if self.fault is not None:
            raise self.fault
        self.calls.append(call)
        members: dict[str, Any] = {
            "amount": Decimal("1200.00"),
            "isSet": True,
            "list": [{"sku": "A"}],
            "result": "SUCCESS",
            "version": str(call.version),
        }
        return Reply(members=members, status=201)

    async def recall(self, call: Call) -> Reply | None:
        self.recalled.append(call)
        return self.first_answer

    @property
    def call(self) -> Call:
        """The only call."""
        (call,) = self.calls
        return call


def hang(gateway: GatewayWorld, **changes: Any) -> Notebook:
    """A door with two operations at one address, one at another, and the sessions' own."""
    notebook = Notebook()
    shared: dict[str, Any] = {
        "methods": ("PUT",),
        "tail": PLACE,
        "table": TABLE,
        "handler": notebook.answer,
        "summary": "",
        "needs_name": True,
        "recall": notebook.recall,
    }
    inquiry = {**shared, "methods": ("GET", "POST"), "tail": "look", "needs_name": False, "recall": None}
    free = FieldTable(kinds=TABLE.kinds)
    gateway.set_operations(
        Operation(name="PAY", **shared),
        Operation(name="CAPTURE", **shared),
        Operation(name="LOOK", **{**inquiry, "table": free, "allows_empty_body": True, **changes}),
        *SESSION_OPERATIONS,
    )
    return notebook


GOOD: Mapping[str, Any] = {"apiOperation": "PAY", "order": {"amount": "1.00"}}


def refuse(answer: Any, field: str | None, validation: str | None, told: str, status: int = 400) -> None:
    expected = {"cause": "INVALID_REQUEST", "explanation": told}
    expected |= {} if field is None else {"field": field}
    expected |= {} if validation is None else {"validationType": validation}
    assert (answer.status, answer.error) == (status, expected)


def test_rest_and_nvp_give_a_handler_the_same(gateway: GatewayWorld) -> None:
    notebook = hang(gateway)
    body = {
        "apiOperation": "PAY",
        "correlationId": "c-1",
        "merchant": "TESTPARCELA01",
        "order": {"id": "a/b", "amount": 100.10, "reference": "r", "item": [{"sku": "A"}, {"sku": "B"}]},
        "transaction": {"id": "1"},
        "flag": {"isSet": True},
        "billing": {"address": {"city": "X", "street": None}},
        "shipping": {},
    }
    rest = gateway.pay("a/b", "1", body)
    fields = {
        "apiOperation": "PAY",
        "correlationId": "c-1",
        "order.id": "a/b",
        "transaction.id": "1",
        "order.amount": "100.1",
        "order.reference": "r",
        "order.item[1].sku": "B",
        "order.item[0].sku": "A",
        "flag.isSet": "true",
        "billing.address.city": "X",
        "shipping": "",
    }
    nvp = gateway.ask_nvp(fields)
    over_rest, over_nvp = notebook.calls
    assert (
        over_rest.sent
        == over_nvp.sent
        == {
            "order": {"amount": "100.1", "reference": "r", "item": [{"sku": "A"}, {"sku": "B"}]},
            "flag": {"isSet": True},
            "billing": {"address": {"city": "X"}},
        }
    )
    assert over_rest.fields == over_rest.sent
    assert over_rest.place == over_nvp.place
    assert (over_rest.place.order_id, over_rest.place.transaction_id) == ("a/b", "1")
    assert (over_rest.operation, over_rest.version, over_rest.host) == ("PAY", 100, "parcela.test")
    assert over_rest.nulls == {"billing.address.street"}
    assert over_rest.request_id == rest.headers["x-request-id"]
    assert rest.status == 201
    assert rest.raw == (
        b'{"amount":1200.00,"correlationId":"c-1","isSet":true,"list":[{"sku":"A"}],'
        b'"merchant":"TESTPARCELA01","result":"SUCCESS","version":"100"}'
    )
    assert nvp.status == 200
    assert nvp.raw == (
        b"amount=1200.00&correlationId=c-1&isSet=true&list%5B0%5D.sku=A"
        b"&merchant=TESTPARCELA01&result=SUCCESS&version=100"
    )


def test_a_call_does_not_show_what_it_holds(gateway: GatewayWorld) -> None:
    """A call that ends up in a log or an error text tells no card, code or session id."""
    notebook = hang(gateway)
    session_id = "SESSION" + "0" * 24
    gateway.pay("o", "1", {**GOOD, "order": {**GOOD["order"], "reference": "5123450000000008"}})
    call = notebook.call
    assert call.sent["order"] == {"amount": "1.00", "reference": "5123450000000008"}
    assert "5123450000000008" not in repr(call)
    place = Place(merchant_id="M", session_id=session_id)
    assert session_id not in f"{place}{SessionScope(is_taken=True, session_id=session_id)}"


def test_the_headers_of_every_answer(gateway: GatewayWorld) -> None:
    hang(gateway)
    for answer in (gateway.pay("o", "1", GOOD), gateway.pay("o", "1", {"apiOperation": "NOPE"})):
        kept = {name: answer.headers[name] for name in ("content-type", "cache-control", "pragma", "expires")}
        assert kept == {
            "content-type": "application/json;charset=UTF-8",
            "cache-control": "no-cache, no-store, must-revalidate",
            "pragma": "no-cache",
            "expires": "0",
        }
        assert len(answer.headers["x-request-id"]) == 36


def test_what_the_client_says_of_its_formats_is_not_read(gateway: GatewayWorld) -> None:
    hang(gateway)
    headers = {"content-type": "text/plain; charset=UTF-8", "accept": "image/png"}
    assert gateway.ask("PUT", "order/o/transaction/1", GOOD, headers=headers).status == 201


NAMES: list[tuple[str, dict[str, Any], str, str]] = [
    ("missing", {"order": {"amount": "1.00"}}, "MISSING", "Missing parameter"),
    ("null", {"apiOperation": None, "zzz": "1"}, "MISSING", "Missing parameter"),
    ("unknown", {"apiOperation": "NOPE", "zzz": "1"}, "INVALID",
     "Value 'NOPE' is invalid. NOPE request not permitted for this merchant."),
    ("of another address", {"apiOperation": "LOOK"}, "INVALID",
     "Value 'LOOK' is invalid. LOOK request not permitted for this merchant."),
    ("not served", {"apiOperation": "UPDATE_AUTHORIZATION"}, "INVALID",
     "Value 'UPDATE_AUTHORIZATION' is invalid. "
     "Update authorization request not permitted for this merchant."),
    ("no text", {"apiOperation": {"a": "1"}}, "INVALID", "Value '{}' is invalid. Expected a text"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "validation", "told"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES]
)
def test_the_operation_is_looked_at_first(
    gateway: GatewayWorld, body: dict[str, Any], validation: str, told: str
) -> None:
    notebook = hang(gateway)
    refuse(gateway.pay("o", "1", body), "apiOperation", validation, told)
    assert notebook.calls == []


def test_nvp_names_its_operation_among_all(gateway: GatewayWorld) -> None:
    hang(gateway, versions=(65, 69))
    told = "Value 'LOOK' is invalid. LOOK request not permitted for this merchant."
    refuse(gateway.ask_nvp({"apiOperation": "LOOK"}), "apiOperation", "INVALID", told)
    assert gateway.ask_nvp({"apiOperation": "LOOK"}, version=69).status == 200
    refuse(gateway.ask_nvp({}), "apiOperation", "MISSING", "Missing parameter")


DIFFERENT: list[tuple[str, dict[str, Any], str, str]] = [
    ("merchant", {"merchant": "TESTPARCELA02"}, "merchant", "TESTPARCELA02"),
    ("order", {"order": {"id": "p", "amount": "1.00"}}, "order.id", "p"),
    ("transaction", {"transaction": {"id": "2"}}, "transaction.id", "2"),
]


@pytest.mark.parametrize(
    ("change", "path", "value"), [row[1:] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT]
)
def test_a_body_repeats_its_address_truly(
    gateway: GatewayWorld, change: dict[str, Any], path: str, value: str
) -> None:
    notebook = hang(gateway)
    told = f"Value '{value}' is invalid. It differs from that of the url path"
    refuse(gateway.pay("o", "1", {**GOOD, **change}), path, "INVALID", told)
    assert notebook.calls == []


IDS: list[tuple[str, str, str, str]] = [
    ("order too long", "order/" + "x" * 42 + "/transaction/1", "order.id",
     "Value '" + "x" * 42 + "' is invalid. Length is 42 characters, but must be less than 41"),
    ("a line end in an order", "order/a%0Ab/transaction/1", "order.id",
     "Value 'a\nb' is invalid. Control characters are not allowed"),
    ("a zero in a transaction", "order/a/transaction/%00", "transaction.id",
     "Value '\0' is invalid. Control characters are not allowed"),
    ("an odd session", "session/%00", "session.id", "Form Session not found or expired"),
]  # fmt: skip


@pytest.mark.parametrize(("tail", "path", "told"), [row[1:] for row in IDS], ids=[row[0] for row in IDS])
def test_ids_of_the_address_have_their_formats(
    gateway: GatewayWorld, tail: str, path: str, told: str
) -> None:
    notebook = hang(gateway)
    refuse(gateway.ask("PUT", tail, GOOD if "order" in tail else {}), path, "INVALID", told)
    assert notebook.calls == []


@pytest.mark.parametrize(("version", "status"), [(65, 400), (66, 400), (67, 400), (100, 400)])
def test_offer_ids_with_dashes_come_with_version_67(gateway: GatewayWorld, version: int, status: int) -> None:
    body = {"apiOperation": "UPDATE_PAYMENT_PLAN_OFFER", "paymentPlanOffer": {"payerAcceptance": True}}
    answer = gateway.ask("PUT", "paymentPlanOffer/a-b_c", body, version=version)
    told = "Value 'a-b_c' is invalid. Expected 1 to 60 letters and digits"
    assert answer.status == status
    assert (answer.error["explanation"] == told) is (version < 67)


def test_nvp_lacks_what_an_address_would_say(gateway: GatewayWorld) -> None:
    hang(gateway)
    fields = {"apiOperation": "PAY", "order.amount": "1.00", "transaction.id": "1"}
    refuse(gateway.ask_nvp(fields), "order.id", "MISSING", "Missing parameter")
    refuse(gateway.ask_nvp({**fields, "order.amount": ""}), "order.amount", "MISSING", "Missing parameter")
    told = "Value '\t' is invalid. Control characters are not allowed"
    refuse(gateway.ask_nvp({**fields, "order.id": "\t"}), "order.id", "INVALID", told)


def test_an_empty_body_is_one_without_fields_where_that_is_lawful(gateway: GatewayWorld) -> None:
    notebook = hang(gateway)
    assert gateway.ask("POST", "look", b"").status == 201
    assert notebook.call.sent == {}
    told = "Json encoded payload error: Unexpected end of payload at [character 1 line 1]"
    refuse(gateway.ask("PUT", "order/o/transaction/1", b""), None, None, told)


def test_a_get_reads_its_query_and_not_its_body(gateway: GatewayWorld) -> None:
    notebook = hang(gateway)
    query = "order.item%5B0%5D.sku=A+1&flag.isSet=false&correlationId=c&apiOperation=LOOK&order.amount="
    answer = gateway.ask("GET", f"look?{query}", b"[]")
    assert (answer.status, answer.body["correlationId"]) == (201, "c")
    assert notebook.call.sent == {"order": {"item": [{"sku": "A 1"}]}, "flag": {"isSet": False}}
    refuse(gateway.ask("GET", "look?zzz=1"), "zzz", "INVALID", "Unexpected parameter 'zzz'")
    told = "Value 'PAY' is invalid. PAY request not permitted for this merchant."
    refuse(gateway.ask("GET", "look?apiOperation=PAY"), "apiOperation", "INVALID", told)


def test_the_query_of_a_put_is_not_read(gateway: GatewayWorld) -> None:
    notebook = hang(gateway)
    assert gateway.ask("PUT", "order/o/transaction/1?zzz=1&correlationId=c", GOOD).status == 201
    assert notebook.call.sent == {"order": {"amount": "1.00"}}


def test_a_body_that_is_too_large_is_not_looked_at(gateway: GatewayWorld) -> None:
    notebook = hang(gateway)
    told = "The request body exceeds the limit of 262144 bytes"
    refuse(gateway.ask("PUT", "order/o/transaction/1", b"{" * 262_145), None, None, told, status=413)
    answer = gateway.send("POST", "/api/nvp/version/100", b"a=1&" * 100_000)
    refuse(answer, None, None, told, status=413)
    assert notebook.calls == []


def test_old_versions_get_the_shapes_of_65_and_their_own_number(gateway: GatewayWorld) -> None:
    gateway.configure(lowest_version=22)
    hang(gateway, versions=(65, 69))
    answer = gateway.ask("POST", "look", {}, version=52)
    assert (answer.status, answer.body["version"]) == (201, "52")


# Sessions beneath a request


def keep(gateway: GatewayWorld, fields: Mapping[str, Any]) -> tuple[str, str]:
    """A session that holds fields; its id and version."""
    session_id = gateway.ask("POST", "session").body["session"]["id"]
    kept = gateway.ask("PUT", f"session/{session_id}", fields)
    assert kept.status == 200
    return session_id, kept.body["session"]["version"]


def test_a_session_stands_in_for_what_is_not_sent(gateway: GatewayWorld) -> None:
    notebook = hang(gateway)
    kept = {
        "order": {"amount": "5.00", "reference": "kept", "custom": "x"},
        "transaction": {"source": "MOTO"},
    }
    session_id, version = keep(gateway, kept)
    sent = {"order": {"reference": "sent"}, "session": {"id": session_id, "version": version}}
    answer = gateway.pay("o", "1", {"apiOperation": "PAY", **sent})
    assert answer.status == 201
    assert notebook.call.sent == sent
    assert notebook.call.fields == {**sent, "order": {"amount": "5.00", "reference": "sent"}}


def test_what_neither_holds_is_missing(gateway: GatewayWorld) -> None:
    notebook = hang(gateway)
    session_id, _ = keep(gateway, {"order": {"reference": "kept"}})
    body = {"apiOperation": "PAY", "session": {"id": session_id}}
    refuse(gateway.pay("o", "1", body), "order.amount", "MISSING", "Missing parameter")
    assert notebook.calls == []


def test_an_old_version_of_a_session_is_told_so(gateway: GatewayWorld) -> None:
    hang(gateway)
    session_id, version = keep(gateway, {"order": {"amount": "5.00"}})
    assert gateway.ask("PUT", f"session/{session_id}", {"order": {"amount": "6.00"}}).status == 200
    body = {"apiOperation": "PAY", "session": {"id": session_id, "version": version}}
    told = f"Value '{version}' is invalid. The session has been updated since this version"
    refuse(gateway.pay("o", "1", body), "session.version", "INVALID", told)


def test_a_repeat_is_answered_though_its_session_is_gone(gateway: GatewayWorld) -> None:
    notebook = hang(gateway)
    body = {"apiOperation": "PAY", "session": {"id": "SESSION" + "0" * 24}}
    refuse(gateway.pay("o", "1", body), "session.id", "INVALID", "Form Session not found or expired")
    notebook.first_answer = Reply(members={"result": "SUCCESS", "first": True}, status=201)
    answer = gateway.pay("o", "1", body)
    assert (answer.status, answer.body["first"]) == (201, True)
    assert notebook.calls == []
    assert [call.fields for call in notebook.recalled] == [{"session": body["session"]}] * 2


def test_a_session_of_another_host_is_not_for_this_one(gateway: GatewayWorld) -> None:
    hang(gateway)
    session_id, _ = keep(gateway, {"order": {"amount": "5.00"}})
    sessions_of_host = gateway.fetch("SELECT host FROM merchant_session")
    assert sessions_of_host == [{"host": "parcela.test"}]
    path = f"/api/rest/version/100/merchant/TESTPARCELA01/session/{session_id}"
    headers = {"authorization": gateway.merchant.authorization, "host": "other.test"}
    answer = gateway.send("GET", path, headers=headers)
    told = "Authenticated entity is not authorized for the target entity."
    refuse(answer, None, None, told, status=401)


# Faults


def test_a_fault_has_a_support_code(gateway: GatewayWorld) -> None:
    notebook = hang(gateway)
    for fault in (RuntimeError("secret 5123450000000008"), Conflict("a refusal that is none of ours")):
        notebook.fault = fault
        answer = gateway.pay("o", "1", GOOD)
        code = answer.error.pop("supportCode")
        assert answer.status == 500
        assert (code[:5], len(code), code.isupper()) == ("PARC-", 15, True)
        assert "secret" not in answer.raw.decode()
        assert answer.body["error"]["cause"] == "SERVER_FAILED"
        assert answer.body["error"]["explanation"] == "There was an internal system failure."


def test_without_a_database_the_server_is_busy(gateway: GatewayWorld) -> None:
    notebook = hang(gateway)
    notebook.fault = CannotConnectNowError("starting up")
    answer = gateway.pay("o", "1", GOOD)
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    assert answer.body == {
        "error": {
            "cause": "SERVER_BUSY",
            "explanation": "Operation temporarily rejected because the system is busy."
            "  Try again in 10 seconds.",
        },
        "result": "ERROR",
    }


def test_refusals_of_the_core_are_put_into_words(gateway: GatewayWorld) -> None:
    notebook = hang(gateway)
    notebook.fault = OrderUnknown("ORD-9")
    told = "Unable to find order ORD-9 for merchant TESTPARCELA01"
    refuse(gateway.pay("o", "1", GOOD), None, None, told)
    notebook.fault = SessionGone("gone")
    refuse(gateway.pay("o", "1", GOOD), "session.id", "INVALID", "Form Session not found or expired")


# Where the door hangs


@pytest.mark.parametrize(
    ("path", "raw_path", "status"),
    [
        ("/api", b"/api", 404),
        ("/api/rest/version/100/information", b"/api/rest/version/100/information", 200),
        ("/api/rest/version/100/merchant/M/order/a\nb", b"/api/rest/version/100/merchant/M/order/a%0Ab", 401),
        ("/apix", b"/apix", 404),
    ],
)
def test_the_door_hangs_below_its_prefix(
    gateway: GatewayWorld, path: str, raw_path: bytes, status: int
) -> None:
    app = Starlette()
    app.router.routes.append(GatewayRoute(build_gateway_door(gateway.engine, Settings(), lambda: False)))
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": raw_path,
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": None,
    }
    gateway.run(app(scope, receive, send))
    assert sent[0]["status"] == status
    is_ours = path == "/api" or path.startswith("/api/")
    assert (b"x-request-id" in dict(sent[0]["headers"])) is is_ours
