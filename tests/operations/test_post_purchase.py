"""Installments after the purchase: what is offered, once, with reasons when not, and accepted by the app."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.conftest import RunWithEngine
from tests.support.servicing import (
    CARD,
    CORRELATION_ID,
    MERCHANT,
    PROVIDER_ID,
    add_month,
    ask_approval,
    check_books,
    do_due,
    list_events,
    move_to,
    send,
    today,
)

from parcela.domain.changes import Person, Role
from parcela.domain.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    OfferExpired,
    OfferMismatch,
    PlanExists,
    PresentmentUnknown,
)
from parcela.domain.plans import AmountKind, Plan
from parcela.domain.programs import AccountRange
from parcela.domain.servicing.records import NoticedRow, PlanNotice, TransactionFacts
from parcela.domain.servicing.refusals import NoticeRefused
from parcela.operations import catalogue, people
from parcela.operations.card_transactions import (
    clear_purchase,
    credit_refund,
    reverse_authorization,
)
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.plan_opening import open_plan
from parcela.operations.plans import read_plan
from parcela.operations.post_purchase import (
    Days,
    OfferablePage,
    Page,
    list_offerable,
    list_offerable_feed,
    list_offerable_of_statement,
)
from parcela.operations.post_purchase_plans import Acceptance, accept_offer
from parcela.operations.servicing import get_plan
from parcela.operations.shown_offers import Offerable
from parcela.store import world

MAKER = Person(
    person_id=1,
    tenant_id=MAIN_TENANT,
    email="maker@sandbox.example",
    role=Role.ISSUER_MAKER,
    provider_id=PROVIDER_ID,
)
CHECKER = replace(MAKER, role=Role.ISSUER_CHECKER)
STRANGER = replace(MAKER, provider_id="218b9962-1355-44e4-8a16-f911363fd849")
OFFER_IDS = ["71392364", "71392362"]
FOREVER = Days(since=date(2000, 1, 1), until=date(2099, 1, 1))


async def buy(engine: Engine, amount_minor: int = 40000, **members: Any) -> str:
    """An approved purchase; gives its transaction id."""
    number = f"{(await count(engine, 'account_transaction')) + 1:06d}"
    facts = TransactionFacts(
        local_at=(await engine.look()).now,
        transmitted_at=datetime(2026, 1, 31, 9, 30, tzinfo=UTC),
        stan=number,
        rrn=f"000000{number}",
        authorization_code="123456",
        transaction_link_id=f"link-{number}",
    )
    result = await ask_approval(engine, amount_minor, **{"facts": facts, **members})
    assert result.transaction_id is not None
    return result.transaction_id


async def count(engine: Engine, table: str) -> int:
    async with engine.database.connection() as connection:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))


async def list_account(engine: Engine, **page: Any) -> OfferablePage:
    """All transactions of the one account."""
    async with engine.database.connection() as connection:
        account_id = await connection.fetchval("SELECT account_id::text FROM card_account")
    seen = await engine.look()
    return await list_offerable(engine, seen, MAKER, account_id, FOREVER, page=Page(**page))


async def show(engine: Engine, transaction_id: str) -> Offerable:
    """One of them."""
    found = await list_account(engine, limit=50)
    return next(item for item in found.items if item.transaction.transaction_id == transaction_id)


async def list_reasons(engine: Engine, transaction_id: str) -> list[str]:
    return [reason.code for reason in (await show(engine, transaction_id)).reasons]


async def accept(engine: Engine, item: Offerable, *, position: int = 0, person: Person = MAKER) -> Plan:
    acceptance = Acceptance(
        transaction_id=item.transaction.transaction_id,
        offer_transaction_id=str(item.offer_transaction_id),
        offer_id=item.offers[position].offer_id,
    )
    return await accept_offer(engine, await engine.look(), person, acceptance)


async def notice(engine: Engine, plan: Plan) -> None:
    """The network's notification reaches the processor."""
    offer, transaction = plan.offer, plan.request.transaction
    told = PlanNotice(
        plan_id=plan.plan_id,
        digits=CARD,
        issuer_cid="242666",
        offer_id=offer.offer_id,
        merchant=plan.request.merchant,
        currency=offer.currency,
        amount_kind=transaction.amount_kind,
        amount_minor=sum(row.principal_minor for row in plan.installments),
        total_minor=offer.total_minor,
        interval=offer.interval,
        apr_percent=offer.apr_percent,
        fee_value=offer.fee_value,
        rows=tuple(
            NoticedRow(number=row.number, due_date=row.due_date, amount_minor=row.amount_minor)
            for row in plan.installments
        ),
        transaction=TransactionFacts(
            local_at=transaction.local_at,
            stan=transaction.stan.text if transaction.stan else None,
            rrn=transaction.rrn.text if transaction.rrn else None,
            transaction_link_id=transaction.transaction_link_id,
        ),
    )
    await open_plan(engine, await engine.look(), told, correlation_id=CORRELATION_ID)


