"""Payments in the store: found by the hash of their page's token, and changed from a known status only."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.conftest import RunWithEngine

from parcela.domain.payments.records import Owner, Payment, PaymentStatus
from parcela.operations.engine import Engine
from parcela.operations.payments.payment_links import PageKind, hash_token, make_token
from parcela.store.payments import payments

NOW = datetime(2026, 7, 1, tzinfo=UTC)


async def insert(engine: Engine) -> tuple[Payment, str]:
    """A payment with a page, and the token of that."""
    world = await engine.look()
    client = next(iter(world.snapshot.clients.values()))
    payment = Payment(
        payment_id="pay_01K000000000000000000TEST1",
        owner=Owner(client.tenant_id, client.client_id, False),
        status=PaymentStatus.PENDING,
        amount_minor=60000,
        currency="EUR",
        return_url="https://shop.example/",
        has_checkout=True,
        expires_at=NOW,
        metadata={"cart": "7"},
        created_at=NOW,
    )
    token = make_token(engine.vault, client.tenant_id, PageKind.CHECKOUT, payment.payment_id)
    async with engine.database.connection() as connection:
        await payments.insert_payment(connection, payment, checkout_key=hash_token(token))
    return payment, token


def test_a_payment_is_found_by_its_pages_token_in_its_tenant_only(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        payment, token = await insert(engine)
        tenant_id = payment.owner.tenant_id
        other = make_token(engine.vault, tenant_id, PageKind.CHALLENGE, payment.payment_id)
        async with engine.database.connection() as connection:
            found = [
                await payments.find_payment_of_checkout(connection, tenant, hash_token(text))
                for tenant, text in ((tenant_id, token), (tenant_id, other), (tenant_id + 1, token))
            ]
        assert found == [payment, None, None]

    run(work)


def test_a_payment_is_changed_from_the_status_that_was_seen(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        payment, _ = await insert(engine)
        changed = replace(payment, status=PaymentStatus.PROCESSING)
        async with engine.database.connection() as connection:
            with pytest.raises(AssertionError, match="holds the payment locked"):
                await payments.update_payment(connection, changed, was=PaymentStatus.AUTHORIZED)
            assert await payments.find_payment(connection, payment.owner, payment.payment_id) == payment
            await payments.update_payment(connection, changed, was=PaymentStatus.PENDING)
            assert await payments.find_payment(connection, payment.owner, payment.payment_id) == changed
            foreign = replace(payment.owner, is_live=True)
            assert await payments.find_payment(connection, foreign, payment.payment_id) is None

    run(work)
