"""The calls of the gateway API as data, the same for both twins; its merchant, and how answers are read."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from parcela_client._calls import Answer, Prepared, check_base_url, quote_segment
from parcela_client._credentials import pick, read_credentials
from parcela_client._decimal_json import read_json, read_object, write_json
from parcela_client._errors import AnswerUnreadable, ParcelaError
from parcela_client._version import VERSION

Json = dict[str, Any]
Members = Mapping[str, Any]
DEFAULT_VERSION = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who calls, where, and in which version of the API."""

    base_url: str
    merchant_id: str
    password: str = field(repr=False)
    version: int = DEFAULT_VERSION

    @classmethod
    def from_credentials(cls, source: str | Path | Members, *, version: int = DEFAULT_VERSION) -> Self:
        """The merchant of a credentials file, or of its members."""
        members, _ = read_credentials(source)
        return cls(
            base_url=check_base_url(pick(members, "base_url")),
            merchant_id=pick(members, "gateway", "merchant_id"),
            password=pick(members, "gateway", "password"),
            version=version,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCall:
    """A request to be; `segments` follow the merchant in the address."""

    method: str
    segments: tuple[str, ...]
    body: Members | None = field(default=None, repr=False)


def inquire(segment: str, operation: str, members: Members) -> GatewayCall:
    """An inquiry: a POST that changes nothing."""
    return GatewayCall(
        method="POST", segments=(segment,), body={"apiOperation": operation, **drop_none(members)}
    )


def change_offer(offer_id: str, members: Members) -> GatewayCall:
    """`UPDATE_PAYMENT_PLAN_OFFER`."""
    body = {"apiOperation": "UPDATE_PAYMENT_PLAN_OFFER", **drop_none(members)}
    return GatewayCall(method="PUT", segments=("paymentPlanOffer", offer_id), body=body)


def transact(operation: str, order_id: str, transaction_id: str, members: Members) -> GatewayCall:
    """A transaction of an order. The same request again is a repeat, never a second transaction."""
    return GatewayCall(
        method="PUT",
        segments=("order", order_id, "transaction", transaction_id),
        body={"apiOperation": operation, **drop_none(members)},
    )


def retrieve(*segments: str) -> GatewayCall:
    """A GET."""
    return GatewayCall(method="GET", segments=segments)


def write_session(session_id: str | None, members: Members) -> GatewayCall:
    """Make a session, or put fields into one."""
    if session_id is None:
        return GatewayCall(method="POST", segments=("session",), body=drop_none(members))
    return GatewayCall(method="PUT", segments=("session", session_id), body=dict(members))


def drop_none(members: Members) -> Json:
    """The members that were given."""
    return {name: value for name, value in members.items() if value is not None}


def prepare_gateway(call: GatewayCall, merchant: Merchant) -> Prepared:
    """The request with its login."""
    login = base64.b64encode(f"merchant.{merchant.merchant_id}:{merchant.password}".encode()).decode()
    place = f"/api/rest/version/{merchant.version}/merchant/{quote_segment(merchant.merchant_id)}"
    tail = "/".join(_quote(segment) for segment in call.segments)
    headers = {
        "Authorization": f"Basic {login}",
        "Accept": "application/json",
        "User-Agent": f"parcela-client/{VERSION} python",
    }
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    content = None if call.body is None else write_json(call.body)
    return Prepared(
        method=call.method, url=f"{merchant.base_url}{place}/{tail}", headers=headers, content=content
    )


def _quote(segment: str) -> str:
    # Ids of orders may be any text; a path of dots alone would be resolved away by the HTTP library.
    return segment.replace(".", "%2E") if segment in {".", ".."} else quote_segment(segment)


def read_gateway(answer: Answer) -> Json:
    """The members of an answer; a decline is an answer too (`result` FAILURE). Raises `ParcelaError`."""
    if 200 <= answer.status < 300:
        return read_object(answer.content, status=answer.status)
    told = read_json(answer.content)
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, dict):
        raise AnswerUnreadable(
            f"HTTP {answer.status} with a body that is no error of this API.", status=answer.status
        )
    raise ParcelaError(
        error.get("explanation", ""),
        code=error.get("cause", "unknown"),
        type="gateway_error",
        status=answer.status,
        request_id=error.get("supportCode"),
        param=error.get("field"),
        details=error,
    )
