"""The doctor on a healthy deployment, and on broken ones."""

import asyncio
import socket
from pathlib import Path

import asyncpg
import pytest
from tests.cli.conftest import Run
from tests.conftest import DemoTemplate
from tests.support.live_server import find_free_port

from parcela.cli.doctor import Examination, check_papers
from parcela.documents.pdf import MEND
from parcela.operations.payments.press import PressUnavailable


def read_marks(output: str) -> dict[str, str]:
    """Subject to mark of each line."""
    return {line[7:17].strip(): line[:7].strip() for line in output.splitlines()}


def test_a_healthy_deployment_gets_a_clean_bill(parcela: Run) -> None:
    result = parcela("doctor", PARCELA_PORT=str(find_free_port()))
    machine = ["python", "settings", "home", "papers", "port"]
    subjects = [*machine, "database", "clock", "schema", "key file", "audit", "plans", "settlement"]
    assert (result.exit_code, list(read_marks(result.output))) == (0, subjects)
    assert set(read_marks(result.output).values()) == {"ok"}


def test_a_wrong_setting_is_named(parcela: Run) -> None:
    result = parcela("doctor", PARCELA_PORT="eighty")
    assert result.exit_code == 1
    last = result.output.splitlines()[-1]
    assert last == "WRONG  settings   PARCELA_PORT must be a whole number, not 'eighty'."


LACKS = {
    # What the machine lacks, and what the doctor says: pages and HTML papers work, so nothing is wrong.
    "pango": (
        PressUnavailable("PDF files cannot be made: install Pango (no library)."),
        "PDF files cannot be made: install Pango (no library)."
        " Pages, and papers as HTML and text, need none of that.",
    ),
    "fonts": (["Arabic", "Japanese"], f"PDF files can be made, but not in Arabic or Japanese: {MEND}"),
}


@pytest.mark.parametrize("lack", LACKS)
def test_a_machine_that_makes_no_pdf_is_warned(capsys: pytest.CaptureFixture[str], lack: str) -> None:
    found, said = LACKS[lack]

    def list_missing() -> list[str]:
        if isinstance(found, PressUnavailable):
            raise found
        return found

    examination = Examination()
    check_papers(examination, list_missing)
    assert (capsys.readouterr().out, examination.is_healthy) == (f"WARN   papers     {said}\n", True)


def test_a_taken_port_is_named(parcela: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = parcela("doctor", PARCELA_PORT=str(port))
    assert result.exit_code == 1
    assert f"Port {port} is in use: end the program that listens on 127.0.0.1:{port}" in result.output


def test_an_unreachable_database_is_named(parcela: Run) -> None:
    port = find_free_port()
    result = parcela("doctor", PARCELA_DATABASE_URL=f"postgresql://parcela@127.0.0.1:{port}/parcela")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith(
        "WRONG  database   The database in PARCELA_DATABASE_URL cannot be used ("
    )


def test_another_databases_key_file_is_named(parcela: Run, tmp_path: Path) -> None:
    file = tmp_path / "kek.json"
    assert parcela("vault", "new-key-file", str(file)).exit_code == 0
    result = parcela("doctor", PARCELA_KEK_FILE=str(file))
    assert (result.exit_code, read_marks(result.output)["key file"]) == (1, "WRONG")
    assert "it belongs to another one. Point PARCELA_KEK_FILE at the right file." in result.output
    missing = parcela("doctor", PARCELA_KEK_FILE=str(tmp_path / "none.json"))
    assert (missing.exit_code, read_marks(missing.output)["key file"]) == (1, "WRONG")
    assert not (tmp_path / "none.json").exists()


def test_a_line_that_was_tampered_with_is_named(parcela: Run, database_url: str) -> None:
    async def tamper() -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute("ALTER TABLE audit DISABLE TRIGGER audit_append_only")
        await connection.execute("UPDATE audit SET actor = 'somebody else' WHERE sequence = 3")
        await connection.close()

    asyncio.run(tamper())
    result = parcela("doctor")
    assert (result.exit_code, read_marks(result.output)["audit"]) == (1, "WRONG")
    assert "the chain is broken at line 3" in result.output


def test_an_empty_database_is_told_to_migrate(parcela: Run, demo_template: DemoTemplate) -> None:
    name = "empty_for_doctor"
    demo_template.server.drop_database(name)
    demo_template.server.create_database(name)
    url = demo_template.server.url_of(name)
    try:
        result = parcela("doctor", PARCELA_DATABASE_URL=url)
        assert (result.exit_code, read_marks(result.output)["schema"]) == (1, "WRONG")
        assert result.output.rstrip().endswith("run `parcela migrate`.")
        assert parcela("migrate", PARCELA_DATABASE_URL=url).exit_code == 0
        assert parcela("doctor", PARCELA_DATABASE_URL=url).exit_code == 0
        first = ("person", "add", "first@bank.example", "--role", "operator", "--password-stdin")
        added = parcela(*first, stdin="a long password\n", PARCELA_DATABASE_URL=url)
        assert added.output == "Registered first@bank.example as operator.\n"
    finally:
        demo_template.server.drop_database(name)
