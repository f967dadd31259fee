"""Which purchases a merchant's offers and custom plans are for (`spec/gateway.md` §8.3).

A condition is contradicted or not; what a request does not say contradicts nothing. Amounts are compared in
minor units, days in the merchant's time zone, cards as intervals of 19-digit numbers.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from parcela.domain.card_brands import CardBrand, find_brand, list_possible_brands
from parcela.domain.cards import pad_high, pad_low
from parcela.domain.catalogue import Catalogue
from parcela.domain.currency import find_currency
from parcela.domain.merchant_offers import CartItem
from parcela.domain.merchants import BinRange, MerchantPlan, MerchantProfile, OfferRule
from parcela.domain.programs import AccountRange, Program, UseCase

_STAR = "*"


def match_sku(pattern: str, sku: str | None) -> bool:
    """Is it this SKU, or does it begin with the part before the star of `prefix*`? Exact in case."""
    if sku is None:
        return False
    if pattern.endswith(_STAR):
        return sku.startswith(pattern[:-1])
    return sku == pattern


def admits_items(rule: OfferRule, items: Sequence[CartItem]) -> bool:
    """Do the items of a cart satisfy the rule's cart conditions? A cart without items is silent."""
    if not items:
        return True
    cart = rule.cart
    if any(_is_held(pattern, items) for pattern in cart.excluded):
        return False
    if cart.any_of and not any(_is_held(pattern, items) for pattern in cart.any_of):
        return False
    return all(_is_held(pattern, items) for pattern in cart.all_of)


def admits_article(rule: OfferRule, sku: str, unit_price: Decimal) -> bool:
    """Is an item offer for this article? `unit_price` is in major units."""
    if rule.skus and not any(match_sku(pattern, sku) for pattern in rule.skus):
        return False
    if rule.minimum_unit_price is not None and unit_price < rule.minimum_unit_price:
        return False
    return rule.maximum_unit_price is None or unit_price <= rule.maximum_unit_price


def admits_merchant(program: Program, profile: MerchantProfile) -> bool:
    """Do the program's own rules admit purchases from this merchant, paid for while they are made?

    The merchant's id is the one by which the card networks know it. As in the network, a program that is for
    certain channels is closed to a purchase that names none.
    """
    rules = program.rules
    return (
        UseCase.DURING_PURCHASE in rules.use_cases
        and rules.mccs.admits(profile.mcc)
        and rules.countries.admits(profile.country)
        and rules.merchant_ids.admits(profile.acquirer_merchant_id)
        and not rules.channels
    )


def find_days(entry: OfferRule | MerchantPlan, program: Program, zone: tzinfo) -> tuple[date, date]:
    """The first and the last day on which an offer may be used: the entry's own, within the program's.

    `zone` is the merchant's time zone.
    """
    first = max(entry.first_day, _find_day(program.begin, zone))
    last = _find_day(program.end, zone)
    return first, last if entry.last_day is None else min(last, entry.last_day)


def _find_day(instant: datetime, zone: tzinfo) -> date:
    """The date of an instant in a zone; its own one at the ends of the calendar, which no zone passes."""
    try:
        return instant.astimezone(zone).date()
    except OverflowError:
        return instant.date()


def find_amount_bounds(entry: OfferRule | MerchantPlan, program: Program) -> tuple[int, int | None]:
    """The least and the greatest amount in minor units: the tighter of the entry's and the program's.

    None is no greatest amount. Both bounds are inclusive.
    """
    currency = find_currency(program.currency)
    assert currency is not None, "a program is in a currency of ISO 4217"
    own_maximum = entry.maximum if isinstance(entry, OfferRule) else None
    maxima = [maximum for maximum in (own_maximum, program.rules.maximum) if maximum is not None]
    minimum = max(entry.minimum, program.rules.minimum).scaleb(currency.exponent)
    return (
        int(minimum.to_integral_value(ROUND_CEILING)),
        int(min(maxima).scaleb(currency.exponent).to_integral_value(ROUND_FLOOR)) if maxima else None,
    )


def admits_amount(entry: OfferRule | MerchantPlan, program: Program, amount_minor: int | None) -> bool:
    """Is the amount within the bounds? No amount is silent."""
    if amount_minor is None:
        return True
    minimum, maximum = find_amount_bounds(entry, program)
    return minimum <= amount_minor and (maximum is None or amount_minor <= maximum)


def admits_prefix(
    entry: OfferRule | MerchantPlan, program: Program, *, prefix: str, ranges: Iterable[AccountRange]
) -> bool:
    """Can a card that begins with `prefix` (6 to 11 digits) be one that the offer is for?

    One card must do for all: its brand, the entry's BIN ranges and the account ranges of the program's
    issuer, `ranges` as `Catalogue.list_ranges_of_prefix` gives them.
    """
    if not _admits_brands(entry, list_possible_brands(prefix)):
        return False
    bins = _list_bin_ranges(entry) or (BinRange(low=prefix, high=prefix),)
    return any(
        max(pad_low(prefix), pad_low(held.low), int(account.low))
        <= min(pad_high(prefix), pad_high(held.high), int(account.high))
        for account in ranges
        if _admits_account(program, account)
        for held in bins
    )


def admits_card(catalogue: Catalogue, entry: OfferRule | MerchantPlan, program: Program, digits: str) -> bool:
    """Is the offer for this card? Its brand, the entry's BIN ranges, an account range of the issuer."""
    brand = find_brand(digits)
    if brand is None or not _admits_brands(entry, frozenset({brand})):
        return False
    bins = _list_bin_ranges(entry)
    if bins and not any(held.low <= digits[: len(held.low)] <= held.high for held in bins):
        return False
    found = catalogue.find_range(pad_low(digits))
    return found is not None and _admits_account(program, found.account_range)


def _is_held(pattern: str, items: Sequence[CartItem]) -> bool:
    return any(match_sku(pattern, item.sku) for item in items)


def _list_bin_ranges(entry: OfferRule | MerchantPlan) -> tuple[BinRange, ...]:
    return entry.bin_ranges if isinstance(entry, OfferRule) else ()


def _admits_brands(entry: OfferRule | MerchantPlan, brands: frozenset[CardBrand]) -> bool:
    return bool(brands) and (not entry.brands or not entry.brands.isdisjoint(brands))


def _admits_account(program: Program, account: AccountRange) -> bool:
    """An account range of the program's issuer, open to offers during a purchase, of a kind it wants."""
    fundings = program.rules.fundings
    return (
        account.provider_id == program.provider_id
        and account.enabled
        and account.allows(UseCase.DURING_PURCHASE)
        and (not fundings or account.funding in fundings)
    )
