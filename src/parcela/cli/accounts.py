"""`parcela account`, `due` and `plan servicing`: card accounts, statements and plans as they are serviced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from parcela.cli.acting import run_as, run_with_engine
from parcela.cli.options import (
    AsOption,
    HomeOption,
    ViewerOption,
    make_console,
    make_group,
    say,
    show_amount,
)

if TYPE_CHECKING:
    from parcela.domain.changes import Person
    from parcela.domain.servicing.records import ServicedPlan
    from parcela.operations.account_commands import Receipt
    from parcela.operations.card_accounts import AccountFace, AccountView
    from parcela.operations.engine import Engine
    from parcela.operations.scheduler import DueWork
    from parcela.operations.servicing import ServicedPlanView
    from parcela.operations.statements import Statement

app = make_group()
due = make_group()

AccountArgument = Annotated[str, typer.Argument(metavar="ACCOUNT_ID")]
PlanArgument = Annotated[str, typer.Argument(metavar="PLAN_ID")]
EventOption = Annotated[
    str | None, typer.Option("--event-id", help="Happens once for this id; by default a new one.")
]


@app.command("list")
def list_accounts(
    last_four: Annotated[str | None, typer.Option(help="Cards that end in these four digits.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, up to 500.")] = 100,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """Card accounts."""
    from parcela.operations import card_accounts

    async def work(engine: Engine, person: Person) -> list[AccountFace]:
        return await card_accounts.list_accounts(engine, person, last_four=last_four, limit=limit)

    table = Table("account", "card", "currency", "funding", "limit", "next statement", box=None)
    for face in run_as(home, as_email, work):
        account = face.account
        limit_minor = account.credit_limit_minor
        table.add_row(
            account.account_id,
            face.masked_card,
            account.currency,
            account.funding,
            "-" if limit_minor is None else show_amount(limit_minor, account.currency),
            face.next_statement_on.isoformat(),
        )
    make_console().print(table)


@app.command("show")
def show_account(account_id: AccountArgument, as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """One account: what it owes now, what plans still hold, what may yet be bought, and its plans."""
    from parcela.operations import card_accounts

    async def work(engine: Engine, person: Person) -> AccountView:
        return await card_accounts.view_account(engine, person, account_id)

    view = run_as(home, as_email, work)
    account = view.face.account
    facts = Table(box=None, show_header=False)
    for name, minor in (
        ("Owed now", view.balance_minor),
        ("Deposit", view.deposit_minor),
        ("Installments to come", view.receivables_minor),
        ("Held by authorizations", view.holds_minor),
        ("Available", view.available_minor),
    ):
        facts.add_row(name, f"{show_amount(minor, account.currency)} {account.currency}")
    console = make_console()
    console.print(f"Account {account.account_id}, card {view.face.masked_card}, {account.funding}")
    console.print(facts)
    if not view.plans:
        return
    table = Table("plan", "state", "merchant", "outstanding", "next due", box=None)
    for plan in view.plans:
        outstanding = show_amount(plan.outstanding_minor, plan.currency)
        table.add_row(plan.plan_id, plan.state, plan.merchant_name or "-", outstanding, _find_next_due(plan))
    console.print(table)


@app.command("statement")
def show_statement(
    account_id: AccountArgument,
    number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", help="By default the newest.")] = None,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """One statement of an account."""
    from parcela.domain.errors import NotFound
    from parcela.operations import statements

    async def work(engine: Engine, person: Person) -> Statement:
        wanted = number
        if wanted is None:
            known = await statements.list_statements(engine, person, account_id)
            if not known:
                raise NotFound("statement of account", account_id)
            wanted = known[0].number
        return await statements.get_statement(engine, person, account_id, wanted)

    found = run_as(home, as_email, work)
    say(f"Statement {found.number} of account {found.account_id}, {found.opened_on} to {found.closed_on}")
    table = Table("date", "what", box=None)
    table.add_column(found.currency, justify="right")
    table.add_row(
        found.opened_on.isoformat(), "Opening balance", show_amount(found.opening_minor, found.currency)
    )
    for line in found.lines:
        amount = show_amount(line.amount_minor, found.currency)
        table.add_row(line.booked_on.isoformat(), line.description, amount)
    table.add_row(
        found.closed_on.isoformat(), "Closing balance", show_amount(found.closing_minor, found.currency)
    )
    make_console().print(table)
    for plan in found.plans:
        outstanding = show_amount(plan["outstanding_minor"], found.currency)
        say(f"Plan {plan['plan_id']}: {outstanding} outstanding, next due {plan['next_due_date']}")


@app.command("pay")
def pay_account(
    account_id: AccountArgument,
    amount: Annotated[str, typer.Argument(help="In major units, such as 66.65.")],
    as_email: AsOption,
    event_id: EventOption = None,
    home: HomeOption = None,
) -> None:
    """Money from the cardholder: pays billed installments by due date, the rest stays on the account."""
    from parcela.operations import card_accounts, servicing

    async def work(engine: Engine, person: Person) -> Receipt:
        card_accounts.check_may_service(person)
        account = (await card_accounts.get_account(engine, person, account_id)).account
        payment = servicing.AccountPayment(
            account_id=account_id,
            amount_minor=_read_amount(amount, account.currency),
            event_id=event_id or f"cli-{engine.ids.new_uuid()}",
            actor=person.email,
        )
        return await servicing.pay_account(engine, await engine.look(), payment)

    _say_receipt(run_as(home, as_email, work))


@app.command("payoff")
def pay_off_plan(
    plan_id: PlanArgument,
    as_email: AsOption,
    amount: Annotated[
        str | None, typer.Option("--pay", metavar="AMOUNT", help="Pay it: the amount that was quoted.")
    ] = None,
    event_id: EventOption = None,
    home: HomeOption = None,
) -> None:
    """What paying all of a plan costs today; with --pay the plan is paid and completed."""
    from parcela.operations import card_accounts, servicing

    async def work(engine: Engine, person: Person) -> Receipt | str:
        plan = (await servicing.read_serviced_plan(engine, person, plan_id)).plan
        world = await engine.look()
        if amount is None:
            payoff = await servicing.quote_payoff(engine, world, plan.plan_id)
            total, waived = (
                show_amount(payoff.total_minor, plan.currency),
                show_amount(payoff.waived_minor, plan.currency),
            )
            return f"{total} {plan.currency} on {payoff.on}, {waived} interest waived"
        card_accounts.check_may_service(person)
        act = servicing.PlanAct(
            plan_id=plan.plan_id, event_id=event_id or f"cli-{engine.ids.new_uuid()}", actor=person.email
        )
        amount_minor = _read_amount(amount, plan.currency)
        return await servicing.pay_off(engine, world, act, amount_minor=amount_minor)

    answer = run_as(home, as_email, work)
    if isinstance(answer, str):
        say(answer)
    else:
        _say_receipt(answer)


def show_serviced_plan(plan_id: PlanArgument, as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """One plan as the issuer's processor services it: what was billed, paid and is still to come."""
    from parcela.operations import servicing

    async def work(engine: Engine, person: Person) -> ServicedPlanView:
        return await servicing.read_serviced_plan(engine, person, plan_id)

    view = run_as(home, as_email, work)
    plan = view.plan
    held = ", held by a dispute" if plan.is_held else ""
    say(f"Plan {plan.plan_id}, {plan.state}{held}, account {plan.account_id}, card {view.face.masked_card}")
    say(f"{show_amount(plan.outstanding_minor, plan.currency)} {plan.currency} outstanding")
    table = Table("#", "due", "state", "amount", "principal", "interest", "fee", "paid", "billed", box=None)
    for row in plan.rows:
        parts = (row.amount_minor, row.principal_minor, row.interest_minor, row.fee_minor, row.paid_minor)
        amounts = [show_amount(minor, plan.currency) for minor in parts]
        billed = row.billed_on.isoformat() if row.billed_on else "-"
        table.add_row(str(row.number), row.due_date.isoformat(), row.state, *amounts, billed)
    make_console().print(table)


