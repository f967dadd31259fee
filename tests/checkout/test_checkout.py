"""The hosted page: a purchase by plain forms, and every state of `spec/payments.md` §15."""

import json
import re
from datetime import date, timedelta

import pytest
from tests.dialects.payments.conftest import payments, shared_payments
from tests.support.payment_calls import (
    APPROVED,
    CHALLENGED,
    RETURN_URL,
    create,
    list_events,
    move_account,
    run_tasks,
)
from tests.support.payments_world import PaymentsWorld
from tests.support.shopper import Shopper, open_shopper, type_card

__all__ = ["payments", "shared_payments"]

PLANS = "5200828200000108"
"""3 and 6 at 0 %, 12 at 9 %."""
ONLY_6_AND_12 = "5200828200000207"
NOT_ELIGIBLE = "4000005600000302"
TICK_NEEDED = "4000005600000104"
SHORT_OFFERS = "4000005600000401"
PLAN_REFUSED = "4000005600000500"
ONE_QUESTION = "5200828200000504"
NO_PLANS = "5555555555554444"
"""The lender has plans for it."""
HOME = {"line1": "Hauptstr. 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}


def read_payment(world: PaymentsWorld, payment_id: str) -> dict[str, object]:
    """The payment as its merchant sees it."""
    return dict(world.get(f"/v1/payments/{payment_id}").body)


def count_charges(world: PaymentsWorld, payment_id: str) -> int:
    """How often the bank was asked."""
    rows = world.fetch(
        "SELECT count(*) AS n FROM simulated_card_message WHERE message_id LIKE $1", f"{payment_id}:%"
    )
    return int(rows[0]["n"])


def test_a_purchase_with_a_plan_by_plain_forms(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(
        shared_payments, amount=60001, reference="order-1042", description="Annual kit"
    )
    assert (shopper.seen.title, shopper.seen.actions) == ("Your card", ["card", "cancel"])
    type_card(shopper, "5200 8282 0000 0108")
    assert shopper.seen.title == "Choose how to pay"
    assert shopper.seen.actions == ["choice", "other-card", "cancel"]
    assert shopper.seen.choices[0] == "full"
    shopper.send("choice", choice=shopper.seen.choices[1])
    assert shopper.seen.title == "Review and pay"
    assert shopper.seen.actions == ["pay", "other-plan", "other-card", "cancel"]
    shopper.send("pay")
    assert shopper.seen.title == "Thank you, your plan is agreed"
    for fact in ("order-1042", payment["id"], "Mastercard ending in 0108, valid to 12/39", "3 × €200.00"):
        assert fact in shopper.seen.words
    after = read_payment(shared_payments, payment["id"])
    assert (after["status"], after["amountCaptured"]) == ("completed", 60001)
    assert after["installments"]["resolvedCount"] == 3  # type: ignore[index]
    assert list_events(shared_payments, payment["id"]) == [
        "payment.created",
        "plan.offered",
        "payment.processing",
        "payment.completed",
    ]
    left = shopper.get(f"{shopper.path}/return")
    assert (left.status, left.headers["location"]) == (303, f"{RETURN_URL}?payment={payment['id']}")


def test_a_payment_without_plans_goes_from_card_to_review(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments, installments={"enabled": False})
    type_card(shopper, APPROVED)
    assert (shopper.seen.title, shopper.seen.actions) == ("Review and pay", ["pay", "other-card", "cancel"])
    assert "Pay €600.00" in shopper.seen.words
    assert shopper.send("pay").title == "Thank you, you have paid"
    assert read_payment(shared_payments, payment["id"])["status"] == "completed"
    assert shopper.get(f"{shopper.path}/plan.ics").status == 404


def test_the_ten_facts_of_a_plan_card(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_shopper(shared_payments, amount=60001)
    cards = type_card(shopper, PLANS).text.split('<div class="plan">')[1:]
    told = [" ".join(re.sub("<[^>]*>", " ", card).split()) for card in cards]
    assert told[0] == "Pay in full One payment of €600.01 now, without a plan."
    assert [text.partition(" Plan")[0] for text in told[1:]] == ["3 × €200.00", "6 × €100.00", "12 × €52.47"]
    first, _, last = read_due_dates(shared_payments, shopper.seen.choices[1])
    # Who lends, and where, is the catalogue's.
    plan = re.sub("Creditor Sandbox Bank.*? Amount", "Creditor Sandbox Bank Amount", told[1])
    assert plan.startswith(
        "3 × €200.00 Plan of Sandbox Bank First payment €200.01 Total to pay €600.01 Cost of credit €0.00"
        f" APRC 0.0% Interest per year 0.00% Fees None First payment on {first}"
        f" Creditor Sandbox Bank Amount financed €600.01 Duration 3 months, last payment on {last}"
        " Borrowing rate 0.00% a year, fixed Total of payments €600.01"
        " Caution! Borrowing money costs money. All payments and dates"
    )
    assert "Total to pay €629.64 Cost of credit €29.63 APRC 9.4% Interest per year 9.00%" in told[3]
    for text in told[1:]:
        assert "If you return something: A return lowers the payments still to come, spread evenly." in text
        assert "Terms: Sandbox Bank bills the payments to your card month by month." in text


def read_due_dates(world: PaymentsWorld, offer_id: str) -> list[str]:
    """The dates of an offer as it is kept, in English."""
    rows = world.fetch("SELECT body FROM payment_offer WHERE offer_id = $1", offer_id)
    days = [date.fromisoformat(row["due_date"]) for row in json.loads(rows[0]["body"])["rows"]]
    return [f"{day:%B} {day.day}, {day.year}" for day in days]


def test_nothing_is_preselected_and_a_number_of_the_shop_is_only_marked(
    shared_payments: PaymentsWorld,
) -> None:
    _, shopper = open_shopper(shared_payments, installments={"enabled": True, "count": 9})
    text = type_card(shopper, PLANS).text
    assert text.count('type="radio"') == 4
    assert re.findall(r"<input[^>]*\bchecked\b", text) == []
    assert text.count("Suggested by the shop") == 1
    assert "Suggested by the shop" in text.split('<div class="plan">')[3]


# What is chosen of 3, 6, 12 when the shop asked for 9, and what the review says of it.
@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (2, "The shop suggested 9 payments; the nearest is 6."),
        (3, "The shop suggested 9 payments; you chose 12."),
    ],
    ids=["nearest", "another"],
)
def test_a_plan_that_differs_from_the_shops_number_needs_a_yes(
    shared_payments: PaymentsWorld, number: int, sentence: str
) -> None:
    payment, shopper = open_shopper(shared_payments, installments={"enabled": True, "count": 9})
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[number])
    assert sentence in shopper.seen.words
    assert shopper.send("pay").status == 422
    assert read_payment(shared_payments, payment["id"])["status"] == "pending"
    assert shopper.send("pay", differs="yes").title == "Thank you, your plan is agreed"
    asked = read_payment(shared_payments, payment["id"])["installments"]
    assert (asked["count"], asked["resolvedCount"]) == (9, (6, 12)[number - 2])  # type: ignore[index]


