"""Records of the issuer's processor: card accounts, card transactions, serviced plans and their rows.

The processor keeps records of its own, for the plans it services may come from any network; they meet the
plans of this one by plan id alone (`spec/network.md` §11).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from parcela.domain.cards import CardFunding
from parcela.domain.ledger import LedgerEntry
from parcela.domain.plans import AmountKind, Merchant


class ServicingState(StrEnum):
    """Where a serviced plan stands; `TRANSITIONS` in `lifecycle` says what leads where."""

    CREATED = "created"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DEFAULTED = "defaulted"
    RECOVERED = "recovered"


class RowState(StrEnum):
    """Where a row stands."""

    SCHEDULED = "scheduled"
    BILLED = "billed"
    LATE = "late"
    PAID = "paid"
    CANCELLED = "cancelled"
    WRITTEN_OFF = "written_off"


OPEN_ROW_STATES = frozenset({RowState.SCHEDULED, RowState.BILLED, RowState.LATE})
UNPAID_BILLED_STATES = frozenset({RowState.BILLED, RowState.LATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedRow:
    """One row of the schedule as the network told it."""

    number: int
    due_date: date
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFacts:
    """What identifies a card transaction beyond card, amount and currency; absent values are None.

    `local_at` is the purchase's own date and time; its date, as written, is the anchor of a schedule.
    `transmitted_at` is when the authorization was sent (ISO 8583, DE 7).
    """

    local_at: datetime
    stan: str | None = None
    rrn: str | None = None
    authorization_code: str | None = None
    transaction_link_id: str | None = None
    transmitted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNotice:
    """A plan as a notification tells it (`spec/network.md` §9), amounts in minor units.

    `digits` is the funding PAN; `amount_minor` the purchase, `total_minor` all rows together.
    """

    plan_id: str
    digits: str = field(repr=False)
    issuer_cid: str
    offer_id: str
    merchant: Merchant
    currency: str
    amount_kind: AmountKind
    amount_minor: int
    total_minor: int
    interval: str
    apr_percent: Decimal | None
    fee_value: Decimal | None
    rows: tuple[NoticedRow, ...]
    transaction: TransactionFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicedRow:
    """One row as it stands now; amount = principal + interest + fee, in minor units.

    `paid_minor` never exceeds the amount. `billed_on` is set once the row was posted to the card.
    """

    number: int
    due_date: date
    amount_minor: int
    principal_minor: int
    interest_minor: int
    fee_minor: int
    state: RowState = RowState.SCHEDULED
    paid_minor: int = 0
    billed_on: date | None = None

    @property
    def is_open(self) -> bool:
        """May money still be asked for it?"""
        return self.state in OPEN_ROW_STATES

    @property
    def unpaid_minor(self) -> int:
        """What is still to be paid of an open row."""
        return self.amount_minor - self.paid_minor if self.is_open else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicedPlan:
    """A plan on a card account.

    `amount_minor` is the purchase that is financed. `rate` is the interest a period as (numerator,
    denominator), by which rows are recomputed; `in_advance` that row 1 falls on the day of purchase.
    `transaction_id` names the card transaction it belongs to, once one is found. `uncleared_minor` is what of
    the financed purchase still waits for the merchant's clearing: it stands in PURCHASES. `refunded_minor`
    counts what came back or was never taken, at most `amount_minor`. `is_held` stops billing while a dispute
    is open; after one, nothing is billed before `resumes_on`. `lock_version` grows by one with each decision.
    """

    plan_id: str
    account_id: str
    provider_id: str
    offer_id: str
    currency: str
    amount_minor: int
    interval: str
    rate: tuple[int, int]
    in_advance: bool
    purchased_on: date
    state: ServicingState
    rows: tuple[ServicedRow, ...]
    opened_at: datetime
    merchant_name: str | None = None
    transaction_id: str | None = None
    uncleared_minor: int = 0
    refunded_minor: int = 0
    written_off_minor: int = 0
    recovered_minor: int = 0
    is_held: bool = False
    resumes_on: date | None = None
    lock_version: int = 1

    @property
    def is_cleared(self) -> bool:
        """Does nothing of the financed purchase wait for its clearing any more?"""
        return self.uncleared_minor == 0

    @property
    def scheduled_principal_minor(self) -> int:
        """Principal of the rows that are not billed yet: the balance of the plan's receivable."""
        return sum(row.principal_minor for row in self.rows if row.state is RowState.SCHEDULED)

    @property
    def outstanding_minor(self) -> int:
        """All that the cardholder has still to pay under the plan."""
        return sum(row.unpaid_minor for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAccount:
    """A card account of an issuer, one for each card and currency. The limit is in minor units.

    A debit card has no limit: its purchases and rows are paid from its deposit.
    """

    account_id: str
    card_id: str
    provider_id: str
    currency: str
    funding: CardFunding
    credit_limit_minor: int | None
    statement_day: int
    opened_at: datetime


class TransactionState(StrEnum):
    """Where a card transaction stands."""

    AUTHORIZED = "authorized"
    DECLINED = "declined"
    CLEARED = "cleared"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTransaction:
    """A purchase on a card account, in minor units of the account's currency.

    `authorized_minor` is what the authorization holds now, `cleared_minor` what was cleared,
    `refunded_minor` what the merchant gave back. `plan_id` names the plan that finances it.
    """

    transaction_id: str
    account_id: str
    state: TransactionState
    currency: str
    authorized_minor: int
    cleared_minor: int
    refunded_minor: int
    merchant: Merchant
    facts: TransactionFacts
    entry_mode: str | None
    plan_id: str | None
    is_disputed: bool
    created_at: datetime
    cleared_at: datetime | None = None
    lock_version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicingEvent:
    """Something that happened to a plan, an account or a transaction: `noun.past_tense` and its facts."""

    type: str
    subject: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a command changes: new records (None where nothing changes), entries and events.

    `plans` holds every plan that changes, for money paid to an account may touch several. Records that
    change come with a `lock_version` one higher than the one decided on; new ones have 1.
    """

    plans: tuple[ServicedPlan, ...] = ()
    transaction: AccountTransaction | None = None
    entries: tuple[LedgerEntry, ...] = ()
    events: tuple[ServicingEvent, ...] = ()
