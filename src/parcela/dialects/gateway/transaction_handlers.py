"""AUTHORIZE, PAY, CAPTURE, REFUND, VOID and VERIFY (`spec/gateway.md` §§11, 12)."""

from collections.abc import Sequence

from parcela.dialects.gateway.calls import Call, Reply
from parcela.dialects.gateway.fields import FieldTable
from parcela.dialects.gateway.order_lines import has_short_items, list_offer_rows
from parcela.dialects.gateway.request_tree import find_text
from parcela.dialects.gateway.routes import Operation, Recall
from parcela.dialects.gateway.transaction_fields import (
    MONEY_TABLE,
    PAYMENT_TABLE,
    VERIFY_TABLE,
    VOID_TABLE,
)
from parcela.dialects.gateway.transaction_read import (
    digest_request,
    read_capture,
    read_payment,
    read_refund,
    read_verification,
    read_void,
)
from parcela.dialects.gateway.transaction_write import Shape, transaction_to_answer
from parcela.domain.merchant_offers import CartItem
from parcela.operations.orders import captures, payments, refunds, voids
from parcela.operations.orders.attempts import answer_repeat
from parcela.operations.orders.commands import OrderCommand, Receipt
from parcela.operations.orders.retrieval import retrieve_order

_TAIL = "order/{order_id}/transaction/{transaction_id}"
_CREATED = 201


async def answer_authorize(call: Call) -> Reply:
    """AUTHORIZE."""
    command = read_payment(call, PAYMENT_TABLE)
    receipt = await payments.authorize(call.engine, call.world, call.caller, command, ports=call.ports)
    return _answer(call, receipt)


async def answer_pay(call: Call) -> Reply:
    """PAY."""
    command = read_payment(call, PAYMENT_TABLE)
    receipt = await payments.pay(call.engine, call.world, call.caller, command, ports=call.ports)
    return _answer(call, receipt)


async def answer_verify(call: Call) -> Reply:
    """VERIFY."""
    command = read_verification(call, VERIFY_TABLE)
    receipt = await payments.verify(call.engine, call.world, call.caller, command, ports=call.ports)
    return _answer(call, receipt)


async def answer_capture(call: Call) -> Reply:
    """CAPTURE."""
    command = read_capture(call, MONEY_TABLE, await _list_rows(call))
    receipt = await captures.capture(call.engine, call.world, call.caller, command, ports=call.ports)
    return _answer(call, receipt)


async def answer_refund(call: Call) -> Reply:
    """REFUND."""
    command = read_refund(call, MONEY_TABLE)
    receipt = await refunds.refund(call.engine, call.world, call.caller, command, ports=call.ports)
    return _answer(call, receipt)


async def answer_void(call: Call) -> Reply:
    """VOID."""
    command = read_void(call, VOID_TABLE)
    receipt = await voids.void(call.engine, call.world, call.caller, command, ports=call.ports)
    return _answer(call, receipt)


def recall_with(table: FieldTable) -> Recall:
    """How a request is known again before its session is opened, which may be gone by now (§2).

    Without a session the operation itself looks for the first answer.
    """

    async def recall(call: Call) -> Reply | None:
        if find_text(call.sent, "session.id") is None:
            return None
        command = OrderCommand(
            order_id=call.place.order_id,
            transaction_id=call.place.transaction_id,
            digest=digest_request(call, table),
            api_version=call.version,
        )
        receipt = await answer_repeat(call.engine, call.caller, command)
        return None if receipt is None else _answer(call, receipt)

    return recall


async def _list_rows(call: Call) -> Sequence[CartItem]:
    """The rows of the order's plan, asked for only where serial numbers come alone. Raises OrderUnknown."""
    if not has_short_items(call.fields):
        return ()
    view = await retrieve_order(call.engine, call.caller, call.place.order_id)
    plan = view.order.chosen_plan
    return () if plan is None or plan.offer_id is None else await list_offer_rows(call, plan.offer_id)


def _answer(call: Call, receipt: Receipt) -> Reply:
    """Written for the version of the transaction's own request, so that a repeat gets the same."""
    version = receipt.transaction.api_version
    shape = Shape(profile=call.caller.setup.profile, version=version)
    return Reply(members=transaction_to_answer(receipt.order, receipt.transaction, shape), status=_CREATED)


TRANSACTION_OPERATIONS: tuple[Operation, ...] = tuple(
    Operation(
        name=name,
        methods=("PUT",),
        tail=_TAIL,
        table=table,
        handler=handler,
        summary=summary,
        needs_name=True,
        recall=recall_with(table),
    )
    for name, table, handler, summary in (
        ("AUTHORIZE", PAYMENT_TABLE, answer_authorize, "Hold money on a card, with a plan or without"),
        ("PAY", PAYMENT_TABLE, answer_pay, "Take money from a card, with a plan or without"),
        ("CAPTURE", MONEY_TABLE, answer_capture, "Take authorized money"),
        ("REFUND", MONEY_TABLE, answer_refund, "Give captured money back"),
        ("VOID", VOID_TABLE, answer_void, "Undo a transaction"),
        ("VERIFY", VERIFY_TABLE, answer_verify, "Ask whether a card is good"),
    )
)
