"""Plan providers: the issuers of the catalogue, and the test cards of the simulated one."""

import asyncio
from dataclasses import replace

import pytest
from tests.conftest import RunWithEngine

from parcela.connectors.simulated.plan_provider import SimulatedPlanProvider
from parcela.domain.card_brands import CardBrand, find_brand
from parcela.domain.cards import passes_luhn
from parcela.domain.merchants import MerchantProfile, SerialRule, SerialsDue
from parcela.domain.programs import AccountRange
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.merchant_plan_approval import LocalPlanProvider, RecordedPlanQuestions
from parcela.operations.plan_approval import AcceptanceVerdict, PlanQuestion, PlanVerdict

MERCHANT = MerchantProfile(
    merchant_id="TESTPARCELA01",
    name="Test shop",
    country="AUS",
    mcc="5732",
    currencies=("AUD",),
    brands=(CardBrand.MASTERCARD, CardBrand.VISA),
    acquirer_id="PARCELA_SIM",
    acquirer_merchant_id="100200300",
    terminal_id="PARC0001",
)
QUESTION = PlanQuestion(
    question_id="q1",
    profile=MERCHANT,
    provider_id="6f1a8f4e-0000-4000-8000-000000000000",
    program_id="standard-6",
    digits="5123450000000008",
    amount_minor=120000,
    currency="AUD",
)
GRANTED = AcceptanceVerdict(verdict=PlanVerdict.GRANTED)
OWN_SERIALS = SerialRule(due=SerialsDue.AT_CAPTURE, skus=("PHN-*",))


class SetProvider:
    """Says the same of everything."""

    def __init__(self, verdict: PlanVerdict = PlanVerdict.GRANTED, serials: SerialRule | None = None) -> None:
        self._said = AcceptanceVerdict(verdict=verdict, serials=serials)

    async def accept(self, question: PlanQuestion) -> AcceptanceVerdict:
        """The verdict that was set."""
        return self._said

    async def approve(self, question: PlanQuestion) -> PlanVerdict:
        """The verdict that was set."""
        return self._said.verdict


class CountingBook:
    """Counts questions in memory."""

    def __init__(self) -> None:
        self._asked: dict[str, int] = {}

    async def count(self, question_id: str) -> int:
        """One more."""
        self._asked[question_id] = self._asked.get(question_id, 0) + 1
        return self._asked[question_id]


def serials(due: SerialsDue) -> AcceptanceVerdict:
    """Granted, with serial numbers for every item."""
    return AcceptanceVerdict(verdict=PlanVerdict.GRANTED, serials=SerialRule(due=due))


REFUSED = AcceptanceVerdict(verdict=PlanVerdict.REFUSED)
BUSY = AcceptanceVerdict(verdict=PlanVerdict.BUSY)


@pytest.mark.parametrize(
    ("digits", "accepted", "approved"),
    [
        ("5123450000017101", serials(SerialsDue.AT_CAPTURE), PlanVerdict.GRANTED),
        ("4508750000027101", serials(SerialsDue.AT_CAPTURE), PlanVerdict.GRANTED),
        ("5123450000007102", REFUSED, PlanVerdict.GRANTED),
        ("4508750000017102", REFUSED, PlanVerdict.GRANTED),
        ("5123450000097103", GRANTED, PlanVerdict.REFUSED),
        ("4508750000007103", GRANTED, PlanVerdict.REFUSED),
        ("5123450000087104", serials(SerialsDue.AT_PAYMENT), PlanVerdict.GRANTED),
        ("4508750000097104", serials(SerialsDue.AT_PAYMENT), PlanVerdict.GRANTED),
        ("5123450000077105", BUSY, PlanVerdict.GRANTED),
        ("4508750000087105", BUSY, PlanVerdict.GRANTED),
        ("5123450000067106", GRANTED, PlanVerdict.UNREACHABLE),
        ("4508750000077106", GRANTED, PlanVerdict.UNREACHABLE),
        ("5123450000000008", GRANTED, PlanVerdict.GRANTED),
    ],
)
def test_last_four_digits_decide(digits: str, accepted: AcceptanceVerdict, approved: PlanVerdict) -> None:
    assert passes_luhn(digits)

    async def ask() -> tuple[AcceptanceVerdict, PlanVerdict]:
        provider = SimulatedPlanProvider(SetProvider(), CountingBook())
        question = replace(QUESTION, digits=digits)
        return await provider.accept(question), await provider.approve(question)

    assert asyncio.run(ask()) == (accepted, approved)


