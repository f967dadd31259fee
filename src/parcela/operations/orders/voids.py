"""Voids: a transaction that the bank has not settled yet is undone (`spec/gateway.md` §12)."""

from collections.abc import Sequence
from dataclasses import replace

from parcela.domain.merchants import MerchantOperation
from parcela.domain.order_decisions import decide_void, name_void
from parcela.domain.order_refusals import TargetUnknown
from parcela.domain.orders import MerchantOrder, OrderTransaction
from parcela.operations.engine import Engine, World
from parcela.operations.merchants import MerchantCaller
from parcela.operations.orders.attempts import Settled, check_operation
from parcela.operations.orders.commands import PaymentPorts, Receipt, VoidCommand
from parcela.operations.orders.followups import Draft, FollowUp, run_follow_up
from parcela.operations.orders.plans import instruct_void
from parcela.store.database import Connection


async def void(
    engine: Engine, world: World, caller: MerchantCaller, command: VoidCommand, *, ports: PaymentPorts
) -> Receipt:
    """Undo one transaction of an order, of the whole amount that it had.

    Raises OperationNotAllowed, OrderUnknown, TransactionDiffers, OrderBusy, TargetUnknown, NothingToVoid, in
    this order; then nothing was written.
    """
    check_operation(caller, MerchantOperation.VOID, ports)

    def draw(transactions: Sequence[OrderTransaction]) -> Draft:
        target = _get_target(transactions, command.target_id)
        return Draft(
            kind=name_void(target),
            amount_minor=target.amount_minor,
            currency=target.currency,
            origin=target,
            target_id=target.transaction_id,
        )

    def decide(order: MerchantOrder, _: Sequence[OrderTransaction], draft: Draft) -> Draft:
        assert draft.origin is not None
        window = engine.policy.void_window
        return replace(draft, kind=decide_void(order, draft.origin, now=world.now, window=window))

    follow_up = FollowUp(
        caller=caller,
        command=command,
        draw=draw,
        decide=decide,
        beside=_instruct,
        target_id=command.target_id,
    )
    return await run_follow_up(engine, world, follow_up, ports=ports)


def _get_target(transactions: Sequence[OrderTransaction], target_id: str) -> OrderTransaction:
    for transaction in transactions:
        if transaction.transaction_id == target_id:
            return transaction
    raise TargetUnknown(target_id)


async def _instruct(connection: Connection, settled: Settled) -> None:
    await instruct_void(connection, settled)
