"""The idempotency key: first answer again, other input refused, nothing done twice."""

import asyncio
import json

import pytest
from tests.admin.test_catalogue import CHANGED, OFFER_ID
from tests.admin.test_clients import PUBLIC_PEM
from tests.support.admin_world import PROVIDER_ID, AdminWorld

from parcela.admin.table import ROUTES

KEY = {"idempotency_key": "key-1"}
GROUP = {"provider_id": PROVIDER_ID, "name": "Fresh"}
ACTS: list[tuple[str, str, str, object]] = [
    (
        "maker",
        "POST",
        "/changes",
        {"summary": "x", "catalogue": {"parcela_catalogue": 1, "programs": [CHANGED]}},
    ),
    ("maker", "PUT", f"/issuers/{PROVIDER_ID}/notification-destination", {"url": "http://a/notifications"}),
    ("maker", "PUT", f"/programs/{OFFER_ID}", CHANGED),
    ("maker", "PUT", "/offer-groups/fresh", GROUP),
    ("maker", "DELETE", "/offer-groups/sandbox", None),
    ("operator", "PUT", "/market-pairs/USA-EUR", {}),
    ("operator", "POST", "/clients", {"code": "acme", "name": "Acme", "role": "partner"}),
    ("operator", "PATCH", "/clients/1", {"is_suspended": True}),
    ("operator", "POST", "/clients/1/keys", {"purpose": "signing", "pem": PUBLIC_PEM}),
    ("operator", "POST", "/clients/1/keys/rotations", {"purpose": "platform_signing"}),
    ("operator", "DELETE", "/clients/1/keys/2", None),
    (
        "operator",
        "PUT",
        "/tokens",
        {"tokens": [{"token_pan": "2303779900000026", "funding_pan": "2303770000057107"}]},
    ),
    (
        "operator",
        "POST",
        "/people",
        {"email": "new@sandbox.example", "password": "a long password", "role": "operator"},
    ),
]


@pytest.mark.parametrize(("who", "method", "path", "body"), ACTS, ids=[f"{a[1]} {a[2]}" for a in ACTS])
def test_a_repeat_is_answered_as_the_first_time_and_does_nothing(
    admin: AdminWorld, who: str, method: str, path: str, body: object
) -> None:
    first = admin.call(who, method, path, body, **KEY)
    assert first.status in (200, 201, 202)
    assert "idempotent-replayed" not in first.headers
    lines = admin.call("operator", "GET", "/audit").json["items"][0]["sequence"]
    again = admin.call(who, method, path, body, **KEY)
    assert (again.status, again.raw) == (first.status, first.raw)
    assert again.headers["idempotent-replayed"] == "true"
    assert admin.call("operator", "GET", "/audit").json["items"][0]["sequence"] == lines


def test_decisions_are_repeated_too(admin: AdminWorld) -> None:
    for decision, body in (("approval", None), ("rejection", {"reason": "No"})):
        proposed = admin.call("maker", "PUT", f"/programs/{OFFER_ID}", {**CHANGED, "disclosure": decision})
        path = f"/changes/{proposed.json['change_set_id']}/{decision}"
        first = admin.call("checker", "POST", path, body, **KEY)
        again = admin.call("checker", "POST", path, body, **KEY)
        assert (first.status, again.status, again.raw) == (200, 200, first.raw)
        assert again.headers["idempotent-replayed"] == "true"


def test_links_of_pan_lists_are_repeated_too(admin: AdminWorld) -> None:
    # A list that does not exist is refused, and a refusal is not kept: the key is free for the next try.
    path = "/offer-groups/sandbox/pan-lists/282000000000000001"
    assert [admin.call("maker", "POST", path, **KEY).status for _ in range(2)] == [400, 400]


def test_a_key_stands_for_one_input_of_one_person_and_one_call(admin: AdminWorld) -> None:
    path = f"/programs/{OFFER_ID}"
    first = admin.call("maker", "PUT", path, CHANGED, **KEY)
    other = admin.call("maker", "PUT", path, {**CHANGED, "disclosure": "Other"}, **KEY)
    message = "The idempotency key was used for another request: send a new key with new input."
    error = {"error": {"code": "idempotency_key_reused", "message": message}}
    assert (other.status, other.json) == (409, error)
    # The order of members is no difference; another person's key is another key.
    turned = json.dumps(dict(reversed(CHANGED.items()))).encode()
    assert admin.call("maker", "PUT", path, turned, **KEY).raw == first.raw
    theirs = admin.call("operator", "PUT", path, CHANGED, **KEY)
    assert (theirs.status, theirs.raw == first.raw) == (202, False)
    assert len(admin.call("operator", "GET", "/changes").json["items"]) == 4


@pytest.mark.parametrize("key", ["", "x" * 256, "naïve"])
def test_a_key_is_1_to_255_printable_characters(shared_admin: AdminWorld, key: str) -> None:
    reply = shared_admin.call("maker", "DELETE", "/offer-groups/sandbox", idempotency_key=key)
    message = "Idempotency-Key: expected 1 to 255 printable ASCII characters"
    error = {"code": "invalid_input", "message": message, "member": "Idempotency-Key"}
    assert (reply.status, reply.json) == (400, {"error": error})


def test_of_calls_at_the_same_time_one_has_the_effect(admin: AdminWorld) -> None:
    headers = {
        "authorization": f"Bearer {admin.token('operator')}",
        "content-type": "application/json",
        "idempotency-key": "race",
    }
    body = json.dumps({"code": "acme", "name": "Acme", "role": "partner"}).encode()

    async def race() -> list[object]:
        return await asyncio.gather(*(admin.send("POST", "/clients", body, headers) for _ in range(6)))

    replies = admin.run(race())
    assert {reply.status for reply in replies} == {201}
    assert len({reply.raw for reply in replies}) == 1
    codes = [client["code"] for client in admin.call("operator", "GET", "/clients").json["items"]]
    assert codes.count("acme") == 1


def test_every_act_takes_a_key_but_those_with_a_secret_answer_or_without_effect() -> None:
    without = {
        (route.method, route.path) for route in ROUTES if route.method != "GET" and not route.takes_key
    }
    assert without == {
        ("POST", "/sessions"),
        ("DELETE", "/sessions/current"),
        ("POST", "/merchant-callers/{merchant_id}/passwords"),
        ("POST", "/payments-callers/{account_id}/keys"),
        ("POST", "/catalogue/diff"),
        ("POST", "/merchant-login-tests"),
    }
