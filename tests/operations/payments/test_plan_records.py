"""The record of each showing, the chain that seals them, and the file of a payment (`disclosures.md` §6)."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import rfc8785
from tests.conftest import DemoTemplate
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import (
    BILLING,
    MASTERCARD,
    OUTSIDE,
    REFUSED,
    VISA,
    add_card,
    buy,
    buy_lent,
    confirm,
    find_breaks,
    intend,
    list_plans,
)

from parcela.documents.press import find_version
from parcela.domain.disclosures.papers import PaperForm, PaperKind, PaperRequest, PaperWay
from parcela.domain.errors import NotAllowed, NotFound
from parcela.domain.payments.showings import Channel, Consent, Showing, name_browser, shorten_address
from parcela.operations import people
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.evidence_files import EvidenceFile, find_plan_record, view_evidence
from parcela.operations.payments.keeping import NothingKept
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.papers import find_plan_subject, give_paper
from parcela.operations.payments.payment_attempts import AttemptCommand, confirm_payment
from parcela.operations.payments.plan_evidence import seal_evidence
from parcela.operations.payments.press import Paper

TICKED = {"termsId": "visa-eu-01", "version": "2", "language": "en", "acceptedAt": 4102444800}


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """The payments door on the freshly written demo world."""
    with open_payments_world(database_url, demo_template.home) as world:
        yield world


def seal(world: PaymentsWorld) -> int:
    async def work(desk: PaymentsDesk, _: AccountMoment) -> int:
        return await seal_evidence(desk.engine)

    return world.as_account(work)


def list_records(world: PaymentsWorld) -> list[dict[str, Any]]:
    return world.fetch("SELECT * FROM payment_plan_evidence ORDER BY position")


def list_broken(world: PaymentsWorld) -> list[dict[str, Any]]:
    return (
        find_breaks(world)
        + world.fetch("SELECT * FROM broken_evidence_seal")
        + world.fetch("SELECT * FROM broken_evidence_without_seal")
    )


def test_an_accepted_plan_has_the_whole_record(payments: PaymentsWorld) -> None:
    done = buy_lent(payments, "approved")
    (kept,) = list_records(payments)
    body = json.loads(kept["body"])
    assert rfc8785.dumps(body) == kept["body"].encode()
    assert kept["hash"] == hashlib.sha256(kept["body"].encode()).digest()
    assert (body["plan"], body["payment"]) == (done["installments"]["plan"], done["id"])
    assert body["disclosureId"] == kept["disclosure_id"]
    assert (body["channel"], body["language"], body["declinedAt"]) == ("api", "en", None)
    assert body["shownAt"] <= body["acceptedAt"] == int(kept["accepted_at"].timestamp())
    assert [regime["id"] for regime in body["regimes"]] == ["eu_ccd2"]
    printed = {fact["fact"]: fact["text"] for fact in body["facts"]["printed"]}
    assert printed["credit_warning"] == "Caution! Borrowing money costs money."
    assert printed["creditor"] == "Sandbox Lender, Musterstraße 1, 10115 Berlin"
    numbers = body["facts"]["numbers"]
    assert (numbers["totalAmount"], numbers["costOfCredit"], numbers["count"]) == (60000, 0, 3)
    asked = [(one["to"], one["question"], one["language"]) for one in body["consents"]]
    assert asked == [("plan", None, None), ("credit_check", None, None)]
    assert body["browser"] == {"address": None, "name": None}
    assert MASTERCARD not in kept["body"] and "Ada" not in kept["body"]


def test_the_page_says_what_it_asked(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, MASTERCARD)
    offer = list_plans(payments, payment, card).body["data"][0]["offer"]

    async def pay(desk: PaymentsDesk, moment: AccountMoment) -> None:
        asked = Consent(
            to="plan", question="I want this plan.", language="de", is_given=True, answered_at=moment.now
        )
        showing = Showing(
            channel=Channel.HOSTED,
            language="de",
            consents=(asked,),
            address=shorten_address("203.0.113.77"),
            browser="Firefox",
        )
        command = AttemptCommand(payment_method_id=card, offer_id=offer, is_hosted=True, showing=showing)
        await confirm_payment(desk, moment, payment["id"], command, keeper=NothingKept())

    payments.as_account(pay)
    (kept,) = list_records(payments)
    body = json.loads(kept["body"])
    assert (body["channel"], body["language"]) == ("hosted", "de")
    assert body["browser"] == {"address": "203.0.113.0/24", "name": "Firefox"}
    assert body["consents"] == [
        {
            "answer": True,
            "at": body["acceptedAt"],
            "language": "de",
            "question": "I want this plan.",
            "to": "plan",
        }
    ]
    assert body["merchantStatement"] is None
    assert {fact["label"] for fact in body["facts"]["printed"]} >= {"Kreditgeber", "Sollzinssatz"}


def read_document(body: dict[str, Any], digest: bytes) -> dict[str, Any]:
    """The one agreement of a record, as it must be."""
    return {
        "kind": "agreement",
        "offer": body["offer"],
        "plan": body["plan"],
        "form": "html",
        "language": body["language"],
        "templateVersion": find_version(body["language"]),
        "sha256": digest.hex(),
        "way": "record",
        "deliveredAt": body["acceptedAt"],
    }


def test_the_agreement_is_made_with_the_acceptance_and_named_by_its_record(payments: PaymentsWorld) -> None:
    done = buy(payments, MASTERCARD, 3)
    (kept,) = list_records(payments)
    (paper,) = payments.fetch("SELECT digest, content FROM paper")
    body = json.loads(kept["body"])
    assert body["documents"] == [read_document(body, paper["digest"])]
    text = paper["content"].decode()
    assert hashlib.sha256(paper["content"]).digest() == paper["digest"]
    assert (done["id"] in text, done["installments"]["plan"] in text, MASTERCARD in text) == (
        True,
        True,
        False,
    )

    async def ask(desk: PaymentsDesk, moment: AccountMoment) -> Paper:
        subject = await find_plan_subject(desk, moment, done["id"])
        assert subject is not None
        wanted = PaperRequest(kind=PaperKind.AGREEMENT, form=PaperForm.HTML, language="en")
        return await give_paper(desk, moment, subject, wanted, way=PaperWay.PLAN_PAGE)

    assert payments.as_account(ask).content == paper["content"]
    ways = payments.fetch("SELECT way FROM paper_delivery ORDER BY position")
    assert [row["way"] for row in ways] == ["record", "plan_page"]


def test_a_plan_that_is_not_accepted_leaves_no_agreement(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, REFUSED)
    list_plans(payments, payment, card)
    refused = confirm(payments, payment, card, termsAcceptance=TICKED)
    assert (refused.status, refused.code) == (402, "plan_declined")
    assert payments.fetch("SELECT 1 FROM paper") == payments.fetch("SELECT 1 FROM paper_delivery") == []


def test_plans_that_were_shown_and_not_taken_have_a_record_too(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, MASTERCARD)
    shown = list_plans(payments, payment, card).body["data"]
    assert list_records(payments) == []
    assert payments.post(f"/v1/payments/{payment['id']}/cancel").status == 200
    (kept,) = list_records(payments)
    body = json.loads(kept["body"])
    assert (body["offersShown"], body["plan"], body["acceptedAt"]) == (shown, None, None)
    assert body["declinedAt"] == int(kept["declined_at"].timestamp())
    assert kept["plan_id"] is None
    assert [facts["offer"] for facts in body["facts"]] == [offer["offer"] for offer in shown]
    assert [facts["numbers"]["totalAmount"] for facts in body["facts"]] == [60000, 60000, 62964]
    disclosed = [offer["display"]["disclosure"] for offer in shown]
    assert [(facts["printed"], facts["hash"]) for facts in body["facts"]] == [
        (one["facts"], one["hash"]) for one in disclosed
    ]
    assert [terms["id"] for terms in body["terms"]] == ["mc-eu-01"] * 3
    assert (body["consents"], body["documents"]) == ([], [])


def test_plans_that_were_shown_before_all_was_paid_at_once_have_a_record(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, MASTERCARD)
    shown = list_plans(payments, payment, card).body["data"]
    paid = confirm(payments, payment, card, installments={"enabled": False})
    assert (paid.status, paid.body["status"]) == (200, "completed")
    (kept,) = list_records(payments)
    body = json.loads(kept["body"])
    assert (body["offersShown"], body["plan"], body["acceptedAt"]) == (shown, None, None)


def test_a_list_that_was_left_for_another_card_has_its_own_record(payments: PaymentsWorld) -> None:
    payment, first, second = intend(payments), add_card(payments, VISA), add_card(payments, MASTERCARD)
    left = list_plans(payments, payment, first).body["data"]
    list_plans(payments, payment, second)
    assert confirm(payments, payment, second, installments={"enabled": True, "count": 3}).status == 200
    taken, other = (json.loads(kept["body"]) for kept in list_records(payments))
    assert (taken["offer"] in {offer["offer"] for offer in taken["offersShown"]}, taken["declinedAt"]) == (
        True,
        None,
    )
    assert (other["offersShown"], other["plan"], other["acceptedAt"]) == (left, None, None)
    assert other["declinedAt"] == taken["acceptedAt"]


def test_the_credit_check_has_the_instant_of_its_own_consent(payments: PaymentsWorld) -> None:
    buy_lent(payments, "approved")
    (check,) = payments.fetch("SELECT asked_at FROM payment_credit_check")
    (kept,) = list_records(payments)
    (consent,) = [one for one in json.loads(kept["body"])["consents"] if one["to"] == "credit_check"]
    assert consent["at"] == int(check["asked_at"].timestamp())


def test_a_check_that_ended_in_a_refusal_is_in_the_record_of_its_showing(payments: PaymentsWorld) -> None:
    program = {"enabled": True, "count": 3, "program": "vinr_bnpl"}
    billing = BILLING | {"email": "bnpl-decline@example.com"}
    payment, card = (
        intend(payments, installments=program, billingDetails=billing),
        add_card(payments, OUTSIDE),
    )
    list_plans(payments, payment, card)
    assert confirm(payments, payment, card).status == 402
    assert payments.post(f"/v1/payments/{payment['id']}/cancel").status == 200
    (check,) = payments.fetch("SELECT asked_at FROM payment_credit_check")
    bodies = [json.loads(kept["body"]) for kept in list_records(payments)]
    at = int(check["asked_at"].timestamp())
    assert bodies[0]["consents"] == [
        {"answer": True, "at": at, "language": None, "question": None, "to": "credit_check"}
    ]


def test_an_offer_that_is_not_what_was_shown_is_not_accepted(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, MASTERCARD)
    offer = list_plans(payments, payment, card).body["data"][2]["offer"]
    payments.fetch("ALTER TABLE payment_offer DISABLE TRIGGER ALL")
    payments.fetch(
        "UPDATE payment_offer SET body = replace(body::text, '9.00', '8.00')::json WHERE offer_id = $1"
        " RETURNING 1",
        offer,
    )
    refused = confirm(payments, payment, card, installments={"enabled": True, "offer": offer})
    assert (refused.status, refused.code) == (422, "plan_expired")
    assert list_records(payments) == payments.fetch("SELECT plan_id FROM payment_plan") == []


def test_a_payment_without_plans_has_no_record(payments: PaymentsWorld) -> None:
    payment = intend(payments, installments={"enabled": False})
    assert confirm(payments, payment, add_card(payments, MASTERCARD)).status == 200
    assert list_records(payments) == []


def test_records_are_sealed_in_their_order_and_once(payments: PaymentsWorld) -> None:
    for count in (3, 6):
        buy(payments, MASTERCARD, count)
    assert (seal(payments), seal(payments)) == (2, 0)
    buy(payments, MASTERCARD, 12)
    assert seal(payments) == 1
    rows = payments.fetch(
        "SELECT s.number, s.seal, e.hash FROM evidence_seal s"
        " JOIN payment_plan_evidence e USING (tenant_id, disclosure_id) ORDER BY s.number"
    )
    before, expected = b"", []
    for number, record in enumerate(list_records(payments), 1):
        before = hashlib.sha256(before + record["hash"]).digest()
        expected.append({"number": number, "seal": before, "hash": record["hash"]})
    assert rows == expected
    assert list_broken(payments) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        pytest.param(
            "UPDATE payment_plan_evidence SET body = '{}', hash = sha256('{}') WHERE position = 1",
            {"does not follow from its record and the seal before"},
            id="record-rewritten-with-its-hash",
        ),
        pytest.param(
            "DELETE FROM evidence_seal WHERE number = 1",
            {"is where seal 1 must be", "is in no chain, and waits for none"},
            id="seal-taken-out",
        ),
    ],
)
def test_a_chain_that_was_tampered_with_is_found(
    payments: PaymentsWorld, change: str, what: set[str]
) -> None:
    buy(payments, MASTERCARD, 3)
    buy(payments, MASTERCARD, 6)
    seal(payments)
    for table in ("payment_plan_evidence", "evidence_seal"):
        payments.fetch(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    payments.fetch(f"{change} RETURNING 1")
    assert {row["what"] for row in list_broken(payments)} == what


@pytest.mark.parametrize("table", ["payment_plan_evidence", "evidence_seal"])
def test_records_and_seals_are_append_only(payments: PaymentsWorld, table: str) -> None:
    with pytest.raises(Exception, match=f"{table} is append only"):
        payments.fetch(f"DELETE FROM {table} RETURNING 1")


def test_a_payments_file_is_for_operators(payments: PaymentsWorld) -> None:
    done = buy(payments, MASTERCARD, 3)
    plan_name = done["installments"]["plan"]

    async def view(desk: PaymentsDesk, _: AccountMoment) -> EvidenceFile:
        person = await people.get_person(desk.engine, "operator@sandbox.example")
        record = await find_plan_record(desk.engine, person, plan_name)
        file = await view_evidence(desk.engine, person, done["id"])
        assert [record] == list(file.records)
        with pytest.raises(NotFound):
            await find_plan_record(desk.engine, person, "plan_x")
        other = await people.get_person(desk.engine, "maker@sandbox.example")
        with pytest.raises(NotAllowed):
            await view_evidence(desk.engine, other, done["id"])
        with pytest.raises(NotAllowed):
            await find_plan_record(desk.engine, other, plan_name)
        return file

    file = payments.as_account(view)
    (record,) = file.records
    assert (record.seal_number, record.seal) == (1, hashlib.sha256(record.hash).digest())


def test_a_lenders_plan_goes_by_where_its_payer_lives(payments: PaymentsWorld) -> None:
    lent = {"enabled": True, "program": "vinr_bnpl"}
    address = BILLING["address"] | {"country": "US"}
    payment = intend(payments, installments=lent, billingDetails=BILLING | {"address": address})
    plans = list_plans(payments, payment, add_card(payments, OUTSIDE)).body["data"]
    assert {plan["rate"]["label"] for plan in plans} == {"APR"}
    assert {plan["rate"]["method"] for plan in plans} == {"us_reg_z"}
    at_home = intend(payments, installments=lent, billingDetails=BILLING)
    plans = list_plans(payments, at_home, add_card(payments, OUTSIDE)).body["data"]
    assert {plan["rate"]["label"] for plan in plans} == {"APRC"}


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("unix", None),
        (None, None),
    ],
)
def test_addresses_are_shortened(address: str | None, kept: str | None) -> None:
    assert shorten_address(address) == kept


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox"),
        ("Mozilla/5.0 (…) AppleWebKit/537.36 (…) Chrome/140.0.0.0 Safari/537.36 Edg/140.0", "Edge"),
        ("Mozilla/5.0 (…) AppleWebKit/537.36 (…) Chrome/140.0.0.0 Safari/537.36", "Chrome"),
        ("Mozilla/5.0 (…) AppleWebKit/605.1.15 (…) Version/18.0 Safari/605.1.15", "Safari"),
        ("curl/8.0", "other"),
        ("", None),
    ],
)
def test_browsers_are_named_without_version_and_machine(user_agent: str, name: str | None) -> None:
    assert name_browser(user_agent) == name
