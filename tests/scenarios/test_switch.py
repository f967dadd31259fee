"""The story of a purchase at the switch: plan saved, authorized at the simulated host, completed, reversed.

Everything is real but the acquirer: database, switch and host, over TCP.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from tests.conftest import DemoTemplate, use_engine
from tests.support.card_messages import (
    ANY_PORT,
    ASCII,
    IN_STORE,
    Acquirer,
    list_differences,
    make_message,
    read,
    run_switch,
    wait_until,
)
from tests.support.purchases import CARD, ask, make_command, save

from parcela.connectors.iso8583.enrichment import PlanPlace
from parcela.connectors.iso8583.options import Address, SwitchOptions
from parcela.connectors.simulated.documented_amounts import DOCUMENTED_AMOUNTS, Timing
from parcela.connectors.simulated.issuer_host import HostOptions, SimulatedIssuerHost
from parcela.operations.engine import Engine
from parcela.operations.simulated_book import RecordedBook
from parcela.operations.switch_records import EngineRecords

Story = Callable[[Engine, Acquirer], Awaitable[None]]


@asynccontextmanager
async def run_host(engine: Engine, *, late_after_s: float = 0.3) -> AsyncIterator[Address]:
    """The simulated issuer host with its own book."""
    options = HostOptions(spec=ASCII, place=PlanPlace(element=48), late_after_s=late_after_s)
    host = SimulatedIssuerHost(options, RecordedBook(engine))
    try:
        yield await host.start(ANY_PORT)
    finally:
        await host.close()


def tell(story: Story, url: str, home: Path, **options: Any) -> None:
    """Run a story on a switch in front of the simulated host."""

    async def main() -> None:
        given = {"spec": ASCII, "lookup_timeout_s": 10.0, **options}
        async with (
            use_engine(url, home) as engine,
            run_host(engine) as host,
            run_switch(SwitchOptions(**given), EngineRecords(engine), host) as (_, address),
        ):
            await story(engine, await Acquirer.connect(address))

    asyncio.run(main())


async def fetch(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    async with engine.database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(statement)]


async def make_plan(engine: Engine) -> str:
    return (await save(engine, make_command(await ask(engine)))).plan_id


async def list_host_records(engine: Engine) -> list[tuple[Any, ...]]:
    return await fetch(
        engine, "SELECT state, response_code, plan_id, entry_mode, advices FROM simulated_authorization"
    )


@pytest.mark.parametrize("entry", [{}, IN_STORE], ids=["e-commerce", "in store"])
def test_the_issuer_sees_the_plan_on_every_message_of_a_purchase(
    database_url: str, demo_template: DemoTemplate, entry: dict[str, str]
) -> None:
    members = {f"e{name}": text for name, text in entry.items() if name != "7"}

    async def story(engine: Engine, acquirer: Acquirer) -> None:
        plan_id = await make_plan(engine)
        approval = read(await acquirer.ask(make_message("0100", **members)))
        assert approval["39"] == "00" and len(approval["38"]) == 6
        # The answer goes back as the host gave it: the plan id is for the host alone.
        assert "48" not in approval
        again = read(await acquirer.ask(make_message("0101", **members)))
        assert again == approval
        completion = make_message("0220", 800, e7="0803170000", e38=approval["38"], **members)
        assert read(await acquirer.ask(completion))["39"] == "00"
        mode = entry.get("22", "812")
        assert await list_host_records(engine) == [("approved", "00", plan_id, mode, 1)]
        original = "0100" + "000742" + "0803165543" + "0" * 22
        reversal = make_message("0420", 801, e7="0803170100", e37="", e90=original)
        assert read(await acquirer.ask(reversal))["39"] == "00"
        assert read(await acquirer.ask(reversal.replace(b"0420", b"0421", 1)))["39"] == "00"
        assert await list_host_records(engine) == [("reversed", "00", plan_id, mode, 1)]
        assert await fetch(engine, "SELECT state, plan_id::text FROM authorization_match") == [
            ("matched", plan_id)
        ]

    tell(story, database_url, demo_template.home)


def test_a_declined_purchase_can_be_tried_again_with_its_plan(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def story(engine: Engine, acquirer: Acquirer) -> None:
        plan_id = (await save(engine, make_command(await ask(engine)))).plan_id
        async with engine.database.connection() as connection:
            await connection.execute("UPDATE plan SET amount_minor = 15051")
        first = make_message("0100", 742, e4="000000015051")
        assert read(await acquirer.ask(first))["39"] == "51"
        for _ in range(1500):
            if await fetch(engine, "SELECT state FROM authorization_match") == [("declined",)]:
                break
            await asyncio.sleep(0.02)
        await acquirer.ask(make_message("0100", 742, e4="000000015051", e37="555555555555", e7="0803165600"))
        plans = await fetch(engine, "SELECT plan_id FROM simulated_authorization ORDER BY created_at")
        assert plans == [(plan_id,), (plan_id,)]

    tell(story, database_url, demo_template.home)


@pytest.mark.parametrize("ending", sorted(DOCUMENTED_AMOUNTS))
def test_documented_amounts_do_what_is_documented(
    database_url: str, demo_template: DemoTemplate, ending: str
) -> None:
    behaviour = DOCUMENTED_AMOUNTS[ending]

    async def story(engine: Engine, acquirer: Acquirer) -> None:
        answer = read(await acquirer.ask(make_message(e4=f"0000000100{ending}")))
        if behaviour.timing is Timing.AT_ONCE:
            assert answer["39"] == behaviour.response_code
            return
        assert answer["39"] == "91"
        expected = "late_approval" if behaviour.timing is Timing.LATE else "no_answer"
        for _ in range(1500):
            rows = await fetch(engine, "SELECT state, reason, response_code FROM unanswered_authorization")
            if rows == [("reversed", expected, "00")]:
                break
            await asyncio.sleep(0.02)
        assert rows == [("reversed", expected, "00")]
        assert await list_host_records(engine) == [("reversed", "00", None, "812", 0)]
        (message,) = await fetch(engine, "SELECT message FROM unanswered_authorization")
        assert CARD not in message[0]
        # The purchase again, in the same words: the host does not approve what it has voided.
        assert read(await acquirer.ask(make_message("0101", e4=f"0000000100{ending}")))["39"] in ("94", "91")

    # A host that answers at once, or within the window, has its time on a busy machine too.
    patience = {
        Timing.AT_ONCE: {"host_timeout_s": 10.0},
        Timing.LATE: {"host_timeout_s": 0.15, "late_window_s": 30.0},
        Timing.NEVER: {"host_timeout_s": 0.15, "late_window_s": 0.5},
    }
    tell(story, database_url, demo_template.home, **patience[behaviour.timing])


def test_a_switch_that_was_ended_finishes_its_reversals_when_it_starts_again(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def main() -> None:
        records_options = {"spec": ASCII, "host_timeout_s": 0.1}
        async with use_engine(database_url, demo_template.home) as engine, run_host(engine) as host:
            options = SwitchOptions(**records_options, late_window_s=60.0)
            async with run_switch(options, EngineRecords(engine), host) as (_, address):
                acquirer = await Acquirer.connect(address)
                assert read(await acquirer.ask(make_message(e4="000000010091")))["39"] == "91"
                for _ in range(1500):
                    if await fetch(engine, "SELECT state FROM unanswered_authorization") == [("unknown",)]:
                        break
                    await asyncio.sleep(0.02)
            async with run_switch(SwitchOptions(**records_options), EngineRecords(engine), host):
                for _ in range(1500):
                    rows = await fetch(engine, "SELECT state, reason FROM unanswered_authorization")
                    if rows == [("reversed", "no_answer")]:
                        break
                    await asyncio.sleep(0.02)
            assert rows == [("reversed", "no_answer")]
            assert await list_host_records(engine) == [("reversed", "00", None, "812", 0)]

    asyncio.run(main())


class DatabaseProxy:
    """A socket in front of PostgreSQL whose traffic can be held up or cut."""

    def __init__(self, url: str, folder: Path) -> None:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        name = f".s.PGSQL.{query['port'][0]}"
        self._target = f"{query['host'][0]}/{name}"
        self._path = folder / name
        self.url = url.replace(quote(query["host"][0]), quote(str(folder)))
        self._flows = asyncio.Event()
        self._flows.set()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen, and let everything through."""
        self._flows.set()
        self._server = await asyncio.start_unix_server(self._serve, self._path)

    def hang(self) -> None:
        """From now on nothing gets through; connections stay."""
        self._flows.clear()

    async def stop(self) -> None:
        """Cut every connection and take no new one."""
        assert self._server is not None
        self._server.close()
        self._path.unlink(missing_ok=True)
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, back}
        for source, sink in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._pass(source, sink))
            self._tasks.add(task)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._flows.wait()
                sink.write(data)
        except OSError:
            pass
        finally:
            sink.close()


