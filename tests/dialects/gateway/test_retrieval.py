"""RETRIEVE_ORDER and RETRIEVE_TRANSACTION through the door (`spec/gateway.md` §13)."""

from typing import Any

import pytest
from tests.support.gateway_samples import (
    OFFER_ID,
    flatten,
    load_request,
    load_sample,
    read_exactly,
    settle,
    swap,
)
from tests.support.gateway_world import GatewayWorld
from tests.support.samples import UNSET, edit


def pay(world: GatewayWorld, order_id: str) -> dict[str, Any]:
    """A payment with an offer and a refund of a part, as in the samples; the words that differ from them."""
    quoted = world.ask("POST", "paymentOptionsInquiry", load_request("options")).body
    offer_id = sorted(quoted["paymentTypes"]["card"]["paymentPlanOffer"])[1]
    world.ask("PUT", f"paymentPlanOffer/{offer_id}", load_request("update-accept"))
    world.pay(order_id, "1", edit(load_request("pay-offer"), {"paymentPlan.offerId": offer_id}))
    world.pay(order_id, "2", load_request("refund"))
    return {"ORD-1042": order_id, OFFER_ID: offer_id, "standard-6": "standard-6-aud"}


def refuse(text: str) -> dict[str, Any]:
    return {"error": {"cause": "INVALID_REQUEST", "explanation": text}, "result": "ERROR"}


def test_an_order_is_told_as_its_sample(shared_gateway: GatewayWorld) -> None:
    names = pay(shared_gateway, "ORD-1")
    answer = shared_gateway.ask("GET", "order/ORD-1", b"[]")
    body = read_exactly(answer.raw)
    expected = settle(swap(load_sample("retrieve-order.response"), names), body)
    assert (answer.status, body) == (200, expected)
    told = shared_gateway.ask_nvp({"apiOperation": "RETRIEVE_ORDER", "order.id": "ORD-1"})
    assert (told.status, told.body) == (200, flatten(body))


def test_a_transaction_is_told_with_its_order_as_it_is_now(shared_gateway: GatewayWorld) -> None:
    names = pay(shared_gateway, "ORD-2")
    answer = shared_gateway.ask("GET", "order/ORD-2/transaction/1")
    body = read_exactly(answer.raw)
    payment, refund = load_sample("pay-offer.response"), load_sample("refund.response")
    expected = settle(swap({**payment, "order": refund["order"]}, names), body)
    assert (answer.status, body) == (200, expected)
    fields = {"apiOperation": "RETRIEVE_TRANSACTION", "order.id": "ORD-2", "transaction.id": "1"}
    assert shared_gateway.ask_nvp(fields).body == flatten(body)


def test_failed_tries_stand_in_the_order_in_their_order(shared_gateway: GatewayWorld) -> None:
    request = edit(load_request("pay-offer"), {"paymentPlan": UNSET})
    declined = edit(request, {"sourceOfFunds.provided.card.expiry.month": "05"})
    shared_gateway.pay("ORD-3", "b", declined)
    shared_gateway.pay("ORD-3", "a", request)
    body = shared_gateway.ask("GET", "order/ORD-3").body
    told = [(one["transaction"]["id"], one["result"], one["order"]["status"]) for one in body["transaction"]]
    assert told == [("b", "FAILURE", "FAILED"), ("a", "SUCCESS", "CAPTURED")]
    assert (body["result"], body["status"]) == ("SUCCESS", "CAPTURED")


def test_an_order_whose_last_try_failed_is_told_with_success(shared_gateway: GatewayWorld) -> None:
    request = edit(load_request("pay-offer"), {"paymentPlan": UNSET})
    shared_gateway.pay("ORD-4", "1", edit(request, {"sourceOfFunds.provided.card.expiry.month": "05"}))
    body = shared_gateway.ask("GET", "order/ORD-4").body
    assert (body["result"], body["status"], body["totalCapturedAmount"]) == ("SUCCESS", "FAILED", 0)


def test_the_payers_groups_stand_at_the_top(shared_gateway: GatewayWorld) -> None:
    groups = {
        "billing": {"address": {"city": "Sydney"}},
        "customer": {"email": "payer@example.com"},
        "device": {"browser": "Mozilla"},
    }
    request = edit(load_request("pay-offer"), {"paymentPlan": UNSET, "order.reference": "R-1", **groups})
    shared_gateway.pay("ORD-5", "1", request)
    body = shared_gateway.ask("GET", "order/ORD-5").body
    assert {name: body[name] for name in groups} == groups
    assert body["reference"] == "R-1"


def test_an_id_of_any_characters_is_found_again(shared_gateway: GatewayWorld) -> None:
    request = edit(load_request("pay-offer"), {"paymentPlan": UNSET})
    shared_gateway.pay("a/b c%ä", "1/2", request)
    answer = shared_gateway.ask("GET", "order/a%2Fb%20c%25%C3%A4/transaction/1%2F2")
    assert (answer.status, answer.body["order"]["id"], answer.body["transaction"]["id"]) == (
        200,
        "a/b c%ä",
        "1/2",
    )


@pytest.mark.parametrize("version", [65, 69, 70, 100])
def test_the_version_decides_what_is_told_of_the_plan(shared_gateway: GatewayWorld, version: int) -> None:
    order_id = f"ORD-V{version}"
    pay(shared_gateway, order_id)
    body = shared_gateway.ask("GET", f"order/{order_id}", version=version).body
    plans = [body["paymentPlan"], *(one["paymentPlan"] for one in body["transaction"])]
    assert ["paymentPlanProductId" in plan for plan in plans] == [version >= 70] * 3
    # A transaction keeps the version that it was made with.
    assert [one["version"] for one in body["transaction"]] == ["100", "100"]
    assert "version" not in body


def test_an_unknown_order_is_a_400(shared_gateway: GatewayWorld) -> None:
    answer = shared_gateway.ask("GET", "order/NONE")
    expected = refuse("Unable to find order NONE for merchant TESTPARCELA01")
    assert (answer.status, answer.body) == (400, expected)
    transaction = shared_gateway.ask("GET", "order/NONE/transaction/1")
    assert (transaction.status, transaction.body) == (400, expected)


def test_an_unknown_transaction_is_a_400(shared_gateway: GatewayWorld) -> None:
    shared_gateway.pay("ORD-6", "1", edit(load_request("pay-offer"), {"paymentPlan": UNSET}))
    answer = shared_gateway.ask("GET", "order/ORD-6/transaction/9")
    expected = refuse("Unable to find transaction 9 of order ORD-6 for merchant TESTPARCELA01")
    assert (answer.status, answer.body) == (400, expected)
