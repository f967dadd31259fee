"""The clock of a test world: it can be moved on, never back."""

import re
from datetime import datetime, time, timedelta

from parcela.domain.calendar import DateOutOfRange, add_months
from parcela.domain.errors import InvalidInput, NotAllowed
from parcela.operations.engine import MAIN_TENANT, AuditLine, Engine
from parcela.store import audit, world
from parcela.store.database import Connection

_STEP = re.compile(r"([1-9][0-9]{0,5})(s|m|h|d|w|mo|y)")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_MONTHS = {"mo": 1, "y": 12}
MAX_OFFSET = timedelta(days=100 * 366)


def measure_step(step: str, *, now: datetime) -> timedelta:
    """The time from `now` to one step later: `10s 5m 2h 3d 1w 3mo 1y`. Raises InvalidInput.

    Months and years keep the day of the month, or take the last one of a shorter month.
    """
    found = _STEP.fullmatch(step)
    if found is None:
        expected = "a number and a unit such as 10s, 5m, 2h, 3d, 1w, 3mo or 1y"
        raise InvalidInput("step", expected, came=repr(step))
    count, unit = int(found[1]), found[2]
    if unit in _UNITS:
        return count * _UNITS[unit]
    try:
        day = add_months(now.date(), count * _MONTHS[unit])
    except DateOutOfRange:
        raise InvalidInput("step", "a date before the year 9999", came=repr(step)) from None
    return datetime.combine(day, time(), now.tzinfo) - datetime.combine(now.date(), time(), now.tzinfo)


async def advance_clock(engine: Engine, actor: str, step: str) -> datetime:
    """Move a sandbox's clock on by one step; gives the new time. Raises NotAllowed, InvalidInput."""
    if not engine.policy.is_sandbox:
        raise NotAllowed("Only the clock of a sandbox can be moved (PARCELA_ENVIRONMENT=sandbox).")
    seen = await engine.look()
    by = measure_step(step, now=seen.now)
    if seen.now + by - seen.real_now > MAX_OFFSET:
        raise InvalidInput("step", "at most 100 years in all", came=repr(step))

    async def work(connection: Connection) -> datetime:
        state = await world.move_clock(connection, by)
        line = AuditLine(
            tenant_id=MAIN_TENANT,
            at=state.database_now,
            actor=actor,
            action="clock.advance",
            subject="world",
            detail={"step": step},
        )
        await audit.insert_audit_lines(connection, [line])
        return state.database_now + state.clock_offset

    return await engine.database.run(work)
