"""Accounts of the payments door by the set-up door: entries with four eyes, callers and API keys."""

from typing import Any

import pytest
from tests.support.admin_world import AdminWorld, Reply

from parcela.domain.payments.keys import Scope
from parcela.operations.payments import api_keys
from parcela.sandbox.payments_setup import ACCOUNT_ID, OTHER_ACCOUNT_ID

NEW_ID = "ma_01KNEW0ST0REAAAAAAAAAAAA01"
KEYS = f"/payments-callers/{ACCOUNT_ID}/keys"
CALLER = {
    "client_id": 6,
    "code": ACCOUNT_ID,
    "name": "Parcela Demo Store",
    "role": "account",
    "provider_id": None,
    "is_enabled": True,
    "is_suspended": False,
}
ACCOUNT = {
    "name": "New Store",
    "country": "DEU",
    "mcc": "5411",
    "owner_email": "owner@new.example",
    "acquirer_id": "ACQ",
    "acquirer_merchant_id": "1",
    "terminal_id": "T1",
}


def approve(admin: AdminWorld, proposed: Reply) -> Reply:
    assert proposed.status in (201, 202), proposed.raw
    return admin.call("second operator", "POST", f"/changes/{proposed.json['change_set_id']}/approval")


def put(admin: AdminWorld, path: str, body: dict[str, Any]) -> None:
    assert approve(admin, admin.call("operator", "PUT", path, body)).status == 200


