"""The plans of a payment with a card: found, priced, and kept as they were shown.

`spec/payments.md` §6. A list that still says the same is the same list, with the same offers; any other
one is a new list.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from parcela.domain.cards import Pan
from parcela.domain.catalogue import Catalogue, RangeCandidates
from parcela.domain.countries import find_country
from parcela.domain.currency import find_currency
from parcela.domain.money import Money
from parcela.domain.payments.accounts import PaymentsMarket, ProgramModel
from parcela.domain.payments.creditors import describe_creditor
from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.plan_choices import PlanList
from parcela.domain.payments.plan_pricing import PlanPurchase, is_same_plan, name_offer
from parcela.domain.payments.plan_resolution import (
    NO_PROGRAMS,
    Obstacle,
    Side,
    Situation,
    combine,
    explain_all,
    find_market,
    find_nearest,
    is_lender_asked,
    list_issuer_plans,
    list_lender_plans,
)
from parcela.domain.payments.plans import PaymentOffer, PlanState
from parcela.domain.payments.records import (
    InstallmentsRequest,
    Payment,
    PaymentMethod,
    PaymentStatus,
    ProgramFilter,
    UnavailableCode,
)
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.unavailability import LANGUAGES, explain
from parcela.domain.programs import Program
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, new_id, tell
from parcela.operations.payments.lending import ANSWER_S, CreditDecision
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.plan_issuers import CardAnswer, CardQuestion, CardWord
from parcela.store import cards
from parcela.store.database import Connection
from parcela.store.payments import offers, plans

_ISSUER_REFUSALS = {
    CardWord.ELIGIBLE: None,
    CardWord.NOT_PARTICIPATING: UnavailableCode.ISSUER_NOT_PARTICIPATING,
    CardWord.NOT_ELIGIBLE: UnavailableCode.CARD_NOT_ELIGIBLE,
    CardWord.UNAVAILABLE: UnavailableCode.ISSUER_UNAVAILABLE,
}
_LENDER_REFUSALS = {
    CreditDecision.DECLINED: UnavailableCode.CREDIT_DECLINED,
    CreditDecision.UNAVAILABLE: UnavailableCode.LENDER_UNAVAILABLE,
}
_LENDER_QUIET = timedelta(minutes=1)
"""A lender that was out of reach is asked again after so long."""

log = structlog.get_logger("parcela.payments")

_STANDING = (PlanState.CREATED, PlanState.ACTIVE, PlanState.COMPLETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardInHand:
    """A payment method's card, opened for the questions that need its number."""

    card_id: str
    pan: Pan
    pan_index: bytes = field(repr=False)
    found: RangeCandidates | None


async def list_plans(
    desk: PaymentsDesk, moment: AccountMoment, payment: Payment, method: PaymentMethod
) -> PlanList:
    """The plans that the payment may have with this card, and why there are not more (§6.3).

    What is shown is kept; the first showing of a list tells `plan.offered`. Raises PaymentRefused:
    installments_not_enabled, payment_not_confirmable.
    """
    if not payment.wish.is_enabled:
        raise PaymentRefused(
            Fault.INSTALLMENTS_NOT_ENABLED,
            "The payment was created without installments: create it with installments.enabled true.",
            param="payment",
            resource=payment.payment_id,
        )
    if payment.status is not PaymentStatus.PENDING:
        return await _list_none(desk, moment, payment, method)
    return await show_plans(desk, moment, payment, method, payment.wish)


async def show_plans(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    method: PaymentMethod,
    wish: InstallmentsRequest,
) -> PlanList:
    """Find the plans of a wish, and keep them as they are shown now."""
    return await keep_shown(desk, moment, await find_plans(desk, moment, payment, method, wish), wish)


async def keep_shown(
    desk: PaymentsDesk,
    moment: AccountMoment,
    fresh: PlanList,
    wish: InstallmentsRequest,
    *,
    is_news: bool = False,
) -> PlanList:
    """The list that was shown already, if it still says this; else these plans as a new one.

    Plans that are news are a new list in any case: the next wish is held against them, though an older list
    said the same once.
    """

    async def work(connection: Connection) -> PlanList:
        # Two showings of one payment at a time would both be the first.
        await offers.lock_payment(connection, moment.owner, fresh.payment_id)
        newest = await offers.list_newest_lists(
            connection,
            moment.owner,
            payment_id=fresh.payment_id,
            payment_method_id=fresh.payment_method_id,
            limit=len(LANGUAGES),
        )
        # A shopper who changes the language of the page to and fro is shown the same lists again.
        for held in () if is_news else newest:
            if is_still_shown(held, fresh, moment):
                return held
        shown = replace(fresh, offers=_name_offers(desk, moment, fresh.offers, wish))
        await offers.insert_list(connection, shown)
        if shown.offers:
            document = desk.renderer.render_plan_list(shown)
            happening = Happening(EventType.PLAN_OFFERED, fresh.payment_id, document)
            await tell(connection, desk, moment, [happening])
        return shown

    return await desk.engine.database.run(work)


