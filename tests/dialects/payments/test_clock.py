"""The test clock: what falls due on the way happens in the order of time, and nothing twice."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.payments_world import PaymentsWorld

from parcela.domain.payments.events import EventType
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.payments import agenda, test_clock
from parcela.operations.payments.agenda import TaskHandler
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, tell
from parcela.operations.payments.keeping import NothingKept
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.test_clock import Advanced, ClockStep
from parcela.store.database import Connection
from parcela.store.payments import agenda as store

PATH = "/v1/test/clock"
DAY = timedelta(days=1)


async def tell_due(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """Tells an event, and plans the same again a day later, four times in all."""

    async def work(connection: Connection) -> None:
        await agenda.settle_task(connection, task)
        told = [Happening(EventType.INSTALLMENT_DUE, task.subject_id, {"at": int(moment.now.timestamp())})]
        await tell(connection, desk, moment, told)
        if task.subject_id < "d":
            following = chr(ord(task.subject_id) + 1)
            due_at = moment.now + DAY
            await agenda.plan_task(connection, moment.owner, task.kind, following, due_at=due_at)

    await desk.engine.database.run(work)


async def stay_silent(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """Does something that nobody is told of."""
    async with desk.engine.database.transaction() as connection:
        await agenda.settle_task(connection, task)


HANDLERS: Mapping[TaskKind, TaskHandler] = {TaskKind.ROW_DUE: tell_due, TaskKind.SEND_REFUND: stay_silent}


def plan(world: PaymentsWorld, kind: TaskKind, subject_id: str, *, after: timedelta) -> datetime:
    """A task so long after the account's present; gives its instant."""

    async def work(desk: PaymentsDesk, moment: AccountMoment) -> datetime:
        async with desk.engine.database.transaction() as connection:
            due_at = moment.now + after
            await agenda.plan_task(connection, moment.owner, kind, subject_id, due_at=due_at)
        return due_at

    return world.as_account(work)


def advance(world: PaymentsWorld, step: ClockStep) -> Advanced:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> Advanced:
        return await test_clock.advance_clock(desk, moment, step, HANDLERS, keeper=NothingKept())

    return world.as_account(work)


def list_instants(world: PaymentsWorld) -> list[int]:
    rows = world.fetch(
        "SELECT (body ->> 'at')::bigint AS at FROM payments_event WHERE type = 'installment.due'"
        " ORDER BY position"
    )
    return [row["at"] for row in rows]


def test_the_clock_is_moved_by_a_duration_and_shown(payments: PaymentsWorld) -> None:
    before = payments.get(PATH).body
    assert before == {
        "object": "test_clock",
        "now": before["now"],
        "offsetSeconds": 0,
        "due": 0,
        "nextDueAt": None,
        "livemode": False,
    }
    moved = payments.post(f"{PATH}/advance", {"by": "P1D"})
    now, previous = moved.body["now"], moved.body["previous"]
    assert (moved.status, moved.body) == (
        200,
        {
            "object": "test_clock_advance",
            "now": now,
            "previous": previous,
            "fired": [],
            "events": 0,
            "livemode": False,
        },
    )
    assert now - previous == 86_400
    assert payments.get(PATH).body["offsetSeconds"] == 86_400
    # The clock is the account's own.
    assert payments.get(PATH, key=payments.other_secret).body["offsetSeconds"] == 0


def test_the_clock_is_moved_to_an_instant(payments: PaymentsWorld) -> None:
    to = payments.get(PATH).body["now"] + 5000
    assert payments.post(f"{PATH}/advance", {"to": to}).body["now"] == to
    assert payments.get(PATH).body["now"] - to in (0, 1)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "parameter_missing"),
        ({"by": None}, 400, "parameter_missing"),
        ({"by": "P1D", "to": 1790000000}, 400, "parameter_invalid"),
        ({"by": "1d"}, 400, "parameter_invalid"),
        ({"by": "P101Y"}, 400, "parameter_invalid"),
        ({"by": 86400}, 400, "parameter_invalid"),
        ({"to": "2026-07-01"}, 400, "parameter_invalid"),
        ({"to": 7_000_000_000}, 400, "parameter_invalid"),
        ({"to": 0}, 422, "clock_backwards"),
        ({"toNext": "row"}, 400, "parameter_invalid"),
        ({"until": "P1D"}, 400, "parameter_unknown"),
    ],
)
def test_what_is_no_step_on_is_refused(
    shared_payments: PaymentsWorld, body: dict[str, Any], status: int, code: str
) -> None:
    refused = shared_payments.post(f"{PATH}/advance", body)
    assert (refused.status, refused.code) == (status, code)
    assert shared_payments.get(PATH).body["offsetSeconds"] == 0


def test_all_that_falls_due_happens_in_order_at_its_own_instant(payments: PaymentsWorld) -> None:
    first = plan(payments, TaskKind.ROW_DUE, "a", after=DAY)
    plan(payments, TaskKind.SEND_REFUND, "x", after=2 * DAY)
    moved = advance(payments, ClockStep(by="P3D"))
    assert moved.now - moved.previous == 3 * DAY
    assert (moved.fired, moved.events) == ({"installment.due": 3}, 3)
    assert list_instants(payments) == [int((first + n * DAY).timestamp()) for n in range(3)]
    assert advance(payments, ClockStep(by="P30D")).events == 1
    assert payments.fetch("SELECT 1 FROM payments_task") == []


