"""Money from cardholders: to which rows it goes, early payments, payoffs, and what is refused."""

from datetime import date

import pytest
from tests.support.book_text import show_entries, show_rows
from tests.support.card_bank import CardBank, Terms

from parcela.domain.cards import CardFunding
from parcela.domain.ledger import LedgerCode
from parcela.domain.servicing.payments import Payoff, quote_payoff
from parcela.domain.servicing.records import ServicingState
from parcela.domain.servicing.refusals import AmountRefused, IllegalTransition, PlanHeld

INTEREST = Terms(rate_percent="12", fee="7.50", is_delayed=True)


def test_a_payment_goes_to_the_oldest_billed_rows_of_all_plans() -> None:
    bank = CardBank()
    bank.open("p2", 30_000, Terms(count=3))
    bank.wait(10)
    bank.open("p1", 30_000, Terms(count=3))
    decision = bank.pay(15_000)
    assert show_entries(decision) == ["payment:m1: cash[v1] <- card_balance[a1] 15000"]
    assert show_rows(bank.plans["p2"])[0] == "1 10000=10000+0+0 paid 10000"
    assert show_rows(bank.plans["p1"])[0] == "1 10000=10000+0+0 billed 5000"
    assert [(event.type, event.subject) for event in decision.events] == [
        ("payment.received", "a1"),
        ("installment.paid", "p2"),
        ("installment.part_paid", "p1"),
    ]
    assert decision.events[0].data == {
        "event_id": "m1",
        "currency": "USD",
        "amount_minor": 15_000,
        "applied_minor": 15_000,
    }


def test_what_rows_do_not_need_stays_on_the_card() -> None:
    bank = CardBank()
    bank.authorize("t1", 4_000)
    bank.clear("t1", 4_000)
    bank.open("p1", 30_000, Terms(count=3))
    decision = bank.pay(20_000)
    assert show_entries(decision) == ["payment:m1: cash[v1] <- card_balance[a1] 20000"]
    assert decision.events[0].data["applied_minor"] == 10_000
    assert bank.balance(LedgerCode.CARD_BALANCE) == -6_000
    assert bank.standing().credit_minor == 6_000


def test_a_payment_that_meets_no_row_changes_no_plan() -> None:
    bank = CardBank()
    bank.open("p1", 30_000, Terms(count=3, is_delayed=True))
    decision = bank.pay(1)
    assert decision.plans == ()


def test_what_is_over_on_a_debit_card_pays_its_purchases_and_then_the_deposit() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(1_000)
    bank.authorize("t1", 1_000)
    bank.clear("t1", 5_000)
    assert bank.standing().owed_minor == 4_000
    decision = bank.pay(6_000)
    assert show_entries(decision) == [
        "payment:m1: cash[v1] <- card_balance[a1] 6000",
        "payment:m1: card_balance[a1] <- deposit[a1] 2000",
    ]
    assert bank.balance(LedgerCode.CARD_BALANCE) == 0


def test_on_a_debit_card_purchases_are_paid_before_the_deposit_gets_anything() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(1_000)
    bank.authorize("t1", 1_000)
    bank.clear("t1", 5_000)
    decision = bank.pay(3_000)
    assert show_entries(decision) == ["payment:m1: cash[v1] <- card_balance[a1] 3000"]
    assert bank.standing().owed_minor == 1_000


@pytest.mark.parametrize("amount_minor", [0, -1])
def test_nobody_pays_less_than_a_minor_unit(amount_minor: int) -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    message = f"expected at least 1 minor unit, got {amount_minor} minor units"
    with pytest.raises(AmountRefused, match=f"payment: {message}"):
        bank.pay(amount_minor)


def test_unused_credit_pays_rows_of_other_plans_when_asked_to() -> None:
    bank = CardBank()
    bank.open("p1", 30_000, Terms(count=3))
    bank.pay(10_000)
    bank.open("p2", 30_000, Terms(count=3))
    bank.refund(30_000, plan_id="p1")
    assert bank.standing().credit_minor == 10_000
    decision = bank.use_credit()
    assert decision is not None
    assert decision.entries == ()
    assert show_rows(bank.plans["p2"])[0] == "1 10000=10000+0+0 paid 10000"
    assert bank.use_credit() is None


def test_rows_of_a_disputed_plan_wait_for_the_end_of_the_dispute() -> None:
    bank = CardBank()
    bank.authorize("t1", 30_000)
    bank.open("p1", 30_000, Terms(count=3), transaction_id="t1")
    bank.clear("t1", 30_000)
    bank.dispute(transaction_id="t1")
    decision = bank.pay(10_000)
    assert decision.plans == ()
    bank.resolve(is_for_cardholder=False, transaction_id="t1")
    assert bank.use_credit() is not None
    assert show_rows(bank.plans["p1"])[0] == "1 10000=10000+0+0 paid 10000"


def test_the_next_row_is_billed_and_paid_early_and_later_due_dates_stay() -> None:
    bank = CardBank()
    bank.open("p1", 60_000, INTEREST)
    dates = [row.due_date for row in bank.plans["p1"].rows]
    decision = bank.pay_next()
    assert show_entries(decision) == [
        "plan:p1:row:1:billed: card_balance[a1] <- installment_receivable[p1] 9753",
        "plan:p1:row:1:billed: card_balance[a1] <- interest_income[v1] 600",
        "plan:p1:row:1:billed: card_balance[a1] <- fee_income[v1] 125",
        "payment:n1: cash[v1] <- card_balance[a1] 10478",
    ]
    assert bank.plans["p1"].rows[0].billed_on == date(2026, 3, 5)
    assert [row.due_date for row in bank.plans["p1"].rows] == dates
    bank.move_to(date(2026, 4, 5))
    assert bank.bill() == [], "it is not billed again on its due date"


