"""The gateway door in process: engines on a database of its own, asked over REST and NVP without a socket."""

import asyncio
import base64
import json
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from parcela.app import build_gateway_ports, open_engine
from parcela.dialects.gateway.calls import Ports
from parcela.dialects.gateway.door import DoorParts, GatewayDoor
from parcela.dialects.gateway.operations import OPERATIONS
from parcela.dialects.gateway.routes import Operation
from parcela.dialects.gateway.settings import GatewaySettings
from parcela.operations.engine import Engine
from parcela.settings import Settings
from tests.support.engine_acts import EngineActs

ROOT_URL = "http://parcela.test"
HOST = "parcela.test"
VERSION = 100
T = TypeVar("T")

# What a request may leave behind; tables of catalogue, people and audit are looked at by name where needed.
_RECORDS = (
    "card",
    "event",
    "letter",
    "merchant_offer",
    "merchant_order",
    "merchant_quote",
    "merchant_session",
    "merchant_transaction",
    "offer_budget",
    "plan",
    "plan_acceptance",
    "plan_instruction",
    "simulated_card_message",
)


@dataclass(frozen=True)
class Answer:
    """What came back. `body` is a JSON object, or the pairs of NVP by their names."""

    status: int
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any] = field(repr=False)

    @property
    def error(self) -> dict[str, Any]:
        """The error group of either protocol."""
        if "error" in self.body:
            return dict(self.body["error"])
        return {
            name.removeprefix("error."): value
            for name, value in self.body.items()
            if name.startswith("error.")
        }


@dataclass(frozen=True)
class Merchant:
    """A merchant with an API password."""

    merchant_id: str
    password: str = field(repr=False)

    @property
    def authorization(self) -> str:
        """The Basic header of its requests."""
        login = f"merchant.{self.merchant_id}:{self.password}"
        return "Basic " + base64.b64encode(login.encode()).decode()


