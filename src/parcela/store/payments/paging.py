"""Lists of an account's objects, newest first: one SQL idiom for every table with a `position`.

A page is cut by the position of the cursor's object, so rows written while a client pages shift nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import asyncpg

from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.records import Owner
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.store.database import Connection

Item = TypeVar("Item")
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter: SQL with `{}` in the place of the value, such as `created_at >= {}`."""

    sql: str
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A table to page through. It has `tenant_id`, `client_id`, `is_live`, `position` and the `id_column`.

    `columns` are what a row is read from; the id column is among them.
    """

    table: str
    id_column: str
    columns: str = "*"


async def list_page(
    connection: Connection,
    owner: Owner,
    listing: Listing,
    *,
    page: PageRequest,
    conditions: Sequence[Condition] = (),
    read: Callable[["asyncpg.Record"], Item],
) -> Page[Item]:
    """A page of the owner's objects. Raises PaymentRefused for a cursor that is none of them."""
    values: list[object] = [owner.tenant_id, owner.client_id, owner.is_live]
    filters = ["tenant_id = $1", "client_id = $2", "is_live = $3"]
    for condition in conditions:
        values.append(condition.value)
        filters.append(condition.sql.format(f"${len(values)}"))
    where = " AND ".join(filters)
    position = await _find_position(connection, owner, listing, page)
    counted = await connection.fetchval(
        f"SELECT count(*) FROM (SELECT FROM {listing.table} WHERE {where} LIMIT {MOST_COUNTED}) AS counted",
        *values,
    )
    is_backwards = page.before is not None
    cut = "" if position is None else f" AND position {'>' if is_backwards else '<'} ${len(values) + 1}"
    rows = await connection.fetch(
        f"SELECT {listing.columns} FROM {listing.table} WHERE {where}{cut}"
        f" ORDER BY position {'ASC' if is_backwards else 'DESC'} LIMIT {page.limit + 1}",
        *values,
        *(() if position is None else (position,)),
    )
    kept = rows[: page.limit]
    if is_backwards:
        kept.reverse()
    has_older = bool(kept) and (is_backwards or len(rows) > page.limit)
    return Page(
        items=[read(row) for row in kept],
        has_more=len(rows) > page.limit,
        next_cursor=kept[-1][listing.id_column] if has_older else None,
        total_estimate=counted,
    )


async def _find_position(
    connection: Connection, owner: Owner, listing: Listing, page: PageRequest
) -> int | None:
    cursor = page.before if page.before is not None else page.after
    if cursor is None:
        return None
    position: int | None = await connection.fetchval(
        f"SELECT position FROM {listing.table} WHERE tenant_id = $1 AND client_id = $2 AND is_live = $3"
        f" AND {listing.id_column} = $4",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        cursor,
    )
    if position is None:
        param = "starting_after" if page.before is None else "ending_before"
        raise PaymentRefused(
            Fault.PARAMETER_INVALID, f"'{param}' must be the id of an object of this list.", param=param
        )
    return position
