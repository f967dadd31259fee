"""Entries for tests of the ledger: ids that can be told apart, and short ways to write postings."""

from datetime import UTC, datetime

from parcela.domain.ledger import LedgerAccount, LedgerCode, LedgerEntry, Posting

AT = datetime(2025, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)
PROVIDER = "ffffffff-0000-4000-8000-000000000001"


def name_account(number: int) -> str:
    """The id of a card account, which names its book too."""
    return f"aaaaaaaa-0000-4000-8000-{number:012d}"


def name_plan(number: int) -> str:
    """The id of a plan."""
    return f"bbbbbbbb-0000-4000-8000-{number:012d}"


ACCOUNT = name_account(1)
PLAN = name_plan(1)


def move(amount_minor: int, debit: LedgerCode, credit: LedgerCode, account: str = ACCOUNT) -> Posting:
    """A posting between accounts of one card account, of its plan and of the provider."""
    return Posting(_own(debit, account), _own(credit, account), amount_minor)


def _own(code: LedgerCode, account: str) -> LedgerAccount:
    if code is LedgerCode.INSTALLMENT_RECEIVABLE:
        return LedgerAccount(code, account.replace("aaaaaaaa", "bbbbbbbb"))
    is_provider = code in {"interest_income", "fee_income", "clearing", "cash", "credit_losses"}
    return LedgerAccount(code, PROVIDER if is_provider else account)


def enter(
    key: str, *postings: Posting, book: str = ACCOUNT, currency: str = "USD", at: datetime = AT
) -> LedgerEntry:
    """An entry of an event."""
    return LedgerEntry(
        event_key=key, book=book, kind="test", currency=currency, posted_at=at, postings=postings
    )


def open_a_plan() -> list[LedgerEntry]:
    """A purchase of 600.00 is cleared and financed; the first row of 100.00 is billed with 1.50 interest."""
    code = LedgerCode
    return [
        enter("transaction:1:cleared", move(60000, code.PURCHASES, code.CLEARING)),
        enter("plan:1:opened", move(60000, code.INSTALLMENT_RECEIVABLE, code.PURCHASES)),
        enter(
            "plan:1:row:1:billed",
            move(10000, code.CARD_BALANCE, code.INSTALLMENT_RECEIVABLE),
            move(150, code.CARD_BALANCE, code.INTEREST_INCOME),
        ),
    ]
