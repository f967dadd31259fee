"""Lanes of delivery and their leases: who alone may send where, until when, and with which fence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from parcela.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneKey:
    """A destination of a tenant: for network letters the provider id."""

    tenant_id: int
    lane: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLane:
    """A lane with letters whose time has come; `owner` is None when nobody's lease lives."""

    key: LaneKey
    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lane in one owner's hands. Every new owner has a higher fence."""

    key: LaneKey
    fence: int


# No lease lasts a minute: one that seems to was given before the database's clock was set back.
# One index probe for each lane, whatever the number of its letters.
_LIST_DUE_LANES = """
WITH RECURSIVE instant AS MATERIALIZED (
    SELECT clock_timestamp() + clock_offset AS now FROM world
), lane AS (
    (SELECT tenant_id, lane FROM letter WHERE status = 'due' ORDER BY tenant_id, lane LIMIT 1)
    UNION ALL
    SELECT following.* FROM lane, LATERAL (
        SELECT l.tenant_id, l.lane FROM letter l
        WHERE l.status = 'due' AND (l.tenant_id, l.lane) > (lane.tenant_id, lane.lane)
        ORDER BY l.tenant_id, l.lane LIMIT 1
    ) AS following
)
SELECT tenant_id, lane, CASE WHEN d.lease_until > clock_timestamp()
    AND d.lease_until < clock_timestamp() + interval '1 minute' THEN d.owner::text END AS owner
FROM lane LEFT JOIN delivery_lane d USING (tenant_id, lane)
WHERE EXISTS (
    SELECT FROM letter l, instant
    WHERE l.tenant_id = lane.tenant_id AND l.lane = lane.lane AND l.status = 'due'
      AND l.next_attempt_at <= instant.now)
"""

_RESET_FLIGHTS = """
WITH lost AS (
    UPDATE letter l SET flight_fence = NULL
    FROM unnest($1::int[], $2::text[]) AS taken (tenant_id, lane)
    WHERE l.tenant_id = taken.tenant_id AND l.lane = taken.lane AND l.status = 'due'
      AND l.flight_fence IS NOT NULL
    RETURNING l.tenant_id, l.letter_id, l.attempts, l.next_attempt_at
)
UPDATE delivery_attempt a
SET outcome = 'unknown', finished_at = clock_timestamp() + world.clock_offset, decision = 'retry',
    next_attempt_at = lost.next_attempt_at, reason = $3
FROM lost, world
WHERE a.tenant_id = lost.tenant_id AND a.letter_id = lost.letter_id AND a.number = lost.attempts
  AND a.outcome = 'started'
"""

_UNKNOWN_REASON = (
    "the process that made this try ended before it wrote the outcome: the letter is tried again at once"
)


async def list_due_lanes(connection: Connection) -> list[DueLane]:
    """Every lane with a letter that is due by the (moved) clock."""
    return [
        DueLane(key=LaneKey(tenant_id=row["tenant_id"], lane=row["lane"]), owner=row["owner"])
        for row in await connection.fetch(_LIST_DUE_LANES)
    ]


async def take_lanes(
    connection: Connection, wanted: Sequence[LaneKey], *, owner: str, lease: timedelta
) -> list[Lease]:
    """Lease those of the lanes that nobody holds; tries that their last owner left open become unknown.

    Needs a transaction: the tries are looked for after the new fence keeps the last owner from more.
    """
    rows = await connection.fetch(
        "INSERT INTO delivery_lane AS held (tenant_id, lane, owner, fence, lease_until)"
        " SELECT tenant_id, lane, $3::uuid, 1, clock_timestamp() + $4"
        " FROM unnest($1::int[], $2::text[]) AS wanted (tenant_id, lane) ORDER BY tenant_id, lane"
        " ON CONFLICT (tenant_id, lane) DO UPDATE"
        " SET owner = excluded.owner, fence = held.fence + 1, lease_until = excluded.lease_until"
        " WHERE held.lease_until <= clock_timestamp()"
        " OR held.lease_until >= clock_timestamp() + interval '1 minute'"
        " RETURNING tenant_id, lane, fence",
        *_split(wanted),
        owner,
        lease,
    )
    taken = [Lease(key=LaneKey(tenant_id=row[0], lane=row[1]), fence=row[2]) for row in rows]
    if taken:
        keys = [lease.key for lease in taken]
        await connection.execute(_RESET_FLIGHTS, *_split(keys), _UNKNOWN_REASON)
    return taken


async def renew_leases(
    connection: Connection, held: Sequence[Lease], *, owner: str, lease: timedelta
) -> set[LaneKey]:
    """Prolong leases; gives the lanes that are still this owner's."""
    rows = await connection.fetch(
        "UPDATE delivery_lane d SET lease_until = clock_timestamp() + $5"
        " FROM unnest($1::int[], $2::text[], $3::bigint[]) AS held (tenant_id, lane, fence)"
        " WHERE d.tenant_id = held.tenant_id AND d.lane = held.lane AND d.fence = held.fence"
        " AND d.owner = $4::uuid RETURNING d.tenant_id, d.lane",
        *_split([lease.key for lease in held]),
        [lease.fence for lease in held],
        owner,
        lease,
    )
    return {LaneKey(tenant_id=row["tenant_id"], lane=row["lane"]) for row in rows}


async def give_back_lanes(connection: Connection, held: Sequence[Lease], *, owner: str) -> None:
    """End leases before their time. Tries that are still open become unknown. Needs a transaction."""
    rows = await connection.fetch(
        "UPDATE delivery_lane d SET owner = NULL, lease_until = clock_timestamp()"
        " FROM unnest($1::int[], $2::text[], $3::bigint[]) AS held (tenant_id, lane, fence)"
        " WHERE d.tenant_id = held.tenant_id AND d.lane = held.lane AND d.fence = held.fence"
        " AND d.owner = $4::uuid RETURNING d.tenant_id, d.lane",
        *_split([lease.key for lease in held]),
        [lease.fence for lease in held],
        owner,
    )
    keys = [LaneKey(tenant_id=row["tenant_id"], lane=row["lane"]) for row in rows]
    if keys:
        await connection.execute(_RESET_FLIGHTS, *_split(keys), _UNKNOWN_REASON)


def _split(keys: Sequence[LaneKey]) -> tuple[list[int], list[str]]:
    return [key.tenant_id for key in keys], [key.lane for key in keys]
