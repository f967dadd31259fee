"""Authorizations, payments and verifications: what brings an order into being (`spec/gateway.md` §11).

Checks run in this order: is the operation switched on and does the acquirer take currency and brand, was the
request made before, the order's state, the plan's conditions; then plan provider and acquirer are asked.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from parcela.domain.card_brands import find_brand
from parcela.domain.cards import CardFunding, Pan
from parcela.domain.merchants import MerchantOperation
from parcela.domain.order_decisions import decide_payment
from parcela.domain.order_refusals import (
    NoAcquirer,
    OrderBusy,
    PlanConditionUnmet,
    Relationship,
)
from parcela.domain.orders import (
    CardFace,
    MerchantOrder,
    Outcome,
    TransactionKind,
)
from parcela.operations.acquirer_attempts import Spoken, Superseded, send_message
from parcela.operations.engine import Engine, World
from parcela.operations.merchant_offers import (
    CheckedPlan,
    PlannedPayment,
    check_plan_choice,
    name_chosen_plan,
    release_offer,
    spend_offer,
)
from parcela.operations.merchants import MerchantCaller
from parcela.operations.orders.attempts import (
    MAX_LOOKS,
    LookAgain,
    Repeated,
    Settled,
    Started,
    answer_repeat,
    await_answer,
    check_operation,
    check_repeat,
    conclude,
    is_under_way,
    make_request,
)
from parcela.operations.orders.commands import (
    CardCommand,
    PayCommand,
    PaymentPorts,
    Receipt,
    VerifyCommand,
)
from parcela.operations.orders.payment_attempts import Begun, Payment, write_attempt
from parcela.operations.orders.plans import make_plan
from parcela.operations.plan_approval import PlanQuestion, PlanVerdict
from parcela.store import merchant_orders
from parcela.store.database import Connection
from parcela.store.order_rows import StoredTransaction

APPROVE_TIMEOUT_S = 4


async def authorize(
    engine: Engine, world: World, caller: MerchantCaller, command: PayCommand, *, ports: PaymentPorts
) -> Receipt:
    """Hold money on a card, with a plan if one was chosen; the plan begins with the capture.

    Raises OperationNotAllowed, NoAcquirer, TransactionDiffers, OrderBusy, AlreadyPaid, PlanConditionUnmet,
    PlanProviderBusy, in this order; then nothing was written.
    """
    return await _pay(engine, world, caller, command, MerchantOperation.AUTHORIZE, ports=ports)


async def pay(
    engine: Engine, world: World, caller: MerchantCaller, command: PayCommand, *, ports: PaymentPorts
) -> Receipt:
    """Take money from a card at once, with a plan if one was chosen. Raises what `authorize` does."""
    return await _pay(engine, world, caller, command, MerchantOperation.PAY, ports=ports)


async def verify(
    engine: Engine, world: World, caller: MerchantCaller, command: VerifyCommand, *, ports: PaymentPorts
) -> Receipt:
    """Ask whether a card is good. Raises what `authorize` does but for the plan's refusals."""
    return await _pay(engine, world, caller, command, MerchantOperation.VERIFY, ports=ports)


async def _pay(
    engine: Engine,
    world: World,
    caller: MerchantCaller,
    command: CardCommand,
    operation: MerchantOperation,
    *,
    ports: PaymentPorts,
) -> Receipt:
    payment = _prepare(engine, world, caller, command, operation, ports=ports)
    try:
        begun = await _begin(payment)
        if isinstance(begun, Receipt):
            return begun
        spoken = await _ask(begun, ports)
        beside = None if begun.payment.checked is None else partial(_write_plan, begun.payment)
        return await conclude(engine, world, begun.started, spoken, beside=beside)
    except (Repeated, Superseded):
        return await await_answer(engine, caller, command)


def _prepare(
    engine: Engine,
    world: World,
    caller: MerchantCaller,
    command: CardCommand,
    operation: MerchantOperation,
    *,
    ports: PaymentPorts,
) -> Payment:
    """What needs no look at the database. Raises OperationNotAllowed, NoAcquirer."""
    check_operation(caller, operation, ports)
    profile, tenant_id = caller.setup.profile, caller.client.tenant_id
    if command.currency not in profile.currencies:
        raise NoAcquirer(Relationship.CURRENCY)
    brand = find_brand(command.card.digits)
    if brand is None or brand not in profile.brands:
        raise NoAcquirer(Relationship.BRAND)
    pan = Pan(command.card.digits)
    card = engine.vault.seal_pan(tenant_id, engine.ids.new_uuid(), pan)
    found = world.catalogue(tenant_id).find_range(pan.padded)
    funding = CardFunding.CREDIT if found is None else found.account_range.funding
    face = CardFace(
        card_id=card.card_id,
        first_six=card.first_six,
        last_four=card.last_four,
        brand=brand.value,
        funding=funding.value,
        expiry_month=command.card.expiry_month,
        expiry_year=command.card.expiry_year,
        length=len(pan.digits),
    )
    return Payment(
        engine=engine,
        world=world,
        caller=caller,
        command=command,
        operation=operation,
        amount_minor=command.amount_minor if isinstance(command, PayCommand) else 0,
        pan=pan,
        card=card,
        face=face,
    )


