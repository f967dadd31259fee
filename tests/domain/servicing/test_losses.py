"""Write-offs and recoveries: what is lost, what comes back, and no more than that."""

import pytest
from tests.support.book_text import show_entries, show_rows
from tests.support.card_bank import CardBank, Terms

from parcela.domain.errors import Conflict
from parcela.domain.ledger import LedgerCode
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.records import ServicingState
from parcela.domain.servicing.refusals import AmountRefused, IllegalTransition, PlanHeld


def lose() -> CardBank:
    """30.00 of 300.00 were paid, then nothing more."""
    bank = CardBank()
    bank.authorize("t1", 30_000)
    bank.open("p1", 30_000, Terms(count=3, fee="6"), transaction_id="t1")
    bank.clear("t1", 30_000)
    bank.pay(3_000)
    bank.wait(60)
    bank.mark_late()
    bank.write_off()
    return bank


def test_a_loss_is_what_was_billed_and_what_was_to_come_without_charges() -> None:
    bank = lose()
    assert show_entries_of_last(bank) == [
        "plan:p1:written_off credit_losses <- card_balance 7200",
        "plan:p1:written_off credit_losses <- installment_receivable 20000",
    ]
    assert show_rows(bank.plans["p1"]) == [
        "1 10200=10000+0+200 written_off 3000",
        "2 10000=10000+0+0 written_off 0",
        "3 10000=10000+0+0 written_off 0",
    ]
    assert bank.plans["p1"].written_off_minor == 27_200
    assert bank.plans["p1"].outstanding_minor == 0
    assert [event.type for event in bank.events[-2:]] == ["plan.written_off", "plan.defaulted"]


def show_entries_of_last(bank: CardBank) -> list[str]:
    entry = bank.entries[-1]
    return [
        f"{entry.event_key} {posting.debit.code} <- {posting.credit.code} {posting.amount_minor}"
        for posting in entry.postings
    ]


def test_recoveries_lead_to_recovered_when_the_whole_loss_is_back() -> None:
    bank = lose()
    decision = bank.recover(27_199)
    assert show_entries(decision) == ["recovery:r1: cash[v1] <- credit_losses[v1] 27199"]
    assert bank.plans["p1"].state is ServicingState.DEFAULTED
    assert decision.events[0].data["left_minor"] == 1
    bank.recover(1, event_id="r2")
    assert bank.plans["p1"].state is ServicingState.RECOVERED
    assert bank.balance(LedgerCode.CREDIT_LOSSES) == 0


@pytest.mark.parametrize("amount_minor", [0, 27_201])
def test_no_more_is_recovered_than_was_lost(amount_minor: int) -> None:
    bank = lose()
    message = f"recovery: expected 1 to 27200 minor units, got {amount_minor} minor units"
    with pytest.raises(AmountRefused, match=message):
        bank.recover(amount_minor)
    assert bank.plans["p1"].recovered_minor == 0


def test_a_refund_of_a_lost_plan_recovers_the_loss_first() -> None:
    bank = lose()
    bank.recover(20_000)
    decision = bank.refund(10_000, transaction_id="t1")
    assert show_entries(decision) == [
        "refund:e1: clearing[v1] <- refunds[a1] 10000",
        "refund:e1: refunds[a1] <- credit_losses[v1] 7200",
        "refund:e1: refunds[a1] <- card_balance[a1] 2800",
    ]
    assert bank.plans["p1"].state is ServicingState.RECOVERED
    decision = bank.refund(20_000, transaction_id="t1", event_id="e2", strategy=RefundStrategy.LAST_FIRST)
    assert show_entries(decision)[1:] == ["refund:e2: refunds[a1] <- card_balance[a1] 20000"]


def test_a_clearing_below_a_plan_that_was_lost_lowers_the_loss() -> None:
    bank = CardBank()
    bank.authorize("t1", 30_000)
    bank.open("p1", 30_000, Terms(count=3), transaction_id="t1")
    bank.write_off()
    decision = bank.clear("t1", 25_000)
    assert show_entries(decision)[1:] == [
        "transaction:t1:released:e1: purchases[a1] <- credit_losses[v1] 5000"
    ]


def test_only_active_plans_are_written_off_and_only_lost_ones_recovered() -> None:
    bank = CardBank()
    bank.open("p1", 30_000, Terms(count=3))
    with pytest.raises(IllegalTransition, match="a plan that is active does not admit recover_part"):
        bank.recover(1)
    bank.pay_off()
    with pytest.raises(IllegalTransition, match="a plan that is completed does not admit write_off"):
        bank.write_off()


def test_a_disputed_plan_is_not_written_off() -> None:
    bank = CardBank()
    bank.authorize("t1", 30_000)
    bank.open("p1", 30_000, Terms(count=3), transaction_id="t1")
    bank.clear("t1", 30_000)
    bank.dispute(transaction_id="t1")
    with pytest.raises(PlanHeld, match="plan p1 has an open dispute"):
        bank.write_off()


def test_fees_alone_that_were_not_billed_are_no_loss() -> None:
    bank = CardBank()
    bank.open("p1", 30_000, Terms(count=3, fee="6"))
    bank.pay(10_200)
    bank.refund(20_000)
    assert show_rows(bank.plans["p1"])[1] == "2 400=0+0+400 scheduled 0"
    with pytest.raises(Conflict, match="expected something to write off, got charges not billed yet"):
        bank.write_off()


def test_a_row_without_principal_is_cancelled_with_the_loss() -> None:
    bank = CardBank()
    bank.open("p1", 30_000, Terms(count=3, rate_percent="12", is_delayed=True))
    bank.refund(10_000, strategy=RefundStrategy.NEXT_FIRST)
    assert show_rows(bank.plans["p1"])[0] == "1 200=0+200+0 scheduled 0"
    bank.write_off()
    assert show_rows(bank.plans["p1"])[0] == "1 0=0+0+0 cancelled 0"
    assert bank.plans["p1"].written_off_minor == 20_000
