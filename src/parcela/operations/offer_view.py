"""A merchant's set-up as one inquiry sees it, and how offers, products and custom plans are shown from it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from zoneinfo import ZoneInfo

from parcela.domain.card_brands import list_possible_brands
from parcela.domain.catalogue import Catalogue
from parcela.domain.currency import find_currency
from parcela.domain.merchant_offers import OfferPrice
from parcela.domain.merchant_pricing import UnpricedOffer, describe_unpriced
from parcela.domain.merchant_screening import (
    admits_merchant,
    admits_prefix,
    find_amount_bounds,
    find_days,
)
from parcela.domain.merchant_setup import PlanInForce, RuleInForce
from parcela.domain.merchant_texts import OfferTexts, find_name, find_texts
from parcela.domain.merchants import Attachment, MerchantPlan, MerchantProduct, MerchantProfile, OfferRule
from parcela.domain.offer_ids import MAX_OFFERS, name_offer
from parcela.domain.programs import AccountRange, Program
from parcela.operations.engine import World
from parcela.operations.inquiry_records import ShownAward, ShownOffer, ShownPlan, ShownProduct
from parcela.operations.merchant_dates import find_local_date
from parcela.operations.merchants import MerchantCaller

PricedRule = tuple[RuleInForce, OfferPrice | None]
"""A rule with its price; None where no amount is named."""

NO_BUDGETS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """What an inquiry looks at.

    `left_minor` is what is left of the budgets of rules that have one. `ranges` are the account ranges of the
    card's prefix, looked up once for each issuer.
    """

    caller: MerchantCaller
    catalogue: Catalogue
    today: date
    zone: ZoneInfo
    locale: str | None = None
    prefix: str | None = None
    amount_minor: int | None = None
    left_minor: Mapping[str, int] = field(default_factory=dict)
    ranges: dict[str, list[AccountRange]] = field(default_factory=dict)

    @property
    def profile(self) -> MerchantProfile:
        """Who asks."""
        return self.caller.setup.profile

    def list_ranges(self, provider_id: str) -> list[AccountRange]:
        """The issuer's account ranges that hold a card with the prefix."""
        assert self.prefix is not None
        found = self.ranges.get(provider_id)
        if found is None:
            found = self.catalogue.list_ranges_of_prefix(self.prefix, provider_id)
            self.ranges[provider_id] = found
        return found


def open_view(
    world: World,
    caller: MerchantCaller,
    *,
    locale: str | None = None,
    prefix: str | None = None,
    amount_minor: int | None = None,
    left_minor: Mapping[str, int] = NO_BUDGETS,
) -> OfferView:
    """The set-up on the merchant's date of this instant."""
    profile = caller.setup.profile
    return OfferView(
        caller=caller,
        catalogue=world.catalogue(caller.client.tenant_id),
        today=find_local_date(profile, world.now),
        zone=ZoneInfo(profile.time_zone),
        locale=locale,
        prefix=prefix,
        amount_minor=amount_minor,
        left_minor=left_minor,
    )


def list_open_rules(view: OfferView, attachment: Attachment, currency: str | None) -> Iterator[RuleInForce]:
    """The rules that date, currency, merchant, budget and card do not contradict, in display order.

    A merchant whose plans are switched off has none.
    """
    if not view.profile.has_plans:
        return
    for held in view.caller.setup.list_rules(attachment):
        if (
            currency in (None, held.program.currency)
            and _has_budget(view, held)
            and _is_open(view, held.rule, held.program)
        ):
            yield held


def is_plan_open(view: OfferView, held: PlanInForce) -> bool:
    """Can the custom plan be paid with today, by a card that begins with the prefix?"""
    return _is_open(view, held.plan, held.program)


def _is_open(view: OfferView, entry: OfferRule | MerchantPlan, program: Program) -> bool:
    first, last = find_days(entry, program, view.zone)
    return (
        first <= view.today <= last
        and admits_merchant(program, view.profile)
        and _admits_card_of_view(view, entry, program)
    )


