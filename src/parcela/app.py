"""The composition root: settings become an engine, and the engine gets its doors."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from parcela import __version__
from parcela.admin.door import PREFIX as ADMIN_PREFIX
from parcela.admin.door import AdminDoor
from parcela.api_docs import list_docs_routes, list_error_routes
from parcela.checkout.challenge import ChallengePage
from parcela.checkout.checkout import CheckoutPage
from parcela.checkout.plan_page import CardholderPage
from parcela.connectors.acquirers import AcquirerRouter
from parcela.connectors.outbound_http import GuardedHttp
from parcela.connectors.simulated.acquirer import SimulatedAcquirer
from parcela.connectors.simulated.plan_provider import SimulatedPlanProvider
from parcela.connectors.system import SystemClock, SystemIds
from parcela.delivery.mail import MAIL
from parcela.delivery.worker import MAX_ANSWER_BYTES, DeliveryWorker, Pace
from parcela.dialects.gateway import openapi as gateway_openapi
from parcela.dialects.gateway.calls import Ports
from parcela.dialects.gateway.door import DoorParts, GatewayDoor, GatewayRoute
from parcela.dialects.gateway.operations import OPERATIONS
from parcela.dialects.gateway.settings import GatewaySettings
from parcela.dialects.network import openapi as network_openapi
from parcela.dialects.network.door import PREFIX, NetworkDoor
from parcela.dialects.network.notifications import PLAN_NOTIFICATION, NotificationRenderer
from parcela.dialects.network.settings import NetworkSettings
from parcela.dialects.payments import openapi as payments_openapi
from parcela.dialects.payments.door import PaymentsRoute
from parcela.dialects.payments.webhooks import WEBHOOK, WebhookRenderer
from parcela.domain.refund_strategy import RefundStrategy
from parcela.issuer.app import IssuerSettings
from parcela.issuer.deployment import DatabaseKeys, create_processor_app
from parcela.issuer.keys import read_decryption_key
from parcela.issuer.service import AccountNotices
from parcela.operations.acquirer_book import RecordedAcquirerBook
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine, Policy
from parcela.operations.housekeeping import clean_up
from parcela.operations.merchant_plan_approval import LocalPlanProvider, RecordedPlanQuestions
from parcela.operations.orders.sweep import keep_sweeping
from parcela.operations.outbound import OutboundHttp, OutboundLimits
from parcela.operations.realtime import IssuerCaller
from parcela.operations.scheduler import keep_scheduling
from parcela.operations.servicing_policy import ServicingPolicy
from parcela.payments_service import (
    build_mail_renderer,
    build_payments_desk,
    build_payments_door,
    build_payments_settings,
    build_webhook_reach,
    keep_payments,
    list_error_pages,
)
from parcela.promo.promo import PromoPages
from parcela.sandbox.setup import ISSUER_CID, ISSUER_DECRYPTION_KEY, ISSUER_PATH
from parcela.settings import Settings
from parcela.shutdown import ShutdownWatch
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
                matching_window=timedelta(days=settings.matching_window_days),
                merchant_offer_life=timedelta(hours=settings.gateway_offer_hours),
                void_window=timedelta(hours=settings.gateway_void_hours),
                servicing=build_servicing_policy(settings),
            ),
        )
        await engine.start()
    except BaseException:
        await database.close()
        raise
    return engine


Furnish = Callable[[Starlette, Engine, contextlib.AsyncExitStack], Awaitable[None]]
"""Gives a process what it serves and what runs beside it, for as long as the stack is open."""


def create_app(settings: Settings, database_url: str) -> Starlette:
    """The ASGI application of one server process: the doors, delivery and the scheduler."""

    async def furnish(app: Starlette, engine: Engine, exits: contextlib.AsyncExitStack) -> None:
        http = GuardedHttp(settings.is_sandbox)
        exits.push_async_callback(http.close)
        shutdown = ShutdownWatch()
        exits.enter_context(shutdown.watch())
        mount_doors(app, engine, settings, http, is_draining=shutdown.is_asked)
        await exits.enter_async_context(keep_sweeping(engine, build_gateway_ports(engine).acquirer))
        await exits.enter_async_context(keep_payments(build_payments_desk(engine, settings)))
        await exits.enter_async_context(run_delivery(engine, settings))

    return create_process_app(
        settings,
        database_url,
        furnish=furnish,
        routes=[
            Mount("/static", StaticFiles(directory=_STATIC)),
            *list_docs_routes(
                {
                    "network": network_openapi.render_openapi(build_network_settings(settings)),
                    "gateway": gateway_openapi.render_openapi(settings.root_url),
                    "payments": payments_openapi.render_openapi(settings.root_url),
                }
            ),
            *list_error_routes(list_error_pages()),
        ],
    )


def create_process_app(
    settings: Settings, database_url: str, *, furnish: Furnish, routes: Sequence[BaseRoute] = ()
) -> Starlette:
    """An application with an engine, a scheduler and housekeeping, and what operators look at."""
    runtime = Runtime()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as exits:
            engine = await open_engine(settings, database_url)
            exits.push_async_callback(engine.database.close)
            runtime.engine = engine
            # A redirect would answer a path that no client may have without asking who calls.
            app.router.redirect_slashes = False
            await exits.enter_async_context(keep_house(engine, settings))
            await exits.enter_async_context(keep_scheduling(engine))
            await furnish(app, engine, exits)
            yield

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
            *routes,
        ],
    )


@asynccontextmanager
async def run_delivery(engine: Engine, settings: Settings) -> AsyncIterator[DeliveryWorker]:
    """A delivery worker that runs as long as the block, and then finishes what it has begun."""
    http, guarded = GuardedHttp(settings.is_sandbox), GuardedHttp(False)
    notifications = NotificationRenderer(engine, encrypted_member=settings.notification_encrypted_member)
    webhooks = WebhookRenderer(engine, reach=build_webhook_reach(settings), guarded=guarded, open_http=http)
    worker = DeliveryWorker(
        engine,
        http,
        {PLAN_NOTIFICATION: notifications, WEBHOOK: webhooks, MAIL: build_mail_renderer(engine, settings)},
        limits=OutboundLimits(
            connect_timeout_s=settings.notification_connect_timeout_seconds,
            total_timeout_s=settings.notification_timeout_seconds,
            max_answer_bytes=MAX_ANSWER_BYTES,
        ),
        pace=Pace(slots=settings.notification_tries_in_flight),
    )
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await running
        await http.close()
        await guarded.close()


def mount_doors(
    app: Starlette,
    engine: Engine,
    settings: Settings,
    http: OutboundHttp,
    *,
    is_draining: Callable[[], bool] = lambda: False,
) -> None:
    """Give an engine its doors; `http` is how they call issuers, `is_draining` whether the server ends."""
    caller = IssuerCaller(http, engine.clock, timeout_ms=settings.realtime_timeout_ms)
    network = NetworkDoor(engine, build_network_settings(settings), issuer_caller=caller)
    app.router.routes.append(Route(PREFIX, network))
    app.router.routes.append(Mount(PREFIX, network))
    app.router.routes.append(GatewayRoute(build_gateway_door(engine, settings, is_draining)))
    desk = build_payments_desk(engine, settings)
    app.router.routes.append(PaymentsRoute(build_payments_door(desk, settings)))
    app.router.routes.extend(ChallengePage(desk).list_routes())
    app.router.routes.extend(CheckoutPage(desk).list_routes())
    app.router.routes.extend(build_promo_pages(engine, settings).list_routes())
    app.router.routes.extend(CardholderPage(desk).list_routes())
    app.router.routes.append(Mount(ADMIN_PREFIX, AdminDoor(engine, desk)))
    if settings.demo and settings.demo_issuer:
        app.router.routes.append(Mount(ISSUER_PATH, create_demo_issuer(engine, settings)))


def create_demo_issuer(engine: Engine, settings: Settings) -> Starlette:
    """The processor of the demo world's bank: it has the bank's key, and the network's from the database."""
    cids = frozenset({ISSUER_CID})
    own_key = read_decryption_key(settings.home / "sandbox" / ISSUER_DECRYPTION_KEY)
    return create_processor_app(
        engine,
        DatabaseKeys(engine, [own_key], cids=cids),
        AccountNotices(engine),
        settings=IssuerSettings(
            public_url=settings.root_url, cids=cids, oauth_window_s=settings.oauth_window_seconds
        ),
    )


