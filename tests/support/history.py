"""A random history: what was sent to the processor and what came of it, kept beside the books.

The commands are in `history_plans`, `history_cards` and `history_money`; `history_checks` holds the records
against what is counted here.
"""

from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from parcela.domain.errors import DomainError
from parcela.domain.plans import Plan
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.records import PlanNotice, TransactionFacts
from parcela.operations.card_messages import CardMessage
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.offers import OfferAnswer
from parcela.operations.plans import SavePlan
from parcela.operations.scheduler import DueWork, run_due_work
from parcela.store import world
from tests.support.history_world import START, HistoryWorld, Records, Row
from tests.support.servicing import MERCHANT

CARDS = ("2303770000057107", "2303770000000016", "5110920000000013", "5110920000000021")
TOKEN_OF_FIRST = "2303779900000018"
FOREIGN_CARD = "4508750015741019"
"""A card of no account range: plans of other networks are noticed for it, purchases are declined."""
LISTED = ("2303770003322342", "2303770003334644", "2303770003366422", "2303770000057107", "230377000332234x")
AMOUNTS = (100, 250, 90, 1234, 61, 999)
Send = Callable[[Engine, int], Coroutine[Any, Any, Any]]
ACCEPTED: tuple[type[DomainError], ...] = ()
T = TypeVar("T")


def choose(choices: Sequence[T], pick: int) -> T:
    """One of them, by any number."""
    return choices[pick % len(choices)]


def take(maximum_minor: int, share: int) -> int:
    """By the share from 0 to 6: one unit, a third, a half, all, one too much, all, a half; at least one."""
    third, half = maximum_minor // 3, maximum_minor // 2
    return (1, third, half, maximum_minor, maximum_minor + 1, maximum_minor, half)[share % 7] or 1


def ignore(_: Any) -> None:
    """Nothing to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something to send to a worker.

    `send` takes minor units to add to the amount, for telling an event with other content. `must` says what
    has to become of it: nothing is refused (empty), one of these refusals, or either (None).
    """

    words: str
    send: Send
    accepted: Callable[[Any], None] = ignore
    must: tuple[type[DomainError], ...] | None = None
    is_event: bool = False
    has_amount: bool = False


@dataclass(slots=True, kw_only=True)
class Purchase:
    """A purchase as its merchant and its plan's network know it; amounts in minor units."""

    digits: str
    currency: str
    amount_minor: int
    facts: TransactionFacts
    notice: PlanNotice | None = None
    is_noticed: bool = False
    transaction_id: str | None = None
    is_forced: bool = False
    """Was it cleared without an authorization on record?"""

    @property
    def plan_id(self) -> str | None:
        """The plan that the network made of it."""
        return None if self.notice is None else self.notice.plan_id

    @property
    def serviced_plan_id(self) -> str | None:
        """The plan, once the processor was told of it."""
        return self.plan_id if self.is_noticed else None


@dataclass(slots=True, kw_only=True)
class Shown:
    """Offers that were shown for a purchase of this amount (major units)."""

    digits: str
    answer: OfferAnswer
    amount: Decimal
    local_at: datetime
    at_age: timedelta


