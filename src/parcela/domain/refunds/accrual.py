"""Interest on a principal that falls from day to day, rounded in each stretch between two movements."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from parcela.domain.rounding import RoundingMode, divide_rounded


class Movement(NamedTuple):
    """Principal repaid on a day, in minor units; it bears no interest from that day on."""

    on: date
    principal_minor: int


# The interest of one minor unit from one day to another inside one period.
Factor = Callable[[date, date], Fraction]


def find_balance(principal_minor: int, movements: Iterable[Movement], *, on: date) -> int:
    """The principal outstanding at the end of a day."""
    return principal_minor - sum(movement.principal_minor for movement in movements if movement.on <= on)


def accrue_interest(
    principal_minor: int,
    movements: Sequence[Movement],
    *,
    span: tuple[date, date],
    factor: Factor,
    boundaries: Sequence[date] = (),
    less_minor: int = 0,
) -> int:
    """The interest of the span in minor units; every stretch of equal balance is rounded half to even.

    `boundaries` are the ends of periods inside the span, which end a stretch too. With `less_minor` the
    balance counts as if that much had been repaid at the start.
    """
    start, end = span
    days = {movement.on for movement in movements} | set(boundaries)
    cuts = [start, *sorted(day for day in days if start < day < end), end]
    interest = 0
    for before, after in pairwise(cuts):
        balance = max(find_balance(principal_minor, movements, on=before) - less_minor, 0)
        exact = balance * factor(before, after) if before < after else Fraction(0)
        interest += divide_rounded(exact.numerator, exact.denominator, mode=RoundingMode.HALF_EVEN)
    return interest
