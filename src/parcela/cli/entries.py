"""`parcela issuer`, `range`, `program` and `group`: looking at the catalogue, and its small daily changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from parcela.cli.acting import run_as
from parcela.cli.catalogue import approval_command
from parcela.cli.options import (
    AsOption,
    CommandError,
    HomeOption,
    ViewerOption,
    make_console,
    make_group,
    say,
)

if TYPE_CHECKING:
    from parcela.domain.catalogue import VersionedEntry
    from parcela.domain.changes import Person
    from parcela.operations.engine import Engine

issuers = make_group()
ranges = make_group()
programs = make_group()
groups = make_group()

OfferArgument = Annotated[str, typer.Argument(metavar="OFFER_ID")]
CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="The offer group.")]
ListArgument = Annotated[str, typer.Argument(metavar="LIST_ID", help="The PAN list, 18 digits.")]


@issuers.command("list")
def list_issuers(as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """The issuers."""
    from parcela.domain.programs import Issuer

    table = Table("provider id", "name", "country", "cid", "notifications go to", box=None)
    for held in _list_entries(home, as_email, Issuer.kind):
        issuer = held.entry
        assert isinstance(issuer, Issuer)
        destination = issuer.notification_url or "nowhere: no destination is set"
        if not issuer.notifications_enabled:
            destination = "nowhere: switched off"
        table.add_row(issuer.provider_id, issuer.name, issuer.country, issuer.cid, destination)
    make_console().print(table)


@issuers.command("destination")
def set_destination(
    provider_id: Annotated[str, typer.Argument(metavar="PROVIDER_ID")],
    as_email: AsOption,
    url: Annotated[str | None, typer.Argument(metavar="[URL]")] = None,
    none: Annotated[bool, typer.Option("--none", help="Take the destination away.")] = False,
    home: HomeOption = None,
) -> None:
    """Propose where an issuer's notifications go."""
    from parcela.domain.programs import Issuer
    from parcela.operations import catalogue

    if (url is None) != none:
        raise CommandError("Give a URL, or --none to take the destination away.")

    async def work(engine: Engine, person: Person) -> str:
        issuer = catalogue.get_held_entry(await engine.look(), person, (Issuer.kind, provider_id)).entry
        assert isinstance(issuer, Issuer)
        summary = f"Notifications go to {url}" if url is not None else "Notifications go nowhere"
        wanted = replace(issuer, notification_url=url)
        proposal = catalogue.Proposal(summary=summary, wanted=[wanted])
        return (await catalogue.propose(engine, person, proposal)).change_set_id

    _say_proposed(run_as(home, as_email, work))


@issuers.command("realtime")
def set_realtime(
    provider_id: Annotated[str, typer.Argument(metavar="PROVIDER_ID")],
    as_email: AsOption,
    url: Annotated[str | None, typer.Argument(metavar="[URL]")] = None,
    none: Annotated[bool, typer.Option("--none", help="Ask the issuer no more.")] = False,
    home: HomeOption = None,
) -> None:
    """Propose where an issuer is asked for its own offers."""
    from parcela.domain.programs import Issuer
    from parcela.operations import catalogue

    if (url is None) != none:
        raise CommandError("Give a URL, or --none to ask the issuer no more.")

    async def work(engine: Engine, person: Person) -> str:
        issuer = catalogue.get_held_entry(await engine.look(), person, (Issuer.kind, provider_id)).entry
        assert isinstance(issuer, Issuer)
        summary = f"Real-time searches go to {url}" if url is not None else "Real-time searches go nowhere"
        proposal = catalogue.Proposal(summary=summary, wanted=[replace(issuer, realtime_url=url)])
        return (await catalogue.propose(engine, person, proposal)).change_set_id

    _say_proposed(run_as(home, as_email, work))


