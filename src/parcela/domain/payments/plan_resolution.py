"""Which plans a payment may have, why it may not have others, and which one a wished number comes to.

`spec/payments.md` §§6.2 and 6.6. Pure: the issuer's and the lender's words come as values.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from parcela.domain.calendar import MONTHLY
from parcela.domain.card_brands import CardBrand
from parcela.domain.catalogue import Candidate, RangeCandidates
from parcela.domain.eligibility import Purchase, Rule, find_stopping_rule, screen_candidates
from parcela.domain.money import Money
from parcela.domain.offers import is_cardable
from parcela.domain.payments.accounts import (
    BnplFallback,
    PaymentsAccount,
    PaymentsMarket,
    PaymentsProgram,
    ProgramModel,
)
from parcela.domain.payments.plan_pricing import UNPRICED, PlanPurchase, PricedProgram, price_plan
from parcela.domain.payments.plans import PaymentOffer
from parcela.domain.payments.records import ProgramFilter, UnavailableCode, UnavailableReason
from parcela.domain.payments.unavailability import AmountWriter, explain
from parcela.domain.programs import Program, UseCase
from parcela.domain.rates.solver import RateUndefined

CHANNEL = "payments"
"""The channel of this door in the rules of core programs."""

FEWEST, MOST = 2, 60
ENDING = timedelta(hours=24)
"""A program that ends sooner is not offered (`plans_ending`)."""

_RANKS = {ProgramModel.COBRAND: 0, ProgramModel.ISSUER: 1, ProgramModel.LENDER: 2}
_Code = UnavailableCode
_CODES = {
    Rule.CONSUMER: _Code.CARD_NOT_ELIGIBLE,
    Rule.MCC: _Code.CATEGORY_BLOCKED,
    Rule.CURRENCY: _Code.CURRENCY_NOT_SUPPORTED,
    Rule.MERCHANT: _Code.MERCHANT_NOT_ENABLED,
    Rule.DATE: _Code.PLANS_ENDING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A purchase with a card at an account, and the set-up that decides about its plans.

    `cores` are the core programs in force with their versions, by id. `member_of` are the PAN lists that hold
    the card. `issuer_refusal` and `lender_refusal` are what those said themselves. `residence` is the country
    (alpha-3) in which the payer lives, where that is known.
    """

    account: PaymentsAccount
    programs: Sequence[PaymentsProgram]
    markets: Sequence[PaymentsMarket]
    cores: Mapping[str, tuple[Program, int]]
    digits: str = field(repr=False)
    brand: CardBrand
    found: RangeCandidates | None
    member_of: Collection[str]
    purchase: PlanPurchase
    asked_at: datetime
    issuer_refusal: UnavailableCode | None = None
    lender_refusal: UnavailableCode | None = None
    residence: str | None = None

    @property
    def card_purchase(self) -> Purchase:
        """The purchase as core programs' rules look at it."""
        amount = self.purchase.amount
        return Purchase(
            amount=Decimal(amount.minor).scaleb(-amount.currency.exponent),
            currency=amount.currency.code,
            local_at=self.asked_at,
            country=self.account.country,
            mcc=self.account.mcc,
            merchant_id=self.account.acquirer_merchant_id,
            channel=CHANNEL,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a program, or all of one side, gives no plan; `bound` is the amount that would do."""

    code: UnavailableCode
    program: str | None = None
    bound: Money | None = None


NO_PROGRAMS = (Obstacle(code=UnavailableCode.ISSUER_NOT_PARTICIPATING),)
"""Nothing is set up for the card."""


@dataclass(frozen=True, slots=True)
class Side:
    """The plans of issuers, or those of lenders; obstacles count where there are none.

    `unrated` are the core programs whose plan has no rate by its regime, for the operator (`rate_undefined`).
    """

    offers: tuple[PaymentOffer, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    unrated: tuple[str, ...] = ()


def find_market(situation: Situation) -> PaymentsMarket | Obstacle:
    """The market of the payment, or why there is none (§6.6); the account's switch comes first."""
    if not situation.account.has_installments:
        return Obstacle(code=_Code.MERCHANT_NOT_ENABLED)
    country = situation.account.country
    of_country = [market for market in situation.markets if country in market.countries]
    if not of_country:
        return Obstacle(code=_Code.MARKET_NOT_SUPPORTED)
    currency = situation.purchase.amount.currency.code
    of_currency = [market for market in of_country if market.currency == currency]
    if not of_currency:
        return Obstacle(code=_Code.CURRENCY_NOT_SUPPORTED)
    for market in of_currency:
        if situation.brand in market.brands:
            return market
    return Obstacle(code=_Code.BRAND_NOT_PARTICIPATING)


def list_issuer_plans(situation: Situation, market: PaymentsMarket) -> Side:
    """The plans of the card's issuer; for the cards of a co-brand its terms replace the issuer's (§6.5)."""
    if situation.issuer_refusal is not None:
        return Side(obstacles=(Obstacle(code=situation.issuer_refusal),))
    found = situation.found
    joined = [] if found is None else _join_candidates(situation, found)
    if found is None or not joined:
        return Side(obstacles=NO_PROGRAMS)
    admitted: list[PricedProgram] = []
    obstacles: list[Obstacle] = []
    for program, candidate in joined:
        source = PricedProgram(program=program, core=candidate.program, version=candidate.version)
        obstacle = _find_card_obstacle(situation, source) or _screen(situation, found, candidate, source)
        if obstacle is None:
            admitted.append(source)
        else:
            obstacles.append(obstacle)
    return _price(admitted, obstacles, situation, market)


def list_lender_plans(situation: Situation, market: PaymentsMarket) -> Side:
    """The plans of lenders, which stand for every card that their program does not deny."""
    admitted: list[PricedProgram] = []
    obstacles: list[Obstacle] = []
    for program in situation.programs:
        if program.model is not ProgramModel.LENDER:
            continue
        for program_id in program.program_ids:
            if program_id not in situation.cores:
                continue
            core, version = situation.cores[program_id]
            source = PricedProgram(program=program, core=core, version=version)
            obstacle = _find_lender_obstacle(situation, source)
            if obstacle is None:
                admitted.append(source)
            else:
                obstacles.append(obstacle)
    return _price(admitted, obstacles, situation, market)


def is_lender_asked(issuer: Side, *, wanted: ProgramFilter, fallback: BnplFallback) -> bool:
    """Does what the lenders offer change anything beside these plans of issuers? Pricing it costs time."""
    is_shown_beside = wanted is ProgramFilter.ANY and fallback is BnplFallback.ALWAYS
    return wanted is not ProgramFilter.VINR_BNPL and (not issuer.offers or is_shown_beside)


def combine(
    issuer: Side, lender: Side, *, wanted: ProgramFilter, fallback: BnplFallback
) -> tuple[tuple[PaymentOffer, ...], tuple[Obstacle, ...]]:
    """What is shown of both sides, issuer plans first, and why a side that was asked for gave nothing (§6.2).

    No list is empty without a reason.
    """
    excluded = (Obstacle(code=_Code.PROGRAM_EXCLUDED),)
    if wanted is ProgramFilter.ISSUER:
        if issuer.offers:
            return issuer.offers, ()
        return (), issuer.obstacles + (excluded if lender.offers else ())
    if wanted is ProgramFilter.VINR_BNPL:
        if lender.offers:
            return lender.offers, ()
        return (), lender.obstacles + (excluded if issuer.offers else ()) or issuer.obstacles
    if not issuer.offers:
        return lender.offers, issuer.obstacles + lender.obstacles
    if fallback is BnplFallback.ALWAYS:
        return issuer.offers + lender.offers, lender.obstacles
    return issuer.offers, ()


def find_nearest(offers: Iterable[PaymentOffer], count: int | None) -> PaymentOffer | None:
    """The plan that a wished number comes to: the nearest, of two the smaller, then the first shown (§6.2).

    Without a number the program decides: its first plan.
    """
    held = list(offers)
    if count is None or not held:
        return held[0] if held else None
    return min(held, key=lambda offer: (abs(offer.count - count), offer.count))


def explain_all(
    obstacles: Iterable[Obstacle], locale: str, write_amount: AmountWriter
) -> tuple[UnavailableReason, ...]:
    """Reasons in words, each once, in their order; of several bounds the widest counts."""
    widest: dict[tuple[UnavailableCode, str | None], Obstacle] = {}
    for obstacle in obstacles:
        key = (obstacle.code, obstacle.program)
        held = widest.get(key)
        widest[key] = obstacle if held is None else _widen(held, obstacle)
    return tuple(
        explain(
            obstacle.code,
            locale,
            program=obstacle.program,
            bound=None if obstacle.bound is None else write_amount(obstacle.bound, locale),
        )
        for obstacle in widest.values()
    )


def _widen(one: Obstacle, other: Obstacle) -> Obstacle:
    if one.bound is None or other.bound is None:
        return one if other.bound is None else other
    choose = min if one.code is _Code.AMOUNT_BELOW_MINIMUM else max
    return replace(one, bound=choose(one.bound, other.bound))


def _join_candidates(situation: Situation, found: RangeCandidates) -> list[tuple[PaymentsProgram, Candidate]]:
    """The range's programs under merchants' names, in the order in which plans are shown."""
    candidates = {candidate.program.offer_id: candidate for candidate in found.candidates}
    joined = [
        (program, candidates[program_id])
        for program in sorted(situation.programs, key=lambda program: (_RANKS[program.model], program.name))
        if program.model is not ProgramModel.LENDER
        for program_id in program.program_ids
        if program_id in candidates
    ]
    cobranded = [pair for pair in joined if pair[0].model is ProgramModel.COBRAND]
    joined = cobranded or joined
    currency = situation.purchase.amount.currency.code
    # A program in another currency is no reason while there is one in the payment's.
    return [pair for pair in joined if pair[1].program.currency == currency] or joined


def _screen(
    situation: Situation, found: RangeCandidates, candidate: Candidate, source: PricedProgram
) -> Obstacle | None:
    narrowed = replace(found, candidates=(candidate,))
    _, refusals = screen_candidates(
        narrowed,
        situation.card_purchase,
        use_case=UseCase.DURING_PURCHASE,
        member_of=situation.member_of,
    )
    return (
        _tell_rule(refusals[0].rule, source, situation)
        if refusals
        else _find_form_obstacle(situation, source)
    )


def _find_lender_obstacle(situation: Situation, source: PricedProgram) -> Obstacle | None:
    obstacle = _find_card_obstacle(situation, source)
    if obstacle is not None:
        return obstacle
    rule = find_stopping_rule(source.core, situation.card_purchase)
    if rule is not None:
        return _tell_rule(rule, source, situation)
    if situation.lender_refusal is not None:
        return Obstacle(code=situation.lender_refusal, program=source.program.name)
    return _find_form_obstacle(situation, source)


def _find_card_obstacle(situation: Situation, source: PricedProgram) -> Obstacle | None:
    """What rules this card out of a program, before its core program is looked at."""
    program = source.program
    if program.denies(situation.digits):
        return Obstacle(code=_Code.CARD_NOT_ELIGIBLE, program=program.name)
    if not program.allows_cross_border and _is_cross_border(situation):
        return Obstacle(code=_Code.CROSS_BORDER_NOT_ALLOWED, program=program.name)
    return None


def _is_cross_border(situation: Situation) -> bool:
    """A card whose country nobody knows is not taken for a foreign one."""
    found = situation.found
    return found is not None and found.account_range.country != situation.account.country


def _tell_rule(rule: Rule, source: PricedProgram, situation: Situation) -> Obstacle:
    name = source.program.name
    if rule is Rule.AMOUNT:
        return _tell_bound(source, situation)
    if rule is Rule.COUNTRY:
        crosses = _is_cross_border(situation)
        code = _Code.CROSS_BORDER_NOT_ALLOWED if crosses else _Code.MARKET_NOT_SUPPORTED
        return Obstacle(code=code, program=name)
    return Obstacle(code=_CODES[rule], program=name)


def _tell_bound(source: PricedProgram, situation: Situation) -> Obstacle:
    amount, rules = situation.purchase.amount, source.core.rules
    exponent = amount.currency.exponent
    least = int(rules.minimum.scaleb(exponent).to_integral_value(ROUND_CEILING))
    if amount.minor < least:
        code, bound = _Code.AMOUNT_BELOW_MINIMUM, least
    else:
        assert rules.maximum is not None, "an amount that breaks the rule breaks one of its bounds"
        code = _Code.AMOUNT_ABOVE_MAXIMUM
        bound = int(rules.maximum.scaleb(exponent).to_integral_value(ROUND_FLOOR))
    return Obstacle(code=code, program=source.program.name, bound=Money(bound, amount.currency))


def _find_form_obstacle(situation: Situation, source: PricedProgram) -> Obstacle | None:
    """What this door cannot say, and programs about to end."""
    core, name = source.core, source.program.name
    if core.terms.interval != MONTHLY:
        return Obstacle(code=_Code.INTERVAL_NOT_SUPPORTED, program=name)
    if core.end - situation.asked_at < ENDING:
        return Obstacle(code=_Code.PLANS_ENDING, program=name)
    if not is_cardable(core.terms) or not FEWEST <= core.terms.count <= MOST:
        return Obstacle(code=_Code.CARD_NOT_ELIGIBLE, program=name)
    return None


def _price(
    admitted: Sequence[PricedProgram],
    obstacles: Sequence[Obstacle],
    situation: Situation,
    market: PaymentsMarket,
) -> Side:
    """Price what is admitted. A plan with rows below one minor unit, or without a lawful rate, is not offered
    (`disclosures.md` §§1.5 and 3).
    """
    offers: list[PaymentOffer] = []
    unpriced: list[Obstacle] = []
    unrated: list[str] = []
    for source in admitted:
        try:
            offers.append(price_plan(source, _find_purchase(source, situation), market))
        except UNPRICED as error:
            unpriced.append(Obstacle(code=_Code.AMOUNT_BELOW_MINIMUM, program=source.program.name))
            if isinstance(error, RateUndefined):
                unrated.append(source.core.offer_id)
    return Side(tuple(offers), () if offers else (*obstacles, *unpriced), tuple(unrated))


def _find_purchase(source: PricedProgram, situation: Situation) -> PlanPurchase:
    """The purchase with the countries whose rules count: the card's for its issuer's plans, for a lender's
    that in which the payer lives (`disclosures.md` §1.3).
    """
    merchant, found = situation.account.country, situation.found
    if source.program.model is ProgramModel.LENDER:
        cardholder = situation.residence
    else:
        cardholder = None if found is None else found.account_range.country
    return replace(situation.purchase, cardholder_country=cardholder or merchant, merchant_country=merchant)
