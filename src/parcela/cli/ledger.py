"""`parcela ledger`: the books, their balances, and the proof that all of it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from parcela.cli.acting import run_as, run_with_engine
from parcela.cli.options import HomeOption, ViewerOption, make_console, make_group, say, show_amount

if TYPE_CHECKING:
    from parcela.domain.changes import Person
    from parcela.operations.engine import Engine
    from parcela.operations.ledger import Balance, Break, LedgerSize, PostedEntry, TrialLine

app = make_group()


@app.command("check")
def check_ledger(home: HomeOption = None) -> None:
    """Prove every record: numbers, hashes, reversals, balances, and what other areas watch; 1 when broken."""
    from parcela.operations import ledger

    async def work(engine: Engine) -> tuple[list[Break], LedgerSize]:
        return await ledger.check_ledger(engine), await ledger.count_ledger(engine)

    breaks, size = run_with_engine(home, work)
    if breaks:
        table = Table("view", "tenant", "record", "what", box=None)
        for found in breaks:
            tenant = "-" if found.tenant_id is None else str(found.tenant_id)
            table.add_row(found.view, tenant, found.key, found.what)
        make_console().print(table)
        raise typer.Exit(1)
    entries = "1 entry" if size.entries == 1 else f"{size.entries:,} entries"
    books = "1 book" if size.books == 1 else f"{size.books:,} books"
    say(f"Whole: {entries} of {books}, and every other record that is watched.")


@app.command("balances")
def list_balances(
    owner: Annotated[
        str | None,
        typer.Option(metavar="ID", help="A card account, plan or provider; without it, a trial balance."),
    ] = None,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """What every kind of account holds in all, or the accounts of one owner."""
    if owner is None:
        _show_trial_balance(as_email, home)
        return
    from parcela.operations import ledger

    async def work(engine: Engine, person: Person) -> list[Balance]:
        return await ledger.list_owner_balances(engine, person, owner)

    table = _make_balance_table()
    for found in run_as(home, as_email, work):
        code, currency = found.account.code, found.currency
        table.add_row(code, _name_side(code), show_amount(found.balance_minor, currency), currency)
    make_console().print(table)


def _show_trial_balance(as_email: str | None, home: HomeOption) -> None:
    from parcela.operations import ledger

    async def work(engine: Engine, person: Person) -> list[TrialLine]:
        return await ledger.list_trial_balance(engine, person)

    table = _make_balance_table()
    for line in run_as(home, as_email, work):
        table.add_row(
            line.code, _name_side(line.code), show_amount(line.balance_minor, line.currency), line.currency
        )
    make_console().print(table)


@app.command("entries")
def list_entries(
    book: Annotated[str, typer.Argument(metavar="BOOK", help="The id of the card account.")],
    after: Annotated[int, typer.Option(help="Begin after the entry of this number.")] = 0,
    limit: Annotated[int, typer.Option(help="How many entries, at most 1000.")] = 100,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """The entries of one book in their order, a line for each posting."""
    from parcela.operations import ledger

    async def work(engine: Engine, person: Person) -> list[PostedEntry]:
        return await ledger.list_book(engine, person, book, after_number=after, limit=limit)

    table = Table("number", "posted", "event", "debit", "credit", box=None)
    table.add_column("amount", justify="right")
    table.add_column("currency")
    for posted in run_as(home, as_email, work):
        entry = posted.entry
        head = (str(posted.number), f"{entry.posted_at:%Y-%m-%d %H:%M:%S}", entry.event_key)
        for posting in entry.postings:
            amount = show_amount(posting.amount_minor, entry.currency)
            table.add_row(*head, posting.debit.code, posting.credit.code, amount, entry.currency)
            head = ("", "", "")
    make_console().print(table)


def _make_balance_table() -> Table:
    table = Table("account", "side", box=None)
    table.add_column("balance", justify="right")
    table.add_column("currency")
    return table


def _name_side(code: str) -> str:
    from parcela.domain.ledger import CREDIT_NORMAL

    return "credit" if code in CREDIT_NORMAL else "debit"
