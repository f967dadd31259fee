"""Settlements and balance transactions as they are sent (`spec/payments.md` §8.2)."""

from typing import Literal

from parcela.dialects.payments.wire_values import Document, WireObject, to_document, write_instant
from parcela.domain.payments.settlement import (
    BalanceKind,
    BalanceTransaction,
    FeeKind,
    LineKind,
    Settlement,
    SettlementStatus,
)


class LineObject(WireObject, kw_only=True):
    """A line of a statement: all rows of its type, signed, and how many they are."""

    type: LineKind
    amount: int
    count: int


class SettlementObject(WireObject, kw_only=True):
    """`settlement`. openingBalance + net − payoutAmount = closingBalance."""

    id: str
    object: Literal["settlement"] = "settlement"
    status: SettlementStatus
    currency: str
    period_start: str
    period_end: str
    available_on: str
    gross: int
    fees: int
    net: int
    opening_balance: int
    payout_amount: int
    closing_balance: int
    payout: str | None
    lines: list[LineObject]
    created: int
    livemode: bool


class FeeDetailObject(WireObject, kw_only=True):
    """A part of a row's fee."""

    type: FeeKind
    amount: int


class BalanceTransactionObject(WireObject, kw_only=True):
    """`balance_transaction`. net = gross − fee; `payment` is the payment behind the row, if there is one."""

    id: str
    object: Literal["balance_transaction"] = "balance_transaction"
    type: BalanceKind
    source: str
    payment: str | None
    gross: int
    fee: int
    net: int
    currency: str
    fee_details: list[FeeDetailObject]
    available_on: str
    settlement: str | None
    payout: str | None
    created: int
    livemode: bool


def render_settlement(settlement: Settlement) -> Document:
    """`settlement`."""
    return to_document(
        SettlementObject(
            id=settlement.settlement_id,
            status=settlement.status,
            currency=settlement.currency,
            period_start=settlement.period_start.isoformat(),
            period_end=settlement.period_end.isoformat(),
            available_on=settlement.available_on.isoformat(),
            gross=settlement.gross_minor,
            fees=settlement.fees_minor,
            net=settlement.net_minor,
            opening_balance=settlement.opening_minor,
            payout_amount=settlement.payout_minor,
            closing_balance=settlement.closing_minor,
            payout=settlement.payout_id,
            lines=[
                LineObject(type=line.kind, amount=line.amount_minor, count=line.count)
                for line in settlement.lines
            ],
            created=write_instant(settlement.created_at),
            livemode=settlement.owner.is_live,
        )
    )


def render_balance_transaction(row: BalanceTransaction) -> Document:
    """`balance_transaction`."""
    return to_document(
        BalanceTransactionObject(
            id=row.balance_transaction_id,
            type=row.kind,
            source=row.source_id,
            payment=row.payment_id,
            gross=row.gross_minor,
            fee=row.fee_minor,
            net=row.net_minor,
            currency=row.currency,
            fee_details=[
                FeeDetailObject(type=detail.kind, amount=detail.amount_minor) for detail in row.fees
            ],
            available_on=row.available_on.isoformat(),
            settlement=row.settlement_id,
            payout=row.payout_id,
            created=write_instant(row.created_at),
            livemode=row.owner.is_live,
        )
    )
