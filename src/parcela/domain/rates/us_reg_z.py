"""The United States' actuarial APR: Regulation Z, 12 CFR 1026 Appendix J (spec disclosures §3).

Amount financed = Σ P / [(1 + f·i)(1 + i)^t]; APR = i × unit-periods a year, nominal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from parcela.domain.calendar import Interval, IntervalUnit, add_intervals, find_periods_per_year
from parcela.domain.rates.flows import CostRate, DatedFlow, find_drawdown, step_back_months, to_cost_rate
from parcela.domain.rates.solver import HIGHEST_RATE, LOWEST_RATE, solve_rate

_SHOWN_DECIMALS = 2
_DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFlow:
    """An amount after whole unit-periods and an odd fraction of one; credit is negative."""

    periods: int
    fraction: Fraction
    amount: Decimal


def find_us_rate(flows: Sequence[DatedFlow], unit: Interval) -> CostRate:
    """The APR of dated flows; `unit` is the interval that occurs most often. Raises `RateUndefined`."""
    start = find_drawdown(flows)
    if unit.unit is IntervalUnit.SINGLE:
        return _find_single_payment_rate(flows, start)
    timed = []
    for flow in flows:
        periods, fraction = count_unit_periods(start, flow, unit=unit)
        timed.append(UnitFlow(periods=periods, fraction=fraction, amount=flow.amount))
    return find_us_rate_of_unit_periods(timed, find_periods_per_year(unit.unit, unit.count))


def find_us_rate_of_unit_periods(
    flows: Sequence[UnitFlow], per_year: Fraction, *, decimals: int = _SHOWN_DECIMALS
) -> CostRate:
    """The APR of flows that are counted in unit-periods, half up. Raises `RateUndefined`."""

    timed = [
        (flow.periods, flow.fraction.numerator, flow.fraction.denominator, flow.amount) for flow in flows
    ]

    def worth(rate: Decimal) -> tuple[Decimal, Decimal]:
        growth = 1 + rate
        value = slope = Decimal(0)
        for periods, numerator, denominator, amount in timed:
            odd = 1 + rate * numerator / denominator
            term = amount / (odd * growth**periods)
            value += term
            slope -= term * (numerator / (denominator * odd) + periods / growth)
        return value, slope

    scale = Decimal(per_year.numerator) / per_year.denominator
    rate = solve_rate(worth, lowest=LOWEST_RATE / scale, highest=HIGHEST_RATE / scale)
    return to_cost_rate(Fraction(rate) * per_year, decimals=decimals)


def count_unit_periods(start: date, flow: DatedFlow, *, unit: Interval) -> tuple[int, Fraction]:
    """Whole unit-periods counted back from the flow, and the odd days before them (Appendix J (b)(5)).

    Odd days are divided by 30 for each month of a unit-period, by 15 for half a month, by 7 for a week.
    """
    match unit.unit:
        case IntervalUnit.MONTH:
            return _count_months(start, flow, months=unit.count)
        case IntervalUnit.YEAR:
            return _count_years(start, flow, years=unit.count)
        case IntervalUnit.SEMIMONTH:
            return _count_semimonths(start, flow.day)
        case _:
            length = 7 * unit.count if unit.unit is IntervalUnit.WEEK else unit.count
            whole, odd = divmod((flow.day - start).days, length)
            return whole, Fraction(odd, length)


def _count_months(start: date, flow: DatedFlow, *, months: int) -> tuple[int, Fraction]:
    whole, stop = step_back_months(start, flow, months=1)
    periods, odd_months = divmod(whole, months)
    return periods, Fraction(30 * odd_months + (stop - start).days, 30 * months)


def _count_years(start: date, flow: DatedFlow, *, years: int) -> tuple[int, Fraction]:
    """A year's odd part is in twelfths if it is whole months, else in days over 365 (Appendix J
    (b)(5)(vi)).
    """
    whole, stop = step_back_months(start, flow, months=1)
    periods, odd_months = divmod(whole, 12 * years)
    if stop == start:
        return periods, Fraction(odd_months, 12 * years)
    _, stop = step_back_months(start, flow, months=12 * years)
    return periods, Fraction((stop - start).days, _DAYS_A_YEAR * years)


def _count_semimonths(start: date, end: date) -> tuple[int, Fraction]:
    unit = Interval(unit=IntervalUnit.SEMIMONTH)
    whole = max((end - start).days // 16, 0)
    while add_intervals(end, unit, times=-(whole + 1)) >= start:
        whole += 1
    return whole, Fraction((add_intervals(end, unit, times=-whole) - start).days, 15)


def _find_single_payment_rate(flows: Sequence[DatedFlow], start: date) -> CostRate:
    """One payment: the unit-period is the term, or a year if the term is longer (Appendix J (b)(4)(iii),
    (c)(5)).

    A term of whole months has 12/months terms a year, any other 365/days.
    """
    last = max(flows, key=lambda flow: flow.day)
    months, stop = step_back_months(start, last, months=1)
    days = (last.day - start).days
    if days > _DAYS_A_YEAR:
        return find_us_rate(flows, Interval(unit=IntervalUnit.YEAR))
    per_year = Fraction(12, months) if months and stop == start else Fraction(_DAYS_A_YEAR, max(days, 1))
    timed = [
        UnitFlow(periods=int(flow.day == last.day), fraction=Fraction(0), amount=flow.amount)
        for flow in flows
    ]
    return find_us_rate_of_unit_periods(timed, per_year)
