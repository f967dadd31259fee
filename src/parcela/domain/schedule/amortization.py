"""Rows that pay interest on a falling balance: annuities, equal principal, balloon, interest only.

The level amount is P·∏(1+rₖ) / Σₖ ∏ⱼ﹥ₖ(1+rⱼ), exact in integers; with one rate it is P·r / (1 − (1+r)⁻ⁿ)
(spec disclosures §3). The interest of row k is the rounded balance·rₖ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from parcela.domain.rounding import round_minor
from parcela.domain.schedule.split import split_equal
from parcela.domain.terms import Residual, RoundingRules

# What a row takes off the balance, and the interest it pays, in minor units.
Part = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A balance in minor units with the rate of each period still to come."""

    balance_minor: int
    rates: tuple[Fraction, ...]
    exponent: int
    rounding: RoundingRules

    def round_interest(self, interest_minor: Fraction) -> int:
        """An exact interest by the program's interest rounding."""
        return round_minor(interest_minor, self.rounding.interest, exponent=self.exponent)

    def round_installment(self, amount_minor: Fraction) -> int:
        """An exact row amount by the program's installment rounding."""
        return round_minor(amount_minor, self.rounding.installment, exponent=self.exponent)


def find_level_amount(balance_minor: int, rates: Sequence[Fraction]) -> Fraction:
    """The exact level payment that repays the balance over these periods, in minor units."""
    growth = one = 1
    payments = 0
    for rate in rates:
        step = rate.denominator + rate.numerator
        one *= rate.denominator
        payments = payments * step + one
        growth *= step
    return Fraction(balance_minor * growth, payments)


def amortize_level(debt: Debt, level_minor: int) -> list[Part]:
    """Equal rows; the residue goes to the last row, the first row, or the last row's interest."""
    if debt.rounding.residual in (Residual.NONE, Residual.LAST_INTEREST):
        return _keep_rows_equal(debt, level_minor)
    parts = _pay_level(debt, level_minor)
    if debt.rounding.residual is Residual.FIRST and len(parts) > 1:
        residue = sum(parts[-1]) - level_minor
        parts[0] = (parts[0][0] + residue, parts[0][1])
        parts[-1] = (parts[-1][0] - residue, parts[-1][1])
    return parts


def smooth_level(debt: Debt, level_minor: int) -> int:
    """Spread a last row that stands out by more than half a unit a row over all rows, if that makes it
    smaller.
    """
    count = len(debt.rates)
    residue = sum(_pay_level(debt, level_minor)[-1]) - level_minor
    if abs(residue) <= count // 2:
        return level_minor
    smoothed = level_minor + debt.round_installment(Fraction(residue, count))
    new_residue = sum(_pay_level(debt, smoothed)[-1]) - smoothed
    return smoothed if abs(new_residue) < abs(residue) else level_minor


def amortize_equal_principal(debt: Debt) -> list[Part]:
    """The same principal in each row and interest on the falling balance."""
    count = len(debt.rates)
    principals = split_equal(debt.balance_minor, count, rules=debt.rounding, exponent=debt.exponent)
    balance = debt.balance_minor
    parts = []
    for principal, rate in zip(principals, debt.rates, strict=True):
        parts.append((principal, debt.round_interest(balance * rate)))
        balance -= principal
    return parts


def amortize_interest_only(debt: Debt) -> list[Part]:
    """Interest in each row, and the whole balance with the last one."""
    parts = [(0, debt.round_interest(debt.balance_minor * rate)) for rate in debt.rates]
    parts[-1] = (debt.balance_minor, parts[-1][1])
    return parts


def _pay_level(debt: Debt, level_minor: int) -> list[Part]:
    """Level rows; the last one pays the balance that is left with its interest."""
    balance = debt.balance_minor
    parts = []
    for rate in debt.rates[:-1]:
        interest = debt.round_interest(balance * rate)
        parts.append((level_minor - interest, interest))
        balance -= level_minor - interest
    parts.append((balance, debt.round_interest(balance * debt.rates[-1])))
    return parts


def _keep_rows_equal(debt: Debt, level_minor: int) -> list[Part]:
    """Equal rows; interest is never more than what is left of it, and the last row takes the rest (network
    §6.2).
    """
    balance = debt.balance_minor
    left = level_minor * len(debt.rates) - balance
    if left < 0:
        rows = split_equal(balance, len(debt.rates), rules=debt.rounding, exponent=debt.exponent)
        return [(row, 0) for row in rows]
    parts = []
    for rate in debt.rates[:-1]:
        interest = min(debt.round_interest(balance * rate), left)
        parts.append((level_minor - interest, interest))
        balance -= level_minor - interest
        left -= interest
    parts.append((balance, left))
    return parts
