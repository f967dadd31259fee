"""`parcela plan collections`: what issuers collected of payments' plans, from a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parcela.cli.acting import read_settings, run_as
from parcela.cli.options import AsOption, CommandError, HomeOption, make_console, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parcela.domain.changes import Person
    from parcela.operations.engine import Engine
    from parcela.operations.payments.collection_files import CollectionFileOutcome

_SHOWN_REFUSALS = 50


def load_collections(
    file: Annotated[Path, typer.Argument(help="CSV with a header, docs/issuer.md; - reads standard input.")],
    as_email: AsOption,
    home: HomeOption = None,
) -> None:
    """Take in what issuers report of their plans; each report once by its reference."""
    from parcela.operations.payments.collection_files import load_collection_file
    from parcela.payments_service import build_payments_desk

    settings = read_settings(home=home)

    async def work(engine: Engine, person: Person) -> CollectionFileOutcome:
        def tell(done: int) -> None:
            if sys.stderr.isatty():
                make_console(stderr=True).print(f"{done:,} lines", end="\r")

        desk = build_payments_desk(engine, settings)
        return await load_collection_file(desk, person, _read_lines(file), on_progress=tell)

    outcome = run_as(home, as_email, work)
    reports = "1 report" if outcome.accepted == 1 else f"{outcome.accepted} reports"
    say(f"{reports} accepted, {outcome.repeated} repeated.")
    for refused in outcome.refused[:_SHOWN_REFUSALS]:
        say(f"Line {refused.line}: {refused.reason}")
    if outcome.refused:
        lines = "1 line" if len(outcome.refused) == 1 else f"{len(outcome.refused)} lines"
        say(f"{lines} refused: mend the file and load it again.")
        raise typer.Exit(1)


def _read_lines(file: Path) -> Iterator[str]:
    """The lines of a file or of standard input, read as they are needed. Raises CommandError."""
    if str(file) == "-":
        yield from sys.stdin
        return
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            yield from lines
    except OSError as error:
        raise CommandError(f"{file} cannot be read ({error.strerror}).") from None
