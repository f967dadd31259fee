"""Days of a merchant without a bank: captured payments and refunds as they are booked, and what they make."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.records import FeeBreakdown, Payment, PaymentStatus
from parcela.domain.payments.refunds import Refund, RefundEffect, RefundKind, RefundStatus
from parcela.domain.payments.settlement import (
    BalanceKind,
    BalanceTransaction,
    FeeKind,
    LineKind,
    StatementLine,
)
from parcela.operations.payments.booking import Booked, book_payment, book_refund, book_refund_reversal
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import new_id
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.payments import payments

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
PLAN_ID = "0198c1f2-0000-7000-8000-000000000001"


def at(moment: AccountMoment, now: datetime, **account: Any) -> AccountMoment:
    """The same account at another instant, with other terms."""
    return replace(moment, now=now, account=replace(moment.account, **account))


async def pay(
    desk: PaymentsDesk,
    moment: AccountMoment,
    amount_minor: int,
    *,
    currency: str = "EUR",
    has_plan: bool = True,
    reference: str | None = None,
) -> tuple[Payment, Booked]:
    """A payment that is captured and booked at the moment."""

    async def work(connection: Connection) -> tuple[Payment, Booked]:
        pending = Payment(
            payment_id=new_id(desk, moment, Prefix.PAYMENT),
            owner=moment.owner,
            status=PaymentStatus.PENDING,
            amount_minor=amount_minor,
            currency=currency,
            reference=reference,
            created_at=moment.now,
        )
        await payments.insert_payment(connection, pending, checkout_key=None)
        captured = replace(
            pending,
            status=PaymentStatus.COMPLETED,
            captured_minor=amount_minor,
            captured_at=moment.now,
            plan_id=PLAN_ID if has_plan else None,
            resolved_count=3 if has_plan else None,
            issuer_program="mastercard_installments" if has_plan else None,
        )
        booked = await book_payment(connection, desk, moment, captured)
        done = replace(
            captured,
            fees=booked.fees,
            balance_transaction_id=booked.balance_transaction_id,
            settlement_id=booked.settlement_id,
        )
        await payments.update_payment(connection, done, was=PaymentStatus.PENDING)
        return done, booked

    return await desk.engine.database.run(work)


def make_refund(
    desk: PaymentsDesk, moment: AccountMoment, payment: Payment, amount_minor: int, *, fee_back_minor: int
) -> Refund:
    """A refund of a payment that gives back so much of the installment fee."""
    return Refund(
        refund_id=new_id(desk, moment, Prefix.REFUND),
        owner=moment.owner,
        payment_id=payment.payment_id,
        currency=payment.currency,
        status=RefundStatus.PENDING,
        reason=None,
        effect=RefundEffect(
            amount_minor=amount_minor,
            kind=RefundKind.PARTIAL,
            strategy=None,
            plan=None,
            cash_back_minor=amount_minor,
            interest_back_minor=0,
            fees_back=FeeBreakdown(processing_minor=0, installment_minor=fee_back_minor),
        ),
        expected_from=date(2026, 7, 8),
        expected_by=date(2026, 7, 22),
        created_at=moment.now,
    )


async def debit(desk: PaymentsDesk, moment: AccountMoment, refund: Refund, payment: Payment) -> Booked:
    """Book a refund."""
    return await desk.engine.database.run(
        lambda connection: book_refund(connection, desk, moment, refund, payment)
    )


async def credit_back(desk: PaymentsDesk, moment: AccountMoment, refund: Refund, payment: Payment) -> Booked:
    """Book that a refund came to nothing."""
    return await desk.engine.database.run(
        lambda connection: book_refund_reversal(connection, desk, moment, refund, payment)
    )


def sum_lines(rows: Iterable[BalanceTransaction]) -> tuple[StatementLine, ...]:
    """The lines of a statement from its rows, as `spec/payments.md` §8.2 words them."""
    held = list(rows)
    parts = {
        LineKind.PAYMENTS: [row.gross_minor for row in held if row.kind is BalanceKind.PAYMENT],
        LineKind.PROCESSING_FEES: _list_fees(held, FeeKind.PROCESSING),
        LineKind.INSTALLMENT_FEES: _list_fees(held, FeeKind.INSTALLMENT),
        LineKind.REFUNDS: [row.gross_minor for row in held if row.kind is BalanceKind.REFUND],
        LineKind.REFUND_REVERSALS: [
            row.gross_minor for row in held if row.kind is BalanceKind.REFUND_REVERSAL
        ],
        LineKind.FEE_CREDITS: [
            -fee.amount_minor for row in held if row.kind is not BalanceKind.PAYMENT for fee in row.fees
        ],
    }
    return tuple(
        StatementLine(kind=kind, amount_minor=sum(amounts), count=len(amounts))
        for kind, amounts in parts.items()
        if amounts
    )


def _list_fees(rows: Iterable[BalanceTransaction], kind: FeeKind) -> list[int]:
    return [
        -fee.amount_minor
        for row in rows
        if row.kind is BalanceKind.PAYMENT
        for fee in row.fees
        if fee.kind is kind
    ]
