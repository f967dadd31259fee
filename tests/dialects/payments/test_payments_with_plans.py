"""Payments that take a plan (`spec/payments.md` §§3, 4 and 6): what is shown, and what refused."""

from typing import Any

import pytest
from tests.support.payment_calls import CHALLENGED, DECLINED, create, keep_card, list_events
from tests.support.payments_world import PaymentsWorld

PLAN_CARD = "5200828200000108"
REFUSED_PLAN_CARD = "4000005600000500"


def pay_with_plan(world: PaymentsWorld, number: str = PLAN_CARD, **members: Any) -> dict[str, Any]:
    return create(
        world,
        paymentMethod=keep_card(world, number)["id"],
        installments={"enabled": True, "count": 3},
        **members,
    )


def test_a_plan_is_taken_and_shown(shared_payments: PaymentsWorld) -> None:
    payment = pay_with_plan(shared_payments)
    plan = payment["installments"]
    assert (payment["status"], payment["paymentMethodType"]) == ("completed", "card_installment")
    assert payment["feeBreakdown"] == {"processingFee": 174, "installmentFee": 90, "totalFee": 264}
    rows = plan["schedule"]
    assert [(row["number"], row["amount"], row["principal"]) for row in rows] == [
        (1, 20000, 20000),
        (2, 20000, 20000),
        (3, 20000, 20000),
    ]
    assert plan == {
        "enabled": True,
        "count": 3,
        "interval": "month",
        "firstPaymentDate": rows[0]["dueDate"],
        "program": "any",
        "resolvedCount": 3,
        "issuerProgram": "mastercard_installments",
        "plan": plan["plan"],
        "status": "active",
        "totalAmount": 60000,
        "costOfCredit": 0,
        "remainingAmount": sum(row["amount"] for row in rows if row["status"] == "due"),
        "remainingCount": sum(1 for row in rows if row["status"] == "due"),
        "schedule": rows,
        "unavailableReasons": [],
        "ignoredFields": [],
    }
    assert list_events(shared_payments, payment["id"])[-2:] == ["payment.processing", "payment.completed"]


def test_what_was_asked_stays_beside_what_was_taken(shared_payments: PaymentsWorld) -> None:
    method = keep_card(shared_payments, "5200828200000207")["id"]
    installments = {"enabled": True, "count": 9}
    payment = create(shared_payments, paymentMethod=method, installments=installments)
    shown = payment["installments"]
    assert (shown["count"], shown["resolvedCount"]) == (9, 6)


def test_a_card_without_plans_pays_in_one(shared_payments: PaymentsWorld) -> None:
    payment = pay_with_plan(shared_payments, "4242424242424242")
    shown = payment["installments"]
    assert (payment["status"], payment["paymentMethodType"]) == ("completed", "card")
    assert (shown["resolvedCount"], shown["issuerProgram"], shown["plan"]) == (None, None, None)
    assert [(reason["code"], reason.get("program")) for reason in shown["unavailableReasons"]] == [
        ("issuer_not_participating", None),
        ("card_not_eligible", "vinr_bnpl"),
    ]


def test_a_required_plan_that_is_not_there_charges_nothing(shared_payments: PaymentsWorld) -> None:
    body = {
        "amount": 60000,
        "paymentMethod": keep_card(shared_payments)["id"],
        "installments": {"enabled": True, "required": True},
    }
    first = shared_payments.post("/v1/payments", body, idempotency_key="required")
    assert (first.status, first.code) == (402, "no_plan_available")
    payment = shared_payments.get(f"/v1/payments/{first.error['resource']}").body
    assert (payment["status"], payment["amountCaptured"]) == ("pending", 0)
    assert shared_payments.post("/v1/payments", body, idempotency_key="required").raw == first.raw


