"""The refund models beyond the vector file: more published figures of Apache Fineract, and refusals.

Scenario numbers are those of its end-to-end tests (LoanRepayment, LoanMerchantIssuedRefund, LoanPayoutRefund
and LoanReAmortization).
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from parcela.domain.allocation import AllocationOrder, OpenRow
from parcela.domain.calendar import MONTHLY
from parcela.domain.currency import find_currency
from parcela.domain.errors import Conflict
from parcela.domain.money import Money
from parcela.domain.refunds.models import LOAN_MODELS, ROW_MODELS, follow_plan
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
from parcela.domain.rounding import DOWN, HALF_EVEN, Rounding, RoundingMode
from parcela.domain.schedule import NotPriceable
from parcela.domain.terms import Method, PricingTerms, Rate, Residual, RoundingRules

PAYMENT, REFUND = EventKind.PAYMENT, EventKind.REFUND
NEXT_FIRST, LAST_FIRST = AllocationOrder.NEXT_FIRST, AllocationOrder.LAST_FIRST
EVENLY = AllocationOrder.REAMORTIZE_EVENLY
WHOLE_UNITS = Rounding(mode=RoundingMode.HALF_EVEN, step=Decimal(1))


def make_loan(
    amount_minor: int, count: int, percent: str, started_on: date, *, rounding: Rounding = HALF_EVEN
) -> LoanPlan:
    currency = find_currency("EUR")
    assert currency is not None
    return LoanPlan(
        principal=Money(amount_minor, currency),
        started_on=started_on,
        terms=PricingTerms(
            count=count,
            interval=MONTHLY,
            method=Method.ANNUITY,
            rate=Rate(value=Decimal(percent)),
            rounding=RoundingRules(installment=rounding, interest=HALF_EVEN, residual=Residual.LAST),
        ),
    )


def make_event(
    kind: EventKind,
    on: date,
    amount_minor: int,
    order: AllocationOrder = NEXT_FIRST,
    *,
    refunds_interest: bool = False,
    number: int | None = None,
) -> PlanEvent:
    return PlanEvent(
        kind=kind,
        on=on,
        amount_minor=amount_minor,
        order=order,
        refunds_interest=refunds_interest,
        number=number,
    )


def list_parts(outcome: RefundOutcome) -> list[tuple[int, int, int]]:
    """Principal, interest and what is still asked for, by row."""
    return [(row.principal_minor, row.interest_minor, row.outstanding_minor) for row in outcome.rows]


FIVE_THOUSAND = make_loan(500000, 6, "12", date(2022, 11, 1), rounding=WHOLE_UNITS)
PREPAID_TWICE = ((date(2022, 12, 1), 100000), (date(2023, 1, 1), 200000))


@pytest.mark.parametrize(
    ("strategy", "payments", "parts"),
    [
        # RP03: early, the row's own amount: all of it is principal, and the level falls to 852
        (Prepayment.REDUCE_INSTALLMENT, ((date(2022, 11, 27), 86300),),
         [(86300, 4818, 4818), (80984, 4216, 85200), (81809, 3391, 85200), (82890, 2310, 85200),
          (83488, 1712, 85200), (84529, 834, 85363)]),
        # RP04: late, exact
        (Prepayment.REDUCE_INSTALLMENT, ((date(2022, 12, 5), 86200),),
         [(81268, 4932, 0), (81825, 4375, 86200), (82766, 3434, 86200), (83861, 2339, 86200),
          (84465, 1735, 86200), (85815, 846, 86661)]),
        # RP05: on time, in part
        (Prepayment.REDUCE_INSTALLMENT, ((date(2022, 12, 1), 20000),),
         [(81268, 4932, 66200), (81932, 4268, 86200), (82767, 3433, 86200), (83862, 2338, 86200),
          (84466, 1734, 86200), (85705, 845, 86550)]),
        # RP06: early, in part
        (Prepayment.REDUCE_INSTALLMENT, ((date(2022, 11, 27), 20000),),
         [(81295, 4905, 66200), (81933, 4267, 86200), (82768, 3432, 86200), (83862, 2338, 86200),
          (84466, 1734, 86200), (85676, 845, 86521)]),
        # RP08: on time, with an extra
        (Prepayment.REDUCE_INSTALLMENT, ((date(2022, 12, 1), 150000),),
         [(145068, 4932, 0), (69483, 3617, 73100), (70191, 2909, 73100), (71118, 1982, 73100),
          (71631, 1469, 73100), (72509, 715, 73224)]),
        # RP09: early, with an extra
        (Prepayment.REDUCE_INSTALLMENT, ((date(2022, 11, 27), 150000),),
         [(150000, 4734, 4734), (68533, 3567, 72100), (69231, 2869, 72100), (70146, 1954, 72100),
          (70652, 1448, 72100), (71438, 705, 72143)]),
        # RP10: late, with an extra that pays a part of the next row in advance
        (Prepayment.REDUCE_INSTALLMENT, ((date(2022, 12, 5), 150000),),
         [(81268, 4932, 0), (82391, 3809, 22400), (82772, 3428, 86200), (83866, 2334, 86200),
          (84470, 1730, 86200), (85233, 841, 86074)]),
        # RP12: two extras on due dates lower the level to 536
        (Prepayment.REDUCE_INSTALLMENT, PREPAID_TWICE,
         [(95068, 4932, 0), (195873, 4127, 0), (51469, 2131, 53600), (52149, 1451, 53600),
          (52525, 1075, 53600), (52916, 522, 53438)]),
        # RP13: or the next rows ask for less
        (Prepayment.RESCHEDULE_NEXT, PREPAID_TWICE,
         [(95068, 4932, 0), (195873, 4127, 0), (0, 2131, 2131), (40745, 1924, 42669),
          (84485, 1715, 86200), (83829, 827, 84656)]),
    ],
)  # fmt: skip
def test_published_prepayments(
    strategy: Prepayment, payments: tuple[tuple[date, int], ...], parts: list[tuple[int, int, int]]
) -> None:
    outcome = follow_plan(
        FIVE_THOUSAND,
        [make_event(PAYMENT, on, amount) for on, amount in payments],
        policy=RefundPolicy(model=RefundModel.PREPAY_DAILY_365, prepayment=strategy),
    )
    assert list_parts(outcome) == parts


def test_a_refund_is_extra_money_like_a_payment() -> None:
    policy = RefundPolicy(model=RefundModel.PREPAY_DAILY_365, prepayment=Prepayment.REDUCE_COUNT)
    paid = [make_event(PAYMENT, on, amount) for on, amount in PREPAID_TWICE]
    refunded = [
        make_event(PAYMENT, date(2022, 12, 1), 100000),
        make_event(PAYMENT, date(2023, 1, 1), 86200),
        make_event(REFUND, date(2023, 1, 1), 113800),
    ]
    assert follow_plan(FIVE_THOUSAND, refunded, policy=policy) == follow_plan(
        FIVE_THOUSAND, paid, policy=policy
    )


ONE_THOUSAND = make_loan(100000, 3, "10", date(2024, 7, 1))
EARLY = make_event(PAYMENT, date(2024, 7, 10), 33890)
FIFTEENTH = date(2024, 7, 15)


@pytest.mark.parametrize(
    ("events", "parts", "interest_refund"),
    [
        # The schedule itself
        ([], [(33057, 833, 33890), (33332, 558, 33890), (33611, 280, 33891)], 0),
        # C3874: row 1 paid early, nothing refunded
        ([EARLY], [(33648, 242, 0), (32945, 945, 33890), (33407, 278, 33685)], 0),
        # C3843: a refund from the last row; the interest goes to the next
        ([EARLY, make_event(REFUND, FIFTEENTH, 5000, LAST_FIRST, refunds_interest=True)],
         [(33648, 242, 0), (33010, 880, 33871), (33342, 236, 28578)], 19),
        # C3845: a refund of the next row, without interest
        ([EARLY, make_event(REFUND, FIFTEENTH, 5000)],
         [(33648, 242, 0), (33010, 880, 28890), (33342, 278, 33620)], 0),
        # The same, meant for row 2
        ([EARLY, make_event(REFUND, FIFTEENTH, 5000, LAST_FIRST, number=2)],
         [(33648, 242, 0), (33010, 880, 28890), (33342, 278, 33620)], 0),
    ],
)  # fmt: skip
def test_published_interest_recalculations(
    events: list[PlanEvent], parts: list[tuple[int, int, int]], interest_refund: int
) -> None:
    outcome = follow_plan(
        ONE_THOUSAND, events, policy=RefundPolicy(model=RefundModel.INTEREST_RECALC_30_360_PRORATED)
    )
    assert list_parts(outcome) == parts
    assert outcome.interest_refund_minor == interest_refund
    assert outcome.cash_back_minor == 0


@pytest.mark.parametrize("order", [NEXT_FIRST, LAST_FIRST, EVENLY])
def test_a_full_refund_with_its_interest_gives_back_all_that_was_paid(order: AllocationOrder) -> None:
    refund = make_event(REFUND, FIFTEENTH, 100000, order, refunds_interest=True)
    outcome = follow_plan(
        ONE_THOUSAND,
        [EARLY, refund],
        policy=RefundPolicy(model=RefundModel.INTEREST_RECALC_30_360_PRORATED),
    )
    assert outcome.is_closed
    # Nine days on 1000.00 and five on 663.52
    assert outcome.interest_refund_minor == 242 + 89
    assert outcome.cash_back_minor == 33890


def test_interest_still_to_come_is_not_given_back_before_it_is_borne() -> None:
    plan = make_loan(32888, 4, "46.85", date(2026, 1, 31))
    events = [
        make_event(PAYMENT, date(2026, 3, 9), 4973, EVENLY),
        make_event(PAYMENT, date(2026, 3, 13), 12926),
        make_event(REFUND, date(2026, 3, 13), 32888, LAST_FIRST, refunds_interest=True),
    ]
    policy = RefundPolicy(model=RefundModel.INTEREST_RECALC_30_360_PRORATED)
    outcome = follow_plan(plan, events, policy=policy)
    assert outcome.is_closed
    assert outcome.cash_back_minor == 4973 + 12926
    assert sum(row.interest_minor for row in outcome.rows) == outcome.interest_refund_minor


def test_a_row_paid_in_advance_does_not_end_the_interest_of_overdue_ones() -> None:
    events = [
        # Row 3 whole, then a part of row 1 only, on the day row 2 falls due
        make_event(PAYMENT, date(2024, 7, 15), 33611, LAST_FIRST),
        make_event(PAYMENT, date(2024, 9, 1), 10000),
        make_event(PAYMENT, date(2024, 10, 1), 100),
    ]
    outcome = follow_plan(
        ONE_THOUSAND, events, policy=RefundPolicy(model=RefundModel.INTEREST_RECALC_30_360_PRORATED)
    )
    # A month's 10 % : 12 on 663.89 from 15 July, and on 570.68 in September
    assert [row.interest_minor for row in outcome.rows] == [376 + 303, 553, 476]


def make_rows(*dues: int, paid: int = 0, step: int = 15) -> RowPlan:
    """Rows every 15 days from 1 January 2024; `paid` rows are paid."""
    return RowPlan(
        rows=tuple(
            OpenRow(
                number=number,
                due_date=date(2024, 1, 1) + timedelta(days=step * (number - 1)),
                due_minor=due,
                credited_minor=due if number <= paid else 0,
            )
            for number, due in enumerate(dues, 1)
        )
    )


FIVE_HUNDRED = make_rows(12500, 12500, 12500, 12500, paid=1)
EVEN = RoundingMode.HALF_EVEN


@pytest.mark.parametrize(
    ("plan", "payment", "on", "mode", "rows"),
    [
        # C3069: 125.00 over two rows
        (FIVE_HUNDRED, None, date(2024, 1, 25), EVEN,
         [(12500, 0), (0, 0), (18700, 18700), (18800, 18800)]),
        # C3074: two rows overdue, one to come
        (FIVE_HUNDRED, None, date(2024, 2, 1), EVEN, [(12500, 0), (0, 0), (0, 0), (37500, 37500)]),
        # C3077: a row due that day is moved too
        (FIVE_HUNDRED, None, date(2024, 1, 31), EVEN, [(12500, 0), (0, 0), (0, 0), (37500, 37500)]),
        # C3078: 75.00 overdue after a part of row 2 was paid
        (FIVE_HUNDRED, (date(2024, 1, 17), 5000), date(2024, 1, 30), EVEN,
         [(12500, 0), (5000, 0), (16300, 16300), (16200, 16200)]),
        # The same rounded down
        (FIVE_HUNDRED, (date(2024, 1, 17), 5000), date(2024, 1, 30), RoundingMode.DOWN,
         [(12500, 0), (5000, 0), (16200, 16200), (16300, 16300)]),
        # C3112: 240.00 over two rows
        (make_rows(20000, 12000, 12000, 12000, 12000, 12000, paid=2), None, date(2024, 2, 20), EVEN,
         [(20000, 0), (12000, 0), (0, 0), (0, 0), (24000, 24000), (24000, 24000)]),
        # Too little to round up: 1.50 over three rows
        (make_rows(150, 100, 100, 100), None, date(2024, 1, 2), RoundingMode.UP,
         [(0, 0), (100, 100), (100, 100), (250, 250)]),
        # No row is left to take it
        (FIVE_HUNDRED, None, date(2024, 2, 15), RoundingMode.DOWN,
         [(12500, 0), (12500, 12500), (12500, 12500), (12500, 12500)]),
    ],
)  # fmt: skip
def test_published_respreads(
    plan: RowPlan,
    payment: tuple[date, int] | None,
    on: date,
    mode: RoundingMode,
    rows: list[tuple[int, int]],
) -> None:
    events = [make_event(PAYMENT, *payment)] if payment else []
    policy = RefundPolicy(
        model=RefundModel.REAMORTIZE_OVERDUE,
        rounding=RoundingRules(installment=Rounding(mode=mode, step=Decimal(1))),
    )
    outcome = follow_plan(plan, [*events, make_event(EventKind.REAMORTIZE, on, 0)], policy=policy)
    assert [(row.due_minor, row.outstanding_minor) for row in outcome.rows] == rows


@pytest.mark.parametrize(
    ("rounding", "residual", "refund", "outstanding", "cash_back"),
    [
        (HALF_EVEN, Residual.FIRST, 100, [0, 100, 100], 0),
        # 199 in two: 99.5
        (Rounding(), Residual.FIRST, 101, [0, 99, 100], 0),
        (Rounding(), Residual.LAST, 101, [0, 100, 99], 0),
        (HALF_EVEN, Residual.FIRST, 103, [0, 99, 98], 0),
        (DOWN, Residual.FIRST, 101, [0, 100, 99], 0),
        (DOWN, Residual.LAST, 101, [0, 99, 100], 0),
        (Rounding(), Residual.FIRST, 300, [0, 0, 0], 0),
        (Rounding(), Residual.FIRST, 301, [0, 0, 0], 1),
    ],
)
def test_equal_splits(
    rounding: Rounding, residual: Residual, refund: int, outstanding: list[int], cash_back: int
) -> None:
    policy = RefundPolicy(
        model=RefundModel.EQUAL_REMAINING,
        rounding=RoundingRules(installment=rounding, residual=residual),
    )
    plan = make_rows(200, 150, 150, paid=1)
    outcome = follow_plan(plan, [make_event(REFUND, date(2024, 1, 2), refund)], policy=policy)
    assert [row.outstanding_minor for row in outcome.rows] == outstanding
    assert outcome.cash_back_minor == cash_back


def test_an_equal_split_of_less_than_its_rows_is_rounded_down() -> None:
    outcome = follow_plan(
        make_rows(10, 10, 10, 10),
        [make_event(REFUND, date(2024, 1, 2), 38)],
        policy=RefundPolicy(model=RefundModel.EQUAL_REMAINING),
    )
    assert [row.outstanding_minor for row in outcome.rows] == [2, 0, 0, 0]


def test_an_equal_split_leaves_collected_rows_alone() -> None:
    events = [
        make_event(PAYMENT, date(2024, 1, 1), 250),
        make_event(REFUND, date(2024, 1, 2), 150),
        make_event(PAYMENT, date(2024, 1, 16), 100),
    ]
    outcome = follow_plan(
        make_rows(200, 200, 200), events, policy=RefundPolicy(model=RefundModel.EQUAL_REMAINING)
    )
    assert [(row.due_minor, row.credited_minor) for row in outcome.rows] == [(200, 200), (150, 150), (100, 0)]


def test_a_new_annuity_of_nothing_leaves_empty_rows() -> None:
    plan = make_loan(66943, 2, "10", date(2024, 8, 1))
    outcome = follow_plan(
        plan,
        [make_event(REFUND, date(2024, 8, 1), 70000)],
        policy=RefundPolicy(model=RefundModel.RE_ANNUITY),
    )
    assert list_parts(outcome) == [(0, 0, 0), (0, 0, 0)]
    assert outcome.cash_back_minor == 3057
    with pytest.raises(NotPriceable):
        follow_plan(
            plan,
            [make_event(REFUND, date(2024, 8, 1), 66942)],
            policy=RefundPolicy(model=RefundModel.RE_ANNUITY),
        )


def test_cash_is_paid_out_up_to_what_is_owed() -> None:
    policy = RefundPolicy(model=RefundModel.ALLOCATE)
    refund = make_event(REFUND, date(2024, 1, 8), 50000, EVENLY)
    paid_out = make_event(EventKind.CASH_BACK, date(2024, 1, 9), 12500)
    outcome = follow_plan(FIVE_HUNDRED, [refund, paid_out], policy=policy)
    assert outcome.is_closed
    assert outcome.cash_back_minor == 12500
    with pytest.raises(Conflict, match="at most 0 minor units to pay out, got 12500"):
        follow_plan(FIVE_HUNDRED, [refund, paid_out, paid_out], policy=policy)


def test_every_model_has_one_place() -> None:
    assert set(ROW_MODELS) | set(LOAN_MODELS) == set(RefundModel)
    assert not set(ROW_MODELS) & set(LOAN_MODELS)


def test_a_model_refuses_plans_and_events_that_it_does_not_know() -> None:
    with pytest.raises(Conflict, match="needs the plan's terms"):
        follow_plan(FIVE_HUNDRED, [], policy=RefundPolicy(model=RefundModel.RE_ANNUITY))
    with pytest.raises(Conflict, match="needs the plan's rows"):
        follow_plan(ONE_THOUSAND, [], policy=RefundPolicy(model=RefundModel.ALLOCATE))
    respread = make_event(EventKind.REAMORTIZE, date(2024, 7, 2), 0)
    with pytest.raises(Conflict, match="does not respread"):
        follow_plan(FIVE_HUNDRED, [respread], policy=RefundPolicy(model=RefundModel.ALLOCATE))
    for model in LOAN_MODELS:
        for event in (respread, make_event(REFUND, FIFTEENTH, 1, AllocationOrder.PAID_ONLY)):
            with pytest.raises(Conflict, match="credits rows alone"):
                follow_plan(ONE_THOUSAND, [event], policy=RefundPolicy(model=model))
