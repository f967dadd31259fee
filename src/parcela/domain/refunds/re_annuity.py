"""RE_ANNUITY: on a due date the principal left is priced as a new plan over the rows left.

Any split or order of the same refunds on one day ends in the same rows: only their sum counts.
"""

from collections.abc import Sequence

from parcela.domain.money import Money
from parcela.domain.refunds.records import (
    LoanPlan,
    PlanEvent,
    RefundOutcome,
    RefundPolicy,
    RowOutcome,
    list_money,
)
from parcela.domain.schedule import build_schedule
from parcela.domain.schedule.periods import list_plan_dates


def follow_re_annuity(plan: LoanPlan, events: Sequence[PlanEvent], *, policy: RefundPolicy) -> RefundOutcome:
    """The rows of the principal left, counted from the plan's start; what exceeds it is cash back.

    The plan's principal and count are those of its remaining rows, and it starts on the day of the refund, a
    due date. `policy` holds nothing that this model reads. Cash paid out changes nothing. Raises
    `NotPriceable` where too little is left for the rows, and `Conflict`.
    """
    refunded = sum(event.amount_minor for event in list_money(events))
    left = max(plan.principal.minor - refunded, 0)
    excess = max(refunded - plan.principal.minor, 0)
    if left == 0:
        dates = list_plan_dates(plan.terms, plan.started_on, count=plan.terms.count)
        rows = [
            RowOutcome(number=number, due_date=due_date, principal_minor=0)
            for number, due_date in enumerate(dates, plan.first_number)
        ]
        return RefundOutcome(rows=tuple(rows), cash_back_minor=excess)
    schedule = build_schedule(plan.terms, Money(left, plan.principal.currency), anchor=plan.started_on)
    rows = [
        RowOutcome(
            number=row.number + plan.first_number - 1,
            due_date=row.due_date,
            principal_minor=row.principal_minor,
            interest_minor=row.interest_minor + row.fee_minor,
        )
        for row in schedule.rows
    ]
    return RefundOutcome(rows=tuple(rows), cash_back_minor=excess)
