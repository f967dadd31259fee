"""Who is let in: keys, kinds, scopes, networks, and what is written down of the others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.dialects.payments.probes import PATH, Probe
from tests.support.payments_world import PaymentsWorld

from parcela.domain.payments.keys import KeyKind, Scope
from parcela.operations.payments.api_keys import NewApiKey

ONE = f"{PATH}/pay_1"
UNKNOWN = "sk_test_deadbeef"


@pytest.fixture
def world(shared_payments: PaymentsWorld) -> PaymentsWorld:
    shared_payments.set_endpoints(*Probe().list_endpoints())
    return shared_payments


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key"])
def test_a_key_is_taken_from_either_header(world: PaymentsWorld, name: str) -> None:
    value = f"Bearer {world.secret}" if name == "Authorization" else world.secret
    answer = world.send("GET", ONE, headers=[(name, value)])
    assert (answer.status, answer.body) == (200, {"id": "pay_1", "amount": 1})


def test_the_same_key_in_both_headers_is_one_key(world: PaymentsWorld) -> None:
    headers = [("Authorization", f"bearer {world.secret}"), ("X-Api-Key", world.secret)]
    assert world.send("GET", ONE, headers=headers).status == 200


def test_without_a_key_the_answer_says_how_to_send_one(world: PaymentsWorld) -> None:
    before = len(world.list_refusals())
    answer = world.send("GET", ONE)
    assert (answer.status, answer.code) == (401, "missing_api_key")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.error["type"] == "authentication_error"
    assert len(world.list_refusals()) == before


REFUSED = {
    # Never issued.
    "unknown": [("Authorization", f"Bearer {UNKNOWN}")],
    # Another scheme is no key.
    "basic": [("Authorization", "Basic c2s6")],
    "bearer_without_key": [("Authorization", "Bearer ")],
    "empty_api_key": [("X-Api-Key", "")],
    "not_ascii": [("X-Api-Key", "sk_test_\u00e9")],
    # A key of 10,000 characters is looked up no longer than others.
    "long": [("X-Api-Key", "sk_test_" + "a" * 10_000)],
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_key_that_opens_nothing_is_refused_and_written_down(world: PaymentsWorld, name: str) -> None:
    before = len(world.list_refusals())
    answer = world.send("GET", ONE, headers=REFUSED[name])
    assert (answer.status, answer.code) == (401, "invalid_api_key")
    lines = world.list_refusals()[before:]
    assert [(line["actor"], line["subject"], line["outcome"]) for line in lines] == [
        ("unknown", f"GET {ONE}", "refused")
    ]
    assert lines[0]["detail"]["request_id"] == answer.headers["request-id"]
    assert UNKNOWN not in str(lines)


def test_two_accounts_at_once_are_refused(world: PaymentsWorld) -> None:
    headers = [("Authorization", f"Bearer {world.secret}"), ("X-Api-Key", world.other_secret)]
    answer = world.send("GET", ONE, headers=headers)
    assert (answer.status, answer.code) == (401, "invalid_api_key")


def test_a_publishable_key_calls_no_server_endpoint(world: PaymentsWorld) -> None:
    before = len(world.list_refusals())
    answer = world.get(ONE, key=world.publishable)
    assert (answer.status, answer.code) == (401, "key_type_not_allowed")
    (line,) = world.list_refusals()[before:]
    assert line["actor"] == world.credentials["account_id"]
    assert line["detail"]["reason"] == "a publishable key for GET /v1/probes/{id}"


def test_a_key_whose_time_is_over_is_told_so(payments: PaymentsWorld) -> None:
    payments.set_endpoints(*Probe().list_endpoints())
    expires = datetime.now(UTC) + timedelta(seconds=30)
    text, key = payments.issue_key(NewApiKey(kind=KeyKind.SECRET, expires_at=expires))
    assert payments.get(ONE, key=text).status == 200
    payments.fetch(
        "UPDATE payments_key SET created_at = now() - interval '2 days',"
        " expires_at = now() - interval '1 day' WHERE key_id = $1",
        key.key_id,
    )
    payments.fetch("UPDATE world SET version = version + 1")
    answer = payments.get(ONE, key=text)
    assert (answer.status, answer.code) == (401, "expired_api_key")
    assert [line["detail"]["key_id"] for line in payments.list_refusals()] == [key.key_id]


def test_a_restricted_key_has_its_scopes_alone(payments: PaymentsWorld) -> None:
    probe = Probe()
    payments.set_endpoints(*probe.list_endpoints())
    text, _ = payments.issue_key(NewApiKey(kind=KeyKind.RESTRICTED, scopes=frozenset({Scope.PAYMENTS_READ})))
    before = payments.count_records()
    assert payments.get(ONE, key=text).status == 200
    answer = payments.post(PATH, {"amount": 1}, key=text)
    assert (answer.status, answer.code) == (403, "permission_missing")
    assert answer.error["message"] == (
        "This key lacks the scope 'payments:write'. An administrator can grant it."
    )
    assert answer.error["details"] == {"scope": "payments:write"}
    assert (probe.entered, payments.count_records()) == (0, before)


ADDRESSES = {
    "198.51.100.7": 200,
    "198.51.101.7": 403,
    "::ffff:198.51.100.7": 200,
    "2001:db8::1": 403,
    "": 403,
}


def test_a_key_with_networks_is_of_use_from_there_alone(payments: PaymentsWorld) -> None:
    payments.set_endpoints(*Probe().list_endpoints())
    text, _ = payments.issue_key(NewApiKey(kind=KeyKind.SECRET, networks=("198.51.100.0/24",)))
    found = {address: payments.ask("GET", ONE, key=text, address=address) for address in ADDRESSES}
    assert {address: answer.status for address, answer in found.items()} == ADDRESSES
    assert found["198.51.101.7"].code == "ip_not_allowed"
    assert found["198.51.101.7"].error["type"] == "permission_error"
    assert len(payments.list_refusals()) == 3


def test_the_key_is_asked_for_before_anything_else(world: PaymentsWorld) -> None:
    """401 comes before 404, 405, 415 and 400."""
    for method, path in (("GET", "/v1/nothing"), ("PUT", PATH), ("POST", PATH)):
        assert world.send(method, path, b"{").status == 401


def test_a_suspended_account_is_not_let_in(payments: PaymentsWorld) -> None:
    payments.set_endpoints(*Probe().list_endpoints())
    payments.fetch(
        "UPDATE client SET is_suspended = true WHERE code = $1", payments.credentials["account_id"]
    )
    payments.fetch("UPDATE world SET version = version + 1")
    assert payments.get(ONE).code == "invalid_api_key"
    assert payments.get(ONE, key=payments.other_secret).status == 200


def test_a_browser_may_use_a_publishable_key_from_any_page(shared_payments: PaymentsWorld) -> None:
    (post, *others) = Probe().list_endpoints()
    post = replace(post, keys=frozenset({KeyKind.PUBLISHABLE}), scope=Scope.PAYMENT_METHODS_WRITE)
    shared_payments.set_endpoints(post, *others)
    asked = [("origin", "https://shop.example"), ("access-control-request-method", "POST")]
    preflight = shared_payments.send("OPTIONS", PATH, headers=asked)
    assert (preflight.status, preflight.raw) == (204, b"")
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-methods"] == "POST"
    assert "Idempotency-Key" in preflight.headers["access-control-allow-headers"].split(", ")
    answer = shared_payments.post(PATH, {"amount": 1}, key=shared_payments.publishable)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (201, "*")
    refused = shared_payments.post(PATH, {"amount": 0}, key=shared_payments.publishable)
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (400, "*")


def test_a_browser_gets_nowhere_else(world: PaymentsWorld) -> None:
    for path, method in ((PATH, "POST"), (ONE, "GET"), ("/v1/nothing", "POST")):
        asked = [("origin", "https://shop.example"), ("access-control-request-method", method)]
        assert world.send("OPTIONS", path, headers=asked).status == 401
    assert "access-control-allow-origin" not in world.get(ONE).headers
