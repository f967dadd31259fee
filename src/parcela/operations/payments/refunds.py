"""Refunds are accepted, described anew, and withdrawn (`spec/payments.md` §9).

What a refund does is fixed when it is accepted: the merchant's balance is debited at once, and the plan is
held until the refund has succeeded or come to nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.refund_decisions import (
    WITHDRAWAL_WINDOW,
    RefundAction,
    add_pending,
    check_withdrawable,
    end_refund,
)
from parcela.domain.payments.refund_effects import decide_effect
from parcela.domain.payments.refunds import Refund, RefundPreview, RefundReason, RefundStatus
from parcela.domain.payments.tasks import TaskKind
from parcela.operations.payments.agenda import drop_tasks, plan_task
from parcela.operations.payments.booking import book_refund
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, new_id, tell
from parcela.operations.payments.keeping import Keeper
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.plan_life import hold_plan
from parcela.operations.payments.refund_ends import come_to_nothing
from parcela.operations.payments.refund_previews import (
    PreviewCommand,
    PreviewStale,
    check_named,
    get_preview,
    is_current,
    make_calendar,
    refresh_preview,
)
from parcela.operations.payments.refund_reading import RefundSight, get_refund, lock_sight
from parcela.store.database import Connection
from parcela.store.payments import payments, refunds


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCommand:
    """A refund as it is asked for. No amount is everything left, or what the preview shows."""

    payment_id: str
    amount_minor: int | None = None
    reason: RefundReason | None = None
    preview_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Stale:
    """The preview does not hold; nothing was written."""

    preview: RefundPreview


async def create_refund(
    desk: PaymentsDesk, moment: AccountMoment, command: RefundCommand, *, keeper: Keeper[Refund]
) -> Refund:
    """Accept a refund.

    Raises PaymentRefused: RESOURCE_MISSING (`payment`, then `preview`), PREVIEW_MISMATCH, PreviewStale,
    PAYMENT_NOT_REFUNDABLE, AMOUNT_TOO_LARGE, in this order; then nothing was written but a fresh preview.
    """

    async def work(connection: Connection) -> Refund | _Stale:
        sight = await lock_sight(connection, moment, command.payment_id)
        amount_minor, preview = command.amount_minor, None
        if command.preview_id is not None:
            preview = await get_preview(connection, moment, command.preview_id)
            check_named(
                preview, PreviewCommand(payment_id=command.payment_id, amount_minor=command.amount_minor)
            )
            if not is_current(preview, sight.ground, moment):
                return _Stale(preview)
            amount_minor = preview.effect.amount_minor
        refund = _make_refund(desk, moment, sight, replace(command, amount_minor=amount_minor))
        if preview is not None:
            # It gives exactly what it showed, also when a new day has begun since.
            refund = replace(refund, expected_from=preview.expected_from, expected_by=preview.expected_by)
        refund = await _accept(connection, desk, moment, sight, refund)
        await keeper.keep(connection, refund)
        return refund

    made = await desk.engine.database.run(work)
    if isinstance(made, _Stale):
        raise PreviewStale(made.preview, await refresh_preview(desk, moment, made.preview))
    return made


async def update_metadata(
    desk: PaymentsDesk,
    moment: AccountMoment,
    refund_id: str,
    metadata: Mapping[str, str],
    *,
    keeper: Keeper[Refund],
) -> Refund:
    """Give a refund other metadata, whatever its status. Raises PaymentRefused (RESOURCE_MISSING)."""
    known = await get_refund(desk, moment, refund_id)

    async def work(connection: Connection) -> Refund:
        sight = await lock_sight(connection, moment, known.payment_id)
        refund = replace(sight.get_refund(refund_id), metadata=metadata)
        await refunds.update_refund(connection, refund, was=refund.status)
        await _tell(connection, desk, moment, EventType.REFUND_UPDATED, refund)
        await keeper.keep(connection, refund)
        return refund

    return await desk.engine.database.run(work)


async def cancel_refund(
    desk: PaymentsDesk, moment: AccountMoment, refund_id: str, *, keeper: Keeper[Refund]
) -> Refund:
    """Withdraw a refund that was not sent yet: the balance is credited back, and the plan runs on.

    Raises PaymentRefused: RESOURCE_MISSING, REFUND_NOT_CANCELLABLE.
    """
    known = await get_refund(desk, moment, refund_id)

    async def work(connection: Connection) -> Refund:
        sight = await lock_sight(connection, moment, known.payment_id)
        refund = sight.get_refund(refund_id)
        check_withdrawable(refund, at=moment.now)
        ended = end_refund(refund, RefundAction.WITHDRAW, at=moment.now)
        await drop_tasks(connection, moment.owner, TaskKind.SEND_REFUND, [refund_id])
        await come_to_nothing(connection, desk, moment, sight, ended)
        await keeper.keep(connection, ended)
        return ended

    return await desk.engine.database.run(work)


def _make_refund(
    desk: PaymentsDesk, moment: AccountMoment, sight: RefundSight, command: RefundCommand
) -> Refund:
    effect = decide_effect(sight.ground, command.amount_minor)
    visible_from, visible_by = make_calendar(moment).find_visible(moment.now, has_plan=sight.plan is not None)
    return Refund(
        refund_id=new_id(desk, moment, Prefix.REFUND),
        owner=moment.owner,
        payment_id=sight.payment.payment_id,
        currency=sight.payment.currency,
        status=RefundStatus.PENDING,
        reason=command.reason,
        effect=effect,
        preview_id=command.preview_id,
        expected_from=visible_from,
        expected_by=visible_by,
        metadata=command.metadata,
        created_at=moment.now,
    )


async def _accept(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, sight: RefundSight, refund: Refund
) -> Refund:
    """Debit the balance, hold the plan, plan the sending, and tell it; gives the refund as it is written."""
    payment = sight.payment
    booked = await book_refund(connection, desk, moment, refund, payment)
    refund = replace(refund, balance_transaction_id=booked.balance_transaction_id)
    await refunds.insert_refund(connection, refund)
    await payments.update_payment(
        connection, add_pending(payment, refund.effect.amount_minor), was=payment.status
    )
    if refund.effect.plan is not None:
        await hold_plan(connection, desk, moment, refund.effect.plan.plan_id)
    due_at = moment.now + WITHDRAWAL_WINDOW
    await plan_task(connection, moment.owner, TaskKind.SEND_REFUND, refund.refund_id, due_at=due_at)
    await _tell(connection, desk, moment, EventType.REFUND_CREATED, refund)
    return refund


async def _tell(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, kind: EventType, refund: Refund
) -> None:
    happening = Happening(kind, refund.refund_id, desk.renderer.render_refund(refund))
    await tell(connection, desk, moment, [happening])
