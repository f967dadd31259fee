"""The network's arithmetic: published samples, refusals, and agreement with a plain decimal computation."""

import json
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from parcela.domain.calendar import BIWEEKLY, EVERY_15_DAYS, MONTHLY, WEEKLY, add_intervals
from parcela.domain.currency import Currency, find_currency
from parcela.domain.money import Money, format_major, parse_major
from parcela.domain.rates.network import find_network_apr
from parcela.domain.schedule import NotPriceable, NotPriceableReason, Schedule, build_schedule
from parcela.domain.terms import (
    DayCount,
    Fee,
    FeeKind,
    FeePlacement,
    FirstDue,
    InvalidTerms,
    PricingTerms,
    Rate,
    RateKind,
    StartRules,
)

CASES = json.loads((Path(__file__).parent.parent / "golden" / "vector-arithmetic.json").read_text("utf-8"))

INTERVALS = {"WEEKLY": WEEKLY, "BIWEEKLY": BIWEEKLY, "MONTHLY": MONTHLY, "15DAYS": EVERY_15_DAYS}
PLACEMENTS = {"FRST_INSTL": FeePlacement.FIRST, "SPREAD_ALL_INSTALLMENT": FeePlacement.SPREAD}
FIRST_DUES = {"TRANSACTION_DATE": FirstDue.TRANSACTION_DATE, "DELAY_REPAYMENT": FirstDue.AFTER_INTERVAL}
CURRENCY_OF_EXPONENT = {0: "JPY", 2: "USD", 3: "KWD", 4: "CLF"}
ANCHOR = date(2025, 1, 31)


def currency_of(exponent: int) -> Currency:
    currency = find_currency(CURRENCY_OF_EXPONENT[exponent])
    assert currency is not None
    return currency


