"""Requests of merchants to the gateway door, well made or ill made, and reading what it answers."""

import base64
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

from tests.support.gateway_samples import flatten, load_request
from tests.support.network_client import Answer, WireRequest
from tests.support.samples import UNSET, edit

Fields = dict[str, Any]
CARD = "sourceOfFunds.provided.card"
PAN = "5123450000000008"
_NUMBERS = itertools.count(1)
_CAUSES = {"INVALID_REQUEST", "REQUEST_REJECTED", "SERVER_BUSY", "SERVER_FAILED"}


@dataclass(frozen=True)
class Shop:
    """A merchant with an API password."""

    merchant_id: str
    password: str = field(repr=False)


def make_order_id() -> str:
    """An order id that no attack has used."""
    return f"H-{next(_NUMBERS)}"


def write_basic(user: str, password: str) -> str:
    """The `Authorization` header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def write_rest(
    shop: Shop,
    method: str,
    tail: str,
    body: Fields | bytes | None = None,
    *,
    version: int | str = 100,
    authorization: Iterable[str] | None = None,
) -> WireRequest:
    """A REST request; `tail` is percent-encoded already, and may have a query."""
    path = f"/api/rest/version/{version}/merchant/{quote(shop.merchant_id)}/{tail}"
    logins = [write_basic(f"merchant.{shop.merchant_id}", shop.password)]
    headers = [("Authorization", value) for value in (logins if authorization is None else authorization)]
    headers.append(("Content-Type", "application/json"))
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return WireRequest(method, path, headers, raw)


def write_nvp(
    shop: Shop, fields: Mapping[str, str], *, version: int | str = 100, query: str = "", more: bytes = b""
) -> WireRequest:
    """An NVP request with the merchant's login; a field that is given wins over it, `UNSET` leaves it out."""
    login = {
        "apiPassword": shop.password,
        "apiUsername": f"merchant.{shop.merchant_id}",
        "merchant": shop.merchant_id,
    }
    given = {name: value for name, value in {**login, **fields}.items() if value is not UNSET}
    raw = "&".join(f"{quote_plus(name)}={quote_plus(str(value))}" for name, value in given.items())
    path = f"/api/nvp/version/{version}" + (f"?{query}" if query else "")
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    return WireRequest("POST", path, headers, raw.encode() + more)


def write_transaction(shop: Shop, order_id: str, transaction_id: str, body: Fields) -> WireRequest:
    """A transaction; the ids are encoded here."""
    tail = f"order/{quote(order_id, safe='')}/transaction/{quote(transaction_id, safe='')}"
    return write_rest(shop, "PUT", tail, body)


def make_payment(operation: str = "PAY", **changes: Any) -> Fields:
    """An ordinary card payment of 1200.00 AUD, with other values at dotted paths (`__` for a dot)."""
    edits = {path.replace("__", "."): value for path, value in changes.items()}
    base = edit(load_request("pay-offer"), {"paymentPlan": UNSET, "apiOperation": operation})
    return edit(base, edits)


def flatten_body(body: Fields) -> dict[str, str]:
    """A JSON body as the fields of NVP."""
    return {name: str(value) for name, value in flatten(body).items()}


def read_answer(answer: Answer) -> dict[str, Any]:
    """The body of either protocol; of NVP its pairs, and its error group as REST has it."""
    if isinstance(answer.body, dict):
        return answer.body
    if not answer.headers.get("content-type", "").startswith("text/plain;charset=UTF-8"):
        return {}
    pairs: dict[str, Any] = dict(parse_qsl(answer.raw.decode(), keep_blank_values=True))
    error = {name[6:]: pairs.pop(name) for name in list(pairs) if name.startswith("error.")}
    return {**pairs, "error": error} if error else pairs


def read_error(answer: Answer) -> dict[str, str]:
    """The error group; empty when there is none."""
    found: dict[str, str] = read_answer(answer).get("error", {})
    return found


def has_error_shape(answer: Answer) -> bool:
    """Is it the error group of `spec/gateway.md` §4, with the headers of §3?"""
    body, headers = read_answer(answer), {name.lower() for name in answer.headers}
    error = body.get("error", {})
    return (
        set(body) <= {"error", "result", "correlationId"}
        and body.get("result") == "ERROR"
        and error.get("cause") in _CAUSES
        and 1 <= len(error.get("explanation", "")) <= 1000
        and 1 <= len(error.get("field", "-")) <= 100
        and error.get("validationType", "INVALID") in ("INVALID", "MISSING", "UNSUPPORTED")
        and set(error) <= {"cause", "explanation", "field", "supportCode", "validationType"}
        and "x-request-id" in headers
    )