async def find_plans(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    method: PaymentMethod,
    wish: InstallmentsRequest,
) -> PlanList:
    """The plans of a wish as they are now, without names; nothing is kept."""
    nothing = PlanList(
        owner=moment.owner,
        payment_id=payment.payment_id,
        payment_method_id=method.payment_method_id,
        offers=(),
        shown_at=moment.now,
    )
    card = await open_card(desk, moment, method)
    situation = await _describe(desk, moment, payment, method, wish=wish, card=card)
    market = find_market(situation)
    if isinstance(market, Obstacle):
        return replace(nothing, unavailable=explain_all([market], payment.locale, desk.renderer.write_amount))
    lender = Side()
    if wish.program is ProgramFilter.VINR_BNPL:
        lender = list_lender_plans(situation, market)
        if lender.offers:
            _tell_unrated(moment, payment, lender.unrated)
            return replace(nothing, offers=_name_creditors(moment, lender.offers))
    issuer, answer = await _ask_issuer(desk, moment, situation, market, card=card)
    fallback = moment.account.bnpl_fallback
    if is_lender_asked(issuer, wanted=wish.program, fallback=fallback):
        lender = list_lender_plans(situation, market)
    _tell_unrated(moment, payment, (*issuer.unrated, *lender.unrated))
    shown, obstacles = combine(issuer, lender, wanted=wish.program, fallback=fallback)
    if answer.offers_end_at is not None:
        shown = tuple(
            offer
            if offer.model is ProgramModel.LENDER
            else replace(offer, expires_at=min(offer.expires_at, answer.offers_end_at))
            for offer in shown
        )
    assert shown or obstacles, "no list is empty without a reason"
    return replace(
        nothing,
        offers=_name_creditors(moment, shown),
        unavailable=explain_all(obstacles, payment.locale, desk.renderer.write_amount),
        needs_answer=answer.needs_answer,
    )


def _name_creditors(moment: AccountMoment, drafts: tuple[PaymentOffer, ...]) -> tuple[PaymentOffer, ...]:
    """Offers with who lends, as it is told now: it is kept with them, and is part of their hash."""
    catalogue = moment.world.catalogue(moment.owner.tenant_id)
    return tuple(replace(draft, creditor=describe_creditor(catalogue, draft)) for draft in drafts)


def _tell_unrated(moment: AccountMoment, payment: Payment, programs: tuple[str, ...]) -> None:
    """The operator hears of plans that are not offered for want of a rate (`disclosures.md` §3)."""
    for program_id in programs:
        log.warning(
            "rate_undefined",
            program_id=program_id,
            account_id=moment.account.account_id,
            payment=payment.payment_id,
        )


def is_still_shown(held: PlanList, fresh: PlanList, moment: AccountMoment) -> bool:
    """Does a list that was shown say what one would say now, with offers that have not lapsed?"""
    return (
        held.unavailable == fresh.unavailable
        and held.needs_answer == fresh.needs_answer
        and len(held.offers) == len(fresh.offers)
        and all(offer.expires_at > moment.now for offer in held.offers)
        and all(is_same_plan(one, other) for one, other in zip(held.offers, fresh.offers, strict=True))
    )


async def open_card(desk: PaymentsDesk, moment: AccountMoment, method: PaymentMethod) -> CardInHand:
    """The card of a payment method, from the vault."""
    tenant_id = moment.owner.tenant_id
    async with desk.engine.database.connection() as connection:
        card = await cards.get_card(connection, tenant_id, method.card_id)
    pan = desk.engine.vault.open_pan(card)
    return CardInHand(
        card_id=card.card_id,
        pan=pan,
        pan_index=card.pan_index,
        found=moment.world.catalogue(tenant_id).find_range(pan.padded),
    )


def ask_about(card: CardInHand, moment: AccountMoment, *, amount_minor: int, currency: str) -> CardQuestion:
    """The question to an issuer about a purchase with a card."""
    return CardQuestion(
        digits=card.pan.digits,
        provider_id=None if card.found is None else card.found.account_range.provider_id,
        amount_minor=amount_minor,
        currency=currency,
        is_live=moment.is_live,
        asked_at=moment.now,
    )


async def _list_none(
    desk: PaymentsDesk, moment: AccountMoment, payment: Payment, method: PaymentMethod
) -> PlanList:
    """A payment that has its plan has no other; one that has ended has none."""
    async with desk.engine.database.connection() as connection:
        plan = await plans.find_plan_of_payment(connection, moment.owner, payment.payment_id)
    if plan is None or plan.state not in _STANDING:
        raise PaymentRefused(
            Fault.PAYMENT_NOT_CONFIRMABLE,
            f"Plans are listed for payments that are pending; this one is {payment.status}.",
            param="payment",
            resource=payment.payment_id,
        )
    return PlanList(
        owner=moment.owner,
        payment_id=payment.payment_id,
        payment_method_id=method.payment_method_id,
        offers=(),
        unavailable=(explain(UnavailableCode.ALREADY_ON_PLAN, payment.locale),),
        shown_at=moment.now,
    )


