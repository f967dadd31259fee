"""Offers: priced programs in their order, and those that cannot be shown (§§5.3, 6.4)."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.set_up import make_program, make_purchase, offer_to_range

from parcela.domain.calendar import BIWEEKLY, EVERY_15_DAYS, MONTHLY, QUARTERLY, WEEKLY, Interval
from parcela.domain.eligibility import Rule
from parcela.domain.offers import MAX_OFFERS, OfferQuote, PresentedOffer, is_cardable, price_offers
from parcela.domain.terms import (
    Fee,
    FeeKind,
    FeePlacement,
    FirstDue,
    Grace,
    Method,
    PricingTerms,
    Rate,
    StartRules,
)


def fixed_fee(value: str, placement: FeePlacement = FeePlacement.FIRST) -> tuple[Fee, ...]:
    return (Fee(kind=FeeKind.FIXED, value=Decimal(value), placement=placement),)


def make_terms(count: int = 4, interval: Interval = MONTHLY, **members: Any) -> PricingTerms:
    return PricingTerms(count=count, interval=interval, **members)


def price(*terms: PricingTerms, amount: str = "400", **purchase: Any) -> tuple[list[OfferQuote], list[Rule]]:
    currency = purchase.get("currency", "USD")
    programs = [
        make_program(f"{10000001 + n}", terms=member, currency=currency) for n, member in enumerate(terms)
    ]
    found = offer_to_range(*programs)
    quotes, refusals = price_offers(found, found.candidates, make_purchase(amount, **purchase))
    return quotes, [refusal.rule for refusal in refusals]


def test_an_offer_is_kept_with_every_member_that_a_plan_must_repeat() -> None:
    terms = make_terms(
        4,
        WEEKLY,
        rate=Rate(value=Decimal("11.2")),
        first_due=FirstDue.TRANSACTION_DATE,
        fees=fixed_fee("10.1"),
    )
    [quote], refusals = price(terms, local_at=datetime(2023, 10, 26, tzinfo=UTC))
    assert refusals == []
    assert quote.presented == PresentedOffer(
        offer_id="10000001",
        program_version=1,
        provider_id="29694e7a-b4a8-11ec-b909-0242ac120002",
        currency="USD",
        count=4,
        interval="weekly",
        apr_percent=Decimal("101.52"),
        fee_value=Decimal("10.1"),
        total_minor=41138,
        amounts_minor=(11042, 10032, 10032, 10032),
        due_dates=(date(2023, 10, 26), date(2023, 11, 2), date(2023, 11, 9), date(2023, 11, 16)),
    )
    assert quote.presented.major(41138) == Decimal("411.38")


@pytest.mark.parametrize(
    ("currency", "major"),
    [
        ("JPY", Decimal(1234)),  # no decimals
        ("USD", Decimal("12.34")),  # two
        ("KWD", Decimal("1.234")),  # three
    ],
)
def test_amounts_of_an_offer_are_told_in_the_currencys_decimals(currency: str, major: Decimal) -> None:
    [quote], _ = price(make_terms(), amount="1000", currency=currency)
    assert quote.presented.major(1234) == major


def test_due_dates_count_from_the_date_as_written_whatever_the_zone() -> None:
    late_in_new_york = datetime(2025, 1, 31, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    [quote], _ = price(make_terms(3), local_at=late_in_new_york)
    assert quote.presented.due_dates == (date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30))


def test_offers_rank_by_later_rows_then_total_then_offer_id() -> None:
    quotes, _ = price(
        make_terms(4, fees=fixed_fee("5")),  # 10000001: 100.00, total 405
        make_terms(4),  # 10000002: 100.00, total 400
        make_terms(8),  # 10000003: 50.00
        make_terms(4, BIWEEKLY),  # 10000004: 100.00, total 400, as 10000002
        make_terms(2),  # 10000005: 200.00
    )
    assert [quote.program.offer_id for quote in quotes] == [
        "10000003",
        "10000002",
        "10000004",
        "10000001",
        "10000005",
    ]


def test_at_most_fifty_offers_are_shown_the_best_ones() -> None:
    quotes, refusals = price(*[make_terms(count) for count in range(99, 38, -1)], amount="9900")
    assert len(quotes) == MAX_OFFERS == 50
    assert [quote.presented.count for quote in quotes] == list(range(99, 49, -1))
    assert refusals == []


@pytest.mark.parametrize(
    ("cap", "is_shown"),
    [
        (None, True),  # no cap
        ("101.52", True),  # the apr itself
        ("101.51", False),  # a hundredth less
        ("0", False),  # no cost allowed
    ],
)
def test_an_apr_above_the_programs_cap_is_not_offered(cap: str | None, is_shown: bool) -> None:
    terms = make_terms(
        4,
        WEEKLY,
        rate=Rate(value=Decimal("11.2")),
        first_due=FirstDue.TRANSACTION_DATE,
        fees=fixed_fee("10.1"),
        max_apr_percent=None if cap is None else Decimal(cap),
    )
    quotes, refusals = price(terms)
    assert len(quotes) == is_shown
    assert refusals == ([] if is_shown else [Rule.AMOUNT])


@pytest.mark.parametrize(
    ("terms", "amount", "purchase"),
    [
        # Rows 2 to n differ: the card dialect has one amount for all of them.
        (
            make_terms(
                4,
                method=Method.ANNUITY,
                rate=Rate(value=Decimal(12)),
                start=StartRules(grace=Grace(principal=2)),
            ),
            "400",
            {},
        ),
        # A row below one cent.
        (make_terms(4), "0.01", {}),
        # More decimals than the currency has.
        (make_terms(4), "400.001", {}),
        # The first row is the whole purchase, so that no rate exists.
        (make_terms(2, first_due=FirstDue.TRANSACTION_DATE, fees=fixed_fee("400")), "400", {}),
        # The total is above 2^63 - 1 minor units.
        (
            make_terms(2, fees=(Fee(kind=FeeKind.PERCENT, value=Decimal(1000)),)),
            "1" + "0" * 15,
            {"currency": "KWD"},
        ),
        # The last due date is after the year 9999.
        (make_terms(4), "400", {"local_at": datetime(9999, 12, 30, tzinfo=UTC)}),
        # Terms that contradict themselves: the other programs of the range are still offered.
        (
            make_terms(1, method=Method.ANNUITY, start=StartRules(down_payment_percent=Decimal(20))),
            "400",
            {},
        ),
    ],
)
def test_a_program_that_gives_no_lawful_schedule_is_an_amount_that_does_not_qualify(
    terms: PricingTerms, amount: str, purchase: dict[str, Any]
) -> None:
    assert price(terms, amount=amount, **purchase) == ([], [Rule.AMOUNT])


def test_one_program_that_cannot_be_priced_leaves_the_others() -> None:
    refused = make_terms(2, first_due=FirstDue.TRANSACTION_DATE, fees=fixed_fee("400"))
    quotes, refusals = price(refused, make_terms(4))
    assert [quote.program.offer_id for quote in quotes] == ["10000002"]
    assert refusals == [Rule.AMOUNT]


@pytest.mark.parametrize(
    ("terms", "can_be_shown"),
    [
        (make_terms(2), True),  # the fewest rows
        (make_terms(99), True),  # the most rows
        (make_terms(1), False),  # one row is no plan
        (make_terms(100), False),  # one too many
        (make_terms(4, EVERY_15_DAYS), True),  # a named interval
        (make_terms(4, QUARTERLY), False),  # one without a word
        (make_terms(4, fees=fixed_fee("1", FeePlacement.SPREAD)), True),  # a spread fee
        (make_terms(4, fees=fixed_fee("1") * 2), False),  # two fees
        (make_terms(4, method=Method.ANNUITY, fees=fixed_fee("1", FeePlacement.FINANCED)), False),
        (make_terms(4, method=Method.ANNUITY, fees=fixed_fee("1", FeePlacement.UPFRONT_PREPAID)), False),
    ],
)
def test_the_card_dialect_has_words_for_some_terms_only(terms: PricingTerms, can_be_shown: bool) -> None:
    assert is_cardable(terms) is can_be_shown


INTERVALS = st.sampled_from([WEEKLY, BIWEEKLY, MONTHLY, EVERY_15_DAYS])
FEES = st.one_of(
    st.just(()),
    st.builds(
        lambda kind, cents, placement: (Fee(kind=kind, value=Decimal(cents) / 100, placement=placement),),
        st.sampled_from(FeeKind),
        st.integers(0, 5000),
        st.sampled_from([FeePlacement.FIRST, FeePlacement.SPREAD]),
    ),
)
TERMS = st.builds(
    PricingTerms,
    count=st.integers(2, 99),
    interval=INTERVALS,
    rate=st.integers(0, 40_000).map(lambda hundredths: Rate(value=Decimal(hundredths) / 100)),
    first_due=st.sampled_from([FirstDue.TRANSACTION_DATE, FirstDue.AFTER_INTERVAL]),
    fees=FEES,
)


@given(
    terms=st.lists(TERMS, min_size=1, max_size=4),
    minor=st.integers(1, 10**9),
    currency=st.sampled_from(["JPY", "USD", "KWD"]),
    local_at=st.datetimes(datetime(2020, 1, 1), datetime(2029, 1, 1)),
)
def test_the_rows_of_every_offer_make_its_total_exactly(
    terms: list[PricingTerms], minor: int, currency: str, local_at: datetime
) -> None:
    exponent = {"JPY": 0, "USD": 2, "KWD": 3}[currency]
    amount = str(Decimal(minor).scaleb(-exponent))
    quotes, refusals = price(*terms, amount=amount, currency=currency, local_at=local_at.replace(tzinfo=UTC))
    assert len(quotes) + len(refusals) == len(terms)
    for quote in quotes:
        offer = quote.presented
        assert sum(offer.amounts_minor) == offer.total_minor
        assert min(offer.amounts_minor) >= 1
        assert set(offer.amounts_minor[1:]) == {quote.schedule.other_minor}
        assert sum(row.principal_minor for row in quote.schedule.rows) == minor
        assert list(offer.due_dates) == sorted(set(offer.due_dates))
    ranks = [(quote.schedule.other_minor, quote.schedule.total_minor) for quote in quotes]
    assert ranks == sorted(ranks)
