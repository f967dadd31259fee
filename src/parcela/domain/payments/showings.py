"""How plans came before their payer, and what the payer was asked and answered (`disclosures.md` §6)."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_KEPT_IPV4_BITS = 24
_KEPT_IPV6_BITS = 48
# In this order: a browser names those that it is made from as well.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
OTHER_BROWSER = "other"


CREDIT_CHECK = "credit_check"
"""What a consent is to that is given before the others: a lender asks about the payer then."""


class Channel(StrEnum):
    """Who showed the plan: our hosted page, or the merchant from our answers."""

    HOSTED = "hosted"
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A question as it was put, and its answer. `to` is terms, credit_check, other_count or plan.

    Nothing is ticked beforehand, so that an answer is the payer's own act. `language` is the question's.
    """

    to: str
    question: str | None
    language: str | None = None
    is_given: bool
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How the plan was shown that is accepted, or left. `language` is that of the page, None: the payment's.

    `address` is shortened (`shorten_address`), `browser` a name alone (`name_browser`).
    """

    channel: Channel = Channel.API
    language: str | None = None
    consents: tuple[Consent, ...] = ()
    address: str | None = None
    browser: str | None = None


BY_MERCHANT = Showing()
"""The merchant's server calls: what its shopper saw is the merchant's to say."""

ON_HOSTED_PAGE = Showing(channel=Channel.HOSTED)
"""Our own page, when nothing more is known of the browser."""


def shorten_address(address: str | None) -> str | None:
    """An IP address without its last part: the network of 256, or of a household; None for no address."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    kept = mapped or found
    bits = _KEPT_IPV4_BITS if kept.version == 4 else _KEPT_IPV6_BITS
    return str(ipaddress.ip_network((kept, bits), strict=False))


def name_browser(user_agent: str | None) -> str | None:
    """The name of a browser, without its version and its machine; None when it does not say anything."""
    if not user_agent:
        return None
    return next((name for mark, name in _BROWSERS if mark in user_agent), OTHER_BROWSER)
