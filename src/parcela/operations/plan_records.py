"""What payments and acceptances say about a plan, and what came of checking them.

`CheckedPlan` goes from the check of a payment to its hold, its spending and the core's plan.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from parcela.domain.cards import Pan
from parcela.domain.merchant_offers import (
    Acceptance,
    MerchantOffer,
    OfferPrice,
    TermsDisplay,
)
from parcela.domain.merchants import MerchantPlan, OfferRule
from parcela.domain.orders import ChosenPlan, OrderLine
from parcela.domain.programs import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChoice:
    """The plan that a payment names: an offer, or a custom plan with its number of payments and deferrals.

    Exactly one of `offer_id` and `plan_id` is given; the other two belong to a custom plan.
    """

    offer_id: str | None = None
    plan_id: str | None = None
    count: int | None = None
    deferrals: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPayment:
    """A payment as far as plan conditions look at it. `pan` is the number that the payer typed.

    `captures_at_once` tells a payment from an authorization.
    """

    amount_minor: int
    currency: str
    pan: Pan
    lines: tuple[OrderLine, ...] = ()
    captures_at_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPlan:
    """A plan that a payment may be made with, as checked. For an offer `rule` and `program` are as quoted.

    `offer` is the offer as it stood, with the serial numbers of the payment; None for a custom plan.
    `budget_minor` bounds what may be financed under the rule now. `is_withdrawn`: the plan is refused.
    """

    chosen: ChosenPlan
    price: OfferPrice
    program: Program
    program_version: int
    offer: MerchantOffer | None = None
    rule: OfferRule | None = None
    custom: MerchantPlan | None = None
    custom_version: int | None = None
    budget_minor: int | None = None
    is_withdrawn: bool = False

    @property
    def offer_id(self) -> str | None:
        """The offer; None for a custom plan."""
        return self.chosen.offer_id

    @property
    def provider_id(self) -> str:
        """The issuer that lends."""
        return self.program.provider_id

    @property
    def rule_key(self) -> str | None:
        """The natural key of the offer's rule; None for a custom plan."""
        return None if self.rule is None else self.rule.key

    @property
    def acceptance(self) -> Acceptance | None:
        """The payer's word, where there was one."""
        return None if self.offer is None else self.offer.acceptance


class HoldVerdict(StrEnum):
    """What came of holding an offer for a payment."""

    HELD = "held"
    USED = "used"
    """Another payment took it, or is under way with it."""
    BUDGET_SPENT = "budget_spent"
    """The rule's budget has no room for the payment; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptOffer:
    """An update of an offer: the payer's acceptance, serial numbers (in `lines`), or both.

    With `accepts` come `display`, `pan`, `amount_minor` and `currency`; with serial numbers alone they are
    checked where given. `locale` is None where the request names no language: then the quote's counts.
    """

    offer_id: str
    accepts: bool
    display: TermsDisplay | None = None
    pan: Pan | None = field(default=None, repr=False)
    amount_minor: int | None = None
    currency: str | None = None
    lines: tuple[OrderLine, ...] = ()
    locale: str | None = None


class AcceptanceStatus(StrEnum):
    """What an offer is after an update."""

    ACCEPTED = "accepted"
    CONDITIONAL = "conditional"
    """Serial numbers are due."""
    UNAVAILABLE = "unavailable"
    """Expired, withdrawn, or refused by the plan provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceResult:
    """The answer to an update. `missing_serials` are the positions (from 0) of the articles whose serial
    numbers are due: in the request's order for an acceptance, else in the order of the acceptance or quote.
    """

    offer_id: str
    status: AcceptanceStatus
    missing_serials: tuple[int, ...] = ()
