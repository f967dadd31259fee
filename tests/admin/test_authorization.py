"""Who may make which call: every route, as nobody and as each kind of person."""

import pytest
from tests.support.admin_world import OTHER_PROVIDER_ID, PROVIDER_ID, AdminWorld

from parcela.admin.door import ALL_ROUTES
from parcela.admin.routes import Route

NO_ID = "00000000-0000-0000-0000-000000000000"
UNAUTHENTICATED = {
    "error": {
        "code": "unauthenticated",
        "message": "This call needs the header `Authorization: Bearer TOKEN` with the token of a live "
        "session: POST /admin/v1/sessions gives one.",
    }
}
OPERATORS_ONLY = {"error": {"code": "not_allowed", "message": "Only an operator may do this."}}
CLOSED_ROUTES = [route for route in ALL_ROUTES if not route.is_open]
OPERATOR_ROUTES = [route for route in ALL_ROUTES if route.is_for_operators]
PARAMS = {
    "change_set_id": NO_ID,
    "provider_id": PROVIDER_ID,
    "low": "2303770000000000000",
    "offer_id": "71392364",
    "code": "sandbox",
    "country_currency": "USA-EUR",
    "client_id": "1",
    "key_id": "1",
    "pan_list_id": "282000000000000001",
    "plan_id": NO_ID,
    "payment_id": "pay_01KDEM0ST0REAAAAAAAAAAAA01",
    "letter_id": NO_ID,
    "authorization_id": NO_ID,
    "owner": NO_ID,
    "book": NO_ID,
    "account_id": NO_ID,
    "number": "1",
    "transaction_id": NO_ID,
    "dispute_id": NO_ID,
    "merchant_id": "TESTPARCELA01",
    "password_id": "1",
    "product_key": "TESTPARCELA01:PL1",
    "rule_key": "TESTPARCELA01:cart-3-usd",
    "plan_key": "TESTPARCELA01:PLANAMEX",
    "order_id": "O-1",
    "program_name": "mastercard_installments",
    "market_id": "euro",
}


def name_route(route: Route) -> str:
    return f"{route.method} {route.path}"


def fill_path(route: Route) -> str:
    path = route.path.format_map(PARAMS)
    return path.replace("2303770000000000000", "2303779900000000000") if "token" in path else path


@pytest.mark.parametrize("route", CLOSED_ROUTES, ids=name_route)
@pytest.mark.parametrize(
    "authorization", [None, "Bearer", "Bearer x", "Basic bWFrZXI6eA==", f"Bearer {'0' * 64}"]
)
def test_nobody_gets_in_without_a_live_session(
    shared_admin: AdminWorld, route: Route, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    reply = shared_admin.call(None, route.method, fill_path(route), {}, **headers)
    assert (reply.status, reply.json) == (401, UNAUTHENTICATED)
    assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", OPERATOR_ROUTES, ids=name_route)
@pytest.mark.parametrize("who", ["maker", "checker", "other maker"])
def test_the_operators_business_is_closed_to_issuers(
    shared_admin: AdminWorld, route: Route, who: str
) -> None:
    reply = shared_admin.call(who, route.method, fill_path(route), {})
    assert (reply.status, reply.json) == (403, OPERATORS_ONLY)


ISSUER_READS = [
    route
    for route in ALL_ROUTES
    if route.method == "GET" and "{" in route.path and not route.is_for_operators
]


@pytest.mark.parametrize("route", ISSUER_READS, ids=name_route)
def test_another_issuers_record_is_as_absent_as_an_unknown_one(
    shared_admin: AdminWorld, route: Route
) -> None:
    foreign = shared_admin.call("other maker", "GET", fill_path(route))
    params = {**dict.fromkeys(PARAMS, NO_ID), "low": "1" * 19, "number": "99"}
    unknown = shared_admin.call("other maker", "GET", route.path.format_map(params))
    assert (foreign.status, unknown.status) == (404, 404)
    shown = {value for name, value in PARAMS.items() if f"{{{name}}}" in route.path}
    text = foreign.raw.decode()
    for value in shown:
        text = text.replace(value, "1" * 19 if "low" in route.path else NO_ID)
    assert text == unknown.raw.decode()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        # Their own provider id in the body does not make a foreign entry theirs.
        ("PUT", "/account-ranges/2303770000000000000", {"high": "2303770000099999999", "country": "USA"}),
        ("PUT", "/offer-groups/sandbox", {"name": "Mine now"}),
        ("DELETE", "/offer-groups/sandbox", None),
        ("DELETE", "/account-ranges/2303770000000000000", None),
        ("POST", "/offer-groups/sandbox/pan-lists/282000000000000001", {}),
        ("PUT", f"/issuers/{PROVIDER_ID}/notification-destination", {"url": None}),
    ],
)
def test_another_issuers_entry_cannot_be_touched(
    shared_admin: AdminWorld, method: str, path: str, body: dict[str, object] | None
) -> None:
    if body is not None and method == "PUT" and "destination" not in path:
        body = {"provider_id": OTHER_PROVIDER_ID, **body}
    before = shared_admin.call("operator", "GET", "/changes").json
    assert shared_admin.call("other maker", method, path, body).status == 404
    assert shared_admin.call("operator", "GET", "/changes").json == before


