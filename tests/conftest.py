"""Real PostgreSQL for every test that wants one: a fresh copy of a template that holds the demo world."""

import asyncio
import fcntl
import gc
import hashlib
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import structlog
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

import parcela
from parcela.app import open_engine
from parcela.operations.engine import Engine
from parcela.sandbox.setup import prepare_demo_world
from parcela.settings import Settings
from parcela.store import schema
from parcela.store.embedded import EmbeddedServer

ROOT_URL = "http://parcela.test"
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 * 2**30


def choose_home() -> Path:
    """In memory where there is room, for most tests wait for a copy of the template; else on disk.

    Not below pytest's own folder: as root the embedded server needs one that its user can enter.
    """
    is_roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
    return (_MEMORY if is_roomy else Path(tempfile.gettempdir())) / f"parcela-tests-{os.getuid()}"


TEST_HOME = choose_home()


_SHARED = ("tests/hostile", "tests/clients", "tests/browser")
"""Folders whose tests share a server or a browser: each of them is one worker's work."""
_LONG = (*_SHARED, "tests/scenarios")


class KeepTogether(LoadScopeScheduling):
    """Gives workers whole files, and whole folders where tests share what takes long to start."""

    def schedule(self) -> None:
        """Tests that share an id would count as one, and the others would silently not be run."""
        collected = next(iter(self.registered_collections.values()))
        assert len(set(collected)) == len(collected), "two tests have the same id"
        super().schedule()

    def remove_node(self, node: WorkerController) -> str | None:
        """The test that ended a worker is not run again: one that hangs would only end the next."""
        units = self.assigned_work[node].values()
        crashed = next(
            ((unit, test) for unit in units for test, is_done in unit.items() if not is_done), None
        )
        if crashed is not None:
            unit, test = crashed
            unit[test] = True
        super().remove_node(node)
        return None if crashed is None else crashed[1]

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in _SHARED if file.startswith(f"{folder}/")), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """However many workers there are."""
    return KeepTogether(config, log)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Schemathesis 4.32 gives the tests of all operations one id; pytest 9.2 takes none from names."""
    if (label := getattr(item, "operation_label", None)) is not None:
        item._id = replace(item.id, params=label)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: the many short files fill what is left of the time at the end."""
    items.sort(key=lambda item: _find_turn(item.nodeid))


def _find_turn(nodeid: str) -> int:
    return next((turn for turn, folder in enumerate(_LONG) if nodeid.startswith(f"{folder}/")), len(_LONG))


def pytest_collection_finish() -> None:
    """What was collected stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True)
class DemoTemplate:
    """A database with the demo world, the folder of its keys, and what `credentials.json` says."""

    server: EmbeddedServer
    database: str
    home: Path
    credentials: dict[str, Any]


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Tracebacks in the logs of tests are a few lines, without the values of all variables."""
    structlog.reset_defaults()
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])
    yield
    # A command keeps the loggers that it used: they would go on writing where it pointed them.
    for logger in _find_loggers(len(sys.modules)):
        logger.__dict__.pop("bind", None)


@lru_cache(maxsize=1)
def _find_loggers(modules: int) -> list[Any]:
    """The loggers of our modules; looked for again only when there are more modules than the last time."""
    ours = [module for name, module in list(sys.modules.items()) if name.startswith("parcela.")]
    return [module.log for module in ours if hasattr(getattr(module, "log", None), "__dict__")]


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """One embedded server for all test workers; durability is not what these tests are about."""
    TEST_HOME.mkdir(mode=0o755, exist_ok=True)
    running = EmbeddedServer.start(TEST_HOME, settings={"fsync": "off", "max_connections": "200"})
    yield running
    running.release()


@pytest.fixture(scope="session")
def demo_template(server: EmbeddedServer) -> DemoTemplate:
    """The template database, made by the first worker that needs it and kept while the sources stay."""
    name = f"template_{_hash_sources()}"
    home = TEST_HOME / name
    with (TEST_HOME / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "done").exists():
            server.drop_database(name)
            server.create_database(name)
            home.mkdir(mode=0o755, exist_ok=True)
            asyncio.run(_fill_template(server.url_of(name), home))
            (home / "done").touch()
    credentials = json.loads((home / "sandbox" / "credentials.json").read_text())
    return DemoTemplate(server, name, home, credentials)


@pytest.fixture
def database_url(demo_template: DemoTemplate) -> Iterator[str]:
    """A database of this test's own, with the demo world in it."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    yield demo_template.server.url_of(name)
    demo_template.server.drop_database(name)


RunWithEngine = Callable[[Callable[[Engine], Awaitable[Any]]], Any]


@pytest.fixture
def run(database_url: str, demo_template: DemoTemplate) -> RunWithEngine:
    """Run a coroutine function with an engine on this test's database."""

    def run_with_engine(work: Callable[[Engine], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            async with use_engine(database_url, demo_template.home) as engine:
                return await work(engine)

        return asyncio.run(main())

    return run_with_engine


@asynccontextmanager
async def use_engine(url: str, home: Path, **settings: Any) -> AsyncIterator[Engine]:
    """An engine on a database, closed in the end."""
    engine = await open_engine(Settings(home=home, public_url=ROOT_URL, **settings), url)
    try:
        yield engine
    finally:
        await engine.database.close()


async def _fill_template(url: str, home: Path) -> None:
    await schema.migrate(url)
    async with use_engine(url, home) as engine:
        await prepare_demo_world(engine, home, root_url=ROOT_URL)


def _hash_sources() -> str:
    """Names the template after the sources that make it, so that a change makes a new one."""
    digest = hashlib.sha256()
    for file in sorted(Path(parcela.__file__).parent.rglob("*")):
        if file.suffix in (".py", ".sql", ".yaml"):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
