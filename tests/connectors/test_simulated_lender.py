"""The simulated lender: documented addresses decide, and its books keep one answer for each question."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.conftest import RunWithEngine

from parcela.connectors.simulated.lender import (
    SENTENCES,
    SimulatedLender,
    decide_credit,
    find_lender_behaviour,
)
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.plans import (
    CostRate,
    PaymentOffer,
    PaymentPlan,
    PlanRow,
    PlanState,
    RowStatus,
    ShownTerms,
)
from parcela.domain.payments.records import BillingDetails, Owner
from parcela.domain.refund_strategy import RefundStrategy
from parcela.operations.engine import Engine
from parcela.operations.payments.lender_book import LenderBook, RecordedLenderBook
from parcela.operations.payments.lending import (
    Assessment,
    CollectionWord,
    CreditDecision,
    CreditQuestion,
    LenderSilent,
)
from parcela.store.payments import lender_book as store

OWNER = Owner(1, 7, False)
NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
APPROVED, DECLINED = CreditDecision.APPROVED, CreditDecision.DECLINED


def make_question(name: str, amount: int = 60000, **changes: Any) -> CreditQuestion:
    question = CreditQuestion(
        question_id=f"question-{name}",
        owner=OWNER,
        applicant=BillingDetails(name="Ada", email=f"{name}@shop.example"),
        amount_minor=amount,
        currency="EUR",
        count=3,
        asked_at=NOW,
    )
    return replace(question, **changes)


def make_plan(statuses: Sequence[RowStatus]) -> PaymentPlan:
    rows = tuple(
        PlanRow(
            number=number,
            due_date=date(2026, 8, 1) + timedelta(days=30 * (number - 1)),
            principal_minor=0 if status is RowStatus.CANCELLED else 20000,
            status=status,
            original_minor=20000,
        )
        for number, status in enumerate(statuses, 1)
    )
    terms = ShownTerms(
        terms_id="t",
        version="1",
        language="en",
        url="https://lender.example",
        text="Pay later.",
        acceptance_required=False,
        acceptance_text=None,
    )
    offer = PaymentOffer(
        offer_id="offer_1",
        program_name="vinr_bnpl",
        model=ProgramModel.LENDER,
        provider_id="1",
        program_id="1",
        program_version=1,
        currency="EUR",
        count=3,
        rows=rows,
        financed_minor=60000,
        interest_percent=Decimal(0),
        period_rate=(0, 1),
        in_advance=False,
        rate=CostRate(label="APRC", percent=Decimal(0), method="eu_ccd2"),
        controlled_by="lender",
        refund_effect="Less to pay.",
        terms=terms,
        expires_at=NOW,
        offer_hash="sha256:0",
    )
    return PaymentPlan(
        plan_id="0190b9a0-0000-7000-8000-000000000001",
        payment_id="pay_1",
        owner=OWNER,
        state=PlanState.ACTIVE,
        offer=offer,
        rows=rows,
        strategy=RefundStrategy.SPREAD,
        returns_collected_interest=True,
        refund_days=5,
        created_at=NOW,
    )


PLAN = make_plan([RowStatus.DUE] * 3)

DECISIONS = [
    # name before the @, amount, decision, limit
    ("ada", 200_000, APPROVED, 200_000),
    ("ada", 200_001, DECLINED, None),
    ("bnpl-decline", 100, DECLINED, None),
    ("bnpl-limit-50000", 50_000, APPROVED, 50_000),
    ("bnpl-limit-50000", 50_001, DECLINED, None),
    ("BNPL-Decline", 100, DECLINED, None),
    ("bnpl-limit-", 60_000, APPROVED, 200_000),
    ("bnpl-refer", 60_000, CreditDecision.REFER, None),
]


@pytest.mark.parametrize(("name", "amount", "decision", "limit"), DECISIONS)
def test_documented_addresses_decide(
    name: str, amount: int, decision: CreditDecision, limit: int | None
) -> None:
    question = make_question(name, amount)
    verdict = decide_credit(question, find_lender_behaviour(question))
    assert (verdict.decision, verdict.limit_minor) == (decision, limit)
    assert verdict.missing == ("billingDetails.phone" if decision is CreditDecision.REFER else None)


@pytest.mark.parametrize(("currency", "limit"), [("EUR", 200_000), ("JPY", 2_000), ("BHD", 2_000_000)])
def test_the_ordinary_limit_is_in_major_units(currency: str, limit: int) -> None:
    question = make_question("ada", 1, currency=currency)
    assert decide_credit(question, find_lender_behaviour(question)).limit_minor == limit


@pytest.mark.parametrize(
    ("name", "life"), [("ada", timedelta(hours=24)), ("bnpl-lapse", timedelta(seconds=60))]
)
def test_an_approval_ends(name: str, life: timedelta) -> None:
    question = make_question(name)
    assert decide_credit(question, find_lender_behaviour(question)).expires_at == NOW + life


def test_a_referred_payer_who_gives_a_phone_number_is_approved() -> None:
    applicant = BillingDetails(name="Ada", email="bnpl-refer@shop.example", phone="+4930123456")
    question = make_question("bnpl-refer", applicant=applicant)
    assert decide_credit(question, find_lender_behaviour(question)).decision is APPROVED


def test_addresses_mean_nothing_in_live_mode() -> None:
    question = make_question("bnpl-decline", owner=Owner(1, 7, True))
    assert decide_credit(question, find_lender_behaviour(question)).decision is APPROVED


def test_the_same_question_gets_its_first_answer(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> tuple[Assessment, Assessment]:
        lender = make_lender(engine)
        question = make_question("ada")
        again = replace(question, amount_minor=10**9)
        return await lender.assess(question), await lender.assess(again)

    first, second = run(work)
    assert first == second
    assert (first.decision, first.sentence) == (APPROVED, "The lender grants this plan.")
    assert (first.limit_minor, first.expires_at) == (200_000, NOW + timedelta(hours=24))


@pytest.mark.parametrize(
    ("name", "is_live", "decision"),
    [
        ("bnpl-timeout", False, CreditDecision.UNAVAILABLE),
        # Nobody real stands behind the simulator.
        ("ada", True, CreditDecision.UNAVAILABLE),
    ],
)
def test_a_lender_out_of_reach_keeps_nothing(
    run: RunWithEngine, name: str, is_live: bool, decision: CreditDecision
) -> None:
    async def work(engine: Engine) -> tuple[Assessment, int]:
        lender = SimulatedLender(RecordedLenderBook(engine), serves_live=False)
        said = await lender.assess(make_question(name, owner=Owner(1, 7, is_live)))
        async with engine.database.connection() as connection:
            return said, await connection.fetchval("SELECT count(*) FROM simulated_lender_assessment")

    said, kept = run(work)
    assert (said.decision, said.sentence, kept) == (decision, SENTENCES[decision], 0)


def test_rows_are_collected_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> tuple[list[CollectionWord], int]:
        lender = make_lender(engine)
        said = await lender.assess(make_question("ada"))
        words = [await lender.collect(PLAN, PLAN.rows[0], attempt=1, at=NOW)]
        await lender.open(PLAN, assessment_id=said.assessment_id, at=NOW)
        await lender.open(PLAN, assessment_id="another", at=NOW)
        for attempt in (1, 1, 2):
            words.append(await lender.collect(PLAN, PLAN.rows[0], attempt=attempt, at=NOW))
        return words, await find_outstanding(engine)

    words, outstanding = run(work)
    # Before the credit is known there is nothing to collect.
    assert words == [CollectionWord.UNAVAILABLE, *[CollectionWord.PAID] * 3]
    assert outstanding == 40000


def test_a_late_payer_is_refused_once_for_each_row(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> list[CollectionWord]:
        lender = make_lender(engine)
        said = await lender.assess(make_question("bnpl-late"))
        await lender.open(PLAN, assessment_id=said.assessment_id, at=NOW)
        return [
            await lender.collect(PLAN, PLAN.rows[row], attempt=attempt, at=NOW)
            for row, attempt in ((0, 1), (0, 1), (0, 2), (1, 1), (1, 2))
        ]

    refused, paid = CollectionWord.REFUSED, CollectionWord.PAID
    assert run(work) == [refused, refused, paid, refused, paid]


def test_a_refund_changes_and_ends_the_credit(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> tuple[int, int, CollectionWord]:
        lender = make_lender(engine)
        said = await lender.assess(make_question("ada"))
        await lender.open(PLAN, assessment_id=said.assessment_id, at=NOW)
        await lender.recalculate(make_plan([RowStatus.PAID, RowStatus.DUE, RowStatus.CANCELLED]), at=NOW)
        lowered = await find_outstanding(engine)
        await lender.close(PLAN, at=NOW)
        await lender.close(PLAN, at=NOW + timedelta(days=1))
        return (
            lowered,
            await find_outstanding(engine),
            await lender.collect(PLAN, PLAN.rows[1], attempt=1, at=NOW),
        )

    assert run(work) == (20000, 0, CollectionWord.REFUSED)


class UnreachableBook:
    """A book that is away; it does nothing but say so."""

    def __getattr__(self, name: str) -> Any:
        async def call(*_: Any, **__: Any) -> Any:
            raise LenderSilent(name)

        return call


def test_a_book_that_is_away_is_a_silent_lender(run: RunWithEngine) -> None:
    async def work(_: Engine) -> tuple[CreditDecision, CollectionWord]:
        book: LenderBook = UnreachableBook()
        lender = SimulatedLender(book, serves_live=True)
        said = await lender.assess(make_question("ada"))
        word = await lender.collect(PLAN, PLAN.rows[0], attempt=1, at=NOW)
        with pytest.raises(LenderSilent):
            await lender.close(PLAN, at=NOW)
        return said.decision, word

    assert run(work) == (CreditDecision.UNAVAILABLE, CollectionWord.UNAVAILABLE)


def test_nothing_of_the_payer_is_kept(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> str:
        await make_lender(engine).assess(make_question("ada"))
        async with engine.database.connection() as connection:
            return str(
                await connection.fetchval("SELECT json_agg(a)::text FROM simulated_lender_assessment a")
            )

    kept = run(work)
    assert "question-ada" in kept
    assert "shop.example" not in kept and "Ada" not in kept


def make_lender(engine: Engine) -> SimulatedLender:
    return SimulatedLender(RecordedLenderBook(engine), serves_live=True)


async def find_outstanding(engine: Engine) -> int:
    async with engine.database.transaction() as connection:
        credit = await store.lock_credit(connection, 1, PLAN.plan_id)
    assert credit is not None
    return credit.outstanding_minor
