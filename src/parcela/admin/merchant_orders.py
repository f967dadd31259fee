"""Handlers of merchants' orders, and the bodies of their answers; amounts in major units, as text."""

from datetime import datetime

from parcela.admin.read import read_whole_number
from parcela.admin.routes import Call, Route
from parcela.admin.wire import Answer
from parcela.domain.errors import InvalidInput
from parcela.domain.money import format_minor
from parcela.domain.orders import CardFace, ChosenPlan, MerchantOrder, OrderTransaction
from parcela.operations import order_views
from parcela.operations.order_views import OrderInstruction


class ChosenPlanAnswer(Answer, frozen=True):
    """The plan that the payer chose; `offer_id` is null for a plan of the acquirer."""

    offer_id: str | None
    program_id: str
    count: int
    deferral_months: int | None
    product_id: str | None


class OrderAnswer(Answer, frozen=True):
    """An order as it stands; `plan_id` is the plan behind captured money, the card shows ten digits."""

    merchant_id: str
    order_id: str
    status: str
    currency: str
    amount: str
    authorized: str
    captured: str
    refunded: str
    card: str | None
    chosen_plan: ChosenPlanAnswer | None
    plan_id: str | None
    created_at: datetime
    updated_at: datetime


class OrderTransactionAnswer(Answer, frozen=True):
    """A transaction that has its outcome; `target_id` is what it voids, `plan_id` the plan that it made."""

    number: int
    transaction_id: str
    kind: str
    outcome: str
    amount: str
    currency: str
    created_at: datetime
    recorded_at: datetime
    acquirer_reference: str | None
    authorization_code: str | None
    target_id: str | None
    plan_id: str | None
    is_voided: bool


class PlanInstructionAnswer(Answer, frozen=True):
    """What a refund or void wants of a plan: `waiting`, `applied`, or `refused` for a `reason`."""

    plan_id: str
    number: int
    kind: str
    amount: str
    currency: str
    state: str
    reason: str | None
    created_at: datetime


class WholeOrderAnswer(Answer, frozen=True):
    """An order with its transactions, the oldest first, and the instructions for its plans."""

    order: OrderAnswer
    transactions: list[OrderTransactionAnswer]
    instructions: list[PlanInstructionAnswer]


class OrderList(Answer, frozen=True):
    """Orders of a merchant, the newest first."""

    items: list[OrderAnswer]


async def list_merchant_orders(call: Call) -> OrderList:
    """The newest orders of a merchant."""
    merchant_id = call.query.get("merchant_id")
    if merchant_id is None:
        raise InvalidInput("merchant_id", "the id of a merchant, which is missing")
    limit = read_whole_number("limit", call.query.get("limit", "100"))
    found = await order_views.list_merchant_orders(call.engine, call.person, merchant_id, limit=limit)
    return OrderList(items=[_order_to_wire(order, merchant_id) for order in found])


async def get_merchant_order(call: Call) -> WholeOrderAnswer:
    """An order with all that happened to it."""
    merchant_id = call.params["merchant_id"]
    whole = await order_views.view_merchant_order(
        call.engine, call.person, merchant_id, call.params["order_id"]
    )
    return WholeOrderAnswer(
        order=_order_to_wire(whole.found.order, merchant_id),
        transactions=[_transaction_to_wire(transaction) for transaction in whole.found.transactions],
        instructions=[_instruction_to_wire(instruction) for instruction in whole.instructions],
    )


def _order_to_wire(order: MerchantOrder, merchant_id: str) -> OrderAnswer:
    totals = order.totals
    return OrderAnswer(
        merchant_id=merchant_id,
        order_id=order.order_id,
        status=order.status,
        currency=order.currency,
        amount=format_minor(order.amount_minor, order.currency),
        authorized=format_minor(totals.authorized_minor, order.currency),
        captured=format_minor(totals.captured_minor, order.currency),
        refunded=format_minor(totals.refunded_minor, order.currency),
        card=None if order.card is None else _mask(order.card),
        chosen_plan=None if order.chosen_plan is None else _choice_to_wire(order.chosen_plan),
        plan_id=order.plan_id,
        created_at=order.created_at,
        updated_at=order.updated_at,
    )


def _choice_to_wire(chosen: ChosenPlan) -> ChosenPlanAnswer:
    return ChosenPlanAnswer(
        offer_id=chosen.offer_id,
        program_id=chosen.program_id,
        count=chosen.count,
        deferral_months=chosen.deferral_months,
        product_id=chosen.product_id,
    )


def _transaction_to_wire(transaction: OrderTransaction) -> OrderTransactionAnswer:
    assert transaction.outcome is not None and transaction.recorded_at is not None, "it has its outcome"
    acquirer = transaction.acquirer
    return OrderTransactionAnswer(
        number=transaction.number,
        transaction_id=transaction.transaction_id,
        kind=transaction.kind,
        outcome=transaction.outcome,
        amount=format_minor(transaction.amount_minor, transaction.currency),
        currency=transaction.currency,
        created_at=transaction.created_at,
        recorded_at=transaction.recorded_at,
        acquirer_reference=None if acquirer is None else acquirer.reference,
        authorization_code=None if acquirer is None else acquirer.authorization_code,
        target_id=transaction.target_id,
        plan_id=transaction.plan_id,
        is_voided=transaction.is_voided,
    )


def _instruction_to_wire(found: OrderInstruction) -> PlanInstructionAnswer:
    stored = found.stored
    return PlanInstructionAnswer(
        plan_id=stored.instruction.plan_id,
        number=stored.number,
        kind=stored.instruction.kind,
        amount=format_minor(stored.instruction.amount_minor, found.currency),
        currency=found.currency,
        state=stored.state,
        reason=stored.reason,
        created_at=stored.created_at,
    )


def _mask(card: CardFace) -> str:
    return f"{card.first_six}******{card.last_four}"


MERCHANT_ORDER_ROUTES = (
    Route(
        method="GET",
        path="/merchant-orders",
        handler=list_merchant_orders,
        summary="The newest orders of a merchant",
        answer=OrderList,
        query=("merchant_id", "limit"),
        is_for_operators=True,
    ),
    Route(
        method="GET",
        path="/merchant-orders/{merchant_id}/{order_id}",
        handler=get_merchant_order,
        summary="An order with its transactions and the instructions for its plans",
        answer=WholeOrderAnswer,
        is_for_operators=True,
        ends_in_any_text=True,
    ),
)
