"""`parcela issuer serve` as a process of its own, and what the command says to a beginner."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from tests.conftest import DemoTemplate
from tests.support.issuer_wire import make_key, make_network
from tests.support.live_server import find_free_port
from tests.support.network_client import OfficialClient
from tests.support.samples import load_sample
from typer.testing import CliRunner

from parcela.cli import issuer_server
from parcela.cli.options import CommandError
from parcela.operations.keys import render_public_pem

SAMPLE = load_sample("parcela-notification-request")


@contextmanager
def serve_issuer(folder: Path, database_url: str, home: Path, port: int) -> Iterator[None]:
    (folder / "network.pem").write_text(render_public_pem(make_key("signing").public_key()))
    command = [sys.executable, "-c", "from parcela.cli.main import run; run()", "issuer", "serve"]
    command += ["--port", str(port), "--home", str(folder), "--cid", "242666"]
    command += ["--network-key", str(folder / "network.pem")]
    command += ["--decryption-key", str(folder / "issuer-decryption.pem")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARCELA_")}
    settings = {"PARCELA_DATABASE_URL": database_url, "PARCELA_KEK_FILE": str(home / "keys" / "kek.json")}
    process = subprocess.Popen(command, env={**kept, **settings}, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = [process.stdout.readline(), process.stdout.readline()]
        assert said[0] == f"The issuer's processor takes plans at http://127.0.0.1:{port}/notifications\n"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                    break
            except requests.RequestException:
                time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_the_processor_serves_on_its_own(
    tmp_path: Path, database_url: str, demo_template: DemoTemplate
) -> None:
    port = find_free_port()
    network = OfficialClient(make_network(tmp_path, f"http://127.0.0.1:{port}"))
    with serve_issuer(tmp_path, database_url, demo_template.home, port):
        answers = [network.call("POST", "/notifications", SAMPLE) for _ in range(2)]
        assert [(answer.status, answer.body) for answer in answers] == [
            (201, load_sample("notification-response"))
        ] * 2
        offers = network.call("POST", "/card-offers/searches", load_sample("parcela-realtime-request"))
        assert (offers.status, [offer["offerId"] for offer in offers.body["offers"]]) == (200, ["90000001"])
        assert requests.get(f"http://127.0.0.1:{port}/notifications", timeout=30).status_code == 404


def test_new_keys_are_written_once_and_told_how_to_register(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = CliRunner().invoke(issuer_server.issuers, ["new-keys", str(folder)])
    assert made.exit_code == 0
    private_file = folder / "decryption.pem"
    assert private_file.stat().st_mode & 0o777 == 0o600
    pem = private_file.read_bytes()
    private_key = load_pem_private_key(pem, None)
    public_key = load_pem_public_key((folder / "encryption-public.pem").read_bytes())
    assert private_key.public_key() == public_key
    assert (
        f"parcela client key add CODE {folder}/encryption-public.pem --purpose client_encryption"
        in made.output
    )
    again = CliRunner().invoke(issuer_server.issuers, ["new-keys", str(folder)])
    assert str(again.exception) == f"{private_file} exists already, and a key file is never replaced."
    assert private_file.read_bytes() == pem


MISTAKES = [
    (
        [],
        "Give the issuer's private key with --decryption-key FILE: `parcela issuer new-keys DIR` makes one.",
    ),
    (
        ["--decryption-key", "own.pem"],
        "Give the network's public key with --network-key FILE: the network's operator shows it with "
        "`parcela client key list CODE --pem`, as platform_signing.",
    ),
    (
        ["--decryption-key", "own.pem", "--network-key", "network.pem"],
        "There is no key file own.pem: `parcela issuer new-keys .` makes decryption.pem.",
    ),
    (
        ["--decryption-key", "{keys}/issuer-decryption.pem", "--network-key", "network.pem"],
        "network.pem cannot be read (No such file or directory); it should hold the network's public key or "
        "certificate.",
    ),
    (
        ["--decryption-key", "{keys}/issuer-decryption.pem", "--network-key", "{keys}/issuer-encryption.crt"],
        "Give the company id whose plans are taken in with --cid, such as --cid 242666.",
    ),
    (
        [
            "--decryption-key",
            "{keys}/issuer-decryption.pem",
            "--network-key",
            "{keys}/issuer-encryption.crt",
            "--cid",
            "Sandbox Bank",
        ],
        "A company id has 1 to 10 digits, not 'Sandbox Bank'.",
    ),
]


@pytest.mark.parametrize(("arguments", "sentence"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_in_one_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    make_network(tmp_path, "http://127.0.0.1")
    filled = [argument.replace("{keys}", str(tmp_path)) for argument in arguments]
    result = CliRunner().invoke(issuer_server.issuers, ["serve", *filled])
    assert isinstance(result.exception, CommandError)
    assert str(result.exception) == sentence
