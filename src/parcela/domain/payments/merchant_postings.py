"""What a row of a merchant's balance posts in the merchant's book of the ledger.

One book for each account, mode and currency; all its ledger accounts belong to it, so that bookings of
different accounts never wait for each other.
"""

from parcela.domain.ledger import LedgerAccount, LedgerCode, LedgerEntry, Posting
from parcela.domain.payments.settlement import BalanceKind, BalanceTransaction, FeeKind

_FEE_ACCOUNTS = {
    FeeKind.PROCESSING: LedgerCode.PROCESSING_FEES,
    FeeKind.INSTALLMENT: LedgerCode.INSTALLMENT_FEES,
}


def name_event(kind: BalanceKind, source_id: str, turn: int) -> str:
    """The ledger's event key of a row: a source has one row of a kind and turn."""
    return f"balance:{source_id}:{kind}:{turn}"


def post_row(row: BalanceTransaction, *, book: str, turn: int) -> LedgerEntry:
    """The entry of a row: gross against the acquirer (a payout against payouts), each fee against its income.

    The merchant's balance changes by the row's net amount.
    """
    against = LedgerCode.PAYOUTS if row.kind is BalanceKind.PAYOUT else LedgerCode.ACQUIRING
    postings = [_post_signed(book, debit=against, amount_minor=row.gross_minor)]
    for fee in row.fees:
        postings.append(_post_signed(book, debit=_FEE_ACCOUNTS[fee.kind], amount_minor=-fee.amount_minor))
    return LedgerEntry(
        event_key=name_event(row.kind, row.source_id, turn),
        book=book,
        kind=f"balance.{row.kind}",
        currency=row.currency,
        posted_at=row.created_at,
        postings=tuple(postings),
    )


def _post_signed(book: str, *, debit: LedgerCode, amount_minor: int) -> Posting:
    """So much more (below 0: less) for the merchant, against an account."""
    against = LedgerAccount(debit, book)
    merchant = LedgerAccount(LedgerCode.MERCHANT_BALANCE, book)
    if amount_minor < 0:
        return Posting(merchant, against, -amount_minor)
    return Posting(against, merchant, amount_minor)
