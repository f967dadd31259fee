"""Refusals: their form, the order of the checks, what requests may not hold (`spec/payments.md` §§2, 13)."""

import json
import re
from typing import Any

import pytest
from tests.dialects.payments.probes import PATH, Probe
from tests.support.payments_world import Answer, PaymentsWorld

from parcela.dialects.payments.codes import CODES
from parcela.dialects.payments.errors import PaymentsError, write_error
from parcela.domain.payments.refusals import DeclineCode, Fault, PaymentRefused

MEMBERS = {
    "type",
    "code",
    "message",
    "param",
    "doc_url",
    "request_id",
    "decline_code",
    "resource",
    "details",
}
REQUEST_ID = re.compile("req_[0-7][0-9A-HJKMNP-TV-Z]{25}")


@pytest.fixture
def probe(shared_payments: PaymentsWorld) -> Probe:
    made = Probe()
    shared_payments.set_endpoints(*made.list_endpoints())
    return made


def refuse(world: PaymentsWorld, probe: Probe, body: bytes, **headers: str) -> Answer:
    before = world.count_records()
    answer = world.post(PATH, body, headers=headers)
    assert (probe.entered, world.count_records()) == (0, before)
    assert set(answer.error) == MEMBERS
    assert answer.error["type"] == CODES[answer.code].type
    assert answer.error["doc_url"] == f"/docs/errors#{answer.code}"
    assert answer.error["request_id"] == answer.headers["request-id"]
    return answer


def test_an_error_has_the_documented_form(payments: PaymentsWorld) -> None:
    refusal = PaymentRefused(
        Fault.AMOUNT_TOO_LARGE,
        "The largest partial refund is 40000; the full remaining amount is 60000.",
        param="amount",
        resource="pay_01K1B9Z6Q4T8V2X0M5R7S3W9YA",
        details={"maximum": 40000, "full_amount": 60000},
    )
    payments.set_endpoints(*Probe(refusal=refusal).list_endpoints())
    answer = payments.post(PATH, {"amount": 1})
    assert answer.status == 422
    assert answer.body == {
        "error": {
            "type": "invalid_state",
            "code": "amount_too_large",
            "message": "The largest partial refund is 40000; the full remaining amount is 60000.",
            "param": "amount",
            "doc_url": "/docs/errors#amount_too_large",
            "request_id": answer.headers["request-id"],
            "decline_code": None,
            "resource": "pay_01K1B9Z6Q4T8V2X0M5R7S3W9YA",
            "details": {"maximum": 40000, "full_amount": 60000},
        }
    }
    assert REQUEST_ID.fullmatch(answer.headers["request-id"])


def test_an_error_tells_no_card_number() -> None:
    error = PaymentsError(
        "parameter_invalid", "'5123450000000008' is no id.", param="5123450000000008", decline=None
    )
    written = json.loads(write_error(error, request_id="req_1"))["error"]
    assert (written["message"], written["param"]) == ("'512345xxxxxx0008' is no id.", "512345xxxxxx0008")


def test_a_decline_names_its_code() -> None:
    error = PaymentsError("card_declined", "Declined.", decline=DeclineCode.INSUFFICIENT_FUNDS)
    assert json.loads(write_error(error, request_id="req_1"))["error"]["decline_code"] == "insufficient_funds"
    assert error.status == 402