def test_the_next_event_is_found_past_what_nobody_is_told_of(payments: PaymentsWorld) -> None:
    plan(payments, TaskKind.SEND_REFUND, "x", after=DAY)
    due_at = plan(payments, TaskKind.ROW_DUE, "a", after=2 * DAY)
    moved = advance(payments, ClockStep())
    assert (moved.now, moved.fired) == (due_at, {"installment.due": 1})
    assert advance(payments, ClockStep()).now == due_at + DAY


def test_without_anything_to_come_the_clock_stays(payments: PaymentsWorld) -> None:
    moved = advance(payments, ClockStep())
    assert (moved.now, moved.events) == (moved.previous, 0)
    answer = payments.post(f"{PATH}/advance", {"toNext": "event"})
    assert (answer.status, answer.body["events"]) == (200, 0)
    assert payments.get(PATH).body["offsetSeconds"] == 0


def test_moves_at_the_same_time_add_up_and_do_everything_once(twin_payments: PaymentsWorld) -> None:
    world = twin_payments
    plan(world, TaskKind.ROW_DUE, "a", after=timedelta(hours=1))

    async def both(_: PaymentsDesk, moment: AccountMoment) -> list[Advanced]:
        moves = [
            test_clock.advance_clock(desk, moment, ClockStep(by="P1D"), HANDLERS, keeper=NothingKept())
            for desk in world.desks
            for _ in range(2)
        ]
        return await asyncio.gather(*moves)

    moved = world.as_account(both)
    steps = sorted((found.now - found.previous, found.now) for found in moved)
    assert [step for step, _ in steps] == [DAY] * 4
    assert steps[3][1] - steps[0][1] == 3 * DAY
    assert len(list_instants(world)) == 4
    assert world.get(PATH).body["offsetSeconds"] == 4 * 86_400


def test_a_move_with_a_key_is_made_once(payments: PaymentsWorld) -> None:
    first = payments.post(f"{PATH}/advance", {"by": "P1D"}, idempotency_key="one")
    again = payments.post(f"{PATH}/advance", {"by": "P1D"}, idempotency_key="one")
    assert (again.raw, again.headers["idempotent-replayed"]) == (first.raw, "true")
    assert payments.get(PATH).body["offsetSeconds"] == 86_400


def test_a_move_that_takes_too_long_is_answered_503_and_can_be_resumed(payments: PaymentsWorld) -> None:
    plan(payments, TaskKind.ROW_DUE, "a", after=DAY)
    marks: list[str] = []

    class Marks(NothingKept):
        async def bind(self, connection: Connection, object_id: str) -> None:
            marks.append(object_id)

    async def hold_and_move(desk: PaymentsDesk, moment: AccountMoment) -> PaymentRefused:
        # Somebody else holds the agenda, and does not come to an end.
        async with desk.engine.database.connection() as connection:
            await store.lease_agenda(connection, moment.owner, lease_s=600)
        step = ClockStep(by="P2D")
        with pytest.raises(PaymentRefused) as refused:
            await test_clock.advance_clock(desk, moment, step, HANDLERS, keeper=Marks(), timeout_s=0.2)
        return refused.value

    refusal = payments.as_account(hold_and_move)
    assert (refusal.fault, (refusal.details or {})["due"]) == (Fault.SERVICE_UNAVAILABLE, 1)
    assert payments.get(PATH).body["due"] == 1
    payments.fetch("UPDATE payments_agenda SET leased_until = '-infinity'")

    async def resume(desk: PaymentsDesk, moment: AccountMoment) -> Advanced:
        return await test_clock.resume_advance(desk, moment, marks[0], HANDLERS)

    resumed = payments.as_account(resume)
    assert resumed.now - resumed.previous == 2 * DAY
    assert (resumed.fired, len(marks)) == ({"installment.due": 2}, 1)
    # What is resumed moves nothing again.
    assert payments.as_account(resume) == resumed
    assert payments.get(PATH).body["offsetSeconds"] == 2 * 86_400


def test_a_search_for_the_next_event_ends_in_time(payments: PaymentsWorld) -> None:
    for number in range(3):
        plan(payments, TaskKind.SEND_REFUND, f"x{number}", after=(number + 1) * DAY)

    async def work(desk: PaymentsDesk, moment: AccountMoment) -> PaymentRefused:
        with pytest.raises(PaymentRefused) as refused:
            await test_clock.advance_clock(
                desk, moment, ClockStep(), HANDLERS, keeper=NothingKept(), timeout_s=0
            )
        return refused.value

    refusal = payments.as_account(work)
    assert (refusal.fault, (refusal.details or {})["due"]) == (Fault.SERVICE_UNAVAILABLE, 0)
    assert payments.get(PATH).body["offsetSeconds"] == 0
    assert advance(payments, ClockStep()).events == 0
    assert payments.fetch("SELECT 1 FROM payments_task") == []


def test_live_keys_have_no_clock(payments: PaymentsWorld) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> Fault:
        live = AccountMoment(
            world=moment.world,
            client=moment.client,
            account=moment.account,
            is_live=True,
            now=datetime.now(UTC),
        )
        with pytest.raises(PaymentRefused) as refused:
            await test_clock.advance_clock(desk, live, ClockStep(by="P1D"), {}, keeper=NothingKept())
        return refused.value.fault

    assert payments.as_account(work) is Fault.TEST_ONLY
    assert payments.fetch("SELECT 1 FROM payments_agenda WHERE is_live") == []
