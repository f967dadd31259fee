"""What falls due on accounts' clocks: in order, once, whoever dies; and no account waits for another."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.conftest import DemoTemplate
from tests.support.delivery_world import wait_until
from tests.support.payments_world import PaymentsWorld, open_payments_world

from parcela.domain.payments.events import EventType
from parcela.domain.payments.records import Owner
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.payments import agenda
from parcela.operations.payments.agenda import TaskHandler, run_account, run_due
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, tell
from parcela.operations.payments.handlers import HANDLERS as ALL_HANDLERS
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.payments import agenda as store

KIND = TaskKind.ROW_DUE
HOUR = timedelta(hours=1)


@pytest.fixture
def world(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """Two engines on one database."""
    with open_payments_world(database_url, demo_template.home, engines=2) as opened:
        yield opened


def find_moment(world: PaymentsWorld, *, key: str | None = None) -> AccountMoment:
    """An account's present."""

    async def give(_: PaymentsDesk, moment: AccountMoment) -> AccountMoment:
        return moment

    return world.as_account(give, key=key)


def plan(world: PaymentsWorld, owner: Owner, tasks: dict[str, datetime], *, kind: TaskKind = KIND) -> None:
    """Have something happen to subjects at their instants."""

    async def work() -> None:
        async with world.engine.database.transaction() as connection:
            for subject_id, due_at in tasks.items():
                await agenda.plan_task(connection, owner, kind, subject_id, due_at=due_at)

    world.run(work())


