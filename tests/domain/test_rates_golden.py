"""The golden values of the disclosure rules: exact to six decimals, and as shown."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from parcela.domain.calendar import BIWEEKLY, MONTHLY, QUARTERLY, SEMIMONTHLY, WEEKLY, Interval, IntervalUnit
from parcela.domain.calendar import list_due_dates as list_dates
from parcela.domain.rates.ar_cft import find_ar_rate
from parcela.domain.rates.br_cet import find_br_rate
from parcela.domain.rates.eu_ccd2 import count_years_back, find_eu_rate, find_eu_rate_of_intervals
from parcela.domain.rates.flows import CostRate, DatedFlow, to_cost_rate
from parcela.domain.rates.jp_real_rate import find_jp_rate
from parcela.domain.rates.mx_cat import find_mx_rate
from parcela.domain.rates.us_reg_z import UnitFlow, find_us_rate, find_us_rate_of_unit_periods
from parcela.domain.rounding import RoundingMode

MONTH = Fraction(1, 12)
TWELVE = Fraction(12)


def dated(
    credit: str, start: date, amounts: Sequence[str], *, first: date, interval: Interval
) -> list[DatedFlow]:
    days = list_dates(first, interval, steps=range(len(amounts)))
    flows = [DatedFlow(day=start, amount=-Decimal(credit))]
    flows += [DatedFlow(day=day, amount=Decimal(amount)) for day, amount in zip(days, amounts, strict=True)]
    return flows


def units(credit: str, *flows: tuple[int, str]) -> list[UnitFlow]:
    start = UnitFlow(periods=0, fraction=Fraction(0), amount=-Decimal(credit))
    return [
        start,
        *(UnitFlow(periods=at, fraction=Fraction(0), amount=Decimal(amount)) for at, amount in flows),
    ]


def months(credit: str, *flows: tuple[int, str]) -> list[tuple[Fraction, Decimal]]:
    return [(Fraction(0), -Decimal(credit)), *((at * MONTH, Decimal(amount)) for at, amount in flows)]


def days_365(credit: str, *flows: tuple[int, str]) -> list[tuple[Fraction, Decimal]]:
    return [(Fraction(0), -Decimal(credit)), *((Fraction(at, 365), Decimal(amount)) for at, amount in flows)]


def steps(count: int, amount: str) -> list[tuple[Fraction, Decimal]]:
    return [(MONTH, Decimal(amount))] * count


def each(count: int, amount: str) -> list[tuple[int, str]]:
    return [(number, amount) for number in range(1, count + 1)]


def assert_rate(rate: CostRate, exact: str, shown: str) -> None:
    assert (str(rate.exact), str(rate.shown)) == (exact, shown)


US_BY_UNITS = (
    # 1: level monthly payments
    (units("5000", *each(24, "230")), TWELVE, "9.685708", "9.69"),
    # 6: an odd first payment
    (units("5000", (1, "250"), *[(n, "230") for n in range(2, 25)]), TWELVE, "10.082890", "10.08"),
    # 8: a payment at once, published by the network
    (units("400", (0, "110.42"), *each(3, "100.32")), Fraction(52), "101.521294", "101.52"),
    # 9: an interest-free plan with a fee at once
    (units("600", (0, "10"), *each(3, "200")), TWELVE, "10.141045", "10.14"),
    # 24, US
    (units("600.00", *each(6, "103.53")), TWELVE, "12.003305", "12.00"),
)


@pytest.mark.parametrize(("flows", "per_year", "exact", "shown"), US_BY_UNITS)
def test_us_rate_of_unit_periods(flows: list[UnitFlow], per_year: Fraction, exact: str, shown: str) -> None:
    assert_rate(find_us_rate_of_unit_periods(flows, per_year), exact, shown)


US_BY_DATES = (
    # 2: t=1, f=19/30
    (
        dated("6000", date(1978, 2, 10), ["200"] * 36, first=date(1978, 4, 1), interval=MONTHLY),
        MONTHLY,
        "11.816508",
        "11.82",
    ),
    # 3: t=0, f=6/15
    (
        dated("5000", date(1978, 2, 23), ["219.17"] * 24, first=date(1978, 3, 1), interval=SEMIMONTHLY),
        SEMIMONTHLY,
        "10.337903",
        "10.34",
    ),
    # 4: t=1, f=39/90
    (
        dated("10000", date(1978, 5, 23), ["385"] * 40, first=date(1978, 10, 1), interval=QUARTERLY),
        QUARTERLY,
        "8.970770",
        "8.97",
    ),
    # 5: t=4, f=4/7
    (
        dated("500", date(1978, 3, 20), ["17.60"] * 30, first=date(1978, 4, 21), interval=WEEKLY),
        WEEKLY,
        "14.962223",
        "14.96",
    ),
    # 7: t=0, f=8/14
    (
        dated("200", date(1978, 4, 3), [*["9.50"] * 19, "30.00"], first=date(1978, 4, 11), interval=BIWEEKLY),
        BIWEEKLY,
        "12.224857",
        "12.22",
    ),
)


@pytest.mark.parametrize(("flows", "unit", "exact", "shown"), US_BY_DATES)
def test_us_rate_of_dates(flows: list[DatedFlow], unit: Interval, exact: str, shown: str) -> None:
    assert_rate(find_us_rate(flows, unit), exact, shown)


EU_BY_INTERVALS = (
    # 10, 11: 546 days, without and with a fee of 50
    (days_365("1000", (546, "1200")), "12.962038", "13.0"),
    (days_365("950", (546, "1200")), "16.902621", "16.9"),
    # 12: two years
    (months("1000", (12, "600"), (24, "600")), "13.066239", "13.1"),
    # 13: as 9
    (months("600", (0, "10"), *each(3, "200")), "10.625932", "10.6"),
    # 18: the old Brazilian example with equal months
    (months("940", *each(5, "205.73")), "43.932448", "43.9"),
    # 24, EU
    (months("600.00", *each(6, "103.53")), "12.686191", "12.7"),
)


@pytest.mark.parametrize(("flows", "exact", "shown"), EU_BY_INTERVALS)
def test_eu_rate_of_intervals(flows: list[tuple[Fraction, Decimal]], exact: str, shown: str) -> None:
    assert_rate(find_eu_rate_of_intervals(flows), exact, shown)


@pytest.mark.parametrize(
    ("year", "exact"),
    [
        # 14: 3/365 + k/12
        (2012, "21.801530"),
        # 15: 3/366 + k/12
        (2013, "21.804631"),
    ],
)
def test_eu_rate_of_dates(year: int, exact: str) -> None:
    flows = dated("1000", date(year, 1, 12), ["345"] * 3, first=date(year, 2, 15), interval=MONTHLY)
    assert_rate(find_eu_rate(flows, IntervalUnit.MONTH), exact, "21.8")


@pytest.mark.parametrize(
    ("start", "first", "credit", "amount", "exact", "shown"),
    [
        # 16: 31, 59, 90, 120, 151 days
        (date(2026, 1, 15), date(2026, 2, 15), "940", ["205.73"] * 5, "44.545021", "44.55"),
        # 17: 31, 61, 92, 122, 153 days
        (date(2026, 3, 1), date(2026, 4, 1), "940", ["205.73"] * 5, "43.615212", "43.62"),
        # 24, BR
        (date(2026, 8, 20), date(2026, 9, 20), "600.00", ["103.53"] * 6, "12.597196", "12.60"),
    ],
)
def test_br_rate(start: date, first: date, credit: str, amount: list[str], exact: str, shown: str) -> None:
    assert_rate(find_br_rate(dated(credit, start, amount, first=first, interval=MONTHLY)), exact, shown)


@pytest.mark.parametrize(
    ("flows", "exact", "shown"),
    [
        # 19: a fee of 1000 paid at once
        (months("20000", (0, "1000"), *each(12, "2235.35")), "95.605999", "95.6"),
        # 20
        (months("10000", *each(12, "1000")), "41.299898", "41.3"),
        # 24, MX
        (months("600.00", *each(6, "103.53")), "12.686191", "12.7"),
    ],
)
def test_mx_rate(flows: list[tuple[Fraction, Decimal]], exact: str, shown: str) -> None:
    assert_rate(find_mx_rate(flows), exact, shown)


def test_ar_rate() -> None:
    flows = dated("100000", date(2026, 3, 10), ["20000"] * 6, first=date(2026, 4, 10), interval=MONTHLY)
    assert_rate(find_ar_rate(flows), "88.708297", "88.71")


@pytest.mark.parametrize(
    ("credit", "payments", "exact", "shown"),
    [
        # 22
        ("100000", steps(10, "10662"), "14.193358", "14.2"),
        # 23
        ("60000", steps(3, "20400"), "11.960461", "12.0"),
        # 24, JP
        ("600.00", steps(6, "103.53"), "12.003305", "12.0"),
    ],
)
def test_jp_rate(credit: str, payments: list[tuple[Fraction, Decimal]], exact: str, shown: str) -> None:
    assert_rate(find_jp_rate(Decimal(credit), payments), exact, shown)


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        (date(2012, 1, 12), date(2012, 3, 15), Fraction(2, 12) + Fraction(3, 365)),
        (date(2013, 1, 12), date(2013, 3, 15), Fraction(2, 12) + Fraction(3, 366)),
        (date(2013, 2, 25), date(2013, 3, 28), Fraction(1, 12) + Fraction(3, 366)),
        (date(2013, 2, 26), date(2013, 3, 29), Fraction(1, 12) + Fraction(2, 366)),
        (date(2012, 2, 26), date(2012, 3, 29), Fraction(1, 12) + Fraction(3, 366)),
        (date(2012, 12, 1), date(2013, 2, 2), Fraction(2, 12) + Fraction(1, 366)),
    ],
)
def test_published_european_intervals(start: date, end: date, years: Fraction) -> None:
    assert count_years_back(start, DatedFlow(day=end, amount=Decimal(1)), unit=IntervalUnit.MONTH) == years


@pytest.mark.parametrize(
    ("percent", "one", "two"),
    [("3.055", "3.1", "3.06"), ("3.054", "3.1", "3.05"), ("-0.05", "-0.1", "-0.05")],
)
def test_shown_rate_is_rounded_half_up(percent: str, one: str, two: str) -> None:
    rate = Decimal(percent) / 100
    assert str(to_cost_rate(rate, decimals=1).shown) == one
    assert str(to_cost_rate(rate, decimals=2).shown) == two


@pytest.mark.parametrize(("percent", "shown"), [("3.055", "3.06"), ("3.045", "3.04"), ("3.0450001", "3.05")])
def test_brazilian_halves_go_to_the_even_digit(percent: str, shown: str) -> None:
    rate = to_cost_rate(Decimal(percent) / 100, decimals=2, mode=RoundingMode.HALF_EVEN)
    assert str(rate.shown) == shown
