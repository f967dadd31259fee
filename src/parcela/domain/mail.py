"""Letters by e-mail: what they are about, which addresses can be written to, and when a try is repeated."""

import re
from enum import StrEnum

from parcela.domain.delivery import DeliveryRules, Ladder, Obstacle

MAX_ADDRESS = 254
"""Characters of an address (RFC 5321 §4.5.3.1.3, without the angle brackets)."""

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SUCCESSES = frozenset(range(200, 300))


class MailKind(StrEnum):
    """What happened that a person is told of by mail."""

    RECEIPT = "receipt"
    WITHDRAWAL = "withdrawal"
    REFUND = "refund"
    OVERDUE = "overdue"
    WEBHOOK_FAILED = "webhook_failed"


MAIL_RULES = DeliveryRules(
    ladder=Ladder(first_s=(60, 300, 1800, 7200, 21_600, 86_400, 86_400, 86_400)),
    delivered_statuses=_SUCCESSES,
    retried_statuses=frozenset(range(400, 500)),
)
"""Nine tries in three and a half days; a reply of 4xx is for now, one of 5xx for good (RFC 5321 §4.2.1)."""

NO_MAIL_SERVER = Obstacle(code="no_destination", reason="no mail server is set (PARCELA_SMTP_URL)")


def find_mailbox(address: str | None) -> str | None:
    """An address as it goes to a mail server, its domain in ASCII; None for one that cannot be written to.

    Quoted local parts, address literals and local parts beyond ASCII are not taken.
    """
    if address is None:
        return None
    local, _, domain = address.rpartition("@")
    try:
        name = domain.encode("idna").decode().lower()
    except UnicodeError:
        return None
    labels = name.split(".")
    is_named = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    is_lawful = is_named and len(local) <= 64 and _LOCAL_PART.fullmatch(local) is not None
    mailbox = f"{local}@{name}"
    return mailbox if is_lawful and len(mailbox) <= MAX_ADDRESS else None


def mask_address(address: str) -> str:
    """An address as logs and records may show it: the first character and the domain."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
