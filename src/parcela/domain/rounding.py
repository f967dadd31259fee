"""Exact rounding of rational numbers to any step: a cent, a whole unit, five units, a tenth of a cent."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class RoundingMode(StrEnum):
    """How a value between two steps is decided; all modes look at the magnitude."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """A mode with the step in major units; no step means the currency's own minor unit."""

    mode: RoundingMode = RoundingMode.HALF_UP
    step: Decimal | None = None

    def step_minor(self, exponent: int) -> Fraction:
        """The step in minor units of a currency with this exponent."""
        if self.step is None:
            return Fraction(1)
        scale: int = 10**exponent
        return Fraction(self.step) * scale


HALF_UP = Rounding()
HALF_EVEN = Rounding(mode=RoundingMode.HALF_EVEN)
DOWN = Rounding(mode=RoundingMode.DOWN)


def divide_rounded(numerator: int, denominator: int, *, mode: RoundingMode) -> int:
    """The integer quotient of two integers, `denominator` > 0, rounded by magnitude."""
    quotient, rest = divmod(abs(numerator), denominator)
    if rest:
        twice = 2 * rest
        match mode:
            case RoundingMode.HALF_UP:
                quotient += twice >= denominator
            case RoundingMode.HALF_EVEN:
                quotient += twice > denominator or (twice == denominator and quotient % 2)
            case RoundingMode.UP:
                quotient += 1
            case RoundingMode.DOWN:
                pass
    return quotient if numerator >= 0 else -quotient


def divide_half_up(numerator: int, denominator: int) -> int:
    """The quotient of two integers, `denominator` > 0, halves away from zero."""
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((denominator - 2 * numerator) // (2 * denominator))


def round_minor(value_minor: Fraction, rounding: Rounding, *, exponent: int) -> int:
    """Round an exact number of minor units to the step.

    A step finer than the minor unit is followed by the same rounding to whole minor units.
    """
    step = rounding.step_minor(exponent)
    steps = value_minor / step
    rounded = divide_rounded(steps.numerator, steps.denominator, mode=rounding.mode) * step
    return divide_rounded(rounded.numerator, rounded.denominator, mode=rounding.mode)


def round_decimals(value: Fraction, decimals: int, *, mode: RoundingMode) -> Decimal:
    """Round an exact number to this many decimals, as a `Decimal` that keeps its zeros."""
    scaled = value * 10**decimals
    return Decimal(divide_rounded(scaled.numerator, scaled.denominator, mode=mode)).scaleb(-decimals)
