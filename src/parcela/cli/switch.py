"""`parcela switch`: the card switch, a simulated issuer host, doubtful matches, a message to try it with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from parcela.cli.acting import read_settings, run_as
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
    from parcela.domain.changes import Person
    from parcela.operations.ambiguous_matches import AmbiguousMatch, ResolvedMatch
    from parcela.operations.engine import Engine

app = make_group()

ListenOption = Annotated[str, typer.Option(metavar="HOST:PORT", help="Address to listen on.")]


@app.command("serve")
def serve_switch(
    listen: ListenOption = "127.0.0.1:8583",
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST:PORT", help="The issuer host; again for further links."),
    ] = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="Port for Prometheus on 127.0.0.1; none by default.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Carry card messages between acquirers and the issuer host, and add plan ids to authorizations."""
    from parcela.cli import switch_process

    hosts = [switch_process.read_address(text) for text in host or ["127.0.0.1:8584"]]
    switch_process.serve_switch(home, switch_process.read_address(listen), hosts, metrics_port=metrics_port)


@app.command("host")
def serve_host(
    listen: ListenOption = "127.0.0.1:8584",
    late_after: Annotated[
        int, typer.Option(metavar="SECONDS", help="When the late answer of amounts ending in 68 comes.")
    ] = 20,
    book: Annotated[
        str, typer.Option(help="What decides: accounts (limits and deposits of card accounts) or own.")
    ] = "accounts",
    home: HomeOption = None,
) -> None:
    """Simulate an issuer host, with documented amounts that are declined or not answered."""
    from parcela.cli import switch_process

    switch_process.serve_host(home, switch_process.read_address(listen), book=book, late_after_s=late_after)


@app.command("send")
def send_message(
    to: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Switch or host to send it to.")
    ] = "127.0.0.1:8583",
    file: Annotated[
        Path | None, typer.Option(help="File with the message; without it, standard input.")
    ] = None,
    timeout: Annotated[int, typer.Option(metavar="SECONDS", help="How long to wait for the answer.")] = 30,
) -> None:
    """Send one card message and print the answer: `{"card": "…", "amount": "150.00", "currency": "USD"}`."""
    from parcela.cli import switch_client, switch_process

    try:
        text = sys.stdin.read() if file is None else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{file} cannot be read.") from None
    request = switch_client.read_request(text)
    options = switch_process.make_options(read_settings())
    answer = switch_client.exchange(request, options, switch_process.read_address(to), timeout_s=timeout)
    table = Table("element", "sent", "answered", box=None)
    for name, sent, answered in switch_client.compare(request, answer):
        table.add_row(name, sent, answered)
    make_console().print(table)


@app.command("ambiguous")
def list_ambiguous(as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """Authorizations that fit several plans equally well."""
    from parcela.operations import ambiguous_matches

    async def work(engine: Engine, person: Person) -> list[AmbiguousMatch]:
        return await ambiguous_matches.list_ambiguous(engine, person)

    table = Table("authorization", "asked", "card", "amount", "STAN", "RRN", "plans that fit", box=None)
    for found in run_as(home, as_email, work):
        table.add_row(
            found.authorization_id,
            f"{found.asked_at:%Y-%m-%d %H:%M}",
            found.masked_card,
            _show_amount(found),
            found.stan or "",
            found.rrn or "",
            "\n".join(found.choices),
        )
    make_console().print(table)


@app.command("resolve")
def resolve_ambiguous(
    authorization_id: Annotated[str, typer.Argument(metavar="AUTHORIZATION")],
    as_email: AsOption,
    plan: Annotated[str | None, typer.Option(metavar="PLAN_ID", help="The plan that it belongs to.")] = None,
    none: Annotated[bool, typer.Option("--none", help="No plan belongs to it.")] = False,
    home: HomeOption = None,
) -> None:
    """Choose the plan of an authorization that fits several."""
    from parcela.operations import ambiguous_matches

    if (plan is None) != none:
        raise CommandError("Name the plan with --plan PLAN_ID, or say --none.")

    async def work(engine: Engine, person: Person) -> ResolvedMatch:
        return await ambiguous_matches.resolve_ambiguous(engine, person, authorization_id, plan)

    run_as(home, as_email, work)
    say(f"{authorization_id}: " + ("no plan belongs to it." if plan is None else f"plan {plan}."))


def _show_amount(found: AmbiguousMatch) -> str:
    return f"{show_amount(found.amount_minor, found.currency)} {found.currency}"