def test_a_maker_may_not_put_an_entry_under_another_issuer(shared_admin: AdminWorld) -> None:
    body = {"provider_id": PROVIDER_ID, "name": "Theirs"}
    reply = shared_admin.call("other maker", "PUT", "/offer-groups/new-group", body)
    message = "The offer_group new-group does not belong to your issuer."
    assert (reply.status, reply.json) == (403, {"error": {"code": "not_allowed", "message": message}})


def test_a_maker_may_not_take_another_issuers_entry_over(shared_admin: AdminWorld) -> None:
    taken = {
        "low": "2303770000000000000",
        "high": "2303770000099999999",
        "provider_id": OTHER_PROVIDER_ID,
        "country": "USA",
    }
    body = {"summary": "Mine now", "catalogue": {"parcela_catalogue": 1, "account_ranges": [taken]}}
    reply = shared_admin.call("other maker", "POST", "/changes", body)
    message = "The account_range 2303770000000000000 does not belong to your issuer."
    assert (reply.status, reply.json) == (403, {"error": {"code": "not_allowed", "message": message}})


def test_a_checker_may_not_propose(shared_admin: AdminWorld) -> None:
    reply = shared_admin.call("checker", "DELETE", "/offer-groups/reference-samples")
    message = "Only an issuer's maker or an operator may propose changes."
    assert (reply.status, reply.json) == (403, {"error": {"code": "not_allowed", "message": message}})


def test_issuer_people_see_their_own_issuer_alone(shared_admin: AdminWorld) -> None:
    seen = shared_admin.call("other maker", "GET", "/catalogue").json
    assert list(seen) == ["parcela_catalogue", "issuers"]
    assert [issuer["name"] for issuer in seen["issuers"]] == ["Other Bank"]
    assert shared_admin.call("other maker", "GET", "/programs").json == {"items": []}
    assert shared_admin.call("other maker", "GET", "/changes").json["items"][0]["summary"] == "Other Bank"
    assert len(shared_admin.call("operator", "GET", "/issuers").json["items"]) == 3


def test_signing_out_ends_the_session(admin: AdminWorld) -> None:
    signed_in = admin.call(
        None, "POST", "/sessions", {"email": "maker@sandbox.example", "password": "a password of the tests"}
    )
    assert signed_in.status == 201
    session = signed_in.json
    token = session.pop("token")
    person = {"email": "maker@sandbox.example", "role": "issuer_maker", "provider_id": PROVIDER_ID}
    assert session == {"expires_in_s": 43200, "idle_s": 900, "person": person}
    header = {"authorization": f"Bearer {token}"}
    assert admin.call(None, "GET", "/programs", **header).status == 200
    gone = admin.call(None, "DELETE", "/sessions/current", **header)
    assert (gone.status, gone.raw) == (204, b"")
    assert admin.call(None, "GET", "/programs", **header).status == 401


@pytest.mark.parametrize(
    "email", ["maker@sandbox.example", "nobody@sandbox.example"], ids=["known", "unknown"]
)
def test_a_refused_sign_in_tells_nothing(shared_admin: AdminWorld, email: str) -> None:
    reply = shared_admin.call(None, "POST", "/sessions", {"email": email, "password": "wrong"})
    message = "The address or the password is wrong, or too many tries have locked it."
    assert (reply.status, reply.json) == (401, {"error": {"code": "sign_in_refused", "message": message}})
    assert reply.headers["www-authenticate"] == "Bearer"
