"""Settlement periods of an account: which days settle together, when a day ends, when funds are available.

`spec/payments.md` §8.2. Days are those of the account's time zone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from parcela.domain.calendar import add_days, add_months, count_days_in_month
from parcela.domain.payments.accounts import Cycle, SettlementTerms
from parcela.domain.payments.business_days import add_business_days

_SUNDAY = 7
_LONGEST_MONTH = 31


@dataclass(frozen=True, slots=True)
class SettlementPeriod:
    """Days that are settled together, both ends included, and the day on which their money is paid out."""

    start: date
    end: date
    available_on: date


def find_period(
    terms: SettlementTerms, day: date, *, holidays: Collection[date], after: date | None = None
) -> SettlementPeriod:
    """The period of a day. It begins after the period that ended on `after`, whatever the terms were then.

    The anchor is the last day: of a week 1 (Monday) to 7, Sunday when left out; of a month 1 to 31, clamped
    to its end, the last when left out.
    """
    assert after is None or after < day, (after, day)
    start, end = _find_bounds(terms, day)
    if after is not None and after >= start:
        start = add_days(after, 1)
    return SettlementPeriod(start, end, add_business_days(end, terms.delay_days, holidays))


def _find_bounds(terms: SettlementTerms, day: date) -> tuple[date, date]:
    match terms.cycle:
        case Cycle.DAILY:
            return day, day
        case Cycle.WEEKLY:
            end = add_days(day, ((terms.anchor or _SUNDAY) - day.isoweekday()) % 7)
            return add_days(end, -6), end
        case Cycle.MONTHLY:
            anchor = terms.anchor or _LONGEST_MONTH
            end = _clamp(day, anchor)
            if end < day:
                end = _clamp(add_months(day.replace(day=1), 1), anchor)
            return add_days(_clamp(add_months(end.replace(day=1), -1), anchor), 1), end


def _clamp(month: date, anchor: int) -> date:
    return month.replace(day=min(anchor, count_days_in_month(month.year, month.month)))


def start_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day of the zone, in UTC; 24:00 of the day before.

    Where clocks skip midnight it is the instant of the change, where they repeat it the first of the two.
    """
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def end_day(day: date, zone: ZoneInfo) -> datetime:
    """24:00 of a day of the zone, in UTC."""
    return start_day(add_days(day, 1), zone)
