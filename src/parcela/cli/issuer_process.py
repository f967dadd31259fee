"""The process of `parcela issuer serve`: database, migrations, then the issuer's application alone."""

import asyncio
import sys
from contextlib import AsyncExitStack

from starlette.applications import Starlette
from starlette.routing import Mount

from parcela.app import create_process_app, open_engine
from parcela.cli.database import use_database
from parcela.cli.options import CommandError, say
from parcela.cli.serve import check_port, protect_process, run_server
from parcela.domain.programs import Issuer, Program
from parcela.issuer.app import IssuerSettings
from parcela.issuer.deployment import create_processor_app
from parcela.issuer.keys import FileKeys
from parcela.issuer.service import AccountNotices
from parcela.logs import configure_logs
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.settings import Settings
from parcela.store import schema


def serve_issuer(settings: Settings, keys: FileKeys, issuer: IssuerSettings) -> None:
    """Run until a signal ends it. Raises CommandError."""
    configure_logs(settings.log_format)
    protect_process()
    check_port(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    with use_database(settings) as database_url:
        asyncio.run(prepare(settings, database_url, issuer))
        say(f"The issuer's processor takes plans at {issuer.public_url}/notifications")
        say(f"and is asked for real-time offers at {issuer.public_url}/card-offers/searches.")
        sys.stdout.flush()
        run_server(create_app(settings, database_url, keys=keys, issuer=issuer), settings)


async def prepare(settings: Settings, database_url: str, issuer: IssuerSettings) -> None:
    """Migrate, and make sure that every company id belongs to an issuer. Raises CommandError."""
    await schema.migrate(database_url)
    engine = await open_engine(settings, database_url)
    try:
        check_issuers(engine, issuer.cids)
    finally:
        await engine.database.close()


def check_issuers(engine: Engine, cids: frozenset[str]) -> None:
    """Plans are opened for issuers that the catalogue knows. Raises CommandError."""
    known = {
        held.entry.cid
        for held in engine.snapshot.catalogues[MAIN_TENANT].entries.values()
        if isinstance(held.entry, Issuer | Program)
    }
    for cid in sorted(cids - known):
        raise CommandError(
            f"No issuer in this database has the company id {cid}: put it there with "
            "`parcela catalogue apply FILE`, as docs/issuer.md shows."
        )


def create_app(settings: Settings, database_url: str, *, keys: FileKeys, issuer: IssuerSettings) -> Starlette:
    """The ASGI application of the process: the issuer's calls at the root, and what operators look at."""

    async def furnish(app: Starlette, engine: Engine, _: AsyncExitStack) -> None:
        processor = create_processor_app(engine, keys, AccountNotices(engine), settings=issuer)
        app.router.routes.append(Mount("/", processor))

    return create_process_app(settings, database_url, furnish=furnish)
