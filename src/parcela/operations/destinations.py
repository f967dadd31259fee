"""Where notifications may be sent (`spec/network.md` §9): checked when a destination is set up."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from parcela.domain.changes import Change
from parcela.domain.errors import InvalidInput
from parcela.domain.programs import Issuer

_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_PATH_END = "/notifications"

# `is_global` alone is no guard: these carry or hide other addresses, or lead nowhere public.
_NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in (
        "192.88.99.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
        "ff00::/8",
    )
]


def is_public_address(text: str) -> bool:
    """Is this an address on the public internet, and not a way around to one that is not?"""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_global and not any(
        address.version == network.version and address in network for network in _NOT_PUBLIC
    )


async def check_destinations(changes: Sequence[Change], *, is_sandbox: bool) -> None:
    """Check every notification destination among the changes. Raises InvalidInput."""
    for change in changes:
        if isinstance(change.entry, Issuer) and change.entry.notification_url is not None:
            check_destination_form(change.entry.notification_url, is_sandbox=is_sandbox)
            if not is_sandbox:
                await _check_resolves_to_public(change.entry.notification_url)


def check_destination_form(url: str, *, is_sandbox: bool) -> None:
    """The rules that need no network; in a sandbox only that it is a URL with the right path."""
    member = "issuer.notification_url"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidInput(member, "a URL", came=repr(url)) from None
    if parts.scheme not in ("http", "https") or not host:
        raise InvalidInput(member, "an http or https URL with a host", came=repr(url))
    if not parts.path.endswith(_PATH_END):
        raise InvalidInput(member, f"a path that ends in {_PATH_END}", came=repr(parts.path))
    if is_sandbox:
        return
    if parts.scheme != "https":
        raise InvalidInput(member, "an https URL", came=repr(parts.scheme))
    if parts.query or parts.fragment or "?" in url or "#" in url or "@" in parts.netloc or port == 0:
        raise InvalidInput(member, "no query, fragment or user part")
    labels = host.rstrip(".").split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise InvalidInput(member, "a fully qualified domain name, no address", came=repr(host))


async def _check_resolves_to_public(url: str) -> None:
    """Every address that the name stands for must be public."""
    member = "issuer.notification_url"
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InvalidInput(member, "a name that resolves", came=repr(host)) from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public_address(address) for address in addresses):
        raise InvalidInput(member, "a name whose every address is public", came=repr(host))
