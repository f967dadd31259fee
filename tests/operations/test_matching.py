"""Binding plans to authorizations: once, with the same answer again, also when many ask at once."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import RunWithEngine
from tests.support.purchases import CARD, ask, make_command, save

from parcela.domain.changes import Person
from parcela.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from parcela.domain.ids import Identifier
from parcela.domain.matching import AuthorizationQuestion, MatchOutcome, OriginalMessage, PlanMatch
from parcela.operations import people
from parcela.operations.ambiguous_matches import ResolvedMatch, list_ambiguous, resolve_ambiguous
from parcela.operations.clients import load_tokens
from parcela.operations.engine import Engine
from parcela.operations.matching import match_authorization, note_decline

TOKEN = "2303779900000018"
NOTHING = PlanMatch(outcome=MatchOutcome.NONE)
RRN = "123456123456"


async def make_plan(engine: Engine, **transaction: Any) -> str:
    """A plan for 150 dollars on the sandbox card; `transaction` replaces members of its transaction."""
    command = make_command(await ask(engine))
    changed = replace(command.request.transaction, **{"stan": None, **transaction})
    return (
        await save(engine, replace(command, request=replace(command.request, transaction=changed)))
    ).plan_id


def make_question(number: int = 742, /, **members: Any) -> AuthorizationQuestion:
    given: dict[str, Any] = {
        "digits": CARD,
        "amount_minor": 15000,
        "currency": "USD",
        "stan": Identifier(f"{number:06d}", is_number=True),
        "transmitted": "0803165543",
        "acquirer_id": "234353",
        **members,
    }
    return AuthorizationQuestion(**given)


async def match(engine: Engine, question: AuthorizationQuestion) -> PlanMatch:
    return await match_authorization(engine, await engine.look(), question)


async def fetch(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    async with engine.database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(statement)]


async def list_bindings(engine: Engine) -> list[tuple[Any, ...]]:
    return await fetch(
        engine, "SELECT state, plan_id::text FROM authorization_match ORDER BY asked_at, authorization_id"
    )


async def count_match_events(engine: Engine) -> dict[str, int]:
    rows = await fetch(
        engine, "SELECT type, count(*) FROM event WHERE type LIKE 'plan.authorization%' GROUP BY type"
    )
    return dict(rows)


async def get_person(engine: Engine, name: str = "operator") -> Person:
    return await people.get_person(engine, f"{name}@sandbox.example")


async def check_invariants(engine: Engine) -> None:
    assert await fetch(engine, "SELECT * FROM broken_authorization_match") == []


def test_a_plan_is_bound_and_the_same_question_has_the_same_answer(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan_id = await make_plan(engine, stan=Identifier("742"))
        first = await match(engine, make_question())
        assert (first.outcome, first.plan_id) == (MatchOutcome.MATCHED, plan_id)
        assert await match(engine, make_question()) == first
        assert await list_bindings(engine) == [("matched", plan_id)]
        events = await fetch(
            engine, "SELECT subject, data FROM event WHERE type = 'plan.authorization_matched'"
        )
        assert events == [
            (
                plan_id,
                f'{{"authorization_id":"{first.authorization_id}","amount_minor":15000,"currency":"USD"}}',
            )
        ]
        await check_invariants(engine)

    run(work)


@pytest.mark.parametrize(
    "members",
    [
        {"digits": "2303770003322342"},
        {"amount_minor": 14999},
        {"currency": "EUR"},
        {"rrn": Identifier("999999999999")},
        # A card in a token range that nobody mapped.
        {"digits": "2303779900000026"},
        # A reversal never begins a purchase.
        {"may_bind": False},
    ],
    ids=str,
)
def test_a_question_that_no_plan_fits_leaves_nothing_behind(
    run: RunWithEngine, members: dict[str, Any]
) -> None:
    async def work(engine: Engine) -> None:
        await make_plan(engine, rrn=Identifier(RRN))
        assert await match(engine, make_question(**members)) == NOTHING
        assert await list_bindings(engine) == []
        assert await count_match_events(engine) == {}

    run(work)


def test_a_token_finds_the_plan_of_its_funding_card(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await load_tokens(engine, await get_person(engine), [(TOKEN, CARD)])
        plan_id = await make_plan(engine)
        assert (await match(engine, make_question(digits=TOKEN))).plan_id == plan_id
        assert (await match(engine, make_question(digits=CARD))).plan_id == plan_id

    run(work)


def test_a_plan_older_than_the_window_is_not_meant(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan_id = await make_plan(engine)
        seen = await engine.look()
        for days, outcome in ((8, MatchOutcome.NONE), (6, MatchOutcome.MATCHED)):
            later = replace_now(seen, timedelta(days=days))
            assert (await match_authorization(engine, later, make_question())).outcome is outcome
        assert await list_bindings(engine) == [("matched", plan_id)]

    run(work)


def replace_now(seen: Any, step: timedelta) -> Any:
    return type(seen)(seen.snapshot, seen.now + step, seen.real_now)


def test_of_64_authorizations_at_once_one_gets_the_plan(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan_id = await make_plan(engine)
        answers = await asyncio.gather(*(match(engine, make_question(stan)) for stan in range(1, 65)))
        assert Counter(answer.plan_id for answer in answers) == {plan_id: 1, None: 63}
        assert await list_bindings(engine) == [("matched", plan_id)]
        assert await count_match_events(engine) == {"plan.authorization_matched": 1}

    run(work)


def test_the_same_question_64_times_at_once_binds_one_of_two_plans(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        meant = await make_plan(engine, stan=Identifier("742"))
        await make_plan(engine)
        answers = await asyncio.gather(*(match(engine, make_question()) for _ in range(64)))
        assert {answer.plan_id for answer in answers} == {meant}
        assert len({answer.authorization_id for answer in answers}) == 1
        assert await list_bindings(engine) == [("matched", meant)]

    run(work)


def test_two_authorizations_at_once_never_share_a_plan(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan_ids = [await make_plan(engine, stan=Identifier(str(stan))) for stan in range(1, 17)]
        questions = [make_question(stan) for stan in range(1, 17) for _ in range(4)]
        answers = await asyncio.gather(*(match(engine, question) for question in questions))
        assert [answer.plan_id for answer in answers] == [plan for plan in plan_ids for _ in range(4)]
        await check_invariants(engine)

    run(work)


def test_the_database_itself_refuses_a_second_authorization_of_a_plan(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await make_plan(engine)
        await match(engine, make_question())
        copy = (
            "INSERT INTO authorization_match SELECT tenant_id, gen_random_uuid(), sha256('other'), card_id,"
            " provider_id, state, plan_id, choices, currency, amount_minor, facts, asked_at"
            " FROM authorization_match"
        )
        async with engine.database.connection() as connection:
            with pytest.raises(Exception, match="authorization_match_once_per_plan"):
                await connection.execute(copy)

    run(work)


@pytest.mark.parametrize(
    "members",
    [
        # A repeat, an advice with the RRN, a completion for less, a reversal that names its original.
        {},
        {"stan": Identifier("000900", is_number=True), "transmitted": "0803170000", "rrn": Identifier(RRN)},
        {"amount_minor": 9000, "stan": None, "rrn": Identifier(RRN)},
        {
            "stan": Identifier("000901", is_number=True),
            "transmitted": "0803170001",
            "may_bind": False,
            "original": OriginalMessage(
                message_type="0100", stan=Identifier("000742", is_number=True), transmitted="0803165543"
            ),
        },
    ],
    ids=["repeat", "advice", "completion", "reversal"],
)
def test_later_messages_carry_the_plan_of_their_purchase(run: RunWithEngine, members: dict[str, Any]) -> None:
    async def work(engine: Engine) -> None:
        plan_id = await make_plan(engine)
        await match(engine, make_question(rrn=Identifier(RRN)))
        other = await make_plan(engine)
        assert (await match(engine, make_question(**members))).plan_id == plan_id
        assert await list_bindings(engine) == [("matched", plan_id)]
        # A new purchase of the same amount gets the other plan.
        assert (await match(engine, make_question(743, rrn=Identifier("777777777777")))).plan_id == other

    run(work)


def test_a_declined_authorization_leaves_its_plan_to_the_next(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan_id = await make_plan(engine)
        declined = await match(engine, make_question(1))
        assert declined.authorization_id is not None
        assert await note_decline(engine, await engine.look(), declined.authorization_id)
        assert not await note_decline(engine, await engine.look(), declined.authorization_id)
        assert (await match(engine, make_question(2))).plan_id == plan_id
        # The first one again: the plan is another's now.
        assert await match(engine, make_question(1)) == replace(
            NOTHING, authorization_id=declined.authorization_id
        )
        assert await list_bindings(engine) == [("declined", plan_id), ("matched", plan_id)]
        assert await count_match_events(engine) == {
            "plan.authorization_matched": 2,
            "plan.authorization_released": 1,
        }

    run(work)


def test_a_declined_message_that_is_sent_again_takes_its_plan_again(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await make_plan(engine)
        first = await match(engine, make_question())
        assert first.authorization_id is not None
        await note_decline(engine, await engine.look(), first.authorization_id)
        assert await match(engine, make_question()) == first
        assert await list_bindings(engine) == [("matched", first.plan_id)]

    run(work)


def test_a_reversal_of_a_declined_message_leaves_the_plan_free(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan_id = await make_plan(engine)
        first = await match(engine, make_question())
        assert first.authorization_id is not None
        await note_decline(engine, await engine.look(), first.authorization_id)
        assert await match(engine, make_question(may_bind=False)) == NOTHING
        assert await list_bindings(engine) == [("declined", plan_id)]

    run(work)


async def make_doubt(engine: Engine) -> tuple[list[str], PlanMatch]:
    """Two plans that fit equally, and the question that cannot tell them apart."""
    plan_ids = sorted([await make_plan(engine), await make_plan(engine)])
    return plan_ids, await match(engine, make_question(rrn=Identifier(RRN)))


def test_a_doubt_is_kept_for_a_person_and_answered_alike(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan_ids, first = await make_doubt(engine)
        assert (first.outcome, first.plan_id) == (MatchOutcome.AMBIGUOUS, None)
        assert await match(engine, make_question(rrn=Identifier(RRN))) == first
        assert await list_bindings(engine) == [("ambiguous", None)]
        assert await count_match_events(engine) == {}
        for who in ("operator", "maker", "checker"):
            (shown,) = await list_ambiguous(engine, await get_person(engine, who))
            assert (shown.authorization_id, shown.choices) == (first.authorization_id, tuple(plan_ids))
            assert (shown.masked_card, shown.amount_minor, shown.currency) == (
                "230377******7107",
                15000,
                "USD",
            )
            assert (shown.stan, shown.rrn) == ("000742", RRN)

    run(work)


def test_a_person_chooses_the_plan_and_is_named_in_the_audit_trail(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan_ids, doubt = await make_doubt(engine)
        assert doubt.authorization_id is not None
        maker = await get_person(engine, "maker")
        resolved = await resolve_ambiguous(engine, maker, doubt.authorization_id, plan_ids[1])
        assert resolved == ResolvedMatch(authorization_id=doubt.authorization_id, plan_id=plan_ids[1])
        again = await match(engine, make_question(rrn=Identifier(RRN)))
        assert again == replace(doubt, outcome=MatchOutcome.MATCHED, plan_id=plan_ids[1])
        assert await list_ambiguous(engine, maker) == []
        assert await count_match_events(engine) == {"plan.authorization_matched": 1}
        lines = await fetch(
            engine, "SELECT actor, subject, detail FROM audit WHERE action = 'authorization.resolve'"
        )
        assert lines == [("maker@sandbox.example", doubt.authorization_id, f'{{"plan_id":"{plan_ids[1]}"}}')]
        with pytest.raises(Conflict, match="settled already"):
            await resolve_ambiguous(engine, maker, doubt.authorization_id, plan_ids[0])

    run(work)


def test_a_doubt_can_come_to_nothing(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        _, doubt = await make_doubt(engine)
        assert doubt.authorization_id is not None
        await resolve_ambiguous(engine, await get_person(engine), doubt.authorization_id, None)
        again = await match(engine, make_question(rrn=Identifier(RRN)))
        assert again == replace(NOTHING, authorization_id=doubt.authorization_id)
        assert await list_bindings(engine) == [("dismissed", None)]

    run(work)


def test_a_declined_doubt_needs_nobody(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        _, doubt = await make_doubt(engine)
        assert doubt.authorization_id is not None
        assert await note_decline(engine, await engine.look(), doubt.authorization_id)
        assert await list_ambiguous(engine, await get_person(engine)) == []
        assert await count_match_events(engine) == {}

    run(work)


def test_choices_that_cannot_be_made_change_nothing(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan_ids, doubt = await make_doubt(engine)
        operator, checker = await get_person(engine), await get_person(engine, "checker")
        assert doubt.authorization_id is not None
        stranger = replace(operator, provider_id="218b9962-1355-44e4-8a16-f911363fd849")
        unknown = "00000000-0000-4000-8000-000000000000"
        with pytest.raises(NotAllowed):
            await resolve_ambiguous(engine, checker, doubt.authorization_id, plan_ids[0])
        for person, authorization_id in (
            (operator, unknown),
            (operator, "x"),
            (stranger, doubt.authorization_id),
        ):
            with pytest.raises(NotFound):
                await resolve_ambiguous(engine, person, authorization_id, plan_ids[0])
        with pytest.raises(InvalidInput, match="one of the plans that fit"):
            await resolve_ambiguous(engine, operator, doubt.authorization_id, unknown)
        assert await list_ambiguous(engine, stranger) == []
        assert await list_bindings(engine) == [("ambiguous", None)]
        assert await fetch(engine, "SELECT * FROM audit WHERE action = 'authorization.resolve'") == []

    run(work)


def test_a_plan_that_another_authorization_took_cannot_be_chosen(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        first, second = await make_plan(engine), await make_plan(engine, stan=Identifier("900"))
        doubt = await match(engine, make_question(stan=None))
        assert doubt.authorization_id is not None and doubt.outcome is MatchOutcome.AMBIGUOUS
        assert (await match(engine, make_question(900))).plan_id == second
        operator = await get_person(engine)
        with pytest.raises(Conflict, match="belongs to another authorization"):
            await resolve_ambiguous(engine, operator, doubt.authorization_id, second)
        assert (await resolve_ambiguous(engine, operator, doubt.authorization_id, first)).plan_id == first

    run(work)


def test_no_card_number_is_kept(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        # 22 places hold a card number.
        link_id = f"link{CARD}"
        await make_plan(engine, transaction_link_id=link_id)
        assert (await match(engine, make_question(transaction_link_id=link_id))).plan_id is not None
        (row,) = await fetch(engine, "SELECT facts FROM authorization_match")
        assert CARD not in row[0] and '"link230377******7107"' in row[0]

    run(work)
