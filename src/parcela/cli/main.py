"""`parcela`: the commands, and one plain sentence for whatever goes wrong."""

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from parcela import __version__
from parcela.cli import (
    accounts,
    catalogue,
    changes,
    clients,
    collections,
    deliveries,
    entries,
    issuer_server,
    ledger,
    merchants,
    orders,
    payments,
    payments_accounts,
    people,
    post_purchase,
    records,
    sandbox,
    statements,
    switch,
    transactions,
)
from parcela.cli.acting import explain, read_settings
from parcela.cli.options import HomeOption, make_console, say

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(catalogue.app, name="catalogue", help="Apply, export and compare catalogue files.")
app.add_typer(changes.app, name="changes", help="Decide on proposed changes to the catalogue.")
app.add_typer(issuer_server.issuers, name="issuer", help="Issuers, their destination and their processor.")
app.add_typer(entries.ranges, name="range", help="Account ranges.")
app.add_typer(entries.programs, name="program", help="Programs (offers) and their versions.")
app.add_typer(entries.groups, name="group", help="Offer groups and their PAN lists.")
app.add_typer(clients.app, name="client", help="Callers of the APIs and their keys.")
app.add_typer(merchants.app, name="merchant", help="Merchants, who of them may call, and their passwords.")
app.add_typer(merchants.rules, name="rule", help="What merchants offer.")
app.add_typer(
    payments_accounts.app,
    name="payments-account",
    help="Accounts of the payments door, who of them may call, and their API keys.",
)
payments_accounts.app.command("statement")(statements.show_statement)
app.add_typer(payments.app, name="payment", help="Payments of the payments door.")
app.add_typer(orders.app, name="order", help="Orders of merchants.")
app.add_typer(records.tokens, name="tokens", help="The map from token PANs to funding PANs.")
app.add_typer(people.app, name="person", help="People who may sign in.")
app.add_typer(records.plans, name="plan", help="Plans.")
app.add_typer(ledger.app, name="ledger", help="The ledger: balances, books and their proof.")
app.add_typer(deliveries.app, name="delivery", help="Letters to issuers and their tries.")
records.plans.command("servicing")(accounts.show_serviced_plan)
records.plans.command("collections")(collections.load_collections)
accounts.app.command("offerable")(post_purchase.list_offerable)
app.add_typer(accounts.app, name="account", help="Card accounts of the issuer processor.")
app.add_typer(transactions.app, name="transaction", help="Card transactions of the issuer processor.")
app.add_typer(accounts.due, name="due", help="What falls due by itself.")
app.add_typer(records.audit, name="audit", help="The audit trail.")
app.add_typer(sandbox.clock, name="clock", help="The clock of a sandbox.")
app.add_typer(sandbox.app, name="sandbox", help="Shortcuts in a sandbox.")
app.add_typer(switch.app, name="switch", help="The card switch, and a simulated issuer host.")
app.add_typer(sandbox.vault, name="vault", help="The key that protects card numbers.")


def run() -> None:
    """The entry point of the command."""
    try:
        app()
    except Exception as error:
        sentence = explain(error)
        if sentence is not None:
            message = Text.assemble(("parcela: ", "bold red"), sentence)
            make_console(stderr=True).print(message, soft_wrap=True)
            raise SystemExit(1) from None
        raise


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        say(f"parcela {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Parcela: an installments platform that you host yourself."""


@app.command()
def serve(
    demo: Annotated[
        bool, typer.Option("--demo", help="Make a demo world with offers, callers and keys.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on (PARCELA_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (PARCELA_PORT).")] = None,
    home: HomeOption = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes (PARCELA_WORKERS).")] = None,
) -> None:
    """Serve the APIs; starts the embedded database unless PARCELA_DATABASE_URL names another one."""
    from parcela.cli.serve import serve as run_serve

    run_serve(read_settings(demo=demo or None, host=host, port=port, home=home, workers=workers))


@app.command()
def worker(home: HomeOption = None) -> None:
    """Deliver letters without serving; `parcela serve` does so too, and several workers may run."""
    deliveries.run_worker(home)


@app.command()
def migrate(home: HomeOption = None) -> None:
    """Bring the database to this version's schema."""
    from parcela.cli.database import use_database
    from parcela.store import schema

    settings = read_settings(home=home)
    with use_database(settings) as url:
        asyncio.run(schema.migrate(url))
    say(f"The database is at schema {schema.get_newest_revision()}.")


@app.command()
def doctor(home: HomeOption = None) -> None:
    """Check everything that the server needs, and say what to do about what is wrong."""
    from parcela.cli.doctor import examine

    if not examine(home):
        raise typer.Exit(1)
