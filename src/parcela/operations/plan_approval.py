"""The plan provider as a port: who says whether a merchant's payer gets the plan (issuer or lender)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from parcela.domain.merchants import MerchantProfile, SerialRule


class PlanVerdict(StrEnum):
    """What a provider says of a plan."""

    GRANTED = "granted"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    BUSY = "busy"
    """Ask again, with the same question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuestion:
    """Who asks for which plan. `question_id` is the same when the same question comes again."""

    question_id: str
    profile: MerchantProfile
    provider_id: str
    program_id: str
    digits: str = field(repr=False)
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceVerdict:
    """What a provider says of an acceptance. `serials` replace the offer's own rule where they are given."""

    verdict: PlanVerdict
    serials: SerialRule | None = None


class PlanProvider(Protocol):
    """A plan provider. It answers; a provider out of reach is UNREACHABLE, never an error."""

    async def accept(self, question: PlanQuestion) -> AcceptanceVerdict:
        """The payer accepts an offer: does the offer stand, and what must still be told?"""

    async def approve(self, question: PlanQuestion) -> PlanVerdict:
        """A payment with the plan is about to be made: does the payer get the plan?"""
