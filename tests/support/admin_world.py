"""The set-up door in process: an engine in an event loop of its own, and people who are signed in."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from argon2 import PasswordHasher

from parcela.admin.door import PREFIX, AdminDoor
from parcela.domain.changes import Role
from parcela.domain.programs import Issuer
from parcela.operations import catalogue, people, sessions
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.payments_service import build_payments_desk
from parcela.settings import Settings
from parcela.store import people as stored_people
from parcela.store.database import Connection
from tests.conftest import ROOT_URL, use_engine

PROVIDER_ID = "29694e7a-b4a8-11ec-b909-0242ac120002"
OTHER_PROVIDER_ID = "218b9962-1355-44e4-8a16-f911363fd849"
PASSWORD = "a password of the tests"
EMAILS = {
    "maker": "maker@sandbox.example",
    "checker": "checker@sandbox.example",
    "operator": "operator@sandbox.example",
    "second operator": "second-operator@sandbox.example",
    "other maker": "maker@other.example",
    "other checker": "checker@other.example",
}
_PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.raw)


class AdminWorld:
    """Calls to the door, each as somebody; a second bank has people of its own."""

    def __init__(self, runner: asyncio.Runner, engine: Engine) -> None:
        self._runner = runner
        self.engine = engine
        self._door = AdminDoor(engine, build_payments_desk(engine, Settings(public_url=ROOT_URL)))
        self._tokens: dict[str, str] = {}

    def run(self, work: Any) -> Any:
        """Run a coroutine in the engine's loop."""
        return self._runner.run(work)

    def token(self, who: str) -> str:
        """The session token of somebody, who signs in when first needed."""
        if who not in self._tokens:
            self._tokens[who], _ = self.run(
                sessions.sign_in(self.engine, email=EMAILS[who], password=PASSWORD)
            )
        return self._tokens[who]

    def call(self, who: str | None, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """One request; a `bytes` body is sent as it is, any other as JSON. `a_b=` is the header `a-b`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            sent.setdefault("authorization", f"Bearer {self.token(who)}")
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if body is not None:
            sent.setdefault("content-type", "application/json")
        return self.run(self.send(method, path, raw, sent))

    async def send(self, method: str, target: str, raw: bytes, headers: Mapping[str, str]) -> Reply:
        parts = urlsplit(target)
        scope = {
            "type": "http",
            "method": method,
            "path": PREFIX + unquote(parts.path),
            "raw_path": (PREFIX + parts.path).encode(),
            "query_string": parts.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "server": ("parcela.test", 80),
            "scheme": "http",
        }
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self._door(scope, receive, send)
        start = messages[0]
        answered = {name.decode(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], answered, b"".join(m.get("body", b"") for m in messages[1:]))


@contextmanager
def open_admin_world(url: str, home: Path, **settings: Any) -> Iterator[AdminWorld]:
    """A world on a database with the demo world, with known passwords and a second bank."""
    with asyncio.Runner() as runner:
        opened = use_engine(url, home, **settings)
        engine = runner.run(opened.__aenter__())
        try:
            runner.run(_add_other_bank(engine))
            yield AdminWorld(runner, engine)
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def _add_other_bank(engine: Engine) -> None:
    operator = await people.get_person(engine, EMAILS["operator"])
    second = await people.get_person(engine, EMAILS["second operator"])
    other = Issuer(
        provider_id=OTHER_PROVIDER_ID,
        name="Other Bank",
        logo_url="https://other.example/logo.png",
        cid="1",
        ica="1",
        country="USA",
    )
    proposed = await catalogue.propose(engine, operator, Proposal(summary="Other Bank", wanted=[other]))
    await catalogue.approve(engine, second, proposed.change_set_id)
    await engine.database.run(_give_passwords)


async def _give_passwords(connection: Connection) -> None:
    """Everybody gets the password of the tests, hashed with less work than in earnest."""
    for who, role in (("other maker", Role.ISSUER_MAKER), ("other checker", Role.ISSUER_CHECKER)):
        await stored_people.insert_person(
            connection,
            MAIN_TENANT,
            email=EMAILS[who],
            role=role,
            provider_id=OTHER_PROVIDER_ID,
            password_hash=_PASSWORD_HASH,
        )
    for who in ("maker", "checker", "operator", "second operator"):
        person = await stored_people.find_person(connection, EMAILS[who])
        assert person is not None, "the demo world has its people"
        await stored_people.update_password(connection, person, password_hash=_PASSWORD_HASH)