async def tell_task(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """A handler whose effect is an event about the subject."""

    async def work(connection: Connection) -> None:
        await agenda.settle_task(connection, task)
        happening = Happening(EventType.INSTALLMENT_DUE, task.subject_id, {"id": task.subject_id})
        await tell(connection, desk, moment, [happening])

    await desk.engine.database.run(work)


HANDLERS: dict[TaskKind, TaskHandler] = {KIND: tell_task}


def list_told(world: PaymentsWorld, owner: Owner) -> list[tuple[str, datetime]]:
    """Subjects and instants of the events, in the order in which they were written."""
    rows = world.fetch(
        "SELECT object_id, created_at FROM payments_event WHERE client_id = $1 AND is_live = $2"
        " AND type = 'installment.due' ORDER BY position",
        owner.client_id,
        owner.is_live,
    )
    return [(row["object_id"], row["created_at"]) for row in rows]


def count_tasks(world: PaymentsWorld) -> int:
    return int(world.fetch("SELECT count(*) AS count FROM payments_task")[0]["count"])


def run_once(world: PaymentsWorld, owner: Owner, handlers: dict[TaskKind, TaskHandler]) -> int | None:
    return world.run(run_account(world.desk, handlers, owner))


def test_tasks_are_done_in_the_order_of_time_each_at_its_own_instant(world: PaymentsWorld) -> None:
    moment = find_moment(world)
    at = {"c": moment.now - HOUR, "a": moment.now - 3 * HOUR, "b": moment.now - 2 * HOUR}
    plan(world, moment.owner, at | {"later": moment.now + HOUR})
    assert run_once(world, moment.owner, HANDLERS) == 3
    assert list_told(world, moment.owner) == [(subject, at[subject]) for subject in "abc"]
    assert count_tasks(world) == 1


def test_what_comes_of_a_task_is_done_in_its_turn(world: PaymentsWorld) -> None:
    moment = find_moment(world)

    async def tell_and_plan(desk: PaymentsDesk, at: AccountMoment, task: Task) -> None:
        await tell_task(desk, at, task)
        if task.subject_id == "a":
            async with desk.engine.database.transaction() as connection:
                due_at = task.due_at + HOUR
                await agenda.plan_task(connection, at.owner, KIND, "between", due_at=due_at)

    plan(world, moment.owner, {"a": moment.now - 3 * HOUR, "b": moment.now - HOUR})
    assert run_once(world, moment.owner, {KIND: tell_and_plan}) == 3
    assert [subject for subject, _ in list_told(world, moment.owner)] == ["a", "between", "b"]


def test_a_task_that_plans_itself_anew_keeps_the_new_one(world: PaymentsWorld) -> None:
    moment = find_moment(world)

    async def repeat(desk: PaymentsDesk, at: AccountMoment, task: Task) -> None:
        async with desk.engine.database.transaction() as connection:
            await agenda.settle_task(connection, task)
            await agenda.plan_task(connection, at.owner, KIND, task.subject_id, due_at=task.due_at + 9 * HOUR)

    plan(world, moment.owner, {"a": moment.now - HOUR})
    assert run_once(world, moment.owner, {KIND: repeat}) == 1
    assert world.fetch("SELECT due_at FROM payments_task") == [{"due_at": moment.now + 8 * HOUR}]


def test_two_engines_share_the_work_and_do_everything_once_in_order(world: PaymentsWorld) -> None:
    moments = [find_moment(world), find_moment(world, key=world.other_secret)]
    for moment in moments:
        plan(world, moment.owner, {f"s{n:02}": moment.now - (60 - n) * HOUR for n in range(40)})

    async def work() -> list[int]:
        rounds = [run_due(desk, HANDLERS) for desk in world.desks for _ in range(3)]
        return await asyncio.gather(*rounds)

    assert sum(world.run(work())) == 80
    for moment in moments:
        assert [subject for subject, _ in list_told(world, moment.owner)] == [f"s{n:02}" for n in range(40)]
    assert count_tasks(world) == 0


def test_a_worker_that_slept_through_its_lease_settles_nothing(world: PaymentsWorld) -> None:
    moment = find_moment(world)
    plan(world, moment.owner, {"a": moment.now - HOUR})

    async def work() -> tuple[int | None, int | None]:
        asleep, awake = asyncio.Event(), asyncio.Event()

        async def sleep_first(desk: PaymentsDesk, at: AccountMoment, task: Task) -> None:
            asleep.set()
            await awake.wait()
            await tell_task(desk, at, task)

        sleeper = asyncio.create_task(run_account(world.desks[0], {KIND: sleep_first}, moment.owner))
        await asleep.wait()
        async with world.engine.database.connection() as connection:
            assert await run_account(world.desks[1], HANDLERS, moment.owner) is None
            await connection.execute("UPDATE payments_agenda SET leased_until = '-infinity'")
        second = await run_account(world.desks[1], HANDLERS, moment.owner)
        awake.set()
        return await sleeper, second

    assert world.run(work()) == (0, 1)
    assert [subject for subject, _ in list_told(world, moment.owner)] == ["a"]


def test_a_worker_killed_between_two_tasks_is_followed_when_its_lease_ends(world: PaymentsWorld) -> None:
    moment = find_moment(world)
    plan(world, moment.owner, {"a": moment.now - 2 * HOUR, "b": moment.now - HOUR})

    async def die() -> None:
        # What a killed worker leaves behind: its lease, one task done, the next one's transaction gone.
        async with world.engine.database.connection() as connection:
            fence = await store.lease_agenda(connection, moment.owner, lease_s=600)
            assert fence is not None
            task = await store.find_next_task(
                connection, moment.owner, until=moment.now, fence=fence, kinds=[KIND]
            )
        assert task is not None
        await tell_task(world.desk, replace(moment, now=task.due_at), task)

    async def follow() -> tuple[int, int]:
        early = await run_due(world.desks[1], HANDLERS)
        async with world.engine.database.connection() as connection:
            await connection.execute("UPDATE payments_agenda SET leased_until = clock_timestamp()")
        return early, await run_due(world.desks[1], HANDLERS)

    world.run(die())
    assert world.run(follow()) == (0, 1)
    assert [subject for subject, _ in list_told(world, moment.owner)] == ["a", "b"]


def test_a_task_that_is_dropped_while_it_is_carried_out_has_no_effect(world: PaymentsWorld) -> None:
    moment = find_moment(world)
    plan(world, moment.owner, {"a": moment.now - HOUR})

    async def be_late(desk: PaymentsDesk, at: AccountMoment, task: Task) -> None:
        async with desk.engine.database.connection() as connection:
            await agenda.drop_tasks(connection, at.owner, KIND, ["a"])
        await tell_task(desk, at, task)

    assert run_once(world, moment.owner, {KIND: be_late}) == 0
    assert (list_told(world, moment.owner), count_tasks(world)) == ([], 0)


@pytest.mark.parametrize("fault", [AssertionError, KeyError, TypeError, ValueError])
def test_a_task_that_fails_rests_longer_each_time_and_delays_nobody(
    world: PaymentsWorld, fault: type[Exception]
) -> None:
    moment = find_moment(world)
    plan(world, moment.owner, {"bad": moment.now - 2 * HOUR, "good": moment.now - HOUR})

    async def fail(desk: PaymentsDesk, at: AccountMoment, task: Task) -> None:
        if task.subject_id == "bad":
            raise fault
        await tell_task(desk, at, task)

    rests = []
    for _ in range(9):
        run_once(world, moment.owner, {KIND: fail})
        [row] = world.fetch(
            "SELECT attempt, round(extract(epoch FROM retry_at - clock_timestamp()) / 60)::int AS minutes"
            " FROM payments_task"
        )
        rests.append((row["attempt"], row["minutes"]))
        world.fetch("UPDATE payments_task SET retry_at = '-infinity'")
    minutes = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert rests == list(enumerate(minutes, start=1))
    assert [subject for subject, _ in list_told(world, moment.owner)] == ["good"]


def test_an_account_that_is_not_in_the_catalogue_is_left_alone_for_an_hour(world: PaymentsWorld) -> None:
    moment = find_moment(world)
    [stranger] = world.fetch(
        "SELECT client_id FROM client WHERE role <> 'account' ORDER BY client_id LIMIT 1"
    )
    gone = replace(moment.owner, client_id=stranger["client_id"])
    plan(world, gone, {"a": moment.now - HOUR})
    assert world.run_due(HANDLERS) == 0
    rows = world.fetch(
        "SELECT retry_at > clock_timestamp() + interval '59 minutes' AS rests FROM payments_task"
    )
    assert rows == [{"rests": True}]


def test_an_account_with_much_to_do_lets_others_have_their_turn(world: PaymentsWorld) -> None:
    busy, quiet = find_moment(world), find_moment(world, key=world.other_secret)
    plan(world, busy.owner, {f"s{n}": busy.now - HOUR for n in range(60)})
    plan(world, quiet.owner, {"a": quiet.now})
    assert world.run_due(HANDLERS) == 51
    assert len(list_told(world, busy.owner)) == 50
    assert [subject for subject, _ in list_told(world, quiet.owner)] == ["a"]


def test_a_clock_that_was_moved_makes_its_own_account_due_alone(world: PaymentsWorld) -> None:
    moved, other = find_moment(world), find_moment(world, key=world.other_secret)
    live = replace(moved.owner, is_live=True)
    for owner in (moved.owner, other.owner, live):
        plan(world, owner, {"a": moved.now + HOUR})

    async def move(connection: Connection) -> None:
        await store.lock_offset(connection, moved.owner)
        await store.set_offset(connection, moved.owner, 2 * HOUR)

    world.run(world.engine.database.run(move))
    assert world.run_due(HANDLERS) == 1
    assert list_told(world, moved.owner) == [("a", moved.now + HOUR)]
    assert (list_told(world, other.owner), list_told(world, live)) == ([], [])


def test_a_kind_that_this_process_does_not_know_is_left_for_another(world: PaymentsWorld) -> None:
    moment = find_moment(world)
    plan(world, moment.owner, {"a": moment.now - HOUR}, kind=TaskKind.PAY_OUT)
    plan(world, moment.owner, {"b": moment.now})
    assert run_once(world, moment.owner, HANDLERS) == 1
    assert world.fetch("SELECT kind, attempt FROM payments_task") == [{"kind": "pay_out", "attempt": 0}]


def test_a_task_that_its_handler_does_not_settle_rests_as_one_that_failed(world: PaymentsWorld) -> None:
    moment = find_moment(world)
    done = []

    async def forget(desk: PaymentsDesk, at: AccountMoment, task: Task) -> None:
        done.append(task.subject_id)

    plan(world, moment.owner, {"a": moment.now - HOUR})
    assert run_once(world, moment.owner, {KIND: forget}) == 2
    assert done == ["a"]
    assert world.fetch("SELECT attempt FROM payments_task") == [{"attempt": 1}]


def test_every_kind_of_task_has_a_handler() -> None:
    assert set(ALL_HANDLERS) == set(TaskKind)


def test_agendas_are_kept_while_the_block_runs_also_after_a_fault(world: PaymentsWorld) -> None:
    moment = find_moment(world)
    failures = [ConnectionResetError(), None]

    async def stumble(desk: PaymentsDesk, at: AccountMoment, task: Task) -> None:
        if (fault := failures.pop(0)) is not None:
            raise fault
        await tell_task(desk, at, task)

    async def is_done() -> bool:
        async with world.engine.database.connection() as connection:
            count: int = await connection.fetchval("SELECT count(*) FROM payments_task")
        return count == 0

    async def work() -> None:
        async with agenda.keep_agendas(world.desk, {KIND: stumble}, poll_s=0.01):
            await wait_until(is_done)

    plan(world, moment.owner, {"a": moment.now - HOUR})
    world.run(work())
    assert [subject for subject, _ in list_told(world, moment.owner)] == ["a"]
