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


_COLUMNS = "tenant_id, card_id::text AS card_id, pan_index, data_key_number, sealed_pan, first_six, last_four"


async def save_cards(connection: Connection, cards: Sequence[Card]) -> dict[bytes, str]:
    """Store cards that are not there yet; gives the card id of each blind index."""
    if not cards:
        return {}
    tenant_id = cards[0].tenant_id
    # Sorted, so that two transactions never lock the same cards in opposite orders.
    ordered = sorted(cards, key=lambda card: card.pan_index)
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
    return await find_card_ids(connection, tenant_id, [card.pan_index for card in ordered])


async def find_card_ids(
    connection: Connection, tenant_id: int, pan_indexes: Sequence[bytes]
) -> dict[bytes, str]:
    """The card ids of those blind indexes that are known."""
    rows = await connection.fetch(
        "SELECT pan_index, card_id::text AS card_id FROM card"
        " WHERE tenant_id = $1 AND pan_index = ANY($2::bytea[])",
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
        "INSERT INTO token_pan (tenant_id, token_index, card_id)"
        " SELECT $1, * FROM unnest($2::bytea[], $3::uuid[])"
        " ON CONFLICT (tenant_id, token_index) DO UPDATE SET card_id = excluded.card_id",
        tenant_id,
        [token_index for token_index, _ in entries],
        [card_id for _, card_id in entries],
    )
