"""What an issuer reports of the rows of its plans, and what that changes (`spec/payments.md` §6.5).

Everything is integer minor units of the plan's currency; days are those of the account.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from parcela.domain.cards import mask_card_numbers
from parcela.domain.currency import find_currency
from parcela.domain.errors import Conflict, InvalidInput
from parcela.domain.money import InvalidMoney, format_minor, parse_major
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.ids import name_plan
from parcela.domain.payments.plan_rows import apply_reported
from parcela.domain.payments.plans import PaymentPlan, PlanRow, PlanState, RowStatus
from parcela.domain.servicing.refusals import AmountRefused

CLOCK_TOLERANCE = timedelta(minutes=5)
"""So much may an issuer's clock be ahead of the account's."""

_YEARS = range(1970, 9999)
MAX_COLLECTED_MINOR = 10**11 - 1
"""More than any row asks for, and too short for a card number."""
_CARD_GROUPS = re.compile(r"\d{4}([._:/@+=-])(?:\d{4}\1\d{4}\1\d{1,7}|\d{6}\1\d{4,5})")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+=-]{0,127}")


class CollectionOutcome(StrEnum):
    """What became of a row."""

    COLLECTED = "collected"
    MISSED = "missed"


_STATUSES = {CollectionOutcome.COLLECTED: RowStatus.PAID, CollectionOutcome.MISSED: RowStatus.OVERDUE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRow:
    """One row of a report: collected on a day with an amount, or missed on a day, which has none."""

    number: int
    outcome: CollectionOutcome
    on: date
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionReport:
    """A report on one plan. `reference` is the issuer's own id of it, once for each plan."""

    reference: str
    reported_at: datetime
    rows: tuple[ReportedRow, ...]

    def is_same(self, other: "CollectionReport") -> bool:
        """Does the other one say the same, whatever the order of its rows?"""
        mine, others = (sorted(one.rows, key=lambda row: row.number) for one in (self, other))
        return (self.reference, self.reported_at, mine) == (other.reference, other.reported_at, others)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEntry:
    """A reported row with the status that it had before, and has since."""

    row: ReportedRow
    was: RowStatus
    status: RowStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedReport:
    """A report that was accepted: what it changed, and how the plan stood then. It never changes.

    `serial` counts the reports of the plan from 1; `recorded_at` is by the account's clock.
    """

    plan_id: str
    serial: int
    reference: str
    reported_at: datetime
    entries: tuple[ReportEntry, ...]
    plan_state: PlanState
    recorded_at: datetime
    recorded_by: str

    @property
    def report(self) -> CollectionReport:
        """What was reported."""
        rows = tuple(entry.row for entry in self.entries)
        return CollectionReport(reference=self.reference, reported_at=self.reported_at, rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportGround:
    """What a report is decided on.

    `kept_minor` is what the shopper has not got back of the captured amount, `told` when each row was
    reported last, `bought_on` and `day` (the present one, at the instant `at`) are by the account's clock.
    """

    plan: PaymentPlan
    kept_minor: int
    told: Mapping[int, datetime]
    bought_on: date
    day: date
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDecision:
    """What a report changes: each of its rows, those that are another thing now, and the plan's state."""

    entries: tuple[ReportEntry, ...]
    changed: tuple[PlanRow, ...]
    state: PlanState


def read_collected_amount(text: str, code: str) -> int:
    """An amount in major units, such as 200.00, in minor units of a known currency. Raises InvalidInput."""
    currency = find_currency(code)
    assert currency is not None, f"{code} is not a currency that plans can have"
    try:
        minor = parse_major(text, currency).minor
    except InvalidMoney as refusal:
        raise InvalidInput("amount", mask_card_numbers(str(refusal)).removeprefix("expected ")) from None
    if not 1 <= minor <= MAX_COLLECTED_MINOR:
        raise InvalidInput(
            "amount", "an amount above zero that a row can have", came=f"{len(text)} characters"
        )
    return minor


def check_report(report: CollectionReport) -> None:
    """A report's own form: a reference, and rows that each stand once. Raises InvalidInput."""
    if not _REFERENCE.fullmatch(report.reference):
        raise InvalidInput(
            "reference", "1 to 128 letters, digits and . _ : / @ + = -, beginning with a letter or digit"
        )
    if _has_card_number(report.reference):
        raise InvalidInput("reference", "an id that is no card number; a letter between its digits helps")
    if report.reported_at.tzinfo is None or report.reported_at.year not in _YEARS:
        raise InvalidInput("reported_at", "an instant with its offset, such as 2026-01-31T09:30:00Z")
    if not report.rows:
        raise InvalidInput("entries", "at least one row")
    numbers = [row.number for row in report.rows]
    for place, number in enumerate(numbers):
        if number in numbers[:place]:
            raise InvalidInput("number", "each row once in a report", came=f"{number} again")
    for row in report.rows:
        if (row.amount_minor is None) == (row.outcome is CollectionOutcome.COLLECTED):
            wanted = "the amount that was collected" if row.amount_minor is None else "none for a missed row"
            raise InvalidInput("amount", f"{wanted} (row {row.number})")


def _has_card_number(reference: str) -> bool:
    """Is there a card number in it, also one in groups with some other sign between them?"""
    groups = (re.sub(r"\D", "", found[0]) for found in _CARD_GROUPS.finditer(reference))
    return any(mask_card_numbers(text) != text for text in (reference, *groups))


def check_reportable(plan: PaymentPlan) -> None:
    """Only an issuer's plan that runs, or has run, is reported on. Raises Conflict."""
    name = name_plan(plan.plan_id)
    if plan.offer.model is ProgramModel.LENDER:
        raise Conflict(f"{name} is run by its lender, who collects by itself: there is nothing to report.")
    if plan.state not in (PlanState.ACTIVE, PlanState.COMPLETED):
        raise Conflict(
            f"{name} is {plan.state}: rows are reported of plans that are active or completed alone."
        )


def decide_report(ground: ReportGround, report: CollectionReport) -> ReportDecision:
    """What a report changes. A row may be reported again: the latest word on it counts.

    Raises InvalidInput, Conflict and AmountRefused: the plan (`check_reportable`), the report's instant, then
    its rows in their order, then that no row is missed whose money a refund gave back; after a full refund
    that is every row, also one that asked for fees alone.
    """
    plan = ground.plan
    check_reportable(plan)
    _check_instant(ground, report)
    entries = tuple(_decide_entry(ground, report, reported) for reported in report.rows)
    changed = tuple(
        replace(plan.rows[entry.row.number - 1], status=entry.status)
        for entry in entries
        if entry.status is not entry.was
    )
    after = apply_reported(plan.rows, changed)
    taken_back = [entry.row.number for entry in entries if _is_taken_back(entry)]
    unpaid_minor = sum(row.principal_minor for row in after if row.is_open)
    if taken_back and (unpaid_minor > ground.kept_minor or not ground.kept_minor):
        numbers = ", ".join(map(str, taken_back))
        raise Conflict(f"Row {numbers} cannot be missed: a refund gave back what was collected.")
    is_open = any(row.is_open for row in after)
    state = PlanState.ACTIVE if is_open else PlanState.COMPLETED
    return ReportDecision(entries=entries, changed=changed, state=state)


def _check_instant(ground: ReportGround, report: CollectionReport) -> None:
    latest = ground.at + CLOCK_TOLERANCE
    # A day earlier by some other zone's calendar may be the day of the purchase.
    earliest = ground.bought_on - timedelta(days=1)
    if not (earliest <= report.reported_at.date() and report.reported_at <= latest):
        raise InvalidInput(
            "reported_at",
            f"an instant between the purchase on {ground.bought_on} and now, {ground.at:%Y-%m-%dT%H:%M:%SZ}",
            came=report.reported_at.isoformat(),
        )


def _decide_entry(ground: ReportGround, report: CollectionReport, reported: ReportedRow) -> ReportEntry:
    rows, number = ground.plan.rows, reported.number
    if not 1 <= number <= len(rows):
        expected = f"a row of the plan, 1 to {len(rows)}"
        raise InvalidInput("number", expected, came=mask_card_numbers(str(number)))
    row = rows[number - 1]
    if row.status is RowStatus.CANCELLED:
        raise Conflict(f"Row {number} was cancelled by a refund: nothing is collected of it any more.")
    told_at = ground.told.get(number)
    if told_at is not None and report.reported_at < told_at:
        raise Conflict(
            f"Row {number} was reported later, at {told_at:%Y-%m-%dT%H:%M:%SZ}: "
            "an earlier report does not correct it."
        )
    _check_day(ground, row, reported)
    if reported.amount_minor is not None and reported.amount_minor != row.amount_minor:
        currency = ground.plan.offer.currency
        expected = f"{format_minor(row.amount_minor, currency)} {currency} ({row.amount_minor})"
        raise AmountRefused(f"Row {number}", expected=expected, came_minor=reported.amount_minor)
    return ReportEntry(row=reported, was=row.status, status=_STATUSES[reported.outcome])


def _check_day(ground: ReportGround, row: PlanRow, reported: ReportedRow) -> None:
    """A row is collected from the purchase on, and missed from its due date on, and not in the future."""
    is_missed = reported.outcome is CollectionOutcome.MISSED
    earliest, what = (row.due_date, "its due date") if is_missed else (ground.bought_on, "the purchase")
    if not earliest <= reported.on <= ground.day:
        days = f"a day from {earliest} ({what}) to {ground.day} (today)"
        expected = f"{days} on which row {row.number} was {reported.outcome}"
        raise InvalidInput("date", expected, came=reported.on.isoformat())


def _is_taken_back(entry: ReportEntry) -> bool:
    return entry.was is RowStatus.PAID and entry.status is RowStatus.OVERDUE
