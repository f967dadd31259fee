"""A notice becomes a plan: entries before and after clearing, parts of rows, and notices that are refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from tests.support.book_text import show_entries, show_rows
from tests.support.card_bank import CardBank, Terms

from parcela.domain.cards import CardFunding
from parcela.domain.ledger import LedgerCode
from parcela.domain.servicing.commands import PostedPurchase, Standing
from parcela.domain.servicing.opening import decide_opening
from parcela.domain.servicing.records import PlanNotice, ServicingState, TransactionState
from parcela.domain.servicing.refusals import NoticeRefused


def test_before_clearing_the_receivable_is_opened_and_the_first_row_billed() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    decision = bank.open("p1", 60_000, transaction_id="t1")
    assert show_entries(decision) == [
        "plan:p1:opened: installment_receivable[p1] <- purchases[a1] 60000",
        "plan:p1:row:1:billed: card_balance[a1] <- installment_receivable[p1] 10000",
    ]
    assert [event.type for event in decision.events] == ["plan.opened", "installment.billed"]
    assert decision.transaction is not None
    assert (decision.transaction.plan_id, decision.transaction.lock_version) == ("p1", 2)
    assert decision.plans[0].transaction_id == "t1"
    assert decision.plans[0].uncleared_minor == 60_000


def test_a_plan_without_a_known_transaction_opens_in_the_same_way() -> None:
    decision = CardBank().open("p1", 60_000)
    assert show_entries(decision) == [
        "plan:p1:opened: installment_receivable[p1] <- purchases[a1] 60000",
        "plan:p1:row:1:billed: card_balance[a1] <- installment_receivable[p1] 10000",
    ]
    assert decision.transaction is None
    assert decision.plans[0].transaction_id is None


def test_after_clearing_the_full_amount_is_reversed_first() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.clear("t1", 60_000)
    decision = bank.open("p1", 60_000, transaction_id="t1")
    assert show_entries(decision) == [
        "plan:p1:purchase_reversed: purchases[a1] <- card_balance[a1] 60000",
        "plan:p1:opened: installment_receivable[p1] <- purchases[a1] 60000",
        "plan:p1:row:1:billed: card_balance[a1] <- installment_receivable[p1] 10000",
    ]
    assert decision.entries[0].reverses == "transaction:t1:posted:e1"
    assert decision.plans[0].uncleared_minor == 0


def test_each_of_several_clearings_is_reversed_by_an_entry_of_its_own() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.clear("t1", 25_000, is_final=False)
    bank.clear("t1", 35_000, event_id="e2")
    decision = bank.open("p1", 60_000, transaction_id="t1")
    assert [(entry.event_key, entry.reverses) for entry in decision.entries[:3]] == [
        ("plan:p1:purchase_reversed", "transaction:t1:posted:e1"),
        ("plan:p1:purchase_reversed:2", "transaction:t1:posted:e2"),
        ("plan:p1:opened", None),
    ]


def test_a_debit_card_gets_its_deposit_back_and_row_1_is_collected() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(60_000)
    bank.authorize("t1", 60_000)
    bank.clear("t1", 60_000)
    decision = bank.open("p1", 60_000, transaction_id="t1")
    assert show_entries(decision) == [
        "plan:p1:purchase_reversed: purchases[a1] <- card_balance[a1] 60000",
        "plan:p1:collection_reversed: card_balance[a1] <- deposit[a1] 60000",
        "plan:p1:opened: installment_receivable[p1] <- purchases[a1] 60000",
        "plan:p1:row:1:billed: card_balance[a1] <- installment_receivable[p1] 10000",
        "plan:p1:row:1:collected:1: deposit[a1] <- card_balance[a1] 10000",
    ]
    assert bank.balance(LedgerCode.DEPOSIT) == 50_000
    assert show_rows(bank.plans["p1"])[0] == "1 10000=10000+0+0 paid 10000"


def test_what_was_cleared_above_the_plan_goes_back_on_the_card() -> None:
    bank = CardBank()
    bank.authorize("t1", 65_000)
    bank.clear("t1", 65_000)
    decision = bank.open("p1", 60_000, transaction_id="t1")
    assert show_entries(decision) == [
        "plan:p1:purchase_reversed: purchases[a1] <- card_balance[a1] 65000",
        "plan:p1:opened: installment_receivable[p1] <- purchases[a1] 60000",
        "plan:p1:remainder_posted: card_balance[a1] <- purchases[a1] 5000",
        "plan:p1:row:1:billed: card_balance[a1] <- installment_receivable[p1] 10000",
    ]
    assert bank.standing().revolving_minor == 5_000


def test_a_debit_card_pays_that_remainder_out_of_its_deposit() -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(65_000)
    bank.authorize("t1", 65_000)
    bank.clear("t1", 65_000)
    decision = bank.open("p1", 60_000, Terms(is_delayed=True), transaction_id="t1")
    assert show_entries(decision)[-2:] == [
        "plan:p1:remainder_posted: card_balance[a1] <- purchases[a1] 5000",
        "plan:p1:remainder_posted: deposit[a1] <- card_balance[a1] 5000",
    ]
    assert bank.balance(LedgerCode.DEPOSIT) == 60_000
    assert bank.balance(LedgerCode.CARD_BALANCE) == 0


def test_less_cleared_for_good_than_the_plan_finances_lowers_its_later_rows() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.clear("t1", 55_000)
    decision = bank.open("p1", 60_000, transaction_id="t1")
    assert show_entries(decision)[-2:] == [
        "plan:p1:row:1:billed: card_balance[a1] <- installment_receivable[p1] 10000",
        "plan:p1:released: purchases[a1] <- installment_receivable[p1] 5000",
    ]
    assert decision.plans[0].refunded_minor == 5_000
    assert show_rows(decision.plans[0]) == [
        "1 10000=10000+0+0 billed 0",
        *[f"{number} 9000=9000+0+0 scheduled 0" for number in range(2, 7)],
    ]


def test_less_cleared_so_far_leaves_the_rest_to_a_later_clearing() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.clear("t1", 20_000, is_final=False)
    bank.open("p1", 60_000, transaction_id="t1")
    assert (bank.plans["p1"].uncleared_minor, bank.plans["p1"].refunded_minor) == (40_000, 0)
    bank.clear("t1", 40_000, event_id="e2")
    assert bank.plans["p1"].is_cleared


def test_a_first_row_after_the_purchase_is_not_billed_at_opening() -> None:
    decision = CardBank().open("p1", 60_000, Terms(is_delayed=True))
    assert show_entries(decision) == ["plan:p1:opened: installment_receivable[p1] <- purchases[a1] 60000"]


def test_a_first_row_due_with_the_purchase_is_billed_however_late_the_notice_comes() -> None:
    bank = CardBank()
    notice, split = bank.notice("p1", 60_000, Terms())
    bank.wait(40)
    decision = decide_opening(
        notice, bank.account, purchase=None, split=split, standing=Standing(), now=bank.now
    )
    bank.apply(decision)
    assert [(row.state.value, row.billed_on) for row in decision.plans[0].rows[:2]] == [
        ("billed", date(2026, 4, 14)),
        ("scheduled", None),
    ]
    bank.bill()
    assert bank.plans["p1"].rows[1].billed_on == date(2026, 4, 14)


def test_row_1_is_paid_by_credit_that_lies_on_the_card() -> None:
    bank = CardBank()
    bank.pay(4_000)
    bank.open("p1", 60_000)
    assert show_rows(bank.plans["p1"])[0] == "1 10000=10000+0+0 billed 4000"


def test_a_purchase_that_was_paid_before_its_plan_was_noticed_pays_row_1() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.clear("t1", 60_000)
    bank.pay(60_000)
    bank.open("p1", 60_000, transaction_id="t1")
    assert show_rows(bank.plans["p1"])[0] == "1 10000=10000+0+0 paid 10000"
    assert bank.standing().credit_minor == 50_000


def test_rows_of_an_unknown_program_are_split_by_the_rate_that_they_imply() -> None:
    bank = CardBank()
    bank.open("p1", 60_000, Terms(rate_percent="12", is_delayed=True), is_split_known=False)
    plan = bank.plans["p1"]
    assert show_rows(plan) == [
        "1 10353=9753+600+0 scheduled 0",
        "2 10353=9850+503+0 scheduled 0",
        "3 10353=9949+404+0 scheduled 0",
        "4 10353=10048+305+0 scheduled 0",
        "5 10353=10149+204+0 scheduled 0",
        "6 10353=10251+102+0 scheduled 0",
    ]
    # 1.0002754359 % a month: rows rounded up to the cent cost a little more than the program's 1 %.
    assert plan.rate == (10_002_754_359, 10**12)
    assert plan.in_advance is False


def test_a_fee_of_an_unknown_program_counts_as_interest() -> None:
    bank = CardBank()
    bank.open("p1", 60_000, Terms(count=3, fee="6"), is_split_known=False)
    plan = bank.plans["p1"]
    assert plan.in_advance is True
    assert sum(row.interest_minor for row in plan.rows) == 600
    assert show_rows(plan)[0] == "1 20200=20200+0+0 billed 0"


Change = Callable[[PlanNotice], PlanNotice]


def change_row(place: int, **changes: object) -> Change:
    def change(notice: PlanNotice) -> PlanNotice:
        rows = tuple(
            replace(row, **changes) if row.number == place else row  # type: ignore[arg-type]
            for row in notice.rows
        )
        return replace(notice, rows=rows)

    return change


REFUSED_NOTICES: list[tuple[str, Change, str]] = [
    ("another currency", lambda notice: replace(notice, currency="EUR"), "currency: expected USD, got EUR"),
    (
        "a sum that is not the total",
        lambda notice: replace(notice, total_minor=60_002),
        "rows: expected a sum of 60002 minor units, got 60000",
    ),
    (
        "a gap in the numbers",
        change_row(2, number=9),
        "rows: expected numbers 1 to 3 in order, got 1, 9, 3",
    ),
    (
        "no rows",
        lambda notice: replace(notice, rows=()),
        "rows: expected numbers 1 to 1 in order, got no rows",
    ),
    (
        "a row of nothing",
        change_row(2, amount_minor=0),
        "row 2: expected at least 1 minor unit, got 0",
    ),
    (
        "two rows on a day",
        change_row(2, due_date=date(2026, 3, 5)),
        "row 2: expected a due date after 2026-03-05, got 2026-03-05",
    ),
    (
        "rows below the purchase",
        lambda notice: replace(notice, amount_minor=60_001),
        "amount: expected 1 to 60000 minor units, the sum of the rows, got 60001",
    ),
    (
        "a purchase of nothing",
        lambda notice: replace(notice, amount_minor=0),
        "amount: expected 1 to 60000 minor units, the sum of the rows, got 0",
    ),
]


@pytest.mark.parametrize(
    ("change", "message"),
    [(change, message) for _, change, message in REFUSED_NOTICES],
    ids=[name for name, _, _ in REFUSED_NOTICES],
)
def test_a_notice_that_contradicts_itself_is_refused(change: Change, message: str) -> None:
    bank = CardBank()
    notice, split = bank.notice("p1", 60_000, Terms(count=3))
    with pytest.raises(NoticeRefused) as refusal:
        decide_opening(
            change(notice), bank.account, purchase=None, split=split, standing=Standing(), now=bank.now
        )
    assert str(refusal.value) == message


REFUSED_PURCHASES: list[tuple[dict[str, object], str]] = [
    ({"currency": "EUR"}, "expected currency USD, got EUR"),
    ({"state": TransactionState.DECLINED}, "expected a purchase that stands, got one declined"),
    ({"state": TransactionState.REVERSED}, "expected a purchase that stands, got one reversed"),
    ({"is_disputed": True}, "expected a purchase without a dispute, got one that is disputed"),
    ({"refunded_minor": 1}, "expected no refunds yet, got 1 minor units refunded"),
    ({"plan_id": "p9"}, "expected no plan yet, got plan p9"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED_PURCHASES)
def test_a_purchase_that_cannot_be_financed_is_refused(changes: dict[str, object], message: str) -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    notice, split = bank.notice("p1", 60_000, Terms())
    transaction = replace(bank.transactions["t1"], **changes)  # type: ignore[arg-type]
    with pytest.raises(NoticeRefused) as refusal:
        decide_opening(
            notice,
            bank.account,
            purchase=PostedPurchase(transaction=transaction),
            split=split,
            standing=Standing(),
            now=bank.now,
        )
    assert str(refusal.value) == f"transaction t1: {message}"


def test_entries_of_another_purchase_are_a_fault_of_the_caller() -> None:
    bank = CardBank()
    bank.authorize("t1", 60_000)
    bank.clear("t1", 60_000)
    notice, split = bank.notice("p1", 60_000, Terms())
    with pytest.raises(AssertionError, match="not those of the cleared purchase"):
        decide_opening(
            notice,
            bank.account,
            purchase=PostedPurchase(transaction=bank.transactions["t1"], entries=()),
            split=split,
            standing=Standing(),
            now=bank.now,
        )


def test_an_opened_plan_is_active_in_its_first_version() -> None:
    bank = CardBank()
    bank.open("p1", 60_000)
    plan = bank.plans["p1"]
    assert (plan.state, plan.lock_version, plan.merchant_name) == (
        ServicingState.ACTIVE,
        1,
        "Globex Decor",
    )


@pytest.mark.parametrize(
    ("deposit_minor", "collected_minor", "left_minor", "owed_minor"),
    [
        (3_000, 3_000, 0, 2_000),  # Less than the remainder.
        (12_000, 5_000, 7_000, 0),  # The remainder, but then not row 1 as well.
        (15_000, 5_000, 0, 0),  # The remainder and row 1.
    ],
)
def test_a_short_deposit_pays_the_remainder_before_row_1(
    deposit_minor: int, collected_minor: int, left_minor: int, owed_minor: int
) -> None:
    bank = CardBank(funding=CardFunding.DEBIT)
    bank.deposit(deposit_minor)
    bank.authorize("t1", deposit_minor)
    bank.clear("t1", 65_000)
    decision = bank.open("p1", 60_000, transaction_id="t1")
    remainder = f"plan:p1:remainder_posted: deposit[a1] <- card_balance[a1] {collected_minor}"
    assert remainder in show_entries(decision)
    assert bank.balance(LedgerCode.DEPOSIT) == left_minor
    assert bank.standing().owed_minor == owed_minor
