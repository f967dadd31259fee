"""What two HTTP parsers could read differently, sent byte by byte; the server must stay whole."""

import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.hostile.rows import Row
from tests.hostile.site import Site, watch
from tests.support.network_client import Answer, Jwe, forge
from tests.support.samples import load_sample

PUBLISHED: dict[str, Row] = {
    row["id"]: row for row in load_sample("hostile_inputs") if row["id"].startswith("X-")
}
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_INTERIM = (100, 103)


def build_good(site: Site, method: str = "POST") -> tuple[list[bytes], bytes]:
    """The header lines (request line first) and the body of a well signed inquiry."""
    body, jwe = load_sample("offers-request"), Jwe(key=site.newest_key)
    request = forge(site.partner, f"{method} /offers", body, jwe=jwe)
    lines = [
        f"{method} /installments/offers HTTP/1.1".encode(),
        f"Host: 127.0.0.1:{site.server.port}".encode(),
    ]
    lines += [f"{name}: {value}".encode() for name, value in request.headers]
    lines += [b"Content-Length: %d" % len(request.body)]
    return lines, request.body


def join(lines: list[bytes], body: bytes = b"", end: bytes = b"\r\n") -> bytes:
    return end.join([*lines, b"", body])


def replaced(site: Site, name: bytes, *by: bytes) -> bytes:
    """The good inquiry with one header line replaced, or more added with an empty `name`."""
    lines, body = build_good(site)
    kept = [line for line in lines if not (name and line.startswith(name))]
    return join([*kept, *by], body)


def chunked(site: Site, chunks: bytes) -> bytes:
    lines, _ = build_good(site)
    return join([*lines[:-1], b"Transfer-Encoding: chunked"], chunks)


def first_line(site: Site, line: bytes) -> bytes:
    lines, body = build_good(site)
    return join([line, *lines[1:]], body)


def smuggled(site: Site) -> bytes:
    tail = b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n"
    lines, _ = build_good(site)
    return join([*lines[:-1], b"Content-Length: 4", b"Transfer-Encoding: chunked"], tail)


Build = Callable[[Site], bytes]

ATTACKS: dict[str, Build] = {
    "X-001": smuggled,
    "X-012": lambda site: join([*build_good(site)[0][:-1], b"Content-Length: 100"], b"0123456789"),
    "X-013": lambda site: chunked(site, b"FFFFFFFFFFFFFFFFF\r\n"),
    "X-015": lambda site: join(*build_good(site), end=b"\n"),
    "X-016": lambda site: replaced(site, b"", b"X-A : b"),
    "X-017": lambda site: replaced(site, b"", b"X-A: b\r\n c"),
    "X-020": lambda site: replaced(site, b"Host"),
    "X-021": lambda site: first_line(site, b"POST http://evil/installments/offers HTTP/1.1"),
    "X-023": lambda _: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "X-024": lambda _: bytes.fromhex("16030100c4010000c00303") + bytes(180),
    "X-025 TRACE": lambda site: join(*build_good(site, "TRACE")),
    "X-025 CONNECT": lambda site: first_line(site, b"CONNECT evil:443 HTTP/1.1"),
    "X-025 PROPFIND": lambda site: join(*build_good(site, "PROPFIND")),
    "X-028": lambda site: first_line(site, b"POST /installments/" + b"o" * 65_536 + b" HTTP/1.1"),
    "X-029": lambda site: first_line(site, b"POST //installments//offers HTTP/1.1"),
    "X-040": lambda site: join([*build_good(site)[0], b"Expect: 100-continue"]),
}

