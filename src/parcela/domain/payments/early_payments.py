"""Paying a plan before its rows fall due: what may be paid, what it costs, what it saves.

Of a lender's plan whose program allows it (`docs/plan-page.md`). Amounts are minor units.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.plans import PaymentPlan, PlanRow, PlanState, RowStatus
from parcela.domain.refunds.payoff import price_payoff

MAX_REFUSED = 5
"""So often a plan's early payments may be refused: nobody tries out a card without end."""


class EarlyKind(StrEnum):
    """What is paid: the next row, or all that remains."""

    NEXT = "next"
    REST = "rest"


class EarlyState(StrEnum):
    """Where an early payment stands: asked of the lender until the lender has said what became of it."""

    ASKED = "asked"
    PAID = "paid"
    REFUSED = "refused"


class EarlyBar(StrEnum):
    """Why nothing can be paid early."""

    BY_ISSUER = "by_issuer"
    NOT_ALLOWED = "not_allowed"
    NOT_RUNNING = "not_running"
    UNDER_WAY = "under_way"
    REFUND_PENDING = "refund_pending"
    REFUSED_TOO_OFTEN = "refused_too_often"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyPayment:
    """One wish to pay early. `serial` counts those of the plan; `number` is the row that takes the money.

    The parts are what that row asks for then, with `tax_minor` in its fee; `saved_minor` is interest that is
    not asked for any more, and `attempt` names the call to the lender.
    """

    plan_id: str
    serial: int
    kind: EarlyKind
    state: EarlyState
    number: int
    principal_minor: int
    interest_minor: int
    fee_minor: int
    saved_minor: int
    attempt: int
    asked_at: datetime
    ended_at: datetime | None = None
    tax_minor: int = 0

    @property
    def amount_minor(self) -> int:
        """What is paid."""
        return self.principal_minor + self.interest_minor + self.fee_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyQuote:
    """What an early payment would come to on a day: `after` are the open rows that it changes, the first of
    which takes the money.
    """

    kind: EarlyKind
    on: date
    before: tuple[PlanRow, ...]
    after: tuple[PlanRow, ...]

    @property
    def paid_row(self) -> PlanRow:
        """The row that takes the money, with what it asks for then."""
        return self.after[0]

    @property
    def amount_minor(self) -> int:
        """What is paid now."""
        return self.paid_row.amount_minor

    @property
    def saved_minor(self) -> int:
        """Interest that need not be paid any more."""
        return sum(row.amount_minor for row in self.before) - self.amount_minor

    @property
    def digest(self) -> str:
        """A hash of all that was quoted: another amount, day or row gives another one."""
        rows = [
            [row.number, row.status, row.principal_minor, row.interest_minor, row.fee_minor, row.tax_minor]
            for row in (*self.before, *self.after)
        ]
        text = json.dumps([self.kind, self.on.isoformat(), rows], separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def find_bar(plan: PaymentPlan, *, is_allowed: bool, is_asked: bool, refused: int) -> EarlyBar | None:
    """Why nothing of a plan can be paid early now; None: it can.

    `is_allowed` is the program's word, `is_asked`: the lender has been asked for a row and has not answered,
    `refused` counts the early payments that came to nothing.
    """
    if plan.offer.model is not ProgramModel.LENDER:
        return EarlyBar.BY_ISSUER
    if plan.state is not PlanState.ACTIVE:
        return EarlyBar.NOT_RUNNING
    if not is_allowed:
        return EarlyBar.NOT_ALLOWED
    if is_asked:
        return EarlyBar.UNDER_WAY
    if plan.held_by:
        # Nothing is collected until it is known what remains (spec payments §9.1).
        return EarlyBar.REFUND_PENDING
    return EarlyBar.REFUSED_TOO_OFTEN if refused >= MAX_REFUSED else None


def list_kinds(plan: PaymentPlan) -> tuple[EarlyKind, ...]:
    """What there is to choose: the last open row is all that remains."""
    return (EarlyKind.NEXT, EarlyKind.REST) if plan.remaining_count > 1 else (EarlyKind.REST,)


def quote_early_payment(plan: PaymentPlan, kind: EarlyKind, *, on: date, bought_on: date) -> EarlyQuote:
    """What paying early on a day comes to; the plan has open rows.

    The next row asks for what it asks for on its day. All that remains is what has fallen due, all principal
    and fees to come, and the next row's interest for the days that have passed (`price_payoff`, as the
    issuer's payoff in `docs/servicing.md`): one row takes it, the others are cancelled.
    """
    held = tuple(row for row in plan.rows if row.is_open)
    assert held, "something remains to be paid"
    if kind is EarlyKind.NEXT:
        return EarlyQuote(kind=kind, on=on, before=held[:1], after=held[:1])
    fallen_due = [row for row in held if row.due_date <= on]
    to_come = held[len(fallen_due) :]
    payoff = price_payoff(
        to_come,
        rate=plan.offer.period_rate,
        on=on,
        previous_due=_find_previous_date(plan, to_come, bought_on=bought_on),
    )
    paid = replace(
        held[0],
        principal_minor=payoff.principal_minor + sum(row.principal_minor for row in fallen_due),
        interest_minor=payoff.interest_minor + sum(row.interest_minor for row in fallen_due),
        fee_minor=payoff.fee_minor + sum(row.fee_minor for row in fallen_due),
        tax_minor=sum(row.tax_minor for row in held),
    )
    return EarlyQuote(kind=kind, on=on, before=held, after=(paid, *(_cancel(row) for row in held[1:])))


def find_changed_rows(plan: PaymentPlan, early: EarlyPayment) -> tuple[PlanRow, ...]:
    """The rows that an early payment changes once it is paid, as they are then; its row is still open."""
    held = [row for row in plan.rows if row.is_open]
    paid = replace(
        plan.rows[early.number - 1],
        principal_minor=early.principal_minor,
        interest_minor=early.interest_minor,
        fee_minor=early.fee_minor,
        tax_minor=early.tax_minor,
    )
    if early.kind is EarlyKind.NEXT:
        return (paid,)
    return (paid, *(_cancel(row) for row in held if row.number != early.number))


def _find_previous_date(plan: PaymentPlan, to_come: tuple[PlanRow, ...], *, bought_on: date) -> date:
    """From when the next row's interest counts: the due date of the row before it, or the purchase."""
    number = to_come[0].number if to_come else 1
    return bought_on if number == 1 else plan.rows[number - 2].due_date


def _cancel(row: PlanRow) -> PlanRow:
    return replace(
        row, principal_minor=0, interest_minor=0, fee_minor=0, tax_minor=0, status=RowStatus.CANCELLED
    )
