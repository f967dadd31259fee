"""`parcela account offerable`: card transactions that can still become installments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from parcela.cli.acting import run_as
from parcela.cli.options import HomeOption, ViewerOption, make_console, show_amount

if TYPE_CHECKING:
    from parcela.domain.changes import Person
    from parcela.domain.offers import PresentedOffer
    from parcela.operations.engine import Engine
    from parcela.operations.post_purchase import OfferablePage, Page
    from parcela.operations.shown_offers import Offerable

_DEFAULT_DAYS = 31
_DAY = ["%Y-%m-%d"]


def list_offerable(
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT_ID")],
    since: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="From this day; by default a month before.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="To this day; by default today.")
    ] = None,
    statement: Annotated[
        int | None, typer.Option(help="The purchases of this statement, in the place of days.")
    ] = None,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """Transactions of an account with the offers shown for them, or why there are none."""
    from parcela.operations import post_purchase

    async def read(engine: Engine, person: Person, page: Page) -> OfferablePage:
        world = await engine.look()
        if statement is not None:
            return await post_purchase.list_offerable_of_statement(
                engine, world, person, account_id, statement, page=page
            )
        last = until or world.now
        month = min(timedelta(days=_DEFAULT_DAYS), last.date() - date.min)
        first = since.date() if since else last.date() - month
        days = post_purchase.Days(since=first, until=last.date())
        return await post_purchase.list_offerable(engine, world, person, account_id, days, page=page)

    async def work(engine: Engine, person: Person) -> list[Offerable]:
        found = await read(engine, person, post_purchase.Page())
        items = list(found.items)
        while found.next_after is not None:
            found = await read(engine, person, post_purchase.Page(after=found.next_after))
            items += found.items
        return items

    make_console().print(_draw(run_as(home, as_email, work)))


def _draw(items: list[Offerable]) -> Table:
    table = Table("transaction", "bought", "merchant", box=None)
    table.add_column("amount", justify="right")
    table.add_column("currency")
    table.add_column("offers, or why there are none", overflow="fold")
    for item in items:
        transaction = item.transaction
        lines = [_describe(offer) for offer in item.offers]
        lines += [reason.message for reason in item.reasons]
        if item.offer_transaction_id is not None and item.expires_at is not None:
            expires_at = item.expires_at.astimezone(UTC)
            lines.append(f"shown as {item.offer_transaction_id}, until {expires_at:%Y-%m-%d %H:%M:%S} UTC")
        table.add_row(
            transaction.transaction_id,
            f"{item.facts.local_at:%Y-%m-%d}",
            item.merchant.name or "-",
            show_amount(item.amount_minor, transaction.currency),
            transaction.currency,
            "\n".join(lines),
        )
    return table


def _describe(offer: PresentedOffer) -> str:
    first, other = offer.major(offer.amounts_minor[0]), offer.major(offer.amounts_minor[-1])
    rate = "" if offer.apr_percent is None else f", APR {offer.apr_percent} %"
    return f"{offer.offer_id}: {offer.count} x {offer.interval}, first {first:,}, then {other:,}{rate}"
