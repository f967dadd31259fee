"""The network door in process: engines on a database of its own, asked through ASGI without a socket."""

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from parcela.app import open_engine
from parcela.dialects.network.door import NetworkDoor
from parcela.dialects.network.settings import NetworkSettings
from parcela.operations import clients
from parcela.operations.clients import ClientSwitches
from parcela.operations.engine import Engine
from parcela.operations.outbound import OutboundHttp
from parcela.operations.realtime import IssuerCaller
from parcela.settings import Settings
from tests.support.engine_acts import EngineActs
from tests.support.network_client import Answer, Party, WireRequest, forge, load_party

ROOT_URL = "http://parcela.test"
T = TypeVar("T")

_COUNTS = """
SELECT (SELECT count(*) FROM presentment) AS presentment, (SELECT count(*) FROM plan) AS plan,
    (SELECT count(*) FROM installment) AS installment, (SELECT count(*) FROM event) AS event,
    (SELECT count(*) FROM letter) AS letter, (SELECT count(*) FROM pan_list) AS pan_list,
    (SELECT count(*) FROM pan_list_member) AS pan_list_member
"""


class NetworkWorld(EngineActs):
    """One database with one or more engines, on an event loop of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, home: Path, engines: list[Engine]) -> None:
        self.home = home
        self.engines = engines
        self.partner = load_party(home, "partner", root_url=ROOT_URL)
        self.issuer = load_party(home, "issuer", root_url=ROOT_URL)
        self._loop = loop
        self._settings = NetworkSettings(root_url=ROOT_URL)
        self._doors = [NetworkDoor(engine, self._settings) for engine in engines]

    def configure(self, **settings: Any) -> None:
        """Hang the doors anew, with other settings."""
        self._settings = replace(self._settings, **settings)
        self._doors = [NetworkDoor(engine, self._settings) for engine in self.engines]

    def call_issuers(self, http: OutboundHttp, *, timeout_ms: int = 800) -> None:
        """Hang the doors anew, with a way to the issuers' own services."""
        self._doors = [
            NetworkDoor(
                engine,
                self._settings,
                issuer_caller=IssuerCaller(http, engine.clock, timeout_ms=timeout_ms),
            )
            for engine in self.engines
        ]

    def send(self, request: WireRequest) -> Answer:
        """One request."""
        return self.run(self._ask(self._doors[0], request))

    def send_all(self, requests: list[WireRequest]) -> list[Answer]:
        """All at once, turn by turn over the engines."""

        async def ask_all() -> list[Answer]:
            doors = self._doors
            asked = [self._ask(doors[n % len(doors)], request) for n, request in enumerate(requests)]
            return await asyncio.gather(*asked)

        return self.run(ask_all())

    def call(self, party: Party, call: str, body: Mapping[str, Any] | bytes = b"", **options: Any) -> Answer:
        """Forge (well, by default) and send."""
        return self.send(forge(party, call, body, **options))

    def count_records(self) -> dict[str, int]:
        """How much there is of everything that a request can store."""

        async def count() -> dict[str, int]:
            async with self.engine.database.connection() as connection:
                return dict(await connection.fetchrow(_COUNTS))

        return self.run(count())

    def count_refusals(self) -> int:
        """How many refused authentications the audit holds."""

        async def count() -> int:
            async with self.engine.database.connection() as connection:
                found: int = await connection.fetchval(
                    "SELECT count(*) FROM audit WHERE action = 'network.authenticate' AND outcome = 'refused'"
                )
                return found

        return self.run(count())

    def count_broken(self) -> int:
        """How many rows the views of broken invariants show."""

        async def count() -> int:
            async with self.engine.database.connection() as connection:
                found: int = await connection.fetchval(
                    "SELECT (SELECT count(*) FROM broken_plan) + (SELECT count(*) FROM broken_audit)"
                )
                return found

        return self.run(count())

    def switch_partner(self, *, is_enabled: bool | None = None, is_suspended: bool | None = None) -> None:
        """Switch the API on or off for the partner, or suspend it."""
        switches = ClientSwitches(is_enabled=is_enabled, is_suspended=is_suspended)

        async def switch(engine: Engine, operator: Any) -> None:
            client = engine.snapshot.clients[self.partner.consumer_key.partition("!")[0]]
            await clients.switch_client(engine, operator, client.client_id, switches)

        self.as_operator(switch)

    async def _ask(self, door: NetworkDoor, request: WireRequest) -> Answer:
        target = urlsplit(request.url)
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "scheme": target.scheme,
            "path": target.path,
            "raw_path": target.path.encode(),
            "query_string": target.query.encode(),
            "root_path": "/installments",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in request.headers],
            "server": ("parcela.test", 80),
        }
        messages = [{"type": "http.request", "body": request.body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await door(scope, receive, send)
        raw = b"".join(message.get("body", b"") for message in sent[1:])
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], headers, raw, json.loads(raw))


@contextmanager
def open_network_world(database_url: str, home: Path, *, engines: int = 1) -> Iterator[NetworkWorld]:
    """A world on a migrated database that holds the demo world of `home`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    settings = Settings(home=home, public_url=ROOT_URL)
    opened: list[Engine] = []
    try:
        for _ in range(engines):
            opened.append(run(open_engine(settings, database_url)))
        yield NetworkWorld(loop, home, opened)
    finally:
        for engine in opened:
            run(engine.database.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
