"""`parcela plan`, `audit` and `tokens`: looking at records, and loading the token map."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from parcela.cli.acting import run_as, run_with_engine
from parcela.cli.options import (
    AsOption,
    CommandError,
    HomeOption,
    ViewerOption,
    make_console,
    make_group,
    say,
)

if TYPE_CHECKING:
    from parcela.domain.changes import Person
    from parcela.domain.plans import Plan
    from parcela.operations.audit_trail import AuditEntry
    from parcela.operations.engine import Engine
    from parcela.operations.payments.evidence_files import EvidenceRecord
    from parcela.operations.plan_evidence import PlanAcceptance
    from parcela.operations.plan_views import PlanView

plans = make_group()
audit = make_group()
tokens = make_group()


@plans.command("show")
def show_plan(
    plan_id: Annotated[str, typer.Argument(metavar="PLAN_ID")],
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """One plan with its installments."""
    from parcela.operations.plan_views import view_plan

    async def work(engine: Engine, person: Person) -> PlanView:
        return await view_plan(engine, person, plan_id)

    make_console().print(_draw_plan(run_as(home, as_email, work)))


@plans.command("acceptance")
def show_acceptance(
    plan_id: Annotated[str, typer.Argument(metavar="PLAN_ID")],
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """The evidence that a plan's terms were accepted: what was shown, when, and for which amount."""
    from parcela.domain.errors import NotAllowed, NotFound
    from parcela.operations.payments.evidence_files import EvidenceRecord, find_plan_record
    from parcela.operations.plan_evidence import find_acceptance

    async def work(engine: Engine, person: Person) -> PlanAcceptance | EvidenceRecord:
        try:
            return await find_plan_record(engine, person, plan_id)
        except (NotFound, NotAllowed):
            # Not a payment's, or not an operator's question: the plan of another door then.
            return await find_acceptance(engine, person, plan_id)

    found = run_as(home, as_email, work)
    table = _draw_record(found) if isinstance(found, EvidenceRecord) else _draw_acceptance(found)
    make_console().print(table)


def _draw_record(record: EvidenceRecord) -> Table:
    """The record of a payment's plan; `parcela payment evidence` writes the whole of it."""
    body = json.loads(record.body)
    terms, accepted_at = body["terms"], record.accepted_at
    assert accepted_at is not None, "a plan's record is of an acceptance"
    shown_at = datetime.fromtimestamp(body["shownAt"], UTC)
    seal = "waits" if record.seal is None else f"{record.seal_number}, {record.seal.hex()}"
    return _draw_facts(
        ("Plan", body["plan"]),
        ("Payment", record.payment_id),
        ("Record", record.disclosure_id),
        ("Offer", body["offer"]),
        ("Shown", f"{shown_at:%Y-%m-%d %H:%M:%S %Z} by {body['channel']}, in {body['language']}"),
        ("Accepted", f"{accepted_at.astimezone(UTC):%Y-%m-%d %H:%M:%S %Z}"),
        *(("Rate", f"{one['label']} {one['shown']} %, {one['id'] or 'no rule'}") for one in body["regimes"]),
        ("Terms", f"{terms['id']}, version {terms['version']}, SHA-256 {terms['textHash']}"),
        *(("Asked", f"{one['to']}: {one['question'] or '-'}") for one in body["consents"]),
        ("SHA-256", record.hash.hex()),
        ("Seal", seal),
    )


@plans.command("new-link")
def renew_link(
    plan_id: Annotated[str, typer.Argument(metavar="PLAN", help="plan_… or its UUID.")],
    as_email: AsOption,
    home: HomeOption = None,
) -> None:
    """A new address for the cardholder's own page of a plan; the one before opens nothing any more."""
    from parcela.cli.acting import read_settings
    from parcela.operations.payments.plan_pages import renew_plan_link

    root_url = read_settings(home=home).root_url

    async def work(engine: Engine, person: Person) -> str:
        return await renew_plan_link(engine, person, plan_id, root_url=root_url)

    say(run_as(home, as_email, work))


def _draw_acceptance(accepted: PlanAcceptance) -> Table:
    from parcela.domain.money import format_major

    amount = f"{format_major(accepted.amount)} {accepted.currency}"
    return _draw_facts(
        ("Plan", accepted.plan_id),
        ("Offer", accepted.offer_id),
        ("Accepted", f"{accepted.accepted_at:%Y-%m-%d %H:%M:%S %Z} for {amount}"),
        ("Shown", f"{accepted.display.replace('_', ' ')}, in {accepted.locale}"),
        ("Terms", accepted.terms_text),
        ("Version", f"{accepted.terms_version}, SHA-256 {accepted.terms_hash.hex()}"),
        ("Box ticked", accepted.acceptance_text or "-"),
    )


def _draw_facts(*facts: tuple[str, str]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, value)
    return table


