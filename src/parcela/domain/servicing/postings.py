"""The chart of accounts of one card account, and the entries that decisions write into its book."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from parcela.domain.ledger import LedgerAccount, LedgerCode, LedgerEntry, Posting
from parcela.domain.servicing.records import CardAccount, ServicedPlan


class EntryKind(StrEnum):
    """Why an entry was posted."""

    TRANSACTION_CLEARED = "transaction.cleared"
    TRANSACTION_POSTED = "transaction.posted"
    TRANSACTION_COLLECTED = "transaction.collected"
    TRANSACTION_RELEASED = "transaction.released"
    TRANSACTION_REVERSED = "transaction.reversed"
    PLAN_OPENED = "plan.opened"
    PURCHASE_REVERSED = "plan.purchase_reversed"
    COLLECTION_REVERSED = "plan.collection_reversed"
    REMAINDER_POSTED = "plan.remainder_posted"
    PLAN_WRITTEN_OFF = "plan.written_off"
    INSTALLMENT_BILLED = "installment.billed"
    INSTALLMENT_COLLECTED = "installment.collected"
    PAYMENT_RECEIVED = "payment.received"
    REFUND_RECEIVED = "refund.received"
    REFUND_TAKEN_BACK = "refund.taken_back"
    RECOVERY_RECEIVED = "recovery.received"
    DISPUTE_OPENED = "dispute.opened"
    DISPUTE_LOST = "dispute.lost"
    DISPUTE_WON = "dispute.won"


@dataclass(frozen=True, slots=True)
class Books:
    """The ledger accounts around one card account, by what they are for."""

    account_id: str
    provider_id: str

    @property
    def card(self) -> LedgerAccount:
        """What the cardholder owes now."""
        return LedgerAccount(LedgerCode.CARD_BALANCE, self.account_id)

    @property
    def deposit(self) -> LedgerAccount:
        """Money of the holder of a debit card."""
        return LedgerAccount(LedgerCode.DEPOSIT, self.account_id)

    @property
    def purchases(self) -> LedgerAccount:
        """Purchases between clearing and account."""
        return LedgerAccount(LedgerCode.PURCHASES, self.account_id)

    @property
    def refunds(self) -> LedgerAccount:
        """Refunds on their way to plan and card."""
        return LedgerAccount(LedgerCode.REFUNDS, self.account_id)

    @property
    def disputes(self) -> LedgerAccount:
        """Provisional credits."""
        return LedgerAccount(LedgerCode.DISPUTES, self.account_id)

    @property
    def clearing(self) -> LedgerAccount:
        """What the issuer owes the network."""
        return LedgerAccount(LedgerCode.CLEARING, self.provider_id)

    @property
    def cash(self) -> LedgerAccount:
        """Money received from cardholders."""
        return LedgerAccount(LedgerCode.CASH, self.provider_id)

    @property
    def interest(self) -> LedgerAccount:
        """Interest billed."""
        return LedgerAccount(LedgerCode.INTEREST_INCOME, self.provider_id)

    @property
    def fees(self) -> LedgerAccount:
        """Fees billed."""
        return LedgerAccount(LedgerCode.FEE_INCOME, self.provider_id)

    @property
    def losses(self) -> LedgerAccount:
        """Written off, less recoveries."""
        return LedgerAccount(LedgerCode.CREDIT_LOSSES, self.provider_id)

    def receivable(self, plan_id: str) -> LedgerAccount:
        """Principal of a plan's rows that are not billed yet."""
        return LedgerAccount(LedgerCode.INSTALLMENT_RECEIVABLE, plan_id)


def open_books(owner: CardAccount | ServicedPlan) -> Books:
    """The ledger accounts of a card account, or of the one a plan is on."""
    return Books(owner.account_id, owner.provider_id)


def post(debit: LedgerAccount, credit: LedgerAccount, amount_minor: int) -> tuple[Posting, ...]:
    """One posting, or none for an amount of zero."""
    assert amount_minor >= 0, f"{debit.code} to {credit.code}: {amount_minor} minor units"
    return (Posting(debit, credit, amount_minor),) if amount_minor else ()


def write_entry(
    account: CardAccount, kind: EntryKind, event_key: str, *, postings: Iterable[Posting], now: datetime
) -> tuple[LedgerEntry, ...]:
    """One entry in the account's book, or none when there is nothing to post."""
    kept = tuple(postings)
    if not kept:
        return ()
    entry = LedgerEntry(
        event_key=event_key,
        book=account.account_id,
        kind=kind,
        currency=account.currency,
        posted_at=now,
        postings=kept,
    )
    return (entry,)
