"""Chooses the rule of a method, and puts grace rows before it."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from parcela.domain.rates.solver import solve_level_rate
from parcela.domain.schedule.amortization import (
    Debt,
    Part,
    amortize_equal_principal,
    amortize_interest_only,
    amortize_level,
    find_level_amount,
    smooth_level,
)
from parcela.domain.schedule.japan import amortize_first_by_days
from parcela.domain.schedule.markup import split_add_on, split_flat, split_surcharge
from parcela.domain.schedule.split import split_equal
from parcela.domain.terms import (
    DeferralInterest,
    FlatInterestBasis,
    InvalidTerms,
    LevelSource,
    Method,
    PricingTerms,
    RateKind,
    ScheduleRate,
)


class RowParts(NamedTuple):
    """What one row takes off the balance, and its interest and fee, in minor units."""

    balance_minor: int
    interest_minor: int
    fee_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodInput:
    """A debt with the purchase it came from; `level_rates` are the periods the level amount is spread
    over.
    """

    terms: PricingTerms
    debt: Debt
    purchase_minor: int
    level_rates: tuple[Fraction, ...]


def build_parts(given: MethodInput) -> list[RowParts]:
    """The parts of each row by the program's method, grace rows first. Raises `InvalidTerms`."""
    grace = given.terms.start.grace
    if grace is None:
        return _apply_method(given)
    waiting = min(grace.principal, len(given.debt.rates) - 1)
    debt = given.debt
    before = [RowParts(0, debt.round_interest(debt.balance_minor * rate)) for rate in debt.rates[:waiting]]
    after = _apply_method(
        replace(
            given,
            debt=replace(debt, rates=debt.rates[waiting:]),
            level_rates=given.level_rates[waiting:],
        )
    )
    return _postpone_interest(before + after, grace.interest)


def _postpone_interest(rows: list[RowParts], count: int) -> list[RowParts]:
    """Collect the interest of the first `count` rows with the row after them, without interest on it."""
    if not count:
        return rows
    if count >= len(rows):
        raise InvalidTerms("interest is postponed beyond the last row: shorten the grace or add installments")
    postponed = sum(row.interest_minor for row in rows[:count])
    collecting = rows[count]._replace(interest_minor=rows[count].interest_minor + postponed)
    return [*(row._replace(interest_minor=0) for row in rows[:count]), collecting, *rows[count + 1 :]]


def _apply_method(given: MethodInput) -> list[RowParts]:
    terms, debt = given.terms, given.debt
    match terms.method:
        case Method.ADD_ON:
            amounts, fees = split_add_on(debt, _add_deferral_surcharge(terms))
            return [RowParts(amount - fee, 0, fee) for amount, fee in zip(amounts, fees, strict=True)]
        case Method.EQUAL_SPLIT | Method.LARGEST_REMAINDER:
            rows = split_equal(
                debt.balance_minor, len(debt.rates), rules=debt.rounding, exponent=debt.exponent
            )
            return [RowParts(row, 0) for row in rows]
        case _:
            return [RowParts(*part) for part in _list_interest_parts(given)]


def _list_interest_parts(given: MethodInput) -> list[Part]:
    """The methods whose rows are balance and interest only."""
    terms, debt = given.terms, given.debt
    options = terms.options
    match terms.method:
        case Method.ANNUITY | Method.ANNUITY_BALLOON:
            return _amortize_annuity(given)
        case Method.EQUAL_PRINCIPAL:
            return amortize_equal_principal(debt)
        case Method.INTEREST_ONLY:
            return amortize_interest_only(debt)
        case Method.FLAT:
            is_full = options.flat_base is FlatInterestBasis.FULL_AMOUNT
            return split_flat(debt, given.purchase_minor if is_full else debt.balance_minor, options=options)
        case Method.SURCHARGE:
            return split_surcharge(debt, _add_deferral_surcharge(terms), rule=options.total_rule)
        case Method.JP_LEVEL_FIRST_BY_DAYS:
            if options.japanese_level is None or terms.rate.kind is not RateKind.NOMINAL_ANNUAL:
                raise InvalidTerms("this method needs options.japanese_level and a nominal annual rate")
            return amortize_first_by_days(debt, options.japanese_level, annual_percent=terms.rate.value)
        case _:
            raise InvalidTerms(f"{terms.method} has no interest parts")


def _amortize_annuity(given: MethodInput) -> list[Part]:
    """A level amount over the periods it is spread over; a balloon's last row also pays the balance then
    left.
    """
    debt, options = given.debt, given.terms.options
    rates: tuple[Fraction, ...] = given.level_rates
    if options.level_source is LevelSource.DAILY_30_365:
        rates = (Fraction(given.terms.rate.value) / 100 * Fraction(30, 365),) * len(rates)
    level = debt.round_installment(find_level_amount(debt.balance_minor, rates))
    if options.smooth_level:
        level = smooth_level(debt, level)
    if options.schedule_rate is ScheduleRate.IRR_OF_ROWS:
        rate = solve_level_rate(debt.balance_minor, level, count=len(debt.rates))
        debt = replace(debt, rates=(rate,) * len(debt.rates))
    return amortize_level(debt, level)


def _add_deferral_surcharge(terms: PricingTerms) -> Fraction:
    """The percentage on the amount, with a deferral's surcharge for each of its periods."""
    percent = Fraction(terms.rate.value)
    deferral = terms.start.deferral
    if deferral is not None and deferral.interest is DeferralInterest.SURCHARGE:
        percent += deferral.periods * Fraction(deferral.surcharge_percent_per_period)
    return percent
