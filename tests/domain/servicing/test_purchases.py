"""Authorizations within limit and deposit, clearings with and without a plan, and reversals."""

from dataclasses import replace

import pytest
from tests.support.book_text import show_entries, show_rows
from tests.support.card_bank import CardBank, Terms

from parcela.domain.cards import CardFunding
from parcela.domain.errors import Conflict
from parcela.domain.ledger import LedgerCode
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.commands import Exposure, find_hold
from parcela.domain.servicing.purchases import ResponseCode, find_available
from parcela.domain.servicing.records import ServicingState, TransactionState
from parcela.domain.servicing.refusals import AmountRefused


@pytest.mark.parametrize(
    ("amount_minor", "code"),
    [
        (10_000, ResponseCode.APPROVED),  # Exactly the limit.
        (10_001, ResponseCode.INSUFFICIENT_FUNDS),
        (0, ResponseCode.INVALID_AMOUNT),
        (-5, ResponseCode.INVALID_AMOUNT),
    ],
)
def test_a_credit_card_buys_up_to_its_limit(amount_minor: int, code: ResponseCode) -> None:
    bank = CardBank(limit_minor=10_000)
    assert bank.authorize("t1", amount_minor) is code


def test_balance_receivables_and_holds_use_the_limit() -> None:
    bank = CardBank(limit_minor=100_000)
    bank.authorize("t1", 20_000)
    bank.clear("t1", 20_000)
    bank.open("p1", 30_000, Terms(count=3))
    bank.authorize("t2", 10_000)
    assert bank.authorize("t3", 40_001) is ResponseCode.INSUFFICIENT_FUNDS
    assert bank.authorize("t4", 40_000) is ResponseCode.APPROVED


def test_a_debit_card_buys_up_to_its_deposit_less_holds() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(10_000)
    bank.authorize("t1", 4_000)
    assert bank.authorize("t2", 6_001) is ResponseCode.INSUFFICIENT_FUNDS
    assert bank.authorize("t3", 6_000) is ResponseCode.APPROVED


def test_what_is_available_may_be_below_zero() -> None:
    bank = CardBank(limit_minor=10_000)
    exposure = Exposure(balance_minor=9_000, receivables_minor=2_000, holds_minor=500)
    assert find_available(bank.account, exposure) == -1_500


def test_a_declined_authorization_is_kept_and_holds_nothing() -> None:
    bank = CardBank(limit_minor=10_000)
    bank.authorize("t1", 10_001)
    transaction = bank.transactions["t1"]
    assert (transaction.state, transaction.authorized_minor) == (TransactionState.DECLINED, 0)
    assert bank.entries == []
    assert bank.events[-1].type == "transaction.declined"
    assert bank.events[-1].data == {
        "account_id": "a1",
        "currency": "USD",
        "plan_id": None,
        "amount_minor": 10_001,
        "response_code": "51",
    }


def test_an_authorization_that_names_its_plan_is_not_counted_twice() -> None:
    bank = CardBank(limit_minor=60_000)
    bank.open("p1", 60_000)
    assert bank.authorize("t0", 1) is ResponseCode.INSUFFICIENT_FUNDS
    assert bank.authorize("t1", 60_001, plan_id="p1") is ResponseCode.INSUFFICIENT_FUNDS
    assert bank.plans["p1"].transaction_id is None, "a declined authorization binds nothing"
    assert bank.authorize("t2", 60_000, plan_id="p1") is ResponseCode.APPROVED
    assert (bank.plans["p1"].transaction_id, bank.transactions["t2"].plan_id) == ("t2", "p1")
    assert find_hold(bank.transactions["t2"], bank.plans["p1"]) == 0


def test_an_authorization_above_its_plan_holds_the_difference() -> None:
    bank = CardBank(limit_minor=100_000)
    bank.open("p1", 60_000)
    bank.authorize("t1", 65_000, plan_id="p1")
    assert bank.holds() == 5_000


