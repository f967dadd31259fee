"""Settlements that are late, or that nothing will ever close, are where an operator looks first."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import DemoTemplate
from tests.support.merchant_days import pay
from tests.support.payments_world import PaymentsWorld, open_payments_world

from parcela.cli.doctor import Examination, check_settlements
from parcela.domain.payments.settlement import Settlement
from parcela.domain.payments.settlement_periods import end_day
from parcela.operations.ledger import check_ledger
from parcela.operations.payments.agenda import run_account
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.settlements import TASKS
from parcela.store.payments import agenda, settlements
from parcela.store.payments.settlements import OverdueSettlement

MINUTE = timedelta(minutes=1)
LATE = timedelta(hours=36)
"""A day, and the twelve hours by which a day may end later than in UTC."""


@pytest.fixture
def merchant(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


async def go_to(desk: PaymentsDesk, moment: AccountMoment, at: datetime) -> None:
    """Put the account's clock there; nothing is carried out."""
    async with desk.engine.database.transaction() as connection:
        await agenda.lock_offset(connection, moment.owner)
        seen = await desk.engine.look()
        await agenda.set_offset(connection, moment.owner, at - seen.now)


async def list_late(desk: PaymentsDesk) -> list[OverdueSettlement]:
    async with desk.engine.database.connection() as connection:
        return await settlements.list_overdue_settlements(connection, limit=10)


async def open_one(desk: PaymentsDesk, moment: AccountMoment) -> Settlement:
    """A settlement of the account's today, with a payment."""
    _, booked = await pay(desk, moment, 60000)
    assert booked.settlement_id is not None
    async with desk.engine.database.connection() as connection:
        return await settlements.get_settlement(connection, moment.owner, booked.settlement_id)


def name_late(moment: AccountMoment, settlement: Settlement, *, is_open: bool) -> OverdueSettlement:
    return OverdueSettlement(
        tenant_id=moment.owner.tenant_id,
        account_id=moment.account.account_id,
        mode="test",
        settlement_id=settlement.settlement_id,
        is_open=is_open,
        due_on=settlement.period_end if is_open else settlement.available_on,
    )


def examine(world: PaymentsWorld, capsys: pytest.CaptureFixture[str]) -> str:
    """What the doctor says of settlements."""
    capsys.readouterr()
    world.run(check_settlements(Examination(), world.engine.database))
    return capsys.readouterr().out


def test_a_settlement_is_late_a_day_after_its_close_and_after_its_payout_was_due(
    merchant: PaymentsWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> tuple[AccountMoment, Settlement]:
        settlement = await open_one(desk, moment)
        closes_at = end_day(settlement.period_end, ZoneInfo("UTC"))
        pays_at = datetime.combine(settlement.available_on, datetime.min.time(), UTC)
        await go_to(desk, moment, closes_at + LATE - MINUTE)
        assert await list_late(desk) == []
        await go_to(desk, moment, closes_at + LATE + MINUTE)
        assert await list_late(desk) == [name_late(moment, settlement, is_open=True)]
        await run_account(desk, TASKS, moment.owner, until=closes_at)
        assert await list_late(desk) == []
        await go_to(desk, moment, pays_at + LATE - MINUTE)
        assert await list_late(desk) == []
        await go_to(desk, moment, pays_at + LATE + MINUTE)
        assert await list_late(desk) == [name_late(moment, settlement, is_open=False)]
        return moment, settlement

    moment, settlement = merchant.as_account(work)
    assert examine(merchant, capsys) == (
        f"WARN   settlement {settlement.settlement_id} of account {moment.account.account_id} (test) was due"
        f" on {settlement.available_on} and is not paid out: let `parcela serve` or `parcela worker` run, and"
        " look for `task failed` in its log\n"
    )
    merchant.run_due(TASKS)
    assert examine(merchant, capsys) == "ok     settlement none is late\n"


def test_a_settlement_that_lost_its_task_is_broken(merchant: PaymentsWorld) -> None:
    async def work(desk: PaymentsDesk, moment: AccountMoment) -> Settlement:
        return await open_one(desk, moment)

    settlement = merchant.as_account(work)

    def list_lost() -> list[tuple[str, str]]:
        found = merchant.run(check_ledger(merchant.engine))
        return [(one.key, one.what) for one in found if one.view == "broken_settlement_task"]

    assert list_lost() == []
    merchant.fetch("DELETE FROM payments_task WHERE subject_id = $1", settlement.settlement_id)
    name = f"settlement id {settlement.settlement_id}"
    assert list_lost() == [(name, "is open, and nothing is planned to close it")]
