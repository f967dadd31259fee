"""Payments over the wire: whole answers, events, refusals that write nothing (`spec/payments.md` §4)."""

from dataclasses import replace
from typing import Any

import pytest
from tests.support.payment_calls import (
    APPROVED,
    DECLINED,
    NO_FUNDS,
    RETURN_URL,
    create,
    keep_card,
    list_events,
    pay,
)
from tests.support.payments_world import PaymentsWorld

from parcela.domain.payments.keys import KeyKind
from parcela.operations.payments.api_keys import NewApiKey

NO_PLAN = {
    "enabled": False,
    "count": None,
    "interval": "month",
    "firstPaymentDate": None,
    "program": "any",
    "resolvedCount": None,
    "issuerProgram": None,
    "plan": None,
    "status": None,
    "totalAmount": None,
    "costOfCredit": None,
    "remainingAmount": None,
    "remainingCount": None,
    "schedule": [],
    "unavailableReasons": [],
    "ignoredFields": [],
}


def test_a_payment_without_a_card_waits_on_the_hosted_page(shared_payments: PaymentsWorld) -> None:
    payment = create(
        shared_payments,
        currency="gbp",
        description="Annual kit",
        reference="order-1042",
        locale="pt-BR",
        expiresInMinutes=30,
        metadata={"cart": "7"},
        billingDetails={"name": "Ana", "address": {"country": "br"}},
        method="card",
        authentication={"mode": "redirect"},
    )
    token = payment["checkoutUrl"].removeprefix("http://parcela.test/checkout/")
    assert (len(token), payment["expiresAt"] - payment["created"]) == (43, 1800)
    assert payment == {
        "id": payment["id"],
        "object": "payment",
        "status": "pending",
        "amount": 60000,
        "currency": "GBP",
        "amountCapturable": 0,
        "amountCaptured": 0,
        "amountRefunded": 0,
        "amountRefundPending": 0,
        "captureMethod": "automatic",
        "description": "Annual kit",
        "reference": "order-1042",
        "customer": None,
        "paymentMethod": None,
        "paymentMethodType": None,
        "returnUrl": RETURN_URL,
        "checkoutUrl": payment["checkoutUrl"],
        "expiresAt": payment["expiresAt"],
        "locale": "pt-BR",
        "authentication": {"status": "not_required", "redirectUrl": None},
        "installments": NO_PLAN,
        "feeBreakdown": None,
        "settlement": None,
        "balanceTransaction": None,
        "declineCode": None,
        "failureMessage": None,
        "cancellationReason": None,
        "metadata": {"cart": "7"},
        "livemode": False,
        "created": payment["created"],
    }
    assert shared_payments.get(f"/v1/payments/{payment['id']}").body == payment
    assert list_events(shared_payments, payment["id"]) == ["payment.created"]
    kept = shared_payments.fetch("SELECT row_to_json(p)::text AS row FROM payment p")
    assert [row for row in kept if token in row["row"]] == []


def test_a_card_pays_at_once(shared_payments: PaymentsWorld) -> None:
    payment = pay(shared_payments)
    assert payment["status"] == "completed"
    assert (payment["amountCaptured"], payment["paymentMethodType"]) == (60000, "card")
    assert payment["feeBreakdown"] == {"processingFee": 174, "installmentFee": 0, "totalFee": 174}
    assert (payment["checkoutUrl"], payment["expiresAt"]) == (None, None)
    assert shared_payments.get(f"/v1/payments/{payment['id']}").body == payment
    assert list_events(shared_payments, payment["id"]) == [
        "payment.created",
        "payment.processing",
        "payment.completed",
    ]


@pytest.mark.parametrize(
    ("number", "code", "sentence"),
    [
        (DECLINED, "generic_decline", "The card was declined."),
        (NO_FUNDS, "insufficient_funds", "The card has insufficient funds."),
    ],
    ids=["declined", "no funds"],
)
def test_a_decline_is_told_kept_and_repeated(
    shared_payments: PaymentsWorld, number: str, code: str, sentence: str
) -> None:
    body = {"amount": 60000, "paymentMethod": keep_card(shared_payments, number)["id"]}
    key = f"decline-{code}"
    first = shared_payments.post("/v1/payments", body, idempotency_key=key)
    assert first.status == 402
    payment_id = first.error["resource"]
    assert (first.error["code"], first.error["decline_code"]) == ("card_declined", code)
    assert first.error["message"] == sentence
    again = shared_payments.post("/v1/payments", body, idempotency_key=key)
    assert (again.status, again.raw) == (402, first.raw)
    assert again.headers["idempotent-replayed"] == "true"
    payment = shared_payments.get(f"/v1/payments/{payment_id}").body
    assert (payment["status"], payment["declineCode"]) == ("failed", code)
    assert (payment["failureMessage"], payment["amountCaptured"]) == (sentence, 0)
    assert list_events(shared_payments, payment_id) == [
        "payment.created",
        "payment.processing",
        "payment.failed",
    ]


