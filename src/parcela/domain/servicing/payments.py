"""Money from the cardholder: payments, the next row early, and all of a plan at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from parcela.domain.ledger import LedgerEntry
from parcela.domain.refunds.strategies import price_payoff
from parcela.domain.servicing.commands import Standing
from parcela.domain.servicing.effects import cancel_row, pay_out
from parcela.domain.servicing.lifecycle import Action, check_not_held, move_state
from parcela.domain.servicing.postings import EntryKind, open_books, post, write_entry
from parcela.domain.servicing.records import (
    CardAccount,
    Decision,
    ServicedPlan,
    ServicedRow,
    ServicingEvent,
    ServicingState,
)
from parcela.domain.servicing.refusals import AmountRefused, IllegalTransition, check_amount
from parcela.domain.servicing.steps import (
    Step,
    begin,
    bill_row,
    close_if_done,
    conclude,
    list_scheduled,
    list_unpaid,
    pay_row,
    pay_rows,
    replace_row,
    sum_unpaid,
    tell_plan,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payoff:
    """What paying all of a plan on a day costs, in minor units; `waived_minor` is interest not asked for."""

    plan_id: str
    on: date
    billed_unpaid_minor: int
    principal_minor: int
    interest_minor: int
    fee_minor: int
    waived_minor: int

    @property
    def scheduled_minor(self) -> int:
        """What is asked for rows that are not billed yet: the amount of the one row that replaces them."""
        return self.principal_minor + self.interest_minor + self.fee_minor

    @property
    def total_minor(self) -> int:
        """What has to be paid."""
        return self.billed_unpaid_minor + self.scheduled_minor


def decide_payment(
    account: CardAccount,
    plans: Sequence[ServicedPlan],
    amount_minor: int,
    *,
    event_id: str,
    standing: Standing,
    now: datetime,
) -> Decision:
    """Post money from the cardholder and pay billed rows of all plans by due date, then plan id.

    Credit that lay unused on the card pays with it. The rest stays on a credit card, for purchases without a
    plan and then as a credit; on a debit card it goes to the deposit. Rows of disputed plans wait. Raises
    `AmountRefused`.
    """
    check_amount("payment", amount_minor)
    steps, left_minor = pay_rows(_begin_payable(plans), amount_minor + standing.credit_minor)
    books = open_books(account)
    entries = write_entry(
        account,
        EntryKind.PAYMENT_RECEIVED,
        f"payment:{event_id}",
        postings=(
            *post(books.cash, books.card, amount_minor),
            *pay_out(account, left_minor, standing=standing),
        ),
        now=now,
    )
    applied_minor = amount_minor + standing.credit_minor - left_minor
    event = _tell_payment(account, event_id, amount_minor, applied_minor=applied_minor)
    changed = [close_if_done(step) for step in steps if step.events]
    return conclude(changed, entries=entries, events=(event,))


def decide_credit_use(plans: Sequence[ServicedPlan], *, standing: Standing) -> Decision | None:
    """Let credit that lies unused on a card pay billed rows (a refund's cash, say); None if there is none.

    Nothing is posted: the card balance holds the credit already.
    """
    steps, left_minor = pay_rows(_begin_payable(plans), standing.credit_minor)
    if left_minor == standing.credit_minor:
        return None
    return conclude([close_if_done(step) for step in steps if step.events])


def decide_next_row(plan: ServicedPlan, account: CardAccount, *, event_id: str, now: datetime) -> Decision:
    """The cardholder pays the next row before it is due; later due dates stay (`spec/network.md` §14).

    The payment is the row's amount. Raises `PlanHeld`, and `IllegalTransition` when no row is left or a
    billed one is unpaid, for money goes to that first.
    """
    check_not_held(plan)
    move_state(plan.state, Action.PAY)
    unpaid, scheduled = list_unpaid(plan), list_scheduled(plan)
    if unpaid:
        raise IllegalTransition(
            f"plan {plan.plan_id}: installment {unpaid[0].number} is billed and unpaid: pay it first"
        )
    row = scheduled[0]
    step = bill_row(begin(plan), account, row, billed_on=now.date(), now=now)
    step = pay_row(step, row.number, row.amount_minor)
    payment = _post_payment(account, row.amount_minor, event_id=event_id, now=now)
    event = _tell_payment(account, event_id, row.amount_minor, applied_minor=row.amount_minor)
    step = step.go_on(step.plan, entries=payment)
    return conclude([close_if_done(step)], events=(event,))


def quote_payoff(plan: ServicedPlan, *, today: date) -> Payoff:
    """What paying all of an active plan costs today: of the next row's interest only the earned part.

    Later interest is waived; fee shares stay payable. Raises `PlanHeld`, `IllegalTransition`.
    """
    check_not_held(plan)
    move_state(plan.state, Action.PAY)
    scheduled = list_scheduled(plan)
    price = price_payoff(
        scheduled,
        rate=plan.rate,
        on=today,
        previous_due=_find_previous_due(plan, scheduled),
    )
    return Payoff(
        plan_id=plan.plan_id,
        on=today,
        billed_unpaid_minor=sum_unpaid(plan),
        principal_minor=price.principal_minor,
        interest_minor=price.interest_minor,
        fee_minor=price.fee_minor,
        waived_minor=price.waived_interest_minor,
    )


def decide_payoff(
    plan: ServicedPlan,
    account: CardAccount,
    amount_minor: int,
    *,
    event_id: str,
    today: date,
    now: datetime,
) -> Decision:
    """The cardholder pays all: one row takes what is left, the others are cancelled, the plan is completed.

    The amount must be today's payoff exactly. Raises `AmountRefused`, `PlanHeld`, `IllegalTransition`.
    """
    payoff = quote_payoff(plan, today=today)
    if amount_minor != payoff.total_minor:
        raise AmountRefused(
            f"payoff of plan {plan.plan_id} on {today}",
            expected=f"exactly {payoff.total_minor} minor units",
            came_minor=amount_minor,
        )
    step = _bill_all(begin(plan), account, payoff, now=now)
    (step,), left_minor = pay_rows([step], amount_minor)
    assert left_minor == 0
    payment = _post_payment(account, amount_minor, event_id=event_id, now=now)
    event = _tell_payment(account, event_id, amount_minor, applied_minor=amount_minor)
    facts = {"total_minor": payoff.total_minor, "waived_minor": payoff.waived_minor}
    step = step.go_on(step.plan, entries=payment, events=(tell_plan("plan.paid_off", step.plan, **facts),))
    return conclude([close_if_done(step)], events=(event,))


def _bill_all(step: Step, account: CardAccount, payoff: Payoff, *, now: datetime) -> Step:
    scheduled = list_scheduled(step.plan)
    if not scheduled:
        return step
    whole = replace(
        scheduled[0],
        amount_minor=payoff.scheduled_minor,
        principal_minor=payoff.principal_minor,
        interest_minor=payoff.interest_minor,
        fee_minor=payoff.fee_minor,
    )
    plan = replace_row(step.plan, whole)
    for row in scheduled[1:]:
        plan = replace_row(plan, cancel_row(row))
    return bill_row(step.go_on(plan), account, whole, billed_on=now.date(), now=now)


def _find_previous_due(plan: ServicedPlan, scheduled: Sequence[ServicedRow]) -> date:
    """Where the period of the next row begins: the due date before it, or the purchase."""
    before = [row.due_date for row in plan.rows if scheduled and row.number < scheduled[0].number]
    return before[-1] if before else plan.purchased_on


def _begin_payable(plans: Sequence[ServicedPlan]) -> list[Step]:
    return [begin(plan) for plan in plans if plan.state is ServicingState.ACTIVE and not plan.is_held]


def _post_payment(
    account: CardAccount, amount_minor: int, *, event_id: str, now: datetime
) -> tuple[LedgerEntry, ...]:
    books = open_books(account)
    return write_entry(
        account,
        EntryKind.PAYMENT_RECEIVED,
        f"payment:{event_id}",
        postings=post(books.cash, books.card, amount_minor),
        now=now,
    )


def _tell_payment(
    account: CardAccount, event_id: str, amount_minor: int, *, applied_minor: int
) -> ServicingEvent:
    return ServicingEvent(
        type="payment.received",
        subject=account.account_id,
        data={
            "event_id": event_id,
            "currency": account.currency,
            "amount_minor": amount_minor,
            "applied_minor": applied_minor,
        },
    )
