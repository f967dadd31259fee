"""PAN lists in the store: what is made, what joins it and what leaves it, and nothing when refused."""

import asyncio

import pytest
from tests.conftest import RunWithEngine
from tests.support.purchases import count_records, get_client

from parcela.domain.errors import PanListNotFound, PanListRefused, RangeDiffers, RangeNotValid
from parcela.domain.pan_lists import PanFailure
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.pan_lists import (
    DeregisterPans,
    PanListAnswer,
    RegisterPans,
    deregister_pans,
    register_pans,
)

LOW, HIGH = "2303770003300000000", "2303770003399999999"
FIRST, SECOND, THIRD = "2303770003322342", "2303770003334644", "2303770003366422"
OUTSIDE, NO_RANGE = "2303770000057107", "5555552292032404"


async def register(
    engine: Engine,
    *pans: str,
    name: str | None = None,
    pan_list_id: str | None = None,
    bounds: tuple[str, str] | None = None,
) -> PanListAnswer:
    command = RegisterPans(name=name, pan_list_id=pan_list_id, bounds=bounds, pans=pans)
    return await register_pans(engine, await engine.look(), await get_client(engine, "issuer"), command)


async def deregister(engine: Engine, pan_list_id: str, *pans: str) -> PanListAnswer:
    command = DeregisterPans(pan_list_id=pan_list_id, pans=pans)
    return await deregister_pans(engine, await engine.look(), await get_client(engine, "issuer"), command)


def list_failures(answer: PanListAnswer) -> list[PanFailure | None]:
    return [outcome.failure for outcome in answer.outcomes]


def id_of(answer: PanListAnswer) -> str:
    assert answer.pan_list is not None
    return answer.pan_list.pan_list_id


async def list_members(engine: Engine, pan_list_id: str) -> set[str]:
    members = set()
    for pan in (FIRST, SECOND, THIRD, OUTSIDE):
        lists = await engine.list_lists_of_card(MAIN_TENANT, engine.vault.index_pan(MAIN_TENANT, pan))
        if pan_list_id in lists:
            members.add(pan)
    return members


