"""The sixteen test cards of §16, each bought with to the end of what its row says."""

from typing import Any

import pytest
from tests.support.payment_calls import keep_card, list_events
from tests.support.payments_world import PaymentsWorld
from tests.support.plan_buyers import PHONE, add_card, advance, confirm, get_payment, intend, list_plans

MASTER, VISA_NAME, COBRAND = "mastercard_installments", "visa_installments", "cobrand_acme_retail"
WISH = {"enabled": True, "count": 9, "program": "issuer"}

# number; offered (count, rate, tick needed); what a confirmation for 9 answers; status then; taken; program
CARDS: list[tuple[str, list[tuple[int, str, bool]], str, str, int | None, str | None]] = [
    ("4242424242424242", [], "ok", "completed", None, None),
    ("4000000000000002", [], "card_declined", "failed", None, None),
    ("4000000000009995", [], "card_declined", "failed", None, None),
    ("4000000000003220", [], "ok", "requires_authentication", None, None),
    (
        "5200828200000108",
        [(3, "0.00", False), (6, "0.00", False), (12, "9.00", False)],
        "ok",
        "completed",
        6,
        MASTER,
    ),
    # 6 and 12 are as near to 9: the smaller one is taken.
    ("5200828200000207", [(6, "0.00", False), (12, "9.00", False)], "ok", "completed", 6, MASTER),
    ("5200828200000306", [], "ok", "completed", None, None),
    ("5200828200000405", [], "ok", "completed", None, None),
    (
        "5200828200000504",
        [(3, "0.00", False), (6, "0.00", False)],
        "credit_information_required",
        "pending",
        None,
        None,
    ),
    (
        "5200828200000603",
        [(3, "0.00", False), (6, "0.00", False)],
        "ok",
        "requires_authentication",
        6,
        MASTER,
    ),
    (
        "4000005600000104",
        [(3, "0.00", True), (6, "0.00", True)],
        "terms_acceptance_required",
        "pending",
        None,
        None,
    ),
    ("4000005600000203", [(3, "0.00", True)], "terms_acceptance_required", "pending", None, None),
    ("4000005600000302", [], "ok", "completed", None, None),
    (
        "4000005600000401",
        [(3, "0.00", True), (6, "0.00", True)],
        "terms_acceptance_required",
        "pending",
        None,
        None,
    ),
    (
        "4000005600000500",
        [(3, "0.00", True), (6, "0.00", True)],
        "terms_acceptance_required",
        "pending",
        None,
        None,
    ),
    ("4000005600000609", [(10, "0.00", False)], "ok", "completed", 10, COBRAND),
]


@pytest.mark.parametrize("row", CARDS, ids=[row[0][-4:] + "-" + row[0][:4] for row in CARDS])
def test_a_documented_card_does_what_its_row_says(
    shared_payments: PaymentsWorld,
    row: tuple[str, list[tuple[int, str, bool]], str, str, int | None, str | None],
) -> None:
    number, offered, said, status, taken, program = row
    payment, card = intend(shared_payments, installments=WISH), keep_card(shared_payments, number)["id"]
    plans = list_plans(shared_payments, payment, card).body["data"]
    assert [(p["count"], p["interestRate"], p["terms"]["acceptanceRequired"]) for p in plans] == offered
    assert all(p["terms"]["acceptanceText"] is not None for p in plans if p["terms"]["acceptanceRequired"])
    answer = confirm(shared_payments, payment, card)
    assert ("ok" if answer.status == 200 else answer.code) == said
    after = get_payment(shared_payments, payment["id"])
    split = after["installments"]
    assert (after["status"], split["resolvedCount"], split["issuerProgram"]) == (status, taken, program)
    assert (split["count"], bool(split["unavailableReasons"])) == (9, not offered)


def accept(plan: dict[str, Any]) -> dict[str, Any]:
    """The tick."""
    terms = plan["terms"]
    return {
        "termsId": terms["id"],
        "version": terms["version"],
        "language": terms["language"],
        "acceptedAt": 4_102_444_800,
    }


def test_a_tick_takes_a_visa_plan_whose_dates_the_issuer_sets(payments: PaymentsWorld) -> None:
    payment = intend(payments, installments={**WISH, "count": 6})
    card = add_card(payments, "4000005600000104")
    plans = list_plans(payments, payment, card).body["data"]
    done = confirm(payments, payment, card, termsAcceptance=accept(plans[1]))
    assert (done.status, done.body["installments"]["issuerProgram"]) == (200, VISA_NAME)
    rows = [(row["dueDate"], row["amount"]) for row in done.body["installments"]["schedule"]]
    assert rows == [(row["dueDate"], row["amount"]) for row in plans[1]["schedule"]]


def test_the_one_more_answer_is_a_telephone_number(payments: PaymentsWorld) -> None:
    payment = intend(payments, installments=WISH)
    refused = confirm(payments, payment, add_card(payments, "5200828200000504"))
    assert (refused.status, refused.error["param"]) == (422, "billingDetails.phone")
    done = confirm(payments, payment, add_card(payments, "5200828200000504", phone=PHONE))
    assert (done.body["status"], done.body["installments"]["resolvedCount"]) == ("completed", 6)


def test_offers_of_the_hurried_card_lapse_after_a_minute(payments: PaymentsWorld) -> None:
    payment, card = intend(payments, installments=WISH), add_card(payments, "4000005600000401")
    plans = list_plans(payments, payment, card).body["data"]
    shown = payments.fetch("SELECT shown_at FROM payment_plan_list")[0]["shown_at"]
    assert {plan["expiresAt"] - int(shown.timestamp()) for plan in plans} == {60}
    advance(payments, seconds=61)
    wish = {"enabled": True, "offer": plans[0]["offer"]}
    late = confirm(payments, payment, card, installments=wish, termsAcceptance=accept(plans[0]))
    assert (late.status, late.code) == (422, "plan_expired")
    assert get_payment(payments, payment["id"])["status"] == "pending"


def test_the_plan_of_the_refused_card_is_never_charged_whole(payments: PaymentsWorld) -> None:
    payment, card = intend(payments, installments=WISH), add_card(payments, "4000005600000500")
    plans = list_plans(payments, payment, card).body["data"]
    refused = confirm(payments, payment, card, termsAcceptance=accept(plans[1]))
    assert (refused.status, refused.code, refused.error["resource"]) == (402, "plan_declined", payment["id"])
    after = get_payment(payments, payment["id"])
    assert (after["status"], after["amountCaptured"], after["installments"]["plan"]) == ("pending", 0, None)
    assert list_events(payments, payment["id"]) == ["payment.created", "plan.offered"]
    assert payments.fetch("SELECT 1 FROM simulated_card_message") == []
