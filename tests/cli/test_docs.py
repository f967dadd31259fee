"""docs/cli.md names every command, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import typer

from parcela.cli.main import app

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def list_commands(group: click.Command, name: str) -> Iterator[str]:
    commands = getattr(group, "commands", None)
    if commands is None:
        yield name
        return
    for word, command in commands.items():
        yield from list_commands(command, f"{name} {word}")


def test_every_command_has_a_row() -> None:
    commands = set(list_commands(typer.main.get_command(app), "parcela"))
    rows = re.findall(r"^\| `(parcela (?:[a-z-]+ ?)+)", PAGE.read_text(), re.M)
    assert {row.strip() for row in rows} - {"parcela --version"} == commands
