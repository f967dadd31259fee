"""`parcela order`: orders of merchants, for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from parcela.cli.acting import run_as
from parcela.cli.options import HomeOption, ViewerOption, make_console, make_group, show_amount

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from parcela.domain.changes import Person
    from parcela.domain.orders import CardFace, ChosenPlan, MerchantOrder, OrderTransaction
    from parcela.operations.engine import Engine
    from parcela.operations.order_views import OrderInstruction, WholeOrder

app = make_group()

_AMOUNTS = ("amount", "captured", "refunded")

MerchantArgument = Annotated[str, typer.Argument(metavar="MERCHANT", help="The merchant id.")]


@app.command("list")
def list_orders(
    merchant_id: MerchantArgument,
    limit: Annotated[int, typer.Option(help="How many of the newest orders, at most 1000.")] = 50,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """The newest orders of a merchant."""
    from parcela.operations import order_views

    async def work(engine: Engine, person: Person) -> list[MerchantOrder]:
        return await order_views.list_merchant_orders(engine, person, merchant_id, limit=limit)

    table = _make_table(
        "order id", "made", "status", "amount", "captured", "refunded", "currency", "card", "plan"
    )
    for order in run_as(home, as_email, work):
        totals = order.totals
        minors = (order.amount_minor, totals.captured_minor, totals.refunded_minor)
        table.add_row(
            order.order_id,
            _write_time(order.created_at),
            order.status,
            *(show_amount(minor, order.currency) for minor in minors),
            order.currency,
            _mask(order.card),
            order.plan_id or "-",
        )
    make_console().print(table)


@app.command("show")
def show_order(
    merchant_id: MerchantArgument,
    order_id: Annotated[str, typer.Argument(metavar="ORDER", help="The merchant's id of the order.")],
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """One order with its transactions, and what they wanted of its plans."""
    from parcela.operations import order_views

    async def work(engine: Engine, person: Person) -> WholeOrder:
        return await order_views.view_merchant_order(engine, person, merchant_id, order_id)

    whole = run_as(home, as_email, work)
    parts = [_draw_facts(whole.found.order, merchant_id), _draw_transactions(whole.found.transactions)]
    if whole.instructions:
        parts.append(_draw_instructions(whole.instructions))
    make_console().print(Group(*(part for table in parts for part in (table, Text("")))))


def _draw_facts(order: MerchantOrder, merchant_id: str) -> Table:
    totals = order.totals
    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for name, value in (
        ("Order", f"{order.order_id} of {merchant_id}"),
        ("Status", order.status),
        ("Made", _write_time(order.created_at)),
        ("Amount", f"{show_amount(order.amount_minor, order.currency)} {order.currency}"),
        ("Authorized", show_amount(totals.authorized_minor, order.currency)),
        ("Captured", show_amount(totals.captured_minor, order.currency)),
        ("Refunded", show_amount(totals.refunded_minor, order.currency)),
        ("Card", _mask(order.card)),
        ("Chosen", _describe_choice(order.chosen_plan)),
        ("Plan", order.plan_id or "-"),
    ):
        facts.add_row(name, value)
    return facts


def _draw_transactions(transactions: Sequence[OrderTransaction]) -> Table:
    table = _make_table(
        *("id", "at", "kind", "of", "outcome", "amount", "currency"),
        *("acquirer's reference", "authorization code", "plan", ""),
    )
    for transaction in transactions:
        acquirer = transaction.acquirer
        table.add_row(
            transaction.transaction_id,
            _write_time(transaction.created_at),
            transaction.kind,
            transaction.target_id or "-",
            transaction.outcome or "-",
            show_amount(transaction.amount_minor, transaction.currency),
            transaction.currency,
            (acquirer and acquirer.reference) or "-",
            (acquirer and acquirer.authorization_code) or "-",
            transaction.plan_id or "-",
            "voided" if transaction.is_voided else "",
        )
    return table


def _draw_instructions(instructions: Sequence[OrderInstruction]) -> Table:
    table = _make_table("for plan", "#", "at", "instruction", "amount", "currency", "state", "reason")
    for found in instructions:
        stored = found.stored
        table.add_row(
            stored.instruction.plan_id,
            str(stored.number),
            _write_time(stored.created_at),
            stored.instruction.kind,
            show_amount(stored.instruction.amount_minor, found.currency),
            found.currency,
            stored.state,
            stored.reason or "-",
        )
    return table


def _make_table(*names: str) -> Table:
    """Ids are never cut, whatever the width: they are what one copies."""
    table = Table(box=None)
    for name in names:
        table.add_column(name, justify="right" if name in _AMOUNTS else "left", overflow="fold")
    return table


def _describe_choice(chosen: ChosenPlan | None) -> str:
    if chosen is None:
        return "no plan"
    deferral = f" after {chosen.deferral_months} months" if chosen.deferral_months else ""
    offer = "" if chosen.offer_id is None else f", offer {chosen.offer_id}"
    return f"{chosen.program_id}: {chosen.count} payments{deferral}{offer}"


def _mask(card: CardFace | None) -> str:
    return "-" if card is None else f"{card.first_six}******{card.last_four}"


def _write_time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
