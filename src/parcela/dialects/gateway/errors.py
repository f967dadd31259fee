"""The error answers of this door (`spec/gateway.md` §4): one group, exact texts."""

from collections.abc import Mapping
from enum import StrEnum

from parcela.dialects.gateway.calls import AnswerTree, AnswerValue
from parcela.dialects.gateway.wire_values import mask_text, quote_value
from parcela.operations.merchant_sessions import mask_session_ids

_MAX_FIELD, _MAX_EXPLANATION = 100, 1000
_RETRY_S = 10


class Cause(StrEnum):
    """Why there is no normal answer."""

    INVALID_REQUEST = "INVALID_REQUEST"
    REQUEST_REJECTED = "REQUEST_REJECTED"
    SERVER_BUSY = "SERVER_BUSY"
    SERVER_FAILED = "SERVER_FAILED"


_CAUSES = {429: Cause.REQUEST_REJECTED, 500: Cause.SERVER_FAILED, 503: Cause.SERVER_BUSY}


class Validation(StrEnum):
    """What is wrong with a field."""

    INVALID = "INVALID"
    MISSING = "MISSING"
    UNSUPPORTED = "UNSUPPORTED"


class GatewayError(Exception):
    """An answer with `result` ERROR. The explanation holds no secret and no whole card number."""

    def __init__(
        self,
        status: int,
        explanation: str,
        *,
        field: str | None = None,
        validation: Validation | None = None,
        support_code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(explanation)
        self.status = status
        self.cause = _CAUSES.get(status, Cause.INVALID_REQUEST)
        self.explanation = explanation[:_MAX_EXPLANATION]
        # A request may have a field without a name: there is none to tell then.
        self.field = mask_text(field)[:_MAX_FIELD] if field else None
        self.validation = validation
        self.support_code = support_code
        self.headers = dict(headers or {})

    def render(self) -> AnswerTree:
        """The body."""
        group: dict[str, AnswerValue] = {
            "cause": str(self.cause),
            "explanation": self.explanation,
            "field": self.field,
            "supportCode": self.support_code,
            "validationType": None if self.validation is None else str(self.validation),
        }
        return {"error": group, "result": "ERROR"}


def refuse_missing(field: str) -> GatewayError:
    """A required field was not given."""
    return _refuse_field(field, Validation.MISSING, "Missing parameter")


def refuse_invalid(field: str, value: str, reason: str) -> GatewayError:
    """A value that is not taken; `Value 'X' is invalid. <reason>`, with what may be told of the value."""
    return _refuse_value(field, value, reason, Validation.INVALID)


def refuse_unsupported(field: str, value: str, reason: str) -> GatewayError:
    """A value that is lawful, but not here."""
    return _refuse_value(field, value, reason, Validation.UNSUPPORTED)


def refuse_unexpected(field: str) -> GatewayError:
    """A field that the operation does not have."""
    shown = mask_text(field)[:_MAX_FIELD]
    return _refuse_field(field, Validation.INVALID, f"Unexpected parameter '{shown}'")


def refuse_session_gone() -> GatewayError:
    """The session is unknown, expired or another merchant's."""
    return _refuse_field("session.id", Validation.INVALID, "Form Session not found or expired")


def refuse_operation(name: str, *, is_known: bool = False) -> GatewayError:
    """An operation that is not enabled or not served (`is_known`), of another address, or unknown.

    Known ones are named in words: `Pay request not permitted for this merchant.`
    """
    shown = quote_value("apiOperation", name)
    words = name.replace("_", " ").capitalize() if is_known else shown
    return refuse_invalid("apiOperation", name, f"{words} request not permitted for this merchant.")


def refuse_without_field(explanation: str) -> GatewayError:
    """A request that cannot be carried out for a reason that no field has, such as a missing privilege."""
    return GatewayError(400, mask_text(explanation))


def refuse_credentials() -> GatewayError:
    """A wrong login; which part is wrong stands in the log only."""
    return GatewayError(401, "Invalid credentials.")


def refuse_foreign() -> GatewayError:
    """The address, or a session's host, belongs to somebody else."""
    return GatewayError(401, "Authenticated entity is not authorized for the target entity.")


def refuse_path(explanation: str) -> GatewayError:
    """A wrong path; the text says what was expected."""
    return GatewayError(404, mask_session_ids(mask_text(explanation)))


def refuse_method(allowed: str) -> GatewayError:
    """The right path with the wrong method; `allowed` as in the header `Allow`."""
    return GatewayError(405, f"Expected the method {allowed}", headers={"Allow": allowed})


def refuse_too_large(limit: int) -> GatewayError:
    """A body over the limit of bytes."""
    return GatewayError(413, f"The request body exceeds the limit of {limit} bytes")


def refuse_throttled(retry_after_s: int) -> GatewayError:
    """Too many wrong logins, or unknown sessions, from this address or for this user."""
    return GatewayError(
        429,
        f"Too many failed attempts.  Try again in {retry_after_s} seconds.",
        headers={"Retry-After": str(retry_after_s)},
    )


def refuse_busy() -> GatewayError:
    """Not now; the identical request may be sent again."""
    return GatewayError(
        503,
        f"Operation temporarily rejected because the system is busy.  Try again in {_RETRY_S} seconds.",
        headers={"Retry-After": str(_RETRY_S)},
    )


def answer_fault(support_code: str) -> GatewayError:
    """A fault of ours; the log tells more under the code."""
    return GatewayError(500, "There was an internal system failure.", support_code=support_code)


def _refuse_field(field: str, validation: Validation, explanation: str) -> GatewayError:
    return GatewayError(400, explanation, field=field, validation=validation)


def _refuse_value(field: str, value: str, reason: str, validation: Validation) -> GatewayError:
    return _refuse_field(field, validation, f"Value '{quote_value(field, value)}' is invalid. {reason}")