def read_terms(sample: dict[str, Any]) -> PricingTerms:
    kinds = {"FIXED_AMT": FeeKind.FIXED, "PRCENTG": FeeKind.PERCENT}
    fees: tuple[Fee, ...] = ()
    if sample["feeType"] != "NO_FEES":
        placement = PLACEMENTS[sample["feeDistribution"]]
        fees = (Fee(kind=kinds[sample["feeType"]], value=Decimal(sample["feeValue"]), placement=placement),)
    return PricingTerms(
        count=sample["tenure"],
        interval=INTERVALS[sample["frequency"]],
        rate=Rate(value=Decimal(sample["interestRate"])),
        first_due=FIRST_DUES[sample["firstInstallmentSchedule"]],
        fees=fees,
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_network_sample(case: dict[str, Any]) -> None:
    sample = case["input"]
    currency = currency_of(sample["minorUnits"])
    terms = read_terms(sample)
    anchor = date.fromisoformat(sample["localDate"])
    schedule = build_schedule(terms, parse_major(sample["amount"], currency), anchor=anchor)

    def text(minor: int) -> str:
        return format_major(Money(minor, currency))

    assert {
        "apr": str(find_network_apr(terms, schedule)),
        "firstInstallmentAmount": text(schedule.first_minor),
        "otherInstallmentAmount": text(schedule.other_minor),
        "totalAmount": text(schedule.total_minor),
        "interest": text(schedule.interest_minor),
        "fee": text(schedule.fee_minor),
        "rows": [
            {
                "n": row.number,
                "dueDate": row.due_date.isoformat(),
                "amount": text(row.amount_minor),
                "principal": text(row.principal_minor),
                "interest": text(row.interest_minor),
                "fee": text(row.fee_minor),
            }
            for row in schedule.rows
        ],
    } == case["output"]


def terms_of(count: int, rate: str = "0", fee: str = "0", **changes: Any) -> PricingTerms:
    fees = (
        Fee(kind=FeeKind.FIXED, value=Decimal(fee), placement=changes.pop("placement", FeePlacement.FIRST)),
    )
    first_due = changes.pop("first_due", FirstDue.TRANSACTION_DATE)
    return PricingTerms(
        count=count,
        interval=MONTHLY,
        rate=Rate(value=Decimal(rate)),
        fees=fees,
        first_due=first_due,
        **changes,
    )


@pytest.mark.parametrize(
    ("minor", "terms", "reason"),
    [
        # Half a cent is rounded up to one, which leaves nothing for row 1
        (1, terms_of(2), NotPriceableReason.ROW_BELOW_MINOR_UNIT),
        # 0.55 is rounded up to 1, which leaves −8 for row 1
        (11, terms_of(20), NotPriceableReason.ROW_BELOW_MINOR_UNIT),
        # 0.4 is rounded down to nothing
        (2, terms_of(5), NotPriceableReason.ROW_BELOW_MINOR_UNIT),
        # The fee share of row 1 would be 5 − 9
        (100000, terms_of(10, fee="0.05", placement=FeePlacement.SPREAD), NotPriceableReason.NEGATIVE_PART),
        # The fee covers a row 1 whose principal is negative
        (11, terms_of(20, fee="0.10"), NotPriceableReason.NEGATIVE_PART),
        # Payments rounded up pay the principal before the last row
        (14, terms_of(9, rate="0.01", first_due=FirstDue.AFTER_INTERVAL), NotPriceableReason.NEGATIVE_PART),
        # A first row with a fee as large as the purchase
        (1000, terms_of(2, fee="5"), NotPriceableReason.FIRST_ROW_COVERS_PRINCIPAL),
        (1000, terms_of(1), NotPriceableReason.FIRST_ROW_COVERS_PRINCIPAL),
        (0, terms_of(2), NotPriceableReason.ROW_BELOW_MINOR_UNIT),
        (-5, terms_of(2), NotPriceableReason.ROW_BELOW_MINOR_UNIT),
    ],
)
def test_offer_is_not_produced(minor: int, terms: PricingTerms, reason: NotPriceableReason) -> None:
    with pytest.raises(NotPriceable) as refusal:
        build_schedule(terms, Money(minor, currency_of(2)), anchor=ANCHOR)
    assert refusal.value.reason is reason


def test_dates_beyond_the_calendar_are_not_priceable() -> None:
    with pytest.raises(NotPriceable) as refusal:
        build_schedule(terms_of(12), Money(15000, currency_of(2)), anchor=date(9999, 12, 31))
    assert refusal.value.reason is NotPriceableReason.DATE_OUT_OF_RANGE


def test_apr_above_the_cap_is_not_priceable() -> None:
    terms = terms_of(12, fee="10", max_apr_percent=Decimal("15.35"))
    schedule = build_schedule(terms, Money(15000, currency_of(2)), anchor=ANCHOR)
    with pytest.raises(NotPriceable) as refusal:
        find_network_apr(terms, schedule)
    assert refusal.value.reason is NotPriceableReason.APR_ABOVE_CAP


def test_apr_at_the_cap_is_shown() -> None:
    terms = terms_of(12, fee="10", max_apr_percent=Decimal("15.36"))
    schedule = build_schedule(terms, Money(15000, currency_of(2)), anchor=ANCHOR)
    assert str(find_network_apr(terms, schedule)) == "15.36"


def test_there_is_no_other_cap() -> None:
    # 100.00 with 99.99 paid at once: the last cent is repaid by 0.01 + 50 a month later.
    terms = terms_of(2, fee="49.99")
    schedule = build_schedule(terms, Money(10000, currency_of(2)), anchor=ANCHOR)
    assert [row.amount_minor for row in schedule.rows] == [9999, 5000]
    assert str(find_network_apr(terms, schedule)) == "5998800.00"


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0},
        {"rate": Rate(value=Decimal("-1"))},
        {"rate": Rate(value=Decimal("NaN"))},
        {"first_due": FirstDue.ON_DATE},
        {"first_due_date": ANCHOR},
        {"fees": (Fee(kind=FeeKind.FIXED, value=Decimal(-1)),)},
        # What network §6 has no rule for
        {"day_count": DayCount.ACT_360},
        {"rate": Rate(value=Decimal(1), kind=RateKind.PERIOD_PERCENT)},
        {"fees": (Fee(kind=FeeKind.FIXED, value=Decimal(1), placement=FeePlacement.FINANCED),)},
        {"start": StartRules(down_payment_percent=Decimal(10))},
    ],
)
def test_contradictory_terms_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidTerms):
        PricingTerms(**{"count": 2, "interval": MONTHLY, **wrong})


def test_a_fixed_first_date_is_the_date_of_row_one() -> None:
    terms = PricingTerms(
        count=3, interval=MONTHLY, first_due=FirstDue.ON_DATE, first_due_date=date(2025, 3, 31)
    )
    schedule = build_schedule(terms, Money(10000, currency_of(2)), anchor=ANCHOR)
    assert [row.due_date.isoformat() for row in schedule.rows] == ["2025-03-31", "2025-04-30", "2025-05-31"]


amounts = st.one_of(st.integers(1, 300), st.integers(1, 10**6), st.integers(1, 10**12))
percents = st.one_of(
    st.just(Decimal(0)),
    st.decimals(0, 60, places=2),
    st.decimals(0, 500, places=4),
    st.decimals(0, "0.01", places=6),
)
fees = st.one_of(
    st.none(),
    st.builds(
        Fee,
        kind=st.sampled_from(FeeKind),
        value=st.decimals(0, 100, places=2),
        placement=st.sampled_from([FeePlacement.FIRST, FeePlacement.SPREAD]),
    ),
)
programs = st.builds(
    lambda count, interval, rate, first_due, fee: PricingTerms(
        count=count,
        interval=interval,
        rate=Rate(value=rate),
        first_due=first_due,
        fees=() if fee is None else (fee,),
    ),
    st.one_of(st.integers(2, 12), st.integers(2, 99)),
    st.sampled_from(list(INTERVALS.values())),
    percents,
    st.sampled_from([FirstDue.TRANSACTION_DATE, FirstDue.AFTER_INTERVAL]),
    fees,
)
exponents = st.sampled_from([0, 2, 3, 4])
anchors = st.dates(date(2020, 1, 1), date(2099, 12, 31))


