"""Letters and destinations that come, go and come back; ages that are told; the books of letters."""

from datetime import timedelta

import structlog
from prometheus_client import generate_latest
from tests.delivery.conftest import Deliver
from tests.support.delivery_world import PROVIDER_ID, DeliveryWorld, wait_until

NO_DESTINATION = ("no_destination", "the issuer has no notification destination")


def test_letters_without_a_destination_go_out_once_there_is_one(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        await world.point_issuer(None)
        plans = [await world.buy() for _ in range(3)]
        async with world.work():
            await world.pass_some_looks()
            for letter in await world.list_letters():
                assert (letter.status, letter.attempts) == ("parked", 0)
                assert (letter.parked_code, letter.parked_reason) == NO_DESTINATION
            await world.move_clock(timedelta(days=2))
            await world.point_issuer(world.receiver.url)
            for plan in plans:
                letter = (await world.settle(plan, attempts=1)).letter
                assert (letter.status, letter.parked_reason) == ("delivered", None)
        assert await world.list_faults() == []

    deliver(work)


def test_a_destination_that_goes_while_a_retry_is_due_ends_the_tries(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.receiver.always(503)
        await world.buy()
        async with world.work():
            await world.settle(attempts=1)
            await world.point_issuer(None)
            await world.move_clock(timedelta(hours=5))

            async def is_parked() -> bool:
                return (await world.view()).letter.status == "parked"

            await wait_until(is_parked)
            history = await world.view()
            assert (history.letter.parked_code, history.letter.parked_reason) == NO_DESTINATION
            assert len(history.attempts) == len(world.receiver.received) == 1
            # A fresh ladder, once there is a destination again.
            await world.point_issuer(world.receiver.url)
            await world.settle(attempts=2)
            await world.move_clock_to_next_try()
            history = await world.settle(attempts=3)
        first, second, third = (attempt.started_at for attempt in history.attempts)
        assert second - first > timedelta(hours=5)
        assert round((third - second).total_seconds()) == 60
        assert await world.list_faults() == []

    deliver(work)


def test_notifications_switched_off_hold_letters_until_they_are_on(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        await world.buy()
        await world.point_issuer(world.receiver.url, is_enabled=False)
        async with world.work():

            async def is_parked() -> bool:
                return (await world.view()).letter.status == "parked"

            await wait_until(is_parked)
            letter = (await world.view()).letter
            assert letter.parked_code == "notifications_off"
            assert letter.parked_reason == "the issuer has notifications switched off"
            await world.point_issuer(world.receiver.url)
            assert (await world.settle(attempts=1)).letter.status == "delivered"
        assert len(world.receiver.received) == 1

    deliver(work)


def test_a_letter_that_waits_for_a_person_is_not_released_by_a_new_destination(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.receiver.always(404)
        await world.buy()
        async with world.work():
            await world.settle(attempts=1)
            await world.point_issuer(None)
            await world.point_issuer(world.receiver.url)
            await world.pass_some_looks()
        assert (await world.view()).letter.parked_code == "refused"
        assert len(world.receiver.received) == 1

    deliver(work)


def test_undelivered_letters_are_told_once_at_1_6_and_24_hours(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.receiver.always(404)
        for _ in range(2):
            await world.buy()
        oldest = (await world.list_letters())[-1].letter_id
        told: list[tuple[int, int, str]] = []
        with structlog.testing.capture_logs() as logs:
            async with world.work():
                for hours, due in ((0.5, 0), (0.6, 1), (4, 1), (2, 2), (12, 2), (12, 3), (48, 3)):
                    await world.move_clock(timedelta(hours=hours))

                    async def is_told(due: int = due) -> bool:
                        nonlocal told
                        told = [
                            (line["hours"], line["count"], line["oldest_letter_id"])
                            for line in logs
                            if line["event"] == "letters undelivered"
                        ]
                        return len(told) >= due

                    await wait_until(is_told)
                    await world.pass_some_looks()
                    await world.pass_some_looks()
                await is_told()
        assert told == [(1, 2, oldest), (6, 2, oldest), (24, 2, oldest)]
        [shown] = [
            line
            for line in generate_latest().decode().splitlines()
            if line.startswith("parcela_delivery_oldest_undelivered_seconds ")
        ]
        age_s = float(shown.split()[1])
        assert 79.1 * 3600 <= age_s < 79.1 * 3600 + 60

    deliver(work)


def test_a_letter_that_slept_through_several_ages_is_told_of_once(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        await world.point_issuer(None)
        await world.buy()
        await world.move_clock(timedelta(days=3))
        with structlog.testing.capture_logs() as logs:
            async with world.work():
                await world.pass_some_looks()
                await world.pass_some_looks()
        assert [line["hours"] for line in logs if line["event"] == "letters undelivered"] == [24]

    deliver(work)


def test_the_books_of_letters_add_up(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.receiver.script(201, 404, 503, 201, 503)
        async with world.work():
            for _ in range(5):
                await world.settle(await world.buy(), attempts=1)
        async with world.engine.database.connection() as connection:
            [row] = await connection.fetch(
                "SELECT provider_id::text, created, delivered, parked, due FROM delivery_balance"
            )
        assert tuple(row) == (PROVIDER_ID, 5, 2, 1, 2)
        assert await world.list_faults() == []

    deliver(work)


def test_impossible_states_show(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        plans = [await world.buy() for _ in range(4)]
        for plan, change in zip(
            plans,
            (
                "status = 'delivered', next_attempt_at = NULL, delivered_at = now()",
                "flight_fence = 7",
                "attempts = 3",
                "subject_id = gen_random_uuid()",
            ),
            strict=True,
        ):
            await world.execute(f"UPDATE letter SET {change} WHERE subject_id = $1::uuid", plan.plan_id)
        assert sorted(await world.list_faults()) == [
            "a fence from the future",
            "a letter speaks of no plan",
            "a plan of a notified issuer has no letter",
            "a try is under way unowned",
            "attempts are missing",
            "delivered without a delivery",
        ]

    deliver(work)
