"""What the delivery worker does to the records: leases, claims, outcomes, parking and releasing."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from parcela.domain.delivery import ALARM_HOURS, Obstacle
from parcela.operations.engine import Engine
from parcela.store import delivery_attempts, delivery_lanes, letters, plans
from parcela.store.batching import Batcher
from parcela.store.delivery_attempts import Claim, ClaimedLetter, FinishedTry, TryRecord, TrySight
from parcela.store.delivery_lanes import DueLane, LaneKey, Lease
from parcela.store.letters import AgedLetters
from parcela.store.plans import StoredPlan

__all__ = [
    "AgedLetters",
    "ClaimedLetter",
    "DeliveryDesk",
    "DueLane",
    "FinishedTry",
    "LaneKey",
    "Lease",
    "StoredPlan",
    "TryRecord",
    "TrySight",
    "load_plans",
]

_SLICE = 2_000
"""Letters that are parked or released in one transaction."""


class DeliveryDesk:
    """One worker's desk: `owner` is its id, `kinds` what it can write.

    Claims and outcomes of all its lanes share statements.
    """

    def __init__(self, engine: Engine, *, owner: str, kinds: Collection[str], lease: timedelta) -> None:
        self._engine = engine
        self._kinds = tuple(kinds)
        self._owner = owner
        self._lease = lease
        self._claims: Batcher[Claim, list[ClaimedLetter]] = Batcher(self._claim_batch)
        self._finished: Batcher[FinishedTry, bool] = Batcher(
            self._finish_batch, max_items=delivery_attempts.MAX_FINISHED
        )

    async def list_due_lanes(self) -> list[DueLane]:
        """Lanes with letters whose time has come."""
        async with self._engine.database.connection() as connection:
            return await delivery_lanes.list_due_lanes(connection)

    async def take_lanes(self, wanted: Sequence[LaneKey]) -> list[Lease]:
        """Lease those of the lanes that nobody holds."""
        return await self._engine.database.run(
            lambda connection: delivery_lanes.take_lanes(
                connection, wanted, owner=self._owner, lease=self._lease
            )
        )

    async def renew(self, held: Sequence[Lease]) -> set[LaneKey]:
        """Prolong leases; gives the lanes that are still this worker's."""
        return await self._engine.database.run_statement(
            lambda connection: delivery_lanes.renew_leases(
                connection, held, owner=self._owner, lease=self._lease
            )
        )

    async def give_back(self, held: Sequence[Lease]) -> None:
        """End leases; tries that are still open become unknown."""
        await self._engine.database.run(
            lambda connection: delivery_lanes.give_back_lanes(connection, held, owner=self._owner)
        )

    async def claim(self, lease: Lease, *, room: int) -> list[ClaimedLetter]:
        """Open a try of up to `room` due letters of a lane; empty once its lease is another's."""
        return await self._claims.submit(Claim(key=lease.key, fence=lease.fence, room=room))

    async def finish(self, finished: FinishedTry) -> bool:
        """Close a try. False when the lane has a new owner: the outcome is refused."""
        try:
            return await self._finished.submit(finished)
        except delivery_attempts.RECORD_ERRORS:
            # Some text in the batch does not fit: the outcomes count, whatever cannot be shown of them.
            seen = TrySight(http_status=finished.record.seen.http_status)
            record = replace(finished.record, seen=seen)
            return await self._finished.submit(replace(finished, record=record))

    async def unclaim(self, claimed: Sequence[ClaimedLetter]) -> None:
        """Take back tries that were not begun."""
        await self._engine.database.run_statement(
            lambda connection: delivery_attempts.unclaim_letters(connection, claimed)
        )

    async def park_lane(self, key: LaneKey, kind: str, obstacle: Obstacle) -> int:
        """Park what is due in a lane that leads nowhere now; gives the number of letters."""
        parked, last = 0, _SLICE
        while last == _SLICE:
            async with self._engine.database.connection() as connection:
                last = await letters.park_lane(
                    connection, key, kind=kind, code=obstacle.code, reason=obstacle.reason, limit=_SLICE
                )
            parked += last
        return parked

    async def list_held_lanes(self) -> list[tuple[LaneKey, str]]:
        """Lanes with letters that wait for an obstacle to go, each with their kind."""
        async with self._engine.database.connection() as connection:
            return await letters.list_held_lanes(connection)

    async def release_lane(self, key: LaneKey) -> int:
        """Make letters due whose obstacle is gone; gives their number."""
        released, last = 0, _SLICE
        while last == _SLICE:
            now = self._engine.recall().now
            async with self._engine.database.connection() as connection:
                last = await letters.release_lane(connection, key, now=now, limit=_SLICE)
            released += last
        return released

    async def note_ages(self) -> tuple[list[AgedLetters], float]:
        """Letters that have reached an alarm age, the highest last; and the longest wait in seconds."""
        now = self._engine.recall().now
        aged: list[AgedLetters] = []
        # The highest age first, so that a letter that has slept through several is told of once.
        for hours in sorted(ALARM_HOURS, reverse=True):
            async with self._engine.database.connection() as connection:
                aged = await letters.note_alarms(connection, now=now, hours=hours, limit=_SLICE) + aged
        async with self._engine.database.connection() as connection:
            since = await letters.find_oldest_waiting(connection)
        return aged, 0.0 if since is None else max(0.0, (now - since).total_seconds())

    async def _claim_batch(self, claims: Sequence[Claim]) -> Sequence[list[ClaimedLetter]]:
        async with self._engine.database.connection() as connection:
            found = await delivery_attempts.claim_letters(connection, claims, kinds=self._kinds)
        # Letters are written by the set-up, and timed by the clock, as they stand after the claim.
        await self._engine.look()
        return [found[claim.key] for claim in claims]

    async def _finish_batch(self, tries: Sequence[FinishedTry]) -> Sequence[bool]:
        return await self._engine.database.run_statement(
            lambda connection: delivery_attempts.finish_tries(connection, tries)
        )


async def load_plans(engine: Engine, tenant_id: int, plan_ids: Sequence[str]) -> dict[str, StoredPlan]:
    """The plans that letters speak of, with their cards; in two queries."""
    async with engine.database.connection() as connection:
        return await plans.list_stored_plans(connection, tenant_id, plan_ids)
