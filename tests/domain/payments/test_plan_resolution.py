"""Which plans a payment may have, why not others, and which one a wish comes to (`spec/payments.md` §6.2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.support.plan_situations import (
    ACCOUNT,
    EURO,
    LENDER,
    NOW,
    RULES,
    make_core,
    make_program,
    make_purchase,
    make_range,
    make_situation,
)

from parcela.domain.calendar import MONTHLY, WEEKLY
from parcela.domain.card_brands import CardBrand
from parcela.domain.payments.accounts import BnplFallback, ProgramModel
from parcela.domain.payments.plan_resolution import (
    Obstacle,
    Side,
    Situation,
    combine,
    explain_all,
    find_market,
    find_nearest,
    list_issuer_plans,
    list_lender_plans,
)
from parcela.domain.payments.plans import PaymentOffer
from parcela.domain.payments.records import ProgramFilter, UnavailableCode
from parcela.domain.programs import CodeRule, EligibilityRules, UseCase
from parcela.domain.terms import Fee, FeeKind, PricingTerms
from parcela.words.words import write_amount

THREE, SIX = make_core("three", 3), make_core("six", 6)


def resolve(
    situation: Situation, wanted: ProgramFilter = ProgramFilter.ANY, **options: Any
) -> tuple[list[tuple[str, int]], list[str]]:
    """What is shown, and the codes of what is not."""
    market = find_market(situation)
    if isinstance(market, Obstacle):
        return [], [market.code]
    shown, obstacles = combine(
        list_issuer_plans(situation, market),
        list_lender_plans(situation, market),
        wanted=wanted,
        fallback=options.get("fallback", BnplFallback.IF_NO_ISSUER_PLAN),
    )
    codes = [str(reason.code) for reason in explain_all(obstacles, "en", write_amount)]
    return [(offer.program_name, offer.count) for offer in shown], codes


def without_lender(**members: Any) -> Situation:
    """A situation in which the issuer's programs are all there is."""
    return make_situation(programs=(make_program("three", "six"),), **members)


def with_cores(**members: Any) -> Situation:
    """Both core programs changed alike."""
    return without_lender(found=make_range(replace(THREE, **members), replace(SIX, **members)))


MINIMUM, MAXIMUM = make_purchase(4999), make_purchase(500001)
ENDING = {"end": NOW + timedelta(hours=23, minutes=59)}
WEEKS = {"terms": PricingTerms(count=3, interval=WEEKLY)}
REASONS: list[tuple[str, Situation]] = [
    # The account's switch comes before everything else.
    ("merchant_not_enabled", make_situation(account=replace(ACCOUNT, has_installments=False), markets=())),
    # §6.6 has no row for the merchant's country, for the currency there, for the card's brand.
    ("market_not_supported", make_situation(account=replace(ACCOUNT, country="CHE"))),
    ("currency_not_supported", make_situation(purchase=make_purchase(currency="USD"))),
    ("brand_not_participating", make_situation(brand=CardBrand.AMEX)),
    # In no range; in a range without programs; the issuer's own word.
    ("issuer_not_participating", without_lender(found=None)),
    ("issuer_not_participating", without_lender(found=make_range())),
    ("issuer_unavailable", without_lender(issuer_refusal=UnavailableCode.ISSUER_UNAVAILABLE)),
    # The range is switched off, or the program denies the card.
    ("card_not_eligible", without_lender(found=make_range(THREE, during_purchase=False))),
    ("card_not_eligible", make_situation(programs=(make_program("three", denied_bins=("520082",)),))),
    (
        "card_not_eligible",
        with_cores(rules=replace(RULES, use_cases=frozenset({UseCase.POST_PURCHASE}))),
    ),
    ("amount_below_minimum", without_lender(purchase=MINIMUM)),
    ("amount_above_maximum", without_lender(purchase=MAXIMUM)),
    # An amount without bounds that is too small to be split into rows of one cent.
    (
        "amount_below_minimum",
        without_lender(purchase=make_purchase(2), found=make_range(replace(SIX, rules=EligibilityRules()))),
    ),
    ("category_blocked", with_cores(rules=replace(RULES, mccs=CodeRule(deny=frozenset({"5732"}))))),
    ("market_not_supported", with_cores(rules=replace(RULES, countries=CodeRule(allow=frozenset({"USA"}))))),
    (
        "cross_border_not_allowed",
        make_situation(
            programs=(make_program("three", allows_cross_border=False),),
            found=make_range(THREE, country="FRA"),
        ),
    ),
    ("merchant_not_enabled", with_cores(rules=replace(RULES, channels=frozenset({"shop"})))),
    ("currency_not_supported", with_cores(currency="USD")),
    ("plans_ending", with_cores(**ENDING)),
    ("plans_ending", with_cores(end=NOW - timedelta(days=1))),
    ("interval_not_supported", with_cores(**WEEKS)),
]


