"""The life of an offer on a real database: acceptance, conditions, hold, spending, budgets, evidence."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from tests.conftest import RunWithEngine
from tests.support.purchases import ask, make_command, save

from parcela.domain.cards import Pan
from parcela.domain.errors import NotFound
from parcela.domain.merchant_offers import CartItem, OfferState, SerialNumbers, TermsDisplay
from parcela.domain.merchants import MerchantPlan, MerchantProfile, OfferRule, SerialRule, SerialsDue
from parcela.domain.order_refusals import (
    AcceptanceMissing,
    ItemMember,
    PlanCondition,
    PlanConditionUnmet,
    PlanProviderBusy,
    TermsNotAccepted,
)
from parcela.domain.orders import ChosenPlan, OrderLine
from parcela.domain.programs import Entry
from parcela.operations import catalogue, people
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.inquiry_records import CartInquiry, GenericInquiry
from parcela.operations.ledger import check_ledger
from parcela.operations.merchant_inquiries import show_cart_offers, show_generic_offers
from parcela.operations.merchant_offers import (
    AcceptanceResult,
    AcceptanceStatus,
    AcceptOffer,
    CheckedPlan,
    HoldVerdict,
    PlanChoice,
    PlannedPayment,
    accept_offer,
    add_serials,
    check_plan_choice,
    check_serials_at_capture,
    checked_to_document,
    hold_offer,
    keep_evidence,
    recall_plan,
    release_offer,
    spend_offer,
)
from parcela.operations.merchants import MerchantCaller, find_caller
from parcela.operations.plan_approval import AcceptanceVerdict, PlanQuestion, PlanVerdict
from parcela.operations.plan_evidence import find_acceptance
from parcela.store import merchant_offers, world
from parcela.store.breaks import Break

SHOP = "TESTPARCELA01"
CARD = "5123450000000008"
OTHER_CARD = "5123456789012346"
PHONE = CartItem(sku="PHN-128-BLK", quantity=Decimal(1), unit_price=Decimal("1150.00"))
CASE = CartItem(sku="CASE-01", quantity=Decimal(2), unit_price=Decimal("25.00"))
COUNTS = """
SELECT (SELECT count(*) FROM merchant_offer) AS offers, (SELECT count(*) FROM event) AS events,
    (SELECT coalesce(sum(revision), 0) FROM merchant_offer) AS revisions,
    (SELECT coalesce(sum(taken_minor), 0) FROM offer_budget) AS taken,
    (SELECT count(*) FROM plan_acceptance) AS acceptances
