"""Merchants by the set-up door: their entries with four eyes, and who of them may call."""

from typing import Any

import pytest
from tests.support.admin_world import AdminWorld, Reply

from parcela.operations import merchants
from parcela.sandbox.setup import MERCHANT_ID

CALLER = {
    "client_id": 3,
    "code": MERCHANT_ID,
    "name": "Parcela Demo Shop",
    "role": "merchant",
    "provider_id": None,
    "is_enabled": True,
    "is_suspended": False,
}
PASSWORDS = f"/merchant-callers/{MERCHANT_ID}/passwords"
SHOP = {
    "name": "Shop",
    "country": "DEU",
    "mcc": "5411",
    "currencies": ["EUR", "USD"],
    "brands": ["mastercard"],
    "acquirer_id": "ACQ",
    "acquirer_merchant_id": "1",
    "terminal_id": "T1",
}
PRODUCT = {"name": "Later", "logo_url": "https://shop.example/later.png"}
RULE: dict[str, Any] = {
    "attachment": "cart",
    "product_id": "P",
    "program_id": "standard-6-usd",
    "first_day": "2026-01-01",
    "qualifier": {"text": "By the bank", "logo_url": "https://shop.example/bank.png"},
    "terms": {"text": "Terms."},
}
PLAN: dict[str, Any] = {
    "name": "Sin intereses",
    "template": "installments_without_interest",
    "program_id": "standard-6-usd",
    "payments": [3, 6],
    "first_day": "2026-01-01",
}


def approve(admin: AdminWorld, proposed: Reply) -> Reply:
    assert proposed.status in (201, 202), proposed.raw
    return admin.call("second operator", "POST", f"/changes/{proposed.json['change_set_id']}/approval")


def put(admin: AdminWorld, path: str, body: dict[str, Any]) -> None:
    assert approve(admin, admin.call("operator", "PUT", path, body)).status == 200


def test_a_merchant_is_set_up_entry_by_entry(admin: AdminWorld) -> None:
    put(admin, "/merchants/SHOP", SHOP)
    put(admin, "/merchant-products/SHOP:P", PRODUCT)
    put(admin, "/offer-rules/SHOP:R", RULE)
    put(admin, "/merchant-plans/SHOP:SIN", PLAN)
    shown = admin.call("operator", "GET", "/offer-rules/SHOP:R").json
    assert shown == {
        "kind": "offer_rule",
        "key": "SHOP:R",
        "version": 1,
        "entry": {"merchant_id": "SHOP", "rule_id": "R", **RULE},
    }
    for collection, count in (("merchants", 4), ("merchant-products", 3), ("merchant-plans", 3)):
        assert len(admin.call("operator", "GET", f"/{collection}").json["items"]) == count
    gone = approve(admin, admin.call("operator", "DELETE", "/merchant-plans/SHOP:SIN"))
    assert gone.status == 200
    # What something refers to cannot go first.
    reply = admin.call("operator", "DELETE", "/merchant-products/SHOP:P")
    assert (reply.status, reply.json["error"]["member"]) == (400, "offer_rule SHOP:R.product_id")


@pytest.mark.parametrize(
    ("path", "body", "member"),
    [
        pytest.param(
            "/merchants/SHOP", {**SHOP, "merchant_id": "OTHER"}, "merchant.merchant_id", id="other-id"
        ),
        pytest.param("/merchants/A%20B", SHOP, "merchant.merchant_id", id="id-of-other-characters"),
        pytest.param(
            "/merchant-products/PL1", PRODUCT, "merchant_product.product_id", id="key-without-separator"
        ),
        pytest.param(
            f"/offer-rules/{MERCHANT_ID}:R",
            {**RULE, "product_id": "PL1", "maxmum": "3"},
            "offer_rule.maxmum",
            id="misspelt-member",
        ),
        pytest.param(
            f"/offer-rules/{MERCHANT_ID}:R",
            {**RULE, "product_id": "PL1", "cart": {"all": []}},
            "offer_rule.cart.all",
            id="misspelt-member-beneath",
        ),
        pytest.param(
            f"/offer-rules/{MERCHANT_ID}:R",
            {**RULE, "product_id": "PL1", "program_id": "71392362"},
            "program 71392362.terms.interval",
            id="program-that-is-not-monthly",
        ),
    ],
)
def test_an_entry_with_a_slip_is_refused(
    shared_admin: AdminWorld, path: str, body: dict[str, Any], member: str
) -> None:
    before = shared_admin.call("operator", "GET", "/changes").json
    reply = shared_admin.call("operator", "PUT", path, body)
    assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_input")
    assert reply.json["error"]["member"] == member
    assert shared_admin.call("operator", "GET", "/changes").json == before


def test_an_issuers_maker_does_not_propose_a_merchant_in_a_file_either(shared_admin: AdminWorld) -> None:
    merchant = {"merchant_id": "SHOP", **SHOP}
    body = {"summary": "A shop", "catalogue": {"parcela_catalogue": 1, "merchants": [merchant]}}
    reply = shared_admin.call("maker", "POST", "/changes", body)
    assert (reply.status, reply.json["error"]["code"]) == (403, "not_allowed")


