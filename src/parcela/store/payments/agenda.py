"""Agendas of accounts: their clocks, leases and tasks. Leases run by the database's real clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from parcela.domain.payments.records import Owner
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.store.database import Connection

_OWNED = "tenant_id = $1 AND client_id = $2 AND is_live = $3"


async def get_offset(connection: Connection, owner: Owner) -> timedelta:
    """How far the account's clock is ahead of the world's."""
    offset = await connection.fetchval(
        f"SELECT clock_offset FROM payments_agenda WHERE {_OWNED}", *_key(owner)
    )
    return timedelta(0) if offset is None else offset


async def lock_offset(connection: Connection, owner: Owner) -> timedelta:
    """The same, and nobody else moves the clock until the transaction ends."""
    offset: timedelta = await connection.fetchval(
        "INSERT INTO payments_agenda AS held (tenant_id, client_id, is_live) VALUES ($1, $2, $3)"
        " ON CONFLICT (tenant_id, client_id, is_live) DO UPDATE SET clock_offset = held.clock_offset"
        " RETURNING clock_offset",
        *_key(owner),
    )
    return offset


async def set_offset(connection: Connection, owner: Owner, offset: timedelta) -> None:
    """Set the account's clock, which is locked. It never runs back."""
    found = await connection.fetchval(
        f"UPDATE payments_agenda SET clock_offset = $4 WHERE {_OWNED} AND clock_offset <= $4 RETURNING fence",
        *_key(owner),
        offset,
    )
    assert found is not None, "a clock never runs back"


async def plan_task(
    connection: Connection, owner: Owner, kind: TaskKind, subject_id: str, *, due_at: datetime
) -> None:
    """Have something happen at an instant of the account's clock; what was planned before is moved there."""
    await connection.execute(
        "INSERT INTO payments_task (tenant_id, client_id, is_live, kind, subject_id, due_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, client_id, is_live, kind, subject_id)"
        " DO UPDATE SET due_at = $6, retry_at = '-infinity', attempt = 0",
        *_key(owner),
        kind,
        subject_id,
        due_at,
    )


async def drop_tasks(
    connection: Connection, owner: Owner, kind: TaskKind, subject_ids: Sequence[str]
) -> None:
    """What was planned does not happen."""
    await connection.execute(
        f"DELETE FROM payments_task WHERE {_OWNED} AND kind = $4 AND subject_id = ANY($5::text[])",
        *_key(owner),
        kind,
        list(subject_ids),
    )


# Tasks are sought by the world's clock; only the few accounts whose own was moved are looked at one by one.
_LIST_OWNERS = """
WITH due AS (
    SELECT tenant_id, client_id, is_live, due_at FROM payments_task
    WHERE due_at <= $1 AND retry_at <= clock_timestamp()
    UNION ALL
    SELECT t.tenant_id, t.client_id, t.is_live, t.due_at
    FROM payments_agenda a JOIN payments_task t USING (tenant_id, client_id, is_live)
    WHERE a.clock_offset > '0' AND t.due_at > $1 AND t.due_at <= $1 + a.clock_offset
        AND t.retry_at <= clock_timestamp()
)
SELECT tenant_id, client_id, is_live
FROM due LEFT JOIN payments_agenda a USING (tenant_id, client_id, is_live)
WHERE coalesce(a.leased_until, '-infinity') <= clock_timestamp()
GROUP BY tenant_id, client_id, is_live ORDER BY min(due_at) LIMIT $2
"""


async def list_owners_with_due_tasks(connection: Connection, *, now: datetime, limit: int) -> list[Owner]:
    """Accounts on whose clock something is due and whose agenda nobody holds; `now` is the world's."""
    rows = await connection.fetch(_LIST_OWNERS, now, limit)
    return [Owner(row["tenant_id"], row["client_id"], row["is_live"]) for row in rows]


