"""Which account, transaction and plan a card message is about, on the processor's own records."""

import json
from dataclasses import dataclass, field

from parcela.domain.cards import Pan
from parcela.domain.errors import NotFound, UnknownToken
from parcela.domain.ids import is_uuid
from parcela.domain.plans import Merchant
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.message_texts import hide_card
from parcela.domain.servicing.purchases import ResponseCode
from parcela.domain.servicing.records import (
    AccountTransaction,
    CardAccount,
    Decision,
    ServicedPlan,
    TransactionFacts,
    TransactionState,
)
from parcela.domain.transaction_matching import (
    PurchaseTraits,
    find_transaction_of_message,
    score_facts,
)
from parcela.operations.account_work import AccountWork, NewTransaction
from parcela.operations.card_accounts import find_card_owner, open_account
from parcela.operations.cards import resolve_funding_card
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.store import account_transactions, card_accounts, serviced_plans
from parcela.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCommand:
    """A question to approve a purchase, amount in minor units. `digits` is a funding or token PAN."""

    digits: str = field(repr=False)
    amount_minor: int
    currency: str
    merchant: Merchant
    facts: TransactionFacts
    event_id: str
    entry_mode: str | None = None
    plan_id: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMessage:
    """A later message about a purchase: clearing, reversal or credit, amount in minor units.

    The purchase is found by `transaction_id` (our own), else by plan id, transaction link id, RRN, or STAN
    with the amount, on the card's account. `is_final` is of clearings: nothing more of the authorization
    comes. `strategy` says how a plan's rows change, by default as the policy says.
    """

    digits: str = field(repr=False)
    amount_minor: int
    currency: str
    merchant: Merchant
    facts: TransactionFacts
    event_id: str
    plan_id: str | None = None
    transaction_id: str | None = None
    is_final: bool = True
    strategy: RefundStrategy | None = None
    actor: str | None = None


async def find_account(
    engine: Engine, connection: Connection, world: World, pan: Pan, currency: str
) -> CardAccount | None:
    """The account of a card; one is opened for a card of an account range where the policy lets it."""
    found = await card_accounts.find_account_of_card(
        connection, MAIN_TENANT, pan_index=engine.vault.index_pan(MAIN_TENANT, pan.digits), currency=currency
    )
    if found is not None or not engine.policy.servicing.opens_unknown_accounts:
        return found
    owner = find_card_owner(world.catalogue(MAIN_TENANT), pan)
    if owner is None:
        return None
    return await open_account(engine, connection, world, pan=pan, owner=owner, currency=currency)


async def find_pan(engine: Engine, world: World, digits: str) -> Pan | None:
    """The funding PAN of a number; None for one that no card has, or a token without an entry."""
    if not (digits.isascii() and digits.isdigit()):
        return None
    try:
        funding = await resolve_funding_card(engine, world, tenant_id=MAIN_TENANT, digits=digits)
    except UnknownToken:
        return None
    return funding.pan


async def find_waiting_plan(
    held: AccountWork, command: AuthorizationCommand | CardMessage
) -> ServicedPlan | None:
    """The open plan that this purchase belongs to: the one it names, else the one that fits (§12).

    During a purchase the plan is noticed before the card is charged; the authorization then finds it.
    """
    waiting = [
        plan
        for plan in await held.list_plans()
        if plan.transaction_id is None and plan.uncleared_minor and plan.amount_minor == command.amount_minor
    ]
    named = await held.find_plan(command.plan_id)
    if command.plan_id is not None:
        return named if named is not None and named.transaction_id is None else None
    facts = await serviced_plans.list_notice_facts(
        held.connection, held.tenant_id, [plan.plan_id for plan in waiting]
    )
    scored = [
        (score, plan)
        for plan in waiting
        if (score := score_facts(facts[plan.plan_id].transaction, command.facts)) is not None
    ]
    best = max((score for score, _ in scored), default=0)
    choices = [plan for score, plan in scored if score == best]
    return choices[0] if len(choices) == 1 else None


async def find_free_plan_id(held: AccountWork, plan_id: str | None) -> str | None:
    """The plan id that a purchase carries, unless another live purchase has it (`spec/network.md` §12)."""
    if plan_id is None or not is_uuid(plan_id) or await held.find_plan(plan_id) is not None:
        return None
    is_taken = await account_transactions.is_plan_id_taken(held.connection, held.tenant_id, plan_id)
    return None if is_taken else plan_id


async def insert_forced_transaction(held: AccountWork, message: CardMessage) -> AccountTransaction:
    """A purchase that is cleared without an authorization on record: a transaction that holds nothing.

    It finds the open plan that it belongs to as its authorization would have.
    """
    waiting = await find_waiting_plan(held, message)
    plan_id = await find_free_plan_id(held, message.plan_id) if waiting is None else waiting.plan_id
    merchant, facts = hide_card(message.merchant, message.facts, {message.digits})
    transaction = AccountTransaction(
        transaction_id=held.engine.ids.new_uuid(),
        account_id=held.account.account_id,
        state=TransactionState.AUTHORIZED,
        currency=held.account.currency,
        authorized_minor=0,
        cleared_minor=0,
        refunded_minor=0,
        merchant=merchant,
        facts=facts,
        entry_mode=None,
        plan_id=plan_id,
        is_disputed=False,
        created_at=held.now,
    )
    identity = held.engine.vault.fingerprint(
        held.tenant_id, json.dumps(["forced", message.event_id]).encode()
    )
    await held.apply(
        Decision(transaction=transaction),
        new_transaction=NewTransaction(
            response_code=ResponseCode.APPROVED.value, amount_minor=message.amount_minor, identity=identity
        ),
    )
    return transaction


async def find_transaction(held: AccountWork, message: CardMessage) -> AccountTransaction | None:
    """The transaction that a message speaks of (`find_transaction_of_message`)."""
    if message.transaction_id is not None:
        found = None
        if is_uuid(message.transaction_id):
            found = await held.find_transaction(message.transaction_id)
        if found is None:
            raise NotFound("transaction", message.transaction_id)
        return found
    plan = await held.find_plan(message.plan_id)
    if plan is not None and plan.transaction_id is not None:
        return await held.find_transaction(plan.transaction_id)
    _, facts = hide_card(message.merchant, message.facts, {message.digits})
    traits = PurchaseTraits(plan_id=message.plan_id, amount_minor=message.amount_minor, facts=facts)
    return find_transaction_of_message(traits, await held.list_meant(traits))


async def find_plan(
    held: AccountWork, transaction: AccountTransaction, message: CardMessage
) -> ServicedPlan | None:
    """The plan of a transaction: the one bound to it, else the open one that message or transaction names."""
    for plan in await held.list_plans():
        if plan.transaction_id == transaction.transaction_id:
            return plan
    named = await held.find_plan(transaction.plan_id or message.plan_id)
    if named is not None and named.transaction_id is None:
        return named
    return None
