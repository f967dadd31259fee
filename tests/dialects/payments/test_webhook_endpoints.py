"""Webhook endpoints through the door: what is made, shown, refused, and sealed."""

import re
from typing import Any

import pytest
from tests.support.payments_world import PaymentsWorld

PATH = "/v1/webhook-endpoints"
BODY: dict[str, Any] = {"url": "https://good.example/n", "enabledEvents": ["*"]}


def test_an_endpoint_shows_its_secret_once(payments: PaymentsWorld) -> None:
    made = payments.post(PATH, BODY | {"description": "Shop"})
    endpoint_id, created, secret = (made.body[name] for name in ("id", "created", "secret"))
    shown = {
        "id": endpoint_id,
        "object": "webhook_endpoint",
        "url": "https://good.example/n",
        "description": "Shop",
        "status": "enabled",
        "disabledReason": None,
        "enabledEvents": ["*"],
        "created": created,
        "livemode": False,
    }
    assert (made.status, made.body) == (201, shown | {"secret": secret})
    assert re.fullmatch("we_[0-9A-HJKMNP-TV-Z]{26}", endpoint_id)
    assert re.fullmatch("whsec_[A-Za-z0-9+/]{43}=", secret)
    assert payments.get(f"{PATH}/{endpoint_id}").body == shown
    assert payments.get(PATH).body == {
        "object": "list",
        "data": [shown],
        "page": {"has_more": False, "next_cursor": None, "total_estimate": 1},
    }


def test_a_secret_is_in_no_table_in_clear(payments: PaymentsWorld) -> None:
    made = payments.post(PATH, BODY, idempotency_key="one")
    rolled = payments.post(f"{PATH}/{made.body['id']}/roll-secret", idempotency_key="two")
    assert payments.post(PATH, BODY, idempotency_key="one").raw == made.raw
    tables = payments.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for secret in (made.body["secret"], rolled.body["secret"]):
        part = secret.removeprefix("whsec_")[:20]
        for table in tables:
            [found] = payments.fetch(
                f"SELECT count(*) AS count FROM {table['tablename']} AS t"
                " WHERE position($1 IN t::text) > 0 OR position($2 IN t::text) > 0",
                part,
                part.encode().hex(),
            )
            assert found["count"] == 0, table["tablename"]


@pytest.mark.parametrize(
    "url",
    [
        "https://[::ffff:169.254.169.254]/n",
        "https://[2002:7f00:1::]/n",
        "https://[fd00:ec2::254]/n",
        "https://192.168.1.1/n",
        "https://224.0.0.1/n",
        "https://good.example@10.0.0.5/n",
        "https://good.example:22/n",
        "gopher://good.example/n",
        "file:///etc/passwd",
        "https://ⓖood.example/n",
        f"https://{'a' * 300}.example/n",
        "http://good.example/n",
        "https://localhost/n",
        "",
        7,
        None,
        ["https://good.example/n"],
    ],
)
def test_addresses_that_are_not_public_are_refused(shared_payments: PaymentsWorld, url: object) -> None:
    before = shared_payments.count_records()
    refused = shared_payments.post(PATH, BODY | {"url": url})
    assert refused.status == 400
    assert refused.code == ("parameter_missing" if url is None else "url_invalid")
    assert refused.error["param"] == "url"
    made = shared_payments.post(PATH, BODY)
    changed = shared_payments.ask("PATCH", f"{PATH}/{made.body['id']}", {"url": url})
    assert changed.status == (200 if url is None else 400)
    shared_payments.ask("DELETE", f"{PATH}/{made.body['id']}")
    after = shared_payments.count_records()
    # The one that was made and deleted: itself, its test event and the letter with it.
    assert {name: after[name] - count for name, count in before.items() if after[name] != count} == {
        "payments_webhook": 1,
        "payments_event": 1,
        "letter": 1,
    }


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"enabledEvents": []}, "parameter_invalid", "enabledEvents"),
        ({"enabledEvents": ["payment.paid"]}, "parameter_invalid", "enabledEvents[0]"),
        ({"enabledEvents": "*"}, "parameter_invalid", "enabledEvents"),
        ({"enabledEvents": None}, "parameter_missing", "enabledEvents"),
        ({"enabled_events": ["*"]}, "parameter_invalid", "enabled_events"),
        ({"description": "x" * 501}, "parameter_invalid", "description"),
        ({"secret": "whsec_mine"}, "parameter_unknown", "secret"),
    ],
)
def test_members_are_checked(
    shared_payments: PaymentsWorld, change: dict[str, Any], code: str, param: str
) -> None:
    before = shared_payments.count_records()
    refused = shared_payments.post(PATH, BODY | change)
    assert (refused.status, refused.code, refused.error["param"]) == (400, code, param)
    assert shared_payments.count_records() == before


