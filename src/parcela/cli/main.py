"""`parcela`: the commands, and one plain sentence for whatever goes wrong."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from parcela.cli.database import DatabaseUnusableError, use_database
from parcela.cli.serve import serve as run_serve
from parcela.domain.errors import DomainError
from parcela.settings import Settings, SettingsError, load_settings
from parcela.store import schema
from parcela.store.embedded import EmbeddedServerError
from parcela.vault.kek import KeyFileError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
errors = Console(stderr=True, highlight=False)
console = Console(highlight=False)

HomeOption = Annotated[
    Path | None, typer.Option(help="Folder of the embedded database and keys (PARCELA_HOME).")
]

_EXPECTED = (SettingsError, EmbeddedServerError, DatabaseUnusableError, KeyFileError, DomainError)


def run() -> None:
    """The entry point of the command."""
    try:
        app()
    except _EXPECTED as error:
        errors.print(f"[bold red]parcela:[/] {error}", soft_wrap=True)
        raise SystemExit(1) from None


def read_settings(**overrides: object) -> Settings:
    """The settings of this command."""
    return load_settings(os.environ, **overrides)


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
    run_serve(read_settings(demo=demo or None, host=host, port=port, home=home, workers=workers))


@app.command()
def migrate(home: HomeOption = None) -> None:
    """Bring the database to this version's schema."""
    settings = read_settings(home=home)
    with use_database(settings) as url:
        asyncio.run(schema.migrate(url))
    console.print(f"The database is at schema {schema.get_newest_revision()}.")