async def _describe(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    method: PaymentMethod,
    *,
    wish: InstallmentsRequest,
    card: CardInHand,
) -> Situation:
    catalogue = moment.world.catalogue(moment.owner.tenant_id)
    currency = find_currency(payment.currency)
    assert currency is not None, "a payment is in a currency of ISO 4217"
    member_of: frozenset[str] = frozenset()
    if card.found is not None and card.found.has_pan_lists:
        member_of = await desk.engine.list_lists_of_card(moment.owner.tenant_id, card.pan_index)
    return Situation(
        account=moment.account,
        programs=catalogue.list_payments_programs(),
        markets=catalogue.list_payments_markets(),
        cores=list_cores(catalogue),
        digits=card.pan.digits,
        brand=method.card.brand,
        found=card.found,
        member_of=member_of,
        purchase=PlanPurchase(
            amount=Money(payment.amount_minor, currency),
            bought_on=moment.today,
            locale=payment.locale,
            wished_date=wish.first_payment_date,
        ),
        asked_at=moment.now,
        lender_refusal=await _find_lender_refusal(desk, moment, payment, method),
        residence=_find_residence(payment, method),
    )


def _find_residence(payment: Payment, method: PaymentMethod) -> str | None:
    """The country (alpha-3) in which the payer lives, as the payment says, else the payment method."""
    for billing in (payment.billing, method.billing):
        if billing is not None and billing.address is not None and billing.address.country is not None:
            return find_country(billing.address.country)
    return None


def list_cores(catalogue: Catalogue) -> dict[str, tuple[Program, int]]:
    """The enabled core programs behind lenders' programs, by id."""
    cores = {}
    for program in catalogue.list_payments_programs():
        if program.model is not ProgramModel.LENDER:
            continue
        for program_id in program.program_ids:
            held = catalogue.entries.get((Program.kind, program_id))
            if held is not None and isinstance(held.entry, Program) and held.entry.enabled:
                cores[program_id] = (held.entry, held.version)
    return cores


async def _find_lender_refusal(
    desk: PaymentsDesk, moment: AccountMoment, payment: Payment, method: PaymentMethod
) -> UnavailableCode | None:
    """What the lender said of this payer before: a decline stays, silence is forgotten after a minute."""
    async with desk.engine.database.connection() as connection:
        checks = await offers.list_checks(
            connection,
            moment.owner,
            payment_id=payment.payment_id,
            payment_method_id=method.payment_method_id,
        )
    if not checks:
        return None
    newest = checks[0]
    decision = CreditDecision(newest.decision)
    if decision is CreditDecision.UNAVAILABLE and moment.now - newest.asked_at >= _LENDER_QUIET:
        return None
    return _LENDER_REFUSALS.get(decision)


async def _ask_issuer(
    desk: PaymentsDesk,
    moment: AccountMoment,
    situation: Situation,
    market: PaymentsMarket,
    *,
    card: CardInHand,
) -> tuple[Side, CardAnswer]:
    """The issuer's plans; it is not asked about a purchase that its own programs rule out."""
    amount = situation.purchase.amount
    side = list_issuer_plans(situation, market)
    if not side.offers and side.obstacles != NO_PROGRAMS:
        return side, CardAnswer(word=CardWord.ELIGIBLE)
    question = ask_about(card, moment, amount_minor=amount.minor, currency=amount.currency.code)
    try:
        answer = await asyncio.wait_for(desk.plan_issuer.ask_card(question), ANSWER_S)
    except TimeoutError:
        answer = CardAnswer(word=CardWord.UNAVAILABLE)
    refusal = _ISSUER_REFUSALS[answer.word]
    if refusal is not None:
        return list_issuer_plans(replace(situation, issuer_refusal=refusal), market), answer
    return side, answer


def _name_offers(
    desk: PaymentsDesk,
    moment: AccountMoment,
    drafts: tuple[PaymentOffer, ...],
    wish: InstallmentsRequest,
) -> tuple[PaymentOffer, ...]:
    """Offers with their ids and ends; the one that a wished number comes to is marked."""
    nearest = None if wish.count is None else find_nearest(drafts, wish.count)
    programs = moment.world.catalogue(moment.owner.tenant_id).list_payments_programs()
    lives = {program.name: timedelta(minutes=program.offer_life_minutes) for program in programs}
    return tuple(
        name_offer(
            draft,
            new_id(desk, moment, Prefix.OFFER),
            expires_at=moment.now + lives[draft.program_name],
            is_requested=draft is nearest,
        )
        for draft in drafts
    )
