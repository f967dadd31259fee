"""Which rows take credited money, by each order, and what goes back."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcela.domain.allocation import Allocation, AllocationOrder, OpenRow, allocate_credit

START = date(2025, 1, 10)
TODAY = START + timedelta(days=40)


def make_rows(*amounts: tuple[int, int]) -> tuple[OpenRow, ...]:
    """Rows 30 days apart from (due, credited); on TODAY rows 1 and 2 have fallen due."""
    return tuple(
        OpenRow(
            number=number,
            due_date=START + timedelta(days=30 * (number - 1)),
            due_minor=due,
            credited_minor=credited,
        )
        for number, (due, credited) in enumerate(amounts, 1)
    )


TWO_PAID = make_rows((100, 100), (100, 100), (100, 0), (100, 0), (100, 0), (100, 0))
ONE_OVERDUE = make_rows((100, 100), (100, 30), (100, 0), (100, 0))


@pytest.mark.parametrize(
    ("rows", "amount", "order", "credited", "cash_back", "unplaced"),
    [
        # What card-installment providers call: coming rows first, from the next one on
        (TWO_PAID, 150, AllocationOrder.NEXT_FIRST, {3: 100, 4: 50}, 0, 0),
        (TWO_PAID, 450, AllocationOrder.NEXT_FIRST, {3: 100, 4: 100, 5: 100, 6: 100}, 50, 0),
        # The same from the last one backwards, under either word
        (TWO_PAID, 150, AllocationOrder.LAST_FIRST, {6: 100, 5: 50}, 0, 0),
        (TWO_PAID, 150, AllocationOrder.REDUCE_FROM_LAST, {6: 100, 5: 50}, 0, 0),
        (TWO_PAID, 450, AllocationOrder.REDUCE_FROM_LAST, {3: 100, 4: 100, 5: 100, 6: 100}, 50, 0),
        # Money already paid first, then the coming rows from the next one on
        (TWO_PAID, 150, AllocationOrder.PAID_FIRST, {}, 150, 0),
        (TWO_PAID, 250, AllocationOrder.PAID_FIRST, {3: 50}, 200, 0),
        (TWO_PAID, 700, AllocationOrder.PAID_FIRST, {3: 100, 4: 100, 5: 100, 6: 100}, 300, 0),
        # Money already paid only: more than that finds no place
        (TWO_PAID, 150, AllocationOrder.PAID_ONLY, {}, 150, 0),
        (TWO_PAID, 250, AllocationOrder.PAID_ONLY, {}, 200, 50),
        # What is overdue goes first, whatever the order
        (ONE_OVERDUE, 50, AllocationOrder.LAST_FIRST, {2: 50}, 0, 0),
        (ONE_OVERDUE, 100, AllocationOrder.LAST_FIRST, {2: 70, 4: 30}, 0, 0),
        (ONE_OVERDUE, 100, AllocationOrder.REAMORTIZE_EVENLY, {2: 70, 3: 15, 4: 15}, 0, 0),
        (ONE_OVERDUE, 100, AllocationOrder.NEXT_FIRST, {2: 70, 3: 30}, 0, 0),
        # but for the payer's own money, which is 130 here
        (ONE_OVERDUE, 210, AllocationOrder.PAID_FIRST, {2: 70, 3: 10}, 130, 0),
        # Equal shares half to even, the last takes the rest: 62.5, 0.5 and 0.75
        (TWO_PAID, 250, AllocationOrder.REAMORTIZE_EVENLY, {3: 62, 4: 62, 5: 62, 6: 64}, 0, 0),
        (TWO_PAID, 2, AllocationOrder.REAMORTIZE_EVENLY, {6: 2}, 0, 0),
        (TWO_PAID, 3, AllocationOrder.REAMORTIZE_EVENLY, {3: 1, 4: 1, 5: 1}, 0, 0),
        # A share is capped by what is open, and the rest shared again
        (make_rows((0, 0), (0, 0), (10, 0), (100, 0), (100, 0)), 90, AllocationOrder.REAMORTIZE_EVENLY,
         {3: 10, 4: 30, 5: 50}, 0, 0),
        (make_rows((0, 0), (0, 0), (100, 0), (100, 0), (10, 0)), 90, AllocationOrder.REAMORTIZE_EVENLY,
         {3: 40, 4: 40, 5: 10}, 0, 0),
        # Nothing is open: all of it is owed to the payer
        (make_rows((100, 100)), 10, AllocationOrder.LAST_FIRST, {}, 10, 0),
        (make_rows((100, 100)), 10, AllocationOrder.REAMORTIZE_EVENLY, {}, 10, 0),
    ],
)  # fmt: skip
def test_credit_goes_where_the_order_says(
    rows: tuple[OpenRow, ...],
    amount: int,
    order: AllocationOrder,
    credited: dict[int, int],
    cash_back: int,
    unplaced: int,
) -> None:
    assert allocate_credit(rows, amount, on=TODAY, order=order) == Allocation(
        credited=credited, cash_back_minor=cash_back, unplaced_minor=unplaced
    )


def test_money_that_went_back_already_cannot_go_back_again() -> None:
    allocation = allocate_credit(
        TWO_PAID, 250, on=TODAY, order=AllocationOrder.PAID_FIRST, returnable_minor=60
    )
    assert allocation == Allocation(credited={3: 100, 4: 90}, cash_back_minor=60)


def test_a_row_is_due_on_its_own_day() -> None:
    rows = make_rows((100, 0), (100, 0), (100, 0))
    assert allocate_credit(rows, 150, on=START, order=AllocationOrder.LAST_FIRST).credited == {1: 100, 3: 50}


rows_of_plans = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 100)).map(
        lambda pair: (pair[0], pair[0] * pair[1] // 100)
    ),
    min_size=1,
    max_size=12,
).map(lambda pairs: make_rows(*pairs))
days = st.integers(-10, 400).map(lambda days: START + timedelta(days=days))


@given(rows_of_plans, st.integers(0, 150_000), days, st.sampled_from(AllocationOrder))
def test_every_unit_has_one_place(
    rows: tuple[OpenRow, ...], amount: int, on: date, order: AllocationOrder
) -> None:
    allocation = allocate_credit(rows, amount, on=on, order=order)
    total = sum(allocation.credited.values()) + allocation.cash_back_minor + allocation.unplaced_minor
    assert total == amount
    assert allocation.cash_back_minor >= 0
    assert allocation.unplaced_minor >= 0
    for before, after in zip(rows, allocation.apply(rows), strict=True):
        assert before.credited_minor <= after.credited_minor <= after.due_minor == before.due_minor
    if order not in {AllocationOrder.PAID_FIRST, AllocationOrder.PAID_ONLY} and allocation.cash_back_minor:
        assert all(row.outstanding_minor == 0 for row in allocation.apply(rows))


SPLIT_NEUTRAL = (
    AllocationOrder.NEXT_FIRST,
    AllocationOrder.LAST_FIRST,
    AllocationOrder.REDUCE_FROM_LAST,
    AllocationOrder.PAID_FIRST,
    AllocationOrder.PAID_ONLY,
)


@given(rows_of_plans, st.lists(st.integers(0, 30_000), max_size=5), days, st.sampled_from(SPLIT_NEUTRAL))
def test_parts_of_a_credit_end_in_the_same_rows_as_all_of_it(
    rows: tuple[OpenRow, ...], amounts: list[int], on: date, order: AllocationOrder
) -> None:
    paid = sum(row.credited_minor for row in rows)
    at_once = allocate_credit(rows, sum(amounts), on=on, order=order)
    in_parts, cash_back = rows, 0
    for amount in reversed(amounts):
        part = allocate_credit(
            in_parts, amount, on=on, order=order, returnable_minor=max(paid - cash_back, 0)
        )
        in_parts = part.apply(in_parts)
        cash_back += part.cash_back_minor
    assert in_parts == at_once.apply(rows)
    assert cash_back == at_once.cash_back_minor


@given(
    rows_of_plans, st.permutations([0, 1, 2]), st.lists(st.integers(0, 9_000), min_size=3, max_size=3), days
)
def test_even_shares_keep_their_totals_in_any_order(
    rows: tuple[OpenRow, ...], order: list[int], amounts: list[int], on: date
) -> None:
    after, cash_back = rows, 0
    for index in order:
        part = allocate_credit(after, amounts[index], on=on, order=AllocationOrder.REAMORTIZE_EVENLY)
        after = part.apply(after)
        cash_back += part.cash_back_minor
    outstanding = sum(row.outstanding_minor for row in rows)
    assert sum(row.outstanding_minor for row in after) == max(outstanding - sum(amounts), 0)
    assert cash_back == max(sum(amounts) - outstanding, 0)
