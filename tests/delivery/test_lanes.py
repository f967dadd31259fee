"""Leases and lanes: who may send where, how much at once, and what a dead or paused worker leaves behind."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from tests.conftest import DemoTemplate, RunWithEngine, use_engine
from tests.delivery.conftest import Deliver
from tests.support.delivery_world import PATIENT, PROVIDER_ID, DeliveryWorld, open_delivery_world, wait_until
from tests.support.receiver import open_receiver

from parcela.connectors.outbound_http import GuardedHttp
from parcela.dialects.network.notifications import PLAN_NOTIFICATION
from parcela.domain.delivery import Delivered
from parcela.operations.delivery_work import DeliveryDesk, FinishedTry, TryRecord, TrySight
from parcela.operations.engine import MAIN_TENANT, UNAVAILABLE_ERRORS, Engine

OTHER_PROVIDER_ID = "00000000-0000-4000-8000-000000000001"


def make_desk(engine: Engine) -> DeliveryDesk:
    """A desk of a worker of its own."""
    lease = timedelta(seconds=10)
    return DeliveryDesk(engine, owner=engine.ids.new_uuid(), kinds=[PLAN_NOTIFICATION], lease=lease)


async def add_other_destination(world: DeliveryWorld, url: str, *, letters: int) -> None:
    """A second issuer with a destination, and letters for it; it is written to with the same keys."""
    issuer = replace(await world.get_issuer(), provider_id=OTHER_PROVIDER_ID, notification_url=url)
    await world.change(issuer)
    await world.execute(
        "INSERT INTO client (tenant_id, code, name, role, provider_id) VALUES (1, 'other', '', 'issuer', $1)",
        OTHER_PROVIDER_ID,
    )
    await world.execute(
        "INSERT INTO client_key (tenant_id, client_id, purpose, name, public_pem, wrapped_private)"
        " SELECT 1, (SELECT client_id FROM client WHERE code = 'other'), k.purpose, k.name,"
        " k.public_pem, k.wrapped_private FROM client_key k JOIN client c USING (tenant_id, client_id)"
        " WHERE c.code = 'parcela-sandbox-issuer' AND purpose IN ('client_encryption', 'platform_signing')"
    )
    await world.execute("UPDATE world SET version = version + 1")
    plans = [await world.buy() for _ in range(letters)]
    await world.execute(
        "UPDATE letter SET provider_id = $1::uuid, lane = $1::uuid::text WHERE subject_id = ANY($2::uuid[])",
        OTHER_PROVIDER_ID,
        [plan.plan_id for plan in plans],
    )


def test_at_most_four_tries_are_under_way_to_a_destination(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.limits = PATIENT
        world.receiver.always("gate")
        for _ in range(12):
            await world.buy()
        async with world.work():

            async def is_full() -> bool:
                return world.receiver.in_flight == 4

            await wait_until(is_full)
            await world.pass_some_looks()
            assert len(world.receiver.received) == 4
            world.receiver.gate.set()

            async def is_empty() -> bool:
                return not await world.list_letters(status="due")

            await wait_until(is_empty)
        assert (world.receiver.most_in_flight, len(world.receiver.received)) == (4, 12)
        assert await world.list_faults() == []

    deliver(work)


def test_a_hung_destination_holds_up_no_other(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        async with open_receiver() as hung:
            world.limits = PATIENT
            hung.always("hang")
            await add_other_destination(world, hung.url, letters=10)
            async with world.work(drain_s=0.1):

                async def is_hung() -> bool:
                    return hung.in_flight == 4

                await wait_until(is_hung)
                for _ in range(5):
                    plan = await world.buy()
                    started_s = asyncio.get_running_loop().time()
                    assert (await world.settle(plan, attempts=1)).letter.status == "delivered"
                    assert asyncio.get_running_loop().time() - started_s < 10
        assert hung.most_in_flight == 4
        assert len(world.receiver.received) == 5

    deliver(work)


def test_two_workers_share_a_database_and_send_each_letter_once(
    run: RunWithEngine, database_url: str, demo_template: DemoTemplate
) -> None:
    async def work(engine: Engine) -> None:
        async with (
            open_delivery_world(engine, demo_template.home) as world,
            use_engine(database_url, demo_template.home) as second,
            open_receiver() as other,
        ):
            await add_other_destination(world, other.url, letters=15)
            for _ in range(15):
                await world.buy()
            https = [GuardedHttp(True), GuardedHttp(True)]
            workers = [
                world.make_worker(http, engine=own, lanes_a_look=1)
                for http, own in zip(https, (engine, second), strict=True)
            ]
            running = [asyncio.create_task(worker.run()) for worker in workers]

            async def is_empty() -> bool:
                return not await world.list_letters(status="due")

            await wait_until(is_empty)
            for worker in workers:
                worker.stop()
            await asyncio.gather(*running)
            for http in https:
                await http.close()
            for receiver in (world.receiver, other):
                assert len({request.json["planId"] for request in receiver.received}) == 15
                assert len(receiver.received) == 15
                assert receiver.most_in_flight <= 4
            assert await world.list_faults() == []

    run(work)


def test_the_late_outcome_of_a_paused_worker_is_refused(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        await world.buy()
        paused, active = make_desk(world.engine), make_desk(world.engine)
        [due] = await paused.list_due_lanes()
        [lost] = await paused.take_lanes([due.key])
        [letter] = await paused.claim(lost, room=4)
        assert await active.take_lanes([due.key]) == []
        await world.execute("UPDATE delivery_lane SET lease_until = clock_timestamp()")
        [held] = await active.take_lanes([due.key])
        assert held.fence == lost.fence + 1
        # Awake again: it may neither claim, nor renew, nor write what came of its try.
        now = world.engine.recall().now
        record = TryRecord(
            outcome="delivered",
            started_at=now,
            finished_at=now,
            duration_ms=1,
            seen=TrySight(http_status=201),
        )
        late = FinishedTry(letter=letter, record=record, decision=Delivered())
        assert await paused.finish(late) is False
        assert await paused.claim(lost, room=4) == []
        assert await paused.renew([lost]) == set()
        await paused.give_back([lost])
        history = await world.view()
        assert (history.letter.status, history.letter.attempts) == ("due", 1)
        [attempt] = history.attempts
        assert (attempt.outcome, attempt.decision) == ("unknown", "retry")
        assert attempt.next_attempt_at == attempt.scheduled_at
        # The new owner tries again at once, on the same rung.
        [again] = await active.claim(held, room=4)
        assert (again.number, again.position, again.scheduled_at) == (
            2,
            letter.position,
            letter.scheduled_at,
        )
        assert await active.finish(replace(late, letter=again)) is True
        assert (await world.view()).letter.status == "delivered"
        assert await active.finish(replace(late, letter=again)) is False
        assert await world.list_faults() == []

    deliver(work)


def test_a_lease_that_outlasts_every_lease_is_no_lease(deliver: Deliver) -> None:
    """The database's clock was set back: the lanes of a worker that died must not wait for it to catch up."""

    async def work(world: DeliveryWorld) -> None:
        await world.buy()
        died, alive = make_desk(world.engine), make_desk(world.engine)
        [due] = await died.list_due_lanes()
        [lost] = await died.take_lanes([due.key])
        await world.execute("UPDATE delivery_lane SET lease_until = lease_until + interval '1 hour'")
        [due] = await alive.list_due_lanes()
        assert due.owner is None
        [taken] = await alive.take_lanes([due.key])
        assert taken.fence == lost.fence + 1

    deliver(work)


