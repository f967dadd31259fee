"""The network's apr (`spec/network.md` §6.1) of a plan whose first payment may be put off by whole periods.

Equal to `find_network_apr` where nothing is put off: the rate that makes the payments worth the purchase,
each discounted over the periods between the purchase and its due date, fees included.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from parcela.domain.rates.hundredths import search_hundredths

_HUNDREDTH = Decimal("0.01")
_NO_COST = Decimal("0.00")


def find_deferred_apr(
    amounts_minor: Sequence[int], principal_minor: int, *, first_period: int, year_periods: Fraction
) -> Decimal | None:
    """The apr in percent with two decimals, half up; 0.00 for payments that cost nothing above the purchase.

    `first_period` is the number of periods from the purchase to the first payment, 0 when it is due at once.
    None when no rate exists: what is paid at once covers the purchase, and there is more to pay.
    """
    if sum(amounts_minor) <= principal_minor:
        return _NO_COST
    at_once = amounts_minor[0] if first_period == 0 else 0
    if at_once >= principal_minor:
        return None
    halves = 20_000 * year_periods.numerator

    def reaches(number: int) -> bool:
        """Is the true rate at least so many halves of a hundredth of a percent a year?"""
        base = halves + number * year_periods.denominator
        return _is_worth_it(
            amounts_minor, principal_minor, first_period=first_period, discount=(halves, base)
        )

    return Decimal(search_hundredths(reaches)) * _HUNDREDTH


def _is_worth_it(
    amounts_minor: Sequence[int], principal_minor: int, *, first_period: int, discount: tuple[int, int]
) -> bool:
    """Are the payments, discounted by `discount` a period, worth at least the purchase? Exact integers."""
    numerator, denominator = discount
    worth: int = 0
    scale: int = 1
    for amount in reversed(amounts_minor):
        # Horner's rule from the last payment to the first, over a common denominator.
        worth = worth * numerator + amount * scale * denominator
        scale *= denominator
    worth *= numerator**first_period
    scale *= denominator**first_period
    return worth >= principal_minor * scale
