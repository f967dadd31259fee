"""What is kept in another form than it is told: page tokens of events, card numbers in keys and in texts."""

from tests.support.payment_calls import CHALLENGED, RETURN_URL, create, pay
from tests.support.payments_world import PaymentsWorld


def test_events_keep_no_page_tokens_and_tell_them(shared_payments: PaymentsWorld) -> None:
    made = create(shared_payments)
    challenged = pay(shared_payments, CHALLENGED)
    told = shared_payments.get(f"/v1/events?object={made['id']}").body["data"][0]["data"]["object"]
    assert told == made
    (event, *_) = shared_payments.get(f"/v1/events?object={challenged['id']}").body["data"]
    assert event["data"]["object"]["authentication"] == challenged["authentication"]
    one = shared_payments.get(f"/v1/events/{event['id']}").body
    assert one == event
    rows = shared_payments.fetch(
        "SELECT body FROM payments_event WHERE object_id = ANY($1)", [made["id"], challenged["id"]]
    )
    for link in (made["checkoutUrl"], challenged["authentication"]["redirectUrl"]):
        token = link.rpartition("/")[2]
        assert len(token) == 43
        assert [row for row in rows if token in str(row["body"])] == []


def test_an_idempotency_key_with_a_card_number_is_kept_as_a_hash(shared_payments: PaymentsWorld) -> None:
    body = {"amount": 60000, "returnUrl": RETURN_URL}
    first, second = (
        shared_payments.post("/v1/payments", body, idempotency_key="order 4242424242424242") for _ in range(2)
    )
    assert (first.status, second.raw) == (201, first.raw)
    assert shared_payments.fetch("SELECT 1 FROM payments_idempotency WHERE key LIKE '%4242%4242'") == []


def test_card_numbers_in_metadata_of_refunds_are_masked(shared_payments: PaymentsWorld) -> None:
    refund = {"payment": pay(shared_payments)["id"], "amount": 100, "metadata": {"a": "4242424242424242"}}
    made = shared_payments.post("/v1/refunds", refund)
    assert (made.status, made.body["metadata"]) == (201, {"a": "424242******4242"})
    path = f"/v1/refunds/{made.body['id']}"
    changed = shared_payments.post(path, {"metadata": {"b": "x4000000000000002"}})
    assert changed.body["metadata"] == {"b": "x400000******0002"}
    refused = shared_payments.post(path, {"metadata": {"4242424242424242": "x"}})
    assert (refused.status, refused.code, refused.error["param"]) == (400, "parameter_invalid", "metadata")
    assert shared_payments.get(path).body["metadata"] == changed.body["metadata"]


def test_the_prefix_of_a_key_tells_its_kind_whether_or_not_there_is_one(
    shared_payments: PaymentsWorld,
) -> None:
    for key in ("pk_test_1", "pk_live_1", shared_payments.publishable):
        answer = shared_payments.get("/v1/payments", key=key)
        assert (answer.status, answer.code) == (401, "key_type_not_allowed")
    made_up = shared_payments.post("/v1/payment-methods", {"type": "card"}, key="pk_test_1")
    assert (made_up.status, made_up.code) == (401, "invalid_api_key")
