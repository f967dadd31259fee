"""Webhook endpoints of an account: which events go there, and under which names (`spec/payments.md` §11)."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from parcela.domain.payments.events import ALIASES, EventType
from parcela.domain.payments.records import Owner
from parcela.domain.payments.refusals import Fault, PaymentRefused

ALL_EVENTS = "*"
EVENT_NAMES = (ALL_EVENTS, *EventType, *ALIASES)
MAX_ENDPOINTS = 20
"""How many endpoints an account may have in one mode."""
SECRET_PREFIX = "whsec_"
SECRET_BYTES = 32
DEFAULT_OVERLAP_HOURS, MAX_OVERLAP_HOURS = 24, 168
MAX_BODY_BYTES = 20_000
"""A webhook's body stays below this (Standard Webhooks)."""
_KEPT_MEMBERS = frozenset({"id", "object", "status", "created", "livemode"})


class EndpointStatus(StrEnum):
    """Does an endpoint get webhooks? `deleted` ones are not shown any more."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where events of an account go. `disabled_reason` is set while the endpoint is disabled."""

    endpoint_id: str
    owner: Owner
    url: str
    description: str | None
    enabled_events: tuple[str, ...]
    status: EndpointStatus
    disabled_reason: str | None
    created_at: datetime


def make_secret(random: bytes) -> str:
    """The text that signs, from 32 bytes that nobody can guess."""
    assert len(random) == SECRET_BYTES
    return SECRET_PREFIX + b64encode(random).decode()


def check_enabled_events(names: Sequence[str]) -> tuple[str, ...]:
    """The names without repetition, in their order. Raises PaymentRefused (400)."""
    if not names:
        raise PaymentRefused(
            Fault.PARAMETER_INVALID,
            "'enabledEvents' must name at least one event; '*' stands for all.",
            param="enabledEvents",
        )
    for place, name in enumerate(names):
        if name not in EVENT_NAMES:
            raise PaymentRefused(
                Fault.PARAMETER_INVALID,
                f"'enabledEvents' must hold '*' or names of events: '{name[:64]}' is none.",
                param=f"enabledEvents[{place}]",
            )
    return tuple(dict.fromkeys(names))


def find_topic(enabled_events: Sequence[str], event: str) -> str | None:
    """The name under which an endpoint gets an event: its own, or the alias that was asked for.

    An event is sent once, under its own name where that or `*` is among those asked for. None: not wanted.
    """
    if ALL_EVENTS in enabled_events or event in enabled_events:
        return event
    return next(
        (alias for alias, meant in ALIASES.items() if meant == event and alias in enabled_events), None
    )


def shorten_object(document: Mapping[str, Any], *, max_bytes: int) -> tuple[dict[str, Any], list[str]]:
    """An object that fits, and the members that are left out of it, the largest ones first.

    What tells the object apart always stays; a receiver gets the rest by asking for the event.
    """
    kept = dict(document)
    sizes = {name: _measure(value) for name, value in kept.items() if name not in _KEPT_MEMBERS}
    left_out: list[str] = []
    total = _measure(kept)
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        if total <= max_bytes:
            break
        del kept[name]
        left_out.append(name)
        total = _measure(kept)
    return kept, left_out


def _measure(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
