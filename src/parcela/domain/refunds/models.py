"""The refund models, by name: one closed table for each way in which a plan is known."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from parcela.domain.errors import Conflict
from parcela.domain.refunds.allocate import follow_allocations
from parcela.domain.refunds.equal_remaining import follow_equal_splits
from parcela.domain.refunds.interest_recalculation import follow_interest
from parcela.domain.refunds.prepayment import follow_prepayments
from parcela.domain.refunds.re_annuity import follow_re_annuity
from parcela.domain.refunds.reamortize_overdue import follow_respreads
from parcela.domain.refunds.records import (
    LoanPlan,
    PlanEvent,
    RefundModel,
    RefundOutcome,
    RefundPolicy,
    RowPlan,
)


class _FollowRows(Protocol):
    def __call__(
        self, plan: RowPlan, events: Sequence[PlanEvent], *, policy: RefundPolicy
    ) -> RefundOutcome: ...


class _FollowLoan(Protocol):
    def __call__(
        self, plan: LoanPlan, events: Sequence[PlanEvent], *, policy: RefundPolicy
    ) -> RefundOutcome: ...


ROW_MODELS: Mapping[RefundModel, _FollowRows] = {
    RefundModel.ALLOCATE: follow_allocations,
    RefundModel.EQUAL_REMAINING: follow_equal_splits,
    RefundModel.REAMORTIZE_OVERDUE: follow_respreads,
}
"""Models that need the rows of a plan alone."""

LOAN_MODELS: Mapping[RefundModel, _FollowLoan] = {
    RefundModel.INTEREST_RECALC_30_360_PRORATED: follow_interest,
    RefundModel.PREPAY_DAILY_365: follow_prepayments,
    RefundModel.RE_ANNUITY: follow_re_annuity,
}
"""Models that need its terms."""


def follow_plan(
    plan: RowPlan | LoanPlan, events: Sequence[PlanEvent], *, policy: RefundPolicy
) -> RefundOutcome:
    """The plan after its history, by the policy's model; `plan` is known by rows or by terms as that asks.

    Raises `Conflict` where the model cannot carry out an event or does not know plans of this kind.
    """
    if isinstance(plan, RowPlan):
        follow_rows = ROW_MODELS.get(policy.model)
        if follow_rows is not None:
            return follow_rows(plan, events, policy=policy)
        raise Conflict(f"{policy.model} needs the plan's terms, not its rows alone")
    follow_loan = LOAN_MODELS.get(policy.model)
    if follow_loan is not None:
        return follow_loan(plan, events, policy=policy)
    raise Conflict(f"{policy.model} needs the plan's rows, not its terms")
