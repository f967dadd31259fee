"""Payments as operators see them: of an account, and one by its id, whichever account has it."""

from collections.abc import Sequence
from dataclasses import dataclass

from parcela.domain.changes import Person
from parcela.domain.errors import InvalidInput, NotFound
from parcela.domain.payments.ids import Prefix, is_id
from parcela.domain.payments.pages import MOST_ITEMS, Page, PageRequest
from parcela.domain.payments.records import Owner, Payment, PaymentMethod
from parcela.domain.payments.refunds import Refund
from parcela.operations.engine import Engine
from parcela.operations.payments.accounts import get_account_client, list_account_clients
from parcela.operations.payments.desk import PaymentView
from parcela.operations.payments.payment_reading import PaymentFilter, make_view
from parcela.store.database import Connection
from parcela.store.payments import payment_methods, payments, refunds

__all__ = ["PaymentFilter", "WholePayment", "list_account_payments", "view_payment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePayment:
    """A payment with its plan, card and refunds, the oldest first, as of one instant."""

    account_id: str
    view: PaymentView
    method: PaymentMethod | None
    refunds: Sequence[Refund]


async def view_payment(engine: Engine, person: Person, payment_id: str) -> WholePayment:
    """A payment of any account and mode. Raises NotAllowed, NotFound."""
    clients = list_account_clients(await engine.look(), person)
    if is_id(payment_id, Prefix.PAYMENT):
        async with (
            engine.database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            for client in clients:
                for is_live in (False, True):
                    owner = Owner(client.tenant_id, client.client_id, is_live)
                    found = await payments.find_payment(connection, owner, payment_id)
                    if found is not None:
                        return await _view_whole(connection, found, account_id=client.code)
    raise NotFound("payment", payment_id)


async def list_account_payments(
    engine: Engine,
    person: Person,
    account_id: str,
    wanted: PaymentFilter,
    *,
    is_live: bool = False,
    limit: int = 50,
) -> Page[Payment]:
    """The newest payments of an account and mode, the newest first.

    Raises NotAllowed, NotFound, InvalidInput.
    """
    client = get_account_client(await engine.look(), person, account_id)
    if not 1 <= limit <= MOST_ITEMS:
        raise InvalidInput("limit", f"1 to {MOST_ITEMS}", came=str(limit))
    owner = Owner(client.tenant_id, client.client_id, is_live)
    async with engine.database.connection() as connection:
        return await payments.list_payments(connection, owner, wanted, page=PageRequest(limit=limit))


async def _view_whole(connection: Connection, payment: Payment, *, account_id: str) -> WholePayment:
    method = None
    if payment.payment_method_id is not None:
        method = await payment_methods.find_payment_method(
            connection, payment.owner, payment.payment_method_id
        )
    return WholePayment(
        account_id=account_id,
        view=await make_view(connection, payment),
        method=method,
        refunds=await refunds.list_refunds_of_payment(connection, payment.owner, payment.payment_id),
    )
