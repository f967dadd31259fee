"""Due dates: intervals counted from one anchor, month ends, and business days.

Dates are plain calendar dates without a zone (network §6.3).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cache

from parcela.domain.errors import DomainError

_DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MAX_ORDINAL = date.max.toordinal()
_LAST_MONTH = 9999 * 12 + 11


class DateOutOfRange(DomainError):
    """A due date would fall after 31 December 9999."""

    code = "date_out_of_range"


class IntervalUnit(StrEnum):
    """What an interval counts; SEMIMONTH is half a calendar month, SINGLE has one payment only."""

    DAY = "day"
    WEEK = "week"
    SEMIMONTH = "semimonth"
    MONTH = "month"
    YEAR = "year"
    SINGLE = "single"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The distance between two installments, for example two weeks or three months."""

    unit: IntervalUnit
    count: int = 1


_UNITS_PER_YEAR = {
    IntervalUnit.DAY: 365,
    IntervalUnit.WEEK: 52,
    IntervalUnit.SEMIMONTH: 24,
    IntervalUnit.MONTH: 12,
    IntervalUnit.YEAR: 1,
    IntervalUnit.SINGLE: 1,
}


@cache
def find_periods_per_year(unit: IntervalUnit, count: int) -> Fraction:
    """52, 26, 24, 12, 4, 2 or 1 for the named intervals; 15 days count as 24 a year (network §6.1)."""
    if unit is IntervalUnit.DAY and count == 15:
        return Fraction(24)
    return Fraction(_UNITS_PER_YEAR[unit], count)


WEEKLY = Interval(unit=IntervalUnit.WEEK)
BIWEEKLY = Interval(unit=IntervalUnit.WEEK, count=2)
EVERY_15_DAYS = Interval(unit=IntervalUnit.DAY, count=15)
SEMIMONTHLY = Interval(unit=IntervalUnit.SEMIMONTH)
MONTHLY = Interval(unit=IntervalUnit.MONTH)
QUARTERLY = Interval(unit=IntervalUnit.MONTH, count=3)
SEMIANNUAL = Interval(unit=IntervalUnit.MONTH, count=6)
YEARLY = Interval(unit=IntervalUnit.YEAR)
SINGLE = Interval(unit=IntervalUnit.SINGLE)


class MonthEndRule(StrEnum):
    """Where the 31st falls in a shorter month; the anchor's own day comes back in longer months."""

    CLAMP = "clamp"
    ROLL_TO_NEXT_MONTH = "roll_to_next_month"


class BusinessDayConvention(StrEnum):
    """Which way a due date on a closed day moves; the modified forms never leave the month."""

    NONE = "none"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified_following"
    PRECEDING = "preceding"
    MODIFIED_PRECEDING = "modified_preceding"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessDayRule:
    """A convention with its closed days; `weekend` counts Monday as 0, as `date.weekday` does."""

    convention: BusinessDayConvention
    weekend: frozenset[int] = frozenset((5, 6))
    holidays: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """True on a business day."""
        return day.weekday() not in self.weekend and day not in self.holidays


@dataclass(frozen=True, slots=True, kw_only=True)
class DateRules:
    """How a nominal due date becomes a real one."""

    month_end: MonthEndRule = MonthEndRule.CLAMP
    business_days: BusinessDayRule | None = None


PLAIN_DATES = DateRules()


def is_leap_year(year: int) -> bool:
    """True for a year of 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def count_days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    if month == 2 and is_leap_year(year):
        return 29
    return _DAYS_IN_MONTH[month - 1]


def add_days(day: date, days: int) -> date:
    """A later or earlier date; raises `DateOutOfRange`."""
    ordinal = day.toordinal() + days
    if not 1 <= ordinal <= _MAX_ORDINAL:
        raise DateOutOfRange(f"{days} days from {day} lie outside the calendar: use a date before year 9999")
    return date.fromordinal(ordinal)


def add_months(anchor: date, months: int, *, rule: MonthEndRule = MonthEndRule.CLAMP) -> date:
    """The anchor's day of the month, so many months away; raises `DateOutOfRange`."""
    year, month_index = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise DateOutOfRange(
            f"{months} months from {anchor} lie outside the calendar: use a date before year 9999"
        )
    month = month_index + 1
    day = anchor.day
    if day <= 28:
        return date(year, month, day)
    last = count_days_in_month(year, month)
    if day <= last:
        return date(year, month, day)
    if rule is MonthEndRule.CLAMP:
        return date(year, month, last)
    return add_days(date(year, month, last), 1)


