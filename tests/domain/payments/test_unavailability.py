"""Reasons in the payment's language."""

import pytest

from parcela.domain.currency import find_currency
from parcela.domain.money import Money
from parcela.domain.payments.records import UnavailableCode
from parcela.domain.payments.unavailability import LANGUAGES, explain, find_language
from parcela.words.words import write_amount


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("en", "en"),
        ("de-AT", "de"),
        ("FR", "fr"),
        ("es", "es-MX"),
        ("es-ES", "es-MX"),
        ("pt-PT", "pt-BR"),
        ("pt_BR", "pt-BR"),
        ("ar-EG", "ar"),
        ("ja-JP", "ja"),
        ("nl", "en"),
        ("", "en"),
    ],
)
def test_a_locale_is_served_by_the_nearest_language(locale: str, language: str) -> None:
    assert find_language(locale) == language


@pytest.mark.parametrize("code", list(UnavailableCode), ids=str)
def test_every_code_has_a_sentence_of_its_own_in_every_language(code: UnavailableCode) -> None:
    bound = "€50.00"
    told = {explain(code, language, bound=bound).message for language in LANGUAGES}
    assert len(told) == len(LANGUAGES) == 7
    assert not any("{" in message for message in told)
    others = {
        explain(other, language, bound=bound).message
        for other in UnavailableCode
        if other is not code
        for language in LANGUAGES
    }
    assert told.isdisjoint(others)


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [(5000, "EUR", "€50.00"), (500, "JPY", "¥500"), (1500, "KWD", "KWD\u00a01.500")],
)
def test_a_bound_is_told_in_major_units(minor: int, currency: str, amount: str) -> None:
    known = find_currency(currency)
    assert known is not None
    bound = write_amount(Money(minor, known), "en")
    reason = explain(UnavailableCode.AMOUNT_ABOVE_MAXIMUM, "en", bound=bound)
    assert reason.message == f"The amount is too large: installment plans end at {amount}."


def test_an_amount_that_cannot_be_split_names_no_bound() -> None:
    reason = explain(UnavailableCode.AMOUNT_BELOW_MINIMUM, "ja", program="vinr_bnpl")
    assert (reason.message, reason.program) == ("金額が少ないため分割できません。", "vinr_bnpl")