def build_gateway_door(engine: Engine, settings: Settings, is_draining: Callable[[], bool]) -> GatewayDoor:
    """The gateway door with what its operations call."""
    parts = DoorParts(
        settings=build_gateway_settings(settings),
        ports=build_gateway_ports(engine),
        operations=OPERATIONS,
        is_draining=is_draining,
    )
    return GatewayDoor(engine, parts)


def build_gateway_ports(engine: Engine) -> Ports:
    """Acquirer and plan provider of all merchants; the simulators stand in where no other is set up."""
    simulated = SimulatedAcquirer(RecordedAcquirerBook(engine))
    return Ports(
        acquirer=AcquirerRouter(simulated, is_sandbox=engine.policy.is_sandbox),
        provider=SimulatedPlanProvider(LocalPlanProvider(engine), RecordedPlanQuestions(engine)),
    )


def build_gateway_settings(settings: Settings) -> GatewaySettings:
    """The gateway door's part of the settings."""
    return GatewaySettings(
        lowest_version=settings.gateway_lowest_version,
        has_literal_spellings=settings.gateway_literal_spellings,
        session_life=timedelta(minutes=settings.gateway_session_minutes),
    )


def build_network_settings(settings: Settings) -> NetworkSettings:
    """The network door's part of the settings."""
    return NetworkSettings(
        root_url=settings.root_url,
        oauth_window_s=settings.oauth_window_seconds,
        shows_15_days=settings.network_show_15_days,
        allows_clear_data=settings.network_allow_clear_data,
        requests_per_second=settings.network_requests_per_second,
    )


def build_promo_pages(engine: Engine, settings: Settings) -> PromoPages:
    """What shops' own pages show of plans."""
    return PromoPages(
        engine, build_payments_settings(settings), root_url=settings.root_url, home=settings.home
    )


def build_servicing_policy(settings: Settings) -> ServicingPolicy:
    """The issuer processor's part of the settings."""
    return ServicingPolicy(
        late_after_days=settings.servicing_late_after_days,
        credit_limit_major=settings.servicing_credit_limit,
        refund_strategy=RefundStrategy(settings.servicing_refund_strategy),
        opens_unknown_accounts=settings.is_sandbox or settings.servicing_open_unknown_accounts,
        returns_charges=settings.servicing_return_charges,
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


@asynccontextmanager
async def keep_house(engine: Engine, settings: Settings) -> AsyncIterator[None]:
    """Forget what need no longer be kept, once a minute, as long as the block runs."""
    task = asyncio.create_task(_clean_up_for_ever(engine, settings))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _clean_up_for_ever(engine: Engine, settings: Settings) -> None:
    """An unreachable database is tried again."""
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
