"""What payments and refunds do to their merchant's balance (`spec/payments.md` §8).

Each booking writes a row, its entry in the merchant's book of the ledger, and opens the settlement of the
period if it is the first row, all in the transaction of the payment or refund. Bookings of one account, mode
and currency wait for each other on the book; those of others never do.
"""

from dataclasses import dataclass
from datetime import date

from parcela.domain.calendar import add_days
from parcela.domain.payments.fees import NO_FEES, find_schedule, price_fees
from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.merchant_postings import post_row
from parcela.domain.payments.records import FeeBreakdown, Payment
from parcela.domain.payments.refunds import Refund
from parcela.domain.payments.settlement import (
    BalanceKind,
    BalanceTransaction,
    Settlement,
    SettlementStatus,
)
from parcela.domain.payments.settlement_periods import end_day, find_period
from parcela.domain.payments.statement_lines import list_fees
from parcela.domain.payments.tasks import TaskKind
from parcela.operations.payments.agenda import plan_task
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import new_id
from parcela.operations.payments.moment import AccountMoment
from parcela.store import ledger
from parcela.store.database import Connection
from parcela.store.payments import balance, settlements
from parcela.store.payments.balance import MerchantBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What was booked. `fees` are as in the row: what a refund gives back is negative."""

    fees: FeeBreakdown
    balance_transaction_id: str
    settlement_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Movement:
    """A row to be booked, before it has a settlement."""

    kind: BalanceKind
    source_id: str
    payment: Payment
    gross_minor: int
    fees: FeeBreakdown = NO_FEES


async def book_payment(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, payment: Payment
) -> Booked:
    """Credit a captured payment less its fees. `captured_minor`, `plan_id` and `issuer_program` must be set.

    A payment is booked once. It settles in full in the running period, whatever its plan collects (§8.2).
    """
    has_plan = payment.plan_id is not None
    schedule = find_schedule(
        moment.account, program=payment.issuer_program if has_plan else None, currency=payment.currency
    )
    movement = _Movement(
        kind=BalanceKind.PAYMENT,
        source_id=payment.payment_id,
        payment=payment,
        gross_minor=payment.captured_minor,
        fees=price_fees(schedule, captured_minor=payment.captured_minor, has_plan=has_plan),
    )
    return await _book(connection, desk, moment, movement)


async def book_refund(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, refund: Refund, payment: Payment
) -> Booked:
    """Debit a refund when it is accepted, less the fees that it gives back (§9.3).

    One that was credited back may be debited again.
    """
    return await _book(connection, desk, moment, _move_refund(BalanceKind.REFUND, refund, payment))


async def book_refund_reversal(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, refund: Refund, payment: Payment
) -> Booked:
    """Credit a refund back that failed or was withdrawn, and take back the fees that it gave."""
    return await _book(connection, desk, moment, _move_refund(BalanceKind.REFUND_REVERSAL, refund, payment))


def _move_refund(kind: BalanceKind, refund: Refund, payment: Payment) -> _Movement:
    sign = -1 if kind is BalanceKind.REFUND else 1
    back = refund.effect.fees_back
    return _Movement(
        kind=kind,
        source_id=refund.refund_id,
        payment=payment,
        gross_minor=sign * refund.effect.amount_minor,
        fees=FeeBreakdown(
            processing_minor=sign * back.processing_minor, installment_minor=sign * back.installment_minor
        ),
    )


async def _book(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, movement: _Movement
) -> Booked:
    payment = movement.payment
    assert payment.owner == moment.owner, payment.payment_id
    book = await lock_book(connection, desk, moment, payment.currency)
    turn = await _find_turn(connection, moment, movement)
    settlement = await _open_settlement(connection, desk, moment, book)
    row = BalanceTransaction(
        balance_transaction_id=new_id(desk, moment, Prefix.BALANCE_TRANSACTION),
        owner=moment.owner,
        kind=movement.kind,
        source_id=movement.source_id,
        payment_id=payment.payment_id,
        gross_minor=movement.gross_minor,
        fees=list_fees(
            processing_minor=movement.fees.processing_minor,
            installment_minor=movement.fees.installment_minor,
        ),
        currency=payment.currency,
        available_on=settlement.available_on,
        settlement_id=settlement.settlement_id,
        created_at=moment.now,
    )
    method_type = "card" if payment.plan_id is None else "card_installment"
    await write_row(connection, row, book=book, turn=turn, payment_method_type=method_type)
    return Booked(
        fees=movement.fees,
        balance_transaction_id=row.balance_transaction_id,
        settlement_id=settlement.settlement_id,
    )


async def lock_book(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, currency: str
) -> MerchantBook:
    """The book of the account's mode in a currency, locked until the transaction ends."""
    return await balance.lock_book(connection, moment.owner, currency, new_book=desk.engine.ids.new_uuid())


async def write_row(
    connection: Connection,
    row: BalanceTransaction,
    *,
    book: MerchantBook,
    turn: int,
    payment_method_type: str | None,
) -> None:
    """A row with its entry in the ledger. The book must be locked."""
    await balance.insert_row(connection, row, turn=turn, payment_method_type=payment_method_type)
    entry = post_row(row, book=book.book, turn=turn)
    await ledger.insert_entries(connection, row.owner.tenant_id, [entry])


async def _find_turn(connection: Connection, moment: AccountMoment, movement: _Movement) -> int:
    """Which row of its kind it is. A refund is debited and credited back by turns."""
    turns = await balance.count_turns(connection, moment.owner, movement.source_id)
    debits, credits = turns.get(BalanceKind.REFUND, 0), turns.get(BalanceKind.REFUND_REVERSAL, 0)
    if movement.kind is BalanceKind.REFUND:
        assert debits == credits, f"{movement.source_id} is debited already"
    if movement.kind is BalanceKind.REFUND_REVERSAL:
        assert debits == credits + 1, f"{movement.source_id} is not debited"
    return turns.get(movement.kind, 0) + 1


async def _open_settlement(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, book: MerchantBook
) -> Settlement:
    """The open settlement that takes a row now; a row that comes after the close goes into the next one."""
    settlement = await settlements.find_open_settlement(connection, book, moment.today)
    if settlement is not None:
        return settlement
    last_end = await settlements.find_last_end(connection, book)
    day = moment.today if last_end is None else max(moment.today, add_days(last_end, 1))
    return await _make_settlement(connection, desk, moment, book, day=day, after=last_end)


async def _make_settlement(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    book: MerchantBook,
    *,
    day: date,
    after: date | None,
) -> Settlement:
    account = moment.account
    period = find_period(account.settlement, day, holidays=account.holidays, after=after)
    settlement = Settlement(
        settlement_id=new_id(desk, moment, Prefix.SETTLEMENT),
        owner=moment.owner,
        status=SettlementStatus.PENDING,
        currency=book.currency,
        period_start=period.start,
        period_end=period.end,
        available_on=period.available_on,
        created_at=moment.now,
    )
    await settlements.insert_settlement(connection, settlement)
    await plan_task(
        connection,
        moment.owner,
        TaskKind.CLOSE_SETTLEMENT,
        settlement.settlement_id,
        due_at=end_day(period.end, moment.zone),
    )
    return settlement
