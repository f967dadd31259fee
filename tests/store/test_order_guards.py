"""What the database itself keeps orders from, and what its views find when it could not."""

from dataclasses import replace

import asyncpg
import pytest
from tests.conftest import RunWithEngine
from tests.support.merchant_orders import (
    Ports,
    check_whole,
    draw_capture,
    draw_payment,
    draw_refund,
    execute,
    fetch,
    quote_offer,
    see,
)

from parcela.domain.orders import OrderStatus, OrderTotals, Outcome
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.ledger import check_ledger
from parcela.operations.orders.captures import capture
from parcela.operations.orders.payments import authorize, pay
from parcela.operations.orders.refunds import refund
from parcela.store import order_attempts
from parcela.store.order_attempts import Conclusion

ALL = 120_000
CONSTRAINTS = (
    "ALTER TABLE merchant_order DROP CONSTRAINT merchant_order_captured_of_authorized",
    "ALTER TABLE merchant_order DROP CONSTRAINT merchant_order_refunded_of_captured",
    "ALTER TABLE merchant_transaction DISABLE TRIGGER USER",
    "DROP INDEX merchant_transaction_under_way",
)


async def make_order(engine: Engine, *, with_plan: bool = False) -> None:
    """1200.00 authorized, all of it captured, 200.00 given back."""
    choice = await quote_offer(engine) if with_plan else None
    world, caller = await see(engine)
    ports = Ports()
    await authorize(engine, world, caller, draw_payment(choice=choice), ports=ports)
    await capture(engine, world, caller, draw_capture("2", ALL), ports=ports)
    await refund(engine, world, caller, draw_refund("3", 20_000), ports=ports)


@pytest.mark.parametrize(
    ("statement", "views"),
    [
        (
            "UPDATE merchant_order SET refunded_minor = 20001",
            {"broken_merchant_order_totals"},
        ),
        (
            "UPDATE merchant_order SET authorized_minor = 119999",
            {"broken_merchant_order_totals", "broken_merchant_order_bounds"},
        ),
        (
            "UPDATE merchant_order SET refunded_minor = 120001",
            {"broken_merchant_order_totals", "broken_merchant_order_bounds", "broken_merchant_order_status"},
        ),
        ("UPDATE merchant_order SET status = 'captured'", {"broken_merchant_order_status"}),
        ("UPDATE merchant_transaction SET amount_minor = 1 WHERE kind = 'refund'", None),
        (
            "UPDATE merchant_transaction SET outcome = 'declined' WHERE kind = 'capture'",
            {"broken_merchant_order_totals"},
        ),
        (
            "UPDATE merchant_transaction SET voided_by = 3 WHERE number = 2",
            {"broken_merchant_order_void"},
        ),
        ("UPDATE merchant_order SET plan_id = NULL", {"broken_merchant_order_plan"}),
        ("UPDATE merchant_offer SET holder = 'nobody:1'", {"broken_merchant_offer_hold"}),
        ("UPDATE merchant_offer SET state = 'quoted'", {"broken_merchant_offer_hold"}),
        ("UPDATE plan_instruction SET amount_minor = 19999", {"broken_merchant_order_instruction"}),
        (
            "UPDATE merchant_transaction SET voided_by = 3 WHERE plan_id IS NOT NULL",
            {"broken_merchant_order_void", "broken_merchant_order_instruction"},
        ),
    ],
    ids=[
        "totals",
        "captured-beyond",
        "refunded-beyond",
        "status",
        "amount",
        "outcome",
        "void",
        "plan",
        "offer-of-nobody",
        "offer-held-by-what-ended",
        "refund-not-told",
        "void-not-told",
    ],
)
def test_what_is_broken_is_found(run: RunWithEngine, statement: str, views: set[str] | None) -> None:
    async def work(engine: Engine) -> None:
        await make_order(engine, with_plan="plan" in statement or "offer" in statement)
        await check_whole(engine)
        for constraint in CONSTRAINTS:
            await execute(engine, constraint)
        await execute(engine, statement)
        found = {broken.view for broken in await check_ledger(engine)}
        assert found == (views or {"broken_merchant_order_totals"})

    run(work)


def test_two_attempts_under_way_are_found(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await make_order(engine)
        for constraint in CONSTRAINTS:
            await execute(engine, constraint)
        await execute(
            engine,
            "UPDATE merchant_transaction SET outcome = NULL, recorded_at = NULL, status_after = NULL,"
            " authorized_after = NULL, captured_after = NULL, refunded_after = NULL WHERE number > 1",
        )
        found = {broken.view for broken in await check_ledger(engine)}
        assert found == {"broken_merchant_order_attempts", "broken_merchant_order_totals"}

    run(work)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE merchant_order SET captured_minor = 120001",
        "UPDATE merchant_order SET refunded_minor = 120001",
        "UPDATE merchant_order SET status = 'paid'",
        "UPDATE merchant_transaction SET outcome = 'declined' WHERE number = 1",
        "UPDATE merchant_transaction SET amount_minor = 1 WHERE number = 1",
        "UPDATE merchant_transaction SET outcome = NULL WHERE number = 1",
        "UPDATE merchant_transaction SET kind = 'payment' WHERE number = 1",
        "UPDATE merchant_transaction SET reversal = 'due' WHERE number = 1",
        "DELETE FROM merchant_order",
    ],
)
def test_the_database_refuses(run: RunWithEngine, statement: str) -> None:
    async def work(engine: Engine) -> None:
        await make_order(engine)
        before = await fetch(engine, "SELECT o::text, t::text FROM merchant_order o, merchant_transaction t")
        with pytest.raises((asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError)):
            await execute(engine, statement)
        after = await fetch(engine, "SELECT o::text, t::text FROM merchant_order o, merchant_transaction t")
        assert after == before

    run(work)


@pytest.mark.parametrize("lost", ["outcome", "fence", "status", "totals"])
def test_an_outcome_is_written_once_and_by_its_owner(run: RunWithEngine, lost: str) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        receipt = await pay(engine, world, caller, draw_payment(), ports=Ports())
        if lost != "outcome":
            await execute(engine, "ALTER TABLE merchant_transaction DISABLE TRIGGER USER")
            await execute(
                engine,
                "UPDATE merchant_transaction SET outcome = NULL, recorded_at = NULL, status_after = NULL,"
                " authorized_after = NULL, captured_after = NULL, refunded_after = NULL",
            )
        order = receipt.order
        believed = {
            "status": replace(order, status=OrderStatus.INITIATED),
            "totals": replace(order, totals=OrderTotals()),
        }
        conclusion = Conclusion(
            before=believed.get(lost, order),
            after=replace(order, status=OrderStatus.FAILED, totals=OrderTotals()),
            transaction=replace(
                receipt.transaction,
                outcome=Outcome.DECLINED,
                status_after=OrderStatus.FAILED,
                totals_after=OrderTotals(),
            ),
            fence=1 if lost == "fence" else 0,
        )
        look = "SELECT o::text, t::text FROM merchant_order o, merchant_transaction t"
        before = await fetch(engine, look)
        async with engine.database.connection() as connection:
            is_written = await order_attempts.conclude_transaction(
                connection, MAIN_TENANT, conclusion, retry_s=0
            )
        assert is_written is False
        assert await fetch(engine, look) == before

    run(work)
