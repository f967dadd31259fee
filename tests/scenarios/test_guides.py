"""The guides of the gateway, the payments door and the hosted page, and the README's first calls.

Their commands run as they stand, all against one server.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.support.live_server import LiveServer, run_live_server

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with run_live_server() as running:
        yield running


def list_commands(page: str) -> list[str]:
    """The shell commands of a page."""
    return re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def run_commands(blocks: list[str], server: LiveServer) -> str:
    """Run them in one shell against a server; gives what they print."""
    script = "\necho\n".join(blocks).replace("http://127.0.0.1:8080", server.root_url)
    script = script.replace(".venv/bin/python", sys.executable).replace(".parcela/", f"{server.home}/")
    script = script.replace('"$@"; }', '"$@"; echo; }')
    done = subprocess.run(
        ["bash", "-euc", script], cwd=server.home, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_payments_of_the_readme_work_as_they_stand(server: LiveServer) -> None:
    (block,) = [block for block in list_commands("README.md") if '"count": 3' in block]
    payment = json.loads(run_commands([block], server))
    assert (payment["status"], payment["installments"]["resolvedCount"]) == ("completed", 3)
    assert payment["feeBreakdown"] == {"processingFee": 174, "installmentFee": 90, "totalFee": 264}
    (block,) = [block for block in list_commands("README.md") if "/checkout/" in block]
    page = requests.get(run_commands([block], server).strip(), timeout=30)
    assert (page.status_code, "€600.00" in page.text) == (200, True)


def test_every_command_of_the_payments_guide_and_of_the_hosted_page_works_as_it_stands(
    server: LiveServer,
) -> None:
    printed = run_commands(list_commands("docs/payments.md") + list_commands("docs/checkout.md"), server)
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
        "payment pending",
    ]
    assert "idempotent-replayed: true" in printed.lower()
    assert str(answers[-1]["checkoutUrl"]).startswith(f"{server.root_url}/checkout/")


def test_every_command_of_the_gateway_guide_works_as_it_stands(server: LiveServer) -> None:
    blocks = list_commands("docs/gateway.md")
    blocks += [block for block in list_commands("README.md") if "curl -u" in block]
    printed = run_commands(blocks, server)
    assert "ERROR" not in printed
    # Four inquiries, acceptance, payment, refund, the order with two transactions, two over NVP, two with the
    # session, and the README's inquiry.
    assert re.findall(r"\bresult\W+(\w+)", printed) == ["SUCCESS"] * 15
    assert re.findall(r'"status":"(\w+)"', printed) == [
        "ACCEPTED",
        "CAPTURED",
        "PARTIALLY_REFUNDED",
        "PARTIALLY_REFUNDED",
        "CAPTURED",
        "PARTIALLY_REFUNDED",
        "AUTHORIZED",
        "CANCELLED",
    ]


def describe(answer: dict[str, object]) -> str:
    """What came back, in two words."""
    error = answer.get("error")
    if isinstance(error, dict):
        return f"refused: {error['code']}"
    data = answer.get("data")
    if isinstance(data, list):
        return f"list of {len(data)}"
    return f"{answer['object']} {answer.get('status', '')}".strip()
