"""The simulated 3-D Secure page: pass, fail, cancel, and nothing by anybody else."""

import re
from datetime import timedelta
from typing import Any

import pytest
from tests.dialects.payments.conftest import payments, shared_payments
from tests.support.payment_calls import (
    CHALLENGED,
    RETURN_URL,
    Page,
    keep_card,
    list_events,
    move_account,
    pay,
    run_tasks,
)
from tests.support.payments_world import PaymentsWorld

__all__ = ["payments", "shared_payments"]

_FORM_TOKEN = re.compile('name="form_token" value="([A-Za-z0-9_-]{43})"')


def open_challenge(world: PaymentsWorld, **members: Any) -> tuple[dict[str, Any], str, str]:
    """A challenged payment, the address of its page, and the token of its form."""
    payment = pay(world, CHALLENGED, **members)
    url = payment["authentication"]["redirectUrl"]
    _, _, text = Page(world).get(url)
    match = _FORM_TOKEN.search(text)
    assert match is not None
    return payment, url, match[1]


def test_the_page_says_what_is_asked_and_loads_nothing_from_elsewhere(shared_payments: PaymentsWorld) -> None:
    payment = pay(shared_payments, CHALLENGED, currency="JPY")
    assert payment["status"] == "requires_authentication"
    status, headers, text = Page(shared_payments).get(payment["authentication"]["redirectUrl"])
    assert (status, "¥60,000" in text, "<script" in text) == (200, True, False)
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self';"
        " form-action 'self' https://shop.example; frame-ancestors 'none'; base-uri 'none'"
    )
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert headers["x-content-type-options"] == "nosniff"
    loaded = re.findall('<(?:script|style|img|link|iframe)[^>]*(?:href|src)="([^"]*)"', text)
    assert loaded == ["data:,", "/static/checkout.css"]


# What the cardholder does; the payment then, and what was told.
@pytest.mark.parametrize(
    ("answer", "status", "authentication", "told"),
    [
        ("pass", "completed", "succeeded", ["payment.processing", "payment.completed"]),
        ("fail", "failed", "failed", ["payment.failed"]),
        ("cancel", "cancelled", "required", ["payment.cancelled"]),
    ],
)
def test_an_answer_ends_the_challenge_and_leads_back(
    shared_payments: PaymentsWorld, answer: str, status: str, authentication: str, told: list[str]
) -> None:
    payment, url, form_token = open_challenge(shared_payments)
    page = Page(shared_payments)
    code, headers, _ = page.post(url, answer=answer, form_token=form_token, origin="null")
    assert (code, headers["location"]) == (303, f"{RETURN_URL}?payment={payment['id']}")
    after = shared_payments.get(f"/v1/payments/{payment['id']}").body
    assert after["status"] == status
    assert after["authentication"] == {"status": authentication, "redirectUrl": None}
    assert list_events(shared_payments, payment["id"]) == [
        "payment.created",
        "payment.requires_authentication",
        *told,
    ]
    for again in ("pass", "fail", "cancel"):
        assert page.post(url, answer=again, form_token=form_token)[0] == 303
    assert page.get(url)[0] == 303
    assert shared_payments.get(f"/v1/payments/{payment['id']}").body == after
    charged = shared_payments.fetch(
        "SELECT count(*) AS n FROM simulated_card_message WHERE message_id LIKE $1", f"{payment['id']}:%"
    )
    assert charged == [{"n": 1 if answer == "pass" else 0}]


def test_a_held_payment_is_authorized_after_its_challenge(shared_payments: PaymentsWorld) -> None:
    payment, url, form_token = open_challenge(shared_payments, captureMethod="manual")
    Page(shared_payments).post(url, answer="pass", form_token=form_token)
    after = shared_payments.get(f"/v1/payments/{payment['id']}").body
    assert (after["status"], after["amountCapturable"]) == ("authorized", 60000)


