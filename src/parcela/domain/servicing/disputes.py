"""A cardholder disputes a cleared purchase: a provisional credit, and its end in favour of one side."""

from dataclasses import replace
from datetime import datetime, timedelta

from parcela.domain.errors import Conflict
from parcela.domain.ledger import LedgerEntry, Posting, reverse_entry
from parcela.domain.servicing.commands import Resolution, Standing
from parcela.domain.servicing.effects import cancel_row, pay_out, sum_charges
from parcela.domain.servicing.lifecycle import Action, check_not_held, move_state
from parcela.domain.servicing.postings import EntryKind, open_books, post, write_entry
from parcela.domain.servicing.records import (
    AccountTransaction,
    CardAccount,
    Decision,
    ServicedPlan,
    ServicingEvent,
    ServicingState,
)
from parcela.domain.servicing.refunds import find_refundable
from parcela.domain.servicing.refusals import PlanHeld
from parcela.domain.servicing.steps import (
    Step,
    begin,
    close_plan,
    conclude,
    list_scheduled,
    pay_rows,
    replace_row,
    tell_plan,
    tell_transaction,
)


def decide_dispute_opening(
    transaction: AccountTransaction | None,
    plan: ServicedPlan | None,
    account: CardAccount,
    *,
    dispute_id: str,
    now: datetime,
) -> Decision:
    """Hold the plan and credit the cardholder provisionally with what was billed of the purchase.

    On a debit card the credit stays on the card until the dispute ends, for the deposit could not be asked
    for it back. Raises `PlanHeld`, `IllegalTransition`, and `Conflict` for a purchase that is not cleared or
    of which nothing is left.
    """
    _check_disputable(transaction, plan)
    scheduled_minor = plan.scheduled_principal_minor if plan is not None else 0
    provisional_minor = find_refundable(transaction, plan) - scheduled_minor
    books = open_books(account)
    entries = write_entry(
        account,
        EntryKind.DISPUTE_OPENED,
        f"dispute:{dispute_id}:opened",
        postings=post(books.disputes, books.card, provisional_minor),
        now=now,
    )
    facts: dict[str, object] = {"dispute_id": dispute_id, "provisional_minor": provisional_minor}
    return _conclude_dispute(
        _mark(transaction, is_disputed=True),
        _hold(plan, is_held=True) if plan is not None else None,
        kind="disputed",
        entries=entries,
        facts=facts,
    )


def _check_disputable(transaction: AccountTransaction | None, plan: ServicedPlan | None) -> None:
    assert transaction is not None or plan is not None
    if transaction is not None and transaction.is_disputed:
        raise PlanHeld(f"transaction {transaction.transaction_id} has an open dispute already")
    if plan is not None:
        check_not_held(plan)
        move_state(plan.state, Action.DISPUTE)
        if not plan.is_cleared:
            raise Conflict(
                f"plan {plan.plan_id}: expected a cleared purchase, got {plan.uncleared_minor} minor units "
                f"that wait for clearing: reverse the authorization instead"
            )
    if not find_refundable(transaction, plan):
        raise Conflict("expected a purchase that was cleared and not refunded, got nothing left to dispute")


def decide_dispute_resolution(
    transaction: AccountTransaction | None,
    plan: ServicedPlan | None,
    account: CardAccount,
    resolution: Resolution,
    *,
    standing: Standing,
    now: datetime,
) -> Decision:
    """End a dispute: for the merchant the provisional credit is taken back and billing resumes tomorrow.

    For the cardholder the network pays, the plan is cancelled and billed interest and fees are given back.
    Raises `Conflict` when no dispute is open.
    """
    is_open = plan.is_held if plan is not None else transaction is not None and transaction.is_disputed
    if not is_open:
        raise Conflict(f"dispute {resolution.dispute_id}: expected an open dispute, got none")
    assert resolution.opening is None or (
        resolution.opening.event_key == f"dispute:{resolution.dispute_id}:opened"
    )
    if resolution.is_for_cardholder:
        return _decide_won(transaction, plan, account, resolution, standing=standing, now=now)
    return _decide_lost(transaction, plan, resolution, now=now)


