"""Updates of an offer: the payer's acceptance, and serial numbers (`spec/gateway.md` §10)."""

from dataclasses import dataclass, replace

from parcela.domain.merchant_offers import MerchantOffer, OfferPrice, OfferState
from parcela.domain.offer_acceptance import GivenAcceptance, GivenSerials, accept_terms, take_serials
from parcela.domain.order_refusals import (
    AcceptanceMissing,
    PlanCondition,
    PlanConditionUnmet,
    PlanProviderBusy,
)
from parcela.domain.plan_conditions import find_serial_rule, is_expired
from parcela.domain.serial_numbers import list_missing
from parcela.operations.engine import Engine, World
from parcela.operations.merchants import MerchantCaller
from parcela.operations.offer_budgets import find_budget, has_room
from parcela.operations.plan_approval import PlanProvider, PlanQuestion, PlanVerdict
from parcela.operations.plan_choices import (
    QuotedOffer,
    check_plans_enabled,
    get_quoted_offer,
    judge_card,
    price_quoted_offer,
)
from parcela.operations.plan_records import AcceptanceResult, AcceptanceStatus, AcceptOffer
from parcela.store import events, merchant_offers
from parcela.store.documents import encode_document
from parcela.store.events import EventRow

_MAX_TRIES = 4
"""How often an update starts anew when the offer changed under it."""


class _Overtaken(Exception):
    """Another request changed the offer first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Update:
    """One update and what it works with."""

    engine: Engine
    world: World
    caller: MerchantCaller
    provider: PlanProvider
    command: AcceptOffer

    @property
    def tenant_id(self) -> int:
        """The merchant's tenant."""
        return self.caller.client.tenant_id


async def accept_offer(
    engine: Engine,
    world: World,
    caller: MerchantCaller,
    provider: PlanProvider,
    command: AcceptOffer,
) -> AcceptanceResult:
    """Keep a payer's acceptance, serial numbers, or both; the same again gives the same answer.

    Raises, in this order, with nothing kept: AcceptanceMissing (neither came), PlanConditionUnmet for
    PLANS_ENABLED and KNOWN, NOT_USED (an acceptance of a used offer), then what `accept_terms` or
    `take_serials` raise, and PlanProviderBusy. An offer that is expired, withdrawn, without budget or refused
    by the provider is UNAVAILABLE, and nothing is kept either.
    """
    if not command.accepts and not any(line.serial_numbers for line in command.lines):
        raise AcceptanceMissing("neither an acceptance nor a serial number came")
    check_plans_enabled(caller)
    update = _Update(engine=engine, world=world, caller=caller, provider=provider, command=command)
    for _ in range(_MAX_TRIES):
        quoted = await get_quoted_offer(engine, world, caller, command.offer_id)
        try:
            if command.accepts:
                return await _take_acceptance(update, quoted)
            return await _take_serials(update, quoted)
        except _Overtaken:
            continue
    raise PlanProviderBusy("the offer is being paid with, or changed by other requests")


async def _take_acceptance(update: _Update, quoted: QuotedOffer) -> AcceptanceResult:
    offer, command = quoted.offer, update.command
    assert command.pan is not None and command.display is not None
    assert command.amount_minor is not None and command.currency is not None
    if offer.state is OfferState.USED:
        raise PlanConditionUnmet(PlanCondition.NOT_USED)
    if _is_expired(update, offer):
        return _tell_unavailable(offer)
    given = GivenAcceptance(
        display=command.display,
        amount_minor=command.amount_minor,
        currency=command.currency,
        card=judge_card(update.engine, update.world, update.caller, quoted, command.pan),
        lines=command.lines,
        locale=command.locale,
    )
    profile = update.caller.setup.profile
    accepted = accept_terms(offer, quoted.rule, quoted.program, given, profile=profile, now=update.world.now)
    price = price_quoted_offer(quoted.rule, quoted.program, command.amount_minor)
    if quoted.is_withdrawn or not await _has_room(update, quoted, price):
        return _tell_unavailable(offer)
    if accepted.acceptance == offer.acceptance:
        return await _keep(update, quoted, accepted)
    verdict = await update.provider.accept(_ask(update, quoted, command.pan.digits, accepted))
    if verdict.verdict in (PlanVerdict.BUSY, PlanVerdict.UNREACHABLE):
        raise PlanProviderBusy("the plan provider asks to be asked again")
    if verdict.verdict is PlanVerdict.REFUSED:
        return _tell_unavailable(offer)
    return await _keep(update, quoted, replace(accepted, serial_rule=verdict.serials))


