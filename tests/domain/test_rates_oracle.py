"""Our solver against an independent one, on random cash flows."""

from datetime import date, timedelta
from decimal import Decimal

import pyxirr
from hypothesis import assume, given
from hypothesis import strategies as st

from parcela.domain.rates.calendar_act365 import find_act365_rate
from parcela.domain.rates.flows import DatedFlow
from parcela.domain.rates.solver import RateUndefined, solve_level_rate

START = date(2026, 1, 15)
payments = st.lists(
    st.tuples(st.integers(1, 1500), st.integers(1, 100_000)),
    min_size=1,
    max_size=24,
    unique_by=lambda row: row[0],
)


@given(st.integers(1_000, 1_000_000), payments)
def test_effective_rate_agrees_with_pyxirr(credit: int, rows: list[tuple[int, int]]) -> None:
    flows = [DatedFlow(day=START, amount=Decimal(-credit))]
    flows += [DatedFlow(day=START + timedelta(days=days), amount=Decimal(amount)) for days, amount in rows]
    try:
        rate = find_act365_rate(flows)
    except RateUndefined:
        assume(False)
        raise
    # Far-out rates are left to the exact tests: the other solver works in floating point.
    assume(Decimal(-45) < rate.exact < Decimal(1000))
    oracle = pyxirr.xirr([flow.day for flow in flows], [float(flow.amount) for flow in flows])
    assert oracle is not None
    assert abs(rate.exact - Decimal(oracle) * 100) < Decimal("0.0001")


@given(st.integers(100, 10**9), st.integers(2, 120), st.integers(1, 500))
def test_level_rate_gives_the_balance_back(balance: int, count: int, percent: int) -> None:
    level = balance * (100 + percent) // (100 * count)
    assume(level * count > balance and level < balance)
    rate = solve_level_rate(balance, level, count=count)
    discount = 1 / (1 + rate)
    value = level * discount * (1 - discount**count) / (1 - discount)
    assert abs(value - balance) * 10**20 < 1
