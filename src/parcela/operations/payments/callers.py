"""An account that calls, at its own present."""

from datetime import timedelta

from parcela.domain.clients import Client
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.payments.records import Owner
from parcela.operations.engine import Engine, World
from parcela.operations.payments.moment import AccountMoment
from parcela.store.payments import agenda


async def open_moment(
    engine: Engine, world: World, client: Client, account: PaymentsAccount, *, is_live: bool
) -> AccountMoment:
    """The account now: in live mode by the world's clock, in test mode by its own."""
    offset = timedelta(0)
    if not is_live:
        async with engine.database.connection() as connection:
            offset = await agenda.get_offset(connection, Owner(client.tenant_id, client.client_id, is_live))
    return AccountMoment(world=world, client=client, account=account, is_live=is_live, now=world.now + offset)