BAD_JSON = {
    "empty": b"",
    "garbage": b"{}x",
    "cut": b'{"amount":1',
    "array": b"[]",
    "number": b"1",
    "nothing": b"null",
    "duplicate": b'{"amount":1,"amount":60000}',
    "duplicate_by_escape": b'{"amount":1,"\\u0061mount":60000}',
    "nan": b'{"amount":NaN}',
    "infinity": b'{"amount":-Infinity}',
    "nul": b'{"amount":1,"note":"a\\u0000b"}',
    "surrogate": b'{"amount":1,"note":"\\ud800"}',
    "bom": b'\xef\xbb\xbf{"amount":1}',
    "utf16": '{"amount":1}'.encode("utf-16"),
    "not_utf8": b'{"note":"\xff"}',
    "deep": b'{"note":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "digits": b'{"amount":' + b"9" * 5000 + b"}",
    "comment": b'{"amount":1/**/}',
    "single_quotes": b"{'amount':1}",
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_what_is_not_one_strict_json_object_is_refused(
    shared_payments: PaymentsWorld, probe: Probe, name: str
) -> None:
    answer = refuse(shared_payments, probe, BAD_JSON[name])
    assert (answer.status, answer.code) == (400, "invalid_json")


# Member, fault, status; every refusal names the member.
BAD_VALUES: dict[str, tuple[dict[str, Any] | str, str, str]] = {
    "missing": ({"note": "x"}, "parameter_missing", "amount"),
    # An explicit null where a value is required counts as missing.
    "null": ({"amount": None}, "parameter_missing", "amount"),
    "text": ({"amount": "60000"}, "amount_invalid", "amount"),
    "decimal": ('{"amount": 60000.0}', "amount_invalid", "amount"),
    "exponent": ('{"amount": 6e4}', "amount_invalid", "amount"),
    "zero": ({"amount": 0}, "amount_invalid", "amount"),
    "minus": ({"amount": -1}, "amount_invalid", "amount"),
    "too_large": ({"amount": 1_000_000_000_000}, "amount_invalid", "amount"),
    "true": ({"amount": True}, "amount_invalid", "amount"),
    "object": ({"amount": {"value": 1}}, "amount_invalid", "amount"),
    "note_number": ({"amount": 1, "note": 5}, "parameter_invalid", "note"),
    "note_long": ({"amount": 1, "note": "x" * 101}, "parameter_invalid", "note"),
    "note_empty": ({"amount": 1, "note": ""}, "parameter_invalid", "note"),
    # Nobody sets what is ours (mass assignment).
    "unknown": ({"amount": 1, "status": "completed"}, "parameter_unknown", "status"),
    "case": ({"Amount": 1}, "parameter_unknown", "Amount"),
}


@pytest.mark.parametrize("name", BAD_VALUES)
def test_a_member_that_does_not_fit_is_refused(
    shared_payments: PaymentsWorld, probe: Probe, name: str
) -> None:
    body, code, param = BAD_VALUES[name]
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    answer = refuse(shared_payments, probe, raw)
    assert (answer.status, answer.code, answer.error["param"]) == (400, code, param)


def test_the_nearest_known_name_is_told(shared_payments: PaymentsWorld, probe: Probe) -> None:
    answer = refuse(shared_payments, probe, b'{"amuont": 1}')
    assert answer.error["message"] == "'amuont' is not known here. Did you mean 'amount'?"


def test_the_largest_amount_is_taken(shared_payments: PaymentsWorld, probe: Probe) -> None:
    assert shared_payments.post(PATH, {"amount": 999_999_999_999}).status == 201
    assert shared_payments.post(PATH, {"amount": 1, "note": None}).status == 201
    assert probe.entered == 2


MEDIA_TYPES = {
    "none": None,
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "latin": "application/json; charset=iso-8859-1",
    "suffix": "application/vnd.api+json",
    "empty": "",
}


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_another_media_type_is_refused(shared_payments: PaymentsWorld, probe: Probe, name: str) -> None:
    media_type = MEDIA_TYPES[name]
    headers = [("x-api-key", shared_payments.secret)]
    headers += [] if media_type is None else [("content-type", media_type)]
    answer = shared_payments.send("POST", PATH, b'{"amount":1}', headers=headers)
    assert (answer.status, answer.code, probe.entered) == (415, "unsupported_media_type", 0)


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON; Charset=UTF-8"])
def test_json_may_name_its_charset(shared_payments: PaymentsWorld, probe: Probe, media_type: str) -> None:
    answer = shared_payments.post(PATH, b'{"amount":1}', headers={"content-type": media_type})
    assert (answer.status, probe.entered) == (201, 1)


def test_a_packed_body_is_not_unpacked(shared_payments: PaymentsWorld, probe: Probe) -> None:
    answer = refuse(shared_payments, probe, b"\x1f\x8b", **{"content-encoding": "gzip"})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


def test_a_body_over_one_mebibyte_is_refused(shared_payments: PaymentsWorld, probe: Probe) -> None:
    limit = 1024 * 1024
    answer = refuse(shared_payments, probe, b"{" + b" " * (limit - 1) + b"}")
    assert (answer.status, answer.code) == (413, "body_too_large")
    fits = b'{"amount":1' + b" " * (limit - 12) + b"}"
    assert (len(fits), shared_payments.post(PATH, fits).status) == (limit, 201)


def test_the_media_type_comes_before_the_body_and_the_body_before_its_members(
    shared_payments: PaymentsWorld, probe: Probe
) -> None:
    assert refuse(shared_payments, probe, b"{", **{"content-type": "text/plain"}).status == 415
    assert refuse(shared_payments, probe, b'{"status":1').code == "invalid_json"
    assert refuse(shared_payments, probe, b'{"amount":0,"status":1}').code == "parameter_unknown"


PATHS = {
    "unknown": "/v1/nothing",
    "root": "/v1",
    "slash": "/v1/",
    "below": f"{PATH}/a/b",
    "empty_segment": f"/v1//{PATH[4:]}",
    "trailing_slash": f"{PATH}/",
    "nul": f"{PATH}/pay_%00",
    "nul_in_name": "/v1/%00",
    "not_utf8": f"{PATH}/%ff",
    "long": f"{PATH}/" + "a" * 5000,
}


@pytest.mark.parametrize("name", PATHS)
def test_an_address_that_there_is_not_is_404(shared_payments: PaymentsWorld, probe: Probe, name: str) -> None:
    answer = shared_payments.get(PATHS[name])
    assert (answer.status, answer.code, answer.error["type"]) == (404, "resource_missing", "validation_error")


def test_another_method_is_405_with_those_that_there_are(
    shared_payments: PaymentsWorld, probe: Probe
) -> None:
    answer = shared_payments.ask("DELETE", f"{PATH}/pay_1")
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method_not_allowed", "GET, PATCH")
    answer = shared_payments.get(PATH)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("segment", ["pay_'%20OR%201=1--", "PAY_1", "%0A", "..%2F..", "\u00e9"])
def test_strange_ids_reach_the_look_up_as_text(
    shared_payments: PaymentsWorld, probe: Probe, segment: str
) -> None:
    answer = shared_payments.get(f"{PATH}/{segment}")
    assert answer.status == 200


QUERIES = {"unknown": "foo=1", "twice": "foo=1&foo=2", "not_utf8": "f%ff=1", "many": "&".join(["a=1"] * 101)}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_that_is_not_known_is_refused(
    shared_payments: PaymentsWorld, probe: Probe, name: str
) -> None:
    answer = shared_payments.get(f"{PATH}/a?{QUERIES[name]}")
    assert (answer.status, answer.error["type"]) == (400, "validation_error")


def test_an_unreachable_database_is_503(payments: PaymentsWorld) -> None:
    payments.set_endpoints(*Probe().list_endpoints())
    payments.run(payments.engine.database.close())
    answer = payments.get(f"{PATH}/a")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "service_unavailable", "1")
    assert REQUEST_ID.fullmatch(answer.headers["request-id"])


def test_an_unknown_and_a_foreign_payment_are_told_alike(payments: PaymentsWorld) -> None:
    own = payments.post("/v1/payments", {"amount": 100, "confirm": False}).body["id"]
    unknown = "pay_01K1B9Z6Q4T8V2X0M5R7S3W9YA"
    told = []
    for payment_id in (own, unknown):
        answer = payments.get(f"/v1/payments/{payment_id}", key=payments.other_secret)
        assert answer.status == 404
        hidden = answer.raw.replace(payment_id.encode(), b"ID")
        told.append(hidden.replace(answer.headers["request-id"].encode(), b"REQUEST"))
    assert told[0] == told[1]
