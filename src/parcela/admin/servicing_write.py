"""Records of the issuer processor as answers of the set-up door."""

from collections.abc import Sequence
from datetime import date

from parcela.admin import servicing_wire as wire
from parcela.domain.money import format_minor
from parcela.domain.servicing.effects import RefundEffect
from parcela.domain.servicing.payments import Payoff
from parcela.domain.servicing.records import ServicedPlan, ServicedRow
from parcela.operations.account_commands import Receipt
from parcela.operations.card_accounts import AccountFace, AccountView, StoredTransaction
from parcela.operations.card_transactions import AuthorizationResult
from parcela.operations.servicing import DueRow, ServicedPlanView
from parcela.operations.statements import Statement


def account_to_wire(face: AccountFace) -> wire.AccountAnswer:
    """An account."""
    account = face.account
    limit_minor = account.credit_limit_minor
    return wire.AccountAnswer(
        account_id=account.account_id,
        card=face.masked_card,
        provider_id=account.provider_id,
        currency=account.currency,
        funding=account.funding,
        credit_limit=None if limit_minor is None else format_minor(limit_minor, account.currency),
        next_statement_on=face.next_statement_on.isoformat(),
        opened_at=account.opened_at,
    )


def view_to_wire(view: AccountView) -> wire.AccountBalances:
    """An account with its balances and plans."""
    code = view.face.account.currency
    return wire.AccountBalances(
        account=account_to_wire(view.face),
        balance=format_minor(view.balance_minor, code),
        deposit=format_minor(view.deposit_minor, code),
        receivables=format_minor(view.receivables_minor, code),
        holds=format_minor(view.holds_minor, code),
        available=format_minor(view.available_minor, code),
        plans=[_summarize(plan) for plan in view.plans],
    )


def _summarize(plan: ServicedPlan) -> wire.PlanSummary:
    upcoming = next((row for row in plan.rows if row.is_open), None)
    return wire.PlanSummary(
        plan_id=plan.plan_id,
        state=plan.state,
        merchant=plan.merchant_name,
        outstanding=format_minor(plan.outstanding_minor, plan.currency),
        next_due_date=_write_date(upcoming.due_date) if upcoming else None,
        next_amount=format_minor(upcoming.unpaid_minor, plan.currency) if upcoming else None,
    )


def transaction_to_wire(stored: StoredTransaction) -> wire.TransactionAnswer:
    """A card transaction."""
    found = stored.transaction
    return wire.TransactionAnswer(
        transaction_id=found.transaction_id,
        account_id=found.account_id,
        state=found.state,
        response_code=stored.response_code,
        currency=found.currency,
        amount=format_minor(stored.amount_minor, found.currency),
        held=format_minor(found.authorized_minor, found.currency),
        cleared=format_minor(found.cleared_minor, found.currency),
        refunded=format_minor(found.refunded_minor, found.currency),
        merchant=found.merchant.name,
        local_at=found.facts.local_at.isoformat(),
        stan=found.facts.stan,
        rrn=found.facts.rrn,
        authorization_code=found.facts.authorization_code,
        plan_id=found.plan_id,
        is_disputed=found.is_disputed,
        created_at=found.created_at,
    )


def plan_to_wire(view: ServicedPlanView) -> wire.ServicedPlanAnswer:
    """A plan with its rows."""
    plan = view.plan

    def write(amount_minor: int) -> str:
        return format_minor(amount_minor, plan.currency)

    return wire.ServicedPlanAnswer(
        plan_id=plan.plan_id,
        account_id=plan.account_id,
        card=view.face.masked_card,
        state=plan.state,
        offer_id=plan.offer_id,
        merchant=plan.merchant_name,
        currency=plan.currency,
        financed=write(plan.amount_minor),
        outstanding=write(plan.outstanding_minor),
        uncleared=write(plan.uncleared_minor),
        refunded=write(plan.refunded_minor),
        written_off=write(plan.written_off_minor),
        recovered=write(plan.recovered_minor),
        is_held=plan.is_held,
        transaction_id=plan.transaction_id,
        opened_at=plan.opened_at,
        rows=_list_rows(plan.rows, plan.currency),
    )


def _list_rows(rows: Sequence[ServicedRow], code: str) -> list[wire.ServicedRowAnswer]:
    return [
        wire.ServicedRowAnswer(
            number=row.number,
            due_date=row.due_date.isoformat(),
            state=row.state,
            amount=format_minor(row.amount_minor, code),
            principal=format_minor(row.principal_minor, code),
            interest=format_minor(row.interest_minor, code),
            fee=format_minor(row.fee_minor, code),
            paid=format_minor(row.paid_minor, code),
            billed_on=_write_date(row.billed_on),
        )
        for row in rows
    ]