@pytest.mark.parametrize("fault", ["hung", "stopped"])
def test_authorizations_go_on_while_the_database_does_not(
    database_url: str, demo_template: DemoTemplate, tmp_path: Path, fault: str
) -> None:
    tmp_path.chmod(0o755)

    async def main() -> None:
        proxy = DatabaseProxy(database_url, tmp_path)
        await proxy.start()
        async with (
            use_engine(database_url, demo_template.home) as direct,
            use_engine(proxy.url, demo_template.home) as engine,
            run_host(direct) as host,
            run_switch(SwitchOptions(spec=ASCII), EngineRecords(engine), host) as (switch, address),
        ):
            plan_id = await make_plan(direct)
            acquirer = await Acquirer.connect(address)
            if fault == "hung":
                proxy.hang()
            else:
                await proxy.stop()
            started_s = asyncio.get_running_loop().time()
            sent = [make_message("0100", stan, e4="000000009900") for stan in range(1, 101)]
            acquirer.send(*sent)
            answers = [await acquirer.receive() for _ in sent]
            assert asyncio.get_running_loop().time() - started_s < 100 * 0.05  # one after the other
            assert [read(answer or b"")["39"] for answer in answers] == ["00"] * 100
            await proxy.stop() if fault == "hung" else None
            await proxy.start()
            await wait_until(lambda: not switch.searches.is_busy)
            await engine.look()
            # A plan is looked for no longer than 50 ms, in which a busy machine may not find it at once.
            counting = "SELECT plan_id, count(*) FROM simulated_authorization GROUP BY 1"
            tries, plans = 0, []
            while tries < 20 and (plan_id, 1) not in plans:
                tries += 1
                assert read(await acquirer.ask(make_message("0100", 741 + tries)))["39"] == "00"
                plans = await fetch(direct, counting)
            assert sorted(plans, key=str) == [(plan_id, 1), (None, 99 + tries)]
            await proxy.stop()

    asyncio.run(main())


