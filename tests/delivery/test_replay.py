"""People look at letters and send them again; who may, and what is kept of it."""

from datetime import timedelta
from typing import Any

import pytest
from tests.delivery.conftest import Deliver
from tests.support.delivery_world import PATIENT, PROVIDER_ID, DeliveryWorld, wait_until
from tests.support.network_client import load_party, open_token

from parcela.domain.changes import Person, Role
from parcela.domain.errors import Conflict, InvalidInput, NotFound
from parcela.operations import deliveries
from parcela.operations.deliveries import LetterFilter, Replayed
from parcela.operations.engine import MAIN_TENANT

OTHER_PROVIDER_ID = "218b9962-1355-44e4-8a16-f911363fd849"
NO_ID = "00000000-0000-4000-8000-000000000000"


def make_person(provider_id: str | None, role: Role) -> Person:
    return Person(person_id=1, tenant_id=MAIN_TENANT, email="somebody", role=role, provider_id=provider_id)


OPERATOR = make_person(None, Role.OPERATOR)
OWN = make_person(PROVIDER_ID, Role.ISSUER_MAKER)
FOREIGN = make_person(OTHER_PROVIDER_ID, Role.ISSUER_MAKER)


async def list_replay_lines(world: DeliveryWorld) -> list[tuple[str, str]]:
    """Subject and detail of the audited replays."""
    async with world.engine.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT subject, detail::text FROM audit WHERE action = 'delivery.replay' ORDER BY sequence"
        )
    return [tuple(row) for row in rows]


def test_a_delivered_letter_is_sent_again_with_the_same_content_and_ids(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        await world.buy()
        async with world.work():
            letter = (await world.settle(attempts=1)).letter
            due = await deliveries.replay_letter(world.engine, OPERATOR, letter.letter_id)
            assert (due.status, due.replays, due.delivered_at) == ("due", 1, None)
            again = await world.settle(attempts=2)
        assert (again.letter.status, again.letter.replays) == ("delivered", 1)
        first, second = world.receiver.received
        assert first.headers["correlation-id"] == second.headers["correlation-id"]
        key = load_party(world.home, "issuer").decryption_key
        contents: list[Any] = [
            {**request.json, "encryptedValue": open_token(request.json["encryptedValue"], key)}
            for request in (first, second)
        ]
        assert contents[0] == contents[1]
        assert first.json["encryptedValue"] != second.json["encryptedValue"]
        assert await list_replay_lines(world) == [(f"letter {letter.letter_id}", '{"was":"delivered"}')]
        assert await world.list_faults() == []

    deliver(work)


def test_a_parked_letter_goes_on_and_climbs_a_fresh_ladder(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.receiver.script(404, 503, 201)
        await world.buy()
        async with world.work():
            letter = (await world.settle(attempts=1)).letter
            await world.move_clock(timedelta(days=1))
            await deliveries.replay_letter(world.engine, OWN, letter.letter_id)
            second = (await world.settle(attempts=2)).attempts[1]
            assert second.next_attempt_at is not None
            assert second.next_attempt_at - second.scheduled_at == timedelta(seconds=60)
            await world.move_clock_to_next_try()
            assert (await world.settle(attempts=3)).letter.status == "delivered"
        assert await world.list_faults() == []

    deliver(work)


def test_letters_are_chosen_by_status_issuer_and_window(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        engine = world.engine
        world.receiver.always(404)
        async with world.work():
            plans = []
            for _ in range(3):
                plans.append(await world.buy())
                await world.settle(plans[-1], attempts=1)
                await world.move_clock(timedelta(hours=1))
        begin = plans[1].created_at
        window = LetterFilter(status="parked", created_from=begin, created_before=begin + timedelta(hours=1))
        assert [letter.subject_id for letter in await deliveries.list_letters(engine, OWN, window)] == [
            plans[1].plan_id
        ]
        assert await deliveries.replay_letters(engine, OWN, window) == Replayed(count=1, is_complete=True)
        every = LetterFilter(status="parked")
        assert await deliveries.replay_letters(engine, FOREIGN, every) == Replayed(count=0, is_complete=True)
        stranger = LetterFilter(status="parked", provider_id=OTHER_PROVIDER_ID)
        assert await deliveries.replay_letters(engine, OWN, stranger) == Replayed(count=0, is_complete=True)
        assert await deliveries.replay_letters(engine, OPERATOR, every) == Replayed(count=2, is_complete=True)
        assert {letter.status for letter in await world.list_letters()} == {"due"}
        lines = await list_replay_lines(world)
        assert [line[0] for line in lines] == ["letters"] * 4
        assert lines[-1][1] == '{"count":2,"status":"parked"}'
        world.receiver.always(201)
        async with world.work():
            for plan in plans:
                assert (await world.settle(plan, attempts=2)).letter.status == "delivered"
        assert await world.list_faults() == []

    deliver(work)


def test_a_letter_with_a_try_under_way_is_left_alone(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.limits = PATIENT
        world.receiver.always("gate")
        await world.buy()
        async with world.work():

            async def is_sent() -> bool:
                return world.receiver.in_flight == 1

            await wait_until(is_sent)
            letter = (await world.view()).letter
            assert (letter.status, letter.is_in_flight) == ("due", True)
            with pytest.raises(Conflict):
                await deliveries.replay_letter(world.engine, OPERATOR, letter.letter_id)
            done = await deliveries.replay_letters(world.engine, OPERATOR, LetterFilter(status="due"))
            assert done == Replayed(count=0, is_complete=True)
            world.receiver.gate.set()
            history = await world.settle(attempts=1)
        assert (history.letter.status, history.letter.replays) == ("delivered", 0)
        assert len(world.receiver.received) == 1

    deliver(work)


def test_foreign_and_unknown_letters_are_told_alike_and_nothing_moves(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        engine = world.engine
        world.receiver.always(404)
        await world.buy()
        async with world.work():
            letter = (await world.settle(attempts=1)).letter
        for person, letter_id in ((FOREIGN, letter.letter_id), (OPERATOR, NO_ID), (OPERATOR, "x")):
            for act in (deliveries.view_letter, deliveries.replay_letter):
                with pytest.raises(NotFound) as refusal:
                    await act(engine, person, letter_id)
                assert str(refusal.value) == f"There is no letter {letter_id!r}."
        assert await deliveries.list_letters(engine, FOREIGN, LetterFilter()) == []
        assert (await world.view()).letter == letter
        assert await list_replay_lines(world) == []

    deliver(work)


@pytest.mark.parametrize(
    ("wanted", "member"),
    [
        (LetterFilter(), "status"),  # everything at once is nobody's wish
        (LetterFilter(status="sent"), "status"),
        (LetterFilter(status="parked", provider_id="x"), "provider_id"),
    ],
)
def test_a_selection_must_say_what_it_wants(deliver: Deliver, wanted: LetterFilter, member: str) -> None:
    async def work(world: DeliveryWorld) -> None:
        with pytest.raises(InvalidInput) as refusal:
            await deliveries.replay_letters(world.engine, OPERATOR, wanted)
        assert refusal.value.member == member
        assert await list_replay_lines(world) == []

    deliver(work)
