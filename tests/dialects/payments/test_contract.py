"""What holds for every call of the door: order of checks, headers, states, modes (`spec/payments.md`)."""

import json
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.dialects.payments.probes import Probe
from tests.support.payment_calls import (
    APPROVED,
    CHALLENGED,
    DECLINED,
    NO_FUNDS,
    RETURN_URL,
    create,
    keep_card,
    move_account,
    pay,
    run_tasks,
)
from tests.support.payments_world import Answer, PaymentsWorld

from parcela.dialects.payments.endpoints import ENDPOINTS
from parcela.dialects.payments.error_texts import write_example
from parcela.domain.payments.accounts import BnplFallback
from parcela.domain.payments.keys import KeyKind, Scope
from parcela.operations.payments.api_keys import NewApiKey

PLANNED = "5200828200000108"
NOT_FOUND = "pay_01K0000000000000000000000A"
JSON = {"content-type": "application/json"}


def test_checks_come_in_the_documented_order(shared_payments: PaymentsWorld) -> None:
    """One request with every fault; each line mends the one that was told."""
    world, restricted = (
        shared_payments,
        NewApiKey(kind=KeyKind.RESTRICTED, scopes=frozenset({Scope.PAYMENTS_READ})),
    )
    reader, _ = world.issue_key(restricted)
    held = create(world, confirm=False)
    before = world.count_records()
    path = f"/v1/payments/{held['id']}/capture"
    wrong = {"content-type": "text/plain", "parcela-version": "2020-01-01", "idempotency-key": ""}
    versioned = {**wrong, "parcela-version": "2026-04-01"}
    steps: list[tuple[str, str, bytes, dict[str, str], int, str]] = [
        ("PUT", f"{path}/no", b"{", wrong, 401, "missing_api_key"),
        ("PUT", f"{path}/no", b"{", {**wrong, "x-api-key": "sk_test_no"}, 401, "invalid_api_key"),
        ("PUT", f"{path}/no", b"{", {**wrong, "x-api-key": reader}, 400, "version_invalid"),
        ("PUT", f"{path}/no", b"{", {**versioned, "x-api-key": reader}, 404, "resource_missing"),
        ("PUT", path, b"{", {**versioned, "x-api-key": reader}, 405, "method_not_allowed"),
        ("POST", path, b"{", {**versioned, "x-api-key": world.publishable}, 401, "key_type_not_allowed"),
        ("POST", path, b"{", {**versioned, "x-api-key": reader}, 403, "permission_missing"),
        ("POST", path, b"{", {**versioned, "x-api-key": world.secret}, 415, "unsupported_media_type"),
        ("POST", path, b"{", {**versioned, **JSON, "x-api-key": world.secret}, 400, "invalid_json"),
        (
            "POST",
            path,
            b'{"x":1}',
            {**versioned, **JSON, "x-api-key": world.secret},
            400,
            "parameter_unknown",
        ),
        (
            "POST",
            path,
            b'{"amount":0}',
            {**versioned, **JSON, "x-api-key": world.secret},
            400,
            "amount_invalid",
        ),
        (
            "POST",
            path,
            b"{}",
            {**versioned, **JSON, "x-api-key": world.secret},
            400,
            "idempotency_key_invalid",
        ),
        ("POST", path, b"{}", {**JSON, "x-api-key": world.secret}, 422, "payment_not_capturable"),
    ]
    for method, asked, body, headers, status, code in steps:
        answer = world.send(method, asked, body, headers=list(headers.items()))
        assert (answer.status, answer.code) == (status, code), (status, code, answer.body)
    assert world.count_records() == before


