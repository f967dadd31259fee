"""Events through the door: listed, found, sent again, and forgotten."""

import pytest
from tests.support.payments_world import PaymentsWorld

from parcela.domain.payments.events import EventType
from parcela.operations.housekeeping import clean_up
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, tell
from parcela.operations.payments.moment import AccountMoment

PATH = "/v1/events"


def happen(world: PaymentsWorld, *happenings: tuple[EventType, str], key: str | None = None) -> None:
    """Events about objects, all in one transaction."""

    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        told = [Happening(type_, object_id, {"id": object_id}) for type_, object_id in happenings]
        async with desk.engine.database.transaction() as connection:
            await tell(connection, desk, moment, told)

    world.as_account(work, key=key)


def list_objects(world: PaymentsWorld, query: str = "") -> list[str]:
    answer = world.get(f"{PATH}{query}")
    assert answer.status == 200, answer.raw
    return [event["data"]["object"]["id"] for event in answer.body["data"]]


def test_events_are_listed_newest_first_and_filtered(payments: PaymentsWorld) -> None:
    happen(payments, (EventType.PAYMENT_CREATED, "pay_1"), (EventType.PAYMENT_COMPLETED, "pay_1"))
    happen(payments, (EventType.REFUND_SUCCEEDED, "re_1"))
    happen(payments, (EventType.PAYMENT_CREATED, "pay_9"), key=payments.other_secret)
    assert list_objects(payments) == ["re_1", "pay_1", "pay_1"]
    assert list_objects(payments, "?type=payment.created") == ["pay_1"]
    assert list_objects(payments, "?type=refund.completed") == ["re_1"]
    assert list_objects(payments, "?object=pay_1") == ["pay_1", "pay_1"]
    assert list_objects(payments, "?object=pay_9") == []
    [newest, *_] = payments.get(PATH).body["data"]
    assert list_objects(payments, f"?created[gte]={newest['created'] + 10}") == []
    assert list_objects(payments, f"?created[lt]={newest['created'] + 10}&limit=2") == ["re_1", "pay_1"]


def test_an_event_is_found_by_its_own_account_alone(payments: PaymentsWorld) -> None:
    happen(payments, (EventType.PAYMENT_CREATED, "pay_1"))
    [event] = payments.get(PATH).body["data"]
    path = f"{PATH}/{event['id']}"
    assert payments.get(path).body == {
        "id": event["id"],
        "object": "event",
        "type": "payment.created",
        "created": event["created"],
        "livemode": False,
        "data": {"object": {"id": "pay_1"}},
    }
    for answer in (
        payments.get(path, key=payments.other_secret),
        payments.post(f"{path}/resend", key=payments.other_secret),
        payments.get(f"{PATH}/evt_01K1B9Z6Q4T8V2X0M5R7S3W9YA"),
        payments.get(f"{PATH}/evt_%00"),
    ):
        assert (answer.status, answer.code) == (404, "resource_missing")


@pytest.mark.parametrize("query", ["?type=payment.paid", "?created[gte]=abc", "?created[lt]=-1", "?limit=0"])
def test_filters_are_checked(shared_payments: PaymentsWorld, query: str) -> None:
    refused = shared_payments.get(PATH + query)
    assert (refused.status, refused.code) == (400, "parameter_invalid")


def test_a_resend_to_an_unknown_or_foreign_endpoint_is_refused(payments: PaymentsWorld) -> None:
    happen(payments, (EventType.PAYMENT_CREATED, "pay_1"))
    [event] = payments.get(PATH).body["data"]
    body = {"url": "https://good.example/n", "enabledEvents": ["*"]}
    foreign = payments.post("/v1/webhook-endpoints", body, key=payments.other_secret).body
    before = payments.count_records()
    for endpoint in (foreign["id"], "we_1"):
        refused = payments.post(f"{PATH}/{event['id']}/resend", {"endpoint": endpoint})
        assert (refused.status, refused.code, refused.error["param"]) == (404, "resource_missing", "endpoint")
    assert payments.count_records() == before


def test_a_resend_without_endpoints_sends_nothing_and_says_which_event(payments: PaymentsWorld) -> None:
    happen(payments, (EventType.PAYMENT_CREATED, "pay_1"))
    [event] = payments.get(PATH).body["data"]
    answer = payments.post(f"{PATH}/{event['id']}/resend")
    assert (answer.status, answer.body) == (200, event)
    assert payments.fetch("SELECT 1 FROM letter WHERE kind = 'payments.webhook'") == []


def test_live_events_are_forgotten_after_thirty_days_with_what_was_sent(payments: PaymentsWorld) -> None:
    body = {"url": "https://good.example/n", "enabledEvents": ["*"]}
    payments.post("/v1/webhook-endpoints", body)
    happen(payments, *[(EventType.PAYMENT_CREATED, name) for name in ("old", "waiting", "kept", "fresh")])
    # An event is made live after the fact: the demo account has no live mode.
    payments.fetch("UPDATE payments_event SET is_live = true WHERE object_id <> 'kept'")
    payments.fetch(
        "UPDATE payments_event SET created_at = created_at - interval '31 days' WHERE object_id <> 'fresh'"
    )
    payments.fetch(
        "UPDATE letter SET status = 'delivered', next_attempt_at = NULL, delivered_at = now(), attempts = 1"
        " WHERE object_id <> 'waiting'"
    )
    payments.fetch(
        "INSERT INTO delivery_attempt (tenant_id, letter_id, number, fence, scheduled_at, started_at)"
        " SELECT tenant_id, letter_id, 1, 1, now(), now() FROM letter WHERE object_id = 'old'"
    )
    payments.run(clean_up(payments.engine, presentment_days=30))
    kept = payments.fetch(
        "SELECT object_id FROM payments_event WHERE object_id NOT LIKE 'we_%' ORDER BY position"
    )
    assert [row["object_id"] for row in kept] == ["waiting", "kept", "fresh"]
    letters = payments.fetch("SELECT object_id FROM letter WHERE object_id NOT LIKE 'we_%' ORDER BY position")
    assert [row["object_id"] for row in letters] == ["waiting", "kept", "fresh"]
    assert payments.fetch("SELECT 1 FROM delivery_attempt") == []
