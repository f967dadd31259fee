"""Issuers' reports of what they collected of a payment's plan; amounts in major units, as text."""

from datetime import date, datetime
from typing import Literal

from parcela.admin import wire
from parcela.admin.routes import Call, Route
from parcela.domain.money import format_minor
from parcela.domain.payments.collection_reports import (
    AcceptedReport,
    CollectionOutcome,
    CollectionReport,
    ReportedRow,
    ReportEntry,
    read_collected_amount,
)
from parcela.operations.payments.collection_reports import (
    ReportResult,
    get_issuer_plan,
    list_collection_reports,
    report_collections,
)


class ReportedRowBody(wire.Request, frozen=True):
    """A row by its number: `collected` on a date with its amount, or `missed` on a date."""

    number: int
    outcome: Literal["collected", "missed"]
    date: date
    amount: str | None = None


class CollectionReportBody(wire.Request, frozen=True):
    """What became of rows. `reference` is the issuer's own id of the report, once for each plan."""

    reference: str
    reported_at: datetime
    entries: list[ReportedRowBody]


class ReportedRowAnswer(wire.Answer, frozen=True):
    """A reported row, with its status before the report and since. A missed one has no amount."""

    number: int
    outcome: str
    date: str
    amount: str | None
    was: str
    status: str


class CollectionReportAnswer(wire.Answer, frozen=True):
    """A report as it was accepted: it never changes. `plan_status` is the plan's after it."""

    plan_id: str
    reference: str
    reported_at: datetime
    recorded_at: datetime
    recorded_by: str
    plan_status: str
    entries: list[ReportedRowAnswer]


class CollectionReportList(wire.Answer, frozen=True):
    """A plan's reports, the first first. `collection_source` is `issuer` if there is one, else `schedule`."""

    plan_id: str
    collection_source: str
    items: list[CollectionReportAnswer]


async def list_collections(call: Call) -> CollectionReportList:
    """What the issuer of a plan reported."""
    found = await list_collection_reports(call.engine, call.person, call.params["plan_id"])
    currency = found.plan.offer.currency
    return CollectionReportList(
        plan_id=found.plan.plan_id,
        collection_source=found.plan.collection_source,
        items=[_report_to_wire(accepted, currency) for accepted in found.reports],
    )


async def report_plan_collections(call: Call) -> CollectionReportAnswer:
    """The issuer says what it collected of a plan."""
    name = call.params["plan_id"]
    plan = await get_issuer_plan(call.engine, call.person, name)
    report = _report_from_wire(call.read(CollectionReportBody), plan.offer.currency)
    result = await report_collections(call.desk, call.person, name, report, once=call.once(_result_to_wire))
    return _result_to_wire(result)


def _report_from_wire(body: CollectionReportBody, code: str) -> CollectionReport:
    return CollectionReport(
        reference=body.reference,
        reported_at=body.reported_at,
        rows=tuple(
            ReportedRow(
                number=entry.number,
                outcome=CollectionOutcome(entry.outcome),
                on=entry.date,
                amount_minor=None if entry.amount is None else read_collected_amount(entry.amount, code),
            )
            for entry in body.entries
        ),
    )


def _result_to_wire(result: ReportResult) -> CollectionReportAnswer:
    return _report_to_wire(result.accepted, result.currency)


def _report_to_wire(accepted: AcceptedReport, currency: str) -> CollectionReportAnswer:
    return CollectionReportAnswer(
        plan_id=accepted.plan_id,
        reference=accepted.reference,
        reported_at=accepted.reported_at,
        recorded_at=accepted.recorded_at,
        recorded_by=accepted.recorded_by,
        plan_status=accepted.plan_state,
        entries=[_entry_to_wire(entry, currency) for entry in accepted.entries],
    )


def _entry_to_wire(entry: ReportEntry, currency: str) -> ReportedRowAnswer:
    row = entry.row
    return ReportedRowAnswer(
        number=row.number,
        outcome=row.outcome,
        date=row.on.isoformat(),
        amount=None if row.amount_minor is None else format_minor(row.amount_minor, currency),
        was=entry.was,
        status=entry.status,
    )


_PATH = "/plans/{plan_id}/collections"

COLLECTION_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=_PATH,
        handler=list_collections,
        summary="What the issuer of a payment's plan reported of its collections",
        answer=CollectionReportList,
    ),
    Route(
        method="POST",
        path=_PATH,
        handler=report_plan_collections,
        summary="Report what was collected of a payment's plan; the same report again has no effect",
        body=CollectionReportBody,
        answer=CollectionReportAnswer,
        status=201,
        takes_key=True,
    ),
)
