"""The one row that all workers watch: environment, version of the set-up, and the moved clock.

`admit_requests` records nonces and reads that row in the same statement, so that a signed request costs
one round trip before its own work, shared with the requests that arrive at the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from parcela.store.database import Connection
from parcela.store.slices import delete_in_slices


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldState:
    """`version` of catalogue, clients and keys; the database's clock, and how far a test world's is moved."""

    environment: str
    version: int
    database_now: datetime
    clock_offset: timedelta


@dataclass(frozen=True, slots=True)
class Nonce:
    """One signed request: it may be used once."""

    key_id: int
    signed_at: int
    nonce: str


_STATE = "environment, version, clock_timestamp() AS database_now, clock_offset"


async def prepare_world(connection: Connection, environment: str) -> WorldState:
    """Make the world's row and the first tenant on a new database; give the state."""
    await connection.execute(
        "INSERT INTO world (environment) VALUES ($1) ON CONFLICT (is_only) DO NOTHING", environment
    )
    await connection.execute(
        "INSERT INTO tenant (tenant_id, code) VALUES (1, 'main') ON CONFLICT (tenant_id) DO NOTHING"
    )
    return await get_world(connection)


async def get_world(connection: Connection) -> WorldState:
    """The state as it is committed now."""
    row = await connection.fetchrow(f"SELECT {_STATE} FROM world")
    assert row is not None, "prepare_world ran before"
    return WorldState(**row)


async def lock_world(connection: Connection) -> WorldState:
    """The state, with its row locked: changes of the set-up are made one after the other."""
    row = await connection.fetchrow(f"SELECT {_STATE} FROM world FOR UPDATE")
    assert row is not None
    return WorldState(**row)


async def bump_version(connection: Connection) -> int:
    """Tell all workers, on commit, that catalogue, clients or keys have changed."""
    version: int = await connection.fetchval("UPDATE world SET version = version + 1 RETURNING version")
    return version


async def move_clock(connection: Connection, by: timedelta) -> WorldState:
    """Move the clock of a test world; time never runs backwards in it."""
    row = await connection.fetchrow(
        f"UPDATE world SET clock_offset = clock_offset + $1 RETURNING {_STATE}", by
    )
    assert row is not None
    return WorldState(**row)


async def claim_worker_number(connection: Connection) -> int:
    """A number for this process's identifiers, the next of 1,024 (`spec/network.md` §5.3)."""
    number: int = await connection.fetchval("SELECT nextval('worker_number') % 1024")
    return number


async def admit_requests(connection: Connection, nonces: Sequence[Nonce]) -> tuple[list[bool], WorldState]:
    """Record nonces; says of each whether it is new, and the state of the world.

    Of two equal nonces in one batch the first is admitted.
    """
    rows = await connection.fetch(
        "WITH admitted AS ("
        " INSERT INTO oauth_nonce (key_id, signed_at, nonce)"
        " SELECT * FROM unnest($1::int[], $2::bigint[], $3::text[])"
        " ON CONFLICT DO NOTHING RETURNING key_id, signed_at, nonce)"
        f" SELECT key_id, signed_at, nonce, {_STATE} FROM world LEFT JOIN admitted ON true",
        [nonce.key_id for nonce in nonces],
        [nonce.signed_at for nonce in nonces],
        [nonce.nonce for nonce in nonces],
    )
    fresh = {(row["key_id"], row["signed_at"], row["nonce"]) for row in rows}
    answers = []
    for nonce in nonces:
        key = (nonce.key_id, nonce.signed_at, nonce.nonce)
        answers.append(key in fresh)
        fresh.discard(key)
    state = rows[0]
    return answers, WorldState(
        environment=state["environment"],
        version=state["version"],
        database_now=state["database_now"],
        clock_offset=state["clock_offset"],
    )


async def delete_old_nonces(connection: Connection, *, signed_before: int) -> None:
    """Forget nonces whose timestamp can no longer be accepted."""
    await delete_in_slices(connection, "oauth_nonce", condition="signed_at < $1", bound=signed_before)
