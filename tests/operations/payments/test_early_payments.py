"""Paying a lender's plan early: rows, events, the lender's books, silence, races with what else happens."""

import asyncio
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.early_acts import (
    ALL_TASKS,
    advance,
    allow,
    begin,
    list_collected,
    list_made,
    make_token,
    pay,
    see_choices,
)
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import MASTERCARD, buy, get_payment, list_events
from tests.support.refund_acts import accept, check_books, list_amounts, look

from parcela.domain.payments.early_payments import EarlyBar, EarlyKind, EarlyPayment, EarlyState
from parcela.domain.payments.ids import find_plan_id
from parcela.operations.payments.agenda import run_account
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.early_payments import (
    EarlyBarred,
    EarlyFormStale,
    EarlyFormUsed,
    pay_early,
)
from parcela.operations.payments.moment import AccountMoment

NEXT, REST = EarlyKind.NEXT, EarlyKind.REST


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own."""
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


def count_states(world: PaymentsWorld) -> dict[str, int]:
    """What no refused attempt may change."""
    tables = ("payments_event", "balance_transaction", "ledger_entry", "simulated_lender_collection")
    return {name: world.fetch(f"SELECT count(*) AS n FROM {name}")[0]["n"] for name in tables}


def test_rows_are_paid_one_by_one_before_their_day(payments: PaymentsWorld) -> None:
    bought, _ = begin(payments)
    before = len(list_events(payments, "plan", "installment"))
    made = pay(payments, bought, NEXT)
    assert (made.state, made.amount_minor) == (EarlyState.PAID, 20000)
    assert list_amounts(get_payment(payments, bought["id"])) == [
        (20000, "paid"),
        (20000, "due"),
        (20000, "due"),
    ]
    check_books(payments)
    # Row 1 is not collected again on its day; row 2 is, on its own.
    advance(payments, days=32)
    assert list_collected(payments) == [(1, 20000)]
    advance(payments, days=31)
    assert list_collected(payments) == [(1, 20000), (2, 20000)]
    assert pay(payments, bought, REST).amount_minor == 20000
    ended = get_payment(payments, bought["id"])["installments"]
    assert (ended["status"], ended["remainingAmount"], ended["remainingCount"]) == ("completed", 0, 0)
    assert list_events(payments, "plan", "installment")[before:] == [
        "installment.paid",
        "installment.due",
        "installment.paid",
        "installment.paid",
        "plan.completed",
    ]
    check_books(payments)
    advance(payments, days=60)
    assert list_collected(payments) == [(1, 20000), (2, 20000), (3, 20000)]
    credit = payments.fetch("SELECT state, outstanding_minor FROM simulated_lender_credit")
    assert credit == [{"state": "closed", "outstanding_minor": 0}]


def test_all_that_remains_saves_the_interest_to_come(payments: PaymentsWorld) -> None:
    bought, _ = begin(payments, count=12)
    advance(payments, days=40)
    plan, choices = see_choices(payments, bought)
    quote = choices.find_quote(REST)
    assert quote is not None and [row.status for row in plan.rows[:2]] == ["paid", "due"]
    principal = sum(row.principal_minor for row in plan.rows[1:])
    days = (plan.rows[1].due_date - plan.rows[0].due_date).days
    numerator, denominator = plan.offer.period_rate
    elapsed = (quote.on - plan.rows[0].due_date).days
    earned = (2 * principal * numerator * elapsed + denominator * days) // (2 * denominator * days)
    assert (quote.amount_minor, quote.saved_minor) == (
        principal + earned,
        sum(row.interest_minor for row in plan.rows[1:]) - earned,
    )
    assert 0 < earned < plan.rows[1].interest_minor
    made = pay(payments, bought, REST)
    assert (made.state, made.saved_minor) == (EarlyState.PAID, quote.saved_minor)
    after = get_payment(payments, bought["id"])["installments"]
    assert [(row["amount"], row["status"]) for row in after["schedule"]] == [
        (plan.rows[0].amount_minor, "paid"),
        (quote.amount_minor, "paid"),
        *[(0, "cancelled")] * 10,
    ]
    assert after["totalAmount"] == plan.rows[0].amount_minor + quote.amount_minor
    assert (after["status"], after["costOfCredit"]) == ("completed", plan.rows[0].interest_minor + earned)
    check_books(payments)
    # What was paid early comes back with the whole purchase, its interest too (`returnCollectedInterest`).
    refund = accept(payments, bought)
    assert (refund["effect"]["cashBack"], refund["effect"]["interestBack"]) == (60000, after["costOfCredit"])
    advance(payments, days=30)
    assert look(payments, refund)["status"] == "succeeded"
    check_books(payments)


def test_the_same_form_pays_once(payments: PaymentsWorld) -> None:
    bought, courier = begin(payments)
    token = make_token(payments, bought, NEXT)
    plan_id = find_plan_id(bought["installments"]["plan"])
    assert plan_id is not None

    async def press(desk: PaymentsDesk, moment: AccountMoment) -> list[Any]:
        tries = [pay_early(desk, moment, plan_id, NEXT, form_token=token) for _ in range(5)]
        return await asyncio.gather(*tries, return_exceptions=True)

    answers = payments.as_account(press)
    assert [answer.state for answer in answers if isinstance(answer, EarlyPayment)] == [EarlyState.PAID]
    assert [type(answer) for answer in answers if not isinstance(answer, EarlyPayment)] == [EarlyFormUsed] * 4
    assert (courier.asked, list_collected(payments)) == (1, [(1, 20000)])
    before = count_states(payments)
    with pytest.raises(EarlyFormUsed):
        pay(payments, bought, NEXT, form_token=token)
    assert count_states(payments) == before
    check_books(payments)


@pytest.mark.parametrize(
    "wrong", ["", ".", "1", "1.", "9" * 30 + ".x", "x.y", "-1.x", "1." + "A" * 43, "²." + "A" * 43]
)
def test_a_form_that_is_not_ours_is_refused(shared: tuple[PaymentsWorld, dict[str, Any]], wrong: str) -> None:
    world, bought = shared
    before = count_states(world)
    with pytest.raises(EarlyFormStale):
        pay(world, bought, REST, form_token=wrong or "?")
    assert (count_states(world), list_made(world)) == (before, [])


def test_a_form_of_another_kind_or_day_is_refused(shared: tuple[PaymentsWorld, dict[str, Any]]) -> None:
    world, bought = shared
    token = make_token(world, bought, NEXT)
    with pytest.raises(EarlyFormStale):
        pay(world, bought, REST, form_token=token)
    advance(world, days=1)
    with pytest.raises(EarlyFormStale):
        pay(world, bought, NEXT, form_token=token)
    assert (list_made(world), list_collected(world)) == ([], [])


@pytest.fixture(scope="module")
def shared(demo_template: DemoTemplate) -> Iterator[tuple[PaymentsWorld, dict[str, Any]]]:
    """One plan for all tests that change nothing of it."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_payments_world(demo_template.server.url_of(name), demo_template.home) as world:
        bought, _ = begin(world)
        yield world, bought
    demo_template.server.drop_database(name)


