"""The simulated acquirer's own records: card messages, and the questions that its plan provider was asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from parcela.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMessage:
    """A card message as the acquirer keeps it, without anything of the card; amounts in minor units.

    `reference` is the acquirer's own number of it, 0 before it is written. `captured_minor` and
    `refunded_minor` are totals of the captures and refunds under an authorization or payment.
    """

    merchant_id: str
    message_id: str
    reference: int = 0
    kind: str
    state: str
    outcome: str
    response_code: str | None
    authorization_code: str | None
    security_code: str | None
    currency: str
    amount_minor: int
    root_reference: int | None = None
    target_reference: int | None = None
    captured_minor: int = 0
    refunded_minor: int = 0
    plan_id: str | None
    acquirer_id: str
    acquirer_merchant_id: str
    terminal_id: str
    requested_at: datetime


_WRITTEN = (
    "merchant_id, message_id, kind, state, outcome, response_code, authorization_code, security_code,"
    " currency, amount_minor, root_reference, target_reference, captured_minor, plan_id, acquirer_id,"
    " acquirer_merchant_id, terminal_id, requested_at"
)
_COLUMNS = f"{_WRITTEN}, reference, refunded_minor"
_TYPES = (
    "text[], text[], text[], text[], text[], text[], text[], text[], text[],"
    " bigint[], bigint[], bigint[], bigint[], text[], text[],"
    " text[], text[], timestamptz[]"
)


async def insert_messages(
    connection: Connection, tenant_id: int, messages: Sequence[CardMessage]
) -> Mapping[tuple[str, str], CardMessage]:
    """Keep messages under new references; gives those that are new, by merchant and message id.

    Missing is what was there first, the message or its reversal. Of two equal ones in `messages` one is kept.
    """
    columns = [[getattr(message, name) for message in messages] for name in _WRITTEN.split(", ")]
    arrays = ", ".join(f"${place}::{kind}" for place, kind in enumerate(_TYPES.split(", "), start=2))
    rows = await connection.fetch(
        f"INSERT INTO simulated_card_message (tenant_id, {_WRITTEN})"
        f" SELECT $1, * FROM unnest({arrays})"
        f" ON CONFLICT (tenant_id, merchant_id, message_id) DO NOTHING RETURNING {_COLUMNS}",
        tenant_id,
        *columns,
    )
    return {(row["merchant_id"], row["message_id"]): _read(row) for row in rows}


async def list_messages(
    connection: Connection, tenant_id: int, keys: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], CardMessage]:
    """The messages of these merchant and message ids, as far as they are known."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM simulated_card_message"
        " WHERE tenant_id = $1 AND (merchant_id, message_id) IN"
        " (SELECT * FROM unnest($2::text[], $3::text[]))",
        tenant_id,
        [merchant_id for merchant_id, _ in keys],
        [message_id for _, message_id in keys],
    )
    return {(row["merchant_id"], row["message_id"]): _read(row) for row in rows}


async def find_message(
    connection: Connection, tenant_id: int, *, merchant_id: str, message_id: str
) -> CardMessage | None:
    """A merchant's message."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM simulated_card_message"
        " WHERE tenant_id = $1 AND merchant_id = $2 AND message_id = $3",
        tenant_id,
        merchant_id,
        message_id,
    )
    return None if row is None else _read(row)


async def find_reference(
    connection: Connection, tenant_id: int, reference: int, *, for_update: bool = False
) -> CardMessage | None:
    """The message with this reference, locked if it will be changed."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM simulated_card_message WHERE tenant_id = $1 AND reference = $2"
        + (" FOR UPDATE" if for_update else ""),
        tenant_id,
        reference,
    )
    return None if row is None else _read(row)


async def update_state(
    connection: Connection, tenant_id: int, reference: int, *, was: str, state: str
) -> None:
    """Take a message from one state to another; the caller holds its root locked."""
    status = await connection.execute(
        "UPDATE simulated_card_message SET state = $4 WHERE tenant_id = $1 AND reference = $2 AND state = $3",
        tenant_id,
        reference,
        was,
        state,
    )
    assert status == "UPDATE 1", "the message was read under the lock of its root"


async def update_totals(
    connection: Connection, tenant_id: int, reference: int, *, captured_minor: int, refunded_minor: int
) -> None:
    """Change what was captured and given back under an authorization or payment, by differences."""
    await connection.execute(
        "UPDATE simulated_card_message"
        " SET captured_minor = captured_minor + $3, refunded_minor = refunded_minor + $4"
        " WHERE tenant_id = $1 AND reference = $2",
        tenant_id,
        reference,
        captured_minor,
        refunded_minor,
    )


async def count_question(connection: Connection, tenant_id: int, question_key: bytes, *, at: datetime) -> int:
    """Note that a question was asked; gives how often it was asked by now."""
    asked: int = await connection.fetchval(
        "INSERT INTO simulated_plan_question (tenant_id, question_key, asked, first_asked)"
        " VALUES ($1, $2, 1, $3)"
        " ON CONFLICT (tenant_id, question_key)"
        " DO UPDATE SET asked = simulated_plan_question.asked + 1 RETURNING asked",
        tenant_id,
        question_key,
        at,
    )
    return asked


def _read(row: asyncpg.Record) -> CardMessage:
    return CardMessage(**row)
