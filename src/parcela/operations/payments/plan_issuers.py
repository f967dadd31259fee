"""The issuer of an installment plan as a port: does this card get plans, and does it get this one?

`spec/payments.md` §6. Calls are made outside transactions, each within 3 seconds.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from parcela.domain.payments.plans import PaymentOffer


class CardWord(StrEnum):
    """What an issuer says of a card."""

    ELIGIBLE = "eligible"
    NOT_PARTICIPATING = "not_participating"
    NOT_ELIGIBLE = "not_eligible"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAnswer:
    """An issuer's word on a card.

    `offers_end_at` cuts the life of offers short; `needs_answer` names one more thing that it wants to know
    of the payer before it grants a plan.
    """

    word: CardWord
    offers_end_at: datetime | None = None
    needs_answer: str | None = None


class PlanWord(StrEnum):
    """What an issuer says of a plan that the payer accepted."""

    GRANTED = "granted"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardQuestion:
    """A purchase with a card, before offers are shown."""

    digits: str = field(repr=False)
    provider_id: str | None
    amount_minor: int
    currency: str
    is_live: bool
    asked_at: datetime


class PlanIssuer(Protocol):
    """An issuer, or the network in front of it. It answers; out of reach is an answer too."""

    async def ask_card(self, question: CardQuestion) -> CardAnswer:
        """Does the card get plans at all?"""

    async def approve(self, question: CardQuestion, offer: PaymentOffer, *, question_id: str) -> PlanWord:
        """The payer accepted this offer: does the plan stand? The same id is the same question."""
