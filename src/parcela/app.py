"""The composition root: settings become an engine, and the engine gets its doors."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from parcela import __version__
from parcela.admin.door import PREFIX as ADMIN_PREFIX
from parcela.admin.door import AdminDoor
from parcela.api_docs import list_docs_routes
from parcela.connectors.system import SystemClock, SystemIds
from parcela.dialects.network.door import PREFIX, NetworkDoor
from parcela.dialects.network.openapi import render_openapi
from parcela.dialects.network.settings import NetworkSettings
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine, Policy
from parcela.operations.housekeeping import clean_up
from parcela.settings import Settings
from parcela.store import schema, world
from parcela.store.database import Database
from parcela.vault.kek import load_key_file
from parcela.vault.vault import Vault

_HOUSEKEEPING_S = 60.0
_STATIC = Path(__file__).parent / "static"

log = structlog.get_logger("parcela")


@dataclass(slots=True)
class Runtime:
    """What lives as long as a process: set when the application has started."""

    engine: Engine | None = None


async def open_engine(settings: Settings, database_url: str) -> Engine:
    """Connect to a migrated database and start an engine on it. Close it with `engine.database.close()`."""
    database = await Database.open(database_url)
    try:
        async with database.connection() as connection:
            worker = await world.claim_worker_number(connection)
        during, post = settings.offer_lives
        engine = Engine(
            database=database,
            vault=Vault(load_key_file(settings.key_file, may_create=settings.is_sandbox)),
            clock=SystemClock(),
            ids=SystemIds(worker),
            policy=Policy(
                environment=settings.environment,
                during_purchase_offer_life=during,
                post_purchase_offer_life=post,
            ),
        )
        await engine.start()
    except BaseException:
        await database.close()
        raise
    return engine


def create_app(settings: Settings, database_url: str) -> Starlette:
    """The ASGI application of one worker process."""
    runtime = Runtime()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as exits:
            engine = await open_engine(settings, database_url)
            exits.push_async_callback(engine.database.close)
            runtime.engine = engine
            mount_doors(app, engine, settings)
            housekeeping = asyncio.create_task(keep_house(engine, settings))
            try:
                yield
            finally:
                housekeeping.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await housekeeping

    async def check_alive(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def check_ready(_: Request) -> Response:
        return await answer_readiness(runtime)

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/healthz", check_alive),
            Route("/readyz", check_ready),
            Route("/metrics", show_metrics),
            Mount("/static", StaticFiles(directory=_STATIC)),
            *list_docs_routes({"network": render_openapi(build_network_settings(settings))}),
        ],
    )


def mount_doors(app: Starlette, engine: Engine, settings: Settings) -> None:
    """Give an engine its doors."""
    network = NetworkDoor(engine, build_network_settings(settings))
    # A redirect would answer a path that no client may have without asking who calls.
    app.router.redirect_slashes = False
    app.router.routes.append(Route(PREFIX, network))
    app.router.routes.append(Mount(PREFIX, network))
    app.router.routes.append(Mount(ADMIN_PREFIX, AdminDoor(engine)))


def build_network_settings(settings: Settings) -> NetworkSettings:
    """The network door's part of the settings."""
    return NetworkSettings(
        root_url=settings.root_url,
        oauth_window_s=settings.oauth_window_seconds,
        shows_15_days=settings.network_show_15_days,
        allows_clear_data=settings.network_allow_clear_data,
        requests_per_second=settings.network_requests_per_second,
    )


async def answer_readiness(runtime: Runtime) -> Response:
    """200 when this process has started and the database answers."""
    if runtime.engine is None:
        return PlainTextResponse("starting\n", status_code=503, headers={"Retry-After": "1"})
    try:
        await asyncio.wait_for(runtime.engine.look(), timeout=2)
    except UNAVAILABLE_ERRORS:
        return PlainTextResponse(
            "the database does not answer\n", status_code=503, headers={"Retry-After": "5"}
        )
    return PlainTextResponse(f"ready, version {__version__}\n")


async def show_metrics(_: Request) -> Response:
    """Prometheus text, of all workers where there are several."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def keep_house(engine: Engine, settings: Settings) -> None:
    """Forget what need no longer be kept, once a minute; an unreachable database is tried again."""
    while True:
        await engine.clock.sleep(_HOUSEKEEPING_S)
        try:
            await clean_up(engine, presentment_days=settings.presentment_days)
        except UNAVAILABLE_ERRORS as fault:
            log.warning("housekeeping postponed", fault=type(fault).__name__)


async def find_schema_problem(database_url: str) -> str | None:
    """A sentence that says what to do when a database is not at this version's schema."""
    found, needed = await schema.find_revision(database_url), schema.get_newest_revision()
    if found == needed:
        return None
    return f"The database is at schema {found or 'none'}, this version needs {needed}: run `parcela migrate`."