def test_the_last_row_paid_early_completes_the_plan() -> None:
    bank = CardBank()
    bank.open("p1", 20_000, Terms(count=2))
    bank.pay(10_000)
    assert bank.pay_next().plans[0].state is ServicingState.COMPLETED


def test_a_billed_row_comes_before_the_next_one() -> None:
    bank = CardBank()
    bank.open("p1", 60_000)
    with pytest.raises(IllegalTransition) as refusal:
        bank.pay_next()
    assert str(refusal.value) == "plan p1: installment 1 is billed and unpaid: pay it first"
    assert bank.plans["p1"].lock_version == 1


def test_a_payoff_is_principal_fees_and_the_interest_earned_so_far() -> None:
    bank = CardBank()
    bank.open("p1", 60_000, INTEREST)
    bank.move_to(date(2026, 4, 5))
    bank.bill()
    # 15 of the 30 days of April's period: half of 5.02; the remaining interest is 15.18.
    assert quote_payoff(bank.plans["p1"], today=date(2026, 4, 20)) == Payoff(
        plan_id="p1",
        on=date(2026, 4, 20),
        billed_unpaid_minor=10_478,
        principal_minor=50_247,
        interest_minor=251,
        fee_minor=625,
        waived_minor=1518 - 251,
    )
    bank.move_to(date(2026, 4, 20))
    decision = bank.pay_off(amount_minor=10_478 + 50_247 + 251 + 625)
    assert show_entries(decision) == [
        "plan:p1:row:2:billed: card_balance[a1] <- installment_receivable[p1] 50247",
        "plan:p1:row:2:billed: card_balance[a1] <- interest_income[v1] 251",
        "plan:p1:row:2:billed: card_balance[a1] <- fee_income[v1] 625",
        "payment:o1: cash[v1] <- card_balance[a1] 61601",
    ]
    assert show_rows(bank.plans["p1"]) == [
        "1 10478=9753+600+125 paid 10478",
        "2 51123=50247+251+625 paid 51123",
        *[f"{number} 0=0+0+0 cancelled 0" for number in range(3, 7)],
    ]
    assert [event.type for event in decision.events][-2:] == ["plan.paid_off", "plan.completed"]
    assert bank.balance(LedgerCode.CARD_BALANCE) == 0


@pytest.mark.parametrize(
    ("today", "interest_minor"),
    [
        (date(2026, 3, 5), 0),  # On the day of purchase nothing is earned.
        (date(2026, 3, 20), 290),  # 15 of 31 days: 2.903.
        (date(2026, 4, 5), 600),  # The whole period.
        (date(2026, 8, 1), 600),  # Never more than the row's own interest.
    ],
)
def test_earned_interest_grows_by_days_up_to_that_of_the_next_row(today: date, interest_minor: int) -> None:
    bank = CardBank()
    bank.open("p1", 60_000, INTEREST)
    assert quote_payoff(bank.plans["p1"], today=today).interest_minor == interest_minor


def test_a_plan_with_nothing_but_billed_rows_is_paid_off_with_them() -> None:
    bank = CardBank()
    bank.open("p1", 20_000, Terms(count=2))
    bank.move_to(date(2026, 4, 5))
    bank.bill()
    decision = bank.pay_off(amount_minor=20_000)
    assert show_entries(decision) == ["payment:o1: cash[v1] <- card_balance[a1] 20000"]
    assert decision.plans[0].state is ServicingState.COMPLETED


@pytest.mark.parametrize("amount_minor", [59_999, 60_001])
def test_a_payoff_is_paid_exactly_or_not_at_all(amount_minor: int) -> None:
    bank = CardBank()
    bank.open("p1", 60_000)
    with pytest.raises(AmountRefused) as refusal:
        bank.pay_off(amount_minor=amount_minor)
    assert str(refusal.value) == (
        f"payoff of plan p1 on 2026-03-05: expected exactly 60000 minor units, got {amount_minor} minor units"
    )
    assert bank.balance(LedgerCode.CASH) == 0


def test_nothing_is_paid_early_during_a_dispute_or_after_the_end() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, INTEREST, transaction_id="t1")
    bank.clear("t1", 60_000)
    bank.dispute(transaction_id="t1")
    for act in (bank.pay_next, bank.pay_off):
        with pytest.raises(PlanHeld, match="plan p1 has an open dispute: resolve the dispute first"):
            act()
    bank.resolve(is_for_cardholder=False, transaction_id="t1")
    bank.pay_off()
    for act in (bank.pay_next, bank.pay_off):
        with pytest.raises(IllegalTransition, match="a plan that is completed does not admit pay"):
            act(event_id="again")


def test_a_payment_brings_unused_credit_along() -> None:
    bank = CardBank()
    bank.open("p1", 30_000, Terms(count=3))
    bank.pay(10_000)
    bank.open("p2", 30_000, Terms(count=3))
    bank.refund(30_000, plan_id="p1")
    decision = bank.pay(2_000, event_id="m2")
    assert decision.events[0].data["applied_minor"] == 10_000
    assert show_rows(bank.plans["p2"])[0] == "1 10000=10000+0+0 paid 10000"
    assert bank.standing().credit_minor == 2_000
