"""Installments fall due: rows are posted to the card, collected from a deposit, and late when nobody pays."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from parcela.domain.cards import CardFunding
from parcela.domain.servicing.commands import Standing
from parcela.domain.servicing.records import (
    CardAccount,
    Decision,
    RowState,
    ServicedPlan,
    ServicedRow,
    ServicingState,
)
from parcela.domain.servicing.steps import (
    Step,
    begin,
    bill_row,
    close_if_done,
    collect_rows,
    conclude,
    list_scheduled,
    list_unpaid,
    pay_rows,
    replace_row,
    tell_row,
)

FIRST_ATTEMPT = "1"


def find_bill_day(plan: ServicedPlan, row: ServicedRow) -> date:
    """The day on which a row is billed: its due date, but never before the plan's opening or resumption."""
    days = [row.due_date, plan.opened_at.date()]
    if plan.resumes_on is not None:
        days.append(plan.resumes_on)
    return max(days)


def decide_billing(
    plan: ServicedPlan, account: CardAccount, *, standing: Standing, today: date, now: datetime
) -> Decision | None:
    """Bill every row whose day has come, each dated with that day; None when there is none.

    Money of the cardholder that lies unused on the card pays what is billed. A debit card's row is taken from
    the deposit at once, if it suffices. Nothing is billed while a dispute is open.
    """
    if plan.state is not ServicingState.ACTIVE or plan.is_held:
        return None
    rows = [row for row in list_scheduled(plan) if find_bill_day(plan, row) <= today]
    if not rows:
        return None
    step = begin(plan)
    for row in rows:
        step, standing = bill_and_settle(
            step, account, row, standing=standing, billed_on=find_bill_day(plan, row), now=now
        )
    return conclude([close_if_done(step)])


def bill_and_settle(
    step: Step, account: CardAccount, row: ServicedRow, *, standing: Standing, billed_on: date, now: datetime
) -> tuple[Step, Standing]:
    """Bill a row and pay it with what is there: unused credit of the card, or a debit card's deposit."""
    step = bill_row(step, account, row, billed_on=billed_on, now=now)
    if standing.credit_minor:
        (step,), credit_minor = pay_rows([step], standing.credit_minor)
        standing = replace(standing, revolving_minor=-credit_minor)
    if account.funding is CardFunding.DEBIT:
        step, deposit_minor = collect_rows(
            step, account, standing.deposit_minor, attempt_key=FIRST_ATTEMPT, now=now
        )
        standing = replace(standing, deposit_minor=deposit_minor)
    return step, standing


def decide_collection(
    plan: ServicedPlan, account: CardAccount, *, deposit_minor: int, attempt_key: str, now: datetime
) -> Decision | None:
    """Try again to take billed rows from a deposit; None when it does not cover the oldest one.

    `attempt_key` names the attempt (the day, for the scheduler) in the event keys.
    """
    assert account.funding is CardFunding.DEBIT
    if plan.state is not ServicingState.ACTIVE or plan.is_held:
        return None
    step, left_minor = collect_rows(begin(plan), account, deposit_minor, attempt_key=attempt_key, now=now)
    return conclude([close_if_done(step)]) if left_minor != deposit_minor else None


def decide_late(plan: ServicedPlan, *, today: date, late_after_days: int, now: datetime) -> Decision | None:
    """Mark billed rows late that are unpaid `late_after_days` after due date and billing; None if none is.

    A row billed after its due date (an opening that was told late, a dispute) is not late before the
    cardholder had the same time to pay it.
    """
    if plan.state is not ServicingState.ACTIVE or plan.is_held:
        return None
    step = begin(plan)
    for row in list_unpaid(plan):
        assert row.billed_on is not None
        asked_on = max(row.due_date, row.billed_on)
        if row.state is RowState.BILLED and today >= asked_on + timedelta(days=late_after_days):
            late = replace(row, state=RowState.LATE)
            event = tell_row("installment.late", plan, late)
            step = step.go_on(replace_row(step.plan, late), events=(event,))
    return conclude([step]) if step.events else None
