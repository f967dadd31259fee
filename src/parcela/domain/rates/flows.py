"""What passes between creditor and cardholder, and the figure that is made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from parcela.domain.calendar import add_months, count_days_in_month
from parcela.domain.rounding import RoundingMode, round_decimals
from parcela.domain.schedule.records import Schedule

EXACT_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedFlow:
    """An amount on a day: positive when the cardholder pays it, negative when it is credit drawn.

    `nominal_day` is the day of the month that a month's end has cut short (31 for a payment on 28 February).
    """

    day: date
    amount: Decimal
    nominal_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRate:
    """A rate in percent a year: `shown` as the regime rounds it, `exact` to six decimals for the evidence."""

    exact: Decimal
    shown: Decimal


def list_flows(schedule: Schedule, drawdown: date) -> list[DatedFlow]:
    """The purchase drawn down on its date, a fee paid apart on that date, and every row (disclosures §3)."""
    flows = [DatedFlow(day=drawdown, amount=Decimal(-schedule.principal_minor))]
    if schedule.prepaid_fee_minor:
        flows.append(DatedFlow(day=drawdown, amount=Decimal(schedule.prepaid_fee_minor)))
    nominal_day = max(row.due_date.day for row in schedule.rows)
    flows += [
        DatedFlow(day=row.due_date, amount=Decimal(row.amount_minor), nominal_day=nominal_day)
        for row in schedule.rows
    ]
    return flows


def find_drawdown(flows: Sequence[DatedFlow]) -> date:
    """The day of the first credit, from which time is counted."""
    return min(flow.day for flow in flows if flow.amount < 0)


def to_cost_rate(
    rate: Decimal | Fraction, *, decimals: int, mode: RoundingMode = RoundingMode.HALF_UP
) -> CostRate:
    """Round a rate, given as a fraction of 1, once: from all digits to the shown percentage."""
    percent = Fraction(rate) * 100
    return CostRate(
        exact=round_decimals(percent, EXACT_DECIMALS, mode=RoundingMode.HALF_UP),
        shown=round_decimals(percent, decimals, mode=mode),
    )


def step_back_months(start: date, flow: DatedFlow, *, months: int) -> tuple[int, date]:
    """How many times a period fits between start and flow, and the date it then reaches, start or later."""
    whole = ((flow.day.year - start.year) * 12 + flow.day.month - start.month) // months
    stop = _back(flow, whole * months)
    if stop < start:
        whole -= 1
        stop = _back(flow, whole * months)
    return whole, stop


def _back(flow: DatedFlow, months: int) -> date:
    """The flow's day so many months earlier; a day cut short by a month's end regains its place."""
    earlier = add_months(flow.day, -months)
    is_cut = flow.nominal_day is not None and flow.day.day == count_days_in_month(
        flow.day.year, flow.day.month
    )
    if not is_cut or flow.nominal_day is None:
        return earlier
    day = max(flow.nominal_day, flow.day.day)
    return earlier.replace(day=min(day, count_days_in_month(earlier.year, earlier.month)))
