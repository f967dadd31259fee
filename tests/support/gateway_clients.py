"""Connections of the gateway door's clients: what goes over the socket, and what is read from it."""

import base64
import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Headers = Mapping[str, str]

CARD = "5123450000000008"
VISA = "4508750015741019"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_TIMEOUT_S = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A merchant as its software is set up."""

    root_url: str
    merchant_id: str
    password: str = field(repr=False)

    @property
    def user(self) -> str:
        """The API user."""
        return f"merchant.{self.merchant_id}"

    @property
    def basic(self) -> str:
        """The value of `Authorization`."""
        return write_basic(self.user, self.password)


@dataclass(frozen=True, slots=True, kw_only=True)
class WireAnswer:
    """A response as it came."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; numbers as the texts they are written in, as Gson keeps them."""
        return json.loads(self.body, parse_float=str, parse_int=str)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The body as name-value pairs, in its order."""
        return parse_qsl(self.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


class Line:
    """One connection. It is opened by its first request and kept for the next ones."""

    def __init__(self, root_url: str) -> None:
        place = urlsplit(root_url)
        assert place.hostname is not None
        self._connection = http.client.HTTPConnection(place.hostname, place.port, timeout=_TIMEOUT_S)

    def send(self, method: str, path: str, headers: Headers, body: bytes | None = None) -> WireAnswer:
        """Send exactly these headers beside `Host`, and `Content-Length` where there is a body."""
        self._begin(method, path, headers, body)
        self._connection.endheaders(body)
        return self._receive()

    def send_when_asked(self, method: str, path: str, headers: Headers, body: bytes) -> WireAnswer:
        """Send the body once the server has answered `100 Continue`, as .NET and older curl do."""
        self._begin(method, path, {**headers, "Expect": "100-continue"}, body)
        self._connection.endheaders()
        asked = self._connection.sock.recv(len(_CONTINUE))
        assert asked == _CONTINUE, asked
        self._connection.send(body)
        return self._receive()

    @property
    def local_port(self) -> int:
        """This end of the connection, which tells two connections apart."""
        port: int = self._connection.sock.getsockname()[1]
        return port

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _begin(self, method: str, path: str, headers: Headers, body: bytes | None) -> None:
        self._connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            self._connection.putheader(name, value)
        if body is not None:
            self._connection.putheader("Content-Length", str(len(body)))

    def _receive(self) -> WireAnswer:
        response = self._connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return WireAnswer(status=response.status, headers=headers, body=response.read())


@contextmanager
def open_line(account: Account) -> Iterator[Line]:
    """A connection for as long as the block lasts."""
    line = Line(account.root_url)
    try:
        yield line
    finally:
        line.close()


def load_account(home: Path, root_url: str) -> Account:
    """The merchant whose password stands in a home's credentials."""
    gateway = json.loads((home / "sandbox" / "credentials.json").read_text())["gateway"]
    return Account(root_url=root_url, merchant_id=gateway["merchant_id"], password=gateway["password"])


def write_basic(user: str, password: str) -> str:
    """HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def write_php_json(members: Any) -> bytes:
    """As `json_encode` writes it: slashes and letters beyond ASCII escaped, `{}` never for an empty array."""
    return json.dumps(members, separators=(",", ":")).replace("/", "\\/").encode()


def flatten(value: Any, path: str = "") -> dict[str, str]:
    """A JSON answer as the names and texts that NVP has for the same facts."""
    if isinstance(value, dict):
        parts = [flatten(inner, f"{path}.{name}" if path else name) for name, inner in value.items()]
    elif isinstance(value, list):
        parts = [flatten(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
    else:
        return {path: {True: "true", False: "false"}[value] if isinstance(value, bool) else value}
    return {name: text for part in parts for name, text in part.items()}


def rest_path(account: Account, version: int, tail: str) -> str:
    """The path of a REST request."""
    return f"/api/rest/version/{version}/merchant/{account.merchant_id}/{tail}"
