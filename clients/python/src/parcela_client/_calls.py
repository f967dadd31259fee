"""A call as data, and everything about it that needs no socket: headers, retries, reading the answer.

Both clients, the sync and the async one, are made of these functions and differ in who waits.
"""

import json
import os
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

from parcela_client._errors import AnswerUnreadable, NotConfigured, ParcelaError, read_error
from parcela_client._names import to_wire, to_wire_name
from parcela_client._version import VERSION

TIMEOUT_S = 40.0
_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often and after what time a call is tried again; each wait is drawn from half of it to all."""

    count: int = 2
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0

    def choose_wait_s(self, tries_made: int, retry_after_s: float | None) -> float | None:
        """Seconds until the next try; None where there is none, or the server asks for too long a wait."""
        if tries_made > self.count:
            return None
        if retry_after_s is not None:
            return retry_after_s + random.uniform(0, 0.1) if retry_after_s <= self.longest_wait_s else None
        longest = min(self.first_wait_s * 2 ** (tries_made - 1), self.longest_wait_s)
        return random.uniform(longest / 2, longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What both clients keep of their arguments."""

    key: str = field(repr=False)
    base_url: str
    version: str | None
    retries: Retries


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to be: method, path and members with Python names."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    idempotency_key: str | None = None

    def starting(self, **query: Any) -> "Call":
        """The same call with other query members."""
        return Call(method=self.method, path=self.path, query={**self.query, **query})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request as it is sent, the same on every try."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it came; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def choose_options(
    *, key: str | None, base_url: str | None, version: str | None, retries: Retries
) -> Options:
    """Arguments, else the environment; `NotConfigured` says what is missing and how to give it."""
    found_key = key or os.environ.get("PARCELA_SECRET_KEY") or os.environ.get("VINR_SECRET_KEY")
    if not found_key:
        raise NotConfigured("No API key: give secret_key=, or set PARCELA_SECRET_KEY.")
    found_url = base_url or os.environ.get("PARCELA_BASE_URL") or os.environ.get("VINR_BASE_URL")
    if not found_url:
        raise NotConfigured(
            "No base address: Parcela is self-hosted, so say where yours is. "
            'Give base_url="https://…", or set PARCELA_BASE_URL.'
        )
    return Options(key=found_key, base_url=check_base_url(found_url), version=version, retries=retries)


def check_base_url(text: str) -> str:
    """The address without a slash at its end; a key is not sent over plain HTTP but to this machine."""
    place = urlsplit(text)
    if place.scheme not in {"http", "https"} or not place.hostname:
        raise NotConfigured(f"The base address {text!r} is no http or https address.")
    if place.scheme == "http" and place.hostname not in _LOCAL_HOSTS:
        raise NotConfigured(f"The base address {text!r} must be https: plain http is for this machine only.")
    return text.rstrip("/").removesuffix("/v1")


def quote_segment(text: str) -> str:
    """An id as one segment of a path, whatever it holds."""
    if not isinstance(text, str) or not text or text in {".", ".."}:
        raise ValueError(f"an id must be a text that is not empty, not {text!r}")
    return quote(text, safe="")


def prepare(call: Call, options: Options) -> Prepared:
    """The request with its headers; a POST or PATCH gets an idempotency key if it has none."""
    headers = {
        "Authorization": f"Bearer {options.key}",
        "Accept": "application/json",
        "User-Agent": f"parcela-client/{VERSION} python",
    }
    if options.version is not None:
        headers["Parcela-Version"] = options.version
    content = None
    if call.method in {"POST", "PATCH"}:
        headers["Idempotency-Key"] = call.idempotency_key or secrets.token_urlsafe(24)
        headers["Content-Type"] = "application/json"
        content = json.dumps(to_wire(call.body or {}), ensure_ascii=False, allow_nan=False).encode()
    query = "&".join(f"{quote(name, safe='[]')}={quote(text, safe='')}" for name, text in _list_query(call))
    url = f"{options.base_url}{call.path}{'?' if query else ''}{query}"
    return Prepared(method=call.method, url=url, headers=headers, content=content)


def _list_query(call: Call) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in call.query.items():
        wire_name = to_wire_name(name)
        if isinstance(value, Mapping):
            pairs += [(f"{wire_name}[{bound}]", str(inner)) for bound, inner in value.items()]
        elif value is not None:
            pairs.append((wire_name, str(value)))
    return pairs


def read_retry_after(answer: Answer) -> int | None:
    """Seconds of `Retry-After`, written as a number or as a date."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0, round((instant - datetime.now(UTC)).total_seconds()))


def is_worth_retrying(answer: Answer) -> bool:
    """429, 5xx, and 409 while the first try with this key is still under way."""
    if answer.status in _RETRIED_STATUSES:
        return True
    if answer.status != 409:
        return False
    refusal = _read_refusal(answer)
    return refusal is not None and refusal.code == "idempotency_in_progress"


def read_answer(answer: Answer) -> dict[str, Any]:
    """The JSON object of a success; `ParcelaError` otherwise."""
    if not 200 <= answer.status < 300:
        raise make_error(answer)
    members = _parse(answer.content)
    if not isinstance(members, dict):
        raise AnswerUnreadable(
            f"HTTP {answer.status} without a JSON object.",
            status=answer.status,
            request_id=answer.headers.get("request-id"),
        )
    return members


def read_content(answer: Answer) -> bytes:
    """The bytes of a success that is a file."""
    if not 200 <= answer.status < 300:
        raise make_error(answer)
    return answer.content


def make_error(answer: Answer) -> ParcelaError:
    """The error of an answer that is no success, also of one that something between made."""
    return _read_refusal(answer) or AnswerUnreadable(
        f"HTTP {answer.status} with a body that is no error of this API.",
        status=answer.status,
        request_id=answer.headers.get("request-id"),
    )


def _read_refusal(answer: Answer) -> ParcelaError | None:
    return read_error(
        answer.status,
        _parse(answer.content),
        request_id=answer.headers.get("request-id"),
        retry_after=read_retry_after(answer),
    )


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