def test_a_refused_plan_leaves_the_payment_pending(shared_payments: PaymentsWorld) -> None:
    intent = create(shared_payments, confirm=False, installments={"enabled": True})
    method = keep_card(shared_payments, REFUSED_PLAN_CARD)["id"]
    path = f"/v1/payments/{intent['id']}/confirm"
    listed = shared_payments.get(f"/v1/installments/plans?payment={intent['id']}&paymentMethod={method}")
    offer = listed.body["data"][0]
    body: dict[str, Any] = {
        "paymentMethod": method,
        "installments": {"enabled": True, "count": offer["count"]},
    }
    if offer["terms"]["acceptanceRequired"]:
        body["termsAcceptance"] = {
            "termsId": offer["terms"]["id"],
            "version": offer["terms"]["version"],
            "language": offer["terms"]["language"],
            "acceptedAt": intent["created"] + 1,
        }
    refused = shared_payments.post(path, body)
    assert (refused.status, refused.code) == (402, "plan_declined")
    assert refused.error["resource"] == intent["id"]
    after = shared_payments.get(f"/v1/payments/{intent['id']}").body
    assert (after["status"], after["installments"]["plan"]) == ("pending", None)
    paid = shared_payments.post(path, {"paymentMethod": keep_card(shared_payments)["id"]})
    assert (paid.status, paid.body["status"]) == (200, "completed")


def test_a_plan_is_captured_whole_or_not_at_all(shared_payments: PaymentsWorld) -> None:
    held = pay_with_plan(shared_payments, captureMethod="manual")
    assert (held["status"], held["installments"]["status"]) == ("authorized", "created")
    root = f"/v1/payments/{held['id']}"
    part = shared_payments.post(f"{root}/capture", {"amount": 59999})
    assert (part.status, part.code) == (422, "partial_capture_with_plan")
    captured = shared_payments.post(f"{root}/capture", {"amount": 60000}).body
    assert (captured["status"], captured["installments"]["status"]) == ("completed", "active")


def test_a_cancelled_payment_takes_its_plan_with_it(shared_payments: PaymentsWorld) -> None:
    held = pay_with_plan(shared_payments, captureMethod="manual")
    cancelled = shared_payments.post(f"/v1/payments/{held['id']}/cancel", {}).body
    assert (cancelled["status"], cancelled["installments"]["status"]) == ("cancelled", "cancelled")
    assert list_events(shared_payments, held["installments"]["plan"]) == ["plan.accepted", "plan.cancelled"]


@pytest.mark.parametrize("number", ["5200828200000603"])
def test_a_challenged_plan_waits_for_the_cardholder(shared_payments: PaymentsWorld, number: str) -> None:
    payment = pay_with_plan(shared_payments, number)
    assert payment["status"] == "requires_authentication"
    assert payment["installments"]["status"] == "created"


def test_cards_without_range_are_told_so(shared_payments: PaymentsWorld) -> None:
    facts = [keep_card(shared_payments, number)["card"] for number in (CHALLENGED, DECLINED)]
    assert [(card["country"], card["funding"]) for card in facts] == [(None, None)] * 2


def test_terms_without_a_tick_are_refused_once_for_all(payments: PaymentsWorld) -> None:
    body = {
        "amount": 60000,
        "paymentMethod": keep_card(payments, "4000005600000104")["id"],
        "installments": {"enabled": True, "count": 3},
    }
    first = payments.post("/v1/payments", body, idempotency_key="k")
    assert (first.status, first.code) == (422, "terms_acceptance_required")
    (payment,) = payments.get("/v1/payments").body["data"]
    assert (payment["id"], payment["status"]) == (first.error["resource"], "pending")
    again = payments.post("/v1/payments", body, idempotency_key="k")
    assert (again.status, again.raw) == (422, first.raw)
    assert len(payments.get("/v1/payments").body["data"]) == 1


def test_a_confirmation_keeps_date_and_program_of_the_intent(shared_payments: PaymentsWorld) -> None:
    wish = {"enabled": True, "program": "issuer", "count": 3}
    intent = create(shared_payments, confirm=False, installments=wish)
    body = {"paymentMethod": keep_card(shared_payments, PLAN_CARD)["id"]}
    answer = shared_payments.post(
        f"/v1/payments/{intent['id']}/confirm", body | {"installments": {"enabled": True, "count": 6}}
    )
    shown = answer.body["installments"]
    assert (shown["program"], shown["count"], shown["resolvedCount"]) == ("issuer", 6, 6)
