"""Plans as they are listed, chosen and accepted through the door (`spec/payments.md` §6)."""

import hashlib
import json
from datetime import date
from typing import Any

import pytest
import rfc8785
from tests.support.payments_world import PaymentsWorld
from tests.support.plan_buyers import (
    BILLING,
    COBRAND,
    CURIOUS,
    EXCLUDED,
    LAPSING,
    LONG,
    MASTERCARD,
    OUTSIDE,
    PHONE,
    PLAIN,
    REFUSED,
    SILENT,
    THREE,
    VISA,
    add_card,
    advance,
    buy,
    confirm,
    find_breaks,
    get_payment,
    intend,
    list_events,
    list_plans,
)

from parcela import __version__
from parcela.domain.payments.plan_choices import PlanAsked
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_methods import get_payment_method
from parcela.operations.payments.payment_reading import get_payment as read_payment
from parcela.operations.payments.plan_choice import approve_plan, choose_plan

ISSUER = {"enabled": True, "program": "issuer"}
LENDER = {"enabled": True, "program": "vinr_bnpl"}
ACCEPTED_EARLY = 1


def accept(plan: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The payer's word on the terms that are shown with a plan."""
    terms = plan["terms"]
    return {
        "termsId": terms["id"],
        "version": terms["version"],
        "language": terms["language"],
        "acceptedAt": 4102444800,
        **changes,
    }


def write_english(day: str) -> str:
    """2026-08-01 as August 1, 2026."""
    read = date.fromisoformat(day)
    return f"{read:%B} {read.day}, {read.year}"


SHOWN = [
    # The documented cards with what their row says (§16), by the model that the merchant asks for.
    (MASTERCARD, ISSUER, [3, 6, 12], []),
    (LONG, ISSUER, [6, 12], []),
    (VISA, ISSUER, [3, 6], []),
    (THREE, ISSUER, [3], []),
    (COBRAND, ISSUER, [10], []),
    (CURIOUS, ISSUER, [3, 6], []),
    (LAPSING, ISSUER, [3, 6], []),
    (REFUSED, ISSUER, [3, 6], []),
    (OUTSIDE, ISSUER, [], ["issuer_not_participating", "program_excluded"]),
    (SILENT, ISSUER, [], ["issuer_unavailable", "program_excluded"]),
    (EXCLUDED, ISSUER, [], ["card_not_eligible", "program_excluded"]),
    # Where the issuer has none the lender's stand in, and the reason is told beside them.
    (OUTSIDE, {"enabled": True}, [3, 4, 6, 12], ["issuer_not_participating"]),
    (SILENT, {"enabled": True}, [3, 4, 6, 12], ["issuer_unavailable"]),
    (EXCLUDED, {"enabled": True}, [3, 4, 6, 12], ["card_not_eligible"]),
    (MASTERCARD, LENDER, [3, 4, 6, 12], []),
    # Approved, and no plans whatever is asked for.
    (PLAIN, {"enabled": True}, [], ["issuer_not_participating", "card_not_eligible"]),
    (PLAIN, LENDER, [], ["card_not_eligible"]),
]


@pytest.mark.parametrize(
    ("number", "wish", "counts", "codes"),
    SHOWN,
    ids=[f"{number[-4:]}-{wish.get('program', 'any')}" for number, wish, _, _ in SHOWN],
)
def test_each_plan_card_shows_what_it_is_documented_for(
    shared_payments: PaymentsWorld, number: str, wish: dict[str, Any], counts: list[int], codes: list[str]
) -> None:
    payment = intend(shared_payments, installments=wish)
    shown = list_plans(shared_payments, payment, add_card(shared_payments, number))
    assert shown.status == 200
    assert [plan["count"] for plan in shown.body["data"]] == counts
    assert [reason["code"] for reason in shown.body["unavailableReasons"]] == codes
    assert shown.body["page"] == {
        "has_more": False,
        "next_cursor": None,
        "total_estimate": len(counts),
    }


def test_a_listed_plan_is_whole(payments: PaymentsWorld) -> None:
    payment = intend(payments, amount=10000, installments={"enabled": True, "firstPaymentDate": "2027-01-31"})
    card = add_card(payments, THREE)
    (plan,) = list_plans(payments, payment, card).body["data"]
    today = payments.fetch("SELECT (now() AT TIME ZONE 'UTC')::date + interval '1 month' AS d")[0]["d"].date()
    created = payments.fetch("SELECT shown_at FROM payment_plan_list")[0]["shown_at"]
    assert plan == {
        "object": "installment_plan",
        "offer": plan["offer"],
        "count": 3,
        "interval": "month",
        "monthlyAmount": 3333,
        "firstAmount": 3334,
        "lastAmount": 3333,
        "amountFinanced": 10000,
        "totalAmount": 10000,
        "costOfCredit": 0,
        "currency": "EUR",
        "interestRate": "0.00",
        "rate": {"label": "APRC", "value": "0.0", "method": "eu_ccd2"},
        "fees": [],
        "firstPaymentDate": today.isoformat(),
        "schedule": [
            {
                "number": number,
                "dueDate": plan["schedule"][number - 1]["dueDate"],
                "amount": amount,
                "principal": amount,
                "interest": 0,
                "fee": 0,
                "tax": 0,
            }
            for number, amount in enumerate([3334, 3333, 3333], 1)
        ],
        "program": "issuer",
        "issuerProgram": "visa_installments",
        "controlledBy": "issuer",
        "requested": False,
        "approval": "not_needed",
        "refundEffect": "A return lowers the payments still to come, spread evenly.",
        "terms": {
            "id": "visa-eu-01",
            "version": "2",
            "language": "en",
            "url": "https://bank.sandbox.example/terms/visa-eu-01",
            "text": "Sandbox Bank sets the dates of your payments and bills them to your card."
            " A late payment may cost extra.",
            "acceptanceRequired": True,
            "acceptanceText": "I have read the terms of this payment plan and accept them.",
        },
        "display": {
            "language": "en",
            "title": "3 × €33.33",
            "total": "€100.00",
            "costOfCredit": "€0.00",
            "rate": {"label": "APRC", "text": "0.0%"},
            "fees": [],
            "firstPaymentDate": write_english(today.isoformat()),
            "payments": [
                {
                    "number": number,
                    "date": write_english(plan["schedule"][number - 1]["dueDate"]),
                    "amount": amount,
                }
                for number, amount in enumerate(["€33.34", "€33.33", "€33.33"], 1)
            ],
            "disclosure": {
                "regimes": [
                    {
                        "id": "eu_ccd2",
                        "version": "2026-1",
                        "country": "DEU",
                        "side": "cardholder",
                        "method": "eu_ccd2",
                        "label": "APRC",
                        "shown": "0.0",
                        "exact": "0.000000",
                        "second": None,
                    }
                ],
                "facts": plan["display"]["disclosure"]["facts"],
                "hash": plan["display"]["disclosure"]["hash"],
            },
        },
        "expiresAt": int(created.timestamp()) + 1800,
        "offerHash": plan["offerHash"],
    }
    first, last = write_english(today.isoformat()), write_english(plan["schedule"][2]["dueDate"])
    facts = plan["display"]["disclosure"]["facts"]
    assert [(fact["fact"], fact["label"], fact["text"]) for fact in facts[:11]] == [
        ("payments", "Payments", "3 × €33.33"),
        ("odd_payment", "First payment", "€33.34"),
        ("total", "Total to pay", "€100.00"),
        ("cost", "Cost of credit", "€0.00"),
        ("rate", "APRC", "0.0%"),
        ("interest", "Interest per year", "0.00%"),
        ("fees", "Fees", "None"),
        ("first_due", "First payment on", first),
        ("schedule", "All payments and dates", facts[8]["text"]),
        ("returns", "If you return something", plan["refundEffect"]),
        ("terms", "Terms", plan["terms"]["text"]),
    ]
    assert (facts[8]["text"].startswith(f"1. {first}: €33.34; 2. "), last in facts[8]["text"]) == (True, True)
    assert [fact["fact"] for fact in facts[11:]] == [
        *("credit_warning", "creditor", "amount_financed", "duration", "borrowing_rate"),
        *("total_of_payments", "late_payment", "withdrawal", "prepayment"),
    ]
    assert [fact["fact"] for fact in facts if fact["emphasis"] != "normal"] == ["rate", "credit_warning"]
    digest = hashlib.sha256(rfc8785.dumps(facts)).hexdigest()
    assert plan["display"]["disclosure"]["hash"] == f"sha256:{digest}"


def test_a_listing_that_says_the_same_is_the_same_list(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, MASTERCARD)
    first = list_plans(payments, payment, card)
    assert list_plans(payments, payment, card).body == first.body
    assert list_events(payments, "plan") == ["plan.offered"]
    advance(payments, minutes=30)
    again = list_plans(payments, payment, card)
    assert [plan["offer"] for plan in again.body["data"]] != [plan["offer"] for plan in first.body["data"]]
    assert list_events(payments, "plan") == ["plan.offered", "plan.offered"]


def test_a_saved_card_gets_what_a_fresh_one_gets(payments: PaymentsWorld) -> None:
    payment = intend(payments)
    shown = [list_plans(payments, payment, add_card(payments, MASTERCARD)).body["data"] for _ in range(2)]
    for plans in shown:
        for plan in plans:
            del plan["offer"], plan["offerHash"], plan["expiresAt"]
    assert shown[0] == shown[1]


REQUESTED = [(9, LONG, [True, False]), (4, MASTERCARD, [True, False, False]), (60, LONG, [False, True])]


@pytest.mark.parametrize(("count", "number", "marks"), REQUESTED)
def test_the_plan_that_a_wish_comes_to_is_marked(
    shared_payments: PaymentsWorld, count: int, number: str, marks: list[bool]
) -> None:
    payment = intend(shared_payments, installments={"enabled": True, "count": count})
    shown = list_plans(shared_payments, payment, add_card(shared_payments, number))
    assert [plan["requested"] for plan in shown.body["data"]] == marks


def test_reasons_are_told_in_the_payments_language_with_their_bound(shared_payments: PaymentsWorld) -> None:
    payment = intend(shared_payments, amount=4999, locale="de", installments=ISSUER)
    shown = list_plans(shared_payments, payment, add_card(shared_payments, MASTERCARD))
    assert shown.body["unavailableReasons"] == [
        {
            "code": "amount_below_minimum",
            "message": "Der Betrag ist zu klein: Ratenpläne gibt es ab 50,00\u00a0€.",
            "program": "mastercard_installments",
        }
    ]


def test_a_payment_without_installments_lists_no_plans(shared_payments: PaymentsWorld) -> None:
    payment = intend(shared_payments, installments={"enabled": False})
    refused = list_plans(shared_payments, payment, add_card(shared_payments, MASTERCARD))
    assert (refused.status, refused.code, refused.error["param"]) == (
        400,
        "installments_not_enabled",
        "payment",
    )


def test_a_payment_with_its_plan_says_so_and_one_that_ended_is_refused(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    shown = list_plans(payments, bought, add_card(payments, MASTERCARD))
    assert (shown.status, shown.body["data"]) == (200, [])
    assert [reason["code"] for reason in shown.body["unavailableReasons"]] == ["already_on_plan"]
    ended = intend(payments)
    assert payments.post(f"/v1/payments/{ended['id']}/cancel", {}).status == 200
    refused = list_plans(payments, ended, add_card(payments, MASTERCARD))
    assert (refused.status, refused.code) == (422, "payment_not_confirmable")


def test_foreign_and_unknown_objects_are_missing_alike(shared_payments: PaymentsWorld) -> None:
    world = shared_payments
    payment, card = intend(world), add_card(world, MASTERCARD)
    path = f"/v1/installments/plans?payment={payment['id']}&paymentMethod={card}"
    assert world.get(path, key=world.other_secret).code == "resource_missing"
    unknown = "pay_01K00000000000000000000000"
    assert list_plans(world, {"id": unknown}, card).code == "resource_missing"
    assert list_plans(world, payment, "pm_01K00000000000000000000000").code == "resource_missing"
    bought = buy(world, MASTERCARD, 3)["installments"]["plan"]
    assert world.get(f"/v1/installments/plans/{bought}").body["id"] == bought
    foreign = world.get(f"/v1/installments/plans/{bought}", key=world.other_secret)
    assert (foreign.status, foreign.code) == (404, "resource_missing")
    for name in ("plan_01K00000000000000000000000", "plan_x", bought.lower(), bought + "A"):
        assert world.get(f"/v1/installments/plans/{name}").code == "resource_missing"


def test_the_restricted_key_reads_no_plans(shared_payments: PaymentsWorld) -> None:
    world = shared_payments
    payment, card = intend(world), add_card(world, MASTERCARD)
    path = f"/v1/installments/plans?payment={payment['id']}&paymentMethod={card}"
    assert world.get(path, key=world.credentials["restricted_key"]).code == "permission_missing"


def test_what_is_accepted_equals_what_was_shown(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, MASTERCARD)
    shown = list_plans(payments, payment, card).body["data"]
    plan = shown[2]
    done = confirm(payments, payment, card, installments={"enabled": True, "offer": plan["offer"]}).body
    taken = done["installments"]
    assert (taken["resolvedCount"], taken["count"], taken["issuerProgram"]) == (
        12,
        12,
        "mastercard_installments",
    )
    assert [{**row, "status": "due"} for row in plan["schedule"]] == taken["schedule"]
    assert (taken["totalAmount"], taken["costOfCredit"]) == (plan["totalAmount"], plan["costOfCredit"])
    read = payments.get(f"/v1/installments/plans/{taken['plan']}").body
    same = ("offer", "offerHash", "rate", "interestRate", "fees", "refundEffect", "controlledBy", "display")
    assert {name: read[name] for name in same} == {name: plan[name] for name in same}
    (kept,) = payments.fetch("SELECT body FROM payment_plan_evidence")
    path = f"/v1/installments/plans/{taken['plan']}/evidence"
    answer = payments.get(path)
    assert (answer.status, answer.raw.decode()) == (200, kept["body"])
    assert payments.get(path, key=payments.other_secret).code == "resource_missing"
    evidence = json.loads(kept["body"])
    assert evidence["offersShown"] == shown
    disclosed = plan["display"]["disclosure"]
    assert (evidence["facts"]["printed"], evidence["facts"]["hash"]) == (
        disclosed["facts"],
        disclosed["hash"],
    )
    assert [
        {name: member for name, member in regime.items() if name not in ("offer", "engine")}
        for regime in evidence["regimes"]
    ] == disclosed["regimes"]
    assert (evidence["offerHash"], evidence["plan"]) == (plan["offerHash"], taken["plan"])
    assert evidence["regimes"] == [
        {
            "offer": plan["offer"],
            "id": "eu_ccd2",
            "version": "2026-1",
            "country": "DEU",
            "side": "cardholder",
            "method": "eu_ccd2",
            "label": "APRC",
            "shown": plan["rate"]["value"],
            "exact": "9.377232",
            "second": None,
            "engine": __version__,
        }
    ]
    assert read["disclosure"] == evidence["disclosureId"]
    assert find_breaks(payments) == []


def test_the_order_of_one_purchase_is_the_documented_one(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, MASTERCARD)
    list_plans(payments, payment, card)
    confirm(payments, payment, card, installments={"enabled": True, "count": 3})
    assert list_events(payments, "payment", "plan") == [
        "payment.created",
        "plan.offered",
        "plan.accepted",
        "payment.processing",
        "payment.completed",
    ]


def test_no_number_leaves_the_choice_to_the_program(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, MASTERCARD)
    taken = confirm(payments, payment, card).body["installments"]
    assert (taken["resolvedCount"], taken["count"]) == (3, 3)


@pytest.mark.parametrize(
    ("number", "kept", "ignored"),
    [
        (MASTERCARD, True, []),
        (LONG, True, []),
        (COBRAND, False, [{"field": "firstPaymentDate", "reason": "controlled_by_issuer"}]),
    ],
)
def test_a_wished_first_date_is_kept_or_told_as_ignored(
    payments: PaymentsWorld, number: str, kept: bool, ignored: list[dict[str, str]]
) -> None:
    wished = payments.fetch("SELECT ((now() AT TIME ZONE 'UTC')::date + 17)::text AS d")[0]["d"]
    wish = {"enabled": True, "count": 6, "firstPaymentDate": wished}
    payment = intend(payments, installments=wish)
    taken = confirm(payments, payment, add_card(payments, number)).body["installments"]
    assert (taken["schedule"][0]["dueDate"] == wished) is kept
    assert (taken["ignoredFields"], taken["firstPaymentDate"]) == (ignored, wished)


def test_a_card_without_plans_pays_at_once_and_says_why(payments: PaymentsWorld) -> None:
    payment = intend(payments, installments={"enabled": True, "count": 3})
    done = confirm(payments, payment, add_card(payments, PLAIN)).body
    assert (done["status"], done["amountCaptured"]) == ("completed", 60000)
    taken = done["installments"]
    assert (taken["resolvedCount"], taken["issuerProgram"], taken["plan"]) == (None, None, None)
    assert [reason["code"] for reason in taken["unavailableReasons"]] == [
        "issuer_not_participating",
        "card_not_eligible",
    ]
    assert done["feeBreakdown"] == {"processingFee": 174, "installmentFee": 0, "totalFee": 174}


def test_no_plan_is_no_charge_where_one_is_required(payments: PaymentsWorld) -> None:
    payment = intend(payments, installments={"enabled": True, "count": 3, "required": True})
    refused = confirm(payments, payment, add_card(payments, PLAIN))
    assert (refused.status, refused.code) == (402, "no_plan_available")
    assert [reason["code"] for reason in refused.error["details"]["unavailableReasons"]] == [
        "issuer_not_participating",
        "card_not_eligible",
    ]
    assert (get_payment(payments, payment["id"])["status"], payments.count_records()["plan"]) == (
        "pending",
        0,
    )
    assert payments.count_records()["simulated_card_message"] == 0


def test_nobody_is_lent_to_unasked(payments: PaymentsWorld) -> None:
    # The lender's plans would stand in; but nobody saw them, and nothing is known of the payer.
    payment = intend(payments, installments={"enabled": True, "count": 3})
    done = confirm(payments, payment, add_card(payments, OUTSIDE)).body
    assert (done["status"], done["installments"]["plan"]) == ("completed", None)
    reasons = done["installments"]["unavailableReasons"]
    assert [reason["code"] for reason in reasons] == ["issuer_not_participating"]


def test_a_tick_must_be_given_after_the_terms_were_shown(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, VISA)
    wish = {"installments": {"enabled": True, "count": 3}}
    unseen = {"termsId": "visa-eu-01", "version": "2", "language": "en", "acceptedAt": 4102444800}
    # Never listed: nobody can have read the terms.
    assert (
        confirm(payments, payment, card, **wish, termsAcceptance=unseen).code == "terms_acceptance_required"
    )
    plan = list_plans(payments, payment, card).body["data"][0]
    before = payments.count_records()
    for wrong in (
        {},
        {"termsAcceptance": accept(plan, version="1")},
        {"termsAcceptance": accept(plan, language="de")},
        {"termsAcceptance": accept(plan, termsId="mc-eu-01")},
        {"termsAcceptance": accept(plan, acceptedAt=ACCEPTED_EARLY)},
    ):
        refused = confirm(payments, payment, card, **wish, **wrong)
        assert (refused.status, refused.code) == (422, "terms_acceptance_required")
        assert refused.error["details"] == {"termsId": "visa-eu-01", "version": "2", "language": "en"}
    assert payments.count_records() == before
    done = confirm(payments, payment, card, **wish, termsAcceptance=accept(plan))
    assert done.body["status"] == "completed"
    read = payments.get(f"/v1/installments/plans/{done.body['installments']['plan']}").body
    assert read["terms"]["acceptedAt"] == 4102444800


def test_a_real_instant_counts_where_the_test_clock_is_ahead(payments: PaymentsWorld) -> None:
    advance(payments, days=400)
    payment, card = intend(payments), add_card(payments, THREE)
    plan = list_plans(payments, payment, card).body["data"][0]
    now = payments.fetch("SELECT ceil(extract(epoch FROM now()))::bigint AS t")[0]["t"]
    done = confirm(payments, payment, card, termsAcceptance=accept(plan, acceptedAt=now))
    assert done.body["status"] == "completed"


def test_an_offer_that_lapsed_is_gone(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, LAPSING)
    plan = list_plans(payments, payment, card).body["data"][0]
    named = {"enabled": True, "offer": plan["offer"]}
    advance(payments, seconds=60)
    before = payments.count_records()
    refused = confirm(payments, payment, card, installments=named, termsAcceptance=accept(plan))
    assert (refused.status, refused.code) == (422, "plan_expired")
    assert payments.count_records() == before
    fresh = list_plans(payments, payment, card).body["data"][0]
    assert fresh["offer"] != plan["offer"]
    assert fresh["expiresAt"] - plan["expiresAt"] in (60, 61, 62)
    named = {"enabled": True, "offer": fresh["offer"]}
    done = confirm(payments, payment, card, installments=named, termsAcceptance=accept(fresh))
    assert done.body["status"] == "completed"


def test_an_offer_stands_for_its_own_payment_and_card(payments: PaymentsWorld) -> None:
    payment, other = intend(payments), intend(payments)
    card, second = add_card(payments, MASTERCARD), add_card(payments, MASTERCARD)
    offer = list_plans(payments, payment, card).body["data"][0]["offer"]
    for wrong, method in ((other, card), (payment, second)):
        refused = confirm(payments, wrong, method, installments={"enabled": True, "offer": offer})
        assert (refused.status, refused.code, refused.error["param"]) == (
            404,
            "resource_missing",
            "installments.offer",
        )


def test_a_plan_that_changed_since_it_was_listed_is_shown_again(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, MASTERCARD)
    plan = list_plans(payments, payment, card).body["data"][0]
    # The next day all dates are one day later.
    advance(payments, days=1)
    wish = {"enabled": True, "count": 3}
    refused = confirm(payments, payment, card, installments=wish)
    assert (refused.status, refused.code) == (422, "plan_changed")
    new = refused.error["details"]["plan"]
    assert (new["count"], new["offer"] == plan["offer"]) == (3, False)
    assert new["firstPaymentDate"] > plan["firstPaymentDate"]
    assert get_payment(payments, payment["id"])["status"] == "pending"
    done = confirm(payments, payment, card, installments=wish)
    assert done.body["installments"]["schedule"][0]["dueDate"] == new["firstPaymentDate"]


def test_a_plan_that_the_issuer_refuses_charges_nothing(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, REFUSED)
    plan = list_plans(payments, payment, card).body["data"][0]
    refused = confirm(payments, payment, card, termsAcceptance=accept(plan))
    assert (refused.status, refused.code) == (402, "plan_declined")
    assert get_payment(payments, payment["id"])["status"] == "pending"
    records = payments.count_records()
    assert (records["payment_plan"], records["simulated_card_message"]) == (0, 0)


def test_one_more_answer_is_asked_for_and_then_the_plan_stands(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, CURIOUS)
    refused = confirm(payments, payment, card)
    assert (refused.status, refused.code, refused.error["param"]) == (
        422,
        "credit_information_required",
        "billingDetails.phone",
    )
    assert payments.count_records()["payment_plan"] == 0
    done = confirm(payments, payment, add_card(payments, CURIOUS, phone=PHONE))
    assert done.body["installments"]["resolvedCount"] == 3


def test_a_lender_needs_to_know_its_payer(payments: PaymentsWorld) -> None:
    payment, card = intend(payments, installments=LENDER | {"count": 4}), add_card(payments, OUTSIDE)
    refused = confirm(payments, payment, card)
    assert (refused.status, refused.code, refused.error["param"]) == (
        422,
        "credit_information_required",
        "billingDetails.name",
    )
    done = confirm(payments, payment, add_card(payments, OUTSIDE, **BILLING))
    taken = done.body["installments"]
    assert (taken["resolvedCount"], taken["issuerProgram"], taken["status"]) == (4, "vinr_bnpl", "active")
    (check,) = payments.fetch("SELECT decision, limit_minor, assessment_id FROM payment_credit_check")
    (plan,) = payments.fetch("SELECT assessment_id FROM payment_plan")
    assert (check["decision"], check["assessment_id"]) == ("approved", plan["assessment_id"])


LENDER_WORDS = [
    # Whom the lender refuses, what the answer says, and what a listing says afterwards.
    ("bnpl-decline", 402, "credit_declined", ["credit_declined"]),
    ("bnpl-timeout", 402, "no_plan_available", ["lender_unavailable"]),
    ("bnpl-limit-59999", 402, "credit_declined", ["credit_declined"]),
    ("bnpl-refer", 422, "credit_information_required", []),
]


@pytest.mark.parametrize(
    ("name", "status", "code", "codes"), LENDER_WORDS, ids=[row[0] for row in LENDER_WORDS]
)
def test_a_refused_payer_is_never_charged_at_once(
    payments: PaymentsWorld, name: str, status: int, code: str, codes: list[str]
) -> None:
    payment = intend(payments, installments=LENDER, billingDetails=BILLING | {"email": f"{name}@example.com"})
    card = add_card(payments, OUTSIDE)
    for _ in range(2):
        refused = confirm(payments, payment, card)
        assert (refused.status, refused.code) == (status, code)
    shown = list_plans(payments, payment, card).body
    assert [reason["code"] for reason in shown["unavailableReasons"]] == codes
    assert (len(shown["data"]) > 0) is (not codes)
    assert get_payment(payments, payment["id"])["status"] == "pending"
    assert payments.count_records()["simulated_card_message"] == 0


def test_a_referred_payer_gives_a_phone_number(payments: PaymentsWorld) -> None:
    billing = BILLING | {"email": "bnpl-refer@example.com"}
    payment = intend(payments, installments=LENDER, billingDetails=billing)
    refused = confirm(payments, payment, add_card(payments, OUTSIDE))
    assert (refused.code, refused.error["param"]) == ("credit_information_required", "billingDetails.phone")
    done = confirm(payments, payment, add_card(payments, OUTSIDE, phone=PHONE))
    assert done.body["installments"]["issuerProgram"] == "vinr_bnpl"


def test_an_approval_that_lapsed_is_no_approval(payments: PaymentsWorld) -> None:
    billing = BILLING | {"email": "bnpl-lapse@example.com"}
    payment = intend(payments, installments=LENDER, billingDetails=billing)
    card = add_card(payments, OUTSIDE)
    offer = list_plans(payments, payment, card).body["data"][0]["offer"]

    async def approve(desk: PaymentsDesk, moment: AccountMoment) -> None:
        held = (await read_payment(desk, moment, payment["id"])).payment
        method = await get_payment_method(desk, moment, card)
        asked = PlanAsked(offer_id=offer)
        choice = await choose_plan(desk, moment, held, method, held.wish, asked)
        await approve_plan(desk, moment, held, method, choice)

    # The check is made, and the call ends before anything came of it.
    payments.as_account(approve)
    advance(payments, seconds=61)
    refused = confirm(payments, payment, card, installments={"enabled": True, "offer": offer})
    assert (refused.status, refused.code) == (422, "plan_expired")
    assert payments.count_records()["simulated_card_message"] == 0


def test_a_declined_card_takes_its_plan_down(payments: PaymentsWorld) -> None:
    payment = intend(payments, installments=LENDER, billingDetails=BILLING)
    refused = confirm(payments, payment, add_card(payments, "4000000000000002"))
    assert (refused.status, refused.code) == (402, "card_declined")
    held = get_payment(payments, payment["id"])["installments"]
    assert (held["status"], {row["status"] for row in held["schedule"]}) == ("cancelled", {"cancelled"})
    assert list_events(payments, "plan") == ["plan.offered", "plan.accepted", "plan.cancelled"]
    assert payments.count_records()["plan"] == 0
    assert find_breaks(payments) == []


def test_no_card_number_is_kept_with_offers_plans_and_evidence(payments: PaymentsWorld) -> None:
    buy(payments, MASTERCARD, 6)
    for table in (
        "payment_plan_list",
        "payment_offer",
        "payment_plan",
        "payment_plan_evidence",
        "payments_event",
    ):
        (held,) = payments.fetch(f"SELECT string_agg(t::text, ' ') AS all FROM {table} t")
        assert MASTERCARD not in held["all"]


def test_many_listings_at_once_are_one_list(twin_payments: PaymentsWorld) -> None:
    world = twin_payments
    payment, card = intend(world), add_card(world, MASTERCARD)
    path = f"/v1/installments/plans?payment={payment['id']}&paymentMethod={card}"
    answers = world.ask_all([("GET", path, None, None)] * 16)
    assert {answer.raw for answer in answers} == {answers[0].raw}
    assert world.count_records()["payment_plan_list"] == 1
    assert list_events(world, "plan") == ["plan.offered"]


def test_many_confirmations_at_once_make_one_plan(twin_payments: PaymentsWorld) -> None:
    world = twin_payments
    payment, card = intend(world), add_card(world, MASTERCARD)
    list_plans(world, payment, card)
    body = {"paymentMethod": card, "installments": {"enabled": True, "count": 6}}
    path = f"/v1/payments/{payment['id']}/confirm"
    answers = world.ask_all([("POST", path, body, None)] * 12)
    assert {answer.status for answer in answers} <= {200, 409, 422}
    assert [answer.status for answer in answers].count(200) == 1
    records = world.count_records()
    assert (records["payment_plan"], records["plan"], records["simulated_card_message"]) == (1, 1, 1)
    assert find_breaks(world) == []