def test_what_the_program_or_the_bank_does_not_allow_is_not_offered(payments: PaymentsWorld) -> None:
    bought, courier = begin(payments)
    token = make_token(payments, bought, REST)
    allow(payments, is_allowed=False)
    by_bank = buy(payments, MASTERCARD, 3)
    for payment, bar in ((bought, EarlyBar.NOT_ALLOWED), (by_bank, EarlyBar.BY_ISSUER)):
        choices = see_choices(payments, payment)[1]
        assert (choices.bar, choices.quotes) == (bar, ())
        with pytest.raises(EarlyBarred) as barred:
            pay(payments, payment, REST, form_token=token)
        assert barred.value.bar is bar
    assert (courier.asked, list_made(payments)) == (0, [])


def test_a_refused_early_payment_leaves_the_plan_as_it_was(payments: PaymentsWorld) -> None:
    # This payer's first attempt at a row is refused, the second is paid.
    bought, _ = begin(payments, "bnpl-late")
    before = len(list_events(payments, "plan", "installment"))
    refused = pay(payments, bought, REST)
    assert refused.state is EarlyState.REFUSED
    assert list_amounts(get_payment(payments, bought["id"])) == [(20000, "due")] * 3
    assert list_events(payments, "plan", "installment")[before:] == []
    check_books(payments)
    # It is no reason to call the payer late: on its day the row is tried as for the first time.
    advance(payments, days=32)
    assert list_collected(payments) == [(1, 20000)]
    assert list_amounts(get_payment(payments, bought["id"]))[0] == (20000, "paid")
    rows = payments.fetch("SELECT attempts, early_attempts FROM payment_plan_row ORDER BY number")
    assert [tuple(row.values()) for row in rows] == [(1, 1), (0, 0), (0, 0)]
    check_books(payments)


