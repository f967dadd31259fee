"""The processor's tables: rules that the database keeps by itself, and views that find each damage."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from tests.conftest import DemoTemplate, use_engine
from tests.support.servicing import (
    PLAN_ID,
    add_month,
    ask_approval,
    check_books,
    do_due,
    make_notice,
    move_to,
    open_noticed,
    send,
    today,
)

from parcela.operations.card_transactions import clear_purchase
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.servicing import get_plan
from parcela.store import serviced_plans

DAMAGES = (
    ("DELETE FROM serviced_row WHERE number = 6", "broken_serviced_rows"),
    (
        "UPDATE serviced_row SET principal_minor = 1, amount_minor = 1 WHERE number = 6",
        "broken_serviced_rows",
    ),
    (
        "UPDATE serviced_row SET state = 'cancelled' WHERE number = 6",
        "broken_servicing_receivable",
    ),
    ("UPDATE serviced_plan SET state = 'completed'", "broken_serviced_state"),
    ("UPDATE serviced_plan SET uncleared_minor = 1", "broken_servicing_account"),
    (
        "UPDATE serviced_row SET billed_on = due_date, state = 'billed' WHERE number = 6",
        "broken_servicing_billing",
    ),
    (
        "UPDATE serviced_row SET state = 'scheduled', billed_on = NULL WHERE number = 1",
        "broken_servicing_billing",
    ),
    ("UPDATE account_transaction SET cleared_minor = 1", "broken_servicing_transaction"),
    ("UPDATE account_transaction SET plan_id = NULL", "broken_servicing_transaction"),
    ("UPDATE statement SET closing_minor = closing_minor + 1", "broken_statement"),
    ("UPDATE statement SET last_entry = 1", "broken_statement"),
    ("UPDATE statement_line SET amount_minor = amount_minor + 1", "broken_statement"),
)
REFUSED = (
    "UPDATE serviced_row SET paid_minor = amount_minor + 1",  # paid above the amount
    "UPDATE serviced_row SET amount_minor = amount_minor + 1",  # not the sum of its parts
    "UPDATE serviced_row SET state = 'billed' WHERE number = 6",  # billed on no day
    "UPDATE serviced_row SET state = 'paid' WHERE number = 1",  # paid without money
    "UPDATE serviced_row SET state = 'lost'",  # no such state
    "UPDATE serviced_plan SET state = 'defaulted'",  # without a loss
    "UPDATE serviced_plan SET refunded_minor = amount_minor + 1",  # refunded above what was financed
    "UPDATE serviced_plan SET recovered_minor = 1",  # recovered above the loss
    "UPDATE account_transaction SET cleared_minor = -1",  # below nothing
    "UPDATE card_account SET credit_limit_minor = NULL",  # a credit card without a limit
    "UPDATE statement SET number = 7",  # statements are never changed
    "DELETE FROM statement_line",  # nor taken away
    "DELETE FROM servicing_command",  # an answer is kept for ever
)


@pytest.fixture
def url(database_url: str, demo_template: DemoTemplate) -> str:
    """A database with one plan: a row billed, the purchase cleared, one statement closed."""

    async def fill() -> None:
        async with use_engine(database_url, demo_template.home) as engine:
            await move_to(engine, add_month((await today(engine)).replace(day=10), 1))
            await open_noticed(engine, make_notice(await today(engine)))
            await ask_approval(engine, plan_id=PLAN_ID)
            await send(engine, clear_purchase)
            await move_to(engine, add_month(await today(engine), 1))
            await do_due(engine)
            await check_books(engine)

    asyncio.run(fill())
    return database_url


def test_each_damage_is_found_by_its_view(url: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("SET session_replication_role = replica")
            for damage, view in DAMAGES:
                transaction = connection.transaction()
                await transaction.start()
                for table in ("serviced_row", "serviced_plan", "account_transaction"):
                    await connection.execute(_drop_checks(table))
                await connection.execute(damage)
                assert await connection.fetchval(f"SELECT count(*) FROM {view}") == 1, damage
                await transaction.rollback()
        finally:
            await connection.close()

    asyncio.run(work())


def _drop_checks(table: str) -> str:
    return (
        "DO $$ DECLARE found name; BEGIN FOR found IN SELECT conname FROM pg_constraint"
        f" WHERE conrelid = '{table}'::regclass AND contype = 'c' LOOP"
        f" EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', found); END LOOP; END $$"
    )


def test_the_database_refuses_what_no_decision_may_write(url: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in REFUSED:
                with pytest.raises((asyncpg.CheckViolationError, asyncpg.RaiseError)):
                    await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(work())


def test_a_plan_that_changed_meanwhile_is_not_overwritten(url: str, demo_template: DemoTemplate) -> None:
    async def update_twice(engine: Engine) -> None:
        before = await get_plan(engine, PLAN_ID)
        after = replace(before, is_held=True, lock_version=before.lock_version + 1)
        async with engine.database.connection() as connection:
            await serviced_plans.update_plan(connection, MAIN_TENANT, before=before, after=after)
            with pytest.raises(asyncpg.SerializationError):
                await serviced_plans.update_plan(connection, MAIN_TENANT, before=before, after=after)
        assert await get_plan(engine, PLAN_ID) == after

    async def work() -> None:
        async with use_engine(url, demo_template.home) as engine:
            await update_twice(engine)

    asyncio.run(work())
