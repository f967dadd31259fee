"""A real `parcela serve --demo`: its own home, its own port, its log in a file."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import requests

_START_S = 60
_STOP_S = 20


class LiveServer:
    """A server process. `start` and `stop` may be called again and again on the same home."""

    def __init__(self, home: Path, *, workers: int, settings: Mapping[str, str]) -> None:
        self.home = home
        self.port = find_free_port()
        self.root_url = f"http://127.0.0.1:{self.port}"
        self._workers = workers
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log_file(self) -> Path:
        """What the server wrote to its standard streams."""
        return self.home / "server.log"

    @property
    def session_id(self) -> int:
        """The session that all processes of the server belong to."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def start(self) -> Self:
        """Start and wait until it is ready."""
        command = [sys.executable, "-c", "from parcela.cli.main import run; run()", "serve", "--demo"]
        command += ["--home", str(self.home), "--port", str(self.port), "--workers", str(self._workers)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PARCELA_")}
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command, env={**kept, **self._settings}, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                if requests.get(f"{self.root_url}/readyz", timeout=2).status_code == 200:
                    return self
            except requests.RequestException:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the server did not start:\n{self.log_file.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it as an operator would, and wait."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def kill(self) -> None:
        """SIGKILL all its processes at once, whatever they are doing; its embedded database lives on."""
        process, self._process = self._process, None
        assert process is not None, "the server does not run"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def read_log(self, offset: int = 0) -> str:
        """The log from a byte offset on."""
        return self.log_file.read_bytes()[offset:].decode("utf-8", "replace")


@contextmanager
def run_live_server(*, workers: int = 1, settings: Mapping[str, str] | None = None) -> Iterator[LiveServer]:
    """A started server in a new home, which is removed in the end."""
    # Not below pytest's own folder: as root the embedded database needs one that its user can enter.
    home = Path(tempfile.mkdtemp(prefix="parcela-live-"))
    home.chmod(0o755)
    server = LiveServer(home, workers=workers, settings=settings or {})
    try:
        yield server.start()
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def find_free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
