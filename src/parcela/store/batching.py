"""Group commit: items that arrive while a statement is under way leave together in the next one.

A lone item goes out at once; under load one statement carries many, and one fsync serves them all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batcher(Generic[Item, Answer]):
    """Collects items and hands them to `run`, which answers them in order; a failure fails its batch."""

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        *,
        max_items: int = 128,
    ) -> None:
        self._run = run
        self._max_items = max_items
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._flight: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Answer:
        """Send one item with the next batch and wait for its own answer."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._flight is None:
            self._flight = asyncio.create_task(self._fly())
            self._flight.add_done_callback(self._end_cancelled)
        return await answer

    async def _fly(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[: self._max_items]
                del self._waiting[: len(batch)]
                await self._run_batch(batch)
        finally:
            # Here, not in a done callback: whoever was just answered may submit again before that
            # callback runs, and would find a flight that no longer looks for items.
            self._flight = None

    def _end_cancelled(self, flight: asyncio.Task[None]) -> None:
        """A flight that was cancelled, perhaps before its first step, ends with those who waited for it."""
        if self._flight is flight:
            self._flight = None
        if flight.cancelled() and self._flight is None:
            waiting, self._waiting = self._waiting, []
            for _, answer in waiting:
                answer.cancel()

    async def _run_batch(self, batch: Sequence[tuple[Item, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self._run([item for item, _ in batch])
        except BaseException as failure:
            for _, waiter in batch:
                if not waiter.done():
                    waiter.set_exception(failure)
            if not isinstance(failure, Exception):
                raise
            return
        for (_, waiter), answer in zip(batch, answers, strict=True):
            if not waiter.done():
                waiter.set_result(answer)
