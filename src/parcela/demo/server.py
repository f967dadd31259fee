"""The demo's server: `parcela serve --demo` as a child process that ends with the demo."""

import http.client
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 20.0
_PORTS_TRIED = 100


class ServerDidNotStartError(Exception):
    """The server ended or stayed silent; the text has what it wrote itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoServer:
    """A server that answers: its process, where it is, who may call it, and how long its start took."""

    process: subprocess.Popen[bytes]
    local_url: str
    credentials: Mapping[str, Any]
    start_s: float


def find_free_port(host: str, wanted: int) -> int:
    """`wanted`, or the first port above it on which nobody listens."""
    for port in range(wanted, min(wanted + _PORTS_TRIED, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise ServerDidNotStartError(f"No port from {wanted} to {wanted + _PORTS_TRIED - 1} is free on {host}.")


@contextmanager
def run_server(home: Path, *, host: str, port: int) -> Iterator[DemoServer]:
    """A ready server with the demo world, its log in `find_log(home)`. Raises ServerDidNotStartError."""
    started_s = time.monotonic()
    command = [sys.executable, "-c", "from parcela.cli.main import run; run()", "serve", "--demo"]
    command += ["--home", str(home), "--host", host, "--port", str(port)]
    home.mkdir(parents=True, exist_ok=True)
    with find_log(home).open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    local_url = f"http://{host}:{port}"
    try:
        _wait_until_ready(process, local_url, find_log(home))
        credentials = json.loads((home / "sandbox" / "credentials.json").read_text(encoding="utf-8"))
        yield DemoServer(
            process=process,
            local_url=local_url,
            credentials=credentials,
            start_s=time.monotonic() - started_s,
        )
    finally:
        _stop(process)


def find_log(home: Path) -> Path:
    """Where the server writes its log: kept apart from what the demo prints."""
    return home / "server.log"


def _wait_until_ready(process: subprocess.Popen[bytes], local_url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = log.read_text(encoding="utf-8", errors="replace").strip()
            raise ServerDidNotStartError(f"The server ended right after its start. It said:\n{said}")
        try:
            with urllib.request.urlopen(f"{local_url}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError, http.client.HTTPException):
            # A port that nobody listens on yet may connect to itself, and echo the request as its answer.
            time.sleep(0.05)
    raise ServerDidNotStartError(f"The server did not answer within {_START_TIMEOUT_S:.0f} s; see {log}.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Let the server finish what it is answering, then end it."""
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
