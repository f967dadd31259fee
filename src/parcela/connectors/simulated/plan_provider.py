"""A simulated plan provider: test cards that make it refuse, ask back or be away (`spec/gateway.md` §19)."""

from dataclasses import dataclass

from parcela.domain.card_brands import CardBrand, find_brand
from parcela.domain.merchants import SerialRule, SerialsDue
from parcela.operations.merchant_plan_approval import PlanQuestionBook
from parcela.operations.plan_approval import AcceptanceVerdict, PlanProvider, PlanQuestion, PlanVerdict


@dataclass(frozen=True, slots=True)
class PlanBehaviour:
    """What the provider says of an acceptance and of a payment, and what it asks for."""

    on_accept: PlanVerdict = PlanVerdict.GRANTED
    on_approve: PlanVerdict = PlanVerdict.GRANTED
    serials: SerialRule | None = None


DOCUMENTED_ENDINGS: dict[str, PlanBehaviour] = {
    "7101": PlanBehaviour(serials=SerialRule(due=SerialsDue.AT_CAPTURE)),
    "7102": PlanBehaviour(on_accept=PlanVerdict.REFUSED),
    "7103": PlanBehaviour(on_approve=PlanVerdict.REFUSED),
    "7104": PlanBehaviour(serials=SerialRule(due=SerialsDue.AT_PAYMENT)),
    # Busy for the first question only: see `accept`.
    "7105": PlanBehaviour(on_accept=PlanVerdict.BUSY),
    "7106": PlanBehaviour(on_approve=PlanVerdict.UNREACHABLE),
}
_ORDINARY = PlanBehaviour()
_BRANDS = (CardBrand.MASTERCARD, CardBrand.VISA)


class SimulatedPlanProvider:
    """A `PlanProvider` that asks `inner` unless a test merchant's card says otherwise."""

    def __init__(self, inner: PlanProvider, book: PlanQuestionBook) -> None:
        self._inner = inner
        self._book = book

    async def accept(self, question: PlanQuestion) -> AcceptanceVerdict:
        """What the card asks for, if the real provider grants it too."""
        behaviour = find_plan_behaviour(question)
        if behaviour.on_accept is PlanVerdict.REFUSED:
            return AcceptanceVerdict(verdict=PlanVerdict.REFUSED)
        if behaviour.on_accept is PlanVerdict.BUSY and await self._book.count(question.question_id) == 1:
            return AcceptanceVerdict(verdict=PlanVerdict.BUSY)
        said = await self._inner.accept(question)
        if said.verdict is PlanVerdict.GRANTED and behaviour.serials is not None:
            return AcceptanceVerdict(verdict=PlanVerdict.GRANTED, serials=behaviour.serials)
        return said

    async def approve(self, question: PlanQuestion) -> PlanVerdict:
        """What the card asks for, if the real provider grants it too."""
        behaviour = find_plan_behaviour(question)
        if behaviour.on_approve is not PlanVerdict.GRANTED:
            return behaviour.on_approve
        return await self._inner.approve(question)


def find_plan_behaviour(question: PlanQuestion) -> PlanBehaviour:
    """What a question's card asks for."""
    if not question.profile.is_simulated or find_brand(question.digits) not in _BRANDS:
        return _ORDINARY
    return DOCUMENTED_ENDINGS.get(question.digits[-4:], _ORDINARY)
