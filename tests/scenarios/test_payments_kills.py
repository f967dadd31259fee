"""No payment charged twice and none lost while server and database are killed (`spec/payments.md` §12).

`KILLS_SEED` repeats the choices of an earlier run, `KILLS_ROUNDS` makes it longer.
"""

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Iterator

import aiohttp
import pytest
from tests.scenarios.test_shop_kills import kill_one_worker
from tests.support.account_calls import PLAIN, AccountCaller, Answer, make_name, make_payment
from tests.support.account_siege import (
    Sellers,
    end_leases,
    lay_siege,
    list_changed_answers,
    list_lost_webhooks,
    list_problems,
    open_hook,
    settle,
    wait_for_attempts,
    wait_for_webhooks,
)
from tests.support.killing import crash_database
from tests.support.live_server import LiveServer, run_live_server
from tests.support.shop_siege import fetch, open_records

SELLERS, EVERY_S = 6, 1.0


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """A server of two processes, on a database of its own that writes to the disk."""
    settings = {"PARCELA_PAYMENTS_ALLOW_PRIVATE_WEBHOOKS": "true"}
    with run_live_server(workers=2, settings=settings) as running:
        yield running


def test_no_payment_is_charged_twice_or_lost(server: LiveServer) -> None:
    seed = int(os.environ.get("KILLS_SEED") or random.SystemRandom().randrange(10**6))
    rounds = int(os.environ.get("KILLS_ROUNDS") or 1)
    print(f"KILLS_SEED={seed}")
    chance = random.Random(seed)

    def kill_all() -> None:
        server.kill()
        # None of its processes is left: what they had under way is taken up at once instead of after 30 s.
        asyncio.run(end_leases(server))
        server.start()

    def kill_worker() -> None:
        kill_one_worker(server, chance)

    def crash() -> None:
        crash_database(server.home)

    async def story() -> None:
        async with aiohttp.ClientSession() as session, open_hook() as hook:
            caller = AccountCaller(session, server.home, server.root_url)
            await caller.insist("/v1/webhook-endpoints", {"url": hook.url, "enabledEvents": ["*"]}, "hook")
            sellers = Sellers(caller, random.Random(seed + 1))
            blows = [crash, kill_worker, kill_all] * rounds
            await lay_siege(sellers, count=SELLERS, blows=blows, every_s=EVERY_S)
            print(f"{sellers.orders} orders, {caller.statuses}, {caller.codes}, {caller.lost} lost")
            async with open_records(server.home) as engine:
                await settle(sellers)
                await wait_for_attempts(engine)
                await wait_for_webhooks(engine)
                problems = await list_problems(engine, sellers)
                problems += await list_lost_webhooks(engine, hook)
            problems += await list_changed_answers(caller)
        assert not problems, "\n".join(problems)
        assert caller.statuses[500] == 0

    asyncio.run(story())


async def insist_on(caller: AccountCaller, body: dict[str, object], key: str, until_s: float) -> list[Answer]:
    """The same request every 100 ms until it has its answer for good; all answers."""
    answers: list[Answer] = []
    while not answers or answers[-1].status not in (201, 402):
        assert time.monotonic() < until_s, [(one.status, one.raw) for one in answers[-3:]]
        answers.append(await caller.ask("POST", "/v1/payments", body, key=key))
        await asyncio.sleep(0.1)
    return answers


def test_a_client_that_goes_away_finds_its_payment(server: LiveServer) -> None:
    async def story() -> None:
        async with aiohttp.ClientSession() as session:
            caller = AccountCaller(session, server.home, server.root_url)
            for number in range(20):
                name = make_name()
                body = make_payment(
                    reference=name, paymentMethod=await caller.keep_card(PLAIN, f"{name}-card")
                )
                gone = aiohttp.ClientTimeout(total=0.001 + number * 0.002)
                with contextlib.suppress(TimeoutError):
                    await caller.ask("POST", "/v1/payments", body, key=name, patience=gone)
                answers = await insist_on(caller, body, name, time.monotonic() + 60)
                assert {(one.status, one.code) for one in answers} <= {
                    (201, None),
                    (409, "idempotency_in_progress"),
                }
                async with open_records(server.home) as engine:
                    sql = f"SELECT status, captured_minor FROM payment WHERE reference = '{name}'"
                    assert await fetch(engine, sql) == [("completed", 60000)]

    asyncio.run(story())
