"""A merchant's offers as plans that its shop may advertise without a card (`spec/gateway.md` §§8, 9).

Generic, item and cart offers are priced as the inquiries price them; rows and rate are those of a purchase
today. Nothing is kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from parcela.domain.calendar import MONTHLY, DateOutOfRange
from parcela.domain.currency import Currency
from parcela.domain.disclosures.offers import Places, PricedCredit, find_disclosures
from parcela.domain.disclosures.rate_labels import find_rate_label
from parcela.domain.disclosures.records import OfferDisclosure
from parcela.domain.disclosures.rules import find_method
from parcela.domain.merchant_offers import CartItem, OfferPrice
from parcela.domain.merchant_pricing import build_rows
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.plan_texts import find_refund_effect
from parcela.domain.payments.plans import CostRate, PaymentOffer, PlanFee, PlanRow, ShownTerms
from parcela.domain.payments.records import UnavailableCode
from parcela.domain.payments.unavailability import explain
from parcela.domain.plans import Installment
from parcela.domain.programs import Program
from parcela.domain.rates.regimes import Regime, find_cost_rate
from parcela.domain.rates.solver import RateUndefined
from parcela.domain.schedule.records import InstallmentRow, Schedule, make_row
from parcela.operations.engine import Engine, World
from parcela.operations.merchant_dates import find_local_date
from parcela.operations.merchant_inquiries import (
    Article,
    CartInquiry,
    GenericInquiry,
    ItemInquiry,
    ShownOffer,
    preview_cart_offers,
    show_generic_offers,
    show_item_offers,
)
from parcela.operations.merchants import MerchantCaller
from parcela.operations.payments.advertised_plans import Advertised

_END = datetime.max.replace(tzinfo=UTC)
_PERIODIC = (Regime.MX_CAT, Regime.JP_REAL_RATE)
"""Rules that count whole periods from the purchase: they have no figure for a first payment put off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvertisedPurchase:
    """What a shop advertises for: one article (`sku` and amount), a cart, or, without all, itself."""

    currency: Currency
    locale: str
    amount_minor: int | None = None
    sku: str | None = None
    items: tuple[CartItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shop:
    """The merchant today. Its cards are taken to be of its own country."""

    caller: MerchantCaller
    today: date
    locale: str
    places: Places
    refund_effect: str

    @property
    def country(self) -> str:
        """Alpha-3."""
        return self.caller.setup.profile.country


async def list_advertised_offers(
    engine: Engine, world: World, caller: MerchantCaller, purchase: AdvertisedPurchase
) -> Advertised:
    """The merchant's monthly offers with a lawful rate, in display order; reasons where there are none."""
    shown = await _list_shown(engine, world, caller, purchase)
    shop = _describe_shop(engine, world, caller, purchase)
    offers = tuple(_convert_each(shown, shop))
    if offers:
        return Advertised(offers=offers)
    return Advertised(reasons=(explain(_find_reason(caller, purchase), purchase.locale),))


async def _list_shown(
    engine: Engine, world: World, caller: MerchantCaller, purchase: AdvertisedPurchase
) -> tuple[ShownOffer, ...]:
    currency, amount_minor, locale = purchase.currency, purchase.amount_minor, purchase.locale
    if amount_minor is None:
        generic = GenericInquiry(merchant_currency=currency.code, locale=locale)
        return (await show_generic_offers(engine, world, caller, generic)).offers
    if purchase.sku is not None:
        unit_price = Decimal(amount_minor).scaleb(-currency.exponent)
        article = Article(sku=purchase.sku, unit_price=unit_price)
        inquiry = ItemInquiry(currency=currency.code, articles=(article,), locale=locale)
        return (await show_item_offers(engine, world, caller, inquiry)).articles[0].offers
    cart = CartInquiry(amount_minor=amount_minor, currency=currency.code, items=purchase.items, locale=locale)
    return await preview_cart_offers(engine, world, caller, cart)


def _describe_shop(
    engine: Engine, world: World, caller: MerchantCaller, purchase: AdvertisedPurchase
) -> _Shop:
    """Where the country has no rule of its own, that of its market counts, else the European one."""
    profile = caller.setup.profile
    market = next(
        (
            market
            for market in world.catalogue(caller.client.tenant_id).list_payments_markets()
            if profile.country in market.countries and market.currency == purchase.currency.code
        ),
        None,
    )
    return _Shop(
        caller=caller,
        today=find_local_date(profile, world.now),
        locale=purchase.locale,
        places=Places(
            cardholder=profile.country,
            merchant=profile.country,
            merchant_method=Regime.EU_CCD2 if market is None else Regime(market.rate_regime),
        ),
        refund_effect=find_refund_effect(engine.policy.servicing.refund_strategy, purchase.locale),
    )


def _find_reason(caller: MerchantCaller, purchase: AdvertisedPurchase) -> UnavailableCode:
    profile = caller.setup.profile
    if not profile.has_plans:
        return UnavailableCode.MERCHANT_NOT_ENABLED
    if purchase.currency.code not in profile.currencies:
        return UnavailableCode.CURRENCY_NOT_SUPPORTED
    return UnavailableCode.AMOUNT_BELOW_MINIMUM


def _convert_each(shown: tuple[ShownOffer, ...], shop: _Shop) -> Iterator[PaymentOffer]:
    programs = {held.program.offer_id: held.program for held in shop.caller.setup.rules}
    for offer in shown:
        program, price = programs[offer.program_id], offer.price
        if price is None or program.terms.interval != MONTHLY or price.count < 2:
            continue
        try:
            schedule = _make_schedule(price, build_rows(price, program.terms, anchor=shop.today))
            disclosures = _find_disclosures(shop, price, program, schedule=schedule)
        except (DateOutOfRange, RateUndefined):
            # Without a lawful rate there is nothing to advertise (`disclosures.md` §3).
            continue
        nominal = _find_nominal_rate(offer, price, program, schedule=schedule, today=shop.today)
        yield replace(
            _make_offer(offer, shop, schedule, disclosures=disclosures),
            provider_id=program.provider_id,
            interest_percent=nominal,
        )


def _make_schedule(price: OfferPrice, rows: Sequence[Installment]) -> Schedule:
    kept = tuple(
        make_row(
            row.number,
            row.due_date,
            parts=(row.principal_minor, row.interest_minor),
            fee_minor=row.fee_minor,
        )
        for row in rows
    )
    return Schedule(
        currency=price.currency,
        principal_minor=price.principal_minor,
        rows=kept,
        total_minor=sum(row.amount_minor for row in kept),
        interest_minor=sum(row.interest_minor for row in kept),
        fee_minor=sum(row.fee_minor for row in kept),
    )


def _find_disclosures(
    shop: _Shop, price: OfferPrice, program: Program, *, schedule: Schedule
) -> tuple[OfferDisclosure, ...]:
    method = find_method(shop.country) or shop.places.merchant_method
    if method in _PERIODIC and price.deferral_months and schedule.total_minor > price.principal_minor:
        raise RateUndefined("the rule counts whole periods and the first payment is put off")
    credit = PricedCredit(terms=program.terms, schedule=schedule, bought_on=shop.today, is_lent=False)
    return find_disclosures(credit, shop.places)


def _find_nominal_rate(
    offer: ShownOffer, price: OfferPrice, program: Program, *, schedule: Schedule, today: date
) -> Decimal:
    """The interest a year that the payer bears: the program's, or what a discount leaves of it."""
    if not price.discount_minor:
        return offer.rate_percent
    bare = replace(
        schedule,
        rows=tuple(
            make_row(row.number, row.due_date, parts=(row.principal_minor, row.interest_minor), fee_minor=0)
            for row in schedule.rows
        ),
        total_minor=schedule.total_minor - schedule.fee_minor,
        fee_minor=0,
    )
    return find_cost_rate(Regime.US_REG_Z, program.terms, schedule=bare, drawdown=today).shown


def _make_offer(
    offer: ShownOffer,
    shop: _Shop,
    schedule: Schedule,
    *,
    disclosures: tuple[OfferDisclosure, ...],
) -> PaymentOffer:
    own = disclosures[0]
    is_spread = any(row.fee_minor for row in schedule.rows[1:])
    trigger = "every_payment" if is_spread else "first_payment"
    fee = PlanFee(kind="plan_fee", amount_minor=schedule.fee_minor, trigger=trigger)
    return PaymentOffer(
        offer_id=offer.offer_id,
        program_name=offer.program_id,
        model=ProgramModel.ISSUER,
        provider_id="",
        program_id=offer.program_id,
        program_version=0,
        currency=schedule.currency.code,
        count=len(schedule.rows),
        rows=tuple(_make_plan_row(row) for row in schedule.rows),
        financed_minor=schedule.principal_minor,
        interest_percent=offer.rate_percent,
        period_rate=(0, 1),
        in_advance=schedule.rows[0].due_date == shop.today,
        rate=CostRate(
            label=find_rate_label(own.country, shop.locale),
            percent=own.percent,
            method=own.method,
            exact_percent=own.exact_percent,
        ),
        disclosures=disclosures,
        priced_on=shop.today,
        fees=(fee,) if schedule.fee_minor else (),
        controlled_by="issuer",
        refund_effect=shop.refund_effect,
        terms=_make_terms(offer),
        expires_at=_END,
        offer_hash="",
    )


def _make_plan_row(row: InstallmentRow) -> PlanRow:
    return PlanRow(
        number=row.number,
        due_date=row.due_date,
        principal_minor=row.principal_minor,
        interest_minor=row.interest_minor,
        fee_minor=row.fee_minor,
        original_minor=row.amount_minor,
    )


def _make_terms(offer: ShownOffer) -> ShownTerms:
    """The merchant's words, in whichever language it has them; they stand at no address of their own."""
    return ShownTerms(
        terms_id=offer.program_id,
        version="",
        language="",
        url="",
        text=offer.terms_text,
        acceptance_required=offer.acceptance_text is not None,
        acceptance_text=offer.acceptance_text,
    )
