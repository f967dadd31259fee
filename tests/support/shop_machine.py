"""A state machine over orders: every transaction with every end it can come to, and a model of what holds."""

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from parcela.app import build_gateway_ports, open_engine
from parcela.domain.errors import DomainError
from parcela.domain.merchants import MerchantProfile
from parcela.domain.orders import AcquirerFacts, Outcome
from parcela.operations.acquiring import Acquirer, AcquirerReply, AcquirerRequest, AcquirerSilent
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.ledger import check_ledger
from parcela.operations.orders.captures import capture
from parcela.operations.orders.payments import authorize, pay, verify
from parcela.operations.orders.refunds import refund
from parcela.operations.orders.retrieval import retrieve_order
from parcela.operations.orders.sweep import resolve_attempts
from parcela.operations.orders.voids import void
from parcela.operations.plan_approval import PlanProvider
from parcela.operations.plan_instructions import apply_instructions
from parcela.operations.plan_records import PlanChoice
from parcela.settings import Settings
from parcela.store import plans
from parcela.store import world as worlds
from tests.conftest import DemoTemplate
from tests.support.merchant_orders import (
    SECOND_SHOP,
    SHOP,
    draw_capture,
    draw_payment,
    draw_refund,
    draw_verification,
    draw_void,
    end_leases,
    fetch,
    quote_offer,
    see,
)
from tests.support.merchant_plans import open_as_issuer
from tests.support.shop_model import ALL, Model, ModelOrder, ModelTransaction, Request

KINDS = ("authorization", "payment", "verification", "capture", "capture", "refund", "refund", "void", "void")


_NO_FACTS = AcquirerFacts(acquirer_id="PARCELA_SIM", merchant_id="1", terminal_id="1", batch=1)


class MoodyAcquirer:
    """The simulated acquirer, which on the way to it and back can fail in every way there is.

    `declined` never reaches it. `silent` and `gone before` neither, but nobody says so; `lost`, `mute` and
    `gone after` do, and their answer is not heard; `mute` is deaf to the reversal as well. `unknown` does,
    and the answer says nothing.
    """

    def __init__(self, inner: Acquirer) -> None:
        self._inner = inner
        self.mood = "approved"
        self.began = asyncio.Event()

    def has_acquirer(self, profile: MerchantProfile) -> bool:
        """As inside."""
        return self._inner.has_acquirer(profile)

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        """By mood."""
        mood = self.mood
        if mood == "declined":
            return AcquirerReply(outcome=Outcome.DECLINED, facts=_NO_FACTS)
        if mood == "silent":
            raise AcquirerSilent
        if mood != "gone before":
            reply = await self._inner.send(request)
        if mood.startswith("gone"):
            self.began.set()
            await asyncio.Event().wait()
        if mood in ("lost", "mute"):
            raise AcquirerSilent
        return replace(reply, outcome=Outcome.UNKNOWN) if mood == "unknown" else reply

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        """As inside."""
        return await self._inner.find(profile, message_id)

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        """As inside, unless it is deaf."""
        if self.mood == "mute":
            raise AcquirerSilent
        await self._inner.reverse(profile, message_id)


MOODS = ("approved",) * 9 + ("declined", "silent", "lost", "unknown", "mute", "gone before", "gone after")
_OUTCOMES = {
    "approved": "approved",
    "declined": "declined",
    "silent": "timed_out",
    "lost": "timed_out",
    "unknown": "unknown",
    "mute": "unknown",
}
_WORK: dict[str, Callable[..., Coroutine[Any, Any, Any]]] = {
    "authorization": authorize,
    "payment": pay,
    "verification": verify,
    "capture": capture,
    "refund": refund,
    "void": void,
}


@dataclass
class ShopBench:
    """What all machines did."""

    demo: DemoTemplate
    outcomes: Counter[str] = field(default_factory=Counter)


@dataclass
class Ports:
    """What payments call."""

    acquirer: MoodyAcquirer
    provider: PlanProvider


