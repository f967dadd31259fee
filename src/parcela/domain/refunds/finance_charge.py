"""The rate and the parts of a plan that is known by its row amounts and its principal alone.

An issuer that hears of a plan by a notification knows no more than that (spec network §9).
"""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from itertools import pairwise
from typing import NamedTuple

from parcela.domain.rates.solver import CONTEXT, RateUndefined, solve_rate
from parcela.domain.rounding import divide_half_up

# Rates found are kept as whole multiples of 10^-12 a period, so that they can be stored and shown.
RATE_DENOMINATOR = 10**12
_RATE_DIGITS = 12


# A row as a notification tells it: its amount in minor units and its due date.
DatedAmount = tuple[int, date]


class FinanceChargeSplit(NamedTuple):
    """The rate a period as (numerator, denominator), and each row's principal and interest in minor units."""

    rate: tuple[int, int]
    parts: tuple[tuple[int, int], ...]


def split_finance_charge(
    rows: Sequence[DatedAmount], principal_minor: int, *, in_advance: bool
) -> FinanceChargeSplit:
    """The rate that makes the rows worth the principal at times 0…n−1 (`in_advance`) or 1…n, and the parts.

    `rows` stand in the order of their dates, which are not reckoned with: periods count as equal. A row pays
    the interest of its balance half up, never more than the interest still left; the last row takes the rest,
    so that principal parts sum to the principal and each row to its amount. Rows that sum to the principal,
    or below it, are principal alone and have the rate (0, 1). So has a plan for which no rate exists, because
    its first row, due at once, covers the principal: its principal is repaid first.
    """
    assert principal_minor >= 0
    assert all(before <= after for (_, before), (_, after) in pairwise(rows)), "rows stand in their order"
    amounts = [amount for amount, _ in rows]
    charge = sum(amounts) - principal_minor
    if charge <= 0:
        return FinanceChargeSplit((0, 1), tuple((amount, 0) for amount in amounts))
    numerator = _find_rate(amounts, principal_minor, in_advance=in_advance)
    rate = (numerator, RATE_DENOMINATOR) if numerator else (0, 1)
    balance = principal_minor
    left = charge
    parts = []
    for index, amount in enumerate(amounts):
        is_free = in_advance and index == 0
        interest = 0 if is_free else divide_half_up(balance * rate[0], rate[1])
        # No row repays more than the balance, and the last one repays all of it.
        interest = max(min(interest, left, amount), amount - balance)
        if index == len(amounts) - 1:
            interest = left
        parts.append((amount - interest, interest))
        balance -= amount - interest
        left -= interest
    return FinanceChargeSplit(rate, tuple(parts))


def _find_rate(amounts: Sequence[int], principal_minor: int, *, in_advance: bool) -> int:
    """The rate a period in multiples of 10^-12, 0 where there is none."""
    at_once = amounts[0] if in_advance else 0
    later = amounts[1:] if in_advance else amounts
    present = principal_minor - at_once
    if present <= 0 or not later:
        return 0

    def worth(rate: Decimal) -> tuple[Decimal, Decimal]:
        value, slope = Decimal(-present), Decimal(0)
        discount = Decimal(1)
        for number, amount in enumerate(later, 1):
            discount /= 1 + rate
            value += amount * discount
            slope -= number * amount * discount / (1 + rate)
        return value, slope

    try:
        rate = solve_rate(worth)
    except RateUndefined:
        return 0
    with localcontext(CONTEXT):
        return int(rate.scaleb(_RATE_DIGITS).to_integral_value(ROUND_HALF_EVEN))
