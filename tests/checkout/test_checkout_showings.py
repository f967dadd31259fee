"""What the hosted page proves of a plan that was agreed on it (`disclosures.md` §6)."""

import json
import re
from typing import Any

from tests.dialects.payments.conftest import payments, shared_payments
from tests.support.payments_world import PaymentsWorld
from tests.support.shopper import open_shopper, type_card

__all__ = ["payments", "shared_payments"]

TICK_NEEDED = "4000005600000104"
PLANS = "5200828200000108"


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


def test_the_page_keeps_that_another_number_was_wanted(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments, installments={"enabled": True, "count": 9})
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[2])
    shopper.send("pay", differs="yes")
    assert list_answers(read_evidence(shared_payments, payment["id"])) == [
        ("plan", "Agree to 6 payments and buy", True),
        ("other_count", "Yes, I want 6 payments.", True),
    ]
