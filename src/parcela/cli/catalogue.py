"""`parcela catalogue`: the set-up as a file, applied as one change set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parcela.cli.acting import run_as
from parcela.cli.options import AsOption, CommandError, HomeOption, ViewerOption, make_group, say

if TYPE_CHECKING:
    from parcela.domain.changes import Change, Person
    from parcela.domain.programs import Entry
    from parcela.operations.engine import Engine

app = make_group()

FileArgument = Annotated[Path, typer.Argument(help="A catalogue file (YAML); see docs/catalogue.md.")]
PruneOption = Annotated[bool, typer.Option("--prune", help="Remove entries that the file does not name.")]


@app.command("apply")
def apply_file(
    file: FileArgument,
    as_email: AsOption,
    prune: PruneOption = False,
    approve_as: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="The second person, who approves at once.")
    ] = None,
    summary: Annotated[str | None, typer.Option(help="What the change is for.")] = None,
    home: HomeOption = None,
) -> None:
    """Propose what a file changes, as one change set."""
    from parcela.operations import catalogue, people

    entries = read_entries(file)

    async def work(engine: Engine, person: Person) -> None:
        found = catalogue.compare_catalogue(await engine.look(), person, entries, prune=prune)
        if not found:
            say("Nothing would change: the catalogue holds these entries already.")
            return
        print_changes(engine, person, found)
        proposal = catalogue.Proposal(
            summary=summary or f"Apply {file.name}",
            wanted=[change.entry for change in found if change.entry is not None],
            removed=[(change.kind, change.key) for change in found if change.entry is None],
        )
        second = None if approve_as is None else await people.get_person(engine, approve_as)
        proposed = await catalogue.propose(engine, person, proposal)
        if second is None:
            say(f"Proposed. A second person puts it in force:\n  {approval_command(proposed.change_set_id)}")
            return
        await catalogue.approve(engine, second, proposed.change_set_id)
        say(f"In force: change set {proposed.change_set_id}, approved by {second.email}.")

    run_as(home, as_email, work)


@app.command("export")
def export_file(
    provider: Annotated[str | None, typer.Option(metavar="PROVIDER_ID", help="Of one issuer only.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """Write the catalogue in force as YAML."""
    from parcela.catalogue_files import write_yaml
    from parcela.operations import catalogue

    async def work(engine: Engine, person: Person) -> str:
        seen = await engine.look()
        if provider is not None:
            catalogue.get_held_entry(seen, person, ("issuer", provider))
        provider_id = person.provider_id or provider
        return write_yaml(catalogue.export_catalogue(seen, person.tenant_id, provider_id=provider_id))

    text = run_as(home, as_email, work)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{output} cannot be written ({error.strerror}).") from None
    say(f"Written to {output}.")


@app.command("diff")
def diff_file(
    file: FileArgument, prune: PruneOption = False, as_email: ViewerOption = None, home: HomeOption = None
) -> None:
    """Show what applying a file would change; exits 1 when there is something."""
    from parcela.operations import catalogue

    entries = read_entries(file)

    async def work(engine: Engine, person: Person) -> bool:
        found = catalogue.compare_catalogue(await engine.look(), person, entries, prune=prune)
        print_changes(engine, person, found)
        return bool(found)

    if run_as(home, as_email, work):
        raise typer.Exit(1)
    say("No differences.")


def read_entries(file: Path) -> list[Entry]:
    """The entries of a catalogue file, each checked by itself. Raises CommandError, InvalidInput."""
    from parcela.catalogue_files import read_yaml
    from parcela.domain.catalogue_rules import check_entry
    from parcela.operations.catalogue import parse_catalogue

    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} cannot be read: a catalogue file is UTF-8 text.") from None
    entries = parse_catalogue(read_yaml(text))
    for entry in entries:
        check_entry(entry)
    return entries


def print_changes(engine: Engine, person: Person, changes: list[Change]) -> None:
    """One line for each entry and one for each member that differs."""
    from parcela.operations.comparison import compare_members

    held = engine.snapshot.catalogues[person.tenant_id].entries
    for change in changes:
        if change.entry is None:
            say(f"- {change.kind} {change.key} (version {change.base_version} is removed)")
            continue
        if change.base_version == 0:
            say(f"+ {change.kind} {change.key} (new)")
        else:
            say(f"~ {change.kind} {change.key} (version {change.base_version} is replaced)")
        for member in compare_members(change, held):
            before = "" if change.base_version == 0 else f"{_show(member.before)} -> "
            say(f"    {member.member}: {before}{_show(member.after)}")


def approval_command(change_set_id: str) -> str:
    """The command with which a second person approves."""
    return f"parcela changes approve {change_set_id} --as EMAIL"


def _show(value: object) -> str:
    if value is None:
        return "(default)"
    if isinstance(value, list):
        return "[" + ", ".join(_show(member) for member in value) + "]"
    return str(value)
