"""Payments of the demo shop: commands, an acquirer that says what it is told to, and looks at the records."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from parcela.domain.merchants import MerchantProfile, OfferRule, SerialRule
from parcela.domain.orders import AcquirerFacts, Outcome, SecurityCodeMatch
from parcela.domain.programs import Entry
from parcela.operations import catalogue, people
from parcela.operations.acquiring import AcquirerReply, AcquirerRequest, AcquirerSilent, PaymentCard
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.operations.inquiry_records import CartInquiry
from parcela.operations.ledger import check_ledger
from parcela.operations.merchant_inquiries import show_cart_offers
from parcela.operations.merchants import MerchantCaller, find_caller
from parcela.operations.orders.commands import (
    CaptureCommand,
    PayCommand,
    RefundCommand,
    VerifyCommand,
    VoidCommand,
)
from parcela.operations.plan_approval import AcceptanceVerdict, PlanQuestion, PlanVerdict
from parcela.operations.plan_records import PlanChoice

CARD = PaymentCard(digits="5123450000000008", expiry_month="01", expiry_year="39", security_code="100")
SHOP, SECOND_SHOP = "TESTPARCELA01", "TESTPARCELA02"
TABLES = ("merchant_order", "merchant_transaction", "merchant_offer", "plan", "event", "card", "letter")


class ScriptedAcquirer:
    """An acquirer that answers what `script` says, in turn, and else approves.

    `silent` raises, `gone` never answers, `lost` approves and raises. `charged` are the messages that had an
    effect and were not reversed.
    """

    def __init__(self, *script: Outcome | str, answers_reversals: bool = True) -> None:
        self.script = deque(script)
        self.answers_reversals = answers_reversals
        self.requests: list[AcquirerRequest] = []
        self.replies: dict[str, AcquirerReply] = {}
        self.reversed: list[str] = []
        self.began = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    @property
    def charged(self) -> list[str]:
        """Messages that stand."""
        return [
            message_id
            for message_id, reply in self.replies.items()
            if reply.outcome is Outcome.APPROVED and message_id not in self.reversed
        ]

    def has_acquirer(self, profile: MerchantProfile) -> bool:
        return profile.terminal_id != ""

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        self.requests.append(request)
        self.began.set()
        await self.may_answer.wait()
        said = self.script.popleft() if self.script else Outcome.APPROVED
        if said == "silent":
            raise AcquirerSilent
        if said == "gone":
            await asyncio.Event().wait()
        outcome = Outcome.APPROVED if said == "lost" else Outcome(said)
        reply = self.replies.setdefault(request.message_id, self._make_reply(outcome))
        if said == "lost":
            raise AcquirerSilent
        return reply

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        if not self.answers_reversals:
            raise AcquirerSilent
        return self.replies.get(message_id)

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        if not self.answers_reversals:
            raise AcquirerSilent
        self.reversed.append(message_id)

    def _make_reply(self, outcome: Outcome) -> AcquirerReply:
        facts = AcquirerFacts(
            acquirer_id="PARCELA_SIM",
            merchant_id="100200300",
            terminal_id="PARC0001",
            batch=20261120,
            reference=f"{len(self.requests):010d}",
            response_code="00",
            authorization_code="481216",
            stan="742",
            rrn="123456123456",
            security_code=SecurityCodeMatch.MATCH,
        )
        return AcquirerReply(outcome=outcome, facts=facts)


@dataclass
class ScriptedProvider:
    """A plan provider with one verdict for all payments."""

    verdict: PlanVerdict = PlanVerdict.GRANTED
    serials: SerialRule | None = None
    questions: list[PlanQuestion] = field(default_factory=list)

    async def accept(self, question: PlanQuestion) -> AcceptanceVerdict:
        return AcceptanceVerdict(verdict=self.verdict, serials=self.serials)

    async def approve(self, question: PlanQuestion) -> PlanVerdict:
        self.questions.append(question)
        return self.verdict


@dataclass
class Ports:
    """What payments call."""

    acquirer: ScriptedAcquirer = field(default_factory=ScriptedAcquirer)
    provider: ScriptedProvider = field(default_factory=ScriptedProvider)


async def see(engine: Engine, merchant_id: str = SHOP) -> tuple[World, MerchantCaller]:
    """The world now, and a merchant of the demo world."""
    world = await engine.look()
    caller = find_caller(world, merchant_id)
    assert caller is not None
    return world, caller


def limit(caller: MerchantCaller, **profile: Any) -> MerchantCaller:
    """The merchant with another profile."""
    return replace(caller, setup=replace(caller.setup, profile=replace(caller.setup.profile, **profile)))


def digest(*content: object) -> bytes:
    return hashlib.sha256(repr(content).encode()).digest()


def draw_payment(order_id: str = "O-1", transaction_id: str = "1", **members: Any) -> PayCommand:
    """1200.00 US dollars by card."""
    given: dict[str, Any] = {
        "order_id": order_id,
        "transaction_id": transaction_id,
        "amount_minor": 120_000,
        "currency": "USD",
        "card": CARD,
        "order_details": {"description": "A phone"},
        "transaction_details": {"reference": "INV-1"},
        "api_version": 100,
        **members,
    }
    return PayCommand(digest=given.pop("digest", digest(given)), **given)


def draw_verification(order_id: str = "O-1", transaction_id: str = "1", **members: Any) -> VerifyCommand:
    given = {"currency": "USD", "card": CARD, "api_version": 100, **members}
    content = digest(order_id, transaction_id, given)
    return VerifyCommand(order_id=order_id, transaction_id=transaction_id, digest=content, **given)


def draw_capture(transaction_id: str, amount_minor: int, **members: Any) -> CaptureCommand:
    given = {"order_id": "O-1", "currency": "USD", "api_version": 100, **members}
    content = digest("capture", transaction_id, amount_minor, given)
    return CaptureCommand(transaction_id=transaction_id, amount_minor=amount_minor, digest=content, **given)


def draw_refund(transaction_id: str, amount_minor: int, **members: Any) -> RefundCommand:
    given = {"order_id": "O-1", "currency": "USD", "api_version": 100, **members}
    content = digest("refund", transaction_id, amount_minor, given)
    return RefundCommand(transaction_id=transaction_id, amount_minor=amount_minor, digest=content, **given)


def draw_void(transaction_id: str, target_id: str, **members: Any) -> VoidCommand:
    given = {"order_id": "O-1", "api_version": 100, **members}
    content = digest("void", transaction_id, target_id, given)
    return VoidCommand(transaction_id=transaction_id, target_id=target_id, digest=content, **given)


async def quote_offer(engine: Engine, amount_minor: int = 120_000) -> PlanChoice:
    """The demo shop's cart offer of twelve payments, which needs no acceptance."""
    world, caller = await see(engine)
    inquiry = CartInquiry(amount_minor=amount_minor, currency="USD")
    answer = await show_cart_offers(engine, world, caller, inquiry)
    (offer_id,) = [offer.offer_id for offer in answer.offers if offer.count == 12]
    return PlanChoice(offer_id=offer_id)


