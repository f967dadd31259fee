"""Every refusal of the core in this door's words (`spec/payments.md` §13)."""

from parcela.dialects.payments.errors import RETRY_S, PaymentsError
from parcela.domain.payments.refusals import Fault, PaymentRefused

_RETRIED = frozenset({Fault.RESOURCE_BUSY, Fault.SERVICE_UNAVAILABLE})

ANSWERS: frozenset[str] = frozenset({PaymentRefused.code})
"""Codes of the core that have an answer here: its operations refuse with PaymentRefused alone."""

NEVER_HERE: frozenset[str] = frozenset(
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
        "not_found",
        "not_presentable",
        "not_priceable",
        "nothing_to_capture",
        "nothing_to_void",
        "notice_refused",
        "offer_expired",
        "offer_mismatch",
        "operation_not_allowed",
        "order_busy",
        "order_unknown",
        "pan_list_not_found",
        "pan_list_refused",
        "plan_condition_unmet",
        "plan_exists",
        "plan_held",
        "plan_provider_busy",
        "plan_refused",
        "presentment_unknown",
        "privilege_missing",
        "range_differs",
        "range_not_valid",
        "rate_undefined",
        "session_gone",
        "session_outdated",
        "sign_in_refused",
        "target_unknown",
        "terms_not_accepted",
        "transaction_differs",
        "transaction_unknown",
        "unbalanced_entry",
        "unknown_token",
    }
)
"""Refusals of operations that this door does not carry out: one that comes through is a fault of ours."""


def refuse_unavailable() -> PaymentsError:
    """The database is out of reach; nothing was done, or the same key will tell."""
    return PaymentsError(
        Fault.SERVICE_UNAVAILABLE,
        "The service is not available. Send the same request again, with the same idempotency key.",
        headers={"Retry-After": str(RETRY_S)},
    )


def answer_refusal(refusal: PaymentRefused) -> PaymentsError:
    """What an operation refused, as it is sent."""
    return PaymentsError(
        refusal.fault,
        refusal.message,
        param=refusal.param,
        decline=refusal.decline,
        resource=refusal.resource,
        details=refusal.details or {},
        headers={"Retry-After": str(RETRY_S)} if refusal.fault in _RETRIED else {},
    )
