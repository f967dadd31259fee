"""The plans that a shop may advertise for an amount: those of its market, before any card is known.

They are priced as the plans of a payment are, for a card that has every program open to the public, so that
what is advertised equals what is shown later (`spec/payments.md` §6.2; `disclosures.md` §2.1, advertising).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from parcela.domain.card_brands import CardBrand
from parcela.domain.catalogue import Candidate, Catalogue, RangeCandidates
from parcela.domain.money import Money
from parcela.domain.payments.accounts import PaymentsProgram, ProgramModel
from parcela.domain.payments.plan_pricing import PlanPurchase
from parcela.domain.payments.plan_resolution import (
    Obstacle,
    Situation,
    combine,
    explain_all,
    find_market,
    is_lender_asked,
    list_issuer_plans,
    list_lender_plans,
)
from parcela.domain.payments.plans import PaymentOffer
from parcela.domain.payments.records import ProgramFilter, UnavailableReason
from parcela.domain.payments.unavailability import AmountWriter
from parcela.domain.programs import AccountRange, OfferGroup, Program
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.plan_offers import list_cores

_LOWEST, _HIGHEST = "0" * 19, "9" * 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Advertised:
    """Offers without names, in the order in which they are shown; reasons where there are none."""

    offers: tuple[PaymentOffer, ...] = ()
    reasons: tuple[UnavailableReason, ...] = ()


def list_advertised_plans(
    moment: AccountMoment, amount: Money, locale: str, *, write_amount: AmountWriter
) -> Advertised:
    """The plans of an account's market for an amount; works in memory.

    Plans of co-brands and of PAN lists are for some cards only, so they are not advertised. Of two programs
    of an issuer that give the same rows and rate, such as those of two card brands, the first is told.
    """
    situation = _describe(moment, amount, locale)
    market = find_market(situation)
    if isinstance(market, Obstacle):
        return Advertised(reasons=explain_all([market], locale, write_amount))
    fallback = moment.account.bnpl_fallback
    issuer = list_issuer_plans(situation, market)
    offers, obstacles = issuer.offers, issuer.obstacles
    if is_lender_asked(issuer, wanted=ProgramFilter.ANY, fallback=fallback):
        lender = list_lender_plans(situation, market)
        offers, obstacles = combine(issuer, lender, wanted=ProgramFilter.ANY, fallback=fallback)
    if offers:
        return Advertised(offers=_drop_repeated(offers))
    return Advertised(reasons=explain_all(obstacles, locale, write_amount))


def _describe(moment: AccountMoment, amount: Money, locale: str) -> Situation:
    """A purchase with a card that has all there is for everybody; its brand is one that the market takes."""
    catalogue, account = moment.world.catalogue(moment.owner.tenant_id), moment.account
    markets = catalogue.list_payments_markets()
    brands = [
        brand
        for market in markets
        if account.country in market.countries and market.currency == amount.currency.code
        for brand in market.brands
    ]
    programs = [one for one in catalogue.list_payments_programs() if one.model is not ProgramModel.COBRAND]
    return Situation(
        account=account,
        programs=programs,
        markets=markets,
        cores=list_cores(catalogue),
        digits="",
        brand=brands[0] if brands else CardBrand.MASTERCARD,
        found=_find_public_range(catalogue, programs, country=account.country),
        member_of=frozenset(),
        purchase=PlanPurchase(amount=amount, bought_on=moment.today, locale=locale),
        asked_at=moment.now,
    )


def _find_public_range(
    catalogue: Catalogue, programs: list[PaymentsProgram], *, country: str
) -> RangeCandidates | None:
    """A range of credit cards of the shop's country with every program that some open group has."""
    issuers = (catalogue.find_issuer(program.provider_id) for program in programs)
    issuer = next((found for found in issuers if found is not None), None)
    if issuer is None:
        return None
    ours = {program_id for program in programs for program_id in program.program_ids}
    candidates = _list_public_candidates(catalogue, ours)
    card_range = AccountRange(low=_LOWEST, high=_HIGHEST, provider_id=issuer.provider_id, country=country)
    return RangeCandidates(card_range, issuer, candidates, has_pan_lists=False)


def _list_public_candidates(catalogue: Catalogue, wanted: set[str]) -> tuple[Candidate, ...]:
    found: Mapping[str, Candidate] = {
        program_id: Candidate(held.entry, held.version, frozenset(), is_open=True)
        for group in _list_open_groups(catalogue)
        for program_id in group.offer_ids
        if program_id in wanted
        and (held := catalogue.entries.get((Program.kind, program_id))) is not None
        and isinstance(held.entry, Program)
        and held.entry.enabled
    }
    return tuple(found[program_id] for program_id in sorted(found))


def _list_open_groups(catalogue: Catalogue) -> list[OfferGroup]:
    """Groups of cards that need be on no list, and whose programs the issuer does not price in real time."""
    entries = (held.entry for held in catalogue.entries.values())
    return [
        entry
        for entry in entries
        if isinstance(entry, OfferGroup)
        and entry.enabled
        and entry.range_lows
        and not entry.pan_list_ids
        and not entry.real_time
    ]


def _drop_repeated(offers: tuple[PaymentOffer, ...]) -> tuple[PaymentOffer, ...]:
    """The offers without those whose issuer, dates, amounts and rate were told already."""
    first = {
        (offer.provider_id, offer.model, offer.rows, offer.rate, offer.fees): offer
        for offer in reversed(offers)
    }
    kept = {id(offer) for offer in first.values()}
    return tuple(offer for offer in offers if id(offer) in kept)
