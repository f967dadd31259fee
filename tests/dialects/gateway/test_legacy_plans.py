"""Custom plans, paid with by their own id (`spec/gateway.md` §16)."""

from typing import Any

import pytest
from tests.support.gateway_samples import (
    flatten,
    load_nvp_request,
    load_request,
    load_sample,
    read_exactly,
    settle,
    swap,
)
from tests.support.gateway_world import GatewayWorld
from tests.support.samples import UNSET, edit

CARD = "sourceOfFunds.provided.card.number"


def tell(field: str, text: str, validation: str = "INVALID") -> dict[str, Any]:
    return {
        "error": {
            "cause": "INVALID_REQUEST",
            "explanation": text,
            "field": field,
            "validationType": validation,
        },
        "result": "ERROR",
    }


def test_the_merchants_plans_are_told_as_in_the_sample(shared_gateway: GatewayWorld) -> None:
    request = {"order": {"currency": "MXN"}}
    body = read_exactly(shared_gateway.ask("POST", "paymentOptionsInquiry", request).raw)
    expected = load_sample("options-with-legacy.response")["paymentTypes"]["card"]["paymentPlans"]
    (told,) = body["paymentTypes"]["card"]["paymentPlans"]
    # The demo world's plan has its own name, days and minimum.
    own = {name: told[name] for name in ("planName", "startDate", "endDate", "minimumOrderAmounts")}
    assert told == {**expected[0], **own}


def test_a_payment_with_a_plan_is_answered_as_its_sample(shared_gateway: GatewayWorld) -> None:
    answer = shared_gateway.pay("ORD-2001", "1", load_request("legacy-pay"))
    body = read_exactly(answer.raw)
    assert (answer.status, body) == (201, settle(load_sample("legacy-pay.response"), body))


def test_a_payment_over_nvp_is_the_same(shared_gateway: GatewayWorld) -> None:
    fields = load_nvp_request("legacy-pay")
    told = shared_gateway.ask_nvp(fields)
    again = shared_gateway.pay(fields["order.id"], fields["transaction.id"], load_request("legacy-pay"))
    body = read_exactly(again.raw)
    assert body == settle(swap(load_sample("legacy-pay.response"), {"ORD-2001": fields["order.id"]}), body)
    assert (told.status, told.body) == (200, flatten(body))


def test_deferrals_are_told_where_they_were_chosen(shared_gateway: GatewayWorld) -> None:
    body = edit(load_request("legacy-pay"), {"paymentPlan.numberOfDeferrals": "2"})
    answer = shared_gateway.pay("ORD-D", "1", body)
    assert answer.body["paymentPlan"] == {
        "planId": "BANORTE_WITHOUT_INTEREST",
        "numberOfPayments": 6,
        "numberOfDeferrals": 2,
    }


PLAN_ID = "paymentPlan.planId"
# Changes to a good payment, and the refusal.
REFUSED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({PLAN_ID: "NOPE"}, tell(PLAN_ID, "Value 'NOPE' is invalid. No such payment plan.")),
    (
        {"apiOperation": "AUTHORIZE"},
        tell(PLAN_ID, "Value 'BANORTE_WITHOUT_INTEREST' is invalid. No such payment plan."),
    ),
    (
        {"paymentPlan.numberOfPayments": "7"},
        tell(
            "paymentPlan.numberOfPayments",
            "Value '7' is invalid. The number of payments is not supported on the payment plan.",
        ),
    ),
    (
        {"paymentPlan.numberOfPayments": "100"},
        tell("paymentPlan.numberOfPayments", "Value '100' is invalid. Expected a whole number from 1 to 99"),
    ),
    (
        {"paymentPlan.numberOfPayments": UNSET},
        tell("paymentPlan.numberOfPayments", "Missing parameter", "MISSING"),
    ),
    (
        {"paymentPlan.numberOfDeferrals": "9"},
        tell(
            "paymentPlan.numberOfDeferrals",
            "Value '9' is invalid. The number of deferrals is not supported on the payment plan.",
        ),
    ),
    (
        {"order.currency": "AUD"},
        tell(
            "order.currency",
            "Value 'AUD' is invalid. The currency is not supported on the payment plan.",
            "UNSUPPORTED",
        ),
    ),
    (
        {"order.amount": "1.00"},
        tell(
            "order.amount",
            "Value '1.00' is invalid. The order amount is below the minimum of the payment plan.",
        ),
    ),
    (
        {CARD: "4508750015741019"},
        tell(
            CARD,
            "Value '450875xxxxxx1019' is invalid. The card type is not supported on the payment plan.",
            "UNSUPPORTED",
        ),
    ),
]


