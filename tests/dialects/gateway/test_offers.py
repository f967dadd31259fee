"""UPDATE_PAYMENT_PLAN_OFFER through the door (`spec/gateway.md` §10)."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.gateway_samples import (
    OFFER_ID,
    load_nvp_request,
    load_request,
    load_sample,
    read_exactly,
    swap,
)
from tests.support.gateway_world import Answer, GatewayWorld
from tests.support.samples import UNSET, edit

CARD = "sourceOfFunds.provided.card.number"
DISPLAY = "paymentPlanOffer.termsAndConditionsDisplay"
SERIAL = "SN-4471-0093-AA"


def quote(world: GatewayWorld, **changes: Any) -> list[str]:
    """The ids of the demo merchant's cart offers in AUD: 3, 6 and 12 payments."""
    request = edit(load_request("options"), changes)
    answer = world.ask("POST", "paymentOptionsInquiry", request)
    return list(answer.body["paymentTypes"]["card"]["paymentPlanOffer"])


def update(world: GatewayWorld, offer_id: str, body: dict[str, Any], **options: Any) -> Answer:
    return world.ask("PUT", f"paymentPlanOffer/{offer_id}", body, **options)


def accept(world: GatewayWorld, offer_id: str, changes: dict[str, Any] | None = None) -> Answer:
    return update(world, offer_id, edit(load_request("update-accept"), changes or {}))


def expect(sample: str, offer_id: str) -> Any:
    return swap(load_sample(sample), {OFFER_ID: offer_id})


def is_sample(answer: Answer, sample: str, offer_id: str) -> bool:
    return (answer.status, read_exactly(answer.raw)) == (200, expect(f"{sample}.response", offer_id))


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


def test_an_acceptance_is_answered_as_its_sample(gateway: GatewayWorld) -> None:
    offer_id = quote(gateway)[1]
    assert is_sample(accept(gateway, offer_id), "update-accept", offer_id)
    before = gateway.count_records()
    assert is_sample(accept(gateway, offer_id), "update-accept", offer_id)
    assert gateway.count_records() == before


def test_an_acceptance_over_nvp_is_the_same(gateway: GatewayWorld) -> None:
    first, second = quote(gateway)[1], quote(gateway)[1]
    assert is_sample(accept(gateway, first), "update-accept", first)
    told = gateway.ask_nvp({**load_nvp_request("update-accept"), "paymentPlanOffer.id": second})
    assert (told.status, told.raw.decode()) == (
        200,
        f"merchant=TESTPARCELA01&paymentPlanOffer.id={second}&paymentPlanOffer.status=ACCEPTED"
        "&result=SUCCESS&version=100",
    )
    assert find_states(gateway) == {first: "accepted", second: "accepted"}


def find_states(world: GatewayWorld) -> dict[str, str]:
    rows = world.fetch("SELECT offer_id, state FROM merchant_offer")
    return {row["offer_id"]: row["state"] for row in rows}


def test_serial_numbers_that_are_due_are_named_and_taken(gateway: GatewayWorld) -> None:
    offer_id = quote(gateway)[1]
    answer = accept(gateway, offer_id, {CARD: "5123450000017101"})
    expected = expect("update-conditional.response", offer_id)
    expected["paymentPlanOffer"]["requiredInformation"].append("order.item[1].serialNumber")
    assert (answer.status, read_exactly(answer.raw)) == (200, expected)
    phone = update(gateway, offer_id, load_request("update-serials"))
    expected["paymentPlanOffer"]["requiredInformation"] = ["order.item[1].serialNumber"]
    assert read_exactly(phone.raw) == expected
    cases = {"quantity": "2", "sku": "CASE-01", "unitPrice": "25.00", "serialNumber": "A1, A2"}
    last = update(
        gateway,
        offer_id,
        {"apiOperation": "UPDATE_PAYMENT_PLAN_OFFER", "order": {"item": [cases]}},
    )
    assert is_sample(last, "update-accept", offer_id)


# Items that say no more than their serial numbers: by SKU, by index.
SHORT_ITEMS = {
    "sku": [{"sku": "CASE-01", "serialNumber": "A1,A2"}, {"sku": "PHN-128-BLK", "serialNumber": SERIAL}],
    "index": [{"serialNumber": SERIAL}, {"serialNumber": "A1,A2"}],
}


@pytest.mark.parametrize("name", SHORT_ITEMS)
def test_serial_numbers_find_their_row(gateway: GatewayWorld, name: str) -> None:
    offer_id = quote(gateway)[1]
    accept(gateway, offer_id, {CARD: "5123450000017101"})
    body = {"apiOperation": "UPDATE_PAYMENT_PLAN_OFFER", "order": {"item": SHORT_ITEMS[name]}}
    assert is_sample(update(gateway, offer_id, body), "update-accept", offer_id)


