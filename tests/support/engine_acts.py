"""What the worlds of every door let a test do behind it: look things up, change them, move the clock."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from parcela.domain.programs import Entry
from parcela.operations import catalogue, people
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.store import world

T = TypeVar("T")


class EngineActs:
    """Engines on one database, and the event loop that they live on."""

    engines: list[Engine]
    _loop: asyncio.AbstractEventLoop

    @property
    def engine(self) -> Engine:
        """The first engine."""
        return self.engines[0]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the loop of the engines."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def change_catalogue(self, *wanted: Entry, removed: tuple[tuple[str, str], ...] = ()) -> None:
        """Propose and approve as two operators."""

        async def change() -> None:
            maker = await people.get_person(self.engine, "operator@sandbox.example")
            checker = await people.get_person(self.engine, "second-operator@sandbox.example")
            proposal = Proposal(summary="test", wanted=wanted, removed=removed)
            proposed = await catalogue.propose(self.engine, maker, proposal)
            await catalogue.approve(self.engine, checker, proposed.change_set_id)

        self.run(change())

    def get_entry(self, kind: str, key: str) -> Any:
        """The entry in force."""

        async def find() -> Any:
            seen = await self.engine.look()
            return seen.catalogue(MAIN_TENANT).entries[kind, key].entry

        return self.run(find())

    def move_clock(self, by: timedelta) -> None:
        """Move the test world's clock."""

        async def move() -> None:
            async with self.engine.database.connection() as connection:
                await world.move_clock(connection, by)

        self.run(move())

    def as_operator(self, work: Callable[[Engine, Any], Awaitable[T]]) -> T:
        """Run an operator's act."""

        async def act() -> T:
            return await work(self.engine, await people.get_person(self.engine, "operator@sandbox.example"))

        return self.run(act())