def _decide_lost(
    transaction: AccountTransaction | None,
    plan: ServicedPlan | None,
    resolution: Resolution,
    *,
    now: datetime,
) -> Decision:
    entries: tuple[LedgerEntry, ...] = ()
    if resolution.opening is not None:
        entries = (
            reverse_entry(
                resolution.opening,
                event_key=f"dispute:{resolution.dispute_id}:lost",
                kind=EntryKind.DISPUTE_LOST,
                posted_at=now,
            ),
        )
    step = None
    if plan is not None:
        step = _hold(plan, is_held=False)
        step = step.go_on(replace(step.plan, resumes_on=now.date() + timedelta(days=1)))
    return _conclude_dispute(
        _mark(transaction, is_disputed=False),
        step,
        kind="dispute_lost",
        entries=entries,
        facts={"dispute_id": resolution.dispute_id},
    )


def _decide_won(
    transaction: AccountTransaction | None,
    plan: ServicedPlan | None,
    account: CardAccount,
    resolution: Resolution,
    *,
    standing: Standing,
    now: datetime,
) -> Decision:
    opening = resolution.opening
    provisional_minor = sum(posting.amount_minor for posting in opening.postings) if opening else 0
    step: Step | None = None
    postings: tuple[Posting, ...] = ()
    cash_back_minor = provisional_minor
    amount_minor = provisional_minor
    if plan is not None:
        amount_minor += plan.scheduled_principal_minor
        step, charge_postings, cash_back_minor = _cancel_plan(plan, account, provisional_minor)
        postings += charge_postings
    books = open_books(account)
    postings += pay_out(account, cash_back_minor, standing=standing)
    entries = write_entry(
        account,
        EntryKind.DISPUTE_WON,
        f"dispute:{resolution.dispute_id}:won",
        postings=(
            *post(books.clearing, books.refunds, amount_minor),
            *post(books.refunds, books.disputes, provisional_minor),
            *postings,
        ),
        now=now,
    )
    marked = _mark(transaction, is_disputed=False, refunded_minor=amount_minor)
    facts: dict[str, object] = {
        "dispute_id": resolution.dispute_id,
        "amount_minor": amount_minor,
        "cash_back_minor": cash_back_minor,
    }
    return _conclude_dispute(marked, step, kind="dispute_won", entries=entries, facts=facts)


def _cancel_plan(
    plan: ServicedPlan, account: CardAccount, provisional_minor: int
) -> tuple[Step, tuple[Posting, ...], int]:
    """The plan without a debt, the postings for its receivable and charges, and the cardholder's cash."""
    books = open_books(account)
    interest_minor, fee_minor = sum_charges(plan)
    postings = (
        *post(books.refunds, books.receivable(plan.plan_id), plan.scheduled_principal_minor),
        *post(books.interest, books.card, interest_minor),
        *post(books.fees, books.card, fee_minor),
    )
    step = _hold(plan, is_held=False)
    after = replace(step.plan, refunded_minor=plan.amount_minor)
    for row in list_scheduled(plan):
        after = replace_row(after, cancel_row(row))
    (step,), cash_back_minor = pay_rows([step.go_on(after)], provisional_minor + interest_minor + fee_minor)
    assert not any(row.is_open for row in step.plan.rows), "the cardholder owes nothing of a lost purchase"
    if step.plan.state is ServicingState.ACTIVE:
        step = close_plan(step, Action.CANCEL)
    return step, postings, cash_back_minor


def _hold(plan: ServicedPlan, *, is_held: bool) -> Step:
    step = begin(plan)
    return step.go_on(replace(step.plan, is_held=is_held))


def _mark(
    transaction: AccountTransaction | None, *, is_disputed: bool, refunded_minor: int = 0
) -> AccountTransaction | None:
    if transaction is None:
        return None
    return replace(
        transaction,
        is_disputed=is_disputed,
        refunded_minor=transaction.refunded_minor + refunded_minor,
        lock_version=transaction.lock_version + 1,
    )


def _conclude_dispute(
    transaction: AccountTransaction | None,
    step: Step | None,
    *,
    kind: str,
    entries: tuple[LedgerEntry, ...],
    facts: dict[str, object],
) -> Decision:
    events: list[ServicingEvent] = []
    if transaction is not None:
        events.append(tell_transaction(f"transaction.{kind}", transaction, **facts))
    if step is not None:
        events.append(tell_plan(f"plan.{kind}", step.plan, **facts))
    steps = [step] if step is not None else []
    return conclude(steps, transaction=transaction, entries=entries, events=events)
