"""`parcela serve --demo` as the benchmarks run it: started, watched and ended."""

import json
import os
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

from bench.processes import list_tree
from parcela.demo.server import find_free_port, find_log

_HOST = "127.0.0.1"
_START_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A ready server."""

    pid: int
    port: int
    workers: int
    start_s: float
    home: Path

    def read_credentials(self) -> Mapping[str, Any]:
        """The demo world's credentials."""
        credentials: dict[str, Any] = json.loads((self.home / "sandbox" / "credentials.json").read_text())
        return credentials

    def measure_worker_mib(self) -> float:
        """Resident memory of the largest process, which is a worker."""
        return max(facts.resident_bytes for facts in list_tree(self.pid)) / 2**20


@contextmanager
def run_server(home: Path, *, workers: int) -> Iterator[Server]:
    """Start a server and wait until it is ready."""
    port = find_free_port(_HOST, 18080)
    command = [sys.executable, "-c", "from parcela.cli.main import run; run()", "serve", "--demo"]
    command += ["--home", str(home), "--port", str(port), "--workers", str(workers)]
    started_s = time.perf_counter()
    # Letters stay parked: what delivery and the bank's own processor cost has figures of its own.
    environ = {**os.environ, "PARCELA_DEMO_ISSUER": "false"}
    # The gateway door writes a line for each request: to a file, as under an operator's service manager.
    with find_log(home).open("ab") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(process, port, find_log(home))
        yield Server(
            pid=process.pid,
            port=port,
            workers=workers,
            start_s=time.perf_counter() - started_s,
            home=home,
        )
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.perf_counter() + _START_TIMEOUT_S
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"The server ended right after its start. It said:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"http://{_HOST}:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise SystemExit(f"The server did not answer within {_START_TIMEOUT_S:.0f} s.")