def list_answers(world: PaymentsWorld) -> list[tuple[int, Answer]]:
    """An answer of every status that needs no fault of ours."""
    card = keep_card(world, DECLINED)["id"]
    bought = {"amount": 100, "confirm": False}
    reader, _ = world.issue_key(NewApiKey(kind=KeyKind.RESTRICTED, scopes=frozenset({Scope.PAYMENTS_READ})))
    return [
        (200, world.get("/v1/payments")),
        (201, world.post("/v1/payments", bought, idempotency_key="every-answer")),
        (400, world.post("/v1/payments", {})),
        (401, world.send("GET", "/v1/payments")),
        (402, world.post("/v1/payments", {"amount": 100, "paymentMethod": card})),
        (403, world.post("/v1/payments", bought, key=reader)),
        (404, world.get("/v1/nothing")),
        (404, world.get(f"/v1/payments/{NOT_FOUND}")),
        (405, world.ask("DELETE", "/v1/payments")),
        (409, world.post("/v1/payments", {**bought, "amount": 101}, idempotency_key="every-answer")),
        (413, world.post("/v1/payments", b" " * (1024 * 1024 + 1), headers=JSON)),
        (415, world.post("/v1/payments", b"{}", headers={"content-type": "text/plain"})),
        (422, world.post(f"/v1/payments/{create(world, confirm=False)['id']}/capture")),
    ]


RATES = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def check_headers(status: int, answer: Answer) -> None:
    assert answer.status == status, answer.body
    assert (len(answer.headers["request-id"]), answer.headers["request-id"][:4]) == (30, "req_")
    assert answer.headers["parcela-version"] == "2026-04-01"
    assert [answer.headers[name].isdigit() for name in RATES] == [True, True, True]
    assert answer.headers["content-type"] == "application/json"
    if status >= 400:
        assert list(answer.body) == ["error"]
        assert answer.error["request_id"] == answer.headers["request-id"]
        assert answer.error["doc_url"] == f"/docs/errors#{answer.code}"


def test_answers_of_every_status_carry_the_documented_headers(shared_payments: PaymentsWorld) -> None:
    shared_payments.set_endpoints(*ENDPOINTS)
    for status, answer in list_answers(shared_payments):
        check_headers(status, answer)


def test_refused_rates_faults_and_an_absent_database_carry_them_too(payments: PaymentsWorld) -> None:
    probe = Probe(fault=RuntimeError("broken"))
    payments.set_endpoints(*probe.list_endpoints())
    check_headers(500, payments.post("/v1/probes", {"amount": 1}))
    payments.configure(has_rate_limits=True)
    answers = payments.ask_all([("GET", "/v1/nothing", None, None)] * 200)
    limited = next(answer for answer in answers if answer.status == 429)
    check_headers(429, limited)
    payments.configure(has_rate_limits=False)
    payments.run(payments.engine.database.close())
    check_headers(503, payments.get("/v1/payments"))


# What a member was called; what the refusal says.
NAMES = [
    ({"return_url": "x"}, "'return_url' is not known here. Did you mean 'returnUrl'?"),
    ({"RETURNURL": "x"}, "'RETURNURL' is not known here. Did you mean 'returnUrl'?"),
    ({"capture_method": "manual"}, "'capture_method' is not known here. Did you mean 'captureMethod'?"),
    (
        {"installments": {"cnt": 3}},
        "'installments.cnt' is not known here. Did you mean 'installments.count'?",
    ),
    (
        {"billingDetails": {"address": {"zip": "1"}}},
        "'billingDetails.address.zip' is not known here. Known are: billingDetails.address.line1,"
        " billingDetails.address.city, billingDetails.address.postalCode, billingDetails.address.country.",
    ),
]


@pytest.mark.parametrize(("body", "message"), NAMES, ids=["snake", "case", "words", "inner", "far"])
def test_unknown_members_are_told_what_is_known(
    shared_payments: PaymentsWorld, body: dict[str, Any], message: str
) -> None:
    answer = shared_payments.post("/v1/payments", {"amount": 100, **body})
    assert (answer.status, answer.code, answer.error["message"]) == (400, "parameter_unknown", message)


