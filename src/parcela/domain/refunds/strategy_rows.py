"""A row that is not collected yet, as the refund strategies and the payoff see it."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol


class StrategyRowLike(Protocol):
    """Anything with a row's number, date and parts in minor units: a schedule's row, a serviced row."""

    @property
    def number(self) -> int:
        """From 1."""

    @property
    def due_date(self) -> date:
        """A plain calendar date."""

    @property
    def principal_minor(self) -> int:
        """What the row takes off the balance."""

    @property
    def interest_minor(self) -> int:
        """The interest of its period."""

    @property
    def fee_minor(self) -> int:
        """Its share of the fee."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyRow:
    """A row that is not collected yet; the amount is the sum of its parts, in minor units."""

    number: int
    due_date: date
    principal_minor: int
    interest_minor: int = 0
    fee_minor: int = 0

    @property
    def amount_minor(self) -> int:
        """What the row asks for."""
        return self.principal_minor + self.interest_minor + self.fee_minor
