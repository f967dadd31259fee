"""What the refund models read and answer: a plan, its history of money, the policy, and the rows after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from parcela.domain.allocation import PAID_ORDERS, AllocationOrder, OpenRow
from parcela.domain.errors import Conflict
from parcela.domain.money import Money
from parcela.domain.terms import NETWORK_ROUNDING, PricingTerms, RoundingRules


class RefundModel(StrEnum):
    """The published ways in which lenders carry a refund into a plan; each has one file beside this one."""

    ALLOCATE = "allocate"
    EQUAL_REMAINING = "equal_remaining"
    INTEREST_RECALC_30_360_PRORATED = "interest_recalc_30_360_prorated"
    PREPAY_DAILY_365 = "prepay_daily_365"
    RE_ANNUITY = "re_annuity"
    REAMORTIZE_OVERDUE = "reamortize_overdue"


class EventKind(StrEnum):
    """What happened: the payer paid, the merchant refunded, cash owed was paid out, rows were respread."""

    PAYMENT = "payment"
    REFUND = "refund"
    CASH_BACK = "cash_back"
    REAMORTIZE = "reamortize"


class Prepayment(StrEnum):
    """What money beyond a row does to the rows after it (PREPAY_DAILY_365).

    REDUCE_COUNT keeps the level amount and ends sooner, REDUCE_INSTALLMENT keeps the count and lowers the
    amount, RESCHEDULE_NEXT lets the next rows ask for less until the extra is used up.
    """

    REDUCE_COUNT = "reduce_count"
    REDUCE_INSTALLMENT = "reduce_installment"
    RESCHEDULE_NEXT = "reschedule_next"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEvent:
    """Money on a day, in minor units. `number` names the row that it is meant for, if any.

    `refunds_interest` also gives the payer back the interest that a refunded amount has borne so far.
    """

    kind: EventKind
    on: date
    amount_minor: int
    order: AllocationOrder = AllocationOrder.NEXT_FIRST
    number: int | None = None
    refunds_interest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlan:
    """A plan known by its rows alone; what is credited at the start was paid by the payer."""

    rows: tuple[OpenRow, ...]
    exponent: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanPlan:
    """A plan known by its terms: a principal lent on `started_on`, priced by `terms`.

    `first_number` is the number of the first row, where earlier rows are done with.
    """

    principal: Money
    terms: PricingTerms
    started_on: date
    first_number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPolicy:
    """The model, and what only some models read: rounding with its residual row, and the prepayment rule."""

    model: RefundModel
    rounding: RoundingRules = NETWORK_ROUNDING
    prepayment: Prepayment = Prepayment.REDUCE_INSTALLMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcome:
    """A row after the history; `principal_minor` is the whole due of a plan known by its rows alone."""

    number: int
    due_date: date
    principal_minor: int
    interest_minor: int = 0
    credited_minor: int = 0

    @property
    def due_minor(self) -> int:
        """What the row asks for in all."""
        return self.principal_minor + self.interest_minor

    @property
    def outstanding_minor(self) -> int:
        """What it still asks for."""
        return self.due_minor - self.credited_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOutcome:
    """The plan after its history, in minor units.

    `cash_back_minor` is all that was owed to the payer, paid out or not; `interest_refund_minor` the interest
    given back, which is among what is credited; `unplaced_minor` what a refund could not give back because
    its order touches paid money alone.
    """

    rows: tuple[RowOutcome, ...]
    cash_back_minor: int = 0
    interest_refund_minor: int = 0
    unplaced_minor: int = 0

    @property
    def outstanding_minor(self) -> int:
        """All that the rows still ask for."""
        return sum(row.outstanding_minor for row in self.rows)

    @property
    def is_closed(self) -> bool:
        """Nothing is asked for any more: the plan is completed or cancelled."""
        return self.outstanding_minor == 0


def sort_events(events: Sequence[PlanEvent]) -> list[PlanEvent]:
    """By day; events of one day stay in the order they came in."""
    return sorted(events, key=lambda event: event.on)


def list_money(events: Sequence[PlanEvent]) -> list[PlanEvent]:
    """Payments and refunds by day, for models that reckon interest.

    Cash paid out changes no row. Raises `Conflict` for a respread and for orders that give back paid money.
    """
    for event in events:
        if event.kind is EventKind.REAMORTIZE or event.order in PAID_ORDERS:
            raise Conflict(f"this model credits rows alone, and knows no {event.kind} by {event.order}")
    return [event for event in sort_events(events) if event.kind is not EventKind.CASH_BACK]
