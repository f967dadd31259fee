"""The shared course of what follows a payment: captures, refunds and voids of an order that exists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from parcela.domain.order_refusals import OrderUnknown
from parcela.domain.orders import MerchantOrder, OrderTransaction, TransactionKind
from parcela.operations.acquirer_attempts import LEASE_S, Superseded, send_message
from parcela.operations.engine import Engine, World
from parcela.operations.merchants import MerchantCaller
from parcela.operations.orders.attempts import (
    Beside,
    Repeated,
    Started,
    await_answer,
    check_repeat,
    conclude,
    is_locked,
    make_request,
    record_locked,
)
from parcela.operations.orders.commands import OrderCommand, PaymentPorts, Receipt
from parcela.operations.orders.plans import apply_to_plan
from parcela.store import merchant_orders
from parcela.store.database import Connection
from parcela.store.order_rows import StoredTransaction, keep_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a request asks for. `origin` is the transaction that it is about, once that is decided."""

    kind: TransactionKind
    amount_minor: int
    currency: str
    origin: OrderTransaction | None = None
    target_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A request about an order that exists.

    `draw` says what it asks for whatever the order's state (it raises for a target that is none), `decide`
    what of the order it is about: it raises the refusals of the state. `beside` writes what commits with it.
    """

    caller: MerchantCaller
    command: OrderCommand
    draw: Callable[[Sequence[OrderTransaction]], Draft]
    decide: Callable[[MerchantOrder, Sequence[OrderTransaction], Draft], Draft]
    beside: Beside | None = None
    target_id: str | None = None

    @property
    def named_ids(self) -> list[str]:
        """The transactions that the request names."""
        own = self.command.transaction_id
        return [own] if self.target_id is None else [own, self.target_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """An order as a request finds it, with the transactions that matter to it."""

    order: MerchantOrder
    known: Sequence[StoredTransaction]

    @property
    def transactions(self) -> list[OrderTransaction]:
        """Without what only the store needs."""
        return [stored.transaction for stored in self.known]


async def look(engine: Engine, follow_up: FollowUp) -> Sight:
    """The order as it is now. Raises OrderUnknown, Repeated, TransactionDiffers."""
    async with engine.database.connection() as connection:
        return await _see(connection, follow_up, is_locked=False)


async def run_follow_up(engine: Engine, world: World, follow_up: FollowUp, *, ports: PaymentPorts) -> Receipt:
    """Write the attempt, send the card message, write the outcome, and carry out what the plan was told.

    Raises OrderUnknown, TransactionDiffers, OrderBusy and what `draw` and `decide` raise, in this order; then
    nothing was written.
    """
    try:
        started = await engine.database.run(partial(_write_attempt, world, follow_up))
        if isinstance(started, Receipt):
            return started
        spoken = await send_message(ports.acquirer, make_request(world, started))
        receipt = await conclude(engine, world, started, spoken, beside=follow_up.beside)
    except (Repeated, Superseded):
        return await await_answer(engine, follow_up.caller, follow_up.command)
    # The plan is the one before: after a voided capture the order has none.
    await apply_to_plan(engine, world, started.order.plan_id)
    return receipt


async def _see(connection: Connection, follow_up: FollowUp, *, is_locked: bool) -> Sight:
    client, command = follow_up.caller.client, follow_up.command
    find = merchant_orders.lock_order if is_locked else merchant_orders.find_order
    order = await find(connection, client.tenant_id, client_id=client.client_id, order_id=command.order_id)
    if order is None:
        raise OrderUnknown(command.order_id)
    known = await merchant_orders.list_transactions_at_work(
        connection, client.tenant_id, order.order_key, transaction_ids=follow_up.named_ids
    )
    check_repeat(known, command)
    return Sight(order=order, known=known)


async def _write_attempt(world: World, follow_up: FollowUp, connection: Connection) -> Started | Receipt:
    caller, command = follow_up.caller, follow_up.command
    sight = await _see(connection, follow_up, is_locked=True)
    order = sight.order
    draft = follow_up.draw(sight.transactions)
    transaction = OrderTransaction(
        order_key=order.order_key,
        transaction_id=command.transaction_id,
        number=sight.transactions[-1].number + 1,
        kind=draft.kind,
        amount_minor=draft.amount_minor,
        currency=draft.currency,
        created_at=world.now,
        recorded_at=None,
        outcome=None,
        status_after=None,
        totals_after=None,
        acquirer=None,
        card=order.card,
        chosen_plan=order.chosen_plan,
        target_id=draft.target_id,
        details=keep_plain(command.transaction_details),
        api_version=command.api_version,
    )
    if is_locked(sight.known):
        return await record_locked(connection, caller, command, order=order, transaction=transaction)
    decided = follow_up.decide(order, sight.transactions, draft)
    transaction = replace(transaction, kind=decided.kind, amount_minor=decided.amount_minor)
    stored = StoredTransaction(transaction=transaction, digest=command.digest)
    await merchant_orders.insert_transaction(connection, caller.client.tenant_id, stored, lease_s=LEASE_S)
    return Started(caller=caller, order=order, transaction=transaction, origin=decided.origin)