async def _begin(payment: Payment) -> Begun | Receipt:
    """Check what is left to check and write the attempt; a receipt when the order is locked."""
    for _ in range(MAX_LOOKS):
        ready = await _check_plan(payment)
        try:
            return await payment.engine.database.run(partial(write_attempt, ready))
        except LookAgain:
            continue
    raise OrderBusy("other transactions on the order come and go")


# ---------------------------------------------------------------- before the attempt


async def _check_plan(payment: Payment) -> Payment:
    """The payment with its checked plan. Raises Repeated, and what `authorize` does from the repeat on."""
    command, engine = payment.command, payment.engine
    if not isinstance(command, PayCommand) or command.choice is None:
        return payment
    order, known = await _look(payment)
    check_repeat(known, command)
    if is_under_way(known):
        named = await name_chosen_plan(
            engine, payment.world, payment.caller, command.choice, command.amount_minor
        )
        return replace(payment, must_be_locked=True, named=named)
    decide_payment(None if order is None else order.status, payment.operation)
    planned = PlannedPayment(
        amount_minor=command.amount_minor,
        currency=command.currency,
        pan=payment.pan,
        lines=command.lines,
        captures_at_once=payment.operation is MerchantOperation.PAY,
    )
    try:
        checked = await check_plan_choice(engine, payment.world, payment.caller, command.choice, planned)
    except PlanConditionUnmet:
        # The same request may have taken the offer since we looked: then its answer is ours.
        if await answer_repeat(engine, payment.caller, command) is not None:
            raise Repeated from None
        raise
    return replace(payment, checked=checked)


async def _look(payment: Payment) -> tuple[MerchantOrder | None, Sequence[StoredTransaction]]:
    client, command = payment.caller.client, payment.command
    async with payment.engine.database.connection() as connection:
        order = await merchant_orders.find_order(
            connection, client.tenant_id, client_id=client.client_id, order_id=command.order_id
        )
        if order is None:
            return None, ()
        known = await merchant_orders.list_transactions_at_work(
            connection, client.tenant_id, order.order_key, transaction_ids=[command.transaction_id]
        )
    return order, known


# ---------------------------------------------------------------- the calls


async def _ask(begun: Begun, ports: PaymentPorts) -> Spoken:
    """What plan provider and acquirer say. Without the plan no card is authorized."""
    payment = begun.payment
    checked = payment.checked
    if checked is not None:
        if checked.is_withdrawn or not begun.has_budget:
            return Spoken(outcome=Outcome.PLAN_DECLINED)
        verdict = await _ask_provider(payment, begun.started, checked, ports)
        if verdict is PlanVerdict.REFUSED:
            return Spoken(outcome=Outcome.PLAN_DECLINED)
        if verdict is not PlanVerdict.GRANTED:
            return Spoken(outcome=Outcome.PLAN_UNREACHABLE)
    request = make_request(payment.world, begun.started, card=payment.command.card)
    return await send_message(ports.acquirer, request)


async def _ask_provider(
    payment: Payment, started: Started, checked: CheckedPlan, ports: PaymentPorts
) -> PlanVerdict:
    question = PlanQuestion(
        question_id=started.transaction.message_id,
        profile=payment.caller.setup.profile,
        provider_id=checked.provider_id,
        program_id=checked.chosen.program_id,
        digits=payment.pan.digits,
        amount_minor=payment.amount_minor,
        currency=payment.command.currency,
    )
    try:
        async with asyncio.timeout(APPROVE_TIMEOUT_S):
            return await ports.provider.approve(question)
    except TimeoutError:
        return PlanVerdict.UNREACHABLE


# ---------------------------------------------------------------- the outcome


async def _write_plan(payment: Payment, connection: Connection, settled: Settled) -> str | None:
    """Spend the offer and, with captured money, make the plan; an offer that came to nothing is released."""
    checked = payment.checked
    assert checked is not None
    transaction = settled.transaction
    is_approved = transaction.outcome is Outcome.APPROVED
    if checked.offer_id is not None and is_approved:
        await spend_offer(connection, payment.tenant_id, checked.offer_id, holder=transaction.message_id)
    elif checked.offer_id is not None and settled.reversal != "due":
        await release_offer(connection, payment.tenant_id, checked.offer_id, holder=transaction.message_id)
    if not is_approved or transaction.kind is not TransactionKind.PAYMENT:
        return None
    return await make_plan(
        connection, settled, checked, pan=payment.pan, scene=(payment.engine, payment.world)
    )
