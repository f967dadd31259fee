"""Plans that are paid early: bought, looked at, paid, and what came of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from parcela.domain.payments.early_payments import EarlyKind, EarlyPayment
from parcela.domain.payments.ids import find_plan_id
from parcela.domain.payments.plans import PaymentPlan, PlanRow
from parcela.operations.payments.agenda import run_account
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.early_payments import TASKS, EarlyChoices, make_form_token, pay_early
from parcela.operations.payments.lending import CollectionWord, Lender
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.plan_pages import find_plan_page
from parcela.store.payments import agenda
from tests.support.payments_world import PaymentsWorld
from tests.support.plan_buyers import HANDLERS, SETTLING, buy_lent

ALL_TASKS = {**HANDLERS, **TASKS}


@dataclass
class Courier:
    """The lender, with what happens between its collection and its answer."""

    inner: Any
    on_the_way: Callable[[], Awaitable[None]] | None = None
    loses_answer: bool = False
    is_deaf: bool = False
    asked: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def collect(self, plan: PaymentPlan, row: PlanRow, *, attempt: int, at: Any) -> CollectionWord:
        self.asked += 1
        if self.is_deaf:
            return CollectionWord.UNAVAILABLE
        word: CollectionWord = await self.inner.collect(plan, row, attempt=attempt, at=at)
        if self.on_the_way is not None:
            on_the_way, self.on_the_way = self.on_the_way, None
            await on_the_way()
        return CollectionWord.UNAVAILABLE if self.loses_answer else word


def allow(world: PaymentsWorld, *, is_allowed: bool = True) -> None:
    """Let the lender's plans be paid early, or not."""
    program = world.get_entry("payments_program", "vinr_bnpl")
    if program.allows_early_payment != is_allowed:
        world.change_catalogue(replace(program, allows_early_payment=is_allowed))


def begin(world: PaymentsWorld, name: str = "ada", count: int = 3) -> tuple[dict[str, Any], Courier]:
    """A lender's plan of 600.00 that the lender knows and that may be paid early."""
    allow(world)
    bought = buy_lent(world, name, count)
    advance(world, minutes=1)
    lender: Lender = world.desk.lender
    courier = Courier(lender)
    world.set_desk(lender=courier)
    return bought, courier


def advance(world: PaymentsWorld, **by: int) -> None:
    """Move the account's clock ahead, and carry out what falls due of plans."""
    kept = [*ALL_TASKS, *SETTLING]
    world.fetch("DELETE FROM payments_task WHERE kind <> ALL($1::text[]) RETURNING 1", kept)
    world.fetch("UPDATE payments_task SET retry_at = '-infinity' RETURNING 1")

    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        async with desk.engine.database.transaction() as connection:
            offset = await agenda.lock_offset(connection, moment.owner)
            await agenda.set_offset(connection, moment.owner, offset + timedelta(**by))
        assert await run_account(desk, ALL_TASKS, moment.owner) is not None

    world.as_account(work)


def get_link(world: PaymentsWorld, payment: dict[str, Any]) -> str:
    """The address of the cardholder's page, as the merchant reads it."""
    answer = world.get(f"/v1/installments/plans/{payment['installments']['plan']}")
    assert answer.status == 200, answer.raw
    return str(answer.body["cardholderUrl"])


def see_choices(world: PaymentsWorld, payment: dict[str, Any]) -> tuple[PaymentPlan, EarlyChoices]:
    """The plan and what may be paid early, as its page shows it."""
    token = get_link(world, payment).rpartition("/")[2]
    page = world.run(find_plan_page(world.desk, token))
    return page.plan, page.early


def make_token(world: PaymentsWorld, payment: dict[str, Any], kind: EarlyKind) -> str:
    """The token of the form that confirms a kind."""
    plan, choices = see_choices(world, payment)
    quote = choices.find_quote(kind)
    assert quote is not None, choices.bar
    return make_form_token(world.desk, plan, choices, quote)


def pay(
    world: PaymentsWorld, payment: dict[str, Any], kind: EarlyKind, *, form_token: str | None = None
) -> EarlyPayment:
    """Pay early as the page does, with a fresh form or this one."""
    token = form_token or make_token(world, payment, kind)
    plan_id = find_plan_id(payment["installments"]["plan"])
    assert plan_id is not None

    async def work(desk: PaymentsDesk, moment: AccountMoment) -> EarlyPayment:
        return await pay_early(desk, moment, plan_id, kind, form_token=token)

    return world.as_account(work)


def list_collected(world: PaymentsWorld) -> list[tuple[int, int]]:
    """Number and amount of the rows whose money the lender has, as it came."""
    rows = world.fetch(
        "SELECT number, amount_minor FROM simulated_lender_collection WHERE word = 'paid'"
        " ORDER BY collected_at, number"
    )
    return [(row["number"], row["amount_minor"]) for row in rows]


def list_made(world: PaymentsWorld) -> list[tuple[str, str, int]]:
    """Kind, state and amount of all early payments."""
    rows = world.fetch(
        "SELECT kind, state, principal_minor + interest_minor + fee_minor AS amount"
        " FROM payment_early_payment ORDER BY plan_id, serial"
    )
    return [(row["kind"], row["state"], row["amount"]) for row in rows]