def test_a_call_without_members_takes_none(shared_payments: PaymentsWorld) -> None:
    payment = pay(shared_payments)
    refund = shared_payments.post("/v1/refunds", {"payment": payment["id"]}).body
    path = f"/v1/refunds/{refund['id']}/cancel"
    refused = [
        shared_payments.post(path, {"reason": "x"}),
        shared_payments.post(path, b"{", headers=JSON),
        shared_payments.post(path, b"{}", headers={"content-type": "text/plain"}),
    ]
    assert [(answer.status, answer.code) for answer in refused] == [
        (400, "parameter_unknown"),
        (400, "invalid_json"),
        (415, "unsupported_media_type"),
    ]
    assert refused[0].error["message"] == "'reason' is not known here. Nothing is taken here: leave it out."
    assert shared_payments.get(f"/v1/refunds/{refund['id']}").body["status"] == "pending"
    assert shared_payments.post(path, {}).body["status"] == "cancelled"


def test_every_call_that_writes_has_a_table_of_its_members() -> None:
    written = [each.name for each in ENDPOINTS if each.method in {"POST", "PATCH"} and each.body is None]
    assert written == []


# A call that names an object in a member; which member the 404 names.
NAMED = [
    ("GET", f"/v1/installments/plans?payment={NOT_FOUND}&paymentMethod=pm_1", None, "payment"),
    ("POST", "/v1/refunds", {"payment": NOT_FOUND}, "payment"),
    ("POST", "/v1/refunds/preview", {"payment": NOT_FOUND}, "payment"),
    ("POST", "/v1/payments", {"amount": 1, "confirm": False, "customer": "cust_1"}, "customer"),
    ("POST", "/v1/payments", {"amount": 1, "confirm": False, "paymentMethod": "pm_1"}, "paymentMethod"),
    ("POST", "/v1/payments", {"amount": 1, "paymentMethod": "pm_1"}, "paymentMethod"),
    ("POST", "/v1/payment-methods", {"type": "card", "token": "pm_1"}, "token"),
    ("GET", f"/v1/payments/{NOT_FOUND}", None, None),
]


@pytest.mark.parametrize(("method", "path", "body", "param"), NAMED)
def test_a_missing_object_is_told_by_the_member_that_names_it(
    shared_payments: PaymentsWorld, method: str, path: str, body: dict[str, Any] | None, param: str | None
) -> None:
    before = shared_payments.count_records()
    answer = shared_payments.ask(method, path, body)
    assert (answer.status, answer.code, answer.error["param"]) == (404, "resource_missing", param)
    assert shared_payments.count_records() == before


def test_a_missing_payment_method_of_a_listing_is_named(shared_payments: PaymentsWorld) -> None:
    payment = create(shared_payments, confirm=False, installments={"enabled": True})
    answer = shared_payments.get(f"/v1/installments/plans?payment={payment['id']}&paymentMethod=pm_1")
    assert (answer.status, answer.error["param"]) == (404, "paymentMethod")


def reach(world: PaymentsWorld, status: str) -> dict[str, Any]:
    """A payment in a status; nothing of it is under way."""
    if status == "pending":
        return create(world, confirm=False)
    if status == "authorized":
        return pay(world, captureMethod="manual")
    if status == "requires_authentication":
        return pay(world, CHALLENGED)
    if status == "failed":
        answer = world.post(
            "/v1/payments", {"amount": 60000, "paymentMethod": keep_card(world, DECLINED)["id"]}
        )
        return {"id": answer.error["resource"]}
    if status == "cancelled":
        payment = create(world, confirm=False)
        return world.post(f"/v1/payments/{payment['id']}/cancel").body
    payment = pay(world)
    if status == "completed":
        return payment
    part = {"amount": 100} if status == "partially_refunded" else {}
    assert world.post("/v1/refunds", {"payment": payment["id"], **part}).status == 201
    assert world.post("/v1/test/clock/advance", {"by": "P14D"}).status == 200
    return payment


