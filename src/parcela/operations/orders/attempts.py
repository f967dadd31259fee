"""Transactions as attempts: repeats and locks, the card message, and the outcome.

An attempt is written before the acquirer is called and concluded after it; no database transaction is open
meanwhile. Whoever dies in between leaves an attempt without outcome, which `sweep` resolves.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from parcela.domain.merchants import MerchantOperation
from parcela.domain.order_decisions import decide_outcome
from parcela.domain.order_refusals import (
    NoAcquirer,
    OperationNotAllowed,
    OrderBusy,
    Relationship,
    TransactionDiffers,
)
from parcela.domain.orders import (
    MerchantOrder,
    OrderTransaction,
    Outcome,
    TransactionKind,
    find_order_after,
)
from parcela.operations.acquirer_attempts import Spoken, Superseded
from parcela.operations.acquiring import AcquirerRequest, PaymentCard
from parcela.operations.engine import Engine, World
from parcela.operations.merchants import MerchantCaller
from parcela.operations.orders.commands import OrderCommand, PaymentPorts, Receipt
from parcela.store import merchant_orders, order_attempts
from parcela.store.database import Connection
from parcela.store.events import EventRow
from parcela.store.order_attempts import Conclusion
from parcela.store.order_rows import StoredTransaction

FIRST_REVERSAL_S = 5
"""A reversal that is due is asked for after so long, so that a moment's silence may pass."""
MAX_WAIT_S = 30
MAX_LOOKS = 5
"""So often an order is looked at again that others change between the look and the lock."""
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.5

_EVENTS = {
    TransactionKind.AUTHORIZATION: "order.authorized",
    TransactionKind.PAYMENT: "order.paid",
    TransactionKind.VERIFICATION: "order.verified",
    TransactionKind.CAPTURE: "order.captured",
    TransactionKind.REFUND: "order.refunded",
    TransactionKind.VOID_AUTHORIZATION: "order.voided",
    TransactionKind.VOID_CAPTURE: "order.voided",
    TransactionKind.VOID_PAYMENT: "order.voided",
    TransactionKind.VOID_REFUND: "order.voided",
}


class Repeated(Exception):
    """The ids stand for a transaction that exists: its answer is the answer."""


class LookAgain(Exception):
    """The order changed between the look at it and its lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """An attempt that is written and not yet concluded. `origin` is the transaction that it is about."""

    caller: MerchantCaller
    order: MerchantOrder
    transaction: OrderTransaction
    origin: OrderTransaction | None = None
    fence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An attempt with its outcome, about to be written; `event_id` is that of its event."""

    started: Started
    transaction: OrderTransaction
    event_id: str
    reversal: str


Beside = Callable[[Connection, Settled], Awaitable[str | None]]
"""Writes what commits with an outcome besides the order, and gives the plan that it made, if it did."""


def check_operation(caller: MerchantCaller, operation: MerchantOperation, ports: PaymentPorts) -> None:
    """May the merchant do this at all? Raises OperationNotAllowed, NoAcquirer."""
    profile = caller.setup.profile
    if operation not in profile.operations:
        raise OperationNotAllowed(operation)
    if not ports.acquirer.has_acquirer(profile):
        raise NoAcquirer(Relationship.CURRENCY)


def check_repeat(known: Sequence[StoredTransaction], command: OrderCommand) -> None:
    """Raises Repeated when the ids were used for the same request, TransactionDiffers for another one."""
    for stored in known:
        if stored.transaction.transaction_id == command.transaction_id:
            if stored.digest != command.digest:
                raise TransactionDiffers("the transaction id stands for another request")
            raise Repeated


def is_under_way(known: Sequence[StoredTransaction]) -> bool:
    """Is a transaction working on the order?"""
    return any(stored.transaction.outcome is None for stored in known)


def is_locked(known: Sequence[StoredTransaction]) -> bool:
    """Must captures, refunds and voids wait? Also while the acquirer owes a reversal: until then it may count
    what nobody knows.
    """
    return is_under_way(known) or any(stored.reversal == "due" for stored in known)


async def answer_repeat(engine: Engine, caller: MerchantCaller, command: OrderCommand) -> Receipt | None:
    """The first answer to a request with these ids; None when there was none.

    While the first is under way its end is waited for, at most 30 s. Raises TransactionDiffers, OrderBusy.
    """
    give_up_at = engine.clock.monotonic_s() + MAX_WAIT_S
    pause_s = _FIRST_PAUSE_S
    while True:
        found = await _find_answer(engine, caller, command)
        if found is None or isinstance(found, Receipt):
            return found
        if engine.clock.monotonic_s() >= give_up_at:
            raise OrderBusy("the same request is still under way")
        await engine.clock.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


async def await_answer(engine: Engine, caller: MerchantCaller, command: OrderCommand) -> Receipt:
    """The answer of a transaction that is known to exist. Raises TransactionDiffers, OrderBusy."""
    receipt = await answer_repeat(engine, caller, command)
    assert receipt is not None, "transactions are never taken away"
    return receipt


