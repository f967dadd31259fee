"""`customer` as merchants see it (`spec/payments.md` §4)."""

from parcela.dialects.payments.wire_values import Document, WireObject, to_document, write_instant
from parcela.domain.payments.records import Customer


class CustomerObject(WireObject):
    """A merchant's customer."""

    id: str
    object: str
    email: str | None
    name: str | None
    reference: str | None
    metadata: dict[str, str]
    livemode: bool
    created: int


def render_customer(customer: Customer) -> Document:
    """`customer`."""
    return to_document(
        CustomerObject(
            id=customer.customer_id,
            object="customer",
            email=customer.email,
            name=customer.name,
            reference=customer.reference,
            metadata=dict(customer.metadata),
            livemode=customer.owner.is_live,
            created=write_instant(customer.created_at),
        )
    )
