"""Root finding on decimals of 50 digits: bracketed, without binary floats, not rounded (spec disclosures
§3).
"""

from collections.abc import Callable, Sequence
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

from parcela.domain.errors import DomainError

# Guard digits above the 34 that the disclosure rules ask for; a context of our own leaves the thread's alone.
CONTEXT = Context(prec=50)
# Newton's error is squared in each step: after a step of 10^-21 the root is good to 40 digits.
_LAST_STEP = Decimal("1e-21")
_MAX_STEPS = 400

# Rates as fractions: -50 % and 1,000,000 %.
LOWEST_RATE = Decimal("-0.5")
HIGHEST_RATE = Decimal(10_000)

# The payments' value less the credit at a rate, and its slope there.
Worth = Callable[[Decimal], tuple[Decimal, Decimal]]


class RateUndefined(DomainError):
    """No rate between −50 % and 1,000,000 % makes the flows balance: the plan cannot be offered."""

    code = "rate_undefined"


def solve_rate(worth: Worth, *, lowest: Decimal = LOWEST_RATE, highest: Decimal = HIGHEST_RATE) -> Decimal:
    """The rate nearest to 0 at which `worth` is 0, not rounded.

    `worth` must be exact at 0, so that a plan without cost gives exactly 0. Raises `RateUndefined` when it
    keeps its sign up to the limits, which are excluded.
    """
    with localcontext(CONTEXT):
        cost, _ = worth(Decimal(0))
        if cost == 0:
            return Decimal(0)
        limit, edge, growth = (highest, Decimal("0.05"), 4) if cost > 0 else (lowest, Decimal("-0.05"), 2)
        near = Decimal(0)
        while abs(edge) < abs(limit):
            value, _ = worth(edge)
            if (value > 0) != (cost > 0):
                return _close_in(worth, near, outer=edge, cost=cost)
            near = edge
            edge *= growth
        value, _ = worth(limit)
        if value == 0 or (value > 0) == (cost > 0):
            raise RateUndefined("no rate between -50 % and 1,000,000 % a year balances the flows")
        return _close_in(worth, near, outer=limit, cost=cost)


def solve_effective(flows: Sequence[tuple[Fraction, Decimal]]) -> Decimal:
    """The effective annual rate X with Σ amount·(1+X)^−years = 0; credit is negative, payments are positive.

    Solved for ln(1+X), in which the worth is a sum of exponentials. Equal gaps between flows share one
    exponential.
    """
    with localcontext(CONTEXT):
        ordered = sorted(flows)
        times = [_to_decimal(years) for years, _ in ordered]
        gaps = [after - before for (before, _), (after, _) in pairwise([(Fraction(0), 0), *ordered])]
        lengths = {gap: _to_decimal(gap) for gap in gaps}
        steps = [(gap, time, amount) for gap, time, (_, amount) in zip(gaps, times, ordered, strict=True)]

        def worth(force: Decimal) -> tuple[Decimal, Decimal]:
            factors = {gap: (-force * length).exp() for gap, length in lengths.items()}
            discount = Decimal(1)
            value = slope = Decimal(0)
            for gap, time, amount in steps:
                discount *= factors[gap]
                term = amount * discount
                value += term
                slope -= time * term
            return value, slope

        force = solve_rate(worth, lowest=(1 + LOWEST_RATE).ln(), highest=(1 + HIGHEST_RATE).ln())
        return force.exp() - 1


def solve_level_rate(balance_minor: int, level_minor: int, *, count: int) -> Fraction:
    """The rate a period that equal rows really earn, from 50 digits."""

    def worth(rate: Decimal) -> tuple[Decimal, Decimal]:
        term = Decimal(level_minor)
        value, slope = Decimal(-balance_minor), Decimal(0)
        for number in range(1, count + 1):
            term /= 1 + rate
            value += term
            slope -= number * term / (1 + rate)
        return value, slope

    return Fraction(solve_rate(worth))


def _close_in(worth: Worth, inner: Decimal, *, outer: Decimal, cost: Decimal) -> Decimal:
    """Newton's method inside a bracket; a step that leaves the bracket is replaced by bisection."""
    rate = inner
    for _ in range(_MAX_STEPS):
        value, slope = worth(rate)
        if value == 0:
            return rate
        if (value > 0) == (cost > 0):
            inner = rate
        else:
            outer = rate
        following = rate - value / slope if slope else inner
        if not min(inner, outer) < following < max(inner, outer):
            following = (inner + outer) / 2
        step = abs(following - rate)
        rate = following
        if step <= _LAST_STEP:
            break
    return rate


def _to_decimal(years: Fraction) -> Decimal:
    return Decimal(years.numerator) / years.denominator
