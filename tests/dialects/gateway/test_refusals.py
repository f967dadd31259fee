"""Every refusal of the core in this door's words: field, type and text, whole bodies."""

from typing import Any, cast

import pytest
from tests.support.gateway_samples import OFFER_ID, load_sample

from parcela.dialects.gateway.calls import Call, Place
from parcela.dialects.gateway.refusals import ANSWERS, NEVER_HERE, answer_refusal
from parcela.domain.errors import Conflict, DomainError, NotFound
from parcela.domain.order_refusals import (
    AcceptanceMissing,
    AlreadyPaid,
    AmountNotOpen,
    CurrencyDiffers,
    ItemMember,
    NoAcquirer,
    NothingToCapture,
    NothingToVoid,
    OperationNotAllowed,
    OrderBusy,
    OrderUnknown,
    PlanCondition,
    PlanConditionUnmet,
    PlanProviderBusy,
    PrivilegeMissing,
    Relationship,
    SessionGone,
    SessionOutdated,
    TargetUnknown,
    TermsNotAccepted,
    TransactionDiffers,
    TransactionUnknown,
)

CARD = "sourceOfFunds.provided.card.number"
SENT = {
    "order": {
        "amount": "299.99",
        "currency": "JPY",
        "item": [{"sku": "A", "quantity": "1", "unitPrice": "2.00", "serialNumber": "S1,S2"}],
    },
    "transaction": {"amount": "7.00", "currency": "EUR", "targetTransactionId": "9"},
    "sourceOfFunds": {"provided": {"card": {"number": "345678901234564"}}},
    "paymentPlanOffer": {"termsAndConditionsDisplay": "NONE"},
    "session": {"id": "SESSION1", "version": "6f8b683701"},
}


def make_call(operation: str = "PAY", plan: dict[str, Any] | None = None, **places: str) -> Call:
    fields = {**SENT, "paymentPlan": {"offerId": OFFER_ID} if plan is None else plan}
    place = Place(merchant_id="M1", **{"order_id": "O1", "transaction_id": "1", **places})
    return Call(
        engine=cast(Any, None),
        world=cast(Any, None),
        settings=cast(Any, None),
        ports=cast(Any, None),
        caller=cast(Any, None),
        place=place,
        operation=operation,
        version=100,
        fields=cast(Any, fields),
        sent=cast(Any, fields),
    )


def ask(refusal: DomainError, call: Call) -> tuple[int, dict[str, Any]]:
    error = answer_refusal(refusal, call)
    body = error.render()
    assert body["result"] == "ERROR"
    group = cast("dict[str, Any]", body["error"])
    return error.status, {name: value for name, value in group.items() if value is not None}


def tell(field: str, explanation: str, validation: str = "INVALID") -> dict[str, str]:
    return {
        "cause": "INVALID_REQUEST",
        "explanation": explanation,
        "field": field,
        "validationType": validation,
    }


