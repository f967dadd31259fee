"""`parcela transaction`: loading card transactions from a file, and looking at an account's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from parcela.cli.acting import run_as
from parcela.cli.options import (
    AsOption,
    CommandError,
    HomeOption,
    ViewerOption,
    make_console,
    make_group,
    say,
    show_amount,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parcela.domain.changes import Person
    from parcela.operations.card_accounts import StoredTransaction
    from parcela.operations.engine import Engine
    from parcela.operations.transaction_files import LoadReport

app = make_group()

_SHOWN_REFUSALS = 50


@app.command("load")
def load_transactions(
    file: Annotated[
        Path, typer.Argument(help="CSV with a header, docs/servicing.md; - reads standard input.")
    ],
    as_email: AsOption,
    home: HomeOption = None,
) -> None:
    """Load authorizations, clearings, reversals, refunds and payments; each line once by its event id."""
    from parcela.domain.changes import Role
    from parcela.operations.transaction_files import load_transaction_file

    async def work(engine: Engine, person: Person) -> LoadReport:
        if person.role is not Role.OPERATOR:
            raise CommandError("A file may hold cards of any issuer: only an operator loads one.")

        def tell(done: int) -> None:
            if sys.stderr.isatty():
                make_console(stderr=True).print(f"{done:,} lines", end="\r")

        return await load_transaction_file(engine, _read_lines(file), actor=person.email, on_progress=tell)

    report = run_as(home, as_email, work)
    say(f"{report.accepted} accepted ({report.declined} of them declined), {report.repeated} repeated.")
    for refused in report.refused[:_SHOWN_REFUSALS]:
        say(f"Line {refused.line}, event {refused.event_id or '-'}: {refused.reason}")
    if report.refused:
        say(f"{len(report.refused)} refused: mend these lines and load the file again.")
        raise typer.Exit(1)


@app.command("list")
def list_transactions(
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT_ID")],
    limit: Annotated[int, typer.Option(help="How many of the newest, at most 500.")] = 50,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """The newest transactions of an account."""
    from parcela.operations import card_accounts

    async def work(engine: Engine, person: Person) -> list[StoredTransaction]:
        return await card_accounts.list_account_transactions(engine, person, account_id, limit=limit)

    table = Table("transaction", "at", "merchant", "state", "asked", "held", "cleared", "refunded", box=None)
    table.add_column("plan")
    for stored in run_as(home, as_email, work):
        found = stored.transaction
        minors = (stored.amount_minor, found.authorized_minor, found.cleared_minor, found.refunded_minor)
        amounts = [show_amount(minor, found.currency) for minor in minors]
        at = f"{found.created_at:%Y-%m-%d %H:%M}"
        state = found.state if stored.response_code == "00" else f"{found.state} {stored.response_code}"
        table.add_row(
            found.transaction_id, at, found.merchant.name or "-", state, *amounts, found.plan_id or "-"
        )
    make_console().print(table)


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
