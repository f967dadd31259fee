"""Sessions: signing in with a password, and the token that speaks for a person afterwards."""

from datetime import datetime, timedelta
from hashlib import sha256

from parcela.domain.cards import mask_card_numbers
from parcela.domain.changes import Person
from parcela.domain.errors import DomainError
from parcela.operations.engine import AuditLine, Engine
from parcela.operations.passwords import verify_password
from parcela.store import audit, people
from parcela.store.database import Connection
from parcela.store.people import Login

MAX_FAILED_LOGINS = 10
LOCK_TIME = timedelta(minutes=30)
IDLE_TIME = timedelta(minutes=15)
SESSION_TIME = timedelta(hours=12)


class SignInRefused(DomainError):
    """Address or password is wrong, or the person is locked out; which of them is not told."""

    code = "sign_in_refused"


async def sign_in(engine: Engine, *, email: str, password: str) -> tuple[str, Person]:
    """Open a session; gives its token, which is shown once. Raises SignInRefused.

    Ten wrong passwords in a row lock a person out for 30 minutes (PCI DSS 8.3.4). The password is held
    against its hash before the transaction begins, for that takes long on purpose.
    """
    seen = await engine.look()
    token = engine.ids.random_bytes(32).hex()
    # PostgreSQL has no text with a zero character; such an address is unknown like any other.
    address = email.strip().lower().replace("\0", "\ufffd")
    async with engine.database.connection() as connection:
        known = await people.find_login(connection, address)
    known_hash = None if known is None else known.password_hash
    is_right = await verify_password(known_hash, password)

    async def work(connection: Connection) -> Person | None:
        login = await people.find_login(connection, address, for_update=True)
        # A password that was changed meanwhile has not been held against its hash.
        is_proved = is_right and login is not None and login.password_hash == known_hash
        is_admitted = is_proved and not is_locked(login, seen.real_now)
        await audit.insert_audit_lines(connection, [_describe(address, login, is_admitted, seen.real_now)])
        if login is None:
            return None
        if not is_admitted:
            await _count_failure(connection, login, seen.real_now)
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


def is_locked(login: Login | None, now: datetime) -> bool:
    """Is the person locked out by wrong passwords?"""
    return login is not None and login.locked_until is not None and login.locked_until > now


async def _count_failure(connection: Connection, login: Login, now: datetime) -> None:
    """One more wrong password in a row; the tenth locks, and tries while locked do not count."""
    if is_locked(login, now):
        return
    failed = login.failed_logins + 1
    locks = failed >= MAX_FAILED_LOGINS
    await people.update_failed_logins(
        connection,
        login.person,
        failed_logins=0 if locks else failed,
        locked_until=now + LOCK_TIME if locks else None,
    )


def _describe(address: str, login: Login | None, is_admitted: bool, at: datetime) -> AuditLine:
    return AuditLine(
        tenant_id=None if login is None else login.person.tenant_id,
        at=at,
        # Somebody who types a card number into the wrong field must not leave it here.
        actor=mask_card_numbers(address)[:200],
        action="person.sign_in",
        subject="session",
        outcome="done" if is_admitted else "refused",
    )


def _hash(token: str) -> bytes:
    """Tokens are 256 random bits, so a plain hash keeps them safe at rest."""
    return sha256(token.encode()).digest()
