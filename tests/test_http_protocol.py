"""The hardened HTTP protocol, over real sockets, against hostile and merely unusual requests."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from parcela.http_protocol import BoundedHttpToolsProtocol
from tests.support.patience import stretch

TOO_LARGE = {
    "Errors": {
        "Error": [
            {
                "Source": "Gateway",
                "ReasonCode": "REQUEST_TOO_LARGE",
                "Description": "The request payload exceeds the limit of 65536 bytes.",
                "Recoverable": False,
                "Details": None,
            }
        ]
    }
}
CRLF = b"\r\n"


class _HastyProtocol(BoundedHttpToolsProtocol):
    head_deadline_s = 0.3
    body_deadline_s = 0.6
    linger_s = 0.1


class _App:
    """Answers what it saw: method, path, headers and body. `/early` answers before the body."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.disconnects = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        self.requests.append(f"{scope['method']} {scope['path']}")
        body = b"" if scope["path"] == "/early" else await self._read(receive)
        if body is None:
            self.disconnects += 1
            return
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        seen = {
            "method": scope["method"],
            "path": scope["path"],
            "headers": headers,
            "body": body.decode("latin-1"),
        }
        content = json.dumps(seen).encode()
        length = (b"content-length", str(len(content)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": content})

    async def _read(self, receive: Any) -> bytes | None:
        body, more_body = b"", True
        while more_body:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body, more_body = body + message["body"], message["more_body"]
        return body


class _Server:
    def __init__(self, protocol: type[BoundedHttpToolsProtocol]) -> None:
        self.app = _App()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = self._socket.getsockname()
        config = uvicorn.Config(self.app, http=protocol, loop="uvloop", lifespan="off", log_level="critical")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})

    def __enter__(self) -> "_Server":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=15)

    def exchange(self, *parts: bytes, pause_s: float = 0.0) -> bytes:
        """Send the parts, read until the server closes or, after an answer, falls silent."""
        with self.connect() as connection:
            try:
                for part in parts:
                    connection.sendall(part)
                    time.sleep(pause_s)
            except (BrokenPipeError, ConnectionResetError):
                return _read_all(connection)
            return _read_all(connection)


def _read_all(connection: socket.socket) -> bytes:
    received = b""
    connection.settimeout(2)
    try:
        while part := connection.recv(65_536):
            received += part
            connection.settimeout(0.25)
    except TimeoutError:
        return received + b"<open>"
    except ConnectionResetError:
        return received
    return received


def _list_statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", received)]


def _get_body(received: bytes) -> Any:
    return json.loads(received.removesuffix(b"<open>").partition(CRLF * 2)[2])


def _write(*lines: bytes, body: bytes = b"") -> bytes:
    return CRLF.join([*lines, b"", body])


@pytest.fixture(scope="module")
def server() -> Iterator[_Server]:
    with _Server(BoundedHttpToolsProtocol) as running:
        yield running


@pytest.fixture(scope="module")
def hasty_server() -> Iterator[_Server]:
    with _Server(_HastyProtocol) as running:
        yield running


@pytest.fixture(autouse=True)
def _is_healthy_afterwards(request: pytest.FixtureRequest) -> Iterator[None]:
    """A good request right after a hostile one succeeds."""
    name = "hasty_server" if "hasty_server" in request.fixturenames else "server"
    running: _Server = request.getfixturevalue(name)
    yield
    assert _list_statuses(running.exchange(b"GET /good HTTP/1.1\r\nHost: x\r\n\r\n")) == [200]
    running.app.requests.clear()


