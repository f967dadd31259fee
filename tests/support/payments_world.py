"""The payments door in process: engines on a database of its own, asked over ASGI without a socket."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from parcela.app import open_engine
from parcela.dialects.payments.door import DoorParts, PaymentsDoor
from parcela.dialects.payments.endpoints import ENDPOINTS
from parcela.dialects.payments.routes import Endpoint
from parcela.dialects.payments.settings import PaymentsSettings
from parcela.domain.payments.keys import ApiKey
from parcela.domain.payments.tasks import TaskKind
from parcela.operations import people
from parcela.operations.engine import Engine
from parcela.operations.payments import api_keys
from parcela.operations.payments.agenda import TaskHandler, run_due
from parcela.operations.payments.api_keys import NewApiKey
from parcela.operations.payments.callers import open_moment
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.handlers import HANDLERS
from parcela.operations.payments.moment import AccountMoment
from parcela.payments_service import build_payments_desk
from parcela.settings import Settings
from tests.support.engine_acts import EngineActs

ROOT_URL = "http://parcela.test"
HOST = "parcela.test"
T = TypeVar("T")

# Catalogue, people, keys and the audit trail are looked at by name where needed.
_SET_UP = ("payments_key", "payments_agenda")


@dataclass(frozen=True)
class Answer:
    """What came back; `body` is a JSON object, and empty for an answer in another media type."""

    status: int
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any] = field(repr=False)

    @property
    def error(self) -> dict[str, Any]:
        """The members of the error."""
        return dict(self.body["error"])

    @property
    def code(self) -> str:
        """The error's code."""
        return str(self.body["error"]["code"])


