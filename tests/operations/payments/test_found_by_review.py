"""Faults that a review of money and state found, each with the test that shows it."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.operations.payments.test_accounts import change_account
from tests.operations.payments.test_agenda import find_moment
from tests.operations.payments.test_payment_attempts import get_only_payment, list_breaks
from tests.support.delivery_world import wait_until
from tests.support.merchant_plans import open_as_issuer
from tests.support.payment_calls import CHALLENGED, Page, move_account, run_tasks
from tests.support.payment_calls import pay as pay_with_card
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import advance, buy_lent, get_payment, list_statuses
from tests.support.refund_acts import accept, list_amounts, look, pass_time, pay, pay_in_rows, set_program

from parcela.domain.merchants import MerchantProfile
from parcela.domain.orders import Outcome, TransactionKind
from parcela.domain.payments.ids import find_plan_id
from parcela.domain.payments.plans import PaymentPlan, PlanRow
from parcela.domain.payments.records import Owner
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.domain.refund_strategy import RefundStrategy
from parcela.operations.acquiring import AcquirerReply, AcquirerRequest
from parcela.operations.engine import MAIN_TENANT
from parcela.operations.payments import agenda
from parcela.operations.payments.agenda import TaskHandler, run_account, run_due
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.lending import CollectionWord, Lender
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.plan_instructions import apply_instructions
from parcela.operations.servicing import get_plan
from parcela.store import plans
from parcela.store.payments import agenda as store


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own."""
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


class MutedLender:
    """A lender that answers no collection: at once, or (deaf) not at all."""

    def __init__(self, inner: Lender, *, is_deaf: bool) -> None:
        self.inner: Any = inner
        self.is_deaf = is_deaf
        self.attempts: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def collect(self, plan: PaymentPlan, row: PlanRow, *, attempt: int, at: datetime) -> CollectionWord:
        self.attempts.append(attempt)
        if self.is_deaf:
            await asyncio.sleep(3600)
        return CollectionWord.UNAVAILABLE


@pytest.mark.parametrize("is_deaf", [False, True], ids=["out of reach", "hanging"])
def test_a_lender_that_says_nothing_makes_no_payer_late(payments: PaymentsWorld, *, is_deaf: bool) -> None:
    bought = buy_lent(payments, "ada")
    advance(payments, minutes=1)
    real = payments.desk.lender
    lender = MutedLender(real, is_deaf=is_deaf)
    payments.set_desk(lender=lender)
    advance(payments, days=32)
    assert list_statuses(get_payment(payments, bought["id"])) == ["due", "due", "due"]
    assert lender.attempts == [1]
    assert payments.fetch("SELECT attempts, status FROM payment_plan_row WHERE number = 1") == [
        {"attempts": 0, "status": "due"}
    ]
    payments.set_desk(lender=real)
    payments.fetch("UPDATE payments_task SET retry_at = '-infinity' RETURNING 1")
    advance(payments, seconds=0)
    assert list_statuses(get_payment(payments, bought["id"])) == ["paid", "due", "due"]
    assert list_breaks(payments) == []


class HangingRail:
    """A bank that never answers refunds while it is asked to hang."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.hangs = True

    def has_acquirer(self, profile: MerchantProfile) -> bool:
        return bool(self.inner.has_acquirer(profile))

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        if self.hangs and request.kind is TransactionKind.REFUND:
            await asyncio.sleep(3600)
        reply: AcquirerReply = await self.inner.send(request)
        return reply

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        found: AcquirerReply | None = await self.inner.find(profile, message_id)
        return found

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        await self.inner.reverse(profile, message_id)


def test_a_rail_that_hangs_does_not_stop_the_account(payments: PaymentsWorld) -> None:
    rail = HangingRail(payments.desk.acquirer)
    payments.set_desk(acquirer=rail)
    made = accept(payments, pay(payments), amount=20000)
    pass_time(payments, hours=1)
    assert payments.fetch("SELECT attempt FROM payments_task WHERE kind = 'send_refund'") == [{"attempt": 1}]
    rail.hangs = False
    payments.fetch("UPDATE payments_task SET retry_at = '-infinity' RETURNING 1")
    pass_time(payments, days=15)
    assert look(payments, made)["status"] == "succeeded"
    assert list_breaks(payments) == []


def test_what_an_account_owes_goes_on_when_it_is_switched_off(payments: PaymentsWorld) -> None:
    bought = pay(payments)
    made = accept(payments, bought, amount=20000)
    payments.run(change_account(payments.engine, enabled=False))
    assert payments.get("/v1/payments").status == 401
    owner = Owner(**payments.fetch("SELECT tenant_id, client_id, is_live FROM payment")[0])

    async def pass_days() -> None:
        async with payments.engine.database.transaction() as connection:
            await store.lock_offset(connection, owner)
            await store.set_offset(connection, owner, timedelta(days=20))

    payments.run(pass_days())
    while run_tasks(payments):
        pass
    refunds = payments.fetch("SELECT status FROM payment_refund WHERE refund_id = $1", made["id"])
    assert refunds == [{"status": "succeeded"}]
    assert payments.fetch("SELECT DISTINCT status FROM settlement") == [{"status": "completed"}]
    assert payments.fetch("SELECT kind FROM payments_task WHERE kind <> 'close_settlement'") == []
    assert list_breaks(payments) == []


def test_a_challenge_of_an_account_that_is_switched_off_takes_no_money(payments: PaymentsWorld) -> None:
    payment = pay_with_card(payments, CHALLENGED)
    payments.run(change_account(payments.engine, enabled=False))
    status, _, _ = Page(payments).get(payment["authentication"]["redirectUrl"])
    assert status == 404
    assert payments.fetch("SELECT status FROM payment") == [{"status": "requires_authentication"}]


class StubbornBank:
    """A bank that refuses to release what it holds."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        reply: AcquirerReply = await self.inner.send(request)
        return replace(reply, outcome=Outcome.DECLINED)


