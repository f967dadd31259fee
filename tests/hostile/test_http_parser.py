"""What two HTTP parsers could read differently, sent byte by byte; the server must stay whole."""

import json
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.hostile.gateway_calls import has_error_shape, write_nvp, write_rest
from tests.hostile.rows import Row
from tests.hostile.site import Site, watch
from tests.support.gateway_samples import load_nvp_request, load_request
from tests.support.network_client import Answer, Jwe, WireRequest, forge
from tests.support.patience import stretch
from tests.support.samples import load_sample

PUBLISHED: dict[str, Row] = {
    row["id"]: row for row in load_sample("hostile_inputs") if row["id"].startswith("X-")
}
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_INTERIM = (100, 103)


@dataclass(frozen=True)
class Front:
    """A door, the address of a good inquiry there, and the bytes that its bodies may have.

    `good` is the inquiry itself, where it is not one of those that are made here.
    """

    site: Site
    door: str
    path: str
    most_body_bytes: int
    good: WireRequest | None = None

    @property
    def is_network(self) -> bool:
        """Is it the network's door?"""
        return self.door == "network"

    def line(self, method: str, path: str | None = None, version: str = "HTTP/1.1") -> bytes:
        """A request line."""
        return f"{method} {self.path if path is None else path} {version}".encode()


_PATHS = {
    "network": "/installments/offers",
    "rest": "/api/rest/version/100/merchant/TESTPARCELA01/paymentOptionsInquiry",
    "nvp": "/api/nvp/version/100",
}


def make_front(site: Site, name: str) -> Front:
    is_network = name == "network"
    most = 64 * 1024 if is_network else 256 * 1024
    return Front(site, "network" if is_network else "gateway", _PATHS[name], most)


def build_good(front: Front, method: str = "POST") -> tuple[list[bytes], bytes]:
    """The header lines (request line first) and the body of a good inquiry."""
    site = front.site
    if front.good is not None:
        request = replace(front.good, method=method)
    elif front.is_network:
        jwe = Jwe(key=site.newest_key)
        request = forge(site.partner, f"{method} /offers", load_sample("offers-request"), jwe=jwe)
    elif front.path == _PATHS["nvp"]:
        request = write_nvp(site.shop, load_nvp_request("options"))
    else:
        request = write_rest(site.shop, "POST", "paymentOptionsInquiry", load_request("options"))
    lines = [front.line(method), f"Host: 127.0.0.1:{site.server.port}".encode()]
    lines += [f"{name}: {value}".encode() for name, value in request.headers]
    lines += [b"Content-Length: %d" % len(request.body)]
    return lines, request.body


def join(lines: list[bytes], body: bytes = b"", end: bytes = b"\r\n") -> bytes:
    return end.join([*lines, b"", body])


def replaced(front: Front, name: bytes, *by: bytes) -> bytes:
    """The good inquiry with one header line replaced, or more added with an empty `name`."""
    lines, body = build_good(front)
    kept = [line for line in lines if not (name and line.startswith(name))]
    return join([*kept, *by], body)


def chunked(front: Front, chunks: bytes) -> bytes:
    lines, _ = build_good(front)
    return join([*lines[:-1], b"Transfer-Encoding: chunked"], chunks)


def first_line(front: Front, line: bytes) -> bytes:
    lines, body = build_good(front)
    return join([line, *lines[1:]], body)


def write_chunk(size: int) -> bytes:
    return f"{size:x}\r\n".encode() + b" " * size + b"\r\n"


def smuggled(front: Front) -> bytes:
    tail = b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n"
    lines, _ = build_good(front)
    return join([*lines[:-1], b"Content-Length: 4", b"Transfer-Encoding: chunked"], tail)


Build = Callable[[Front], bytes]

TIMEOUT_S = 2