@pytest.mark.parametrize("kind", list(EarlyKind))
@pytest.mark.parametrize("was_paid", [True, False], ids=["answer lost", "never asked"])
def test_a_silent_lender_is_asked_again_and_collects_once(
    payments: PaymentsWorld, kind: EarlyKind, *, was_paid: bool
) -> None:
    bought, courier = begin(payments)
    courier.loses_answer, courier.is_deaf = was_paid, not was_paid
    made = pay(payments, bought, kind)
    assert made.state is EarlyState.ASKED
    assert see_choices(payments, bought)[1].bar is EarlyBar.UNDER_WAY
    check_books(payments)
    # While nobody knows, neither the row's own day nor another form asks for it.
    advance(payments, days=32)
    assert list_amounts(get_payment(payments, bought["id"]))[0] == (20000, "due")
    assert list_collected(payments) == ([(1, made.amount_minor)] if was_paid else [])
    check_books(payments)
    courier.loses_answer = courier.is_deaf = False
    advance(payments, seconds=1)
    rows = [(20000, "paid"), (20000, "due"), (20000, "due")]
    if kind is REST:
        rows = [(60000, "paid"), (0, "cancelled"), (0, "cancelled")]
    assert list_amounts(get_payment(payments, bought["id"])) == rows
    assert list_collected(payments) == [(1, made.amount_minor)]
    assert list_made(payments) == [(kind, "paid", made.amount_minor)]
    check_books(payments)
    advance(payments, days=90)
    assert sum(amount for _, amount in list_collected(payments)) == 60000
    check_books(payments)


def test_a_row_that_is_being_collected_is_not_paid_early(payments: PaymentsWorld) -> None:
    bought, courier = begin(payments)
    token = make_token(payments, bought, NEXT)
    courier.loses_answer = True
    advance(payments, days=32)
    assert list_collected(payments) == [(1, 20000)]
    with pytest.raises(EarlyBarred) as barred:
        pay(payments, bought, NEXT, form_token=token)
    assert (barred.value.bar, list_made(payments)) == (EarlyBar.UNDER_WAY, [])
    courier.loses_answer = False
    advance(payments, seconds=1)
    # What was quoted is paid by now: the old form does not pay the row after it.
    with pytest.raises(EarlyFormStale):
        pay(payments, bought, NEXT, form_token=token)
    assert list_collected(payments) == [(1, 20000)]
    check_books(payments)


def test_a_row_is_collected_once_when_its_day_and_its_payer_meet(payments: PaymentsWorld) -> None:
    bought, _ = begin(payments, count=6)
    for number in range(1, 6):
        token = make_token(payments, bought, NEXT)
        plan_id = find_plan_id(bought["installments"]["plan"])
        assert plan_id is not None
        payments.fetch("UPDATE payment_plan_row SET collect_on = '2000-01-01' WHERE number = $1"
                       " RETURNING 1", number)  # fmt: skip
        payments.fetch("UPDATE payments_task SET due_at = '2000-01-01', retry_at = '-infinity'"
                       " WHERE kind = 'collect_row' RETURNING 1")  # fmt: skip

        async def meet(
            desk: PaymentsDesk, moment: AccountMoment, plan_id: str = plan_id, token: str = token
        ) -> None:
            early = pay_early(desk, moment, plan_id, NEXT, form_token=token)
            at_once = await asyncio.gather(
                early, run_account(desk, ALL_TASKS, moment.owner), return_exceptions=True
            )
            assert isinstance(at_once[0], EarlyPayment | EarlyBarred | EarlyFormStale), at_once

        payments.as_account(meet)
        advance(payments, seconds=1)
        paid = [status for _, status in list_amounts(get_payment(payments, bought["id"]))]
        assert paid == ["paid"] * number + ["due"] * (6 - number)
        assert sorted(list_collected(payments)) == [(n, 10000) for n in range(1, number + 1)]
        check_books(payments)


