"""Requests of an account that come at once to a server of two workers: one effect each, and exact sums.

Each goes over a connection of its own (`spec/payments.md` §§9, 12 and 16).
"""

import asyncio
import base64
import hmac
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import aiohttp
import pytest
from tests.support.account_calls import (
    MASTERCARD,
    PLAIN,
    AccountCaller,
    Answer,
    Json,
    make_name,
    make_payment,
)
from tests.support.account_siege import Hook, list_contradictions, open_hook, wait_for_attempts
from tests.support.delivery_world import wait_until
from tests.support.live_server import LiveServer, run_live_server
from tests.support.shop_siege import fetch, open_records

MANY = 64
IN_PROGRESS = (409, "idempotency_in_progress")
BUSY = (409, "resource_busy")
Post = tuple[str, Json, str | None]
"""Path, body and idempotency key."""


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """A server of two processes on its own database."""
    settings = {"PARCELA_PAYMENTS_ALLOW_PRIVATE_WEBHOOKS": "true"}
    with run_live_server(workers=2, settings=settings) as running:
        yield running


def race(server: LiveServer, work: Callable[[AccountCaller], Awaitable[None]]) -> None:
    """Ask with up to 64 connections; in the end no view finds anything broken."""

    async def main() -> None:
        connector = aiohttp.TCPConnector(limit=MANY)
        async with aiohttp.ClientSession(connector=connector) as session:
            await work(AccountCaller(session, server.home, server.root_url))
        async with open_records(server.home) as engine:
            await wait_for_attempts(engine)
            assert await list_contradictions(engine) == []

    asyncio.run(main())


