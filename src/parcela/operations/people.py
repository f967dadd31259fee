"""People: registering them, signing in with a password, and the session that follows."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from parcela.domain.cards import mask_card_numbers
from parcela.domain.changes import Person, Role
from parcela.domain.errors import Conflict, DomainError, InvalidInput, NotAllowed
from parcela.domain.ids import is_uuid
from parcela.operations.engine import MAIN_TENANT, AuditLine, Engine
from parcela.operations.idempotency import Once, run_once
from parcela.store import audit, people
from parcela.store.database import Connection

MAX_FAILED_LOGINS = 10
LOCK_TIME = timedelta(minutes=30)
IDLE_TIME = timedelta(minutes=15)
SESSION_TIME = timedelta(hours=12)
MIN_PASSWORD_CHARACTERS = 12
MAX_PASSWORD_BYTES = 1024

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_hasher = PasswordHasher()
_UNKNOWN_PERSON_HASH = _hasher.hash("nobody signs in with this")


class SignInRefused(DomainError):
    """Address or password is wrong, or the person is locked out; which of them is not told."""

    code = "sign_in_refused"


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
    _check_password(new.password)
    if (new.role is Role.OPERATOR) != (new.provider_id is None):
        raise InvalidInput(
            "person.provider_id", "the issuer's provider id for its people, nothing for operators"
        )
    if new.provider_id is not None and not is_uuid(new.provider_id):
        raise InvalidInput("person.provider_id", "a UUID in lower case", came=repr(new.provider_id))
    seen = await engine.look()
    tenant_id = MAIN_TENANT
    password_hash = _hasher.hash(new.password)

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
    _check_password(password)
    person = await find_person(engine, email)
    seen = await engine.look()
    password_hash = _hasher.hash(password)

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


def _check_password(password: str) -> None:
    if len(password) < MIN_PASSWORD_CHARACTERS or len(password.encode()) > MAX_PASSWORD_BYTES:
        expected = f"{MIN_PASSWORD_CHARACTERS} characters to {MAX_PASSWORD_BYTES} bytes"
        raise InvalidInput("person.password", expected)


async def find_person(engine: Engine, email: str) -> Person:
    """The person with this address, for callers who hold the database. Raises NotAllowed."""
    async with engine.database.connection() as connection:
        found = await people.find_person(connection, email.strip().lower())
    if found is None:
        raise NotAllowed(f"Nobody is registered as {email!r}: `parcela person add` registers people.")
    return found


async def sign_in(engine: Engine, *, email: str, password: str) -> tuple[str, Person]:
    """Open a session; gives its token, which is shown once. Raises SignInRefused.

    Ten wrong passwords in a row lock a person out for 30 minutes (PCI DSS 8.3.4).
    """
    seen = await engine.look()
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise SignInRefused("The address or the password is wrong.")
    token = engine.ids.random_bytes(32).hex()
    # PostgreSQL has no text with a zero character; such an address is unknown like any other.
    address = email.strip().lower().replace("\0", "\ufffd")

    async def work(connection: Connection) -> Person | None:
        login = await people.find_login(connection, address)
        is_right = _verify(_UNKNOWN_PERSON_HASH if login is None else login.password_hash, password)
        is_locked = (
            login is not None and login.locked_until is not None and login.locked_until > seen.real_now
        )
        is_admitted = login is not None and is_right and not is_locked
        line = AuditLine(
            tenant_id=None if login is None else login.person.tenant_id,
            at=seen.real_now,
            # Somebody who types a card number into the wrong field must not leave it here.
            actor=mask_card_numbers(address)[:200],
            action="person.sign_in",
            subject="session",
            outcome="done" if is_admitted else "refused",
        )
        await audit.insert_audit_lines(connection, [line])
        if login is None:
            return None
        if not is_admitted:
            failed = login.failed_logins + (0 if is_locked else 1)
            locked_until: datetime | None = login.locked_until
            if failed >= MAX_FAILED_LOGINS and not is_locked:
                failed, locked_until = 0, seen.real_now + LOCK_TIME
            await people.update_failed_logins(
                connection, login.person, failed_logins=failed, locked_until=locked_until
            )
            return None
        await people.update_failed_logins(connection, login.person, failed_logins=0, locked_until=None)
        await people.insert_session(connection, login.person, token_hash=_hash(token), at=seen.real_now)
        return login.person

    person = await engine.database.run(work)
    if person is None:
        raise SignInRefused("The address or the password is wrong, or too many tries have locked it.")
    return token, person


async def find_session(engine: Engine, token: str) -> Person | None:
    """The person of a live session: used within 15 minutes, opened within 12 hours."""
    seen = engine.recall()
    async with engine.database.connection() as connection:
        return await people.touch_session(
            connection,
            token_hash=_hash(token),
            now=seen.real_now,
            idle_since=seen.real_now - IDLE_TIME,
            created_since=seen.real_now - SESSION_TIME,
        )


async def sign_out(engine: Engine, token: str) -> None:
    """End a session."""
    async with engine.database.connection() as connection:
        await people.delete_session(connection, token_hash=_hash(token))


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except VerificationError:
        return False


def _hash(token: str) -> bytes:
    """Tokens are 256 random bits, so a plain hash keeps them safe at rest."""
    return sha256(token.encode()).digest()
