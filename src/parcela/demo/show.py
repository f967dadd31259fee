"""What the demo prints: each call in one line, offers as cards, the plan as a table."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich import box
from rich.columns import Columns
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from parcela.demo.browser import Way
from parcela.demo.caller import Answer
from parcela.demo.server import find_log

Json = dict[str, Any]

WIDTH = 80
_CARD_WIDTH = 38
_FEE_PLACES = {"FRST_INSTL": "with the first payment", "SPREAD_ALL_INSTALLMENT": "spread over all payments"}

_BALANCE_TEXTS = {
    "card_balance": "Billed to the card",
    "installment_receivable": "Principal of the installments to come",
    "purchases": "Purchase that the merchant has still to clear",
}


def make_console() -> Console:
    """80 columns everywhere; colors only where they can be seen."""
    return Console(width=WIDTH, highlight=False, soft_wrap=False)


def show_step(console: Console, number: int, title: str) -> None:
    """A heading."""
    console.print(f"\n[bold]{number}. {title}[/]")


def show_call(console: Console, request: str, detail: str, answer: Answer) -> None:
    """One request and what came back."""
    console.print(f"   [cyan]{request}[/]  {detail}")
    console.print(f"   [green]{answer.status}[/] after {answer.milliseconds:.0f} ms")


def show_offers(console: Console, offers: Sequence[Json], purchase_amount: int) -> None:
    """Offers side by side."""
    console.print(Columns([_make_card(offer, purchase_amount) for offer in offers], padding=(0, 1)))


def show_schedule(console: Console, plan: Json) -> None:
    """The rows of a plan."""
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, padding=(0, 2), pad_edge=False)
    total = plan["planInstallmentInformation"]["totalAmount"]
    table.add_column("No.", justify="right")
    table.add_column("Due", footer="Total")
    table.add_column("Amount", justify="right", footer=format_amount(total))
    for row in plan["schedulePayments"]:
        table.add_row(str(row["installmentNumber"]), row["dueDate"], format_amount(row["installmentAmount"]))
    console.print(table)


def show_delivery(console: Console, delivery: Json) -> None:
    """The tries of a notification."""
    for attempt in delivery["attempts"]:
        console.print(f"   [cyan]POST {attempt['request_url']}[/]", soft_wrap=True)
        console.print(f"   [green]{attempt['http_status']}[/] after {attempt['duration_ms']} ms")


def show_books(console: Console, serviced: Json, balances: Mapping[str, str]) -> None:
    """What the issuer's account and the plan hold."""
    billed = [row for row in serviced["rows"] if row["billed_on"] is not None]
    dates = ", ".join(f"No. {row['number']} on {row['billed_on']}" for row in billed)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    for code, text in _BALANCE_TEXTS.items():
        if code in balances:
            table.add_row(text, format_amount(Decimal(balances[code])))
    console.print(f"   Account {serviced['card']}, plan {serviced['state']}, billed: {dates}")
    console.print(Padding(table, (0, 0, 0, 3)))


def show_plan_offers(console: Console, offers: Mapping[str, Json]) -> None:
    """A shop's payment plan offers, in the merchant's order, which is that of their ids."""
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("Offer", no_wrap=True)
    for title in ("First", "Then", "Rate", "Fee", "Discount", "Total"):
        table.add_column(title, justify="right", no_wrap=True)
    for offer_id, offer in sorted(offers.items()):
        interest = offer["interest"]
        table.add_row(
            offer_id,
            format_amount(offer["firstPaymentAmount"]),
            f"{offer['numberOfPayments'] - 1} x {format_amount(offer['subsequentPaymentAmount'])}",
            f"{Decimal(str(interest['rate'])):.2f} %",
            format_amount(offer["feeAmount"]),
            format_amount(interest["discountAmount"]),
            format_amount(offer["totalAmount"]),
        )
    console.print(Padding(table, (1, 0, 0, 3)))


def show_order(console: Console, answer: Json) -> None:
    """Where an order of a shop stands."""
    order = answer["order"]
    captured = format_amount(order["totalCapturedAmount"])
    refunded = format_amount(order["totalRefundedAmount"])
    console.print(f"   Order     [bold]{order['status']}[/], captured {captured}, refunded {refunded}")


def show_rows(console: Console, serviced: Json) -> None:
    """The rows of a plan at its issuer."""
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, padding=(0, 2), pad_edge=False)
    rows = serviced["rows"]
    table.add_column("No.", justify="right")
    table.add_column("Due", footer="Total")
    for title, member in (("Amount", "amount"), ("Principal", "principal"), ("Interest", "interest")):
        total = sum((Decimal(row[member]) for row in rows), Decimal(0))
        table.add_column(title, justify="right", footer=format_amount(total))
    for row in rows:
        amounts = (format_amount(Decimal(row[member])) for member in ("amount", "principal", "interest"))
        table.add_row(str(row["number"]), row["due_date"], *amounts)
    console.print(table)


