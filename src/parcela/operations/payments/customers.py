"""Merchants' customers (`spec/payments.md` §4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.records import Customer
from parcela.domain.payments.refusals import refuse_missing
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import new_id
from parcela.operations.payments.keeping import Keeper
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.payments import customers


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCommand:
    """A customer as the merchant knows them."""

    email: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    reference: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


async def create_customer(
    desk: PaymentsDesk, moment: AccountMoment, command: CustomerCommand, *, keeper: Keeper[Customer]
) -> Customer:
    """Keep a customer."""
    customer = Customer(
        customer_id=new_id(desk, moment, Prefix.CUSTOMER),
        owner=moment.owner,
        email=command.email,
        name=command.name,
        reference=command.reference,
        metadata=command.metadata,
        created_at=moment.now,
    )

    async def work(connection: Connection) -> Customer:
        await customers.insert_customer(connection, customer)
        await keeper.keep(connection, customer)
        return customer

    return await desk.engine.database.run(work)


async def get_customer(desk: PaymentsDesk, moment: AccountMoment, customer_id: str) -> Customer:
    """A customer. Raises PaymentRefused for one that this account has not in this mode."""
    async with desk.engine.database.connection() as connection:
        found = await customers.find_customer(connection, moment.owner, customer_id)
    if found is None:
        raise refuse_missing("customer", customer_id)
    return found
