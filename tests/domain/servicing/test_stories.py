"""Stories of plans as text tables: after each step the postings, all balances, rows and states.

WRITE_GOLDEN=1 writes the tables anew; read the difference before keeping it.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.book_text import Story
from tests.support.card_bank import CardBank, Terms

from parcela.domain.cards import CardFunding
from parcela.domain.refund_strategy import RefundStrategy

GOLDEN = Path(__file__).parents[2] / "golden" / "servicing"
INTEREST = Terms(rate_percent="12", fee="7.50", is_delayed=True)


def next_month(story: Story) -> None:
    """The day of the next month on which the plans of a story fall due."""
    due_dates = [row.due_date for plan in story.bank.plans.values() for row in plan.rows]
    story.bank.move_to(min(due_date for due_date in due_dates if due_date > story.bank.day))


def bill_and_pay(story: Story, numbers: range) -> None:
    for number in numbers:
        next_month(story)
        story.bank.bill()
        story.tell(f"installment {number} is billed")
        story.bank.wait(3)
        story.bank.pay(story.bank.plans["p1"].rows[number - 1].amount_minor, event_id=f"m{number}")
        story.tell("and paid")


def before_clearing() -> Story:
    story = Story(CardBank())
    bank = story.bank
    bank.authorize("t1", 60_000)
    story.tell("600.00 is authorized")
    bank.open("p1", 60_000, transaction_id="t1")
    story.tell("the plan is noticed before clearing: installment 1 is billed")
    bank.wait(2)
    bank.clear("t1", 60_000)
    story.tell("the purchase clears")
    bank.pay(10_000)
    story.tell("installment 1 is paid")
    bill_and_pay(story, range(2, 7))
    return story


def after_clearing_paid_off() -> Story:
    story = Story(CardBank())
    bank = story.bank
    bank.authorize("t1", 60_000)
    bank.wait(1)
    bank.clear("t1", 60_000)
    story.tell("the purchase clears and is on the card in full")
    bank.wait(1)
    bank.open("p1", 60_000, transaction_id="t1")
    story.tell("the plan is noticed: the purchase goes off the card, installment 1 on it")
    bank.pay(10_000)
    bill_and_pay(story, range(2, 3))
    bank.wait(10)
    bank.pay_next()
    story.tell("the cardholder pays installment 3 early: its due date stays")
    bank.wait(4)
    bank.pay_off()
    story.tell("and then all the rest")
    return story


def interest_and_spread_fee() -> Story:
    story = Story(CardBank())
    bank = story.bank
    bank.authorize("t1", 60_000)
    bank.clear("t1", 60_000)
    bank.open("p1", 60_000, INTEREST, transaction_id="t1")
    story.tell("600.00 at 12 % a year in 6, fee 7.50 spread, first row after a month")
    bill_and_pay(story, range(1, 3))
    bank.wait(10)
    bank.pay_off()
    story.tell("paid off 13 days into a period of 31: all principal and fees, 13/31 of the interest")
    return story


def debit_card() -> Story:
    story = Story(CardBank(funding=CardFunding.DEBIT))
    bank = story.bank
    bank.deposit(50_000)
    bank.authorize("t1", 40_000)
    bank.clear("t1", 40_000)
    story.tell("400.00 is paid from a deposit of 500.00")
    bank.open("p1", 40_000, Terms(count=4), transaction_id="t1")
    story.tell("turned into a plan of 4: the deposit gets 400.00 back, installment 1 is collected")
    bank.authorize("t2", 40_000)
    bank.clear("t2", 40_000)
    story.tell("the money goes for something else")
    next_month(story)
    bank.bill()
    story.tell("installment 2 is billed, the deposit is empty")
    bank.wait(1)
    assert bank.collect() == []
    bank.wait(24)
    bank.mark_late()
    story.tell("25 days after its due date it is late")
    bank.deposit(15_000, event_id="d2")
    story.tell("150.00 are paid in: they pay it, what is over goes to the deposit")
    next_month(story)
    bank.bill()
    story.tell("installment 3: 50.00 do not suffice")
    bank.pay(12_000)
    story.tell("a payment of 120.00 pays it, what is over goes to the deposit")
    bank.refund(5_000, transaction_id="t1")
    story.tell("the merchant gives 50.00 back: installment 4 is lower")
    next_month(story)
    bank.bill()
    story.tell("installment 4 is collected")
    return story


def full_refunds() -> Story:
    story = Story(CardBank())
    bank = story.bank
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, INTEREST, transaction_id="t1")
    bank.clear("t1", 60_000)
    next_month(story)
    bank.bill()
    bank.pay(10_478)
    next_month(story)
    bank.bill()
    story.tell("installment 1 is paid, installment 2 is billed")
    bank.refund(60_000, transaction_id="t1")
    story.tell("all comes back: the interest and fees that were paid are kept")
    bank.open("p2", 60_000, INTEREST)
    next_month(story)
    bank.bill()
    story.tell("a second plan has its first row billed, paid in part by the credit")
    bank.refund(60_000, plan_id="p2", event_id="e2", returns_charges=True)
    story.tell("all of it comes back, interest and fees too, as the issuer's policy says")
    return story


def reversals() -> Story:
    story = Story(CardBank())
    bank = story.bank
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, Terms(count=3, fee="6"), transaction_id="t1")
    story.tell("600.00 in 3 with a fee of 6.00, before clearing")
    bank.reverse("t1", 15_000)
    story.tell("the merchant will not take 150.00 of it")
    bank.clear("t1", 45_000)
    story.tell("and clears 450.00")
    bank.authorize("t2", 30_000)
    bank.open("p2", 30_000, Terms(count=3, fee="6"), transaction_id="t2")
    bank.pay(20_200)
    story.tell("another plan, 300.00 in 3; both first rows are paid but for 100.00")
    bank.reverse("t2", 30_000, event_id="e2")
    story.tell("its purchase is reversed whole: nothing is owed, the fee is given back")
    return story


def clearings_above_and_below() -> Story:
    story = Story(CardBank())
    bank = story.bank
    bank.authorize("t1", 40_000)
    bank.open("p1", 40_000, Terms(count=4), transaction_id="t1")
    bank.clear("t1", 43_000)
    story.tell("430.00 clear for a plan of 400.00: 30.00 go on the card")
    bank.authorize("t2", 40_000)
    bank.open("p2", 40_000, Terms(count=4), transaction_id="t2")
    bank.clear("t2", 10_000, event_id="e2", is_final=False)
    story.tell("100.00 of another 400.00 clear, more is to come")
    bank.clear("t2", 27_000, event_id="e3")
    story.tell("270.00 are the rest: 30.00 will never be taken")
    bank.refund(43_000, transaction_id="t1", event_id="e4")
    story.tell("the first merchant gives all 430.00 back")
    return story


def disputes() -> Story:
    story = Story(CardBank())
    bank = story.bank
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, INTEREST, transaction_id="t1")
    bank.clear("t1", 60_000)
    bill_and_pay(story, range(1, 2))
    next_month(story)
    bank.bill()
    bank.wait(2)
    bank.dispute(transaction_id="t1")
    story.tell("disputed with installment 1 paid and installment 2 billed")
    next_month(story)
    assert bank.bill() == []
    bank.resolve(is_for_cardholder=False, transaction_id="t1")
    story.tell("the merchant is right, on the day installment 3 falls due")
    assert bank.bill() == []
    bank.wait(1)
    bank.bill()
    story.tell("installment 3 is billed the day after")
    bank.dispute(transaction_id="t1", dispute_id="x2")
    story.tell("disputed again")
    bank.resolve(is_for_cardholder=True, transaction_id="t1", dispute_id="x2")
    story.tell("now the cardholder is right: interest and fees go back as well")
    return story


def loss_and_recovery() -> Story:
    story = Story(CardBank())
    bank = story.bank
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, INTEREST, transaction_id="t1")
    bank.clear("t1", 60_000)
    for number in (1, 2):
        next_month(story)
        bank.bill()
        bank.mark_late()
        story.tell(f"installment {number} is billed and nobody pays")
    bank.wait(60)
    bank.pay(5_000)
    bank.mark_late()
    bank.write_off()
    story.tell("50.00 came, the rest is written off")
    bank.recover(20_000)
    story.tell("200.00 come back")
    bank.refund(40_000, transaction_id="t1")
    story.tell("the merchant gives 400.00 back: what the loss does not take is the cardholder's")
    return story


def two_plans() -> Story:
    story = Story(CardBank())
    bank = story.bank
    bank.open("p2", 30_000, Terms(count=3))
    bank.open("p1", 60_000, Terms(count=6))
    bank.authorize("t9", 5_000)
    bank.clear("t9", 5_000)
    story.tell("two plans bought on one day, and 50.00 without a plan")
    bank.pay(15_000)
    story.tell("150.00 pay p1's row and half of p2's: equal due dates go by plan id")
    next_month(story)
    bank.bill()
    bank.pay(35_000, event_id="m2")
    story.tell("both are billed again, 350.00 pay all rows and the purchase; 50.00 are over")
    next_month(story)
    bank.bill()
    story.tell("the next row of p1 uses the 50.00")
    return story


def yen_and_dinars() -> Story:
    story = Story(CardBank(currency="JPY"))
    bank = story.bank
    bank.open("p1", 1_000, Terms(count=6))
    story.tell("1000 JPY in 6: the odd yen are on installment 1")
    bank.refund(100)
    story.tell("100 JPY come back")
    story.bank = bank = CardBank(currency="KWD")
    story._entries_told = 0
    bank.open("p1", 10_000, Terms(count=3, rate_percent="9", is_delayed=True))
    story.tell("10 KWD in 3 at 9 %")
    next_month(story)
    bank.bill()
    bank.refund(1_001, strategy=RefundStrategy.LAST_FIRST)
    story.tell("installment 1 is billed, 1.001 KWD come back off the last one")
    return story


def partial_refunds() -> Story:
    story = Story(CardBank())
    for strategy in RefundStrategy:
        bank = story.bank = CardBank()
        story._entries_told = 0
        bank.open("p1", 60_000, INTEREST)
        bank.refund(20_000, strategy=strategy)
        story.tell(f"{strategy}: 200.00 come back before row 1 is billed")
        bank = story.bank = CardBank()
        bank.open("p1", 60_000, INTEREST)
        for number in (1, 2):
            next_month(story)
            bank.bill()
            bank.pay(bank.plans["p1"].rows[number - 1].amount_minor, event_id=f"m{number}")
        story._entries_told = len(bank.entries)
        bank.refund(20_000, strategy=strategy)
        story.tell(f"{strategy}: 200.00 come back with rows 1 and 2 paid")
        bank.refund(22_000, strategy=strategy, event_id="e2")
        story.tell(f"{strategy}: 220.00 more, beyond what is left")
        bank = story.bank = CardBank()
        bank.open("p1", 60_000, INTEREST)
        for _ in range(6):
            next_month(story)
            bank.bill()
        bank.pay(50_000)
        story._entries_told = len(bank.entries)
        bank.refund(20_000, strategy=strategy)
        story.tell(f"{strategy}: 200.00 come back after the last row, 500.00 were paid")
    return story


STORIES: list[Callable[[], Story]] = [
    before_clearing,
    after_clearing_paid_off,
    interest_and_spread_fee,
    debit_card,
    full_refunds,
    reversals,
    clearings_above_and_below,
    disputes,
    loss_and_recovery,
    two_plans,
    yen_and_dinars,
    partial_refunds,
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_story_leaves_these_books(story: Callable[[], Story]) -> None:
    golden = GOLDEN / f"{story.__name__}.txt"
    text = story().text
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