class PaymentsWorld(EngineActs):
    """One database with one or more engines, on an event loop of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, home: Path, engines: list[Engine]) -> None:
        self.engines = engines
        self._loop = loop
        self._settings = PaymentsSettings(has_rate_limits=False)
        self._endpoints: Sequence[Endpoint] = ENDPOINTS
        settings = Settings(home=home, public_url=ROOT_URL)
        self.desks = [build_payments_desk(engine, settings) for engine in engines]
        self.credentials: dict[str, str] = json.loads((home / "sandbox" / "credentials.json").read_text())[
            "payments"
        ]
        self._doors: list[PaymentsDoor] = []
        self._hang_doors()

    @property
    def desk(self) -> PaymentsDesk:
        """What the first door's operations are given."""
        return self.desks[0]

    @property
    def secret(self) -> str:
        """The first account's secret key in test mode."""
        return self.credentials["secret_key"]

    @property
    def publishable(self) -> str:
        """The first account's publishable key in test mode."""
        return self.credentials["publishable_key"]

    @property
    def other_secret(self) -> str:
        """Another account's secret key in test mode."""
        return self.credentials["other_secret_key"]

    def configure(self, **settings: Any) -> None:
        """Hang the doors anew, with other settings."""
        self._settings = replace(self._settings, **settings)
        self._hang_doors()

    def set_endpoints(self, *endpoints: Endpoint) -> None:
        """Hang the doors anew, with other endpoints."""
        self._endpoints = endpoints
        self._hang_doors()

    def set_desk(self, **parts: Any) -> None:
        """Hang the doors anew, with other ports such as `acquirer`."""
        self.desks = [replace(desk, **parts) for desk in self.desks]
        self._hang_doors()

    def get(self, path: str, *, key: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """GET with the first account's secret key, or another; `path` is the whole one, with its query."""
        return self.ask("GET", path, key=key, headers=headers)

    def post(
        self,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        key: str | None = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """POST as `get`."""
        return self.ask("POST", path, body, key=key, idempotency_key=idempotency_key, headers=headers)

    def ask(  # noqa: PLR0913  Each parameter is one part of the request.
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        key: str | None = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        address: str = "192.0.2.1",
    ) -> Answer:
        """A request with a key."""
        pairs = self._list_pairs(body, key=key, idempotency_key=idempotency_key, headers=headers)
        asked = _ask(self._doors[0], method, path, _write_body(body), headers=pairs, address=address)
        return self.run(asked)

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: Sequence[tuple[str, str]] = (),
        address: str = "192.0.2.1",
    ) -> Answer:
        """Exactly this request; headers may repeat."""
        return self.run(_ask(self._doors[0], method, path, body, headers=list(headers), address=address))

    def ask_all(
        self,
        requests: Sequence[tuple[str, str, Mapping[str, Any] | None, str | None]],
        *,
        key: str | None = None,
    ) -> list[Answer]:
        """Method, path, body and idempotency key of several at once, turn by turn over the engines."""

        async def ask() -> list[Answer]:
            asked = [
                _ask(
                    self._doors[n % len(self._doors)],
                    method,
                    path,
                    _write_body(body),
                    headers=self._list_pairs(body, key=key, idempotency_key=idempotency_key),
                )
                for n, (method, path, body, idempotency_key) in enumerate(requests)
            ]
            return await asyncio.gather(*asked)

        return self.run(ask())

    def issue_key(self, new: NewApiKey, *, account_id: str | None = None) -> tuple[str, ApiKey]:
        """A key of an account, the first one if none is named: its text and its record."""
        wanted = account_id or self.credentials["account_id"]

        async def issue() -> tuple[str, ApiKey]:
            person = await people.get_person(self.engine, "operator@sandbox.example")
            return await api_keys.issue_key(self.engine, person, wanted, new)

        return self.run(issue())

    def as_account(
        self,
        work: Callable[[PaymentsDesk, AccountMoment], Awaitable[T]],
        *,
        key: str | None = None,
    ) -> T:
        """Run an operation as the account of a key, at its own present."""

        async def act() -> T:
            world = await self.engine.look()
            found = api_keys.find_account_key(self.engine, world, key or self.secret)
            assert found is not None, "the key opens nothing"
            client, account, record = found
            moment = await open_moment(self.engine, world, client, account, is_live=record.is_live)
            return await work(self.desk, moment)

        return self.run(act())

    def run_due(self, handlers: Mapping[TaskKind, TaskHandler] = HANDLERS) -> int:
        """Carry out what is due on all accounts' clocks; gives the number of tasks."""
        return self.run(run_due(self.desk, handlers))

    def count_records(self) -> dict[str, int]:
        """How many rows each table holds that a request can write."""

        async def count() -> dict[str, int]:
            async with self.engine.database.connection() as connection:
                rows = await connection.fetch(
                    "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'"
                    " AND column_name = 'is_live' ORDER BY table_name"
                )
                names = [row["table_name"] for row in rows if row["table_name"] not in _SET_UP]
                names += ["card", "plan", "letter", "simulated_card_message"]
                return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in names}

        return self.run(count())

    def list_refusals(self) -> list[dict[str, Any]]:
        """The refused keys that the audit holds, the oldest first."""
        rows = self.fetch(
            "SELECT actor, subject, outcome, detail::text AS detail FROM audit"
            " WHERE action = 'payments.authenticate' ORDER BY sequence"
        )
        return [{**row, "detail": json.loads(row["detail"])} for row in rows]

    def fetch(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the database, for what no answer shows."""

        async def find() -> list[dict[str, Any]]:
            async with self.engine.database.connection() as connection:
                return [dict(row) for row in await connection.fetch(sql, *values)]

        return self.run(find())

    def _list_pairs(
        self,
        body: Mapping[str, Any] | bytes | None,
        *,
        key: str | None = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[tuple[str, str]]:
        pairs = {"authorization": f"Bearer {key or self.secret}"}
        if body is not None:
            pairs["content-type"] = "application/json"
        if idempotency_key is not None:
            pairs["idempotency-key"] = idempotency_key
        return list({**pairs, **(headers or {})}.items())

    def _hang_doors(self) -> None:
        parts = DoorParts(settings=self._settings, endpoints=self._endpoints)
        self._doors = [PaymentsDoor(desk, parts) for desk in self.desks]


def _write_body(body: Mapping[str, Any] | bytes | None) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


async def _ask(
    door: PaymentsDoor,
    method: str,
    path: str,
    body: bytes,
    *,
    headers: list[tuple[str, str]],
    address: str = "192.0.2.1",
) -> Answer:
    raw_path, _, query = path.partition("?")
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
    is_json = answered.get("content-type") == "application/json"
    return Answer(sent[0]["status"], answered, raw, json.loads(raw) if is_json else {})


@contextmanager
def open_payments_world(database_url: str, home: Path, *, engines: int = 1) -> Iterator[PaymentsWorld]:
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
        yield PaymentsWorld(loop, home, opened)
    finally:
        for engine in opened:
            run(engine.database.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
