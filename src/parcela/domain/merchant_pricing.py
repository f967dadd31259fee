"""Prices of merchants' offers and custom plans (`spec/gateway.md` §8.4, §16).

The program's own schedule stands wherever a merchant's rule adds nothing to it. A fee stays where its program
puts it: on the first row, or spread over all; a rule's own fee is on the first row. What a discount leaves of
principal and interest is split evenly, as the network splits without interest (`spec/network.md` §6.1).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from parcela.domain.calendar import list_due_dates
from parcela.domain.currency import Currency, find_currency
from parcela.domain.merchant_offers import OfferPrice
from parcela.domain.merchants import AmountKind, CashAward, Charge, MerchantPlan, OfferRule
from parcela.domain.money import MAX_MINOR, Money
from parcela.domain.offers import NotPresentable
from parcela.domain.plans import Installment
from parcela.domain.programs import Program
from parcela.domain.rates.network import find_network_apr
from parcela.domain.refunds.strategies import split_finance_charge
from parcela.domain.rounding import divide_half_up
from parcela.domain.schedule import InstallmentRow, NotPriceable, NotPriceableReason, Schedule, build_schedule
from parcela.domain.schedule.network import refuse_negative_part, split_fees
from parcela.domain.schedule.records import make_row
from parcela.domain.terms import (
    Fee,
    FeeKind,
    FirstDue,
    InvalidTerms,
    PricingTerms,
    Rate,
    RateKind,
)

_MAX_TOTAL_MAJOR = 10**15
_RATE_DECIMALS = 2
# The amounts of an attachable program do not depend on dates, so a price is made for any one of them.
_ANCHOR = date(2026, 1, 1)
_FEE_KINDS = {AmountKind.AMOUNT: FeeKind.FIXED, AmountKind.PERCENT: FeeKind.PERCENT}
_NO_COST = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpricedOffer:
    """What can be said of an offer without an amount, in minor units; None for what depends on the amount."""

    currency: Currency
    count: int
    deferral_months: int
    rate_percent: Decimal
    fee_minor: int | None
    discount_minor: int | None
    award_minor: int | None
    charges_interest: bool | None


def price_offer(rule: OfferRule, program: Program, amount: Money) -> OfferPrice:
    """Price a program under a merchant's rule for an amount of the program's currency.

    With one payment `other_minor` is 0. Raises NotPriceable where a row would be below its bound
    (`spec/network.md` §6.4) or the apr above the program's cap, NotPresentable where rows 2 to n differ.
    """
    assert amount.currency.code == program.currency, "nothing is converted"
    terms = program.terms if rule.fee is None else replace(program.terms, fees=_list_fees(rule.fee))
    return _price_terms(
        terms,
        amount,
        deferral_months=rule.deferral_months,
        discount=rule.interest_discount,
        award=rule.cash_award,
    )


def price_custom_plan(
    plan: MerchantPlan, program: Program, amount: Money, *, count: int, deferral_months: int = 0
) -> OfferPrice:
    """Price a custom plan for so many payments; the merchant bears the interest unless the payer does.

    `deferral_months` are those chosen, 0 for none. Raises as `price_offer`.
    """
    assert amount.currency.code == program.currency, "nothing is converted"
    terms = replace(program.terms, count=count, rate=_find_payer_rate(plan, program))
    return _price_terms(terms, amount, deferral_months=deferral_months, discount=None, award=None)


def find_payer_rate_percent(plan: MerchantPlan, program: Program) -> Decimal:
    """What a custom plan charges the payer, in percent a year: 0.00 if the merchant bears it."""
    return find_rate_percent(replace(program.terms, rate=_find_payer_rate(plan, program)))


def describe_unpriced(rule: OfferRule, program: Program) -> UnpricedOffer:
    """What an offer says before the amount is known (`spec/gateway.md` §8.4)."""
    currency = find_currency(program.currency)
    assert currency is not None, "a program is in a currency of ISO 4217"
    terms, discount = program.terms, rule.interest_discount
    fees: tuple[Fee | CashAward | Charge, ...] = terms.fees if rule.fee is None else (rule.fee,)
    discount_minor: int | None = 0
    charges_interest: bool | None = terms.rate.value > 0
    if charges_interest and discount is not None and discount.value > 0:
        discount_minor = None
        is_whole = discount.kind is AmountKind.PERCENT and discount.value >= 100
        charges_interest = False if is_whole else None
    return UnpricedOffer(
        currency=currency,
        count=terms.count,
        deferral_months=rule.deferral_months + _count_own_deferral(terms),
        rate_percent=find_rate_percent(terms),
        fee_minor=_find_fixed(fees[0] if fees else None, currency),
        discount_minor=discount_minor,
        award_minor=_find_fixed(rule.cash_award, currency),
        charges_interest=charges_interest,
    )


def build_rows(price: OfferPrice, terms: PricingTerms, *, anchor: date) -> tuple[Installment, ...]:
    """The dated rows of a price: amounts as priced, each parted exactly into principal, interest and fee.

    `terms` are those of the program in the version that priced it. Due dates count from the anchor itself, a
    deferral included, so that a month's end never moves a later date (`spec/network.md` §6.3). The parts are
    the program's own; with a discount they follow from the rate that makes the rows worth the principal.
    Raises DateOutOfRange after the year 9999.
    """
    start = price.deferral_months + (0 if terms.first_due is FirstDue.TRANSACTION_DATE else 1)
    dates = list_due_dates(anchor, terms.interval, steps=range(start, start + price.count), rules=terms.dates)
    if price.discount_minor:
        parts = list(_part_discounted(price, terms, dates))
    else:
        own = _find_own_rows(price, terms)
        parts = [(row.principal_minor, row.interest_minor, row.fee_minor) for row in own]
    return tuple(
        Installment(
            number=number,
            due_date=due_date,
            amount_minor=principal + interest + fee,
            principal_minor=principal,
            interest_minor=interest,
            fee_minor=fee,
        )
        for number, (due_date, (principal, interest, fee)) in enumerate(zip(dates, parts, strict=True), 1)
    )


def find_rate_percent(terms: PricingTerms) -> Decimal:
    """The nominal rate in percent a year with its own digits, at least two decimals: 0.00, 11.99."""
    rate = terms.rate.value if terms.rate.kind is RateKind.NOMINAL_ANNUAL else terms.rate.value * 12
    digits = rate.normalize()
    exponent = digits.as_tuple().exponent
    assert isinstance(exponent, int), "a rate is finite"
    return digits.quantize(Decimal(1).scaleb(min(exponent, -_RATE_DECIMALS)))


def _find_payer_rate(plan: MerchantPlan, program: Program) -> Rate:
    rate = program.terms.rate
    return rate if plan.payer_interest else replace(rate, value=_NO_COST)


def _price_terms(
    terms: PricingTerms,
    amount: Money,
    *,
    deferral_months: int,
    discount: Charge | None,
    award: CashAward | None,
) -> OfferPrice:
    try:
        schedule = build_schedule(terms, amount, anchor=_ANCHOR)
    except InvalidTerms as contradiction:
        # Terms that hold for the program's own count need not hold for a custom plan's.
        raise NotPresentable(str(contradiction)) from None
    currency, interest_minor = amount.currency, schedule.interest_minor
    discount_minor = min(_find_minor(discount, interest_minor, currency), interest_minor)
    first, other = (
        _split_discounted(terms, schedule, discount_minor) if discount_minor else _read_rows(schedule)
    )
    if terms.first_due is FirstDue.TRANSACTION_DATE and first >= amount.minor:
        raise NotPriceable(
            NotPriceableReason.FIRST_ROW_COVERS_PRINCIPAL,
            "the first payment, due at once, is not smaller than the purchase: no rate exists",
        )
    price = OfferPrice(
        currency=currency,
        principal_minor=amount.minor,
        count=terms.count,
        deferral_months=deferral_months + _count_own_deferral(terms),
        rate_percent=find_rate_percent(terms),
        interest_minor=interest_minor,
        discount_minor=discount_minor,
        fee_minor=schedule.fee_minor,
        first_minor=first,
        other_minor=other,
        award_minor=_find_minor(award, amount.minor, currency),
    )
    if price.total_minor > min(MAX_MINOR, _MAX_TOTAL_MAJOR * 10**currency.exponent):
        raise NotPresentable("the total exceeds what a plan can say")
    if terms.max_apr_percent is not None:
        find_network_apr(terms, _read_schedule(price))
    return price


def _read_rows(schedule: Schedule) -> tuple[int, int]:
    """The first and each later amount of the program's own rows."""
    first, later = schedule.first_minor, {row.amount_minor for row in schedule.rows[1:]}
    if len(later) > 1 or schedule.prepaid_fee_minor:
        raise NotPresentable("the payments after the first differ, or a fee is paid apart from them")
    return first, later.pop() if later else 0


