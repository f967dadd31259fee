"""Binding plans to authorizations: once, the same answer to the same question (`spec/network.md` §12)."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from parcela.domain.cards import mask_digits
from parcela.domain.errors import UnknownToken
from parcela.domain.ids import Identifier
from parcela.domain.matching import (
    AuthorizationQuestion,
    KnownAuthorization,
    MatchDecision,
    MatchOutcome,
    PlanMatch,
    PurchaseFacts,
    decide_match,
    find_same_purchase,
)
from parcela.operations.cards import resolve_funding_card
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.store import authorization_matches as store
from parcela.store.authorization_matches import CardMatches, MatchEvent, MatchRecord, Settlement
from parcela.store.database import Connection

_NOTHING = PlanMatch(outcome=MatchOutcome.NONE)


async def match_authorization(engine: Engine, world: World, question: AuthorizationQuestion) -> PlanMatch:
    """The plan of an authorization, bound to it in the same transaction; the same question, the same answer.

    A message about a purchase that is on record gets that one's answer. Raises nothing for a card, a token or
    a purchase without a plan: that is the answer `none`, which leaves no record.
    """
    try:
        purchase = await _read_purchase(engine, world, question)
    except UnknownToken:
        return _NOTHING
    since = world.now - engine.policy.matching_window
    async with engine.database.connection() as connection:
        seen = await store.load_matches(connection, MAIN_TENANT, purchase, since=since)
    held = _find_held(purchase, seen.records)
    if held is not None and held.state != "declined":
        return _repeat_answer(held)
    if not question.may_bind:
        # Reversing what was declined must not touch a plan that waits for its next authorization.
        return _NOTHING
    if held is None:
        match = await _bind_at_once(engine, world, purchase, seen)
        if match is not None:
            return match

    async def work(connection: Connection) -> PlanMatch:
        card_id = await store.lock_card(connection, MAIN_TENANT, purchase.pan_index)
        assert card_id is not None, "cards of plans are never removed"
        seen = await store.load_matches(connection, MAIN_TENANT, purchase, since=since)
        held = _find_held(purchase, seen.records)
        if held is not None:
            return await _answer_again(engine, world, connection, held)
        decision = decide_match(
            purchase, seen.candidates, now=world.now, window=engine.policy.matching_window
        )
        if decision.outcome is MatchOutcome.NONE:
            return _NOTHING
        return await _bind(engine, world, connection, purchase, decision=decision, card_id=card_id)

    return await engine.database.run(work)


async def note_decline(engine: Engine, world: World, authorization_id: str) -> bool:
    """The issuer declined: the plan is free for another authorization, and no doubt need be resolved.

    A repeat of the declined message finds the plan again as long as no other authorization has it.
    """

    async def work(connection: Connection) -> bool:
        record = await store.find_record_for_update(connection, MAIN_TENANT, authorization_id)
        if record is None or record.state not in ("matched", "ambiguous"):
            return False
        state = "declined" if record.state == "matched" else "dismissed"
        settlement = Settlement(
            state=state, plan_id=record.plan_id, settled_by="issuer host", settled_at=world.now
        )
        await store.update_state(connection, MAIN_TENANT, record, settlement)
        if record.plan_id is not None:
            await tell_match(engine, connection, record.known, record.plan_id, verb="released", at=world.now)
        return True

    return await engine.database.run(work)


async def _read_purchase(engine: Engine, world: World, question: AuthorizationQuestion) -> PurchaseFacts:
    """The question with the funding card's index in place of the number. Raises UnknownToken."""
    funding = await resolve_funding_card(engine, world, tenant_id=MAIN_TENANT, digits=question.digits)
    link_id = question.transaction_link_id
    for digits in {question.digits} | ({funding.pan.digits} if funding.pan else set()):
        # Plans keep their link id masked in the same way.
        link_id = None if link_id is None else link_id.replace(digits, mask_digits(digits))
    return PurchaseFacts(
        pan_index=funding.pan_index,
        amount_minor=question.amount_minor,
        currency=question.currency,
        stan=question.stan,
        rrn=question.rrn,
        transaction_link_id=link_id,
        transmitted=question.transmitted,
        acquirer_id=question.acquirer_id,
        original=question.original,
    )


def _find_held(purchase: PurchaseFacts, records: Sequence[MatchRecord]) -> MatchRecord | None:
    known = find_same_purchase(purchase, [record.known for record in records])
    if known is None:
        return None
    return next(record for record in records if record.authorization_id == known.authorization_id)


async def _answer_again(engine: Engine, world: World, connection: Connection, held: MatchRecord) -> PlanMatch:
    """What the authorization was answered; one that was declined takes its plan again while it is free."""
    if held.state == "declined":
        assert held.plan_id is not None
        if await store.is_plan_taken(connection, MAIN_TENANT, held.plan_id):
            return replace(_NOTHING, authorization_id=held.authorization_id)
        settlement = Settlement(
            state="matched", plan_id=held.plan_id, settled_by="repeated message", settled_at=world.now
        )
        await store.update_state(connection, MAIN_TENANT, held, settlement)
        await tell_match(engine, connection, held.known, held.plan_id, verb="matched", at=world.now)
        return PlanMatch(
            outcome=MatchOutcome.MATCHED, plan_id=held.plan_id, authorization_id=held.authorization_id
        )
    return _repeat_answer(held)


