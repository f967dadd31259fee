"""One entrance for a plan's cost-of-credit figure: the regime decides equation, time and rounding.

Regimes are those of spec disclosures §2; `eu_ccd2` also serves countries without a regime of their own (§5).
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from parcela.domain.calendar import Interval, IntervalUnit, add_intervals, find_periods_per_year
from parcela.domain.rates.ar_cft import find_ar_rates
from parcela.domain.rates.br_cet import find_br_rate
from parcela.domain.rates.eu_ccd2 import find_eu_rate
from parcela.domain.rates.flows import CostRate, list_flows
from parcela.domain.rates.jp_real_rate import find_jp_rate
from parcela.domain.rates.mx_cat import find_mx_rate
from parcela.domain.rates.uk_conc import find_uk_rate
from parcela.domain.rates.us_reg_z import find_us_rate
from parcela.domain.schedule.records import Schedule, make_row
from parcela.domain.terms import PricingTerms


class Regime(StrEnum):
    """The disclosure rules that have a rate of their own."""

    US_REG_Z = "us_reg_z"
    EU_CCD2 = "eu_ccd2"
    UK_CONC = "uk_conc"
    BR_CET = "br_cet"
    MX_CAT = "mx_cat"
    AR_CFT = "ar_cft"
    JP_REAL_RATE = "jp_real_rate"


def find_cost_rate(regime: Regime, terms: PricingTerms, *, schedule: Schedule, drawdown: date) -> CostRate:
    """The rate of a plan's printed rows under a regime, in percent a year; exactly 0 without cost.

    Taxes count in every figure but Mexico's. Argentina's is the CFT: `ar_cft.find_ar_rates` also gives the
    TEA. Raises `RateUndefined`: such a plan is not offered.
    """
    match regime:
        case Regime.US_REG_Z:
            return find_us_rate(list_flows(schedule, drawdown), terms.interval)
        case Regime.EU_CCD2:
            return find_eu_rate(list_flows(schedule, drawdown), terms.interval.unit)
        case Regime.UK_CONC:
            return find_uk_rate(list_flows(schedule, drawdown), terms.interval.unit)
        case Regime.BR_CET:
            return find_br_rate(list_flows(schedule, drawdown))
        case Regime.AR_CFT:
            return find_ar_rates(schedule, drawdown).cft
        case Regime.MX_CAT:
            return find_mx_rate(_list_periodic_flows(terms, _leave_taxes_out(schedule), drawdown=drawdown))
        case Regime.JP_REAL_RATE:
            return _find_jp_rate_of_schedule(terms, schedule, drawdown=drawdown)


def _leave_taxes_out(schedule: Schedule) -> Schedule:
    """The rows as they would be without tax: Mexico's CAT is told without it (Circular 21/2009)."""
    if not schedule.tax_minor:
        return schedule
    return replace(
        schedule,
        rows=tuple(
            make_row(
                row.number,
                row.due_date,
                parts=(row.principal_minor, row.interest_minor),
                fee_minor=row.fee_minor - row.tax_minor,
            )
            for row in schedule.rows
        ),
        total_minor=schedule.total_minor - schedule.tax_minor,
        fee_minor=schedule.fee_minor - schedule.tax_minor,
    )


def _list_periodic_flows(
    terms: PricingTerms, schedule: Schedule, *, drawdown: date
) -> list[tuple[Fraction, Decimal]]:
    """Row k is k periods after the purchase, whatever the length of the months between.

    A first row that is put off counts the whole periods until it, and at least one.
    """
    period = 1 / find_periods_per_year(terms.interval.unit, terms.interval.count)
    first = _count_periods(terms.interval, drawdown, schedule.rows[0].due_date)
    flows = [(Fraction(0), Decimal(schedule.prepaid_fee_minor - schedule.principal_minor))]
    flows += [(period * (row.number - 1 + first), Decimal(row.amount_minor)) for row in schedule.rows]
    return flows


def _count_periods(interval: Interval, start: date, end: date) -> int:
    """Whole periods between two days; a begun first one counts, and on the same day there is none."""
    if end == start:
        return 0
    count = 1
    while interval.unit is not IntervalUnit.SINGLE and add_intervals(start, interval, times=count + 1) <= end:
        count += 1
    return count


def _find_jp_rate_of_schedule(terms: PricingTerms, schedule: Schedule, *, drawdown: date) -> CostRate:
    """Each row is one period after the one before; a row or fee on the purchase date has no time before it.

    The first row may count as one month while it is less than two away (spec disclosures §3).
    """
    flows = _list_periodic_flows(terms, schedule, drawdown=drawdown)
    (_, credit), *rows = flows
    steps = []
    before = Fraction(0)
    for years, amount in rows:
        steps.append((years - before, amount))
        before = years
    return find_jp_rate(-credit, steps)
