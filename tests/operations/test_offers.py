"""Asking for offers: kept when shown, not kept when there are none, and seen as the world stands now."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.conftest import DemoTemplate, RunWithEngine, use_engine
from tests.support.purchases import CARD, ask, count_records, get_client, make_inquiry

from parcela.domain.calendar import BIWEEKLY
from parcela.domain.eligibility import Rule
from parcela.domain.errors import UnknownToken
from parcela.domain.programs import AccountRange, Entry, OfferGroup, Program
from parcela.operations import catalogue, people
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.operations.offers import OfferAnswer, present_offers
from parcela.operations.pan_lists import RegisterPans, register_pans
from parcela.store.presentments import find_presentment

LISTED, UNLISTED = "2303770003322342", "2303770003334644"


async def change(engine: Engine, *wanted: Entry) -> None:
    maker = await people.get_person(engine, "operator@sandbox.example")
    checker = await people.get_person(engine, "second-operator@sandbox.example")
    proposed = await catalogue.propose(engine, maker, Proposal(summary="test", wanted=wanted))
    await catalogue.approve(engine, checker, proposed.change_set_id)


def get_entry(seen: World, kind: str, key: str) -> Entry:
    return seen.catalogue(MAIN_TENANT).entries[kind, key].entry


def list_offer_ids(answer: OfferAnswer) -> list[str]:
    return [quote.program.offer_id for quote in answer.quotes]


def test_what_is_shown_is_kept_word_for_word(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        answer = await ask(engine)
        assert (list_offer_ids(answer), answer.reasons) == (["71392364", "71392362"], [])
        client = await get_client(engine)
        async with engine.database.connection() as connection:
            kept, is_taken = await find_presentment(
                connection,
                MAIN_TENANT,
                offer_transaction_id=answer.offer_transaction_id,
                client_id=client.client_id,
            )
        assert kept is not None and is_taken is False
        assert kept.offers == tuple(quote.presented for quote in answer.quotes)
        inquiry = make_inquiry()
        assert (kept.purchase.amount, kept.purchase.local_at, kept.purchase.merchant) == (
            inquiry.purchase.amount,
            inquiry.purchase.local_at,
            inquiry.merchant,
        )
        assert kept.purchase.pan_index == engine.vault.index_pan(MAIN_TENANT, CARD)

    run(work)


@pytest.mark.parametrize(
    ("digits", "role", "purchase", "reasons"),
    [
        (CARD, "partner", {"amount": Decimal("49.99")}, [Rule.AMOUNT]),  # below every minimum
        (CARD, "partner", {"mcc": "7995"}, [Rule.MCC]),  # denied everywhere
        (CARD, "partner", {"country": "CAN"}, [Rule.COUNTRY]),  # another country
        (CARD, "partner", {"currency": "CAD"}, [Rule.CURRENCY]),  # another currency
        (CARD, "partner", {"local_at": datetime(2019, 1, 1, tzinfo=UTC)}, [Rule.DATE]),  # before the begin
        (CARD, "partner", {"local_at": datetime(2099, 12, 31, 23, tzinfo=UTC)}, None),  # the last day
        ("5555552292032404", "partner", {}, [Rule.CONSUMER]),  # no range
        ("51109210320", "partner", {}, [Rule.CONSUMER]),  # too short for offers, though in a range
        ("51109210320637890000001", "partner", {}, [Rule.CONSUMER]),  # longer than any card
        (CARD, "issuer", {}, None),  # the issuer asks for its own card
    ],
)
def test_no_offer_is_an_answer_with_reasons_and_nothing_is_kept(
    run: RunWithEngine,
    digits: str,
    role: str,
    purchase: dict[str, object],
    reasons: list[Rule] | None,
) -> None:
    async def work(engine: Engine) -> None:
        before = await count_records(engine)
        answer = await ask(engine, digits, role=role, **purchase)
        assert answer.reasons == (reasons or [])
        assert len(answer.quotes) == (2 if reasons is None else 0)
        after = await count_records(engine)
        assert after == {**before, "presentment": before["presentment"] + (reasons is None)}

    run(work)


def test_a_token_without_an_entry_is_refused_and_one_with_an_entry_is_its_card(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        before = await count_records(engine)
        with pytest.raises(UnknownToken):
            await ask(engine, "2303779900000026")
        assert await count_records(engine) == before
        by_token, by_card = await ask(engine, "2303779900000018"), await ask(engine)
        assert list_offer_ids(by_token) == list_offer_ids(by_card)

    run(work)


def test_hidden_intervals_are_not_offered(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        inquiry = replace(make_inquiry(), hidden_intervals=frozenset({BIWEEKLY}))
        answer = await present_offers(engine, await engine.look(), await get_client(engine), inquiry)
        assert list_offer_ids(answer) == ["71392364"]

    run(work)


def test_a_group_with_a_pan_list_is_for_its_members(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        command = RegisterPans(name="gold", pan_list_id=None, bounds=None, pans=(LISTED,))
        made = await register_pans(engine, seen, await get_client(engine, "issuer"), command)
        assert made.pan_list is not None
        group = get_entry(seen, "offer_group", "sandbox")
        assert isinstance(group, OfferGroup)
        await change(engine, replace(group, pan_list_ids=(made.pan_list.pan_list_id,)))
        assert list_offer_ids(await ask(engine, LISTED)) == ["71392364", "71392362"]
        assert (await ask(engine, UNLISTED)).reasons == [Rule.CONSUMER]
        # Many at once, through one statement, keep their own answers.
        answers = await asyncio.gather(*[ask(engine, pan) for pan in (LISTED, UNLISTED, CARD) * 10])
        assert [len(answer.quotes) for answer in answers] == [2, 0, 0] * 10

    run(work)


def test_a_range_or_program_switched_off_is_gone_at_once_in_every_process(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def work() -> None:
        async with (
            use_engine(database_url, demo_template.home) as first,
            use_engine(database_url, demo_template.home) as second,
        ):
            seen = await first.look()
            program = get_entry(seen, "program", "71392362")
            account_range = get_entry(seen, "account_range", "2303770000000000000")
            assert isinstance(program, Program) and isinstance(account_range, AccountRange)
            assert list_offer_ids(await ask(second)) == ["71392364", "71392362"]
            await change(first, replace(program, enabled=False))
            assert list_offer_ids(await ask(second)) == ["71392364"]
            await change(first, replace(account_range, enabled=False))
            assert (await ask(second)).reasons == [Rule.CONSUMER]

    asyncio.run(work())


def test_ids_are_never_given_twice_not_even_by_two_processes(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def work() -> list[int]:
        async with (
            use_engine(database_url, demo_template.home) as first,
            use_engine(database_url, demo_template.home) as second,
        ):
            answers = await asyncio.gather(*[ask(engine) for _ in range(50) for engine in (first, second)])
            stored = (await count_records(first))["presentment"]
            ids = [answer.offer_transaction_id for answer in answers]
            assert stored == len(ids)
            ids += [engine.ids.next_offer_transaction_id() for _ in range(9000) for engine in (first, second)]
            return ids

    ids = asyncio.run(work())
    assert len(set(ids)) == len(ids) == 18100
    assert {len(str(offer_transaction_id)) for offer_transaction_id in ids} == {19}
