"""Calls to servers of others over HTTP/1.1: public addresses only, no redirects, everything bounded.

`spec/network.md` §9, §13.
"""

import asyncio
import re
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar
from multidict import CIMultiDict
from yarl import URL

from parcela import __version__
from parcela.connectors.addresses import CheckedResolver, Lookup, SystemLookup
from parcela.connectors.outbound_connection import (
    CheckedRequest,
    ConnectionStale,
    StrictRequest,
    make_connector,
)
from parcela.connectors.outbound_failures import FAULTS, name_failure
from parcela.domain.addresses import is_public_address
from parcela.operations.outbound import OutboundAnswer, OutboundFailure, OutboundLimits, OutboundRequest

_DEFAULT_HEADERS = {"Accept-Encoding": "identity", "User-Agent": f"Parcela/{__version__}"}
_MAX_FIELD_BYTES = 4096
_MAX_FIELDS = 64
_URL = re.compile(r"https?://[!-~]+")
_NO_ROUNDING = 1e9


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a request goes; `name` is what failures call it."""

    url: URL
    host: str
    port: int
    name: str


class GuardedHttp:
    """`OutboundHttp` over sockets.

    Outside a sandbox: https only, and every address of the name must be public, looked up at each call
    and again on the connection itself before a byte of the request is written. Certificates are always
    verified. Bodies of answers are not decompressed. Connections are kept for seconds and used again;
    one whose answer was cut is not.
    """

    def __init__(
        self,
        is_sandbox: bool,
        resolver: Lookup | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._is_sandbox = is_sandbox
        self._own_lookup = SystemLookup() if resolver is None else None
        lookup = self._own_lookup if resolver is None else resolver
        assert lookup is not None
        self._resolver = CheckedResolver(lookup, is_sandbox=is_sandbox)
        self._tls = ssl_context or make_tls_context()
        self._session: ClientSession | None = None

    async def post(self, request: OutboundRequest, limits: OutboundLimits) -> OutboundAnswer:
        """Send one request. Raises OutboundFailure, as the port says."""
        target = self._read_target(request.url)
        deadline_s = asyncio.get_running_loop().time() + limits.total_timeout_s
        try:
            async with asyncio.timeout_at(deadline_s):
                response = await self._send(target, request, limits)
        except FAULTS as fault:
            raise name_failure(fault, target.name, limits) from None
        if response.status == 101:
            response.close()
            raise OutboundFailure("protocol", f"{target.name} switched to a protocol that nobody asked for")
        body, is_cut = await _read_body(response, limits.max_answer_bytes, deadline_s)
        return OutboundAnswer(
            status=response.status, headers=_read_headers(response), body=body, is_cut=is_cut
        )

    async def close(self) -> None:
        """Close what is kept open."""
        if self._session is not None:
            await self._session.close()
        if self._own_lookup is not None:
            self._own_lookup.close()

    def _read_target(self, url: str) -> _Target:
        """Where a URL leads. Raises OutboundFailure, kind "blocked"."""
        parts = _split_url(url)
        if parts is None:
            raise OutboundFailure("blocked", "The destination is not a plain http or https URL")
        if not self._is_sandbox and parts.scheme != "https":
            raise OutboundFailure("blocked", "The destination is not an https URL")
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        # Encoded: the address goes out as it was signed, not as a library would rather write it.
        return _Target(URL(url, encoded=True), host, port, f"{host}:{port}")

    async def _send(
        self, target: _Target, request: OutboundRequest, limits: OutboundLimits
    ) -> ClientResponse:
        """Send until the head of the answer is there; a stale connection is passed over for another."""
        session = self._session or self._open_session()
        connect_timeout_s = limits.connect_timeout_s
        if not self._is_sandbox:
            connect_timeout_s -= await self._check_address(target, connect_timeout_s)
        # Whole seconds would do for a browser: here a deadline of 800 ms is one.
        timeout = ClientTimeout(
            total=None, connect=max(connect_timeout_s, 0.001), ceil_threshold=_NO_ROUNDING
        )
        while True:
            try:
                return await session.post(
                    target.url,
                    data=request.body,
                    headers=request.headers,
                    timeout=timeout,
                    allow_redirects=False,
                )
            except ConnectionStale:
                continue

    async def _check_address(self, target: _Target, timeout_s: float) -> float:
        """Check where a host leads now, and say how many seconds that took."""
        started_s = asyncio.get_running_loop().time()
        if _is_address(target.host):
            if not is_public_address(target.host):
                raise OutboundFailure("blocked", f"{target.name} is not a public address")
            return 0.0
        try:
            async with asyncio.timeout(timeout_s):
                await self._resolver.check(target.host, target.port)
        except TimeoutError:
            raise OutboundFailure("dns", f"The name {target.host} was not resolved in time") from None
        except UnicodeError:
            raise OutboundFailure("dns", "The host name cannot be asked for") from None
        return asyncio.get_running_loop().time() - started_s

    def _open_session(self) -> ClientSession:
        self._session = ClientSession(
            connector=make_connector(self._resolver, self._tls),
            request_class=CheckedRequest if self._is_sandbox else StrictRequest,
            cookie_jar=DummyCookieJar(),
            headers=_DEFAULT_HEADERS,
            auto_decompress=False,
            trust_env=False,
            max_line_size=_MAX_FIELD_BYTES,
            max_field_size=_MAX_FIELD_BYTES,
            max_headers=_MAX_FIELDS,
        )
        return self._session


def make_tls_context() -> ssl.SSLContext:
    """TLS 1.2 or newer, with the machine's certificate authorities."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _split_url(url: str) -> SplitResult | None:
    """The parts of a URL that every reader of URLs reads alike; None for others."""
    if not _URL.fullmatch(url) or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    is_plain = bool(parts.hostname) and "@" not in parts.netloc and "#" not in url and port != 0
    # Brackets hold an IPv6 address and nothing else.
    is_named = "[" not in parts.netloc or ":" in (parts.hostname or "")
    return parts if is_plain and is_named else None


def _is_address(host: str) -> bool:
    """Would a client take this for an address, rather than look it up?"""
    return ":" in host or "%" in host or host.replace(".", "").isdigit()


async def _read_body(response: ClientResponse, max_bytes: int, deadline_s: float) -> tuple[bytes, bool]:
    """The body up to a limit, and whether it was cut there, by the deadline or by the other side."""
    body = bytearray()
    is_whole = False
    try:
        async with asyncio.timeout_at(deadline_s):
            while len(body) <= max_bytes:
                chunk = await response.content.readany()
                if not chunk:
                    is_whole = True
                    break
                body += chunk
    except FAULTS:
        # The head is there, so this is an answer; what is missing of it shows in `is_cut`.
        pass
    finally:
        if not is_whole:
            response.close()
    return bytes(body[:max_bytes]), not is_whole


def _read_headers(response: ClientResponse) -> CIMultiDict[str]:
    """The headers as text that can be stored: octets beyond ASCII are read as Latin-1."""
    return CIMultiDict(
        [
            (name, value if value.isascii() else value.encode(errors="surrogateescape").decode("latin-1"))
            for name, value in response.headers.items()
        ]
    )
