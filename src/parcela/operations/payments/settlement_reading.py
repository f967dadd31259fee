"""Reading what a merchant got: settlements and balance transactions (`spec/payments.md` §8.2)."""

from datetime import date

from parcela.domain.changes import Person
from parcela.domain.errors import NotFound
from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.records import Owner
from parcela.domain.payments.refusals import refuse_missing
from parcela.domain.payments.settlement import BalanceTransaction, Settlement
from parcela.operations.engine import Engine
from parcela.operations.payments.accounts import get_account_client
from parcela.operations.payments.agenda import find_account_moment
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.store.payments import balance, settlements
from parcela.store.payments.balance import RowFilter
from parcela.store.payments.settlements import SettlementFilter

__all__ = [
    "RowFilter",
    "SettlementFilter",
    "find_newest_statement",
    "get_settlement",
    "list_balance_transactions",
    "list_settlement_rows",
    "list_settlements",
    "list_statements",
]


async def get_settlement(desk: PaymentsDesk, moment: AccountMoment, settlement_id: str) -> Settlement:
    """One settlement, until its close with what its rows make so far.

    Raises PaymentRefused (RESOURCE_MISSING).
    """
    async with desk.engine.database.connection() as connection:
        settlement = await settlements.find_settlement(connection, moment.owner, settlement_id)
    if settlement is None:
        raise refuse_missing("settlement", settlement_id)
    return settlement


async def list_settlements(
    desk: PaymentsDesk, moment: AccountMoment, wanted: SettlementFilter, page: PageRequest
) -> Page[Settlement]:
    """Settlements, the newest first. Raises PaymentRefused for a foreign cursor."""
    async with desk.engine.database.connection() as connection:
        return await settlements.list_settlements(connection, moment.owner, wanted, page=page)


async def list_settlement_rows(
    desk: PaymentsDesk, moment: AccountMoment, settlement_id: str, page: PageRequest
) -> Page[BalanceTransaction]:
    """The rows of a settlement, the newest first. Raises PaymentRefused (RESOURCE_MISSING)."""
    async with desk.engine.database.connection() as connection:
        if not await settlements.has_settlement(connection, moment.owner, settlement_id):
            raise refuse_missing("settlement", settlement_id)
    return await list_balance_transactions(desk, moment, RowFilter(settlement_id=settlement_id), page)


async def list_balance_transactions(
    desk: PaymentsDesk, moment: AccountMoment, wanted: RowFilter, page: PageRequest
) -> Page[BalanceTransaction]:
    """Rows of the balance, the newest first. Raises PaymentRefused for a foreign cursor."""
    async with desk.engine.database.connection() as connection:
        return await balance.list_rows(connection, moment.owner, wanted, page=page)


async def list_statements(
    engine: Engine, person: Person, account_id: str, *, is_live: bool = False, day: date | None = None
) -> tuple[date, list[Settlement]]:
    """An account's settlements whose period holds a day, its today when left out, by currency.

    Raises NotAllowed, NotFound.
    """
    world = await engine.look()
    client = get_account_client(world, person, account_id)
    owner = Owner(client.tenant_id, client.client_id, is_live)
    moment = await find_account_moment(engine, world, owner, with_disabled=True)
    if moment is None:
        raise NotFound("payments account", account_id)
    wanted = day or moment.today
    async with engine.database.connection() as connection:
        return wanted, await settlements.list_settlements_of_day(connection, owner, wanted)


async def find_newest_statement(
    engine: Engine, person: Person, account_id: str, *, is_live: bool = False
) -> Settlement | None:
    """An account's newest settlement of any currency. Raises NotAllowed, NotFound."""
    client = get_account_client(await engine.look(), person, account_id)
    owner = Owner(client.tenant_id, client.client_id, is_live)
    async with engine.database.connection() as connection:
        page = await settlements.list_settlements(
            connection, owner, SettlementFilter(), page=PageRequest(limit=1)
        )
    return next(iter(page.items), None)
