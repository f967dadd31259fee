"""The HTTP/1.1 protocol of the server, hardened: bounded heads, read deadlines, no upgrades, no
pipelining, and one refusal for whatever two parsers could read differently
(`spec/reliability.md` §5.3). It leans on uvicorn and on llhttp, which refuse most of it already.
"""

import asyncio
import json
import re
from http import HTTPStatus
from secrets import token_bytes
from time import time
from typing import Any, Literal
from uuid import uuid4

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

# The answer of the network dialect to an oversized request (`spec/network.md` §3, status 413).
_NETWORK_PREFIX = b"/installments"
_NETWORK_TOO_LARGE = (
    b'{"Errors":{"Error":[{"Source":"Gateway","ReasonCode":"REQUEST_TOO_LARGE",'
    b'"Description":"The request payload exceeds the limit of 65536 bytes.",'
    b'"Recoverable":false,"Details":null}]}}'
)
# The gateway dialect's clients parse the body of every refusal (`spec/gateway.md` §3).
_GATEWAY_PREFIX, _NVP_PREFIX = b"/api/", b"/api/nvp/"
# So do those of the payments dialect, whose answers have headers too (`spec/payments.md` §§1, 13, 14). Nobody
# is known yet: the version is the first, and nothing was counted.
_PAYMENTS_TARGET = re.compile(rb"/v1(?:[/?]|$)")
_PAYMENTS_HEADERS = [
    (b"parcela-version", b"2026-04-01"),
    (b"x-ratelimit-limit", b"50"),
    (b"x-ratelimit-remaining", b"50"),
]
_ID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FRAMING_HEADERS = (b"content-length", b"transfer-encoding")
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")
# A chunk of one byte takes six on the wire; more framing than that carries no body.
_FRAMING_BYTES_PER_BODY_BYTE = 6


