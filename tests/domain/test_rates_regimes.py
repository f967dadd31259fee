"""Rates of whole schedules, and the edges of the solver."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from parcela.domain.calendar import BIWEEKLY, MONTHLY, QUARTERLY, SINGLE, IntervalUnit
from parcela.domain.currency import find_currency
from parcela.domain.money import Money, parse_major
from parcela.domain.rates.ar_cft import find_ar_rates
from parcela.domain.rates.eu_ccd2 import count_years_back, find_eu_rate_of_intervals
from parcela.domain.rates.flows import DatedFlow
from parcela.domain.rates.regimes import Regime, find_cost_rate
from parcela.domain.rates.solver import RateUndefined, solve_effective
from parcela.domain.rates.uk_conc import count_years_forward
from parcela.domain.rates.us_reg_z import count_unit_periods
from parcela.domain.schedule import InstallmentRow, Schedule, build_schedule
from parcela.domain.schedule.taxation import add_taxes
from parcela.domain.taxes import Taxes
from parcela.domain.terms import (
    DayCount,
    Fee,
    FeeKind,
    FeePlacement,
    FirstDue,
    Method,
    PricingTerms,
    Rate,
    Residual,
    RoundingRules,
)

DAY_0 = date(2026, 8, 20)


def usd(text: str) -> Money:
    currency = find_currency("USD")
    assert currency is not None
    return parse_major(text, currency)


def level_schedule(row_minor: int, dates: list[date], principal_minor: int, interest: list[int]) -> Schedule:
    rows = tuple(
        InstallmentRow(
            number=number,
            due_date=day,
            amount_minor=row_minor,
            principal_minor=row_minor - part,
            interest_minor=part,
            fee_minor=0,
        )
        for number, (day, part) in enumerate(zip(dates, interest, strict=True), 1)
    )
    return Schedule(
        currency=usd("1").currency,
        principal_minor=principal_minor,
        rows=rows,
        total_minor=row_minor * len(rows),
        interest_minor=sum(interest),
        fee_minor=0,
    )


ONE_PLAN = level_schedule(
    10353,
    [date(2026, month, 20) for month in (9, 10, 11, 12)] + [date(2027, 1, 20), date(2027, 2, 20)],
    60000,
    [353] * 6,
)
SIX_MONTHLY = PricingTerms(count=6, interval=MONTHLY)


@pytest.mark.parametrize(
    ("regime", "exact", "shown"),
    [
        (Regime.US_REG_Z, "12.003305", "12.00"),
        (Regime.EU_CCD2, "12.686191", "12.7"),
        (Regime.UK_CONC, "12.686191", "12.7"),
        (Regime.BR_CET, "12.597196", "12.60"),
        (Regime.AR_CFT, "12.597196", "12.60"),
        (Regime.MX_CAT, "12.686191", "12.7"),
        (Regime.JP_REAL_RATE, "12.003305", "12.0"),
    ],
)
def test_one_plan_under_every_regime(regime: Regime, exact: str, shown: str) -> None:
    rate = find_cost_rate(regime, SIX_MONTHLY, schedule=ONE_PLAN, drawdown=DAY_0)
    assert (str(rate.exact), str(rate.shown)) == (exact, shown)


@pytest.mark.parametrize("regime", Regime)
@pytest.mark.parametrize("first_due", [FirstDue.AFTER_INTERVAL, FirstDue.TRANSACTION_DATE])
def test_a_plan_without_cost_has_rate_zero(regime: Regime, first_due: FirstDue) -> None:
    terms = PricingTerms(count=6, interval=BIWEEKLY, first_due=first_due)
    schedule = build_schedule(terms, usd("400"), anchor=DAY_0)
    rate = find_cost_rate(regime, terms, schedule=schedule, drawdown=DAY_0)
    assert (rate.exact, rate.shown) == (0, 0)


@pytest.mark.parametrize("regime", Regime)
def test_month_ends_do_not_change_a_monthly_rate(regime: Regime) -> None:
    terms = PricingTerms(count=6, interval=MONTHLY, rate=Rate(value=Decimal(12)))
    schedule = build_schedule(terms, usd("600"), anchor=date(2026, 8, 31))
    rate = find_cost_rate(regime, terms, schedule=schedule, drawdown=date(2026, 8, 31))
    monthly = {
        Regime.US_REG_Z: "12.00",
        Regime.EU_CCD2: "12.7",
        Regime.UK_CONC: "12.7",
        Regime.MX_CAT: "12.7",
        Regime.JP_REAL_RATE: "12.0",
        Regime.BR_CET: "12.70",
        Regime.AR_CFT: "12.70",
    }
    assert str(rate.shown) == monthly[regime]


@pytest.mark.parametrize(
    ("options", "rate"),
    [
        # Actual days over 365, a prepaid fee deducted (published 19.766)
        ({"count": 12, "interval": MONTHLY, "fee": "50.00", "annual": "10", "on": None}, "19.766"),
        # One payment after 164 days with a financed fee (published 6.640)
        (
            {"count": 1, "interval": SINGLE, "fee": "25.00", "annual": "5.5", "on": date(2022, 12, 31)},
            "6.640",
        ),
    ],
)
def test_us_rate_of_published_loans(options: dict[str, object], rate: str) -> None:
    is_single = options["interval"] is SINGLE
    placement = FeePlacement.FINANCED if is_single else FeePlacement.UPFRONT_PREPAID
    terms = PricingTerms(
        count=1 if is_single else 12,
        interval=SINGLE if is_single else MONTHLY,
        method=Method.ANNUITY,
        rate=Rate(value=Decimal(str(options["annual"]))),
        first_due=FirstDue.ON_DATE if is_single else FirstDue.AFTER_INTERVAL,
        first_due_date=date(2022, 12, 31) if is_single else None,
        fees=(Fee(kind=FeeKind.FIXED, value=Decimal(str(options["fee"])), placement=placement),),
        day_count=DayCount.ACT_365F,
        rounding=RoundingRules(residual=Residual.LAST),
    )
    start = date(2022, 7, 20) if is_single else date(2019, 1, 1)
    schedule = build_schedule(terms, usd("5000" if is_single else "1000"), anchor=start)
    found = find_cost_rate(Regime.US_REG_Z, terms, schedule=schedule, drawdown=start)
    assert str(round(found.exact, 3)) == rate


def test_argentine_tax_raises_the_total_cost_only() -> None:
    rates = find_ar_rates(add_taxes(ONE_PLAN, Taxes(vat_percent=Decimal(21)), bought_on=DAY_0), DAY_0)
    assert str(rates.tea.shown) == "12.60"
    assert str(rates.cft.shown) == "15.39"


def test_rate_above_the_limit_is_undefined() -> None:
    flows = [(Fraction(0), Decimal(-100)), (Fraction(1), Decimal(1_000_101))]
    with pytest.raises(RateUndefined):
        find_eu_rate_of_intervals(flows)


def test_rate_just_below_the_limit_is_found() -> None:
    flows = [(Fraction(0), Decimal(-100)), (Fraction(1), Decimal(1_000_099))]
    assert str(find_eu_rate_of_intervals(flows).exact) == "999999.000000"


def test_rate_of_minus_fifty_percent_is_undefined() -> None:
    with pytest.raises(RateUndefined):
        find_eu_rate_of_intervals([(Fraction(0), Decimal(-100)), (Fraction(1), Decimal(50))])


def test_flows_that_never_balance_have_no_rate() -> None:
    with pytest.raises(RateUndefined):
        find_eu_rate_of_intervals([(Fraction(0), Decimal(-100)), (Fraction(0), Decimal(101))])


def test_payment_before_the_credit_counts() -> None:
    # A fee of 10 a month before 100 is drawn, 95 back a year after: 10·(1+X)^(1/12) + 95·(1+X)^−1 = 100.
    flows = [(Fraction(-1, 12), Decimal(10)), (Fraction(0), Decimal(-100)), (Fraction(1), Decimal(95))]
    assert str(find_eu_rate_of_intervals(flows).exact) == "5.609043"


def test_solution_has_thirty_four_digits() -> None:
    rate = solve_effective([(Fraction(0), Decimal(-1)), (Fraction(2), Decimal(2))])
    assert abs(rate - (Decimal(2).sqrt() - 1)) < Decimal("1e-27")
    assert str(rate)[:37] == "0.41421356237309504880168872420969807"


def test_european_days_use_the_day_cut_by_a_month_end() -> None:
    flow = DatedFlow(day=date(2026, 2, 28), amount=Decimal(1), nominal_day=31)
    assert count_years_back(date(2026, 1, 31), flow, unit=IntervalUnit.MONTH) == Fraction(1, 12)


def test_european_weeks_and_days() -> None:
    flow = DatedFlow(day=date(2026, 1, 25), amount=Decimal(1))
    assert count_years_back(date(2026, 1, 1), flow, unit=IntervalUnit.WEEK) == Fraction(3, 52) + Fraction(
        3, 365
    )
    assert count_years_back(date(2026, 1, 1), flow, unit=IntervalUnit.DAY) == Fraction(24, 365)


def test_british_time_counts_forward() -> None:
    # 12 January and two months is 12 March, the last three days run in a year without a leap day.
    assert count_years_forward(date(2012, 1, 12), date(2012, 3, 15), unit=IntervalUnit.MONTH) == Fraction(
        2, 12
    ) + Fraction(3, 365)
    assert count_years_forward(date(2026, 1, 1), date(2026, 1, 25), unit=IntervalUnit.WEEK) == Fraction(
        3, 52
    ) + Fraction(3, 365)


def test_odd_months_of_a_quarter_have_thirty_days() -> None:
    # Back from 1 October: one quarter to 1 July, one month of 30 days to 1 June, then 9 days: 39/90.
    flow = DatedFlow(day=date(1978, 10, 1), amount=Decimal(1))
    assert count_unit_periods(date(1978, 5, 23), flow, unit=QUARTERLY) == (1, Fraction(39, 90))


@pytest.mark.parametrize(
    ("regime", "first", "exact"),
    [
        # 100 in two of 52: a first payment after 45 days counts as one month, after 92 as three.
        (Regime.MX_CAT, date(2027, 1, 15), "36.950910"),
        (Regime.MX_CAT, date(2027, 3, 3), "14.399312"),
        (Regime.JP_REAL_RATE, date(2027, 1, 15), "31.860859"),
        (Regime.JP_REAL_RATE, date(2027, 3, 3), "13.659073"),
    ],
)
def test_a_first_payment_that_is_put_off_is_lent_for_longer(regime: Regime, first: date, exact: str) -> None:
    terms = PricingTerms(count=2, interval=MONTHLY, first_due=FirstDue.ON_DATE, first_due_date=first)
    bought_on, euro = date(2026, 12, 1), find_currency("EUR")
    assert euro is not None
    schedule = build_schedule(terms, Money(10000, euro), anchor=bought_on)
    rows = tuple(replace(row, interest_minor=200, amount_minor=5200) for row in schedule.rows)
    schedule = replace(schedule, rows=rows, interest_minor=400, total_minor=10400)
    assert str(find_cost_rate(regime, terms, schedule=schedule, drawdown=bought_on).exact) == exact