async def pass_time(engine: Engine, by: timedelta) -> None:
    async with engine.database.connection() as connection:
        await world.move_clock(connection, by)


async def change_range(engine: Engine, **members: Any) -> None:
    """Change the range of the card, as two operators do."""
    maker = await people.get_person(engine, "operator@sandbox.example")
    checker = await people.get_person(engine, "second-operator@sandbox.example")
    held = (await engine.look()).catalogue(MAIN_TENANT).entries["account_range", "2303770000000000000"]
    assert isinstance(held.entry, AccountRange)
    wanted = replace(held.entry, **members)
    proposed = await catalogue.propose(engine, maker, Proposal(summary="test", wanted=[wanted]))
    await catalogue.approve(engine, checker, proposed.change_set_id)


def test_an_approved_purchase_is_offerable_at_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        transaction_id = await buy(engine)
        assert await list_events(engine, transaction_id) == [
            "transaction.authorized",
            "transaction.offerable",
        ]
        async with engine.database.connection() as connection:
            told = await connection.fetchval(
                "SELECT data->>'offers' FROM event WHERE type = 'transaction.offerable'"
            )
        page = await list_offerable_feed(engine, await engine.look(), MAKER)
        assert [item.transaction.transaction_id for item in page.items] == [transaction_id]
        offers = page.items[0].offers
        assert [offer.offer_id for offer in offers] == OFFER_IDS
        assert (told, page.next_after) == ("2", "1")
        assert offers[0].amounts_minor == (4337, *[3333] * 11)
        assert offers[1].amounts_minor == (6665, *[6667] * 5)
        assert offers[1].due_dates[0] == await today(engine)

    run(work)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        # Below every program's minimum.
        ({"amount_minor": 4999}, "amount_not_eligible"),
        # A category that no program is for.
        ({"merchant": replace(MERCHANT, mcc=replace(MERCHANT.mcc, text="7995"))}, "mcc_not_eligible"),
        ({"merchant": replace(MERCHANT, country="CAN")}, "country_not_eligible"),
        # Offers are asked for with the merchant's country.
        ({"merchant": replace(MERCHANT, country=None)}, "country_unknown"),
        ({"merchant": replace(MERCHANT, country="US")}, "country_unknown"),
        # The network knows the purchase's plan before the processor is told of it.
        ({"plan_id": "0198c5a0-0000-7000-8000-0000000000aa"}, "financed"),
        # Above the limit of the account.
        ({"amount_minor": 99_999_999}, "declined"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_purchase_that_is_not_offerable_says_why(
    run: RunWithEngine, members: dict[str, Any], reason: str
) -> None:
    async def work(engine: Engine) -> None:
        transaction_id = await buy(engine, **members)
        assert await list_reasons(engine, transaction_id) == [reason]
        assert "transaction.offerable" not in await list_events(engine, transaction_id)
        assert (await count(engine, "offerable_transaction"), await count(engine, "presentment")) == (0, 0)
        assert (await list_offerable_feed(engine, await engine.look(), MAKER)).items == ()

    run(work)


def test_what_the_merchant_took_back_is_not_offerable(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        whole, part, refunded = await buy(engine), await buy(engine), await buy(engine)
        await send(engine, reverse_authorization, transaction_id=whole)
        await send(engine, reverse_authorization, 10000, transaction_id=part)
        await send(engine, clear_purchase, transaction_id=refunded)
        await send(engine, credit_refund, 100, transaction_id=refunded)
        assert await list_reasons(engine, whole) == ["reversed"]
        assert await list_reasons(engine, part) == ["reversed"]
        assert await list_reasons(engine, refunded) == ["refunded"]
        page = await list_offerable_feed(engine, await engine.look(), MAKER)
        assert [[reason.code for reason in item.reasons] for item in page.items] == [
            ["reversed"],
            ["reversed"],
            ["refunded"],
        ]
        assert await count(engine, "presentment") == 0

    run(work)


def test_the_range_and_the_client_have_to_be_switched_on(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        transaction_id = await buy(engine)
        await change_range(engine, post_purchase=False)
        assert await list_reasons(engine, transaction_id) == ["switched_off"]
        later = await buy(engine)
        assert "transaction.offerable" not in await list_events(engine, later)
        await change_range(engine, post_purchase=True, enabled=False)
        assert await list_reasons(engine, transaction_id) == ["card_unknown"]
        await change_range(engine, enabled=True)
        async with engine.database.connection() as connection:
            await connection.execute("UPDATE client SET is_suspended = true WHERE role = 'issuer'")
            await connection.execute("UPDATE world SET version = version + 1")
        assert await list_reasons(engine, transaction_id) == ["no_client"]

    run(work)


def test_a_transaction_shows_the_same_offers_as_long_as_they_live(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        transaction_id = await buy(engine)
        first = await show(engine, transaction_id)
        assert first.expires_at is not None
        await change_range(engine, post_purchase=False)
        again = await show(engine, transaction_id)
        assert again == first
        await pass_time(engine, timedelta(hours=24, seconds=30))
        assert await list_reasons(engine, transaction_id) == ["just_expired"]
        await pass_time(engine, timedelta(seconds=40))
        assert await list_reasons(engine, transaction_id) == ["switched_off"]
        await change_range(engine, post_purchase=True)
        renewed = await show(engine, transaction_id)
        assert renewed.offers == first.offers
        assert renewed.offer_transaction_id != first.offer_transaction_id
        with pytest.raises(PresentmentUnknown):
            await accept(engine, first)
        assert await count(engine, "plan") == 0

    run(work)


def test_readers_at_the_same_time_are_shown_the_same_offers(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await buy(engine)
        pages = await asyncio.gather(*[list_account(engine) for _ in range(6)])
        shown = {page.items[0].offer_transaction_id for page in pages}
        assert (len(shown), None in shown) == (1, False)

    run(work)


def test_the_amount_of_a_cleared_purchase_is_what_was_cleared(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        transaction_id = await buy(engine)
        await send(engine, clear_purchase, 36000, transaction_id=transaction_id)
        item = await show(engine, transaction_id)
        assert (item.amount_minor, item.offers[1].total_minor) == (36000, 36000)

    run(work)


def test_a_purchase_that_is_cleared_in_part_is_financed_whole(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        transaction_id = await buy(engine)
        await send(engine, clear_purchase, 10000, transaction_id=transaction_id, is_final=False)
        item = await show(engine, transaction_id)
        assert (item.amount_minor, item.reasons) == (40000, ())
        plan = await accept(engine, item, position=1)
        await notice(engine, plan)
        await send(engine, clear_purchase, 30000, transaction_id=transaction_id)
        assert (await get_plan(engine, plan.plan_id)).uncleared_minor == 0
        await check_books(engine)

    run(work)


def test_pages_follow_each_other_without_gaps(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        bought = [await buy(engine, 10000 + step) for step in range(5)]
        seen: list[str] = []
        after = None
        for size in (2, 2, 1):
            page = await list_account(engine, after=after, limit=2)
            assert len(page.items) == size
            seen += [item.transaction.transaction_id for item in page.items]
            after = page.next_after
        assert (seen, after) == (bought, None)
        feed = await list_offerable_feed(engine, await engine.look(), MAKER, page=Page(limit=4))
        assert (len(feed.items), feed.next_after) == (4, "4")
        late = await buy(engine)
        rest = await list_offerable_feed(engine, await engine.look(), MAKER, page=Page(after="4"))
        assert [item.transaction.transaction_id for item in rest.items] == [bought[4], late]
        empty = await list_offerable_feed(engine, await engine.look(), MAKER, page=Page(after="6"))
        assert (empty.items, empty.next_after) == ((), "6")
        other = await list_offerable_feed(engine, await engine.look(), STRANGER)
        assert (other.items, other.next_after) == ((), "0")

    run(work)


@pytest.mark.parametrize("page", [Page(limit=0), Page(limit=51), Page(after="x"), Page(after="-1")], ids=str)
def test_a_page_that_cannot_be_is_refused(run: RunWithEngine, page: Page) -> None:
    async def work(engine: Engine) -> None:
        await buy(engine)
        seen = await engine.look()
        with pytest.raises(InvalidInput):
            await list_offerable_feed(engine, seen, MAKER, page=page)
        with pytest.raises(InvalidInput):
            await list_account(engine, after=page.after, limit=page.limit)

    run(work)


def test_an_accepted_offer_is_a_plan_of_the_issuers_client(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        transaction_id = await buy(engine)
        item = await show(engine, transaction_id)
        plan = await accept(engine, item, position=1)
        client = (await engine.look()).snapshot.clients["parcela-sandbox-issuer"]
        assert await read_plan(engine, client, plan.plan_id) == plan
        told = plan.request.transaction
        assert (told.amount_kind, told.amount, told.currency) == (AmountKind.FINAL, 400, "USD")
        assert (told.local_at, told.transmitted_text) == (item.facts.local_at, "2026-01-31T09:30:00Z")
        assert (told.stan.text, told.rrn.text) == ("000001", "000000000001")
        assert (told.authorization_code.text, told.transaction_link_id) == ("123456", "link-000001")
        assert (plan.offer.offer_id, plan.request.shown_offer_ids) == (OFFER_IDS[1], None)

        shown = await show(engine, transaction_id)
        assert (shown.plan_id, shown.offers) == (plan.plan_id, ())
        assert [reason.code for reason in shown.reasons] == ["financed"]
        await notice(engine, plan)
        serviced = await get_plan(engine, plan.plan_id)
        assert (serviced.transaction_id, serviced.uncleared_minor) == (transaction_id, 40000)
        assert (await show(engine, transaction_id)).plan_id == plan.plan_id
        await check_books(engine)

    run(work)


def test_a_purchase_is_financed_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        item = await show(engine, await buy(engine))
        plans = await asyncio.gather(*[accept(engine, item) for _ in range(4)])
        assert len({plan.plan_id for plan in plans}) == 1
        with pytest.raises(PlanExists, match="only one"):
            await accept(engine, item, position=1)
        assert (await count(engine, "plan"), await count(engine, "letter")) == (1, 1)
        assert (await accept(engine, item)).plan_id == plans[0].plan_id

    run(work)


def test_of_two_choices_at_once_one_wins(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        item = await show(engine, await buy(engine))
        outcomes = await asyncio.gather(
            *[accept(engine, item, position=position) for position in (0, 1, 0, 1)], return_exceptions=True
        )
        made = {outcome.plan_id for outcome in outcomes if isinstance(outcome, Plan)}
        refused = [outcome for outcome in outcomes if not isinstance(outcome, Plan)]
        assert (len(made), {type(one) for one in refused}, len(refused)) == (1, {PlanExists}, 2)
        assert await count(engine, "plan") == 1

    run(work)


def test_acceptances_that_cannot_be_are_refused(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        transaction_id = await buy(engine)
        item = await show(engine, transaction_id)
        other = await show(engine, await buy(engine, 50000))
        seen = await engine.look()
        good = Acceptance(
            transaction_id=transaction_id,
            offer_transaction_id=str(item.offer_transaction_id),
            offer_id=OFFER_IDS[0],
        )
        for acceptance, person, refusal in (
            (good, CHECKER, NotAllowed),
            (good, STRANGER, NotFound),
            (replace(good, transaction_id=CORRELATION_ID), MAKER, NotFound),
            (replace(good, transaction_id="x"), MAKER, NotFound),
            (replace(good, offer_transaction_id=str(other.offer_transaction_id)), MAKER, PresentmentUnknown),
            (replace(good, offer_transaction_id="x"), MAKER, PresentmentUnknown),
            (replace(good, offer_id="21345693"), MAKER, OfferMismatch),
        ):
            with pytest.raises(refusal):
                await accept_offer(engine, seen, person, acceptance)
        await send(engine, clear_purchase, transaction_id=transaction_id)
        await send(engine, credit_refund, 100, transaction_id=transaction_id)
        with pytest.raises(Conflict, match="given money back"):
            await accept_offer(engine, seen, MAKER, good)
        await pass_time(engine, timedelta(hours=24, seconds=1))
        with pytest.raises(OfferExpired, match="list the transaction's offers again"):
            await accept(engine, other)
        assert (await count(engine, "plan"), await count(engine, "letter")) == (0, 0)

    run(work)


def test_the_plan_finds_its_own_purchase_among_twins(run: RunWithEngine) -> None:
    """Two purchases of one amount without trace numbers: by the facts alone nobody could tell them apart."""

    async def work(engine: Engine) -> None:
        plain = TransactionFacts(local_at=(await engine.look()).now)
        first, second = await buy(engine, facts=plain), await buy(engine, facts=plain)
        plan = await accept(engine, await show(engine, second))
        await notice(engine, plan)
        assert (await get_plan(engine, plan.plan_id)).transaction_id == second
        assert await list_reasons(engine, first) == []
        await check_books(engine)

    run(work)


def test_a_plan_of_a_purchase_that_came_back_meanwhile_is_not_opened(run: RunWithEngine) -> None:
    """The network knows nothing of refunds, so the offers shown before one can still be accepted there."""

    async def work(engine: Engine) -> None:
        transaction_id = await buy(engine)
        plan = await accept(engine, await show(engine, transaction_id))
        await send(engine, clear_purchase, transaction_id=transaction_id)
        await send(engine, credit_refund, transaction_id=transaction_id)
        with pytest.raises(NoticeRefused, match="without refund"):
            await notice(engine, plan)
        assert await count(engine, "serviced_plan") == 0
        await check_books(engine)

    run(work)


def test_trace_numbers_that_no_plan_request_can_say_are_left_out(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        facts = TransactionFacts(
            local_at=datetime(2026, 1, 31, 9, 30),
            stan="1234567",
            rrn="A00000000001",
            authorization_code="A12345",
            transaction_link_id="x" * 23,
        )
        merchant = replace(MERCHANT, name="n" * 101, acquirer_id=replace(MERCHANT.mcc, text="12345678901"))
        item = await show(engine, await buy(engine, facts=facts, merchant=merchant))
        plan = await accept(engine, item)
        told = plan.request.transaction
        assert (told.stan, told.rrn, told.authorization_code, told.transaction_link_id) == (None,) * 4
        assert (told.local_text, told.transmitted_text) == ("2026-01-31T09:30:00Z", None)
        assert (plan.request.merchant.name, plan.request.merchant.acquirer_id) == (None, None)
        assert plan.request.merchant.merchant_id == MERCHANT.merchant_id

    run(work)


def test_a_statement_lists_its_own_purchases(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        first = await buy(engine)
        await send(engine, clear_purchase, transaction_id=first)
        day = await today(engine)
        await move_to(engine, add_month(day.replace(day=1), 2))
        await do_due(engine)
        second = await buy(engine, 50000)
        await send(engine, clear_purchase, 50000, transaction_id=second)
        async with engine.database.connection() as connection:
            account_id = await connection.fetchval("SELECT account_id::text FROM card_account")
        seen = await engine.look()
        page = await list_offerable_of_statement(engine, seen, MAKER, account_id, 1)
        assert [item.transaction.transaction_id for item in page.items] == [first]
        assert [offer.offer_id for offer in page.items[0].offers] == OFFER_IDS
        assert page.items[0].offers[0].due_dates[0] == day
        since_today = Days(since=await today(engine), until=await today(engine))
        recent = await list_offerable(engine, seen, MAKER, account_id, since_today)
        assert [item.transaction.transaction_id for item in recent.items] == [second]
        with pytest.raises(NotFound):
            await list_offerable_of_statement(engine, seen, MAKER, account_id, 9)
        with pytest.raises(NotFound):
            await list_offerable(engine, seen, STRANGER, account_id, FOREVER)
        with pytest.raises(InvalidInput):
            await list_offerable(
                engine, seen, MAKER, account_id, Days(since=FOREVER.until, until=FOREVER.since)
            )

    run(work)