async def lease_agenda(connection: Connection, owner: Owner, *, lease_s: float) -> int | None:
    """Become the one who carries out an account's tasks; gives the fence, None while somebody else is."""
    fence: int | None = await connection.fetchval(
        "INSERT INTO payments_agenda (tenant_id, client_id, is_live, fence, leased_until)"
        " VALUES ($1, $2, $3, 1, clock_timestamp() + make_interval(secs => $4))"
        " ON CONFLICT (tenant_id, client_id, is_live) DO UPDATE"
        " SET fence = payments_agenda.fence + 1, leased_until = excluded.leased_until"
        " WHERE payments_agenda.leased_until <= clock_timestamp() RETURNING fence",
        *_key(owner),
        lease_s,
    )
    return fence


async def renew_lease(connection: Connection, owner: Owner, fence: int, *, lease_s: float) -> bool:
    """Keep the agenda; False when somebody else has it by now. A lease of 0 s gives it back."""
    found = await connection.fetchval(
        "UPDATE payments_agenda SET leased_until = clock_timestamp() + make_interval(secs => $5)"
        f" WHERE {_OWNED} AND fence = $4 RETURNING fence",
        *_key(owner),
        fence,
        lease_s,
    )
    return found is not None


async def find_next_task(
    connection: Connection, owner: Owner, *, until: datetime, fence: int, kinds: Sequence[TaskKind]
) -> Task | None:
    """The earliest task of these kinds that is due by an instant of the account's clock."""
    row = await connection.fetchrow(
        f"SELECT task_id, kind, subject_id, due_at, attempt FROM payments_task WHERE {_OWNED}"
        " AND due_at <= $4 AND retry_at <= clock_timestamp() AND kind = ANY($5::text[])"
        " ORDER BY due_at, task_id LIMIT 1",
        *_key(owner),
        until,
        list(kinds),
    )
    if row is None:
        return None
    members = dict(row)
    return Task(owner=owner, fence=fence, kind=TaskKind(members.pop("kind")), **members)


async def find_next_due(connection: Connection, owner: Owner) -> datetime | None:
    """When the next thing falls due by the account's clock; what failed and rests is left out."""
    due_at: datetime | None = await connection.fetchval(
        f"SELECT min(due_at) FROM payments_task WHERE {_OWNED} AND retry_at <= clock_timestamp()",
        *_key(owner),
    )
    return due_at


async def count_due(connection: Connection, owner: Owner, *, until: datetime) -> int:
    """How many tasks are due by an instant of the account's clock; those that rest are counted too."""
    count: int = await connection.fetchval(
        f"SELECT count(*) FROM payments_task WHERE {_OWNED} AND due_at <= $4", *_key(owner), until
    )
    return count


async def settle_task(connection: Connection, task: Task) -> bool:
    """Take a task off its agenda in the transaction of its effect.

    False when its owner lost the agenda, or when the task was dropped or moved meanwhile.
    """
    found = await connection.fetchval(
        "WITH held AS (SELECT FROM payments_agenda"
        f" WHERE {_OWNED} AND fence = $5 FOR SHARE)"
        " DELETE FROM payments_task WHERE tenant_id = $1 AND task_id = $4 AND due_at = $6"
        " AND EXISTS (SELECT FROM held) RETURNING task_id",
        *_key(task.owner),
        task.task_id,
        task.fence,
        task.due_at,
    )
    return found is not None


async def postpone_task(connection: Connection, task: Task, *, after_s: float) -> None:
    """Leave a task that failed alone for a while (real time); one that was moved meanwhile is another one."""
    await connection.execute(
        "UPDATE payments_task SET attempt = attempt + 1,"
        " retry_at = clock_timestamp() + make_interval(secs => $3)"
        " WHERE tenant_id = $1 AND task_id = $2 AND due_at = $4",
        task.owner.tenant_id,
        task.task_id,
        after_s,
        task.due_at,
    )


async def postpone_due(connection: Connection, owner: Owner, *, until: datetime, after_s: float) -> None:
    """Leave all that is due alone for a while (real time): there is nobody to do it for."""
    await connection.execute(
        "UPDATE payments_task SET retry_at = clock_timestamp() + make_interval(secs => $5)"
        f" WHERE {_OWNED} AND due_at <= $4",
        *_key(owner),
        until,
        after_s,
    )


def _key(owner: Owner) -> tuple[int, int, bool]:
    return owner.tenant_id, owner.client_id, owner.is_live