def test_the_other_spelling_of_events_is_read_too(payments: PaymentsWorld) -> None:
    made = payments.post(PATH, {"url": BODY["url"], "enabled_events": ["payment.succeeded", "refund.failed"]})
    assert made.body["enabledEvents"] == ["payment.succeeded", "refund.failed"]


def test_an_endpoint_is_changed_member_by_member(payments: PaymentsWorld) -> None:
    made = payments.post(PATH, BODY).body
    path = f"{PATH}/{made['id']}"
    shown = {name: value for name, value in made.items() if name != "secret"}
    changes = [
        ({"url": "https://good.example:8443/m"}, {"url": "https://good.example:8443/m"}),
        ({"enabledEvents": ["refund.failed"]}, {"enabledEvents": ["refund.failed"]}),
        ({"status": "disabled"}, {"status": "disabled", "disabledReason": "disabled by the account"}),
        ({"status": "enabled"}, {"status": "enabled", "disabledReason": None}),
        ({}, {}),
    ]
    for change, seen in changes:
        shown |= seen
        assert payments.ask("PATCH", path, change).body == shown
    assert payments.get(path).body == shown


def test_endpoints_of_another_account_do_not_exist(payments: PaymentsWorld) -> None:
    made = payments.post(PATH, BODY).body
    foreign, unknown = f"{PATH}/{made['id']}", f"{PATH}/we_01K1B9Z6Q4T8V2X0M5R7S3W9YA"
    for path in (foreign, unknown):
        for method, end, body in (
            ("GET", "", None),
            ("PATCH", "", {"status": "disabled"}),
            ("DELETE", "", None),
            ("POST", "/roll-secret", {}),
            ("GET", "/deliveries", None),
        ):
            answer = payments.ask(method, path + end, body, key=payments.other_secret)
            assert (answer.status, answer.code) == (404, "resource_missing"), (method, end)
    assert payments.get(PATH, key=payments.other_secret).body["data"] == []
    assert payments.get(foreign).body["status"] == "enabled"


def test_an_account_has_at_most_twenty_endpoints(payments: PaymentsWorld) -> None:
    answers = payments.ask_all([("POST", PATH, BODY, None)] * 25)
    assert sorted(answer.status for answer in answers) == [201] * 20 + [400] * 5
    refused = next(answer for answer in answers if answer.status == 400)
    assert (refused.code, refused.error["details"]) == ("parameter_invalid", {"maximum": 20})
    first = payments.get(f"{PATH}?limit=1").body
    assert (len(first["data"]), first["page"]["has_more"], first["page"]["total_estimate"]) == (1, True, 20)
    rest = payments.get(f"{PATH}?limit=100&starting_after={first['page']['next_cursor']}").body
    assert (len(rest["data"]), rest["page"]["has_more"]) == (19, False)
    payments.ask("DELETE", f"{PATH}/{first['data'][0]['id']}")
    assert payments.post(PATH, BODY).status == 201


@pytest.mark.parametrize("hours", [-1, 169, 1.5, "24"])
def test_the_overlap_of_secrets_is_bounded(shared_payments: PaymentsWorld, hours: object) -> None:
    made = shared_payments.post(PATH, BODY).body
    refused = shared_payments.post(f"{PATH}/{made['id']}/roll-secret", {"overlapHours": hours})
    assert (refused.status, refused.code, refused.error["param"]) == (
        400,
        "parameter_invalid",
        "overlapHours",
    )
    count = "SELECT count(*) AS count FROM payments_webhook_secret WHERE endpoint_id = $1"
    assert shared_payments.fetch(count, made["id"]) == [{"count": 1}]
    shared_payments.ask("DELETE", f"{PATH}/{made['id']}")


def test_at_most_two_secrets_sign_however_often_one_is_rolled(payments: PaymentsWorld) -> None:
    made = payments.post(PATH, BODY).body
    secrets = [made["secret"]]
    for _ in range(4):
        rolled = payments.post(f"{PATH}/{made['id']}/roll-secret", {"overlapHours": 168})
        secrets.append(rolled.body["secret"])
    assert len(set(secrets)) == 5
    rows = payments.fetch(
        "SELECT number, expires_at IS NULL AS signs FROM payments_webhook_secret ORDER BY 1"
    )
    assert rows == [{"number": 4, "signs": False}, {"number": 5, "signs": True}]


def test_restricted_keys_need_the_scope(payments: PaymentsWorld) -> None:
    refused = payments.post(PATH, BODY, key=payments.publishable)
    assert (refused.status, refused.code) == (401, "key_type_not_allowed")
    assert payments.fetch("SELECT 1 FROM payments_webhook") == []