def test_serial_numbers_may_come_with_the_acceptance(gateway: GatewayWorld) -> None:
    offer_id = quote(gateway)[1]
    changes = {
        CARD: "5123450000017101",
        "order.item[0].serialNumber": SERIAL,
        "order.item[1].serialNumber": "A1,A2",
    }
    assert is_sample(accept(gateway, offer_id, changes), "update-accept", offer_id)


def test_an_offer_that_the_provider_refuses_is_unavailable(gateway: GatewayWorld) -> None:
    offer_id = quote(gateway)[1]
    before = gateway.count_records()
    answer = accept(gateway, offer_id, {CARD: "5123450000007102"})
    assert is_sample(answer, "update-unavailable", offer_id)
    assert gateway.count_records() == before


def test_an_expired_offer_is_unavailable(gateway: GatewayWorld) -> None:
    offer_id = quote(gateway)[1]
    gateway.move_clock(timedelta(hours=24, seconds=1))
    assert is_sample(accept(gateway, offer_id), "update-unavailable", offer_id)


def test_a_provider_that_is_busy_takes_the_second_try(gateway: GatewayWorld) -> None:
    offer_id = quote(gateway)[1]
    changes = {CARD: "5123450000077105"}
    busy = accept(gateway, offer_id, changes)
    assert (busy.status, busy.headers["retry-after"]) == (503, "10")
    assert read_exactly(busy.raw) == load_sample("error-busy.response")
    assert is_sample(accept(gateway, offer_id, changes), "update-accept", offer_id)


def test_the_card_may_stand_in_a_session(gateway: GatewayWorld) -> None:
    offer_id = quote(gateway)[1]
    session_id = gateway.ask("POST", "session").body["session"]["id"]
    kept = {"sourceOfFunds": load_request("update-accept")["sourceOfFunds"]}
    assert gateway.ask("PUT", f"session/{session_id}", kept).status == 200
    body = edit(load_request("update-accept"), {"sourceOfFunds": UNSET, "session.id": session_id})
    assert is_sample(update(gateway, offer_id, body), "update-accept", offer_id)


# Changes to a good acceptance, and the refusal.
REFUSED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"paymentPlanOffer.payerAcceptance": False},
        tell("paymentPlanOffer.payerAcceptance", "Value 'false' is invalid. Expected true"),
    ),
    (
        {"paymentPlanOffer": UNSET},
        tell("paymentPlanOffer.payerAcceptance", "Missing parameter", "MISSING"),
    ),
    (
        {
            "paymentPlanOffer": UNSET,
            "sourceOfFunds": UNSET,
            "order": {"item": [{"serialNumber": SERIAL, "sku": "PHN-128-BLK"}]},
        },
        tell("paymentPlanOffer.payerAcceptance", "Missing parameter", "MISSING"),
    ),
    (
        {DISPLAY: "MAYBE"},
        tell(
            DISPLAY,
            "Value 'MAYBE' is invalid. Expected one of NONE, TERMS_AND_CONDITIONS_ONLY, "
            "TERMS_AND_CONDITIONS_AND_ACCEPTANCE",
        ),
    ),
    ({DISPLAY: UNSET}, tell(DISPLAY, "Missing parameter", "MISSING")),
    ({"order.amount": UNSET}, tell("order.amount", "Missing parameter", "MISSING")),
    ({"order.currency": UNSET}, tell("order.currency", "Missing parameter", "MISSING")),
    ({CARD: UNSET}, tell(CARD, "Missing parameter", "MISSING")),
    ({"order.item[0].sku": UNSET}, tell("order.item[0].sku", "Missing parameter", "MISSING")),
    ({"order.item": UNSET}, tell("order.item", "Missing parameter", "MISSING")),
    (
        {"order.currency": "USD"},
        tell(
            "order.currency",
            "Value 'USD' is invalid. The currency is not supported on the payment plan.",
            "UNSUPPORTED",
        ),
    ),
    (
        {"order.amount": "299.99"},
        tell(
            "order.amount",
            "Value '299.99' is invalid. The order amount is below the minimum of the payment plan.",
        ),
    ),
    (
        {"order.amount": "10000.01"},
        tell(
            "order.amount",
            "Value '10000.01' is invalid. The order amount is above the maximum of the payment plan.",
        ),
    ),
    (
        {CARD: "345678901234564"},
        tell(
            CARD,
            "Value '345678xxxxx4564' is invalid. The card type is not supported on the payment plan.",
            "UNSUPPORTED",
        ),
    ),
    (
        {"order.amount": "1201.00"},
        tell(
            "order.amount",
            "Value '1201.00' is invalid. The order amount differs from the payment plan offer.",
        ),
    ),
    (
        {"order.item[1].quantity": "3"},
        tell(
            "order.item[1].quantity",
            "Value '3' is invalid. The items differ from the payment plan offer.",
        ),
    ),
    (
        {"order.item[1].serialNumber": "A1"},
        tell(
            "order.item[1].serialNumber",
            "Value 'A1' is invalid. Expected one serial number for each piece, separated by commas.",
        ),
    ),
    (
        {"order.item[1].serialNumber": "A1,"},
        tell(
            "order.item[1].serialNumber",
            "Value 'A1,' is invalid. Expected serial numbers of 1 to 100 characters with commas between",
        ),
    ),
]


