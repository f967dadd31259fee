"""What holds for the rows of every method, whatever the program."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from parcela.domain.calendar import (
    BIWEEKLY,
    MONTHLY,
    QUARTERLY,
    SEMIMONTHLY,
    WEEKLY,
    DateRules,
    MonthEndRule,
)
from parcela.domain.currency import Currency, find_currency
from parcela.domain.money import Money
from parcela.domain.rounding import Rounding, RoundingMode
from parcela.domain.schedule import NotPriceable, Schedule, build_schedule
from parcela.domain.schedule.split import split_largest_remainder, split_pro_rata
from parcela.domain.terms import (
    DayCount,
    Deferral,
    DeferralInterest,
    Fee,
    FeeKind,
    FeePlacement,
    FirstDue,
    Grace,
    InvalidTerms,
    JapaneseLevel,
    Method,
    MethodOptions,
    PricingTerms,
    Rate,
    RateKind,
    Residual,
    RoundingRules,
    StartRules,
)

ANCHOR = date(2026, 1, 31)


def currency_of(exponent: int) -> Currency:
    currency = find_currency({0: "JPY", 2: "USD", 3: "KWD", 4: "CLF"}[exponent])
    assert currency is not None
    return currency


roundings = st.builds(
    Rounding, mode=st.sampled_from(RoundingMode), step=st.sampled_from([None, Decimal("0.05"), Decimal(1)])
)
starts = st.builds(
    StartRules,
    deferral=st.one_of(
        st.none(),
        st.builds(
            Deferral,
            periods=st.integers(0, 4),
            interest=st.sampled_from(DeferralInterest),
            surcharge_percent_per_period=st.decimals(0, 3, places=2),
        ),
    ),
    grace=st.one_of(
        st.none(),
        st.builds(
            Grace, principal=st.integers(0, 3), interest=st.integers(0, 2), interest_free=st.integers(0, 2)
        ),
    ),
    down_payment_percent=st.one_of(st.none(), st.decimals(0, 90, places=1)),
)
fees = st.lists(
    st.builds(
        Fee,
        kind=st.sampled_from(FeeKind),
        value=st.decimals(0, 20, places=2),
        placement=st.sampled_from(FeePlacement),
    ),
    max_size=2,
)
programs = st.builds(
    PricingTerms,
    count=st.integers(2, 40),
    interval=st.sampled_from([WEEKLY, BIWEEKLY, SEMIMONTHLY, MONTHLY, QUARTERLY]),
    method=st.sampled_from([method for method in Method if method is not Method.NETWORK]),
    rate=st.builds(
        Rate,
        value=st.one_of(st.just(Decimal(0)), st.decimals(0, 60, places=3)),
        kind=st.sampled_from([RateKind.NOMINAL_ANNUAL, RateKind.PERIOD_PERCENT]),
    ),
    first_due=st.sampled_from([FirstDue.TRANSACTION_DATE, FirstDue.AFTER_INTERVAL]),
    fees=st.builds(tuple, fees),
    day_count=st.sampled_from(DayCount),
    rounding=st.builds(
        RoundingRules, installment=roundings, interest=roundings, residual=st.sampled_from(Residual)
    ),
    dates=st.builds(DateRules, month_end=st.sampled_from(MonthEndRule)),
    start=starts,
    options=st.builds(
        MethodOptions,
        smooth_level=st.booleans(),
        amortization_count=st.just(48),
        japanese_level=st.just(JapaneseLevel(level_amount=Decimal("10700"), first_period_days=26)),
    ),
)


@given(programs, st.integers(1, 10**9), st.sampled_from([0, 2, 3, 4]))
def test_every_schedule_sums_and_has_no_negative_part(
    terms: PricingTerms, amount: int, exponent: int
) -> None:
    try:
        schedule = build_schedule(terms, Money(amount, currency_of(exponent)), anchor=ANCHOR)
    except (NotPriceable, InvalidTerms):
        assume(False)
        raise
    assert_lawful(schedule, terms, amount)


def assert_lawful(schedule: Schedule, terms: PricingTerms, amount: int) -> None:
    rows = schedule.rows
    assert [row.number for row in rows] == list(range(1, terms.count + 1))
    assert sum(row.amount_minor for row in rows) == schedule.total_minor
    assert sum(row.principal_minor for row in rows) == schedule.principal_minor == amount
    assert sum(row.interest_minor for row in rows) == schedule.interest_minor
    assert sum(row.fee_minor for row in rows) == schedule.fee_minor
    assert schedule.total_minor == amount + schedule.interest_minor + schedule.fee_minor
    assert min(min(row.principal_minor, row.interest_minor, row.fee_minor) for row in rows) >= 0
    assert [row.due_date for row in rows] == sorted({row.due_date for row in rows})
    for row in rows:
        assert row.amount_minor == row.principal_minor + row.interest_minor + row.fee_minor


def amounts_of(terms: PricingTerms, minor: int) -> list[int]:
    return [
        row.amount_minor for row in build_schedule(terms, Money(minor, currency_of(2)), anchor=ANCHOR).rows
    ]


def program(method: Method, **changes: object) -> PricingTerms:
    values = {"count": 3, "interval": MONTHLY, "method": method, "rate": Rate(value=Decimal(12)), **changes}
    return PricingTerms(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("terms", "minor", "amounts"),
    [
        # The residue of an annuity on the first and on the last row
        (
            program(Method.ANNUITY, rounding=RoundingRules(residual=Residual.FIRST), count=6),
            100000,
            [17253, 17255, 17255, 17255, 17255, 17255],
        ),
        (
            program(Method.ANNUITY, rounding=RoundingRules(residual=Residual.LAST), count=6),
            100000,
            [17255, 17255, 17255, 17255, 17255, 17253],
        ),
        # Three equal rows cannot miss a cent: the total follows
        (
            program(Method.ANNUITY, rounding=RoundingRules(residual=Residual.NONE)),
            100000,
            [34002, 34002, 34002],
        ),
        # In advance the first row pays no interest
        (
            program(
                Method.EQUAL_PRINCIPAL,
                first_due=FirstDue.TRANSACTION_DATE,
                rounding=RoundingRules(residual=Residual.LAST),
            ),
            30000,
            [10000, 10200, 10100],
        ),
        # Two free periods, two capitalized ones, and two collected with row 1
        (
            program(Method.INTEREST_ONLY, start=StartRules(deferral=Deferral(periods=2))),
            10000,
            [100, 100, 10100],
        ),
        (
            program(
                Method.INTEREST_ONLY,
                start=StartRules(deferral=Deferral(periods=2, interest=DeferralInterest.CAPITALIZE)),
            ),
            10000,
            [102, 102, 10303],
        ),
        (
            program(
                Method.INTEREST_ONLY,
                start=StartRules(deferral=Deferral(periods=2, interest=DeferralInterest.COLLECT_WITH_FIRST)),
            ),
            10000,
            [300, 100, 10100],
        ),
        # Interest-free periods at the start
        (program(Method.INTEREST_ONLY, start=StartRules(grace=Grace(interest_free=2))), 10000, [0, 0, 10100]),
    ],
)
def test_known_rows(terms: PricingTerms, minor: int, amounts: list[int]) -> None:
    assert amounts_of(terms, minor) == amounts


@given(st.integers(1, 10**9), st.integers(1, 200))
def test_largest_remainder_rows_differ_by_one_unit_at_most(total: int, count: int) -> None:
    rows = split_largest_remainder(total, count)
    assert sum(rows) == total
    assert max(rows) - min(rows) <= 1
    assert rows == sorted(rows, reverse=True)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=50), st.integers(0, 100))
def test_pro_rata_shares_sum_and_fit_into_their_rows(amounts: list[int], percent: int) -> None:
    part = sum(amounts) * percent // 100
    shares = split_pro_rata(part, amounts)
    assert sum(shares) == part
    assert all(0 <= share <= amount for share, amount in zip(shares, amounts, strict=True))


@pytest.mark.parametrize(
    "terms",
    [
        # The down payment is row 1: another row must follow, and later
        program(Method.ANNUITY, count=1, start=StartRules(down_payment_percent=Decimal(10))),
        program(
            Method.ANNUITY,
            first_due=FirstDue.TRANSACTION_DATE,
            start=StartRules(down_payment_percent=Decimal(10)),
        ),
        # A fixed first date and a pause contradict each other
        program(
            Method.ANNUITY,
            first_due=FirstDue.ON_DATE,
            first_due_date=ANCHOR,
            start=StartRules(deferral=Deferral(periods=1)),
        ),
        # No row is left to collect the postponed interest
        program(Method.ANNUITY, start=StartRules(grace=Grace(interest=3))),
        # A balloon over fewer periods than rows
        program(Method.ANNUITY_BALLOON, options=MethodOptions(amortization_count=2)),
        # The Japanese method without its level amount
        program(Method.JP_LEVEL_FIRST_BY_DAYS),
    ],
)
def test_contradictory_programs_are_refused(terms: PricingTerms) -> None:
    with pytest.raises(InvalidTerms):
        build_schedule(terms, Money(10000, currency_of(2)), anchor=ANCHOR)


def test_down_payment_rounded_up_to_the_purchase_is_not_priceable() -> None:
    terms = program(
        Method.ANNUITY,
        fees=(Fee(kind=FeeKind.FIXED, value=Decimal("0.60"), placement=FeePlacement.FINANCED),),
        rounding=RoundingRules(installment=Rounding(mode=RoundingMode.UP, step=Decimal(1))),
        start=StartRules(down_payment_percent=Decimal(25)),
    )
    with pytest.raises(NotPriceable):
        build_schedule(terms, Money(50, currency_of(2)), anchor=ANCHOR)