"""


@dataclass
class ScriptedProvider:
    """A plan provider that says what it is told to, the last thing for ever."""

    words: list[AcceptanceVerdict] = field(
        default_factory=lambda: [AcceptanceVerdict(verdict=PlanVerdict.GRANTED)]
    )
    asked: list[PlanQuestion] = field(default_factory=list)

    async def accept(self, question: PlanQuestion) -> AcceptanceVerdict:
        """The next word."""
        self.asked.append(question)
        return self.words.pop(0) if len(self.words) > 1 else self.words[0]

    async def approve(self, question: PlanQuestion) -> PlanVerdict:
        """Not asked by what is tested here."""
        raise AssertionError(question)


def say(*verdicts: PlanVerdict, serials: SerialRule | None = None) -> ScriptedProvider:
    return ScriptedProvider([AcceptanceVerdict(verdict=verdict, serials=serials) for verdict in verdicts])


async def list_breaks(engine: Engine) -> list[Break]:
    """What is broken, but for the payments that hold offers: here they are made up."""
    return [broken for broken in await check_ledger(engine) if broken.view != "broken_merchant_offer_hold"]


@dataclass
class Desk:
    """A merchant at work: what it sends, and what is written of it."""

    engine: Engine
    merchant_id: str = SHOP
    provider: ScriptedProvider = field(default_factory=ScriptedProvider)

    async def caller(self) -> MerchantCaller:
        caller = find_caller(await self.engine.look(), self.merchant_id)
        assert caller is not None
        return caller

    async def quote(self, **members: Any) -> list[str]:
        """The offers for 1200 dollars, two articles and the card: 3 times, 6 times and 12 times."""
        given: dict[str, Any] = {
            "amount_minor": 120000,
            "currency": "USD",
            "items": (PHONE, CASE),
            "card_prefix": "512345",
            **members,
        }
        seen = await self.engine.look()
        answer = await show_cart_offers(self.engine, seen, await self.caller(), CartInquiry(**given))
        return [offer.offer_id for offer in answer.offers]

    async def accept(self, offer_id: str, **members: Any) -> AcceptanceResult:
        given: dict[str, Any] = {
            "accepts": True,
            "display": TermsDisplay.TERMS_AND_ACCEPTANCE,
            "pan": Pan(CARD),
            "amount_minor": 120000,
            "currency": "USD",
            "lines": (line_of(PHONE), line_of(CASE)),
            **members,
        }
        command = AcceptOffer(offer_id=offer_id, **given)
        return await self.send(command)

    async def bring(self, offer_id: str, *lines: OrderLine) -> AcceptanceResult:
        return await self.send(AcceptOffer(offer_id=offer_id, accepts=False, lines=lines))

    async def send(self, command: AcceptOffer) -> AcceptanceResult:
        seen = await self.engine.look()
        return await accept_offer(self.engine, seen, await self.caller(), self.provider, command)

    async def check(self, choice: str | PlanChoice, **members: Any) -> CheckedPlan:
        given: dict[str, Any] = {
            "amount_minor": 120000,
            "currency": "USD",
            "pan": Pan(CARD),
            "captures_at_once": True,
            **members,
        }
        chosen = PlanChoice(offer_id=choice) if isinstance(choice, str) else choice
        seen = await self.engine.look()
        return await check_plan_choice(
            self.engine, seen, await self.caller(), chosen, PlannedPayment(**given)
        )

    async def fail(self, choice: str | PlanChoice, **members: Any) -> PlanCondition:
        """The condition that a payment does not meet; nothing was written."""
        before = await self.count()
        with pytest.raises(PlanConditionUnmet) as caught:
            await self.check(choice, **members)
        assert await self.count() == before
        return caught.value.condition

    async def hold(self, checked: CheckedPlan, holder: str) -> HoldVerdict:
        seen = await self.engine.look()
        return await self.engine.database.run(
            lambda connection: hold_offer(connection, MAIN_TENANT, checked, holder=holder, at=seen.now)
        )

    async def spend(self, offer_id: str, holder: str) -> None:
        async with self.engine.database.transaction() as connection:
            await spend_offer(connection, MAIN_TENANT, offer_id, holder=holder)

    async def release(self, offer_id: str, holder: str) -> None:
        async with self.engine.database.transaction() as connection:
            await release_offer(connection, MAIN_TENANT, offer_id, holder=holder)

    async def pay(self, offer_id: str, holder: str = "payment") -> CheckedPlan:
        """A payment that succeeds."""
        checked = await self.check(offer_id)
        assert await self.hold(checked, holder) is HoldVerdict.HELD
        await self.spend(offer_id, holder)
        return checked

    async def count(self) -> dict[str, int]:
        async with self.engine.database.connection() as connection:
            row = await connection.fetchrow(COUNTS)
            assert row is not None
            return dict(row)

    async def read(self, offer_id: str) -> tuple[str, str | None]:
        """State and holder of an offer as stored."""
        async with self.engine.database.connection() as connection:
            row = await connection.fetchrow(
                "SELECT state, holder FROM merchant_offer WHERE offer_id = $1", offer_id
            )
            assert row is not None
            return row["state"], row["holder"]

    async def taken(self) -> list[tuple[int, int]]:
        """Budget and what is taken of it."""
        async with self.engine.database.connection() as connection:
            rows = await connection.fetch("SELECT budget_minor, taken_minor FROM offer_budget")
            return [tuple(row) for row in rows]

    async def change_rule(self, rule_id: str, **members: Any) -> None:
        await change(self.engine, replace(await self.rule(rule_id), **members))

    async def rule(self, rule_id: str) -> OfferRule:
        held = (await self.engine.look()).catalogue(MAIN_TENANT).entries
        rule = held[OfferRule.kind, f"{self.merchant_id}:{rule_id}"].entry
        assert isinstance(rule, OfferRule)
        return rule


def line_of(item: CartItem, *serial_numbers: str) -> OrderLine:
    return OrderLine(
        sku=item.sku, quantity=item.quantity, unit_price=item.unit_price, serial_numbers=serial_numbers
    )


async def change(engine: Engine, *wanted: Entry, removed: Sequence[Any] = ()) -> None:
    maker = await people.get_person(engine, "operator@sandbox.example")
    checker = await people.get_person(engine, "second-operator@sandbox.example")
    proposed = await catalogue.propose(
        engine, maker, Proposal(summary="test", wanted=wanted, removed=tuple(removed))
    )
    await catalogue.approve(engine, checker, proposed.change_set_id)


async def move_clock(engine: Engine, by: timedelta) -> None:
    async with engine.database.connection() as connection:
        await world.move_clock(connection, by)


# ---------------------------------------------------------------- acceptance


def test_an_acceptance_is_kept_once_and_answered_alike(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        three, _, _ = await desk.quote()
        before = await desk.count()
        answer = await desk.accept(three)
        assert answer == AcceptanceResult(offer_id=three, status=AcceptanceStatus.ACCEPTED)
        assert await desk.read(three) == ("accepted", None)
        after = {**before, "offers": 1, "revisions": 1, "events": before["events"] + 1}
        assert await desk.count() == after
        assert await desk.accept(three) == answer
        assert await desk.count() == after
        assert len(desk.provider.asked) == 1
        question = desk.provider.asked[0]
        assert (question.program_id, question.amount_minor, question.currency, question.digits) == (
            "standard-3-usd",
            120000,
            "USD",
            CARD,
        )
        # Another card: the earlier acceptance is replaced, under a question of its own.
        assert await desk.accept(three, pan=Pan(OTHER_CARD)) == answer
        assert desk.provider.asked[1].question_id != question.question_id
        assert await desk.fail(three) is PlanCondition.SAME_CARD

    run(work)


def test_serial_numbers_that_the_provider_asks_for_are_told_until_they_are_in(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine, provider=say(PlanVerdict.GRANTED, serials=SerialRule(due=SerialsDue.AT_CAPTURE)))
        three, _, _ = await desk.quote()
        first = await desk.accept(three, lines=(line_of(CASE), line_of(PHONE)))
        # By position in the request, not in the quote.
        assert (first.status, first.missing_serials) == (AcceptanceStatus.CONDITIONAL, (0, 1))
        second = await desk.bring(three, line_of(PHONE, "SN-1"))
        assert (second.status, second.missing_serials) == (AcceptanceStatus.CONDITIONAL, (0,))
        assert await desk.bring(three, line_of(PHONE, "SN-1")) == second
        assert await desk.fail(three) is PlanCondition.SERIAL_NUMBERS
        third = await desk.bring(three, line_of(CASE, "A", "B"))
        assert (third.status, third.missing_serials) == (AcceptanceStatus.ACCEPTED, ())
        checked = await desk.check(three)
        assert checked.offer is not None
        assert checked.offer.serials == (
            SerialNumbers(sku=CASE.sku, index=0, numbers=("A", "B")),
            SerialNumbers(sku=PHONE.sku, index=1, numbers=("SN-1",)),
        )
        assert len(desk.provider.asked) == 1

    run(work)


def test_a_busy_provider_keeps_nothing_and_is_asked_the_same_again(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine, provider=say(PlanVerdict.BUSY, PlanVerdict.UNREACHABLE, PlanVerdict.GRANTED))
        three, _, _ = await desk.quote()
        before = await desk.count()
        for _ in range(2):
            with pytest.raises(PlanProviderBusy):
                await desk.accept(three)
        assert await desk.count() == before
        assert (await desk.accept(three)).status is AcceptanceStatus.ACCEPTED
        assert len({question.question_id for question in desk.provider.asked}) == 1

    run(work)


@pytest.mark.parametrize("gone", ["expired", "withdrawn", "removed", "refused", "spent"])
def test_an_offer_that_is_gone_is_unavailable_and_keeps_nothing(run: RunWithEngine, gone: str) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        three, _, _ = await desk.quote()
        if gone == "expired":
            await move_clock(engine, timedelta(hours=24, seconds=1))
        elif gone == "withdrawn":
            await desk.change_rule("cart-3-usd", withdrawn=True)
        elif gone == "removed":
            await change(engine, removed=[(OfferRule.kind, f"{SHOP}:cart-3-usd")])
        elif gone == "refused":
            desk.provider = say(PlanVerdict.REFUSED)
        else:
            await desk.change_rule("cart-3-usd", budget=Decimal("1199.99"))
        before = await desk.count()
        unavailable = AcceptanceResult(offer_id=three, status=AcceptanceStatus.UNAVAILABLE)
        assert await desk.accept(three) == unavailable
        assert await desk.count() == before
        assert len(desk.provider.asked) == (1 if gone == "refused" else 0)

    run(work)


def test_ids_that_are_no_cart_offer_of_the_merchant_are_told_alike(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk, rival = Desk(engine), Desk(engine, merchant_id="DEMOSHOP03")
        seen = await engine.look()
        generic = await show_generic_offers(
            engine, seen, await desk.caller(), GenericInquiry(merchant_currency="USD")
        )
        own = await desk.quote()
        foreign = (await rival.quote(items=(), card_prefix=None)) or own
        if foreign is own:
            desk, rival = rival, desk
        unknown = [
            generic.offers[0].offer_id,
            foreign[0],
            own[0][:-2] + "04" if foreign is not own else own[0],
            own[0][:-2] + "00",
            own[0] + "1",
            "NOSUCHOFFER1",
            "",
            "c" + "é" * 21,
        ]
        before = await desk.count()
        for offer_id in unknown:
            with pytest.raises(PlanConditionUnmet) as caught:
                await desk.accept(offer_id)
            assert caught.value.condition is PlanCondition.KNOWN
            assert await desk.fail(offer_id) is PlanCondition.KNOWN
        assert await desk.count() == before

    run(work)


@pytest.mark.parametrize(
    ("members", "refusal"),
    [
        ({"display": TermsDisplay.NONE}, TermsNotAccepted),
        ({"amount_minor": 29999}, PlanConditionUnmet),
        ({"pan": Pan("4508750015741019")}, PlanConditionUnmet),
        ({"accepts": False, "lines": ()}, AcceptanceMissing),
        ({"accepts": False, "lines": (line_of(PHONE, "SN-1"),)}, AcceptanceMissing),
    ],
    ids=["not-shown", "too-little", "other-brand", "nothing", "serials-alone"],
)
def test_a_refused_update_keeps_nothing(
    run: RunWithEngine, members: dict[str, Any], refusal: type[Exception]
) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        three, _, _ = await desk.quote()
        before = await desk.count()
        with pytest.raises(refusal):
            await desk.accept(three, **members)
        assert await desk.count() == before
        assert desk.provider.asked == []

    run(work)


def test_a_used_offer_takes_serial_numbers_and_nothing_else(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        await desk.change_rule("cart-3-usd", serials=SerialRule(due=SerialsDue.AT_CAPTURE, skus=("PHN-*",)))
        three, _, _ = await desk.quote()
        await desk.accept(three)
        checked = await desk.check(three, captures_at_once=False)
        assert await desk.hold(checked, "t1") is HoldVerdict.HELD
        with pytest.raises(PlanProviderBusy):
            await desk.accept(three, pan=Pan(OTHER_CARD))
        await desk.spend(three, "t1")
        with pytest.raises(PlanConditionUnmet) as caught:
            await desk.accept(three)
        assert caught.value.condition is PlanCondition.NOT_USED
        # Long after the offer's own time: the goods are only sent now.
        await move_clock(engine, timedelta(days=3))
        answer = await desk.bring(three, line_of(PHONE, "SN-1"))
        assert answer.status is AcceptanceStatus.ACCEPTED
        assert await desk.read(three) == ("used", "t1")

    run(work)


def test_updates_of_one_offer_at_the_same_time_all_count(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        three, _, _ = await desk.quote()
        answers = await asyncio.gather(*[desk.accept(three) for _ in range(16)])
        assert {answer.status for answer in answers} == {AcceptanceStatus.ACCEPTED}
        count = await desk.count()
        assert (count["offers"], count["revisions"]) == (1, 1)
        await asyncio.gather(
            desk.bring(three, line_of(PHONE, "SN-1")), desk.bring(three, line_of(CASE, "A", "B"))
        )
        checked = await desk.check(three)
        assert checked.offer is not None
        assert [held.index for held in checked.offer.serials] == [0, 1]

    run(work)


# ---------------------------------------------------------------- the conditions of a payment


def test_a_checked_plan_says_what_the_payment_is_made_of(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        three, six, twelve = await desk.quote()
        await desk.accept(three)
        checked = await desk.check(three)
        assert checked.chosen == ChosenPlan(
            offer_id=three, program_id="standard-3-usd", count=3, deferral_months=0, product_id="PL1"
        )
        assert (checked.price.first_minor, checked.price.other_minor) == (41200, 40000)
        assert (checked.rule_key, checked.budget_minor, checked.is_withdrawn) == (
            f"{SHOP}:cart-3-usd",
            None,
            False,
        )
        assert checked.acceptance is not None
        assert checked.acceptance.pan_index == engine.vault.index_pan(MAIN_TENANT, CARD)
        # Not accepted: where that is required, and where it is not.
        assert await desk.fail(six) is PlanCondition.ACCEPTED
        assert (await desk.check(twelve)).acceptance is None

    run(work)


@pytest.mark.parametrize(
    ("condition", "members"),
    [
        (PlanCondition.CURRENCY, {"currency": "EUR"}),
        (PlanCondition.MINIMUM, {"amount_minor": 99999}),
        (PlanCondition.CARD, {"pan": Pan("4508750015741019")}),
        (PlanCondition.CARD, {"pan": Pan("5111111111111118")}),
        (PlanCondition.SAME_AMOUNT, {"amount_minor": 120001}),
        (PlanCondition.SAME_ITEMS, {"lines": (line_of(PHONE),)}),
    ],
    ids=["currency", "minimum", "visa", "prefix", "amount", "items"],
)
def test_a_payment_must_meet_the_conditions_of_its_offer(
    run: RunWithEngine, condition: PlanCondition, members: dict[str, Any]
) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        _, _, twelve = await desk.quote()
        assert await desk.fail(twelve, **members) is condition

    run(work)


def test_an_offer_keeps_the_version_that_it_was_quoted_by(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        _, _, twelve = await desk.quote()
        checked = await desk.check(twelve)
        await desk.change_rule("cart-12-usd", minimum=Decimal(2000), interest_discount=None, enabled=False)
        assert (await desk.check(twelve)).price == checked.price
        assert len(await desk.quote()) == 2
        await desk.change_rule("cart-12-usd", withdrawn=True)
        assert (await desk.check(twelve)).is_withdrawn
        await move_clock(engine, timedelta(hours=24, seconds=1))
        assert await desk.fail(twelve) is PlanCondition.NOT_EXPIRED

    run(work)


def test_a_merchant_without_plans_has_none(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        three, _, _ = await desk.quote()
        held = (await engine.look()).catalogue(MAIN_TENANT).entries[MerchantProfile.kind, SHOP].entry
        assert isinstance(held, MerchantProfile)
        await change(engine, replace(held, has_plans=False))
        assert await desk.fail(three) is PlanCondition.PLANS_ENABLED
        assert await desk.fail("NOSUCHOFFER1") is PlanCondition.PLANS_ENABLED
        banorte = PlanChoice(plan_id="BANORTE_WITHOUT_INTEREST", count=6)
        assert await desk.fail(banorte, currency="MXN") is PlanCondition.PLANS_ENABLED
        before = await desk.count()
        with pytest.raises(PlanConditionUnmet):
            await desk.accept(three)
        assert await desk.count() == before

    run(work)


def test_a_custom_plan_is_checked_by_its_own_rules(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)

        def choose(**members: Any) -> PlanChoice:
            return PlanChoice(**{"plan_id": "BANORTE_WITHOUT_INTEREST", "count": 6, **members})

        checked = await desk.check(choose(deferrals=2), currency="MXN")
        assert checked.chosen == ChosenPlan(
            offer_id=None, program_id="BANORTE_WITHOUT_INTEREST", count=6, deferral_months=2
        )
        assert (checked.price.first_minor, checked.price.other_minor, checked.price.count) == (
            20000,
            20000,
            6,
        )
        assert checked.price.deferral_months == 2
        assert await desk.hold(checked, "t1") is HoldVerdict.HELD
        assert (await desk.count())["offers"] == 0
        mxn: dict[str, Any] = {"currency": "MXN"}
        assert await desk.fail(choose(plan_id="PLANN"), **mxn) is PlanCondition.KNOWN
        # This plan is for payments, not for authorizations.
        assert await desk.fail(choose(), captures_at_once=False, **mxn) is PlanCondition.KNOWN
        assert await desk.fail(choose(count=5), **mxn) is PlanCondition.COUNT
        assert await desk.fail(choose(deferrals=4), **mxn) is PlanCondition.DEFERRALS
        assert await desk.fail(choose()) is PlanCondition.CURRENCY
        assert await desk.fail(choose(), pan=Pan("4508750015741019"), **mxn) is PlanCondition.CARD

    run(work)


# ---------------------------------------------------------------- hold, spending, release


def test_an_offer_is_held_spent_and_never_given_again(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        _, _, twelve = await desk.quote()
        checked = await desk.check(twelve)
        assert await desk.hold(checked, "t1") is HoldVerdict.HELD
        assert await desk.read(twelve) == ("quoted", "t1")
        assert await desk.hold(checked, "t2") is HoldVerdict.USED
        assert await desk.fail(twelve) is PlanCondition.NOT_USED
        # Somebody else's release is none.
        await desk.release(twelve, "t2")
        assert await desk.read(twelve) == ("quoted", "t1")
        # Declined: the offer is free, also when that is said twice.
        await desk.release(twelve, "t1")
        await desk.release(twelve, "t1")
        assert await desk.read(twelve) == ("quoted", None)
        await desk.pay(twelve, "t3")
        assert await desk.read(twelve) == ("used", "t3")
        await desk.release(twelve, "t3")
        assert await desk.read(twelve) == ("used", "t3")
        assert await desk.fail(twelve) is PlanCondition.NOT_USED
        with pytest.raises(AssertionError):
            await desk.spend(twelve, "t3")
        assert await list_breaks(engine) == []

    run(work)


def test_one_of_64_payments_gets_the_offer(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        three, _, twelve = await desk.quote()
        await desk.accept(three)
        for offer_id in (three, twelve):
            checked = await desk.check(offer_id)
            verdicts = await asyncio.gather(*[desk.hold(checked, f"t{number}") for number in range(64)])
            assert verdicts.count(HoldVerdict.HELD) == 1
            assert verdicts.count(HoldVerdict.USED) == 63
            _, holder = await desk.read(offer_id)
            assert holder == f"t{verdicts.index(HoldVerdict.HELD)}"

    run(work)


def test_a_payment_holds_exactly_what_it_was_checked_against(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        three, _, _ = await desk.quote()
        await desk.accept(three)
        checked = await desk.check(three)
        await desk.accept(three, pan=Pan(OTHER_CARD))
        before = await desk.count()
        with pytest.raises(PlanProviderBusy):
            await desk.hold(checked, "t1")
        assert await desk.count() == before
        assert await desk.read(three) == ("accepted", None)

    run(work)


def test_what_a_failed_payment_brought_does_not_bind_the_next_one(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        _, _, twelve = await desk.quote(items=())
        first = await desk.check(twelve, lines=(line_of(PHONE, "SN-1"),))
        assert await desk.hold(first, "t1") is HoldVerdict.HELD
        await desk.release(twelve, "t1")
        second = await desk.check(twelve, lines=(line_of(CASE),))
        assert await desk.hold(second, "t2") is HoldVerdict.HELD
        assert second.offer is not None
        assert (second.offer.items, second.offer.serials) == ((CASE,), ())

    run(work)


# ---------------------------------------------------------------- budgets


def test_a_budget_is_taken_at_the_hold_and_given_back_at_the_release(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        await desk.change_rule("cart-12-usd", budget=Decimal(2400))
        first, second, third = [(await desk.quote())[2] for _ in range(3)]
        await desk.pay(first)
        checked = await desk.check(second)
        assert checked.budget_minor == 240000
        assert await desk.hold(checked, "t2") is HoldVerdict.HELD
        assert await desk.taken() == [(240000, 240000)]
        late = await desk.check(third)
        assert await desk.hold(late, "t3") is HoldVerdict.BUDGET_SPENT
        assert await desk.read(third) == ("quoted", None)
        # No room: the next inquiry does not offer it any more.
        assert len(await desk.quote()) == 2
        await desk.release(second, "t2")
        assert await desk.taken() == [(240000, 120000)]
        assert await desk.hold(late, "t3") is HoldVerdict.HELD
        await desk.spend(third, "t3")
        assert await desk.taken() == [(240000, 240000)]
        assert await list_breaks(engine) == []

    run(work)


def test_a_budget_is_never_exceeded_by_payments_at_the_same_time(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        await desk.change_rule("cart-12-usd", budget=Decimal(6000))
        checked = [await desk.check((await desk.quote())[2]) for _ in range(32)]
        verdicts = await asyncio.gather(*[desk.hold(one, f"t{number}") for number, one in enumerate(checked)])
        assert verdicts.count(HoldVerdict.HELD) == 5
        assert verdicts.count(HoldVerdict.BUDGET_SPENT) == 27
        assert await desk.taken() == [(600000, 600000)]
        held = [
            (one.offer_id, f"t{number}")
            for number, one in enumerate(checked)
            if verdicts[number] is HoldVerdict.HELD
        ]
        # Some come to nothing while others try again.
        again = [one for number, one in enumerate(checked) if verdicts[number] is not HoldVerdict.HELD]
        results = await asyncio.gather(
            *[desk.release(str(offer_id), holder) for offer_id, holder in held[:3]],
            *[desk.hold(one, f"u{number}") for number, one in enumerate(again)],
        )
        [(budget_minor, taken_minor)] = await desk.taken()
        assert taken_minor == 120000 * (2 + results.count(HoldVerdict.HELD)) <= budget_minor
        assert await list_breaks(engine) == []

    run(work)


def test_what_was_financed_before_there_was_a_budget_counts(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        paid, held, late = [(await desk.quote())[2] for _ in range(3)]
        await desk.pay(paid)
        assert await desk.hold(await desk.check(held), "t2") is HoldVerdict.HELD
        assert await desk.taken() == []
        await desk.change_rule("cart-12-usd", budget=Decimal(2500))
        checked = await desk.check(late)
        assert await desk.hold(checked, "t3") is HoldVerdict.BUDGET_SPENT
        assert await desk.taken() == [(250000, 240000)]
        await desk.release(held, "t2")
        assert await desk.taken() == [(250000, 120000)]
        assert await desk.hold(checked, "t3") is HoldVerdict.HELD
        assert await list_breaks(engine) == []

    run(work)


# ---------------------------------------------------------------- capture and evidence


def test_an_authorized_plan_is_recalled_at_its_capture(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        await desk.change_rule("cart-3-usd", serials=SerialRule(due=SerialsDue.AT_CAPTURE, skus=("PHN-*",)))
        three, _, _ = await desk.quote()
        await desk.accept(three)
        checked = await desk.check(three, captures_at_once=False)
        assert await desk.hold(checked, "t1") is HoldVerdict.HELD
        await desk.spend(three, "t1")
        kept = json.loads(json.dumps(checked_to_document(checked)))
        assert CARD not in json.dumps(kept)
        await desk.change_rule("cart-3-usd", fee=None)
        recalled = await recall_plan(engine, await engine.look(), await desk.caller(), kept)
        assert recalled.offer is not None and checked.offer is not None
        assert recalled == replace(checked, offer=replace(checked.offer, state=OfferState.USED, holder="t1"))
        with pytest.raises(PlanConditionUnmet) as caught:
            check_serials_at_capture(recalled, [line_of(CASE), line_of(PHONE)])
        assert (caught.value.condition, caught.value.item_index, caught.value.member) == (
            PlanCondition.SERIAL_NUMBERS,
            1,
            ItemMember.SERIAL_NUMBER,
        )
        phone = SerialNumbers(sku=PHONE.sku, index=0, numbers=("SN-1",))
        brought = check_serials_at_capture(recalled, [line_of(PHONE, "SN-1")])
        assert brought == (phone,)
        async with engine.database.transaction() as connection:
            await add_serials(connection, MAIN_TENANT, three, brought)
        again = await recall_plan(engine, await engine.look(), await desk.caller(), kept)
        assert check_serials_at_capture(again, []) == (phone,)

    run(work)


def test_a_custom_plan_is_recalled_in_its_version(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        choice = PlanChoice(plan_id="PLANAMEX", count=6)
        checked = await desk.check(choice, currency="BRL", pan=Pan("371449635398431"), captures_at_once=False)
        held = (await engine.look()).catalogue(MAIN_TENANT).entries[MerchantPlan.kind, f"{SHOP}:PLANAMEX"]
        assert isinstance(held.entry, MerchantPlan)
        await change(engine, replace(held.entry, payments=(2, 3)))
        recalled = await recall_plan(
            engine, await engine.look(), await desk.caller(), checked_to_document(checked)
        )
        assert recalled == checked
        assert check_serials_at_capture(recalled, [line_of(PHONE)]) == ()

    run(work)


def test_the_evidence_stays_with_the_plan_and_cannot_be_altered(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        three, _, twelve = await desk.quote()
        await desk.accept(three)
        accepted, unaccepted = await desk.pay(three), await desk.check(twelve)
        # Any plan stands for the one that the payment makes.
        plans = [await save(engine, make_command(await ask(engine))) for _ in range(2)]
        async with engine.database.transaction() as connection:
            for plan, checked in zip(plans, (accepted, unaccepted), strict=True):
                await keep_evidence(connection, MAIN_TENANT, plan_id=plan.plan_id, checked=checked)
        operator = await people.get_person(engine, "operator@sandbox.example")
        found = await find_acceptance(engine, operator, plans[0].plan_id)
        word = accepted.acceptance
        assert word is not None
        assert (found.offer_id, found.accepted_at, found.display) == (three, word.accepted_at, word.display)
        assert (found.terms_text, found.terms_version, found.locale) == (word.terms_text, "1", "en_US")
        assert found.terms_text.startswith("Monthly payments")
        assert found.acceptance_text == "I have read and accept the terms of this payment plan."
        assert found.terms_hash == hashlib.sha256(found.terms_text.encode()).digest()
        assert (found.amount_minor, found.currency) == (120000, "USD")
        stranger = replace(operator, provider_id="218b9962-1355-44e4-8a16-f911363fd849")
        for person, plan_id in (
            (stranger, plans[0].plan_id),
            (operator, plans[1].plan_id),
            (operator, "00000000-0000-4000-8000-000000000000"),
            (operator, "no plan"),
        ):
            with pytest.raises(NotFound):
                await find_acceptance(engine, person, plan_id)
        for statement in (
            "UPDATE plan_acceptance SET terms_text = 'Nothing to pay.'",
            "DELETE FROM plan_acceptance",
            "TRUNCATE plan_acceptance",
        ):
            async with engine.database.connection() as connection:
                with pytest.raises(asyncpg.RaiseError):
                    await connection.execute(statement)
        assert await find_acceptance(engine, operator, plans[0].plan_id) == found
        assert await list_breaks(engine) == []

    run(work)


def test_only_offers_that_nobody_paid_with_are_forgotten(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        three, six, twelve = await desk.quote()
        await desk.accept(three)
        await desk.accept(six)
        await desk.pay(three)
        assert await desk.hold(await desk.check(twelve), "t2") is HoldVerdict.HELD
        seen = await engine.look()
        async with engine.database.connection() as connection:
            await merchant_offers.delete_unused_offers(connection, quoted_before=seen.now)
            left = await connection.fetch("SELECT offer_id FROM merchant_offer ORDER BY offer_id")
        assert [row["offer_id"] for row in left] == [three, twelve]

    run(work)


def test_no_card_number_is_kept_with_an_offer(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        desk = Desk(engine)
        three, _, _ = await desk.quote()
        await desk.accept(three)
        checked = await desk.pay(three)
        async with engine.database.connection() as connection:
            rows = await connection.fetch("SELECT merchant_offer::text AS row FROM merchant_offer")
            told = await connection.fetch("SELECT data::text AS row FROM event")
        command = AcceptOffer(offer_id=three, accepts=True, pan=Pan(CARD))
        texts = [row["row"] for row in [*rows, *told]] + [repr(checked), repr(command)]
        assert len(texts) >= 4
        assert not [text for text in texts if CARD in text]

    run(work)
