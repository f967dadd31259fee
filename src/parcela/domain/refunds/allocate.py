"""ALLOCATE: rows keep what they ask for, and money is credited to them in an order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from parcela.domain.allocation import AllocationOrder, OpenRow, allocate_credit
from parcela.domain.errors import Conflict
from parcela.domain.refunds.records import (
    EventKind,
    PlanEvent,
    RefundOutcome,
    RefundPolicy,
    RowOutcome,
    RowPlan,
    sort_events,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowHistory:
    """Rows with the money of their payer, in minor units: paid in, owed back in all, and paid out."""

    rows: tuple[OpenRow, ...]
    paid_minor: int
    cash_back_minor: int = 0
    paid_out_minor: int = 0
    unplaced_minor: int = 0

    @property
    def returnable_minor(self) -> int:
        """The payer's own money that a refund may still give back."""
        return max(self.paid_minor - self.cash_back_minor, 0)


def follow_allocations(plan: RowPlan, events: Sequence[PlanEvent], *, policy: RefundPolicy) -> RefundOutcome:
    """The rows after all events; `policy` holds nothing that this model reads. Raises `Conflict`."""
    history = start_history(plan)
    for event in sort_events(events):
        history = credit_event(history, event)
    return report_history(history)


def start_history(plan: RowPlan) -> RowHistory:
    """The plan before its first event."""
    return RowHistory(rows=plan.rows, paid_minor=sum(row.credited_minor for row in plan.rows))


def credit_event(history: RowHistory, event: PlanEvent) -> RowHistory:
    """Credit a payment or refund, or note that cash owed was paid out.

    Raises `Conflict` for a respread, which other models know, and for cash beyond what is owed.
    """
    match event.kind:
        case EventKind.PAYMENT | EventKind.REFUND:
            return _credit_money(history, event)
        case EventKind.CASH_BACK:
            owed = history.cash_back_minor - history.paid_out_minor
            if event.amount_minor > owed:
                raise Conflict(f"expected at most {owed} minor units to pay out, got {event.amount_minor}")
            return replace(history, paid_out_minor=history.paid_out_minor + event.amount_minor)
        case EventKind.REAMORTIZE:
            raise Conflict("this model does not respread rows: use REAMORTIZE_OVERDUE")


def _credit_money(history: RowHistory, event: PlanEvent) -> RowHistory:
    """The row that the money is meant for takes it first; what it cannot take follows the order."""
    is_payment = event.kind is EventKind.PAYMENT
    rows, left = history.rows, event.amount_minor
    if event.number is not None:
        named = [row for row in rows if row.number == event.number]
        first = allocate_credit(named, left, on=event.on, order=AllocationOrder.NEXT_FIRST)
        rows, left = first.apply(rows), first.cash_back_minor
    allocation = allocate_credit(
        rows,
        left,
        on=event.on,
        order=event.order,
        returnable_minor=0 if is_payment else history.returnable_minor,
    )
    return replace(
        history,
        rows=allocation.apply(rows),
        paid_minor=history.paid_minor + (event.amount_minor if is_payment else 0),
        cash_back_minor=history.cash_back_minor + allocation.cash_back_minor,
        unplaced_minor=history.unplaced_minor + allocation.unplaced_minor,
    )


def report_history(history: RowHistory) -> RefundOutcome:
    """The rows as they stand, with what is owed to the payer."""
    rows = tuple(
        RowOutcome(
            number=row.number,
            due_date=row.due_date,
            principal_minor=row.due_minor,
            credited_minor=row.credited_minor,
        )
        for row in history.rows
    )
    return RefundOutcome(
        rows=rows, cash_back_minor=history.cash_back_minor, unplaced_minor=history.unplaced_minor
    )
