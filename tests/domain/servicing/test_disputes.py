"""Disputes: the provisional credit, its end for either side, and when there is nothing to dispute."""

from datetime import date

import pytest
from tests.support.book_text import show_entries, show_rows
from tests.support.card_bank import CardBank, Terms

from parcela.domain.cards import CardFunding
from parcela.domain.errors import Conflict
from parcela.domain.ledger import LedgerCode
from parcela.domain.servicing.records import ServicingState
from parcela.domain.servicing.refusals import IllegalTransition, PlanHeld

INTEREST = Terms(count=3, rate_percent="12", is_delayed=True)


def buy(terms: Terms, *, funding: CardFunding = CardFunding.CREDIT, deposit_minor: int = 0) -> CardBank:
    bank = CardBank(funding=funding)
    if deposit_minor:
        bank.deposit(deposit_minor)
    bank.open("p1", 30_000, terms)
    bank.authorize("t1", 30_000, plan_id="p1")
    bank.clear("t1", 30_000)
    return bank


def test_what_was_billed_is_credited_for_the_time_of_the_dispute() -> None:
    bank = buy(Terms(count=3))
    decision = bank.dispute(transaction_id="t1")
    assert show_entries(decision) == ["dispute:x1:opened: disputes[a1] <- card_balance[a1] 10000"]
    assert [event.type for event in decision.events] == ["transaction.disputed", "plan.disputed"]
    assert bank.plans["p1"].is_held
    assert bank.transactions["t1"].is_disputed
    assert bank.standing().credit_minor == 0, "the provisional credit is not the cardholder's to use"


def test_a_dispute_before_anything_is_billed_posts_nothing() -> None:
    bank = buy(INTEREST)
    assert bank.dispute(transaction_id="t1").entries == ()
    decision = bank.resolve(is_for_cardholder=True, transaction_id="t1")
    assert show_entries(decision) == [
        "dispute:x1:won: clearing[v1] <- refunds[a1] 30000",
        "dispute:x1:won: refunds[a1] <- installment_receivable[p1] 30000",
    ]
    assert bank.plans["p1"].state is ServicingState.CANCELLED


def test_a_refund_before_the_dispute_is_not_credited_again() -> None:
    bank = buy(Terms(count=3))
    bank.refund(25_000, transaction_id="t1")
    decision = bank.dispute(transaction_id="t1")
    assert show_entries(decision) == ["dispute:x1:opened: disputes[a1] <- card_balance[a1] 5000"]
    decision = bank.resolve(is_for_cardholder=True, transaction_id="t1")
    assert show_entries(decision) == [
        "dispute:x1:won: clearing[v1] <- refunds[a1] 5000",
        "dispute:x1:won: refunds[a1] <- disputes[a1] 5000",
    ]
    assert bank.balance(LedgerCode.CARD_BALANCE) == 0
    assert bank.plans["p1"].refunded_minor == 30_000
    assert bank.transactions["t1"].refunded_minor == 30_000


def test_when_the_merchant_is_right_the_credit_is_reversed_and_billing_resumes_tomorrow() -> None:
    bank = buy(Terms(count=3))
    bank.dispute(transaction_id="t1")
    bank.move_to(date(2026, 4, 7))
    assert bank.bill() == []
    decision = bank.resolve(is_for_cardholder=False, transaction_id="t1")
    assert show_entries(decision) == ["dispute:x1:lost: card_balance[a1] <- disputes[a1] 10000"]
    assert decision.entries[0].reverses == "dispute:x1:opened"
    assert bank.bill() == []
    bank.wait(1)
    (billed,) = bank.bill()
    assert billed.plans[0].rows[1].billed_on == date(2026, 4, 8)
    assert billed.plans[0].rows[2].state.value == "scheduled"
    assert [event.type for event in decision.events] == ["transaction.dispute_lost", "plan.dispute_lost"]


def test_when_the_cardholder_is_right_nothing_is_owed_and_charges_go_back() -> None:
    bank = buy(INTEREST)
    bank.move_to(date(2026, 4, 5))
    bank.bill()
    bank.pay(10_201)
    bank.move_to(date(2026, 5, 5))
    bank.bill()
    assert show_rows(bank.plans["p1"])[:2] == [
        "1 10201=9901+300+0 paid 10201",
        "2 10201=10000+201+0 billed 0",
    ]
    bank.dispute(transaction_id="t1")
    decision = bank.resolve(is_for_cardholder=True, transaction_id="t1")
    assert show_entries(decision) == [
        "dispute:x1:won: clearing[v1] <- refunds[a1] 30000",
        "dispute:x1:won: refunds[a1] <- disputes[a1] 19901",
        "dispute:x1:won: refunds[a1] <- installment_receivable[p1] 10099",
        "dispute:x1:won: interest_income[v1] <- card_balance[a1] 501",
    ]
    assert bank.plans["p1"].state is ServicingState.CANCELLED
    assert bank.plans["p1"].outstanding_minor == 0
    assert bank.balance(LedgerCode.CARD_BALANCE) == -10_201, "all that was paid"
    assert bank.balance(LedgerCode.DISPUTES) == 0
    assert decision.events[0].data["cash_back_minor"] == 10_201


