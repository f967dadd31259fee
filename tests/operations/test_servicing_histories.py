"""Random histories through the operations: whatever is told, in whatever order, the books stay whole."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import RunWithEngine
from tests.operations.test_servicing_due import START, make_debit
from tests.support.servicing import (
    ask_approval,
    check_books,
    do_due,
    make_notice,
    move_to,
    open_noticed,
    send,
    today,
)

from parcela.domain.errors import DomainError
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.records import TransactionFacts
from parcela.operations.card_transactions import clear_purchase, credit_refund, reverse_authorization
from parcela.operations.engine import Engine
from parcela.operations.servicing import (
    AccountPayment,
    DisputeEnd,
    DisputeOpening,
    PlanAct,
    open_dispute,
    pay_account,
    pay_next_row,
    pay_off,
    quote_payoff,
    record_recovery,
    refund_plan,
    resolve_dispute,
    write_off,
)

STEPS = 90
PLANS = [f"0198c5a0-0000-7000-8000-00000000000{number}" for number in (1, 2, 3)]
AMOUNTS = [5000, 5000, 5000, 5010]


class History:
    """What may happen next, chosen by a seed; refusals are part of life, faults are not."""

    def __init__(self, engine: Engine, seed: int) -> None:
        self.engine = engine
        self.chance = random.Random(seed)
        self.account_id = ""
        self.done = 0
        self.number = 0
        self.disputes: list[str] = []

    async def step(self) -> None:
        self.number += 1
        plan_id = self.chance.choice(PLANS)
        acts: list[Callable[[str], Awaitable[Any]]] = [
            self.open,
            self.approve,
            self.clear,
            self.clear,
            self.reverse,
            self.credit,
            self.pay,
            self.pay,
            self.wait,
            self.wait,
            self.early,
            self.pay_all,
            self.refund,
            self.dispute,
            self.resolve,
            self.lose,
            self.recover,
        ]
        try:
            await self.chance.choice(acts)(plan_id)
            self.done += 1
        except DomainError:
            pass

    def amount(self) -> int:
        return self.chance.choice([1, 700, 5000, 10000, 20010, 25000])

    def act(self, plan_id: str) -> PlanAct:
        return PlanAct(plan_id=plan_id, event_id=f"act-{self.number}")

    async def facts(self, plan_id: str) -> dict[str, Any]:
        place = PLANS.index(plan_id) + 1
        facts = TransactionFacts(local_at=(await self.engine.look()).now, rrn=f"{place:012d}")
        return {"facts": facts, "event_id": f"event-{self.number}"}

    async def open(self, plan_id: str) -> None:
        place = PLANS.index(plan_id) + 1
        day = (await today(self.engine)).replace(day=10)
        facts = TransactionFacts(local_at=(await self.engine.look()).now, rrn=f"{place:012d}")
        notice = make_notice(day, plan_id=plan_id, amounts=AMOUNTS, amount_minor=20000, transaction=facts)
        self.account_id = (await open_noticed(self.engine, notice)).account_id

    async def approve(self, plan_id: str) -> None:
        await ask_approval(self.engine, 20000, **await self.facts(plan_id))

    async def clear(self, plan_id: str) -> None:
        is_final = self.chance.random() < 0.7
        told = await self.facts(plan_id)
        await send(self.engine, clear_purchase, self.amount(), is_final=is_final, **told)

    async def reverse(self, plan_id: str) -> None:
        await send(self.engine, reverse_authorization, self.amount(), **await self.facts(plan_id))

    async def credit(self, plan_id: str) -> None:
        strategy = self.chance.choice(list(RefundStrategy))
        told = await self.facts(plan_id)
        await send(self.engine, credit_refund, self.amount(), strategy=strategy, **told)

    async def pay(self, _: str) -> None:
        payment = AccountPayment(
            account_id=self.account_id, amount_minor=self.amount(), event_id=f"pay-{self.number}"
        )
        await pay_account(self.engine, await self.engine.look(), payment)

    async def wait(self, _: str) -> None:
        days = self.chance.choice([1, 20, 40])
        await move_to(self.engine, await today(self.engine) + timedelta(days=days))
        assert (await do_due(self.engine)).failed == 0

    async def early(self, plan_id: str) -> None:
        await pay_next_row(self.engine, await self.engine.look(), self.act(plan_id))

    async def pay_all(self, plan_id: str) -> None:
        world = await self.engine.look()
        payoff = await quote_payoff(self.engine, world, plan_id)
        await pay_off(self.engine, world, self.act(plan_id), amount_minor=payoff.total_minor)

    async def refund(self, plan_id: str) -> None:
        await refund_plan(
            self.engine, await self.engine.look(), self.act(plan_id), amount_minor=self.amount()
        )

    async def dispute(self, plan_id: str) -> None:
        opening = DisputeOpening(event_id=f"dispute-{self.number}", plan_id=plan_id)
        await open_dispute(self.engine, await self.engine.look(), opening)
        self.disputes.append(opening.event_id)

    async def resolve(self, _: str) -> None:
        if self.disputes:
            end = DisputeEnd(
                dispute_id=self.chance.choice(self.disputes),
                is_for_cardholder=self.chance.random() < 0.5,
                event_id=f"end-{self.number}",
            )
            await resolve_dispute(self.engine, await self.engine.look(), end)

    async def lose(self, plan_id: str) -> None:
        if self.chance.random() < 0.3:
            await write_off(self.engine, await self.engine.look(), self.act(plan_id))

    async def recover(self, plan_id: str) -> None:
        await record_recovery(
            self.engine, await self.engine.look(), self.act(plan_id), amount_minor=self.amount()
        )


@pytest.mark.parametrize(("seed", "is_debit"), [(1, False), (16, False), (3, True), (11, True)])
def test_books_stay_whole_through_a_random_history(run: RunWithEngine, seed: int, is_debit: bool) -> None:
    async def work(engine: Engine) -> None:
        if is_debit:
            await make_debit(engine)
        await move_to(engine, START)
        history = History(engine, seed)
        await history.open(PLANS[0])
        for _ in range(STEPS):
            await history.step()
            await check_books(engine)
        assert history.done >= STEPS // 4

    run(work)
