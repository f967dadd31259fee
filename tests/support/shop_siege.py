"""A siege of a shop: server and database are killed while payers pay, and what must hold afterwards."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from parcela.app import open_engine
from parcela.operations.acquirer_attempts import LEASE_S
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine
from parcela.operations.ledger import check_ledger
from parcela.operations.orders.sweep import POLL_S
from parcela.settings import Settings
from parcela.store.embedded import EmbeddedServer
from tests.support.live_server import LiveServer
from tests.support.shop import Answer, Json
from tests.support.shop_calls import Caller, name_place, write_move, write_payment, write_void

ALL = "1200.00"
_BUSY_S = 30
RESOLVED_WITHIN_S = LEASE_S + 2 * POLL_S + _BUSY_S
"""An attempt whose process was killed is resolved so long after its lease began, when a sweeper runs.

Of a busy machine the sweeper may wait for its turn as long again.
"""
_PAUSE_S = 0.2
_PATIENCE_S = 120.0
_AGAIN = frozenset({"UNKNOWN", "TIMED_OUT", "LOCK_FAILURE"})


@dataclass
class Payers:
    """Payers who buy until they are told to stop, and end what they have begun."""

    caller: Caller
    chance: random.Random
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    is_open: bool = True
    orders: int = 0

    async def buy_on(self) -> None:
        """One payer: order after order."""
        while self.is_open:
            self.orders += 1
            order_id = f"S-{self.orders}"
            await self.chance.choice(_COURSES)(self, order_id)

    async def transact(self, order_id: str, name: str, body: Json) -> str:
        """A transaction until it is approved, under a new id after each outcome that left nothing; its id."""
        is_unsure = False
        async with asyncio.timeout(_PATIENCE_S):
            for again in range(1000):
                transaction_id = f"{name}{again}"
                answer = await self._put(order_id, transaction_id, body)
                said = answer.outcome[2]
                if said == "APPROVED":
                    return transaction_id
                is_unsure = is_unsure or said == "UNKNOWN"
                # What the acquirer has yet to take back may stand in the way of the same thing again.
                assert said in _AGAIN or (is_unsure and said == "DECLINED"), (order_id, answer.body)
                await asyncio.sleep(_PAUSE_S)
        raise AssertionError(f"{order_id}: {name} never ends")

    async def _put(self, order_id: str, transaction_id: str, body: Json) -> Answer:
        while True:
            answer = await self.caller.insist("PUT", name_place(order_id, transaction_id), body)
            if answer.status != 400:
                self.answers[order_id, transaction_id] = answer
                return answer
            # An attempt of unknown outcome holds the offer until it is resolved.
            assert answer.outcome[2].endswith("has already been used."), (order_id, answer.body)
            await asyncio.sleep(_PAUSE_S)


async def _pay_and_refund(payers: Payers, order_id: str) -> None:
    await payers.transact(order_id, "p", write_payment(await payers.caller.quote()))
    refund_id = await payers.transact(order_id, "r", write_move("REFUND", "100.00"))
    if payers.chance.random() < 0.5:
        await payers.transact(order_id, "v", write_void(refund_id))


async def _authorize_and_capture(payers: Payers, order_id: str) -> None:
    body = write_payment(await payers.caller.quote(), operation="AUTHORIZE")
    await payers.transact(order_id, "a", body)
    await payers.transact(order_id, "c", write_move("CAPTURE", ALL))


async def _pay_and_void(payers: Payers, order_id: str) -> None:
    offer_id = await payers.caller.quote() if payers.chance.random() < 0.5 else None
    payment_id = await payers.transact(order_id, "p", write_payment(offer_id))
    await payers.transact(order_id, "v", write_void(payment_id))


_COURSES: Sequence[Callable[[Payers, str], Awaitable[None]]] = (
    _pay_and_refund,
    _pay_and_refund,
    _authorize_and_capture,
    _pay_and_void,
)


async def lay_siege(
    server: LiveServer, seed: int, *, payers: int, blows: Sequence[Callable[[], None]], every_s: float
) -> Payers:
    """Let payers buy while `blows` fall, and end all they have begun; gives them with what they were told."""
    chance = random.Random(seed)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=payers)) as session:
        crowd = Payers(Caller(session, server.home, server.root_url), random.Random(seed + 1))
        buying = [asyncio.create_task(crowd.buy_on()) for _ in range(payers)]
        try:
            for blow in blows:
                await asyncio.sleep(every_s * chance.uniform(0.6, 1.0))
                await asyncio.to_thread(blow)
            await asyncio.sleep(every_s)
            crowd.is_open = False
            await asyncio.gather(*buying)
        finally:
            for task in buying:
                task.cancel()
            await asyncio.gather(*buying, return_exceptions=True)
    return crowd


@asynccontextmanager
async def open_records(home: Path) -> AsyncIterator[Engine]:
    """An engine on the database of a running server."""
    cluster = EmbeddedServer.start(home)
    try:
        engine = await open_engine(Settings(home=home), cluster.url)
        try:
            yield engine
        finally:
            await engine.database.close()
    finally:
        cluster.release()


async def wait_until_resolved(engine: Engine) -> None:
    """Until no attempt is without outcome or owed a reversal, and plans and letters are settled.

    Raises TimeoutError when that takes longer than is documented.
    """
    async with asyncio.timeout(RESOLVED_WITHIN_S):
        while True:
            with contextlib.suppress(*UNAVAILABLE_ERRORS):
                if await fetch(engine, _UNRESOLVED) == [(0, 0, 0)]:
                    return
            await asyncio.sleep(0.1)


async def fetch(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the database."""
    async with engine.database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(sql)]