def test_a_plan_of_the_shops_number_needs_no_yes(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_shopper(shared_payments, installments={"enabled": True, "count": 3})
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[1])
    assert "differs" not in shopper.seen.text
    assert shopper.send("pay").title == "Thank you, your plan is agreed"


def test_terms_are_ticked_only_where_they_must_be(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, TICK_NEEDED)
    shopper.send("choice", choice=shopper.seen.choices[1])
    assert "I have read the terms of this payment plan and accept them." in shopper.seen.words
    assert re.findall(r"<input type=\"checkbox\"[^>]*", shopper.seen.text) == [
        '<input type="checkbox" id="terms" name="terms" value="yes" required'
    ]
    refused = shopper.send("pay")
    assert (refused.status, "Please accept the terms of this plan." in refused.words) == (422, True)
    assert count_charges(shared_payments, payment["id"]) == 0
    assert shopper.send("pay", terms="yes").title == "Thank you, your plan is agreed"
    plan = read_payment(shared_payments, payment["id"])["installments"]["plan"]  # type: ignore[index]
    kept = shared_payments.fetch("SELECT acceptance FROM payment_plan WHERE payment_id = $1", payment["id"])
    assert plan is not None and '"terms_id":"visa-eu-01"' in kept[0]["acceptance"]


def test_no_offers_are_explained_and_full_payment_stays(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, APPROVED)
    assert shopper.seen.choices == ["full"]
    assert "There is no plan for this card" in shopper.seen.words
    assert "The bank of this card offers no installment plans." in shopper.seen.words
    shopper.send("choice", choice="full")
    assert shopper.send("pay").title == "Thank you, you have paid"
    asked = read_payment(shared_payments, payment["id"])["installments"]
    codes = [reason["code"] for reason in asked["unavailableReasons"]]  # type: ignore[index]
    assert (asked["enabled"], asked["resolvedCount"], codes) == (  # type: ignore[index]
        True,
        None,
        ["issuer_not_participating", "card_not_eligible"],
    )


