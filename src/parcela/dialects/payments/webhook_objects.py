"""Webhook endpoints and deliveries on the wire (`spec/payments.md` §11.2)."""

from parcela.dialects.payments.wire_values import (
    Document,
    WireObject,
    to_document,
    write_instant,
    write_instant_or_none,
)
from parcela.domain.payments.webhooks import WebhookEndpoint
from parcela.operations.payments.webhook_endpoints import Delivery, DeliveryTry, ShownEndpoint

_STATUSES = {"due": "pending", "delivered": "succeeded", "parked": "failed"}
_HELD_CODES = frozenset({"endpoint_disabled"})


class EndpointObject(WireObject):
    """A webhook endpoint."""

    id: str
    object: str
    url: str
    description: str | None
    status: str
    disabled_reason: str | None
    enabled_events: list[str]
    created: int
    livemode: bool


class ShownEndpointObject(EndpointObject):
    """A webhook endpoint with its secret, which is shown this once."""

    secret: str


class DeletedEndpointObject(WireObject):
    """What is left of a deleted endpoint."""

    id: str
    object: str
    deleted: bool


class TryObject(WireObject):
    """One try. `outcome` is `delivered`, `failed`, `refused` (not tried again), `not_rendered`, `unknown` or
    `started`.
    """

    number: int
    at: int
    outcome: str
    status_code: int | None
    duration_ms: int | None
    error: str | None
    next_attempt_at: int | None
    reason: str | None


class DeliveryObject(WireObject):
    """An event on its way to an endpoint, with its tries, the last one first.

    `status` is `pending`, `succeeded`, `failed`, or `held` while the endpoint is disabled. `reason` says why
    no further try comes.
    """

    id: str
    object: str
    type: str
    status: str
    next_attempt_at: int | None
    reason: str | None
    attempts: list[TryObject]
    created: int
    livemode: bool


def render_webhook_endpoint(endpoint: WebhookEndpoint) -> Document:
    """`webhook_endpoint`, without its secret."""
    return to_document(EndpointObject(**_list_members(endpoint)))


def render_shown_endpoint(shown: ShownEndpoint) -> Document:
    """The same with its secret: on create and on roll only."""
    return to_document(ShownEndpointObject(**_list_members(shown.endpoint), secret=shown.secret))


def render_deleted_endpoint(endpoint: WebhookEndpoint) -> Document:
    """What is answered to DELETE."""
    return to_document(
        DeletedEndpointObject(id=endpoint.endpoint_id, object="webhook_endpoint", deleted=True)
    )


def render_delivery(delivery: Delivery, *, is_live: bool) -> Document:
    """`webhook_delivery`; its id is that of the event."""
    is_held = delivery.parked_code in _HELD_CODES
    return to_document(
        DeliveryObject(
            id=delivery.event_id,
            object="webhook_delivery",
            type=delivery.topic,
            status="held" if is_held else _STATUSES[delivery.status],
            next_attempt_at=write_instant_or_none(delivery.next_attempt_at),
            reason=delivery.parked_reason,
            attempts=[_render_try(found) for found in delivery.tries],
            created=write_instant(delivery.created_at),
            livemode=is_live,
        )
    )


def _render_try(found: DeliveryTry) -> TryObject:
    return TryObject(
        number=found.number,
        at=write_instant(found.started_at),
        outcome=found.outcome,
        status_code=found.http_status,
        duration_ms=found.duration_ms,
        error=found.detail or found.failure_kind,
        next_attempt_at=write_instant_or_none(found.next_attempt_at),
        reason=found.reason,
    )


def _list_members(endpoint: WebhookEndpoint) -> Document:
    return {
        "id": endpoint.endpoint_id,
        "object": "webhook_endpoint",
        "url": endpoint.url,
        "description": endpoint.description,
        "status": str(endpoint.status),
        "disabled_reason": endpoint.disabled_reason,
        "enabled_events": list(endpoint.enabled_events),
        "created": write_instant(endpoint.created_at),
        "livemode": endpoint.owner.is_live,
    }