def add_intervals(
    anchor: date, interval: Interval, *, times: int, rule: MonthEndRule = MonthEndRule.CLAMP
) -> date:
    """The date `times` intervals from the anchor, always counted from the anchor itself (network §6.3)."""
    steps = interval.count * times
    match interval.unit:
        case IntervalUnit.MONTH:
            return add_months(anchor, steps, rule=rule)
        case IntervalUnit.YEAR:
            return add_months(anchor, 12 * steps, rule=rule)
        case IntervalUnit.WEEK:
            return add_days(anchor, 7 * steps)
        case IntervalUnit.DAY:
            return add_days(anchor, steps)
        case IntervalUnit.SEMIMONTH:
            return _add_semimonths(anchor, steps, rule=rule)
        case IntervalUnit.SINGLE:
            return anchor


def list_due_dates(
    anchor: date, interval: Interval, *, steps: range, rules: DateRules = PLAIN_DATES
) -> tuple[date, ...]:
    """One date for each of the consecutive numbers of intervals from the anchor; raises `DateOutOfRange`.

    Each date starts from the unadjusted anchor again, so that a business-day adjustment never moves the next
    date.
    """
    unit = interval.unit
    if rules.business_days is None and unit is IntervalUnit.MONTH and anchor.day <= 28:
        return tuple(_list_plain_months(anchor, interval.count, steps=steps))
    dates = (add_intervals(anchor, interval, times=step, rule=rules.month_end) for step in steps)
    if rules.business_days is None:
        return tuple(dates)
    return tuple(move_to_business_day(day, rules.business_days) for day in dates)


def move_to_business_day(day: date, rule: BusinessDayRule) -> date:
    """The date itself if it is open, else the nearest open day that the convention allows."""
    match rule.convention:
        case BusinessDayConvention.NONE:
            return day
        case BusinessDayConvention.FOLLOWING:
            return _find_open_day(day, rule, step=1)
        case BusinessDayConvention.PRECEDING:
            return _find_open_day(day, rule, step=-1)
        case BusinessDayConvention.MODIFIED_FOLLOWING:
            moved = _find_open_day(day, rule, step=1)
            return moved if moved.month == day.month else _find_open_day(day, rule, step=-1)
        case BusinessDayConvention.MODIFIED_PRECEDING:
            moved = _find_open_day(day, rule, step=-1)
            return moved if moved.month == day.month else _find_open_day(day, rule, step=1)


def _list_plain_months(anchor: date, count: int, *, steps: range) -> list[date]:
    """Months without a month-end question: the hot path of an offer inquiry."""
    day = anchor.day
    origin = anchor.year * 12 + anchor.month - 1
    if origin + count * steps.stop > _LAST_MONTH + count:
        raise DateOutOfRange(f"installments from {anchor} run past the year 9999: use an earlier date")
    year, month = divmod(origin + count * steps.start, 12)
    dates = []
    for _ in steps:
        dates.append(date(year, month + 1, day))
        month += count
        while month >= 12:
            month -= 12
            year += 1
    return dates


def _add_semimonths(anchor: date, steps: int, *, rule: MonthEndRule) -> date:
    """Half months are 15 days apart inside a month: the 1st and 16th, the 5th and 20th (Reg. Z App. J
    (b)(5)(v)).
    """
    months, odd = divmod(steps, 2)
    if not odd:
        return add_months(anchor, months, rule=rule)
    if anchor.day <= 15:
        whole = add_months(anchor, months, rule=rule)
        return whole.replace(day=min(anchor.day + 15, count_days_in_month(whole.year, whole.month)))
    return add_months(anchor.replace(day=anchor.day - 15), months + 1, rule=rule)


def _find_open_day(day: date, rule: BusinessDayRule, *, step: int) -> date:
    """Walk to an open day. A rule without any open day in a year is a mistake of the program."""
    for _ in range(366):
        if rule.is_open(day):
            return day
        day = add_days(day, step)
    raise DateOutOfRange(
        "the business-day rule has no open day within a year: correct its weekend or holidays"
    )
