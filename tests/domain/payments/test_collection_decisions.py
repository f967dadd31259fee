"""What a report of collections may say: rows after refunds, references, amounts."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.support.plan_situations import EURO, make_core, make_purchase, price_source

from parcela.domain.errors import Conflict, InvalidInput
from parcela.domain.payments.collection_reports import (
    CollectionOutcome,
    CollectionReport,
    ReportedRow,
    ReportGround,
    check_report,
    decide_report,
    read_collected_amount,
)
from parcela.domain.payments.plan_pricing import price_plan
from parcela.domain.payments.plans import PaymentPlan, PlanState, RowStatus
from parcela.domain.payments.records import Owner
from parcela.domain.refund_strategy import RefundStrategy

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MISSED = ReportedRow(number=2, outcome=CollectionOutcome.MISSED, on=date(2026, 10, 1))


def make_ground(*, kept_minor: int) -> ReportGround:
    """A plan of three rows that are paid; partial refunds left row 2 nothing but its fee of 2.00."""
    offer = price_plan(price_source(make_core("core", 3)), make_purchase(), EURO)
    first, second, third = (replace(row, status=RowStatus.PAID) for row in offer.rows)
    second = replace(second, principal_minor=0, fee_minor=200)
    plan = PaymentPlan(
        plan_id="018f2f3c-7d0a-7c3e-9f55-0242ac120002",
        payment_id="pay_1",
        owner=Owner(1, 7, False),
        state=PlanState.COMPLETED,
        offer=offer,
        rows=(first, second, replace(third, principal_minor=0, status=RowStatus.CANCELLED)),
        strategy=RefundStrategy.SPREAD,
        returns_collected_interest=False,
        refund_days=5,
        created_at=NOW,
    )
    return ReportGround(
        plan=plan, kept_minor=kept_minor, told={}, bought_on=date(2026, 7, 1), day=NOW.date(), at=NOW
    )


def make_report(reference: str = "r") -> CollectionReport:
    return CollectionReport(reference=reference, reported_at=NOW, rows=(MISSED,))


def test_after_a_full_refund_no_row_is_missed_though_it_asked_for_a_fee_alone() -> None:
    with pytest.raises(Conflict, match="Row 2 cannot be missed: a refund gave back"):
        decide_report(make_ground(kept_minor=0), make_report())
    decided = decide_report(make_ground(kept_minor=20000), make_report())
    assert (decided.state, [row.status for row in decided.changed]) == (PlanState.ACTIVE, [RowStatus.OVERDUE])


@pytest.mark.parametrize(
    "reference",
    [
        "5200828200000108",
        "5200.8282.0000.0108",
        "5200_8282_0000_0108",
        "5200/8282/0000/0108",
        "2026-5200:8282:0000:0108",
        "3782-822463-10005",
        "3782=822463=10005",
    ],
)
def test_a_reference_is_no_card_number_however_it_is_written(reference: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_report(make_report(reference))
    assert str(refusal.value) == (
        "reference: expected an id that is no card number; a letter between its digits helps"
    )


@pytest.mark.parametrize("reference", ["2026-10-02/17", "2026-10-02/000017", "r:5200.8282.0000.0109", "A1"])
def test_other_references_are_taken(reference: str) -> None:
    check_report(make_report(reference))


@pytest.mark.parametrize("text", ["52008282000001.08", "5200828200000108", "0.00"])
def test_an_amount_that_no_row_has_is_not_repeated(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_collected_amount(text, "EUR")
    expected = f"amount: expected an amount above zero that a row can have, got {len(text)} characters"
    assert str(refusal.value) == expected