def test_a_plan_that_is_not_known_yet_is_remembered_by_the_transaction() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000, plan_id="p1")
    assert bank.transactions["t1"].plan_id == "p1"
    assert bank.holds() == 60_000


def test_a_purchase_without_a_plan_is_posted_to_the_card() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    decision = bank.clear("t1", 60_000)
    assert show_entries(decision) == [
        "transaction:t1:cleared:e1: purchases[a1] <- clearing[v1] 60000",
        "transaction:t1:posted:e1: card_balance[a1] <- purchases[a1] 60000",
    ]
    assert decision.transaction is not None
    assert decision.transaction.state is TransactionState.CLEARED
    assert decision.transaction.cleared_at == bank.now
    assert decision.events[0].data == {
        "account_id": "a1",
        "currency": "USD",
        "plan_id": None,
        "event_id": "e1",
        "amount_minor": 60_000,
        "financed_minor": 0,
        "is_final": True,
    }


def test_on_a_debit_card_it_is_collected_as_far_as_the_deposit_suffices() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(50_000)
    bank.authorize("t1", 50_000)
    assert show_entries(bank.clear("t1", 30_000, is_final=False))[2:] == [
        "transaction:t1:collected:e1: deposit[a1] <- card_balance[a1] 30000"
    ]
    assert show_entries(bank.clear("t1", 25_000, event_id="e2"))[2:] == [
        "transaction:t1:collected:e2: deposit[a1] <- card_balance[a1] 20000"
    ]
    assert bank.standing().owed_minor == 5_000
    assert show_entries(bank.clear("t1", 1_000, event_id="e3"))[2:] == []


def test_the_clearing_of_a_financed_purchase_only_empties_purchases() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, transaction_id="t1")
    decision = bank.clear("t1", 60_000)
    assert show_entries(decision) == ["transaction:t1:cleared:e1: purchases[a1] <- clearing[v1] 60000"]
    assert bank.plans["p1"].is_cleared
    assert bank.balance(LedgerCode.PURCHASES) == 0


def test_a_clearing_binds_a_plan_that_was_opened_without_its_transaction() -> None:
    bank = CardBank()
    bank.open("p1", 60_000)
    bank.authorize("t1", 60_000)
    bank.clear("t1", 60_000, plan_id="p1")
    assert (bank.plans["p1"].transaction_id, bank.transactions["t1"].plan_id) == ("t1", "p1")


def test_the_clearing_of_another_purchase_for_a_bound_plan_is_a_fault_of_the_caller() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, transaction_id="t1")
    bank.authorize("t2", 60_000)
    with pytest.raises(AssertionError, match="the plan has another transaction"):
        bank.clear("t2", 60_000, plan_id="p1")


def test_more_cleared_than_financed_goes_on_the_card() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, transaction_id="t1")
    decision = bank.clear("t1", 60_500)
    assert show_entries(decision) == [
        "transaction:t1:cleared:e1: purchases[a1] <- clearing[v1] 60500",
        "transaction:t1:posted:e1: card_balance[a1] <- purchases[a1] 500",
    ]
    assert decision.events[0].data["financed_minor"] == 60_000


@pytest.mark.parametrize(
    ("strategy", "rows"),
    [
        (RefundStrategy.SPREAD, ["2 9000=9000+0+0 scheduled 0", "3 9000=9000+0+0 scheduled 0"]),
        (RefundStrategy.LAST_FIRST, ["2 10000=10000+0+0 scheduled 0", "3 8000=8000+0+0 scheduled 0"]),
        (RefundStrategy.NEXT_FIRST, ["2 8000=8000+0+0 scheduled 0", "3 10000=10000+0+0 scheduled 0"]),
    ],
)
def test_less_cleared_for_good_than_financed_lowers_the_rows(
    strategy: RefundStrategy, rows: list[str]
) -> None:
    bank = CardBank()
    bank.authorize("t1", 30_000)
    bank.open("p1", 30_000, Terms(count=3), transaction_id="t1")
    decision = bank.clear("t1", 28_000, strategy=strategy)
    assert show_entries(decision) == [
        "transaction:t1:cleared:e1: purchases[a1] <- clearing[v1] 28000",
        "transaction:t1:released:e1: purchases[a1] <- installment_receivable[p1] 2000",
    ]
    assert show_rows(bank.plans["p1"])[1:] == rows
    assert bank.plans["p1"].refunded_minor == 2_000


