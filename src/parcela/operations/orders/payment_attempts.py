"""The attempt to pay as it is written, with card, order and the hold on the offer, before anyone is asked."""

from dataclasses import dataclass, replace

from parcela.domain.cards import Pan
from parcela.domain.merchants import MerchantOperation
from parcela.domain.order_decisions import decide_payment
from parcela.domain.order_refusals import PlanCondition, PlanConditionUnmet
from parcela.domain.orders import (
    CardFace,
    ChosenPlan,
    MerchantOrder,
    OrderFace,
    OrderStatus,
    OrderTotals,
    OrderTransaction,
    TransactionKind,
)
from parcela.operations.acquirer_attempts import LEASE_S
from parcela.operations.engine import Engine, World
from parcela.operations.merchant_offers import (
    CheckedPlan,
    HoldVerdict,
    checked_to_document,
    hold_offer,
)
from parcela.operations.merchant_sessions import wipe_security_code
from parcela.operations.merchants import MerchantCaller
from parcela.operations.orders.attempts import (
    LookAgain,
    Started,
    check_repeat,
    is_under_way,
    record_locked,
)
from parcela.operations.orders.commands import CardCommand, Receipt
from parcela.store import cards, merchant_orders
from parcela.store.cards import Card
from parcela.store.database import Connection
from parcela.store.documents import Document
from parcela.store.new_orders import NewOrder, insert_order
from parcela.store.order_rows import StoredTransaction, keep_plain

