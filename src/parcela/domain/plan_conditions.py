"""The conditions that a payment with a plan must meet (`spec/gateway.md` §11.3), in their order.

Each check raises PlanConditionUnmet for its row. Decimals are compared by value: 1 is 1.00.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from parcela.domain.merchant_offers import CartItem, MerchantOffer, OfferState, SerialNumbers
from parcela.domain.merchant_screening import admits_items, find_amount_bounds, match_sku
from parcela.domain.merchants import MerchantOperation, MerchantPlan, OfferRule, SerialRule, SerialsDue
from parcela.domain.order_refusals import ItemMember, PlanCondition, PlanConditionUnmet
from parcela.domain.orders import OrderLine
from parcela.domain.programs import Program
from parcela.domain.serial_numbers import (
    find_differing_member,
    list_missing,
    merge_serials,
    place_lines,
    read_item,
    read_serials,
    refuse_item,
)

_Key = tuple[str | None, Decimal, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedCard:
    """The card that was typed, its blind index, and whether the offer is for such cards (screening)."""

    digits: str = field(repr=False)
    pan_index: bytes = field(repr=False)
    is_admitted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFacts:
    """What a payment says, in minor units of its currency. `captures_at_once`: serial numbers of a capture
    are due too.
    """

    amount_minor: int
    currency: str
    card: UsedCard
    lines: tuple[OrderLine, ...]
    captures_at_once: bool


def check_payment(
    offer: MerchantOffer,
    rule: OfferRule,
    program: Program,
    payment: PaymentFacts,
    *,
    now: datetime,
    offer_life: timedelta,
) -> MerchantOffer:
    """Rows 3 to 11 for a known offer, with rule and program as quoted.

    Gives the offer with the rows and the serial numbers that it has with this payment.
    """
    check_standing(offer, now=now, offer_life=offer_life)
    check_amount(rule, program, payment.amount_minor, payment.currency)
    check_card(offer, payment.card)
    if rule.terms.acceptance_required and offer.acceptance is None:
        raise PlanConditionUnmet(PlanCondition.ACCEPTED)
    check_same_card(offer, payment.card)
    check_same_amount(offer, payment.amount_minor)
    check_same_items(list_accepted_items(offer), payment.lines, rule)
    return add_payment_serials(offer, payment, rule=find_serial_rule(offer, rule))


def is_expired(offer: MerchantOffer, *, now: datetime, offer_life: timedelta) -> bool:
    """Has the offer outlived its time? Its last moment still counts."""
    return now - offer.quote.quoted_at > offer_life


def check_standing(offer: MerchantOffer, *, now: datetime, offer_life: timedelta) -> None:
    """Row 3. An offer that another payment is under way with counts as used."""
    if is_expired(offer, now=now, offer_life=offer_life):
        raise PlanConditionUnmet(PlanCondition.NOT_EXPIRED)
    if offer.state is OfferState.USED or offer.holder is not None:
        raise PlanConditionUnmet(PlanCondition.NOT_USED)


def check_amount(
    entry: OfferRule | MerchantPlan, program: Program, amount_minor: int | None, currency: str | None
) -> None:
    """Rows 4 and 5; what is None was not said."""
    if currency is not None and currency != program.currency:
        raise PlanConditionUnmet(PlanCondition.CURRENCY)
    if amount_minor is None:
        return
    minimum, maximum = find_amount_bounds(entry, program)
    if amount_minor < minimum:
        raise PlanConditionUnmet(PlanCondition.MINIMUM)
    if maximum is not None and amount_minor > maximum:
        raise PlanConditionUnmet(PlanCondition.MAXIMUM)


def check_card(offer: MerchantOffer | None, card: UsedCard) -> None:
    """Row 6: a card that the plan is for, beginning with the prefix that the inquiry named."""
    prefix = "" if offer is None else offer.quote.card_prefix or ""
    if not card.is_admitted or not card.digits.startswith(prefix):
        raise PlanConditionUnmet(PlanCondition.CARD)


def check_same_card(offer: MerchantOffer, card: UsedCard) -> None:
    """Row 8."""
    if offer.acceptance is not None and offer.acceptance.pan_index != card.pan_index:
        raise PlanConditionUnmet(PlanCondition.SAME_CARD)


def check_same_amount(offer: MerchantOffer, amount_minor: int) -> None:
    """Row 9: what was quoted, and what was accepted."""
    accepted = None if offer.acceptance is None else offer.acceptance.amount_minor
    for named in (offer.quote.amount_minor, accepted):
        if named is not None and named != amount_minor:
            raise PlanConditionUnmet(PlanCondition.SAME_AMOUNT)


def list_accepted_items(offer: MerchantOffer) -> tuple[CartItem, ...]:
    """The articles as accepted, else as quoted; none where neither named any."""
    return (offer.acceptance.items if offer.acceptance is not None else ()) or offer.quote.items


def check_same_items(expected: Sequence[CartItem], lines: Sequence[OrderLine], rule: OfferRule) -> None:
    """Row 10, in any order, where articles are named; new ones must be what the rule is for.

    Tells the first line that differs and its member; a line that is missing has the index after the last.
    """
    if not lines:
        return
    if not expected:
        check_cart(rule, lines)
        return
    left = Counter(_find_key(item) for item in expected)
    for index, line in enumerate(lines):
        key = _find_key(read_item(line))
        if left[key] == 0:
            raise refuse_item(index, _find_member(left, line))
        left[key] -= 1
    if left.total():
        raise refuse_item(len(lines), ItemMember.SKU)


def check_cart(rule: OfferRule, lines: Sequence[OrderLine]) -> None:
    """Articles that the inquiry did not name must meet the rule's cart conditions."""
    if admits_items(rule, [read_item(line) for line in lines]):
        return
    excluded = (
        index
        for index, line in enumerate(lines)
        if any(match_sku(pattern, line.sku) for pattern in rule.cart.excluded)
    )
    raise refuse_item(next(excluded, 0), ItemMember.SKU)


