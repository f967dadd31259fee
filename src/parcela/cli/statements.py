"""`parcela payments-account statement`: what an account earned, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from parcela.cli.acting import run_as
from parcela.cli.options import CommandError, HomeOption, ViewerOption, make_console, say, show_amount

if TYPE_CHECKING:
    from datetime import date

    from parcela.domain.changes import Person
    from parcela.domain.payments.settlement import Settlement
    from parcela.operations.engine import Engine


def show_statement(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="The account id, ma_….")],
    day: Annotated[
        str | None, typer.Option(metavar="DATE", help="A day of the period; the account's today.")
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="The live mode; without it, the test mode.")] = False,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """The settlements of an account whose period holds a day: lines, fees, and what is paid out."""
    from parcela.operations.payments import settlement_reading

    wanted = None if day is None else _read_day(day)

    async def work(engine: Engine, person: Person) -> tuple[date, list[Settlement], Settlement | None]:
        shown, found = await settlement_reading.list_statements(
            engine, person, account_id, is_live=live, day=wanted
        )
        newest = await settlement_reading.find_newest_statement(engine, person, account_id, is_live=live)
        return shown, found, newest

    shown, settlements, newest = run_as(home, as_email, work)
    if not settlements:
        say(f"Nothing was booked in a period that holds {shown}.")
        if newest is not None:
            say(f"The newest statement is of {newest.period_end}: add --day {newest.period_end}.")
    for settlement in settlements:
        _print_settlement(settlement)


def _read_day(text: str) -> date:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--day must be a date such as 2026-07-01, not {text!r}.") from None


def _print_settlement(settlement: Settlement) -> None:
    state = settlement.status if settlement.closed_at else "still open"
    period = f"{settlement.period_start} to {settlement.period_end}"
    say(f"{settlement.settlement_id}  {period}  {settlement.currency}  {state}")
    table = Table("", box=None)
    table.add_column("count", justify="right")
    table.add_column("amount", justify="right")
    for line in settlement.lines:
        name = line.kind.replace("_", " ")
        table.add_row(name, str(line.count), show_amount(line.amount_minor, settlement.currency))
    for name, amount_minor in (
        ("net", settlement.net_minor),
        ("opening balance", settlement.opening_minor),
        (f"payout of {settlement.available_on}", -settlement.payout_minor),
        ("closing balance", settlement.closing_minor),
    ):
        table.add_row(name, "", show_amount(amount_minor, settlement.currency))
    make_console().print(table)
