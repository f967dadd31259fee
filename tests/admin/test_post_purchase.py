"""Installments after the purchase over HTTP: lists with offers or reasons, the feed, and acceptance."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.admin_world import AdminWorld

LOCAL_AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def buy(admin: AdminWorld, amount: str = "400.00", **members: Any) -> str:
    """A purchase of the sandbox card; gives its transaction id."""
    event = {
        "event_type": "authorization",
        "card_number": "2303770000057107",
        "amount": amount,
        "currency": "USD",
        "local_at": LOCAL_AT.isoformat(),
        "transmitted_at": "2026-01-31T09:30:01",
        "stan": "742",
        "rrn": "123456123456",
        "authorization_code": "654321",
        "transaction_link_id": "link-1",
        "merchant_name": "Globex Decor",
        "merchant_country": "USA",
        "mcc": "1711",
        "acquirer_id": "234353",
        "merchant_id": "121234",
        **members,
    }
    reply = admin.call("maker", "POST", "/card-events", event)
    assert reply.status == 200, reply.raw
    transaction_id: str = reply.json["transaction_id"]
    return transaction_id


def list_feed(admin: AdminWorld, who: str = "maker") -> list[dict[str, Any]]:
    reply = admin.call(who, "GET", "/offerable-transactions")
    assert reply.status == 200, reply.raw
    items: list[dict[str, Any]] = reply.json["items"]
    return items


def test_an_offerable_transaction_says_all_that_a_plan_request_repeats(admin: AdminWorld) -> None:
    transaction_id = buy(admin)
    (item,) = list_feed(admin)
    offers = item.pop("offers")
    account_id, shown_as, expires_at = (
        item.pop(name) for name in ("account_id", "offer_transaction_id", "expires_at")
    )
    assert item == {
        "transaction_id": transaction_id,
        "state": "authorized",
        "currency": "USD",
        "amount": "400.00",
        "merchant": {
            "name": "Globex Decor",
            "url": None,
            "country": "USA",
            "mcc": "1711",
            "acquirer_id": "234353",
            "merchant_id": "121234",
        },
        "local_at": "2026-01-31T09:30:00Z",
        "transmitted_at": "2026-01-31T09:30:01Z",
        "stan": "742",
        "rrn": "123456123456",
        "authorization_code": "654321",
        "transaction_link_id": "link-1",
        "plan_id": None,
        "reasons": [],
    }
    assert (len(shown_as), expires_at > "2026") == (19, True)
    assert offers[1] == {
        "offer_id": "71392362",
        "provider_id": "29694e7a-b4a8-11ec-b909-0242ac120002",
        "count": 6,
        "interval": "biweekly",
        "apr_percent": "0.00",
        "fee_value": "0",
        "total": "400.00",
        "first_amount": "66.65",
        "other_amount": "66.67",
        "rows": [
            {"number": number, "due_date": due_date, "amount": "66.65" if number == 1 else "66.67"}
            for number, due_date in enumerate(
                ("2026-01-31", "2026-02-14", "2026-02-28", "2026-03-14", "2026-03-28", "2026-04-11"), start=1
            )
        ],
    }
    listed = admin.call("maker", "GET", f"/accounts/{account_id}/offerable-transactions")
    assert (listed.status, listed.json["next_after"]) == (200, None)
    assert [found["offer_transaction_id"] for found in listed.json["items"]] == [shown_as]


def test_a_transaction_without_offers_says_why(admin: AdminWorld) -> None:
    buy(admin)
    account_id = list_feed(admin)[0]["account_id"]
    buy(admin, "49.99", stan="743", rrn="123456123457")
    items = admin.call("checker", "GET", f"/accounts/{account_id}/offerable-transactions").json["items"]
    assert (items[1]["offers"], items[1]["offer_transaction_id"]) == ([], None)
    assert items[1]["reasons"] == [
        {
            "code": "amount_not_eligible",
            "message": "The amount lies outside the programs' limits, or cannot be split into lawful rows.",
        }
    ]


def test_accepting_makes_one_plan_and_one_key_one_answer(admin: AdminWorld) -> None:
    transaction_id = buy(admin)
    (item,) = list_feed(admin)
    path = f"/offerable-transactions/{transaction_id}/plan"
    choice = {"offer_transaction_id": item["offer_transaction_id"], "offer_id": "71392362"}
    made = admin.call("maker", "POST", path, choice, idempotency_key="one")
    assert made.status == 201
    plan_id = made.json["plan_id"]
    assert made.json == {
        "plan_id": plan_id,
        "status": "created",
        "transaction_id": transaction_id,
        "offer_id": "71392362",
        "created_at": made.json["created_at"],
    }
    again = admin.call("maker", "POST", path, choice, idempotency_key="one")
    assert (again.status, again.raw, again.headers["idempotent-replayed"]) == (201, made.raw, "true")
    other = {**choice, "offer_id": "71392364"}
    reused = admin.call("maker", "POST", path, other, idempotency_key="one")
    assert (reused.status, reused.json["error"]["code"]) == (409, "idempotency_key_reused")
    assert admin.call("maker", "GET", f"/plans/{plan_id}").json["client_code"] == "parcela-sandbox-issuer"
    (line,) = [
        line
        for line in admin.call("operator", "GET", "/audit").json["items"]
        if line["action"] == "post_purchase.accept_offer"
    ]
    assert (line["actor"], line["subject"]) == ("maker@sandbox.example", transaction_id)
    assert line["detail"] == {"plan_id": plan_id, "offer_id": "71392362"}
    refused = admin.call("maker", "POST", path, other)
    assert (refused.status, refused.json["error"]["code"]) == (409, "plan_exists")
    (item,) = list_feed(admin)
    assert (item["plan_id"], [reason["code"] for reason in item["reasons"]]) == (plan_id, ["financed"])


@pytest.mark.parametrize(
    ("who", "change", "status", "code"),
    [
        ("checker", {}, 403, "not_allowed"),
        ("other maker", {}, 404, "not_found"),
        ("maker", {"offer_transaction_id": "1763137029152964608"}, 404, "presentment_unknown"),
        ("maker", {"offer_id": "21345693"}, 422, "offer_mismatch"),
        ("maker", {"offer_id": 71392362}, 400, "invalid_input"),
    ],
)
def test_an_acceptance_that_cannot_be_is_refused(
    admin: AdminWorld, who: str, change: dict[str, Any], status: int, code: str
) -> None:
    transaction_id = buy(admin)
    (item,) = list_feed(admin)
    choice = {"offer_transaction_id": item["offer_transaction_id"], "offer_id": "71392362", **change}
    refused = admin.call(who, "POST", f"/offerable-transactions/{transaction_id}/plan", choice)
    assert (refused.status, refused.json["error"]["code"]) == (status, code)
    assert refused.json["error"]["message"] != ""
    assert list_feed(admin)[0]["plan_id"] is None


def test_people_see_the_transactions_of_their_own_issuer(admin: AdminWorld) -> None:
    buy(admin)
    account_id = list_feed(admin, "operator")[0]["account_id"]
    assert list_feed(admin, "other maker") == []
    path = f"/accounts/{account_id}/offerable-transactions"
    assert admin.call("other maker", "GET", path).status == 404
    for query, member in (
        ("since=yesterday", "since"),
        ("until=2026-02-30", "until"),
        ("since=2026-02-01&until=2026-01-01", "until"),
        ("statement=1&since=2026-02-01", "statement"),
        ("limit=51", "limit"),
        ("after_transaction=x", "after_transaction"),
    ):
        refused = admin.call("maker", "GET", f"{path}?{query}")
        assert (refused.status, refused.json["error"]["member"]) == (400, member), query
    assert admin.call("maker", "GET", f"{path}?statement=1").status == 404
    for days in ("until=0001-01-01", "since=9999-12-31&until=9999-12-31"):  # the ends of the calendar
        assert admin.call("maker", "GET", f"{path}?{days}").json == {"items": [], "next_after": None}