def payoff_to_wire(payoff: Payoff, code: str) -> wire.PayoffAnswer:
    """What paying all costs."""
    return wire.PayoffAnswer(
        plan_id=payoff.plan_id,
        on=payoff.on.isoformat(),
        currency=code,
        total=format_minor(payoff.total_minor, code),
        billed_unpaid=format_minor(payoff.billed_unpaid_minor, code),
        principal=format_minor(payoff.principal_minor, code),
        interest=format_minor(payoff.interest_minor, code),
        fee=format_minor(payoff.fee_minor, code),
        waived=format_minor(payoff.waived_minor, code),
    )


def effect_to_wire(effect: RefundEffect) -> wire.RefundPreview:
    """What a refund would do."""
    code = effect.plan.currency
    return wire.RefundPreview(
        amount=format_minor(effect.amount_minor, code),
        is_full=effect.is_full,
        reduction=format_minor(effect.reduction_minor, code),
        recovery=format_minor(effect.recovery_minor, code),
        interest_back=format_minor(effect.interest_back_minor, code),
        fee_back=format_minor(effect.fee_back_minor, code),
        settled=format_minor(effect.settled_minor, code),
        cash_back=format_minor(effect.cash_back_minor, code),
        state=effect.plan.state,
        rows=_list_rows(effect.plan.rows, code),
    )


def receipt_to_wire(receipt: Receipt) -> wire.ReceiptAnswer:
    """What an act brought about."""
    return wire.ReceiptAnswer(
        event_id=receipt.event_id,
        is_new=receipt.is_new,
        account_id=receipt.account_id,
        transaction_id=receipt.transaction_id,
        plan_ids=list(receipt.plan_ids),
        happened=_list_happened(receipt),
    )


def _list_happened(receipt: Receipt) -> list[wire.HappenedAnswer]:
    return [wire.HappenedAnswer(**happened) for happened in receipt.happened]


def card_receipt_to_wire(receipt: Receipt) -> wire.CardEventAnswer:
    """What a clearing, reversal or refund brought about."""
    return wire.CardEventAnswer(
        event_id=receipt.event_id,
        is_new=receipt.is_new,
        transaction_id=receipt.transaction_id,
        response_code=None,
        authorization_code=None,
        happened=_list_happened(receipt),
    )


def authorization_to_wire(result: AuthorizationResult, event_id: str) -> wire.CardEventAnswer:
    """The answer to an authorization."""
    return wire.CardEventAnswer(
        event_id=event_id,
        is_new=result.is_new,
        transaction_id=result.transaction_id,
        response_code=result.response_code,
        authorization_code=result.authorization_code,
        happened=[],
    )


def statement_to_wire(statement: Statement) -> wire.StatementAnswer:
    """A statement with its lines."""
    code = statement.currency
    return wire.StatementAnswer(
        account_id=statement.account_id,
        number=statement.number,
        opened_on=statement.opened_on.isoformat(),
        closed_on=statement.closed_on.isoformat(),
        currency=code,
        opening=format_minor(statement.opening_minor, code),
        closing=format_minor(statement.closing_minor, code),
        plans=[
            wire.PlanSummary(
                plan_id=plan["plan_id"],
                state=plan["state"],
                merchant=plan["merchant_name"],
                outstanding=format_minor(plan["outstanding_minor"], code),
                next_due_date=plan["next_due_date"],
                next_amount=format_minor(plan["next_due_minor"], code),
            )
            for plan in statement.plans
        ],
        lines=[
            wire.StatementLineAnswer(
                entry_number=line.entry_number,
                booked_on=line.booked_on.isoformat(),
                description=line.description,
                amount=format_minor(line.amount_minor, code),
            )
            for line in statement.lines
        ],
    )


def head_to_wire(statement: Statement) -> wire.StatementHead:
    """A statement without its lines."""
    return wire.StatementHead(
        number=statement.number,
        opened_on=statement.opened_on.isoformat(),
        closed_on=statement.closed_on.isoformat(),
        currency=statement.currency,
        opening=format_minor(statement.opening_minor, statement.currency),
        closing=format_minor(statement.closing_minor, statement.currency),
    )


def due_to_wire(due: DueRow) -> wire.DueRowAnswer:
    """An open row."""
    return wire.DueRowAnswer(
        due_date=due.row.due_date.isoformat(),
        plan_id=due.plan_id,
        account_id=due.account_id,
        number=due.row.number,
        state=due.row.state,
        currency=due.currency,
        unpaid=format_minor(due.row.unpaid_minor, due.currency),
        merchant=due.merchant_name,
        is_held=due.is_held,
    )


def _write_date(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
