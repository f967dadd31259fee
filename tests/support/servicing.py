"""The issuer processor in tests: notices, card messages, a moving clock, and books that must balance."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from parcela.domain.ids import Identifier
from parcela.domain.ledger import LedgerCode
from parcela.domain.plans import AmountKind, Merchant
from parcela.domain.servicing.records import (
    NoticedRow,
    PlanNotice,
    ServicedPlan,
    TransactionFacts,
)
from parcela.operations.account_commands import Receipt
from parcela.operations.card_messages import AuthorizationCommand, CardMessage
from parcela.operations.card_transactions import AuthorizationResult, authorize
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.plan_opening import open_plan
from parcela.operations.scheduler import DueWork, run_due_work
from parcela.operations.servicing import get_plan
from parcela.store import world

CARD = "2303770000057107"
PROVIDER_ID = "29694e7a-b4a8-11ec-b909-0242ac120002"
PLAN_ID = "0198c5a0-0000-7000-8000-000000000001"
CORRELATION_ID = "00000000-0000-4000-8000-000000000000"
MERCHANT = Merchant(
    name="Globex Decor", country="USA", mcc=Identifier("1711"), merchant_id=Identifier("121234")
)
RECORDS = (
    "card_account",
    "account_transaction",
    "serviced_plan",
    "serviced_row",
    "servicing_command",
    "statement",
    "statement_line",
    "ledger_entry",
    "posting",
    "event",
    "card",
)

_numbers = itertools.count(1)


async def today(engine: Engine) -> date:
    """The day in this world."""
    return (await engine.look()).now.date()


def add_month(day: date, months: int) -> date:
    """The same day of a later month; only for days up to 28."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, day.day)


def make_notice(first_due: date, *, plan_id: str = PLAN_ID, **members: Any) -> PlanNotice:
    """400 dollars in six monthly rows without interest, the first one due with the purchase."""
    amounts = members.pop("amounts", [6665, 6667, 6667, 6667, 6667, 6667])
    rows = tuple(
        NoticedRow(number=number, due_date=add_month(first_due, number - 1), amount_minor=amount)
        for number, amount in enumerate(amounts, start=1)
    )
    local_at = datetime(first_due.year, first_due.month, first_due.day, 9, 30, tzinfo=UTC)
    given: dict[str, Any] = {
        "plan_id": plan_id,
        "digits": CARD,
        "issuer_cid": "242666",
        "offer_id": "71392364",
        "merchant": MERCHANT,
        "currency": "USD",
        "amount_kind": AmountKind.PURCHASE,
        "amount_minor": sum(amounts),
        "total_minor": sum(amounts),
        "interval": "monthly",
        "apr_percent": Decimal(0),
        "fee_value": Decimal(0),
        "rows": rows,
        "transaction": TransactionFacts(local_at=local_at, stan="742", rrn="123456123456"),
        **members,
    }
    return PlanNotice(**given)


async def open_noticed(engine: Engine, notice: PlanNotice) -> ServicedPlan:
    """Open a plan."""
    opened = await open_plan(engine, await engine.look(), notice, correlation_id=CORRELATION_ID)
    return opened.plan


async def ask_approval(engine: Engine, amount_minor: int = 40000, **members: Any) -> AuthorizationResult:
    """Ask for the approval of a purchase at Globex Decor."""
    seen = await engine.look()
    given: dict[str, Any] = {
        "digits": CARD,
        "amount_minor": amount_minor,
        "currency": "USD",
        "merchant": MERCHANT,
        "facts": TransactionFacts(local_at=seen.now, stan="742", rrn="123456123456"),
        "event_id": f"auth-{next(_numbers)}",
        **members,
    }
    return await authorize(engine, seen, AuthorizationCommand(**given))


async def make_message(engine: Engine, amount_minor: int = 40000, **members: Any) -> CardMessage:
    """A later message of the same purchase."""
    seen = await engine.look()
    given: dict[str, Any] = {
        "digits": CARD,
        "amount_minor": amount_minor,
        "currency": "USD",
        "merchant": MERCHANT,
        "facts": TransactionFacts(local_at=seen.now, stan="742", rrn="123456123456"),
        "event_id": f"message-{next(_numbers)}",
        **members,
    }
    return CardMessage(**given)


async def send(engine: Engine, operation: Any, amount_minor: int = 40000, **members: Any) -> Receipt:
    """Send a message to one of `clear_purchase`, `reverse_authorization`, `credit_refund`."""
    message = await make_message(engine, amount_minor, **members)
    receipt: Receipt = await operation(engine, await engine.look(), message)
    return receipt


async def move_to(engine: Engine, day: date) -> None:
    """Move the clock to noon of a day."""
    seen = await engine.look()
    target = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert target > seen.now
    async with engine.database.connection() as connection:
        await world.move_clock(connection, target - seen.now)


async def do_due(engine: Engine) -> DueWork:
    """One round of the scheduler."""
    return await run_due_work(engine, await engine.look())


async def read_balances(engine: Engine, account_id: str) -> dict[str, int]:
    """The balances of an account, its provider and its plans that are not zero, by kind."""
    async with engine.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT code, sum(change_minor)::bigint AS balance FROM ledger_movement WHERE tenant_id = $1"
            " AND book = $2::uuid GROUP BY code HAVING sum(change_minor) <> 0 ORDER BY code",
            MAIN_TENANT,
            account_id,
        )
    return {LedgerCode(row["code"]).value: row["balance"] for row in rows}


async def list_states(engine: Engine, plan_id: str = PLAN_ID) -> list[str]:
    """The states of a plan's rows."""
    return [row.state.value for row in (await get_plan(engine, plan_id)).rows]


async def count_records(engine: Engine) -> dict[str, int]:
    """How many records of each kind there are."""
    async with engine.database.connection() as connection:
        return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in RECORDS}


async def check_books(engine: Engine) -> None:
    """Every view that proves the books is empty."""
    async with engine.database.connection() as connection:
        views = await connection.fetch("SELECT viewname FROM pg_views WHERE viewname LIKE 'broken_%'")
        assert len(views) >= 8
        for row in views:
            found = await connection.fetch(f"SELECT * FROM {row['viewname']}")
            assert [dict(line) for line in found] == [], row["viewname"]


async def list_events(engine: Engine, subject: str) -> list[str]:
    """The types of what happened to a record, in order."""
    async with engine.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT type FROM event WHERE subject = $1 ORDER BY occurred_at, event_id", subject
        )
    return [row["type"] for row in rows]
