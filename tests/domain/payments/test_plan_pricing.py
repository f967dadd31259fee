"""Core programs as offers: rows, rates, dates, terms and the hash (`spec/payments.md` §6.3)."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.plan_situations import EURO, TODAY, make_core, make_purchase, price_source

from parcela.domain.calendar import MONTHLY
from parcela.domain.disclosures.records import OfferDisclosure, Side
from parcela.domain.payments.accounts import PaymentsMarket, ProgramModel, TermsSheet, TermsText
from parcela.domain.payments.plan_pricing import (
    FARTHEST_FIRST_DATE,
    UNPRICED,
    find_shown_terms,
    hash_offer,
    is_same_plan,
    name_offer,
    price_plan,
)
from parcela.domain.payments.plans import (
    ApprovalNeed,
    CoreTerms,
    CostRate,
    PaymentOffer,
    PlanFee,
    PlanRow,
    ShownCreditor,
    ShownTerms,
)
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.terms import Fee, FeeKind, FeePlacement, FirstDue, Method, PricingTerms, Rate

UNRULED = OfferDisclosure(
    country="DEU",
    side=Side.CARDHOLDER,
    rule_id=None,
    rule_version=None,
    method="eu_ccd2",
    percent=Decimal("0.0"),
    exact_percent=Decimal(0),
)
END = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)


def price(count: int, rate: str = "0", *, minor: int = 60000, **wished: Any) -> PaymentOffer:
    """A plan of the bank's on 600.00 EUR."""
    keeps = "wished_date" in wished
    source = price_source(make_core("core", count, rate=rate), keeps_wished_date=keeps)
    return price_plan(source, make_purchase(minor, **wished), EURO)


def list_rows(offer: PaymentOffer) -> list[tuple[str, int, int, int]]:
    return [
        (row.due_date.isoformat(), row.principal_minor, row.interest_minor, row.fee_minor)
        for row in offer.rows
    ]


def test_a_plan_without_interest_is_the_documented_one() -> None:
    offer = price(3)
    assert list_rows(offer) == [
        ("2026-08-01", 20000, 0, 0),
        ("2026-09-01", 20000, 0, 0),
        ("2026-10-01", 20000, 0, 0),
    ]
    assert (offer.total_minor, offer.cost_minor, offer.period_rate) == (60000, 0, (0, 1))
    assert (offer.rate.label, offer.rate.percent, offer.rate.method) == ("APRC", Decimal("0.0"), "eu_ccd2")
    assert (str(offer.interest_percent), offer.approval) == ("0.00", ApprovalNeed.NOT_NEEDED)
    assert offer.refund_effect == "A return lowers the payments still to come, spread evenly."


def test_odd_cents_are_on_the_first_row() -> None:
    assert [row.amount_minor for row in price(3, minor=10000).rows] == [3334, 3333, 3333]
    assert [row.amount_minor for row in price(6, minor=40000).rows] == [6665, *[6667] * 5]


def test_interest_follows_the_network_and_the_rate_the_country() -> None:
    offer = price(12, "9")
    assert [row.amount_minor for row in offer.rows] == [5247] * 12
    assert sum(row.interest_minor for row in offer.rows) == offer.cost_minor == 2964
    # The nominal rate a year becomes an effective one; six decimals stay for the evidence.
    assert (offer.rate.percent, offer.rate.exact_percent) == (Decimal("9.4"), Decimal("9.377232"))
    numerator, denominator = offer.period_rate
    assert numerator * 10000 == denominator * 75


@pytest.mark.parametrize(
    ("regime", "label", "shown"),
    [
        ("us_reg_z", "APR", "9.00"),
        ("uk_conc", "APR", "9.4"),
        ("br_cet", "CET", "9.34"),
        ("mx_cat", "CAT", "9.4"),
    ],
)
def test_each_market_has_its_own_rate(regime: str, label: str, shown: str) -> None:
    market = replace(EURO, rate_regime=regime, rate_label=label)
    offer = price_plan(price_source(make_core("core", 12, rate="9")), make_purchase(), market)
    assert (offer.rate.method, offer.rate.label, str(offer.rate.percent)) == (regime, label, shown)


@pytest.mark.parametrize(
    ("locale", "label"),
    [
        ("en", "APRC"),
        ("de", "effektiver Jahreszins"),
        ("fr-FR", "TAEG"),
        ("ja", "年間総費用率（APRC）"),
        ("ar-EG", "معدل النسبة السنوي للتكاليف (APRC)"),
    ],
)
def test_europe_names_the_rate_in_the_payers_language(locale: str, label: str) -> None:
    offer = price_plan(price_source(make_core("core", 3)), replace(make_purchase(), locale=locale), EURO)
    assert offer.rate.label == label


