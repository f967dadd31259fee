"""The bodies of the processor's calls. Amounts are texts in major units, unless a name ends in `_minor`."""

from datetime import datetime
from typing import Any, Literal

from parcela.admin.wire import Answer, Request


class AccountAnswer(Answer, frozen=True):
    """A card account; the card shows six and four digits. `credit_limit` is null for debit cards."""

    account_id: str
    card: str
    provider_id: str
    currency: str
    funding: str
    credit_limit: str | None
    next_statement_on: str
    opened_at: datetime


class AccountList(Answer, frozen=True):
    """Accounts by their id."""

    items: list[AccountAnswer]


class PlanSummary(Answer, frozen=True):
    """A plan of an account: what is still to be paid, and the next row of it."""

    plan_id: str
    state: str
    merchant: str | None
    outstanding: str
    next_due_date: str | None
    next_amount: str | None


class AccountBalances(Answer, frozen=True):
    """An account with what it owes now, what plans still hold, and what may yet be bought."""

    account: AccountAnswer
    balance: str
    deposit: str
    receivables: str
    holds: str
    available: str
    plans: list[PlanSummary]


class TransactionAnswer(Answer, frozen=True):
    """A card transaction. `amount` is what was asked for; `held` what the authorization holds now."""

    transaction_id: str
    account_id: str
    state: str
    response_code: str
    currency: str
    amount: str
    held: str
    cleared: str
    refunded: str
    merchant: str | None
    local_at: str
    stan: str | None
    rrn: str | None
    authorization_code: str | None
    plan_id: str | None
    is_disputed: bool
    created_at: datetime


class TransactionList(Answer, frozen=True):
    """Transactions, the newest first."""

    items: list[TransactionAnswer]


class ServicedRowAnswer(Answer, frozen=True):
    """One row as it stands; amount = principal + interest + fee."""

    number: int
    due_date: str
    state: str
    amount: str
    principal: str
    interest: str
    fee: str
    paid: str
    billed_on: str | None


class ServicedPlanAnswer(Answer, frozen=True):
    """A plan as the processor services it. `uncleared` waits for the merchant's clearing."""

    plan_id: str
    account_id: str
    card: str
    state: str
    offer_id: str
    merchant: str | None
    currency: str
    financed: str
    outstanding: str
    uncleared: str
    refunded: str
    written_off: str
    recovered: str
    is_held: bool
    transaction_id: str | None
    opened_at: datetime
    rows: list[ServicedRowAnswer]


class PayoffAnswer(Answer, frozen=True):
    """What paying all of a plan costs on a day: `total` exactly. `waived` is interest not asked for."""

    plan_id: str
    on: str
    currency: str
    total: str
    billed_unpaid: str
    principal: str
    interest: str
    fee: str
    waived: str


class RefundPreview(Answer, frozen=True):
    """What a refund does: principal not billed yet is reduced first, then rows are paid, the rest is cash."""

    amount: str
    is_full: bool
    reduction: str
    recovery: str
    interest_back: str
    fee_back: str
    settled: str
    cash_back: str
    state: str
    rows: list[ServicedRowAnswer]


class HappenedAnswer(Answer, frozen=True):
    """Something that an act brought about; amounts in `data` are minor units."""

    type: str
    subject: str
    data: dict[str, Any]


class ReceiptAnswer(Answer, frozen=True):
    """What an act brought about; `is_new` is false when its event id had its effect before."""

    event_id: str
    is_new: bool
    account_id: str
    transaction_id: str | None
    plan_ids: list[str]
    happened: list[HappenedAnswer]


class CardEventAnswer(Answer, frozen=True):
    """What a card message brought about. `response_code` is DE 39 of an authorization, null for others."""

    event_id: str
    is_new: bool
    transaction_id: str | None
    response_code: str | None
    authorization_code: str | None
    happened: list[HappenedAnswer]


class StatementLineAnswer(Answer, frozen=True):
    """One line; above zero: more is owed. `entry_number` is the entry's in the account's book."""

    entry_number: int
    booked_on: str
    description: str
    amount: str


class StatementAnswer(Answer, frozen=True):
    """A statement; closing = opening + all lines. `plans` is what stood open when it was closed."""

    account_id: str
    number: int
    opened_on: str
    closed_on: str
    currency: str
    opening: str
    closing: str
    plans: list[PlanSummary]
    lines: list[StatementLineAnswer]


class StatementHead(Answer, frozen=True):
    """A statement without its lines."""

    number: int
    opened_on: str
    closed_on: str
    currency: str
    opening: str
    closing: str


class StatementList(Answer, frozen=True):
    """Statements, the newest first."""

    items: list[StatementHead]


class DueRowAnswer(Answer, frozen=True):
    """An open row that is due by the day asked for."""

    due_date: str
    plan_id: str
    account_id: str
    number: int
    state: str
    currency: str
    unpaid: str
    merchant: str | None
    is_held: bool


class DueList(Answer, frozen=True):
    """Open rows, the oldest first."""

    items: list[DueRowAnswer]


class Act(Request, frozen=True):
    """An act without an amount. `event_id` makes it happen once for ever; without one the key does."""

    event_id: str | None = None


class MoneyAct(Request, frozen=True):
    """An act with an amount in major units, such as "66.65"."""

    amount: str
    event_id: str | None = None


class RefundAct(Request, frozen=True):
    """A merchant's refund; `strategy` says how the rows to come change, by default as the settings say."""

    amount: str
    strategy: Literal["spread", "last_first", "next_first"] | None = None
    event_id: str | None = None


class DisputeAct(Request, frozen=True):
    """A dispute of a plan, or of a purchase without one; `event_id` becomes its id."""

    plan_id: str | None = None
    transaction_id: str | None = None
    event_id: str | None = None


class DisputeResolution(Request, frozen=True):
    """In whose favor a dispute ended."""

    in_favor_of: Literal["cardholder", "merchant"]
    event_id: str | None = None


class CardEvent(Request, frozen=True):
    """A card message as the card network tells it; the card number goes nowhere but into the vault."""

    event_type: Literal["authorization", "clearing", "reversal", "refund"]
    card_number: str
    amount: str
    currency: str
    local_at: datetime
    transmitted_at: datetime | None = None
    event_id: str | None = None
    plan_id: str | None = None
    transaction_id: str | None = None
    stan: str | None = None
    rrn: str | None = None
    authorization_code: str | None = None
    transaction_link_id: str | None = None
    merchant_name: str | None = None
    merchant_country: str | None = None
    mcc: str | None = None
    merchant_id: str | None = None
    acquirer_id: str | None = None
    entry_mode: str | None = None
    is_final: bool = True
    strategy: Literal["spread", "last_first", "next_first"] | None = None
