"""Every answer of the issuer's door: the rows of `spec/network.md` §16.4, each with its one body."""

import msgspec
from starlette.responses import Response

from parcela.dialects.http import json_response
from parcela.dialects.network.errors import ErrorAnswer, WireError

SOURCE = "CustomerService"
RECEIVED = "Notification received successfully"
DIFFERS = "This planId was received before with other content, which stands; a person has to look at it"

_RETRY_AFTER_S = 5

_NOT_FOUND_DETAILS = (
    "It looks like you are accessing a resource that doesn't exist. Please go through the specifications to "
    "get actual URL details.."
)
_ROWS = {
    400: WireError(
        SOURCE, "bad.request", "Bad or malformed request.", "Invalid PAN (Primary Account Number)."
    ),
    401: WireError(
        SOURCE,
        "unauthorized",
        "Unauthorized to access the resource.",
        "User doesn't have access to the requested resource.",
    ),
    403: WireError(SOURCE, "forbidden", "Unable to authorize the request.", "None"),
    404: WireError(SOURCE, "not.found", "Resource not found.", _NOT_FOUND_DETAILS),
    429: WireError(
        SOURCE,
        "too.many.requests",
        "Too many requests.",
        "You have exceeded the IP rate limit. Maximum allowed - 10 TPS.",
        is_recoverable=True,
    ),
    # The last two have no published row: the network tries again after any 5XX, whatever its body.
    500: WireError(
        SOURCE,
        "internal.error",
        "The request failed because of an internal error.",
        is_recoverable=True,
    ),
    503: WireError(
        SOURCE,
        "service.unavailable",
        "The service is temporarily unavailable.",
        is_recoverable=True,
    ),
}
_HEADERS = {429: {"Retry-After": "1"}, 503: {"Retry-After": str(_RETRY_AFTER_S)}}


class IssuerRefusal(Exception):
    """A refused request: the status of its row, and for the log a reason without any value."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(f"{status}: {reason}")


def answer_received() -> Response:
    """201: the plan is kept, now or since an earlier try."""
    return _answer_notice("SUCCESS", RECEIVED)


def answer_differs() -> Response:
    """201, which ends the delivery, with FAILURE, which the network flags for a person."""
    return _answer_notice("FAILURE", DIFFERS)


def answer_error(status: int) -> Response:
    """One of the rows."""
    answer = ErrorAnswer(status, [_ROWS[status]])
    return json_response(answer.render(), status=status, headers=_HEADERS.get(status))


def _answer_notice(status: str, message: str) -> Response:
    return json_response(msgspec.json.encode({"status": status, "message": message}), status=201)
