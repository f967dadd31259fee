"""Refunds: golden rows of the strategies, full refunds, bounds, and money beyond the plan."""

import pytest
from tests.support.book_text import show_entries, show_rows
from tests.support.card_bank import CardBank, Terms

from parcela.domain.cards import CardFunding
from parcela.domain.ledger import LedgerCode
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.records import ServicingState
from parcela.domain.servicing.refunds import find_refundable, preview_refund
from parcela.domain.servicing.refusals import AmountRefused, IllegalTransition, PlanHeld

SPREAD, LAST_FIRST, NEXT_FIRST = RefundStrategy


def open_plan(amount_minor: int, terms: Terms, *, paid: int) -> CardBank:
    """A cleared plan whose first rows are billed and paid."""
    bank = CardBank()
    bank.authorize("t1", amount_minor)
    bank.open("p1", amount_minor, terms, transaction_id="t1")
    bank.clear("t1", amount_minor)
    for number in range(1, paid + 1):
        row = bank.plans["p1"].rows[number - 1]
        bank.move_to(row.due_date)
        bank.bill()
        bank.pay(row.amount_minor, event_id=f"m{number}")
    return bank


# spec/payments.md §9.4: purchase, terms, rows paid, refund, strategy, rows after (amount, state).
GOLDEN = [
    (60_000, Terms(count=3), 1, 20_000, SPREAD, [(10_000, "scheduled"), (10_000, "scheduled")]),
    (60_000, Terms(count=3), 1, 20_000, LAST_FIRST, [(20_000, "scheduled"), (0, "cancelled")]),
    (60_000, Terms(count=3), 1, 20_000, NEXT_FIRST, [(0, "cancelled"), (20_000, "scheduled")]),
    (60_000, Terms(count=3), 1, 40_000, SPREAD, [(0, "cancelled"), (0, "cancelled")]),
    (50_040, Terms(count=4), 2, 14_310, LAST_FIRST, [(10_710, "scheduled"), (0, "cancelled")]),
    (
        60_000,
        Terms(rate_percent="12", is_delayed=True),
        2,
        20_000,
        SPREAD,
        [(5_227, "scheduled")] * 4,
    ),
    (
        60_000,
        Terms(rate_percent="12", is_delayed=True),
        2,
        20_000,
        LAST_FIRST,
        [(10_153, "scheduled"), (10_153, "scheduled"), (402, "scheduled"), (0, "cancelled")],
    ),
    (
        60_000,
        Terms(rate_percent="12", is_delayed=True),
        2,
        20_000,
        NEXT_FIRST,
        [(204, "scheduled"), (204, "scheduled"), (10_351, "scheduled"), (10_351, "scheduled")],
    ),
]


@pytest.mark.parametrize(("amount_minor", "terms", "paid", "refund_minor", "strategy", "after"), GOLDEN)
def test_a_partial_refund_changes_the_rows_to_come(
    amount_minor: int,
    terms: Terms,
    paid: int,
    refund_minor: int,
    strategy: RefundStrategy,
    after: list[tuple[int, str]],
) -> None:
    bank = open_plan(amount_minor, terms, paid=paid)
    decision = bank.refund(refund_minor, transaction_id="t1", strategy=strategy)
    rows = bank.plans["p1"].rows[paid:]
    assert [(row.amount_minor, row.state.value) for row in rows] == after
    assert show_entries(decision) == [
        f"refund:e1: clearing[v1] <- refunds[a1] {refund_minor}",
        f"refund:e1: refunds[a1] <- installment_receivable[p1] {refund_minor}",
    ]
    assert bank.transactions["t1"].refunded_minor == refund_minor


def test_a_partial_refund_that_empties_the_plan_completes_it() -> None:
    bank = open_plan(60_000, Terms(count=3), paid=1)
    decision = bank.refund(40_000, transaction_id="t1")
    assert decision.plans[0].state is ServicingState.COMPLETED
    assert [event.type for event in decision.events] == [
        "transaction.refunded",
        "plan.recalculated",
        "plan.completed",
    ]
    assert decision.events[1].data["before"] == [
        {"number": 2, "due_date": "2026-04-05", "amount_minor": 20_000},
        {"number": 3, "due_date": "2026-05-05", "amount_minor": 20_000},
    ]
    assert decision.events[1].data["after"] == [
        {"number": 2, "due_date": "2026-04-05", "amount_minor": 0},
        {"number": 3, "due_date": "2026-05-05", "amount_minor": 0},
    ]


