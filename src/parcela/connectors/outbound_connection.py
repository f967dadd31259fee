"""One connection to a server of others: looked at before a request goes out, bounded in what it sends."""

import functools
import re
import select
import ssl

from aiohttp import ClientConnectionError, ClientPayloadError, ClientRequest, ClientResponse, TCPConnector
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawResponseMessage
from aiohttp.streams import StreamReader

from parcela.domain.addresses import is_public_address

MAX_HEAD_BYTES = 65_536
"""An answer's head ends within so many octets, with all answers of the 1xx kind before it."""

_HEAD_END = re.compile(rb"\n\r?\n")
_KEPT_OPEN_S = 4.0
"""Shorter than servers commonly keep idle connections, so that they seldom close one as we write."""


class ConnectionStale(ClientConnectionError):
    """A kept connection on which nothing was sent: the other side had closed it, or talked out of turn."""


class PeerBlocked(ClientConnectionError):
    """The connection leads to an address that is not public; nothing was sent on it."""


class BoundedHandler(ResponseHandler):
    """Reads answers, and bounds their heads.

    The parser gets every head apart from what follows it: what is wrong with a body, or comes after it,
    then never costs the answer whose status has been read.
    """

    is_used = False
    _awaits_head = True
    _head_bytes = 0
    _last_octets = b""

    def expect_answer(self) -> None:
        """A request goes out: what comes now is a head."""
        self.is_used = True
        self._awaits_head = True
        self._head_bytes = 0
        self._last_octets = b""

    def data_received(self, data: bytes) -> None:
        """Take octets from the wire."""
        start = 0
        while self._awaits_head and start < len(data) and self.exception() is None:
            end = self._find_head_end(data, start)
            self._head_bytes += end - start
            if self._head_bytes > MAX_HEAD_BYTES:
                self._give_up("the head is too large")
                return
            super().data_received(data[start:end])
            start = end
        if (start < len(data) or not data) and self.exception() is None:
            super().data_received(data[start:])

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Take a head from the parser."""
        self._awaits_head = self._awaits_head and 100 <= data[0].code < 200 and data[0].code != 101
        super().feed_data(data, size)

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """Fail, and wake whoever reads the body of the answer too: nothing more of it will come."""
        body = self._payload
        super().set_exception(exc, exc if exc_cause is None else exc_cause)
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(ClientPayloadError("the rest cannot be read"))

    def _find_head_end(self, data: bytes, start: int) -> int:
        """Where the head that these octets continue ends, or where they do."""
        joined = self._last_octets + data[start : start + MAX_HEAD_BYTES + 1]
        found = _HEAD_END.search(joined)
        end = len(data) if found is None else start + found.end() - len(self._last_octets)
        self._last_octets = joined[-2:] if found is None else b""
        return end

    def _give_up(self, reason: str) -> None:
        """End the connection; whoever waits for an answer learns why."""
        if self.transport is not None:
            self.transport.abort()
        self.set_exception(HttpProcessingError(message=reason))


class CheckedRequest(ClientRequest):
    """A request that does not go out on a connection that the other side has closed.

    It is then certain that it was not received, so it may go out on another one. Once a request was
    written nothing is certain, and nothing is sent again from here: its signature counts once.
    """

    async def send(self, conn: Connection) -> ClientResponse:
        """Write the request. Raises ConnectionStale before anything was written."""
        handler = conn.protocol
        assert isinstance(handler, BoundedHandler)
        if handler.is_used and (handler.should_close or _is_readable(conn)):
            raise ConnectionStale
        handler.expect_answer()
        return await super().send(conn)


class StrictRequest(CheckedRequest):
    """A request that goes to public addresses only: the last look, at the connection itself."""

    async def send(self, conn: Connection) -> ClientResponse:
        """Write the request. Raises PeerBlocked and ConnectionStale before anything was written."""
        peer = None if conn.transport is None else conn.transport.get_extra_info("peername")
        if peer is None:
            raise ConnectionStale
        if not is_public_address(peer[0]):
            raise PeerBlocked
        return await super().send(conn)


def make_connector(resolver: AbstractResolver, tls: ssl.SSLContext) -> TCPConnector:
    """Connections without a limit in number: whoever sends bounds what is under way per destination."""
    connector = TCPConnector(
        resolver=resolver, use_dns_cache=False, limit=0, keepalive_timeout=_KEPT_OPEN_S, ssl=tls
    )
    # The one place where the client lets a handler of our own in.
    connector._factory = functools.partial(BoundedHandler, loop=connector._loop)  # type: ignore[assignment]
    return connector


def _is_readable(conn: Connection) -> bool:
    """Has an idle connection something to read: an end, or words that nobody asked for?"""
    transport = conn.transport
    wire = None if transport is None else transport.get_extra_info("socket")
    if wire is None or wire.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(wire.fileno(), select.POLLIN)
    return bool(poll.poll(0))
