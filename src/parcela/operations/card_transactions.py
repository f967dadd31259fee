"""Card transactions as the network tells them: authorizations, reversals, clearings and credits.

Each comes with an event id and has its effect once. An authorization is known by its network identity as
well: a repeated one or an advice is the same transaction, whatever its event id.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace

from parcela.domain.cards import Pan, mask_digits
from parcela.domain.currency import find_currency
from parcela.domain.errors import InvalidInput, NotFound
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.commands import Authorization, Clearing, Refund, Reversal
from parcela.domain.servicing.message_texts import check_texts, hide_card
from parcela.domain.servicing.purchases import (
    ResponseCode,
    decide_authorization,
    decide_clearing,
    decide_reversal,
)
from parcela.domain.servicing.records import AccountTransaction, Decision
from parcela.domain.servicing.refunds import decide_refund
from parcela.domain.servicing.refusals import check_amount
from parcela.operations.account_commands import (
    AccountEvent,
    Outcome,
    Receipt,
    check_event_id,
    find_receipt,
    keep_receipt,
)
from parcela.operations.account_work import AccountWork, NewTransaction
from parcela.operations.card_messages import (
    AuthorizationCommand,
    CardMessage,
    find_account,
    find_free_plan_id,
    find_pan,
    find_plan,
    find_transaction,
    find_waiting_plan,
    insert_forced_transaction,
)
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.operations.idempotency import Once, run_once
from parcela.operations.post_purchase import count_offers, note_offerable
from parcela.store import account_transactions
from parcela.store.account_transactions import StoredTransaction
from parcela.store.database import Connection

__all__ = [
    "AuthorizationCommand",
    "AuthorizationResult",
    "CardMessage",
    "authorize",
    "clear_purchase",
    "credit_refund",
    "reverse_authorization",
]

Work = Callable[[AccountWork], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationResult:
    """The answer: DE 39, and DE 38 when approved. Without a `transaction_id` nothing is kept of it."""

    transaction_id: str | None
    is_approved: bool
    response_code: str
    authorization_code: str | None
    is_new: bool


async def authorize(
    engine: Engine,
    world: World,
    command: AuthorizationCommand,
    *,
    once: Once[AuthorizationResult] | None = None,
) -> AuthorizationResult:
    """Approve or decline a purchase within the account's limit or deposit, once by its network identity.

    A card of an account range without an account gets one where the policy lets it; other cards are
    declined with 14. Raises InvalidInput for an event id that cannot be one and for texts that cannot be
    kept, IdempotencyKeyReused.
    """
    check_event_id(command.event_id)
    event = _make_event(command.event_id, "authorize", command, command.actor)
    pan = await find_pan(engine, world, command.digits)
    if command.amount_minor < 1 or find_currency(command.currency) is None:
        return _decline(ResponseCode.INVALID_AMOUNT)
    if pan is None:
        return _decline(ResponseCode.INVALID_CARD)
    identity = identify_transaction(engine, pan, command)
    merchant, facts = hide_card(command.merchant, command.facts, {command.digits, pan.digits})
    asked = replace(command, merchant=merchant, facts=facts)
    offers = await count_offers(engine, world, pan, command)

    async def work(connection: Connection) -> AuthorizationResult:
        account = await find_account(engine, connection, world, pan, command.currency)
        if account is None:
            return _decline(ResponseCode.INVALID_CARD)
        held = await AccountWork.lock(engine, connection, MAIN_TENANT, account.account_id, now=world.now)
        assert held is not None, "accounts are never taken away"
        known = await account_transactions.find_transaction_by_identity(connection, MAIN_TENANT, identity)
        if known is not None:
            return _answer(known, is_new=False)
        receipt = await keep_receipt(
            held,
            event,
            lambda held: _approve(held, asked, identity=identity, offers=offers),
        )
        stored = await account_transactions.find_transaction(
            connection, MAIN_TENANT, receipt.transaction_id or ""
        )
        assert stored is not None
        return _answer(stored, is_new=receipt.is_new)

    return await run_once(engine, once, work)


async def reverse_authorization(
    engine: Engine, world: World, message: CardMessage, *, once: Once[Receipt] | None = None
) -> Receipt:
    """The merchant takes an authorization back before clearing, in whole or in part.

    Raises InvalidInput, IdempotencyKeyReused, NotFound, Conflict, AmountRefused, PlanHeld,
    IllegalTransition.
    """

    async def work(held: AccountWork) -> Outcome:
        transaction = await _get_transaction(held, message)
        reversal = Reversal(
            event_id=message.event_id,
            amount_minor=message.amount_minor,
            strategy=_strategy_of(engine, message),
        )
        decision = decide_reversal(
            transaction,
            await find_plan(held, transaction, message),
            held.account,
            reversal,
            standing=await held.find_standing(but=transaction.transaction_id),
            now=world.now,
        )
        return await _write(held, decision, transaction)

    return await _run_on_card(engine, world, message, "reverse_authorization", work=work, once=once)


async def clear_purchase(
    engine: Engine, world: World, message: CardMessage, *, once: Once[Receipt] | None = None
) -> Receipt:
    """Post a clearing; a purchase without an authorization (forced post) gets its transaction here.

    Raises InvalidInput, IdempotencyKeyReused, NotFound (no account), Conflict, AmountRefused.
    """

    async def work(held: AccountWork) -> Outcome:
        check_amount("clearing", message.amount_minor)
        transaction = await find_transaction(held, message)
        if transaction is None:
            transaction = await insert_forced_transaction(held, message)
        clearing = Clearing(
            event_id=message.event_id,
            amount_minor=message.amount_minor,
            is_final=message.is_final,
            strategy=_strategy_of(engine, message),
        )
        decision = decide_clearing(
            transaction,
            await find_plan(held, transaction, message),
            held.account,
            clearing,
            standing=await held.find_standing(but=transaction.transaction_id),
            now=world.now,
        )
        return await _write(held, decision, transaction)

    return await _run_on_card(engine, world, message, "clear_purchase", work=work, once=once)


async def credit_refund(
    engine: Engine, world: World, message: CardMessage, *, once: Once[Receipt] | None = None
) -> Receipt:
    """Post a merchant's credit and carry it into the plan; one that matches nothing goes to the card.

    Raises InvalidInput, IdempotencyKeyReused, NotFound (no account), AmountRefused, PlanHeld,
    IllegalTransition.
    """

    async def work(held: AccountWork) -> Outcome:
        transaction = await find_transaction(held, message)
        plan = await held.find_plan(message.plan_id)
        if transaction is not None:
            plan = await find_plan(held, transaction, message)
            if plan is not None and transaction.plan_id != plan.plan_id:
                # The message names a plan whose own purchase is not on record: what comes back is the plan's.
                transaction = None
        elif plan is not None:
            transaction = await held.find_transaction(plan.transaction_id)
        refund = Refund(
            event_id=message.event_id,
            amount_minor=message.amount_minor,
            strategy=_strategy_of(engine, message),
            returns_charges=engine.policy.servicing.returns_charges,
        )
        decision = decide_refund(
            transaction, plan, held.account, refund, standing=await held.find_standing(), now=world.now
        )
        return await _write(held, decision, transaction)

    return await _run_on_card(engine, world, message, "credit_refund", work=work, once=once)


def identify_transaction(engine: Engine, pan: Pan, command: AuthorizationCommand) -> bytes:
    """The keyed hash of what the network calls one transaction: card, amount, STAN, RRN and local time.

    The amount is a part of it, so that the approval of a small purchase never answers a larger one. Without
    trace numbers only the event id tells one purchase from another of the same second.
    """
    facts = command.facts
    content = [pan.digits, facts.stan, facts.rrn, facts.local_at.isoformat()]
    content += [str(command.amount_minor), command.currency]
    if facts.stan is None and facts.rrn is None:
        content.append(command.event_id)
    return engine.vault.fingerprint(MAIN_TENANT, json.dumps(["transaction", content]).encode())


async def _approve(
    held: AccountWork, command: AuthorizationCommand, *, identity: bytes, offers: int
) -> Outcome:
    transaction_id = held.engine.ids.new_uuid()
    plan = await find_waiting_plan(held, command)
    asked = Authorization(
        transaction_id=transaction_id,
        amount_minor=command.amount_minor,
        currency=command.currency,
        merchant=command.merchant,
        facts=command.facts,
        entry_mode=command.entry_mode,
        plan_id=plan.plan_id if plan is not None else await find_free_plan_id(held, command.plan_id),
    )
    decision, code = decide_authorization(
        held.account, asked, exposure=await held.find_exposure(), plan=plan, now=held.now
    )
    transaction = decision.transaction
    assert transaction is not None
    if code is ResponseCode.APPROVED and command.facts.authorization_code is None:
        decision = _add_code(decision, transaction, held.engine.ids.random_bytes(4))
    await held.apply(
        decision,
        new_transaction=NewTransaction(
            response_code=code.value, amount_minor=command.amount_minor, identity=identity
        ),
    )
    if offers and code is ResponseCode.APPROVED and transaction.plan_id is None:
        await note_offerable(held, transaction_id, offers=offers)
    return Outcome(transaction_id=transaction_id)


def _add_code(decision: Decision, transaction: AccountTransaction, entropy: bytes) -> Decision:
    """Give an approval its authorization code: six digits (ISO 8583, DE 38)."""
    code = f"{int.from_bytes(entropy) % 1_000_000:06d}"
    return replace(
        decision,
        transaction=replace(transaction, facts=replace(transaction.facts, authorization_code=code)),
    )


async def _get_transaction(held: AccountWork, message: CardMessage) -> AccountTransaction:
    found = await find_transaction(held, message)
    if found is None:
        raise NotFound("transaction", message.facts.rrn or message.facts.stan or message.event_id)
    return found


async def _write(held: AccountWork, decision: Decision, transaction: AccountTransaction | None) -> Outcome:
    await held.apply(decision)
    await held.use_credit()
    return Outcome(transaction_id=transaction.transaction_id if transaction is not None else None)


async def _run_on_card(
    engine: Engine,
    world: World,
    message: CardMessage,
    operation: str,
    *,
    work: Work,
    once: Once[Receipt] | None,
) -> Receipt:
    """Run `work` once for a message, under the lock of its card's account. Raises NotFound."""
    event = _make_event(message.event_id, operation, message, message.actor)
    known = await find_receipt(engine, event)
    if known is not None:
        return known
    pan = await find_pan(engine, world, message.digits)

    async def attempt(connection: Connection) -> Receipt:
        account = None
        if pan is not None and find_currency(message.currency) is not None:
            account = await find_account(engine, connection, world, pan, message.currency)
        if account is None:
            raise NotFound("card account", mask_digits(message.digits))
        held = await AccountWork.lock(engine, connection, MAIN_TENANT, account.account_id, now=world.now)
        assert held is not None, "accounts are never taken away"
        return await keep_receipt(held, event, work)

    return await run_once(engine, once, attempt)


