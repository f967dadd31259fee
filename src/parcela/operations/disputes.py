"""Disputes: opened on a plan or a purchase without one, and resolved for one side."""

from dataclasses import dataclass

from parcela.domain.errors import Conflict, NotFound
from parcela.domain.ids import is_uuid
from parcela.domain.ledger import LedgerEntry
from parcela.domain.servicing.commands import Resolution
from parcela.domain.servicing.disputes import decide_dispute_opening, decide_dispute_resolution
from parcela.operations.account_commands import (
    AccountEvent,
    Outcome,
    Receipt,
    check_event_id,
    name_own_event,
    run_event,
)
from parcela.operations.account_work import AccountWork
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.operations.idempotency import Once
from parcela.store import account_transactions, ledger, serviced_plans, servicing_commands
from parcela.store.servicing_commands import ServicingCommand

_OPEN = "open_dispute"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOpening:
    """A cardholder disputes a plan or a purchase without one; `event_id` becomes the id of the dispute."""

    event_id: str
    plan_id: str | None = None
    transaction_id: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeEnd:
    """The end of the dispute that was opened under `dispute_id`."""

    dispute_id: str
    is_for_cardholder: bool
    event_id: str
    actor: str | None = None


async def open_dispute(
    engine: Engine, world: World, opening: DisputeOpening, *, once: Once[Receipt] | None = None
) -> Receipt:
    """Hold the plan and credit the cardholder provisionally.

    Raises InvalidInput, NotFound, IdempotencyKeyReused, PlanHeld, IllegalTransition, Conflict.
    """
    account_id, transaction_id, plan_id = await _find_subject(engine, opening)

    async def work(held: AccountWork) -> Outcome:
        transaction = await held.find_transaction(transaction_id)
        plan = await held.find_plan(plan_id)
        decision = decide_dispute_opening(
            transaction, plan, held.account, dispute_id=opening.event_id, now=world.now
        )
        await held.apply(decision)
        return Outcome(
            transaction_id=transaction_id, facts={"plan_id": plan_id, "dispute_id": opening.event_id}
        )

    event = AccountEvent(
        event_id=opening.event_id,
        operation=_OPEN,
        content={"plan_id": opening.plan_id, "transaction_id": opening.transaction_id},
        actor=opening.actor,
    )
    return await run_event(engine, world, event, account_id=account_id, work=work, once=once)


async def resolve_dispute(
    engine: Engine, world: World, end: DisputeEnd, *, once: Once[Receipt] | None = None
) -> Receipt:
    """End a dispute: the provisional credit is taken back, or the purchase is given back whole.

    Raises InvalidInput, NotFound, IdempotencyKeyReused, Conflict.
    """
    opened = await get_dispute(engine, end.dispute_id)
    transaction_id, plan_id = opened.result["transaction_id"], opened.result["facts"]["plan_id"]

    async def work(held: AccountWork) -> Outcome:
        await _mark_ended(held, end)
        decision = decide_dispute_resolution(
            await held.find_transaction(transaction_id),
            await held.find_plan(plan_id),
            held.account,
            Resolution(
                dispute_id=end.dispute_id,
                is_for_cardholder=end.is_for_cardholder,
                opening=await _find_opening(held, end.dispute_id),
            ),
            standing=await held.find_standing(),
            now=world.now,
        )
        await held.apply(decision)
        await held.use_credit()
        return Outcome(
            transaction_id=transaction_id, facts={"plan_id": plan_id, "dispute_id": end.dispute_id}
        )

    event = AccountEvent(
        event_id=end.event_id,
        operation="resolve_dispute",
        content={"dispute_id": end.dispute_id, "is_for_cardholder": end.is_for_cardholder},
        actor=end.actor,
    )
    return await run_event(engine, world, event, account_id=opened.result["account_id"], work=work, once=once)


async def find_disputable_account(engine: Engine, opening: DisputeOpening) -> str:
    """The account of what is to be disputed. Raises NotFound."""
    account_id, _, _ = await _find_subject(engine, opening)
    return account_id


async def get_dispute(engine: Engine, dispute_id: str) -> ServicingCommand:
    """The command that opened a dispute; its result names account, transaction and plan. Raises NotFound."""
    check_event_id(dispute_id)
    async with engine.database.connection() as connection:
        opened = await servicing_commands.find_command(connection, MAIN_TENANT, dispute_id)
    if opened is None or opened.operation != _OPEN:
        raise NotFound("dispute", dispute_id)
    return opened


async def _mark_ended(held: AccountWork, end: DisputeEnd) -> None:
    """A dispute ends once, also when another one was opened on the same purchase since. Raises Conflict."""
    ended = ServicingCommand(
        event_id=name_own_event("dispute", end.dispute_id, "ended"),
        operation="dispute_end",
        fingerprint=b"",
        result={},
    )
    if await servicing_commands.find_command(held.connection, held.tenant_id, ended.event_id) is not None:
        raise Conflict(f"dispute {end.dispute_id}: expected an open dispute, got one that was resolved")
    await servicing_commands.insert_command(held.connection, held.tenant_id, ended, at=held.now)


async def _find_opening(held: AccountWork, dispute_id: str) -> LedgerEntry | None:
    """The entry of the provisional credit; None when there was nothing to credit."""
    key = f"dispute:{dispute_id}:opened"
    found = await ledger.list_entries_of_event(held.connection, held.tenant_id, key)
    return next((posted.entry for posted in found if posted.entry.event_key == key), None)


async def _find_subject(engine: Engine, opening: DisputeOpening) -> tuple[str, str | None, str | None]:
    """Account, transaction and plan of a dispute, by either of its two ids."""
    async with engine.database.connection() as connection:
        if opening.plan_id is not None and is_uuid(opening.plan_id):
            plan = await serviced_plans.find_plan(connection, MAIN_TENANT, opening.plan_id)
            if plan is not None:
                return plan.account_id, plan.transaction_id, plan.plan_id
        elif opening.transaction_id is not None and is_uuid(opening.transaction_id):
            stored = await account_transactions.find_transaction(
                connection, MAIN_TENANT, opening.transaction_id
            )
            if stored is not None:
                found = stored.transaction
                plan_id = await serviced_plans.find_plan_id_of_transaction(
                    connection, MAIN_TENANT, found.transaction_id
                )
                return found.account_id, found.transaction_id, plan_id
    if opening.plan_id is not None:
        raise NotFound("serviced plan", opening.plan_id)
    raise NotFound("transaction", opening.transaction_id or "")
