"""Settlements close at the end of their period and are paid out when their funds are available.

`spec/payments.md` §8.2. Both are tasks of the account's agenda; each locks the merchant's book, so that a row
is either counted in a close or goes into the next settlement.
"""

from collections.abc import Mapping

from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.settlement import BalanceKind, BalanceTransaction, Settlement
from parcela.domain.payments.settlement_periods import start_day
from parcela.domain.payments.statement_lines import decide_close, decide_completion
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.payments.agenda import TaskHandler, plan_task, settle_task
from parcela.operations.payments.booking import lock_book, write_row
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, new_id, tell
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.payments import balance, settlements
from parcela.store.payments.balance import MerchantBook


async def close_settlement(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """CLOSE_SETTLEMENT: the period is over; the figures become final. Earlier ones still open go first."""

    async def work(connection: Connection) -> None:
        await settle_task(connection, task)
        settlement, book = await _lock(connection, desk, moment, task.subject_id)
        open_ones = await settlements.list_open_settlements(connection, book, until=settlement.period_end)
        opening_minor = book.carried_minor
        for open_one in open_ones:
            closed = decide_close(open_one, opening_minor=opening_minor, now=moment.now)
            await _write_close(connection, desk, moment, closed)
            opening_minor = closed.closing_minor
        await balance.update_carried(connection, book, opening_minor)

    await desk.engine.database.run(work)


async def _write_close(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, closed: Settlement
) -> None:
    await settlements.close_settlement(connection, closed)
    available_at = start_day(closed.available_on, moment.zone)
    await plan_task(
        connection,
        moment.owner,
        TaskKind.PAY_OUT,
        closed.settlement_id,
        due_at=max(moment.now, available_at),
    )
    document = desk.renderer.render_settlement(closed)
    happening = Happening(EventType.SETTLEMENT_CREATED, closed.settlement_id, document)
    await tell(connection, desk, moment, [happening])


async def pay_out(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """PAY_OUT: the funds of a closed settlement are available. One of 0 completes without a payout."""

    async def work(connection: Connection) -> None:
        await settle_task(connection, task)
        settlement, book = await _lock(connection, desk, moment, task.subject_id)
        payout_id = new_id(desk, moment, Prefix.PAYOUT) if settlement.payout_minor else None
        completed = decide_completion(settlement, payout_id=payout_id)
        await settlements.complete_settlement(connection, completed)
        if payout_id is not None:
            row = _make_payout_row(desk, moment, completed, payout_id=payout_id)
            await write_row(connection, row, book=book, turn=1, payment_method_type=None)
        document = desk.renderer.render_settlement(completed)
        happening = Happening(EventType.SETTLEMENT_COMPLETED, completed.settlement_id, document)
        await tell(connection, desk, moment, [happening])

    await desk.engine.database.run(work)


async def _lock(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, settlement_id: str
) -> tuple[Settlement, MerchantBook]:
    """A settlement as it stands under the lock of its book."""
    found = await settlements.get_settlement(connection, moment.owner, settlement_id)
    book = await lock_book(connection, desk, moment, found.currency)
    return await settlements.get_settlement(connection, moment.owner, settlement_id), book


def _make_payout_row(
    desk: PaymentsDesk, moment: AccountMoment, settlement: Settlement, *, payout_id: str
) -> BalanceTransaction:
    """A payout takes what it pays from the balance, and is in no settlement: it ends one."""
    return BalanceTransaction(
        balance_transaction_id=new_id(desk, moment, Prefix.BALANCE_TRANSACTION),
        owner=moment.owner,
        kind=BalanceKind.PAYOUT,
        source_id=payout_id,
        payment_id=None,
        gross_minor=-settlement.payout_minor,
        fees=(),
        currency=settlement.currency,
        available_on=moment.today,
        settlement_id=None,
        payout_id=payout_id,
        created_at=moment.now,
    )


TASKS: Mapping[TaskKind, TaskHandler] = {
    TaskKind.CLOSE_SETTLEMENT: close_settlement,
    TaskKind.PAY_OUT: pay_out,
}
