"""The delivery worker of one process: leases lanes that have due letters, and keeps house among letters."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from parcela.delivery.courier import Courier
from parcela.delivery.lane import Lane, LaneTools
from parcela.delivery.metrics import show_oldest
from parcela.domain.delivery import Obstacle
from parcela.operations.delivery_work import DeliveryDesk, DueLane, LaneKey
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine
from parcela.operations.letter_rendering import LetterRenderer
from parcela.operations.outbound import OutboundHttp, OutboundLimits

log = structlog.get_logger("parcela.delivery")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the worker looks, how long leases last, and how much is under way at once.

    `slots` are tries in flight to one lane, `ahead` letters claimed before a slot is free, `flights` tries in
    flight in the whole process, `lanes_a_look` how many lanes are taken at a time, so that several workers
    share them.
    """

    poll_s: float = 0.25
    lease_s: float = 10.0
    renew_s: float = 3.0
    idle_s: float = 30.0
    rest_s: float = 2.0
    held_s: float = 2.0
    ages_s: float = 30.0
    drain_s: float = 10.0
    slots: int = 4
    ahead: int = 32
    flights: int = 512
    lanes_a_look: int = 32


MAX_ANSWER_BYTES = 16 * 1024
"""What is read of an answer, which has a few hundred bytes."""


