"""Instructions of merchants: kept with the payment, carried into the plan once, in order, when it is open."""

import asyncio
from datetime import date, timedelta

import asyncpg
import pytest
from tests.conftest import RunWithEngine
from tests.support.merchant_plans import CARD, capture, check_offer, get_caller, open_as_issuer
from tests.support.servicing import (
    ask_approval,
    check_books,
    count_records,
    do_due,
    list_events,
    list_states,
    move_to,
    read_balances,
    send,
)

from parcela.domain.errors import Conflict, InvalidInput
from parcela.domain.plans import Plan
from parcela.domain.servicing.records import ServicedPlan
from parcela.domain.servicing.refusals import AmountRefused
from parcela.operations import servicing
from parcela.operations.account_commands import name_own_event
from parcela.operations.card_transactions import clear_purchase, reverse_authorization
from parcela.operations.disputes import DisputeEnd, DisputeOpening, open_dispute, resolve_dispute
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.plan_instructions import (
    InstructionKind,
    PlanInstruction,
    apply_instructions,
    instruct,
    list_instructions,
)
from parcela.operations.servicing import AccountPayment, PlanAct, get_plan, pay_account
from parcela.store.plan_instructions import settle

START = date(2030, 1, 10)
REFUND, CANCEL, REINSTATE = InstructionKind


async def buy(engine: Engine, amount_minor: int = 60_000) -> Plan:
    """Three months without interest: rows of 200.00."""
    await move_to(engine, START)
    checked = check_offer(await get_caller(engine), "cart-3-usd", amount_minor, fee=None)
    return await capture(engine, checked)


async def tell(
    engine: Engine,
    plan: Plan,
    kind: InstructionKind,
    amount_minor: int,
    *,
    event_id: str = "order-1:2",
    refund_event_id: str | None = None,
) -> None:
    """The merchant's transaction commits with the instruction."""
    instruction = PlanInstruction(
        kind=kind,
        plan_id=plan.plan_id,
        amount_minor=amount_minor,
        event_id=event_id,
        refund_event_id=refund_event_id,
    )
    async with engine.database.transaction() as connection:
        await instruct(connection, MAIN_TENANT, instruction)


async def clear(engine: Engine, plan: Plan) -> None:
    """The merchant's bank clears the purchase of a plan."""
    await send(engine, clear_purchase, 60_000, digits=CARD, plan_id=plan.plan_id)


async def carry_out(engine: Engine, plan: Plan | None = None) -> int:
    plan_id = None if plan is None else plan.plan_id
    return await apply_instructions(engine, await engine.look(), plan_id=plan_id)


async def show(engine: Engine, plan: Plan) -> list[tuple[int, str]]:
    return [(row.amount_minor, row.state.value) for row in (await get_plan(engine, plan.plan_id)).rows]


async def list_told(engine: Engine, plan: Plan) -> list[tuple[str, str, str | None]]:
    """Kind, state and reason of a plan's instructions."""
    found = await list_instructions(engine, MAIN_TENANT, plan.plan_id)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    return [(one.instruction.kind.value, one.state.value, one.reason) for one in found]


def forget_version(plan: ServicedPlan) -> dict[str, object]:
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__ if name != "lock_version"}


def test_a_refund_lowers_the_rows_to_come_at_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        opened = await open_as_issuer(engine, plan)
        await tell(engine, plan, REFUND, 15_000)
        assert await carry_out(engine, plan) == 1
        assert await show(engine, plan) == [(15_000, "scheduled")] * 3
        assert await list_told(engine, plan) == [("refund", "applied", None)]
        assert await read_balances(engine, opened.account_id) == {
            "clearing": -15_000,
            "installment_receivable": 45_000,
            "purchases": 60_000,
        }
        # Told again, and looked at again: nothing more happens.
        await tell(engine, plan, REFUND, 15_000)
        assert await carry_out(engine, plan) == 0
        assert (await do_due(engine)).instructions == 0
        assert await list_told(engine, plan) == [("refund", "applied", None)]
        events = await list_events(engine, plan.plan_id)
        assert events == [
            "plan.created",
            "plan.opened",
            "plan.noticed",
            "plan.refund_instructed",
            "plan.recalculated",
        ]
        await check_books(engine)

    run(work)


