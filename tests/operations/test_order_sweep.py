"""What nobody knows is resolved: killed processes, silent acquirers, answers that say nothing."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

import pytest
from tests.conftest import RunWithEngine
from tests.support.merchant_orders import (
    CARD,
    Ports,
    ScriptedAcquirer,
    check_whole,
    draw_capture,
    draw_payment,
    draw_refund,
    draw_verification,
    draw_void,
    end_leases,
    execute,
    fetch,
    find_offer_state,
    list_order_events,
    quote_offer,
    see,
)

from parcela.app import build_gateway_ports
from parcela.domain.merchants import MerchantProfile
from parcela.domain.orders import OrderStatus, OrderTotals, Outcome
from parcela.operations.engine import Engine
from parcela.operations.orders.captures import capture
from parcela.operations.orders.commands import Receipt
from parcela.operations.orders.payments import authorize, pay, verify
from parcela.operations.orders.refunds import refund
from parcela.operations.orders.retrieval import retrieve_order
from parcela.operations.orders.sweep import MAX_ATTEMPTS, keep_sweeping, resolve_attempts
from parcela.operations.orders.voids import void

ALL = 120_000


async def kill(work: Any, acquirer: ScriptedAcquirer) -> None:
    """Let `work` call the acquirer, and take its process away before the answer is recorded."""
    acquirer.began.clear()
    acquirer.script.append("gone")
    task = asyncio.create_task(work)
    await acquirer.began.wait()
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("operation", [pay, authorize], ids=["pay", "authorize"])
def test_a_payment_whose_process_was_killed_is_reversed(run: RunWithEngine, operation: Any) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        command = draw_payment(choice=choice)
        await kill(operation(engine, world, caller, command, ports=ports), ports.acquirer)
        message_id = ports.acquirer.requests[0].message_id
        assert await find_offer_state(engine, choice) == ("quoted", message_id)
        # Its time is not over: somebody may still be at it.
        assert await resolve_attempts(engine, ports.acquirer) == 0
        locked = await pay(engine, world, caller, draw_payment("O-1", "2"), ports=ports)
        assert locked.transaction.outcome is Outcome.LOCKED

        await end_leases(engine)
        assert await resolve_attempts(engine, ports.acquirer) == 1
        assert ports.acquirer.reversed == [message_id]
        assert await find_offer_state(engine, choice) == ("quoted", None)
        view = await retrieve_order(engine, caller, "O-1")
        assert (view.order.status, view.order.totals) == (OrderStatus.FAILED, OrderTotals())
        assert [(t.transaction_id, t.outcome) for t in view.transactions] == [
            ("1", Outcome.UNKNOWN),
            ("2", Outcome.LOCKED),
        ]
        assert await list_order_events(engine) == ["order.reversed"]
        assert await resolve_attempts(engine, ports.acquirer) == 0

        # The request again gets what was found out; the offer and the order are free for another try.
        again = await operation(engine, world, caller, command, ports=ports)
        assert (again.is_repeat, again.transaction.outcome) == (True, Outcome.UNKNOWN)
        paid = await pay(engine, world, caller, draw_payment("O-1", "3", choice=choice), ports=ports)
        assert paid.transaction.outcome is Outcome.APPROVED
        assert ports.acquirer.charged == [paid.transaction.message_id]
        await check_whole(engine)

    run(work)


def test_a_payment_that_was_approved_before_the_kill_is_reversed(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports: Any = build_gateway_ports(engine)
        await pay(engine, world, caller, draw_payment(), ports=ports)
        # As if the process had died between the bank's answer and the record of it.
        await execute(engine, "ALTER TABLE merchant_transaction DISABLE TRIGGER USER")
        await execute(
            engine,
            "UPDATE merchant_transaction SET outcome = NULL, recorded_at = NULL, status_after = NULL,"
            " authorized_after = NULL, captured_after = NULL, refunded_after = NULL, acquirer = NULL",
        )
        await execute(
            engine,
            "UPDATE merchant_order SET status = 'initiated', authorized_minor = 0, captured_minor = 0",
        )
        await execute(engine, "ALTER TABLE merchant_transaction ENABLE TRIGGER USER")
        await end_leases(engine)
        assert await resolve_attempts(engine, ports.acquirer) == 1
        assert await fetch(engine, "SELECT state FROM simulated_card_message") == [("reversed",)]
        view = await retrieve_order(engine, caller, "O-1")
        assert view.order.status is OrderStatus.FAILED
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize(
    ("first", "killed", "status", "totals"),
    [
        (
            authorize,
            lambda: (capture, draw_capture("2", ALL)),
            OrderStatus.AUTHORIZED,
            OrderTotals(authorized_minor=ALL),
        ),
        (
            pay,
            lambda: (refund, draw_refund("2", 1_000)),
            OrderStatus.CAPTURED,
            OrderTotals(authorized_minor=ALL, captured_minor=ALL),
        ),
        (
            pay,
            lambda: (void, draw_void("2", "1")),
            OrderStatus.CAPTURED,
            OrderTotals(authorized_minor=ALL, captured_minor=ALL),
        ),
    ],
    ids=["capture", "refund", "void"],
)
def test_what_followed_a_payment_and_was_killed_has_not_happened(
    run: RunWithEngine, first: Any, killed: Any, status: OrderStatus, totals: OrderTotals
) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        await first(engine, world, caller, draw_payment(choice=choice), ports=ports)
        plans = await fetch(engine, "SELECT plan_id FROM plan")
        operation, command = killed()
        await kill(operation(engine, world, caller, command, ports=ports), ports.acquirer)
        await end_leases(engine)
        assert await resolve_attempts(engine, ports.acquirer) == 1
        assert ports.acquirer.reversed == [ports.acquirer.requests[-1].message_id]
        view = await retrieve_order(engine, caller, "O-1")
        assert (view.order.status, view.order.totals) == (status, totals)
        assert view.transactions[-1].outcome is Outcome.UNKNOWN
        assert await fetch(engine, "SELECT plan_id FROM plan") == plans
        assert await fetch(engine, "SELECT 1 FROM plan_instruction") == []
        # The offer was used by the payment, and stays so.
        state = await find_offer_state(engine, choice)
        assert state == ("used", view.transactions[0].message_id)
        # The same may be asked for again.
        again = replace(command, transaction_id="3")
        receipt = await operation(engine, world, caller, again, ports=ports)
        assert receipt.transaction.outcome is Outcome.APPROVED
        await check_whole(engine)

    run(work)


async def leave_unknown(engine: Engine, ports: Ports, said: str, command: Any) -> Receipt:
    """A payment of which nobody knows what came of it."""
    world, caller = await see(engine)
    ports.acquirer.script.append(said)
    ports.acquirer.answers_reversals = said == "unknown"
    receipt = await pay(engine, world, caller, command, ports=ports)
    assert receipt.transaction.outcome is Outcome.UNKNOWN
    assert receipt.order.status is OrderStatus.INITIATED
    return receipt


@pytest.mark.parametrize("said", ["unknown", "silent", "lost"])
def test_an_unknown_outcome_is_reversed_and_fails_the_order(run: RunWithEngine, said: str) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        _, caller = await see(engine)
        ports = Ports()
        first = await leave_unknown(engine, ports, said, draw_payment(choice=choice))
        message_id = first.transaction.message_id
        assert await find_offer_state(engine, choice) == ("quoted", message_id)
        assert await resolve_attempts(engine, ports.acquirer) == 0

        await end_leases(engine)
        ports.acquirer.answers_reversals = False
        # The acquirer does not answer: it is asked again later.
        assert await resolve_attempts(engine, ports.acquirer) == 0
        assert await find_offer_state(engine, choice) == ("quoted", message_id)
        ports.acquirer.answers_reversals = True
        assert await resolve_attempts(engine, ports.acquirer) == 0

        await end_leases(engine)
        assert await resolve_attempts(engine, ports.acquirer) == 1
        assert ports.acquirer.reversed == [message_id]
        assert ports.acquirer.charged == []
        assert await find_offer_state(engine, choice) == ("quoted", None)
        view = await retrieve_order(engine, caller, "O-1")
        assert view.order.status is OrderStatus.FAILED
        # What was answered stays what was answered.
        assert view.transactions == (first.transaction,)
        assert await resolve_attempts(engine, ports.acquirer) == 0
        await check_whole(engine)

    run(work)


def test_an_order_that_was_paid_since_does_not_fail_with_an_old_unknown(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        first = await leave_unknown(engine, ports, "unknown", draw_payment())
        paid = await pay(engine, world, caller, draw_payment("O-1", "2"), ports=ports)
        assert paid.order.status is OrderStatus.CAPTURED
        await end_leases(engine)
        assert await resolve_attempts(engine, ports.acquirer) == 1
        assert ports.acquirer.reversed == [first.transaction.message_id]
        view = await retrieve_order(engine, caller, "O-1")
        assert (view.order.status, view.order.totals.captured_minor) == (OrderStatus.CAPTURED, ALL)
        await check_whole(engine)

    run(work)


def test_two_unknowns_fail_the_order_with_the_last(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        _, caller = await see(engine)
        ports = Ports()
        await leave_unknown(engine, ports, "unknown", draw_payment())
        await execute(engine, "UPDATE merchant_transaction SET leased_until = now() - interval '1 second'")
        await leave_unknown(engine, ports, "unknown", draw_payment("O-1", "2"))
        assert await resolve_attempts(engine, ports.acquirer) == 1
        view = await retrieve_order(engine, caller, "O-1")
        assert view.order.status is OrderStatus.INITIATED
        await end_leases(engine)
        assert await resolve_attempts(engine, ports.acquirer) == 1
        view = await retrieve_order(engine, caller, "O-1")
        assert view.order.status is OrderStatus.FAILED
        await check_whole(engine)

    run(work)


def test_sweepers_that_run_at_once_do_not_meet(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        for n in range(6):
            command = draw_verification(f"O-{n}")
            await kill(verify(engine, world, caller, command, ports=ports), ports.acquirer)
        await end_leases(engine)
        done = await asyncio.gather(*(resolve_attempts(engine, ports.acquirer) for _ in range(4)))
        assert sum(done) == 6
        assert sorted(ports.acquirer.reversed) == sorted(
            request.message_id for request in ports.acquirer.requests
        )
        await check_whole(engine)

    run(work)


def test_a_worker_that_comes_back_too_late_writes_nothing(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        ports.acquirer.may_answer.clear()
        late = asyncio.create_task(pay(engine, world, caller, draw_payment(choice=choice), ports=ports))
        await ports.acquirer.began.wait()
        await end_leases(engine)
        assert await resolve_attempts(engine, ports.acquirer) == 1
        ports.acquirer.may_answer.set()
        receipt = await late
        # It is told what was recorded, though the bank approved in the end: that is reversed.
        assert (receipt.transaction.outcome, receipt.order.status) == (
            Outcome.UNKNOWN,
            OrderStatus.FAILED,
        )
        assert ports.acquirer.charged == []
        assert await fetch(engine, "SELECT 1 FROM plan") == []
        assert await find_offer_state(engine, choice) == ("quoted", None)
        await check_whole(engine)

    run(work)


def test_a_merchant_that_was_switched_off_is_swept_too(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        await kill(pay(engine, world, caller, draw_payment(), ports=ports), ports.acquirer)
        await end_leases(engine)
        await execute(engine, "UPDATE client SET is_enabled = false WHERE code = 'TESTPARCELA01'")
        assert await resolve_attempts(engine, ports.acquirer) == 1

    run(work)


class ContradictoryAcquirer(ScriptedAcquirer):
    """An acquirer whose records of some messages contradict themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.contradicted: set[str] = set()

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        assert message_id not in self.contradicted
        await super().reverse(profile, message_id)


