"""The simulated issuers of plans: documented cards in test mode, and nothing of the kind in live mode."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.plan_situations import EURO, make_core, make_purchase, price_source

from parcela.connectors.simulated.plan_issuer import DOCUMENTED_CARDS, SimulatedPlanIssuer
from parcela.domain.cards import passes_luhn
from parcela.domain.payments.plan_pricing import price_plan
from parcela.operations.payments.plan_issuers import CardAnswer, CardQuestion, CardWord, PlanWord

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
PHONE = "billingDetails.phone"
OFFER = price_plan(price_source(make_core("core", 3)), make_purchase(), EURO)


def ask(digits: str, *, is_live: bool = False) -> CardQuestion:
    return CardQuestion(
        digits=digits, provider_id=None, amount_minor=60000, currency="EUR", is_live=is_live, asked_at=NOW
    )


CARDS = [
    # The number, what is said of the card, and of a plan that its holder accepted.
    ("5200828200000306", CardAnswer(word=CardWord.NOT_PARTICIPATING), PlanWord.GRANTED),
    ("5200828200000405", CardAnswer(word=CardWord.UNAVAILABLE), PlanWord.GRANTED),
    ("5200828200000504", CardAnswer(word=CardWord.ELIGIBLE, needs_answer=PHONE), PlanWord.GRANTED),
    ("4000005600000302", CardAnswer(word=CardWord.NOT_ELIGIBLE), PlanWord.GRANTED),
    (
        "4000005600000401",
        CardAnswer(word=CardWord.ELIGIBLE, offers_end_at=NOW + timedelta(seconds=60)),
        PlanWord.GRANTED,
    ),
    ("4000005600000500", CardAnswer(word=CardWord.ELIGIBLE), PlanWord.REFUSED),
    ("5200828200000108", CardAnswer(word=CardWord.ELIGIBLE), PlanWord.GRANTED),
]


@pytest.mark.parametrize(("digits", "answer", "word"), CARDS, ids=[row[0][-4:] for row in CARDS])
def test_each_documented_card_has_its_behaviour(digits: str, answer: CardAnswer, word: PlanWord) -> None:
    issuer = SimulatedPlanIssuer()
    assert asyncio.run(issuer.ask_card(ask(digits))) == answer
    for _ in range(2):
        assert asyncio.run(issuer.approve(ask(digits), OFFER, question_id="pay_1:offer_1")) is word


@pytest.mark.parametrize("digits", sorted(DOCUMENTED_CARDS))
def test_in_live_mode_a_number_means_nothing(digits: str) -> None:
    issuer = SimulatedPlanIssuer()
    question = ask(digits, is_live=True)
    assert passes_luhn(digits)
    assert asyncio.run(issuer.ask_card(question)) == CardAnswer(word=CardWord.ELIGIBLE)
    assert asyncio.run(issuer.approve(question, OFFER, question_id="pay_1:offer_1")) is PlanWord.GRANTED


def test_a_question_does_not_show_its_card() -> None:
    assert "5200828200000108" not in repr(ask("5200828200000108"))
