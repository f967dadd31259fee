"""Argentina's Costo Financiero Total and Tasa Efectiva Anual (Res. 51-E/2017; spec disclosures §3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from parcela.domain.rates.calendar_act365 import find_act365_rate
from parcela.domain.rates.flows import CostRate, DatedFlow, list_flows
from parcela.domain.schedule.records import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgentineRates:
    """CFT of all flows with their tax, and TEA of principal and interest alone."""

    cft: CostRate
    tea: CostRate


def find_ar_rate(flows: Sequence[DatedFlow]) -> CostRate:
    """The effective annual rate of these flows: calendar days over 365, two decimals. Raises
    `RateUndefined`.
    """
    return find_act365_rate(flows, decimals=2)


def find_ar_rates(schedule: Schedule, drawdown: date) -> ArgentineRates:
    """Both figures of a plan, whose fees include the tax on interest and fee. Raises `RateUndefined`."""
    bare = [DatedFlow(day=drawdown, amount=Decimal(-schedule.principal_minor))]
    bare += [
        DatedFlow(day=row.due_date, amount=Decimal(row.amount_minor - row.fee_minor)) for row in schedule.rows
    ]
    return ArgentineRates(cft=find_ar_rate(list_flows(schedule, drawdown)), tea=find_ar_rate(bare))