async def _take_serials(update: _Update, quoted: QuotedOffer) -> AcceptanceResult:
    offer, command = quoted.offer, update.command
    is_used = offer.state is OfferState.USED
    if not is_used and (quoted.is_withdrawn or _is_expired(update, offer)):
        return _tell_unavailable(offer)
    given = GivenSerials(
        amount_minor=command.amount_minor,
        currency=command.currency,
        card=None
        if command.pan is None
        else judge_card(update.engine, update.world, update.caller, quoted, command.pan),
        lines=command.lines,
    )
    return await _keep(update, quoted, take_serials(offer, quoted.rule, quoted.program, given))


async def _keep(update: _Update, quoted: QuotedOffer, changed: MerchantOffer) -> AcceptanceResult:
    """Write what changed, and tell what is still due. Raises _Overtaken when the offer is not as it was."""
    if changed != quoted.offer:
        async with update.engine.database.transaction() as connection:
            if not await merchant_offers.save_terms(connection, update.tenant_id, changed):
                raise _Overtaken
            if changed.acceptance != quoted.offer.acceptance:
                event = _write_event(update, changed)
                await events.insert_events(connection, update.tenant_id, [event], at=update.world.now)
    missing = list_missing(changed.items, changed.serials, find_serial_rule(changed, quoted.rule))
    return AcceptanceResult(
        offer_id=changed.offer_id,
        status=AcceptanceStatus.CONDITIONAL if missing else AcceptanceStatus.ACCEPTED,
        missing_serials=missing,
    )


def _tell_unavailable(offer: MerchantOffer) -> AcceptanceResult:
    return AcceptanceResult(offer_id=offer.offer_id, status=AcceptanceStatus.UNAVAILABLE)


def _is_expired(update: _Update, offer: MerchantOffer) -> bool:
    offer_life = update.engine.policy.merchant_offer_life
    return is_expired(offer, now=update.world.now, offer_life=offer_life)


async def _has_room(update: _Update, quoted: QuotedOffer, price: OfferPrice) -> bool:
    """Could the offer be paid with, as far as its rule's budget goes?"""
    catalogue = update.world.catalogue(update.tenant_id)
    budget_minor = find_budget(catalogue, quoted.rule, quoted.program)
    return budget_minor is None or await has_room(
        update.engine, update.tenant_id, quoted.rule.key, price=price, budget_minor=budget_minor
    )


def _ask(update: _Update, quoted: QuotedOffer, digits: str, accepted: MerchantOffer) -> PlanQuestion:
    """The question to the provider, under an id that is the same for the same acceptance."""
    acceptance = accepted.acceptance
    assert acceptance is not None
    content = encode_document(
        {
            "offer": accepted.offer_id,
            "client": update.caller.client.client_id,
            "card": acceptance.pan_index.hex(),
            "display": acceptance.display,
            "amount": acceptance.amount_minor,
            "currency": acceptance.currency,
            "items": [[item.sku, str(item.quantity), str(item.unit_price)] for item in acceptance.items],
        }
    )
    return PlanQuestion(
        question_id=update.engine.vault.fingerprint(update.tenant_id, content.encode()).hex(),
        profile=update.caller.setup.profile,
        provider_id=quoted.program.provider_id,
        program_id=quoted.program.offer_id,
        digits=digits,
        amount_minor=acceptance.amount_minor,
        currency=acceptance.currency,
    )


def _write_event(update: _Update, accepted: MerchantOffer) -> EventRow:
    acceptance = accepted.acceptance
    assert acceptance is not None
    return EventRow(
        event_id=update.engine.ids.new_uuid(),
        type="offer.accepted",
        subject=accepted.offer_id,
        data={
            "merchant_id": update.caller.setup.profile.merchant_id,
            "rule": accepted.priced_by.rule_key,
            "terms_version": acceptance.terms_version,
            "display": acceptance.display,
            "amount_minor": acceptance.amount_minor,
            "currency": acceptance.currency,
        },
    )
