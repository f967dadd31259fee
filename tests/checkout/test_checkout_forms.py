"""The hosted page against whoever is not the shopper: forms that are not ours, sent twice, or hostile."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.dialects.payments.conftest import payments, shared_payments
from tests.support.payments_world import PaymentsWorld
from tests.support.shopper import FORM, Seen, Shopper, open_shopper, type_card

__all__ = ["payments", "shared_payments"]

PLANS = "5200828200000108"
_VECTORS = json.loads((Path(__file__).parents[1] / "data/payments/hostile_checkout.json").read_text())
HOSTILE = {row["id"]: row for row in _VECTORS}
CARD = {"number": PLANS, "expiry": "12/39", "code": "123", "name": "Ana Silva"}
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " form-action 'self' https://shop.example; frame-ancestors 'none'; base-uri 'none'"
)


def list_pages(world: PaymentsWorld) -> list[tuple[str, Seen]]:
    """The page at every step of a purchase."""
    _, shopper = open_shopper(world)
    pages = [("card", shopper.seen)]
    pages.append(("wrong", shopper.send("card", number="1")))
    pages.append(("choice", type_card(shopper, PLANS)))
    pages.append(("review", shopper.send("choice", choice=shopper.seen.choices[3])))
    pages.append(("completed", shopper.send("pay")))
    return pages


def test_h_001_a_made_up_token_leads_nowhere(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_shopper(shared_payments)
    before = shared_payments.count_records()
    tokens = [shopper.path.rpartition("/")[2][:-4] + f"{number:04d}" for number in range(200)]
    statuses = {shopper.get(f"/checkout/{token}").status for token in [*tokens, "x", "x" * 300, "é" * 43]}
    assert statuses == {404}
    assert 404 in HOSTILE["H-001"]["expect"]["status"]
    assert shared_payments.count_records() == before


# What is changed in a form of the page; the answer.
@pytest.mark.parametrize(
    ("token", "headers", "body", "status"),
    [
        (None, {}, None, 400),
        ("", {}, None, 403),
        ("0." + "x" * 43, {}, None, 403),
        ("own", {"origin": "https://evil.example"}, None, 403),
        ("own", {"sec-fetch-site": "cross-site"}, None, 403),
        ("own", {"content-type": "application/json"}, None, 400),
        ("own", {"content-type": "text/plain"}, None, 400),
        ("own", {}, b"form_token=a&form_token=b", 400),
        ("own", {}, b"form_token=%ff", 400),
        ("own", {}, b"a=1&" * 30 + b"b=1", 400),
        ("own", {}, b"\xff\xfe", 400),
        ("own", {}, b"a=" + b"x" * 9000, 413),
    ],
    ids=[
        "H-003",
        "empty",
        "made up",
        "foreign origin",
        "foreign site",
        "json",
        "text",
        "twice",
        "not utf-8",
        "many fields",
        "bytes",
        "too long",
    ],
)
def test_a_form_that_is_not_ours_changes_nothing(
    shared_payments: PaymentsWorld,
    token: str | None,
    headers: dict[str, str],
    body: bytes | None,
    status: int,
) -> None:
    payment, shopper = open_shopper(shared_payments)
    before = shared_payments.count_records()
    own = {} if token is None else {"form_token": shopper.seen.form_token if token == "own" else token}
    if body is None:
        seen = shopper.post("card", headers=headers, **CARD, **own)
    else:
        seen = shopper.ask("POST", f"{shopper.path}/card", body, {"content-type": FORM, **headers})
    assert (seen.status, seen.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert shared_payments.count_records() == before
    assert shared_payments.get(f"/v1/payments/{payment['id']}").body == payment


def test_a_form_is_bound_to_its_browser(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_shopper(shared_payments)
    other = Shopper(shared_payments, shopper.path)
    assert shopper.post("card", form_token=other.seen.form_token, **CARD).status == 403
    token = shopper.seen.form_token
    shopper.cookies.clear()
    seen = shopper.post("card", form_token=token, **CARD)
    assert (seen.status, seen.title) == (403, "This form is out of date")


def test_a_form_is_bound_to_its_payment(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_shopper(shared_payments)
    _, other = open_shopper(shared_payments)
    other.cookies = shopper.cookies
    other.look()
    assert shopper.post("card", form_token=other.seen.form_token, **CARD).status == 403


def test_a_form_is_taken_once(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_shopper(shared_payments)
    first = shopper.seen
    type_card(shopper, PLANS)
    choice = shopper.seen
    before = shared_payments.count_records()
    for form, fields in (("card", CARD), ("cancel", {})):
        again = shopper.post(form, form_token=first.form_token, **fields)
        assert (again.status, again.headers["location"]) == (303, shopper.path)
    assert shared_payments.count_records() == before
    assert shopper.look().form_token == choice.form_token


def test_a_form_of_another_step_is_not_taken(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, PLANS)
    for form in ("pay", "details", "card", "other-plan"):
        assert shopper.post(form, form_token=shopper.seen.form_token, **CARD).status == 303
    assert shopper.look().title == "Choose how to pay"
    assert shared_payments.get(f"/v1/payments/{payment['id']}").body["status"] == "pending"


def test_paying_twice_at_once_pays_once(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[1])
    answers = shopper.post_at_once("pay", "pay", "pay")
    assert [answer.status for answer in answers] == [303, 303, 303]
    assert shopper.look().title == "Thank you, your plan is agreed"
    sent = shared_payments.fetch(
        "SELECT count(*) AS n FROM simulated_card_message WHERE message_id LIKE $1", f"{payment['id']}:%"
    )
    assert sent == [{"n": 1}]
    assert shopper.post("pay", form_token=shopper.cookies["checkout"]).status == 403


def test_paying_and_leaving_at_once_is_one_of_both(shared_payments: PaymentsWorld) -> None:
    for forms in (("pay", "cancel"), ("cancel", "pay"), ("other-plan", "pay", "cancel")):
        payment, shopper = open_shopper(shared_payments, installments={"enabled": False})
        type_card(shopper, PLANS)
        shopper.post_at_once(*forms)
        after = shared_payments.get(f"/v1/payments/{payment['id']}").body
        charged = {"completed": 60000, "cancelled": 0, "pending": 0}
        assert after["amountCaptured"] == charged[after["status"]]
        rows = shared_payments.fetch(
            "SELECT count(*) AS n FROM simulated_card_message WHERE message_id LIKE $1",
            f"{payment['id']}:%",
        )
        assert rows == [{"n": 1 if after["status"] == "completed" else 0}]


def test_nobody_tries_cards_without_end(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, PLANS)
    shopper.send("other-card")
    taken = "UPDATE checkout_session SET serial = $2 WHERE payment_id = $1 RETURNING serial"
    shared_payments.fetch(taken, payment["id"], 199)
    shopper.look()
    assert type_card(shopper, PLANS).title == "Choose how to pay"
    other = Shopper(shared_payments, shopper.path)
    before = shared_payments.count_records()
    for one, form in ((shopper, "other-card"), (other, "card")):
        seen = one.post(form, form_token=one.seen.form_token, **CARD)
        assert (seen.status, seen.title) == (429, "Too many tries")
    assert shared_payments.count_records() == before
    shopper.send("cancel")
    assert shared_payments.get(f"/v1/payments/{payment['id']}").body["status"] == "cancelled"


def test_two_browsers_pay_once(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    other = Shopper(shared_payments, shopper.path)
    for one in (shopper, other):
        type_card(one, PLANS)
        one.send("choice", choice=one.seen.choices[1])
    assert shopper.send("pay").title == "Thank you, your plan is agreed"
    assert other.send("pay").title == "This payment is done"
    sent = shared_payments.fetch(
        "SELECT count(*) AS n FROM simulated_card_message WHERE message_id LIKE $1", f"{payment['id']}:%"
    )
    assert sent == [{"n": 1}]


@pytest.mark.parametrize("form", ["card", "choice", "details", "pay", "other-card", "cancel"])
def test_forms_are_not_answered_on_get(shared_payments: PaymentsWorld, form: str) -> None:
    _, shopper = open_shopper(shared_payments)
    seen = shopper.get(f"{shopper.path}/{form}?number={PLANS}&code=123")
    assert (seen.status, seen.headers["allow"]) == (405, "POST")
    assert PLANS not in seen.text


def test_a_card_number_in_the_address_is_refused(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_shopper(shared_payments)
    seen = shopper.get(f"{shopper.path}?number={PLANS}")
    assert (seen.status, PLANS in seen.text) == (405, False)


def test_h_007_headers_and_contents_of_every_page(shared_payments: PaymentsWorld) -> None:
    assert HOSTILE["H-007"]["expect"]["status"] == [200]
    for name, seen in list_pages(shared_payments):
        assert seen.headers["content-security-policy"] == CSP, name
        assert seen.headers["cache-control"] == "no-store"
        assert seen.headers["referrer-policy"] == "no-referrer"
        assert seen.headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" not in seen.headers
        assert len(seen.raw) < 40 * 1024
        loaded = re.findall("<(?:script|style|img|link|iframe|object|embed)[^>]*>", seen.text)
        assert loaded == [
            '<link rel="icon" href="data:,">',
            '<link rel="stylesheet" href="/static/checkout.css">',
        ]
        assert re.findall(r'\s(?:style|on[a-z]+)="', seen.text) == []


def test_h_012_the_way_back_is_the_payments_own(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    query = HOSTILE["H-012"]["input"]["query"]
    seen = shopper.get(f"{shopper.path}?{query}")
    assert (seen.status, "evil.example" in seen.text) == (200, False)
    assert seen.headers["content-security-policy"] == CSP
    shopper.send("cancel")
    left = shopper.get(f"{shopper.path}/return?{query}")
    assert left.headers["location"] == f"https://shop.example/done?payment={payment['id']}"


def test_the_cookie(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_shopper(shared_payments)
    cookie = shopper.seen.headers["set-cookie"]
    assert re.fullmatch("checkout=[A-Za-z0-9_-]{43}; HttpOnly; Path=/; SameSite=lax", cookie), cookie
    assert "set-cookie" not in shopper.look().headers


def test_the_cookie_over_https_is_bound_to_its_host(payments: PaymentsWorld) -> None:
    _, first = open_shopper(payments)
    payments.set_desk(root_url="https://parcela.test")
    shopper = Shopper(payments, first.path)
    cookie = shopper.seen.headers["set-cookie"]
    assert re.fullmatch(
        "__Host-checkout=[A-Za-z0-9_-]{43}; HttpOnly; Path=/; SameSite=lax; Secure", cookie
    ), cookie
    assert type_card(shopper, PLANS).title == "Choose how to pay"
    # A plain cookie, as anybody on the network could plant one, is no name.
    shopper.cookies = {"checkout": shopper.cookies["__Host-checkout"]}
    assert shopper.look().title == "Your card"


# What is typed; the fields that are wrong.
@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"number": "4242424242424241"}, ["number"]),
        ({"number": "5200 8282"}, ["number"]),
        ({"number": "abcd efgh ijkl mnop"}, ["number"]),
        ({"number": "9999999999999995"}, ["number"]),
        ({"expiry": "13/39"}, ["expiry"]),
        ({"expiry": "01/20"}, ["expiry"]),
        ({"expiry": "soon"}, ["expiry"]),
        ({"code": "12"}, ["code"]),
        ({"code": "12345"}, ["code"]),
        ({"name": ""}, ["name"]),
        ({"name": PLANS}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"number": "", "expiry": "", "code": "", "name": ""}, ["number", "expiry", "code", "name"]),
    ],
    ids=lambda value: "-".join(value),
)
def test_a_wrong_card_is_told_by_field_and_not_shown_again(
    shared_payments: PaymentsWorld, typed: dict[str, str], wrong: list[str]
) -> None:
    _, shopper = open_shopper(shared_payments)
    before = shared_payments.count_records()
    token = shopper.seen.form_token
    seen = shopper.send("card", **{**CARD, **typed})
    assert seen.status == 422
    assert re.findall('<input id="([a-z]+)"[^>]*aria-invalid="true"', seen.text) == wrong
    for secret in (typed.get("number") or PLANS, typed.get("code") or "123"):
        assert secret not in seen.text
    assert shared_payments.count_records() == before
    # Nothing was taken: the form is still good.
    assert seen.form_token == token
    assert type_card(shopper, PLANS).title == "Choose how to pay"


@pytest.mark.parametrize(
    ("number", "expiry"),
    [
        ("5200-8282-0000-0108", "1239"),
        ("５２００ ８２８２ ００００ ０１０８", "１２／３９"),
        ("٥٢٠٠ ٨٢٨٢ ٠٠٠٠ ٠١٠٨", "12/2039"),
        ("\u00a05200\u202f8282\u202f0000\u202f0108", "12 / 39"),
        ("\u20665200 8282 0000 0108\u2069", "\u200e12/39\ufeff"),
    ],
    ids=["dashes", "full width", "arabic", "odd spaces", "unseen marks"],
)
def test_a_card_may_be_typed_as_people_do(shared_payments: PaymentsWorld, number: str, expiry: str) -> None:
    _, shopper = open_shopper(shared_payments)
    assert type_card(shopper, number, expiry=expiry).title == "Choose how to pay"
    assert "Mastercard ending in 0108, valid to 12/39" in shopper.seen.words


def test_texts_of_people_are_not_markup(shared_payments: PaymentsWorld) -> None:
    evil = '<script>alert(1)</script>"><b>'
    payment, shopper = open_shopper(shared_payments, description=evil, reference=evil)
    assert b"<script" not in shopper.seen.raw
    seen = shopper.send("card", **{**CARD, "name": evil, "number": "1"})
    assert b"<script" not in seen.raw and b"&lt;script&gt;" in seen.raw
    type_card(shopper, PLANS, name=evil)
    shopper.send("choice", choice=shopper.seen.choices[1])
    assert b"<script" not in shopper.send("pay").raw
    assert payment["id"] in shopper.seen.text


def test_the_number_is_in_the_vault_only(payments: PaymentsWorld, capfd: Any) -> None:
    _, shopper = open_shopper(payments)
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[1])
    shopper.send("pay")
    names = payments.fetch(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    for name in sorted(row["table_name"] for row in names):
        rows = payments.fetch(f"SELECT count(*) AS n FROM {name} held WHERE held::text LIKE '%{PLANS}%'")
        assert rows == [{"n": 0}], name
    told = capfd.readouterr()
    assert PLANS not in told.out + told.err


@pytest.mark.parametrize(
    "name", ["José Ñandú", "李小龍", "محمد\u200c علی", "\u202bمحمد\u202c", "O'Brien-Smith Jr."]
)
def test_names_of_all_scripts_are_taken(shared_payments: PaymentsWorld, name: str) -> None:
    payment, shopper = open_shopper(shared_payments)
    assert type_card(shopper, PLANS, name=name).title == "Choose how to pay"
    kept = shared_payments.fetch(
        "SELECT billing::json ->> 'name' AS name FROM payment_method ORDER BY created_at DESC LIMIT 1"
    )
    assert kept == [{"name": name.strip("\u202b\u202c")}]
    assert shared_payments.get(f"/v1/payments/{payment['id']}").body["status"] == "pending"
