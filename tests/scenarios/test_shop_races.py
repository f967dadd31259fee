"""Requests of a shop that come at once to a server of two workers: one charge, one plan, no excess.

Each goes over a connection of its own (`spec/gateway.md` §7, §8.2).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.live_server import LiveServer, run_live_server
from tests.support.shop import Answer, Json
from tests.support.shop_calls import (
    Caller,
    count_outcomes,
    name_place,
    write_move,
    write_payment,
    write_void,
)

from parcela.app import open_engine
from parcela.operations.ledger import check_ledger
from parcela.settings import Settings
from parcela.store.embedded import EmbeddedServer

ALL = "1200.00"
APPROVED = (201, "SUCCESS", "APPROVED")
LOCKED = (201, "FAILURE", "LOCK_FAILURE")
Stored = Sequence[tuple[Any, ...]]


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """A server of two processes on its own database."""
    with run_live_server(workers=2) as running:
        yield running


def race(server: LiveServer, work: Callable[[Caller], Awaitable[None]]) -> None:
    """Ask with up to 64 connections; in the end no view finds anything broken."""

    async def main() -> None:
        connector = aiohttp.TCPConnector(limit=64)
        async with aiohttp.ClientSession(connector=connector) as session:
            await work(Caller(session, server.home, server.root_url))
        assert await look(server) == []

    asyncio.run(main())


async def look(server: LiveServer, sql: str | None = None, *values: object) -> Stored:
    """Rows of the server's database; without a query what its own proof finds broken."""
    cluster = EmbeddedServer.start(server.home)
    try:
        engine = await open_engine(Settings(home=server.home), cluster.url)
        try:
            if sql is None:
                return [(one,) for one in await check_ledger(engine)]
            async with engine.database.connection() as connection:
                return [tuple(row) for row in await connection.fetch(sql, *values)]
        finally:
            await engine.database.close()
    finally:
        cluster.release()


async def put_all(caller: Caller, puts: Sequence[tuple[str, Json]]) -> list[tuple[Answer, bytes]]:
    """All at once."""
    return list(await asyncio.gather(*(caller.ask("PUT", tail, body) for tail, body in puts)))


CHARGES = """
SELECT m.kind, m.state, m.captured_minor, m.refunded_minor FROM simulated_card_message m
JOIN merchant_order o ON m.message_id LIKE o.order_key::text || ':%'
WHERE o.order_id LIKE $1 ORDER BY m.reference
"""


def test_sixty_four_payments_with_one_offer_are_one_plan(server: LiveServer) -> None:
    async def work(caller: Caller) -> None:
        name = uuid4().hex[:12]
        offer_id = await caller.quote()
        body = write_payment(offer_id)
        done = await put_all(caller, [(name_place(f"{name}-{n}", "1"), body) for n in range(64)])
        used = f"Value '{offer_id}' is invalid. The payment plan offer has already been used."
        assert count_outcomes([answer for answer, _ in done]) == {APPROVED: 1, (400, "ERROR", used): 63}
        assert {answer.body["error"]["field"] for answer, _ in done if answer.status == 400} == {
            "paymentPlan.offerId"
        }
        assert await look(server, CHARGES, f"{name}-%") == [("payment", "approved", 120_000, 0)]
        # The refused ones left no order behind.
        orders = "SELECT status, plan_id IS NOT NULL FROM merchant_order WHERE order_id LIKE $1"
        assert await look(server, orders, f"{name}-%") == [("captured", True)]

    race(server, work)


def test_sixty_four_identical_payments_are_one_charge_and_equal_answers(server: LiveServer) -> None:
    async def work(caller: Caller) -> None:
        order_id = uuid4().hex[:12]
        body = write_payment(await caller.quote())
        done = await put_all(caller, [(name_place(order_id, "1"), body)] * 64)
        assert count_outcomes([answer for answer, _ in done]) == {APPROVED: 64}
        assert len({raw for _, raw in done}) == 1
        assert await look(server, CHARGES, order_id) == [("payment", "approved", 120_000, 0)]
        plans = "SELECT count(*) FROM plan JOIN merchant_order USING (plan_id) WHERE order_id = $1"
        assert await look(server, plans, order_id) == [(1,)]

    race(server, work)