def test_a_list_with_a_range_alone_is_empty_and_two_of_one_name_differ(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        first = await register(engine, name="a", bounds=(LOW, HIGH))
        second = await register(engine, name="a", bounds=(LOW, HIGH))
        assert (list_failures(first), id_of(first) == id_of(second)) == ([], False)
        assert [len(id_of(answer)) for answer in (first, second)] == [18, 18]
        assert first.range_country == "USA"
        assert (await count_records(engine))["pan_list_member"] == 0

    run(work)


def test_the_range_of_a_list_without_one_is_that_of_its_first_pan(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        answer = await register(engine, NO_RANGE, FIRST, OUTSIDE, name="a")
        assert list_failures(answer) == [PanFailure.OUT_OF_RANGE, None, PanFailure.OUT_OF_RANGE]
        assert answer.pan_list is not None
        assert (answer.pan_list.low, answer.pan_list.high) == (LOW, HIGH)
        assert await list_members(engine, id_of(answer)) == {FIRST}

    run(work)


def test_without_a_pan_in_a_range_no_list_is_made(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        before = await count_records(engine)
        answer = await register(engine, NO_RANGE, "23037", "2303770003322343", name="a")
        assert answer.pan_list is None
        assert list_failures(answer) == [PanFailure.OUT_OF_RANGE, PanFailure.MALFORMED, PanFailure.LUHN]
        assert await count_records(engine) == before

    run(work)


def test_with_a_valid_range_a_list_is_made_though_every_pan_fails(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        answer = await register(engine, OUTSIDE, name="a", bounds=(LOW, HIGH))
        assert list_failures(answer) == [PanFailure.OUT_OF_RANGE]
        assert await list_members(engine, id_of(answer)) == set()

    run(work)


def test_pans_join_once_and_leave_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        made = await register(engine, FIRST, FIRST, name="a", bounds=(LOW, HIGH))
        pan_list_id = id_of(made)
        assert list_failures(made) == [None, PanFailure.ALREADY_PRESENT]
        added = await register(engine, FIRST, SECOND, pan_list_id=pan_list_id, bounds=(LOW, HIGH))
        assert list_failures(added) == [PanFailure.ALREADY_PRESENT, None]
        other = id_of(await register(engine, THIRD, SECOND, name="b"))
        removed = await deregister(engine, pan_list_id, FIRST, FIRST, THIRD, NO_RANGE)
        assert list_failures(removed) == [
            None,
            PanFailure.NOT_REGISTERED,
            PanFailure.NOT_LINKED,
            PanFailure.NOT_REGISTERED,
        ]
        assert await list_members(engine, pan_list_id) == {SECOND}
        assert await list_members(engine, other) == {SECOND, THIRD}
        emptied = await deregister(engine, pan_list_id, SECOND)
        assert (list_failures(emptied), id_of(emptied)) == ([None], pan_list_id)
        assert await list_members(engine, other) == {SECOND, THIRD}

    run(work)


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"pan_list_id": "289152609766342651"}, PanListNotFound),  # no such list
        ({"name": "a", "bounds": (HIGH, LOW)}, RangeNotValid),  # the wrong way round
        ({"name": "a", "bounds": ("5555552200000000000", "5555552299999999999")}, RangeNotValid),
        ({"name": "a", "bounds": ("2303770000000000000", HIGH)}, RangeNotValid),  # over two ranges
    ],
)
def test_a_refused_registration_stores_nothing(
    run: RunWithEngine, arguments: dict[str, object], refusal: type[PanListRefused]
) -> None:
    async def work(engine: Engine) -> None:
        before = await count_records(engine)
        with pytest.raises(refusal):
            await register(engine, FIRST, **arguments)  # type: ignore[arg-type]
        assert await count_records(engine) == before

    run(work)


def test_other_bounds_than_the_lists_own_are_refused_and_nobody_joins(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        pan_list_id = id_of(await register(engine, name="a", bounds=(LOW, HIGH)))
        before = await count_records(engine)
        with pytest.raises(RangeDiffers):
            await register(engine, FIRST, pan_list_id=pan_list_id, bounds=(LOW, LOW))
        with pytest.raises(PanListNotFound):
            await deregister(engine, "289152609766342651", FIRST)
        assert await count_records(engine) == before

    run(work)


def test_of_many_that_add_one_pan_at_once_one_is_told_that_it_joined(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        pan_list_id = id_of(await register(engine, name="a", bounds=(LOW, HIGH)))
        answers = await asyncio.gather(*[register(engine, FIRST, pan_list_id=pan_list_id) for _ in range(16)])
        failures = [failure for answer in answers for failure in list_failures(answer)]
        assert failures.count(None) == 1
        assert failures.count(PanFailure.ALREADY_PRESENT) == 15
        assert await list_members(engine, pan_list_id) == {FIRST}
        answers = await asyncio.gather(*[deregister(engine, pan_list_id, FIRST) for _ in range(16)])
        assert [list_failures(answer) for answer in answers].count([None]) == 1

    run(work)


def test_one_new_card_joins_many_lists_at_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        before = await count_records(engine)
        answers = await asyncio.gather(*[register(engine, FIRST, SECOND, name="a") for _ in range(16)])
        assert [list_failures(answer) for answer in answers] == [[None, None]] * 16
        after = await count_records(engine)
        assert after["card"] - before["card"] == 2
        assert after["pan_list_member"] == 32

    run(work)


def test_what_is_shown_of_a_command_holds_no_card_number() -> None:
    shown = repr(
        [
            RegisterPans(name="a", pan_list_id=None, bounds=None, pans=(FIRST,)),
            DeregisterPans(pan_list_id="1", pans=(FIRST,)),
        ]
    )
    assert FIRST not in shown
