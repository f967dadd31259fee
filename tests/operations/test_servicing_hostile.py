"""Card messages and files that somebody got wrong, or means ill: refused in words, with nothing written."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.conftest import RunWithEngine
from tests.support.servicing import (
    CARD,
    MERCHANT,
    ask_approval,
    check_books,
    count_records,
    make_notice,
    open_noticed,
    read_balances,
    send,
    today,
)

from parcela.domain.errors import InvalidInput
from parcela.domain.ids import Identifier
from parcela.domain.plans import Merchant
from parcela.domain.servicing.records import TransactionFacts
from parcela.domain.servicing.refusals import MAX_EVENT_MINOR, AmountRefused
from parcela.operations import people, post_purchase
from parcela.operations.account_commands import check_event_id, name_own_event
from parcela.operations.card_transactions import clear_purchase, reverse_authorization
from parcela.operations.engine import Engine
from parcela.operations.idempotency import IdempotencyKeyReused
from parcela.operations.post_purchase import Days
from parcela.operations.servicing import AccountPayment, pay_account
from parcela.operations.transaction_files import load_transaction_file

FACTS = TransactionFacts(local_at=datetime(2030, 1, 10, 9, 30), stan="742", rrn="123456123456")
HEADER = "event_id,event_type,card_number,amount,currency,local_at,stan,rrn,merchant_name,transmitted_at\n"
SENT = "USD,2030-01-10T09:30:00"


async def fetch_audit(engine: Engine) -> list[tuple[str, str]]:
    async with engine.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT action, actor FROM audit WHERE action LIKE 'servicing.%' ORDER BY sequence"
        )
    return [(row["action"], row["actor"]) for row in rows]


def test_an_event_id_with_another_amount_is_refused_and_not_answered(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        first = await ask_approval(engine, 1000, event_id="one", facts=FACTS)
        before = await count_records(engine)
        with pytest.raises(IdempotencyKeyReused):
            await ask_approval(engine, 500_000, event_id="one", facts=FACTS)
        assert await count_records(engine) == before
        again = await ask_approval(engine, 1000, event_id="one", facts=FACTS)
        assert (again.transaction_id, again.is_new) == (first.transaction_id, False)

    run(work)


def test_the_approval_of_a_small_purchase_never_answers_a_larger_one(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        small = await ask_approval(engine, 1000, facts=FACTS)
        large = await ask_approval(engine, 999_001, facts=FACTS)  # one cent above what is left of the limit
        assert (small.response_code, large.response_code, large.is_new) == ("00", "51", True)
        assert large.transaction_id != small.transaction_id

    run(work)


HOSTILE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("stan", {"facts": replace(FACTS, stan="9" * 5000)}),  # more digits than Python reads as a number
    ("rrn", {"facts": replace(FACTS, rrn="1\x002")}),  # a zero byte, which no text in PostgreSQL holds
    ("transaction_link_id", {"facts": replace(FACTS, transaction_link_id="x" * 65)}),
    ("merchant_name", {"merchant": replace(MERCHANT, name="\x1b[31mred")}),  # a terminal would obey
    ("merchant_name", {"merchant": replace(MERCHANT, name="x" * 257)}),
    ("mcc", {"merchant": replace(MERCHANT, mcc=Identifier("1" * 65))}),
    ("transmitted_at", {"facts": replace(FACTS, transmitted_at=datetime(1, 1, 1, tzinfo=UTC))}),
    ("local_at", {"facts": replace(FACTS, local_at=datetime(9999, 12, 31))}),
    ("plan_id", {"plan_id": "p" * 65}),
)


@pytest.mark.parametrize(
    ("member", "changed"), HOSTILE, ids=[f"{row[0]}-{n}" for n, row in enumerate(HOSTILE)]
)
def test_what_cannot_be_kept_is_refused_by_its_name(
    run: RunWithEngine, member: str, changed: dict[str, Any]
) -> None:
    async def work(engine: Engine) -> None:
        before = await count_records(engine)
        for attempt in (
            ask_approval(engine, **{"facts": FACTS, **changed}),
            send(engine, clear_purchase, **{"facts": FACTS, **changed}),
        ):
            with pytest.raises(InvalidInput) as refusal:
                await attempt
            assert refusal.value.member == member
        assert await count_records(engine) == before

    run(work)


def test_trace_numbers_are_compared_whatever_their_length(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        asked = await ask_approval(engine, facts=replace(FACTS, rrn="000123", stan="0" * 60 + "742"))
        cleared = await send(engine, clear_purchase, facts=replace(FACTS, rrn="123"))
        assert cleared.transaction_id == asked.transaction_id

    run(work)


def test_the_card_number_is_masked_wherever_it_was_written(run: RunWithEngine) -> None:
    facts = replace(FACTS, stan=CARD, rrn=CARD, authorization_code=CARD, transaction_link_id=CARD)
    identifier = Identifier(CARD)
    merchant = Merchant(
        name=f"a {CARD}", country=CARD, mcc=identifier, acquirer_id=identifier, merchant_id=identifier
    )

    async def work(engine: Engine) -> None:
        assert (await ask_approval(engine, facts=facts, merchant=merchant)).is_approved
        forced = replace(facts, stan=None, rrn=None, transaction_link_id=None)
        await send(engine, clear_purchase, 700, facts=forced, merchant=merchant)
        async with engine.database.connection() as connection:
            kept = await connection.fetch("SELECT account_transaction::text AS text FROM account_transaction")
        assert [CARD in row["text"] for row in kept] == [False, False]
        assert ["230377******7107" in row["text"] for row in kept] == [True, True]

    run(work)


def test_no_event_moves_more_than_the_books_can_add_up(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await open_noticed(engine, make_notice(await today(engine)))
        before = await count_records(engine)
        payment = AccountPayment(
            account_id=plan.account_id, amount_minor=MAX_EVENT_MINOR + 1, event_id="too-much"
        )
        with pytest.raises(AmountRefused):
            await pay_account(engine, await engine.look(), payment)
        with pytest.raises(AmountRefused):
            await send(engine, clear_purchase, MAX_EVENT_MINOR + 1, facts=FACTS)
        assert await count_records(engine) == before
        paid = replace(payment, amount_minor=MAX_EVENT_MINOR)
        await pay_account(engine, await engine.look(), paid)
        assert (await read_balances(engine, plan.account_id))["cash"] == MAX_EVENT_MINOR
        await check_books(engine)

    run(work)


def test_a_purchase_is_found_behind_hundreds_of_newer_ones(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        oldest = await ask_approval(engine, 900_000, facts=FACTS)
        async with engine.database.connection() as connection:
            # Copies of one row, for the message has to be told apart from them by its RRN alone.
            await connection.execute(
                "INSERT INTO account_transaction SELECT (jsonb_populate_record(t, jsonb_build_object("
                "'transaction_id', gen_random_uuid(), 'identity', '\\x' || repeat(lpad(n::text, 4, '0'), 16),"
                " 'rrn', 'n' || n, 'stan', 's' || n, 'authorized_minor', 0, 'state', 'cleared',"
                " 'cleared_minor', 1, 'cleared_at', t.created_at, 'amount_minor', 40000,"
                " 'created_at', t.created_at + n * interval '1 second'))).*"
                " FROM account_transaction t, generate_series(1, 600) n"
            )
        voided = await send(engine, reverse_authorization, 40000, facts=replace(FACTS, stan=None))
        assert voided.transaction_id == oldest.transaction_id

    run(work)


def test_nobody_else_can_tell_the_processors_own_events() -> None:
    with pytest.raises(InvalidInput):
        check_event_id(name_own_event("dispute", "one", "ended"))


@pytest.mark.parametrize("days", [Days(since=date.min, until=date.max), Days(since=date.max, until=date.max)])
def test_a_period_may_be_all_time(run: RunWithEngine, days: Days) -> None:
    async def work(engine: Engine) -> None:
        plan = await open_noticed(engine, make_notice(await today(engine)))
        operator = await people.get_person(engine, "operator@sandbox.example")
        page = await post_purchase.list_offerable(
            engine, await engine.look(), operator, plan.account_id, days
        )
        assert (page.items, page.next_after) == ((), None)

    run(work)


def test_a_line_is_refused_for_what_it_holds_and_shows_no_card(run: RunWithEngine) -> None:
    card = "5110921234567890"  # no Luhn digit: only its own column tells that it is a card number
    lines = [
        HEADER,
        f"{card},authorization,{card},1.00,{SENT},1,,,\r\n",
        f"n1,authorization,{card},1.00,{SENT},1,,a\0b,\r\n",
        f"t1,authorization,{card},1.00,{SENT},1,,,0001-01-01T00:00:00+23:59\r\n",
        f"\x1b[31m,authorization,{card},1.00,{SENT},1,,,\r\n",
        f"r1,reversal,{card},1.00,USD,,,{card},,\r\n",
        f"l1,clearing,{card},1.00,USD,{'9' * 9000},,,,\r\n",
        f"ok,authorization,{card},1.00,{SENT},1,,=cmd|' /C calc'!A0,\r\n",
    ]

    async def work(engine: Engine) -> None:
        report = await load_transaction_file(engine, lines)
        assert (report.accepted, [one.line for one in report.refused]) == (1, [2, 3, 4, 5, 6, 7])
        told = " ".join(f"{one.event_id} {one.reason}" for one in report.refused)
        assert card not in told and told.isprintable()
        assert max(len(one.reason) for one in report.refused) <= 301

    run(work)


def test_a_byte_order_mark_is_named(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        with pytest.raises(InvalidInput, match="without a byte order mark"):
            await load_transaction_file(engine, ["\ufeff" + HEADER], actor="operator@sandbox.example")
        assert await fetch_audit(engine) == []

    run(work)


def test_a_file_that_breaks_off_is_in_the_audit_trail_and_says_how_far_it_came(run: RunWithEngine) -> None:
    def list_lines() -> Iterator[str]:
        yield HEADER
        for number in range(1000):
            yield f"e{number},payment,{CARD},0,USD,,,,,\n"
        yield 'q,"never closed\n'

    async def work(engine: Engine) -> None:
        with pytest.raises(InvalidInput, match="no line after 1001 was carried out"):
            await load_transaction_file(engine, list_lines(), actor="operator@sandbox.example")
        assert await fetch_audit(engine) == [("servicing.begin_load", "operator@sandbox.example")]

    run(work)
