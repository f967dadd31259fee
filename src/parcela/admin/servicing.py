"""Handlers of accounts, card messages and serviced plans; makers and operators act, each for its issuer."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from parcela.admin import servicing_wire as wire
from parcela.admin.read import read_day, read_whole_number
from parcela.admin.routes import Call
from parcela.admin.servicing_write import (
    account_to_wire,
    authorization_to_wire,
    card_receipt_to_wire,
    due_to_wire,
    effect_to_wire,
    head_to_wire,
    payoff_to_wire,
    plan_to_wire,
    receipt_to_wire,
    statement_to_wire,
    transaction_to_wire,
    view_to_wire,
)
from parcela.domain.currency import find_currency
from parcela.domain.errors import InvalidInput
from parcela.domain.ids import Identifier
from parcela.domain.money import InvalidMoney, parse_major
from parcela.domain.plans import Merchant
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.records import ServicedPlan, TransactionFacts
from parcela.operations import card_accounts, card_transactions, disputes, servicing, statements
from parcela.operations.card_transactions import AuthorizationCommand, AuthorizationResult, CardMessage
from parcela.operations.servicing import AccountPayment, DisputeEnd, DisputeOpening, PlanAct

_DUE_DAYS = 31
_STRATEGIES = ", ".join(strategy.value for strategy in RefundStrategy)


async def list_accounts(call: Call) -> wire.AccountList:
    """Card accounts by id."""
    limit = read_whole_number("limit", call.query.get("limit", "100"))
    found = await card_accounts.list_accounts(
        call.engine,
        call.person,
        last_four=call.query.get("last_four"),
        after=call.query.get("after_account"),
        limit=limit,
    )
    return wire.AccountList(items=[account_to_wire(face) for face in found])


async def get_account(call: Call) -> wire.AccountBalances:
    """An account with balances and plans."""
    account_id = call.params["account_id"]
    return view_to_wire(await card_accounts.view_account(call.engine, call.person, account_id))


async def list_transactions(call: Call) -> wire.TransactionList:
    """The newest transactions of an account."""
    limit = read_whole_number("limit", call.query.get("limit", "100"))
    found = await card_accounts.list_account_transactions(
        call.engine, call.person, call.params["account_id"], limit=limit
    )
    return wire.TransactionList(items=[transaction_to_wire(stored) for stored in found])


async def pay_account(call: Call) -> wire.ReceiptAnswer:
    """Money from the cardholder."""
    card_accounts.check_may_service(call.person)
    body = call.read(wire.MoneyAct)
    face = await card_accounts.get_account(call.engine, call.person, call.params["account_id"])
    payment = AccountPayment(
        account_id=face.account.account_id,
        amount_minor=_read_amount(body.amount, face.account.currency),
        event_id=_find_event_id(call, body.event_id),
        actor=call.person.email,
    )
    world = await call.engine.look()
    receipt = await servicing.pay_account(call.engine, world, payment, once=call.once(receipt_to_wire))
    return receipt_to_wire(receipt)


async def list_statements(call: Call) -> wire.StatementList:
    """The statements of an account, the newest first."""
    found = await statements.list_statements(call.engine, call.person, call.params["account_id"])
    return wire.StatementList(items=[head_to_wire(statement) for statement in found])


async def get_statement(call: Call) -> wire.StatementAnswer:
    """One statement with its lines."""
    number = read_whole_number("number", call.params["number"])
    found = await statements.get_statement(call.engine, call.person, call.params["account_id"], number)
    return statement_to_wire(found)


async def list_due(call: Call) -> wire.DueList:
    """Open rows that are due by a day, by default within a month."""
    limit = read_whole_number("limit", call.query.get("limit", "100"))
    until = read_day("until", call.query.get("until"))
    if until is None:
        until = (await call.engine.look()).now.date() + timedelta(days=_DUE_DAYS)
    found = await servicing.list_due_rows(call.engine, call.person, until=until, limit=limit)
    return wire.DueList(items=[due_to_wire(due) for due in found])


async def tell_card_event(call: Call) -> wire.CardEventAnswer:
    """A card message: authorization, clearing, reversal or refund."""
    body = call.read(wire.CardEvent)
    world = await call.engine.look()
    await card_accounts.check_may_tell(call.engine, world, call.person, body.card_number)
    message = _read_message(call, body)
    if body.event_type == "authorization":
        command = _to_authorization(message, body)

        def write(result: AuthorizationResult) -> wire.CardEventAnswer:
            return authorization_to_wire(result, command.event_id)

        return write(await card_transactions.authorize(call.engine, world, command, once=call.once(write)))
    operation = {
        "clearing": card_transactions.clear_purchase,
        "reversal": card_transactions.reverse_authorization,
        "refund": card_transactions.credit_refund,
    }[body.event_type]
    once = call.once(card_receipt_to_wire)
    return card_receipt_to_wire(await operation(call.engine, world, message, once=once))


async def get_serviced_plan(call: Call) -> wire.ServicedPlanAnswer:
    """A plan as the processor services it."""
    view = await servicing.read_serviced_plan(call.engine, call.person, call.params["plan_id"])
    return plan_to_wire(view)


async def get_payoff(call: Call) -> wire.PayoffAnswer:
    """What paying all of a plan costs today."""
    plan = await _read_plan(call)
    payoff = await servicing.quote_payoff(call.engine, await call.engine.look(), plan.plan_id)
    return payoff_to_wire(payoff, plan.currency)


async def pay_off(call: Call) -> wire.ReceiptAnswer:
    """The cardholder pays all of a plan."""
    body = call.read(wire.MoneyAct)
    plan, act = await _begin_act(call, body.event_id)
    amount_minor = _read_amount(body.amount, plan.currency)
    world = await call.engine.look()
    return receipt_to_wire(await servicing.pay_off(call.engine, world, act, amount_minor=amount_minor))


async def pay_next_row(call: Call) -> wire.ReceiptAnswer:
    """The cardholder pays the next row early."""
    _, act = await _begin_act(call, call.read(wire.Act).event_id)
    return receipt_to_wire(await servicing.pay_next_row(call.engine, await call.engine.look(), act))


async def preview_refund(call: Call) -> wire.RefundPreview:
    """What a merchant's refund would do to a plan now."""
    plan = await _read_plan(call)
    amount_minor = _read_amount(call.query.get("amount", ""), plan.currency)
    strategy = _read_strategy(call.query.get("strategy"))
    effect = await servicing.preview_refund(call.engine, plan.plan_id, amount_minor, strategy=strategy)
    return effect_to_wire(effect)


