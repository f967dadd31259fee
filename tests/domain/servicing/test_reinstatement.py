"""A refund that is taken back: rows, card and cash as before, or the amount asked for again."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.book_text import show_entries
from tests.support.card_bank import CardBank, Terms

from parcela.domain.cards import CardFunding
from parcela.domain.ledger import LedgerCode
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.lifecycle import Action, move_state
from parcela.domain.servicing.records import Decision, ServicedPlan
from parcela.domain.servicing.refusals import PlanHeld
from parcela.domain.servicing.reinstatement import (
    RefundTrace,
    Reinstatement,
    decide_reinstatement,
    trace_refund,
)
from parcela.domain.servicing.voids import decide_void

SPREAD, LAST_FIRST, NEXT_FIRST = RefundStrategy
CREDIT, DEBIT = CardFunding.CREDIT, CardFunding.DEBIT


@dataclass
class ReturningBank(CardBank):
    """A bank in which refunds are taken back: only that changes rows that are done."""

    is_taking_back: bool = False

    def refund_traced(self, amount_minor: int, **members: object) -> RefundTrace:
        """A refund with its trace."""
        before = self.plans["p1"]
        decision = self.refund(amount_minor, transaction_id="t1", **members)  # type: ignore[arg-type]
        counted = decision.transaction.transaction_id if decision.transaction else None
        return trace_refund(before, self.plans["p1"], amount_minor=amount_minor, transaction_id=counted)

    def take_back(self, trace: RefundTrace, *, refund_event_id: str = "e1") -> Decision:
        """The merchant voids a refund."""
        key = f"refund:{refund_event_id}"
        entry = next(entry for entry in self.entries if entry.event_key == key)
        decision = decide_reinstatement(
            self.transactions.get("t1"),
            self.plans["p1"],
            self.account,
            Reinstatement(event_id=f"void-{refund_event_id}", trace=trace, entry=entry),
            standing=self.standing(),
            now=self.now,
        )
        self.is_taking_back = True
        try:
            return self.apply(decision)
        finally:
            self.is_taking_back = False

    def _check_change(self, before: ServicedPlan | None, after: ServicedPlan) -> None:  # type: ignore[override]
        if not self.is_taking_back:
            CardBank._check_change(before, after)
            return
        assert before is not None and after.lock_version == before.lock_version + 1
        action = Action.REINSTATE if before.state is after.state else Action.REOPEN
        assert move_state(before.state, action) is after.state

    def balances_of_all(self) -> dict[str, int]:
        """Every balance that is not zero."""
        return {f"{a.code}[{a.owner}]": minor for a, minor in sorted(self.balances.items(), key=str) if minor}


def open_plan(
    amount_minor: int = 60_000,
    *,
    terms: Terms,
    paid: int = 1,
    funding: CardFunding = CREDIT,
    is_cleared: bool = True,
) -> ReturningBank:
    """A plan whose first rows are billed and paid."""
    bank = ReturningBank(funding=funding)
    if funding is DEBIT:
        bank.deposit(100_000)
    bank.authorize("t1", amount_minor)
    bank.open("p1", amount_minor, terms, transaction_id="t1")
    if is_cleared:
        bank.clear("t1", amount_minor)
    for number in range(1, paid + 1):
        row = bank.plans["p1"].rows[number - 1]
        bank.move_to(row.due_date)
        bank.bill()
        if funding is CREDIT:
            bank.pay(row.amount_minor, event_id=f"m{number}")
    return bank


def show(bank: CardBank) -> list[tuple[int, str]]:
    return [(row.amount_minor, row.state.value) for row in bank.plans["p1"].rows]


def test_a_partial_refund_that_is_taken_back_leaves_the_rows_as_they_were() -> None:
    bank = open_plan(terms=Terms(count=3))
    before, balances = bank.plans["p1"], bank.balances_of_all()
    trace = bank.refund_traced(20_000)
    assert show(bank) == [(20_000, "paid"), (10_000, "scheduled"), (10_000, "scheduled")]
    decision = bank.take_back(trace)
    assert show_entries(decision) == [
        "refund:e1:taken_back: refunds[a1] <- clearing[v1] 20000",
        "refund:e1:taken_back: installment_receivable[p1] <- refunds[a1] 20000",
    ]
    assert replace(bank.plans["p1"], lock_version=before.lock_version) == before
    assert bank.balances_of_all() == balances
    (event,) = decision.events
    assert (event.type, event.subject) == ("plan.reinstated", "p1")
    assert event.data == {
        "account_id": "a1",
        "currency": "USD",
        "event_id": "void-e1",
        "amount_minor": 20_000,
        "rows_minor": 20_000,
        "card_minor": 0,
        "is_as_before": True,
        "before": [
            {"number": 1, "due_date": "2026-03-05", "amount_minor": 20_000},
            {"number": 2, "due_date": "2026-04-05", "amount_minor": 10_000},
            {"number": 3, "due_date": "2026-05-05", "amount_minor": 10_000},
        ],
        "after": [
            {"number": 1, "due_date": "2026-03-05", "amount_minor": 20_000},
            {"number": 2, "due_date": "2026-04-05", "amount_minor": 20_000},
            {"number": 3, "due_date": "2026-05-05", "amount_minor": 20_000},
        ],
    }
    assert bank.transactions["t1"].refunded_minor == 0


def test_a_full_refund_that_is_taken_back_opens_the_cancelled_plan_again() -> None:
    bank = open_plan(terms=Terms(count=3), paid=0)
    trace = bank.refund_traced(60_000)
    assert show(bank) == [(20_000, "paid"), (0, "cancelled"), (0, "cancelled")]
    assert bank.plans["p1"].state.value == "cancelled"
    bank.take_back(trace)
    assert show(bank) == [(20_000, "billed"), (20_000, "scheduled"), (20_000, "scheduled")]
    assert bank.plans["p1"].state.value == "active"
    assert bank.plans["p1"].refunded_minor == 0
    assert bank.balance(LedgerCode.CARD_BALANCE) == 20_000


def test_a_row_that_fell_due_while_the_plan_was_cancelled_is_billed_from_today() -> None:
    bank = open_plan(terms=Terms(count=3))
    trace = bank.refund_traced(60_000)
    bank.move_to(bank.day + timedelta(days=32))
    bank.take_back(trace)
    assert bank.plans["p1"].resumes_on == bank.day
    bank.bill()
    assert [row.billed_on for row in bank.plans["p1"].rows][1] == bank.day


def test_after_a_payment_the_amount_is_shared_by_the_rows_to_come() -> None:
    bank = open_plan(terms=Terms(count=6))
    trace = bank.refund_traced(10_001, strategy=LAST_FIRST)
    assert show(bank)[1:] == [(10_000, "scheduled")] * 3 + [(9_999, "scheduled"), (0, "cancelled")]
    bank.pay_next(event_id="n1")
    decision = bank.take_back(trace)
    # 10,001 over three rows: 3,335 on the first of them and 3,333 on each other one.
    assert show(bank)[1:] == [
        (10_000, "paid"),
        (13_335, "scheduled"),
        (13_333, "scheduled"),
        (13_332, "scheduled"),
        (0, "cancelled"),
    ]
    assert decision.events[0].data["is_as_before"] is False
    assert bank.plans["p1"].refunded_minor == 0


def test_without_a_row_to_come_the_amount_is_owed_on_the_card() -> None:
    bank = open_plan(terms=Terms(count=3))
    trace = bank.refund_traced(20_000)
    bank.pay_off()
    decision = bank.take_back(trace)
    assert show_entries(decision) == [
        "refund:e1:taken_back: refunds[a1] <- clearing[v1] 20000",
        "refund:e1:taken_back: card_balance[a1] <- refunds[a1] 20000",
    ]
    plan = bank.plans["p1"]
    # What is on the card is no part of the plan any more, so it stays refunded there.
    assert (plan.state.value, plan.refunded_minor) == ("completed", 20_000)
    assert bank.balance(LedgerCode.CARD_BALANCE) == 20_000
    assert bank.standing().owed_minor == 20_000
    assert bank.transactions["t1"].refunded_minor == 0


@pytest.mark.parametrize(
    ("spent_minor", "deposit_minor", "owed_minor"),
    [
        # The deposit pays back what it got.
        (0, 60_000, 0),
        # Of 20,000 that went into it, 15,000 can be taken back.
        (65_000, 0, 5_000),
    ],
    ids=["covered", "spent"],
)
def test_cash_of_a_debit_card_is_taken_from_the_deposit_as_far_as_it_suffices(
    spent_minor: int, deposit_minor: int, owed_minor: int
) -> None:
    bank = open_plan(terms=Terms(count=3), paid=2, funding=DEBIT)
    # Two rows of 20,000 were collected of 100,000.
    trace = bank.refund_traced(40_000)
    assert bank.balance(LedgerCode.DEPOSIT) == 80_000
    if spent_minor:
        bank.authorize("t2", spent_minor)
        bank.clear("t2", spent_minor, event_id="c2")
    bank.take_back(trace)
    assert bank.balance(LedgerCode.DEPOSIT) == deposit_minor
    assert bank.balance(LedgerCode.CARD_BALANCE) == owed_minor
    assert show(bank) == [(20_000, "paid"), (20_000, "paid"), (20_000, "scheduled")]


def test_a_recovered_loss_is_a_loss_again() -> None:
    bank = open_plan(terms=Terms(count=3))
    bank.write_off()
    before, balances = bank.plans["p1"], bank.balances_of_all()
    trace = bank.refund_traced(40_000)
    assert bank.plans["p1"].state.value == "recovered"
    bank.take_back(trace)
    assert replace(bank.plans["p1"], lock_version=before.lock_version) == before
    assert bank.balances_of_all() == balances


def test_nothing_is_taken_back_while_a_dispute_is_open() -> None:
    bank = open_plan(terms=Terms(count=3))
    trace = bank.refund_traced(10_000)
    bank.dispute(transaction_id="t1")
    entries = len(bank.entries)
    with pytest.raises(PlanHeld):
        bank.take_back(trace)
    assert len(bank.entries) == entries


def test_a_void_before_clearing_gives_everything_back() -> None:
    bank = ReturningBank()
    bank.open("p1", 60_000, Terms(count=3, rate_percent="12", fee="9", is_fee_spread=False))
    assert bank.balance(LedgerCode.CARD_BALANCE) == bank.plans["p1"].rows[0].amount_minor
    decision = bank.apply(
        decide_void(bank.plans["p1"], bank.account, event_id="v1", standing=bank.standing(), now=bank.now)
    )
    assert decision.events[0].type == "plan.voided"
    assert bank.plans["p1"].state.value == "cancelled"
    assert bank.plans["p1"].outstanding_minor == 0
    assert bank.balances_of_all() == {}


@st.composite
def draw_banks(draw: st.DrawFn) -> ReturningBank:
    """Plans of all kinds, some rows paid, perhaps one billed and not paid."""
    count = draw(st.integers(1, 12))
    is_delayed = count == 1 or draw(st.booleans())
    terms = Terms(
        count=count,
        rate_percent=draw(st.sampled_from(["0", "11.99", "36"])),
        fee=draw(st.sampled_from(["0", "12.00"])),
        is_fee_spread=draw(st.booleans()),
        is_delayed=is_delayed,
    )
    bank = open_plan(
        draw(st.integers(50_000, 90_000)),
        terms=terms,
        paid=draw(st.integers(0, count - 1)),
        funding=draw(st.sampled_from([CREDIT, DEBIT])),
        is_cleared=draw(st.booleans()),
    )
    if draw(st.booleans()):
        rows = [row for row in bank.plans["p1"].rows if row.billed_on is None]
        if rows:
            bank.move_to(max(bank.day, rows[0].due_date))
            bank.bill()
    return bank


@given(
    bank=draw_banks(),
    shares=st.lists(st.integers(1, 100), min_size=1, max_size=3),
    strategy=st.sampled_from(RefundStrategy),
    returns_charges=st.booleans(),
)
def test_refunds_that_are_taken_back_in_turn_leave_everything_as_it_was(
    bank: ReturningBank, shares: list[int], strategy: RefundStrategy, returns_charges: bool
) -> None:
    before, balances = bank.plans["p1"], bank.balances_of_all()
    refunded = bank.transactions["t1"].refunded_minor
    traces = []
    for place, share in enumerate(shares):
        left = bank.plans["p1"].amount_minor - bank.plans["p1"].refunded_minor
        if not left:
            break
        amount_minor = max(1, left * share // 100)
        trace = bank.refund_traced(
            amount_minor, event_id=f"r{place}", strategy=strategy, returns_charges=returns_charges
        )
        traces.append((trace, f"r{place}"))
    for trace, event_id in reversed(traces):
        bank.take_back(trace, refund_event_id=event_id)
    assert replace(bank.plans["p1"], lock_version=before.lock_version) == before
    assert bank.balances_of_all() == balances
    assert bank.transactions["t1"].refunded_minor == refunded


@given(bank=draw_banks(), share=st.integers(1, 100), strategy=st.sampled_from(RefundStrategy))
def test_after_something_else_happened_the_amount_is_asked_for_to_the_cent(
    bank: ReturningBank, share: int, strategy: RefundStrategy
) -> None:
    amount_minor = max(1, bank.plans["p1"].amount_minor * share // 100)
    trace = bank.refund_traced(amount_minor, strategy=strategy)
    plan = bank.plans["p1"]
    if any(row.billed_on is not None and row.is_open for row in plan.rows):
        bank.pay(1, event_id="after")
    elif any(row.is_open for row in plan.rows):
        bank.move_to(next(row.due_date for row in plan.rows if row.is_open))
        bank.bill()
    else:
        return
    if bank.plans["p1"].rows == plan.rows:
        return
    plan, asked = bank.plans["p1"], find_asked(bank)
    bank.take_back(trace)
    assert find_asked(bank) == asked + amount_minor
    assert bank.plans["p1"].refunded_minor >= 0
    principal = sum(row.principal_minor for row in bank.plans["p1"].rows)
    assert plan.amount_minor - bank.plans["p1"].refunded_minor <= principal <= plan.amount_minor


def find_asked(bank: CardBank) -> int:
    """Principal that is still asked for, and what is owed on the card less the holder's own money."""
    return (
        bank.balance(LedgerCode.INSTALLMENT_RECEIVABLE)
        + bank.balance(LedgerCode.CARD_BALANCE)
        - bank.balance(LedgerCode.DEPOSIT)
    )
