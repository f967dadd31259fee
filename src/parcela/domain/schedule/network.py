"""The network's rows: annuities due and ordinary, fees first or spread (spec network §6.1 and §6.2).

Everything is exact integer arithmetic: a nominal rate is a fraction p/q a period, so that the level payment
P·r / (1 − (1+r)⁻ⁿ) is a quotient of integers that is rounded once.
"""

from datetime import date
from typing import NamedTuple

from parcela.domain.calendar import list_due_dates
from parcela.domain.money import Money
from parcela.domain.rounding import divide_half_up
from parcela.domain.schedule.records import NotPriceable, NotPriceableReason, Schedule, make_row
from parcela.domain.terms import Fee, FeeKind, FeePlacement, FirstDue, PricingTerms


class PeriodicRate(NamedTuple):
    """A rate a period as the integers `numerator` / `denominator`."""

    numerator: int
    denominator: int


class Annuity(NamedTuple):
    """What a level payment follows from; `in_advance` means that the first one is due at once."""

    principal_minor: int
    rate: PeriodicRate
    rows: int
    in_advance: bool


def build_network_schedule(terms: PricingTerms, principal: Money, *, anchor: date) -> Schedule:
    """Rows, parts and dates. Raises `NotPriceable` in the cases of network §6.4, `DateOutOfRange`."""
    count, principal_minor = terms.count, principal.minor
    in_advance = terms.first_due is FirstDue.TRANSACTION_DATE
    annuity = Annuity(principal_minor, find_periodic_rate(terms), count, in_advance)
    first, payment, parts = _split_principal_and_interest(annuity)
    first_fee, other_fee = split_fees(terms.fees, principal, count=count)
    if first + first_fee < 1 or payment + other_fee < 1:
        raise NotPriceable(
            NotPriceableReason.ROW_BELOW_MINOR_UNIT,
            f"{principal_minor} minor units give a row below one unit in {count} installments",
        )
    if first < 0 or first_fee < 0:
        raise refuse_negative_part(principal_minor, count)
    if in_advance and first + first_fee >= principal_minor:
        raise NotPriceable(
            NotPriceableReason.FIRST_ROW_COVERS_PRINCIPAL,
            "the first installment, due at once, is not smaller than the purchase: no rate exists",
        )
    first_step = 0 if in_advance or terms.first_due_date else 1
    steps = range(first_step, first_step + count)
    dates = list_due_dates(terms.first_due_date or anchor, terms.interval, steps=steps, rules=terms.dates)
    rows = []
    fee = first_fee
    for number, due_date in enumerate(dates, 1):
        rows.append(make_row(number, due_date, parts=parts[number - 1], fee_minor=fee))
        fee = other_fee
    fee_total = first_fee + other_fee * (count - 1)
    interest_total = first + payment * (count - 1) - principal_minor
    return Schedule(
        currency=principal.currency,
        principal_minor=principal_minor,
        rows=tuple(rows),
        total_minor=principal_minor + interest_total + fee_total,
        interest_minor=interest_total,
        fee_minor=fee_total,
    )


def _split_principal_and_interest(annuity: Annuity) -> tuple[int, int, list[tuple[int, int]]]:
    """Row 1, every other row, and the parts of all rows; as for no interest if rounded payments miss the
    principal.
    """
    principal_minor, rate, count, _ = annuity
    payment = find_payment(annuity)
    if rate.numerator and payment * count >= principal_minor:
        return payment, payment, split_interest(annuity, payment)
    payment = divide_half_up(principal_minor, count)
    first = principal_minor - payment * (count - 1)
    return first, payment, [(first, 0), *[(payment, 0)] * (count - 1)]


def find_periodic_rate(terms: PricingTerms) -> PeriodicRate:
    """interestRate / 100 / N as two integers (network §6.1)."""
    numerator, denominator = terms.rate.value.as_integer_ratio()
    periods, years = terms.year_periods.as_integer_ratio()
    return PeriodicRate(numerator * years, denominator * periods * 100)


def find_payment(annuity: Annuity) -> int:
    """The level payment of an annuity due or an ordinary annuity, half up to the minor unit."""
    interest, one = annuity.rate
    if not interest:
        return divide_half_up(annuity.principal_minor, annuity.rows)
    growth = (one + interest) ** (annuity.rows - 1)
    divisor = growth * (one + interest) - one**annuity.rows
    if annuity.in_advance:
        return divide_half_up(annuity.principal_minor * interest * growth, divisor)
    return divide_half_up(annuity.principal_minor * interest * growth * (one + interest), one * divisor)


def split_fees(fees: tuple[Fee, ...], principal: Money, *, count: int) -> tuple[int, int]:
    """The fee of row 1 and of each other row (network §6.1)."""
    first = other = 0
    for fee in fees:
        fee_minor = find_fee(fee, principal)
        if fee.placement is FeePlacement.SPREAD:
            share = divide_half_up(fee_minor, count)
            first += fee_minor - share * (count - 1)
            other += share
        else:
            first += fee_minor
    return first, other


def find_fee(fee: Fee, principal: Money) -> int:
    """The fee in minor units, half up: the amount itself, or a percentage of the transaction amount."""
    numerator, denominator = fee.value.as_integer_ratio()
    if fee.kind is FeeKind.PERCENT:
        return divide_half_up(principal.minor * numerator, denominator * 100)
    return divide_half_up(numerator * 10**principal.currency.exponent, denominator)


def split_interest(annuity: Annuity, payment: int) -> list[tuple[int, int]]:
    """Principal and interest of each row (network §6.2).

    A row pays the interest of its balance, never more than the interest still left; the last row takes what
    is left. Raises `NotPriceable` when a part would be negative.
    """
    principal_minor, (numerator, half), count, in_advance = annuity
    double, divisor = 2 * numerator, 2 * half
    balance = principal_minor
    left = payment * count - principal_minor
    parts = []
    if in_advance:
        parts.append((payment, 0))
        balance -= payment
    for _ in range(count - 1 - in_advance):
        interest = (balance * double + half) // divisor
        if interest > left:
            interest = left
        part = payment - interest
        balance -= part
        left -= interest
        if part < 0 or balance < 0:
            raise refuse_negative_part(principal_minor, count)
        parts.append((part, interest))
    if count > in_advance:
        parts.append((balance, left))
    return parts


def refuse_negative_part(principal_minor: int, count: int) -> NotPriceable:
    """The refusal for a split in which a principal, interest or fee part falls below zero."""
    return NotPriceable(
        NotPriceableReason.NEGATIVE_PART,
        f"{principal_minor} minor units in {count} installments need a negative part: use fewer installments",
    )