@due.command("run")
def run_due(home: HomeOption = None) -> None:
    """Do what has fallen due: bill, collect, mark late, close statements. Servers do so by themselves."""
    from parcela.operations.scheduler import run_due_work

    async def work(engine: Engine) -> list[DueWork]:
        rounds = []
        while True:
            done = await run_due_work(engine, await engine.look())
            rounds.append(done)
            if not done.accounts:
                return rounds

    rounds = run_with_engine(home, work)
    billed, late, closed = (
        sum(getattr(done, name) for done in rounds) for name in ("billed", "late", "statements")
    )
    say(f"Billed {billed} installments, marked {late} late, closed {closed} statements.")
    if rounds[-1].failed:
        say(f"{rounds[-1].failed} accounts could not be done: the log says why.")
        raise typer.Exit(1)


def _find_next_due(plan: ServicedPlan) -> str:
    row = next((row for row in plan.rows if row.is_open), None)
    return "-" if row is None else f"{row.due_date}: {show_amount(row.unpaid_minor, plan.currency)}"


def _say_receipt(receipt: Receipt) -> None:
    if not receipt.is_new:
        say(f"Event {receipt.event_id} had its effect before:")
    for happened in receipt.happened:
        say(f"{happened['type']} {happened['subject']}")
    say(f"Event {receipt.event_id}")


def _read_amount(text: str, code: str) -> int:
    from parcela.domain.currency import find_currency
    from parcela.domain.money import parse_major

    currency = find_currency(code)
    assert currency is not None, "accounts are in known currencies"
    return parse_major(text, currency).minor
