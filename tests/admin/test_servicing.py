"""Accounts, card messages and plans over the set-up API: whole bodies, roles, issuers, and once for ever."""

from datetime import date
from typing import Any

import pytest
from tests.support.admin_world import AdminWorld, Reply
from tests.support.servicing import (
    CARD,
    PLAN_ID,
    add_month,
    count_records,
    do_due,
    make_notice,
    move_to,
    open_noticed,
)

START = date(2030, 1, 10)
PURCHASE = {
    "event_type": "authorization",
    "card_number": CARD,
    "amount": "400.00",
    "currency": "USD",
    "local_at": "2030-01-10T09:30:00Z",
    "stan": "742",
    "rrn": "123456123456",
    "merchant_name": "Globex Decor",
    "plan_id": PLAN_ID,
    "event_id": "auth-1",
}


@pytest.fixture
def account_id(admin: AdminWorld) -> str:
    """The account of a plan whose purchase was approved and cleared."""
    admin.run(move_to(admin.engine, START))
    plan = admin.run(open_noticed(admin.engine, make_notice(START)))
    approved = admin.call("maker", "POST", "/card-events", PURCHASE)
    assert (approved.status, approved.json["response_code"]) == (200, "00")
    cleared = admin.call(
        "maker", "POST", "/card-events", {**PURCHASE, "event_type": "clearing", "event_id": "clear-1"}
    )
    assert cleared.status == 200
    account_id: str = plan.account_id
    return account_id


