"""Taxes of credit: the rates that an operator sets.

`disclosures.md` §§3 and 5. Brazil's IOF is on what each row repays (Decreto 6.306/2007, art. 7), VAT (IVA) in
Mexico and Argentina on interest and fees. Which rates are in force is for counsel.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


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
