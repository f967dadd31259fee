"""The European APRC: Directive (EU) 2023/2225 Annex III, formerly 2008/48/EC Annex I (spec disclosures §3).

Σ C·(1+X)^−t = Σ D·(1+X)^−s with X effective; intervals in whole periods and days, counted back from the
payment.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from parcela.domain.calendar import IntervalUnit, add_months
from parcela.domain.rates.flows import CostRate, DatedFlow, find_drawdown, step_back_months, to_cost_rate
from parcela.domain.rates.solver import solve_effective

_MONTHS = {IntervalUnit.MONTH: 1, IntervalUnit.YEAR: 12}
_SHOWN_DECIMALS = 1


def find_eu_rate(flows: Sequence[DatedFlow], unit: IntervalUnit) -> CostRate:
    """The APRC of dated flows; `unit` is the payment frequency: years, months, weeks, else days alone.

    Raises `RateUndefined`.
    """
    start = find_drawdown(flows)
    timed = [(count_years_back(start, flow, unit=unit), flow.amount) for flow in flows]
    return find_eu_rate_of_intervals(timed)


def find_eu_rate_of_intervals(
    flows: Sequence[tuple[Fraction, Decimal]], decimals: int = _SHOWN_DECIMALS
) -> CostRate:
    """The APRC of flows at exact intervals in years; credit is negative. Raises `RateUndefined`."""
    return to_cost_rate(solve_effective(flows), decimals=decimals)


def count_years_back(start: date, flow: DatedFlow, *, unit: IntervalUnit) -> Fraction:
    """Whole periods back from the flow, then days over the length of the year that ends on the last of those
    days.
    """
    months = _MONTHS.get(unit)
    if months is not None:
        whole, stop = step_back_months(start, flow, months=months)
        years = Fraction(whole * months, 12)
    elif unit is IntervalUnit.WEEK:
        whole, _ = divmod((flow.day - start).days, 7)
        stop = flow.day - timedelta(days=7 * whole)
        years = Fraction(whole, 52)
    else:
        stop = flow.day
        years = Fraction(0)
    days = (stop - start).days
    return years + Fraction(days, count_days_of_year_ending(stop))


def count_days_of_year_ending(day: date) -> int:
    """365, or 366 if a 29 February lies in the twelve months that end on this day."""
    return (day - add_months(day, -12)).days
