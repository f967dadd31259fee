"""Taxes on the rows of a priced plan: each row's fee grows by them, and its date and other parts stay."""

from datetime import date

from parcela.domain.schedule.records import InstallmentRow, Schedule, make_row
from parcela.domain.taxes import Taxes, TaxKind, find_row_tax


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


def _tax_row(row: InstallmentRow, taxes: Taxes, *, bought_on: date) -> InstallmentRow:
    tax = sum(find_row_tax(kind, taxes, row, bought_on=bought_on) for kind in TaxKind)
    return make_row(
        row.number,
        row.due_date,
        parts=(row.principal_minor, row.interest_minor),
        fee_minor=row.fee_minor + tax,
        tax_minor=tax,
    )
