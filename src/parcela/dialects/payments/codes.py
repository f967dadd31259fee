"""Every code of this door with its status and type (`spec/payments.md` §13)."""

from collections.abc import Mapping
from typing import NamedTuple

from parcela.domain.payments.refusals import Fault

VALIDATION, AUTHENTICATION, PAYMENT = "validation_error", "authentication_error", "payment_error"
PERMISSION, IDEMPOTENCY, STATE = "permission_error", "idempotency_error", "invalid_state"
RATE_LIMIT, SERVER = "rate_limit_error", "api_error"


class ErrorClass(NamedTuple):
    """The status and the type of an error code."""

    status: int
    type: str


FAULTS: Mapping[Fault, ErrorClass] = {
    Fault.PARAMETER_MISSING: ErrorClass(400, VALIDATION),
    Fault.PARAMETER_INVALID: ErrorClass(400, VALIDATION),
    Fault.AMOUNT_INVALID: ErrorClass(400, VALIDATION),
    Fault.CURRENCY_INVALID: ErrorClass(400, VALIDATION),
    Fault.URL_INVALID: ErrorClass(400, VALIDATION),
    Fault.CURSOR_CONFLICT: ErrorClass(400, VALIDATION),
    Fault.INSTALLMENTS_NOT_ENABLED: ErrorClass(400, VALIDATION),
    Fault.INTERVAL_UNSUPPORTED: ErrorClass(400, VALIDATION),
    Fault.FIRST_PAYMENT_DATE_PAST: ErrorClass(400, VALIDATION),
    Fault.CARD_DECLINED: ErrorClass(402, PAYMENT),
    Fault.AUTHENTICATION_FAILED: ErrorClass(402, PAYMENT),
    Fault.PLAN_DECLINED: ErrorClass(402, PAYMENT),
    Fault.CREDIT_DECLINED: ErrorClass(402, PAYMENT),
    Fault.NO_PLAN_AVAILABLE: ErrorClass(402, PAYMENT),
    Fault.PROCESSING_ERROR: ErrorClass(402, PAYMENT),
    Fault.RAW_PAN_NOT_ALLOWED: ErrorClass(403, PERMISSION),
    Fault.TEST_ONLY: ErrorClass(403, PERMISSION),
    Fault.RESOURCE_MISSING: ErrorClass(404, VALIDATION),
    Fault.RESOURCE_BUSY: ErrorClass(409, SERVER),
    Fault.AMOUNT_TOO_LARGE: ErrorClass(422, STATE),
    Fault.PAYMENT_NOT_CONFIRMABLE: ErrorClass(422, STATE),
    Fault.PAYMENT_NOT_CAPTURABLE: ErrorClass(422, STATE),
    Fault.PAYMENT_NOT_CANCELLABLE: ErrorClass(422, STATE),
    Fault.PAYMENT_NOT_REFUNDABLE: ErrorClass(422, STATE),
    Fault.PAYMENT_METHOD_UNUSABLE: ErrorClass(422, STATE),
    Fault.PARTIAL_CAPTURE_WITH_PLAN: ErrorClass(422, STATE),
    Fault.CAPTURE_AMOUNT_TOO_LARGE: ErrorClass(422, STATE),
    Fault.PLAN_CHANGED: ErrorClass(422, STATE),
    Fault.PLAN_EXPIRED: ErrorClass(422, STATE),
    Fault.TERMS_ACCEPTANCE_REQUIRED: ErrorClass(422, STATE),
    Fault.CREDIT_INFORMATION_REQUIRED: ErrorClass(422, STATE),
    Fault.PREVIEW_STALE: ErrorClass(422, STATE),
    Fault.PREVIEW_MISMATCH: ErrorClass(422, STATE),
    Fault.REFUND_NOT_CANCELLABLE: ErrorClass(422, STATE),
    Fault.CLOCK_BACKWARDS: ErrorClass(422, STATE),
    Fault.UPSTREAM_ERROR: ErrorClass(502, SERVER),
    Fault.SERVICE_UNAVAILABLE: ErrorClass(503, SERVER),
}
"""Refusals that operations raise as PaymentRefused."""

DOOR_CODES: Mapping[str, ErrorClass] = {
    "parameter_unknown": ErrorClass(400, VALIDATION),
    "invalid_json": ErrorClass(400, VALIDATION),
    "version_invalid": ErrorClass(400, VALIDATION),
    "idempotency_key_invalid": ErrorClass(400, VALIDATION),
    "missing_api_key": ErrorClass(401, AUTHENTICATION),
    "invalid_api_key": ErrorClass(401, AUTHENTICATION),
    "expired_api_key": ErrorClass(401, AUTHENTICATION),
    "key_type_not_allowed": ErrorClass(401, AUTHENTICATION),
    "permission_missing": ErrorClass(403, PERMISSION),
    "ip_not_allowed": ErrorClass(403, PERMISSION),
    "method_not_allowed": ErrorClass(405, VALIDATION),
    "idempotency_key_reused": ErrorClass(409, IDEMPOTENCY),
    "idempotency_in_progress": ErrorClass(409, IDEMPOTENCY),
    "body_too_large": ErrorClass(413, VALIDATION),
    "unsupported_media_type": ErrorClass(415, VALIDATION),
    "rate_limited": ErrorClass(429, RATE_LIMIT),
    "internal_error": ErrorClass(500, SERVER),
}
"""Refusals that the door gives by itself."""

CODES: Mapping[str, ErrorClass] = {**{str(fault): found for fault, found in FAULTS.items()}, **DOOR_CODES}
"""Every code that this door may send."""
