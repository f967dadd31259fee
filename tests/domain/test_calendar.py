"""Due dates: month ends, business days, and the ends of the calendar."""

import calendar as reference
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcela.domain.calendar import (
    BIWEEKLY,
    EVERY_15_DAYS,
    MONTHLY,
    QUARTERLY,
    SEMIANNUAL,
    SEMIMONTHLY,
    SINGLE,
    WEEKLY,
    YEARLY,
    BusinessDayConvention,
    BusinessDayRule,
    DateOutOfRange,
    DateRules,
    Interval,
    IntervalUnit,
    MonthEndRule,
    add_days,
    add_intervals,
    add_months,
    find_periods_per_year,
    list_due_dates,
    move_to_business_day,
)

ROLL = DateRules(month_end=MonthEndRule.ROLL_TO_NEXT_MONTH)


@pytest.mark.parametrize(
    ("anchor", "interval", "rules", "days"),
    [
        (date(2025, 1, 31), MONTHLY, DateRules(), ["2025-01-31", "2025-02-28", "2025-03-31"]),
        (date(2024, 1, 31), MONTHLY, DateRules(), ["2024-01-31", "2024-02-29", "2024-03-31"]),
        (date(2025, 1, 31), MONTHLY, ROLL, ["2025-01-31", "2025-03-01", "2025-03-31"]),
        (date(2025, 11, 15), MONTHLY, DateRules(), ["2025-11-15", "2025-12-15", "2026-01-15"]),
        (date(2023, 10, 26), BIWEEKLY, DateRules(), ["2023-10-26", "2023-11-09", "2023-11-23"]),
        (date(2022, 5, 30), EVERY_15_DAYS, DateRules(), ["2022-05-30", "2022-06-14", "2022-06-29"]),
        (date(2024, 2, 29), YEARLY, DateRules(), ["2024-02-29", "2025-02-28", "2026-02-28"]),
        (date(2024, 1, 1), SEMIMONTHLY, DateRules(), ["2024-01-01", "2024-01-16", "2024-02-01"]),
        (date(2024, 1, 20), SEMIMONTHLY, DateRules(), ["2024-01-20", "2024-02-05", "2024-02-20"]),
        (date(2024, 1, 15), SEMIMONTHLY, DateRules(), ["2024-01-15", "2024-01-30", "2024-02-15"]),
        (date(2025, 1, 14), SEMIMONTHLY, DateRules(), ["2025-01-14", "2025-01-29", "2025-02-14"]),
    ],
)
def test_dates_are_counted_from_the_anchor(
    anchor: date, interval: Interval, rules: DateRules, days: list[str]
) -> None:
    assert [day.isoformat() for day in list_due_dates(anchor, interval, steps=range(3), rules=rules)] == days


SATURDAY, SUNDAY = date(2026, 1, 31), date(2026, 2, 1)


@pytest.mark.parametrize(
    ("convention", "day", "moved"),
    [
        (BusinessDayConvention.NONE, SATURDAY, date(2026, 1, 31)),
        (BusinessDayConvention.FOLLOWING, SATURDAY, date(2026, 2, 2)),
        (BusinessDayConvention.MODIFIED_FOLLOWING, SATURDAY, date(2026, 1, 30)),
        (BusinessDayConvention.PRECEDING, SUNDAY, date(2026, 1, 30)),
        (BusinessDayConvention.MODIFIED_PRECEDING, SUNDAY, date(2026, 2, 2)),
        (BusinessDayConvention.FOLLOWING, date(2026, 2, 3), date(2026, 2, 3)),
    ],
)
def test_closed_days_move_by_the_convention(
    convention: BusinessDayConvention, day: date, moved: date
) -> None:
    assert move_to_business_day(day, BusinessDayRule(convention=convention)) == moved


def test_a_rule_without_open_days_is_refused() -> None:
    rule = BusinessDayRule(convention=BusinessDayConvention.FOLLOWING, weekend=frozenset(range(7)))
    with pytest.raises(DateOutOfRange):
        move_to_business_day(date(2026, 1, 1), rule)


@pytest.mark.parametrize("interval", [WEEKLY, MONTHLY, YEARLY, EVERY_15_DAYS, SEMIMONTHLY])
@pytest.mark.parametrize("anchor", [date(9999, 12, 15), date(9999, 12, 31)])
def test_dates_after_the_calendar_are_refused(anchor: date, interval: Interval) -> None:
    with pytest.raises(DateOutOfRange):
        list_due_dates(anchor, interval, steps=range(1, 13))


def test_the_last_months_of_the_calendar_can_be_used() -> None:
    assert list_due_dates(date(9999, 10, 15), MONTHLY, steps=range(3))[-1] == date(9999, 12, 15)
    assert list_due_dates(date(9999, 10, 31), MONTHLY, steps=range(3))[-1] == date(9999, 12, 31)


@pytest.mark.parametrize(
    ("interval", "periods"),
    [
        (WEEKLY, 52),
        (BIWEEKLY, 26),
        (EVERY_15_DAYS, 24),
        (SEMIMONTHLY, 24),
        (MONTHLY, 12),
        (QUARTERLY, 4),
        (SEMIANNUAL, 2),
        (YEARLY, 1),
        (SINGLE, 1),
        (Interval(unit=IntervalUnit.DAY, count=10), Fraction(73, 2)),
    ],
)
def test_periods_of_a_year(interval: Interval, periods: Fraction) -> None:
    assert find_periods_per_year(interval.unit, interval.count) == periods


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(-600, 600))
def test_adding_months_agrees_with_the_standard_library(anchor: date, months: int) -> None:
    year, index = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    last = reference.monthrange(year, index + 1)[1]
    assert add_months(anchor, months) == date(year, index + 1, min(anchor.day, last))


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(-9999, 9999))
def test_adding_days_agrees_with_the_standard_library(anchor: date, days: int) -> None:
    assert add_days(anchor, days) == anchor + timedelta(days=days)


@given(
    st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(0, 24), st.integers(1, 36), st.integers(1, 5)
)
def test_the_fast_month_list_equals_single_steps(anchor: date, first: int, count: int, months: int) -> None:
    interval = Interval(unit=IntervalUnit.MONTH, count=months)
    steps = range(first, first + count)
    assert list_due_dates(anchor, interval, steps=steps) == tuple(
        add_intervals(anchor, interval, times=step) for step in steps
    )


@given(
    st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    st.sampled_from([WEEKLY, MONTHLY, SEMIMONTHLY, QUARTERLY, YEARLY]),
)
def test_dates_of_a_plan_rise(anchor: date, interval: Interval) -> None:
    for rules in (DateRules(), ROLL):
        days = list_due_dates(anchor, interval, steps=range(36), rules=rules)
        assert list(days) == sorted(set(days))
