"""Entries as documents: what is written reads back equal, and a slip is told by the member's name."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.set_up import PROVIDER_ID, make_program, make_range

from parcela.domain.calendar import (
    BIWEEKLY,
    EVERY_15_DAYS,
    MONTHLY,
    QUARTERLY,
    SINGLE,
    WEEKLY,
    YEARLY,
    BusinessDayConvention,
    BusinessDayRule,
    DateRules,
    Interval,
    IntervalUnit,
    MonthEndRule,
)
from parcela.domain.card_brands import CardBrand
from parcela.domain.cards import CardFunding
from parcela.domain.errors import InvalidInput
from parcela.domain.merchants import (
    AmountKind,
    Attachment,
    BinRange,
    CartRule,
    CashAward,
    Charge,
    LocalName,
    LocalTexts,
    MerchantOperation,
    MerchantPlan,
    MerchantProduct,
    MerchantProfile,
    OfferRule,
    OfferTerms,
    PlanTemplate,
    Privilege,
    Qualifier,
    SerialRule,
    SerialsDue,
)
from parcela.domain.programs import (
    AccountRange,
    CodeRule,
    EligibilityRules,
    Entry,
    Issuer,
    MarketPair,
    OfferGroup,
    Program,
    TokenRange,
    UseCase,
)
from parcela.domain.rounding import Rounding, RoundingMode
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
from parcela.store.documents import (
    Document,
    document_to_entry,
    encode_document,
    entry_to_document,
    read_stored_entry,
)

AMOUNTS = st.integers(0, 10**9).map(lambda number: Decimal(number).scaleb(-4))
PERCENTS = st.integers(0, 10**6).map(lambda number: Decimal(number).scaleb(-4))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=ZONES)
DATES = st.dates(date(2000, 1, 1), date(2100, 1, 1))
BOUNDS = st.integers(0, 10**19 - 1).map("{:019d}".format)
UUIDS = st.uuids().map(str)
CODES = st.frozensets(st.text("0123456789ABC", min_size=1, max_size=4), max_size=3)
CODE_RULES = st.builds(CodeRule, allow=CODES, deny=CODES)
ROUNDINGS = st.builds(
    Rounding,
    mode=st.sampled_from(RoundingMode),
    step=st.none() | st.sampled_from([Decimal("0.05"), Decimal(1), Decimal("0.001")]),
)
INTERVALS = st.sampled_from(
    [WEEKLY, BIWEEKLY, EVERY_15_DAYS, MONTHLY, QUARTERLY, YEARLY, SINGLE]
) | st.builds(Interval, unit=st.sampled_from(IntervalUnit), count=st.integers(1, 60))
BUSINESS_DAYS = st.builds(
    BusinessDayRule,
    convention=st.sampled_from(BusinessDayConvention),
    weekend=st.frozensets(st.integers(0, 6), max_size=3),
    holidays=st.frozensets(DATES, max_size=3),
)
COMMON_TERMS: dict[str, st.SearchStrategy[Any]] = {
    "count": st.integers(1, 99),
    "interval": INTERVALS,
    "periods_per_year": st.none() | st.integers(1, 366),
    "dates": st.builds(
        DateRules, month_end=st.sampled_from(MonthEndRule), business_days=st.none() | BUSINESS_DAYS
    ),
    "max_apr_percent": st.none() | PERCENTS,
}
NETWORK_TERMS = st.builds(
    PricingTerms,
    **COMMON_TERMS,
    rate=st.builds(Rate, value=PERCENTS),
    first_due=st.sampled_from([FirstDue.TRANSACTION_DATE, FirstDue.AFTER_INTERVAL]),
    fees=st.lists(
        st.builds(
            Fee,
            kind=st.sampled_from(FeeKind),
            value=AMOUNTS,
            placement=st.sampled_from([FeePlacement.FIRST, FeePlacement.SPREAD]),
        ),
        max_size=2,
    ).map(tuple),
)
OTHER_TERMS = st.builds(
    PricingTerms,
    **COMMON_TERMS,
    method=st.sampled_from([method for method in Method if method is not Method.NETWORK]),
    rate=st.builds(Rate, value=PERCENTS, kind=st.sampled_from(RateKind)),
    first_due=st.just(FirstDue.ON_DATE),
    first_due_date=DATES,
    fees=st.lists(
        st.builds(Fee, kind=st.sampled_from(FeeKind), value=AMOUNTS, placement=st.sampled_from(FeePlacement)),
        max_size=3,
    ).map(tuple),
    day_count=st.sampled_from(DayCount),
    rounding=st.builds(
        RoundingRules, installment=ROUNDINGS, interest=ROUNDINGS, residual=st.sampled_from(Residual)
    ),
    start=st.builds(
        StartRules,
        deferral=st.none()
        | st.builds(
            Deferral,
            periods=st.integers(0, 12),
            interest=st.sampled_from(DeferralInterest),
            surcharge_percent_per_period=PERCENTS,
        ),
        grace=st.none()
        | st.builds(
            Grace, principal=st.integers(0, 9), interest=st.integers(0, 9), interest_free=st.integers(0, 9)
        ),
        down_payment_percent=st.none() | st.integers(0, 100).map(Decimal),
        odd_first_period=st.none()
        | st.builds(OddFirstPeriod, whole_periods=st.integers(0, 9), odd_years=st.fractions(0, 1)),
    ),
    options=st.builds(
        MethodOptions,
        flat_base=st.sampled_from(FlatInterestBasis),
        flat_rounding=st.sampled_from(FlatRounding),
        total_rule=st.sampled_from(TotalRule),
        level_source=st.sampled_from(LevelSource),
        schedule_rate=st.sampled_from(ScheduleRate),
        smooth_level=st.booleans(),
        amortization_count=st.none() | st.integers(1, 600),
        japanese_level=st.none()
        | st.builds(JapaneseLevel, level_amount=AMOUNTS, first_period_days=st.integers(0, 99)),
    ),
)
SOME_TEXTS = st.lists(TEXTS, max_size=3).map(tuple)
CHARGES = st.builds(Charge, kind=st.sampled_from(AmountKind), value=AMOUNTS)
ENTRIES: dict[str, st.SearchStrategy[Entry]] = {
    "issuer": st.builds(
        Issuer,
        provider_id=UUIDS,
        name=TEXTS,
        logo_url=TEXTS,
        cid=TEXTS,
        ica=TEXTS,
        country=TEXTS,
        disclosure=TEXTS,
        notifications_enabled=st.booleans(),
        notification_url=st.none() | TEXTS,
    ),
    "account_range": st.builds(
        AccountRange,
        low=BOUNDS,
        high=BOUNDS,
        provider_id=UUIDS,
        country=TEXTS,
        funding=st.sampled_from(CardFunding),
        during_purchase=st.booleans(),
        post_purchase=st.booleans(),
        real_time=st.booleans(),
        enabled=st.booleans(),
    ),
    "program": st.builds(
        Program,
        offer_id=TEXTS,
        provider_id=UUIDS,
        currency=TEXTS,
        terms=NETWORK_TERMS | OTHER_TERMS,
        rules=st.builds(
            EligibilityRules,
            minimum=AMOUNTS,
            maximum=st.none() | AMOUNTS,
            countries=CODE_RULES,
            mccs=CODE_RULES,
            merchant_ids=CODE_RULES,
            channels=CODES,
            fundings=st.frozensets(st.sampled_from(CardFunding)),
            use_cases=st.frozensets(st.sampled_from(UseCase)),
        ),
        begin=INSTANTS,
        end=INSTANTS,
        cid=st.none() | TEXTS,
        disclosure=st.none() | TEXTS,
        enabled=st.booleans(),
    ),
    "offer_group": st.builds(
        OfferGroup,
        code=TEXTS,
        provider_id=UUIDS,
        name=TEXTS,
        offer_ids=st.lists(TEXTS, max_size=3).map(tuple),
        range_lows=st.lists(BOUNDS, max_size=3).map(tuple),
        pan_list_ids=st.lists(TEXTS, max_size=3).map(tuple),
        real_time=st.booleans(),
        enabled=st.booleans(),
    ),
    "token_range": st.builds(TokenRange, low=BOUNDS, high=BOUNDS),
    "market_pair": st.builds(MarketPair, country=TEXTS, currency=TEXTS),
    "merchant": st.builds(
        MerchantProfile,
        merchant_id=TEXTS,
        name=TEXTS,
        is_test=st.booleans(),
        time_zone=TEXTS,
        locale=TEXTS,
        country=TEXTS,
        mcc=TEXTS,
        url=st.none() | TEXTS,
        currencies=SOME_TEXTS,
        brands=st.lists(st.sampled_from(CardBrand), max_size=3).map(tuple),
        operations=st.frozensets(st.sampled_from(MerchantOperation)),
        privileges=st.frozensets(st.sampled_from(Privilege)),
        has_plans=st.booleans(),
        shows_offers_publicly=st.booleans(),
        acquirer_id=TEXTS,
        acquirer_merchant_id=TEXTS,
        terminal_id=TEXTS,
        enabled=st.booleans(),
    ),
    "merchant_product": st.builds(
        MerchantProduct,
        merchant_id=TEXTS,
        product_id=TEXTS,
        name=TEXTS,
        logo_url=TEXTS,
        names=st.lists(st.builds(LocalName, locale=TEXTS, name=TEXTS), max_size=2).map(tuple),
        enabled=st.booleans(),
    ),
    "offer_rule": st.builds(
        OfferRule,
        merchant_id=TEXTS,
        rule_id=TEXTS,
        attachment=st.sampled_from(Attachment),
        product_id=TEXTS,
        program_id=TEXTS,
        display_order=st.integers(-99, 99),
        enabled=st.booleans(),
        withdrawn=st.booleans(),
        first_day=DATES,
        last_day=st.none() | DATES,
        minimum=AMOUNTS,
        maximum=st.none() | AMOUNTS,
        display_amount=st.none() | AMOUNTS,
        brands=st.frozensets(st.sampled_from(CardBrand)),
        bin_ranges=st.lists(st.builds(BinRange, low=BOUNDS, high=BOUNDS), max_size=2).map(tuple),
        skus=SOME_TEXTS,
        minimum_unit_price=st.none() | AMOUNTS,
        maximum_unit_price=st.none() | AMOUNTS,
        cart=st.builds(CartRule, all_of=SOME_TEXTS, any_of=SOME_TEXTS, excluded=SOME_TEXTS),
        deferral_months=st.integers(0, 99),
        interest_discount=st.none() | CHARGES,
        fee=st.none() | CHARGES,
        cash_award=st.none()
        | st.builds(CashAward, kind=st.sampled_from(AmountKind), value=AMOUNTS, instruction=TEXTS),
        qualifier=st.builds(Qualifier, text=TEXTS, logo_url=TEXTS),
        terms=st.builds(
            OfferTerms,
            text=TEXTS,
            version=TEXTS,
            acceptance_required=st.booleans(),
            acceptance_text=st.none() | TEXTS,
        ),
        serials=st.builds(SerialRule, due=st.sampled_from(SerialsDue), skus=SOME_TEXTS),
        budget=st.none() | AMOUNTS,
        translations=st.lists(
            st.builds(
                LocalTexts,
                locale=TEXTS,
                qualifier_text=st.none() | TEXTS,
                award_instruction=st.none() | TEXTS,
                terms_text=st.none() | TEXTS,
                acceptance_text=st.none() | TEXTS,
            ),
            max_size=2,
        ).map(tuple),
    ),
    "merchant_plan": st.builds(
        MerchantPlan,
        merchant_id=TEXTS,
        plan_id=TEXTS,
        name=TEXTS,
        template=st.sampled_from(PlanTemplate),
        program_id=TEXTS,
        payments=st.lists(st.integers(1, 99), max_size=3).map(tuple),
        deferrals=st.lists(st.integers(1, 99), max_size=3).map(tuple),
        minimum=AMOUNTS,
        brands=st.frozensets(st.sampled_from(CardBrand)),
        operations=st.frozensets(st.sampled_from(MerchantOperation)),
        payer_interest=st.booleans(),
        product_id=st.none() | TEXTS,
        first_day=DATES,
        last_day=st.none() | DATES,
        enabled=st.booleans(),
    ),
}


@pytest.mark.parametrize("kind", list(ENTRIES))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_entry_reads_back_equal(kind: str, data: st.DataObject) -> None:
    entry = data.draw(ENTRIES[kind])
    document = entry_to_document(entry)
    text = encode_document(document)
    assert document_to_entry(kind, document) == entry
    assert document_to_entry(kind, json.loads(text)) == entry
    assert read_stored_entry(kind, text) == entry
    assert encode_document(entry_to_document(read_stored_entry(kind, text))) == text


def test_a_document_says_only_what_differs_from_the_defaults() -> None:
    assert entry_to_document(make_range()) == {
        "low": "5110920000000000000",
        "high": "5110929999999999999",
        "provider_id": PROVIDER_ID,
        "country": "USA",
    }
    assert entry_to_document(make_program()) == {
        "offer_id": "10000001",
        "provider_id": PROVIDER_ID,
        "currency": "USD",
        "terms": {"count": 4, "interval": "monthly"},
        "begin": "2020-01-01T00:00:00Z",
        "end": "2030-01-01T00:00:00Z",
    }


BARE = entry_to_document(make_program())


def with_terms(**members: Any) -> Document:
    return {**BARE, "terms": {**BARE["terms"], **members}}


@pytest.mark.parametrize(
    ("terms", "read"),
    [
        ({"rate": "11.2"}, PricingTerms(count=4, interval=MONTHLY, rate=Rate(value=Decimal("11.2")))),
        ({"rate": 11}, PricingTerms(count=4, interval=MONTHLY, rate=Rate(value=Decimal(11)))),
        (
            {"rate": {"value": "11.2"}},
            PricingTerms(count=4, interval=MONTHLY, rate=Rate(value=Decimal("11.2"))),
        ),
        ({"interval": "biweekly"}, PricingTerms(count=4, interval=BIWEEKLY)),
        ({"interval": {"unit": "week", "count": 2}}, PricingTerms(count=4, interval=BIWEEKLY)),
        ({"count": "12"}, PricingTerms(count=12, interval=MONTHLY)),
    ],
)
def test_short_forms_are_read(terms: dict[str, Any], read: PricingTerms) -> None:
    entry = document_to_entry("program", with_terms(**terms))
    assert isinstance(entry, Program)
    assert entry.terms == read


def test_an_exact_fraction_survives() -> None:
    terms = with_terms(
        method="annuity", start={"odd_first_period": {"whole_periods": 1, "odd_years": "17/365"}}
    )
    entry = document_to_entry("program", terms)
    assert isinstance(entry, Program)
    assert entry.terms.start.odd_first_period == OddFirstPeriod(whole_periods=1, odd_years=Fraction(17, 365))


RULE: Document = {
    "merchant_id": "SHOP",
    "rule_id": "R",
    "attachment": "cart",
    "product_id": "P",
    "program_id": "10000001",
    "first_day": "2026-01-01",
    "qualifier": {"text": "By the bank", "logo_url": "https://bank.example/logo.png"},
    "terms": {"text": "Terms."},
}


def test_a_rule_says_only_what_differs_from_the_defaults() -> None:
    assert entry_to_document(document_to_entry("offer_rule", RULE)) == RULE


RULES = "channels, countries, fundings, maximum, mccs, merchant_ids, minimum, use_cases"
ALL_INTERVALS = "weekly, biweekly, every_15_days, semimonthly, monthly, quarterly, semiannual, yearly, single"


@pytest.mark.parametrize(
    ("kind", "document", "sentence"),
    [
        # Not a document at all.
        ("issuer", [], "issuer: expected an object, got list"),
        ("program", None, "program: expected an object, got NoneType"),
        # Misspelt members at every depth: a rule that silently does not apply is worse than none.
        (
            "market_pair",
            {"country": "CAN", "curency": "USD"},
            "market_pair.curency: expected only these members: country, currency",
        ),
        (
            "token_range",
            {"low": "1", "high": "2", 3: 4},
            "token_range.3: expected only these members: high, low",
        ),
        (
            "program",
            {**BARE, "rules": {"minimun": 1}},
            "program.rules.minimun: expected only these members: " + RULES,
        ),
        (
            "program",
            {**BARE, "rules": {"mccs": {"denied": []}}},
            "program.rules.mccs.denied: expected only these members: allow, deny",
        ),
        (
            "program",
            with_terms(fees=[{"kind": "fixed", "value": 1}, {"kind": "fixed", "value": 1, "on": 1}]),
            "program.terms.fees[1].on: expected only these members: kind, placement, value",
        ),
        (
            "program",
            with_terms(rate={"valeu": 1}),
            "program.terms.rate.valeu: expected only these members: kind, value",
        ),
        (
            "program",
            with_terms(interval={"unit": "week", "times": 2}),
            "program.terms.interval.times: expected only these members: count, unit",
        ),
        (
            "program",
            with_terms(start={"grace": {"rows": 1}}),
            "program.terms.start.grace.rows: expected only these members: interest, interest_free, principal",
        ),
        (
            "offer_rule",
            {**RULE, "cart": {"all": ["A"]}},
            "offer_rule.cart.all: expected only these members: all_of, any_of, excluded",
        ),
        (
            "offer_rule",
            {**RULE, "translations": [{"locale": "de", "text": "x"}]},
            "offer_rule.translations[0].text: expected only these members: acceptance_text,"
            " award_instruction, locale, qualifier_text, terms_text",
        ),
        # A rule's terms are no program's.
        (
            "offer_rule",
            {**RULE, "terms": {"text": "x", "interval": "monthly"}},
            "offer_rule.terms.interval: expected only these members: acceptance_required, acceptance_text,"
            " text, version",
        ),
        (
            "offer_rule",
            {**RULE, "fee": {"kind": "percents", "value": "1"}},
            "offer_rule.fee.kind: expected one of amount, percent, got 'percents'",
        ),
        (
            "offer_rule",
            {**RULE, "first_day": "1 May"},
            "offer_rule.first_day: expected a date such as 2026-01-31",
        ),
        ("offer_rule", {**RULE, "budget": "much"}, "offer_rule.budget: expected a decimal number"),
        (
            "merchant",
            {"brands": ["visa", "vista"]},
            "merchant.brands[1]: expected one of amex, diners_club, discover, elo, jcb, maestro, mastercard,"
            " visa, got 'vista'",
        ),
        # Members left out.
        ("market_pair", {"country": "CAN"}, "market_pair.currency: expected a value; it may not be left out"),
        (
            "program",
            with_terms(fees=[{"value": 1}]),
            "program.terms.fees[0].kind: expected a value; it may not be left out",
        ),
        # Members of another type.
        (
            "market_pair",
            {"country": "CAN", "currency": 840},
            "market_pair.currency: expected `str`, got `int`",
        ),
        ("program", {**BARE, "terms": []}, "program.terms: expected `object`, got `array`"),
        ("program", {**BARE, "enabled": "no"}, "program.enabled: expected `bool`, got `str`"),
        (
            "program",
            {**BARE, "rules": {"mccs": ["7995"]}},
            "program.rules.mccs: expected `object`, got `array`",
        ),
        ("program", with_terms(count=3.5), "program.terms.count: expected `int`, got `float`"),
        ("program", with_terms(count=True), "program.terms.count: expected `int`, got `bool`"),
        (
            "program",
            {**BARE, "begin": "1 May"},
            "program.begin: expected a date and time such as 2026-01-31T00:00:00Z",
        ),
        ("program", with_terms(rate="high"), "program.terms.rate.value: expected a decimal number"),
        # Words that are none of ours.
        (
            "program",
            with_terms(interval="fortnightly"),
            f"program.terms.interval: expected one of {ALL_INTERVALS}, or an object, got 'fortnightly'",
        ),
        (
            "program",
            with_terms(first_due="later"),
            "program.terms.first_due: expected one of transaction_date, after_interval, on_date, got 'later'",
        ),
        (
            "program",
            {**BARE, "rules": {"use_cases": ["always"]}},
            "program.rules.use_cases[0]: expected one of during_purchase, post_purchase, got 'always'",
        ),
        # Terms that contradict themselves, or that no arithmetic can hold.
        ("program", with_terms(count=0), "program: expected at least one installment, got 0"),
        ("program", with_terms(rate="-1"), "program: expected a rate of 0 or more, got -1"),
        (
            "program",
            with_terms(interval={"unit": "week", "count": 0}),
            "program: expected an interval of units from 1 to 3660, got 0",
        ),
        ("program", with_terms(periods_per_year=0), "program: expected periods a year from 1 to 366, got 0"),
        (
            "program",
            with_terms(max_apr_percent="NaN"),
            "program: expected an apr cap from 0 to 1000000, got NaN",
        ),
        (
            "program",
            with_terms(
                method="annuity", start={"odd_first_period": {"whole_periods": 1, "odd_years": "1/0"}}
            ),
            "program.terms.start.odd_first_period.odd_years: expected a fraction with a denominator above 0",
        ),
    ],
)
def test_a_slip_is_told_by_the_members_name(kind: str, document: object, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        document_to_entry(kind, document)
    assert str(refusal.value) == sentence


def test_members_stand_in_a_fixed_order_whatever_the_order_of_making() -> None:
    assert encode_document({"b": 1, "a": {"d": 1, "c": 2}}) == encode_document(
        {"a": {"c": 2, "d": 1}, "b": 1}
    )
    assert encode_document({"b": 1, "a": 2}) == '{"a":2,"b":1}'


def test_instants_keep_their_offset() -> None:
    new_york = timezone(timedelta(hours=-5))
    program = make_program(begin=datetime(2021, 12, 31, 19, tzinfo=new_york))
    document = entry_to_document(program)
    assert document["begin"] == "2021-12-31T19:00:00-05:00"
    read = document_to_entry("program", document)
    assert isinstance(read, Program)
    assert read.begin.utcoffset() == timedelta(hours=-5)
    assert read.begin == datetime(2022, 1, 1, tzinfo=UTC)
