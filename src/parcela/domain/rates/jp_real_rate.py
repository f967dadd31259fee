"""Japan's real annual rate (実質年率): Installment Sales Act enforcement rules (spec disclosures §3).

R with U(k+1) = U(k)·(1 + R·T(k)) − P(k) ending at 0: nominal, simple interest from payment to payment.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from parcela.domain.rates.flows import CostRate, to_cost_rate
from parcela.domain.rates.solver import solve_rate


def find_jp_rate(
    credit: Decimal, payments: Sequence[tuple[Fraction, Decimal]], *, decimals: int = 1
) -> CostRate:
    """The rate of a credit (cash price less down payment) and payments, each with its years since the one
    before.

    A payment at once has 0 years. One decimal, half up. Raises `RateUndefined`.
    """
    steps = [(years.numerator, years.denominator, amount) for years, amount in payments]

    def worth(rate: Decimal) -> tuple[Decimal, Decimal]:
        growth = Decimal(1)
        value, slope, log_slope = -credit, Decimal(0), Decimal(0)
        for numerator, denominator, amount in steps:
            factor = 1 + rate * numerator / denominator
            growth *= factor
            log_slope += numerator / (denominator * factor)
            term = amount / growth
            value += term
            slope -= term * log_slope
        return value, slope

    return to_cost_rate(solve_rate(worth), decimals=decimals)
