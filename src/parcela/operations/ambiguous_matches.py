"""Authorizations that fit several plans equally well: a person looks at them, and chooses."""

from dataclasses import dataclass
from datetime import datetime

from parcela.domain.changes import Person, Role
from parcela.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from parcela.domain.ids import is_uuid
from parcela.operations.engine import AuditLine, Engine
from parcela.operations.idempotency import Once, run_once
from parcela.operations.matching import tell_match
from parcela.store import audit
from parcela.store import authorization_matches as store
from parcela.store.authorization_matches import MatchRecord, Settlement
from parcela.store.database import Connection

MAX_LISTED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbiguousMatch:
    """A doubt as people see it: `choices` are the plans that fit. The amount is in minor units."""

    authorization_id: str
    masked_card: str
    amount_minor: int
    currency: str
    stan: str | None
    rrn: str | None
    choices: tuple[str, ...]
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedMatch:
    """What a doubt came to; `plan_id` None means that no plan belongs to it."""

    authorization_id: str
    plan_id: str | None


async def list_ambiguous(engine: Engine, person: Person) -> list[AmbiguousMatch]:
    """The doubts of the person's issuer, or all for operators, the oldest first, at most 500."""
    async with engine.database.connection() as connection:
        found = await store.list_ambiguous(connection, person.tenant_id, person.provider_id, limit=MAX_LISTED)
    return [_show(record, masked_card) for record, masked_card in found]


async def resolve_ambiguous(
    engine: Engine,
    person: Person,
    authorization_id: str,
    plan_id: str | None,
    *,
    once: Once[ResolvedMatch] | None = None,
) -> ResolvedMatch:
    """Choose one of the plans, or None for no plan at all; audited.

    Raises NotAllowed, NotFound, Conflict (settled meanwhile, or the plan is taken), InvalidInput.
    """
    if person.role is Role.ISSUER_CHECKER:
        raise NotAllowed("An operator or an issuer's maker chooses the plan of an authorization.")
    seen = await engine.look()

    async def work(connection: Connection) -> ResolvedMatch:
        record = await _get_record(connection, person, authorization_id)
        if record.state != "ambiguous":
            raise Conflict("Nothing is to be chosen here: the authorization is settled already.")
        if plan_id is not None:
            await _check_choice(connection, person, record, plan_id)
        settlement = Settlement(
            state="dismissed" if plan_id is None else "matched",
            plan_id=plan_id,
            settled_by=person.email,
            settled_at=seen.now,
        )
        await store.update_state(connection, person.tenant_id, record, settlement)
        if plan_id is not None:
            await tell_match(engine, connection, record.known, plan_id, verb="matched", at=seen.now)
        line = AuditLine(
            tenant_id=person.tenant_id,
            at=seen.real_now,
            actor=person.email,
            action="authorization.resolve",
            subject=authorization_id,
            detail={"plan_id": plan_id},
        )
        await audit.insert_audit_lines(connection, [line])
        return ResolvedMatch(authorization_id=authorization_id, plan_id=plan_id)

    return await run_once(engine, once, work)


async def _get_record(connection: Connection, person: Person, authorization_id: str) -> MatchRecord:
    """The record, its card locked first as every binding does. Raises NotFound, for foreign ids alike."""
    record = None
    if is_uuid(authorization_id):
        await store.lock_card_of_record(connection, person.tenant_id, authorization_id)
        record = await store.find_record_for_update(connection, person.tenant_id, authorization_id)
    if record is None or person.provider_id not in (None, record.provider_id):
        raise NotFound("authorization", authorization_id)
    return record


async def _check_choice(connection: Connection, person: Person, record: MatchRecord, plan_id: str) -> None:
    if plan_id not in record.choices:
        raise InvalidInput("plan_id", "one of the plans that fit this authorization", came=repr(plan_id))
    if await store.is_plan_taken(connection, person.tenant_id, plan_id):
        raise Conflict(f"The plan {plan_id} belongs to another authorization meanwhile: choose another one.")


def _show(record: MatchRecord, masked_card: str) -> AmbiguousMatch:
    known = record.known
    return AmbiguousMatch(
        authorization_id=record.authorization_id,
        masked_card=masked_card,
        amount_minor=known.amount_minor,
        currency=known.currency,
        stan=None if known.stan is None else known.stan.text,
        rrn=None if known.rrn is None else known.rrn.text,
        choices=record.choices,
        asked_at=record.asked_at,
    )
