"""EQUAL_REMAINING: after a refund the rows still open are re-split into equal ones.

It is the spread of interest-free plans (spec payments §9.1). Any split or order of the same refunds ends in
the same rows while no row reaches 0: the re-split sees only the sum that is left (reliability §6, invariant
28).
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from parcela.domain.allocation import OpenRow
from parcela.domain.refunds.allocate import RowHistory, credit_event, report_history, start_history
from parcela.domain.refunds.records import (
    EventKind,
    PlanEvent,
    RefundOutcome,
    RefundPolicy,
    RowPlan,
    sort_events,
)
from parcela.domain.rounding import RoundingMode, round_minor
from parcela.domain.schedule.split import find_residual_row
from parcela.domain.terms import Residual, RoundingRules


def follow_equal_splits(plan: RowPlan, events: Sequence[PlanEvent], *, policy: RefundPolicy) -> RefundOutcome:
    """Payments collect rows in their order; a refund re-splits what is left. Raises `Conflict`."""
    history = start_history(plan)
    for event in sort_events(events):
        if event.kind is EventKind.REFUND:
            history = _refund(history, event.amount_minor, rules=policy.rounding, exponent=plan.exponent)
        else:
            history = credit_event(history, event)
    return report_history(history)


def _refund(history: RowHistory, amount_minor: int, *, rules: RoundingRules, exponent: int) -> RowHistory:
    """Rows keep what was credited to them; what they still ask for is set anew."""
    open_rows = [row for row in history.rows if row.outstanding_minor]
    outstanding = sum(row.outstanding_minor for row in open_rows)
    left = max(outstanding - amount_minor, 0)
    shares = split_remaining(left, len(open_rows), rules=rules, exponent=exponent) if open_rows else []
    changed: dict[int, OpenRow] = {
        row.number: replace(row, due_minor=row.credited_minor + share)
        for row, share in zip(open_rows, shares, strict=True)
    }
    return replace(
        history,
        rows=tuple(changed.get(row.number, row) for row in history.rows),
        cash_back_minor=history.cash_back_minor + max(amount_minor - outstanding, 0),
    )


def split_remaining(total_minor: int, count: int, *, rules: RoundingRules, exponent: int) -> list[int]:
    """`count` equal shares, the first or the last taking the residue; none is negative.

    Shares are rounded down where rounding them otherwise would leave less than nothing for the residual row.
    """
    exact = Fraction(total_minor, count)
    share = round_minor(exact, rules.installment, exponent=exponent)
    if share * (count - 1) > total_minor:
        share = round_minor(exact, replace(rules.installment, mode=RoundingMode.DOWN), exponent=exponent)
    shares = [share] * count
    residual = Residual.LAST if rules.residual is Residual.LAST else Residual.FIRST
    shares[find_residual_row(residual, count)] = total_minor - share * (count - 1)
    return shares
