"""Merchants' customers."""

import msgspec

from parcela.domain.payments.records import Customer, Owner
from parcela.store.database import Connection

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_metadata = msgspec.json.Decoder(dict[str, str]).decode


async def insert_customer(connection: Connection, customer: Customer) -> None:
    """Write a new customer."""
    owner = customer.owner
    await connection.execute(
        "INSERT INTO payments_customer (tenant_id, customer_id, client_id, is_live, email, name, reference,"
        " metadata, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        owner.tenant_id,
        customer.customer_id,
        owner.client_id,
        owner.is_live,
        customer.email,
        customer.name,
        customer.reference,
        _encode(dict(customer.metadata)).decode(),
        customer.created_at,
    )


async def find_customer(connection: Connection, owner: Owner, customer_id: str) -> Customer | None:
    """A customer of this account and mode."""
    row = await connection.fetchrow(
        "SELECT customer_id, email, name, reference, metadata, created_at FROM payments_customer"
        " WHERE tenant_id = $1 AND client_id = $2 AND is_live = $3 AND customer_id = $4",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        customer_id,
    )
    if row is None:
        return None
    return Customer(
        customer_id=row["customer_id"],
        owner=owner,
        email=row["email"],
        name=row["name"],
        reference=row["reference"],
        metadata=_decode_metadata(row["metadata"]),
        created_at=row["created_at"],
    )
