"""Payments to be refunded, made at the payments door, and what became of their refunds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from parcela.domain.payments.tasks import TaskKind
from parcela.domain.refund_strategy import RefundStrategy
from parcela.operations.payments import plan_life, refund_tasks
from parcela.operations.payments.agenda import TaskHandler, run_account
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.store import breaks
from parcela.store.payments import agenda
from tests.support.payments_world import Answer, PaymentsWorld

PLAN_CARD, PLAIN_CARD, LENDER_CARD = "5200828200000108", "4242424242424242", "5200828200000306"

HANDLERS: Mapping[TaskKind, TaskHandler] = {**plan_life.TASKS, **refund_tasks.TASKS}
"""Rows and refunds; settlements stay open, so that their sums can be read."""


def add_card(world: PaymentsWorld, number: str, *, email: str = "ada@shop.example") -> str:
    """A payment method with a card."""
    body = {
        "type": "card",
        "card": {"number": number, "expMonth": 12, "expYear": 2034, "cvc": "123"},
        "billingDetails": make_billing(email),
    }
    answer = world.post("/v1/payment-methods", body, key=world.publishable)
    assert answer.status == 201, answer.body
    return str(answer.body["id"])


def make_billing(email: str) -> dict[str, Any]:
    """Who pays."""
    address = {"line1": "Main 1", "city": "Berlin", "postalCode": "10115", "country": "DE"}
    return {"name": "Ada Lovelace", "email": email, "address": address}


def pay(
    world: PaymentsWorld, amount: int = 60000, *, number: str = PLAIN_CARD, **body: Any
) -> dict[str, Any]:
    """A completed payment."""
    method = add_card(world, number)
    wanted = {"amount": amount, "currency": "EUR", "paymentMethod": method, **body}
    answer = world.post("/v1/payments", wanted)
    assert (answer.status, answer.body.get("status")) == (201, "completed"), answer.body
    return answer.body


def pay_in_rows(
    world: PaymentsWorld, amount: int = 60000, *, count: int = 3, starts_today: bool = True
) -> dict[str, Any]:
    """A completed payment with an issuer's plan; a first row of today is collected with the purchase."""
    wish: dict[str, Any] = {"enabled": True, "count": count}
    if starts_today:
        wish["firstPaymentDate"] = find_today(world)
    payment = pay(world, amount, number=PLAN_CARD, installments=wish)
    assert payment["installments"]["resolvedCount"] == count, payment["installments"]
    return payment


def find_today(world: PaymentsWorld) -> str:
    """The account's date."""

    async def find(_: PaymentsDesk, moment: AccountMoment) -> str:
        return moment.today.isoformat()

    return world.as_account(find)


def find_now(world: PaymentsWorld) -> datetime:
    """The account's instant."""

    async def find(_: PaymentsDesk, moment: AccountMoment) -> datetime:
        return moment.now

    return world.as_account(find).astimezone(UTC)


def refund(world: PaymentsWorld, payment: Mapping[str, Any], **body: Any) -> Answer:
    """Ask for a refund of a payment."""
    return world.post("/v1/refunds", {"payment": payment["id"], **body})


def accept(world: PaymentsWorld, payment: Mapping[str, Any], **body: Any) -> dict[str, Any]:
    """A refund that is accepted."""
    answer = refund(world, payment, **body)
    assert answer.status == 201, answer.body
    return answer.body


def look(world: PaymentsWorld, thing: Mapping[str, Any]) -> dict[str, Any]:
    """A payment or refund as it is by now."""
    answer = world.get(f"/v1/{thing['object']}s/{thing['id']}")
    assert answer.status == 200, answer.body
    return answer.body


def list_amounts(payment: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Amount and status of each row of a payment's plan."""
    return [(row["amount"], row["status"]) for row in payment["installments"]["schedule"]]


def pass_time(world: PaymentsWorld, **by: int) -> None:
    """Move the account's clock on and carry out the rows and refunds that fall due."""

    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        async with desk.engine.database.transaction() as connection:
            offset = await agenda.lock_offset(connection, moment.owner)
            await agenda.set_offset(connection, moment.owner, offset + timedelta(**by))
        await run_account(desk, HANDLERS, moment.owner)

    world.as_account(work)


def set_program(
    world: PaymentsWorld, *, strategy: RefundStrategy, rate: int | None = None, count: int | None = None
) -> None:
    """Give Mastercard plans a refund strategy, the plan of six a rate a year, the plan of three a count."""
    changed: list[Any] = [
        replace(world.get_entry("payments_program", "mastercard_installments"), refund_strategy=strategy)
    ]
    if rate is not None:
        six = world.get_entry("program", "mastercard-6-eur")
        priced = world.get_entry("program", "mastercard-12-eur").terms.rate
        terms = replace(six.terms, rate=replace(priced, value=Decimal(rate)))
        changed.append(replace(six, terms=terms))
    if count is not None:
        three = world.get_entry("program", "mastercard-3-eur")
        changed.append(replace(three, terms=replace(three.terms, count=count)))
    kept = [entry for entry in changed if entry != world.get_entry(entry.kind, entry.key)]
    if kept:
        world.change_catalogue(*kept)


def list_events(world: PaymentsWorld, *, after: str) -> list[str]:
    """The types of the events told since the last one of a type, the oldest first."""
    types = [row["type"] for row in world.fetch("SELECT type FROM payments_event ORDER BY position")]
    last = len(types) - 1 - types[::-1].index(after)
    return types[last + 1 :]


def list_balance(world: PaymentsWorld, source_id: str) -> list[tuple[str, int, int]]:
    """Kind, gross and fee of the rows of one source in the merchant's balance."""
    rows = world.fetch(
        "SELECT kind, gross_minor, processing_fee_minor + installment_fee_minor AS fee"
        " FROM balance_transaction WHERE source_id = $1 ORDER BY position",
        source_id,
    )
    return [(row["kind"], row["gross_minor"], row["fee"]) for row in rows]


def check_books(world: PaymentsWorld) -> None:
    """Every record agrees with every other."""

    async def find() -> list[str]:
        async with world.engine.database.connection() as connection:
            return [
                f"{found.view} {found.key}: {found.what}" for found in await breaks.list_breaks(connection)
            ]

    assert world.run(find()) == []
