"""Statements: closed by the scheduler on an account's statement day, then never changed."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from parcela.domain.changes import Person
from parcela.domain.errors import NotFound
from parcela.domain.ledger import LedgerAccount, LedgerCode
from parcela.domain.servicing.postings import EntryKind
from parcela.domain.servicing.records import ServicedPlan
from parcela.operations.account_work import AccountWork
from parcela.operations.card_accounts import find_next_statement, get_account
from parcela.operations.engine import Engine
from parcela.store import card_accounts, ledger, statements
from parcela.store.documents import Document
from parcela.store.statements import BookMovement, Statement, StatementLine

__all__ = ["Statement", "close_statement", "get_statement", "list_statements"]

_PLAN_KEY = re.compile(r"plan:([0-9a-f-]{36}):(?:row:([0-9]+):)?")
_WORDS: Mapping[str, str] = {
    EntryKind.TRANSACTION_POSTED: "Purchase",
    EntryKind.TRANSACTION_COLLECTED: "Purchase paid from deposit",
    EntryKind.TRANSACTION_RELEASED: "Purchase cleared for less",
    EntryKind.TRANSACTION_REVERSED: "Purchase reversed",
    EntryKind.PURCHASE_REVERSED: "Purchase turned into installments",
    EntryKind.COLLECTION_REVERSED: "Deposit given back for installments",
    EntryKind.REMAINDER_POSTED: "Part of the purchase without installments",
    EntryKind.PLAN_WRITTEN_OFF: "Written off",
    EntryKind.INSTALLMENT_BILLED: "Installment",
    EntryKind.INSTALLMENT_COLLECTED: "Installment paid from deposit",
    EntryKind.PAYMENT_RECEIVED: "Payment received, thank you",
    EntryKind.REFUND_RECEIVED: "Refund of the merchant",
    EntryKind.REFUND_TAKEN_BACK: "Refund taken back by the merchant",
    EntryKind.DISPUTE_OPENED: "Provisional credit of a dispute",
    EntryKind.DISPUTE_LOST: "Provisional credit taken back",
    EntryKind.DISPUTE_WON: "Dispute decided for you",
}


async def close_statement(held: AccountWork, *, statement_on: date) -> Statement:
    """Close the statement that ends the day before `statement_on`, under the account's lock.

    It takes every entry of the book that no earlier statement has, so that each stands on exactly one.
    """
    account, connection, tenant_id = held.account, held.connection, held.tenant_id
    last = await statements.find_last_statement(connection, tenant_id, account.account_id)
    after_number = 0 if last is None else last.last_entry
    plans = await held.list_plans()
    movements = await statements.list_movements(
        connection, tenant_id, account.account_id, after_number=after_number
    )
    opening_minor = 0 if last is None else last.closing_minor
    closing_minor = opening_minor + sum(movement.amount_minor for movement in movements)
    balance = LedgerAccount(LedgerCode.CARD_BALANCE, account.account_id)
    booked_minor = await ledger.get_balance(connection, tenant_id, balance, currency=account.currency)
    assert closing_minor == booked_minor, "a statement closes with the balance of the card"
    by_id = {plan.plan_id: plan for plan in plans}
    statement = Statement(
        account_id=account.account_id,
        number=1 if last is None else last.number + 1,
        opened_on=account.opened_at.date() if last is None else last.closed_on + timedelta(days=1),
        closed_on=statement_on - timedelta(days=1),
        currency=account.currency,
        first_entry=after_number + 1,
        last_entry=await statements.get_last_entry_number(connection, tenant_id, account.account_id),
        opening_minor=opening_minor,
        closing_minor=closing_minor,
        plans=tuple(_summarize(plan) for plan in plans if plan.outstanding_minor),
        created_at=held.now,
        lines=tuple(
            StatementLine(
                entry_number=movement.entry_number,
                booked_on=movement.booked_on,
                description=describe_movement(movement, by_id),
                amount_minor=movement.amount_minor,
            )
            for movement in movements
        ),
    )
    await statements.insert_statement(connection, tenant_id, statement)
    await card_accounts.update_next_statement(
        connection,
        tenant_id,
        account.account_id,
        closed_on=statement_on,
        next_on=find_next_statement(statement_on, account.statement_day),
    )
    await held.tell([("statement.closed", account.account_id, _tell(statement))])
    return statement


def describe_movement(movement: BookMovement, plans: Mapping[str, ServicedPlan]) -> str:
    """A line in the cardholder's words, such as "Installment 2 of 6, Globex Decor, plan 0198…"."""
    words = _WORDS.get(movement.kind, movement.kind)
    found = _PLAN_KEY.match(movement.event_key)
    plan = plans.get(found[1]) if found is not None else None
    if found is None or plan is None:
        return words
    if found[2] is not None:
        number = f" {found[2]} of {len(plan.rows)}"
        words = words.replace("Installment", f"Installment{number}", 1)
    merchant = f", {plan.merchant_name}" if plan.merchant_name else ""
    return f"{words}{merchant}, plan {plan.plan_id}"


async def list_statements(engine: Engine, person: Person, account_id: str) -> list[Statement]:
    """The statements of an account, the newest first, without lines. Raises NotFound."""
    await get_account(engine, person, account_id)
    async with engine.database.connection() as connection:
        return await statements.list_statements(connection, person.tenant_id, account_id)


async def get_statement(engine: Engine, person: Person, account_id: str, number: int) -> Statement:
    """One statement with its lines. Raises NotFound."""
    await get_account(engine, person, account_id)
    async with engine.database.connection() as connection:
        found = await statements.find_statement(connection, person.tenant_id, account_id, number=number)
    if found is None:
        raise NotFound("statement", f"{account_id} {number}")
    return found


def _summarize(plan: ServicedPlan) -> Document:
    """What stands open of a plan: billed and unpaid, still to come, and the next row."""
    upcoming = next((row for row in plan.rows if row.is_open), None)
    return {
        "plan_id": plan.plan_id,
        "merchant_name": plan.merchant_name,
        "state": plan.state.value,
        "outstanding_minor": plan.outstanding_minor,
        "next_due_date": None if upcoming is None else upcoming.due_date.isoformat(),
        "next_due_minor": None if upcoming is None else upcoming.unpaid_minor,
    }


def _tell(statement: Statement) -> Document:
    return {
        "number": statement.number,
        "closed_on": statement.closed_on.isoformat(),
        "currency": statement.currency,
        "closing_minor": statement.closing_minor,
    }
