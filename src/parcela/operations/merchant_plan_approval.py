"""Plan approval by the issuers of the catalogue, and the count of questions that were asked."""

from typing import Protocol

from parcela.domain.cards import Pan
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.plan_approval import AcceptanceVerdict, PlanQuestion, PlanVerdict
from parcela.store import simulated_acquirer as store
from parcela.store.database import Connection


class LocalPlanProvider:
    """Grants what an issuer has set up: the issuer is there, and the card lies in one of its ranges."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def accept(self, question: PlanQuestion) -> AcceptanceVerdict:
        """An acceptance is granted as a payment is; serial numbers are the offer's own business."""
        return AcceptanceVerdict(verdict=await self.approve(question))

    async def approve(self, question: PlanQuestion) -> PlanVerdict:
        """By the set-up as this process last saw it; the request that asks has just looked."""
        catalogue = self._engine.recall().catalogue(MAIN_TENANT)
        found = catalogue.find_range(Pan(question.digits).padded)
        if catalogue.find_issuer(question.provider_id) is None or found is None:
            return PlanVerdict.REFUSED
        is_own = found.account_range.provider_id == question.provider_id
        return PlanVerdict.GRANTED if is_own else PlanVerdict.REFUSED


class PlanQuestionBook(Protocol):
    """How often the simulated plan provider was asked a question, whichever worker asked."""

    async def count(self, question_id: str) -> int:
        """Note the question; gives how often it was asked by now."""


class RecordedPlanQuestions:
    """A `PlanQuestionBook` in PostgreSQL; what a question says is kept as a keyed hash."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def count(self, question_id: str) -> int:
        """One statement, so that of two askers at once one is the first."""
        key = self._engine.vault.fingerprint(MAIN_TENANT, b"plan-question|" + question_id.encode())

        async def work(connection: Connection) -> int:
            return await store.count_question(connection, MAIN_TENANT, key, at=self._engine.recall().now)

        return await self._engine.database.run_statement(work)
