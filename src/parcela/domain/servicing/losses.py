"""A plan that nobody will pay is written off, and what comes back later is a recovery."""

from dataclasses import replace
from datetime import datetime

from parcela.domain.errors import Conflict
from parcela.domain.servicing.effects import cancel_row, recover_loss
from parcela.domain.servicing.lifecycle import Action, check_not_held, move_state
from parcela.domain.servicing.postings import EntryKind, open_books, post, write_entry
from parcela.domain.servicing.records import CardAccount, Decision, RowState, ServicedPlan, ServicedRow
from parcela.domain.servicing.refusals import check_amount
from parcela.domain.servicing.steps import begin, close_plan, conclude, sum_unpaid, tell_plan


def decide_write_off(plan: ServicedPlan, account: CardAccount, *, now: datetime) -> Decision:
    """Take what is billed and unpaid and all scheduled principal as a loss.

    Interest and fees that were not billed yet were never earned, so they are no loss: those parts of the rows
    become zero. Raises `PlanHeld`, `IllegalTransition`, and `Conflict` when nothing would be lost.
    """
    check_not_held(plan)
    move_state(plan.state, Action.WRITE_OFF)
    unpaid_minor, scheduled_minor = sum_unpaid(plan), plan.scheduled_principal_minor
    if not unpaid_minor + scheduled_minor:
        raise Conflict(f"plan {plan.plan_id}: expected something to write off, got charges not billed yet")
    books = open_books(account)
    entries = write_entry(
        account,
        EntryKind.PLAN_WRITTEN_OFF,
        f"plan:{plan.plan_id}:written_off",
        postings=(
            *post(books.losses, books.card, unpaid_minor),
            *post(books.losses, books.receivable(plan.plan_id), scheduled_minor),
        ),
        now=now,
    )
    step = begin(plan)
    written_off = replace(
        step.plan,
        rows=tuple(_write_off_row(row) for row in plan.rows),
        written_off_minor=unpaid_minor + scheduled_minor,
    )
    event = tell_plan(
        "plan.written_off", written_off, unpaid_minor=unpaid_minor, scheduled_minor=scheduled_minor
    )
    step = step.go_on(written_off, entries=entries, events=(event,))
    return conclude([close_plan(step, Action.WRITE_OFF)])


def _write_off_row(row: ServicedRow) -> ServicedRow:
    if not row.is_open:
        return row
    if row.state is RowState.SCHEDULED:
        if not row.principal_minor:
            return cancel_row(row)
        row = replace(row, amount_minor=row.principal_minor, interest_minor=0, fee_minor=0)
    return replace(row, state=RowState.WRITTEN_OFF)


def decide_recovery(
    plan: ServicedPlan, account: CardAccount, amount_minor: int, *, event_id: str, now: datetime
) -> Decision:
    """Count money that came back after the write-off, at most what was written off.

    Raises `IllegalTransition` for a plan without a loss, `AmountRefused`.
    """
    move_state(plan.state, Action.RECOVER_PART)
    check_amount("recovery", amount_minor, maximum_minor=plan.written_off_minor - plan.recovered_minor)
    books = open_books(account)
    entries = write_entry(
        account,
        EntryKind.RECOVERY_RECEIVED,
        f"recovery:{event_id}",
        postings=post(books.cash, books.losses, amount_minor),
        now=now,
    )
    return conclude([recover_loss(begin(plan), amount_minor)], entries=entries)