def _repeat_answer(held: MatchRecord) -> PlanMatch:
    """The answer of a record that nothing can change any more but a person."""
    assert held.state != "declined"
    if held.state == "dismissed":
        return replace(_NOTHING, authorization_id=held.authorization_id)
    outcome = MatchOutcome.AMBIGUOUS if held.state == "ambiguous" else MatchOutcome.MATCHED
    return PlanMatch(outcome=outcome, plan_id=held.plan_id, authorization_id=held.authorization_id)


async def _bind_at_once(
    engine: Engine, world: World, purchase: PurchaseFacts, seen: CardMatches
) -> PlanMatch | None:
    """The answer without the card's lock: nothing, or the one plan, which unique indexes guard.

    None when it takes the lock: of several plans a person must choose, or somebody else was faster.
    """
    decision = decide_match(purchase, seen.candidates, now=world.now, window=engine.policy.matching_window)
    if decision.outcome is MatchOutcome.NONE:
        return _NOTHING
    if decision.plan is None:
        return None
    assert seen.card_id is not None, "a candidate has a card"
    record, event = _make_record(engine, world, purchase, decision=decision, card_id=seen.card_id)
    assert event is not None
    fingerprint = _fingerprint(purchase)
    is_ours = await engine.database.run_statement(
        lambda connection: store.insert_match(
            connection, MAIN_TENANT, record, fingerprint=fingerprint, event=event
        )
    )
    return _repeat_answer(record) if is_ours else None


async def _bind(
    engine: Engine,
    world: World,
    connection: Connection,
    purchase: PurchaseFacts,
    *,
    decision: MatchDecision,
    card_id: str,
) -> PlanMatch:
    """Write the decision, and the event of a match, in this transaction."""
    record, event = _make_record(engine, world, purchase, decision=decision, card_id=card_id)
    await store.insert_record(
        connection, MAIN_TENANT, record, fingerprint=_fingerprint(purchase), event=event
    )
    return _repeat_answer(record)


def _make_record(
    engine: Engine, world: World, purchase: PurchaseFacts, *, decision: MatchDecision, card_id: str
) -> tuple[MatchRecord, MatchEvent | None]:
    """The record of a decision, and the event when a plan is bound by it."""
    plan_id = None if decision.plan is None else decision.plan.plan_id
    known = KnownAuthorization(
        authorization_id=engine.ids.new_uuid(),
        amount_minor=purchase.amount_minor,
        currency=purchase.currency,
        stan=purchase.stan,
        rrn=purchase.rrn,
        transaction_link_id=purchase.transaction_link_id,
        transmitted=purchase.transmitted,
        acquirer_id=purchase.acquirer_id,
    )
    record = MatchRecord(
        authorization_id=known.authorization_id,
        card_id=card_id,
        provider_id=decision.choices[0].provider_id,
        state="ambiguous" if plan_id is None else "matched",
        plan_id=plan_id,
        choices=tuple(plan.plan_id for plan in decision.choices),
        known=known,
        asked_at=world.now,
    )
    if plan_id is None:
        return record, None
    return record, _make_event(engine, known, plan_id, verb="matched", at=world.now)


def _fingerprint(purchase: PurchaseFacts) -> bytes:
    """One value for one authorization; the card's index in it is keyed already."""
    members = (
        purchase.pan_index.hex(),
        str(purchase.amount_minor),
        purchase.currency,
        _canonical(purchase.stan),
        _canonical(purchase.rrn),
        purchase.transaction_link_id or "",
        purchase.transmitted or "",
        purchase.acquirer_id or "",
    )
    return hashlib.sha256("\x1f".join(members).encode()).digest()


def _canonical(identifier: Identifier | None) -> str:
    """The same text for `742` and `000742`."""
    if identifier is None:
        return ""
    text = identifier.text
    return str(int(text)) if text.isascii() and text.isdigit() else text


async def tell_match(
    engine: Engine,
    connection: Connection,
    known: KnownAuthorization,
    plan_id: str,
    *,
    verb: str,
    at: datetime,
) -> None:
    """Write the event `plan.authorization_matched` or `plan.authorization_released`."""
    event = _make_event(engine, known, plan_id, verb=verb, at=at)
    await store.insert_event(connection, MAIN_TENANT, event)


def _make_event(
    engine: Engine, known: KnownAuthorization, plan_id: str, *, verb: str, at: datetime
) -> MatchEvent:
    return MatchEvent(
        event_id=engine.ids.new_uuid(),
        type=f"plan.authorization_{verb}",
        subject=plan_id,
        data={
            "authorization_id": known.authorization_id,
            "amount_minor": known.amount_minor,
            "currency": known.currency,
        },
        occurred_at=at,
    )
