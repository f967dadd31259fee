"""Plans on card accounts: opened once, posted by the chart, paid, refunded, disputed and written off."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.conftest import DemoTemplate, RunWithEngine, use_engine
from tests.support.servicing import (
    CARD,
    CORRELATION_ID,
    PLAN_ID,
    RECORDS,
    add_month,
    ask_approval,
    check_books,
    count_records,
    list_events,
    list_states,
    make_notice,
    open_noticed,
    read_balances,
    send,
    today,
)

from parcela.domain.errors import Conflict, InvalidInput, NotFound
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.records import ServicingState
from parcela.domain.servicing.refusals import AmountRefused, IllegalTransition, NoticeRefused, PlanHeld
from parcela.operations.card_transactions import clear_purchase, reverse_authorization
from parcela.operations.engine import Engine
from parcela.operations.idempotency import IdempotencyKeyReused
from parcela.operations.servicing import (
    AccountPayment,
    DisputeEnd,
    DisputeOpening,
    PlanAct,
    get_plan,
    open_dispute,
    open_plan,
    pay_account,
    pay_next_row,
    pay_off,
    preview_refund,
    quote_payoff,
    record_recovery,
    refund_plan,
    resolve_dispute,
    write_off,
)

OPENED = {"card_balance": 6665, "installment_receivable": 33335, "purchases": 40000}
CLEARED = {"card_balance": 6665, "clearing": 40000, "installment_receivable": 33335}


async def open_cleared(engine: Engine) -> str:
    """A plan whose purchase was approved and cleared; gives the account."""
    plan = await open_noticed(engine, make_notice(await today(engine)))
    await ask_approval(engine, plan_id=PLAN_ID)
    await send(engine, clear_purchase)
    return plan.account_id


def test_before_clearing_the_first_row_is_billed_and_the_clearing_only_settles(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await open_noticed(engine, make_notice(await today(engine)))
        assert await read_balances(engine, plan.account_id) == OPENED
        result = await ask_approval(engine, plan_id=PLAN_ID)
        assert (result.is_approved, (await get_plan(engine, PLAN_ID)).transaction_id) == (
            True,
            result.transaction_id,
        )
        await send(engine, clear_purchase)
        assert await read_balances(engine, plan.account_id) == CLEARED
        assert await list_states(engine) == ["billed", *["scheduled"] * 5]
        assert await list_events(engine, PLAN_ID) == ["plan.opened", "installment.billed", "plan.noticed"]
        await check_books(engine)

    run(work)


def test_after_clearing_the_purchase_is_taken_off_the_card_first(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        result = await ask_approval(engine)
        await send(engine, clear_purchase)
        plan = await open_noticed(engine, make_notice(await today(engine)))
        assert plan.transaction_id == result.transaction_id
        assert await read_balances(engine, plan.account_id) == CLEARED
        async with engine.database.connection() as connection:
            keys = await connection.fetch("SELECT kind, reverses FROM ledger_entry ORDER BY number")
        cleared = f"transaction:{result.transaction_id}:posted:"
        assert [(row["kind"], (row["reverses"] or "").startswith(cleared)) for row in keys] == [
            ("transaction.cleared", False),
            ("transaction.posted", False),
            ("plan.purchase_reversed", True),
            ("plan.opened", False),
            ("installment.billed", False),
        ]
        await check_books(engine)

    run(work)


def test_the_same_notice_again_changes_nothing(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        notice = make_notice(await today(engine))
        await open_noticed(engine, notice)
        before = await count_records(engine)
        again = await open_plan(engine, await engine.look(), notice, correlation_id=CORRELATION_ID)
        assert (again.is_new, again.differs, again.plan.plan_id) == (False, False, PLAN_ID)
        assert await count_records(engine) == before

    run(work)


def test_another_content_keeps_the_first_and_is_told_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        notice = make_notice(await today(engine))
        plan = await open_noticed(engine, notice)
        before = await count_records(engine)
        other = replace(notice, digits="2303770003322342")
        for _ in range(2):
            again = await open_plan(engine, await engine.look(), other, correlation_id=CORRELATION_ID)
            assert (again.is_new, again.differs, again.plan) == (False, True, plan)
        after = await count_records(engine)
        assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
            "servicing_command": 1,
            "event": 1,
        }
        assert (await list_events(engine, PLAN_ID))[-1] == "plan.notice_differed"

    run(work)


def test_of_16_notices_at_once_through_two_engines_one_opens_the_plan(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def work() -> None:
        async with (
            use_engine(database_url, demo_template.home) as first,
            use_engine(database_url, demo_template.home) as second,
        ):
            notice = make_notice(await today(first))
            world = await first.look()
            opened = await asyncio.gather(
                *[
                    open_plan(engine, world, notice, correlation_id=CORRELATION_ID)
                    for _ in range(8)
                    for engine in (first, second)
                ]
            )
            assert sum(one.is_new for one in opened) == 1
            counted = await count_records(first)
            assert (counted["card_account"], counted["serviced_plan"], counted["ledger_entry"]) == (1, 1, 2)
            await check_books(first)

    asyncio.run(work())


def test_a_notice_that_contradicts_itself_leaves_nothing(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        day = await today(engine)
        notice = make_notice(day)
        before = await count_records(engine)
        for wrong in (
            replace(notice, total_minor=40001),  # rows that do not sum to the total
            replace(notice, rows=notice.rows[1:]),  # a gap in the numbers
            replace(notice, rows=tuple(reversed(notice.rows))),  # in another order
            replace(notice, amount_minor=40001),  # a purchase above its rows
            replace(notice, currency="XXQ"),  # no currency
            replace(notice, plan_id="x"),  # no plan id
            replace(notice, digits="123"),  # no card
            replace(notice, digits="4508750015741019", issuer_cid="1"),  # nobody's card
        ):
            with pytest.raises(NoticeRefused):
                await open_noticed(engine, wrong)
        assert await count_records(engine) == before

    run(work)


def test_the_split_follows_the_program_that_gives_these_rows(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        day = await today(engine)
        amounts = [2250, *[1250] * 11]
        priced = make_notice(day, amounts=amounts, amount_minor=15000, offer_id="71392364")
        plan = await open_noticed(engine, priced)
        assert [(row.principal_minor, row.interest_minor, row.fee_minor) for row in plan.rows] == [
            (1250, 0, 1000),
            *[(1250, 0, 0)] * 11,
        ]
        # Of an offer that nobody here knows, what is above the purchase is interest.
        unknown = replace(priced, plan_id=PLAN_ID[:-1] + "2", offer_id="24092019")
        plan = await open_noticed(engine, unknown)
        assert sum(row.interest_minor for row in plan.rows) == 1000
        assert sum(row.fee_minor for row in plan.rows) == 0
        await check_books(engine)

    run(work)


def test_a_payment_pays_billed_rows_once_and_the_rest_waits_on_the_card(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        account_id = await open_cleared(engine)
        payment = AccountPayment(account_id=account_id, amount_minor=10000, event_id="pay-1")
        first = await pay_account(engine, await engine.look(), payment)
        assert [happened["type"] for happened in first.happened] == ["payment.received", "installment.paid"]
        stored = await count_records(engine)
        again = await pay_account(engine, await engine.look(), payment)
        assert (again.is_new, again.happened) == (False, first.happened)
        with pytest.raises(IdempotencyKeyReused):
            await pay_account(engine, await engine.look(), replace(payment, amount_minor=10001))
        with pytest.raises(InvalidInput):
            await pay_account(engine, await engine.look(), replace(payment, event_id="a b"))
        with pytest.raises(AmountRefused):
            await pay_account(engine, await engine.look(), replace(payment, amount_minor=0, event_id="0"))
        with pytest.raises(NotFound):
            unknown = replace(payment, account_id=PLAN_ID, event_id="pay-2")
            await pay_account(engine, await engine.look(), unknown)
        assert await count_records(engine) == stored
        assert (await read_balances(engine, account_id))["card_balance"] == -3335
        assert await list_states(engine) == ["paid", *["scheduled"] * 5]
        await check_books(engine)

    run(work)


def test_of_16_equal_payments_at_once_one_is_posted(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        account_id = await open_cleared(engine)
        payment = AccountPayment(account_id=account_id, amount_minor=100, event_id="pay-1")
        world = await engine.look()
        receipts = await asyncio.gather(*[pay_account(engine, world, payment) for _ in range(16)])
        assert sum(receipt.is_new for receipt in receipts) == 1
        assert (await read_balances(engine, account_id))["cash"] == 100

    run(work)


def test_the_next_row_is_paid_early_and_dates_stay(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        account_id = await open_cleared(engine)
        day, world = await today(engine), await engine.look()
        with pytest.raises(IllegalTransition):
            await pay_next_row(engine, world, PlanAct(plan_id=PLAN_ID, event_id="early"))
        await pay_account(
            engine, world, AccountPayment(account_id=account_id, amount_minor=6665, event_id="pay")
        )
        await pay_next_row(engine, world, PlanAct(plan_id=PLAN_ID, event_id="early"))
        plan = await get_plan(engine, PLAN_ID)
        assert [row.state.value for row in plan.rows] == ["paid", "paid", *["scheduled"] * 4]
        assert [row.due_date for row in plan.rows] == [add_month(day, number) for number in range(6)]
        await check_books(engine)

    run(work)


def test_a_payoff_is_paid_exactly_or_not_at_all(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        account_id = await open_cleared(engine)
        world = await engine.look()
        assert (await quote_payoff(engine, world, PLAN_ID)).total_minor == 40000
        act = PlanAct(plan_id=PLAN_ID, event_id="payoff")
        before = await count_records(engine)
        with pytest.raises(AmountRefused, match="expected exactly 40000 minor units, got 39999"):
            await pay_off(engine, world, act, amount_minor=39999)
        assert await count_records(engine) == before
        await pay_off(engine, world, act, amount_minor=40000)
        plan = await get_plan(engine, PLAN_ID)
        assert (plan.state, plan.outstanding_minor) == (ServicingState.COMPLETED, 0)
        assert await read_balances(engine, account_id) == {"cash": 40000, "clearing": 40000}
        await check_books(engine)

    run(work)


@pytest.mark.parametrize(
    ("strategy", "amounts"),
    [
        (RefundStrategy.SPREAD, [6665, 4667, 4667, 4667, 4667, 4667]),  # lowered alike
        (RefundStrategy.LAST_FIRST, [6665, 6667, 6667, 6667, 3334, 0]),  # from the end
        (RefundStrategy.NEXT_FIRST, [6665, 0, 3334, 6667, 6667, 6667]),  # from the next row
    ],
)
def test_a_preview_is_what_the_refund_does(
    run: RunWithEngine, strategy: RefundStrategy, amounts: list[int]
) -> None:
    async def work(engine: Engine) -> None:
        account_id = await open_cleared(engine)
        effect = await preview_refund(engine, PLAN_ID, 10000, strategy=strategy)
        act = PlanAct(plan_id=PLAN_ID, event_id="refund")
        await refund_plan(engine, await engine.look(), act, amount_minor=10000, strategy=strategy)
        plan = await get_plan(engine, PLAN_ID)
        assert plan == effect.plan
        assert [row.amount_minor for row in plan.rows] == amounts
        assert await read_balances(engine, account_id) == {
            "card_balance": 6665,
            "clearing": 30000,
            "installment_receivable": 23335,
        }
        await check_books(engine)

    run(work)


def test_a_full_refund_cancels_what_is_open_and_no_more_can_come(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        account_id = await open_cleared(engine)
        world = await engine.look()
        act = PlanAct(plan_id=PLAN_ID, event_id="refund")
        await refund_plan(engine, world, act, amount_minor=40000)
        assert await list_states(engine) == ["paid", *["cancelled"] * 5]
        assert (await get_plan(engine, PLAN_ID)).state is ServicingState.CANCELLED
        assert await read_balances(engine, account_id) == {}
        stored = await count_records(engine)
        with pytest.raises((AmountRefused, IllegalTransition)):
            await refund_plan(engine, world, replace(act, event_id="more"), amount_minor=1)
        assert await count_records(engine) == stored
        await check_books(engine)

    run(work)


def test_a_full_reversal_before_clearing_leaves_nothing_owed(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan = await open_noticed(engine, make_notice(await today(engine)))
        await ask_approval(engine, plan_id=PLAN_ID)
        await send(engine, reverse_authorization)
        assert (await get_plan(engine, PLAN_ID)).state is ServicingState.CANCELLED
        assert await read_balances(engine, plan.account_id) == {}
        await check_books(engine)

    run(work)


@pytest.mark.parametrize("is_for_cardholder", [True, False], ids=["won", "lost"])
def test_a_dispute_holds_the_plan_and_ends_once(run: RunWithEngine, is_for_cardholder: bool) -> None:
    async def work(engine: Engine) -> None:
        account_id = await open_cleared(engine)
        world = await engine.look()
        await open_dispute(engine, world, DisputeOpening(event_id="dispute-1", plan_id=PLAN_ID))
        assert await read_balances(engine, account_id) == {
            "clearing": 40000,
            "disputes": 6665,
            "installment_receivable": 33335,
        }
        with pytest.raises(PlanHeld):
            await pay_off(engine, world, PlanAct(plan_id=PLAN_ID, event_id="payoff"), amount_minor=40000)
        end = DisputeEnd(dispute_id="dispute-1", is_for_cardholder=is_for_cardholder, event_id="end-1")
        await resolve_dispute(engine, world, end)
        assert (await resolve_dispute(engine, world, end)).is_new is False
        stored = await count_records(engine)
        with pytest.raises(Conflict):
            await resolve_dispute(engine, world, replace(end, event_id="end-2"))
        with pytest.raises(NotFound):
            await resolve_dispute(engine, world, replace(end, dispute_id="end-1", event_id="end-3"))
        assert await count_records(engine) == stored
        plan = await get_plan(engine, PLAN_ID)
        if is_for_cardholder:
            assert (plan.state, plan.refunded_minor) == (ServicingState.CANCELLED, 40000)
            assert await read_balances(engine, account_id) == {}
        else:
            assert (plan.state, plan.resumes_on) == (
                ServicingState.ACTIVE,
                world.now.date() + timedelta(days=1),
            )
            assert await read_balances(engine, account_id) == CLEARED
        await check_books(engine)

    run(work)


def test_a_loss_is_written_off_and_comes_back(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        account_id = await open_cleared(engine)
        world = await engine.look()
        act = PlanAct(plan_id=PLAN_ID, event_id="loss", actor="maker@sandbox.example")
        await write_off(engine, world, act)
        assert await read_balances(engine, account_id) == {"clearing": 40000, "credit_losses": 40000}
        await record_recovery(engine, world, replace(act, event_id="back-1"), amount_minor=10000)
        with pytest.raises(AmountRefused):
            await record_recovery(engine, world, replace(act, event_id="back-2"), amount_minor=30001)
        await record_recovery(engine, world, replace(act, event_id="back-3"), amount_minor=30000)
        assert (await get_plan(engine, PLAN_ID)).state is ServicingState.RECOVERED
        assert await read_balances(engine, account_id) == {"cash": 40000, "clearing": 40000}
        async with engine.database.connection() as connection:
            actions = await connection.fetch("SELECT action, actor FROM audit ORDER BY sequence DESC LIMIT 3")
        assert [tuple(row) for row in actions] == [
            ("servicing.record_recovery", "maker@sandbox.example"),
            ("servicing.record_recovery", "maker@sandbox.example"),
            ("servicing.write_off", "maker@sandbox.example"),
        ]
        await check_books(engine)

    run(work)


def test_no_card_number_is_kept_in_clear(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        notice = make_notice(await today(engine))
        merchant = replace(notice.merchant, name=f"Globex {CARD}", url=f"https://globex.example/{CARD}")
        facts = replace(notice.transaction, transaction_link_id=f"link-{CARD}")
        plan = await open_noticed(engine, replace(notice, merchant=merchant, transaction=facts))
        assert plan.merchant_name == "Globex 230377******7107"
        result = await ask_approval(engine, merchant=merchant, facts=facts)
        assert (await get_plan(engine, PLAN_ID)).transaction_id == result.transaction_id
        await send(engine, clear_purchase, merchant=merchant, facts=facts)
        strange = replace(facts, rrn="1", stan="1", transaction_link_id=f"other-{CARD}")
        await send(engine, clear_purchase, 100, merchant=merchant, facts=strange)
        for operation in (clear_purchase, reverse_authorization):
            with pytest.raises(InvalidInput):
                await send(engine, operation, event_id=f"e-{CARD}")
        with pytest.raises(InvalidInput):
            await ask_approval(engine, event_id=f"e-{CARD}")
        async with engine.database.connection() as connection:
            for table in (*RECORDS, "audit", "idempotency"):
                found = await connection.fetch(f"SELECT to_jsonb(t)::text AS text FROM {table} t")
                assert [row["text"] for row in found if CARD in row["text"]] == [], table
        await check_books(engine)

    run(work)
