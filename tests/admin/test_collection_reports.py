"""What issuers collected, reported to the set-up door and read again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.admin_world import AdminWorld, open_admin_world
from tests.support.collection_acts import get_plan_id, list_due_dates
from tests.support.payments_world import open_payments_world
from tests.support.plan_buyers import MASTERCARD, advance, buy, buy_lent
from tests.support.refund_acts import find_now


@dataclass(frozen=True)
class Bought:
    """The door, and a plan whose first row fell due yesterday, with a lender's plan beside it."""

    admin: AdminWorld
    plan_id: str
    name: str
    lent_id: str
    due_dates: list[str]
    now: str

    @property
    def body(self) -> dict[str, Any]:
        """A report of the first row."""
        entry = {"number": 1, "outcome": "collected", "date": self.due_dates[0], "amount": "200.00"}
        return {"reference": "file-7/1", "reported_at": self.now, "entries": [entry]}


@pytest.fixture
def bought(database_url: str, demo_template: DemoTemplate) -> Iterator[Bought]:
    """A world of the test's own."""
    with open_payments_world(database_url, demo_template.home) as world:
        payment, lent = buy(world, MASTERCARD, 3), buy_lent(world, "ada")
        advance(world, days=33)
        now = find_now(world).replace(microsecond=0)
    with open_admin_world(database_url, demo_template.home) as admin:
        yield Bought(
            admin=admin,
            plan_id=get_plan_id(payment),
            name=payment["installments"]["plan"],
            lent_id=get_plan_id(lent),
            due_dates=list_due_dates(payment),
            now=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )


def test_a_report_is_answered_the_same_each_time_and_read_again(bought: Bought) -> None:
    admin, path = bought.admin, f"/plans/{bought.plan_id}/collections"
    nothing = {"plan_id": bought.plan_id, "collection_source": "schedule", "items": []}
    assert admin.call("checker", "GET", path).json == nothing
    entries = [*bought.body["entries"], {"number": 2, "outcome": "collected", "date": bought.due_dates[0]}]
    entries[1]["amount"] = "200"
    made = admin.call("maker", "POST", path, bought.body | {"entries": entries}, idempotency_key="k1")
    assert made.status == 201
    recorded_at = made.json["recorded_at"]
    assert made.json == {
        "plan_id": bought.plan_id,
        "reference": "file-7/1",
        "reported_at": bought.now,
        "recorded_at": recorded_at,
        "recorded_by": "maker@sandbox.example",
        "plan_status": "active",
        "entries": [
            {
                "number": number,
                "outcome": "collected",
                "date": bought.due_dates[0],
                "amount": "200.00",
                "was": was,
                "status": "paid",
            }
            for number, was in ((1, "paid"), (2, "due"))
        ],
    }
    replayed = admin.call("maker", "POST", path, bought.body | {"entries": entries}, idempotency_key="k1")
    assert (replayed.raw, replayed.headers["idempotent-replayed"]) == (made.raw, "true")
    by_name = f"/plans/{bought.name}/collections"
    again = admin.call("operator", "POST", by_name, bought.body | {"entries": entries})
    assert (again.status, again.raw) == (201, made.raw)
    late = {"number": 2, "outcome": "missed", "date": bought.due_dates[0]}
    missed = bought.body | {"reference": "file-8/1", "entries": [late | {"number": 1}]}
    corrected = admin.call("operator", "POST", path, missed)
    assert corrected.status == 201
    assert corrected.json["entries"] == [
        {**missed["entries"][0], "amount": None, "was": "paid", "status": "overdue"}
    ]
    listed = admin.call("checker", "GET", by_name)
    assert listed.json == nothing | {"collection_source": "issuer", "items": [made.json, corrected.json]}


def test_a_refusal_says_what_to_mend(bought: Bought) -> None:
    admin, path, body = bought.admin, f"/plans/{bought.plan_id}/collections", bought.body
    unknown = "/plans/plan_00000000000000000000000000/collections"
    (entry,) = body["entries"]
    for who, where, sent, status, code, member in (
        (None, path, body, 401, "unauthenticated", None),
        ("checker", path, body, 403, "not_allowed", None),
        ("other maker", path, body, 404, "not_found", None),
        ("operator", unknown, body, 404, "not_found", None),
        ("operator", "/plans/nonsense/collections", body, 404, "not_found", None),
        ("maker", f"/plans/{bought.lent_id}/collections", body, 404, "not_found", None),
        ("operator", f"/plans/{bought.lent_id}/collections", body, 409, "conflict", None),
        ("maker", path, {}, 400, "invalid_input", "reference"),
        ("maker", path, body | {"reference": "a b"}, 400, "invalid_input", "reference"),
        ("maker", path, body | {"reported_at": "yesterday"}, 400, "invalid_input", "reported_at"),
        (
            "maker",
            path,
            body | {"reported_at": "0001-01-01T00:00:00+14:00"},
            400,
            "invalid_input",
            "reported_at",
        ),
        ("maker", path, body | {"entries": []}, 400, "invalid_input", "entries"),
        ("maker", path, body | {"entries": [entry | {"number": 10**30}]}, 400, "invalid_input", "number"),
        (
            "maker",
            path,
            body | {"entries": [entry | {"outcome": "lost"}]},
            400,
            "invalid_input",
            "entries[0].outcome",
        ),
        ("maker", path, body | {"entries": [entry | {"amount": "2e2"}]}, 400, "invalid_input", "amount"),
        ("maker", path, body | {"entries": [entry | {"amount": "-200.00"}]}, 400, "invalid_input", "amount"),
        ("maker", path, body | {"entries": [entry | {"amount": "199.99"}]}, 422, "amount_refused", None),
    ):
        reply = admin.call(who, "POST", where, sent)
        refused = reply.json["error"]
        assert (reply.status, refused["code"], refused.get("member")) == (status, code, member), reply.raw
    assert admin.call("operator", "POST", path, {}).json["error"]["message"] == (
        "reference: expected a value, which is missing"
    )
    wrong = admin.call("maker", "POST", path, body | {"entries": [entry | {"outcome": "lost"}]})
    assert wrong.json["error"]["message"] == (
        "entries[0].outcome: expected one of collected, missed, got 'lost'"
    )
    for who in ("other checker", "other maker"):
        assert admin.call(who, "GET", path).status == 404
    assert admin.call("operator", "GET", path).json["items"] == []