POST = b"POST /v1/payments HTTP/1.1"
SMUGGLED = b"GET /admin HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked"
LAST_CHUNK = b"0\r\n\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        # Two framings, or one that two parsers may read differently.
        _write(POST, b"Host: x", b"Content-Length: 4", CHUNKED, body=LAST_CHUNK),
        _write(POST, b"Host: x", CHUNKED, b"Content-Length: 4", body=LAST_CHUNK),
        _write(POST, b"Host: x", b"Content-Length: 0", b"Content-Length: 0"),
        _write(POST, b"Host: x", b"Content-Length: 0", b"Content-Length: 33"),
        _write(POST, b"Host: x", b"Content-Length: 0, 0"),
        _write(POST, b"Host: x", b"Content-Length: +0"),
        _write(POST, b"Host: x", b"Content-Length: -1"),
        _write(POST, b"Host: x", b"Content-Length: 0x0"),
        _write(POST, b"Host: x", b"Content-Length: 0 0"),
        _write(POST, b"Host: x", b"Content-Length:"),
        _write(POST, b"Host: x", b"Content-Length: " + b"9" * 40),
        _write(POST, b"Host: x", b"Transfer-Encoding: gzip, chunked", body=LAST_CHUNK),
        _write(POST, b"Host: x", b"Transfer-Encoding: chunked, chunked", body=LAST_CHUNK),
        _write(POST, b"Host: x", b"Transfer-Encoding: chunked, identity", body=LAST_CHUNK),
        _write(POST, b"Host: x", b"Transfer-Encoding: identity"),
        _write(POST, b"Host: x", b"Transfer-Encoding: xchunked", body=LAST_CHUNK),
        _write(POST, b"Host: x", b"Transfer-Encoding: \x0bchunked", body=LAST_CHUNK),
        _write(POST, b"Host: x", b"Transfer-Encoding:"),
        _write(POST, b"Host: x", CHUNKED, CHUNKED, body=LAST_CHUNK),
        _write(POST, b"Host: x", CHUNKED, b"Transfer-Encoding: identity", body=LAST_CHUNK),
        _write(b"POST / HTTP/1.0", b"Host: x", CHUNKED, body=LAST_CHUNK),
        # Lines.
        _write(POST, b"Host: x", b"X-A : b"),
        _write(POST, b"Host: x", b"X-A\t: b"),
        _write(POST, b"Host: x", b"X-A: b", b" c"),
        _write(POST, b"Host: x", b"X-A: b", b"\tc"),
        _write(POST, b" Host: x"),
        _write(POST, b"Host: x", b": b"),
        _write(POST, b"Host: x", b"X-A"),
        _write(POST, b"Host: x", b"X\xe9: b"),
        _write(POST, b"Host: x", b"X-A: b\rX-B: c"),
        _write(POST, b"Host: x", b"X-A: b\x00c"),
        _write(POST, b"Host: x", b"X-A: b\x7fc"),
        POST + b"\rHost: x\r\r",
        # Host.
        _write(POST),
        _write(POST, b"Host: x", b"Host: x"),
        _write(POST, b"Host: x", b"Host: evil"),
        _write(POST, b"Host: x y"),
        _write(POST, b"Host: user@x"),
        _write(POST, b"Host: x/admin"),
        _write(POST, b"Host: \xe9"),
        # Request lines.
        _write(b"PRI * HTTP/2.0", b"", b"SM", b""),
        _write(b"GET / HTTP/2.0", b"Host: x"),
        _write(b"GET / HTTP/1.2", b"Host: x"),
        _write(b"GET / HTTP/0.9", b"Host: x"),
        _write(b"GET / http/1.1", b"Host: x"),
        b"GET /\r\n\r\n",
        _write(b"get / HTTP/1.1", b"Host: x"),
        _write(b"GETT / HTTP/1.1", b"Host: x"),
        _write(b"GET /a b HTTP/1.1", b"Host: x"),
        _write(b"GET /\xe9 HTTP/1.1", b"Host: x"),
        _write(b"GET /\x00 HTTP/1.1", b"Host: x"),
        _write(b"GET http:// HTTP/1.1", b"Host: x"),
        _write(b"GET http://evil HTTP/1.1", b"Host: x"),
        # Not HTTP at all.
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32,
        b"\x00" * 64,
        b"\xff" * 64,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=lambda text: repr(text)[-40:],
)
def test_a_dubious_request_gets_one_400_and_nothing_after_it_is_read(
    server: _Server, request_bytes: bytes
) -> None:
    received = server.exchange(request_bytes + SMUGGLED)

    assert _list_statuses(received) == [400]
    assert b"connection: close" in received
    assert received.partition(CRLF * 2)[2].startswith((b"Bad Request", b'{"error": {'))
    assert SMUGGLED not in received
    assert server.app.requests == []


