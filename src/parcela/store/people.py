"""People who sign in, and their sessions."""

from dataclasses import dataclass
from datetime import datetime

from parcela.domain.changes import Person, Role
from parcela.store.database import Connection
from parcela.store.slices import delete_in_slices

_PERSON = "p.person_id, p.tenant_id, p.email, p.role, p.provider_id::text AS provider_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What signing in needs to know of a person."""

    person: Person
    password_hash: str
    failed_logins: int
    locked_until: datetime | None


async def insert_person(
    connection: Connection,
    tenant_id: int,
    *,
    email: str,
    role: Role,
    provider_id: str | None,
    password_hash: str,
) -> bool:
    """Register a person; False when the address is taken."""
    inserted: int | None = await connection.fetchval(
        "INSERT INTO person (tenant_id, email, role, provider_id, password_hash)"
        " VALUES ($1, $2, $3, $4::uuid, $5) ON CONFLICT DO NOTHING RETURNING 1",
        tenant_id,
        email,
        role,
        provider_id,
        password_hash,
    )
    return inserted == 1


async def find_login(connection: Connection, email: str, *, for_update: bool = False) -> Login | None:
    """The person with this address, unless disabled; locked when tries will be counted."""
    row = await connection.fetchrow(
        f"SELECT {_PERSON}, p.password_hash, p.failed_logins, p.locked_until FROM person p"
        " WHERE p.email = $1 AND p.disabled_at IS NULL" + (" FOR UPDATE" if for_update else ""),
        email,
    )
    if row is None:
        return None
    return Login(
        person=_read_person(dict(row)),
        password_hash=row["password_hash"],
        failed_logins=row["failed_logins"],
        locked_until=row["locked_until"],
    )


async def find_person(connection: Connection, email: str) -> Person | None:
    """The person with this address, unless disabled."""
    row = await connection.fetchrow(
        f"SELECT {_PERSON} FROM person p WHERE p.email = $1 AND p.disabled_at IS NULL", email
    )
    return None if row is None else _read_person(dict(row))


async def list_people(connection: Connection, tenant_id: int) -> list[Person]:
    """Everybody of a tenant who is not disabled, by address."""
    rows = await connection.fetch(
        f"SELECT {_PERSON} FROM person p WHERE p.tenant_id = $1 AND p.disabled_at IS NULL ORDER BY p.email",
        tenant_id,
    )
    return [_read_person(dict(row)) for row in rows]


async def update_failed_logins(
    connection: Connection, person: Person, *, failed_logins: int, locked_until: datetime | None
) -> None:
    """Count a failed try, or start again from none."""
    await connection.execute(
        "UPDATE person SET failed_logins = $3, locked_until = $4 WHERE tenant_id = $1 AND person_id = $2",
        person.tenant_id,
        person.person_id,
        failed_logins,
        locked_until,
    )


async def update_disabled(connection: Connection, person: Person, *, at: datetime) -> None:
    """Take a person's access away, and end their sessions."""
    await connection.execute(
        "UPDATE person SET disabled_at = $3 WHERE tenant_id = $1 AND person_id = $2",
        person.tenant_id,
        person.person_id,
        at,
    )
    await connection.execute(
        "DELETE FROM person_session WHERE tenant_id = $1 AND person_id = $2",
        person.tenant_id,
        person.person_id,
    )


async def update_password(connection: Connection, person: Person, *, password_hash: str) -> None:
    """Change a password, unlock its owner, and end the sessions that the old one opened."""
    await connection.execute(
        "UPDATE person SET password_hash = $3, failed_logins = 0, locked_until = NULL"
        " WHERE tenant_id = $1 AND person_id = $2",
        person.tenant_id,
        person.person_id,
        password_hash,
    )
    await connection.execute(
        "DELETE FROM person_session WHERE tenant_id = $1 AND person_id = $2",
        person.tenant_id,
        person.person_id,
    )


async def insert_session(connection: Connection, person: Person, *, token_hash: bytes, at: datetime) -> None:
    """Open a session."""
    await connection.execute(
        "INSERT INTO person_session (token_hash, tenant_id, person_id, created_at, last_seen_at)"
        " VALUES ($1, $2, $3, $4, $4)",
        token_hash,
        person.tenant_id,
        person.person_id,
        at,
    )


async def touch_session(
    connection: Connection, *, token_hash: bytes, now: datetime, idle_since: datetime, created_since: datetime
) -> Person | None:
    """The person of a live session, which is live for longer with each use."""
    row = await connection.fetchrow(
        "UPDATE person_session s SET last_seen_at = $2 FROM person p"
        " WHERE s.token_hash = $1 AND s.last_seen_at >= $3 AND s.created_at >= $4"
        " AND p.tenant_id = s.tenant_id AND p.person_id = s.person_id AND p.disabled_at IS NULL"
        f" RETURNING {_PERSON}",
        token_hash,
        now,
        idle_since,
        created_since,
    )
    return None if row is None else _read_person(dict(row))


async def delete_session(connection: Connection, *, token_hash: bytes) -> None:
    """End a session."""
    await connection.execute("DELETE FROM person_session WHERE token_hash = $1", token_hash)


async def delete_old_sessions(connection: Connection, *, created_before: datetime) -> None:
    """Forget sessions that nobody ended."""
    await delete_in_slices(connection, "person_session", condition="created_at < $1", bound=created_before)


def _read_person(row: dict[str, object]) -> Person:
    return Person(
        person_id=int(str(row["person_id"])),
        tenant_id=int(str(row["tenant_id"])),
        email=str(row["email"]),
        role=Role(str(row["role"])),
        provider_id=None if row["provider_id"] is None else str(row["provider_id"]),
    )
