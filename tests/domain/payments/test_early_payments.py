"""What paying a plan early comes to: quotes with exact figures, and what stands in the way."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.early_payments import (
    MAX_REFUSED,
    EarlyBar,
    EarlyKind,
    EarlyPayment,
    EarlyState,
    find_bar,
    find_changed_rows,
    list_kinds,
    quote_early_payment,
)
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

BOUGHT = date(2026, 8, 20)
NOW = datetime(2026, 8, 20, 12, tzinfo=UTC)
# 600.00 at 1 % a month (spec payments §9.4), with a fee share of 0.50 a row.
PARTS = [(9753, 600), (9851, 502), (9949, 404), (10049, 304), (10149, 204), (10249, 102)]
PAID, DUE, OVERDUE, CANCELLED = RowStatus.PAID, RowStatus.DUE, RowStatus.OVERDUE, RowStatus.CANCELLED


def make_plan(*statuses: RowStatus, fee: int = 50, rate: tuple[int, int] = (1, 100)) -> PaymentPlan:
    """Six rows on the 20th of each month from September, in these states; the rest are due."""
    states = [*statuses, *[DUE] * (6 - len(statuses))]
    months = [(2026, 9), (2026, 10), (2026, 11), (2026, 12), (2027, 1), (2027, 2)]
    rows = tuple(
        PlanRow(
            number=number,
            due_date=date(year, month, 20),
            principal_minor=principal,
            interest_minor=interest if rate[0] else 0,
            fee_minor=fee,
            status=status,
            original_minor=principal + interest + fee,
        )
        for number, ((year, month), (principal, interest), status) in enumerate(
            zip(months, PARTS, states, strict=True), 1
        )
    )
    terms = ShownTerms(
        terms_id="t",
        version="1",
        language="en",
        url="https://lender.example",
        text="…",
        acceptance_required=False,
        acceptance_text=None,
    )
    offer = PaymentOffer(
        offer_id="offer_1",
        program_name="vinr_bnpl",
        model=ProgramModel.LENDER,
        provider_id="lender",
        program_id="lender-6",
        program_version=1,
        currency="EUR",
        count=6,
        rows=rows,
        financed_minor=60000,
        interest_percent=Decimal(12),
        period_rate=rate,
        in_advance=False,
        rate=CostRate(label="APRC", percent=Decimal("12.7"), method="eu_ccd2"),
        controlled_by="lender",
        refund_effect="…",
        terms=terms,
        priced_on=BOUGHT,
        expires_at=NOW,
        offer_hash="sha256:" + "0" * 64,
    )
    return PaymentPlan(
        plan_id="p",
        payment_id="pay_1",
        owner=Owner(1, 7, False),
        state=PlanState.ACTIVE,
        offer=offer,
        rows=rows,
        strategy=RefundStrategy.SPREAD,
        returns_collected_interest=True,
        refund_days=5,
        created_at=NOW,
    )


@pytest.mark.parametrize(
    ("statuses", "on", "amount", "saved"),
    [
        # On the day of the purchase no interest is earned: principal and fees alone.
        pytest.param((), date(2026, 8, 20), 60000 + 300, 2116, id="at once"),
        # 600.00 × 1 % × 11 of 31 days = 2.129.
        pytest.param((), date(2026, 8, 31), 60000 + 300 + 213, 1903, id="in the first month"),
        # 403.96 × 1 % × 15 of 31 days = 1.9547; principal of rows 3 to 6 and their fees.
        pytest.param((PAID, PAID), date(2026, 11, 4), 40396 + 200 + 195, 819, id="between two rows"),
        # The day itself: row 3 in full, nothing of row 4's interest.
        pytest.param((PAID, PAID), date(2026, 11, 20), 40396 + 200 + 404, 610, id="on a due date"),
        # Row 2 is overdue in full, then as between two rows.
        pytest.param((PAID, OVERDUE), date(2026, 11, 4), 50247 + 250 + 502 + 196 - 1, 819, id="overdue"),
        pytest.param((PAID,) * 5, date(2027, 1, 30), 10249 + 50 + 33, 69, id="the last row alone"),
        # Long after the end everything has fallen due.
        pytest.param((PAID,) * 4, date(2027, 6, 1), 20398 + 100 + 306, 0, id="after the end"),
    ],
)
def test_all_that_remains_is_quoted_to_the_cent(
    statuses: tuple[RowStatus, ...], on: date, amount: int, saved: int
) -> None:
    plan = make_plan(*statuses)
    quote = quote_early_payment(plan, EarlyKind.REST, on=on, bought_on=BOUGHT)
    assert (quote.amount_minor, quote.saved_minor) == (amount, saved)
    assert amount + saved == plan.remaining_minor
    assert sum(row.principal_minor for row in quote.after) == sum(row.principal_minor for row in quote.before)
    assert [row.status for row in quote.after[1:]] == [CANCELLED] * (len(quote.before) - 1)
    assert [row.amount_minor for row in quote.after[1:]] == [0] * (len(quote.before) - 1)


@given(paid=st.integers(0, 5), late=st.integers(0, 2), days=st.integers(0, 400), fee=st.sampled_from([0, 50]))
@settings(max_examples=200, deadline=None)
def test_nobody_pays_more_for_paying_sooner(paid: int, late: int, days: int, fee: int) -> None:
    plan = make_plan(*([PAID] * paid + [OVERDUE] * late)[:6], fee=fee)
    on = BOUGHT + timedelta(days=days)
    quote, later = (
        quote_early_payment(plan, EarlyKind.REST, on=day, bought_on=BOUGHT)
        for day in (on, on + timedelta(days=1))
    )
    assert quote.amount_minor <= later.amount_minor <= plan.remaining_minor
    assert quote.amount_minor + quote.saved_minor == plan.remaining_minor
    assert quote.saved_minor <= sum(row.interest_minor for row in plan.rows if row.is_open)


def test_a_plan_without_interest_costs_its_principal_and_saves_nothing() -> None:
    quote = quote_early_payment(
        make_plan(PAID, fee=0, rate=(0, 1)), EarlyKind.REST, on=date(2026, 10, 1), bought_on=BOUGHT
    )
    assert (quote.amount_minor, quote.saved_minor) == (60000 - 9753, 0)


def test_the_next_row_asks_for_what_it_asks_for_on_its_day() -> None:
    plan = make_plan(PAID, OVERDUE)
    quote = quote_early_payment(plan, EarlyKind.NEXT, on=date(2026, 11, 4), bought_on=BOUGHT)
    assert (quote.before, quote.after) == ((plan.rows[1],), (plan.rows[1],))
    assert (quote.amount_minor, quote.saved_minor) == (10403, 0)


def test_another_day_row_or_amount_is_another_quote() -> None:
    plan = make_plan()
    held = replace(plan, rows=(replace(plan.rows[0], status=OVERDUE), *plan.rows[1:]))
    digests = [
        quote_early_payment(one, kind, on=day, bought_on=BOUGHT).digest
        for one in (plan, held)
        for kind in EarlyKind
        for day in (date(2026, 9, 1), date(2026, 9, 2))
    ]
    assert len(set(digests)) == len(digests) == 8


def test_what_is_written_is_what_was_quoted() -> None:
    plan = make_plan(PAID, OVERDUE)
    for kind in EarlyKind:
        quote = quote_early_payment(plan, kind, on=date(2026, 11, 4), bought_on=BOUGHT)
        row = quote.paid_row
        early = EarlyPayment(
            plan_id="p",
            serial=1,
            kind=kind,
            state=EarlyState.ASKED,
            number=row.number,
            principal_minor=row.principal_minor,
            interest_minor=row.interest_minor,
            fee_minor=row.fee_minor,
            saved_minor=quote.saved_minor,
            attempt=1,
            asked_at=NOW,
        )
        assert find_changed_rows(plan, early) == quote.after


def test_the_last_row_is_all_that_remains() -> None:
    assert list_kinds(make_plan()) == (EarlyKind.NEXT, EarlyKind.REST)
    assert list_kinds(make_plan(*[PAID] * 5)) == (EarlyKind.REST,)


PLAN = make_plan()
CREATED, COMPLETED = replace(PLAN, state=PlanState.CREATED), replace(PLAN, state=PlanState.COMPLETED)


@pytest.mark.parametrize(
    ("plan", "is_allowed", "is_asked", "refused", "bar"),
    [
        pytest.param(PLAN, True, False, MAX_REFUSED - 1, None, id="open"),
        pytest.param(
            replace(PLAN, offer=replace(PLAN.offer, model=ProgramModel.COBRAND)),
            True, False, 0, EarlyBar.BY_ISSUER, id="an issuer's",
        ),
        pytest.param(CREATED, True, False, 0, EarlyBar.NOT_RUNNING, id="created"),
        pytest.param(COMPLETED, True, False, 0, EarlyBar.NOT_RUNNING, id="ended"),
        pytest.param(PLAN, False, False, 0, EarlyBar.NOT_ALLOWED, id="not allowed"),
        pytest.param(replace(PLAN, held_by=1), True, True, 0, EarlyBar.UNDER_WAY, id="asked and held"),
        pytest.param(replace(PLAN, held_by=1), True, False, 0, EarlyBar.REFUND_PENDING, id="held"),
        pytest.param(PLAN, True, False, MAX_REFUSED, EarlyBar.REFUSED_TOO_OFTEN, id="tried out"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way(
    plan: PaymentPlan, *, is_allowed: bool, is_asked: bool, refused: int, bar: EarlyBar | None
) -> None:
    assert find_bar(plan, is_allowed=is_allowed, is_asked=is_asked, refused=refused) is bar