@pytest.mark.parametrize(
    ("wished", "dates"),
    [
        # Today: collected with the purchase, so that nothing is lent on that row.
        (TODAY, ["2026-07-01", "2026-08-01", "2026-09-01"]),
        (date(2026, 7, 31), ["2026-07-31", "2026-08-31", "2026-09-30"]),
        (TODAY + FARTHEST_FIRST_DATE, ["2026-10-01", "2026-11-01", "2026-12-01"]),
        # Farther away than anybody waits: the program's own date.
        (TODAY + FARTHEST_FIRST_DATE + timedelta(days=1), ["2026-08-01", "2026-09-01", "2026-10-01"]),
        (date(9999, 12, 31), ["2026-08-01", "2026-09-01", "2026-10-01"]),
    ],
)
def test_a_wished_first_date_is_kept(wished: date, dates: list[str]) -> None:
    offer = price(3, wished_date=wished)
    assert [row.due_date.isoformat() for row in offer.rows] == dates
    assert offer.in_advance is (wished == TODAY)


def test_a_program_that_sets_the_dates_keeps_no_wish() -> None:
    offer = price_plan(price_source(make_core("core", 3)), make_purchase(wished_date=date(2026, 7, 9)), EURO)
    assert offer.rows[0].due_date == date(2026, 8, 1)


def test_a_first_row_at_once_bears_no_interest() -> None:
    offer = price(3, "9", wished_date=TODAY)
    assert list_rows(offer)[0] == ("2026-07-01", 20150, 0, 0)
    assert offer.core is not None
    assert not offer.core.is_programs_own


@pytest.mark.parametrize(
    ("placement", "trigger", "fees"),
    [
        (FeePlacement.FIRST, "first_payment", [1000, 0, 0]),
        (FeePlacement.SPREAD, "every_payment", [334, 333, 333]),
    ],
)
def test_a_fee_is_told_with_its_trigger(placement: FeePlacement, trigger: str, fees: list[int]) -> None:
    fee = Fee(kind=FeeKind.FIXED, value=Decimal(10), placement=placement)
    core = make_core("core", 3, terms=PricingTerms(count=3, interval=MONTHLY, fees=(fee,)))
    offer = price_plan(price_source(core), make_purchase(), EURO)
    assert [row.fee_minor for row in offer.rows] == fees
    assert offer.fees == (PlanFee(kind="plan_fee", amount_minor=1000, trigger=trigger),)
    assert (offer.total_minor, offer.cost_minor) == (61000, 1000)
    # Free of interest, and yet it costs something (disclosures §5).
    assert offer.rate.percent > 0
    assert offer.core == CoreTerms(
        apr_percent=offer.core.apr_percent if offer.core else Decimal(0),
        fee_value=Decimal(10),
        fee_minor=1000,
        is_fee_spread=placement is FeePlacement.SPREAD,
        is_programs_own=True,
    )


def test_a_lender_approves_and_controls() -> None:
    source = price_source(make_core("core", 3), name="vinr_bnpl", model=ProgramModel.LENDER)
    offer = price_plan(source, make_purchase(), EURO)
    assert (offer.approval, offer.controlled_by) == (ApprovalNeed.REQUIRED, "lender")


def test_rows_that_differ_after_the_first_cannot_be_said() -> None:
    terms = PricingTerms(
        count=3, interval=MONTHLY, method=Method.EQUAL_PRINCIPAL, rate=Rate(value=Decimal(9))
    )
    with pytest.raises(UNPRICED):
        price_plan(price_source(make_core("core", 3, terms=terms)), make_purchase(), EURO)


SHEET = TermsSheet(
    terms_id="t",
    version="1",
    url="https://bank.example",
    acceptance_required=True,
    texts=(
        TermsText(language="en", text="E", acceptance_text="I accept."),
        TermsText(language="pt-BR", text="P", acceptance_text="Aceito."),
    ),
)


@pytest.mark.parametrize(
    ("locale", "language"), [("en", "en"), ("pt-BR", "pt-BR"), ("pt", "pt-BR"), ("en-GB", "en"), ("de", "en")]
)
def test_terms_come_in_the_payments_language_or_the_first(locale: str, language: str) -> None:
    assert find_shown_terms(SHEET, locale).language == language


def test_terms_without_a_tick_have_no_text_for_it() -> None:
    assert find_shown_terms(SHEET, "en").acceptance_text == "I accept."
    assert find_shown_terms(replace(SHEET, acceptance_required=False), "en").acceptance_text is None


def test_an_offer_ends_with_its_program() -> None:
    soon = END - timedelta(minutes=5)
    offer = replace(price(3), expires_at=soon)
    assert name_offer(offer, "offer_1", expires_at=END, is_requested=True).expires_at == soon
    assert name_offer(price(3), "offer_1", expires_at=END, is_requested=True).expires_at == END