async def refund_plan(call: Call) -> wire.ReceiptAnswer:
    """A merchant's refund is carried into a plan."""
    body = call.read(wire.RefundAct)
    plan, act = await _begin_act(call, body.event_id)
    receipt = await servicing.refund_plan(
        call.engine,
        await call.engine.look(),
        act,
        amount_minor=_read_amount(body.amount, plan.currency),
        strategy=_read_strategy(body.strategy),
    )
    return receipt_to_wire(receipt)


async def write_off(call: Call) -> wire.ReceiptAnswer:
    """What is still owed of a plan becomes a loss."""
    _, act = await _begin_act(call, call.read(wire.Act).event_id)
    return receipt_to_wire(await servicing.write_off(call.engine, await call.engine.look(), act))


async def record_recovery(call: Call) -> wire.ReceiptAnswer:
    """Money came back after a write-off."""
    body = call.read(wire.MoneyAct)
    plan, act = await _begin_act(call, body.event_id)
    amount_minor = _read_amount(body.amount, plan.currency)
    world = await call.engine.look()
    return receipt_to_wire(
        await servicing.record_recovery(call.engine, world, act, amount_minor=amount_minor)
    )


async def open_dispute(call: Call) -> wire.ReceiptAnswer:
    """A cardholder disputes a purchase."""
    card_accounts.check_may_service(call.person)
    body = call.read(wire.DisputeAct)
    if (body.plan_id is None) == (body.transaction_id is None):
        raise InvalidInput("plan_id", "either a plan_id or a transaction_id")
    opening = DisputeOpening(
        event_id=_find_event_id(call, body.event_id),
        plan_id=body.plan_id,
        transaction_id=body.transaction_id,
        actor=call.person.email,
    )
    account_id = await disputes.find_disputable_account(call.engine, opening)
    await card_accounts.get_account(call.engine, call.person, account_id)
    world = await call.engine.look()
    receipt = await disputes.open_dispute(call.engine, world, opening, once=call.once(receipt_to_wire))
    return receipt_to_wire(receipt)


