"""Looking at the ledger and proving it: balances, entries, and what any view of the database finds broken."""

from dataclasses import dataclass

from parcela.domain.changes import Person
from parcela.domain.errors import InvalidInput, NotFound
from parcela.domain.ids import is_uuid
from parcela.operations.clients import check_operator
from parcela.operations.engine import Engine
from parcela.store import breaks, ledger
from parcela.store.breaks import Break
from parcela.store.ledger import Balance, PostedEntry, TrialLine

__all__ = [
    "Balance",
    "Break",
    "LedgerSize",
    "PostedEntry",
    "TrialLine",
    "check_ledger",
    "count_ledger",
    "list_book",
    "list_owner_balances",
    "list_trial_balance",
]

MAX_ENTRIES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSize:
    """How many entries stand in how many books."""

    entries: int
    books: int


async def check_ledger(engine: Engine) -> list[Break]:
    """What the views named `broken_…` find, at most a hundred breaks of each; empty when all is well.

    They recompute numbers, hashes, reversals and balances from the entries alone (invariants 1 to 9 and 39 of
    `spec/reliability.md` §6), and whatever other areas added. On a big ledger this takes minutes.
    """
    async with engine.database.connection() as connection:
        return await breaks.list_breaks(connection)


async def count_ledger(engine: Engine) -> LedgerSize:
    """How big the ledger is, over all tenants."""
    async with engine.database.connection() as connection:
        entries, books = await ledger.count_entries(connection)
    return LedgerSize(entries=entries, books=books)


async def list_trial_balance(engine: Engine, person: Person) -> list[TrialLine]:
    """The sum of every kind of account, by currency. Raises NotAllowed."""
    check_operator(person)
    async with engine.database.connection() as connection:
        return await ledger.list_trial_lines(connection, person.tenant_id)


async def list_owner_balances(engine: Engine, person: Person, owner: str) -> list[Balance]:
    """Balances of a card account, plan or provider. Raises NotAllowed, and NotFound without any posting."""
    check_operator(person)
    found: list[Balance] = []
    if is_uuid(owner):
        async with engine.database.connection() as connection:
            found = await ledger.list_balances(connection, person.tenant_id, owner)
            if not found:
                found = await ledger.sum_provider_balances(connection, person.tenant_id, owner)
    if not found:
        raise NotFound("owner of ledger accounts", owner)
    return found


async def list_book(
    engine: Engine, person: Person, book: str, *, after_number: int = 0, limit: int = 100
) -> list[PostedEntry]:
    """Entries of a book in their order. Raises NotAllowed, InvalidInput, and NotFound for an unknown book."""
    check_operator(person)
    if not 1 <= limit <= MAX_ENTRIES:
        raise InvalidInput("limit", f"1 to {MAX_ENTRIES}", came=str(limit))
    found: list[PostedEntry] = []
    is_known = False
    if is_uuid(book):
        async with engine.database.connection() as connection:
            found = await ledger.list_entries(
                connection, person.tenant_id, book, after_number=after_number, limit=limit
            )
            is_known = bool(found) or await ledger.has_book(connection, person.tenant_id, book)
    if not is_known:
        raise NotFound("book", book)
    return found
