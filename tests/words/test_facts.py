"""The facts that laws add, in words; the golden figures of `disclosures.md` §4 as they are printed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.support.plan_situations import EURO, make_core, make_purchase, price_source

from parcela.domain.calendar import MONTHLY, add_months
from parcela.domain.currency import find_currency
from parcela.domain.disclosures.offers import Places, PricedCredit, find_disclosures
from parcela.domain.disclosures.records import Creditor
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.plan_pricing import price_plan
from parcela.domain.payments.plans import PaymentOffer, PlanRow
from parcela.domain.rates.regimes import Regime
from parcela.domain.schedule.records import Schedule, make_row
from parcela.domain.terms import Fee, FeeKind, PricingTerms, Rate
from parcela.words.disclosures.facts import PrintedFact, print_facts
from parcela.words.disclosures.labels import find_rate_label
from parcela.words.words import Words

LANGUAGES = ("en", "de", "fr", "es-MX", "pt-BR", "ar", "ja")
BANK = Creditor(name="Bank", address="1 Main Street, Berlin")
AUGUST = date(2026, 8, 20)


def offer_rows(
    country: str, bought_on: date, amounts: list[int], *, lent_minor: int, currency: str = "EUR"
) -> PaymentOffer:
    """A lender's plan of these monthly amounts; what they come to above the credit is interest."""
    known = find_currency(currency)
    assert known is not None
    interest = sum(amounts) - lent_minor
    parts = [(amount, 0) for amount in amounts[:-1]] + [(amounts[-1] - interest, interest)]
    rows = tuple(
        make_row(number, add_months(bought_on, number), parts=part, fee_minor=0)
        for number, part in enumerate(parts, 1)
    )
    schedule = Schedule(
        currency=known,
        principal_minor=lent_minor,
        rows=rows,
        total_minor=sum(amounts),
        interest_minor=interest,
        fee_minor=0,
    )
    terms = PricingTerms(count=len(amounts), interval=MONTHLY, rate=Rate(value=Decimal(9)))
    credit = PricedCredit(terms=terms, schedule=schedule, bought_on=bought_on, is_lent=True)
    places = Places(cardholder=country, merchant=country, merchant_method=Regime.EU_CCD2)
    plain = price_plan(price_source(make_core("core", 3)), make_purchase(), EURO)
    return replace(
        plain,
        model=ProgramModel.LENDER,
        currency=currency,
        count=len(rows),
        rows=tuple(
            PlanRow(
                number=row.number,
                due_date=row.due_date,
                principal_minor=row.principal_minor,
                interest_minor=row.interest_minor,
            )
            for row in rows
        ),
        financed_minor=lent_minor,
        interest_percent=Decimal("9.00"),
        priced_on=bought_on,
        disclosures=find_disclosures(credit, places),
    )


def print_by_kind(offer: PaymentOffer, language: str = "en", creditor: Creditor = BANK) -> dict[str, str]:
    return {fact.kind: fact.text for fact in print_facts(offer, Words(language), creditor)}


@pytest.mark.parametrize(
    ("country", "bought_on", "lent", "amounts", "language", "label", "shown", "exact"),
    [
        # The numbers of §4; one plan by five methods is 24.
        pytest.param("USA", AUGUST, 5000_00, [230_00] * 24, "en", "APR", "9.69%", "9.685708", id="1-us"),
        pytest.param("USA", AUGUST, 600_00, [103_53] * 6, "en", "APR", "12.00%", "12.003305", id="24-us"),
        pytest.param(
            "DEU",
            AUGUST,
            600_00,
            [103_53] * 6,
            "de",
            "effektiver Jahreszins",
            "12,7\u00a0%",
            "12.686191",
            id="24-eu",
        ),
        pytest.param("GBR", AUGUST, 600_00, [103_53] * 6, "en", "APR", "12.7%", "12.686191", id="24-uk"),
        pytest.param(
            "BRA",
            date(2026, 1, 15),
            940_00,
            [205_73] * 5,
            "pt-BR",
            "CET",
            "44,55%",
            "44.545021",
            id="16-br",
        ),
        pytest.param(
            "BRA",
            date(2026, 3, 1),
            940_00,
            [205_73] * 5,
            "pt-BR",
            "CET",
            "43,62%",
            "43.615212",
            id="17-br",
        ),
        pytest.param("BRA", AUGUST, 600_00, [103_53] * 6, "pt-BR", "CET", "12,60%", "12.597196", id="24-br"),
        pytest.param(
            "MEX", AUGUST, 10000_00, [1000_00] * 12, "es-MX", "CAT", "41.3%", "41.299898", id="20-mx"
        ),
        pytest.param(
            "ARG",
            date(2026, 3, 10),
            100000_00,
            [20000_00] * 6,
            "es-MX",
            "CFT",
            "88.71%",
            "88.708297",
            id="21-ar",
        ),
        pytest.param("JPN", AUGUST, 100000, [10662] * 10, "ja", "実質年率", "14.2%", "14.193358", id="22-jp"),
        pytest.param("JPN", AUGUST, 60000, [20400] * 3, "ja", "実質年率", "12.0%", "11.960461", id="23-jp"),
    ],
)
def test_golden_figures_stand_under_their_own_name(  # noqa: PLR0913 - one row of the table
    country: str,
    bought_on: date,
    lent: int,
    amounts: list[int],
    language: str,
    label: str,
    shown: str,
    exact: str,
) -> None:
    (own,) = offer_rows(country, bought_on, amounts, lent_minor=lent).disclosures
    assert Words(language).write_percent(own.percent) == shown
    assert str(own.exact_percent) == exact
    assert find_rate_label(own.country, language) == label