REFUSALS = {
    (400, "ERROR", "Value 'VOID' is invalid. There is no transaction to void."),
    (400, "ERROR", "Value 'REFUND' is invalid. There is no captured amount to refund."),
    (400, "ERROR", "Value 'CAPTURE' is invalid. There is no authorization to capture."),
    (400, "ERROR", "Missing merchant privilege 'EXCESSIVE_REFUNDS'"),
    (
        400,
        "ERROR",
        "Value '500.00' is invalid. The amount is more than is open, or not the whole of an order with a "
        "payment plan.",
    ),
}


def test_captures_voids_and_refunds_at_once_never_exceed_what_there_is(server: LiveServer) -> None:
    async def work(caller: Caller) -> None:
        for turn in range(6):
            order_id = uuid4().hex[:12]
            await caller.insist("PUT", name_place(order_id, "1"), write_payment(None, operation="AUTHORIZE"))
            puts = [
                *((name_place(order_id, f"c{n}"), write_move("CAPTURE", "500.00")) for n in range(6)),
                *((name_place(order_id, f"v{n}"), write_void("1")) for n in range(3)),
                *((name_place(order_id, f"r{n}"), write_move("REFUND", "300.00")) for n in range(6)),
            ]
            first = turn * 3
            answers = [answer for answer, _ in await put_all(caller, [*puts[first:], *puts[:first]])]
            assert {answer.outcome for answer in answers} <= {APPROVED, LOCKED, *REFUSALS}
            await check_sums(server, caller, order_id)

    race(server, work)


async def check_sums(server: LiveServer, caller: Caller, order_id: str) -> None:
    """What the order says, its approved transactions make, and the acquirer agrees."""
    order = (await caller.insist("GET", f"order/{order_id}")).body
    sums = {"AUTHORIZATION": 0, "CAPTURE": 0, "REFUND": 0, "VOID_AUTHORIZATION": 0}
    for held in order["transaction"]:
        if held["result"] == "SUCCESS":
            sums[held["transaction"]["type"]] += round(held["transaction"]["amount"] * 100)
    totals = [round(order[f"total{name}Amount"] * 100) for name in ("Authorized", "Captured", "Refunded")]
    assert totals == [sums["AUTHORIZATION"] - sums["VOID_AUTHORIZATION"], sums["CAPTURE"], sums["REFUND"]]
    assert totals[0] >= totals[1] >= totals[2]
    roots = [row for row in await look(server, CHARGES, order_id) if row[0] == "authorization"]
    state = "voided" if sums["VOID_AUTHORIZATION"] else "approved"
    assert roots == [("authorization", state, totals[1], totals[2])]


def test_an_order_with_a_plan_is_captured_or_voided_once(server: LiveServer) -> None:
    async def work(caller: Caller) -> None:
        for _ in range(4):
            order_id = uuid4().hex[:12]
            body = write_payment(await caller.quote(), operation="AUTHORIZE")
            await caller.insist("PUT", name_place(order_id, "1"), body)
            puts = [
                *((name_place(order_id, f"c{n}"), write_move("CAPTURE", ALL)) for n in range(4)),
                *((name_place(order_id, f"v{n}"), write_void("1")) for n in range(4)),
            ]
            answers = [answer for answer, _ in await put_all(caller, puts)]
            assert count_outcomes(answers)[APPROVED] == 1
            plans = "SELECT status, plan_id IS NOT NULL FROM merchant_order WHERE order_id = $1"
            ((status, has_plan),) = await look(server, plans, order_id)
            assert (status, has_plan) in {("captured", True), ("cancelled", False)}

    race(server, work)
