"""Parts of a decision about plans, step by step: rows are billed and paid, a plan closes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from parcela.domain.ledger import LedgerEntry
from parcela.domain.servicing.lifecycle import Action, move_state
from parcela.domain.servicing.postings import EntryKind, open_books, post, write_entry
from parcela.domain.servicing.records import (
    UNPAID_BILLED_STATES,
    AccountTransaction,
    CardAccount,
    Decision,
    RowState,
    ServicedPlan,
    ServicedRow,
    ServicingEvent,
    ServicingState,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A plan as it stands in the middle of a decision, with what was posted and told so far."""

    plan: ServicedPlan
    entries: tuple[LedgerEntry, ...] = ()
    events: tuple[ServicingEvent, ...] = ()

    def go_on(
        self,
        plan: ServicedPlan,
        *,
        entries: Iterable[LedgerEntry] = (),
        events: Iterable[ServicingEvent] = (),
    ) -> "Step":
        """The next step: the plan as it stands now, and what was posted and told on the way."""
        return Step(plan=plan, entries=(*self.entries, *entries), events=(*self.events, *events))


def begin(plan: ServicedPlan) -> Step:
    """The first step of a decision that changes a plan: its version grows by one."""
    return Step(plan=replace(plan, lock_version=plan.lock_version + 1))


def conclude(
    steps: Iterable[Step],
    *,
    transaction: AccountTransaction | None = None,
    entries: Iterable[LedgerEntry] = (),
    events: Iterable[ServicingEvent] = (),
) -> Decision:
    """All steps as one decision; `entries` and `events` come before those of the steps."""
    steps = tuple(steps)
    return Decision(
        plans=tuple(step.plan for step in steps),
        transaction=transaction,
        entries=(*entries, *(entry for step in steps for entry in step.entries)),
        events=(*events, *(event for step in steps for event in step.events)),
    )


def tell_plan(kind: str, plan: ServicedPlan, **facts: object) -> ServicingEvent:
    """An event of a plan."""
    data = {"account_id": plan.account_id, "currency": plan.currency, **facts}
    return ServicingEvent(type=kind, subject=plan.plan_id, data=data)


def tell_row(kind: str, plan: ServicedPlan, row: ServicedRow) -> ServicingEvent:
    """An event of one row of a plan."""
    return tell_plan(
        kind,
        plan,
        number=row.number,
        due_date=row.due_date.isoformat(),
        amount_minor=row.amount_minor,
        paid_minor=row.paid_minor,
    )


def tell_transaction(kind: str, transaction: AccountTransaction, **facts: object) -> ServicingEvent:
    """An event of a card transaction."""
    data = {
        "account_id": transaction.account_id,
        "currency": transaction.currency,
        "plan_id": transaction.plan_id,
        **facts,
    }
    return ServicingEvent(type=kind, subject=transaction.transaction_id, data=data)


def replace_row(plan: ServicedPlan, row: ServicedRow) -> ServicedPlan:
    """The plan with the row of the same number exchanged."""
    rows = tuple(row if row.number == known.number else known for known in plan.rows)
    return replace(plan, rows=rows)


def list_scheduled(plan: ServicedPlan) -> tuple[ServicedRow, ...]:
    """The rows that are not billed yet, by number."""
    return tuple(row for row in plan.rows if row.state is RowState.SCHEDULED)


def list_unpaid(plan: ServicedPlan) -> tuple[ServicedRow, ...]:
    """The rows that are billed and not paid in full, by number."""
    return tuple(row for row in plan.rows if row.state in UNPAID_BILLED_STATES)


def sum_unpaid(plan: ServicedPlan) -> int:
    """What is billed and unpaid of a plan."""
    return sum(row.unpaid_minor for row in list_unpaid(plan))


