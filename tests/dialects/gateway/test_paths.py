"""Where addresses lead, and what a wrong one is told (`spec/gateway.md` §1)."""

import pytest

from parcela.dialects.gateway.errors import GatewayError
from parcela.dialects.gateway.operations import OPERATIONS
from parcela.dialects.gateway.paths import Paths

PATHS = Paths(OPERATIONS, lowest_version=65)
BASE = "/api/rest/version/100/merchant/M1"


def find(method: str, path: str, *, paths: Paths = PATHS) -> tuple[list[str], dict[str, str]]:
    target = paths.find_rest(path.encode("latin-1"), method)
    return [operation.name for operation in target.operations], dict(target.places)


def refuse(method: str, path: str, *, paths: Paths = PATHS) -> GatewayError:
    with pytest.raises(GatewayError) as refusal:
        paths.find_rest(path.encode("latin-1"), method)
    return refusal.value


SERVED: list[tuple[str, str, list[str], dict[str, str]]] = [
    ("POST", "session", ["CREATE_SESSION"], {}),
    ("PUT", "session/S1", ["UPDATE_SESSION"], {"session_id": "S1"}),
    ("GET", "session/S1", ["RETRIEVE_SESSION"], {"session_id": "S1"}),
    (
        "PUT",
        "order/O1/transaction/T1",
        ["AUTHORIZE", "PAY", "CAPTURE", "REFUND", "VOID", "VERIFY"],
        {"order_id": "O1", "transaction_id": "T1"},
    ),
    ("GET", "order/O1", ["RETRIEVE_ORDER"], {"order_id": "O1"}),
    (
        "GET",
        "order/O1/transaction/T1",
        ["RETRIEVE_TRANSACTION"],
        {"order_id": "O1", "transaction_id": "T1"},
    ),
    ("GET", "paymentOptionsInquiry", ["PAYMENT_OPTIONS_INQUIRY"], {}),
    ("POST", "paymentOptionsInquiry", ["PAYMENT_OPTIONS_INQUIRY"], {}),
    ("GET", "shoppingOptionsInquiry", ["SHOPPING_OPTIONS_INQUIRY"], {}),
    ("POST", "shoppingOptionsInquiry", ["SHOPPING_OPTIONS_INQUIRY"], {}),
    ("GET", "itemPaymentPlanOffers", ["ITEM_PAYMENT_PLAN_OFFERS"], {}),
    ("POST", "itemPaymentPlanOffers", ["ITEM_PAYMENT_PLAN_OFFERS"], {}),
    ("PUT", "paymentPlanOffer/P1", ["UPDATE_PAYMENT_PLAN_OFFER"], {"offer_id": "P1"}),
    ("PUT", "paymentPlan/PLANN", ["PLAN_OFFERS_INQUIRY"], {"plan_id": "PLANN"}),
    # One slash at the end is no other address.
    ("POST", "session/", ["CREATE_SESSION"], {}),
    # What is encoded is part of the id, slashes too.
    ("GET", "order/a%2Fb%20%C3%A9%25", ["RETRIEVE_ORDER"], {"order_id": "a/b é%"}),
    ("GET", "order/a+b", ["RETRIEVE_ORDER"], {"order_id": "a+b"}),
]


@pytest.mark.parametrize(
    ("method", "tail", "names", "places"), SERVED, ids=[f"{m} {t}" for m, t, _, _ in SERVED]
)
def test_an_address_leads_to_its_operations(
    method: str, tail: str, names: list[str], places: dict[str, str]
) -> None:
    assert find(method, f"{BASE}/{tail}") == (names, {"merchant_id": "M1", **places})


WRONG: list[tuple[str, str, str]] = [
    ("/api", "/api", "/nvp or /rest"),
    ("/api/soap", "/api", "/nvp or /rest"),
    ("/api/rest", "/api/rest", "/version"),
    ("/api/rest/version", "/api/rest/version", "a version from 65 to 100"),
    ("/api/rest/version/64/information", "/api/rest/version", "a version from 65 to 100"),
    ("/api/rest/version/101/information", "/api/rest/version", "a version from 65 to 100"),
    ("/api/rest/version/0/merchant/M1/order/1", "/api/rest/version", "a version from 65 to 100"),
    ("/api/rest/version/065/information", "/api/rest/version", "a version from 65 to 100"),
    ("/api/rest/version/1e2/information", "/api/rest/version", "a version from 65 to 100"),
    ("/api/rest/version/100", "/api/rest/version/100", "/information or /merchant"),
    ("/api/rest/version/100/merchant", "/api/rest/version/100/merchant", "a merchant id"),
    ("/api/rest/version/100/information/x", "/api/rest/version/100/information", "nothing more"),
    (f"{BASE}/order", f"{BASE}/order", "an order id"),
    (f"{BASE}/order//transaction/1", f"{BASE}/order", "an order id"),
    (f"{BASE}/order/ORD-1042/checkout", f"{BASE}/order/ORD-1042", "/transaction"),
    (f"{BASE}/order/1/transaction/", f"{BASE}/order/1/transaction", "a transaction id"),
    (f"{BASE}/order/1/transaction/2/x", f"{BASE}/order/1/transaction/2", "nothing more"),
    (f"{BASE}/session/S/x", f"{BASE}/session/S", "nothing more"),
    (
        f"{BASE}/token",
        BASE,
        "/itemPaymentPlanOffers, /order, /paymentOptionsInquiry, /paymentPlan, /paymentPlanOffer, /session"
        " or /shoppingOptionsInquiry",
    ),
    # Neither text nor percent-encoding.
    (f"{BASE}/order/a%ED%A0%80", f"{BASE}/order", "an order id in UTF-8, percent-encoded"),
    (f"{BASE}/order/%FF", f"{BASE}/order", "an order id in UTF-8, percent-encoded"),
    (f"{BASE}/order/a%zz", f"{BASE}/order", "an order id in UTF-8, percent-encoded"),
    # A card number in an address is masked in the text about it.
    (
        f"{BASE}/order/5123450000000008/x",
        f"{BASE}/order/512345xxxxxx0008",
        "/transaction",
    ),
]