def test_an_attempt_that_cannot_be_resolved_keeps_no_other_waiting(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        acquirer = ContradictoryAcquirer()
        ports = Ports(acquirer=acquirer)
        for order_id in ("O-1", "O-2"):
            await kill(pay(engine, world, caller, draw_payment(order_id), ports=ports), acquirer)
        acquirer.contradicted = {acquirer.requests[0].message_id}
        await end_leases(engine)
        assert await resolve_attempts(engine, acquirer) == 1
        statuses = "SELECT status FROM merchant_order ORDER BY order_id"
        assert await fetch(engine, statuses) == [("initiated",), ("failed",)]
        assert acquirer.reversed == [acquirer.requests[1].message_id]
        acquirer.contradicted = set()
        await end_leases(engine)
        assert await resolve_attempts(engine, acquirer) == 1
        assert await fetch(engine, statuses) == [("failed",), ("failed",)]
        await check_whole(engine)

    run(work)


def test_a_heap_of_attempts_is_resolved_in_one_go(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        for number in range(MAX_ATTEMPTS + 1):
            await kill(pay(engine, world, caller, draw_payment(f"O-{number}"), ports=ports), ports.acquirer)
        await end_leases(engine)
        async with keep_sweeping(engine, ports.acquirer, poll_s=3600):
            for _ in range(1200):
                failed = await fetch(engine, "SELECT count(*) FROM merchant_order WHERE status = 'failed'")
                if failed == [(MAX_ATTEMPTS + 1,)]:
                    break
                await asyncio.sleep(0.05)
        assert failed == [(MAX_ATTEMPTS + 1,)]
        await check_whole(engine)

    run(work)


def test_the_sweeper_runs_by_itself_with_the_simulated_acquirer(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports: Any = build_gateway_ports(engine)
        card = replace(CARD, expiry_month="05", expiry_year="37")
        receipt = await pay(engine, world, caller, draw_payment(card=card), ports=ports)
        assert receipt.transaction.outcome is Outcome.UNKNOWN
        await end_leases(engine)
        async with keep_sweeping(engine, ports.acquirer, poll_s=0.05):
            for _ in range(1200):
                view = await retrieve_order(engine, caller, "O-1")
                if view.order.status is OrderStatus.FAILED:
                    break
                await asyncio.sleep(0.05)
        assert view.order.status is OrderStatus.FAILED
        assert view.transactions[0].outcome is Outcome.UNKNOWN
        assert await fetch(engine, "SELECT state FROM simulated_card_message") == [("reversed",)]
        await check_whole(engine)

    run(work)
