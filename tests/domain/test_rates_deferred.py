"""The apr of payments that may be put off: the network's own where they are not, and certified otherwise."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcela.domain.calendar import MONTHLY
from parcela.domain.currency import find_currency
from parcela.domain.money import Money
from parcela.domain.rates.deferred import find_deferred_apr
from parcela.domain.rates.network import find_network_apr
from parcela.domain.schedule import NotPriceable, build_schedule
from parcela.domain.terms import Fee, FeeKind, FirstDue, PricingTerms, Rate

YEAR = Fraction(12)


@pytest.mark.parametrize(
    ("amounts", "principal", "first_period", "apr"),
    [
        # Nothing above the purchase costs nothing.
        ([10_000, 10_000], 20_000, 1, "0.00"),
        # 1 % for one month is 12 % a year.
        ([10_100], 10_000, 1, "12.00"),
        # The same for three months: 1.01^(1/3) - 1 = 0.3322 % a month.
        ([10_100], 10_000, 3, "3.99"),
        # Half is paid at once, the fee of 1.00 is for a month of the other half.
        ([5_100, 5_000], 10_000, 0, "24.49"),
        # What is paid at once covers the purchase: there is no rate.
        ([10_100], 10_000, 0, None),
    ],
    ids=["free", "a-month", "three-months", "half-at-once", "all-at-once"],
)
def test_the_apr_of_a_few_payments(
    amounts: list[int], principal: int, first_period: int, apr: str | None
) -> None:
    found = find_deferred_apr(amounts, principal, first_period=first_period, year_periods=YEAR)
    assert found == (None if apr is None else Decimal(apr))


@given(
    count=st.integers(2, 24),
    amount_minor=st.integers(20_000, 500_000),
    rate=st.sampled_from(["0", "0.01", "11.99", "36"]),
    fee=st.sampled_from(["0", "3.50", "25"]),
    first_due=st.sampled_from([FirstDue.TRANSACTION_DATE, FirstDue.AFTER_INTERVAL]),
)
def test_without_a_deferral_it_is_the_networks_own(
    count: int, amount_minor: int, rate: str, fee: str, first_due: FirstDue
) -> None:
    currency = find_currency("USD")
    assert currency is not None
    terms = PricingTerms(
        count=count,
        interval=MONTHLY,
        rate=Rate(value=Decimal(rate)),
        first_due=first_due,
        fees=(Fee(kind=FeeKind.FIXED, value=Decimal(fee)),) if Decimal(fee) else (),
    )
    try:
        schedule = build_schedule(terms, Money(amount_minor, currency), anchor=date(2030, 1, 10))
    except NotPriceable:
        return
    found = find_deferred_apr(
        [row.amount_minor for row in schedule.rows],
        amount_minor,
        first_period=0 if first_due is FirstDue.TRANSACTION_DATE else 1,
        year_periods=terms.year_periods,
    )
    assert found == find_network_apr(terms, schedule)
