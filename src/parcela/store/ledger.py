"""The ledger: entries in numbered, hash-chained books, balances, and the views that prove them.

What posting means in SQL stands in `insert_ledger_entries` of migration 0003.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from parcela.domain.errors import DomainError
from parcela.domain.ledger import (
    PROVIDER_OWNED,
    AccountOverdrawn,
    EntryDiffers,
    EntryNotReversible,
    LedgerAccount,
    LedgerCode,
    LedgerEntry,
    Posting,
)
from parcela.store.database import SWEEP_TIMEOUT_S, Connection

_ENTRY_DIFFERS = "LE001"
_NOT_REVERSIBLE = "LE002"
_RACED_CONSTRAINTS = frozenset({"ledger_entry_once_per_event", "ledger_balance_pkey"})


_SELECT_ENTRIES = """
SELECT number, event_key, book::text AS book, kind, currency, posted_at, reverses, hash, (
    SELECT json_agg(json_build_array(debit_code, debit_owner, credit_code, credit_owner, amount_minor)
        ORDER BY position)
    FROM posting
    WHERE posting.tenant_id = entry.tenant_id AND posting.book = entry.book AND posting.number = entry.number
) AS postings
FROM ledger_entry entry WHERE tenant_id = $1"""

_LAST_CHARACTER = "\U0010ffff"
_decode_postings = msgspec.json.Decoder(list[tuple[LedgerCode, str, LedgerCode, str, int]]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedEntry:
    """An entry as it stands in its book; `hash` vouches for it and for every entry of the book before it."""

    number: int
    entry: LedgerEntry
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an account holds, in minor units on the normal side of its kind."""

    account: LedgerAccount
    currency: str
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLine:
    """All accounts of a kind together, in minor units on the normal side of that kind."""

    code: LedgerCode
    currency: str
    balance_minor: int


async def insert_entries(
    connection: Connection, tenant_id: int, entries: Sequence[LedgerEntry]
) -> list[bool]:
    """Post entries in their order, in the caller's transaction: says of each whether it is new.

    An event that was posted before with the same content is passed over. The database numbers the entries,
    chains them and sees to it that `posted_at` never runs backwards in a book. Raises EntryDiffers,
    EntryNotReversible, AccountOverdrawn; the transaction cannot go on then.
    """
    if not entries:
        return []
    keys = [entry.event_key for entry in entries]
    assert len(set(keys)) == len(keys), "a decision posts an event once"
    lines = [(place, posting) for place, entry in enumerate(entries, start=1) for posting in entry.postings]
    try:
        new_keys = await connection.fetchval(
            "SELECT insert_ledger_entries($1, $2, $3::uuid[], $4, $5, $6, $7, $8, $9, $10::uuid[], $11,"
            " $12::uuid[], $13)",
            tenant_id,
            keys,
            [entry.book for entry in entries],
            [entry.kind for entry in entries],
            [entry.currency for entry in entries],
            [entry.posted_at for entry in entries],
            [entry.reverses for entry in entries],
            [place for place, _ in lines],
            [posting.debit.code for _, posting in lines],
            [posting.debit.owner for _, posting in lines],
            [posting.credit.code for _, posting in lines],
            [posting.credit.owner for _, posting in lines],
            [posting.amount_minor for _, posting in lines],
        )
    except asyncpg.PostgresError as error:
        refusal = _find_refusal(error)
        if refusal is not None:
            raise refusal from None
        if getattr(error, "constraint_name", None) in _RACED_CONSTRAINTS:
            # Written in another book meanwhile; the statement's snapshot did not show it yet.
            raise asyncpg.SerializationError("a concurrent entry posted the same; try again") from None
        raise
    return [key in new_keys for key in keys]


def _find_refusal(error: asyncpg.PostgresError) -> DomainError | None:
    constraint = getattr(error, "constraint_name", None)
    if error.sqlstate == _ENTRY_DIFFERS:
        return EntryDiffers(str(error))
    if error.sqlstate == _NOT_REVERSIBLE:
        return EntryNotReversible(str(error))
    if constraint == "ledger_entry_reversed_once":
        return EntryNotReversible("an entry is reversed at most once, and this one was")
    if constraint == "ledger_balance_not_overdrawn":
        return AccountOverdrawn("an account that may not be overdrawn would go below zero")
    return None


async def get_balance(
    connection: Connection, tenant_id: int, account: LedgerAccount, *, currency: str
) -> int:
    """What an account holds in minor units, on the normal side of its kind; 0 when nothing was posted."""
    if account.code in PROVIDER_OWNED:
        for balance in await sum_provider_balances(connection, tenant_id, account.owner):
            if (balance.account, balance.currency) == (account, currency):
                return balance.balance_minor
        return 0
    held = await connection.fetchval(
        "SELECT balance_minor FROM ledger_balance"
        " WHERE tenant_id = $1 AND owner = $2::uuid AND code = $3 AND currency = $4",
        tenant_id,
        account.owner,
        account.code,
        currency,
    )
    return 0 if held is None else int(held)