def test_the_code_stays_sealed_until_the_challenge_is_passed(shared_payments: PaymentsWorld) -> None:
    payment, url, form_token = open_challenge(shared_payments)
    held = "SELECT sealed_code IS NULL AS gone FROM payment_method WHERE payment_method_id = $1"
    assert shared_payments.fetch(held, payment["paymentMethod"]) == [{"gone": False}]
    Page(shared_payments).post(url, answer="pass", form_token=form_token)
    assert shared_payments.fetch(held, payment["paymentMethod"]) == [{"gone": True}]


@pytest.mark.parametrize(
    ("form", "origin", "status"),
    [
        ({"answer": "pass"}, None, 400),
        ({"form_token": "x" * 43}, None, 400),
        ({"answer": "pay", "form_token": "x" * 43}, None, 400),
        ({"answer": "pass", "form_token": "x" * 43}, None, 403),
        ({"answer": "pass", "form_token": "\u00e9"}, None, 403),
        ({"answer": "pass", "form_token": "x" * 9000}, None, 413),
        ({"answer": "pass", "form_token": "own"}, "https://evil.example", 403),
    ],
    ids=["no token", "no answer", "other answer", "made up", "not ascii", "too long", "foreign origin"],
)
def test_a_form_that_is_not_ours_changes_nothing(
    shared_payments: PaymentsWorld, form: dict[str, str], origin: str | None, status: int
) -> None:
    payment, url, form_token = open_challenge(shared_payments)
    before = shared_payments.count_records()
    form = {name: form_token if value == "own" else value for name, value in form.items()}
    assert Page(shared_payments).post(url, origin=origin, **form)[0] == status
    assert shared_payments.get(f"/v1/payments/{payment['id']}").body == payment
    assert shared_payments.count_records() == before


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 300, "é" * 43])
def test_a_made_up_token_leads_nowhere(shared_payments: PaymentsWorld, token: str) -> None:
    page, url = Page(shared_payments), f"/checkout/challenge/{token}"
    for status, headers, text in (page.get(url), page.post(url, answer="pass", form_token="x" * 43)):
        assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "There is nothing to pay here" in text


def test_a_challenge_needs_a_way_back(shared_payments: PaymentsWorld) -> None:
    before_card = keep_card(shared_payments, CHALLENGED)["id"]
    before = shared_payments.count_records()
    answer = shared_payments.post("/v1/payments", {"amount": 100, "paymentMethod": before_card})
    assert (answer.status, answer.code, answer.error["param"]) == (400, "parameter_missing", "returnUrl")
    assert shared_payments.count_records() == before


def test_a_merchant_may_cancel_while_the_challenge_is_open(shared_payments: PaymentsWorld) -> None:
    payment, url, form_token = open_challenge(shared_payments)
    cancelled = shared_payments.post(f"/v1/payments/{payment['id']}/cancel", {}).body
    assert cancelled["status"] == "cancelled"
    Page(shared_payments).post(url, answer="pass", form_token=form_token)
    assert shared_payments.get(f"/v1/payments/{payment['id']}").body == cancelled


def test_a_challenge_ends_after_a_day(payments: PaymentsWorld) -> None:
    payment, url, form_token = open_challenge(payments)
    move_account(payments, timedelta(hours=24, seconds=1))
    run_tasks(payments)
    after = payments.get(f"/v1/payments/{payment['id']}").body
    assert (after["status"], after["cancellationReason"]) == ("cancelled", "expired")
    assert list_events(payments, payment["id"])[-2:] == ["payment.cancelled", "payment.expired"]
    assert Page(payments).post(url, answer="pass", form_token=form_token)[0] == 303
    assert payments.get(f"/v1/payments/{payment['id']}").body == after


def test_the_way_back_keeps_the_shops_own_query(shared_payments: PaymentsWorld) -> None:
    payment, url, form_token = open_challenge(
        shared_payments, returnUrl="http://localhost:3000/done?order=7#top"
    )
    _, headers, _ = Page(shared_payments).post(url, answer="fail", form_token=form_token)
    assert headers["location"] == f"http://localhost:3000/done?order=7&payment={payment['id']}#top"
