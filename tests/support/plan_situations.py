"""A purchase with a card at an account, for the pure rules about plans; each part can be changed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from parcela.domain.calendar import MONTHLY
from parcela.domain.card_brands import CardBrand
from parcela.domain.catalogue import Candidate, RangeCandidates
from parcela.domain.currency import find_currency
from parcela.domain.money import Money
from parcela.domain.payments.accounts import (
    PaymentsAccount,
    PaymentsMarket,
    PaymentsProgram,
    ProgramModel,
    TermsSheet,
    TermsText,
)
from parcela.domain.payments.plan_pricing import PlanPurchase, PricedProgram
from parcela.domain.payments.plan_resolution import Situation
from parcela.domain.programs import AccountRange, EligibilityRules, Issuer, Program
from parcela.domain.terms import PricingTerms, Rate

TODAY = date(2026, 7, 1)
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
BANK = "29694e7a-b4a8-11ec-b909-0242ac120002"
LENDER = "5e1d4c52-6a0f-4d0e-9b1a-0242ac120003"
TERMS = TermsSheet(
    terms_id="mc-eu-01",
    version="3",
    url="https://bank.example/terms",
    texts=(TermsText(language="en", text="Terms."), TermsText(language="de", text="Bedingungen.")),
)
EURO = PaymentsMarket(
    market_id="euro",
    countries=("DEU", "FRA"),
    currency="EUR",
    brands=(CardBrand.MASTERCARD, CardBrand.VISA),
    rate_regime="eu_ccd2",
    rate_label="APRC",
)
ACCOUNT = PaymentsAccount(
    account_id="ma_01K000000000000000000DEM01",
    name="Demo",
    country="DEU",
    mcc="5732",
    owner_email="owner@example.com",
    acquirer_id="1",
    acquirer_merchant_id="2",
    terminal_id="3",
)
RULES = EligibilityRules(minimum=Decimal(50), maximum=Decimal(5000))


def make_core(offer_id: str, count: int, *, rate: str = "0", **members: Any) -> Program:
    """A monthly core program in EUR."""
    terms = members.pop("terms", PricingTerms(count=count, interval=MONTHLY, rate=Rate(value=Decimal(rate))))
    provider_id = members.pop("provider_id", BANK)
    return replace(
        Program(
            offer_id=offer_id,
            provider_id=provider_id,
            currency="EUR",
            terms=terms,
            rules=RULES,
            begin=datetime(2020, 1, 1, tzinfo=UTC),
            end=datetime(2099, 12, 31, tzinfo=UTC),
        ),
        **members,
    )


def make_program(
    *program_ids: str,
    name: str = "mastercard_installments",
    model: ProgramModel = ProgramModel.ISSUER,
    **members: Any,
) -> PaymentsProgram:
    """A program of the bank's, or of a lender's."""
    provider_id = LENDER if model is ProgramModel.LENDER else BANK
    return PaymentsProgram(
        name=name, model=model, provider_id=provider_id, program_ids=program_ids, terms=TERMS, **members
    )


def make_range(*cores: Program, **members: Any) -> RangeCandidates:
    """The card's account range with open programs."""
    account_range = AccountRange(
        low="5200828200000100000",
        high="5200828200000199999",
        provider_id=BANK,
        country="DEU",
    )
    issuer = Issuer(provider_id=BANK, name="Bank", logo_url="", cid="1", ica="1", country="DEU")
    return RangeCandidates(
        replace(account_range, **members),
        issuer,
        tuple(Candidate(core, 1, frozenset(), is_open=True) for core in cores),
        has_pan_lists=False,
    )


def make_purchase(minor: int = 60000, **members: Any) -> PlanPurchase:
    """A purchase in EUR on the first of July."""
    currency = find_currency(members.pop("currency", "EUR"))
    assert currency is not None
    return PlanPurchase(amount=Money(minor, currency), bought_on=TODAY, locale="en", **members)


def make_situation(**members: Any) -> Situation:
    """A Mastercard with 3 and 6 payments of its issuer, and a lender with 4."""
    lent = make_core("lender-4", 4, provider_id=LENDER)
    given: dict[str, Any] = {
        "account": ACCOUNT,
        "programs": (
            make_program("three", "six"),
            make_program("lender-4", name="vinr_bnpl", model=ProgramModel.LENDER),
        ),
        "markets": (EURO,),
        "cores": {"lender-4": (lent, 1)},
        "digits": "5200828200000108",
        "brand": CardBrand.MASTERCARD,
        "found": make_range(make_core("three", 3), make_core("six", 6)),
        "member_of": frozenset(),
        "purchase": make_purchase(),
        "asked_at": NOW,
    }
    return Situation(**given | members)


def price_source(core: Program, **program: Any) -> PricedProgram:
    """A core program under a program of the bank's."""
    return PricedProgram(program=make_program(core.offer_id, **program), core=core, version=1)