@pytest.mark.parametrize(
    "body",
    [
        b"FFFFFFFFFFFFFFFFF\r\n",
        b"-1\r\n",
        b"0x4\r\nabcd\r\n0\r\n\r\n",
        b"4 \r\nabcd\r\n0\r\n\r\n",
        b"\r\n",
        b"4\r\nabcdX\r\n0\r\n\r\n",
        b"4\nabcd\n0\n\n",
        b"4\r\nabcd\r\n0\r\nX-A : b\r\n\r\n",
        b"4\r\nabcd\r\n0\r\nX-A: b\r\n folded\r\n\r\n",
    ],
    ids=repr,
)
def test_bad_chunks_get_one_400_and_nothing_after_them_is_read(server: _Server, body: bytes) -> None:
    received = server.exchange(_write(POST, b"Host: x", CHUNKED, body=body) + SMUGGLED)

    assert _list_statuses(received) == [400]
    assert not received.endswith(b"<open>")
    assert "GET /admin" not in server.app.requests


@pytest.mark.parametrize(
    "body",
    [
        # Framing without content: extensions, trailers, and trailers without end.
        b"1;" + b"x" * 200_000 + b"\r\na\r\n0\r\n\r\n",
        b"1\r\na\r\n0\r\nX-A: " + b"x" * 200_000,
        b"1\r\na\r\n0\r\n" + b"X-A: b\r\n" * 30_000 + b"\r\n",
    ],
    ids=["extension", "one trailer", "many trailers"],
)
def test_framing_that_carries_no_body_is_refused(server: _Server, body: bytes) -> None:
    head = _write(POST, b"Host: x", CHUNKED)
    received = server.exchange(
        head, *(body[at : at + 20_000] for at in range(0, len(body), 20_000)), pause_s=0.01
    )

    assert _list_statuses(received) == [400]
    assert not received.endswith(b"<open>")


def test_one_byte_chunks_are_read(server: _Server) -> None:
    received = server.exchange(_write(POST, b"Host: x", CHUNKED), b"1\r\na\r\n" * 60_000 + LAST_CHUNK)

    assert _get_body(received)["body"] == "a" * 60_000


def test_trailers_do_not_become_headers(server: _Server) -> None:
    body = b"4\r\nabcd\r\n0\r\nAuthorization: evil\r\n\r\n"
    received = server.exchange(_write(POST, b"Host: x", CHUNKED), body, pause_s=0.05)

    seen = _get_body(received)
    assert seen["body"] == "abcd"
    assert seen["headers"] == {"host": "x", "transfer-encoding": "chunked"}


@pytest.mark.parametrize(
    ("target", "header_bytes"),
    [
        (b"/installments/offers", 65_536),
        (b"/installments/offers", 16_400),
        (b"/installments/offers", 10_000_000),
    ],
    ids=["64 KiB", "a little over", "10 MB"],
)
def test_an_oversized_head_is_answered_in_the_network_form(
    server: _Server, target: bytes, header_bytes: int
) -> None:
    authorization = b'Authorization: OAuth x="' + b"A" * header_bytes + b'"'
    received = server.exchange(_write(b"POST " + target + b" HTTP/1.1", b"Host: x", authorization) + SMUGGLED)

    head = received.partition(CRLF * 2)[0].decode()
    assert _list_statuses(received) == [413]
    assert _get_body(received) == TOO_LARGE
    assert re.search(r"(?im)^correlation-id: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\r?$", head)
    assert re.search(r"(?im)^content-type: application/json\r?$", head)
    assert server.app.requests == []