ATTACKS: dict[str, Build] = {
    "X-001": smuggled,
    "X-012": lambda s: join([*build_good(s)[0][:-1], b"Content-Length: 100"], b"0123456789"),
    "X-013": lambda s: chunked(s, b"FFFFFFFFFFFFFFFFF\r\n"),
    "X-015": lambda s: join(*build_good(s), end=b"\n"),
    "X-016": lambda s: replaced(s, b"", b"X-A : b"),
    "X-017": lambda s: replaced(s, b"", b"X-A: b\r\n c"),
    "X-020": lambda s: replaced(s, b"Host"),
    "X-021": lambda s: first_line(s, s.line("POST", f"http://evil{s.path}")),
    "X-023": lambda _: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "X-024": lambda _: bytes.fromhex("16030100c4010000c00303") + bytes(180),
    "X-025 TRACE": lambda s: join(*build_good(s, "TRACE")),
    "X-025 CONNECT": lambda s: first_line(s, b"CONNECT evil:443 HTTP/1.1"),
    "X-025 PROPFIND": lambda s: join(*build_good(s, "PROPFIND")),
    "X-028": lambda s: first_line(s, s.line("POST", s.path + "o" * 65_536)),
    "X-029": lambda s: first_line(s, s.line("POST", s.path.replace("/", "//"))),
    "X-040": lambda s: join([*build_good(s)[0], b"Expect: 100-continue"]),
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
        lambda s: chunked(s, write_chunk(s.most_body_bytes + 1) + b"0\r\n\r\n"),
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
    "lower-case method": (lambda s: first_line(s, s.line("post")), REFUSED),
    "HTTP/0.9": (lambda s: f"GET {s.path}\r\n\r\n".encode(), REFUSED),
    "HTTP/1.2": (lambda s: first_line(s, s.line("POST", version="HTTP/1.2")), [400, 505, "close"]),
    "HTTP/3.0": (lambda s: first_line(s, s.line("POST", version="HTTP/3.0")), [400, 505, "close"]),
    "two spaces": (lambda s: first_line(s, s.line("POST", f" {s.path}")), [200, 400, "close"]),
    "fragment": (lambda s: first_line(s, s.line("POST", f"{s.path}#x")), REFUSED),
    "absolute with the same host": (
        lambda s: first_line(s, s.line("POST", s.site.server.root_url + s.path)),
        [200],
    ),
    "absolute with user": (lambda s: first_line(s, b"POST http://a@127.0.0.1/x HTTP/1.1"), REFUSED),
    "absolute without authority": (lambda s: first_line(s, b"POST http:///x HTTP/1.1"), REFUSED),
    "asterisk": (lambda s: first_line(s, b"OPTIONS * HTTP/1.1"), [400, 404, 405]),
    "dots": (lambda s: first_line(s, s.line("POST", "/x/../".join(s.path.rsplit("/", 1)))), [403, 404]),
    "encoded slash": (
        lambda s: first_line(s, s.line("POST", "/" + s.path[1:].replace("/", "%2F", 1))),
        [403, 404],
    ),
    "encoded dots": (lambda s: first_line(s, s.line("POST", f"/%2e%2e{s.path}")), [403, 404]),
    "nul in path": (lambda s: first_line(s, s.line("POST", f"{s.path}%00")), [403, 404]),
    "semicolon": (lambda s: first_line(s, s.line("POST", f"{s.path};x=1")), [403, 404]),
    "upgrade to h2c": (
        lambda s: replaced(s, b"", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c"),
        [200],
    ),
    "websocket": (
        lambda s: replaced(s, b"", b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: AA=="),
        [200],
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


def attack(front: Front, build: Build) -> list[int]:
    """Send, check the standing rules, and tell the statuses that came."""
    octets = build(front)
    secrets = ["5110921032063789", front.site.shop.password]
    with watch(front.site, secrets=secrets, door=front.door) as watched:
        received = talk(front.site, octets, timeout_s=stretch(TIMEOUT_S))
    statuses = read_statuses(received)
    headers, _, body = received.partition(b"\r\n\r\n")
    parsed = Answer(statuses[-1] if statuses else 0, _read_headers(headers), body, _parse(body))
    watched.answers.append(parsed)
    watched.check(may_take_s=TIMEOUT_S + 1)
    assert set(watched.records) <= ({"presentment"} if 200 in statuses and front.is_network else set())
    assert set(watched.grown) <= ({"merchant_quote"} if 200 in statuses else set())
    return statuses


def _read_headers(head: bytes) -> dict[str, str]:
    pairs = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:] if ": " in line]
    return {name.lower(): value for name, value in pairs}


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


SLOW = ("X-012", "X-040")
FRONTS = ("network", "rest", "nvp")
ALL = [(front, name) for front in FRONTS for name in ATTACKS if name not in SLOW]


def test_every_published_parser_row_is_sent() -> None:
    assert {name.partition(" ")[0] for name in ATTACKS} == set(PUBLISHED)


@pytest.mark.parametrize(("where", "name"), ALL)
def test_published_row(site: Site, where: str, name: str) -> None:
    expect = PUBLISHED[name.partition(" ")[0]]["expect"]
    started_s = time.monotonic()
    statuses = attack(make_front(site, where), ATTACKS[name])
    assert time.monotonic() - started_s <= stretch(TIMEOUT_S + 2)
    assert len(statuses) <= 1
    assert (statuses[0] if statuses else "close") in expect["status"]


@pytest.mark.parametrize("where", FRONTS)
@pytest.mark.parametrize("name", NEIGHBOURS)
def test_neighbour(site: Site, where: str, name: str) -> None:
    build, allowed = NEIGHBOURS[name]
    statuses = attack(make_front(site, where), build)
    assert len(statuses) <= 1
    assert (statuses[0] if statuses else "close") in allowed


def test_bodies_that_never_come_end_by_the_deadline(site: Site) -> None:
    """The slow published rows, all at once, and good requests at both doors meanwhile."""
    cases = [(make_front(site, where), name) for where in FRONTS for name in SLOW]

    def send(case: tuple[Front, str]) -> list[int]:
        front, name = case
        return read_statuses(talk(site, ATTACKS[name](front), timeout_s=35))

    with (
        watch(site, secrets=[site.shop.password], door="gateway") as watched,
        ThreadPoolExecutor(len(cases)) as threads,
    ):
        sent = threads.map(send, cases)
        for _ in range(3):
            time.sleep(1)
            assert (site.pay_well().status, site.ask_good().status) == (201, 200)
        outcomes = list(sent)
    for (_, name), statuses in zip(cases, outcomes, strict=True):
        assert len(statuses) <= 1
        assert (statuses[0] if statuses else "close") in PUBLISHED[name]["expect"]["status"]
    watched.check(may_take_s=37)


@pytest.mark.parametrize("where", FRONTS)
def test_a_pipelined_second_request_is_never_answered_unseen(site: Site, where: str) -> None:
    front = make_front(site, where)
    first, second = join(*build_good(front)), join(*build_good(front))
    statuses = read_statuses(talk(site, first + second, timeout_s=stretch(2)))
    assert statuses in ([200], [200, 200])


@pytest.mark.parametrize("where", FRONTS)
def test_a_slow_head_does_not_stop_others(site: Site, where: str) -> None:
    slow = [socket.create_connection(("127.0.0.1", site.server.port)) for _ in range(50)]
    for connection in slow:
        connection.sendall(make_front(site, where).line("POST") + b"\r\nHost: x\r\nX-A: ")
    started_s = time.monotonic()
    answer = site.ask_good() if where == "network" else site.pay_well()
    assert answer.status == (200 if where == "network" else 201)
    assert time.monotonic() - started_s < stretch(8)
    for connection in slow:
        connection.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"X-A: " + b"a" * 20_000, 431),
        (b"Content-Length: 5, 5", 400),
        (b"Host: a@evil", 400),
    ],
    ids=["head-too-large", "two-lengths-in-one", "host-with-user"],
)
@pytest.mark.parametrize("where", ["rest", "nvp"])
def test_refused_heads_have_the_error_group(site: Site, where: str, head: bytes, status: int) -> None:
    """Clients of the gateway parse the body of every refusal."""
    front = make_front(site, where)
    received = talk(site, replaced(front, head.partition(b":")[0], head), timeout_s=2)
    headers, _, body = received.partition(b"\r\n\r\n")
    answer = Answer(read_statuses(received)[0], _read_headers(headers), body, _parse(body))
    assert answer.status == status
    assert has_error_shape(answer), received