async def fetch(engine: Engine, sql: str, *values: object) -> list[tuple[Any, ...]]:
    async with engine.database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(sql, *values)]


async def execute(engine: Engine, sql: str, *values: object) -> None:
    async with engine.database.connection() as connection:
        await connection.execute(sql, *values)


async def count_records(engine: Engine) -> dict[str, int]:
    """How many rows there are of everything that a payment may write."""
    return {table: (await fetch(engine, f"SELECT count(*) FROM {table}"))[0][0] for table in TABLES}


async def find_offer_state(engine: Engine, choice: PlanChoice) -> tuple[str, str | None] | None:
    rows = await fetch(
        engine, "SELECT state, holder FROM merchant_offer WHERE offer_id = $1", choice.offer_id
    )
    return (rows[0][0], rows[0][1]) if rows else None


async def list_order_events(engine: Engine) -> list[str]:
    rows = await fetch(engine, "SELECT type FROM event WHERE type LIKE 'order.%' ORDER BY event_id")
    return [type for (type,) in rows]


async def end_leases(engine: Engine) -> None:
    """As if the time of all attempts were over."""
    await execute(
        engine,
        "UPDATE merchant_transaction SET leased_until = now() - interval '1 second'"
        " WHERE outcome IS NULL OR reversal = 'due'",
    )


async def check_whole(engine: Engine) -> None:
    """No view finds anything broken."""
    assert await check_ledger(engine) == []


def sum_outcomes(receipts: Sequence[Any]) -> dict[str, int]:
    """How many receipts (or refusals, by their class) there are of each outcome."""
    counted: dict[str, int] = {}
    for receipt in receipts:
        name = (
            type(receipt).__name__ if isinstance(receipt, BaseException) else str(receipt.transaction.outcome)
        )
        counted[name] = counted.get(name, 0) + 1
    return counted


async def change_catalogue(engine: Engine, *wanted: Entry) -> None:
    """Propose and approve as two operators."""
    maker = await people.get_person(engine, "operator@sandbox.example")
    checker = await people.get_person(engine, "second-operator@sandbox.example")
    proposed = await catalogue.propose(engine, maker, Proposal(summary="test", wanted=wanted))
    await catalogue.approve(engine, checker, proposed.change_set_id)


async def get_rule(engine: Engine, rule_id: str) -> OfferRule:
    """An offer rule of the demo shop, as it is in force."""
    world, _ = await see(engine)
    entry = world.catalogue(MAIN_TENANT).entries[OfferRule.kind, f"{SHOP}:{rule_id}"].entry
    assert isinstance(entry, OfferRule)
    return entry
