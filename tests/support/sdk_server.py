"""A server that answers what a test tells it to, and keeps what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came; header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer. `hangs_up` sends nothing and closes the connection."""

    status: int = 200
    body: Json | bytes = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs_up: bool = False


Rule = Callable[[Asked], Told]


class ScriptedServer:
    """Answers in the order of `script`, or by a rule; `asked` holds every request."""

    def __init__(self, script: list[Told] | Rule) -> None:
        self.asked: list[Asked] = []
        self._script = script
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self.root_url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Listen."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: Asked) -> Told:
        """What the script says next."""
        self.asked.append(asked)
        if not isinstance(self._script, list):
            return self._script(asked)
        return self._script.pop(0)

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: tests look at what was asked."""

            def handle_any(self) -> None:
                target = urlsplit(self.path)
                length = int(self.headers.get("Content-Length", "0"))
                told = server.answer(
                    Asked(
                        method=self.command,
                        path=target.path,
                        query=dict(parse_qsl(target.query, keep_blank_values=True)),
                        headers={name.lower(): value for name, value in self.headers.items()},
                        body=self.rfile.read(length),
                    )
                )
                if told.hangs_up:
                    self.close_connection = True
                    return
                body = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
                self.send_response(told.status)
                for name, value in {"Content-Type": "application/json", **told.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

        return Handler


@contextmanager
def run_scripted_server(script: list[Told] | Rule) -> Iterator[ScriptedServer]:
    """A server for as long as the block lasts."""
    server = ScriptedServer(script)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def refuse(status: int, code: str, **members: Any) -> Told:
    """A refusal as the payments API tells it."""
    headers = {"Request-Id": "req_01K1B9Z6Q4T8V2X0M5R7S3W9YA"}
    if "retry_after" in members:
        headers["Retry-After"] = members.pop("retry_after")
    error = {"type": "api_error", "code": code, "message": f"Refused: {code}.", **members}
    return Told(status=status, body={"error": error}, headers=headers)
