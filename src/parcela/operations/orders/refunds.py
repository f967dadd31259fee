"""Refunds: captured money is given back, and the plan behind it is told (`spec/gateway.md` §12)."""

from collections.abc import Sequence
from dataclasses import replace

from parcela.domain.merchants import MerchantOperation
from parcela.domain.order_decisions import decide_refund
from parcela.domain.orders import MerchantOrder, OrderTransaction, TransactionKind
from parcela.operations.engine import Engine, World
from parcela.operations.merchants import MerchantCaller
from parcela.operations.orders.attempts import Settled, check_operation
from parcela.operations.orders.commands import PaymentPorts, Receipt, RefundCommand
from parcela.operations.orders.followups import Draft, FollowUp, run_follow_up
from parcela.operations.orders.plans import instruct_refund
from parcela.store.database import Connection


async def refund(
    engine: Engine, world: World, caller: MerchantCaller, command: RefundCommand, *, ports: PaymentPorts
) -> Receipt:
    """Give captured money back; more than that only with the privilege for it.

    Raises OperationNotAllowed, OrderUnknown, TransactionDiffers, OrderBusy, CurrencyDiffers,
    NothingToCapture, PrivilegeMissing, in this order; then nothing was written.
    """
    check_operation(caller, MerchantOperation.REFUND, ports)
    draft = Draft(kind=TransactionKind.REFUND, amount_minor=command.amount_minor, currency=command.currency)

    def decide(order: MerchantOrder, transactions: Sequence[OrderTransaction], draft: Draft) -> Draft:
        origin = decide_refund(
            order,
            transactions,
            amount_minor=draft.amount_minor,
            currency=draft.currency,
            privileges=caller.setup.profile.privileges,
        )
        return replace(draft, origin=origin)

    follow_up = FollowUp(
        caller=caller, command=command, draw=lambda _: draft, decide=decide, beside=_instruct
    )
    return await run_follow_up(engine, world, follow_up, ports=ports)


async def _instruct(connection: Connection, settled: Settled) -> None:
    await instruct_refund(connection, settled)
