"""Published cost-of-credit cases, in the interval form and in the calendar form."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from parcela.domain.calendar import Interval, IntervalUnit, add_intervals
from parcela.domain.rates.br_cet import find_br_rate
from parcela.domain.rates.calendar_act365 import find_act365_rate
from parcela.domain.rates.eu_ccd2 import count_years_back, find_eu_rate, find_eu_rate_of_intervals
from parcela.domain.rates.flows import CostRate, DatedFlow
from parcela.domain.rates.jp_real_rate import find_jp_rate
from parcela.domain.rates.us_reg_z import (
    UnitFlow,
    count_unit_periods,
    find_us_rate,
    find_us_rate_of_unit_periods,
)
from parcela.domain.rounding import RoundingMode, divide_rounded

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parent.parent / "golden" / "apr.json").read_text("utf-8"))
}

# Cases whose convention the engine does not offer, by id.
UNSUPPORTED: tuple[str, ...] = ()

# A six-decimal figure of the source may be rounded from either side.
LAST_DIGIT = Decimal("0.000001")


def has_intervals(case: Mapping[str, Any]) -> bool:
    stream = case["inputs"]["streams"][0]
    return "first_years" in stream or "first_unit_periods" in stream


def has_dates(case: Mapping[str, Any]) -> bool:
    inputs = case["inputs"]
    dated = all("date" in advance for advance in inputs["advances"])
    return dated and all("first_date" in stream or stream.get("kind") for stream in inputs["streams"])


@pytest.mark.parametrize("case_id", sorted(key for key, case in CASES.items() if has_intervals(case)))
def test_published_rate_from_intervals(case_id: str) -> None:
    case = CASES[case_id]
    assert_matches(find_rate_of_intervals(case["inputs"]), case["expected"])


@pytest.mark.parametrize("case_id", sorted(key for key, case in CASES.items() if has_dates(case)))
def test_published_rate_from_dates(case_id: str) -> None:
    case = CASES[case_id]
    assert_matches(find_rate_of_dates(case["inputs"]), case["expected"])


def test_every_case_is_tested_or_named() -> None:
    tested = {key for key, case in CASES.items() if has_intervals(case) or has_dates(case)}
    assert set(CASES) - tested == set(UNSUPPORTED)


@pytest.mark.parametrize(
    "case_id", sorted(key for key, case in CASES.items() if has_dates(case) and has_intervals(case))
)
def test_dates_give_the_published_intervals(case_id: str) -> None:
    inputs = CASES[case_id]["inputs"]
    start = date.fromisoformat(inputs["advances"][0]["date"])
    for stream in inputs["streams"]:
        if "first_date" not in stream:
            continue
        flow = DatedFlow(day=date.fromisoformat(stream["first_date"]), amount=Decimal(1))
        if inputs["regime"] == "US_REGZ_APPJ":
            if inputs["unit_period"]["unit"] == "TERM":
                continue
            counted = count_unit_periods(start, flow, unit=read_interval(inputs["unit_period"]))
            assert counted == (stream["first_unit_periods"], Fraction(stream["first_fraction"]))
        elif inputs["regime"] == "EU_APRC":
            counted_years = count_years_back(start, flow, unit=find_frequency(inputs))
            assert counted_years == read_years(stream["first_years"])


def assert_matches(rate: CostRate, expected: Mapping[str, Any]) -> None:
    decimals = expected["decimals"]
    assert str(round_half_up(rate.exact, decimals)) == expected["apr_percent"]
    if "apr_percent_precise" in expected:
        precise = Decimal(expected["apr_percent_precise"])
        assert abs(rate.exact - precise) <= Decimal(expected.get("precise_tolerance", LAST_DIGIT))


def round_half_up(value: Decimal, decimals: int) -> Decimal:
    ratio = Fraction(value) * 10**decimals
    return Decimal(divide_rounded(ratio.numerator, ratio.denominator, mode=RoundingMode.HALF_UP)).scaleb(
        -decimals
    )


def find_rate_of_intervals(inputs: Mapping[str, Any]) -> CostRate:
    if inputs["regime"] == "US_REGZ_APPJ":
        return find_us_rate_of_unit_periods(
            list_unit_flows(inputs), Fraction(inputs["unit_period"]["per_year"])
        )
    flows = [(read_years(row["years"]), -Decimal(row["amount"])) for row in inputs["advances"]]
    for stream in inputs["streams"]:
        first, step = read_years(stream["first_years"]), read_years(stream["step_years"])
        flows += [(first + step * index, amount) for index, amount in enumerate(list_amounts(stream))]
    if inputs["regime"] == "NOMINAL_MONTHLY_IRR":
        (_, credit), *payments = sorted(flows)
        steps = [
            (years - before, amount)
            for (before, _), (years, amount) in zip([(Fraction(0), 0), *payments], payments, strict=False)
        ]
        return find_jp_rate(-credit, steps)
    return find_eu_rate_of_intervals(flows)


def list_unit_flows(inputs: Mapping[str, Any]) -> list[UnitFlow]:
    flows = [
        UnitFlow(periods=0, fraction=Fraction(0), amount=-Decimal(row["amount"]))
        for row in inputs["advances"]
    ]
    for stream in inputs["streams"]:
        flows += [
            UnitFlow(
                periods=stream["first_unit_periods"] + index,
                fraction=Fraction(stream["first_fraction"]),
                amount=amount,
            )
            for index, amount in enumerate(list_amounts(stream))
        ]
    return flows


def find_rate_of_dates(inputs: Mapping[str, Any]) -> CostRate:
    flows = [
        DatedFlow(day=date.fromisoformat(row["date"]), amount=-Decimal(row["amount"]))
        for row in inputs["advances"]
    ]
    for stream in inputs["streams"]:
        first = date.fromisoformat(stream.get("first_date", inputs["advances"][0]["date"]))
        every = stream.get("every", {"unit": "DAY", "n": 0})
        flows += [
            DatedFlow(
                day=add_intervals(first, read_interval(every), times=index),
                amount=amount,
                nominal_day=stream.get("anchor_day", first.day),
            )
            for index, amount in enumerate(list_amounts(stream))
        ]
    match inputs["regime"]:
        case "BR_CET":
            return find_br_rate(flows)
        case "ACT365_CALENDAR":
            return find_act365_rate(flows)
        case "US_REGZ_APPJ":
            return find_us_rate(flows, read_interval(inputs["unit_period"]))
    return find_eu_rate(flows, find_frequency(inputs))


def find_frequency(inputs: Mapping[str, Any]) -> IntervalUnit:
    """The unit of the stream with the most payments, as the payment frequency decides."""
    main = max(inputs["streams"], key=lambda stream: len(list_amounts(stream)))
    last = inputs["streams"][-1]
    every = main.get("every") or last.get("every")
    return IntervalUnit[every["unit"]]


def list_amounts(stream: Mapping[str, Any]) -> list[Decimal]:
    if "amounts" in stream:
        return [Decimal(amount) for amount in stream["amounts"]]
    return [Decimal(stream["amount"])] * stream["count"]


def read_years(text: str) -> Fraction:
    """An exact sum such as `1/12+3/365`."""
    return sum((Fraction(part) for part in text.split("+")), Fraction(0))


def read_interval(text: Mapping[str, Any]) -> Interval:
    name = "SINGLE" if text["unit"] == "TERM" else text["unit"]
    return Interval(unit=IntervalUnit[name], count=text["n"])
