"""Letters as operators and people of an issuer see them, and sending them again."""

from dataclasses import dataclass, replace

from parcela.domain.changes import Person
from parcela.domain.errors import Conflict, InvalidInput, NotFound
from parcela.domain.ids import is_uuid
from parcela.operations.engine import AuditLine, Engine
from parcela.operations.idempotency import Once, run_once
from parcela.store import audit, letters
from parcela.store.database import Connection
from parcela.store.letters import AttemptRecord, LetterFilter, LetterRecord

__all__ = [
    "AttemptRecord",
    "LetterFilter",
    "LetterHistory",
    "LetterRecord",
    "Replayed",
    "list_letters",
    "replay_letter",
    "replay_letters",
    "view_letter",
]

MAX_LISTED = 1000
MAX_REPLAYED = 10_000
STATUSES = ("due", "parked", "delivered")


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterHistory:
    """A letter with all its tries, the first one first."""

    letter: LetterRecord
    attempts: list[AttemptRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many letters were made due; `is_complete` is false when there are more than one call takes."""

    count: int
    is_complete: bool


async def list_letters(
    engine: Engine, person: Person, wanted: LetterFilter, *, limit: int = 100
) -> list[LetterRecord]:
    """The newest letters of a filter; people of an issuer see those of their own. Raises InvalidInput."""
    if not 1 <= limit <= MAX_LISTED:
        raise InvalidInput("limit", f"1 to {MAX_LISTED}", came=str(limit))
    narrowed = _narrow(person, wanted)
    if narrowed is None:
        return []
    async with engine.database.connection() as connection:
        return await letters.list_letters(connection, person.tenant_id, narrowed, limit=limit)


async def view_letter(engine: Engine, person: Person, letter_id: str) -> LetterHistory:
    """A letter with its tries. Raises NotFound, for foreign ids alike."""
    async with engine.database.connection() as connection:
        found = await _get_letter(connection, person, letter_id, is_locked=False)
        attempts = await letters.list_attempts(connection, person.tenant_id, letter_id)
    return LetterHistory(letter=found, attempts=attempts)


async def replay_letter(
    engine: Engine, person: Person, letter_id: str, *, once: Once[LetterRecord] | None = None
) -> LetterRecord:
    """Make a letter due now: a parked one goes on, a delivered one is sent again with the same content.

    Raises, in this order: NotFound, Conflict while a try is under way.
    """
    seen = await engine.look()

    async def work(connection: Connection) -> LetterRecord:
        found = await _get_letter(connection, person, letter_id, is_locked=True)
        if found.is_in_flight:
            raise Conflict("A try of this letter is under way: look at its outcome first.")
        await letters.replay_letters(connection, person.tenant_id, [letter_id], now=seen.now)
        line = AuditLine(
            tenant_id=person.tenant_id,
            at=seen.real_now,
            actor=person.email,
            action="delivery.replay",
            subject=f"letter {letter_id}",
            detail={"was": found.status},
        )
        await audit.insert_audit_lines(connection, [line])
        return await _get_letter(connection, person, letter_id, is_locked=False)

    return await run_once(engine, once, work)


async def replay_letters(
    engine: Engine, person: Person, wanted: LetterFilter, *, once: Once[Replayed] | None = None
) -> Replayed:
    """Make the letters of a filter due now, the oldest first, 10,000 at most; those under way are left out.

    The filter names a status, so that nobody sends everything again by leaving it out. Raises InvalidInput.
    """
    if wanted.status is None:
        raise InvalidInput("status", "one of " + ", ".join(STATUSES))
    narrowed = _narrow(person, wanted)
    seen = await engine.look()

    async def work(connection: Connection) -> Replayed:
        ids: list[str] = []
        if narrowed is not None:
            ids = await letters.lock_replayable(
                connection, person.tenant_id, narrowed, limit=MAX_REPLAYED + 1
            )
        chosen = ids[:MAX_REPLAYED]
        count = await letters.replay_letters(connection, person.tenant_id, chosen, now=seen.now)
        line = AuditLine(
            tenant_id=person.tenant_id,
            at=seen.real_now,
            actor=person.email,
            action="delivery.replay",
            subject="letters",
            detail={"count": count, **_describe(wanted)},
        )
        await audit.insert_audit_lines(connection, [line])
        return Replayed(count=count, is_complete=len(ids) <= MAX_REPLAYED)

    return await run_once(engine, once, work)


async def _get_letter(
    connection: Connection, person: Person, letter_id: str, *, is_locked: bool
) -> LetterRecord:
    found = None
    if is_uuid(letter_id):
        found = await letters.find_letter(
            connection, person.tenant_id, letter_id=letter_id, is_locked=is_locked
        )
    if found is None or person.provider_id not in (None, found.provider_id):
        raise NotFound("letter", letter_id)
    return found


def _narrow(person: Person, wanted: LetterFilter) -> LetterFilter | None:
    """The filter within what a person may see; None when that is nothing. Raises InvalidInput."""
    if wanted.status is not None and wanted.status not in STATUSES:
        raise InvalidInput("status", "one of " + ", ".join(STATUSES), came=repr(wanted.status))
    if wanted.provider_id is not None and not is_uuid(wanted.provider_id):
        raise InvalidInput("provider_id", "a UUID", came=repr(wanted.provider_id))
    if person.provider_id is None:
        return wanted
    if wanted.provider_id not in (None, person.provider_id):
        return None
    return replace(wanted, provider_id=person.provider_id)


def _describe(wanted: LetterFilter) -> dict[str, object]:
    """The members of a filter that are set, for the audit trail."""
    members = {
        "status": wanted.status,
        "provider_id": wanted.provider_id,
        "from": wanted.created_from and wanted.created_from.isoformat(),
        "before": wanted.created_before and wanted.created_before.isoformat(),
        "flagged": wanted.is_flagged,
    }
    return {name: value for name, value in members.items() if value is not None}