def price(terms: PricingTerms, amount: int, exponent: int, anchor: date = ANCHOR) -> Schedule:
    """The schedule, or a discarded example where the rules make none."""
    try:
        return build_schedule(terms, Money(amount, currency_of(exponent)), anchor=anchor)
    except NotPriceable:
        assume(False)
        raise


@given(programs, amounts, exponents, anchors)
def test_rows_and_parts_always_sum(terms: PricingTerms, amount: int, exponent: int, anchor: date) -> None:
    schedule = price(terms, amount, exponent, anchor)
    rows = schedule.rows
    assert [row.number for row in rows] == list(range(1, terms.count + 1))
    assert sum(row.amount_minor for row in rows) == schedule.total_minor
    assert schedule.first_minor + schedule.other_minor * (terms.count - 1) == schedule.total_minor
    assert sum(row.principal_minor for row in rows) == schedule.principal_minor == amount
    assert sum(row.interest_minor for row in rows) == schedule.interest_minor
    assert sum(row.fee_minor for row in rows) == schedule.fee_minor
    assert min(row.amount_minor for row in rows) >= 1
    assert min(min(row.principal_minor, row.interest_minor, row.fee_minor) for row in rows) >= 0
    for row in rows:
        assert row.amount_minor == row.principal_minor + row.interest_minor + row.fee_minor
    offset = 0 if terms.first_due is FirstDue.TRANSACTION_DATE else 1
    assert [row.due_date for row in rows] == [
        add_intervals(anchor, terms.interval, times=step + offset) for step in range(terms.count)
    ]


def to_half_up(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))


def list_plain_amounts(terms: PricingTerms, amount: int, exponent: int) -> list[int]:
    """Network §6.1 written down in 60-digit decimals, word for word."""
    with localcontext() as context:
        context.prec = 60
        count, principal = terms.count, Decimal(amount)
        periods = Decimal({WEEKLY: 52, BIWEEKLY: 26, MONTHLY: 12, EVERY_15_DAYS: 24}[terms.interval])
        rate = terms.rate.value / 100 / periods
        rows = []
        if rate:
            payment = principal * rate / (1 - (1 + rate) ** -count)
            if terms.first_due is FirstDue.TRANSACTION_DATE:
                payment /= 1 + rate
            rows = [to_half_up(payment)] * count
        if not rate or sum(rows) < amount:
            other = to_half_up(principal / count)
            rows = [amount - other * (count - 1)] + [other] * (count - 1)
        for fee in terms.fees:
            value = fee.value.scaleb(exponent) if fee.kind is FeeKind.FIXED else principal * fee.value / 100
            fee_minor = to_half_up(value)
            share = to_half_up(Decimal(fee_minor) / count) if fee.placement is FeePlacement.SPREAD else 0
            rows = [row + share for row in rows]
            rows[0] += fee_minor - share * count
        return rows


@given(programs, amounts, exponents)
def test_amounts_equal_a_plain_decimal_computation(terms: PricingTerms, amount: int, exponent: int) -> None:
    schedule = price(terms, amount, exponent)
    assert [row.amount_minor for row in schedule.rows] == list_plain_amounts(terms, amount, exponent)


@given(programs, amounts, exponents)
def test_apr_is_the_only_one_whose_rounding_interval_holds_the_rate(
    terms: PricingTerms, amount: int, exponent: int
) -> None:
    schedule = price(terms, amount, exponent)
    apr = find_network_apr(terms, schedule)
    if schedule.total_minor == amount:
        assert apr == 0
        return
    with localcontext() as context:
        context.prec = 80
        periods = {WEEKLY: 52, BIWEEKLY: 26, MONTHLY: 12, EVERY_15_DAYS: 24}[terms.interval]
        offset = 0 if terms.first_due is FirstDue.TRANSACTION_DATE else 1

        def worth(percent: Decimal) -> Decimal:
            growth = 1 + percent / 100 / periods
            return sum(
                row.amount_minor / growth ** (row.number - 1 + offset) for row in schedule.rows
            ) - Decimal(amount)

        half = Decimal("0.005")
        assert apr == 0 or worth(apr - half) >= 0
        assert worth(apr + half) < 0
