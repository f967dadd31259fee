"""What money from the merchant does to a plan: one rule for previews, refunds, reversals and shortfalls.

The chart of postings is in `docs/servicing.md`; new rows by `refunds.strategies` (`spec/payments.md` §9.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from parcela.domain.cards import CardFunding
from parcela.domain.ledger import LedgerAccount, Posting
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.refunds.strategies import recalculate_rows
from parcela.domain.servicing.commands import Standing
from parcela.domain.servicing.lifecycle import Action, move_state
from parcela.domain.servicing.postings import open_books, post
from parcela.domain.servicing.records import (
    CardAccount,
    RowState,
    ServicedPlan,
    ServicedRow,
    ServicingState,
)
from parcela.domain.servicing.refusals import check_amount
from parcela.domain.servicing.steps import (
    Step,
    close_if_done,
    close_plan,
    list_scheduled,
    pay_rows,
    replace_row,
    sum_unpaid,
    tell_plan,
)

LOST_STATES = frozenset({ServicingState.DEFAULTED, ServicingState.RECOVERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundEffect:
    """How an amount from the merchant is used, in minor units.

    amount = reduction (scheduled principal) + recovery (of a loss) + what goes to the card. To the card go
    also the charges given back; there `settled_minor` pays billed rows and `cash_back_minor` is the
    cardholder's. `plan` is the plan afterwards, `is_full` says that nothing is left to refund.
    """

    amount_minor: int
    is_full: bool
    reduction_minor: int
    recovery_minor: int
    interest_back_minor: int
    fee_back_minor: int
    settled_minor: int
    cash_back_minor: int
    plan: ServicedPlan

    @property
    def card_minor(self) -> int:
        """What of the amount itself goes to the card."""
        return self.amount_minor - self.reduction_minor - self.recovery_minor


def apply_effect(
    step: Step, amount_minor: int, strategy: RefundStrategy, *, returns_charges: bool
) -> tuple[Step, RefundEffect]:
    """Take an amount from the merchant into the plan; postings are the caller's (`post_effect`).

    Scheduled principal is reduced first, then billed rows are paid; the rest is the cardholder's. When all
    that was financed is back, the plan is cancelled: unpaid charges are given back then, paid ones only if
    `returns_charges`. A loss takes it as recovery. Raises `AmountRefused`, `IllegalTransition`.
    """
    plan = step.plan
    move_state(plan.state, Action.REFUND)
    left_minor = plan.amount_minor - plan.refunded_minor
    check_amount("refund", amount_minor, maximum_minor=left_minor)
    step = step.go_on(replace(plan, refunded_minor=plan.refunded_minor + amount_minor))
    is_full = amount_minor == left_minor
    if plan.state in LOST_STATES:
        return _recover_loss(step, amount_minor, is_full=is_full)
    reduction_minor = min(amount_minor, plan.scheduled_principal_minor)
    step = _reduce_rows(step, reduction_minor, strategy, is_full=is_full)
    to_card_minor = amount_minor - reduction_minor
    interest_minor, fee_minor = _find_charges_back(
        plan, to_card_minor, is_full=is_full, returns_charges=returns_charges
    )
    credit_minor = to_card_minor + interest_minor + fee_minor
    (step,), cash_back_minor = pay_rows([step], credit_minor)
    assert not is_full or not step.plan.outstanding_minor, "a full refund leaves nothing open"
    is_cancelled = is_full and step.plan.state is ServicingState.ACTIVE
    step = close_plan(step, Action.CANCEL) if is_cancelled else close_if_done(step)
    effect = RefundEffect(
        amount_minor=amount_minor,
        is_full=is_full,
        reduction_minor=reduction_minor,
        recovery_minor=0,
        interest_back_minor=interest_minor,
        fee_back_minor=fee_minor,
        settled_minor=credit_minor - cash_back_minor,
        cash_back_minor=cash_back_minor,
        plan=step.plan,
    )
    return step, effect


def _recover_loss(step: Step, amount_minor: int, *, is_full: bool) -> tuple[Step, RefundEffect]:
    plan = step.plan
    recovery_minor = min(amount_minor, plan.written_off_minor - plan.recovered_minor)
    step = recover_loss(step, recovery_minor)
    effect = RefundEffect(
        amount_minor=amount_minor,
        is_full=is_full,
        reduction_minor=0,
        recovery_minor=recovery_minor,
        interest_back_minor=0,
        fee_back_minor=0,
        settled_minor=0,
        cash_back_minor=amount_minor - recovery_minor,
        plan=step.plan,
    )
    return step, effect


def recover_loss(step: Step, amount_minor: int) -> Step:
    """Count money against the loss of a plan that was written off; all of it back makes it recovered."""
    if not amount_minor:
        return step
    plan = replace(step.plan, recovered_minor=step.plan.recovered_minor + amount_minor)
    left_minor = plan.written_off_minor - plan.recovered_minor
    assert left_minor >= 0
    event = tell_plan("plan.recovery_received", plan, amount_minor=amount_minor, left_minor=left_minor)
    step = step.go_on(plan, events=(event,))
    if left_minor:
        move_state(plan.state, Action.RECOVER_PART)
        return step
    return close_plan(step, Action.RECOVER)


def _reduce_rows(step: Step, reduction_minor: int, strategy: RefundStrategy, *, is_full: bool) -> Step:
    """Lower the scheduled rows by a part of their principal; rows that reach nothing are cancelled."""
    scheduled = list_scheduled(step.plan)
    if not scheduled or not (reduction_minor or is_full):
        return step
    if is_full:
        after: Sequence[ServicedRow] = [cancel_row(row) for row in scheduled]
    else:
        after = _recalculate(step.plan, scheduled, reduction_minor, strategy)
    plan = step.plan
    for row in after:
        plan = replace_row(plan, row)
    event = tell_plan(
        "plan.recalculated",
        plan,
        reduction_minor=reduction_minor,
        strategy=strategy.value,
        before=_list_amounts(scheduled),
        after=_list_amounts(after),
    )
    return step.go_on(plan, events=(event,))


def _recalculate(
    plan: ServicedPlan, scheduled: Sequence[ServicedRow], reduction_minor: int, strategy: RefundStrategy
) -> list[ServicedRow]:
    recalculated = recalculate_rows(
        scheduled, reduction_minor, strategy=strategy, rate=plan.rate, in_advance=plan.in_advance
    )
    after = []
    for before, row in zip(scheduled, recalculated.rows, strict=True):
        changed = replace(
            before,
            amount_minor=row.amount_minor,
            principal_minor=row.principal_minor,
            interest_minor=row.interest_minor,
            fee_minor=row.fee_minor,
        )
        after.append(changed if row.amount_minor else cancel_row(changed))
    return after


def cancel_row(row: ServicedRow) -> ServicedRow:
    """A scheduled row of which nothing is asked for any more."""
    assert row.state is RowState.SCHEDULED
    return replace(
        row, state=RowState.CANCELLED, amount_minor=0, principal_minor=0, interest_minor=0, fee_minor=0
    )


def _list_amounts(rows: Sequence[ServicedRow]) -> list[dict[str, object]]:
    return [
        {"number": row.number, "due_date": row.due_date.isoformat(), "amount_minor": row.amount_minor}
        for row in rows
    ]


def sum_charges(plan: ServicedPlan) -> tuple[int, int]:
    """Interest and fees that were billed so far."""
    billed = [row for row in plan.rows if row.billed_on is not None]
    return sum(row.interest_minor for row in billed), sum(row.fee_minor for row in billed)


def _find_charges_back(
    plan: ServicedPlan, to_card_minor: int, *, is_full: bool, returns_charges: bool
) -> tuple[int, int]:
    """Interest and fees given back: on a full refund all that were billed, or just those still unpaid."""
    if not is_full:
        return 0, 0
    interest_minor, fee_minor = sum_charges(plan)
    if returns_charges:
        return interest_minor, fee_minor
    short_minor = max(0, sum_unpaid(plan) - to_card_minor)
    assert short_minor <= interest_minor + fee_minor
    back_minor = min(short_minor, interest_minor)
    return back_minor, short_minor - back_minor


def post_effect(
    account: CardAccount,
    effect: RefundEffect | None,
    *,
    source: LedgerAccount,
    extra_minor: int = 0,
    standing: Standing,
) -> tuple[Posting, ...]:
    """The postings of an effect, out of `source`. `extra_minor` is what goes past the plan to the card."""
    books = open_books(account)
    if effect is None:
        return (
            *post(source, books.card, extra_minor),
            *pay_out(account, extra_minor, standing=standing),
        )
    return (
        *post(source, books.receivable(effect.plan.plan_id), effect.reduction_minor),
        *post(source, books.losses, effect.recovery_minor),
        *post(source, books.card, effect.card_minor + extra_minor),
        *post(books.interest, books.card, effect.interest_back_minor),
        *post(books.fees, books.card, effect.fee_back_minor),
        *pay_out(account, effect.cash_back_minor + extra_minor, standing=standing),
    )


def pay_out(account: CardAccount, amount_minor: int, *, standing: Standing) -> tuple[Posting, ...]:
    """Money of the cardholder: a credit on a credit card; on a debit card it goes on to the deposit.

    There purchases that the deposit could not pay come first.
    """
    if account.funding is not CardFunding.DEBIT:
        return ()
    books = open_books(account)
    return post(books.card, books.deposit, max(0, amount_minor - standing.owed_minor))


def release_purchase(
    step: Step,
    account: CardAccount,
    amount_minor: int,
    *,
    strategy: RefundStrategy,
    standing: Standing,
) -> tuple[Step, tuple[Posting, ...]]:
    """A financed amount that the merchant will never clear leaves PURCHASES as a refund from there would.

    When nothing was cleared and all of it is taken back, billed interest and fees are given back too.
    """
    plan = step.plan
    assert 0 < amount_minor <= plan.uncleared_minor
    returns_charges = amount_minor == plan.amount_minor
    step = step.go_on(replace(plan, uncleared_minor=plan.uncleared_minor - amount_minor))
    part_minor = min(amount_minor, plan.amount_minor - plan.refunded_minor)
    effect = None
    if part_minor:
        step, effect = apply_effect(step, part_minor, strategy, returns_charges=returns_charges)
    postings = post_effect(
        account,
        effect,
        source=open_books(account).purchases,
        extra_minor=amount_minor - part_minor,
        standing=standing,
    )
    return step, postings