def test_a_bank_that_refuses_to_release_is_asked_ever_more_rarely(payments: PaymentsWorld) -> None:
    pay_with_card(payments, captureMethod="manual")
    payments.set_desk(acquirer=StubbornBank(payments.desk.acquirer))
    move_account(payments, timedelta(days=7, seconds=1))
    rests = []
    for _ in range(9):
        run_tasks(payments)
        [row] = payments.fetch(
            "SELECT round(extract(epoch FROM retry_at - clock_timestamp()))::int AS seconds"
            " FROM payments_task WHERE kind = 'lapse_authorization'"
        )
        rests.append(row["seconds"])
        payments.fetch("UPDATE payments_task SET retry_at = '-infinity' RETURNING 1")
    assert rests == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert get_only_payment(payments)["status"] == "authorized"


def plan_two(world: PaymentsWorld) -> AccountMoment:
    """Two tasks that are due, the one named `bad` first."""
    moment = find_moment(world)

    async def work() -> None:
        async with world.engine.database.transaction() as connection:
            for n, subject in enumerate(("bad", "good")):
                due_at = moment.now - timedelta(hours=2 - n)
                await agenda.plan_task(connection, moment.owner, TaskKind.ROW_DUE, subject, due_at=due_at)

    world.run(work())
    return moment


async def settle(desk: PaymentsDesk, _: AccountMoment, task: Task) -> None:
    async with desk.engine.database.transaction() as connection:
        await agenda.settle_task(connection, task)


