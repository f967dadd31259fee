"""What went wrong with a call: exceptions of the HTTP client as kinds and sentences without secrets."""

import errno
import ssl

from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientOSError,
    ClientSSLError,
    ConnectionTimeoutError,
    InvalidURL,
    ServerDisconnectedError,
)

from parcela.connectors.addresses import AddressBlocked
from parcela.connectors.outbound_connection import PeerBlocked
from parcela.operations.outbound import OutboundFailure, OutboundLimits

FAULTS = (ClientError, OSError, TimeoutError)
"""All that a call can end with when the other side, its name server or the way there fails."""


def name_failure(fault: ClientError | OSError, target: str, limits: OutboundLimits) -> OutboundFailure:
    """The failure to report. Words of the other side never enter it, and of the URL only host and port."""
    if isinstance(fault, ConnectionTimeoutError):
        return OutboundFailure("timeout", f"No connection to {target} within {limits.connect_timeout_s:g} s")
    if isinstance(fault, ClientError):
        return _name_client_error(fault, target)
    if isinstance(fault, AddressBlocked):
        return _name_blocked(target)
    if isinstance(fault, TimeoutError) and fault.errno is None:
        return OutboundFailure("timeout", f"No answer from {target} within {limits.total_timeout_s:g} s")
    # Only the lookup of a name raises errors that the client has not wrapped.
    return OutboundFailure("dns", f"The name of {target} does not resolve")


def _name_client_error(fault: ClientError, target: str) -> OutboundFailure:
    """The order counts: narrower classes first."""
    if isinstance(fault, PeerBlocked):
        return _name_blocked(target)
    if isinstance(fault, InvalidURL):
        return OutboundFailure("blocked", f"{target} is not written as a name or address")
    if isinstance(fault, ClientSSLError) or isinstance(fault.__cause__, ssl.SSLError):
        return OutboundFailure("tls", f"TLS with {target} failed: {_describe_tls(fault)}")
    if isinstance(fault, ClientConnectorDNSError):
        if isinstance(fault.os_error, AddressBlocked):
            return _name_blocked(target)
        return OutboundFailure("dns", f"The name of {target} does not resolve")
    if isinstance(fault, ClientConnectorError):
        if isinstance(fault.os_error, ConnectionResetError | ConnectionAbortedError):
            # A connection that is not there yet cannot be reset: it was, and TLS was being agreed on.
            return OutboundFailure("tls", f"TLS with {target} failed: the handshake was broken off")
        return OutboundFailure("connect", f"No connection to {target}: {_describe_os_error(fault.os_error)}")
    if isinstance(fault, ServerDisconnectedError | ClientOSError | ConnectionResetError):
        return OutboundFailure("reset", f"{target} closed the connection before it answered")
    return OutboundFailure("protocol", f"{target} did not answer in HTTP within its limits")


def _name_blocked(target: str) -> OutboundFailure:
    return OutboundFailure("blocked", f"{target} stands for an address that is not public")


def _describe_os_error(fault: OSError) -> str:
    return errno.errorcode.get(fault.errno or 0, "the system refused")


def _describe_tls(fault: ClientError) -> str:
    """OpenSSL's own name of what failed; certificates' words are the other side's and stay out."""
    # The client's own exception is an SSLError too, but an empty one.
    cause = fault.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted (code {cause.verify_code})"
    if isinstance(cause, ssl.SSLError) and cause.reason:
        return cause.reason.lower().replace("_", " ")
    return "the handshake did not end"
