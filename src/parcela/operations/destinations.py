"""Where an issuer is called (`spec/network.md` §§9, 13): checked when a destination is set up."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from urllib.parse import SplitResult, urlsplit

from parcela.domain.addresses import is_public_address
from parcela.domain.changes import Change
from parcela.domain.errors import InvalidInput
from parcela.domain.programs import Issuer

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives every address of a host name. Raises OSError or UnicodeError when there is none."""

NOTIFICATION_MEMBER, REALTIME_MEMBER = "issuer.notification_url", "issuer.realtime_url"
PATH_ENDS = {NOTIFICATION_MEMBER: "/notifications", REALTIME_MEMBER: "/card-offers/searches"}

_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
# Whatever ends in digits, hexadecimal ones included, is read as an address by some.
_TOP_LABEL = re.compile(r"[A-Za-z]{2,63}|[Xx][Nn]--[A-Za-z0-9-]{1,59}")
_MAX_NAME = 253
# No characters that two readers of a URL may read differently.
_PLAIN_URL = re.compile(r"[A-Za-z0-9:/!$&'()*+,;=._~%-]+")


async def look_up(host: str, port: int) -> Sequence[str]:
    """Every address of a name, by this machine's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def check_destinations(
    changes: Sequence[Change], *, is_sandbox: bool, lookup: Lookup = look_up
) -> None:
    """Check every destination among the changes. Raises InvalidInput."""
    for change in changes:
        if isinstance(change.entry, Issuer):
            for member, url in _list_destinations(change.entry):
                parts = check_destination_form(url, member=member, is_sandbox=is_sandbox)
                if not is_sandbox:
                    await _check_resolves_to_public(parts, member, lookup)


def _list_destinations(issuer: Issuer) -> Iterator[tuple[str, str]]:
    if issuer.notification_url is not None:
        yield NOTIFICATION_MEMBER, issuer.notification_url
    if issuer.realtime_url is not None:
        yield REALTIME_MEMBER, issuer.realtime_url


def check_destination_form(url: str, *, member: str, is_sandbox: bool) -> SplitResult:
    """The rules that need no network; in a sandbox only that it is a URL with the right path."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidInput(member, "a URL", came=repr(url)) from None
    if parts.scheme not in ("http", "https") or not host:
        raise InvalidInput(member, "an http or https URL with a host", came=repr(url))
    if not parts.path.endswith(PATH_ENDS[member]):
        raise InvalidInput(member, f"a path that ends in {PATH_ENDS[member]}", came=repr(parts.path))
    if is_sandbox:
        return parts
    if parts.scheme != "https":
        raise InvalidInput(member, "an https URL", came=repr(parts.scheme))
    if "?" in url or "#" in url or "@" in parts.netloc or port == 0:
        raise InvalidInput(member, "no query, fragment or user part")
    if not _is_domain_name(host):
        raise InvalidInput(member, "a fully qualified domain name, no address", came=repr(host))
    if not _PLAIN_URL.fullmatch(url):
        raise InvalidInput(member, "a URL in ASCII without spaces and backslashes", came=repr(url))
    return parts


def _is_domain_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return (
        len(host) <= _MAX_NAME
        and len(labels) >= 2
        and all(_LABEL.fullmatch(label) for label in labels)
        and _TOP_LABEL.fullmatch(labels[-1]) is not None
    )


async def _check_resolves_to_public(parts: SplitResult, member: str, lookup: Lookup) -> None:
    """Every address that the name stands for must be public."""
    host = parts.hostname or ""
    try:
        addresses = await lookup(host, parts.port or 443)
    except (OSError, UnicodeError):
        raise InvalidInput(member, "a name that resolves", came=repr(host)) from None
    if not addresses or not all(is_public_address(address) for address in addresses):
        raise InvalidInput(member, "a name whose every address is public", came=repr(host))
