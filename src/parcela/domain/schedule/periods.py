"""The time line of a plan: its due dates, and the rate of each period by the program's day count."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise

from parcela.domain.calendar import IntervalUnit, add_intervals, add_months, is_leap_year, list_due_dates
from parcela.domain.terms import DayCount, Deferral, FirstDue, InvalidTerms, PricingTerms, RateKind

_DAYS_OF_UNIT = {
    IntervalUnit.DAY: 1,
    IntervalUnit.WEEK: 7,
    IntervalUnit.SEMIMONTH: 15,
    IntervalUnit.MONTH: 30,
    IntervalUnit.YEAR: 360,
    IntervalUnit.SINGLE: 360,
}


def list_plan_dates(terms: PricingTerms, anchor: date, *, count: int) -> tuple[date, ...]:
    """The due dates of `count` rows; a deferral moves them all by its periods. Raises `DateOutOfRange`."""
    if terms.first_due_date is not None:
        return list_due_dates(terms.first_due_date, terms.interval, steps=range(count), rules=terms.dates)
    first = count_deferral(terms) + (0 if terms.first_due is FirstDue.TRANSACTION_DATE else 1)
    return list_due_dates(anchor, terms.interval, steps=range(first, first + count), rules=terms.dates)


def count_deferral(terms: PricingTerms) -> int:
    """The whole periods of pause before the plan. A pause and a fixed first date exclude each other."""
    deferral = terms.start.deferral
    if deferral is None:
        return 0
    if terms.first_due_date is not None:
        raise InvalidTerms("a deferral moves the first due date: give either the deferral or the date")
    return deferral.periods


def list_deferral_rates(terms: PricingTerms, deferral: Deferral, *, anchor: date) -> list[Fraction]:
    """The rate of each period of pause."""
    ends = list_due_dates(anchor, terms.interval, steps=range(deferral.periods + 1), rules=terms.dates)
    return [find_rate(terms, start, end=end) for start, end in pairwise((anchor, *ends[1:]))]


def list_period_rates(terms: PricingTerms, anchor: date, *, dates: Sequence[date]) -> list[Fraction]:
    """The rate of the period that ends with each row; row 1 of a plan in advance has none."""
    if not dates:
        return []
    start = anchor
    deferred = count_deferral(terms)
    if deferred:
        start = add_intervals(anchor, terms.interval, times=deferred, rule=terms.dates.month_end)
    later = [find_rate(terms, before, end=after) for before, after in pairwise(dates)]
    first = (
        Fraction(0)
        if terms.first_due is FirstDue.TRANSACTION_DATE
        else _find_first_rate(terms, start, end=dates[0])
    )
    rates = [first, *later]
    free = min(terms.start.grace.interest_free, len(rates)) if terms.start.grace else 0
    return [Fraction(0)] * free + rates[free:]


def find_rate(terms: PricingTerms, start: date, *, end: date) -> Fraction:
    """The rate of the period from one date to the next, exact."""
    rate = Fraction(terms.rate.value) / 100
    if terms.rate.kind is RateKind.PERIOD_PERCENT:
        return rate
    return rate * find_year_part(terms, start, end=end)


def find_year_part(terms: PricingTerms, start: date, *, end: date) -> Fraction:
    """The part of a year from one due date to the next by the program's day count."""
    match terms.day_count:
        case DayCount.PERIODIC:
            return 1 / terms.year_periods
        case DayCount.THIRTY_360_PERIOD:
            return Fraction(_DAYS_OF_UNIT[terms.interval.unit] * terms.interval.count, 360)
        case DayCount.THIRTY_360_DATES:
            return Fraction(_count_days_by_months(start, end), 360)
        case DayCount.ACT_365F:
            return Fraction((end - start).days, 365)
        case DayCount.ACT_360:
            return Fraction((end - start).days, 360)
        case DayCount.ACT_ACT_SPLIT_31DEC:
            return _split_at_year_ends(start, end)


def _find_first_rate(terms: PricingTerms, start: date, *, end: date) -> Fraction:
    """An odd first period: whole periods at the periodic rate, odd days at simple interest on top."""
    odd = terms.start.odd_first_period
    if odd is None:
        return find_rate(terms, start, end=end)
    annual = Fraction(terms.rate.value) / 100
    return annual / terms.year_periods * odd.whole_periods + annual * odd.odd_years


def _count_days_by_months(start: date, end: date) -> int:
    """Whole months counted back from the due date have 30 days each; the days left over at the start are real
    ones.

    22 August to 1 October is one month and ten days: 40.
    """
    months = (end.year - start.year) * 12 + end.month - start.month
    if add_months(end, -months) < start:
        months -= 1
    return 30 * months + (add_months(end, -months) - start).days


def _split_at_year_ends(start: date, end: date) -> Fraction:
    """Days over the length of their year, where a year ends with 31 December: 19/365 + 12/366 from 12 to
    12.
    """
    part = Fraction(0)
    for year in range(start.year, end.year + 1):
        stop = min(end, date(year, 12, 31))
        part += Fraction((stop - start).days, 366 if is_leap_year(year) else 365)
        start = stop
    return part
