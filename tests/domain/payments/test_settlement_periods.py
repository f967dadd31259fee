"""Business days, settlement periods and the instants at which days end."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from parcela.domain.payments.accounts import Cycle, SettlementTerms
from parcela.domain.payments.business_days import add_business_days
from parcela.domain.payments.settlement_periods import SettlementPeriod, end_day, find_period, start_day

# 2026-07-01 is a Wednesday.
FRIDAY_OFF = (date(2026, 7, 3),)


@pytest.mark.parametrize(
    ("day", "days", "holidays", "expected"),
    [
        (date(2026, 7, 1), 2, (), date(2026, 7, 3)),
        (date(2026, 7, 2), 2, (), date(2026, 7, 6)),
        # a purchase at the week-end
        (date(2026, 7, 4), 2, (), date(2026, 7, 7)),
        (date(2026, 7, 5), 2, (), date(2026, 7, 7)),
        (date(2026, 7, 1), 7, (), date(2026, 7, 10)),
        (date(2026, 7, 1), 2, FRIDAY_OFF, date(2026, 7, 6)),
        # no waiting: the day itself if it is open, else the next open one
        (date(2026, 7, 1), 0, (), date(2026, 7, 1)),
        (date(2026, 7, 3), 0, FRIDAY_OFF, date(2026, 7, 6)),
        (date(2026, 12, 31), 1, (date(2027, 1, 1),), date(2027, 1, 4)),
    ],
)
def test_business_days_are_monday_to_friday_less_holidays(
    day: date, days: int, holidays: tuple[date, ...], expected: date
) -> None:
    assert add_business_days(day, days, holidays) == expected


@pytest.mark.parametrize(
    ("cycle", "anchor", "day", "start", "end"),
    [
        (Cycle.DAILY, None, date(2026, 7, 1), date(2026, 7, 1), date(2026, 7, 1)),
        # weeks end on Sunday, or on the anchor: 3 is Wednesday
        (Cycle.WEEKLY, None, date(2026, 7, 1), date(2026, 6, 29), date(2026, 7, 5)),
        (Cycle.WEEKLY, 7, date(2026, 7, 5), date(2026, 6, 29), date(2026, 7, 5)),
        (Cycle.WEEKLY, 3, date(2026, 7, 1), date(2026, 6, 25), date(2026, 7, 1)),
        (Cycle.WEEKLY, 3, date(2026, 7, 2), date(2026, 7, 2), date(2026, 7, 8)),
        # months end with the calendar's, or on the anchor
        (Cycle.MONTHLY, None, date(2026, 7, 31), date(2026, 7, 1), date(2026, 7, 31)),
        (Cycle.MONTHLY, 15, date(2026, 7, 15), date(2026, 6, 16), date(2026, 7, 15)),
        (Cycle.MONTHLY, 15, date(2026, 7, 16), date(2026, 7, 16), date(2026, 8, 15)),
        (Cycle.MONTHLY, 15, date(2026, 12, 20), date(2026, 12, 16), date(2027, 1, 15)),
        # an anchor that February lacks is its last day, and comes back in March
        (Cycle.MONTHLY, 30, date(2027, 2, 28), date(2027, 1, 31), date(2027, 2, 28)),
        (Cycle.MONTHLY, 30, date(2027, 3, 1), date(2027, 3, 1), date(2027, 3, 30)),
        (Cycle.MONTHLY, 31, date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_a_day_is_in_one_period(cycle: Cycle, anchor: int | None, day: date, start: date, end: date) -> None:
    terms = SettlementTerms(cycle=cycle, anchor=anchor, delay_days=0)
    period = find_period(terms, day, holidays=())
    assert (period.start, period.end) == (start, end)


@pytest.mark.parametrize("cycle", Cycle)
@pytest.mark.parametrize("anchor", [None, 1, 4, 7])
def test_periods_follow_each_other_without_gap(cycle: Cycle, anchor: int | None) -> None:
    terms = SettlementTerms(cycle=cycle, anchor=anchor)
    period = find_period(terms, date(2026, 1, 1), holidays=())
    for _ in range(100):
        for day in (period.start, period.end):
            assert find_period(terms, day, holidays=()) == period
        following = find_period(terms, period.end + timedelta(days=1), holidays=())
        assert following.start == period.end + timedelta(days=1)
        period = following


def test_a_period_begins_after_one_that_ended_by_other_terms() -> None:
    monthly = SettlementTerms(cycle=Cycle.MONTHLY, delay_days=2)
    assert find_period(monthly, date(2026, 7, 9), holidays=(), after=date(2026, 7, 8)) == SettlementPeriod(
        date(2026, 7, 9), date(2026, 7, 31), date(2026, 8, 4)
    )
    assert find_period(monthly, date(2026, 7, 9), holidays=(), after=date(2026, 6, 8)).start == date(
        2026, 7, 1
    )


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("UTC", date(2026, 7, 1), datetime(2026, 7, 2, tzinfo=UTC)),
        # the days on which clocks change: 23 and 25 hours
        ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),
        ("America/Sao_Paulo", date(2026, 7, 1), datetime(2026, 7, 2, 3, tzinfo=UTC)),
        # midnight was skipped: the day after began at 01:00
        ("America/Sao_Paulo", date(2018, 11, 3), datetime(2018, 11, 4, 3, tzinfo=UTC)),
        # 23:00 to 24:00 came twice; 24:00 but once
        ("America/Sao_Paulo", date(2019, 2, 16), datetime(2019, 2, 17, 3, tzinfo=UTC)),
        # midnight came twice
        ("America/Havana", date(2026, 10, 31), datetime(2026, 11, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_midnight_of_the_account(zone: str, day: date, expected: datetime) -> None:
    place = ZoneInfo(zone)
    assert end_day(day, place) == expected
    assert expected.astimezone(place).date() == day + timedelta(days=1)
    assert (expected - timedelta(seconds=1)).astimezone(place).date() == day
    assert start_day(day + timedelta(days=1), place) == expected
