"""What holds for every refund model, whatever the history."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from parcela.domain.allocation import AllocationOrder, OpenRow
from parcela.domain.calendar import BIWEEKLY, MONTHLY
from parcela.domain.currency import find_currency
from parcela.domain.money import Money
from parcela.domain.refunds.models import follow_plan
from parcela.domain.refunds.records import (
    EventKind,
    LoanPlan,
    PlanEvent,
    Prepayment,
    RefundModel,
    RefundOutcome,
    RefundPolicy,
    RowPlan,
)
from parcela.domain.rounding import HALF_EVEN, Rounding, RoundingMode
from parcela.domain.schedule import NotPriceable
from parcela.domain.terms import Method, PricingTerms, Rate, Residual, RoundingRules

STARTED_ON = date(2026, 1, 31)
CREDIT_ORDERS = (
    AllocationOrder.NEXT_FIRST,
    AllocationOrder.LAST_FIRST,
    AllocationOrder.REAMORTIZE_EVENLY,
    AllocationOrder.REDUCE_FROM_LAST,
)

roundings = st.builds(
    Rounding, mode=st.sampled_from(RoundingMode), step=st.sampled_from([None, Decimal("0.05"), Decimal(1)])
)
rules = st.builds(
    RoundingRules,
    installment=roundings,
    interest=st.just(HALF_EVEN),
    residual=st.sampled_from([Residual.FIRST, Residual.LAST]),
)


def make_loan(
    amount: int, count: int, percent: Decimal, is_monthly: bool, rounding: RoundingRules
) -> LoanPlan:
    currency = find_currency("EUR")
    assert currency is not None
    terms = PricingTerms(
        count=count,
        interval=MONTHLY if is_monthly else BIWEEKLY,
        method=Method.ANNUITY,
        rate=Rate(value=percent),
        rounding=rounding,
    )
    return LoanPlan(principal=Money(amount, currency), terms=terms, started_on=STARTED_ON)


loans = st.builds(
    make_loan,
    st.integers(100, 500_000),
    st.integers(1, 12),
    st.decimals(0, 60, places=2),
    st.booleans(),
    rules,
)


def list_histories(
    kinds: tuple[EventKind, ...], *, highest: int = 300_000
) -> st.SearchStrategy[list[PlanEvent]]:
    """Up to six events on any day of a year, in the order of their days."""
    event = st.builds(
        PlanEvent,
        kind=st.sampled_from(kinds),
        on=st.integers(0, 400).map(lambda days: STARTED_ON + timedelta(days=days)),
        amount_minor=st.one_of(st.integers(0, 500), st.integers(0, highest)),
        order=st.sampled_from(CREDIT_ORDERS),
        number=st.one_of(st.none(), st.integers(1, 13)),
        refunds_interest=st.booleans(),
    )
    return st.lists(event, max_size=6).map(lambda events: sorted(events, key=lambda event: event.on))


MONEY = (EventKind.PAYMENT, EventKind.REFUND)


def assert_lawful(outcome: RefundOutcome, *, money_minor: int, credited_before: int = 0) -> None:
    """Every unit has its place, and no row is negative or credited above its due."""
    for row in outcome.rows:
        assert row.principal_minor >= 0
        assert row.interest_minor >= 0
        assert 0 <= row.credited_minor <= row.due_minor
    credited = sum(row.credited_minor for row in outcome.rows) - credited_before
    assert credited + outcome.cash_back_minor + outcome.unplaced_minor == money_minor
    assert outcome.cash_back_minor >= 0


@given(loans, list_histories(MONEY))
def test_recalculated_interest_keeps_every_sum(plan: LoanPlan, events: list[PlanEvent]) -> None:
    outcome = follow_plan(
        plan, events, policy=RefundPolicy(model=RefundModel.INTEREST_RECALC_30_360_PRORATED)
    )
    assert sum(row.principal_minor for row in outcome.rows) == plan.principal.minor
    assert outcome.interest_refund_minor >= 0
    money = sum(event.amount_minor for event in events) + outcome.interest_refund_minor
    assert_lawful(outcome, money_minor=money)


@given(loans, list_histories(MONEY), st.sampled_from(Prepayment))
def test_prepayments_keep_every_sum(plan: LoanPlan, events: list[PlanEvent], strategy: Prepayment) -> None:
    outcome = follow_plan(
        plan, events, policy=RefundPolicy(model=RefundModel.PREPAY_DAILY_365, prepayment=strategy)
    )
    assert sum(row.principal_minor for row in outcome.rows) == plan.principal.minor
    assert_lawful(outcome, money_minor=sum(event.amount_minor for event in events))


@given(loans, st.integers(0, 600_000))
def test_a_new_annuity_keeps_every_sum(plan: LoanPlan, refund: int) -> None:
    event = PlanEvent(kind=EventKind.REFUND, on=STARTED_ON, amount_minor=refund)
    try:
        outcome = follow_plan(plan, [event], policy=RefundPolicy(model=RefundModel.RE_ANNUITY))
    except NotPriceable:
        assume(False)
        raise
    left = sum(row.principal_minor for row in outcome.rows)
    assert plan.principal.minor - left + outcome.cash_back_minor == refund
    assert_lawful(outcome, money_minor=outcome.cash_back_minor)


plans_of_rows = st.lists(
    st.tuples(st.integers(0, 50_000), st.sampled_from([0, 0, 30, 100])), min_size=1, max_size=12
).map(
    lambda rows: RowPlan(
        rows=tuple(
            OpenRow(
                number=number,
                due_date=STARTED_ON + timedelta(days=30 * number),
                due_minor=due,
                credited_minor=due * percent // 100,
            )
            for number, (due, percent) in enumerate(rows, 1)
        )
    )
)


@given(plans_of_rows, list_histories(MONEY))
def test_allocations_keep_every_sum(plan: RowPlan, events: list[PlanEvent]) -> None:
    outcome = follow_plan(plan, events, policy=RefundPolicy(model=RefundModel.ALLOCATE))
    assert [row.due_minor for row in outcome.rows] == [row.due_minor for row in plan.rows]
    before = sum(row.credited_minor for row in plan.rows)
    money = sum(event.amount_minor for event in events)
    assert_lawful(outcome, money_minor=money, credited_before=before)


@given(plans_of_rows, list_histories((*MONEY, EventKind.REAMORTIZE)), rules)
def test_respreads_keep_every_sum(plan: RowPlan, events: list[PlanEvent], rounding: RoundingRules) -> None:
    policy = RefundPolicy(model=RefundModel.REAMORTIZE_OVERDUE, rounding=rounding)
    outcome = follow_plan(plan, events, policy=policy)
    assert sum(row.due_minor for row in outcome.rows) == sum(row.due_minor for row in plan.rows)
    before = sum(row.credited_minor for row in plan.rows)
    money = sum(event.amount_minor for event in events if event.kind is not EventKind.REAMORTIZE)
    assert_lawful(outcome, money_minor=money, credited_before=before)


@given(plans_of_rows, list_histories(MONEY), rules)
def test_equal_splits_keep_every_sum(plan: RowPlan, events: list[PlanEvent], rounding: RoundingRules) -> None:
    policy = RefundPolicy(model=RefundModel.EQUAL_REMAINING, rounding=rounding)
    outcome = follow_plan(plan, events, policy=policy)
    asked = sum(row.outstanding_minor for row in plan.rows)
    money = sum(event.amount_minor for event in events)
    assert outcome.outstanding_minor == asked - money + outcome.cash_back_minor
    assert outcome.outstanding_minor == max(asked - money, 0)
    assert all(0 <= row.credited_minor <= row.due_minor for row in outcome.rows)


@given(plans_of_rows, st.lists(st.integers(0, 60_000), max_size=4), rules)
def test_equal_splits_follow_from_the_sum_of_refunds(
    plan: RowPlan, refunds: list[int], rounding: RoundingRules
) -> None:
    policy = RefundPolicy(model=RefundModel.EQUAL_REMAINING, rounding=rounding)
    events = [PlanEvent(kind=EventKind.REFUND, on=STARTED_ON, amount_minor=amount) for amount in refunds]
    at_once = PlanEvent(kind=EventKind.REFUND, on=STARTED_ON, amount_minor=sum(refunds))
    one = follow_plan(plan, [at_once], policy=policy)
    forwards = follow_plan(plan, events, policy=policy)
    backwards = follow_plan(plan, events[::-1], policy=policy)
    totals = {(part.outstanding_minor, part.cash_back_minor) for part in (one, forwards, backwards)}
    assert len(totals) == 1
    # Rows are the same too, unless one of them has no share in the end, or nothing was refunded.
    open_rows = [row.number for row in plan.rows if row.outstanding_minor]
    has_all = all(row.outstanding_minor for row in one.rows if row.number in open_rows)
    if has_all and refunds:
        assert one == forwards == backwards


@given(loans, list_histories((EventKind.PAYMENT,), highest=20_000), st.sampled_from(CREDIT_ORDERS))
def test_a_refund_of_all_closes_the_plan(
    plan: LoanPlan, events: list[PlanEvent], order: AllocationOrder
) -> None:
    last = max((event.on for event in events), default=STARTED_ON)
    paid = sum(event.amount_minor for event in events)
    refund = PlanEvent(
        kind=EventKind.REFUND, on=last, amount_minor=plan.principal.minor, order=order, refunds_interest=True
    )
    policy = RefundPolicy(model=RefundModel.INTEREST_RECALC_30_360_PRORATED)
    outcome = follow_plan(plan, [*events, refund], policy=policy)
    assert outcome.is_closed
    assert outcome.outstanding_minor == 0
    # All interest was given back, so that the payer gets back what was paid.
    assert outcome.cash_back_minor == paid


@given(
    plans_of_rows,
    st.sampled_from([RefundModel.ALLOCATE, RefundModel.EQUAL_REMAINING, RefundModel.REAMORTIZE_OVERDUE]),
    st.sampled_from(CREDIT_ORDERS),
)
def test_a_refund_of_all_rows_leaves_nothing_and_gives_back_what_was_paid(
    plan: RowPlan, model: RefundModel, order: AllocationOrder
) -> None:
    refund = PlanEvent(
        kind=EventKind.REFUND,
        on=STARTED_ON,
        amount_minor=sum(row.due_minor for row in plan.rows),
        order=order,
    )
    outcome = follow_plan(plan, [refund], policy=RefundPolicy(model=model))
    assert outcome.is_closed
    assert outcome.cash_back_minor == sum(row.credited_minor for row in plan.rows)
