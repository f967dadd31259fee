"""What the simulated lender keeps, as a port, and its records in PostgreSQL.

A question has one answer for ever, a credit is opened once, and a row is collected once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from parcela.domain.payments.plans import PaymentPlan, PlanRow
from parcela.operations.engine import MAIN_TENANT, UNAVAILABLE_ERRORS, Engine
from parcela.operations.payments.lending import (
    Assessment,
    CollectionWord,
    CreditDecision,
    CreditQuestion,
    LenderSilent,
)
from parcela.store.database import Connection
from parcela.store.payments import lender_book as store
from parcela.store.payments.lender_book import NewCredit, StoredAssessment, StoredCollection, StoredCredit

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the lender decides of a question; a late payer's rows are refused once before they are paid."""

    decision: CreditDecision
    limit_minor: int | None = None
    expires_at: datetime | None = None
    missing: str | None = None
    is_late_payer: bool = False


class LenderBook(Protocol):
    """The lender's records. Every call may raise LenderSilent."""

    async def keep(self, question: CreditQuestion, verdict: Verdict) -> Assessment:
        """Keep a decision; the same question again gets the first one. Its sentence is left empty."""

    async def open(self, plan: PaymentPlan, *, assessment_id: str, at: datetime) -> None:
        """Begin a credit, once for each plan."""

    async def collect(self, plan: PaymentPlan, row: PlanRow, *, attempt: int, at: datetime) -> CollectionWord:
        """One attempt at a row; the same again gets the first answer."""

    async def recalculate(self, plan: PaymentPlan) -> None:
        """What is owed by now."""

    async def close(self, plan: PaymentPlan, *, at: datetime) -> None:
        """Nothing is owed any more; again is as good as once."""


class RecordedLenderBook:
    """A `LenderBook` over tables of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def keep(self, question: CreditQuestion, verdict: Verdict) -> Assessment:
        """As the port says."""
        new = StoredAssessment(
            question_id=question.question_id,
            assessment_id=self._engine.ids.new_uuid(),
            decision=verdict.decision,
            limit_minor=verdict.limit_minor,
            missing=verdict.missing,
            is_late_payer=verdict.is_late_payer,
            amount_minor=question.amount_minor,
            currency=question.currency,
            asked_at=question.asked_at,
            expires_at=verdict.expires_at,
        )
        kept = await self._run(lambda connection: store.keep_assessment(connection, MAIN_TENANT, new))
        return Assessment(
            assessment_id=kept.assessment_id,
            decision=CreditDecision(kept.decision),
            sentence="",
            limit_minor=kept.limit_minor,
            expires_at=kept.expires_at,
            missing=kept.missing,
        )

    async def open(self, plan: PaymentPlan, *, assessment_id: str, at: datetime) -> None:
        """As the port says."""
        new = NewCredit(
            plan_id=plan.plan_id,
            assessment_id=assessment_id,
            financed_minor=plan.offer.financed_minor,
            outstanding_minor=plan.remaining_minor,
            currency=plan.offer.currency,
            opened_at=at,
        )
        await self._run(lambda connection: store.open_credit(connection, MAIN_TENANT, new))

    async def collect(self, plan: PaymentPlan, row: PlanRow, *, attempt: int, at: datetime) -> CollectionWord:
        """A credit that is not known yet has nothing to collect: it is asked again later."""

        async def work(connection: Connection) -> CollectionWord:
            credit = await store.lock_credit(connection, MAIN_TENANT, plan.plan_id)
            if credit is None:
                return CollectionWord.UNAVAILABLE
            earlier = await store.list_collections(connection, MAIN_TENANT, plan.plan_id, number=row.number)
            for kept in earlier:
                if kept.attempt == attempt or kept.word == CollectionWord.PAID:
                    return CollectionWord(kept.word)
            word = decide_collection(credit, is_first=not earlier)
            collection = StoredCollection(
                plan_id=plan.plan_id,
                number=row.number,
                attempt=attempt,
                word=word,
                amount_minor=row.amount_minor,
                collected_at=at,
            )
            await store.insert_collection(connection, MAIN_TENANT, collection)
            if word is CollectionWord.PAID:
                left_minor = max(0, credit.outstanding_minor - row.amount_minor)
                await store.update_outstanding(
                    connection, MAIN_TENANT, plan.plan_id, outstanding_minor=left_minor
                )
            return word

        return await self._run(work)

    async def recalculate(self, plan: PaymentPlan) -> None:
        """As the port says."""
        await self._run(
            lambda connection: store.update_outstanding(
                connection, MAIN_TENANT, plan.plan_id, outstanding_minor=plan.remaining_minor
            )
        )

    async def close(self, plan: PaymentPlan, *, at: datetime) -> None:
        """As the port says."""
        await self._run(lambda connection: store.close_credit(connection, MAIN_TENANT, plan.plan_id, at=at))

    async def _run(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        try:
            return await self._engine.database.run(work)
        except UNAVAILABLE_ERRORS as fault:
            raise LenderSilent(type(fault).__name__) from None


def decide_collection(credit: StoredCredit, *, is_first: bool) -> CollectionWord:
    """A closed credit collects nothing; a late payer's card is refused the first time."""
    if credit.state != "open" or (credit.is_late_payer and is_first):
        return CollectionWord.REFUSED
    return CollectionWord.PAID
