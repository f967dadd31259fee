"""Card transactions of the issuer processor, each once by its network identity."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from parcela.domain.ids import is_uuid
from parcela.domain.servicing.records import AccountTransaction, TransactionFacts, TransactionState
from parcela.domain.transaction_matching import PurchaseTraits
from parcela.store.database import Connection
from parcela.store.presentments import MerchantRecord, merchant_to_record, record_to_merchant

_COLUMNS = (
    "transaction_id::text AS transaction_id, account_id::text AS account_id, state, currency,"
    " authorized_minor, cleared_minor, refunded_minor, stan, rrn, authorization_code, transaction_link_id,"
    " local_at, merchant, entry_mode, plan_id::text AS plan_id, is_disputed, created_at, cleared_at,"
    " lock_version, response_code, amount_minor, transmitted_at"
)
_SELECT = f"SELECT {_COLUMNS} FROM account_transaction WHERE tenant_id = $1"

_encode = msgspec.json.Encoder().encode
_decode_merchant = msgspec.json.Decoder(MerchantRecord).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTransaction:
    """A transaction with what it was answered (ISO 8583 DE 39) and the amount it was asked for."""

    transaction: AccountTransaction
    response_code: str
    amount_minor: int


async def insert_transaction(
    connection: Connection, tenant_id: int, stored: StoredTransaction, *, identity: bytes
) -> None:
    """Write a new transaction. Raises asyncpg.UniqueViolationError for an identity that is taken."""
    transaction, facts = stored.transaction, stored.transaction.facts
    await connection.execute(
        "INSERT INTO account_transaction (tenant_id, transaction_id, account_id, identity, state, currency,"
        " amount_minor, authorized_minor, cleared_minor, refunded_minor, stan, rrn, authorization_code,"
        " transaction_link_id, local_at, merchant, entry_mode, response_code, plan_id, is_disputed,"
        " created_at, cleared_at, lock_version, transmitted_at)"
        " VALUES ($1, $2::uuid, $3::uuid, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
        " $18, $19::uuid, $20, $21, $22, $23, $24)",
        tenant_id,
        transaction.transaction_id,
        transaction.account_id,
        identity,
        transaction.state,
        transaction.currency,
        stored.amount_minor,
        transaction.authorized_minor,
        transaction.cleared_minor,
        transaction.refunded_minor,
        facts.stan,
        facts.rrn,
        facts.authorization_code,
        facts.transaction_link_id,
        facts.local_at.isoformat(),
        _encode(merchant_to_record(transaction.merchant)).decode(),
        transaction.entry_mode,
        stored.response_code,
        transaction.plan_id,
        transaction.is_disputed,
        transaction.created_at,
        transaction.cleared_at,
        transaction.lock_version,
        facts.transmitted_at,
    )


async def update_transaction(
    connection: Connection, tenant_id: int, *, before: AccountTransaction, after: AccountTransaction
) -> None:
    """Write what a decision changed of a transaction; the version grows by one.

    Raises asyncpg.SerializationError when the transaction is no longer as the decision saw it.
    """
    assert after.lock_version == before.lock_version + 1, "one decision is one version"
    status = await connection.execute(
        "UPDATE account_transaction SET state = $5, authorized_minor = $6, cleared_minor = $7,"
        " refunded_minor = $8, plan_id = $9::uuid, is_disputed = $10, cleared_at = $11,"
        " transaction_link_id = $12, authorization_code = $13, lock_version = lock_version + 1"
        " WHERE tenant_id = $1 AND transaction_id = $2::uuid AND state = $3 AND lock_version = $4",
        tenant_id,
        before.transaction_id,
        before.state,
        before.lock_version,
        after.state,
        after.authorized_minor,
        after.cleared_minor,
        after.refunded_minor,
        after.plan_id,
        after.is_disputed,
        after.cleared_at,
        after.facts.transaction_link_id,
        after.facts.authorization_code,
    )
    if not status.endswith(" 1"):
        raise asyncpg.SerializationError(f"transaction {before.transaction_id} changed; try again")


async def find_transaction(
    connection: Connection, tenant_id: int, transaction_id: str
) -> StoredTransaction | None:
    """A transaction by our own id."""
    row = await connection.fetchrow(f"{_SELECT} AND transaction_id = $2::uuid", tenant_id, transaction_id)
    return None if row is None else _read_stored(row)


async def find_transaction_by_identity(
    connection: Connection, tenant_id: int, identity: bytes
) -> StoredTransaction | None:
    """The transaction with this network identity."""
    row = await connection.fetchrow(f"{_SELECT} AND identity = $2", tenant_id, identity)
    return None if row is None else _read_stored(row)


async def is_plan_id_taken(connection: Connection, tenant_id: int, plan_id: str) -> bool:
    """Does a purchase that was approved and not reversed carry this plan id?"""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM account_transaction WHERE tenant_id = $1 AND plan_id = $2::uuid"
            " AND state NOT IN ('declined', 'reversed'))",
            tenant_id,
            plan_id,
        )
    )


async def list_transactions(
    connection: Connection, tenant_id: int, account_id: str, *, limit: int
) -> list[StoredTransaction]:
    """The newest transactions of an account."""
    rows = await connection.fetch(
        f"{_SELECT} AND account_id = $2::uuid ORDER BY created_at DESC, transaction_id DESC LIMIT $3",
        tenant_id,
        account_id,
        limit,
    )
    return [_read_stored(row) for row in rows]


async def list_transactions_by_id(
    connection: Connection, tenant_id: int, transaction_ids: Sequence[str]
) -> dict[str, StoredTransaction]:
    """Those of the transactions that are known, by their ids."""
    rows = await connection.fetch(
        f"{_SELECT} AND transaction_id = ANY($2::uuid[])", tenant_id, list(transaction_ids)
    )
    return {row["transaction_id"]: _read_stored(row) for row in rows}


async def list_meant_transactions(
    connection: Connection, tenant_id: int, account_id: str, traits: PurchaseTraits, *, limit: int = 500
) -> list[StoredTransaction]:
    """Approved transactions of an account, not reversed, that a plan or message with these traits may mean.

    Those that share an identifier come first, whatever their age, then the newest of the same amount.
    """
    rows = await connection.fetch(_MEANT, tenant_id, account_id, *_list_clues(traits), limit)
    return [_read_stored(row) for row in rows]


_SHARES_IDENTIFIER = (
    "coalesce(plan_id = $3::uuid, false) OR coalesce(transaction_link_id = $4, false)"
    " OR coalesce(ltrim(rrn, '0') = ltrim($5, '0'), false)"
    " OR coalesce(ltrim(stan, '0') = ltrim($6, '0'), false)"
)
_MEANT = (
    f"{_SELECT} AND account_id = $2::uuid AND state IN ('authorized', 'cleared')"
    f" AND ({_SHARES_IDENTIFIER} OR amount_minor = $7 OR cleared_minor = $7)"
    f" ORDER BY ({_SHARES_IDENTIFIER}) DESC, created_at DESC, transaction_id DESC LIMIT $8"
)


def _list_clues(traits: PurchaseTraits) -> tuple[str | int | None, ...]:
    facts = traits.facts
    plan_id = traits.plan_id if traits.plan_id is not None and is_uuid(traits.plan_id) else None
    return plan_id, facts.transaction_link_id, facts.rrn, facts.stan, traits.amount_minor


async def list_holding_transactions(
    connection: Connection, tenant_id: int, account_id: str
) -> list[AccountTransaction]:
    """The transactions whose authorization still holds something."""
    rows = await connection.fetch(
        f"{_SELECT} AND account_id = $2::uuid AND authorized_minor > 0", tenant_id, account_id
    )
    return [_read_stored(row).transaction for row in rows]


def _read_stored(row: asyncpg.Record) -> StoredTransaction:
    transaction = AccountTransaction(
        transaction_id=row["transaction_id"],
        account_id=row["account_id"],
        state=TransactionState(row["state"]),
        currency=row["currency"],
        authorized_minor=row["authorized_minor"],
        cleared_minor=row["cleared_minor"],
        refunded_minor=row["refunded_minor"],
        merchant=record_to_merchant(_decode_merchant(row["merchant"])),
        facts=TransactionFacts(
            local_at=datetime.fromisoformat(row["local_at"]),
            stan=row["stan"],
            rrn=row["rrn"],
            authorization_code=row["authorization_code"],
            transaction_link_id=row["transaction_link_id"],
            transmitted_at=row["transmitted_at"],
        ),
        entry_mode=row["entry_mode"],
        plan_id=row["plan_id"],
        is_disputed=row["is_disputed"],
        created_at=row["created_at"],
        cleared_at=row["cleared_at"],
        lock_version=row["lock_version"],
    )
    return StoredTransaction(
        transaction=transaction, response_code=row["response_code"], amount_minor=row["amount_minor"]
    )