@pytest.mark.parametrize(
    "request_bytes",
    [
        _write(b"GET / HTTP/1.1", b"Host: x", *[b"X-A: b"] * 3_000),
        _write(b"GET / HTTP/1.1", b"Host: x", b"X" * 65_536 + b": b"),
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"b" * 1_000_000,
    ],
    ids=["many headers", "name", "unfinished"],
)
def test_an_oversized_head_elsewhere_is_answered_431(server: _Server, request_bytes: bytes) -> None:
    received = server.exchange(request_bytes)

    assert _list_statuses(received) == [431]
    assert not received.endswith(b"<open>")
    assert server.app.requests == []


_GATEWAY_PATH = b"/api/rest/version/100/merchant/M/session"
_BIG_HEADER = b"X-A: " + b"b" * 20_000


@pytest.mark.parametrize(
    ("request_bytes", "status", "content_type", "body"),
    [
        (
            _write(b"POST " + _GATEWAY_PATH + b" HTTP/1.1", b"Host: x", _BIG_HEADER),
            431,
            "application/json;charset=UTF-8",
            b'{"error":{"cause":"INVALID_REQUEST","explanation":"Request Header Fields Too Large"},'
            b'"result":"ERROR"}',
        ),
        (
            _write(b"GET /api/" + b"a" * 20_000 + b" HTTP/1.1", b"Host: x"),
            414,
            "application/json;charset=UTF-8",
            b'{"error":{"cause":"INVALID_REQUEST","explanation":"Request-URI Too Long"},"result":"ERROR"}',
        ),
        (
            _write(b"POST " + _GATEWAY_PATH + b" HTTP/1.1"),
            400,
            "application/json;charset=UTF-8",
            b'{"error":{"cause":"INVALID_REQUEST","explanation":"Bad Request"},"result":"ERROR"}',
        ),
        (
            _write(b"POST /api/nvp/version/100 HTTP/1.1", b"Host: x", _BIG_HEADER),
            431,
            "text/plain;charset=UTF-8",
            b"error.cause=INVALID_REQUEST&error.explanation=Request+Header+Fields+Too+Large&result=ERROR",
        ),
    ],
    ids=["head", "address", "no host", "NVP"],
)
def test_refusals_of_gateway_requests_have_the_form_of_that_door(
    server: _Server, request_bytes: bytes, status: int, content_type: str, body: bytes
) -> None:
    received = server.exchange(request_bytes)

    head, _, rest = received.removesuffix(b"<open>").partition(CRLF * 2)
    assert _list_statuses(received) == [status]
    assert rest == body
    assert re.search(rf"(?im)^content-type: {re.escape(content_type)}\r?$", head.decode())
    assert re.search(r"(?im)^x-request-id: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\r?$", head.decode())
    assert server.app.requests == []


@pytest.mark.parametrize(
    ("request_bytes", "status", "phrase"),
    [
        (
            _write(b"POST /v1/payments HTTP/1.1", b"Host: x", _BIG_HEADER),
            431,
            "Request Header Fields Too Large",
        ),
        (
            _write(b"GET /v1/payments/" + b"a" * 20_000 + b" HTTP/1.1", b"Host: x"),
            414,
            "Request-URI Too Long",
        ),
        (_write(b"GET /v1 HTTP/1.1"), 400, "Bad Request"),
        (_write(b"GET /v1?" + b"a" * 20_000 + b" HTTP/1.1", b"Host: x"), 414, "Request-URI Too Long"),
    ],
    ids=["head", "address", "no host", "query"],
)
def test_refusals_of_payments_requests_have_the_form_of_that_door(
    server: _Server, request_bytes: bytes, status: int, phrase: str
) -> None:
    received = server.exchange(request_bytes)

    head, _, rest = received.removesuffix(b"<open>").partition(CRLF * 2)
    names = [line.partition(b":")[0] for line in head.split(CRLF)[1:]]
    found = re.search(rb"request-id: (req_[0-7][0-9A-HJKMNP-TV-Z]{25})", head)
    assert found is not None
    assert _list_statuses(received) == [status]
    assert json.loads(rest) == {
        "error": {
            "type": "validation_error",
            "code": "parameter_invalid",
            "message": f"{phrase}: the request could not be read.",
            "param": None,
            "doc_url": "/docs/errors#parameter_invalid",
            "request_id": found[1].decode(),
            "decline_code": None,
            "resource": None,
            "details": {},
        }
    }
    assert {b"parcela-version", b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset"} <= set(
        names
    )
    assert server.app.requests == []


