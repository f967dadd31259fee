"""Bookings, settlements and payouts of a merchant on a real database."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from tests.conftest import DemoTemplate
from tests.support.merchant_days import NOON, at, credit_back, debit, make_refund, pay, sum_lines
from tests.support.payments_world import PaymentsWorld, open_payments_world

from parcela.dialects.payments.settlement_objects import render_balance_transaction, render_settlement
from parcela.domain.payments.accounts import Cycle, SettlementTerms
from parcela.domain.payments.pages import PageRequest
from parcela.domain.payments.records import FeeBreakdown
from parcela.domain.payments.settlement import BalanceTransaction, LineKind, Settlement, StatementLine
from parcela.operations.payments import settlement_reading
from parcela.operations.payments.agenda import run_account
from parcela.operations.payments.booking import book_payment
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.settlement_reading import RowFilter, SettlementFilter
from parcela.operations.payments.settlements import TASKS
from parcela.store import breaks

ALL = PageRequest(limit=100)
ANY = RowFilter()
WATCHED = {
    "broken_settlement",
    "broken_settlement_chain",
    "broken_settlement_task",
    "broken_payout",
    "broken_merchant_book",
    "broken_refund_turn",
    "broken_payment_booking",
}


@pytest.fixture
def merchant(database_url: str, demo_template: DemoTemplate) -> Any:
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


async def run_until(desk: PaymentsDesk, moment: AccountMoment, until: datetime) -> None:
    await run_account(desk, TASKS, moment.owner, until=until)


async def list_settlements(desk: PaymentsDesk, moment: AccountMoment) -> list[Settlement]:
    """All of them, the oldest first."""
    page = await settlement_reading.list_settlements(desk, moment, SettlementFilter(), ALL)
    return list(reversed(page.items))


async def list_rows(
    desk: PaymentsDesk, moment: AccountMoment, wanted: RowFilter = ANY
) -> list[BalanceTransaction]:
    """All of them, the oldest first."""
    page = await settlement_reading.list_balance_transactions(desk, moment, wanted, ALL)
    return list(reversed(page.items))


async def list_breaks(desk: PaymentsDesk) -> list[Any]:
    async with desk.engine.database.connection() as connection:
        found = await breaks.list_breaks(connection)
    return [broken for broken in found if broken.view in WATCHED]


def test_the_documented_settlement_comes_out_exactly(merchant: PaymentsWorld) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        moment = at(moment, NOON)
        payment, booked = await pay(desk, moment, 60000)
        assert booked.fees == FeeBreakdown(processing_minor=174, installment_minor=90)
        refund = make_refund(desk, moment, payment, 20000, fee_back_minor=30)
        refunded = await debit(desk, moment, refund, payment)
        assert refunded.fees == FeeBreakdown(processing_minor=0, installment_minor=-30)
        assert refunded.settlement_id == booked.settlement_id

        lines = [
            {"type": "payments", "amount": 60000, "count": 1},
            {"type": "processing_fees", "amount": -174, "count": 1},
            {"type": "installment_fees", "amount": -90, "count": 1},
            {"type": "refunds", "amount": -20000, "count": 1},
            {"type": "fee_credits", "amount": 30, "count": 1},
        ]
        document = {
            "id": booked.settlement_id,
            "object": "settlement",
            "status": "pending",
            "currency": "EUR",
            "periodStart": "2026-07-01",
            "periodEnd": "2026-07-01",
            "availableOn": "2026-07-03",
            "gross": 40000,
            "fees": 234,
            "net": 39766,
            "openingBalance": 0,
            "payoutAmount": 0,
            "closingBalance": 39766,
            "payout": None,
            "lines": lines,
            "created": 1782907200,
            "livemode": False,
        }
        (settlement,) = await list_settlements(desk, moment)
        assert render_settlement(settlement) == document
        await run_until(desk, moment, datetime(2026, 7, 1, 23, 59, 59, tzinfo=UTC))
        assert await list_settlements(desk, moment) == [settlement]

        await run_until(desk, moment, datetime(2026, 7, 2, tzinfo=UTC))
        (settlement,) = await list_settlements(desk, moment)
        document |= {"payoutAmount": 39766, "closingBalance": 0}
        assert render_settlement(settlement) == document
        assert settlement.closed_at == datetime(2026, 7, 2, tzinfo=UTC)

        await run_until(desk, moment, datetime(2026, 7, 3, tzinfo=UTC))
        (settlement,) = await list_settlements(desk, moment)
        assert render_settlement(settlement) == document | {
            "status": "completed",
            "payout": settlement.payout_id,
        }
        first, second, payout = await list_rows(desk, moment)
        assert render_balance_transaction(first) == {
            "id": booked.balance_transaction_id,
            "object": "balance_transaction",
            "type": "payment",
            "source": payment.payment_id,
            "payment": payment.payment_id,
            "gross": 60000,
            "fee": 264,
            "net": 59736,
            "currency": "EUR",
            "feeDetails": [
                {"type": "processing_fee", "amount": 174},
                {"type": "installment_fee", "amount": 90},
            ],
            "availableOn": "2026-07-03",
            "settlement": settlement.settlement_id,
            "payout": settlement.payout_id,
            "created": 1782907200,
            "livemode": False,
        }
        assert (second.source_id, second.payment_id) == (refund.refund_id, payment.payment_id)
        assert (second.gross_minor, second.fee_minor, second.net_minor) == (-20000, -30, -19970)
        assert (payout.source_id, payout.settlement_id) == (settlement.payout_id, None)
        assert (payout.gross_minor, payout.net_minor) == (-39766, -39766)
        assert payout.created_at == datetime(2026, 7, 3, tzinfo=UTC)
        assert await list_breaks(desk) == []

    merchant.as_account(work)
    events = merchant.fetch("SELECT type, body::text AS body FROM payments_event ORDER BY position")
    assert [event["type"] for event in events] == ["settlement.created", "settlement.completed"]
    balances = merchant.fetch(
        "SELECT code::text AS code, balance_minor FROM ledger_balance JOIN merchant_book ON owner = book"
        " ORDER BY code"
    )
    assert {row["code"]: row["balance_minor"] for row in balances} == {
        "acquiring": 40000,
        "installment_fees": 60,
        "merchant_balance": 0,
        "payouts": 39766,
        "processing_fees": 174,
    }


def test_a_negative_net_pays_nothing_and_opens_the_next_settlement(merchant: PaymentsWorld) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        moment = at(moment, NOON)
        payment, _ = await pay(desk, moment, 10000, has_plan=False)
        await run_until(desk, moment, NOON + timedelta(days=2))
        # 10000 - 54 are paid out; then the whole comes back on the 3rd, and a small sale on the 8th
        third, eighth = at(moment, NOON + timedelta(days=2)), at(moment, NOON + timedelta(days=7))
        await debit(desk, third, make_refund(desk, third, payment, 10000, fee_back_minor=0), payment)
        await run_until(desk, moment, eighth.now)
        await pay(desk, eighth, 4000, has_plan=False)
        await run_until(desk, moment, NOON + timedelta(days=20))
        found = await list_settlements(desk, moment)
        figures = [
            (one.period_end.day, one.opening_minor, one.net_minor, one.payout_minor, one.closing_minor)
            for one in found
        ]
        assert figures == [(1, 0, 9946, 9946, 0), (3, 0, -10000, 0, -10000), (8, -10000, 3960, 0, -6040)]
        assert [(one.status, one.payout_id is None) for one in found] == [
            ("completed", False),
            ("completed", True),
            ("completed", True),
        ]
        rows = await list_rows(desk, moment)
        assert sum(row.net_minor for row in rows) == -6040
        assert [row.gross_minor for row in rows if row.payout_id == row.source_id] == [-9946]
        assert await list_breaks(desk) == []
        # the next sale pays the debt first
        later = at(moment, NOON + timedelta(days=30))
        await pay(desk, later, 10000, has_plan=False)
        (*_, running) = await list_settlements(desk, moment)
        assert (running.opening_minor, running.net_minor, running.closing_minor) == (-6040, 9946, 3906)
        await run_until(desk, moment, NOON + timedelta(days=40))
        (*_, last) = await list_settlements(desk, moment)
        assert (last.opening_minor, last.payout_minor, last.closing_minor) == (-6040, 3906, 0)
        assert await list_breaks(desk) == []

    merchant.as_account(work)


def test_a_refund_is_debited_and_credited_back_by_turns(merchant: PaymentsWorld) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        moment = at(moment, NOON)
        payment, _ = await pay(desk, moment, 60000)
        refund = make_refund(desk, moment, payment, 20000, fee_back_minor=30)
        with pytest.raises(AssertionError, match="is not debited"):
            await credit_back(desk, moment, refund, payment)
        await debit(desk, moment, refund, payment)
        with pytest.raises(AssertionError, match="is debited already"):
            await debit(desk, moment, refund, payment)
        reversed_ = await credit_back(desk, moment, refund, payment)
        assert reversed_.fees == FeeBreakdown(processing_minor=0, installment_minor=30)
        await debit(desk, moment, refund, payment)
        rows = await list_rows(desk, moment)
        assert [(row.kind, row.gross_minor, row.fee_minor) for row in rows] == [
            ("payment", 60000, 264),
            ("refund", -20000, -30),
            ("refund_reversal", 20000, 30),
            ("refund", -20000, -30),
        ]
        (settlement,) = await list_settlements(desk, moment)
        assert settlement.lines == sum_lines(rows)
        assert settlement.lines[3:] == (
            StatementLine(kind=LineKind.REFUNDS, amount_minor=-40000, count=2),
            StatementLine(kind=LineKind.REFUND_REVERSALS, amount_minor=20000, count=1),
            StatementLine(kind=LineKind.FEE_CREDITS, amount_minor=30, count=3),
        )
        with pytest.raises(asyncpg.CheckViolationError, match="balance_transaction_of_payment_once"):
            await desk.engine.database.run(lambda connection: book_payment(connection, desk, moment, payment))
        assert await list_breaks(desk) == []

    merchant.as_account(work)


def test_a_row_after_the_close_goes_into_the_next_period(merchant: PaymentsWorld) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        late = at(moment, datetime(2026, 7, 1, 23, 59, 59, tzinfo=UTC))
        await pay(desk, late, 10000)
        await run_until(desk, moment, datetime(2026, 7, 2, tzinfo=UTC))
        await pay(desk, late, 20000)
        first, second = await list_settlements(desk, moment)
        assert (first.gross_minor, first.period_end) == (10000, date(2026, 7, 1))
        assert (second.gross_minor, second.period_start, second.available_on) == (
            20000,
            date(2026, 7, 2),
            date(2026, 7, 6),
        )
        await run_until(desk, moment, datetime(2026, 7, 7, tzinfo=UTC))
        assert await list_breaks(desk) == []

    merchant.as_account(work)


def test_an_earlier_settlement_that_is_still_open_is_closed_first(merchant: PaymentsWorld) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        first, second = at(moment, NOON), at(moment, NOON + timedelta(days=1))
        payment, _ = await pay(desk, first, 1000, has_plan=False)
        await debit(desk, first, make_refund(desk, first, payment, 1000, fee_back_minor=0), payment)
        await pay(desk, second, 10000, has_plan=False)
        async with desk.engine.database.connection() as connection:
            await connection.execute(
                "UPDATE payments_task SET retry_at = 'infinity' WHERE subject_id = $1", payment.settlement_id
            )
        await run_until(desk, moment, NOON + timedelta(days=3))
        async with desk.engine.database.connection() as connection:
            await connection.execute("UPDATE payments_task SET retry_at = '-infinity'")
        await run_until(desk, moment, NOON + timedelta(days=9))
        found = await list_settlements(desk, moment)
        assert [(one.opening_minor, one.payout_minor, one.closing_minor) for one in found] == [
            (0, 0, -32),
            (-32, 9914, 0),
        ]
        assert await list_breaks(desk) == []

    merchant.as_account(work)


def test_modes_and_currencies_have_books_of_their_own(merchant: PaymentsWorld) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        test, live = at(moment, NOON), replace(at(moment, NOON), is_live=True)
        for each, currency in ((test, "EUR"), (test, "USD"), (live, "EUR")):
            await pay(desk, each, 10000, currency=currency)
        assert [one.currency for one in await list_settlements(desk, test)] == ["EUR", "USD"]
        (of_live,) = await list_settlements(desk, live)
        assert (of_live.currency, of_live.gross_minor, of_live.owner.is_live) == ("EUR", 10000, True)
        assert len(await list_rows(desk, test, RowFilter(currency="USD"))) == 1

    merchant.as_account(work)
    assert merchant.fetch("SELECT count(DISTINCT book) AS books FROM merchant_book") == [{"books": 3}]


def test_terms_that_change_never_make_periods_overlap(merchant: PaymentsWorld) -> None:
    monthly = SettlementTerms(cycle=Cycle.MONTHLY, delay_days=7)

    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        await pay(desk, at(moment, NOON), 10000)
        await run_until(desk, moment, NOON + timedelta(days=1))
        await pay(desk, at(moment, NOON + timedelta(days=5), settlement=monthly), 10000)
        await pay(desk, at(moment, NOON + timedelta(days=9)), 10000)
        found = await list_settlements(desk, moment)
        assert [(one.period_start, one.period_end, one.available_on) for one in found] == [
            (date(2026, 7, 1), date(2026, 7, 1), date(2026, 7, 3)),
            (date(2026, 7, 2), date(2026, 7, 31), date(2026, 8, 11)),
        ]
        assert [one.gross_minor for one in found] == [10000, 20000]

    merchant.as_account(work)


def test_bookings_that_race_with_the_close_are_counted_once(merchant: PaymentsWorld) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        late = at(moment, datetime(2026, 7, 1, 23, 59, 59, tzinfo=UTC))
        await pay(desk, late, 1000)
        midnight = datetime(2026, 7, 2, tzinfo=UTC)
        calls: list[Awaitable[Any]] = [pay(desk, late, 1000 + n) for n in range(12)]
        calls.insert(6, run_until(desk, moment, midnight))
        await asyncio.gather(*calls)
        await run_until(desk, moment, datetime(2026, 7, 10, tzinfo=UTC))
        found = await list_settlements(desk, moment)
        rows = await list_rows(desk, moment)
        assert sum(one.gross_minor for one in found) == 13 * 1000 + sum(range(12))
        assert sum(one.payout_minor for one in found) == sum(one.net_minor for one in found)
        assert sum(row.net_minor for row in rows) == 0
        for one in found:
            of_one = [row for row in rows if row.settlement_id == one.settlement_id]
            assert one.lines == sum_lines(of_one)
        assert await list_breaks(desk) == []

    merchant.as_account(work)


def test_closed_figures_and_rows_are_refused_every_change(merchant: PaymentsWorld) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        await pay(desk, at(moment, NOON), 10000)
        await run_until(desk, moment, NOON + timedelta(days=1))
        for statement in (
            "UPDATE settlement SET gross_minor = 1",
            "UPDATE settlement SET lines = '[]'",
            "DELETE FROM settlement",
            "UPDATE balance_transaction SET gross_minor = 1",
            "DELETE FROM balance_transaction",
        ):
            async with desk.engine.database.connection() as connection:
                with pytest.raises(asyncpg.RaiseError):
                    await connection.execute(statement)
        assert await list_breaks(desk) == []

    merchant.as_account(work)


@pytest.mark.parametrize(
    ("zone", "now", "day", "closes"),
    [
        # 00:30 of the next day in Berlin; the day of the clock change has 25 hours
        ("Europe/Berlin", datetime(2026, 7, 1, 22, 30, tzinfo=UTC), date(2026, 7, 2), "2026-07-02 22:00"),
        ("Europe/Berlin", datetime(2026, 10, 25, 12, tzinfo=UTC), date(2026, 10, 25), "2026-10-25 23:00"),
        ("America/Sao_Paulo", datetime(2026, 7, 2, 2, 59, tzinfo=UTC), date(2026, 7, 1), "2026-07-02 03:00"),
    ],
)
def test_days_are_those_of_the_account(
    merchant: PaymentsWorld, zone: str, now: datetime, day: date, closes: str
) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        await pay(desk, at(moment, now, time_zone=zone), 10000)
        (settlement,) = await list_settlements(desk, moment)
        assert (settlement.period_start, settlement.period_end) == (day, day)

    merchant.as_account(work)
    tasks = merchant.fetch("SELECT kind, to_char(due_at, 'YYYY-MM-DD HH24:MI') AS due FROM payments_task")
    assert tasks == [{"kind": "close_settlement", "due": closes}]


@pytest.mark.parametrize(
    ("damage", "views"),
    [
        (
            "UPDATE balance_transaction SET gross_minor = gross_minor + 1 WHERE kind = 'payment'",
            {"broken_settlement", "broken_merchant_book", "broken_payment_booking"},
        ),
        ("UPDATE settlement SET lines = '[]'", {"broken_settlement"}),
        ("UPDATE settlement SET period_start = period_start - 9", {"broken_settlement_chain"}),
        ("UPDATE merchant_book SET carried_minor = -1", {"broken_settlement_chain"}),
        ("UPDATE settlement SET payout_id = 'po_other' WHERE payout_id IS NOT NULL", {"broken_payout"}),
        (
            "DELETE FROM balance_transaction WHERE kind = 'refund'",
            {"broken_settlement", "broken_merchant_book", "broken_refund_turn"},
        ),
        ("UPDATE payment SET fees = '{}'", {"broken_payment_booking"}),
    ],
)
def test_damage_is_found(merchant: PaymentsWorld, damage: str, views: set[str]) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        moment = at(moment, NOON)
        payment, _ = await pay(desk, moment, 60000)
        refund = make_refund(desk, moment, payment, 100, fee_back_minor=1)
        await debit(desk, moment, refund, payment)
        await credit_back(desk, moment, refund, payment)
        await pay(desk, at(moment, NOON + timedelta(days=1)), 5000)
        await run_until(desk, moment, NOON + timedelta(days=10))
        assert await list_breaks(desk) == []
        async with desk.engine.database.connection() as connection:
            for table in ("balance_transaction", "settlement"):
                await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            await connection.execute(damage)
        assert {broken.view for broken in await list_breaks(desk)} == views

    merchant.as_account(work)
