"""Looking at refunds, and at all that the next refund of a payment is decided on."""

from dataclasses import dataclass

from parcela.domain.payments.fees import find_schedule
from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.plans import PaymentPlan
from parcela.domain.payments.records import Payment
from parcela.domain.payments.refund_effects import RefundGround, find_ground
from parcela.domain.payments.refunds import Refund, RefundStatus
from parcela.domain.payments.refusals import refuse_missing
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.payments import payments, plans, refunds


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSight:
    """A locked payment with its plan and all its refunds in the order of acceptance."""

    payment: Payment
    plan: PaymentPlan | None
    refunds: tuple[Refund, ...]
    ground: RefundGround

    def get_refund(self, refund_id: str) -> Refund:
        """One of them; refunds are never deleted."""
        return next(refund for refund in self.refunds if refund.refund_id == refund_id)

    def list_pending_before(self, refund: Refund) -> list[Refund]:
        """Refunds that were accepted earlier and are on their way still."""
        place = self.refunds.index(refund)
        return [earlier for earlier in self.refunds[:place] if earlier.status is RefundStatus.PENDING]

    def list_pending_after(self, refund: Refund) -> list[Refund]:
        """Refunds that were accepted later and are on their way still."""
        place = self.refunds.index(refund)
        return [later for later in self.refunds[place + 1 :] if later.status is RefundStatus.PENDING]

    def find_ground_of(self, refund: Refund) -> RefundGround:
        """What a refund would be decided on that stood in the place of this one."""
        earlier = self.refunds[: self.refunds.index(refund)]
        return find_ground(self.payment, self.plan, earlier, schedule=self.ground.schedule)


async def get_refund(desk: PaymentsDesk, moment: AccountMoment, refund_id: str) -> Refund:
    """A refund of this account. Raises PaymentRefused (RESOURCE_MISSING)."""
    async with desk.engine.database.connection() as connection:
        refund = await refunds.find_refund(connection, moment.owner, refund_id)
    if refund is None:
        raise refuse_missing("refund", refund_id)
    return refund


async def list_refunds(
    desk: PaymentsDesk,
    moment: AccountMoment,
    *,
    page: PageRequest,
    payment_id: str | None = None,
    status: RefundStatus | None = None,
) -> Page[Refund]:
    """A page of the account's refunds, newest first. Raises PaymentRefused for a cursor that is none."""
    async with desk.engine.database.connection() as connection:
        return await refunds.list_refunds(
            connection, moment.owner, page=page, payment_id=payment_id, status=status
        )


async def lock_sight(connection: Connection, moment: AccountMoment, payment_id: str) -> RefundSight:
    """Everything that a refund is decided on, with the payment and its plan locked until the end.

    Raises PaymentRefused (RESOURCE_MISSING, `payment`).
    """
    payment = await payments.lock_payment(connection, moment.owner, payment_id)
    if payment is None:
        raise refuse_missing("payment", payment_id, param="payment")
    plan = None
    if payment.plan_id is not None:
        plan = await plans.find_plan(connection, moment.owner, payment.plan_id, is_locked=True)
    known = tuple(await refunds.list_refunds_of_payment(connection, moment.owner, payment_id))
    program = None if plan is None else payment.issuer_program
    schedule = find_schedule(moment.account, program=program, currency=payment.currency)
    ground = find_ground(payment, plan, known, schedule=schedule)
    return RefundSight(payment=payment, plan=plan, refunds=known, ground=ground)
