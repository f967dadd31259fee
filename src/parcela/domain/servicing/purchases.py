"""Card transactions: may a purchase be made, what its clearing posts, what a reversal takes back."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from parcela.domain.cards import CardFunding
from parcela.domain.errors import Conflict
from parcela.domain.ledger import LedgerEntry, Posting
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.commands import Authorization, Clearing, Exposure, Reversal, Standing
from parcela.domain.servicing.effects import release_purchase
from parcela.domain.servicing.postings import EntryKind, open_books, post, write_entry
from parcela.domain.servicing.records import (
    AccountTransaction,
    CardAccount,
    Decision,
    ServicedPlan,
    TransactionState,
)
from parcela.domain.servicing.refusals import check_amount
from parcela.domain.servicing.steps import Step, begin, conclude, tell_transaction


class ResponseCode(StrEnum):
    """The answer to an authorization: ISO 8583 data element 39."""

    APPROVED = "00"
    INVALID_AMOUNT = "13"
    INVALID_CARD = "14"
    INSUFFICIENT_FUNDS = "51"


def decide_authorization(
    account: CardAccount,
    command: Authorization,
    *,
    exposure: Exposure,
    plan: ServicedPlan | None = None,
    now: datetime,
) -> tuple[Decision, ResponseCode]:
    """Approve a purchase within limit or deposit; a declined one is kept as well.

    `plan` is the plan that the authorization names, when it was opened already: it stands in the receivables,
    so what it finances is not counted twice. The plan is bound to the transaction.
    """
    assert command.currency == account.currency, "an account takes purchases in its own currency"
    assert plan is None or plan.transaction_id in (None, command.transaction_id)
    code = _answer(account, command, exposure=exposure, plan=plan)
    is_approved = code is ResponseCode.APPROVED
    bound = plan if is_approved else None
    transaction = AccountTransaction(
        transaction_id=command.transaction_id,
        account_id=account.account_id,
        state=TransactionState.AUTHORIZED if is_approved else TransactionState.DECLINED,
        currency=account.currency,
        authorized_minor=command.amount_minor if is_approved else 0,
        cleared_minor=0,
        refunded_minor=0,
        merchant=command.merchant,
        facts=command.facts,
        entry_mode=command.entry_mode,
        plan_id=bound.plan_id if bound is not None else command.plan_id,
        is_disputed=False,
        created_at=now,
    )
    steps = [_bind(begin(bound), transaction)] if bound is not None else []
    kind = "transaction.authorized" if is_approved else "transaction.declined"
    event = tell_transaction(kind, transaction, amount_minor=command.amount_minor, response_code=code.value)
    return conclude(steps, transaction=transaction, events=(event,)), code


def _answer(
    account: CardAccount, command: Authorization, *, exposure: Exposure, plan: ServicedPlan | None
) -> ResponseCode:
    if command.amount_minor < 1:
        return ResponseCode.INVALID_AMOUNT
    if command.amount_minor > find_available(account, exposure, plan=plan):
        return ResponseCode.INSUFFICIENT_FUNDS
    return ResponseCode.APPROVED


def find_available(account: CardAccount, exposure: Exposure, *, plan: ServicedPlan | None = None) -> int:
    """What may be bought now, in minor units; below zero when the limit is exceeded.

    A credit card: limit, less balance, receivables and holds. A debit card: deposit, less holds.
    """
    financed_minor = plan.uncleared_minor if plan is not None else 0
    if account.funding is CardFunding.DEBIT:
        return exposure.deposit_minor - exposure.holds_minor + financed_minor
    assert account.credit_limit_minor is not None, "a credit card has a limit"
    used_minor = exposure.balance_minor + exposure.receivables_minor + exposure.holds_minor
    return account.credit_limit_minor - used_minor + financed_minor


def decide_clearing(
    transaction: AccountTransaction,
    plan: ServicedPlan | None,
    account: CardAccount,
    clearing: Clearing,
    *,
    standing: Standing,
    now: datetime,
) -> Decision:
    """Post a clearing. What a plan finances is only taken from PURCHASES; the rest goes on the card.

    On a debit card it is collected from the deposit as far as that suffices. A final clearing of less than
    was financed releases the rest (`effects.release_purchase`). Raises `AmountRefused`, and `Conflict` for a
    purchase that was declined or reversed.
    """
    _check_alive(transaction)
    check_amount("clearing", clearing.amount_minor)
    financed_minor = min(clearing.amount_minor, plan.uncleared_minor) if plan is not None else 0
    entries = _post_clearing(account, transaction, clearing, financed_minor, standing=standing, now=now)
    cleared = _count_clearing(transaction, clearing, plan_id=plan.plan_id if plan else None, now=now)
    facts: dict[str, object] = {"event_id": clearing.event_id, "amount_minor": clearing.amount_minor}
    facts |= {"financed_minor": financed_minor, "is_final": clearing.is_final}
    event = tell_transaction("transaction.cleared", cleared, **facts)
    if plan is None:
        return Decision(transaction=cleared, entries=entries, events=(event,))
    step = _bind(begin(plan), cleared)
    step = step.go_on(replace(step.plan, uncleared_minor=plan.uncleared_minor - financed_minor))
    if clearing.is_final:
        step, postings = _release(
            step, account, step.plan.uncleared_minor, clearing.strategy, standing=standing
        )
        entries += write_entry(
            account,
            EntryKind.TRANSACTION_RELEASED,
            _name_entry(transaction, "released", clearing.event_id),
            postings=postings,
            now=now,
        )
    return conclude([step], transaction=cleared, entries=entries, events=(event,))


def _post_clearing(
    account: CardAccount,
    transaction: AccountTransaction,
    clearing: Clearing,
    financed_minor: int,
    *,
    standing: Standing,
    now: datetime,
) -> tuple[LedgerEntry, ...]:
    """What no plan finances goes on the card, and from there out of the deposit."""
    books = open_books(account)
    card_minor = clearing.amount_minor - financed_minor
    entries = write_entry(
        account,
        EntryKind.TRANSACTION_CLEARED,
        _name_entry(transaction, "cleared", clearing.event_id),
        postings=post(books.purchases, books.clearing, clearing.amount_minor),
        now=now,
    )
    entries += write_entry(
        account,
        EntryKind.TRANSACTION_POSTED,
        _name_entry(transaction, "posted", clearing.event_id),
        postings=post(books.card, books.purchases, card_minor),
        now=now,
    )
    if account.funding is CardFunding.DEBIT:
        entries += write_entry(
            account,
            EntryKind.TRANSACTION_COLLECTED,
            _name_entry(transaction, "collected", clearing.event_id),
            postings=post(books.deposit, books.card, min(card_minor, standing.deposit_minor)),
            now=now,
        )
    return entries


def _name_entry(transaction: AccountTransaction, what: str, event_id: str) -> str:
    return f"transaction:{transaction.transaction_id}:{what}:{event_id}"


def _count_clearing(
    transaction: AccountTransaction, clearing: Clearing, *, plan_id: str | None, now: datetime
) -> AccountTransaction:
    held_minor = max(0, transaction.authorized_minor - clearing.amount_minor)
    is_done = clearing.is_final or not held_minor
    return replace(
        transaction,
        state=TransactionState.CLEARED if is_done else transaction.state,
        authorized_minor=0 if is_done else held_minor,
        cleared_minor=transaction.cleared_minor + clearing.amount_minor,
        cleared_at=transaction.cleared_at or now,
        plan_id=plan_id or transaction.plan_id,
        lock_version=transaction.lock_version + 1,
    )


def decide_reversal(
    transaction: AccountTransaction,
    plan: ServicedPlan | None,
    account: CardAccount,
    reversal: Reversal,
    *,
    standing: Standing,
    now: datetime,
) -> Decision:
    """The merchant gives an authorization back before clearing, in whole or in part.

    Without a plan only the hold changes. With one, what it finances is released: in part as a partial refund,
    in full with billed interest and fees, so that nothing is owed. Raises `AmountRefused`, `Conflict`.
    """
    _check_alive(transaction)
    check_amount("reversal", reversal.amount_minor, maximum_minor=transaction.authorized_minor)
    reversed_ = _count_reversal(transaction, reversal, plan_id=plan.plan_id if plan else None)
    held_minor = reversed_.authorized_minor
    facts: dict[str, object] = {"event_id": reversal.event_id, "amount_minor": reversal.amount_minor}
    event = tell_transaction("transaction.reversed", reversed_, held_minor=held_minor, **facts)
    if plan is None:
        return Decision(transaction=reversed_, events=(event,))
    step = _bind(begin(plan), reversed_)
    # What the authorization holds above the plan goes first; what it never held cannot be taken back.
    released_minor = max(0, plan.uncleared_minor - held_minor)
    step, postings = _release(step, account, released_minor, reversal.strategy, standing=standing)
    entries = write_entry(
        account,
        EntryKind.TRANSACTION_REVERSED,
        _name_entry(transaction, "reversed", reversal.event_id),
        postings=postings,
        now=now,
    )
    return conclude([step], transaction=reversed_, entries=entries, events=(event,))


def _count_reversal(
    transaction: AccountTransaction, reversal: Reversal, *, plan_id: str | None
) -> AccountTransaction:
    held_minor = transaction.authorized_minor - reversal.amount_minor
    state = transaction.state
    if not held_minor:
        state = TransactionState.CLEARED if transaction.cleared_minor else TransactionState.REVERSED
    return replace(
        transaction,
        state=state,
        authorized_minor=held_minor,
        plan_id=plan_id or transaction.plan_id,
        lock_version=transaction.lock_version + 1,
    )


def _release(
    step: Step, account: CardAccount, amount_minor: int, strategy: RefundStrategy, *, standing: Standing
) -> tuple[Step, tuple[Posting, ...]]:
    if not amount_minor:
        return step, ()
    return release_purchase(step, account, amount_minor, strategy=strategy, standing=standing)


def _check_alive(transaction: AccountTransaction) -> None:
    if transaction.state in (TransactionState.DECLINED, TransactionState.REVERSED):
        raise Conflict(
            f"transaction {transaction.transaction_id}: expected an authorized or cleared purchase, "
            f"got one {transaction.state}"
        )


def _bind(step: Step, transaction: AccountTransaction) -> Step:
    """Plan and transaction name each other."""
    plan = step.plan
    assert plan.transaction_id in (None, transaction.transaction_id), "the plan has another transaction"
    assert transaction.plan_id in (None, plan.plan_id), "the transaction has another plan"
    return step.go_on(replace(plan, transaction_id=transaction.transaction_id))
