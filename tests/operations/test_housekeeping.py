"""Forgetting: what has outlived its use goes, what is still needed stays, and plans keep their own copy."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tests.conftest import RunWithEngine
from tests.support import merchant_orders
from tests.support.buyers import make_card
from tests.support.purchases import ask, count_records, get_client, make_command, save

from parcela.domain.cards import Pan
from parcela.operations.engine import MAIN_TENANT, Engine, Nonce
from parcela.operations.housekeeping import clean_up
from parcela.operations.orders.payments import pay
from parcela.operations.plans import read_plan
from parcela.store import cards
from parcela.store import world as world_store
from parcela.store.slices import delete_in_slices


async def execute(engine: Engine, statement: str) -> None:
    async with engine.database.connection() as connection:
        await connection.execute(statement)


def test_nonces_are_kept_for_ten_minutes(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        now_s = int((await engine.look()).real_now.timestamp())
        ages = {"new": 0, "used": 590, "old": 610}
        for name, age in ages.items():
            await engine.admit(Nonce(1, now_s - age, name))
        await clean_up(engine, presentment_days=30)
        answers = {name: (await engine.admit(Nonce(1, now_s - age, name)))[0] for name, age in ages.items()}
        assert answers == {"new": False, "used": False, "old": True}

    run(work)


def test_presentments_are_kept_for_their_days_by_the_moved_clock(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await ask(engine)
        await clean_up(engine, presentment_days=2)
        async with engine.database.connection() as connection:
            await world_store.move_clock(connection, timedelta(days=2))
        await ask(engine)
        await execute(engine, "UPDATE presentment SET presented_at = presented_at - interval '1 minute'")
        assert (await count_records(engine))["presentment"] == 2
        await clean_up(engine, presentment_days=2)
        assert (await count_records(engine))["presentment"] == 1

    run(work)


def test_a_plan_outlives_its_presentment_and_is_still_repeated(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        command = make_command(await ask(engine))
        plan = await save(engine, command)
        await execute(engine, "UPDATE presentment SET presented_at = presented_at - interval '31 days'")
        await clean_up(engine, presentment_days=30)
        assert (await count_records(engine))["presentment"] == 0
        assert await read_plan(engine, await get_client(engine), plan.plan_id) == plan
        assert await save(engine, command) == plan

    run(work)


def test_idempotency_results_are_kept_for_three_days(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await execute(
            engine,
            "INSERT INTO idempotency (tenant_id, caller, operation, key, fingerprint, result, created_at)"
            " SELECT 1, 'test', 'test', hours::text, '', '{}', now() - hours * interval '1 hour'"
            " FROM unnest(ARRAY[0, 71, 73]) AS hours",
        )
        await clean_up(engine, presentment_days=30)
        async with engine.database.connection() as connection:
            rows = await connection.fetch("SELECT key FROM idempotency WHERE caller = 'test' ORDER BY key")
        assert [row["key"] for row in rows] == ["0", "71"]

    run(work)


def test_sessions_are_kept_for_their_twelve_hours(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await execute(
            engine,
            "INSERT INTO person_session (token_hash, tenant_id, person_id, created_at, last_seen_at)"
            " SELECT hours::text::bytea, tenant_id, person_id, now() - hours * interval '1 hour', now()"
            " FROM unnest(ARRAY[0, 11, 13]) AS hours, (SELECT * FROM person ORDER BY person_id LIMIT 1) p",
        )
        await clean_up(engine, presentment_days=30)
        async with engine.database.connection() as connection:
            rows = await connection.fetch("SELECT token_hash FROM person_session ORDER BY token_hash")
        assert [row["token_hash"] for row in rows] == [b"0", b"11"]

    run(work)


def test_old_records_go_slice_by_slice_and_those_that_somebody_else_holds_are_left(
    run: RunWithEngine,
) -> None:
    async def work(engine: Engine) -> None:
        await execute(
            engine,
            "INSERT INTO oauth_nonce (key_id, signed_at, nonce)"
            " SELECT 1, number, 'n' FROM generate_series(1, 25) AS number",
        )
        async with engine.database.transaction() as holder, engine.database.connection() as connection:
            await holder.execute("SELECT FROM oauth_nonce WHERE signed_at = 7 FOR UPDATE")
            await delete_in_slices(
                connection, "oauth_nonce", condition="signed_at < $1", bound=24, slice_rows=10
            )
            left = await connection.fetch("SELECT signed_at FROM oauth_nonce ORDER BY signed_at")
        assert [row["signed_at"] for row in left] == [7, 24, 25]

    run(work)


NETWORK_CARD = make_card(7)
"""Of the sandbox bank; nothing in the demo world knows it."""


async def make_plan(engine: Engine) -> None:
    await save(engine, make_command(await ask(engine, NETWORK_CARD), NETWORK_CARD))


async def pay_order(engine: Engine) -> None:
    world, caller = await merchant_orders.see(engine)
    await pay(engine, world, caller, merchant_orders.draw_payment(), ports=merchant_orders.Ports())


@pytest.mark.parametrize(
    ("digits", "use"),
    [(NETWORK_CARD, make_plan), (merchant_orders.CARD.digits, pay_order)],
    ids=["plan", "order"],
)
def test_a_card_that_is_used_while_it_is_erased_is_stored_again(
    run: RunWithEngine, digits: str, use: Callable[[Engine], Awaitable[None]]
) -> None:
    async def work(engine: Engine) -> None:
        sealed = engine.vault.seal_pan(MAIN_TENANT, engine.ids.new_uuid(), Pan(digits))
        async with engine.database.transaction() as connection:
            await cards.save_cards(connection, [sealed])
            await connection.execute(
                "INSERT INTO released_card (tenant_id, card_id) SELECT tenant_id, card_id FROM card"
                " WHERE tenant_id = $1 AND pan_index = $2",
                MAIN_TENANT,
                sealed.pan_index,
            )
        async with engine.database.transaction() as eraser:
            assert await cards.erase_released_cards(eraser) == 1
            using = asyncio.ensure_future(use(engine))
            await asyncio.sleep(0.3)
            assert not using.done()
        await using
        async with engine.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT card_id::text AS card_id FROM card WHERE pan_index = $1", sealed.pan_index
            )
        assert [row["card_id"] != sealed.card_id for row in rows] == [True]

    run(work)
