"""Group commit: answers in order, a failure for its own batch alone, nobody lost when one gives up."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from parcela.store.batching import Batcher


class Recorder:
    """Doubles numbers; a batch waits at the gate, so that a test decides what arrives meanwhile."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.failing: set[int] = set()

    async def run(self, items: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(items))
        await self.gate.wait()
        if self.failing & set(items):
            raise ValueError(f"batch {items}")
        return [2 * item for item in items]


def play(work: Callable[[Recorder], Awaitable[None]]) -> None:
    async def main() -> None:
        await asyncio.wait_for(work(Recorder()), timeout=5)

    asyncio.run(main())


async def submit(batcher: Batcher[int, int], items: Sequence[int]) -> list["asyncio.Task[int]"]:
    """Submit items one after the other, and let the loop turn."""
    tasks = [asyncio.create_task(batcher.submit(item)) for item in items]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_what_arrives_during_a_flight_leaves_together_and_is_answered_in_order() -> None:
    async def work(recorder: Recorder) -> None:
        batcher = Batcher(recorder.run)
        first = await submit(batcher, [1])
        rest = await submit(batcher, [5, 3, 4])
        assert recorder.batches == [[1]]
        recorder.gate.set()
        assert await asyncio.gather(*first, *rest) == [2, 10, 6, 8]
        assert recorder.batches == [[1], [5, 3, 4]]

    play(work)


def test_a_caller_that_asks_again_at_once_does_not_wait_for_others() -> None:
    async def work(recorder: Recorder) -> None:
        recorder.gate.set()
        batcher = Batcher(recorder.run)
        assert [await batcher.submit(1), await batcher.submit(2)] == [2, 4]
        assert recorder.batches == [[1], [2]]

    play(work)


def test_a_batch_holds_so_many_items_and_no_more() -> None:
    async def work(recorder: Recorder) -> None:
        batcher = Batcher(recorder.run, max_items=3)
        tasks = await submit(batcher, [0]) + await submit(batcher, list(range(1, 8)))
        recorder.gate.set()
        assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8, 10, 12, 14]
        assert recorder.batches == [[0], [1, 2, 3], [4, 5, 6], [7]]

    play(work)


def test_a_failure_is_its_batchs_alone() -> None:
    async def work(recorder: Recorder) -> None:
        batcher = Batcher(recorder.run, max_items=2)
        recorder.failing = {2}
        tasks = await submit(batcher, [0]) + await submit(batcher, [1, 2, 3, 4])
        recorder.gate.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [repr(answer) for answer in answers] == [
            "0",
            "ValueError('batch [1, 2]')",
            "ValueError('batch [1, 2]')",
            "6",
            "8",
        ]
        assert await batcher.submit(5) == 10

    play(work)


@pytest.mark.parametrize("gives_up", [0, 1, 2, 3])
def test_one_that_gives_up_does_not_lose_the_others(gives_up: int) -> None:
    async def work(recorder: Recorder) -> None:
        batcher = Batcher(recorder.run)
        # 0 and 1 are under way, 2 and 3 wait for the next batch.
        tasks = await submit(batcher, [0, 1]) + await submit(batcher, [2, 3])
        tasks[gives_up].cancel()
        recorder.gate.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(answers.pop(gives_up), asyncio.CancelledError)
        assert answers == [2 * item for item in range(4) if item != gives_up]
        assert await batcher.submit(9) == 18

    play(work)


def test_many_callers_that_ask_again_as_soon_as_they_are_answered_all_get_through() -> None:
    async def work(recorder: Recorder) -> None:
        recorder.gate.set()
        batcher = Batcher(recorder.run, max_items=7)

        async def ask_often(caller: int) -> list[int]:
            return [await batcher.submit(1000 * caller + turn) for turn in range(20)]

        answers = await asyncio.gather(*[ask_often(caller) for caller in range(50)])
        assert answers == [[2 * (1000 * caller + turn) for turn in range(20)] for caller in range(50)]
        assert sum(len(batch) for batch in recorder.batches) == 1000
        assert max(len(batch) for batch in recorder.batches) == 7

    play(work)


@pytest.mark.parametrize("steps", [0, 1, 3], ids=["before its first step", "at its first step", "under way"])
def test_a_flight_that_is_cancelled_ends_with_its_waiters_and_the_next_one_flies(steps: int) -> None:
    async def work(recorder: Recorder) -> None:
        batcher = Batcher(recorder.run)
        before = asyncio.all_tasks()
        asking = asyncio.create_task(batcher.submit(1))
        await asyncio.sleep(0)
        (flight,) = asyncio.all_tasks() - before - {asking}
        for _ in range(steps):
            await asyncio.sleep(0)
        late = asyncio.create_task(batcher.submit(2))
        if steps:
            await asyncio.sleep(0)
        flight.cancel()
        ends = await asyncio.gather(asking, late, return_exceptions=True)
        assert [type(end) for end in ends] == [asyncio.CancelledError] * 2
        recorder.gate.set()
        assert await batcher.submit(3) == 6

    play(work)
