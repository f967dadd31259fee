"""Money credited to the rows of a plan: which row takes how much, and what goes back to the payer.

What is overdue or due that day is settled first, in order; the rest follows the order of the program. All
amounts are minor units of one currency.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from parcela.domain.rounding import RoundingMode, divide_rounded


class AllocationOrder(StrEnum):
    """Where credited money goes after what is overdue or due that day.

    NEXT_FIRST and LAST_FIRST walk the coming rows from either end. REAMORTIZE_EVENLY gives them equal shares.
    REDUCE_FROM_LAST is what card-installment providers call LAST_FIRST: the same walk, kept under their word.
    PAID_FIRST gives back the payer's own money before any row, also an overdue one, is lowered, and then
    walks as NEXT_FIRST. PAID_ONLY gives back the payer's own money and lowers no row.
    """

    NEXT_FIRST = "next_first"
    LAST_FIRST = "last_first"
    REAMORTIZE_EVENLY = "reamortize_evenly"
    REDUCE_FROM_LAST = "reduce_from_last"
    PAID_FIRST = "paid_first"
    PAID_ONLY = "paid_only"


PAID_ORDERS = frozenset({AllocationOrder.PAID_FIRST, AllocationOrder.PAID_ONLY})
"""Orders that give back the payer's own money."""

FROM_LAST = frozenset({AllocationOrder.LAST_FIRST, AllocationOrder.REDUCE_FROM_LAST})
"""Orders that walk the coming rows backwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRow:
    """A row with what it asks for and what was credited to it so far, from 0 to `due_minor`."""

    number: int
    due_date: date
    due_minor: int
    credited_minor: int = 0

    @property
    def outstanding_minor(self) -> int:
        """What the row still asks for."""
        return self.due_minor - self.credited_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What a credit did: `credited` by row number (no zeros), cash owed to the payer, and the rest.

    `credited` + `cash_back_minor` + `unplaced_minor` make up the amount. `unplaced_minor` is what PAID_ONLY
    could not give back because the payer had not paid that much: it changes nothing, and the caller refuses
    it or not.
    """

    credited: Mapping[int, int]
    cash_back_minor: int
    unplaced_minor: int = 0

    def apply(self, rows: Sequence[OpenRow]) -> tuple[OpenRow, ...]:
        """The rows after the credit."""
        return tuple(
            replace(row, credited_minor=row.credited_minor + self.credited.get(row.number, 0)) for row in rows
        )


def allocate_credit(
    rows: Sequence[OpenRow],
    amount_minor: int,
    *,
    on: date,
    order: AllocationOrder,
    returnable_minor: int | None = None,
) -> Allocation:
    """Spread `amount_minor` over the rows as of `on`; what finds no row is cash back.

    `returnable_minor` is the payer's own money that PAID_FIRST and PAID_ONLY may give back, by default all
    that was credited. Any split of an amount over several credits of NEXT_FIRST, LAST_FIRST,
    REDUCE_FROM_LAST, PAID_FIRST or PAID_ONLY on one day ends in the same rows; REAMORTIZE_EVENLY keeps only
    the totals (reliability §6, invariant 28).
    """
    assert amount_minor >= 0
    credited: dict[int, int] = {}
    left = amount_minor
    returned = 0
    if order in PAID_ORDERS:
        paid = sum(row.credited_minor for row in rows) if returnable_minor is None else returnable_minor
        returned = min(left, paid)
        left -= returned
        if order is AllocationOrder.PAID_ONLY:
            return Allocation(credited=credited, cash_back_minor=returned, unplaced_minor=left)
    left = _fill([row for row in rows if row.due_date <= on], left, credited=credited)
    coming = [row for row in rows if row.due_date > on]
    if order is AllocationOrder.REAMORTIZE_EVENLY:
        left = _fill_evenly(coming, left, credited=credited)
    else:
        walk = reversed(coming) if order in FROM_LAST else coming
        left = _fill(walk, left, credited=credited)
    return Allocation(credited=credited, cash_back_minor=returned + left)


def _fill(rows: Iterable[OpenRow], left: int, *, credited: dict[int, int]) -> int:
    """Fill each row in turn; what is left over is returned."""
    for row in rows:
        left -= _credit(row, left, credited=credited)
    return left


def _fill_evenly(rows: Sequence[OpenRow], left: int, *, credited: dict[int, int]) -> int:
    """Equal shares half to even, capped by what is open; the last row takes the rest.

    What capped rows could not take is shared again by the rows still open.
    """
    waiting = [row for row in rows if row.outstanding_minor]
    while waiting and left:
        share = divide_rounded(left, len(waiting), mode=RoundingMode.HALF_EVEN)
        for row in waiting[:-1]:
            left -= _credit(row, min(share, left), credited=credited)
        left -= _credit(waiting[-1], left, credited=credited)
        waiting = [row for row in waiting if row.outstanding_minor > credited.get(row.number, 0)]
    return left


def _credit(row: OpenRow, amount_minor: int, *, credited: dict[int, int]) -> int:
    """Give the row what it can take of the amount, and say how much that was."""
    before = credited.get(row.number, 0)
    part = min(amount_minor, row.outstanding_minor - before)
    if part > 0:
        credited[row.number] = before + part
    return max(part, 0)