def _split_discounted(terms: PricingTerms, schedule: Schedule, discount_minor: int) -> tuple[int, int]:
    """What the discount leaves of principal and interest, split evenly, with the fee where it belongs."""
    count = len(schedule.rows)
    first_fee, other_fee = split_fees(terms.fees, _read_principal(schedule), count=count)
    if first_fee + other_fee * (count - 1) != schedule.fee_minor:
        raise NotPresentable("a fee is financed with the purchase, or paid apart from the rows")
    first, other = _split_evenly(
        schedule.principal_minor + schedule.interest_minor - discount_minor, count=count
    )
    if first < 0 or first_fee < 0:
        raise refuse_negative_part(schedule.principal_minor, count)
    if first + first_fee < 1 or (count > 1 and other + other_fee < 1):
        raise NotPriceable(
            NotPriceableReason.ROW_BELOW_MINOR_UNIT,
            f"{schedule.principal_minor} minor units give a row below one unit in {count} installments",
        )
    return first + first_fee, other + other_fee if count > 1 else 0


def _split_evenly(sum_minor: int, *, count: int) -> tuple[int, int]:
    """The first row, which takes what rounding leaves over, and each other one, half up."""
    other = divide_half_up(sum_minor, count) if count > 1 else 0
    return sum_minor - other * (count - 1), other