def test_a_full_refund_cancels_the_plan_and_gives_back_what_was_paid() -> None:
    bank = open_plan(60_000, Terms(count=3), paid=1)
    decision = bank.refund(60_000, transaction_id="t1")
    assert show_entries(decision) == [
        "refund:e1: clearing[v1] <- refunds[a1] 60000",
        "refund:e1: refunds[a1] <- installment_receivable[p1] 40000",
        "refund:e1: refunds[a1] <- card_balance[a1] 20000",
    ]
    plan = bank.plans["p1"]
    assert (plan.state, plan.outstanding_minor) == (ServicingState.CANCELLED, 0)
    assert decision.events[0].data["cash_back_minor"] == 20_000
    assert bank.balance(LedgerCode.CARD_BALANCE) == -20_000


def test_the_last_of_several_refunds_is_the_full_one() -> None:
    bank = open_plan(60_000, Terms(count=3), paid=1)
    bank.refund(40_001, transaction_id="t1")
    assert bank.plans["p1"].state is ServicingState.COMPLETED
    bank = open_plan(60_000, Terms(count=3), paid=1)
    bank.refund(30_000, transaction_id="t1")
    bank.refund(30_000, transaction_id="t1", event_id="e2")
    assert bank.plans["p1"].state is ServicingState.CANCELLED
    assert bank.balance(LedgerCode.CARD_BALANCE) == -20_000


def test_a_refund_beyond_the_scheduled_rows_pays_billed_ones_before_the_cardholder() -> None:
    bank = open_plan(60_000, Terms(count=3), paid=1)
    bank.wait(31)
    bank.bill()
    bank.refund(25_000, transaction_id="t1")
    assert show_rows(bank.plans["p1"]) == [
        "1 20000=20000+0+0 paid 20000",
        "2 20000=20000+0+0 billed 5000",
        "3 0=0+0+0 cancelled 0",
    ]
    assert bank.plans["p1"].state is ServicingState.ACTIVE


def test_interest_that_was_paid_is_kept_on_a_full_refund_and_unpaid_interest_is_given_back() -> None:
    bank = open_plan(60_000, Terms(rate_percent="12", fee="7.50", is_delayed=True), paid=0)
    bank.move_to(bank.plans["p1"].rows[0].due_date)
    bank.bill()
    bank.pay(400)
    decision = bank.refund(60_000, transaction_id="t1")
    # Billed 9753 + 600 + 125; 400 were paid, 9753 come back, so 325 are short: all of them interest.
    assert show_entries(decision) == [
        "refund:e1: clearing[v1] <- refunds[a1] 60000",
        "refund:e1: refunds[a1] <- installment_receivable[p1] 50247",
        "refund:e1: refunds[a1] <- card_balance[a1] 9753",
        "refund:e1: interest_income[v1] <- card_balance[a1] 325",
    ]
    assert bank.plans["p1"].state is ServicingState.CANCELLED
    assert bank.balance(LedgerCode.CARD_BALANCE) == 0


def test_fees_follow_interest_when_more_is_short() -> None:
    bank = open_plan(60_000, Terms(rate_percent="12", fee="7.50", is_delayed=True), paid=0)
    bank.move_to(bank.plans["p1"].rows[0].due_date)
    bank.bill()
    decision = bank.refund(60_000, transaction_id="t1")
    assert show_entries(decision)[-2:] == [
        "refund:e1: interest_income[v1] <- card_balance[a1] 600",
        "refund:e1: fee_income[v1] <- card_balance[a1] 125",
    ]


@pytest.mark.parametrize(("returns_charges", "balance_minor"), [(False, -9_753), (True, -10_478)])
def test_the_policy_decides_on_interest_and_fees_that_were_paid(
    returns_charges: bool, balance_minor: int
) -> None:
    bank = open_plan(60_000, Terms(rate_percent="12", fee="7.50", is_delayed=True), paid=1)
    bank.refund(60_000, transaction_id="t1", returns_charges=returns_charges)
    assert bank.balance(LedgerCode.CARD_BALANCE) == balance_minor


def test_the_policy_says_nothing_about_a_partial_refund() -> None:
    bank = open_plan(60_000, Terms(rate_percent="12", is_delayed=True), paid=1)
    bank.refund(59_999, transaction_id="t1", returns_charges=True)
    assert bank.balance(LedgerCode.INTEREST_INCOME) == 600


def test_a_refund_after_the_last_row_is_the_cardholders() -> None:
    bank = open_plan(60_000, Terms(count=3), paid=3)
    decision = bank.refund(60_000, transaction_id="t1")
    assert show_entries(decision) == [
        "refund:e1: clearing[v1] <- refunds[a1] 60000",
        "refund:e1: refunds[a1] <- card_balance[a1] 60000",
    ]
    assert bank.plans["p1"].state is ServicingState.COMPLETED


def test_on_a_debit_card_the_cash_goes_to_the_deposit() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(60_000)
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, Terms(count=3), transaction_id="t1")
    bank.clear("t1", 60_000)
    assert show_entries(bank.refund(60_000, transaction_id="t1")) == [
        "refund:e1: clearing[v1] <- refunds[a1] 60000",
        "refund:e1: refunds[a1] <- installment_receivable[p1] 40000",
        "refund:e1: refunds[a1] <- card_balance[a1] 20000",
        "refund:e1: card_balance[a1] <- deposit[a1] 20000",
    ]