@pytest.mark.parametrize("target", [b"/v10", b"/v1x/payments", b"/x/v1/"])
def test_other_addresses_have_a_plain_refusal(server: _Server, target: bytes) -> None:
    received = server.exchange(_write(b"GET " + target + b" HTTP/1.1"))

    assert b"content-type: text/plain" in received
    assert received.removesuffix(b"<open>").endswith(b"Bad Request")


@pytest.mark.parametrize("prefix", [b"/", b"/installments/"])
@pytest.mark.parametrize("size", [16_385, 65_536, 1_000_000])
def test_an_overlong_address_is_answered_414(server: _Server, prefix: bytes, size: int) -> None:
    received = server.exchange(_write(b"GET " + prefix + b"a" * size + b" HTTP/1.1", b"Host: x"))

    assert _list_statuses(received) == [414]
    assert not received.endswith(b"<open>")
    assert server.app.requests == []


@pytest.mark.parametrize(
    "target", [b"http://evil/x", b"http://x@evil/x", b"http:///x", b"http://x:81/x", b"/x#y", b"http://x#y"]
)
def test_an_address_that_could_be_read_in_two_ways_is_refused(server: _Server, target: bytes) -> None:
    received = server.exchange(_write(b"POST " + target + b" HTTP/1.1", b"Host: x"))

    assert _list_statuses(received) == [400]
    assert server.app.requests == []


@pytest.mark.parametrize(("spare_bytes", "status"), [(0, 200), (-1, 431)])
@pytest.mark.parametrize("cut", [None, 100, 16_384])
def test_the_limit_of_the_head_is_exact(
    server: _Server, spare_bytes: int, status: int, cut: int | None
) -> None:
    head = _write(b"GET / HTTP/1.1", b"Host: x", b"X-A: ")
    filler = b"b" * (BoundedHttpToolsProtocol.max_head_bytes - len(head) - spare_bytes)
    whole = _write(b"GET / HTTP/1.1", b"Host: x", b"X-A: " + filler)
    parts = (whole,) if cut is None else (whole[:cut], whole[cut:])

    assert _list_statuses(server.exchange(*parts, pause_s=0.02)) == [status]


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "OPTIONS", "DELETE", "PURGE"])
def test_other_methods_reach_the_application(server: _Server, method: str) -> None:
    received = server.exchange(_write(f"{method} /x HTTP/1.1".encode(), b"Host: x"))

    assert (_list_statuses(received), _get_body(received)["method"]) == ([200], method)


def test_connect_is_not_implemented(server: _Server) -> None:
    received = server.exchange(
        _write(b"CONNECT evil:443 HTTP/1.1", b"Host: evil:443") + b"\x16\x03\x01" + SMUGGLED
    )

    assert _list_statuses(received) == [501]
    assert server.app.requests == []


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
def test_an_upgrade_is_ignored_and_nothing_after_it_is_read(server: _Server, protocol: bytes) -> None:
    lines = (b"GET /x HTTP/1.1", b"Host: x", b"Connection: Upgrade", b"Upgrade: " + protocol)
    key = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
    received = server.exchange(_write(*lines, key, b"Sec-WebSocket-Version: 13") + SMUGGLED)

    assert _list_statuses(received) == [200]
    assert not received.endswith(b"<open>")
    assert server.app.requests == ["GET /x"]