REACHED = [
    # status, what confirm, capture, cancel and refund answer (§3.2)
    ("pending", 200, "payment_not_capturable", 200, "payment_not_refundable"),
    ("authorized", "payment_not_confirmable", 200, 200, "payment_not_refundable"),
    (
        "requires_authentication",
        "payment_not_confirmable",
        "payment_not_capturable",
        200,
        "payment_not_refundable",
    ),
    ("completed", "payment_not_confirmable", "payment_not_capturable", "payment_not_cancellable", 201),
    (
        "partially_refunded",
        "payment_not_confirmable",
        "payment_not_capturable",
        "payment_not_cancellable",
        201,
    ),
    *[
        (
            status,
            "payment_not_confirmable",
            "payment_not_capturable",
            "payment_not_cancellable",
            "payment_not_refundable",
        )
        for status in ("refunded", "failed", "cancelled")
    ],
]


@pytest.mark.parametrize("row", REACHED, ids=[row[0] for row in REACHED])
def test_a_call_is_answered_by_the_status(
    payments: PaymentsWorld, row: tuple[str, int | str, int | str, int | str, int | str]
) -> None:
    status, *expected = row
    card = keep_card(payments)["id"]
    for call, wanted in zip(("confirm", "capture", "cancel", "refund"), expected, strict=True):
        payment_id = reach(payments, status)["id"]
        held = payments.get(f"/v1/payments/{payment_id}").body
        assert held["status"] == status
        path = "/v1/refunds" if call == "refund" else f"/v1/payments/{payment_id}/{call}"
        body: dict[str, Any] = {"confirm": {"paymentMethod": card}, "refund": {"payment": payment_id}}.get(
            call, {}
        )
        before = payments.count_records()
        answer = payments.post(path, body)
        assert (answer.status if answer.status < 400 else answer.code) == wanted, (call, answer.body)
        if isinstance(wanted, str):
            assert (answer.status, answer.error["resource"]) == (422, payment_id)
            assert answer.error["type"] == "invalid_state"
            assert payments.get(f"/v1/payments/{payment_id}").body == held
            assert payments.count_records() == before


def test_objects_of_the_other_mode_do_not_exist(payments: PaymentsWorld) -> None:
    account_id = payments.credentials["account_id"]
    account = payments.get_entry("payments_account", account_id)
    payments.change_catalogue(replace(account, is_enabled_live=True))
    live, _ = payments.issue_key(NewApiKey(kind=KeyKind.SECRET, is_live=True))
    made = payments.post("/v1/customers", {"name": "Ada"}, key=live)
    assert (made.status, made.body["livemode"]) == (201, True)
    path = f"/v1/customers/{made.body['id']}"
    assert payments.get(path, key=live).body == made.body
    answers = [payments.get(path), payments.get(path, key=payments.other_secret)]
    answers.append(payments.get(f"/v1/customers/{payments.post('/v1/customers', {}).body['id']}", key=live))
    assert [(answer.status, answer.code) for answer in answers] == [(404, "resource_missing")] * 3
    assert payments.get("/v1/installments/plans", key=live).error["details"] == {"scope": "installments:read"}
    assert payments.post("/v1/test/clock/advance", {"by": "P1D"}, key=live).code == "test_only"


def test_one_key_of_idempotency_in_two_modes_is_two_keys(payments: PaymentsWorld) -> None:
    account = payments.get_entry("payments_account", payments.credentials["account_id"])
    payments.change_catalogue(replace(account, is_enabled_live=True))
    live, _ = payments.issue_key(NewApiKey(kind=KeyKind.SECRET, is_live=True))
    made = [
        payments.post("/v1/customers", {"name": "Ada"}, key=key, idempotency_key="same")
        for key in (payments.secret, live, payments.secret)
    ]
    assert [answer.body["livemode"] for answer in made] == [False, True, False]
    assert made[0].raw == made[2].raw != made[1].raw
    assert [answer.headers.get("idempotent-replayed") for answer in made] == [None, None, "true"]


