"""Calls to servers of others, as a port: `connectors` has the one implementation that guards addresses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

FailureKind = Literal["blocked", "dns", "connect", "tls", "timeout", "reset", "protocol"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRequest:
    """A POST. Its body may hold sealed secrets, so it never shows itself."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundLimits:
    """Deadlines in seconds of the connection and of the whole call, and how much of an answer is read."""

    connect_timeout_s: float
    total_timeout_s: float
    max_answer_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundAnswer:
    """What a server answered. `body` ends at the limit, or where the server broke off, when `is_cut`."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    is_cut: bool = False


class OutboundFailure(Exception):
    """No HTTP answer came. `detail` is a plain sentence without secrets, fit for a record."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        self.kind = kind
        self.detail = detail
        super().__init__(f"{kind}: {detail}")


class OutboundHttp(Protocol):
    """Sends requests to servers of others; redirects are never followed, cookies never kept."""

    async def post(self, request: OutboundRequest, limits: OutboundLimits) -> OutboundAnswer:
        """Send one request. Raises OutboundFailure, and nothing else for whatever the other side does.

        The status line decides: once it and the headers are there, a body that breaks off or takes too
        long cuts the answer and does not fail it.
        """

    async def close(self) -> None:
        """Close what is kept open."""