class GatewayWorld(EngineActs):
    """One database with one or more engines, on an event loop of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, home: Path, engines: list[Engine]) -> None:
        self.engines = engines
        self._loop = loop
        self._settings = GatewaySettings()
        self._operations: tuple[Operation, ...] = OPERATIONS
        self._others: dict[str, Any] = {}
        self._ports: list[Ports] = [build_gateway_ports(engine) for engine in engines]
        self._doors: list[GatewayDoor] = []
        self._hang_doors()
        credentials = json.loads((home / "sandbox" / "credentials.json").read_text())["gateway"]
        self.merchant = Merchant(credentials["merchant_id"], credentials["password"])

    @property
    def ports(self) -> Ports:
        """What the first door's operations call."""
        return self._ports[0]

    def configure(self, **settings: Any) -> None:
        """Hang the doors anew, with other settings."""
        self._settings = replace(self._settings, **settings)
        self._hang_doors()

    def set_operations(self, *operations: Operation) -> None:
        """Hang the doors anew, with other operations."""
        self._operations = operations
        self._hang_doors()

    def set_parts(self, **parts: Any) -> None:
        """Hang the doors anew, with other parts such as `login_throttle`."""
        self._others |= parts
        self._hang_doors()

    def set_ports(self, **ports: Any) -> None:
        """Hang the doors anew, with another acquirer or plan provider."""
        self._ports = [replace(held, **ports) for held in self._ports]
        self._hang_doors()

    def ask(
        self,
        method: str,
        tail: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        merchant: Merchant | None = None,
        version: int | str = VERSION,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A REST request below the merchant's own address; `tail` is percent-encoded and may have a query."""
        caller = merchant or self.merchant
        path = f"/api/rest/version/{version}/merchant/{quote(caller.merchant_id)}/{tail}"
        sent = {"authorization": caller.authorization, **(headers or {})}
        return self.send(method, path, _write_body(body), headers=sent)

    def pay(self, order_id: str, transaction_id: str, body: Mapping[str, Any], **options: Any) -> Answer:
        """PUT a transaction; the ids are encoded here."""
        tail = f"order/{quote(order_id, safe='')}/transaction/{quote(transaction_id, safe='')}"
        return self.ask("PUT", tail, body, **options)

    def ask_nvp(
        self,
        fields: Mapping[str, str],
        *,
        merchant: Merchant | None = None,
        version: int | str = VERSION,
        address: str = "192.0.2.1",
    ) -> Answer:
        """An NVP request with the merchant's login; a field that is given here wins over it."""
        caller = merchant or self.merchant
        login = {
            "apiUsername": f"merchant.{caller.merchant_id}",
            "apiPassword": caller.password,
            "merchant": caller.merchant_id,
        }
        raw = urlencode({**login, **fields}).encode()
        return self.send("POST", f"/api/nvp/version/{version}", raw, address=address)

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        address: str = "192.0.2.1",
    ) -> Answer:
        """Exactly this request."""
        pairs = list((headers or {}).items())
        return self.run(_ask(self._doors[0], method, path, body, headers=pairs, address=address))

    def send_pairs(self, method: str, path: str, body: bytes, headers: list[tuple[str, str]]) -> Answer:
        """Exactly this request, whose headers may repeat."""
        return self.run(_ask(self._doors[0], method, path, body, headers=headers))

    def ask_all(self, requests: list[tuple[str, str, Mapping[str, Any]]]) -> list[Answer]:
        """Method, tail and body of several at once, turn by turn over the engines."""

        async def ask() -> list[Answer]:
            head = f"/api/rest/version/{VERSION}/merchant/{self.merchant.merchant_id}"
            pairs = [("authorization", self.merchant.authorization)]
            doors = self._doors
            asked = [
                _ask(
                    doors[n % len(doors)],
                    method,
                    f"{head}/{tail}",
                    _write_body(body),
                    headers=pairs,
                )
                for n, (method, tail, body) in enumerate(requests)
            ]
            return await asyncio.gather(*asked)

        return self.run(ask())

    def count_records(self) -> dict[str, int]:
        """How much there is of everything that a request can store."""

        async def count() -> dict[str, int]:
            async with self.engine.database.connection() as connection:
                return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in _RECORDS}

        return self.run(count())

    def list_refusals(self) -> list[dict[str, Any]]:
        """The refused logins that the audit holds, the oldest first."""

        async def find() -> list[dict[str, Any]]:
            async with self.engine.database.connection() as connection:
                rows = await connection.fetch(
                    "SELECT actor, subject, outcome, detail::text AS detail FROM audit"
                    " WHERE action = 'gateway.authenticate' ORDER BY sequence"
                )
            return [{**row, "detail": json.loads(row["detail"])} for row in rows]

        return self.run(find())

    def fetch(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the database, for what no answer shows."""

        async def find() -> list[dict[str, Any]]:
            async with self.engine.database.connection() as connection:
                return [dict(row) for row in await connection.fetch(sql, *values)]

        return self.run(find())

    def _hang_doors(self) -> None:
        self._doors = [
            GatewayDoor(
                engine,
                DoorParts(
                    settings=self._settings,
                    ports=ports,
                    operations=self._operations,
                    **self._others,
                ),
            )
            for engine, ports in zip(self.engines, self._ports, strict=True)
        ]


def read_nvp(raw: bytes) -> dict[str, str]:
    """The pairs of an NVP answer, in their order."""
    return dict(parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=True))


def _write_body(body: Mapping[str, Any] | bytes | None) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


async def _ask(
    door: GatewayDoor,
    method: str,
    path: str,
    body: bytes,
    *,
    headers: list[tuple[str, str]],
    address: str = "192.0.2.1",
) -> Answer:
    raw_path, _, query = path.partition("?")
    names = {name.lower() for name, _ in headers}
    headers = headers if "host" in names else [("host", HOST), *headers]
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": raw_path,
        "raw_path": raw_path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "server": (HOST, 80),
        "client": (address, 40_000),
    }
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await door(scope, receive, send)
    raw = b"".join(message.get("body", b"") for message in sent[1:])
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    is_nvp = answered["content-type"].startswith("text/plain")
    return Answer(sent[0]["status"], answered, raw, read_nvp(raw) if is_nvp else json.loads(raw))


@contextmanager
def open_gateway_world(database_url: str, home: Path, *, engines: int = 1) -> Iterator[GatewayWorld]:
    """A world on a migrated database that holds the demo world of `home`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    opened: list[Engine] = []
    try:
        for _ in range(engines):
            opened.append(run(open_engine(Settings(home=home, public_url=ROOT_URL), database_url)))
        yield GatewayWorld(loop, home, opened)
    finally:
        for engine in opened:
            run(engine.database.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