def test_payments_are_found_by_each_filter(payments: PaymentsWorld) -> None:
    customer = payments.post("/v1/customers", {"name": "Ada"}).body["id"]
    plain = pay(payments, reference="order-1")
    move_account(payments, timedelta(hours=1))
    split = pay(payments, PLANNED, installments={"enabled": True, "count": 3})
    waiting = create(payments, confirm=False, customer=customer)
    found = {
        "status=pending": [waiting],
        "status=completed": [split, plain],
        f"customer={customer}": [waiting],
        "reference=order-1": [plain],
        "issuerProgram=mastercard_installments": [split],
        f"created[gte]={split['created']}": [waiting, split],
        f"created%5Blt%5D={split['created']}": [plain],
        f"created[gte]={plain['created']}&created[lt]={split['created']}&status=completed": [plain],
        "status=refunded": [],
    }
    for query, wanted in found.items():
        page = payments.get(f"/v1/payments?{query}").body
        assert [item["id"] for item in page["data"]] == [item["id"] for item in wanted], query
        assert page["page"] == {"has_more": False, "next_cursor": None, "total_estimate": len(wanted)}


def test_the_three_numbers_of_a_payment_are_never_mixed(payments: PaymentsWorld) -> None:
    """The order, what the cardholder pays in all, and what the merchant gets (§8.1)."""
    split = pay(payments, PLANNED, installments={"enabled": True, "count": 12})
    plan = split["installments"]
    (row,) = payments.get(f"/v1/balance-transactions?source={split['id']}").body["data"]
    assert (split["amount"], split["amountCaptured"]) == (60000, 60000)
    assert plan["totalAmount"] == sum(item["amount"] for item in plan["schedule"]) == 62964
    assert plan["costOfCredit"] == sum(item["interest"] for item in plan["schedule"]) == 2964
    assert sum(item["principal"] for item in plan["schedule"]) == 60000
    assert (row["gross"], row["fee"], row["net"]) == (60000, 264, 59736)
    assert split["feeBreakdown"] == {"processingFee": 174, "installmentFee": 90, "totalFee": 264}
    assert run_tasks(payments) == 0


def test_money_has_the_currencys_own_digits(payments: PaymentsWorld) -> None:
    for currency, amount, fee in (("jpy", 60000, 174), ("Kwd", 600000, 1470)):
        payment = pay(payments, amount=amount, currency=currency)
        assert (payment["currency"], payment["amountCaptured"]) == (currency.upper(), amount)
        assert payment["feeBreakdown"] == {"processingFee": fee, "installmentFee": 0, "totalFee": fee}


def test_errors_show_masked_card_numbers_alone(shared_payments: PaymentsWorld) -> None:
    answer = shared_payments.post("/v1/payments", {"amount": 1, APPROVED: 1})
    assert (answer.code, APPROVED in json.dumps(answer.body)) == ("parameter_unknown", False)
    assert answer.error["param"] == "424242xxxxxx4242"


