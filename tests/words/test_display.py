"""`display` of the API and the hosted page say the same bytes, in the payment's or the shopper's language."""

import html
import json
import re
from typing import Any

import pytest
from tests.dialects.payments.conftest import shared_payments
from tests.support.payments_world import PaymentsWorld
from tests.support.shopper import Seen, Shopper, open_shopper, type_card

from parcela.domain.payments.unavailability import LANGUAGES

__all__ = ["shared_payments"]

PLANS = "5200828200000108"
TITLES = {
    "en": ["3 × €200.00", "6 × €100.00", "12 × €52.47"],
    "de": ["3 × 200,00~€", "6 × 100,00~€", "12 × 52,47~€"],
    "fr": ["3 × 200,00~€", "6 × 100,00~€", "12 × 52,47~€"],
    "es-MX": ["3 × EUR~200.00", "6 × EUR~100.00", "12 × EUR~52.47"],
    "pt-BR": ["3 × €~200,00", "6 × €~100,00", "12 × €~52,47"],
    "ar": ["3 × <200.00~€", "6 × <100.00~€", "12 × <52.47~€"],
    "ja": ["€200.00 × 3回", "€100.00 × 6回", "€52.47 × 12回"],
}
RATES = {
    "en": {"label": "APRC", "text": "9.4%"},
    "de": {"label": "effektiver Jahreszins", "text": "9,4~%"},
    "fr": {"label": "TAEG", "text": "9,4~%"},
}


def mark(value: Any) -> Any:
    """The same with marks that can be seen: `~` for a no-break space, `<` for the right-to-left mark."""
    return json.loads(json.dumps(value, ensure_ascii=False).replace("\u00a0", "~").replace("\u200f", "<"))


def list_displays(world: PaymentsWorld, payment: dict[str, Any]) -> list[dict[str, Any]]:
    """What the API gives to be shown of the plans that the page listed."""
    (held,) = world.fetch(
        "SELECT payment_method_id FROM payment_plan_list WHERE payment_id = $1"
        " ORDER BY position DESC LIMIT 1",
        payment["id"],
    )
    card = held["payment_method_id"]
    listed = world.get(f"/v1/installments/plans?payment={payment['id']}&paymentMethod={card}").body
    return [plan["display"] for plan in listed["data"]]


def list_texts(display: dict[str, Any]) -> set[str]:
    """All texts of a display."""
    rows = {text for row in display["payments"] for text in (row["date"], row["amount"])}
    plain = {display[name] for name in ("title", "total", "costOfCredit", "firstPaymentDate")}
    return {*rows, *plain, *display["rate"].values(), *display["fees"]}


def list_page_facts(seen: Seen) -> list[tuple[str, str]]:
    """The facts of the review with their names, as they are between the tags."""
    text = seen.raw.decode().split("<dl>", 2)[2]
    pairs = re.findall("<div[^>]*><dt>(.*?)</dt><dd[^>]*>(.*?)</dd></div>", text, re.S)
    pairs += re.findall('<p class="small"><strong>(.*?)</strong> <span[^>]*>(.*?)</span>', text, re.S)
    return [
        (html.unescape(name).rstrip(":：\u00a0"), html.unescape(re.sub("<[^>]*>", "", said)))
        for name, said in pairs
    ]


