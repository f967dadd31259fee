"""A siege of the payments door: server and database are killed while shops sell, and what must hold then."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from parcela.operations.acquirer_attempts import LEASE_S
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine
from parcela.operations.ledger import check_ledger
from tests.support.account_calls import (
    MASTERCARD,
    PLAIN,
    WITHOUT_ISSUER,
    AccountCaller,
    Answer,
    Json,
    make_payment,
)
from tests.support.live_server import LiveServer
from tests.support.shop_siege import fetch, open_records

RESOLVED_WITHIN_S = LEASE_S + 30
"""An attempt whose process was killed is resolved so long after its lease began."""
_GONE = aiohttp.ClientTimeout(total=0.03)
"""So long a shopper waits who goes away."""


@dataclass
class Sellers:
    """Shops that sell until they are told to stop, and end what they have begun."""

    caller: AccountCaller
    chance: random.Random
    is_open: bool = True
    orders: int = 0
    told: dict[str, str] = field(default_factory=dict)
    """The last word on each payment, by its id."""

    async def sell_on(self) -> None:
        """One seller: order after order."""
        while self.is_open:
            self.orders += 1
            await self.chance.choice(_COURSES)(self, f"S-{self.orders}")

    async def post(self, path: str, body: Json, key: str, *, wanted: Sequence[int] = (200, 201)) -> Answer:
        """A call under its key; now and then the first one is abandoned on its way."""
        if self.chance.random() < 0.1:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                await self.caller.ask("POST", path, body, key=key, patience=_GONE)
        answer = await self.caller.insist(path, body, key)
        assert answer.status in wanted, (path, key, answer.raw)
        if answer.status < 300 and answer.body["object"] == "payment":
            self.told[answer.body["id"]] = answer.body["status"]
        return answer

    async def pay(self, order: str, number: str = PLAIN, **members: Any) -> Json | None:
        """A payment at once; None when nothing was charged."""
        method = await self.caller.keep_card(number, f"{order}-card")
        body = make_payment(reference=order, paymentMethod=method, **members)
        answer = await self.post("/v1/payments", body, f"{order}-pay", wanted=(201, 402, 404))
        if answer.status == 404:
            # A card that nobody used is forgotten after a day of the clock: nothing was paid.
            assert answer.body["error"]["param"] == "paymentMethod", answer.raw
            return None
        if answer.status == 402:
            assert answer.code == "processing_error", answer.raw
            self.told[str(answer.body["error"]["resource"])] = "failed"
            return None
        return answer.body


async def _pay_and_refund(sellers: Sellers, order: str) -> None:
    payment = await sellers.pay(order)
    if payment is None:
        return
    path = "/v1/refunds"
    first = await sellers.post(path, {"payment": payment["id"], "amount": 1200}, f"{order}-r1")
    await sellers.post(path, {"payment": payment["id"], "amount": 1300}, f"{order}-r2")
    if sellers.chance.random() < 0.5:
        # The clock may have gone past the hour in which it could.
        await sellers.post(f"{path}/{first.body['id']}/cancel", {}, f"{order}-c", wanted=(200, 422))
    else:
        await sellers.post(path, {"payment": payment["id"]}, f"{order}-r3")


async def _confirm_with_plan(sellers: Sellers, order: str) -> None:
    wish = {"enabled": True, "count": 3}
    body = make_payment(reference=order, confirm=False, installments=wish)
    payment = (await sellers.post("/v1/payments", body, f"{order}-new")).body
    is_lent = sellers.chance.random() < 0.3
    method = await sellers.caller.keep_card(WITHOUT_ISSUER if is_lent else MASTERCARD, f"{order}-card")
    path = f"/v1/payments/{payment['id']}/confirm"
    body, key = {"paymentMethod": method}, f"{order}-pay"
    wanted = (200, 402, 404, 422)
    answer = await sellers.post(path, body, key, wanted=wanted)
    while answer.code == "plan_changed":
        # The clock passed midnight between a call that died and its repeat: nothing was agreed to.
        answer = await sellers.post(path, body, key, wanted=wanted)
    if answer.status != 200:
        await _look_again(sellers, payment["id"], answer)
        return
    if sellers.chance.random() < 0.7:
        refund = {"payment": payment["id"], "amount": 10000}
        # Rows may be paid by now: the rest of what was not collected may be less.
        await sellers.post("/v1/refunds", refund, f"{order}-r", wanted=(201, 422))


async def _authorize_and_capture(sellers: Sellers, order: str) -> None:
    payment = await sellers.pay(order, captureMethod="manual")
    if payment is not None:
        await _move(sellers, order, payment, "capture")


async def _authorize_and_cancel(sellers: Sellers, order: str) -> None:
    payment = await sellers.pay(order, captureMethod="manual")
    if payment is not None:
        await _move(sellers, order, payment, "cancel")


async def _advance(sellers: Sellers, order: str) -> None:
    step = sellers.chance.choice(["PT20M", "PT1H", "PT5H"])
    await sellers.post("/v1/test/clock/advance", {"by": step}, f"{order}-clock")


async def _move(sellers: Sellers, order: str, payment: Json, verb: str) -> None:
    """Capture or cancel; after seven days on the clock the hold has lapsed by itself."""
    path = f"/v1/payments/{payment['id']}/{verb}"
    answer = await sellers.post(path, {}, f"{order}-{verb}", wanted=(200, 422))
    if answer.status == 422:
        await _look_again(sellers, payment["id"], answer)


async def _look_again(sellers: Sellers, payment_id: str, answer: Answer) -> None:
    """What was refused is told by the payment itself."""
    found = await sellers.caller.look(f"/v1/payments/{payment_id}")
    lawful = {"failed": {"processing_error"}, "pending": {"no_plan_available", "resource_missing"}}
    lawful["cancelled"] = {"payment_not_capturable", "payment_not_cancellable"}
    assert answer.code in lawful.get(found["status"], set()), (found, answer.raw)
    sellers.told[payment_id] = found["status"]


_COURSES: Sequence[Callable[[Sellers, str], Awaitable[None]]] = (
    _pay_and_refund,
    _pay_and_refund,
    _confirm_with_plan,
    _confirm_with_plan,
    _authorize_and_capture,
    _authorize_and_cancel,
    _advance,
)


@dataclass
class Hook:
    """A receiver of webhooks that takes them all."""

    url: str = ""
    bodies: dict[str, set[bytes]] = field(default_factory=dict)
    signed: list[tuple[str, str, bytes]] = field(default_factory=list)
    """What was signed, its signatures, and the body of every try."""
    came: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: web.Request) -> web.Response:
        """Take a webhook."""
        body, event_id = await request.read(), request.headers["webhook-id"]
        prefix = f"{event_id}.{request.headers['webhook-timestamp']}."
        self.signed.append((prefix, request.headers["webhook-signature"], body))
        self.bodies.setdefault(event_id, set()).add(body)
        self.came[event_id] += 1
        return web.Response(status=204)


@asynccontextmanager
async def open_hook() -> AsyncIterator[Hook]:
    """A receiver on a free port of this machine."""
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hooks", hook.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        hook.url = f"http://{host}:{port}/hooks"
        yield hook
    finally:
        await runner.cleanup()


async def lay_siege(
    sellers: Sellers,
    *,
    count: int,
    blows: Sequence[Callable[[], None]],
    every_s: float,
) -> None:
    """Let `count` sellers sell while `blows` fall, and end all they have begun."""
    selling = [asyncio.create_task(sellers.sell_on()) for _ in range(count)]
    try:
        for blow in blows:
            await asyncio.sleep(every_s * sellers.chance.uniform(0.6, 1.0))
            await asyncio.to_thread(blow)
        await asyncio.sleep(every_s)
        sellers.is_open = False
        await asyncio.gather(*selling)
    finally:
        for task in selling:
            task.cancel()
        await asyncio.gather(*selling, return_exceptions=True)


async def end_leases(server: LiveServer) -> None:
    """What killed processes hold is free, as it is after the time of its lease."""
    async with open_records(server.home) as engine, engine.database.connection() as connection:
        await connection.execute("UPDATE payments_idempotency SET leased_until = now() WHERE status IS NULL")
        await connection.execute("UPDATE payment_attempt SET leased_until = now() WHERE state = 'sent'")
        await connection.execute("UPDATE payments_agenda SET leased_until = now()")


async def wait_for_attempts(engine: Engine) -> None:
    """Until no attempt is under way. Raises TimeoutError when that takes longer than is documented."""
    await _wait_until_none(engine, "SELECT count(*) FROM payment_attempt WHERE state = 'sent'")


async def wait_for_webhooks(engine: Engine) -> None:
    """Until every webhook has arrived. Raises TimeoutError."""
    await _wait_until_none(engine, "SELECT count(*) FROM letter WHERE status <> 'delivered'")


async def _wait_until_none(engine: Engine, sql: str) -> None:
    async with asyncio.timeout(RESOLVED_WITHIN_S):
        while True:
            with contextlib.suppress(*UNAVAILABLE_ERRORS):
                if await fetch(engine, sql) == [(0,)]:
                    return
            await asyncio.sleep(0.1)


async def settle(sellers: Sellers) -> None:
    """Let the clock go on until every refund, row and settlement has come to its end."""
    await sellers.post("/v1/test/clock/advance", {"by": "P4M"}, "settle")
    clock = await sellers.caller.look("/v1/test/clock")
    assert clock["due"] == 0, clock


async def list_changed_answers(caller: AccountCaller) -> list[str]:
    """Every call again under its key: the first answer, byte for byte, unless nothing was done then."""
    found = []
    for kept in list(caller.kept):
        if kept.answer.status not in (200, 201, 402):
            continue
        again = await caller.ask("POST", kept.path, kept.body, key=kept.key)
        if (again.status, again.raw) != (kept.answer.status, kept.answer.raw) or not again.is_replayed:
            found.append(f"{kept.path} {kept.key}: first {kept.answer.raw!r}, then {again.raw!r}")
    return found


async def list_contradictions(engine: Engine) -> list[str]:
    """What must not be: every line is a sentence about records that contradict each other."""
    found = [f"{what}: {rows[:3]}" for what, sql in _NEVER.items() if (rows := await fetch(engine, sql))]
    return found + [str(one) for one in await check_ledger(engine)]


async def list_problems(engine: Engine, sellers: Sellers) -> list[str]:
    """The same, and what contradicts the answers that the shops were given."""
    found = await list_contradictions(engine)
    moved_on = {"completed", "partially_refunded", "refunded"}
    rows = await fetch(engine, "SELECT payment_id, status FROM payment")
    held = dict(rows)
    for payment_id, said in sellers.told.items():
        status = held.get(payment_id)
        is_so = status == said or (said in moved_on and status in moved_on)
        # What was only asked for or held may have ended by the clock since.
        is_so = is_so or (said in ("pending", "authorized", "processing") and status is not None)
        if not is_so:
            found.append(f"{payment_id}: the client was told {said}, the records say {status}")
    if unheard := held.keys() - sellers.told.keys():
        found.append(f"payments whose client was never answered: {sorted(unheard)[:5]}")
    return found


async def list_lost_webhooks(engine: Engine, hook: Hook) -> list[str]:
    """Events that never arrived, and those that came with other bytes the next time."""
    rows = await fetch(engine, "SELECT event_id FROM payments_event WHERE type NOT LIKE 'webhook%'")
    lost = {event_id for (event_id,) in rows} - hook.bodies.keys()
    found = [f"{len(lost)} events never arrived: {sorted(lost)[:3]}"] if lost else []
    return found + [f"{one} came with other bytes" for one, bodies in hook.bodies.items() if len(bodies) != 1]


_MESSAGES = """
FROM simulated_card_message m LEFT JOIN (
    SELECT a.payment_id || ':' || a.number AS message_id, a.* FROM payment_attempt a
) a USING (message_id)
"""
_NEVER = {
    "a payment with two charges": """
        SELECT split_part(message_id, ':', 1), count(*) FROM simulated_card_message
        WHERE kind IN ('payment', 'authorization') AND state IN ('approved', 'voided')
        GROUP BY 1 HAVING count(*) > 1""",
    "an order with two payments": """
        SELECT reference, count(*) FROM payment WHERE reference IS NOT NULL
        GROUP BY reference HAVING count(*) > 1""",
    "a charge without an attempt": f"""
        SELECT m.message_id {_MESSAGES}
        WHERE m.kind NOT IN ('refund', 'void_refund') AND a.message_id IS NULL""",
    "a charge that its payment knows nothing of": f"""
        SELECT m.message_id, m.kind, m.state, a.outcome {_MESSAGES}
        WHERE m.kind <> 'refund' AND m.state IN ('approved', 'unknown')
        AND a.outcome IS DISTINCT FROM 'approved'""",
    "an approval without its charge": """
        SELECT a.payment_id, a.number FROM payment_attempt a
        WHERE a.outcome = 'approved' AND NOT EXISTS (
            SELECT FROM simulated_card_message m WHERE m.message_id = a.payment_id || ':' || a.number
            AND m.state IN ('approved', 'voided') AND m.amount_minor = a.amount_minor AND m.kind = a.kind)""",
    "a payment that is not what stands at the bank": f"""
        SELECT p.payment_id, p.captured_minor, m.captured_minor, p.refunded_minor, m.refunded_minor
        {_MESSAGES} JOIN payment p USING (payment_id) CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_minor), 0) AS sent_minor FROM payment_refund r
            WHERE r.payment_id = p.payment_id AND r.status = 'pending' AND r.sent_at IS NOT NULL
        ) r
        WHERE a.kind IN ('payment', 'authorization') AND a.outcome = 'approved'
        AND (p.captured_minor <> m.captured_minor OR m.refunded_minor
            NOT BETWEEN p.refunded_minor AND p.refunded_minor + r.sent_minor)""",
    "captured money and not one row for it": """
        SELECT p.payment_id, count(b.source_id) FROM payment p
        LEFT JOIN balance_transaction b ON b.source_id = p.payment_id AND b.kind = 'payment'
        GROUP BY p.payment_id, p.captured_minor
        HAVING count(b.source_id) <> CASE WHEN p.captured_minor > 0 THEN 1 ELSE 0 END""",
    "a balance row of nothing": """
        SELECT b.balance_transaction_id, b.kind FROM balance_transaction b WHERE b.kind <> 'payout'
        AND NOT EXISTS (SELECT FROM payment p WHERE p.payment_id IN (b.source_id, b.payment_id))""",
    "captured money with a plan and no plan of the core, or one too many": """
        SELECT p.payment_id FROM payment p WHERE p.plan_id IS NOT NULL
        AND (p.captured_minor > 0) <> EXISTS (SELECT FROM plan c WHERE c.plan_id = p.plan_id)""",
    "two standing plans": """
        SELECT payment_id, count(*) FROM payment_plan WHERE state <> 'cancelled'
        GROUP BY payment_id HAVING count(*) > 1""",
    "a standing plan that its payment does not name": """
        SELECT p.payment_id FROM payment_plan l JOIN payment p USING (tenant_id, payment_id)
        WHERE l.state <> 'cancelled' AND p.plan_id IS DISTINCT FROM l.plan_id""",
    "an event told twice, or never": """
        SELECT p.payment_id, p.status, count(*) FILTER (WHERE e.type = 'payment.created'),
            count(*) FILTER (WHERE e.type = 'payment.completed'),
            count(*) FILTER (WHERE e.type = 'payment.failed')
        FROM payment p LEFT JOIN payments_event e ON e.object_id = p.payment_id
        GROUP BY p.payment_id, p.status, p.captured_minor
        HAVING count(*) FILTER (WHERE e.type = 'payment.created') <> 1
        OR count(*) FILTER (WHERE e.type = 'payment.completed') <> (p.captured_minor > 0)::int
        OR count(*) FILTER (WHERE e.type = 'payment.failed') <> (p.status = 'failed')::int""",
    "a last event that says something else": """
        SELECT p.payment_id, p.status, e.said FROM payment p CROSS JOIN LATERAL (
            SELECT e.body ->> 'status' AS said FROM payments_event e
            WHERE e.object_id = p.payment_id ORDER BY e.position DESC LIMIT 1
        ) e WHERE p.status IS DISTINCT FROM e.said""",
    "a refund told twice, or never": """
        SELECT r.refund_id, r.status, count(*) FROM payment_refund r
        LEFT JOIN payments_event e ON e.object_id = r.refund_id AND e.type = 'refund.created'
        GROUP BY r.refund_id, r.status HAVING count(e.event_id) <> 1""",
    "a refund whose rows are not those of its status": """
        SELECT r.refund_id, r.status, sum(b.gross_minor) FROM payment_refund r
        LEFT JOIN balance_transaction b ON b.source_id = r.refund_id
        GROUP BY r.refund_id, r.status, r.amount_minor, r.is_credited_back
        HAVING coalesce(sum(b.gross_minor), 0) <> CASE
            WHEN r.status IN ('pending', 'succeeded') AND NOT r.is_credited_back
            THEN -r.amount_minor ELSE 0 END""",
    "a call without its answer": """
        SELECT endpoint, key, object_id FROM payments_idempotency WHERE status IS NULL""",
    "a task that failed": """
        SELECT kind, subject_id, attempt FROM payments_task
        WHERE attempt > 0 AND kind <> 'resolve_attempt'""",
    "events out of the order of time": """
        SELECT * FROM (
            SELECT event_id, type, created_at, lag(created_at) OVER (ORDER BY position) AS before
            FROM payments_event WHERE type LIKE 'installment.%' OR type IN (
                'refund.succeeded', 'settlement.created', 'settlement.completed')
        ) told WHERE created_at < before""",
}