def _has_budget(view: OfferView, held: RuleInForce) -> bool:
    """Is enough left of the rule's budget for the amount, or, where none is named, for its least amount?"""
    left_minor = view.left_minor.get(held.rule.key)
    if left_minor is None:
        return True
    wanted = view.amount_minor
    if wanted is None:
        wanted = max(1, find_amount_bounds(held.rule, held.program)[0])
    return wanted <= left_minor


def _admits_card_of_view(view: OfferView, entry: OfferRule | MerchantPlan, program: Program) -> bool:
    """An unnamed card contradicts nothing; a named one must be of a brand that the merchant takes."""
    if view.prefix is None:
        return True
    if list_possible_brands(view.prefix).isdisjoint(view.profile.brands):
        return False
    return admits_prefix(entry, program, prefix=view.prefix, ranges=view.list_ranges(program.provider_id))


def show_offers(view: OfferView, answer: str, priced: Iterable[PricedRule]) -> tuple[ShownOffer, ...]:
    """The first 99 of the offers, named in display order after the answer that carries them."""
    numbered = zip(range(1, MAX_OFFERS + 1), priced, strict=False)
    return tuple(
        _show_offer(view, name_offer(answer, number), held, price) for number, (held, price) in numbered
    )


def show_products(view: OfferView, products: Iterable[MerchantProduct]) -> tuple[ShownProduct, ...]:
    """Products in the payer's language."""
    return tuple(
        ShownProduct(
            product_id=product.product_id,
            name=find_name(product, view.profile, view.locale),
            logo_url=product.logo_url,
        )
        for product in products
    )


def show_products_of(view: OfferView, offers: Iterable[ShownOffer]) -> tuple[ShownProduct, ...]:
    """The products that these offers belong to."""
    named = {offer.product_id for offer in offers}
    return show_products(
        view, [product for product in view.caller.setup.products if product.product_id in named]
    )


def show_plan(view: OfferView, held: PlanInForce) -> ShownPlan:
    """A custom plan as it is listed."""
    plan = held.plan
    currency = find_currency(held.program.currency)
    assert currency is not None, "a program is in a currency of ISO 4217"
    first_day, last_day = find_days(plan, held.program, view.zone)
    return ShownPlan(
        plan_id=plan.plan_id,
        name=plan.name,
        template=plan.template,
        currency=currency,
        first_day=first_day,
        last_day=last_day,
        payments=tuple(sorted(plan.payments)),
        deferrals=tuple(sorted(plan.deferrals)),
        minimum_minor=find_amount_bounds(plan, held.program)[0],
        payer_interest=plan.payer_interest,
    )


def _show_offer(view: OfferView, offer_id: str, held: RuleInForce, price: OfferPrice | None) -> ShownOffer:
    rule, program = held.rule, held.program
    texts = find_texts(rule, view.profile, view.locale)
    told = describe_unpriced(rule, program) if price is None else price
    minimum_minor, maximum_minor = find_amount_bounds(rule, program)
    first_day, last_day = find_days(rule, program, view.zone)
    return ShownOffer(
        offer_id=offer_id,
        product_id=rule.product_id,
        program_id=program.offer_id,
        currency=told.currency,
        count=told.count,
        deferral_months=told.deferral_months,
        rate_percent=told.rate_percent,
        price=price,
        fee_minor=told.fee_minor,
        discount_minor=told.discount_minor,
        charges_interest=told.charges_interest,
        award=_show_award(rule, told, texts),
        minimum_minor=minimum_minor,
        maximum_minor=maximum_minor,
        first_day=first_day,
        last_day=last_day,
        qualifier_text=texts.qualifier_text,
        qualifier_logo_url=rule.qualifier.logo_url,
        terms_text=texts.terms_text,
        acceptance_text=texts.acceptance_text if rule.terms.acceptance_required else None,
    )


def _show_award(rule: OfferRule, told: OfferPrice | UnpricedOffer, texts: OfferTexts) -> ShownAward | None:
    if rule.cash_award is None or texts.award_instruction is None:
        return None
    return ShownAward(amount_minor=told.award_minor, instruction=texts.award_instruction)
