"""Webhook endpoints and their sealed secrets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.records import Owner
from parcela.domain.payments.webhooks import EndpointStatus, WebhookEndpoint
from parcela.store.database import Connection
from parcela.store.payments.paging import Condition, Listing, list_page
from parcela.store.vault_keys import SealedContent

_OWNED = "tenant_id = $1 AND client_id = $2 AND is_live = $3"
_SHOWN = f"{_OWNED} AND status <> 'deleted'"
_COLUMNS = (
    "tenant_id, endpoint_id, client_id, is_live, url, description, enabled_events, status, disabled_reason,"
    " created_at"
)
_LISTING = Listing(table="payments_webhook", id_column="endpoint_id", columns=_COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """An endpoint as a try needs it: the secrets that sign now, the present one first."""

    endpoint: WebhookEndpoint
    secrets: tuple[tuple[int, SealedContent], ...] = field(repr=False)


async def insert_endpoint(connection: Connection, endpoint: WebhookEndpoint) -> None:
    """Write an endpoint."""
    await connection.execute(
        "INSERT INTO payments_webhook (tenant_id, client_id, is_live, endpoint_id, url, description,"
        " enabled_events, status, disabled_reason, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        *_key(endpoint.owner),
        endpoint.endpoint_id,
        endpoint.url,
        endpoint.description,
        list(endpoint.enabled_events),
        endpoint.status,
        endpoint.disabled_reason,
        endpoint.created_at,
    )


async def update_endpoint(connection: Connection, endpoint: WebhookEndpoint) -> None:
    """Change address, events and status of an endpoint that is locked."""
    found = await connection.fetchval(
        f"UPDATE payments_webhook SET url = $5, enabled_events = $6, status = $7, disabled_reason = $8"
        f" WHERE {_SHOWN} AND endpoint_id = $4 RETURNING endpoint_id",
        *_key(endpoint.owner),
        endpoint.endpoint_id,
        endpoint.url,
        list(endpoint.enabled_events),
        endpoint.status,
        endpoint.disabled_reason,
    )
    assert found is not None, "the endpoint is locked, and deleted ones are not found"


async def disable_endpoint(connection: Connection, tenant_id: int, endpoint_id: str, *, reason: str) -> bool:
    """Disable an endpoint that is enabled; False for any other."""
    found = await connection.fetchval(
        "UPDATE payments_webhook SET status = 'disabled', disabled_reason = $3"
        " WHERE tenant_id = $1 AND endpoint_id = $2 AND status = 'enabled' RETURNING endpoint_id",
        tenant_id,
        endpoint_id,
        reason,
    )
    return found is not None


async def find_endpoint(
    connection: Connection, owner: Owner, endpoint_id: str, *, is_locked: bool = False
) -> WebhookEndpoint | None:
    """One endpoint of an account, locked against changes if asked."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payments_webhook WHERE {_SHOWN} AND endpoint_id = $4"
        + (" FOR UPDATE" if is_locked else ""),
        *_key(owner),
        endpoint_id,
    )
    return None if row is None else _read_endpoint(row)


async def count_endpoints(connection: Connection, owner: Owner) -> int:
    """How many endpoints an account has. Until the transaction ends nobody else adds one."""
    name = f"webhooks|{owner.tenant_id}|{owner.client_id}|{owner.is_live}"
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
    count: int = await connection.fetchval(
        f"SELECT count(*) FROM payments_webhook WHERE {_SHOWN}", *_key(owner)
    )
    return count


async def list_enabled_endpoints(
    connection: Connection, owner: Owner, *, only: str | None = None
) -> list[tuple[str, list[str]]]:
    """Endpoints that get webhooks now, with what they asked for; they are not deleted meanwhile."""
    rows = await connection.fetch(
        f"SELECT endpoint_id, enabled_events FROM payments_webhook WHERE {_OWNED} AND status = 'enabled'"
        " AND ($4::text IS NULL OR endpoint_id = $4) ORDER BY position FOR KEY SHARE",
        *_key(owner),
        only,
    )
    return [(row["endpoint_id"], row["enabled_events"]) for row in rows]


