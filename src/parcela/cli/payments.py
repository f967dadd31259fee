"""`parcela payment`: payments of the payments door, for operators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from parcela.cli.acting import run_as
from parcela.cli.options import (
    CommandError,
    HomeOption,
    ViewerOption,
    make_console,
    make_group,
    say,
    show_amount,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from parcela.domain.changes import Person
    from parcela.domain.payments.pages import Page
    from parcela.domain.payments.plans import PaymentPlan
    from parcela.domain.payments.records import Payment, PaymentMethod, PaymentStatus
    from parcela.domain.payments.refunds import Refund
    from parcela.operations.engine import Engine
    from parcela.operations.payments.payment_overview import WholePayment

app = make_group()


@app.command("list")
def list_payments(  # noqa: PLR0913 - each option of a command is a parameter
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account id, ma_….")],
    *,
    status: Annotated[str | None, typer.Option(help="Only those that stand so, such as completed.")] = None,
    reference: Annotated[str | None, typer.Option(help="Only those of this order of the merchant.")] = None,
    live: Annotated[bool, typer.Option("--live", help="The live mode; without it, the test mode.")] = False,
    limit: Annotated[int, typer.Option(help="How many of the newest, at most 100.")] = 50,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """The newest payments of an account."""
    from parcela.domain.payments.given_texts import clean_line
    from parcela.operations.payments import payment_overview

    wanted = payment_overview.PaymentFilter(status=_read_status(status), reference=reference)

    async def work(engine: Engine, person: Person) -> Page[Payment]:
        return await payment_overview.list_account_payments(
            engine, person, account_id, wanted, is_live=live, limit=limit
        )

    page = run_as(home, as_email, work)
    if not page.items:
        say(f"No such payments of {account_id} in {'live' if live else 'test'} mode.")
        return
    table = Table(box=None)
    table.add_column("payment", no_wrap=True)
    for name in ("made", "status"):
        table.add_column(name)
    for name in ("amount", "refunded"):
        table.add_column(name, justify="right")
    for name in ("", "plan", "reference"):
        table.add_column(name, overflow="fold")
    for payment in page.items:
        table.add_row(
            payment.payment_id,
            f"{payment.created_at:%Y-%m-%d %H:%M}",
            payment.status,
            show_amount(payment.amount_minor, payment.currency),
            show_amount(payment.refunded_minor, payment.currency),
            payment.currency,
            "-" if payment.resolved_count is None else f"{payment.resolved_count} x",
            clean_line(payment.reference or "-"),
        )
    make_console().print(table)


@app.command("show")
def show_payment(
    payment_id: Annotated[str, typer.Argument(metavar="PAYMENT", help="Its id, pay_….")],
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """One payment with its plan and its refunds."""
    from parcela.operations.payments import payment_overview

    async def work(engine: Engine, person: Person) -> WholePayment:
        return await payment_overview.view_payment(engine, person, payment_id)

    whole = run_as(home, as_email, work)
    parts = [_draw_facts(whole)]
    if whole.view.plan is not None:
        parts.append(_draw_rows(whole.view.plan))
    if whole.refunds:
        parts.append(_draw_refunds(whole.refunds))
    make_console().print(Group(*(part for table in parts for part in (table, Text("")))))


@app.command("evidence")
def write_evidence(
    payment_id: Annotated[str, typer.Argument(metavar="PAYMENT", help="Its id, pay_….")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it, as JSON.")],
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """Write a payment's whole file: what was shown of its plans, each record's seal, and every paper."""
    import msgspec

    from parcela.admin.payments_evidence import file_to_wire
    from parcela.operations.payments.evidence_files import EvidenceFile, view_evidence

    async def work(engine: Engine, person: Person) -> EvidenceFile:
        return await view_evidence(engine, person, payment_id)

    whole = file_to_wire(run_as(home, as_email, work))
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n")
    except OSError as error:
        raise CommandError(f"{file} cannot be written ({error.strerror}).") from None
    records = "1 record" if len(whole.records) == 1 else f"{len(whole.records)} records"
    papers = "1 paper" if len(whole.papers) == 1 else f"{len(whole.papers)} papers"
    say(f"Wrote {records} and {papers} of {payment_id} to {file}.")


def _draw_facts(whole: WholePayment) -> Table:
    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _list_facts(whole):
        facts.add_row(name, value)
    return facts


def _list_facts(whole: WholePayment) -> Iterator[tuple[str, str]]:
    """What is known; what has no value yet is left out."""
    from parcela.domain.payments.given_texts import clean_line

    payment = whole.view.payment
    currency = payment.currency
    mode = "live" if payment.owner.is_live else "test"
    yield "Payment", payment.payment_id
    yield "Account", f"{whole.account_id}, {mode} mode"
    yield "Status", _describe_status(payment)
    yield "Made", _write_time(payment.created_at)
    yield "Amount", f"{show_amount(payment.amount_minor, currency)} {currency}"
    for name, minor in (
        ("Held", payment.authorized_minor),
        ("Captured", payment.captured_minor),
        ("Refunded", payment.refunded_minor),
        ("On its way back", payment.refund_pending_minor),
    ):
        if minor:
            yield name, show_amount(minor, currency)
    if payment.reference is not None:
        yield "Reference", clean_line(payment.reference)
    if whole.method is not None:
        yield "Card", _describe_card(whole.method)
    for reason in payment.unavailable:
        yield "No plan", f"{reason.code}: {reason.message}"
    if whole.view.plan is not None:
        yield from _list_plan_facts(whole.view.plan)
    if payment.fees is not None:
        processing, installment = payment.fees.processing_minor, payment.fees.installment_minor
        parts = f"{show_amount(processing, currency)} + {show_amount(installment, currency)}"
        yield (
            "Fees",
            f"{show_amount(payment.fees.total_minor, currency)} (processing + installment: {parts})",
        )
    if payment.settlement_id is not None:
        yield "Settlement", payment.settlement_id


def _list_plan_facts(plan: PaymentPlan) -> Iterator[tuple[str, str]]:
    from parcela.domain.payments.ids import name_plan

    yield "Plan", f"{name_plan(plan.plan_id)}, {plan.state}"
    yield "", f"{plan.plan_id} in the other dialects"
    yield (
        "Program",
        f"{plan.offer.program_name}, {plan.offer.count} x monthly, {plan.offer.interest_percent} %",
    )
    if plan.held_by:
        yield "Held", "nothing is collected while a refund is on its way"


def _draw_rows(plan: PaymentPlan) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("#", justify="right")
    table.add_column("due")
    for name in ("amount", "principal", "interest", "fee"):
        table.add_column(name, justify="right")
    table.add_column("")
    for row in plan.rows:
        minors = (row.amount_minor, row.principal_minor, row.interest_minor, row.fee_minor)
        amounts = (show_amount(minor, plan.offer.currency) for minor in minors)
        table.add_row(str(row.number), row.due_date.isoformat(), *amounts, row.status)
    return table


def _draw_refunds(refunds: Sequence[Refund]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("refund", no_wrap=True)
    table.add_column("made")
    table.add_column("amount", justify="right")
    for name in ("status", "why not"):
        table.add_column(name)
    for refund in refunds:
        table.add_row(
            refund.refund_id,
            f"{refund.created_at:%Y-%m-%d %H:%M}",
            show_amount(refund.effect.amount_minor, refund.currency),
            refund.status,
            refund.failure or "-",
        )
    return table


def _describe_status(payment: Payment) -> str:
    reasons = (payment.decline, payment.failure_message, payment.cancellation_reason)
    return ", ".join([payment.status, *(reason for reason in reasons if reason is not None)])


def _describe_card(method: PaymentMethod) -> str:
    card = method.card
    return f"{card.brand} … {card.last_four}, {card.expiry_month:02}/{card.expiry_year}"


def _read_status(text: str | None) -> PaymentStatus | None:
    from parcela.domain.payments.records import PaymentStatus

    if text is not None and text not in tuple(PaymentStatus):
        raise CommandError(f"A payment's status is {', '.join(PaymentStatus)}, not {text!r}.")
    return None if text is None else PaymentStatus(text)


def _write_time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"