@dataclass(slots=True)
class History:
    """What was sent, what came of it, and the records after the last step."""

    world: HistoryWorld
    records: Records
    age: timedelta = timedelta(0)
    purchases: list[Purchase] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    saved: list[tuple[SavePlan, Plan]] = field(default_factory=list)
    disputes: list[tuple[str, Purchase]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    lists: dict[str, set[str]] = field(default_factory=dict)
    done: list[tuple[Command, Any]] = field(default_factory=list)
    cash_minor: Counter[str] = field(default_factory=Counter)
    """What cardholders paid in, by currency."""
    clearing_minor: Counter[str] = field(default_factory=Counter)
    """What merchants were to get, less what they gave back."""
    approved: list[tuple[Purchase, bool]] = field(default_factory=list)
    """Purchases approved by the last step, and whether their plan waited for them."""
    cleared: tuple[Purchase, int] | None = None
    """What the last step cleared, when it did nothing else."""
    quotes: dict[str, int] = field(default_factory=dict)
    """What was told under an event id, where that is not known before it is sent."""
    is_alone: bool = True
    """Does nobody else send something meanwhile?"""
    numbers: int = 0
    log: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def now(self) -> datetime:
        """The time in this world, to the minute: the same in every run of a history."""
        noon = datetime(START.year, START.month, START.day, 12, tzinfo=UTC)
        return noon + self.age

    def new_number(self) -> int:
        """The next number."""
        self.numbers += 1
        return self.numbers

    def new_event(self) -> str:
        """The id of an event that nobody told before."""
        return f"e{self.new_number()}"

    async def move_clock(self, by: timedelta) -> None:
        """Move the clock, also back."""
        async with self.world.engine.database.connection() as connection:
            await world.move_clock(connection, by)
        for engine in self.world.engines:
            await engine.look()
        self.age += by

    async def do_due(self, engine: Engine) -> DueWork:
        """One round of a scheduler, in which no account may contradict itself."""
        done = await run_due_work(engine, await engine.look())
        assert done.failed == 0, "an account's records contradict themselves"
        return done

    def find_transaction(self, purchase: Purchase) -> Row | None:
        """The processor's record of a purchase."""
        return self.records.transactions.get(purchase.transaction_id or "")

    def has_account(self, purchase: Purchase) -> bool:
        """Is there an account of its card in its currency?"""
        index = self.world.engine.vault.index_pan(MAIN_TENANT, purchase.digits)
        return any(
            (account["pan_index"], account["currency"]) == (index, purchase.currency)
            for account in self.records.accounts.values()
        )

    def list_standing(self) -> list[Purchase]:
        """Purchases of which the authorization holds something."""
        return [
            purchase
            for purchase in self.purchases
            if (found := self.find_transaction(purchase)) is not None and found["authorized_minor"]
        ]

    def list_touched(self) -> list[Purchase]:
        """Purchases that the processor has heard of."""
        return [one for one in self.purchases if one.is_noticed or one.transaction_id is not None]

    def list_noticeable(self) -> list[Purchase]:
        """Purchases of which a plan can be noticed; those that were not yet come twice."""
        known = [one for one in self.purchases if one.notice is not None]
        return known + [one for one in known if not one.is_noticed]

    def list_authorizable(self) -> list[Purchase]:
        """Purchases that were not cleared without having been asked for."""
        return [one for one in self.purchases if not one.is_forced]

    def list_lost(self) -> list[Row]:
        """Plans that were written off."""
        return [plan for plan in self.records.plans.values() if plan["written_off_minor"]]

    def choose_plan(self, pick: int) -> Row:
        """A plan, three times out of four one that still runs."""
        plans = list(self.records.plans.values())
        running = [plan for plan in plans if plan["state"] == "active"]
        return choose(running if running and pick % 4 else plans, pick // 4)

    def count_payment(self, receipt: Any, currency: str) -> None:
        """Count the money that a receipt tells."""
        for event in receipt.happened:
            if event["type"] == "payment.received":
                self.cash_minor[currency] += event["data"]["amount_minor"]

    def make_message(self, purchase: Purchase, amount_minor: int, *, option: int) -> CardMessage:
        """A later message of a purchase, known by our own id, its plan, or its trace numbers."""
        return CardMessage(
            digits=purchase.digits,
            amount_minor=amount_minor,
            currency=purchase.currency,
            merchant=MERCHANT,
            facts=purchase.facts,
            event_id=self.new_event(),
            plan_id=purchase.plan_id if option % 3 == 1 else None,
            transaction_id=purchase.transaction_id if option % 3 == 2 else None,
            strategy=choose(list(RefundStrategy), option),
        )

    def send_message(
        self, operation: Any, message: CardMessage
    ) -> Callable[[Engine, int], Coroutine[Any, Any, Any]]:
        """How to send it."""

        async def send(engine: Engine, extra: int) -> Any:
            told = replace(message, amount_minor=message.amount_minor + extra)
            return await operation(engine, await engine.look(), told)

        return send

    def is_tangled(self, purchase: Purchase) -> bool:
        """Has the purchase several records, so that messages may mean either?"""
        plan = self.records.plans.get(purchase.serviced_plan_id or "")
        return plan is not None and purchase.transaction_id not in (None, plan["transaction_id"])
