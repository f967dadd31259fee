"""A simulated lender: decides by the payer's e-mail address (`spec/payments.md` §16), and keeps books."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from parcela.domain.currency import find_currency
from parcela.domain.payments.plans import PaymentPlan, PlanRow
from parcela.operations.payments.lender_book import LenderBook, Verdict
from parcela.operations.payments.lending import (
    Assessment,
    CollectionWord,
    CreditDecision,
    CreditQuestion,
    LenderSilent,
)

ORDINARY_LIMIT_MAJOR = 2000
APPROVAL_LIFE = timedelta(hours=24)
LAPSING_LIFE = timedelta(seconds=60)
PHONE = "billingDetails.phone"
_LIMIT = re.compile(r"bnpl-limit-([0-9]{1,12})", re.ASCII)

SENTENCES: Mapping[CreditDecision, str] = {
    CreditDecision.APPROVED: "The lender grants this plan.",
    CreditDecision.DECLINED: "The lender does not grant this plan. Other ways to pay stay open.",
    CreditDecision.REFER: "The lender has one more question.",
    CreditDecision.UNAVAILABLE: "The lender does not answer at the moment.",
}
"""All that is said of a decision: no score, no reason (§7)."""

log = structlog.get_logger("parcela.lender")


@dataclass(frozen=True, slots=True, kw_only=True)
class LenderBehaviour:
    """What a payer's address asks for. Without a limit the ordinary one counts."""

    is_declined: bool = False
    is_referred: bool = False
    is_silent: bool = False
    is_late_payer: bool = False
    limit_minor: int | None = None
    approval_life: timedelta = APPROVAL_LIFE


ORDINARY = LenderBehaviour()
DOCUMENTED_NAMES: Mapping[str, LenderBehaviour] = {
    "bnpl-decline": LenderBehaviour(is_declined=True),
    "bnpl-refer": LenderBehaviour(is_referred=True),
    "bnpl-timeout": LenderBehaviour(is_silent=True),
    "bnpl-lapse": LenderBehaviour(approval_life=LAPSING_LIFE),
    "bnpl-late": LenderBehaviour(is_late_payer=True),
}


class SimulatedLender:
    """A `Lender` (`operations/payments/lending.py`) by the book.

    `serves_live`: live accounts have this lender too, as in a sandbox. Elsewhere it is out of reach for them,
    for nobody real stands behind it.
    """

    def __init__(self, book: LenderBook, *, serves_live: bool) -> None:
        self._book = book
        self._serves_live = serves_live

    async def assess(self, question: CreditQuestion) -> Assessment:
        """Decide, once for each question. Out of reach is no decision, and is not kept."""
        behaviour = find_lender_behaviour(question)
        is_served = self._serves_live or not question.owner.is_live
        if behaviour.is_silent or not is_served:
            return _stay_silent(question)
        try:
            kept = await self._book.keep(question, decide_credit(question, behaviour))
        except LenderSilent as fault:
            log.warning("the book is away", fault=str(fault))
            return _stay_silent(question)
        log.debug("decided", question=question.question_id, decision=kept.decision)
        return replace(kept, sentence=SENTENCES[kept.decision])

    async def open(self, plan: PaymentPlan, *, assessment_id: str, at: datetime) -> None:
        """Begin the credit, once. Raises LenderSilent."""
        await self._book.open(plan, assessment_id=assessment_id, at=at)

    async def collect(self, plan: PaymentPlan, row: PlanRow, *, attempt: int, at: datetime) -> CollectionWord:
        """Collect a row, once for each attempt."""
        try:
            return await self._book.collect(plan, row, attempt=attempt, at=at)
        except LenderSilent as fault:
            log.warning("the book is away", fault=str(fault))
            return CollectionWord.UNAVAILABLE

    async def recalculate(self, plan: PaymentPlan, *, at: datetime) -> None:
        """What the plan asks for by now. Raises LenderSilent."""
        await self._book.recalculate(plan)

    async def close(self, plan: PaymentPlan, *, at: datetime) -> None:
        """End the credit. Raises LenderSilent."""
        await self._book.close(plan, at=at)


def find_lender_behaviour(question: CreditQuestion) -> LenderBehaviour:
    """What the part before `@` asks for, in any case; in live mode it means nothing."""
    if question.owner.is_live:
        return ORDINARY
    name = (question.applicant.email or "").rpartition("@")[0].lower()
    limit = _LIMIT.fullmatch(name)
    if limit is not None:
        return LenderBehaviour(limit_minor=int(limit.group(1)))
    return DOCUMENTED_NAMES.get(name, ORDINARY)


def decide_credit(question: CreditQuestion, behaviour: LenderBehaviour) -> Verdict:
    """Approved up to the limit, unless the address asks otherwise; a referred payer gives a phone number."""
    if behaviour.is_referred and not question.applicant.phone:
        return Verdict(decision=CreditDecision.REFER, missing=PHONE)
    limit_minor = behaviour.limit_minor
    if limit_minor is None:
        currency = find_currency(question.currency)
        assert currency is not None, "a payment has a currency"
        limit_minor = ORDINARY_LIMIT_MAJOR * int(10**currency.exponent)
    if behaviour.is_declined or question.amount_minor > limit_minor:
        return Verdict(decision=CreditDecision.DECLINED)
    return Verdict(
        decision=CreditDecision.APPROVED,
        limit_minor=limit_minor,
        expires_at=question.asked_at + behaviour.approval_life,
        is_late_payer=behaviour.is_late_payer,
    )


def _stay_silent(question: CreditQuestion) -> Assessment:
    return Assessment(
        assessment_id=question.question_id,
        decision=CreditDecision.UNAVAILABLE,
        sentence=SENTENCES[CreditDecision.UNAVAILABLE],
    )