@pytest.mark.parametrize(
    ("profile", "digits"),
    [
        # Another brand with the same ending, and a merchant that is no test.
        (MERCHANT, "3528000000007102"),
        (replace(MERCHANT, merchant_id="PARCELA01"), "5123450000007102"),
    ],
    ids=["other-brand", "other-merchant"],
)
def test_endings_mean_nothing_elsewhere(profile: MerchantProfile, digits: str) -> None:
    assert find_brand("3528000000007102") is CardBrand.JCB
    provider = SimulatedPlanProvider(SetProvider(serials=OWN_SERIALS), CountingBook())
    said = asyncio.run(provider.accept(replace(QUESTION, profile=profile, digits=digits)))
    assert said == AcceptanceVerdict(verdict=PlanVerdict.GRANTED, serials=OWN_SERIALS)


@pytest.mark.parametrize("digits", ["5123450000017101", "5123450000097103", "5123450000000008"])
def test_simulator_grants_nothing_that_the_real_provider_refuses(digits: str) -> None:
    provider = SimulatedPlanProvider(SetProvider(PlanVerdict.REFUSED), CountingBook())
    assert asyncio.run(provider.accept(replace(QUESTION, digits=digits))) == REFUSED
    assert asyncio.run(provider.approve(replace(QUESTION, digits=digits))) is PlanVerdict.REFUSED


def test_busy_once_for_each_question_across_workers(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> list[PlanVerdict]:
        workers = [SimulatedPlanProvider(SetProvider(), RecordedPlanQuestions(engine)) for _ in range(2)]
        question = replace(QUESTION, digits="5123450000077105")
        asked = [(0, question), (1, question), (0, question), (1, replace(question, question_id="q2"))]
        return [(await workers[worker].accept(asking)).verdict for worker, asking in asked]

    assert run(work) == [PlanVerdict.BUSY, PlanVerdict.GRANTED, PlanVerdict.GRANTED, PlanVerdict.BUSY]


def test_of_equal_questions_at_once_one_is_told_to_ask_again(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> list[PlanVerdict]:
        provider = SimulatedPlanProvider(SetProvider(), RecordedPlanQuestions(engine))
        question = replace(QUESTION, digits="5123450000077105")
        said = await asyncio.gather(*(provider.accept(question) for _ in range(8)))
        return sorted(one.verdict for one in said)

    assert run(work) == [PlanVerdict.BUSY] + [PlanVerdict.GRANTED] * 7


@pytest.mark.parametrize(
    ("where", "verdict"),
    [
        ("own range", PlanVerdict.GRANTED),
        ("no range", PlanVerdict.REFUSED),
        ("other issuer", PlanVerdict.REFUSED),
    ],
)
def test_issuer_grants_its_own_cards(run: RunWithEngine, where: str, verdict: PlanVerdict) -> None:
    async def work(engine: Engine) -> tuple[AcceptanceVerdict, PlanVerdict]:
        entries = [held.entry for held in engine.snapshot.catalogues[MAIN_TENANT].entries.values()]
        own = next(entry for entry in entries if isinstance(entry, AccountRange) and entry.enabled)
        digits = "9999999999999995" if where == "no range" else own.low[:16]
        provider_id = QUESTION.provider_id if where == "other issuer" else own.provider_id
        question = replace(QUESTION, digits=digits, provider_id=provider_id)
        provider = LocalPlanProvider(engine)
        return await provider.accept(question), await provider.approve(question)

    assert run(work) == (AcceptanceVerdict(verdict=verdict), verdict)
