"""The United Kingdom's APR: the European equation with time counted forward from the drawdown (FCA CONC App
1.2).

Whole months or weeks come first, the days left over after them are parts of the year they run in.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from parcela.domain.calendar import IntervalUnit, add_days, add_months
from parcela.domain.rates.flows import CostRate, DatedFlow, find_drawdown, to_cost_rate
from parcela.domain.rates.solver import solve_effective

_SHOWN_DECIMALS = 1


def find_uk_rate(flows: Sequence[DatedFlow], unit: IntervalUnit) -> CostRate:
    """The APR of dated flows; `unit` is the payment frequency. Raises `RateUndefined`."""
    start = find_drawdown(flows)
    timed = [(count_years_forward(start, flow.day, unit=unit), flow.amount) for flow in flows]
    return to_cost_rate(solve_effective(timed), decimals=_SHOWN_DECIMALS)


def count_years_forward(start: date, end: date, *, unit: IntervalUnit) -> Fraction:
    """Whole weeks or months from the start, then days over 365, or 366 where they run through a 29
    February.
    """
    if unit is IntervalUnit.WEEK:
        whole = (end - start).days // 7
        reached = add_days(start, 7 * whole)
        years = Fraction(whole, 52)
    elif unit in (IntervalUnit.MONTH, IntervalUnit.YEAR):
        whole = (end.year - start.year) * 12 + end.month - start.month
        if add_months(start, whole) > end:
            whole -= 1
        reached = add_months(start, whole)
        years = Fraction(whole, 12)
    else:
        reached = start
        years = Fraction(0)
    return years + Fraction((end - reached).days, (add_months(reached, 12) - reached).days)
