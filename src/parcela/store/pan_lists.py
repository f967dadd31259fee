"""PAN lists and their members."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from parcela.domain.pan_lists import PanList
from parcela.store.database import Connection


async def insert_pan_list(
    connection: Connection, tenant_id: int, *, provider_id: str, name: str, low: str, high: str
) -> PanList:
    """Make an empty list with the next free id of 18 digits."""
    row = await connection.fetchrow(
        "INSERT INTO pan_list (tenant_id, pan_list_id, provider_id, name, low, high)"
        " VALUES ($1, nextval('pan_list_number'), $2::uuid, $3, $4, $5)"
        " RETURNING pan_list_id::text AS pan_list_id",
        tenant_id,
        provider_id,
        name,
        low,
        high,
    )
    assert row is not None
    return PanList(pan_list_id=row["pan_list_id"], name=name, provider_id=provider_id, low=low, high=high)


async def find_pan_list(
    connection: Connection, tenant_id: int, *, pan_list_id: str, provider_id: str, for_update: bool = False
) -> PanList | None:
    """An issuer's own list; another issuer's is not found. Locked when its members will change."""
    row = await connection.fetchrow(
        "SELECT pan_list_id::text AS pan_list_id, name, provider_id::text AS provider_id, low, high"
        " FROM pan_list"
        " WHERE tenant_id = $1 AND pan_list_id = $2::bigint AND provider_id = $3::uuid"
        + (" FOR UPDATE" if for_update else ""),
        tenant_id,
        int(pan_list_id),
        provider_id,
    )
    return None if row is None else PanList(**row)


@dataclass(frozen=True, slots=True, kw_only=True)
class PanListSummary:
    """A list with the number of its members."""

    pan_list_id: str
    name: str
    provider_id: str
    low: str
    high: str
    members: int
    created_at: datetime


async def list_pan_lists(
    connection: Connection, tenant_id: int, provider_id: str | None
) -> list[PanListSummary]:
    """Lists with their number of members, of one issuer or of all."""
    rows = await connection.fetch(
        "SELECT pan_list_id::text AS pan_list_id, name, provider_id::text AS provider_id, low, high,"
        " created_at,"
        " (SELECT count(*) FROM pan_list_member m"
        "  WHERE m.tenant_id = l.tenant_id AND m.pan_list_id = l.pan_list_id) AS members"
        " FROM pan_list l WHERE tenant_id = $1 AND ($2::uuid IS NULL OR provider_id = $2::uuid)"
        " ORDER BY pan_list_id",
        tenant_id,
        provider_id,
    )
    return [PanListSummary(**row) for row in rows]


async def list_memberships(
    connection: Connection, tenant_id: int, *, provider_id: str, pan_indexes: Sequence[bytes]
) -> list[tuple[bytes, str]]:
    """Which of these cards stand in which lists of the issuer."""
    rows = await connection.fetch(
        "SELECT c.pan_index, m.pan_list_id::text AS pan_list_id FROM card c"
        " JOIN pan_list_member m USING (tenant_id, card_id)"
        " JOIN pan_list l USING (tenant_id, pan_list_id)"
        " WHERE c.tenant_id = $1 AND c.pan_index = ANY($2::bytea[]) AND l.provider_id = $3::uuid",
        tenant_id,
        list(pan_indexes),
        provider_id,
    )
    return [(row["pan_index"], row["pan_list_id"]) for row in rows]


async def list_lists_of_cards(
    connection: Connection, cards: Sequence[tuple[int, bytes]]
) -> list[frozenset[str]]:
    """For each (tenant, blind index) the ids of the lists that hold the card: two index probes a card."""
    rows = await connection.fetch(
        "SELECT asked.position, m.pan_list_id::text AS pan_list_id"
        " FROM unnest($1::int[], $2::bytea[]) WITH ORDINALITY AS asked (tenant_id, pan_index, position)"
        " JOIN card c USING (tenant_id, pan_index) JOIN pan_list_member m USING (tenant_id, card_id)",
        [tenant_id for tenant_id, _ in cards],
        [pan_index for _, pan_index in cards],
    )
    found: list[set[str]] = [set() for _ in cards]
    for row in rows:
        found[row["position"] - 1].add(row["pan_list_id"])
    return [frozenset(lists) for lists in found]


async def insert_members(
    connection: Connection, tenant_id: int, pan_list_id: str, card_ids: Sequence[str]
) -> None:
    """Add cards that are not members yet, under the list's lock."""
    await connection.execute(
        "INSERT INTO pan_list_member (tenant_id, card_id, pan_list_id)"
        " SELECT $1, unnest($3::uuid[]), $2::bigint",
        tenant_id,
        int(pan_list_id),
        list(card_ids),
    )


async def delete_members(
    connection: Connection, tenant_id: int, pan_list_id: str, pan_indexes: Sequence[bytes]
) -> None:
    """Remove cards from a list; the list stays, also when it is empty."""
    await connection.execute(
        "WITH gone AS (DELETE FROM pan_list_member m USING card c"
        " WHERE m.tenant_id = $1 AND m.pan_list_id = $2::bigint AND c.tenant_id = m.tenant_id"
        " AND c.card_id = m.card_id AND c.pan_index = ANY($3::bytea[]) RETURNING m.tenant_id, m.card_id)"
        " INSERT INTO released_card (tenant_id, card_id) SELECT tenant_id, card_id FROM gone",
        tenant_id,
        int(pan_list_id),
        list(pan_indexes),
    )