@pytest.mark.parametrize(
    ("framing", "body"),
    [(b"Content-Length: 4", b"abcd"), (b"Transfer-Encoding: chunked", b"4\r\nabcd\r\n0\r\n\r\n")],
    ids=["length", "chunked"],
)
@pytest.mark.parametrize("cut", [None, 30, -2])
def test_a_body_is_read_though_its_head_asks_for_an_upgrade(
    server: _Server, framing: bytes, body: bytes, cut: int | None
) -> None:
    """As the HTTP client of Java asks with every request over a plain connection."""
    upgrade = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAEAAEAA")
    sent = _write(POST, b"Host: x", *upgrade, framing, body=body)
    pieces = [sent] if cut is None else [sent[:cut], sent[cut:]]
    received = server.exchange(*pieces, pause_s=0.05)

    assert _list_statuses(received) == [200]
    assert received.endswith(b"<open>")
    seen = _get_body(received)
    assert (seen["body"], "upgrade" in seen["headers"]) == ("abcd", False)


def test_an_upgrade_with_a_body_hides_no_second_request(server: _Server) -> None:
    upgrade = (b"Connection: Upgrade", b"Upgrade: websocket", b"Content-Length: 4")
    received = server.exchange(_write(POST, b"Host: x", *upgrade, body=b"abcd") + SMUGGLED)

    assert _list_statuses(received) == [200]
    assert not received.endswith(b"<open>")
    assert server.app.requests == ["POST /v1/payments"]


@pytest.mark.parametrize("second", [SMUGGLED, b"garbage"])
def test_what_is_pipelined_is_not_read(server: _Server, second: bytes) -> None:
    received = server.exchange(_write(POST, b"Host: x", b"Content-Length: 4", body=b"abcd") + second)

    assert _list_statuses(received) == [200]
    assert not received.endswith(b"<open>")
    assert server.app.requests == ["POST /v1/payments"]


def test_nothing_is_read_after_connection_close(server: _Server) -> None:
    received = server.exchange(
        _write(b"GET /x HTTP/1.1", b"Host: x", b"Connection: close"), SMUGGLED, pause_s=0.1
    )

    assert _list_statuses(received) == [200]
    assert server.app.requests == ["GET /x"]


def test_requests_one_after_the_other_share_a_connection(server: _Server) -> None:
    post = _write(POST, b"Host: x", b"Content-Length: 4", body=b"abcd")
    # Old clients send a line end after a body.
    received = server.exchange(post + CRLF, CRLF + post, SMUGGLED, pause_s=0.1)

    assert _list_statuses(received) == [200, 200, 200]
    assert received.endswith(b"<open>")


def test_a_request_byte_by_byte_is_read(server: _Server) -> None:
    text = _write(POST, b"Host: x", CHUNKED, body=b"4\r\nabcd\r\n0\r\n\r\n")
    received = server.exchange(*(text[at : at + 1] for at in range(len(text))), pause_s=0.001)

    assert _get_body(received)["body"] == "abcd"


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ((b"POST http://X/x HTTP/1.1", b"Host: x"), "/x"),
        ((b"GET //v1//payments HTTP/1.1", b"Host: x"), "//v1//payments"),
        ((b"GET /a/../%2e%2e/b HTTP/1.1", b"Host: x"), "/a/../../b"),
        ((b"GET /x HTTP/1.0",), "/x"),
        ((b"GET /x HTTP/1.1", b"Host:"), "/x"),
        ((b"GET /x HTTP/1.1", b"Host: [::1]:8080"), "/x"),
    ],
)
def test_unusual_requests_reach_the_application_unharmed(
    server: _Server, lines: tuple[bytes, ...], path: str
) -> None:
    assert _get_body(server.exchange(_write(*lines)))["path"] == path


