"""Saving plans: once, as shown, with everything that commits with it, and nothing when refused."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.conftest import DemoTemplate, RunWithEngine, use_engine
from tests.support.purchases import (
    CARD,
    CORRELATION_ID,
    MERCHANT,
    ask,
    count_records,
    get_client,
    make_command,
    save,
)

from parcela.domain.errors import (
    NotFound,
    OfferExpired,
    OfferMismatch,
    PlanExists,
    PresentmentUnknown,
    UnknownToken,
)
from parcela.domain.ids import Identifier
from parcela.domain.plans import Plan
from parcela.domain.programs import Entry, Issuer, Program
from parcela.operations import catalogue, people
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.plans import read_plan, save_plan
from parcela.store import cards, world

NEW_PLAN = {
    "presentment": 0,
    "plan": 1,
    "installment": 12,
    "event": 1,
    "letter": 1,
    "card": 0,
    "pan_list": 0,
    "pan_list_member": 0,
}


async def change(engine: Engine, *wanted: Entry) -> None:
    maker = await people.get_person(engine, "operator@sandbox.example")
    checker = await people.get_person(engine, "second-operator@sandbox.example")
    proposed = await catalogue.propose(engine, maker, Proposal(summary="test", wanted=wanted))
    await catalogue.approve(engine, checker, proposed.change_set_id)


async def get_issuer(engine: Engine) -> Issuer:
    issuer = (await engine.look()).catalogue(MAIN_TENANT).find_issuer("29694e7a-b4a8-11ec-b909-0242ac120002")
    assert issuer is not None
    return issuer


async def move_clock(engine: Engine, by: timedelta) -> None:
    async with engine.database.connection() as connection:
        await world.move_clock(connection, by)


def subtract(after: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after}


def test_a_plan_keeps_what_was_shown_and_reads_back_equal(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        answer = await ask(engine)
        before = await count_records(engine)
        plan = await save(engine, make_command(answer))
        assert subtract(await count_records(engine), before) == NEW_PLAN
        assert plan.offer == answer.quotes[0].presented
        assert [row.amount_minor for row in plan.installments] == list(plan.offer.amounts_minor)
        assert [row.due_date for row in plan.installments] == list(plan.offer.due_dates)
        assert [(row.principal_minor, row.fee_minor) for row in plan.installments] == [(1250, 1000)] + [
            (1250, 0)
        ] * 11
        assert await read_plan(engine, await get_client(engine), plan.plan_id) == plan
        async with engine.database.connection() as connection:
            assert await connection.fetchval("SELECT count(*) FROM broken_plan") == 0
            card_id = await connection.fetchval("SELECT card_id::text FROM plan")
            card = await cards.get_card(connection, MAIN_TENANT, card_id)
        assert engine.vault.open_pan(card).digits == CARD

    run(work)


def test_the_same_request_gives_the_same_plan_and_no_second_letter(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        command = make_command(await ask(engine))
        plan = await save(engine, command)
        stored = await count_records(engine)
        transaction = replace(command.request.transaction, stan=Identifier("0742"), amount=Decimal("150.00"))
        again = replace(
            command,
            request=replace(
                command.request,
                transaction=transaction,
                shown_offer_ids=tuple(reversed(command.request.shown_offer_ids or ())),
            ),
        )
        assert await save(engine, again) == plan
        assert await count_records(engine) == stored

    run(work)


def test_a_repeat_is_answered_after_the_offer_has_expired(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        command, late = make_command(await ask(engine)), make_command(await ask(engine))
        plan = await save(engine, command)
        await move_clock(engine, timedelta(hours=24, seconds=5))
        stored = await count_records(engine)
        assert await save(engine, command) == plan
        with pytest.raises(OfferExpired):
            await save(engine, late)
        assert await count_records(engine) == stored

    run(work)


def test_of_32_equal_requests_at_once_all_get_the_one_plan(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        command = make_command(await ask(engine))
        before = await count_records(engine)
        plans = await asyncio.gather(*[save(engine, command) for _ in range(32)])
        assert {plan.plan_id for plan in plans} == {plans[0].plan_id}
        assert subtract(await count_records(engine), before) == NEW_PLAN

    run(work)


def test_of_different_requests_at_once_through_two_engines_one_wins(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def work() -> tuple[Sequence[Plan | BaseException], dict[str, int]]:
        async with (
            use_engine(database_url, demo_template.home) as first,
            use_engine(database_url, demo_template.home) as second,
        ):
            answer = await ask(first)
            commands = [make_command(answer, position=0), make_command(answer, position=1)]
            before = await count_records(first)
            outcomes = await asyncio.gather(
                *[
                    save(engine, command)
                    for _ in range(8)
                    for engine in (first, second)
                    for command in commands
                ],
                return_exceptions=True,
            )
            return outcomes, subtract(await count_records(first), before)

    outcomes, stored = asyncio.run(work())
    made = [outcome for outcome in outcomes if isinstance(outcome, Plan)]
    assert len({plan.plan_id for plan in made}) == 1
    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, Plan)] == [PlanExists] * 16
    assert len(made) == 16
    assert (stored["plan"], stored["letter"], stored["event"]) == (1, 1, 1)


def test_one_card_in_many_first_plans_at_once_through_two_engines_is_stored_once(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def work() -> None:
        async with (
            use_engine(database_url, demo_template.home) as first,
            use_engine(database_url, demo_template.home) as second,
        ):
            fresh = "2303770000000008"
            commands = [make_command(await ask(first, fresh), fresh) for _ in range(32)]
            before = await count_records(first)
            plans = await asyncio.gather(
                *[
                    save(engine, command)
                    for engine, command in zip([first, second] * 16, commands, strict=True)
                ]
            )
            assert len({plan.plan_id for plan in plans}) == 32
            stored = subtract(await count_records(first), before)
            assert (stored["plan"], stored["card"], stored["letter"]) == (32, 1, 32)
            assert stored["installment"] == sum(len(plan.installments) for plan in plans)

    asyncio.run(work())


def test_refusals_come_in_their_order_and_store_nothing(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        answer = await ask(engine)
        taken = await ask(engine)
        await save(engine, make_command(taken))
        before = await count_records(engine)
        unknown_token, other_card = "2303779900000026", "2303770003322342"
        for command, refusal in (
            # A token without an entry is told before anything else.
            (make_command(answer, unknown_token, offer_transaction_id="99"), UnknownToken),
            (make_command(answer, offer_transaction_id="99"), PresentmentUnknown),
            (
                make_command(answer, offer_transaction_id="0" + str(answer.offer_transaction_id)),
                PresentmentUnknown,
            ),
            (make_command(answer, offer_transaction_id=str(1 << 63)), PresentmentUnknown),
            (make_command(answer, offer_transaction_id="none"), PresentmentUnknown),
            (make_command(taken, position=1), PlanExists),
            (make_command(taken, other_card), PlanExists),
            (make_command(answer, merchant=replace(MERCHANT, country="CAN")), OfferMismatch),
            (make_command(answer, other_card), OfferMismatch),
        ):
            with pytest.raises(refusal):
                await save(engine, command)
        with pytest.raises(PresentmentUnknown):
            await save(engine, make_command(answer), role="issuer")
        assert await count_records(engine) == before

    run(work)


def test_offers_of_a_card_can_be_taken_with_its_token_and_the_other_way_round(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        token = "2303779900000018"
        plans = [
            await save(engine, make_command(await ask(engine, asked), taken))
            for asked, taken in ((CARD, token), (token, CARD), (token, token))
        ]
        assert len({plan.request.pan_index for plan in plans}) == 1
        async with engine.database.connection() as connection:
            assert await connection.fetchval("SELECT count(DISTINCT card_id) FROM plan") == 1

    run(work)


def test_a_plan_follows_the_version_that_was_shown(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        command = make_command(await ask(engine))
        held = (await engine.look()).catalogue(MAIN_TENANT).entries[Program.kind, "71392364"].entry
        assert isinstance(held, Program)
        await change(engine, replace(held, terms=replace(held.terms, count=10), enabled=False))
        plan = await save(engine, command)
        assert (plan.offer.program_version, len(plan.installments)) == (1, 12)
        assert [quote.program.offer_id for quote in (await ask(engine)).quotes] == ["71392362"]

    run(work)


@pytest.mark.parametrize(
    ("members", "letters"),
    [
        ({}, [("parked", "the issuer has no notification destination", False)]),  # nowhere to go yet
        ({"notification_url": "http://127.0.0.1:9/notifications"}, [("due", None, True)]),  # due at once
        ({"notifications_enabled": False}, []),  # switched off
    ],
)
def test_the_issuer_is_told_by_a_letter(
    run: RunWithEngine, members: dict[str, object], letters: list[tuple[str, str | None, bool]]
) -> None:
    async def work(engine: Engine) -> None:
        if members:
            await change(engine, replace(await get_issuer(engine), **members))  # type: ignore[arg-type]
        plan = await save(engine, make_command(await ask(engine)))
        async with engine.database.connection() as connection:
            found = await connection.fetch(
                "SELECT status, parked_reason, next_attempt_at = created_at AS is_due, subject_id::text,"
                " correlation_id FROM letter"
            )
        assert [(row["status"], row["parked_reason"], bool(row["is_due"])) for row in found] == letters
        assert [(row["subject_id"], row["correlation_id"]) for row in found] == [
            (plan.plan_id, CORRELATION_ID) for _ in letters
        ]

    run(work)


def test_a_foreign_and_an_unknown_plan_are_told_alike(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await save(engine, make_command(await ask(engine)))
        issuer = await get_client(engine, "issuer")
        for plan_id in (plan.plan_id, "00000000-0000-7000-8000-000000000000"):
            with pytest.raises(NotFound) as refusal:
                await read_plan(engine, issuer, plan_id)
            assert str(refusal.value) == f"There is no plan '{plan_id}'."

    run(work)


def test_what_is_shown_of_a_command_holds_no_card_number(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        command = make_command(await ask(engine))
        assert CARD not in repr(command)
        plan = await save_plan(engine, await engine.look(), await get_client(engine), command)
        assert CARD not in repr(plan)

    run(work)
