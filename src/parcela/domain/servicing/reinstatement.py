"""A merchant takes a refund back: the rows, the card and the cash as before, as far as they still can be.

`spec/gateway.md` §12: VOID_REFUND puts the plan back. Postings are in `docs/servicing.md`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from parcela.domain.cards import CardFunding
from parcela.domain.ledger import LedgerCode, LedgerEntry, Posting
from parcela.domain.servicing.billing import find_bill_day
from parcela.domain.servicing.commands import Standing
from parcela.domain.servicing.lifecycle import Action, check_not_held, move_state
from parcela.domain.servicing.postings import EntryKind, open_books, post, write_entry
from parcela.domain.servicing.records import (
    AccountTransaction,
    CardAccount,
    Decision,
    ServicedPlan,
    ServicedRow,
    ServicingState,
)
from parcela.domain.servicing.refusals import PlanHeld
from parcela.domain.servicing.steps import Step, begin, conclude, list_scheduled, replace_row, tell_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFace:
    """What of a plan a refund can change."""

    state: ServicingState
    rows: tuple[ServicedRow, ...]
    refunded_minor: int
    recovered_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundTrace:
    """What a refund of `amount_minor` did to a plan; `transaction_id` is the purchase it was counted on."""

    amount_minor: int
    before: PlanFace
    after: PlanFace
    transaction_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstatement:
    """A refund is taken back. `entry` is what the refund posted."""

    event_id: str
    trace: RefundTrace
    entry: LedgerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class _PutBack:
    """The plan with the refund taken back, and what that posts; `rows_minor` is asked for by rows again."""

    step: Step
    postings: tuple[Posting, ...]
    rows_minor: int
    cash_minor: int
    is_as_before: bool


def trace_refund(
    before: ServicedPlan, after: ServicedPlan, *, amount_minor: int, transaction_id: str | None
) -> RefundTrace:
    """What has to be known of a refund for taking it back."""
    return RefundTrace(
        amount_minor=amount_minor,
        before=_find_face(before),
        after=_find_face(after),
        transaction_id=transaction_id,
    )


def decide_reinstatement(
    transaction: AccountTransaction | None,
    plan: ServicedPlan,
    account: CardAccount,
    reinstatement: Reinstatement,
    *,
    standing: Standing,
    now: datetime,
) -> Decision:
    """Take a refund back. A plan that stands as the refund left it becomes what it was before it.

    Otherwise the amount goes in equal shares onto the principal of the rows to come (odd cents on the first),
    and without such rows onto the card. Cash that a debit card's holder got is taken from the deposit as far
    as that suffices; the rest is owed on the card. Raises `PlanHeld`.
    """
    check_not_held(plan)
    if transaction is not None and transaction.is_disputed:
        raise PlanHeld(f"transaction {transaction.transaction_id} has an open dispute: resolve it first")
    trace = reinstatement.trace
    if _find_face(plan) == trace.after:
        done = _restore(plan, reinstatement, today=now.date())
    else:
        done = _put_on_rows(plan, account, trace)
    entries = write_entry(
        account,
        EntryKind.REFUND_TAKEN_BACK,
        f"{reinstatement.entry.event_key}:taken_back",
        postings=(*done.postings, *_collect(account, done.cash_minor, standing=standing)),
        now=now,
    )
    event = tell_plan(
        "plan.reinstated",
        done.step.plan,
        event_id=reinstatement.event_id,
        amount_minor=trace.amount_minor,
        rows_minor=done.rows_minor,
        card_minor=trace.amount_minor - done.rows_minor,
        is_as_before=done.is_as_before,
        before=_list_rows(plan.rows),
        after=_list_rows(done.step.plan.rows),
    )
    return conclude(
        [done.step],
        transaction=_count_back(transaction, trace),
        entries=entries,
        events=(event,),
    )


def _restore(plan: ServicedPlan, reinstatement: Reinstatement, *, today: date) -> _PutBack:
    """The plan as the refund found it. Rows that fell due meanwhile are billed from today."""
    face = reinstatement.trace.before
    is_reopened = face.state is not plan.state
    state = move_state(plan.state, Action.REOPEN if is_reopened else Action.REINSTATE)
    assert state is face.state, f"a refund does not lead from {face.state} to {plan.state}"
    step = begin(plan)
    restored = replace(
        step.plan,
        state=face.state,
        rows=face.rows,
        refunded_minor=face.refunded_minor,
        recovered_minor=face.recovered_minor,
    )
    if any(find_bill_day(restored, row) < today for row in list_scheduled(restored)):
        restored = replace(restored, resumes_on=today)
    taken, cash_minor = _mirror(reinstatement.entry)
    return _PutBack(
        step=step.go_on(restored),
        postings=taken,
        rows_minor=restored.scheduled_principal_minor - plan.scheduled_principal_minor,
        cash_minor=cash_minor,
        is_as_before=True,
    )


def _mirror(entry: LedgerEntry) -> tuple[tuple[Posting, ...], int]:
    """The postings with sides exchanged, without those that paid cash into a deposit; and that cash."""
    paid_out = [posting for posting in entry.postings if posting.credit.code is LedgerCode.DEPOSIT]
    taken = tuple(
        Posting(posting.credit, posting.debit, posting.amount_minor)
        for posting in entry.postings
        if posting not in paid_out
    )
    return taken, sum(posting.amount_minor for posting in paid_out)


def _put_on_rows(plan: ServicedPlan, account: CardAccount, trace: RefundTrace) -> _PutBack:
    """Something happened to the plan since: the amount is asked for by its rows to come, or by the card.

    What goes onto the card is no part of the plan any more, and stays counted as refunded there.
    """
    state = move_state(plan.state, Action.REINSTATE)
    scheduled = list_scheduled(plan)
    counted_minor = trace.after.refunded_minor - trace.before.refunded_minor
    room_minor = plan.amount_minor - sum(row.principal_minor for row in plan.rows)
    rows_minor = min(counted_minor, room_minor) if scheduled else 0
    step = begin(plan)
    after = replace(step.plan, state=state, refunded_minor=plan.refunded_minor - rows_minor)
    for row in _raise_rows(scheduled, rows_minor):
        after = replace_row(after, row)
    books = open_books(account)
    card_minor = trace.amount_minor - rows_minor
    return _PutBack(
        step=step.go_on(after),
        postings=(
            *post(books.refunds, books.clearing, trace.amount_minor),
            *post(books.receivable(plan.plan_id), books.refunds, rows_minor),
            *post(books.card, books.refunds, card_minor),
        ),
        rows_minor=rows_minor,
        cash_minor=card_minor,
        is_as_before=False,
    )


def _raise_rows(rows: tuple[ServicedRow, ...], amount_minor: int) -> list[ServicedRow]:
    """Equal shares of principal on all rows, what they leave over on the first of them."""
    if not amount_minor:
        return []
    share_minor = amount_minor // len(rows)
    rest_minor = amount_minor - share_minor * len(rows)
    shares = [share_minor + rest_minor, *[share_minor] * (len(rows) - 1)]
    return [
        replace(
            row, amount_minor=row.amount_minor + more_minor, principal_minor=row.principal_minor + more_minor
        )
        for row, more_minor in zip(rows, shares, strict=True)
    ]


def _collect(account: CardAccount, cash_minor: int, *, standing: Standing) -> tuple[Posting, ...]:
    """A deposit never goes below zero: what it cannot pay is owed on the card."""
    if account.funding is not CardFunding.DEBIT:
        return ()
    books = open_books(account)
    return post(books.deposit, books.card, min(cash_minor, standing.deposit_minor))


def _count_back(transaction: AccountTransaction | None, trace: RefundTrace) -> AccountTransaction | None:
    """The purchase with less refunded, if the refund was counted on it."""
    if transaction is None or transaction.transaction_id != trace.transaction_id:
        return None
    return replace(
        transaction,
        refunded_minor=transaction.refunded_minor - trace.amount_minor,
        lock_version=transaction.lock_version + 1,
    )


def _find_face(plan: ServicedPlan) -> PlanFace:
    return PlanFace(
        state=plan.state,
        rows=plan.rows,
        refunded_minor=plan.refunded_minor,
        recovered_minor=plan.recovered_minor,
    )


def _list_rows(rows: Iterable[ServicedRow]) -> list[dict[str, object]]:
    return [
        {"number": row.number, "due_date": row.due_date.isoformat(), "amount_minor": row.amount_minor}
        for row in rows
        if row.amount_minor
    ]
