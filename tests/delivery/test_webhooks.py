"""Webhooks over real sockets: signed, tried on their ladder, in order for each object, and shown."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from tests.conftest import DemoTemplate
from tests.support.payment_calls import create
from tests.support.plan_buyers import MASTERCARD, buy
from tests.support.receiver import Received, make_answer
from tests.support.webhook_world import WebhookWorld, open_webhook_world

from parcela.connectors.outbound_http import GuardedHttp
from parcela.domain.payments.events import EventType
from parcela.domain.payments.records import Owner
from parcela.domain.payments.webhook_urls import WebhookReach
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.store.payments import webhook_letters

GATEWAY = "https://good.example/hooks"


@pytest.fixture
def world(database_url: str, demo_template: DemoTemplate) -> Iterator[WebhookWorld]:
    with open_webhook_world(database_url, demo_template.home) as opened:
        yield opened
        assert opened.list_faults() == []


def show_tries(delivery: dict[str, Any]) -> list[tuple[str, int | None]]:
    """Outcomes and statuses, the first try first."""
    return [(found["outcome"], found["statusCode"]) for found in reversed(delivery["attempts"])]


def test_a_new_endpoint_gets_a_signed_test_event(world: WebhookWorld) -> None:
    endpoint = world.add_endpoint(events=["payment.completed"])
    assert world.receiver.received == []  # the request itself calls nobody
    world.deliver()
    [request] = world.receiver.received
    body = Webhook(endpoint["secret"]).verify(request.body, dict(request.headers))
    shown = {name: value for name, value in endpoint.items() if name != "secret"}
    [event] = world.payments.get("/v1/events").body["data"]
    assert body == {
        "id": event["id"],
        "type": "webhook_endpoint.test",
        "created": event["created"],
        "data": {"object": shown},
    }
    assert (request.target, request.headers["content-type"]) == ("/hooks", "application/json")
    assert request.headers["webhook-id"] == event["id"]
    assert request.headers["x-vinr-timestamp"] == request.headers["webhook-timestamp"]
    [delivery] = world.list_deliveries(endpoint)
    assert (delivery["id"], delivery["status"], delivery["nextAttemptAt"]) == (event["id"], "succeeded", None)
    assert show_tries(delivery) == [("delivered", 200)]


def test_each_endpoint_gets_what_it_asked_for_under_the_name_it_asked_for(world: WebhookWorld) -> None:
    world.add_quiet_endpoint(events=["payment.succeeded"])
    world.add_quiet_endpoint(events=["payment.failed"])
    world.happen("pay_1")
    world.happen("pay_2", type_=EventType.PAYMENT_FAILED)
    world.happen("pay_3", type_=EventType.PAYMENT_CREATED)
    world.deliver()
    told = {(body["type"], body["data"]["object"]["id"]) for body in world.list_bodies()}
    assert told == {("payment.succeeded", "pay_1"), ("payment.failed", "pay_2")}
    assert len(world.receiver.received) == 2


def test_what_opens_a_shoppers_pages_goes_out_and_is_not_kept(world: WebhookWorld) -> None:
    endpoint = world.add_quiet_endpoint(events=["payment.created", "plan.accepted"])

    def echo(request: Received) -> bytes:
        """What an echoing or a debugging receiver answers."""
        signatures = [request.headers[name] for name in ("webhook-signature", "x-vinr-signature")]
        shown = request.json["data"]["object"]
        found = shown.get("checkoutUrl") or shown.get("cardholderUrl") or ""
        heads = [found.rpartition("/")[2], endpoint["secret"], *signatures, ""]
        return make_answer(500, "\n".join(heads).encode() + request.body)

    world.receiver.reply = echo
    bought = buy(world.payments, MASTERCARD, 3)
    plan = world.payments.get(f"/v1/installments/plans/{bought['installments']['plan']}").body
    links = {plan["cardholderUrl"], create(world.payments)["checkoutUrl"]}
    world.deliver()
    objects = [body["data"]["object"] for body in world.list_bodies()]
    told = {found.get(name) for found in objects for name in ("cardholderUrl", "checkoutUrl")} - {None}
    assert told == links
    rows = world.payments.fetch(
        "SELECT request_body AS sent, answer FROM delivery_attempt WHERE http_status = 500"
    )
    tokens = [link.rpartition("/")[2].rpartition(".")[2] for link in links]
    signatures = [
        request.headers[name].removeprefix("v1,")
        for request in world.receiver.received
        for name in ("webhook-signature", "x-vinr-signature")
    ]
    kept = "".join(row["sent"] + row["answer"] for row in rows)
    assert sum(row["sent"].count("{token}") for row in rows) == 2
    assert [secret for secret in (*tokens, *signatures, endpoint["secret"]) if secret in kept] == []
    stars = sorted(row["answer"].splitlines()[:4] for row in rows)
    secret = "*" * len(endpoint["secret"])
    rest = [secret, "*" * 47, "*" * 64]
    assert stars == [["", *rest], ["*" * 43, *rest], ["1." + "*" * 43, *rest]]


def test_six_tries_on_the_ladder_then_it_is_given_up_and_can_be_sent_again(world: WebhookWorld) -> None:
    endpoint = world.add_quiet_endpoint()
    world.receiver.always(500)
    world.happen("pay_1")
    world.deliver()
    for by in ("PT1M", "PT5M", "PT30M", "PT2H", "PT24H"):
        world.advance(by)
        world.deliver()
    assert len(world.receiver.received) == 6
    assert {request.body for request in world.receiver.received} == {world.receiver.received[0].body}
    [delivery, _] = world.list_deliveries(endpoint)
    assert show_tries(delivery) == [("failed", 500)] * 6
    assert delivery["status"] == "failed"
    assert delivery["reason"] == "the receiver answered 500; that was the last try"
    gaps = [found["nextAttemptAt"] - found["at"] for found in reversed(delivery["attempts"][1:])]
    assert [
        gap - wanted in (0, 1) for gap, wanted in zip(gaps, (60, 300, 1800, 7200, 86400), strict=True)
    ] == [True] * 5
    [told] = world.payments.fetch("SELECT subject, data FROM event WHERE type = 'webhook.gave_up'")
    assert told["subject"] == endpoint["id"]
    assert json.loads(told["data"])["owner_email"] == "owner@store.sandbox.example"
    world.advance("P30D")
    world.deliver()
    assert len(world.receiver.received) == 6

    world.receiver.always(204)
    answer = world.payments.post(f"/v1/events/{delivery['id']}/resend")
    assert (answer.status, answer.body["id"]) == (200, delivery["id"])
    world.deliver()
    assert world.receiver.received[-1].body == world.receiver.received[0].body
    assert world.list_deliveries(endpoint)[0]["status"] == "succeeded"


def test_an_endpoint_that_is_gone_is_disabled_until_its_owner_enables_it(world: WebhookWorld) -> None:
    endpoint = world.add_quiet_endpoint()
    world.receiver.always(410)
    world.happen("pay_1")
    world.deliver()
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    shown = world.payments.get(path).body
    assert (shown["status"], shown["disabledReason"]) == ("disabled", "the endpoint answered 410 Gone")
    world.happen("pay_2")
    world.deliver()
    assert world.list_objects() == ["pay_1"]

    world.receiver.always(200)
    enabled = world.payments.ask("PATCH", path, {"status": "enabled"})
    assert (enabled.status, enabled.body["status"], enabled.body["disabledReason"]) == (200, "enabled", None)
    world.happen("pay_3")
    world.deliver()
    # What happened while it was disabled made no letters, and what was refused waits for a resend.
    assert world.list_objects() == ["pay_1", "pay_3"]


def test_what_waits_while_an_endpoint_is_disabled_goes_out_when_it_is_enabled(world: WebhookWorld) -> None:
    endpoint = world.add_quiet_endpoint()
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    world.happen("pay_1")
    assert world.payments.ask("PATCH", path, {"status": "disabled"}).status == 200
    world.deliver()
    assert (world.receiver.received, world.list_deliveries(endpoint)[0]["status"]) == ([], "held")
    assert world.payments.ask("PATCH", path, {"status": "enabled"}).status == 200
    world.deliver()
    assert world.list_objects() == ["pay_1"]


def test_a_receiver_may_put_the_next_try_off(world: WebhookWorld) -> None:
    endpoint = world.add_quiet_endpoint()
    head = b"HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
    world.receiver.script(head, 200)
    world.happen("pay_1")
    world.deliver()
    world.advance("PT59M")
    world.deliver()
    assert len(world.receiver.received) == 1
    world.advance("PT2M")
    world.deliver()
    assert show_tries(world.list_deliveries(endpoint)[0]) == [("failed", 429), ("delivered", 200)]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_failures_and_are_not_followed(world: WebhookWorld, status: int) -> None:
    endpoint = world.add_quiet_endpoint()
    world.receiver.always(make_answer(status))
    world.happen("pay_1")
    world.deliver()
    delivery = world.list_deliveries(endpoint)[0]
    assert (delivery["status"], show_tries(delivery)) == ("pending", [("failed", status)])
    assert [request.target for request in world.receiver.received] == ["/hooks"]


def test_first_tries_of_one_object_go_out_in_order_and_a_failure_blocks_nobody(world: WebhookWorld) -> None:
    world.add_quiet_endpoint()
    world.receiver.script(500, 200)
    for type_ in (EventType.PAYMENT_CREATED, EventType.PAYMENT_PROCESSING, EventType.PAYMENT_COMPLETED):
        world.happen("pay_1", type_=type_)
    world.deliver()
    assert [body["type"] for body in world.list_bodies()] == [
        "payment.created",
        "payment.processing",
        "payment.completed",
    ]
    assert world.receiver.most_in_flight == 1
    world.advance("PT1M")
    world.deliver()
    assert [body["type"] for body in world.list_bodies()][3:] == ["payment.created"]


def test_an_endpoint_that_hangs_delays_no_other(world: WebhookWorld) -> None:
    slow = world.add_quiet_endpoint(url=f"{world.url}/slow")
    fast = world.add_quiet_endpoint(url=f"{world.url}/fast")
    world.receiver.reply = lambda request: "hang" if request.target.endswith("/slow") else 200
    world.happen(*(f"pay_{n}" for n in range(12)))
    world.deliver()
    at_s = [request.at_s for request in world.receiver.received if request.target.endswith("/fast")]
    assert len(at_s) == 12
    assert max(at_s) - min(at_s) < 5
    assert {delivery["status"] for delivery in world.list_deliveries(fast)} == {"succeeded"}
    assert [show_tries(found) for found in world.list_deliveries(slow)[:12]] == [[("failed", None)]] * 12


def test_both_secrets_sign_while_one_is_rolled_until_the_overlap_ends(world: WebhookWorld) -> None:
    endpoint = world.add_quiet_endpoint()
    rolled = world.payments.post(f"/v1/webhook-endpoints/{endpoint['id']}/roll-secret", {"overlapHours": 2})
    assert rolled.status == 200
    new, old = Webhook(rolled.body["secret"]), Webhook(endpoint["secret"])
    world.happen("pay_1")
    world.deliver()
    world.advance("PT2H")
    world.happen("pay_2")
    world.deliver()
    first, second = world.receiver.received
    for secret in (old, new):
        secret.verify(first.body, dict(first.headers))
    new.verify(second.body, dict(second.headers))
    with pytest.raises(WebhookVerificationError):
        old.verify(second.body, dict(second.headers))


def test_a_deleted_endpoint_gets_nothing_more(world: WebhookWorld) -> None:
    endpoint = world.add_quiet_endpoint()
    world.happen("pay_1")
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    assert world.payments.ask("DELETE", path).body == {
        "id": endpoint["id"],
        "object": "webhook_endpoint",
        "deleted": True,
    }
    world.happen("pay_2")
    world.deliver()
    assert world.receiver.received == []
    assert [world.payments.ask(method, path).status for method in ("GET", "DELETE")] == [404, 404]
    assert world.payments.fetch("SELECT 1 FROM payments_webhook_secret") == []


def test_a_clock_moved_during_a_try_brings_the_next_one_forward(world: WebhookWorld) -> None:
    world.add_quiet_endpoint()
    world.happen("pay_1")

    async def give(_: PaymentsDesk, moment: AccountMoment) -> Owner:
        return moment.owner

    owner = world.payments.as_account(give)
    half_a_minute = timedelta(seconds=30)

    async def move() -> None:
        async with world.payments.engine.database.transaction() as connection:
            await webhook_letters.bring_forward(connection, owner, half_a_minute)

    moves: list[asyncio.Task[None]] = []

    def move_and_hang(_: Any) -> str:
        moves.append(asyncio.get_running_loop().create_task(move()))
        return "hang"

    world.receiver.reply = move_and_hang
    world.deliver()
    [row] = world.payments.fetch(
        "SELECT a.next_attempt_at - l.next_attempt_at AS gained FROM letter l"
        " JOIN delivery_attempt a USING (tenant_id, letter_id) WHERE l.status = 'due'"
    )
    assert (len(moves), row["gained"]) == (1, half_a_minute)


def test_a_private_address_is_not_called_once_the_setting_is_off(world: WebhookWorld) -> None:
    endpoint = world.add_quiet_endpoint()
    world.reach = WebhookReach()
    world.happen("pay_1")
    world.deliver()
    [delivery, _] = world.list_deliveries(endpoint)
    assert show_tries(delivery) == [("not_rendered", None)]
    assert delivery["attempts"][0]["error"] == "'url' must be an https address."
    assert world.receiver.received == []


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1"])
def test_a_name_that_leads_to_a_private_address_is_not_called(world: WebhookWorld, address: str) -> None:
    async def look_up(host: str, port: int) -> list[str]:
        return ["93.184.216.34", address]

    world.reach = WebhookReach()
    world.payments.set_desk(webhook_reach=WebhookReach())
    world.guarded = GuardedHttp(False, resolver=look_up)
    endpoint = world.add_endpoint(url=GATEWAY)
    world.deliver()
    [delivery] = world.list_deliveries(endpoint)
    assert (delivery["status"], show_tries(delivery)) == ("pending", [("failed", None)])
    assert "not public" in delivery["attempts"][0]["error"]


def test_a_large_object_is_shortened_and_the_event_has_it_whole(world: WebhookWorld) -> None:
    world.add_quiet_endpoint()
    metadata = {f"k{n:02}": "é" * 500 for n in range(40)}
    world.happen("pay_1", status="completed", metadata=metadata)
    world.deliver()
    [request] = world.receiver.received
    assert len(request.body) < 20_000
    assert request.json["data"] == {"object": {"id": "pay_1", "status": "completed"}, "omitted": ["metadata"]}
    event = world.payments.get(f"/v1/events/{request.json['id']}").body
    assert event["data"]["object"]["metadata"] == metadata


def test_an_event_is_sent_again_to_the_endpoint_that_is_named(world: WebhookWorld) -> None:
    world.add_quiet_endpoint(url=f"{world.url}/all")
    other = world.add_quiet_endpoint(url=f"{world.url}/other", events=["refund.failed"])
    world.happen("pay_1")
    world.deliver()
    [event_id] = [body["id"] for body in world.list_bodies()]
    # To all that want it: the one that did not ask for it gets nothing.
    world.payments.post(f"/v1/events/{event_id}/resend")
    world.deliver()
    world.payments.post(f"/v1/events/{event_id}/resend", {"endpoint": other["id"]})
    world.deliver()
    assert [request.target for request in world.receiver.received] == [
        "/hooks/all",
        "/hooks/all",
        "/hooks/other",
    ]
    assert {body["id"] for body in world.list_bodies()} == {event_id}
    world.payments.ask("PATCH", f"/v1/webhook-endpoints/{other['id']}", {"status": "disabled"})
    refused = world.payments.post(f"/v1/events/{event_id}/resend", {"endpoint": other["id"]})
    assert (refused.status, refused.code, refused.error["param"]) == (400, "parameter_invalid", "endpoint")


def test_deliveries_are_paged_newest_first(world: WebhookWorld) -> None:
    endpoint = world.add_quiet_endpoint()
    world.happen("pay_1", "pay_2", "pay_3")
    path = f"/v1/webhook-endpoints/{endpoint['id']}/deliveries"
    ids = [event["id"] for event in world.payments.get("/v1/events").body["data"]]
    first = world.payments.get(f"{path}?limit=2").body
    assert [found["id"] for found in first["data"]] == ids[:2]
    assert first["page"] == {"has_more": True, "next_cursor": ids[1], "total_estimate": 4}
    second = world.payments.get(f"{path}?limit=2&starting_after={ids[1]}").body
    assert [found["id"] for found in second["data"]] == ids[2:]
    assert second["page"] == {"has_more": False, "next_cursor": None, "total_estimate": 4}
    back = world.payments.get(f"{path}?limit=1&ending_before={ids[2]}").body
    assert ([found["id"] for found in back["data"]], back["page"]["has_more"]) == ([ids[1]], True)
    refused = world.payments.get(f"{path}?starting_after=evt_1")
    assert (refused.status, refused.code) == (400, "parameter_invalid")
