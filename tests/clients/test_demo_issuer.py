"""The demo world's bank in the same server: it is told its plans, and asked for its real-time offers."""

import asyncio
import time

import asyncpg
from tests.support.live_server import LiveServer
from tests.support.network_client import OfficialClient
from tests.support.samples import load_sample

from parcela.store.embedded import EmbeddedServer

_PATIENCE_S = 60


async def list_serviced_plans(live: LiveServer, plan_id: str) -> list[tuple[str, int, int]]:
    """What the bank's card accounts hold of a plan: offer, total and number of rows."""
    database = EmbeddedServer.start(live.home)
    try:
        connection = await asyncpg.connect(database.url)
        try:
            rows = await connection.fetch(
                "SELECT offer_id, total_minor, row_count FROM serviced_plan WHERE plan_id = $1::uuid", plan_id
            )
        finally:
            await connection.close()
    finally:
        database.release()
    return [tuple(row) for row in rows]


def test_a_plan_reaches_the_banks_own_processor(live: LiveServer, partner: OfficialClient) -> None:
    offers = partner.call("POST", "/offers", load_sample("offers-request"))
    plan = load_sample("parcela-plan-request")
    plan["offerTransactionId"] = offers.body["offerTransactionId"]
    made = partner.call("POST", "/plans", plan)
    assert made.status == 201
    plan_id = made.body["planId"]
    deadline = time.monotonic() + _PATIENCE_S
    found: list[tuple[str, int, int]] = []
    while not found and time.monotonic() < deadline:
        found = asyncio.run(list_serviced_plans(live, plan_id))
        time.sleep(0.1)
    assert found == [("21345693", 40000, 6)]


def test_the_real_time_range_is_answered_by_the_bank(live: LiveServer, partner: OfficialClient) -> None:
    answer = partner.call("POST", "/offers", load_sample("parcela-realtime-request"))
    assert answer.status == 200
    (expected,) = load_sample("parcela-realtime-response")["offers"]
    expected["provider"]["providerLogoUrl"] = f"{live.root_url}/static/sandbox-bank.png"
    (offer,) = answer.body["offers"]
    assert {name: offer[name] for name in expected} == expected
    assert "eligibilityMessages" not in answer.body
