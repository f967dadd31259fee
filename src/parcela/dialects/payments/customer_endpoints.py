"""`/v1/customers` (`spec/payments.md` §4)."""

from parcela.dialects.payments.billing_fields import (
    EMAIL,
    LINE,
    REFERENCE,
    check_email,
    check_plain,
    keep_plain,
    read_metadata,
)
from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.customer_objects import CustomerObject, render_customer
from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.kinds import Metadata
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.keys import Scope
from parcela.operations.payments.customers import CustomerCommand, create_customer, get_customer

_BODY = Fields(
    {
        "email": Member(EMAIL),
        "name": Member(LINE),
        "reference": Member(REFERENCE, "The merchant's own name for the customer"),
        "metadata": Member(Metadata()),
    }
)


async def create(call: Call) -> Reply:
    """Keep a customer."""
    body = call.body
    command = CustomerCommand(
        email=check_email(body.get("email"), "email"),
        name=keep_plain(body.get("name")),
        reference=check_plain(body.get("reference")),
        metadata=read_metadata(body.get("metadata")),
    )
    keeper = call.keeper(render_customer)
    return Reply(render_customer(await create_customer(call.desk, call.moment, command, keeper=keeper)))


async def retrieve(call: Call) -> Reply:
    """One customer."""
    return Reply(render_customer(await get_customer(call.desk, call.moment, call.path["id"])))


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/customers",
        scope=Scope.CUSTOMERS_WRITE,
        summary="Keep a customer",
        handler=create,
        answer=CustomerObject,
        body=_BODY,
        status=201,
    ),
    Endpoint(
        method="GET",
        path="/v1/customers/{id}",
        scope=Scope.CUSTOMERS_READ,
        summary="Retrieve a customer",
        handler=retrieve,
        answer=CustomerObject,
    ),
)
