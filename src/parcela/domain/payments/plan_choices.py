"""What is said of plans before there is one: the list that is shown, the choice, the word on it.

`spec/payments.md` §§6.2 to 6.4.
"""

from dataclasses import dataclass
from datetime import datetime

from parcela.domain.payments.plans import PaymentOffer, TermsAcceptance
from parcela.domain.payments.records import IgnoredField, Owner, UnavailableReason
from parcela.domain.payments.showings import BY_MERCHANT, Showing


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanList:
    """Offers as they were shown for a payment and a payment method, in the order received.

    `needs_answer` names the one more member of the payer's that the issuer wants to know first.
    """

    owner: Owner
    payment_id: str
    payment_method_id: str
    offers: tuple[PaymentOffer, ...]
    unavailable: tuple[UnavailableReason, ...] = ()
    needs_answer: str | None = None
    shown_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAsked:
    """What a confirmation says beside its wish: exactly which offer, and the payer's word on its terms."""

    offer_id: str | None = None
    acceptance: TermsAcceptance | None = None


NOTHING_ASKED = PlanAsked()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChoice:
    """What a request comes to: an offer that was shown, or none and why.

    `shown_at` is when it was shown, `showing` how.
    """

    offer: PaymentOffer | None = None
    unavailable: tuple[UnavailableReason, ...] = ()
    ignored: tuple[IgnoredField, ...] = ()
    acceptance: TermsAcceptance | None = None
    needs_answer: str | None = None
    card_id: str | None = None
    shown_at: datetime | None = None
    showing: Showing = BY_MERCHANT


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanApproval:
    """The issuer or the lender grants the plan; of a lender with its credit check, which may lapse."""

    assessment_id: str | None = None
    expires_at: datetime | None = None
