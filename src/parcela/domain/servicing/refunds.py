"""The merchant gives money back after clearing: the plan's rows, the card, and the cardholder's cash."""

from dataclasses import replace
from datetime import datetime

from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.commands import Refund, Standing
from parcela.domain.servicing.effects import RefundEffect, apply_effect, post_effect
from parcela.domain.servicing.lifecycle import check_not_held
from parcela.domain.servicing.postings import EntryKind, open_books, post, write_entry
from parcela.domain.servicing.records import (
    AccountTransaction,
    CardAccount,
    Decision,
    ServicedPlan,
    ServicingEvent,
)
from parcela.domain.servicing.refusals import PlanHeld, check_amount
from parcela.domain.servicing.steps import Step, begin, conclude, tell_transaction


def preview_refund(
    plan: ServicedPlan, amount_minor: int, strategy: RefundStrategy, *, returns_charges: bool = False
) -> RefundEffect:
    """What a refund of this amount would do to the plan now; `decide_refund` does exactly that.

    Raises `AmountRefused`, `PlanHeld`, `IllegalTransition`.
    """
    check_not_held(plan)
    return apply_effect(begin(plan), amount_minor, strategy, returns_charges=returns_charges)[1]


def find_refundable(transaction: AccountTransaction | None, plan: ServicedPlan | None) -> int:
    """The most that may still come back: of what was cleared, or financed where no clearing is known."""
    cleared_minor = transaction.cleared_minor - transaction.refunded_minor if transaction is not None else 0
    financed_minor = plan.amount_minor - plan.refunded_minor if plan is not None else 0
    return max(0, cleared_minor, financed_minor)


def decide_refund(
    transaction: AccountTransaction | None,
    plan: ServicedPlan | None,
    account: CardAccount,
    refund: Refund,
    *,
    standing: Standing,
    now: datetime,
) -> Decision:
    """Post a merchant's refund and carry it into the plan.

    What exceeds the plan goes to the card; without transaction and plan all of it does, without bound (a
    credit that matches nothing). Raises `AmountRefused`, `PlanHeld`, `IllegalTransition`.
    """
    _check_refund(transaction, plan, refund)
    step, effect = None, None
    extra_minor = refund.amount_minor
    if plan is not None:
        part_minor = min(refund.amount_minor, plan.amount_minor - plan.refunded_minor)
        if part_minor:
            extra_minor -= part_minor
            step, effect = apply_effect(
                begin(plan), part_minor, refund.strategy, returns_charges=refund.returns_charges
            )
    books = open_books(account)
    entries = write_entry(
        account,
        EntryKind.REFUND_RECEIVED,
        f"refund:{refund.event_id}",
        postings=(
            *post(books.clearing, books.refunds, refund.amount_minor),
            *post_effect(account, effect, source=books.refunds, extra_minor=extra_minor, standing=standing),
        ),
        now=now,
    )
    transaction = _count_refund(transaction, refund)
    event = _tell_refund(transaction, account, refund, effect=effect)
    steps: list[Step] = [step] if step is not None else []
    return conclude(steps, transaction=transaction, entries=entries, events=(event,))


def _count_refund(transaction: AccountTransaction | None, refund: Refund) -> AccountTransaction | None:
    if transaction is None:
        return None
    return replace(
        transaction,
        refunded_minor=transaction.refunded_minor + refund.amount_minor,
        lock_version=transaction.lock_version + 1,
    )


def _check_refund(transaction: AccountTransaction | None, plan: ServicedPlan | None, refund: Refund) -> None:
    if plan is not None:
        check_not_held(plan)
    if transaction is not None and transaction.is_disputed:
        raise PlanHeld(
            f"transaction {transaction.transaction_id} has an open dispute: resolve the dispute first"
        )
    is_unmatched = transaction is None and plan is None
    maximum_minor = None if is_unmatched else find_refundable(transaction, plan)
    check_amount("refund", refund.amount_minor, maximum_minor=maximum_minor)


def _tell_refund(
    transaction: AccountTransaction | None,
    account: CardAccount,
    refund: Refund,
    *,
    effect: RefundEffect | None,
) -> ServicingEvent:
    facts: dict[str, object] = {
        "event_id": refund.event_id,
        "amount_minor": refund.amount_minor,
        "plan_id": effect.plan.plan_id if effect is not None else None,
        "cash_back_minor": effect.cash_back_minor if effect is not None else refund.amount_minor,
    }
    if transaction is not None:
        return tell_transaction("transaction.refunded", transaction, **facts)
    return ServicingEvent(
        type="refund.received",
        subject=account.account_id,
        data={"account_id": account.account_id, "currency": account.currency, **facts},
    )
