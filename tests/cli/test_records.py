"""People, clients, tokens, the clock and the audit trail by the command line."""

import asyncio
import hashlib
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.cli.conftest import Run
from tests.conftest import RunWithEngine
from tests.support.plan_evidence import OFFER_ID, TERMS, make_accepted_plan

from parcela.cli.options import CommandError
from parcela.domain.errors import InvalidInput, NotAllowed, NotFound

OPERATOR = ("--as", "operator@sandbox.example")


def test_a_client_is_registered_with_a_key_suspended_and_resumed(parcela: Run, tmp_path: Path) -> None:
    added = parcela("client", "add", "acme", "--name", "Acme", *OPERATOR)
    assert added.output.startswith("Registered acme.")
    key = generate_private_key(public_exponent=65537, key_size=2048).public_key()
    file = tmp_path / "acme.pem"
    file.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    added = parcela("client", "key", "add", "acme", str(file), "--name", "one", *OPERATOR)
    assert added.output.startswith("Added the signing key one (id ")
    listed = parcela("client", "key", "list", "acme", "--pem").output
    purposes = [line.split()[1] for line in listed.splitlines()[1:4]]
    assert purposes == ["platform_decryption", "platform_signing", "signing"]
    assert file.read_text() in listed
    assert "PRIVATE" not in listed
    parcela("client", "suspend", "acme", *OPERATOR)
    assert "suspended" in parcela("client", "list").output
    parcela("client", "resume", "acme", *OPERATOR)
    assert "suspended" not in parcela("client", "list").output
    rotated = parcela("client", "key", "rotate", "acme", "--purpose", "platform_signing", *OPERATOR)
    assert "-----BEGIN PUBLIC KEY-----" in rotated.output


def test_clients_are_the_operators_business(parcela: Run) -> None:
    refused = parcela("client", "add", "acme", "--name", "Acme", "--as", "maker@sandbox.example")
    assert isinstance(refused.exception, NotAllowed)
    assert "acme" not in parcela("client", "list").output


def test_a_person_is_registered_by_an_operator(parcela: Run) -> None:
    words = ("person", "add", "new@sandbox.example", "--role", "operator", "--password-stdin")
    refused = parcela(*words, stdin="a long password\n")
    assert isinstance(refused.exception, CommandError)
    assert str(refused.exception) == "Name the operator who registers people with --as EMAIL."
    added = parcela(*words, *OPERATOR, stdin="a long password\n")
    assert added.output == "Registered new@sandbox.example as operator.\n"
    short = parcela("person", "password", "new@sandbox.example", "--password-stdin", *OPERATOR, stdin="x\n")
    assert isinstance(short.exception, InvalidInput)
    assert "new@sandbox.example" in parcela("person", "list").output


def test_tokens_are_loaded_from_a_file(parcela: Run, tmp_path: Path) -> None:
    file = tmp_path / "tokens.csv"
    file.write_text("token_pan,funding_pan\n2303779900000026,2303770000057107\n")
    assert parcela("tokens", "load", str(file), *OPERATOR).output == "Loaded 1 tokens.\n"
    file.write_text("token_pan,funding_pan\n2303779900000027,2303770000057107\n")
    refused = parcela("tokens", "load", str(file), *OPERATOR)
    assert isinstance(refused.exception, InvalidInput)
    assert refused.exception.member == "tokens[1].token_pan"


@pytest.mark.parametrize(
    ("step", "days"), [("36h", "1 day, 12:00:00"), ("1w", "7 days, 0:00:00")], ids=["hours", "weeks"]
)
def test_the_clock_of_a_sandbox_moves_on(parcela: Run, step: str, days: str) -> None:
    assert parcela("clock", "advance", step).exit_code == 0
    assert parcela("clock", "show").output.strip().endswith(f", {days} ahead of the real time")


@pytest.mark.parametrize("step", ["3", "0d", "-1d", "1.5h", "3mox", "١d", "9999999y"])
def test_a_step_has_a_number_and_a_unit(parcela: Run, step: str) -> None:
    refused = parcela("clock", "advance", "--", step)
    assert isinstance(refused.exception, InvalidInput)
    assert refused.exception.member == "step"


def test_the_sandbox_destination_is_set_in_one_step(parcela: Run) -> None:
    done = parcela("sandbox", "notify", "http://127.0.0.1:9/notifications").output.splitlines()
    assert done[0].startswith("maker@sandbox.example proposed that the notifications of Sandbox Bank go to")
    assert done[1].startswith("checker@sandbox.example approved it (change set ")
    assert "http://127.0.0.1:9/notifications" in parcela("issuer", "list").output


def test_an_unknown_plan_is_told_so(parcela: Run) -> None:
    assert isinstance(parcela("plan", "show", "x").exception, NotFound)
    assert isinstance(parcela("plan", "acceptance", "x").exception, NotFound)


def test_the_evidence_of_an_acceptance_is_shown_as_it_was_written(parcela: Run, run: RunWithEngine) -> None:
    accepted = run(make_accepted_plan)
    shown = parcela("plan", "acceptance", accepted.plan_id).output.splitlines()
    assert [line.strip() for line in shown] == [
        f"Plan        {accepted.plan_id}",
        f"Offer       {OFFER_ID}",
        "Accepted    2030-01-10 12:00:30 UTC for 600.00 USD",
        "Shown       terms and acceptance, in en_US",
        f"Terms       {TERMS}",
        f"Version     1, SHA-256 {hashlib.sha256(TERMS.encode()).hexdigest()}",
        "Box ticked  I accept.",
    ]


def test_the_audit_trail_is_whole_and_says_who_did_what(parcela: Run, database_url: str) -> None:
    parcela("clock", "advance", "1d")

    async def read_last_line() -> str:
        connection = await asyncpg.connect(database_url)
        try:
            last: str = await connection.fetchval(
                "SELECT format('%s, with the hash %s', sequence, encode(hash, 'hex')) FROM audit"
                " WHERE sequence = (SELECT count(*) FROM audit)"
            )
        finally:
            await connection.close()
        return last

    assert parcela("audit", "verify").output == (
        f"The audit trail is whole.\nIts last line is {asyncio.run(read_last_line())}.\n"
    )
    newest = parcela("audit", "list", "--limit", "1").output.splitlines()[1].split()
    assert newest[3:] == ["command", "line", "clock.advance", "world", "done", "step:", "1d"]