def test_reg_z_gives_the_finance_charge_first_and_larger() -> None:
    offer = offer_rows("USA", AUGUST, [103_53] * 6, lent_minor=600_00, currency="USD")
    assert print_facts(offer, Words("en"), BANK)[:5] == (
        PrintedFact(kind="finance_charge", label="Finance charge", text="$21.18", is_prominent=True),
        PrintedFact(kind="creditor", label="Creditor", text="Bank, 1 Main Street, Berlin"),
        PrintedFact(kind="amount_financed", label="Amount financed", text="$600.00"),
        PrintedFact(kind="total_of_payments", label="Total of payments", text="$621.18"),
        PrintedFact(kind="total_sale_price", label="Total sale price", text="$621.18"),
    )


def test_what_is_paid_at_once_is_no_credit() -> None:
    offer = offer_rows("USA", AUGUST, [100_00] * 6, lent_minor=600_00, currency="USD")
    first = replace(offer.rows[0], due_date=AUGUST)
    facts = print_by_kind(replace(offer, rows=(first, *offer.rows[1:])))
    assert (facts["amount_financed"], facts["total_of_payments"]) == ("$500.00", "$500.00")
    assert facts["total_sale_price"] == "$600.00"


def test_brazil_tells_each_part_and_its_share() -> None:
    offer = offer_rows("BRA", AUGUST, [103_53] * 6, lent_minor=600_00, currency="BRL")
    facts = print_by_kind(offer, "pt-BR")
    assert facts["components"] == (
        "compra: R$\u00a0600,00 (96,59%); juros: R$\u00a021,18 (3,41%); tarifas: R$\u00a00,00 (0,00%);"
        " IOF: R$\u00a00,00 (0,00%); soma das parcelas: R$\u00a0621,18 (100,00%)"
    )
    assert facts["borrowing_rate"] == "9,00% a.a., fixa"


def test_mexico_says_what_the_rate_is_for() -> None:
    offer = offer_rows("MEX", AUGUST, [1000_00] * 12, lent_minor=10000_00, currency="MXN")
    assert print_by_kind(offer, "es-MX")["informative"] == (
        "CAT sin IVA, para fines informativos y de comparación. Fecha de cálculo: 20 de agosto de 2026."
    )


def test_argentina_has_a_second_rate() -> None:
    facts = print_by_kind(offer_rows("ARG", date(2026, 3, 10), [20000_00] * 6, lent_minor=100000_00))
    # Nothing but interest is in these rows, so that both are the same.
    assert facts["second_rate"] == "88.71%"


def test_the_warning_is_shown_from_the_day_on_which_it_must_be() -> None:
    amounts = [103_53] * 6
    before = offer_rows("DEU", date(2026, 11, 19), amounts, lent_minor=600_00)
    after = offer_rows("DEU", date(2026, 11, 20), amounts, lent_minor=600_00)
    assert "credit_warning" not in print_by_kind(before)
    assert print_by_kind(after)["credit_warning"] == "Caution! Borrowing money costs money."


