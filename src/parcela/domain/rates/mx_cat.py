"""Mexico's Costo Anual Total: Banco de México Circular 21/2009, without VAT (spec disclosures §3)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from parcela.domain.rates.flows import CostRate, to_cost_rate
from parcela.domain.rates.solver import solve_effective


def find_mx_rate(flows: Sequence[tuple[Fraction, Decimal]]) -> CostRate:
    """The CAT of flows at k/12, k/24, k/26 or k/52 of a year, one decimal half up. Raises `RateUndefined`."""
    return to_cost_rate(solve_effective(flows), decimals=1)
