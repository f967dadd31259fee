"""Which addresses webhooks may go to (`spec/payments.md` §11.2), by the rules that need no network.

Whether a name leads to public addresses is checked at each try, on the connection itself.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from parcela.domain.addresses import is_public_address
from parcela.domain.payments.refusals import Fault, PaymentRefused

MAX_URL_CHARACTERS = 2048
_PORTS = frozenset({443, 8443})
# No characters that two readers of a URL may read differently.
_PLAIN_URL = re.compile(r"[A-Za-z0-9:/?!$&'()*+,;=._~%\[\]-]+")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
# Whatever ends in digits, hexadecimal ones included, is read as an address by some.
_TOP_LABEL = re.compile(r"[A-Za-z]{2,63}|[Xx][Nn]--[A-Za-z0-9-]{1,59}")
_PRIVATE_TOP_LABELS = frozenset({"internal", "intranet", "local", "localhost"})
_MAX_NAME = 253


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReach:
    """What the settings allow: further ports, and in test mode http, private addresses and any port."""

    ports: frozenset[int] = frozenset()
    allows_private: bool = False

    def allows_private_in(self, *, is_live: bool) -> bool:
        """Never in live mode."""
        return self.allows_private and not is_live


def check_webhook_url(url: str, reach: WebhookReach, *, is_live: bool) -> str:
    """The address as it was given. Raises PaymentRefused (400, `url_invalid`)."""
    parts = _split(url)
    host, port = parts.hostname or "", parts.port
    if reach.allows_private_in(is_live=is_live):
        return url
    if parts.scheme != "https":
        raise _refuse("an https address")
    if port is not None and port not in _PORTS | reach.ports:
        allowed = ", ".join(str(allowed) for allowed in sorted(_PORTS | reach.ports))
        raise _refuse(f"an address with one of the ports {allowed}")
    if not (is_public_address(host) if _is_address(host) else _is_public_name(host)):
        raise _refuse("an address whose host is a public domain name or a public IP address")
    return url


def _split(url: str) -> SplitResult:
    """The parts of an address that every reader reads alike."""
    if len(url) > MAX_URL_CHARACTERS:
        raise _refuse(f"at most {MAX_URL_CHARACTERS} characters long")
    if "@" in url:
        raise _refuse("an address without a user part")
    if not _PLAIN_URL.fullmatch(url):
        raise _refuse(
            "written in plain ASCII; write other letters of a host as xn--, and of a path as %C3%A9"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refuse("an absolute address such as https://shop.example/hooks") from None
    is_bracketed = "[" in url
    is_whole = url.startswith(("https://", "http://")) and bool(parts.hostname) and port != 0
    if not is_whole or is_bracketed != (":" in (parts.hostname or "")) or parts.netloc.endswith(":"):
        raise _refuse("an absolute address such as https://shop.example/hooks")
    return parts


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _is_public_name(host: str, *, private: Collection[str] = _PRIVATE_TOP_LABELS) -> bool:
    labels = host.removesuffix(".").split(".")
    return (
        len(host) <= _MAX_NAME
        and len(labels) >= 2
        and all(_LABEL.fullmatch(label) for label in labels)
        and _TOP_LABEL.fullmatch(labels[-1]) is not None
        and labels[-1].lower() not in private
    )


def _refuse(expected: str) -> PaymentRefused:
    return PaymentRefused(Fault.URL_INVALID, f"'url' must be {expected}.", param="url")