_KINDS = {
    MerchantOperation.AUTHORIZE: TransactionKind.AUTHORIZATION,
    MerchantOperation.PAY: TransactionKind.PAYMENT,
    MerchantOperation.VERIFY: TransactionKind.VERIFICATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A request with everything that was found out about it before anything is written.

    `named` is the plan that a request asks for whose order was seen to be locked: it is not checked.
    """

    engine: Engine
    world: World
    caller: MerchantCaller
    command: CardCommand
    operation: MerchantOperation
    amount_minor: int
    pan: Pan
    card: Card
    face: CardFace
    checked: CheckedPlan | None = None
    named: ChosenPlan | None = None
    must_be_locked: bool = False

    @property
    def chosen_plan(self) -> ChosenPlan | None:
        """The plan that the request asks for."""
        return self.named if self.checked is None else self.checked.chosen

    @property
    def checked_document(self) -> Document | None:
        """What is kept of the plan until its capture."""
        return None if self.checked is None else checked_to_document(self.checked)

    @property
    def tenant_id(self) -> int:
        return self.caller.client.tenant_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A payment whose attempt is written. `has_budget`: the plan's rule had room for it."""

    payment: Payment
    started: Started
    has_budget: bool = True


async def write_attempt(payment: Payment, connection: Connection) -> Begun | Receipt:
    """The attempt, with card, order and the hold on the offer, in one transaction.

    A process that dies after it leaves no security code behind (`spec/gateway.md` §14).

    Raises Repeated, TransactionDiffers, AlreadyPaid, LookAgain, PlanConditionUnmet, PlanProviderBusy.
    """
    if not payment.must_be_locked:
        started = await _start_order(payment, connection)
        if started is not None:
            return await _use_up(payment, connection, started)
    card_ids = await cards.save_cards(connection, [payment.card])
    order = _draw_order(payment, replace(payment.face, card_id=card_ids[payment.card.pan_index]))
    begun = await _start_again(payment, connection, order)
    return begun if isinstance(begun, Receipt) else await _use_up(payment, connection, begun)


async def _start_order(payment: Payment, connection: Connection) -> Started | None:
    """A new order with its first attempt; None when the order is not new."""
    order = _draw_order(payment, payment.face)
    stored = StoredTransaction(transaction=_draw_transaction(payment, order), digest=payment.command.digest)
    new = NewOrder(order=order, first=stored, card=payment.card, checked_plan=payment.checked_document)
    card_id = await insert_order(connection, payment.tenant_id, new, lease_s=LEASE_S)
    if card_id is None:
        return None
    face = replace(payment.face, card_id=card_id)
    return Started(
        caller=payment.caller,
        order=replace(order, card=face),
        transaction=replace(stored.transaction, card=face),
    )


async def _start_again(payment: Payment, connection: Connection, order: MerchantOrder) -> Started | Receipt:
    """A further attempt on an order that exists, or the receipt of one that found it locked."""
    command, tenant_id = payment.command, payment.tenant_id
    held = await merchant_orders.lock_order(
        connection, tenant_id, client_id=order.client_id, order_id=order.order_id
    )
    if held is None:
        # The order is new after all: its card was being stored by somebody else.
        raise LookAgain
    known = await merchant_orders.list_transactions_at_work(
        connection, tenant_id, held.order_key, transaction_ids=[command.transaction_id]
    )
    check_repeat(known, command)
    transaction = replace(
        _draw_transaction(payment, order),
        order_key=held.order_key,
        number=known[-1].transaction.number + 1,
    )
    if is_under_way(known):
        return await record_locked(connection, payment.caller, command, order=held, transaction=transaction)
    if payment.must_be_locked:
        raise LookAgain
    decide_payment(held.status, payment.operation)
    order = replace(order, order_key=held.order_key, created_at=held.created_at)
    await merchant_orders.update_attempted(
        connection,
        tenant_id,
        order,
        status_before=held.status,
        checked_plan=payment.checked_document,
    )
    stored = StoredTransaction(transaction=transaction, digest=command.digest)
    await merchant_orders.insert_transaction(connection, tenant_id, stored, lease_s=LEASE_S)
    return Started(caller=payment.caller, order=order, transaction=transaction)


def _draw_order(payment: Payment, face: CardFace) -> MerchantOrder:
    """The order as this attempt describes it, new."""
    command, at = payment.command, payment.world.now
    return MerchantOrder(
        order_key=payment.engine.ids.new_uuid(),
        client_id=payment.caller.client.client_id,
        order_id=command.order_id,
        currency=command.currency,
        amount_minor=payment.amount_minor,
        status=OrderStatus.INITIATED,
        totals=OrderTotals(),
        created_at=at,
        updated_at=at,
        card=face,
        chosen_plan=payment.chosen_plan,
        details=keep_plain(command.order_details),
    )


def _draw_transaction(payment: Payment, order: MerchantOrder) -> OrderTransaction:
    command = payment.command
    return OrderTransaction(
        order_key=order.order_key,
        transaction_id=command.transaction_id,
        number=1,
        kind=_KINDS[payment.operation],
        amount_minor=payment.amount_minor,
        currency=command.currency,
        created_at=order.created_at,
        recorded_at=None,
        outcome=None,
        status_after=None,
        totals_after=None,
        acquirer=None,
        card=order.card,
        chosen_plan=order.chosen_plan,
        details=keep_plain(command.transaction_details),
        api_version=command.api_version,
        order_face=OrderFace(amount_minor=order.amount_minor, currency=order.currency, details=order.details),
    )


async def _use_up(payment: Payment, connection: Connection, started: Started) -> Begun:
    """What stands for one attempt alone: the offer, and the security code of a session.

    Raises PlanConditionUnmet, PlanProviderBusy.
    """
    begun = await _hold(payment, connection, started)
    session_key = payment.command.session_key
    if session_key is not None:
        await wipe_security_code(connection, payment.caller.client, session_key)
    return begun


async def _hold(payment: Payment, connection: Connection, started: Started) -> Begun:
    """Take the offer for the attempt. Raises PlanConditionUnmet, PlanProviderBusy."""
    checked = payment.checked
    if checked is None or checked.is_withdrawn:
        return Begun(payment=payment, started=started)
    verdict = await hold_offer(
        connection,
        payment.tenant_id,
        checked,
        holder=started.transaction.message_id,
        at=payment.world.now,
    )
    if verdict is HoldVerdict.USED:
        raise PlanConditionUnmet(PlanCondition.NOT_USED)
    return Begun(payment=payment, started=started, has_budget=verdict is HoldVerdict.HELD)