def _strategy_of(engine: Engine, message: CardMessage) -> RefundStrategy:
    return message.strategy or engine.policy.servicing.refund_strategy


def _make_event(
    event_id: str, operation: str, told: AuthorizationCommand | CardMessage, actor: str | None
) -> AccountEvent:
    if told.digits and told.digits in event_id:
        raise InvalidInput("event_id", "an id without the card number")
    others = {"plan_id": told.plan_id}
    if isinstance(told, AuthorizationCommand):
        others["entry_mode"] = told.entry_mode
    else:
        others["transaction_id"] = told.transaction_id
    check_texts(told.merchant, told.facts, others)
    content = asdict(told)
    content.pop("actor")
    return AccountEvent(event_id=event_id, operation=operation, content=content, actor=actor)


def _answer(stored: StoredTransaction, *, is_new: bool) -> AuthorizationResult:
    is_approved = stored.response_code == ResponseCode.APPROVED
    return AuthorizationResult(
        transaction_id=stored.transaction.transaction_id,
        is_approved=is_approved,
        response_code=stored.response_code,
        authorization_code=stored.transaction.facts.authorization_code if is_approved else None,
        is_new=is_new,
    )


def _decline(code: ResponseCode) -> AuthorizationResult:
    """A refusal that leaves no record: there is no account to keep it on."""
    return AuthorizationResult(
        transaction_id=None,
        is_approved=False,
        response_code=code.value,
        authorization_code=None,
        is_new=True,
    )