# Refusal, operation, field, text.
FIELD_ROWS = [
    (
        OperationNotAllowed("pay"),
        "PAY",
        "apiOperation",
        "Value 'PAY' is invalid. Pay request not permitted for this merchant.",
    ),
    (
        NoAcquirer(Relationship.CURRENCY),
        "PAY",
        "order.currency",
        "Value 'JPY' is invalid. No valid Merchant Acquirer Relationship available",
    ),
    (
        NoAcquirer(Relationship.BRAND),
        "PAY",
        CARD,
        "Value '345678xxxxx4564' is invalid. No valid Merchant Acquirer Relationship available",
    ),
    (
        TargetUnknown("9"),
        "VOID",
        "transaction.targetTransactionId",
        "Value '9' is invalid. The order has no transaction with this identifier.",
    ),
    (
        TransactionDiffers(),
        "PAY",
        "transaction.id",
        "Value '1' is invalid. A transaction with this identifier and different content exists",
    ),
    (
        AmountNotOpen(),
        "CAPTURE",
        "transaction.amount",
        "Value '7.00' is invalid. "
        "The amount is more than is open, or not the whole of an order with a payment plan.",
    ),
    (
        CurrencyDiffers(),
        "REFUND",
        "transaction.currency",
        "Value 'EUR' is invalid. The order is in another currency.",
    ),
    (
        AlreadyPaid(),
        "PAY",
        "apiOperation",
        "Value 'PAY' is invalid. The order has been authorized or paid already.",
    ),
    (NothingToVoid(), "VOID", "apiOperation", "Value 'VOID' is invalid. There is no transaction to void."),
    (
        NothingToCapture(),
        "CAPTURE",
        "apiOperation",
        "Value 'CAPTURE' is invalid. There is no authorization to capture.",
    ),
    (
        NothingToCapture(),
        "REFUND",
        "apiOperation",
        "Value 'REFUND' is invalid. There is no captured amount to refund.",
    ),
    (
        TermsNotAccepted(),
        "UPDATE_PAYMENT_PLAN_OFFER",
        "paymentPlanOffer.termsAndConditionsDisplay",
        "Value 'NONE' is invalid. The payer must accept the terms and conditions of this payment plan offer.",
    ),
    (SessionGone(), "PAY", "session.id", "Form Session not found or expired"),
    (
        SessionOutdated(),
        "PAY",
        "session.version",
        "Value '6f8b683701' is invalid. The session has been updated since this version",
    ),
    (
        NotFound("merchant product", "PL9"),
        "PAYMENT_OPTIONS_INQUIRY",
        "paymentPlanProductId",
        "Value 'PL9' is invalid. No such payment plan product.",
    ),
]


@pytest.mark.parametrize(
    ("refusal", "operation", "field", "explanation"),
    FIELD_ROWS,
    ids=[f"{row[0].code}-{row[1]}-{row[2]}" for row in FIELD_ROWS],
)
def test_a_refusal_names_its_field(
    refusal: DomainError, operation: str, field: str, explanation: str
) -> None:
    assert ask(refusal, make_call(operation)) == (400, tell(field, explanation))


# Refusal, text without a field.
PLAIN_ROWS = [
    (PrivilegeMissing("excessive_refunds"), "Missing merchant privilege 'EXCESSIVE_REFUNDS'"),
    (OrderUnknown("O1"), "Unable to find order O1 for merchant M1"),
    (TransactionUnknown("O1", "5"), "Unable to find transaction 5 of order O1 for merchant M1"),
]


@pytest.mark.parametrize(("refusal", "explanation"), PLAIN_ROWS, ids=[row[0].code for row in PLAIN_ROWS])
def test_some_refusals_have_no_field(refusal: DomainError, explanation: str) -> None:
    wanted = {"cause": "INVALID_REQUEST", "explanation": explanation}
    assert ask(refusal, make_call()) == (400, wanted)


@pytest.mark.parametrize("refusal", [OrderBusy(), PlanProviderBusy()], ids=lambda one: one.code)
def test_what_should_be_tried_again_is_server_busy(refusal: DomainError) -> None:
    status, group = ask(refusal, make_call())
    assert status == 503
    assert {"error": group, "result": "ERROR"} == load_sample("error-busy.response")


def test_an_acceptance_that_is_needed_is_missing() -> None:
    wanted = tell("paymentPlanOffer.payerAcceptance", "Missing parameter", "MISSING")
    assert ask(AcceptanceMissing(), make_call("UPDATE_PAYMENT_PLAN_OFFER")) == (400, wanted)


