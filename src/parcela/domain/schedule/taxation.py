"""Taxes on the rows of a priced plan: each row's fee grows by them, and its date and other parts stay."""

from datetime import date

from parcela.domain.rounding import divide_half_up
from parcela.domain.schedule.records import InstallmentRow, Schedule, make_row
from parcela.domain.taxes import Taxes, TaxKind

MAX_TAXED_DAYS = 365
"""Longer credit bears no more of the daily part."""


def add_taxes(schedule: Schedule, taxes: Taxes, *, bought_on: date) -> Schedule:
    """The schedule, which has no tax yet, with each row's own; every tax is rounded once in each row."""
    rows = tuple(_tax_row(row, taxes, bought_on=bought_on) for row in schedule.rows)
    tax = sum(row.tax_minor for row in rows)
    return Schedule(
        currency=schedule.currency,
        principal_minor=schedule.principal_minor,
        rows=rows,
        total_minor=schedule.total_minor + tax,
        interest_minor=schedule.interest_minor,
        fee_minor=schedule.fee_minor + tax,
        prepaid_fee_minor=schedule.prepaid_fee_minor,
    )


def find_row_tax(kind: TaxKind, taxes: Taxes, row: InstallmentRow, *, bought_on: date) -> int:
    """One tax on one row in minor units, rounded half up once."""
    if kind is TaxKind.VAT:
        base_minor, percent = row.interest_minor + row.fee_minor - row.tax_minor, taxes.vat_percent
    else:
        days = min(max((row.due_date - bought_on).days, 0), MAX_TAXED_DAYS)
        base_minor, percent = row.principal_minor, taxes.iof_percent + days * taxes.iof_daily_percent
    numerator, denominator = percent.as_integer_ratio()
    return divide_half_up(base_minor * numerator, denominator * 100)


def _tax_row(row: InstallmentRow, taxes: Taxes, *, bought_on: date) -> InstallmentRow:
    tax = sum(find_row_tax(kind, taxes, row, bought_on=bought_on) for kind in TaxKind)
    return make_row(
        row.number,
        row.due_date,
        parts=(row.principal_minor, row.interest_minor),
        fee_minor=row.fee_minor + tax,
        tax_minor=tax,
    )
