"""What a plan costs to pay off before its rows fall due (spec network §14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from parcela.domain.refunds.strategy_rows import StrategyRowLike
from parcela.domain.rounding import divide_half_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Payoff:
    """The parts of a payoff in minor units; `waived_interest_minor` is what need not be paid any more."""

    principal_minor: int
    interest_minor: int
    fee_minor: int
    waived_interest_minor: int

    @property
    def amount_minor(self) -> int:
        """What the payer pays."""
        return self.principal_minor + self.interest_minor + self.fee_minor


def price_payoff(
    rows: Sequence[StrategyRowLike], *, rate: tuple[int, int], on: date, previous_due: date
) -> Payoff:
    """All principal and fee shares of the rows not billed yet, and the interest earned so far.

    Earned is the period's interest on the balance at `rate`, for the days from `previous_due` (the due date
    of the row before, or the day of purchase) to `on` over the days of the next row's period: half up, from 0
    to that row's own interest. All later interest is waived. At a rate of 0, as of a plan for which none
    exists, the row's own interest stands for the balance's. Without rows everything is 0.
    """
    principal = sum(row.principal_minor for row in rows)
    interest = sum(row.interest_minor for row in rows)
    earned = 0
    if rows:
        following = rows[0]
        days = (following.due_date - previous_due).days
        elapsed = min(max((on - previous_due).days, 0), days)
        numerator, denominator = rate
        exact = principal * numerator if numerator else following.interest_minor
        # A first row due on the day of purchase has no period, and bears no interest.
        if days > 0:
            earned = divide_half_up(exact * elapsed, (denominator if numerator else 1) * days)
        earned = min(earned, following.interest_minor)
    return Payoff(
        principal_minor=principal,
        interest_minor=earned,
        fee_minor=sum(row.fee_minor for row in rows),
        waived_interest_minor=interest - earned,
    )