def test_a_task_whose_query_never_ends_in_time_does_not_stop_the_account(payments: PaymentsWorld) -> None:
    plan_two(payments)

    async def take_too_long(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
        if task.subject_id == "bad":
            raise TimeoutError
        await settle(desk, moment, task)

    handlers: dict[TaskKind, TaskHandler] = {TaskKind.ROW_DUE: take_too_long}
    # A database that is away for a moment is tried again at once, three times.
    assert [payments.run(run_due(payments.desk, handlers)) for _ in range(4)] == [0] * 4
    assert payments.run(run_due(payments.desk, handlers)) == 1
    assert payments.fetch(
        "SELECT subject_id, attempt, retry_at > clock_timestamp() + interval '50 s' AS rests"
        " FROM payments_task"
    ) == [{"subject_id": "bad", "attempt": 4, "rests": True}]


def test_an_account_with_a_long_task_does_not_stop_the_others(payments: PaymentsWorld) -> None:
    moments = [find_moment(payments), find_moment(payments, key=payments.other_secret)]
    is_long, is_done = asyncio.Event(), asyncio.Event()

    async def dwell(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
        if task.subject_id == "long":
            is_long.set()
            await is_done.wait()
        await settle(desk, moment, task)

    async def list_subjects() -> list[str]:
        async with payments.engine.database.connection() as connection:
            rows = await connection.fetch("SELECT subject_id FROM payments_task ORDER BY subject_id")
        return [row["subject_id"] for row in rows]

    async def is_only_long() -> bool:
        return await list_subjects() == ["long"]

    async def is_nothing() -> bool:
        return await list_subjects() == []

    async def plan_one(moment: AccountMoment, subject: str) -> None:
        async with payments.engine.database.transaction() as connection:
            await agenda.plan_task(connection, moment.owner, TaskKind.ROW_DUE, subject, due_at=moment.now)

    async def work() -> None:
        await plan_one(moments[0], "long")
        async with agenda.keep_agendas(payments.desk, {TaskKind.ROW_DUE: dwell}, poll_s=0.01):
            await is_long.wait()
            await plan_one(moments[1], "short")
            await wait_until(is_only_long)
            is_done.set()
            await wait_until(is_nothing)

    payments.run(work())


def test_a_task_that_was_planned_anew_does_not_rest_for_the_old_one(payments: PaymentsWorld) -> None:
    moment = plan_two(payments)
    later = moment.now + timedelta(hours=9)

    async def move_and_fail(desk: PaymentsDesk, at: AccountMoment, task: Task) -> None:
        async with desk.engine.database.transaction() as connection:
            await agenda.plan_task(connection, at.owner, TaskKind.ROW_DUE, task.subject_id, due_at=later)
        raise ValueError

    handlers: dict[TaskKind, TaskHandler] = {TaskKind.ROW_DUE: move_and_fail}
    assert payments.run(run_account(payments.desk, handlers, moment.owner)) == 2
    assert payments.fetch(
        "SELECT DISTINCT attempt, retry_at = '-infinity' AS is_ready, due_at FROM payments_task"
    ) == [{"attempt": 0, "is_ready": True, "due_at": later}]


ROWS_AFTER = {
    RefundStrategy.SPREAD: [20000, 15000, 15000],
    RefundStrategy.LAST_FIRST: [20000, 20000, 10000],
    RefundStrategy.NEXT_FIRST: [20000, 10000, 20000],
}


@pytest.mark.parametrize("strategy", list(ROWS_AFTER))
def test_the_issuers_plan_is_lowered_as_was_agreed_with_the_payment(
    payments: PaymentsWorld, strategy: RefundStrategy
) -> None:
    set_program(payments, strategy=strategy)
    payment = pay_in_rows(payments)
    accept(payments, payment, amount=10000)
    pass_time(payments, days=9)
    shown = [amount for amount, _ in list_amounts(look(payments, payment))]
    plan_id = find_plan_id(payment["installments"]["plan"])
    assert plan_id is not None

    async def carry_out() -> list[int]:
        engine = payments.engine
        async with engine.database.connection() as connection:
            plan = await plans.find_plan(connection, MAIN_TENANT, plan_id=plan_id)
        assert plan is not None
        await open_as_issuer(engine, plan)
        await apply_instructions(engine, await engine.look())
        return [row.amount_minor for row in (await get_plan(engine, plan_id)).rows]

    assert payments.run(carry_out()) == shown == ROWS_AFTER[strategy]
    assert list_breaks(payments) == []


def test_what_is_deleted_is_found_by_an_index_wherever_it_is_referred_to(payments: PaymentsWorld) -> None:
    # Unused payment methods are deleted one by one: without an index each would read every payment.
    assert (
        payments.fetch(
            "SELECT c.conname FROM pg_constraint c WHERE c.contype = 'f'"
            " AND c.confrelid = 'payment_method'::regclass AND NOT EXISTS ("
            "  SELECT FROM pg_index i WHERE i.indrelid = c.conrelid"
            "  AND (string_to_array(i.indkey::text, ' ')::smallint[])[1:cardinality(c.conkey)] = c.conkey)"
        )
        == []
    )


@pytest.mark.parametrize(
    ("table", "id_column", "index"),
    [
        ("payment", "payment_id", "payment_created"),
        ("payments_event", "event_id", "payments_event_created"),
    ],
)
def test_a_window_of_time_is_listed_without_reading_all_history(
    payments: PaymentsWorld, table: str, id_column: str, index: str
) -> None:
    pay_with_card(payments)
    columns = payments.fetch(
        "SELECT string_agg(column_name, ', ') AS names FROM information_schema.columns WHERE table_name = $1"
        " AND column_name NOT IN ($2, 'position', 'created_at')",
        table,
        id_column,
    )[0]["names"]
    payments.fetch(
        f"WITH old AS (INSERT INTO {table} ({id_column}, created_at, {columns})"
        f" SELECT 'old_' || n, now() - n * interval '1 hour', {columns}"
        f" FROM (SELECT * FROM {table} LIMIT 1) AS one, generate_series(30, 5000) AS n RETURNING 1)"
        " SELECT count(*) FROM old"
    )
    payments.fetch(f"ANALYZE {table}")
    owner = find_moment(payments).owner
    lines = payments.fetch(
        f"EXPLAIN SELECT count(*) FROM {table} WHERE tenant_id = {owner.tenant_id}"
        f" AND client_id = {owner.client_id} AND NOT is_live AND created_at >= now() - interval '1 day'"
    )
    assert index in "".join(line["QUERY PLAN"] for line in lines)
