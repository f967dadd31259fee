"""`make demo` as a person runs it: the printed facts of one purchase."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the embedded server's own user can enter, which pytest's folders do not allow."""
    with tempfile.TemporaryDirectory(prefix="parcela-demo-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "home"


def run_demo(home: Path, port: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "parcela.demo", "--exit", "--home", str(home), "--port", str(port)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PARCELA_")}
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=90, check=False)


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_the_demo_buys_something_and_says_so(home: Path) -> None:
    done = run_demo(home, port := find_port())
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    tables = [line for line in done.stdout.splitlines() if "parcela" not in line and "http" not in line]
    assert [line for line in tables if len(line) > 80] == []

    facts = (
        "12 x $12.50 monthly",
        "First payment $22.50",
        "15.36 %",
        "6 x $25.00 biweekly",
        "sent again, as after a lost answer: the same plan",
        f"POST http://127.0.0.1:{port}/issuer/notifications\n   201 after ",
        "plan active, billed: No. 1 on ",
        "2 added, 1 failed",
        "Decrypted from the answer: 2303 77** **** 6423: pan failed for Luhn check",
        f"curl http://127.0.0.1:{port}/healthz",
    )
    assert [fact for fact in facts if fact not in done.stdout] == []
    assert done.stdout.count("$12.50") == 12
    assert re.findall(r"Total +\$160\.00", done.stdout) == ["Total         $160.00", "Total          $160.00"]
    books = dict(re.findall(r"(\w[\w ]+\w) +\$([\d.]+)", done.stdout.partition("4. The issuer is told")[2]))
    assert books == {
        "Billed to the card": "22.50",
        "Principal of the installments to come": "137.50",
        "Purchase that the merchant has still to clear": "150.00",
    }
    (plan_id,) = set(re.findall(f"/installments/plans/({UUID})\n", done.stdout))
    (account_id,) = set(re.findall(UUID, done.stdout)) - {plan_id}
    assert f"parcela plan servicing {plan_id} " in done.stdout
    assert f"parcela account statement {account_id} " in done.stdout

    credentials = json.loads((home / "sandbox" / "credentials.json").read_text())
    assert credentials["base_url"] == f"http://127.0.0.1:{port}"
    assert not is_listening(port)


def test_a_taken_port_is_said_and_the_next_one_used(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_demo(home, port)
    assert done.returncode == 0
    used = int(re.findall(r"The server is ready after .* http://127\.0\.0\.1:(\d+)", done.stdout)[0])
    assert f"Port {port} is taken: this demo uses {used}.\n" in done.stdout


def test_a_wrong_setting_ends_the_demo_with_one_sentence(home: Path) -> None:
    done = run_demo(home, 99999)
    assert done.returncode == 1
    assert done.stdout == "parcela: PARCELA_PORT must lie between 1 and 65535, not 99999.\n"


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
