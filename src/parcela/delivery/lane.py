"""One lane in this worker's hands: a few slots that try letters, and a short queue that is filled ahead.

A slot is taken until the outcome of its try is written, so that a kill leaves no more tries in doubt than
there are slots.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog

from parcela.delivery.courier import Courier
from parcela.delivery.metrics import count_attempt
from parcela.domain.delivery import Delivered, Parked
from parcela.operations.delivery_work import ClaimedLetter, DeliveryDesk, FinishedTry, Lease
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine, World
from parcela.operations.letter_rendering import Draft, LetterRenderer

Result = TypeVar("Result")

_RETRY_S = 0.5

log = structlog.get_logger("parcela.delivery")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneTools:
    """What the lanes of a worker share. `flights` bounds the tries under way in the whole process."""

    desk: DeliveryDesk
    courier: Courier
    renderers: Mapping[str, LetterRenderer]
    engine: Engine
    flights: asyncio.Semaphore
    slots: int
    ahead: int


class Lane:
    """Sends the letters of one lane for as long as its lease lasts."""

    def __init__(self, lease: Lease, tools: LaneTools, *, deadline_s: float) -> None:
        self.lease = lease
        self._tools = tools
        self._deadline_s = deadline_s
        self._queue: deque[tuple[ClaimedLetter, Draft | None]] = deque()
        self._slots: set[asyncio.Task[None]] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._refill_lock = asyncio.Lock()
        self._prefetch: asyncio.Task[None] | None = None
        self._has_more = False
        self._is_closing = False
        self.has_failed = False
        self.active_at_s = tools.engine.clock.monotonic_s()

    @property
    def is_closing(self) -> bool:
        """Has the lane stopped for good?"""
        return self._is_closing

    @property
    def is_busy(self) -> bool:
        """Is a try or a claim under way?"""
        return bool(self._slots) or (self._prefetch is not None and not self._prefetch.done())

    @property
    def is_idle(self) -> bool:
        """Is there nothing to do?"""
        return not self.is_busy and not self._queue

    @property
    def holds_lease(self) -> bool:
        """Is the lease still ours for certain, by a clock that no pause of the process stops?"""
        return self._tools.engine.clock.monotonic_s() < self._deadline_s

    def prolong(self, deadline_s: float) -> None:
        """The lease was renewed."""
        self._deadline_s = deadline_s

    def wake(self) -> None:
        """There are due letters: fill the free slots."""
        if self._is_closing:
            return
        self._has_more = True
        self.active_at_s = self._tools.engine.clock.monotonic_s()
        while len(self._slots) < self._tools.slots:
            slot = asyncio.create_task(self._serve())
            self._slots.add(slot)
            slot.add_done_callback(self._slots.discard)

    def stop(self) -> None:
        """Begin no further try."""
        self._is_closing = True

    def abandon(self) -> None:
        """The lease has ended: break off what is being sent. What is being written goes on."""
        self._is_closing = True
        for task in self._sending:
            task.cancel()

    async def close(self, *, timeout_s: float) -> list[ClaimedLetter]:
        """Stop, let the tries under way finish, break off the rest; gives letters that were never begun."""
        self.stop()
        if self._slots:
            await asyncio.wait(self._slots, timeout=timeout_s)
        self.abandon()
        tasks = [*self._slots, *([self._prefetch] if self._prefetch is not None else [])]
        if tasks:
            await asyncio.wait(tasks, timeout=_RETRY_S)
        for task in tasks:
            task.cancel()
        left = [letter for letter, _ in self._queue]
        self._queue.clear()
        return left

    def _fail(self) -> None:
        self.has_failed = True
        self.stop()

    async def _serve(self) -> None:
        """One slot: try letters until none is due."""
        try:
            while (item := await self._next_item()) is not None:
                await self._deliver(*item)
        except Exception:
            # A fault of ours: this lane rests, the others go on, and its open tries become unknown.
            log.exception("lane stopped", lane=self.lease.key.lane)
            self._fail()

    async def _next_item(self) -> tuple[ClaimedLetter, Draft | None] | None:
        while not self._is_closing:
            if self._queue:
                item = self._queue.popleft()
                if self._is_low and self._has_more and (self._prefetch is None or self._prefetch.done()):
                    self._prefetch = asyncio.create_task(self._refill())
                return item
            if self._prefetch is not None and not self._prefetch.done():
                await asyncio.wait({self._prefetch})
            elif self._has_more:
                await self._refill()
            else:
                return None
        return None

    @property
    def _is_low(self) -> bool:
        return len(self._queue) * 2 < self._tools.ahead

    async def _refill(self) -> None:
        """Claim the next letters and read what they speak of, unless another slot has just done so."""
        async with self._refill_lock:
            if self._is_closing or not self._is_low or not self._has_more:
                return
            # Before the claim: a call of `wake` meanwhile must not be lost.
            self._has_more = False
            try:
                claimed = await self._tools.desk.claim(self.lease, room=self._tools.ahead)
                drafts = await self._load(claimed)
            except UNAVAILABLE_ERRORS as fault:
                log.warning("lane paused", lane=self.lease.key.lane, fault=type(fault).__name__)
                self._fail()
                return
            except Exception:
                log.exception("lane stopped", lane=self.lease.key.lane)
                self._fail()
                return
            self._has_more = self._has_more or len(claimed) == self._tools.ahead
            self._queue.extend((letter, drafts.get(letter.letter_id)) for letter in claimed)

    async def _load(self, claimed: Sequence[ClaimedLetter]) -> Mapping[str, Draft]:
        drafts: dict[str, Draft] = {}
        for kind, renderer in self._tools.renderers.items():
            mine = [letter for letter in claimed if letter.kind == kind]
            if mine:
                drafts.update(await renderer.load(mine))
        return drafts

    async def _deliver(self, letter: ClaimedLetter, draft: Draft | None) -> None:
        async with self._tools.flights:
            world = self._tools.engine.recall()
            is_held = self._tools.renderers[letter.kind].find_obstacle(world, letter.key) is not None
            if self._is_closing or not self.holds_lease or is_held:
                # Given back as if it had not been claimed: the next look parks what is held.
                self._queue.appendleft((letter, draft))
                self.stop()
                return
            finished = await self._try_while_leased(letter, draft, world)
        if await self._persist(partial(self._tools.desk.finish, finished)):
            record = finished.record
            count_attempt(letter.kind, record.outcome, record.duration_ms / 1000)
            _tell_trouble(finished)
            if isinstance(finished.decision, Parked):
                await self._persist(partial(self._tools.renderers[letter.kind].note_parked, finished))
            # Another letter about the same object may have waited for this first try.
            self._has_more = self._has_more or letter.object_id is not None
        else:
            log.warning("late outcome refused", letter_id=letter.letter_id, lane=letter.key.lane)
            self.stop()
        self.active_at_s = self._tools.engine.clock.monotonic_s()

    async def _try_while_leased(
        self, letter: ClaimedLetter, draft: Draft | None, world: World
    ) -> FinishedTry:
        task = asyncio.current_task()
        assert task is not None
        self._sending.add(task)
        try:
            return await self._tools.courier.make_try(letter, draft, world)
        finally:
            self._sending.discard(task)

    async def _persist(self, write: Callable[[], Awaitable[Result]]) -> Result:
        """Write what nobody else knows, however long the database is away."""
        while True:
            try:
                return await write()
            except UNAVAILABLE_ERRORS as fault:
                log.warning("outcome waits for the database", fault=type(fault).__name__)
                await self._tools.engine.clock.sleep(_RETRY_S)


def _tell_trouble(finished: FinishedTry) -> None:
    """Say in the log that a letter now waits for a person, or that its first try failed.

    Later failures are told by the age of the letter: a destination that is away for days would fill the log.
    """
    decision, letter = finished.decision, finished.letter
    if isinstance(decision, Delivered):
        if decision.flag is not None:
            log.warning(
                "letter delivered with a flag", letter_id=letter.letter_id, subject_id=letter.subject_id
            )
        return
    event = "letter parked" if isinstance(decision, Parked) else "letter not delivered yet"
    if isinstance(decision, Parked) or letter.number == 1:
        log.warning(
            event,
            letter_id=letter.letter_id,
            subject_id=letter.subject_id,
            lane=letter.key.lane,
            reason=decision.reason,
        )
