"""`/plans` in process: at most one plan per presentment, repeats, expiry, and what a plan outlives."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.network_client import WireRequest, forge
from tests.support.network_world import NetworkWorld
from tests.support.samples import UNSET, edit, load_error, load_sample

from parcela.domain.merchants import MerchantProfile
from parcela.domain.programs import Program

PAN = "sensitiveData.consumer.primaryAccountNumber"


def build_plan(network: NetworkWorld) -> dict[str, Any]:
    """A good request for offers presented just now."""
    answer = network.call(network.partner, "POST /offers", load_sample("offers-request"))
    presented = {"offerTransactionId": answer.body["offerTransactionId"]}
    return edit(load_sample("parcela-plan-request"), presented)


def reorder(value: Any) -> Any:
    """The same JSON with its members, and the lists of offers and rows, the other way round."""
    if isinstance(value, dict):
        return {name: reorder(value[name]) for name in reversed(value)}
    if isinstance(value, list):
        return [reorder(member) for member in reversed(value)]
    return value


ONE_PLAN = {"presentment": 1, "plan": 1, "installment": 6, "event": 1, "letter": 1}


@pytest.mark.parametrize(
    "edits",
    [
        {},
        {"transaction.amount": "400.00", "planInstallmentInformation.apr": "0"},
        {"planInstallmentInformation.tenure": "6", "schedulePayments[0].installmentNumber": "1"},
        {"merchant.mcc": 1711, "merchant.acquirerId": 234353, "merchant.merchantId": 121234},
        {"schedulePayments[1].dueDate": "2023-11-9", "schedulePayments[1].installmentAmount": "66.670"},
        {"transaction.localDateTime": "2023-10-26T00:00:00+00:00", PAN: 5110921032063789},
        {"transaction.stan": None, "transaction.rrn": "", "unknown": [1]},
        {"transactionOffers": [{"offerId": "21351677"}, {"offerId": "21345693"}, {"offerId": "21351677"}]},
    ],
)
def test_a_repeat_in_another_spelling_is_the_same_plan(network: NetworkWorld, edits: dict[str, Any]) -> None:
    plan = build_plan(network)
    first = network.call(network.partner, "POST /plans", plan)
    again = network.call(network.partner, "POST /plans", reorder(edit(plan, edits)))
    assert (again.status, again.raw, again.headers["location"]) == (
        201,
        first.raw,
        first.headers["location"],
    )
    assert network.count_records() == {**ONE_PLAN, "pan_list": 0, "pan_list_member": 0}


@pytest.mark.parametrize(
    "edits",
    [
        {"transaction.stan": "123456"},
        {"transaction.transmissionDateTime": UNSET},
        {"transaction.transactionLinkId": "1"},
        {"merchant.name": UNSET},
        {"merchant.merchantId": "0121234"},
        {"transactionOffers": [{"offerId": "21345693"}]},
        {PAN: "5105105105105100"},
        {"planInstallmentInformation.totalAmount": 401},
        {"schedulePayments[0].dueDate": "2023-10-27"},
    ],
)
def test_a_repeat_with_other_content_is_refused(network: NetworkWorld, edits: dict[str, Any]) -> None:
    plan = build_plan(network)
    assert network.call(network.partner, "POST /plans", plan).status == 201
    again = network.call(network.partner, "POST /plans", edit(plan, edits))
    assert (again.status, again.body) == (400, load_error("plans", "PlanExists")["body"])
    assert network.count_records() == {**ONE_PLAN, "pan_list": 0, "pan_list_member": 0}


def test_a_repeat_is_answered_after_the_offer_has_expired(network: NetworkWorld) -> None:
    plan = build_plan(network)
    first = network.call(network.partner, "POST /plans", plan)
    network.move_clock(timedelta(hours=25))
    again = network.call(network.partner, "POST /plans", plan)
    assert (again.status, again.raw) == (201, first.raw)
    refused = network.call(network.partner, "POST /plans", edit(plan, {"transaction.stan": "1"}))
    assert refused.body == load_error("plans", "PlanExists")["body"]


def test_an_offer_lives_until_its_last_second(network: NetworkWorld) -> None:
    plan = build_plan(network)
    network.move_clock(timedelta(hours=23, minutes=59))
    assert network.call(network.partner, "POST /plans", plan).status == 201


def test_64_equal_requests_at_once_are_one_plan(twin_network: NetworkWorld) -> None:
    plan = build_plan(twin_network)
    requests = [forge(twin_network.partner, "POST /plans", plan) for _ in range(64)]
    answers = twin_network.send_all(requests)
    assert {answer.status for answer in answers} == {201}
    assert len({answer.raw for answer in answers}) == 1
    assert twin_network.count_records() == {**ONE_PLAN, "pan_list": 0, "pan_list_member": 0}


def test_of_64_different_requests_at_once_one_wins(twin_network: NetworkWorld) -> None:
    plan = build_plan(twin_network)
    requests = [
        forge(twin_network.partner, "POST /plans", edit(plan, {"transaction.stan": str(number)}))
        for number in range(64)
    ]
    answers = twin_network.send_all(requests)
    assert sorted(answer.status for answer in answers) == [201] + [400] * 63
    refused = [answer.body for answer in answers if answer.status == 400]
    assert refused == [load_error("plans", "PlanExists")["body"]] * 63
    assert twin_network.count_records() == {**ONE_PLAN, "pan_list": 0, "pan_list_member": 0}


def test_one_nonce_at_once_on_two_engines_is_taken_once(twin_network: NetworkWorld) -> None:
    request = forge(twin_network.partner, "POST /offers", load_sample("offers-request"))
    answers = twin_network.send_all([request] * 16)
    assert sorted(answer.status for answer in answers) == [200] + [401] * 15


def test_a_foreign_and_an_unknown_plan_look_alike(network: NetworkWorld) -> None:
    made = network.call(network.partner, "POST /plans", build_plan(network))
    sent = {"Correlation-Id": "00000000-0000-4000-8000-000000000000"}
    foreign = network.call(network.issuer, f"GET /plans/{made.body['planId']}", headers=sent)
    unknown = network.call(network.issuer, "GET /plans/00000000-0000-4000-8000-000000000000", headers=sent)
    assert foreign == unknown
    assert (foreign.status, foreign.body) == (404, load_error("plans", "PlanNotFound")["body"])


def test_a_plan_is_read_by_any_spelling_of_its_id_and_without_a_content_type(network: NetworkWorld) -> None:
    plan_id = network.call(network.partner, "POST /plans", build_plan(network)).body["planId"]
    headers = {"Content-Type": None}
    read = network.call(network.partner, f"GET /plans/{plan_id.upper()}", headers=headers)
    assert (read.status, read.body["planId"]) == (200, plan_id)
    assert "5110921032063789" not in read.raw.decode()


def test_identifiers_come_back_as_strings_and_empty_ones_not_at_all(network: NetworkWorld) -> None:
    edits = {
        "transaction.stan": 742,
        "transaction.rrn": "",
        "transaction.authorizationCode": "000742",
        "merchant.mcc": 1711,
    }
    made = network.call(network.partner, "POST /plans", edit(build_plan(network), edits))
    read = network.call(network.partner, f"GET /plans/{made.body['planId']}").body
    assert read["merchant"]["mcc"] == "1711"
    assert read["transaction"] == {
        "amountType": "PURCHASE",
        "amount": 400,
        "currency": "USD",
        "stan": "742",
        "authorizationCode": "000742",
        "localDateTime": "2023-10-26T00:00:00Z",
        "transmissionDateTime": "2023-10-26T00:00:05Z",
    }


def test_what_was_shown_is_taken_though_the_program_has_changed(network: NetworkWorld) -> None:
    plan = build_plan(network)
    held = network.get_entry(Program.kind, "21345693")
    network.change_catalogue(replace(held, terms=replace(held.terms, count=8)))
    made = network.call(network.partner, "POST /plans", plan)
    read = network.call(network.partner, f"GET /plans/{made.body['planId']}").body
    assert (made.status, len(read["schedulePayments"])) == (201, 6)


def test_offers_of_an_issuer_that_has_left_are_no_longer_valid(network: NetworkWorld) -> None:
    plan = build_plan(network)
    provider_id = plan["providerId"]

    async def list_owned() -> tuple[tuple[str, str], ...]:
        entries = (await network.engine.look()).catalogue(1).entries
        # What merchants offer goes with the issuer whose programs those are; registered merchants stay.
        return tuple(
            key
            for key, held in entries.items()
            if (hasattr(held.entry, "merchant_id") and key[0] != MerchantProfile.kind)
            or getattr(held.entry, "provider_id", None) == provider_id
        )

    network.change_catalogue(removed=network.run(list_owned()))
    refused = network.call(network.partner, "POST /plans", plan)
    assert (refused.status, refused.body) == (400, load_error("plans", "OfferExpired")["body"])


def test_a_final_plan_needs_no_shown_offers_but_must_send_the_right_ones(network: NetworkWorld) -> None:
    asked = network.call(network.issuer, "POST /offers", load_sample("offers-request"))
    presented = {"offerTransactionId": asked.body["offerTransactionId"]}
    plan = edit(load_sample("parcela-plan-request-post-purchase"), presented)
    wrong = edit(plan, {"transactionOffers": [{"offerId": "21351677"}]})
    refused = network.call(network.issuer, "POST /plans", wrong)
    assert refused.body == load_error("plans", "TransactionOffersMisMatch")["body"]
    assert network.call(network.issuer, "POST /plans", plan).status == 201


def test_requests_of_a_signed_body_are_read_as_sent(network: NetworkWorld) -> None:
    """White space and member order belong to the signature; the content is the same plan."""
    request = forge(network.partner, "POST /plans", build_plan(network))
    spaced = json.dumps(json.loads(request.body), indent=2).encode()
    unsigned = WireRequest(request.method, request.url, request.headers, spaced)
    answer = network.send(unsigned)
    assert answer.body["Errors"]["Error"][0]["ReasonCode"] == "INVALID_BODY_HASH"
    assert network.send(forge(network.partner, "POST /plans", spaced)).status == 201
