"""Commands of the processor that may be told again: an event id has its effect once, for ever.

The answer is kept in the transaction of the effect; the same event with other content is refused.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from parcela.domain.errors import InvalidInput, NotFound
from parcela.domain.ids import is_uuid
from parcela.operations.account_work import AccountWork
from parcela.operations.engine import MAIN_TENANT, AuditLine, Engine, World
from parcela.operations.idempotency import IdempotencyKeyReused, Once, run_once
from parcela.store import audit, servicing_commands
from parcela.store.database import Connection
from parcela.store.documents import Document
from parcela.store.servicing_commands import ServicingCommand

_EVENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+=-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent:
    """An event as somebody tells it: its id, what it is, and all that it says, for telling it from others.

    `content` may hold a card number: only a keyed hash of it is kept. `actor` is the person who acts, for
    the audit trail, and None for what the network tells.
    """

    event_id: str
    operation: str
    content: Mapping[str, object] = field(repr=False)
    actor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an event had for an effect; the first answer also when it is told again (`is_new` False then)."""

    event_id: str
    operation: str
    account_id: str
    transaction_id: str | None
    plan_ids: tuple[str, ...]
    happened: tuple[Document, ...]
    facts: Document
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command's own work answers: the transaction it is about, and facts of its own."""

    transaction_id: str | None = None
    facts: Document = field(default_factory=dict)


def check_event_id(event_id: str) -> None:
    """Event ids become part of ledger keys and logs. Raises InvalidInput."""
    if not _EVENT_ID.fullmatch(event_id):
        raise InvalidInput(
            "event_id",
            "1 to 128 letters, digits or . _ : / @ + = -, beginning with a letter or digit",
            came=repr(event_id[:140]),
        )


def name_own_event(*parts: str) -> str:
    """An event id of the processor's own, which nobody else can tell: `check_event_id` refuses its start."""
    return "~" + ":".join(parts)


async def find_receipt(engine: Engine, event: AccountEvent) -> Receipt | None:
    """What this event was answered, if it had its effect. Raises InvalidInput, IdempotencyKeyReused."""
    check_event_id(event.event_id)
    async with engine.database.connection() as connection:
        return await _find_receipt(engine, connection, event)


async def run_event(
    engine: Engine,
    world: World,
    event: AccountEvent,
    *,
    account_id: str,
    work: Callable[[AccountWork], Awaitable[Outcome]],
    once: Once[Receipt] | None = None,
) -> Receipt:
    """Run `work` on a locked account once for an event; `once` keeps a door's own answer with it.

    Raises InvalidInput, NotFound, IdempotencyKeyReused, and what `work` raises; then nothing is written.
    """
    check_event_id(event.event_id)

    async def attempt(connection: Connection) -> Receipt:
        held = None
        if is_uuid(account_id):
            held = await AccountWork.lock(engine, connection, MAIN_TENANT, account_id, now=world.now)
        if held is None:
            raise NotFound("card account", account_id)
        return await keep_receipt(held, event, work)

    return await run_once(engine, once, attempt)


async def keep_receipt(
    held: AccountWork, event: AccountEvent, work: Callable[[AccountWork], Awaitable[Outcome]]
) -> Receipt:
    """Run `work` once for an event, in the transaction and under the lock that `held` stands for."""
    known = await _find_receipt(held.engine, held.connection, event)
    if known is not None:
        return known
    outcome = await work(held)
    plan_ids = sorted(held.changed_plan_ids)
    result: Document = {
        "account_id": held.account.account_id,
        "transaction_id": outcome.transaction_id,
        "plan_ids": plan_ids,
        "happened": [{"type": row.type, "subject": row.subject, "data": row.data} for row in held.happened],
        "facts": outcome.facts,
    }
    command = ServicingCommand(
        event_id=event.event_id,
        operation=event.operation,
        fingerprint=_fingerprint(held.engine, event),
        result=result,
    )
    await servicing_commands.insert_command(held.connection, held.tenant_id, command, at=held.now)
    if event.actor is not None:
        await _audit(held, event, subject=outcome.transaction_id or " ".join(plan_ids))
    return _read_receipt(command, is_new=True)


async def _audit(held: AccountWork, event: AccountEvent, *, subject: str) -> None:
    assert event.actor is not None
    line = AuditLine(
        tenant_id=held.tenant_id,
        at=held.engine.recall().real_now,
        actor=event.actor,
        action=f"servicing.{event.operation}",
        subject=subject or held.account.account_id,
        detail={"event_id": event.event_id, "account_id": held.account.account_id},
    )
    await audit.insert_audit_lines(held.connection, [line])


async def _find_receipt(engine: Engine, connection: Connection, event: AccountEvent) -> Receipt | None:
    found = await servicing_commands.find_command(connection, MAIN_TENANT, event.event_id)
    if found is None:
        return None
    if (found.operation, found.fingerprint) != (event.operation, _fingerprint(engine, event)):
        raise IdempotencyKeyReused(
            f"Event {event.event_id} was told before with other content: give new content a new event id."
        )
    return _read_receipt(found, is_new=False)


def _read_receipt(command: ServicingCommand, *, is_new: bool) -> Receipt:
    result = command.result
    return Receipt(
        event_id=command.event_id,
        operation=command.operation,
        account_id=result["account_id"],
        transaction_id=result["transaction_id"],
        plan_ids=tuple(result["plan_ids"]),
        happened=tuple(result["happened"]),
        facts=result["facts"],
        is_new=is_new,
    )


def _fingerprint(engine: Engine, event: AccountEvent) -> bytes:
    canonical = json.dumps([event.operation, event.content], sort_keys=True, default=str)
    return engine.vault.fingerprint(MAIN_TENANT, canonical.encode())
