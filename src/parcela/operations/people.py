"""People who may sign in: registering them, and changing their passwords."""

import re
from dataclasses import dataclass, field

from parcela.domain.changes import Person, Role
from parcela.domain.errors import Conflict, InvalidInput, NotAllowed
from parcela.domain.ids import is_uuid
from parcela.operations.engine import MAIN_TENANT, AuditLine, Engine
from parcela.operations.idempotency import Once, run_once
from parcela.operations.passwords import check_password, hash_password
from parcela.store import audit, people
from parcela.store.database import Connection

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Somebody to register; people of an issuer name its provider id."""

    email: str
    password: str = field(repr=False)
    role: Role
    provider_id: str | None = None


async def register_person(
    engine: Engine, actor: str, new: NewPerson, *, once: Once[Person] | None = None
) -> Person:
    """Register somebody who may sign in; the caller makes sure that `actor` may do so.

    Raises InvalidInput, Conflict.
    """
    address = new.email.strip().lower()
    if not _EMAIL.fullmatch(address):
        raise InvalidInput("person.email", "an e-mail address", came=repr(new.email))
    check_password(new.password)
    if (new.role is Role.OPERATOR) != (new.provider_id is None):
        raise InvalidInput(
            "person.provider_id", "the issuer's provider id for its people, nothing for operators"
        )
    if new.provider_id is not None and not is_uuid(new.provider_id):
        raise InvalidInput("person.provider_id", "a UUID in lower case", came=repr(new.provider_id))
    seen = await engine.look()
    tenant_id = MAIN_TENANT
    password_hash = await hash_password(new.password)

    async def work(connection: Connection) -> Person:
        is_new = await people.insert_person(
            connection,
            tenant_id,
            email=address,
            role=new.role,
            provider_id=new.provider_id,
            password_hash=password_hash,
        )
        if not is_new:
            raise Conflict(f"{address} is registered already.")
        line = AuditLine(
            tenant_id=tenant_id,
            at=seen.real_now,
            actor=actor,
            action="person.register",
            subject=address,
            detail={"role": new.role},
        )
        await audit.insert_audit_lines(connection, [line])
        found = await people.find_person(connection, address)
        assert found is not None
        return found

    return await run_once(engine, once, work)


async def list_people(engine: Engine) -> list[Person]:
    """Everybody who may sign in, by address."""
    async with engine.database.connection() as connection:
        return await people.list_people(connection, MAIN_TENANT)


async def set_password(engine: Engine, actor: str, *, email: str, password: str) -> None:
    """Give a person another password, which also unlocks them. Raises NotAllowed, InvalidInput."""
    check_password(password)
    person = await get_person(engine, email)
    seen = await engine.look()
    password_hash = await hash_password(password)

    async def work(connection: Connection) -> None:
        await people.update_password(connection, person, password_hash=password_hash)
        line = AuditLine(
            tenant_id=person.tenant_id,
            at=seen.real_now,
            actor=actor,
            action="person.set_password",
            subject=person.email,
        )
        await audit.insert_audit_lines(connection, [line])

    await engine.database.run(work)


async def disable_person(engine: Engine, actor: str, *, email: str) -> None:
    """Take somebody's access away for good. Raises NotAllowed: nobody can disable themselves."""
    person = await get_person(engine, email)
    if person.email == actor:
        raise NotAllowed("Nobody can disable themselves: another operator does it.")
    seen = await engine.look()

    async def work(connection: Connection) -> None:
        await people.update_disabled(connection, person, at=seen.real_now)
        line = AuditLine(
            tenant_id=person.tenant_id,
            at=seen.real_now,
            actor=actor,
            action="person.disable",
            subject=person.email,
        )
        await audit.insert_audit_lines(connection, [line])

    await engine.database.run(work)


async def get_person(engine: Engine, email: str) -> Person:
    """The person with this address, for callers who hold the database. Raises NotAllowed."""
    async with engine.database.connection() as connection:
        found = await people.find_person(connection, email.strip().lower())
    if found is None:
        raise NotAllowed(f"Nobody is registered as {email!r}: `parcela person add` registers people.")
    return found
