"""How far an account's clock is moved (`spec/payments.md` §16): an ISO 8601 duration, or an instant."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from parcela.domain.calendar import DateOutOfRange, add_months
from parcela.domain.payments.refusals import Fault, PaymentRefused

MAX_AHEAD = timedelta(days=100 * 366)
"""How far an account's clock may be ahead of the world's."""

_DURATION = re.compile(
    r"P(?=[0-9T])(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,10})S)?)?"
)


def add_duration(now: datetime, text: str, *, zone: ZoneInfo) -> datetime:
    """The instant a duration later, such as `P3M`, `P1W` or `PT6H`; `now` and the result are in UTC.

    Years, months, weeks and days are those of the account's calendar: the time of day stays, and a month that
    is too short gives its last day. Raises PaymentRefused (400).
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise _refuse("by", "an ISO 8601 duration such as P3M, P1W, P1D or PT6H")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    local = now.astimezone(zone)
    try:
        day = add_months(local.date(), 12 * years + months) + timedelta(days=7 * weeks + days)
        moved = datetime.combine(day, local.timetz().replace(tzinfo=None), zone).astimezone(UTC)
        at = moved if day != local.date() else now
        return at + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (DateOutOfRange, OverflowError, ValueError):
        raise _refuse("by", "at most 100 years ahead of the present") from None


def check_target(target: datetime, *, now: datetime, world_now: datetime, param: str) -> datetime:
    """The instant to move to; the present second is the present.

    Raises PaymentRefused: 422 before the present, 400 too far ahead.
    """
    if target < now.replace(microsecond=0):
        raise PaymentRefused(
            Fault.CLOCK_BACKWARDS,
            f"The clock only runs on: it shows {int(now.timestamp())}.",
            param=param,
            details={"now": int(now.timestamp())},
        )
    if target - world_now > MAX_AHEAD:
        raise _refuse(param, "at most 100 years ahead of the present")
    return max(target, now)


def _refuse(param: str, expected: str) -> PaymentRefused:
    return PaymentRefused(Fault.PARAMETER_INVALID, f"'{param}' must be {expected}.", param=param)