async def list_endpoints(connection: Connection, owner: Owner, *, page: PageRequest) -> Page[WebhookEndpoint]:
    """A page of an account's endpoints. Raises PaymentRefused for a cursor that is none of them."""
    shown = Condition("status <> {}", EndpointStatus.DELETED)
    return await list_page(connection, owner, _LISTING, page=page, conditions=[shown], read=_read_endpoint)


async def insert_secret(
    connection: Connection, tenant_id: int, endpoint_id: str, sealed: SealedContent, *, number: int
) -> None:
    """Write the secret that signs from now on."""
    await connection.execute(
        "INSERT INTO payments_webhook_secret (tenant_id, endpoint_id, number, key_number, sealed)"
        " VALUES ($1, $2, $3, $4, $5)",
        tenant_id,
        endpoint_id,
        number,
        sealed.key_number,
        sealed.sealed,
    )


async def retire_secret(
    connection: Connection, tenant_id: int, endpoint_id: str, *, expires_at: datetime
) -> int:
    """Let the present secret sign until then, and older ones no more; gives its number."""
    await connection.execute(
        "DELETE FROM payments_webhook_secret"
        " WHERE tenant_id = $1 AND endpoint_id = $2 AND expires_at IS NOT NULL",
        tenant_id,
        endpoint_id,
    )
    number: int = await connection.fetchval(
        "UPDATE payments_webhook_secret SET expires_at = $3"
        " WHERE tenant_id = $1 AND endpoint_id = $2 AND expires_at IS NULL RETURNING number",
        tenant_id,
        endpoint_id,
        expires_at,
    )
    return number


async def delete_secrets(connection: Connection, tenant_id: int, endpoint_id: str) -> None:
    """Forget the secrets of an endpoint that is deleted."""
    await connection.execute(
        "DELETE FROM payments_webhook_secret WHERE tenant_id = $1 AND endpoint_id = $2",
        tenant_id,
        endpoint_id,
    )


async def list_destinations(
    connection: Connection, tenant_id: int, endpoint_ids: Sequence[str], *, now: datetime
) -> dict[str, Destination]:
    """Endpoints in any state with the secrets that sign; `now` is the world's clock."""
    rows = await connection.fetch(
        "SELECT w.*, s.number, s.key_number, s.sealed FROM payments_webhook w"
        " LEFT JOIN payments_agenda a USING (tenant_id, client_id, is_live)"
        " LEFT JOIN payments_webhook_secret s ON s.tenant_id = w.tenant_id AND s.endpoint_id = w.endpoint_id"
        " AND (s.expires_at IS NULL OR s.expires_at > $3::timestamptz + coalesce(a.clock_offset, '0'))"
        " WHERE w.tenant_id = $1 AND w.endpoint_id = ANY($2::text[]) ORDER BY s.number DESC",
        tenant_id,
        list(endpoint_ids),
        now,
    )
    found: dict[str, Destination] = {}
    for row in rows:
        endpoint_id = row["endpoint_id"]
        held = found[endpoint_id].secrets if endpoint_id in found else ()
        if row["number"] is not None:
            held = (*held, (row["number"], SealedContent(key_number=row["key_number"], sealed=row["sealed"])))
        found[endpoint_id] = Destination(endpoint=_read_endpoint(row), secrets=held)
    return found


def _read_endpoint(row: asyncpg.Record) -> WebhookEndpoint:
    return WebhookEndpoint(
        endpoint_id=row["endpoint_id"],
        owner=Owner(row["tenant_id"], row["client_id"], row["is_live"]),
        url=row["url"],
        description=row["description"],
        enabled_events=tuple(row["enabled_events"]),
        status=EndpointStatus(row["status"]),
        disabled_reason=row["disabled_reason"],
        created_at=row["created_at"],
    )


def _key(owner: Owner) -> tuple[int, int, bool]:
    return owner.tenant_id, owner.client_id, owner.is_live
