"""The hosted page's language: a plain link, kept from step to step; texts of others are marked as theirs."""

import re

import pytest
import segno
from tests.dialects.payments.conftest import payments, shared_payments
from tests.support.payments_world import PaymentsWorld
from tests.support.shopper import Shopper, open_shopper, type_card

from parcela.checkout.languages import LANGUAGE_NAMES
from parcela.words.tables import TEXTS
from parcela.words.words import Words

__all__ = ["payments", "shared_payments"]

PLANS = "5200828200000108"


def find_language(shopper: Shopper) -> tuple[str, str]:
    """The language and the direction that the page says it has."""
    found = re.search('<html lang="([^"]*)" dir="([^"]*)">', shopper.seen.text)
    assert found is not None
    return found[1], found[2]


def test_every_language_has_a_link_by_its_own_name(shared_payments: PaymentsWorld) -> None:
    assert list(LANGUAGE_NAMES) == sorted(TEXTS, key=list(LANGUAGE_NAMES).index)
    _, shopper = open_shopper(shared_payments)
    links = re.findall(r'<a href="([^"]*)" lang="([^"]*)" hreflang="([^"]*)">([^<]*)</a>', shopper.seen.text)
    others = [(code, name) for code, name in LANGUAGE_NAMES.items() if code != "en"]
    assert links == [(f"{shopper.path}?lang={code}", code, code, name) for code, name in others]
    assert '<span lang="en" aria-current="true">English</span>' in shopper.seen.text


@pytest.mark.parametrize("language", LANGUAGE_NAMES)
def test_a_chosen_language_stays_until_the_end(shared_payments: PaymentsWorld, language: str) -> None:
    payment, shopper = open_shopper(shared_payments)
    words = Words(language)
    titles = [shopper.look(f"?lang={language}").title]
    assert shopper.cookies["checkout-language"] == language
    titles.append(type_card(shopper, PLANS).title)
    titles.append(shopper.send("choice", choice=shopper.seen.choices[3]).title)
    titles.append(shopper.send("pay").title)
    assert titles == [
        words.say(key) for key in ("card_title", "choice_title", "review_title", "completed_plan_title")
    ]
    assert find_language(shopper) == (language, words.direction)
    kept = shared_payments.fetch("SELECT locale FROM payment WHERE payment_id = $1", payment["id"])
    assert kept == [{"locale": "en"}]


@pytest.mark.parametrize("asked", ["", "xx", "EN", "../de", "<b>", "de&lang=fr"])
def test_a_language_that_we_have_not_changes_nothing(shared_payments: PaymentsWorld, asked: str) -> None:
    _, shopper = open_shopper(shared_payments)
    shopper.look(f"?lang={asked}")
    expected = "fr" if asked.startswith("de") else "en"
    assert (find_language(shopper)[0], shopper.cookies.get("checkout-language", "en")) == (expected, expected)


def test_a_language_of_the_cookie_that_we_have_not_is_not_used(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_shopper(shared_payments)
    shopper.cookies["checkout-language"] = "tlh"
    shopper.look()
    assert find_language(shopper)[0] == "en"


def test_a_language_chosen_late_names_figures_in_it_and_marks_what_was_agreed_in_another(
    shared_payments: PaymentsWorld,
) -> None:
    _, shopper = open_shopper(shared_payments)
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[3])
    seen = shopper.look("?lang=de")
    assert "effektiver Jahreszins 9,4 %" in seen.words.replace("\u00a0", " ")
    effect = "A return lowers the payments still to come, spread evenly."
    assert f'<span lang="en" dir="auto">{effect}</span>' in seen.text
    completed = shopper.send("pay").words.replace("\u00a0", " ")
    assert ("effektiver Jahreszins 9,4 %" in completed, "APRC" in completed) == (True, False)


def test_the_phone_gets_the_address_of_the_page(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_shopper(shared_payments)
    drawn = re.search('<path[^>]*stroke="#000" d="([^"]*)"', shopper.seen.text)
    url = f"{shared_payments.desk.root_url}{shopper.path}"
    expected = segno.make(url, error="l", micro=False).svg_inline(omitsize=True, border=4, light="#fff")
    assert drawn is not None and f'd="{drawn[1]}"' in expected
    assert 'role="img" aria-label="QR code with the address of this page"' in shopper.seen.text
