"""Which rule of disclosure applies where, when and to what (`disclosures.md` §2), and the names of rates."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from parcela.domain.calendar import add_months
from parcela.domain.disclosures.rate_labels import find_rate_label
from parcela.domain.disclosures.records import FactKind
from parcela.domain.disclosures.rules import RULES, CreditFacts, find_rule, list_facts

TODAY = date(2026, 12, 1)
FREE_LOAN = CreditFacts(
    payments=4,
    cost_minor=0,
    credit_minor=60000,
    currency="EUR",
    bought_on=TODAY,
    ends_on=date(2027, 4, 1),
    is_lent=True,
)
ON_CARD: dict[str, Any] = {"is_lent": False}
AT_COST: dict[str, Any] = {"cost_minor": 1}


def describe(**changes: Any) -> CreditFacts:
    """Free credit of a lender, with changes; `months` moves its end."""
    months = changes.pop("months", None)
    facts = replace(FREE_LOAN, **changes)
    return facts if months is None else replace(facts, ends_on=add_months(facts.bought_on, months))


@pytest.mark.parametrize(
    ("country", "changes", "rule_id"),
    [
        pytest.param("USA", {}, None, id="us-four-free"),
        pytest.param("USA", {"payments": 5}, "us_reg_z", id="us-five-free"),
        pytest.param("USA", {"payments": 2, **AT_COST}, "us_reg_z", id="us-two-at-cost"),
        pytest.param("USA", {"payments": 5, **ON_CARD}, "us_reg_z", id="us-card"),
        pytest.param("DEU", {}, "eu_ccd2", id="eu-free"),
        pytest.param("DEU", {"bought_on": date(2026, 11, 20)}, "eu_ccd2", id="eu-first-day"),
        pytest.param("DEU", {"bought_on": date(2026, 11, 19)}, None, id="eu-older-free"),
        pytest.param("DEU", {"bought_on": date(2026, 11, 19), **AT_COST}, "eu_ccd", id="eu-older-last-day"),
        pytest.param(
            "DEU",
            {"bought_on": date(2026, 11, 19), **AT_COST, "credit_minor": 199_99},
            None,
            id="eu-older-small",
        ),
        pytest.param("FRA", {"credit_minor": 199_99}, "eu_ccd2", id="eu-small"),
        pytest.param("FRA", {"credit_minor": 100_000_00}, "eu_ccd2", id="eu-largest"),
        pytest.param("FRA", {"credit_minor": 100_000_01}, None, id="eu-too-large"),
        pytest.param("SWE", {"currency": "SEK", "credit_minor": 100_000_01}, "eu_ccd2", id="eu-other-money"),
        pytest.param("GBR", {"payments": 12, "months": 12}, "uk_dpc", id="uk-twelve-in-a-year"),
        pytest.param("GBR", {"payments": 13, "months": 12}, None, id="uk-thirteen"),
        pytest.param("GBR", {"months": 13}, None, id="uk-longer"),
        pytest.param("GBR", AT_COST, None, id="uk-at-cost"),
        pytest.param("GBR", ON_CARD, None, id="uk-card"),
        pytest.param("GBR", {"bought_on": date(2026, 7, 14), "months": 4}, None, id="uk-day-before"),
        pytest.param("GBR", {"bought_on": date(2026, 7, 15), "months": 4}, "uk_dpc", id="uk-first-day"),
        pytest.param("BRA", ON_CARD, None, id="br-paid-by-the-merchant"),
        pytest.param("BRA", {**ON_CARD, **AT_COST}, "br_cet", id="br-card-at-cost"),
        pytest.param("BRA", {}, "br_cet", id="br-lender-free"),
        pytest.param("BRA", {"bought_on": date(2021, 1, 31), "months": 4}, None, id="br-day-before"),
        pytest.param("MEX", ON_CARD, "mx_cat", id="mx-without-interest"),
        pytest.param("ARG", ON_CARD, "ar_cft", id="ar"),
        pytest.param("JPN", {"months": 2}, None, id="jp-two-months"),
        pytest.param("JPN", {"months": 3}, "jp_real_rate", id="jp-three-months"),
        pytest.param("CHE", AT_COST, None, id="without-a-rule"),
    ],
)
def test_rules_apply_where_and_when_the_law_says(
    country: str, changes: dict[str, Any], rule_id: str | None
) -> None:
    rule = find_rule(country, describe(**changes))
    assert (None if rule is None else rule.rule_id) == rule_id


def test_no_day_has_two_rules_of_a_country() -> None:
    for one in RULES:
        later = [rule for rule in RULES if rule.countries & one.countries and rule is not one]
        assert all(
            rule.valid_to is not None and rule.valid_to < one.valid_from
            for rule in later
            if rule.valid_from <= one.valid_from
        )


def test_the_older_european_rule_has_no_warning() -> None:
    facts = {rule.rule_id: rule.facts for rule in RULES if rule.method == "eu_ccd2"}
    added = {FactKind.CREDIT_WARNING, FactKind.PERSONALISED, FactKind.CREDITWORTHINESS}
    assert set(facts["eu_ccd2"]) - set(facts["eu_ccd"]) == added


def test_a_plan_on_a_card_account_says_that_its_terms_govern() -> None:
    facts = describe(payments=5, is_lent=False)
    rule = find_rule("USA", facts)
    assert rule is not None
    assert list_facts(rule, facts) == (*rule.facts, FactKind.CARD_ACCOUNT)
    assert list_facts(rule, replace(facts, is_lent=True)) == rule.facts


@pytest.mark.parametrize(
    ("country", "language", "label"),
    [
        # A country's own name stays whatever the reader's language.
        ("USA", "de", "APR"),
        ("GBR", "ja", "APR"),
        ("BRA", "en", "CET"),
        ("MEX", "es-MX", "CAT"),
        ("ARG", "pt-BR", "CFT"),
        ("JPN", "ar", "実質年率"),
        # The Directive has a name in each of its languages.
        ("DEU", "de", "effektiver Jahreszins"),
        ("DEU", "en", "APRC"),
        ("FRA", "fr-CA", "TAEG"),
        ("ESP", "es-MX", "TAE"),
        ("PRT", "pt-BR", "TAEG"),
        # In other languages its words with the abbreviation: no other method's name for its figure.
        ("DEU", "ja", "年間総費用率（APRC）"),
        ("DEU", "ar", "معدل النسبة السنوي للتكاليف (APRC)"),
        ("CHE", "fr", "TAEG"),
        ("ARE", "ar", "معدل النسبة السنوي"),
        (None, "en", "APR"),
    ],
)
def test_rates_have_the_countrys_name(country: str | None, language: str, label: str) -> None:
    assert find_rate_label(country, language) == label
