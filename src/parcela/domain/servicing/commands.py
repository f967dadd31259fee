"""What is told to the processor about purchases and money. Amounts in minor units of the account's currency.

Event ids come from whoever tells: an event is posted at most once under its own id.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from parcela.domain.ledger import LedgerEntry
from parcela.domain.plans import Merchant
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.records import (
    UNPAID_BILLED_STATES,
    AccountTransaction,
    ServicedPlan,
    TransactionFacts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an account's book says beside its plans, read under the lock of the account.

    `deposit_minor` is what a debit card's holder has and no hold of another purchase keeps: the hold of the
    purchase that is decided on (cleared, or opened as a plan) is not taken off it. `revolving_minor` is what
    of the card balance belongs to no billed row: purchases without a plan when above zero, money of the
    cardholder that no row has used when below (`find_standing`).
    """

    deposit_minor: int = 0
    revolving_minor: int = 0

    @property
    def credit_minor(self) -> int:
        """Money of the cardholder on the card that no row has used."""
        return max(0, -self.revolving_minor)

    @property
    def owed_minor(self) -> int:
        """Purchases without a plan that are still owed."""
        return max(0, self.revolving_minor)


def find_standing(
    *, card_balance_minor: int, disputes_minor: int, deposit_minor: int, plans: Sequence[ServicedPlan]
) -> Standing:
    """The standing from the balances of CARD_BALANCE, DISPUTES and DEPOSIT and all plans of the account."""
    unpaid_minor = sum(
        row.unpaid_minor for plan in plans for row in plan.rows if row.state in UNPAID_BILLED_STATES
    )
    # A provisional credit of a dispute stands on the card, but it is not the cardholder's to use yet.
    revolving_minor = card_balance_minor + disputes_minor - unpaid_minor
    return Standing(deposit_minor=deposit_minor, revolving_minor=revolving_minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPurchase:
    """The card transaction that a plan was found to finance, and all entries posted for it so far."""

    transaction: AccountTransaction
    entries: tuple[LedgerEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A question to approve a purchase; `transaction_id` is the id that its record gets."""

    transaction_id: str
    amount_minor: int
    currency: str
    merchant: Merchant
    facts: TransactionFacts
    entry_mode: str | None = None
    plan_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What an account has used of its limit or deposit before an authorization is decided.

    `balance_minor` and `deposit_minor` are the balances of CARD_BALANCE and DEPOSIT, `receivables_minor` that
    of all plans. `holds_minor` sums `find_hold` over the other transactions of the account.
    """

    balance_minor: int = 0
    receivables_minor: int = 0
    holds_minor: int = 0
    deposit_minor: int = 0


def find_hold(transaction: AccountTransaction, plan: ServicedPlan | None) -> int:
    """What a transaction holds: its authorization, less what the receivable of its plan counts already."""
    financed_minor = plan.uncleared_minor if plan is not None else 0
    return max(0, transaction.authorized_minor - financed_minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """The merchant's clearing of a purchase. After a final one nothing more of the authorization comes.

    `strategy` says how the plan's rows change when less was cleared than was financed.
    """

    event_id: str
    amount_minor: int
    is_final: bool = True
    strategy: RefundStrategy = RefundStrategy.SPREAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """The merchant takes an authorization back before clearing, whole or in part."""

    event_id: str
    amount_minor: int
    strategy: RefundStrategy = RefundStrategy.SPREAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """The merchant gives money back after clearing.

    `returns_charges`: the issuer's policy for a full refund, to give billed interest and fees back as well.
    """

    event_id: str
    amount_minor: int
    strategy: RefundStrategy = RefundStrategy.SPREAD
    returns_charges: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The end of a dispute. `opening` is the entry `dispute:{dispute_id}:opened`, None if none was posted."""

    dispute_id: str
    is_for_cardholder: bool
    opening: LedgerEntry | None