@pytest.mark.parametrize(
    ("who", "path", "section", "change"),
    [
        pytest.param("maker", f"/merchants/{MERCHANT_ID}", "merchants", {"name": "x"}, id="merchant"),
        pytest.param(
            "other maker", "/programs/71392364", "programs", {"enabled": False}, id="another-issuers-program"
        ),
    ],
)
def test_a_comparison_does_not_show_what_its_caller_may_not_see(
    shared_admin: AdminWorld, who: str, path: str, section: str, change: dict[str, Any]
) -> None:
    held = shared_admin.call("operator", "GET", path).json
    document = {"parcela_catalogue": 1, section: [{**held["entry"], **change}]}
    reply = shared_admin.call(who, "POST", "/catalogue/diff", document)
    message = f"The {held['kind']} {held['key']} does not belong to your issuer."
    assert (reply.status, reply.json) == (403, {"error": {"code": "not_allowed", "message": message}})


def test_a_merchant_of_the_catalogue_is_let_in_once(admin: AdminWorld) -> None:
    put(admin, "/merchants/SHOP", SHOP)
    path, body = "/merchant-callers", {"merchant_id": "SHOP"}
    first = admin.call("operator", "POST", path, body, idempotency_key="k1")
    expected = {**CALLER, "client_id": 8, "code": "SHOP", "name": "Shop"}
    assert (first.status, first.json) == (201, expected)
    again = admin.call("operator", "POST", path, body, idempotency_key="k1")
    assert (again.status, again.raw) == (201, first.raw)
    assert admin.call("operator", "GET", f"{path}/SHOP").json == expected
    codes = [found["code"] for found in admin.call("operator", "GET", path).json["items"]]
    assert codes == [MERCHANT_ID, "TESTPARCELA02", "DEMOSHOP03", "SHOP"]
    taken = admin.call("operator", "POST", path, body)
    assert (taken.status, taken.json["error"]["code"]) == (409, "conflict")


def test_passwords_are_shown_once_and_rotated(admin: AdminWorld) -> None:
    issued = admin.call("operator", "POST", PASSWORDS)
    assert (issued.status, sorted(issued.json)) == (201, ["password", "record"])
    record, password = issued.json["record"], issued.json["password"]
    assert (record["password_id"], record["created_by"]) == (2, "operator@sandbox.example")
    listed = admin.call("operator", "GET", PASSWORDS)
    assert [held["password_id"] for held in listed.json["items"]] == [1, 2]
    assert password not in listed.raw.decode()
    third = admin.call("operator", "POST", PASSWORDS)
    message = "The merchant 'TESTPARCELA01' has two live API passwords: revoke one first."
    assert (third.status, third.json) == (409, {"error": {"code": "conflict", "message": message}})
    revoked = admin.call("operator", "DELETE", f"{PASSWORDS}/1", idempotency_key="k2")
    assert (revoked.status, revoked.json["revoked_at"] is None) == (200, False)
    again = admin.call("operator", "DELETE", f"{PASSWORDS}/1", idempotency_key="k2")
    assert again.raw == revoked.raw
    assert admin.call("operator", "DELETE", f"{PASSWORDS}/1").status == 409
    for number in ("9", "x", "1" * 30):
        unknown = admin.call("operator", "DELETE", f"{PASSWORDS}/{number}")
        assert (unknown.status, unknown.json["error"]["code"]) == (404, "not_found")


def test_a_login_is_tested(admin: AdminWorld) -> None:
    password = admin.call("operator", "POST", PASSWORDS).json["password"]

    def try_login(user: str, typed: str) -> Any:
        return admin.call("operator", "POST", "/merchant-login-tests", {"user": user, "password": typed}).json

    assert try_login(f"merchant.{MERCHANT_ID}", password) == {"ok": True, "reason": None}
    assert try_login(f"merchant.{MERCHANT_ID}", "x") == {"ok": False, "reason": "wrong password"}
    assert try_login(MERCHANT_ID, password) == {
        "ok": False,
        "reason": "the user does not begin with merchant.",
    }
    assert try_login("merchant.NOBODY", password) == {"ok": False, "reason": "no such merchant"}
    admin.call("operator", "PATCH", "/clients/3", {"is_suspended": True})
    assert try_login(f"merchant.{MERCHANT_ID}", password) == {
        "ok": False,
        "reason": "the merchant is suspended",
    }


def test_a_merchant_is_no_client_with_keys(shared_admin: AdminWorld) -> None:
    body = {"code": "SHOP", "name": "Shop", "role": "merchant"}
    reply = shared_admin.call("operator", "POST", "/clients", body)
    assert (reply.status, reply.json["error"]["member"]) == (400, "role")
    rotation = {"purpose": "platform_signing"}
    reply = shared_admin.call("operator", "POST", "/clients/3/keys/rotations", rotation)
    assert (reply.status, reply.json["error"]["code"]) == (409, "conflict")
    assert shared_admin.call("operator", "GET", "/clients/3/keys").json == {"items": []}
    assert merchants.find_caller(shared_admin.run(shared_admin.engine.look()), MERCHANT_ID) is not None