@pytest.mark.parametrize(
    ("kind", "amount", "rows", "cash_back"),
    [
        pytest.param(NEXT, 10000, [(20000, "paid"), (15000, "due"), (15000, "due")], 0, id="next, in part"),
        pytest.param(
            REST, 10000, [(60000, "paid"), (0, "cancelled"), (0, "cancelled")], 10000, id="all, in part"
        ),
        pytest.param(
            REST, None, [(60000, "paid"), (0, "cancelled"), (0, "cancelled")], 60000, id="all, in full"
        ),
        pytest.param(
            NEXT, None, [(20000, "paid"), (0, "cancelled"), (0, "cancelled")], 20000, id="next, in full"
        ),
    ],
)
def test_a_refund_while_the_lender_collects_early(
    payments: PaymentsWorld,
    kind: EarlyKind,
    amount: int | None,
    rows: list[tuple[int, str]],
    cash_back: int,
) -> None:
    bought, courier = begin(payments)
    accepted: list[dict[str, Any]] = []

    async def refund_meanwhile() -> None:
        body = {"payment": bought["id"]} | ({} if amount is None else {"amount": amount})
        answer = await asyncio.to_thread(payments.post, "/v1/refunds", body)
        assert answer.status == 201, answer.raw
        accepted.append(answer.body)

    courier.on_the_way = refund_meanwhile
    assert pay(payments, bought, kind).state is EarlyState.PAID
    check_books(payments)
    advance(payments, days=12)
    ended = look(payments, accepted[0])
    assert (ended["status"], ended["effect"]["cashBack"]) == ("succeeded", cash_back)
    assert list_amounts(get_payment(payments, bought["id"])) == rows
    check_books(payments)
    advance(payments, days=100)
    paid = sum(
        number for number, status in list_amounts(get_payment(payments, bought["id"])) if status == "paid"
    )
    assert sum(number for _, number in list_collected(payments)) == paid
    check_books(payments)


def test_nothing_is_paid_early_while_a_refund_is_pending(payments: PaymentsWorld) -> None:
    bought, courier = begin(payments)
    token = make_token(payments, bought, REST)
    made = accept(payments, bought, amount=30000)
    with pytest.raises(EarlyBarred) as barred:
        pay(payments, bought, REST, form_token=token)
    assert (barred.value.bar, courier.asked) == (EarlyBar.REFUND_PENDING, 0)
    advance(payments, days=12)
    assert look(payments, made)["status"] == "succeeded"
    with pytest.raises(EarlyFormStale):
        pay(payments, bought, REST, form_token=token)
    assert pay(payments, bought, REST).amount_minor == 30000
    assert get_payment(payments, bought["id"])["installments"]["status"] == "completed"
    check_books(payments)


def test_after_five_refusals_the_payer_is_sent_to_the_lender(payments: PaymentsWorld) -> None:
    bought, _ = begin(payments)
    payments.fetch("UPDATE simulated_lender_credit SET state = 'closed', outstanding_minor = 0,"
                   " closed_at = opened_at RETURNING 1")  # fmt: skip
    for _ in range(5):
        assert pay(payments, bought, NEXT).state is EarlyState.REFUSED
    assert see_choices(payments, bought)[1].bar is EarlyBar.REFUSED_TOO_OFTEN
    assert list_amounts(get_payment(payments, bought["id"])) == [(20000, "due")] * 3
    check_books(payments)


def test_the_view_finds_early_payments_that_their_plan_does_not_know(payments: PaymentsWorld) -> None:
    bought, courier = begin(payments)
    courier.is_deaf = True
    pay(payments, bought, NEXT)
    view = "SELECT what FROM broken_early_payment"
    payments.fetch("UPDATE payment_plan_row SET is_asked = false RETURNING 1")
    assert payments.fetch(view) == [{"what": "row 1 is not held for its early payment"}]
    payments.fetch("UPDATE payment_plan_row SET is_asked = true WHERE number = 1 RETURNING 1")
    payments.fetch("DELETE FROM payments_task WHERE kind = 'resolve_early_payment' RETURNING 1")
    assert payments.fetch(view) == [{"what": "an early payment is under way and nothing is planned for it"}]
    payments.fetch(
        "UPDATE payment_early_payment SET state = 'paid', kind = 'rest', ended_at = asked_at RETURNING 1"
    )
    assert payments.fetch(f"{view} ORDER BY what") == [
        {"what": "all of it was paid early and it is active"},
        {"what": "row 1 is not what was paid early"},
    ]
