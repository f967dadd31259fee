"""Captures: authorized money is taken; with it begins the plan that was chosen (`spec/gateway.md` §12)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from parcela.domain.cards import Pan
from parcela.domain.merchant_offers import SerialNumbers
from parcela.domain.merchants import MerchantOperation
from parcela.domain.order_decisions import decide_capture
from parcela.domain.order_refusals import OrderBusy
from parcela.domain.orders import MerchantOrder, OrderTransaction, Outcome, TransactionKind
from parcela.operations.engine import Engine, World
from parcela.operations.merchant_offers import (
    CheckedPlan,
    add_serials,
    check_serials_at_capture,
    recall_plan,
)
from parcela.operations.merchants import MerchantCaller
from parcela.operations.orders.attempts import (
    MAX_LOOKS,
    Beside,
    LookAgain,
    Repeated,
    Settled,
    await_answer,
    check_operation,
    is_locked,
)
from parcela.operations.orders.commands import CaptureCommand, PaymentPorts, Receipt
from parcela.operations.orders.followups import Draft, FollowUp, look, run_follow_up
from parcela.operations.orders.plans import make_plan
from parcela.store import cards, merchant_orders
from parcela.store.database import Connection


async def capture(
    engine: Engine, world: World, caller: MerchantCaller, command: CaptureCommand, *, ports: PaymentPorts
) -> Receipt:
    """Take authorized money; with a plan the whole of it, and the serial numbers must be in.

    Raises OperationNotAllowed, OrderUnknown, TransactionDiffers, OrderBusy, CurrencyDiffers,
    NothingToCapture, AmountNotOpen, PlanConditionUnmet, in this order; then nothing was written.
    """
    check_operation(caller, MerchantOperation.CAPTURE, ports)
    for _ in range(MAX_LOOKS):
        try:
            follow_up = await _prepare(engine, world, caller, command)
            return await run_follow_up(engine, world, follow_up, ports=ports)
        except LookAgain:
            continue
        except Repeated:
            return await await_answer(engine, caller, command)
    raise OrderBusy("other transactions on the order come and go")


async def _prepare(engine: Engine, world: World, caller: MerchantCaller, command: CaptureCommand) -> FollowUp:
    """A look at the order, and what its plan needs; an order that is locked needs nothing."""
    draft = Draft(kind=TransactionKind.CAPTURE, amount_minor=command.amount_minor, currency=command.currency)
    plain = FollowUp(
        caller=caller, command=command, draw=lambda _: draft, decide=partial(_decide, has_plan=False)
    )
    sight = await look(engine, plain)
    if sight.order.chosen_plan is None or is_locked(sight.known):
        return plain
    _decide(sight.order, sight.transactions, draft, has_plan=True)
    return replace(
        plain,
        decide=partial(_decide, has_plan=True),
        beside=await _plan_capture(engine, world, caller, command, order=sight.order),
    )


def _decide(
    order: MerchantOrder, transactions: Sequence[OrderTransaction], draft: Draft, *, has_plan: bool
) -> Draft:
    """The authorization to capture. Raises LookAgain for an order whose plan was not prepared."""
    authorization = decide_capture(
        order, transactions, amount_minor=draft.amount_minor, currency=draft.currency
    )
    if order.chosen_plan is not None and not has_plan:
        raise LookAgain
    return replace(draft, origin=authorization)


async def _plan_capture(
    engine: Engine, world: World, caller: MerchantCaller, command: CaptureCommand, *, order: MerchantOrder
) -> Beside:
    """What is written beside the capture of an order with a plan. Raises PlanConditionUnmet."""
    tenant_id = caller.client.tenant_id
    assert order.card is not None
    async with engine.database.connection() as connection:
        document = await merchant_orders.get_checked_plan(connection, tenant_id, order.order_key)
        card = await cards.get_card(connection, tenant_id, order.card.card_id)
    checked = await recall_plan(engine, world, caller, document)
    serials = check_serials_at_capture(checked, command.lines)
    return partial(_write_plan, (engine, world), checked, serials, engine.vault.open_pan(card))


async def _write_plan(
    scene: tuple[Engine, World],
    checked: CheckedPlan,
    serials: tuple[SerialNumbers, ...],
    pan: Pan,
    connection: Connection,
    settled: Settled,
) -> str | None:
    if settled.transaction.outcome is not Outcome.APPROVED:
        return None
    if checked.offer_id is not None:
        tenant_id = settled.started.caller.client.tenant_id
        await add_serials(connection, tenant_id, checked.offer_id, serials)
    return await make_plan(connection, settled, checked, pan=pan, scene=scene)