def list_page_texts(shopper: Shopper) -> list[str]:
    """The texts between the tags of the page that is seen, as they are."""
    return [text.strip(" \n") for text in re.split("<[^>]*>", shopper.seen.text)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_the_bytes_of_the_display(shared_payments: PaymentsWorld, language: str) -> None:
    payment, shopper = open_shopper(shared_payments, locale=language)
    type_card(shopper, PLANS)
    displays = list_displays(shared_payments, payment)
    assert [mark(display["title"]) for display in displays] == TITLES[language]
    assert {display["language"] for display in displays} == {language}
    if language in RATES:
        assert mark(displays[2]["rate"]) == RATES[language]
    assert f'<html lang="{language}"' in shopper.seen.text
    shown = set(list_page_texts(shopper))
    for display in displays:
        assert list_texts(display) - shown == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_the_page_says_of_a_plan_is_in_its_disclosure(
    shared_payments: PaymentsWorld, language: str
) -> None:
    payment, shopper = open_shopper(shared_payments, locale=language)
    type_card(shopper, PLANS)
    display = list_displays(shared_payments, payment)[2]
    review = shopper.send("choice", choice=shopper.seen.choices[3])
    facts = display["disclosure"]["facts"]
    told = {fact["fact"]: (fact["label"], fact["text"]) for fact in facts}
    assert len(told) == len(facts)
    shown = list_page_facts(review)
    # The way to pay is the plan's title; the rows are a table; the warning stands by itself.
    warning, rows = told.pop("credit_warning")[1], told.pop("schedule")[1]
    assert told.pop("payments")[1] == display["title"]
    assert warning in list_page_texts(shopper)
    assert rows == "; ".join(
        f"{row['number']}. {row['date']}: {row['amount']}" for row in display["payments"]
    )
    assert sorted(shown) == sorted(told.values())


# What the merchant asked for, what the browser accepts, and what the page is in.
@pytest.mark.parametrize(
    ("members", "accepts", "language"),
    [
        ({}, "de-AT,de;q=0.9,en;q=0.8", "de"),
        ({"locale": "fr"}, "de", "fr"),
        # Not a language of ours: the browser's counts.
        ({"locale": "nl"}, "ja", "ja"),
        ({}, "nl", "en"),
        ({}, None, "en"),
    ],
)
def test_a_page_is_in_the_language_that_was_asked_for_else_in_the_browsers(
    shared_payments: PaymentsWorld, members: dict[str, str], accepts: str | None, language: str
) -> None:
    payment, shopper = open_shopper(shared_payments, accepts=accepts, **members)
    assert payment["locale"] == members.get("locale", "en")
    assert f'<html lang="{language}"' in shopper.seen.text
    type_card(shopper, PLANS)
    (held,) = shared_payments.fetch(
        "SELECT o.body FROM payment_offer o JOIN payment_plan_list l ON l.position = o.list_position"
        " WHERE l.payment_id = $1 AND o.number = 1",
        payment["id"],
    )
    assert json.loads(held["body"])["language"] == language


def test_a_purchase_in_the_browsers_language_leaves_the_payments_own(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(
        shared_payments, accepts="de", billingDetails={"email": "ada@example.com"}
    )
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[1])
    assert shopper.send("pay").title == "Vielen Dank, Ihr Ratenplan ist vereinbart"
    after = shared_payments.get(f"/v1/payments/{payment['id']}").body
    assert (after["status"], after["locale"]) == ("completed", "en")
    plan = shared_payments.get(f"/v1/installments/plans/{after['installments']['plan']}").body
    assert mark(plan["display"]["title"]) == "3 × 200,00~€"
    assert plan["refundEffect"] == "Eine Rückgabe senkt alle noch offenen Raten gleichmäßig."
    # Mails are in the language in which the plan was agreed.
    mails = shared_payments.fetch("SELECT locale FROM mail WHERE facts ->> 'payment' = $1", payment["id"])
    assert [mail["locale"] for mail in mails] == ["de"]
    told = shared_payments.fetch("SELECT body FROM payments_event WHERE object_id = $1", payment["id"])
    locales = [json.loads(one["body"]).get("locale") for one in told]
    assert [locale for locale in locales if locale is not None] == ["en", "en", "en"]


def test_changing_the_language_to_and_fro_shows_the_same_lists(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, PLANS)
    english = shopper.seen.choices
    german = shopper.look("?lang=de").choices
    assert set(english) & set(german) == {"full"}
    assert (shopper.look("?lang=en").choices, shopper.look("?lang=de").choices) == (english, german)
    kept = shared_payments.fetch("SELECT 1 FROM payment_plan_list WHERE payment_id = $1", payment["id"])
    told = shared_payments.fetch(
        "SELECT 1 FROM payments_event WHERE object_id = $1 AND type = 'plan.offered'", payment["id"]
    )
    assert (len(kept), len(told)) == (2, 2)
