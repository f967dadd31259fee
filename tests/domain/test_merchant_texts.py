"""The payer's language: which translation is the best one, and what stands in for a missing one."""

import pytest
from tests.support.merchant_entries import amount, award, make_rule

from parcela.domain.merchant_texts import OfferTexts, find_name, find_texts
from parcela.domain.merchants import (
    LocalName,
    LocalTexts,
    MerchantProduct,
    MerchantProfile,
    OfferTerms,
)


def make_profile(locale: str = "en_US") -> MerchantProfile:
    return MerchantProfile(
        merchant_id="SHOP",
        name="Shop",
        locale=locale,
        country="USA",
        mcc="5732",
        currencies=("USD",),
        brands=(),
        acquirer_id="BANK",
        acquirer_merchant_id="1",
        terminal_id="T1",
    )


def make_product(*locales: str) -> MerchantProduct:
    return MerchantProduct(
        merchant_id="SHOP",
        product_id="PL1",
        name="own",
        logo_url="https://shop.example/logo.png",
        names=tuple(LocalName(locale=locale, name=locale) for locale in locales),
    )


@pytest.mark.parametrize(
    ("wanted", "locales", "name"),
    [
        (None, ["de", "en_US"], "own"),
        ("de", ["de"], "de"),
        ("de_AT", ["de", "de_AT"], "de_AT"),
        ("de-AT", ["de", "de_AT"], "de_AT"),
        ("DE_at", ["de_AT"], "de_AT"),
        ("de_CH", ["de", "de_AT"], "de"),
        ("de_CH", ["de_DE", "de_AT"], "de_AT"),
        ("de", ["de_DE", "de_AT"], "de_AT"),
        ("fr", ["de"], "own"),
        # The merchant's own words are American English.
        ("en_US", ["en", "en_GB"], "own"),
        ("en_AU", ["en", "en_GB"], "en"),
        ("en_AU", ["en_GB"], "own"),
        ("en", ["en_GB"], "own"),
        ("en_GB", ["en_GB"], "en_GB"),
    ],
)
def test_the_best_language_is_chosen(wanted: str | None, locales: list[str], name: str) -> None:
    assert find_name(make_product(*locales), make_profile(), wanted) == name


GERMAN = LocalTexts(locale="de", qualifier_text="Angebot der Bank", terms_text="Raten jeden Monat.")
OWN = OfferTexts(
    locale="en_US",
    qualifier_text="Offer by Example Bank",
    award_instruction="Paid with the second statement.",
    terms_text="Monthly.",
    acceptance_text="I accept.",
)


def test_texts_without_a_translation_are_the_merchants_own() -> None:
    rule = make_rule(
        terms=OfferTerms(text="Monthly.", acceptance_required=True, acceptance_text="I accept."),
        cash_award=award(amount("25")),
        translations=(GERMAN,),
    )
    assert find_texts(rule, make_profile(), "fr") == OWN
    assert find_texts(rule, make_profile(), "de_AT") == OfferTexts(
        locale="de",
        qualifier_text="Angebot der Bank",
        award_instruction="Paid with the second statement.",
        terms_text="Raten jeden Monat.",
        acceptance_text="I accept.",
    )


def test_a_translation_brings_no_text_that_the_offer_has_not() -> None:
    german = LocalTexts(locale="de", award_instruction="Gutschrift.", acceptance_text="Ja.")
    found = find_texts(make_rule(translations=(german,)), make_profile(), "de")
    assert (found.award_instruction, found.acceptance_text) == (None, None)
