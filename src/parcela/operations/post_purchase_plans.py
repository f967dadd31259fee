"""Accepting an offer for a card transaction from the issuer's own site or app (`spec/network.md` §11)."""

from dataclasses import dataclass

from parcela.domain.changes import Person
from parcela.domain.clients import Client
from parcela.domain.errors import (
    Conflict,
    NotFound,
    OfferExpired,
    PlanExists,
    PresentmentUnknown,
)
from parcela.domain.ids import is_uuid, read_snowflake
from parcela.domain.plans import Plan, PlanRequest
from parcela.domain.post_purchase import describe_purchase, find_obstacles, name_obstacle, repeat_offer
from parcela.domain.servicing.records import CardAccount
from parcela.operations.card_accounts import check_may_service
from parcela.operations.engine import AuditLine, Engine, World
from parcela.operations.idempotency import Once, run_once
from parcela.operations.plans import SavePlan, save_plan
from parcela.operations.shown_offers import find_presentment
from parcela.store import account_transactions, card_accounts, cards, offerable_transactions, plans
from parcela.store.account_transactions import StoredTransaction
from parcela.store.database import Connection
from parcela.store.offerable_transactions import ShownOffers


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The cardholder's choice among the offers shown for a transaction."""

    transaction_id: str
    offer_transaction_id: str
    offer_id: str


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A transaction, its account, and what was shown for it."""

    stored: StoredTransaction
    account: CardAccount
    shown: ShownOffers


async def accept_offer(
    engine: Engine,
    world: World,
    person: Person,
    acceptance: Acceptance,
    *,
    once: Once[Plan] | None = None,
) -> Plan:
    """Make a plan of an offer shown for a transaction, as `POST /plans` of the issuer's client makes one.

    The same offer again gives the same plan, so that `once` can be kept after the plan. Raises, in this
    order: NotAllowed, NotFound, PresentmentUnknown, PlanExists, Conflict, OfferMismatch, OfferExpired.
    """
    check_may_service(person)
    plan = await _make_plan(engine, world, person, acceptance)

    async def give(_: Connection) -> Plan:
        return plan

    return await run_once(engine, once, give)


async def _make_plan(engine: Engine, world: World, person: Person, acceptance: Acceptance) -> Plan:
    """The plan of these offers, if it is of the one that was chosen, or a new one."""
    chosen = await _find_chosen(engine, person, acceptance)
    shown = chosen.shown
    known = await _find_plan(engine, person.tenant_id, shown, acceptance)
    if known is not None:
        return known
    _check_still_offerable(chosen)
    client = _find_client(world, shown)
    request = await _make_request(engine, person.tenant_id, chosen, acceptance)
    async with engine.database.connection() as connection:
        card = await cards.get_card(connection, person.tenant_id, chosen.account.card_id)
    command = SavePlan(
        digits=engine.vault.open_pan(card).digits, request=request, correlation_id=engine.ids.new_uuid()
    )
    try:
        plan = await save_plan(engine, world, client, command)
    except PlanExists:
        raise _refuse_other_plan() from None
    except OfferExpired:
        raise OfferExpired("These offers have expired: list the transaction's offers again.") from None
    await engine.record_audit_line(
        AuditLine(
            tenant_id=person.tenant_id,
            at=engine.recall().real_now,
            actor=person.email,
            action="post_purchase.accept_offer",
            subject=acceptance.transaction_id,
            detail={"plan_id": plan.plan_id, "offer_id": acceptance.offer_id},
        )
    )
    return plan


async def _find_chosen(engine: Engine, person: Person, acceptance: Acceptance) -> _Chosen:
    """The transaction of the person's issuer with its presentment, from which must have been chosen."""
    transaction_id, tenant_id = acceptance.transaction_id, person.tenant_id
    stored = account = None
    async with engine.database.connection() as connection:
        if is_uuid(transaction_id):
            stored = await account_transactions.find_transaction(connection, tenant_id, transaction_id)
        if stored is not None:
            account = await card_accounts.find_account(connection, tenant_id, stored.transaction.account_id)
        if stored is None or account is None or person.provider_id not in (None, account.provider_id):
            raise NotFound("transaction", transaction_id)
        shown = await offerable_transactions.list_shown_offers(connection, tenant_id, [transaction_id])
    found = shown.get(transaction_id)
    if found is None or read_snowflake(acceptance.offer_transaction_id) != found.offer_transaction_id:
        raise PresentmentUnknown(
            "No offers of this id are shown for the transaction any more: list its offers again."
        )
    return _Chosen(stored, account, found)


async def _find_plan(
    engine: Engine, tenant_id: int, shown: ShownOffers, acceptance: Acceptance
) -> Plan | None:
    """The plan that was made of these offers before. Raises PlanExists when it is of another one."""
    async with engine.database.connection() as connection:
        plan = await plans.find_plan_of_presentment(
            connection,
            tenant_id,
            offer_transaction_id=shown.offer_transaction_id,
            client_id=shown.client_id,
        )
    if plan is not None and plan.offer.offer_id != acceptance.offer_id:
        raise _refuse_other_plan()
    return plan


def _refuse_other_plan() -> PlanExists:
    return PlanExists("Another plan was made of these offers before: the transaction can have only one.")


def _check_still_offerable(chosen: _Chosen) -> None:
    """The purchase still stands as it did when its offers were shown. Raises Conflict."""
    obstacles = find_obstacles(chosen.stored.transaction, asked_minor=chosen.stored.amount_minor)
    if obstacles:
        raise Conflict(" ".join(name_obstacle(obstacle).message for obstacle in obstacles))


def _find_client(world: World, shown: ShownOffers) -> Client:
    """The client that the offers were shown to. Raises Conflict when it was switched off since."""
    for client in world.snapshot.clients.values():
        if client.client_id == shown.client_id and client.is_enabled and not client.is_suspended:
            return client
    raise Conflict("The issuer's client that these offers were shown to is switched off.")


async def _make_request(
    engine: Engine, tenant_id: int, chosen: _Chosen, acceptance: Acceptance
) -> PlanRequest:
    """What the issuer's client would send. Raises OfferMismatch, PresentmentUnknown."""
    transaction = chosen.stored.transaction
    presentment = await find_presentment(engine, tenant_id, chosen.shown)
    if presentment is None:
        raise PresentmentUnknown("These offers are kept no more: list the transaction's offers again.")
    described = describe_purchase(
        transaction.merchant,
        transaction.facts,
        amount_minor=chosen.stored.amount_minor,
        currency=transaction.currency,
    )
    assert described is not None, "offers were shown for it"
    return repeat_offer(presentment, acceptance.offer_id, described.facts)