@pytest.mark.parametrize(("path", "right", "expected"), WRONG, ids=[path for path, _, _ in WRONG])
def test_a_wrong_path_is_told_what_was_expected(path: str, right: str, expected: str) -> None:
    refusal = refuse("PUT", path)
    assert refusal.status == 404
    assert refusal.render() == {
        "error": {
            "cause": "INVALID_REQUEST",
            "explanation": f"After url path {right}, expected {expected}",
            "field": None,
            "supportCode": None,
            "validationType": None,
        },
        "result": "ERROR",
    }


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", f"{BASE}/order/1", "GET"),
        ("PUT", f"{BASE}/order/1", "GET"),
        ("POST", f"{BASE}/order/1/transaction/1", "GET, PUT"),
        ("PUT", f"{BASE}/paymentOptionsInquiry", "GET, POST"),
        ("POST", "/api/rest/version/100/information", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(method: str, path: str, allowed: str) -> None:
    refusal = refuse(method, path)
    assert (refusal.status, refusal.headers) == (405, {"Allow": allowed})


@pytest.mark.parametrize(("version", "is_served"), [(65, True), (69, True), (70, False), (100, False)])
def test_the_old_inquiry_ends_with_version_69(version: int, is_served: bool) -> None:
    path = f"/api/rest/version/{version}/merchant/M1/paymentPlanOffersInquiry"
    if is_served:
        assert find("POST", path)[0] == ["PAYMENT_PLAN_OFFERS_INQUIRY"]
    else:
        assert refuse("POST", path).status == 404


def test_older_versions_are_served_on_demand_as_65() -> None:
    old = Paths(OPERATIONS, lowest_version=22)
    path = "/api/rest/version/22/merchant/M1/paymentPlanOffersInquiry"
    assert find("GET", path, paths=old)[0] == ["PAYMENT_PLAN_OFFERS_INQUIRY"]
    assert refuse("GET", "/api/rest/version/21/information", paths=old).explanation == (
        "After url path /api/rest/version, expected a version from 22 to 100"
    )


def test_nvp_has_one_address() -> None:
    assert PATHS.find_nvp_version(b"/api/nvp/version/100", "POST") == 100
    assert PATHS.find_nvp_version(b"/api/nvp/version/65/", "POST") == 65


@pytest.mark.parametrize(
    ("method", "path", "status", "explanation"),
    [
        ("POST", "/api/nvp", 404, "After url path /api/nvp, expected /version"),
        (
            "POST",
            "/api/nvp/version/1",
            404,
            "After url path /api/nvp/version, expected a version from 65 to 100",
        ),
        ("POST", "/api/nvp/version/100/x", 404, "After url path /api/nvp/version/100, expected nothing more"),
        ("GET", "/api/nvp/version/100", 405, "Expected the method POST"),
    ],
)
def test_wrong_nvp_addresses(method: str, path: str, status: int, explanation: str) -> None:
    with pytest.raises(GatewayError) as refusal:
        PATHS.find_nvp_version(path.encode(), method)
    assert (refusal.value.status, refusal.value.explanation) == (status, explanation)


def test_every_operation_has_an_address_of_its_own() -> None:
    seen: dict[tuple[str, str], set[str]] = {}
    for operation in OPERATIONS:
        for method in operation.methods:
            seen.setdefault((method, operation.tail), set()).add(operation.name)
    shared = {key: names for key, names in seen.items() if len(names) > 1}
    transaction = ("PUT", "order/{order_id}/transaction/{transaction_id}")
    assert shared == {transaction: {"AUTHORIZE", "PAY", "CAPTURE", "REFUND", "VOID", "VERIFY"}}
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS) == 17
