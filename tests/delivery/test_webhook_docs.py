"""docs/webhooks.md: its verifiers take what is sent, and nothing else."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from parcela.dialects.payments.webhook_signing import sign_webhook

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OTHER = "whsec_" + "B" * 43 + "="
BODY = b'{"id":"evt_1","note":"caf\xc3\xa9"}'


def find_snippet(language: str, begin: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)
    [found] = [block for block in blocks if begin in block]
    return str(found)


def list_cases() -> list[tuple[bytes, dict[str, str], bool]]:
    """Bodies with headers, and whether they are ours."""
    now = int(time.time())
    good = sign_webhook(BODY, webhook_id="evt_1", timestamp=now, secrets=[SECRET])
    rolled = sign_webhook(BODY, webhook_id="evt_1", timestamp=now, secrets=[OTHER, SECRET])
    foreign = sign_webhook(BODY, webhook_id="evt_1", timestamp=now, secrets=[OTHER])
    late = sign_webhook(BODY, webhook_id="evt_1", timestamp=now - 400, secrets=[SECRET])
    return [
        (BODY, good, True),
        (BODY, rolled, True),
        (BODY, foreign, False),
        (BODY, late, False),
        (BODY + b" ", good, False),
        (BODY, good | {"webhook-id": "evt_2"}, False),
    ]


def test_the_python_verifier_works() -> None:
    held: dict[str, Any] = {}
    exec(find_snippet("python", "def verify"), held)
    found = [held["verify"](body, headers, SECRET) for body, headers, _ in list_cases()]
    assert found == [is_ours for _, _, is_ours in list_cases()]


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not there")
def test_the_node_verifier_works() -> None:
    cases = [[body.hex(), headers] for body, headers, _ in list_cases()]
    script = (
        f"{find_snippet('js', 'function verify')}\nconst cases = {json.dumps(cases)};\n"
        "console.log(JSON.stringify(cases.map(([body, headers]) =>"
        f" verify(Buffer.from(body, 'hex'), headers, {json.dumps(SECRET)}))));"
    )
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(done.stdout) == [is_ours for _, _, is_ours in list_cases()]