async def look(server: LiveServer, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the server's database."""
    async with open_records(server.home) as engine:
        return await fetch(engine, sql)


async def post_all(caller: AccountCaller, posts: Sequence[Post]) -> list[Answer]:
    """All at once."""
    return list(await asyncio.gather(*(caller.ask("POST", path, body, key=key) for path, body, key in posts)))


def count(answers: Sequence[Answer]) -> Counter[tuple[int, str | None]]:
    """How many there are of each status and code."""
    return Counter((answer.status, answer.code) for answer in answers)


async def pay(caller: AccountCaller, number: str = PLAIN, **members: Any) -> Json:
    """A payment that the bank approved."""
    name = make_name()
    method = await caller.keep_card(number, f"{name}-card")
    answer = await caller.insist("/v1/payments", make_payment(paymentMethod=method, **members), name)
    assert answer.status == 201, answer.raw
    return answer.body


async def make_create(caller: AccountCaller) -> tuple[str, Json]:
    """A payment at once."""
    return "/v1/payments", make_payment(paymentMethod=await caller.keep_card(PLAIN, make_name()))


async def make_confirm(caller: AccountCaller) -> tuple[str, Json]:
    """The confirmation of an intent, with a plan."""
    wish = {"enabled": True, "count": 3}
    body = make_payment(confirm=False, installments=wish)
    payment = (await caller.insist("/v1/payments", body, make_name())).body
    method = await caller.keep_card(MASTERCARD, make_name())
    return f"/v1/payments/{payment['id']}/confirm", {"paymentMethod": method}


async def make_refund(caller: AccountCaller) -> tuple[str, Json]:
    """A refund in part."""
    return "/v1/refunds", {"payment": (await pay(caller))["id"], "amount": 1200}


async def make_capture(caller: AccountCaller) -> tuple[str, Json]:
    """The capture of a hold in part."""
    payment = await pay(caller, captureMethod="manual")
    return f"/v1/payments/{payment['id']}/capture", {"amount": 40000}


COUNTS = """
SELECT (SELECT count(*) FROM simulated_card_message), (SELECT count(*) FROM payment),
    (SELECT count(*) FROM payment_refund), (SELECT count(*) FROM balance_transaction),
    (SELECT count(*) FROM payments_event)
"""


@pytest.mark.parametrize(
    ("make", "status", "grown"),
    [
        # A card message, a payment, its balance row, three events.
        pytest.param(make_create, 201, (1, 1, 0, 1, 3), id="create"),
        # plan.accepted comes beside.
        pytest.param(make_confirm, 200, (1, 0, 0, 1, 4), id="confirm"),
        pytest.param(make_refund, 201, (0, 0, 1, 1, 1), id="refund"),
        pytest.param(make_capture, 200, (1, 0, 0, 1, 1), id="capture"),
    ],
)
def test_sixty_four_requests_with_one_key_have_one_effect(
    server: LiveServer,
    make: Callable[[AccountCaller], Awaitable[tuple[str, Json]]],
    status: int,
    grown: tuple[int, ...],
) -> None:
    async def work(caller: AccountCaller) -> None:
        for _ in range(3):
            path, body = await make(caller)
            key = make_name()
            (before,) = await look(server, COUNTS)
            answers = await post_all(caller, [(path, body, key)] * MANY)
            (after,) = await look(server, COUNTS)
            assert tuple(now - was for now, was in zip(after, before, strict=True)) == grown
            assert set(count(answers)) <= {(status, None), IN_PROGRESS}
            done = [answer for answer in answers if answer.status == status]
            assert len({answer.raw for answer in done}) == 1
            assert [answer.is_replayed for answer in done].count(False) == 1
            again = await caller.ask("POST", path, body, key=key)
            assert (again.raw, again.is_replayed) == (done[0].raw, True)

    race(server, work)


def test_sixty_four_keys_confirm_a_payment_once(server: LiveServer) -> None:
    async def work(caller: AccountCaller) -> None:
        for _ in range(2):
            path, body = await make_confirm(caller)
            answers = await post_all(caller, [(path, body, make_name()) for _ in range(MANY)])
            told = count(answers)
            assert told[200, None] == 1
            assert set(told) <= {(200, None), BUSY, (422, "payment_not_confirmable")}
            payment_id = path.split("/")[3]
            charges = f"SELECT count(*) FROM simulated_card_message WHERE message_id LIKE '{payment_id}%'"
            assert await look(server, charges) == [(1,)]
            plans = f"SELECT count(*) FROM payment_plan WHERE payment_id = '{payment_id}'"
            assert await look(server, plans) == [(1,)]

    race(server, work)


def test_a_hundred_refunds_of_two_percent_are_fifty(server: LiveServer) -> None:
    async def work(caller: AccountCaller) -> None:
        payment = await pay(caller)
        body = {"payment": payment["id"], "amount": 1200}
        answers = await post_all(caller, [("/v1/refunds", body, make_name()) for _ in range(100)])
        assert count(answers) == {(201, None): 50, (422, "amount_too_large"): 50}
        held = await caller.look(f"/v1/payments/{payment['id']}")
        assert (held["amountRefundPending"], held["amountRefunded"]) == (60000, 0)
        sums = f"SELECT sum(gross_minor) FROM balance_transaction WHERE payment_id = '{payment['id']}'"
        assert await look(server, sums + " AND kind = 'refund'") == [(-60000,)]

    race(server, work)


def test_refunds_in_part_and_in_full_at_once_give_back_no_more_than_there_is(server: LiveServer) -> None:
    refused = {(422, "amount_too_large"), (422, "payment_not_refundable")}

    async def work(caller: AccountCaller) -> None:
        for turn in range(4):
            wish = {"enabled": True, "count": 3} if turn % 2 else None
            payment = await pay(caller, MASTERCARD, **({} if wish is None else {"installments": wish}))
            bodies = [{"payment": payment["id"]}, {"payment": payment["id"], "amount": 20000}] * 4
            answers = await post_all(caller, [("/v1/refunds", body, make_name()) for body in bodies[turn:]])
            assert set(count(answers)) == {(201, None), *(refused & set(count(answers)))}
            given = sum(answer.body["amount"] for answer in answers if answer.status == 201)
            held = await caller.look(f"/v1/payments/{payment['id']}")
            # The full one takes all that is left, whenever it comes.
            assert (given, held["amountRefundPending"]) == (60000, 60000)

    race(server, work)


def test_a_capture_and_a_cancel_at_once_do_one_of_them(server: LiveServer) -> None:
    lawful = {
        (200, None),
        BUSY,
        (422, "payment_not_capturable"),
        (422, "payment_not_cancellable"),
    }

    async def work(caller: AccountCaller) -> None:
        for _ in range(4):
            payment = await pay(caller, captureMethod="manual")
            root = f"/v1/payments/{payment['id']}"
            posts: list[Post] = [(f"{root}/{verb}", {}, make_name()) for verb in ("capture", "cancel") * 8]
            answers = await post_all(caller, posts)
            told = count(answers)
            assert (told[200, None], set(told) - lawful) == (1, set())
            (done,) = (answer.body["status"] for answer in answers if answer.status == 200)
            assert (await caller.look(root))["status"] == done

    race(server, work)


def test_a_refund_is_withdrawn_once_while_others_are_made(server: LiveServer) -> None:
    async def work(caller: AccountCaller) -> None:
        wish = {"enabled": True, "count": 3}
        payment = await pay(caller, MASTERCARD, installments=wish)
        body = {"payment": payment["id"], "amount": 10000}
        first = (await caller.insist("/v1/refunds", body, make_name())).body
        withdrawals: list[Post] = [(f"/v1/refunds/{first['id']}/cancel", {}, make_name()) for _ in range(8)]
        others = [("/v1/refunds", body, make_name()) for _ in range(8)]
        answers = await post_all(
            caller, [post for pair in zip(withdrawals, others, strict=True) for post in pair]
        )
        told = count(answers[::2])
        assert told == {(200, None): 1, (422, "refund_not_cancellable"): 7}
        made = count(answers[1::2])
        held = await caller.look(f"/v1/payments/{payment['id']}")
        assert held["amountRefundPending"] == 10000 * made[201, None]
        # 500.00 stay while the first one is held, and 600.00 once it is withdrawn.
        assert made[201, None] in (5, 6)
        assert made[422, "amount_too_large"] == 8 - made[201, None]

    race(server, work)


def test_a_clock_moved_by_eight_at_once_goes_as_far_as_all_of_them_say(server: LiveServer) -> None:
    async def work(caller: AccountCaller) -> None:
        for number in range(4):
            wish = {"enabled": True, "count": 3}
            payment = await pay(caller, MASTERCARD, installments=wish)
            if number % 2:
                body = {"payment": payment["id"], "amount": 10000}
                await caller.insist("/v1/refunds", body, make_name())
        before = (await caller.look("/v1/test/clock"))["now"]
        steps = [("/v1/test/clock/advance", {"by": "P12D"}, make_name()) for _ in range(8)]
        answers = [caller.insist(path, body, key) for path, body, key in steps]
        ended = await asyncio.gather(*answers)
        assert [answer.status for answer in ended] == [200] * 8
        after = await caller.look("/v1/test/clock")
        assert 8 * 12 * 86400 <= after["now"] - before < 8 * 12 * 86400 + 60
        assert sorted(answer.body["now"] - before for answer in ended)[-1] >= 8 * 12 * 86400
        assert after["due"] == 0
        told_twice = """
            SELECT type, object_id, body ->> 'number', count(*) FROM payments_event
            WHERE type LIKE 'installment.%' OR type LIKE 'settlement.%' OR type = 'refund.succeeded'
            GROUP BY 1, 2, 3 HAVING count(*) > 1"""
        assert await look(server, told_twice) == []
        untold = """
            SELECT (SELECT count(*) FROM payment_plan_row WHERE status = 'paid')
                - (SELECT count(*) FROM payments_event WHERE type = 'installment.paid'),
                (SELECT count(*) FROM payment_refund WHERE status = 'succeeded')
                - (SELECT count(*) FROM payments_event WHERE type = 'refund.succeeded'),
                (SELECT count(*) FROM payment_refund WHERE status = 'pending')"""
        assert await look(server, untold) == [(0, 0, 0)]

    race(server, work)


def test_webhooks_stay_verifiable_while_their_secret_is_rolled(server: LiveServer) -> None:
    async def work(caller: AccountCaller) -> None:
        async with open_hook() as hook:
            wanted = {"url": hook.url, "enabledEvents": ["payment.completed"]}
            endpoint = (await caller.insist("/v1/webhook-endpoints", wanted, make_name())).body
            root, secrets = f"/v1/webhook-endpoints/{endpoint['id']}", [endpoint["secret"]]

            async def roll_on() -> None:
                for _ in range(3):
                    rolled = await caller.insist(f"{root}/roll-secret", {"overlapHours": 1}, make_name())
                    secrets.append(rolled.body["secret"])
                    await asyncio.sleep(0.2)

            bought, _ = await asyncio.gather(asyncio.gather(*(pay(caller) for _ in range(30))), roll_on())
            told = {payment["id"] for payment in bought}

            async def has_arrived() -> bool:
                return told <= list_told(hook)

            await wait_until(has_arrived)
            for prefix, signatures, body in hook.signed:
                assert find_signers(secrets, prefix.encode() + body, signatures), (prefix, signatures)
            assert len(set(secrets)) == 4
            answer = await caller.ask("DELETE", root)
            assert answer.status == 200

    race(server, work)


def list_told(hook: Hook) -> set[str]:
    """The payments whose completion came."""
    bodies = [json.loads(body) for _, _, body in hook.signed]
    return {one["data"]["object"]["id"] for one in bodies if one["type"] == "payment.completed"}


def find_signers(secrets: Sequence[str], signed: bytes, signatures: str) -> list[int]:
    """Which secrets a webhook is signed with, as a receiver would check it."""
    given = signatures.split()
    return [place for place, secret in enumerate(secrets) if f"v1,{sign(secret, signed)}" in given]


def sign(secret: str, signed: bytes) -> str:
    """A signature by the standard."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