def test_an_intent_is_confirmed_once(shared_payments: PaymentsWorld) -> None:
    intent = shared_payments.post("/v1/payments", {"amount": 500, "confirm": False}).body
    assert (intent["status"], intent["checkoutUrl"], intent["returnUrl"]) == ("pending", None, None)
    path = f"/v1/payments/{intent['id']}/confirm"
    body = {"paymentMethod": keep_card(shared_payments)["id"]}
    confirmed = shared_payments.post(path, body)
    assert (confirmed.status, confirmed.body["status"], confirmed.body["currency"]) == (
        200,
        "completed",
        "EUR",
    )
    again = shared_payments.post(path, body)
    assert (again.status, again.code) == (422, "payment_not_confirmable")
    assert again.error["details"] == {"status": "completed"}


def test_an_intent_may_name_its_card_and_wait(shared_payments: PaymentsWorld) -> None:
    method_id = keep_card(shared_payments)["id"]
    intent = create(shared_payments, confirm=False, paymentMethod=method_id)
    assert (intent["status"], intent["paymentMethod"]) == ("pending", method_id)


def test_repeats_of_a_create_are_one_payment(shared_payments: PaymentsWorld) -> None:
    body = {"amount": 60000, "paymentMethod": keep_card(shared_payments)["id"]}
    first = shared_payments.post("/v1/payments", body, idempotency_key="once")
    again = shared_payments.post("/v1/payments", body, idempotency_key="once")
    assert (first.status, again.status, again.raw) == (201, 201, first.raw)


def test_a_hold_is_captured_in_part_and_the_rest_released(shared_payments: PaymentsWorld) -> None:
    held = pay(shared_payments, captureMethod="manual")
    assert (held["status"], held["amountCapturable"], held["feeBreakdown"]) == ("authorized", 60000, None)
    path = f"/v1/payments/{held['id']}/capture"
    too_much = shared_payments.post(path, {"amount": 60001})
    assert (too_much.status, too_much.code) == (422, "capture_amount_too_large")
    assert too_much.error["details"] == {"maximum": 60000}
    captured = shared_payments.post(path, {"amount": 20000})
    assert captured.status == 200
    assert captured.body["status"] == "completed"
    assert (captured.body["amountCapturable"], captured.body["amountCaptured"]) == (0, 20000)
    assert captured.body["feeBreakdown"]["totalFee"] == 78
    again = shared_payments.post(path, {})
    assert (again.status, again.code) == (422, "payment_not_capturable")
    assert list_events(shared_payments, held["id"])[-2:] == ["payment.authorized", "payment.completed"]


def test_a_hold_is_released(shared_payments: PaymentsWorld) -> None:
    held = pay(shared_payments, captureMethod="manual")
    path = f"/v1/payments/{held['id']}/cancel"
    cancelled = shared_payments.post(path, {"reason": "abandoned"})
    assert (cancelled.status, cancelled.body["status"]) == (200, "cancelled")
    assert (cancelled.body["cancellationReason"], cancelled.body["amountCapturable"]) == ("abandoned", 0)
    messages = shared_payments.fetch(
        "SELECT kind, state FROM simulated_card_message WHERE message_id LIKE $1 ORDER BY reference",
        f"{held['id']}:%",
    )
    assert messages == [
        {"kind": "authorization", "state": "voided"},
        {"kind": "void_authorization", "state": "approved"},
    ]
    again = shared_payments.post(path, {})
    assert (again.status, again.code) == (422, "payment_not_cancellable")


def test_a_waiting_payment_is_cancelled(shared_payments: PaymentsWorld) -> None:
    waiting = create(shared_payments)
    cancelled = shared_payments.post(f"/v1/payments/{waiting['id']}/cancel", {}).body
    assert (cancelled["status"], cancelled["cancellationReason"]) == ("cancelled", "requested_by_merchant")
    assert (cancelled["checkoutUrl"], cancelled["expiresAt"]) == (None, None)
    assert list_events(shared_payments, waiting["id"]) == ["payment.created", "payment.cancelled"]
    tasks = shared_payments.fetch("SELECT kind FROM payments_task WHERE subject_id = $1", waiting["id"])
    assert tasks == []


