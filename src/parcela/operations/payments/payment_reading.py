"""Looking at payments: one, a list, and a payment with its plan as it is shown."""

from collections.abc import Awaitable, Sequence

from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.records import Payment
from parcela.domain.payments.refusals import refuse_missing
from parcela.operations.acquirer_attempts import Superseded
from parcela.operations.payments.desk import PaymentsDesk, PaymentView
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.payments import payments, plans
from parcela.store.payments.payments import PaymentFilter

__all__ = [
    "PaymentFilter",
    "conclude_or_read",
    "get_locked_payment",
    "get_payment",
    "list_payments",
    "make_view",
    "make_views",
]


async def get_payment(
    desk: PaymentsDesk, moment: AccountMoment, payment_id: str, *, param: str | None = None
) -> PaymentView:
    """A payment with its plan. Raises PaymentRefused for one that this account has not in this mode.

    `param` is the request's member that names it, if it is not the address itself.
    """
    async with desk.engine.database.connection() as connection:
        payment = await payments.find_payment(connection, moment.owner, payment_id)
        if payment is None:
            raise refuse_missing("payment", payment_id, param=param)
        return await make_view(connection, payment)


async def conclude_or_read(
    desk: PaymentsDesk, moment: AccountMoment, payment_id: str, concluding: Awaitable[PaymentView]
) -> PaymentView:
    """The payment as the end of an attempt leaves it, or as those left it who took the attempt over."""
    try:
        return await concluding
    except Superseded:
        return await get_payment(desk, moment, payment_id)


async def list_payments(
    desk: PaymentsDesk, moment: AccountMoment, wanted: PaymentFilter, *, page: PageRequest
) -> Page[PaymentView]:
    """A page of payments, newest first. Raises PaymentRefused for a cursor that is none of them."""
    async with desk.engine.database.connection() as connection:
        found = await payments.list_payments(connection, moment.owner, wanted, page=page)
        views = await make_views(connection, found.items)
    return Page(
        items=views,
        has_more=found.has_more,
        next_cursor=found.next_cursor,
        total_estimate=found.total_estimate,
    )


async def get_locked_payment(connection: Connection, moment: AccountMoment, payment_id: str) -> Payment:
    """A payment held for this transaction. Raises PaymentRefused for one that the account has not."""
    payment = await payments.lock_payment(connection, moment.owner, payment_id)
    if payment is None:
        raise refuse_missing("payment", payment_id)
    return payment


async def make_view(connection: Connection, payment: Payment) -> PaymentView:
    """The payment with its plan, if it has one."""
    views = await make_views(connection, [payment])
    return views[0]


async def make_views(connection: Connection, found: Sequence[Payment]) -> list[PaymentView]:
    """The same for several."""
    wanted = [payment.payment_id for payment in found if payment.plan_id is not None]
    held = await plans.list_plans_of_payments(connection, found[0].owner, wanted) if wanted else {}
    return [
        PaymentView(payment=payment, plan=held.get(payment.payment_id) if payment.plan_id else None)
        for payment in found
    ]