REFUSED = [400, "close"]
NEIGHBOURS: dict[str, tuple[Build, list[Any]]] = {
    "two lengths": (lambda s: replaced(s, b"", b"Content-Length: 4"), REFUSED),
    "length twice the same": (lambda s: replaced(s, b"", build_good(s)[0][-1]), REFUSED),
    "length negative": (lambda s: replaced(s, b"Content-Length", b"Content-Length: -1"), REFUSED),
    "length plus": (lambda s: replaced(s, b"Content-Length", b"Content-Length: +5"), REFUSED),
    "length hex": (lambda s: replaced(s, b"Content-Length", b"Content-Length: 0x5"), REFUSED),
    "length list": (lambda s: replaced(s, b"Content-Length", b"Content-Length: 5, 5"), REFUSED),
    "length huge": (
        lambda s: replaced(s, b"Content-Length", b"Content-Length: " + b"9" * 30),
        [400, 413, "close"],
    ),
    "encoding twice": (
        lambda s: replaced(s, b"Content-Length", *[b"Transfer-Encoding: chunked"] * 2),
        REFUSED,
    ),
    "encoding other": (lambda s: replaced(s, b"Content-Length", b"Transfer-Encoding: xchunked"), REFUSED),
    "encoding identity": (lambda s: replaced(s, b"Content-Length", b"Transfer-Encoding: identity"), REFUSED),
    "encoding list": (
        lambda s: replaced(s, b"Content-Length", b"Transfer-Encoding: gzip, chunked"),
        [400, 501, "close"],
    ),
    "encoding tab": (lambda s: replaced(s, b"Content-Length", b"Transfer-Encoding:\tchunked\x0b"), REFUSED),
    "chunk negative": (lambda s: chunked(s, b"-1\r\nx\r\n0\r\n\r\n"), REFUSED),
    "chunk not hex": (lambda s: chunked(s, b"0x5\r\nhello\r\n0\r\n\r\n"), REFUSED),
    "chunk too short": (lambda s: chunked(s, b"2\r\nhello\r\n0\r\n\r\n"), REFUSED),
    "chunk over the limit": (
        lambda s: chunked(s, b"10001\r\n" + b" " * 0x10001 + b"\r\n0\r\n\r\n"),
        [413, "close"],
    ),
    "chunk extensions": (lambda s: chunked(s, (b"1;" + b"x" * 9000 + b"\r\n \r\n") * 9), REFUSED),
    "two hosts": (lambda s: replaced(s, b"", b"Host: evil"), REFUSED),
    "host with path": (lambda s: replaced(s, b"Host", b"Host: evil/x"), REFUSED),
    "host with credentials": (lambda s: replaced(s, b"Host", b"Host: a@evil"), REFUSED),
    "other host": (lambda s: replaced(s, b"Host", b"Host: evil.example"), [200]),
    "nul in header": (lambda s: replaced(s, b"", b"X-A: a\0b"), REFUSED),
    "cr in header": (lambda s: replaced(s, b"", b"X-A: a\rb: c"), REFUSED),
    "no colon": (lambda s: replaced(s, b"", b"X-A"), REFUSED),
    "empty name": (lambda s: replaced(s, b"", b": b"), REFUSED),
    "header of 20 kB": (lambda s: replaced(s, b"", b"X-A: " + b"a" * 20_000), [413, 431, "close"]),
    "1000 headers": (lambda s: replaced(s, b"", *[b"X-A: aaaaaaaaaaaaa"] * 1000), [413, 431, "close"]),
    "lower-case method": (lambda s: first_line(s, b"post /installments/offers HTTP/1.1"), REFUSED),
    "HTTP/0.9": (lambda _: b"GET /installments/offers\r\n\r\n", REFUSED),
    "HTTP/1.2": (lambda s: first_line(s, b"POST /installments/offers HTTP/1.2"), [400, 505, "close"]),
    "HTTP/3.0": (lambda s: first_line(s, b"POST /installments/offers HTTP/3.0"), [400, 505, "close"]),
    "two spaces": (lambda s: first_line(s, b"POST  /installments/offers HTTP/1.1"), [200, 400, "close"]),
    "fragment": (lambda s: first_line(s, b"POST /installments/offers#x HTTP/1.1"), REFUSED),
    "absolute with the same host": (
        lambda s: first_line(s, f"POST {s.partner.base_url}/offers HTTP/1.1".encode()),
        [200],
    ),
    "absolute with user": (lambda s: first_line(s, b"POST http://a@127.0.0.1/x HTTP/1.1"), REFUSED),
    "absolute without authority": (lambda s: first_line(s, b"POST http:///x HTTP/1.1"), REFUSED),
    "asterisk": (lambda s: first_line(s, b"OPTIONS * HTTP/1.1"), [400, 404, 405]),
    "dots": (lambda s: first_line(s, b"POST /installments/x/../offers HTTP/1.1"), [403, 404]),
    "encoded slash": (lambda s: first_line(s, b"POST /installments%2Foffers HTTP/1.1"), [403, 404]),
    "encoded dots": (lambda s: first_line(s, b"POST /%2e%2e/installments/offers HTTP/1.1"), [403, 404]),
    "nul in path": (lambda s: first_line(s, b"POST /installments/offers%00 HTTP/1.1"), [403, 404]),
    "semicolon": (lambda s: first_line(s, b"POST /installments/offers;x=1 HTTP/1.1"), [403, 404]),
    "upgrade to h2c": (
        lambda s: replaced(s, b"", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c"),
        [200, 400],
    ),
    "websocket": (
        lambda s: replaced(s, b"", b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: AA=="),
        [200, 400],
    ),
    "only line ends": (lambda _: b"\r\n" * 1000, [400, "close"]),
    "random bytes": (lambda _: bytes(range(256)) * 20, [400, "close"]),
}


def talk(site: Site, octets: bytes, *, timeout_s: float) -> bytes:
    """Send, and read until the server closes or is silent."""
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=timeout_s) as connection:
        received = b""
        try:
            connection.sendall(octets)
            while part := connection.recv(65_536):
                received += part
                if is_whole(received):
                    break
        except (ConnectionError, TimeoutError):
            pass
        return received


def is_whole(received: bytes) -> bool:
    """Has one final answer come, with its whole body?"""
    for status in _STATUS.finditer(received):
        if int(status[1]) in _INTERIM:
            continue
        head, parted, body = received[status.start() :].partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        return bool(parted) and length is not None and len(body) >= int(length[1])
    return False


def read_statuses(received: bytes) -> list[int]:
    return [int(status) for status in _STATUS.findall(received) if int(status) not in _INTERIM]


def attack(site: Site, build: Build, *, timeout_s: float) -> list[int]:
    """Send, check the standing rules, and tell the statuses that came."""
    octets = build(site)
    with watch(site, secrets=["5110921032063789"]) as watched:
        received = talk(site, octets, timeout_s=timeout_s)
    statuses = read_statuses(received)
    body = received.partition(b"\r\n\r\n")[2]
    parsed = Answer(statuses[-1] if statuses else 0, {}, body, _parse(body))
    watched.answers.append(parsed)
    watched.check(may_take_s=timeout_s + 1)
    assert set(watched.records) <= ({"presentment"} if 200 in statuses else set())
    return statuses


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def test_every_published_parser_row_is_sent() -> None:
    assert {name.partition(" ")[0] for name in ATTACKS} == set(PUBLISHED)


@pytest.mark.parametrize("name", ATTACKS)
def test_published_row(site: Site, name: str) -> None:
    expect = PUBLISHED[name.partition(" ")[0]]["expect"]
    timeout_s = 35 if name in ("X-012", "X-040") else 2
    started_s = time.monotonic()
    statuses = attack(site, ATTACKS[name], timeout_s=timeout_s)
    assert time.monotonic() - started_s <= timeout_s + 2
    assert len(statuses) <= 1
    assert (statuses[0] if statuses else "close") in expect["status"]


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_neighbour(site: Site, name: str) -> None:
    build, allowed = NEIGHBOURS[name]
    statuses = attack(site, build, timeout_s=2)
    assert len(statuses) <= 1
    assert (statuses[0] if statuses else "close") in allowed


def test_a_pipelined_second_request_is_never_answered_unseen(site: Site) -> None:
    first, second = join(*build_good(site)), join(*build_good(site))
    statuses = read_statuses(talk(site, first + second, timeout_s=2))
    assert statuses in ([200], [200, 200])


def test_a_slow_head_does_not_stop_others(site: Site) -> None:
    slow = [socket.create_connection(("127.0.0.1", site.server.port)) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"POST /installments/offers HTTP/1.1\r\nHost: x\r\nX-A: ")
    started_s = time.monotonic()
    assert site.ask_good().status == 200
    assert time.monotonic() - started_s < 2
    for connection in slow:
        connection.close()
