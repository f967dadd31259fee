"""What the hosted page proves of a plan that was agreed on it (`disclosures.md` §6)."""

import json
import re
from typing import Any

import pytest
from tests.dialects.payments.conftest import payments, shared_payments
from tests.support.payments_world import PaymentsWorld
from tests.support.shopper import open_shopper, type_card

from parcela.words.words import Words

__all__ = ["payments", "shared_payments"]

TICK_NEEDED = "4000005600000104"
PLANS = "5200828200000108"
LENT = "5555555555554444"
PAYER = {
    "name": "Ana Silva",
    "email": "ana@example.com",
    "line1": "Hauptstr. 1",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
}


def read_evidence(world: PaymentsWorld, payment_id: str) -> dict[str, Any]:
    """The one record of a payment."""
    rows = world.fetch("SELECT body FROM payment_plan_evidence WHERE payment_id = $1", payment_id)
    assert len(rows) == 1
    return dict(json.loads(rows[0]["body"]))


def list_answers(record: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """What was asked, how, and what was answered."""
    return [(one["to"], one["question"], one["answer"]) for one in record["consents"]]


def test_the_page_keeps_what_it_asked_in_the_language_it_asked_in(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    shopper.look("?lang=de")
    type_card(shopper, TICK_NEEDED)
    shopper.send("choice", choice=shopper.seen.choices[1])
    shopper.send("pay", terms="yes")
    record = read_evidence(shared_payments, payment["id"])
    assert (record["channel"], record["language"]) == ("hosted", "de")
    assert list_answers(record) == [
        ("plan", "Zahlungspflichtig bestellen: 3 Raten", True),
        ("terms", "Ich habe die Bedingungen dieses Ratenplans gelesen und nehme sie an.", True),
    ]


def test_another_tab_does_not_change_the_language_that_was_agreed_in(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    shopper.look("?lang=de")
    type_card(shopper, TICK_NEEDED)
    review = shopper.send("choice", choice=shopper.seen.choices[1])
    [language] = re.findall('name="language" value="([^"]*)"', review.text)
    shopper.get("/accessibility?lang=fr")
    shopper.send("pay", terms="yes", language=language)
    record = read_evidence(shared_payments, payment["id"])
    assert (record["language"], record["consents"][0]["question"]) == (
        "de",
        "Zahlungspflichtig bestellen: 3 Raten",
    )
    assert '<html lang="fr"' in shopper.seen.text


@pytest.mark.parametrize(
    ("shown_in", "changes_to"),
    # What the shopper chose on the page itself, and what another tab chose behind its back.
    [("fr", None), ("de", "fr")],
)
def test_a_credit_checks_consent_has_the_language_of_its_own_page(
    shared_payments: PaymentsWorld, shown_in: str, changes_to: str | None
) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, LENT)
    shopper.send("choice", choice=shopper.seen.choices[1])
    asked = shopper.look(f"?lang={shown_in}")
    [shown] = re.findall('name="consent"[^>]*> <span[^>]*>(.*?)</span>', asked.text, re.S)
    assert shown == Words(shown_in).say("details_consent", lender="Sandbox Lender")
    if changes_to is not None:
        shopper.get(f"/accessibility?lang={changes_to}")
    shopper.send("details", **PAYER, consent="yes")
    shopper.look("?lang=en")
    shopper.send("pay")
    record = read_evidence(shared_payments, payment["id"])
    assert record["language"] == "en"
    assert [(one["to"], one["question"], one["language"]) for one in record["consents"]] == [
        ("plan", "Agree to 3 payments and buy", "en"),
        ("credit_check", shown, shown_in),
    ]


def test_a_refused_check_keeps_the_question_that_was_put(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, LENT)
    shopper.send("choice", choice=shopper.seen.choices[1])
    shopper.look("?lang=de")
    shopper.send("details", **PAYER | {"email": "bnpl-decline@x.example"}, consent="yes")
    shopper.send("cancel")
    rows = shared_payments.fetch(
        "SELECT body FROM payment_plan_evidence WHERE payment_id = $1 ORDER BY position", payment["id"]
    )
    consents = [one for row in rows for one in json.loads(row["body"])["consents"]]
    words = Words("de")
    assert [(one["to"], one["question"], one["language"]) for one in consents] == [
        ("credit_check", words.say("details_consent", lender="Sandbox Lender"), "de")
    ]


@pytest.mark.parametrize("mark", ["", ".de.de", ".xx", "."])
def test_a_form_whose_mark_is_not_ours_is_refused(shared_payments: PaymentsWorld, mark: str) -> None:
    _, shopper = open_shopper(shared_payments)
    type_card(shopper, PLANS)
    token = shopper.seen.form_token.removesuffix(".en") + mark
    answer = shopper.post("choice", form_token=token, choice="full")
    # A token that names no language is that of a page from before.
    assert answer.status == (403 if mark else 303)


def test_the_page_keeps_that_another_number_was_wanted(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments, installments={"enabled": True, "count": 9})
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[2])
    shopper.send("pay", differs="yes")
    assert list_answers(read_evidence(shared_payments, payment["id"])) == [
        ("plan", "Agree to 6 payments and buy", True),
        ("other_count", "Yes, I want 6 payments.", True),
    ]
