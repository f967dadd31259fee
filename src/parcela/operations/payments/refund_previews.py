"""Previews: what a refund would do, shown before it is made (`spec/payments.md` §9.2)."""

from dataclasses import dataclass
from datetime import timedelta

from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.refund_decisions import RefundCalendar
from parcela.domain.payments.refund_effects import RefundGround, decide_effect, hash_ground
from parcela.domain.payments.refunds import RefundKind, RefundPreview
from parcela.domain.payments.refusals import Fault, PaymentRefused, refuse_missing
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import new_id
from parcela.operations.payments.keeping import Keeper
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.refund_reading import RefundSight, lock_sight
from parcela.store.database import Connection
from parcela.store.payments import previews

PREVIEW_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewCommand:
    """What would be refunded; no amount is everything left."""

    payment_id: str
    amount_minor: int | None = None


class PreviewStale(PaymentRefused):
    """Something that the preview followed from has changed, or it ended. `fresh` shows what holds by now.

    There is none where the refund would be refused by now.
    """

    def __init__(self, preview: RefundPreview, fresh: RefundPreview | None) -> None:
        self.fresh = fresh
        super().__init__(
            Fault.PREVIEW_STALE,
            "The preview does not hold any more: the payment, its plan or its fees changed, or it is older "
            "than 24 hours. Look at the fresh one in `details` and refund with its id.",
            param="preview",
            resource=preview.preview_id,
            details={"preview": None},
        )


async def preview_refund(
    desk: PaymentsDesk,
    moment: AccountMoment,
    command: PreviewCommand,
    *,
    keeper: Keeper[RefundPreview] | None = None,
) -> RefundPreview:
    """What a refund at this instant would do; only the preview itself is written.

    Raises PaymentRefused as the refund would: RESOURCE_MISSING, PAYMENT_NOT_REFUNDABLE, AMOUNT_TOO_LARGE.
    """

    async def work(connection: Connection) -> RefundPreview:
        sight = await lock_sight(connection, moment, command.payment_id)
        preview = _make_preview(desk, moment, sight, command.amount_minor)
        await previews.delete_old_previews(connection, moment.owner, preview.payment_id, now=moment.now)
        await previews.insert_preview(connection, preview)
        if keeper is not None:
            await keeper.keep(connection, preview)
        return preview

    return await desk.engine.database.run(work)


async def get_preview(connection: Connection, moment: AccountMoment, preview_id: str) -> RefundPreview:
    """A preview of this account, ended or not. Raises PaymentRefused (RESOURCE_MISSING, `preview`)."""
    preview = await previews.find_preview(connection, moment.owner, preview_id)
    if preview is None:
        raise refuse_missing("refund preview", preview_id, param="preview")
    return preview


def check_named(preview: RefundPreview, command: PreviewCommand) -> None:
    """Raises PaymentRefused (PREVIEW_MISMATCH) for another payment or amount; no amount is the preview's."""
    for param, named, shown in (
        ("payment", command.payment_id, preview.payment_id),
        ("amount", command.amount_minor, preview.effect.amount_minor),
    ):
        if named is not None and named != shown:
            raise PaymentRefused(
                Fault.PREVIEW_MISMATCH,
                f"The preview shows a refund of {preview.effect.amount_minor} of {preview.payment_id}; "
                f"'{param}' says otherwise.",
                param=param,
                resource=preview.preview_id,
            )


def is_current(preview: RefundPreview, ground: RefundGround, moment: AccountMoment) -> bool:
    """Does everything hold that the preview followed from?"""
    return moment.now < preview.expires_at and preview.state_hash == hash_ground(ground)


async def refresh_preview(
    desk: PaymentsDesk, moment: AccountMoment, preview: RefundPreview
) -> RefundPreview | None:
    """The same question asked anew: a full preview asks for everything left. None where it is refused."""
    is_full = preview.effect.kind is RefundKind.FULL
    amount_minor = None if is_full else preview.effect.amount_minor
    command = PreviewCommand(payment_id=preview.payment_id, amount_minor=amount_minor)
    try:
        return await preview_refund(desk, moment, command)
    except PaymentRefused:
        return None


def make_calendar(moment: AccountMoment) -> RefundCalendar:
    """The account's days."""
    return RefundCalendar(zone=moment.zone, holidays=moment.account.holidays)


def _make_preview(
    desk: PaymentsDesk, moment: AccountMoment, sight: RefundSight, amount_minor: int | None
) -> RefundPreview:
    ground = sight.ground
    effect = decide_effect(ground, amount_minor)
    visible_from, visible_by = make_calendar(moment).find_visible(moment.now, has_plan=sight.plan is not None)
    return RefundPreview(
        preview_id=new_id(desk, moment, Prefix.REFUND_PREVIEW),
        owner=moment.owner,
        payment_id=sight.payment.payment_id,
        currency=sight.payment.currency,
        effect=effect,
        maximum_partial_minor=ground.maximum_partial_minor,
        full_minor=ground.full_minor,
        expected_from=visible_from,
        expected_by=visible_by,
        state_hash=hash_ground(ground),
        expires_at=moment.now + PREVIEW_LIFE,
        created_at=moment.now,
    )
