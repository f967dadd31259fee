"""Cards of the vault and the token map: sealed PANs, found by their blind index."""

from collections.abc import Sequence
from dataclasses import dataclass

from parcela.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card as stored. `first_six` and `last_four` are what people may see."""

    tenant_id: int
    card_id: str
    pan_index: bytes
    data_key_number: int
    sealed_pan: bytes
    first_six: str
    last_four: str


MAX_ERASED = 2000
"""So many released cards are looked at in one transaction."""

_COLUMNS = "tenant_id, card_id::text AS card_id, pan_index, data_key_number, sealed_pan, first_six, last_four"

_ERASE = """
WITH held AS MATERIALIZED (
    SELECT * FROM unnest($1::int[], $2::uuid[]) AS card (tenant_id, card_id)
), erased AS (
    -- OFFSET 0 has every card looked up by itself, through an index of each table.
    DELETE FROM card c USING held WHERE (c.tenant_id, c.card_id) = (held.tenant_id, held.card_id)
        AND NOT EXISTS (SELECT FROM card_need n
            WHERE (n.tenant_id, n.card_id) = (held.tenant_id, held.card_id) OFFSET 0)
    RETURNING 1
), settled AS (
    DELETE FROM released_card r USING held
    WHERE (r.tenant_id, r.card_id) = (held.tenant_id, held.card_id)
)
SELECT count(*) FROM erased
"""


async def save_cards(connection: Connection, cards: Sequence[Card]) -> dict[bytes, str]:
    """Store cards that are not there yet; gives the card id of each blind index.

    None of them is erased before this transaction ends: by then a record of it refers to each.
    """
    if not cards:
        return {}
    tenant_id = cards[0].tenant_id
    # Sorted, so that two transactions never lock the same cards in opposite orders.
    ordered = sorted(cards, key=lambda card: card.pan_index)
    pan_indexes = [card.pan_index for card in ordered]
    held: dict[bytes, str] = {}
    # A card that was there, and was erased before it could be held, is stored again.
    while len(held) < len(set(pan_indexes)):
        await _insert_cards(connection, tenant_id, ordered)
        held = await _hold_cards(connection, tenant_id, pan_indexes)
    return held


async def _insert_cards(connection: Connection, tenant_id: int, ordered: Sequence[Card]) -> None:
    await connection.execute(
        "INSERT INTO card (tenant_id, card_id, pan_index, data_key_number, sealed_pan, first_six, last_four)"
        " SELECT $1, * FROM unnest($2::uuid[], $3::bytea[], $4::int[], $5::bytea[], $6::text[], $7::text[])"
        " ON CONFLICT (tenant_id, pan_index) DO NOTHING",
        tenant_id,
        [card.card_id for card in ordered],
        [card.pan_index for card in ordered],
        [card.data_key_number for card in ordered],
        [card.sealed_pan for card in ordered],
        [card.first_six for card in ordered],
        [card.last_four for card in ordered],
    )


async def _hold_cards(
    connection: Connection, tenant_id: int, pan_indexes: Sequence[bytes]
) -> dict[bytes, str]:
    """The card ids of those blind indexes that are known; `erase_released_cards` passes them over."""
    rows = await connection.fetch(
        "SELECT pan_index, card_id::text AS card_id FROM card"
        " WHERE tenant_id = $1 AND pan_index = ANY($2::bytea[]) FOR KEY SHARE",
        tenant_id,
        list(pan_indexes),
    )
    return {row["pan_index"]: row["card_id"] for row in rows}


async def get_card(connection: Connection, tenant_id: int, card_id: str) -> Card:
    """The card with this id, which the caller read from a record that refers to it."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM card WHERE tenant_id = $1 AND card_id = $2::uuid", tenant_id, card_id
    )
    assert row is not None, "a foreign key keeps every card that a record refers to"
    return Card(**row)


async def find_card_of_token(connection: Connection, tenant_id: int, token_index: bytes) -> Card | None:
    """The funding card behind a token PAN."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM card JOIN token_pan USING (tenant_id, card_id)"
        " WHERE tenant_id = $1 AND token_index = $2",
        tenant_id,
        token_index,
    )
    return None if row is None else Card(**row)


async def get_card_face_of_plan(connection: Connection, tenant_id: int, plan_id: str) -> tuple[str, str]:
    """First six and last four digits of the card of a plan that exists: what people may see."""
    row = await connection.fetchrow(
        "SELECT first_six, last_four FROM plan JOIN card USING (tenant_id, card_id)"
        " WHERE tenant_id = $1 AND plan_id = $2::uuid",
        tenant_id,
        plan_id,
    )
    assert row is not None, "a foreign key keeps the card of every plan"
    return row["first_six"], row["last_four"]


async def save_tokens(connection: Connection, tenant_id: int, entries: Sequence[tuple[bytes, str]]) -> None:
    """Map token indexes to card ids; an entry that stands is pointed at the new card."""
    await connection.execute(
        "INSERT INTO released_card (tenant_id, card_id) SELECT tenant_id, token_pan.card_id FROM token_pan"
        " JOIN unnest($2::bytea[], $3::uuid[]) AS wanted (token_index, card_id) USING (token_index)"
        " WHERE tenant_id = $1 AND token_pan.card_id <> wanted.card_id",
        tenant_id,
        [token_index for token_index, _ in entries],
        [card_id for _, card_id in entries],
    )
    await connection.execute(
        "INSERT INTO token_pan (tenant_id, token_index, card_id)"
        " SELECT $1, * FROM unnest($2::bytea[], $3::uuid[])"
        " ON CONFLICT (tenant_id, token_index) DO UPDATE SET card_id = excluded.card_id",
        tenant_id,
        [token_index for token_index, _ in entries],
        [card_id for _, card_id in entries],
    )


async def erase_released_cards(connection: Connection, *, limit: int = MAX_ERASED) -> int:
    """Erase cards that were let go of and that no record needs; gives how many.

    At most `limit` lines of the list are looked at, in the caller's transaction. A card that somebody is
    about to use, or that another worker has in hand, waits for the next time.
    """
    rows = await connection.fetch(
        "WITH line AS MATERIALIZED (SELECT DISTINCT tenant_id, card_id FROM ("
        "  SELECT tenant_id, card_id FROM released_card ORDER BY tenant_id, position LIMIT $1) AS first)"
        " SELECT card.tenant_id, card.card_id FROM card JOIN line USING (tenant_id, card_id)"
        " FOR UPDATE OF card SKIP LOCKED",
        limit,
    )
    # A new statement sees what was written before the cards were locked, and nothing can be written since.
    erased: int = await connection.fetchval(
        _ERASE, [row["tenant_id"] for row in rows], [row["card_id"] for row in rows]
    )
    return erased