def show_payment_plans(console: Console, plans: Sequence[Json]) -> None:
    """The plans of a payment in the order in which they came."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 2), pad_edge=False, show_edge=False)
    table.add_column("Payments", no_wrap=True)
    for title in ("Rate", "Cost", "Total"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("First", no_wrap=True)
    for plan in plans:
        table.add_row(
            f"{plan['count']} x {format_euros(plan['monthlyAmount'])}",
            f"{plan['rate']['value']} % {plan['rate']['label']}",
            format_euros(plan["costOfCredit"]),
            format_euros(plan["totalAmount"]),
            plan["firstPaymentDate"],
        )
    console.print(Padding(table, (1, 0, 0, 3)))


def show_payment_rows(console: Console, installments: Json) -> None:
    """The plan of a payment, row by row."""
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, padding=(0, 2), pad_edge=False)
    table.add_column("No.", justify="right")
    table.add_column("Due", footer="To come")
    table.add_column("Amount", justify="right", footer=format_euros(installments["remainingAmount"]))
    table.add_column("")
    for row in installments["schedule"]:
        table.add_row(str(row["number"]), row["dueDate"], format_euros(row["amount"]), row["status"])
    console.print(table)


def show_ways(console: Console, ways: Sequence[Way], facts: Sequence[str]) -> None:
    """Ways to pay as the hosted page has them, with some of their facts."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    table.add_column("Way to pay", no_wrap=True)
    for name in facts:
        table.add_column(name, justify="right", no_wrap=True)
    for way in ways:
        table.add_row(way.title, *(way.facts.get(name, "") for name in facts))
    console.print(Padding(table, (1, 0, 1, 3)))


def show_facts(console: Console, facts: Mapping[str, str]) -> None:
    """Facts by their names."""
    for name, text in facts.items():
        console.print(f"   {name:<13} {text}")


def show_file(console: Console, name: str, *, status: int, size: int) -> None:
    """A file of the hosted page; PDF needs Pango, which a machine may lack (docs/papers.md)."""
    told = f"{size / 1000:.0f} kB" if status == 200 else f"{status}: `parcela doctor` says what is missing"
    console.print(f"   File      {name}, {told}")


def list_commands(*, plan_id: str, account_id: str, payment_id: str) -> list[str]:
    """What one may try next, in an order that tells the plan's story."""
    return [
        f"plan show {plan_id}",
        "clock advance 2mo",
        "due run",
        f"plan servicing {plan_id}",
        f"account statement {account_id}",
        f"payment show {payment_id}",
        "sandbox mail",
        "delivery list",
        "ledger check",
        "doctor",
        "--help",
    ]


def show_pages(console: Console, checkout_url: str, plan_url: str, *, local_url: str) -> None:
    """Pages for a browser, on lines of their own since they are long."""
    console.print("\n[bold]Open in a browser[/]")
    console.print("   A payment that waits for you: card 5200 8282 0000 0108, 12/39, any code")
    console.print(f"   {checkout_url}", soft_wrap=True)
    console.print("   The plan's own page: all that remains can be paid early there")
    console.print(f"   {plan_url}", soft_wrap=True)
    console.print("   The promotion tag for a shop's pages")
    console.print(f"   {local_url}/promo/demo\n", soft_wrap=True)


def show_links(console: Console, *, local_url: str, home: Path, commands: Sequence[str]) -> None:
    """Where to go next."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("API documents", f"{local_url}/docs")
    table.add_row("OpenAPI", f"{local_url}/openapi/network.json, gateway.json, payments.json")
    table.add_row("Keys and passwords", str(home / "sandbox" / "credentials.json"))
    table.add_row("The server's log", str(find_log(home)))
    table.add_row("Is it alive?", f"curl {local_url}/healthz")
    table.add_row("Metrics", f"curl {local_url}/metrics")
    console.print(table)
    # Commands stand on lines of their own, so that they can be copied.
    console.print("\n[bold]Try next[/]")
    home_option = "" if home == Path(".parcela") else f" --home {home}"
    for command in commands:
        options = "" if command == "--help" else home_option
        console.print(Text(f"   .venv/bin/parcela {command}{options}"), soft_wrap=True)


def mask_card(digits: str) -> str:
    """The first six and the last four digits."""
    return f"{digits[:4]} {digits[4:6]}** **** {digits[-4:]}"


def format_amount(amount: Decimal | float | str) -> str:
    """A dollar amount of the wire for people: always with cents."""
    return f"${Decimal(str(amount)):,.2f}"


def format_euros(cents: int) -> str:
    """An amount of the payments door, in cents, for people."""
    return f"€{Decimal(cents) / 100:,.2f}"


def _make_card(offer: Json, purchase_amount: int) -> Panel:
    first, other = offer["firstInstallmentAmount"], offer["otherInstallmentAmount"]
    facts = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    if first != other:
        facts.add_row("First payment", format_amount(first))
    facts.add_row("Total", format_amount(offer["totalAmount"]))
    facts.add_row("Cost", format_amount(Decimal(str(offer["totalAmount"])) - purchase_amount))
    facts.add_row("APR", f"{offer['apr']} %")
    facts.add_row("Fee", _describe_fee(offer))
    facts.add_row("First due", offer["schedulePayments"][0]["dueDate"])
    head = Text(f"{offer['tenure']} x {format_amount(other)} {offer['frequency'].lower()}", style="bold")
    disclosure = Text(offer["provider"]["disclosure"], style="dim")
    title = f"{offer['priority']}. {offer['provider']['providerName']}"
    return Panel(Group(head, facts, disclosure), title=title, title_align="left", width=_CARD_WIDTH)


def _describe_fee(offer: Json) -> str:
    if offer["feeType"] == "NO_FEES":
        return "none"
    value = offer["feeValue"]
    amount = f"{value} %" if offer["feeType"] == "PRCENTG" else format_amount(value)
    return f"{amount} {_FEE_PLACES[offer['feeDistribution']]}"
