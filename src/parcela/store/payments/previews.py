"""Previews of refunds, kept for a while so that a refund can be made exactly as it was shown."""

from datetime import datetime, timedelta

import msgspec

from parcela.domain.payments.records import Owner
from parcela.domain.payments.refunds import RefundPreview
from parcela.store.database import Connection
from parcela.store.documents import encode_document
from parcela.store.slices import delete_in_slices

KEPT_AFTER = timedelta(days=7)
"""So long a preview that has ended can still be told from one that never was."""

_OWNED = "tenant_id = $1 AND client_id = $2 AND is_live = $3"
_decode = msgspec.json.Decoder(RefundPreview).decode


async def insert_preview(connection: Connection, preview: RefundPreview) -> None:
    """Keep a preview as it is shown."""
    owner = preview.owner
    await connection.execute(
        "INSERT INTO refund_preview"
        " (tenant_id, client_id, is_live, preview_id, payment_id, body, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        preview.preview_id,
        preview.payment_id,
        encode_document(preview),
        preview.created_at,
        preview.expires_at,
    )


async def find_preview(connection: Connection, owner: Owner, preview_id: str) -> RefundPreview | None:
    """A preview of an account, also one that has ended."""
    text = await connection.fetchval(
        f"SELECT body FROM refund_preview WHERE {_OWNED} AND preview_id = $4",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        preview_id,
    )
    return None if text is None else _decode(text)


async def delete_old_previews(
    connection: Connection, owner: Owner, payment_id: str, *, now: datetime
) -> None:
    """Forget a payment's previews that ended long ago by the account's clock."""
    await connection.execute(
        f"DELETE FROM refund_preview WHERE {_OWNED} AND payment_id = $4 AND expires_at < $5",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        payment_id,
        now - KEPT_AFTER,
    )


async def delete_ended_previews(connection: Connection, *, now: datetime) -> None:
    """Forget previews of all accounts that ended long ago; refunds made from them hold their own effect."""
    await delete_in_slices(connection, "refund_preview", condition="expires_at < $1", bound=now - KEPT_AFTER)
