"""Every error body of the network dialect, as data (`spec/network.md` §16).

An `ErrorAnswer` is raised where a check fails; `refusals.py` maps the core's refusals to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

GATEWAY = "Gateway"
OFFERS = "mci-installments-offers-eligibilities-api"
PLANS = "mci-installment-bnpl-plans-api"
PAN_LISTS = "mci-installments-consumer-api"
PLATFORM = "Mastercard Installments API's"

INVALID_PARAMETER = "invalid.request.parameter"
INVALID_BODY = "invalid.request.body.parameter"
MALFORMED = "Field format or type is invalid"

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class WireError:
    """One member of `Errors.Error`. `details` may be a text, None (written null) or absent."""

    source: str
    reason_code: str
    description: str
    details: object = ""
    is_recoverable: bool = False

    def to_wire(self) -> dict[str, object]:
        """The members in their documented order."""
        members: dict[str, object] = {
            "Source": self.source,
            "ReasonCode": self.reason_code,
            "Description": self.description,
            "Recoverable": self.is_recoverable,
        }
        if self.details is not _ABSENT:
            members["Details"] = self.details
        return members


@dataclass(slots=True)
class ErrorAnswer(Exception):
    """An HTTP status with its errors and extra headers, raised by the first check that fails."""

    status: int
    errors: Sequence[WireError]
    headers: Mapping[str, str] = field(default_factory=dict)

    def render(self) -> bytes:
        """The body."""
        return msgspec.json.encode({"Errors": {"Error": [error.to_wire() for error in self.errors]}})


def refuse_gateway(
    status: int, reason_code: str, description: str, *, is_recoverable: bool = False, retry_after_s: int = 0
) -> ErrorAnswer:
    """A row of the table in §3; its `Details` is null."""
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else {}
    return ErrorAnswer(status, [WireError(GATEWAY, reason_code, description, None, is_recoverable)], headers)


def refuse_too_large() -> ErrorAnswer:
    """Body over 64 KiB, or headers over 16 KiB (§2.1)."""
    return refuse_gateway(413, "REQUEST_TOO_LARGE", "The request payload exceeds the limit of 65536 bytes.")


def refuse_declined() -> ErrorAnswer:
    """The API is not switched on for the client."""
    return refuse_gateway(401, "DECLINED", "Unauthorized - Access Not Granted")


def refuse_rate() -> ErrorAnswer:
    """The client's rate limit is used up."""
    return refuse_gateway(
        429,
        "RATE_LIMIT_EXCEEDED",
        "The rate limit of this client is exceeded.",
        is_recoverable=True,
        retry_after_s=1,
    )


def answer_fault() -> ErrorAnswer:
    """An error of ours."""
    return refuse_gateway(
        500,
        "INTERNAL_SERVER_ERROR",
        "The request failed because of an internal error.",
        is_recoverable=True,
    )


def answer_unavailable() -> ErrorAnswer:
    """The database cannot be reached, or does not answer in time."""
    return refuse_gateway(
        503,
        "SERVICE_UNAVAILABLE",
        "The service is temporarily unavailable.",
        is_recoverable=True,
        retry_after_s=5,
    )


def refuse_not_found(source: str = OFFERS) -> ErrorAnswer:
    """Unknown path, or a plan that this client did not make."""
    return ErrorAnswer(404, [WireError(source, "not.found", "URI/Resource not found.")])


def refuse_method(allowed: str) -> ErrorAnswer:
    """A known path with another method."""
    error = WireError(PLATFORM, "method.not.allowed", "Method is not allowed", _ABSENT)
    return ErrorAnswer(405, [error], {"Allow": allowed})


def refuse_suspended(source: str) -> ErrorAnswer:
    """The client is suspended; the plans' own form says None, the PAN lists have no 401 of their own."""
    if source == PAN_LISTS:
        return refuse_declined()
    details = "None" if source == PLANS else ""
    error = WireError(source, "unauthorized", "Unauthorized to access the resource.", details)
    return ErrorAnswer(401, [error])


