"""Rows fall due: what is billed when, collected from deposits, and late."""

from datetime import date

from tests.support.book_text import show_entries, show_rows
from tests.support.card_bank import CardBank, Terms

from parcela.domain.cards import CardFunding
from parcela.domain.ledger import LedgerCode
from parcela.domain.servicing.billing import decide_billing, decide_collection, decide_late
from parcela.domain.servicing.commands import Standing
from parcela.domain.servicing.records import ServicingState


def test_a_row_is_billed_on_its_due_date_with_its_interest_and_fee() -> None:
    bank = CardBank()
    bank.open("p1", 60_000, Terms(rate_percent="12", fee="7.50", is_delayed=True))
    bank.move_to(date(2026, 4, 4))
    assert bank.bill() == []
    bank.move_to(date(2026, 4, 5))
    (decision,) = bank.bill()
    assert show_entries(decision) == [
        "plan:p1:row:1:billed: card_balance[a1] <- installment_receivable[p1] 9753",
        "plan:p1:row:1:billed: card_balance[a1] <- interest_income[v1] 600",
        "plan:p1:row:1:billed: card_balance[a1] <- fee_income[v1] 125",
    ]
    assert decision.events[0].type == "installment.billed"
    assert decision.events[0].data == {
        "account_id": "a1",
        "currency": "USD",
        "number": 1,
        "due_date": "2026-04-05",
        "amount_minor": 10_478,
        "paid_minor": 0,
    }
    assert bank.bill() == [], "a row is billed once"


def test_a_scheduler_that_slept_bills_all_rows_dated_with_their_due_dates() -> None:
    bank = CardBank()
    bank.open("p1", 60_000)
    bank.move_to(date(2026, 5, 20))
    (decision,) = bank.bill()
    assert [entry.event_key for entry in decision.entries] == ["plan:p1:row:2:billed", "plan:p1:row:3:billed"]
    assert [row.billed_on for row in decision.plans[0].rows[1:4]] == [
        date(2026, 4, 5),
        date(2026, 5, 5),
        None,
    ]
    assert decision.plans[0].lock_version == 2


def test_nothing_is_billed_for_a_plan_that_is_not_active() -> None:
    bank = CardBank()
    bank.open("p1", 60_000)
    bank.pay_off()
    assert bank.plans["p1"].state is ServicingState.COMPLETED
    bank.move_to(date(2026, 12, 1))
    assert bank.bill() == []
    assert bank.mark_late() == []


def test_unused_credit_pays_a_row_as_it_is_billed_and_the_last_one_completes() -> None:
    bank = CardBank()
    bank.open("p1", 30_000, Terms(count=3))
    bank.pay(25_000)
    bank.move_to(date(2026, 4, 5))
    (decision,) = bank.bill()
    assert show_entries(decision) == [
        "plan:p1:row:2:billed: card_balance[a1] <- installment_receivable[p1] 10000"
    ]
    assert show_rows(bank.plans["p1"])[1] == "2 10000=10000+0+0 paid 10000"
    assert bank.standing().credit_minor == 5_000
    bank.pay(5_000, event_id="m2")
    bank.move_to(date(2026, 5, 5))
    (decision,) = bank.bill()
    assert [event.type for event in decision.events] == [
        "installment.billed",
        "installment.paid",
        "plan.completed",
    ]
    assert bank.balance(LedgerCode.CARD_BALANCE) == 0


def test_a_debit_row_is_collected_at_once_when_the_deposit_suffices() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(10_000)
    decision = bank.open("p1", 20_000, Terms(count=2))
    assert show_entries(decision)[-1] == "plan:p1:row:1:collected:1: deposit[a1] <- card_balance[a1] 10000"
    assert bank.balance(LedgerCode.DEPOSIT) == 0


def test_a_debit_row_waits_when_the_deposit_is_a_cent_short_and_is_tried_again() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(9_999)
    bank.open("p1", 20_000, Terms(count=2))
    assert show_rows(bank.plans["p1"])[0] == "1 10000=10000+0+0 billed 0"
    bank.wait(1)
    assert bank.collect() == []
    bank.pay(1)
    (decision,) = bank.collect("2026-03-06")
    assert show_entries(decision) == [
        "plan:p1:row:1:collected:2026-03-06: deposit[a1] <- card_balance[a1] 9999"
    ]
    assert [event.type for event in decision.events] == ["installment.paid"]


def test_a_deposit_goes_to_the_oldest_row_first() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(10_000)
    bank.open("p1", 19_000, Terms(count=2, fee="10", is_fee_spread=False))
    bank.move_to(date(2026, 4, 5))
    bank.bill()
    assert show_rows(bank.plans["p1"]) == ["1 10500=9500+0+1000 billed 0", "2 9500=9500+0+0 billed 0"]
    assert bank.collect() == []
    bank.pay(500)
    bank.collect("again")
    assert [row.state.value for row in bank.plans["p1"].rows] == ["paid", "billed"]


def test_the_last_collected_row_completes_the_plan() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(20_000)
    bank.open("p1", 20_000, Terms(count=2))
    bank.move_to(date(2026, 4, 5))
    (decision,) = bank.bill()
    assert decision.plans[0].state is ServicingState.COMPLETED


def test_a_row_is_late_the_given_days_after_its_due_date() -> None:
    bank = CardBank()
    bank.open("p1", 60_000)
    bank.wait(24)
    assert bank.mark_late() == []
    bank.wait(1)
    (decision,) = bank.mark_late()
    assert [event.type for event in decision.events] == ["installment.late"]
    assert decision.entries == ()
    assert bank.plans["p1"].rows[0].state.value == "late"
    assert bank.mark_late() == [], "a row becomes late once"


def test_a_late_row_can_still_be_paid() -> None:
    bank = CardBank()
    bank.open("p1", 60_000)
    bank.wait(25)
    bank.mark_late()
    bank.pay(10_000)
    assert show_rows(bank.plans["p1"])[0] == "1 10000=10000+0+0 paid 10000"


def test_a_row_that_was_billed_after_its_due_date_has_its_days_from_then() -> None:
    bank = CardBank()
    notice_day = bank.day
    bank.open("p1", 60_000)
    bank.authorize("t1", 60_000)
    bank.clear("t1", 60_000, plan_id="p1")
    bank.dispute(transaction_id="t1")
    bank.move_to(date(2026, 4, 20))
    bank.resolve(is_for_cardholder=False, transaction_id="t1")
    bank.wait(1)
    bank.bill()
    assert bank.plans["p1"].rows[1].billed_on == date(2026, 4, 21)
    bank.move_to(date(2026, 5, 1))
    bank.mark_late()
    assert [row.state.value for row in bank.plans["p1"].rows[:2]] == ["late", "billed"]
    assert notice_day == date(2026, 3, 5)


def test_a_held_plan_is_neither_billed_nor_collected_nor_late() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.open("p1", 20_000, Terms(count=2))
    bank.deposit(20_000)
    bank.authorize("t1", 20_000, plan_id="p1")
    bank.clear("t1", 20_000)
    bank.dispute(transaction_id="t1")
    plan = bank.plans["p1"]
    day = date(2026, 9, 1)
    standing = Standing(deposit_minor=20_000)
    assert decide_billing(plan, bank.account, standing=standing, today=day, now=bank.now) is None
    assert decide_late(plan, today=day, late_after_days=25, now=bank.now) is None
    collected = decide_collection(plan, bank.account, deposit_minor=20_000, attempt_key="x", now=bank.now)
    assert collected is None
