"""Taxes of credit: rates that an operator sets, and what they come to for one row of a plan.

`disclosures.md` §§3 and 5. Brazil's IOF is on what each row repays (Decreto 6.306/2007, art. 7), VAT (IVA) in
Mexico and Argentina on interest and fees. Which rates are in force is for counsel.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from parcela.domain.rounding import divide_half_up

MAX_TAXED_DAYS = 365
"""Longer credit bears no more of the daily part."""


class TaxKind(StrEnum):
    """The taxes that are known, in the order in which they are told."""

    IOF = "iof"
    VAT = "vat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxes:
    """Percentages. `vat_percent` is on interest and fee; `iof_percent` on the principal, with
    `iof_daily_percent` of it for each calendar day from the purchase to the row's due date.
    """

    vat_percent: Decimal = Decimal(0)
    iof_percent: Decimal = Decimal(0)
    iof_daily_percent: Decimal = Decimal(0)

    @property
    def are_due(self) -> bool:
        """Is there any tax?"""
        return bool(self.vat_percent or self.iof_percent or self.iof_daily_percent)


NO_TAXES = Taxes()


class TaxableRow(Protocol):
    """A row's date and parts in minor units; its fee includes the tax that it has already."""

    @property
    def due_date(self) -> date:
        """A plain calendar date."""

    @property
    def principal_minor(self) -> int:
        """What the row repays."""

    @property
    def interest_minor(self) -> int:
        """Its interest."""

    @property
    def fee_minor(self) -> int:
        """Its fee, tax included."""

    @property
    def tax_minor(self) -> int:
        """How much of the fee is tax."""


def find_row_tax(kind: TaxKind, taxes: Taxes, row: TaxableRow, *, bought_on: date) -> int:
    """One tax on one row in minor units, rounded half up once."""
    if kind is TaxKind.VAT:
        base_minor, percent = row.interest_minor + row.fee_minor - row.tax_minor, taxes.vat_percent
    else:
        days = min(max((row.due_date - bought_on).days, 0), MAX_TAXED_DAYS)
        base_minor, percent = row.principal_minor, taxes.iof_percent + days * taxes.iof_daily_percent
    numerator, denominator = percent.as_integer_ratio()
    return divide_half_up(base_minor * numerator, denominator * 100)