def test_an_account_is_set_up_and_let_in_once(admin: AdminWorld) -> None:
    put(admin, f"/payments-accounts/{NEW_ID}", ACCOUNT)
    shown = admin.call("operator", "GET", f"/payments-accounts/{NEW_ID}").json
    assert shown == {
        "kind": "payments_account",
        "key": NEW_ID,
        "version": 1,
        "entry": {"account_id": NEW_ID, **ACCOUNT},
    }
    path, body = "/payments-callers", {"account_id": NEW_ID}
    first = admin.call("operator", "POST", path, body, idempotency_key="k1")
    expected = {**CALLER, "client_id": 8, "code": NEW_ID, "name": "New Store"}
    assert (first.status, first.json) == (201, expected)
    again = admin.call("operator", "POST", path, body, idempotency_key="k1")
    assert (again.status, again.raw) == (201, first.raw)
    assert admin.call("operator", "GET", f"{path}/{NEW_ID}").json == expected
    codes = [found["code"] for found in admin.call("operator", "GET", path).json["items"]]
    assert codes == [ACCOUNT_ID, OTHER_ACCOUNT_ID, NEW_ID]
    taken = admin.call("operator", "POST", path, body)
    assert (taken.status, taken.json["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("path", "body", "member"),
    [
        pytest.param(
            f"/payments-accounts/{NEW_ID}",
            {**ACCOUNT, "account_id": ACCOUNT_ID},
            "payments_account.account_id",
            id="other-id",
        ),
        pytest.param(
            f"/payments-accounts/{NEW_ID}",
            {**ACCOUNT, "country": "DE"},
            f"payments_account {NEW_ID}.country",
            id="a-broken-rule",
        ),
        pytest.param(
            f"/payments-accounts/{NEW_ID}",
            {**ACCOUNT, "fees": [{}, {"program": "nobodys"}]},
            f"payments_account {NEW_ID}.fees[1].program",
            id="a-broken-reference",
        ),
        pytest.param(
            "/payments-markets/germany",
            {
                "countries": ["DEU"],
                "currency": "EUR",
                "brands": ["visa"],
                "rate_regime": "eu_ccd2",
                "rate_label": "APRC",
            },
            "payments_market germany.countries",
            id="a-second-market",
        ),
    ],
)
def test_an_entry_that_breaks_a_rule_is_refused(
    shared_admin: AdminWorld, path: str, body: dict[str, Any], member: str
) -> None:
    reply = shared_admin.call("operator", "PUT", path, body)
    assert (reply.status, reply.json["error"]["member"]) == (400, member)


def test_a_program_that_an_account_needs_cannot_go(shared_admin: AdminWorld) -> None:
    reply = shared_admin.call("operator", "DELETE", "/programs/visa-3-eur")
    assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_input")


def test_a_key_is_shown_once_widened_and_ended(admin: AdminWorld) -> None:
    body = {
        "kind": "restricted",
        "scopes": ["payments:read"],
        "networks": ["203.0.113.0/24"],
        "expires_at": "2099-01-01T00:00:00Z",
    }
    issued = admin.call("operator", "POST", KEYS, body)
    assert (issued.status, sorted(issued.json)) == (201, ["key", "record"])
    text, record = issued.json["key"], issued.json["record"]
    assert (text[:8], len(text)) == ("rk_test_", 51)
    made_at = record.pop("created_at")
    assert record == {
        "key_id": 5,
        "kind": "restricted",
        "mode": "test",
        "scopes": ["payments:read"],
        "networks": ["203.0.113.0/24"],
        "last_four": text[-4:],
        "created_by": "operator@sandbox.example",
        "expires_at": "2099-01-01T00:00:00Z",
        "revoked_at": None,
    }
    listed = admin.call("operator", "GET", KEYS)
    # The fourth key is the other account's.
    assert [held["key_id"] for held in listed.json["items"]] == [1, 2, 3, 5]
    assert text not in listed.raw.decode()
    wider = admin.call("operator", "POST", f"{KEYS}/5/scopes", {"scopes": ["refunds:read"]})
    scopes = ["payments:read", "refunds:read"]
    assert (wider.status, wider.json) == (200, {**record, "created_at": made_at, "scopes": scopes})
    revoked = admin.call("operator", "DELETE", f"{KEYS}/5", idempotency_key="k2")
    assert (revoked.status, revoked.json["revoked_at"] is None) == (200, False)
    again = admin.call("operator", "DELETE", f"{KEYS}/5", idempotency_key="k2")
    assert (again.status, again.raw) == (200, revoked.raw)
    world = admin.run(admin.engine.look())
    found = api_keys.find_account_key(admin.engine, world, text)
    assert found is not None
    assert found[2].has_ended(world.real_now) is True
    assert found[2].scopes == {Scope.PAYMENTS_READ, Scope.REFUNDS_READ}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        pytest.param("POST", KEYS, {"kind": "other"}, 400, "invalid_input", id="kind"),
        pytest.param("POST", KEYS, {"kind": "secret", "mode": "both"}, 400, "invalid_input", id="mode"),
        pytest.param("POST", KEYS, {"kind": "restricted"}, 400, "invalid_input", id="no-scopes"),
        pytest.param(
            "POST", KEYS, {"kind": "restricted", "scopes": ["all"]}, 400, "invalid_input", id="unknown-scope"
        ),
        pytest.param(
            "POST", KEYS, {"kind": "secret", "networks": ["home"]}, 400, "invalid_input", id="network"
        ),
        pytest.param(
            "POST", KEYS, {"kind": "secret", "expires_at": "2099-01-01"}, 400, "invalid_input", id="expiry"
        ),
        pytest.param("POST", KEYS, {"kind": "secret", "mode": "live"}, 409, "conflict", id="live"),
        pytest.param("POST", f"{KEYS}/1/scopes", {"scopes": []}, 400, "invalid_input", id="grant-nothing"),
        pytest.param(
            "POST", f"{KEYS}/1/scopes", {"scopes": ["events:read"]}, 409, "conflict", id="grant-what-it-has"
        ),
        pytest.param("DELETE", f"{KEYS}/9", None, 404, "not_found", id="revoke-unknown"),
        pytest.param("DELETE", f"{KEYS}/x", None, 404, "not_found", id="revoke-no-number"),
        pytest.param("DELETE", f"{KEYS}/4", None, 404, "not_found", id="revoke-another-accounts"),
        pytest.param(
            "POST", "/payments-callers/nobody/keys", {"kind": "secret"}, 404, "not_found", id="nobodys-key"
        ),
        pytest.param(
            "POST", "/payments-callers", {"account_id": "nobody"}, 400, "invalid_input", id="register-nobody"
        ),
    ],
)
def test_what_is_refused_changes_nothing(
    shared_admin: AdminWorld, method: str, path: str, body: dict[str, Any] | None, status: int, code: str
) -> None:
    def see() -> list[Any]:
        paths = (KEYS, f"/payments-callers/{OTHER_ACCOUNT_ID}/keys", "/payments-callers")
        return [shared_admin.call("operator", "GET", one).json for one in paths]

    before = see()
    reply = shared_admin.call("operator", method, path, body)
    assert (reply.status, reply.json["error"]["code"]) == (status, code)
    assert see() == before


def test_an_account_is_no_client_with_key_pairs(shared_admin: AdminWorld) -> None:
    body = {"code": NEW_ID, "name": "Store", "role": "account"}
    reply = shared_admin.call("operator", "POST", "/clients", body)
    assert (reply.status, reply.json["error"]["member"]) == (400, "role")
    rotation = {"purpose": "platform_signing"}
    reply = shared_admin.call("operator", "POST", "/clients/6/keys/rotations", rotation)
    assert (reply.status, reply.json["error"]["code"]) == (409, "conflict")
    assert shared_admin.call("operator", "GET", "/clients/6/keys").json == {"items": []}


def test_an_unknown_scope_is_named_with_those_that_there_are(shared_admin: AdminWorld) -> None:
    body = {"kind": "restricted", "scopes": ["payments:read", "all"]}
    reply = shared_admin.call("operator", "POST", KEYS, body)
    assert (reply.status, reply.json["error"]["member"]) == (400, "scopes[1]")
    choices = ", ".join(Scope)
    assert reply.json["error"]["message"] == f"scopes[1]: expected one of {choices}, got 'all'"
