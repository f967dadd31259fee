"""Changing the catalogue: four eyes, versions that stay, and nothing half done."""

from dataclasses import replace

import pytest
from tests.conftest import RunWithEngine

from parcela.domain.changes import ChangeStatus, Person
from parcela.domain.errors import Conflict, FourEyesRequired, InvalidInput, NotAllowed, NotFound
from parcela.domain.programs import Issuer, OfferGroup, Program
from parcela.operations import catalogue, people
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine

MAKER, CHECKER, OPERATOR = "maker@sandbox.example", "checker@sandbox.example", "operator@sandbox.example"
OFFER_ID = "71392364"


async def find(engine: Engine, email: str) -> Person:
    return await people.get_person(engine, email)


async def get_program(engine: Engine) -> tuple[Program, int]:
    seen = await engine.look()
    held = seen.catalogue(MAIN_TENANT).entries[Program.kind, OFFER_ID]
    assert isinstance(held.entry, Program)
    return held.entry, held.version


def disclose(program: Program, text: str) -> Proposal:
    return Proposal(summary=text, wanted=[replace(program, disclosure=text)])


def test_a_proposal_is_in_force_only_after_a_second_person_approved_it(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        program, version = await get_program(engine)
        proposed = await catalogue.propose(engine, await find(engine, MAKER), disclose(program, "New terms"))
        assert (await get_program(engine)) == (program, version)
        approved = await catalogue.approve(engine, await find(engine, CHECKER), proposed.change_set_id)
        assert approved.status is ChangeStatus.APPROVED
        changed, new_version = await get_program(engine)
        assert (changed.disclosure, new_version) == ("New terms", version + 1)

    run(work)


def test_the_proposer_may_not_approve(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        program, version = await get_program(engine)
        operator = await find(engine, OPERATOR)
        proposed = await catalogue.propose(engine, operator, disclose(program, "New terms"))
        with pytest.raises(FourEyesRequired):
            await catalogue.approve(engine, operator, proposed.change_set_id)
        assert (await get_program(engine)) == (program, version)

    run(work)


def test_a_maker_may_not_approve_and_a_checker_may_not_propose(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        program, _ = await get_program(engine)
        proposed = await catalogue.propose(engine, await find(engine, OPERATOR), disclose(program, "New"))
        with pytest.raises(NotAllowed, match="checker or an operator"):
            await catalogue.approve(engine, await find(engine, MAKER), proposed.change_set_id)
        with pytest.raises(NotAllowed, match="maker or an operator"):
            await catalogue.propose(engine, await find(engine, CHECKER), disclose(program, "Other"))

    run(work)


def test_a_decision_is_final(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        program, _ = await get_program(engine)
        checker = await find(engine, CHECKER)
        proposed = await catalogue.propose(engine, await find(engine, MAKER), disclose(program, "New"))
        rejected = await catalogue.reject(engine, checker, proposed.change_set_id, reason="No such terms")
        assert (rejected.status, rejected.reason) == (ChangeStatus.REJECTED, "No such terms")
        with pytest.raises(Conflict, match="rejected already"):
            await catalogue.approve(engine, checker, proposed.change_set_id)

    run(work)


def test_a_proposal_made_for_an_older_version_is_refused(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        program, _ = await get_program(engine)
        maker, checker = await find(engine, MAKER), await find(engine, CHECKER)
        first = await catalogue.propose(engine, maker, disclose(program, "First"))
        second = await catalogue.propose(engine, maker, disclose(program, "Second"))
        await catalogue.approve(engine, checker, first.change_set_id)
        with pytest.raises(Conflict, match="is at version 2; the change was made for version 1"):
            await catalogue.approve(engine, checker, second.change_set_id)

    run(work)


def test_a_makers_hands_stay_off_other_issuers(run: RunWithEngine) -> None:
    other = Issuer(
        provider_id="11111111-1111-1111-1111-111111111111",
        name="Other Bank",
        logo_url="https://other.example/logo.png",
        cid="1",
        ica="1",
        country="USA",
    )

    async def work(engine: Engine) -> None:
        with pytest.raises(NotAllowed, match="does not belong to your issuer"):
            await catalogue.propose(engine, await find(engine, MAKER), Proposal(summary="x", wanted=[other]))

    run(work)


def test_a_group_links_known_entries_only(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        held = seen.catalogue(MAIN_TENANT).entries[OfferGroup.kind, "sandbox"].entry
        assert isinstance(held, OfferGroup)
        maker = await find(engine, MAKER)
        for changed, member in (
            (replace(held, offer_ids=("99999999",)), "offer_group sandbox.offer_ids"),
            (replace(held, range_lows=("1" * 19,)), "offer_group sandbox.range_lows"),
            (replace(held, pan_list_ids=("1" * 18,)), "offer_group sandbox.pan_list_ids"),
        ):
            with pytest.raises(InvalidInput) as refusal:
                await catalogue.propose(engine, maker, Proposal(summary="x", wanted=[changed]))
            assert refusal.value.member == member

    run(work)


def test_an_unknown_change_set_is_not_found(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        with pytest.raises(NotFound):
            await catalogue.approve(
                engine, await find(engine, CHECKER), "00000000-0000-0000-0000-000000000000"
            )

    run(work)


def test_an_export_read_back_changes_nothing(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        entries = catalogue.parse_catalogue(catalogue.export_catalogue(seen, MAIN_TENANT))
        operator = await find(engine, OPERATOR)
        assert catalogue.compare_catalogue(seen, operator, entries, prune=True) == []
        assert len(entries) == 98

    run(work)