def test_only_a_creditor_that_personalises_says_so() -> None:
    offer = offer_rows("DEU", date(2026, 11, 20), [103_53] * 6, lent_minor=600_00)
    assert "personalised" not in print_by_kind(offer)
    own = replace(BANK, wording={"personalised": "Made for you by our model."})
    assert print_by_kind(offer, creditor=own)["personalised"] == "Made for you by our model."


def test_the_creditors_words_stand_in_place_of_ours() -> None:
    offer = offer_rows("DEU", AUGUST, [103_53] * 6, lent_minor=600_00)
    ours = print_facts(offer, Words("en"), BANK)
    assert [fact.kind for fact in ours if fact.is_neutral] == ["late_payment", "withdrawal", "prepayment"]
    theirs = print_facts(offer, Words("en"), replace(BANK, wording={"late_payment": "We charge 5.00."}))
    assert [fact.kind for fact in theirs if fact.is_neutral] == ["withdrawal", "prepayment"]
    assert {fact.kind: fact.text for fact in theirs}["late_payment"] == "We charge 5.00."


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "0.00% a year, fixed; with the fees it comes to 10.5% (APRC)"),
        # Where the label brings the abbreviation along, it stands before the figure.
        ("ar", "0.00% سنويًا، ثابت؛ ومع الرسوم يبلغ معدل النسبة السنوي للتكاليف (APRC) 10.5%"),
        ("ja", "年0.00%（固定）。手数料を含めた年間総費用率（APRC）は10.5%"),
    ],
    ids=("en", "ar", "ja"),
)
def test_fees_alone_are_never_zero_percent(language: str, text: str) -> None:
    fee = Fee(kind=FeeKind.FIXED, value=Decimal(10))
    terms = PricingTerms(count=3, interval=MONTHLY, fees=(fee,))
    source = price_source(make_core("core", 3, terms=terms))
    offer = price_plan(source, make_purchase(merchant_country="DEU"), EURO)
    assert (offer.cost_minor, str(offer.interest_percent)) == (10_00, "0.00")
    assert print_by_kind(offer, language=language)["borrowing_rate"] == text


def test_another_countrys_set_stands_beside_under_its_name() -> None:
    purchase = make_purchase(cardholder_country="DEU", merchant_country="USA")
    offer = price_plan(price_source(make_core("core", 12, rate="9")), purchase, EURO)
    assert (offer.rate.label, offer.rate.method, str(offer.rate.percent)) == ("APRC", "eu_ccd2", "9.4")
    facts = print_facts(offer, Words("en"), BANK)
    (other,) = [fact for fact in facts if fact.kind == "rate"]
    assert (other.label, other.text) == ("APR (United States)", "9.00%")
    kinds = [fact.kind for fact in facts]
    assert len(kinds) == len(set(kinds))


def test_two_members_of_the_union_say_the_same_once() -> None:
    purchase = make_purchase(cardholder_country="DEU", merchant_country="FRA")
    offer = price_plan(price_source(make_core("core", 12, rate="9")), purchase, EURO)
    assert [one.country for one in offer.disclosures] == ["DEU"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", ["USA", "DEU", "GBR", "BRA", "MEX", "ARG", "JPN"])
def test_every_language_has_every_fact(country: str, language: str) -> None:
    amounts: dict[str, Any] = {"GBR": [100_00] * 6}
    bought_on = date(2026, 12, 1)
    offer = offer_rows(country, bought_on, amounts.get(country, [103_53] * 6), lent_minor=600_00)
    facts = print_facts(offer, Words(language), BANK)
    (own,) = offer.disclosures
    assert [fact.kind for fact in facts] == [kind for kind in own.facts if kind != "personalised"]
    assert all(fact.label and fact.text and "{" not in fact.label + fact.text for fact in facts)


@pytest.mark.parametrize(
    ("language", "count", "text"),
    [
        ("en", 1, "1 month, last payment on "),
        ("de", 3, "3 Monate, letzte Rate am "),
        ("ar", 2, "شهران، آخر قسط في "),
        ("ar", 3, "3 أشهر، آخر قسط في "),
        ("ar", 12, "12 شهرًا، آخر قسط في "),
        ("ja", 12, "12か月（最終のお支払いは"),
    ],
)
def test_months_are_counted_as_each_language_does(language: str, count: int, text: str) -> None:
    said = Words(language).say("fact_duration", count=count, date="X")
    assert said.startswith(text)
