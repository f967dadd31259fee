"""Addresses of the pages that a shopper is sent to: their tokens are derived, and only hashes are stored.

A token is an HMAC of 256 bits over the payment's id, so that it can be shown again and tells nothing
(`spec/payments.md` §15).
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from parcela.domain.payments.records import AuthenticationStatus, Payment, PaymentStatus
from parcela.operations.ports import Vault
from parcela.store.documents import Document

CHECKOUT_PATH = "/checkout"
CHALLENGE_PATH = "/checkout/challenge"
_PLACE = "{token}"
_OPEN = frozenset({PaymentStatus.PENDING, PaymentStatus.REQUIRES_AUTHENTICATION, PaymentStatus.PROCESSING})


class PageKind(StrEnum):
    """What a token opens."""

    CHECKOUT = "checkout"
    CHALLENGE = "challenge"


@dataclass(frozen=True, slots=True)
class PaymentLinks:
    """Makes the addresses of one server."""

    root_url: str
    vault: Vault = field(repr=False)

    def find_checkout_url(self, payment: Payment) -> str | None:
        """Where the shopper pays; None for a payment without a page, or one that is over."""
        if not payment.has_checkout or payment.status not in _OPEN:
            return None
        return self.make_checkout_url(payment)

    def make_checkout_url(self, payment: Payment) -> str:
        """The page of a payment that has one, also when it is over."""
        token = make_token(self.vault, payment.owner.tenant_id, PageKind.CHECKOUT, payment.payment_id)
        return f"{self.root_url}{CHECKOUT_PATH}/{token}"

    def find_challenge_url(self, payment: Payment) -> str | None:
        """Where the cardholder answers 3-D Secure; None unless that is asked for now."""
        is_asked = payment.status is PaymentStatus.REQUIRES_AUTHENTICATION
        if not is_asked or payment.authentication is not AuthenticationStatus.REQUIRED:
            return None
        token = make_token(self.vault, payment.owner.tenant_id, PageKind.CHALLENGE, payment.payment_id)
        return f"{self.root_url}{CHALLENGE_PATH}/{token}"


def make_token(vault: Vault, tenant_id: int, kind: PageKind, subject: str) -> str:
    """The token of a page: 43 characters that are safe in an address."""
    digest = vault.fingerprint(tenant_id, f"page|{kind}|{subject}".encode())
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_token(token: str) -> bytes:
    """What a token is stored and found by."""
    return hashlib.sha256(token.encode()).digest()


def hide_tokens(document: Document) -> Document:
    """A payment as an event keeps it: tokens of its pages are left out, for no table holds one."""
    return _change_links(document, lambda _, url: url.rpartition("/")[0] + f"/{_PLACE}")


def show_tokens(document: Document, vault: Vault, *, tenant_id: int) -> Document:
    """A payment as it was when `hide_tokens` was given it."""

    def show(kind: PageKind, url: str) -> str:
        return url.replace(_PLACE, make_token(vault, tenant_id, kind, str(document["id"])))

    return _change_links(document, show)


def _change_links(document: Document, change: Callable[[PageKind, str], str]) -> Document:
    if document.get("object") != "payment":
        return document
    changed = dict(document)
    checkout, authentication = document.get("checkoutUrl"), document.get("authentication")
    if isinstance(checkout, str):
        changed["checkoutUrl"] = change(PageKind.CHECKOUT, checkout)
    challenge = authentication.get("redirectUrl") if isinstance(authentication, dict) else None
    if isinstance(authentication, dict) and isinstance(challenge, str):
        changed["authentication"] = {**authentication, "redirectUrl": change(PageKind.CHALLENGE, challenge)}
    return changed
