"""Which purchases a merchant's offers are for: each condition alone, and what silence means."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.merchant_entries import PROVIDER, make_plan, make_program, make_rule

from parcela.domain.card_brands import CardBrand
from parcela.domain.cards import CardFunding
from parcela.domain.catalogue import Catalogue, build_catalogue
from parcela.domain.merchant_offers import CartItem
from parcela.domain.merchant_screening import (
    admits_amount,
    admits_article,
    admits_card,
    admits_items,
    admits_merchant,
    admits_prefix,
    find_amount_bounds,
    find_days,
    match_sku,
)
from parcela.domain.merchants import BinRange, CartRule, MerchantProfile, OfferRule
from parcela.domain.programs import AccountRange, CodeRule, EligibilityRules, Issuer, Program, UseCase
from parcela.domain.versions import VersionedEntry

OTHER_PROVIDER = "8a4f1c22-b4a8-11ec-b909-0242ac120002"
MASTERCARD, VISA = "5123450000000008", "4508750015741019"


def make_range(low: str, high: str, provider_id: str = PROVIDER, **others: bool) -> AccountRange:
    return AccountRange(
        low=low.ljust(19, "0"), high=high.ljust(19, "9"), provider_id=provider_id, country="USA", **others
    )


def make_issuer(provider_id: str) -> Issuer:
    return Issuer(
        provider_id=provider_id,
        name="Example Bank",
        logo_url="https://bank.example/logo.png",
        cid="1",
        ica="1",
        country="USA",
    )


def make_catalogue(*ranges: AccountRange) -> Catalogue:
    entries = [make_issuer(PROVIDER), make_issuer(OTHER_PROVIDER), *ranges]
    return build_catalogue([VersionedEntry(entry=entry, version=1) for entry in entries])


def make_profile(mcc: str = "5732", country: str = "USA") -> MerchantProfile:
    return MerchantProfile(
        merchant_id="SHOP",
        name="Shop",
        country=country,
        mcc=mcc,
        currencies=("AUD",),
        brands=tuple(CardBrand),
        acquirer_id="BANK",
        acquirer_merchant_id="100200300",
        terminal_id="T1",
    )


def item(sku: str | None, quantity: str = "1", unit_price: str = "10.00") -> CartItem:
    return CartItem(sku=sku, quantity=Decimal(quantity), unit_price=Decimal(unit_price))


@pytest.mark.parametrize(
    ("pattern", "sku", "is_match"),
    [
        ("PHN-128", "PHN-128", True),
        ("PHN-128", "PHN-128-BLK", False),
        ("PHN-128", "phn-128", False),
        ("PHN-*", "PHN-128", True),
        ("PHN-*", "PHN-", True),
        ("PHN-*", "PHN", False),
        ("*", "PHN", True),
        # A star elsewhere is a letter like any other.
        ("P*N", "PHN", False),
        ("P*N", "P*N", True),
        # An article without a SKU is none of those listed.
        ("*", None, False),
    ],
)
def test_skus_match_exactly_or_by_their_beginning(pattern: str, sku: str | None, is_match: bool) -> None:
    assert match_sku(pattern, sku) is is_match


PHONE, CASE, NAMELESS = item("PHN-128"), item("CASE-01"), item(None)


@pytest.mark.parametrize(
    ("cart", "items", "is_admitted"),
    [
        (CartRule(), [PHONE], True),
        (CartRule(all_of=("PHN-*",), any_of=("CASE-01",), excluded=("GIFT",)), [], True),
        (CartRule(all_of=("PHN-*", "CASE-01")), [PHONE, CASE], True),
        (CartRule(all_of=("PHN-*", "CASE-01")), [PHONE], False),
        (CartRule(all_of=("PHN-*",)), [NAMELESS], False),
        (CartRule(any_of=("GIFT", "CASE-01")), [PHONE, CASE], True),
        (CartRule(any_of=("GIFT", "CASE-02")), [PHONE, CASE], False),
        (CartRule(excluded=("CASE-*",)), [PHONE], True),
        (CartRule(excluded=("CASE-*",)), [PHONE, CASE], False),
        (CartRule(any_of=("PHN-*",), excluded=("PHN-128",)), [PHONE], False),
        (CartRule(excluded=("CASE-*",)), [NAMELESS], True),
    ],
    ids=[
        "no-condition",
        "no-items",
        "all",
        "not-all",
        "all-without-sku",
        "any",
        "not-any",
        "none-excluded",
        "excluded",
        "listed-but-excluded",
        "excluded-without-sku",
    ],
)
def test_carts_hold_all_or_any_of_the_listed_and_none_of_the_excluded(
    cart: CartRule, items: Sequence[CartItem], is_admitted: bool
) -> None:
    assert admits_items(make_rule(cart=cart), items) is is_admitted


@pytest.mark.parametrize(
    ("sku", "unit_price", "is_admitted"),
    [
        ("SKU-1", "300", True),
        ("SKU-1", "299.99", False),
        ("SKU-1", "5000.00", True),
        ("SKU-1", "5000.01", False),
        ("SKU-2", "1200.00", False),
    ],
)
def test_articles_are_of_the_listed_ones_within_the_price_range(
    sku: str, unit_price: str, is_admitted: bool
) -> None:
    rule = make_rule(skus=("SKU-1",), minimum_unit_price=Decimal(300), maximum_unit_price=Decimal(5000))
    assert admits_article(rule, sku, Decimal(unit_price)) is is_admitted
    assert admits_article(make_rule(), sku, Decimal(unit_price)) is True


BOUNDED = EligibilityRules(minimum=Decimal(100), maximum=Decimal(1000))


@pytest.mark.parametrize(
    ("rule", "program", "bounds"),
    [
        pytest.param(make_rule(), make_program(3), (0, None), id="open"),
        pytest.param(make_rule(), make_program(3, rules=BOUNDED), (10_000, 100_000), id="the-programs"),
        pytest.param(
            make_rule(minimum=Decimal(50), maximum=Decimal(2000)),
            make_program(3, rules=BOUNDED),
            (10_000, 100_000),
            id="the-programs-are-tighter",
        ),
        pytest.param(
            make_rule(minimum=Decimal("150.50"), maximum=Decimal(500)),
            make_program(3, rules=BOUNDED),
            (15_050, 50_000),
            id="the-rules-are-tighter",
        ),
        pytest.param(
            # Bounds finer than the currency's coin admit what lies between them, no more.
            make_rule(minimum=Decimal("99.5"), maximum=Decimal("200.5")),
            make_program(3, currency="JPY"),
            (100, 200),
            id="between-coins",
        ),
    ],
)
def test_the_tighter_bounds_of_rule_and_program_hold(
    rule: OfferRule, program: Program, bounds: tuple[int, int | None]
) -> None:
    assert find_amount_bounds(rule, program) == bounds


def test_a_custom_plan_has_a_minimum_and_its_programs_maximum() -> None:
    assert find_amount_bounds(make_plan(minimum=Decimal(300)), make_program(3, rules=BOUNDED)) == (
        30_000,
        100_000,
    )


@pytest.mark.parametrize(
    ("amount_minor", "is_admitted"),
    [(None, True), (9_999, False), (10_000, True), (100_000, True), (100_001, False)],
)
def test_amounts_equal_to_a_bound_are_admitted(amount_minor: int | None, is_admitted: bool) -> None:
    assert admits_amount(make_rule(), make_program(3, rules=BOUNDED), amount_minor) is is_admitted


SYDNEY = ZoneInfo("Australia/Sydney")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(make_rule(), (date(2026, 3, 2), date(2026, 6, 30)), id="the-programs"),
        pytest.param(
            make_rule(first_day=date(2026, 4, 1), last_day=date(2026, 5, 1)),
            (date(2026, 4, 1), date(2026, 5, 1)),
            id="the-rules",
        ),
        pytest.param(
            make_rule(last_day=date(2026, 12, 31)),
            (date(2026, 3, 2), date(2026, 6, 30)),
            id="the-program-ends-first",
        ),
    ],
)
def test_days_are_those_of_rule_and_program_where_the_merchant_is(
    rule: OfferRule, expected: tuple[date, date]
) -> None:
    # Midday on the first of March in Greenwich is still that day in Sydney, but 15:00 is the next one.
    program = make_program(
        3,
        begin=datetime(2026, 3, 1, 15, tzinfo=UTC),
        end=datetime(2026, 6, 30, 12, tzinfo=UTC),
    )
    assert find_days(rule, program, SYDNEY) == expected


def test_a_program_without_an_end_lasts_as_long_as_the_calendar() -> None:
    program = make_program(3, end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert find_days(make_rule(), program, SYDNEY) == (date(2020, 1, 1), date(9999, 12, 31))


@pytest.mark.parametrize(
    ("rules", "is_admitted"),
    [
        pytest.param(EligibilityRules(), True, id="no-rules"),
        pytest.param(EligibilityRules(mccs=CodeRule(allow=frozenset({"5732"}))), True, id="mcc"),
        pytest.param(EligibilityRules(mccs=CodeRule(deny=frozenset({"5732"}))), False, id="mcc-denied"),
        pytest.param(EligibilityRules(countries=CodeRule(allow=frozenset({"CAN"}))), False, id="country"),
        pytest.param(
            EligibilityRules(merchant_ids=CodeRule(allow=frozenset({"100200300"}))), True, id="merchant"
        ),
        pytest.param(
            EligibilityRules(merchant_ids=CodeRule(deny=frozenset({"100200300"}))),
            False,
            id="merchant-denied",
        ),
        pytest.param(
            EligibilityRules(use_cases=frozenset({UseCase.POST_PURCHASE})), False, id="post-purchase"
        ),
        pytest.param(EligibilityRules(channels=frozenset({"IN_STORE"})), False, id="channel"),
    ],
)
def test_the_programs_own_rules_on_merchants_apply(rules: EligibilityRules, is_admitted: bool) -> None:
    assert admits_merchant(make_program(3, rules=rules), make_profile()) is is_admitted


RANGES = (
    make_range("512345", "512345"),
    make_range("22230000", "22230000"),
    make_range("371449", "371449"),
    make_range("555555", "555555", OTHER_PROVIDER),
    make_range("511111", "511111", enabled=False),
    make_range("522222", "522222", during_purchase=False),
)
CATALOGUE = make_catalogue(*RANGES)
MASTERCARDS = make_rule(brands=frozenset({CardBrand.MASTERCARD}))
DEBIT_ONLY = make_program(3, rules=EligibilityRules(fundings=frozenset({CardFunding.DEBIT})))


def bins(low: str, high: str) -> OfferRule:
    return make_rule(bin_ranges=(BinRange(low=low, high=high),))


@pytest.mark.parametrize(
    ("entry", "digits", "is_admitted"),
    [
        pytest.param(make_rule(), MASTERCARD, True, id="issuers-card"),
        pytest.param(make_rule(), VISA, False, id="no-issuers-card"),
        pytest.param(make_rule(), "5555555555554444", False, id="another-issuers-card"),
        pytest.param(make_rule(), "5111111111111118", False, id="range-switched-off"),
        pytest.param(make_rule(), "5222222222222220", False, id="range-closed-during-purchase"),
        pytest.param(MASTERCARDS, MASTERCARD, True, id="brand"),
        pytest.param(MASTERCARDS, "371449635398431", False, id="another-brand"),
        pytest.param(make_rule(), "51234500000000", False, id="length-of-no-brand"),
        pytest.param(bins("512345", "512346"), MASTERCARD, True, id="bin"),
        pytest.param(bins("51234500", "51234509"), MASTERCARD, True, id="bin-of-eight"),
        pytest.param(bins("51234510", "51234599"), MASTERCARD, False, id="outside-bin-of-eight"),
        pytest.param(make_plan(brands=frozenset({CardBrand.AMEX})), "371449635398431", True, id="plan"),
        pytest.param(make_plan(brands=frozenset({CardBrand.AMEX})), MASTERCARD, False, id="not-on-plan"),
    ],
)
def test_cards_are_of_the_brand_the_bins_and_the_issuer(
    entry: OfferRule, digits: str, is_admitted: bool
) -> None:
    assert admits_card(CATALOGUE, entry, make_program(3), digits) is is_admitted


def test_cards_are_of_a_kind_that_the_program_wants() -> None:
    assert admits_card(CATALOGUE, make_rule(), DEBIT_ONLY, MASTERCARD) is False


def admits(entry: OfferRule, prefix: str, program: Program) -> bool:
    ranges = CATALOGUE.list_ranges_of_prefix(prefix, program.provider_id)
    return admits_prefix(entry, program, prefix=prefix, ranges=ranges)


@pytest.mark.parametrize(
    ("entry", "prefix", "is_admitted"),
    [
        pytest.param(make_rule(), "512345", True, id="issuers-cards"),
        pytest.param(make_rule(), "450875", False, id="no-issuers-cards"),
        pytest.param(make_rule(), "555555", False, id="another-issuers"),
        # Of the cards that begin so only those with two more zeros are the issuer's.
        pytest.param(make_rule(), "222300", True, id="wider-than-the-range"),
        pytest.param(make_rule(), "22230001", False, id="beside-the-range"),
        pytest.param(make_rule(), "51234500000", True, id="eleven-digits"),
        pytest.param(MASTERCARDS, "371449", False, id="another-brand"),
        pytest.param(bins("51234510", "51234599"), "512345", True, id="wider-than-the-bins"),
        pytest.param(bins("51234510", "51234599"), "51234500", False, id="beside-the-bins"),
        pytest.param(bins("512345", "512345"), "5123450000", True, id="within-the-bins"),
        # One card would have to begin with 22230000 and with 22230001 at once.
        pytest.param(bins("22230001", "22230009"), "222300", False, id="bins-and-range-apart"),
        pytest.param(make_rule(), "522222", False, id="range-closed-during-purchase"),
    ],
)
def test_prefixes_stand_for_the_cards_that_begin_so(entry: OfferRule, prefix: str, is_admitted: bool) -> None:
    assert admits(entry, prefix, make_program(3)) is is_admitted


def test_prefixes_of_cards_that_the_program_does_not_want_are_not_admitted() -> None:
    assert admits(make_rule(), "512345", DEBIT_ONLY) is False


@given(
    digits=st.sampled_from(["512345", "2223000", "37144", "555555", "45087", "51111", "52222"]).flatmap(
        lambda start: st.integers(0, 10 ** (16 - len(start)) - 1).map(
            lambda rest: start + str(rest).zfill(16 - len(start))
        )
    ),
    length=st.integers(6, 11),
    bounds=st.one_of(
        st.none(),
        st.tuples(st.integers(512340, 512349), st.integers(0, 5)).map(
            lambda pair: BinRange(low=str(pair[0]), high=str(min(512349, pair[0] + pair[1])))
        ),
        st.tuples(st.integers(22230000, 22230009), st.integers(0, 5)).map(
            lambda pair: BinRange(low=str(pair[0]), high=str(pair[0] + pair[1]))
        ),
    ),
)
def test_a_card_that_is_admitted_has_no_prefix_that_is_not(
    digits: str, length: int, bounds: BinRange | None
) -> None:
    rule = make_rule(bin_ranges=() if bounds is None else (bounds,))
    program = make_program(3)
    if admits_card(CATALOGUE, rule, program, digits):
        assert admits(rule, digits[:length], program)
