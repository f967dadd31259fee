"""Random histories of one account with several plans: what holds after every step (`reliability.md` §6).

`CardBank.apply` checks after each decision that entries are whole and posted once, deposits and receivables
are not overdrawn, REFUNDS is 0, receivable = scheduled principal, PURCHASES = financed and not cleared, and
that paid rows never change. The rest is checked here, against sums kept apart from the decisions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.card_bank import CardBank, Terms

from parcela.domain.cards import CardFunding
from parcela.domain.errors import DomainError
from parcela.domain.ledger import LedgerCode
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.payments import quote_payoff
from parcela.domain.servicing.purchases import ResponseCode
from parcela.domain.servicing.records import (
    AccountTransaction,
    RowState,
    ServicedPlan,
    ServicingState,
)
from parcela.domain.servicing.refunds import find_refundable

DONE_STEPS, TRIED_STEPS = 32, 90
PLANS = ("p1", "p2", "p3", "p4", "p5")

terms = st.builds(
    Terms,
    count=st.integers(2, 6),
    rate_percent=st.sampled_from(["0", "0", "12", "29.9"]),
    fee=st.sampled_from(["0", "0", "7", "12"]),
    is_fee_spread=st.booleans(),
    is_delayed=st.booleans(),
)


class NotNow(Exception):
    """This step cannot be made as things stand; the history goes on with another."""


def need(condition: object) -> None:
    if not condition:
        raise NotNow


@dataclass
class History:
    """A bank, and what went in and out of it, counted by those who sent it."""

    bank: CardBank
    draw: Callable[[st.SearchStrategy[Any]], Any]
    events: int = 0
    cash_minor: int = 0
    """What cardholders paid in."""
    clearing_minor: int = 0
    """What merchants were to get, less what they gave back."""
    promised: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Principal and all rows together of each plan, when it was opened."""

    def new_event(self) -> str:
        self.events += 1
        return f"e{self.events}"

    def amount(self, maximum: int) -> int:
        return int(self.draw(st.one_of(st.integers(1, maximum), st.just(maximum))))


