"""Orders of merchants as operators see them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from parcela.domain.changes import Person
from parcela.domain.errors import InvalidInput, NotFound
from parcela.domain.order_refusals import OrderUnknown
from parcela.domain.orders import MerchantOrder, OrderTransaction
from parcela.operations.engine import Engine
from parcela.operations.merchants import get_merchant_client
from parcela.operations.orders.commands import OrderView
from parcela.operations.orders.retrieval import retrieve_order_of
from parcela.operations.plan_instructions import StoredInstruction, list_instructions
from parcela.store import merchant_orders

MAX_ORDERS = 1000

_NO_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What no order's id holds: control characters and halves of characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInstruction:
    """What a transaction of the order wanted of its plan. Amounts are in minor units of `currency`."""

    currency: str
    stored: StoredInstruction


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeOrder:
    """An order with its transactions, and the instructions for its plans, which may be an instant newer."""

    found: OrderView
    instructions: tuple[OrderInstruction, ...]


async def view_merchant_order(engine: Engine, person: Person, merchant_id: str, order_id: str) -> WholeOrder:
    """An order of a merchant, also of one that may not call now. Raises NotAllowed, NotFound."""
    client = get_merchant_client(await engine.look(), person, merchant_id)
    if _NO_ID.search(order_id):
        raise NotFound("order", order_id)
    try:
        found = await retrieve_order_of(engine, client, order_id)
    except OrderUnknown:
        raise NotFound("order", order_id) from None
    instructions = await _list_order_instructions(engine, person.tenant_id, found.transactions)
    return WholeOrder(found=found, instructions=instructions)


async def list_merchant_orders(
    engine: Engine, person: Person, merchant_id: str, *, limit: int = 100
) -> list[MerchantOrder]:
    """The newest orders of a merchant, the newest first. Raises NotAllowed, NotFound, InvalidInput."""
    client = get_merchant_client(await engine.look(), person, merchant_id)
    if not 1 <= limit <= MAX_ORDERS:
        raise InvalidInput("limit", f"1 to {MAX_ORDERS}", came=str(limit))
    async with engine.database.connection() as connection:
        return await merchant_orders.list_newest_orders(
            connection, client.tenant_id, client_id=client.client_id, limit=limit
        )


async def _list_order_instructions(
    engine: Engine, tenant_id: int, transactions: Sequence[OrderTransaction]
) -> tuple[OrderInstruction, ...]:
    """Of every plan that the order has had: a voided capture leaves a plan that is the order's no more."""
    return tuple(
        [
            OrderInstruction(currency=transaction.currency, stored=stored)
            for transaction in transactions
            if transaction.plan_id is not None
            for stored in await list_instructions(engine, tenant_id, transaction.plan_id)
        ]
    )
