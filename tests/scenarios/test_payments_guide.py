"""The payments guide and the README's first payment: their commands run as they stand."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.support.live_server import LiveServer, run_live_server

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs/payments.md"


def list_commands(page: Path) -> list[str]:
    """The shell commands of a page."""
    return re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)


def run_commands(blocks: list[str], server: LiveServer) -> str:
    """Run them in one shell against a server; gives what they print."""
    script = "\necho\n".join(blocks).replace("http://127.0.0.1:8080", server.root_url)
    script = script.replace(".venv/bin/python", sys.executable).replace(".parcela/", f"{server.home}/")
    script = script.replace('"$@"; }', '"$@"; echo; }')
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_payment_of_the_readme_works_as_it_stands() -> None:
    (block,) = [block for block in list_commands(ROOT / "README.md") if "/v1/payments" in block]
    with run_live_server() as server:
        payment = json.loads(run_commands([block], server))
    assert (payment["status"], payment["installments"]["resolvedCount"]) == ("completed", 3)
    assert payment["feeBreakdown"] == {"processingFee": 174, "installmentFee": 90, "totalFee": 264}


def test_every_command_of_the_payments_guide_works_as_it_stands() -> None:
    with run_live_server() as server:
        printed = run_commands(list_commands(GUIDE), server)
    answers = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    assert [describe(answer) for answer in answers] == [
        "payment pending",
        "payment_method",
        "list of 3",
        "payment completed",
        "refused: idempotency_key_reused",
        "test_clock_advance",
        "refused: amount_too_large",
        "test_clock_advance",
        "refund succeeded",
        "list of 1",
        "list of 2",
        "list of 5",
    ]
    assert "idempotent-replayed: true" in printed.lower()


def describe(answer: dict[str, object]) -> str:
    """What came back, in two words."""
    error = answer.get("error")
    if isinstance(error, dict):
        return f"refused: {error['code']}"
    data = answer.get("data")
    if isinstance(data, list):
        return f"list of {len(data)}"
    return f"{answer['object']} {answer.get('status', '')}".strip()