def test_what_a_killed_worker_was_sending_is_sent_again_at_once(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.limits = PATIENT
        world.receiver.always("gate")
        for _ in range(6):
            await world.buy()
        http = GuardedHttp(True)
        killed = world.make_worker(http, lease_s=1.0, renew_s=0.05, ahead=4)
        before = asyncio.all_tasks()
        running = asyncio.create_task(killed.run())

        async def is_full() -> bool:
            return world.receiver.in_flight == 4

        await wait_until(is_full)
        # Everything it does ends here, and nothing is written any more.
        for task in asyncio.all_tasks() - before - world.receiver.tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await http.close()
        world.receiver.always(201)
        async with world.work():

            async def is_empty() -> bool:
                return not await world.list_letters(status="due")

            await wait_until(is_empty)
        outcomes = await world.fetchval(
            "SELECT array_agg(outcome || ' ' || number ORDER BY outcome, number) FROM delivery_attempt"
        )
        # Nobody knows how far those two had come that were claimed ahead.
        assert outcomes == ["delivered 2"] * 6 + ["unknown 1"] * 6
        counts = [
            sum(request.json["planId"] == plan_id for request in world.receiver.received)
            for plan_id in {request.json["planId"] for request in world.receiver.received}
        ]
        assert sorted(counts) == [1, 1, 2, 2, 2, 2]
        assert await world.list_faults() == []

    deliver(work)


def test_a_worker_breaks_its_tries_off_when_its_lease_ends(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.limits = PATIENT
        world.receiver.script("gate", 201)
        await world.buy()
        # It does not renew, as a worker that cannot reach the database.
        async with world.work(lease_s=1.5, renew_s=60.0):
            history = await world.settle(attempts=2)
        assert [attempt.outcome for attempt in history.attempts] == ["unknown", "delivered"]
        assert len(world.receiver.received) == 2
        assert await world.fetchval("SELECT fence FROM delivery_lane") >= 2
        assert await world.list_faults() == []

    deliver(work)


def test_a_stopping_worker_finishes_its_tries_and_gives_its_lane_back(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.limits = PATIENT
        world.receiver.always("gate")
        for _ in range(10):
            await world.buy()
        async with world.work() as worker:

            async def is_full() -> bool:
                return world.receiver.in_flight == 4

            await wait_until(is_full)
            worker.stop()
            await asyncio.sleep(0.05)
            world.receiver.gate.set()
        letters = await world.list_letters()
        assert sorted(letter.status for letter in letters) == ["delivered"] * 4 + ["due"] * 6
        # What was claimed ahead and not begun has left no trace.
        assert sorted(letter.attempts for letter in letters) == [0] * 6 + [1] * 4
        assert not any(letter.is_in_flight for letter in letters)
        owner = await world.fetchval("SELECT owner FROM delivery_lane WHERE lane = $1", PROVIDER_ID)
        assert owner is None
        assert await world.list_faults() == []

    deliver(work)


def test_a_try_that_outlasts_the_drain_is_unknown_and_due_at_once(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.receiver.always("hang")
        await world.buy()
        async with world.work(drain_s=0.05) as worker:

            async def is_sent() -> bool:
                return world.receiver.in_flight == 1

            await wait_until(is_sent)
            worker.stop()
        history = await world.view()
        assert [attempt.outcome for attempt in history.attempts] == ["unknown"]
        assert (history.letter.status, history.letter.is_in_flight) == ("due", False)
        assert history.letter.next_attempt_at == history.letter.created_at
        assert await world.list_faults() == []

    deliver(work)


def test_of_several_letters_about_one_plan_the_first_undelivered_goes(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        # Other kinds of letters about a plan will come; this one stands in for them.
        await world.execute("ALTER TABLE letter DROP CONSTRAINT letter_tenant_id_subject_id_kind_lane_key")
        plan = await world.buy()
        for _ in range(2):
            await world.execute(
                "INSERT INTO letter (tenant_id, letter_id, kind, subject_id, provider_id, correlation_id,"
                " status, next_attempt_at, created_at, lane, ladder_anchor_at, waiting_since)"
                " SELECT tenant_id, gen_random_uuid(), kind, subject_id, provider_id,"
                " gen_random_uuid()::text, 'due', next_attempt_at, created_at, lane, ladder_anchor_at,"
                " waiting_since FROM letter WHERE subject_id = $1 LIMIT 1",
                plan.plan_id,
            )
        rows = await world.fetchval(
            "SELECT array_agg(correlation_id ORDER BY position) FROM letter WHERE subject_id = $1",
            plan.plan_id,
        )
        world.receiver.script(201, 404, 201)
        async with world.work():

            async def is_parked() -> bool:
                return len(await world.list_letters(status="parked")) == 1

            await wait_until(is_parked)
            await world.settle(await world.buy(), attempts=1)
            sent = [request.headers["correlation-id"] for request in world.receiver.received]
            # The second is parked, and holds the third back; letters about other plans pass.
            assert sent[:2] == rows[:2]
            assert rows[2] not in sent
        assert world.receiver.most_in_flight == 1

    deliver(work)


def test_a_worker_outlives_an_absence_of_the_database(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.limits = PATIENT
        world.receiver.always("gate")
        await world.buy()
        async with world.work():

            async def is_sent() -> bool:
                return world.receiver.in_flight == 1

            await wait_until(is_sent)
            # Connections are cut while the outcome is on its way.
            name = await world.fetchval("SELECT current_database()")
            await world.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = $1 AND pid <> pg_backend_pid()",
                name,
            )
            world.receiver.gate.set()

            async def is_delivered() -> bool:
                try:
                    return (await world.view()).letter.status == "delivered"
                except UNAVAILABLE_ERRORS:
                    # The cut has met this look, too.
                    return False

            await wait_until(is_delivered)
            assert (await world.view()).letter.attempts == 1
            world.receiver.always(201)
            assert (await world.settle(await world.buy(), attempts=1)).letter.status == "delivered"
        assert len(world.receiver.received) == 2
        assert await world.list_faults() == []

    deliver(work)


def test_a_lane_is_known_without_reading_its_letters(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        desk = make_desk(world.engine)
        assert await desk.list_due_lanes() == []
        await world.buy()
        [due] = await desk.list_due_lanes()
        assert (due.key.tenant_id, due.key.lane, due.owner) == (MAIN_TENANT, PROVIDER_ID, None)
        await world.execute("UPDATE letter SET next_attempt_at = next_attempt_at + interval '1 minute'")
        assert await desk.list_due_lanes() == []
        await world.move_clock(timedelta(minutes=1))
        assert await desk.list_due_lanes() == [due]

    deliver(work)
