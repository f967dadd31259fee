"""What was told of the creditor holds when the catalogue changes, before the agreement and after it."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.plan_page.test_plan_page import Cardholder
from tests.support.early_acts import get_link
from tests.support.payments_world import Answer, PaymentsWorld, open_payments_world
from tests.support.plan_buyers import BILLING, OUTSIDE, add_card, buy_lent, confirm, intend, list_plans
from tests.support.shopper import open_shopper, type_card

from parcela.domain.disclosures.records import WordingSlot
from parcela.domain.payments.accounts import PaymentsProgram, Wording
from parcela.domain.payments.plan_pricing import hash_offer
from parcela.domain.programs import Issuer
from parcela.operations.payments.handlers import HANDLERS
from parcela.store.payments.offers import decode_offer, encode_offer

LENT: dict[str, Any] = {"enabled": True, "count": 3, "program": "vinr_bnpl"}
SLOTS = (WordingSlot.LATE_PAYMENT, WordingSlot.WITHDRAWAL, WordingSlot.PREPAYMENT)
PAYER = {
    "name": "Ana Silva",
    "email": "ana@example.com",
    "line1": "Hauptstr. 1",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
}


@pytest.fixture(scope="module")
def payments(demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """One world: each test names the lender anew."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_payments_world(demo_template.server.url_of(name), demo_template.home) as world:
        yield world
    demo_template.server.drop_database(name)


def rename(world: PaymentsWorld, mark: str) -> None:
    """Give the lender a name, an address and sentences, in which the mark stands."""
    program = world.get_entry(PaymentsProgram.kind, "vinr_bnpl")
    lender = world.get_entry(Issuer.kind, program.provider_id)
    wording = tuple(
        Wording(slot=slot, language=language, text=f"{mark} says {slot} in {language}.")
        for slot in SLOTS
        for language in ("en", "de")
    )
    world.change_catalogue(
        replace(lender, name=f"Lender {mark}"),
        replace(program, creditor_address=f"{mark} Street 1", wording=wording),
    )


def say(mark: str, language: str = "en") -> dict[str, str]:
    """The facts that are the lender's, as they must be printed."""
    sentences = {str(slot): f"{mark} says {slot} in {language}." for slot in SLOTS}
    return {"creditor": f"Lender {mark}, {mark} Street 1", **sentences}


def read(facts: list[dict[str, str]]) -> dict[str, str]:
    """The facts that are the lender's, as they are printed."""
    return {fact["fact"]: fact["text"] for fact in facts if fact["fact"] in {"creditor", *map(str, SLOTS)}}


def show(world: PaymentsWorld, **members: Any) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """A payment, its card, and the first of the lender's plans as it is listed."""
    payment = intend(world, installments=LENT, billingDetails=BILLING, **members)
    card = add_card(world, OUTSIDE)
    return payment, card, list_plans(world, payment, card).body["data"][0]


def list_records(world: PaymentsWorld, payment: dict[str, Any]) -> list[dict[str, Any]]:
    rows = world.fetch(
        "SELECT body FROM payment_plan_evidence WHERE payment_id = $1 ORDER BY position", payment["id"]
    )
    return [json.loads(row["body"]) for row in rows]


def read_plan(world: PaymentsWorld, payment: dict[str, Any]) -> dict[str, Any]:
    """`display.disclosure` of the payment's plan."""
    plan = world.get(f"/v1/payments/{payment['id']}").body["installments"]["plan"]
    disclosure: dict[str, Any] = world.get(f"/v1/installments/plans/{plan}").body["display"]["disclosure"]
    return disclosure


