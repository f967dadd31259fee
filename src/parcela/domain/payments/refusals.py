"""Why a request of an account is refused: the codes of `spec/payments.md` §13 beyond the door's own."""

from collections.abc import Mapping
from enum import StrEnum

from parcela.domain.errors import DomainError


class Fault(StrEnum):
    """The documented code; the door gives each its status and type."""

    # 400: the request itself
    PARAMETER_MISSING = "parameter_missing"
    PARAMETER_INVALID = "parameter_invalid"
    AMOUNT_INVALID = "amount_invalid"
    CURRENCY_INVALID = "currency_invalid"
    URL_INVALID = "url_invalid"
    CURSOR_CONFLICT = "cursor_conflict"
    INSTALLMENTS_NOT_ENABLED = "installments_not_enabled"
    INTERVAL_UNSUPPORTED = "interval_unsupported"
    FIRST_PAYMENT_DATE_PAST = "first_payment_date_past"
    # 402: the answer of a bank, an issuer or a lender
    CARD_DECLINED = "card_declined"
    AUTHENTICATION_FAILED = "authentication_failed"
    PLAN_DECLINED = "plan_declined"
    CREDIT_DECLINED = "credit_declined"
    NO_PLAN_AVAILABLE = "no_plan_available"
    PROCESSING_ERROR = "processing_error"
    # 403
    RAW_PAN_NOT_ALLOWED = "raw_pan_not_allowed"
    TEST_ONLY = "test_only"
    # 404
    RESOURCE_MISSING = "resource_missing"
    # 409
    RESOURCE_BUSY = "resource_busy"
    # 422: the state does not admit it
    AMOUNT_TOO_LARGE = "amount_too_large"
    PAYMENT_NOT_CONFIRMABLE = "payment_not_confirmable"
    PAYMENT_NOT_CAPTURABLE = "payment_not_capturable"
    PAYMENT_NOT_CANCELLABLE = "payment_not_cancellable"
    PAYMENT_NOT_REFUNDABLE = "payment_not_refundable"
    PAYMENT_METHOD_UNUSABLE = "payment_method_unusable"
    PARTIAL_CAPTURE_WITH_PLAN = "partial_capture_with_plan"
    CAPTURE_AMOUNT_TOO_LARGE = "capture_amount_too_large"
    PLAN_CHANGED = "plan_changed"
    PLAN_EXPIRED = "plan_expired"
    TERMS_ACCEPTANCE_REQUIRED = "terms_acceptance_required"
    CREDIT_INFORMATION_REQUIRED = "credit_information_required"
    PREVIEW_STALE = "preview_stale"
    PREVIEW_MISMATCH = "preview_mismatch"
    REFUND_NOT_CANCELLABLE = "refund_not_cancellable"
    CLOCK_BACKWARDS = "clock_backwards"
    # 502, 503
    UPSTREAM_ERROR = "upstream_error"
    SERVICE_UNAVAILABLE = "service_unavailable"


class DeclineCode(StrEnum):
    """Why a card was declined (§13)."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    GENERIC_DECLINE = "generic_decline"
    DO_NOT_HONOR = "do_not_honor"
    EXPIRED_CARD = "expired_card"
    INCORRECT_CVC = "incorrect_cvc"
    LOST_CARD = "lost_card"
    STOLEN_CARD = "stolen_card"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    AUTHENTICATION_REQUIRED = "authentication_required"


class PaymentRefused(DomainError):
    """A request of an account is refused. The message says what was expected, what came, and how to mend it.

    `param` is the request's member (`installments.count`), `resource` the id of the object it is about,
    `details` facts for programs, such as the largest amount that would do.
    """

    code = "payment_refused"

    def __init__(
        self,
        fault: Fault,
        message: str,
        *,
        param: str | None = None,
        decline: DeclineCode | None = None,
        resource: str | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        self.fault = fault
        self.message = message
        self.param = param
        self.decline = decline
        self.resource = resource
        self.details = details
        super().__init__(message)


def refuse_missing(kind: str, object_id: str, *, param: str | None = None) -> PaymentRefused:
    """No such object for this key: unknown, another account's or the other mode's are told the same."""
    return PaymentRefused(Fault.RESOURCE_MISSING, f"There is no {kind} '{object_id[:64]}'.", param=param)