async def list_problems(engine: Engine, crowd: Payers) -> list[str]:
    """What must not be: every line is a sentence about records that contradict each other."""
    found = [f"{what}: {rows[:3]}" for what, sql in _NEVER.items() if (rows := await fetch(engine, sql))]
    found += [str(one) for one in await check_ledger(engine)]
    rows = await fetch(engine, _ANSWERS)
    held = {(order_id, transaction_id): (code, *rest) for order_id, transaction_id, code, *rest in rows}
    for ids, answer in crowd.answers.items():
        amount_minor = round(answer.body["transaction"]["amount"] * 100)
        said = (_CODES[answer.outcome[2]], answer.body["transaction"]["type"].lower(), amount_minor)
        if held.get(ids) != said:
            found.append(f"{ids}: the client was told {said}, the records say {held.get(ids)}")
    if unheard := held.keys() - crowd.answers.keys():
        found.append(f"transactions whose client was never answered: {sorted(unheard)[:5]}")
    return found


_CODES = {
    "APPROVED": "approved",
    "DECLINED": "declined",
    "LOCK_FAILURE": "locked",
    "TIMED_OUT": "timed_out",
    "UNKNOWN": "unknown",
}

_UNRESOLVED = """
SELECT (SELECT count(*) FROM merchant_transaction WHERE outcome IS NULL OR reversal = 'due'),
       (SELECT count(*) FROM letter WHERE status <> 'delivered'),
       (SELECT count(*) FROM plan_instruction WHERE state = 'waiting')
"""
_ANSWERS = """
SELECT o.order_id, t.transaction_id, t.outcome, t.kind, t.amount_minor
FROM merchant_transaction t JOIN merchant_order o USING (tenant_id, order_key)
"""
_MESSAGES = """
FROM simulated_card_message m LEFT JOIN (
    SELECT t.order_key || ':' || t.number AS message_id, t.* FROM merchant_transaction t
) t USING (message_id)
"""
_NEVER = {
    "an order with two charges": """
        SELECT split_part(message_id, ':', 1), count(*) FROM simulated_card_message
        WHERE kind IN ('payment', 'authorization') AND state IN ('approved', 'voided')
        GROUP BY 1 HAVING count(*) > 1""",
    "a charge without an order": f"SELECT m.message_id {_MESSAGES} WHERE t.message_id IS NULL",
    "a charge that its order knows nothing of": f"""
        SELECT m.message_id, m.state, t.outcome {_MESSAGES}
        WHERE m.state IN ('approved', 'unknown') AND t.outcome <> 'approved'""",
    "an approval without its charge": """
        SELECT t.order_key, t.transaction_id FROM merchant_transaction t
        WHERE t.outcome = 'approved' AND NOT EXISTS (
            SELECT FROM simulated_card_message m WHERE m.message_id = t.order_key || ':' || t.number
            AND m.state IN ('approved', 'voided') AND m.amount_minor = t.amount_minor AND m.kind = t.kind)""",
    "an order that is not what stands at the acquirer": f"""
        SELECT o.order_id, o.captured_minor, m.captured_minor, o.refunded_minor, m.refunded_minor
        {_MESSAGES} JOIN merchant_order o USING (order_key)
        WHERE t.kind IN ('payment', 'authorization') AND t.outcome = 'approved'
        AND (o.captured_minor, o.refunded_minor) IS DISTINCT FROM (m.captured_minor, m.refunded_minor)""",
    "captured money with a chosen plan and not one plan": """
        SELECT o.order_id FROM merchant_order o JOIN merchant_transaction t USING (order_key)
        WHERE o.chosen_plan IS NOT NULL AND t.outcome = 'approved' AND t.kind IN ('payment', 'capture')
        AND NOT EXISTS (SELECT FROM plan p WHERE p.plan_id = t.plan_id)""",
    "a plan that no order made, or two": """
        SELECT p.plan_id, count(t.number) FROM plan p LEFT JOIN merchant_transaction t USING (plan_id)
        GROUP BY p.plan_id HAVING count(t.number) <> 1""",
    "a plan that the bank does not service, or with another remainder": """
        SELECT o.order_id, s.state, s.refunded_minor, o.refunded_minor FROM merchant_order o
        LEFT JOIN serviced_plan s USING (plan_id) WHERE o.plan_id IS NOT NULL
        AND s.refunded_minor IS DISTINCT FROM CASE o.status
            WHEN 'cancelled' THEN s.amount_minor ELSE o.refunded_minor END""",
    "an instruction that was refused": """
        SELECT event_id, reason FROM plan_instruction WHERE state = 'refused'""",
    "a used offer without its payment, or the other way round": """
        SELECT f.offer_id, f.state, f.holder FROM merchant_offer f
        WHERE (f.state = 'used') <> EXISTS (
            SELECT FROM merchant_transaction t WHERE t.order_key || ':' || t.number = f.holder
            AND t.outcome = 'approved' AND t.chosen_plan ->> 'offer_id' = f.offer_id)""",
    "an offer that nobody holds any more": """
        SELECT offer_id, holder FROM merchant_offer WHERE state <> 'used' AND holder IS NOT NULL""",
}