def bill_row(step: Step, account: CardAccount, row: ServicedRow, *, billed_on: date, now: datetime) -> Step:
    """Post a scheduled row to the card: principal leaves the receivable, interest and fee are earned."""
    assert row.state is RowState.SCHEDULED, f"row {row.number} is {row.state}"
    books = open_books(account)
    plan = step.plan
    move_state(plan.state, Action.BILL)
    entries = write_entry(
        account,
        EntryKind.INSTALLMENT_BILLED,
        f"plan:{plan.plan_id}:row:{row.number}:billed",
        postings=(
            *post(books.card, books.receivable(plan.plan_id), row.principal_minor),
            *post(books.card, books.interest, row.interest_minor),
            *post(books.card, books.fees, row.fee_minor),
        ),
        now=now,
    )
    billed = replace(row, state=RowState.BILLED, billed_on=billed_on)
    return step.go_on(
        replace_row(plan, billed), entries=entries, events=(tell_row("installment.billed", plan, billed),)
    )


def pay_row(step: Step, number: int, amount_minor: int) -> Step:
    """Count money for one billed row; paid in full it is paid. The money is posted by the caller."""
    row = next(row for row in list_unpaid(step.plan) if row.number == number)
    assert 0 < amount_minor <= row.unpaid_minor
    paid = replace(row, paid_minor=row.paid_minor + amount_minor)
    kind = "installment.part_paid"
    if paid.unpaid_minor == 0:
        paid = replace(paid, state=RowState.PAID)
        kind = "installment.paid"
    return step.go_on(replace_row(step.plan, paid), events=(tell_row(kind, step.plan, paid),))


def pay_rows(steps: Sequence[Step], amount_minor: int) -> tuple[tuple[Step, ...], int]:
    """Count money for billed rows by due date, then plan id; gives what is left of it as well."""
    order = sorted(
        (row.due_date, step.plan.plan_id, row.number, position)
        for position, step in enumerate(steps)
        for row in list_unpaid(step.plan)
    )
    stepped = list(steps)
    left_minor = amount_minor
    for _, _, number, position in order:
        if left_minor == 0:
            break
        row = next(row for row in stepped[position].plan.rows if row.number == number)
        part_minor = min(left_minor, row.unpaid_minor)
        stepped[position] = pay_row(stepped[position], number, part_minor)
        left_minor -= part_minor
    return tuple(stepped), left_minor


def collect_rows(
    step: Step, account: CardAccount, deposit_minor: int, *, attempt_key: str, now: datetime
) -> tuple[Step, int]:
    """Take billed rows from the deposit of a debit card, oldest first, as far as it covers whole rows.

    Gives what is left of the deposit as well.
    """
    books = open_books(account)
    for row in list_unpaid(step.plan):
        unpaid_minor = row.unpaid_minor
        if unpaid_minor > deposit_minor:
            break
        entries = write_entry(
            account,
            EntryKind.INSTALLMENT_COLLECTED,
            f"plan:{step.plan.plan_id}:row:{row.number}:collected:{attempt_key}",
            postings=post(books.deposit, books.card, unpaid_minor),
            now=now,
        )
        step = pay_row(step.go_on(step.plan, entries=entries), row.number, unpaid_minor)
        deposit_minor -= unpaid_minor
    return step, deposit_minor


def close_if_done(step: Step) -> Step:
    """Complete an active plan of which nothing is open any more; cancel it when nothing was paid either."""
    plan = step.plan
    if plan.state is not ServicingState.ACTIVE or any(row.is_open for row in plan.rows):
        return step
    if any(row.state is RowState.PAID for row in plan.rows):
        return close_plan(step, Action.COMPLETE)
    return close_plan(step, Action.CANCEL)


def close_plan(step: Step, action: Action) -> Step:
    """Move a plan to the state that an act leads to, and tell it as `plan.<state>`."""
    state = move_state(step.plan.state, action)
    closed = replace(step.plan, state=state)
    return step.go_on(closed, events=(tell_plan(f"plan.{state}", closed),))
