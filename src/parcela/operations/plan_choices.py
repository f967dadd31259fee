"""Checking the plan that a payer chose against the conditions of `spec/gateway.md` §11.3; reads only."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from parcela.domain.cards import Pan
from parcela.domain.currency import find_currency
from parcela.domain.errors import DomainError
from parcela.domain.merchant_offers import MerchantOffer, OfferPrice, SerialNumbers
from parcela.domain.merchant_pricing import price_custom_plan, price_offer
from parcela.domain.merchant_screening import admits_card
from parcela.domain.merchants import MerchantOperation, MerchantPlan, OfferRule
from parcela.domain.money import InvalidMoney, Money
from parcela.domain.offer_ids import read_offer_id
from parcela.domain.offers import NotPresentable
from parcela.domain.order_refusals import PlanCondition, PlanConditionUnmet
from parcela.domain.orders import ChosenPlan, OrderLine
from parcela.domain.plan_conditions import (
    PaymentFacts,
    UsedCard,
    check_amount,
    check_card,
    check_custom_choice,
    check_payment,
    find_serial_rule,
    require_serials,
)
from parcela.domain.programs import Program
from parcela.domain.schedule import NotPriceable
from parcela.domain.serial_numbers import merge_serials, read_item, read_serials
from parcela.domain.terms import InvalidTerms
from parcela.operations.engine import Engine, World
from parcela.operations.entry_versions import get_entry_version
from parcela.operations.merchant_inquiries import find_priced_versions
from parcela.operations.merchants import MerchantCaller
from parcela.operations.offer_budgets import find_budget
from parcela.operations.offer_view import is_plan_open, open_view
from parcela.operations.plan_records import CheckedPlan, PlanChoice, PlannedPayment
from parcela.store import merchant_offers, merchant_quotes
from parcela.store.documents import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedOffer:
    """An offer with its rule and program as quoted; `is_withdrawn` by the rule as it stands now."""

    offer: MerchantOffer
    rule: OfferRule
    program: Program
    is_withdrawn: bool


async def check_plan_choice(
    engine: Engine,
    world: World,
    caller: MerchantCaller,
    choice: PlanChoice,
    payment: PlannedPayment,
) -> CheckedPlan:
    """What a payment with this plan is made of. Reads only.

    Raises PlanConditionUnmet: for an offer in the order of `PlanCondition` up to SERIAL_NUMBERS, for a custom
    plan PLANS_ENABLED, KNOWN, COUNT, DEFERRALS, CURRENCY, MINIMUM, MAXIMUM, CARD.
    """
    check_plans_enabled(caller)
    if choice.offer_id is None:
        return _check_custom_plan(world, caller, choice, payment)
    quoted = await get_quoted_offer(engine, world, caller, choice.offer_id)
    facts = PaymentFacts(
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        card=judge_card(engine, world, caller, quoted, payment.pan),
        lines=payment.lines,
        captures_at_once=payment.captures_at_once,
    )
    offer = check_payment(
        quoted.offer,
        quoted.rule,
        quoted.program,
        facts,
        now=world.now,
        offer_life=engine.policy.merchant_offer_life,
    )
    price = price_quoted_offer(quoted.rule, quoted.program, payment.amount_minor)
    tenant_id = caller.client.tenant_id
    return CheckedPlan(
        chosen=_name_chosen(offer.offer_id, quoted.rule, quoted.program, price),
        price=price,
        program=quoted.program,
        program_version=offer.priced_by.program_version,
        offer=offer,
        rule=quoted.rule,
        budget_minor=find_budget(world.catalogue(tenant_id), quoted.rule, quoted.program),
        is_withdrawn=quoted.is_withdrawn,
    )


async def name_chosen_plan(
    engine: Engine, world: World, caller: MerchantCaller, choice: PlanChoice, amount_minor: int
) -> ChosenPlan | None:
    """The plan that a request asks for, whether or not its conditions are met; None where there is none.

    For the record of a payment that found its order locked: nothing is made of it.
    """
    if choice.offer_id is None:
        held = None if choice.plan_id is None else caller.setup.find_plan(choice.plan_id)
        if held is None or choice.count is None:
            return None
        return _name_custom(held.plan, count=choice.count, deferrals=choice.deferrals)
    try:
        quoted = await get_quoted_offer(engine, world, caller, choice.offer_id)
        price = price_quoted_offer(quoted.rule, quoted.program, amount_minor)
    except PlanConditionUnmet:
        return None
    return _name_chosen(choice.offer_id, quoted.rule, quoted.program, price)


def check_serials_at_capture(checked: CheckedPlan, sent: Sequence[OrderLine]) -> tuple[SerialNumbers, ...]:
    """The serial numbers that an order has with those sent along with its capture, for `add_serials`.

    `checked` comes from `recall_plan`. Where nobody named articles before, the capture's are the rows. Raises
    PlanConditionUnmet: SAME_ITEMS for a line that is not the order's, SERIAL_NUMBERS while one is missing (by
    its line where the capture names it, else by its row).
    """
    offer, rule = checked.offer, checked.rule
    if offer is None or rule is None:
        return ()
    rows = offer.items or tuple(read_item(line) for line in sent)
    serials = merge_serials(rows, offer.serials, read_serials(rows, sent))
    require_serials(rows, serials, find_serial_rule(offer, rule), lines=sent)
    return serials


def checked_to_document(checked: CheckedPlan) -> Document:
    """What must be kept of a checked plan until its capture. It holds no card data."""
    return {
        "chosen": msgspec.to_builtins(checked.chosen),
        "price": msgspec.to_builtins(checked.price, builtin_types=()),
        "program_id": checked.program.offer_id,
        "program_version": checked.program_version,
        "custom_version": checked.custom_version,
    }


async def recall_plan(
    engine: Engine, world: World, caller: MerchantCaller, document: Document
) -> CheckedPlan:
    """The checked plan of an authorization that is being captured, priced as it was then.

    The offer is as it stands now, with the serial numbers that came in since.
    """
    chosen = msgspec.convert(document["chosen"], ChosenPlan)
    price = msgspec.convert(document["price"], OfferPrice, strict=False)
    program_version = document["program_version"]
    if chosen.offer_id is not None:
        quoted = await get_quoted_offer(engine, world, caller, chosen.offer_id)
        return CheckedPlan(
            chosen=chosen,
            price=price,
            program=quoted.program,
            program_version=program_version,
            offer=quoted.offer,
            rule=quoted.rule,
            is_withdrawn=quoted.is_withdrawn,
        )
    tenant_id, custom_version = caller.client.tenant_id, document["custom_version"]
    program_key = (Program.kind, document["program_id"])
    program = await get_entry_version(engine, world, tenant_id, program_key, program_version)
    plan_key = (MerchantPlan.kind, f"{caller.setup.profile.merchant_id}:{chosen.program_id}")
    custom = await get_entry_version(engine, world, tenant_id, plan_key, custom_version)
    assert isinstance(program, Program) and isinstance(custom, MerchantPlan)
    return CheckedPlan(
        chosen=chosen,
        price=price,
        program=program,
        program_version=program_version,
        custom=custom,
        custom_version=custom_version,
    )


def check_plans_enabled(caller: MerchantCaller) -> None:
    """Row 1."""
    if not caller.setup.profile.has_plans:
        raise PlanConditionUnmet(PlanCondition.PLANS_ENABLED)


async def get_quoted_offer(
    engine: Engine, world: World, caller: MerchantCaller, offer_id: str
) -> QuotedOffer:
    """A cart offer of this merchant (row 2). Raises PlanConditionUnmet(KNOWN) for any other id."""
    named = read_offer_id(offer_id)
    offer = None if named is None else await _find_offer(engine, caller, offer_id, *named)
    if offer is None:
        raise PlanConditionUnmet(PlanCondition.KNOWN)
    rule, program = await find_priced_versions(engine, world, caller, offer.priced_by)
    held = world.catalogue(caller.client.tenant_id).entries.get((OfferRule.kind, rule.key))
    stands = held is not None and isinstance(held.entry, OfferRule) and not held.entry.withdrawn
    return QuotedOffer(offer=offer, rule=rule, program=program, is_withdrawn=not stands)


def judge_card(
    engine: Engine, world: World, caller: MerchantCaller, quoted: QuotedOffer, pan: Pan
) -> UsedCard:
    """The card as plan conditions look at it. No payer types a token PAN: it is not admitted."""
    catalogue = world.catalogue(caller.client.tenant_id)
    return UsedCard(
        digits=pan.digits,
        pan_index=engine.vault.index_pan(caller.client.tenant_id, pan.digits),
        is_admitted=not catalogue.is_token(pan.padded)
        and admits_card(catalogue, quoted.rule, quoted.program, pan.digits),
    )


def price_quoted_offer(rule: OfferRule, program: Program, amount_minor: int) -> OfferPrice:
    """The price of an offer; an amount that no lawful schedule has is told as too small or too large."""
    currency = find_currency(program.currency)
    assert currency is not None, "a program is in a currency of ISO 4217"
    try:
        return price_offer(rule, program, Money(amount_minor, currency))
    except _UNPRICEABLE as refusal:
        raise _explain_unpriceable(refusal) from None


_UNPRICEABLE = (NotPriceable, NotPresentable, InvalidTerms, InvalidMoney)


def _explain_unpriceable(refusal: DomainError) -> PlanConditionUnmet:
    is_too_large = isinstance(refusal, InvalidMoney)
    return PlanConditionUnmet(PlanCondition.MAXIMUM if is_too_large else PlanCondition.MINIMUM)


async def _find_offer(
    engine: Engine, caller: MerchantCaller, offer_id: str, quote_id: str, number: int
) -> MerchantOffer | None:
    """The offer as it was written about, else as it was quoted."""
    tenant_id, client_id = caller.client.tenant_id, caller.client.client_id
    async with engine.database.connection() as connection:
        offer = await merchant_offers.find_offer(
            connection, tenant_id, client_id=client_id, offer_id=offer_id
        )
        if offer is not None:
            return offer
        quote = await merchant_quotes.find_quote(
            connection, tenant_id, client_id=client_id, quote_id=quote_id
        )
    if quote is None or number > len(quote.offers):
        return None
    return MerchantOffer(offer_id=offer_id, quote=quote, priced_by=quote.offers[number - 1])


def _name_chosen(offer_id: str, rule: OfferRule, program: Program, price: OfferPrice) -> ChosenPlan:
    return ChosenPlan(
        offer_id=offer_id,
        program_id=program.offer_id,
        count=price.count,
        deferral_months=price.deferral_months,
        product_id=rule.product_id,
    )


def _name_custom(plan: MerchantPlan, *, count: int, deferrals: int | None) -> ChosenPlan:
    return ChosenPlan(
        offer_id=None,
        program_id=plan.plan_id,
        count=count,
        deferral_months=deferrals,
        product_id=plan.product_id,
    )


def _check_custom_plan(
    world: World, caller: MerchantCaller, choice: PlanChoice, payment: PlannedPayment
) -> CheckedPlan:
    """`spec/gateway.md` §16; a plan outside its days, or not for this merchant's trade, is not known."""
    catalogue = world.catalogue(caller.client.tenant_id)
    held = None if choice.plan_id is None else caller.setup.find_plan(choice.plan_id)
    if held is None or not is_plan_open(open_view(world, caller), held):
        raise PlanConditionUnmet(PlanCondition.KNOWN)
    plan, program = held.plan, held.program
    operation = MerchantOperation.PAY if payment.captures_at_once else MerchantOperation.AUTHORIZE
    count = check_custom_choice(plan, count=choice.count, deferrals=choice.deferrals, operation=operation)
    check_amount(plan, program, payment.amount_minor, payment.currency)
    digits = payment.pan.digits
    is_admitted = not catalogue.is_token(payment.pan.padded) and admits_card(catalogue, plan, program, digits)
    check_card(None, UsedCard(digits=digits, pan_index=b"", is_admitted=is_admitted))
    return CheckedPlan(
        chosen=_name_custom(plan, count=count, deferrals=choice.deferrals),
        price=_price_custom_plan(plan, program, payment.amount_minor, count, choice.deferrals),
        program=program,
        program_version=held.program_version,
        custom=plan,
        custom_version=held.version,
    )


def _price_custom_plan(
    plan: MerchantPlan, program: Program, amount_minor: int, count: int, deferrals: int | None
) -> OfferPrice:
    currency = find_currency(program.currency)
    assert currency is not None, "a program is in a currency of ISO 4217"
    amount = Money(amount_minor, currency)
    try:
        return price_custom_plan(plan, program, amount, count=count, deferral_months=deferrals or 0)
    except _UNPRICEABLE as refusal:
        raise _explain_unpriceable(refusal) from None