@contextmanager
def run_command(environ: dict[str, str], *arguments: str) -> Iterator[str]:
    """A `parcela switch` process; gives the address in the line that it prints."""
    command = [sys.executable, "-c", "from parcela.cli.main import run; run()", "switch", *arguments]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        yield next(word for word in line.replace(",", "").rstrip(".\n").split() if word.startswith("127."))
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()


def test_the_commands_carry_a_message_from_end_to_end(
    database_url: str, demo_template: DemoTemplate, tmp_path: Path
) -> None:
    async def prepare() -> str:
        async with use_engine(database_url, demo_template.home) as engine:
            return await make_plan(engine)

    plan_id = asyncio.run(prepare())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARCELA_")}
    environ = {
        **kept,
        "PARCELA_DATABASE_URL": database_url,
        "PARCELA_HOME": str(demo_template.home),
        # Long enough on a busy machine: without an answer in time a message goes on without its plan.
        "PARCELA_SWITCH_LOOKUP_TIMEOUT_MS": "10000",
    }
    message = tmp_path / "message.json"
    message.write_text(json.dumps({"card": CARD, "amount": "150.00", "currency": "USD", "stan": 742}))
    with (
        run_command(environ, "host", "--listen", "127.0.0.1:0", "--book", "own") as host,
        run_command(environ, "serve", "--listen", "127.0.0.1:0", "--host", host) as switch,
    ):
        command = [sys.executable, "-c", "from parcela.cli.main import run; run()", "switch", "send"]
        for _ in range(20):
            done = subprocess.run(
                [*command, "--to", switch, "--file", str(message)],
                env=environ,
                capture_output=True,
                text=True,
                check=True,
            )
            rows = {row.split()[0]: row.split()[1:] for row in done.stdout.splitlines()}
            if rows["39"] == ["00"]:
                break
    assert rows["type"] == ["0100", "0110"]
    assert rows["2"] == ["230377******7107"] * 2
    assert CARD not in done.stdout + done.stderr

    async def look() -> list[tuple[Any, ...]]:
        async with use_engine(database_url, demo_template.home) as engine:
            return await list_host_records(engine)

    assert asyncio.run(look()) == [("approved", "00", plan_id, "812", 0)]


def test_only_the_plan_id_differs_between_acquirer_and_host() -> None:
    """The comparison of this suite notices a single byte."""
    assert list_differences(make_message(), make_message(e48="x")) == {"48": (None, "x")}