async def _find_answer(
    engine: Engine, caller: MerchantCaller, command: OrderCommand
) -> Receipt | OrderTransaction | None:
    """The receipt, or the transaction while it is under way."""
    client = caller.client
    async with engine.database.connection() as connection:
        order = await merchant_orders.find_order(
            connection, client.tenant_id, client_id=client.client_id, order_id=command.order_id
        )
        if order is None:
            return None
        stored = await merchant_orders.find_transaction(
            connection, client.tenant_id, order.order_key, command.transaction_id
        )
    if stored is None:
        return None
    if stored.digest != command.digest:
        raise TransactionDiffers("the transaction id stands for another request")
    transaction = stored.transaction
    if transaction.outcome is None:
        return transaction
    return Receipt(order=find_order_after(order, transaction), transaction=transaction, is_repeat=True)


async def record_locked(
    connection: Connection,
    caller: MerchantCaller,
    command: OrderCommand,
    *,
    order: MerchantOrder,
    transaction: OrderTransaction,
) -> Receipt:
    """Another transaction works on the order: this one ends here, and changes nothing of the order."""
    locked = replace(
        transaction,
        outcome=Outcome.LOCKED,
        recorded_at=transaction.created_at,
        status_after=order.status,
        totals_after=order.totals,
    )
    stored = StoredTransaction(transaction=locked, digest=command.digest)
    await merchant_orders.insert_transaction(connection, caller.client.tenant_id, stored, lease_s=0)
    return Receipt(order=find_order_after(order, locked), transaction=locked)


def make_request(world: World, started: Started, *, card: PaymentCard | None = None) -> AcquirerRequest:
    """The card message of an attempt."""
    transaction = started.transaction
    chosen, origin = transaction.chosen_plan, started.origin
    facts = None if origin is None else origin.acquirer
    return AcquirerRequest(
        message_id=transaction.message_id,
        kind=transaction.kind,
        profile=started.caller.setup.profile,
        amount_minor=transaction.amount_minor,
        currency=transaction.currency,
        requested_at=world.now,
        card=card,
        original=None if facts is None else facts.reference,
        plan_id=None if chosen is None else chosen.program_id,
    )


async def conclude(
    engine: Engine, world: World, started: Started, spoken: Spoken, *, beside: Beside | None = None
) -> Receipt:
    """Write what came of an attempt, and beside it, in the same transaction, what an approval brings along.

    Raises Superseded, with nothing written, when the attempt was taken over meanwhile.
    """
    order = started.order
    change = decide_outcome(order, started.transaction, spoken.outcome)
    settled = Settled(
        started=started,
        transaction=replace(
            started.transaction,
            outcome=spoken.outcome,
            acquirer=spoken.facts,
            recorded_at=max(world.now, engine.recall().now),
            status_after=change.status,
            totals_after=change.totals,
        ),
        event_id=engine.ids.new_uuid(),
        reversal=spoken.reversal,
    )
    if beside is None:
        return await engine.database.run_statement(lambda connection: _write(connection, settled, None))

    async def work(connection: Connection) -> Receipt:
        tenant_id = started.caller.client.tenant_id
        if not await order_attempts.lock_attempt(
            connection, tenant_id, started.transaction, fence=started.fence
        ):
            raise Superseded
        return await _write(connection, settled, await beside(connection, settled))

    return await engine.database.run(work)


async def _write(connection: Connection, settled: Settled, plan_id: str | None) -> Receipt:
    """One statement; `plan_id` is the plan that was made with it."""
    started = settled.started
    transaction = replace(settled.transaction, plan_id=plan_id)
    after = find_order_after(started.order, transaction)
    conclusion = Conclusion(
        before=started.order,
        after=after,
        transaction=transaction,
        fence=started.fence,
        events=[make_event(settled, plan_id)] if transaction.outcome is Outcome.APPROVED else (),
        voided_id=transaction.target_id if transaction.outcome is Outcome.APPROVED else None,
        reversal=settled.reversal,
    )
    if not await order_attempts.conclude_transaction(
        connection, started.caller.client.tenant_id, conclusion, retry_s=FIRST_REVERSAL_S
    ):
        raise Superseded
    return Receipt(order=after, transaction=transaction)


def make_event(settled: Settled, plan_id: str | None) -> EventRow:
    """What happened, without a word of the merchant's own in which a card number could stand."""
    transaction = settled.transaction
    data = {
        "number": transaction.number,
        "kind": transaction.kind,
        "amount_minor": transaction.amount_minor,
        "currency": transaction.currency,
        "status": transaction.status_after,
        "client_id": settled.started.order.client_id,
    }
    if plan_id is not None:
        data["plan_id"] = plan_id
    return EventRow(
        event_id=settled.event_id,
        type=_EVENTS[transaction.kind],
        subject=transaction.order_key,
        data=data,
    )