def list_explained(world: PaymentsWorld) -> dict[str, Answer]:
    """A refusal of each of these codes, come about as the pages of error codes tell it."""
    card, no_funds = keep_card(world)["id"], keep_card(world, NO_FUNDS)["id"]
    restricted = NewApiKey(kind=KeyKind.RESTRICTED, scopes=frozenset({Scope.PAYMENTS_READ}))
    reader, _ = world.issue_key(restricted)
    waiting, done, held = create(world, confirm=False), pay(world), pay(world, captureMethod="manual")
    split = pay(world, PLANNED, captureMethod="manual", installments={"enabled": True, "count": 3})
    today = time.strftime("%Y-%m-%d", time.gmtime(waiting["created"]))
    begun = pay(
        world,
        PLANNED,
        installments={"enabled": True, "count": 3, "firstPaymentDate": today},
        returnUrl=RETURN_URL,
    )
    ticked = create(world, confirm=False, installments={"enabled": True, "count": 3, "program": "issuer"})
    visa = keep_card(world, "4000005600000104")["id"]
    world.get(f"/v1/installments/plans?payment={ticked['id']}&paymentMethod={visa}")
    numbered = {"number": APPROVED, "expMonth": 12, "expYear": 2039, "cvc": "123"}
    asked = {
        "parameter_missing": ("POST", "/v1/payments", {}),
        "parameter_invalid": ("GET", "/v1/payments?limit=0", None),
        "parameter_unknown": ("POST", "/v1/payments", {"amuont": 1}),
        "amount_invalid": ("POST", "/v1/payments", {"amount": 0}),
        "currency_invalid": ("POST", "/v1/payments", {"amount": 1, "currency": "EURO"}),
        "url_invalid": ("POST", "/v1/payments", {"amount": 1, "returnUrl": "shop.example"}),
        "cursor_conflict": ("GET", "/v1/payments?starting_after=a&ending_before=b", None),
        "card_declined": ("POST", "/v1/payments", {"amount": 1, "paymentMethod": no_funds}),
        "raw_pan_not_allowed": ("POST", "/v1/payment-methods", {"type": "card", "card": numbered}),
        "amount_too_large": ("POST", "/v1/refunds", {"payment": begun["id"], "amount": 40001}),
        "payment_not_confirmable": ("POST", f"/v1/payments/{done['id']}/confirm", {"paymentMethod": card}),
        "payment_not_capturable": ("POST", f"/v1/payments/{done['id']}/capture", {}),
        "payment_not_cancellable": ("POST", f"/v1/payments/{done['id']}/cancel", {}),
        "payment_not_refundable": ("POST", "/v1/refunds", {"payment": waiting["id"]}),
        "capture_amount_too_large": ("POST", f"/v1/payments/{held['id']}/capture", {"amount": 60001}),
        "partial_capture_with_plan": ("POST", f"/v1/payments/{split['id']}/capture", {"amount": 1}),
        "terms_acceptance_required": (
            "POST",
            f"/v1/payments/{ticked['id']}/confirm",
            {"paymentMethod": visa},
        ),
    }
    answers = {code: world.ask(method, path, body) for code, (method, path, body) in asked.items()}
    answers["permission_missing"] = world.get("/v1/installments/plans", key=reader)
    answers["key_type_not_allowed"] = world.get("/v1/payments", key=world.publishable)
    answers["missing_api_key"] = world.send("GET", "/v1/payments")
    answers["invalid_api_key"] = world.get("/v1/payments", key="sk_test_no")
    return answers


def test_examples_of_error_codes_are_what_is_really_said(payments: PaymentsWorld) -> None:
    for code, answer in list_explained(payments).items():
        status, _, body = write_example(code).partition("\n")
        example = json.loads(body)["error"]
        said = answer.error
        for told in (example, said):
            told["request_id"] = "req"
            told["resource"] = None if told["resource"] is None else told["resource"][:4]
        assert (status, example) == (f"HTTP/1.1 {answer.status}", said), code


# A member, the outermost values that are taken, and those just outside (§§2, 4, 6.1).
BOUNDS: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]] = [
    ("amount", [{"amount": 1}, {"amount": 999_999_999_999}], [{"amount": 0}, {"amount": 1_000_000_000_000}]),
    ("description", [{"description": "x" * 500}], [{"description": "x" * 501}]),
    (
        "expiresInMinutes",
        [{"expiresInMinutes": 30}, {"expiresInMinutes": 10_080}],
        [{"expiresInMinutes": 29}, {"expiresInMinutes": 10_081}],
    ),
    (
        "metadata",
        [{"metadata": {str(n): "v" for n in range(40)}}, {"metadata": {"k" * 40: "v" * 500}}],
        [
            {"metadata": {str(n): "v" for n in range(41)}},
            {"metadata": {"k" * 41: "v"}},
            {"metadata": {"k": "v" * 501}},
            {"metadata": {"k": 1}},
            {"metadata": {"k": None}},
        ],
    ),
    (
        "installments",
        [{"installments": {"enabled": True, "count": count}} for count in (2, 60)],
        [{"installments": {"enabled": True, "count": count}} for count in (1, 61)],
    ),
    ("currency", [{"currency": "eUr"}, {"currency": "JPY"}], [{"currency": "EU"}, {"currency": "XXQ"}]),
]


