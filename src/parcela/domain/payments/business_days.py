"""Business days of an account: Monday to Friday, less its holidays (`spec/payments.md` §2)."""

from collections.abc import Collection
from datetime import date

from parcela.domain.calendar import BusinessDayConvention, BusinessDayRule, add_days, move_to_business_day


def add_business_days(day: date, days: int, holidays: Collection[date] = ()) -> date:
    """The business day so many business days after a date; 0 of them give the first one from the date on.

    A date that is no business day counts as the one before it: Saturday and two are Tuesday. Raises
    DateOutOfRange for holidays without an end.
    """
    assert days >= 0, days
    rule = BusinessDayRule(convention=BusinessDayConvention.FOLLOWING, holidays=frozenset(holidays))
    if days == 0:
        return move_to_business_day(day, rule)
    for _ in range(days):
        day = move_to_business_day(add_days(day, 1), rule)
    return day
