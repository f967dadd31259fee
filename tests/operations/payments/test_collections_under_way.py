"""Refunds of a plan whose lender is being asked for a row: whatever comes of it, both stand in the end."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import advance, buy_lent, get_payment
from tests.support.refund_acts import accept, check_books, list_amounts, look, refund

from parcela.domain.payments.plans import PaymentPlan, PlanRow
from parcela.operations.payments.lending import CollectionWord, Lender


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own, served by two engines."""
    with open_payments_world(database_url, demo_template.home, engines=2) as opened:
        yield opened


@dataclass
class Courier:
    """The lender, with what happens between its collection and its answer."""

    inner: Any
    on_the_way: Callable[[], Awaitable[None]] | None = None
    loses_answer: bool = False
    is_deaf: bool = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def collect(self, plan: PaymentPlan, row: PlanRow, *, attempt: int, at: datetime) -> CollectionWord:
        if self.is_deaf:
            return CollectionWord.UNAVAILABLE
        word: CollectionWord = await self.inner.collect(plan, row, attempt=attempt, at=at)
        if self.on_the_way is not None:
            await self.on_the_way()
        return CollectionWord.UNAVAILABLE if self.loses_answer else word


def begin(payments: PaymentsWorld) -> tuple[dict[str, Any], Courier]:
    """A lender's plan of 3 × 200.00, which the lender knows."""
    bought = buy_lent(payments, "ada")
    advance(payments, minutes=1)
    lender: Lender = payments.desk.lender
    courier = Courier(lender)
    payments.set_desk(lender=courier)
    return bought, courier


def try_again(payments: PaymentsWorld) -> None:
    """What rests after a failure is due."""
    payments.fetch("UPDATE payments_task SET retry_at = '-infinity' RETURNING 1")
    advance(payments, seconds=0)


def list_collected(payments: PaymentsWorld) -> list[tuple[int, int]]:
    """Number and amount of the rows whose money the lender has."""
    rows = payments.fetch(
        "SELECT number, amount_minor FROM simulated_lender_collection WHERE word = 'paid' ORDER BY number"
    )
    return [(row["number"], row["amount_minor"]) for row in rows]


@pytest.mark.parametrize(
    ("amount", "rows", "cash_back"),
    [
        # Less than what is left: spread over rows 2 and 3.
        pytest.param(10000, [(20000, "paid"), (15000, "due"), (15000, "due")], 0, id="in part"),
        # More than what is left once row 1 is paid: the rest goes back in cash.
        pytest.param(50000, [(20000, "paid"), (0, "cancelled"), (0, "cancelled")], 10000, id="beyond"),
        pytest.param(None, [(20000, "paid"), (0, "cancelled"), (0, "cancelled")], 20000, id="in full"),
    ],
)
@pytest.mark.parametrize("loses_answer", [False, True], ids=["answered", "answer lost"])
def test_a_refund_while_a_row_is_collected(
    payments: PaymentsWorld,
    amount: int | None,
    rows: list[tuple[int, str]],
    cash_back: int,
    *,
    loses_answer: bool,
) -> None:
    bought, courier = begin(payments)
    made: list[dict[str, Any]] = []

    async def refund_meanwhile() -> None:
        courier.on_the_way = None
        body = {"payment": bought["id"]} | ({} if amount is None else {"amount": amount})
        answer = await asyncio.to_thread(payments.post, "/v1/refunds", body)
        assert answer.status == 201, answer.raw
        made.append(answer.body)

    courier.on_the_way, courier.loses_answer = refund_meanwhile, loses_answer
    advance(payments, days=31)
    if loses_answer:
        assert list_amounts(get_payment(payments, bought["id"]))[0] == (20000, "due")
        courier.loses_answer = False
        try_again(payments)
    assert list_collected(payments) == [(1, 20000)]
    assert list_amounts(get_payment(payments, bought["id"])) == [
        (20000, "paid"),
        (20000, "due"),
        (20000, "due"),
    ]
    check_books(payments)
    advance(payments, days=9)
    ended = look(payments, made[0])
    assert (ended["status"], ended["effect"]["cashBack"]) == ("succeeded", cash_back)
    assert [row["number"] for row in ended["effect"]["plan"]["before"]] == [2, 3]
    assert list_amounts(get_payment(payments, bought["id"])) == rows
    check_books(payments)
    advance(payments, days=100)
    assert list_collected(payments) == [
        (number, amount) for number, (amount, _) in enumerate(rows, 1) if amount
    ]
    check_books(payments)


def test_a_refund_is_not_concluded_before_the_lender_has_answered(payments: PaymentsWorld) -> None:
    bought, courier = begin(payments)
    courier.loses_answer = True
    advance(payments, days=31)
    made = accept(payments, bought, amount=10000)
    courier.is_deaf = True
    advance(payments, days=9)
    assert look(payments, made)["status"] == "pending"
    check_books(payments)
    courier.is_deaf = courier.loses_answer = False
    try_again(payments)
    try_again(payments)
    assert look(payments, made)["status"] == "succeeded"
    assert list_amounts(get_payment(payments, bought["id"])) == [
        (20000, "paid"),
        (15000, "due"),
        (15000, "due"),
    ]
    assert list_collected(payments) == [(1, 20000)]
    check_books(payments)


def test_the_next_refund_is_bound_by_the_rows_as_they_are(payments: PaymentsWorld) -> None:
    bought, courier = begin(payments)
    courier.loses_answer = True
    advance(payments, days=31)
    accept(payments, bought, amount=10000)
    courier.loses_answer = False
    try_again(payments)
    # 600.00 − 100.00 pending − 200.00 collected.
    refused = refund(payments, bought, amount=30001)
    assert (refused.status, refused.error["details"]) == (422, {"maximum": 30000, "full_amount": 50000})
    second = accept(payments, bought, amount=30000)
    assert [row["number"] for row in second["effect"]["plan"]["before"]] == [2, 3]
    advance(payments, days=12)
    assert list_amounts(get_payment(payments, bought["id"])) == [
        (20000, "paid"),
        (0, "cancelled"),
        (0, "cancelled"),
    ]
    assert get_payment(payments, bought["id"])["installments"]["status"] == "completed"
    check_books(payments)


def test_a_refund_that_is_withdrawn_leaves_the_row_that_was_asked_for(payments: PaymentsWorld) -> None:
    bought, courier = begin(payments)
    courier.loses_answer = True
    advance(payments, days=31)
    made = accept(payments, bought, amount=10000)
    assert payments.post(f"/v1/refunds/{made['id']}/cancel", {}).status == 200
    courier.loses_answer = False
    # Rows that were held are collected from the next day on, at their hour, which may be to come on that day.
    advance(payments, days=2)
    assert list_amounts(get_payment(payments, bought["id"])) == [
        (20000, "paid"),
        (20000, "due"),
        (20000, "due"),
    ]
    assert list_collected(payments) == [(1, 20000)]
    check_books(payments)
