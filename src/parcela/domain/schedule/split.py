"""Exact splits of an amount over rows: equal with a residue row, largest remainder, and pro rata."""

from collections.abc import Sequence
from fractions import Fraction

from parcela.domain.rounding import round_minor
from parcela.domain.terms import Residual, RoundingRules


def split_equal(total_minor: int, count: int, *, rules: RoundingRules, exponent: int) -> list[int]:
    """`count` equal rows of the rounded quotient; the residue, of either sign, is on one row.

    A split has to sum up, so with Residual.NONE the residue goes where the network puts it: row 1 (network
    §6.1).
    """
    if rules.residual is Residual.LARGEST_REMAINDER:
        return split_largest_remainder(total_minor, count)
    share = round_minor(Fraction(total_minor, count), rules.installment, exponent=exponent)
    rows = [share] * count
    rows[find_residual_row(rules.residual, count)] += total_minor - share * count
    return rows


def find_residual_row(residual: Residual, count: int) -> int:
    """The index of the row that takes what rounding leaves over."""
    return count - 1 if residual in (Residual.LAST, Residual.LAST_INTEREST) else 0


def split_largest_remainder(total_minor: int, count: int) -> list[int]:
    """Every row gets the floor of its share, and the earliest rows one unit more until nothing is left."""
    share, left = divmod(total_minor, count)
    return [share + 1] * left + [share] * (count - left)


def split_pro_rata(part_minor: int, amounts: Sequence[int]) -> list[int]:
    """Spread a part of the whole over rows in proportion to their amounts, exactly and never above a row's
    amount.

    Running totals are cut, not single shares, so the cuts cannot pile up.
    """
    total = sum(amounts)
    if total == 0:
        return [part_minor, *[0] * (len(amounts) - 1)]
    shares = []
    seen = given = 0
    for amount in amounts:
        seen += amount
        due = part_minor * seen // total
        shares.append(due - given)
        given = due
    return shares
