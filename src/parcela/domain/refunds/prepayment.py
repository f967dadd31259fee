"""PREPAY_DAILY_365: interest a day, actual/365; extra money makes the plan shorter or its rows lower.

Money first settles rows whose day has come, interest before principal; all else is principal at once, and a
refund behaves as such extra money. The order of different days matters here, for interest runs in between;
the order of one day does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from parcela.domain.refunds.accrual import Movement, accrue_interest
from parcela.domain.refunds.records import (
    LoanPlan,
    PlanEvent,
    Prepayment,
    RefundOutcome,
    RefundPolicy,
    RowOutcome,
    list_money,
)
from parcela.domain.rounding import round_minor
from parcela.domain.schedule.amortization import find_level_amount
from parcela.domain.schedule.periods import list_plan_dates

# The level amount counts every period as 30 days, whatever its real length.
_LEVEL_DAYS = Fraction(30, 365)


@dataclass(slots=True, kw_only=True)
class _Row:
    """A row under way, in minor units."""

    number: int
    due_date: date
    principal_minor: int
    interest_minor: int
    paid_principal_minor: int
    paid_interest_minor: int = 0

    @property
    def open_principal_minor(self) -> int:
        return self.principal_minor - self.paid_principal_minor

    def pay(self, amount_minor: int) -> tuple[int, int]:
        """Interest first, then principal: what is left of the money, and how much of it was principal."""
        interest = min(amount_minor, self.interest_minor - self.paid_interest_minor)
        principal = min(amount_minor - interest, self.open_principal_minor)
        self.paid_interest_minor += interest
        self.paid_principal_minor += principal
        return amount_minor - interest - principal, principal


@dataclass(slots=True, kw_only=True)
class _Course:
    """The plan as it is walked from row to row, in minor units.

    Coming rows aim at `level_minor`; `unassigned_minor` is the principal that no row holds yet, `extra_minor`
    what coming rows ask less for. `told_on` is the day of the last event.
    """

    plan: LoanPlan
    told_on: date
    level_minor: int
    unassigned_minor: int
    extra_minor: int = 0
    cash_back_minor: int = 0
    movements: list[Movement] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)

    def settle(self, amount_minor: int, *, on: date) -> int:
        """Pay the rows that are done with, in order; returns what is left."""
        for row in self.rows:
            amount_minor, principal = row.pay(amount_minor)
            self.movements.append(Movement(on, principal))
        return amount_minor

    def assume_overdue_paid(self) -> None:
        """What is overdue on the last day known counts as paid on it, so that coming rows can be told."""
        for row in self.rows:
            self.movements.append(Movement(self.told_on, row.open_principal_minor))

    def accrue(self, start: date, end: date) -> int:
        """The interest of one period."""
        annual = Fraction(self.plan.terms.rate.value) / 100
        return accrue_interest(
            self.plan.principal.minor,
            self.movements,
            span=(start, end),
            factor=lambda before, after: annual * (after - before).days / 365,
        )


def follow_prepayments(plan: LoanPlan, events: Sequence[PlanEvent], *, policy: RefundPolicy) -> RefundOutcome:
    """The rows after all payments and refunds, as of the day of the last one. Raises `Conflict`."""
    count = plan.terms.count
    money = list_money(events)
    course = _Course(
        plan=plan,
        told_on=max((event.on for event in money), default=plan.started_on),
        level_minor=_find_level(plan, plan.principal.minor, count=count),
        unassigned_minor=plan.principal.minor,
    )
    start = plan.started_on
    for index, due_date in enumerate(list_plan_dates(plan.terms, start, count=count)):
        if course.unassigned_minor == 0 and policy.prepayment is Prepayment.REDUCE_COUNT:
            break
        arrived = [event for event in money if event.on <= due_date and (start < event.on or index == 0)]
        beyond = _walk_row(course, (start, due_date), arrived=arrived, is_last=index == count - 1)
        if beyond and policy.prepayment is Prepayment.RESCHEDULE_NEXT:
            course.extra_minor += beyond
        elif beyond and policy.prepayment is Prepayment.REDUCE_INSTALLMENT and index < count - 1:
            course.level_minor = _find_level(plan, course.unassigned_minor, count=count - index - 1)
        start = due_date
    for event in money:
        if event.on > start:
            course.cash_back_minor += course.settle(event.amount_minor, on=event.on)
    return _report(course)


def _find_level(plan: LoanPlan, balance_minor: int, *, count: int) -> int:
    """The level amount of so many rows, rounded by the plan's installment rounding."""
    rate = Fraction(plan.terms.rate.value) / 100 * _LEVEL_DAYS
    level = find_level_amount(balance_minor, [rate] * count)
    return round_minor(level, plan.terms.rounding.installment, exponent=plan.principal.currency.exponent)


def _walk_row(
    course: _Course, span: tuple[date, date], *, arrived: Sequence[PlanEvent], is_last: bool
) -> int:
    """Add the row of a period with its money; returns the principal paid beyond what the row asked for.

    Money before the due date is principal at once, and the row's interest stays open; money on the due date
    pays that interest first.
    """
    start, due_date = span
    early = on_day = 0
    for event in arrived:
        left = course.settle(event.amount_minor, on=event.on)
        if event.on < due_date:
            principal = min(left, course.unassigned_minor - early)
            course.movements.append(Movement(event.on, principal))
            early += principal
            left -= principal
        on_day += left
    if start < course.told_on <= due_date:
        course.assume_overdue_paid()
    interest = course.accrue(start, due_date)
    amount = max(course.level_minor - course.extra_minor, interest)
    course.extra_minor -= max(course.level_minor - amount, 0)
    asked = course.unassigned_minor if is_last else min(amount - interest, course.unassigned_minor)
    principal = min(max(asked, early + on_day - interest, early), course.unassigned_minor)
    row = _Row(
        number=course.plan.first_number + len(course.rows),
        due_date=due_date,
        principal_minor=principal,
        interest_minor=interest,
        paid_principal_minor=early,
    )
    left, paid = row.pay(on_day)
    course.cash_back_minor += left
    is_assumed_paid = due_date >= course.told_on
    course.movements.append(Movement(due_date, principal - early if is_assumed_paid else paid))
    course.unassigned_minor -= principal
    course.rows.append(row)
    return principal - asked


def _report(course: _Course) -> RefundOutcome:
    rows = tuple(
        RowOutcome(
            number=row.number,
            due_date=row.due_date,
            principal_minor=row.principal_minor,
            interest_minor=row.interest_minor,
            credited_minor=row.paid_principal_minor + row.paid_interest_minor,
        )
        for row in course.rows
    )
    return RefundOutcome(rows=rows, cash_back_minor=course.cash_back_minor)
