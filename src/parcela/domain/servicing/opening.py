"""A noticed plan is opened on a card account, before or after the purchase was cleared (`network.md` §11)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from parcela.domain.cards import CardFunding
from parcela.domain.ledger import LedgerEntry, reverse_entry
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.refunds.strategies import split_finance_charge
from parcela.domain.servicing.billing import bill_and_settle
from parcela.domain.servicing.commands import PostedPurchase, Standing
from parcela.domain.servicing.effects import release_purchase
from parcela.domain.servicing.lifecycle import Action, move_state
from parcela.domain.servicing.postings import EntryKind, open_books, post, write_entry
from parcela.domain.servicing.records import (
    AccountTransaction,
    CardAccount,
    Decision,
    PlanNotice,
    ServicedPlan,
    ServicedRow,
    ServicingState,
    TransactionState,
)
from parcela.domain.servicing.refusals import NoticeRefused
from parcela.domain.servicing.steps import Step, close_if_done, conclude, tell_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class RowParts:
    """What one row consists of, in minor units."""

    principal_minor: int
    interest_minor: int
    fee_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitTerms:
    """The issuer's own pricing of a noticed plan: interest a period, first row at once, parts of each row."""

    rate: tuple[int, int]
    in_advance: bool
    parts: tuple[RowParts, ...]


def decide_opening(
    notice: PlanNotice,
    account: CardAccount,
    *,
    purchase: PostedPurchase | None,
    split: SplitTerms | None,
    standing: Standing,
    now: datetime,
) -> Decision:
    """Open a plan and bill its first row, if that is due with the purchase (`network.md` §11).

    After clearing the purchase is taken off the card in full first; what the plan does not finance goes back.
    Without `split`, everything above the purchase counts as interest. Raises `NoticeRefused`.
    """
    _check_notice(notice, account)
    transaction = purchase.transaction if purchase is not None else None
    if transaction is not None:
        _check_transaction(notice, transaction)
    split = split if split is not None else _split_rows(notice)
    step = Step(plan=_make_plan(notice, account, transaction, split=split, now=now))
    if purchase is not None:
        step, standing = _take_off_card(step, account, purchase, standing=standing, now=now)
    step = _open_receivable(step, account, now=now)
    if purchase is not None:
        step, standing = _repost_remainder(step, account, purchase.transaction, standing=standing, now=now)
    if split.in_advance:
        step, standing = bill_and_settle(
            step, account, step.plan.rows[0], standing=standing, billed_on=now.date(), now=now
        )
    if transaction is not None:
        step = _release_shortfall(step, account, transaction, standing=standing, now=now)
        transaction = replace(transaction, plan_id=notice.plan_id, lock_version=transaction.lock_version + 1)
    return conclude([close_if_done(step)], transaction=transaction)


def _check_notice(notice: PlanNotice, account: CardAccount) -> None:
    rows = notice.rows
    if notice.currency != account.currency:
        raise NoticeRefused(f"currency: expected {account.currency}, got {notice.currency}")
    if not rows or [row.number for row in rows] != list(range(1, len(rows) + 1)):
        numbers = ", ".join(str(row.number) for row in rows) or "no rows"
        raise NoticeRefused(f"rows: expected numbers 1 to {max(1, len(rows))} in order, got {numbers}")
    for row in rows:
        if row.amount_minor < 1:
            raise NoticeRefused(f"row {row.number}: expected at least 1 minor unit, got {row.amount_minor}")
    for before, after in pairwise(rows):
        if before.due_date >= after.due_date:
            raise NoticeRefused(
                f"row {after.number}: expected a due date after {before.due_date}, got {after.due_date}"
            )
    total_minor = sum(row.amount_minor for row in rows)
    if total_minor != notice.total_minor:
        raise NoticeRefused(f"rows: expected a sum of {notice.total_minor} minor units, got {total_minor}")
    if not 1 <= notice.amount_minor <= total_minor:
        raise NoticeRefused(
            f"amount: expected 1 to {total_minor} minor units, the sum of the rows, got {notice.amount_minor}"
        )


