"""Brazil's Custo Efetivo Total: Resolução CMN 4.881 art. 4 and annex (spec disclosures §3)."""

from collections.abc import Sequence

from parcela.domain.rates.calendar_act365 import solve_act365
from parcela.domain.rates.flows import CostRate, DatedFlow, to_cost_rate
from parcela.domain.rounding import RoundingMode


def find_br_rate(flows: Sequence[DatedFlow]) -> CostRate:
    """The CET of dated flows: calendar days over 365, two decimals, exact halves to even (ABNT NBR 5891).

    Costs paid in advance, taxes and insurance belong into the flows. Raises `RateUndefined`.
    """
    return to_cost_rate(solve_act365(flows), decimals=2, mode=RoundingMode.HALF_EVEN)
