"""Requests of merchants that come at once: one charge, one use of an offer, never more than there is."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest
from tests.conftest import DemoTemplate, RunWithEngine, use_engine
from tests.support.merchant_orders import (
    CARD,
    Ports,
    check_whole,
    count_records,
    draw_capture,
    draw_payment,
    draw_refund,
    draw_void,
    fetch,
    find_offer_state,
    quote_offer,
    see,
    sum_outcomes,
)

from parcela.app import build_gateway_ports
from parcela.domain.order_refusals import PlanConditionUnmet
from parcela.domain.orders import OrderStatus, Outcome
from parcela.operations.engine import Engine
from parcela.operations.orders.captures import capture
from parcela.operations.orders.payments import authorize, pay
from parcela.operations.orders.refunds import refund
from parcela.operations.orders.retrieval import retrieve_order
from parcela.operations.orders.voids import void

ALL = 120_000


async def gather(*work: Awaitable[Any]) -> list[Any]:
    return list(await asyncio.gather(*work, return_exceptions=True))


def test_one_of_sixty_four_payments_gets_the_offer(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        done = await gather(
            *(
                pay(engine, world, caller, draw_payment(f"O-{n}", choice=choice), ports=ports)
                for n in range(64)
            )
        )
        assert sum_outcomes(done) == {"approved": 1, "PlanConditionUnmet": 63}
        refused = [one for one in done if isinstance(one, PlanConditionUnmet)]
        assert {refusal.condition for refusal in refused} == {"not_used"}
        assert len(ports.acquirer.charged) == 1
        # The refused ones left no order behind.
        assert await fetch(engine, "SELECT count(*) FROM merchant_order") == [(1,)]
        assert await fetch(engine, "SELECT count(*) FROM plan") == [(1,)]
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize("has_plan", [False, True], ids=["plain", "with-plan"])
def test_thirty_two_equal_requests_are_one_charge_and_equal_receipts(
    run: RunWithEngine, has_plan: bool
) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine) if has_plan else None
        world, caller = await see(engine)
        ports = Ports()
        command = draw_payment(choice=choice)
        done = await gather(*(pay(engine, world, caller, command, ports=ports) for _ in range(32)))
        assert sum_outcomes(done) == {"approved": 32}
        assert [receipt.is_repeat for receipt in done].count(False) == 1
        assert {repr(replace(receipt, is_repeat=False)) for receipt in done} == {
            repr(replace(done[0], is_repeat=False))
        }
        assert len(ports.acquirer.requests) == 1
        assert await fetch(engine, "SELECT count(*) FROM merchant_transaction") == [(1,)]
        assert await fetch(engine, "SELECT count(*) FROM plan") == [(1 if has_plan else 0,)]
        await check_whole(engine)

    run(work)


def test_two_first_transactions_of_an_order_at_once_have_one_winner(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        done = await gather(
            *(pay(engine, world, caller, draw_payment("O-1", str(n)), ports=ports) for n in range(8))
        )
        counted = sum_outcomes(done)
        assert counted.pop("approved") == 1
        # The others found it locked, or paid already when they came late.
        assert counted.keys() <= {"locked", "AlreadyPaid"}
        assert sum(counted.values()) == 7
        assert len(ports.acquirer.charged) == 1
        view = await retrieve_order(engine, caller, "O-1")
        assert view.order.totals.captured_minor == ALL
        await check_whole(engine)

    run(work)


async def repeat_locked(work: Any, commands: list[Any]) -> list[Any]:
    """Ask with each command at once, and again under new ids while the order is locked, as clients do."""

    async def ask(command: Any) -> Any:
        for again in range(100):
            own_id = f"{command.transaction_id}-{again}"
            receipt = await work(replace(command, transaction_id=own_id, digest=bytes(32)))
            if receipt.transaction.outcome is not Outcome.LOCKED:
                return receipt
            await asyncio.sleep(0.01)
        raise AssertionError("the order stays locked")

    return await gather(*(ask(command) for command in commands))


def test_captures_that_race_never_exceed_the_authorization(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        await authorize(engine, world, caller, draw_payment(), ports=ports)
        done = await repeat_locked(
            lambda command: capture(engine, world, caller, command, ports=ports),
            [draw_capture(f"c{n}", 50_000) for n in range(3)],
        )
        assert sum_outcomes(done) == {"approved": 2, "AmountNotOpen": 1}
        view = await retrieve_order(engine, caller, "O-1")
        assert (view.order.status, view.order.totals.captured_minor) == (
            OrderStatus.PARTIALLY_CAPTURED,
            100_000,
        )
        await check_whole(engine)

    run(work)


def test_refunds_that_race_never_exceed_what_was_captured(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        await pay(engine, world, caller, draw_payment(choice=choice), ports=ports)
        done = await repeat_locked(
            lambda command: refund(engine, world, caller, command, ports=ports),
            [draw_refund(f"r{n}", 50_000) for n in range(6)],
        )
        assert sum_outcomes(done) == {"approved": 2, "PrivilegeMissing": 4}
        told = await fetch(engine, "SELECT sum(amount_minor)::bigint FROM plan_instruction")
        assert told == [(100_000,)]
        await check_whole(engine)

    run(work)


def test_a_capture_and_a_void_that_race_have_one_winner(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        for n in range(8):
            ports, order_id = Ports(), f"O-{n}"
            command = draw_payment(order_id, choice=choice if n == 0 else None)
            await authorize(engine, world, caller, command, ports=ports)
            done = await gather(
                capture(engine, world, caller, draw_capture("2", ALL, order_id=order_id), ports=ports),
                void(engine, world, caller, draw_void("3", "1", order_id=order_id), ports=ports),
            )
            counted = sum_outcomes(done)
            assert counted.pop("approved") == 1
            assert set(counted) <= {"locked", "NothingToVoid", "NothingToCapture"}
        await check_whole(engine)

    run(work)


def test_two_processes_charge_once(database_url: str, demo_template: DemoTemplate) -> None:
    async def main() -> None:
        async with (
            use_engine(database_url, demo_template.home) as one,
            use_engine(database_url, demo_template.home) as other,
        ):
            choice = await quote_offer(one)
            ports = Ports()
            command = draw_payment(choice=choice)
            worlds = [(engine, *await see(engine)) for engine in (one, other)]
            done = await gather(
                *(pay(engine, world, caller, command, ports=ports) for engine, world, caller in worlds * 8)
            )
            assert sum_outcomes(done) == {"approved": 16}
            assert len(ports.acquirer.requests) == 1
            await check_whole(one)

    asyncio.run(main())


def test_a_lost_race_for_the_offer_leaves_nothing(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        ports.acquirer.may_answer.clear()
        first = asyncio.create_task(pay(engine, world, caller, draw_payment(choice=choice), ports=ports))
        await ports.acquirer.began.wait()
        before = await count_records(engine)
        with pytest.raises(PlanConditionUnmet):
            await pay(engine, world, caller, draw_payment("O-2", choice=choice), ports=ports)
        assert await count_records(engine) == before
        ports.acquirer.may_answer.set()
        assert (await first).transaction.outcome is Outcome.APPROVED
        assert await find_offer_state(engine, choice) == ("used", (await first).transaction.message_id)

    run(work)


def test_with_the_simulated_acquirer_money_moves_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports: Any = build_gateway_ports(engine)
        command = draw_payment(choice=choice)
        done = await gather(*(pay(engine, world, caller, command, ports=ports) for _ in range(8)))
        assert sum_outcomes(done) == {"approved": 8}
        messages = await fetch(engine, "SELECT kind, state, amount_minor FROM simulated_card_message")
        assert messages == [("payment", "approved", ALL)]
        back = await repeat_locked(
            lambda command: refund(engine, world, caller, command, ports=ports),
            [draw_refund(f"r{n}", 50_000) for n in range(3)],
        )
        assert sum_outcomes(back) == {"approved": 2, "PrivilegeMissing": 1}
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize(
    ("expiry", "outcome", "status"),
    [
        (("01", "39"), Outcome.APPROVED, OrderStatus.CAPTURED),
        (("05", "39"), Outcome.DECLINED, OrderStatus.FAILED),
        (("04", "27"), Outcome.EXPIRED_CARD, OrderStatus.FAILED),
        (("08", "28"), Outcome.TIMED_OUT, OrderStatus.FAILED),
        (("01", "37"), Outcome.ACQUIRER_ERROR, OrderStatus.FAILED),
        (("02", "37"), Outcome.FAILED, OrderStatus.FAILED),
        (("05", "37"), Outcome.UNKNOWN, OrderStatus.INITIATED),
    ],
    ids=str,
)
def test_documented_cards_come_through_the_simulated_acquirer(
    run: RunWithEngine, expiry: tuple[str, str], outcome: Outcome, status: OrderStatus
) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports: Any = build_gateway_ports(engine)
        card = replace(CARD, expiry_month=expiry[0], expiry_year=expiry[1])
        receipt = await pay(engine, world, caller, draw_payment(card=card), ports=ports)
        assert (receipt.transaction.outcome, receipt.order.status) == (outcome, status)
        await check_whole(engine)

    run(work)
