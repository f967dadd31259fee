"""Addresses of the pages that a shopper is sent to: their tokens are derived, and only hashes are stored.

A token is an HMAC of 256 bits over the payment's id, so that it can be shown again and tells nothing
(`spec/payments.md` §15).
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from parcela.domain.payments.ids import find_plan_id
from parcela.domain.payments.plans import PaymentPlan
from parcela.domain.payments.records import AuthenticationStatus, Payment, PaymentStatus
from parcela.operations.ports import Vault
from parcela.store.documents import Document

CHECKOUT_PATH = "/checkout"
CHALLENGE_PATH = "/checkout/challenge"
PLAN_PATH = "/plan"
_PLACE = "{token}"
_OPEN = frozenset({PaymentStatus.PENDING, PaymentStatus.REQUIRES_AUTHENTICATION, PaymentStatus.PROCESSING})


class PageKind(StrEnum):
    """What a token opens."""

    CHECKOUT = "checkout"
    CHALLENGE = "challenge"
    PLAN = "plan"


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

    def make_plan_url(self, plan: PaymentPlan) -> str:
        """The cardholder's own page of a plan."""
        return f"{self.root_url}{PLAN_PATH}/{make_plan_token(self.vault, plan)}"


def make_token(vault: Vault, tenant_id: int, kind: PageKind, subject: str) -> str:
    """The token of a page: 43 characters that are safe in an address."""
    digest = vault.fingerprint(tenant_id, f"page|{kind}|{subject}".encode())
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def make_plan_token(vault: Vault, plan: PaymentPlan) -> str:
    """The token of a plan's page: the number of the link, a full stop, and 43 characters."""
    subject = f"{plan.plan_id}|{plan.page_turn}"
    return f"{plan.page_turn}.{make_token(vault, plan.owner.tenant_id, PageKind.PLAN, subject)}"


def hash_token(token: str) -> bytes:
    """What a token is stored and found by."""
    return hashlib.sha256(token.encode()).digest()


def hide_tokens(document: Document) -> Document:
    """An object as an event keeps it: tokens of its pages are left out, for no table holds one."""
    return _change_links(document, lambda _kind, _subject, url: _hide(url))


def list_tokens(document: Document) -> tuple[str, ...]:
    """What `hide_tokens` leaves out of an object."""
    found: list[str] = []

    def note(_kind: PageKind, _subject: str, url: str) -> str:
        found.append(_split(url)[1])
        return url

    _change_links(document, note)
    return tuple(found)


def show_tokens(document: Document, vault: Vault, *, tenant_id: int) -> Document:
    """An object as it was when `hide_tokens` was given it."""

    def show(kind: PageKind, subject: str, url: str) -> str:
        return url.replace(_PLACE, make_token(vault, tenant_id, kind, subject))

    return _change_links(document, show)


def _hide(url: str) -> str:
    return f"{_split(url)[0]}{_PLACE}"


def _split(url: str) -> tuple[str, str]:
    """A link and its token. The number of a plan's link is no part of it: it tells which token was there."""
    start, _, name = url.rpartition("/")
    turn, stop, token = name.rpartition(".")
    return f"{start}/{turn}{stop}", token


_Change = Callable[[PageKind, str, str], str]
"""A link anew, from the kind of its page, the subject of its token, and the link."""


def _change_links(document: Document, change: _Change) -> Document:
    if document.get("object") == "plan":
        return _change_plan_link(document, change)
    if document.get("object") != "payment":
        return document
    changed, subject = dict(document), str(document["id"])
    checkout, authentication = document.get("checkoutUrl"), document.get("authentication")
    if isinstance(checkout, str):
        changed["checkoutUrl"] = change(PageKind.CHECKOUT, subject, checkout)
    challenge = authentication.get("redirectUrl") if isinstance(authentication, dict) else None
    if isinstance(authentication, dict) and isinstance(challenge, str):
        link = change(PageKind.CHALLENGE, subject, challenge)
        changed["authentication"] = {**authentication, "redirectUrl": link}
    return changed


def _change_plan_link(document: Document, change: _Change) -> Document:
    url, plan_id = document.get("cardholderUrl"), find_plan_id(str(document["id"]))
    if not isinstance(url, str):
        return document
    turn = url.rpartition("/")[2].partition(".")[0]
    return {**document, "cardholderUrl": change(PageKind.PLAN, f"{plan_id}|{turn}", url)}