async def resolve_dispute(call: Call) -> wire.ReceiptAnswer:
    """A dispute ends in favor of one side."""
    card_accounts.check_may_service(call.person)
    body = call.read(wire.DisputeResolution)
    dispute = await disputes.get_dispute(call.engine, call.params["dispute_id"])
    await card_accounts.get_account(call.engine, call.person, dispute.result["account_id"])
    end = DisputeEnd(
        dispute_id=dispute.event_id,
        is_for_cardholder=body.in_favor_of == "cardholder",
        event_id=_find_event_id(call, body.event_id),
        actor=call.person.email,
    )
    world = await call.engine.look()
    receipt = await disputes.resolve_dispute(call.engine, world, end, once=call.once(receipt_to_wire))
    return receipt_to_wire(receipt)


async def _read_plan(call: Call) -> ServicedPlan:
    view = await servicing.read_serviced_plan(call.engine, call.person, call.params["plan_id"])
    return view.plan


async def _begin_act(call: Call, event_id: str | None) -> tuple[ServicedPlan, PlanAct]:
    """The plan of a call that acts on one, and the act. Raises NotAllowed, NotFound."""
    card_accounts.check_may_service(call.person)
    plan = await _read_plan(call)
    act = PlanAct(
        plan_id=plan.plan_id,
        event_id=_find_event_id(call, event_id),
        actor=call.person.email,
        once=call.once(receipt_to_wire),
    )
    return plan, act


def _find_event_id(call: Call, event_id: str | None) -> str:
    """The event id that was sent; else one that follows from the idempotency key; else a new one."""
    if event_id is not None:
        return event_id
    if call.key is None:
        return f"admin-{call.engine.ids.new_uuid()}"
    named = "\n".join((call.key.caller, call.key.operation, call.key.key))
    return f"admin-{sha256(named.encode()).hexdigest()[:40]}"


def _read_amount(text: str, code: str) -> int:
    """An amount in major units as minor units. Raises InvalidInput."""
    currency = find_currency(code)
    if currency is None:
        raise InvalidInput("currency", "a currency of ISO 4217", came=repr(code[:8]))
    try:
        minor = parse_major(text, currency).minor
    except InvalidMoney as refusal:
        raise InvalidInput("amount", str(refusal).removeprefix("expected ")) from None
    if minor < 1:
        raise InvalidInput("amount", "an amount above zero", came=repr(text))
    return minor


def _read_strategy(text: str | None) -> RefundStrategy | None:
    if text is None:
        return None
    try:
        return RefundStrategy(text)
    except ValueError:
        raise InvalidInput("strategy", f"one of {_STRATEGIES}", came=repr(text)) from None


def _read_message(call: Call, body: wire.CardEvent) -> CardMessage:
    def identify(text: str | None) -> Identifier | None:
        return None if text is None else Identifier(text)

    return CardMessage(
        digits=body.card_number,
        amount_minor=_read_amount(body.amount, body.currency),
        currency=body.currency,
        merchant=Merchant(
            name=body.merchant_name,
            country=body.merchant_country,
            mcc=identify(body.mcc),
            merchant_id=identify(body.merchant_id),
            acquirer_id=identify(body.acquirer_id),
        ),
        facts=TransactionFacts(
            local_at=body.local_at,
            stan=body.stan,
            rrn=body.rrn,
            authorization_code=body.authorization_code,
            transaction_link_id=body.transaction_link_id,
            transmitted_at=_fix_zone(body.transmitted_at),
        ),
        event_id=_find_event_id(call, body.event_id),
        plan_id=body.plan_id,
        transaction_id=body.transaction_id,
        is_final=body.is_final,
        strategy=_read_strategy(body.strategy),
        actor=call.person.email,
    )


def _fix_zone(at: datetime | None) -> datetime | None:
    """Without an offset it is UTC, as ISO 8583 sends it (DE 7)."""
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)


def _to_authorization(message: CardMessage, body: wire.CardEvent) -> AuthorizationCommand:
    return AuthorizationCommand(
        digits=message.digits,
        amount_minor=message.amount_minor,
        currency=message.currency,
        merchant=message.merchant,
        facts=message.facts,
        event_id=message.event_id,
        entry_mode=body.entry_mode,
        plan_id=message.plan_id,
        actor=message.actor,
    )
