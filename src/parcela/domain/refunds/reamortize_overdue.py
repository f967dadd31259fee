"""REAMORTIZE_OVERDUE: what is overdue is spread over the coming rows in rounded shares."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from parcela.domain.refunds.allocate import RowHistory, credit_event, report_history, start_history
from parcela.domain.refunds.records import (
    EventKind,
    PlanEvent,
    RefundOutcome,
    RefundPolicy,
    RowPlan,
    sort_events,
)
from parcela.domain.rounding import Rounding, RoundingMode, round_minor


def follow_respreads(plan: RowPlan, events: Sequence[PlanEvent], *, policy: RefundPolicy) -> RefundOutcome:
    """Payments and refunds are credited; a respread moves what is overdue. Raises `Conflict`."""
    history = start_history(plan)
    for event in sort_events(events):
        if event.kind is EventKind.REAMORTIZE:
            history = _respread(history, event, rounding=policy.rounding.installment, exponent=plan.exponent)
        else:
            history = credit_event(history, event)
    return report_history(history)


def _respread(history: RowHistory, event: PlanEvent, *, rounding: Rounding, exponent: int) -> RowHistory:
    """Rows overdue or due that day keep what was credited to them; the rest moves to the coming rows.

    The share of each coming row is rounded, and the last takes what is left over. Without coming rows nothing
    moves.
    """
    overdue = sum(row.outstanding_minor for row in history.rows if row.due_date <= event.on)
    coming = [row.number for row in history.rows if row.due_date > event.on]
    if not overdue or not coming:
        return history
    exact = Fraction(overdue, len(coming))
    share = round_minor(exact, rounding, exponent=exponent)
    if share * (len(coming) - 1) > overdue:
        share = round_minor(exact, replace(rounding, mode=RoundingMode.DOWN), exponent=exponent)
    extra = dict.fromkeys(coming, share)
    extra[coming[-1]] = overdue - share * (len(coming) - 1)
    return replace(
        history,
        rows=tuple(
            replace(row, due_minor=row.due_minor + extra[row.number])
            if row.number in extra
            else replace(row, due_minor=row.credited_minor)
            for row in history.rows
        ),
    )
