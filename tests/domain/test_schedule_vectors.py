"""Published schedules, case by case: every key that a case states must come out exactly."""

import json
import operator
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from parcela.domain import calendar
from parcela.domain.calendar import (
    BusinessDayConvention,
    BusinessDayRule,
    DateRules,
    Interval,
    MonthEndRule,
    list_due_dates,
)
from parcela.domain.currency import find_currency
from parcela.domain.money import Money, format_major, parse_major
from parcela.domain.rounding import Rounding, RoundingMode
from parcela.domain.schedule import (
    Schedule,
    build_schedule,
    find_fee_per_100,
    list_capitalized_balances,
)
from parcela.domain.schedule.amortization import find_level_amount
from parcela.domain.terms import (
    DayCount,
    Deferral,
    DeferralInterest,
    Fee,
    FeeKind,
    FeePlacement,
    FirstDue,
    FlatInterestBasis,
    FlatRounding,
    Grace,
    JapaneseLevel,
    LevelSource,
    Method,
    MethodOptions,
    OddFirstPeriod,
    PricingTerms,
    Rate,
    RateKind,
    Residual,
    RoundingRules,
    ScheduleRate,
    StartRules,
    TotalRule,
)

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parent.parent / "golden" / "schedules.json").read_text("utf-8"))
}

# Cases whose convention the engine does not offer, by id.
UNSUPPORTED: tuple[str, ...] = ()

# Rates of a schedule are tested with the rates; these keys stand beside the rows.
RATE_KEYS = {"apr_percent", "finance_charge", "amount_financed"}

INTERVALS: Mapping[str, Interval] = {
    name: getattr(calendar, name)
    for name in (
        "WEEKLY",
        "BIWEEKLY",
        "EVERY_15_DAYS",
        "SEMIMONTHLY",
        "MONTHLY",
        "QUARTERLY",
        "SEMIANNUAL",
        "YEARLY",
        "SINGLE",
    )
}
MONTH_END = {
    "CLAMP_TO_LAST_DAY_ANCHORED": MonthEndRule.CLAMP,
    "ROLL_TO_FIRST_OF_NEXT_MONTH": MonthEndRule.ROLL_TO_NEXT_MONTH,
}
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
DAY_COUNTS = {
    "NONE": DayCount.PERIODIC,
    "PERIODIC": DayCount.PERIODIC,
    "30/360_PERIOD": DayCount.THIRTY_360_PERIOD,
    "30/360_DATES": DayCount.THIRTY_360_DATES,
    "ACT/365F": DayCount.ACT_365F,
    "ACT/360": DayCount.ACT_360,
    "ACT/ACT_SPLIT_31DEC": DayCount.ACT_ACT_SPLIT_31DEC,
}
SPELLINGS = {"INSTALMENT_TIMES_N": "INSTALLMENT_TIMES_N", "CAPITALISE": "CAPITALIZE", "FLAT": "FIXED"}
ANY_DAY = date(2026, 1, 15)


@pytest.mark.parametrize("case_id", sorted(set(CASES) - set(UNSUPPORTED)))
def test_published_schedule_is_reproduced(case_id: str) -> None:
    computed, wanted = compare(case_id)
    assert computed == wanted


def test_unsupported_cases_are_exactly_the_named_ones() -> None:
    missed = [case_id for case_id in CASES if operator.ne(*compare(case_id))]
    assert tuple(missed) == UNSUPPORTED