@pytest.mark.parametrize("row", BOUNDS, ids=[row[0] for row in BOUNDS])
def test_members_have_the_documented_bounds(
    shared_payments: PaymentsWorld, row: tuple[str, list[dict[str, Any]], list[dict[str, Any]]]
) -> None:
    shared_payments.set_endpoints(*ENDPOINTS)
    name, taken, refused = row
    for members in taken:
        answer = shared_payments.post("/v1/payments", {"amount": 100, "returnUrl": RETURN_URL, **members})
        assert answer.status == 201, answer.body
    before = shared_payments.count_records()
    for members in refused:
        answer = shared_payments.post("/v1/payments", {"amount": 100, "returnUrl": RETURN_URL, **members})
        assert (answer.status, answer.error["param"].partition(".")[0]) == (400, name), answer.body
    assert shared_payments.count_records() == before


def test_a_first_date_is_today_by_the_accounts_time_zone_or_later(payments: PaymentsWorld) -> None:
    account = payments.get_entry("payments_account", payments.credentials["account_id"])
    payments.change_catalogue(replace(account, time_zone="Pacific/Kiritimati"))
    now = payments.get("/v1/test/clock").body["now"]
    today = datetime.fromtimestamp(now, ZoneInfo("Pacific/Kiritimati")).date()
    for day, status in ((today, 201), (today - timedelta(days=1), 400)):
        wish = {"enabled": True, "firstPaymentDate": day.isoformat()}
        answer = payments.post("/v1/payments", {"amount": 100, "confirm": False, "installments": wish})
        assert answer.status == status, answer.body
        assert status == 201 or answer.code == "first_payment_date_past"


def test_every_object_tells_its_id_kind_birth_and_mode() -> None:
    """§2. An offer has a name of its own; what is left of an endpoint, and a clock, are no such objects."""
    own = {"OfferListObject", "DeletedEndpointObject", "ClockObject", "AdvancedObject"}
    structs = {each.answer for each in ENDPOINTS if isinstance(each.answer, type)}
    lacking = {
        struct.__name__: sorted(
            {"id", "object", "created", "livemode"}
            - {field.encode_name for field in msgspec.structs.fields(struct)}
        )
        for struct in structs
    }
    assert {name for name, names in lacking.items() if names} == own


def test_an_account_may_show_the_lender_beside_the_issuer(payments: PaymentsWorld) -> None:
    """§6.2: issuer plans first; of two plans with one count the issuer's is taken."""
    account = payments.get_entry("payments_account", payments.credentials["account_id"])
    payments.change_catalogue(replace(account, bnpl_fallback=BnplFallback.ALWAYS))
    billing = {
        "name": "Ada",
        "email": "ada@example.com",
        "address": {"line1": "1 Main Street", "city": "Berlin", "postalCode": "10115", "country": "DE"},
    }
    for count, resolved, program in ((6, 6, "mastercard_installments"), (4, 4, "vinr_bnpl")):
        card = keep_card(payments, PLANNED)["id"]
        wish = {"enabled": True, "count": count}
        payment = create(payments, confirm=False, installments=wish, billingDetails=billing)
        query = f"payment={payment['id']}&paymentMethod={card}"
        shown = payments.get(f"/v1/installments/plans?{query}").body
        assert [(plan["program"], plan["count"]) for plan in shown["data"]] == [
            *[("issuer", number) for number in (3, 6, 12)],
            *[("vinr_bnpl", number) for number in (3, 4, 6, 12)],
        ]
        (suggested,) = [plan for plan in shown["data"] if plan["requested"]]
        assert (suggested["count"], suggested["issuerProgram"]) == (resolved, program)
        done = payments.post(f"/v1/payments/{payment['id']}/confirm", {"paymentMethod": card}).body
        taken = done["installments"]
        assert (done["status"], taken["resolvedCount"], taken["issuerProgram"]) == (
            "completed",
            resolved,
            program,
        )
