"""Prices of merchants' offers: exact sums, the program's own rows where nothing is added, and refusals."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.merchant_entries import (
    amount,
    award,
    get_currency,
    make_money,
    make_plan,
    make_program,
    make_rule,
    make_terms,
    percent,
)

from parcela.domain.attachable_programs import check_attachable
from parcela.domain.calendar import WEEKLY
from parcela.domain.errors import InvalidInput
from parcela.domain.merchant_offers import OfferPrice
from parcela.domain.merchant_pricing import (
    UnpricedOffer,
    build_rows,
    describe_unpriced,
    find_payer_rate_percent,
    find_rate_percent,
    price_custom_plan,
    price_offer,
)
from parcela.domain.merchants import MerchantPlan, OfferRule
from parcela.domain.money import format_major
from parcela.domain.offers import NotPresentable
from parcela.domain.programs import EligibilityRules, Program, UseCase
from parcela.domain.schedule import NotPriceable, NotPriceableReason, build_schedule
from parcela.domain.terms import (
    DayCount,
    Deferral,
    DeferralInterest,
    Fee,
    FeeKind,
    FeePlacement,
    FirstDue,
    Grace,
    Method,
    OddFirstPeriod,
    Rate,
    RateKind,
    Residual,
    RoundingRules,
    StartRules,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "merchant_prices.txt"
ANCHOR = date(2026, 1, 31)
FEE_FIRST = Fee(kind=FeeKind.FIXED, value=Decimal(10))
FEE_SPREAD = Fee(kind=FeeKind.FIXED, value=Decimal(10), placement=FeePlacement.SPREAD)
IN_ADVANCE = FirstDue.TRANSACTION_DATE


def price(rule: OfferRule, program: Program, minor: int) -> OfferPrice:
    return price_offer(rule, program, make_money(minor, program.currency))


# Title, rule, program, purchase in minor units.
OFFERS: list[tuple[str, OfferRule, Program, int]] = [
    ("interest-free with a fee", make_rule(fee=amount("12")), make_program(3), 120_000),
    ("with interest, network rows", make_rule(), make_program(6, "11.99"), 120_000),
    ("with interest, annuity rows", make_rule(), make_program(6, "11.99", method=Method.ANNUITY), 120_000),
    (
        "all interest borne by the merchant, cash award",
        make_rule(interest_discount=percent("100"), cash_award=award(amount("25"))),
        make_program(12, "14", method=Method.ANNUITY),
        120_000,
    ),
    (
        "a part of the interest borne, fee in percent",
        make_rule(interest_discount=percent("50"), fee=percent("1.5")),
        make_program(4, "24"),
        33_333,
    ),
    ("deferred", make_rule(deferral_months=3), make_program(6), 30_000),
    ("the program's fee, spread", make_rule(), make_program(3, fees=(FEE_SPREAD,)), 10_000),
    (
        "the program's fee, spread, with a discount",
        make_rule(interest_discount=amount("1.50")),
        make_program(3, "12", fees=(FEE_SPREAD,)),
        10_000,
    ),
    (
        "due at once",
        make_rule(),
        make_program(3, "12", first_due=IN_ADVANCE),
        10_000,
    ),
    ("in one payment, deferred", make_rule(deferral_months=2), make_program(1), 5_000),
    ("a currency without decimals", make_rule(), make_program(6, currency="JPY"), 1_000),
    (
        "a currency of three decimals",
        make_rule(interest_discount=percent("33.3")),
        make_program(3, "18", currency="KWD"),
        10_000,
    ),
]


def write_price(found: OfferPrice) -> list[str]:
    def write(minor: int) -> str:
        return format_major(make_money(minor, found.currency.code))

    return [
        f"  {found.count} x, put off by {found.deferral_months} months, {found.rate_percent} % a year,"
        f" {found.currency.code}",
        f"  principal {write(found.principal_minor)} + interest {write(found.interest_minor)}"
        f" - discount {write(found.discount_minor)} + fee {write(found.fee_minor)}"
        f" = {write(found.total_minor)}; award {write(found.award_minor)}",
        f"  first {write(found.first_minor)}, then {write(found.other_minor)}",
    ]


def write_offer(title: str, rule: OfferRule, program: Program, minor: int) -> str:
    found = price(rule, program, minor)
    lines = [f"# {title}", *write_price(found)]
    for row in build_rows(found, program.terms, anchor=ANCHOR):
        parts = (row.amount_minor, row.principal_minor, row.interest_minor, row.fee_minor)
        written = "".join(f"{format_major(make_money(part, program.currency)):>10}" for part in parts)
        lines.append(f"    {row.number:>2}  {row.due_date}{written}")
    return "\n".join(lines)


def test_priced_offers_of_each_kind_are_the_golden_ones() -> None:
    text = "\n".join(write_offer(*offer) for offer in OFFERS) + "\n"
    assert text == GOLDEN.read_text(encoding="utf-8")


# Rule, program, purchase; first, later, total and discount as in the published samples of the contract.
SAMPLES = [
    pytest.param(
        make_rule(fee=amount("12")), make_program(3), 120_000, (41_200, 40_000, 121_200, 0), id="options-1"
    ),
    pytest.param(
        make_rule(),
        make_program(6, "11.99", method=Method.ANNUITY),
        120_000,
        (20_706, 20_705, 124_231, 0),
        id="options-2",
    ),
    pytest.param(
        make_rule(interest_discount=percent("100")),
        make_program(12, "14", method=Method.ANNUITY),
        120_000,
        (10_000, 10_000, 120_000, 9_294),
        id="options-3",
    ),
    pytest.param(
        make_rule(deferral_months=3), make_program(6), 30_000, (5_000, 5_000, 30_000, 0), id="shopping-1"
    ),
    pytest.param(make_rule(), make_program(12), 30_000, (2_500, 2_500, 30_000, 0), id="shopping-2"),
    # Rows that are all alike, which the network's own method makes.
    pytest.param(
        make_rule(), make_program(6, "11.99"), 120_000, (20_705, 20_705, 124_230, 0), id="network-rows"
    ),
]


@pytest.mark.parametrize(("rule", "program", "minor", "expected"), SAMPLES)
def test_published_offers_are_priced(
    rule: OfferRule, program: Program, minor: int, expected: tuple[int, int, int, int]
) -> None:
    found = price(rule, program, minor)
    told = (found.first_minor, found.other_minor, found.total_minor, found.discount_minor)
    assert told == expected


# Payments; each payment and the total of the published plan inquiry, 900.00 at 30 % a year.
PLAN_SAMPLE = [(4, 23_924, 95_696), (5, 19_372, 96_860), (6, 16_339, 98_034), (7, 14_175, 99_225)]


@pytest.mark.parametrize(("count", "payment_minor", "total_minor"), [*PLAN_SAMPLE, (8, 12_552, 100_416)])
def test_published_custom_plans_are_priced(count: int, payment_minor: int, total_minor: int) -> None:
    program = make_program(12, "30", currency="BRL")
    found = price_custom_plan(make_plan(payer_interest=True), program, make_money(90_000, "BRL"), count=count)
    assert (found.first_minor, found.other_minor, found.total_minor) == (
        payment_minor,
        payment_minor,
        total_minor,
    )


def test_the_merchant_bears_the_interest_of_a_custom_plan_unless_the_payer_does() -> None:
    plan, program = make_plan(payer_interest=False), make_program(12, "30")
    found = price_custom_plan(plan, program, make_money(10_000), count=3, deferral_months=2)
    assert found == OfferPrice(
        currency=get_currency("AUD"),
        principal_minor=10_000,
        count=3,
        deferral_months=2,
        rate_percent=Decimal("0.00"),
        interest_minor=0,
        discount_minor=0,
        fee_minor=0,
        first_minor=3_334,
        other_minor=3_333,
    )
    rows = build_rows(found, program.terms, anchor=ANCHOR)
    assert [(row.due_date.isoformat(), row.amount_minor, row.interest_minor) for row in rows] == [
        ("2026-04-30", 3_334, 0),
        ("2026-05-31", 3_333, 0),
        ("2026-06-30", 3_333, 0),
    ]
    assert str(find_payer_rate_percent(plan, program)) == "0.00"
    assert str(find_payer_rate_percent(replace(plan, payer_interest=True), program)) == "30.00"


def test_a_rule_that_adds_nothing_leaves_the_programs_own_rows() -> None:
    program = make_program(7, "19.9", fees=(FEE_SPREAD,), method=Method.ANNUITY)
    found = price(make_rule(), program, 77_777)
    own = build_schedule(program.terms, make_money(77_777), anchor=ANCHOR)
    rows = build_rows(found, program.terms, anchor=ANCHOR)
    assert [
        (row.number, row.due_date, row.amount_minor, row.principal_minor, row.interest_minor, row.fee_minor)
        for row in rows
    ] == [
        (row.number, row.due_date, row.amount_minor, row.principal_minor, row.interest_minor, row.fee_minor)
        for row in own.rows
    ]


def test_a_rules_fee_replaces_the_programs_and_stands_on_the_first_row() -> None:
    program = make_program(4, "12", fees=(FEE_SPREAD,))
    found = price(make_rule(fee=amount("10")), program, 10_000)
    rows = build_rows(found, program.terms, anchor=ANCHOR)
    assert (found.fee_minor, found.first_minor - found.other_minor) == (1_000, 1_000)
    assert [row.fee_minor for row in rows] == [1_000, 0, 0, 0]
    free = price(make_rule(fee=amount("0")), program, 10_000)
    assert (free.fee_minor, free.first_minor, free.other_minor) == (0, 2_563, 2_563)


def test_due_dates_count_from_the_day_of_the_purchase_and_return_to_it() -> None:
    found = price(make_rule(deferral_months=1), make_program(4), 10_000)
    rows = build_rows(found, make_terms(4), anchor=ANCHOR)
    assert [row.due_date.isoformat() for row in rows] == [
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
        "2026-06-30",
    ]


def test_a_programs_own_deferral_counts_with_the_rules() -> None:
    start = StartRules(deferral=Deferral(periods=2, interest=DeferralInterest.FREE))
    program = make_program(3, "12", method=Method.ANNUITY, start=start)
    found = price(make_rule(deferral_months=1), program, 10_000)
    rows = build_rows(found, program.terms, anchor=ANCHOR)
    assert (found.deferral_months, rows[0].due_date) == (3, date(2026, 5, 31))
    assert sum(row.interest_minor for row in rows) == found.interest_minor == 201


CHARGES = st.one_of(
    st.none(),
    st.decimals(0, 100, places=2).map(lambda value: percent(str(value))),
    st.decimals(0, 50, places=2).map(lambda value: amount(str(value))),
)
METHODS = st.sampled_from(
    [
        {"method": Method.NETWORK},
        {"method": Method.ANNUITY},
        {"method": Method.FLAT},
        {"method": Method.ANNUITY, "rounding": RoundingRules(residual=Residual.NONE)},
        {"method": Method.ANNUITY, "start": StartRules(deferral=Deferral(periods=2))},
    ]
)

PROGRAMS = st.builds(
    lambda count, rate, others, method: make_program(count, str(rate), **others, **method),
    st.integers(1, 99),
    st.decimals(0, 60, places=2),
    st.fixed_dictionaries(
        {
            "currency": st.sampled_from(["USD", "JPY", "KWD"]),
            "fees": st.sampled_from([(), (FEE_FIRST,), (FEE_SPREAD,)]),
            "first_due": st.sampled_from([FirstDue.AFTER_INTERVAL, IN_ADVANCE]),
        }
    ),
    METHODS,
)
RULES = st.builds(
    lambda discount, fee, months: make_rule(interest_discount=discount, fee=fee, deferral_months=months),
    CHARGES,
    CHARGES,
    st.integers(0, 6),
)


@given(rule=RULES, program=PROGRAMS, minor=st.integers(1, 10**7))
def test_every_price_and_every_row_sums_up(rule: OfferRule, program: Program, minor: int) -> None:
    count = program.terms.count
    try:
        found = price(rule, program, minor)
    except (NotPriceable, NotPresentable):
        return
    later = found.other_minor * (count - 1)
    borne = found.interest_minor - found.discount_minor
    assert found.first_minor + later == found.principal_minor + borne + found.fee_minor
    assert 0 <= found.discount_minor <= found.interest_minor
    assert found.first_minor >= 1 and (found.other_minor >= 1) is (count > 1)
    rows = build_rows(found, program.terms, anchor=ANCHOR)
    assert [row.amount_minor for row in rows] == [found.first_minor, *[found.other_minor] * (count - 1)]
    assert sum(row.principal_minor for row in rows) == minor
    assert sum(row.interest_minor for row in rows) == borne
    assert sum(row.fee_minor for row in rows) == found.fee_minor
    for row in rows:
        assert min(row.principal_minor, row.interest_minor, row.fee_minor) >= 0
        assert row.principal_minor + row.interest_minor + row.fee_minor == row.amount_minor


# Why there is no lawful price: rule, program, purchase.
UNPRICEABLE = [
    pytest.param(
        make_rule(), make_program(12), 5, NotPriceableReason.ROW_BELOW_MINOR_UNIT, id="too-small-to-split"
    ),
    pytest.param(
        make_rule(), make_program(3), 0, NotPriceableReason.ROW_BELOW_MINOR_UNIT, id="nothing-bought"
    ),
    pytest.param(
        # Ten cents over twelve rows would be one cent each, and the first two below nothing.
        make_rule(interest_discount=percent("100")),
        make_program(12, "300"),
        10,
        NotPriceableReason.NEGATIVE_PART,
        id="discounted-to-less-than-a-cent-a-row",
    ),
    pytest.param(
        make_rule(interest_discount=percent("100")),
        make_program(12, "600"),
        5,
        NotPriceableReason.ROW_BELOW_MINOR_UNIT,
        id="discounted-rows-below-a-cent",
    ),
    pytest.param(
        make_rule(fee=amount("80")),
        make_program(3, first_due=IN_ADVANCE),
        10_000,
        NotPriceableReason.FIRST_ROW_COVERS_PRINCIPAL,
        id="fee-due-at-once-covers-the-purchase",
    ),
    pytest.param(
        make_rule(fee=amount("80"), interest_discount=percent("100")),
        make_program(3, "12", first_due=IN_ADVANCE),
        10_000,
        NotPriceableReason.FIRST_ROW_COVERS_PRINCIPAL,
        id="discounted-fee-due-at-once-covers-the-purchase",
    ),
    pytest.param(
        make_rule(fee=amount("30")),
        make_program(3, max_apr_percent=Decimal(50)),
        10_000,
        NotPriceableReason.APR_ABOVE_CAP,
        id="fee-above-the-programs-cap",
    ),
]


@pytest.mark.parametrize(("rule", "program", "minor", "reason"), UNPRICEABLE)
def test_no_price_is_made_without_lawful_rows(
    rule: OfferRule, program: Program, minor: int, reason: NotPriceableReason
) -> None:
    with pytest.raises(NotPriceable) as refusal:
        price(rule, program, minor)
    assert refusal.value.reason is reason


def test_a_discount_can_bring_the_apr_below_the_programs_cap() -> None:
    program = make_program(6, "60", max_apr_percent=Decimal(50))
    with pytest.raises(NotPriceable):
        price(make_rule(), program, 60_000)
    found = price(make_rule(interest_discount=percent("50")), program, 60_000)
    assert (found.interest_minor, found.discount_minor) == (10_926, 5_463)


@pytest.mark.parametrize(
    ("program", "minor"),
    [
        pytest.param(make_program(3, "12", method=Method.EQUAL_PRINCIPAL), 10_000, id="falling-rows"),
        pytest.param(
            make_program(3, method=Method.ANNUITY, rounding=RoundingRules(residual=Residual.LAST)),
            10_000,
            id="rest-on-the-last-row",
        ),
        pytest.param(
            make_program(
                3, method=Method.ANNUITY, fees=(replace(FEE_FIRST, placement=FeePlacement.UPFRONT_PREPAID),)
            ),
            9_000,
            id="fee-paid-apart",
        ),
    ],
)
def test_rows_that_an_offer_cannot_tell_have_no_price(program: Program, minor: int) -> None:
    with pytest.raises(NotPresentable):
        price(make_rule(), program, minor)


def test_a_count_that_contradicts_the_programs_terms_has_no_price() -> None:
    program = make_program(2, "12", method=Method.ANNUITY, start=StartRules(grace=Grace(interest=1)))
    plan = make_plan(payer_interest=True)
    assert price_custom_plan(plan, program, make_money(10_000), count=2).total_minor == 10_150
    with pytest.raises(NotPresentable):
        price_custom_plan(plan, program, make_money(10_000), count=1)


@pytest.mark.parametrize(
    ("rate", "kind", "shown"),
    [
        ("0", RateKind.NOMINAL_ANNUAL, "0.00"),
        ("11.99", RateKind.NOMINAL_ANNUAL, "11.99"),
        ("14", RateKind.NOMINAL_ANNUAL, "14.00"),
        ("9.500", RateKind.NOMINAL_ANNUAL, "9.50"),
        ("9.125", RateKind.NOMINAL_ANNUAL, "9.125"),
        ("1E+2", RateKind.NOMINAL_ANNUAL, "100.00"),
        ("1.125", RateKind.PERIOD_PERCENT, "13.50"),
    ],
    ids=lambda value: str(value),
)
def test_rates_are_shown_a_year_with_at_least_two_decimals(rate: str, kind: RateKind, shown: str) -> None:
    terms = make_terms(3, method=Method.ANNUITY)
    assert str(find_rate_percent(replace(terms, rate=Rate(value=Decimal(rate), kind=kind)))) == shown


def tell(found: UnpricedOffer) -> tuple[int | None, int | None, int | None, bool | None]:
    return found.fee_minor, found.discount_minor, found.award_minor, found.charges_interest


@pytest.mark.parametrize(
    ("rule", "program", "expected"),
    [
        pytest.param(make_rule(), make_program(3), (0, 0, 0, False), id="free"),
        pytest.param(make_rule(), make_program(3, "12"), (0, 0, 0, True), id="interest"),
        pytest.param(
            make_rule(fee=amount("12.5"), cash_award=award(amount("25"))),
            make_program(3),
            (1_250, 0, 2_500, False),
            id="fixed-amounts",
        ),
        pytest.param(
            make_rule(fee=percent("1"), cash_award=award(percent("2"))),
            make_program(3),
            (None, 0, None, False),
            id="parts-of-the-purchase",
        ),
        pytest.param(make_rule(), make_program(3, fees=(FEE_SPREAD,)), (1_000, 0, 0, False), id="own-fee"),
        pytest.param(
            make_rule(interest_discount=percent("100")),
            make_program(3, "12"),
            (0, None, 0, False),
            id="all-interest-borne",
        ),
        pytest.param(
            make_rule(interest_discount=percent("40")),
            make_program(3, "12"),
            (0, None, 0, None),
            id="some-interest-borne",
        ),
        pytest.param(
            make_rule(interest_discount=amount("5")), make_program(3), (0, 0, 0, False), id="nothing-to-bear"
        ),
    ],
)
def test_an_offer_without_an_amount_tells_what_does_not_depend_on_it(
    rule: OfferRule, program: Program, expected: tuple[int | None, int | None, int | None, bool | None]
) -> None:
    assert tell(describe_unpriced(rule, program)) == expected


def test_awards_are_a_part_of_the_purchase_or_an_amount() -> None:
    by_part = price(make_rule(cash_award=award(percent("2.5"))), make_program(3), 33_333)
    assert by_part.award_minor == 833
    assert price(make_rule(cash_award=award(amount("25"))), make_program(3), 33_333).award_minor == 2_500


POST_PURCHASE = EligibilityRules(use_cases=frozenset({UseCase.POST_PURCHASE}))
# What an offer cannot tell: program, member named, what came.
UNATTACHABLE = [
    pytest.param(make_program(3, interval=WEEKLY), "terms.interval", "1 week", id="weekly"),
    pytest.param(make_program(3, rules=POST_PURCHASE), "rules.use_cases", "without", id="post-purchase"),
    pytest.param(make_program(3, "5", method=Method.ADD_ON), "terms.method", "add_on", id="add-on"),
    pytest.param(
        make_program(
            3,
            method=Method.ANNUITY,
            rate=Rate(value=Decimal(3), kind=RateKind.SURCHARGE_PERCENT_ON_AMOUNT),
        ),
        "terms.rate.kind",
        "surcharge_percent_on_amount",
        id="rate-of-the-whole",
    ),
    pytest.param(make_program(3, "11.9925"), "terms.rate.value", "11.9925", id="four-decimals"),
    pytest.param(make_program(3, "1E+40"), "terms.rate.value", "1E+40", id="absurd-rate"),
    pytest.param(make_program(3, "5", method=Method.EQUAL_SPLIT), "terms.rate.value", "5", id="unused-rate"),
    pytest.param(
        make_program(3, first_due=FirstDue.ON_DATE, first_due_date=date(2026, 5, 1)),
        "terms.first_due",
        "on_date",
        id="fixed-first-date",
    ),
    pytest.param(
        make_program(3, "12", method=Method.ANNUITY, day_count=DayCount.ACT_365F),
        "terms.day_count",
        "act/365f",
        id="day-count",
    ),
    pytest.param(make_program(3, fees=(FEE_FIRST, FEE_SPREAD)), "terms.fees", "2", id="two-fees"),
    pytest.param(
        make_program(3, method=Method.ANNUITY, fees=(replace(FEE_FIRST, placement=FeePlacement.FINANCED),)),
        "terms.fees",
        "financed",
        id="financed-fee",
    ),
    pytest.param(
        make_program(
            3,
            "12",
            method=Method.ANNUITY,
            start=StartRules(odd_first_period=OddFirstPeriod(whole_periods=1, odd_years=Fraction(1, 100))),
        ),
        "terms.start.odd_first_period",
        "one",
        id="odd-first-period",
    ),
    pytest.param(
        make_program(4, method=Method.ANNUITY, start=StartRules(down_payment_percent=Decimal(10))),
        "terms.start.down_payment_percent",
        "one",
        id="down-payment",
    ),
    pytest.param(
        make_program(3, "12", method=Method.EQUAL_PRINCIPAL),
        "terms",
        "payments of 336666 to 340000 minor units",
        id="falling-rows",
    ),
]


@pytest.mark.parametrize(("program", "member", "came"), UNATTACHABLE)
def test_what_an_offer_cannot_tell_is_not_attached(program: Program, member: str, came: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_attachable(program)
    assert (refusal.value.member, refusal.value.came) == (f"program program-1.{member}", came)


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(make_program(3), id="interest-free"),
        pytest.param(make_program(12, "14", method=Method.ANNUITY), id="annuity"),
        pytest.param(
            make_program(6, "12", method=Method.ANNUITY, day_count=DayCount.THIRTY_360_PERIOD),
            id="thirty-days-a-month",
        ),
        pytest.param(
            make_program(
                6,
                method=Method.ANNUITY,
                rate=Rate(value=Decimal("1.25"), kind=RateKind.PERIOD_PERCENT),
            ),
            id="rate-a-month",
        ),
        pytest.param(make_program(6, method=Method.EQUAL_SPLIT), id="equal-split"),
        pytest.param(make_program(6, fees=(FEE_SPREAD,)), id="spread-fee"),
        pytest.param(make_program(2, "12", method=Method.EQUAL_PRINCIPAL), id="two-falling-rows"),
        pytest.param(make_program(1, "12"), id="one-payment"),
    ],
)
def test_what_an_offer_can_tell_is_attached(program: Program) -> None:
    check_attachable(program)


def test_custom_plans_price_every_count_that_the_plan_names() -> None:
    plan: MerchantPlan = make_plan(payer_interest=True)
    program = make_program(12, "30")
    for count in (1, 2, 99):
        found = price_custom_plan(plan, program, make_money(90_000), count=count)
        rows = build_rows(found, program.terms, anchor=ANCHOR)
        assert (len(rows), sum(row.amount_minor for row in rows)) == (count, found.total_minor)
