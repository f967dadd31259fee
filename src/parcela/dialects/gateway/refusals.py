"""The core's refusals in the gateway's words: one row for every code (`spec/gateway.md` §§4.2, 11.3)."""

from collections.abc import Callable, Mapping

from parcela.dialects.gateway.calls import Call
from parcela.dialects.gateway.errors import (
    GatewayError,
    refuse_busy,
    refuse_invalid,
    refuse_missing,
    refuse_operation,
    refuse_session_gone,
    refuse_unsupported,
    refuse_without_field,
)
from parcela.dialects.gateway.request_tree import find_text
from parcela.domain.errors import DomainError, NotFound
from parcela.domain.order_refusals import (
    ItemMember,
    NoAcquirer,
    OrderUnknown,
    PlanCondition,
    PlanConditionUnmet,
    PrivilegeMissing,
    Relationship,
    TargetUnknown,
    TransactionUnknown,
)

Answer = Callable[[DomainError, Call], GatewayError]

CARD_NUMBER = "sourceOfFunds.provided.card.number"
_UPDATE = "UPDATE_PAYMENT_PLAN_OFFER"
_PLAN_INQUIRY = "PLAN_OFFERS_INQUIRY"

_ITEM_NAMES: Mapping[ItemMember, str] = {
    ItemMember.SKU: "sku",
    ItemMember.QUANTITY: "quantity",
    ItemMember.UNIT_PRICE: "unitPrice",
    ItemMember.SERIAL_NUMBER: "serialNumber",
}
_PLAN_TEXTS: Mapping[PlanCondition, tuple[str, str]] = {
    PlanCondition.PLANS_ENABLED: ("offer", "Payment plans not permitted for this merchant."),
    PlanCondition.KNOWN: ("offer", "No such payment plan offer."),
    PlanCondition.NOT_EXPIRED: ("offer", "The payment plan offer has expired."),
    PlanCondition.NOT_USED: ("offer", "The payment plan offer has already been used."),
    PlanCondition.CURRENCY: ("order.currency", "The currency is not supported on the payment plan."),
    PlanCondition.MINIMUM: ("amount", "The order amount is below the minimum of the payment plan."),
    PlanCondition.MAXIMUM: ("amount", "The order amount is above the maximum of the payment plan."),
    PlanCondition.CARD: (CARD_NUMBER, "The card type is not supported on the payment plan."),
    PlanCondition.ACCEPTED: ("offer", "The payer has not accepted the payment plan offer."),
    PlanCondition.SAME_CARD: (CARD_NUMBER, "The payment plan offer was accepted with another card."),
    PlanCondition.SAME_AMOUNT: ("amount", "The order amount differs from the payment plan offer."),
    PlanCondition.SAME_ITEMS: ("item", "The items differ from the payment plan offer."),
    PlanCondition.COUNT: (
        "paymentPlan.numberOfPayments",
        "The number of payments is not supported on the payment plan.",
    ),
    PlanCondition.DEFERRALS: (
        "paymentPlan.numberOfDeferrals",
        "The number of deferrals is not supported on the payment plan.",
    ),
}
"""Field and text of every condition of §11.3 but the last, whose text stands alone."""

_UNSUPPORTED = frozenset({PlanCondition.PLANS_ENABLED, PlanCondition.CURRENCY, PlanCondition.CARD})


def _refuse_value(field: str, reason: str) -> Answer:
    return lambda _, call: refuse_invalid(field, show_sent(call, field), reason)


def _refuse_operation(reason: str) -> Answer:
    return lambda _, call: refuse_invalid("apiOperation", call.operation, reason)


def _answer_privilege(refusal: DomainError, _: Call) -> GatewayError:
    assert isinstance(refusal, PrivilegeMissing)
    return refuse_without_field(f"Missing merchant privilege '{refusal.privilege.upper()}'")


def _answer_relationship(refusal: DomainError, call: Call) -> GatewayError:
    assert isinstance(refusal, NoAcquirer)
    field = "order.currency" if refusal.missing is Relationship.CURRENCY else CARD_NUMBER
    return refuse_invalid(field, show_sent(call, field), "No valid Merchant Acquirer Relationship available")


def _answer_unknown_order(refusal: DomainError, call: Call) -> GatewayError:
    assert isinstance(refusal, OrderUnknown)
    return refuse_without_field(
        f"Unable to find order {refusal.order_id} for merchant {call.place.merchant_id}"
    )


def _answer_unknown_transaction(refusal: DomainError, call: Call) -> GatewayError:
    assert isinstance(refusal, TransactionUnknown)
    return refuse_without_field(
        f"Unable to find transaction {refusal.transaction_id} of order {refusal.order_id} "
        f"for merchant {call.place.merchant_id}"
    )


def _answer_unknown_target(refusal: DomainError, _: Call) -> GatewayError:
    assert isinstance(refusal, TargetUnknown)
    return refuse_invalid(
        "transaction.targetTransactionId",
        refusal.transaction_id,
        "The order has no transaction with this identifier.",
    )


def _answer_differing(_: DomainError, call: Call) -> GatewayError:
    return refuse_invalid(
        "transaction.id",
        call.place.transaction_id,
        "A transaction with this identifier and different content exists",
    )


def _answer_closed_amount(_: DomainError, call: Call) -> GatewayError:
    reason = "The amount is more than is open, or not the whole of an order with a payment plan."
    return refuse_invalid("transaction.amount", show_sent(call, "transaction.amount"), reason)


def _answer_nothing_open(_: DomainError, call: Call) -> GatewayError:
    reasons = {"REFUND": "There is no captured amount to refund."}
    reason = reasons.get(call.operation, "There is no authorization to capture.")
    return refuse_invalid("apiOperation", call.operation, reason)


