"""The life of plans and rows."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from parcela.domain.payments.plan_rows import (
    TRANSITIONS,
    PlanAction,
    RowOutcome,
    apply_rows,
    at_account_time,
    decide_row_outcome,
    find_next_state,
    list_states_before,
)
from parcela.domain.payments.plans import PlanRow, PlanState, RowStatus

TODAY = date(2026, 8, 1)
ROWS = (
    PlanRow(number=1, due_date=TODAY, principal_minor=20000, original_minor=20000, status=RowStatus.PAID),
    PlanRow(number=2, due_date=date(2026, 9, 1), principal_minor=20000, original_minor=20000),
)
ALLOWED = {
    (PlanState.CREATED, PlanAction.ACTIVATE): PlanState.ACTIVE,
    (PlanState.CREATED, PlanAction.CANCEL): PlanState.CANCELLED,
    (PlanState.ACTIVE, PlanAction.COMPLETE): PlanState.COMPLETED,
    (PlanState.ACTIVE, PlanAction.CANCEL): PlanState.CANCELLED,
    (PlanState.COMPLETED, PlanAction.REOPEN): PlanState.ACTIVE,
}


@pytest.mark.parametrize("action", list(PlanAction), ids=str)
@pytest.mark.parametrize("state", list(PlanState), ids=str)
def test_only_the_documented_steps_exist(state: PlanState, action: PlanAction) -> None:
    assert ((state, action) in TRANSITIONS) is ((state, action) in ALLOWED)
    assert (state in list_states_before(action)) is ((state, action) in ALLOWED)
    if (state, action) in ALLOWED:
        assert find_next_state(state, action) is ALLOWED[state, action]
    else:
        with pytest.raises(AssertionError):
            find_next_state(state, action)


@pytest.mark.parametrize(
    ("attempts", "next_day"),
    [
        # A lender tries 1, 3, 7 and 14 days after the due date again, then no more.
        (0, date(2026, 8, 2)),
        (1, date(2026, 8, 3)),
        (2, date(2026, 8, 5)),
        (3, date(2026, 8, 8)),
        (4, None),
    ],
)
def test_a_row_that_is_not_paid_is_overdue_and_tried_again(attempts: int, next_day: date | None) -> None:
    assert decide_row_outcome(is_paid=False, attempts=attempts, today=TODAY) == RowOutcome(
        RowStatus.OVERDUE, next_day
    )


def test_a_row_that_is_paid_has_ended() -> None:
    assert decide_row_outcome(is_paid=True, attempts=2, today=TODAY) == RowOutcome(RowStatus.PAID)


def test_rows_that_ended_keep_everything_and_open_ones_their_first_amount() -> None:
    lowered = [replace(row, principal_minor=100, original_minor=0) for row in ROWS]
    assert apply_rows(ROWS, lowered) == (ROWS[0], replace(ROWS[1], principal_minor=100))


@pytest.mark.parametrize(
    ("day", "at", "instant"),
    [
        (date(2026, 8, 1), time(0), datetime(2026, 7, 31, 22, tzinfo=UTC)),
        (date(2026, 12, 1), time(6), datetime(2026, 12, 1, 5, tzinfo=UTC)),
        # The night in which the clock leaps from 2 to 3.
        (date(2026, 3, 29), time(6), datetime(2026, 3, 29, 4, tzinfo=UTC)),
    ],
)
def test_rows_fall_due_by_the_accounts_clock(day: date, at: time, instant: datetime) -> None:
    assert at_account_time(day, at, ZoneInfo("Europe/Berlin")) == instant
