"""The acquirer as a port: what carries card messages to the bank that takes a merchant's payments.

Calls are made outside transactions. A call that gets no answer raises `AcquirerSilent`: nobody knows what
became of it, so it is asked about with `find`, and reversed.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from parcela.domain.merchants import MerchantProfile
from parcela.domain.orders import AcquirerFacts, Outcome, TransactionKind


class AcquirerSilent(Exception):
    """The acquirer gave no answer in time, or its answer was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCard:
    """A card as a payer typed it. The security code is used once and never kept."""

    digits: str = field(repr=False)
    expiry_month: str
    expiry_year: str
    security_code: str | None = field(default=None, repr=False)
    holder_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquirerRequest:
    """One card message. `message_id` is ours and unique: the same one again is the same message.

    `card` comes with authorizations, payments and verifications; `original` is the acquirer's reference of
    the transaction that a capture, refund or void is about. `requested_at` is by the world's clock.
    """

    message_id: str
    kind: TransactionKind
    profile: MerchantProfile
    amount_minor: int
    currency: str
    requested_at: datetime
    card: PaymentCard | None = None
    original: str | None = None
    plan_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquirerReply:
    """The bank's word. `outcome` UNKNOWN is an answer too: the bank itself cannot say."""

    outcome: Outcome
    facts: AcquirerFacts


class Acquirer(Protocol):
    """An acquirer. Every call may raise AcquirerSilent."""

    def has_acquirer(self, profile: MerchantProfile) -> bool:
        """Is there anybody to carry this merchant's messages?"""

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        """Carry out a card message, once for its id: the same again gets the first answer."""

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        """What became of a message; None when the acquirer never saw it."""

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        """Void whatever a message did. A message that was never seen is void from then on."""