def _check_transaction(notice: PlanNotice, transaction: AccountTransaction) -> None:
    name = f"transaction {transaction.transaction_id}"
    if transaction.currency != notice.currency:
        raise NoticeRefused(f"{name}: expected currency {notice.currency}, got {transaction.currency}")
    if transaction.state not in (TransactionState.AUTHORIZED, TransactionState.CLEARED):
        raise NoticeRefused(f"{name}: expected a purchase that stands, got one {transaction.state}")
    if transaction.is_disputed:
        raise NoticeRefused(f"{name}: expected a purchase without a dispute, got one that is disputed")
    if transaction.refunded_minor:
        # The refund stands on the card already: rows over the whole purchase would ask for it again.
        raise NoticeRefused(
            f"{name}: expected no refunds yet, got {transaction.refunded_minor} minor units refunded"
        )
    if transaction.plan_id not in (None, notice.plan_id):
        raise NoticeRefused(f"{name}: expected no plan yet, got plan {transaction.plan_id}")


def _split_rows(notice: PlanNotice) -> SplitTerms:
    """Principal and interest of rows of which only the amounts are known."""
    in_advance = notice.rows[0].due_date <= notice.transaction.local_at.date()
    found = split_finance_charge(
        [(row.amount_minor, row.due_date) for row in notice.rows],
        notice.amount_minor,
        in_advance=in_advance,
    )
    parts = tuple(
        RowParts(principal_minor=principal_minor, interest_minor=interest_minor)
        for principal_minor, interest_minor in found.parts
    )
    return SplitTerms(rate=found.rate, in_advance=in_advance, parts=parts)


def _make_plan(
    notice: PlanNotice,
    account: CardAccount,
    transaction: AccountTransaction | None,
    *,
    split: SplitTerms,
    now: datetime,
) -> ServicedPlan:
    rows = tuple(
        ServicedRow(
            number=row.number,
            due_date=row.due_date,
            amount_minor=row.amount_minor,
            principal_minor=part.principal_minor,
            interest_minor=part.interest_minor,
            fee_minor=part.fee_minor,
        )
        for row, part in zip(notice.rows, split.parts, strict=True)
    )
    _check_rows(rows, notice.amount_minor)
    return ServicedPlan(
        plan_id=notice.plan_id,
        account_id=account.account_id,
        provider_id=account.provider_id,
        offer_id=notice.offer_id,
        currency=notice.currency,
        amount_minor=notice.amount_minor,
        interval=notice.interval,
        rate=split.rate,
        in_advance=split.in_advance,
        purchased_on=notice.transaction.local_at.date(),
        state=move_state(ServicingState.CREATED, Action.OPEN),
        rows=rows,
        opened_at=now,
        merchant_name=notice.merchant.name,
        transaction_id=transaction.transaction_id if transaction is not None else None,
        uncleared_minor=notice.amount_minor,
    )


def _check_rows(rows: Sequence[ServicedRow], principal_minor: int) -> None:
    """A split that does not add up would break the books: that is a fault of the caller."""
    for row in rows:
        assert row.amount_minor == row.principal_minor + row.interest_minor + row.fee_minor
        assert min(row.principal_minor, row.interest_minor, row.fee_minor) >= 0
    assert sum(row.principal_minor for row in rows) == principal_minor


def _take_off_card(
    step: Step, account: CardAccount, purchase: PostedPurchase, *, standing: Standing, now: datetime
) -> tuple[Step, Standing]:
    """Reverse what the clearings of the purchase posted to the card, one reversal for each entry."""
    cleared_minor = purchase.transaction.cleared_minor
    prefix = f"plan:{step.plan.plan_id}"
    collected = _list_kind(purchase.entries, EntryKind.TRANSACTION_COLLECTED)
    posted = _list_kind(purchase.entries, EntryKind.TRANSACTION_POSTED)
    assert _sum_entries(posted) == cleared_minor, "the entries given are not those of the cleared purchase"
    reversals = [
        *_reverse(posted, EntryKind.PURCHASE_REVERSED, f"{prefix}:purchase_reversed", now=now),
        *_reverse(collected, EntryKind.COLLECTION_REVERSED, f"{prefix}:collection_reversed", now=now),
    ]
    returned_minor = _sum_entries(collected)
    standing = Standing(
        deposit_minor=standing.deposit_minor + returned_minor,
        revolving_minor=standing.revolving_minor - cleared_minor + returned_minor,
    )
    plan = replace(step.plan, uncleared_minor=max(0, step.plan.amount_minor - cleared_minor))
    return step.go_on(plan, entries=reversals), standing


