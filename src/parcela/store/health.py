"""What tells whether a database is fit for service: version, clock, and the views of broken records."""

from dataclasses import dataclass
from datetime import datetime

from parcela.store.database import SWEEP_TIMEOUT_S, Connection

MIN_SERVER_VERSION = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """The server's own word about itself."""

    version: str
    major_version: int
    now: datetime


async def get_server_facts(connection: Connection) -> ServerFacts:
    """Version and clock of the server."""
    row = await connection.fetchrow(
        "SELECT current_setting('server_version') AS version,"
        " current_setting('server_version_num')::int / 10000 AS major_version, clock_timestamp() AS now"
    )
    assert row is not None
    return ServerFacts(**row)


async def list_broken_plans(connection: Connection) -> list[str]:
    """Ids of plans whose rows do not make their sums; empty when all is well."""
    rows = await connection.fetch(
        "SELECT plan_id::text AS plan_id FROM broken_plan LIMIT 100", timeout=SWEEP_TIMEOUT_S
    )
    return [row["plan_id"] for row in rows]