OFFER = "paymentPlan.offerId"
UPDATED = "paymentPlanOffer.id"
# §11.3: condition, field, value told, text, type; then the field and value in UPDATE.
CONDITIONS = [
    (
        "plans_enabled",
        OFFER,
        OFFER_ID,
        "Payment plans not permitted for this merchant.",
        "UNSUPPORTED",
        UPDATED,
        "X1",
    ),
    ("known", OFFER, OFFER_ID, "No such payment plan offer.", "INVALID", UPDATED, "X1"),
    ("not_expired", OFFER, OFFER_ID, "The payment plan offer has expired.", "INVALID", UPDATED, "X1"),
    ("not_used", OFFER, OFFER_ID, "The payment plan offer has already been used.", "INVALID", UPDATED, "X1"),
    (
        "currency",
        "order.currency",
        "JPY",
        "The currency is not supported on the payment plan.",
        "UNSUPPORTED",
        "order.currency",
        "JPY",
    ),
    (
        "minimum",
        "order.amount",
        "299.99",
        "The order amount is below the minimum of the payment plan.",
        "INVALID",
        "order.amount",
        "299.99",
    ),
    (
        "maximum",
        "order.amount",
        "299.99",
        "The order amount is above the maximum of the payment plan.",
        "INVALID",
        "order.amount",
        "299.99",
    ),
    (
        "card",
        CARD,
        "345678xxxxx4564",
        "The card type is not supported on the payment plan.",
        "UNSUPPORTED",
        CARD,
        "345678xxxxx4564",
    ),
    (
        "accepted",
        OFFER,
        OFFER_ID,
        "The payer has not accepted the payment plan offer.",
        "INVALID",
        UPDATED,
        "X1",
    ),
    (
        "same_card",
        CARD,
        "345678xxxxx4564",
        "The payment plan offer was accepted with another card.",
        "INVALID",
        CARD,
        "345678xxxxx4564",
    ),
    (
        "same_amount",
        "order.amount",
        "299.99",
        "The order amount differs from the payment plan offer.",
        "INVALID",
        "order.amount",
        "299.99",
    ),
]


@pytest.mark.parametrize("row", CONDITIONS, ids=[row[0] for row in CONDITIONS])
def test_a_plan_condition_is_told_by_its_row(row: tuple[str, ...]) -> None:
    condition, field, value, text, validation, update_field, update_value = row
    refusal = PlanConditionUnmet(PlanCondition(condition))
    explanation = f"Value '{value}' is invalid. {text}"
    assert ask(refusal, make_call()) == (400, tell(field, explanation, validation))
    updated = f"Value '{update_value}' is invalid. {text}"
    call = make_call("UPDATE_PAYMENT_PLAN_OFFER", offer_id="X1")
    assert ask(refusal, call) == (400, tell(update_field, updated, validation))


# Member, value, name.
MEMBERS = [("sku", "A", "sku"), ("quantity", "1", "quantity"), ("unit_price", "2.00", "unitPrice")]


@pytest.mark.parametrize(("member", "value", "name"), MEMBERS)
def test_an_item_that_differs_is_told_by_its_member(member: str, value: str, name: str) -> None:
    refusal = PlanConditionUnmet(PlanCondition.SAME_ITEMS, item_index=0, member=ItemMember(member))
    text = f"Value '{value}' is invalid. The items differ from the payment plan offer."
    assert ask(refusal, make_call()) == (400, tell(f"order.item[0].{name}", text))


def test_an_item_that_is_not_there_is_told_by_its_place() -> None:
    refusal = PlanConditionUnmet(PlanCondition.SAME_ITEMS, item_index=1, member=ItemMember.SKU)
    text = "Value '' is invalid. The items differ from the payment plan offer."
    assert ask(refusal, make_call()) == (400, tell("order.item[1].sku", text))


def test_items_that_must_be_named_are_missing() -> None:
    refusal = PlanConditionUnmet(PlanCondition.SAME_ITEMS)
    wanted = tell("order.item", "Missing parameter", "MISSING")
    assert ask(refusal, make_call("UPDATE_PAYMENT_PLAN_OFFER", offer_id="X1")) == (400, wanted)