def refuse(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json["error"]["code"]


def test_an_account_shows_what_is_owed_and_what_may_be_bought(admin: AdminWorld, account_id: str) -> None:
    reply = admin.call("checker", "GET", f"/accounts/{account_id}")
    body = reply.json
    account = {
        "account_id": account_id,
        "card": "230377******7107",
        "provider_id": "29694e7a-b4a8-11ec-b909-0242ac120002",
        "currency": "USD",
        "funding": "credit",
        "credit_limit": "10000.00",
        "next_statement_on": "2030-02-10",
        "opened_at": body["account"]["opened_at"],
    }
    assert body == {
        "account": account,
        "balance": "66.65",
        "deposit": "0.00",
        "receivables": "333.35",
        "holds": "0.00",
        "available": "9600.00",
        "plans": [
            {
                "plan_id": PLAN_ID,
                "state": "active",
                "merchant": "Globex Decor",
                "outstanding": "400.00",
                "next_due_date": "2030-01-10",
                "next_amount": "66.65",
            }
        ],
    }
    assert admin.call("operator", "GET", "/accounts?last_four=7107").json == {"items": [account]}
    assert admin.call("maker", "GET", f"/accounts?after_account={account_id}").json == {"items": []}
    (transaction,) = admin.call("maker", "GET", f"/accounts/{account_id}/transactions").json["items"]
    assert (transaction["state"], transaction["cleared"], transaction["plan_id"]) == (
        "cleared",
        "400.00",
        PLAN_ID,
    )


def test_a_plan_is_shown_row_by_row(admin: AdminWorld, account_id: str) -> None:
    body = admin.call("maker", "GET", f"/serviced-plans/{PLAN_ID}").json
    assert body["rows"][:2] == [
        {
            "number": 1,
            "due_date": "2030-01-10",
            "state": "billed",
            "amount": "66.65",
            "principal": "66.65",
            "interest": "0.00",
            "fee": "0.00",
            "paid": "0.00",
            "billed_on": "2030-01-10",
        },
        {
            "number": 2,
            "due_date": "2030-02-10",
            "state": "scheduled",
            "amount": "66.67",
            "principal": "66.67",
            "interest": "0.00",
            "fee": "0.00",
            "paid": "0.00",
            "billed_on": None,
        },
    ]
    assert (body["state"], body["outstanding"], body["uncleared"], body["card"]) == (
        "active",
        "400.00",
        "0.00",
        "230377******7107",
    )


def test_paying_all_of_a_plan(admin: AdminWorld, account_id: str) -> None:
    quoted = admin.call("maker", "GET", f"/serviced-plans/{PLAN_ID}/payoff").json
    assert (quoted["total"], quoted["billed_unpaid"], quoted["waived"]) == ("400.00", "66.65", "0.00")
    wrong = admin.call("maker", "POST", f"/serviced-plans/{PLAN_ID}/payoff", {"amount": "399.99"})
    assert refuse(wrong) == (422, "amount_refused")
    paid = admin.call(
        "maker", "POST", f"/serviced-plans/{PLAN_ID}/payoff", {"amount": "400.00", "event_id": "payoff-1"}
    )
    assert (paid.status, paid.json["plan_ids"], paid.json["is_new"]) == (200, [PLAN_ID], True)
    again = admin.call(
        "maker", "POST", f"/serviced-plans/{PLAN_ID}/payoff", {"amount": "400.00", "event_id": "payoff-1"}
    )
    assert again.json == {**paid.json, "is_new": False}
    assert admin.call("maker", "GET", f"/serviced-plans/{PLAN_ID}").json["state"] == "completed"
    assert refuse(admin.call("maker", "GET", f"/serviced-plans/{PLAN_ID}/payoff")) == (
        409,
        "illegal_transition",
    )


def test_a_key_gives_the_first_answer_again(admin: AdminWorld, account_id: str) -> None:
    path, body = f"/accounts/{account_id}/payments", {"amount": "66.65"}
    first = admin.call("maker", "POST", path, body, idempotency_key="k")
    again = admin.call("maker", "POST", path, body, idempotency_key="k")
    assert (first.status, again.raw, again.headers["idempotent-replayed"]) == (200, first.raw, "true")
    other = admin.call("maker", "POST", path, {"amount": "66.66"}, idempotency_key="k")
    assert refuse(other) == (409, "idempotency_key_reused")
    assert admin.call("maker", "GET", f"/accounts/{account_id}").json["balance"] == "0.00"


def test_a_preview_shows_what_a_refund_does(admin: AdminWorld, account_id: str) -> None:
    path = f"/serviced-plans/{PLAN_ID}"
    shown = admin.call("checker", "GET", f"{path}/refund-preview?amount=100.00&strategy=last_first").json
    done = admin.call("maker", "POST", f"{path}/refunds", {"amount": "100.00", "strategy": "last_first"})
    assert done.status == 200
    assert admin.call("maker", "GET", path).json["rows"] == shown["rows"]
    assert (shown["reduction"], shown["cash_back"], shown["is_full"]) == ("100.00", "0.00", False)


def test_early_payment_dispute_loss_and_recovery(admin: AdminWorld, account_id: str) -> None:
    path = f"/serviced-plans/{PLAN_ID}"
    admin.call("maker", "POST", f"/accounts/{account_id}/payments", {"amount": "66.65"})
    early = admin.call("maker", "POST", f"{path}/next-installment", {})
    assert [happened["type"] for happened in early.json["happened"]] == [
        "payment.received",
        "installment.billed",
        "installment.paid",
    ]
    opened = admin.call("maker", "POST", "/disputes", {"plan_id": PLAN_ID, "event_id": "dispute-1"})
    assert opened.status == 200
    assert refuse(admin.call("maker", "POST", f"{path}/write-off", {})) == (409, "plan_held")
    ended = admin.call("maker", "POST", "/disputes/dispute-1/resolution", {"in_favor_of": "merchant"})
    assert ended.status == 200
    assert admin.call("maker", "POST", f"{path}/write-off", {}).status == 200
    recovered = admin.call("maker", "POST", f"{path}/recoveries", {"amount": "266.68"})
    assert recovered.json["happened"][-1]["type"] == "plan.recovered"


def test_statements_and_the_due_list(admin: AdminWorld, account_id: str) -> None:
    admin.run(move_to(admin.engine, add_month(START, 1)))
    admin.run(do_due(admin.engine))
    (head,) = admin.call("checker", "GET", f"/accounts/{account_id}/statements").json["items"]
    assert head == {
        "number": 1,
        "opened_on": "2030-01-10",
        "closed_on": "2030-02-09",
        "currency": "USD",
        "opening": "0.00",
        "closing": "66.65",
    }
    statement = admin.call("checker", "GET", f"/accounts/{account_id}/statements/1").json
    assert statement["lines"] == [
        {
            "entry_number": 2,
            "booked_on": "2030-01-10",
            "description": f"Installment 1 of 6, Globex Decor, plan {PLAN_ID}",
            "amount": "66.65",
        }
    ]
    assert refuse(admin.call("checker", "GET", f"/accounts/{account_id}/statements/2")) == (404, "not_found")
    due = admin.call("checker", "GET", "/due-installments?until=2030-02-10").json["items"]
    assert [(row["number"], row["state"], row["unpaid"]) for row in due] == [
        (1, "late", "66.65"),
        (2, "billed", "66.67"),
    ]


def test_roles_and_issuers(admin: AdminWorld, account_id: str) -> None:
    before = admin.run(count_records(admin.engine))
    plan, account = f"/serviced-plans/{PLAN_ID}", f"/accounts/{account_id}"
    acts: list[tuple[str, Any]] = [
        (f"{account}/payments", {"amount": "1"}),
        (f"{plan}/payoff", {"amount": "1"}),
        (f"{plan}/next-installment", {}),
        (f"{plan}/refunds", {"amount": "1"}),
        (f"{plan}/write-off", {}),
        (f"{plan}/recoveries", {"amount": "1"}),
        ("/disputes", {"plan_id": PLAN_ID}),
        ("/card-events", {**PURCHASE, "event_id": "auth-2", "stan": "743"}),
    ]
    for path, body in acts:
        assert refuse(admin.call("checker", "POST", path, body)) == (403, "not_allowed"), path
        foreign = (403, "not_allowed") if path == "/card-events" else (404, "not_found")
        assert refuse(admin.call("other maker", "POST", path, body)) == foreign, path
    for path in (plan, f"{plan}/payoff", account, f"{account}/transactions", f"{account}/statements"):
        assert refuse(admin.call("other checker", "GET", path)) == (404, "not_found"), path
    assert admin.call("other checker", "GET", "/accounts").json == {"items": []}
    assert admin.call("other checker", "GET", "/due-installments").json == {"items": []}
    assert admin.run(count_records(admin.engine)) == before


def test_what_is_wrong_is_named_and_leaves_nothing(admin: AdminWorld, account_id: str) -> None:
    before = admin.run(count_records(admin.engine))
    plan = f"/serviced-plans/{PLAN_ID}"
    cases: list[tuple[str, Any, str]] = [
        (f"/accounts/{account_id}/payments", {"amount": "1.001"}, "amount"),
        (f"/accounts/{account_id}/payments", {"amount": "-1"}, "amount"),
        (f"/accounts/{account_id}/payments", {"amount": "1", "event_id": "a b"}, "event_id"),
        (f"{plan}/refunds", {"amount": "1", "strategy": "none"}, "strategy"),
        ("/disputes", {}, "plan_id"),
        ("/card-events", {**PURCHASE, "card_number": "1"}, "card_number"),
        ("/card-events", {**PURCHASE, "currency": "XXQ"}, "currency"),
        ("/card-events", {**PURCHASE, "event_type": "transfer"}, "event_type"),
    ]
    for path, body, member in cases:
        reply = admin.call("operator", "POST", path, body)
        assert (reply.status, reply.json["error"]["member"]) == (400, member), (path, body)
        assert CARD not in reply.raw.decode()
    assert admin.run(count_records(admin.engine)) == before
