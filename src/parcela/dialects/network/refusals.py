"""The core's refusals in the network's words: one row for every code (`spec/network.md` §16)."""

from collections.abc import Callable

from parcela.dialects.network.errors import (
    INVALID_PARAMETER,
    PAN_LISTS,
    ErrorAnswer,
    answer_fault,
    refuse,
    refuse_duplicate_plan,
    refuse_expired_offer,
    refuse_mismatches,
    refuse_not_found,
    refuse_presentment,
    refuse_token,
)
from parcela.domain.errors import DomainError, OfferMismatch, PanListNotFound

Answer = Callable[[DomainError, str], ErrorAnswer]


def _answer_mismatch(refusal: DomainError, _: str) -> ErrorAnswer:
    assert isinstance(refusal, OfferMismatch)
    return refuse_mismatches(refusal.things)


def _answer_pan_list_not_found(refusal: DomainError, _: str) -> ErrorAnswer:
    assert isinstance(refusal, PanListNotFound)
    return refuse(PAN_LISTS, INVALID_PARAMETER, f"Pan list not found for id {refusal.pan_list_id}")


def _answer_range(description: str) -> Answer:
    return lambda _, __: refuse(PAN_LISTS, "invalid.accountRange", description)


ANSWERS: dict[str, Answer] = {
    "unknown_token": lambda _, source: refuse_token(source),
    "presentment_unknown": lambda _, __: refuse_presentment(),
    "plan_exists": lambda _, __: refuse_duplicate_plan(),
    "offer_expired": lambda _, __: refuse_expired_offer(),
    "offer_mismatch": _answer_mismatch,
    "not_found": lambda _, source: refuse_not_found(source),
    "pan_list_not_found": _answer_pan_list_not_found,
    "range_not_valid": _answer_range("Account range not valid"),
    "range_differs": _answer_range("Invalid account range for pan list"),
}
"""The refusals that this door's operations list in their docstrings."""

NEVER_HERE = frozenset(
    {
        "acceptance_missing",
        "account_overdrawn",
        "already_paid",
        "amount_not_open",
        "amount_refused",
        "conflict",
        "currency_differs",
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
        "no_acquirer",
        "not_allowed",
        "not_presentable",
        "not_priceable",
        "nothing_to_capture",
        "nothing_to_void",
        "notice_refused",
        "operation_not_allowed",
        "order_busy",
        "order_unknown",
        "pan_list_refused",
        "payment_refused",
        "plan_condition_unmet",
        "plan_held",
        "plan_provider_busy",
        "plan_refused",
        "privilege_missing",
        "rate_undefined",
        "session_gone",
        "session_outdated",
        "sign_in_refused",
        "target_unknown",
        "terms_not_accepted",
        "transaction_differs",
        "transaction_unknown",
        "unbalanced_entry",
    }
)
"""Refusals of other doors, or that pricing turns into reasons: one of them here is a fault of ours."""


def answer_refusal(refusal: DomainError, source: str) -> ErrorAnswer:
    """The answer to a refusal of the core."""
    if refusal.code in NEVER_HERE:
        return answer_fault()
    return ANSWERS[refusal.code](refusal, source)
