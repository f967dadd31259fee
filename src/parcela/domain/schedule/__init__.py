"""Schedules: terms, an amount and a date become dated rows that sum exactly."""

from parcela.domain.schedule.build import build_schedule, list_capitalized_balances
from parcela.domain.schedule.japan import find_fee_per_100
from parcela.domain.schedule.records import InstallmentRow, NotPriceable, NotPriceableReason, Schedule

__all__ = [
    "InstallmentRow",
    "NotPriceable",
    "NotPriceableReason",
    "Schedule",
    "build_schedule",
    "find_fee_per_100",
    "list_capitalized_balances",
]