def test_a_shortfall_beyond_the_scheduled_rows_pays_the_billed_one_and_then_the_cardholder() -> None:
    bank = CardBank()
    bank.authorize("t1", 30_000)
    bank.open("p1", 30_000, Terms(count=3), transaction_id="t1")
    bank.pay(4_000)
    decision = bank.clear("t1", 3_000)
    assert show_entries(decision)[1:] == [
        "transaction:t1:released:e1: purchases[a1] <- installment_receivable[p1] 20000",
        "transaction:t1:released:e1: purchases[a1] <- card_balance[a1] 7000",
    ]
    assert bank.plans["p1"].state is ServicingState.COMPLETED
    assert bank.balance(LedgerCode.CARD_BALANCE) == -1_000


def test_several_clearings_use_up_the_authorization() -> None:
    bank = CardBank()
    bank.authorize("t1", 10_000)
    bank.clear("t1", 4_000, is_final=False)
    held = bank.transactions["t1"]
    assert (held.state, held.authorized_minor) == (TransactionState.AUTHORIZED, 6_000)
    first_cleared_at = held.cleared_at
    bank.wait(1)
    bank.clear("t1", 6_000, event_id="e2", is_final=False)
    done = bank.transactions["t1"]
    assert (done.state, done.authorized_minor, done.cleared_minor) == (TransactionState.CLEARED, 0, 10_000)
    assert done.cleared_at == first_cleared_at


@pytest.mark.parametrize("state", [TransactionState.DECLINED, TransactionState.REVERSED])
def test_a_purchase_that_does_not_stand_is_neither_cleared_nor_reversed(state: TransactionState) -> None:
    bank = CardBank()
    bank.authorize("t1", 10_000)
    bank.transactions["t1"] = replace(bank.transactions["t1"], state=state)
    message = f"transaction t1: expected an authorized or cleared purchase, got one {state}"
    with pytest.raises(Conflict, match=message):
        bank.clear("t1", 10_000)
    with pytest.raises(Conflict, match=message):
        bank.reverse("t1", 10_000)


def test_a_clearing_is_at_least_a_minor_unit() -> None:
    bank = CardBank()
    bank.authorize("t1", 10_000)
    with pytest.raises(AmountRefused, match="clearing: expected at least 1 minor unit, got 0 minor units"):
        bank.clear("t1", 0)


def test_a_reversal_without_a_plan_changes_the_hold_alone() -> None:
    bank = CardBank()
    bank.authorize("t1", 10_000)
    assert bank.reverse("t1", 4_000).entries == ()
    assert (bank.transactions["t1"].state, bank.holds()) == (TransactionState.AUTHORIZED, 6_000)
    bank.reverse("t1", 6_000, event_id="e2")
    assert (bank.transactions["t1"].state, bank.holds()) == (TransactionState.REVERSED, 0)
    assert bank.entries == []


def test_the_rest_of_a_purchase_cleared_in_part_may_be_reversed() -> None:
    bank = CardBank()
    bank.authorize("t1", 10_000)
    bank.clear("t1", 4_000, is_final=False)
    bank.reverse("t1", 6_000, event_id="e2")
    assert bank.transactions["t1"].state is TransactionState.CLEARED
    assert bank.balance(LedgerCode.CARD_BALANCE) == 4_000


@pytest.mark.parametrize("amount_minor", [0, 10_001])
def test_no_more_is_reversed_than_is_held(amount_minor: int) -> None:
    bank = CardBank()
    bank.authorize("t1", 10_000)
    message = f"reversal: expected 1 to 10000 minor units, got {amount_minor} minor units"
    with pytest.raises(AmountRefused, match=message):
        bank.reverse("t1", amount_minor)


