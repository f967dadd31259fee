"""A whole deployment in this process: doors on a socket, delivery, scheduler, card switch and issuer host.

Its clock begins at noon of 10 January 2030, so that what happens in it can be written down.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from parcela.app import mount_doors, open_engine
from parcela.connectors.iso8583.enrichment import PlanPlace
from parcela.connectors.iso8583.options import Address, SwitchOptions
from parcela.connectors.outbound_http import GuardedHttp
from parcela.connectors.simulated.issuer_host import HostOptions, SimulatedIssuerHost
from parcela.delivery.worker import MAX_ANSWER_BYTES, DeliveryWorker, Pace
from parcela.dialects.network.notifications import PLAN_NOTIFICATION, NotificationRenderer
from parcela.http_protocol import BoundedHttpToolsProtocol
from parcela.operations.account_book import AccountBook
from parcela.operations.engine import Engine
from parcela.operations.outbound import OutboundLimits
from parcela.operations.scheduler import keep_scheduling
from parcela.operations.switch_records import EngineRecords
from parcela.sandbox.setup import ISSUER_PATH
from parcela.settings import Settings
from parcela.store import world
from tests.support.card_messages import ANY_PORT, ASCII, run_switch

START = datetime(2030, 1, 10, 12, tzinfo=UTC)
PACE = Pace(poll_s=0.01, held_s=0.05)
LIMITS = OutboundLimits(connect_timeout_s=5, total_timeout_s=15, max_answer_bytes=MAX_ANSWER_BYTES)


class Front:
    """What stands before the bank's receiver: it answers 503 as often as told, then it hands requests on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.outages_left = 2
        self.received: list[tuple[str, dict[str, Any]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != f"{ISSUER_PATH}/notifications":
            await self._app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.received.append((headers["correlation-id"], json.loads(body)))
        if self.outages_left:
            self.outages_left -= 1
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        held = [{"type": "http.request", "body": body, "more_body": False}]

        async def hand_on() -> Any:
            return held.pop() if held else await receive()

        await self._app(scope, hand_on, send)


@dataclass(frozen=True)
class Deployment:
    """What runs, and where."""

    engine: Engine
    settings: Settings
    database_url: str
    front: Front
    switch_address: Address


@asynccontextmanager
async def run_deployment(database_url: str, home: Path) -> AsyncIterator[Deployment]:
    """Doors, delivery worker, scheduler, switch and issuer host over one engine."""
    async with contextlib.AsyncExitStack() as exits:
        listener = exits.enter_context(socket.create_server(("127.0.0.1", 0)))
        root_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = Settings(home=home, public_url=root_url, demo=True)
        engine = await open_engine(settings, database_url)
        exits.push_async_callback(engine.database.close)
        await _begin_story(engine)
        http = GuardedHttp(settings.is_sandbox)
        exits.push_async_callback(http.close)
        doors = Starlette()
        mount_doors(doors, engine, settings, http)
        front = Front(doors)
        switch_address = await exits.enter_async_context(_run_switch(engine))
        await exits.enter_async_context(_serve(front, listener))
        await exits.enter_async_context(_deliver(engine, http))
        await exits.enter_async_context(keep_scheduling(engine, poll_s=0.02))
        yield Deployment(engine, settings, database_url, front, switch_address)


async def _begin_story(engine: Engine) -> None:
    seen = await engine.look()
    async with engine.database.connection() as connection:
        await world.move_clock(connection, START - seen.now)


@asynccontextmanager
async def _serve(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """The HTTP server of `parcela serve`, without signals and logs."""
    config = uvicorn.Config(
        app, http=BoundedHttpToolsProtocol, ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve([listener]))  # `serve` would take over signals
    try:
        yield
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def _deliver(engine: Engine, http: GuardedHttp) -> AsyncIterator[None]:
    renderers = {PLAN_NOTIFICATION: NotificationRenderer(engine)}
    worker = DeliveryWorker(engine, http, renderers, limits=LIMITS, pace=PACE)
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await running


@asynccontextmanager
async def _run_switch(engine: Engine) -> AsyncIterator[Address]:
    """The switch before an issuer host whose book are the card accounts."""
    host = SimulatedIssuerHost(HostOptions(spec=ASCII, place=PlanPlace(element=48)), AccountBook(engine))
    try:
        options = SwitchOptions(spec=ASCII, lookup_timeout_s=5.0)
        async with run_switch(options, EngineRecords(engine), await host.start(ANY_PORT)) as (_, address):
            yield address
    finally:
        await host.close()
