"""Reports of collections: made as an issuer's people, and what came of them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from parcela.domain.payments.collection_reports import CollectionOutcome, CollectionReport, ReportedRow
from parcela.domain.payments.ids import find_plan_id
from parcela.operations import people
from parcela.operations.payments.collection_reports import ReportResult, report_collections
from tests.support.payments_world import PaymentsWorld

MAKER, OPERATOR = "maker@sandbox.example", "operator@sandbox.example"


def collected(number: int, on: str, amount_minor: int = 20000) -> ReportedRow:
    """A row that the issuer collected."""
    return ReportedRow(
        number=number,
        outcome=CollectionOutcome.COLLECTED,
        on=date.fromisoformat(on),
        amount_minor=amount_minor,
    )


def missed(number: int, on: str) -> ReportedRow:
    """A row that the issuer could not collect."""
    return ReportedRow(number=number, outcome=CollectionOutcome.MISSED, on=date.fromisoformat(on))


def make_report(reference: str, at: datetime, *rows: ReportedRow) -> CollectionReport:
    """A report of an instant."""
    return CollectionReport(reference=reference, reported_at=at.astimezone(UTC), rows=rows)


def get_plan_id(payment: Mapping[str, Any]) -> str:
    """The UUID of a payment's plan."""
    plan_id = find_plan_id(payment["installments"]["plan"])
    assert plan_id is not None
    return plan_id


def report(
    world: PaymentsWorld, payment: Mapping[str, Any], wanted: CollectionReport, *, who: str = OPERATOR
) -> ReportResult:
    """Report on a payment's plan as somebody."""

    async def act() -> ReportResult:
        person = await people.get_person(world.engine, who)
        return await report_collections(world.desk, person, get_plan_id(payment), wanted)

    return world.run(act())


def list_due_dates(payment: Mapping[str, Any]) -> list[str]:
    """The due dates of a payment's plan."""
    return [row["dueDate"] for row in payment["installments"]["schedule"]]
