"""The life of a plan and of its rows (`spec/payments.md` §§6.4, 9.1), and when a lender tries again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from parcela.domain.payments.plans import PaymentPlan, PlanRow, PlanState, RowStatus
from parcela.domain.payments.refunds import PlanEffect

DUE_TIME = time(0)
COLLECT_TIME = time(6)
"""When rows fall due and are collected, by the account's clock (§11.1)."""

RETRY_DAYS = (1, 2, 4, 7)
"""A lender tries again so many days after each attempt: 1, 3, 7 and 14 days after the due date. Then the row
stays overdue, and is the lender's own affair."""


class PlanAction(StrEnum):
    """What happens to a plan."""

    ACTIVATE = "activate"
    COMPLETE = "complete"
    CANCEL = "cancel"
    REOPEN = "reopen"
    """The issuer says that a row which passed for paid was missed."""


TRANSITIONS: dict[tuple[PlanState, PlanAction], PlanState] = {
    (PlanState.CREATED, PlanAction.ACTIVATE): PlanState.ACTIVE,
    (PlanState.CREATED, PlanAction.CANCEL): PlanState.CANCELLED,
    (PlanState.ACTIVE, PlanAction.COMPLETE): PlanState.COMPLETED,
    (PlanState.ACTIVE, PlanAction.CANCEL): PlanState.CANCELLED,
    (PlanState.COMPLETED, PlanAction.REOPEN): PlanState.ACTIVE,
}


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What a row is after an attempt to collect it, and the day of the next one."""

    status: RowStatus
    collect_on: date | None = None


def list_states_before(action: PlanAction) -> list[PlanState]:
    """The states from which an action leads on."""
    return [state for state, known in TRANSITIONS if known is action]


def find_next_state(state: PlanState, action: PlanAction) -> PlanState:
    """Where an action leads; the caller checked that it is possible."""
    assert (state, action) in TRANSITIONS, f"a plan that is {state} cannot {action}"
    return TRANSITIONS[state, action]


def decide_row_outcome(*, is_paid: bool, attempts: int, today: date) -> RowOutcome:
    """A row is paid, or overdue until a later day; `attempts` were made before this one."""
    if is_paid:
        return RowOutcome(RowStatus.PAID)
    if attempts < len(RETRY_DAYS):
        return RowOutcome(RowStatus.OVERDUE, today + timedelta(days=RETRY_DAYS[attempts]))
    return RowOutcome(RowStatus.OVERDUE)


def apply_rows(rows: Sequence[PlanRow], changed: Sequence[PlanRow]) -> tuple[PlanRow, ...]:
    """All rows of a plan, those that changed in their new form. Ended rows stay as they are."""
    new = {row.number: row for row in changed}
    return tuple(
        replace(new[row.number], original_minor=row.original_minor, due_date=row.due_date)
        if row.is_open and row.number in new
        else row
        for row in rows
    )


def apply_reported(rows: Sequence[PlanRow], changed: Sequence[PlanRow]) -> tuple[PlanRow, ...]:
    """All rows of a plan, those that an issuer reported on in their new status."""
    new = {row.number: row.status for row in changed}
    return tuple(replace(row, status=new.get(row.number, row.status)) for row in rows)


def check_effect(plan: PaymentPlan, effect: PlanEffect) -> None:
    """A refund changes open rows of its own plan alone, and asks for no more principal than before.

    Amounts may grow by a few minor units: a small refund prices the same rows anew.
    """
    assert effect.plan_id == plan.plan_id, "the effect is another plan's"
    still_open = {row.number for row in plan.rows if row.is_open}
    assert {row.number for row in effect.after} <= still_open, "a row that ended never changes"
    before, after = (sum(row.principal_minor for row in rows) for rows in (effect.before, effect.after))
    assert after <= before, "a refund lends nothing"


def at_account_time(day: date, at: time, zone: tzinfo) -> datetime:
    """An instant of the account's day; a time that the clock leaps over counts as the one after it."""
    return datetime.combine(day, at, tzinfo=zone)