@pytest.mark.parametrize(
    ("changes", "expected"),
    REFUSED,
    ids=[f"{number}-{row[1]['error']['field']}" for number, row in enumerate(REFUSED)],
)
def test_an_update_that_makes_no_sense_is_refused(
    shared_gateway: GatewayWorld, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    offer_id = quote(shared_gateway)[1]
    before = shared_gateway.count_records()
    answer = accept(shared_gateway, offer_id, changes)
    assert (answer.status, answer.body) == (400, expected)
    assert shared_gateway.count_records() == before


@pytest.mark.parametrize("display", ["NONE", "TERMS_AND_CONDITIONS_ONLY"])
def test_terms_that_were_not_accepted_are_refused(shared_gateway: GatewayWorld, display: str) -> None:
    offer_id = quote(shared_gateway)[1]
    before = shared_gateway.count_records()
    answer = accept(shared_gateway, offer_id, {DISPLAY: display})
    text = load_sample("update-terms-not-shown.response")
    text["error"]["explanation"] = text["error"]["explanation"].replace("NONE", display)
    assert (answer.status, answer.body) == (400, text)
    assert shared_gateway.count_records() == before


def test_an_offer_that_needs_no_acceptance_may_be_accepted_all_the_same(gateway: GatewayWorld) -> None:
    offer_id = quote(gateway)[2]
    assert is_sample(accept(gateway, offer_id, {DISPLAY: "NONE"}), "update-accept", offer_id)


def list_unknown(world: GatewayWorld) -> dict[str, str]:
    """Ids that stand for no offer of this merchant that could be accepted."""
    generic = world.ask("POST", "shoppingOptionsInquiry", load_request("shopping"))
    items = world.ask("POST", "itemPaymentPlanOffers", load_request("item"))
    return {
        "never": "NOSUCHOFFER1",
        "generic": min(generic.body["paymentPlanOffer"]),
        "item": min(items.body["item"][0]["paymentPlanOffer"]),
        "beyond": quote(world)[0][:20] + "99",
        "longest": "a" * 60,
    }


@pytest.mark.parametrize("name", ["never", "generic", "item", "beyond", "longest"])
def test_every_id_that_is_no_offer_gets_one_text(shared_gateway: GatewayWorld, name: str) -> None:
    offer_id = list_unknown(shared_gateway)[name]
    before = shared_gateway.count_records()
    answer = accept(shared_gateway, offer_id)
    expected = load_sample("update-unknown-offer.response")
    expected["error"]["explanation"] = expected["error"]["explanation"].replace("NOSUCHOFFER1", offer_id)
    assert (answer.status, read_exactly(answer.raw)) == (400, expected)
    assert shared_gateway.count_records() == before


def test_a_used_offer_takes_serial_numbers_only(gateway: GatewayWorld) -> None:
    offer_id = quote(gateway)[1]
    accept(gateway, offer_id)
    payment = edit(load_request("authorize-offer"), {"paymentPlan.offerId": offer_id})
    assert gateway.pay("ORD-1", "1", payment).body["result"] == "SUCCESS"
    before = gateway.count_records()
    again = accept(gateway, offer_id)
    text = f"Value '{offer_id}' is invalid. The payment plan offer has already been used."
    assert (again.status, again.body) == (400, tell("paymentPlanOffer.id", text))
    assert gateway.count_records() == before
    serials = update(gateway, offer_id, load_request("update-serials"))
    assert is_sample(serials, "update-accept", offer_id)


def test_the_version_is_echoed_as_text(shared_gateway: GatewayWorld) -> None:
    offer_id = quote(shared_gateway)[1]
    answer = update(shared_gateway, offer_id, load_request("update-accept"), version=65)
    assert answer.body["version"] == "65"