def open_plan(history: History) -> None:
    """A purchase with a plan before, after or without its clearing."""
    bank = history.bank
    free = [plan_id for plan_id in PLANS if plan_id not in bank.plans]
    need(free)
    plan_id, number = free[0], free[0][1]
    amount_minor = history.draw(st.integers(2_000, 90_000))
    when = history.draw(st.sampled_from(["unknown", "before", "after", "partly", "above", "below"]))
    transaction_id = None
    if when != "unknown":
        transaction_id = f"t{number}-{history.new_event()}"
        code = bank.authorize(transaction_id, amount_minor)
        need(code is ResponseCode.APPROVED)
        cleared = {"after": amount_minor, "partly": amount_minor // 3, "above": amount_minor + 500}
        cleared["below"] = amount_minor - amount_minor // 10
        if when in cleared:
            send_clearing(history, transaction_id, cleared[when], is_final=when != "partly")
    bank.open(plan_id, amount_minor, history.draw(terms), transaction_id=transaction_id)
    opened = next(event for event in bank.events if (event.type, event.subject) == ("plan.opened", plan_id))
    history.promised[plan_id] = (amount_minor, int(str(opened.data["total_minor"])))


def send_clearing(history: History, transaction_id: str, amount_minor: int, *, is_final: bool) -> None:
    strategy = history.draw(st.sampled_from(RefundStrategy))
    history.bank.clear(
        transaction_id, amount_minor, event_id=history.new_event(), is_final=is_final, strategy=strategy
    )
    history.clearing_minor += amount_minor


def buy_without_plan(history: History) -> None:
    """A purchase of another merchant."""
    transaction_id = f"u{history.new_event()}"
    need(history.bank.authorize(transaction_id, history.amount(9_000)) is ResponseCode.APPROVED)
    send_clearing(history, transaction_id, history.amount(9_000), is_final=True)


def choose_waiting(history: History) -> AccountTransaction:
    waiting = [
        row for row in history.bank.transactions.values() if row.authorized_minor and not row.is_disputed
    ]
    need(waiting)
    chosen: AccountTransaction = history.draw(st.sampled_from(waiting))
    return chosen


def clear(history: History) -> None:
    """A clearing of less, all or more than is held."""
    transaction = choose_waiting(history)
    amount_minor = history.amount(transaction.authorized_minor + 700)
    is_final = history.draw(st.booleans())
    send_clearing(history, transaction.transaction_id, amount_minor, is_final=is_final)


def reverse(history: History) -> None:
    """A reversal of a part or all of what is held."""
    transaction = choose_waiting(history)
    history.bank.reverse(
        transaction.transaction_id,
        history.amount(transaction.authorized_minor),
        event_id=history.new_event(),
        strategy=history.draw(st.sampled_from(RefundStrategy)),
    )


def pass_time(history: History) -> None:
    """Some days, with the scheduler's work at their end."""
    history.bank.move_to(history.bank.day + timedelta(days=history.draw(st.integers(1, 45))))
    history.bank.bill()
    history.bank.mark_late()
    if history.bank.funding is CardFunding.DEBIT:
        history.bank.collect(history.new_event())


def pay(history: History) -> None:
    """A payment of any amount."""
    amount_minor = history.amount(40_000)
    history.bank.pay(amount_minor, event_id=history.new_event())
    history.cash_minor += amount_minor


def deposit(history: History) -> None:
    """Money into the deposit of a debit card."""
    need(history.bank.funding is CardFunding.DEBIT)
    amount_minor = history.amount(60_000)
    history.bank.deposit(amount_minor, event_id=history.new_event())
    history.cash_minor += amount_minor


def use_credit(history: History) -> None:
    """Unused credit pays rows."""
    history.bank.use_credit()


def choose_plan(history: History) -> ServicedPlan:
    need(history.bank.plans)
    chosen: ServicedPlan = history.draw(
        st.sampled_from(sorted(history.bank.plans.values(), key=lambda plan: plan.plan_id))
    )
    return chosen


def pay_next(history: History) -> None:
    """The next row early."""
    plan = choose_plan(history)
    scheduled = [row.amount_minor for row in plan.rows if row.state is RowState.SCHEDULED]
    history.bank.pay_next(plan.plan_id, event_id=history.new_event())
    history.cash_minor += scheduled[0]


def pay_off(history: History) -> None:
    """All of a plan at once."""
    need(history.draw(st.integers(0, 2)) == 0)
    plan = choose_plan(history)
    total_minor = quote_payoff(plan, today=history.bank.day).total_minor
    history.bank.pay_off(plan.plan_id, total_minor, event_id=history.new_event())
    history.cash_minor += total_minor


def refund(history: History) -> None:
    """A part or all of what may come back."""
    plan = choose_plan(history)
    bank = history.bank
    transaction = bank.transactions.get(plan.transaction_id or "")
    left_minor = find_refundable(transaction, plan)
    need(left_minor)
    is_full = left_minor == plan.amount_minor - plan.refunded_minor
    amount_minor = history.amount(left_minor)
    bank.refund(
        amount_minor,
        event_id=history.new_event(),
        transaction_id=plan.transaction_id,
        plan_id=plan.plan_id,
        strategy=history.draw(st.sampled_from(RefundStrategy)),
        returns_charges=history.draw(st.booleans()),
    )
    history.clearing_minor -= amount_minor
    if is_full and amount_minor == left_minor:
        assert bank.plans[plan.plan_id].outstanding_minor == 0, "a full refund leaves nothing open"


def dispute(history: History) -> None:
    """A cardholder disputes a plan's purchase."""
    plan = choose_plan(history)
    history.bank.dispute(
        plan_id=plan.plan_id, transaction_id=plan.transaction_id, dispute_id=history.new_event()
    )


def resolve(history: History) -> None:
    """The end of a dispute; a cardholder who is right gets all that was cleared and not refunded."""
    bank = history.bank
    held = [plan for plan in bank.plans.values() if plan.is_held]
    need(held)
    plan = history.draw(st.sampled_from(held))
    disputed = [
        event for event in bank.events if (event.type, event.subject) == ("plan.disputed", plan.plan_id)
    ]
    is_for_cardholder = history.draw(st.booleans())
    left_minor = find_refundable(bank.transactions.get(plan.transaction_id or ""), plan)
    bank.resolve(
        is_for_cardholder=is_for_cardholder,
        plan_id=plan.plan_id,
        transaction_id=plan.transaction_id,
        dispute_id=str(disputed[-1].data["dispute_id"]),
    )
    if is_for_cardholder:
        history.clearing_minor -= left_minor
        assert bank.plans[plan.plan_id].outstanding_minor == 0


def write_off(history: History) -> None:
    """A plan is given up, seldom."""
    need(history.draw(st.integers(0, 3)) == 0)
    history.bank.write_off(choose_plan(history).plan_id)


def recover(history: History) -> None:
    """A part or all of a loss comes back."""
    lost = [plan for plan in history.bank.plans.values() if plan.state is ServicingState.DEFAULTED]
    need(lost)
    plan = history.draw(st.sampled_from(lost))
    amount_minor = history.amount(plan.written_off_minor - plan.recovered_minor)
    history.bank.recover(amount_minor, plan.plan_id, event_id=history.new_event())
    history.cash_minor += amount_minor


STEPS = [
    open_plan,
    open_plan,
    buy_without_plan,
    clear,
    clear,
    reverse,
    pass_time,
    pass_time,
    pass_time,
    pay,
    pay,
    deposit,
    use_credit,
    pay_next,
    pay_off,
    refund,
    refund,
    dispute,
    resolve,
    resolve,
    write_off,
    recover,
]


def sum_postings(bank: CardBank, code: LedgerCode, *, from_entry: str, is_credit: bool) -> int:
    """What entries of a kind posted to one side of an account, whoever owns it."""
    return sum(
        posting.amount_minor
        for entry in bank.entries
        if entry.kind == from_entry
        for posting in entry.postings
        if (posting.credit if is_credit else posting.debit).code is code
    )


def check_books(history: History) -> None:
    """Book and records against what was sent in and out."""
    bank = history.bank
    plans = bank.plans.values()
    assert bank.balance(LedgerCode.CASH) == history.cash_minor
    assert bank.balance(LedgerCode.CLEARING) == history.clearing_minor
    lost_minor = sum(plan.written_off_minor - plan.recovered_minor for plan in plans)
    assert bank.balance(LedgerCode.CREDIT_LOSSES) == lost_minor
    billed = [row for plan in plans for row in plan.rows if row.billed_on is not None]
    for code, parts in (
        (LedgerCode.INSTALLMENT_RECEIVABLE, [row.principal_minor for row in billed]),
        (LedgerCode.INTEREST_INCOME, [row.interest_minor for row in billed]),
        (LedgerCode.FEE_INCOME, [row.fee_minor for row in billed]),
    ):
        posted = sum_postings(bank, code, from_entry="installment.billed", is_credit=True)
        assert posted == sum(parts), f"{code} was billed {posted}"
    for plan in plans:
        check_promise(history, plan)
    if bank.funding is CardFunding.DEBIT:
        assert bank.standing().credit_minor == 0, "a debit card's credit is in its deposit"


def check_promise(history: History, plan: ServicedPlan) -> None:
    """P + I + F - waived = paid + remaining + lost + taken off the schedule by merchants."""
    principal_minor, total_minor = history.promised[plan.plan_id]
    reduced_minor = sum(
        posting.amount_minor
        for entry in history.bank.entries
        if entry.kind != "installment.billed" and entry.kind != "plan.written_off"
        for posting in entry.postings
        if posting.credit.owner == plan.plan_id
    )
    assert reduced_minor <= plan.refunded_minor
    assert sum(row.principal_minor for row in plan.rows) == principal_minor - reduced_minor
    charges_minor = sum(row.interest_minor + row.fee_minor for row in plan.rows)
    waived_minor = total_minor - principal_minor - charges_minor
    paid_minor = sum(row.paid_minor for row in plan.rows)
    remaining_minor = plan.outstanding_minor
    assert total_minor - waived_minor == paid_minor + remaining_minor + plan.written_off_minor + reduced_minor


def check_card(history: History) -> None:
    """Card balance = unpaid billed rows - provisional credits + purchases without a plan - money not used."""
    bank = history.bank
    unpaid_minor = not_used_minor = 0
    for plan in bank.plans.values():
        unpaid_minor += sum(row.unpaid_minor for row in plan.rows if row.state is not RowState.SCHEDULED)
        not_used_minor -= sum(row.paid_minor for row in plan.rows)
    without_plan_minor = 0
    for entry in bank.entries:
        for posting in entry.postings:
            sign = (posting.debit.code is LedgerCode.CARD_BALANCE) - (
                posting.credit.code is LedgerCode.CARD_BALANCE
            )
            other = posting.credit.code if sign > 0 else posting.debit.code
            if posting.debit.code is LedgerCode.REFUNDS and posting.credit.code is LedgerCode.DISPUTES:
                # Won: what was provisional is the cardholder's from here on.
                not_used_minor += posting.amount_minor
            if entry.kind in PURCHASE_KINDS:
                without_plan_minor += sign * posting.amount_minor
            elif entry.kind not in ("installment.billed", "plan.written_off") and (
                other is not LedgerCode.DISPUTES
            ):
                not_used_minor -= sign * posting.amount_minor
    assert bank.balance(LedgerCode.CARD_BALANCE) == (
        unpaid_minor - bank.balance(LedgerCode.DISPUTES) + without_plan_minor - not_used_minor
    )
    assert bank.standing().revolving_minor == without_plan_minor - not_used_minor


PURCHASE_KINDS = {
    "transaction.posted",
    "transaction.collected",
    "plan.purchase_reversed",
    "plan.collection_reversed",
    "plan.remainder_posted",
}


@settings(max_examples=settings().max_examples // 3)
@given(data=st.data())
def test_whatever_happens_the_books_agree_with_the_plans(data: st.DataObject) -> None:
    funding = data.draw(st.sampled_from(CardFunding))
    history = History(CardBank(funding=funding, limit_minor=10_000_000), data.draw)
    if funding is CardFunding.DEBIT:
        history.bank.deposit(300_000, event_id="d0")
        history.cash_minor = 300_000
    done = 0
    for _ in range(TRIED_STEPS):
        step = data.draw(st.sampled_from(STEPS))
        try:
            step(history)
        except (NotNow, DomainError):
            continue
        check_books(history)
        check_card(history)
        done += 1
        if done == DONE_STEPS:
            break