def _draw_plan(view: PlanView) -> Group:
    plan = view.plan
    transaction = plan.request.transaction
    name = () if view.payments_name is None else (("At /v1", view.payments_name),)
    facts = _draw_facts(
        ("Plan", plan.plan_id),
        *name,
        ("Status", plan.status),
        ("Made", f"{plan.created_at:%Y-%m-%d %H:%M:%S %Z} by client {view.client_code}"),
        ("Purchase", f"{transaction.amount:,} {transaction.currency}, {plan.request.merchant.name or '-'}"),
        ("Card", view.masked_card),
        ("Offer", _describe_offer(plan)),
        ("Issuer", plan.provider_id),
    )
    return Group(facts, Text(""), _draw_rows(plan))


def _describe_offer(plan: Plan) -> str:
    offer = plan.offer
    version = "" if offer.program_version is None else f" version {offer.program_version}"
    rate = "" if offer.apr_percent is None else f", APR {offer.apr_percent} %"
    return f"{offer.offer_id}{version}: {offer.count} x {offer.interval}{rate}"


def _draw_rows(plan: Plan) -> Table:
    rows = plan.installments
    table = Table(box=None, show_footer=True, padding=(0, 2, 0, 0))
    table.add_column("#", justify="right")
    table.add_column("due", footer=f"total {plan.offer.currency}")
    parts = {
        "amount": [row.amount_minor for row in rows],
        "principal": [row.principal_minor for row in rows],
        "interest": [row.interest_minor for row in rows],
        "fee": [row.fee_minor for row in rows],
    }
    for name, minors in parts.items():
        table.add_column(name, justify="right", footer=f"{plan.offer.major(sum(minors)):,}")
    for row, *minors in zip(rows, *parts.values(), strict=True):
        amounts = [f"{plan.offer.major(minor):,}" for minor in minors]
        table.add_row(str(row.number), f"{row.due_date:%Y-%m-%d}", *amounts)
    return table


@audit.command("list")
def list_audit(
    limit: Annotated[int, typer.Option(help="How many of the newest lines, at most 1000.")] = 50,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """The newest lines of the audit trail."""
    from parcela.operations import audit_trail

    async def work(engine: Engine, person: Person) -> list[AuditEntry]:
        return await audit_trail.list_audit(engine, person, limit=limit)

    table = Table("number", "at", "who", "did", "to", "outcome", "detail", box=None)
    for entry in run_as(home, as_email, work):
        line = entry.line
        detail = ", ".join(f"{name}: {value}" for name, value in line.detail.items())
        at = f"{line.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(entry.sequence), at, line.actor, line.action, line.subject, line.outcome, detail)
    make_console().print(table)


@audit.command("verify")
def verify_audit(home: HomeOption = None) -> None:
    """Prove that no line of the audit trail was altered, dropped or reordered."""
    from parcela.operations import audit_trail

    proof = run_with_engine(home, audit_trail.verify_audit)
    if proof.broken:
        numbers = ", ".join(str(number) for number in proof.broken)
        raise CommandError(f"The chain is broken at line {numbers}: compare the trail with your backups.")
    say("The audit trail is whole.")
    if proof.last is not None:
        number, line_hash = proof.last
        say(f"Its last line is {number}, with the hash {line_hash.hex()}.")


@tokens.command("load")
def load_tokens(
    file: Annotated[Path, typer.Argument(help="CSV with the header token_pan,funding_pan.")],
    as_email: AsOption,
    home: HomeOption = None,
) -> None:
    """Load pairs of token PAN and funding PAN; in thousands, each of which is loaded whole or not at all."""
    from parcela.operations import clients

    pairs = _read_pairs(file)

    async def work(engine: Engine, person: Person) -> int:
        loaded = 0
        for start in range(0, len(pairs), clients.MAX_TOKENS):
            batch = pairs[start : start + clients.MAX_TOKENS]
            loaded += await clients.load_tokens(engine, person, batch, first_line=start + 1)
        return loaded

    say(f"Loaded {run_as(home, as_email, work)} tokens.")


def _read_pairs(file: Path) -> list[tuple[str, str]]:
    try:
        with file.open(newline="", encoding="ascii") as lines:
            reader = csv.DictReader(lines)
            if reader.fieldnames != ["token_pan", "funding_pan"]:
                raise CommandError(f"{file} must begin with the line token_pan,funding_pan.")
            pairs = [(row["token_pan"] or "", row["funding_pan"] or "") for row in reader]
    except OSError as error:
        raise CommandError(f"{file} cannot be read ({error.strerror}).") from None
    except (UnicodeDecodeError, csv.Error):
        raise CommandError(f"{file} is not a CSV file of digits.") from None
    if not pairs:
        raise CommandError(f"{file} holds no pairs.")
    return pairs
