"""The rows of a plan whose interest follows its principal day by day, found from all that was credited to it.

A month's interest is a twelfth of the year's; days inside a period count as their share of its real length.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from parcela.domain.refunds.accrual import Movement, accrue_interest, find_balance
from parcela.domain.refunds.records import LoanPlan


class InterestRow(NamedTuple):
    """A row as the history so far makes it, in minor units.

    `payable_minor` is the part of its principal that was not credited before it is paid off.
    """

    number: int
    due_date: date
    principal_minor: int
    interest_minor: int
    payable_minor: int
    paid_interest_minor: int
    is_closed: bool

    @property
    def open_interest_minor(self) -> int:
        """Its interest still to pay."""
        return self.interest_minor - self.paid_interest_minor

    @property
    def price_minor(self) -> int:
        """What pays the row off."""
        return self.payable_minor + self.open_interest_minor

    @property
    def outstanding_minor(self) -> int:
        """What is still asked for: nothing, once it was paid off."""
        return 0 if self.is_closed else self.price_minor


class InterestView(NamedTuple):
    """All rows, the principal repaid or assumed to be, and interest given back that no row asks for."""

    rows: list[InterestRow]
    movements: list[Movement]
    spare_minor: int


@dataclass(slots=True, kw_only=True)
class InterestCourse:
    """The plan and what was credited to it, by index of the row, in minor units.

    `closed` holds the days on which rows were paid before they fell due: they pay the interest up to then,
    and the later interest of their period moves to the next row. `movements` is all other principal repaid;
    `principal` says for which row. Principal for no row is credited from the last row backwards.
    """

    plan: LoanPlan
    level_minor: int
    month_rate: Fraction
    dates: tuple[date, ...]
    closed: dict[int, date] = field(default_factory=dict)
    movements: list[Movement] = field(default_factory=list)
    principal: Counter[int] = field(default_factory=Counter)
    interest: Counter[int] = field(default_factory=Counter)
    cash_back_minor: int = 0
    interest_refund_minor: int = 0

    def accrue(self, movements: Sequence[Movement], start: date, end: date, *, less_minor: int = 0) -> int:
        """The interest from one day to another, as if `less_minor` had been repaid at the start."""
        return accrue_interest(
            self.plan.principal.minor,
            movements,
            span=(start, max(start, end)),
            factor=self._find_factor,
            boundaries=self.dates,
            less_minor=less_minor,
        )

    def _find_factor(self, before: date, after: date) -> Fraction:
        """The month's rate for these days of one period; after the last period there is none."""
        start = self.plan.started_on
        for end in self.dates:
            if before < end:
                return self.month_rate * Fraction((after - before).days, (end - start).days)
            start = end
        return Fraction(0)

    def credit_principal(self, index: int, amount_minor: int, *, on: date) -> None:
        """Principal repaid for one row."""
        self.principal[index] += amount_minor
        self.movements.append(Movement(on, amount_minor))

    def list_overdue(self, *, on: date) -> list[int]:
        """The rows that fell due by that day and still ask for money."""
        rows = view_rows(self, on=on).rows
        return [index for index, row in enumerate(rows) if row.due_date <= on and row.outstanding_minor]

    def list_coming(self, *, on: date) -> list[int]:
        """The rows that fall due later and were not paid off."""
        return [index for index, due in enumerate(self.dates) if due > on and index not in self.closed]


def view_rows(course: InterestCourse, *, on: date, closing: Sequence[int] = ()) -> InterestView:
    """Walk the rows; each pays the interest of its days, and what the level amount leaves is principal.

    The rows are told as of the day `on`; those of `closing` count as paid off on it. Interest above the level
    amount moves on to the next row, and so does a credit that its row turns out not to need.
    """
    whole = course.plan.principal.minor
    movements = list(course.movements)
    rows: list[InterestRow] = []
    unassigned, cursor = whole, course.plan.started_on
    carried = spare_principal = spare_interest = 0
    for index, due_date in enumerate(course.dates):
        closed_on = on if index in closing else course.closed.get(index)
        end = due_date if closed_on is None else min(closed_on, due_date)
        interest = carried + course.accrue(movements, cursor, end)
        cursor = max(cursor, end)
        principal = unassigned
        if index < len(course.dates) - 1:
            carried = max(interest - course.level_minor, 0)
            interest -= carried
            principal = min(course.level_minor - interest, unassigned)
        unassigned -= principal
        paid_on = closed_on or max(due_date, on)
        for_row = course.principal[index] + spare_principal
        spare_principal = max(for_row - principal, 0)
        payable = min(principal - for_row + spare_principal, find_balance(whole, movements, on=paid_on))
        movements.append(Movement(paid_on, payable))
        given = course.interest[index] + spare_interest
        spare_interest = max(given - interest, 0)
        rows.append(
            InterestRow(
                number=course.plan.first_number + index,
                due_date=due_date,
                principal_minor=principal,
                interest_minor=interest,
                payable_minor=payable,
                paid_interest_minor=given - spare_interest,
                is_closed=closed_on is not None,
            )
        )
    return InterestView(rows, movements, spare_interest)


def list_repaid(course: InterestCourse, *, on: date) -> list[Movement]:
    """Principal really repaid: what rows still to be paid are assumed to repay is left out."""
    view = view_rows(course, on=on)
    closed = [
        Movement(course.closed[index], row.payable_minor)
        for index, row in enumerate(view.rows)
        if row.is_closed
    ]
    return course.movements + closed