def test_a_shop_that_wants_a_plan_takes_no_full_payment(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments, installments={"enabled": True, "required": True})
    type_card(shopper, APPROVED)
    assert (shopper.seen.choices, shopper.seen.actions) == ([], ["other-card", "cancel"])
    assert "The shop takes this order with a plan only: try another card." in shopper.seen.words
    shopper.send("choice", choice="full")
    shopper.send("pay")
    assert shopper.seen.title == "Choose how to pay"
    assert count_charges(shared_payments, payment["id"]) == 0


def test_an_offer_that_lapsed_leads_to_a_new_list(payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(payments)
    type_card(shopper, SHORT_OFFERS)
    old = shopper.seen.choices[1]
    shopper.send("choice", choice=old)
    move_account(payments, timedelta(seconds=61))
    assert "The offer ended while you decided. Nothing was charged." in shopper.look().words
    # A page that was loaded before posts its own form.
    shopper.send("pay")
    assert shopper.seen.title == "Choose how to pay"
    assert "The offer ended while you decided." in shopper.seen.words
    assert len(shopper.seen.choices) == 3
    assert old not in shopper.seen.choices
    assert count_charges(payments, payment["id"]) == 0
    shopper.send("choice", choice=shopper.seen.choices[1])
    assert shopper.send("pay", terms="yes").title == "Thank you, your plan is agreed"


def test_an_offer_of_another_payment_is_not_taken(shared_payments: PaymentsWorld) -> None:
    _, other = open_shopper(shared_payments)
    offer = type_card(other, PLANS).choices[1]
    _, shopper = open_shopper(shared_payments)
    type_card(shopper, PLANS)
    assert shopper.send("choice", choice=offer).title == "Choose how to pay"


def test_a_plan_that_the_issuer_refuses_is_never_a_charge(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, PLAN_REFUSED)
    shopper.send("choice", choice=shopper.seen.choices[1])
    shopper.send("pay", terms="yes")
    assert shopper.seen.title == "Choose how to pay"
    assert "Your card's bank did not grant this plan. Nothing was charged." in shopper.seen.words
    assert count_charges(shared_payments, payment["id"]) == 0
    assert read_payment(shared_payments, payment["id"])["status"] == "pending"
    shopper.send("choice", choice="full")
    assert shopper.send("pay").title == "Thank you, you have paid"


def test_an_issuer_asks_one_more_question(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, ONE_QUESTION)
    shopper.send("choice", choice=shopper.seen.choices[1])
    assert shopper.seen.title == "About you"
    assert shopper.seen.actions == ["details", "other-plan", "other-card", "cancel"]
    assert re.findall('<input id="([a-z0-9_]+)"', shopper.seen.text) == ["phone"]
    assert shopper.send("details").status == 422
    assert shopper.send("details", phone="+49 30 1234").title == "Review and pay"
    assert shopper.send("pay").title == "Thank you, your plan is agreed"
    assert read_payment(shared_payments, payment["id"])["status"] == "completed"


def choose_lender(world: PaymentsWorld) -> tuple[dict[str, object], Shopper]:
    """A shopper whose lender asks who they are."""
    payment, shopper = open_shopper(world)
    type_card(shopper, NO_PLANS)
    shopper.send("choice", choice=shopper.seen.choices[1])
    assert shopper.seen.title == "About you"
    return payment, shopper


def count_checks(world: PaymentsWorld, payment: dict[str, object]) -> list[str]:
    """What the lender said, in order."""
    rows = world.fetch(
        "SELECT decision FROM payment_credit_check WHERE payment_id = $1 ORDER BY position", payment["id"]
    )
    return [row["decision"] for row in rows]


def test_a_lender_is_asked_only_with_consent(shared_payments: PaymentsWorld) -> None:
    payment, shopper = choose_lender(shared_payments)
    answers = {"name": "Ana Silva", "email": "ana@example.com", **HOME}
    refused = shopper.send("details", **answers)
    assert (refused.status, count_checks(shared_payments, payment)) == (422, [])
    assert "The check needs your consent." in refused.words
    assert 'value="Hauptstr. 1"' in refused.text
    assert "Ana Silva" not in shopper.send("details", **{**answers, "name": ""}).text
    assert shopper.send("details", **answers, consent="yes").title == "Review and pay"
    assert "Sandbox Lender agreed to this plan." in shopper.seen.words
    assert count_checks(shared_payments, payment) == ["approved"]
    assert shopper.send("pay").title == "Thank you, your plan is agreed"
    assert read_payment(shared_payments, str(payment["id"]))["installments"]["issuerProgram"] == "vinr_bnpl"  # type: ignore[index]


# What the payer's address asks of the lender, where the page goes, and what it says.
@pytest.mark.parametrize(
    ("email", "title", "sentence", "decision"),
    [
        ("bnpl-decline@x.example", "Choose how to pay", "The lender does not grant this plan.", "declined"),
        ("bnpl-limit-50000@x.example", "Choose how to pay", "The lender does not grant this", "declined"),
        ("bnpl-timeout@x.example", "Choose how to pay", "no answer about this plan", "unavailable"),
        ("bnpl-refer@x.example", "About you", "Sandbox Lender has one more question.", "refer"),
    ],
    ids=["declined", "limit", "timeout", "refer"],
)
def test_what_a_lender_says_leads_on(
    shared_payments: PaymentsWorld, email: str, title: str, sentence: str, decision: str
) -> None:
    payment, shopper = choose_lender(shared_payments)
    shopper.send("details", name="Ana Silva", email=email, consent="yes", **HOME)
    assert shopper.seen.title == title
    assert sentence in shopper.seen.words
    assert count_checks(shared_payments, payment) == [decision]
    assert count_charges(shared_payments, str(payment["id"])) == 0
    if decision == "refer":
        answers = {"name": "Ana Silva", "email": email, "phone": "+49 30 1234", **HOME}
        assert shopper.send("details", consent="yes", **answers).title == "Review and pay"


def test_an_approval_that_lapsed_leads_back_to_the_plans(payments: PaymentsWorld) -> None:
    payment, shopper = choose_lender(payments)
    shopper.send("details", name="Ana Silva", email="bnpl-lapse@x.example", consent="yes", **HOME)
    assert shopper.seen.title == "Review and pay"
    move_account(payments, timedelta(seconds=61))
    shopper.send("pay")
    assert shopper.seen.title == "Choose how to pay"
    assert "The offer ended while you decided." in shopper.seen.words
    assert count_charges(payments, str(payment["id"])) == 0


def test_five_cards_may_be_tried(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments, installments={"enabled": False})
    for left in (4, 3, 2, 1):
        type_card(shopper, "4000000000009995")
        shopper.send("pay")
        assert shopper.seen.title == "Your card"
        assert "The bank did not approve the amount on this card." in shopper.seen.words
        assert f"Attempts left: {left}." in shopper.seen.words
    type_card(shopper, "4000000000009995")
    assert shopper.send("pay").title == "The payment did not go through"
    after = read_payment(shared_payments, payment["id"])
    assert (after["status"], after["declineCode"]) == ("failed", "insufficient_funds")
    assert list_events(shared_payments, payment["id"]).count("payment.failed") == 1


def test_a_declined_card_may_be_followed_by_another(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, "4000000000000002")
    shopper.send("choice", choice="full")
    assert shopper.send("pay").title == "Choose how to pay"
    assert "The card's bank did not approve it." in shopper.seen.words
    assert shopper.send("other-card").title == "Your card"
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[2])
    assert shopper.send("pay").title == "Thank you, your plan is agreed"
    assert count_charges(shared_payments, payment["id"]) == 2