def test_a_full_reversal_gives_interest_and_fees_back_and_leaves_nothing_owed() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, Terms(rate_percent="12", fee="7.50", is_delayed=True), transaction_id="t1")
    bank.wait(31)
    bank.bill()
    bank.pay(10_000)
    decision = bank.reverse("t1", 60_000)
    assert show_entries(decision) == [
        "transaction:t1:reversed:e1: purchases[a1] <- installment_receivable[p1] 50247",
        "transaction:t1:reversed:e1: purchases[a1] <- card_balance[a1] 9753",
        "transaction:t1:reversed:e1: interest_income[v1] <- card_balance[a1] 600",
        "transaction:t1:reversed:e1: fee_income[v1] <- card_balance[a1] 125",
    ]
    plan = bank.plans["p1"]
    assert (plan.state, plan.outstanding_minor, plan.uncleared_minor) == (ServicingState.CANCELLED, 0, 0)
    assert bank.balance(LedgerCode.CARD_BALANCE) == -10_000, "what was paid is the cardholder's"
    assert bank.balance(LedgerCode.INTEREST_INCOME) == 0
    assert bank.balance(LedgerCode.FEE_INCOME) == 0


def test_a_full_reversal_gives_the_holder_of_a_debit_card_the_money_back() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(60_000)
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, transaction_id="t1")
    assert bank.balance(LedgerCode.DEPOSIT) == 50_000
    decision = bank.reverse("t1", 60_000)
    assert show_entries(decision) == [
        "transaction:t1:reversed:e1: purchases[a1] <- installment_receivable[p1] 50000",
        "transaction:t1:reversed:e1: purchases[a1] <- card_balance[a1] 10000",
        "transaction:t1:reversed:e1: card_balance[a1] <- deposit[a1] 10000",
    ]
    assert bank.balance(LedgerCode.DEPOSIT) == 60_000


def test_a_partial_reversal_lowers_the_plan_and_keeps_what_was_billed() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, transaction_id="t1")
    decision = bank.reverse("t1", 10_000)
    assert show_entries(decision) == [
        "transaction:t1:reversed:e1: purchases[a1] <- installment_receivable[p1] 10000"
    ]
    assert show_rows(bank.plans["p1"])[:2] == ["1 10000=10000+0+0 billed 0", "2 8000=8000+0+0 scheduled 0"]
    assert bank.clear("t1", 50_000).plans[0].is_cleared


def test_a_reversal_first_takes_what_was_authorized_above_the_plan() -> None:
    bank = CardBank()
    bank.authorize("t1", 65_000)
    bank.open("p1", 60_000, transaction_id="t1")
    assert bank.reverse("t1", 5_000).entries == ()
    assert show_entries(bank.reverse("t1", 2_000, event_id="e2")) == [
        "transaction:t1:reversed:e2: purchases[a1] <- installment_receivable[p1] 2000"
    ]


def test_a_reversal_after_a_refund_gives_the_cardholder_what_is_over() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, Terms(is_delayed=True), transaction_id="t1")
    bank.refund(10_000)
    decision = bank.reverse("t1", 60_000, event_id="e2")
    assert show_entries(decision) == [
        "transaction:t1:reversed:e2: purchases[a1] <- installment_receivable[p1] 50000",
        "transaction:t1:reversed:e2: purchases[a1] <- card_balance[a1] 10000",
    ]
    assert bank.plans["p1"].state is ServicingState.CANCELLED


def test_charges_are_kept_when_a_part_was_cleared_before_the_rest_fell_away() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.open("p1", 60_000, Terms(rate_percent="12", is_delayed=True), transaction_id="t1")
    bank.wait(31)
    bank.bill()
    bank.pay(10_353)
    bank.refund(10_000)
    bank.clear("t1", 10_000)
    assert bank.plans["p1"].state is ServicingState.CANCELLED
    assert bank.balance(LedgerCode.INTEREST_INCOME) == 600
    assert bank.balance(LedgerCode.CARD_BALANCE) == -9_753