def refuse_forbidden(source: str) -> ErrorAnswer:
    """The client's role or company may not make this call."""
    if source == OFFERS:
        return ErrorAnswer(403, [WireError(OFFERS, "forbidden", "Forbidden to access the resource.")])
    text = (
        "Your account is not approved to access the API or resource, kindly contact your Mastercard "
        "associate to get approval."
    )
    return ErrorAnswer(403, [WireError(PLATFORM if source == PLANS else source, "forbidden", text)])


def refuse_content_type(source: str) -> ErrorAnswer:
    """Content-Type is missing or another one."""
    text = "Content-Type header should be application/json."
    return ErrorAnswer(415, [WireError(source, "invalid.content.type", text)])


def refuse_accept(source: str) -> ErrorAnswer:
    """Accept is missing or admits no JSON."""
    text = "Accept header should be application/json."
    return ErrorAnswer(406, [WireError(source, "invalid.accept.header", text)])


def refuse_accept_language() -> ErrorAnswer:
    """The first language range is not English."""
    text = "Accept Language header is invalid."
    return ErrorAnswer(400, [WireError(OFFERS, "invalid.accept.language", text)])


def refuse(source: str, reason_code: str, description: str, details: str = "") -> ErrorAnswer:
    """A 400 with one error."""
    return ErrorAnswer(400, [WireError(source, reason_code, description, details)])


def refuse_body(source: str) -> ErrorAnswer:
    """The body is not strict JSON, or a member has the wrong JSON type."""
    return refuse(source, INVALID_BODY, MALFORMED)


def refuse_plan_id() -> ErrorAnswer:
    """A plan id that is not a UUID."""
    return refuse(PLATFORM, INVALID_BODY, MALFORMED)


def refuse_decryption(source: str) -> ErrorAnswer:
    """Whatever went wrong inside the token."""
    return refuse(source, INVALID_PARAMETER, "Decryption of encryptedValue failed.")


def refuse_fingerprint(source: str) -> ErrorAnswer:
    """The token names no live key of ours for this client."""
    return refuse(source, INVALID_PARAMETER, "Provided public key fingerprint in request is invalid.")


def refuse_token(source: str) -> ErrorAnswer:
    """A token PAN without an entry in the map."""
    return refuse(
        source,
        INVALID_PARAMETER,
        "Detokenization failed due to incorrect DPAN.",
        "PAN provided is invalid.",
    )


def refuse_presentment() -> ErrorAnswer:
    """The transaction id was not presented to this client."""
    return _mismatch_answer([_describe_mismatch("offer transaction id")])


def refuse_duplicate_plan() -> ErrorAnswer:
    """A plan with other content was made of the presentment."""
    text = "Plan already exists for offerTransactionId."
    return refuse(PLANS, INVALID_PARAMETER, text, "Duplicate plan.")


def refuse_expired_offer() -> ErrorAnswer:
    """The presentment is older than the offer life."""
    return refuse(PLANS, INVALID_PARAMETER, "Provided offer has expired.", "Offer is no longer valid.")


def refuse_mismatches(things: Sequence[str]) -> ErrorAnswer:
    """Members that differ from the presented offer, all together (§7.3)."""
    return _mismatch_answer([_describe_mismatch(thing) for thing in things])


def _mismatch_answer(errors: Sequence[WireError]) -> ErrorAnswer:
    return ErrorAnswer(400, errors)


def _describe_mismatch(thing: str) -> WireError:
    if thing == "pan":
        return WireError(
            PLANS,
            "pan.match",
            "Provided PAN does not match with offer.",
            "PAN does not match with Offer.",
        )
    capitals = " ".join(word.capitalize() for word in thing.split())
    return WireError(
        PLANS,
        INVALID_PARAMETER,
        f"Provided {thing} does not match with offer.",
        f"Mismatch in {capitals}.",
    )