def test_a_purchase_without_a_plan_is_disputed_for_what_was_posted() -> None:
    bank = CardBank()
    bank.authorize("t1", 5_000)
    bank.clear("t1", 5_000)
    bank.refund(1_000, transaction_id="t1", plan_id=None)
    decision = bank.dispute(plan_id=None, transaction_id="t1")
    assert show_entries(decision) == ["dispute:x1:opened: disputes[a1] <- card_balance[a1] 4000"]
    decision = bank.resolve(is_for_cardholder=True, plan_id=None, transaction_id="t1")
    assert show_entries(decision) == [
        "dispute:x1:won: clearing[v1] <- refunds[a1] 4000",
        "dispute:x1:won: refunds[a1] <- disputes[a1] 4000",
    ]
    assert bank.balance(LedgerCode.CARD_BALANCE) == 0


def test_on_a_debit_card_the_deposit_gets_the_money_only_when_the_dispute_is_won() -> None:
    bank = buy(Terms(count=3), funding=CardFunding.DEBIT, deposit_minor=10_000)
    bank.dispute(transaction_id="t1")
    assert (bank.balance(LedgerCode.CARD_BALANCE), bank.balance(LedgerCode.DEPOSIT)) == (-10_000, 0)
    decision = bank.resolve(is_for_cardholder=True, transaction_id="t1")
    assert show_entries(decision)[-1] == "dispute:x1:won: card_balance[a1] <- deposit[a1] 10000"
    assert (bank.balance(LedgerCode.CARD_BALANCE), bank.balance(LedgerCode.DEPOSIT)) == (0, 10_000)


def test_a_completed_plan_can_be_disputed_and_stays_completed() -> None:
    bank = buy(Terms(count=3))
    bank.pay_off()
    bank.dispute(transaction_id="t1")
    bank.resolve(is_for_cardholder=True, transaction_id="t1")
    assert bank.plans["p1"].state is ServicingState.COMPLETED
    assert bank.balance(LedgerCode.CARD_BALANCE) == -30_000


def test_a_purchase_that_waits_for_clearing_cannot_be_disputed() -> None:
    bank = CardBank()
    bank.open("p1", 30_000, Terms(count=3))
    with pytest.raises(Conflict) as refusal:
        bank.dispute()
    assert str(refusal.value) == (
        "plan p1: expected a cleared purchase, got 30000 minor units that wait for clearing: "
        "reverse the authorization instead"
    )


def test_a_dispute_is_opened_once_and_ended_once() -> None:
    bank = buy(Terms(count=3))
    with pytest.raises(Conflict, match="dispute x1: expected an open dispute, got none"):
        bank.resolve(is_for_cardholder=True, transaction_id="t1")
    bank.dispute(transaction_id="t1")
    with pytest.raises(PlanHeld, match="transaction t1 has an open dispute already"):
        bank.dispute(transaction_id="t1", dispute_id="x2")
    with pytest.raises(PlanHeld, match="plan p1 has an open dispute"):
        bank.dispute(dispute_id="x2")
    bank.resolve(is_for_cardholder=False, transaction_id="t1")
    with pytest.raises(Conflict, match="expected an open dispute, got none"):
        bank.resolve(is_for_cardholder=False, transaction_id="t1")


def test_nothing_is_left_to_dispute_after_a_full_refund() -> None:
    bank = buy(Terms(count=3))
    bank.pay_off()
    bank.refund(30_000, transaction_id="t1")
    with pytest.raises(Conflict, match="got nothing left to dispute"):
        bank.dispute(transaction_id="t1")


@pytest.mark.parametrize("is_written_off", [True, False])
def test_a_plan_that_was_lost_or_cancelled_cannot_be_disputed(is_written_off: bool) -> None:
    bank = buy(Terms(count=3))
    if is_written_off:
        bank.write_off()
    else:
        bank.refund(30_000, transaction_id="t1")
    with pytest.raises(IllegalTransition, match="does not admit dispute"):
        bank.dispute(transaction_id="t1")


def test_on_a_debit_card_it_first_pays_what_the_deposit_could_not() -> None:
    bank = buy(Terms(count=3), funding=CardFunding.DEBIT, deposit_minor=10_000)
    bank.deposit(1_000, event_id="d2")
    bank.authorize("t2", 1_000)
    bank.clear("t2", 5_000, event_id="e2")
    bank.dispute(transaction_id="t1")
    decision = bank.resolve(is_for_cardholder=True, transaction_id="t1")
    assert show_entries(decision)[-1] == "dispute:x1:won: card_balance[a1] <- deposit[a1] 6000"
    assert bank.balance(LedgerCode.CARD_BALANCE) == 0