@pytest.mark.parametrize(
    ("code", "situation"), REASONS, ids=[f"{index}-{code}" for index, (code, _) in enumerate(REASONS)]
)
def test_an_empty_list_has_its_reason(code: str, situation: Situation) -> None:
    assert resolve(situation) == ([], [code])


def test_issuer_plans_stand_alone() -> None:
    assert resolve(make_situation()) == (
        [("mastercard_installments", 3), ("mastercard_installments", 6)],
        [],
    )


def test_always_shows_lenders_after_issuers() -> None:
    shown, codes = resolve(make_situation(), fallback=BnplFallback.ALWAYS)
    assert shown == [("mastercard_installments", 3), ("mastercard_installments", 6), ("vinr_bnpl", 4)]
    assert codes == []


def test_a_lender_stands_in_for_an_issuer_without_plans() -> None:
    assert resolve(make_situation(found=None)) == ([("vinr_bnpl", 4)], ["issuer_not_participating"])


FILTERS = [
    # What the filter leaves, and what it is told for; each against a card with and without issuer plans.
    (ProgramFilter.ISSUER, True, [("mastercard_installments", 3), ("mastercard_installments", 6)], []),
    (ProgramFilter.ISSUER, False, [], ["issuer_not_participating", "program_excluded"]),
    (ProgramFilter.VINR_BNPL, True, [("vinr_bnpl", 4)], []),
    (ProgramFilter.VINR_BNPL, False, [("vinr_bnpl", 4)], []),
]


@pytest.mark.parametrize(("wanted", "has_range", "shown", "codes"), FILTERS)
def test_a_filter_restricts_the_model(
    wanted: ProgramFilter, has_range: bool, shown: list[tuple[str, int]], codes: list[str]
) -> None:
    situation = make_situation() if has_range else make_situation(found=None)
    assert resolve(situation, wanted) == (shown, codes)


@pytest.mark.parametrize(
    ("has_issuer", "codes"), [(True, ["program_excluded"]), (False, ["issuer_not_participating"])]
)
def test_without_a_lender_the_filter_is_the_reason_only_where_issuers_have_plans(
    has_issuer: bool, codes: list[str]
) -> None:
    situation = without_lender() if has_issuer else without_lender(found=None)
    assert resolve(situation, ProgramFilter.VINR_BNPL) == ([], codes)


@pytest.mark.parametrize("code", [UnavailableCode.CREDIT_DECLINED, UnavailableCode.LENDER_UNAVAILABLE])
def test_what_the_lender_said_takes_its_plans_away(code: UnavailableCode) -> None:
    situation = make_situation(found=None, lender_refusal=code)
    assert resolve(situation) == ([], ["issuer_not_participating", str(code)])


def test_a_cobrand_replaces_the_issuers_program_for_its_cards() -> None:
    situation = make_situation(
        programs=(
            make_program("three", "six"),
            make_program("ten", name="cobrand_acme_retail", model=ProgramModel.COBRAND),
        ),
        found=make_range(THREE, SIX, make_core("ten", 10)),
    )
    assert resolve(situation) == ([("cobrand_acme_retail", 10)], [])


def test_a_cobrand_replaces_it_also_where_its_own_rules_forbid_the_plan() -> None:
    dear = make_core("ten", 10, rules=replace(RULES, minimum=Decimal(1000)))
    situation = make_situation(
        programs=(
            make_program("three"),
            make_program("ten", name="cobrand_acme_retail", model=ProgramModel.COBRAND),
        ),
        found=make_range(THREE, dear),
    )
    assert resolve(situation) == ([], ["amount_below_minimum"])


def test_plans_come_in_the_programs_own_order() -> None:
    situation = make_situation(programs=(make_program("six", "three"),))
    assert [count for _, count in resolve(situation)[0]] == [6, 3]


def test_programs_in_other_currencies_are_no_reason_beside_one_in_the_payments() -> None:
    dollars = make_core("dollars", 3, currency="USD")
    situation = make_situation(
        programs=(make_program("three", "dollars"),), found=make_range(THREE, dollars), purchase=MINIMUM
    )
    assert resolve(situation) == ([], ["amount_below_minimum"])


def test_several_bounds_are_told_as_the_widest() -> None:
    dear = replace(SIX, rules=replace(RULES, minimum=Decimal(300)))
    situation = without_lender(found=make_range(THREE, dear), purchase=MINIMUM)
    side = list_issuer_plans(situation, EURO)
    (reason,) = explain_all(side.obstacles, "de", write_amount)
    assert (reason.code, reason.program, reason.message) == (
        UnavailableCode.AMOUNT_BELOW_MINIMUM,
        "mastercard_installments",
        "Der Betrag ist zu klein: Ratenpläne gibt es ab 50,00\u00a0€.",
    )


def test_the_bounds_themselves_are_admitted() -> None:
    for minor in (5000, 500000):
        assert resolve(without_lender(purchase=make_purchase(minor)))[0] != []


def test_a_program_that_ends_in_a_day_is_offered() -> None:
    assert resolve(with_cores(end=NOW + timedelta(hours=24)))[1] == []


