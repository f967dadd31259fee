"""The ledger: double entry, immutable, balanced by construction.

A posting names one debit and one credit account and a positive amount; a business event posts at most once
(`spec/reliability.md` §6, invariants 1 to 9).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from parcela.domain.errors import Conflict, DomainError


class UnbalancedEntry(DomainError):
    """An entry that no ledger may hold: no posting, an amount below one, an account against itself."""

    code = "unbalanced_entry"


class EntryDiffers(Conflict):
    """The event was posted before, with other accounts, amounts or currency."""

    code = "entry_differs"

    def __init__(self, event_key: str) -> None:
        self.event_key = event_key
        super().__init__(
            f"The event {event_key} is in the books with other content, which never changes: reverse its "
            "entry, and post the correction under an event of its own."
        )


class EntryNotReversible(Conflict):
    """A reversal must take back exactly one entry of its book, whole and once, and no reversal."""

    code = "entry_not_reversible"


class AccountOverdrawn(Conflict):
    """An account of a kind that may not go below zero would do so."""

    code = "account_overdrawn"


class LedgerCode(StrEnum):
    """Kinds of account. In brackets: whose each is, and the side on which it normally stands."""

    CARD_BALANCE = "card_balance"
    """What the cardholder owes now: billed rows and purchases in full (card account; debit)."""
    DEPOSIT = "deposit"
    """Money of the holder of a debit card, which never goes below zero (card account; credit)."""
    PURCHASES = "purchases"
    """Purchases between clearing and account; 0 but for plans before clearing (card account; credit)."""
    INSTALLMENT_RECEIVABLE = "installment_receivable"
    """Principal of rows that are not billed yet (plan; debit)."""
    INTEREST_INCOME = "interest_income"
    """Interest billed (provider; credit)."""
    FEE_INCOME = "fee_income"
    """Fees billed (provider; credit)."""
    CLEARING = "clearing"
    """What the issuer owes the network for purchases, less refunds (provider; credit)."""
    REFUNDS = "refunds"
    """Refunds of merchants on their way to plan and card; 0 after each entry (card account; credit)."""
    DISPUTES = "disputes"
    """Credited for the time of a dispute (card account; debit)."""
    CASH = "cash"
    """Money received from cardholders (provider; debit)."""
    CREDIT_LOSSES = "credit_losses"
    """Written off, less recoveries (provider; debit)."""
    MERCHANT_BALANCE = "merchant_balance"
    """What a merchant is owed: captured money less fees, refunds and payouts (merchant's book; credit)."""
    ACQUIRING = "acquiring"
    """What acquirers collected for a merchant, less what they gave back (merchant's book; debit)."""
    PROCESSING_FEES = "processing_fees"
    """Processing fees of a merchant (merchant's book; credit)."""
    INSTALLMENT_FEES = "installment_fees"
    """Installment fees of a merchant, less what refunds gave back (merchant's book; credit)."""
    PAYOUTS = "payouts"
    """What was paid out to a merchant (merchant's book; credit)."""


CREDIT_NORMAL = frozenset(
    {
        LedgerCode.DEPOSIT,
        LedgerCode.PURCHASES,
        LedgerCode.INTEREST_INCOME,
        LedgerCode.FEE_INCOME,
        LedgerCode.CLEARING,
        LedgerCode.REFUNDS,
        LedgerCode.MERCHANT_BALANCE,
        LedgerCode.PROCESSING_FEES,
        LedgerCode.INSTALLMENT_FEES,
        LedgerCode.PAYOUTS,
    }
)
"""Kinds whose balance is credits less debits; all others show debits less credits."""

NO_OVERDRAFT = frozenset({LedgerCode.DEPOSIT, LedgerCode.INSTALLMENT_RECEIVABLE})
"""Kinds whose normal balance never goes below zero (invariant 6)."""

PROVIDER_OWNED = frozenset(
    {
        LedgerCode.INTEREST_INCOME,
        LedgerCode.FEE_INCOME,
        LedgerCode.CLEARING,
        LedgerCode.CASH,
        LedgerCode.CREDIT_LOSSES,
    }
)
"""Kinds that belong to the provider: they are summed when somebody asks, for a running balance would make
every account of an issuer wait for one row.
"""


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """An account by its natural key: kind and owner (card account, plan, provider or book of a merchant)."""

    code: LedgerCode
    owner: str


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount in minor units, above zero, from the credited to the debited account."""

    debit: LedgerAccount
    credit: LedgerAccount
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """What one business event posts, in one currency. `event_key` is posted at most once in a tenant.

    `book` is the card account whose book holds the entry, or the id of a merchant's book: books are numbered
    without gaps and chained by hash, each for itself, so that accounts never wait for each other. `reverses`
    is the event key of the one entry that this one takes back, posting by posting.
    """

    event_key: str
    book: str
    kind: str
    currency: str
    posted_at: datetime
    postings: tuple[Posting, ...]
    reverses: str | None = None

    def __post_init__(self) -> None:
        if not self.postings:
            raise UnbalancedEntry(f"entry {self.event_key} posts nothing")
        for posting in self.postings:
            if posting.amount_minor < 1:
                raise UnbalancedEntry(f"entry {self.event_key} posts {posting.amount_minor} minor units")
            if posting.debit == posting.credit:
                raise UnbalancedEntry(f"entry {self.event_key} posts {posting.debit.code} against itself")


def reverse_entry(entry: LedgerEntry, *, event_key: str, kind: str, posted_at: datetime) -> LedgerEntry:
    """The entry that takes another one back whole: the same accounts and amounts, sides exchanged."""
    return LedgerEntry(
        event_key=event_key,
        book=entry.book,
        kind=kind,
        currency=entry.currency,
        posted_at=posted_at,
        postings=tuple(
            Posting(posting.credit, posting.debit, posting.amount_minor) for posting in entry.postings
        ),
        reverses=entry.event_key,
    )