def test_an_offer_that_is_named_is_accepted_with_the_words_that_were_shown(payments: PaymentsWorld) -> None:
    rename(payments, "Ash")
    payment, card, shown = show(payments)
    disclosure = shown["display"]["disclosure"]
    assert read(disclosure["facts"]) == say("Ash")
    rename(payments, "Elm")
    done = confirm(payments, payment, card, installments={"enabled": True, "offer": shown["offer"]})
    assert done.status == 200, done.body
    [record] = list_records(payments, payment)
    assert record["offerHash"] == shown["offerHash"]
    assert (record["facts"]["printed"], record["facts"]["hash"]) == (disclosure["facts"], disclosure["hash"])
    assert record["offersShown"][0] == shown
    assert read_plan(payments, payment) == disclosure
    [made] = record["documents"]
    [paper] = payments.fetch("SELECT content FROM paper WHERE digest = $1", bytes.fromhex(made["sha256"]))
    text = paper["content"].decode()
    assert [sentence in text for sentence in say("Ash").values()][1:] == [True] * 3
    assert ("Lender Ash" in text, "Elm" in text) == (True, False)


def test_a_number_whose_lender_says_something_else_by_now_is_no_plan_yet(payments: PaymentsWorld) -> None:
    rename(payments, "Fir")
    payment, card, shown = show(payments)
    rename(payments, "Oak")
    refused = confirm(payments, payment, card, installments=LENT)
    assert (refused.status, refused.code) == (422, "plan_changed")
    plan = refused.error["details"]["plan"]
    assert read(plan["display"]["disclosure"]["facts"]) == say("Oak")
    assert plan["offerHash"] != shown["offerHash"]
    assert list_records(payments, payment) == []
    assert payments.fetch("SELECT 1 FROM payment_plan WHERE payment_id = $1", payment["id"]) == []
    assert payments.post(f"/v1/payments/{payment['id']}/cancel").status == 200
    records = list_records(payments, payment)
    assert [read(record["facts"][0]["printed"]) for record in records] == [say("Fir"), say("Oak")]
    assert records[0]["offersShown"][0] == shown


def test_words_that_are_taken_back_are_news_once(payments: PaymentsWorld) -> None:
    rename(payments, "Fig")
    payment, card, _ = show(payments)
    rename(payments, "Nut")
    assert confirm(payments, payment, card, installments=LENT).code == "plan_changed"
    rename(payments, "Fig")
    refused = confirm(payments, payment, card, installments=LENT)
    assert refused.code == "plan_changed"
    done = confirm(payments, payment, card, installments=LENT)
    assert (done.status, done.body["status"]) == (200, "completed")
    assert read(read_plan(payments, payment)["facts"]) == say("Fig")
    [record] = list_records(payments, payment)[:1]
    assert record["offersShown"][0]["offer"] == refused.error["details"]["plan"]["offer"]


def test_a_plan_is_withdrawn_at_once_when_its_core_program_is_taken_out(payments: PaymentsWorld) -> None:
    payment, card, shown = show(payments)
    program = payments.get_entry(PaymentsProgram.kind, "vinr_bnpl")
    rest = tuple(one for one in program.program_ids if one != "lender-3-eur")
    assert len(rest) == len(program.program_ids) - 1
    payments.change_catalogue(replace(program, program_ids=rest))
    refused = confirm(payments, payment, card, installments={"enabled": True, "offer": shown["offer"]})
    assert (refused.status, refused.code) == (422, "plan_expired")
    assert payments.fetch("SELECT 1 FROM payment_plan WHERE payment_id = $1", payment["id"]) == []
    payments.change_catalogue(program)


def test_page_answer_and_record_say_the_same_when_the_words_change_before_the_review(
    payments: PaymentsWorld,
) -> None:
    rename(payments, "Bay")
    payment, shopper = open_shopper(payments, installments=LENT, locale="de")
    type_card(shopper, OUTSIDE)
    shopper.send("choice", choice=shopper.seen.choices[1])
    rename(payments, "Yew")
    shopper.look("?lang=en")
    assert "Lender Bay" in shopper.seen.words
    shopper.send("details", **PAYER, consent="yes")
    review = shopper.look("?lang=de")
    assert [text in review.words for text in say("Bay", "de").values()] == [True] * 4
    thanks = shopper.send("pay")
    assert ("Lender Bay" in thanks.words, "Yew" in review.words + thanks.words) == (True, False)
    record = list_records(payments, payment)[0]
    disclosure = read_plan(payments, payment)
    assert read(record["facts"]["printed"]) == read(disclosure["facts"]) == say("Bay", "de")
    assert record["facts"]["hash"] == disclosure["hash"]
    [asked] = [one for one in record["consents"] if one["to"] == "credit_check"]
    assert (asked["language"], "Lender Bay" in asked["question"]) == ("en", True)