def _answer_not_found(refusal: DomainError, call: Call) -> GatewayError:
    """Only products of a merchant are looked for by a name that a request gives."""
    assert isinstance(refusal, NotFound)
    return refuse_invalid("paymentPlanProductId", refusal.key, "No such payment plan product.")


def _answer_plan_condition(refusal: DomainError, call: Call) -> GatewayError:
    assert isinstance(refusal, PlanConditionUnmet)
    if refusal.condition is PlanCondition.SERIAL_NUMBERS:
        return refuse_missing(f"order.item[{refusal.item_index or 0}].serialNumber")
    if refusal.condition is PlanCondition.SAME_ITEMS and refusal.item_index is None:
        return refuse_missing("order.item")
    target, reason = _PLAN_TEXTS[refusal.condition]
    field, value = _find_field(target, refusal, call)
    if refusal.condition is PlanCondition.COUNT and not value:
        return refuse_missing(field)
    if refusal.member is ItemMember.SERIAL_NUMBER:
        reason = "Expected one serial number for each piece, separated by commas."
    if field == "paymentPlan.planId" and refusal.condition is PlanCondition.KNOWN:
        reason = "No such payment plan."
    refuse = refuse_unsupported if refusal.condition in _UNSUPPORTED else refuse_invalid
    return refuse(field, value, reason)


def _find_field(target: str, refusal: PlanConditionUnmet, call: Call) -> tuple[str, str]:
    """The field that a condition is about, and the value that was sent in it."""
    if target == "offer":
        return _find_plan_field(call)
    if target == "amount":
        field = "order.amount" if find_text(call.fields, "order.amount") else "order.netAmount"
        return field, show_sent(call, field)
    if target == "item":
        member = _ITEM_NAMES[refusal.member or ItemMember.SKU]
        field = f"order.item[{refusal.item_index or 0}].{member}"
        return field, show_sent(call, field)
    return target, show_sent(call, target)


def _find_plan_field(call: Call) -> tuple[str, str]:
    """How the operation named the plan: in the address, or in one of two spellings."""
    if call.operation == _UPDATE:
        return "paymentPlanOffer.id", call.place.offer_id
    if call.operation == _PLAN_INQUIRY:
        return "paymentPlan.planId", call.place.plan_id
    plan_id = find_text(call.fields, "paymentPlan.planId")
    if plan_id:
        return "paymentPlan.planId", plan_id
    printed = show_sent(call, "paymentPlan.offerID")
    return "paymentPlan.offerId", show_sent(call, "paymentPlan.offerId") or printed


def show_sent(call: Call, field: str) -> str:
    """The value that came in a field; empty when none came. What may be told of it is for the error."""
    return find_text(call.fields, field) or ""


ANSWERS: dict[str, Answer] = {
    "acceptance_missing": lambda _, __: refuse_missing("paymentPlanOffer.payerAcceptance"),
    "already_paid": _refuse_operation("The order has been authorized or paid already."),
    "amount_not_open": _answer_closed_amount,
    "currency_differs": _refuse_value("transaction.currency", "The order is in another currency."),
    "no_acquirer": _answer_relationship,
    "not_found": _answer_not_found,
    "nothing_to_capture": _answer_nothing_open,
    "nothing_to_void": _refuse_operation("There is no transaction to void."),
    "operation_not_allowed": lambda _, call: refuse_operation(call.operation, is_known=True),
    "order_busy": lambda _, __: refuse_busy(),
    "order_unknown": _answer_unknown_order,
    "plan_condition_unmet": _answer_plan_condition,
    "plan_provider_busy": lambda _, __: refuse_busy(),
    "privilege_missing": _answer_privilege,
    "session_gone": lambda _, __: refuse_session_gone(),
    "session_outdated": _refuse_value("session.version", "The session has been updated since this version"),
    "target_unknown": _answer_unknown_target,
    "terms_not_accepted": _refuse_value(
        "paymentPlanOffer.termsAndConditionsDisplay",
        "The payer must accept the terms and conditions of this payment plan offer.",
    ),
    "transaction_differs": _answer_differing,
    "transaction_unknown": _answer_unknown_transaction,
    "unknown_token": _refuse_value(CARD_NUMBER, "Cannot determine card brand."),
}
"""The refusals that this door's operations list in their docstrings."""

NEVER_HERE = frozenset(
    {
        "account_overdrawn",
        "amount_refused",
        "conflict",
        "currency_mismatch",
        "date_out_of_range",
        "domain_error",
        "entry_differs",
        "entry_not_reversible",
        "environment_mismatch",
        "four_eyes_required",
        "idempotency_key_reused",
        "illegal_transition",
        "invalid_input",
        "invalid_money",
        "invalid_terms",
        "merchant_refused",
        "not_allowed",
        "not_presentable",
        "not_priceable",
        "notice_refused",
        "offer_expired",
        "offer_mismatch",
        "pan_list_not_found",
        "pan_list_refused",
        "payment_refused",
        "plan_exists",
        "plan_held",
        "plan_refused",
        "presentment_unknown",
        "range_differs",
        "range_not_valid",
        "rate_undefined",
        "sign_in_refused",
        "unbalanced_entry",
    }
)
"""Refusals of other doors, or that pricing turns into reasons: one of them here is a fault of ours."""


def answer_refusal(refusal: DomainError, call: Call) -> GatewayError:
    """The answer to a refusal of the core.

    Raises one that is never here as it is: the edge of the door logs it, and answers with a support code.
    """
    if refusal.code in NEVER_HERE:
        raise refusal
    return ANSWERS[refusal.code](refusal, call)