def test_an_instruction_waits_for_its_plan_and_the_scheduler_carries_it_out(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        await tell(engine, plan, REFUND, 15_000)
        before = await count_records(engine)
        assert await carry_out(engine, plan) == 0
        assert (await do_due(engine)).instructions == 0
        assert await count_records(engine) == before
        assert await list_told(engine, plan) == [("refund", "waiting", None)]
        async with engine.database.connection() as connection:
            assert (
                await connection.fetchval("SELECT count(*) FROM plan_instruction WHERE due_at IS NULL") == 1
            )
        await open_as_issuer(engine, plan)
        assert await show(engine, plan) == [(20_000, "scheduled")] * 3
        assert (await do_due(engine)).instructions == 1
        assert await show(engine, plan) == [(15_000, "scheduled")] * 3
        await check_books(engine)

    run(work)


def test_an_instruction_written_while_the_plan_opens_is_not_missed(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        is_written, may_commit = asyncio.Event(), asyncio.Event()

        async def pay_back() -> None:
            instruction = PlanInstruction(
                kind=REFUND, plan_id=plan.plan_id, amount_minor=15_000, event_id="order-1:2"
            )
            async with engine.database.transaction() as connection:
                await instruct(connection, MAIN_TENANT, instruction)
                is_written.set()
                await may_commit.wait()

        paying_back = asyncio.create_task(pay_back())
        await is_written.wait()
        opening = asyncio.create_task(open_as_issuer(engine, plan))
        done, _ = await asyncio.wait([opening], timeout=0.3)
        assert not done, "the opening waits for the instruction"
        may_commit.set()
        await asyncio.gather(paying_back, opening)
        assert await carry_out(engine) == 1
        assert await show(engine, plan) == [(15_000, "scheduled")] * 3

    run(work)


def test_looking_for_due_work_never_meets_plans_that_are_not_serviced_here(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        async with engine.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO plan_instruction (tenant_id, plan_id, number, kind, amount_minor, event_id,"
                " state, created_at) SELECT 1, $1::uuid, n, 'refund', 1, 'old-' || n, 'waiting', now()"
                " FROM generate_series(1, 20000) n",
                plan.plan_id,
            )
            await connection.execute("ANALYZE plan_instruction")
            found = await connection.fetchval(
                "EXPLAIN (ANALYZE, FORMAT JSON) SELECT tenant_id, plan_id FROM plan_instruction"
                " WHERE state = 'waiting' AND due_at IS NOT NULL AND due_at <= now()"
                " ORDER BY due_at LIMIT 500"
            )
        assert '"Index Name": "plan_instruction_due"' in found
        assert "Seq Scan" not in found
        assert "Rows Removed by Filter" not in found

    run(work)


def test_a_void_before_clearing_cancels_the_plan(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        opened = await open_as_issuer(engine, plan)
        await move_to(engine, date(2030, 2, 10))
        await do_due(engine)
        assert await list_states(engine, plan.plan_id) == ["billed", "scheduled", "scheduled"]
        await tell(engine, plan, CANCEL, 60_000)
        assert await carry_out(engine, plan) == 1
        voided = await get_plan(engine, plan.plan_id)
        assert (voided.state.value, voided.uncleared_minor, voided.refunded_minor) == ("cancelled", 0, 60_000)
        assert await show(engine, plan) == [(20_000, "paid"), (0, "cancelled"), (0, "cancelled")]
        assert await read_balances(engine, opened.account_id) == {}
        await check_books(engine)

    run(work)


def test_a_void_after_clearing_gives_everything_back(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        opened = await open_as_issuer(engine, plan)
        await clear(engine, plan)
        world = await engine.look()
        payment = AccountPayment(account_id=opened.account_id, amount_minor=5_000, event_id="pay-1")
        await move_to(engine, date(2030, 2, 10))
        await do_due(engine)
        await pay_account(engine, world, payment)
        await tell(engine, plan, CANCEL, 60_000)
        assert await carry_out(engine, plan) == 1
        assert await show(engine, plan) == [(20_000, "paid"), (0, "cancelled"), (0, "cancelled")]
        assert await read_balances(engine, opened.account_id) == {"card_balance": -5_000, "cash": 5_000}
        await check_books(engine)

    run(work)


@pytest.mark.parametrize("is_told_first", [True, False], ids=["reversal-first", "void-first"])
def test_a_void_and_the_reversal_of_its_authorization_are_one(
    run: RunWithEngine, is_told_first: bool
) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        opened = await open_as_issuer(engine, plan)
        approved = await ask_approval(engine, 60_000, digits=CARD, plan_id=plan.plan_id)
        assert approved.is_approved
        if is_told_first:
            await send(engine, reverse_authorization, 60_000, digits=CARD, plan_id=plan.plan_id)
        await tell(engine, plan, CANCEL, 60_000)
        assert await carry_out(engine, plan) == 1
        if not is_told_first:
            with pytest.raises(Conflict):
                await send(engine, reverse_authorization, 60_000, digits=CARD, plan_id=plan.plan_id)
        assert (await get_plan(engine, plan.plan_id)).state.value == "cancelled"
        assert await read_balances(engine, opened.account_id) == {}
        assert await list_told(engine, plan) == [("cancel", "applied", None)]
        async with engine.database.connection() as connection:
            held = await connection.fetchrow("SELECT state, authorized_minor FROM account_transaction")
        assert held is not None and tuple(held) == ("reversed", 0)
        await check_books(engine)

    run(work)


@pytest.mark.parametrize("is_cleared", [False, True], ids=["before-clearing", "after-clearing"])
@pytest.mark.parametrize("amount_minor", [1, 15_001, 60_000], ids=["cent", "part", "all"])
def test_a_refund_that_is_voided_leaves_the_plan_as_it_was(
    run: RunWithEngine, is_cleared: bool, amount_minor: int
) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        opened = await open_as_issuer(engine, plan)
        if is_cleared:
            await clear(engine, plan)
        await move_to(engine, date(2030, 2, 10))
        await do_due(engine)
        before = await get_plan(engine, plan.plan_id)
        balances = await read_balances(engine, opened.account_id)
        await tell(engine, plan, REFUND, amount_minor)
        await tell(engine, plan, REINSTATE, amount_minor, event_id="order-1:3", refund_event_id="order-1:2")
        assert await carry_out(engine, plan) == 2
        assert forget_version(await get_plan(engine, plan.plan_id)) == forget_version(before)
        assert await read_balances(engine, opened.account_id) == balances
        assert (await list_events(engine, plan.plan_id))[-1] == "plan.reinstated"
        await check_books(engine)
        # The plan goes on as if nothing had been.
        await move_to(engine, date(2030, 4, 10))
        await do_due(engine)
        assert [state for state in await list_states(engine, plan.plan_id) if state == "scheduled"] == []
        await check_books(engine)

    run(work)


def test_a_refund_that_is_voided_after_a_payoff_is_owed_on_the_card(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        opened = await open_as_issuer(engine, plan)
        await tell(engine, plan, REFUND, 15_000)
        await carry_out(engine, plan)
        await servicing.pay_off(
            engine,
            await engine.look(),
            PlanAct(plan_id=plan.plan_id, event_id="payoff-1"),
            amount_minor=45_000,
        )
        await tell(engine, plan, REINSTATE, 15_000, event_id="order-1:3", refund_event_id="order-1:2")
        assert await carry_out(engine, plan) == 1
        assert (await get_plan(engine, plan.plan_id)).state.value == "completed"
        assert (await read_balances(engine, opened.account_id))["card_balance"] == 15_000
        await check_books(engine)

    run(work)


def test_a_dispute_holds_instructions_up_in_their_order(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        await open_as_issuer(engine, plan)
        await clear(engine, plan)
        opening = DisputeOpening(event_id="dispute-1", plan_id=plan.plan_id)
        await open_dispute(engine, await engine.look(), opening)
        await tell(engine, plan, REFUND, 15_000)
        await tell(engine, plan, REFUND, 6_000, event_id="order-1:3")
        assert await carry_out(engine, plan) == 0
        assert await list_told(engine, plan) == [("refund", "waiting", None)] * 2
        end = DisputeEnd(dispute_id="dispute-1", event_id="dispute-2", is_for_cardholder=False)
        await resolve_dispute(engine, await engine.look(), end)
        # It was looked at just now: the scheduler comes back to it after a while.
        assert (await do_due(engine)).instructions == 0
        await move_to(engine, START + timedelta(days=1))
        assert (await do_due(engine)).instructions == 2
        assert await show(engine, plan) == [(13_000, "scheduled")] * 3
        await check_books(engine)

    run(work)


def test_what_cannot_be_done_is_refused_for_a_person_and_the_next_one_goes_on(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        opened = await open_as_issuer(engine, plan)
        await tell(engine, plan, REINSTATE, 5_000, event_id="order-1:2", refund_event_id="order-1:9")
        await tell(engine, plan, REFUND, 10**15 + 1, event_id="order-1:3")
        await tell(engine, plan, REFUND, 1_000, event_id="order-1:4")
        assert await carry_out(engine, plan) == 3
        assert await list_told(engine, plan) == [
            ("reinstate", "refused", "refund order-1:9: expected one that was applied, got none"),
            ("refund", "applied", None),
            (
                "refund",
                "refused",
                f"plan {plan.plan_id}: expected something left to refund, got nothing",
            ),
        ]
        events = await list_events(engine, plan.plan_id)
        assert events.count("plan.instruction_refused") == 2
        assert events.count("plan.refund_exceeded") == 1
        assert await read_balances(engine, opened.account_id) == {"clearing": -60_000, "purchases": 60_000}
        async with engine.database.connection() as connection:
            told = await connection.fetchval(
                "SELECT data->>'needs_person' FROM event WHERE type = 'plan.instruction_refused' LIMIT 1"
            )
        assert told == "true"
        await check_books(engine)

    run(work)


def test_many_workers_carry_an_instruction_out_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        opened = await open_as_issuer(engine, plan)
        for number in range(2, 6):
            await tell(engine, plan, REFUND, 3_000, event_id=f"order-1:{number}")
        settled = await asyncio.gather(*(carry_out(engine, plan) for _ in range(6)))
        assert sum(settled) == 4
        assert await list_told(engine, plan) == [("refund", "applied", None)] * 4
        assert (await read_balances(engine, opened.account_id))["installment_receivable"] == 48_000
        await check_books(engine)

    run(work)


@pytest.mark.parametrize("event_id", ["", "~own", "a b", name_own_event("x"), "x" * 129])
def test_an_event_id_that_cannot_be_one_is_refused(run: RunWithEngine, event_id: str) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        before = await count_records(engine)
        with pytest.raises(InvalidInput):
            await tell(engine, plan, REFUND, 1, event_id=event_id)
        with pytest.raises(AmountRefused):
            await tell(engine, plan, REFUND, 0)
        assert await count_records(engine) == before
        assert await list_told(engine, plan) == []

    run(work)


# What a person with access to the database might do, and what the proof says of it.
DAMAGES = [
    (
        "SET state = 'waiting', settled_at = NULL, trace = NULL WHERE number = 1",
        "had its effect and is waiting",
    ),
    ("SET event_id = 'other' WHERE number = 1", "is applied and had no effect"),
    ("SET due_at = NULL WHERE number = 2", "waits where nobody looks for it"),
]


@pytest.mark.parametrize(("damage", "what"), DAMAGES, ids=["undone", "without-effect", "forgotten"])
def test_the_proof_finds_instructions_that_are_not_as_they_must_be(
    run: RunWithEngine, damage: str, what: str
) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        await open_as_issuer(engine, plan)
        await tell(engine, plan, REFUND, 15_000)
        await carry_out(engine, plan)
        await tell(engine, plan, REFUND, 15_000, event_id="order-1:3")
        async with engine.database.connection() as connection:
            assert await connection.fetch("SELECT what FROM broken_plan_instruction") == []
            await connection.execute(f"UPDATE plan_instruction {damage}")
            found = await connection.fetch("SELECT plan_id::text, what FROM broken_plan_instruction")
        assert [(row["plan_id"], row["what"]) for row in found] == [(plan.plan_id, what)]

    run(work)


def test_an_instruction_is_settled_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await buy(engine)
        await tell(engine, plan, REFUND, 15_000)
        seen = await engine.look()
        async with engine.database.connection() as connection:
            await settle(connection, MAIN_TENANT, "order-1:2", at=seen.now, reason="for a test")
            with pytest.raises(asyncpg.SerializationError):
                await settle(connection, MAIN_TENANT, "order-1:2", at=seen.now)
        assert await list_told(engine, plan) == [("refund", "refused", "for a test")]

    run(work)