def test_high_bytes_in_a_header_value_are_left_to_the_application(server: _Server) -> None:
    received = server.exchange(_write(b"GET / HTTP/1.1", b"Host: x", b"Correlation-Id: \xe9\xff"))

    assert _get_body(received)["headers"]["correlation-id"] == "éÿ"


def test_an_encoded_body_is_passed_on_as_it_is(server: _Server) -> None:
    lines = (POST, b"Host: x", b"Content-Encoding: gzip", b"Content-Length: 4")
    seen = _get_body(server.exchange(_write(*lines, body=b"\x1f\x8b\x08\x00")))

    assert (seen["body"], seen["headers"]["content-encoding"]) == ("\x1f\x8b\x08\x00", "gzip")


def test_an_early_answer_survives_a_large_body(server: _Server) -> None:
    head = _write(b"POST /early HTTP/1.1", b"Host: x", b"Content-Length: 10485760")
    received = server.exchange(head + b"x" * 10_485_760 + SMUGGLED)

    assert _list_statuses(received) == [200, 200]


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (b"", []),
        (CRLF, []),
        (b"G", [408]),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", [408]),
        (_write(POST, b"Host: x", b"Content-Length: 100", body=b"x" * 10), [408]),
        (_write(POST, b"Host: x", CHUNKED, body=b"4\r\nab"), [408]),
        (_write(POST, b"Host: x", b"Content-Length: 100", b"Expect: 100-continue"), [100, 408]),
        # The answer was given before the body; there is no second one.
        (_write(b"POST /early HTTP/1.1", b"Host: x", b"Content-Length: 100"), [200]),
        (_write(b"POST /early HTTP/1.1", b"Host: x", b"Content-Length: 9", b"Expect: 100-continue"), [200]),
    ],
    ids=lambda value: repr(value)[-40:],
)
def test_what_does_not_arrive_in_time_is_refused(
    hasty_server: _Server, sent: bytes, statuses: list[int]
) -> None:
    with hasty_server.connect() as connection:
        connection.sendall(sent)
        time.sleep(0.9)
        received = _read_all(connection)

    assert _list_statuses(received) == statuses
    assert not received.endswith(b"<open>")


@pytest.mark.parametrize(
    ("first", "drop", "latest_s"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", b"b", 0.5),
        (_write(POST, b"Host: x", b"Content-Length: 1000"), b"x", 0.8),
        (b"", CRLF, 0.5),
    ],
    ids=["head", "body", "line ends"],
)
def test_a_trickle_does_not_move_the_deadline(
    hasty_server: _Server, first: bytes, drop: bytes, latest_s: float
) -> None:
    started = time.monotonic()
    with hasty_server.connect() as connection:
        connection.sendall(first)
        connection.settimeout(0.05)
        while time.monotonic() - started < 20:
            try:
                connection.sendall(drop)
                connection.recv(65_536)
                break
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
    assert time.monotonic() - started < stretch(latest_s)


def test_the_application_learns_that_the_body_will_not_come(hasty_server: _Server) -> None:
    before = hasty_server.app.disconnects
    hasty_server.exchange(_write(POST, b"Host: x", b"Content-Length: 100", body=b"x"), pause_s=0.7)

    assert hasty_server.app.disconnects == before + 1


def test_a_body_may_take_longer_than_the_head_may(hasty_server: _Server) -> None:
    head = _write(POST, b"Host: x", b"Content-Length: 4")
    received = hasty_server.exchange(head, b"ab", b"cd", pause_s=0.2)

    assert _get_body(received)["body"] == "abcd"


def test_the_shipped_limits() -> None:
    limits = BoundedHttpToolsProtocol
    assert (limits.max_head_bytes, limits.head_deadline_s, limits.body_deadline_s) == (16_384, 15.0, 30.0)
