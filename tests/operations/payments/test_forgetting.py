"""What accounts leave behind and housekeeping forgets: card numbers, plan lists, credit checks, previews."""

import asyncio
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.payment_calls import keep_card, move_account, run_tasks
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import (
    BILLING,
    MASTERCARD,
    OUTSIDE,
    PLAIN,
    add_card,
    buy,
    buy_lent,
    confirm,
    intend,
    list_plans,
)

from parcela.domain.cards import Pan
from parcela.operations.engine import MAIN_TENANT
from parcela.operations.housekeeping import clean_up
from parcela.store import cards
from parcela.store.database import Connection

DAYS = 30
NUMBERS = {
    # Each a number of its own of the demo network, so that nothing else in the world knows it.
    "lonely": "4111111111111111",
    "shared": "4012888888881881",
    "again": "4222222222222220",
    "raced": "5105105105105100",
}


@pytest.fixture(scope="module")
def shop(demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """One world for all tests here; each looks at its own payments and cards alone."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_payments_world(demo_template.server.url_of(name), demo_template.home) as opened:
        yield opened
    demo_template.server.drop_database(name)


def keep_house(world: PaymentsWorld) -> None:
    world.run(clean_up(world.engine, presentment_days=DAYS))


def pass_time(world: PaymentsWorld, **by: int) -> None:
    """Let the world's clock, which housekeeping goes by, pass all that accounts wrote, and so much more."""
    (ahead,) = world.fetch("SELECT coalesce(max(clock_offset), '0') AS by FROM payments_agenda")
    world.move_clock(ahead["by"] + timedelta(**by))


def forget_methods(world: PaymentsWorld) -> None:
    """A day passes on the account's clock: methods that nobody used go."""
    move_account(world, timedelta(hours=24, minutes=1))
    run_tasks(world)


def count_sealed(world: PaymentsWorld, number: str) -> int:
    """How many sealed numbers of this card the vault holds."""
    index = world.engine.vault.index_pan(MAIN_TENANT, number)
    return len(world.fetch("SELECT sealed_pan FROM card WHERE pan_index = $1", index))


def count_released(world: PaymentsWorld, number: str) -> int:
    index = world.engine.vault.index_pan(MAIN_TENANT, number)
    (row,) = world.fetch(
        "SELECT count(*) AS n FROM released_card JOIN card USING (tenant_id, card_id) WHERE pan_index = $1",
        index,
    )
    return int(row["n"])


def list_questions(world: PaymentsWorld, payment: dict[str, Any]) -> list[str]:
    """What lenders said for a payment."""
    rows = world.fetch("SELECT decision FROM payment_credit_check WHERE payment_id = $1", payment["id"])
    return [row["decision"] for row in rows]


COPY_LIST = """
WITH list AS (
    INSERT INTO payment_plan_list (tenant_id, client_id, is_live, payment_id, payment_method_id, unavailable,
        shown_at, aging_since)
    SELECT tenant_id, client_id, is_live, $2, payment_method_id, unavailable, shown_at, shown_at
    FROM payment_plan_list WHERE payment_id = $1 RETURNING tenant_id, position)
INSERT INTO payment_offer (tenant_id, offer_id, client_id, is_live, list_position, number, program_name,
    offer_hash, expires_at, body)
SELECT tenant_id, 'copy_' || o.offer_id, o.client_id, o.is_live, list.position, number, program_name,
    offer_hash, o.expires_at, body
FROM list JOIN payment_offer o USING (tenant_id)
WHERE o.list_position = (SELECT position FROM payment_plan_list WHERE payment_id = $1)
"""
"""Gives a payment's list to another one, without a record of it, as lists are from before there were any."""


def count_lists(world: PaymentsWorld, payment: dict[str, Any]) -> tuple[int, int]:
    """A payment's plan lists, and the offers in them."""
    (row,) = world.fetch(
        "SELECT count(DISTINCT l.position) AS lists, count(o.offer_id) AS offers FROM payment_plan_list l"
        " LEFT JOIN payment_offer o ON (o.tenant_id, o.list_position) = (l.tenant_id, l.position)"
        " WHERE l.payment_id = $1",
        payment["id"],
    )
    return row["lists"], row["offers"]


def test_the_number_of_a_forgotten_method_is_erased(shop: PaymentsWorld) -> None:
    kept = keep_card(shop, NUMBERS["lonely"])
    keep_house(shop)
    assert count_sealed(shop, NUMBERS["lonely"]) == 1
    forget_methods(shop)
    (sealed,) = shop.fetch(
        "SELECT sealed_pan FROM card WHERE pan_index = $1",
        shop.engine.vault.index_pan(MAIN_TENANT, NUMBERS["lonely"]),
    )
    keep_house(shop)
    assert shop.fetch("SELECT card_id FROM card WHERE sealed_pan = $1", sealed["sealed_pan"]) == []
    assert shop.fetch("SELECT * FROM released_card") == []
    # The same card may come again, and is the same card to the merchant.
    assert keep_card(shop, NUMBERS["lonely"])["card"] == kept["card"]
    assert count_sealed(shop, NUMBERS["lonely"]) == 1


NEEDS = {
    # Who needs the same number still: another account, or another door.
    "another account": "INSERT INTO payment_method (tenant_id, payment_method_id, client_id, is_live,"
    " card_id, card, is_used, created_at)"
    " SELECT c.tenant_id, 'pm_other', min(client_id), true, card_id, '{}', true, now()"
    " FROM client JOIN card c USING (tenant_id) WHERE pan_index = $1 GROUP BY c.tenant_id, card_id",
    "a token": "INSERT INTO token_pan (tenant_id, token_index, card_id)"
    " SELECT tenant_id, sha256('a token'), card_id FROM card WHERE pan_index = $1",
}


@pytest.mark.parametrize("need", NEEDS)
def test_a_number_that_another_record_needs_stays(shop: PaymentsWorld, need: str) -> None:
    keep_card(shop, NUMBERS["shared"])
    index = shop.engine.vault.index_pan(MAIN_TENANT, NUMBERS["shared"])
    shop.fetch(NEEDS[need], index)
    forget_methods(shop)
    assert count_released(shop, NUMBERS["shared"]) == 1
    keep_house(shop)
    assert (count_sealed(shop, NUMBERS["shared"]), count_released(shop, NUMBERS["shared"])) == (1, 0)
    shop.fetch("DELETE FROM payment_method WHERE payment_method_id = 'pm_other'")
    shop.fetch("DELETE FROM token_pan WHERE token_index = sha256('a token')")


def test_what_a_plan_and_its_refund_need_stays(shop: PaymentsWorld) -> None:
    bought = buy(shop, MASTERCARD, 3)
    unused = add_card(shop, MASTERCARD)
    forget_methods(shop)
    keep_house(shop)
    assert shop.get(f"/v1/payment-methods/{unused}").status == 404
    assert count_sealed(shop, MASTERCARD) == 1
    assert shop.post("/v1/refunds", {"payment": bought["id"], "amount": 10000}).status == 201


def test_a_method_under_another_name_keeps_its_number(shop: PaymentsWorld) -> None:
    method = keep_card(shop, NUMBERS["again"])
    customer = shop.post("/v1/customers", {}).body["id"]
    body = {"type": "card", "token": method["id"], "customer": customer}
    assert shop.post("/v1/payment-methods", body).status == 201
    forget_methods(shop)
    keep_house(shop)
    assert shop.get(f"/v1/payment-methods/{method['id']}").status == 404
    assert count_sealed(shop, NUMBERS["again"]) == 1


def test_a_card_that_comes_back_while_it_is_erased_is_stored_again(shop: PaymentsWorld) -> None:
    engine = shop.engine
    sealed = engine.vault.seal_pan(MAIN_TENANT, engine.ids.new_uuid(), Pan(NUMBERS["raced"]))
    again = engine.vault.seal_pan(MAIN_TENANT, engine.ids.new_uuid(), Pan(NUMBERS["raced"]))

    async def release(connection: Connection, card_id: str) -> None:
        await connection.execute(
            "INSERT INTO released_card (tenant_id, card_id) VALUES ($1, $2::uuid)", MAIN_TENANT, card_id
        )

    async def race() -> tuple[int, int, dict[bytes, str], list[str]]:
        async with engine.database.transaction() as saver, engine.database.transaction() as eraser:
            await cards.save_cards(saver, [sealed])
        async with engine.database.connection() as connection:
            await release(connection, sealed.card_id)
        async with engine.database.transaction() as saver, engine.database.transaction() as eraser:
            await cards.save_cards(saver, [again])
            spared = await cards.erase_released_cards(eraser)
        async with engine.database.transaction() as saver:
            async with engine.database.transaction() as eraser:
                erased = await cards.erase_released_cards(eraser)
                saving = asyncio.create_task(cards.save_cards(saver, [again]))
                await asyncio.sleep(0.1)
                assert not saving.done()
            saved = await saving
        async with engine.database.connection() as connection:
            lines = await connection.fetch("SELECT * FROM released_card")
        return spared, erased, saved, [str(line) for line in lines]

    assert shop.run(race()) == (0, 1, {again.pan_index: again.card_id}, [])


def test_an_empty_list_goes_once_its_payment_is_over_for_long(shop: PaymentsWorld) -> None:
    payment, other = intend(shop), intend(shop)
    card = add_card(shop, PLAIN)
    for one in (payment, other):
        assert list_plans(shop, one, card).body["data"] == []
    assert shop.post(f"/v1/payments/{payment['id']}/cancel").status == 200
    keep_house(shop)
    assert (count_lists(shop, payment), count_lists(shop, other)) == ((1, 0), (1, 0))
    pass_time(shop, days=DAYS, minutes=1)
    keep_house(shop)
    assert (count_lists(shop, payment), count_lists(shop, other)) == ((0, 0), (1, 0))
    # It is looked at again as long after.
    assert shop.post(f"/v1/payments/{other['id']}/cancel").status == 200
    keep_house(shop)
    assert count_lists(shop, other) == (1, 0)
    pass_time(shop, days=DAYS, minutes=1)
    keep_house(shop)
    assert count_lists(shop, other) == (0, 0)


def test_lists_that_evidence_tells_of_stay_and_others_go_with_their_offers(shop: PaymentsWorld) -> None:
    bought, declined, unproved = buy(shop, MASTERCARD, 3), intend(shop), intend(shop)
    assert len(list_plans(shop, declined, add_card(shop, MASTERCARD)).body["data"]) == 3
    for payment in (declined, unproved):
        assert shop.post(f"/v1/payments/{payment['id']}/cancel").status == 200
    shop.fetch(COPY_LIST, declined["id"], unproved["id"])
    assert count_lists(shop, unproved) == (1, 3)
    pass_time(shop, days=DAYS, minutes=1)
    keep_house(shop)
    assert count_lists(shop, bought) == count_lists(shop, declined) == (1, 3)
    assert count_lists(shop, unproved) == (0, 0)
    # What stays for good is not looked at again.
    assert shop.fetch(
        "SELECT count(*) AS n FROM payment_plan_list WHERE aging_since IS NULL AND payment_id = ANY($1)",
        [bought["id"], declined["id"]],
    ) == [{"n": 2}]


def test_a_credit_check_goes_unless_a_plan_was_made_with_it(shop: PaymentsWorld) -> None:
    lent = buy_lent(shop, "ada")
    wish = {"enabled": True, "count": 3, "program": "vinr_bnpl"}
    refused = intend(shop, installments=wish, billingDetails=BILLING | {"email": "bnpl-decline@example.com"})
    assert confirm(shop, refused, add_card(shop, OUTSIDE)).code == "credit_declined"
    pass_time(shop, days=DAYS, minutes=1)
    keep_house(shop)
    assert (list_questions(shop, lent), list_questions(shop, refused)) == (["approved"], ["declined"])
    assert shop.post(f"/v1/payments/{refused['id']}/cancel").status == 200
    pass_time(shop, days=DAYS, minutes=1)
    keep_house(shop)
    assert (list_questions(shop, lent), list_questions(shop, refused)) == (["approved"], [])


def test_a_preview_is_kept_for_a_week_after_it_ended(shop: PaymentsWorld) -> None:
    paid = buy(shop, MASTERCARD, 3)
    preview = shop.post("/v1/refunds/preview", {"payment": paid["id"]}).body["id"]
    find = "SELECT preview_id FROM refund_preview WHERE preview_id = $1"
    pass_time(shop, days=7, hours=23, minutes=59)
    keep_house(shop)
    assert shop.fetch(find, preview) == [{"preview_id": preview}]
    shop.move_clock(timedelta(minutes=2))
    keep_house(shop)
    assert shop.fetch(find, preview) == []
    gone = shop.post("/v1/refunds", {"payment": paid["id"], "preview": preview})
    assert (gone.status, gone.code, gone.error["param"]) == (404, "resource_missing", "preview")


def test_every_record_that_refers_to_a_card_counts_as_a_need(shop: PaymentsWorld) -> None:
    referring = shop.fetch(
        "SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint"
        " WHERE contype = 'f' AND confrelid = 'card'::regclass ORDER BY name"
    )
    counted = shop.fetch(
        "SELECT DISTINCT table_name AS name FROM information_schema.view_table_usage"
        " WHERE view_name = 'card_need' ORDER BY name"
    )
    assert counted == referring
    without_index = shop.fetch(
        "SELECT table_name FROM information_schema.view_table_usage WHERE view_name = 'card_need'"
        " AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = table_name::regclass"
        " AND pg_get_indexdef(indexrelid) LIKE '%(tenant_id, card_id%')"
    )
    assert without_index == []
