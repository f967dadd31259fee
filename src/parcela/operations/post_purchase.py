"""Installments after the purchase (`spec/network.md` §11): lists of what can still become a plan.

Near real time: a purchase stands in its issuer's feed from the commit of its authorization on. On the
statement: the transactions of a period, or of one statement, with their offers.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from parcela.domain.cards import Pan
from parcela.domain.changes import Person
from parcela.domain.errors import InvalidInput
from parcela.domain.ids import is_uuid
from parcela.domain.post_purchase import describe_purchase, find_range_obstacle, price_purchase
from parcela.operations.account_work import AccountWork
from parcela.operations.card_accounts import get_account
from parcela.operations.card_messages import AuthorizationCommand
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.operations.shown_offers import Offerable, find_issuer_client, show_offers
from parcela.operations.statements import get_statement
from parcela.store import offerable_transactions
from parcela.store.database import Connection
from parcela.store.offerable_transactions import Period

MAX_PAGE = 50
"""Each transaction of a page may be priced anew and its offers kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list: at most `limit` items, from the one after `after`."""

    after: str | None = None
    limit: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """From `since` to `until`, both included."""

    since: date
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferablePage:
    """A part of a list; `next_after` asks for what follows, None when this was all."""

    items: tuple[Offerable, ...]
    next_after: str | None


async def list_offerable(
    engine: Engine,
    world: World,
    person: Person,
    account_id: str,
    days: Days,
    *,
    page: Page = Page(),
) -> OfferablePage:
    """The transactions of an account of some days, with their offers, the oldest first.

    A transaction is of the day on which it was cleared, or made while it waits for that; days are of UTC.
    Raises NotFound, InvalidInput.
    """
    _check_page(page)
    if days.since > days.until:
        raise InvalidInput("until", f"a day not before {days.since}", came=str(days.until))
    await get_account(engine, person, account_id)
    # A period of all time ends before the last day that a calendar has.
    until = min(days.until, date.max - timedelta(days=1))
    period = Period(
        account_id=account_id,
        since=datetime.combine(days.since, time(), UTC),
        until=datetime.combine(until, time(), UTC) + timedelta(days=1),
        after=page.after,
        limit=page.limit + 1,
    )
    async with engine.database.connection() as connection:
        found = await offerable_transactions.list_ids_of_period(connection, person.tenant_id, period)
    return await _show_page(engine, world, person, found, limit=page.limit)


async def list_offerable_of_statement(
    engine: Engine, world: World, person: Person, account_id: str, number: int, *, page: Page = Page()
) -> OfferablePage:
    """The purchases that a statement shows, in the order of its lines, with their offers.

    Raises NotFound, InvalidInput.
    """
    _check_page(page)
    await get_statement(engine, person, account_id, number)
    async with engine.database.connection() as connection:
        found = await offerable_transactions.list_ids_of_statement(
            connection, person.tenant_id, account_id, number=number
        )
    if page.after is not None:
        found = found[found.index(page.after) + 1 :] if page.after in found else []
    return await _show_page(engine, world, person, found, limit=page.limit)


async def list_offerable_feed(
    engine: Engine, world: World, person: Person, *, page: Page = Page()
) -> OfferablePage:
    """What has become offerable, of the person's issuer or of all, in an order that never changes.

    `after` is a position; a page says where the next one begins, also when nothing has come yet, so that a
    reader who goes on from there misses nothing and sees nothing twice. Raises InvalidInput.
    """
    after = page.after or "0"
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise InvalidInput("after", "the `next_after` of a page", came=repr(after[:40]))
    _check_page(replace(page, after=None))

    async def read(connection: Connection) -> list[tuple[int, str]]:
        return await offerable_transactions.list_feed(
            connection, person.tenant_id, provider_id=person.provider_id, after=int(after), limit=page.limit
        )

    found = await engine.database.run(read)
    items = await show_offers(engine, world, person.tenant_id, [one for _, one in found])
    return OfferablePage(items=tuple(items), next_after=str(found[-1][0]) if found else after)


async def count_offers(engine: Engine, world: World, pan: Pan, command: AuthorizationCommand) -> int:
    """How many offers a purchase would get as soon as it is approved; nothing is shown or kept."""
    found = world.catalogue(MAIN_TENANT).find_range(pan.padded)
    if command.plan_id is not None or found is None or find_range_obstacle(found) is not None:
        return 0
    if find_issuer_client(world, found.account_range.provider_id) is None:
        return 0
    described = describe_purchase(
        command.merchant, command.facts, amount_minor=command.amount_minor, currency=command.currency
    )
    if described is None:
        return 0
    member_of: frozenset[str] = frozenset()
    if found.has_pan_lists:
        member_of = await engine.list_lists_of_card(
            MAIN_TENANT, engine.vault.index_pan(MAIN_TENANT, pan.digits)
        )
    quotes, _ = price_purchase(found, described.purchase, member_of=member_of)
    return len(quotes)


async def note_offerable(held: AccountWork, transaction_id: str, *, offers: int) -> None:
    """Put an approved purchase into the issuer's feed, in the transaction of its authorization."""
    await offerable_transactions.insert_offerable(
        held.connection,
        held.tenant_id,
        transaction_id,
        provider_id=held.account.provider_id,
        at=held.now,
    )
    facts = {"account_id": held.account.account_id, "offers": offers}
    await held.tell([("transaction.offerable", transaction_id, facts)])


def _check_page(page: Page) -> None:
    if not 1 <= page.limit <= MAX_PAGE:
        raise InvalidInput("limit", f"1 to {MAX_PAGE}", came=str(page.limit))
    if page.after is not None and not is_uuid(page.after):
        raise InvalidInput("after_transaction", "the `next_after` of a page", came=repr(page.after[:40]))


async def _show_page(
    engine: Engine, world: World, person: Person, found: list[str], *, limit: int
) -> OfferablePage:
    """The first `limit` of the transactions; more of them mean that there is a next page."""
    items = await show_offers(engine, world, person.tenant_id, found[:limit])
    return OfferablePage(items=tuple(items), next_after=found[limit - 1] if len(found) > limit else None)
