"""Mails that tell people what happened: written in the transaction of it, once for each cause.

A shopper gets a receipt and word of refunds if the account says so (`sends_receipts`). What the law asks for
is sent whatever it says: the reminder of the right to withdraw and missed payments (`disclosures.md` §2.1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from parcela.domain.mail import MailKind
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.creditors import find_creditor
from parcela.domain.payments.given_texts import clean_line
from parcela.domain.payments.ids import name_plan
from parcela.domain.payments.plan_rows import RowOutcome, at_account_time
from parcela.domain.payments.plans import PaymentPlan, PlanRow, PlanState, RowStatus
from parcela.domain.payments.records import Payment
from parcela.domain.payments.refunds import Refund
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.mail_letters import NewMail, write_mail
from parcela.operations.payments.agenda import TaskHandler, plan_task, settle_task
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.plan_choice import find_applicant
from parcela.store.database import Connection
from parcela.store.documents import Document
from parcela.store.payments import payment_methods, payments, plans

EU_RULE = "eu_ccd2"
"""The rule that asks for a reminder when the sheet came late (`disclosures.md` §2.1)."""

IN_GOOD_TIME = timedelta(days=1)
WITHDRAWAL_DAYS = 14
REMINDER_DAYS = 2
REMINDER_TIME = time(10)


@dataclass(frozen=True, slots=True)
class _Story:
    """What a shopper is told, in the language of the plan; `cause` names what happened."""

    kind: MailKind
    cause: str
    language: str
    facts: Document


async def write_receipt(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, payment: Payment, plan: PaymentPlan
) -> None:
    """The purchase is paid and its plan has begun: the shopper gets the receipt."""
    if not moment.account.sends_receipts:
        return
    facts = {
        **_describe(moment, payment, plan),
        "total_minor": plan.offer.total_minor,
        "rows": _list_rows(plan.offer.rows),
    }
    story = _Story(MailKind.RECEIPT, plan.plan_id, plan.offer.language, facts)
    await _write_to_shopper(connection, desk, moment, payment, story)


async def write_refund_note(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    plan: PaymentPlan,
    *,
    refund: Refund,
) -> None:
    """A refund succeeded: the shopper sees what goes back and which payments remain."""
    if not moment.account.sends_receipts:
        return
    facts = {
        **_describe(moment, payment, plan),
        "refunded_minor": refund.effect.amount_minor,
        "cash_back_minor": refund.effect.cash_back_minor + refund.effect.interest_back_minor,
        "rows": _list_rows([row for row in plan.rows if row.is_open]),
    }
    story = _Story(MailKind.REFUND, refund.refund_id, plan.offer.language, facts)
    await _write_to_shopper(connection, desk, moment, payment, story)


async def write_overdue_notes(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    plan: PaymentPlan,
    outcomes: Mapping[int, RowOutcome],
) -> None:
    """Rows that a lender could not collect: each missed attempt is told, with the next one."""
    missed = {n: found for n, found in sorted(outcomes.items()) if found.status is RowStatus.OVERDUE}
    if not missed or plan.offer.model is not ProgramModel.LENDER:
        return
    payment = await payments.find_payment(connection, moment.owner, plan.payment_id)
    assert payment is not None, "a plan has its payment"
    creditor = find_creditor(moment.world.catalogue(moment.owner.tenant_id), plan.offer, plan.offer.language)
    for number, outcome in missed.items():
        row = plan.rows[number - 1]
        facts = {
            **_describe(moment, payment, plan),
            "number": number,
            "amount_minor": row.amount_minor,
            "due_date": row.due_date.isoformat(),
            "again_on": None if outcome.collect_on is None else outcome.collect_on.isoformat(),
            "wording": creditor.wording.get("late_payment"),
        }
        cause = f"{plan.plan_id}:{number}:{moment.today.isoformat()}"
        story = _Story(MailKind.OVERDUE, cause, plan.offer.language, facts)
        await _write_to_shopper(connection, desk, moment, payment, story)


async def plan_reminder(
    connection: Connection, moment: AccountMoment, plan: PaymentPlan, *, shown_at: datetime | None
) -> None:
    """A plan under the European rule was accepted less than a day after its sheet was there.

    The reminder is sent on the second day, at ten: at least a day and at most seven after the acceptance.
    """
    is_european = any(found.rule_id == EU_RULE for found in plan.offer.disclosures)
    came_late = shown_at is None or plan.created_at - shown_at < IN_GOOD_TIME
    if is_european and came_late:
        day = plan.created_at.astimezone(moment.zone).date() + timedelta(days=REMINDER_DAYS)
        due_at = at_account_time(day, REMINDER_TIME, moment.zone)
        await plan_task(connection, moment.owner, TaskKind.REMIND_OF_WITHDRAWAL, plan.plan_id, due_at=due_at)


async def remind_of_withdrawal(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """Remind the payer of the right to withdraw from a plan that still runs."""

    async def work(connection: Connection) -> None:
        await settle_task(connection, task)
        plan = await plans.find_plan(connection, moment.owner, task.subject_id)
        assert plan is not None, "plans are not deleted"
        if plan.state is PlanState.CANCELLED:
            return
        payment = await payments.find_payment(connection, moment.owner, plan.payment_id)
        assert payment is not None, "a plan has its payment"
        creditor = find_creditor(
            moment.world.catalogue(moment.owner.tenant_id), plan.offer, plan.offer.language
        )
        accepted_on = plan.created_at.astimezone(moment.zone).date()
        facts = {
            **_describe(moment, payment, plan),
            "accepted_on": accepted_on.isoformat(),
            "last_day": (accepted_on + timedelta(days=WITHDRAWAL_DAYS)).isoformat(),
            "creditor_address": creditor.address,
            "wording": creditor.wording.get("withdrawal"),
        }
        story = _Story(MailKind.WITHDRAWAL, plan.plan_id, plan.offer.language, facts)
        await _write_to_shopper(connection, desk, moment, payment, story)

    await desk.engine.database.run(work)


TASKS: Mapping[TaskKind, TaskHandler] = {TaskKind.REMIND_OF_WITHDRAWAL: remind_of_withdrawal}


def _describe(moment: AccountMoment, payment: Payment, plan: PaymentPlan) -> Document:
    """What every mail about a plan says, without anything that tells who pays."""
    creditor = find_creditor(moment.world.catalogue(moment.owner.tenant_id), plan.offer, plan.offer.language)
    return {
        "shop": moment.account.shown_name,
        "reference": None if payment.reference is None else clean_line(payment.reference),
        "payment": payment.payment_id,
        "plan": name_plan(plan.plan_id),
        "currency": payment.currency,
        "creditor": clean_line(creditor.name),
    }


def _list_rows(rows: Sequence[PlanRow]) -> list[Document]:
    return [
        {"number": row.number, "due_date": row.due_date.isoformat(), "amount_minor": row.amount_minor}
        for row in rows
    ]


async def _write_to_shopper(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, payment: Payment, story: _Story
) -> None:
    address = await _find_shopper_address(connection, moment, payment)
    if address is None:
        return
    if not moment.is_live and not desk.engine.policy.is_sandbox:
        # Nobody's inbox is a test: outside a sandbox mails of the test mode go to the account's owner.
        address = moment.account.owner_email
    new = NewMail(
        owner=moment.owner,
        kind=story.kind,
        cause=story.cause,
        locale=story.language,
        address=address,
        facts=story.facts,
        created_at=moment.now,
        due_at=moment.world.now,
    )
    await write_mail(connection, desk.engine, new)


async def _find_shopper_address(
    connection: Connection, moment: AccountMoment, payment: Payment
) -> str | None:
    if payment.billing is not None and payment.billing.email is not None:
        return payment.billing.email
    if payment.payment_method_id is None:
        return None
    method = await payment_methods.find_payment_method(connection, moment.owner, payment.payment_method_id)
    return None if method is None else find_applicant(payment, method).email
