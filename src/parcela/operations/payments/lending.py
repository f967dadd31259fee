"""The lender of buy-now-pay-later plans as a port (`spec/payments.md` §7): `spec` names its five calls.

Calls are made outside transactions, and are the same call when they come again with the same id.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from parcela.domain.payments.plans import PaymentPlan, PlanRow
from parcela.domain.payments.records import BillingDetails, Owner

ANSWER_S = 3.0
"""A lender or an issuer that says nothing for so long is out of reach (§6.2)."""


class LenderSilent(Exception):
    """The lender gave no answer in time: tell it again later."""


class CreditDecision(StrEnum):
    """What a soft credit check says."""

    APPROVED = "approved"
    DECLINED = "declined"
    REFER = "refer"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The result, and nothing behind it: no score, no bureau data, no reason.

    `limit_minor` is the upper end of the approved bucket; `missing` names the one more member that a referred
    payer must give (`billingDetails.phone`).
    """

    assessment_id: str
    decision: CreditDecision
    sentence: str
    limit_minor: int | None = None
    expires_at: datetime | None = None
    missing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditQuestion:
    """Who wants which credit. `question_id` is unique: the same again gets the first answer."""

    question_id: str
    owner: Owner
    applicant: BillingDetails = field(repr=False)
    amount_minor: int
    currency: str
    count: int
    asked_at: datetime


class CollectionWord(StrEnum):
    """What became of a collection."""

    PAID = "paid"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class Lender(Protocol):
    """A licensed lender: it bears the credit risk and runs the schedule."""

    async def assess(self, question: CreditQuestion) -> Assessment:
        """A soft credit check."""

    async def open(self, plan: PaymentPlan, *, assessment_id: str, at: datetime) -> None:
        """The payment is captured: the credit begins. Raises LenderSilent."""

    async def collect(self, plan: PaymentPlan, row: PlanRow, *, attempt: int, at: datetime) -> CollectionWord:
        """Collect a row with the payer's card."""

    async def recalculate(self, plan: PaymentPlan, *, at: datetime) -> None:
        """A refund changed the rows. Raises LenderSilent."""

    async def close(self, plan: PaymentPlan, *, at: datetime) -> None:
        """Nothing is owed any more. Raises LenderSilent."""
