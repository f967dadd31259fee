"""RETRIEVE_ORDER and RETRIEVE_TRANSACTION (`spec/gateway.md` §13)."""

from parcela.dialects.gateway.calls import Call, Reply
from parcela.dialects.gateway.routes import Operation
from parcela.dialects.gateway.transaction_fields import RETRIEVAL_TABLE
from parcela.dialects.gateway.transaction_write import (
    Shape,
    order_to_answer,
    retrieved_transaction_to_answer,
)
from parcela.operations.orders.retrieval import retrieve_order, retrieve_transaction


async def answer_order(call: Call) -> Reply:
    """RETRIEVE_ORDER."""
    view = await retrieve_order(call.engine, call.caller, call.place.order_id)
    return Reply(members=order_to_answer(view, _shape(call)))


async def answer_transaction(call: Call) -> Reply:
    """RETRIEVE_TRANSACTION."""
    place = call.place
    order, transaction = await retrieve_transaction(
        call.engine, call.caller, place.order_id, place.transaction_id
    )
    return Reply(members=retrieved_transaction_to_answer(order, transaction, _shape(call)))


def _shape(call: Call) -> Shape:
    return Shape(profile=call.caller.setup.profile, version=call.version)


RETRIEVAL_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="RETRIEVE_ORDER",
        methods=("GET",),
        tail="order/{order_id}",
        table=RETRIEVAL_TABLE,
        handler=answer_order,
        summary="An order with its transactions",
    ),
    Operation(
        name="RETRIEVE_TRANSACTION",
        methods=("GET",),
        tail="order/{order_id}/transaction/{transaction_id}",
        table=RETRIEVAL_TABLE,
        handler=answer_transaction,
        summary="One transaction of an order",
    ),
)