def test_what_was_agreed_is_told_as_it_was_agreed(payments: PaymentsWorld) -> None:
    rename(payments, "Box")
    bought = buy_lent(payments, "bnpl-late")
    before = read_plan(payments, bought)
    rename(payments, "Nut")
    assert read_plan(payments, bought) == before
    assert read(before["facts"]) == say("Box")
    page = Cardholder(payments, get_link(payments, bought))
    for language in ("en", "de"):
        seen = page.look(f"?lang={language}")
        told = say("Box", language)
        assert [text in seen.words for text in told.values()] == [True] * 4
        # The receipt, and the agreement in German, are printed only now.
        papers = [page.get(f"{page.path}/{name}.html").raw.decode() for name in ("agreement", "receipt")]
        assert told["withdrawal"] in papers[0]
        assert ["Lender Box" in paper for paper in papers] == [True, True]
        assert "Nut" not in seen.words + "".join(papers)
    moved = payments.post("/v1/test/clock/advance", {"by": "P40D"})
    assert moved.status == 200, moved.body
    payments.run_due(HANDLERS)
    mails = payments.fetch(
        "SELECT kind, facts->>'creditor' AS creditor, facts->>'wording' AS wording,"
        " facts->>'creditor_address' AS address FROM mail WHERE facts->>'payment' = $1"
        " ORDER BY created_at LIMIT 3",
        bought["id"],
    )
    assert [tuple(mail.values()) for mail in mails] == [
        ("receipt", "Lender Box", None, None),
        ("withdrawal", "Lender Box", "Box says withdrawal in en.", "Box Street 1"),
        ("overdue", "Lender Box", "Box says late_payment in en.", None),
    ]


def forget_creditors(world: PaymentsWorld, payment: dict[str, Any]) -> None:
    """Write the payment's offers as the version before wrote them."""
    world.fetch("ALTER TABLE payment_offer DISABLE TRIGGER ALL")
    rows = world.fetch(
        "SELECT offer_id, body::text FROM payment_offer o JOIN payment_plan_list l"
        " ON (l.tenant_id, l.position) = (o.tenant_id, o.list_position) WHERE l.payment_id = $1",
        payment["id"],
    )
    for row in rows:
        offer = replace(decode_offer(row["body"]), creditor=None)
        offer = replace(offer, offer_hash=hash_offer(offer))
        body = json.loads(encode_offer(offer))
        del body["creditor"]
        world.fetch(
            "UPDATE payment_offer SET body = $2, offer_hash = $3 WHERE offer_id = $1 RETURNING 1",
            row["offer_id"],
            json.dumps(body),
            offer.offer_hash,
        )


@pytest.mark.parametrize("is_named", [True, False], ids=["by-offer", "by-number"])
def test_offers_and_plans_of_earlier_versions_go_by_the_catalogue(
    payments: PaymentsWorld, is_named: bool
) -> None:
    mark = f"Old {is_named}"
    rename(payments, mark)
    payment, card, shown = show(payments)
    forget_creditors(payments, payment)
    wish = {"enabled": True, "offer": shown["offer"]} if is_named else LENT
    done: Answer = confirm(payments, payment, card, installments=wish)
    assert done.status == 200, done.body
    [record] = list_records(payments, payment)
    assert (record["offer"], read(record["facts"]["printed"])) == (shown["offer"], say(mark))
    rename(payments, f"New {is_named}")
    assert read(read_plan(payments, payment)["facts"]) == say(f"New {is_named}")
    page = Cardholder(payments, get_link(payments, done.body))
    assert [text in page.seen.words for text in say(f"New {is_named}").values()] == [True] * 4
    assert list_records(payments, payment) == [record]
