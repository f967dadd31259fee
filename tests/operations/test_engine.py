"""The world as requests see it: committed before they asked, and looked at once for many."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.conftest import DemoTemplate, use_engine

from parcela.operations.engine import Engine, World
from parcela.store import world
from parcela.store.database import Connection, Database


class GatedDatabase:
    """A database that counts its connections; at a closed gate what was read arrives late."""

    def __init__(self, inner: Database) -> None:
        self.count = 0
        self.gate = asyncio.Event()
        self.has_read = asyncio.Event()
        self._inner = inner

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the database."""
        async with self._inner.connection() as connection:
            yield connection
            self.count += 1
            self.has_read.set()
            await self.gate.wait()


def play(url: str, template: DemoTemplate, work: Callable[[Engine, GatedDatabase], Awaitable[None]]) -> None:
    """Run with an engine that looks at the world through the gate."""

    async def main() -> None:
        async with use_engine(url, template.home) as started:
            gated = GatedDatabase(started.database)
            engine = Engine(
                database=gated,  # type: ignore[arg-type]
                vault=started.vault,
                clock=started.clock,
                ids=started.ids,
                policy=started.policy,
            )
            await asyncio.wait_for(work(engine, gated), timeout=10)

    asyncio.run(main())


def test_requests_that_arrive_together_look_once(database_url: str, demo_template: DemoTemplate) -> None:
    async def work(engine: Engine, gated: GatedDatabase) -> None:
        gated.gate.set()
        await engine.look()
        gated.count = 0
        worlds = await asyncio.gather(*(engine.look() for _ in range(50)))
        # One flight for all that were waiting before it started.
        assert gated.count == 1
        assert {found.now for found in worlds} == {worlds[0].now}

    play(database_url, demo_template, work)


def test_a_change_holds_for_whoever_looks_after_its_commit(
    database_url: str, demo_template: DemoTemplate
) -> None:
    """The second look comes while the first is under way, which read the row before the change."""

    async def work(engine: Engine, gated: GatedDatabase) -> None:
        gated.gate.set()
        before = (await engine.look()).snapshot.version
        gated.gate.clear()
        gated.has_read.clear()
        first = asyncio.create_task(engine.look())
        await gated.has_read.wait()
        async with use_engine(database_url, demo_template.home) as other:
            await other.database.run(world.bump_version)
        second: asyncio.Task[World] = asyncio.create_task(engine.look())
        await asyncio.sleep(0)
        gated.gate.set()
        assert [(await task).snapshot.version for task in (first, second)] == [before, before + 1]

    play(database_url, demo_template, work)
