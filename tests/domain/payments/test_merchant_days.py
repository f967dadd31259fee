"""A thousand random days of a merchant: the identities of `spec/payments.md` §8.3, without a database."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.support.merchant_days import sum_lines

from parcela.domain.ledger import LedgerCode
from parcela.domain.payments.accounts import FeeSchedule
from parcela.domain.payments.fees import find_fees_back, price_fees
from parcela.domain.payments.merchant_postings import post_row
from parcela.domain.payments.records import FeeBreakdown, Owner
from parcela.domain.payments.settlement import BalanceKind, BalanceTransaction, Settlement, SettlementStatus
from parcela.domain.payments.statement_lines import decide_close, decide_completion, list_fees

OWNER = Owner(1, 7, False)
BOOK = "aaaaaaaa-0000-4000-8000-000000000001"
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def make_row(
    kind: BalanceKind, gross_minor: int, fees: FeeBreakdown, *, source: str, now: datetime
) -> BalanceTransaction:
    return BalanceTransaction(
        balance_transaction_id=f"btx {source} {kind}",
        owner=OWNER,
        kind=kind,
        source_id=source,
        payment_id=None if kind is BalanceKind.PAYOUT else source,
        gross_minor=gross_minor,
        fees=list_fees(processing_minor=fees.processing_minor, installment_minor=fees.installment_minor),
        currency="EUR",
        available_on=now.date(),
        settlement_id=None if kind is BalanceKind.PAYOUT else "setl",
        created_at=now,
    )


def live_a_day(chance: random.Random, now: datetime) -> list[BalanceTransaction]:
    """Purchases, most with refunds, some of which are credited back."""
    rows: list[BalanceTransaction] = []
    for number in range(chance.randint(0, 6)):
        schedule = FeeSchedule(
            processing_basis_points=chance.randint(0, 300),
            processing_fixed_minor=chance.randint(0, 50),
            installment_basis_points=chance.randint(0, 500),
        )
        captured = chance.randint(1, 100_000)
        fees = price_fees(schedule, captured_minor=captured, has_plan=chance.random() < 0.5)
        source = f"{now:%j} {number}"
        rows.append(make_row(BalanceKind.PAYMENT, captured, fees, source=source, now=now))
        refunded, given_back = 0, 0
        while refunded < captured and chance.random() < 0.7:
            refund = chance.randint(1, captured - refunded)
            back = find_fees_back(
                schedule,
                fees,
                captured_minor=captured,
                refunded_before_minor=refunded,
                refund_minor=refund,
                given_back_minor=given_back,
            )
            debit = FeeBreakdown(processing_minor=0, installment_minor=-back.installment_minor)
            of_refund = f"{source} {len(rows)}"
            rows.append(make_row(BalanceKind.REFUND, -refund, debit, source=of_refund, now=now))
            if chance.random() < 0.3:
                rows.append(make_row(BalanceKind.REFUND_REVERSAL, refund, back, source=of_refund, now=now))
            else:
                refunded, given_back = refunded + refund, given_back + back.installment_minor
        assert (
            given_back == fees.installment_minor * refunded // captured
            or given_back <= fees.installment_minor
        )
    return rows


def settle(rows: list[BalanceTransaction], *, opening_minor: int, day: date, now: datetime) -> Settlement:
    """The day's settlement, closed."""
    settlement = Settlement(
        settlement_id="setl",
        owner=OWNER,
        status=SettlementStatus.PENDING,
        currency="EUR",
        period_start=day,
        period_end=day,
        available_on=day,
        gross_minor=sum(row.gross_minor for row in rows),
        fees_minor=sum(row.fee_minor for row in rows),
        lines=sum_lines(rows),
        created_at=now,
    )
    return decide_close(settlement, opening_minor=opening_minor, now=now + timedelta(hours=12))


def post(balances: dict[LedgerCode, int], row: BalanceTransaction) -> None:
    """Post a row; balances are debits less credits."""
    for posting in post_row(row, book=BOOK, turn=1).postings:
        balances[posting.debit.code] = balances.get(posting.debit.code, 0) + posting.amount_minor
        balances[posting.credit.code] = balances.get(posting.credit.code, 0) - posting.amount_minor


def test_a_thousand_random_days_keep_every_identity() -> None:
    chance = random.Random(8)
    opening, earned, paid_out, carries = 0, 0, 0, 0
    balances: dict[LedgerCode, int] = {}
    for number in range(1000):
        now = START + timedelta(days=number)
        rows = live_a_day(chance, now)
        for row in rows:
            assert row.net_minor == row.gross_minor - row.fee_minor
            assert row.fee_minor == sum(detail.amount_minor for detail in row.fees)
            post(balances, row)
        closed = settle(rows, opening_minor=opening, day=now.date(), now=now)
        assert closed.net_minor == sum(row.net_minor for row in rows)
        assert closed.net_minor == sum(line.amount_minor for line in closed.lines)
        assert closed.opening_minor + closed.net_minor - closed.payout_minor == closed.closing_minor
        assert closed.payout_minor == max(0, opening + closed.net_minor)
        assert closed.closing_minor == min(0, opening + closed.net_minor)
        completed = decide_completion(closed, payout_id="po_1" if closed.payout_minor else None)
        assert completed == replace(closed, status=SettlementStatus.COMPLETED, payout_id=completed.payout_id)
        if closed.payout_minor:
            nothing = FeeBreakdown(processing_minor=0, installment_minor=0)
            post(
                balances,
                make_row(BalanceKind.PAYOUT, -closed.payout_minor, nothing, source=f"po {number}", now=now),
            )
        opening = closed.closing_minor
        earned += closed.net_minor
        paid_out += closed.payout_minor
        carries += opening < 0
        assert earned == paid_out + opening
        assert -balances.get(LedgerCode.MERCHANT_BALANCE, 0) == opening
        assert -balances.get(LedgerCode.PAYOUTS, 0) == paid_out
    # the days whose net was below 0, or that began with too much of it
    assert carries == 19
