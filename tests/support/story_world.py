"""The people who use a deployment in a story: a partner, the bank's client, an operator, an acquirer."""

import asyncio
import json
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import requests
import uvloop
from typer.testing import CliRunner

from parcela.cli.main import app as command_line
from parcela.operations.clock import advance_clock
from parcela.sandbox.setup import ISSUER_PATH
from parcela.store import card_accounts, world
from tests.support.card_messages import Acquirer
from tests.support.deployment import Deployment, run_deployment
from tests.support.network_client import OfficialClient, load_party

OPERATOR = "operator@sandbox.example"
SETTLE_S = 30.0
T = TypeVar("T")


class StoryWorld:
    """A deployment, and calls to it as its users make them."""

    def __init__(self, deployment: Deployment, loop: asyncio.AbstractEventLoop) -> None:
        self._deployment = deployment
        self._loop = loop
        self._session = requests.Session()
        self.engine = deployment.engine
        self.front = deployment.front
        self.home = deployment.settings.home
        self.root_url = deployment.settings.root_url
        self.partner = OfficialClient(load_party(self.home, "partner", root_url=self.root_url))
        self.issuer = OfficialClient(load_party(self.home, "issuer", root_url=self.root_url))

    def open(self) -> None:
        """Send the bank's notifications to its front, and sign in."""
        self.command("sandbox", "notify", f"{self.root_url}{ISSUER_PATH}/notifications")
        known = json.loads((self.home / "sandbox" / "credentials.json").read_text())["console"]["operator"]
        signed_in = self.call("POST", "/sessions", known)
        self._session.headers["Authorization"] = f"Bearer {signed_in['token']}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the loop of the deployment."""
        return run_on(self._loop, work)

    def command(self, *words: str) -> str:
        """`parcela …` beside the running server; what it printed."""
        environment = {
            "PARCELA_DATABASE_URL": self._deployment.database_url,
            "PARCELA_HOME": str(self.home),
            "PARCELA_PUBLIC_URL": self.root_url,
            "COLUMNS": "200",
        }
        done = CliRunner().invoke(command_line, list(words), env=environment)
        assert done.exit_code == 0, (words, done.output, done.exception)
        return done.stdout

    def request(self, method: str, path: str, body: Any = None) -> requests.Response:
        """A call to the set-up API as the operator."""
        url = f"{self.root_url}/admin/v1{path}"
        return self._session.request(method, url, json=body, timeout=30)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a call that succeeds."""
        answer = self.request(method, path, body)
        assert answer.ok, (path, answer.text)
        return answer.json()

    def refuse(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and message of a call that is refused."""
        answer = self.request(method, path, body)
        assert not answer.ok, (path, answer.text)
        return answer.status_code, answer.json()["error"]["message"]

    def advance(self, step: str) -> None:
        """Move the clock, and wait until everything that fell due is done."""
        self.run(advance_clock(self.engine, OPERATOR, step))
        self.settle()

    def advance_to_next_try(self) -> None:
        """Move the clock to the instant of the next try of a letter, and wait until it is over."""

        async def move() -> None:
            seen = await self.engine.look()
            async with self.engine.database.connection() as connection:
                next_at = await connection.fetchval("SELECT min(next_attempt_at) FROM letter")
                await world.move_clock(connection, next_at - seen.now)

        self.run(move())
        self.settle()

    def settle(self) -> None:
        """Wait until no letter, no row and no statement is due."""
        deadline = time.monotonic() + SETTLE_S
        while not self.run(self._is_settled()):
            assert time.monotonic() < deadline, "what is due is never done"
            time.sleep(0.01)

    def ask_acquirer(self, message: bytes) -> bytes:
        """Send a card message to the switch as an acquirer; the answer."""

        async def ask() -> bytes:
            acquirer = await Acquirer.connect(self._deployment.switch_address)
            try:
                return await acquirer.ask(message)
            finally:
                acquirer.hang_up()

        return self.run(ask())

    @property
    def today(self) -> date:
        """The day in this world."""
        return self.run(self.engine.look()).now.date()

    async def _is_settled(self) -> bool:
        seen = await self.engine.look()
        today = seen.now.date()
        late_by = today - timedelta(days=self.engine.policy.servicing.late_after_days)
        async with self.engine.database.connection() as connection:
            due = await card_accounts.list_due_accounts(connection, today=today, late_by=late_by, limit=1)
            letters = await connection.fetchval(
                "SELECT count(*) FROM letter WHERE flight_fence IS NOT NULL"
                " OR (status = 'due' AND next_attempt_at <= $1)",
                seen.now,
            )
        return not due and not letters


@contextmanager
def open_story_world(database_url: str, home: Path) -> Iterator[StoryWorld]:
    """A deployment on a database that holds the demo world of `home`, in a thread of its own."""
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running = run_deployment(database_url, home)
    try:
        opened = StoryWorld(run_on(loop, running.__aenter__()), loop)
        try:
            opened.open()
            yield opened
        finally:
            run_on(loop, running.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def run_on(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """Run something on the loop of another thread."""
    return asyncio.run_coroutine_threadsafe(work, loop).result(60)
