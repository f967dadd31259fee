"""What the set-up door answers when it refuses: one body for every error, and one table of statuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from starlette.responses import Response

from parcela.dialects.http import json_response
from parcela.domain.errors import DomainError, InvalidInput

STATUSES: Mapping[str, int] = {
    "invalid_input": 400,
    "sign_in_refused": 401,
    "not_allowed": 403,
    "four_eyes_required": 403,
    "not_found": 404,
    "presentment_unknown": 404,
    "conflict": 409,
    "plan_exists": 409,
    "offer_expired": 409,
    "illegal_transition": 409,
    "plan_held": 409,
    "idempotency_key_reused": 409,
    "amount_refused": 422,
    "offer_mismatch": 422,
}
"""The status of every refusal of the core that can reach this door."""

NEVER_HERE = frozenset(
    {
        "acceptance_missing",
        "account_overdrawn",
        "already_paid",
        "amount_not_open",
        "currency_differs",
        "currency_mismatch",
        "date_out_of_range",
        "domain_error",
        "entry_differs",
        "entry_not_reversible",
        "environment_mismatch",
        "invalid_money",
        "invalid_terms",
        "merchant_refused",
        "no_acquirer",
        "not_presentable",
        "not_priceable",
        "nothing_to_capture",
        "nothing_to_void",
        "notice_refused",
        "operation_not_allowed",
        "order_busy",
        "order_unknown",
        "pan_list_not_found",
        "pan_list_refused",
        "payment_refused",
        "plan_condition_unmet",
        "plan_provider_busy",
        "plan_refused",
        "privilege_missing",
        "range_differs",
        "range_not_valid",
        "rate_undefined",
        "session_gone",
        "session_outdated",
        "target_unknown",
        "terms_not_accepted",
        "transaction_differs",
        "transaction_unknown",
        "unbalanced_entry",
        "unknown_token",
    }
)
"""Refusals that no call of this door can meet."""

_RETRY_AFTER_S = "2"


class ErrorDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """`code` is stable and for programs; `message` is for people; `member` names what to mend."""

    code: str
    message: str
    member: str | None = None


class AdminError(msgspec.Struct, frozen=True):
    """The body of every error."""

    error: ErrorDetail


@dataclass(frozen=True, slots=True)
class AdminRefusal(Exception):
    """An error answer of this door."""

    status: int
    code: str
    message: str
    member: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def render(self) -> Response:
        """The answer as sent."""
        detail = ErrorDetail(code=self.code, message=self.message, member=self.member)
        body = msgspec.json.encode(AdminError(error=detail))
        return json_response(body, status=self.status, headers=dict(self.headers))


def refuse_domain_error(error: DomainError) -> AdminRefusal:
    """The answer for a refusal of the core."""
    status = STATUSES[error.code]
    member = error.member if isinstance(error, InvalidInput) else None
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return AdminRefusal(status, error.code, str(error), member, headers)


def refuse_unauthenticated() -> AdminRefusal:
    """No token, or none of a live session."""
    message = (
        "This call needs the header `Authorization: Bearer TOKEN` with the token of a live session: "
        "POST /admin/v1/sessions gives one."
    )
    return AdminRefusal(401, "unauthenticated", message, None, {"WWW-Authenticate": "Bearer"})


def refuse_path() -> AdminRefusal:
    """No such resource."""
    return AdminRefusal(404, "not_found", "There is nothing at this address: see /admin/v1/openapi.json.")


def refuse_method(allowed: list[str]) -> AdminRefusal:
    """The resource has no such method."""
    names = ", ".join(allowed)
    return AdminRefusal(405, "method_not_allowed", f"This address takes {names}.", None, {"Allow": names})


def refuse_media_type() -> AdminRefusal:
    """The body is not JSON."""
    return AdminRefusal(
        415, "unsupported_media_type", "Send the body as JSON, with `Content-Type: application/json`."
    )


def refuse_size(limit: int) -> AdminRefusal:
    """The body is too long."""
    return AdminRefusal(413, "too_large", f"A body holds at most {limit} bytes: send several requests.")


def refuse_json(reason: str) -> AdminRefusal:
    """The body is not one strict JSON object."""
    return AdminRefusal(400, "malformed_json", f"The body must be one JSON object: {reason}.")


def refuse_unavailable() -> AdminRefusal:
    """The database does not answer."""
    message = "The service cannot reach its database now: send the same request again in a moment."
    return AdminRefusal(503, "unavailable", message, None, {"Retry-After": _RETRY_AFTER_S})


def refuse_fault() -> AdminRefusal:
    """A fault of ours."""
    return AdminRefusal(500, "internal", "The service has a fault, which its log describes.")
