"""Payment methods over the wire (`spec/payments.md` §5): numbers come in once and never out."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.payment_calls import APPROVED, create, keep_card, list_events, move_account, pay, run_tasks
from tests.support.payments_world import PaymentsWorld

CARD = {"number": APPROVED, "expMonth": 12, "expYear": 2039, "cvc": "737"}


def test_a_card_is_kept_without_its_number(shared_payments: PaymentsWorld) -> None:
    details = {"name": "Ana", "email": "ana@example.com", "phone": "+351 1", "address": {"country": "pt"}}
    method = keep_card(shared_payments, "5200828200000108", billingDetails=details)
    assert method == {
        "id": method["id"],
        "object": "payment_method",
        "type": "card",
        "card": {
            "brand": "mastercard",
            "last4": "0108",
            "expMonth": 12,
            "expYear": 2039,
            "country": method["card"]["country"],
            "funding": method["card"]["funding"],
            "fingerprint": method["card"]["fingerprint"],
        },
        "billingDetails": {
            "name": "Ana",
            "email": "ana@example.com",
            "phone": "+351 1",
            "address": {"line1": None, "city": None, "postalCode": None, "country": "PT"},
        },
        "customer": None,
        "livemode": False,
        "created": method["created"],
    }
    assert shared_payments.get(f"/v1/payment-methods/{method['id']}").body == method
    assert list_events(shared_payments, method["id"]) == ["payment_method.created"]


def test_one_number_has_one_fingerprint_in_an_account(shared_payments: PaymentsWorld) -> None:
    first, again, other = (
        keep_card(shared_payments, number)["card"]["fingerprint"]
        for number in (APPROVED, APPROVED, "4000000000000002")
    )
    assert (first == again, first == other, len(first)) == (True, False, 32)


def test_servers_may_not_send_numbers(shared_payments: PaymentsWorld) -> None:
    before = shared_payments.count_records()
    answer = shared_payments.post("/v1/payment-methods", {"type": "card", "card": CARD})
    assert (answer.status, answer.code) == (403, "raw_pan_not_allowed")
    assert shared_payments.count_records() == before


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"number": "4242424242424241"}, "card.number"),
        ({"number": "4242 4242 4242 4242"}, "card.number"),
        ({"number": "9999999999999995"}, "card.number"),
        ({"number": 4242424242424242}, "card.number"),
        ({"number": "42424242424242424242424242"}, "card.number"),
        ({"expMonth": 13}, "card.expMonth"),
        ({"expYear": 2020}, "card.expYear"),
        ({"expYear": 39}, "card.expYear"),
        ({"cvc": "12"}, "card.cvc"),
        ({"cvc": "12a"}, "card.cvc"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_card_is_refused_without_being_told(
    shared_payments: PaymentsWorld, members: dict[str, Any], param: str
) -> None:
    before = shared_payments.count_records()
    body = {"type": "card", "card": CARD | members}
    answer = shared_payments.post("/v1/payment-methods", body, key=shared_payments.publishable)
    assert (answer.status, answer.code, answer.error["param"]) == (400, "parameter_invalid", param)
    assert "4242424242" not in answer.raw.decode()
    assert shared_payments.count_records() == before


def test_a_publishable_key_does_nothing_else(shared_payments: PaymentsWorld) -> None:
    method = keep_card(shared_payments)
    answer = shared_payments.get(f"/v1/payment-methods/{method['id']}", key=shared_payments.publishable)
    assert (answer.status, answer.code) == (401, "key_type_not_allowed")


def test_the_code_is_sealed_and_wiped_with_the_first_authorization(shared_payments: PaymentsWorld) -> None:
    method = keep_card(shared_payments)
    held = "SELECT sealed_code FROM payment_method WHERE payment_method_id = $1"
    (row,) = shared_payments.fetch(held, method["id"])
    assert (len(row["sealed_code"]), b"123" in row["sealed_code"]) == (31, False)
    create(shared_payments, paymentMethod=method["id"])
    assert shared_payments.fetch(held, method["id"]) == [{"sealed_code": None}]


def test_a_token_gives_a_card_to_a_customer(shared_payments: PaymentsWorld) -> None:
    method = keep_card(shared_payments)
    customer = shared_payments.post("/v1/customers", {}).body["id"]
    body = {"type": "card", "token": method["id"], "customer": customer}
    kept = shared_payments.post("/v1/payment-methods", body)
    assert kept.status == 201
    assert (kept.body["customer"], kept.body["card"]) == (customer, method["card"])
    assert kept.body["id"] != method["id"]
    other = shared_payments.post("/v1/customers", {}).body["id"]
    taken = {"type": "card", "token": kept.body["id"], "customer": other}
    refused = shared_payments.post("/v1/payment-methods", taken)
    assert (refused.status, refused.code) == (422, "payment_method_unusable")
    foreign = shared_payments.post("/v1/payment-methods", body, key=shared_payments.other_secret)
    assert (foreign.status, foreign.code, foreign.error["param"]) == (404, "resource_missing", "token")


@pytest.mark.parametrize(("key", "param"), [("secret", "token"), ("publishable", "card")])
def test_something_to_keep_is_required(shared_payments: PaymentsWorld, key: str, param: str) -> None:
    answer = shared_payments.post("/v1/payment-methods", {"type": "card"}, key=getattr(shared_payments, key))
    assert (answer.status, answer.code, answer.error["param"]) == (400, "parameter_missing", param)


def test_what_nobody_used_is_gone_after_a_day(payments: PaymentsWorld) -> None:
    customer = payments.post("/v1/customers", {}).body["id"]
    unused, owned = keep_card(payments), keep_card(payments, customer=customer)
    used = pay(payments, captureMethod="manual")["paymentMethod"]
    move_account(payments, timedelta(hours=23, minutes=59))
    run_tasks(payments)
    assert payments.get(f"/v1/payment-methods/{unused['id']}").status == 200
    move_account(payments, timedelta(minutes=2))
    run_tasks(payments)
    gone = payments.get(f"/v1/payment-methods/{unused['id']}")
    assert (gone.status, gone.code) == (404, "resource_missing")
    assert payments.get(f"/v1/payment-methods/{owned['id']}").body == owned
    assert payments.get(f"/v1/payment-methods/{used}").status == 200
    codes = payments.fetch("SELECT count(*) AS n FROM payment_method WHERE sealed_code IS NOT NULL")
    assert codes == [{"n": 0}]
