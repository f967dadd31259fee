"""What random histories found (`tests/scenarios/test_invariants.py`): the shortest one that shows each."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from tests.conftest import DemoTemplate, RunWithEngine, use_engine
from tests.support.history_world import set_up
from tests.support.servicing import (
    PLAN_ID,
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

from parcela.domain.servicing.records import RowState, TransactionFacts
from parcela.domain.servicing.refusals import AmountRefused, IllegalTransition
from parcela.operations.card_transactions import clear_purchase, credit_refund
from parcela.operations.engine import Engine
from parcela.operations.servicing import AccountPayment, PlanAct, get_plan, pay_account, pay_off, quote_payoff

DEBIT_CARD = "5110920000000013"
OTHER_FACTS = TransactionFacts(local_at=datetime(2030, 2, 10, 9, 30, tzinfo=UTC), stan="743", rrn="2")


def test_a_clearing_that_nobody_authorized_finds_the_plan_that_waits_for_it(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await open_noticed(engine, make_notice(await today(engine)))
        receipt = await send(engine, clear_purchase)
        assert (await get_plan(engine, PLAN_ID)).transaction_id == receipt.transaction_id
        # The cardholder owes the first row, not the purchase beside the plan.
        assert await read_balances(engine, plan.account_id) == {
            "card_balance": 6665,
            "clearing": 40000,
            "installment_receivable": 33335,
        }
        await check_books(engine)

    run(work)


def test_a_refund_that_names_a_plan_is_the_plans_also_beside_a_purchase_of_the_same_number(
    run: RunWithEngine,
) -> None:
    async def work(engine: Engine) -> None:
        plan = await open_noticed(engine, make_notice(await today(engine)))
        await send(engine, clear_purchase, 1)
        receipt = await send(engine, credit_refund, plan_id=PLAN_ID)
        assert receipt.plan_ids == (PLAN_ID,)
        assert (await get_plan(engine, PLAN_ID)).refunded_minor == 40000
        with pytest.raises(AmountRefused):
            await send(engine, credit_refund, 1, plan_id=PLAN_ID)
        balances = await read_balances(engine, plan.account_id)
        assert balances == {"card_balance": 1, "purchases": 40000, "clearing": -39999}
        await check_books(engine)

    run(work)


def test_what_was_paid_for_a_debit_cards_purchase_goes_to_its_deposit_when_it_becomes_a_plan(
    run: RunWithEngine, database_url: str, demo_template: DemoTemplate
) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, date(2030, 2, 10))
        receipt = await send(engine, clear_purchase, digits=DEBIT_CARD)
        account_id = receipt.account_id
        payment = AccountPayment(account_id=account_id, amount_minor=40000, event_id="pay")
        await pay_account(engine, await engine.look(), payment)
        assert await read_balances(engine, account_id) == {"cash": 40000, "clearing": 40000}
        await open_noticed(engine, make_notice(await today(engine), digits=DEBIT_CARD))
        assert await list_states(engine) == ["paid", *["scheduled"] * 5]
        assert await read_balances(engine, account_id) == {
            "cash": 40000,
            "clearing": 40000,
            "deposit": 33335,
            "installment_receivable": 33335,
        }
        await check_books(engine)

    asyncio.run(set_up(database_url, demo_template.home))
    run(work)


def test_what_was_paid_for_a_purchase_pays_other_plans_when_it_becomes_one(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, date(2030, 2, 10))
        first = make_notice(await today(engine), plan_id=PLAN_ID.replace("1", "2"), transaction=OTHER_FACTS)
        await open_noticed(engine, first)
        receipt = await send(engine, clear_purchase)
        payment = AccountPayment(account_id=receipt.account_id, amount_minor=46665, event_id="pay")
        await pay_account(engine, await engine.look(), payment)
        await move_to(engine, date(2030, 3, 10))
        await do_due(engine)
        assert await list_states(engine, first.plan_id) == ["paid", "billed", *["scheduled"] * 4]
        opened = await open_noticed(engine, make_notice(date(2030, 2, 10)))
        assert [row.state for row in opened.rows[:2]] == [RowState.PAID, RowState.SCHEDULED]
        assert await list_states(engine, first.plan_id) == ["paid", "paid", *["scheduled"] * 4]
        await check_books(engine)

    run(work)


def test_a_plan_is_read_with_the_rows_that_it_has_at_that_moment(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def quote(engine: Engine, seen: set[int]) -> None:
        while True:
            try:
                seen.add((await quote_payoff(engine, await engine.look(), PLAN_ID)).total_minor)
            except IllegalTransition:
                return

    async def work() -> None:
        async with (
            use_engine(database_url, demo_template.home) as first,
            use_engine(database_url, demo_template.home) as second,
        ):
            await move_to(first, date(2030, 2, 10))
            await open_noticed(first, make_notice(date(2030, 2, 10), amounts=[1000] * 99))
            seen: set[int] = set()
            readers = [asyncio.create_task(quote(second, seen)) for _ in range(6)]
            await asyncio.sleep(0.1)
            act = PlanAct(plan_id=PLAN_ID, event_id="pay-off")
            await pay_off(first, await first.look(), act, amount_minor=99000)
            await asyncio.gather(*readers)
            assert seen == {99000}

    asyncio.run(work())