async def list_balances(connection: Connection, tenant_id: int, owner: str) -> list[Balance]:
    """All balances of a card account or plan, those of zero included, by kind and currency."""
    rows = await connection.fetch(
        "SELECT owner::text AS owner, code, currency, balance_minor FROM ledger_balance"
        " WHERE tenant_id = $1 AND owner = $2::uuid ORDER BY code, currency",
        tenant_id,
        owner,
    )
    return [_read_balance(row) for row in rows]


async def sum_provider_balances(connection: Connection, tenant_id: int, provider_id: str) -> list[Balance]:
    """All balances of a provider, summed over its postings, by kind and currency."""
    rows = await connection.fetch(
        "SELECT owner::text AS owner, code, currency, sum(change_minor)::bigint AS balance_minor"
        " FROM ledger_movement WHERE tenant_id = $1 AND owner = $2::uuid AND is_provider_owned(code)"
        " GROUP BY owner, code, currency ORDER BY code, currency",
        tenant_id,
        provider_id,
        timeout=SWEEP_TIMEOUT_S,
    )
    return [_read_balance(row) for row in rows]


async def list_trial_lines(connection: Connection, tenant_id: int) -> list[TrialLine]:
    """Every kind of account with the sum of its balances, by currency and kind."""
    rows = await connection.fetch(
        "SELECT code, currency, sum(balance_minor)::bigint AS balance_minor FROM ("
        "SELECT code::text AS code, currency, balance_minor FROM ledger_balance WHERE tenant_id = $1"
        " UNION ALL SELECT code, currency, change_minor FROM ledger_movement"
        " WHERE tenant_id = $1 AND is_provider_owned(code)"
        ") AS balance GROUP BY code, currency ORDER BY currency, code",
        tenant_id,
        timeout=SWEEP_TIMEOUT_S,
    )
    return [
        TrialLine(code=LedgerCode(row["code"]), currency=row["currency"], balance_minor=row["balance_minor"])
        for row in rows
    ]


async def has_book(connection: Connection, tenant_id: int, book: str) -> bool:
    """Was anything ever posted in this book?"""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM ledger_book WHERE tenant_id = $1 AND book = $2::uuid)",
            tenant_id,
            book,
        )
    )


async def count_entries(connection: Connection) -> tuple[int, int]:
    """How many entries there are, and how many books hold them, of all tenants."""
    row = await connection.fetchrow(
        "SELECT count(*) AS entries, count(DISTINCT (tenant_id, book)) AS books FROM ledger_entry",
        timeout=SWEEP_TIMEOUT_S,
    )
    assert row is not None
    return row["entries"], row["books"]


async def list_entries(
    connection: Connection, tenant_id: int, book: str, *, after_number: int = 0, limit: int = 100
) -> list[PostedEntry]:
    """Entries of a book in their order, from the one after a number."""
    rows = await connection.fetch(
        _SELECT_ENTRIES + " AND book = $2::uuid AND number > $3 ORDER BY number LIMIT $4",
        tenant_id,
        book,
        after_number,
        limit,
    )
    return [_read_entry(row) for row in rows]


async def list_entries_of_event(connection: Connection, tenant_id: int, key_prefix: str) -> list[PostedEntry]:
    """Entries whose event key begins with a text, such as `plan:{id}:`, in the order of their books."""
    rows = await connection.fetch(
        _SELECT_ENTRIES + " AND event_key >= $2 AND event_key < $3 ORDER BY book, number",
        tenant_id,
        key_prefix,
        key_prefix + _LAST_CHARACTER,
    )
    return [_read_entry(row) for row in rows]


def _read_balance(row: asyncpg.Record) -> Balance:
    return Balance(
        account=LedgerAccount(LedgerCode(row["code"]), row["owner"]),
        currency=row["currency"],
        balance_minor=row["balance_minor"],
    )


def _read_entry(row: asyncpg.Record) -> PostedEntry:
    return PostedEntry(
        number=row["number"],
        entry=LedgerEntry(
            event_key=row["event_key"],
            book=row["book"],
            kind=row["kind"],
            currency=row["currency"],
            posted_at=row["posted_at"],
            postings=tuple(
                Posting(LedgerAccount(debit, debit_owner), LedgerAccount(credit, credit_owner), amount_minor)
                for debit, debit_owner, credit, credit_owner, amount_minor in _decode_postings(
                    row["postings"]
                )
            ),
            reverses=row["reverses"],
        ),
        hash=row["hash"],
    )