def compare(case_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our figures, and those of the case that are not rates."""
    case = CASES[case_id]
    wanted = {key: value for key, value in case["expected"].items() if key not in RATE_KEYS}
    return compute(case["inputs"], wanted), wanted


def compute(inputs: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Our figures under the keys that the case states."""
    kind = inputs.get("kind")
    if kind == "FEE_TABLE_PER_100":
        return {"fee_per_100_by_count": compute_fee_table(inputs, wanted["fee_per_100_by_count"])}
    if kind == "DUE_DATES_ONLY":
        days = list_due_dates(
            date.fromisoformat(inputs["start_date"]),
            INTERVALS[inputs["frequency"]],
            steps=range(1, inputs["count"] + 1),
            rules=read_date_rules(inputs),
        )
        return {"due_dates": [day.isoformat() for day in days]}
    terms, principal, anchor = read_program(inputs)
    schedule = build_schedule(terms, principal, anchor=anchor)
    assert_sums(schedule)
    figures = list_figures(schedule)
    figures["capitalised_balances"] = [
        format_major(Money(balance, principal.currency))
        for balance in list_capitalized_balances(terms, principal, anchor=anchor)
    ]
    if "coefficient_8dp" in wanted:
        rate = Fraction(inputs["rate"]["value"]) / 100 / inputs["periods_per_year"]
        coefficient = find_level_amount(10**8, [rate] * inputs["count"])
        figures["coefficient_8dp"] = str(Decimal(round(coefficient)).scaleb(-8))
    if "instalments" in wanted:
        figures["instalments"] = [
            {key: figures["instalments"][row["number"] - 1][key] for key in row}
            for row in wanted["instalments"]
        ]
    return {key: figures[key] for key in wanted}


def assert_sums(schedule: Schedule) -> None:
    rows = schedule.rows
    assert sum(row.amount_minor for row in rows) == schedule.total_minor
    assert sum(row.principal_minor for row in rows) == schedule.principal_minor
    assert sum(row.interest_minor for row in rows) == schedule.interest_minor
    assert sum(row.fee_minor for row in rows) == schedule.fee_minor


def list_figures(schedule: Schedule) -> dict[str, Any]:
    """Everything a case may ask for, as printed."""

    def text(minor: int) -> str:
        return format_major(Money(minor, schedule.currency))

    balance = schedule.principal_minor
    instalments = []
    for row in schedule.rows:
        balance -= row.principal_minor
        instalments.append(
            {
                "number": row.number,
                "due_date": row.due_date.isoformat(),
                "amount": text(row.amount_minor),
                "principal": text(row.principal_minor),
                "interest": text(row.interest_minor),
                "fee": text(row.fee_minor),
                "balance": text(balance),
            }
        )
    return {
        "instalments": instalments,
        "amounts": [row["amount"] for row in instalments],
        "due_dates": [row["due_date"] for row in instalments],
        "first_instalment_amount": text(schedule.first_minor),
        "other_instalment_amount": text(schedule.other_minor),
        "last_instalment_amount": text(schedule.rows[-1].amount_minor),
        "total_amount": text(schedule.total_minor),
        "total_interest": text(schedule.interest_minor),
        "total_fees": text(schedule.fee_minor),
    }


def compute_fee_table(inputs: Mapping[str, Any], counts: Mapping[str, str]) -> dict[str, str]:
    return {
        count: format(
            find_fee_per_100(
                Decimal(inputs["rate"]["value"]),
                int(count),
                rounding=read_rounding(inputs["rounding"]),
                periods_per_year=inputs["periods_per_year"],
            ),
            ".2f",
        )
        for count in counts
    }


def read_program(inputs: Mapping[str, Any]) -> tuple[PricingTerms, Money, date]:
    currency = find_currency(inputs["currency"])
    assert currency is not None
    assert currency.exponent == inputs["exponent"]
    first = inputs.get("first_due_date")
    anchor = date.fromisoformat(inputs.get("start_date") or first or ANY_DAY.isoformat())
    fees = tuple(read_fee(fee) for fee in inputs.get("fees", ()))
    amount = parse_major(inputs["amount"], currency)
    financed = sum(
        parse_major(fee["value"], currency).minor
        for fee in inputs.get("fees", ())
        if fee["charge"] == "FINANCED"
    )
    terms = PricingTerms(
        count=inputs["count"],
        interval=INTERVALS[inputs["frequency"]],
        method=Method[inputs["method"]],
        rate=Rate(value=Decimal(inputs["rate"]["value"]), kind=RateKind[inputs["rate"]["kind"]]),
        first_due=FirstDue.ON_DATE if first else FirstDue.AFTER_INTERVAL,
        first_due_date=date.fromisoformat(first) if first else None,
        fees=fees,
        periods_per_year=inputs.get("periods_per_year"),
        day_count=DAY_COUNTS[inputs["day_count"]],
        rounding=RoundingRules(
            installment=read_rounding(inputs.get("instalment_rounding")),
            interest=read_rounding(inputs.get("interest_rounding")),
            residual=Residual[inputs["residual"]],
        ),
        dates=read_date_rules(inputs),
        start=read_start(inputs),
        options=read_options(inputs),
    )
    return terms, Money(amount.minor - financed, currency), anchor


def read_rounding(text: Mapping[str, Any] | None) -> Rounding:
    if text is None:
        return Rounding()
    return Rounding(mode=RoundingMode[text["mode"]], step=Decimal(text["to"]))


def read_fee(text: Mapping[str, str]) -> Fee:
    return Fee(
        kind=FeeKind[SPELLINGS.get(text["type"], text["type"])],
        value=Decimal(text["value"]),
        placement=FeePlacement[text["charge"]],
    )


def read_date_rules(inputs: Mapping[str, Any]) -> DateRules:
    month_end = MONTH_END[inputs.get("due_date_rule", "CLAMP_TO_LAST_DAY_ANCHORED")]
    business = inputs.get("business_days")
    if business is None:
        return DateRules(month_end=month_end)
    rule = BusinessDayRule(
        convention=BusinessDayConvention[business["convention"]],
        weekend=frozenset(WEEKDAYS.index(day) for day in business["weekend"]),
        holidays=frozenset(date.fromisoformat(day) for day in business["holidays"]),
    )
    return DateRules(month_end=month_end, business_days=rule)


def read_start(inputs: Mapping[str, Any]) -> StartRules:
    down = inputs.get("down_payment_percent")
    odd = inputs.get("first_period")
    return StartRules(
        deferral=read_deferral(inputs.get("deferral")),
        grace=Grace(**inputs["grace"]) if "grace" in inputs else None,
        down_payment_percent=None if down is None else Decimal(down),
        odd_first_period=None
        if odd is None
        else OddFirstPeriod(whole_periods=odd["whole_periods"], odd_years=Fraction(odd["odd_days"])),
    )


def read_deferral(text: Mapping[str, Any] | None) -> Deferral | None:
    if text is None:
        return None
    if "surcharge_percent_per_period" in text:
        return Deferral(
            periods=text["periods"],
            interest=DeferralInterest.SURCHARGE,
            surcharge_percent_per_period=Decimal(text["surcharge_percent_per_period"]),
        )
    return Deferral(
        periods=text["periods"], interest=DeferralInterest[SPELLINGS.get(text["interest"], "FREE")]
    )


def read_options(inputs: Mapping[str, Any]) -> MethodOptions:
    level = inputs.get("level_instalment")
    total_rule = inputs.get("total_rule", "TOTAL_THEN_SPLIT")
    is_multiple = inputs.get("flat_rounding") == "PRINCIPAL_TO_MULTIPLE"
    return MethodOptions(
        flat_base=FlatInterestBasis[inputs.get("flat_base", "FINANCED_AMOUNT")],
        flat_rounding=FlatRounding.PRINCIPAL_TO_MULTIPLE if is_multiple else FlatRounding.MINOR_UNIT,
        total_rule=TotalRule[SPELLINGS.get(total_rule, total_rule)],
        level_source=LevelSource[inputs.get("emi_from", "PERIOD_FACTORS")],
        schedule_rate=ScheduleRate.IRR_OF_ROWS if "schedule_rate" in inputs else ScheduleRate.STATED,
        smooth_level=bool(inputs.get("emi_smoothing")),
        amortization_count=inputs.get("amortisation_count"),
        japanese_level=None
        if level is None
        else JapaneseLevel(level_amount=Decimal(level), first_period_days=inputs["first_period_days"]),
    )
