"""The issuers of plans, simulated: in test mode documented cards decide (`spec/payments.md` §16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from parcela.domain.payments.plans import PaymentOffer
from parcela.operations.payments.plan_issuers import CardAnswer, CardQuestion, CardWord, PlanWord

PHONE = "billingDetails.phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBehaviour:
    """What an issuer says of a card, and of a plan that its holder accepted."""

    word: CardWord = CardWord.ELIGIBLE
    offer_life: timedelta | None = None
    needs_answer: str | None = None
    plan_word: PlanWord = PlanWord.GRANTED


DOCUMENTED_CARDS: Mapping[str, CardBehaviour] = {
    "5200828200000306": CardBehaviour(word=CardWord.NOT_PARTICIPATING),
    "5200828200000405": CardBehaviour(word=CardWord.UNAVAILABLE),
    "5200828200000504": CardBehaviour(needs_answer=PHONE),
    "4000005600000302": CardBehaviour(word=CardWord.NOT_ELIGIBLE),
    "4000005600000401": CardBehaviour(offer_life=timedelta(seconds=60)),
    "4000005600000500": CardBehaviour(plan_word=PlanWord.REFUSED),
}
_ORDINARY = CardBehaviour()


class SimulatedPlanIssuer:
    """A `PlanIssuer` (`operations/payments/plan_issuers.py`): every card is eligible and every plan granted,
    unless a documented card in test mode says otherwise.
    """

    async def ask_card(self, question: CardQuestion) -> CardAnswer:
        """Does the card get plans?"""
        behaviour = find_card_behaviour(question)
        life = behaviour.offer_life
        return CardAnswer(
            word=behaviour.word,
            offers_end_at=None if life is None else question.asked_at + life,
            needs_answer=behaviour.needs_answer,
        )

    async def approve(self, question: CardQuestion, offer: PaymentOffer, *, question_id: str) -> PlanWord:
        """Does the plan stand? The answer follows from the card alone, so that it is always the same."""
        return find_card_behaviour(question).plan_word


def find_card_behaviour(question: CardQuestion) -> CardBehaviour:
    """What a card's number asks for; in live mode it means nothing."""
    return _ORDINARY if question.is_live else DOCUMENTED_CARDS.get(question.digits, _ORDINARY)
