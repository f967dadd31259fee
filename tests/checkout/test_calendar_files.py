"""The dates of a plan as a calendar file."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from parcela.checkout.calendar_files import render_calendar
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.plans import (
    CostRate,
    PaymentOffer,
    PaymentPlan,
    PlanRow,
    PlanState,
    RowStatus,
    ShownTerms,
)
from parcela.domain.payments.records import Owner
from parcela.domain.refund_strategy import RefundStrategy
from parcela.words.words import Words

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ROWS = (
    PlanRow(number=1, due_date=date(2026, 7, 1), principal_minor=10001, status=RowStatus.PAID),
    PlanRow(number=2, due_date=date(2026, 7, 31), principal_minor=10000),
    PlanRow(number=3, due_date=date(2026, 12, 31), principal_minor=10000, status=RowStatus.OVERDUE),
)
OFFER = PaymentOffer(
    offer_id="offer_1",
    program_name="mastercard_installments",
    model=ProgramModel.ISSUER,
    provider_id="1",
    program_id="1",
    program_version=1,
    currency="EUR",
    count=3,
    rows=ROWS,
    financed_minor=30001,
    interest_percent=Decimal(0),
    period_rate=(0, 1),
    in_advance=True,
    rate=CostRate(label="APRC", percent=Decimal(0), method="eu_ccd2"),
    controlled_by="issuer",
    refund_effect="",
    terms=ShownTerms(
        terms_id="t",
        version="1",
        language="en",
        url="https://bank.example",
        text="",
        acceptance_required=False,
        acceptance_text=None,
    ),
    expires_at=NOW,
    offer_hash="sha256:0",
)
PLAN = PaymentPlan(
    plan_id="01980000-0000-7000-8000-000000000001",
    payment_id="pay_1",
    owner=Owner(1, 2, False),
    state=PlanState.ACTIVE,
    offer=OFFER,
    rows=ROWS,
    strategy=RefundStrategy.SPREAD,
    returns_collected_interest=False,
    refund_days=5,
    created_at=NOW,
)


def test_every_payment_that_is_still_to_come_is_an_event() -> None:
    lines = render_calendar(PLAN, shop="Shop", words=Words("en")).decode().split("\r\n")
    uid = lines[5].partition(":")[2].partition("-")[0]
    assert lines == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Parcela//Checkout//EN",
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        f"UID:{uid}-2@parcela",
        "DTSTAMP:20260701T120000Z",
        "DTSTART;VALUE=DATE:20260731",
        "DTEND;VALUE=DATE:20260801",
        "SUMMARY:Payment 2 of 3: €100.00 for Shop",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "BEGIN:VEVENT",
        f"UID:{uid}-3@parcela",
        "DTSTAMP:20260701T120000Z",
        "DTSTART;VALUE=DATE:20261231",
        "DTEND;VALUE=DATE:20270101",
        "SUMMARY:Payment 3 of 3: €100.00 for Shop",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    assert uid.startswith("plan_")


def test_long_lines_are_folded_and_marks_escaped() -> None:
    shop = "Kälte; Wärme, Licht\\\r\nBEGIN:VALARM " + "ö" * 80
    lines = render_calendar(replace(PLAN, rows=ROWS[1:2]), shop=shop, words=Words("en")).split(b"\r\n")
    assert max(len(line) for line in lines) == 75
    text = b"\r\n".join(lines).replace(b"\r\n ", b"").decode()
    assert f"for Kälte\\; Wärme\\, Licht\\\\ BEGIN:VALARM {'ö' * 80}\r\n" in text