class BoundedHttpToolsProtocol(HttpToolsProtocol):
    """Pass it to uvicorn as `Config(http=BoundedHttpToolsProtocol)`.

    A request line over `max_head_bytes` answers 414; one that is too long together with its headers
    413 under `/installments`, 431 elsewhere; a head or a body that comes too slowly 408; a request
    that is not plain HTTP/1.0 or 1.1 answers 400, CONNECT 501. After any of these nothing more is
    read and the connection ends.
    """

    max_head_bytes = 16_384
    head_deadline_s = 15.0
    body_deadline_s = 30.0
    linger_s = 1.0

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._phase: Literal["between", "head", "body"] = "between"
        self._is_deaf = False
        self._refusal = HTTPStatus.BAD_REQUEST
        self._head_bytes = 0
        self._head_without_upgrade = b""
        self._framing_budget = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._watched_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        for start in range(0, len(data), self.max_head_bytes):
            if self._is_deaf:
                return
            self._feed(data[start : start + self.max_head_bytes])
        if self._is_deaf:
            return
        if self._phase == "between" and self._is_answer_due():
            self._cancel_deadline()
        elif self._deadline is None:
            self._watch_deadline()

    def _feed(self, part: bytes) -> None:
        was_in_body = self._phase == "body"
        try:
            self.parser.feed_data(part)
        except httptools.HttpParserUpgrade as upgrade:
            if self._head_without_upgrade:
                self._read_anew(part[upgrade.args[0] :])
                return
            # The request itself is whole and is answered; what follows it is not HTTP any more.
            self._close_after_answer()
            return
        except httptools.HttpParserError:
            self._refuse(self._refusal)
            return
        # llhttp keeps an unfinished header or trailer in memory until its line ends.
        if self._phase == "head":
            self._head_bytes += len(part)
            if self._head_bytes > self.max_head_bytes:
                self._refuse(self._choose_size_refusal())
        elif self._phase == "body" and was_in_body:
            self._framing_budget -= len(part)
            if self._framing_budget < 0:
                self._refuse(HTTPStatus.BAD_REQUEST)

    def _read_anew(self, rest: bytes) -> None:
        """Read a request with a body that asked for another protocol as one that did not ask.

        Some clients ask with every request, and llhttp takes the body for the other protocol.
        """
        head, self._head_without_upgrade = self._head_without_upgrade, b""
        self.parser = httptools.HttpRequestParser(self)
        self._feed(head + rest)

    # Parser callbacks. An exception in one of them makes `feed_data` raise `HttpParserError`.
    def on_message_begin(self) -> None:
        if self._is_answer_due():
            raise _RefusedRequest("a request came before the last one was answered")
        self._cancel_deadline()
        self._phase = "head"
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        refusal = self._judge_head()
        if refusal is not None:
            self._refusal = refusal
            raise _RefusedRequest(refusal.phrase)
        if self.parser.should_upgrade() and any(name in _FRAMING_HEADERS for name, _ in self.headers):
            self._head_without_upgrade = self._write_head_without_upgrade()
            return
        super().on_headers_complete()
        # Trailers go nowhere: the application holds the list of the headers that were checked.
        self.headers = []
        self._phase = "body"
        self._framing_budget = self.max_head_bytes
        if self.parser.should_upgrade() or self.expect_100_continue:
            # A client that was answered before it sent its body may never send it.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._framing_budget += len(body) * _FRAMING_BYTES_PER_BODY_BYTE
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._head_without_upgrade:
            return
        self._phase = "between"
        super().on_message_complete()

    def _write_head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % (name, value) for name, value in self.headers if name != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _should_upgrade(self) -> bool:
        return False

    def _judge_head(self) -> HTTPStatus | None:
        method = self.parser.get_method()
        # The request line has two spaces, `HTTP/1.1` and a line end, each header a colon, a space
        # and a line end, and an empty line ends the head.
        size = len(method) + len(self.url) + 14
        framing: list[tuple[bytes, bytes]] = []
        hosts: list[bytes] = []
        for header in self.headers:
            name, value = header
            size += len(name) + len(value) + 4
            if name == b"host":
                hosts.append(value)
            elif name in _FRAMING_HEADERS:
                framing.append(header)
        if size > self.max_head_bytes:
            return self._choose_size_refusal()
        if method == b"CONNECT":
            return HTTPStatus.NOT_IMPLEMENTED
        version = self.parser.get_http_version()
        is_plain = (
            version in ("1.0", "1.1")
            and (len(hosts) == 1 or (not hosts and version == "1.0"))
            and (not hosts or _HOST.fullmatch(hosts[0]))
            and _is_plain_target(self.url, hosts)
            and (not framing or (len(framing) == 1 and _is_plain_framing(*framing[0], version=version)))
        )
        return None if is_plain else HTTPStatus.BAD_REQUEST

    def _choose_size_refusal(self) -> HTTPStatus:
        is_target = len(self.url) > self.max_head_bytes
        return HTTPStatus.REQUEST_URI_TOO_LONG if is_target else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE

    def _is_answer_due(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _watch_deadline(self) -> None:
        self._watched_since = self.loop.time()
        self._deadline = self.loop.call_later(self.head_deadline_s, self._check_deadline)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _check_deadline(self) -> None:
        """Refuse what is still incomplete. Time in which we did not read is not held against the
        client.
        """
        if self.transport.is_closing():
            return
        is_body = self._phase == "body"
        allowed_s = self.body_deadline_s if is_body else self.head_deadline_s
        left_s = self._watched_since + allowed_s - self.loop.time()
        if self.flow.read_paused:
            left_s = self.head_deadline_s
        if left_s > 0:
            self._deadline = self.loop.call_later(left_s, self._check_deadline)
        elif self._phase == "between":
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _close_after_answer(self) -> None:
        self._is_deaf = True
        self._cancel_deadline()
        self.cycle.keep_alive = False
        if not self._is_answer_due():
            self.transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        """End the connection, with at most one answer to the request that is refused."""
        if self._is_answer_due() and self._phase != "body":
            self._close_after_answer()
            return
        self._is_deaf = True
        self._cancel_deadline()
        self.logger.info("Request refused: %d %s", status, status.phrase)
        is_answered = self._phase == "body" and self.cycle.response_started
        if self._phase == "body":
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not is_answered:
            self.transport.write(self._render_refusal(status))
        # Closing at once would reset the connection under a client that is still sending, and
        # lose it the answer: what it sends is thrown away for a moment.
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(self.linger_s, self.transport.close)

    def _render_refusal(self, status: HTTPStatus) -> bytes:
        headers = list(self.server_state.default_headers)
        body, content_type = status.phrase.encode(), b"text/plain; charset=utf-8"
        if self.url.startswith(_GATEWAY_PREFIX):
            body, content_type = _render_gateway_error(self.url, status.phrase)
            headers.append((b"x-request-id", str(uuid4()).encode()))
        if _PAYMENTS_TARGET.match(self.url):
            body, content_type = _render_payments_error(status, headers), b"application/json"
        is_too_large = status is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if is_too_large and self.url.startswith(_NETWORK_PREFIX):
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            body, content_type = _NETWORK_TOO_LARGE, b"application/json"
            headers.append((b"correlation-id", str(uuid4()).encode()))
        headers += [
            (b"content-type", content_type),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
        lines += [name + b": " + value for name, value in headers]
        return b"\r\n".join([*lines, b"", body])


def _render_gateway_error(target: bytes, phrase: str) -> tuple[bytes, bytes]:
    """The gateway's error group and its content type, in the form of the address that was called."""
    if target.startswith(_NVP_PREFIX):
        explanation = phrase.replace(" ", "+").encode()
        body = b"error.cause=INVALID_REQUEST&error.explanation=%b&result=ERROR" % explanation
        return body, b"text/plain;charset=UTF-8"
    group = b'{"cause":"INVALID_REQUEST","explanation":"%b"}' % phrase.encode()
    return b'{"error":%b,"result":"ERROR"}' % group, b"application/json;charset=UTF-8"


def _render_payments_error(status: HTTPStatus, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The payments door's error, whose code is the widest of its kind; the headers get those of the door."""
    seconds = time()
    number = (int(seconds * 1000) << 80) | int.from_bytes(token_bytes(10))
    request_id = "req_" + "".join(_ID_LETTERS[(number >> (5 * place)) & 31] for place in reversed(range(26)))
    headers += [(b"request-id", request_id.encode()), *_PAYMENTS_HEADERS]
    headers.append((b"x-ratelimit-reset", b"%d" % seconds))
    error: dict[str, object] = {
        "type": "validation_error",
        "code": "parameter_invalid",
        "message": f"{status.phrase}: the request could not be read.",
        "param": None,
        "doc_url": "/docs/errors#parameter_invalid",
        "request_id": request_id,
        "decline_code": None,
        "resource": None,
        "details": {},
    }
    return json.dumps({"error": error}).encode()


class _RefusedRequest(Exception):
    """Stops the parser inside a callback."""


def _is_plain_target(target: bytes, hosts: list[bytes]) -> bool:
    """No fragment, and an absolute address names the same host as the `Host` header."""
    authority = _ABSOLUTE.match(target)
    return b"#" not in target and (authority is None or [authority[1].lower()] == [h.lower() for h in hosts])


def _is_plain_framing(name: bytes, value: bytes, *, version: str) -> bool:
    if name == b"content-length":
        return value.isdigit()
    return version == "1.1" and value.lower() == b"chunked"
