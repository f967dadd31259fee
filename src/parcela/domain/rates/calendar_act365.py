"""Effective annual rates on calendar days over 365, also in leap years: the Brazilian and Argentine time
basis.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from parcela.domain.rates.flows import CostRate, DatedFlow, find_drawdown, to_cost_rate
from parcela.domain.rates.solver import solve_effective
from parcela.domain.rounding import RoundingMode


def solve_act365(flows: Sequence[DatedFlow]) -> Decimal:
    """The effective annual rate as a fraction of 1, not rounded. Raises `RateUndefined`."""
    start = find_drawdown(flows)
    return solve_effective([(Fraction((flow.day - start).days, 365), flow.amount) for flow in flows])


def find_act365_rate(flows: Sequence[DatedFlow], *, decimals: int = 2) -> CostRate:
    """The rate of the former European calendar method, half up. Raises `RateUndefined`."""
    return to_cost_rate(solve_act365(flows), decimals=decimals, mode=RoundingMode.HALF_UP)
