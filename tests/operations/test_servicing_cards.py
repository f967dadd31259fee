"""Card messages: approved within the limit, each once, and each later one finds its purchase and its plan."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import DemoTemplate, RunWithEngine, use_engine
from tests.support.servicing import (
    CARD,
    MERCHANT,
    PLAN_ID,
    ask_approval,
    check_books,
    count_records,
    list_states,
    make_message,
    make_notice,
    open_noticed,
    read_balances,
    send,
    today,
)

from parcela.domain.errors import Conflict, InvalidInput, NotFound
from parcela.domain.servicing.records import ServicingState, TransactionFacts, TransactionState
from parcela.domain.servicing.refusals import AmountRefused
from parcela.operations import card_accounts, people
from parcela.operations.card_accounts import AccountView
from parcela.operations.card_messages import AuthorizationCommand
from parcela.operations.card_transactions import (
    authorize,
    clear_purchase,
    credit_refund,
    reverse_authorization,
)
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.idempotency import IdempotencyKeyReused
from parcela.operations.servicing import get_plan
from parcela.operations.transaction_files import load_transaction_file
from parcela.store import account_transactions
from parcela.store.account_transactions import StoredTransaction

LIMIT = 1_000_000
TOKEN = "2303779900000018"


async def get_transaction(engine: Engine, transaction_id: str | None) -> StoredTransaction:
    async with engine.database.connection() as connection:
        found = await account_transactions.find_transaction(connection, MAIN_TENANT, transaction_id or "")
    assert found is not None
    return found


async def view(engine: Engine, transaction_id: str | None) -> AccountView:
    operator = await people.get_person(engine, "operator@sandbox.example")
    stored = await get_transaction(engine, transaction_id)
    return await card_accounts.view_account(engine, operator, stored.transaction.account_id)


def other_facts(facts: TransactionFacts, number: int) -> TransactionFacts:
    return replace(facts, stan=f"{number:06d}", rrn=f"{number:012d}")


def test_a_purchase_is_approved_within_the_limit(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        result = await ask_approval(engine, LIMIT)
        assert (result.response_code, result.is_approved, result.is_new) == ("00", True, True)
        assert result.authorization_code is not None and len(result.authorization_code) == 6
        held = await view(engine, result.transaction_id)
        assert (held.holds_minor, held.available_minor, held.balance_minor) == (LIMIT, 0, 0)
        declined = await ask_approval(engine, 1, facts=TransactionFacts(local_at=(await engine.look()).now))
        assert (declined.response_code, declined.authorization_code) == ("51", None)
        stored = await get_transaction(engine, declined.transaction_id)
        assert stored.transaction.state is TransactionState.DECLINED

    run(work)


def test_what_cannot_be_approved_is_declined_without_a_record(run: RunWithEngine) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"digits": "4508750015741019"}, "14"),  # in no account range
        ({"digits": "2303779900000026"}, "14"),  # a token without an entry
        ({"digits": "12345"}, "14"),  # too short
        ({"digits": "²303770000057107"}, "14"),  # no ASCII digits
        ({"amount_minor": 0}, "13"),  # nothing
        ({"currency": "XXQ"}, "13"),  # no currency
    ]

    async def work(engine: Engine) -> None:
        before = await count_records(engine)
        for members, code in cases:
            result = await ask_approval(engine, **members)
            assert (result.response_code, result.transaction_id) == (code, None)
        assert await count_records(engine) == before

    run(work)


def test_outside_a_sandbox_an_unknown_card_is_declined(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        engine.policy = replace(
            engine.policy, servicing=replace(engine.policy.servicing, opens_unknown_accounts=False)
        )
        before = await count_records(engine)
        assert (await ask_approval(engine)).response_code == "14"
        with pytest.raises(NotFound):
            await send(engine, clear_purchase)
        assert await count_records(engine) == before
        await open_noticed(engine, make_notice(await today(engine)))
        assert (await ask_approval(engine)).response_code == "00"

    run(work)


def test_a_repeated_authorization_is_the_same_whatever_its_event_id(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def work() -> None:
        async with (
            use_engine(database_url, demo_template.home) as first,
            use_engine(database_url, demo_template.home) as second,
        ):
            world = await first.look()
            facts = TransactionFacts(local_at=world.now, stan="742", rrn="123456123456")
            commands = [
                AuthorizationCommand(
                    digits=TOKEN if number % 2 else CARD,
                    amount_minor=40000,
                    currency="USD",
                    merchant=MERCHANT,
                    facts=facts,
                    event_id=f"repeat-{number}",
                )
                for number in range(16)
            ]
            results = await asyncio.gather(
                *[
                    authorize(engine, world, command)
                    for command, engine in zip(commands, [first, second] * 8, strict=True)
                ]
            )
            assert len({(one.transaction_id, one.authorization_code) for one in results}) == 1
            assert sum(one.is_new for one in results) == 1
            counted = await count_records(first)
            assert (counted["card_account"], counted["account_transaction"]) == (1, 1)

    asyncio.run(work())


def test_16_purchases_at_once_never_exceed_the_limit(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        facts = TransactionFacts(local_at=seen.now)
        results = await asyncio.gather(
            *[ask_approval(engine, LIMIT // 5, facts=other_facts(facts, number)) for number in range(16)]
        )
        assert sorted(one.response_code for one in results) == ["00"] * 5 + ["51"] * 11

    run(work)


def test_a_plan_that_is_noticed_first_is_found_by_its_authorization(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await open_noticed(engine, make_notice(await today(engine)))
        result = await ask_approval(engine)
        assert (await get_plan(engine, PLAN_ID)).transaction_id == result.transaction_id
        seen = await view(engine, result.transaction_id)
        assert (seen.holds_minor, seen.balance_minor, seen.receivables_minor) == (0, 6665, 33335)
        facts = TransactionFacts(local_at=(await engine.look()).now)
        other = await ask_approval(engine, facts=other_facts(facts, 1))
        assert (await get_transaction(engine, other.transaction_id)).transaction.plan_id is None
        await check_books(engine)

    run(work)


@pytest.mark.parametrize(
    "members",
    [
        {"plan_id": PLAN_ID},  # by the plan id
        {"facts": {"rrn": "123456123456"}},  # by the RRN
        {"facts": {"stan": "000742"}},  # by STAN and amount, zeros in front
        {"facts": {"transaction_link_id": "link"}},  # by the link id
    ],
    ids=["plan", "rrn", "stan", "link"],
)
def test_a_clearing_finds_its_purchase(run: RunWithEngine, members: dict[str, Any]) -> None:
    async def work(engine: Engine) -> None:
        now = (await engine.look()).now
        facts = TransactionFacts(local_at=now, stan="742", rrn="123456123456", transaction_link_id="link")
        result = await ask_approval(engine, facts=facts, plan_id=PLAN_ID)
        told = {"local_at": now + timedelta(days=2), **members.get("facts", {})}
        named = {"plan_id": members.get("plan_id"), "facts": TransactionFacts(**told)}
        receipt = await send(engine, clear_purchase, **named)
        assert receipt.transaction_id == result.transaction_id
        stored = await get_transaction(engine, result.transaction_id)
        assert (stored.transaction.state, stored.transaction.cleared_minor) == (
            TransactionState.CLEARED,
            40000,
        )
        await check_books(engine)

    run(work)


def test_a_clearing_without_an_authorization_is_a_purchase_of_its_own(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        receipt = await send(engine, clear_purchase, event_id="forced")
        assert await read_balances(engine, receipt.account_id) == {"card_balance": 40000, "clearing": 40000}
        stored = await count_records(engine)
        with pytest.raises(AmountRefused):
            await send(engine, clear_purchase, 0)
        assert await count_records(engine) == stored
        await check_books(engine)

    run(work)


def test_a_message_has_its_effect_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await ask_approval(engine)
        message = await make_message(engine, event_id="clear-1")
        world = await engine.look()
        receipts = await asyncio.gather(*[clear_purchase(engine, world, message) for _ in range(8)])
        assert sum(receipt.is_new for receipt in receipts) == 1
        stored = await count_records(engine)
        with pytest.raises(IdempotencyKeyReused):
            await clear_purchase(engine, world, replace(message, amount_minor=1))
        with pytest.raises(IdempotencyKeyReused):
            await credit_refund(engine, world, message)
        with pytest.raises(NotFound):
            await credit_refund(engine, world, replace(message, event_id="x", transaction_id=PLAN_ID))
        assert await count_records(engine) == stored

    run(work)


def test_a_reversal_takes_back_what_is_held_and_no_more(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        result = await ask_approval(engine)
        await send(engine, reverse_authorization, 10000)
        assert (await view(engine, result.transaction_id)).holds_minor == 30000
        stored = await count_records(engine)
        with pytest.raises(AmountRefused):
            await send(engine, reverse_authorization, 30001)
        assert await count_records(engine) == stored
        await send(engine, reverse_authorization, 30000)
        found = (await get_transaction(engine, result.transaction_id)).transaction
        assert found.state is TransactionState.REVERSED
        with pytest.raises((Conflict, NotFound)):
            await send(engine, reverse_authorization, 1, transaction_id=result.transaction_id)
        with pytest.raises(NotFound):
            await send(engine, reverse_authorization, 1)

    run(work)


def test_a_refund_finds_the_plan_and_one_without_a_purchase_goes_to_the_card(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await open_noticed(engine, make_notice(await today(engine)))
        await ask_approval(engine)
        await send(engine, clear_purchase)
        await send(engine, credit_refund, 40000)
        assert (await get_plan(engine, PLAN_ID)).state is ServicingState.CANCELLED
        assert await list_states(engine) == ["paid", *["cancelled"] * 5]
        strange = TransactionFacts(local_at=(await engine.look()).now, rrn="999999999999")
        await send(engine, credit_refund, 500, facts=strange)
        assert await read_balances(engine, plan.account_id) == {"card_balance": -500, "clearing": -500}
        await check_books(engine)

    run(work)


HEADER = "event_id,event_type,card_number,amount,currency,local_at,rrn,merchant_name\n"


def test_a_file_is_loaded_line_by_line_and_again_without_effect(run: RunWithEngine) -> None:
    lines = [
        HEADER,
        f"a1,authorization,{CARD},400.00,USD,2030-01-10T09:30:00,123456123456,Globex Decor\n",
        f"c1,clearing,{CARD},400.00,USD,2030-01-11T09:30:00,123456123456,Globex Decor\n",
        f"p1,payment,{CARD},100,USD,,,\n",
        f"r1,refund,{CARD},50.00,USD,,123456123456,\n",
        f"a2,authorization,{CARD},10000.01,USD,2030-01-12T09:30:00,123456123457,Globex Decor\n",
        "x1,clearing,4508750015741019,1,USD,2030-01-11T09:30:00,,\n",
        f"x2,transfer,{CARD},1,USD,,,\n",
        f"x3,clearing,{CARD},1.001,USD,2030-01-11T09:30:00,,\n",
        f"x4,clearing,{CARD},1,USD,yesterday,,\n",
        "x5,clearing,card,1,USD,,,\n",
        "x6,clearing\n",
        f"{CARD},payment,{CARD},0,USD,,,\n",
        f"x7,reversal,{CARD},1,USD,,777777777777,\n",
        f"p1,payment,{CARD},99,USD,,,\n",
    ]

    async def work(engine: Engine) -> None:
        report = await load_transaction_file(engine, lines, actor="operator@sandbox.example")
        assert (report.accepted, report.declined, report.repeated) == (5, 1, 0)
        assert [(one.line, one.event_id) for one in report.refused] == [
            (7, "x1"),
            (8, "x2"),
            (9, "x3"),
            (10, "x4"),
            (11, "x5"),
            (12, "x6"),
            (13, "230377******7107"),
            (14, "x7"),
            (15, "p1"),
        ]
        assert report.refused[0].reason == "There is no card account '450875******1019'."
        assert not any(CARD in one.reason for one in report.refused)
        stored = await count_records(engine)
        again = await load_transaction_file(engine, lines)
        assert (again.accepted, again.repeated, len(again.refused)) == (0, 5, 9)
        assert await count_records(engine) == stored
        async with engine.database.connection() as connection:
            account_id = await connection.fetchval("SELECT account_id::text FROM card_account")
        assert await read_balances(engine, account_id) == {
            "card_balance": 25000,
            "cash": 10000,
            "clearing": 35000,
        }
        await check_books(engine)

    run(work)


def test_money_that_comes_before_any_purchase_opens_the_account_in_a_sandbox_only(run: RunWithEngine) -> None:
    lines = [HEADER, f"p1,payment,{CARD},100,USD,,,\n"]

    async def work(engine: Engine) -> None:
        open_policy = engine.policy
        engine.policy = replace(
            open_policy, servicing=replace(open_policy.servicing, opens_unknown_accounts=False)
        )
        before = await count_records(engine)
        (refused,) = (await load_transaction_file(engine, lines)).refused
        assert refused.reason == "There is no account of this card in 'USD'."
        assert await count_records(engine) == before
        engine.policy = open_policy
        assert (await load_transaction_file(engine, lines)).accepted == 1
        async with engine.database.connection() as connection:
            account_id = await connection.fetchval("SELECT account_id::text FROM card_account")
        assert await read_balances(engine, account_id) == {"card_balance": -10000, "cash": 10000}

    run(work)


def test_a_file_needs_its_header(run: RunWithEngine) -> None:
    wrong = (
        [],  # an empty file
        ["event_id,event_type\n"],  # columns are missing
        [HEADER.replace("rrn", "rnn")],  # one is unknown
        [HEADER.replace("rrn", "event_id")],  # one stands twice
    )

    async def work(engine: Engine) -> None:
        for lines in wrong:
            with pytest.raises(InvalidInput) as refusal:
                await load_transaction_file(engine, lines)
            assert refusal.value.member == "header"

    run(work)


def test_a_file_of_many_cards_and_thousands_of_lines(run: RunWithEngine) -> None:
    def list_lines() -> Any:
        yield HEADER
        for number in range(1010):
            card = f"23037700000{number % 20:05d}"
            at = "2030-01-10T09:30:00"
            yield f"e{number},authorization,{card},1.00,USD,{at},{number:012d},\n"

    async def work(engine: Engine) -> None:
        seen: list[int] = []
        report = await load_transaction_file(engine, list_lines(), on_progress=seen.append)
        assert (report.accepted, report.refused, seen) == (1010, (), [1000, 1010])
        counted = await count_records(engine)
        assert (counted["card_account"], counted["account_transaction"]) == (20, 1010)

    run(work)
