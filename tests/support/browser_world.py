"""A server on a real socket in this process, and a Chromium that looks at it; both live for a whole session.

The server has the doors and the pages over a copy of the demo world, whose clock begins at noon of
10 January 2030, so that dates on pages can be written down. It is far cheaper than `parcela serve`.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import requests
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

import parcela
from parcela.app import mount_doors, open_engine
from parcela.connectors.outbound_http import GuardedHttp
from parcela.http_protocol import BoundedHttpToolsProtocol
from parcela.operations.engine import Engine
from parcela.settings import Settings
from parcela.store import world

START = datetime(2030, 1, 10, 12, tzinfo=UTC)
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
T = TypeVar("T")


@dataclass(frozen=True)
class HostedServer:
    """Where the server is, and the keys of its first account in test mode."""

    root_url: str
    secret: str = field(repr=False)
    publishable: str = field(repr=False)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A call of the payments door that must do what it is asked."""
        answer = requests.post(
            f"{self.root_url}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.secret}"},
            timeout=30,
        )
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    def get(self, path: str) -> dict[str, Any]:
        """What the payments door tells."""
        headers = {"Authorization": f"Bearer {self.secret}"}
        answer = requests.get(f"{self.root_url}{path}", headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def make_payment(self, **members: Any) -> dict[str, Any]:
        """A payment of 600.00 EUR with plans; its page is at `checkoutUrl`."""
        body = {"amount": 60000, "returnUrl": f"{self.root_url}/healthz", "installments": {"enabled": True}}
        return self.post("/v1/payments", {**body, **members})


@contextmanager
def run_hosted_server(database_url: str, home: Path) -> Iterator[HostedServer]:
    """The server for as long as the block lasts, on a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    exits = AsyncExitStack()
    try:
        root_url = run(_start(exits, database_url, home))
        keys = json.loads((home / "sandbox" / "credentials.json").read_text())["payments"]
        yield HostedServer(root_url, keys["secret_key"], keys["publishable_key"])
    finally:
        run(exits.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _start(exits: AsyncExitStack, database_url: str, home: Path) -> str:
    listener = exits.enter_context(socket.create_server(("127.0.0.1", 0)))
    root_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = Settings(home=home, public_url=root_url, demo=True, demo_issuer=False)
    engine = await open_engine(settings, database_url)
    exits.push_async_callback(engine.database.close)
    await _begin_story(engine)
    http = GuardedHttp(settings.is_sandbox)
    exits.push_async_callback(http.close)
    app = Starlette(
        routes=[Mount("/static", StaticFiles(directory=Path(parcela.__file__).parent / "static"))]
    )
    mount_doors(app, engine, settings, http)
    await exits.enter_async_context(_serve(app, listener))
    return root_url


async def _begin_story(engine: Engine) -> None:
    seen = await engine.look()
    async with engine.database.connection() as connection:
        await world.move_clock(connection, START - seen.now)


@asynccontextmanager
async def _serve(app: ASGIApp, listener: socket.socket) -> Any:
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


@contextmanager
def run_chromium() -> Iterator[Browser]:
    """Debian's Chromium with an empty profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def list_violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA: rule and place, one a line."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}}).response
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
