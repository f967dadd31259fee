"""What must hold in accounts, programs and markets, each by itself and between them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from parcela.domain.calendar import MONTHLY
from parcela.domain.card_brands import CardBrand
from parcela.domain.catalogue_rules import check_catalogue, check_entry
from parcela.domain.disclosures.records import WordingSlot
from parcela.domain.errors import InvalidInput
from parcela.domain.payments.accounts import (
    Cycle,
    FeeSchedule,
    PaymentsAccount,
    PaymentsMarket,
    PaymentsProgram,
    ProgramModel,
    SettlementTerms,
    TermsSheet,
    TermsText,
    Wording,
)
from parcela.domain.programs import AccountRange, Entry, Issuer, Program
from parcela.domain.terms import FirstDue, Method, PricingTerms
from parcela.domain.versions import VersionedEntry

ID = "ma_01KDEM0ST0REAAAAAAAAAAAA01"
BANK = "29694e7a-b4a8-11ec-b909-0242ac120002"
LENDER = "5e1d4c52-6a0f-4d0e-9b1a-0242ac120003"
ACCOUNT = PaymentsAccount(
    account_id=ID,
    name="Shop",
    country="DEU",
    mcc="5732",
    owner_email="owner@shop.example",
    acquirer_id="ACQ",
    acquirer_merchant_id="1",
    terminal_id="T1",
)
TERMS = TermsSheet(
    terms_id="t-1",
    version="1",
    url="https://bank.example/terms",
    texts=(TermsText(language="en", text="Terms."),),
)
PROGRAM = PaymentsProgram(
    name="visa_installments",
    model=ProgramModel.ISSUER,
    provider_id=BANK,
    program_ids=("visa-3-eur",),
    terms=TERMS,
)
MARKET = PaymentsMarket(
    market_id="euro",
    countries=("DEU", "FRA"),
    currency="EUR",
    brands=(CardBrand.VISA,),
    rate_regime="eu_ccd2",
    rate_label="APRC",
)
ISSUER = Issuer(
    provider_id=BANK, name="Bank", logo_url="https://bank.example/l.png", cid="1", ica="1", country="DEU"
)
CORE = Program(
    offer_id="visa-3-eur",
    provider_id=BANK,
    currency="EUR",
    terms=PricingTerms(count=3, interval=MONTHLY),
    begin=datetime(2020, 1, 1, tzinfo=UTC),
    end=datetime(2099, 1, 1, tzinfo=UTC),
)
LENDER_ISSUER = replace(ISSUER, provider_id=LENDER, name="Lender")
LENDER_CORE = replace(CORE, offer_id="lender-3-eur", provider_id=LENDER)
LENDER_PROGRAM = replace(
    PROGRAM,
    name="vinr_bnpl",
    model=ProgramModel.LENDER,
    provider_id=LENDER,
    program_ids=("lender-3-eur",),
)
WORLD = (ISSUER, CORE, PROGRAM, LENDER_ISSUER, LENDER_CORE, LENDER_PROGRAM, ACCOUNT, MARKET)
TICKED = TermsText(language="en", text="Terms.", acceptance_text="I accept.")


def told(entry: Entry) -> str:
    """The member that a check of one entry names."""
    with pytest.raises(InvalidInput) as refusal:
        check_entry(entry)
    return refusal.value.member.replace(f"{entry.kind} {entry.key}.", "")


def check(*entries: Entry) -> None:
    held = {(entry.kind, entry.key): VersionedEntry(entry=entry, version=1) for entry in entries}
    check_catalogue(held)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(ACCOUNT, id="account"),
        pytest.param(replace(ACCOUNT, locale="pt-BR", time_zone="Europe/Berlin"), id="locale-and-zone"),
        pytest.param(replace(ACCOUNT, settlement=SettlementTerms(cycle=Cycle.WEEKLY, anchor=7)), id="sunday"),
        pytest.param(
            replace(ACCOUNT, settlement=SettlementTerms(cycle=Cycle.MONTHLY, anchor=31)), id="month-end"
        ),
        pytest.param(
            replace(ACCOUNT, fees=(FeeSchedule(), FeeSchedule(currency="EUR"), FeeSchedule(program="a_b"))),
            id="fees",
        ),
        pytest.param(replace(ACCOUNT, holidays=(date(2026, 12, 25),)), id="holiday"),
        pytest.param(PROGRAM, id="program"),
        pytest.param(replace(PROGRAM, denied_bins=("424242", "42424200001")), id="denied-bins"),
        pytest.param(
            replace(PROGRAM, terms=replace(TERMS, acceptance_required=True, texts=(TICKED,))), id="ticked"
        ),
        pytest.param(replace(PROGRAM, name="cobrand_acme_retail", model=ProgramModel.COBRAND), id="cobrand"),
        pytest.param(MARKET, id="market"),
    ],
)
def test_a_lawful_entry_passes(entry: Entry) -> None:
    check_entry(entry)


@pytest.mark.parametrize(
    ("change", "member"),
    [
        pytest.param({"account_id": ID.lower()}, "payments_account.account_id", id="id-in-small-letters"),
        pytest.param({"account_id": "ma_1"}, "payments_account.account_id", id="id-too-short"),
        pytest.param({"account_id": ID.replace("ma", "pm")}, "payments_account.account_id", id="prefix"),
        pytest.param({"name": " "}, "name", id="name-blank"),
        pytest.param({"name": "x" * 101}, "name", id="name-long"),
        pytest.param({"country": "DE"}, "country", id="country"),
        pytest.param({"mcc": "573"}, "mcc", id="mcc"),
        pytest.param({"time_zone": "Europe"}, "time_zone", id="folder-of-zones"),
        pytest.param({"locale": "pt_BR"}, "locale", id="locale-of-another-door"),
        pytest.param({"owner_email": "owner"}, "owner_email", id="e-mail"),
        pytest.param({"owner_email": f"a@{'b' * 260}"}, "owner_email", id="e-mail-long"),
        pytest.param({"url": "ftp://shop.example"}, "url", id="url"),
        pytest.param({"version": "2026-04-02"}, "version", id="version"),
        pytest.param({"acquirer_id": "A Q"}, "acquirer_id", id="acquirer"),
        pytest.param({"terminal_id": ""}, "terminal_id", id="terminal"),
        pytest.param({"fees": ()}, "fees", id="no-fees"),
        pytest.param({"fees": (FeeSchedule(currency="EUR"),)}, "fees", id="no-general-fees"),
        pytest.param({"fees": (FeeSchedule(), FeeSchedule())}, "fees", id="fees-twice"),
        pytest.param(
            {"fees": (FeeSchedule(), FeeSchedule(currency="EUX"))}, "fees[1].currency", id="fees-currency"
        ),
        pytest.param(
            {"fees": (FeeSchedule(processing_basis_points=10_001),)},
            "fees[0].processing_basis_points",
            id="fees-above-all",
        ),
        pytest.param(
            {"fees": (FeeSchedule(installment_fixed_minor=-1),)},
            "fees[0].installment_fixed_minor",
            id="fees-below-zero",
        ),
        pytest.param({"settlement": SettlementTerms(anchor=1)}, "settlement.anchor", id="daily-anchor"),
        pytest.param(
            {"settlement": SettlementTerms(cycle=Cycle.WEEKLY)}, "settlement.anchor", id="weekly-without"
        ),
        pytest.param(
            {"settlement": SettlementTerms(cycle=Cycle.WEEKLY, anchor=8)},
            "settlement.anchor",
            id="eighth-day",
        ),
        pytest.param(
            {"settlement": SettlementTerms(cycle=Cycle.MONTHLY, anchor=32)}, "settlement.anchor", id="day-32"
        ),
        pytest.param(
            {"settlement": SettlementTerms(delay_days=61)}, "settlement.delay_days", id="delay-too-long"
        ),
        pytest.param({"holidays": (date(2026, 1, 1),) * 2}, "holidays", id="holiday-twice"),
    ],
)
def test_an_account_that_breaks_a_rule_is_refused(change: dict[str, Any], member: str) -> None:
    assert told(replace(ACCOUNT, **change)) == member


@pytest.mark.parametrize(
    ("change", "member"),
    [
        pytest.param({"name": "Visa"}, "payments_program.name", id="capitals"),
        pytest.param({"name": "v"}, "payments_program.name", id="one-letter"),
        pytest.param({"name": "cobrand_acme"}, "payments_program.name", id="cobrand-name-of-an-issuer"),
        pytest.param({"model": ProgramModel.COBRAND}, "payments_program.name", id="cobrand-of-another-name"),
        pytest.param({"program_ids": ()}, "program_ids", id="no-programs"),
        pytest.param({"program_ids": ("a", "a")}, "program_ids", id="a-program-twice"),
        pytest.param({"denied_bins": ("42424",)}, "denied_bins", id="bin-short"),
        pytest.param({"denied_bins": ("424242",) * 2}, "denied_bins", id="bin-twice"),
        pytest.param({"refund_days": 4}, "refund_days", id="refund-too-soon"),
        pytest.param({"refund_days": 16}, "refund_days", id="refund-too-late"),
        pytest.param({"offer_life_minutes": 0}, "offer_life_minutes", id="offer-without-life"),
        pytest.param({"offer_life_minutes": 1441}, "offer_life_minutes", id="offer-of-more-than-a-day"),
        pytest.param({"terms": replace(TERMS, terms_id="t 1")}, "terms.terms_id", id="terms-id"),
        pytest.param({"terms": replace(TERMS, version="")}, "terms.version", id="terms-version"),
        pytest.param({"terms": replace(TERMS, url="terms")}, "terms.url", id="terms-url"),
        pytest.param({"terms": replace(TERMS, texts=())}, "terms.texts", id="no-texts"),
        pytest.param({"terms": replace(TERMS, texts=TERMS.texts * 2)}, "terms.texts", id="language-twice"),
        pytest.param(
            {"terms": replace(TERMS, texts=(TermsText(language="EN", text="x"),))},
            "terms.texts[0].language",
            id="language",
        ),
        pytest.param(
            {"terms": replace(TERMS, acceptance_required=True)},
            "terms.texts[0].acceptance_text",
            id="no-tick",
        ),
        pytest.param(
            {"terms": replace(TERMS, texts=(TICKED,))}, "terms.texts[0].acceptance_text", id="needless-tick"
        ),
    ],
)
def test_a_program_that_breaks_a_rule_is_refused(change: dict[str, Any], member: str) -> None:
    assert told(replace(PROGRAM, **change)) == member


@pytest.mark.parametrize(
    ("change", "member"),
    [
        pytest.param({"market_id": "Euro"}, "payments_market.market_id", id="capitals"),
        pytest.param({"countries": ()}, "countries", id="no-countries"),
        pytest.param({"countries": ("DEU", "DEU")}, "countries", id="a-country-twice"),
        pytest.param({"countries": ("EU",)}, "countries", id="no-country"),
        pytest.param({"currency": "eur"}, "currency", id="currency"),
        pytest.param({"brands": ()}, "brands", id="no-brands"),
        pytest.param({"rate_regime": "eu"}, "rate_regime", id="regime"),
        pytest.param({"rate_label": ""}, "rate_label", id="label"),
    ],
)
def test_a_market_that_breaks_a_rule_is_refused(change: dict[str, Any], member: str) -> None:
    assert told(replace(MARKET, **change)) == member


def test_what_fits_together_passes() -> None:
    check(*WORLD)


@pytest.mark.parametrize(
    ("swapped", "changed", "member"),
    [
        pytest.param(
            PROGRAM,
            {"provider_id": "00000000-0000-0000-0000-000000000000"},
            "payments_program visa_installments.provider_id",
            id="unknown-issuer",
        ),
        pytest.param(
            PROGRAM,
            {"program_ids": ("visa-9-eur",)},
            "payments_program visa_installments.program_ids",
            id="unknown-program",
        ),
        pytest.param(
            PROGRAM,
            {"provider_id": LENDER},
            "payments_program visa_installments.program_ids",
            id="another-providers-program",
        ),
        pytest.param(
            CORE,
            {"terms": PricingTerms(count=61, interval=MONTHLY)},
            "payments_program visa_installments.program_ids",
            id="too-many-payments",
        ),
        pytest.param(
            CORE,
            {"terms": PricingTerms(count=3, interval=MONTHLY, method=Method.EQUAL_SPLIT)},
            "payments_program visa_installments.program_ids",
            id="another-method",
        ),
        pytest.param(
            CORE,
            {
                "terms": PricingTerms(
                    count=3, interval=MONTHLY, first_due=FirstDue.ON_DATE, first_due_date=date(2027, 1, 1)
                )
            },
            "payments_program visa_installments.program_ids",
            id="a-fixed-date",
        ),
        pytest.param(
            ACCOUNT,
            {"fees": (FeeSchedule(), FeeSchedule(program="nobodys"))},
            f"payments_account {ID}.fees[1].program",
            id="fees-of-an-unknown-program",
        ),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(
    swapped: Entry, changed: dict[str, Any], member: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check(*(replace(entry, **changed) if entry is swapped else entry for entry in WORLD))
    assert refusal.value.member == member


def test_a_core_program_belongs_to_one_program() -> None:
    second = replace(PROGRAM, name="cobrand_acme", model=ProgramModel.COBRAND)
    with pytest.raises(InvalidInput) as refusal:
        check(*WORLD, second)
    assert str(refusal.value) == (
        "payments_program cobrand_acme.program_ids: expected programs that visa_installments does not have,"
        " got 'visa-3-eur'"
    )


def test_a_lender_has_no_account_ranges() -> None:
    account_range = AccountRange(low="4" * 19, high="4" * 18 + "5", provider_id=LENDER, country="DEU")
    with pytest.raises(InvalidInput) as refusal:
        check(*WORLD, account_range)
    assert refusal.value.member == "payments_program vinr_bnpl.provider_id"


@pytest.mark.parametrize(
    ("currency", "is_free"),
    [pytest.param("EUR", False, id="same-currency"), pytest.param("USD", True, id="another-currency")],
)
def test_a_country_and_currency_have_one_market(currency: str, is_free: bool) -> None:
    other = replace(MARKET, market_id="france", countries=("FRA",), currency=currency)
    if is_free:
        check(*WORLD, other)
        return
    with pytest.raises(InvalidInput) as refusal:
        check(*WORLD, other)
    assert refusal.value.member == "payments_market france.countries"


LATE = Wording(slot=WordingSlot.LATE_PAYMENT, language="en", text="We write to you.")


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        pytest.param({"wording": (LATE, LATE)}, "wording", id="said-twice"),
        pytest.param({"wording": (replace(LATE, text=" "),)}, "wording[0].text", id="says-nothing"),
        pytest.param({"wording": (replace(LATE, language="English"),)}, "wording[0].language", id="language"),
        pytest.param({"creditor_address": ""}, "creditor_address", id="no-address"),
    ],
)
def test_the_creditors_wording_is_checked(changes: dict[str, Any], member: str) -> None:
    both = (LATE, replace(LATE, language="de"))
    check_entry(replace(PROGRAM, wording=both, creditor_address="1 Main Street"))
    assert told(replace(PROGRAM, **changes)) == member


def test_a_market_has_the_method_of_its_countries() -> None:
    check_entry(replace(MARKET, countries=("CHE",), rate_regime="us_reg_z"))
    assert told(replace(MARKET, countries=("FRA", "GBR"))) == "rate_regime"