def list_offers(*counts: int) -> tuple[PaymentOffer, ...]:
    """Offers with these numbers of payments, in this order."""
    cores = [make_core(f"core-{index}", count) for index, count in enumerate(counts)]
    situation = make_situation(
        programs=(make_program(*(core.offer_id for core in cores)),), found=make_range(*cores)
    )
    return list_issuer_plans(situation, EURO).offers


NEAREST = [
    # The number itself, the nearest, the smaller of two, the ends, and the first of equals.
    ((3, 6, 12), 6, 1),
    ((3, 6, 12), 5, 1),
    ((6, 12), 9, 0),
    ((12, 6), 9, 1),
    ((3, 6), 60, 1),
    ((3, 6), 2, 0),
    ((6, 6), 6, 0),
    # Without a number the program's own first.
    ((6, 3), None, 0),
]


@pytest.mark.parametrize(("counts", "wanted", "position"), NEAREST)
def test_the_nearest_number_wins_and_of_two_the_smaller(
    counts: tuple[int, ...], wanted: int | None, position: int
) -> None:
    offers = list_offers(*counts)
    assert find_nearest(offers, wanted) is offers[position]


def test_there_is_no_nearest_of_none() -> None:
    assert find_nearest((), 3) is None


def test_both_sides_empty_tell_both_reasons() -> None:
    issuer = Side(obstacles=(Obstacle(code=UnavailableCode.ISSUER_UNAVAILABLE),))
    lender = Side(obstacles=(Obstacle(code=UnavailableCode.CARD_NOT_ELIGIBLE, program="vinr_bnpl"),))
    for wanted in ProgramFilter:
        shown, obstacles = combine(issuer, lender, wanted=wanted, fallback=BnplFallback.ALWAYS)
        assert shown == ()
        assert {
            ProgramFilter.ISSUER: issuer.obstacles,
            ProgramFilter.VINR_BNPL: lender.obstacles,
            ProgramFilter.ANY: issuer.obstacles + lender.obstacles,
        }[wanted] == obstacles


def test_pan_lists_open_a_program_to_their_cards_alone() -> None:
    found = make_range(THREE)
    listed = replace(found.candidates[0], pan_list_ids=frozenset({"list"}), is_open=False)
    closed = without_lender(found=replace(found, candidates=(listed,)))
    assert resolve(closed) == ([], ["card_not_eligible"])
    assert resolve(replace(closed, member_of=frozenset({"list"})))[0] == [("mastercard_installments", 3)]


def test_a_lender_looks_at_its_own_rules() -> None:
    core = make_core("lender-4", 4, provider_id=LENDER, rules=replace(RULES, minimum=Decimal(700)))
    situation = make_situation(found=None, cores={"lender-4": (core, 1)})
    assert resolve(situation) == ([], ["issuer_not_participating", "amount_below_minimum"])


def test_a_situation_does_not_show_its_card() -> None:
    assert "5200828200000108" not in repr(make_situation())


def test_a_program_that_has_not_begun_is_not_offered() -> None:
    assert resolve(with_cores(begin=datetime(2027, 1, 1, tzinfo=UTC)))[1] == ["plans_ending"]


def test_a_plan_without_a_rate_is_not_offered_and_told_to_the_operator() -> None:
    # 6000.00 of fees with the first of three payments of 200.00: beyond all bounds of `disclosures.md` §3.
    fees = (Fee(kind=FeeKind.FIXED, value=Decimal(6000)),)
    core = make_core("dear", 3, provider_id=LENDER, terms=PricingTerms(count=3, interval=MONTHLY, fees=fees))
    program = make_program("dear", name="vinr_bnpl", model=ProgramModel.LENDER)
    side = list_lender_plans(make_situation(programs=(program,), cores={"dear": (core, 1)}), EURO)
    assert (side.offers, side.unrated) == ((), ("dear",))


@pytest.mark.parametrize(
    ("residence", "countries"),
    [
        # Not known: that of the shop.
        (None, ["DEU"]),
        ("DEU", ["DEU"]),
        ("AUT", ["AUT"]),
        ("USA", ["USA", "DEU"]),
    ],
)
def test_a_lenders_plan_is_disclosed_where_its_payer_lives(
    residence: str | None, countries: list[str]
) -> None:
    (offer,) = list_lender_plans(make_situation(residence=residence), EURO).offers
    assert [one.country for one in offer.disclosures] == countries


@pytest.mark.parametrize(("country", "countries"), [("DEU", ["DEU"]), ("JPN", ["JPN", "DEU"])])
def test_an_issuers_plan_is_disclosed_where_its_card_is_from(country: str, countries: list[str]) -> None:
    found = make_range(make_core("three", 3), make_core("six", 6), country=country)
    for offer in list_issuer_plans(make_situation(found=found, residence="USA"), EURO).offers:
        assert [one.country for one in offer.disclosures] == countries