def test_serial_numbers_that_are_due_are_missing() -> None:
    refusal = PlanConditionUnmet(PlanCondition.SERIAL_NUMBERS, item_index=0, member=ItemMember.SERIAL_NUMBER)
    status, group = ask(refusal, make_call("CAPTURE"))
    assert (status, {"error": group, "result": "ERROR"}) == (
        400,
        load_sample("capture-serial-missing.response"),
    )


def test_a_wrong_number_of_serial_numbers_is_invalid() -> None:
    refusal = PlanConditionUnmet(PlanCondition.SAME_ITEMS, item_index=0, member=ItemMember.SERIAL_NUMBER)
    text = "Value 'S1,S2' is invalid. Expected one serial number for each piece, separated by commas."
    assert ask(refusal, make_call()) == (400, tell("order.item[0].serialNumber", text))


CUSTOM = {"planId": "PLANN", "numberOfPayments": "7", "numberOfDeferrals": "2"}
# Condition, field, text: of a custom plan.
CUSTOM_ROWS = [
    (
        "plans_enabled",
        "paymentPlan.planId",
        "Value 'PLANN' is invalid. Payment plans not permitted for this merchant.",
        "UNSUPPORTED",
    ),
    ("known", "paymentPlan.planId", "Value 'PLANN' is invalid. No such payment plan.", "INVALID"),
    (
        "count",
        "paymentPlan.numberOfPayments",
        "Value '7' is invalid. The number of payments is not supported on the payment plan.",
        "INVALID",
    ),
    (
        "deferrals",
        "paymentPlan.numberOfDeferrals",
        "Value '2' is invalid. The number of deferrals is not supported on the payment plan.",
        "INVALID",
    ),
]


@pytest.mark.parametrize("row", CUSTOM_ROWS, ids=[row[0] for row in CUSTOM_ROWS])
def test_a_custom_plan_is_told_by_its_own_fields(row: tuple[str, ...]) -> None:
    condition, field, explanation, validation = row
    refusal = PlanConditionUnmet(PlanCondition(condition))
    assert ask(refusal, make_call(plan=CUSTOM)) == (400, tell(field, explanation, validation))


def test_the_inquiry_of_a_plan_names_it_by_its_address() -> None:
    refusal = PlanConditionUnmet(PlanCondition.KNOWN)
    wanted = tell("paymentPlan.planId", "Value 'NOPE' is invalid. No such payment plan.")
    assert ask(refusal, make_call("PLAN_OFFERS_INQUIRY", plan={}, plan_id="NOPE")) == (400, wanted)


def test_a_custom_plan_without_its_number_of_payments_misses_it() -> None:
    wanted = tell("paymentPlan.numberOfPayments", "Missing parameter", "MISSING")
    refusal = PlanConditionUnmet(PlanCondition.COUNT)
    assert ask(refusal, make_call(plan={"planId": "PLANN"})) == (400, wanted)


def test_the_printed_spelling_of_the_offer_is_told_under_the_verdict() -> None:
    refusal = PlanConditionUnmet(PlanCondition.KNOWN)
    wanted = tell(OFFER, "Value 'P9' is invalid. No such payment plan offer.")
    assert ask(refusal, make_call(plan={"offerID": "P9"})) == (400, wanted)


def test_a_refusal_of_another_door_is_a_fault_for_the_edge() -> None:
    refusal = Conflict("no")
    with pytest.raises(Conflict) as caught:
        answer_refusal(refusal, make_call())
    assert caught.value is refusal


def test_every_condition_of_a_plan_has_a_text() -> None:
    for condition in PlanCondition:
        refusal = PlanConditionUnmet(condition, item_index=0, member=ItemMember.SKU)
        status, group = ask(refusal, make_call())
        assert (status, group["cause"]) == (400, "INVALID_REQUEST")


def test_no_code_is_in_both_tables() -> None:
    assert set(ANSWERS) & NEVER_HERE == set()
