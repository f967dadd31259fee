"""INTEREST_RECALC_30_360_PRORATED: the level amount stays, and interest follows the principal day by day.

A refund is principal; a payment pays the interest of its row first. The rows are found anew from the whole
history after each event. The order of different days matters, for interest runs in between.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from parcela.domain.allocation import FROM_LAST, AllocationOrder, OpenRow, allocate_credit
from parcela.domain.refunds.accrual import Movement, find_balance
from parcela.domain.refunds.interest_rows import InterestCourse, list_repaid, view_rows
from parcela.domain.refunds.records import (
    EventKind,
    LoanPlan,
    PlanEvent,
    RefundOutcome,
    RefundPolicy,
    RowOutcome,
    list_money,
)
from parcela.domain.rounding import HALF_EVEN, round_minor
from parcela.domain.schedule.amortization import find_level_amount
from parcela.domain.schedule.periods import list_plan_dates


def follow_interest(plan: LoanPlan, events: Sequence[PlanEvent], *, policy: RefundPolicy) -> RefundOutcome:
    """The rows after all payments and refunds, as they stand on the day of the last one.

    Rows overdue on that day bear interest up to it and count as paid on it. `policy` holds nothing that this
    model reads. Raises `Conflict` for a respread and for orders that give back paid money.
    """
    terms = plan.terms
    rate = Fraction(terms.rate.value) / 100 / terms.year_periods
    level = find_level_amount(plan.principal.minor, [rate] * terms.count)
    course = InterestCourse(
        plan=plan,
        level_minor=round_minor(level, HALF_EVEN, exponent=plan.principal.currency.exponent),
        month_rate=rate,
        dates=list_plan_dates(terms, plan.started_on, count=terms.count),
    )
    today = plan.started_on
    for event in list_money(events):
        today = event.on
        _credit(course, event)
    view = view_rows(course, on=today)
    rows = tuple(
        RowOutcome(
            number=row.number,
            due_date=row.due_date,
            principal_minor=row.principal_minor,
            interest_minor=row.interest_minor,
            credited_minor=row.principal_minor + row.interest_minor - row.outstanding_minor,
        )
        for row in view.rows
    )
    return RefundOutcome(
        rows=rows,
        cash_back_minor=course.cash_back_minor + view.spare_minor,
        interest_refund_minor=course.interest_refund_minor,
    )


def _credit(course: InterestCourse, event: PlanEvent) -> None:
    """Give back the interest, settle what has fallen due, and follow the order with the rest.

    Interest given back that the payer has paid already is money like the refund itself.
    """
    today, left = event.on, event.amount_minor
    if event.refunds_interest and event.kind is EventKind.REFUND:
        left += _refund_interest(course, event)
    for index in course.list_overdue(on=today):
        row = view_rows(course, on=today).rows[index]
        interest = min(left, row.open_interest_minor)
        principal = min(left - interest, row.payable_minor)
        course.interest[index] += interest
        course.credit_principal(index, principal, on=today)
        left -= interest + principal
    if not left:
        return
    coming = course.list_coming(on=today)
    closing = view_rows(course, on=today, closing=coming).rows
    price = sum(closing[index].price_minor for index in coming)
    if left >= price:
        course.closed.update(dict.fromkeys(coming, today))
        course.cash_back_minor += left - price
        return
    if event.number is not None:
        left = _credit_named(course, event, left=left, coming=coming)
        coming = course.list_coming(on=today)
    if event.order in FROM_LAST:
        principal = min(
            left, find_balance(course.plan.principal.minor, list_repaid(course, on=today), on=today)
        )
        course.movements.append(Movement(today, principal))
        left = _credit_interest(course, left - principal, on=today)
    elif event.order is AllocationOrder.REAMORTIZE_EVENLY:
        left = _credit_evenly(course, left, on=today, indexes=coming)
    else:
        left = _credit_in_turn(course, event, left=left, indexes=coming)
        left = _credit_interest(course, left, on=today)
    course.cash_back_minor += left


def _refund_interest(course: InterestCourse, event: PlanEvent) -> int:
    """Credit what the plan would have borne less, had the amount been repaid at the start.

    Returns what the rows have no open interest for.
    """
    paid = list_repaid(course, on=event.on)
    start = course.plan.started_on
    charged = course.accrue(paid, start, event.on)
    without = course.accrue(paid, start, event.on, less_minor=event.amount_minor)
    # Several refunds, each rounded, must not give back more than was charged in all.
    refund = min(charged - without, charged - course.interest_refund_minor)
    course.interest_refund_minor += refund
    return _credit_interest(course, refund, on=event.on)


def _credit_interest(course: InterestCourse, left: int, *, on: date) -> int:
    """Credit the interest that the rows have borne so far, in their order; returns what is left.

    Interest still to come is left alone: whoever pays the plan off does not owe it.
    """
    for index, row in enumerate(view_rows(course, on=on, closing=course.list_coming(on=on)).rows):
        if index not in course.closed:
            part = min(left, row.open_interest_minor)
            course.interest[index] += part
            left -= part
    return left


def _credit_in_turn(course: InterestCourse, event: PlanEvent, *, left: int, indexes: Sequence[int]) -> int:
    """Pay coming rows off while the money lasts; the last one takes a part of it. Returns what is left.

    A payment pays the interest of that row up to today before its principal, a refund the other way round.
    """
    today = event.on
    for index in indexes:
        if not left:
            break
        row = view_rows(course, on=today, closing=[index]).rows[index]
        if left >= row.price_minor:
            course.closed[index] = today
            left -= row.price_minor
            continue
        is_payment = event.kind is EventKind.PAYMENT
        interest = min(left, row.open_interest_minor) if is_payment else max(left - row.payable_minor, 0)
        course.interest[index] += interest
        course.credit_principal(index, left - interest, on=today)
        left = 0
    return left


def _credit_named(course: InterestCourse, event: PlanEvent, *, left: int, coming: Sequence[int]) -> int:
    """Pay the row that the money is meant for: the next one as in turn, a later one its principal alone."""
    assert event.number is not None
    index = event.number - course.plan.first_number
    if coming and index == coming[0]:
        return _credit_in_turn(course, event, left=left, indexes=[index])
    if index not in coming:
        return left
    principal = min(left, view_rows(course, on=event.on).rows[index].payable_minor)
    course.credit_principal(index, principal, on=event.on)
    return left - principal


def _credit_evenly(course: InterestCourse, left: int, *, on: date, indexes: Sequence[int]) -> int:
    """Equal shares of principal for the coming rows, then their interest; returns what is left."""
    rows = view_rows(course, on=on).rows
    open_rows = [
        OpenRow(number=index, due_date=rows[index].due_date, due_minor=rows[index].payable_minor)
        for index in indexes
    ]
    allocation = allocate_credit(open_rows, left, on=on, order=AllocationOrder.REAMORTIZE_EVENLY)
    for index, amount in allocation.credited.items():
        course.credit_principal(index, amount, on=on)
    return _credit_interest(course, allocation.cash_back_minor, on=on)
