"""Taxes of credit on priced rows: figures worked out by hand, the rates of them, bounds, and any terms."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcela.domain.calendar import MONTHLY
from parcela.domain.currency import find_currency
from parcela.domain.money import Money
from parcela.domain.rates.ar_cft import find_ar_rates
from parcela.domain.rates.network import find_network_apr
from parcela.domain.rates.regimes import Regime, find_cost_rate
from parcela.domain.schedule import NotPriceable, Schedule, build_schedule
from parcela.domain.taxes import NO_TAXES, Taxes
from parcela.domain.terms import (
    Fee,
    FeeKind,
    FeePlacement,
    FirstDue,
    InvalidTerms,
    Method,
    PricingTerms,
    Rate,
    StartRules,
)

JANUARY = date(2026, 1, 15)
IOF = Taxes(iof_percent=Decimal("0.38"), iof_daily_percent=Decimal("0.0082"))
BRAZIL = PricingTerms(count=6, interval=MONTHLY, taxes=IOF)
MEXICO = PricingTerms(
    count=3,
    interval=MONTHLY,
    rate=Rate(value=Decimal(36)),
    fees=(Fee(kind=FeeKind.FIXED, value=Decimal(100)),),
    taxes=Taxes(vat_percent=Decimal(16)),
)
ARGENTINA = PricingTerms(
    count=3, interval=MONTHLY, rate=Rate(value=Decimal(60)), taxes=Taxes(vat_percent=Decimal(21))
)


def price(terms: PricingTerms, minor: int, currency: str, on: date = JANUARY) -> Schedule:
    known = find_currency(currency)
    assert known is not None
    return build_schedule(terms, Money(minor, known), anchor=on)


def list_rows(schedule: Schedule) -> list[tuple[int, int, int, int, int]]:
    return [
        (row.amount_minor, row.principal_minor, row.interest_minor, row.fee_minor, row.tax_minor)
        for row in schedule.rows
    ]


def test_iof_grows_with_the_days_until_each_row() -> None:
    """BRL 1,200.00 in 6 × 200.00 from 15 January: 31, 59, 90, 120, 151 and 181 days.

    Row 1: 200.00 × (0.38 + 31 × 0.0082) % = 200.00 × 0.6342 % = 1.2684, that is 1.27; row 6: 200.00 ×
    1.8642 % = 3.7284. The CET was found by bisection over the rows as they stand.
    """
    schedule = price(BRAZIL, 1200_00, "BRL")
    taxes = [127, 173, 224, 273, 324, 373]
    assert list_rows(schedule) == [(20000 + tax, 20000, 0, tax, tax) for tax in taxes]
    assert (schedule.total_minor, schedule.fee_minor, schedule.tax_minor) == (121494, 1494, 1494)
    rate = find_cost_rate(Regime.BR_CET, BRAZIL, schedule=schedule, drawdown=JANUARY)
    assert (str(rate.exact), str(rate.shown)) == ("4.378255", "4.38")


def test_iof_counts_no_more_than_a_year_of_days_and_a_row_at_once_bears_the_flat_part() -> None:
    """24 × 10.00 from the day of purchase: 0.38 % is 3.8, that is 4; from a year on 3.373 %, 33.73."""
    schedule = price(replace(BRAZIL, count=24, first_due=FirstDue.TRANSACTION_DATE), 240_00, "BRL")
    taxes = [row.tax_minor for row in schedule.rows]
    assert (taxes[0], taxes[11], taxes[12:]) == (4, 31, [34] * 12)


def test_vat_is_on_interest_and_fee_and_mexicos_rate_is_told_without_it() -> None:
    """MXN 6,000.00 in 3 at 3 % a month: 3 × 2,121.18, interest 180.00, 121.76, 61.78; fee 100.00 at first.

    16 % of 280.00 is 44.80, of 121.76 19.4816, of 61.78 9.8848. Without tax 57.283206 %, with it 68.912464 %.
    """
    schedule = price(MEXICO, 6000_00, "MXN")
    assert list_rows(schedule) == [
        (226598, 194118, 18000, 14480, 4480),
        (214066, 199942, 12176, 1948, 1948),
        (213106, 205940, 6178, 988, 988),
    ]
    found = {
        regime: find_cost_rate(regime, MEXICO, schedule=schedule, drawdown=JANUARY)
        for regime in (Regime.MX_CAT, Regime.EU_CCD2)
    }
    assert [str(rate.exact) for rate in found.values()] == ["57.283206", "68.912464"]
    untaxed = price(replace(MEXICO, taxes=NO_TAXES), 6000_00, "MXN")
    plain = find_cost_rate(Regime.MX_CAT, MEXICO, schedule=untaxed, drawdown=JANUARY)
    assert plain == found[Regime.MX_CAT]


def test_argentinas_total_cost_has_the_tax_and_its_second_rate_has_not() -> None:
    """ARS 100,000.00 in 3 at 5 % a month: 3 × 36,720.86, with 21 % on 5,000.00, 3,413.96 and 1,748.62."""
    march = date(2026, 3, 10)
    schedule = price(ARGENTINA, 100000_00, "ARS", march)
    assert [(row.interest_minor, row.tax_minor) for row in schedule.rows] == [
        (500000, 105000),
        (341396, 71693),
        (174862, 36721),
    ]
    rates = find_ar_rates(schedule, march)
    assert [str(rate.exact) for rate in (rates.cft, rates.tea)] == ["101.184167", "78.721182"]
    assert find_cost_rate(Regime.AR_CFT, ARGENTINA, schedule=schedule, drawdown=march) == rates.cft
    untaxed = find_ar_rates(price(replace(ARGENTINA, taxes=NO_TAXES), 100000_00, "ARS", march), march)
    assert untaxed.cft == untaxed.tea == rates.tea


def test_both_taxes_are_rounded_each_by_itself() -> None:
    """2 × 50.00 with a fee of 0.25 each: 0.5 % of 50.00 is 0.25; 10 % of 0.25 is 0.025, that is 0.03."""
    fee = Fee(kind=FeeKind.FIXED, value=Decimal("0.50"), placement=FeePlacement.SPREAD)
    taxes = Taxes(vat_percent=Decimal(10), iof_percent=Decimal("0.5"))
    schedule = price(PricingTerms(count=2, interval=MONTHLY, fees=(fee,), taxes=taxes), 100_00, "EUR")
    assert list_rows(schedule) == [(5053, 5000, 0, 53, 28)] * 2


def test_the_networks_rate_counts_the_tax() -> None:
    """At the rate a month the rows, 1.40 and 2.95 of tax included, are worth the purchase."""
    terms = PricingTerms(count=2, interval=MONTHLY, taxes=Taxes(iof_daily_percent=Decimal("0.1")))
    schedule = price(terms, 100_00, "EUR", date(2026, 2, 1))
    # 28 and 59 days.
    assert [row.tax_minor for row in schedule.rows] == [140, 295]
    monthly = find_network_apr(terms, schedule) / 1200
    worth = sum(row.amount_minor / (1 + monthly) ** row.number for row in schedule.rows)
    assert abs(worth - 10000) < Decimal("0.1")
    with pytest.raises(NotPriceable, match="above the program's cap"):
        find_network_apr(replace(terms, max_apr_percent=Decimal(5)), schedule)
    at_once = replace(terms, first_due=FirstDue.TRANSACTION_DATE, taxes=Taxes(iof_percent=Decimal(100)))
    with pytest.raises(NotPriceable, match="no rate exists"):
        find_network_apr(at_once, price(at_once, 100_00, "EUR"))


@pytest.mark.parametrize(
    ("taxes", "sentence"),
    [
        pytest.param({"vat_percent": "-1"}, "expected a vat in percent from 0 to 100, got -1", id="negative"),
        pytest.param(
            {"iof_percent": "100.1"}, "expected an iof in percent from 0 to 100, got 100.1", id="high"
        ),
        pytest.param(
            {"iof_daily_percent": "NaN"}, "expected an iof a day in percent from 0 to 100, got NaN", id="nan"
        ),
        pytest.param(
            {"iof_daily_percent": "1E-9999999"},
            "expected taxes of at most 6 decimals, got 1E-9999999",
            id="endless",
        ),
    ],
)
def test_taxes_have_bounds(taxes: dict[str, str], sentence: str) -> None:
    with pytest.raises(InvalidTerms) as refusal:
        replace(BRAZIL, taxes=Taxes(**{name: Decimal(value) for name, value in taxes.items()}))
    assert str(refusal.value) == sentence


def test_a_fee_that_is_in_no_row_is_not_taxed() -> None:
    fee = Fee(kind=FeeKind.FIXED, value=Decimal(1), placement=FeePlacement.UPFRONT_PREPAID)
    with pytest.raises(InvalidTerms, match="it is in no row"):
        replace(BRAZIL, method=Method.ANNUITY, fees=(fee,))


PERCENTS = st.decimals(0, 30, places=4)


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(
        [Method.NETWORK, Method.ANNUITY, Method.EQUAL_PRINCIPAL, Method.FLAT, Method.ADD_ON]
    ),
    count=st.integers(2, 24),
    rate=st.decimals(0, 90, places=2),
    taxes=st.builds(
        Taxes, vat_percent=PERCENTS, iof_percent=PERCENTS, iof_daily_percent=st.decimals(0, 1, places=4)
    ),
    fee=st.builds(
        Fee,
        kind=st.sampled_from(FeeKind),
        value=st.decimals(0, 9, places=2),
        placement=st.sampled_from([FeePlacement.FIRST, FeePlacement.SPREAD]),
    ),
    minor=st.integers(1_000, 10_000_000),
    has_down_payment=st.booleans(),
)
def test_rows_of_any_terms_add_up_and_differ_by_their_tax_alone(  # noqa: PLR0913 - one plan
    method: Method, count: int, rate: Decimal, taxes: Taxes, fee: Fee, minor: int, has_down_payment: bool
) -> None:
    members: dict[str, Any] = {"method": method, "rate": Rate(value=rate), "fees": (fee,)}
    if has_down_payment and method is not Method.NETWORK:
        members["start"] = StartRules(down_payment_percent=Decimal(10))
    terms = PricingTerms(count=count, interval=MONTHLY, taxes=taxes, **members)
    try:
        plain = price(replace(terms, taxes=NO_TAXES), minor, "BRL")
    except NotPriceable:
        with pytest.raises(NotPriceable):
            price(terms, minor, "BRL")
        return
    schedule = price(terms, minor, "BRL")
    assert schedule.total_minor == sum(row.amount_minor for row in schedule.rows)
    assert schedule.fee_minor == sum(row.fee_minor for row in schedule.rows)
    for row, before in zip(schedule.rows, plain.rows, strict=True):
        assert 0 <= row.tax_minor <= row.fee_minor
        assert row.amount_minor == row.principal_minor + row.interest_minor + row.fee_minor
        bare = {"amount_minor": row.amount_minor - row.tax_minor, "fee_minor": row.fee_minor - row.tax_minor}
        assert replace(row, **bare, tax_minor=0) == before
    if not taxes.are_due:
        assert schedule == plain