# What the cardholder does on the bank's page, and where they are then.
@pytest.mark.parametrize(
    ("answer", "status", "title"),
    [
        ("pass", "completed", "Thank you, you have paid"),
        ("fail", "pending", "Choose how to pay"),
        ("cancel", "cancelled", None),
    ],
)
def test_a_challenge_comes_back_to_the_page(
    shared_payments: PaymentsWorld, answer: str, status: str, title: str | None
) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, CHALLENGED)
    shopper.send("choice", choice="full")
    sent = shopper.post("pay", form_token=shopper.seen.form_token)
    path = sent.headers["location"].removeprefix(shared_payments.desk.root_url)
    bank = shopper.get(path)
    assert bank.title == "Confirm your payment"
    page = shopper.look()
    assert (page.title, page.actions) == ("Your bank asks you to confirm", ["cancel"])
    body = f"answer={answer}&form_token={bank.form_token}".encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    after = shopper.follow(shopper.ask("POST", path, body, form))
    if title is None:
        assert after.headers["location"] == f"{RETURN_URL}?payment={payment['id']}"
    else:
        assert after.title == title
    assert read_payment(shared_payments, payment["id"])["status"] == status


def test_a_challenge_may_be_left_from_the_page(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, CHALLENGED)
    shopper.send("choice", choice="full")
    shopper.post("pay", form_token=shopper.seen.form_token)
    shopper.look()
    shopper.send("cancel")
    after = read_payment(shared_payments, payment["id"])
    assert (after["status"], after["cancellationReason"]) == ("cancelled", "abandoned")


