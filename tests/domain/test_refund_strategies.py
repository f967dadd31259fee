"""The product's own partial refunds: golden rows of payments §9.4, splits of unknown plans, and payoffs."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.refunds.finance_charge import RATE_DENOMINATOR
from parcela.domain.refunds.strategies import (
    FinanceChargeSplit,
    Payoff,
    StrategyRow,
    price_payoff,
    recalculate_rows,
    split_finance_charge,
)
from parcela.domain.schedule.network import Annuity, PeriodicRate, find_payment, split_interest
from parcela.domain.servicing.records import ServicedRow

SPREAD, LAST_FIRST, NEXT_FIRST = RefundStrategy.SPREAD, RefundStrategy.LAST_FIRST, RefundStrategy.NEXT_FIRST
PURCHASED_ON = date(2026, 8, 1)
FREE = (0, 1)
ONE_PERCENT = (1, 100)


def make_rows(
    principals: Sequence[int], *, first: int = 1, interests: Sequence[int] = (), fees: Sequence[int] = ()
) -> list[StrategyRow]:
    return [
        StrategyRow(
            number=first + index,
            due_date=PURCHASED_ON + timedelta(days=30 * (first + index)),
            principal_minor=principal,
            interest_minor=interests[index] if interests else 0,
            fee_minor=fees[index] if fees else 0,
        )
        for index, principal in enumerate(principals)
    ]


def price_rows(principal: int, count: int, rate: tuple[int, int], *, collected: int = 0) -> list[StrategyRow]:
    """The rows of an ordinary annuity that are not collected yet."""
    annuity = Annuity(principal, PeriodicRate(*rate), count, in_advance=False)
    parts = split_interest(annuity, find_payment(annuity))[collected:]
    return make_rows([part[0] for part in parts], first=collected + 1, interests=[part[1] for part in parts])


def refund_amounts(
    rows: Sequence[StrategyRow],
    refund: int,
    strategy: RefundStrategy,
    *,
    rate: tuple[int, int] = FREE,
    in_advance: bool = False,
) -> list[int]:
    result = recalculate_rows(rows, refund, strategy=strategy, rate=rate, in_advance=in_advance)
    return [row.amount_minor for row in result.rows]


SIX_HUNDRED = make_rows([20000, 20000], first=2)
AT_TWELVE_PERCENT = price_rows(60000, 6, ONE_PERCENT, collected=2)


@pytest.mark.parametrize(
    ("rows", "rate", "refund", "strategy", "amounts"),
    [
        (SIX_HUNDRED, FREE, 20000, SPREAD, [10000, 10000]),
        (SIX_HUNDRED, FREE, 20000, LAST_FIRST, [20000, 0]),
        (SIX_HUNDRED, FREE, 20000, NEXT_FIRST, [0, 20000]),
        (SIX_HUNDRED, FREE, 40000, SPREAD, [0, 0]),
        (SIX_HUNDRED, FREE, 40000, LAST_FIRST, [0, 0]),
        (SIX_HUNDRED, FREE, 40000, NEXT_FIRST, [0, 0]),
        (make_rows([12510, 12510], first=3), FREE, 14310, LAST_FIRST, [10710, 0]),
        (AT_TWELVE_PERCENT, ONE_PERCENT, 20000, SPREAD, [5227, 5227, 5227, 5227]),
        (AT_TWELVE_PERCENT, ONE_PERCENT, 20000, LAST_FIRST, [10153, 10153, 402, 0]),
        (AT_TWELVE_PERCENT, ONE_PERCENT, 20000, NEXT_FIRST, [204, 204, 10351, 10351]),
    ],
)
def test_golden_refunds(
    rows: list[StrategyRow],
    rate: tuple[int, int],
    refund: int,
    strategy: RefundStrategy,
    amounts: list[int],
) -> None:
    assert refund_amounts(rows, refund, strategy, rate=rate) == amounts


def test_the_golden_plan_has_the_unpaid_principal_of_the_source() -> None:
    assert sum(row.principal_minor for row in AT_TWELVE_PERCENT) == 40396
    assert {row.amount_minor for row in AT_TWELVE_PERCENT} == {10353}


@pytest.mark.parametrize(
    ("principals", "refund", "amounts"),
    [
        # Other rows half up, the first unpaid row the rest: 66.67 and 66.66
        ([10000, 10000, 10000], 10000, [6666, 6667, 6667]),
        # Rounded down where the first row would be negative: 0.5 and 0.67
        ([1, 1, 1, 1], 2, [2, 0, 0, 0]),
        ([1, 1, 1], 1, [0, 1, 1]),
    ],
)
def test_an_interest_free_spread_rounds_half_up_to_the_first_row(
    principals: list[int], refund: int, amounts: list[int]
) -> None:
    assert refund_amounts(make_rows(principals, first=2), refund, SPREAD) == amounts


def test_a_first_row_due_with_the_purchase_bears_no_interest() -> None:
    rows = make_rows([10000, 9500, 9595])
    result = recalculate_rows(rows, 9095, strategy=LAST_FIRST, rate=ONE_PERCENT, in_advance=True)
    assert [(row.principal_minor, row.interest_minor) for row in result.rows] == [
        (10000, 0),
        (9500, 100),
        (500, 5),
    ]
    # Spread as an annuity due: 200.00 in three
    assert refund_amounts(rows, 9095, SPREAD, rate=ONE_PERCENT, in_advance=True) == [6733, 6733, 6733]
    # Once row 1 is collected, the rest of the plan bears interest from its date
    later = recalculate_rows(rows[1:], 0, strategy=LAST_FIRST, rate=ONE_PERCENT, in_advance=True)
    assert [row.interest_minor for row in later.rows] == [191, 96]


def test_rows_that_ask_for_nothing_are_cancelled_and_the_excess_is_told() -> None:
    result = recalculate_rows(SIX_HUNDRED, 20000, strategy=LAST_FIRST, rate=FREE, in_advance=False)
    assert (result.cancelled, result.reduction_minor, result.excess_minor) == ((3,), 20000, 0)
    result = recalculate_rows(SIX_HUNDRED, 40001, strategy=SPREAD, rate=FREE, in_advance=False)
    assert (result.cancelled, result.reduction_minor, result.excess_minor) == ((2, 3), 40000, 1)
    # A row without principal that still bears interest is not cancelled
    result = recalculate_rows(
        AT_TWELVE_PERCENT, 20000, strategy=NEXT_FIRST, rate=ONE_PERCENT, in_advance=False
    )
    assert result.cancelled == ()
    assert recalculate_rows([], 5, strategy=SPREAD, rate=FREE, in_advance=False).excess_minor == 5


@pytest.mark.parametrize(
    ("strategy", "refund", "fees"),
    [
        # No row empties: each fee stays
        (SPREAD, 150, [7, 8, 9]),
        # The fee of an empty row waits for the next one that remains
        (NEXT_FIRST, 150, [0, 15, 9]),
        (NEXT_FIRST, 250, [0, 0, 24]),
        # or, where none follows, for the last one before it
        (LAST_FIRST, 100, [7, 17, 0]),
        (LAST_FIRST, 200, [24, 0, 0]),
        # Nothing remains but the fees
        (LAST_FIRST, 300, [24, 0, 0]),
        (SPREAD, 999, [24, 0, 0]),
    ],
)
def test_fees_stay_payable(strategy: RefundStrategy, refund: int, fees: list[int]) -> None:
    rows = make_rows([100, 100, 100], fees=[7, 8, 9])
    result = recalculate_rows(rows, refund, strategy=strategy, rate=FREE, in_advance=False)
    assert [row.fee_minor for row in result.rows] == fees
    assert all(row.number not in result.cancelled for row in result.rows if row.fee_minor)


def test_serviced_rows_can_be_given_as_they_are() -> None:
    row = ServicedRow(
        number=4,
        due_date=PURCHASED_ON,
        amount_minor=110,
        principal_minor=100,
        interest_minor=7,
        fee_minor=3,
    )
    result = recalculate_rows([row], 60, strategy=SPREAD, rate=ONE_PERCENT, in_advance=False)
    assert result.rows == (
        StrategyRow(number=4, due_date=PURCHASED_ON, principal_minor=40, interest_minor=0, fee_minor=3),
    )


rates = st.one_of(
    st.just(FREE), st.integers(1, 400).map(lambda permille: (permille, 1000)), st.just((112, 120_000))
)
unpaid_rows = st.builds(
    lambda principals, first, fees: make_rows(principals, first=first, fees=fees[: len(principals)]),
    st.lists(st.integers(0, 100_000), min_size=1, max_size=12),
    st.integers(1, 3),
    st.lists(st.integers(0, 500), min_size=12, max_size=12),
)


@given(unpaid_rows, st.integers(0, 1_500_000), st.sampled_from(RefundStrategy), rates, st.booleans())
def test_every_refund_sums_and_leaves_nothing_negative(
    rows: list[StrategyRow], refund: int, strategy: RefundStrategy, rate: tuple[int, int], in_advance: bool
) -> None:
    result = recalculate_rows(rows, refund, strategy=strategy, rate=rate, in_advance=in_advance)
    before = sum(row.principal_minor for row in rows)
    assert result.reduction_minor + result.excess_minor == refund
    assert sum(row.principal_minor for row in result.rows) == before - result.reduction_minor
    assert sum(row.fee_minor for row in result.rows) == sum(row.fee_minor for row in rows)
    assert [(row.number, row.due_date) for row in result.rows] == [(row.number, row.due_date) for row in rows]
    assert all(min(row.principal_minor, row.interest_minor, row.fee_minor) >= 0 for row in result.rows)
    if refund >= before:
        assert all(row.principal_minor == row.interest_minor == 0 for row in result.rows)
    if rate == FREE:
        assert all(row.interest_minor == 0 for row in result.rows)
    if strategy is not SPREAD:
        assert all(
            after.principal_minor <= row.principal_minor for row, after in zip(rows, result.rows, strict=True)
        )


@given(
    unpaid_rows,
    st.lists(st.integers(0, 200_000), min_size=1, max_size=4),
    st.sampled_from(RefundStrategy),
    rates,
    st.booleans(),
)
def test_any_split_and_order_of_refunds_ends_in_the_same_rows(
    rows: list[StrategyRow],
    refunds: list[int],
    strategy: RefundStrategy,
    rate: tuple[int, int],
    in_advance: bool,
) -> None:
    at_once = recalculate_rows(rows, sum(refunds), strategy=strategy, rate=rate, in_advance=in_advance)
    for order in (refunds, refunds[::-1]):
        after: Sequence[StrategyRow] = rows
        excess = 0
        for refund in order:
            part = recalculate_rows(after, refund, strategy=strategy, rate=rate, in_advance=in_advance)
            after, excess = part.rows, excess + part.excess_minor
        assert after == at_once.rows
        assert excess == at_once.excess_minor


def date_rows(amounts: Sequence[int]) -> list[tuple[int, date]]:
    return [(amount, PURCHASED_ON + timedelta(days=30 * index)) for index, amount in enumerate(amounts)]


def test_the_rate_of_a_plan_known_by_its_rows_is_found_and_its_rows_are_split() -> None:
    split = split_finance_charge(date_rows([10353] * 6), 60000, in_advance=False)
    # 1 % a period, but for the rounding of the row up to 103.53
    assert split.rate == (10002754359, RATE_DENOMINATOR)
    assert split.parts == (
        (9753, 600),
        (9850, 503),
        (9949, 404),
        (10048, 305),
        (10149, 204),
        (10251, 102),
    )


@pytest.mark.parametrize(
    ("amounts", "principal", "in_advance", "split"),
    [
        # No charge: all principal
        ([200, 200, 200], 600, False, FinanceChargeSplit((0, 1), ((200, 0), (200, 0), (200, 0)))),
        # Rows below the principal cannot charge interest
        ([100, 100], 600, False, FinanceChargeSplit((0, 1), ((100, 0), (100, 0)))),
        # Doubling in one period
        ([200], 100, False, FinanceChargeSplit((10**12, 10**12), ((100, 100),))),
        ([50, 100], 100, True, FinanceChargeSplit((10**12, 10**12), ((50, 0), (50, 50)))),
        # The first row, due at once, covers the principal: no rate exists, and principal comes first
        ([100, 10], 100, True, FinanceChargeSplit((0, 1), ((100, 0), (0, 10)))),
        ([120, 10], 100, True, FinanceChargeSplit((0, 1), ((100, 20), (0, 10)))),
        ([110], 100, True, FinanceChargeSplit((0, 1), ((100, 10),))),
        # Beyond any rate that is solved for
        ([10**9], 1, False, FinanceChargeSplit((0, 1), ((1, 10**9 - 1),))),
    ],
)
def test_splits_of_special_plans(
    amounts: list[int], principal: int, in_advance: bool, split: FinanceChargeSplit
) -> None:
    assert split_finance_charge(date_rows(amounts), principal, in_advance=in_advance) == split


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=24), st.integers(1, 1_500_000), st.booleans())
def test_every_split_is_exact(amounts: list[int], principal: int, in_advance: bool) -> None:
    rate, parts = split_finance_charge(date_rows(amounts), principal, in_advance=in_advance)
    assert [sum(part) for part in parts] == amounts
    assert all(min(part) >= 0 for part in parts)
    assert sum(part[0] for part in parts) == min(principal, sum(amounts))
    numerator, denominator = rate
    assert numerator >= 0
    if numerator:
        # The rows are worth the principal at the rate, but for its last digit.
        first = 0 if in_advance else 1
        growth = 1 + Fraction(numerator, denominator)
        worth = sum((amount / growth ** (first + index) for index, amount in enumerate(amounts)), Fraction(0))
        weight = sum(amount * (first + index) for index, amount in enumerate(amounts))
        assert abs(worth - principal) <= Fraction(weight, denominator)


PAYOFF_ROWS = make_rows([10049, 10149, 10249], first=4, interests=[304, 204, 104], fees=[5, 5, 5])
PREVIOUS_DUE = PAYOFF_ROWS[0].due_date - timedelta(days=30)


@pytest.mark.parametrize(
    ("elapsed", "earned"),
    [
        # Nothing on the last due date, a 30th a day of 1 % of 304.47, never more than the row's 3.04
        (-3, 0),
        (0, 0),
        (1, 10),
        (15, 152),
        (29, 294),
        (30, 304),
        (45, 304),
    ],
)
def test_a_payoff_asks_for_the_interest_earned_so_far(elapsed: int, earned: int) -> None:
    payoff = price_payoff(
        PAYOFF_ROWS, rate=ONE_PERCENT, on=PREVIOUS_DUE + timedelta(days=elapsed), previous_due=PREVIOUS_DUE
    )
    assert payoff == Payoff(
        principal_minor=30447, interest_minor=earned, fee_minor=15, waived_interest_minor=612 - earned
    )
    assert payoff.amount_minor == 30447 + earned + 15


def test_payoffs_of_special_plans() -> None:
    nothing = Payoff(principal_minor=0, interest_minor=0, fee_minor=0, waived_interest_minor=0)
    assert price_payoff([], rate=ONE_PERCENT, on=PURCHASED_ON, previous_due=PURCHASED_ON) == nothing
    # Interest without a rate is earned by the day as it stands in the row
    half = price_payoff(
        PAYOFF_ROWS, rate=FREE, on=PREVIOUS_DUE + timedelta(days=15), previous_due=PREVIOUS_DUE
    )
    assert half.interest_minor == 152
    # A row due with the purchase has no period
    at_once = make_rows([500, 500], first=0, interests=[0, 5])
    paid = price_payoff(at_once, rate=ONE_PERCENT, on=PURCHASED_ON, previous_due=PURCHASED_ON)
    assert (paid.amount_minor, paid.waived_interest_minor) == (1000, 5)