def test_on_a_debit_card_it_first_pays_what_the_deposit_could_not() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.authorize("t0", 1)
    bank.deposit(5_000)
    bank.authorize("t1", 5_000)
    bank.clear("t1", 8_000)
    decision = bank.refund(4_000, transaction_id="t1", plan_id=None)
    assert show_entries(decision)[1:] == [
        "refund:e1: refunds[a1] <- card_balance[a1] 4000",
        "refund:e1: card_balance[a1] <- deposit[a1] 1000",
    ]


def test_a_purchase_without_a_plan_is_refunded_to_the_card() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.clear("t1", 60_000)
    decision = bank.refund(20_000, transaction_id="t1", plan_id=None)
    assert show_entries(decision) == [
        "refund:e1: clearing[v1] <- refunds[a1] 20000",
        "refund:e1: refunds[a1] <- card_balance[a1] 20000",
    ]
    assert decision.plans == ()
    assert decision.events[0].type == "transaction.refunded"


def test_a_credit_that_matches_nothing_goes_to_the_card() -> None:
    bank = CardBank()
    decision = bank.refund(20_000, plan_id=None)
    assert show_entries(decision)[1:] == ["refund:e1: refunds[a1] <- card_balance[a1] 20000"]
    assert [(event.type, event.subject) for event in decision.events] == [("refund.received", "a1")]


def test_what_was_cleared_above_the_plan_may_come_back_too() -> None:
    bank = CardBank()
    bank.authorize("t1", 65_000)
    bank.open("p1", 60_000, Terms(count=3), transaction_id="t1")
    bank.clear("t1", 65_000)
    assert find_refundable(bank.transactions["t1"], bank.plans["p1"]) == 65_000
    decision = bank.refund(62_000, transaction_id="t1")
    assert show_entries(decision)[1:] == [
        "refund:e1: refunds[a1] <- installment_receivable[p1] 40000",
        "refund:e1: refunds[a1] <- card_balance[a1] 22000",
    ]
    assert bank.plans["p1"].state is ServicingState.CANCELLED
    decision = bank.refund(3_000, transaction_id="t1", event_id="e2")
    assert decision.plans == ()
    assert bank.balance(LedgerCode.CARD_BALANCE) == 0


@pytest.mark.parametrize("amount_minor", [0, -1, 50_001])
def test_never_more_than_was_financed_and_not_refunded_comes_back(amount_minor: int) -> None:
    bank = open_plan(60_000, Terms(count=3), paid=0)
    bank.refund(10_000, transaction_id="t1")
    entries = len(bank.entries)
    message = f"refund: expected 1 to 50000 minor units, got {amount_minor} minor units"
    with pytest.raises(AmountRefused, match=message):
        bank.refund(amount_minor, transaction_id="t1", event_id="e2")
    with pytest.raises(AmountRefused, match=message):
        preview_refund(bank.plans["p1"], amount_minor, SPREAD)
    assert len(bank.entries) == entries


def test_nothing_comes_back_of_a_purchase_that_was_refunded_whole() -> None:
    bank = open_plan(60_000, Terms(count=3), paid=0)
    bank.refund(60_000, transaction_id="t1")
    with pytest.raises(
        AmountRefused, match="refund: expected nothing, for nothing is left, got 1 minor units"
    ):
        bank.refund(1, transaction_id="t1", event_id="e2")
    with pytest.raises(IllegalTransition, match="a plan that is cancelled does not admit refund"):
        preview_refund(bank.plans["p1"], 1, SPREAD)


def test_no_refund_during_a_dispute() -> None:
    bank = open_plan(60_000, Terms(count=3), paid=1)
    bank.dispute(transaction_id="t1")
    for act in (
        lambda: bank.refund(1, transaction_id="t1"),
        lambda: bank.refund(1, transaction_id="t1", plan_id=None),
        lambda: preview_refund(bank.plans["p1"], 1, SPREAD),
    ):
        with pytest.raises(PlanHeld, match="has an open dispute: resolve the dispute first"):
            act()


def test_a_preview_tells_every_part() -> None:
    bank = open_plan(60_000, Terms(count=3), paid=2)
    effect = preview_refund(bank.plans["p1"], 30_000, SPREAD)
    assert (
        effect.is_full,
        effect.reduction_minor,
        effect.card_minor,
        effect.settled_minor,
        effect.cash_back_minor,
        effect.recovery_minor,
    ) == (False, 20_000, 10_000, 0, 10_000, 0)
    assert bank.plans["p1"].refunded_minor == 0