def test_cancelling_leads_to_the_shop(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments, returnUrl="https://shop.example/done?order=7")
    left = shopper.send("cancel")
    assert left.status == 303
    assert left.headers["location"] == f"https://shop.example/done?order=7&payment={payment['id']}"
    assert shopper.look().title == "This payment was cancelled"
    assert list_events(shared_payments, payment["id"]) == ["payment.created", "payment.cancelled"]


def test_the_session_ends_by_time(payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(payments, expiresInMinutes=30)
    type_card(shopper, PLANS)
    choice = shopper.seen
    move_account(payments, timedelta(minutes=31))
    # Before and after the agenda has come to it.
    for _ in range(2):
        assert shopper.look().title == "The time to pay is over"
        late = shopper.post("choice", form_token=choice.form_token, choice="full")
        assert (late.status, late.headers["location"]) == (303, shopper.path)
        left = shopper.get(f"{shopper.path}/return")
        assert left.headers["location"] == f"{RETURN_URL}?payment={payment['id']}"
        run_tasks(payments)
    assert list_events(payments, payment["id"])[-2:] == ["payment.cancelled", "payment.expired"]


def test_another_browser_sees_only_that_it_is_paid(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[1])
    shopper.send("pay")
    other = Shopper(shared_payments, shopper.path)
    assert other.seen.title == "This payment is done"
    assert "0108" not in other.seen.text
    assert other.get(f"{other.path}/plan.ics").status == 404
    left = other.get(f"{other.path}/return")
    assert left.headers["location"] == f"{RETURN_URL}?payment={payment['id']}"


def test_a_payment_that_is_held_says_so(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments, captureMethod="manual")
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[1])
    assert shopper.send("pay").title == "Thank you, the amount is reserved"
    assert read_payment(shared_payments, payment["id"])["status"] == "authorized"
    _, in_full = open_shopper(shared_payments, captureMethod="manual", installments={"enabled": False})
    type_card(in_full, APPROVED)
    assert in_full.send("pay").title == "Thank you, the amount is reserved"
    assert "Shop Parcela Demo Store Payment pay_" in in_full.seen.words
    assert shared_payments.post(f"/v1/payments/{payment['id']}/capture", {}).status == 200
    assert shopper.look().title == "Thank you, your plan is agreed"


def test_the_dates_come_as_a_calendar_file(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[1])
    shopper.send("pay")
    rows = read_payment(shared_payments, payment["id"])["installments"]["schedule"]  # type: ignore[index]
    file = shopper.get(f"{shopper.path}/plan.ics")
    assert file.headers["content-type"] == "text/calendar; charset=utf-8"
    assert file.headers["content-disposition"] == 'attachment; filename="plan.ics"'
    lines = file.raw.decode().split("\r\n")
    assert (lines[0], lines[-2], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR", "")
    assert [line for line in lines if line.startswith("DTSTART")] == [
        f"DTSTART;VALUE=DATE:{row['dueDate'].replace('-', '')}" for row in rows
    ]
    assert [line for line in lines if line.startswith("SUMMARY")] == [
        f"SUMMARY:Payment {number} of 3: €200.00 for Parcela Demo Store" for number in (1, 2, 3)
    ]


def test_a_payment_to_be_confirmed_has_no_page(shared_payments: PaymentsWorld) -> None:
    assert create(shared_payments, confirm=False)["checkoutUrl"] is None