class DeliveryWorker:
    """Delivers letters until it is stopped. Any number of workers may share a database."""

    def __init__(
        self,
        engine: Engine,
        http: OutboundHttp,
        renderers: Mapping[str, LetterRenderer],
        *,
        limits: OutboundLimits,
        pace: Pace | None = None,
    ) -> None:
        self._engine = engine
        self._pace = pace or Pace()
        self._renderers = renderers
        lease = timedelta(seconds=self._pace.lease_s)
        owner = engine.ids.new_uuid()
        self._desk = DeliveryDesk(engine, owner=owner, kinds=renderers.keys(), lease=lease)
        self._tools = LaneTools(
            desk=self._desk,
            courier=Courier(engine, http, renderers, limits=limits),
            renderers=renderers,
            engine=engine,
            flights=asyncio.Semaphore(self._pace.flights),
            slots=self._pace.slots,
            ahead=self._pace.ahead,
        )
        self._lanes: dict[LaneKey, Lane] = {}
        self._resting_until_s: dict[LaneKey, float] = {}
        self._stopping = asyncio.Event()
        self._next_s = dict.fromkeys(("renew", "held", "ages"), 0.0)

    async def run(self) -> None:
        """Deliver until `stop` is called, then let tries in flight finish and give the lanes back."""
        while not self._stopping.is_set():
            pause_s = self._pace.poll_s
            try:
                await self._look_around()
            except UNAVAILABLE_ERRORS as fault:
                log.warning("delivery waits for the database", fault=type(fault).__name__)
                pause_s = self._pace.rest_s
                self._next_s["renew"] = 0.0
            except Exception:
                # A fault of ours must not end delivery: it is told, and the next look may fare better.
                log.exception("delivery stumbled")
                pause_s = self._pace.rest_s
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)
        await self._give_back(list(self._lanes.values()), drain_s=self._pace.drain_s)

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stopping.set()

    async def _look_around(self) -> None:
        await self._engine.look()
        await self._keep_leases()
        await self._give_back_finished()
        due = await self._desk.list_due_lanes()
        free = []
        for found in due:
            if await self._is_held_up(found.key):
                continue
            lane = self._lanes.get(found.key)
            if lane is not None:
                lane.wake()
            elif found.owner is None and not self._is_resting(found.key):
                free.append(found)
        if free:
            await self._take(free[: self._pace.lanes_a_look])
        if self._is_time("held", self._pace.held_s):
            await self._release_held()
        if self._is_time("ages", self._pace.ages_s):
            await self._tell_ages()

    def _is_resting(self, key: LaneKey) -> bool:
        """Did a fault of ours, or of the database, stop this lane a moment ago?"""
        return self._engine.clock.monotonic_s() < self._resting_until_s.get(key, 0.0)

    def _is_time(self, what: str, period_s: float) -> bool:
        now_s = self._engine.clock.monotonic_s()
        if now_s < self._next_s[what]:
            return False
        self._next_s[what] = now_s + period_s
        return True

    async def _keep_leases(self) -> None:
        """Renew leases in time; a lane whose lease has ended is another worker's to take."""
        for lane in self._lanes.values():
            if not lane.holds_lease and not lane.is_closing:
                log.warning("lease ended", lane=lane.lease.key.lane)
                lane.abandon()
        held = [lane.lease for lane in self._lanes.values() if lane.holds_lease]
        if not held or not self._is_time("renew", self._pace.renew_s):
            return
        asked_s = self._engine.clock.monotonic_s()
        kept = await self._desk.renew(held)
        for lease in held:
            lane = self._lanes[lease.key]
            if lease.key in kept:
                lane.prolong(asked_s + self._pace.lease_s)
            else:
                log.warning("lane was taken over", lane=lease.key.lane)
                lane.abandon()

    async def _take(self, wanted: list[DueLane]) -> None:
        asked_s = self._engine.clock.monotonic_s()
        for lease in await self._desk.take_lanes([found.key for found in wanted]):
            lane = Lane(lease, self._tools, deadline_s=asked_s + self._pace.lease_s)
            self._lanes[lease.key] = lane
            lane.wake()

    async def _give_back_finished(self) -> None:
        """Let go of lanes that have stopped, and of those without letters for a while."""
        now_s = self._engine.clock.monotonic_s()
        finished = [
            lane
            for lane in self._lanes.values()
            if (lane.is_closing and not lane.is_busy)
            or (lane.is_idle and now_s - lane.active_at_s > self._pace.idle_s)
        ]
        if finished:
            await self._give_back(finished, drain_s=0)

    async def _give_back(self, lanes: list[Lane], *, drain_s: float) -> None:
        if not lanes:
            return
        left = [
            letter
            for never_begun in await asyncio.gather(*[lane.close(timeout_s=drain_s) for lane in lanes])
            for letter in never_begun
        ]
        for lane in lanes:
            self._lanes.pop(lane.lease.key, None)
            if lane.has_failed:
                until_s = self._engine.clock.monotonic_s() + self._pace.rest_s
                self._resting_until_s[lane.lease.key] = until_s
        try:
            if left:
                await self._desk.unclaim(left)
            await self._desk.give_back([lane.lease for lane in lanes])
        except UNAVAILABLE_ERRORS as fault:
            # Then their leases end by themselves, and whoever takes the lanes finds the open tries.
            log.warning("lanes not given back", fault=type(fault).__name__)

    def _find_obstacle(self, key: LaneKey) -> tuple[str, Obstacle] | None:
        """Why no letter of a lane can go, with their kind; None when they may."""
        world = self._engine.recall()
        for kind, renderer in self._renderers.items():
            if renderer.owns(key):
                obstacle = renderer.find_obstacle(world, key)
                return None if obstacle is None else (kind, obstacle)
        return None

    async def _is_held_up(self, key: LaneKey) -> bool:
        found = self._find_obstacle(key)
        if found is None:
            return False
        kind, obstacle = found
        parked = await self._desk.park_lane(key, kind, obstacle)
        if parked:
            log.warning("letters parked", lane=key.lane, count=parked, reason=obstacle.reason)
        return True

    async def _release_held(self) -> None:
        """Letters that waited for a destination go out once there is one."""
        for key, _ in await self._desk.list_held_lanes():
            if self._find_obstacle(key) is None:
                released = await self._desk.release_lane(key)
                log.info("letters released", lane=key.lane, count=released)

    async def _tell_ages(self) -> None:
        aged, oldest_s = await self._desk.note_ages()
        for found in aged:
            log.warning(
                "letters undelivered",
                lane=found.key.lane,
                hours=found.hours,
                count=found.count,
                oldest_letter_id=found.oldest_letter_id,
            )
        show_oldest(oldest_s)