def test_names_ends_and_marks_make_no_other_plan() -> None:
    one = name_offer(price(3), "offer_1", expires_at=END, is_requested=True)
    other = name_offer(price(3), "offer_2", expires_at=END - timedelta(minutes=1), is_requested=False)
    assert is_same_plan(one, other)
    assert one.offer_hash != other.offer_hash
    assert not is_same_plan(one, price(6))
    assert not is_same_plan(one, replace(other, terms=replace(other.terms, version="4")))


def _change(value: object) -> object:
    """Another value of the same type."""
    changed: dict[type, object] = {
        PlanRow: lambda row: replace(row, principal_minor=row.principal_minor + 1),
        CostRate: lambda rate: replace(rate, percent=rate.percent + 1),
        ShownCreditor: lambda creditor: replace(creditor, name=creditor.name + "!"),
        ShownTerms: lambda terms: replace(terms, text=terms.text + "!"),
        CoreTerms: lambda core: replace(core, fee_minor=core.fee_minor + 1),
        PlanFee: lambda fee: replace(fee, amount_minor=fee.amount_minor + 1),
        OfferDisclosure: lambda disclosure: replace(disclosure, country="FRA"),
    }
    match value:
        case bool():
            return not value
        case ProgramModel():
            return ProgramModel.COBRAND
        case ApprovalNeed():
            return ApprovalNeed.REQUIRED
        case int() | Decimal():
            return value + 1
        case str():
            return value + "x"
        case datetime() | date():
            return value + timedelta(days=1)
        case (first, *rest):
            return (_change(first), *rest)
        case _:
            return changed[type(value)](value)  # type: ignore[operator]


@pytest.mark.parametrize("name", [field.name for field in fields(PaymentOffer) if field.name != "offer_hash"])
def test_the_hash_changes_with_every_member(name: str) -> None:
    offer = name_offer(price(3), "offer_1", expires_at=END, is_requested=False)
    offer = replace(
        offer,
        fees=(PlanFee(kind="plan_fee", amount_minor=1, trigger="first_payment"),),
        disclosures=(UNRULED,),
        creditor=ShownCreditor(name="Bank"),
    )
    changed = replace(offer, **{name: _change(getattr(offer, name))})
    assert changed != offer
    assert hash_offer(changed) != hash_offer(offer)
    assert hash_offer(replace(offer)) == hash_offer(offer)


@settings(max_examples=100, deadline=None)
@given(
    minor=st.integers(5000, 500_000),
    count=st.integers(2, 60),
    rate=st.sampled_from(["0", "3.5", "9", "19.99"]),
    fee=st.sampled_from(["0", "10", "7.77"]),
    placement=st.sampled_from([FeePlacement.FIRST, FeePlacement.SPREAD]),
    first_due=st.sampled_from([FirstDue.AFTER_INTERVAL, FirstDue.TRANSACTION_DATE]),
)
def test_rows_sum_to_the_total_and_principal_to_the_purchase(
    minor: int, count: int, rate: str, fee: str, placement: FeePlacement, first_due: FirstDue
) -> None:
    terms = PricingTerms(
        count=count,
        interval=MONTHLY,
        rate=Rate(value=Decimal(rate)),
        first_due=first_due,
        fees=(Fee(kind=FeeKind.FIXED, value=Decimal(fee), placement=placement),),
    )
    try:
        offer = price_plan(price_source(make_core("core", count, terms=terms)), make_purchase(minor), EURO)
    except UNPRICED:
        return
    assert sum(row.principal_minor for row in offer.rows) == offer.financed_minor == minor
    assert sum(row.original_minor for row in offer.rows) == offer.total_minor
    assert offer.cost_minor == sum(row.interest_minor + row.fee_minor for row in offer.rows)
    assert len(offer.rows) == count
    assert len({row.amount_minor for row in offer.rows[1:]}) == 1
    assert all(row.amount_minor >= 1 for row in offer.rows)


@pytest.mark.parametrize("strategy", list(RefundStrategy), ids=str)
def test_every_strategy_is_told_in_the_payers_language(strategy: RefundStrategy) -> None:
    source = price_source(make_core("core", 3), refund_strategy=strategy)
    told = {
        price_plan(source, replace(make_purchase(), locale=locale), EURO).refund_effect
        for locale in ("en", "de", "fr", "es-MX", "pt-BR", "ar", "ja")
    }
    assert len(told) == 7


def test_a_market_needs_a_regime_that_is_known() -> None:
    market: PaymentsMarket = replace(EURO, rate_regime="nowhere")
    with pytest.raises(ValueError, match="nowhere"):
        price_plan(price_source(make_core("core", 3)), make_purchase(), market)