@pytest.mark.parametrize(
    ("members", "status", "code", "param"),
    [
        ({"amount": 0}, 400, "amount_invalid", "amount"),
        ({"amount": 1_000_000_000_000}, 400, "amount_invalid", "amount"),
        ({"amount": None}, 400, "parameter_missing", "amount"),
        ({"currency": ""}, 400, "currency_invalid", "currency"),
        ({"returnUrl": None}, 400, "parameter_missing", "returnUrl"),
        ({"returnUrl": "//evil.example"}, 400, "url_invalid", "returnUrl"),
        ({"returnUrl": "ftp://x"}, 400, "url_invalid", "returnUrl"),
        ({"returnUrl": "http://shop.example/"}, 400, "url_invalid", "returnUrl"),
        ({"returnUrl": "https://ana:secret@shop.example/"}, 400, "url_invalid", "returnUrl"),
        ({"returnUrl": "https://shop.example/\r\nX: y"}, 400, "url_invalid", "returnUrl"),
        ({"returnUrl": "https://" + "a" * 3000}, 400, "url_invalid", "returnUrl"),
        ({"returnUrl": "javascript:alert(1)"}, 400, "url_invalid", "returnUrl"),
        ({"description": "x" * 501}, 400, "parameter_invalid", "description"),
        ({"reference": "4242424242424242"}, 400, "parameter_invalid", "reference"),
        ({"metadata": {"a": {"b": 1}}}, 400, "parameter_invalid", "metadata.a"),
        ({"captureMethod": "later"}, 400, "parameter_invalid", "captureMethod"),
        ({"expiresInMinutes": 29}, 400, "parameter_invalid", "expiresInMinutes"),
        ({"customer": "cust_unknown"}, 404, "resource_missing", "customer"),
        ({"paymentMethod": "pm_unknown"}, 404, "resource_missing", "paymentMethod"),
        ({"status": "completed"}, 400, "parameter_unknown", "status"),
        ({"installments": {"count": 3}}, 400, "installments_not_enabled", "installments.count"),
        ({"installments": {"enabled": True, "count": 1}}, 400, "parameter_invalid", "installments.count"),
        ({"installments": {"enabled": True, "count": 61}}, 400, "parameter_invalid", "installments.count"),
        (
            {"installments": {"enabled": True, "interval": "week"}},
            400,
            "interval_unsupported",
            "installments.interval",
        ),
        (
            {"installments": {"enabled": True, "firstPaymentDate": "2020-01-01"}},
            400,
            "first_payment_date_past",
            "installments.firstPaymentDate",
        ),
        (
            {"installments": {"enabled": True, "firstPaymentDate": "2099-01-01"}},
            400,
            "parameter_invalid",
            "installments.firstPaymentDate",
        ),
        (
            {"installments": {"enabled": True, "firstPaymentDate": "2026-02-30"}},
            400,
            "parameter_invalid",
            "installments.firstPaymentDate",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_refused_create_writes_nothing(
    shared_payments: PaymentsWorld, members: dict[str, Any], status: int, code: str, param: str
) -> None:
    before = shared_payments.count_records()
    answer = shared_payments.post("/v1/payments", {"amount": 60000, "returnUrl": RETURN_URL} | members)
    assert (answer.status, answer.code, answer.error["param"]) == (status, code, param)
    assert shared_payments.count_records() == before


@pytest.mark.parametrize(
    "url",
    ["http://localhost:3000/done", "http://127.0.0.1/", "http://[::1]:8080/done?a=1#part"],
)
def test_test_mode_admits_this_machine(shared_payments: PaymentsWorld, url: str) -> None:
    assert create(shared_payments, returnUrl=url)["returnUrl"] == url


def test_the_alias_of_the_lenders_program_is_read(shared_payments: PaymentsWorld) -> None:
    payment = create(shared_payments, installments={"enabled": True, "program": "bnpl", "count": 6})
    assert payment["installments"] == NO_PLAN | {"enabled": True, "count": 6, "program": "vinr_bnpl"}


def test_card_numbers_in_words_are_masked(shared_payments: PaymentsWorld) -> None:
    payment = create(shared_payments, description=f"card {APPROVED}", metadata={"note": APPROVED})
    assert payment["description"] == "card 424242******4242"
    assert payment["metadata"] == {"note": "424242******4242"}


def test_another_accounts_payment_is_as_unknown_as_none(shared_payments: PaymentsWorld) -> None:
    payment_id = create(shared_payments)["id"]
    unknown = "pay_0000000000000000000000000Z"
    for method, tail, body in (
        ("GET", "", None),
        ("POST", "/confirm", {"paymentMethod": "pm_1"}),
        ("POST", "/capture", {}),
        ("POST", "/cancel", {}),
    ):
        foreign, none = (
            shared_payments.ask(method, f"/v1/payments/{found}{tail}", body, key=shared_payments.other_secret)
            for found in (payment_id, unknown)
        )
        assert (foreign.status, foreign.code) == (404, "resource_missing")
        told = foreign.error["message"].replace(payment_id, unknown)
        assert (told, none.status) == (none.error["message"], 404)


def test_lists_are_newest_first_and_filtered(payments: PaymentsWorld) -> None:
    made = [create(payments, reference=f"r{n % 2}")["id"] for n in range(5)]
    paid = pay(payments)["id"]
    listed = payments.get("/v1/payments").body
    assert [item["id"] for item in listed["data"]] == [paid, *reversed(made)]
    assert listed["page"] == {"has_more": False, "next_cursor": None, "total_estimate": 6}
    first = payments.get("/v1/payments?limit=2&reference=r0").body
    assert [item["id"] for item in first["data"]] == [made[4], made[2]]
    assert first["page"] == {"has_more": True, "next_cursor": made[2], "total_estimate": 3}
    create(payments, reference="r0")
    rest = payments.get(f"/v1/payments?limit=2&reference=r0&starting_after={made[2]}").body
    assert [item["id"] for item in rest["data"]] == [made[0]]
    assert [item["id"] for item in payments.get("/v1/payments?status=completed").body["data"]] == [paid]
    created = listed["data"][0]["created"]
    assert payments.get(f"/v1/payments?created[lt]={created - 3600}").body["data"] == []
    assert payments.get("/v1/payments?issuerProgram=visa_installments").body["data"] == []
    assert payments.get("/v1/payments", key=payments.other_secret).body["data"] == []


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=abc", "limit"),
        ("limit=1%00", "limit"),
        ("status=succeeded", "status"),
        ("starting_after=pay_0000000000000000000000000Z", "starting_after"),
        ("created[gte]=yesterday", "created[gte]"),
    ],
)
def test_a_list_refuses_what_it_cannot_read(shared_payments: PaymentsWorld, query: str, param: str) -> None:
    answer = shared_payments.get(f"/v1/payments?{query}")
    assert (answer.status, answer.code, answer.error["param"]) == (400, "parameter_invalid", param)


def test_customers_own_their_cards(shared_payments: PaymentsWorld) -> None:
    ana, ben = (
        shared_payments.post("/v1/customers", {"name": name, "email": f"{name}@example.com"}).body
        for name in ("ana", "ben")
    )
    assert ana == {
        "id": ana["id"],
        "object": "customer",
        "email": "ana@example.com",
        "name": "ana",
        "reference": None,
        "metadata": {},
        "livemode": False,
        "created": ana["created"],
    }
    assert shared_payments.get(f"/v1/customers/{ana['id']}").body == ana
    foreign = shared_payments.get(f"/v1/customers/{ana['id']}", key=shared_payments.other_secret)
    assert (foreign.status, foreign.code) == (404, "resource_missing")
    method = keep_card(shared_payments, customer=ana["id"])
    assert method["customer"] == ana["id"]
    refused = shared_payments.post(
        "/v1/payments", {"amount": 100, "customer": ben["id"], "paymentMethod": method["id"]}
    )
    assert (refused.status, refused.code) == (422, "payment_method_unusable")
    paid = create(shared_payments, customer=ana["id"], paymentMethod=method["id"])
    assert paid["status"] == "completed"
    listed = shared_payments.get(f"/v1/payments?customer={ana['id']}").body["data"]
    assert [item["id"] for item in listed] == [paid["id"]]


def test_live_payments_of_a_sandbox_have_no_acquirer(payments: PaymentsWorld) -> None:
    account = payments.get_entry("payments_account", payments.credentials["account_id"])
    if not account.is_enabled_live:
        payments.change_catalogue(replace(account, is_enabled_live=True))
    text, _ = payments.issue_key(NewApiKey(kind=KeyKind.SECRET, is_live=True))
    before = payments.count_records()
    answer = payments.post("/v1/payments", {"amount": 100, "returnUrl": RETURN_URL}, key=text)
    assert (answer.status, answer.code) == (503, "service_unavailable")
    assert payments.count_records() == before


@pytest.mark.parametrize(
    "name",
    ["pay_'%20OR%201=1--", "pay_%00", "pay_" + "a" * 3000, "pay_%C3%A9", "%2e%2e"],
    ids=["sql", "nul", "long", "not ascii", "dots"],
)
def test_a_made_up_id_is_unknown(shared_payments: PaymentsWorld, name: str) -> None:
    for path in ("/v1/payments", "/v1/customers", "/v1/payment-methods"):
        answer = shared_payments.get(f"{path}/{name}")
        assert (answer.status, answer.code) == (404, "resource_missing")


def test_customers_are_kept_without_card_numbers(shared_payments: PaymentsWorld) -> None:
    body = {"name": APPROVED, "metadata": {"note": APPROVED}}
    customer = shared_payments.post("/v1/customers", body).body
    assert (customer["name"], customer["metadata"]) == ("424242******4242", {"note": "424242******4242"})
    refused = shared_payments.post("/v1/customers", {"reference": APPROVED})
    assert (refused.status, refused.code, refused.error["param"]) == (400, "parameter_invalid", "reference")
