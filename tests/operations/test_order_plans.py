"""Payments with a plan: its conditions, its provider, its making, and what it is told afterwards."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.conftest import RunWithEngine
from tests.operations.test_orders import refuse, show
from tests.support.merchant_orders import (
    CARD,
    Ports,
    ScriptedAcquirer,
    ScriptedProvider,
    change_catalogue,
    check_whole,
    draw_capture,
    draw_payment,
    draw_refund,
    draw_void,
    fetch,
    find_offer_state,
    get_rule,
    limit,
    quote_offer,
    see,
)

from parcela.domain.cards import Pan
from parcela.domain.merchant_offers import CartItem, TermsDisplay
from parcela.domain.merchants import Privilege, SerialRule, SerialsDue
from parcela.domain.order_refusals import AlreadyPaid, AmountNotOpen, NothingToVoid, PlanConditionUnmet
from parcela.domain.orders import OrderLine, Outcome
from parcela.operations.engine import Engine
from parcela.operations.inquiry_records import CartInquiry
from parcela.operations.merchant_inquiries import show_cart_offers
from parcela.operations.merchant_offers import AcceptOffer, accept_offer
from parcela.operations.orders.captures import capture
from parcela.operations.orders.payments import authorize, pay
from parcela.operations.orders.refunds import refund
from parcela.operations.orders.voids import void
from parcela.operations.plan_approval import PlanVerdict
from parcela.operations.plan_records import PlanChoice

ALL = 120_000
ITEM = CartItem(sku="PHN-128-BLK", quantity=Decimal(2), unit_price=Decimal("600.00"))


def test_a_payment_with_an_offer_makes_the_plan(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        receipt = await pay(engine, world, caller, draw_payment(choice=choice), ports=ports)
        assert show(receipt) == ("payment", "approved", "captured", (ALL, ALL, 0))
        chosen = receipt.transaction.chosen_plan
        assert chosen is not None
        assert (
            chosen.offer_id,
            chosen.program_id,
            chosen.count,
            chosen.deferral_months,
            chosen.product_id,
        ) == (
            choice.offer_id,
            "standard-12-usd",
            12,
            0,
            "PL1",
        )
        assert ports.acquirer.requests[0].plan_id == "standard-12-usd"
        plans = await fetch(engine, "SELECT plan_id::text, amount_minor, installment_count FROM plan")
        assert plans == [(receipt.order.plan_id, ALL, 12)]
        assert receipt.transaction.plan_id == receipt.order.plan_id
        assert await find_offer_state(engine, choice) == ("used", receipt.transaction.message_id)
        events = await fetch(engine, "SELECT type FROM event ORDER BY type")
        assert events == [("order.paid",), ("plan.created",)]
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (PlanVerdict.REFUSED, Outcome.PLAN_DECLINED),
        (PlanVerdict.UNREACHABLE, Outcome.PLAN_UNREACHABLE),
        (PlanVerdict.BUSY, Outcome.PLAN_UNREACHABLE),
    ],
    ids=str,
)
def test_without_the_plan_no_card_is_asked_and_the_offer_stays(
    run: RunWithEngine, verdict: PlanVerdict, outcome: Outcome
) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports(provider=ScriptedProvider(verdict))
        receipt = await pay(engine, world, caller, draw_payment(choice=choice), ports=ports)
        assert show(receipt) == ("payment", str(outcome), "failed", (0, 0, 0))
        assert receipt.transaction.acquirer is None
        assert ports.acquirer.requests == []
        ports.provider.verdict = PlanVerdict.GRANTED
        paid = await pay(engine, world, caller, draw_payment("O-1", "2", choice=choice), ports=ports)
        assert show(paid) == ("payment", "approved", "captured", (ALL, ALL, 0))
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize("said", [Outcome.DECLINED, Outcome.TIMED_OUT, "silent"], ids=str)
def test_a_declined_card_leaves_the_offer_usable(run: RunWithEngine, said: Outcome | str) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports(acquirer=ScriptedAcquirer(said))
        await pay(engine, world, caller, draw_payment(choice=choice), ports=ports)
        assert await find_offer_state(engine, choice) == ("quoted", None)
        paid = await pay(engine, world, caller, draw_payment("O-2", choice=choice), ports=ports)
        assert paid.transaction.outcome is Outcome.APPROVED
        assert len(await fetch(engine, "SELECT 1 FROM plan")) == 1
        await check_whole(engine)

    run(work)


def test_an_offer_is_paid_with_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        command = draw_payment(choice=choice)
        first = await pay(engine, world, caller, command, ports=ports)
        # The same request again is no second use.
        assert await pay(engine, world, caller, command, ports=ports) == replace(first, is_repeat=True)
        other = pay(engine, world, caller, draw_payment("O-2", choice=choice), ports=ports)
        refusal = await refuse(engine, other, PlanConditionUnmet)
        assert isinstance(refusal, PlanConditionUnmet)
        assert refusal.condition == "not_used"

    run(work)


def test_conditions_of_a_plan_are_checked_after_the_order(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        unknown = PlanChoice(offer_id="NOSUCHOFFER1")
        refusal = await refuse(
            engine, pay(engine, world, caller, draw_payment(choice=unknown), ports=ports), PlanConditionUnmet
        )
        assert isinstance(refusal, PlanConditionUnmet)
        assert refusal.condition == "known"
        await pay(engine, world, caller, draw_payment(), ports=ports)
        second = draw_payment("O-1", "2", choice=unknown)
        await refuse(engine, pay(engine, world, caller, second, ports=ports), AlreadyPaid)

    run(work)


def test_an_authorized_plan_begins_with_its_capture_in_whole(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        authorized = await authorize(engine, world, caller, draw_payment(choice=choice), ports=ports)
        assert show(authorized) == ("authorization", "approved", "authorized", (ALL, 0, 0))
        assert await find_offer_state(engine, choice) == ("used", authorized.transaction.message_id)
        assert await fetch(engine, "SELECT 1 FROM plan") == []
        part = capture(engine, world, caller, draw_capture("2", ALL - 1), ports=ports)
        await refuse(engine, part, AmountNotOpen)
        command = draw_capture("2", ALL)
        captured = await capture(engine, world, caller, command, ports=ports)
        assert show(captured) == ("capture", "approved", "captured", (ALL, ALL, 0))
        assert captured.transaction.chosen_plan == authorized.transaction.chosen_plan
        plans = await fetch(engine, "SELECT plan_id::text, amount_minor FROM plan")
        assert plans == [(captured.order.plan_id, ALL)]
        assert await capture(engine, world, caller, command, ports=ports) == replace(captured, is_repeat=True)
        await check_whole(engine)

    run(work)


def test_refunds_and_voids_are_told_to_the_plan(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        paid = await pay(engine, world, caller, draw_payment(choice=choice), ports=ports)
        await refund(engine, world, caller, draw_refund("2", 30_000), ports=ports)
        await void(engine, world, caller, draw_void("3", "2"), ports=ports)
        cancelled = await void(engine, world, caller, draw_void("4", "1"), ports=ports)
        assert show(cancelled) == ("void_payment", "approved", "cancelled", (0, 0, 0))
        key = paid.order.order_key
        rows = await fetch(
            engine,
            "SELECT plan_id::text, kind, amount_minor, event_id, refund_event_id FROM plan_instruction"
            " ORDER BY number",
        )
        assert rows == [
            (paid.order.plan_id, "refund", 30_000, f"{key}:2", None),
            (paid.order.plan_id, "reinstate", 30_000, f"{key}:3", f"{key}:2"),
            (paid.order.plan_id, "cancel", ALL, f"{key}:4", None),
        ]
        # A void does not give the offer back.
        again = pay(engine, world, caller, draw_payment("O-2", choice=choice), ports=ports)
        await refuse(engine, again, PlanConditionUnmet)
        await check_whole(engine)

    run(work)


def test_a_declined_refund_is_not_told_to_the_plan(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports(acquirer=ScriptedAcquirer(Outcome.APPROVED, Outcome.DECLINED))
        await pay(engine, world, caller, draw_payment(choice=choice), ports=ports)
        await refund(engine, world, caller, draw_refund("2", 30_000), ports=ports)
        assert await fetch(engine, "SELECT 1 FROM plan_instruction") == []

    run(work)


def test_a_voided_capture_can_be_captured_again_with_a_plan_of_its_own(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        await authorize(engine, world, caller, draw_payment(choice=choice), ports=ports)
        first = await capture(engine, world, caller, draw_capture("2", ALL), ports=ports)
        voided = await void(engine, world, caller, draw_void("3", "2"), ports=ports)
        assert (show(voided)[2], voided.order.plan_id) == ("authorized", None)
        second = await capture(engine, world, caller, draw_capture("4", ALL), ports=ports)
        assert show(second) == ("capture", "approved", "captured", (ALL, ALL, 0))
        plans = await fetch(engine, "SELECT plan_id::text FROM plan ORDER BY plan_id")
        assert plans == [(first.order.plan_id,), (second.order.plan_id,)]
        instructions = await fetch(engine, "SELECT plan_id::text, kind FROM plan_instruction")
        assert instructions == [(first.order.plan_id, "cancel")]
        await check_whole(engine)

    run(work)


async def accept_with_serials(engine: Engine, due: SerialsDue) -> PlanChoice:
    """An offer for two telephones whose acceptance asks for their serial numbers."""
    world, caller = await see(engine)
    inquiry = CartInquiry(amount_minor=ALL, currency="USD", items=(ITEM,))
    answer = await show_cart_offers(engine, world, caller, inquiry)
    (offer_id,) = [offer.offer_id for offer in answer.offers if offer.count == 6]
    accepted = AcceptOffer(
        offer_id=offer_id,
        accepts=True,
        display=TermsDisplay.TERMS_AND_ACCEPTANCE,
        pan=Pan(CARD.digits),
        amount_minor=ALL,
        currency="USD",
        lines=(draw_line(),),
    )
    provider = ScriptedProvider(serials=SerialRule(due=due))
    result = await accept_offer(engine, world, caller, provider, accepted)
    assert result.status == "conditional"
    return PlanChoice(offer_id=offer_id)


def draw_line(*serial_numbers: str) -> OrderLine:
    return OrderLine(
        sku=ITEM.sku, quantity=ITEM.quantity, unit_price=ITEM.unit_price, serial_numbers=serial_numbers
    )


def test_serial_numbers_may_come_with_the_capture(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await accept_with_serials(engine, SerialsDue.AT_CAPTURE)
        world, caller = await see(engine)
        ports = Ports()
        await authorize(engine, world, caller, draw_payment(choice=choice), ports=ports)
        missing = capture(engine, world, caller, draw_capture("2", ALL), ports=ports)
        refusal = await refuse(engine, missing, PlanConditionUnmet)
        assert isinstance(refusal, PlanConditionUnmet)
        assert refusal.condition == "serial_numbers"
        command = draw_capture("2", ALL, lines=(draw_line("S1", "S2"),))
        captured = await capture(engine, world, caller, command, ports=ports)
        assert show(captured) == ("capture", "approved", "captured", (ALL, ALL, 0))
        evidence = await fetch(engine, "SELECT plan_id::text, offer_id FROM plan_acceptance")
        assert evidence == [(captured.order.plan_id, choice.offer_id)]
        await check_whole(engine)

    run(work)


def test_a_capture_may_be_the_first_to_name_articles(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        rule = await get_rule(engine, "cart-12-usd")
        await change_catalogue(engine, replace(rule, serials=SerialRule(due=SerialsDue.AT_CAPTURE)))
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports()
        await authorize(engine, world, caller, draw_payment(choice=choice), ports=ports)
        missing = draw_capture("2", ALL, lines=(draw_line(),))
        refusal = await refuse(
            engine, capture(engine, world, caller, missing, ports=ports), PlanConditionUnmet
        )
        assert isinstance(refusal, PlanConditionUnmet)
        assert (refusal.condition, refusal.item_index) == ("serial_numbers", 0)
        command = draw_capture("2", ALL, lines=(draw_line("S1", "S2"),))
        captured = await capture(engine, world, caller, command, ports=ports)
        assert show(captured) == ("capture", "approved", "captured", (ALL, ALL, 0))
        (kept,) = await fetch(engine, "SELECT serials FROM merchant_offer")
        assert json.loads(kept[0]) == [{"sku": ITEM.sku, "index": 0, "numbers": ["S1", "S2"]}]
        await check_whole(engine)

    run(work)


def test_the_plan_of_a_second_capture_has_the_evidence_and_serial_numbers_too(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await accept_with_serials(engine, SerialsDue.AT_CAPTURE)
        world, caller = await see(engine)
        ports = Ports()
        await authorize(engine, world, caller, draw_payment(choice=choice), ports=ports)
        command = draw_capture("2", ALL, lines=(draw_line("S1", "S2"),))
        first = await capture(engine, world, caller, command, ports=ports)
        await void(engine, world, caller, draw_void("3", "2"), ports=ports)
        second = await capture(engine, world, caller, draw_capture("4", ALL), ports=ports)
        evidence = await fetch(
            engine, "SELECT plan_id::text, offer_id, amount_minor, terms_hash FROM plan_acceptance"
        )
        (terms_hash,) = {row[3] for row in evidence}
        assert sorted(evidence) == sorted(
            (receipt.order.plan_id, choice.offer_id, ALL, terms_hash) for receipt in (first, second)
        )
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize("is_offer", [True, False], ids=["offer", "custom-plan"])
@pytest.mark.parametrize("first", [pay, authorize], ids=["pay", "authorize"])
def test_a_payment_that_finds_its_order_locked_names_the_plan_that_was_asked_for(
    run: RunWithEngine, first: Any, is_offer: bool
) -> None:
    async def work(engine: Engine) -> None:
        offered = await quote_offer(engine)
        world, caller = await see(engine)
        choice = offered if is_offer else PlanChoice(plan_id="PLANAMEX", count=6)
        ports = Ports()
        ports.acquirer.may_answer.clear()
        running = asyncio.create_task(first(engine, world, caller, draw_payment(choice=offered), ports=ports))
        await ports.acquirer.began.wait()
        command = draw_payment("O-1", "2", choice=choice)
        locked = await pay(engine, world, caller, command, ports=ports)
        assert show(locked) == ("payment", "locked", "initiated", (0, 0, 0))
        chosen = locked.transaction.chosen_plan
        assert chosen is not None
        asked = ("standard-12-usd", 12) if is_offer else ("PLANAMEX", 6)
        assert (chosen.offer_id, (chosen.program_id, chosen.count)) == (choice.offer_id, asked)
        assert await pay(engine, world, caller, command, ports=ports) == replace(locked, is_repeat=True)
        unknown = draw_payment("O-1", "3", choice=PlanChoice(offer_id="nowhere"))
        assert (await pay(engine, world, caller, unknown, ports=ports)).transaction.chosen_plan is None
        ports.acquirer.may_answer.set()
        done = await running
        assert (done.transaction.outcome, len(ports.acquirer.requests)) == (Outcome.APPROVED, 1)
        assert await find_offer_state(engine, offered) == ("used", done.transaction.message_id)
        await check_whole(engine)

    run(work)


def test_refunds_beyond_the_purchase_are_voided_last_first_where_there_is_a_plan(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        world, caller = await see(engine)
        caller = limit(caller, privileges=frozenset(Privilege))
        ports = Ports()
        paid = await pay(engine, world, caller, draw_payment(choice=choice), ports=ports)
        await refund(engine, world, caller, draw_refund("2", 70_000), ports=ports)
        await refund(engine, world, caller, draw_refund("3", 70_000), ports=ports)
        early = void(engine, world, caller, draw_void("4", "2"), ports=ports)
        await refuse(engine, early, NothingToVoid)
        await void(engine, world, caller, draw_void("4", "3"), ports=ports)
        back = await void(engine, world, caller, draw_void("5", "2"), ports=ports)
        assert show(back) == ("void_refund", "approved", "captured", (ALL, ALL, 0))
        key = paid.order.order_key
        told = await fetch(
            engine,
            "SELECT kind, amount_minor, event_id, refund_event_id FROM plan_instruction ORDER BY number",
        )
        assert told == [
            ("refund", 70_000, f"{key}:2", None),
            ("refund", 50_000, f"{key}:3", None),
            ("reinstate", 50_000, f"{key}:4", f"{key}:3"),
            ("reinstate", 70_000, f"{key}:5", f"{key}:2"),
        ]
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize("operation", [authorize, pay], ids=["authorize", "pay"])
def test_serial_numbers_that_are_due_at_payment(run: RunWithEngine, operation: Any) -> None:
    async def work(engine: Engine) -> None:
        choice = await accept_with_serials(engine, SerialsDue.AT_PAYMENT)
        world, caller = await see(engine)
        ports = Ports()
        missing = operation(engine, world, caller, draw_payment(choice=choice), ports=ports)
        refusal = await refuse(engine, missing, PlanConditionUnmet)
        assert isinstance(refusal, PlanConditionUnmet)
        assert refusal.condition == "serial_numbers"
        command = draw_payment(choice=choice, lines=(draw_line("S1", "S2"),))
        receipt = await operation(engine, world, caller, command, ports=ports)
        assert receipt.transaction.outcome is Outcome.APPROVED

    run(work)


def test_an_offer_that_was_withdrawn_is_declined(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        choice = await quote_offer(engine)
        rule = await get_rule(engine, "cart-12-usd")
        await change_catalogue(engine, replace(rule, withdrawn=True))
        world, caller = await see(engine)
        ports = Ports()
        receipt = await pay(engine, world, caller, draw_payment(choice=choice), ports=ports)
        assert show(receipt) == ("payment", "plan_declined", "failed", (0, 0, 0))
        assert (ports.acquirer.requests, ports.provider.questions) == ([], [])
        # Without the offer the order may still be paid.
        paid = await pay(engine, world, caller, draw_payment("O-1", "2"), ports=ports)
        assert (paid.transaction.outcome, paid.order.chosen_plan) == (Outcome.APPROVED, None)
        await check_whole(engine)

    run(work)


def test_a_spent_budget_declines_the_plan_until_something_is_released(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        rule = await get_rule(engine, "cart-12-usd")
        await change_catalogue(engine, replace(rule, budget=Decimal("1200.00")))
        first, second = await quote_offer(engine), await quote_offer(engine)
        world, caller = await see(engine)
        ports = Ports(acquirer=ScriptedAcquirer(Outcome.DECLINED))
        # A card that is declined takes nothing of the budget.
        await pay(engine, world, caller, draw_payment(choice=first), ports=ports)
        paid = await pay(engine, world, caller, draw_payment("O-2", choice=first), ports=ports)
        assert paid.transaction.outcome is Outcome.APPROVED
        refused = await pay(engine, world, caller, draw_payment("O-3", choice=second), ports=ports)
        assert show(refused) == ("payment", "plan_declined", "failed", (0, 0, 0))
        assert len(ports.acquirer.charged) == 1
        await check_whole(engine)

    run(work)


def test_a_custom_plan_is_paid_with_by_its_own_id(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        choice = PlanChoice(plan_id="BANORTE_WITHOUT_INTEREST", count=6, deferrals=2)
        command = draw_payment(choice=choice, currency="MXN")
        receipt = await pay(engine, world, caller, command, ports=ports)
        assert show(receipt) == ("payment", "approved", "captured", (ALL, ALL, 0))
        chosen = receipt.transaction.chosen_plan
        assert chosen is not None
        assert (chosen.offer_id, chosen.program_id, chosen.count, chosen.deferral_months) == (
            None,
            "BANORTE_WITHOUT_INTEREST",
            6,
            2,
        )
        plans = await fetch(engine, "SELECT plan_id::text, amount_minor, installment_count FROM plan")
        assert plans == [(receipt.order.plan_id, ALL, 6)]
        unknown = PlanChoice(plan_id="BANORTE_WITHOUT_INTEREST", count=7)
        other = draw_payment("O-2", choice=unknown, currency="MXN")
        refusal = await refuse(engine, pay(engine, world, caller, other, ports=ports), PlanConditionUnmet)
        assert isinstance(refusal, PlanConditionUnmet)
        assert refusal.condition == "count"
        await check_whole(engine)

    run(work)
