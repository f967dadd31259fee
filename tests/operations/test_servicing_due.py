"""What falls due by itself: in the order of the days, once, whoever does it and however it is broken off."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.conftest import DemoTemplate, RunWithEngine, use_engine
from tests.support.servicing import (
    CORRELATION_ID,
    PLAN_ID,
    add_month,
    ask_approval,
    check_books,
    do_due,
    list_states,
    make_notice,
    move_to,
    open_noticed,
    read_balances,
    send,
    today,
)

from parcela.domain.cards import CardFunding
from parcela.domain.programs import AccountRange
from parcela.domain.servicing.records import ServicingState, TransactionFacts
from parcela.operations import catalogue, people, statements
from parcela.operations.card_transactions import clear_purchase
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.plan_opening import open_plan
from parcela.operations.scheduler import DueWork, keep_scheduling, run_due_work
from parcela.operations.servicing import AccountPayment, get_plan, list_due_rows, pay_account
from parcela.store import serviced_plans

START = date(2030, 1, 10)


async def start(engine: Engine) -> str:
    """A plan of six rows on the tenth of each month; gives the account."""
    await move_to(engine, START)
    plan = await open_noticed(engine, make_notice(START))
    await ask_approval(engine, plan_id=PLAN_ID)
    await send(engine, clear_purchase)
    return plan.account_id


async def make_debit(engine: Engine) -> None:
    """The range of the test card is one of debit cards."""
    operator = await people.get_person(engine, "operator@sandbox.example")
    second = await people.get_person(engine, "second-operator@sandbox.example")
    held = (await engine.look()).catalogue(MAIN_TENANT)
    found = held.entries[AccountRange.kind, "2303770000000000000"].entry
    assert isinstance(found, AccountRange)
    wanted = replace(found, funding=CardFunding.DEBIT)
    proposed = await catalogue.propose(engine, operator, Proposal(summary="debit", wanted=[wanted]))
    await catalogue.approve(engine, second, proposed.change_set_id)


def test_a_clock_that_jumps_bills_each_row_on_its_own_day(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await start(engine)
        await move_to(engine, date(2030, 4, 12))
        done = await do_due(engine)
        assert done == DueWork(accounts=1, billed=3, late=3, statements=3)
        assert await do_due(engine) == DueWork()
        plan = await get_plan(engine, PLAN_ID)
        assert [(row.state.value, row.billed_on) for row in plan.rows] == [
            ("late", START),
            ("late", date(2030, 2, 10)),
            ("late", date(2030, 3, 10)),
            ("billed", date(2030, 4, 10)),
            ("scheduled", None),
            ("scheduled", None),
        ]
        async with engine.database.connection() as connection:
            posted = await connection.fetch(
                "SELECT posted_at::date AS day FROM ledger_entry WHERE kind = 'installment.billed'"
                " ORDER BY number"
            )
        assert [row["day"] for row in posted] == [START, *[add_month(START, n) for n in (1, 2, 3)]]
        await check_books(engine)

    run(work)


def test_a_plan_that_is_paid_as_it_is_billed_completes(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        account_id = await start(engine)
        for number in range(6):
            if number:
                await move_to(engine, add_month(START, number))
                assert (await do_due(engine)).billed == 1
            payment = AccountPayment(
                account_id=account_id, amount_minor=6665 if number == 0 else 6667, event_id=f"pay-{number}"
            )
            await pay_account(engine, await engine.look(), payment)
        assert (await get_plan(engine, PLAN_ID)).state is ServicingState.COMPLETED
        assert await read_balances(engine, account_id) == {"cash": 40000, "clearing": 40000}
        await check_books(engine)

    run(work)


def test_money_on_the_card_pays_what_is_billed(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        account_id = await start(engine)
        payment = AccountPayment(account_id=account_id, amount_minor=13332, event_id="pay")
        await pay_account(engine, await engine.look(), payment)
        await move_to(engine, date(2030, 2, 10))
        assert await do_due(engine) == DueWork(accounts=1, billed=1, paid=1, statements=1)
        assert await list_states(engine) == ["paid", "paid", *["scheduled"] * 4]

    run(work)


def test_two_schedulers_share_the_work_and_bill_each_row_once(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def work() -> None:
        async with (
            use_engine(database_url, demo_template.home) as first,
            use_engine(database_url, demo_template.home) as second,
        ):
            await move_to(first, START)
            plan_ids = [f"0198c5a0-0000-7000-8000-{number:012d}" for number in range(20)]
            for number, plan_id in enumerate(plan_ids):
                digits = f"23037700000{number:05d}"
                notice = make_notice(START, plan_id=plan_id, digits=digits)
                await open_plan(first, await first.look(), notice, correlation_id=CORRELATION_ID)
            await move_to(first, date(2030, 4, 12))
            world = await first.look()
            rounds = await asyncio.gather(
                *[run_due_work(engine, world) for _ in range(3) for engine in (first, second)]
            )
            assert sum(done.billed for done in rounds) == 60
            assert sum(done.statements for done in rounds) == 60
            assert sum(done.failed for done in rounds) == 0
            await check_books(first)

    asyncio.run(work())


@pytest.mark.parametrize("moment_s", [0.005, 0.02, 0.04, 0.08])
def test_a_scheduler_that_is_broken_off_leaves_nothing_half(run: RunWithEngine, moment_s: float) -> None:
    async def work(engine: Engine) -> None:
        await start(engine)
        await move_to(engine, date(2030, 6, 12))
        task = asyncio.create_task(do_due(engine))
        await asyncio.sleep(moment_s)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        billed = (await list_states(engine)).count("scheduled")
        assert billed in (0, 5)
        await do_due(engine)
        assert await list_states(engine) == [*["late"] * 5, "billed"]
        await check_books(engine)

    run(work)


def test_the_loop_does_what_falls_due(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await start(engine)
        async with keep_scheduling(engine, poll_s=0.02):
            await move_to(engine, date(2030, 2, 10))
            for _ in range(3000):
                if (await list_states(engine))[1] == "billed":
                    break
                await asyncio.sleep(0.02)
        assert await list_states(engine) == ["late", "billed", *["scheduled"] * 4]

    run(work)


def test_an_account_whose_records_contradict_themselves_keeps_no_other_waiting(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await start(engine)
        other = make_notice(START, plan_id=PLAN_ID[:-1] + "2", digits="2303770000000008")
        await open_noticed(engine, other)
        async with engine.database.connection() as connection:
            await connection.execute(
                "UPDATE serviced_row SET principal_minor = 90000, amount_minor = 90000"
                " WHERE plan_id = $1 AND number = 2",
                PLAN_ID,
            )
        await move_to(engine, date(2030, 2, 10))
        done = await do_due(engine)
        assert (done.failed, done.billed) == (1, 1)
        assert await list_states(engine, other.plan_id) == ["late", "billed", *["scheduled"] * 4]
        assert (await list_states(engine))[1] == "scheduled"

    run(work)


def test_a_debit_card_is_collected_when_the_deposit_suffices(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await make_debit(engine)
        await move_to(engine, START)
        plan = await open_noticed(engine, make_notice(START))
        assert await list_states(engine) == ["billed", *["scheduled"] * 5]
        async with engine.database.connection() as connection:
            tried = await serviced_plans.list_tried_days(connection, MAIN_TENANT, plan.account_id)
        assert tried == {PLAN_ID: None}
        assert (await do_due(engine)).accounts == 1
        assert await do_due(engine) == DueWork()
        payment = AccountPayment(account_id=plan.account_id, amount_minor=10000, event_id="pay")
        await pay_account(engine, await engine.look(), payment)
        assert await read_balances(engine, plan.account_id) == {
            "cash": 10000,
            "deposit": 3335,
            "installment_receivable": 33335,
            "purchases": 40000,
        }
        await move_to(engine, date(2030, 2, 10))
        assert (await do_due(engine)).billed == 1
        assert await list_states(engine) == ["paid", "billed", *["scheduled"] * 4]
        top_up = AccountPayment(account_id=plan.account_id, amount_minor=3332, event_id="top-up")
        await pay_account(engine, await engine.look(), top_up)
        await move_to(engine, date(2030, 2, 11))
        await do_due(engine)
        assert await list_states(engine) == ["paid", "paid", *["scheduled"] * 4]
        await check_books(engine)

    run(work)


def test_the_hold_of_a_purchase_does_not_keep_its_own_money_from_it(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await make_debit(engine)
        await move_to(engine, START)
        asked = await ask_approval(engine, 100)
        assert (asked.is_approved, asked.response_code) == (False, "51")
        async with engine.database.connection() as connection:
            account_id = await connection.fetchval("SELECT account_id::text FROM card_account")
        deposit = AccountPayment(account_id=account_id, amount_minor=40000, event_id="deposit")
        await pay_account(engine, await engine.look(), deposit)
        facts = TransactionFacts(local_at=(await engine.look()).now, stan="743", rrn="123456123457")
        assert (await ask_approval(engine, 40000, facts=facts)).is_approved
        await send(engine, clear_purchase, 40000, facts=facts)
        assert await read_balances(engine, account_id) == {"cash": 40000, "clearing": 40000}
        await check_books(engine)

    run(work)


def test_statements_follow_each_other_and_add_up(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        account_id = await start(engine)
        payment = AccountPayment(account_id=account_id, amount_minor=6665, event_id="pay")
        await pay_account(engine, await engine.look(), payment)
        await move_to(engine, date(2030, 3, 12))
        await do_due(engine)
        viewer = await people.get_person(engine, "operator@sandbox.example")
        listed = await statements.list_statements(engine, viewer, account_id)
        assert [(one.number, one.opened_on, one.closed_on, one.closing_minor) for one in listed] == [
            (2, date(2030, 2, 10), date(2030, 3, 9), 6667),
            (1, date(2030, 1, 10), date(2030, 2, 9), 0),
        ]
        first = await statements.get_statement(engine, viewer, account_id, 1)
        assert [(line.booked_on, line.description, line.amount_minor) for line in first.lines] == [
            (START, f"Installment 1 of 6, Globex Decor, plan {PLAN_ID}", 6665),
            (START, "Payment received, thank you", -6665),
        ]
        assert first.plans == (
            {
                "plan_id": PLAN_ID,
                "merchant_name": "Globex Decor",
                "state": "active",
                "outstanding_minor": 33335,
                "next_due_date": "2030-02-10",
                "next_due_minor": 6667,
            },
        )
        await check_books(engine)

    run(work)


def test_the_due_list_shows_what_is_asked_for_until_a_day(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await start(engine)
        maker = await people.get_person(engine, "maker@sandbox.example")
        until = await today(engine) + timedelta(days=31)
        due = await list_due_rows(engine, maker, until=until)
        assert [(one.row.number, one.row.state.value, one.row.unpaid_minor) for one in due] == [
            (1, "billed", 6665),
            (2, "scheduled", 6667),
        ]

    run(work)
