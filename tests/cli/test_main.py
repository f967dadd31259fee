"""The command itself: help, version, and one plain sentence for what goes wrong."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from parcela import __version__


def run_parcela(*arguments: str, folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """`parcela …` as a person calls it, in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARCELA_")}
    return subprocess.run(
        [sys.executable, "-c", "from parcela.cli.main import run; run()", *arguments],
        cwd=folder,
        env={**kept, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_arguments_it_shows_help_and_leaves_nothing_behind(tmp_path: Path) -> None:
    shown = run_parcela(folder=tmp_path)
    assert "Usage:" in shown.stdout
    assert list(tmp_path.iterdir()) == []


def test_it_tells_its_version(tmp_path: Path) -> None:
    assert run_parcela("--version", folder=tmp_path).stdout == f"parcela {__version__}\n"


def test_help_loads_neither_database_nor_server(tmp_path: Path) -> None:
    code = (
        "import sys, parcela.cli.main;"
        "print([name for name in ('asyncpg','starlette','uvicorn','cryptography','sqlalchemy')"
        " if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout == "[]\n"


def test_a_port_in_use_stops_serve_with_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run_parcela("serve", "--port", str(port), folder=tmp_path)
    expected = (
        f"parcela: Port {port} is in use: end the program that listens on 127.0.0.1:{port}, or choose "
        "another port with --port.\n"
    )
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [("serve",), ("migrate",), ("program", "list")], ids=" ".join)
def test_an_unreachable_database_stops_every_command_with_a_sentence(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        url = f"postgresql://parcela@127.0.0.1:{port}/parcela"
        refused = run_parcela(*command, folder=tmp_path, PARCELA_DATABASE_URL=url, PARCELA_PORT="18999")
    assert refused.returncode == 1
    assert refused.stderr.startswith("parcela: The database in PARCELA_DATABASE_URL cannot be used (")
    assert refused.stderr.endswith("or unset it to use the embedded one.\n")
    assert refused.stderr.count("\n") == 1


def test_a_wrong_setting_stops_serve_with_a_sentence(tmp_path: Path) -> None:
    refused = run_parcela("serve", folder=tmp_path, PARCELA_WORKERS="many")
    expected = "parcela: PARCELA_WORKERS must be a whole number, not 'many'.\n"
    assert (refused.returncode, refused.stderr) == (1, expected)


def test_a_key_file_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "kek.json"
    assert run_parcela("vault", "new-key-file", str(file), folder=tmp_path).returncode == 0
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    refused = run_parcela("vault", "new-key-file", str(file), folder=tmp_path)
    expected = f"parcela: {file} exists already, and a key file is never replaced.\n"
    assert (refused.returncode, refused.stderr) == (1, expected)
    assert file.read_text() == text