@pytest.mark.parametrize(
    ("changes", "expected"),
    REFUSED,
    ids=[f"{number}-{row[1]['error']['field']}" for number, row in enumerate(REFUSED)],
)
def test_a_payment_that_is_not_on_the_plan_is_refused(
    shared_gateway: GatewayWorld, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    before = shared_gateway.count_records()
    answer = shared_gateway.pay("ORD-R", "1", edit(load_request("legacy-pay"), changes))
    assert (answer.status, answer.body) == (400, expected)
    assert shared_gateway.count_records() == before


def test_plan_amex_is_priced_as_its_sample(shared_gateway: GatewayWorld) -> None:
    answer = shared_gateway.ask("PUT", "paymentPlan/PLANAMEX", load_request("plan-offers"))
    assert (answer.status, read_exactly(answer.raw)) == (200, load_sample("plan-offers.response"))
    fields = {**flatten_request(load_request("plan-offers")), PLAN_ID: "PLANAMEX"}
    told = shared_gateway.ask_nvp(fields)
    assert (told.status, told.body) == (200, flatten(read_exactly(answer.raw)))


def flatten_request(body: Any) -> dict[str, str]:
    return {name: str(value) for name, value in flatten(body).items()}


@pytest.mark.parametrize("name", ["AMEX_PLANAMEX", "AMEX_PlanAmex"])
def test_older_names_of_plan_amex_are_taken(shared_gateway: GatewayWorld, name: str) -> None:
    answer = shared_gateway.ask("PUT", f"paymentPlan/{name}", load_request("plan-offers"))
    assert read_exactly(answer.raw) == load_sample("plan-offers.response")


# Number asked for, numbers offered: the plan has 2 to 12.
NEIGHBOURS = [("2", [2, 3, 4]), ("12", [10, 11, 12]), ("1", [2, 3]), ("14", [12]), ("99", [])]


@pytest.mark.parametrize(("count", "offered"), NEIGHBOURS)
def test_numbers_that_are_not_on_the_plan_are_left_out(
    shared_gateway: GatewayWorld, count: str, offered: list[int]
) -> None:
    request = edit(load_request("plan-offers"), {"paymentPlan.numberOfPayments": count})
    body = shared_gateway.ask("PUT", "paymentPlan/PLANAMEX", request).body
    assert [one["numberOfPayments"] for one in body["paymentPlan"].get("planOffer", [])] == offered


# Changes to a good inquiry, and the refusal.
INQUIRIES_REFUSED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("NOPE", {}, tell(PLAN_ID, "Value 'NOPE' is invalid. No such payment plan.")),
    (
        "PLANAMEX",
        {"order.currency": "USD"},
        tell(
            "order.currency",
            "Value 'USD' is invalid. The currency is not supported on the payment plan.",
            "UNSUPPORTED",
        ),
    ),
    (
        "PLANAMEX",
        {CARD: "5123450000000008"},
        tell(
            CARD,
            "Value '512345xxxxxx0008' is invalid. The card type is not supported on the payment plan.",
            "UNSUPPORTED",
        ),
    ),
    (
        "PLANAMEX",
        {"paymentPlan.numberOfPayments": UNSET},
        tell("paymentPlan.numberOfPayments", "Missing parameter", "MISSING"),
    ),
    ("PLANAMEX", {"sourceOfFunds": UNSET}, tell(CARD, "Missing parameter", "MISSING")),
    ("PLANAMEX", {"order.amount": UNSET}, tell("order.amount", "Missing parameter", "MISSING")),
]


@pytest.mark.parametrize(
    ("plan_id", "changes", "expected"),
    INQUIRIES_REFUSED,
    ids=[f"{number}-{row[2]['error']['field']}" for number, row in enumerate(INQUIRIES_REFUSED)],
)
def test_an_inquiry_that_the_plan_is_not_for_is_refused(
    shared_gateway: GatewayWorld, plan_id: str, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    body = edit(load_request("plan-offers"), changes)
    answer = shared_gateway.ask("PUT", f"paymentPlan/{plan_id}", body)
    assert (answer.status, answer.body) == (400, expected)
