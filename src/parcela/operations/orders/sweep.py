"""Resolving what nobody knows: attempts whose process is gone, and reversals that the acquirer still owes.

Whatever such an attempt did at the acquirer is reversed, so that in the end nothing has happened. A lease
keeps two sweepers from one attempt; the acquirer takes a second reversal as the first.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog

from parcela.domain.errors import DomainError
from parcela.domain.merchants import MerchantProfile
from parcela.domain.order_decisions import decide_outcome, decide_reversed
from parcela.domain.orders import MerchantOrder, OrderStatus, OrderTransaction, Outcome
from parcela.operations.acquiring import Acquirer, AcquirerSilent
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine, World
from parcela.operations.merchant_offers import release_offer
from parcela.store import events, merchant_orders, order_attempts
from parcela.store.database import REFUSED_ERRORS, Connection
from parcela.store.events import EventRow
from parcela.store.order_attempts import ClaimedAttempt, Conclusion

POLL_S = 2.0
RETRY_S = 60
"""An attempt whose acquirer does not answer is taken up again after so long."""
CALL_TIMEOUT_S = 20
MAX_ATTEMPTS = 20
_UNHARMED = frozenset({Outcome.DECLINED, Outcome.EXPIRED_CARD, Outcome.ACQUIRER_ERROR, Outcome.FAILED})
"""What an acquirer may have said of a message that did nothing."""

_REFUSED: tuple[type[Exception], ...] = (DomainError, AssertionError, *REFUSED_ERRORS)

log = structlog.get_logger("parcela.orders")


async def resolve_attempts(engine: Engine, acquirer: Acquirer) -> int:
    """Resolve attempts that nobody works on any more; gives how many. Killed at any point, it may run again.

    Those whose acquirer does not answer, or whose records refuse it, are left for later.
    """
    async with engine.database.connection() as connection:
        claimed = await order_attempts.claim_unresolved(connection, limit=MAX_ATTEMPTS, lease_s=RETRY_S)
    if not claimed:
        return 0
    world = await engine.look()
    done = await asyncio.gather(*(_resolve(engine, world, acquirer, attempt) for attempt in claimed))
    return sum(done)


async def run_sweeper(engine: Engine, acquirer: Acquirer, *, poll_s: float = POLL_S) -> None:
    """Resolve attempts for ever; an unreachable database is tried again."""
    while True:
        try:
            resolved = await resolve_attempts(engine, acquirer)
            if resolved:
                log.info("attempts resolved", attempts=resolved)
            if resolved >= MAX_ATTEMPTS:
                continue
        except UNAVAILABLE_ERRORS as fault:
            log.warning("sweep postponed", fault=type(fault).__name__)
        await engine.clock.sleep(poll_s)


@asynccontextmanager
async def keep_sweeping(engine: Engine, acquirer: Acquirer, *, poll_s: float = POLL_S) -> AsyncIterator[None]:
    """A sweeper that runs as long as the block; what it is at when that ends is taken up by the next one."""
    task = asyncio.create_task(run_sweeper(engine, acquirer, poll_s=poll_s))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _resolve(engine: Engine, world: World, acquirer: Acquirer, attempt: ClaimedAttempt) -> bool:
    try:
        return await _undo(engine, world, acquirer, attempt)
    except _REFUSED as fault:
        # One attempt whose records contradict themselves must not keep all others waiting. After the first
        # line a fault of the database shows the row.
        log.error(
            "attempt not resolved",
            order_key=attempt.stored.transaction.order_key,
            number=attempt.stored.transaction.number,
            fault=type(fault).__name__,
            reason=str(fault).partition("\n")[0],
        )
        return False


async def _undo(engine: Engine, world: World, acquirer: Acquirer, attempt: ClaimedAttempt) -> bool:
    profile = _find_profile(world, attempt)
    transaction = attempt.stored.transaction
    if profile is None:
        log.error("attempt of an unknown merchant", order_key=transaction.order_key)
        return False
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            await _reverse(acquirer, profile, transaction.message_id)
    except (AcquirerSilent, TimeoutError):
        log.warning("reversal unanswered", order_key=transaction.order_key, number=transaction.number)
        return False

    async def work(connection: Connection) -> bool:
        if transaction.outcome is None:
            return await _conclude(engine, connection, world, attempt)
        return await _note_reversed(engine, connection, world, attempt)

    return await engine.database.run(work)


def _find_profile(world: World, attempt: ClaimedAttempt) -> MerchantProfile | None:
    """The merchant as it is set up now, switched off or not."""
    catalogue = world.catalogue(attempt.tenant_id)
    held = catalogue.entries.get((MerchantProfile.kind, attempt.merchant_id))
    return held.entry if held is not None and isinstance(held.entry, MerchantProfile) else None


async def _reverse(acquirer: Acquirer, profile: MerchantProfile, message_id: str) -> None:
    """Void the message unless the acquirer says that it did nothing; one not seen yet may still come."""
    found = await acquirer.find(profile, message_id)
    if found is None or found.outcome not in _UNHARMED:
        await acquirer.reverse(profile, message_id)


async def _conclude(engine: Engine, connection: Connection, world: World, attempt: ClaimedAttempt) -> bool:
    """An attempt whose process is gone ends with an unknown outcome that did nothing."""
    tenant_id, transaction = attempt.tenant_id, attempt.stored.transaction
    order = await merchant_orders.lock_order_of_key(connection, tenant_id, transaction.order_key)
    change = decide_outcome(order, transaction, Outcome.UNKNOWN)
    unknown = replace(order, status=change.status, totals=change.totals)
    change = decide_reversed(unknown, transaction, is_last=True)
    concluded = replace(
        transaction,
        outcome=Outcome.UNKNOWN,
        recorded_at=max(world.now, transaction.created_at),
        status_after=change.status,
        totals_after=change.totals,
    )
    conclusion = Conclusion(
        before=order,
        after=replace(order, status=change.status),
        transaction=concluded,
        fence=attempt.stored.fence,
        events=[_tell(engine, order, concluded, status=change.status)],
        reversal="done",
    )
    if not await order_attempts.conclude_transaction(connection, tenant_id, conclusion, retry_s=0):
        return False
    await _release(connection, tenant_id, transaction)
    return True


async def _note_reversed(
    engine: Engine, connection: Connection, world: World, attempt: ClaimedAttempt
) -> bool:
    """An unknown outcome did nothing after all; the order failed if it waits for nothing else."""
    tenant_id, transaction = attempt.tenant_id, attempt.stored.transaction
    order = await merchant_orders.lock_order_of_key(connection, tenant_id, transaction.order_key)
    if not await order_attempts.update_reversed(
        connection, tenant_id, transaction, fence=attempt.stored.fence
    ):
        return False
    has_later = await merchant_orders.has_later_transaction(connection, tenant_id, transaction)
    change = decide_reversed(order, transaction, is_last=not has_later)
    if change.status is not order.status:
        await order_attempts.update_order_failed(connection, tenant_id, order.order_key, at=world.now)
    await _release(connection, tenant_id, transaction)
    told = _tell(engine, order, transaction, status=change.status)
    await events.insert_events(connection, tenant_id, [told], at=world.now)
    return True


async def _release(connection: Connection, tenant_id: int, transaction: OrderTransaction) -> None:
    """The offer of an attempt that came to nothing; captures and what follows them hold none."""
    chosen = transaction.chosen_plan
    if chosen is not None and chosen.offer_id is not None:
        await release_offer(connection, tenant_id, chosen.offer_id, holder=transaction.message_id)


def _tell(
    engine: Engine, order: MerchantOrder, transaction: OrderTransaction, *, status: OrderStatus
) -> EventRow:
    return EventRow(
        event_id=engine.ids.new_uuid(),
        type="order.reversed",
        subject=order.order_key,
        data={
            "number": transaction.number,
            "kind": transaction.kind,
            "amount_minor": transaction.amount_minor,
            "currency": transaction.currency,
            "status": status,
            "client_id": order.client_id,
        },
    )
