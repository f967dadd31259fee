"""From a merchant's payment to the demo bank's books: paid with a plan, refunded, voided."""

import pytest
from tests.conftest import RunWithEngine
from tests.support.merchant_orders import (
    Ports,
    draw_capture,
    draw_payment,
    draw_refund,
    draw_void,
    quote_offer,
    see,
)
from tests.support.merchant_plans import open_as_issuer
from tests.support.servicing import check_books, do_due, move_to, read_balances, today

from parcela.domain.plans import Plan
from parcela.domain.servicing.records import ServicedPlan
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.orders.captures import capture
from parcela.operations.orders.commands import Receipt
from parcela.operations.orders.payments import authorize, pay
from parcela.operations.orders.refunds import refund
from parcela.operations.orders.voids import void
from parcela.operations.plan_instructions import list_instructions
from parcela.operations.servicing import get_plan
from parcela.store import plans

AMOUNT = 120_000


async def buy(engine: Engine, ports: Ports) -> Plan:
    """1200.00 in twelve payments, of which the merchant bears the interest."""
    choice = await quote_offer(engine)
    return await get_made_plan(
        engine, await pay(engine, *(await see(engine)), draw_payment(choice=choice), ports=ports)
    )


async def get_made_plan(engine: Engine, receipt: Receipt) -> Plan:
    """The plan that a payment or capture made."""
    assert receipt.order.plan_id is not None
    async with engine.database.connection() as connection:
        plan = await plans.find_plan(connection, MAIN_TENANT, plan_id=receipt.order.plan_id)
    assert plan is not None
    return plan


def show(plan: ServicedPlan) -> tuple[str, list[int]]:
    return plan.state.value, [row.amount_minor for row in plan.rows]


def test_a_payment_is_refunded_and_the_refund_voided_in_the_banks_books(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        ports = Ports()
        plan = await buy(engine, ports)
        opened = await open_as_issuer(engine, plan)
        # The merchant bears all the interest: nothing above the purchase is charged.
        assert show(opened) == ("active", [10_000] * 12)
        assert (opened.rate, sum(row.interest_minor for row in opened.rows)) == ((0, 1), 0)

        await refund(engine, *(await see(engine)), draw_refund("2", 30_000), ports=ports)
        assert show(await get_plan(engine, plan.plan_id)) == ("active", [7_500] * 12)
        await void(engine, *(await see(engine)), draw_void("3", "2"), ports=ports)
        assert show(await get_plan(engine, plan.plan_id)) == ("active", [10_000] * 12)
        await refund(engine, *(await see(engine)), draw_refund("4", AMOUNT), ports=ports)
        assert show(await get_plan(engine, plan.plan_id)) == ("cancelled", [0] * 12)
        await void(engine, *(await see(engine)), draw_void("5", "4"), ports=ports)
        assert show(await get_plan(engine, plan.plan_id)) == ("active", [10_000] * 12)
        assert await read_balances(engine, opened.account_id) == {
            "installment_receivable": AMOUNT,
            "purchases": AMOUNT,
        }
        await check_books(engine)

    run(work)


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "noticed-later"])
def test_a_voided_payment_leaves_nothing_in_the_banks_books(run: RunWithEngine, is_open: bool) -> None:
    async def work(engine: Engine) -> None:
        ports = Ports()
        plan = await buy(engine, ports)
        if is_open:
            await open_as_issuer(engine, plan)
        await void(engine, *(await see(engine)), draw_void("2", "1"), ports=ports)
        opened = await open_as_issuer(engine, plan)
        await do_due(engine)
        assert show(await get_plan(engine, plan.plan_id)) == ("cancelled", [0] * 12)
        assert await read_balances(engine, opened.account_id) == {}
        (told,) = await list_instructions(engine, MAIN_TENANT, plan.plan_id)
        assert (told.instruction.kind.value, told.state.value) == ("cancel", "applied")
        await check_books(engine)

    run(work)


def test_a_voided_capture_cancels_the_plan_at_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        ports = Ports()
        choice = await quote_offer(engine)
        await authorize(engine, *(await see(engine)), draw_payment(choice=choice), ports=ports)
        captured = await capture(engine, *(await see(engine)), draw_capture("2", AMOUNT), ports=ports)
        opened = await open_as_issuer(engine, await get_made_plan(engine, captured))
        await void(engine, *(await see(engine)), draw_void("3", "2"), ports=ports)
        assert show(await get_plan(engine, opened.plan_id)) == ("cancelled", [0] * 12)
        assert await read_balances(engine, opened.account_id) == {}
        await check_books(engine)

    run(work)


def test_a_refund_of_a_plan_whose_rows_are_billed_lowers_those_to_come(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        ports = Ports()
        plan = await buy(engine, ports)
        await open_as_issuer(engine, plan)
        await move_to(engine, plan.installments[1].due_date)
        assert (await do_due(engine)).billed == 2
        await refund(engine, *(await see(engine)), draw_refund("2", 50_000), ports=ports)
        state, amounts = show(await get_plan(engine, plan.plan_id))
        assert (state, amounts) == ("active", [10_000] * 2 + [5_000] * 10)
        assert await today(engine) == plan.installments[1].due_date
        await check_books(engine)

    run(work)