def find_serial_rule(offer: MerchantOffer, rule: OfferRule) -> SerialRule:
    """Which serial numbers are due, and when: by the plan provider where it said so, else by the rule."""
    return rule.serials if offer.serial_rule is None else offer.serial_rule


def add_payment_serials(offer: MerchantOffer, payment: PaymentFacts, *, rule: SerialRule) -> MerchantOffer:
    """Row 11: the offer with the serial numbers that came before and those of the payment itself.

    Where nobody named articles before, the payment's are the rows.
    """
    lines = payment.lines
    rows = list_accepted_items(offer) or tuple(read_item(line) for line in lines)
    serials = merge_serials(rows, offer.serials, read_serials(rows, lines))
    if rule.due is SerialsDue.AT_PAYMENT or payment.captures_at_once:
        require_serials(rows, serials, rule, lines=lines)
    return replace(offer, items=rows, serials=serials)


def require_serials(
    rows: Sequence[CartItem],
    serials: Sequence[SerialNumbers],
    rule: SerialRule,
    *,
    lines: Sequence[OrderLine],
) -> None:
    """Refuse a request while serial numbers are missing; the first is told by its line, else by its row."""
    missing = list_missing(rows, serials, rule)
    if missing:
        places = place_lines(rows, lines)
        told = min(places.index(row) if row in places else row for row in missing)
        raise PlanConditionUnmet(
            PlanCondition.SERIAL_NUMBERS, item_index=told, member=ItemMember.SERIAL_NUMBER
        )


def check_custom_choice(
    plan: MerchantPlan, *, count: int | None, deferrals: int | None, operation: MerchantOperation
) -> int:
    """The number of payments of a custom plan, which may be left out where there is only one (§16).

    A plan that is not for this operation is as unknown as one that does not exist.
    """
    if operation not in plan.operations:
        raise PlanConditionUnmet(PlanCondition.KNOWN)
    if count is None and len(plan.payments) == 1:
        count = plan.payments[0]
    if count is None or count not in plan.payments:
        raise PlanConditionUnmet(PlanCondition.COUNT)
    if deferrals is not None and deferrals not in plan.deferrals:
        raise PlanConditionUnmet(PlanCondition.DEFERRALS)
    return count


def _find_key(item: CartItem) -> _Key:
    return item.sku, item.quantity, item.unit_price


def _find_member(left: Counter[_Key], line: OrderLine) -> ItemMember:
    """What makes a line differ from every article that is left."""
    rows = [
        CartItem(sku=sku, quantity=quantity, unit_price=price)
        for (sku, quantity, price), count in left.items()
        if count and sku == line.sku
    ]
    return find_differing_member(rows, line) if rows else ItemMember.SKU