class ShopMachine(RuleBasedStateMachine):
    """One database with the demo world, some orders of two shops, and the model of them."""

    def __init__(self, bench: ShopBench) -> None:
        super().__init__()
        self.bench = bench
        self.database = f"orders_{secrets.token_hex(6)}"
        server = bench.demo.server
        server.create_database(self.database, template=bench.demo.database)
        self.loop = asyncio.new_event_loop()
        settings = Settings(home=bench.demo.home, public_url="http://parcela.test")
        self.engine: Engine = self.run(open_engine(settings, server.url_of(self.database)))
        ports = build_gateway_ports(self.engine)
        self.ports = Ports(MoodyAcquirer(ports.acquirer), ports.provider)
        self.model = Model()
        self.is_whole = False

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something on the machine's loop."""
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        """In the end everything is resolved and every plan open."""
        try:
            if self.is_whole:
                self.run(self.sweep_all())
                self.run(self.open_plans())
                self.check()
        finally:
            self.run(self.engine.database.close())
            self.loop.close()
            self.bench.demo.server.drop_database(self.database)

    # Steps

    @initialize()
    def begin(self) -> None:
        """Two with plans, authorized and paid with a refund taken back; half captured; overpaid back."""
        for number, kind, offer in (
            (0, "authorization", "new"),
            (1, "payment", "new"),
            (2, "authorization", "none"),
        ):
            self.pay_for_order(number, kind, offer, "approved")
        self.move_money(2, "capture", "half", "approved")
        self.move_money(1, "refund", "half", "approved")
        self.take_back(1, 0, "approved")
        self.pay_for_order(3, "payment", "none", "approved")
        self.move_money(3, "refund", "more", "approved")

    @rule(
        number=st.integers(0, 3),
        kind=st.sampled_from(KINDS),
        offer=st.sampled_from(("none", "new", "new", "old")),
        share=st.sampled_from(("all", "all", "half", "half", "one", "more")),
        mood=st.sampled_from(MOODS),
        pick=st.integers(0, 9),
    )
    def transact(self, number: int, kind: str, offer: str, share: str, mood: str, pick: int) -> None:
        """Any transaction; one that comes too early is the payment that has to come before."""
        self.is_whole = False
        is_first = kind in ("authorization", "payment", "verification")
        if is_first or not self.model.get_order(number).is_known:
            self.pay_for_order(number, kind if is_first else "payment", offer, mood)
        elif kind == "void":
            self.take_back(number, pick, mood)
        else:
            self.move_money(number, kind, share, mood)

    def pay_for_order(self, number: int, kind: str, offer: str, mood: str) -> None:
        """AUTHORIZE, PAY or VERIFY, of a new order or one that failed."""
        order = self.model.get_order(number)
        offer_id = None
        if kind != "verification" and order.shop == SHOP and offer != "none":
            offer_id = self.model.last_offer if offer == "old" else None
            if offer_id is None:
                choice = self.run(quote_offer(self.engine))
                assert choice.offer_id is not None
                offer_id = self.model.quote(choice.offer_id)
        amount_minor = 0 if kind == "verification" else ALL
        self.send(order, Request(kind=kind, amount_minor=amount_minor, offer_id=offer_id), mood)

    def move_money(self, number: int, kind: str, share: str, mood: str) -> None:
        """CAPTURE or REFUND of all that is open, of half of it, of one cent, or of one cent too much."""
        order = self.model.get_order(number)
        authorized, captured, refunded = order.totals
        open_minor = authorized - captured if kind == "capture" else captured - refunded
        amounts = {"all": open_minor, "half": open_minor // 2, "one": 1, "more": max(0, open_minor) + 1}
        amount_minor = amounts[share] if amounts[share] > 0 else ALL
        self.send(order, Request(kind=kind, amount_minor=amount_minor), mood)

    def take_back(self, number: int, pick: int, mood: str) -> None:
        """VOID of the newest transaction that stands, else of one of the last, else of none."""
        order = self.model.get_order(number)
        known = [one.transaction_id for one in reversed(order.transactions)]
        standing = [one.transaction_id for one in reversed(order.transactions) if one.stands]
        choices = [*standing[:1] * 5, *known[:4], "none"]
        target_id = choices[pick % len(choices)]
        self.send(order, Request(kind="void", amount_minor=0, target_id=target_id), mood)

    @rule(
        what=st.sampled_from(("1", "13", "25", "sweep", "plans", "again", "again")), pick=st.integers(0, 99)
    )
    def wait_a_while(self, what: str, pick: int) -> None:
        """Hours pass, or what is late is resolved, or the bank hears of plans, or somebody asks again."""
        self.is_whole = False
        if what == "sweep":
            self.run(self.sweep_all())
        elif what == "plans":
            self.run(self.open_plans())
        elif what == "again":
            self.ask_again(pick)
        else:
            self.run(self.move_clock(int(what)))
            self.model.hours += int(what)

    def ask_again(self, pick: int) -> None:
        """The first answer comes again, whatever happened since; nothing is written."""
        order, kind, command, first = self.model.sent[pick % len(self.model.sent)]
        self.ports.acquirer.mood = "approved"
        receipt = self.run(self.call(order, kind, command))
        assert receipt.is_repeat
        again, once = receipt.transaction, replace(first.transaction, is_voided=receipt.transaction.is_voided)
        assert again == once, (again, once)
        assert (receipt.order.status, receipt.order.totals) == (first.order.status, first.order.totals)

    # How

    def send(self, order: ModelOrder, request: Request, mood: str) -> None:
        """One request under an id of its own; what comes of it is what the model says."""
        transaction_id = f"t{len(order.transactions) + order.refused}"
        said = self.model.predict(order, request)
        command = self.draw(order, request, transaction_id)
        if said != "sent":
            mood = "approved"
        self.ports.acquirer.mood = mood
        if said == "sent" and mood.startswith("gone"):
            self.run(self.kill(self.call(order, request.kind, command)))
            self.model.begin(order, request, transaction_id)
            self.count(request, mood)
            return
        try:
            receipt = self.run(self.call(order, request.kind, command))
        except DomainError as refusal:
            assert self.name(refusal) == said, (request, repr(refusal), order)
            order.refused += 1
            self.count(request, said)
            return
        outcome = "locked" if said == "locked" else _OUTCOMES[mood]
        assert said in ("sent", "locked"), (request, receipt.transaction, order)
        assert receipt.transaction.outcome == outcome, (request, receipt.transaction)
        self.model.conclude(order, request, transaction_id, outcome)
        assert (receipt.order.status, self.show(receipt.order.totals)) == (order.status, order.totals)
        self.model.sent.append((order, request.kind, command, receipt))
        self.count(request, outcome)

    def count(self, request: Request, outcome: str) -> None:
        self.bench.outcomes[f"{request.kind}: {outcome}"] += 1

    def draw(self, order: ModelOrder, request: Request, transaction_id: str) -> Any:
        """The command of a request."""
        if request.kind == "verification":
            return draw_verification(order.order_id, transaction_id)
        if request.kind in ("authorization", "payment"):
            choice = None if request.offer_id is None else PlanChoice(offer_id=request.offer_id)
            return draw_payment(order.order_id, transaction_id, choice=choice)
        if request.kind == "void":
            assert request.target_id is not None
            return draw_void(transaction_id, request.target_id, order_id=order.order_id)
        draw = draw_capture if request.kind == "capture" else draw_refund
        return draw(transaction_id, request.amount_minor, order_id=order.order_id)

    async def call(self, order: ModelOrder, kind: str, command: Any) -> Any:
        world, caller = await see(self.engine, order.shop)
        ports: Any = self.ports
        return await _WORK[kind](self.engine, world, caller, command, ports=ports)

    async def kill(self, work: Coroutine[Any, Any, Any]) -> None:
        """Take the process away while the acquirer is asked."""
        self.ports.acquirer.began.clear()
        task = asyncio.ensure_future(work)
        asked = asyncio.ensure_future(self.ports.acquirer.began.wait())
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        assert asked.done(), f"it ended before the acquirer was asked: {task}"
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def move_clock(self, hours: int) -> None:
        async with self.engine.database.connection() as connection:
            await worlds.move_clock(connection, timedelta(hours=hours))

    async def sweep_all(self) -> None:
        self.ports.acquirer.mood = "approved"
        await end_leases(self.engine)
        assert await resolve_attempts(self.engine, self.ports.acquirer) == self.model.resolve()
        assert await resolve_attempts(self.engine, self.ports.acquirer) == 0

    async def open_plans(self) -> None:
        for (plan_id,) in await fetch(
            self.engine,
            "SELECT plan_id::text FROM plan WHERE NOT EXISTS (SELECT FROM serviced_plan s"
            " WHERE s.plan_id = plan.plan_id) ORDER BY plan_id",
        ):
            async with self.engine.database.connection() as connection:
                plan = await plans.find_plan(connection, MAIN_TENANT, plan_id=plan_id)
            assert plan is not None
            await open_as_issuer(self.engine, plan)
        await apply_instructions(self.engine, await self.engine.look())

    @staticmethod
    def name(refusal: DomainError) -> str:
        """The refusal as the model names it."""
        condition = getattr(refusal, "condition", None)
        return refusal.code if condition is None else f"{refusal.code}: {condition}"

    @staticmethod
    def show(totals: Any) -> tuple[int, int, int]:
        return totals.authorized_minor, totals.captured_minor, totals.refunded_minor

    # What holds

    @invariant()
    def check(self) -> None:
        """Orders are what the model says, plans follow them, and no view finds anything broken."""
        self.is_whole = False
        self.run(self.hold())
        self.is_whole = True

    async def hold(self) -> None:
        for order in self.model.all_orders:
            if order.is_known:
                _, caller = await see(self.engine, order.shop)
                view = await retrieve_order(self.engine, caller, order.order_id)
                found = view.order.status, self.show(view.order.totals), view.order.plan_id is not None
                assert found == (order.status, order.totals, order.has_plan), (found, order)
                told = [(one.transaction_id, str(one.outcome), one.is_voided) for one in view.transactions]
                said = [_tell(one) for one in order.transactions if one.outcome is not None]
                assert told == said, (told, said)
        broken = await check_ledger(self.engine)
        assert broken == [], broken
        offers, plans_of = await fetch(self.engine, _OFFERS), await fetch(self.engine, _PLANS)
        assert offers == sorted(self.model.list_offers()), (offers, self.model.list_offers())
        assert sorted(plans_of) == sorted(self.model.list_plans()), (plans_of, self.model.list_plans())
        for what, sql in _NEVER.items():
            wrong = await fetch(self.engine, sql)
            assert wrong == [], (what, wrong)


def _tell(one: ModelTransaction) -> tuple[str, str, bool]:
    return one.transaction_id, str(one.outcome), one.is_voided


_OFFERS = """
SELECT offer_id, CASE WHEN state = 'used' THEN 'used' WHEN holder IS NULL THEN 'free' ELSE 'held' END
FROM merchant_offer ORDER BY 1
"""
_PLANS = """
SELECT o.order_id, count(*)::int FROM plan JOIN merchant_transaction USING (plan_id)
JOIN merchant_order o USING (order_key) GROUP BY 1 ORDER BY 1
"""
_NEVER = {
    # What is settled stands at the acquirer with the same sums.
    "an order that is not what stands at the acquirer": """
        SELECT o.order_id, m.captured_minor, m.refunded_minor FROM merchant_order o
        JOIN merchant_transaction t USING (order_key)
        JOIN simulated_card_message m ON m.message_id = t.order_key || ':' || t.number
        WHERE t.kind IN ('payment', 'authorization') AND t.outcome = 'approved' AND NOT EXISTS (
            SELECT FROM merchant_transaction open WHERE open.order_key = o.order_key
            AND (open.outcome IS NULL OR open.reversal = 'due'))
        AND (o.captured_minor, o.refunded_minor) IS DISTINCT FROM (m.captured_minor, m.refunded_minor)""",
    "a charge that its order knows nothing of": """
        SELECT m.message_id, m.state, t.outcome, t.reversal FROM simulated_card_message m
        LEFT JOIN merchant_transaction t ON m.message_id = t.order_key || ':' || t.number
        WHERE m.state IN ('approved', 'unknown') AND t.outcome IS DISTINCT FROM 'approved'
        AND (t.order_key IS NULL OR (t.outcome IS NOT NULL AND t.reversal <> 'due'))""",
    # An excess is a person's business, not the plan's; a voided capture leaves its plan cancelled.
    "a plan that was told of other refunds than its order had": """
        SELECT o.order_id, s.state, s.refunded_minor, o.refunded_minor FROM merchant_order o
        JOIN serviced_plan s USING (plan_id)
        WHERE s.refunded_minor <>
            CASE o.status WHEN 'cancelled' THEN s.amount_minor ELSE o.refunded_minor END
        AND NOT EXISTS (
            SELECT FROM plan_instruction i WHERE i.plan_id = s.plan_id AND i.state = 'waiting')""",
    "an instruction that was refused": "SELECT reason FROM plan_instruction WHERE state = 'refused'",
}
__all__ = ["SECOND_SHOP", "SHOP", "ShopBench", "ShopMachine"]