@ranges.command("list")
def list_ranges(as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """The account ranges."""
    from parcela.domain.programs import AccountRange

    table = Table("low", "high", "provider id", "country", "funding", "switched on for", box=None)
    for held in _list_entries(home, as_email, AccountRange.kind):
        entry = held.entry
        assert isinstance(entry, AccountRange)
        switches = [("during purchase", entry.during_purchase), ("post purchase", entry.post_purchase)]
        uses = ", ".join(name for name, is_on in switches if is_on and entry.enabled) or "nothing"
        table.add_row(entry.low, entry.high, entry.provider_id, entry.country, entry.funding, uses)
    make_console().print(table)


@programs.command("list")
def list_programs(as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """The programs in force."""
    from parcela.domain.programs import Program
    from parcela.operations.catalogue import render_entry

    table = Table("offer id", "version", "terms", "rate %", "amounts", "from", "until", "", box=None)
    for held in _list_entries(home, as_email, Program.kind):
        entry = held.entry
        assert isinstance(entry, Program)
        terms = render_entry(entry)["terms"]
        rules = entry.rules
        most = "any" if rules.maximum is None else f"{rules.maximum}"
        table.add_row(
            entry.offer_id,
            str(held.version),
            f"{terms['count']} x {terms['interval']}",
            f"{entry.terms.rate.value}",
            f"{rules.minimum} to {most} {entry.currency}",
            f"{entry.begin:%Y-%m-%d}",
            f"{entry.end:%Y-%m-%d}",
            "" if entry.enabled else "switched off",
        )
    make_console().print(table)


@programs.command("show")
def show_program(offer_id: OfferArgument, as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """One program in force, as in a catalogue file."""
    from parcela.catalogue_files import write_yaml
    from parcela.operations import catalogue

    async def work(engine: Engine, person: Person) -> str:
        held = catalogue.get_held_entry(await engine.look(), person, ("program", offer_id))
        return f"# version {held.version}\n{write_yaml(catalogue.render_entry(held.entry))}"

    typer.echo(run_as(home, as_email, work), nl=False)


@programs.command("versions")
def list_program_versions(
    offer_id: OfferArgument, as_email: ViewerOption = None, home: HomeOption = None
) -> None:
    """All versions of a program, with who proposed and approved them."""
    from parcela.operations import catalogue

    async def work(engine: Engine, person: Person) -> Table:
        table = Table("version", "", "proposed by", "approved by", "approved at", "change set", box=None)
        for version in await catalogue.list_versions(engine, person, ("program", offer_id)):
            state = "in force" if version.is_current else ""
            table.add_row(
                str(version.version),
                "removed" if version.document is None else state,
                version.proposed_by,
                version.approved_by,
                f"{version.approved_at:%Y-%m-%d %H:%M}",
                version.change_set_id,
            )
        return table

    make_console().print(run_as(home, as_email, work))


@groups.command("list")
def list_groups(as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """The offer groups."""
    from parcela.domain.programs import OfferGroup

    table = Table("code", "name", "offers", "ranges", "PAN lists", "", box=None)
    for held in _list_entries(home, as_email, OfferGroup.kind):
        entry = held.entry
        assert isinstance(entry, OfferGroup)
        table.add_row(
            entry.code,
            entry.name,
            " ".join(entry.offer_ids),
            " ".join(entry.range_lows),
            " ".join(entry.pan_list_ids) or "open to all cards",
            "" if entry.enabled else "switched off",
        )
    make_console().print(table)


@groups.command("link-list")
def link_list(code: CodeArgument, list_id: ListArgument, as_email: AsOption, home: HomeOption = None) -> None:
    """Propose that a group is for the cards of a PAN list."""
    _say_proposed(_propose_link(home, as_email, code, list_id, is_linked=True))


@groups.command("unlink-list")
def unlink_list(
    code: CodeArgument, list_id: ListArgument, as_email: AsOption, home: HomeOption = None
) -> None:
    """Propose that a group is no longer for the cards of a PAN list."""
    _say_proposed(_propose_link(home, as_email, code, list_id, is_linked=False))


def _propose_link(home: Path | None, as_email: str, code: str, list_id: str, *, is_linked: bool) -> str:
    from parcela.operations import catalogue

    async def work(engine: Engine, person: Person) -> str:
        seen = await engine.look()
        proposal = catalogue.make_link_proposal(seen, person, code, pan_list_id=list_id, is_linked=is_linked)
        return (await catalogue.propose(engine, person, proposal)).change_set_id

    return run_as(home, as_email, work)


def _list_entries(home: Path | None, as_email: str | None, kind: str) -> list[VersionedEntry]:
    from parcela.operations import catalogue

    async def work(engine: Engine, person: Person) -> list[VersionedEntry]:
        return catalogue.list_held_entries(await engine.look(), person, kind)

    return run_as(home, as_email, work)


def _say_proposed(change_set_id: str) -> None:
    say(f"Proposed. A second person puts it in force:\n  {approval_command(change_set_id)}")