def _read_principal(schedule: Schedule) -> Money:
    return Money(schedule.principal_minor, schedule.currency)


def _read_schedule(price: OfferPrice) -> Schedule:
    """A price as rows, for what looks at their amounts alone."""
    amounts = (price.first_minor, *[price.other_minor] * (price.count - 1))
    return Schedule(
        currency=price.currency,
        principal_minor=price.principal_minor,
        rows=tuple(
            make_row(number, _ANCHOR, parts=(amount, 0), fee_minor=0)
            for number, amount in enumerate(amounts, 1)
        ),
        total_minor=price.total_minor,
        interest_minor=price.interest_minor - price.discount_minor,
        fee_minor=price.fee_minor,
    )


def _find_own_rows(price: OfferPrice, terms: PricingTerms) -> tuple[InstallmentRow, ...]:
    """The program's own rows; the fee is the program's, or else a rule's, which is on the first row."""
    value = _NO_COST if price.rate_percent == 0 else terms.rate.value
    bare = replace(terms, count=price.count, rate=replace(terms.rate, value=value))
    fee = Fee(kind=FeeKind.FIXED, value=Decimal(price.fee_minor).scaleb(-price.currency.exponent))
    for fees in (terms.fees, (fee,)):
        try:
            schedule = build_schedule(
                replace(bare, fees=fees), Money(price.principal_minor, price.currency), anchor=_ANCHOR
            )
        except NotPriceable:
            # The program's own fee can be unlawful where the rule's is not.
            continue
        if (schedule.fee_minor, *_read_rows(schedule)) == (
            price.fee_minor,
            price.first_minor,
            price.other_minor,
        ):
            return schedule.rows
    raise AssertionError("the price was made of other terms")


def _part_discounted(
    price: OfferPrice, terms: PricingTerms, dates: tuple[date, ...]
) -> Iterator[tuple[int, int, int]]:
    """Principal, interest and fee of each row of a discounted price."""
    left_minor = price.principal_minor + price.interest_minor - price.discount_minor
    first, other = _split_evenly(left_minor, count=price.count)
    bare = (first, *[other] * (price.count - 1))
    split = split_finance_charge(
        list(zip(bare, dates, strict=True)),
        price.principal_minor,
        in_advance=terms.first_due is FirstDue.TRANSACTION_DATE,
    )
    fees = (price.first_minor - first, *[price.other_minor - other] * (price.count - 1))
    for (principal, interest), fee in zip(split.parts, fees, strict=True):
        yield principal, interest, fee


def _list_fees(charge: Charge) -> tuple[Fee, ...]:
    return (Fee(kind=_FEE_KINDS[charge.kind], value=charge.value),) if charge.value else ()


def _find_minor(charge: Charge | CashAward | None, whole_minor: int, currency: Currency) -> int:
    """An amount, or a percentage of a whole, in minor units, half up; 0 where there is none."""
    if charge is None:
        return 0
    numerator, denominator = charge.value.as_integer_ratio()
    if charge.kind is AmountKind.PERCENT:
        return divide_half_up(whole_minor * numerator, denominator * 100)
    return divide_half_up(numerator * 10**currency.exponent, denominator)


def _find_fixed(charge: Fee | Charge | CashAward | None, currency: Currency) -> int | None:
    """As `_find_minor`, but None for a percentage, whose whole is not known."""
    if charge is None or not charge.value:
        return 0
    if charge.kind in (AmountKind.PERCENT, FeeKind.PERCENT):
        return None
    numerator, denominator = charge.value.as_integer_ratio()
    return divide_half_up(numerator * 10**currency.exponent, denominator)


def _count_own_deferral(terms: PricingTerms) -> int:
    return 0 if terms.start.deferral is None else terms.start.deferral.periods