def _list_kind(entries: Sequence[LedgerEntry], kind: EntryKind) -> list[LedgerEntry]:
    return [entry for entry in entries if entry.kind == kind]


def _sum_entries(entries: Sequence[LedgerEntry]) -> int:
    return sum(posting.amount_minor for entry in entries for posting in entry.postings)


def _reverse(
    entries: Sequence[LedgerEntry], kind: EntryKind, event_key: str, *, now: datetime
) -> list[LedgerEntry]:
    """The first reversal has the bare key; those of further clearings are numbered from 2."""
    return [
        reverse_entry(
            entry, event_key=event_key if place == 1 else f"{event_key}:{place}", kind=kind, posted_at=now
        )
        for place, entry in enumerate(entries, start=1)
    ]


def _open_receivable(step: Step, account: CardAccount, *, now: datetime) -> Step:
    plan = step.plan
    books = open_books(account)
    entries = write_entry(
        account,
        EntryKind.PLAN_OPENED,
        f"plan:{plan.plan_id}:opened",
        postings=post(books.receivable(plan.plan_id), books.purchases, plan.amount_minor),
        now=now,
    )
    event = tell_plan(
        "plan.opened",
        plan,
        offer_id=plan.offer_id,
        amount_minor=plan.amount_minor,
        total_minor=sum(row.amount_minor for row in plan.rows),
        installments=len(plan.rows),
        transaction_id=plan.transaction_id,
        is_cleared=plan.is_cleared,
    )
    return step.go_on(plan, entries=entries, events=(event,))


def _repost_remainder(
    step: Step, account: CardAccount, transaction: AccountTransaction, *, standing: Standing, now: datetime
) -> tuple[Step, Standing]:
    """What was cleared and the plan does not finance goes back on the card, or is taken from the deposit.

    What a debit card's holder had paid for the purchase beside its collections goes to the deposit.
    """
    remainder_minor = max(0, transaction.cleared_minor - step.plan.amount_minor)
    revolving_minor = standing.revolving_minor + remainder_minor
    books = open_books(account)
    collected_minor = returned_minor = 0
    if account.funding is CardFunding.DEBIT:
        collected_minor = min(remainder_minor, max(0, revolving_minor), standing.deposit_minor)
        returned_minor = max(0, -revolving_minor)
    prefix = f"plan:{step.plan.plan_id}"
    entries = write_entry(
        account,
        EntryKind.REMAINDER_POSTED,
        f"{prefix}:remainder_posted",
        postings=(
            *post(books.card, books.purchases, remainder_minor),
            *post(books.deposit, books.card, collected_minor),
        ),
        now=now,
    )
    entries += write_entry(
        account,
        EntryKind.COLLECTION_REVERSED,
        f"{prefix}:payment_returned",
        postings=post(books.card, books.deposit, returned_minor),
        now=now,
    )
    standing = Standing(
        deposit_minor=standing.deposit_minor - collected_minor + returned_minor,
        revolving_minor=revolving_minor - collected_minor + returned_minor,
    )
    return step.go_on(step.plan, entries=entries), standing


def _release_shortfall(
    step: Step, account: CardAccount, transaction: AccountTransaction, *, standing: Standing, now: datetime
) -> Step:
    """A plan noticed after the final clearing of less than it finances: the rest is never taken."""
    if transaction.state is not TransactionState.CLEARED or not step.plan.uncleared_minor:
        return step
    step, postings = release_purchase(
        step,
        account,
        step.plan.uncleared_minor,
        strategy=RefundStrategy.SPREAD,
        standing=standing,
    )
    entries = write_entry(
        account,
        EntryKind.TRANSACTION_RELEASED,
        f"plan:{step.plan.plan_id}:released",
        postings=postings,
        now=now,
    )
    return step.go_on(step.plan, entries=entries)
