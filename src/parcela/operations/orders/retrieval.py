"""Looking at an order and its transactions (`spec/gateway.md` §13)."""

from parcela.domain.clients import Client
from parcela.domain.order_refusals import OrderUnknown, TransactionUnknown
from parcela.domain.orders import MerchantOrder, OrderTransaction
from parcela.operations.engine import Engine
from parcela.operations.merchants import MerchantCaller
from parcela.operations.orders.commands import OrderView
from parcela.store import merchant_orders
from parcela.store.database import Connection


async def retrieve_order(engine: Engine, caller: MerchantCaller, order_id: str) -> OrderView:
    """An order with its transactions that have an outcome, as of one instant. Raises OrderUnknown."""
    return await retrieve_order_of(engine, caller.client, order_id)


async def retrieve_order_of(engine: Engine, client: Client, order_id: str) -> OrderView:
    """The same for a registered merchant, whether it may call or not. Raises OrderUnknown."""
    async with (
        engine.database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        order = await _get_own_order(connection, client, order_id)
        transactions = await merchant_orders.list_transactions(connection, client.tenant_id, order.order_key)
    return OrderView(order=order, transactions=tuple(transactions))


async def retrieve_transaction(
    engine: Engine, caller: MerchantCaller, order_id: str, transaction_id: str
) -> tuple[MerchantOrder, OrderTransaction]:
    """One transaction with its order as it stands. Raises OrderUnknown, TransactionUnknown.

    A transaction that is under way is given as it is, without an outcome.
    """
    async with (
        engine.database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        order = await _get_own_order(connection, caller.client, order_id)
        stored = await merchant_orders.find_transaction(
            connection, caller.client.tenant_id, order.order_key, transaction_id
        )
    if stored is None:
        raise TransactionUnknown(order_id, transaction_id)
    return order, stored.transaction


async def _get_own_order(connection: Connection, client: Client, order_id: str) -> MerchantOrder:
    order = await merchant_orders.find_order(
        connection, client.tenant_id, client_id=client.client_id, order_id=order_id
    )
    if order is None:
        raise OrderUnknown(order_id)
    return order
