"""What every command shares: options, two consoles, amounts, and the error that is one plain sentence."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

_PIPE_WIDTH = 200

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Folder of the embedded database and keys (PARCELA_HOME).")
]
AsOption = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The registered person who acts.")]
ViewerOption = Annotated[
    str | None,
    typer.Option("--as", metavar="EMAIL", help="See what this person may see; without it, everything."),
]


class CommandError(Exception):
    """A command cannot do what it was asked; the message says why and what to do."""


def make_console(*, stderr: bool = False) -> Console:
    """A console that prints data as it is; lines are not broken when the output is not a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)


def make_group() -> typer.Typer:
    """A group of commands that shows its help when no command is named."""
    return typer.Typer(no_args_is_help=True, add_completion=False)


def say(text: str) -> None:
    """Print one line as it is."""
    make_console().print(text, soft_wrap=True)


def show_amount(minor: int, code: str) -> str:
    """An amount in major units, without its currency."""
    from parcela.domain.money import format_minor

    return format_minor(minor, code)
