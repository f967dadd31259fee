"""`parcela changes`: the second pair of eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from parcela.cli.acting import run_as
from parcela.cli.catalogue import print_changes
from parcela.cli.options import AsOption, HomeOption, ViewerOption, make_console, make_group, say

if TYPE_CHECKING:
    from parcela.domain.changes import ChangeSet, Person
    from parcela.operations.engine import Engine

app = make_group()

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The change set, as `changes list` shows it.")]


@app.command("list")
def list_changes(as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """The newest change sets."""
    from parcela.operations import catalogue

    table = Table("id", "status", "entries", "proposed by", "proposed at", "decided by", "summary", box=None)
    for found in run_as(home, as_email, catalogue.list_proposals):
        table.add_row(
            found.change_set_id,
            found.status,
            str(len(found.changes)),
            found.proposed_by,
            f"{found.proposed_at:%Y-%m-%d %H:%M}",
            found.decided_by or "",
            found.summary,
        )
    make_console().print(table)


@app.command("show")
def show_change(change_set_id: IdArgument, as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """One change set with what it changes."""
    from parcela.domain.changes import ChangeStatus
    from parcela.operations import catalogue

    async def work(engine: Engine, person: Person) -> None:
        found = await catalogue.get_proposal(engine, person, change_set_id)
        say(f"{found.change_set_id}  {found.status}  {found.summary}")
        say(f"proposed by {found.proposed_by} at {found.proposed_at:%Y-%m-%d %H:%M:%S %Z}")
        if found.decided_at is not None:
            reason = "" if found.reason is None else f": {found.reason}"
            at = f"{found.decided_at:%Y-%m-%d %H:%M:%S %Z}"
            say(f"{found.status} by {found.decided_by} at {at}{reason}")
        if found.status is ChangeStatus.PROPOSED:
            print_changes(engine, person, list(found.changes))
            return
        for change in found.changes:
            say(f"{'-' if change.entry is None else '+'} {change.kind} {change.key}")

    run_as(home, as_email, work)


@app.command("approve")
def approve_change(change_set_id: IdArgument, as_email: AsOption, home: HomeOption = None) -> None:
    """Put a proposal in force, as a second person."""
    from parcela.operations import catalogue

    async def work(engine: Engine, person: Person) -> ChangeSet:
        return await catalogue.approve(engine, person, change_set_id)

    decided = run_as(home, as_email, work)
    say(f"In force: {len(decided.changes)} entries of change set {decided.change_set_id}.")


@app.command("reject")
def reject_change(
    change_set_id: IdArgument,
    as_email: AsOption,
    reason: Annotated[str, typer.Option(help="Why, for the proposer.")],
    home: HomeOption = None,
) -> None:
    """Turn a proposal down, as a second person."""
    from parcela.operations import catalogue

    async def work(engine: Engine, person: Person) -> ChangeSet:
        return await catalogue.reject(engine, person, change_set_id, reason=reason)

    decided = run_as(home, as_email, work)
    say(f"Rejected: change set {decided.change_set_id}.")
